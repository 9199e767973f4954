package bpf

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// vtimestamp is the time that a thread has spent on CPUs. The kernel brings
// task_struct.se.sum_exec_runtime up to date at context switches and timer ticks
// only, so that it stands still for milliseconds. Programs that ask for
// vtimestamp get a program at each context switch beside them, which notes in the
// CPU's block when the thread got the CPU and what its time was then; vtimestamp
// adds what has passed since. Interrupts count as the thread's time.

// usesVTime reports whether any clause reads vtimestamp.
func usesVTime(p *ir.Program) bool {
	for _, c := range p.Clauses {
		for i := range c.Code {
			if c.Code[i].Op == ir.BuiltinI && ir.Builtin(c.Code[i].Sub) == ir.BVTimestamp {
				return true
			}
		}
	}
	return false
}

// switchProgram makes the program for the raw tracepoint sched_switch (preempt,
// previous task, next task).
func (g *gen) switchProgram() (*Program, error) {
	if g.cfg.Offset == nil {
		return nil, &Error{Clause: -1, PC: -1, Msg: "vtimestamp: the layout of struct task_struct is not known: this kernel has no BTF"}
	}
	off, _, err := g.cfg.Offset("task_struct", "se.sum_exec_runtime")
	if err != nil {
		return nil, &Error{Clause: -1, PC: -1, Msg: fmt.Sprintf("vtimestamp: struct task_struct of this kernel: %v", err)}
	}
	const (
		r6, r7, r8 = asm.R6, asm.R7, asm.R8
		sum        = -8
	)
	ins := asm.Instructions{
		asm.LoadMem(r6, asm.R1, 16, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, sum),
		asm.Mov.Imm(asm.R2, 8),
		asm.Mov.Reg(asm.R3, r6),
		asm.Add.Imm(asm.R3, int32(off)),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, "out"),
		asm.FnKtimeGetNs.Call(),
		asm.Mov.Reg(r7, asm.R0),
		asm.FnGetSmpProcessorId.Call(),
		asm.And.Imm(asm.R0, g.cpuMask),
		asm.Mul.Imm(asm.R0, int32(g.obj.Layout.CPUStride)),
		asm.LoadMapValue(r8, 0, g.obj.Layout.CPUBase).WithReference(MapControl),
		asm.Add.Reg(r8, asm.R0),
		// A firing that interrupts between these sees no task.
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(r8, cpuTask, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.RFP, sum, asm.DWord),
		asm.StoreMem(r8, cpuSum, asm.R1, asm.DWord),
		asm.StoreMem(r8, cpuSince, r7, asm.DWord),
		asm.StoreMem(r8, cpuTask, r6, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}
	return &Program{Name: "switch", Hook: -1, Spec: &ebpf.ProgramSpec{
		Name: "gt_switch", Type: ebpf.RawTracepoint, Instructions: ins, License: "GPL",
	}}, nil
}

// vtimestamp emits BVTimestamp.
func (c *clauseGen) vtimestamp(in *ir.Instr) error {
	off, _, err := c.offset("task_struct", "se.sum_exec_runtime")
	if err != nil {
		return err
	}
	c.timestamp(r0)
	c.block(r1)
	c.helper(asm.FnGetCurrentTask)
	stale, done := c.newLabel(), c.newLabel()
	c.load(r1, rFP, c.ownOff(ownBlock), 8)
	c.load(r2, r1, cpuTask, 8)
	c.jReg(asm.JNE, r2, r0, stale)
	c.load(r0, c.fb, c.fbOff+fbTime, 8)
	c.load(r2, r1, cpuSince, 8)
	c.alu(asm.Sub, r0, r2)
	c.load(r2, r1, cpuSum, 8)
	c.alu(asm.Add, r0, r2)
	c.jmp(done)
	c.bind(stale)
	c.helper(asm.FnGetCurrentTaskBtf)
	c.load(r0, r0, int32(off), 8)
	c.bind(done)
	c.put(in.Dst, r0)
	return nil
}
