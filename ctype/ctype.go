// Package ctype models the C types that D programs see: their names, sizes,
// alignment and layout under a data model (LP64, LLP64, ILP32).
//
// It knows nothing of where types come from (BTF, DWARF, PDB, declarations in
// a script); those sources build values of Type, completing them on demand. It
// also holds the few types that only D has: string, and the dynamic types that
// stand for stacks and symbols.
package ctype

// Kind classifies a Type.
type Kind uint8

// The kinds. Typedef is transparent: most code looks at Type.Base().
const (
	Void Kind = iota
	Int
	Float
	Pointer
	Array
	Struct
	Union
	Enum
	Typedef
	Func
	Forward // struct, union or enum declared but not defined
	String  // D's string: a NUL-terminated text of at most strsize bytes
	Dyn     // D's dynamic types: see Dynamic
)

// Dynamic tells the dynamic types of D apart; they exist only as results of
// certain actions and have no C layout.
type Dynamic uint8

// The dynamic types.
const (
	DynNone     Dynamic = iota
	DynAny              // <DYN>: the type of a variable before its first assignment
	DynStack            // stack(): kernel program counters
	DynUStack           // ustack()/jstack(): process id, then user program counters
	DynStackVal         // a variable that holds what stack() or ustack() returned
	DynSym              // sym()/func(): kernel address
	DynMod              // mod()
	DynUSym             // usym()/ufunc(): process id and user address
	DynUMod             // umod()
	DynUAddr            // uaddr()
	DynSymName          // result of an identifier that names a symbol without type
)

// Space is the address space that a pointer points into.
type Space uint8

// The address spaces.
const (
	Kernel Space = iota
	User
)

// Model is a data model: the sizes that C leaves to the platform.
type Model struct {
	// Name is "LP64", "LLP64" or "ILP32".
	Name string
	// Ptr, Long and LongLong are sizes in bytes.
	Ptr, Long, LongLong int64
	// BigEndian is the byte order of memory.
	BigEndian bool
}

// The data models. LP64 is 64-bit Linux, illumos, FreeBSD and macOS; LLP64 is
// 64-bit Windows; ILP32 is 32-bit processes everywhere.
var (
	LP64  = Model{Name: "LP64", Ptr: 8, Long: 8, LongLong: 8}
	LLP64 = Model{Name: "LLP64", Ptr: 8, Long: 4, LongLong: 8}
	ILP32 = Model{Name: "ILP32", Ptr: 4, Long: 4, LongLong: 8}
)

// Member is one member of a struct or union. An anonymous struct or union
// member has an empty Name; its members are found through Type.Member.
type Member struct {
	Name string
	Type *Type
	// Off is the byte offset of the storage unit from the start of the
	// compound: for a plain member where it lies, for a bit-field the offset of
	// the smallest naturally aligned integer of Type's size that holds it.
	Off int64
	// Bits is the width of a bit-field, 0 for a plain member. Shift is the
	// number of bits below it in the storage unit on a little-endian machine.
	Bits, Shift int
}

// Enumerator is one constant of an enum.
type Enumerator struct {
	Name  string
	Value int64
}

// Param is one parameter of a function type.
type Param struct {
	Name string
	Type *Type
}

// Type is one C type. Types are immutable once published, apart from lazy
// completion, and compared with Equal or Compatible, not by pointer: the same C
// type may come from several sources.
type Type struct {
	Kind Kind
	// Name is the base type's name ("unsigned long"), a tag ("task_struct")
	// or a typedef's name ("pid_t"). Empty for derived and anonymous types.
	Name string
	// Module is the kernel module or library a type came from, "" if the
	// language or the script itself defined it.
	Module string
	// Bytes is the size in bytes of Int, Float, Enum, Struct and Union. Use
	// Size for any type.
	Bytes int64
	// Signed and Bool qualify Int and Enum. Char marks char types, whose
	// arrays and pointers D takes for strings.
	Signed, Bool, Char bool
	// Flags says that the constants of an Enum are bits, and values sets of them.
	Flags bool
	// Elem is what a Pointer points to, an Array's element, a Typedef's
	// target, a Func's result.
	Elem *Type
	// Len is an Array's number of elements; 0 for a flexible array.
	Len int64
	// Space is a Pointer's address space.
	Space Space
	// Params and Variadic describe a Func.
	Params   []Param
	Variadic bool
	// Dyn tells dynamic types apart.
	Dyn Dynamic
	// Const and Volatile are the qualifiers of this use of the type. They do
	// not take part in Equal.
	Const, Volatile bool

	members  []Member
	enums    []Enumerator
	complete func(*Type)
}

// NewLazy returns t whose members or enumerators fill will set, with
// SetMembers or SetEnumerators, when they are first asked for. Not safe for
// concurrent first use; the compiler is single-threaded.
func NewLazy(t Type, fill func(*Type)) *Type {
	t.complete = fill
	return &t
}

func (t *Type) force() {
	if f := t.complete; f != nil {
		t.complete = nil
		f(t)
	}
}

// SetMembers sets the members of a struct or union. The slice is kept.
func (t *Type) SetMembers(m []Member) { t.members = m }

// SetEnumerators sets the constants of an enum. The slice is kept.
func (t *Type) SetEnumerators(e []Enumerator) { t.enums = e }

// Members returns the members of the struct or union behind t, through
// typedefs, in declaration order. The caller must not change the slice.
func (t *Type) Members() []Member {
	b := t.Base()
	b.force()
	return b.members
}

// Enumerators returns the constants of the enum behind t. The caller must not
// change the slice.
func (t *Type) Enumerators() []Enumerator {
	b := t.Base()
	b.force()
	return b.enums
}

// Base strips typedefs. It returns t itself for a broken (cyclic) chain.
func (t *Type) Base() *Type {
	b := t
	for i := 0; b != nil && b.Kind == Typedef && i < 64; i++ {
		if b.Elem == nil {
			return b
		}
		b = b.Elem
	}
	return b
}

// Is reports whether t, through typedefs, is of kind k.
func (t *Type) Is(k Kind) bool { return t != nil && t.Base().Kind == k }

// IsInt reports whether t is an integer or an enum.
func (t *Type) IsInt() bool { return t.Is(Int) || t.Is(Enum) }

// IsStackVal reports whether t is the type of variables that hold stacks.
func (t *Type) IsStackVal() bool { return t.Is(Dyn) && t.Base().Dyn == DynStackVal }

// IsScalar reports whether t can be a truth value: integer, enum, pointer, or
// function (which decays).
func (t *Type) IsScalar() bool { return t.IsInt() || t.Is(Pointer) }

// IsCompound reports whether t is a struct or a union.
func (t *Type) IsCompound() bool { return t.Is(Struct) || t.Is(Union) }

// IsSigned reports whether values of t are signed integers.
func (t *Type) IsSigned() bool { return t.IsInt() && t.Base().Signed }

// IsCharArray reports whether t is an array of char.
func (t *Type) IsCharArray() bool {
	b := t.Base()
	return b.Kind == Array && b.Elem.Is(Int) && b.Elem.Base().Bytes == 1
}

// IsCharPtr reports whether t is a pointer to char.
func (t *Type) IsCharPtr() bool {
	b := t.Base()
	return b.Kind == Pointer && b.Elem.Is(Int) && b.Elem.Base().Bytes == 1
}

// IsStringLike reports whether D converts t to string by itself: string,
// array of char, pointer to char.
func (t *Type) IsStringLike() bool { return t.Is(String) || t.IsCharArray() || t.IsCharPtr() }

// Size returns the size of t in bytes under m: 0 for void, functions, forward
// declarations and dynamic types, and for string, whose size is an option.
func (m Model) Size(t *Type) int64 {
	b := t.Base()
	switch b.Kind {
	case Pointer:
		return m.Ptr
	case Array:
		return b.Len * m.Size(b.Elem)
	case Int, Float, Enum, Struct, Union:
		return b.Bytes
	}
	return 0
}

// Align returns the alignment of t in bytes under m, at least 1.
func (m Model) Align(t *Type) int64 {
	b := t.Base()
	switch b.Kind {
	case Array:
		return m.Align(b.Elem)
	case Struct, Union:
		a := int64(1)
		for _, f := range b.Members() {
			a = max(a, m.Align(f.Type))
		}
		return a
	case String:
		return 1
	}
	a := m.Size(b)
	if a > 16 {
		a = 16
	}
	if m.Ptr == 4 && a == 8 && b.Kind != Pointer {
		a = 4 // i386 aligns 64-bit integers to 4
	}
	return max(a, 1)
}

// Layout computes offsets, bit-field placement (System V rules, little
// endian) and size of a struct or union with the given members, whose Off and
// Shift it overwrites, and returns the completed type.
func (m Model) Layout(kind Kind, tag string, members []Member) *Type {
	t := &Type{Kind: kind, Name: tag}
	var off, bit, size int64 // off in bytes; bit: bits used past off*8
	align := int64(1)
	for i := range members {
		f := &members[i]
		sz, al := m.Size(f.Type), m.Align(f.Type)
		if kind == Union {
			f.Off, f.Shift = 0, 0
			size = max(size, sz)
			align = max(align, al)
			continue
		}
		if f.Bits > 0 && sz > 0 {
			pos := off*8 + bit
			unit := pos / (sz * 8) * (sz * 8)
			if pos+int64(f.Bits) > unit+sz*8 {
				unit += sz * 8
				pos = unit
			}
			f.Off, f.Shift = unit/8, int(pos-unit)
			end := pos + int64(f.Bits)
			off, bit = end/8, end%8
			align = max(align, al)
			continue
		}
		if bit > 0 {
			off, bit = off+1, 0
		}
		off = (off + al - 1) / al * al
		f.Off, f.Shift = off, 0
		off += sz
		align = max(align, al)
	}
	if kind == Struct {
		if bit > 0 {
			off++
		}
		size = off
	}
	t.Bytes = (size + align - 1) / align * align
	t.members = members
	return t
}

// Member finds a member by name, descending into anonymous structs and
// unions. The result's Off is relative to t.
func (t *Type) Member(name string) (Member, bool) { return t.member(name, 0) }

func (t *Type) member(name string, depth int) (Member, bool) {
	if !t.IsCompound() || depth > 32 {
		return Member{}, false
	}
	for _, f := range t.Members() {
		if f.Name == name && name != "" {
			return f, true
		}
	}
	for _, f := range t.Members() {
		if f.Name != "" {
			continue
		}
		if g, ok := f.Type.member(name, depth+1); ok {
			g.Off += f.Off
			return g, true
		}
	}
	return Member{}, false
}

// PtrTo returns a pointer type to t in the kernel's address space.
func PtrTo(t *Type) *Type { return &Type{Kind: Pointer, Elem: t} }

// UserPtrTo returns a pointer type to t in a process's address space.
func UserPtrTo(t *Type) *Type { return &Type{Kind: Pointer, Elem: t, Space: User} }

// ArrayOf returns the type of an array of n elements of type t.
func ArrayOf(t *Type, n int64) *Type { return &Type{Kind: Array, Elem: t, Len: n} }

// Equal reports whether a and b are the same C type, looking through typedefs
// and ignoring qualifiers and address spaces. Compounds and enums are the same
// if they are one object, or have the same non-empty tag, kind and size.
func Equal(a, b *Type) bool { return equal(a, b, 0) }

func equal(a, b *Type, depth int) bool {
	if a == nil || b == nil {
		return a == b
	}
	a, b = a.Base(), b.Base()
	if a == b || depth > 64 {
		return true
	}
	if a.Kind != b.Kind {
		fwd := func(x, y *Type) bool {
			return x.Kind == Forward && (y.Kind == Struct || y.Kind == Union || y.Kind == Enum) && x.Name == y.Name
		}
		return fwd(a, b) || fwd(b, a)
	}
	switch a.Kind {
	case Void, String:
		return true
	case Int:
		return a.Bytes == b.Bytes && a.Signed == b.Signed && a.Bool == b.Bool
	case Float:
		return a.Bytes == b.Bytes
	case Pointer:
		return equal(a.Elem, b.Elem, depth+1)
	case Array:
		return a.Len == b.Len && equal(a.Elem, b.Elem, depth+1)
	case Struct, Union, Enum, Forward:
		return a.Name != "" && a.Name == b.Name && (a.Bytes == b.Bytes || a.Kind == Forward)
	case Dyn:
		return a.Dyn == b.Dyn
	case Func:
		if len(a.Params) != len(b.Params) || a.Variadic != b.Variadic || !equal(a.Elem, b.Elem, depth+1) {
			return false
		}
		for i := range a.Params {
			if !equal(a.Params[i].Type, b.Params[i].Type, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}
