//go:build linux

package linux

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/host"
)

// TestOrder holds that the records of two CPUs can be put in the order in which
// things happened, by the clock and by the count: two threads hand a byte back and
// forth, so that their writes alternate.
func TestOrder(t *testing.T) {
	needTracing(t)
	if runtime.NumCPU() < 2 {
		t.Skip("one CPU")
	}
	file := filepath.Join(t.TempDir(), "source")
	saved := clockSource
	t.Cleanup(func() { clockSource = saved })
	clockSource = file
	for _, c := range []struct {
		source string
		noTime bool
		timed  bool
	}{
		{"tsc", true, true},
		{"kvm-clock", true, false},
		{"kvm-clock", false, true},
		{"hpet", true, false},
	} {
		t.Run(fmt.Sprintf("%s-%t", c.source, c.noTime), func(t *testing.T) {
			if err := os.WriteFile(file, []byte(c.source+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			h := newHost(t)
			s := start(t, h, host.Options{NoTime: c.noTime}, fmt.Sprintf(`
clause "syscall::write:entry" probes=%d record=8
  action 0 trace fields=int@0:8
  bi r0, pid
  br.ne r0, %d, ->out
  fire
  bi r1, arg, 0
  st.8 record[0:8], r1
  ret
out:
  ret
`, id(t, h, "syscall::write:entry"), os.Getpid()))
			clk := s.(host.Clock)
			if clk.Timed() != c.timed {
				t.Errorf("Timed() = %t, want %t", clk.Timed(), c.timed)
			}
			const n = 2000
			there, back := pingPong(t, n/2)
			mid := clk.Now()
			pingPongOn(t, there, back, n/2)
			stop(t, s)
			var rs []rec
			for _, r := range drain(t, s) {
				if fd := binary.LittleEndian.Uint64(r.data); fd == uint64(there[1]) || fd == uint64(back[1]) {
					rs = append(rs, r)
				}
			}
			noDrops(t, s)
			slices.SortStableFunc(rs, func(a, b rec) int {
				switch {
				case a.Time < b.Time:
					return -1
				case a.Time > b.Time:
					return 1
				}
				return 0
			})
			if len(rs) != 2*n {
				t.Fatalf("%d records, want %d", len(rs), 2*n)
			}
			cpus := map[int]bool{}
			for i, r := range rs {
				want := there[1]
				if i%2 == 1 {
					want = back[1]
				}
				if fd := binary.LittleEndian.Uint64(r.data); fd != uint64(want) {
					t.Fatalf("record %d of %d is a write to %d, want %d", i, len(rs), fd, want)
				}
				if early := i < n; early != (r.Time <= mid) {
					t.Fatalf("record %d has time %d, Now() in the middle was %d", i, r.Time, mid)
				}
				cpus[r.cpu] = true
			}
			if len(cpus) < 2 {
				t.Error("all records are of one CPU")
			}
		})
	}
}

// pingPong makes two pipes and hands a byte there and back n times between two
// CPUs.
func pingPong(t *testing.T, n int) (there, back [2]int) {
	t.Helper()
	for _, p := range []*[2]int{&there, &back} {
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(p[0]); unix.Close(p[1]) })
	}
	pingPongOn(t, there, back, n)
	return there, back
}

func pingPongOn(t *testing.T, there, back [2]int, n int) {
	t.Helper()
	side := func(cpu, in, out int, first bool) error {
		runtime.LockOSThread() // the thread ends with the goroutine
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return err
		}
		var b [1]byte
		for range n {
			if first {
				if _, err := unix.Write(out, b[:]); err != nil {
					return err
				}
			}
			if _, err := unix.Read(in, b[:]); err != nil {
				return err
			}
			if !first {
				if _, err := unix.Write(out, b[:]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	done := make(chan error, 2)
	go func() { done <- side(0, back[0], there[1], true) }()
	go func() { done <- side(1, there[0], back[1], false) }()
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
