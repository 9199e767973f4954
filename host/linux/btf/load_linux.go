package btf

import (
	"fmt"
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

func load(path, module string, base *Spec) (*Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load BTF: %w", err)
	}
	defer f.Close()
	var data []byte
	var release func() error
	if fi, err := f.Stat(); err == nil && fi.Size() > 0 {
		// sysfs files do not change under a mapping: the kernel's BTF is read only.
		data, err = unix.Mmap(int(f.Fd()), 0, int(fi.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
		if err == nil {
			mapped := data
			release = func() error { return unix.Munmap(mapped) }
		}
	}
	if release == nil {
		if data, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("load BTF: %w", err)
		}
	}
	s, err := Parse(data, module, base)
	if err != nil {
		if release != nil {
			_ = release() // the parse error is what matters
		}
		return nil, err
	}
	s.release = release
	return s, nil
}
