package symbol

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
)

// Kallsyms is the kernel's symbol table as /proc/kallsyms tells it. It is
// immutable and safe for concurrent use.
//
// Names stay in one block of text, each between NULs; a symbol is 16 bytes.
type Kallsyms struct {
	syms    []ksym // by address
	names   []byte
	modules []string
	hidden  bool
	data    int
}

type ksym struct {
	addr   uint64
	name   uint32 // offset in names
	module uint16
	typ    byte
}

// KernelEntry is one symbol of the kernel.
type KernelEntry struct {
	Name, Module string
	Addr         uint64
	// Type is nm's letter for the symbol: t, T, d, D, b, B, r, R, w, W ...
	Type byte
}

// Func reports whether the symbol is code.
func (e *KernelEntry) Func() bool { return isText(e.Type) }

func isText(c byte) bool { return c == 't' || c == 'T' || c == 'w' || c == 'W' }

// KernelModule is what symbols of the kernel proper are filed under.
const KernelModule = "vmlinux"

const maxSyms = 1 << 26

var newline = []byte{'\n'}

// ReadKallsyms reads text in the form of /proc/kallsyms: lines of address,
// type letter, name, and for a module's symbols its name in brackets.
func ReadKallsyms(r io.Reader) (*Kallsyms, error) {
	k := &Kallsyms{modules: []string{KernelModule}, names: []byte{0}}
	index := map[string]uint16{}
	sorted, nonzero := true, false
	in := bufio.NewReaderSize(r, 64<<10)
	if _, err := in.Peek(2 * 4096); err == nil {
		// A kernel's table: room for what is usual, of which only what is used takes
		// memory. Growing to it would take five times as much in all.
		k.names, k.syms = make([]byte, 1, 5<<20), make([]ksym, 0, 200_000)
	}
	for line, more := 1, true; more; line++ {
		l, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF:
			more = false
		case err == bufio.ErrBufferFull:
			return nil, fmt.Errorf("kallsyms line %d: more than %d bytes", line, len(l))
		case err != nil:
			return nil, fmt.Errorf("read kallsyms: %w", err)
		}
		if l = bytes.TrimSuffix(l, newline); len(l) == 0 {
			continue
		}
		sp := bytes.IndexByte(l, ' ')
		if sp <= 0 || sp > 16 || len(l) < sp+4 || l[sp+2] != ' ' {
			return nil, fmt.Errorf("kallsyms line %d: %q, want address, type and name", line, l)
		}
		addr, ok := parseHex(l[:sp])
		if !ok {
			return nil, fmt.Errorf("kallsyms line %d: address %q, want a hexadecimal number", line, l[:sp])
		}
		s := ksym{addr: addr, name: uint32(len(k.names)), typ: l[sp+1]}
		name := l[sp+3:]
		if i := bytes.IndexByte(name, '\t'); i >= 0 {
			mod := bytes.Trim(name[i+1:], "[]")
			name = name[:i]
			if s.module, ok = index[string(mod)]; !ok {
				if len(k.modules) > 0xffff {
					return nil, errors.New("kallsyms: more than 65535 modules")
				}
				s.module = uint16(len(k.modules))
				index[string(mod)] = s.module
				k.modules = append(k.modules, string(mod))
			}
		}
		if bytes.IndexByte(name, 0) >= 0 {
			return nil, fmt.Errorf("kallsyms line %d: name %q holds a NUL", line, name)
		}
		k.names = append(append(k.names, name...), 0)
		if n := len(k.syms); n > 0 && k.syms[n-1].addr > addr {
			sorted = false
		}
		if len(k.syms) == maxSyms || len(k.names) > 1<<30 {
			return nil, fmt.Errorf("kallsyms: more than %d symbols", len(k.syms))
		}
		nonzero = nonzero || addr != 0
		if !isText(s.typ) {
			k.data++
		}
		k.syms = append(k.syms, s)
	}
	k.syms, k.names = slices.Clip(k.syms), slices.Clip(k.names)
	k.hidden = len(k.syms) > 0 && !nonzero
	if !sorted {
		slices.SortStableFunc(k.syms, func(a, b ksym) int {
			switch {
			case a.addr < b.addr:
				return -1
			case a.addr > b.addr:
				return 1
			}
			return 0
		})
	}
	return k, nil
}

func parseHex(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint64(c)
	}
	return v, true
}

// Len returns the number of symbols; Data how many of them are not code. A
// kernel without CONFIG_KALLSYMS_ALL lists hardly any data.
func (k *Kallsyms) Len() int { return len(k.syms) }

// Data returns the number of symbols that are not code.
func (k *Kallsyms) Data() int { return k.data }

// FunctionsOnly reports whether variables are hardly listed.
func (k *Kallsyms) FunctionsOnly() bool { return k.data < len(k.syms)/50 }

// Hidden reports whether the kernel showed no addresses (kernel.kptr_restrict,
// or no CAP_SYSLOG).
func (k *Kallsyms) Hidden() bool { return k.hidden }

func (k *Kallsyms) text(off uint32) string {
	b := k.names[off:]
	return string(b[:bytes.IndexByte(b, 0)])
}

func (k *Kallsyms) entry(s *ksym) KernelEntry {
	return KernelEntry{Name: k.text(s.name), Module: k.modules[s.module], Addr: s.addr, Type: s.typ}
}

// Lookup finds a symbol by name, in a module ("" for any, the kernel proper
// first). Of several of one name it returns the first listed.
func (k *Kallsyms) Lookup(module, name string) (e KernelEntry, ok bool) {
	if name == "" {
		return e, false
	}
	pat := append(append([]byte{0}, name...), 0)
	hits := map[uint32]bool{}
	for from := 0; ; {
		i := bytes.Index(k.names[from:], pat)
		if i < 0 {
			break
		}
		hits[uint32(from+i+1)] = true
		from += i + len(pat) - 1
	}
	if len(hits) == 0 {
		return e, false
	}
	best := -1
	for i := range k.syms {
		s := &k.syms[i]
		if !hits[s.name] || module != "" && k.modules[s.module] != module {
			continue
		}
		if best < 0 || s.module == 0 && k.syms[best].module != 0 || s.module == k.syms[best].module && s.name < k.syms[best].name {
			best = i
		}
	}
	if best < 0 {
		return e, false
	}
	return k.entry(&k.syms[best]), true
}

// Each calls f for every symbol in the order of addresses until f returns false.
func (k *Kallsyms) Each(f func(KernelEntry) bool) {
	for i := range k.syms {
		if !f(k.entry(&k.syms[i])) {
			return
		}
	}
}

// Kernel resolves a kernel address. Of several symbols at one address it takes
// the one listed first, as the kernel does. A symbol reaches to the next one.
func (k *Kallsyms) Kernel(addr uint64) (Sym, bool) {
	n := sort.Search(len(k.syms), func(i int) bool { return k.syms[i].addr > addr })
	if n == 0 || k.hidden || k.syms[n-1].addr == 0 {
		return Sym{}, false
	}
	i := n - 1
	for i > 0 && k.syms[i-1].addr == k.syms[i].addr {
		i--
	}
	s := &k.syms[i]
	// What lies far above the last symbol of all, or of a module, is not in it.
	const reach = 1 << 20
	if addr-s.addr >= reach {
		return Sym{}, false
	}
	sym := Sym{Module: k.modules[s.module], Name: k.text(s.name), Off: addr - s.addr}
	if n < len(k.syms) {
		sym.Size = k.syms[n].addr - s.addr
	}
	return sym, true
}

// parseHexRange reads "start-end" as /proc/PID/maps writes it.
func parseHexRange(s string) (lo, hi uint64, ok bool) {
	for i := range len(s) {
		if s[i] == '-' {
			a, e1 := strconv.ParseUint(s[:i], 16, 64)
			b, e2 := strconv.ParseUint(s[i+1:], 16, 64)
			return a, b, e1 == nil && e2 == nil && a < b
		}
	}
	return 0, 0, false
}
