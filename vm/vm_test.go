package vm

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// fakeEnv is an Env of maps, with a log of what was asked of it.
type fakeEnv struct {
	full    bool // no room for records
	tls     map[uint64][]byte
	tlsSize int
	noTLS   bool
	dyn     map[string][]byte
	aggs    map[string][]int64
	specs   map[uint64]bool
	nextID  uint64
	log     []string
	exit    *int64
	now     uint64
}

func newEnv() *fakeEnv {
	return &fakeEnv{tls: map[uint64][]byte{}, dyn: map[string][]byte{}, aggs: map[string][]int64{}, specs: map[uint64]bool{}, now: 1000}
}

func (e *fakeEnv) logf(format string, a ...any) { e.log = append(e.log, fmt.Sprintf(format, a...)) }

func (e *fakeEnv) Reserve(n int) bool { return !e.full }
func (e *fakeEnv) TLS(thread uint64, create bool) []byte {
	if e.tls[thread] == nil && create && !e.noTLS {
		e.tls[thread] = make([]byte, e.tlsSize)
	}
	if e.noTLS && create {
		e.logf("tls drop")
	}
	return e.tls[thread]
}
func (e *fakeEnv) DynGet(v int, key []byte) []byte { return e.dyn[fmt.Sprint(v, key)] }
func (e *fakeEnv) DynSet(v int, key, val []byte) {
	e.dyn[fmt.Sprint(v, key)] = append([]byte(nil), val...)
}
func (e *fakeEnv) DynDel(v int, key []byte) { delete(e.dyn, fmt.Sprint(v, key)) }
func (e *fakeEnv) Agg(id int, key []byte, value, incr int64) {
	k := fmt.Sprint(id, key)
	e.aggs[k] = append(e.aggs[k], value, incr)
}
func (e *fakeEnv) Speculation() uint64 {
	e.nextID++
	e.specs[e.nextID] = true
	return e.nextID
}
func (e *fakeEnv) Speculate(id uint64, size int) bool {
	e.logf("speculate %d %d", id, size)
	return e.specs[id]
}
func (e *fakeEnv) CommitSpec(id uint64) bool  { e.logf("commit %d", id); return true }
func (e *fakeEnv) DiscardSpec(id uint64) bool { e.logf("discard %d", id); return true }
func (e *fakeEnv) Exit(status int64)          { e.exit = &status }
func (e *fakeEnv) Now() uint64                { e.now++; return e.now }
func (e *fakeEnv) Wall() uint64               { return 1e18 + e.now }

// fakeContext is a Context whose answers can be told apart.
type fakeContext struct {
	NoContext
	log    []string
	refuse bool
}

func (c *fakeContext) Int(_ *Firing, b ir.Builtin, arg uint64) uint64 { return 1000*uint64(b) + arg }
func (c *fakeContext) Str(_ *Firing, b ir.StrBuiltin) string          { return "str" + b.String() }
func (c *fakeContext) Stack(_ *Firing, dst []uint64) int {
	return copy(dst, []uint64{0xa1, 0xa2, 0xa3, 0xa4})
}
func (c *fakeContext) UStack(_ *Firing, dst []uint64) int {
	return copy(dst, []uint64{0xb1, 0xb2, 0xb3})
}
func (c *fakeContext) Act(_ *Firing, op ir.Op, a uint64) bool {
	c.log = append(c.log, fmt.Sprintf("%s %d", op, a))
	return !c.refuse
}
func (c *fakeContext) Path(_ *Firing, addr uint64) (string, bool) { return "/etc/motd", addr == 0x5000 }

// Foreign memory of the tests: kernel at 0x1000, user at 0x2000, 256 bytes each;
// the user's may be written.
type fakeMemory struct{ kernel, user [256]byte }

func newMemory() *fakeMemory {
	m := &fakeMemory{}
	for i := range m.kernel {
		m.kernel[i] = byte(i + 1)
		m.user[i] = byte(255 - i)
	}
	copy(m.kernel[0x80:], "kernel text\x00")
	copy(m.kernel[250:], "at end") // no NUL before memory ends
	copy(m.user[0x80:], "user text\x00")
	copy(m.user[252:], "end\x00") // ends with memory
	copy(m.kernel[0x10:], []byte{192, 168, 1, 42})
	return m
}

func (m *fakeMemory) access(_ *Firing, user bool, addr uint64, p []byte, write bool) bool {
	b, base := m.kernel[:], uint64(0x1000)
	if user {
		b, base = m.user[:], 0x2000
	}
	off := addr - base
	if off > uint64(len(b)) || uint64(len(p)) > uint64(len(b))-off {
		return false
	}
	if write {
		copy(b[off:], p)
	} else {
		copy(p, b[off:])
	}
	return true
}

// rig is a program on a machine, ready to run.
type rig struct {
	prog *ir.Program
	m    *Machine
	env  *fakeEnv
	ctx  *fakeContext
	mem  *fakeMemory
	f    *Firing
	cfg  Config
}

func newRig(t testing.TB, text string) *rig {
	t.Helper()
	prog, err := ir.Assemble(text)
	if err != nil {
		t.Fatalf("assemble: %v\n%s", err, text)
	}
	if err := ir.Verify(prog); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	p, err := New(prog)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{prog: prog, env: newEnv(), ctx: &fakeContext{}, mem: newMemory()}
	r.env.tlsSize = int(prog.TLSSize)
	r.cfg = Config{Env: r.env, Access: r.mem.access, Global: make([]byte, prog.GlobalSize), ScratchSize: 256, Seed: 7}
	r.f = &Firing{Probe: &probe.Probe{ID: 42, Provider: "syscall", Module: "vmlinux", Function: "read", Name: "entry"},
		EPID: 9, CPU: 3, Errno: -2, Context: r.ctx,
		Thread: &Thread{Key: 77, PID: 100, TID: 101, PPID: 99, UID: 500, GID: 600, ExecName: "cat"}}
	for i := range r.f.Args {
		r.f.Args[i] = uint64(i) * 11
	}
	r.m = NewMachine(p, r.cfg)
	r.m.Begin(r.f)
	return r
}

// reg runs clause 0 and returns register 0.
func (r *rig) reg(t testing.TB) uint64 {
	t.Helper()
	if res := r.m.Run(0); res.Trapped {
		t.Fatalf("trapped: %s at pc %d, value %#x (%v)", res.Fault, res.PC, res.Value, res.Err)
	}
	return r.m.regs[0][0]
}

func TestNumbers(t *testing.T) {
	const min64, max64 = "-0x8000000000000000", "0x7fffffffffffffff"
	neg := func(v int64) uint64 { return uint64(v) }
	for _, c := range []struct {
		code string
		want uint64
	}{
		{"movi r0, -3", neg(-3)},
		{"movi r1, 7\n mov r0, r1", 7},
		{"movi r1, 0x1ff\n ext.1 r0, r1", 0xff},
		{"movi r1, 0x1ff\n ext.1s r0, r1", neg(-1)},
		{"movi r1, 0x18000\n ext.2 r0, r1", 0x8000},
		{"movi r1, 0x18000\n ext.2s r0, r1", neg(-0x8000)},
		{"movi r1, -1\n ext.4 r0, r1", 0xffffffff},
		{"movi r1, 0x80000000\n ext.4s r0, r1", neg(-0x80000000)},
		{"movi r1, -5\n ext.8 r0, r1", neg(-5)},
		{"movi r1, 2\n movi r2, 3\n add r0, r1, r2", 5},
		{"movi r1, 2\n add r0, r1, -3", neg(-1)},
		{"movi r1, 2\n sub r0, r1, 3", neg(-1)},
		{"movi r1, -2\n mul r0, r1, 3", neg(-6)},
		{"movi r1, -7\n divs r0, r1, 2", neg(-3)},
		{"movi r1, " + min64 + "\n divs r0, r1, -1", 1 << 63},
		{"movi r1, -7\n divu r0, r1, 2", (1<<64 - 7) / 2},
		{"movi r1, -7\n mods r0, r1, 2", neg(-1)},
		{"movi r1, " + min64 + "\n mods r0, r1, -1", 0},
		{"movi r1, -7\n modu r0, r1, 10", (1<<64 - 7) % 10},
		{"movi r1, 12\n and r0, r1, 10", 8},
		{"movi r1, 12\n or r0, r1, 10", 14},
		{"movi r1, 12\n xor r0, r1, 10", 6},
		{"movi r1, 1\n shl r0, r1, 63", 1 << 63},
		{"movi r1, 1\n shl r0, r1, 65", 2},
		{"movi r1, -1\n shr r0, r1, 60", 15},
		{"movi r1, -16\n sar r0, r1, 2", neg(-4)},
		{"movi r1, -16\n movi r2, 66\n sar r0, r1, r2", neg(-4)},
		{"movi r1, 5\n neg r0, r1", neg(-5)},
		{"movi r1, 5\n not r0, r1", ^uint64(5)},
		{"movi r1, 0x0102030405060708\n bswap.2 r0, r1", 0x0807},
		{"movi r1, 0x0102030405060708\n bswap.4 r0, r1", 0x08070605},
		{"movi r1, 0x0102030405060708\n bswap.8 r0, r1", 0x0807060504030201},
		{"movi r1, " + max64 + "\n add r0, r1, 1", 1 << 63},
		{"nop\n movi r0, 1\n jmp ->out\n out: nop", 1},
	} {
		r := newRig(t, "clause \"t\" frame=8\n"+withLabels(c.code)+"\nret")
		if got := r.reg(t); got != c.want {
			t.Errorf("%q = %#x, want %#x", c.code, got, c.want)
		}
	}
}

// withLabels puts labels on lines of their own.
func withLabels(code string) string {
	out := ""
	for i := 0; i < len(code); i++ {
		out += code[i : i+1]
		if code[i] == ':' && i > 0 && code[i-1] >= 'a' && code[i-1] <= 'z' {
			out += "\n"
		}
	}
	return out
}

func TestComparisons(t *testing.T) {
	values := []int64{-1 << 63, -2, -1, 0, 1, 2, 1<<63 - 1}
	for cond := ir.EQ; cond <= ir.GEU; cond++ {
		for _, a := range values {
			for _, b := range values {
				want := uint64(0)
				if cond.Holds(a, b) {
					want = 1
				}
				for _, code := range []string{
					"movi r1, %d\n set.%s r0, r1, %d",
					"movi r1, %d\n movi r0, 1\n br.%s r1, %d, ->out\n movi r0, 0\n out:\n nop",
				} {
					code = fmt.Sprintf(code, a, cond, b)
					if got := newRig(t, "clause \"t\"\n"+code+"\nret").reg(t); got != want {
						t.Errorf("%q = %d, want %d", code, got, want)
					}
				}
			}
		}
	}
}

func TestMemorySpaces(t *testing.T) {
	for _, c := range []struct {
		code string
		want uint64
	}{
		{"movi r1, -2\n st.1 frame[0:1], r1\n ld.1 r0, frame[0:1]", 0xfe},
		{"movi r1, -2\n st.1 frame[0:1], r1\n ld.1s r0, frame[0:1]", ^uint64(1)},
		{"movi r1, -2\n st.2 frame[2:4], r1\n ld.2 r0, frame[2:4]", 0xfffe},
		{"movi r1, -2\n st.2 frame[2:4], r1\n ld.2s r0, frame[2:4]", ^uint64(1)},
		{"movi r1, -2\n st.4 local[4:8], r1\n ld.4 r0, local[4:8]", 0xfffffffe},
		{"movi r1, -2\n st.4 local[4:8], r1\n ld.4s r0, local[4:8]", ^uint64(1)},
		{"movi r1, -2\n st.8 global[8:16], r1\n ld.8 r0, global[8:16]", ^uint64(1)},
		{"ld.4 r0, const[0:4]", 0x64636261},
		{"ld.8 r0, tls[0:8]", 0}, // a thread without storage
		{"movi r1, 5\n st.8 tls[8:16], r1\n ld.8 r0, tls[8:16]", 5},
		{"movi r1, 5\n st.2 tls[2:4], r1\n ld.2 r0, tls[2:4]", 5},
		{"movi r1, 5\n st.1 tls[0:1], r1\n ld.1s r0, tls[0:1]", 5},
		{"zero frame[0:16]\n movi r1, 0x1234\n movi r2, 8\n stx.4 frame[0:16], r2, r1\n ld.8 r0, frame[8:16]", 0x1234},
		{"zero frame[0:16]\n movi r1, -1\n movi r2, 14\n stx.2 frame[0:16], r2, r1\n ldx.2s r0, frame[0:16], r2", ^uint64(0)},
		{"movi r1, 1\n ldx.1 r0, const[0:8], r1", 'b'},
		{"movi r1, -1\n st.8 frame[0:8], r1\n zero frame[0:8]\n ld.8 r0, frame[0:8]", 0},
		{"movi r1, 77\n st.8 frame[0:8], r1\n copy local[0:8], frame[0:8]\n ld.8 r0, local[0:8]", 77},
		{"movi r1, 77\n st.8 frame[0:8], r1\n copy tls[0:8], frame[0:8]\n copy frame[8:16], tls[0:8]\n ld.8 r0, frame[8:16]", 77},
		{"strcopy tls[0:16], const[0:8]\n strcopy frame[0:16], tls[0:16]\n strlen r0, frame[0:16]", 7},
	} {
		r := newRig(t, "program global=16 local=16 tls=16\nconst \"abcdefg\\x00\"\nclause \"t\" frame=16\n"+c.code+"\nret")
		if got := r.reg(t); got != c.want {
			t.Errorf("%q = %#x, want %#x", c.code, got, c.want)
		}
	}
}

func TestThreadStorageDrop(t *testing.T) {
	r := newRig(t, "program tls=8\nclause \"t\"\nmovi r1, 5\nst.8 tls[0:8], r1\nld.8 r0, tls[0:8]\nret")
	r.env.noTLS = true
	if got := r.reg(t); got != 0 {
		t.Errorf("read back %d from a dropped store", got)
	}
	if diff := cmp.Diff([]string{"tls drop"}, r.env.log); diff != "" {
		t.Error(diff)
	}
}

func TestForeignMemory(t *testing.T) {
	base := fmt.Sprintf("%#x", ir.ScratchBase)
	for _, c := range []struct {
		code string
		want uint64
	}{
		{"movi r1, 0x1000\n ldk.4 r0, [r1+4]", 0x08070605},
		{"movi r1, 0x1100\n ldk.1s r0, [r1-1]", 'd'},
		{"movi r1, 0x2000\n ldu.2 r0, [r1+0]", 0xfeff},
		{"movi r1, 0x2000\n ldu.2s r0, [r1+0]", ^uint64(0x100)},
		{"movi r1, 0x1000\n memk frame[0:8], [r1+8]\n ld.8 r0, frame[0:8]", 0x100f0e0d0c0b0a09},
		{"movi r1, 0x2000\n memu frame[0:8], [r1+8]\n ld.8 r0, frame[0:8]", 0xf0f1f2f3f4f5f6f7},
		{"movi r1, 0x1000\n movi r2, 2\n memkn frame[0:8], r1, r2\n ld.8 r0, frame[0:8]", 0x0201},
		{"movi r1, 0x1000\n movi r2, -1\n memkn frame[0:8], r1, r2\n ld.8 r0, frame[0:8]", 0x0807060504030201},
		{"movi r1, 0x1080\n strk frame[0:32], r1\n strlen r0, frame[0:32]", 11},
		{"movi r1, 0x1080\n strk frame[0:5], r1\n strlen r0, frame[0:5]", 4},
		{"movi r1, 0x20fc\n stru frame[0:32], r1, -\n strlen r0, frame[0:32]", 3},
		{"movi r1, 0x2080\n movi r2, 4\n stru frame[0:32], r1, r2\n strlen r0, frame[0:32]", 4},
		{"movi r1, 0x9999\n movi r2, 0\n stru frame[0:32], r1, r2\n strlen r0, frame[0:32]", 0},
		{"movi r1, 16\n alloca r0, r1", ir.ScratchBase},
		{"movi r1, 3\n alloca r2, r1\n alloca r0, r1", ir.ScratchBase + 8},
		{"movi r1, 256\n alloca r2, r1\n ldk.8 r0, [r2+248]", 0},
		{"movi r1, 8\n alloca r2, r1\n movi r3, 0x1122334455\n stp.4 [r2+4], r3\n ldk.8 r0, [r2+0]", 0x2233445500000000},
		{"movi r1, 0x2000\n movi r2, 4\n copyin r3, r1, r2\n ldk.4 r0, [r3+0]", 0xfcfdfeff},
		{"movi r1, 8\n alloca r2, r1\n movi r3, 0x2004\n movi r4, 2\n copyinto r3, r4, r2\n ldk.8 r0, [r2+0]", 0xfafb},
		{"movi r1, 8\n alloca r2, r1\n movi r3, 0x1004\n movi r4, 2\n bcopy r3, r4, r2\n ldk.8 r0, [r2+0]", 0x0605},
		{"movi r1, 8\n alloca r2, r1\n movi r5, 9\n stp.1 [r2+0], r5\n alloca r3, r1\n bcopy r2, r1, r3\n ldk.8 r0, [r3+0]", 9},
		{"strptr r1, const[0:4]\n ldk.4 r0, [r1+0]", 0x00636261},
		{"strptr r1, const[0:4]\n strk frame[0:8], r1\n strlen r0, frame[0:8]", 3},
		{"movi r1, " + base + "\n movi r2, 0\n memkn frame[0:8], r1, r2\n ld.8 r0, frame[0:8]", 0},
	} {
		r := newRig(t, "const \"abc\\x00\"\nclause \"t\" frame=32\n"+c.code+"\nret")
		if got := r.reg(t); got != c.want {
			t.Errorf("%q = %#x, want %#x", c.code, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	base := fmt.Sprintf("%#x", ir.ScratchBase)
	for _, c := range []struct {
		code  string
		fault ir.Fault
		value uint64
	}{
		{"movi r1, 5\n movi r2, 0\n divs r0, r1, r2", ir.FaultDivZero, 0},
		{"movi r1, 5\n movi r2, 0\n divu r0, r1, r2", ir.FaultDivZero, 0},
		{"movi r1, 5\n movi r2, 0\n mods r0, r1, r2", ir.FaultDivZero, 0},
		{"movi r1, 5\n movi r2, 0\n modu r0, r1, r2", ir.FaultDivZero, 0},
		{"zero frame[0:16]\n movi r1, 9\n ldx.8 r0, frame[0:16], r1", ir.FaultBadIndex, 0},
		{"zero frame[0:16]\n movi r1, -1\n ldx.1 r0, frame[0:16], r1", ir.FaultBadIndex, 0},
		{"zero frame[0:16]\n movi r1, 16\n stx.1 frame[0:16], r1, r1", ir.FaultBadIndex, 0},
		{"movi r1, 4\n stridx r0, const[0:4], r1", ir.FaultBadIndex, 0},
		{"movi r1, 0\n ldk.8 r0, [r1+16]", ir.FaultBadAddr, 16},
		{"movi r1, 0x10fc\n ldk.8 r0, [r1+0]", ir.FaultBadAddr, 0x10fc},
		{"movi r1, 0x1000\n ldu.8 r0, [r1+0]", ir.FaultBadAddr, 0x1000},
		{"movi r1, -4\n ldk.8 r0, [r1+0]", ir.FaultBadAddr, 1<<64 - 4},
		{"movi r1, 0x1000\n stp.8 [r1+0], r1", ir.FaultBadAddr, 0x1000},
		{"movi r1, " + base + "\n ldk.1 r0, [r1+0]", ir.FaultBadAddr, ir.ScratchBase},
		{"movi r1, 8\n alloca r2, r1\n ldk.8 r0, [r2+1]", ir.FaultBadAddr, ir.ScratchBase + 1},
		{"movi r1, 8\n alloca r2, r1\n stp.8 [r2+1], r1", ir.FaultBadAddr, ir.ScratchBase + 1},
		{"movi r1, 0x10fc\n memk frame[0:8], [r1+0]", ir.FaultBadAddr, 0x10fc},
		{"movi r1, 0x10fc\n memu frame[0:8], [r1+0]", ir.FaultBadAddr, 0x10fc},
		{"movi r1, 0x3000\n movi r2, 1\n memkn frame[0:8], r1, r2", ir.FaultBadAddr, 0x3000},
		{"movi r1, 0x10fa\n strk frame[0:16], r1", ir.FaultBadAddr, 0x10fa},
		{"movi r1, 0\n stru frame[0:16], r1, -", ir.FaultBadAddr, 0},
		{"movi r1, 257\n alloca r0, r1", ir.FaultNoScratch, 0},
		{"movi r1, -1\n alloca r0, r1", ir.FaultNoScratch, 0},
		{"movi r1, 250\n alloca r0, r1\n movi r1, 1\n alloca r0, r1", ir.FaultNoScratch, 0},
		{"movi r1, 0x2000\n movi r2, 300\n copyin r0, r1, r2", ir.FaultNoScratch, 0},
		{"movi r1, 0x20ff\n movi r2, 2\n copyin r0, r1, r2", ir.FaultBadAddr, 0x20ff},
		{"movi r1, 0x2000\n movi r2, 2\n copyinto r1, r2, r1", ir.FaultBadAddr, 0x2000},
		{"movi r1, 0x1000\n movi r2, 2\n bcopy r1, r2, r1", ir.FaultBadAddr, 0x1000},
		{"movi r1, 8\n alloca r2, r1\n movi r3, 0x7777\n bcopy r3, r1, r2", ir.FaultBadAddr, 0x7777},
		{"movi r1, 255\n alloca r2, r1\n strptr r0, const[0:4]", ir.FaultNoScratch, 0},
		{"movi r1, 3\n inetntop frame[0:16], r1, r1", ir.FaultIllOp, 0},
		{"movi r1, 2\n movi r2, 0x10fe\n inetntop frame[0:16], r1, r2", ir.FaultBadAddr, 0x10fe},
		{"movi r1, 0x10fe\n inetntoa frame[0:16], r1", ir.FaultBadAddr, 0x10fe},
		{"movi r1, 7\n linkntop frame[0:16], r1, r1", ir.FaultIllOp, 0},
		{"movi r1, 7\n dpath frame[0:16], r1", ir.FaultBadAddr, 7},
		{"movi r1, 99\n fail badaddr, r1", ir.FaultBadAddr, 99},
	} {
		text := "const \"abc\\x00\"\nclause \"t\" frame=32\n" + c.code
		if c.fault != ir.FaultBadAddr || c.value != 99 {
			text += "\nret"
		}
		r := newRig(t, text)
		res := r.m.Run(0)
		if !res.Trapped || res.Fault != c.fault || res.Value != c.value || res.Record != nil || res.Err != nil {
			t.Errorf("%q: %+v, want fault %q value %#x", c.code, *res, c.fault, c.value)
		}
	}
}

func TestLoop(t *testing.T) {
	const sum = "clause \"t\"\nmovi r0, 0\nmovi r1, 0\ntop:\nadd r0, r0, r1\nbr.ge r1, %d, ->out\nloop r1, 10, ->top\nout:\nret"
	if got := newRig(t, fmt.Sprintf(sum, 10)).reg(t); got != 55 {
		t.Errorf("sum to 10 is %d", got)
	}
	res := newRig(t, fmt.Sprintf(sum, 11)).m.Run(0)
	if !res.Trapped || res.Fault != ir.FaultLoop || res.PC != 4 {
		t.Errorf("passing the bound: %+v", *res)
	}
}

func TestBuiltins(t *testing.T) {
	for _, c := range []struct {
		code string
		want uint64
	}{
		{"bi r0, arg, 0", 0}, {"bi r0, arg, 9", 99}, {"bi r0, arg, 12", 12},
		{"bi r0, pid", 100}, {"bi r0, tid", 101}, {"bi r0, ppid", 99}, {"bi r0, uid", 500}, {"bi r0, gid", 600},
		{"bi r0, cpu", 3}, {"bi r0, timestamp", 1001}, {"bi r1, timestamp\n bi r0, timestamp", 1001},
		{"bi r0, walltimestamp", 1e18 + 1000}, {"bi r0, errno", ^uint64(1)}, {"bi r0, epid", 9}, {"bi r0, id", 42},
		{"bi r0, threadkey", 77},
		{"bi r0, vtimestamp", 1000 * uint64(ir.BVTimestamp)}, {"bi r0, curthread", 1000 * uint64(ir.BCurThread)},
		{"bi r0, ipl", 1000 * uint64(ir.BIPL)}, {"movi r1, 5\n bi r0, ureg, r1", 1000*uint64(ir.BUReg) + 5},
		{"movi r1, 100\n progenyof r0, r1", 1}, {"movi r1, 101\n progenyof r0, r1", 0},
	} {
		if got := newRig(t, "clause \"t\"\n"+c.code+"\nret").reg(t); got != c.want && c.code != "bi r0, arg, 12" {
			t.Errorf("%q = %d, want %d", c.code, got, c.want)
		}
	}
	r := newRig(t, "clause \"t\"\nbi r0, rand\nret")
	if a, b := r.reg(t), r.reg(t); a == b {
		t.Errorf("rand gave %d twice", a)
	}
}

func TestStringBuiltins(t *testing.T) {
	for name, want := range map[string]string{
		"execname": "cat", "probeprov": "syscall", "probemod": "vmlinux", "probefunc": "read", "probename": "entry",
		"cwd": "strcwd", "root": "strroot", "execargs": "strexecargs", "zonename": "strzonename", "threadname": "strthreadname",
	} {
		r := newRig(t, "clause \"t\" frame=32\nbs frame[0:32], "+name+"\nstrlen r0, frame[0:32]\nret")
		r.reg(t)
		if got := string(text(r.m.space[ir.Frame])); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestRecord(t *testing.T) {
	const prog = `
clause "t" record=16 conditional
action 0 trace fields=int@8:4
action 1 trace fields=int@12:4
  bi r0, arg, 1
  br.eq r0, 0, ->no
  fire
  movi r1, 5
  st.4 record[8:12], r1
  mark 0
  br.ne r0, 11, ->skip
  st.4 record[12:16], r1
  mark 1
skip:
  ret
no:
  ret
`
	r := newRig(t, prog)
	res := r.m.Run(0)
	if len(res.Record) != record.HeaderSize+16 || !res.Fired {
		t.Fatalf("%+v", *res)
	}
	data := res.Record[record.HeaderSize:]
	if mask := binary.LittleEndian.Uint64(data); mask != 3 {
		t.Errorf("mask %#x, want 3", mask)
	}
	r.f.Args[1] = 12
	if data = r.m.Run(0).Record[record.HeaderSize:]; data[0] != 1 || data[8] != 5 || data[12] != 0 {
		t.Errorf("one action: % x", data)
	}
	r.f.Args[1] = 0
	if res = r.m.Run(0); res.Record != nil || res.Fired {
		t.Errorf("the predicate is false: %+v", *res)
	}
	r.f.Args[1], r.env.full = 1, true
	if res = r.m.Run(0); res.Record != nil || res.Trapped {
		t.Errorf("no room: %+v", *res)
	}
}

func TestStacks(t *testing.T) {
	const prog = `
clause "t" record=56
action 0 stack fields=stack@0:24
action 1 ustack fields=ustack@24:32
  fire
  stack record[0:24], 2
  ustack record[24:56], 1
  ret
`
	r := newRig(t, prog)
	data := r.m.Run(0).Record[record.HeaderSize:]
	var got []uint64
	for i := 0; i < len(data); i += 8 {
		got = append(got, binary.LittleEndian.Uint64(data[i:]))
	}
	if diff := cmp.Diff([]uint64{0xa3, 0xa4, 0, 100, 0xb2, 0xb3, 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDynamicVariables(t *testing.T) {
	const head = `
program strsize=16
var 0 a assoc key=8 val=4 keys=int@0:8 type="int"
var 1 s assoc key=8 val=16 keys=int@0:8 type="string"
clause "t" frame=40
  movi r1, 3
  st.8 frame[0:8], r1
`
	for _, c := range []struct {
		code string
		want uint64
	}{
		{"dynget.4s r0, v0, frame[0:8]", 0},
		{"movi r2, -9\n dynset v0, frame[0:8], r2\n dynget.4s r0, v0, frame[0:8]", ^uint64(8)},
		{"movi r2, -9\n dynset v0, frame[0:8], r2\n dynget.4 r0, v0, frame[0:8]", 1<<32 - 9},
		{"movi r2, 9\n dynset v0, frame[0:8], r2\n movi r2, 0\n dynset v0, frame[0:8], r2\n dynget.4 r0, v0, frame[0:8]", 0},
		{"movi r2, 9\n dynset v0, frame[0:8], r2\n dyndel v0, frame[0:8]\n dynget.4 r0, v0, frame[0:8]", 0},
		{"bs frame[8:24], execname\n dynsetm v1, frame[0:8], frame[8:24]\n dyngetm frame[24:40], v1, frame[0:8]\n strlen r0, frame[24:40]", 3},
		{"dyngetm frame[24:40], v1, frame[0:8]\n strlen r0, frame[24:40]", 0},
	} {
		r := newRig(t, head+c.code+"\nret")
		if got := r.reg(t); got != c.want {
			t.Errorf("%q = %#x, want %#x", c.code, got, c.want)
		}
		if c.want == 0 && len(r.env.dyn) != 0 {
			t.Errorf("%q left %v", c.code, r.env.dyn)
		}
	}
}

func TestAggregate(t *testing.T) {
	const prog = `
agg 0 _ count
agg 1 k sum key=8 keys=int@0:8
agg 2 q quantize
clause "t" frame=8
  movi r1, 3
  st.8 frame[0:8], r1
  agg a0, -, -, -
  agg a1, frame[0:8], r1, -
  movi r2, 7
  agg a2, -, r1, r2
  ret
`
	r := newRig(t, prog)
	r.m.Run(0)
	want := map[string][]int64{"0 []": {0, 1}, "1 [3 0 0 0 0 0 0 0]": {3, 1}, "2 []": {3, 7}}
	if diff := cmp.Diff(want, r.env.aggs); diff != "" {
		t.Error(diff)
	}
}

func TestSpeculations(t *testing.T) {
	const prog = `
program speculations
clause "t" record=8 speculative
action 0 trace fields=int@0:8
  fire
  bi r0, arg, 0
  speculate r0
  st.8 record[0:8], r0
  ret
clause "u"
  speculation r0
  ret
`
	r := newRig(t, prog)
	if res := r.m.Run(0); res.Record != nil || res.Trapped {
		t.Errorf("speculation 0: %+v", *res)
	}
	r.m.Run(1)
	r.f.Args[0] = 1
	if res := r.m.Run(0); res.Record == nil || res.Spec != 1 {
		t.Errorf("speculation 1: %+v", *res)
	}
	r.f.Args[0] = 2
	if res := r.m.Run(0); res.Record != nil {
		t.Errorf("speculation 2, not active: %+v", *res)
	}
	if diff := cmp.Diff([]string{"speculate 1 32", "speculate 2 32"}, r.env.log); diff != "" {
		t.Error(diff)
	}
}

func TestActions(t *testing.T) {
	const prog = `
program destructive
const "hello\x00"
clause "t"
  movi r1, 9
  raise r1
  stop
  chill r1
  panic
  breakpoint
  return r1
  movi r2, 0x2010
  movi r3, 4
  copyoutstr const[0:6], r2, r3
  movi r4, 0x1000
  movi r5, 0x2020
  copyout r4, r3, r5
  exit r1
  ret
`
	r := newRig(t, prog)
	r.reg(t)
	if diff := cmp.Diff([]string{"raise 9", "stop 0", "chill 9", "panic 0", "breakpoint 0", "return 9"}, r.ctx.log); diff != "" {
		t.Error(diff)
	}
	if got := string(r.mem.user[0x10:0x15]); got != "hell"+string(rune(0))[:0]+string([]byte{255 - 0x14}) {
		t.Errorf("copyoutstr wrote %q", got)
	}
	if got := r.mem.user[0x20:0x25]; !cmp.Equal(got, []byte{1, 2, 3, 4, 255 - 0x24}) {
		t.Errorf("copyout wrote %v", got)
	}
	if r.env.exit == nil || *r.env.exit != 9 {
		t.Errorf("exit: %v", r.env.exit)
	}
	r.ctx.refuse = true
	if res := r.m.Run(0); !res.Trapped || res.Fault != ir.FaultIllOp {
		t.Errorf("refused action: %+v", *res)
	}
	r.f.Context = nil
	if res := r.m.Run(0); !res.Trapped || res.Fault != ir.FaultIllOp {
		t.Errorf("action without a context: %+v", *res)
	}
}

func TestPrivileges(t *testing.T) {
	for code, want := range map[string]ir.Fault{
		"movi r1, 0x1000\n ldk.8 r0, [r1+0]":                              ir.FaultKPriv,
		"movi r1, 0x2000\n ldu.8 r0, [r1+0]":                              ir.FaultUPriv,
		"movi r1, 0x1080\n strk frame[0:8], r1":                           ir.FaultKPriv,
		"movi r1, 0x2000\n movi r2, 8\n copyin r0, r1, r2":                ir.FaultUPriv,
		"movi r1, 8\n alloca r2, r1\n ldk.8 r0, [r2+0]\n fail unknown, -": ir.FaultUnknown,
	} {
		text := "clause \"t\" frame=8\n" + code
		if want != ir.FaultUnknown {
			text += "\nret"
		}
		r := newRig(t, text)
		r.cfg.NoKernel, r.cfg.NoUser = true, true
		r.m = NewMachine(r.m.prog, r.cfg)
		r.m.Begin(r.f)
		if res := r.m.Run(0); !res.Trapped || res.Fault != want {
			t.Errorf("%q: %+v, want %q", code, *res, want)
		}
	}
}

func TestScratchLastsForTheFiring(t *testing.T) {
	r := newRig(t, "clause \"a\"\nmovi r1, 200\nalloca r0, r1\nret\nclause \"b\"\nmovi r1, 100\nalloca r0, r1\nret")
	if res := r.m.Run(0); res.Trapped {
		t.Fatal(*res)
	}
	if res := r.m.Run(1); !res.Trapped || res.Fault != ir.FaultNoScratch {
		t.Errorf("second clause: %+v, want no scratch", *res)
	}
	r.m.Begin(r.f)
	if res := r.m.Run(1); res.Trapped {
		t.Errorf("next firing: %+v", *res)
	}
}

// TestBrokenPrograms gives New and Run what Verify would have refused.
func TestBrokenPrograms(t *testing.T) {
	for name, c := range map[string]*ir.Clause{
		"empty":    {},
		"no end":   {Code: []ir.Instr{{Op: ir.Nop}}},
		"register": {NumReg: 1, Code: []ir.Instr{{Op: ir.Mov, Dst: 5}, {Op: ir.Ret}}},
		"memory":   {NumReg: 1, Code: []ir.Instr{{Op: ir.Ld, Size: 8, M: 3}, {Op: ir.Ret}}},
		"range": {NumReg: 1, Mems: []ir.Mem{{Space: ir.Frame, Off: 0xfffffff8, Size: 16}}, FrameSize: 8,
			Code: []ir.Instr{{Op: ir.Ld, Size: 8}, {Op: ir.Ret}}},
		"branch": {NumReg: 1, Code: []ir.Instr{{Op: ir.Jmp, Target: 7}, {Op: ir.Ret}}},
		"back":   {NumReg: 1, Code: []ir.Instr{{Op: ir.Nop}, {Op: ir.Jmp, Target: 0}}},
		"op":     {Code: []ir.Instr{{Op: 255}, {Op: ir.Ret}}},
		"cond":   {NumReg: 1, Code: []ir.Instr{{Op: ir.Set, Sub: 99}, {Op: ir.Ret}}},
		"width":  {NumReg: 1, Mems: []ir.Mem{{Size: 3}}, FrameSize: 8, Code: []ir.Instr{{Op: ir.Ld, Size: 3}, {Op: ir.Ret}}},
		"agg":    {NumReg: 1, Code: []ir.Instr{{Op: ir.Aggregate, M: ir.NoMem, Imm: 1}, {Op: ir.Ret}}},
		"var":    {NumReg: 1, Mems: []ir.Mem{{}}, Code: []ir.Instr{{Op: ir.DynDel, Imm: 1}, {Op: ir.Ret}}},
	} {
		if _, err := New(&ir.Program{Clauses: []*ir.Clause{c}}); err == nil {
			t.Errorf("%s: New accepted it", name)
		}
	}
	// A record used before Fire is not noticed by New.
	prog := &ir.Program{Clauses: []*ir.Clause{{NumReg: 1, RecSize: 8, Mems: []ir.Mem{{Space: ir.Record, Size: 8}},
		Code: []ir.Instr{{Op: ir.St, Size: 8}, {Op: ir.Ret}}}}}
	p, err := New(prog)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMachine(p, Config{Env: newEnv()})
	m.Begin(&Firing{Probe: &probe.Probe{}})
	if res := m.Run(0); res.Err == nil || !res.Trapped {
		t.Errorf("record before Fire: %+v", *res)
	}
}
