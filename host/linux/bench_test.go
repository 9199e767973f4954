//go:build linux

package linux

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/record"
)

// BenchmarkDrain is the consumer's cost of a record: 40,000 are recorded, then
// read.
func BenchmarkDrain(b *testing.B) {
	needTracing(b)
	h := newHost(b)
	c := newChild(b)
	s := start(b, h, host.Options{}, readRecords(h, b, c.pid()))
	var n int
	var spent time.Duration
	for b.Loop() {
		c.read(40000)
		begin := time.Now()
		if err := s.Drain(func(_ int, data []byte) error {
			var r record.Header
			r.Decode(data)
			n++
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(begin)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(max(1, n)), "ns/record")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBegin is a whole session of BEGIN { exit(0); }.
func BenchmarkBegin(b *testing.B) {
	needTracing(b)
	for b.Loop() {
		h := newHost(b)
		s := start(b, h, host.Options{}, `
clause "BEGIN" probes=1 record=8
  action 0 exit fields=int@0:8
  fire
  movi r0, 0
  st.8 record[0:8], r0
  exit r0
  ret
`)
		if err := s.Wait(context.Background()); err != nil {
			b.Fatal(err)
		}
		stop(b, s)
		if len(drain(b, s)) != 1 {
			b.Fatal("no record")
		}
		s.Close()
	}
}

// BenchmarkAllSyscalls is the start and stop of a count of all system calls.
func BenchmarkAllSyscalls(b *testing.B) {
	needTracing(b)
	h := newHost(b)
	ps := list(b, h, "syscall:::entry")
	text := fmt.Sprintf(`
agg 0 _ count key=8 keys=probefunc@0:4
clause "syscall:::entry" probes=%d`, ps[0].ID)
	for _, p := range ps[1:] {
		text += fmt.Sprintf(",%d", p.ID)
	}
	text += ` frame=8
  bi r1, id
  movi r2, 0
  st.8 frame[0:8], r2
  st.4 frame[0:4], r1
  agg a0, frame[0:8], -, -
  ret
`
	var up, down time.Duration
	n := 0
	for b.Loop() {
		t0 := time.Now()
		s := start(b, h, host.Options{}, text)
		t1 := time.Now()
		stop(b, s)
		t2 := time.Now()
		s.Close()
		up, down, n = up+t1.Sub(t0), down+t2.Sub(t1), n+1
	}
	b.ReportMetric(float64(up.Microseconds())/float64(n)/1000, "ms/start")
	b.ReportMetric(float64(down.Microseconds())/float64(n)/1000, "ms/stop")
}

// BenchmarkOverhead is what a firing adds to a read of one byte: the child
// reads in turn without and with each program.
func BenchmarkOverhead(b *testing.B) {
	needTracing(b)
	h := newHost(b)
	c := newChild(b)
	read := id(b, h, "syscall::read:entry")
	const n = 200000
	run := func() float64 {
		var before, after childTimes
		before.get(b, c.pid())
		c.read(n)
		after.get(b, c.pid())
		return float64(after.ns-before.ns) / n
	}
	for _, p := range []struct{ name, text string }{
		{"count", fmt.Sprintf("agg 0 _ count\nclause \"x\" probes=%d\n  agg a0, -, -, -\n  ret\n", read)},
		{"quantize", fmt.Sprintf("agg 0 _ quantize\nclause \"x\" probes=%d\n  bi r0, arg, 2\n  agg a0, -, r0, -\n  ret\n", read)},
		{"execname", fmt.Sprintf("agg 0 _ count key=16 keys=string@0:16\nclause \"x\" probes=%d frame=16\n  zero frame[0:16]\n  bs frame[0:16], execname\n  agg a0, frame[0:16], -, -\n  ret\n", read)},
		{"record", fmt.Sprintf("clause \"x\" probes=%d record=16\n  action 0 trace fields=int@0:8\n  fire\n  bi r1, arg, 2\n  st.8 record[0:8], r1\n  bi r1, pid\n  st.8 record[8:16], r1\n  ret\n", read)},
	} {
		b.Run(p.name, func(b *testing.B) {
			var added []float64
			for b.Loop() {
				base := run()
				s := start(b, h, host.Options{BufSize: 64 << 20}, p.text)
				with := run()
				stop(b, s)
				s.Close()
				added = append(added, with-base)
			}
			b.ReportMetric(median(added), "added-ns/read")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// childTimes is the CPU time of a process, from its schedstat.
type childTimes struct{ ns uint64 }

func (t *childTimes) get(tb testing.TB, pid int) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		tb.Skip(err)
	}
	fmt.Sscan(string(data), &t.ns)
}

func median(v []float64) float64 {
	for i := range v {
		for j := i; j > 0 && v[j] < v[j-1]; j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
	if len(v) == 0 {
		return 0
	}
	return v[len(v)/2]
}
