package bpf

import (
	"math"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

const dropDynamicKind = record.DropDynamic

// Variables of loops, words of the scratch slot. What they mean differs by loop.
const (
	vLenA  = iota // length of the string in tmp2
	vLenB         // length of the string in tmp3
	vI            // position in tmp2
	vJ            // position in tmp3
	vPhase        // what the loop is doing
	vFrom
	vTo
	vOut // position in tmp
	vRes
	vX
	vY
	vZ
	numVars = 16
)

func (p *progGen) getVar(d asm.Register, v int) { p.load(d, r7, int32(p.slot.vars)+8*int32(v), 8) }
func (p *progGen) setVar(v int, s asm.Register) { p.store(r7, int32(p.slot.vars)+8*int32(v), s, 8) }
func (p *progGen) setVarImm(v int, n int64) {
	p.storeImm(r7, int32(p.slot.vars)+8*int32(v), n, 8)
}

// addVar adds a constant to a variable, using r.
func (p *progGen) addVar(v int, n int32, r asm.Register) {
	p.getVar(r, v)
	p.aluImm(asm.Add, r, n)
	p.setVar(v, r)
}

// charAt loads the byte at position idx of a temporary area into d; d may be idx.
func (p *progGen) charAt(d asm.Register, area uint32, idx asm.Register) {
	p.mov(d, idx)
	p.aluImm(asm.And, d, p.strMask)
	p.alu(asm.Add, d, r7)
	p.addImm(d, int64(area))
	p.load(d, d, 0, 1)
}

// setChar stores byte s at position idx of an area; idx is clobbered.
func (p *progGen) setChar(area uint32, idx, s asm.Register) {
	p.aluImm(asm.And, idx, p.strMask)
	p.alu(asm.Add, idx, r7)
	p.addImm(idx, int64(area))
	p.store(idx, 0, s, 1)
}

// outChar appends byte s to tmp, using r5 and r4.
func (p *progGen) outChar(s asm.Register) {
	p.getVar(r5, vOut)
	p.mov(r4, r5)
	p.aluImm(asm.Add, r4, 1)
	p.setVar(vOut, r4)
	p.setChar(p.slot.tmp, r5, s)
}

func (p *progGen) outImm(ch byte) {
	p.movImm(r3, int64(ch))
	p.outChar(r3)
}

// outEnd ends the text in tmp.
func (p *progGen) outEnd() {
	p.getVar(r5, vOut)
	p.movImm(r3, 0)
	p.setChar(p.slot.tmp, r5, r3)
}

// operand copies string m to an area and its length to a variable.
func (c *clauseGen) operand(area uint32, m ir.Mem, length int) {
	ok := c.newLabel()
	c.slotAddr(r1, area)
	c.movImm(r2, int64(m.Size))
	c.addr(r3, m)
	c.helper(asm.FnProbeReadKernelStr)
	c.jImm(asm.JSGE, r0, 1, ok)
	c.movImm(r0, 1)
	c.bind(ok)
	c.aluImm(asm.Sub, r0, 1)
	c.setVar(length, r0)
}

// loop runs a function of r7 at most n times, until it returns 1. It does so in a
// global function, which the kernel's verifier looks at once, and not again for
// each call and each state that a call is made in.
func (c *clauseGen) loop(name string, n int, body func()) {
	p := c.progGen
	c.mov(r1, r7)
	c.call(p.addRoutine("loop_"+name, true, []btf.FuncParam{p.slotParam()}, func() {
		ok := p.newLabel()
		p.jImm(asm.JNE, r1, 0, ok)
		p.movImm(r0, 0)
		p.exit()
		p.bind(ok)
		p.store(rFP, -8, r1, 8)
		p.movImm(r1, int64(min(n, 1<<23)))
		p.funcAddr(r2, p.routine(name, func() {
			p.load(r7, r2, 0, 8)
			body()
		}))
		p.mov(r3, rFP)
		p.addImm(r3, -8)
		p.movImm(r4, 0)
		p.helper(asm.FnLoop)
		p.exit()
	}))
}

// slotParam is a parameter of a global function that points to a scratch slot.
func (p *progGen) slotParam() btf.FuncParam {
	b := &btf.Int{Name: "unsigned char", Size: 1, Encoding: btf.Unsigned}
	u32 := &btf.Int{Name: "unsigned int", Size: 4, Encoding: btf.Unsigned}
	n := p.slot.one
	st := &btf.Struct{Name: "gt_slot", Size: n, Members: []btf.Member{{Name: "b", Type: &btf.Array{Index: u32, Type: b, Nelems: n}}}}
	return btf.FuncParam{Name: "slot", Type: &btf.Pointer{Target: st}}
}

// again and stop end a loop's body.
func (p *progGen) again() {
	p.movImm(r0, 0)
	p.exit()
}

func (p *progGen) stop() {
	p.movImm(r0, 1)
	p.exit()
}

// loops emits the string operations that need loops.
func (c *clauseGen) loops(in *ir.Instr) error {
	switch in.Op {
	case ir.InetNtop, ir.InetNtoa, ir.LinkNtop:
		return c.netAddress(in)
	case ir.DPath:
		if err := c.need(FeatLoop, "d_path()"); err != nil {
			return err
		}
		return c.dPath(in)
	}
	if err := c.need(FeatLoop, in.Op.String()); err != nil {
		return err
	}
	max := int(c.strMask) + 1
	switch in.Op {
	case ir.StrIndex, ir.StrRIndex:
		c.operand(c.slot.tmp2, c.mem(in.M), vLenA)
		c.operand(c.slot.tmp3, c.mem(in.N), vLenB)
		c.search(in.Op == ir.StrRIndex, in.A)
		c.getVar(r0, vRes)
		c.put(in.Dst, r0)
	case ir.StrStr:
		c.operand(c.slot.tmp2, c.mem(in.N), vLenA)
		c.operand(c.slot.tmp3, c.mem(in.P), vLenB)
		c.search(false, ir.NoReg)
		c.rest(c.mem(in.M))
	case ir.StrChr, ir.StrRChr:
		c.operand(c.slot.tmp2, c.mem(in.N), vLenA)
		c.fetch(r1, in.A)
		c.aluImm(asm.And, r1, 0xff)
		c.setVar(vX, r1)
		c.setVarImm(vI, 0)
		c.setVarImm(vRes, -1)
		c.strChr(in.Op == ir.StrRChr, max)
		c.rest(c.mem(in.M))
	case ir.StrTok:
		c.strTok(in, max)
	case ir.Basename, ir.Dirname:
		c.operand(c.slot.tmp2, c.mem(in.N), vLenA)
		c.pathPart(in.Op == ir.Basename, c.mem(in.M), max)
	case ir.Cleanpath:
		c.operand(c.slot.tmp2, c.mem(in.N), vLenA)
		c.cleanpath(c.mem(in.M), max)
	case ir.ToUpper, ir.ToLower:
		c.operand(c.slot.tmp2, c.mem(in.N), vLenA)
		c.changeCase(in.Op == ir.ToUpper, max)
		c.putSlot(c.mem(in.M), c.slot.tmp2)
	case ir.StrToLL:
		c.strToLL(in, max)
	case ir.LLToStr:
		c.llToStr(in)
	case ir.Json:
		c.operand(c.slot.tmp2, c.mem(in.N), vLenA)
		c.operand(c.slot.tmp3, c.mem(in.P), vLenB)
		c.json(c.mem(in.M), max)
	default:
		return c.fail("operation %s has no eBPF form", in.Op)
	}
	return nil
}

// rest makes m the text in tmp2 from position vRes on, NULL if that is negative.
func (c *clauseGen) rest(m ir.Mem) {
	null, done := c.newLabel(), c.newLabel()
	c.getVar(r4, vRes)
	c.jImm(asm.JSLT, r4, 0, null)
	c.aluImm(asm.And, r4, c.strMask)
	c.slotAddr(r3, c.slot.tmp2)
	c.alu(asm.Add, r3, r4)
	c.putString(m, false)
	c.jmp(done)
	c.bind(null)
	c.nullString(m)
	c.bind(done)
}

// search sets vRes to the first (or last) position in tmp2 of the text in tmp3,
// from (or back from) the position in register pos, to -1 if there is none.
func (c *clauseGen) search(last bool, pos ir.Reg) {
	p := c.progGen
	c.setVarImm(vRes, -1)
	c.setVarImm(vJ, 0)
	name, step, done := "index", int32(1), c.newLabel()
	if !last {
		// Positions outside the text are moved into it.
		low, high := c.newLabel(), c.newLabel()
		if pos == ir.NoReg {
			c.movImm(r1, 0)
		} else {
			c.fetch(r1, pos)
		}
		c.jImm(asm.JSGE, r1, 0, low)
		c.movImm(r1, 0)
		c.bind(low)
		c.getVar(r2, vLenA)
		c.jReg(asm.JSLE, r1, r2, high)
		c.mov(r1, r2)
		c.bind(high)
		c.setVar(vI, r1)
	} else {
		name, step = "rindex", -1
		ok, clip := c.newLabel(), c.newLabel()
		if pos == ir.NoReg {
			c.movImm(r1, math.MaxInt64)
		} else {
			c.fetch(r1, pos)
		}
		c.getVar(r3, vLenB)
		c.jImm(asm.JSGE, r1, 0, ok)
		// Before the beginning there is only the empty text.
		c.jImm(asm.JNE, r3, 0, done)
		c.setVarImm(vRes, 0)
		c.jmp(done)
		c.bind(ok)
		c.getVar(r2, vLenA)
		c.alu(asm.Sub, r2, r3)
		c.jReg(asm.JSLE, r1, r2, clip)
		c.mov(r1, r2)
		c.bind(clip)
		c.setVar(vI, r1)
		c.jImm(asm.JSLT, r1, 0, done)
	}
	n := int(c.strMask) + 1
	c.loop(name, n*n, func() {
		miss, found, end := p.newLabel(), p.newLabel(), p.newLabel()
		p.getVar(r1, vI)
		p.getVar(r2, vJ)
		p.getVar(r3, vLenB)
		p.jImm(asm.JSLT, r1, 0, end)
		p.mov(r4, r1)
		p.alu(asm.Add, r4, r3)
		p.getVar(r5, vLenA)
		p.jReg(asm.JSGT, r4, r5, end)
		p.jReg(asm.JGE, r2, r3, found)
		p.mov(r4, r1)
		p.alu(asm.Add, r4, r2)
		p.charAt(r4, p.slot.tmp2, r4)
		p.charAt(r5, p.slot.tmp3, r2)
		p.jReg(asm.JNE, r4, r5, miss)
		p.aluImm(asm.Add, r2, 1)
		p.setVar(vJ, r2)
		p.again()
		p.bind(miss)
		p.aluImm(asm.Add, r1, step)
		p.setVar(vI, r1)
		p.setVarImm(vJ, 0)
		p.again()
		p.bind(found)
		p.setVar(vRes, r1)
		p.bind(end)
		p.stop()
	})
	c.bind(done)
}

// strChr sets vRes to the first or last position of byte vX in tmp2, whose NUL
// counts.
func (c *clauseGen) strChr(last bool, max int) {
	p := c.progGen
	name := "strchr"
	if last {
		name = "strrchr"
	}
	c.loop(name, max, func() {
		next := p.newLabel()
		end := p.newLabel()
		p.getVar(r1, vI)
		p.getVar(r2, vX)
		p.getVar(r3, vLenA)
		p.jReg(asm.JGT, r1, r3, end)
		p.charAt(r4, p.slot.tmp2, r1)
		p.jReg(asm.JNE, r4, r2, next)
		p.setVar(vRes, r1)
		if !last {
			p.stop()
		}
		p.bind(next)
		p.aluImm(asm.Add, r1, 1)
		p.setVar(vI, r1)
		p.again()
		p.bind(end)
		p.stop()
	})
}

// strTok makes M the next token; tok has the string, tokPos where to go on, -1
// when there is no more.
func (c *clauseGen) strTok(in *ir.Instr, max int) {
	p := c.progGen
	m := c.mem(in.M)
	null, done := c.newLabel(), c.newLabel()
	if in.N != ir.NoMem {
		c.operand(c.slot.tok, c.mem(in.N), vRes)
		c.storeImm(r7, int32(c.slot.tokPos), 0, 8)
	}
	c.operand(c.slot.tmp3, c.mem(in.P), vLenB)
	c.load(r1, r7, int32(c.slot.tokPos), 8)
	c.jImm(asm.JSLT, r1, 0, null)
	c.setVar(vI, r1)
	c.setVarImm(vJ, 0)
	c.setVarImm(vPhase, 0)
	c.loop("strtok", max*max, func() {
		other, second, skip, more, end := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
		p.getVar(r1, vI)
		p.getVar(r2, vJ)
		p.getVar(r3, vLenB)
		p.getVar(r5, vPhase)
		p.charAt(r4, p.slot.tok, r1)
		p.jImm(asm.JEq, r4, 0, end)
		p.jReg(asm.JGE, r2, r3, other)
		p.mov(r3, r4)
		p.charAt(r4, p.slot.tmp3, r2)
		p.jReg(asm.JNE, r3, r4, more)
		// A delimiter.
		p.jImm(asm.JNE, r5, 0, end)
		p.jmp(skip)
		p.bind(more)
		p.aluImm(asm.Add, r2, 1)
		p.setVar(vJ, r2)
		p.again()
		p.bind(other)
		p.jImm(asm.JNE, r5, 0, second)
		p.setVar(vFrom, r1)
		p.setVarImm(vPhase, 1)
		p.bind(second)
		p.bind(skip)
		p.aluImm(asm.Add, r1, 1)
		p.setVar(vI, r1)
		p.setVarImm(vJ, 0)
		p.again()
		p.bind(end)
		p.stop()
	})
	c.getVar(r1, vPhase)
	found := c.newLabel()
	c.jImm(asm.JNE, r1, 0, found)
	c.storeImm(r7, int32(c.slot.tokPos), -1, 8)
	c.bind(null)
	c.nullString(m)
	c.jmp(done)
	c.bind(found)
	// Go on behind the delimiter, or at the end.
	last := c.newLabel()
	c.getVar(r1, vI)
	c.mov(r3, r1)
	c.charAt(r4, c.slot.tok, r1)
	c.jImm(asm.JEq, r4, 0, last)
	c.aluImm(asm.Add, r3, 1)
	c.bind(last)
	c.store(r7, int32(c.slot.tokPos), r3, 8)
	c.getVar(r4, vFrom)
	c.mov(r2, r1)
	c.alu(asm.Sub, r2, r4)
	c.aluImm(asm.And, r2, c.strMask)
	c.aluImm(asm.Add, r2, 1)
	c.aluImm(asm.And, r4, c.strMask)
	c.slotAddr(r3, c.slot.tok)
	c.alu(asm.Add, r3, r4)
	c.putString(m, true)
	c.bind(done)
}

// pathPart makes m the base or directory name of the path in tmp2. One pass
// finds the last component (vFrom, vTo) and the end of the one before (vX).
func (c *clauseGen) pathPart(base bool, m ir.Mem, max int) {
	p := c.progGen
	for _, v := range []int{vI, vFrom, vTo, vX, vPhase} {
		c.setVarImm(v, 0)
	}
	c.loop("pathpart", max, func() {
		slash, inside, end := p.newLabel(), p.newLabel(), p.newLabel()
		p.getVar(r1, vI)
		p.charAt(r2, p.slot.tmp2, r1)
		p.jImm(asm.JEq, r2, 0, end)
		p.jImm(asm.JEq, r2, '/', slash)
		p.getVar(r3, vPhase) // 1: inside a component
		p.jImm(asm.JNE, r3, 0, inside)
		p.setVarImm(vPhase, 1)
		p.setVar(vFrom, r1)
		p.getVar(r3, vTo)
		p.setVar(vX, r3)
		p.bind(inside)
		p.aluImm(asm.Add, r1, 1)
		p.setVar(vI, r1)
		p.setVar(vTo, r1)
		p.again()
		p.bind(slash)
		p.setVarImm(vPhase, 0)
		p.aluImm(asm.Add, r1, 1)
		p.setVar(vI, r1)
		p.again()
		p.bind(end)
		p.stop()
	})
	dot, slash, done := c.newLabel(), c.newLabel(), c.newLabel()
	c.getVar(r1, vLenA)
	c.jImm(asm.JEq, r1, 0, dot)
	c.getVar(r2, vTo)
	c.jImm(asm.JEq, r2, 0, slash)
	c.getVar(r4, vFrom)
	if base {
		c.alu(asm.Sub, r2, r4)
	} else {
		c.jImm(asm.JEq, r4, 0, dot)
		c.getVar(r2, vX)
		c.jImm(asm.JEq, r2, 0, slash)
		c.movImm(r4, 0)
	}
	c.aluImm(asm.And, r2, c.strMask)
	c.aluImm(asm.Add, r2, 1)
	c.aluImm(asm.And, r4, c.strMask)
	c.slotAddr(r3, c.slot.tmp2)
	c.alu(asm.Add, r3, r4)
	c.putString(m, true)
	c.jmp(done)
	c.bind(dot)
	c.constString(m, ".")
	c.jmp(done)
	c.bind(slash)
	c.constString(m, "/")
	c.bind(done)
}

// cleanpath makes m the path in tmp2 without //, /./ and /../.
func (c *clauseGen) cleanpath(m ir.Mem, max int) {
	p := c.progGen
	for _, v := range []int{vI, vOut, vPhase} {
		c.setVarImm(v, 0)
	}
	c.loop("cleanpath", 3*max, func() {
		copyCh, pop, popped, one, two, dots, end := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
		p.getVar(r1, vPhase)
		p.jImm(asm.JNE, r1, 0, pop)
		p.getVar(r1, vI)
		p.charAt(r3, p.slot.tmp2, r1)
		p.jImm(asm.JEq, r3, 0, end)
		p.jImm(asm.JNE, r3, '/', copyCh)
		at := func(k int32) {
			p.mov(r2, r1)
			p.aluImm(asm.Add, r2, k)
			p.charAt(r2, p.slot.tmp2, r2)
		}
		at(1)
		p.jImm(asm.JEq, r2, '/', one)
		p.jImm(asm.JNE, r2, '.', copyCh)
		at(2)
		p.jImm(asm.JEq, r2, '/', two)
		p.jImm(asm.JNE, r2, '.', copyCh)
		at(3)
		p.jImm(asm.JEq, r2, '/', dots)
		p.jImm(asm.JEq, r2, 0, dots)
		p.bind(copyCh)
		p.outChar(r3)
		p.bind(one)
		p.addVar(vI, 1, r1)
		p.again()
		p.bind(two)
		p.addVar(vI, 2, r1)
		p.again()
		p.bind(dots)
		p.setVarImm(vPhase, 1)
		p.again()
		// Drop the last component that was written.
		p.bind(pop)
		p.getVar(r1, vOut)
		p.jImm(asm.JEq, r1, 0, popped)
		p.aluImm(asm.Sub, r1, 1)
		p.setVar(vOut, r1)
		p.charAt(r2, p.slot.tmp, r1)
		p.jImm(asm.JEq, r2, '/', popped)
		p.again()
		p.bind(popped)
		p.setVarImm(vPhase, 0)
		p.addVar(vI, 3, r1)
		p.charAt(r2, p.slot.tmp2, r1)
		more := p.newLabel()
		p.jImm(asm.JNE, r2, 0, more)
		p.outImm('/')
		p.bind(more)
		p.again()
		p.bind(end)
		p.stop()
	})
	c.outEnd()
	c.putSlot(m, c.slot.tmp)
}

// changeCase changes the letters in tmp2.
func (c *clauseGen) changeCase(upper bool, max int) {
	p := c.progGen
	name, from, by := "tolower", int32('A'), int32('a'-'A')
	if upper {
		name, from, by = "toupper", 'a', 'A'-'a'
	}
	c.setVarImm(vI, 0)
	c.loop(name, max, func() {
		next, end := p.newLabel(), p.newLabel()
		p.getVar(r1, vI)
		p.charAt(r3, p.slot.tmp2, r1)
		p.jImm(asm.JEq, r3, 0, end)
		p.mov(r2, r1)
		p.aluImm(asm.Add, r2, 1)
		p.setVar(vI, r2)
		p.mov(r2, r3)
		p.aluImm(asm.Sub, r2, from)
		p.jImm(asm.JGE, r2, 26, next)
		p.aluImm(asm.Add, r3, by)
		p.setChar(p.slot.tmp2, r1, r3)
		p.bind(next)
		p.again()
		p.bind(end)
		p.stop()
	})
}
