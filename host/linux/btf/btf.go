// Package btf reads the BPF Type Format: the kernel's own description of its C
// types. It is lazy: parsing walks the type section once to find where each type
// starts, and everything else (names, members, the ctype.Type of an id) is
// decoded when it is asked for. Text stays in the raw data.
//
// It does not relocate, write or deduplicate BTF.
//
// The layout is that of Documentation/bpf/btf.rst:
//
//	header  magic u16, version u8, flags u8, hdr_len u32,
//	        type_off u32, type_len u32, str_off u32, str_len u32 (offsets after the header)
//	type    name_off u32, info u32 (vlen: bits 0-15, kind: 24-28, kind_flag: 31),
//	        size or type u32, then data that depends on the kind
package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/godtrace/godtrace/ctype"
)

// ID is the number of a type; 0 is void.
type ID uint32

// Kind is the kind of a type, numbered as in linux/btf.h.
type Kind uint8

// The kinds.
const (
	KindVoid Kind = iota
	KindInt
	KindPtr
	KindArray
	KindStruct
	KindUnion
	KindEnum
	KindFwd
	KindTypedef
	KindVolatile
	KindConst
	KindRestrict
	KindFunc
	KindFuncProto
	KindVar
	KindDatasec
	KindFloat
	KindDeclTag
	KindTypeTag
	KindEnum64
	numKinds
)

const (
	magic      = 0xeb9f
	headerSize = 24
	typeSize   = 12 // the part of a type that every kind has
)

// Spec is the BTF of the kernel, or of one module on top of the kernel's. It is
// not safe for concurrent use.
type Spec struct {
	// Module is "vmlinux" for the kernel, or the module's name.
	Module string

	base    *Spec // a module's kernel, else nil
	order   binary.ByteOrder
	types   []byte
	strs    []byte
	strBase uint32 // what offsets of this spec's own strings start from
	first   ID     // the first id of this spec
	off     []uint32
	set     *ctype.Set

	// The index by name, built after a few look-ups: heads is a hash table of
	// name offset to 1 + index of the first type of that name, next chains them.
	heads, next []uint32
	lookups     int

	cache   map[ID]*ctype.Type
	release func() error
}

// Parse reads BTF from data, which the Spec keeps. base is the kernel's spec for
// a module's (split) BTF, else nil.
func Parse(data []byte, module string, base *Spec) (*Spec, error) {
	if len(data) < headerSize {
		return nil, fmt.Errorf("btf %s: %d bytes, want a header of %d", module, len(data), headerSize)
	}
	s := &Spec{Module: module, base: base, cache: map[ID]*ctype.Type{}, first: 1}
	switch {
	case binary.LittleEndian.Uint16(data) == magic:
		s.order = binary.LittleEndian
	case binary.BigEndian.Uint16(data) == magic:
		s.order = binary.BigEndian
	default:
		return nil, fmt.Errorf("btf %s: magic number %#x, want %#x", module, binary.LittleEndian.Uint16(data), magic)
	}
	if data[2] != 1 {
		return nil, fmt.Errorf("btf %s: version %d, want 1", module, data[2])
	}
	u := func(at int) uint64 { return uint64(s.order.Uint32(data[at:])) }
	hdr, size := u(4), uint64(len(data))
	typeOff, typeLen, strOff, strLen := hdr+u(8), u(12), hdr+u(16), u(20)
	if hdr < headerSize || typeOff+typeLen > size || strOff+strLen > size {
		return nil, fmt.Errorf("btf %s: sections %d+%d and %d+%d do not fit %d bytes",
			module, typeOff, typeLen, strOff, strLen, size)
	}
	s.types = data[typeOff : typeOff+typeLen]
	s.strs = data[strOff : strOff+strLen]
	if len(s.strs) == 0 || s.strs[len(s.strs)-1] != 0 {
		return nil, fmt.Errorf("btf %s: string section does not end in NUL", module)
	}
	if base != nil {
		s.first = base.first + ID(len(base.off))
		s.strBase = base.strBase + uint32(len(base.strs))
		s.set = base.set
	} else {
		s.set = ctype.NewSet(ctype.Model{Name: "LP64", Ptr: 8, Long: 8, LongLong: 8, BigEndian: s.order == binary.BigEndian})
	}
	if err := s.index(); err != nil {
		return nil, fmt.Errorf("btf %s: %w", module, err)
	}
	return s, nil
}

// SetModel says which data model gives pointers their size; LP64 unless told.
// It must be called before the first type is asked for.
func (s *Spec) SetModel(m ctype.Model) { s.set = ctype.NewSet(m) }

// Close releases the memory the spec was loaded into. Types already made stay
// valid as far as they are complete.
func (s *Spec) Close() error {
	f := s.release
	s.release = nil
	if f == nil {
		return nil
	}
	s.types, s.strs, s.off = nil, []byte{0}, nil
	s.heads, s.next = nil, nil
	return f()
}

var errShort = errors.New("type section ends inside a type")

// index finds where each type starts.
func (s *Spec) index() error {
	t := s.types
	off := make([]uint32, 0, len(t)/26+1) // 26 bytes a type in today's kernels
	little := s.order == binary.LittleEndian
	for at := 0; at < len(t); {
		if at+typeSize > len(t) {
			return errShort
		}
		var info uint32
		if little {
			info = binary.LittleEndian.Uint32(t[at+4:])
		} else {
			info = s.order.Uint32(t[at+4:])
		}
		n, err := extra(Kind(info>>24&31), int(info&0xffff))
		if err != nil {
			return fmt.Errorf("type %d: %w", int(s.first)+len(off), err)
		}
		off = append(off, uint32(at))
		at += typeSize + n
		if at > len(t) {
			return errShort
		}
	}
	if uint64(len(off))+uint64(s.first) > math.MaxInt32 {
		return fmt.Errorf("%d types are too many", len(off))
	}
	s.off = off
	return nil
}

// extra returns the size of what follows the common part of a type.
func extra(k Kind, vlen int) (int, error) {
	switch k {
	case KindPtr, KindFwd, KindTypedef, KindVolatile, KindConst, KindRestrict, KindFunc, KindFloat, KindTypeTag:
		return 0, nil
	case KindInt, KindVar, KindDeclTag:
		return 4, nil
	case KindArray:
		return 12, nil
	case KindStruct, KindUnion, KindDatasec, KindEnum64:
		return 12 * vlen, nil
	case KindEnum, KindFuncProto:
		return 8 * vlen, nil
	}
	return 0, fmt.Errorf("kind %d, want 1 to %d", k, numKinds-1)
}

// Len returns the number of types of this spec itself; First the lowest id.
func (s *Spec) Len() int { return len(s.off) }

// First returns the lowest id of this spec itself.
func (s *Spec) First() ID { return s.first }

// raw is the common part of a type, and its data.
type raw struct {
	name uint32
	kind Kind
	flag bool
	vlen int
	size uint32 // or type
	data []byte // what follows, and all after it
}

// at decodes the common part of type id. ok is false if there is no such type.
func (s *Spec) at(id ID) (r raw, owner *Spec, ok bool) {
	if id < s.first {
		if s.base == nil {
			return r, s, false
		}
		return s.base.at(id)
	}
	i := int(id - s.first)
	if i >= len(s.off) {
		return r, s, false
	}
	b := s.types[s.off[i]:]
	info := s.order.Uint32(b[4:])
	return raw{
		name: s.order.Uint32(b),
		kind: Kind(info >> 24 & 31),
		flag: info>>31 != 0,
		vlen: int(info & 0xffff),
		size: s.order.Uint32(b[8:]),
		data: b[typeSize:],
	}, s, true
}

// text returns the string at an offset of the string section.
func (s *Spec) text(off uint32) string {
	if off < s.strBase {
		return s.base.text(off)
	}
	off -= s.strBase
	if int(off) >= len(s.strs) {
		return ""
	}
	b := s.strs[off:]
	return string(b[:bytes.IndexByte(b, 0)])
}

// offsets calls f with the offset of each whole string equal to name.
func (s *Spec) offsets(name string, f func(uint32) bool) bool {
	if s.base != nil && !s.base.offsets(name, f) {
		return false
	}
	pat := make([]byte, 0, len(name)+2)
	pat = append(append(append(pat, 0), name...), 0)
	if bytes.HasPrefix(s.strs, pat[1:]) && !f(s.strBase) {
		return false
	}
	for from := 0; ; {
		i := bytes.Index(s.strs[from:], pat)
		if i < 0 {
			return true
		}
		if !f(s.strBase + uint32(from+i+1)) {
			return false
		}
		from += i + len(pat) - 1
	}
}

// HasString reports whether any name in the BTF, of a type, a member or a
// constant, is s. It touches the string section alone.
func (s *Spec) HasString(name string) bool {
	found := false
	s.offsets(name, func(uint32) bool { found = true; return false })
	return found
}

// buildNames builds the index by name.
func (s *Spec) buildNames() {
	n := len(s.off)
	size := 16
	for size < 2*n {
		size *= 2
	}
	s.heads, s.next = make([]uint32, size), make([]uint32, n)
	names := make([]uint32, size)
	mask := uint32(size - 1)
	// Backwards, so that chains run in ascending order of ids.
	for i := n - 1; i >= 0; i-- {
		name := s.order.Uint32(s.types[s.off[i]:])
		if name == 0 {
			continue
		}
		h := hash(name) & mask
		for s.heads[h] != 0 && names[h] != name {
			h = (h + 1) & mask
		}
		names[h] = name
		s.next[i] = s.heads[h]
		s.heads[h] = uint32(i + 1)
	}
}

func hash(v uint32) uint32 { v *= 0x9e3779b1; return v ^ v>>15 }

// named calls f for the types of this spec whose name is at offset name.
func (s *Spec) named(name uint32, f func(ID) bool) bool {
	// The index costs as much as a dozen scans; most runs ask for less.
	const scans = 12
	if s.heads == nil && s.lookups < scans {
		s.lookups++
		for i, off := range s.off {
			if s.order.Uint32(s.types[off:]) == name && !f(s.first+ID(i)) {
				return false
			}
		}
		return true
	}
	if s.heads == nil {
		s.buildNames()
	}
	mask := uint32(len(s.heads) - 1)
	for h := hash(name) & mask; s.heads[h] != 0; h = (h + 1) & mask {
		i := s.heads[h] - 1
		if s.order.Uint32(s.types[s.off[i]:]) != name {
			continue
		}
		for {
			if !f(s.first + ID(i)) {
				return false
			}
			if s.next[i] == 0 {
				return true
			}
			i = s.next[i] - 1
		}
	}
	return true
}

// Find returns the first type of the given kind and name in this spec itself,
// not its base.
func (s *Spec) Find(kind Kind, name string) (found ID, ok bool) {
	if name == "" {
		return 0, false
	}
	s.offsets(name, func(off uint32) bool {
		return s.named(off, func(id ID) bool {
			if s.kindOf(id) == kind {
				found, ok = id, true
			}
			return !ok
		})
	})
	return found, ok
}

func (s *Spec) kindOf(id ID) Kind {
	r, _, _ := s.at(id)
	return r.kind
}

// Name returns the name of a type, "" if it has none.
func (s *Spec) Name(id ID) string {
	r, owner, ok := s.at(id)
	if !ok {
		return ""
	}
	return owner.text(r.name)
}

// EachPrefix calls f for each type of this spec itself that is of the given
// kind and whose name starts with prefix, in the order of ids. name is valid
// only during the call.
func (s *Spec) EachPrefix(kind Kind, prefix string, f func(id ID, name []byte)) {
	for i, off := range s.off {
		b := s.types[off:]
		if Kind(s.order.Uint32(b[4:])>>24&31) != kind {
			continue
		}
		at := s.order.Uint32(b)
		if at < s.strBase || int(at-s.strBase) >= len(s.strs) {
			continue
		}
		name := s.strs[at-s.strBase:]
		if len(name) < len(prefix) || string(name[:len(prefix)]) != prefix {
			continue
		}
		f(s.first+ID(i), name[:bytes.IndexByte(name, 0)])
	}
}
