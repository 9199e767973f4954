package bpf

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// mapTail is a program array without programs; see noPrivateStack.
const mapTail = "tail"

// noPrivateStack emits a tail call that is never made. Without it loops of more
// than 65,535 rounds end early on Linux 6.18, x86, depending on the size of the
// program's stack. The likely reason: since Linux 6.13 programs of some size have a
// stack of their own for each CPU, but timed may_goto (6.15) seeks its counter on
// the kernel's stack in any case. A program that can make a tail call gets no stack
// of its own.
func (p *progGen) noPrivateStack() {
	p.usesTail = true
	skip := p.newLabel()
	p.mapValue(r1, MapControl, CtlChill) // always 0
	p.load(r1, r1, 0, 8)
	p.jImm(asm.JEq, r1, 0, skip)
	p.mov(r1, r6)
	p.mapPtr(r2, mapTail)
	p.movImm(r3, 0)
	p.helper(asm.FnTailCall)
	p.bind(skip)
}

// tailMap adds the array of noPrivateStack.
func (g *gen) tailMap(m map[string]*ebpf.MapSpec) {
	if g.usesTail {
		m[mapTail] = &ebpf.MapSpec{Name: "gt_tail", Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	}
}
