//go:build linux

package vmtest

import (
	"bytes"
	"context"
	"debug/elf"
	"flag"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/suite"
)

// task is a job and what its result must be.
type task struct {
	Job
	check func(t *testing.T, r Result)
}

// cases limits what TestKernels runs.
var cases = flag.String("cases", "", "run the commands and cases whose names match this regular expression")

// TestKernels boots each kernel and runs the command there: dtrace doctor, the
// one-liners, and all cases of the suite, whose output is that of the portable
// engine.
func TestKernels(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a kernel takes minutes")
	}
	if err := Available(); err != nil {
		t.Skip(err)
	}
	kernels, err := Kernels()
	if err != nil {
		t.Skip(err)
	}
	ctx := t.Context()
	dtrace := program(ctx, t, "../../cmd/dtrace", false)
	initProgram := program(ctx, t, "./init", false)
	init32, err := Build(ctx, "./init", "386", false)
	if err != nil {
		t.Fatal(err)
	}
	files := []File{{Path: dtracePath, Mode: ModeExec, Data: dtrace}, {Path: init32Path, Mode: ModeExec, Data: init32}}
	shell := busybox()
	if shell != nil {
		files = append(files, File{Path: "/bin/busybox", Mode: ModeExec, Data: shell})
		for _, name := range []string{"sh", "true", "false", "echo", "sleep", "cat", "ls"} {
			files = append(files, File{Path: "/bin/" + name, Mode: ModeLink, Data: []byte("busybox")})
		}
	} else {
		t.Logf("no static busybox (Debian: busybox-static): cases that run commands are left out")
	}
	cases, caseFiles := suiteTasks(t, shell != nil)
	files = append(files, caseFiles...)

	for _, kernel := range kernels {
		t.Run(kernelName(kernel), func(t *testing.T) {
			tasks := append(oneliners(), cases...)
			m := Machine{Kernel: kernel, Files: files, Init: initProgram, Timeout: 20 * time.Minute}
			runTasks(ctx, t, &m, tasks)
		})
		t.Run(kernelName(kernel)+"-lockdown", func(t *testing.T) {
			m := Machine{Kernel: kernel, Files: files, Init: initProgram, Timeout: 5 * time.Minute, Cmdline: "lockdown=confidentiality"}
			runTasks(ctx, t, &m, lockedTasks())
		})
	}
}

const (
	dtracePath = "/bin/dtrace"
	init32Path = "/bin/init32" // a program of 32 bits: the workloads of init
)

func program(ctx context.Context, t *testing.T, pkg string, test bool) []byte {
	t.Helper()
	b, err := Build(ctx, pkg, "amd64", test)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// runTasks runs tasks on a machine, each result a subtest.
func runTasks(ctx context.Context, t *testing.T, m *Machine, tasks []task) {
	t.Helper()
	if *cases != "" {
		only := regexp.MustCompile(*cases)
		tasks = slices.DeleteFunc(slices.Clone(tasks), func(k task) bool { return !only.MatchString(k.Name) })
		if len(tasks) == 0 {
			return
		}
	}
	jobs := make([]Job, len(tasks))
	for i := range tasks {
		jobs[i] = tasks[i].Job
	}
	n := 0
	console, err := m.Run(ctx, jobs, func(r Result) {
		if n == len(tasks) || r.Name != tasks[n].Name {
			t.Fatalf("result %d is of job %q", n+1, r.Name)
		}
		k := tasks[n]
		n++
		t.Run(k.Name, func(t *testing.T) {
			if testing.Verbose() {
				t.Logf("%v, status %d: %s\nstdout:\n%s\nstderr:\n%s", r.Took, r.Status, strings.Join(k.Args, " "), r.Stdout, r.Stderr)
			}
			switch {
			case r.Err != "":
				t.Fatalf("start %s: %s", k.Args[0], r.Err)
			case r.TimedOut:
				t.Fatalf("ran longer than its time (%v):\nstdout:\n%s\nstderr:\n%s", r.Took, r.Stdout, r.Stderr)
			case r.Truncated:
				t.Fatalf("more than %d bytes of output", MaxOutput)
			}
			if s := string(r.Stderr); k.Args[0] == dtracePath && (strings.Contains(s, "panic:") || strings.Contains(s, "BUG:") || strings.Contains(s, "the verifier of") || strings.Contains(s, "R0")) {
				t.Fatalf("crash, or refused by the verifier:\n%s", s)
			}
			k.check(t, r)
		})
	})
	if err != nil {
		t.Errorf("%v; the console:\n%s", err, tail(console, 60))
	}
	// What the kernel complains about while it traces is our fault, until shown
	// otherwise.
	for _, line := range strings.Split(console, "\n") {
		for _, bad := range []string{"WARNING:", "BUG:", "Oops", "rcu_preempt self-detected stall", "Call Trace"} {
			if strings.Contains(line, bad) {
				t.Errorf("the kernel says: %s\n%s", line, tail(console, 60))
				return
			}
		}
	}
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// suiteTasks are the cases of the suite on host linux, and their files.
func suiteTasks(t *testing.T, shell bool) (tasks []task, files []File) {
	t.Helper()
	const root = "../../suite/testdata"
	paths, err := filepath.Glob(root + "/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		rel, err := filepath.Rel(root, p)
		if err != nil {
			t.Fatal(err)
		}
		guest := path.Join("/suite", filepath.ToSlash(rel))
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Path: guest, Mode: ModeFile, Data: data})
		if !strings.HasSuffix(p, ".d") {
			continue
		}
		c, err := suite.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		if !c.On("linux") || !shell && (bytes.Contains(data, []byte("system(")) || slices.Contains(c.Options, "-c")) {
			continue
		}
		tasks = append(tasks, task{
			Job{Name: "suite/" + strings.TrimSuffix(filepath.ToSlash(rel), ".d"), Args: append([]string{dtracePath}, c.Args("linux")...),
				Dir: path.Dir(guest), Env: c.Env(), Timeout: 2 * time.Minute},
			func(t *testing.T, r Result) { checkCase(t, c, r) },
		})
	}
	if len(tasks) == 0 {
		t.Fatal("no cases")
	}
	return tasks, files
}

func checkCase(t *testing.T, c *suite.Case, r Result) {
	if err := c.Check(string(r.Stderr), r.Status); err != nil {
		t.Error(err)
	}
	if c.Kind != "tst" {
		return
	}
	want, ok := c.Want()
	if !ok {
		t.Fatalf("no .out file")
	}
	if d := cmp.Diff(want, string(r.Stdout)); d != "" {
		t.Errorf("output differs (-want +got):\n%s\nstderr:\n%s", d, r.Stderr)
	}
}

// lockedTasks are for a kernel whose lockdown keeps programs from its memory:
// each refusal names it, and the process's memory can be read.
func lockedTasks() []task {
	refused := func(t *testing.T, r Result) {
		if r.Status != 1 || !strings.Contains(string(r.Stderr), "lockdown") {
			t.Errorf("status %d, want 1 and a message about lockdown:\n%s", r.Status, r.Stderr)
		}
	}
	return []task{
		{dtraceJob("doctor", "doctor"), func(t *testing.T, r Result) {
			d := readDoctor(t, r)
			if f := d["lockdown"]; f.ok || !strings.Contains(f.detail, "confidentiality") {
				t.Errorf("lockdown: %+v", f)
			}
			for name, f := range d {
				if !f.ok && f.remedy == "" {
					t.Errorf("%s: NO without a remedy: %s", name, f.detail)
				}
			}
		}},
		{dtraceJob("curthread", "-n", "BEGIN { trace(curthread->comm); exit(0); }"), refused},
		{dtraceJob("execname", "-q", "-c", InitPath+" read 100", "-n", "syscall::read:entry /pid == $target && arg2 == 1/ { @[execname, stringof(args[1])] = count(); }"), refused},
		// What needs no kernel memory works.
		{dtraceJob("count", "-q", "-c", InitPath+" read 100", "-n", "syscall::read:entry /pid == $target && arg2 == 1/ { @[pid == $target ? 1 : 0] = count(); }"),
			counts(map[string]int{"1": 100})},
		{dtraceJob("copyinstr", "-q", "-c", InitPath+" open /none", "-n", `syscall::openat:entry /pid == $target/ { printf("%s\n", copyinstr(arg1)); }`),
			output(`(?m)^/none$`)},
		{dtraceJob("copyoutstr", "-w", "-q", "-c", InitPath+" path /first", "-n", `syscall::openat:entry /pid == $target/ { copyoutstr("/other", arg1, 7); }`), refused},
	}
}

func dtraceJob(name string, args ...string) Job {
	return Job{Name: name, Args: append([]string{dtracePath}, args...)}
}

// feature is a line of dtrace doctor with its remedy.
type feature struct {
	ok             bool
	detail, remedy string
}

func readDoctor(t *testing.T, r Result) map[string]feature {
	t.Helper()
	if r.Status != 0 || len(r.Stderr) > 0 {
		t.Fatalf("status %d:\n%s", r.Status, r.Stderr)
	}
	d := map[string]feature{}
	last := ""
	for _, line := range strings.Split(strings.TrimSpace(string(r.Stdout)), "\n") {
		if _, remedy, ok := strings.Cut(line, "       -> "); ok {
			f := d[last]
			f.remedy = remedy
			d[last] = f
			continue
		}
		for _, mark := range []string{"  yes  ", "  NO   "} {
			if name, detail, ok := strings.Cut(line, mark); ok {
				last = strings.TrimSpace(name)
				d[last] = feature{ok: mark == "  yes  ", detail: detail}
				break
			}
		}
	}
	return d
}

// busybox returns the machine's static busybox, nil if there is none.
func busybox() []byte {
	name, err := exec.LookPath("busybox")
	if err != nil {
		return nil
	}
	f, err := elf.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	return b
}

func kernelName(kernel string) string { return strings.TrimPrefix(filepath.Base(kernel), "vmlinuz-") }
