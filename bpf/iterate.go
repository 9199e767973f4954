package bpf

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// Loops of D where the kernel has no may_goto: before Linux 6.9 its verifier would
// follow a loop round by round. There a loop's body becomes a function that
// bpf_loop (Linux 5.17) calls, and that the verifier looks at by itself. All that
// a clause with loops has is in the scratch slot; see loops. So the function needs
// no more than the firing block, which has the context and the slot for it. How
// the body was left is a number in the slot (vLeave), on which the code behind the
// call goes on; the verifier does not know it and so follows all of the ways.

// vLeave is the variable of loops that says how a body was left: 0 if it was not.
const vLeave = 12

const (
	leaveFault = 1 + iota
	leaveRet
	leaveTo // and more: to the first, the second ... place outside the loop
)

// The part of the firing block that holds context and slot: that of Space Local,
// which is in the slot if there are loops.
const (
	fbLoopCtx  = fbLocal
	fbLoopSlot = fbLocal + 8
)

// maxCalledLoops bounds how deep loops may nest as functions: the kernel gives a
// chain of calls 8 frames, of which the program, a function of clauses and a
// string operation with its own loop take 4.
const maxCalledLoops = 4

// callLoops reports whether loops are calls of bpf_loop.
func (g *gen) callLoops() bool { return g.cfg.Lacks[FeatMayGoto] && !g.cfg.Lacks[FeatLoop] }

// loopAt returns the pc of the Loop that goes back to a pc, -1 if there is none.
func (c *clauseGen) loopAt(head int) int {
	return slices.IndexFunc(c.c.Code, func(in ir.Instr) bool { return in.Op == ir.Loop && int(in.Target) == head })
}

// iterate emits the loop of the instructions from head to last as a call.
func (c *clauseGen) iterate(head, last int) error {
	if err := c.need(FeatLoop, "a loop"); err != nil {
		return err
	}
	if c.calls == maxCalledLoops {
		return c.lacks(FeatMayGoto, fmt.Sprintf("a loop inside %d others", maxCalledLoops))
	}
	code := c.c.Code
	for pc := head; pc <= last; pc++ {
		bad := code[pc].Op == ir.Fire || code[pc].Op == ir.Mark || code[pc].Op == ir.Speculate
		code[pc].EachMem(func(id ir.MemID, _ ir.MemUse, _ bool) { bad = bad || c.c.Mems[id].Space == ir.Record })
		if bad {
			return c.lacks(FeatMayGoto, "a loop that records")
		}
	}
	b := *c
	b.fb, b.fbOff, b.base = r9, 0, 0
	b.faults, b.calls, b.head, b.last = nil, c.calls+1, head, last
	b.labels = slices.Clone(c.labels)
	b.leave, b.end = c.newLabel(), c.newLabel()
	// Places outside that the body jumps to, and their labels within.
	var out []int
	for pc := head; pc < last; pc++ {
		if t := int(code[pc].Target); code[pc].Op.Branches() && c.flow[pc].reached && (t < head || t > last) && !slices.Contains(out, t) {
			out = append(out, t)
			b.labels[t] = c.newLabel()
		}
	}
	body := c.routine(fmt.Sprintf("loop_%d_%d_%d_%t", c.idx, head, len(c.progGen.pending), c.isError), func() { b.loopBody(out) })

	c.setVarImm(vLeave, 0)
	if !c.isError { // what a fault in the body notes
		c.storeImm(c.fb, c.fbOff+fbErr+4, 0, 4)
		c.storeImm(c.fb, c.fbOff+fbErr+8, 0, 8)
		c.storeImm(c.fb, c.fbOff+fbErr+16, 0, 8)
	}
	c.store(c.fb, c.fbOff+fbLoopCtx, r6, 8)
	c.store(c.fb, c.fbOff+fbLoopSlot, r7, 8)
	c.movImm(r1, code[last].Imm+1)
	c.funcAddr(r2, body)
	c.mov(r3, c.fb)
	c.addImm(r3, int64(c.fbOff))
	c.movImm(r4, 0)
	c.helper(asm.FnLoop)

	c.getVar(r2, vLeave)
	for i, t := range out {
		c.jImm(asm.JEq, r2, int32(leaveTo+i), c.labels[t])
	}
	if slices.ContainsFunc(code[head:last], func(in ir.Instr) bool { return in.Op == ir.Ret }) {
		no := c.newLabel()
		c.jImm(asm.JNE, r2, leaveRet, no)
		c.ret()
		c.bind(no)
	}
	// The body has noted its fault; it has one at least, that of too many rounds.
	l := c.newLabel()
	c.faults = append(c.faults, faultSite{l: l, pc: last, noted: true})
	c.jmp(l)
	return nil
}

// loopBody emits a body: a function of the round's number and the firing block.
func (c *clauseGen) loopBody(out []int) {
	c.mov(r9, r2)
	c.load(r6, r9, fbLoopCtx, 8)
	c.load(r7, r9, fbLoopSlot, 8)
	if err := c.code(c.head, c.last+1); err != nil {
		c.progGen.err = err
		return
	}
	for i, t := range out {
		c.bind(c.labels[t])
		c.setVarImm(vLeave, int64(leaveTo+i))
		c.stop()
	}
	c.bind(c.end)
	c.setVarImm(vLeave, leaveRet)
	c.stop()
	for i := range c.faults {
		s := &c.faults[i]
		c.bind(s.l)
		if !c.isError && !s.noted {
			c.noteFault(s)
		}
		c.jmp(c.leave)
	}
	c.bind(c.leave)
	c.setVarImm(vLeave, leaveFault)
	c.stop()
}

// nextRound ends a round of the loop.
func (c *clauseGen) nextRound(in *ir.Instr) {
	d := c.get(in.Dst, r0)
	c.aluImm(asm.Add, d, 1)
	c.put(in.Dst, d)
	c.movImm(r1, 0)
	c.jImm(asm.JGT, d, int32(in.Imm), c.faultLabel(ir.FaultLoop))
	c.again()
}
