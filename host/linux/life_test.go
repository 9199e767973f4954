//go:build linux

package linux

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/godtrace/godtrace/host"
)

// everything is a program that uses every kind of map and attachment.
func everything(tb testing.TB, h *Host, pid int) string {
	return fmt.Sprintf(`
agg 0 keyed count key=8 keys=int@0:8
clause "BEGIN" probes=1 record=8
  action 0 trace fields=int@0:8
  fire
  movi r0, 1
  st.8 record[0:8], r0
  ret
clause "syscall::read:entry" probes=%d frame=8
  bi r0, pid
  br.ne r0, %d, ->out
  st.8 frame[0:8], r0
  agg a0, frame[0:8], -, -
out:
  ret
clause "syscall::read:return" probes=%d frame=8
  bi r0, pid
  br.ne r0, %d, ->out
  st.8 frame[0:8], r0
  agg a0, frame[0:8], -, -
out:
  ret
clause "tick-1s" probes=%d frame=8
  bi r0, pid
  st.8 frame[0:8], r0
  agg a0, frame[0:8], -, -
  ret
clause "END" probes=2 record=8
  action 0 trace fields=int@0:8
  fire
  movi r0, 2
  st.8 record[0:8], r0
  ret
`, id(tb, h, "syscall::read:entry"), pid, id(tb, h, "syscall::read:return"), pid, id(tb, h, "tick-1s"))
}

func countFDs(tb testing.TB) int {
	tb.Helper()
	ents, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		tb.Fatal(err)
	}
	return len(ents)
}

// programs returns the ids of the programs in the kernel: this process
// and everybody else's.
func programs(tb testing.TB) map[ebpf.ProgramID]bool {
	tb.Helper()
	ids := map[ebpf.ProgramID]bool{}
	for id := ebpf.ProgramID(0); ; {
		next, err := ebpf.ProgramGetNextID(id)
		if errors.Is(err, os.ErrNotExist) {
			return ids
		}
		if err != nil {
			tb.Skip(err)
		}
		ids[next] = true
		id = next
	}
}

func cycle(tb testing.TB, h *Host, text string) {
	s := start(tb, h, host.Options{BufSize: 64 << 10}, text)
	stop(tb, s)
	drain(tb, s)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

// TestNoLeak holds that sessions leave nothing behind.
func TestNoLeak(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	text := everything(t, h, os.Getpid())
	cycle(t, h, text) // what is loaded once
	fds, gos := countFDs(t), runtime.NumGoroutine()
	before := programs(t)
	n := 60
	if testing.Short() {
		n = 10
	}
	for range n {
		cycle(t, h, text)
	}
	if got := countFDs(t); got > fds {
		t.Errorf("%d descriptors after %d cycles, %d before", got, n, fds)
	}
	if got := runtime.NumGoroutine(); got > gos+1 {
		t.Errorf("%d goroutines after %d cycles, %d before", got, n, gos)
	}
	// The kernel frees programs a little later. Others on this machine load
	// programs too: look at ours only, and allow another test binary a session.
	mine := 0
	for range 200 {
		mine = 0
		for id := range programs(t) {
			if before[id] {
				continue
			}
			if p, err := ebpf.NewProgramFromID(id); err == nil {
				if info, err := p.Info(); err == nil && strings.HasPrefix(info.Name, "syscall_") {
					mine++
				}
				p.Close()
			}
		}
		if mine <= 4 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d programs are still loaded", mine)
}

// TestOpenFails holds that a session that cannot be opened leaves nothing
// behind and says why.
func TestOpenFails(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	s := open(t, h, host.Options{CPU: 4000}, everything(t, h, 1))
	fds := countFDs(t)
	err := s.Start(context.Background())
	if err == nil || !strings.Contains(err.Error(), "CPU 4000 is not online") {
		t.Errorf("Start on CPU 4000: %v", err)
	}
	s.Close()
	if got := countFDs(t); got > fds {
		t.Errorf("%d descriptors, %d before", got, fds)
	}
	if s.Start(context.Background()) == nil || s.Stop() == nil || s.Drain(nil) == nil || s.Wait(context.Background()) == nil {
		t.Error("a closed session can be used")
	}
}

// TestStopIsFast holds the time from Stop to its return.
func TestStopIsFast(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	best := time.Hour
	for range 5 {
		s := start(t, h, host.Options{}, everything(t, h, os.Getpid()))
		begin := time.Now()
		stop(t, s)
		best = min(best, time.Since(begin))
		s.Close()
	}
	t.Logf("Stop takes %v", best)
	if best > 50*time.Millisecond {
		t.Errorf("Stop takes %v, want at most 50 ms", best)
	}
}

const killEnv = "GODTRACE_TEST_KILL"

// TestKilledChild is the process that TestKill kills.
func TestKilledChild(t *testing.T) {
	if os.Getenv(killEnv) == "" {
		t.Skip("run by TestKill")
	}
	h := newHost(t)
	start(t, h, host.Options{}, everything(t, h, os.Getpid()))
	fmt.Println("\nready")
	time.Sleep(time.Minute)
}

// TestKill holds that a process that is killed leaves no program behind.
func TestKill(t *testing.T) {
	needTracing(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before := programs(t)
	cmd := exec.Command(exe, "-test.run=^TestKilledChild$", "-test.v")
	cmd.Env = append(os.Environ(), killEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(out)
	ready := false
	for !ready && sc.Scan() {
		ready = sc.Text() == "ready"
	}
	var its []ebpf.ProgramID
	for id := range programs(t) {
		if !before[id] {
			its = append(its, id)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if !ready || len(its) == 0 {
		t.Fatalf("the process loaded %d programs, ready %v", len(its), ready)
	}
	left := its
	for range 100 {
		now := programs(t)
		left = nil
		for _, id := range its {
			if now[id] {
				left = append(left, id)
			}
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	// Programs that others loaded meanwhile may live on; ours have names.
	for _, id := range left {
		p, err := ebpf.NewProgramFromID(id)
		if err != nil {
			continue
		}
		if info, err := p.Info(); err == nil && strings.HasPrefix(info.Name, "syscall_") {
			t.Errorf("program %d (%s) outlives its process", id, info.Name)
		}
		p.Close()
	}
}
