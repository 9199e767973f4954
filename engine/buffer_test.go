package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/record"
)

// recordBytes is the size of a record of one word.
const recordBytes = record.HeaderSize + 8

func drops(t testing.TB, s *engine.Session, kind record.Drop) uint64 {
	t.Helper()
	d, err := s.Drops()
	if err != nil {
		t.Fatal(err)
	}
	return d.Total(kind)
}

// TestSwitchDrops checks that fired = recorded + dropped, on each CPU.
func TestSwitchDrops(t *testing.T) {
	e := newEngine(2)
	addProbes(t, e, "p", "a")
	s := open(t, e, `clause "p:::" probes=4 `+value+` ret`, host.Options{CPU: -1, BufSize: 10*recordBytes + 7, Stats: true})
	start(t, s)
	for i := range 25 {
		e.Fire(4, 1, args(uint64(i)))
	}
	for i := range 3 {
		e.Fire(4, 0, args(uint64(100+i)))
	}
	got := drain(t, s)
	if len(got) != 13 || got[0] != "cpu0 clause 0 probe 4 epid 1 = 100" || got[12] != "cpu1 clause 0 probe 4 epid 1 = 9" {
		t.Errorf("records: %q", got)
	}
	d, _ := s.Drops()
	if diff := cmp.Diff([]uint64{0, 15}, d[record.DropPrincipal]); diff != "" {
		t.Errorf("drops: %s", diff)
	}
	e.Fire(4, 1, args(77)) // there is room again
	wantRecords(t, s, "cpu1 clause 0 probe 4 epid 1 = 77")
	if c := s.Cost(); c.Firings != 29 || c.Records != 14 || c.Bytes != 14*recordBytes {
		t.Errorf("cost %+v", c)
	}
}

func TestPredicateFalseDropsNothing(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	s := open(t, e, `
clause "p:::" probes=4 record=8
action 0 trace fields=int@0:8
 bi r0, arg, 0
 br.eq r0, 0, ->out
 fire
 st.8 record[0:8], r0
 ret
out:
 ret
`, host.Options{CPU: -1, BufSize: recordBytes})
	start(t, s)
	for _, v := range []uint64{0, 1, 0, 0, 2, 0} {
		e.Fire(4, 0, args(v))
	}
	wantRecords(t, s, "cpu0 clause 0 probe 4 epid 1 = 1")
	if n := drops(t, s, record.DropPrincipal); n != 1 {
		t.Errorf("%d drops, want 1", n)
	}
}

func TestFill(t *testing.T) {
	e := newEngine(2)
	addProbes(t, e, "p", "a")
	s := open(t, e, `
clause "p:::" probes=4 `+value+` ret
clause "dtrace:::END" probes=2 `+value+` ret
`, host.Options{CPU: -1, BufSize: 5 * recordBytes, BufPolicy: "fill"})
	start(t, s)
	for i := range 4 {
		e.Fire(4, 0, args(uint64(i)))
	}
	wantRecords(t, s) // not before the end
	if _, ok := s.Exited(); ok {
		t.Error("ended before it was full")
	}
	e.Fire(4, 0, args(4)) // the fifth is END's
	e.Fire(4, 1, args(5)) // tracing has ended
	if st, ok := s.Exited(); !ok || st != 0 {
		t.Errorf("exited %d %v", st, ok)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	got := drain(t, s)
	if len(got) != 5 || got[4] != "cpu0 clause 1 probe 2 epid 2 = 0" {
		t.Errorf("records: %q", got)
	}
	if n := drops(t, s, record.DropPrincipal); n != 1 {
		t.Errorf("%d drops, want 1", n)
	}
}

func TestRing(t *testing.T) {
	e := newEngine(1)
	addProbes(t, e, "p", "a")
	s := open(t, e, `clause "p:::" probes=4 `+value+` ret`, host.Options{CPU: -1, BufSize: 4*recordBytes + 5, BufPolicy: "ring"})
	start(t, s)
	for i := range 11 {
		e.Fire(4, 0, args(uint64(i)))
	}
	wantRecords(t, s)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	wantRecords(t, s, "cpu0 clause 0 probe 4 epid 1 = 7", "cpu0 clause 0 probe 4 epid 1 = 8", "cpu0 clause 0 probe 4 epid 1 = 9",
		"cpu0 clause 0 probe 4 epid 1 = 10")
	if n := s.Overwritten(); n != 7 {
		t.Errorf("%d overwritten, want 7", n)
	}
	if n := drops(t, s, record.DropPrincipal); n != 0 {
		t.Errorf("%d drops", n)
	}
	wantRecords(t, s)
}

// TestRingSizes mixes record sizes and compares with a list.
func TestRingSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	prog := ""
	for i := range 4 {
		n := 8 << i
		prog += fmt.Sprintf("clause \"p:::\" probes=%d record=%d\naction 0 trace fields=int@0:8\n fire\n bi r0, arg, 0\n st.8 record[0:8], r0\n ret\n", 4+i, n)
	}
	for _, size := range []int{88, 100, 128, 200, 1000, 5000} {
		e := newEngine(1)
		addProbes(t, e, "p", "a", "b", "c", "d")
		s := open(t, e, prog, host.Options{CPU: -1, BufSize: uint64(size), BufPolicy: "ring"})
		start(t, s)
		const fired = 3000
		for i := range fired {
			e.Fire(4+engineID(rng.IntN(4)), 0, args(uint64(i)))
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		got := drain(t, s)
		if n := int(s.Overwritten()) + len(got); n != fired {
			t.Errorf("size %d: %d overwritten + %d kept, fired %d", size, s.Overwritten(), len(got), fired)
		}
		// What is left are the last records, in order.
		for i, line := range got {
			var clause, probe, epid, v int
			if _, err := fmt.Sscanf(line, "cpu0 clause %d probe %d epid %d = %d", &clause, &probe, &epid, &v); err != nil {
				t.Fatal(err)
			}
			if v != fired-len(got)+i {
				t.Fatalf("size %d: record %d of %d is %d", size, i, len(got), v)
			}
		}
		if len(got) == 0 {
			t.Errorf("size %d: nothing kept", size)
		}
	}
}

func TestDrainError(t *testing.T) {
	e := newEngine(2)
	addProbes(t, e, "p", "a")
	s := open(t, e, `clause "p:::" probes=4 `+value+` ret`, host.Options{CPU: -1})
	start(t, s)
	for i := range 6 {
		e.Fire(4, i%2, args(uint64(i)))
	}
	full := errors.New("disk full")
	n := 0
	if err := s.Drain(func(int, []byte) error {
		if n++; n == 2 {
			return full
		}
		return nil
	}); err != full {
		t.Errorf("error %v", err)
	}
	e.Fire(4, 0, args(6))
	if got := drain(t, s); len(got) != 5 || got[0] != "cpu0 clause 0 probe 4 epid 1 = 4" || !slices.Contains(got, "cpu0 clause 0 probe 4 epid 1 = 6") {
		t.Errorf("after a failed Drain: %q", got)
	}
}

func TestOneCPU(t *testing.T) {
	e := newEngine(3)
	addProbes(t, e, "p", "a")
	s := open(t, e, "clause \"dtrace:::BEGIN\" probes=1 "+value+" ret\nclause \"p:::\" probes=4 "+value+" ret", host.Options{CPU: 1})
	start(t, s)
	for cpu := range 3 {
		e.Fire(4, cpu, args(uint64(cpu)))
	}
	wantRecords(t, s, "cpu1 clause 0 probe 1 epid 1 = 0", "cpu1 clause 1 probe 4 epid 2 = 1")
	all := open(t, e, `clause "p:::" probes=4 `+value+` ret`, host.Options{CPU: -1})
	start(t, all)
	e.Fire(4, 3, args(9)) // no such CPU
	e.Fire(4, -1, args(9))
	if n := drops(t, all, record.DropNest); n != 2 {
		t.Errorf("%d firings on missing CPUs counted, want 2", n)
	}
}
