package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/vm"
)

type engineID = probe.ID

// addProbes makes a provider with one probe a function, of ascending ids.
func addProbes(t testing.TB, e *engine.Engine, provider string, functions ...string) *engine.Provider {
	t.Helper()
	p, err := e.AddProvider(engine.ProviderSpec{Name: provider})
	if err != nil {
		t.Fatal(err)
	}
	for i, fn := range functions {
		if _, err := p.Create("", fn, "entry", uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func assemble(t testing.TB, text string) *ir.Program {
	t.Helper()
	prog, err := ir.Assemble(text)
	if err != nil {
		t.Fatalf("assemble: %v\n%s", err, text)
	}
	if err := ir.Verify(prog); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return prog
}

func open(t testing.TB, e *engine.Engine, text string, opt host.Options) *engine.Session {
	t.Helper()
	return openTerms(t, e, text, opt, engine.Terms{})
}

func openTerms(t testing.TB, e *engine.Engine, text string, opt host.Options, terms engine.Terms) *engine.Session {
	t.Helper()
	s, err := e.Open(assemble(t, text), opt, terms)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t testing.TB, s *engine.Session) {
	t.Helper()
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// clock is a made-up clock that advances by one at each reading.
type clock struct{ t uint64 }

func (c *clock) now() uint64 { c.t++; return c.t }

func newEngine(cpus int) *engine.Engine {
	c := &clock{t: 100}
	return engine.New(engine.Config{CPUs: cpus, Clock: c.now, Wall: func() uint64 { return 5e18 }})
}

// drain returns the records as text: clause, probe, first word of the data.
func drain(t testing.TB, s *engine.Session) (out []string) {
	t.Helper()
	err := s.Drain(func(cpu int, data []byte) error {
		var h record.Header
		h.Decode(data)
		if h.Clause == record.ClauseError {
			var e record.Error
			e.Decode(data[record.HeaderSize:])
			out = append(out, fmt.Sprintf("cpu%d error clause %d action %d pc %d %s %#x epid %d", cpu, e.Clause, e.Action, e.PC,
				ir.Fault(e.Fault), e.Value, h.EPID))
			return nil
		}
		line := fmt.Sprintf("cpu%d clause %d probe %d epid %d", cpu, h.Clause, h.Probe, h.EPID)
		if h.Spec != 0 {
			line += fmt.Sprintf(" spec %d", h.Spec)
		}
		if len(data) > record.HeaderSize {
			line += fmt.Sprintf(" = %d", int64(binary.LittleEndian.Uint64(data[record.HeaderSize:])))
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantRecords(t testing.TB, s *engine.Session, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, drain(t, s)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// value is a clause that records arg0.
const value = "record=8\naction 0 trace fields=int@0:8\n fire\n bi r0, arg, 0\n st.8 record[0:8], r0\n"

func args(v uint64) *vm.Firing { return &vm.Firing{Args: [vm.NumArgs]uint64{v}} }

func TestStateMachine(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	s := open(t, e, `
clause "dtrace:::BEGIN" probes=1 `+value+` ret
clause "p::a:entry" probes=4 `+value+` ret
clause "p::a:entry" probes=4 `+value+` exit r0
 ret
clause "p::a:entry" probes=4 `+value+` ret
clause "dtrace:::END" probes=2 `+value+` ret
`, host.Options{CPU: -1})
	if s.State() != engine.Inactive {
		t.Errorf("state %s before Start", s.State())
	}
	e.Fire(4, 0, args(1))
	start(t, s)
	if s.State() != engine.Active {
		t.Errorf("state %s after Start", s.State())
	}
	wantRecords(t, s, "cpu0 clause 0 probe 1 epid 1 = 0")
	e.Fire(1, 0, args(1)) // only the engine fires BEGIN and END
	e.Fire(2, 0, args(1))
	e.Fire(3, 0, args(1))
	e.Fire(4, 0, args(7))
	e.Fire(4, 0, args(8))
	if st, ok := s.Exited(); !ok || st != 7 || s.State() != engine.Draining || !s.Ready() {
		t.Errorf("exited %d %v, state %s", st, ok, s.State())
	}
	// The clause behind exit() and the next firing did not run.
	wantRecords(t, s, "cpu0 clause 1 probe 4 epid 2 = 7", "cpu0 clause 2 probe 4 epid 3 = 7")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	wantRecords(t, s, "cpu0 clause 4 probe 2 epid 5 = 0")
	if s.State() != engine.Stopped {
		t.Errorf("state %s after Stop", s.State())
	}
	if err := s.Stop(); err == nil {
		t.Error("second Stop succeeded")
	}
	if err := s.Start(context.Background()); err == nil {
		t.Error("second Start succeeded")
	}
	if e.Enabled(4) {
		t.Error("the probe is still enabled")
	}
	if s.EPID(4, 2) != 5 || s.EPID(1, 4) != 2 || s.EPID(1, 1) != 0 {
		t.Errorf("epids %d %d %d", s.EPID(4, 2), s.EPID(1, 4), s.EPID(1, 1))
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestExitInBegin(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	hooked := 0
	s := openTerms(t, e, `
clause "dtrace:::BEGIN" probes=1
 movi r0, 3
 exit r0
 ret
clause "dtrace:::BEGIN" probes=1 `+value+` ret
clause "p::a:entry" probes=4 `+value+` ret
clause "dtrace:::END" probes=2 `+value+` ret
`, host.Options{CPU: -1}, engine.Terms{Hooks: engine.Hooks{Start: func(context.Context) error { hooked++; return nil }}})
	start(t, s)
	e.Fire(4, 0, args(1))
	if st, ok := s.Exited(); !ok || st != 3 || hooked != 0 {
		t.Errorf("exited %d %v, host started %d times", st, ok, hooked)
	}
	if err := s.Wait(context.Background()); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	wantRecords(t, s, "cpu0 clause 3 probe 2 epid 4 = 0")
}

func TestEnableDisable(t *testing.T) {
	e := newEngine(1)
	var log []string
	var p *engine.Provider
	p, err := e.AddProvider(engine.ProviderSpec{Name: "p",
		Enable: func(pr *probe.Probe) error {
			log = append(log, "on "+pr.Function)
			if pr.Function == "bad" {
				return errors.New("no such instruction")
			}
			return nil
		},
		Disable: func(pr *probe.Probe) { log = append(log, "off "+pr.Function) },
		Provide: func(d probe.Desc) error {
			if d.Function == "refused" {
				return errors.New("not today")
			}
			if !probe.IsGlob(d.Function) {
				_, err := p.Create("", d.Function, "entry", 0)
				return err
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	for _, fn := range []string{"a", "b", "bad"} {
		n := 0
		if err := e.Probes(probe.Desc{Provider: "p", Function: fn}, func(*probe.Probe) bool { n++; return true }); err != nil || n != 1 {
			t.Fatalf("%s: %d probes, %v", fn, n, err)
		}
	}
	if err := e.Probes(probe.Desc{Provider: "p", Function: "refused"}, func(*probe.Probe) bool { return true }); err == nil ||
		!strings.Contains(err.Error(), "not today") {
		t.Errorf("refused: %v", err)
	}
	s := open(t, e, `clause "p:::" probes=4,5 `+value+` ret`, host.Options{CPU: -1})
	s2 := open(t, e, `clause "p:::" probes=5 `+value+` ret`, host.Options{CPU: -1})
	start(t, s)
	start(t, s2)
	e.Fire(5, 0, args(6))
	wantRecords(t, s, "cpu0 clause 0 probe 5 epid 2 = 6")
	wantRecords(t, s2, "cpu0 clause 0 probe 5 epid 1 = 6")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	e.Fire(5, 0, args(7))
	wantRecords(t, s)
	wantRecords(t, s2, "cpu0 clause 0 probe 5 epid 1 = 7")
	s2.Close()
	bad := open(t, e, `clause "p:::" probes=4,6 `+value+` ret`, host.Options{CPU: -1})
	if err := bad.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "no such instruction") {
		t.Errorf("Start with a probe that cannot be armed: %v", err)
	}
	want := []string{"on a", "on b", "off a", "off b", "on a", "on bad", "off a"}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
}

func TestFaultFiresError(t *testing.T) {
	const prog = `
clause "p::a:entry" probes=4 record=8
action 0 trace fields=int@0:8
 0/0 fire
 0/1 bi r0, arg, 0
 0/1 ldk.8 r0, [r0+8]
 0/1 st.8 record[0:8], r0
 0/1 ret
clause "p::a:entry" probes=4 ` + value + ` ret
clause "dtrace:::ERROR" probes=3 record=48
action 0 trace fields=int@0:8,int@8:8,int@16:8,int@24:8,int@32:8,int@40:8
 fire
 bi r0, arg, 1
 st.8 record[0:8], r0
 bi r0, arg, 2
 st.8 record[8:16], r0
 bi r0, arg, 3
 st.8 record[16:24], r0
 bi r0, arg, 4
 st.8 record[24:32], r0
 bi r0, arg, 5
 st.8 record[32:40], r0
 bi r0, pid
 st.8 record[40:48], r0
 ret
clause "dtrace:::ERROR" probes=3
 movi r0, 1
 movi r1, 0
 divs r0, r0, r1
 ret
clause "dtrace:::ERROR" probes=3 ` + value + ` ret
`
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	s := open(t, e, prog, host.Options{CPU: -1})
	start(t, s)
	f := args(0x1234)
	f.Thread = &vm.Thread{PID: 55}
	e.Fire(4, 0, f)
	var words []uint64
	n := 0
	err := s.Drain(func(_ int, data []byte) error {
		if n++; n == 2 {
			for b := data[record.HeaderSize:]; len(b) > 0; b = b[8:] {
				words = append(words, binary.LittleEndian.Uint64(b))
			}
		}
		return nil
	})
	if err != nil || n != 4 {
		t.Fatalf("%d records, %v; want the error, two of ERROR, one of the second clause", n, err)
	}
	if diff := cmp.Diff([]uint64{1, 1, 2, uint64(ir.FaultBadAddr), 0x123c, 55}, words); diff != "" {
		t.Errorf("arguments of ERROR (-want +got):\n%s", diff)
	}
	e.Fire(4, 0, args(0x10))
	wantRecords(t, s, "cpu0 error clause 0 action 1 pc 2 invalid address 0x18 epid 1", "cpu0 clause 2 probe 3 epid 3 = 1",
		"cpu0 clause 4 probe 3 epid 5 = 0", "cpu0 clause 1 probe 4 epid 2 = 16")
	d, _ := s.Drops()
	if d.Total(record.DropDblError) != 2 {
		t.Errorf("%d double errors, want 2", d.Total(record.DropDblError))
	}
}

func TestExitInError(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	s := open(t, e, `
clause "p::a:entry" probes=4
 fail badstack, -
clause "p::a:entry" probes=4 `+value+` ret
clause "dtrace:::ERROR" probes=3
 movi r0, 9
 exit r0
 ret
clause "dtrace:::ERROR" probes=3 `+value+` ret
`, host.Options{CPU: -1})
	start(t, s)
	e.Fire(4, 0, args(1))
	// The firing that faulted is at its end, that of ERROR is not.
	wantRecords(t, s, "cpu0 error clause 0 action 0 pc 0 bad stack 0x0 epid 1", "cpu0 clause 3 probe 3 epid 4 = 0")
	if st, ok := s.Exited(); !ok || st != 9 {
		t.Errorf("exited %d %v", st, ok)
	}
}

func TestAggregations(t *testing.T) {
	e := newEngine(2)
	addProbes(t, e, "p", "a")
	s := open(t, e, `
agg 0 k sum key=12 keys=int@0:8,int@8:4 clearable
agg 1 _ count clearable
agg 2 q lquantize(0,10,1)
clause "p:::" probes=4 frame=16
 bi r0, arg, 0
 bi r1, arg, 1
 zero frame[0:16]
 st.8 frame[0:8], r0
 st.4 frame[8:12], r0
 agg a0, frame[0:12], r1, -
 agg a1, -, -, -
 agg a2, -, r0, r1
 ret
`, host.Options{CPU: -1})
	start(t, s)
	for i := range 300 {
		e.Fire(4, i&1, &vm.Firing{Args: [10]uint64{uint64(i % 100), uint64(i)}})
	}
	get := func(id ir.AggID) map[string][]uint64 {
		out := map[string][]uint64{}
		if err := s.Aggregate(id, func(k []byte, v []uint64) error {
			if len(k) != 0 && (len(k) != 12 || binary.LittleEndian.Uint64(k) != uint64(binary.LittleEndian.Uint32(k[8:]))) {
				t.Errorf("key % x", k)
			}
			name := ""
			if len(k) > 0 {
				name = fmt.Sprint(binary.LittleEndian.Uint64(k))
			}
			out[name] = append([]uint64(nil), v...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	sums := get(0)
	for i := range 100 {
		if diff := cmp.Diff([]uint64{3, uint64(3*i + 300)}, sums[fmt.Sprint(i)]); diff != "" {
			t.Errorf("key %d: %s", i, diff)
		}
	}
	if len(sums) != 100 || get(1)[""][0] != 300 || get(2)[""][0] != 300 {
		t.Errorf("%d keys, counts %v %v", len(sums), get(1), get(2))
	}
	key := func(n uint64) []byte {
		k := binary.LittleEndian.AppendUint64(nil, n)
		return binary.LittleEndian.AppendUint32(k, uint32(n))
	}
	if err := s.Truncate(0, [][]byte{key(5), key(6), key(999), {1, 2}}); err != nil {
		t.Fatal(err)
	}
	if sums = get(0); len(sums) != 98 || sums["5"] != nil || sums["7"][1] != 321 || sums["99"][1] != 597 {
		t.Errorf("after truncating two: %d keys, 5: %v, 7: %v", len(sums), sums["5"], sums["7"])
	}
	if err := s.Clear(0); err != nil {
		t.Fatal(err)
	}
	e.Fire(4, 1, &vm.Firing{Args: [10]uint64{7, 1}})
	if sums = get(0); len(sums) != 98 || sums["7"][1] != 1 || sums["8"][0] != 0 {
		t.Errorf("after clearing: %d keys, 7: %v, 8: %v", len(sums), sums["7"], sums["8"])
	}
	if err := s.Truncate(0, nil); err != nil {
		t.Fatal(err)
	}
	if sums = get(0); len(sums) != 0 {
		t.Errorf("after truncating all: %v", sums)
	}
	if err := s.Aggregate(3, nil); err == nil {
		t.Error("aggregation 3 of 3 exists")
	}
	stop := errors.New("stop")
	if err := s.Aggregate(1, func([]byte, []uint64) error { return stop }); err != stop {
		t.Errorf("error of the callback: %v", err)
	}
}

// TestAggregationDrops fills aggsize exactly.
func TestAggregationDrops(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	// An entry has a key and a count of one word each.
	s := open(t, e, "agg 0 _ count key=8 keys=int@0:8 clearable\nclause \"p:::\" probes=4 frame=8\n bi r0, arg, 0\n st.8 frame[0:8], r0\n agg a0, frame[0:8], -, -\n ret",
		host.Options{CPU: -1, AggSize: 16 * 10})
	start(t, s)
	fire := func(keys int) (dropped uint64) {
		before, _ := s.Drops()
		for i := range keys {
			e.Fire(4, 0, args(uint64(i)))
		}
		after, _ := s.Drops()
		return after.Total(record.DropAggregation) - before.Total(record.DropAggregation)
	}
	if n := fire(25); n != 15 {
		t.Errorf("%d dropped of 25 keys with room for 10", n)
	}
	if n := fire(10); n != 0 {
		t.Errorf("%d updates of present keys dropped", n)
	}
	if err := s.Truncate(0, [][]byte{{0, 0, 0, 0, 0, 0, 0, 0}}); err != nil {
		t.Fatal(err)
	}
	if n := fire(10); n != 0 {
		t.Errorf("%d dropped after making room", n)
	}
	if err := s.Truncate(0, nil); err != nil {
		t.Fatal(err)
	}
	if n := fire(11); n != 1 {
		t.Errorf("%d dropped of 11 after emptying", n)
	}
}

func TestOpenErrors(t *testing.T) {
	e := newEngine(2)
	addProbes(t, e, "p", "a")
	const plain = `clause "p:::" probes=4 ` + value + ` ret`
	for _, c := range []struct {
		name, prog string
		opt        host.Options
		want       string
	}{
		{"destructive", "program destructive\nclause \"p:::\" probes=4\n panic\n ret", host.Options{CPU: -1}, "destructive"},
		{"cpu", plain, host.Options{CPU: 2}, "cpu is 2, have 0 to 1"},
		{"policy", plain, host.Options{CPU: -1, BufPolicy: "heap"}, `bufpolicy is "heap"`},
		{"nspec", plain, host.Options{CPU: -1, NSpec: -1}, "nspec is -1"},
		{"bufsize", plain, host.Options{CPU: -1, BufSize: 31}, "has 32 bytes, bufsize is 31"},
		{"huge", plain, host.Options{CPU: -1, BufSize: 1 << 40}, "bufsize is 1099511627776, want at most"},
		{"probe", `clause "p:::" probes=9 ` + value + ` ret`, host.Options{CPU: -1}, "no probe with id 9, the last one is 4"},
		{"END", `clause "dtrace:::END" probes=2 ` + value + ` ret`, host.Options{CPU: -1, BufSize: 32, BufPolicy: "fill"}, "END"},
	} {
		if _, err := e.Open(assemble(t, c.prog), c.opt, engine.Terms{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
	if _, err := e.AddProvider(engine.ProviderSpec{Name: "p"}); err == nil {
		t.Error("a provider was registered twice")
	}
	if _, err := e.AddProvider(engine.ProviderSpec{Name: strings.Repeat("x", 64)}); err == nil {
		t.Error("a provider name of 64 bytes was accepted")
	}
}
