package kernel

import (
	"encoding/binary"
	"fmt"
)

// PageSize is the size of a page in bytes.
const PageSize = 0x1000

// Borders of the address space.
const (
	MaxUser   = 0x00007FFFFFFEFFFF // highest user address that a tracepoint may have
	MinKernel = 0xFFFF800000000000
)

// page is one page of virtual memory. A page that is not resident has its
// content in the paging file: touching it faults, and below DISPATCH_LEVEL the
// fault brings it in.
type page struct {
	data     [PageSize]byte
	resident bool
	writable bool
}

// Space is an address space: the kernel's, or the user half of a process.
type Space struct {
	pages map[uint64]*page
	next  uint64 // next free address for Alloc
}

func newSpace(next uint64) *Space { return &Space{pages: map[uint64]*page{}, next: next} }

// Map makes the pages of [addr, addr+size) exist, resident and zero.
func (s *Space) Map(addr, size uint64, writable bool) {
	for p := addr / PageSize; p <= (addr+max(size, 1)-1)/PageSize; p++ {
		if s.pages[p] == nil {
			s.pages[p] = &page{resident: true, writable: writable}
		}
	}
}

// Unmap removes the pages that lie in [addr, addr+size).
func (s *Space) Unmap(addr, size uint64) {
	for p := addr / PageSize; p <= (addr+max(size, 1)-1)/PageSize; p++ {
		delete(s.pages, p)
	}
}

// PageOut sends the pages of a range to the paging file.
func (s *Space) PageOut(addr, size uint64) {
	for p := addr / PageSize; p <= (addr+max(size, 1)-1)/PageSize; p++ {
		if pg := s.pages[p]; pg != nil {
			pg.resident = false
		}
	}
}

// slack is how much memory is there behind what was allocated last: heaps and
// pools commit ahead.
const slack = 2 * PageSize

// Alloc returns the address of size bytes of new memory, 16-aligned.
func (s *Space) Alloc(size uint64) uint64 {
	a := s.next
	s.next += (size + 15) &^ 15
	s.Map(a, size+slack, true)
	return a
}

// AllocPages returns new memory that begins a page and shares none.
func (s *Space) AllocPages(size uint64) uint64 {
	s.next = (s.next + slack + PageSize - 1) &^ (PageSize - 1)
	a := s.next
	s.next += (max(size, 1) + PageSize - 1) &^ (PageSize - 1)
	s.Map(a, size, true)
	return a
}

// poke writes without regard to protection: the loader and the model's own
// bookkeeping. The memory must be mapped.
func (s *Space) poke(addr uint64, b []byte) {
	for len(b) > 0 {
		pg := s.pages[addr/PageSize]
		if pg == nil {
			panic(fmt.Sprintf("BUG: write to unmapped %#x", addr))
		}
		n := copy(pg.data[addr%PageSize:], b)
		b, addr = b[n:], addr+uint64(n)
	}
}

// peek reads without faults; ok is false where nothing is mapped.
func (s *Space) peek(addr uint64, b []byte) (ok bool) {
	for len(b) > 0 {
		pg := s.pages[addr/PageSize]
		if pg == nil {
			return false
		}
		n := copy(b, pg.data[addr%PageSize:])
		b, addr = b[n:], addr+uint64(n)
	}
	return true
}

// fault kinds of one access.
type faultKind uint8

const (
	noFault     faultKind = iota
	faultAbsent           // nothing there, or not writable
	faultPaged            // in the paging file
)

// spaceOf returns the space that an address belongs to when th runs.
func (m *Machine) spaceOf(p *Process, addr uint64) *Space {
	switch {
	case addr >= MinKernel:
		return m.Kernel
	case addr <= 0x00007FFFFFFFFFFF && p != nil:
		return p.Space
	}
	return nil // not canonical, or no process
}

// access is one load or store of the processor. pagein says whether a paged-out
// page may be brought in.
func (m *Machine) access(p *Process, addr uint64, b []byte, write, pagein bool) faultKind {
	if addr+uint64(len(b)) < addr {
		return faultAbsent
	}
	for done := 0; done < len(b); {
		a := addr + uint64(done)
		s := m.spaceOf(p, a)
		if s == nil {
			return faultAbsent
		}
		pg := s.pages[a/PageSize]
		if pg == nil || write && !pg.writable {
			return faultAbsent
		}
		if !pg.resident {
			if !pagein {
				return faultPaged
			}
			pg.resident = true
			m.PageIns++
		}
		if write {
			done += copy(pg.data[a%PageSize:], b[done:])
		} else {
			done += copy(b[done:], pg.data[a%PageSize:])
		}
	}
	return noFault
}

func (s *Space) put64(addr, v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	s.poke(addr, b[:])
}

func (s *Space) put32(addr uint64, v uint32) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], v)
	s.poke(addr, b[:])
}

func (s *Space) get64(addr uint64) uint64 {
	var b [8]byte
	s.peek(addr, b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// Peek reads memory as p sees it, without faults and without paging in.
func (m *Machine) Peek(p *Process, addr uint64, b []byte) bool {
	s := m.spaceOf(p, addr)
	return s != nil && s.peek(addr, b)
}

// Write writes without regard to protection; the memory must be mapped.
func (s *Space) Write(addr uint64, b []byte) { s.poke(addr, b) }
