package symbol

import (
	"cmp"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/ianlancetaylor/demangle"
)

// Object is the symbol table of an ELF file. Names are demangled when asked
// for. It is not safe for concurrent use.
type Object struct {
	syms     []osym // by address
	names    []byte
	segs     []segment
	buildID  string
	readable map[uint32]string // demangled
}

type osym struct {
	addr, size uint64
	name       uint32 // offset in names
}

type segment struct{ off, filesz, vaddr, memsz uint64 }

// maxTable bounds how much of a symbol or string table is read.
const maxTable = 1 << 30

// ReadObject reads the symbols of an ELF file: of .symtab, else .dynsym, else,
// for Go programs, the function table. debug, if not nil, opens the separate
// debug file of a build id, for files without .symtab; it is closed if it can be.
// The result does not refer to r.
func ReadObject(r io.ReaderAt, debug func(buildID string) (io.ReaderAt, error)) (*Object, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("read ELF: %w", err)
	}
	o := &Object{readable: map[uint32]string{}, names: []byte{0}}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			o.segs = append(o.segs, segment{p.Off, p.Filesz, p.Vaddr, p.Memsz})
		}
		if p.Type == elf.PT_NOTE && o.buildID == "" && p.Filesz < 1<<16 {
			o.buildID = buildID(p, f.ByteOrder)
		}
	}
	table := f
	if f.SectionByType(elf.SHT_SYMTAB) == nil && o.buildID != "" && debug != nil {
		if d, err := debug(o.buildID); err == nil {
			if c, ok := d.(io.Closer); ok {
				defer c.Close()
			}
			if df, err := elf.NewFile(d); err == nil && df.SectionByType(elf.SHT_SYMTAB) != nil {
				table = df
			}
		}
	}
	if err := o.readTable(table, elf.SHT_SYMTAB); err != nil {
		return nil, err
	}
	if len(o.syms) == 0 {
		if err := o.readTable(f, elf.SHT_DYNSYM); err != nil {
			return nil, err
		}
		o.readGo(f)
	}
	o.tidy()
	return o, nil
}

// BuildID returns the file's GNU build id in hexadecimal, "" if it has none.
func (o *Object) BuildID() string { return o.buildID }

// Len returns the number of symbols.
func (o *Object) Len() int { return len(o.syms) }

// buildID finds the GNU build id among the notes of a segment.
func buildID(p *elf.Prog, order binary.ByteOrder) string {
	b := make([]byte, p.Filesz)
	if _, err := p.ReadAt(b, 0); err != nil {
		return ""
	}
	const gnuBuildID = 3
	for len(b) >= 12 {
		namesz, descsz, typ := uint64(order.Uint32(b)), uint64(order.Uint32(b[4:])), order.Uint32(b[8:])
		name := 12 + (namesz+3)&^3
		end := name + (descsz+3)&^3
		if end > uint64(len(b)) {
			return ""
		}
		if typ == gnuBuildID && namesz == 4 && string(b[12:16]) == "GNU\x00" {
			return hex.EncodeToString(b[name : name+descsz])
		}
		b = b[end:]
	}
	return ""
}

// rank orders the symbols at one address; the lowest is kept.
func rank(info byte, name string) int {
	r := 0
	switch elf.ST_TYPE(info) {
	case elf.STT_FUNC, elf.STT_GNU_IFUNC:
	case elf.STT_OBJECT:
		r += 100
	default:
		r += 200
	}
	switch elf.ST_BIND(info) {
	case elf.STB_WEAK:
		r += 10
	case elf.STB_LOCAL:
		r += 20
	}
	// The name that programs use comes before the library's own (__read).
	return r + 30*min(2, len(name)-len(strings.TrimLeft(name, "_")))
}

func (o *Object) readTable(f *elf.File, typ elf.SectionType) error {
	sec := f.SectionByType(typ)
	if sec == nil || sec.Type == elf.SHT_NOBITS || int(sec.Link) >= len(f.Sections) {
		return nil
	}
	strs := f.Sections[sec.Link]
	if sec.Size > maxTable || strs.Size > maxTable {
		return fmt.Errorf("symbol table of %d bytes with %d of names, want at most %d", sec.Size, strs.Size, maxTable)
	}
	raw, err := sec.Data()
	if err != nil {
		return fmt.Errorf("read %s: %w", sec.Name, err)
	}
	names, err := strs.Data()
	if err != nil {
		return fmt.Errorf("read %s: %w", strs.Name, err)
	}
	if len(names) == 0 || names[len(names)-1] != 0 {
		names = append(names, 0)
	}
	o.names = names
	size := 24
	if f.Class == elf.ELFCLASS32 {
		size = 16
	}
	type ranked struct {
		osym
		rank int
	}
	list := make([]ranked, 0, len(raw)/size)
	for ; len(raw) >= size; raw = raw[size:] {
		var s ranked
		var info byte
		var shndx uint16
		s.name = f.ByteOrder.Uint32(raw)
		if size == 24 {
			info, shndx = raw[4], f.ByteOrder.Uint16(raw[6:])
			s.addr, s.size = f.ByteOrder.Uint64(raw[8:]), f.ByteOrder.Uint64(raw[16:])
		} else {
			info, shndx = raw[12], f.ByteOrder.Uint16(raw[14:])
			s.addr, s.size = uint64(f.ByteOrder.Uint32(raw[4:])), uint64(f.ByteOrder.Uint32(raw[8:]))
		}
		if shndx == uint16(elf.SHN_UNDEF) || shndx >= uint16(elf.SHN_LORESERVE) && shndx != uint16(elf.SHN_XINDEX) || int(s.name) >= len(names) {
			continue
		}
		name := cstring(names[s.name:])
		switch elf.ST_TYPE(info) {
		case elf.STT_FUNC, elf.STT_GNU_IFUNC, elf.STT_OBJECT:
		case elf.STT_NOTYPE:
			// Labels of assembly; not the mapping symbols of ARM ($x, $d).
			if int(shndx) >= len(f.Sections) || f.Sections[shndx].Flags&elf.SHF_EXECINSTR == 0 || strings.HasPrefix(name, "$") {
				continue
			}
		default:
			continue
		}
		if name == "" {
			continue
		}
		s.rank = rank(info, name)
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.addr, b.addr), cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name))
	})
	o.syms = make([]osym, 0, len(list))
	for i := range list {
		if i > 0 && list[i].addr == list[i-1].addr {
			if last := &o.syms[len(o.syms)-1]; last.size == 0 {
				last.size = list[i].size
			}
			continue
		}
		o.syms = append(o.syms, list[i].osym)
	}
	return nil
}

// readGo adds the functions of a Go program whose symbol table was stripped.
func (o *Object) readGo(f *elf.File) {
	sec, text := f.Section(".gopclntab"), f.Section(".text")
	if sec == nil || text == nil || sec.Size > maxTable {
		return
	}
	data, err := sec.Data()
	if err != nil {
		return
	}
	for _, fn := range goFuncs(data, text.Addr) {
		o.syms = append(o.syms, osym{addr: fn.Entry, size: fn.End - fn.Entry, name: uint32(len(o.names))})
		o.names = append(append(o.names, fn.Name...), 0)
	}
}

// goFuncs reads a Go function table; debug/gosym panics on some broken ones.
func goFuncs(data []byte, text uint64) (fns []gosym.Func) {
	defer func() {
		if recover() != nil {
			fns = nil
		}
	}()
	t, err := gosym.NewTable(nil, gosym.NewLineTable(data, text))
	if err != nil {
		return nil
	}
	return t.Funcs
}

func (o *Object) tidy() {
	slices.SortStableFunc(o.syms, func(a, b osym) int { return cmp.Compare(a.addr, b.addr) })
	o.syms = slices.Clip(o.syms)
}

func cstring(b []byte) string {
	if i := slices.Index(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// Addr turns an offset in the file into the address that the file's symbols
// use. ok is false if no loadable segment holds it.
func (o *Object) Addr(fileOff uint64) (addr uint64, ok bool) {
	for _, s := range o.segs {
		if fileOff >= s.off && fileOff-s.off < s.filesz {
			return fileOff - s.off + s.vaddr, true
		}
	}
	return 0, false
}

// Offset is the inverse of Addr.
func (o *Object) Offset(addr uint64) (fileOff uint64, ok bool) {
	for _, s := range o.segs {
		if addr >= s.vaddr && addr-s.vaddr < s.filesz {
			return addr - s.vaddr + s.off, true
		}
	}
	return 0, false
}

// Find resolves an address as the file's symbols count. Module stays empty.
func (o *Object) Find(addr uint64) (Sym, bool) {
	n := sort.Search(len(o.syms), func(i int) bool { return o.syms[i].addr > addr })
	if n == 0 {
		return Sym{}, false
	}
	s := &o.syms[n-1]
	size := s.size
	if size == 0 && n < len(o.syms) {
		size = o.syms[n].addr - s.addr
	}
	if addr-s.addr >= size && addr != s.addr {
		return Sym{}, false
	}
	return Sym{Name: o.readableName(s.name), Off: addr - s.addr, Size: size}, true
}

// Each calls f for every symbol with its raw name, by address, until f returns
// false.
func (o *Object) Each(f func(name string, addr, size uint64) bool) {
	for i := range o.syms {
		s := &o.syms[i]
		if !f(cstring(o.names[s.name:]), s.addr, s.size) {
			return
		}
	}
}

func (o *Object) readableName(off uint32) string {
	if n, ok := o.readable[off]; ok {
		return n
	}
	n := demangle.Filter(cstring(o.names[off:]))
	o.readable[off] = n
	return n
}

// DebugFile opens the separate debug file of a build id where distributions put
// it.
func DebugFile(buildID string) (io.ReaderAt, error) {
	if len(buildID) < 3 {
		return nil, os.ErrNotExist
	}
	return os.Open("/usr/lib/debug/.build-id/" + buildID[:2] + "/" + buildID[2:] + ".debug")
}
