package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// do runs the command and returns what it printed.
func do(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(args, streams{out: &o, err: &e, env: func(string) string { return "" }})
	return o.String(), e.String(), status
}

// replay runs a quiet program over a trace and returns its output.
func replay(t *testing.T, file, prog string) string {
	t.Helper()
	out, msg, status := do(t, "--host", "etl:"+file, "-qn", prog)
	if status != 0 {
		t.Fatalf("replay %s: status %d: %s", prog, status, msg)
	}
	return strings.TrimSpace(out)
}

// TestRecordModel records a program on the model of the NT kernel: counts, processes
// and typed values on replay are those that the same program prints there.
func TestRecordModel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n.etl")
	if _, msg, status := do(t, "record", "--etl", file, "--host", "nt:quiet-desktop", "-n",
		`syscall:::entry { this->v = (short)-7; trace(arg0); printf("%s %d", probefunc, this->v); } END { @x["k"] = sum(5); }`); status != 0 {
		t.Fatalf("record: status %d: %s", status, msg)
	}
	const by = `{ @[execname, pid] = count(); }`
	live, _, _ := do(t, "--host", "nt:quiet-desktop", "-qn", "syscall:::entry "+by)
	got := replay(t, file, `etw:DTrace:syscall*: `+by)
	if got != strings.TrimSpace(live) || got == "" {
		t.Errorf("by process, replayed:\n%s\nlive:\n%s", got, live)
	}
	got = replay(t, file, `etw:DTrace:*NtWriteFile_entry: { printf("%s %d;", args[0]->probefunc, args[0]->this_v); }`)
	if !strings.HasPrefix(got, "NtWriteFile -7;") {
		t.Errorf("fields of NtWriteFile: %q", got)
	}
	if got := replay(t, file, `etw:DTrace:aggregation_x: { printf("%s %s %d", args[0]->func, args[0]->key0, args[0]->value); }`); got != "sum k 5" {
		t.Errorf("aggregation: %q, want sum k 5", got)
	}
}

// TestListEvents: -l says how many events a trace holds for each probe, and the
// number is how often it fires.
func TestListEvents(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n.etl")
	if _, msg, status := do(t, "record", "--etl", file, "--host", "nt:quiet-desktop", "-n", "syscall:::entry { trace(arg0); }"); status != 0 {
		t.Fatalf("record: status %d: %s", status, msg)
	}
	out, msg, status := do(t, "-l", "--host", "etl:"+file)
	if status != 0 {
		t.Fatalf("-l: status %d: %s", status, msg)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if !strings.HasSuffix(lines[0], " EVENTS") {
		t.Errorf("heading %q, want a column EVENTS", lines[0])
	}
	n := 0
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		if f[1] == "dtrace" && len(f) != 3 || f[1] == "etw" && len(f) != 6 {
			t.Errorf("line %q", line)
		}
		if f[1] != "etw" {
			continue
		}
		n++
		if got := replay(t, file, "etw::"+f[3]+":"+f[4]+" { @ = count(); }"); got != f[5] {
			t.Errorf("%s fired %s times: %q", f[3], got, line)
		}
	}
	if n == 0 {
		t.Errorf("no events in:\n%s", out)
	}
}

// TestRecordCopy copies chosen events of a trace.
func TestRecordCopy(t *testing.T) {
	dir := t.TempDir()
	in, out, all := filepath.Join(dir, "in.etl"), filepath.Join(dir, "out.etl"), filepath.Join(dir, "all.etl")
	if _, msg, status := do(t, "record", "--etl", in, "--host", "nt:quiet-desktop", "-n", "syscall:::entry { trace(arg0); }"); status != 0 {
		t.Fatal(msg)
	}
	if _, msg, status := do(t, "record", "--etl", out, "--compress", "--host", "etl:"+in, "-n", `etw:DTrace:: /execname == "notepad.exe"/ {}`); status != 0 {
		t.Fatal(msg)
	}
	const all1, some = `etw:DTrace:: { @[execname] = count(); }`, `etw:DTrace:: /execname == "notepad.exe"/ { @[execname] = count(); }`
	if got, want := replay(t, out, all1), replay(t, in, some); got != want || want == "" {
		t.Errorf("copied:\n%s\nwant:\n%s", got, want)
	}
	before, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.etl")
	if err := os.Symlink("in.etl", link); err != nil {
		t.Skipf("this process cannot make symbolic links here: %v", err)
	}
	for _, name := range []string{in, link} {
		_, msg, status := do(t, "record", "--etl", name, "--host", "etl:"+in)
		if status != statusError || !strings.Contains(msg, "is the trace that is read") {
			t.Errorf("copying a trace to itself: status %d, %s", status, msg)
		}
	}
	if after, err := os.ReadFile(in); err != nil || !bytes.Equal(after, before) {
		t.Fatalf("the trace that was read has changed (%v)", err)
	}
	if _, msg, status := do(t, "record", "--etl", all, "--host", "etl:"+in); status != 0 {
		t.Fatal(msg)
	}
	if got, want := raw(t, all), raw(t, in); !bytes.Equal(got, want) {
		t.Errorf("a copy of all differs: %d bytes of records, want %d", len(got), len(want))
	}
}

// raw returns all records of a trace but its header.
func raw(t *testing.T, name string) []byte {
	t.Helper()
	f, err := etl.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b []byte
	var e etl.Event
	for r, n := f.Reader(), 0; r.Next(&e); n++ {
		if n > 0 {
			b = append(b, e.Raw...)
		}
	}
	return b
}

// TestRecordErrors holds bad command lines against their messages.
func TestRecordErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.etl")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "Usage: dtrace record"},
		{[]string{"--etl"}, "--etl wants an argument"},
		{[]string{"--etl", file, "--sets", "mem"}, `--sets has "mem", want sched, proc, syscall, profile or none`},
		{[]string{"--etl", file, "--for", "soon"}, `--for is "soon", want a duration`},
		{[]string{"--etl", file, "--sets", "none"}, "nothing to record"},
		{[]string{"--etl", file, "--host", "local", "--sets", "sched", "-n", "BEGIN{}"}, "host local has no sets"},
		{[]string{"--etl", file, "--host", "local", "-n", "BEGIN {"}, "syntax error"},
		{[]string{"--etl", filepath.Join(file, "no"), "--host", "local", "-n", "BEGIN { exit(0); }"}, "no such file"},
		{[]string{"--etl", file, "--host", "etl:" + file}, "no such file"},
		{[]string{"--etl", file, "-l"}, "mean nothing here"},
	} {
		_, msg, status := do(t, append([]string{"record"}, tt.args...)...)
		if status == 0 || !strings.Contains(msg, tt.want) {
			t.Errorf("record %q: status %d, message %q, want %q", tt.args, status, msg, tt.want)
		}
	}
}
