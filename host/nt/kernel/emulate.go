package kernel

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/engine"
)

// insn is what the model knows of an instruction: enough to complete one whose
// first byte an int3 has taken. The kernel's KiTpEmulate routines know a few
// forms too, and a function that begins with another cannot have a tracepoint.
type insn struct {
	op   insnOp
	size int
	reg  int // register operand
	reg2 int
	imm  int64 // immediate or displacement
}

type insnOp uint8

const (
	opNone insnOp = iota
	opNop
	opPush
	opPop
	opMovRR    // reg = reg2
	opMovStore // [rsp+imm] = reg
	opMovLoad  // reg = [rsp+imm]
	opAddRSP   // rsp += imm
	opMovImm32 // reg = imm, zero extended
	opXor      // reg = 0
	opSyscall
	opRet
	opInt3
)

// decode reads one instruction; opNone is one of a form that it does not know.
func decode(b []byte) insn {
	if len(b) == 0 {
		return insn{}
	}
	i := 0
	rex := byte(0)
	if b[0]&0xF0 == 0x40 {
		rex, i = b[0], 1
	}
	if i >= len(b) {
		return insn{}
	}
	r, bb := int(rex>>2&1)<<3, int(rex&1)<<3
	at := func(n int) byte {
		if i+n < len(b) {
			return b[i+n]
		}
		return 0
	}
	fits := func(n int) bool { return i+n <= len(b) }
	switch op := b[i]; {
	case op == 0xCC && rex == 0:
		return insn{op: opInt3, size: 1}
	case op == 0xC3:
		return insn{op: opRet, size: i + 1}
	case op == 0x90 && rex == 0:
		return insn{op: opNop, size: 1}
	case op >= 0x50 && op <= 0x57:
		return insn{op: opPush, size: i + 1, reg: int(op-0x50) | bb}
	case op >= 0x58 && op <= 0x5F:
		return insn{op: opPop, size: i + 1, reg: int(op-0x58) | bb}
	case op >= 0xB8 && op <= 0xBF && rex&8 == 0 && fits(5):
		return insn{op: opMovImm32, size: i + 5, reg: int(op-0xB8) | bb, imm: int64(binary.LittleEndian.Uint32(b[i+1:]))}
	case op == 0x0F && at(1) == 0x05:
		return insn{op: opSyscall, size: i + 2}
	case op == 0x0F && at(1) == 0x1F: // nop r/m
		n := 3
		switch mod, rm := at(2)>>6, at(2)&7; {
		case mod == 3:
			return insn{}
		default:
			if rm == 4 {
				n++
			}
			n += [3]int{0, 1, 4}[mod]
			if mod == 0 && rm == 5 {
				n += 4
			}
		}
		if !fits(n) {
			return insn{}
		}
		return insn{op: opNop, size: i + n}
	case op == 0x33 && at(1)>>6 == 3 && at(1)&7 == at(1)>>3&7 && r == bb && fits(2):
		return insn{op: opXor, size: i + 2, reg: int(at(1)&7) | bb}
	case op == 0x8B && rex&8 != 0 && at(1)>>6 == 3 && fits(2):
		return insn{op: opMovRR, size: i + 2, reg: int(at(1)>>3&7) | r, reg2: int(at(1)&7) | bb}
	case op == 0x89 && rex&8 != 0 && at(1)>>6 == 3 && fits(2):
		return insn{op: opMovRR, size: i + 2, reg: int(at(1)&7) | bb, reg2: int(at(1)>>3&7) | r}
	case (op == 0x89 || op == 0x8B) && rex&8 != 0 && at(1)>>6 == 1 && at(1)&7 == 4 && at(2) == 0x24 && rex&1 == 0 && fits(4):
		in := insn{op: opMovStore, size: i + 4, reg: int(at(1)>>3&7) | r, imm: int64(int8(at(3)))}
		if op == 0x8B {
			in.op = opMovLoad
		}
		return in
	case op == 0x83 && rex == 0x48 && (at(1) == 0xEC || at(1) == 0xC4) && fits(3):
		in := insn{op: opAddRSP, size: i + 3, imm: int64(int8(at(2)))}
		if at(1) == 0xEC {
			in.imm = -in.imm
		}
		return in
	case op == 0x81 && rex == 0x48 && (at(1) == 0xEC || at(1) == 0xC4) && fits(6):
		in := insn{op: opAddRSP, size: i + 6, imm: int64(int32(binary.LittleEndian.Uint32(b[i+2:])))}
		if at(1) == 0xEC {
			in.imm = -in.imm
		}
		return in
	}
	return insn{}
}

// execute completes an instruction on a register file; rip moves on. It reports
// false when the instruction touched memory that is not there.
func (m *Machine) execute(p *Process, in insn, r *engine.Registers) bool {
	next := r.RIP + uint64(in.size)
	load := func(addr uint64) (uint64, bool) {
		var b [8]byte
		ok := m.access(p, addr, b[:], false, true) == noFault
		return binary.LittleEndian.Uint64(b[:]), ok
	}
	store := func(addr, v uint64) bool {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		return m.access(p, addr, b[:], true, true) == noFault
	}
	ok := true
	switch in.op {
	case opPush:
		if ok = store(r.GPR[engine.RSP]-8, r.GPR[in.reg]); ok {
			r.GPR[engine.RSP] -= 8
		}
	case opPop:
		var v uint64
		if v, ok = load(r.GPR[engine.RSP]); ok {
			r.GPR[engine.RSP] += 8
			r.GPR[in.reg] = v
		}
	case opMovRR:
		r.GPR[in.reg] = r.GPR[in.reg2]
	case opMovStore:
		ok = store(r.GPR[engine.RSP]+uint64(in.imm), r.GPR[in.reg])
	case opMovLoad:
		var v uint64
		if v, ok = load(r.GPR[engine.RSP] + uint64(in.imm)); ok {
			r.GPR[in.reg] = v
		}
	case opAddRSP:
		r.GPR[engine.RSP] += uint64(in.imm)
	case opMovImm32:
		r.GPR[in.reg] = uint64(in.imm)
	case opXor:
		r.GPR[in.reg] = 0
	case opRet:
		var v uint64
		if v, ok = load(r.GPR[engine.RSP]); ok {
			r.GPR[engine.RSP] += 8
			next = v
		}
	case opNone, opInt3:
		return false
	}
	if ok {
		r.RIP = next
	}
	return ok
}
