package etl

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/ianlancetaylor/demangle"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/format/etl/state"
	"github.com/godtrace/godtrace/format/msdemangle"
	"github.com/godtrace/godtrace/format/pdb"
	"github.com/godtrace/godtrace/symbol"
)

// searchPath is where symbol files are looked for.
type searchPath struct {
	dirs  []string
	files []string // databases and images given by name
}

// resolver turns recorded addresses into names.
type resolver struct {
	h       *Host
	symbols map[symKey]*symFile
	names   map[string]string // demangled
	opened  []io.Closer
}

// symKey identifies an image.
type symKey struct {
	name  string
	pdb   string
	guid  [16]byte
	age   uint32
	stamp uint32
	size  uint64
}

// symFile is what is known of an image's symbols; both may be nil.
type symFile struct {
	pdb *pdb.File
	pe  *pdb.Image
}

func newResolver(h *Host) *resolver {
	return &resolver{h: h, symbols: map[symKey]*symFile{}, names: map[string]string{}}
}

func (r *resolver) close() {
	for _, c := range r.opened {
		c.Close()
	}
	r.opened = nil
}

// Kernel resolves an address of the kernel or a driver.
func (r *resolver) Kernel(addr uint64) (symbol.Sym, bool) {
	for _, m := range r.h.machines {
		if m.tracker == nil {
			continue
		}
		if im := m.tracker.Kernel().EverImageAt(addr); im != nil {
			return r.resolve(im, addr), true
		}
	}
	return symbol.Sym{}, false
}

// User resolves an address of a process: of an image it has or had, or of the kernel.
func (r *resolver) User(pid uint32, addr uint64) (symbol.Sym, bool) {
	if !r.h.kernelAddress(addr) {
		for _, m := range r.h.machines {
			if m.tracker == nil {
				continue
			}
			if p := m.tracker.Process(pid); p != nil {
				if im := p.EverImageAt(addr); im != nil {
					return r.resolve(im, addr), true
				}
			}
		}
		return symbol.Sym{}, false
	}
	return r.Kernel(addr)
}

// kernelNames are the files of the kernel proper, whose module is nt.
var kernelNames = map[string]bool{"ntoskrnl.exe": true, "ntkrnlmp.exe": true, "ntkrnlpa.exe": true, "ntkrpamp.exe": true, "ntkrla57.exe": true, "xboxkrnlc.exe": true}

// moduleName is a module as DTrace on Windows calls it: the file's name without
// extension, nt for the kernel.
func moduleName(file string) string {
	if kernelNames[strings.ToLower(file)] {
		return "nt"
	}
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".exe", ".dll", ".sys":
		return file[:len(file)-len(ext)]
	}
	return file
}

func (r *resolver) resolve(im *state.Image, addr uint64) symbol.Sym {
	s := symbol.Sym{Module: moduleName(im.Name()), Off: addr - im.Base}
	if s.Off >= 1<<32 {
		return s
	}
	rva := uint32(s.Off)
	sf := r.load(im)
	if sf.pdb != nil {
		if y, ok := sf.pdb.Lookup(rva); ok {
			s.Name, s.Off, s.Size = r.readable(y.Name), uint64(rva-y.RVA), uint64(y.Size)
			return s
		}
	}
	if sf.pe != nil {
		if x, ok := sf.pe.Lookup(rva); ok && x.Name != "" {
			s.Name, s.Off = r.readable(x.Name), uint64(rva-x.RVA)
		}
	}
	return s
}

// load finds an image's symbol file and the image itself, once.
func (r *resolver) load(im *state.Image) *symFile {
	name := im.Name()
	if im.OriginalName != "" {
		name = im.OriginalName
	}
	k := symKey{strings.ToLower(name), strings.ToLower(im.PDBName), im.PDBGUID, im.PDBAge, im.TimeDateStamp, im.Size}
	if sf := r.symbols[k]; sf != nil {
		return sf
	}
	sf := &symFile{}
	r.symbols[k] = sf
	path := &r.h.path
	if len(path.dirs) == 0 && len(path.files) == 0 {
		return sf
	}
	for _, n := range []string{name, im.Name()} {
		if x, err := pdb.FindImage(path.dirs, n, im.TimeDateStamp, uint32(im.Size)); err == nil {
			sf.pe = x
			break
		}
	}
	pdbName, guid, age := im.PDBName, [16]byte(im.PDBGUID), im.PDBAge
	if pdbName == "" && sf.pe != nil {
		pdbName, guid, age = sf.pe.PDB, sf.pe.GUID, sf.pe.Age
	}
	if pdbName == "" {
		return sf
	}
	base := pdbName[strings.LastIndexAny(pdbName, `\/`)+1:]
	f, err := pdb.Find(path.dirs, base, guid, age)
	for _, n := range path.files {
		if f == nil && strings.EqualFold(filepath.Base(n), base) {
			if g, gerr := pdb.Open(n); gerr == nil {
				if g.Info().GUID == guid {
					f, err = g, nil
				} else {
					g.Close()
				}
			}
		}
	}
	switch {
	case f != nil:
		sf.pdb = f
		r.opened = append(r.opened, f)
	case err != nil && !errors.Is(err, pdb.ErrNotFound) && !errors.Is(err, os.ErrNotExist):
		r.h.notice("symbols of %s: %v", name, err)
	}
	return sf
}

// readable demangles the names of both C++ compilers, and undoes what C's calling
// conventions add on 32-bit systems.
func (r *resolver) readable(name string) string {
	if name == "" || name[0] != '?' && name[0] != '_' && name[0] != '@' {
		return name
	}
	if s, ok := r.names[name]; ok {
		return s
	}
	s := name
	switch {
	case msdemangle.Is(name):
		s = msdemangle.Name(name)
	case strings.HasPrefix(name, "_Z"):
		s = demangle.Filter(name, demangle.NoParams)
	case r.h.model.Ptr == 4:
		s = undecorate(name)
	}
	r.names[name] = s
	return s
}

// undecorate turns _name@8 and @name@8 into name.
func undecorate(name string) string {
	i := strings.LastIndexByte(name, '@')
	if i <= 0 {
		return strings.TrimPrefix(name, "_")
	}
	for _, c := range name[i+1:] {
		if c < '0' || c > '9' {
			return name
		}
	}
	return name[1:i]
}

// byName finds a symbol of the recorded kernel.
func (r *resolver) byName(module, name string) (check.Symbol, bool, error) {
	for _, m := range r.h.machines {
		if m.tracker == nil {
			continue
		}
		images := append([]*state.Image(nil), m.tracker.Kernel().Images...)
		sort.SliceStable(images, func(i, j int) bool { return images[i].Base < images[j].Base })
		for _, im := range images {
			mod := moduleName(im.Name())
			if module != "" && !strings.EqualFold(module, mod) {
				continue
			}
			sf := r.load(im)
			if sf.pdb == nil {
				continue
			}
			if y, ok := sf.pdb.ByName(name); ok {
				return check.Symbol{Name: name, Module: mod, Addr: im.Base + uint64(y.RVA), Func: y.Function || y.Kind == pdb.Procedure}, true, nil
			}
		}
	}
	return check.Symbol{}, false, nil
}
