package bpf

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/godtrace/godtrace/ir"
)

// Strings are handled in three ways. What the kernel's own string reader can do
// is left to it (copies, joins, parts). Lengths and comparisons are functions that
// go through memory a word at a time. Everything else copies its operands to the
// slot's temporary areas and runs a loop by bpf_loop whose state is in the slot,
// too: the kernel's verifier then follows its body once.

// strings emits the string operations.
func (c *clauseGen) strings(in *ir.Instr) error {
	switch in.Op {
	case ir.StrCopy:
		return c.strCopy(c.mem(in.M), c.mem(in.N))
	case ir.StrLen:
		c.strLen(c.mem(in.M))
		c.put(in.Dst, r0)
	case ir.StrCmp:
		c.strCmp(in)
	case ir.StrIdx:
		m := c.mem(in.M)
		c.fetch(r2, in.A)
		l := c.faultLabel(ir.FaultBadIndex)
		c.movImm(r1, 0)
		c.jImm(asm.JGE, r2, int32(m.Size), l)
		// What is behind the text is left over from before.
		behind := c.newLabel()
		c.strLen(m)
		c.fetch(r2, in.A)
		c.mov(r3, r0)
		c.movImm(r0, 0)
		c.jReg(asm.JGE, r2, r3, behind)
		c.jImm(asm.JGE, r2, int32(m.Size), behind) // for the kernel's verifier
		c.addr(r1, m)
		c.alu(asm.Add, r1, r2)
		c.load(r0, r1, 0, 1)
		c.extend(r0, 1, true)
		c.bind(behind)
		c.put(in.Dst, r0)
	case ir.IsNull:
		no := c.newLabel()
		m := c.mem(in.M)
		if m.Size < 2 {
			c.movImm(r0, 0)
			c.put(in.Dst, r0)
			return nil
		}
		b, off := c.at(m, r1)
		c.load(r2, b, off, 1)
		c.load(r3, b, off+1, 1)
		c.movImm(r0, 0)
		c.jImm(asm.JNE, r2, 0, no)
		c.jImm(asm.JNE, r3, 0xff, no)
		c.movImm(r0, 1)
		c.bind(no)
		c.put(in.Dst, r0)
	case ir.MkNull:
		c.nullString(c.mem(in.M))
	case ir.StrJoin:
		c.strJoin(c.mem(in.M), c.mem(in.N), c.mem(in.P))
	case ir.Substr:
		c.substr(in)
	default:
		return c.loops(in)
	}
	return nil
}

// nullString makes m the NULL string.
func (c *clauseGen) nullString(m ir.Mem) {
	b, off := c.at(m, r1)
	c.storeImm(b, off, 0, 1)
	c.storeImm(b, off+1, -1, 1)
}

// putString makes m the string at the address in r3, of which r2 bytes with the
// NUL may be used, or all if sized is not set.
func (c *clauseGen) putString(m ir.Mem, sized bool) {
	if sized {
		small := c.newLabel()
		c.jImm(asm.JLE, r2, int32(m.Size), small)
		c.movImm(r2, int64(m.Size))
		c.bind(small)
	} else {
		c.movImm(r2, int64(m.Size))
	}
	done := c.newLabel()
	c.addr(r1, m)
	c.helper(asm.FnProbeReadKernelStr)
	c.jImm(asm.JSGT, r0, 1, done)
	c.emptyString(m)
	c.bind(done)
}

// putSlot makes m the string at an offset of the slot.
func (c *clauseGen) putSlot(m ir.Mem, off uint32) {
	c.slotAddr(r3, off)
	c.putString(m, false)
}

// strCopy assigns a string; NULL stays NULL.
func (c *clauseGen) strCopy(m, n ir.Mem) error {
	if m.Space == ir.TLS || n.Space == ir.TLS {
		return c.tlsString(m, n)
	}
	c.addr(r3, n)
	c.movImm(r2, int64(m.Size))
	c.addr(r1, m)
	c.helper(asm.FnProbeReadKernelStr)
	done := c.newLabel()
	c.jImm(asm.JSGT, r0, 1, done)
	// Empty or NULL: the second byte tells.
	c.secondByte(n)
	b, off := c.at(m, r1)
	c.storeImm(b, off, 0, 1)
	c.store(b, off+1, r0, 1)
	c.bind(done)
	return nil
}

// secondByte makes r0 0xff if n, an empty string, is NULL, else 0.
func (c *clauseGen) secondByte(n ir.Mem) {
	null := c.newLabel()
	if n.Size < 2 {
		c.movImm(r0, 0)
		return
	}
	b, off := c.at(n, r1)
	c.load(r0, b, off+1, 1)
	c.jImm(asm.JEq, r0, 0xff, null)
	c.movImm(r0, 0)
	c.bind(null)
}

// tlsString is strCopy to or from a thread-local variable; the string of a thread
// without variables is empty.
func (c *clauseGen) tlsString(m, n ir.Mem) error {
	if err := c.needTLS(); err != nil {
		return err
	}
	none, done := c.newLabel(), c.newLabel()
	c.tls(m.Space == ir.TLS)
	c.jImm(asm.JEq, r0, 0, none)
	place := func(d asm.Register, x ir.Mem) { // r0 or the stack has the variables
		if x.Space == ir.TLS {
			c.load(d, rFP, c.ownOff(ownTLS), 8)
			c.addImm(d, int64(x.Off))
			return
		}
		c.addr(d, x)
	}
	// After a fetch, the verifier knows the address on the stack as checked, too.
	place(r3, n)
	c.movImm(r2, int64(m.Size))
	place(r1, m)
	c.helper(asm.FnProbeReadKernelStr)
	c.jImm(asm.JSGT, r0, 1, done)
	null := c.newLabel()
	c.movImm(r0, 0)
	if n.Size >= 2 {
		place(r3, n)
		c.load(r0, r3, 1, 1)
		c.jImm(asm.JEq, r0, 0xff, null)
		c.movImm(r0, 0)
	}
	c.bind(null)
	place(r1, m)
	c.storeImm(r1, 0, 0, 1)
	c.store(r1, 1, r0, 1)
	c.jmp(done)
	c.bind(none)
	if m.Space == ir.TLS {
		c.dropDynamic()
	} else {
		c.emptyString(m)
	}
	c.bind(done)
	return nil
}

// readable puts the address of string m into d, where g.str bytes can be read.
// A string in a record is copied to the slot at tmp first.
func (c *clauseGen) readable(d asm.Register, m ir.Mem, tmp uint32) {
	if m.Space != ir.Record {
		c.addr(d, m)
		return
	}
	c.addr(r3, m)
	c.slotAddr(r1, tmp)
	c.movImm(r2, int64(m.Size))
	c.helper(asm.FnProbeReadKernelStr)
	c.slotAddr(d, tmp)
}

// strParam is a parameter of a global function that points to a string.
func (p *progGen) strParam(name string) btf.FuncParam {
	b := &btf.Int{Name: "unsigned char", Size: 1, Encoding: btf.Unsigned}
	u32 := &btf.Int{Name: "unsigned int", Size: 4, Encoding: btf.Unsigned}
	st := &btf.Struct{Name: "gt_string", Size: p.str, Members: []btf.Member{{Name: "text", Type: &btf.Array{Index: u32, Type: b, Nelems: p.str}}}}
	return btf.FuncParam{Name: name, Type: &btf.Pointer{Target: st}}
}

// Words with which a byte of zero is found in a word.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// strLen puts the length of m into r0.
func (c *clauseGen) strLen(m ir.Mem) {
	p := c.progGen
	c.readable(r1, m, c.slot.tmp2)
	c.movImm(r2, int64(m.Size)-1)
	c.call(p.addRoutine("strlen", true, append([]btf.FuncParam{p.strParam("s")}, params("long max")...), func() {
		// r3: position, r4: ones, r5: highs
		loop, zero, ok, out := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
		p.movImm(r0, 0)
		p.jImm(asm.JNE, r1, 0, ok)
		p.exit()
		p.bind(ok)
		p.mov(r7, r2)
		p.movImm(r3, 0)
		p.movImm(r4, ones)
		p.movImm(r5, math.MinInt64|highs&math.MaxInt64)
		p.bind(loop)
		p.load(r0, r1, 0, 8)
		p.mov(r2, r0)
		p.alu(asm.Sub, r2, r4)
		p.aluImm(asm.Xor, r0, -1)
		p.alu(asm.And, r2, r0)
		p.alu(asm.And, r2, r5)
		p.jImm(asm.JNE, r2, 0, zero)
		p.aluImm(asm.Add, r1, 8)
		p.aluImm(asm.Add, r3, 8)
		p.jImm(asm.JLT, r3, int32(p.str), loop)
		p.mov(r0, r7)
		p.exit()
		p.bind(zero)
		// The lowest set bit of r2 is in the first byte of zero.
		p.mov(r0, r3)
		for k := range int32(8) {
			next := p.newLabel()
			p.mov(r1, r2)
			p.aluImm(asm.RSh, r1, 8*k)
			p.aluImm(asm.And, r1, 0x80)
			p.jImm(asm.JEq, r1, 0, next)
			p.aluImm(asm.Add, r0, k)
			p.jmp(out)
			p.bind(next)
		}
		p.bind(out)
		fits := p.newLabel()
		p.jReg(asm.JLE, r0, r7, fits)
		p.mov(r0, r7)
		p.bind(fits)
		p.exit()
	}))
}

// strCmp compares two strings. One that is a short constant, the usual case, is
// compared in place: the first word that differs decides, since in a string that
// ends early the NUL itself differs.
func (c *clauseGen) strCmp(in *ir.Instr) {
	if m, lit, ok := c.literalCompare(c.c, in); ok {
		c.cmpLiteral(m, lit)
		if c.mem(in.M).Space == ir.Const {
			c.emit(asm.Neg.Imm(r0, 0))
		}
		c.put(in.Dst, r0)
		return
	}
	m, n := c.mem(in.M), c.mem(in.N)
	c.readable(r4, n, c.slot.tmp3)
	if m.Space == ir.Record {
		c.store(rFP, c.ownOff(ownTmp), r4, 8)
		c.readable(r1, m, c.slot.tmp2)
		c.load(r4, rFP, c.ownOff(ownTmp), 8)
	} else {
		c.addr(r1, m)
	}
	c.mov(r2, r4)
	c.movImm(r3, int64(min(m.Size, n.Size))-1)
	c.call(c.cmpRoutine())
	c.put(in.Dst, r0)
}

// literalCompare returns the operands of a comparison with a constant of less
// than 64 bytes: a string elsewhere, and the text.
func (g *gen) literalCompare(c *ir.Clause, in *ir.Instr) (m ir.Mem, lit []byte, ok bool) {
	if in.Op != ir.StrCmp {
		return m, nil, false
	}
	m, n := c.Mems[in.M], c.Mems[in.N]
	if m.Space == ir.Const {
		m, n = n, m
	}
	if m.Space == ir.Const || n.Space != ir.Const {
		return m, nil, false
	}
	lit, _, ok = bytes.Cut(g.prog.Const[n.Off:n.Off+n.Size], []byte{0})
	return m, lit, ok && len(lit)+1 <= min(64, int(m.Size))
}

// cmpLiteral makes r0 -1, 0 or 1 as m is below, equal to or above lit.
func (c *clauseGen) cmpLiteral(m ir.Mem, lit []byte) {
	text := append(append([]byte{}, lit...), 0)
	differ, done := c.newLabel(), c.newLabel()
	b, off := c.at(m, r1)
	stack := c.onStack(m)
	for at := 0; at < len(text); {
		size := 8
		for size > len(text)-at || stack && (int(off)+at)%size != 0 {
			size /= 2
		}
		w := make([]byte, 8)
		copy(w[8-size:], text[at:at+size])
		c.load(r2, b, off+int32(at), uint8(size))
		if size > 1 {
			c.emit(asm.HostTo(asm.BE, r2, sizeOf(uint8(size))))
		}
		c.movImm(r3, int64(binary.BigEndian.Uint64(w)))
		c.jReg(asm.JNE, r2, r3, differ)
		at += size
	}
	c.movImm(r0, 0)
	c.jmp(done)
	c.bind(differ)
	c.movImm(r0, 1)
	c.jReg(asm.JGT, r2, r3, done)
	c.movImm(r0, -1)
	c.bind(done)
}

// cmpRoutine is a function that compares the strings at r1 and r2, the shorter
// of which can have r3 bytes of text.
func (c *clauseGen) cmpRoutine() label {
	p := c.progGen
	return p.addRoutine("strcmp", true, append([]btf.FuncParam{p.strParam("a"), p.strParam("b")}, params("long max")...), func() {
		loop, last, equal, out := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
		p.jImm(asm.JEq, r1, 0, equal)
		p.jImm(asm.JEq, r2, 0, equal)
		p.mov(r7, r3)
		p.movImm(r6, 0)
		p.movImm(r8, ones)
		p.movImm(r9, math.MinInt64|highs&math.MaxInt64)
		p.bind(loop)
		p.load(r3, r1, 0, 8)
		p.load(r4, r2, 0, 8)
		p.jReg(asm.JNE, r3, r4, last)
		p.mov(r5, r3)
		p.alu(asm.Sub, r5, r8)
		p.aluImm(asm.Xor, r3, -1)
		p.alu(asm.And, r5, r3)
		p.alu(asm.And, r5, r9)
		p.jImm(asm.JNE, r5, 0, equal)
		p.aluImm(asm.Add, r1, 8)
		p.aluImm(asm.Add, r2, 8)
		p.aluImm(asm.Add, r6, 8)
		p.jImm(asm.JLT, r6, int32(p.str), loop)
		p.bind(equal)
		p.movImm(r0, 0)
		p.exit()
		// Two words that differ: the first byte that differs decides, unless both
		// strings end before.
		p.bind(last)
		for range 8 {
			p.movImm(r0, 0)
			p.mov(r1, r3)
			p.aluImm(asm.And, r1, 0xff)
			p.mov(r2, r4)
			p.aluImm(asm.And, r2, 0xff)
			more := p.newLabel()
			p.jReg(asm.JEq, r1, r2, more)
			p.movImm(r0, 1)
			p.jReg(asm.JGT, r1, r2, out)
			p.movImm(r0, -1)
			p.jmp(out)
			p.bind(more)
			p.jImm(asm.JEq, r1, 0, out)
			p.aluImm(asm.RSh, r3, 8)
			p.aluImm(asm.RSh, r4, 8)
		}
		p.bind(out)
		p.exit()
	})
}

// strJoin makes m the text of n followed by that of q.
func (c *clauseGen) strJoin(m, n, q ir.Mem) {
	c.slotAddr(r1, c.slot.tmp)
	c.movImm(r2, int64(n.Size))
	c.addr(r3, n)
	c.helper(asm.FnProbeReadKernelStr)
	some := c.newLabel()
	c.jImm(asm.JSGT, r0, 0, some)
	c.movImm(r0, 1)
	c.bind(some)
	c.aluImm(asm.Sub, r0, 1)
	c.addr(r3, q)
	c.slotAddr(r1, c.slot.tmp)
	c.alu(asm.Add, r1, r0)
	c.movImm(r2, int64(q.Size))
	c.helper(asm.FnProbeReadKernelStr)
	c.putSlot(m, c.slot.tmp)
}

// substr emits DTrace's substr(): see the vm's for its rules.
func (c *clauseGen) substr(in *ir.Instr) {
	m, n := c.mem(in.M), c.mem(in.N)
	empty, done, notNeg, inside, posLen, ok, fits := c.newLabel(), c.newLabel(), c.newLabel(), c.newLabel(), c.newLabel(), c.newLabel(), c.newLabel()
	c.strLen(n)
	// r0: length, r1: index, r2: count
	c.fetch(r1, in.A)
	if in.B != ir.NoReg {
		c.fetch(r2, in.B)
	} else {
		c.movImm(r2, math.MaxInt64)
	}
	c.jImm(asm.JSGE, r1, 0, notNeg)
	c.alu(asm.Add, r1, r0)
	c.jImm(asm.JSGE, r1, 0, notNeg)
	c.jImm(asm.JSLT, r2, 0, empty)
	c.alu(asm.Add, r2, r1)
	c.jImm(asm.JSLE, r2, 0, empty)
	c.movImm(r1, 0)
	c.bind(notNeg)
	c.jReg(asm.JSGE, r1, r0, empty)
	c.jImm(asm.JSGE, r2, 0, posLen)
	c.alu(asm.Add, r2, r0)
	c.alu(asm.Sub, r2, r1)
	c.bind(posLen)
	c.jImm(asm.JSLE, r2, 0, empty)
	c.bind(inside)
	c.jImm(asm.JLT, r1, int32(n.Size), ok) // for the verifier; always so
	c.jmp(empty)
	c.bind(ok)
	c.jImm(asm.JSLE, r2, int32(c.str), fits)
	c.movImm(r2, int64(c.str))
	c.bind(fits)
	c.aluImm(asm.Add, r2, 1)
	c.mov(r4, r1)
	c.addr(r3, n)
	c.alu(asm.Add, r3, r4)
	c.putString(m, true)
	c.jmp(done)
	c.bind(empty)
	c.emptyString(m)
	c.bind(done)
}

// builtinString emits BuiltinS.
func (c *clauseGen) builtinString(in *ir.Instr) error {
	m := c.mem(in.M)
	switch b := ir.StrBuiltin(in.Sub); b {
	case ir.SExecName, ir.SThreadName:
		c.addr(r1, m)
		c.movImm(r2, int64(min(m.Size, 16)))
		c.helper(asm.FnGetCurrentComm)
	case ir.SProbeProv, ir.SProbeMod, ir.SProbeFunc, ir.SProbeName:
		return c.probeName(int(b-ir.SProbeProv), m)
	case ir.SZoneName:
		c.constString(m, "global")
	default:
		return c.longBuiltin(b, m)
	}
	return nil
}

// constString makes m a string known now.
func (c *clauseGen) constString(m ir.Mem, s string) {
	at := c.pad(0)
	c.konst = append(c.konst, s...)
	c.konst = append(c.konst, 0)
	c.pad(c.str)
	c.mapValue(r3, MapConst, at)
	c.putString(m, false)
}

// probeName makes m a part of the firing probe's name. Programs need the text only
// where they work with it; records have the probe's id.
func (c *clauseGen) probeName(part int, m ir.Mem) error {
	if c.cfg.Probe == nil {
		return c.fail("the names of probes are not known here")
	}
	text := func(i int) (string, error) {
		id := c.cfg.ErrorProbe
		if !c.isError {
			id = c.hook.Probes[i].ID
		}
		p := c.cfg.Probe(id)
		if p == nil {
			return "", c.fail("probe %d has no name", id)
		}
		return [...]string{p.Provider, p.Module, p.Function, p.Name}[part], nil
	}
	if c.isError || c.entry == 0 {
		s, err := text(0)
		if err == nil {
			c.constString(m, s)
		}
		return err
	}
	// A table of offsets, then the texts, each once.
	offs := make([]uint32, len(c.hook.Probes))
	seen := map[string]uint32{}
	for i := range offs {
		s, err := text(i)
		if err != nil {
			return err
		}
		at, ok := seen[s]
		if !ok {
			at = uint32(len(c.konst))
			seen[s] = at
			c.konst = append(append(c.konst, s...), 0)
		}
		offs[i] = at
	}
	tab := c.pad(4 * uint32(len(offs)))
	for i, o := range offs {
		binary.LittleEndian.PutUint32(c.konst[tab+4*uint32(i):], o)
	}
	c.load(r1, c.fb, c.fbOff+fbEntry, 8)
	c.load(r1, r1, 4, 4)
	c.jumpIfBeyond(r1, len(offs))
	c.aluImm(asm.LSh, r1, 2)
	c.mapValue(r2, MapConst, tab)
	c.alu(asm.Add, r2, r1)
	c.load(r2, r2, 0, 4)
	c.aluImm(asm.And, r2, 1<<min(28, bits.Len(uint(len(c.konst))))-1)
	c.mapValue(r3, MapConst, 0)
	c.alu(asm.Add, r3, r2)
	c.putString(m, false)
	return nil
}

// dropDynamic counts the loss of a store to a dynamic variable.
func (c *clauseGen) dropDynamic() { c.drop(dropDynamicKind) }
