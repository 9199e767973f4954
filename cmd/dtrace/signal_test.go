//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test binary the command itself: signals act on processes.
const asCommand = "DTRACE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Unsetenv(asCommand)
		main()
	}
	os.Exit(m.Run())
}

// process runs the command on the portable engine, started by a shell line in
// which $0 is the command, until it has printed its first line. kill sends signals
// to it, 100 ms apart, and returns what it printed after that and its status; a
// process that a signal has ended has the status 128 and the signal's number.
func process(t *testing.T, line string, kill ...syscall.Signal) (rest, stderr string, status int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", line, exe)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	var msg bytes.Buffer
	cmd.Stderr = &msg
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	r := bufio.NewReader(out)
	if first, err := r.ReadString('\n'); err != nil || first != "begin\n" {
		t.Fatalf("first line %q, error %v, want begin; %s", first, err, msg.String())
	}
	for i, s := range kill {
		if i > 0 {
			time.Sleep(100 * time.Millisecond)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var e *exec.ExitError
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return string(b), msg.String(), 128 + int(ws.Signal())
	}
	return string(b), msg.String(), ws.ExitStatus()
}

// TestSignals wants the first signal to end tracing, with END and aggregations,
// and those that the process was started to ignore to do nothing.
func TestSignals(t *testing.T) {
	const (
		run  = `exec "$0" --host local -q -x switchrate=20ms -n '`
		prog = `BEGIN { printf("begin\n"); @ = count(); } END { printf("end\n"); }'`
		soon = `tick-300ms { exit(4); } `
		all  = "end\n\n\n                1\n" // the first newline is that of ^C
		self = "end\n\n                1\n"
	)
	for _, c := range []struct {
		name, line string
		kill       []syscall.Signal
		want       string
		status     int
	}{
		{"interrupt", run + prog, []syscall.Signal{syscall.SIGINT}, all, 0},
		{"terminate", run + prog, []syscall.Signal{syscall.SIGTERM}, all, 0},
		{"hang up", run + prog, []syscall.Signal{syscall.SIGHUP}, all, 0},
		{"quit", run + prog, []syscall.Signal{syscall.SIGQUIT}, "", 1},
		{"interrupt ignored", `trap "" INT; ` + run + soon + prog, []syscall.Signal{syscall.SIGINT}, self, 4},
		{"nohup", `trap "" HUP; ` + run + soon + prog, []syscall.Signal{syscall.SIGHUP}, self, 4},
		{"exit", run + soon + prog, nil, self, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest, stderr, status := process(t, c.line, c.kill...)
			if rest != c.want || status != c.status {
				t.Errorf("output %q, status %d, want %q, %d; %s", rest, status, c.want, c.status, stderr)
			}
			if strings.Contains(stderr, "goroutine") {
				t.Errorf("standard error %q", stderr)
			}
		})
	}
}

// TestFullOutput wants an error when the output cannot be written.
func TestFullOutput(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full, a device that is always full")
	}
	_, stderr, status := process(t, `echo begin; exec "$0" --host local -q -n 'BEGIN { printf("x"); exit(0); }' >/dev/full`)
	if status != statusError || !strings.Contains(stderr, "no space left on device") {
		t.Errorf("status %d, standard error %q, want %d and the reason", status, stderr, statusError)
	}
}

// TestClosedPipe wants the command to end when nobody reads its output.
func TestClosedPipe(t *testing.T) {
	_, stderr, status := process(t, `echo begin; "$0" --host local -q -x switchrate=10ms -n 'tick-10ms { printf("x\n"); }' | head -n 1`)
	if status != 0 || stderr != "" {
		t.Errorf("status %d, standard error %q, want 0 and nothing", status, stderr)
	}
}
