package pdb

import "sort"

// Kind is what a symbol is.
type Kind uint8

// The kinds of symbols.
const (
	// Public is a symbol of the linker: a decorated name and an address.
	Public Kind = iota
	// Procedure is a function with its size and type.
	Procedure
	// Thunk is a jump that the linker or compiler made.
	Thunk
	// Data is a global variable with its type.
	Data
	// Label is an entry inside a procedure written in assembly language.
	Label
)

// Symbol is a named address.
type Symbol struct {
	Kind Kind
	// RVA is the address relative to the image's base.
	RVA uint32
	// Size is in bytes; for publics it is 0, as the database does not tell.
	Size uint32
	// Name is the name as stored: decorated for publics.
	Name string
	// Function says that a public stands for code.
	Function bool
	// Global says that other modules see the symbol.
	Global bool
	// Type is the type's index, 0 if there is none.
	Type TypeIndex
	// ParamBytes is the size of a procedure's parameters where that is told.
	ParamBytes uint32

	module int
}

// Symbol records.
const (
	symPub32ST    = 0x1009
	symLProcST    = 0x100a
	symGProcST    = 0x100b
	symEnd        = 0x0006
	symThunk      = 0x1102
	symLabel      = 0x1105
	symLData      = 0x110c
	symGData      = 0x110d
	symPub32      = 0x110e
	symLProc      = 0x110f
	symGProc      = 0x1110
	symLProcID    = 0x1146
	symGProcID    = 0x1147
	symLProcDPC   = 0x1155
	symLProcDPCID = 0x1156
)

// symbolTable holds all symbols in order of address.
type symbolTable struct {
	code []Symbol // procedures, thunks, public functions
	all  []Symbol
	// codeNames finds code by its name.
	names map[string]int
}

// records calls fn for each record of a stream of symbols: | size u16 | kind u16 |
// data |, where size does not count itself.
func records(b []byte, fn func(kind uint16, data []byte)) {
	for len(b) >= 4 {
		n := int(le.Uint16(b))
		if n < 2 || n+2 > len(b) {
			return
		}
		fn(le.Uint16(b[2:]), b[4:n+2])
		b = b[n+2:]
	}
}

// readSymbols reads the publics and all modules' symbols.
func (f *File) readSymbols() (*symbolTable, error) {
	d, err := f.dbi()
	if err != nil {
		return nil, err
	}
	t := &symbolTable{names: map[string]int{}}
	b, err := f.stream(d.symrec)
	if err != nil {
		return nil, err
	}
	records(b, func(kind uint16, r []byte) { t.global(d, kind, r) })
	for i := range d.modules {
		m := &d.modules[i]
		b, err := f.stream(m.stream)
		if err != nil {
			return nil, err
		}
		if len(b) < 4 {
			continue
		}
		b = b[4:min(max(m.symBytes, 4), len(b))]
		records(b, func(kind uint16, r []byte) { t.local(d, i, kind, r) })
	}
	t.finish()
	return t, nil
}

// add takes in a symbol at a segment's offset, if that is in the image.
func (t *symbolTable) add(d *dbi, s Symbol, seg uint16, off uint32) {
	rva, ok := d.rva(seg, off)
	if !ok || s.Name == "" {
		return
	}
	s.RVA = rva
	t.all = append(t.all, s)
}

// global takes in a record of the common stream: publics and data.
func (t *symbolTable) global(d *dbi, kind uint16, r []byte) {
	c := cursor{b: r}
	switch kind {
	case symPub32, symPub32ST:
		flags, off, seg := c.u32(), c.u32(), c.u16()
		s := Symbol{Kind: Public, Function: flags&3 != 0, Global: true, module: -1}
		if kind == symPub32 {
			s.Name = c.str()
		} else {
			s.Name = string(c.bytes(int(c.u8())))
		}
		t.add(d, s, seg, off)
	case symGData, symLData:
		t.data(d, -1, kind, r)
	}
}

func (t *symbolTable) data(d *dbi, mod int, kind uint16, r []byte) {
	c := cursor{b: r}
	typ, off, seg := c.u32(), c.u32(), c.u16()
	t.add(d, Symbol{Kind: Data, Global: kind == symGData, Type: TypeIndex(typ), Name: c.str(), module: mod}, seg, off)
}

// local takes in a record of a module.
func (t *symbolTable) local(d *dbi, mod int, kind uint16, r []byte) {
	c := cursor{b: r}
	switch kind {
	case symLProc, symGProc, symLProcID, symGProcID, symLProcDPC, symLProcDPCID, symLProcST, symGProcST:
		// parent, end, next, size, start of code, end of code, type, offset, segment, flags
		c.bytes(12)
		s := Symbol{Kind: Procedure, Function: true, Size: c.u32(), module: mod, Global: kind == symGProc || kind == symGProcID || kind == symGProcST}
		c.bytes(8)
		typ := c.u32()
		if kind == symLProc || kind == symGProc || kind == symLProcDPC {
			s.Type = TypeIndex(typ)
		}
		off, seg := c.u32(), c.u16()
		c.u8()
		if kind == symLProcST || kind == symGProcST {
			s.Name = string(c.bytes(int(c.u8())))
		} else {
			s.Name = c.str()
		}
		t.add(d, s, seg, off)
	case symThunk:
		c.bytes(12)
		off, seg := c.u32(), c.u16()
		s := Symbol{Kind: Thunk, Function: true, Size: uint32(c.u16()), module: mod}
		c.u8()
		s.Name = c.str()
		t.add(d, s, seg, off)
	case symLabel:
		off, seg := c.u32(), c.u16()
		c.u8()
		t.add(d, Symbol{Kind: Label, Function: true, Name: c.str(), module: mod}, seg, off)
	case symLData, symGData:
		t.data(d, mod, kind, r)
	}
}

// finish sorts the symbols and makes the table of code: of symbols at one address
// the procedure wins, else the public, else the label.
func (t *symbolTable) finish() {
	rank := func(s *Symbol) int {
		switch s.Kind {
		case Procedure:
			return 0
		case Public:
			return 1
		case Thunk:
			return 2
		}
		return 3
	}
	sort.SliceStable(t.all, func(i, j int) bool {
		a, b := &t.all[i], &t.all[j]
		if a.RVA != b.RVA {
			return a.RVA < b.RVA
		}
		return rank(a) < rank(b)
	})
	for i := range t.all {
		s := &t.all[i]
		if !s.Function {
			continue
		}
		if _, ok := t.names[s.Name]; !ok {
			t.names[s.Name] = i
		}
		if n := len(t.code); n > 0 && t.code[n-1].RVA == s.RVA {
			continue
		}
		if n := len(t.code); s.Kind == Label && n > 0 && s.RVA-t.code[n-1].RVA < t.code[n-1].Size {
			continue // inside a procedure
		}
		t.code = append(t.code, *s)
	}
}

// Symbols returns all symbols in order of address. The slice must not be
// changed.
func (f *File) Symbols() ([]Symbol, error) {
	t, err := f.syms()
	if err != nil {
		return nil, err
	}
	return t.all, nil
}

// Functions returns the code's symbols in order of address, one an address:
// procedures where the database describes them, else publics. The slice must not
// be changed.
func (f *File) Functions() ([]Symbol, error) {
	t, err := f.syms()
	if err != nil {
		return nil, err
	}
	return t.code, nil
}

// Lookup returns the function that holds an address relative to the image's base.
func (f *File) Lookup(rva uint32) (Symbol, bool) {
	t, err := f.syms()
	if err != nil {
		return Symbol{}, false
	}
	i := sort.Search(len(t.code), func(i int) bool { return t.code[i].RVA > rva })
	if i == 0 {
		return Symbol{}, false
	}
	s := t.code[i-1]
	if s.Size != 0 && rva-s.RVA >= s.Size {
		return Symbol{}, false
	}
	return s, true
}

// ByName returns the symbol of a function by its name as stored.
func (f *File) ByName(name string) (Symbol, bool) {
	t, err := f.syms()
	if err != nil {
		return Symbol{}, false
	}
	i, ok := t.names[name]
	if !ok {
		return Symbol{}, false
	}
	return t.all[i], true
}

// DecoratedName returns the public's name at an address, from which the
// function's parameters can be read; "" if there is none.
func (f *File) DecoratedName(rva uint32) string {
	t, err := f.syms()
	if err != nil {
		return ""
	}
	i := sort.Search(len(t.all), func(i int) bool { return t.all[i].RVA >= rva })
	for ; i < len(t.all) && t.all[i].RVA == rva; i++ {
		if t.all[i].Kind == Public {
			return t.all[i].Name
		}
	}
	return ""
}
