package vm

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

var le = binary.LittleEndian

// run is the interpreter's loop. What is short and frequent is done in place,
// the rest by the methods that exec calls.
func (m *Machine) run(c *clause, code []insn, regs []uint64) {
	pc := 0
	for {
		i := &code[pc]
		pc++
		switch i.op {
		case uint8(ir.Nop):
		case uint8(ir.Jmp):
			pc = int(i.target)
		case uint8(ir.Loop):
			regs[i.dst]++
			if int64(regs[i.dst]) > i.imm {
				m.trap(pc-1, ir.FaultLoop, 0)
				return
			}
			pc = int(i.target)
		case uint8(ir.Fire):
			if !m.fire(c) {
				return
			}
		case uint8(ir.Mark):
			m.mask |= 1 << (uint64(i.imm) & 63)
		case uint8(ir.Ret):
			if c.src.Conditional && m.res.Record != nil && c.src.RecSize >= 8 {
				le.PutUint64(m.res.Record[record.HeaderSize:], m.mask)
			}
			return
		case uint8(ir.Fail):
			m.trap(pc-1, ir.Fault(i.sub), regs[i.a])
			return

		case uint8(ir.MovI):
			regs[i.dst] = uint64(i.imm)
		case uint8(ir.Mov):
			regs[i.dst] = regs[i.a]
		case uint8(ir.Ext):
			regs[i.dst] = extend(regs[i.a], i.size, i.signed)
		case uint8(ir.Add):
			regs[i.dst] = regs[i.a] + regs[i.b]
		case uint8(ir.Sub):
			regs[i.dst] = regs[i.a] - regs[i.b]
		case uint8(ir.Mul):
			regs[i.dst] = regs[i.a] * regs[i.b]
		case uint8(ir.DivS), uint8(ir.DivU), uint8(ir.ModS), uint8(ir.ModU):
			if regs[i.b] == 0 {
				m.trap(pc-1, ir.FaultDivZero, 0)
				return
			}
			regs[i.dst] = divide(ir.Op(i.op), regs[i.a], regs[i.b])
		case uint8(ir.And):
			regs[i.dst] = regs[i.a] & regs[i.b]
		case uint8(ir.Or):
			regs[i.dst] = regs[i.a] | regs[i.b]
		case uint8(ir.Xor):
			regs[i.dst] = regs[i.a] ^ regs[i.b]
		case uint8(ir.Shl):
			regs[i.dst] = regs[i.a] << (regs[i.b] & 63)
		case uint8(ir.Shr):
			regs[i.dst] = regs[i.a] >> (regs[i.b] & 63)
		case uint8(ir.Sar):
			regs[i.dst] = uint64(int64(regs[i.a]) >> (regs[i.b] & 63))
		case uint8(ir.Neg):
			regs[i.dst] = -regs[i.a]
		case uint8(ir.Not):
			regs[i.dst] = ^regs[i.a]
		case uint8(ir.Bswap):
			regs[i.dst] = swap(regs[i.a], i.size)

		case opBrEQ:
			if regs[i.a] == regs[i.b] {
				pc = int(i.target)
			}
		case opBrNE:
			if regs[i.a] != regs[i.b] {
				pc = int(i.target)
			}
		case opBrLT:
			if int64(regs[i.a]) < int64(regs[i.b]) {
				pc = int(i.target)
			}
		case opBrLE:
			if int64(regs[i.a]) <= int64(regs[i.b]) {
				pc = int(i.target)
			}
		case opBrGT:
			if int64(regs[i.a]) > int64(regs[i.b]) {
				pc = int(i.target)
			}
		case opBrGE:
			if int64(regs[i.a]) >= int64(regs[i.b]) {
				pc = int(i.target)
			}
		case opBrLTU:
			if regs[i.a] < regs[i.b] {
				pc = int(i.target)
			}
		case opBrLEU:
			if regs[i.a] <= regs[i.b] {
				pc = int(i.target)
			}
		case opBrGTU:
			if regs[i.a] > regs[i.b] {
				pc = int(i.target)
			}
		case opBrGEU:
			if regs[i.a] >= regs[i.b] {
				pc = int(i.target)
			}
		case opSetEQ:
			regs[i.dst] = truth(regs[i.a] == regs[i.b])
		case opSetNE:
			regs[i.dst] = truth(regs[i.a] != regs[i.b])
		case opSetLT:
			regs[i.dst] = truth(int64(regs[i.a]) < int64(regs[i.b]))
		case opSetLE:
			regs[i.dst] = truth(int64(regs[i.a]) <= int64(regs[i.b]))
		case opSetGT:
			regs[i.dst] = truth(int64(regs[i.a]) > int64(regs[i.b]))
		case opSetGE:
			regs[i.dst] = truth(int64(regs[i.a]) >= int64(regs[i.b]))
		case opSetLTU:
			regs[i.dst] = truth(regs[i.a] < regs[i.b])
		case opSetLEU:
			regs[i.dst] = truth(regs[i.a] <= regs[i.b])
		case opSetGTU:
			regs[i.dst] = truth(regs[i.a] > regs[i.b])
		case opSetGEU:
			regs[i.dst] = truth(regs[i.a] >= regs[i.b])

		case opLd1:
			regs[i.dst] = uint64(m.space[i.m.space&7][i.m.off])
		case opLd2:
			regs[i.dst] = uint64(le.Uint16(m.space[i.m.space&7][i.m.off:]))
		case opLd4:
			regs[i.dst] = uint64(le.Uint32(m.space[i.m.space&7][i.m.off:]))
		case opLd8:
			regs[i.dst] = le.Uint64(m.space[i.m.space&7][i.m.off:])
		case opLd1S:
			regs[i.dst] = uint64(int8(m.space[i.m.space&7][i.m.off]))
		case opLd2S:
			regs[i.dst] = uint64(int16(le.Uint16(m.space[i.m.space&7][i.m.off:])))
		case opLd4S:
			regs[i.dst] = uint64(int32(le.Uint32(m.space[i.m.space&7][i.m.off:])))
		case opSt1:
			m.space[i.m.space&7][i.m.off] = byte(regs[i.a])
		case opSt2:
			le.PutUint16(m.space[i.m.space&7][i.m.off:], uint16(regs[i.a]))
		case opSt4:
			le.PutUint32(m.space[i.m.space&7][i.m.off:], uint32(regs[i.a]))
		case opSt8:
			le.PutUint64(m.space[i.m.space&7][i.m.off:], regs[i.a])
		case uint8(ir.LdX):
			b, ok := element(m.at(i.m), regs[i.a], i.size)
			if !ok {
				m.trap(pc-1, ir.FaultBadIndex, 0)
				return
			}
			regs[i.dst] = load(b, i.size, i.signed)
		case uint8(ir.StX):
			b, ok := element(m.at(i.m), regs[i.a], i.size)
			if !ok {
				m.trap(pc-1, ir.FaultBadIndex, 0)
				return
			}
			store(b, i.size, regs[i.b])
		case uint8(ir.Zero):
			clear(m.at(i.m))
		case uint8(ir.Copy):
			copy(m.at(i.m), m.at(i.n))
		case uint8(ir.StrCopy):
			strCopy(m.at(i.m), m.at(i.n))
		case uint8(ir.StrLen):
			regs[i.dst] = uint64(len(text(m.at(i.m))))
		case uint8(ir.StrCmp):
			regs[i.dst] = uint64(strCmp(m.at(i.m), m.at(i.n)))
		case opProbeID:
			regs[i.dst] = uint64(m.f.Probe.ID)
		case opArg:
			regs[i.dst] = m.f.Args[i.imm]
		case uint8(ir.BuiltinI):
			regs[i.dst] = m.builtin(i, regs)
		case uint8(ir.BuiltinS):
			put(m.at(i.m), m.builtinString(ir.StrBuiltin(i.sub)))
		case uint8(ir.Aggregate):
			if i.m.space == noOperand {
				m.cfg.Env.Agg(int(i.imm), nil, int64(regs[i.a]), int64(regs[i.b]))
			} else {
				m.cfg.Env.Agg(int(i.imm), m.at(i.m), int64(regs[i.a]), int64(regs[i.b]))
			}
		case opTLS:
			m.tlsOp(i, regs)

		default:
			f, value, end := m.exec(i, regs)
			if end {
				if f != noFault {
					m.trap(pc-1, f, value)
				} else {
					m.res.Record = nil
				}
				return
			}
		}
	}
}

// noFault tells exec's callers that the clause ends without one.
const noFault ir.Fault = 0xff

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// extend cuts v to size bytes and extends it.
func extend(v uint64, size uint8, signed bool) uint64 {
	switch size {
	case 1:
		if signed {
			return uint64(int8(v))
		}
		return uint64(uint8(v))
	case 2:
		if signed {
			return uint64(int16(v))
		}
		return uint64(uint16(v))
	case 4:
		if signed {
			return uint64(int32(v))
		}
		return uint64(uint32(v))
	}
	return v
}

// divide computes a by b, which is not 0.
func divide(op ir.Op, a, b uint64) uint64 {
	switch op {
	case ir.DivS:
		return uint64(int64(a) / int64(b))
	case ir.DivU:
		return a / b
	case ir.ModS:
		return uint64(int64(a) % int64(b))
	}
	return a % b
}

// swap reverses the low size bytes of v.
func swap(v uint64, size uint8) (r uint64) {
	for range size {
		r = r<<8 | v&0xff
		v >>= 8
	}
	return r
}

// element returns the size bytes at off of b.
func element(b []byte, off uint64, size uint8) ([]byte, bool) {
	n, w := uint64(len(b)), uint64(size)
	if w > n || off > n-w {
		return nil, false
	}
	return b[off:], true
}

func load(b []byte, size uint8, signed bool) uint64 {
	switch size {
	case 1:
		return extend(uint64(b[0]), 1, signed)
	case 2:
		return extend(uint64(le.Uint16(b)), 2, signed)
	case 4:
		return extend(uint64(le.Uint32(b)), 4, signed)
	}
	return le.Uint64(b)
}

func store(b []byte, size uint8, v uint64) {
	switch size {
	case 1:
		b[0] = byte(v)
	case 2:
		le.PutUint16(b, uint16(v))
	case 4:
		le.PutUint32(b, uint32(v))
	default:
		le.PutUint64(b, v)
	}
}

// tlsOp does a Ld, St, Copy or StrCopy that touches thread storage. Stores of a
// thread that can get none are dropped.
func (m *Machine) tlsOp(i *insn, regs []uint64) {
	write := i.m.space == uint32(ir.TLS) && ir.Op(i.sub) != ir.Ld
	if !m.threadStorage(write) && write {
		return
	}
	switch ir.Op(i.sub) {
	case ir.Ld:
		regs[i.dst] = load(m.at(i.m), i.size, i.signed)
	case ir.St:
		store(m.at(i.m), i.size, regs[i.a])
	case ir.Copy:
		copy(m.at(i.m), m.at(i.n))
	case ir.StrCopy:
		strCopy(m.at(i.m), m.at(i.n))
	}
}
