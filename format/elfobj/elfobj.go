// Package elfobj reads, changes and writes ELF relocatable objects of 64-bit
// little-endian machines: what a compiler makes of one source file. It keeps
// sections and symbols in the order of the file, so that the numbers by which
// they name each other stay true; it neither links nor relocates.
package elfobj

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

// Sizes of the file's structures.
const (
	headerSize  = 64
	sectionSize = 64
	symbolSize  = 24
	relaSize    = 24
)

// Limits of what is written: the alignment of a section, and the file, whose
// sections may be parts of each other when it is read.
const (
	maxAlign = 1 << 16
	maxFile  = 1 << 30
)

// le is the byte order of all objects here.
var le = binary.LittleEndian

// File is an object. Sections[0] is the empty section that each object has.
type File struct {
	// Name is how messages call the object.
	Name     string
	Machine  elf.Machine
	OSABI    byte
	Flags    uint32
	Sections []*Section

	names int // the number of the section with the sections' names
}

// Section is a section of an object.
type Section struct {
	Name        string
	Type        elf.SectionType
	Flags       elf.SectionFlag
	Addr        uint64
	Link, Info  uint32
	Align, Size uint64 // Size is that of Data but for SHT_NOBITS
	EntSize     uint64
	Data        []byte

	nameOff uint32
}

// Symbol is an entry of a symbol table.
type Symbol struct {
	Name    string
	Bind    elf.SymBind
	Type    elf.SymType
	Vis     elf.SymVis
	Section int // the section's number, or a special one
	Value   uint64
	Size    uint64
}

// Rela is a relocation: the place in its section gets Symbol plus Addend in the
// manner of Type.
type Rela struct {
	Offset uint64
	Type   uint32
	Symbol int
	Addend int64
}

// New returns an object without content for a machine.
func New(name string, m elf.Machine) *File {
	f := &File{Name: name, Machine: m, Sections: []*Section{{}}}
	f.names = f.AddSection(&Section{Name: ".shstrtab", Type: elf.SHT_STRTAB, Align: 1, Data: []byte{0}})
	return f
}

// Read parses an object. The File keeps and changes data. Errors say what was
// found instead of an object.
func Read(name string, data []byte) (*File, error) {
	if err := checkHeader(data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := &File{Name: name, Machine: elf.Machine(le.Uint16(data[18:])), OSABI: data[7], Flags: le.Uint32(data[48:])}
	off, n := le.Uint64(data[40:]), int(le.Uint16(data[60:]))
	f.names = int(le.Uint16(data[62:]))
	if n == 0 || f.names >= n {
		return nil, fmt.Errorf("%s: object with %d sections, whose names are in section %d: want a section of names, and at most %d sections", name, n, f.names, int(elf.SHN_LORESERVE)-1)
	}
	if off > uint64(len(data)) || uint64(len(data))-off < uint64(n)*sectionSize {
		return nil, fmt.Errorf("%s: truncated object: %d sections at offset %d of a file with %d bytes", name, n, off, len(data))
	}
	for i := range n {
		s, err := readSection(data, data[off+uint64(i)*sectionSize:])
		if err != nil {
			return nil, fmt.Errorf("%s: section %d: %w", name, i, err)
		}
		f.Sections = append(f.Sections, s)
	}
	for i, s := range f.Sections {
		var ok bool
		if s.Name, ok = str(f.Sections[f.names].Data, s.nameOff); !ok {
			return nil, fmt.Errorf("%s: section %d: its name is at offset %d of %d bytes of names", name, i, s.nameOff, len(f.Sections[f.names].Data))
		}
	}
	return f, nil
}

// checkHeader refuses what is no object of the kind that the package knows.
func checkHeader(data []byte) error {
	switch {
	case strings.HasPrefix(string(data), "!<arch>\n"):
		return fmt.Errorf("an archive, want an ELF object: give its members")
	case !strings.HasPrefix(string(data), elf.ELFMAG):
		return fmt.Errorf("not an ELF object")
	case len(data) < headerSize:
		return fmt.Errorf("truncated ELF object: %d bytes", len(data))
	case elf.Class(data[4]) != elf.ELFCLASS64 || elf.Data(data[5]) != elf.ELFDATA2LSB:
		return fmt.Errorf("an object of %v, %v, %v: want a 64-bit little-endian machine", elf.Class(data[4]), elf.Data(data[5]), elf.Machine(le.Uint16(data[18:])))
	case elf.Type(le.Uint16(data[16:])) != elf.ET_REL:
		return fmt.Errorf("an ELF file of type %v: want a relocatable object (%v), as the compiler writes it", elf.Type(le.Uint16(data[16:])), elf.ET_REL)
	case le.Uint16(data[58:]) != sectionSize:
		return fmt.Errorf("section headers of %d bytes, want %d", le.Uint16(data[58:]), sectionSize)
	}
	return nil
}

func readSection(data, h []byte) (*Section, error) {
	s := &Section{
		nameOff: le.Uint32(h), Type: elf.SectionType(le.Uint32(h[4:])), Flags: elf.SectionFlag(le.Uint64(h[8:])), Addr: le.Uint64(h[16:]),
		Size: le.Uint64(h[32:]), Link: le.Uint32(h[40:]), Info: le.Uint32(h[44:]), Align: le.Uint64(h[48:]), EntSize: le.Uint64(h[56:]),
	}
	if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL {
		return s, nil
	}
	off := le.Uint64(h[24:])
	if off > uint64(len(data)) || s.Size > uint64(len(data))-off {
		return nil, fmt.Errorf("%d bytes at offset %d of a file with %d bytes", s.Size, off, len(data))
	}
	s.Data = data[off : off+s.Size : off+s.Size]
	return s, nil
}

// str is the string at an offset of a string table.
func str(tab []byte, off uint32) (string, bool) {
	if off == 0 && len(tab) == 0 {
		return "", true
	}
	if uint64(off) >= uint64(len(tab)) {
		return "", false
	}
	n := bytes.IndexByte(tab[off:], 0)
	if n < 0 {
		return "", false
	}
	return string(tab[off : int(off)+n]), true
}

// AddSection adds a section behind the others and returns its number.
func (f *File) AddSection(s *Section) int {
	f.Sections = append(f.Sections, s)
	if f.names == 0 {
		f.names = len(f.Sections) - 1
	}
	s.nameOff = f.addString(f.names, s.Name)
	return len(f.Sections) - 1
}

func (f *File) addString(table int, s string) uint32 {
	if s == "" {
		return 0
	}
	t := f.Sections[table]
	off := len(t.Data)
	t.Data = append(append(t.Data, s...), 0)
	return uint32(off)
}

// SymbolTable returns the number of the section with the symbols, 0 if there is
// none.
func (f *File) SymbolTable() int {
	for i, s := range f.Sections {
		if s.Type == elf.SHT_SYMTAB {
			return i
		}
	}
	return 0
}

// Symbols returns the symbols; the first is the empty one.
func (f *File) Symbols() ([]Symbol, error) {
	n := f.SymbolTable()
	if n == 0 {
		return nil, nil
	}
	t := f.Sections[n]
	if len(t.Data)%symbolSize != 0 || int(t.Link) >= len(f.Sections) {
		return nil, fmt.Errorf("%s: symbol table of %d bytes with names in section %d: want %d bytes a symbol and names in one of %d sections", f.Name, len(t.Data), t.Link, symbolSize, len(f.Sections))
	}
	list := make([]Symbol, 0, len(t.Data)/symbolSize)
	for b := t.Data; len(b) > 0; b = b[symbolSize:] {
		name, ok := str(f.Sections[t.Link].Data, le.Uint32(b))
		if !ok {
			return nil, fmt.Errorf("%s: symbol %d: its name is at offset %d of %d bytes of names", f.Name, len(list), le.Uint32(b), len(f.Sections[t.Link].Data))
		}
		list = append(list, Symbol{
			Name: name, Bind: elf.ST_BIND(b[4]), Type: elf.ST_TYPE(b[4]), Vis: elf.ST_VISIBILITY(b[5]),
			Section: int(le.Uint16(b[6:])), Value: le.Uint64(b[8:]), Size: le.Uint64(b[16:]),
		})
	}
	return list, nil
}

// AddSymbol adds a symbol and returns its number. Local symbols come before all
// others, so none can be added behind one that is not. An object without symbol
// table gets one.
func (f *File) AddSymbol(s Symbol) int {
	n := f.SymbolTable()
	if n == 0 {
		names := f.AddSection(&Section{Name: ".strtab", Type: elf.SHT_STRTAB, Align: 1, Data: []byte{0}})
		n = f.AddSection(&Section{Name: ".symtab", Type: elf.SHT_SYMTAB, Align: 8, EntSize: symbolSize, Link: uint32(names), Info: 1, Data: make([]byte, symbolSize)})
	}
	t := f.Sections[n]
	i := len(t.Data) / symbolSize
	if s.Bind == elf.STB_LOCAL {
		if int(t.Info) != i {
			panic("BUG: a local symbol behind one that is not")
		}
		t.Info++
	}
	b := make([]byte, symbolSize)
	le.PutUint32(b, f.addString(int(t.Link), s.Name))
	b[4], b[5] = elf.ST_INFO(s.Bind, s.Type), byte(s.Vis)
	le.PutUint16(b[6:], uint16(s.Section))
	le.PutUint64(b[8:], s.Value)
	le.PutUint64(b[16:], s.Size)
	t.Data = append(t.Data, b...)
	return i
}

// Relas returns the relocations of a section of type SHT_RELA.
func (f *File) Relas(s *Section) ([]Rela, error) {
	if len(s.Data)%relaSize != 0 {
		return nil, fmt.Errorf("%s: section %s has %d bytes, want %d a relocation", f.Name, s.Name, len(s.Data), relaSize)
	}
	var list []Rela
	for b := s.Data; len(b) > 0; b = b[relaSize:] {
		info := le.Uint64(b[8:])
		list = append(list, Rela{Offset: le.Uint64(b), Type: uint32(info), Symbol: int(info >> 32), Addend: int64(le.Uint64(b[16:]))})
	}
	return list, nil
}

// SetRela replaces relocation i of a section.
func (s *Section) SetRela(i int, r Rela) { r.put(s.Data[i*relaSize:]) }

// AddRela adds a relocation to a section of type SHT_RELA.
func (s *Section) AddRela(r Rela) {
	var b [relaSize]byte
	r.put(b[:])
	s.Data = append(s.Data, b[:]...)
}

func (r Rela) put(b []byte) {
	le.PutUint64(b, r.Offset)
	le.PutUint64(b[8:], uint64(r.Symbol)<<32|uint64(r.Type))
	le.PutUint64(b[16:], uint64(r.Addend))
}

// NewRela adds an empty section for the relocations of section target.
func (f *File) NewRela(target int) *Section {
	t := f.Sections[target]
	s := &Section{
		Name: ".rela" + t.Name, Type: elf.SHT_RELA, Flags: elf.SHF_INFO_LINK | t.Flags&elf.SHF_GROUP, Align: 8, EntSize: relaSize,
		Link: uint32(f.SymbolTable()), Info: uint32(target),
	}
	f.AddSection(s)
	return s
}

// Group returns the group section that section n is a member of, or nil.
func (f *File) Group(n int) *Section {
	if f.Sections[n].Flags&elf.SHF_GROUP == 0 {
		return nil
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_GROUP {
			continue
		}
		for b := s.Data; len(b) >= 8; b = b[4:] {
			if int(le.Uint32(b[4:])) == n {
				return s
			}
		}
	}
	return nil
}

// Join makes section n a member of a group.
func (f *File) Join(group *Section, n int) {
	f.Sections[n].Flags |= elf.SHF_GROUP
	group.Data = le.AppendUint32(group.Data, uint32(n))
}

// Bytes is the object as a file.
func (f *File) Bytes() ([]byte, error) {
	if len(f.Sections) >= int(elf.SHN_LORESERVE) {
		return nil, fmt.Errorf("%s: %d sections, at most %d are allowed", f.Name, len(f.Sections), int(elf.SHN_LORESERVE)-1)
	}
	out := make([]byte, headerSize)
	offs := make([]uint64, len(f.Sections))
	for i, s := range f.Sections {
		if s.Type == elf.SHT_NULL {
			continue
		}
		if s.Align > maxAlign || s.Align&(s.Align-1) != 0 {
			return nil, fmt.Errorf("%s: section %s is to be aligned at %d", f.Name, s.Name, s.Align)
		}
		if len(out) > maxFile {
			return nil, fmt.Errorf("%s: more than %d bytes", f.Name, maxFile)
		}
		out = pad(out, max(s.Align, 1))
		offs[i] = uint64(len(out))
		if s.Type != elf.SHT_NOBITS {
			s.Size = uint64(len(s.Data))
			out = append(out, s.Data...)
		}
	}
	out = pad(out, 8)
	copy(out, elf.ELFMAG)
	out[4], out[5], out[6], out[7] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT), f.OSABI
	le.PutUint16(out[16:], uint16(elf.ET_REL))
	le.PutUint16(out[18:], uint16(f.Machine))
	le.PutUint32(out[20:], uint32(elf.EV_CURRENT))
	le.PutUint64(out[40:], uint64(len(out)))
	le.PutUint32(out[48:], f.Flags)
	le.PutUint16(out[52:], headerSize)
	le.PutUint16(out[58:], sectionSize)
	le.PutUint16(out[60:], uint16(len(f.Sections)))
	le.PutUint16(out[62:], uint16(f.names))
	for i, s := range f.Sections {
		out = le.AppendUint32(out, s.nameOff)
		out = le.AppendUint32(out, uint32(s.Type))
		out = le.AppendUint64(out, uint64(s.Flags))
		out = le.AppendUint64(out, s.Addr)
		out = le.AppendUint64(out, offs[i])
		out = le.AppendUint64(out, s.Size)
		out = le.AppendUint32(out, s.Link)
		out = le.AppendUint32(out, s.Info)
		out = le.AppendUint64(out, s.Align)
		out = le.AppendUint64(out, s.EntSize)
	}
	return out, nil
}

func pad(b []byte, align uint64) []byte {
	n := uint64(len(b))
	return append(b, make([]byte, (n+align-1)/align*align-n)...)
}
