package probe

import "testing"

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		p, s string
		want bool
	}{
		{"", "anything", true}, {"read", "read", true}, {"read", "pread", false}, {"*read*", "pread64", true},
		{"r?ad", "read", true}, {"r[a-f]ad", "read", true}, {"r[!a-f]ad", "read", false}, {"[", "[", true},
		{"a\\*b", "a*b", true}, {"a\\*b", "axb", false}, {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
		{"x[]]y", "x]y", true}, {"tick-[1-5]s*", "tick-1sec", true}, {"*", "", true}, {"?", "", false},
	} {
		if got := Glob(c.p, c.s); got != c.want {
			t.Errorf("Glob(%q, %q) = %v, want %v", c.p, c.s, got, c.want)
		}
	}
}

func TestParseDesc(t *testing.T) {
	for _, c := range []struct {
		s    string
		last Part
		want Desc
		ok   bool
	}{
		{"BEGIN", PartName, Desc{Name: "BEGIN"}, true},
		{"read:entry", PartName, Desc{Function: "read", Name: "entry"}, true},
		{"syscall::*read*:", PartName, Desc{Provider: "syscall", Function: "*read*"}, true},
		{"syscall", PartProvider, Desc{Provider: "syscall"}, true},
		{"m:f", PartFunction, Desc{Module: "m", Function: "f"}, true},
		{"a:b:c:d:e", PartName, Desc{}, false},
		{"a:b", PartProvider, Desc{}, false},
	} {
		d, ok := ParseDesc(c.s, c.last)
		if ok != c.ok || ok && d != c.want {
			t.Errorf("ParseDesc(%q, %d) = %+v, %v; want %+v, %v", c.s, c.last, d, ok, c.want, c.ok)
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*[b-", "abc")
	f.Fuzz(func(t *testing.T, p, s string) {
		if Glob(p, s) && !IsGlob(p) && p != s {
			t.Errorf("plain %q matches %q", p, s)
		}
		if !Glob("*"+p+"*", p) && !IsGlob(p) {
			t.Errorf("*%s* does not match %q", p, p)
		}
	})
}
