package pdb

import (
	"fmt"
	"strings"
)

// TypeIndex names a type: below 0x1000 a basic one, else a record.
type TypeIndex uint32

// TypeKind is what a type is.
type TypeKind uint8

// The kinds of types.
const (
	KindNone TypeKind = iota
	KindVoid
	KindInt   // Size and Signed
	KindBool  // Size
	KindChar  // Size, Signed
	KindFloat // Size
	KindPointer
	KindArray
	KindStruct // also classes
	KindUnion
	KindEnum
	KindFunction
	KindBitfield
	KindModifier // const or volatile
)

// String returns a word.
func (k TypeKind) String() string {
	return [...]string{"none", "void", "int", "bool", "char", "float", "pointer", "array", "struct", "union", "enum", "function", "bitfield", "modifier", "?"}[min(k, 14)]
}

// Type is a type. Which fields count depends on Kind.
type Type struct {
	Kind TypeKind
	// Name is the name of structs, unions, enums and basic types.
	Name string
	// Size is in bytes.
	Size   uint64
	Signed bool
	// Elem is what pointers point to, arrays and bit-fields are of, modifiers
	// modify, enums are stored as, and functions return.
	Elem TypeIndex
	// Reference says that a pointer is a C++ reference.
	Reference bool
	// Const and Volatile are those of modifiers and pointers.
	Const, Volatile bool
	// BitPos and BitLen are those of bit-fields.
	BitPos, BitLen uint8
	// Forward says that the type is only declared; see Types.Resolve.
	Forward bool
	// Fields are members of structs and unions, bases included.
	Fields []Member
	// Enumerators are the values of enums.
	Enumerators []Enumerator
	// Params are the parameters of functions.
	Params []TypeIndex
	// This is the class that a member function belongs to, 0 if none.
	This TypeIndex

	unique string
	fields TypeIndex
}

// Member is a member of a struct or union.
type Member struct {
	Name   string
	Type   TypeIndex
	Offset uint64
	// Base says that the member is a base class, whose name is the type's.
	Base bool
	// Static members have no offset.
	Static bool
}

// Enumerator is a named value of an enum.
type Enumerator struct {
	Name  string
	Value int64
}

// Types is the table of types.
type Types struct {
	first, end TypeIndex
	b          []byte
	at         []uint32 // of records, from first on
	names      map[string]TypeIndex
	ptr        uint64
}

// Leaves: the kinds of records.
const (
	leafModifier   = 0x1001
	leafPointer    = 0x1002
	leafProcedure  = 0x1008
	leafMFunction  = 0x1009
	leafArgList    = 0x1201
	leafFieldList  = 0x1203
	leafBitfield   = 0x1205
	leafMethodList = 0x1206
	leafBase       = 0x1400
	leafVBase      = 0x1401
	leafIVBase     = 0x1402
	leafIndex      = 0x1404
	leafVFuncTab   = 0x1409
	leafEnumerate  = 0x1502
	leafArray      = 0x1503
	leafClass      = 0x1504
	leafStruct     = 0x1505
	leafUnion      = 0x1506
	leafEnum       = 0x1507
	leafMember     = 0x150d
	leafStatic     = 0x150e
	leafMethod     = 0x150f
	leafNested     = 0x1510
	leafOneMethod  = 0x1511
	leafInterface  = 0x1519
)

// propForward is the bit of a class's properties for a declaration, propUnique
// the one for a decorated name after the name.
const (
	propForward = 0x80
	propUnique  = 0x200
)

// readTypes reads stream 2: a header, then records | size u16 | leaf u16 | data |.
//
//	00 version  04 header size  08 first index  0c end index  10 bytes of records
func (f *File) readTypes() (*Types, error) {
	b, err := f.stream(streamTPI)
	if err != nil {
		return nil, err
	}
	t := &Types{names: map[string]TypeIndex{}, ptr: 8}
	if len(b) < 20 {
		return t, nil
	}
	size, first, end := le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])
	if int64(size) > int64(len(b)) || first < 0x1000 || end < first {
		return nil, fmt.Errorf("pdb: types %#x to %#x behind a header of %d bytes", first, end, size)
	}
	b = b[size:min(int64(size)+int64(le.Uint32(b[16:])), int64(len(b)))]
	t.first, t.b = TypeIndex(first), b
	for at := 0; at+4 <= len(b) && len(t.at) < int(end-first); {
		n := int(le.Uint16(b[at:]))
		if n < 2 || at+2+n > len(b) {
			break
		}
		t.at = append(t.at, uint32(at))
		at += 2 + n
	}
	t.end = t.first + TypeIndex(len(t.at))
	for i := t.first; i < t.end; i++ {
		leaf, r := t.record(i)
		switch leaf {
		case leafClass, leafStruct, leafUnion, leafEnum, leafInterface:
			if ty := t.named(leaf, r); !ty.Forward && ty.Name != "" {
				if _, ok := t.names[ty.Name]; !ok {
					t.names[ty.Name] = i
				}
			}
		}
	}
	return t, nil
}

// Types returns the table of types. It may be empty, but is not nil if there is
// no error.
func (f *File) Types() (*Types, error) { return f.typs() }

// Count returns how many type records there are.
func (t *Types) Count() int { return len(t.at) }

// Range calls fn for all type records until it returns false.
func (t *Types) Range(fn func(TypeIndex) bool) {
	for i := t.first; i < t.end; i++ {
		if !fn(i) {
			return
		}
	}
}

// Lookup returns the struct, union or enum with a name, as defined rather than
// declared.
func (t *Types) Lookup(name string) (TypeIndex, bool) {
	i, ok := t.names[name]
	return i, ok
}

// record returns a record's leaf and data.
func (t *Types) record(i TypeIndex) (leaf uint16, data []byte) {
	if i < t.first || i >= t.end {
		return 0, nil
	}
	b := t.b[t.at[i-t.first]:]
	n := int(le.Uint16(b))
	return le.Uint16(b[2:]), b[4 : 2+n]
}

// number reads a numeric leaf: small values stand for themselves.
func (c *cursor) number() int64 {
	switch v := c.u16(); v {
	case 0x8000:
		return int64(int8(c.u8()))
	case 0x8001:
		return int64(int16(c.u16()))
	case 0x8002:
		return int64(c.u16())
	case 0x8003:
		return int64(int32(c.u32()))
	case 0x8004:
		return int64(c.u32())
	case 0x8009, 0x800a:
		return int64(c.u64())
	default:
		if v >= 0x8000 {
			c.bad = true
		}
		return int64(v)
	}
}

// named reads the head of a class, union or enum.
func (t *Types) named(leaf uint16, r []byte) Type {
	c := cursor{b: r}
	ty := Type{Kind: KindStruct}
	c.u16() // members
	prop := c.u16()
	ty.Forward = prop&propForward != 0
	switch leaf {
	case leafEnum:
		ty.Kind, ty.Elem = KindEnum, TypeIndex(c.u32())
		ty.fields = TypeIndex(c.u32())
	case leafUnion:
		ty.Kind, ty.fields = KindUnion, TypeIndex(c.u32())
		ty.Size = uint64(c.number())
	default:
		ty.fields = TypeIndex(c.u32())
		c.bytes(8) // derived from, shape of virtual functions
		ty.Size = uint64(c.number())
	}
	ty.Name = c.str()
	if prop&propUnique != 0 {
		ty.unique = c.str()
	}
	if leaf == leafEnum {
		ty.Size = t.Size(ty.Elem)
	}
	return ty
}

// Type returns a type. Unknown ones are of KindNone.
func (t *Types) Type(i TypeIndex) Type {
	if i < 0x1000 {
		return basic(i)
	}
	leaf, r := t.record(i)
	c := cursor{b: r}
	switch leaf {
	case leafModifier:
		ty := Type{Kind: KindModifier, Elem: TypeIndex(c.u32())}
		m := c.u16()
		ty.Const, ty.Volatile = m&1 != 0, m&2 != 0
		ty.Size = t.sizeBelow(i, ty.Elem)
		return ty
	case leafPointer:
		ty := Type{Kind: KindPointer, Elem: TypeIndex(c.u32())}
		attr := c.u32()
		ty.Size = uint64(attr >> 13 & 0x3F)
		if ty.Size == 0 {
			ty.Size = map[uint32]uint64{0x0a: 4, 0x0c: 8}[attr&0x1F]
		}
		mode := attr >> 5 & 7
		ty.Reference = mode == 1 || mode == 4
		ty.Volatile, ty.Const = attr&(1<<9) != 0, attr&(1<<10) != 0
		return ty
	case leafArray:
		ty := Type{Kind: KindArray, Elem: TypeIndex(c.u32())}
		c.u32()
		ty.Size = uint64(c.number())
		return ty
	case leafBitfield:
		ty := Type{Kind: KindBitfield, Elem: TypeIndex(c.u32()), BitLen: c.u8(), BitPos: c.u8()}
		ty.Size = t.sizeBelow(i, ty.Elem)
		return ty
	case leafProcedure:
		ty := Type{Kind: KindFunction, Elem: TypeIndex(c.u32())}
		c.u32()
		ty.Params = t.args(TypeIndex(c.u32()))
		return ty
	case leafMFunction:
		ty := Type{Kind: KindFunction, Elem: TypeIndex(c.u32()), This: TypeIndex(c.u32())}
		c.bytes(8)
		ty.Params = t.args(TypeIndex(c.u32()))
		return ty
	case leafClass, leafStruct, leafUnion, leafEnum, leafInterface:
		ty := t.named(leaf, r)
		if !ty.Forward {
			t.members(&ty, ty.fields, 0)
		}
		return ty
	}
	return Type{}
}

// sizeBelow returns the size of a type that another is made of. Records refer to
// earlier ones; those that do not are damaged, and must not lead round in
// circles.
func (t *Types) sizeBelow(i, elem TypeIndex) uint64 {
	if elem >= i {
		return 0
	}
	return t.Size(elem)
}

// Size returns the size of a type in bytes.
func (t *Types) Size(i TypeIndex) uint64 {
	if i < 0x1000 {
		return basic(i).Size
	}
	leaf, r := t.record(i)
	c := cursor{b: r}
	switch leaf {
	case leafModifier, leafBitfield:
		return t.sizeBelow(i, TypeIndex(c.u32()))
	case leafEnum:
		c.u32()
		return t.sizeBelow(i, TypeIndex(c.u32()))
	case leafClass, leafStruct, leafUnion, leafInterface:
		if ty := t.named(leaf, r); ty.Forward {
			if j, ok := t.names[ty.Name]; ok {
				leaf, r = t.record(j)
				return t.named(leaf, r).Size
			}
		} else {
			return ty.Size
		}
		return 0
	}
	return t.Type(i).Size
}

// Resolve returns the definition of a type that is only declared, if there is
// one, and else the type itself.
func (t *Types) Resolve(i TypeIndex) TypeIndex {
	leaf, r := t.record(i)
	switch leaf {
	case leafClass, leafStruct, leafUnion, leafEnum, leafInterface:
		if ty := t.named(leaf, r); ty.Forward {
			if j, ok := t.names[ty.Name]; ok {
				return j
			}
		}
	}
	return i
}

func (t *Types) args(i TypeIndex) []TypeIndex {
	leaf, r := t.record(i)
	if leaf != leafArgList {
		return nil
	}
	c := cursor{b: r}
	n := int(c.u32())
	if n > (len(r)-4)/4 {
		return nil
	}
	out := make([]TypeIndex, n)
	for k := range out {
		out[k] = TypeIndex(c.u32())
	}
	return out
}

// members reads a list of fields, which may go on in another.
func (t *Types) members(ty *Type, list TypeIndex, depth int) {
	leaf, r := t.record(list)
	if leaf != leafFieldList || depth > 4096 {
		return
	}
	c := cursor{b: r}
	for c.at+2 <= len(r) && !c.bad {
		if r[c.at] >= 0xF0 { // padding
			c.at += max(int(r[c.at]&0x0F), 1)
			continue
		}
		switch leaf := c.u16(); leaf {
		case leafMember:
			c.u16()
			typ := TypeIndex(c.u32())
			off := uint64(c.number())
			ty.Fields = append(ty.Fields, Member{Name: c.str(), Type: typ, Offset: off})
		case leafStatic:
			c.u16()
			typ := TypeIndex(c.u32())
			ty.Fields = append(ty.Fields, Member{Name: c.str(), Type: typ, Static: true})
		case leafEnumerate:
			c.u16()
			v := c.number()
			ty.Enumerators = append(ty.Enumerators, Enumerator{Name: c.str(), Value: v})
		case leafBase:
			c.u16()
			typ := TypeIndex(c.u32())
			off := uint64(c.number())
			ty.Fields = append(ty.Fields, Member{Name: t.Name(typ), Type: typ, Offset: off, Base: true})
		case leafVBase, leafIVBase:
			c.bytes(10)
			c.number()
			c.number()
		case leafVFuncTab:
			c.bytes(6)
		case leafMethod:
			c.bytes(6)
			c.str()
		case leafOneMethod:
			attr := c.u16()
			c.u32()
			if p := attr >> 2 & 7; p == 4 || p == 6 {
				c.u32() // introduces a virtual function
			}
			c.str()
		case leafNested:
			c.bytes(6)
			c.str()
		case leafIndex:
			c.u16()
			if next := TypeIndex(c.u32()); next != list {
				t.members(ty, next, depth+1)
			}
			return
		default:
			return
		}
	}
}

// basic returns a basic type. Bits 8-10 of the index are the mode: 0 is the type
// itself, others are pointers to it.
func basic(i TypeIndex) Type {
	if mode := i >> 8 & 7; mode != 0 {
		size := map[TypeIndex]uint64{1: 2, 2: 4, 3: 4, 4: 4, 5: 6, 6: 8, 7: 16}[mode]
		return Type{Kind: KindPointer, Elem: i & 0xFF, Size: size}
	}
	if ty, ok := basics[i&0xFF]; ok {
		return ty
	}
	return Type{}
}

var basics = map[TypeIndex]Type{
	0x03: {Kind: KindVoid, Name: "void"},
	0x08: {Kind: KindInt, Name: "HRESULT", Size: 4, Signed: true},
	0x10: {Kind: KindChar, Name: "signed char", Size: 1, Signed: true}, 0x20: {Kind: KindChar, Name: "unsigned char", Size: 1},
	0x70: {Kind: KindChar, Name: "char", Size: 1, Signed: true}, 0x71: {Kind: KindChar, Name: "wchar_t", Size: 2},
	0x7a: {Kind: KindChar, Name: "char16_t", Size: 2}, 0x7b: {Kind: KindChar, Name: "char32_t", Size: 4}, 0x7c: {Kind: KindChar, Name: "char8_t", Size: 1},
	0x68: {Kind: KindInt, Name: "int8_t", Size: 1, Signed: true}, 0x69: {Kind: KindInt, Name: "uint8_t", Size: 1},
	0x11: {Kind: KindInt, Name: "short", Size: 2, Signed: true}, 0x21: {Kind: KindInt, Name: "unsigned short", Size: 2},
	0x72: {Kind: KindInt, Name: "short", Size: 2, Signed: true}, 0x73: {Kind: KindInt, Name: "unsigned short", Size: 2},
	0x12: {Kind: KindInt, Name: "long", Size: 4, Signed: true}, 0x22: {Kind: KindInt, Name: "unsigned long", Size: 4},
	0x74: {Kind: KindInt, Name: "int", Size: 4, Signed: true}, 0x75: {Kind: KindInt, Name: "unsigned int", Size: 4},
	0x13: {Kind: KindInt, Name: "__int64", Size: 8, Signed: true}, 0x23: {Kind: KindInt, Name: "unsigned __int64", Size: 8},
	0x76: {Kind: KindInt, Name: "__int64", Size: 8, Signed: true}, 0x77: {Kind: KindInt, Name: "unsigned __int64", Size: 8},
	0x14: {Kind: KindInt, Name: "__int128", Size: 16, Signed: true}, 0x24: {Kind: KindInt, Name: "unsigned __int128", Size: 16},
	0x78: {Kind: KindInt, Name: "__int128", Size: 16, Signed: true}, 0x79: {Kind: KindInt, Name: "unsigned __int128", Size: 16},
	0x40: {Kind: KindFloat, Name: "float", Size: 4}, 0x41: {Kind: KindFloat, Name: "double", Size: 8}, 0x42: {Kind: KindFloat, Name: "long double", Size: 10},
	0x46: {Kind: KindFloat, Name: "_Float16", Size: 2},
	0x30: {Kind: KindBool, Name: "bool", Size: 1}, 0x31: {Kind: KindBool, Name: "bool", Size: 2}, 0x32: {Kind: KindBool, Name: "bool", Size: 4}, 0x33: {Kind: KindBool, Name: "bool", Size: 8},
}

// Name returns a type as it is written in C.
func (t *Types) Name(i TypeIndex) string {
	left := 500
	return t.declare(i, "", &left)
}

// declare writes the declaration of something of a type. left is how many types
// it may go through, as damaged records may lead round in circles.
func (t *Types) declare(i TypeIndex, inner string, left *int) string {
	if *left--; *left < 0 {
		return "?"
	}
	join := func(s string) string {
		if inner == "" {
			return s
		}
		return s + " " + inner
	}
	ty := t.Type(i)
	switch ty.Kind {
	case KindPointer:
		mark := "*"
		if ty.Reference {
			mark = "&"
		}
		if ty.Const {
			mark += "const "
		}
		switch t.Type(ty.Elem).Kind {
		case KindFunction, KindArray:
			return t.declare(ty.Elem, "("+mark+inner+")", left)
		}
		return t.declare(ty.Elem, mark+inner, left)
	case KindArray:
		n := uint64(0)
		if s := t.Size(ty.Elem); s > 0 {
			n = ty.Size / s
		}
		return t.declare(ty.Elem, fmt.Sprintf("%s[%d]", inner, n), left)
	case KindModifier:
		q := ""
		if ty.Const {
			q += "const "
		}
		if ty.Volatile {
			q += "volatile "
		}
		return q + t.declare(ty.Elem, inner, left)
	case KindBitfield:
		return fmt.Sprintf("%s : %d", t.declare(ty.Elem, inner, left), ty.BitLen)
	case KindFunction:
		var ps []string
		for _, p := range ty.Params {
			if p == 0 {
				ps = append(ps, "...")
				continue
			}
			ps = append(ps, t.declare(p, "", left))
		}
		if len(ps) == 0 {
			ps = []string{"void"}
		}
		return t.declare(ty.Elem, inner+"("+strings.Join(ps, ", ")+")", left)
	case KindNone:
		return join("?")
	}
	return join(ty.Name)
}
