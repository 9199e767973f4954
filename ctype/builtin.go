package ctype

// Set holds the types that the D language itself defines, under one data
// model. Its fields are shared; they must not be changed.
type Set struct {
	Model Model

	Void, Char, SChar, UChar         *Type
	Short, UShort, Int, UInt         *Type
	Long, ULong, LongLong, ULongLong *Type
	Bool, Float, Double, LongDouble  *Type
	Int8, Int16, Int32, Int64        *Type
	Uint8, Uint16, Uint32, Uint64    *Type
	Intptr, Uintptr                  *Type
	String                           *Type
	Any, Stack, UStack, Sym, USym    *Type
	StackVal                         *Type
	VoidPtr, CharPtr                 *Type

	names map[string]*Type
}

func integer(name string, n int64, signed bool) *Type {
	return &Type{Kind: Int, Name: name, Bytes: n, Signed: signed}
}

// NewSet returns D's own types under m: the C base types, _Bool, D's string,
// and the integer typedefs of D (int8_t … uint64_t, size_t, pid_t, uint_t …).
func NewSet(m Model) *Set {
	s := &Set{Model: m, names: map[string]*Type{}}
	add := func(t *Type) *Type { s.names[t.Name] = t; return t }
	s.Void = add(&Type{Kind: Void, Name: "void"})
	s.Char = add(&Type{Kind: Int, Name: "char", Bytes: 1, Signed: true, Char: true})
	s.SChar = add(&Type{Kind: Int, Name: "signed char", Bytes: 1, Signed: true, Char: true})
	s.UChar = add(&Type{Kind: Int, Name: "unsigned char", Bytes: 1, Char: true})
	s.Short, s.UShort = add(integer("short", 2, true)), add(integer("unsigned short", 2, false))
	s.Int, s.UInt = add(integer("int", 4, true)), add(integer("unsigned int", 4, false))
	s.Long, s.ULong = add(integer("long", m.Long, true)), add(integer("unsigned long", m.Long, false))
	s.LongLong, s.ULongLong = add(integer("long long", m.LongLong, true)), add(integer("unsigned long long", m.LongLong, false))
	s.Bool = add(&Type{Kind: Int, Name: "_Bool", Bytes: 1, Bool: true})
	s.Float = add(&Type{Kind: Float, Name: "float", Bytes: 4})
	s.Double = add(&Type{Kind: Float, Name: "double", Bytes: 8})
	s.LongDouble = add(&Type{Kind: Float, Name: "long double", Bytes: 16})
	s.String = add(&Type{Kind: String, Name: "string"})

	td := func(name string, t *Type) *Type { return add(&Type{Kind: Typedef, Name: name, Elem: t}) }
	s64, u64 := s.Long, s.ULong
	if m.Long == 4 {
		s64, u64 = s.LongLong, s.ULongLong
	}
	sptr, uptr := s.Long, s.ULong
	if m.Ptr != m.Long {
		sptr, uptr = s64, u64
	}
	s.Int8, s.Uint8 = td("int8_t", s.SChar), td("uint8_t", s.UChar)
	s.Int16, s.Uint16 = td("int16_t", s.Short), td("uint16_t", s.UShort)
	s.Int32, s.Uint32 = td("int32_t", s.Int), td("uint32_t", s.UInt)
	s.Int64, s.Uint64 = td("int64_t", s64), td("uint64_t", u64)
	s.Intptr, s.Uintptr = td("intptr_t", sptr), td("uintptr_t", uptr)
	td("size_t", uptr)
	td("ssize_t", sptr)
	td("ptrdiff_t", sptr)
	td("id_t", s.Int)
	td("pid_t", s.Int)
	td("uid_t", s.UInt)
	td("gid_t", s.UInt)
	td("zoneid_t", s.Int)
	td("projid_t", s.Int)
	td("taskid_t", s.Int)
	td("uchar_t", s.UChar)
	td("ushort_t", s.UShort)
	td("uint_t", s.UInt)
	td("ulong_t", s.ULong)
	td("longlong_t", s.LongLong)
	td("u_longlong_t", s.ULongLong)
	td("offset_t", s.LongLong)
	td("hrtime_t", s64)
	td("caddr_t", PtrTo(s.Char))
	dyn := func(d Dynamic) *Type { return &Type{Kind: Dyn, Dyn: d} }
	s.Any, s.Stack, s.UStack, s.StackVal = dyn(DynAny), dyn(DynStack), dyn(DynUStack), dyn(DynStackVal)
	s.Sym, s.USym = dyn(DynSym), dyn(DynUSym)
	s.VoidPtr, s.CharPtr = PtrTo(s.Void), PtrTo(s.Char)
	return s
}

// Lookup finds a type of the language by its canonical name ("unsigned long",
// "uint32_t"), or nil.
func (s *Set) Lookup(name string) *Type { return s.names[name] }

// Each calls f for every named type of the set, in no order.
func (s *Set) Each(f func(name string, t *Type)) {
	for n, t := range s.names {
		f(n, t)
	}
}
