package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// The signal that stop() sends.
const sigStop = 19

// maxAncestors bounds progenyof()'s way up the tree of processes.
const maxAncestors = 64

// chillMax is the longest chill() in ns, as in DTrace.
const chillMax = 500_000_000

// process emits operations on the current process.
func (c *clauseGen) process(in *ir.Instr) error {
	switch in.Op {
	case ir.Raise, ir.StopProc:
		if err := c.need(FeatSignal, "raise() or stop()"); err != nil {
			return err
		}
		if in.Op == ir.Raise {
			c.fetch(r1, in.A)
		} else {
			c.movImm(r1, sigStop)
		}
		c.helper(asm.FnSendSignal)
		// The kernel refuses to signal idle and exiting tasks and init: nothing that the
		// clause could do about it.
	case ir.Chill:
		if err := c.need(FeatLoop, "chill()"); err != nil {
			return err
		}
		return c.chill(in)
	case ir.CopyOut, ir.CopyOutStr:
		if err := c.need(FeatWriteUser, "copyout() or copyoutstr()"); err != nil {
			return err
		}
		return c.copyOut(in)
	case ir.Panic:
		return c.fail("panic() is not possible: the kernel lets no eBPF program crash it")
	case ir.Breakpoint:
		return c.fail("breakpoint() is not possible: the kernel lets no eBPF program enter its debugger")
	case ir.Return:
		if err := c.need(FeatOverride, "return()"); err != nil {
			return err
		}
		if k := c.hook.Kind; k != Kprobe && k != KprobeMulti {
			return c.fail("return() works at function entries of the kernel only, not at %s", c.hook.Name)
		}
		c.mov(r1, r6)
		c.fetch(r2, in.A)
		c.helper(asm.FnOverrideReturn)
	case ir.ProgenyOf:
		return c.progenyOf(in)
	}
	return nil
}

// chill waits by looking at the clock.
func (c *clauseGen) chill(in *ir.Instr) error {
	short := c.newLabel()
	c.fetch(r1, in.A)
	c.jImm(asm.JLE, r1, chillMax, short)
	c.movImm(r1, chillMax)
	c.bind(short)
	c.store(rFP, c.ownOff(ownTmp), r1, 8)
	c.helper(asm.FnKtimeGetNs)
	c.load(r1, rFP, c.ownOff(ownTmp), 8)
	c.alu(asm.Add, r0, r1)
	c.store(rFP, c.ownOff(ownTmp), r0, 8)
	p := c.progGen
	body := c.routine("chill", func() {
		stop := p.newLabel()
		p.mov(r6, r2)
		p.helper(asm.FnKtimeGetNs)
		p.mov(r1, r0)
		p.load(r2, r6, 0, 8)
		p.movImm(r0, 1)
		p.jReg(asm.JGE, r1, r2, stop)
		p.movImm(r0, 0)
		p.bind(stop)
		p.exit()
	})
	c.movImm(r1, 1<<23)
	c.funcAddr(r2, body)
	c.mov(r3, rFP)
	c.addImm(r3, int64(c.ownOff(ownTmp)))
	c.movImm(r4, 0)
	c.helper(asm.FnLoop)
	return nil
}

// copyOut emits writes to user memory.
func (c *clauseGen) copyOut(in *ir.Instr) error {
	if in.Op == ir.CopyOutStr {
		m := c.mem(in.M)
		none := c.newLabel()
		c.slotAddr(r1, c.slot.tmp)
		c.movImm(r2, int64(m.Size))
		c.addr(r3, m)
		c.helper(asm.FnProbeReadKernelStr)
		c.mov(r3, r0)
		if in.B != ir.NoReg {
			small := c.newLabel()
			c.fetch(r4, in.B)
			c.jReg(asm.JGE, r4, r3, small)
			c.mov(r3, r4)
			c.bind(small)
		}
		c.jImm(asm.JGT, r3, int32(m.Size), none)
		c.jImm(asm.JLT, r3, 1, none) // not JEq: verifiers before Linux 6.8 learn no bound from it
		c.fetch(r1, in.A)
		c.slotAddr(r2, c.slot.tmp)
		c.helper(asm.FnProbeWriteUser)
		c.faultIfError(ir.FaultBadAddr, in.A, 0, false)
		c.bind(none)
		return nil
	}
	// The bytes pass through the temporary area in pieces of its size.
	none := c.newLabel()
	c.fetch(r2, in.B)
	c.movImm(r1, 0)
	c.jImm(asm.JGT, r2, tmpBytes, c.faultLabel(ir.FaultBadSize))
	c.jImm(asm.JLT, r2, 1, none) // as above
	c.fetch(r3, in.A)
	c.translate(0, r2, true)
	c.store(rFP, c.ownOff(ownTmp), r2, 8)
	c.slotAddr(r1, c.slot.tmp)
	c.helper(asm.FnProbeReadKernel)
	c.faultIfError(ir.FaultBadAddr, in.A, 0, false)
	c.load(r3, rFP, c.ownOff(ownTmp), 8)
	c.fetch(r1, in.C)
	c.slotAddr(r2, c.slot.tmp)
	c.helper(asm.FnProbeWriteUser)
	c.faultIfError(ir.FaultBadAddr, in.C, 0, false)
	c.bind(none)
	return nil
}

// tmpBytes is how much the temporary area holds at least.
const tmpBytes = 1024

// progenyOf walks up from the current process.
func (c *clauseGen) progenyOf(in *ir.Instr) error {
	parent, _, err := c.offset("task_struct", "real_parent")
	if err != nil {
		return err
	}
	tgid, _, err := c.offset("task_struct", "tgid")
	if err != nil {
		return err
	}
	loop, yes, no := c.newLabel(), c.newLabel(), c.newLabel()
	c.helper(asm.FnGetCurrentTaskBtf)
	c.mov(r1, r0)
	c.fetch(r2, in.A)
	c.movImm(r3, 0)
	c.bind(loop)
	c.load(r4, r1, int32(tgid), 4)
	c.movImm(r0, 1)
	c.jReg(asm.JEq, r4, r2, yes)
	c.movImm(r0, 0)
	c.jImm(asm.JEq, r4, 0, no) // the idle task is its own parent
	c.load(r1, r1, int32(parent), 8)
	c.aluImm(asm.Add, r3, 1)
	c.jImm(asm.JLT, r3, maxAncestors, loop)
	c.bind(no)
	c.bind(yes)
	c.put(in.Dst, r0)
	return nil
}
