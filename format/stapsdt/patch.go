package stapsdt

import (
	"debug/elf"
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/elfobj"
)

// Use is how an object uses probes.
type Use struct {
	// Calls counts the calls that Patch has made places of probes, Notes the places
	// that the object had.
	Calls, Notes int
	// Functions are the probes that the object reaches other than by a plain call,
	// such as through a pointer: they need a function that is a place.
	Functions map[string]bool // by Probe.String
	// Later is set if the linker makes the object's instructions (-flto): what it
	// uses cannot be seen.
	Later bool
}

// Supported reports whether m is a machine whose instructions are known, with
// what there is if not.
func Supported(m elf.Machine) error {
	if arches[m] == nil {
		return fmt.Errorf("an object for %v, want one for %v or %v", m, elf.EM_X86_64, elf.EM_AARCH64)
	}
	return nil
}

// patcher changes one object.
type patcher struct {
	f      *elfobj.File
	a      *arch
	syms   []elfobj.Symbol
	byName map[string]*Probe // functions called at probes
	asked  map[string]*Probe // functions that say whether a probe is traced
	use    Use
	sites  map[int][]place // by number of the section with the call
	order  []int
}

// place is a new place of a probe.
type place struct {
	at    uint64
	probe *Probe
	tail  bool
}

// Patch makes places of probes of an object's calls of the functions that headers
// of other DTraces declare for them: the calls become nops, notes say where they
// were and where the arguments are. Notes that the object has stay. Probes that
// are not declared, or whose arguments no note can describe, are errors, which
// leave f half changed.
func Patch(f *elfobj.File, probes []Probe) (Use, error) {
	if err := Supported(f.Machine); err != nil {
		return Use{}, fmt.Errorf("%s: %w", f.Name, err)
	}
	p := &patcher{
		f: f, a: arches[f.Machine], byName: map[string]*Probe{}, asked: map[string]*Probe{}, sites: map[int][]place{},
		use: Use{Functions: map[string]bool{}},
	}
	for i := range probes {
		p.byName[probes[i].call()], p.asked[probes[i].enabled()] = &probes[i], &probes[i]
	}
	var err error
	if p.syms, err = f.Symbols(); err != nil {
		return Use{}, err
	}
	if err := p.undeclared(); err != nil {
		return Use{}, err
	}
	if err := p.ownNotes(probes); err != nil {
		return Use{}, err
	}
	for _, s := range f.Sections {
		switch {
		case s.Type == elf.SHT_SYMTAB_SHNDX:
			return Use{}, fmt.Errorf("%s: section %s: more sections than symbols can name", f.Name, s.Name)
		case strings.HasPrefix(s.Name, ".gnu.lto_"), strings.HasPrefix(s.Name, ".llvm.lto"):
			p.use.Later = true
		case s.Type == elf.SHT_RELA:
			if err := p.calls(s); err != nil {
				return Use{}, err
			}
		}
	}
	for _, n := range p.order {
		if err := p.notes(n); err != nil {
			return Use{}, err
		}
	}
	return p.use, nil
}

// undeclared refuses symbols of probes that are not declared.
func (p *patcher) undeclared() error {
	for _, s := range p.syms {
		if s.Section != int(elf.SHN_UNDEF) || p.byName[s.Name] != nil || p.asked[s.Name] != nil {
			continue
		}
		rest, ok := strings.CutPrefix(s.Name, "__dtrace_")
		if !ok {
			rest, ok = strings.CutPrefix(s.Name, "__dtraceenabled_")
		}
		if provider, name, two := strings.Cut(rest, "___"); ok && two {
			return fmt.Errorf("%s: uses probe %s:::%s, which is not declared (symbol %s)", p.f.Name, provider, Dashes(name), s.Name)
		}
	}
	return nil
}

// ownNotes counts the object's places of probes, and refuses those of a declared
// provider's probes that are not declared.
func (p *patcher) ownNotes(probes []Probe) error {
	declared, providers := map[string]bool{}, map[string]bool{}
	for i := range probes {
		declared[probes[i].String()], providers[probes[i].Provider] = true, true
	}
	for _, s := range p.f.Sections {
		if s.Name != section || s.Type != elf.SHT_NOTE {
			continue
		}
		notes, err := Notes(s.Data)
		if err != nil {
			return fmt.Errorf("%s: section %s: %w", p.f.Name, s.Name, err)
		}
		for _, n := range notes {
			name := n.Provider + ":::" + Dashes(n.Name)
			switch {
			case declared[name]:
				p.use.Notes++
			case providers[n.Provider]:
				return fmt.Errorf("%s: uses probe %s, which is not declared", p.f.Name, name)
			}
		}
	}
	return nil
}

// calls looks through the relocations of a section.
func (p *patcher) calls(rela *elfobj.Section) error {
	list, err := p.f.Relas(rela)
	if err != nil {
		return err
	}
	n := int(rela.Info)
	if n >= len(p.f.Sections) {
		return fmt.Errorf("%s: section %s relocates section %d of %d", p.f.Name, rela.Name, n, len(p.f.Sections))
	}
	text := p.f.Sections[n]
	if text.Flags&elf.SHF_ALLOC == 0 {
		return nil // of debuggers
	}
	for i, r := range list {
		if r.Symbol >= len(p.syms) {
			return fmt.Errorf("%s: relocation %d of section %s names symbol %d of %d", p.f.Name, i, rela.Name, r.Symbol, len(p.syms))
		}
		pr := p.byName[p.syms[r.Symbol].Name]
		if pr == nil || p.syms[r.Symbol].Section != int(elf.SHN_UNDEF) {
			continue
		}
		if pr.Reason != "" {
			return fmt.Errorf("%s: calls %s: probe %s: %s", p.f.Name, pr.call(), pr, pr.Reason)
		}
		s, ok := site{}, false
		if text.Type == elf.SHT_PROGBITS && text.Flags&elf.SHF_EXECINSTR != 0 {
			s, ok = p.a.site(text.Data, r.Offset, r.Type, r.Addend)
		}
		if !ok {
			p.use.Functions[pr.String()] = true
			continue
		}
		copy(text.Data[s.start:], s.code)
		rela.SetRela(i, elfobj.Rela{Offset: r.Offset})
		if p.sites[n] == nil {
			p.order = append(p.order, n)
		}
		p.sites[n] = append(p.sites[n], place{s.start + s.at, pr, s.tail})
		p.use.Calls++
	}
	return nil
}

// notes adds the notes of the places in section n. They are in that section's
// group, so that the linker takes or leaves both.
func (p *patcher) notes(n int) error {
	sym, value, ok := p.symbolIn(n)
	if !ok {
		return fmt.Errorf("%s: section %s calls probes and has no symbol, want one for its functions", p.f.Name, p.f.Sections[n].Name)
	}
	w := newNotes(p.f, p.a)
	if g := p.f.Group(n); g != nil {
		p.f.Join(g, w.section)
		p.f.Join(g, w.section+1)
	}
	for _, s := range p.sites[n] {
		w.add(s.probe, s.tail, sym, int64(s.at-value), p.symbol(base), p.symbol(s.probe.semaphore()))
	}
	return nil
}

// symbolIn finds a symbol in section n, if there is one that no other object can
// replace: that of the section itself, or a local one.
func (p *patcher) symbolIn(n int) (sym int, value uint64, ok bool) {
	rank := 0
	for i, s := range p.syms {
		r := 0
		switch {
		case i == 0 || s.Section != n || s.Type == elf.STT_TLS:
		case s.Type == elf.STT_SECTION:
			r = 3
		case s.Bind == elf.STB_LOCAL:
			r = 2
		default:
			r = 1
		}
		if r > rank {
			rank, sym, value = r, i, s.Value
		}
	}
	return sym, value, rank > 0
}

// symbol finds or adds a symbol that another object defines.
func (p *patcher) symbol(name string) int {
	for i, s := range p.syms {
		if s.Name == name && s.Bind != elf.STB_LOCAL {
			return i
		}
	}
	s := elfobj.Symbol{Name: name, Bind: elf.STB_GLOBAL, Vis: elf.STV_HIDDEN}
	p.syms = append(p.syms, s)
	return p.f.AddSymbol(s)
}
