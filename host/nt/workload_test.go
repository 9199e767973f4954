package nt

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestWorkloadErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"bogus 1", `:1: unknown setting "bogus"`},
		{"seed", `found the end of the line, want seed`},
		{"seed x", `seed is "x"`},
		{"cpus 0", "cpus is 0"},
		{"cpus 65", "up to 64"},
		{"kd maybe", `kd is "maybe", want on or off`},
		{"date yesterday", "date is"},
		{"boot fast", `boot "fast", want traced`},
		{"service Foo 1\nprocess x pid 5 { }", "begins with Nt"},
		{"service NtFoo 18", "up to 17"},
		{"provider P 123", "GUID"},
		{"process x { }", "has no pid"},
		{"process x pid 5 {", "not closed"},
		{"process x pid 5 { thread 6 { sleep } }", "want a time"},
		{"process x pid 5 { thread 6 { sleep 5 } }", `time is "5"`},
		{"process x pid 5 { thread 6 { sleep 5ms..1ms } }", "runs backwards"},
		{"process x pid 5 { thread 6 { syscall NtClose(1 } }", `want ","`},
		{"process x pid 5 { thread 6 { syscall NtClose(1..0) } }", "the smaller first"},
		{"process x pid 5 { thread 6 { syscall NtClose(what) } }", `found "what", want a value`},
		{"process x pid 5 { thread 6 { syscall NtClose(\"a) } }", "string is not closed"},
		{`process x pid 5 { thread 6 { syscall NtClose("\q") } }`, "escape"},
		{"process x pid 5 { thread 6 { dance } }", `found "dance", want a statement`},
		{"process x pid 5 { thread 6 { event P 1 } }", `provider "P"`},
		{"process x pid 5 { }\nprocess y pid 5 { }", "pid 5 is taken by the process in line 1"},
		{"process x pid 5 { thread 6 { } thread 6 { } }", "thread 6 is taken"},
		{"process x pid 5 { thread 6 cpu 1 { } }", "have 0 to 0"},
		{"process x pid 5 { thread 6 { call Foo() } }", "want module!name"},
		{strings.Repeat("x", 10) + "\n" + strings.Repeat("{", 100), "unknown setting"},
		{"phase1 " + strings.Repeat("{ repeat 1 ", 100), "nested more than"},
		// What only the machine can tell.
		{"process x pid 5 { thread 6 { syscall NtNope(1) } }", "no service NtNope"},
		{"process x pid 5 { thread 6 { syscall NtClose(1, 2) } }", "NtClose has 1 arguments, found 2"},
		{"process x pid 5 { thread 6 { call ntfs!Foo() } }", "has no image ntfs"},
		{"process x pid 5 { thread 6 { call nt!Foo() } }", "user code cannot call it"},
		{"process x pid 5 { thread 6 { irql 2 { } } }", "user code cannot do that"},
		{"process x pid 5 { thread 6 entry nt!Foo { } }", "user code cannot call it"},
		{"service NtClose 2", "has 1 arguments, not 2"},
		{"image x.sys pe missing.sys", "missing.sys"},
		{"store missing", "missing"},
		{"data x!Y 8", "loaded system image"},
		{"function x!Y", "no system image x"},
	} {
		w, err := ParseWorkload("w.nt", c.text)
		if err == nil {
			var h *Host
			if h, err = NewWorkload(w); err == nil {
				h.Close()
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// TestWorkloadRuns counts what short workloads do.
func TestWorkloadRuns(t *testing.T) {
	const user = "process x.exe pid 5 { thread 6 { %s } }"
	for _, c := range []struct {
		body, d string
		want    int
	}{
		{"repeat 3 { syscall NtClose(1) }", "syscall::NtClose:entry { trace(1); }", 3},
		{"repeat 2..2 { syscall NtClose(1) }", "syscall::NtClose:return { trace(1); }", 2},
		{"chance 0 { syscall NtClose(1) } else { syscall NtTestAlert }", "syscall:::entry /probefunc == \"NtTestAlert\"/ { trace(1); }", 1},
		{"chance 100 { syscall NtClose(1) } else { syscall NtTestAlert }", "syscall:::entry { trace(1); }", 1},
		{"let h = 7 syscall NtClose($h)", "syscall::NtClose:entry /arg0 == 7/ { trace(1); }", 1},
		{"syscall NtClose(8) { syscall NtClose(arg0) }", "syscall::NtClose:entry /arg0 == 8/ { trace(1); }", 2},
		{"syscall NtClose(-1)", "syscall::NtClose:entry /arg0 == -1/ { trace(1); }", 1},
		{"syscall NtClose(process)", "syscall::NtClose:entry /arg0 == (int64_t)curthread->Tcb.Process/ { trace(1); }", 1},
		{"syscall NtClose(thread)", "syscall::NtClose:entry /arg0 == (int64_t)curthread/ { trace(1); }", 1},
		{"syscall NtClose(1) = 0xC0000008", "syscall::NtClose:return /(uint32_t)arg0 == 0xC0000008/ { trace(1); }", 1},
		{"syscall NtClose(1) syscall NtClose(2) = 1 takes 1us; syscall NtClose(3)", "syscall::NtClose:entry { trace(1); }", 3},
		{"exit 3 syscall NtClose(1)", "syscall::NtClose:entry { trace(1); }", 0},
		{"sleep 5ms", "tick-1ms { trace(1); }", 5},
		{"work 2ms sleep 2ms", "profile-1ms /arg1 != 0/ { trace(1); }", 2},
		{"work 2ms sleep 2ms", "profile-1ms /arg0 != 0 && execname == \"Idle\"/ { trace(1); }", 2},
		{"call x!f(1, 2, 3, 4, 5, 6) = 9", "pid5:x:f:entry /arg4 == 5 && arg5 == 6/ { trace(1); } pid5:x:f:return /arg1 == 9/ { trace(1); }", 2},
		{"call ntdll!NtClose(1)", "pid5:ntdll:NtClose:8,pid5:ntdll:NtClose:3,pid5:ntdll:NtClose:0 { trace(1); }", -1},
		{"call ntdll!NtClose(1)", "pid5:ntdll:NtClose:3,pid5:ntdll:NtClose:0,pid5:ntdll:NtClose:entry { trace(1); }", 3},
	} {
		h := open(t, strings.Replace(user, "%s", c.body, 1))
		n, err := trace(t, h, c.d)
		if c.want < 0 {
			if err == nil {
				t.Errorf("%s / %s: no error", c.body, c.d)
			}
			continue
		}
		if err != nil || n != c.want {
			t.Errorf("%s / %s: %d records, %v; want %d", c.body, c.d, n, err, c.want)
		}
	}
}

// TestDuration lets a machine without threads idle.
func TestDuration(t *testing.T) {
	h := open(t, "cpus 2\nduration 10ms\n")
	if n, err := trace(t, h, "tick-1ms { trace(1); } profile-5ms /execname == \"Idle\"/ { trace(2); }"); err != nil || n != 14 {
		t.Errorf("%d records, %v; want 14", n, err)
	}
	h = open(t, "duration 5ms\nprocess x pid 5 { thread 6 { repeat 100 { syscall NtClose(1) sleep 1ms } } }")
	if n, err := trace(t, h, "syscall::NtClose:entry { trace(1); }"); err != nil || n != 6 {
		t.Errorf("%d records, %v; want 6", n, err)
	}
}

func TestSpin(t *testing.T) {
	h := open(t, "process x pid 5 { thread 6 { repeat 100000000 { } } }")
	if _, err := trace(t, h, "tick-1ms { trace(1); }"); err == nil || !strings.Contains(err.Error(), "no time passed") {
		t.Errorf("a loop in which no time passes: %v", err)
	}
}

// TestMangled parses bundled workloads with pieces cut out and put in.
func TestMangled(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	junk := []string{"{", "}", "(", ")", "\"", "..", "1", "-", "takes", "$", "arg9", "\n", "[", "|", "repeat 3", "syscall", "\x00", "0x"}
	for _, n := range BundledNames() {
		s, _ := Bundled(n)
		for range 300 {
			b := s
			for range 1 + rng.IntN(3) {
				i := rng.IntN(len(b))
				j := min(len(b), i+rng.IntN(8))
				b = b[:i] + junk[rng.IntN(len(junk))] + b[j:]
			}
			if w, err := ParseWorkload("mangled.nt", b); err == nil {
				if h, err := NewWorkload(w); err == nil {
					h.Close()
				}
			}
		}
	}
}

func FuzzWorkload(f *testing.F) {
	for _, n := range BundledNames() {
		s, _ := Bundled(n)
		f.Add(s)
	}
	f.Add("process x pid 5 secure { thread 6 { syscall NtReadFile(1, bad, p\"x\", L\"y\", u\"z\", o\"w\", buf(3), [1|2], 1..9) = 1 takes 1us..2us waits 1ms { nmi { } } } }")
	f.Fuzz(func(t *testing.T, s string) {
		ParseWorkload("fuzz.nt", s)
	})
}
