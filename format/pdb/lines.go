package pdb

import "sort"

// Line is where in a source file code comes from.
type Line struct {
	// RVA is the first address, Size the number of bytes.
	RVA, Size uint32
	File      string
	Line      uint32
}

// The parts of a module's line information.
const (
	partLines     = 0xF2
	partChecksums = 0xF4
)

// noLine marks code that comes from no line, so that debuggers step over it.
const (
	noLineStep = 0xFEEFEE
	noLineInto = 0xF00F00
)

// Line returns the line that an address belongs to.
func (f *File) Line(rva uint32) (Line, bool) {
	t, err := f.syms()
	if err != nil {
		return Line{}, false
	}
	i := sort.Search(len(t.all), func(i int) bool { return t.all[i].RVA > rva })
	for i--; i >= 0; i-- {
		if s := &t.all[i]; s.Kind == Procedure {
			if rva-s.RVA >= s.Size && s.Size > 0 {
				break
			}
			ls, err := f.moduleLines(s.module)
			if err != nil {
				return Line{}, false
			}
			k := sort.Search(len(ls), func(k int) bool { return ls[k].RVA > rva })
			if k == 0 || rva-ls[k-1].RVA >= ls[k-1].Size {
				return Line{}, false
			}
			return ls[k-1], true
		}
	}
	return Line{}, false
}

// Lines returns all lines of the image in order of address.
func (f *File) Lines() ([]Line, error) {
	d, err := f.dbi()
	if err != nil {
		return nil, err
	}
	var all []Line
	for i := range d.modules {
		ls, err := f.moduleLines(i)
		if err != nil {
			return nil, err
		}
		all = append(all, ls...)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].RVA < all[j].RVA })
	return all, nil
}

// moduleLines returns the lines of a module, which it keeps.
func (f *File) moduleLines(i int) ([]Line, error) {
	if l, ok := f.lines.Load(i); ok {
		return l.([]Line), nil
	}
	l, err := f.readLines(i)
	if err == nil {
		f.lines.Store(i, l)
	}
	return l, err
}

// readLines reads the lines of a module: in its stream, after its symbols and
// old lines, in parts of | kind u32 | size u32 | data |.
func (f *File) readLines(i int) ([]Line, error) {
	d, err := f.dbi()
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= len(d.modules) {
		return nil, nil
	}
	m := &d.modules[i]
	b, err := f.stream(m.stream)
	if err != nil {
		return nil, err
	}
	from := m.symBytes + m.c11
	if from < 0 || m.c13 <= 0 || from > len(b) {
		return nil, nil
	}
	b = b[from:min(from+m.c13, len(b))]
	names, err := f.str()
	if err != nil {
		return nil, err
	}
	var sums []byte
	parts(b, func(kind uint32, p []byte) {
		if kind == partChecksums {
			sums = p
		}
	})
	var out []Line
	parts(b, func(kind uint32, p []byte) {
		if kind == partLines {
			out = appendLines(out, d, p, sums, names)
		}
	})
	sort.SliceStable(out, func(i, j int) bool { return out[i].RVA < out[j].RVA })
	return out, nil
}

func parts(b []byte, fn func(kind uint32, data []byte)) {
	for len(b) >= 8 {
		kind, n := le.Uint32(b), int(le.Uint32(b[4:]))
		if n < 0 || n > len(b)-8 {
			return
		}
		if kind&0x80000000 == 0 {
			fn(kind, b[8:8+n])
		}
		b = b[min(8+(n+3)&^3, len(b)):]
	}
}

// appendLines reads one part of lines, those of a contribution of code:
//
//	| offset u32 | segment u16 | flags u16 | size u32 | blocks |
//	block: | file u32 | lines u32 | bytes u32 | (offset u32, line:24 ...)... | columns if flags & 1 |
func appendLines(out []Line, d *dbi, p, sums, names []byte) []Line {
	c := cursor{b: p}
	off, seg, flags, size := c.u32(), c.u16(), c.u16(), c.u32()
	first := len(out)
	for c.at+12 <= len(p) {
		file, n := c.u32(), int(c.u32())
		c.u32()
		name := fileName(sums, names, file)
		if n < 0 || n > (len(p)-c.at)/8 {
			break
		}
		for range n {
			o, l := c.u32(), c.u32()&0xFFFFFF
			rva, ok := d.rva(seg, off+o)
			if !ok {
				continue
			}
			if l == noLineStep || l == noLineInto {
				l = 0
			}
			out = append(out, Line{RVA: rva, File: name, Line: l})
		}
		if flags&1 != 0 {
			c.bytes(4 * n)
		}
	}
	// Each line goes on to the next, the last to the contribution's end.
	mine := out[first:]
	sort.SliceStable(mine, func(i, j int) bool { return mine[i].RVA < mine[j].RVA })
	end, ok := d.rva(seg, off+size)
	if !ok && size > 0 {
		if e, ok := d.rva(seg, off+size-1); ok {
			end = e + 1
		}
	}
	kept := mine[:0]
	for i := range mine {
		next := end
		if i+1 < len(mine) {
			next = mine[i+1].RVA
		}
		if l := mine[i]; next > l.RVA && l.Line != 0 {
			l.Size = next - l.RVA
			kept = append(kept, l)
		}
	}
	return out[:first+len(kept)]
}

// fileName returns the name that an entry of the checksums has: its first word
// is an offset into the names.
func fileName(sums, names []byte, at uint32) string {
	if int64(at)+4 > int64(len(sums)) {
		return ""
	}
	off := le.Uint32(sums[at:])
	if int64(off) >= int64(len(names)) {
		return ""
	}
	return cstring(names[off:])
}
