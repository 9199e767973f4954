package vm

import (
	"bytes"

	"github.com/godtrace/godtrace/ir"
)

// isScratch reports whether addr is an address of scratch memory, in use or
// not.
func isScratch(addr uint64) bool { return addr-ir.ScratchBase < ir.ScratchMax }

// scratchAt returns the n bytes of scratch memory at addr, nil if they are not
// all in use.
func (m *Machine) scratchAt(addr, n uint64) []byte {
	off, top := addr-ir.ScratchBase, uint64(m.top)
	if off > top || n > top-off {
		return nil
	}
	return m.scratch[off : off+n : off+n]
}

// alloc returns n bytes of scratch memory, zeroed, 8-aligned. It returns nil if
// there is not enough left.
func (m *Machine) alloc(n uint64) (addr uint64, b []byte) {
	if m.scratch == nil {
		m.scratch = make([]byte, m.cfg.ScratchSize)
	}
	off := uint64(m.top+7) &^ 7
	size := uint64(len(m.scratch))
	if off > size || n > size-off {
		return 0, nil
	}
	m.top = int(off + n)
	b = m.scratch[off:m.top:m.top]
	clear(b)
	return ir.ScratchBase + off, b
}

// read fills p from a kernel or scratch address (or a user address).
func (m *Machine) read(user bool, addr uint64, p []byte) ir.Fault {
	switch {
	case len(p) == 0:
		return noFault
	case user && m.cfg.NoUser:
		return ir.FaultUPriv
	case user:
	case isScratch(addr):
		s := m.scratchAt(addr, uint64(len(p)))
		if s == nil {
			return ir.FaultBadAddr
		}
		copy(p, s)
		return noFault
	case m.cfg.NoKernel:
		return ir.FaultKPriv
	}
	if addr+uint64(len(p)) < addr || !m.cfg.Access(m.f, user, addr, p, false) {
		return ir.FaultBadAddr
	}
	return noFault
}

// stringChunk is how much of a foreign string is read at once. Reads end at
// multiples of it, so that none crosses a page that the string does not reach.
const stringChunk = 64

// readString reads a string of at most len(dst)-1 and at most limit bytes into
// dst and ends it with NUL.
func (m *Machine) readString(user bool, addr uint64, limit uint64, dst []byte) ir.Fault {
	n := min(uint64(max(len(dst)-1, 0)), limit)
	got := uint64(0)
	var buf [stringChunk]byte
	for got < n {
		a := addr + got
		p := buf[:min(n-got, stringChunk-a%stringChunk)]
		f := m.read(user, a, p)
		if f != noFault { // perhaps the string ends before the bad byte
			p = p[:1]
			if f = m.read(user, a, p); f != noFault {
				return f
			}
		}
		k := bytes.IndexByte(p, 0)
		if k >= 0 {
			got += uint64(copy(dst[got:], p[:k]))
			break
		}
		got += uint64(copy(dst[got:], p))
	}
	end(dst, int(got))
	return noFault
}

// memory does the operations on foreign and scratch memory.
func (m *Machine) memory(i *insn, regs []uint64) (f ir.Fault, value uint64) {
	var buf [8]byte
	switch ir.Op(i.op) {
	case ir.LdK, ir.LdU:
		addr := regs[i.a] + uint64(i.imm)
		p := buf[:i.size&15]
		if f := m.read(ir.Op(i.op) == ir.LdU, addr, p); f != noFault {
			return m.fault(f, addr)
		}
		regs[i.dst] = load(p, i.size, i.signed)
	case ir.StP:
		addr := regs[i.a] + uint64(i.imm)
		s := m.scratchAt(addr, uint64(i.size))
		if s == nil {
			return ir.FaultBadAddr, addr
		}
		store(s, i.size, regs[i.b])
	case ir.MemK, ir.MemU:
		addr := regs[i.a] + uint64(i.imm)
		return m.fault(m.read(ir.Op(i.op) == ir.MemU, addr, m.at(i.m)), addr)
	case ir.MemKN:
		dst := m.at(i.m)
		n := min(regs[i.b], uint64(len(dst)))
		if f := m.read(false, regs[i.a], dst[:n]); f != noFault {
			return m.fault(f, regs[i.a])
		}
		clear(dst[n:])
	case ir.StrK:
		return m.fault(m.readString(false, regs[i.a], ^uint64(0), m.at(i.m)), regs[i.a])
	case ir.StrU:
		limit := ^uint64(0)
		if i.b != uint16(ir.NoReg) {
			limit = regs[i.b]
		}
		return m.fault(m.readString(true, regs[i.a], limit, m.at(i.m)), regs[i.a])
	case ir.Alloca:
		addr, b := m.alloc(regs[i.a])
		if b == nil {
			return ir.FaultNoScratch, 0
		}
		regs[i.dst] = addr
	case ir.CopyIn:
		addr, b := m.alloc(regs[i.b])
		if b == nil {
			return ir.FaultNoScratch, 0
		}
		if f := m.read(true, regs[i.a], b); f != noFault {
			return m.fault(f, regs[i.a])
		}
		regs[i.dst] = addr
	case ir.CopyInTo, ir.Bcopy:
		dst := m.scratchAt(regs[i.c], regs[i.b])
		if dst == nil {
			return ir.FaultBadAddr, regs[i.c]
		}
		return m.fault(m.read(ir.Op(i.op) == ir.CopyInTo, regs[i.a], dst), regs[i.a])
	case ir.StrPtr:
		s := text(m.at(i.m))
		addr, b := m.alloc(uint64(len(s)) + 1)
		if b == nil {
			return ir.FaultNoScratch, 0
		}
		copy(b, s)
		regs[i.dst] = addr
	case ir.CopyOut, ir.CopyOutStr:
		return m.copyOut(i, regs)
	}
	return noFault, 0
}

// fault pairs f with its value.
func (m *Machine) fault(f ir.Fault, addr uint64) (ir.Fault, uint64) {
	if f != ir.FaultBadAddr {
		addr = 0
	}
	return f, addr
}

// copyOut writes to user memory.
func (m *Machine) copyOut(i *insn, regs []uint64) (ir.Fault, uint64) {
	if m.cfg.NoUser {
		return ir.FaultUPriv, 0
	}
	var src []byte
	var dst uint64
	if ir.Op(i.op) == ir.CopyOut {
		n := regs[i.b]
		if n > ir.ScratchMax {
			return ir.FaultBadSize, 0
		}
		src, dst = m.temp(int(n)), regs[i.c]
		if f := m.read(false, regs[i.a], src); f != noFault {
			return m.fault(f, regs[i.a])
		}
	} else {
		s := text(m.at(i.m))
		src, dst = m.temp(len(s)+1), regs[i.a]
		src[copy(src, s)] = 0
		if i.b != uint16(ir.NoReg) {
			src = src[:min(uint64(len(src)), regs[i.b])]
		}
	}
	if len(src) > 0 && !m.cfg.Access(m.f, true, dst, src, true) {
		return ir.FaultBadAddr, dst
	}
	return noFault, 0
}
