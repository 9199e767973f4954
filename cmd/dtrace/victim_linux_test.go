package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/option"
)

func runCommand(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(args, streams{out: &o, err: &e, env: func(string) string { return "" }})
	return o.String(), e.String(), status
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("tracing the live kernel needs root")
	}
}

// TestVictimCalls wants every system call of a process of -c, its first
// included, and the run to end with it.
func TestVictimCalls(t *testing.T) {
	needRoot(t)
	begin := time.Now()
	out, errOut, status := runCommand(t, "-q", "-n", `syscall:::entry /pid == $target/ { @[probefunc] = count(); } END { printf("end\n"); }`, "-c", "/bin/true")
	if status != 0 || time.Since(begin) > 20*time.Second {
		t.Fatalf("status %d after %v: %s", status, time.Since(begin), errOut)
	}
	for _, want := range []string{"end\n", "  brk ", "  exit_group  "} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

// TestVictimNotices wants the notices on how processes ended.
func TestVictimNotices(t *testing.T) {
	needRoot(t)
	for _, c := range []struct{ cmd, want string }{
		{"/bin/true", "has exited"},
		{"/bin/false", "exited with status 1"},
	} {
		_, errOut, status := runCommand(t, "-n", "BEGIN { x = 1; }", "-c", c.cmd)
		if status != 0 || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: status %d, stderr %q, want %q", c.cmd, status, errOut, c.want)
		}
		_, errOut, _ = runCommand(t, "-q", "-n", "BEGIN { x = 1; }", "-c", c.cmd)
		if errOut != "" {
			t.Errorf("%s: -q printed %q", c.cmd, errOut)
		}
	}
}

// TestVictimExec wants a process of -c that executes another program to go on as
// that program.
func TestVictimExec(t *testing.T) {
	needRoot(t)
	mark := t.TempDir() + "/mark"
	out, errOut, status := runCommand(t, "-n", `syscall::exit_group:entry /pid == $target/ { printf("%s", execname); }`,
		"-c", "env env touch "+mark)
	if status != 0 || !strings.Contains(out, "touch") || !strings.Contains(errOut, "has exited") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}

// TestVictimStack wants the user stack of a process that is gone when the
// buffers are read to have names.
func TestVictimStack(t *testing.T) {
	needRoot(t)
	out, errOut, _ := runCommand(t, "-q", "-n", "syscall::exit_group:entry /pid == $target/ { ustack(); }", "-c", "/bin/true")
	if !strings.Contains(out, "libc.so.6`") {
		t.Errorf("no symbol of libc in:\n%s%s", out, errOut)
	}
}

// TestVictimEnvironment wants each -x setenv and -x unsetenv to act, in their order.
func TestVictimEnvironment(t *testing.T) {
	c := command{streams: streams{}}
	t.Setenv("GONE", "1")
	t.Setenv("KEPT", "1")
	for _, o := range []struct{ name, val string }{
		{"setenv", "A=1"}, {"setenv", "B=x=y"}, {"setenv", "A=2"}, {"unsetenv", "GONE"}, {"setenv", "C=3"}, {"unsetenv", "C"},
	} {
		if err := c.setOption(o.name, o.val); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	for _, kv := range victimEnv(&c) {
		n, v, _ := strings.Cut(kv, "=")
		got[n] = v
	}
	if got["A"] != "2" || got["B"] != "x=y" || got["KEPT"] != "1" {
		t.Errorf("A=%s B=%s KEPT=%s, want 2, x=y, 1", got["A"], got["B"], got["KEPT"])
	}
	for _, n := range []string{"GONE", "C"} {
		if _, ok := got[n]; ok {
			t.Errorf("%s is set", n)
		}
	}
	for _, o := range []struct{ name, val string }{{"setenv", "A"}, {"setenv", "=x"}, {"unsetenv", "A=1"}, {"unsetenv", ""}} {
		if err := c.setOption(o.name, o.val); !errors.Is(err, option.ErrValue) {
			t.Errorf("%s=%s: error %v, want %v", o.name, o.val, err, option.ErrValue)
		}
	}
}

// TestVictimScript wants a script without #! to be run by the shell.
func TestVictimScript(t *testing.T) {
	needRoot(t)
	file := script(t, "run", "exit 3\n")
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
	_, errOut, status := runCommand(t, "-n", "BEGIN { x = 1; }", "-c", file)
	if status != 0 || !strings.Contains(errOut, "exited with status 3") {
		t.Errorf("status %d, stderr %q, want exited with status 3", status, errOut)
	}
}

func TestVictimErrors(t *testing.T) {
	needRoot(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-n", "BEGIN", "-c", "/nonexistent/command"}, "failed to execute /nonexistent/command: No such file or directory\n"},
		{[]string{"-n", "BEGIN", "-c", "no-such-command x"}, "failed to execute no-such-command x: No such file or directory\n"},
		{[]string{"-n", "BEGIN", "-c", "/etc/passwd"}, "failed to execute /etc/passwd: Permission denied\n"},
		{[]string{"-n", "BEGIN", "-c", " "}, "empty command"},
		{[]string{"-n", "BEGIN", "-p", "x"}, "invalid pid: x"},
		{[]string{"-n", "BEGIN", "-p", "4194304"}, "failed to grab pid 4194304"},
	} {
		_, errOut, status := runCommand(t, c.args...)
		if status != statusError || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d, stderr %q, want %q", c.args, status, errOut, c.want)
		}
	}
}
