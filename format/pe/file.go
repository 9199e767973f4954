package pe

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrFormat is wrapped by every error that says the bytes are not a well-formed image.
var ErrFormat = errors.New("not a well-formed PE image")

// Machines of the header.
const (
	MachineI386  = 0x14C
	MachineAMD64 = 0x8664
	MachineARM64 = 0xAA64
	MachineARM   = 0x1C4
)

// SubsystemNative is the subsystem of drivers and of the kernel.
const SubsystemNative = 1

// Indexes of the data directories.
const (
	dirExport   = 0
	dirResource = 2
)

// File is a parsed image. It refers to the bytes it was made from.
type File struct {
	Machine         uint16
	Characteristics uint16 // 0x2000: a DLL
	Subsystem       uint16
	DLLChars        uint16 // 0x80: signatures are checked on load (INTEGRITYCHECK)
	TimeDateStamp   uint32
	PE32Plus        bool // 64-bit optional header
	ImageBase       uint64
	Sections        []Section

	data []byte
	dirs []dir
}

// Section is one entry of the section table.
type Section struct {
	Name            string
	VirtualSize     uint32
	VirtualAddress  uint32
	RawSize         uint32
	RawOffset       uint32
	Characteristics uint32
}

type dir struct{ rva, size uint32 }

func formatErr(off int, format string, args ...any) error {
	return fmt.Errorf("offset %#x: %s: %w", off, fmt.Sprintf(format, args...), ErrFormat)
}

// Parse reads the headers of an image. The bytes are not copied.
func Parse(b []byte) (*File, error) {
	le := binary.LittleEndian
	if len(b) < 64 || string(b[:2]) != "MZ" {
		return nil, formatErr(0, "no MZ header in %d bytes", len(b))
	}
	at := int64(le.Uint32(b[0x3C:]))
	if at+24 > int64(len(b)) || string(b[at:at+4]) != "PE\x00\x00" {
		return nil, formatErr(0x3C, "no PE header at %#x", at)
	}
	h := b[at+4:]
	f := &File{data: b, Machine: le.Uint16(h), TimeDateStamp: le.Uint32(h[4:]), Characteristics: le.Uint16(h[18:])}
	nsec, optSize := int(le.Uint16(h[2:])), int(le.Uint16(h[16:]))
	opt := h[20:]
	if optSize > len(opt) || optSize < 96 {
		return nil, formatErr(int(at)+20, "optional header has %d bytes, want 96 to %d", optSize, len(opt))
	}
	secs := opt[optSize:]
	opt = opt[:optSize]
	dirs := 96
	switch magic := le.Uint16(opt); magic {
	case 0x10B:
		f.ImageBase = uint64(le.Uint32(opt[28:]))
	case 0x20B:
		f.PE32Plus, dirs = true, 112
		if optSize < 112 {
			return nil, formatErr(int(at)+24, "optional header has %d bytes, want at least 112", optSize)
		}
		f.ImageBase = le.Uint64(opt[24:])
	default:
		return nil, formatErr(int(at)+24, "magic of optional header is %#x, want 0x10b or 0x20b", magic)
	}
	f.Subsystem, f.DLLChars = le.Uint16(opt[68:]), le.Uint16(opt[70:])
	n := int64(le.Uint32(opt[dirs-4:]))
	for i := int64(0); i < n && i < 16 && dirs+8*int(i)+8 <= len(opt); i++ {
		f.dirs = append(f.dirs, dir{le.Uint32(opt[dirs+8*int(i):]), le.Uint32(opt[dirs+8*int(i)+4:])})
	}
	if 40*nsec > len(secs) {
		return nil, formatErr(int(at), "%d sections, file has room for %d", nsec, len(secs)/40)
	}
	for i := 0; i < nsec; i++ {
		s := secs[40*i:]
		name := s[:8]
		for len(name) > 0 && name[len(name)-1] == 0 {
			name = name[:len(name)-1]
		}
		f.Sections = append(f.Sections, Section{string(name), le.Uint32(s[8:]), le.Uint32(s[12:]), le.Uint32(s[16:]), le.Uint32(s[20:]), le.Uint32(s[36:])})
	}
	return f, nil
}

// Section returns the section called name, nil when there is none.
func (f *File) Section(name string) *Section {
	for i := range f.Sections {
		if f.Sections[i].Name == name {
			return &f.Sections[i]
		}
	}
	return nil
}

// Data returns the bytes of a section in the file, cut to its virtual size.
func (f *File) Data(s *Section) ([]byte, error) {
	n := s.RawSize
	if s.VirtualSize != 0 && s.VirtualSize < n {
		n = s.VirtualSize
	}
	if uint64(s.RawOffset)+uint64(n) > uint64(len(f.data)) {
		return nil, formatErr(int(s.RawOffset), "section %q needs %#x bytes, file ends at %#x", s.Name, n, len(f.data))
	}
	return f.data[s.RawOffset : s.RawOffset+n], nil
}

// at returns the bytes from rva to the end of its section, at least n of them.
func (f *File) at(rva, n uint32) ([]byte, error) {
	for i := range f.Sections {
		s := &f.Sections[i]
		if rva < s.VirtualAddress || rva-s.VirtualAddress >= max(s.VirtualSize, s.RawSize) {
			continue
		}
		d := rva - s.VirtualAddress
		if d >= s.RawSize || uint64(s.RawOffset)+uint64(d) > uint64(len(f.data)) {
			break
		}
		end := min(uint64(s.RawOffset)+uint64(s.RawSize), uint64(len(f.data)))
		b := f.data[uint64(s.RawOffset)+uint64(d) : max(end, uint64(s.RawOffset)+uint64(d))]
		if uint64(len(b)) < uint64(n) {
			break
		}
		return b, nil
	}
	return nil, formatErr(int(rva), "address %#x with %d bytes is in no section of the file", rva, n)
}

func (f *File) dir(i int) (dir, bool) {
	if i >= len(f.dirs) || f.dirs[i].rva == 0 {
		return dir{}, false
	}
	return f.dirs[i], true
}

// Exports returns the exported names, at most 1<<16; none is no error.
func (f *File) Exports() ([]string, error) {
	d, ok := f.dir(dirExport)
	if !ok {
		return nil, nil
	}
	h, err := f.at(d.rva, 40)
	if err != nil {
		return nil, fmt.Errorf("export directory: %w", err)
	}
	n := binary.LittleEndian.Uint32(h[24:])
	if n == 0 {
		return nil, nil
	}
	if n > 1<<16 {
		return nil, formatErr(int(d.rva), "%d exported names, want at most 65536", n)
	}
	table, err := f.at(binary.LittleEndian.Uint32(h[32:]), 4*n)
	if err != nil {
		return nil, fmt.Errorf("export names: %w", err)
	}
	var out []string
	for i := uint32(0); i < n; i++ {
		b, err := f.at(binary.LittleEndian.Uint32(table[4*i:]), 1)
		if err != nil {
			return out, fmt.Errorf("export name %d: %w", i, err)
		}
		if len(b) > 4096 {
			b = b[:4096]
		}
		for j, c := range b {
			if c == 0 {
				b = b[:j]
				break
			}
		}
		out = append(out, string(b))
	}
	return out, nil
}
