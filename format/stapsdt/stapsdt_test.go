package stapsdt

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"

	"github.com/godtrace/godtrace/format/elfobj"
)

var probes = []Probe{
	{Provider: "app", Name: "query__start", Args: []Arg{{4, true}, {8, false}}},
	{Provider: "app", Name: "done"},
	{Provider: "app", Name: "odd", Reason: "argument 0 has type float"},
	{Provider: "app", Name: "many", Args: []Arg{{1, true}, {2, false}, {4, false}, {8, true}, {8, true}, {8, true}, {4, true}, {8, false}, {4, true}, {1, false}}},
}

// object is an object with a function of the given code and relocations of
// undefined symbols, by name.
func object(m elf.Machine, code []byte, refs ...elfobj.Rela) (*elfobj.File, []string) {
	f := elfobj.New("a.o", m)
	text := f.AddSection(&elfobj.Section{Name: ".text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: code})
	f.AddSymbol(elfobj.Symbol{Name: "main", Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Section: text})
	var names []string
	for i := range probes {
		names = append(names, probes[i].call())
	}
	names = append(names, probes[1].enabled())
	for _, n := range names {
		f.AddSymbol(elfobj.Symbol{Name: n, Bind: elf.STB_GLOBAL})
	}
	rela := f.NewRela(text)
	for _, r := range refs {
		rela.AddRela(r)
	}
	return f, names
}

// notesOf are the notes of an object after it was written and read again.
func notesOf(t *testing.T, f *elfobj.File) (list []Note, text []byte, relas []elfobj.Rela) {
	t.Helper()
	data, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	g, err := elfobj.Read(f.Name, data)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range g.Sections {
		switch s.Name {
		case section:
			n, err := Notes(s.Data)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, n...)
		case ".text":
			text = s.Data
		case ".rela" + section:
			if relas, err = g.Relas(g.Sections[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list, text, relas
}

// TestPatchAMD64 makes places of all forms of calls.
func TestPatchAMD64(t *testing.T) {
	code := []byte{
		0x55,             // push: nothing of ours
		0xe8, 0, 0, 0, 0, // call query-start
		0xff, 0x15, 0, 0, 0, 0, // call *done@GOTPCREL(%rip)
		0xe8, 0, 0, 0, 0, // call enabled: stays
		0x48, 0x8d, 0x05, 0, 0, 0, 0, // lea done(%rip), %rax: no call
		0xff, 0x25, 0, 0, 0, 0, // jmp *done@GOTPCREL(%rip)
		0xe9, 0, 0, 0, 0, // jmp many
	}
	refs := []elfobj.Rela{
		{Offset: 2, Type: uint32(elf.R_X86_64_PLT32), Symbol: 2, Addend: -4},
		{Offset: 8, Type: uint32(elf.R_X86_64_GOTPCRELX), Symbol: 3, Addend: -4},
		{Offset: 13, Type: uint32(elf.R_X86_64_PLT32), Symbol: 6, Addend: -4},
		{Offset: 20, Type: uint32(elf.R_X86_64_PC32), Symbol: 3, Addend: -4},
		{Offset: 26, Type: uint32(elf.R_X86_64_GOTPCRELX), Symbol: 3, Addend: -4},
		{Offset: 31, Type: uint32(elf.R_X86_64_PLT32), Symbol: 5, Addend: -4},
	}
	f, _ := object(elf.EM_X86_64, code, refs...)
	use, err := Patch(f, probes)
	if err != nil {
		t.Fatal(err)
	}
	if use.Calls != 4 || use.Notes != 0 || len(use.Functions) != 1 || !use.Functions["app:::done"] {
		t.Errorf("use %+v, want 4 calls and app:::done as a function", use)
	}
	notes, text, relas := notesOf(t, f)
	want := []struct {
		at         int64
		name, args string
	}{
		{1, "query-start", "-4@%edi 8@%rsi"},
		{6, "done", ""},
		{24, "done", ""},
		{30, "many", "-1@%dil 2@%si 4@%edx -8@%rcx -8@%r8 -8@%r9 -4@8(%rsp) 8@16(%rsp) -4@24(%rsp) 1@32(%rsp)"},
	}
	if len(notes) != len(want) || len(relas) != 3*len(want) {
		t.Fatalf("%d notes, %d relocations, want %d, %d", len(notes), len(relas), len(want), 3*len(want))
	}
	for i, w := range want {
		if n := notes[i]; n.Provider != "app" || n.Name != w.name || n.Args != w.args || relas[3*i].Addend != w.at || relas[3*i].Symbol != 1 {
			t.Errorf("note %d: %+v at symbol %d%+d, want %+v at symbol 1", i, n, relas[3*i].Symbol, relas[3*i].Addend, w)
		}
	}
	var ops []string
	for pc := 0; pc < len(text); {
		in, err := x86asm.Decode(text[pc:], 64)
		if err != nil {
			t.Fatalf("at %d of % x: %v", pc, text, err)
		}
		ops = append(ops, in.Op.String())
		pc += in.Len
	}
	if got, want := strings.Join(ops, " "), "PUSH NOP NOP NOP NOP CALL LEA NOP RET NOP NOP RET NOP"; got != want {
		t.Errorf("instructions %s, want %s", got, want)
	}
}

// TestPatchARM64 makes places of bl and b.
func TestPatchARM64(t *testing.T) {
	code := words(0xd10083ff, 0x94000000, 0x94000000, 0x14000000)
	f, _ := object(elf.EM_AARCH64, code,
		elfobj.Rela{Offset: 4, Type: uint32(elf.R_AARCH64_CALL26), Symbol: 5},
		elfobj.Rela{Offset: 8, Type: uint32(elf.R_AARCH64_CALL26), Symbol: 6},
		elfobj.Rela{Offset: 12, Type: uint32(elf.R_AARCH64_JUMP26), Symbol: 2})
	use, err := Patch(f, probes)
	if err != nil || use.Calls != 2 {
		t.Fatalf("use %+v, error %v, want 2 calls", use, err)
	}
	notes, text, relas := notesOf(t, f)
	if len(notes) != 2 || notes[0].Args != "-1@x0 2@x1 4@x2 -8@x3 -8@x4 -8@x5 -4@x6 8@x7 -4@[sp] 1@[sp, 8]" || notes[1].Args != "-4@x0 8@x1" {
		t.Errorf("notes %+v", notes)
	}
	if relas[0].Addend != 4 || relas[3].Addend != 12 || relas[0].Type != uint32(elf.R_AARCH64_ABS64) {
		t.Errorf("relocations %+v", relas)
	}
	if want := words(0xd10083ff, armNop, 0x94000000, armRet); !bytes.Equal(text, want) {
		t.Errorf("instructions % x, want % x", text, want)
	}
}

// TestPatchErrors wants reasons with the object's name.
func TestPatchErrors(t *testing.T) {
	call := []byte{0xe8, 0, 0, 0, 0}
	at := func(sym int) elfobj.Rela {
		return elfobj.Rela{Offset: 1, Type: uint32(elf.R_X86_64_PLT32), Symbol: sym, Addend: -4}
	}
	float, _ := object(elf.EM_X86_64, call, at(4))
	undeclared, _ := object(elf.EM_X86_64, call, at(2))
	beyond, _ := object(elf.EM_X86_64, call, at(200))
	machine, _ := object(elf.EM_RISCV, call)
	for _, c := range []struct {
		f      *elfobj.File
		probes []Probe
		want   string
	}{
		{float, probes, "a.o: calls __dtrace_app___odd: probe app:::odd: argument 0 has type float"},
		{undeclared, probes[1:], "a.o: uses probe app:::query-start, which is not declared"},
		{beyond, probes, "names symbol 200 of 7"},
		{machine, probes, "a.o: an object for EM_RISCV, want one for EM_X86_64 or EM_AARCH64"},
	} {
		if _, err := Patch(c.f, c.probes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestObject wants functions that are what they are called, and notes where asked.
func TestObject(t *testing.T) {
	for m, want := range map[elf.Machine]string{
		elf.EM_X86_64:  "MOVZX RET NOP RET",
		elf.EM_AARCH64: "ADRP LDRH RET NOP RET",
	} {
		f, err := Object("p.o", m, probes[:1], func(p *Probe) bool { return p.Name == "query__start" })
		if err != nil {
			t.Fatal(err)
		}
		notes, text, relas := notesOf(t, f)
		if len(notes) != 1 || relas[0].Addend != 20 {
			t.Errorf("%v: notes %+v, relocations %+v, want one at 20", m, notes, relas)
		}
		var ops []string
		for pc := 0; pc < len(text); {
			n, op := 4, ""
			if m == elf.EM_X86_64 {
				if text[pc] == 0 || text[pc] == 0xf3 { // padding, endbr64
					pc += 4
					continue
				}
				in, err := x86asm.Decode(text[pc:], 64)
				if err != nil {
					t.Fatal(err)
				}
				n, op = in.Len, in.Op.String()
			} else {
				in, err := arm64asm.Decode(text[pc:])
				if err != nil {
					t.Fatal(err)
				}
				op = in.Op.String()
			}
			if op != "HINT" {
				ops = append(ops, op)
			}
			pc += n
		}
		if got := strings.Join(ops, " "); got != want {
			t.Errorf("%v: instructions %s, want %s", m, got, want)
		}
	}
	if _, err := Object("p.o", elf.EM_RISCV, probes, func(*Probe) bool { return false }); err == nil {
		t.Error("an object for EM_RISCV")
	}
}

func FuzzNotes(f *testing.F) {
	f.Add(probes[0].note("-4@%edi"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Notes(data)
		if err == nil && len(list) > len(data)/12 {
			t.Errorf("%d notes in %d bytes", len(list), len(data))
		}
	})
}

func FuzzPatch(f *testing.F) {
	o, _ := object(elf.EM_X86_64, []byte{0xe8, 0, 0, 0, 0}, elfobj.Rela{Offset: 1, Type: uint32(elf.R_X86_64_PLT32), Symbol: 2, Addend: -4})
	data, err := o.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := elfobj.Read("f.o", bytes.Clone(data))
		if err != nil {
			return
		}
		if _, err := Patch(o, probes); err != nil {
			return
		}
		out, err := o.Bytes()
		if err != nil {
			return
		}
		if _, err := elfobj.Read("f.o", out); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
