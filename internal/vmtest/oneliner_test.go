//go:build linux

package vmtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oneliners are the questions that the tool must answer on every kernel.
func oneliners() []task {
	var tasks []task
	add := func(check func(t *testing.T, r Result), name string, args ...string) {
		tasks = append(tasks, task{dtraceJob(name, args...), check})
	}
	add(checkDoctor, "doctor", "doctor")
	add(output(`^ +ID +PROVIDER`, `(?m)^ *\d+ +sdt +sched +sched_switch$`), "list", "-l", "-n", "sdt:sched::sched_switch")
	add(lines(600, 900), "list-syscalls", "-l", "-P", "syscall")
	add(lines(1000, 10000), "list-all", "-l")
	add(output(`CPU +ID +FUNCTION:NAME`, `(?m)^ +\d+ +1 +:BEGIN *$`), "begin", "-n", "BEGIN { exit(0); }")
	add(status(3), "exit-status", "-n", "BEGIN { exit(3); }")

	read := func(n int) string { return InitPath + " read " + strconv.Itoa(n) }
	const ours = "pid == $target && arg2 == 1"
	add(counts(map[string]int{"read": 500}, "openat", "exit_group"), "syscall-counts",
		"-q", "-c", read(500), "-n", "syscall:::entry /pid == $target && (probefunc != \"read\" || arg2 == 1)/ { @[probefunc] = count(); }")
	// Its calls have numbers of their own: they must not count as others.
	add(both(output("has exited"), func(t *testing.T, r Result) {
		if keyCount.Match(r.Stdout) {
			t.Errorf("calls of a program of 32 bits have names of 64:\n%s", r.Stdout)
		}
	}), "calls-of-32-bits", "-c", init32Path+" read 500", "-n", "syscall:::entry, syscall:::return /pid == $target/ { @[probefunc] = count(); }")
	add(counts(map[string]int{"n": 500}), "latency", "-q", "-c", read(500), "-n",
		"syscall::read:entry /"+ours+"/ { self->t = timestamp; } "+
			"syscall::read:return /self->t/ { @q = quantize(timestamp - self->t); @n[\"n\"] = sum(timestamp > self->t ? 1 : 0); self->t = 0; } "+
			"END { printa(@n); printa(@q); }")
	add(output(`(?m)^/etc/nothing$`), "copyinstr", "-q", "-c", InitPath+" open /etc/nothing", "-n",
		`syscall::openat:entry /pid == $target/ { printf("%s\n", copyinstr(arg1)); }`)
	add(output(`(?m)^openat -2 2$`), "errno", "-q", "-c", InitPath+" open /etc/nothing", "-n",
		`syscall::openat:return /pid == $target && errno/ { printf("%s %d %d\n", probefunc, (int)arg0, errno); }`)
	add(counts(map[string]int{"init": 300}), "execname", "-q", "-c", read(300), "-n",
		"syscall::read:entry /"+ours+"/ { @[execname] = count(); }")
	add(output(`(?m)^ +0 \| +0 *\n +1 \|@{40} (300|2\d\d) *\n +2 \| +0 *$`), "quantize", "-q", "-c", read(300), "-n",
		"syscall::read:entry /"+ours+"/ { @ = quantize(arg2); }")
	bulk := InitPath + " bulk 2"
	add(output("vmlinux`vfs_read\\+0x", "vmlinux`ksys_read\\+0x"), "profile-stack", "-q", "-c", bulk, "-n",
		"profile-97 /pid == $target && arg0/ { @[stack()] = count(); }")
	add(output(`(?m)^n 5$`), "tick", "-q", "-n", `tick-50ms { i++; } tick-50ms /i == 5/ { printf("n %d\n", i); exit(0); }`)
	add(output(`(?m)^ +swapper/\d +\S.* +\d+$`), "sched-switch", "-q", "-n",
		"sdt:sched::sched_switch { @[args[1]->comm, args[2]->comm] = count(); } tick-1s { exit(0); }")
	add(counts(map[string]int{"dtrace": 1}), "curthread-begin", "-q", "-n", "BEGIN { @[curthread->comm] = count(); exit(0); }")
	add(counts(map[string]int{"init": 10}), "curthread", "-q", "-c", read(10), "-n",
		"syscall::read:entry /"+ours+"/ { @[curthread->comm] = count(); }")
	add(output(`(?m)^/init read 10 \d+ \d+$`), "psargs", "-q", "-c", read(10), "-n",
		"syscall::read:entry /"+ours+`/ { printf("%s %d %d\n", curpsinfo->pr_psargs, pid == curpsinfo->pr_pid, ppid == curpsinfo->pr_ppid); exit(0); }`)
	add(output("init`main\\.readZeros\\+0x", "init`main\\.main\\+0x"), "ustack", "-q", "-c", read(10), "-n",
		"syscall::read:entry /"+ours+"/ { ustack(); exit(0); }")
	// The frames of the tracing itself are left out: the first is the kernel's own.
	add(firstFrame("syscall_trace_enter.*|do_syscall_64|trace_syscall_enter|syscall_enter_from_user_mode"),
		"first-frame-syscall", "-q", "-c", read(10), "-n", "syscall::read:entry /"+ours+"/ { stack(); exit(0); }")
	add(firstFrame("syscall_exit_work|syscall_exit_to_user_mode.*|trace_syscall_exit|do_syscall_64"),
		"first-frame-return", "-q", "-c", read(10), "-n",
		"syscall::read:entry /"+ours+"/ { self->in = 1; } syscall::read:return /self->in/ { stack(); exit(0); }")
	add(firstFrame("__schedule|__traceiter_sched_switch|__trace_sched_switch"), "first-frame-sdt", "-q", "-n",
		"sdt:sched::sched_switch { stack(); exit(0); }")
	// A sample's stack is that of what was interrupted: without the timer's frames,
	// down to the entry of the kernel.
	add(output("(?m)^ +vmlinux`(entry_|asm_)\\w+\\+0x[0-9a-f]+$"), "profile-frames", "-q", "-c", bulk, "-n",
		"profile-97 /pid == $target && arg0/ { stack(); exit(0); }")
	tasks[len(tasks)-1].check = both(tasks[len(tasks)-1].check, func(t *testing.T, r Result) {
		if timerFrame.Match(r.Stdout) {
			t.Errorf("the timer's frames are in the stack:\n%s", r.Stdout)
		}
	})
	add(output(`(?m)^func vmlinux`+"`"), "profile-func", "-q", "-c", bulk, "-n",
		`profile-97 /pid == $target && arg0/ { printf("func %a\n", arg0); exit(0); }`)
	add(output(`(?m)^v [1-9]\d*$`), "vtimestamp", "-q", "-c", read(2000), "-n",
		"syscall::openat:entry /pid == $target/ { self->v = vtimestamp; } "+
			"syscall::read:entry /"+ours+` && vtimestamp > self->v/ { printf("v %d\n", vtimestamp - self->v); exit(0); }`)
	add(output(`(?m)^ +sched_switch +\d+$`, `(?m)^ +sched_wakeup +\d+$`), "many-sdt", "-q", "-n",
		"sdt:sched:: { @[probename] = count(); } tick-1s { exit(0); }")
	add(output(`(?m)^ +sched_switch +\d+$`), "rawtp", "-q", "-n",
		"rawtp:::sched_switch { @[probename] = count(); } tick-1s { exit(0); }")
	add(output(`dtrace: cost: [1-9]\d* firings of [1-9]\d* ns in probes`), "cost", "-v", "-c", read(100), "-n", "syscall::read:entry /"+ours+"/ { @ = count(); }")
	add(counts(map[string]int{"1": 100}), "args", "-q", "-c", read(100), "-n",
		"syscall::read:entry /pid == $target && args[2] == 1/ { @[args[2]] = count(); }")
	add(counts(map[string]int{"x": 100}), "assoc", "-q", "-c", read(100), "-n",
		"syscall::read:entry /"+ours+"/ { a[tid, probefunc] = timestamp; } syscall::read:return /a[tid, probefunc]/ { @[\"x\"] = count(); a[tid, probefunc] = 0; }")
	add(output(`(?m)^signalled$`), "raise", "-w", "-q", "-c", InitPath+" bulk 30", "-n",
		`tick-100ms { i++; } syscall::read:entry /pid == $target && i > 2/ { raise(9); printf("signalled\n"); exit(0); }`)
	add(output(`(?m)^/other$`), "copyoutstr", "-w", "-q", "-c", InitPath+" path /first", "-n",
		`syscall::openat:entry /pid == $target && copyinstr(arg1) == "/first"/ { copyoutstr("/other", arg1, 7); }`)
	tasks = append(tasks,
		task{Job{Name: "mount-tracefs", Args: []string{InitPath, "mount", "tracefs", "/sys/kernel/tracing"}}, status(0)},
		task{dtraceJob("doctor-tracefs", "doctor"), func(t *testing.T, r Result) {
			if f := readDoctor(t, r)["tracefs"]; !f.ok || !strings.Contains(f.detail, "/sys/kernel/tracing") {
				t.Errorf("tracefs: %+v", f)
			}
		}},
		task{Job{Name: "all-sdt", Timeout: 3 * time.Minute, Args: []string{dtracePath, "-q", "-n",
			"sdt::: { @[probename] = count(); } tick-1s { exit(0); }"}}, output(`(?m)^ +sched_switch +\d+$`)},
	)
	return tasks
}

// checkDoctor wants everything that issue 2 asks for to work, and the truth about
// function probes: these kernels have them.
func checkDoctor(t *testing.T, r Result) {
	d := readDoctor(t, r)
	for _, name := range []string{
		"dtrace", "syscall", "profile", "sdt", "rawtp", "privileges", "kernel types", "kernel symbols", "tracefs",
		"per-CPU ring buffers", "task-local storage (self->)", "cost of tracing", "user-space probes",
		"kernel function probes by kprobe", "kernel function probes by fentry", "lockdown",
	} {
		if f, ok := d[name]; !ok || !f.ok {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := d["kernel symbols"]; strings.Contains(f.detail, "functions only") {
		t.Errorf("kernel symbols: %s; the kernel has CONFIG_KALLSYMS_ALL", f.detail)
	}
}

// timerFrame is a frame of the clock that samples.
var timerFrame = regexp.MustCompile(`hrtimer|perf_swevent|apic_timer|bpf_prog|bpf_overflow`)

func both(a, b func(*testing.T, Result)) func(*testing.T, Result) {
	return func(t *testing.T, r Result) {
		a(t, r)
		b(t, r)
	}
}

// dropped is the notice of a loss.
var dropped = regexp.MustCompile(`(?m)^dtrace: (\d+) (.*)drops? on CPU \d+(.*)$`)

// ok wants success without loss, but for losses that are the kernel's own: from
// Linux 7.0 on a program can be preempted, and then another thread's firing of it
// is left out; and a hash table may be busy when a probe interrupts its update. It
// returns the number of firings lost.
func ok(t *testing.T, r Result) (lost int) {
	t.Helper()
	if r.Status != 0 {
		t.Fatalf("status %d:\nstdout:\n%s\nstderr:\n%s", r.Status, r.Stdout, r.Stderr)
	}
	for _, m := range dropped.FindAllStringSubmatch(string(r.Stderr), -1) {
		n, _ := strconv.Atoi(m[1])
		nested := m[3] == " (probes nested too deep)" && (!releaseBefore(t, 7, 0) || strings.Contains(r.Name, "sdt"))
		busy := m[2] == "aggregation " && strings.Contains(r.Name, "sdt")
		if !nested && !busy {
			t.Errorf("%s", m[0])
		}
		lost += n
	}
	return lost
}

// releaseBefore reports whether the kernel of the test is older than a version.
func releaseBefore(t *testing.T, major, minor int) bool {
	t.Helper()
	_, name, _ := strings.Cut(t.Name(), "/")
	var a, b int
	if _, err := fmt.Sscanf(name, "%d.%d", &a, &b); err != nil {
		t.Fatalf("the kernel of test %q: %v", t.Name(), err)
	}
	return a < major || a == major && b < minor
}

// keyCount is a line of an aggregation with one key.
var keyCount = regexp.MustCompile(`(?m)^ +\w+ +\d+$`)

func status(n int) func(*testing.T, Result) {
	return func(t *testing.T, r Result) {
		if r.Status != n {
			t.Errorf("status %d, want %d:\nstdout:\n%s\nstderr:\n%s", r.Status, n, r.Stdout, r.Stderr)
		}
	}
}

// output wants success and output (both streams) that matches all patterns.
func output(patterns ...string) func(*testing.T, Result) {
	return func(t *testing.T, r Result) {
		ok(t, r)
		text := string(r.Stdout) + string(r.Stderr)
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(text) {
				t.Errorf("no %q in:\n%s", p, text)
			}
		}
	}
}

// lines wants success and a number of lines.
func lines(low, high int) func(*testing.T, Result) {
	return func(t *testing.T, r Result) {
		ok(t, r)
		if n := strings.Count(string(r.Stdout), "\n"); n < low || n > high {
			t.Errorf("%d lines, want %d to %d:\n%.2000s", n, low, high, r.Stdout)
		}
	}
}

// counts wants an aggregation with one key that has these values, and any
// values of the other keys.
func counts(want map[string]int, others ...string) func(*testing.T, Result) {
	return func(t *testing.T, r Result) {
		lost := ok(t, r)
		got := map[string]int{}
		for _, line := range strings.Split(string(r.Stdout), "\n") {
			if f := strings.Fields(line); len(f) == 2 {
				if n, err := strconv.Atoi(f[1]); err == nil {
					got[f[0]] = n
				}
			}
		}
		for k, n := range want {
			if got[k] > n || got[k] < n-lost {
				t.Errorf("%s: %d, want %d (%d lost); output:\n%s", k, got[k], n, lost, r.Stdout)
			}
		}
		for _, k := range others {
			if got[k] == 0 {
				t.Errorf("no %s; output:\n%s", k, r.Stdout)
			}
		}
	}
}

// firstFrame wants a stack whose first frame is a function that matches.
func firstFrame(pattern string) func(*testing.T, Result) {
	re := regexp.MustCompile("^vmlinux`(" + pattern + `)(\+0x[0-9a-f]+)?$`)
	return func(t *testing.T, r Result) {
		ok(t, r)
		f := strings.Fields(string(r.Stdout))
		if len(f) < 2 {
			t.Fatalf("a stack of %d frames, want at least 2:\n%s", len(f), r.Stdout)
		}
		if !re.MatchString(f[0]) {
			t.Errorf("the first frame is %s, want %s; stack:\n%s", f[0], pattern, r.Stdout)
		}
	}
}
