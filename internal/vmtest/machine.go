package vmtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Machine is a virtual machine.
type Machine struct {
	// Kernel is the path of a kernel's image (vmlinuz).
	Kernel string
	// Files are what the initramfs holds beside the plan and Init.
	Files []File
	// Init is the program of package init.
	Init []byte
	// Cmdline is added to the kernel's command line.
	Cmdline string
	// Timeout bounds the machine's life, boot included; ten minutes if 0.
	Timeout time.Duration
}

// QEMU is the emulator's command. A machine has two CPUs and a gibibyte of memory.
// The CPUs take turns: with a thread for each, one may still run instructions
// that the other has patched since, as no real CPU does, and the kernel dies of
// the int3 that it puts there for a moment when a tracepoint is enabled.
const QEMU = "qemu-system-x86_64"

// Available says why no machine can run here, nil if it can.
func Available() error {
	if _, err := exec.LookPath(QEMU); err != nil {
		return fmt.Errorf("no %s on this machine (Debian: qemu-system-x86)", QEMU)
	}
	return nil
}

// KernelsEnv names the environment variable with the folder of kernels.
const KernelsEnv = "GODTRACE_KERNELS"

// Kernels returns the paths of the kernels (vmlinuz-*) of the folder that
// KernelsEnv names; the error says why there are none.
func Kernels() ([]string, error) {
	dir := os.Getenv(KernelsEnv)
	if dir == "" {
		return nil, fmt.Errorf("%s names no folder of kernels (make vmtest does)", KernelsEnv)
	}
	list, err := filepath.Glob(filepath.Join(dir, "vmlinuz-*"))
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no vmlinuz-* (make kernels downloads some)", dir)
	}
	return list, nil
}

// Run boots the machine, runs the jobs and calls f with the result of each, in
// order. It returns the console's output. An error names the job that the machine
// was at when it ended or the time was over.
func (m *Machine) Run(ctx context.Context, jobs []Job, f func(Result)) (console string, err error) {
	dir, err := os.MkdirTemp("", "godtrace-vm")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	initrd := filepath.Join(dir, "initramfs")
	if err := m.writeInitramfs(initrd, jobs); err != nil {
		return "", err
	}
	timeout := m.Timeout
	if timeout == 0 {
		timeout = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	log := filepath.Join(dir, "console")
	cmd := exec.CommandContext(ctx, QEMU,
		"-accel", "tcg,thread=single", "-cpu", "max", "-smp", "2", "-m", "1024",
		"-nographic", "-nodefaults", "-no-reboot", "-serial", "file:"+log, "-serial", "stdio",
		"-kernel", m.Kernel, "-initrd", initrd,
		"-append", strings.TrimSpace("console=ttyS0 loglevel=5 panic=-1 mitigations=off "+m.Cmdline))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	done, readErr := readResults(bufio.NewReaderSize(out, 64<<10), f)
	if readErr != nil {
		cancel()
	}
	err = cmd.Wait()
	text, _ := os.ReadFile(log) // missing if QEMU did not start, which err tells
	console = string(text)
	switch {
	case readErr != nil:
		err = readErr
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("the machine ran longer than %v", timeout)
	case err != nil:
		err = fmt.Errorf("%s: %w: %s", QEMU, err, strings.TrimSpace(stderr.String()))
	case done < len(jobs):
		err = errors.New("the machine has ended")
	default:
		return console, nil
	}
	if done < len(jobs) {
		err = fmt.Errorf("%w; it was at job %d of %d (%s)", err, done+1, len(jobs), jobs[done].Name)
	}
	return console, err
}

// readResults reads lines of JSON. Firmware may write to the port before the
// kernel takes it over: a line that does not start with a brace is not ours.
func readResults(r *bufio.Reader, f func(Result)) (n int, err error) {
	for {
		line, err := r.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] == '{' {
			var res Result
			if e := json.Unmarshal(line, &res); e != nil {
				return n, fmt.Errorf("a result of %d bytes is damaged: %w", len(line), e)
			}
			n++
			f(res)
		}
		if err != nil {
			return n, nil // the end of the machine
		}
	}
}

func (m *Machine) writeInitramfs(name string, jobs []Job) error {
	plan, err := json.Marshal(Plan{Jobs: jobs})
	if err != nil {
		return err
	}
	files := []File{
		{Path: "/dev/console", Mode: ModeChar, Major: 5, Minor: 1},
		{Path: InitPath, Mode: ModeExec, Data: m.Init},
		{Path: PlanPath, Mode: ModeFile, Data: plan},
	}
	for _, d := range []string{"/proc", "/sys", "/tmp", "/run", "/root"} {
		files = append(files, File{Path: d, Mode: ModeDir})
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err := WriteCPIO(w, append(files, m.Files...)); err != nil {
		f.Close()
		return err
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// Build compiles a package of this module to a static program for an architecture
// (GOARCH) and returns it. With test it is the package's test binary.
func Build(ctx context.Context, pkg, arch string, test bool) ([]byte, error) {
	dir, err := os.MkdirTemp("", "godtrace-vm")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "program")
	args := []string{"build", "-o", out, pkg}
	if test {
		args = []string{"test", "-c", "-o", out, pkg}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return os.ReadFile(out)
}
