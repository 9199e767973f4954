package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordLive records this system and replays it: the system calls of a command
// are those that strace-like counting at the same time saw.
func TestRecordLive(t *testing.T) {
	needRoot(t)
	file := filepath.Join(t.TempDir(), "a.etl")
	_, msg, status := do(t, "record", "--etl", file, "--sets", "sched,proc,syscall,profile", "-c", "cat /etc/hostname /nonexistent-file",
		"-n", `syscall::openat:entry /pid == $target/ { @[probefunc] = count(); printf("%s", copyinstr(arg1)); }`)
	if status != 0 {
		t.Fatalf("status %d: %s", status, msg)
	}
	want := replay(t, file, `etw:DTrace:aggregation*: { printf("%d", args[0]->value); }`)
	got := replay(t, file, `syscall::openat:entry /execname == "cat"/ { @ = count(); } END { printa("%@d", @); }`)
	if got != want {
		t.Errorf("openat of cat: %s on replay, want %s", got, want)
	}
	if got := replay(t, file, `syscall::openat:return /execname == "cat" && errno == 2/ { printf("%d ", errno); }`); !strings.Contains(got, "2") {
		t.Errorf("no failed openat with errno 2: %q", got)
	}
	if got := replay(t, file, `proc:::exit /execname == "cat"/ { printf("%d %d", args[0], args[1]); }`); got != "1 1" {
		t.Errorf("exit of cat: %q, want reason 1, status 1", got)
	}
	if got := replay(t, file, `sched:::on-cpu /execname == "cat"/ { printf("x"); }`); got == "" {
		t.Error("cat was never on a processor")
	}
	if got := replay(t, file, `etw:DTrace:*openat_entry: { @[execname] = count(); } END { printa("%s ", @); }`); got != "cat" {
		t.Errorf("records are of %q, want cat", got)
	}
}
