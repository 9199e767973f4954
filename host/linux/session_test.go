//go:build linux

package linux

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// The test binary is its own traced program: with this variable set it reads
// /dev/zero, one byte at a time, as often as a line on its standard input says,
// and answers each line.
const childEnv = "GODTRACE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread()
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		os.Exit(1)
	}
	in := bufio.NewScanner(os.Stdin)
	var b [1]byte
	for in.Scan() {
		n, _ := strconv.Atoi(in.Text())
		for range n {
			unix.Read(fd, b[:])
		}
		fmt.Println("done")
	}
	os.Exit(0)
}

// child is a process that reads when told to.
type child struct {
	tb  testing.TB
	cmd *exec.Cmd
	in  *os.File
	out *bufio.Scanner
}

func newChild(tb testing.TB) *child {
	tb.Helper()
	exe, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	c := &child{tb: tb, cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), childEnv+"=1")
	r, w, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	c.cmd.Stdin, c.in = r, w
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	r.Close()
	tb.Cleanup(c.end)
	c.read(0)
	return c
}

func (c *child) end() {
	c.in.Close()
	c.cmd.Wait()
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// read lets the child read n times and waits for it.
func (c *child) read(n int) {
	fmt.Fprintln(c.in, n)
	if !c.out.Scan() {
		c.tb.Fatal("the child ended")
	}
}

// needTracing skips where eBPF cannot be had at all.
func needTracing(tb testing.TB) {
	tb.Helper()
	caps, err := effective()
	if err != nil {
		tb.Skip(err)
	}
	if err := errPrivilege(caps); err != nil {
		tb.Skip(err)
	}
	if f := testRunFeature("x"); !f.OK {
		tb.Skip(f.Detail)
	}
}

// id finds the one probe of a description.
func id(tb testing.TB, h *Host, desc string) probe.ID {
	tb.Helper()
	ps := list(tb, h, desc)
	if len(ps) != 1 {
		tb.Fatalf("%s: %d probes", desc, len(ps))
	}
	return ps[0].ID
}

func open(tb testing.TB, h *Host, opt host.Options, text string) host.Session {
	tb.Helper()
	p, err := ir.Assemble(text)
	if err != nil {
		tb.Fatal(err)
	}
	if err := ir.Verify(p); err != nil {
		tb.Fatal(err)
	}
	if opt.CPU == 0 {
		opt.CPU = -1
	}
	s, err := h.Open(p, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func start(tb testing.TB, h *Host, opt host.Options, text string) host.Session {
	tb.Helper()
	s := open(tb, h, opt, text)
	if err := s.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return s
}

type rec struct {
	record.Header
	cpu  int
	data []byte
}

func drain(tb testing.TB, s host.Session) (rs []rec) {
	tb.Helper()
	if err := s.Drain(func(cpu int, data []byte) error {
		r := rec{cpu: cpu}
		r.Decode(data)
		r.data = append([]byte(nil), data[record.HeaderSize:]...)
		rs = append(rs, r)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return rs
}

func stop(tb testing.TB, s host.Session) {
	tb.Helper()
	if err := s.Stop(); err != nil {
		tb.Fatal(err)
	}
}

func total(tb testing.TB, s host.Session, id ir.AggID) map[string]uint64 {
	tb.Helper()
	m := map[string]uint64{}
	if err := s.Aggregate(id, func(key []byte, v []uint64) error {
		if _, dup := m[string(key)]; dup {
			tb.Errorf("key %x twice", key)
		}
		m[string(key)] = v[0]
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return m
}

func noDrops(tb testing.TB, s host.Session) {
	tb.Helper()
	d, err := s.Drops()
	if err != nil {
		tb.Fatal(err)
	}
	for k := range d {
		n := d.Total(record.Drop(k))
		if n == 0 {
			continue
		}
		// Since Linux 7.0 programs are preempted, and the kernel leaves out what
		// other threads fire meanwhile: counted, and not for a test to prevent.
		if v, _ := kernelVersion(); record.Drop(k) == record.DropNest && !v.before(version{7, 0}) && !tb.Failed() {
			tb.Skipf("the kernel left out %d firings: the program was preempted", n)
		}
		tb.Errorf("%d drops of kind %d", n, k)
	}
}

// TestBeginEnd holds the order of BEGIN and END, and that both record.
func TestBeginEnd(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	s := start(t, h, host.Options{}, `
clause "BEGIN" probes=1 record=8
  action 0 trace fields=int@0:8
  fire
  movi r0, 41
  st.8 record[0:8], r0
  ret
clause "END" probes=2 record=8
  action 0 trace fields=int@0:8
  fire
  movi r0, 42
  st.8 record[0:8], r0
  ret
`)
	rs := drain(t, s)
	if len(rs) != 1 || rs[0].Clause != 0 || rs[0].Probe != 1 || rs[0].data[0] != 41 || rs[0].Time == 0 {
		t.Errorf("BEGIN left %+v", rs)
	}
	if _, ok := s.Exited(); ok {
		t.Error("exited by itself")
	}
	stop(t, s)
	if rs = drain(t, s); len(rs) != 1 || rs[0].Clause != 1 || rs[0].Probe != 2 || rs[0].data[0] != 42 {
		t.Errorf("END left %+v", rs)
	}
	noDrops(t, s)
	if s.Stop() == nil {
		t.Error("a second Stop is accepted")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

// TestExitInBegin holds that exit() in BEGIN keeps all other probes shut.
func TestExitInBegin(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	s := start(t, h, host.Options{}, fmt.Sprintf(`
agg 0 _ count
clause "BEGIN" probes=1 record=8
  action 0 exit fields=int@0:8
  fire
  movi r0, 7
  st.8 record[0:8], r0
  exit r0
  ret
clause "syscall:::entry" probes=%d
  agg a0, -, -, -
  ret
`, id(t, h, "syscall::read:entry")))
	c.read(100)
	if st, ok := s.Exited(); !ok || st != 7 {
		t.Errorf("exited %v with %d, want 7", ok, st)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		t.Errorf("Wait after exit(): %v", err)
	}
	stop(t, s)
	if n := total(t, s, 0); len(n) != 0 {
		t.Errorf("counted %v after exit()", n)
	}
	if len(drain(t, s)) != 1 {
		t.Error("the record of exit() is missing")
	}
}

// TestCount holds that one program counts exactly the child's calls, by probe.
func TestCount(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	read, ret := id(t, h, "syscall::read:entry"), id(t, h, "syscall::read:return")
	var all []string
	for _, p := range list(t, h, "syscall:::entry") {
		all = append(all, strconv.Itoa(int(p.ID)))
	}
	s := start(t, h, host.Options{Stats: true}, fmt.Sprintf(`
agg 0 calls count key=8 keys=probefunc@0:4
agg 1 returns count
clause "syscall:::entry" probes=%s frame=8
  bi r0, pid
  br.ne r0, %d, ->out
  bi r1, id
  movi r2, 0
  st.8 frame[0:8], r2
  st.4 frame[0:4], r1
  agg a0, frame[0:8], -, -
out:
  ret
clause "syscall::read:return" probes=%d
  bi r0, pid
  br.ne r0, %d, ->out
  agg a1, -, -, -
out:
  ret
`, strings.Join(all, ","), c.pid(), ret, c.pid()))
	const n = 1000
	c.read(n)
	stop(t, s)
	calls := total(t, s, 0)
	key := make([]byte, 8)
	binary.LittleEndian.PutUint32(key, uint32(read))
	// The child also reads the line that tells it to start.
	if got := calls[string(key)]; got < n || got > n+3 {
		t.Errorf("%d calls of read (probe %d), want %d; all: %v", got, read, n, calls)
	}
	if got := total(t, s, 1)[""]; got < n || got > n+3 {
		t.Errorf("%d returns of read, want %d", got, n)
	}
	noDrops(t, s)
	if cost := s.Cost(); cost.Firings < n || cost.KernelNanos == 0 || cost.Records != 0 {
		t.Errorf("cost %+v", cost)
	}
}

func readRecords(h *Host, tb testing.TB, pid int) string {
	return fmt.Sprintf(`
clause "syscall::read:entry" probes=%d record=16
  action 0 trace fields=int@0:8
  bi r0, pid
  br.ne r0, %d, ->out
  fire
  bi r1, arg, 2
  st.8 record[0:8], r1
  bi r1, tid
  st.8 record[8:16], r1
  ret
out:
  ret
`, id(tb, h, "syscall::read:entry"), pid)
}

// TestRecords holds that every firing is a record or a counted drop.
func TestRecords(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	for _, size := range []uint64{0, 64 << 10} { // the default, and one too small
		s := start(t, h, host.Options{BufSize: size}, readRecords(h, t, c.pid()))
		const n = 50000
		c.read(n)
		stop(t, s)
		ones := 0
		last := map[int]uint64{}
		for _, r := range drain(t, s) {
			if binary.LittleEndian.Uint64(r.data) == 1 {
				ones++
			}
			if r.Time < last[r.cpu] {
				t.Fatalf("CPU %d: time %d after %d", r.cpu, r.Time, last[r.cpu])
			}
			last[r.cpu] = r.Time
		}
		d, err := s.Drops()
		if err != nil {
			t.Fatal(err)
		}
		lost := int(d.Total(record.DropPrincipal))
		if (size != 0) != (lost > 0) {
			t.Errorf("bufsize %d: %d drops", size, lost)
		}
		// Drops count the child's reads of the command line too.
		if got := ones + lost; got < n || got > n+3 {
			t.Errorf("bufsize %d: %d records and %d drops, want %d", size, ones, lost, n)
		}
		s.Close()
	}
}

// TestRingPolicy holds that policy ring keeps the newest records.
func TestRingPolicy(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	s := start(t, h, host.Options{BufSize: 64 << 10, BufPolicy: "ring"}, readRecords(h, t, c.pid()))
	for range 20 {
		c.read(500)
		if rs := drain(t, s); len(rs) != 0 {
			t.Fatalf("%d records before the end", len(rs))
		}
	}
	stop(t, s)
	rs := drain(t, s)
	if len(rs) < 1000 || len(rs) > 10000*64/70 {
		t.Errorf("%d records kept", len(rs))
	}
	if rs := drain(t, s); len(rs) != 0 {
		t.Errorf("%d records twice", len(rs))
	}
}

// TestTick holds that tick fires on one CPU and that Wait ends early at exit().
func TestTick(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	s := open(t, h, host.Options{}, fmt.Sprintf(`
agg 0 ticks count
clause "tick-200ms" probes=%d record=8
  action 0 exit fields=int@0:8
  agg a0, -, -, -
  fire
  movi r0, 3
  st.8 record[0:8], r0
  exit r0
  ret
`, id(t, h, "tick-200ms")))
	begin := time.Now()
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		t.Fatalf("Wait: %v", err)
	}
	if d := time.Since(begin); d < 190*time.Millisecond || d > 5*time.Second {
		t.Errorf("exit() after %v, want 200 ms", d)
	}
	if st, ok := s.Exited(); !ok || st != 3 {
		t.Errorf("exited %v with %d", ok, st)
	}
	stop(t, s)
	if n := total(t, s, 0)[""]; n != 1 {
		t.Errorf("tick fired %d times", n)
	}
}

// TestProfile holds that profile fires on every CPU at its rate.
func TestProfile(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	begin := time.Now()
	s := start(t, h, host.Options{}, fmt.Sprintf(`
agg 0 samples count key=8 keys=int@0:8
clause "profile-997" probes=%d frame=8
  bi r0, cpu
  st.8 frame[0:8], r0
  agg a0, frame[0:8], -, -
  ret
`, id(t, h, "profile-997")))
	// A virtual CPU may be kept from running: wait for enough samples, and hold
	// that there are not too many.
	var samples map[string]uint64
	for enough := false; !enough && time.Since(begin) < 20*time.Second; {
		time.Sleep(50 * time.Millisecond)
		samples = total(t, s, 0)
		enough = len(samples) == len(onlineCPUs())
		for _, n := range samples {
			enough = enough && n >= 100
		}
	}
	stop(t, s)
	most := uint64(time.Since(begin)/time.Millisecond) * 11 / 10
	if len(samples) != len(onlineCPUs()) {
		t.Errorf("samples on %d CPUs, want %d", len(samples), len(onlineCPUs()))
	}
	for k, n := range samples {
		if n < 100 || n > most {
			t.Errorf("CPU %d: %d samples, want 100 to %d", k[0], n, most)
		}
	}
}

// TestWaitTimeout holds that Wait ends with its context.
func TestWaitTimeout(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	s := start(t, h, host.Options{Target: c.pid()}, readRecords(h, t, c.pid()))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := s.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait: %v", err)
	}
	if d := time.Since(begin); d < 45*time.Millisecond || d > time.Second {
		t.Errorf("Wait took %v", d)
	}
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := s.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
	// A record alone does not wake; the end of the target does.
	c.read(1)
	ctx, cancel = context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	time.AfterFunc(50*time.Millisecond, func() { c.in.Close() })
	if err := s.Wait(ctx); err != nil {
		t.Errorf("Wait for the target's end: %v", err)
	}
}

// TestWaitFill holds that a buffer that fills ends Wait.
func TestWaitFill(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	s := start(t, h, host.Options{BufSize: 1 << 20}, readRecords(h, t, c.pid()))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fmt.Fprintln(c.in, 15000)
	}()
	if err := s.Wait(ctx); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if n := len(drain(t, s)); n < 1000 {
		t.Errorf("woken for %d records", n)
	}
	<-done
	c.out.Scan()
}

// TestSDT holds that a tracepoint's typed arguments arrive.
func TestSDT(t *testing.T) {
	needTracing(t)
	needBTF(t)
	h := newHost(t)
	c := newChild(t)
	off, _, err := h.offset("task_struct", "pid")
	if err != nil {
		t.Fatal(err)
	}
	for _, prov := range []string{"sdt", "rawtp"} {
		s := start(t, h, host.Options{}, fmt.Sprintf(`
agg 0 _ count
clause "%s:::sched_switch" probes=%d
  bi r0, arg, 2
  ldk.4 r1, [r0+%d]
  br.ne r1, %d, ->out
  agg a0, -, -, -
out:
  ret
`, prov, id(t, h, prov+":::sched_switch"), off, c.pid()))
		for range 20 {
			c.read(1)
		}
		stop(t, s)
		if n := total(t, s, 0)[""]; n == 0 {
			t.Errorf("%s:::sched_switch never saw the child", prov)
		}
		s.Close()
	}
}

// TestClearTruncate holds the meaning of Clear and Truncate.
func TestClearTruncate(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	s := start(t, h, host.Options{}, fmt.Sprintf(`
agg 0 keyed count key=8 keys=int@0:8 clearable
agg 1 plain count clearable
clause "syscall::read:entry" probes=%d frame=8
  bi r0, pid
  br.ne r0, %d, ->out
  bi r1, arg, 2
  st.8 frame[0:8], r1
  agg a0, frame[0:8], -, -
  agg a1, -, -, -
out:
  ret
`, id(t, h, "syscall::read:entry"), c.pid()))
	one := string([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	check := func(when string, keyed, plain uint64) {
		t.Helper()
		if got := total(t, s, 0)[one]; got != keyed {
			t.Errorf("%s: keyed is %d, want %d", when, got, keyed)
		}
		if got := total(t, s, 1)[""]; got < plain || got > plain+3 {
			t.Errorf("%s: plain is %d, want %d", when, got, plain)
		}
	}
	c.read(10)
	check("after 10", 10, 10)
	s.Clear(0)
	s.Clear(1)
	check("cleared", 0, 0)
	c.read(5)
	check("after 5 more", 5, 5)
	if err := s.Truncate(0, [][]byte{[]byte(one), make([]byte, 8)}); err != nil {
		t.Error(err)
	}
	check("one key removed", 0, 5)
	c.read(3)
	check("after 3 more", 3, 8)
	for id := range ir.AggID(2) {
		if err := s.Truncate(id, nil); err != nil {
			t.Error(err)
		}
	}
	if a, b := total(t, s, 0), total(t, s, 1); len(a) != 0 || len(b) != 0 {
		t.Errorf("truncated: %v %v", a, b)
	}
	if s.Clear(9) == nil || s.Truncate(9, nil) == nil || s.Aggregate(9, nil) == nil {
		t.Error("an aggregation that does not exist is accepted")
	}
}

// TestManyKeys reads an aggregation of more tuples than one batch holds.
func TestManyKeys(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	s := start(t, h, host.Options{AggSize: 16 << 20}, fmt.Sprintf(`
program model=LP64 strsize=256 global=8
agg 0 _ sum key=8 keys=int@0:8
clause "syscall::read:entry" probes=%d frame=8
  bi r0, pid
  br.ne r0, %d, ->out
  ld.8 r1, global[0:8]
  add r1, r1, 1
  st.8 global[0:8], r1
  st.8 frame[0:8], r1
  agg a0, frame[0:8], r1, -
out:
  ret
`, id(t, h, "syscall::read:entry"), c.pid()))
	const n = 5000
	c.read(n)
	stop(t, s)
	seen := map[string]bool{}
	if err := s.Aggregate(0, func(key []byte, v []uint64) error {
		if k := binary.LittleEndian.Uint64(key); v[0] != 1 || v[1] != k {
			t.Errorf("key %d: %v", k, v)
		}
		seen[string(key)] = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) < n || len(seen) > n+3 {
		t.Errorf("%d tuples, want %d", len(seen), n)
	}
	var slow int
	if err := eachElementSlow(s.(*Session).aggs[0].table, 8, 16*s.(*Session).obj.Layout.CPUs, func(_, _ []byte) error { slow++; return nil }); err != nil || slow != len(seen) {
		t.Errorf("one at a time: %d tuples, %v, want %d", slow, err, len(seen))
	}
	if err := s.Truncate(0, nil); err != nil || len(total(t, s, 0)) != 0 {
		t.Errorf("truncated to %d, %v", len(total(t, s, 0)), err)
	}
}

// TestFault holds that a bad address fires ERROR and commits nothing.
func TestFault(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	s := start(t, h, host.Options{}, `
agg 0 errors count
clause "BEGIN" probes=1 record=8
  action 0 trace fields=int@0:8
  fire
  movi r0, 12
  ldk.8 r1, [r0+0]
  st.8 record[0:8], r1
  ret
clause "ERROR" probes=3
  agg a0, -, -, -
  ret
`)
	rs := drain(t, s)
	if len(rs) != 1 || rs[0].Clause != record.ClauseError {
		t.Fatalf("records %+v, want one of an error", rs)
	}
	var e record.Error
	e.Decode(rs[0].data)
	if e.Clause != 0 || ir.Fault(e.Fault) != ir.FaultBadAddr || e.Value != 12 {
		t.Errorf("error %+v", e)
	}
	if n := total(t, s, 0)[""]; n != 1 {
		t.Errorf("ERROR fired %d times", n)
	}
}

// TestKernelStack holds that stack() starts with the kernel's own code.
func TestKernelStack(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	c := newChild(t)
	if _, ok, err := h.Symbol("", "schedule"); !ok || err != nil {
		t.Skip("no kernel symbols")
	}
	for _, desc := range []string{"syscall::read:entry", "syscall::read:return", "sdt:::sched_switch"} {
		s := start(t, h, host.Options{}, fmt.Sprintf(`
clause "%s" probes=%d record=160
  action 0 stack fields=stack@0:160
  bi r0, pid
  br.ne r0, %d, ->out
  fire
  stack record[0:160], 0
  ret
out:
  ret
`, desc, id(t, h, desc), c.pid()))
		for range 20 {
			c.read(1)
		}
		stop(t, s)
		rs := drain(t, s)
		if len(rs) == 0 {
			t.Errorf("%s: no stack", desc)
			continue
		}
		var names []string
		for f := rs[0].data; len(f) >= 8 && binary.LittleEndian.Uint64(f) != 0; f = f[8:] {
			sym, ok := h.Symbols().Kernel(binary.LittleEndian.Uint64(f))
			if !ok {
				sym.Name = "?"
			}
			names = append(names, sym.Name)
		}
		if len(names) < 2 || strings.HasPrefix(names[0], "bpf_") || strings.HasPrefix(names[0], "__bpf_") || names[0] == "?" {
			t.Errorf("%s: stack %v", desc, names)
		}
		s.Close()
	}
}

// TestManyTracepoints holds that one program serves many tracepoints, each of
// its firings known by its own probe.
func TestManyTracepoints(t *testing.T) {
	needTracing(t)
	needBTF(t)
	h := newHost(t)
	c := newChild(t)
	var ids []string
	for _, p := range list(t, h, "sdt:sched::") {
		ids = append(ids, strconv.Itoa(int(p.ID)))
	}
	s := start(t, h, host.Options{}, fmt.Sprintf(`
agg 0 _ count key=8 keys=probename@0:4
clause "sdt:sched::" probes=%s frame=8
  movi r2, 0
  st.8 frame[0:8], r2
  bi r1, id
  st.4 frame[0:4], r1
  agg a0, frame[0:8], -, -
  ret
`, strings.Join(ids, ",")))
	progs := len(s.(*Session).progs)
	for range 20 {
		c.read(1)
	}
	begin := time.Now()
	stop(t, s)
	took := time.Since(begin)
	names := map[string]bool{}
	for k := range total(t, s, 0) {
		p := h.ProbeByID(probe.ID(binary.LittleEndian.Uint32([]byte(k))))
		if p == nil || p.Module != "sched" {
			t.Fatalf("probe %x fired", k)
		}
		names[p.Name] = true
	}
	for _, want := range []string{"sched_switch", "sched_waking"} {
		if !names[want] {
			t.Errorf("%s did not fire; %v did", want, names)
		}
	}
	if v, _ := kernelVersion(); !v.before(version{6, 10}) && progs > len(ids)/2 {
		t.Errorf("%d programs for %d tracepoints", progs, len(ids))
	}
	t.Logf("%d tracepoints, %d programs, stopped in %v", len(ids), progs, took)
}
