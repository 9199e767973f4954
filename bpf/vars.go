package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// tls puts the address of the thread's variables into r0, 0 if it has none. With
// create set it makes them; r0 is 0 only if that failed.
func (c *clauseGen) tls(create bool) {
	have := c.newLabel()
	if c.flow[c.pc].must&itemTLS != 0 {
		c.load(r0, rFP, c.ownOff(ownTLS), 8)
		if !create {
			return
		}
		c.jImm(asm.JNE, r0, 0, have)
	}
	if c.cfg.Lacks[FeatTaskStorage] {
		c.tlsHash(create)
	} else {
		c.helper(asm.FnGetCurrentTaskBtf)
		c.mapPtr(r1, MapTLS)
		c.mov(r2, r0)
		c.movImm(r3, 0)
		c.movImm(r4, 0)
		if create {
			c.movImm(r4, 1) // BPF_LOCAL_STORAGE_GET_F_CREATE
		}
		c.helper(asm.FnTaskStorageGet)
	}
	c.store(rFP, c.ownOff(ownTLS), r0, 8)
	c.bind(have)
}

// tlsHash is for kernels without task-local storage: a hash table by thread.
func (c *clauseGen) tlsHash(create bool) {
	lookup := func() {
		c.mapPtr(r1, MapTLS)
		c.mov(r2, rFP)
		c.addImm(r2, int64(c.ownOff(ownTmp)))
		c.helper(asm.FnMapLookupElem)
	}
	c.helper(asm.FnGetCurrentTask)
	c.store(rFP, c.ownOff(ownTmp), r0, 8)
	lookup()
	if !create {
		return
	}
	have := c.newLabel()
	c.jImm(asm.JNE, r0, 0, have)
	c.mapPtr(r1, MapTLS)
	c.mov(r2, rFP)
	c.addImm(r2, int64(c.ownOff(ownTmp)))
	c.mapValue(r3, MapConst, c.zeros)
	c.movImm(r4, 1)
	c.helper(asm.FnMapUpdateElem)
	lookup()
	c.bind(have)
}

func (c *clauseGen) tlsLoad(in *ir.Instr, m ir.Mem) error {
	if err := c.needTLS(); err != nil {
		return err
	}
	none := c.newLabel()
	c.tls(false)
	c.mov(r1, r0)
	c.movImm(r0, 0)
	c.jImm(asm.JEq, r1, 0, none)
	c.load(r0, r1, int32(m.Off), in.Size)
	if in.Signed {
		c.extend(r0, in.Size, true)
	}
	c.bind(none)
	c.put(in.Dst, r0)
	return nil
}

func (c *clauseGen) needTLS() error {
	if c.cfg.Lacks[FeatTaskStorage] {
		return nil
	}
	return c.need(FeatTaskStorage, "self->")
}

func (c *clauseGen) tlsStore(in *ir.Instr, m ir.Mem) error {
	if err := c.needTLS(); err != nil {
		return err
	}
	ok, done := c.newLabel(), c.newLabel()
	c.tls(true)
	c.jImm(asm.JNE, r0, 0, ok)
	c.drop(record.DropDynamic)
	c.jmp(done)
	c.bind(ok)
	c.store(r0, int32(m.Off), c.get(in.A, r1), in.Size)
	c.bind(done)
	return nil
}

// tlsCopy copies to or from thread-local variables.
func (c *clauseGen) tlsCopy(m, n ir.Mem) error {
	if err := c.needTLS(); err != nil {
		return err
	}
	none, done := c.newLabel(), c.newLabel()
	c.tls(m.Space == ir.TLS)
	c.jImm(asm.JEq, r0, 0, none)
	switch {
	case m.Space == ir.TLS && n.Space == ir.TLS:
		c.mov(r4, r0)
		c.copy(r4, int32(m.Off), r4, int32(n.Off), m.Size, false)
	case m.Space == ir.TLS:
		c.mov(r4, r0)
		b, off := c.at(n, r3)
		c.copy(r4, int32(m.Off), b, off, m.Size, c.onStack(n))
	default:
		c.mov(r4, r0)
		b, off := c.at(m, r1)
		c.copy(b, off, r4, int32(n.Off), m.Size, c.onStack(m))
	}
	c.jmp(done)
	c.bind(none)
	if m.Space == ir.TLS {
		c.drop(record.DropDynamic)
	} else {
		b, off := c.at(m, r1)
		c.zero(b, off, m.Size, c.onStack(m))
	}
	c.bind(done)
	return nil
}

// dynamic emits accesses to associative arrays.
func (c *clauseGen) dynamic(in *ir.Instr) error {
	v := &c.prog.Vars[in.Imm]
	name := dynName(int(in.Imm))
	key := c.key(c.mem(in.M), v.KeySize)
	call := func(fn asm.BuiltinFunc) {
		c.onTable(name, func() {
			key(r2)
			c.helper(fn)
		})
	}
	switch in.Op {
	case ir.DynDel:
		call(asm.FnMapDeleteElem)
	case ir.DynGet:
		none := c.newLabel()
		call(asm.FnMapLookupElem)
		c.mov(r1, r0)
		c.movImm(r0, 0)
		c.jImm(asm.JEq, r1, 0, none)
		c.load(r0, r1, 0, in.Size)
		if in.Signed {
			c.extend(r0, in.Size, true)
		}
		c.bind(none)
		c.put(in.Dst, r0)
	case ir.DynGetM:
		n := c.mem(in.N)
		none, done := c.newLabel(), c.newLabel()
		call(asm.FnMapLookupElem)
		c.jImm(asm.JEq, r0, 0, none)
		c.mov(r3, r0)
		b, off := c.at(n, r1)
		c.copy(b, off, r3, 0, n.Size, c.onStack(n))
		c.jmp(done)
		c.bind(none)
		b, off = c.at(n, r1)
		c.zero(b, off, n.Size, c.onStack(n))
		c.bind(done)
	case ir.DynSet:
		del, ok, done := c.newLabel(), c.newLabel(), c.newLabel()
		c.jImm(asm.JEq, c.get(in.A, r1), 0, del)
		call(asm.FnMapLookupElem)
		c.jImm(asm.JNE, r0, 0, ok)
		c.store(rFP, c.ownOff(ownTmp), c.get(in.A, r1), 8)
		c.dynInsert(name, key, func() {
			c.mov(r3, rFP)
			c.addImm(r3, int64(c.ownOff(ownTmp)))
		}, done)
		c.bind(del)
		call(asm.FnMapDeleteElem)
		c.jmp(done)
		c.bind(ok)
		c.store(r0, 0, c.get(in.A, r1), uint8(v.ValSize))
		c.bind(done)
	case ir.DynSetM:
		n := c.mem(in.N)
		ok, done := c.newLabel(), c.newLabel()
		call(asm.FnMapLookupElem)
		c.jImm(asm.JNE, r0, 0, ok)
		value := func() { c.addr(r3, n) }
		if n.Space == ir.Record {
			c.addr(r3, n)
			c.mov(r1, r7)
			c.addImm(r1, int64(c.slot.tmp))
			c.movImm(r2, int64(n.Size))
			c.helper(asm.FnProbeReadKernel)
			value = func() {
				c.mov(r3, r7)
				c.addImm(r3, int64(c.slot.tmp))
			}
		}
		c.dynInsert(name, key, value, done)
		c.bind(ok)
		c.mov(r4, r0)
		b, off := c.at(n, r3)
		c.copy(r4, 0, b, off, n.Size, c.onStack(n))
		c.bind(done)
	}
	return nil
}

// dynInsert adds an element and goes to done, or counts a drop.
func (c *clauseGen) dynInsert(name string, key func(asm.Register), value func(), done label) {
	for try := range insertTries {
		if try > 0 {
			c.pause()
		}
		c.onTable(name, func() {
			key(r2)
			value()
			c.movImm(r4, 0)
			c.helper(asm.FnMapUpdateElem)
		})
		c.jImm(asm.JEq, r0, 0, done)
	}
	c.drop(record.DropDynamic)
	c.jmp(done)
}

// speculation emits the operations on speculations. Their states are words of
// the control block; the records themselves stay with the consumer.
func (c *clauseGen) speculation(in *ir.Instr) error {
	n := c.cfg.NSpec
	switch in.Op {
	case ir.Speculation:
		if n == 0 {
			c.movImm(r0, 0)
		} else {
			c.movImm(r1, 0)
			c.call(c.specNew())
		}
		none, done := c.newLabel(), c.newLabel()
		if n > 0 {
			c.jImm(asm.JEq, r0, 0, none)
			c.jImm(asm.JNE, r0, specBusy, done)
			c.drop(record.DropSpecBusy)
			c.movImm(r0, 0)
			c.jmp(done)
			c.bind(none)
		}
		c.drop(record.DropSpecUnavail)
		c.movImm(r0, 0)
		c.bind(done)
		c.put(in.Dst, r0)
		return nil
	case ir.Speculate:
		c.fetch(r1, in.A)
		no, ok := c.newLabel(), c.newLabel()
		if n > 0 {
			c.specWord(r2, r1, no)
			c.load(r3, r2, 0, 4)
			c.jImm(asm.JNE, r3, int32(SpecActive), no)
			c.store(r8, 16, r1, 4)
			size := int64(recordSize(c.c))
			if room := int64(c.cfg.SpecSize) - size; room >= 0 {
				c.specUsed(r4, in.A, no)
				c.load(r3, r4, 0, 4)
				c.jImm(asm.JLE, r3, int32(room), ok)
			}
			c.drop(record.DropSpec)
		}
		c.bind(no)
		if c.flow[c.pc].fired {
			c.discard()
		}
		c.jmp(c.end)
		c.bind(ok)
	case ir.Commit, ir.Discard:
		c.fetch(r1, in.A)
		bad, no := c.newLabel(), c.newLabel()
		c.specWord(r2, r1, bad)
		c.movImm(r0, int64(SpecActive))
		to := SpecCommitting
		if in.Op == ir.Discard {
			to = SpecDiscarding
		}
		c.movImm(r3, int64(to))
		c.atomic(asm.CmpXchg, r2, 0, r3, asm.Word)
		c.jmp(no)
		c.bind(bad)
		c.jImm(asm.JEq, r1, 0, no)
		c.movImm(r1, 0)
		c.jmp(c.faultLabel(ir.FaultIllOp))
		c.bind(no)
	}
	return nil
}

// specUsed puts the address of what speculation id has used of this CPU's room
// into d, or jumps to no if there is none of that number. It clobbers r0 to r5.
func (c *clauseGen) specUsed(d asm.Register, id ir.Reg, no label) {
	c.block(d)
	c.fetch(r1, id)
	c.specCounter(d, r1, no)
}

// specCounter adds to the address of a CPU's block the place of the counter of
// the speculation in id.
func (c *clauseGen) specCounter(block, id asm.Register, no label) {
	c.aluImm(asm.Sub, id, 1)
	c.jImm(asm.JGE, id, int32(c.cfg.NSpec), no)
	c.aluImm(asm.LSh, id, 2)
	c.alu(asm.Add, block, id)
	c.addImm(block, int64(c.obj.Layout.CPUSpec))
}

// chargeSpec counts the clause's record to its speculation.
func (c *clauseGen) chargeSpec() {
	if !c.c.Speculative || c.cfg.NSpec == 0 {
		return
	}
	none := c.newLabel()
	c.load(r1, r8, 16, 4)
	c.jImm(asm.JEq, r1, 0, none)
	c.block(r4)
	c.load(r1, r8, 16, 4)
	c.specCounter(r4, r1, none)
	c.load(r3, r4, 0, 4)
	c.aluImm(asm.Add, r3, int32(recordSize(c.c)))
	c.store(r4, 0, r3, 4)
	c.bind(none)
}

// specWord puts the address of the state of speculation id into d, or jumps to
// no if there is none of that number; id is kept.
func (c *clauseGen) specWord(d, id asm.Register, no label) {
	// One comparison of the difference: of "not 0" verifiers before Linux 6.8 learn
	// nothing, and that of 7.2 nothing of "at least 1" while the sign is open.
	c.mov(r3, id)
	c.aluImm(asm.Sub, r3, 1)
	c.jImm(asm.JGE, r3, int32(c.cfg.NSpec), no)
	c.mapValue(d, MapControl, c.obj.Layout.CtlSpec)
	c.aluImm(asm.LSh, r3, 2)
	c.alu(asm.Add, d, r3)
}

// specBusy is what specNew's function returns instead of an id where there is no
// free speculation but one that waits for the consumer.
const specBusy = 1 << 30

// specNew returns a function that activates a free speculation and returns its
// id, 0 or specBusy.
func (c *clauseGen) specNew() label {
	p := c.progGen
	return p.addRoutine("speculation", true, params("long unused"), func() {
		loop, next, given := p.newLabel(), p.newLabel(), p.newLabel()
		p.movImm(r1, 0)
		p.movImm(r5, 0)
		p.bind(loop)
		p.mapValue(r2, MapControl, p.obj.Layout.CtlSpec)
		p.mov(r3, r1)
		p.aluImm(asm.LSh, r3, 2)
		p.alu(asm.Add, r2, r3)
		p.load(r4, r2, 0, 4)
		p.jImm(asm.JLE, r4, int32(SpecActive), given)
		p.movImm(r5, specBusy)
		p.bind(given)
		p.jImm(asm.JNE, r4, int32(SpecFree), next)
		p.movImm(r0, int64(SpecFree))
		p.movImm(r4, int64(SpecActive))
		p.atomic(asm.CmpXchg, r2, 0, r4, asm.Word)
		p.jImm(asm.JNE, r0, int32(SpecFree), next)
		p.mov(r0, r1)
		p.aluImm(asm.Add, r0, 1)
		p.exit()
		p.bind(next)
		p.aluImm(asm.Add, r1, 1)
		p.jImm(asm.JLT, r1, int32(p.cfg.NSpec), loop)
		p.mov(r0, r5)
		p.exit()
	})
}
