package bpf

import (
	"fmt"
	"math"

	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// aggregate updates an aggregation in place. The layout of values and the
// arithmetic of buckets are those of package agg.
func (c *clauseGen) aggregate(in *ir.Instr) {
	id := int(in.Imm)
	a := &c.prog.Aggs[id]
	l := &c.obj.Layout.Aggs[id]
	done := c.newLabel()
	if a.KeySize == 0 {
		c.block(r1)
		c.addImm(r1, int64(l.Off))
	} else if l.IDs > 0 {
		c.block(r1)
		b, off := c.at(c.mem(in.M), r3)
		c.load(r2, b, off, 4)
		c.aluImm(asm.Sub, r2, int32(l.FirstID))
		bad := c.newLabel()
		ok := c.newLabel()
		c.jImm(asm.JGE, r2, int32(l.IDs), bad)
		c.jmp(ok)
		c.bind(bad) // not a probe of a clause that has the aggregation
		c.drop(record.DropAggregation)
		c.jmp(done)
		c.bind(ok)
		c.aluImm(asm.Mul, r2, int32(l.Size))
		c.alu(asm.Add, r1, r2)
		c.addImm(r1, int64(l.Off))
	} else {
		c.tuple(in, a, l, done)
		c.mov(r1, r0)
	}
	// r1: the value.
	if a.Clearable {
		same := c.newLabel()
		c.mapValue(r2, MapControl, CtlGen+8*uint32(id))
		c.load(r2, r2, 0, 8)
		c.load(r3, r1, 0, 8)
		c.jReg(asm.JEq, r2, r3, same)
		c.store(rFP, c.ownOff(ownTmp), r1, 8)
		c.store(rFP, c.ownOff(ownTmp2), r2, 8)
		c.zero(r1, 8, uint32(a.Spec.Words())*8, false)
		c.load(r1, rFP, c.ownOff(ownTmp), 8)
		c.load(r2, rFP, c.ownOff(ownTmp2), 8)
		c.store(r1, 0, r2, 8)
		c.bind(same)
		c.addImm(r1, 8)
	}
	if in.A != ir.NoReg {
		c.fetch(r2, in.A)
	} else {
		c.movImm(r2, 0)
	}
	u := aggUpdate{c: c, spec: &a.Spec, atomic: c.gen.racy[id], done: done}
	u.update(in)
	c.bind(done)
}

// tuple puts the address of the value of in's tuple into r0, making one if there
// is none, or counts a drop and jumps to done.
func (c *clauseGen) tuple(in *ir.Instr, a *ir.Agg, l *AggLayout, done label) {
	have := c.newLabel()
	key := c.key(c.mem(in.M), a.KeySize)
	if c.compact {
		p := c.progGen
		key(r1)
		c.call(c.routine("tuple_"+l.Map, func() {
			have := p.newLabel()
			p.mov(r6, r1)
			p.findTuple(l, func(d asm.Register) { p.mov(d, r6) }, have)
			p.movImm(r0, 0)
			p.bind(have)
			p.exit()
		}))
		c.jImm(asm.JEq, r0, 0, done)
		return
	}
	c.findTuple(l, key, have)
	c.jmp(done)
	c.bind(have)
}

// findTuple looks a tuple up and goes to have with its value's address in r0. It
// makes the tuple if there is none; without room it counts a drop and goes on.
func (p *progGen) findTuple(l *AggLayout, key func(d asm.Register), have label) {
	lookup := func(name string) {
		p.onTable(name, func() {
			key(r2)
			p.helper(asm.FnMapLookupElem)
		})
		p.jImm(asm.JNE, r0, 0, have)
	}
	insert := func(name string) {
		p.onTable(name, func() {
			key(r2)
			p.mapValue(r3, MapConst, p.zeros)
			p.movImm(r4, 1) // BPF_NOEXIST: another CPU may have been first
			p.helper(asm.FnMapUpdateElem)
		})
		lookup(name)
	}
	lookup(l.Map)
	for try := range insertTries {
		if try > 0 {
			p.pause()
		}
		insert(l.Map)
	}
	if l.Spill != "" {
		lookup(l.Spill)
		insert(l.Spill)
	}
	p.drop(record.DropAggregation)
}

// insertTries is how often an element is added to a map before that counts as a
// drop. The kernel keeps less than a hundred free elements of a size on each CPU
// and gets more in an interrupt that it raises when they run low: a burst of new
// tuples can be faster.
const insertTries = 3

// pause gives that interrupt time, some microseconds.
func (p *progGen) pause() {
	p.movImm(r1, 0)
	p.call(p.once("pause", func() {
		again := p.newLabel()
		p.movImm(r6, 0)
		p.bind(again)
		p.helper(asm.FnKtimeGetNs)
		p.aluImm(asm.Add, r6, 1)
		p.jImm(asm.JLT, r6, 64, again)
		p.movImm(r0, 0)
		p.exit()
	}))
}

// key returns a function that loads the address of a tuple for a map helper. A
// tuple in a record, which not every kernel takes as a key, is copied first.
func (c *clauseGen) key(m ir.Mem, size uint32) func(d asm.Register) {
	if m.Space == ir.Record {
		c.addr(r3, m)
		c.mov(r1, r7)
		c.addImm(r1, int64(c.slot.tmp2))
		c.movImm(r2, int64(size))
		c.helper(asm.FnProbeReadKernel)
		return func(d asm.Register) {
			c.mov(d, r7)
			c.addImm(d, int64(c.slot.tmp2))
		}
	}
	return func(d asm.Register) { c.addr(d, m) }
}

// aggUpdate emits one update: r1 is the value's first word, r2 the number.
type aggUpdate struct {
	c      *clauseGen
	spec   *agg.Spec
	atomic bool
	done   label
}

// add adds register s to a word of the value, clobbering r0.
func (u *aggUpdate) add(off int32, s asm.Register) {
	c := u.c
	if u.atomic {
		c.atomicAdd(r1, off, s)
		return
	}
	c.load(r0, r1, off, 8)
	c.alu(asm.Add, r0, s)
	c.store(r1, off, r0, 8)
}

// one counts the update.
func (u *aggUpdate) one() {
	c := u.c
	if u.atomic {
		c.movImm(r0, 1)
		c.atomicAdd(r1, 0, r0)
		return
	}
	c.load(r0, r1, 0, 8)
	c.aluImm(asm.Add, r0, 1)
	c.store(r1, 0, r0, 8)
}

func (u *aggUpdate) update(in *ir.Instr) {
	c := u.c
	switch u.spec.Func {
	case agg.Count:
	case agg.Sum, agg.Avg:
		u.add(8, r2)
	case agg.Min, agg.Max:
		u.extreme()
	case agg.Stddev:
		u.stddev()
	default:
		u.bucket()
		// r2: index of the bucket.
		c.jImm(asm.JGT, r2, int32(u.spec.Buckets()-1), u.done)
		c.aluImm(asm.LSh, r2, 3)
		c.mov(r4, r1)
		c.alu(asm.Add, r4, r2)
		b := r3
		if in.B != ir.NoReg {
			b = c.get(in.B, r3)
		} else {
			c.movImm(r3, 1)
		}
		if u.atomic {
			c.atomicAdd(r4, 8, b)
		} else {
			c.load(r0, r4, 8, 8)
			c.alu(asm.Add, r0, b)
			c.store(r4, 8, r0, 8)
		}
	}
	u.one()
}

// extreme keeps the least or the greatest value. Where updates can interrupt each
// other, the word changes by compare-and-exchange.
func (u *aggUpdate) extreme() {
	c := u.c
	set, skip := c.newLabel(), c.newLabel()
	keep := asm.JSLE // stored <= new: keep the minimum
	if u.spec.Func == agg.Max {
		keep = asm.JSGE
	}
	c.load(r3, r1, 0, 8)
	c.load(r0, r1, 8, 8)
	if !u.atomic {
		c.jImm(asm.JEq, r3, 0, set)
		c.jReg(keep, r0, r2, skip)
		c.bind(set)
		c.store(r1, 8, r2, 8)
		c.bind(skip)
		return
	}
	for range 3 {
		again := c.newLabel()
		c.jImm(asm.JEq, r3, 0, again)
		c.jReg(keep, r0, r2, skip)
		c.bind(again)
		c.mov(r4, r0)
		c.atomic(asm.CmpXchg, r1, 8, r2, asm.DWord)
		c.jReg(asm.JEq, r0, r4, skip)
		c.load(r3, r1, 0, 8)
	}
	c.bind(set)
	c.bind(skip)
}

// stddev adds the value, and its square in 128 bits from 32-bit halves.
func (u *aggUpdate) stddev() {
	c := u.c
	u.add(8, r2)
	c.mov(r3, r2)
	c.aluImm(asm.ArSh, r3, 63)
	c.alu(asm.Xor, r2, r3)
	c.alu(asm.Sub, r2, r3) // magnitude
	c.mov(r3, r2)
	c.aluImm(asm.RSh, r3, 32)        // high half
	c.emit(asm.Mov.Reg32(r2, r2))    // low half
	c.mov(r4, r2)                    //
	c.alu(asm.Mul, r4, r3)           // low*high, counts twice at bit 32
	c.alu(asm.Mul, r2, r2)           // low*low
	c.alu(asm.Mul, r3, r3)           // high*high
	c.mov(r5, r4)                    //
	c.aluImm(asm.RSh, r5, 31)        //
	c.alu(asm.Add, r3, r5)           //
	c.aluImm(asm.LSh, r4, 33)        //
	c.alu(asm.Add, r2, r4)           // low word of the square
	c.mov(r5, r2)                    //
	noCarry := c.newLabel()          //
	c.jReg(asm.JGE, r5, r4, noCarry) //
	c.aluImm(asm.Add, r3, 1)         // high word
	c.bind(noCarry)                  //
	noCarry2 := c.newLabel()         //
	if u.atomic {                    //
		c.mov(r4, r2)
		c.atomic(asm.FetchAdd, r1, 16, r4, asm.DWord) // r4: the old word
		c.alu(asm.Add, r4, r2)
		c.jReg(asm.JGE, r4, r2, noCarry2)
		c.aluImm(asm.Add, r3, 1)
		c.bind(noCarry2)
		c.atomicAdd(r1, 24, r3)
		return
	}
	c.load(r4, r1, 16, 8)
	c.alu(asm.Add, r4, r2)
	c.store(r1, 16, r4, 8)
	c.jReg(asm.JGE, r4, r2, noCarry2)
	c.aluImm(asm.Add, r3, 1)
	c.bind(noCarry2)
	u.add(24, r3)
}

// bucket turns r2 into the index of its bucket; r1 is kept.
func (u *aggUpdate) bucket() {
	c, s := u.c, u.spec
	switch s.Func {
	case agg.Quantize:
		u.sign()
		u.length()
		u.mirror(agg.QuantizeZero)
	case agg.LQuantize:
		low, ok := c.newLabel(), c.newLabel()
		c.movImm(r3, s.Low)
		c.jReg(asm.JSLT, r2, r3, low)
		c.alu(asm.Sub, r2, r3)
		c.aluImm(asm.Div, r2, int32(s.Step))
		levels := int32(s.Buckets() - 2)
		c.aluImm(asm.Add, r2, 1)
		c.jImm(asm.JLE, r2, levels, ok)
		c.movImm(r2, int64(levels)+1)
		c.jmp(ok)
		c.bind(low)
		c.movImm(r2, 0)
		c.bind(ok)
	case agg.LLQuantize:
		u.sign()
		c.store(rFP, c.ownOff(ownTmp), r1, 8)
		c.store(rFP, c.ownOff(ownTmp2), r3, 8)
		c.mov(r1, r2)
		c.call(c.llquantize(s))
		c.load(r1, rFP, c.ownOff(ownTmp), 8)
		c.load(r3, rFP, c.ownOff(ownTmp2), 8)
		c.mov(r2, r0)
		u.mirror(int32(s.Arm()) + 1)
	}
}

// sign splits r2 into magnitude (r2) and sign (r3: 0 or -1).
func (u *aggUpdate) sign() {
	c := u.c
	c.mov(r3, r2)
	c.aluImm(asm.ArSh, r3, 63)
	c.alu(asm.Xor, r2, r3)
	c.alu(asm.Sub, r2, r3)
}

// mirror makes middle+r2 or middle-r2 by the sign in r3.
func (u *aggUpdate) mirror(middle int32) {
	c := u.c
	c.alu(asm.Xor, r2, r3)
	c.alu(asm.Sub, r2, r3)
	c.aluImm(asm.Add, r2, middle)
}

// length turns the magnitude r2 into its number of bits, without branches: each
// would double the paths that the kernel's verifier follows from here on. The
// magnitude of the least integer counts as the greatest one's. The bits below the
// highest are set, then all are counted, in pairs, fours and bytes: a table would
// be fewer instructions, but one more page for the TLB to miss. It clobbers r0.
func (u *aggUpdate) length() {
	c := u.c
	c.mov(r4, r2)
	c.aluImm(asm.RSh, r4, 63)
	c.alu(asm.Sub, r2, r4)
	for sh := int32(1); sh < 64; sh *= 2 {
		c.mov(r4, r2)
		c.aluImm(asm.RSh, r4, sh)
		c.alu(asm.Or, r2, r4)
	}
	shifted := func(sh int32) {
		c.mov(r0, r2)
		c.aluImm(asm.RSh, r0, sh)
	}
	c.movImm(r4, 0x5555555555555555)
	shifted(1)
	c.alu(asm.And, r0, r4)
	c.alu(asm.Sub, r2, r0)
	c.movImm(r4, 0x3333333333333333)
	shifted(2)
	c.alu(asm.And, r0, r4)
	c.alu(asm.And, r2, r4)
	c.alu(asm.Add, r2, r0)
	shifted(4)
	c.alu(asm.Add, r2, r0)
	c.movImm(r4, 0x0f0f0f0f0f0f0f0f)
	c.alu(asm.And, r2, r4)
	c.movImm(r4, 0x0101010101010101)
	c.alu(asm.Mul, r2, r4)
	c.aluImm(asm.RSh, r2, 56)
}

// llquantize returns a function from a magnitude (r1) to its distance from the
// middle, as agg's logLinear. It is global, so that its many results are one
// unknown number to the verifier.
func (p *progGen) llquantize(s *agg.Spec) label {
	name := fmt.Sprintf("llquantize_%d_%d_%d_%d", s.Factor, s.LowMag, s.HighMag, s.Steps)
	return p.addRoutine(name, true, params("long mag"), func() {
		// The magnitudes' bounds are those of the buckets that agg counts.
		factor, steps := uint64(s.Factor), uint64(s.Steps)
		low := uint64(1)
		for range s.LowMag {
			low *= factor
		}
		zero := p.newLabel()
		p.jump64(asm.JLT, r1, low, zero)
		k, at := uint64(1), low
		for m := s.LowMag; m <= s.HighMag; m++ {
			next := at * factor
			width := uint64(1)
			if next > steps {
				width = next / steps
			}
			above := p.newLabel()
			p.jump64(asm.JGE, r1, next, above)
			p.mov(r0, r1)
			if width > math.MaxInt32 {
				p.movImm(r2, int64(width))
				p.alu(asm.Div, r0, r2)
			} else if width > 1 {
				p.aluImm(asm.Div, r0, int32(width))
			}
			p.movImm(r2, int64(k-at/width))
			p.alu(asm.Add, r0, r2)
			p.exit()
			p.bind(above)
			k += next/width - at/width
			at = next
		}
		p.movImm(r0, int64(k))
		p.exit()
		p.bind(zero)
		p.movImm(r0, 0)
		p.exit()
	})
}

// jump64 compares with a constant of 64 bits, clobbering r2.
func (p *progGen) jump64(op asm.JumpOp, r asm.Register, v uint64, l label) {
	if v <= math.MaxInt32 {
		p.jImm(op, r, int32(v), l)
		return
	}
	p.movImm(r2, int64(v))
	p.jReg(op, r, r2, l)
}
