//go:build linux

package vmtest

import (
	"path"
	"regexp"
	"strings"
	"testing"
	"time"
)

// testPackages are those whose own tests ask something of the kernel, and which
// of their tests; all if empty.
var testPackages = []struct{ pkg, run string }{
	{"bpf", ""},
	{"host/linux", ""},
}

// TestPackages boots each kernel and runs the tests of testPackages there, as a
// test binary: they hold eBPF against the interpreter and take tracing apart.
func TestPackages(t *testing.T) {
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
	files := []File{}
	var tasks []task
	for _, tp := range testPackages {
		pkg := tp.pkg
		guest := path.Join("/test", pkg, "package.test")
		files = append(files, File{Path: guest, Mode: ModeExec, Data: program(t.Context(), t, "../../"+pkg, true)})
		tasks = append(tasks, task{Job{
			Name: pkg, Dir: path.Dir(guest), Timeout: 8 * time.Minute,
			Args: []string{guest, "-test.short", "-test.v", "-test.timeout", "7m", "-test.run", tp.run},
		}, checkPackage})
	}
	initProgram := program(t.Context(), t, "./init", false)
	for _, kernel := range kernels {
		t.Run(kernelName(kernel), func(t *testing.T) {
			m := Machine{Kernel: kernel, Files: files, Init: initProgram, Timeout: 20 * time.Minute}
			runTasks(t.Context(), t, &m, tasks)
		})
	}
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

func checkPackage(t *testing.T, r Result) {
	if r.Status == 0 {
		return
	}
	var names []string
	for _, m := range failed.FindAllStringSubmatch(string(r.Stdout), -1) {
		names = append(names, m[1])
	}
	t.Errorf("status %d; failed: %s\n%s\n%s", r.Status, strings.Join(names, ", "), r.Stdout, r.Stderr)
}
