package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// instr emits one instruction of ir.
func (c *clauseGen) instr(in *ir.Instr) error {
	switch in.Op {
	case ir.Nop:
	case ir.Jmp:
		c.jmp(c.labels[in.Target])
	case ir.Br:
		a := c.get(in.A, r1)
		c.compare(ir.Cond(in.Sub), a, in, c.labels[in.Target])
	case ir.Loop:
		if c.calls > 0 {
			c.nextRound(in)
			return nil
		}
		if c.cfg.Lacks[FeatMayGoto] { // and bpf_loop, or it were a call
			return c.lacks(FeatLoop, "a loop")
		}
		if err := c.need(FeatMayGoto, "a loop"); err != nil {
			return err
		}
		c.loopBack(in)
	case ir.Fire:
		c.fire()
	case ir.Mark:
		c.mark(in.Imm)
	case ir.Ret:
		if c.calls > 0 {
			c.jmp(c.end)
			return nil
		}
		c.ret()
	case ir.Fail:
		if in.A == ir.NoReg {
			c.movImm(r1, 0)
		} else {
			c.fetch(r1, in.A)
		}
		c.jmp(c.faultLabel(ir.Fault(in.Sub)))
	case ir.MovI:
		d := c.dst(in.Dst, r0)
		c.movImm(d, in.Imm)
		c.put(in.Dst, d)
	case ir.Mov:
		if p := c.places[in.Dst]; p.kind == inReg {
			c.fetch(p.reg, in.A)
		} else {
			c.put(in.Dst, c.get(in.A, r0))
		}
	case ir.Ext:
		d := c.dst(in.Dst, r0)
		c.fetch(d, in.A)
		c.extend(d, in.Size, in.Signed)
		c.put(in.Dst, d)
	case ir.Add, ir.Sub, ir.Mul, ir.And, ir.Or, ir.Xor, ir.Shl, ir.Shr, ir.Sar:
		c.arith(in)
	case ir.DivU, ir.ModU, ir.DivS, ir.ModS:
		c.divide(in)
	case ir.Neg:
		d := c.dst(in.Dst, r0)
		c.fetch(d, in.A)
		c.emit(asm.Neg.Imm(d, 0))
		c.put(in.Dst, d)
	case ir.Not:
		d := c.dst(in.Dst, r0)
		c.fetch(d, in.A)
		c.aluImm(asm.Xor, d, -1)
		c.put(in.Dst, d)
	case ir.Set:
		// The result is made in r0: Dst may be an operand.
		yes := c.newLabel()
		a := c.get(in.A, r1)
		c.movImm(r0, 1)
		c.compare(ir.Cond(in.Sub), a, in, yes)
		c.movImm(r0, 0)
		c.bind(yes)
		c.put(in.Dst, r0)
	case ir.Bswap:
		d := c.dst(in.Dst, r0)
		c.fetch(d, in.A)
		if in.Size == 1 {
			c.extend(d, 1, false)
		} else {
			c.emit(asm.HostTo(asm.BE, d, sizeOf(in.Size)))
		}
		c.put(in.Dst, d)
	case ir.Ld, ir.St, ir.LdX, ir.StX, ir.Zero, ir.Copy:
		return c.memory(in)
	case ir.LdK, ir.LdU, ir.MemK, ir.MemU, ir.MemKN, ir.StrK, ir.StrU, ir.StP:
		return c.foreign(in)
	case ir.Alloca, ir.CopyIn, ir.CopyInTo, ir.Bcopy, ir.StrPtr:
		return c.scratch(in)
	case ir.BuiltinI:
		return c.builtin(in)
	case ir.BuiltinS:
		return c.builtinString(in)
	case ir.DynGet, ir.DynGetM, ir.DynSet, ir.DynSetM, ir.DynDel:
		return c.dynamic(in)
	case ir.Aggregate:
		c.aggregate(in)
	case ir.Stack, ir.UStack:
		return c.stack(in)
	case ir.Speculation, ir.Speculate, ir.Commit, ir.Discard:
		return c.speculation(in)
	case ir.Exit:
		c.exitOp(in)
	case ir.Raise, ir.StopProc, ir.Chill, ir.CopyOut, ir.CopyOutStr, ir.Panic, ir.Breakpoint, ir.Return, ir.ProgenyOf:
		return c.process(in)
	default:
		return c.strings(in)
	}
	return nil
}

var jumpOps = [...]asm.JumpOp{
	ir.EQ: asm.JEq, ir.NE: asm.JNE, ir.LT: asm.JSLT, ir.LE: asm.JSLE, ir.GT: asm.JSGT, ir.GE: asm.JSGE,
	ir.LTU: asm.JLT, ir.LEU: asm.JLE, ir.GTU: asm.JGT, ir.GEU: asm.JGE,
}

// compare jumps to l if register a compares to [B|Imm]. It may clobber r2.
func (c *clauseGen) compare(cond ir.Cond, a asm.Register, in *ir.Instr, l label) {
	op := jumpOps[cond]
	if in.B != ir.NoReg {
		c.jReg(op, a, c.get(in.B, r2), l)
		return
	}
	if in.Imm == int64(int32(in.Imm)) {
		c.jImm(op, a, int32(in.Imm), l)
		return
	}
	c.movImm(r2, in.Imm)
	c.jReg(op, a, r2, l)
}

var aluOps = map[ir.Op]asm.ALUOp{
	ir.Add: asm.Add, ir.Sub: asm.Sub, ir.Mul: asm.Mul, ir.And: asm.And, ir.Or: asm.Or, ir.Xor: asm.Xor,
	ir.Shl: asm.LSh, ir.Shr: asm.RSh, ir.Sar: asm.ArSh,
}

func (c *clauseGen) arith(in *ir.Instr) {
	op := aluOps[in.Op]
	shift := in.Op == ir.Shl || in.Op == ir.Shr || in.Op == ir.Sar
	d := c.dst(in.Dst, r0)
	if in.B == ir.NoReg {
		c.fetch(d, in.A)
		switch {
		case shift:
			c.aluImm(op, d, int32(in.Imm&63))
		case in.Imm == int64(int32(in.Imm)):
			c.aluImm(op, d, int32(in.Imm))
		default:
			c.movImm(r2, in.Imm)
			c.alu(op, d, r2)
		}
		c.put(in.Dst, d)
		return
	}
	b := c.get(in.B, r2)
	if shift {
		c.mov(r2, b)
		b = r2
		c.aluImm(asm.And, b, 63)
	}
	if b == d {
		d = r0
	}
	c.fetch(d, in.A)
	c.alu(op, d, b)
	c.put(in.Dst, d)
}

// divide emits the four divisions. eBPF divides unsigned only before Linux 6.6,
// so signed ones work on magnitudes; a division of the least integer by -1
// wraps.
func (c *clauseGen) divide(in *ir.Instr) {
	c.fetch(r0, in.A)
	if in.B != ir.NoReg {
		c.fetch(r2, in.B)
		c.movImm(r1, 0)
		c.jImm(asm.JEq, r2, 0, c.faultLabel(ir.FaultDivZero))
	} else {
		c.movImm(r2, in.Imm)
		if in.Imm == 0 {
			c.movImm(r1, 0)
			c.jmp(c.faultLabel(ir.FaultDivZero))
			return
		}
	}
	op := asm.Div
	if in.Op == ir.ModU || in.Op == ir.ModS {
		op = asm.Mod
	}
	signed := in.Op == ir.DivS || in.Op == ir.ModS
	if signed {
		// r3, r4: 0 or -1, the operands' signs.
		c.mov(r3, r0)
		c.aluImm(asm.ArSh, r3, 63)
		c.mov(r4, r2)
		c.aluImm(asm.ArSh, r4, 63)
		c.alu(asm.Xor, r0, r3)
		c.alu(asm.Sub, r0, r3)
		c.alu(asm.Xor, r2, r4)
		c.alu(asm.Sub, r2, r4)
	}
	c.alu(op, r0, r2)
	if signed {
		if op == asm.Div {
			c.alu(asm.Xor, r3, r4)
		}
		c.alu(asm.Xor, r0, r3)
		c.alu(asm.Sub, r0, r3)
	}
	c.put(in.Dst, r0)
}

// memory emits accesses to the program's own memory.
func (c *clauseGen) memory(in *ir.Instr) error {
	m := c.mem(in.M)
	switch in.Op {
	case ir.Ld:
		if m.Space == ir.TLS {
			return c.tlsLoad(in, m)
		}
		d := c.dst(in.Dst, r0)
		b, off := c.at(m, r1)
		c.load(d, b, off, in.Size)
		if in.Signed {
			c.extend(d, in.Size, true)
		}
		c.put(in.Dst, d)
	case ir.St:
		if m.Space == ir.TLS {
			return c.tlsStore(in, m)
		}
		a := c.get(in.A, r0)
		b, off := c.at(m, r1)
		c.store(b, off, a, in.Size)
	case ir.LdX, ir.StX:
		c.fetch(r1, in.A)
		c.mov(r2, r1)
		if in.Op == ir.StX {
			c.fetch(r0, in.B)
		}
		l := c.faultLabel(ir.FaultBadIndex)
		c.movImm(r1, 0)
		c.jImm(asm.JGT, r2, int32(m.Size-uint32(in.Size)), l)
		c.addr(r1, m)
		c.alu(asm.Add, r1, r2)
		if in.Op == ir.StX {
			c.store(r1, 0, r0, in.Size)
			return nil
		}
		c.load(r0, r1, 0, in.Size)
		if in.Signed {
			c.extend(r0, in.Size, true)
		}
		c.put(in.Dst, r0)
	case ir.Zero:
		b, off := c.at(m, r1)
		c.zero(b, off, m.Size, c.onStack(m))
	case ir.Copy:
		n := c.mem(in.N)
		if m.Space == ir.TLS || n.Space == ir.TLS {
			return c.tlsCopy(m, n)
		}
		c.copyMem(m, n)
	}
	return nil
}

// copyMem copies m.Size bytes from n to m.
func (c *clauseGen) copyMem(m, n ir.Mem) {
	d, dOff := c.at(m, r1)
	s, sOff := c.at(n, r3)
	c.copy(d, dOff, s, sOff, m.Size, c.onStack(m) || c.onStack(n))
}

// errorArg returns whether the program reads arg1 of ERROR.
func (p *progGen) errorEPID() bool {
	for _, e := range p.errors {
		for _, in := range p.prog.Clauses[e].Code {
			if in.Op == ir.BuiltinI && ir.Builtin(in.Sub) == ir.BArg && in.Imm == 1 {
				return true
			}
		}
	}
	return false
}

// ret ends the clause.
func (c *clauseGen) ret() {
	if c.flow[c.pc].fired {
		c.commit()
	}
	c.jmp(c.end)
}

// loopBack ends a loop. may_goto makes the kernel's verifier follow a loop
// until its state repeats, not until its end is reached (see loops). Without it every
// iteration is followed: Linux 6.1 took minutes over five iterations of an aggregation.
func (c *clauseGen) loopBack(in *ir.Instr) {
	d := c.get(in.Dst, r0)
	c.aluImm(asm.Add, d, 1)
	c.put(in.Dst, d)
	c.movImm(r1, 0)
	over := c.faultLabel(ir.FaultLoop)
	c.jImm(asm.JGT, d, int32(in.Imm), over)
	c.mayGoto(over)
	c.jmp(c.labels[in.Target])
}

// epidTo puts the enabled probe id into d, clobbering r0 to r5.
func (c *clauseGen) epidTo(d asm.Register) {
	if c.isError || c.entry == 0 {
		p := c.cfg.ErrorProbe
		if !c.isError {
			p = c.hook.Probes[0].ID
		}
		c.movImm(d, int64(epid(c.prog, c.epidBase, c.idx, p)))
		return
	}
	tab := c.epidTable(c.idx)
	c.load(r1, c.fb, c.fbOff+fbEntry, 8)
	c.load(r1, r1, 4, 4)
	c.jumpIfBeyond(r1, len(c.hook.Probes))
	c.aluImm(asm.LSh, r1, 2)
	c.mapValue(r2, MapConst, tab)
	c.alu(asm.Add, r2, r1)
	c.load(d, r2, 0, 4)
}

// jumpIfBeyond bounds an index that came from a table for the kernel's verifier: what
// cannot be becomes 0.
func (c *clauseGen) jumpIfBeyond(r asm.Register, n int) {
	ok := c.newLabel()
	c.jImm(asm.JLT, r, int32(n), ok)
	c.movImm(r, 0)
	c.bind(ok)
}

func (c *clauseGen) epidTable(idx int) uint32 {
	tab := c.pad(uint32(4 * len(c.hook.Probes)))
	for i := range c.hook.Probes {
		v := epid(c.prog, c.epidBase, idx, c.hook.Probes[i].ID)
		b := c.konst[tab+uint32(4*i):]
		b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	return tab
}
