package bpf

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
)

// Registers by role in generated code. r0 to r5 are scratch within one
// instruction of ir; the others live as long as the function.
const (
	r0  = asm.R0
	r1  = asm.R1
	r2  = asm.R2
	r3  = asm.R3
	r4  = asm.R4
	r5  = asm.R5
	r6  = asm.R6 // the program's context
	r7  = asm.R7 // the firing's scratch slot, if the program has one
	r8  = asm.R8 // the clause's record, if it has one
	r9  = asm.R9 // the firing block, in clauses that are functions
	rFP = asm.R10
)

// label is a place in an emitter's code.
type label int

// pseudo source registers of calls and loads of function addresses.
const (
	pseudoCall = asm.Register(1)
	pseudoFunc = asm.Register(4)
)

// emitter collects the instructions of one program, all its functions.
type emitter struct {
	ins       []asm.Instruction
	raw       int    // length so far in 8-byte slots
	off       []int  // raw offset of each instruction
	labels    []int  // raw offset of each label, -1 while unbound
	refs      []bool // labels that are referred to
	dead      bool   // control does not come here
	addrTaken bool   // the address of a function is used
	fix       []fixup
	notes     []note
	starts    []int // first instructions of the functions
	err       error
}

// note says for listings where the code from an instruction on comes from: a
// clause, an instruction of it (pc >= 0).
type note struct {
	ins, clause, pc int
}

func (e *emitter) note(clause, pc int) { e.notes = append(e.notes, note{len(e.ins), clause, pc}) }

type fixup struct {
	ins int
	to  label
}

func (e *emitter) newLabel() label {
	e.labels = append(e.labels, -1)
	e.refs = append(e.refs, false)
	return label(len(e.labels) - 1)
}

// bind sets a label here. A jump just before that leads here goes away.
func (e *emitter) bind(l label) {
	for len(e.fix) > 0 && len(e.ins) > 0 {
		f := e.fix[len(e.fix)-1]
		if f.ins != len(e.ins)-1 || f.to != l || e.ins[f.ins].OpCode != asm.Ja.Op(asm.ImmSource) {
			break
		}
		e.fix = e.fix[:len(e.fix)-1]
		e.ins, e.off = e.ins[:f.ins], e.off[:f.ins]
		e.raw--
		// Labels set behind the jump move with it, those too behind a jump that
		// this loop removed before.
		for h, at := range e.labels {
			if at > e.raw {
				e.labels[h] = e.raw
			}
		}
		e.dead = false
	}
	e.labels[l] = e.raw
	if e.refs[l] {
		e.dead = false
	}
}

// ref notes an instruction, about to be emitted, that refers to a label.
func (e *emitter) ref(l label) {
	if !e.dead {
		e.fix = append(e.fix, fixup{len(e.ins), l})
		e.refs[l] = true
	}
}

// emit appends an instruction, unless control cannot reach it: the kernel
// refuses programs with code that is never reached.
func (e *emitter) emit(in asm.Instruction) {
	if e.dead {
		return
	}
	if op := in.OpCode; op == asm.Ja.Op(asm.ImmSource) || op == asm.Return().OpCode {
		defer func() { e.dead = true }()
	}
	e.off = append(e.off, e.raw)
	e.ins = append(e.ins, in)
	e.raw++
	if in.OpCode.IsDWordLoad() {
		e.raw++
	}
}

// finish puts the offsets into jumps and calls.
func (e *emitter) finish() (asm.Instructions, error) {
	if e.err != nil {
		return nil, e.err
	}
	if err := e.addIslands(); err != nil {
		return nil, err
	}
	for _, f := range e.fix {
		to := e.labels[f.to]
		if to < 0 {
			return nil, fmt.Errorf("BUG: label %d is not bound", f.to)
		}
		rel := to - e.off[f.ins] - 1
		in := &e.ins[f.ins]
		if isCall(in) {
			in.Constant = int64(rel)
			continue
		}
		if rel != int(int16(rel)) {
			return nil, errTooFar
		}
		in.Offset = int16(rel)
	}
	return e.ins, nil
}

var errTooFar = fmt.Errorf("a jump passes over more instructions than an offset of 16 bits can tell")

// Jumps.

func (e *emitter) jmp(l label) {
	e.ref(l)
	e.emit(asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource)})
}

// mayGoto jumps to l when the kernel finds that a loop has run for too long.
func (e *emitter) mayGoto(l label) {
	e.ref(l)
	e.emit(asm.Instruction{OpCode: opMayGoto})
}

// opMayGoto is BPF_JMP | BPF_JCOND.
const opMayGoto asm.OpCode = 0xe5

func (e *emitter) jImm(op asm.JumpOp, r asm.Register, v int32, l label) {
	e.ref(l)
	e.emit(asm.Instruction{OpCode: op.Op(asm.ImmSource), Dst: r, Constant: int64(v)})
}

func (e *emitter) jReg(op asm.JumpOp, a, b asm.Register, l label) {
	e.ref(l)
	e.emit(asm.Instruction{OpCode: op.Op(asm.RegSource), Dst: a, Src: b})
}

// Calls.

func (e *emitter) helper(fn asm.BuiltinFunc) { e.emit(fn.Call()) }

func (e *emitter) call(l label) {
	e.ref(l)
	e.emit(asm.Instruction{OpCode: asm.Call.Op(asm.ImmSource), Src: pseudoCall})
}

// funcAddr loads the address of a function for bpf_loop.
func (e *emitter) funcAddr(r asm.Register, l label) {
	e.addrTaken = true
	e.ref(l)
	e.emit(asm.Instruction{OpCode: asm.LoadImmOp(asm.DWord), Dst: r, Src: pseudoFunc})
}

func (e *emitter) exit() { e.emit(asm.Return()) }

// Data movement.

func (e *emitter) mov(d, s asm.Register) {
	if d != s {
		e.emit(asm.Mov.Reg(d, s))
	}
}

func (e *emitter) movImm(d asm.Register, v int64) {
	if v == int64(int32(v)) {
		e.emit(asm.Mov.Imm(d, int32(v)))
		return
	}
	if v == int64(uint32(v)) {
		e.emit(asm.Mov.Imm32(d, int32(uint32(v))))
		return
	}
	e.emit(asm.LoadImm(d, v, asm.DWord))
}

func (e *emitter) alu(op asm.ALUOp, d, s asm.Register)          { e.emit(op.Reg(d, s)) }
func (e *emitter) aluImm(op asm.ALUOp, d asm.Register, v int32) { e.emit(op.Imm(d, v)) }

// addImm adds a constant of any size; tmp is clobbered if it has more than 32
// bits.
func (e *emitter) addImm(d asm.Register, v int64) {
	if v != 0 {
		e.aluImm(asm.Add, d, int32(v))
	}
}

func (e *emitter) load(d, base asm.Register, off int32, size uint8) {
	e.emit(asm.LoadMem(d, base, int16(off), sizeOf(size)))
}

func (e *emitter) store(base asm.Register, off int32, s asm.Register, size uint8) {
	e.emit(asm.StoreMem(base, int16(off), s, sizeOf(size)))
}

func (e *emitter) storeImm(base asm.Register, off int32, v int64, size uint8) {
	in := asm.StoreImm(base, int16(off), v, asm.Word)
	in.OpCode = in.OpCode.SetSize(sizeOf(size)) // the assembler's own form excludes 8 bytes
	e.emit(in)
}

func (e *emitter) mapPtr(d asm.Register, name string) {
	e.emit(asm.LoadMapPtr(d, 0).WithReference(name))
}

func (e *emitter) mapValue(d asm.Register, name string, off uint32) {
	e.emit(asm.LoadMapValue(d, 0, off).WithReference(name))
}

// atomic applies op to the word at base+off and s. The operation is repeated in
// the constant, where the kernel looks for it: the assembler (v0.22) drops it
// there.
func (e *emitter) atomic(op asm.AtomicOp, base asm.Register, off int32, s asm.Register, size asm.Size) {
	in := op.Mem(base, s, size, int16(off))
	in.Constant = int64(op >> 8)
	e.emit(in)
}

// atomicAdd adds s to the word at base+off.
func (e *emitter) atomicAdd(base asm.Register, off int32, s asm.Register) {
	e.atomic(asm.AddAtomic, base, off, s, asm.DWord)
}

func sizeOf(n uint8) asm.Size {
	switch n {
	case 1:
		return asm.Byte
	case 2:
		return asm.Half
	case 4:
		return asm.Word
	}
	return asm.DWord
}

// extend sign- or zero-extends the low size bytes of r.
func (e *emitter) extend(r asm.Register, size uint8, signed bool) {
	if size >= 8 {
		return
	}
	sh := int32(64 - 8*int(size))
	switch {
	case signed:
		e.aluImm(asm.LSh, r, sh)
		e.aluImm(asm.ArSh, r, sh)
	case size == 4:
		e.emit(asm.Mov.Reg32(r, r))
	default:
		e.aluImm(asm.And, r, int32(1)<<(8*size)-1)
	}
}
