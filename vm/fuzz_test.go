package vm

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// The memory operands of random programs: the frame's second half is for keys
// and values.
var randomMems = []ir.Mem{
	{Space: ir.Frame, Off: 0, Size: 1}, {Space: ir.Frame, Off: 2, Size: 2}, {Space: ir.Frame, Off: 4, Size: 4}, {Space: ir.Frame, Off: 0, Size: 8},
	{Space: ir.Frame, Off: 8, Size: 16}, {Space: ir.Frame, Off: 24, Size: 32}, {Space: ir.Frame, Off: 56, Size: 8}, {Space: ir.Frame, Off: 64, Size: 64},
	{Space: ir.Record, Off: 8, Size: 8}, {Space: ir.Record, Off: 16, Size: 32}, {Space: ir.Const, Off: 0, Size: 8}, {Space: ir.Const, Off: 8, Size: 16},
	{Space: ir.Const, Off: 24, Size: 4}, {Space: ir.Global, Off: 0, Size: 8}, {Space: ir.Global, Off: 8, Size: 32}, {Space: ir.Local, Off: 0, Size: 8},
	{Space: ir.Local, Off: 8, Size: 32}, {Space: ir.TLS, Off: 0, Size: 8}, {Space: ir.TLS, Off: 8, Size: 32}, {Space: ir.TLS, Off: 0, Size: 2},
}

const randomRegs = 5

// randomProgram makes a verified program of n instructions or so a clause:
// random instructions, of which those that Verify refuses are left out.
func randomProgram(rng *rand.Rand, n int) *ir.Program {
	set := ctype.NewSet(ctype.LP64)
	field := []ir.Field{{Size: 8, Kind: ir.FInt, Signed: true, Type: set.Int64}}
	p := &ir.Program{
		Model: ctype.LP64, StrSize: 32, GlobalSize: 40, LocalSize: 40, TLSSize: 40, Destructive: true, Speculations: true,
		Const: []byte("/a/../b\x00{\"a\":[1,\"x\"]}\x00,:\x00\x00\x00\x00\x00\x00\x00"),
		Vars: []ir.Var{
			{Name: "i", Kind: ir.VarAssoc, Type: set.Int64, KeySize: 8, ValSize: 8, Keys: field},
			{Name: "s", Kind: ir.VarAssoc, Type: set.String, KeySize: 8, ValSize: 32, Keys: field},
		},
		Aggs: []ir.Agg{
			{Name: "c", Spec: agg.Spec{Func: agg.Count}}, {Name: "q", Spec: agg.Spec{Func: agg.Quantize}, KeySize: 8, Keys: field},
			{Name: "l", Spec: agg.Spec{Func: agg.LQuantize, Low: -3, High: 100, Step: 7}},
		},
	}
	for range 2 {
		c := &ir.Clause{Name: "random", Probes: []probe.ID{1}, NumReg: randomRegs + 1, FrameSize: 128, Mems: slices.Clone(randomMems), Speculative: true}
		p.Clauses = append(p.Clauses, c)
		if c.Record = rng.IntN(2) == 0; c.Record {
			c.RecSize = 48
		}
		for i := range c.Mems {
			if m := &c.Mems[i]; m.Space == ir.Record && !c.Record {
				m.Space = ir.Frame
			}
		}
		add := func(in ir.Instr) bool {
			c.Code = append(c.Code, in, ir.Instr{Op: ir.Ret})
			c.Line, c.Act = make([]int32, len(c.Code)), make([]int32, len(c.Code))
			if ir.Verify(p) != nil {
				c.Code = c.Code[:len(c.Code)-2]
				return false
			}
			c.Code = c.Code[:len(c.Code)-1]
			return true
		}
		for r := range randomRegs {
			add(ir.Instr{Op: ir.MovI, Dst: ir.Reg(r), Imm: randomValue(rng)})
		}
		for id, m := range c.Mems {
			if m.Space == ir.Frame {
				add(ir.Instr{Op: ir.Zero, M: ir.MemID(id)})
			}
		}
		if c.Record {
			add(ir.Instr{Op: ir.Fire})
		}
		for tries := 0; len(c.Code) < n && tries < 40*n; tries++ {
			if rng.IntN(20) == 0 {
				addLoop(p, c, rng)
				continue
			}
			add(randomInstr(rng, len(c.Code)))
		}
		c.Code = append(c.Code, ir.Instr{Op: ir.Ret})
		c.Line, c.Act = make([]int32, len(c.Code)), make([]int32, len(c.Code))
	}
	return p
}

func randomInstr(rng *rand.Rand, pc int) ir.Instr {
	reg := func() ir.Reg {
		if rng.IntN(6) == 0 {
			return ir.NoReg
		}
		return ir.Reg(rng.IntN(randomRegs))
	}
	mem := func() ir.MemID {
		if rng.IntN(8) == 0 {
			return ir.NoMem
		}
		return ir.MemID(rng.IntN(len(randomMems)))
	}
	in := ir.Instr{Op: ir.Op(rng.IntN(ir.NumOps)), Size: []uint8{1, 2, 4, 8}[rng.IntN(4)], Signed: rng.IntN(2) == 0,
		Sub: uint8(rng.IntN(24)), Dst: reg(), A: reg(), B: reg(), C: reg(), M: mem(), N: mem(), P: mem(), Target: int32(pc + 1)}
	if in.Imm = int64(rng.IntN(4)); rng.IntN(3) == 0 {
		in.Imm = randomValue(rng)
	}
	return in
}

// addLoop adds a loop of a few instructions that ends by itself, or by passing
// its bound.
func addLoop(p *ir.Program, c *ir.Clause, rng *rand.Rand) {
	const counter = randomRegs
	code := append([]ir.Instr(nil), c.Code...)
	top := int32(len(code) + 1)
	code = append(code, ir.Instr{Op: ir.MovI, Dst: counter})
	for range 1 + rng.IntN(3) {
		code = append(code, randomInstr(rng, len(code)))
	}
	limit := int64(rng.IntN(20))
	code = append(code, ir.Instr{Op: ir.Br, Sub: uint8(ir.GT), A: counter, B: ir.NoReg, Imm: limit, Target: int32(len(code) + 2)},
		ir.Instr{Op: ir.Loop, Dst: counter, Imm: int64(rng.IntN(20)), Target: top})
	old := c.Code
	c.Code = append(code, ir.Instr{Op: ir.Ret})
	c.Line, c.Act = make([]int32, len(c.Code)), make([]int32, len(c.Code))
	if ir.Verify(p) != nil {
		c.Code = old
		return
	}
	c.Code = code
}

func randomValue(rng *rand.Rand) int64 {
	switch rng.IntN(6) {
	case 0:
		return int64(rng.Uint64())
	case 1:
		return 0x1000 + int64(rng.IntN(260)) // kernel memory
	case 2:
		return 0x2000 + int64(rng.IntN(260)) // user memory
	case 3:
		return int64(ir.ScratchBase) + int64(rng.IntN(300))
	case 4:
		return -int64(rng.IntN(40))
	}
	return int64(rng.IntN(40))
}

// runRandom runs a random program. It reports which operations it had.
func runRandom(t *testing.T, seed uint64) map[ir.Op]int {
	rng := rand.New(rand.NewPCG(seed, 1))
	prog := randomProgram(rng, 30)
	if err := ir.Verify(prog); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	p, err := New(prog)
	if err != nil {
		t.Fatalf("seed %d: verified, but: %v\n%s", seed, err, prog)
	}
	env, mem := newEnv(), newMemory()
	env.tlsSize = int(prog.TLSSize)
	m := NewMachine(p, Config{Env: env, Access: mem.access, Global: make([]byte, prog.GlobalSize), ScratchSize: 256})
	f := &Firing{Probe: &probe.Probe{ID: 1, Function: "f"}, Context: &fakeContext{}, Thread: &Thread{Key: 1, ExecName: "a process with a long name"}}
	for range 3 {
		m.Begin(f)
		for i, c := range prog.Clauses {
			res := m.Run(i)
			if res.Err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, res.Err, prog)
			}
			if res.Trapped && (res.PC >= len(c.Code) || !traps(c.Code[res.PC].Op)) {
				t.Fatalf("seed %d: %s at pc %d\n%s", seed, res.Fault, res.PC, prog)
			}
			if res.Record != nil && (!c.Record || len(res.Record) != p.RecordSize(i) || res.Trapped) {
				t.Fatalf("seed %d: a record of %d bytes\n%s", seed, len(res.Record), prog)
			}
		}
	}
	ops := map[ir.Op]int{}
	for _, c := range prog.Clauses {
		for _, in := range c.Code {
			ops[in.Op]++
		}
	}
	return ops
}

// traps reports whether an operation may end a clause with a fault: those that
// ir says, and the destructive ones, which a host may refuse.
func traps(op ir.Op) bool { return op.Traps() || op.Destructive() }

// TestRandomPrograms also checks that every operation was had.
func TestRandomPrograms(t *testing.T) {
	seen := map[ir.Op]int{}
	for seed := range uint64(400) {
		for op, n := range runRandom(t, seed) {
			seen[op] += n
		}
	}
	for op := range ir.Op(ir.NumOps) {
		// Mark needs actions, Fail leaves nothing behind it; other tests have them.
		if seen[op] == 0 && op != ir.Mark && op != ir.Fail {
			t.Errorf("no program had %s", op)
		}
	}
}

func FuzzRandomPrograms(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { runRandom(t, seed) })
}
