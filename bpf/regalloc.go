package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// place is where a virtual register of a clause lives: in a callee-saved
// register, in the function's stack frame, or in the scratch slot.
type place struct {
	kind placeKind
	reg  asm.Register
	off  int32 // from the frame pointer, or in the slot's spill area
}

type placeKind uint8

const (
	inNowhere placeKind = iota
	inReg
	inStack
	inSlot
)

// interval is the range of pcs where a virtual register is live, as one piece.
// Code goes forward except for Loop, so the piece from the first write to the
// last use is right once it is stretched over every loop that it enters.
type interval struct {
	v          ir.Reg
	start, end int
	uses       int // weighted by loop depth
	counter    bool
}

func intervals(code []ir.Instr, numReg int) []interval {
	iv := make([]interval, numReg)
	depth := make([]uint8, len(code))
	type span struct{ from, to int }
	var loops []span
	for pc := range code {
		if code[pc].Op == ir.Loop {
			loops = append(loops, span{int(code[pc].Target), pc})
			for i := int(code[pc].Target); i <= pc; i++ {
				depth[i] = min(depth[i]+1, 3)
			}
		}
	}
	for i := range iv {
		iv[i] = interval{v: ir.Reg(i), start: -1}
	}
	for pc := range code {
		w := 1 << (3 * depth[pc])
		touch := func(r ir.Reg) {
			v := &iv[r]
			if v.start < 0 {
				v.start = pc
			}
			v.end = pc
			v.uses += w
		}
		code[pc].EachRead(touch)
		if d := code[pc].Written(); d != ir.NoReg {
			touch(d)
		}
		if code[pc].Op == ir.Loop {
			iv[code[pc].Dst].counter = true
		}
	}
	for changed := true; changed; {
		changed = false
		for _, l := range loops {
			for i := range iv {
				v := &iv[i]
				if v.start >= 0 && v.start < l.from && v.end >= l.from && v.end < l.to {
					v.end = l.to
					changed = true
				}
			}
		}
	}
	return iv
}

// allocate places the virtual registers of a clause. regs are the callee-saved
// registers it may use; maxStack is how many bytes of stack it may use, from
// base down. What does not fit goes to the slot's spill area. It returns the
// bytes of stack and spill area used.
func allocate(code []ir.Instr, numReg int, regs []asm.Register, base, maxStack int32) (places []place, stack, spill int32) {
	iv := intervals(code, numReg)
	places = make([]place, numReg)
	// Registers go to the most used ones that do not overlap.
	type taken struct{ v *interval }
	inRegs := make([][]taken, len(regs))
	order := make([]*interval, 0, numReg)
	for i := range iv {
		if iv[i].start >= 0 {
			order = append(order, &iv[i])
		}
	}
	sortIntervals(order, func(a, b *interval) bool {
		// Density: a short busy register is worth more than a long idle one.
		return a.uses*(b.end-b.start+1) > b.uses*(a.end-a.start+1)
	})
	for _, v := range order {
	next:
		for r := range regs {
			for _, t := range inRegs[r] {
				if v.start <= t.v.end && t.v.start <= v.end {
					continue next
				}
			}
			inRegs[r] = append(inRegs[r], taken{v})
			places[v.v] = place{kind: inReg, reg: regs[r]}
			break
		}
	}
	// The rest share stack slots by linear scan; loop counters first, since the
	// verifier follows values only in registers and on the stack.
	sortIntervals(order, func(a, b *interval) bool {
		if a.counter != b.counter {
			return a.counter
		}
		return a.start < b.start
	})
	var slots [][]*interval
	for _, v := range order {
		if places[v.v].kind == inReg {
			continue
		}
		s := 0
	search:
		for ; s < len(slots); s++ {
			for _, o := range slots[s] {
				if v.start <= o.end && o.start <= v.end {
					continue search
				}
			}
			break
		}
		if s == len(slots) {
			slots = append(slots, nil)
		}
		slots[s] = append(slots[s], v)
		if n := int32(s+1) * 8; n <= maxStack {
			places[v.v] = place{kind: inStack, off: base - n}
			stack = max(stack, n)
		} else {
			places[v.v] = place{kind: inSlot, off: n - maxStack - 8}
			spill = max(spill, n-maxStack)
		}
	}
	return places, stack, spill
}

func sortIntervals(v []*interval, less func(a, b *interval) bool) {
	// Insertion sort is stable; clauses have few registers at a time, and long
	// ones are already nearly ordered.
	for i := 1; i < len(v); i++ {
		for j := i; j > 0 && less(v[j], v[j-1]); j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
}
