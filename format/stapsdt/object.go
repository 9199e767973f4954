package stapsdt

import (
	"debug/elf"

	"github.com/godtrace/godtrace/format/elfobj"
)

// notes writes notes into an object.
type notes struct {
	a       *arch
	section int // of the notes; that of their relocations follows
	data    *elfobj.Section
	rela    *elfobj.Section
}

func newNotes(f *elfobj.File, a *arch) *notes {
	w := &notes{a: a, data: &elfobj.Section{Name: section, Type: elf.SHT_NOTE, Align: 4}}
	w.section = f.AddSection(w.data)
	w.rela = f.NewRela(w.section)
	return w
}

// add writes the note of a place: at symbol sym plus addend.
func (w *notes) add(p *Probe, tail bool, sym int, addend int64, base, semaphore int) {
	off := uint64(len(w.data.Data)) + uint64(pcOffset)
	w.data.Data = append(w.data.Data, p.note(w.a.operands(p, tail))...)
	w.rela.AddRela(elfobj.Rela{Offset: off, Type: w.a.abs64, Symbol: sym, Addend: addend})
	w.rela.AddRela(elfobj.Rela{Offset: off + 8, Type: w.a.abs64, Symbol: base})
	w.rela.AddRela(elfobj.Rela{Offset: off + 16, Type: w.a.abs64, Symbol: semaphore})
}

// Object makes the object that programs with probes are linked with: it defines
// the counters of the probes' users and the functions that headers of other
// DTraces declare. Those for which place reports true are themselves places of
// their probes. All its symbols are weak and hidden, so that an executable and
// its libraries have their own, and several such objects can be linked.
func Object(name string, m elf.Machine, probes []Probe, place func(*Probe) bool) (*elfobj.File, error) {
	if err := Supported(m); err != nil {
		return nil, err
	}
	a := arches[m]
	f := elfobj.New(name, m)
	text := &elfobj.Section{Name: ".text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16}
	textNum := f.AddSection(text)
	textSym := f.AddSymbol(elfobj.Symbol{Type: elf.STT_SECTION, Section: textNum})

	group := &elfobj.Section{Name: ".group", Type: elf.SHT_GROUP, Align: 4, EntSize: 4, Data: le.AppendUint32(nil, 1 /* GRP_COMDAT */)}
	f.AddSection(group)
	baseNum := f.AddSection(&elfobj.Section{Name: ".stapsdt.base", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Align: 1, Data: make([]byte, 1)})
	f.Join(group, baseNum)
	weak := func(name string, t elf.SymType, section int, at, size uint64) int {
		return f.AddSymbol(elfobj.Symbol{Name: name, Bind: elf.STB_WEAK, Type: t, Vis: elf.STV_HIDDEN, Section: section, Value: at, Size: size})
	}
	baseSym := weak(base, elf.STT_NOTYPE, baseNum, 0, 1)
	group.Link, group.Info = uint32(f.SymbolTable()), uint32(baseSym)

	counters := &elfobj.Section{Name: ".probes", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 2}
	countersNum := f.AddSection(counters)
	rela := f.NewRela(textNum)
	var w *notes
	function := func(name string, code []byte) (at uint64) {
		for len(text.Data)%16 != 0 {
			text.Data = append(text.Data, 0)
		}
		at = uint64(len(text.Data))
		text.Data = append(text.Data, code...)
		weak(name, elf.STT_FUNC, textNum, at, uint64(len(code)))
		return at
	}
	for i := range probes {
		p := &probes[i]
		sem := weak(p.semaphore(), elf.STT_OBJECT, countersNum, uint64(len(counters.Data)), 2)
		counters.Data = append(counters.Data, 0, 0)
		at := function(p.enabled(), a.enabled)
		for _, r := range a.relocs {
			rela.AddRela(elfobj.Rela{Offset: at + r.off, Type: r.typ, Symbol: sem, Addend: r.addend})
		}
		at = function(p.call(), a.place)
		if !place(p) || p.Reason != "" {
			continue
		}
		if w == nil {
			w = newNotes(f, a)
		}
		w.add(p, true, textSym, int64(at+a.placeAt), baseSym, sem)
	}
	f.AddSection(&elfobj.Section{Name: ".note.gnu.property", Type: elf.SHT_NOTE, Flags: elf.SHF_ALLOC, Align: 8, Data: a.propertyNote()})
	f.AddSection(&elfobj.Section{Name: ".note.GNU-stack", Type: elf.SHT_PROGBITS, Align: 1})
	return f, nil
}

// propertyNote says that the code may be entered and left only as machines with
// checks of jumps and returns allow.
func (a *arch) propertyNote() []byte {
	return append(append(words(4, 16, 5 /* NT_GNU_PROPERTY_TYPE_0 */), "GNU\x00"...), words(a.property, 4, 3, 0)...)
}
