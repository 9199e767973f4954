package pdb

import (
	"fmt"
	"io"
	"sort"
)

// Image is what a PE image tells about itself and its symbols.
type Image struct {
	// Machine is IMAGE_FILE_MACHINE_*: 0x8664 for x86-64, 0x14c for x86, 0xaa64 for
	// ARM64.
	Machine uint16
	// TimeDateStamp and Size identify the image to symbol servers.
	TimeDateStamp, Size uint32
	// PointerSize is 4 or 8.
	PointerSize int
	// Base is where the image would like to be loaded.
	Base     uint64
	Sections []Section
	// PDB is the name of its symbol file, "" if it names none; GUID and Age must be
	// those of the file.
	PDB  string
	GUID [16]byte
	Age  uint32
	// Name is the name the image exports its symbols under.
	Name string
	// Exports are in order of address; those that lead to other images have none.
	Exports []Export
}

// Export is an exported symbol.
type Export struct {
	// Name is "" for those that have only an ordinal.
	Name    string
	Ordinal uint32
	RVA     uint32
	// Forward is the other image's symbol (DLL.Name) that this one stands for.
	Forward string
}

// Key returns the image's identity as symbol servers write it.
func (im *Image) Key() string { return fmt.Sprintf("%08X%x", im.TimeDateStamp, im.Size) }

// PDBKey returns the identity of the image's symbol file.
func (im *Image) PDBKey() string { return pdbKey(im.GUID, im.Age) }

// peReader reads parts of an image by address.
type peReader struct {
	r    io.ReaderAt
	size int64
	raw  []rawSection
}

// rawSection is where a section is in the file.
type rawSection struct{ rva, size, off, rawSize uint32 }

func (p *peReader) file(off int64, n int) []byte {
	if off < 0 || n < 0 || off >= p.size {
		return nil
	}
	b := make([]byte, min(int64(n), p.size-off))
	k, _ := p.r.ReadAt(b, off)
	return b[:k]
}

// at reads n bytes, or as many as the section has, at an address.
func (p *peReader) at(rva uint32, n int) []byte {
	for _, s := range p.raw {
		if rva >= s.rva && rva-s.rva < max(s.size, s.rawSize) {
			skip := rva - s.rva
			if skip >= s.rawSize {
				return nil
			}
			return p.file(int64(s.off)+int64(skip), int(min(int64(n), int64(s.rawSize-skip))))
		}
	}
	return nil
}

func (p *peReader) str(rva uint32) string { return cstring(p.at(rva, 512)) }

// ReadImage reads a PE image from the first size bytes of r.
func ReadImage(r io.ReaderAt, size int64) (*Image, error) {
	p := &peReader{r: r, size: size}
	dos := p.file(0, 64)
	if len(dos) < 64 || dos[0] != 'M' || dos[1] != 'Z' {
		return nil, fmt.Errorf("pdb: image of %d bytes starts with %q, want \"MZ\"", size, dos[:min(2, len(dos))])
	}
	at := int64(le.Uint32(dos[60:]))
	h := p.file(at, 24)
	if len(h) < 24 || string(h[:4]) != "PE\x00\x00" {
		return nil, fmt.Errorf("pdb: no PE header at %#x", at)
	}
	im := &Image{Machine: le.Uint16(h[4:]), TimeDateStamp: le.Uint32(h[8:]), PointerSize: 4}
	opt := p.file(at+24, int(le.Uint16(h[20:])))
	if len(opt) < 96 {
		return nil, fmt.Errorf("pdb: optional header of %d bytes, want at least 96", len(opt))
	}
	im.Size = le.Uint32(opt[56:])
	dirs := opt[96:]
	im.Base = uint64(le.Uint32(opt[28:]))
	if le.Uint16(opt) == 0x20b {
		if len(opt) < 112 {
			return nil, fmt.Errorf("pdb: optional header of %d bytes, want at least 112", len(opt))
		}
		im.PointerSize, im.Base, dirs = 8, le.Uint64(opt[24:]), opt[112:]
	}
	heads := p.file(at+24+int64(len(opt)), 40*int(le.Uint16(h[6:])))
	im.Sections = sectionHeaders(heads)
	for ; len(heads) >= 40; heads = heads[40:] {
		p.raw = append(p.raw, rawSection{le.Uint32(heads[12:]), le.Uint32(heads[8:]), le.Uint32(heads[20:]), le.Uint32(heads[16:])})
	}
	dir := func(i int) (rva, size uint32) {
		if 8*i+8 > len(dirs) {
			return 0, 0
		}
		return le.Uint32(dirs[8*i:]), le.Uint32(dirs[8*i+4:])
	}
	im.readDebug(p, dir)
	im.readExports(p, dir)
	return im, nil
}

// readDebug looks for the symbol file's identity: an entry of type 2 in the debug
// directory that leads to "RSDS", a GUID, an age and a name.
func (im *Image) readDebug(p *peReader, dir func(int) (uint32, uint32)) {
	rva, size := dir(6)
	b := p.at(rva, int(min(size, 28*64)))
	for ; len(b) >= 28; b = b[28:] {
		if le.Uint32(b[12:]) != 2 {
			continue
		}
		d := p.file(int64(le.Uint32(b[24:])), int(min(le.Uint32(b[16:]), 4096)))
		if len(d) > 24 && string(d[:4]) == "RSDS" {
			im.GUID, im.Age, im.PDB = [16]byte(d[4:20]), le.Uint32(d[20:]), cstring(d[24:])
			return
		}
	}
}

// maxExports bounds the exports that are believed.
const maxExports = 1 << 16

// readExports reads the export directory.
//
//	0c name  10 first ordinal  14 functions  18 names  1c addresses  20 names' addresses  24 names' ordinals
func (im *Image) readExports(p *peReader, dir func(int) (uint32, uint32)) {
	rva, size := dir(0)
	b := p.at(rva, 40)
	if len(b) < 40 {
		return
	}
	im.Name = p.str(le.Uint32(b[12:]))
	base, n, k := le.Uint32(b[16:]), le.Uint32(b[20:]), le.Uint32(b[24:])
	if n > maxExports || k > maxExports {
		return
	}
	addrs := words(p.at(le.Uint32(b[28:]), 4*int(n)))
	names := words(p.at(le.Uint32(b[32:]), 4*int(k)))
	ords := p.at(le.Uint32(b[36:]), 2*int(k))
	byOrd := map[int][]string{}
	for i := range names {
		if 2*i+2 <= len(ords) {
			o := int(le.Uint16(ords[2*i:]))
			byOrd[o] = append(byOrd[o], p.str(names[i]))
		}
	}
	for i, a := range addrs {
		if a == 0 {
			continue
		}
		e := Export{Ordinal: base + uint32(i), RVA: a}
		if a >= rva && a-rva < size {
			e.Forward, e.RVA = p.str(a), 0
		}
		if len(byOrd[i]) == 0 {
			im.Exports = append(im.Exports, e)
		}
		for _, name := range byOrd[i] {
			e.Name = name
			im.Exports = append(im.Exports, e)
		}
	}
	sort.SliceStable(im.Exports, func(i, j int) bool { return im.Exports[i].RVA < im.Exports[j].RVA })
}

// Lookup returns the export that an address belongs to: the last at or below it
// in the same section.
func (im *Image) Lookup(rva uint32) (Export, bool) {
	var in *Section
	for i := range im.Sections {
		if s := &im.Sections[i]; rva >= s.RVA && rva-s.RVA < s.Size {
			in = s
			break
		}
	}
	i := sort.Search(len(im.Exports), func(i int) bool { return im.Exports[i].RVA > rva })
	if in == nil || i == 0 || im.Exports[i-1].RVA < in.RVA {
		return Export{}, false
	}
	return im.Exports[i-1], true
}
