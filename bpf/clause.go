package bpf

import (
	"fmt"

	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// clauseGen makes the code of one clause.
type clauseGen struct {
	*progGen
	idx  int
	c    *ir.Clause
	info clauseInfo
	// fb+fbOff is the firing block, base the top of the clause's stack.
	fb      asm.Register
	fbOff   int32
	base    int32
	have    items          // shared items fetched before the clause
	regs    []asm.Register // free callee-saved registers
	seen    items          // shared items that earlier clauses may have fetched
	isError bool
	// compact asks for short code: what is long and common is called.
	compact bool

	places   []place
	flow     []flow
	labels   []label
	end      label
	faults   []faultSite
	frameOff int32 // of a Frame on the stack, from the frame pointer
	pc       int

	// In the body of a loop that is a function: its instructions, how many such
	// loops it is in, and where a fault leaves.
	head, last, calls int
	leave             label
}

// faultSite is where a trapping instruction goes; the fault's value is in r1.
type faultSite struct {
	l     label
	pc    int
	fault ir.Fault
	noted bool // the fault is in the firing block already
}

// Offsets from clauseGen.base of the clause's own stack.
const (
	ownBlock = -8  // itemBlock
	ownTLS   = -16 // itemTLS
	ownTmp   = -24 // 8 bytes within one instruction
	ownTmp2  = -32
)

func (p *progGen) newClause(idx int) *clauseGen {
	return &clauseGen{progGen: p, idx: idx, c: p.prog.Clauses[idx], info: p.gen.info[idx]}
}

func (c *clauseGen) fail(format string, args ...any) error {
	return &Error{Clause: c.idx, Name: c.c.Name, PC: c.pc, Msg: fmt.Sprintf(format, args...)}
}

func (c *clauseGen) lacks(f Feature, what string) error {
	return &Error{Clause: c.idx, Name: c.c.Name, PC: c.pc, Feature: f, Msg: fmt.Sprintf("%s needs %s", what, f)}
}

// need notes that the clause uses a feature, or fails if the kernel lacks it.
func (c *clauseGen) need(f Feature, what string) error {
	if c.cfg.Lacks[f] {
		return c.lacks(f, what)
	}
	for _, n := range c.needs {
		if n.Feature == f {
			return nil
		}
	}
	c.progGen.needs = append(c.progGen.needs, Need{f, c.idx})
	return nil
}

// generate emits the clause. Control arrives at its start and leaves at its end,
// also after a fault.
func (c *clauseGen) generate() error {
	code := c.c.Code
	c.flow = c.flows(c.c, c.have, c.seen, c.compact)
	frame := int32(0)
	if c.info.frameStack {
		frame = int32(roundUp(c.c.FrameSize, 8))
	}
	c.frameOff = c.base - fixedFns - frame
	regs := c.regs
	if !c.info.fired {
		regs = append(regs[:len(regs):len(regs)], r8)
	}
	if !c.needSlot {
		regs = append(regs[:len(regs):len(regs)], r7)
	}
	maxStack := int32(maxRegStack)
	if !c.needSlot {
		maxStack += maxFrameStack - frame
	}
	if c.info.loops {
		regs, maxStack = nil, 0
	}
	var spill int32
	c.places, _, spill = allocate(code, c.c.NumReg, regs, c.frameOff, maxStack)
	if spill > 0 && !c.needSlot {
		return errNeedSlot
	}
	c.labels = make([]label, len(code)+1)
	for i := range c.labels {
		c.labels[i] = -1
	}
	for pc := range code {
		if code[pc].Op.Branches() {
			if t := code[pc].Target; c.labels[t] < 0 {
				c.labels[t] = c.newLabel()
			}
		}
	}
	c.end = c.newLabel()
	c.note(c.idx, -1)
	for off := int32(0); off < frame; off += 8 {
		c.storeImm(rFP, c.frameOff+off, 0, 8)
	}
	if err := c.code(0, len(code)); err != nil {
		return err
	}
	c.faultSites()
	c.bind(c.end)
	return nil
}

// code emits the instructions from one to before another.
func (c *clauseGen) code(from, to int) error {
	code := c.c.Code
	calls := c.info.loops && c.callLoops()
	for c.pc = from; c.pc < to; c.pc++ {
		if l := c.labels[c.pc]; l >= 0 {
			c.bind(l)
		}
		if !c.flow[c.pc].reached {
			continue
		}
		c.note(c.idx, c.pc)
		if calls && (c.calls == 0 || c.pc > c.head) {
			if last := c.loopAt(c.pc); last >= 0 {
				if err := c.iterate(c.pc, last); err != nil {
					return err
				}
				c.pc = last
				continue
			}
		}
		if err := c.instr(&code[c.pc]); err != nil {
			return err
		}
	}
	return nil
}

// errNeedSlot asks for generating the program again with a scratch slot.
var errNeedSlot = fmt.Errorf("registers do not fit on the stack")

// Registers.

// get returns the machine register that holds v, loading it into tmp if it lives
// in memory.
func (c *clauseGen) get(v ir.Reg, tmp asm.Register) asm.Register {
	switch p := c.places[v]; p.kind {
	case inReg:
		return p.reg
	case inStack:
		c.load(tmp, rFP, p.off, 8)
	case inSlot:
		c.slotLoad(tmp, p.off)
	default:
		c.movImm(tmp, 0)
	}
	return tmp
}

// fetch copies v to r.
func (c *clauseGen) fetch(r asm.Register, v ir.Reg) { c.mov(r, c.get(v, r)) }

// dst returns the register in which to make the value of v: its own, or tmp.
func (c *clauseGen) dst(v ir.Reg, tmp asm.Register) asm.Register {
	if p := c.places[v]; p.kind == inReg {
		return p.reg
	}
	return tmp
}

// put makes r the value of v.
func (c *clauseGen) put(v ir.Reg, r asm.Register) {
	switch p := c.places[v]; p.kind {
	case inReg:
		c.mov(p.reg, r)
	case inStack:
		c.store(rFP, p.off, r, 8)
	case inSlot:
		off := int32(c.slot.spill) + p.off
		if off <= 32760 {
			c.store(r7, off, r, 8)
			return
		}
		t := r5
		if r == r5 {
			t = r4
		}
		c.mov(t, r7)
		c.addImm(t, int64(off))
		c.store(t, 0, r, 8)
	}
}

func (c *clauseGen) slotLoad(tmp asm.Register, off int32) {
	off += int32(c.slot.spill)
	if off <= 32760 {
		c.load(tmp, r7, off, 8)
		return
	}
	c.mov(tmp, r7)
	c.addImm(tmp, int64(off))
	c.load(tmp, tmp, 0, 8)
}

// Memory.

func (c *clauseGen) mem(id ir.MemID) ir.Mem { return c.c.Mems[id] }

// at returns a register and offset through which m can be accessed; tmp is used
// if need be. It is not for Space TLS.
func (c *clauseGen) at(m ir.Mem, tmp asm.Register) (asm.Register, int32) {
	base, off := asm.Register(0), int32(m.Off)
	switch m.Space {
	case ir.Frame:
		if c.info.frameStack {
			return rFP, c.frameOff + off
		}
		base, off = r7, int32(c.slot.frame)+off
	case ir.Record:
		base, off = r8, record.HeaderSize+off
	case ir.Const:
		c.mapValue(tmp, MapConst, m.Off)
		return tmp, 0
	case ir.Global:
		c.mapValue(tmp, MapGlobals, m.Off)
		return tmp, 0
	case ir.Local:
		if !c.localSlot {
			return c.fb, c.fbOff + fbLocal + off
		}
		base, off = r7, int32(c.slot.local)+off
	}
	if off+int32(m.Size) > 32760 {
		c.mov(tmp, base)
		c.addImm(tmp, int64(off))
		return tmp, 0
	}
	return base, off
}

// addr puts the address of m into d.
func (c *clauseGen) addr(d asm.Register, m ir.Mem) {
	b, off := c.at(m, d)
	c.mov(d, b)
	c.addImm(d, int64(off))
}

// onStack reports whether m is on the stack, where accesses must be aligned.
func (c *clauseGen) onStack(m ir.Mem) bool {
	return m.Space == ir.Frame && c.info.frameStack || m.Space == ir.Local && !c.localSlot
}

// copy moves n bytes; registers d and s must not be r0 or r5. Long ones are done
// by the kernel, which clobbers r0 to r5.
func (c *clauseGen) copy(d asm.Register, dOff int32, s asm.Register, sOff int32, n uint32, aligned bool) {
	if n > 128 {
		if d == r3 || s == r1 {
			c.mov(r5, s)
			c.mov(r1, d)
			c.mov(r3, r5)
		} else {
			c.mov(r1, d)
			c.mov(r3, s)
		}
		c.addImm(r1, int64(dOff))
		c.addImm(r3, int64(sOff))
		c.movImm(r2, int64(n))
		c.helper(asm.FnProbeReadKernel)
		return
	}
	for at := int32(0); at < int32(n); {
		size := int32(8)
		for size > int32(n)-at || aligned && ((dOff+at)%size != 0 || (sOff+at)%size != 0) {
			size /= 2
		}
		c.load(r0, s, sOff+at, uint8(size))
		c.store(d, dOff+at, r0, uint8(size))
		at += size
	}
}

// zero clears n bytes at d+off; it may clobber r0 to r5.
func (c *clauseGen) zero(d asm.Register, off int32, n uint32, aligned bool) {
	if n > 256 {
		c.mov(r1, d)
		c.addImm(r1, int64(off))
		c.movImm(r2, int64(n))
		c.mapValue(r3, MapConst, c.zeros)
		c.helper(asm.FnProbeReadKernel)
		return
	}
	for at := int32(0); at < int32(n); {
		size := int32(8)
		for size > int32(n)-at || aligned && (off+at)%size != 0 {
			size /= 2
		}
		c.storeImm(d, off+at, 0, uint8(size))
		at += size
	}
}

// Items.

// ownOff returns where the clause keeps one of its own items.
func (c *clauseGen) ownOff(off int32) int32 { return c.base + off }

// timestamp puts the firing's time into d; r0 to r5 are clobbered.
func (c *clauseGen) timestamp(d asm.Register) {
	c.shared(itemTime, fbTime)
	c.load(d, c.fb, c.fbOff+fbTime, 8)
}

// pidTgid puts process id << 32 | thread id into d.
func (c *clauseGen) pidTgid(d asm.Register) {
	c.shared(itemPID, fbPID)
	c.load(d, c.fb, c.fbOff+fbPID, 8)
}

// shared fetches an item that the firing keeps, unless it has been fetched.
func (c *clauseGen) shared(item items, off int32) {
	f := c.flow[c.pc]
	if f.must&item != 0 {
		return
	}
	have := c.newLabel()
	if f.may&item != 0 {
		c.load(r0, c.fb, c.fbOff+off, 8)
		c.jImm(asm.JNE, r0, 0, have)
	}
	c.fetchItem(item)
	c.store(c.fb, c.fbOff+off, r0, 8)
	c.bind(have)
}

// block puts the address of this CPU's part of MapControl into d; r0 to r5 are
// clobbered.
func (c *clauseGen) block(d asm.Register) {
	if c.flow[c.pc].must&itemBlock != 0 {
		c.load(d, rFP, c.ownOff(ownBlock), 8)
		return
	}
	if c.compact {
		c.call(c.routine("block", func() {
			p := c.progGen
			p.blockAddr(r1)
			p.mov(r0, r1)
			p.exit()
		}))
		c.mov(d, r0)
	} else {
		c.blockAddr(d)
	}
	c.store(rFP, c.ownOff(ownBlock), d, 8)
}

// Faults.

// faultIf emits a jump to a fault site; the value must be in r1 by then.
func (c *clauseGen) faultLabel(f ir.Fault) label {
	l := c.newLabel()
	c.faults = append(c.faults, faultSite{l: l, pc: c.pc, fault: f})
	return l
}

// noteFault notes a fault, whose value is in r1, in the firing block.
func (c *clauseGen) noteFault(s *faultSite) {
	c.store(c.fb, c.fbOff+fbErr+16, r1, 8)
	act := int32(0)
	if s.pc < len(c.c.Act) {
		act = c.c.Act[s.pc]
	}
	c.storeImm(c.fb, c.fbOff+fbErr+4, int64(act), 4)
	c.storeImm(c.fb, c.fbOff+fbErr+8, int64(s.pc), 4)
	c.storeImm(c.fb, c.fbOff+fbErr+12, int64(s.fault), 4)
}

// faultSites emits the ends of instructions that trapped. Each notes the fault
// in the firing block; then the record is discarded and ERROR's clauses run.
func (c *clauseGen) faultSites() {
	if len(c.faults) == 0 {
		return
	}
	c.jmp(c.end)
	fired, plain := c.newLabel(), c.newLabel()
	anyFired := false
	for _, s := range c.faults {
		c.bind(s.l)
		if !c.isError && !s.noted { // ERROR goes on to tell of the fault that it was fired for
			c.noteFault(&s)
		}
		if c.flow[s.pc].fired {
			anyFired = true
			c.jmp(fired)
		} else {
			c.jmp(plain)
		}
	}
	c.bind(fired)
	if anyFired {
		c.discard()
	}
	c.bind(plain)
	if c.isError {
		// A fault inside ERROR is only counted.
		c.drop(record.DropDblError)
		return
	}
	c.storeImm(c.fb, c.fbOff+fbErr, int64(c.idx), 4)
	if c.errorEPID() {
		c.epidTo(r1)
		c.store(c.fb, c.fbOff+fbEPID, r1, 8)
	}
	c.mov(r1, r6)
	c.mov(r2, c.fb)
	c.addImm(r2, int64(c.fbOff))
	c.call(c.onFault)
}
