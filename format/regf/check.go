package regf

import (
	"encoding/binary"
	"fmt"
)

// Problem is something in a hive that does not hold.
type Problem struct {
	Off   uint32 // offset of the cell from the first bin
	Fatal bool   // the hive must not be edited: cells are damaged or used twice
	Twice bool   // the cell is used twice: a walk may take far longer than the hive is large
	What  string
}

func (p Problem) String() string { return fmt.Sprintf("cell %#x: %s", p.Off, p.What) }

// MaxProblems bounds the report on a hive that is broken everywhere: Check stops there.
const MaxProblems = 64

// Check walks the whole hive and reports what does not hold: cells that overlap or are used
// twice, records that do not fit, counts that differ, lists out of order, cycles. Problems that
// Windows puts right by itself (a security descriptor's reference count, a cell that nothing
// uses, a wrong parent) are not fatal.
func (h *Hive) Check() []Problem {
	c := &checker{h: h, used: make([]uint64, len(h.cells)), sk: map[uint32]uint32{}}
	c.out = append(c.out, h.bad...)
	c.tree()
	c.security()
	c.orphans()
	return c.out
}

// Fatal returns the first fatal problem of Check as an error, or nil.
func (h *Hive) Fatal() error {
	for _, p := range h.Check() {
		if p.Fatal {
			return fmt.Errorf("%s: %w", p, ErrFormat)
		}
	}
	return nil
}

type checker struct {
	h    *Hive
	used []uint64          // cells something refers to
	sk   map[uint32]uint32 // security cells: how many keys refer to each
	out  []Problem
}

func (c *checker) report(off uint32, fatal bool, format string, args ...any) {
	if len(c.out) < MaxProblems {
		c.out = append(c.out, Problem{Off: off, Fatal: fatal, What: fmt.Sprintf(format, args...)})
	}
}

// claim marks a cell as used by what and reports whether it was there and free to claim.
func (c *checker) claim(off uint32, what string) bool {
	if _, err := c.h.cell(off); err != nil {
		c.report(off, true, "%s: %v", what, err)
		return false
	}
	i, bit := off/8/64, uint64(1)<<(off/8%64)
	if c.used[i]&bit != 0 {
		if !c.full() {
			c.out = append(c.out, Problem{Off: off, Fatal: true, Twice: true, What: what + ": cell is used twice"})
		}
		return false
	}
	c.used[i] |= bit
	return true
}

func (c *checker) full() bool { return len(c.out) >= MaxProblems }

func (c *checker) tree() {
	type item struct {
		off, parent uint32
		depth       int
	}
	root := binary.LittleEndian.Uint32(c.h.data[offRoot:])
	stack := []item{{root, none, 1}}
	for len(stack) > 0 && !c.full() {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !c.claim(it.off, "key") {
			continue
		}
		k, err := c.h.key(it.off)
		if err != nil {
			c.report(it.off, true, "%v", err)
			continue
		}
		if it.depth > MaxDepth {
			c.report(it.off, true, "key is nested deeper than %d", MaxDepth)
			continue
		}
		if it.parent != none && k.u32(nkParent) != it.parent {
			c.report(it.off, false, "key %q says its parent is %#x, found below %#x", k.Name(), k.u32(nkParent), it.parent)
		}
		c.one(k)
		for _, s := range c.subkeys(k) {
			stack = append(stack, item{s, it.off, it.depth + 1})
		}
	}
}

// one checks what hangs on a key except its sub-keys.
func (c *checker) one(k Key) {
	if s := k.u32(nkSecurity); s != none {
		c.sk[s]++
	} else {
		c.report(k.off, false, "key %q has no security descriptor", k.Name())
	}
	if n := binary.LittleEndian.Uint16(k.nk()[nkClassLen:]); n != 0 && k.u32(nkClass) != none {
		if _, err := k.Class(); err != nil {
			c.report(k.off, true, "%v", err)
		} else {
			c.claim(k.u32(nkClass), "class name")
		}
	}
	offs, err := k.valueOffsets()
	if err != nil {
		c.report(k.off, true, "values of %q: %v", k.Name(), err)
		return
	}
	if len(offs) > 0 && !c.claim(k.u32(nkValList), "list of values") {
		return
	}
	for _, off := range offs {
		if c.full() || !c.claim(off, "value") {
			continue
		}
		c.value(k, off)
	}
}

func (c *checker) value(k Key, off uint32) {
	p, err := c.h.vk(off)
	if err != nil {
		c.report(off, true, "value of %q: %v", k.Name(), err)
		return
	}
	size := binary.LittleEndian.Uint32(p[vkSize:])
	if size&inline != 0 {
		if size&^inline > 4 {
			c.report(off, true, "value of %q: %d bytes inside the record, want at most 4", k.Name(), size&^inline)
		}
		return
	}
	if size == 0 {
		return
	}
	at := binary.LittleEndian.Uint32(p[vkData:])
	if !c.claim(at, "data of a value") {
		return
	}
	d, _ := c.h.cell(at)
	if !c.h.isBig(size, d) {
		if int64(size) > int64(len(d)) {
			c.report(off, true, "value of %q: %d bytes of data, cell has %d", k.Name(), size, len(d))
		}
		return
	}
	list, segs, err := c.h.segments(d, size)
	if err != nil {
		c.report(off, true, "value of %q: %v", k.Name(), err)
		return
	}
	c.claim(list, "list of segments")
	left := int(size)
	for _, s := range segs {
		if !c.claim(s, "segment of data") {
			return
		}
		if d, _ := c.h.cell(s); min(left, segment) > len(d) {
			c.report(s, true, "segment has %d bytes, want %d", len(d), min(left, segment))
		}
		left -= segment
	}
}

// subkeys claims the lists of k, checks their order, and returns the offsets of the keys.
func (c *checker) subkeys(k Key) []uint32 {
	offs, err := k.subkeyOffsets()
	if err != nil {
		c.report(k.off, true, "sub-keys of %q: %v", k.Name(), err)
		return nil
	}
	if len(offs) == 0 {
		return nil
	}
	list := k.u32(nkList)
	if !c.claim(list, "list of sub-keys") {
		return nil
	}
	if p, _ := c.h.cell(list); string(p[:2]) == "ri" {
		for i := 0; i < int(binary.LittleEndian.Uint16(p[2:])); i++ {
			if !c.claim(binary.LittleEndian.Uint32(p[4+4*i:]), "leaf of sub-keys") {
				return nil
			}
		}
	}
	var last []uint16
	for i, off := range offs {
		s, err := c.h.key(off)
		if err != nil {
			continue // the walk reports it
		}
		name := s.name()
		if i > 0 && compare(last, name) >= 0 {
			c.report(off, true, "sub-keys of %q are out of order at %q", k.Name(), s.Name())
			break
		}
		last = name
	}
	return offs
}

// security follows the ring of security cells and compares reference counts.
func (c *checker) security() {
	var first uint32 = none
	for off := range c.sk {
		if off < first {
			first = off
		}
	}
	if first == none {
		return
	}
	seen := map[uint32]bool{}
	prev := uint32(none)
	for off := first; !seen[off]; {
		p, err := c.h.record(off, "sk", 20)
		if err != nil {
			c.report(off, true, "security descriptor: %v", err)
			return
		}
		seen[off] = true
		c.claim(off, "security descriptor")
		if n := binary.LittleEndian.Uint32(p[16:]); int64(n) > int64(len(p)-20) {
			c.report(off, true, "security descriptor has %d bytes, cell has room for %d", n, len(p)-20)
		}
		if have, want := binary.LittleEndian.Uint32(p[12:]), c.sk[off]; have != want {
			c.report(off, false, "security descriptor counts %d references, has %d", have, want)
		}
		if back := binary.LittleEndian.Uint32(p[8:]); prev != none && back != prev {
			c.report(off, true, "security descriptor is linked from %#x but points back to %#x", prev, back)
		}
		prev, off = off, binary.LittleEndian.Uint32(p[4:])
		if seen[off] && off != first {
			c.report(off, true, "ring of security descriptors does not close")
		}
	}
	for off := range c.sk {
		if !seen[off] {
			c.report(off, true, "security descriptor is not in the ring that starts at %#x", first)
		}
	}
}

// orphans reports cells in use that nothing refers to.
func (c *checker) orphans() {
	if c.full() {
		return
	}
	n := 0
	var first uint32
	for i, w := range c.h.cells {
		for b := uint32(0); w != 0 && b < 64; b++ {
			if w&(1<<b) == 0 || c.used[i]&(1<<b) != 0 {
				continue
			}
			off := (uint32(i)*64 + b) * 8
			if _, free := c.h.free[off]; !free {
				if n++; n == 1 {
					first = off
				}
			}
		}
	}
	if n > 0 {
		c.report(first, false, "%d cells in use belong to nothing, the first is this one", n)
	}
}
