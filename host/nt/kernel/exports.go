package kernel

import (
	"bytes"
	stdpe "debug/pe"
	"encoding/binary"
	"fmt"

	"github.com/godtrace/godtrace/format/pe"
)

// export is one exported name and where it is.
type export struct {
	name string
	rva  uint32
}

// exportAddresses reads the export directory of a file with the addresses.
// Forwarders (addresses inside the directory) are left out.
func exportAddresses(f *pe.File, b []byte) ([]export, error) {
	names, err := f.Exports()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	sf, err := stdpe.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var d stdpe.DataDirectory
	switch o := sf.OptionalHeader.(type) {
	case *stdpe.OptionalHeader64:
		d = o.DataDirectory[0]
	case *stdpe.OptionalHeader32:
		d = o.DataDirectory[0]
	}
	read := func(rva uint32, n int) []byte {
		for i := range f.Sections {
			s := &f.Sections[i]
			if rva >= s.VirtualAddress && uint64(rva)+uint64(n) <= uint64(s.VirtualAddress)+uint64(s.RawSize) {
				off := uint64(s.RawOffset) + uint64(rva-s.VirtualAddress)
				if off+uint64(n) <= uint64(len(b)) {
					return b[off : off+uint64(n)]
				}
			}
		}
		return nil
	}
	le := binary.LittleEndian
	h := read(d.VirtualAddress, 40)
	if h == nil {
		return nil, fmt.Errorf("export directory at %#x is not in the file", d.VirtualAddress)
	}
	count, funcs, ords := le.Uint32(h[20:]), le.Uint32(h[28:]), le.Uint32(h[36:])
	var out []export
	for i, n := range names {
		o := read(ords+uint32(2*i), 2)
		if o == nil || uint32(le.Uint16(o)) >= count {
			return nil, fmt.Errorf("export %s has no address", n)
		}
		a := read(funcs+4*uint32(le.Uint16(o)), 4)
		if a == nil {
			return nil, fmt.Errorf("export %s has no address", n)
		}
		rva := le.Uint32(a)
		if rva >= d.VirtualAddress && rva-d.VirtualAddress < d.Size {
			continue
		}
		out = append(out, export{n, rva})
	}
	return out, nil
}
