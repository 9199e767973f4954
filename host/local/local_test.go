package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/compile"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/syntax"
)

func newHost(t testing.TB, cfg Config) *Host {
	t.Helper()
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// compileD compiles a D program for the host.
func compileD(h *Host, src string) (*ir.Program, error) {
	c := check.New(h, check.Options{StrSize: 256})
	tree, err := syntax.Parse(&syntax.Config{CommandLine: true, TypeName: c.IsType}, src)
	if err != nil {
		return nil, err
	}
	info, err := c.Check(tree)
	if err != nil {
		return nil, err
	}
	return compile.Compile([]*check.Info{info}, compile.Options{})
}

func openD(t testing.TB, h *Host, src string) host.Session {
	t.Helper()
	prog, err := compileD(h, src)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Open(prog, host.Options{CPU: -1, Destructive: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// rec is a record: the name of the probe, its time and the words of its data.
type rec struct {
	probe string
	time  uint64
	data  []byte
}

func (r rec) word(i int) int64 { return int64(binary.LittleEndian.Uint64(r.data[8*i:])) }

func drain(t testing.TB, h *Host, s host.Session) (out []rec) {
	t.Helper()
	if err := s.Drain(func(_ int, data []byte) error {
		var hd record.Header
		hd.Decode(data)
		out = append(out, rec{h.ProbeByID(probe.ID(hd.Probe)).Name, hd.Time, append([]byte(nil), data[record.HeaderSize:]...)})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// play runs a session in virtual time to its end and returns its records.
func play(t testing.TB, h *Host, s host.Session) (out []rec, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for {
		out = append(out, drain(t, h, s)...)
		if status, ok := s.Exited(); ok {
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			return append(out, drain(t, h, s)...), status
		}
		if err := s.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVirtualTime(t *testing.T) {
	run := func() string {
		h := newHost(t, Config{VirtualTime: true, CPUs: 2, Seed: 5})
		s := openD(t, h, `
			BEGIN { trace((int64_t)timestamp); }
			tick-3s { trace((int64_t)timestamp); }
			tick-500ms { trace((int64_t)walltimestamp); }
			profile-1s { trace((int64_t)cpu); }
			tick-5s { trace((int64_t)rand()); exit(4); }
			END { trace((int64_t)timestamp); }`)
		recs, status := play(t, h, s)
		out := fmt.Sprintln("exit", status)
		for _, r := range recs {
			out += fmt.Sprintf("%s @%d %d\n", r.probe, r.time/1e6, r.word(0))
		}
		return out
	}
	first := run()
	if second := run(); first != second {
		t.Errorf("two runs differ:\n%s", cmp.Diff(first, second))
	}
	for name, want := range map[string]int{"BEGIN @1000 1000000000\n": 1, "tick-3s @4000 4000000000": 1, "tick-500ms": 10, "profile-1s": 10,
		"tick-500ms @1500 1000000000500000000": 1, "tick-5s @6000": 1, "END @6000 6000000000": 1, "exit 4\n": 1} {
		if got := strings.Count(first, name); got != want && (name != "profile-1s" || got != 8) {
			t.Errorf("%d of %q, want %d in:\n%s", got, name, want, first)
		}
	}
}

// TestRunningClock lets real timers fire.
func TestRunningClock(t *testing.T) {
	h := newHost(t, Config{})
	for range 2 { // the goroutine is started again
		s := openD(t, h, `tick-1ms { @ = count(); n++; } tick-1ms /n == 20/ { exit(0); }`)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Start(ctx); err != nil {
			t.Fatal(err)
		}
		for {
			if _, ok := s.Exited(); ok {
				break
			}
			if err := s.Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		var n uint64
		if err := s.Aggregate(0, func(_ []byte, v []uint64) error { n = v[0]; return nil }); err != nil || n != 20 {
			t.Errorf("%d firings, %v; want 20", n, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	h := newHost(t, Config{})
	s := openD(t, h, `BEGIN { trace(execname); trace((int64_t)pid); trace((int64_t)ppid); trace(cwd); trace((int64_t)vtimestamp); exit(0); }`)
	recs, _ := play(t, h, s)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	prog, _ := compileD(h, `BEGIN { trace(execname); trace((int64_t)pid); trace((int64_t)ppid); trace(cwd); trace((int64_t)vtimestamp); exit(0); }`)
	var got []string
	for _, a := range prog.Clauses[0].Actions[:5] {
		f := a.Fields[0]
		b := recs[0].data[f.Off : f.Off+f.Size]
		if f.Kind == ir.FString {
			got = append(got, string(b[:strings.IndexByte(string(b), 0)]))
		} else {
			got = append(got, fmt.Sprint(binary.LittleEndian.Uint64(b)))
		}
	}
	wd, _ := os.Getwd()
	exe, _ := os.Executable()
	if diff := cmp.Diff([]string{execName(exe), fmt.Sprint(os.Getpid()), fmt.Sprint(os.Getppid()), wd}, got[:4]); diff != "" {
		t.Error(diff)
	}
	if haveCPUTime && got[4] == "0" {
		t.Error("vtimestamp is 0")
	}
}

func TestOwnStack(t *testing.T) {
	h := newHost(t, Config{})
	s := openD(t, h, `BEGIN { ustack(20); exit(0); }`)
	recs, _ := play(t, h, s)
	if len(recs) != 1 || uint32(recs[0].word(0)) != uint32(os.Getpid()) {
		t.Fatalf("%+v", recs)
	}
	found := false
	for i := 1; i < len(recs[0].data)/8; i++ {
		if sym, ok := h.Symbols().User(uint32(os.Getpid()), uint64(recs[0].word(i))); ok && strings.HasSuffix(sym.Name, "TestOwnStack") {
			found = true
		}
	}
	if !found {
		t.Error("the stack does not lead here")
	}
}

func TestForeignMemoryFaults(t *testing.T) {
	h := newHost(t, Config{VirtualTime: true})
	s := openD(t, h, `BEGIN { trace(*(int64_t *)0x1000); } BEGIN { trace(copyinstr(0x2000)); } BEGIN { exit(0); }`)
	recs, _ := play(t, h, s)
	if len(recs) != 3 {
		t.Fatalf("%d records, want two errors and the exit", len(recs))
	}
	for i, want := range []uint64{0x1000, 0x2000} {
		var e record.Error
		e.Decode(recs[i].data)
		if e.Fault != uint32(ir.FaultBadAddr) || e.Value != want {
			t.Errorf("error %d: %+v", i, e)
		}
	}
}

func TestProbes(t *testing.T) {
	h := newHost(t, Config{})
	list := func(desc string) (out []string, err error) {
		d, _ := probe.ParseDesc(desc, probe.PartName)
		err = h.Probes(d, func(p *probe.Probe) bool { out = append(out, p.Name); return true })
		return out, err
	}
	for _, c := range []struct {
		desc string
		want int
		err  string
	}{
		{"dtrace:::", 3, ""}, {"BEGIN", 1, ""}, {"tick-1hour", 1, ""}, {"tick-7hz", 1, ""}, {"profile:::tick-*", 8, ""}, {"tick-x", 0, ""},
		{"tick-0", 0, ""}, {"tick-100us", 0, "200"}, {"tick-5001hz", 0, "200"}, {"tick-999999999999d", 0, "exceeds"}, {"profile-200usec", 1, ""},
		{"profile-10SEC", 1, ""}, {"tick-1:::", 0, ""}, {"syscall:::", 0, ""},
	} {
		got, err := list(c.desc)
		if len(got) != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, %v; want %d", c.desc, got, err, c.want)
		}
	}
	p := h.ProbeByID(1)
	if p == nil || p.Name != "BEGIN" || p.Attrs.Name.String() != "Stable/Stable/Common" {
		t.Errorf("probe 1: %v", p)
	}
}

func TestNotSupported(t *testing.T) {
	h := newHost(t, Config{})
	for _, src := range []string{`BEGIN { stack(); }`, `BEGIN { trace(ipl); }`, `BEGIN { trace(caller); }`, `BEGIN { panic(); }`} {
		if _, err := compileD(h, src); err == nil || !strings.Contains(err.Error(), "host local cannot give") {
			t.Errorf("%s: %v, want not supported", src, err)
		}
	}
	if err := h.Supports(ir.Stack, 0); !errors.Is(err, host.ErrNotSupported) {
		t.Errorf("stack: %v", err)
	}
	for _, f := range h.Features() {
		if f.Name == "" || f.Detail == "" || !f.OK && f.Remedy == "" {
			t.Errorf("feature %+v", f)
		}
	}
}

func TestChill(t *testing.T) {
	h := newHost(t, Config{VirtualTime: true})
	s := openD(t, h, `BEGIN { chill(1000); } BEGIN { trace((int64_t)timestamp); chill(600000000); } BEGIN { exit(0); }`)
	recs, _ := play(t, h, s)
	if len(recs) != 2 {
		t.Errorf("%d records, want the error of the long chill and the exit", len(recs))
	}
	if got := h.e.Now(); got != 1e9+1000 {
		t.Errorf("the clock is %d", got)
	}
}
