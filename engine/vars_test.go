package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/vm"
)

func thread(key, arg0, arg1 uint64) *vm.Firing {
	return &vm.Firing{Thread: &vm.Thread{Key: key, TID: uint32(key)}, Args: [vm.NumArgs]uint64{arg0, arg1}}
}

// TestAssociativeArray holds an array of the engine against a Go map.
func TestAssociativeArray(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "set", "get", "del")
	const entry = 16 + 24 // key and value, and what the engine adds
	const room = 50
	s := open(t, e, `
var 0 a assoc key=8 val=8 keys=int@0:8 type="int64_t"
clause "p::set:" probes=4 frame=8
 bi r0, arg, 0
 st.8 frame[0:8], r0
 bi r1, arg, 1
 dynset v0, frame[0:8], r1
 ret
clause "p::get:" probes=5 frame=8 record=8
action 0 trace fields=int@0:8
 fire
 bi r0, arg, 0
 st.8 frame[0:8], r0
 dynget.8s r1, v0, frame[0:8]
 st.8 record[0:8], r1
 ret
clause "p::del:" probes=6 frame=8
 bi r0, arg, 0
 st.8 frame[0:8], r0
 dyndel v0, frame[0:8]
 ret
`, host.Options{CPU: -1, DynVarSize: room * entry})
	start(t, s)
	model := map[uint64]uint64{}
	var dropped uint64
	x := uint64(12345)
	for i := range 20000 {
		x = x*6364136223846793005 + 1442695040888963407
		k, v := x>>33%100, x>>40%5
		switch x >> 60 % 3 {
		case 0, 1:
			e.Fire(4, 0, args2(k, v))
			_, have := model[k]
			switch {
			case v == 0:
				delete(model, k)
			case have || len(model) < room:
				model[k] = v
			default:
				dropped++
			}
		case 2:
			e.Fire(6, 0, args2(k, 0))
			delete(model, k)
		}
		if i%7 == 0 {
			e.Fire(5, 0, args2(k, 0))
			wantRecords(t, s, fmt.Sprintf("cpu0 clause 1 probe 5 epid 2 = %d", model[k]))
		}
	}
	if n := drops(t, s, record.DropDynamic); n != dropped || n == 0 {
		t.Errorf("%d dynamic drops, want %d", n, dropped)
	}
}

func args2(a, b uint64) *vm.Firing { return &vm.Firing{Args: [vm.NumArgs]uint64{a, b}} }

func TestThreadLocal(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "set", "get")
	s := open(t, e, `
program tls=16
var 0 a selfassoc key=16 val=8 keys=uint@0:8,int@8:8 type="int64_t"
clause "p::set:" probes=4 frame=16
 bi r0, arg, 0
 st.8 tls[8:16], r0
 bi r1, threadkey
 st.8 frame[0:8], r1
 st.8 frame[8:16], r0
 dynset v0, frame[0:16], r0
 ret
clause "p::get:" probes=5 frame=16 record=16
action 0 trace fields=int@0:8
action 1 trace fields=int@8:8
 fire
 ld.8 r0, tls[8:16]
 bi r1, threadkey
 st.8 frame[0:8], r1
 bi r2, arg, 0
 st.8 frame[8:16], r2
 dynget.8 r3, v0, frame[0:16]
 mul r3, r3, 1000
 add r0, r0, r3
 st.8 record[0:8], r0
 st.8 record[8:16], r0
 ret
`, host.Options{CPU: -1, DynVarSize: 3*(16+24) + 3*(24+24)})
	start(t, s)
	for key := uint64(1); key <= 4; key++ { // there is room for three threads
		e.Fire(4, 0, thread(key, key*10, 0))
	}
	want := func(key, arg uint64, v int64) {
		t.Helper()
		e.Fire(5, 0, thread(key, arg, 0))
		wantRecords(t, s, fmt.Sprintf("cpu0 clause 1 probe 5 epid 2 = %d", v))
	}
	want(1, 10, 10010)
	want(3, 30, 30030)
	want(3, 10, 30)
	want(4, 40, 0)
	if n := drops(t, s, record.DropDynamic); n != 2 {
		t.Errorf("%d drops, want 2", n)
	}
	e.ThreadExit(3)
	e.ThreadExit(77)
	want(3, 30, 0)
	e.Fire(4, 0, thread(5, 50, 0)) // takes the room, starting from zeros
	want(5, 50, 50050)
	e.ThreadExit(5)
	e.Fire(4, 0, thread(3, 0, 0))
	want(3, 30, 0)
}

const speculative = `
program speculations
clause "p::spec:" probes=4 record=8
action 0 trace fields=int@0:8
 fire
 speculation r0
 st.8 record[0:8], r0
 ret
clause "p::add:" probes=5 record=8 speculative
action 0 trace fields=int@0:8
 fire
 bi r0, arg, 0
 speculate r0
 bi r1, arg, 1
 st.8 record[0:8], r1
 ret
clause "p::commit:" probes=6 record=8
action 0 commit fields=int@0:8
 fire
 bi r0, arg, 0
 commit r0
 st.8 record[0:8], r0
 ret
clause "p::discard:" probes=7 record=8
action 0 discard fields=int@0:8
 fire
 bi r0, arg, 0
 discard r0
 st.8 record[0:8], r0
 ret
`

func TestSpeculation(t *testing.T) {
	e := newEngine(2)
	addProbes(t, e, "p", "spec", "add", "commit", "discard")
	s := open(t, e, speculative, host.Options{CPU: -1, NSpec: 2, SpecSize: 2 * recordBytes})
	start(t, s)
	spec := func(want int) {
		t.Helper()
		e.Fire(4, 0, args(0))
		wantRecords(t, s, fmt.Sprintf("cpu0 clause 0 probe 4 epid 1 = %d", want))
	}
	spec(1)
	spec(2)
	spec(0)
	if n := drops(t, s, record.DropSpecUnavail); n != 1 {
		t.Errorf("%d unavailable, want 1", n)
	}
	for i := range 4 {
		e.Fire(5, 0, args2(1, uint64(i)))
	}
	e.Fire(5, 0, args2(0, 9))  // speculate(0)
	e.Fire(5, 0, args2(99, 9)) // no such one
	wantRecords(t, s, "cpu0 clause 1 probe 5 epid 2 spec 1 = 0", "cpu0 clause 1 probe 5 epid 2 spec 1 = 1")
	if n := drops(t, s, record.DropSpec); n != 2 {
		t.Errorf("%d speculative drops, want 2", n)
	}
	// With data on the committing CPU alone the id is free at once.
	e.Fire(6, 0, args(1))
	e.Fire(5, 0, args2(1, 7)) // committed: takes no more
	wantRecords(t, s, "cpu0 clause 2 probe 6 epid 3 = 1")
	spec(1)
	e.Fire(5, 0, args2(1, 8)) // its room is its own again
	wantRecords(t, s, "cpu0 clause 1 probe 5 epid 2 spec 1 = 8")
	// With data on two CPUs it is busy until the consumer has drained.
	e.Fire(5, 1, args2(1, 9))
	e.Fire(7, 0, args(1))
	e.Fire(7, 0, args(1)) // twice does nothing
	e.Fire(4, 0, args(0))
	if n := drops(t, s, record.DropSpecBusy); n != 1 {
		t.Errorf("%d busy, want 1", n)
	}
	drain(t, s)
	spec(1)
	// Discarding on another CPU than the data's is busy, too.
	e.Fire(5, 0, args2(1, 1))
	e.Fire(7, 1, args(1))
	e.Fire(4, 0, args(0))
	if n := drops(t, s, record.DropSpecBusy); n != 2 {
		t.Errorf("%d busy, want 2", n)
	}
	e.Fire(6, 0, args(0)) // commit(0) and of a missing one do nothing
	e.Fire(6, 0, args(55))
	drain(t, s)
	spec(1)
}

func TestPrivilegedSessions(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	prov, err := e.AddProvider(engine.ProviderSpec{Name: "fbt", Needs: engine.PrivKernel})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prov.Create("nt", "f", "entry", 0); err != nil {
		t.Fatal(err)
	}
	deny := engine.Terms{Deny: engine.PrivKernel | engine.PrivOwner | engine.PrivDestructive, UID: 7}
	if _, err := e.Open(assemble(t, `clause "fbt:::" probes=5 `+value+` ret`), host.Options{CPU: -1}, deny); err == nil {
		t.Error("a probe of the kernel was shown to a session without privileges")
	}
	destructive := assemble(t, "program destructive\nclause \"p:::\" probes=4\n panic\n ret")
	if _, err := e.Open(destructive, host.Options{CPU: -1, Destructive: true}, deny); err == nil {
		t.Error("destructive actions without the privilege")
	}
	if _, err := e.Open(destructive, host.Options{CPU: -1, Destructive: true}, engine.Terms{}); err != nil {
		t.Error(err)
	}
	s := openTerms(t, e, `clause "p:::" probes=4 `+value+` ret`, host.Options{CPU: -1}, deny)
	start(t, s)
	for i, f := range []*vm.Firing{
		{Thread: &vm.Thread{UID: 7}}, {Thread: &vm.Thread{UID: 8}}, {Thread: &vm.Thread{UID: 7}, Kernel: true},
	} {
		f.Args[0] = uint64(i)
		e.Fire(4, 0, f)
	}
	wantRecords(t, s, "cpu0 clause 0 probe 4 epid 1 = 0")
	if got := (engine.PrivKernel | engine.PrivProc).String(); got != "proc,kernel" {
		t.Errorf("String: %q", got)
	}
}

func TestDeadman(t *testing.T) {
	now := uint64(1)
	e := engine.New(engine.Config{Clock: func() uint64 { return now }, Deadman: 1000})
	addProbes(t, e, "p", "a")
	s := open(t, e, "clause \"p:::\" probes=4 "+value+" ret\nclause \"dtrace:::END\" probes=2 "+value+" ret", host.Options{CPU: -1})
	start(t, s)
	fire := func(n int) {
		for range n {
			e.Fire(4, 0, args(1))
		}
	}
	now = 900
	fire(500)
	if got := len(drain(t, s)); got != 500 {
		t.Fatalf("%d records, want 500", got)
	}
	now = 1800 // within 1000 of the drain
	fire(500)
	if s.State() != engine.Active {
		t.Fatalf("state %s", s.State())
	}
	now = 1901
	fire(500)
	if s.State() != engine.Killed || !s.Ready() {
		t.Fatalf("state %s", s.State())
	}
	if _, ok := s.Exited(); !ok {
		t.Error("Exited does not report it")
	}
	if err := s.Stop(); err != engine.ErrKilled {
		t.Errorf("Stop: %v", err)
	}
	for _, line := range drain(t, s) {
		if line == "cpu0 clause 1 probe 2 epid 2 = 0" {
			t.Error("END ran")
		}
	}
}

func TestAnonymous(t *testing.T) {
	e := newEngine(1)
	prog := assemble(t, "clause \"dtrace:::BEGIN\" probes=1 "+value+" ret\nclause \"p::a*:entry\" "+value+" ret\nclause \"p:::\" "+value+" ret")
	s, err := e.Anonymous(prog, host.Options{CPU: -1}, engine.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Anonymous(prog, host.Options{CPU: -1}, engine.Terms{}); err == nil {
		t.Error("a second anonymous enabling")
	}
	p := addProbes(t, e, "p", "ab", "b") // after it was enabled
	e.Fire(4, 0, args(1))
	e.Fire(5, 0, args(2))
	got := e.Claim()
	if got != s {
		t.Fatal("not the session")
	}
	if e.Claim() != nil {
		t.Error("claimed twice")
	}
	wantRecords(t, got, "cpu0 clause 0 probe 1 epid 1 = 0", "cpu0 clause 1 probe 4 epid 2 = 1", "cpu0 clause 2 probe 4 epid 3 = 1",
		"cpu0 clause 2 probe 5 epid 4 = 2")
	if _, err := p.Create("", "ac", "entry", 0); err != nil {
		t.Fatal(err)
	}
	e.Fire(6, 0, args(3)) // came after it was claimed
	wantRecords(t, got)
	p.Retire(4)
	e.Fire(4, 0, args(4))
	wantRecords(t, got)
	if err := got.Stop(); err != nil {
		t.Fatal(err)
	}
	if got.EPID(2, 5) != 4 {
		t.Errorf("epid %d, want 4", got.EPID(2, 5))
	}
	got.Close()
}

// TestNestedFiring fires a probe from inside a clause, as a host would whose
// memory routine is itself traced.
func TestNestedFiring(t *testing.T) {
	var e *engine.Engine
	e = engine.New(engine.Config{CPUs: 2, Access: func(f *vm.Firing, user bool, addr uint64, p []byte, write bool) bool {
		e.Fire(4, 0, args(99)) // on the CPU that is inside a clause: dropped
		e.Fire(5, 1, args(98)) // on another: runs
		clear(p)
		return true
	}})
	addProbes(t, e, "p", "a", "b")
	s := open(t, e, `
clause "p::a:" probes=4 record=8
action 0 trace fields=int@0:8
 fire
 bi r0, arg, 0
 ldk.8 r1, [r0+0]
 st.8 record[0:8], r0
 ret
clause "p::b:" probes=5 `+value+` ret
`, host.Options{CPU: -1})
	start(t, s)
	e.Fire(4, 0, args(0x1000))
	wantRecords(t, s, "cpu0 clause 0 probe 4 epid 1 = 4096", "cpu1 clause 1 probe 5 epid 2 = 98")
	if n := drops(t, s, record.DropNest); n != 1 {
		t.Errorf("%d nested, want 1", n)
	}
}

// TestHostPanic gives the engine a host whose memory routine crashes.
func TestHostPanic(t *testing.T) {
	e := engine.New(engine.Config{Access: func(*vm.Firing, bool, uint64, []byte, bool) bool { panic("bad host") }})
	addProbes(t, e, "p", "a")
	s := open(t, e, "clause \"p::a:\" probes=4\n movi r0, 16\n ldk.8 r1, [r0+0]\n ret", host.Options{CPU: -1})
	start(t, s)
	for range 2 {
		e.Fire(4, 0, args(0))
	}
	n := 0
	err := s.Drain(func(int, []byte) error { n++; return nil })
	if n != 2 || err == nil || !strings.Contains(err.Error(), "bad host") {
		t.Errorf("%d error records, error %v", n, err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}
