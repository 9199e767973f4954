package kernel

import (
	"fmt"
	"hash/fnv"
	"sort"
	"strings"

	"github.com/godtrace/godtrace/format/pe"
)

// Characteristics of sections.
const (
	SectionExecute     = 0x20000000
	SectionDiscardable = 0x02000000
	codeChars          = 0x60000020
	dataChars          = 0xC0000040
	initChars          = 0x62000020
)

// Section is a section of a loaded image.
type Section struct {
	Name            string
	Addr, Size      uint64
	Characteristics uint32

	declared bool   // made by AddSection, not of a file
	used     uint64 // bytes taken by declared functions and data
}

// Function is a function of an image.
type Function struct {
	Name         string
	Image        *Image
	Section      *Section
	Addr, Size   uint64
	Instrs       []uint64 // offsets of the instructions that the model executes
	Returns      []uint64
	Body         uint64 // offset at which called functions return to
	Leaf         bool
	bodyInstr    int  // index into Instrs: those before it run at the entry
	Real         bool // the code is that of a file
	KernelImport bool
}

// String gives module!function.
func (f *Function) String() string { return f.Image.Module + "!" + f.Name }

// Image is a loaded image: of the system, or (shared by all that map it) of
// processes.
type Image struct {
	// Module is the name that D uses: nt, ntdll; File the name of the file.
	Module, File string
	Base, Size   uint64
	User         bool
	Sections     []*Section
	// Exports says which functions are exported; nil for declared images, where
	// all are.
	PE *pe.File

	end       uint64      // of the declared sections, from Base
	functions []*Function // in the order of their addresses
	byName    map[string]*Function
	data      map[string]uint64
	mem       *Space
	loaded    bool
}

// Functions returns the functions by address.
func (im *Image) Functions() []*Function { return im.functions }

// Function finds a function by name, nil if there is none.
func (im *Image) Function(name string) *Function { return im.byName[name] }

// Section finds a section, nil if there is none.
func (im *Image) Section(name string) *Section {
	for _, s := range im.Sections {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// at finds the function that holds an address.
func (im *Image) at(addr uint64) *Function {
	i := sort.Search(len(im.functions), func(i int) bool { return im.functions[i].Addr > addr })
	if i == 0 {
		return nil
	}
	if f := im.functions[i-1]; addr < f.Addr+max(f.Size, 1) {
		return f
	}
	return nil
}

// Sizes that a declared image reserves for each section.
const (
	declaredSection = 0x80000
	declaredImage   = 0x1000000
	headerSize      = 0x1000
)

// newImage lays out a declared image with the usual sections.
func newImage(module, file string, base uint64, user bool, mem *Space) *Image {
	im := &Image{Module: module, File: file, Base: base, User: user, byName: map[string]*Function{}, data: map[string]uint64{}, mem: mem, loaded: true}
	im.Size, im.end = headerSize, headerSize
	mem.Map(base, headerSize, false)
	mem.poke(base, []byte("MZ"))
	im.AddSection(".text", codeChars)
	im.AddSection(".data", dataChars)
	return im
}

// declaredSection finds a section of that name that holds declared code, so
// that nothing is declared over the code of a file.
func (im *Image) declaredSection(name string) *Section {
	for _, s := range im.Sections {
		if s.Name == name && s.declared {
			return s
		}
	}
	return nil
}

// AddSection adds a section for declared code to an image, or returns the one
// of that name.
func (im *Image) AddSection(name string, chars uint32) *Section {
	if s := im.declaredSection(name); s != nil {
		return s
	}
	im.end = max(im.end, headerSize)
	if im.PE != nil {
		im.end = max(im.end, im.Size)
	}
	s := &Section{Name: name, Addr: im.Base + im.end, Size: declaredSection, Characteristics: chars, declared: true}
	im.end += declaredSection
	im.Size = max(im.Size, im.end)
	im.Sections = append(im.Sections, s)
	return s
}

// Declare adds a function to a declared image, or returns the one of that name.
// Its code is made from a few usual prologues. Before and behind functions there
// are int3s, as compilers leave them.
func (im *Image) Declare(name, section string, chars uint32) (*Function, error) {
	if f := im.byName[name]; f != nil {
		return f, nil
	}
	if section == "" {
		section = ".text"
	}
	if chars == 0 {
		chars = codeChars
		if section == "INIT" {
			chars = initChars
		}
	}
	if im.PE == nil && im.declaredSection(section) == nil && im.end+declaredSection > declaredImage {
		return nil, fmt.Errorf("image %s: no room for section %s, it has %d sections", im.Module, section, len(im.Sections))
	}
	s := im.AddSection(section, chars)
	code, instrs, body := bodyOf(name)
	addr := s.Addr + s.used
	room := (uint64(len(code)) + 16 + 15) &^ 15
	if s.used+room > s.Size {
		return nil, fmt.Errorf("image %s: section %s is full (%#x bytes)", im.Module, section, s.Size)
	}
	s.used += room
	im.mem.Map(addr, room, false)
	pad := make([]byte, room)
	for i := range pad {
		pad[i] = 0xCC
	}
	copy(pad, code)
	im.mem.poke(addr, pad)
	f := &Function{Name: name, Image: im, Section: s, Addr: addr, Size: uint64(len(code)), Instrs: instrs,
		Returns: instrs[len(instrs)-1:], bodyInstr: body, Body: instrs[body]}
	im.add(f)
	return f, nil
}

func (im *Image) add(f *Function) {
	im.byName[f.Name] = f
	i := sort.Search(len(im.functions), func(i int) bool { return im.functions[i].Addr > f.Addr })
	im.functions = append(im.functions, nil)
	copy(im.functions[i+1:], im.functions[i:])
	im.functions[i] = f
}

// DeclareData reserves a variable in .data and returns its address.
func (im *Image) DeclareData(name string, size uint64) uint64 {
	if a, ok := im.data[name]; ok {
		return a
	}
	s := im.AddSection(".data", dataChars)
	a := s.Addr + s.used
	s.used += (size + 15) &^ 15
	im.mem.Map(a, size, true)
	im.data[name] = a
	return a
}

// Data returns the address of a variable.
func (im *Image) Data(name string) (uint64, bool) {
	a, ok := im.data[name]
	return a, ok
}

// prologues are the code of declared functions: what comes before the body, and
// what behind it. The body itself is a no-op of five bytes.
var prologues = [...]struct{ before, after [][]byte }{
	{[][]byte{{0x48, 0x89, 0x5C, 0x24, 0x08}, {0x57}, {0x48, 0x83, 0xEC, 0x20}}, // mov [rsp+8],rbx; push rdi; sub rsp,20h
		[][]byte{{0x48, 0x8B, 0x5C, 0x24, 0x30}, {0x48, 0x83, 0xC4, 0x20}, {0x5F}, {0xC3}}},
	{[][]byte{{0x40, 0x53}, {0x48, 0x83, 0xEC, 0x20}}, // push rbx; sub rsp,20h
		[][]byte{{0x48, 0x83, 0xC4, 0x20}, {0x5B}, {0xC3}}},
	{[][]byte{{0x48, 0x83, 0xEC, 0x28}}, // sub rsp,28h
		[][]byte{{0x48, 0x83, 0xC4, 0x28}, {0xC3}}},
	{[][]byte{{0x48, 0x89, 0x5C, 0x24, 0x10}, {0x55}, {0x41, 0x56}, {0x48, 0x81, 0xEC, 0x80, 0, 0, 0}}, // mov [rsp+10h],rbx; push rbp; push r14; sub rsp,80h
		[][]byte{{0x48, 0x81, 0xC4, 0x80, 0, 0, 0}, {0x41, 0x5E}, {0x5D}, {0x48, 0x8B, 0x5C, 0x24, 0x10}, {0xC3}}},
}

func bodyOf(name string) (code []byte, instrs []uint64, body int) {
	h := fnv.New32a()
	h.Write([]byte(name))
	p := &prologues[h.Sum32()%uint32(len(prologues))]
	for _, b := range p.before {
		instrs = append(instrs, uint64(len(code)))
		code = append(code, b...)
	}
	instrs = append(instrs, uint64(len(code)))
	code = append(code, 0x0F, 0x1F, 0x44, 0, 0)
	body = len(instrs)
	for _, b := range p.after {
		instrs = append(instrs, uint64(len(code)))
		code = append(code, b...)
	}
	return code, instrs, body
}

// stub gives the code of a system service's stub in ntdll: mov r10,rcx; mov
// eax,number; syscall; ret.
func stub(number uint32) []byte {
	return []byte{0x4C, 0x8B, 0xD1, 0xB8, byte(number), byte(number >> 8), byte(number >> 16), byte(number >> 24), 0x0F, 0x05, 0xC3}
}

// declareStub adds a stub to ntdll.
func (im *Image) declareStub(name string, number uint32) (*Function, error) {
	s := im.AddSection(".text", codeChars)
	if s.used+32 > s.Size {
		return nil, fmt.Errorf("image %s: section %s is full (%#x bytes)", im.Module, s.Name, s.Size)
	}
	addr := s.Addr + s.used
	s.used += 32
	pad := []byte("\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC\xCC")
	code := stub(number)
	copy(pad, code)
	im.mem.Map(addr, 32, false)
	im.mem.poke(addr, pad)
	f := &Function{Name: name, Image: im, Section: s, Addr: addr, Size: uint64(len(code)), Instrs: []uint64{0, 3, 8, 10},
		Returns: []uint64{10}, bodyInstr: 3, Body: 10}
	im.add(f)
	return f, nil
}

// imageFromPE maps a real file: its sections at their places, its exported
// functions by the addresses of their code. What the model cannot decode at a
// function's first byte has no tracepoint there.
func imageFromPE(module, file string, base uint64, user bool, mem *Space, b []byte) (*Image, error) {
	f, err := pe.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	im := &Image{Module: module, File: file, Base: base, User: user, PE: f, byName: map[string]*Function{}, data: map[string]uint64{}, mem: mem, loaded: true}
	im.Size = headerSize
	for i := range f.Sections {
		s := &f.Sections[i]
		if end := uint64(s.VirtualAddress) + uint64(max(s.VirtualSize, 1)); end > maxImage {
			return nil, fmt.Errorf("%s: section %s ends at %#x, at most %#x is allowed", file, s.Name, end, uint64(maxImage))
		}
	}
	mem.Map(base, headerSize, false)
	mem.poke(base, b[:min(len(b), headerSize)])
	for i := range f.Sections {
		s := &f.Sections[i]
		data, err := f.Data(s)
		if err != nil {
			return nil, fmt.Errorf("%s: section %s: %w", file, s.Name, err)
		}
		size := uint64(max(s.VirtualSize, uint32(len(data))))
		mem.Map(base+uint64(s.VirtualAddress), size, s.Characteristics&0x80000000 != 0)
		mem.poke(base+uint64(s.VirtualAddress), data)
		im.Sections = append(im.Sections, &Section{Name: s.Name, Addr: base + uint64(s.VirtualAddress), Size: size, Characteristics: s.Characteristics})
		im.Size = max(im.Size, (uint64(s.VirtualAddress)+size+PageSize-1)&^(PageSize-1))
	}
	list, err := exportAddresses(f, b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, e := range list {
		addr := base + uint64(e.rva)
		sec := im.sectionAt(addr)
		if sec == nil || e.name == "" || im.byName[e.name] != nil {
			continue
		}
		if sec.Characteristics&SectionExecute == 0 {
			im.data[e.name] = addr
			continue
		}
		fn := &Function{Name: e.name, Image: im, Section: sec, Addr: addr, Real: true, Instrs: []uint64{0}, bodyInstr: 1}
		var code [16]byte
		mem.peek(addr, code[:])
		in := decode(code[:])
		fn.Body = uint64(max(in.size, 1))
		if in.op == opRet {
			fn.Returns, fn.Leaf = []uint64{0}, true
		} else {
			fn.straight(mem)
		}
		im.add(fn)
	}
	for i, fn := range im.functions { // up to the next one, or the section's end
		end := fn.Section.Addr + fn.Section.Size
		if i+1 < len(im.functions) && im.functions[i+1].Addr < end {
			end = im.functions[i+1].Addr
		}
		fn.Size = end - fn.Addr
	}
	return im, nil
}

// straight finds all instructions of a function of a file that has no branches
// and none that the model does not know: then it can have a return probe.
func (f *Function) straight(mem *Space) {
	var offs []uint64
	prologue := 0
	for off := uint64(0); len(offs) < 256; {
		var code [16]byte
		mem.peek(f.Addr+off, code[:])
		in := decode(code[:])
		if in.op == opNone || in.op == opInt3 || in.op == opSyscall {
			return
		}
		offs = append(offs, off)
		if in.op == opRet {
			if prologue > 0 && prologue < len(offs) {
				f.Instrs, f.Returns = offs, offs[len(offs)-1:]
				f.bodyInstr, f.Body = prologue, offs[prologue]
			}
			return
		}
		begins := in.op == opPush || in.op == opMovStore || in.op == opAddRSP && in.imm < 0
		if begins && prologue == len(offs)-1 {
			prologue++
		}
		off += uint64(in.size)
	}
}

// maxImage bounds the size of a mapped file.
const maxImage = 64 << 20

func (im *Image) sectionAt(addr uint64) *Section {
	for _, s := range im.Sections {
		if addr >= s.Addr && addr-s.Addr < s.Size {
			return s
		}
	}
	return nil
}

// moduleName is what D calls an image: without extension, in lower case; nt for
// the kernel.
func moduleName(file string) string {
	n := strings.ToLower(file[strings.LastIndexAny(file, `\/`)+1:])
	for _, ext := range []string{".exe", ".dll", ".sys"} {
		n = strings.TrimSuffix(n, ext)
	}
	if n == "ntoskrnl" || n == "ntkrnlmp" {
		return "nt"
	}
	return n
}

// ModuleName is what D programs call the image of a file.
func ModuleName(file string) string { return moduleName(file) }
