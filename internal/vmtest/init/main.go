//go:build linux

// Command init is the first process of the virtual machines of package vmtest:
// it mounts what programs expect, runs the jobs of the plan, sends their results
// and turns the machine off.
//
// With arguments it is a workload for the jobs:
//
//	init read N        reads N times one byte of /dev/zero
//	init bulk SECONDS  reads megabytes of /dev/zero
//	init open FILE     opens a file and prints the error, if there is one
//	init path FILE     opens a file and prints what its name then is in memory
//	init mount TYPE DIR
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/internal/vmtest"
)

func main() {
	if os.Getpid() != 1 {
		if err := workload(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "init:", err)
			os.Exit(1)
		}
		return
	}
	if err := boot(); err != nil {
		fmt.Println("init:", err) // the console
	}
	unix.Sync()
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	fmt.Println("init: power off:", err)
	select {}
}

func boot() error {
	for _, m := range [][2]string{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}, {"securityfs", "/sys/kernel/security"},
	} {
		if err := unix.Mount(m[0], m[1], m[0], 0, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", m[0], m[1], err)
		}
	}
	text, err := os.ReadFile(vmtest.PlanPath)
	if err != nil {
		return err
	}
	var plan vmtest.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		return fmt.Errorf("%s: %w", vmtest.PlanPath, err)
	}
	port, err := openPort(vmtest.ResultPort)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(port)
	for i := range plan.Jobs {
		if err := enc.Encode(run(&plan.Jobs[i])); err != nil {
			return fmt.Errorf("send a result: %w", err)
		}
	}
	if err := unix.IoctlSetInt(int(port.Fd()), unix.TCSBRK, 1); err != nil { // waits for the output
		return fmt.Errorf("send the last result: %w", err)
	}
	return port.Close()
}

// openPort opens a serial port for output that nothing changes.
func openPort(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	fd := int(f.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// capped keeps the first bytes of what is written.
type capped struct {
	bytes.Buffer
	more bool
}

func (c *capped) Write(p []byte) (int, error) {
	if room := vmtest.MaxOutput - c.Len(); room < len(p) {
		c.more = true
		c.Buffer.Write(p[:room])
		return len(p), nil
	}
	return c.Buffer.Write(p)
}

func run(j *vmtest.Job) vmtest.Result {
	timeout := j.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.Args[0], j.Args[1:]...)
	cmd.Dir = j.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	cmd.Env = append([]string{"HOME=/root", "PATH=/bin:/"}, j.Env...)
	cmd.WaitDelay = 100 * time.Millisecond // children may keep the pipes open
	var stdout, stderr capped
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	r := vmtest.Result{Name: j.Name, Status: -1, Took: time.Since(start), TimedOut: ctx.Err() != nil,
		Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Truncated: stdout.more || stderr.more}
	var ee *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		r.Status = cmd.ProcessState.ExitCode()
	case errors.As(err, &ee):
		r.Status = ee.ExitCode()
		if ws, ok := ee.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			r.Status = 128 + int(ws.Signal())
		}
	default:
		r.Err = err.Error()
	}
	return r
}

func workload(args []string) error {
	if len(args) < 2 {
		return errors.New("want a workload and its argument")
	}
	switch args[0] {
	case "read":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return readZeros(n)
	case "bulk":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return readBulk(time.Duration(n) * time.Second)
	case "open":
		fd, err := unix.Open(args[1], unix.O_RDONLY, 0)
		if err != nil {
			fmt.Println(err)
			return nil
		}
		return unix.Close(fd)
	case "path":
		name := append([]byte(args[1]), 0)
		fd, _, _ := unix.Syscall6(unix.SYS_OPENAT, ^uintptr(0), uintptr(unsafe.Pointer(&name[0])), 0, 0, 0, 0)
		fmt.Println(unix.ByteSliceToString(name))
		if int(fd) >= 0 {
			return unix.Close(int(fd))
		}
		return nil
	case "mount":
		if len(args) != 3 {
			return errors.New("mount: want a type and a directory")
		}
		return unix.Mount(args[1], args[2], args[1], 0, "")
	}
	return fmt.Errorf("found workload %q, want read, bulk, open, path or mount", args[0])
}

// readZeros is named in user stacks.
//
//go:noinline
func readZeros(n int) error {
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	for range n {
		if _, err := unix.Read(fd, b); err != nil {
			return err
		}
	}
	return unix.Close(fd)
}

func readBulk(d time.Duration) error {
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1<<20)
	for start := time.Now(); time.Since(start) < d; {
		if _, err := unix.Read(fd, b); err != nil {
			return err
		}
	}
	return unix.Close(fd)
}
