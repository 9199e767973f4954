//go:build linux

package linux

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/bpf"
)

// A recorder is the consumer's end of one CPU's buffer.
type recorder interface {
	// drain calls f for the records that are in the buffer now, up to the first
	// that is still being written. It returns whether it stopped at such a one.
	drain(f func(cpu int, data []byte) error) (busy bool, err error)
	// read returns how many records and bytes were delivered so far.
	read() (records, bytes uint64)
	close()
}

// buffer reads one CPU's part of bpf.MapBuf in place.
type buffer struct {
	cpu        int
	data       []byte
	mask       uint64
	head, tail *atomic.Uint64
	pos        uint64 // the consumer's position, ahead of what programs were told
	records    uint64 // delivered
}

// newBuffer reads mem, which is the CPU's part of the map; block is its part of
// bpf.MapControl.
func newBuffer(cpu int, mem, block []byte, size uint32) *buffer {
	b := &buffer{cpu: cpu, data: mem, mask: uint64(size) - 1,
		head: word64(block, bpf.CPUHead), tail: word64(block, bpf.CPUTail)}
	b.pos = b.tail.Load()
	return b
}

func (b *buffer) close() { b.data = nil }

func (b *buffer) read() (records, bytes uint64) { return b.records, b.pos }

func (b *buffer) drain(f func(cpu int, data []byte) error) (busy bool, err error) {
	end := b.head.Load()
	pos, told := b.pos, b.pos
	for pos < end {
		at := pos & b.mask
		word := word32(b.data, uint32(at)).Load()
		if word == 0 {
			busy = true
			break
		}
		n := uint64(word &^ bpf.BufDiscarded)
		need := (n+7)&^7 + bpf.BufPrefix
		rec := b.data[at : at+need : at+need]
		if word&bpf.BufDiscarded == 0 {
			b.records++
			err = f(b.cpu, rec[bpf.BufPrefix:bpf.BufPrefix+n:bpf.BufPrefix+n])
		}
		// What programs reserve next must be zero until they commit it.
		clear(rec)
		pos += need
		if err != nil {
			break
		}
		if pos-told >= ringTell {
			b.tail.Store(pos)
			told = pos
		}
	}
	b.pos = pos
	if pos != told {
		b.tail.Store(pos)
	}
	return busy, err
}

// ring reads the BPF ring buffer of one CPU in place. The kernel's layout is a
// page with the consumer's position, a page with the producer's, then the data,
// mapped twice in a row so that no record is cut.
//
//	record  length u32 (bit 31: busy, bit 30: discarded), page offset u32, data,
//	        padded to 8 bytes
type ring struct {
	cpu        int
	fd         int
	consMem    []byte
	prodMem    []byte // the producer's page and the data
	data       []byte
	mask       uint64
	cons, prod *atomic.Uint64
	pos        uint64 // the consumer's position, ahead of what the kernel was told
	records    uint64 // delivered
}

const (
	ringBusy    = 1 << 31
	ringDiscard = 1 << 30
	ringHeader  = 8
	// The kernel learns the consumer's position after this much data: telling it
	// at each record bounces a cache line between the CPUs.
	ringTell = 64 << 10
)

func openRing(cpu, fd int, size uint32) (*ring, error) {
	page := unix.Getpagesize()
	cons, err := unix.Mmap(fd, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the ring buffer of CPU %d: %w", cpu, err)
	}
	prod, err := unix.Mmap(fd, int64(page), page+2*int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		_ = unix.Munmap(cons) // the first error is what matters
		return nil, fmt.Errorf("map the ring buffer of CPU %d: %w", cpu, err)
	}
	r := &ring{cpu: cpu, fd: fd, consMem: cons, prodMem: prod, data: prod[page:], mask: uint64(size) - 1,
		cons: word64(cons, 0), prod: word64(prod, 0)}
	r.pos = r.cons.Load()
	return r, nil
}

func (r *ring) close() {
	// Unmapping what was mapped does not fail.
	_ = unix.Munmap(r.consMem)
	_ = unix.Munmap(r.prodMem)
	r.consMem, r.prodMem, r.data = nil, nil, nil
}

func (r *ring) read() (records, bytes uint64) { return r.records, r.pos }

func (r *ring) drain(f func(cpu int, data []byte) error) (busy bool, err error) {
	end := r.prod.Load()
	pos, told := r.pos, r.pos
	for pos < end {
		at := uint32(pos & r.mask)
		head := word32(r.data, at).Load()
		if head&ringBusy != 0 {
			busy = true
			break
		}
		n := uint64(head &^ (ringBusy | ringDiscard))
		next := pos + (n+ringHeader+7)&^7
		if head&ringDiscard == 0 {
			r.records++
			err = f(r.cpu, r.data[at+ringHeader:uint64(at)+ringHeader+n:uint64(at)+ringHeader+n])
		}
		pos = next
		if err != nil {
			break
		}
		if pos-told >= ringTell {
			r.cons.Store(pos)
			told = pos
		}
	}
	r.pos = pos
	if pos != told {
		r.cons.Store(pos)
	}
	return busy, err
}

// held is what policy ring keeps of a CPU: its newest records, up to a size.
type held struct {
	buf   []byte // length u32, data, again and again
	start int
	limit int
}

func (h *held) add(data []byte) {
	n := len(data)
	h.buf = append(h.buf, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	h.buf = append(h.buf, data...)
	for len(h.buf)-h.start > h.limit && h.start < len(h.buf) {
		h.start += 4 + h.next()
	}
	if h.start > h.limit { // at most twice the limit is in use
		h.buf = append(h.buf[:0], h.buf[h.start:]...)
		h.start = 0
	}
}

// next returns the length of the oldest record.
func (h *held) next() int {
	b := h.buf[h.start:]
	return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 | int(b[3])<<24
}

func (h *held) drain(cpu int, f func(cpu int, data []byte) error) error {
	for h.start < len(h.buf) {
		n := h.next()
		data := h.buf[h.start+4 : h.start+4+n]
		h.start += 4 + n
		if err := f(cpu, data); err != nil {
			return err
		}
	}
	h.buf, h.start = h.buf[:0], 0
	return nil
}
