package bpf

import (
	"math/bits"
	"slices"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// items are values that a firing fetches at most once: a set of them.
type items uint8

const (
	itemTime  items = 1 << iota // the clock
	itemPID                     // process and thread id
	itemBlock                   // address of this CPU's part of MapControl
	itemTLS                     // address of the thread's variables, or 0
	itemOrder                   // place in the order of firings (Config.Sequence)
)

// shared items are kept across the clauses of a firing, the others only within
// a clause: their addresses would make the kernel's verifier follow a path each
// for "present" and "absent" through all later clauses.
const sharedItems = itemTime | itemPID | itemOrder

// flow is what is known before an instruction.
type flow struct {
	must, may items // fetched on all paths, on some path
	fired     bool
	reached   bool
}

// orderItem is what puts records in order.
func (g *gen) orderItem() items {
	if g.cfg.Sequence {
		return itemOrder
	}
	return itemTime
}

// needs returns the items that an instruction uses.
func (g *gen) needs(c *ir.Clause, in *ir.Instr, fired bool) (s items) {
	switch in.Op {
	case ir.Fire:
		s = g.orderItem() | itemBlock
	case ir.Ret:
		if fired {
			s = itemBlock
		}
	case ir.BuiltinI:
		switch ir.Builtin(in.Sub) {
		case ir.BTimestamp, ir.BWallTimestamp:
			s = itemTime
		case ir.BVTimestamp:
			s = itemTime | itemBlock
		case ir.BPID, ir.BTID:
			s = itemPID
		}
	case ir.Aggregate:
		if _, ids := g.idRange(int(in.Imm)); ids > 0 || g.prog.Aggs[in.Imm].KeySize == 0 {
			s = itemBlock
		}
	case ir.Ld, ir.St, ir.Copy, ir.StrCopy:
		in.EachMem(func(id ir.MemID, _ ir.MemUse, _ bool) {
			if c.Mems[id].Space == ir.TLS {
				s |= itemTLS
			}
		})
	}
	return s
}

// flows follows a clause from its start, where may holds what earlier clauses
// may have fetched. Availability only grows along a path, so one pass suffices;
// a loop's head may find fetched what the loop's body fetches.
// In compact code records are reserved and committed by functions that find the
// CPU's block themselves.
// Loops that the verifier does not follow to their end fetch the thread's
// variables at each use; see loops.
func (g *gen) flows(c *ir.Clause, must, may items, compact bool) []flow {
	loops := g.loops(c)
	needs := func(in *ir.Instr, fired bool) items {
		n := g.needs(c, in, fired)
		if loops {
			n &^= itemTLS
			if g.callLoops() { // nor is the stack of the loops' functions shared
				n &^= itemBlock
			}
		}
		if compact && (in.Op == ir.Fire || in.Op == ir.Ret) {
			n &^= itemBlock
		}
		return n
	}
	f := make([]flow, len(c.Code)+1)
	f[0] = flow{must: must, may: may, reached: true}
	for pc := range c.Code {
		if in := &c.Code[pc]; in.Op == ir.Loop {
			for i := int(in.Target); i <= pc; i++ {
				f[in.Target].may |= needs(&c.Code[i], true)
			}
		}
	}
	for pc := range c.Code {
		in, at := &c.Code[pc], f[pc]
		if !at.reached {
			continue
		}
		n := needs(in, at.fired)
		out := flow{at.must | n, at.may | n, at.fired || in.Op == ir.Fire, true}
		join := func(t int) {
			if !f[t].reached {
				out.may |= f[t].may
				f[t] = out
				return
			}
			f[t].must &= out.must
			f[t].may |= out.may
		}
		if in.Op == ir.Jmp || in.Op == ir.Br {
			join(int(in.Target))
		}
		if !in.Op.Ends() {
			join(pc + 1)
		}
	}
	return f
}

// clauseInfo is what generation needs to know of a clause beforehand.
type clauseInfo struct {
	frameStack bool // Frame is on the stack
	slot       bool // needs the scratch slot
	faults     bool // has an instruction that can trap
	items      items
	fired      bool
	loops      bool // has loops that the kernel's verifier does not follow to their end
}

// Limits of the stack, in bytes. The kernel gives 512 to a chain of calls: a
// program with its firing block (or that and a function of clauses), the function
// that runs ERROR's clauses, one routine.
const (
	maxFrameStack = 64
	maxRegStack   = 64
	maxLocalStack = 32
)

// analyse looks at a clause; those of ERROR get no Frame on the stack, which is
// short where they run.
func (g *gen) analyse(c *ir.Clause, isError bool) (ci clauseInfo) {
	ci.loops = g.loops(c)
	ci.frameStack = !ci.loops && c.FrameSize <= maxFrameStack && (!isError || c.FrameSize == 0)
	for pc := range c.Code {
		in := &c.Code[pc]
		ci.items |= g.needs(c, in, false)
		if in.Op.Traps() && !harmless(in) {
			ci.faults = true
		}
		switch in.Op {
		case ir.Fire:
			ci.fired = true
		case ir.BuiltinI:
			switch ir.Builtin(in.Sub) {
			case ir.BStackDepth, ir.BUStackDepth, ir.BCaller, ir.BUCaller:
				ci.slot = true
			}
		case ir.BuiltinS:
			switch ir.StrBuiltin(in.Sub) {
			case ir.SCwd, ir.SRoot, ir.SExecArgs:
				ci.slot = true
			}
		}
		_, _, inPlace := g.literalCompare(c, in)
		if usesTemp(in.Op) && !inPlace || g.heap && usesHeap(in.Op) {
			ci.slot = true
		}
		in.EachMem(func(id ir.MemID, use ir.MemUse, write bool) {
			m := c.Mems[id]
			switch m.Space {
			case ir.Frame:
				if !simpleUse(in, use) && !inPlace {
					ci.frameStack = false
				}
			case ir.Record:
				if use == ir.MemKey || in.Op == ir.DynSetM {
					ci.slot = true // copied there
				}
			case ir.Local:
				ci.slot = ci.slot || g.localSlot
			}
		})
	}
	if !ci.frameStack && c.FrameSize > 0 {
		ci.slot = true
	}
	return ci
}

// loops reports whether a clause has loops that end in may_goto. The kernel's
// verifier follows these until its state repeats, and compares what is on the
// stack by what it believes to be read later. Linux 6.18 errs in that where a
// loop calls functions: it took a pointer that may be NULL for one that had been
// found not to be, and removed the check. So in such clauses nothing on the stack
// depends on the path: registers and Frame are in the scratch slot, the thread's
// variables are looked up at each use, shared items are fetched at the start.
func (g *gen) loops(c *ir.Clause) bool {
	for pc := range c.Code {
		if c.Code[pc].Op == ir.Loop {
			return true
		}
	}
	return false
}

// harmless reports whether an instruction that may trap in general cannot here.
func harmless(in *ir.Instr) bool {
	switch in.Op {
	case ir.DivS, ir.DivU, ir.ModS, ir.ModU:
		return in.B == ir.NoReg && in.Imm != 0
	}
	return false
}

// simpleUse reports whether a use of memory works on the stack, where the
// kernel allows only accesses at constant, aligned places.
func simpleUse(in *ir.Instr, use ir.MemUse) bool {
	switch use {
	case ir.MemNumber, ir.MemKey:
		return true
	case ir.MemIndex:
		return false
	case ir.MemString:
		return in.Op == ir.BuiltinS && ir.StrBuiltin(in.Sub) == ir.SExecName
	}
	switch in.Op {
	case ir.Zero, ir.Copy, ir.DynGetM, ir.DynSetM, ir.MemK, ir.MemU, ir.Stack, ir.UStack:
		return true
	}
	return false
}

// usesTemp reports whether an operation works in the slot's temporary areas.
func usesTemp(op ir.Op) bool {
	switch op {
	case ir.StrCopy, ir.StrLen, ir.StrCmp, ir.StrIdx, ir.StrJoin, ir.Substr, ir.StrIndex, ir.StrRIndex,
		ir.StrChr, ir.StrRChr, ir.StrStr, ir.StrTok, ir.Basename, ir.Dirname, ir.Cleanpath, ir.ToUpper,
		ir.ToLower, ir.StrToLL, ir.LLToStr, ir.InetNtop, ir.InetNtoa, ir.LinkNtop, ir.Json, ir.DPath,
		ir.StrK, ir.StrU, ir.Alloca, ir.CopyIn, ir.CopyInTo, ir.Bcopy, ir.StrPtr, ir.StP, ir.CopyOut, ir.CopyOutStr,
		ir.Stack, ir.UStack, ir.MemKN:
		return true
	}
	return false
}

// usesHeap reports whether an operation may touch scratch memory if the program
// allocates any.
func usesHeap(op ir.Op) bool {
	switch op {
	case ir.LdK, ir.MemK, ir.MemKN, ir.StrK, ir.InetNtop, ir.InetNtoa, ir.LinkNtop, ir.CopyOut:
		return true
	}
	return allocates(op)
}

func allocates(op ir.Op) bool {
	switch op {
	case ir.Alloca, ir.CopyIn, ir.StrPtr:
		return true
	}
	return false
}

// runsOn returns, for each clause, which of a hook's probes run it: nil if none
// does. all is set if every probe does.
func runsOn(c *ir.Clause, h *Hook, index map[probe.ID]int) (set []bool, all bool) {
	n := 0
	if len(c.Probes) < len(h.Probes) {
		for _, p := range c.Probes {
			if i, ok := index[p]; ok {
				if set == nil {
					set = make([]bool, len(h.Probes))
				}
				set[i] = true
				n++
			}
		}
	} else {
		for i := range h.Probes {
			if _, ok := slices.BinarySearch(c.Probes, h.Probes[i].ID); ok {
				if set == nil {
					set = make([]bool, len(h.Probes))
				}
				set[i] = true
				n++
			}
		}
	}
	return set, n == len(h.Probes)
}

func powerOfTwo(n uint64) uint64 {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len64(n-1)
}

func roundUp(n, to uint32) uint32 { return (n + to - 1) / to * to }
