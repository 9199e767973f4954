package vm

import (
	"fmt"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// insn is a prepared instruction: 64 bytes, one cache line. Its operation is an
// ir.Op, or one of the finer operations below.
type insn struct {
	op           uint8
	size         uint8
	sub          uint8
	signed       bool
	dst, a, b, c uint16
	target       int32
	imm          int64
	m, n, p      operand
}

// operand is a memory operand: bytes off to end of a space.
type operand struct {
	space, off, end uint32
}

const noOperand uint32 = 7 // a space index that is never filled

// Operations that are finer than ir's: one for each width, comparison or kind of
// operand, so that the loop need not ask.
const (
	opLd1 = uint8(ir.NumOps) + iota
	opLd2
	opLd4
	opLd8
	opLd1S
	opLd2S
	opLd4S
	opSt1
	opSt2
	opSt4
	opSt8
	opBrEQ
	opBrNE
	opBrLT
	opBrLE
	opBrGT
	opBrGE
	opBrLTU
	opBrLEU
	opBrGTU
	opBrGEU
	opSetEQ
	opSetNE
	opSetLT
	opSetLE
	opSetGT
	opSetGE
	opSetLTU
	opSetLEU
	opSetGTU
	opSetGEU
	opTLS // Ld, St, Copy or StrCopy (in sub) with an operand in TLS
	opProbeID
	opArg
)

// Program is an ir.Program ready to run. It does not change and may be shared
// by machines.
type Program struct {
	src     *ir.Program
	clauses []clause
	maxRec  int
	maxFrm  uint32
}

type clause struct {
	src    *ir.Clause
	code   []insn
	consts []uint64 // registers from src.NumReg on
	shared bool
	recLen int // record with header
}

// New prepares a verified program. The program must not change any more. The
// error says what in it no verified program has.
func New(src *ir.Program) (*Program, error) {
	p := &Program{src: src, clauses: make([]clause, len(src.Clauses))}
	for i, c := range src.Clauses {
		if err := p.prepare(&p.clauses[i], c); err != nil {
			return nil, fmt.Errorf("clause %d (%s): %w", i, c.Name, err)
		}
		p.maxFrm = max(p.maxFrm, c.FrameSize)
		p.maxRec = max(p.maxRec, p.clauses[i].recLen)
	}
	return p, nil
}

// Source returns the program that p was made from.
func (p *Program) Source() *ir.Program { return p.src }

// Shared reports whether a clause touches what the CPUs share: global and
// dynamic variables, thread storage, speculations. Such clauses must not run at
// the same time.
func (p *Program) Shared(clause int) bool { return p.clauses[clause].shared }

// RecordSize returns the size of the record that a clause commits, header
// included, or 0 if it makes none.
func (p *Program) RecordSize(clause int) int { return p.clauses[clause].recLen }

func (p *Program) prepare(c *clause, src *ir.Clause) error {
	c.src = src
	c.code = make([]insn, len(src.Code))
	if src.Record {
		c.recLen = record.HeaderSize + int(src.RecSize)
	}
	if len(src.Code) == 0 {
		return fmt.Errorf("no code")
	}
	switch last := src.Code[len(src.Code)-1].Op; last {
	case ir.Ret, ir.Fail, ir.Jmp, ir.Loop:
	default:
		return fmt.Errorf("the last instruction, operation %d, goes on past the end", last)
	}
	constReg := map[int64]uint16{}
	for pc := range src.Code {
		if err := p.instruction(c, pc, constReg); err != nil {
			return fmt.Errorf("pc %d, operation %d: %w", pc, src.Code[pc].Op, err)
		}
	}
	return nil
}

func (p *Program) instruction(c *clause, pc int, constReg map[int64]uint16) error {
	i := &c.src.Code[pc]
	if int(i.Op) >= ir.NumOps {
		return fmt.Errorf("no such operation, want less than %d", ir.NumOps)
	}
	out := &c.code[pc]
	*out = insn{op: uint8(i.Op), size: i.Size, sub: i.Sub, signed: i.Signed, target: i.Target, imm: i.Imm,
		dst: uint16(i.Dst), a: uint16(i.A), b: uint16(i.B), c: uint16(i.C)}
	if err := c.checkRegs(i); err != nil {
		return err
	}
	tls := false
	var err error
	out.m, out.n, out.p = operand{space: noOperand}, operand{space: noOperand}, operand{space: noOperand}
	i.EachMem(func(id ir.MemID, _ ir.MemUse, _ bool) {
		if int(id) >= len(c.src.Mems) {
			err = fmt.Errorf("memory operand %d of %d", id, len(c.src.Mems))
			return
		}
		m := c.src.Mems[id]
		if e := p.inSpace(c.src, m); e != nil {
			err = e
			return
		}
		tls = tls || m.Space == ir.TLS
		c.shared = c.shared || m.Space == ir.Global || m.Space == ir.TLS
		for k, own := range [...]ir.MemID{i.M, i.N, i.P} {
			if own == id {
				*[...]*operand{&out.m, &out.n, &out.p}[k] = operand{space: uint32(m.Space), off: m.Off, end: m.Off + m.Size}
			}
		}
	})
	if err != nil {
		return err
	}
	return p.specialise(c, out, i, pc, tls, constReg)
}

// checkRegs reports whether the registers of i exist.
func (c *clause) checkRegs(i *ir.Instr) (err error) {
	check := func(r ir.Reg) {
		if r != ir.NoReg && int(r) >= c.src.NumReg {
			err = fmt.Errorf("register %d of %d", r, c.src.NumReg)
		}
	}
	i.EachRead(check)
	check(i.Written())
	return err
}

// inSpace reports whether m lies within its space.
func (p *Program) inSpace(c *ir.Clause, m ir.Mem) error {
	var size uint32
	switch m.Space {
	case ir.Frame:
		size = c.FrameSize
	case ir.Record:
		size = c.RecSize
	case ir.Const:
		size = uint32(len(p.src.Const))
	case ir.Global:
		size = p.src.GlobalSize
	case ir.Local:
		size = p.src.LocalSize
	case ir.TLS:
		size = p.src.TLSSize
	default:
		return fmt.Errorf("memory space %d", m.Space)
	}
	if m.Off > size || m.Size > size-m.Off {
		return fmt.Errorf("bytes %d to %d of space %d, which has %d", m.Off, uint64(m.Off)+uint64(m.Size), m.Space, size)
	}
	return nil
}

// specialise chooses the finer operation and puts constant operands into
// registers.
func (p *Program) specialise(c *clause, out *insn, i *ir.Instr, pc int, tls bool, constReg map[int64]uint16) error {
	if tls {
		switch i.Op {
		case ir.Ld, ir.St, ir.Copy, ir.StrCopy:
			out.op, out.sub = opTLS, uint8(i.Op)
		default:
			return fmt.Errorf("an operand in thread storage")
		}
	}
	switch i.Op {
	case ir.Jmp, ir.Br:
		if int(i.Target) <= pc || int(i.Target) >= len(c.src.Code) {
			return fmt.Errorf("branch to %d, want %d to %d", i.Target, pc+1, len(c.src.Code)-1)
		}
	case ir.Loop:
		if int(i.Target) > pc || i.Target < 0 {
			return fmt.Errorf("loop to %d, want 0 to %d", i.Target, pc)
		}
	}
	switch i.Op {
	case ir.Add, ir.Sub, ir.Mul, ir.DivS, ir.DivU, ir.ModS, ir.ModU, ir.And, ir.Or, ir.Xor, ir.Shl, ir.Shr, ir.Sar,
		ir.Set, ir.Br, ir.StrToLL, ir.LLToStr:
		if i.B == ir.NoReg {
			out.b = c.constant(i.Imm, constReg)
		}
	case ir.Aggregate:
		if i.A == ir.NoReg {
			out.a = c.constant(0, constReg)
		}
		if i.B == ir.NoReg {
			out.b = c.constant(1, constReg)
		}
		if int(i.Imm) < 0 || int(i.Imm) >= len(p.src.Aggs) {
			return fmt.Errorf("aggregation %d of %d", i.Imm, len(p.src.Aggs))
		}
	case ir.Fail:
		if i.A == ir.NoReg {
			out.a = c.constant(0, constReg)
		}
	case ir.DynGet, ir.DynGetM, ir.DynSet, ir.DynSetM, ir.DynDel:
		if i.Imm < 0 || int(i.Imm) >= len(p.src.Vars) {
			return fmt.Errorf("variable %d of %d", i.Imm, len(p.src.Vars))
		}
		c.shared = true
	case ir.Speculation, ir.Speculate, ir.Commit, ir.Discard:
		c.shared = true
	}
	if tls {
		return nil
	}
	switch i.Op {
	case ir.Br, ir.Set:
		if i.Sub > uint8(ir.GEU) {
			return fmt.Errorf("comparison %d", i.Sub)
		}
		out.op = opBrEQ + i.Sub
		if i.Op == ir.Set {
			out.op = opSetEQ + i.Sub
		}
	case ir.Ld:
		switch w := width(i.Size); {
		case w < 0:
			return fmt.Errorf("width %d", i.Size)
		case i.Signed && w < 3:
			out.op = opLd1S + uint8(w)
		default:
			out.op = opLd1 + uint8(w)
		}
	case ir.St:
		w := width(i.Size)
		if w < 0 {
			return fmt.Errorf("width %d", i.Size)
		}
		out.op = opSt1 + uint8(w)
	case ir.BuiltinI:
		switch ir.Builtin(i.Sub) {
		case ir.BID:
			out.op = opProbeID
		case ir.BArg:
			if i.Imm < 0 {
				return fmt.Errorf("argument %d", i.Imm)
			}
			if i.Imm < NumArgs {
				out.op = opArg
			}
		}
	}
	return nil
}

// width returns the logarithm of an access width, -1 if it is none.
func width(size uint8) int {
	switch size {
	case 1:
		return 0
	case 2:
		return 1
	case 4:
		return 2
	case 8:
		return 3
	}
	return -1
}

// constant returns a register that always holds v.
func (c *clause) constant(v int64, regs map[int64]uint16) uint16 {
	r, ok := regs[v]
	if !ok {
		r = uint16(c.src.NumReg + len(c.consts))
		regs[v] = r
		c.consts = append(c.consts, uint64(v))
	}
	return r
}
