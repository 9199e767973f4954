package btf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Dir is where the kernel shows its BTF (CONFIG_DEBUG_INFO_BTF, Linux 5.4).
const Dir = "/sys/kernel/btf"

// LoadKernel loads the running kernel's BTF. The file is mapped where the
// kernel can (6.16), so that only the parts in use take memory.
func LoadKernel() (*Spec, error) { return load(filepath.Join(Dir, "vmlinux"), "vmlinux", nil) }

// LoadModule loads a module's BTF on top of the kernel's (Linux 5.11).
func LoadModule(name string, kernel *Spec) (*Spec, error) {
	return load(filepath.Join(Dir, name), name, kernel)
}

// Modules lists the modules that have BTF, sorted.
func Modules() []string {
	ents, err := os.ReadDir(Dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range ents {
		if e.Name() != "vmlinux" {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// FileHasString reports whether the BTF of a module, or of "vmlinux", has the
// name s, without parsing its types: the cheap way to find out that there is
// nothing to look for. It reports false if the file cannot be read.
func FileHasString(module, name string) bool {
	data, release, err := read(filepath.Join(Dir, module))
	if err != nil {
		return false
	}
	defer release()
	strs, ok := stringSection(data)
	pat := append([]byte(name), 0)
	for ok {
		i := bytes.Index(strs, pat)
		if i < 0 {
			return false
		}
		if i == 0 || strs[i-1] == 0 {
			return true
		}
		strs = strs[i+1:]
	}
	return false
}

// stringSection returns the strings of little-endian BTF.
func stringSection(data []byte) ([]byte, bool) {
	if len(data) < headerSize || binary.LittleEndian.Uint16(data) != magic {
		return nil, false
	}
	le := binary.LittleEndian.Uint32
	from := uint64(le(data[4:])) + uint64(le(data[16:]))
	to := from + uint64(le(data[20:]))
	if to > uint64(len(data)) {
		return nil, false
	}
	return data[from:to], true
}

// read maps or reads a file; release gives the memory back.
func read(path string) (data []byte, release func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil && fi.Size() > 0 {
		// sysfs files do not change under a mapping: the kernel's BTF is read only.
		if data, err := unix.Mmap(int(f.Fd()), 0, int(fi.Size()), unix.PROT_READ, unix.MAP_PRIVATE); err == nil {
			return data, func() error { return unix.Munmap(data) }, nil
		}
	}
	data, err = io.ReadAll(f)
	return data, func() error { return nil }, err
}

func load(path, module string, base *Spec) (*Spec, error) {
	data, release, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("load BTF: %w", err)
	}
	s, err := Parse(data, module, base)
	if err != nil {
		_ = release() // the parse error is what matters
		return nil, err
	}
	s.release = release
	return s, nil
}
