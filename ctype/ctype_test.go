package ctype

import "testing"

func TestLayout(t *testing.T) {
	s := NewSet(LP64)
	st := LP64.Layout(Struct, "s", []Member{
		{Name: "c", Type: s.Char}, {Name: "l", Type: s.Long}, {Name: "h", Type: s.Short},
		{Name: "b1", Type: s.Int, Bits: 3}, {Name: "b2", Type: s.Int, Bits: 30},
	})
	want := map[string][3]int64{"c": {0, 0, 0}, "l": {8, 0, 0}, "h": {16, 0, 0}, "b1": {16, 3, 16}, "b2": {20, 30, 0}}
	for n, w := range want {
		m, ok := st.Member(n)
		if !ok || m.Off != w[0] || int64(m.Bits) != w[1] || int64(m.Shift) != w[2] {
			t.Errorf("member %s = %+v, want off, bits, shift %v", n, m, w)
		}
	}
	if st.Bytes != 24 {
		t.Errorf("size %d, want 24", st.Bytes)
	}
	un := LP64.Layout(Union, "u", []Member{{Name: "a", Type: s.Char}, {Type: st}})
	if m, ok := un.Member("l"); !ok || m.Off != 8 || un.Bytes != 24 {
		t.Errorf("anonymous member: %+v %v, union size %d", m, ok, un.Bytes)
	}
}

func TestString(t *testing.T) {
	s := NewSet(LP64)
	task := &Type{Kind: Struct, Name: "task_struct"}
	for want, have := range map[string]*Type{
		"int":                  s.Int,
		"struct task_struct *": PtrTo(task),
		"char [16]":            ArrayOf(s.Char, 16),
		"int (*)(void)":        PtrTo(&Type{Kind: Func, Elem: s.Int}),
		"int [2][3]":           ArrayOf(ArrayOf(s.Int, 3), 2),
		"uint64_t **":          PtrTo(PtrTo(s.Uint64)),
		"char *(*)(int, ...)":  PtrTo(&Type{Kind: Func, Elem: s.CharPtr, Params: []Param{{Type: s.Int}}, Variadic: true}),
	} {
		if got := have.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestModels(t *testing.T) {
	for _, c := range []struct {
		m          Model
		long, size int64
	}{{LP64, 8, 8}, {LLP64, 4, 8}, {ILP32, 4, 4}} {
		s := NewSet(c.m)
		if g := c.m.Size(s.Long); g != c.long {
			t.Errorf("%s: long %d", c.m.Name, g)
		}
		if g := c.m.Size(s.Lookup("size_t")); g != c.size {
			t.Errorf("%s: size_t %d", c.m.Name, g)
		}
		if g := c.m.Size(s.Int64); g != 8 {
			t.Errorf("%s: int64_t %d", c.m.Name, g)
		}
	}
}
