package btf

import (
	"encoding/binary"
	"testing"

	"github.com/godtrace/godtrace/ctype"
)

// build assembles BTF from words of types and a string section.
func build(strs string, words ...uint32) []byte {
	b := make([]byte, headerSize)
	le := binary.LittleEndian
	le.PutUint16(b, magic)
	b[2] = 1
	le.PutUint32(b[4:], headerSize)
	le.PutUint32(b[12:], uint32(4*len(words)))
	le.PutUint32(b[16:], uint32(4*len(words)))
	le.PutUint32(b[20:], uint32(len(strs)))
	for _, w := range words {
		b = le.AppendUint32(b, w)
	}
	return append(b, strs...)
}

func kindOf(k Kind, vlen int, flag bool) uint32 {
	v := uint32(k)<<24 | uint32(vlen)
	if flag {
		v |= 1 << 31
	}
	return v
}

// sample: 1 int; 2 struct s { int a:3; int b:7; struct s *next; }; 3 ptr to s;
// 4 enum e { neg = -1 }; 5 ptr to tag user to int; 6 tag.
func sample() []byte {
	return build("\x00int\x00s\x00a\x00b\x00next\x00e\x00neg\x00user\x00",
		1, kindOf(KindInt, 0, false), 4, 1<<24|32,
		5, kindOf(KindStruct, 3, true), 16,
		7, 1, 3<<24,
		9, 1, 7<<24|3,
		11, 3, 64,
		0, kindOf(KindPtr, 0, false), 2,
		16, kindOf(KindEnum, 1, true), 4, 18, 0xffffffff,
		0, kindOf(KindPtr, 0, false), 6,
		22, kindOf(KindTypeTag, 0, false), 1,
	)
}

func TestParse(t *testing.T) {
	s, err := Parse(sample(), "m", nil)
	if err != nil {
		t.Fatal(err)
	}
	id, ok := s.Find(KindStruct, "s")
	if !ok || id != 2 {
		t.Fatalf("struct s is type %d %v, want 2", id, ok)
	}
	st := s.Type(id)
	b, ok := st.Member("b")
	if !ok || b.Bits != 7 || b.Shift != 3 || b.Off != 0 {
		t.Errorf("s.b = %+v, want 7 bits from bit 3", b)
	}
	next, _ := st.Member("next")
	if next.Off != 8 || !ctype.Equal(next.Type.Elem, st) {
		t.Errorf("s.next = %+v", next)
	}
	if v, et, ok := s.Enumerator("neg"); !ok || v != -1 || !et.Signed {
		t.Errorf("neg = %d %v %v, want -1", v, et, ok)
	}
	if p := s.Type(5); p.Space != ctype.User || p.Elem.String() != "int" {
		t.Errorf("type 5 is %v in space %d, want a user pointer", p, p.Space)
	}
	mod, err := Parse(build("\x00own\x00", 32-4, kindOf(KindTypedef, 0, false), 2), "mod", s)
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := mod.Find(KindTypedef, "own"); !ok || id != 7 || mod.Type(id).Elem != st {
		t.Errorf("module typedef own: id %d %v", id, ok)
	}
}

func TestParseRefuses(t *testing.T) {
	good := sample()
	for name, data := range map[string][]byte{
		"empty":     nil,
		"magic":     append([]byte{1, 2}, good[2:]...),
		"truncated": good[:len(good)-1],
		"bad kind":  build("\x00", 0, kindOf(31, 0, false), 0),
		"short":     build("\x00", 0, kindOf(KindStruct, 3, false), 0),
	} {
		if _, err := Parse(data, name, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample())
	f.Add(build("\x00", 0, kindOf(KindTypedef, 0, false), 1, 0, kindOf(KindConst, 0, false), 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data, "f", nil)
		if err != nil {
			return
		}
		for i := range min(s.Len(), 200) {
			ty := s.Type(s.First() + ID(i))
			for _, m := range ty.Members() {
				_ = m.Type.String()
			}
			ty.Enumerators()
			_ = ty.String()
			s.Find(ty2kind(ty), ty.Name)
		}
		s.Enumerator("x")
	})
}

func ty2kind(t *ctype.Type) Kind {
	if t.Kind == ctype.Struct {
		return KindStruct
	}
	return KindTypedef
}
