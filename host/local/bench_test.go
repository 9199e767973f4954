package local

import (
	"context"
	"testing"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// benchD fires probes of a made-up provider, as compiled from D.
func benchD(b *testing.B, src, execname string) {
	h := newHost(b, Config{})
	prov, err := h.Engine().AddProvider(engine.ProviderSpec{Name: "syscall"})
	if err != nil {
		b.Fatal(err)
	}
	var ids []probe.ID
	for _, fn := range []string{"read", "write", "openat", "close"} {
		for _, name := range []string{"entry", "return"} {
			p, err := prov.Create("", fn, name, 0)
			if err != nil {
				b.Fatal(err)
			}
			ids = append(ids, p.ID)
		}
	}
	prog, err := compileD(h, src)
	if err != nil {
		b.Fatal(err)
	}
	s, err := h.Open(prog, host.Options{CPU: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	e := h.Engine()
	ready := s.(*engine.Session)
	th := &vm.Thread{Key: 1, PID: 1, TID: 1, ExecName: execname}
	var f vm.Firing
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f = vm.Firing{Thread: th}
		f.Args[2] = uint64(i & 0xfff)
		e.Fire(ids[i&7], 0, &f)
		if i&0xff == 0 && ready.Ready() {
			if err := s.Drain(func(int, []byte) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mfirings/s")
}

func BenchmarkPredicate(b *testing.B) {
	benchD(b, `syscall::: /execname == "cat"/ { @[probefunc] = count(); }`, "cat")
}

func BenchmarkPredicateFalse(b *testing.B) {
	benchD(b, `syscall::: /execname == "cat"/ { @[probefunc] = count(); }`, "sshd")
}

func BenchmarkCount(b *testing.B) { benchD(b, `syscall:::entry { @ = count(); }`, "cat") }

func BenchmarkExecname(b *testing.B) { benchD(b, `syscall:::entry { @[execname] = count(); }`, "cat") }

func BenchmarkQuantize(b *testing.B) { benchD(b, `syscall:::entry { @ = quantize(arg2); }`, "cat") }

func BenchmarkLatency(b *testing.B) {
	benchD(b, `syscall:::entry { self->ts = timestamp; }
		syscall:::return /self->ts/ { @ = quantize(timestamp - self->ts); self->ts = 0; }`, "cat")
}

func BenchmarkPrintf(b *testing.B) {
	benchD(b, `syscall:::entry { printf("%s %d %d", execname, pid, arg2); }`, "cat")
}
