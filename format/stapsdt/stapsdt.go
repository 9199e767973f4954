// Package stapsdt puts the probes of programs into objects: it reads and writes
// notes of SystemTap (.note.stapsdt, version 3), each of which is one place of a
// probe, and makes places of the calls that headers of other DTraces consist of.
// Instructions are those of x86-64 and arm64. It runs no program.
package stapsdt

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

var le = binary.LittleEndian

// noteType and noteOwner say that a note is a probe's place.
const (
	noteType  = 3
	noteOwner = "stapsdt\x00"
	section   = ".note.stapsdt"
)

// base is the symbol and, with a dot before it, the section whose address tells
// how far a program was moved after it was linked.
const base = "_.stapsdt.base"

// Probe is a probe as a D program declares it: two underscores in its name are a
// dash.
type Probe struct {
	Provider, Name string
	Args           []Arg
	// Reason, if not empty, says why no note can describe the arguments.
	Reason string
}

// Arg is an argument: an integer or a pointer.
type Arg struct {
	Size   int // 1, 2, 4 or 8
	Signed bool
}

// call is the function that headers of other DTraces call at a probe, enabled
// that which says whether somebody traces it.
func (p *Probe) call() string { return "__dtrace_" + p.symbol() }

func (p *Probe) enabled() string { return "__dtraceenabled_" + p.symbol() }

func (p *Probe) symbol() string { return p.Provider + "___" + Underscores(p.Name) }

// semaphore is the counter of the probe's users.
func (p *Probe) semaphore() string { return Semaphore(p.Provider, p.Name) }

func (p *Probe) String() string { return p.Provider + ":::" + Dashes(p.Name) }

// Semaphore is the symbol of the counter of a probe's users.
func Semaphore(provider, probe string) string {
	return provider + "_" + Underscores(probe) + "_semaphore"
}

// Underscores is a probe's name in C.
func Underscores(name string) string { return strings.ReplaceAll(name, "-", "__") }

// Dashes is a probe's name in D and in notes.
func Dashes(name string) string { return strings.ReplaceAll(name, "__", "-") }

// Note is the place of a probe.
type Note struct {
	PC, Base, Semaphore  uint64
	Provider, Name, Args string
}

// Notes parses the content of a section of notes; those of others are left out.
func Notes(data []byte) ([]Note, error) {
	var list []Note
	for off := 0; len(data)-off >= 12; {
		nameSize, size, typ := uint64(le.Uint32(data[off:])), uint64(le.Uint32(data[off+4:])), le.Uint32(data[off+8:])
		name := uint64(off) + 12
		desc := name + (nameSize+3)&^3
		if desc+size > uint64(len(data)) {
			return nil, fmt.Errorf("note at offset %d: %d and %d bytes, %d are left", off, nameSize, size, len(data)-off-12)
		}
		if typ == noteType && string(data[name:name+nameSize]) == noteOwner {
			n, ok := parseNote(data[desc : desc+size])
			if !ok {
				return nil, fmt.Errorf("note at offset %d: want three addresses and three strings in %d bytes", off, size)
			}
			list = append(list, n)
		}
		off = int(desc + (size+3)&^3)
	}
	return list, nil
}

func parseNote(d []byte) (n Note, ok bool) {
	if len(d) < 24 {
		return n, false
	}
	n.PC, n.Base, n.Semaphore = le.Uint64(d), le.Uint64(d[8:]), le.Uint64(d[16:])
	d = d[24:]
	for _, s := range []*string{&n.Provider, &n.Name, &n.Args} {
		if *s, _, ok = strings.Cut(string(d), "\x00"); !ok {
			return n, false
		}
		d = d[len(*s)+1:]
	}
	return n, true
}

// note is a note whose addresses are zero: relocations give them, the first at
// pcOffset, the others behind it.
func (p *Probe) note(args string) []byte {
	desc := make([]byte, 24)
	for _, s := range []string{p.Provider, Dashes(p.Name), args} {
		desc = append(append(desc, s...), 0)
	}
	b := le.AppendUint32(nil, uint32(len(noteOwner)))
	b = le.AppendUint32(b, uint32(len(desc)))
	b = le.AppendUint32(b, noteType)
	b = append(append(b, noteOwner...), desc...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

const pcOffset = 12 + len(noteOwner)

// arch is what differs between machines.
type arch struct {
	name string
	// abs64 is the relocation that is a symbol's address.
	abs64 uint32
	// regs are the registers of the first arguments, by size; stack the operand
	// of an argument on the stack, at an offset from where the first one is when
	// a call is about to be made.
	regs  func(i, size int) string
	nregs int
	stack func(off int) string
	// linkSize is what a call pushes before the function's first instruction.
	linkSize int
	// site finds the call that a relocation at off belongs to.
	site func(text []byte, off uint64, typ uint32, addend int64) (site, bool)
	// enabled is a function that returns a 16-bit counter, place one that is a
	// probe's place: the instruction at placeAt. relocs are those of enabled.
	enabled, place []byte
	placeAt        uint64
	relocs         []reloc
	// property is the type of the note that code may be entered by checked jumps.
	property uint32
}

// reloc is a relocation of an enabled function.
type reloc struct {
	off    uint64
	typ    uint32
	addend int64
}

// site is a call that can become a probe's place: its bytes are replaced, and
// arguments are found as behind a jump if tail is set.
type site struct {
	start uint64
	code  []byte
	at    uint64 // of the place, from start
	tail  bool
}

var arches = map[elf.Machine]*arch{elf.EM_X86_64: &amd64, elf.EM_AARCH64: &arm64}

// operands are the places of arguments at a call, or if tail is set at a
// function's first instruction.
func (a *arch) operands(p *Probe, tail bool) string {
	list := make([]string, len(p.Args))
	for i, arg := range p.Args {
		size, op := arg.Size, ""
		if i < a.nregs {
			op = a.regs(i, size)
		} else {
			off := 8 * (i - a.nregs)
			if tail {
				off += a.linkSize
			}
			op = a.stack(off)
		}
		if arg.Signed {
			size = -size
		}
		list[i] = fmt.Sprintf("%d@%s", size, op)
	}
	return strings.Join(list, " ")
}
