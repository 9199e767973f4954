//go:build linux

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/linux/btf"
)

func btfExists() bool {
	_, err := os.Stat(filepath.Join(btf.Dir, "vmlinux"))
	return err == nil
}

// kernelBTF loads the kernel's BTF at the first call.
func (h *Host) kernelBTF() (*btf.Spec, error) {
	if h.btf == nil && h.btfErr == nil {
		h.btf, h.btfErr = btf.LoadKernel()
		if errors.Is(h.btfErr, fs.ErrNotExist) {
			h.btfErr = fmt.Errorf("kernel types are %w: there is no %s/vmlinux; a kernel with CONFIG_DEBUG_INFO_BTF (Linux 5.4) gives it",
				host.ErrNotSupported, btf.Dir)
		}
		if h.btf != nil {
			h.btf.SetModel(h.Model())
		}
	}
	return h.btf, h.btfErr
}

// moduleBTFs loads the BTF of all modules at the first call. Modules whose BTF
// cannot be read are left out: they may be unloaded at any time.
func (h *Host) moduleBTFs() []*btf.Spec {
	if h.modsLoaded {
		return h.mods
	}
	k, err := h.kernelBTF()
	if err != nil {
		return nil
	}
	h.modsLoaded = true
	for _, name := range btf.Modules() {
		if s, err := btf.LoadModule(name, k); err == nil {
			h.mods = append(h.mods, s)
		}
	}
	return h.mods
}

// specs returns the BTF to search for a module's types: the kernel's first
// where module is "", then the modules'.
func (h *Host) eachSpec(module string, f func(*btf.Spec) bool) error {
	k, err := h.kernelBTF()
	if err != nil {
		return err
	}
	if module == "" || module == sysModule {
		if !f(k) || module == sysModule {
			return nil
		}
	}
	for _, s := range h.moduleBTFs() {
		if (module == "" || s.Module == module) && !f(s) {
			return nil
		}
	}
	return nil
}

// Type finds a type of the kernel or a module by its C name.
func (h *Host) Type(module, name string) (*ctype.Type, error) {
	kind, tag := btf.KindTypedef, name
	for prefix, k := range map[string]btf.Kind{"struct ": btf.KindStruct, "union ": btf.KindUnion, "enum ": btf.KindEnum} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			kind, tag = k, strings.TrimSpace(rest)
		}
	}
	if kind == btf.KindTypedef {
		if t := h.set.Lookup(name); t != nil && t.Kind != ctype.Typedef {
			return t, nil
		}
	}
	var t *ctype.Type
	err := h.eachSpec(module, func(s *btf.Spec) bool {
		id, ok := s.Find(kind, tag)
		if !ok && kind == btf.KindEnum {
			id, ok = s.Find(btf.KindEnum64, tag)
		}
		if ok {
			t = s.Type(id)
		}
		return !ok
	})
	if err != nil || t != nil {
		return t, err
	}
	if kind == btf.KindTypedef {
		t = h.set.Lookup(name)
	}
	return t, nil
}

// Enumerator finds an enumeration constant.
func (h *Host) Enumerator(name string) (v int64, t *ctype.Type, ok bool) {
	// Without BTF there are no constants to find.
	_ = h.eachSpec("", func(s *btf.Spec) bool {
		v, t, ok = s.Enumerator(name)
		return !ok
	})
	return v, t, ok
}

// Symbol finds a kernel symbol by name: its address from kallsyms, its type
// from BTF. Kernels without CONFIG_KALLSYMS_ALL list hardly any data.
func (h *Host) Symbol(module, name string) (check.Symbol, bool, error) {
	ks, err := h.kallsyms()
	if err != nil {
		return check.Symbol{}, false, err
	}
	e, ok := ks.Lookup(module, name)
	if !ok && ks.FunctionsOnly() {
		return check.Symbol{}, false, errors.New("unknown symbol name: this kernel lists its functions, but not its variables (CONFIG_KALLSYMS_ALL is not set)")
	}
	if !ok {
		return check.Symbol{}, false, nil
	}
	if e.Addr == 0 {
		return check.Symbol{}, false, fmt.Errorf("symbol %s: the kernel hides addresses from this process (kernel.kptr_restrict); CAP_SYSLOG gives them", name)
	}
	s := check.Symbol{Name: name, Module: e.Module, Addr: e.Addr, Func: e.Func()}
	kind := btf.KindVar
	if s.Func {
		kind = btf.KindFunc
	}
	// Without BTF the symbol just has no type.
	_ = h.eachSpec(e.Module, func(sp *btf.Spec) bool {
		id, ok := sp.Find(kind, name)
		if ok {
			s.Type = sp.Type(id)
		}
		return !ok
	})
	return s, true, nil
}

// offset answers the code generator: place and size of a member of a kernel
// structure, by a path of names.
func (h *Host) offset(typ, member string) (off, size uint32, err error) {
	t, err := h.Type(sysModule, "struct "+typ)
	if err != nil {
		return 0, 0, err
	}
	if t == nil {
		return 0, 0, fmt.Errorf("struct %s is not in the kernel's BTF", typ)
	}
	var at int64
	for part := range strings.SplitSeq(member, ".") {
		m, ok := t.Member(part)
		if !ok {
			return 0, 0, fmt.Errorf("struct %s has no member %s in this kernel", typ, member)
		}
		at += m.Off
		t = m.Type
	}
	return uint32(at), uint32(h.Model().Size(t)), nil
}

// parseType reads a C type as the table of system calls writes it: words, then
// stars. A name that is not known is an unsigned long, or void behind a pointer.
func (h *Host) parseType(s string) (*ctype.Type, error) {
	base := strings.TrimRight(s, "* ")
	stars := strings.Count(s, "*")
	if i := strings.IndexByte(s, '*'); i >= 0 {
		base = strings.TrimSpace(s[:i])
	}
	var words []string
	isConst := false
	for _, w := range strings.Fields(base) {
		switch w {
		case "const":
			isConst = true
		case "volatile", "__user":
		default:
			words = append(words, w)
		}
	}
	base = strings.Join(words, " ")
	if base == "unsigned" {
		base = "unsigned int"
	}
	t := h.set.Lookup(base)
	if t == nil {
		var err error
		if t, err = h.Type("", base); err != nil && !errors.Is(err, host.ErrNotSupported) {
			return nil, err
		}
	}
	if t == nil {
		switch tag, isStruct := strings.CutPrefix(base, "struct "); {
		case isStruct:
			t = &ctype.Type{Kind: ctype.Forward, Name: tag}
		case stars > 0:
			t = h.set.Void
		default:
			t = h.set.ULong
		}
	}
	if isConst && stars > 0 {
		c := *t
		c.Const = true
		t = &c
	}
	for range stars {
		t = ctype.UserPtrTo(t)
	}
	return t, nil
}
