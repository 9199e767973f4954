package regf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Hive is a registry hive in memory. It owns its bytes. A Hive may be read by several goroutines
// at once as long as none edits it.
type Hive struct {
	data  []byte            // base block, bins, and whatever the file holds after them
	bins  []bin             // in order of offset, without gaps
	cells []uint64          // bit i set: a cell starts at offset 8*i
	free  map[uint32]uint32 // free cells: offset to size
	bad   []Problem         // cell chains that do not hold
	stamp uint64            // FILETIME written into changed keys; 0: time stamps stay as they are
}

type bin struct{ off, size uint32 }

// Parse reads a hive from the bytes of its file. The bytes are copied. A hive that was not
// written to its end is accepted (see [Hive.Base] and Base.Dirty): use [Recover] before Parse to
// repair it. Damage inside a bin is noted as a problem (see [Hive.Check]) and costs only the
// cells behind it; a wrong base block or chain of bins is an error.
func Parse(data []byte) (*Hive, error) {
	return parse(bytes.Clone(data))
}

func parse(data []byte) (*Hive, error) {
	b, err := ParseBase(data)
	if err != nil {
		return nil, err
	}
	if len(data) < baseSize {
		return nil, formatErr(0, "file has %d bytes, want at least %d", len(data), baseSize)
	}
	if b.FileType != TypePrimary {
		return nil, formatErr(offType, "file type is %d, want 0 (a hive, not a transaction log)", b.FileType)
	}
	if b.Major != 1 || b.Minor < 3 || b.Minor > 6 {
		return nil, formatErr(offMajor, "version is %d.%d, want 1.3 to 1.6", b.Major, b.Minor)
	}
	if f := binary.LittleEndian.Uint32(data[offFormat:]); f != 1 {
		return nil, formatErr(offFormat, "file format is %d, want 1 (direct memory load)", f)
	}
	if b.BinsSize == 0 || b.BinsSize%pageSize != 0 || b.BinsSize > MaxBins {
		return nil, formatErr(offBins, "size of bins is %#x, want a multiple of 0x1000 up to %#x", b.BinsSize, uint32(MaxBins))
	}
	if int64(len(data))-baseSize < int64(b.BinsSize) {
		return nil, formatErr(offBins, "bins take %#x bytes, file has only %#x after the base block", b.BinsSize, len(data)-baseSize)
	}
	h := &Hive{data: data, free: map[uint32]uint32{}}
	h.cells = make([]uint64, (b.BinsSize/8+63)/64)
	for off := uint32(0); off < b.BinsSize; {
		p := h.bin(off)
		if string(p[:4]) != "hbin" {
			return nil, formatErr(baseSize+int64(off), "signature of bin is %q, want \"hbin\"", p[:4])
		}
		if at := binary.LittleEndian.Uint32(p[4:]); at != off {
			return nil, formatErr(baseSize+int64(off)+4, "bin says it is at %#x, found at %#x", at, off)
		}
		size := binary.LittleEndian.Uint32(p[8:])
		if size == 0 || size%pageSize != 0 || size > b.BinsSize-off {
			return nil, formatErr(baseSize+int64(off)+8, "size of bin is %#x, want a multiple of 0x1000 up to %#x", size, b.BinsSize-off)
		}
		h.bins = append(h.bins, bin{off, size})
		h.scan(bin{off, size})
		off += size
	}
	return h, nil
}

// scan notes the cells of one bin.
func (h *Hive) scan(b bin) {
	end := b.off + b.size
	for off := b.off + binHead; off < end; {
		raw := int32(binary.LittleEndian.Uint32(h.bin(off)))
		size := int64(raw)
		if size < 0 {
			size = -size
		}
		if size < 8 || size%8 != 0 || size > int64(end-off) {
			h.bad = append(h.bad, Problem{Off: off, Fatal: true,
				What: fmt.Sprintf("size of cell is %d, want a multiple of 8 from 8 to %d", raw, end-off)})
			return
		}
		h.cells[off/8/64] |= 1 << (off / 8 % 64)
		if raw > 0 {
			h.free[off] = uint32(size)
		}
		off += uint32(size)
	}
}

// bin returns the bytes from offset off (relative to the first bin) to the end of the file.
func (h *Hive) bin(off uint32) []byte { return h.data[baseSize+int64(off):] }

func (h *Hive) binsSize() uint32 { return binary.LittleEndian.Uint32(h.data[offBins:]) }

// Base returns the decoded base block.
func (h *Hive) Base() Base {
	b, _ := ParseBase(h.data) // its length and signature were checked by Parse
	return b
}

// Bytes returns a copy of the file image as it stands, without a new sequence number or
// checksum (see [Hive.Seal]).
func (h *Hive) Bytes() []byte { return bytes.Clone(h.data) }

// Clone returns an independent copy, for edits that may have to be given up.
func (h *Hive) Clone() *Hive {
	c := *h
	c.data = bytes.Clone(h.data)
	c.bins = append([]bin(nil), h.bins...)
	c.cells = append([]uint64(nil), h.cells...)
	c.bad = append([]Problem(nil), h.bad...)
	c.free = make(map[uint32]uint32, len(h.free))
	for k, v := range h.free {
		c.free[k] = v
	}
	return &c
}

// cell returns the payload of the cell in use at off. The slice aliases the hive.
func (h *Hive) cell(off uint32) ([]byte, error) {
	if off%8 != 0 || off >= h.binsSize() || h.cells[off/8/64]&(1<<(off/8%64)) == 0 {
		return nil, fmt.Errorf("no cell starts at %#x: %w", off, ErrFormat)
	}
	size := int32(binary.LittleEndian.Uint32(h.bin(off)))
	if size >= 0 {
		return nil, fmt.Errorf("cell at %#x is free: %w", off, ErrFormat)
	}
	n := -int64(size)
	return h.bin(off)[4:n:n], nil
}

// record returns the payload of a cell that must start with the signature sig and hold at least
// min bytes.
func (h *Hive) record(off uint32, sig string, min int) ([]byte, error) {
	p, err := h.cell(off)
	if err != nil {
		return nil, err
	}
	if len(p) < min || string(p[:len(sig)]) != sig {
		return nil, fmt.Errorf("cell at %#x is not a record %q of at least %d bytes: %w", off, sig, min, ErrFormat)
	}
	return p, nil
}

// Root returns the root key.
func (h *Hive) Root() (Key, error) {
	k, err := h.key(binary.LittleEndian.Uint32(h.data[offRoot:]))
	if err != nil {
		return Key{}, fmt.Errorf("root key: %w", err)
	}
	return k, nil
}

// Open returns the key at path: names below the root separated by backslashes, compared as
// Windows does, without regard to case. The empty path is the root. The error wraps ErrNotFound
// and names the first component that is missing.
func (h *Hive) Open(path string) (Key, error) {
	k, err := h.Root()
	if err != nil {
		return Key{}, err
	}
	for _, name := range splitPath(path) {
		if k, err = k.Subkey(name); err != nil {
			return Key{}, fmt.Errorf("open %q: %w", path, err)
		}
	}
	return k, nil
}

func splitPath(path string) []string {
	var out []string
	for _, s := range strings.Split(path, `\`) {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
