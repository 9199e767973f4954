package btf

import "github.com/godtrace/godtrace/ctype"

// maxDepth bounds chains of modifiers and nested derived types, so that broken
// BTF cannot make the reader loop.
const maxDepth = 64

// Type returns the C type with the given id; void for 0 or an id that does not
// exist. Members and enumerators are decoded when first asked for.
func (s *Spec) Type(id ID) *ctype.Type { return s.typ(id, 0) }

func (s *Spec) typ(id ID, depth int) *ctype.Type {
	if id == 0 || depth > maxDepth {
		return s.set.Void
	}
	if id < s.first && s.base != nil {
		return s.base.typ(id, depth)
	}
	if t := s.cache[id]; t != nil {
		return t
	}
	r, _, ok := s.at(id)
	if !ok {
		return s.set.Void
	}
	target := func() *ctype.Type { return s.typ(ID(r.size), depth+1) }
	// Derived types are entered before what they are made of, so that a cycle
	// ends here.
	put := func(t *ctype.Type) *ctype.Type { s.cache[id] = t; return t }
	name := s.text(r.name)
	switch r.kind {
	case KindInt:
		return put(s.integer(name, r))
	case KindFloat:
		return put(&ctype.Type{Kind: ctype.Float, Name: name, Bytes: int64(r.size), Module: s.Module})
	case KindPtr:
		t := put(&ctype.Type{Kind: ctype.Pointer})
		if s.userTag(ID(r.size)) {
			t.Space = ctype.User
		}
		t.Elem = target()
		return t
	case KindArray:
		t := put(&ctype.Type{Kind: ctype.Array, Len: int64(s.order.Uint32(r.data[8:]))})
		t.Elem = s.typ(ID(s.order.Uint32(r.data)), depth+1)
		return t
	case KindStruct, KindUnion:
		k := ctype.Struct
		if r.kind == KindUnion {
			k = ctype.Union
		}
		return put(ctype.NewLazy(ctype.Type{Kind: k, Name: name, Module: s.Module, Bytes: int64(r.size)},
			func(t *ctype.Type) { t.SetMembers(s.members(r)) }))
	case KindEnum, KindEnum64:
		return put(ctype.NewLazy(ctype.Type{Kind: ctype.Enum, Name: name, Module: s.Module, Bytes: int64(r.size), Signed: r.flag},
			func(t *ctype.Type) { t.SetEnumerators(s.enumerators(r)) }))
	case KindFwd:
		return put(&ctype.Type{Kind: ctype.Forward, Name: name, Module: s.Module})
	case KindTypedef:
		t := put(&ctype.Type{Kind: ctype.Typedef, Name: name, Module: s.Module})
		t.Elem = target()
		return t
	case KindConst, KindVolatile:
		c := *target() // a lazy compound's copy completes itself
		c.Const = c.Const || r.kind == KindConst
		c.Volatile = c.Volatile || r.kind == KindVolatile
		return put(&c)
	case KindRestrict, KindTypeTag:
		return put(target())
	case KindFunc, KindVar:
		return put(target())
	case KindFuncProto:
		t := put(&ctype.Type{Kind: ctype.Func})
		t.Elem = target()
		t.Params, t.Variadic = s.params(r, depth)
		return t
	}
	return s.set.Void
}

// userTag reports whether id is the type tag "user" (an address in a process),
// perhaps below other tags.
func (s *Spec) userTag(id ID) bool {
	for range maxDepth {
		r, owner, ok := s.at(id)
		if !ok || r.kind != KindTypeTag {
			return false
		}
		if owner.text(r.name) == "user" {
			return true
		}
		id = ID(r.size)
	}
	return false
}

// The encodings of an integer: bits 24-27 of its data.
const (
	encSigned = 1
	encChar   = 2
	encBool   = 4
)

// intNames gives compilers' spellings of the base types their canonical form.
var intNames = map[string]string{
	"long unsigned int": "unsigned long", "long int": "long", "short int": "short",
	"short unsigned int": "unsigned short", "long long int": "long long",
	"long long unsigned int": "unsigned long long", "unsigned": "unsigned int",
}

func (s *Spec) integer(name string, r raw) *ctype.Type {
	enc := s.order.Uint32(r.data) >> 24 & 15
	if n, ok := intNames[name]; ok {
		name = n
	}
	return &ctype.Type{
		Kind: ctype.Int, Name: name, Bytes: int64(r.size),
		Signed: enc&encSigned != 0,
		Bool:   enc&encBool != 0,
		Char:   enc&encChar != 0 || name == "char" || name == "unsigned char" || name == "signed char",
	}
}

// members decodes a struct's or union's members.
func (s *Spec) members(r raw) []ctype.Member {
	ms := make([]ctype.Member, r.vlen)
	for i := range ms {
		b := r.data[12*i:]
		id := ID(s.order.Uint32(b[4:]))
		at := int64(s.order.Uint32(b[8:]))
		m := &ms[i]
		m.Name = s.text(s.order.Uint32(b))
		m.Type = s.typ(id, 0)
		bits := 0
		if r.flag {
			bits = int(at >> 24)
			at &= 0xffffff
		} else {
			bits = s.oldBitField(id, &at)
		}
		if bits == 0 {
			m.Off = at / 8
			continue
		}
		m.Bits = bits
		unit := 8 * s.set.Model.Size(m.Type)
		if unit == 0 {
			unit = 64
		}
		start := at / unit * unit
		if at+int64(bits) > start+unit { // a packed field across units
			start = at / 8 * 8
		}
		m.Off, m.Shift = start/8, int(at-start)
	}
	return ms
}

// oldBitField returns the width of a bit-field that is told by its integer type
// (BTF without kind_flag), 0 if the member is none, and adds the type's own bit
// offset to at.
func (s *Spec) oldBitField(id ID, at *int64) int {
	for range maxDepth {
		r, owner, ok := s.at(id)
		if !ok {
			return 0
		}
		switch r.kind {
		case KindTypedef, KindConst, KindVolatile, KindRestrict, KindTypeTag:
			id = ID(r.size)
		case KindInt:
			v := owner.order.Uint32(r.data)
			bits, off := v&0xff, v>>16&0xff
			if bits == 8*r.size && off == 0 {
				return 0
			}
			*at += int64(off)
			return int(bits)
		default:
			return 0
		}
	}
	return 0
}

func (s *Spec) enumerators(r raw) []ctype.Enumerator {
	es := make([]ctype.Enumerator, r.vlen)
	for i := range es {
		var name uint32
		name, es[i].Value = s.enumerator(r, i)
		es[i].Name = s.text(name)
	}
	return es
}

// enumerator decodes constant i of an enum.
func (s *Spec) enumerator(r raw, i int) (name uint32, v int64) {
	if r.kind == KindEnum64 {
		b := r.data[12*i:]
		return s.order.Uint32(b), int64(s.order.Uint32(b[8:]))<<32 | int64(s.order.Uint32(b[4:]))
	}
	b := r.data[8*i:]
	u := s.order.Uint32(b[4:])
	if r.flag {
		return s.order.Uint32(b), int64(int32(u))
	}
	// Kernels before 6.0 do not set the flag on enums with negative constants;
	// those that fit an int are read as one, as C would.
	if int32(u) < 0 && s.legacySigned(r) {
		return s.order.Uint32(b), int64(int32(u))
	}
	return s.order.Uint32(b), int64(u)
}

// legacySigned guesses that an unflagged enum is signed: a small negative
// number reads as one within 4096 of 2^32.
func (s *Spec) legacySigned(r raw) bool {
	for i := range r.vlen {
		if u := s.order.Uint32(r.data[8*i+4:]); u >= 0xffff_f000 && u != 0xffff_ffff {
			return true
		}
	}
	return false
}

// Enumerator finds an enumeration constant by name in this spec itself.
func (s *Spec) Enumerator(name string) (v int64, t *ctype.Type, ok bool) {
	if name == "" {
		return 0, nil, false
	}
	s.offsets(name, func(want uint32) bool {
		for i := range s.off {
			id := s.first + ID(i)
			r, _, _ := s.at(id)
			if r.kind != KindEnum && r.kind != KindEnum64 {
				continue
			}
			for j := range r.vlen {
				if n, val := s.enumerator(r, j); n == want {
					v, t, ok = val, s.Type(id), true
					return false
				}
			}
		}
		return true
	})
	return v, t, ok
}

func (s *Spec) params(r raw, depth int) (ps []ctype.Param, variadic bool) {
	n := r.vlen
	if n > 0 && s.order.Uint32(r.data[8*n-8:]) == 0 && s.order.Uint32(r.data[8*n-4:]) == 0 {
		n, variadic = n-1, true
	}
	if n == 0 {
		return nil, variadic
	}
	ps = make([]ctype.Param, n)
	for i := range ps {
		b := r.data[8*i:]
		ps[i] = ctype.Param{Name: s.text(s.order.Uint32(b)), Type: s.typ(ID(s.order.Uint32(b[4:])), depth+1)}
	}
	return ps, variadic
}
