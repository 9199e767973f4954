package bpf

import (
	"math/bits"

	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// Flags of bpf_ringbuf_submit and bpf_ringbuf_discard.
const (
	ringNoWakeup    = 1
	ringForceWakeup = 2
)

// wakeShift: a record that takes a CPU's committed bytes past a multiple of
// 1<<wakeShift, an eighth of its buffer, wakes the consumer.
func (g *gen) wakeShift() int32 {
	return int32(max(0, bits.TrailingZeros32(g.obj.Layout.RingSize)-3))
}

// fire reserves the clause's record and fills in its header. Without room the
// clause ends here, the loss counted.
func (c *clauseGen) fire() {
	c.shared(c.orderSlot())
	size := recordSize(c.c)
	if c.compact {
		c.movImm(r1, int64(size))
		c.call(c.reserveRoutine())
		c.jImm(asm.JEq, r0, 0, c.end)
		c.fireHeader()
		return
	}
	full, ok := c.newLabel(), c.newLabel()
	c.reserve(func(d asm.Register) { c.movImm(d, int64(size)) }, full)
	c.jmp(ok)
	c.bind(full)
	c.drop(record.DropPrincipal)
	c.jmp(c.end)
	c.bind(ok)
	c.fireHeader()
}

// recordSize is the size of a clause's record with its header.
func recordSize(c *ir.Clause) uint32 { return record.HeaderSize + c.RecSize }

// bufNeed is the room that a record of n bytes takes in a buffer.
func bufNeed(n uint32) uint32 { return roundUp(n, 8) + BufPrefix }

// fireHeader makes r0 the clause's record and fills in its header.
func (c *clauseGen) fireHeader() {
	c.mov(r8, r0)
	c.header(r8, uint32(c.idx))
	if c.c.Conditional {
		c.storeImm(r8, record.HeaderSize, 0, 8)
	}
}

// reserve puts the address of room in this CPU's ring buffer into r0, or jumps to
// full; size loads the number of bytes. It clobbers r1 to r5 and leaves the CPU's
// block in its item.
func (c *clauseGen) reserve(size func(d asm.Register), full label) {
	c.block(r1)
	if c.cfg.Fill {
		c.load(r2, r1, CPUFull, 8)
		c.jImm(asm.JNE, r2, 0, full)
	}
	c.helper(asm.FnGetSmpProcessorId)
	if c.obj.Layout.BufStride > 0 {
		c.reserveBuf(size, full)
		return
	}
	c.store(rFP, c.ownOff(ownTmp), r0, 4)
	c.mapPtr(r1, MapRings)
	c.mov(r2, rFP)
	c.addImm(r2, int64(c.ownOff(ownTmp)))
	c.helper(asm.FnMapLookupElem)
	c.jImm(asm.JEq, r0, 0, full)
	c.mov(r1, r0)
	size(r2)
	c.movImm(r3, 0)
	c.helper(asm.FnRingbufReserve)
	if !c.cfg.Fill {
		c.jImm(asm.JEq, r0, 0, full)
		return
	}
	got := c.newLabel()
	c.jImm(asm.JNE, r0, 0, got)
	c.load(r1, rFP, c.ownOff(ownBlock), 8)
	c.movImm(r2, 1)
	c.store(r1, CPUFull, r2, 8)
	c.jmp(full)
	c.bind(got)
}

// reserveTries is how often a reservation is tried again when another program,
// that interrupted or preempted this one, came between.
const reserveTries = 4

// reserveBuf is reserve for our own buffers; r0 is the CPU. The head is moved by compare and exchange, if a program can interrupt
// this one or run while it is preempted: that gets other room, and what the consumer
// sees behind the head is zero until it is committed.
func (c *clauseGen) reserveBuf(size func(d asm.Register), full label) {
	l := &c.obj.Layout
	size(r2)
	c.aluImm(asm.Add, r2, 7+BufPrefix)
	c.aluImm(asm.And, r2, ^int32(7))
	c.aluImm(asm.And, r0, c.cpuMask)
	c.aluImm(asm.Mul, r0, int32(l.BufStride))
	c.mapValue(r3, MapBuf, 0)
	c.alu(asm.Add, r3, r0)
	c.load(r1, rFP, c.ownOff(ownBlock), 8)
	got := c.newLabel()
	isFull := full
	if c.cfg.Fill {
		isFull = c.newLabel()
	}
	tries := reserveTries
	if !c.racyBuf {
		tries = 1
	}
	for range tries {
		c.load(r0, r1, CPUHead, 8)
		c.load(r4, r1, CPUTail, 8)
		c.mov(r5, r0)
		c.alu(asm.Add, r5, r2)
		c.alu(asm.Sub, r4, r5)
		c.emit(asm.Neg.Imm(r4, 0))
		c.jImm(asm.JGT, r4, int32(l.RingSize), isFull)
		c.mov(r4, r0)
		if !c.racyBuf {
			c.store(r1, CPUHead, r5, 8)
			break
		}
		c.atomic(asm.CmpXchg, r1, CPUHead, r5, asm.DWord)
		c.jReg(asm.JEq, r0, r4, got)
	}
	if c.racyBuf {
		c.jmp(full)
	} else {
		c.jmp(got)
	}
	if c.cfg.Fill {
		c.bind(isFull)
		c.load(r1, rFP, c.ownOff(ownBlock), 8)
		c.movImm(r2, 1)
		c.store(r1, CPUFull, r2, 8)
		c.jmp(full)
	}
	c.bind(got)
	c.aluImm(asm.And, r4, int32(l.RingSize-1))
	c.alu(asm.Add, r3, r4)
	c.addImm(r3, BufPrefix)
	c.mov(r0, r3)
}

// commitWord writes the first word of the record at rec, whose value len loads
// into r1: the record is the consumer's from then on.
func (p *progGen) commitWord(rec asm.Register, length func(d asm.Register)) {
	length(r1)
	if p.cfg.Arch == "amd64" {
		// Stores are seen in their order.
		p.store(rec, -BufPrefix, r1, 4)
		return
	}
	p.atomic(asm.Xchg, rec, -BufPrefix, r1, asm.Word)
}

// wake wakes the consumer.
func (p *progGen) wake() {
	p.call(p.routine("wake", func() {
		p.storeImm(rFP, -8, 0, 8)
		p.mapPtr(r1, MapWake)
		p.mov(r2, rFP)
		p.addImm(r2, -8)
		p.movImm(r3, 8)
		p.movImm(r4, ringForceWakeup)
		p.helper(asm.FnRingbufOutput)
		p.movImm(r0, 0)
		p.exit()
	}))
}

// discard gives up the reserved record in r8.
func (c *clauseGen) discard() {
	if c.obj.Layout.BufStride > 0 {
		size := recordSize(c.c)
		c.commitWord(r8, func(d asm.Register) { c.movImm(d, int64(size|BufDiscarded)) })
		return
	}
	c.mov(r1, r8)
	c.movImm(r2, ringNoWakeup)
	c.helper(asm.FnRingbufDiscard)
}

// reserveRoutine is a function that reserves as many bytes as r1 says. It returns
// 0 if there is no room, the loss counted. Long lists of clauses call it: each
// call that the kernel inlines into a program costs it time in proportion to the
// program's length.
func (p *progGen) reserveRoutine() label {
	return p.routine("reserve", func() {
		p.mov(r6, r1)
		w := &clauseGen{progGen: p, c: &ir.Clause{}, fb: r9, flow: []flow{{}}}
		full := p.newLabel()
		w.reserve(func(d asm.Register) { p.mov(d, r6) }, full)
		p.exit()
		p.bind(full)
		p.drop(record.DropPrincipal)
		p.movImm(r0, 0)
		p.exit()
	})
}

// submitRoutine is a function that commits the record in r1, r2 bytes long.
func (p *progGen) submitRoutine() label {
	return p.routine("submit", func() {
		p.mov(r6, r1)
		p.mov(r7, r2)
		p.blockAddr(r4)
		p.submitCounted(r6, func(d asm.Register) { p.mov(d, r7) }, func(d asm.Register) {
			p.alu(asm.Add, d, r7)
			p.aluImm(asm.Add, d, 8)
		})
		p.movImm(r0, 0)
		p.exit()
	})
}

// orderSlot is the item that puts records in order, and its place.
func (c *clauseGen) orderSlot() (items, int32) {
	if c.cfg.Sequence {
		return itemOrder, fbOrder
	}
	return itemTime, fbTime
}

// header fills the header of the record at rec, whose Clause is cl.
func (c *clauseGen) header(rec asm.Register, cl uint32) {
	if c.isError || c.entry == 0 {
		id := uint64(c.cfg.ErrorProbe)
		if !c.isError {
			id = uint64(c.hook.Probes[0].ID)
		}
		c.movImm(r1, int64(id<<32|uint64(cl)))
		c.store(rec, 0, r1, 8)
	} else {
		c.storeImm(rec, 0, int64(int32(cl)), 4)
		c.load(r1, c.fb, c.fbOff+fbProbe, 8)
		c.store(rec, 4, r1, 4)
	}
	_, at := c.orderSlot()
	c.load(r1, c.fb, c.fbOff+at, 8)
	c.store(rec, 8, r1, 8)
	c.storeImm(rec, 16, 0, 8)
}

// commit submits the clause's record.
func (c *clauseGen) commit() {
	force := false
	for i := range c.c.Code {
		force = force || c.c.Code[i].Op == ir.Exit
	}
	c.chargeSpec()
	c.submit(r8, record.HeaderSize+c.c.RecSize, force)
}

// submit commits the record in rec. The consumer reads on a timer; it is woken
// only when a good part of the buffer has filled, or by exit().
func (c *clauseGen) submit(rec asm.Register, size uint32, force bool) {
	if force && c.obj.Layout.BufStride > 0 {
		c.commitWord(rec, func(d asm.Register) { c.movImm(d, int64(size)) })
		c.wake()
		return
	}
	if force {
		c.mov(r1, rec)
		c.movImm(r2, ringForceWakeup)
		c.helper(asm.FnRingbufSubmit)
		return
	}
	if c.compact {
		c.mov(r1, rec)
		c.movImm(r2, int64(size))
		c.call(c.submitRoutine())
		return
	}
	c.load(r4, rFP, c.ownOff(ownBlock), 8)
	c.submitCounted(rec, func(d asm.Register) { c.movImm(d, int64(size)) },
		func(d asm.Register) { c.aluImm(asm.Add, d, int32(roundUp(size, 8)+8)) })
}

// submitCounted commits the record in rec; r4 is the CPU's block, length loads the
// record's length into a register, add adds the room it takes.
func (p *progGen) submitCounted(rec asm.Register, length, add func(d asm.Register)) {
	quiet := p.newLabel()
	if p.obj.Layout.BufStride > 0 {
		p.commitWord(rec, length)
		p.load(r3, r4, CPUWake, 8)
		p.mov(r5, r3)
		add(r3)
		p.store(r4, CPUWake, r3, 8)
		p.alu(asm.Xor, r5, r3)
		p.aluImm(asm.RSh, r5, p.wakeShift())
		p.jImm(asm.JEq, r5, 0, quiet)
		p.wake()
		p.bind(quiet)
		return
	}
	p.load(r3, r4, CPUWake, 8)
	p.mov(r5, r3)
	add(r3)
	p.store(r4, CPUWake, r3, 8)
	p.alu(asm.Xor, r5, r3)
	p.aluImm(asm.RSh, r5, p.wakeShift())
	p.mov(r1, rec)
	p.movImm(r2, ringNoWakeup)
	p.jImm(asm.JEq, r5, 0, quiet)
	p.movImm(r2, ringForceWakeup)
	p.bind(quiet)
	p.helper(asm.FnRingbufSubmit)
}

// mark sets an action's bit in a conditional record's mask.
func (c *clauseGen) mark(action int64) {
	if !c.c.Conditional {
		return
	}
	c.load(r1, r8, record.HeaderSize, 8)
	c.movImm(r2, int64(uint64(1)<<(action&63)))
	c.alu(asm.Or, r1, r2)
	c.store(r8, record.HeaderSize, r1, 8)
}

// exitOp ends tracing: no further clause runs, of this firing or another, but
// those of ERROR and END.
func (c *clauseGen) exitOp(in *ir.Instr) {
	a := c.get(in.A, r2)
	c.mapValue(r1, MapControl, 0)
	c.store(r1, CtlStatus, a, 8)
	c.storeImm(r1, CtlExited, 1, 4)
	if c.hook.Phase != PhaseEnd {
		c.storeImm(r1, CtlState, int64(StateDraining), 4)
	}
}

// faultFunction is what a fault calls with context and firing block: it writes
// the error record and runs the clauses of ERROR.
func (p *progGen) faultFunction() error {
	p.function("fault", false)
	p.bind(p.onFault)
	p.mov(r6, r1)
	p.mov(r9, r2)
	if p.needSlot {
		p.load(r7, r9, fbSlot, 8)
	}
	c := p.newErrorWriter()
	c.errorRecord()
	if p.needSlot && len(p.errors) > 0 {
		p.addImm(r7, int64(p.slot.one))
		p.startSlot()
	}
	p.hideFault()
	for _, e := range p.errors {
		ec := p.newClause(e)
		ec.fb, ec.isError, ec.seen = r9, true, p.mayItems
		if p.prefetch {
			ec.have = p.mayItems
		}
		if err := ec.generate(); err != nil {
			return err
		}
	}
	p.movImm(r0, 0)
	p.exit()
	return nil
}

// hideFault passes what clauses of ERROR are told through the slot, if they have
// loops: on the stack the kernel's verifier must not know it, see loops.
func (p *progGen) hideFault() {
	hide := false
	for _, e := range p.errors {
		hide = hide || p.info[e].loops
	}
	if !hide {
		return
	}
	words := []int32{fbErr, fbErr + 8, fbErr + 16}
	if p.errorEPID() {
		words = append(words, fbEPID)
	}
	at := int32(p.slot.vars)
	for _, off := range words {
		p.load(r1, r9, off, 8)
		p.store(r7, at, r1, 8)
		p.load(r1, r7, at, 8)
		p.store(r9, off, r1, 8)
	}
}

// newErrorWriter is a clause of no instructions, for what writes error records.
func (p *progGen) newErrorWriter() *clauseGen {
	return &clauseGen{progGen: p, c: &ir.Clause{}, fb: r9, flow: []flow{{may: p.mayItems}}}
}

// errorRecord writes the record of a fault.
func (c *clauseGen) errorRecord() {
	c.shared(c.orderSlot())
	full, done := c.newLabel(), c.newLabel()
	c.reserve(func(d asm.Register) { c.movImm(d, record.HeaderSize+record.ErrorSize) }, full)
	c.mov(r8, r0)
	c.header(r8, record.ClauseError)
	for off := int32(0); off < record.ErrorSize; off += 8 {
		c.load(r1, c.fb, fbErr+off, 8)
		c.store(r8, record.HeaderSize+off, r1, 8)
	}
	c.submit(r8, record.HeaderSize+record.ErrorSize, false)
	c.jmp(done)
	c.bind(full)
	c.drop(record.DropPrincipal)
	c.bind(done)
}
