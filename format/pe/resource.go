package pe

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Resource returns the data of the first resource of a type that goes by a name, such
// as "WEVT_TEMPLATE". Case does not matter. ok is false if there is none.
func (f *File) Resource(typ string) (data []byte, ok bool, err error) {
	return f.resource(typ, func(base []byte) (uint32, bool) { return namedChild(base, typ) })
}

// resource returns the data of the first resource of the type that find finds in the
// root directory.
func (f *File) resource(typ string, find func(base []byte) (uint32, bool)) (data []byte, ok bool, err error) {
	d, ok := f.dir(dirResource)
	if !ok {
		return nil, false, nil
	}
	base, err := f.at(d.rva, 16)
	if err != nil {
		return nil, false, fmt.Errorf("resources: %w", err)
	}
	off, ok := find(base)
	if !ok {
		return nil, false, nil
	}
	for level := 0; err == nil && off&0x80000000 != 0; level++ {
		if level == 2 {
			return nil, false, formatErr(int(d.rva), "resources nest deeper than three levels")
		}
		off, err = child(base, off&^0x80000000, -1)
	}
	if err != nil {
		return nil, false, fmt.Errorf("resource %s: %w", typ, err)
	}
	if uint64(off)+16 > uint64(len(base)) {
		return nil, false, formatErr(int(d.rva), "resource entry at %#x is outside the resources", off)
	}
	rva, size := binary.LittleEndian.Uint32(base[off:]), binary.LittleEndian.Uint32(base[off+4:])
	b, err := f.at(rva, size)
	if err != nil {
		return nil, false, fmt.Errorf("resource %s: %w", typ, err)
	}
	return b[:size], true, nil
}

// namedChild finds the entry of the root directory that goes by a name: its id has
// the top bit set and leads to a u16 count and that many UTF-16 units.
func namedChild(base []byte, name string) (uint32, bool) {
	n := int(binary.LittleEndian.Uint16(base[12:]))
	for i := range n {
		at := 16 + 8*i
		if at+8 > len(base) {
			return 0, false
		}
		id := binary.LittleEndian.Uint32(base[at:])
		p := uint64(id &^ 0x80000000)
		if id>>31 == 0 || p+2 > uint64(len(base)) {
			continue
		}
		chars := uint64(binary.LittleEndian.Uint16(base[p:]))
		if p+2+2*chars > uint64(len(base)) {
			continue
		}
		u := make([]uint16, chars)
		for j := range u {
			u[j] = binary.LittleEndian.Uint16(base[int(p)+2+2*j:])
		}
		if strings.EqualFold(string(utf16.Decode(u)), name) {
			return binary.LittleEndian.Uint32(base[at+4:]), true
		}
	}
	return 0, false
}
