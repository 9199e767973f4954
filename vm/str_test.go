package vm

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/ir"
)

const none = math.MinInt64 // an argument that is not given

func TestSubstr(t *testing.T) {
	for _, c := range []struct {
		s     string
		index int64
		n     int64
		want  string
	}{
		{"abcdef", 0, none, "abcdef"}, {"abcdef", 2, none, "cdef"}, {"abcdef", 5, none, "f"}, {"abcdef", 6, none, ""},
		{"abcdef", 7, none, ""}, {"abcdef", 2, 3, "cde"}, {"abcdef", 2, 99, "cdef"}, {"abcdef", 2, 0, ""},
		{"abcdef", -2, none, "ef"}, {"abcdef", -6, none, "abcdef"}, {"abcdef", -7, none, "abcdef"},
		{"abcdef", -4, 2, "cd"}, {"abcdef", -7, 2, "a"}, {"abcdef", -8, 2, ""}, {"abcdef", -9, 2, ""},
		{"abcdef", 1, -1, "bcde"}, {"abcdef", 1, -4, "b"}, {"abcdef", 1, -5, ""}, {"abcdef", 1, -9, ""},
		{"abcdef", -3, -1, "de"}, {"abcdef", -9, -1, ""}, {"", 0, none, ""}, {"", -1, 5, ""},
		{"abc", math.MaxInt64, 1, ""}, {"abc", math.MinInt64 + 1, math.MaxInt64, "abc"}, {"abc", 0, math.MinInt64 + 1, ""},
	} {
		n := c.n
		if n == none {
			n = math.MaxInt64
		}
		if got := string(substr([]byte(c.s), c.index, n)); got != c.want {
			t.Errorf("substr(%q, %d, %d) = %q, want %q", c.s, c.index, c.n, got, c.want)
		}
	}
}

func TestIndex(t *testing.T) {
	for _, c := range []struct {
		s, sub      string
		pos         int64
		index, last int64 // -2: not tested
	}{
		{"hello", "l", none, 2, 3}, {"hello", "lo", none, 3, 3}, {"hello", "x", none, -1, -1}, {"hello", "hello!", none, -1, -1},
		{"hello", "", none, 0, 5}, {"", "", none, 0, 0}, {"", "a", none, -1, -1},
		{"hello", "l", 3, 3, 3}, {"hello", "l", 4, -1, 3}, {"hello", "l", 2, 2, 2}, {"hello", "l", 1, 2, -1},
		{"hello", "l", -5, 2, -1}, {"hello", "l", 99, -1, 3}, {"hello", "", 3, 3, 3}, {"hello", "", 99, 5, 5}, {"hello", "", -1, 0, 0},
		{"hello", "hello", 0, 0, 0}, {"hello", "ll", 2, 2, 2}, {"aXXbXXc", "XX", 4, 4, 4}, {"aXXbXXc", "XX", 3, 4, 1},
		{"hello", "l", math.MaxInt64, -1, 3},
	} {
		p, q := c.pos, c.pos
		if c.pos == none {
			p, q = 0, math.MaxInt64
		}
		if got := strIndex([]byte(c.s), []byte(c.sub), p); got != c.index {
			t.Errorf("index(%q, %q, %d) = %d, want %d", c.s, c.sub, c.pos, got, c.index)
		}
		if got := strRIndex([]byte(c.s), []byte(c.sub), q); got != c.last {
			t.Errorf("rindex(%q, %q, %d) = %d, want %d", c.s, c.sub, c.pos, got, c.last)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ path, base, dir, clean string }{
		{"", ".", ".", ""}, {"/", "/", "/", "/"}, {"//", "/", "/", "/"}, {"///", "/", "/", "/"}, {"a", "a", ".", "a"},
		{"/a", "a", "/", "/a"}, {"//a", "a", "/", "/a"}, {"a/", "a", ".", "a/"}, {"/a/", "a", "/", "/a/"}, {"a/b", "b", "a", "a/b"},
		{"a//b", "b", "a", "a/b"}, {"/a/b/c", "c", "/a/b", "/a/b/c"}, {"/a/b//", "b", "/a", "/a/b/"}, {"/a//b//", "b", "/a", "/a/b/"},
		{".", ".", ".", "."}, {"..", "..", ".", ".."}, {"/.", ".", "/", "/."}, {"/..", "..", "/", "/"},
		{"/a/./b", "b", "/a/.", "/a/b"}, {"/a/../b", "b", "/a/..", "/b"}, {"/a/b/../../c", "c", "/a/b/../..", "/c"},
		{"/a/b/..", "..", "/a/b", "/a/"}, {"/a/b/.", ".", "/a/b", "/a/b/."}, {"/../a", "a", "/..", "/a"},
		{"/a/./", ".", "/a", "/a/"}, {"/./a", "a", "/.", "/a"}, {"/./../a", "a", "/./..", "/a"}, {"a/../b", "b", "a/..", "/b"},
		{"../b", "b", "..", "../b"}, {"/a/...", "...", "/a", "/a/..."}, {"/a/..b", "..b", "/a", "/a/..b"}, {"/a/.b/c", "c", "/a/.b", "/a/.b/c"},
		{"/foo/./bar//baz/../x", "x", "/foo/./bar//baz/..", "/foo/bar/x"},
	} {
		s := []byte(c.path)
		if got := string(basename(s)); got != c.base {
			t.Errorf("basename(%q) = %q, want %q", c.path, got, c.base)
		}
		if got := string(dirname(s)); got != c.dir {
			t.Errorf("dirname(%q) = %q, want %q", c.path, got, c.dir)
		}
		if got := string(cleanpath(nil, s)); got != c.clean {
			t.Errorf("cleanpath(%q) = %q, want %q", c.path, got, c.clean)
		}
	}
}

func TestStrToLL(t *testing.T) {
	for _, c := range []struct {
		s    string
		base int64
		want int64
	}{
		{"123", 10, 123}, {"-123", 10, -123}, {"+5", 10, 5}, {" \t7x", 10, 7}, {"\n7", 10, 0}, {"", 10, 0}, {"-", 10, 0}, {"--1", 10, 0},
		{"0x1f", 16, 31}, {"0X1F", 16, 31}, {"1f", 16, 31}, {"0x", 16, 0}, {"0xg", 16, 0}, {"0x1f", 10, 0}, {"-0xff", 16, -255},
		{"777", 8, 511}, {"8", 8, 0}, {"101", 2, 5}, {"zZ", 36, 35*36 + 35}, {"9223372036854775807", 10, math.MaxInt64},
		{"9223372036854775808", 10, math.MinInt64}, {"18446744073709551615", 10, -1},
	} {
		if got := strToLL([]byte(c.s), c.base); got != c.want {
			t.Errorf("strtoll(%q, %d) = %d, want %d", c.s, c.base, got, c.want)
		}
	}
}

func TestLLToStr(t *testing.T) {
	for _, c := range []struct {
		v    int64
		base int64
		want string
	}{
		{0, 10, "0"}, {7, 10, "7"}, {-7, 10, "-7"}, {math.MinInt64, 10, "-9223372036854775808"}, {math.MaxInt64, 10, "9223372036854775807"},
		{0, 16, "0x0"}, {255, 16, "0xff"}, {-1, 16, "0xffffffffffffffff"}, {0, 8, "0"}, {8, 8, "010"}, {-1, 8, "01777777777777777777777"},
		{0, 2, "0"}, {5, 2, "101"}, {-1, 2, strings.Repeat("1", 64)}, {35, 36, "z"}, {36, 36, "10"},
	} {
		if got := string(appendLL(nil, c.v, c.base)); got != c.want {
			t.Errorf("lltostr(%d, %d) = %q, want %q", c.v, c.base, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for h, want := range map[string]string{
		"00000000000000000000000000000000": "::",
		"00000000000000000000000000000001": "::1",
		"fe80000000000000020c29fffe0b76c8": "fe80::20c:29ff:fe0b:76c8",
		"20010db8000000000001000000000001": "2001:db8::1:0:0:1",
		"20010000000000010000000000000001": "2001:0:0:1::1",
		"00010000000200030004000500060007": "1::2:3:4:5:6:7",
		"00010002000300040005000600070000": "1:2:3:4:5:6:7::",
		"00000002000300040005000600070008": "::2:3:4:5:6:7:8",
		"00000000000000000000ffffc0a8012a": "::ffff:192.168.1.42",
		"000000000000000000000000c0a8012a": "::192.168.1.42",
		"00000000000000000000000000000102": "::0.0.1.2",
		"0123456789abcdef0123456789abcdef": "123:4567:89ab:cdef:123:4567:89ab:cdef",
		"ff020000000000000000000000000000": "ff02::",
	} {
		a, _ := hex.DecodeString(h)
		if got := string(appendIPv6(nil, a)); got != want {
			t.Errorf("inet_ntop(%s) = %q, want %q", h, got, want)
		}
	}
	if got := string(appendIPv4(nil, []byte{10, 0, 200, 255})); got != "10.0.200.255" {
		t.Errorf("IPv4: %q", got)
	}
	if got := string(appendLink(nil, []byte{0, 0x1a, 0xff})); got != "00:1a:ff" {
		t.Errorf("hardware address: %q", got)
	}
}

func TestJSON(t *testing.T) {
	const doc = ` { "a": 1, "b": { "c": [10, "x\"y", {"d": true}, [1,2]], "e": null }, "s": "text", "neg": -1.5e3, "a": 2, "emp": "" , "o": {} }`
	for _, c := range []struct{ doc, path, want string }{
		{doc, "a", "1"}, {doc, "b.c[0]", "10"}, {doc, "b.c[1]", `x\"y`}, {doc, "b.c[2].d", "true"}, {doc, "b.c[3][1]", "2"},
		{doc, "b.e", "null"}, {doc, "s", "text"}, {doc, "neg", "-1.5e3"}, {doc, "emp", ""}, {doc, "b.c[4]", "NULL"}, {doc, "x", "NULL"},
		{doc, "b", "NULL"}, {doc, "b.c", "NULL"}, {doc, "o", "NULL"}, {doc, "o.x", "NULL"}, {doc, "a.x", "NULL"}, {doc, "s[0]", "NULL"},
		{doc, "b.c.x", "NULL"}, {doc, "", "NULL"}, {doc, ".", "NULL"}, {`[1,2,3]`, "[2]", "3"}, {`[[1],[2,[3]]]`, "[1][1][0]", "3"},
		{`[]`, "[0]", "NULL"}, {`{"a":}`, "a", "NULL"}, {`{"a"`, "a", "NULL"}, {`{"a":"x`, "a", "NULL"}, {`{"a":{"b":1`, "a.b", "1"},
		{`{a:1}`, "a", "NULL"}, {`"a"`, "a", "NULL"}, {`{"a":{"}":1},"b":2}`, "b", "2"}, {`{"k":[{"a":"]"}],"b":2}`, "b", "2"}, {``, "a", "NULL"},
		{`{"a":1 "b":2}`, "b", "NULL"}, {`{"a":"x","b":"y"}`, "b", "y"}, {`[1]`, "[99999999999999999999]", "NULL"},
	} {
		got := "NULL"
		if v := jsonLookup([]byte(c.doc), []byte(c.path)); v != nil {
			got = string(v)
		}
		if got != c.want {
			t.Errorf("json(%s, %q) = %q, want %q", c.doc, c.path, got, c.want)
		}
	}
}

func TestStrTok(t *testing.T) {
	const prog = `
const %q
clause "t" frame=32
  strtok frame[0:16], %s, const[%d:%d]
  ret
clause "u" frame=32
  strtok frame[0:16], -, const[%d:%d]
  ret
`
	for _, c := range []struct {
		s, del string
		want   []string
	}{
		{"a,b,,c", ",", []string{"a", "b", "c", "NULL", "NULL"}}, {",,a", ",", []string{"a", "NULL"}}, {"", ",", []string{"NULL", "NULL"}},
		{",,,", ",", []string{"NULL"}}, {"one two/three", " /", []string{"one", "two", "three", "NULL"}}, {"abc", "", []string{"abc", "NULL"}},
	} {
		n, end := len(c.s)+1, len(c.s)+1+len(c.del)+1
		first := fmt.Sprintf("const[0:%d]", n)
		r := newRig(t, fmt.Sprintf(prog, c.s+"\x00"+c.del+"\x00", first, n, end, n, end))
		for i, want := range c.want {
			if res := r.m.Run(min(i, 1)); res.Trapped {
				t.Fatal(*res)
			}
			dst := r.m.space[ir.Frame][:16]
			got := string(text(dst))
			if isNull(dst) {
				got = "NULL"
			}
			if got != want {
				t.Errorf("token %d of strtok(%q, %q) = %q, want %q", i, c.s, c.del, got, want)
			}
		}
		r.m.Begin(r.f) // a new firing has no string
		r.m.Run(1)
		if !isNull(r.m.space[ir.Frame]) {
			t.Errorf("strtok goes on in the next firing")
		}
	}
}

// TestStringOps runs each string operation as an instruction.
func TestStringOps(t *testing.T) {
	const head = `
const "hello\x00world\x00\x00\x00Hi, You\x00{\"a\":[1]}\x00a[0]\x00-0x1F\x00"
clause "t" frame=64
`
	const hello, world, empty, mixed = "const[0:6]", "const[6:12]", "const[12:14]", "const[14:22]"
	const doc, path, hexa = "const[22:32]", "const[32:37]", "const[37:43]"
	const dst = "frame[0:16]"
	for _, c := range []struct{ code, want string }{
		{"strcopy " + dst + ", " + hello, "hello"},
		{"strcopy frame[0:3], " + hello, "he"},
		{"strcopy frame[0:2], " + hello, "h"},
		{"strjoin " + dst + ", " + hello + ", " + world, "helloworld"},
		{"strjoin frame[0:8], " + hello + ", " + world, "hellowo"},
		{"strjoin frame[0:4], " + hello + ", " + world, "hel"},
		{"strjoin " + dst + ", " + empty + ", " + empty, ""},
		{"movi r1, 1\n movi r2, 3\n substr " + dst + ", " + hello + ", r1, r2", "ell"},
		{"movi r1, -2\n substr " + dst + ", " + hello + ", r1, -", "lo"},
		{"movi r1, 108\n strchr " + dst + ", " + hello + ", r1", "llo"},
		{"movi r1, 108\n strrchr " + dst + ", " + hello + ", r1", "lo"},
		{"movi r1, 0\n strchr " + dst + ", " + hello + ", r1", ""},
		{"movi r1, 0\n strrchr " + dst + ", " + hello + ", r1", ""},
		{"movi r1, 0x16c\n strchr " + dst + ", " + hello + ", r1", "llo"}, // the low byte counts
		{"movi r1, 120\n strchr " + dst + ", " + hello + ", r1", "NULL"},
		{"movi r1, 120\n strrchr " + dst + ", " + hello + ", r1", "NULL"},
		{"strstr " + dst + ", " + hello + ", " + world, "NULL"},
		{"strstr " + dst + ", " + hello + ", " + empty, "hello"},
		{"basename " + dst + ", " + empty, "."},
		{"dirname " + dst + ", " + hello, "."},
		{"cleanpath " + dst + ", " + hello, "hello"},
		{"toupper " + dst + ", " + mixed, "HI, YOU"},
		{"tolower " + dst + ", " + mixed, "hi, you"},
		{"movi r1, -255\n lltostr " + dst + ", r1, 10", "-255"},
		{"movi r1, 255\n movi r2, 16\n lltostr " + dst + ", r1, r2", "0xff"},
		{"movi r1, 255\n lltostr " + dst + ", r1, 37", ""},
		{"movi r1, 255\n lltostr frame[0:4], r1, 2", "111"},
		{"json " + dst + ", " + doc + ", " + path, "1"},
		{"json " + dst + ", " + doc + ", " + hello, "NULL"},
		{"movi r1, 2\n movi r2, 0x1010\n inetntop " + dst + ", r1, r2", "192.168.1.42"},
		{"movi r1, 10\n movi r2, 0x1000\n inetntop frame[0:48], r1, r2", "102:304:506:708:90a:b0c:d0e:f10"},
		{"movi r2, 0x1010\n inetntoa " + dst + ", r2", "192.168.1.42"},
		{"movi r1, 1\n movi r2, 0x1000\n linkntop frame[0:24], r1, r2", "01:02:03:04:05:06"},
		{"movi r1, 0x5000\n dpath " + dst + ", r1", "/etc/motd"},
		{"mknull " + dst, "NULL"},
		{"mknull frame[16:32]\n strcopy " + dst + ", frame[16:32]", "NULL"},
		{"mknull frame[16:32]\n strjoin " + dst + ", frame[16:32], frame[16:32]", ""},
		// An empty string written over NULL is not NULL.
		{"mknull " + dst + "\n strcopy " + dst + ", " + empty, ""},
		{"mknull " + dst + "\n movi r1, 9\n substr " + dst + ", " + hello + ", r1, -", ""},
		{"mknull " + dst + "\n movi r1, 0x20ff\n stru " + dst + ", r1, -", ""},
	} {
		r := newRig(t, head+c.code+"\nret")
		r.m.Run(0)
		if r.m.res.Trapped {
			t.Errorf("%q: %+v", c.code, r.m.res)
			continue
		}
		b := r.m.space[ir.Frame]
		got := string(text(b))
		if isNull(b) {
			got = "NULL"
		}
		if got != c.want {
			t.Errorf("%q = %q, want %q", c.code, got, c.want)
		}
	}
	for _, c := range []struct {
		code string
		want int64
	}{
		{"strlen r0, " + hello, 5}, {"strlen r0, " + empty, 0}, {"mknull frame[0:16]\n strlen r0, frame[0:16]", 0},
		{"strcmp r0, " + hello + ", " + world, -1}, {"strcmp r0, " + world + ", " + hello, 1}, {"strcmp r0, " + hello + ", " + hello, 0},
		{"mknull frame[0:16]\n strcmp r0, frame[0:16], " + empty, 0}, {"mknull frame[0:16]\n isnull r0, frame[0:16]", 1},
		{"isnull r0, " + empty, 0}, {"isnull r0, " + hello, 0},
		{"movi r1, 1\n stridx r0, " + hello + ", r1", 'e'},
		{"mknull frame[0:16]\n movi r1, 1\n stridx r0, frame[0:16], r1", 0},
		{"strindex r0, " + hello + ", " + hello + ", -", 0}, {"movi r1, 1\n strindex r0, " + hello + ", " + hello + ", r1", -1},
		{"strrindex r0, " + hello + ", " + empty + ", -", 5}, {"movi r1, 2\n strrindex r0, " + hello + ", " + empty + ", r1", 2},
		{"strtoll r0, " + hexa + ", 16", -31}, {"strtoll r0, " + hexa + ", 10", 0}, {"strtoll r0, " + hexa + ", 1", 0},
	} {
		r := newRig(t, head+c.code+"\nret")
		if got := int64(r.reg(t)); got != c.want {
			t.Errorf("%q = %d, want %d", c.code, got, c.want)
		}
	}
}

func TestStrCmp(t *testing.T) {
	for _, c := range []struct {
		a, b string // memory, not text
		want int
	}{
		{"abc\x00", "abc\x00xyz", 0}, {"abc\x00zz", "abcd\x00", -1}, {"\xff\x00", "a\x00", 1}, {"\x00\xff", "\x00\x00", 0},
		{"abc", "abx", 0}, // no NUL: two bytes of text each
		{"ab\x00", "abx", 0}, {"abc", "abcd\x00", -1}, {"abcd\x00", "abz", 1}, {"a\x00", "b\x00", -1},
	} {
		if got := strCmp([]byte(c.a), []byte(c.b)); got != c.want {
			t.Errorf("strCmp(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := bytes.Compare(text([]byte(c.a)), text([]byte(c.b))); got != c.want {
			t.Errorf("the texts of %q and %q compare as %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// FuzzStrings holds the subroutines against what must be true of any of them.
func FuzzStrings(f *testing.F) {
	f.Add([]byte("/a/../b"), []byte("b"), int64(-3), int64(7))
	f.Add([]byte(`{"a":[1,{"b":"x"}]}`), []byte("a[1].b"), int64(1), int64(2))
	f.Fuzz(func(t *testing.T, s, u []byte, i, n int64) {
		if k := bytes.IndexByte(s, 0); k >= 0 {
			s = s[:k]
		}
		if !bytes.Contains(s, substr(s, i, n)) {
			t.Errorf("substr(%q, %d, %d) is not in it", s, i, n)
		}
		if k := strIndex(s, u, i); k >= 0 && !bytes.HasPrefix(s[k:], u) {
			t.Errorf("index(%q, %q, %d) = %d", s, u, i, k)
		}
		if k := strRIndex(s, u, i); k >= 0 && !bytes.HasPrefix(s[k:], u) {
			t.Errorf("rindex(%q, %q, %d) = %d", s, u, i, k)
		}
		if c := cleanpath(nil, s); len(c) > len(s) || bytes.Contains(c, []byte("//")) {
			t.Errorf("cleanpath(%q) = %q", s, c)
		}
		if b := basename(s); len(b) > 1 && bytes.IndexByte(b, '/') >= 0 || len(b) == 0 {
			t.Errorf("basename(%q) = %q", s, b)
		}
		if v := jsonLookup(s, u); v != nil && !bytes.Contains(s, v) {
			t.Errorf("json(%q, %q) = %q", s, u, v)
		}
		for base := int64(2); base <= 36; base++ {
			if base != 8 && base != 10 { // octal's 0 reads back; 10 is signed
				if got := strToLL(appendLL(nil, i, base), base); got != i {
					t.Errorf("strtoll(lltostr(%d, %d)) = %d", i, base, got)
				}
			}
		}
		b := make([]byte, 1+len(s)/2)
		put(b, s)
		if !bytes.HasPrefix(s, text(b)) || isNull(b) {
			t.Errorf("put(%q) gave %q", s, b)
		}
	})
}
