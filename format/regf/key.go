package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"
)

// Offsets within a key node, from its signature.
const (
	nkFlags    = 2
	nkTime     = 4
	nkParent   = 16
	nkSubkeys  = 20
	nkList     = 28
	nkVolList  = 32
	nkValues   = 36
	nkValList  = 40
	nkSecurity = 44
	nkClass    = 48
	nkMaxName  = 52 // low 16 bits; the upper ones are flags of newer systems
	nkMaxClass = 56
	nkMaxVName = 60
	nkMaxVData = 64
	nkNameLen  = 72
	nkClassLen = 74
	nkName     = 76

	flagRoot     = 0x04
	flagNoDelete = 0x08
	flagLatin1   = 0x20
)

// Key is one key of a hive. It is a reference: it stays valid until the key is deleted.
type Key struct {
	h   *Hive
	off uint32
}

// key checks the key node at off and returns it.
func (h *Hive) key(off uint32) (Key, error) {
	p, err := h.record(off, "nk", nkName)
	if err != nil {
		return Key{}, err
	}
	if n := int(binary.LittleEndian.Uint16(p[nkNameLen:])); n > len(p)-nkName || n == 0 {
		return Key{}, fmt.Errorf("key at %#x: length of name is %d, want 1 to %d: %w", off, n, len(p)-nkName, ErrFormat)
	}
	return Key{h, off}, nil
}

// nk returns the payload; Key values are made by (*Hive).key only, so the checks there hold
// unless the key was deleted since, which gives an empty record.
func (k Key) nk() []byte {
	if k.h != nil {
		if p, err := k.h.record(k.off, "nk", nkName); err == nil {
			return p
		}
	}
	return make([]byte, nkName)
}

func (k Key) u32(at int) uint32 { return binary.LittleEndian.Uint32(k.nk()[at:]) }

func (k Key) name() []uint16 {
	p := k.nk()
	n := int(binary.LittleEndian.Uint16(p[nkNameLen:]))
	if n > len(p)-nkName {
		n = len(p) - nkName
	}
	return decodeName(p[nkName:nkName+n], binary.LittleEndian.Uint16(p[nkFlags:])&flagLatin1 != 0)
}

// Valid reports whether k refers to a key (the zero Key does not).
func (k Key) Valid() bool { return k.h != nil }

// Offset returns the offset of the key's cell from the first bin.
func (k Key) Offset() uint32 { return k.off }

// Name returns the name of the key, one component without backslashes.
func (k Key) Name() string { return string(utf16.Decode(k.name())) }

// Written returns when the key was last written, UTC.
func (k Key) Written() time.Time {
	return FiletimeToTime(binary.LittleEndian.Uint64(k.nk()[nkTime:]))
}

// NumSubkeys returns the number of sub-keys as the key node has it.
func (k Key) NumSubkeys() int { return int(k.u32(nkSubkeys)) }

// NumValues returns the number of values as the key node has it.
func (k Key) NumValues() int { return int(k.u32(nkValues)) }

// Class returns the class name of the key, mostly empty.
func (k Key) Class() (string, error) {
	p := k.nk()
	n := int(binary.LittleEndian.Uint16(p[nkClassLen:]))
	off := binary.LittleEndian.Uint32(p[nkClass:])
	if n == 0 || off == none {
		return "", nil
	}
	c, err := k.h.cell(off)
	if err != nil {
		return "", fmt.Errorf("class of key %q: %w", k.Name(), err)
	}
	if n > len(c) {
		return "", fmt.Errorf("class of key %q: length is %d, want at most %d: %w", k.Name(), n, len(c), ErrFormat)
	}
	return string(utf16.Decode(decodeName(c[:n], false))), nil
}

// Parent returns the key that holds k; the root has none.
func (k Key) Parent() (Key, error) {
	if k.off == binary.LittleEndian.Uint32(k.h.data[offRoot:]) {
		return Key{}, fmt.Errorf("parent of the root: %w", ErrNotFound)
	}
	return k.h.key(k.u32(nkParent))
}

// Subkeys returns the sub-keys in the order of the hive. When some cannot be read the others
// are returned together with an error that says which.
func (k Key) Subkeys() ([]Key, error) {
	offs, err := k.subkeyOffsets()
	var out []Key
	errs := []error{err}
	for _, off := range offs {
		c, err := k.h.key(off)
		if err != nil {
			errs = append(errs, err)
			if len(errs) > 8 {
				break
			}
			continue
		}
		out = append(out, c)
	}
	if err := errors.Join(errs...); err != nil {
		return out, fmt.Errorf("sub-keys of %q: %w", k.Name(), err)
	}
	return out, nil
}

// Subkey returns the sub-key called name, compared without regard to case. The error wraps
// ErrNotFound when it is not there.
func (k Key) Subkey(name string) (Key, error) {
	want := units(name)
	subs, err := k.Subkeys()
	for _, c := range subs {
		if compare(c.name(), want) == 0 {
			return c, nil
		}
	}
	if err != nil {
		return Key{}, err
	}
	return Key{}, fmt.Errorf("key %q in %q: %w", name, k.Name(), ErrNotFound)
}

// subkeyOffsets follows the list of sub-keys: a leaf, or a root of leaves, one level only. The
// offsets are those of the list; the keys behind them are not checked.
func (k Key) subkeyOffsets() ([]uint32, error) {
	count := k.u32(nkSubkeys)
	if count == 0 {
		return nil, nil
	}
	if count > k.h.binsSize()/8 {
		return nil, fmt.Errorf("key node says %d sub-keys, the hive has room for %d cells: %w", count, k.h.binsSize()/8, ErrFormat)
	}
	list := k.u32(nkList)
	p, err := k.h.cell(list)
	if err != nil {
		return nil, fmt.Errorf("list of sub-keys: %w", err)
	}
	leaves := []uint32{list}
	if string(p[:2]) == "ri" {
		n := int(binary.LittleEndian.Uint16(p[2:]))
		if n > (len(p)-4)/4 {
			return nil, fmt.Errorf("list ri at %#x has %d leaves, cell has room for %d: %w", list, n, (len(p)-4)/4, ErrFormat)
		}
		leaves = leaves[:0]
		for i := 0; i < n; i++ {
			leaves = append(leaves, binary.LittleEndian.Uint32(p[4+4*i:]))
		}
	}
	out := make([]uint32, 0, min(count, 4096))
	for _, l := range leaves {
		offs, err := k.h.leaf(l)
		if err != nil {
			return out, err
		}
		out = append(out, offs...)
		if len(out) > int(count) {
			return out[:count], fmt.Errorf("list at %#x has more than the %d sub-keys of the key node: %w", list, count, ErrFormat)
		}
	}
	if len(out) < int(count) {
		return out, fmt.Errorf("list at %#x has %d sub-keys, key node says %d: %w", list, len(out), count, ErrFormat)
	}
	return out, nil
}

// leafElem returns the size of an element of the leaf with signature sig, 0 for no leaf.
func leafElem(sig string) int {
	switch sig {
	case "lf", "lh":
		return 8
	case "li":
		return 4
	}
	return 0
}

// leaf returns the key offsets of one leaf list.
func (h *Hive) leaf(off uint32) ([]uint32, error) {
	p, err := h.cell(off)
	if err != nil {
		return nil, fmt.Errorf("list of sub-keys: %w", err)
	}
	e := leafElem(string(p[:2]))
	if e == 0 {
		return nil, fmt.Errorf("list at %#x has signature %q, want lf, lh or li: %w", off, p[:2], ErrFormat)
	}
	n := int(binary.LittleEndian.Uint16(p[2:]))
	if n > (len(p)-4)/e {
		return nil, fmt.Errorf("list %s at %#x has %d keys, cell has room for %d: %w", p[:2], off, n, (len(p)-4)/e, ErrFormat)
	}
	out := make([]uint32, n)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(p[4+e*i:])
	}
	return out, nil
}
