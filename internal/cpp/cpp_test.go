package cpp

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/syntax"
)

// files is a file system for tests.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// text runs the preprocessor and returns its output without line markers and
// empty lines.
func text(t *testing.T, cfg Config, src string) string {
	t.Helper()
	if cfg.ReadFile == nil {
		cfg.ReadFile = files{}.read
	}
	out, err := Process(&cfg, "t.d", []byte(src))
	if err != nil {
		var e *diag.Error
		if errors.As(err, &e) {
			t.Fatalf("%s\n%s", src, e.Detail(true))
		}
		t.Fatal(err)
	}
	var lines []string
	for _, l := range strings.Split(string(out), "\n") {
		if l != "" && !strings.HasPrefix(l, "# ") {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

func TestMacros(t *testing.T) {
	for _, tt := range []struct{ name, have, want string }{
		{"object", "#define A 1 + 2\nx = A;", "x = 1 + 2;"},
		{"empty", "#define A\nx = A y A;", "x = y;"},
		{"not within words or strings", "#define A 1\nAB \"A\" 'A' xA A", "AB \"A\" 'A' xA 1"},
		{"not within D macros", "#define target 1\n#define pid 2\n$target pid$target $$pid", "$target pid$target $$pid"},
		{"in descriptions", "#define PROV syscall\nPROV:::entry,tick-1s {}", "syscall:::entry,tick-1s {}"},
		{"scope", "#define jiffies 1\nvmlinux`x `y", "vmlinux`x `y"},
		{"function", "#define F(a, b) (a) + (b)\nF(1, g(2, 3))", "(1) + (g(2, 3))"},
		{"function without call", "#define F(a) 1\nF; F\n", "F; F"},
		{"function over lines", "#define F(a, b) a b\nF(1,\n  2) z", "1 2\n     z"},
		{"space before call", "#define F(a) [a]\nF (1) F\n(2)", "[1] [2]"},
		{"no parameters", "#define F() 7\nF() F( )", "7 7"},
		{"empty argument", "#define F(a) [a]\nF()", "[]"},
		{"object with parenthesis", "#define F (a)\nF", "(a)"},
		{"nested", "#define A B\n#define B C\n#define C 3\nA", "3"},
		{"self", "#define A A + B\n#define B A\nA B", "A + A A + B"},
		{"argument expanded first", "#define F(x) x + 1\n#define A 2\nF(F(A))", "2 + 1 + 1"},
		{"rescan", "#define F(x) x G\n#define G(y) <y>\nF(1)(2)", "1 <2>"},
		{"stringize", "#define S(x) #x\nS(a  +\t\"b\\n\" /* c */ 'd')", `"a + \"b\\n\" 'd'"`},
		{"stringize unexpanded", "#define A 1\n#define S(x) #x\n#define T(x) S(x)\nS(A) T(A)", `"A" "1"`},
		{"paste", "#define P(a, b) a ## b\nP(x, 1) P(, y) P(z, ) P(+, +) P(,)q", "x1 y z ++q"},
		{"paste unexpanded", "#define A 1\n#define P(a, b) a##b\nP(A, A)", "AA"},
		{"paste then expand", "#define AB 7\n#define P(a, b) a##b\nP(A, B)", "7"},
		{"paste in object", "#define A x##y\nA", "xy"},
		{"variadic", "#define V(f, ...) f(__VA_ARGS__)\nV(a, 1, 2) V(b) V(c,)", "a(1, 2) b() c()"},
		{"variadic named", "#define V(f, r...) f(r)\nV(a, 1, 2)", "a(1, 2)"},
		{"variadic comma", "#define V(f, ...) p(f, ## __VA_ARGS__)\nV(a) V(a, b, c)", "p(a) p(a, b, c)"},
		{"variadic string", "#define V(...) #__VA_ARGS__\nV(a, b)", `"a, b"`},
		{"no accidental tokens", "#define M -\n#define E\nx-M y; -E-z; M-1; M M", "x- - y; - -z; - -1; - -"},
		{"continued", "#define A 1 \\\n + 2\nA;\nb \\\n c", "1 + 2;\nb\n c"},
		{"continued word", "ab\\\ncd \"e\\\nf\"", "abcd\n   \"ef\""},
		{"undef", "#define A 1\n#undef A\n#undef B\nA", "A"},
		{"redefined equally", "#define A 1  +  2\n#define A 1 + 2\nA", "1 + 2"},
		{"comments", "a /* b */ c // d\ne/**/f", "a         c\ne    f"},
		{"comment over lines", "a /* b\n c */ d", "a\n      d"},
		{"quotes in comments", "/* don't */ a // \"\nb", "            a\nb"},
		{"lone quote", "it's \"x\n y\"", "it's \"x\n y\""},
		{"numbers", "#define e 1\n#define x 2\n1e+e 0xe+e 1.x .5e", "1e+e 0xe+1 1.x .5e"},
		{"pragma", "#define quiet 1\n#pragma D option quiet // no\n#pragma D option strsize=1k\nx", "#pragma D option quiet\n#pragma D option strsize=1k\nx"},
		{"interpreter line", "#!/usr/sbin/dtrace -Cs\n#define A 1\nA", "#!/usr/sbin/dtrace -Cs\n1"},
		{"ident", "#ident \"x\"\n#\ny", "#ident \"x\"\ny"},
		{"include level", "__INCLUDE_LEVEL__ __STDC__", "0 1"},
		{"counter", "__COUNTER__ __COUNTER__", "0 1"},
		{"file and line", "\n__FILE__ __LINE__\n#line 70 \"b.d\"\n__FILE__\n__LINE__", "\"t.d\" 2\n\"b.d\"\n71"},
		{"date", "__DATE__ __TIME__", `"Jan  2 2026" "03:04:05"`},
		{"line of call", "#define L __LINE__\n#define F(a) L a\nF(\n__LINE__)", "3 4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			if got := text(t, cfg, tt.have); got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.have, got, tt.want)
			}
		})
	}
}

func TestDefineOption(t *testing.T) {
	cfg := Config{Define: []string{"A", "B=2 + 3", "C=", "F(x,y)=x y", "G"}, Undef: []string{"G", "__STDC__"}}
	if got, want := text(t, cfg, "A B C F(4, 5) G __STDC__"), "1 2 + 3 4 5 G __STDC__"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, d := range []string{"1x", "", "a=1\n2", "A B=3"} {
		_, err := Process(&Config{Define: []string{d}}, "t.d", nil)
		if d == "A B=3" { // as #define A B 3
			if err != nil {
				t.Errorf("%q: %v", d, err)
			}
		} else if err == nil {
			t.Errorf("definition %q is accepted", d)
		}
	}
}

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		have string
		want bool
	}{
		{"#if 1", true},
		{"#if 0", false},
		{"#ifdef A", true},
		{"#ifndef A", false},
		{"#ifdef X", false},
		{"#if defined A && defined(B) && !defined(X)", true},
		{"#if A == 3 && B == 1", true},
		{"#if X", false},
		{"#if X == 0", true},
		{"#if F(2) == 4", true},
		{"#if 1 + 2 * 3 == 7", true},
		{"#if (1 + 2) * 3 == 9", true},
		{"#if -1 < 0", true},
		{"#if -1 < 0u", false},
		{"#if -1 > 0u", true},
		{"#if 0xffffffffffffffff > 0", true},
		{"#if 1 ? 0 : 1", false},
		{"#if 0 ? 1 / 0 : 1", true},
		{"#if 1 || 1 / 0", true},
		{"#if 0 && 1 / 0", false},
		{"#if 1 ^^ 1", false},
		{"#if 7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1", true},
		{"#if 7u / 2 == 3", true},
		{"#if 1 << 4 == 16 && 256 >> 4 == 16 && -16 >> 2 == -4", true},
		{"#if (5 & 3) == 1 && (5 | 3) == 7 && (5 ^ 3) == 6 && ~0 == -1", true},
		{"#if 'a' == 97 && '\\n' == 10 && '\\0' == 0 && '\\101' == 65 && 'ab' == 24930", true},
		{"#if 010 == 8 && 0x10 == 16 && 1UL == 1", true},
		{"#if !0 && +1 && 2 >= 2 && 1 <= 2 && 1 != 2", true},
		{"#if (1, 0)", false},
		{"#if __has_include(\"h.h\")", true},
		{"#if __has_include(<h.h>) || __has_include(\"nope\")", false},
		{"#if defined __has_include", true},
		{"#ifdef __has_include", true},
		{"#if -9223372036854775807 - 1 == (-9223372036854775807 - 1) / -1", true},
	} {
		cfg := Config{Define: []string{"A=3", "B", "F(x)=x+x"}, ReadFile: files{"h.h": ""}.read}
		want := "no"
		if tt.want {
			want = "yes"
		}
		if got := text(t, cfg, tt.have+"\nyes\n#else\nno\n#endif\n"); got != want {
			t.Errorf("%s: got %q, want %q", tt.have, got, want)
		}
	}
}

func TestConditionNesting(t *testing.T) {
	src := `#if A == 1
one
#elif A == 2
two
# if B
two b
# else
two no b
# endif
#elif A == 3
three
#else
#  if 1
other
#  elif 1 / 0
never
#  endif
#endif
end`
	for _, tt := range []struct {
		def  []string
		want string
	}{
		{[]string{"A=1"}, "one\nend"},
		{[]string{"A=2"}, "two\ntwo no b\nend"},
		{[]string{"A=2", "B"}, "two\ntwo b\nend"},
		{[]string{"A=3"}, "three\nend"},
		{nil, "other\nend"},
	} {
		if got := text(t, Config{Define: tt.def}, src); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.def, got, tt.want)
		}
	}
	if got := text(t, Config{}, "#if 0\n#error x\n#if 1\n' \" #else junk\n#endif\n#bogus\n#elifndef A\nb\n#endif"); got != "b" {
		t.Errorf("got %q, want %q", got, "b")
	}
}

func TestInclude(t *testing.T) {
	fsys := files{
		"inc/a.h":   "#ifndef A_H\n#define A_H\nint a;\n#include \"b.h\"\n#endif\n",
		"inc/b.h":   "int b;\n",
		"sys/b.h":   "int sysb;\n#include_next <c.h>\n",
		"sys/c.h":   "int sysc;\n",
		"sys2/c.h":  "int sys2c;\n",
		"inc/o.h":   "#pragma once\nint once;\n",
		"local.h":   "int local;\n",
		"loop.h":    "#include \"loop.h\"\n",
		"half.h":    "#if 1\n",
		"noeol.h":   "int noeol;",
		"/abs/x.h":  "int abs;\n",
		"macros.h":  "#define NAME <b.h>\n",
		"badcall.h": "F(1",
	}
	type inc struct {
		name  string
		depth int
	}
	var seen []inc
	cfg := Config{
		Include: []string{"inc"}, System: []string{"sys", "sys2"}, ReadFile: fsys.read,
		Included: func(name string, depth int) { seen = append(seen, inc{name, depth}) },
	}
	for _, tt := range []struct{ have, want string }{
		{"#include \"a.h\"\n#include <a.h>\nx", "int a;\nint b;\nx"},
		{"#include \"local.h\"\n", "int local;"},
		{"#include \"o.h\"\n#include \"o.h\"\nx", "int once;\nx"},
		{"#include \"noeol.h\"\nx", "int noeol;\nx"},
		{"#include \"/abs/x.h\"\nx", "int abs;\nx"},
		{"#include \"macros.h\"\n#include NAME\nx", "int b;\nx"},
	} {
		if got := text(t, cfg, tt.have); got != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.have, got, tt.want)
		}
	}
	seen = nil
	text(t, cfg, "#include <a.h>\n#include <a.h>\n")
	if want := []inc{{"inc/a.h", 1}, {"inc/b.h", 2}, {"inc/a.h", 1}}; !slices.Equal(seen, want) {
		t.Errorf("got files %v, want %v", seen, want)
	}
	cfg.Include = nil
	if got, want := text(t, cfg, "#include <b.h>\n"), "int sysb;\nint sys2c;"; got != want {
		// sys/b.h includes the c.h behind sys.
		t.Errorf("got %q, want %q", got, want)
	}
	for _, tt := range []struct{ have, want string }{
		{"#include \"nope.h\"", `t.d:1:2: #include "nope.h": no such file (searched sys, sys2)`},
		{"#include <local.h>", `t.d:1:2: #include "local.h": no such file (searched sys, sys2)`},
		{"\n#include \"loop.h\"", "loop.h:1:2: #include nested too deeply: at most 200 levels are allowed"},
		{"#include \"half.h\"", "half.h:1:2: #if without #endif"},
		{"#define F(x) x\n#include \"badcall.h\"\n)", "badcall.h:1:1: arguments of macro F are not closed: end of input before )"},
		{"#include", "t.d:1:2: #include: want \"file\" or <file>"},
		{"#include foo", "t.d:1:2: #include: want \"file\" or <file>, found \"foo\""},
		{"#include \"local.h\" x", "t.d:1:20: #include: nothing may follow, found \"x\""},
	} {
		_, err := Process(&cfg, "t.d", []byte(tt.have))
		var e *diag.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an error", tt.have, err)
			continue
		}
		if got, _, _ := strings.Cut(e.Detail(false), "\n"); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.have, got, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		have string
		code diag.Code
	}{
		{"#error no\n", diag.D_PRAGERR},
		{"#foo\n", diag.D_PRAGCTL_INVAL},
		{"#line x\n", diag.D_PRAGMA_MALFORM},
		{"#line\n", diag.D_PRAGMA_MALFORM},
		{"#line 1 x\n", diag.D_PRAGMA_MALFORM},
		{"#define\n", diag.D_SYNTAX},
		{"#define 1\n", diag.D_SYNTAX},
		{"#define defined\n", diag.D_SYNTAX},
		{"#define F(a\n", diag.D_SYNTAX},
		{"#define F(a,a) 1\n", diag.D_SYNTAX},
		{"#define F(a b) 1\n", diag.D_SYNTAX},
		{"#define F(...,a) 1\n", diag.D_SYNTAX},
		{"#define F(a) #b\n", diag.D_SYNTAX},
		{"#define A ## b\n", diag.D_SYNTAX},
		{"#define A b ##\n", diag.D_SYNTAX},
		{"#define A 1\n#define A 2\n", diag.D_SYNTAX},
		{"#define __LINE__ 2\n", diag.D_SYNTAX},
		{"#define P(a,b) a##b\nP(+,1)\n", diag.D_SYNTAX},
		{"#define P(a,b) a##b\nP(/,*)\n", diag.D_SYNTAX},
		{"#define F(a) a\nF(1, 2)\n", diag.D_SYNTAX},
		{"#define F(a, b) a\nF(1)\n", diag.D_SYNTAX},
		{"#define F(a) a\nF(1\n", diag.D_SYNTAX},
		{"#define F(a) a\nF(\n#if 1\n)\n", diag.D_SYNTAX},
		{"#undef\n", diag.D_SYNTAX},
		{"#undef A B\n", diag.D_SYNTAX},
		{"#if\n#endif\n", diag.D_SYNTAX},
		{"#if 1\n", diag.D_SYNTAX},
		{"#if 0\n", diag.D_SYNTAX},
		{"#if 1 +\n#endif\n", diag.D_SYNTAX},
		{"#if 1 2\n#endif\n", diag.D_SYNTAX},
		{"#if (1\n#endif\n", diag.D_SYNTAX},
		{"#if 1 / 0\n#endif\n", diag.D_SYNTAX},
		{"#if 1 % 0\n#endif\n", diag.D_SYNTAX},
		{"#if 1 ? 2\n#endif\n", diag.D_SYNTAX},
		{"#if \"x\"\n#endif\n", diag.D_SYNTAX},
		{"#if 1.5\n#endif\n", diag.D_SYNTAX},
		{"#if 1_0\n#endif\n", diag.D_SYNTAX},
		{"#if ''\n#endif\n", diag.D_SYNTAX},
		{"#if defined\n#endif\n", diag.D_SYNTAX},
		{"#if defined(A\n#endif\n", diag.D_SYNTAX},
		{"#ifdef\n#endif\n", diag.D_SYNTAX},
		{"#ifdef 1\n#endif\n", diag.D_SYNTAX},
		{"#else\n", diag.D_SYNTAX},
		{"#endif\n", diag.D_SYNTAX},
		{"#elif 1\n", diag.D_SYNTAX},
		{"#if 1\n#else\n#else\n#endif\n", diag.D_SYNTAX},
		{"#if 0\n#else\n#elif 1\n#endif\n", diag.D_SYNTAX},
		{"/* x\n", diag.D_SYNTAX},
	} {
		out, err := Process(&Config{ReadFile: files{}.read}, "t.d", []byte(tt.have))
		if got := diag.CodeOf(err); got != tt.code {
			t.Errorf("%q: got %q, %v, want %s", tt.have, out, err, tt.code)
		}
	}
	var warned string
	text(t, Config{Warning: func(pos diag.Pos, msg string) { warned = pos.String() + " " + msg }}, "\n#warning be  careful\n")
	if want := "t.d:2:2 be  careful"; warned != want {
		t.Errorf("got warning %q, want %q", warned, want)
	}
}

// An error in D text points into the file and column that the user wrote,
// whatever was included and expanded before.
func TestPositionsForD(t *testing.T) {
	fsys := files{
		"a.h": "/* a\n header */\n#define MAX 10\n\n\nint ok;\n",
		"b.h": "\n\n\n\n\n\n\n\n\n\n\n\nint y\n",
	}
	for _, tt := range []struct{ src, want string }{
		{"#!/usr/sbin/dtrace -s\n#include \"a.h\"\nBEGIN\n{\n\tx = MAX; /* c */ y = '';\n}\n", "t.d:5:22"},
		{"#include \"a.h\"\n\n\n\n\n\n\n\n\n\n\nBEGIN { x = 09; }\n", "t.d:12:14"},
		{"#include \"b.h\"\nint z;\n", "t.d:2:1"},
		{"#include \"b.h\"\n;BEGIN { '' }\n", "t.d:2:10"},
		{"#if 0\n\n#else\nBEGIN {\n#endif\n''; }\n", "t.d:6:1"},
		{"#define F(a) a\nBEGIN {\nF(1,\n2", "t.d:3:1"},
		{"#define F(a) a\nBEGIN {\n x = F(1 +\n 2 +\n 3); '' }", "t.d:5:6"},
	} {
		cfg := Config{ReadFile: fsys.read}
		out, err := Process(&cfg, "t.d", []byte(tt.src))
		if err == nil {
			_, err = syntax.Parse(&syntax.Config{File: "t.d"}, string(out))
		}
		var e *diag.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an error", tt.src, err)
			continue
		}
		if got := e.Pos.String(); got != tt.want {
			t.Errorf("%s\n got %s: %s\nwant %s\noutput:\n%s", tt.src, got, e.Msg, tt.want, out)
		}
	}
}

// Hostile text ends with an error or output within the limits, soon.
func TestHostile(t *testing.T) {
	double := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("#define m" + strings.Repeat("x", i+1) + " m" + strings.Repeat("x", i) + " m" + strings.Repeat("x", i) + "\n")
		}
		return b.String() + "m" + strings.Repeat("x", n)
	}
	rep := strings.Repeat
	const n = 30000
	for _, tt := range []struct{ name, src string }{
		{"doubling", double(60)},
		{"doubling arguments", "#define D(x) x x\n" + rep("D(", 60) + "1" + rep(")", 60)},
		{"nested calls", "#define F(x) x\n" + rep("F(", n) + rep(")", n)},
		{"parentheses in if", "#if " + rep("(", n)},
		{"unary in if", "#if " + rep("-", n) + "1"},
		{"conditionals in if", "#if " + rep("1?", n)},
		{"nested if", rep("#if 1\n", n)},
		{"nested skipped if", rep("#if 0\n", n)},
		{"pasting", "#define P(a,b) a##b\n#define Q(x) P(x,x)\n" + rep("Q(", 200) + "a" + rep(")", 200)},
		{"open call", "#define F(x) x\nF" + rep("(", n)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			_, err := Process(&Config{ReadFile: files{}.read}, "t.d", []byte(tt.src))
			var e *diag.Error
			if !errors.As(err, &e) {
				t.Errorf("got %v, want an error", err)
			}
			if d := time.Since(start); d > time.Minute {
				t.Errorf("takes %v", d)
			}
		})
	}
	// What is only long is no error.
	for _, src := range []string{rep("a\n", n), rep("#define A\n#undef A\n", n), rep("/**/", n), rep("\\\n", n), rep("'", n) + "\n", rep("\"\n", n)} {
		if _, err := Process(&Config{ReadFile: files{}.read}, "t.d", []byte(src)); err != nil {
			t.Errorf("%.10q: %v", src, err)
		}
	}
}

func FuzzProcess(f *testing.F) {
	for _, src := range []string{
		"#define A 1\n#define F(x, ...) #x x##__VA_ARGS__ A\nF(a, b) A\n",
		"#if defined(A) && (1 + 2 > 3u ? 'a' : -1)\n#elif __has_include(<x>)\n#else\n#endif\n",
		"#include \"x.h\"\n#line 3 \"y\"\n__LINE__ __FILE__ __COUNTER__\n#pragma once\n#pragma D option quiet\n",
		"/* a */ b // c\nd\\\ne \"f\" 'g' 1.2e+3 $target `x\n#!x\n",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		cfg := Config{ReadFile: files{"x.h": src}.read}
		out, err := Process(&cfg, "t.d", []byte(src))
		if err == nil {
			if len(out) > 0 && out[len(out)-1] != '\n' {
				t.Fatalf("output %q does not end with a newline", out)
			}
			return
		}
		var e *diag.Error
		if !errors.As(err, &e) || !diag.Known(e.Code) || e.Msg == "" {
			t.Fatalf("got the error %#v, want a *diag.Error with a known tag", err)
		}
		e.Detail(true)
	})
}
