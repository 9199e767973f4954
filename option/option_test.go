package option

import (
	"errors"
	"sort"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, val string
		want      uint64
		err       error
	}{
		{"bufsize", "4m", 4 << 20, nil}, {"bufsize", "12x", 0, ErrValue}, {"bufsize", "", 0, ErrValue},
		{"bufsize", "9999999999t", 0, ErrValue}, {"switchrate", "10hz", 1e8, nil}, {"switchrate", "10", 1e8, nil},
		{"switchrate", "5sec", 5e9, nil}, {"switchrate", "2d", 2 * 86400e9, nil}, {"switchrate", "x", 0, ErrValue},
		{"quiet", "", 1, nil}, {"quiet", "off", 0, nil}, {"quiet", "maybe", 0, ErrValue}, {"nspec", "4", 4, nil},
		{"nspec", "-1", 0, ErrValue}, {"nosuch", "1", 0, ErrName}, {"bufpolicy", "ring", 0, nil}, {"bufpolicy", "x", 0, ErrValue},
		{"errtags", "", 1, nil}, {"errtags", "1", 0, ErrValue}, {"zdefs", "off", 0, ErrValue}, {"destructive", "1", 1, nil},
		{"define", "", 0, ErrValue}, {"define", "X=1", 0, nil}, {"libdir", "", 0, ErrValue}, {"cpp", "", 0, nil},
	} {
		var s Set
		err := s.Set(c.name, c.val)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s=%s: error %v, want %v", c.name, c.val, err, c.err)
			continue
		}
		if err == nil && s.Num(c.name) != c.want {
			t.Errorf("%s=%s: %d, want %d", c.name, c.val, s.Num(c.name), c.want)
		}
	}
}

func TestTable(t *testing.T) {
	if !sort.SliceIsSorted(table, func(i, j int) bool { return table[i].Name < table[j].Name }) {
		t.Error("table is not sorted")
	}
	var s Set
	for _, d := range table {
		if d.Kind != String {
			s.Num(d.Name) // panics if the default does not parse
		}
		if d.Help == "" {
			t.Errorf("%s has no help", d.Name)
		}
	}
	if s.Num("bufsize") != 4<<20 || s.Str("bufpolicy") != "switch" || !s.Flag("temporal") {
		t.Error("defaults")
	}
}

func FuzzSet(f *testing.F) {
	f.Add("bufsize", "4m")
	f.Fuzz(func(t *testing.T, n, v string) { var s Set; s.Set(n, v) })
}

// What comes too late in a program, or has another meaning there, is refused.
func TestSetInProgram(t *testing.T) {
	for _, c := range []struct {
		name, val string
		err       error
	}{
		{"define", "X", ErrContext}, {"incdir", "/tmp", ErrContext}, {"setenv", "A=b", ErrContext}, {"cpphdrs", "", ErrContext},
		{"cpp", "", nil}, {"cpp", "gcpp", ErrValue}, {"quiet", "", nil}, {"quiet", "5", nil}, {"nosuch", "", ErrName},
		{"strsize", "1", ErrValue}, {"strsize", "2m", ErrValue}, {"pgmax", "foo", nil}, {"pgmax", "-5", ErrValue}, {"iregs", "0", ErrValue},
	} {
		var s Set
		if err := s.SetInProgram(c.name, c.val); !errors.Is(err, c.err) {
			t.Errorf("%s=%s: got %v, want %v", c.name, c.val, err, c.err)
		}
	}
}
