package pdb

import "fmt"

// dbi is what the module list (stream 3) tells.
type dbi struct {
	modules  []module
	symrec   int // the stream of publics
	sections []Section
	original []Section // before the image was rearranged
	toSrc    []omap    // image -> original
	fromSrc  []omap    // original -> image
}

// module is an object file.
type module struct {
	name, library string
	stream        int
	symBytes      int
	c11, c13      int
}

// Section is a section of the image.
type Section struct {
	Name            string
	RVA, Size       uint32 // as loaded
	Characteristics uint32
}

// omap is a step of a map between addresses: from From on they lie at To, or
// nowhere if To is 0.
type omap struct{ from, to uint32 }

const dbiHeader = 64

// readDBI reads stream 3.
//
//	00 signature  04 version   08 age         0c globals u16  10 publics u16  14 symbols u16
//	18 module bytes  1c contributions  20 section map  24 files  28 type servers
//	30 debug header bytes  34 edit-and-continue
func (f *File) readDBI() (*dbi, error) {
	b, err := f.stream(streamDBI)
	if err != nil {
		return nil, err
	}
	d := &dbi{symrec: noStream}
	if len(b) == 0 {
		return d, nil
	}
	if len(b) < dbiHeader {
		return nil, fmt.Errorf("pdb: module list of %d bytes, want at least %d", len(b), dbiHeader)
	}
	if sig := le.Uint32(b); sig != 0xFFFFFFFF {
		return nil, fmt.Errorf("pdb: module list of signature %#x, want 0xffffffff", sig)
	}
	d.symrec = int(le.Uint16(b[0x14:]))
	c := cursor{b: b, at: dbiHeader}
	mods := c.bytes(int(int32(le.Uint32(b[0x18:]))))
	for _, at := range []int{0x1c, 0x20, 0x24, 0x28, 0x34} {
		c.bytes(int(int32(le.Uint32(b[at:]))))
	}
	dbg := c.bytes(int(int32(le.Uint32(b[0x30:]))))
	d.readModules(mods)
	at := func(i int) int {
		if 2*i+2 > len(dbg) {
			return noStream
		}
		return int(le.Uint16(dbg[2*i:]))
	}
	if d.sections, err = f.readSections(at(5)); err != nil {
		return nil, err
	}
	if d.original, err = f.readSections(at(10)); err != nil {
		return nil, err
	}
	if d.toSrc, err = f.readOmap(at(3)); err != nil {
		return nil, err
	}
	if d.fromSrc, err = f.readOmap(at(4)); err != nil {
		return nil, err
	}
	return d, nil
}

// readModules reads module records: 64 bytes, two strings, padding to 4.
func (d *dbi) readModules(b []byte) {
	c := cursor{b: b}
	for c.at+64 <= len(b) {
		h := c.bytes(64)
		m := module{stream: int(le.Uint16(h[34:])), symBytes: int(le.Uint32(h[36:])), c11: int(le.Uint32(h[40:])), c13: int(le.Uint32(h[44:]))}
		m.name = c.str()
		m.library = c.str()
		c.at = min((c.at+3)&^3, len(b))
		d.modules = append(d.modules, m)
	}
}

func (f *File) readSections(n int) ([]Section, error) {
	b, err := f.stream(n)
	if err != nil {
		return nil, err
	}
	return sectionHeaders(b), nil
}

// sectionHeaders reads section headers of 40 bytes.
func sectionHeaders(b []byte) []Section {
	var out []Section
	for ; len(b) >= 40; b = b[40:] {
		out = append(out, Section{cstring(b[:8]), le.Uint32(b[12:]), le.Uint32(b[8:]), le.Uint32(b[36:])})
	}
	return out
}

func (f *File) readOmap(n int) ([]omap, error) {
	b, err := f.stream(n)
	if err != nil {
		return nil, err
	}
	var out []omap
	for ; len(b) >= 8; b = b[8:] {
		out = append(out, omap{le.Uint32(b), le.Uint32(b[4:])})
	}
	return out, nil
}

// translate maps an address. It is false if the address lies nowhere.
func translate(m []omap, rva uint32) (uint32, bool) {
	if len(m) == 0 {
		return rva, true
	}
	lo, hi := 0, len(m)
	for lo < hi {
		mid := (lo + hi) / 2
		if m[mid].from > rva {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == 0 || m[lo-1].to == 0 {
		return 0, false
	}
	return m[lo-1].to + rva - m[lo-1].from, true
}

// rva turns a segment and an offset into an address relative to the image's
// base.
func (d *dbi) rva(seg uint16, off uint32) (uint32, bool) {
	s := d.sections
	if len(d.original) > 0 && len(d.fromSrc) > 0 {
		s = d.original
	}
	if seg == 0 || int(seg) > len(s) {
		return 0, false
	}
	return translate(d.fromSrc, s[seg-1].RVA+off)
}

// Sections returns the image's sections.
func (f *File) Sections() ([]Section, error) {
	d, err := f.dbi()
	if err != nil {
		return nil, err
	}
	return d.sections, nil
}

// Modules returns the names of the object files.
func (f *File) Modules() ([]string, error) {
	d, err := f.dbi()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range d.modules {
		out = append(out, m.name)
	}
	return out, nil
}
