package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// failUnless jumps to a fault of in, whose value is the address A+Imm, unless
// the helper just called returned 0 (or, with atLeast0, no negative number).
func (c *clauseGen) faultIfError(f ir.Fault, addr ir.Reg, imm int64, negative bool) {
	ok := c.newLabel()
	if negative {
		c.jImm(asm.JSGE, r0, 0, ok)
	} else {
		c.jImm(asm.JEq, r0, 0, ok)
	}
	c.address(r1, addr, imm)
	c.jmp(c.faultLabel(f))
	c.bind(ok)
}

// address puts A+Imm into d.
func (c *clauseGen) address(d asm.Register, a ir.Reg, imm int64) {
	c.fetch(d, a)
	if imm == int64(int32(imm)) {
		c.addImm(d, imm)
		return
	}
	t := r5
	if d == r5 {
		t = r4
	}
	c.movImm(t, imm)
	c.alu(asm.Add, d, t)
}

// translate turns a scratch address in r3 into where it is in the slot, and
// leaves others alone; n bytes (or as many as sizeReg says) must be in use there.
// It clobbers r0, r1, r4 and r5; the fault's value is the address.
func (c *clauseGen) translate(n int64, sizeReg asm.Register, sized bool) {
	if !c.heap {
		return
	}
	foreign := c.newLabel()
	c.mov(r1, r3)
	c.mov(r4, r3)
	c.movImm(r5, int64(ir.ScratchBase))
	c.alu(asm.Sub, r4, r5)
	c.jImm(asm.JGE, r4, int32(ir.ScratchMax), foreign)
	c.load(r5, r7, int32(c.slot.heapTop), 8)
	bad := c.faultLabel(ir.FaultBadAddr)
	c.jReg(asm.JGT, r4, r5, bad)
	c.alu(asm.Sub, r5, r4)
	if sized {
		c.jReg(asm.JGT, sizeReg, r5, bad)
	} else {
		c.movImm(r0, n)
		c.jReg(asm.JGT, r0, r5, bad)
	}
	c.slotAddr(r3, c.slot.heap)
	c.alu(asm.Add, r3, r4)
	c.bind(foreign)
}

// slotAddr puts the address of an offset of the scratch slot into d.
func (c *clauseGen) slotAddr(d asm.Register, off uint32) {
	c.mov(d, r7)
	c.addImm(d, int64(off))
}

// heapOffset turns the scratch address in r into an offset bounded for the kernel's
// verifier, with the size in size (kept, bounded, too); value of a fault: the address. It
// clobbers r1 and r5.
func (c *clauseGen) heapOffset(r, size asm.Register) {
	bad := c.faultLabel(ir.FaultBadAddr)
	c.mov(r1, r)
	c.movImm(r5, int64(ir.ScratchBase))
	c.alu(asm.Sub, r, r5)
	c.jImm(asm.JGT, r, int32(c.cfg.ScratchSize), bad)
	c.jImm(asm.JGT, size, int32(c.cfg.ScratchSize), bad)
	c.load(r5, r7, int32(c.slot.heapTop), 8)
	c.jReg(asm.JGT, r, r5, bad)
	c.alu(asm.Sub, r5, r)
	c.jReg(asm.JGT, size, r5, bad)
}

func readHelper(user, str bool) asm.BuiltinFunc {
	switch {
	case user && str:
		return asm.FnProbeReadUserStr
	case user:
		return asm.FnProbeReadUser
	case str:
		return asm.FnProbeReadKernelStr
	}
	return asm.FnProbeReadKernel
}

// foreign emits accesses to kernel, user and scratch memory.
func (c *clauseGen) foreign(in *ir.Instr) error {
	user := in.Op == ir.LdU || in.Op == ir.MemU || in.Op == ir.StrU
	switch in.Op {
	case ir.LdK, ir.LdU:
		c.address(r3, in.A, in.Imm)
		if !user {
			c.translate(int64(in.Size), 0, false)
		}
		c.mov(r1, rFP)
		c.addImm(r1, int64(c.ownOff(ownTmp)))
		c.movImm(r2, int64(in.Size))
		c.helper(readHelper(user, false))
		c.faultIfError(ir.FaultBadAddr, in.A, in.Imm, false)
		d := c.dst(in.Dst, r0)
		c.load(d, rFP, c.ownOff(ownTmp), in.Size)
		if in.Signed {
			c.extend(d, in.Size, true)
		}
		c.put(in.Dst, d)
	case ir.MemK, ir.MemU:
		m := c.mem(in.M)
		c.address(r3, in.A, in.Imm)
		if !user {
			c.translate(int64(m.Size), 0, false)
		}
		c.addr(r1, m)
		c.movImm(r2, int64(m.Size))
		c.helper(readHelper(user, false))
		c.faultIfError(ir.FaultBadAddr, in.A, in.Imm, false)
	case ir.MemKN:
		m := c.mem(in.M)
		b, off := c.at(m, r1)
		c.zero(b, off, m.Size, c.onStack(m))
		c.fetch(r2, in.B)
		small := c.newLabel()
		c.jImm(asm.JLE, r2, int32(m.Size), small)
		c.movImm(r2, int64(m.Size))
		c.bind(small)
		none := c.newLabel()
		c.jImm(asm.JEq, r2, 0, none)
		c.address(r3, in.A, 0)
		c.translate(0, r2, true)
		c.addr(r1, m)
		c.helper(asm.FnProbeReadKernel)
		c.faultIfError(ir.FaultBadAddr, in.A, 0, false)
		c.bind(none)
	case ir.StrK, ir.StrU:
		m := c.mem(in.M)
		empty, done := c.newLabel(), c.newLabel()
		c.movImm(r2, int64(m.Size))
		if user && in.B != ir.NoReg {
			full := c.newLabel()
			c.fetch(r4, in.B)
			c.jImm(asm.JEq, r4, 0, empty)
			c.jImm(asm.JGE, r4, int32(m.Size)-1, full)
			c.mov(r2, r4)
			c.aluImm(asm.Add, r2, 1)
			c.bind(full)
		}
		c.address(r3, in.A, 0)
		if !user {
			c.translate(1, 0, false)
		}
		c.addr(r1, m)
		c.helper(readHelper(user, true))
		c.faultIfError(ir.FaultBadAddr, in.A, 0, true)
		c.jImm(asm.JSGT, r0, 1, done)
		c.bind(empty)
		c.emptyString(m)
		c.bind(done)
	case ir.StP:
		if !c.heap {
			c.address(r1, in.A, in.Imm)
			c.jmp(c.faultLabel(ir.FaultBadAddr))
			return nil
		}
		c.address(r3, in.A, in.Imm)
		c.movImm(r2, int64(in.Size))
		c.heapOffset(r3, r2)
		c.slotAddr(r1, c.slot.heap)
		c.alu(asm.Add, r1, r3)
		c.store(r1, 0, c.get(in.B, r2), in.Size)
	}
	return nil
}

// emptyString makes m the empty string, two bytes of zero so that what was
// there cannot make it NULL.
func (c *clauseGen) emptyString(m ir.Mem) {
	b, off := c.at(m, r1)
	c.storeImm(b, off, 0, 1)
	c.storeImm(b, off+1, 0, 1)
}

// alloc makes room for the number of bytes in r2 of scratch memory: r4 is its
// offset, r2 is bounded. It clobbers r1, r3 and r5.
func (c *clauseGen) alloc() {
	bad := c.faultLabel(ir.FaultNoScratch)
	c.movImm(r1, 0)
	c.load(r4, r7, int32(c.slot.heapTop), 8)
	c.aluImm(asm.Add, r4, 7)
	c.aluImm(asm.And, r4, -8)
	c.jImm(asm.JGT, r4, int32(c.cfg.ScratchSize), bad)
	c.movImm(r5, int64(c.cfg.ScratchSize))
	c.jImm(asm.JGT, r2, int32(c.cfg.ScratchSize), bad)
	c.alu(asm.Sub, r5, r4)
	c.jReg(asm.JGT, r2, r5, bad)
	c.mov(r3, r4)
	c.alu(asm.Add, r3, r2)
	c.store(r7, int32(c.slot.heapTop), r3, 8)
}

// scratch emits allocations of and copies to scratch memory.
func (c *clauseGen) scratch(in *ir.Instr) error {
	if !c.heap { // copyinto and bcopy have nowhere to copy to
		c.address(r1, in.C, 0)
		c.jmp(c.faultLabel(ir.FaultBadAddr))
		return nil
	}
	heapAddr := func() { // r1 = address of heap offset r4
		c.slotAddr(r1, c.slot.heap)
		c.alu(asm.Add, r1, r4)
	}
	result := func() { // Dst = scratch address of the offset kept in ownTmp2
		c.load(r0, rFP, c.ownOff(ownTmp2), 8)
		c.movImm(r1, int64(ir.ScratchBase))
		c.alu(asm.Add, r0, r1)
		c.put(in.Dst, r0)
	}
	switch in.Op {
	case ir.Alloca, ir.CopyIn:
		if in.Op == ir.Alloca {
			c.fetch(r2, in.A)
		} else {
			c.fetch(r2, in.B)
		}
		c.alloc()
		c.store(rFP, c.ownOff(ownTmp2), r4, 8)
		heapAddr()
		if in.Op == ir.Alloca {
			c.mapValue(r3, MapConst, c.zeros)
			c.helper(asm.FnProbeReadKernel)
		} else {
			c.fetch(r3, in.A)
			c.helper(asm.FnProbeReadUser)
			c.faultIfError(ir.FaultBadAddr, in.A, 0, false)
		}
		result()
	case ir.CopyInTo, ir.Bcopy:
		c.fetch(r4, in.C)
		c.fetch(r2, in.B)
		c.heapOffset(r4, r2)
		c.fetch(r3, in.A)
		none := c.newLabel()
		c.jImm(asm.JEq, r2, 0, none)
		if in.Op == ir.Bcopy {
			c.store(rFP, c.ownOff(ownTmp), r4, 8)
			c.translate(0, r2, true)
			c.load(r4, rFP, c.ownOff(ownTmp), 8)
		}
		heapAddr()
		if in.Op == ir.Bcopy {
			c.helper(asm.FnProbeReadKernel)
		} else {
			c.helper(asm.FnProbeReadUser)
		}
		c.faultIfError(ir.FaultBadAddr, in.A, 0, false)
		c.bind(none)
	case ir.StrPtr:
		m := c.mem(in.M)
		c.movImm(r2, 1)
		c.alloc()
		c.store(rFP, c.ownOff(ownTmp2), r4, 8)
		c.addr(r3, m)
		heapAddr()
		c.movImm(r2, int64(m.Size))
		c.helper(asm.FnProbeReadKernelStr)
		c.load(r4, rFP, c.ownOff(ownTmp2), 8)
		c.alu(asm.Add, r4, r0)
		c.movImm(r1, 0)
		c.jImm(asm.JGT, r4, int32(c.cfg.ScratchSize), c.faultLabel(ir.FaultNoScratch))
		c.store(r7, int32(c.slot.heapTop), r4, 8)
		result()
	}
	return nil
}

// stack emits Stack and UStack.
func (c *clauseGen) stack(in *ir.Instr) error {
	m := c.mem(in.M)
	n, at := int64(m.Size), m
	flags := (in.Imm + int64(c.hook.SkipFrames)) & 0xff
	if in.Op == ir.UStack {
		flags = in.Imm&0xff | bpfUserStack
		c.pidOf(r0)
		b, off := c.at(m, r1)
		c.store(b, off, r0, 8)
		n -= 8
		at.Off += 8
		at.Size -= 8
	}
	if n &^= 7; n <= 0 {
		return nil
	}
	c.mov(r1, r6)
	c.addr(r2, at)
	c.movImm(r3, n)
	c.movImm(r4, flags)
	c.helper(asm.FnGetStack) // fills the rest with zeros, all if it fails
	return nil
}

// pidOf puts the process id into d.
func (c *clauseGen) pidOf(d asm.Register) {
	c.helper(asm.FnGetCurrentPidTgid)
	c.aluImm(asm.RSh, r0, 32)
	c.mov(d, r0)
}
