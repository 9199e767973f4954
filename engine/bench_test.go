package engine_test

import (
	"context"
	"testing"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/vm"
)

// benchProgram is /execname == "cat"/ { @[probefunc] = count(); } as compiled.
const benchProgram = `
program strsize=256
const "cat\x00"
agg 0 _ count key=8 keys=probefunc@0:4
clause "syscall:::entry" probes=4-7 frame=272
  bs frame[16:272], execname
  strcmp r0, frame[16:272], const[0:4]
  br.ne r0, 0, ->out
  zero frame[0:8]
  bi r1, id
  st.4 frame[0:4], r1
  agg a0, frame[0:8], -, -
out:
  ret
`

func benchFire(b *testing.B, program, execname string) {
	e := engine.New(engine.Config{})
	addProbes(b, e, "syscall", "open", "read", "write", "close")
	s := open(b, e, program, host.Options{CPU: -1})
	if err := s.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	th := &vm.Thread{Key: 1, PID: 1, ExecName: execname}
	var f vm.Firing
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f = vm.Firing{Thread: th}
		e.Fire(4+engineID(i&3), 0, &f)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mfirings/s")
}

func BenchmarkPredicateTrue(b *testing.B)  { benchFire(b, benchProgram, "cat") }
func BenchmarkPredicateFalse(b *testing.B) { benchFire(b, benchProgram, "sshd") }

// BenchmarkExecname is @[execname] = count().
func BenchmarkExecname(b *testing.B) {
	benchFire(b, `
agg 0 _ count key=256 keys=string@0:256
clause "syscall:::entry" probes=4-7 frame=256
  zero frame[0:256]
  bs frame[0:256], execname
  agg a0, frame[0:256], -, -
  ret
`, "cat")
}

// BenchmarkRecord is printf("%d", arg0), with the consumer draining.
func BenchmarkRecord(b *testing.B) {
	e := engine.New(engine.Config{})
	addProbes(b, e, "syscall", "open", "read", "write", "close")
	s := open(b, e, `
clause "syscall:::entry" probes=4-7 record=8
action 0 printf "%d" fields=int@0:8
  fire
  bi r0, arg, 0
  st.8 record[0:8], r0
  ret
`, host.Options{CPU: -1})
	if err := s.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	th := &vm.Thread{Key: 1, PID: 1}
	var f vm.Firing
	n := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f = vm.Firing{Thread: th}
		e.Fire(4, 0, &f)
		if s.Ready() {
			if err := s.Drain(func(int, []byte) error { n++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mfirings/s")
}

// BenchmarkLatency is self->ts = timestamp and quantize(timestamp - self->ts).
func BenchmarkLatency(b *testing.B) {
	benchFire(b, `
program tls=8
agg 0 _ quantize
clause "syscall:::entry" probes=4,6
  bi r0, timestamp
  st.8 tls[0:8], r0
  ret
clause "syscall:::return" probes=5,7
  ld.8 r0, tls[0:8]
  br.eq r0, 0, ->out
  bi r1, timestamp
  sub r1, r1, r0
  agg a0, -, r1, -
  movi r2, 0
  st.8 tls[0:8], r2
out:
  ret
`, "cat")
}
