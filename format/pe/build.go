package pe

import (
	"encoding/binary"
	"sort"
	"unicode/utf16"
)

// Image describes a small image for Build.
type Image struct {
	Machine   uint16 // default MachineAMD64
	DLL       bool
	Subsystem uint16 // default SubsystemNative
	Name      string // of the module in the export directory
	Exports   []string
	Version   *Version // makes a version resource
	APISet    []byte   // makes a section .apiset
	// Resource, if Version is nil, is a resource of the type ResourceType, a name.
	ResourceType string
	Resource     []byte
	Messages     []byte // with Resource: a table of messages
}

const align = 0x1000 // of sections, in memory and in the file

// Build writes an image that Parse and other readers of PE files take: each export points to a
// return instruction in .text.
func Build(im Image) []byte {
	le := binary.LittleEndian
	if im.Machine == 0 {
		im.Machine = MachineAMD64
	}
	if im.Subsystem == 0 {
		im.Subsystem = SubsystemNative
	}
	type sec struct {
		name  string
		chars uint32
		data  []byte
	}
	secs := []sec{{".text", 0x60000020, append([]byte{0xC3}, make([]byte, 15)...)}}
	var dirs [16]dir
	rva := func(i int) uint32 { return uint32(align * (i + 1)) }
	if len(im.Exports) > 0 {
		i := len(secs)
		secs = append(secs, sec{".edata", 0x40000040, exports(im, rva(i))})
		dirs[dirExport] = dir{rva(i), uint32(len(secs[i].data))}
	}
	if im.APISet != nil {
		secs = append(secs, sec{".apiset", 0x40000040, im.APISet})
	}
	if im.Version != nil || im.Resource != nil {
		i := len(secs)
		data := namedResource(im.ResourceType, im.Resource, im.Messages, rva(i))
		if im.Version != nil {
			data = versionResource(*im.Version, rva(i))
		}
		secs = append(secs, sec{".rsrc", 0x40000040, data})
		dirs[dirResource] = dir{rva(i), uint32(len(secs[i].data))}
	}
	b := make([]byte, align)
	copy(b, "MZ")
	le.PutUint32(b[0x3C:], 0x80)
	copy(b[0x80:], "PE\x00\x00")
	h := b[0x84:]
	le.PutUint16(h, im.Machine)
	le.PutUint16(h[2:], uint16(len(secs)))
	chars := uint16(0x22)
	if im.DLL {
		chars |= 0x2000
	}
	opt := h[20:]
	size, at := uint16(240), 112
	if im.Machine == MachineI386 || im.Machine == MachineARM {
		size, at = 224, 96
		chars |= 0x100
		le.PutUint16(opt, 0x10B)
		le.PutUint32(opt[28:], 0x10000)
	} else {
		le.PutUint16(opt, 0x20B)
		le.PutUint64(opt[24:], 0x140000000)
	}
	le.PutUint16(h[16:], size)
	le.PutUint16(h[18:], chars)
	le.PutUint32(opt[16:], rva(0)) // entry point
	le.PutUint32(opt[20:], rva(0))
	le.PutUint32(opt[32:], align)
	le.PutUint32(opt[36:], align)
	le.PutUint16(opt[40:], 10)
	le.PutUint16(opt[48:], 10)
	le.PutUint32(opt[56:], rva(len(secs)))
	le.PutUint32(opt[60:], align)
	le.PutUint16(opt[68:], im.Subsystem)
	le.PutUint32(opt[at-4:], 16)
	for i, d := range dirs {
		le.PutUint32(opt[at+8*i:], d.rva)
		le.PutUint32(opt[at+8*i+4:], d.size)
	}
	for i, s := range secs {
		// A section takes one page: what Build makes is small, and larger data is cut off by no one
		// because the next address would be wrong; so it is a broken invariant.
		if len(s.data) > align {
			panic("BUG: section " + s.name + " does not fit a page")
		}
		p := opt[int(size)+40*i:]
		copy(p, s.name)
		le.PutUint32(p[8:], uint32(len(s.data)))
		le.PutUint32(p[12:], rva(i))
		le.PutUint32(p[16:], align)
		le.PutUint32(p[20:], rva(i))
		le.PutUint32(p[36:], s.chars)
		page := make([]byte, align)
		copy(page, s.data)
		b = append(b, page...)
		opt = b[0x84+20:]
	}
	return b
}

// exports lays out an export directory at base: header, functions, names, ordinals, strings.
func exports(im Image, base uint32) []byte {
	le := binary.LittleEndian
	names := append([]string(nil), im.Exports...)
	sort.Strings(names)
	n := len(names)
	b := make([]byte, 40+10*n)
	str := func(s string) uint32 {
		at := base + uint32(len(b))
		b = append(append(b, s...), 0)
		return at
	}
	module := str(im.Name)
	le.PutUint32(b[12:], module)
	le.PutUint32(b[16:], 1)
	le.PutUint32(b[20:], uint32(n))
	le.PutUint32(b[24:], uint32(n))
	le.PutUint32(b[28:], base+40)
	le.PutUint32(b[32:], base+40+4*uint32(n))
	le.PutUint32(b[36:], base+40+8*uint32(n))
	for i, s := range names {
		at := str(s)
		le.PutUint32(b[40+4*i:], align)
		le.PutUint32(b[40+4*n+4*i:], at)
		le.PutUint16(b[40+8*n+2*i:], uint16(i))
	}
	return b
}

// versionResource lays out resources with one version block at base.
func versionResource(v Version, base uint32) []byte {
	le := binary.LittleEndian
	b := make([]byte, 3*24+16)
	for i, id := range []uint32{resVersion, 1, 0x409} {
		at := 24 * i
		le.PutUint16(b[at+14:], 1)
		le.PutUint32(b[at+16:], id)
		next := uint32(24 * (i + 1))
		if i < 2 {
			next |= 0x80000000
		}
		le.PutUint32(b[at+20:], next)
	}
	info := make([]byte, 6)
	for _, u := range utf16.Encode([]rune("VS_VERSION_INFO\x00")) {
		info = le.AppendUint16(info, u)
	}
	for len(info)%4 != 0 {
		info = append(info, 0)
	}
	fixed := make([]byte, 52)
	ms, ls := uint32(v.Major)<<16|uint32(v.Minor), uint32(v.Build)<<16|uint32(v.Revision)
	for i, w := range []uint32{fixedMagic, 0x10000, ms, ls, ms, ls, 0x3F, 0, 0x40004, 3, 7} {
		le.PutUint32(fixed[4*i:], w)
	}
	info = append(info, fixed...)
	le.PutUint16(info, uint16(len(info)))
	le.PutUint16(info[2:], 52)
	le.PutUint32(b[72:], base+uint32(len(b)))
	le.PutUint32(b[76:], uint32(len(info)))
	return append(b, info...)
}

// namedResource lays out a resource directory at base with a resource whose type has a
// name and, if there is one, a table of messages: the root directory, and for each two
// directories, the entry, and the data.
func namedResource(typ string, data, messages []byte, base uint32) []byte {
	le := binary.LittleEndian
	kinds := [][]byte{data}
	if messages != nil {
		kinds = append(kinds, messages)
	}
	b := make([]byte, 16+8*len(kinds))
	le.PutUint16(b[12:], 1)
	le.PutUint16(b[14:], uint16(len(kinds)-1))
	var entries []int
	for i := range kinds {
		at := 16 + 8*i
		le.PutUint32(b[at:], typeMessages)
		le.PutUint32(b[at+4:], 0x80000000|uint32(len(b)))
		for level := range 2 {
			d := make([]byte, 24)
			le.PutUint16(d[14:], 1)
			le.PutUint32(d[16:], []uint32{1, 0x409}[level])
			next := uint32(len(b) + 24)
			if level == 0 {
				next |= 0x80000000
			}
			le.PutUint32(d[20:], next)
			b = append(b, d...)
		}
		entries = append(entries, len(b))
		b = append(b, make([]byte, 16)...)
	}
	le.PutUint32(b[16:], 0x80000000|uint32(len(b)))
	u := utf16.Encode([]rune(typ))
	b = le.AppendUint16(b, uint16(len(u)))
	for _, c := range u {
		b = le.AppendUint16(b, c)
	}
	for i, k := range kinds {
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
		le.PutUint32(b[entries[i]:], base+uint32(len(b)))
		le.PutUint32(b[entries[i]+4:], uint32(len(k)))
		b = append(b, k...)
	}
	return b
}
