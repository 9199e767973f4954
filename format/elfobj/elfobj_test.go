package elfobj

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"
)

// sample is an object with a function, a symbol of it and a relocation.
func sample(t testing.TB) []byte {
	t.Helper()
	f := New("a.o", elf.EM_X86_64)
	text := f.AddSection(&Section{Name: ".text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: []byte{0xe8, 0, 0, 0, 0, 0xc3}})
	f.AddSection(&Section{Name: ".bss", Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 8, Size: 100})
	f.AddSymbol(Symbol{Type: elf.STT_SECTION, Section: text})
	f.AddSymbol(Symbol{Name: "f", Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Section: text, Size: 6})
	g := f.AddSymbol(Symbol{Name: "g", Bind: elf.STB_GLOBAL, Vis: elf.STV_HIDDEN})
	f.NewRela(text).AddRela(Rela{Offset: 1, Type: uint32(elf.R_X86_64_PLT32), Symbol: g, Addend: -4})
	data, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestWrite wants the standard library to read what is written, and Read and
// Bytes to leave it as it is.
func TestWrite(t *testing.T) {
	data := sample(t)
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	if len(syms) != 3 || syms[1].Name != "f" || syms[1].Size != 6 || syms[2].Name != "g" || syms[2].Section != elf.SHN_UNDEF || elf.ST_VISIBILITY(syms[2].Other) != elf.STV_HIDDEN {
		t.Errorf("symbols %+v", syms)
	}
	if b := f.Section(".bss"); b == nil || b.Size != 100 || f.Type != elf.ET_REL || f.Machine != elf.EM_X86_64 {
		t.Errorf(".bss %+v in %+v", b, f.FileHeader)
	}
	g, err := Read("a.o", bytes.Clone(data))
	if err != nil {
		t.Fatal(err)
	}
	again, err := g.Bytes()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("read and written again: %d bytes, error %v, want the same %d", len(again), err, len(data))
	}
	list, err := g.Relas(g.Sections[len(g.Sections)-1])
	if want := (Rela{1, uint32(elf.R_X86_64_PLT32), 3, -4}); err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("relocations %v, error %v, want %v", list, err, want)
	}
}

// TestGroup makes sections members of groups.
func TestGroup(t *testing.T) {
	f := New("a.o", elf.EM_AARCH64)
	group := &Section{Name: ".group", Type: elf.SHT_GROUP, Align: 4, Data: []byte{1, 0, 0, 0}}
	f.AddSection(group)
	n := f.AddSection(&Section{Name: ".text.f", Type: elf.SHT_PROGBITS})
	if f.Group(n) != nil {
		t.Error("a section that is no member has a group")
	}
	f.Join(group, n)
	if f.Group(n) != group || f.Sections[n].Flags&elf.SHF_GROUP == 0 {
		t.Error("the member has no group")
	}
}

// TestReadErrors wants what was found in the message.
func TestReadErrors(t *testing.T) {
	change := func(off int, b ...byte) []byte {
		data := sample(t)
		copy(data[off:], b)
		return data
	}
	data := sample(t)
	for _, c := range []struct {
		data []byte
		want string
	}{
		{nil, "not an ELF object"},
		{[]byte("int x;\n"), "not an ELF object"},
		{[]byte("!<arch>\nx"), "an archive"},
		{data[:20], "truncated ELF object: 20 bytes"},
		{data[:len(data)-1], "truncated object"},
		{change(4, 1), "ELFCLASS32"},
		{change(5, 2), "ELFDATA2MSB"},
		{change(16, 3), "ET_DYN"},
		{change(58, 1), "section headers of 1 bytes"},
		{change(60, 0), "0 sections"},
		{change(62, 99), "section 99"},
	} {
		if _, err := Read("x.o", c.data); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "x.o: ") {
			t.Errorf("error %v, want x.o: and %q", err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := Read("f.o", data)
		if err != nil {
			return
		}
		if _, err := o.Symbols(); err != nil {
			return
		}
		out, err := o.Bytes()
		if err != nil {
			return
		}
		if _, err := Read("f.o", out); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
