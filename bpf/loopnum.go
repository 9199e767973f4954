package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// base puts the base of a conversion, [B|Imm], into vY and jumps to bad if there
// is none such.
func (c *clauseGen) numberBase(in *ir.Instr, bad label) {
	if in.B != ir.NoReg {
		c.fetch(r1, in.B)
	} else {
		c.movImm(r1, in.Imm)
	}
	c.setVar(vY, r1)
	c.jImm(asm.JLT, r1, 2, bad)
	c.jImm(asm.JGT, r1, 36, bad)
}

// digit turns the character in r into its value as a digit, 99 if it is none. It
// clobbers t.
func (p *progGen) digit(r, t asm.Register) {
	none, lower, done := p.newLabel(), p.newLabel(), p.newLabel()
	p.mov(t, r)
	p.aluImm(asm.Sub, t, '0')
	p.jImm(asm.JLT, t, 10, done)
	p.mov(t, r)
	p.aluImm(asm.Or, t, 0x20)
	p.aluImm(asm.Sub, t, 'a')
	p.jImm(asm.JGE, t, 26, none)
	// Or with 0x20 makes letters of other characters as well: look at the original.
	p.mov(t, r)
	p.aluImm(asm.Sub, t, 'a'-10)
	p.jImm(asm.JGE, r, 'a', lower)
	p.mov(t, r)
	p.aluImm(asm.Sub, t, 'A'-10)
	p.bind(lower)
	p.jmp(done)
	p.bind(none)
	p.movImm(t, 99)
	p.bind(done)
	p.mov(r, t)
}

// strToLL: blanks, a sign, 0x in base 16, digits.
func (c *clauseGen) strToLL(in *ir.Instr, max int) {
	p := c.progGen
	bad, done := c.newLabel(), c.newLabel()
	c.numberBase(in, bad)
	c.operand(c.slot.tmp2, c.mem(in.M), vLenA)
	for _, v := range []int{vI, vRes, vPhase, vX} {
		c.setVarImm(v, 0)
	}
	const (
		blanks = iota
		prefix
		digits
	)
	c.loop("strtoll", max+2, func() {
		inPrefix, inDigits, sign, minus, noBlank, end, toDigits := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
		next := p.newLabel()
		p.getVar(r1, vI)
		p.charAt(r2, p.slot.tmp2, r1)
		p.getVar(r3, vPhase)
		p.jImm(asm.JEq, r3, prefix, inPrefix)
		p.jImm(asm.JEq, r3, digits, inDigits)
		p.jImm(asm.JEq, r2, ' ', next)
		p.jImm(asm.JEq, r2, '\t', next)
		p.jImm(asm.JEq, r2, '-', minus)
		p.jImm(asm.JEq, r2, '+', sign)
		p.jmp(noBlank)
		p.bind(minus)
		p.setVarImm(vX, 1)
		p.bind(sign)
		p.aluImm(asm.Add, r1, 1)
		p.setVar(vI, r1)
		p.bind(noBlank)
		p.setVarImm(vPhase, prefix)
		p.again()
		p.bind(inPrefix)
		p.setVarImm(vPhase, digits)
		p.getVar(r3, vY)
		p.jImm(asm.JNE, r3, 16, toDigits)
		p.jImm(asm.JNE, r2, '0', toDigits)
		p.mov(r3, r1)
		p.aluImm(asm.Add, r3, 1)
		p.charAt(r3, p.slot.tmp2, r3)
		p.aluImm(asm.Or, r3, 0x20)
		p.jImm(asm.JNE, r3, 'x', toDigits)
		p.mov(r3, r1)
		p.aluImm(asm.Add, r3, 2)
		p.charAt(r3, p.slot.tmp2, r3)
		p.digit(r3, r4)
		p.jImm(asm.JGE, r3, 16, toDigits)
		p.aluImm(asm.Add, r1, 2)
		p.setVar(vI, r1)
		p.bind(toDigits)
		p.again()
		p.bind(inDigits)
		p.digit(r2, r4)
		p.getVar(r3, vY)
		p.jReg(asm.JGE, r2, r3, end)
		p.getVar(r4, vRes)
		p.alu(asm.Mul, r4, r3)
		p.alu(asm.Add, r4, r2)
		p.setVar(vRes, r4)
		p.bind(next)
		p.aluImm(asm.Add, r1, 1)
		p.setVar(vI, r1)
		p.again()
		p.bind(end)
		p.stop()
	})
	c.getVar(r0, vRes)
	c.getVar(r1, vX)
	c.jImm(asm.JEq, r1, 0, done)
	c.emit(asm.Neg.Imm(r0, 0))
	c.jmp(done)
	c.bind(bad)
	c.movImm(r0, 0)
	c.bind(done)
	c.put(in.Dst, r0)
}

// llToStr makes M the text of a number. Digits are made from the last on, at
// the end of a region of tmp.
func (c *clauseGen) llToStr(in *ir.Instr) {
	p := c.progGen
	m := c.mem(in.M)
	const end = 80 // position behind the last digit
	bad, done := c.newLabel(), c.newLabel()
	positive := c.newLabel()
	c.numberBase(in, bad)
	c.fetch(r1, in.A)
	c.setVarImm(vX, 0)
	c.setVar(vRes, r1)
	c.getVar(r2, vY)
	c.jImm(asm.JNE, r2, 10, positive)
	c.jImm(asm.JSGE, r1, 0, positive)
	c.setVarImm(vX, 1)
	c.emit(asm.Neg.Imm(r1, 0))
	c.setVar(vRes, r1)
	c.bind(positive)
	c.setVarImm(vOut, end)
	c.storeImm(r7, int32(c.slot.vars)+8*vZ, 0, 8)
	c.slotAddr(r1, c.slot.tmp+end)
	c.storeImm(r1, 0, 0, 1)
	c.loop("lltostr", 64, func() {
		stop := p.newLabel()
		p.getVar(r1, vRes)
		p.jImm(asm.JEq, r1, 0, stop)
		p.getVar(r2, vY)
		p.mov(r3, r1)
		p.alu(asm.Mod, r3, r2)
		p.alu(asm.Div, r1, r2)
		p.setVar(vRes, r1)
		letter := p.newLabel()
		p.mov(r4, r3)
		p.aluImm(asm.Add, r3, '0')
		p.jImm(asm.JLT, r4, 10, letter)
		p.aluImm(asm.Add, r3, 'a'-10-'0')
		p.bind(letter)
		p.prepend(r3)
		p.again()
		p.bind(stop)
		p.stop()
	})
	minus, hex, octal, zero, out := c.newLabel(), c.newLabel(), c.newLabel(), c.newLabel(), c.newLabel()
	c.getVar(r1, vX)
	c.jImm(asm.JNE, r1, 0, minus)
	c.getVar(r1, vY)
	c.getVar(r2, vOut)
	c.jImm(asm.JEq, r1, 16, hex)
	c.jImm(asm.JEq, r1, 8, octal)
	c.jImm(asm.JEq, r2, end, octal)
	c.jmp(out)
	c.bind(minus)
	c.movImm(r3, '-')
	c.prepend(r3)
	c.jmp(out)
	c.bind(hex)
	c.jImm(asm.JNE, r2, end, zero)
	c.movImm(r3, '0')
	c.prepend(r3)
	c.bind(zero)
	c.movImm(r3, 'x')
	c.prepend(r3)
	c.bind(octal)
	c.movImm(r3, '0')
	c.prepend(r3)
	c.bind(out)
	c.getVar(r4, vOut)
	c.aluImm(asm.And, r4, 127)
	c.slotAddr(r3, c.slot.tmp)
	c.alu(asm.Add, r3, r4)
	c.putString(m, false)
	c.jmp(done)
	c.bind(bad)
	c.emptyString(m)
	c.bind(done)
}

// prepend puts byte s before the text in tmp that begins at vOut, using r4.
func (p *progGen) prepend(s asm.Register) {
	p.getVar(r4, vOut)
	p.aluImm(asm.Sub, r4, 1)
	p.setVar(vOut, r4)
	p.aluImm(asm.And, r4, 127)
	p.alu(asm.Add, r4, r7)
	p.addImm(r4, int64(p.slot.tmp))
	p.store(r4, 0, s, 1)
}

// Address families and hardware types.
const (
	afINET         = 2
	afINET6        = 10
	afINET6Windows = 23
	arphrdEther    = 1
	arphrdIB       = 32
)

// netAddress emits inet_ntop, inet_ntoa and link_ntop. The address is read to
// the beginning of tmp2 and the text made in tmp.
func (c *clauseGen) netAddress(in *ir.Instr) error {
	m := c.mem(in.M)
	addr := in.B
	if in.Op == ir.InetNtoa {
		addr = in.A
	}
	read := func(n int64) {
		c.address(r3, addr, 0)
		c.translate(n, 0, false)
		c.slotAddr(r1, c.slot.tmp2)
		c.movImm(r2, n)
		c.helper(asm.FnProbeReadKernel)
		c.faultIfError(ir.FaultBadAddr, addr, 0, false)
		c.setVarImm(vOut, 0)
	}
	text := c.newLabel()
	variant := func(values []int32, n int64, name string, body func()) {
		next, this := c.newLabel(), c.newLabel()
		if values != nil {
			c.fetch(r1, in.A)
			for _, v := range values {
				c.jImm(asm.JEq, r1, v, this)
			}
			c.jmp(next)
			c.bind(this)
		}
		read(n)
		c.mov(r1, r7)
		c.call(c.routine(name, func() {
			c.progGen.mov(r7, r1)
			body()
			c.progGen.outEnd()
			c.progGen.again()
		}))
		c.jmp(text)
		c.bind(next)
	}
	p := c.progGen
	switch in.Op {
	case ir.InetNtoa:
		variant(nil, 4, "ipv4", func() { p.ipv4(0) })
	case ir.InetNtop:
		variant([]int32{afINET}, 4, "ipv4", func() { p.ipv4(0) })
		variant([]int32{afINET6, afINET6Windows}, 16, "ipv6", p.ipv6)
	default:
		variant([]int32{arphrdEther}, 6, "link6", func() { p.link(6) })
		variant([]int32{arphrdIB}, 20, "link20", func() { p.link(20) })
	}
	if in.Op != ir.InetNtoa {
		c.movImm(r1, 0)
		c.jmp(c.faultLabel(ir.FaultIllOp))
	}
	c.bind(text)
	c.putSlot(m, c.slot.tmp)
	return nil
}

// addrByte loads byte i of the address.
func (p *progGen) addrByte(d asm.Register, i int) { p.load(d, r7, int32(p.slot.tmp2)+int32(i), 1) }

func (p *progGen) outText(s string) {
	for i := range len(s) {
		p.outImm(s[i])
	}
}

// ipv4 writes the dotted form of four bytes of the address.
func (p *progGen) ipv4(at int) {
	for i := range 4 {
		if i > 0 {
			p.outImm('.')
		}
		tens, units := p.newLabel(), p.newLabel()
		digit := func(div int32) {
			p.addrByte(r3, at+i)
			if div > 1 {
				p.aluImm(asm.Div, r3, div)
			}
			p.aluImm(asm.Mod, r3, 10)
			p.aluImm(asm.Add, r3, '0')
			p.outChar(r3)
		}
		p.addrByte(r1, at+i)
		p.jImm(asm.JLT, r1, 10, units)
		p.jImm(asm.JLT, r1, 100, tens)
		digit(100)
		p.bind(tens)
		digit(10)
		p.bind(units)
		digit(1)
	}
}

// hexDigit writes the digit in r3.
func (p *progGen) hexDigit() {
	letter := p.newLabel()
	p.mov(r2, r3)
	p.aluImm(asm.Add, r3, '0')
	p.jImm(asm.JLT, r2, 10, letter)
	p.aluImm(asm.Add, r3, 'a'-10-'0')
	p.bind(letter)
	p.outChar(r3)
}

// link writes pairs of digits.
func (p *progGen) link(n int) {
	for i := range n {
		if i > 0 {
			p.outImm(':')
		}
		p.addrByte(r3, i)
		p.aluImm(asm.RSh, r3, 4)
		p.hexDigit()
		p.addrByte(r3, i)
		p.aluImm(asm.And, r3, 15)
		p.hexDigit()
	}
}

// ipv6 writes 16 bytes in the form that package vm describes. vX is the first
// group of the longest run of zeros, vY its length; vZ counts the groups of zero
// at the beginning.
func (p *progGen) ipv6() {
	group := func(d asm.Register, i int) {
		p.load(d, r7, int32(p.slot.tmp2)+int32(2*i), 2)
		p.emit(asm.HostTo(asm.BE, d, asm.Half))
	}
	p.setVarImm(vX, -1)
	p.setVarImm(vY, 0)
	p.setVarImm(vZ, 0)
	p.setVarImm(vJ, 0) // zeros up to here
	p.setVarImm(vI, 0) // 1 after the first other group
	for i := range 8 {
		other, done, first := p.newLabel(), p.newLabel(), p.newLabel()
		group(r1, i)
		p.jImm(asm.JNE, r1, 0, other)
		p.addVar(vJ, 1, r2)
		p.getVar(r3, vI)
		p.jImm(asm.JNE, r3, 0, first)
		p.addVar(vZ, 1, r4)
		p.bind(first)
		p.getVar(r3, vY)
		p.jReg(asm.JLE, r2, r3, done)
		p.setVar(vY, r2)
		p.movImm(r3, int64(i+1))
		p.alu(asm.Sub, r3, r2)
		p.setVar(vX, r3)
		p.jmp(done)
		p.bind(other)
		p.setVarImm(vJ, 0)
		p.setVarImm(vI, 1)
		p.bind(done)
	}
	plain, compat, mapped, out := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
	six := p.newLabel()
	p.getVar(r1, vZ)
	group(r2, 5)
	p.jImm(asm.JNE, r1, 5, six)
	p.jImm(asm.JEq, r2, 0xffff, mapped)
	p.jmp(plain)
	p.bind(six)
	p.jImm(asm.JEq, r1, 6, compat)
	p.jImm(asm.JNE, r1, 7, plain)
	group(r2, 7)
	p.jImm(asm.JGT, r2, 1, compat)
	p.bind(plain)
	for i := range 8 {
		next, colon, digits := p.newLabel(), p.newLabel(), p.newLabel()
		// Inside the run of zeros only its first group writes.
		p.movImm(r1, int64(i))
		p.getVar(r2, vX)
		p.getVar(r3, vY)
		outside := p.newLabel()
		p.jImm(asm.JSLT, r2, 0, outside)
		p.alu(asm.Add, r3, r2) // behind the run
		p.jReg(asm.JSLT, r1, r2, outside)
		p.jReg(asm.JSGE, r1, r3, colon)
		p.jReg(asm.JNE, r1, r2, next)
		p.outText("::")
		p.jmp(next)
		p.bind(colon)
		p.jReg(asm.JEq, r1, r3, digits) // right behind the run
		p.bind(outside)
		if i > 0 {
			p.outImm(':')
		}
		p.bind(digits)
		for sh := int32(12); sh >= 0; sh -= 4 {
			skip := p.newLabel()
			group(r3, i)
			p.aluImm(asm.RSh, r3, sh)
			if sh > 0 {
				p.jImm(asm.JEq, r3, 0, skip)
			}
			p.aluImm(asm.And, r3, 15)
			p.hexDigit()
			p.bind(skip)
		}
		p.bind(next)
	}
	p.jmp(out)
	p.bind(mapped)
	p.outText("::ffff:")
	p.ipv4(12)
	p.jmp(out)
	p.bind(compat)
	p.outText("::")
	p.ipv4(12)
	p.bind(out)
}
