package etl

import (
	"encoding/binary"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// layout is the struct that stands for the payload of an event: what args[0]
// points to. Events of one name but several versions share one, with the members
// of all; those a version lacks read as zero.
//
//	struct Task_Opcode {
//		uint32_t size;     numbers, at their natural alignment
//		string daddr;      texts, a slot of slotSize bytes each
//	};
type layout struct {
	typ    *ctype.Type
	root   []*member
	leaves []leaf // by offset
	size   int64
}

// slotSize is the room of a string in a struct. It is odd in units of 64 bytes, so
// that a string read with some round -x strsize never ends where a slot does:
// see memory.readStruct.
const slotSize = 448

// Limits on structs, so that one fits its window of addresses.
const (
	maxStrings = 600
	maxStruct  = structRoom - structOff
	maxFixed   = 4096 // bytes of a fixed array
)

// leafKind is how a leaf is stored.
type leafKind uint8

const (
	leafInt leafKind = iota
	leafFloat
	leafText
	leafArray // of integers
)

// leaf is a member that is no struct.
type leaf struct {
	off, size int64
	kind      leafKind
	elem      int64 // size of an array's element
}

// member is a member under construction.
type member struct {
	name   string
	kind   leafKind
	bytes  int64 // of integers and floats
	signed bool
	count  int64       // of arrays
	names  *schema.Map // of values
	sub    []*member
	isSub  bool
	leaf   int
}

// plan leads from the fields of a schema to the leaves of a layout.
type plan struct {
	leaf int // -1: none
	sub  []plan
}

// ident makes a C identifier of a name.
func ident(s string) string {
	var b strings.Builder
	gap := false
	for _, c := range s {
		if c < 128 && (c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z') {
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			if b.Len() == 0 && c <= '9' {
				b.WriteByte('_')
			}
			b.WriteRune(c)
			continue
		}
		gap = true
	}
	if b.Len() == 0 {
		return "_"
	}
	if keywords[b.String()] {
		b.WriteByte('_')
	}
	return b.String()
}

// keywords are words that cannot name a member in D.
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`auto break case char const continue counter default do double else enum extern float for goto if import
		inline int long offsetof probe provider register restrict return self short signed sizeof static string stringof struct switch this
		translator typedef union unsigned userland void volatile while xlate`) {
		m[w] = true
	}
	return m
}()

// addSchema merges the fields of a schema into the layout.
func (l *layout) addSchema(s *schema.Schema) { l.root = merge(l.root, s.Fields) }

// names gives fields distinct identifiers.
func names(fields []schema.Field) []string {
	out := make([]string, len(fields))
	seen := map[string]int{}
	for i := range fields {
		n := ident(fields[i].Name)
		if seen[n]++; seen[n] > 1 {
			n += "_" + strconv.Itoa(seen[n])
			seen[n]++
		}
		out[i] = n
	}
	return out
}

func merge(list []*member, fields []schema.Field) []*member {
	ids := names(fields)
	for i := range fields {
		f := &fields[i]
		if f.In == schema.Null {
			continue
		}
		n := newMember(ids[i], f)
		var old *member
		for _, m := range list {
			if m.name == n.name {
				old = m
			}
		}
		if old == nil {
			list = append(list, n)
			continue
		}
		if old.names == nil || n.names == nil || old.names.Name != n.names.Name {
			old.names = nil
		}
		switch {
		case old.isSub && n.isSub:
			old.sub = merge(old.sub, f.Fields)
		case old.isSub || n.isSub || old.kind != n.kind || old.count != n.count:
			*old = member{name: old.name, kind: leafText}
		case n.kind == leafInt && old.signed != n.signed && n.bytes == old.bytes:
			old.signed = false
		case n.bytes > old.bytes:
			old.bytes, old.signed = n.bytes, n.signed
		}
	}
	return list
}

func newMember(name string, f *schema.Field) *member {
	m := &member{name: name, kind: leafText}
	switch f.Out {
	case schema.OutIPv4, schema.OutIPv6, schema.OutSocket, schema.OutIPAddrMOF:
		return m
	}
	if f.Array {
		n := int64(f.Count)
		if size := numSize(f); f.CountField == schema.NoField && size > 0 && n > 0 && n*size <= maxFixed && f.In != schema.Char8 && f.In != schema.Char16 {
			m.kind, m.bytes, m.count, m.signed = leafArray, size, n, f.Class() == schema.ClassInt
		}
		return m
	}
	switch f.Class() {
	case schema.ClassInt, schema.ClassUint:
		m.kind, m.bytes, m.signed, m.names = leafInt, numSize(f), f.Class() == schema.ClassInt, f.Map
	case schema.ClassFloat:
		m.kind, m.bytes = leafFloat, 8
		if f.In == schema.Float {
			m.bytes = 4
		}
	case schema.ClassStruct:
		m.isSub, m.sub = true, merge(nil, f.Fields)
	case schema.ClassBytes:
		if n := int64(f.Length); f.In == schema.Binary && f.LengthField == schema.NoField && n > 0 && n <= maxFixed {
			m.kind, m.bytes, m.count = leafArray, 1, n
		}
	}
	return m
}

// numSize is the size that integers get: pointers are as wide as any.
func numSize(f *schema.Field) int64 {
	switch f.Class() {
	case schema.ClassInt, schema.ClassUint:
	default:
		return 0
	}
	if n := f.Size(8); n == 1 || n == 2 || n == 4 || n == 8 {
		return int64(n)
	}
	return 0
}

// finish places the members and makes the type.
func (l *layout) finish(set *ctype.Set, tag string) {
	strings := 0
	l.typ = l.build(set, tag, l.root, 0, &strings)
	l.size = l.typ.Bytes
	sort.SliceStable(l.leaves, func(i, j int) bool { return l.leaves[i].off < l.leaves[j].off })
	// The leaves have moved: members must lead to their new places.
	at := map[int64]int{}
	for i := range l.leaves {
		at[l.leaves[i].off] = i
	}
	l.relink(l.root, at, l.typ, 0)
}

func (l *layout) relink(list []*member, at map[int64]int, t *ctype.Type, base int64) {
	for _, m := range list {
		cm, ok := t.Member(m.name)
		switch {
		case !ok:
			m.leaf = -1
		case m.isSub:
			l.relink(m.sub, at, cm.Type, base+cm.Off)
		default:
			m.leaf = at[base+cm.Off]
		}
	}
}

func (l *layout) build(set *ctype.Set, tag string, list []*member, base int64, strings *int) *ctype.Type {
	t := &ctype.Type{Kind: ctype.Struct, Name: tag}
	var ms []ctype.Member
	off := int64(0)
	align := func(n int64) { off = (off + n - 1) / n * n }
	for _, m := range list {
		lf := leaf{kind: m.kind, size: m.bytes, elem: m.bytes}
		var typ *ctype.Type
		switch {
		case base+off > maxStruct-slotSize:
			continue
		case m.isSub:
			align(8)
			typ = l.build(set, "", m.sub, base+off, strings)
			ms = append(ms, ctype.Member{Name: m.name, Type: typ, Off: off})
			off += typ.Bytes
			continue
		case m.kind == leafText:
			if *strings++; *strings > maxStrings {
				continue
			}
			typ = set.String
			lf.size = slotSize
			align(64)
		case m.kind == leafFloat:
			if typ = set.Double; m.bytes == 4 {
				typ = set.Float
			}
			align(m.bytes)
		default:
			if typ = intType(set, m.bytes, m.signed); m.names != nil {
				typ = enumType(m)
			}
			align(m.bytes)
			if m.kind == leafArray {
				typ = ctype.ArrayOf(typ, m.count)
				lf.size *= m.count
			}
		}
		lf.off = base + off
		l.leaves = append(l.leaves, lf)
		ms = append(ms, ctype.Member{Name: m.name, Type: typ, Off: off})
		off += lf.size
	}
	align(8)
	t.Bytes = max(off, 8)
	t.SetMembers(ms)
	return t
}

// enumType makes the type of an integer whose values, or bits, have names.
func enumType(m *member) *ctype.Type {
	t := &ctype.Type{Kind: ctype.Enum, Name: ident(m.names.Name), Bytes: m.bytes, Signed: m.signed, Flags: m.names.Bits}
	var list []ctype.Enumerator
	for _, e := range m.names.Entries {
		list = append(list, ctype.Enumerator{Name: e.Text, Value: int64(e.Value)})
	}
	t.SetEnumerators(list)
	return t
}

func intType(set *ctype.Set, bytes int64, signed bool) *ctype.Type {
	switch bytes {
	case 1:
		if signed {
			return set.Int8
		}
		return set.Uint8
	case 2:
		if signed {
			return set.Int16
		}
		return set.Uint16
	case 4:
		if signed {
			return set.Int32
		}
		return set.Uint32
	}
	if signed {
		return set.Int64
	}
	return set.Uint64
}

// planOf leads from a schema that was added to the leaves.
func (l *layout) planOf(s *schema.Schema) []plan { return planFields(l.root, s.Fields) }

func planFields(list []*member, fields []schema.Field) []plan {
	ids := names(fields)
	out := make([]plan, len(fields))
	for i := range fields {
		out[i].leaf = -1
		for _, m := range list {
			if m.name != ids[i] {
				continue
			}
			if m.isSub {
				out[i].sub = planFields(m.sub, fields[i].Fields)
			} else {
				out[i].leaf = m.leaf
			}
		}
	}
	return out
}

// at returns the number of the leaf that holds an offset, -1 if none does.
func (l *layout) at(off int64) int {
	i := sort.Search(len(l.leaves), func(i int) bool { return l.leaves[i].off > off }) - 1
	if i >= 0 && off-l.leaves[i].off < l.leaves[i].size {
		return i
	}
	return -1
}

// put stores a value that is no text at the start of dst.
func (lf *leaf) put(dst []byte, v *schema.Value) {
	switch lf.kind {
	case leafInt:
		n, _ := v.Uint()
		putInt(dst, lf.size, n)
	case leafFloat:
		x, _ := v.Float()
		if lf.size == 4 {
			binary.LittleEndian.PutUint32(dst, math.Float32bits(float32(x)))
		} else {
			binary.LittleEndian.PutUint64(dst, math.Float64bits(x))
		}
	case leafArray:
		if lf.elem == 1 || !v.IsArray() {
			copy(dst[:lf.size], v.Data)
			return
		}
		for i := int64(0); (i+1)*lf.elem <= lf.size; i++ {
			e, ok := v.Elem(int(i))
			if !ok {
				return
			}
			n, _ := e.Uint()
			putInt(dst[i*lf.elem:], lf.elem, n)
		}
	}
}

func putInt(dst []byte, size int64, n uint64) {
	switch size {
	case 1:
		dst[0] = byte(n)
	case 2:
		binary.LittleEndian.PutUint16(dst, uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(dst, uint32(n))
	case 8:
		binary.LittleEndian.PutUint64(dst, n)
	}
}

// describe lists the members as they are declared in C.
func describe(dst []string, t *ctype.Type, indent string) []string {
	for _, m := range t.Members() {
		if m.Type.Is(ctype.Struct) {
			dst = append(dst, indent+"struct {")
			dst = describe(dst, m.Type, indent+"\t")
			dst = append(dst, indent+"} "+m.Name+";")
			continue
		}
		if m.Type.Kind == ctype.Array {
			dst = append(dst, indent+m.Type.Elem.String()+" "+m.Name+"["+strconv.FormatInt(m.Type.Len, 10)+"];")
			continue
		}
		dst = append(dst, indent+m.Type.String()+" "+m.Name+";")
	}
	return dst
}
