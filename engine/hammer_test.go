package engine_test

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/vm"
)

// TestHammer fires on four CPUs while a consumer drains, aggregates, clears and
// other sessions come and go. Everything must add up.
func TestHammer(t *testing.T) {
	const cpus, perCPU = 4, 20000
	e := engine.New(engine.Config{CPUs: cpus})
	addProbes(t, e, "p", "a", "b")
	prog := assemble(t, `
program global=8 tls=8 speculations
var 0 x assoc key=8 val=8 keys=int@0:8 type="int64_t"
agg 0 _ count
agg 1 k sum key=8 keys=int@0:8
clause "p::a:" probes=4 frame=8 record=8
action 0 trace fields=int@0:8
 fire
 bi r0, arg, 0
 st.8 record[0:8], r0
 agg a0, -, -, -
 and r1, r0, 1023
 st.8 frame[0:8], r1
 agg a1, frame[0:8], r0, -
 ret
clause "p::a:" probes=4 frame=8
 ld.8 r0, global[0:8]
 add r0, r0, 1
 st.8 global[0:8], r0
 ld.8 r1, tls[0:8]
 add r1, r1, 1
 st.8 tls[0:8], r1
 and r2, r1, 255
 st.8 frame[0:8], r2
 dynset v0, frame[0:8], r1
 dynget.8 r3, v0, frame[0:8]
 ret
clause "p::b:" probes=5 record=8
action 0 trace fields=int@0:8
 fire
 ld.8 r0, global[0:8]
 st.8 record[0:8], r0
 ret
`)
	s, err := e.Open(prog, host.Options{CPU: -1, BufSize: 64 << 10}, engine.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	start(t, s)
	var wg sync.WaitGroup
	for cpu := range cpus {
		wg.Go(func() {
			th := &vm.Thread{Key: uint64(cpu) + 1}
			for i := range perCPU {
				e.Fire(4, cpu, &vm.Firing{Thread: th, Args: [vm.NumArgs]uint64{uint64(i)}})
				if i%1000 == 999 {
					e.ThreadExit(th.Key)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var records, last atomic.Uint64
	count := func(_ int, data []byte) error {
		records.Add(1)
		last.Store(binary.LittleEndian.Uint64(data[record.HeaderSize:]))
		return nil
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if err := s.Drain(count); err != nil {
			t.Fatal(err)
		}
		if err := s.Aggregate(1, func([]byte, []uint64) error { return nil }); err != nil {
			t.Fatal(err)
		}
		s.Cost()
		other, err := e.Open(prog, host.Options{CPU: -1, BufSize: 4 << 10}, engine.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := other.Clear(0); err != nil {
			t.Fatal(err)
		}
		if err := other.Truncate(1, nil); err != nil {
			t.Fatal(err)
		}
		if err := other.Stop(); err != nil {
			t.Fatal(err)
		}
		other.Close()
	}
	if err := s.Drain(count); err != nil {
		t.Fatal(err)
	}
	d, err := s.Drops()
	if err != nil {
		t.Fatal(err)
	}
	recorded, dropped := records.Load(), d.Total(record.DropPrincipal)
	if recorded+dropped != cpus*perCPU {
		t.Errorf("%d recorded + %d dropped, fired %d", recorded, dropped, cpus*perCPU)
	}
	var sum, updates uint64
	if err := s.Aggregate(ir.AggID(1), func(_ []byte, v []uint64) error { updates += v[0]; sum += v[1]; return nil }); err != nil {
		t.Fatal(err)
	}
	if updates != recorded { // a clause whose record is dropped ends
		t.Errorf("%d updates, %d records", updates, recorded)
	}
	e.Fire(5, 0, &vm.Firing{}) // records the global counter
	if err := s.Drain(count); err != nil {
		t.Fatal(err)
	}
	if got := last.Load(); got != cpus*perCPU {
		t.Errorf("the shared counter is %d, want %d", got, cpus*perCPU)
	}
	if n := d.Total(record.DropNest) + d.Total(record.DropDynamic); n != 0 {
		t.Errorf("%d other drops", n)
	}
	s.Close()
}
