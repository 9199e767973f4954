package etl

import (
	stdctx "context"
	"runtime"
	"testing"
	"time"

	"github.com/godtrace/godtrace/host"
)

// benchReplay replays slowppt.etl once an iteration, from Start to the end.
func benchReplay(b *testing.B, src string) {
	h := openHost(b, fixture(b, "slowppt.etl"))
	prog, err := compileD(h, src)
	if err != nil {
		b.Fatal(err)
	}
	events := h.files[0].f.Stats().Events
	runtime.GC() // what unpacking has left
	var peak uint64
	for b.Loop() {
		s, err := h.Open(prog, host.Options{CPU: -1})
		if err != nil {
			b.Fatal(err)
		}
		ctx := stdctx.Background()
		if err := s.Start(ctx); err != nil {
			b.Fatal(err)
		}
		for {
			if err := s.Drain(func(int, []byte) error { return nil }); err != nil {
				b.Fatal(err)
			}
			if _, done := s.Exited(); done {
				break
			}
			// Come back now and then to look at the memory in use.
			wctx, cancel := stdctx.WithTimeout(ctx, 50*time.Millisecond)
			err := s.Wait(wctx)
			cancel()
			if err != nil && wctx.Err() == nil {
				b.Fatal(err)
			}
			var ms runtime.MemStats
			runtime.ReadMemStats(&ms)
			peak = max(peak, ms.HeapInuse+ms.StackInuse)
		}
		if err := s.Stop(); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
	b.ReportMetric(float64(peak)/1e6, "MB")
}

func BenchmarkKeyedCount(b *testing.B) { benchReplay(b, `etw::: { @[probename] = count(); }`) }

func BenchmarkByProcess(b *testing.B) { benchReplay(b, `etw::: { @[execname, probefunc] = count(); }`) }

func BenchmarkField(b *testing.B) {
	benchReplay(b, `etw:Windows_Kernel:PerfInfo:Sample { @[args[0]->ThreadId] = sum(args[0]->Count); }`)
}

func BenchmarkProfileStacks(b *testing.B) {
	benchReplay(b, `profile-1000 { @[stack(), ustack()] = count(); }`)
}
