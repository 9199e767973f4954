package regf

import (
	"encoding/binary"
	"fmt"
	"math"
)

func (h *Hive) setCell(off, size uint32, used bool) {
	h.cells[off/8/64] |= 1 << (off / 8 % 64)
	if used {
		binary.LittleEndian.PutUint32(h.bin(off), -size)
		delete(h.free, off)
		return
	}
	binary.LittleEndian.PutUint32(h.bin(off), size)
	h.free[off] = size
}

func (h *Hive) dropCell(off uint32) {
	h.cells[off/8/64] &^= 1 << (off / 8 % 64)
	delete(h.free, off)
}

// alloc takes a cell with a payload of at least n bytes, zeroed, from the free cell that fits
// best, or from a new bin. The hive's bytes may move: payloads obtained before are stale.
func (h *Hive) alloc(n int) (uint32, error) {
	if n < 0 || n > MaxBins-2*pageSize {
		return 0, fmt.Errorf("allocate a cell of %d bytes: want at most %d", n, MaxBins-2*pageSize)
	}
	need := uint32(n+4+7) &^ 7
	best, bestSize := uint32(none), uint32(0)
	for off, size := range h.free {
		if size >= need && (best == none || size < bestSize || size == bestSize && off < best) {
			best, bestSize = off, size
		}
	}
	if best == none {
		if err := h.grow(need); err != nil {
			return 0, err
		}
		b := h.bins[len(h.bins)-1]
		best, bestSize = b.off+binHead, b.size-binHead
	}
	if rest := bestSize - need; rest > 0 { // sizes are multiples of 8, so a rest is a cell
		h.setCell(best+need, rest, false)
		h.setCell(best, need, true)
	} else {
		h.setCell(best, bestSize, true)
	}
	p, err := h.cell(best)
	if err != nil {
		return 0, err
	}
	clear(p)
	return best, nil
}

// grow appends a bin with one free cell of at least need bytes.
func (h *Hive) grow(need uint32) error {
	old := h.binsSize()
	size := (need + binHead + pageSize - 1) &^ (pageSize - 1)
	if uint64(old)+uint64(size) > MaxBins {
		return fmt.Errorf("hive has %#x bytes of bins, %#x more would exceed %#x", old, size, uint32(MaxBins))
	}
	if int64(old)+int64(size) > math.MaxInt-baseSize {
		return fmt.Errorf("hive of %#x bytes of bins and %#x more is too large for this machine", old, size)
	}
	end := baseSize + int(old) + int(size)
	if end > len(h.data) {
		h.data = append(h.data, make([]byte, end-len(h.data))...)
	}
	clear(h.data[end-int(size) : end])
	p := h.bin(old)
	copy(p, "hbin")
	binary.LittleEndian.PutUint32(p[4:], old)
	binary.LittleEndian.PutUint32(p[8:], size)
	binary.LittleEndian.PutUint32(h.data[offBins:], old+size)
	h.bins = append(h.bins, bin{old, size})
	for len(h.cells) < int((old+size)/8+63)/64 {
		h.cells = append(h.cells, 0)
	}
	h.setCell(old+binHead, size-binHead, false)
	return nil
}

// release frees a cell and joins it with free neighbours of the same bin. Its bytes stay.
func (h *Hive) release(off uint32) error {
	if _, err := h.cell(off); err != nil {
		return err
	}
	size := -binary.LittleEndian.Uint32(h.bin(off))
	b, ok := h.binOf(off)
	if !ok {
		return fmt.Errorf("no bin holds the cell at %#x: %w", off, ErrFormat)
	}
	if next := off + size; next < b.off+b.size {
		if n, free := h.free[next]; free {
			h.dropCell(next)
			size += n
		}
	}
	// The cell before: the nearest start below, within the bin.
	for at := off - 8; at >= b.off+binHead; at -= 8 {
		if h.cells[at/8/64]&(1<<(at/8%64)) == 0 {
			continue
		}
		if n, free := h.free[at]; free && at+n == off {
			h.dropCell(off)
			off, size = at, size+n
		}
		break
	}
	h.setCell(off, size, false)
	return nil
}

func (h *Hive) binOf(off uint32) (bin, bool) {
	lo, hi := 0, len(h.bins)
	for lo < hi {
		m := (lo + hi) / 2
		if b := h.bins[m]; off >= b.off+b.size {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(h.bins) && off >= h.bins[lo].off {
		return h.bins[lo], true
	}
	return bin{}, false
}
