package syntax

import (
	"errors"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/diag"
)

// Each rule of the parser that has a tag: text that breaks it, and beside it
// text that does not (code "").
func TestErrors(t *testing.T) {
	body := func(s string) string { return "BEGIN\n{\n" + s + "\n}\n" }
	args := Config{Args: []string{"d", "10", "-3", "foo", "a b", "99999999999999999999999", "\"q\""}, ArgRef: true}
	cli := Config{CommandLine: true}
	for _, tt := range []struct {
		name string
		cfg  Config
		src  string
		code diag.Code
	}{
		{"empty", Config{}, "", diag.D_EMPTY},
		{"only comments", Config{}, "/* x */ // y\n", diag.D_EMPTY},
		{"only a pragma", Config{}, "#pragma D option quiet\n", diag.D_EMPTY},
		{"empty allowed", Config{Empty: true}, "", ""},
		{"only a declaration", Config{}, "int x;", ""},

		{"string newline", Config{}, body("trace(\"a\nb\");"), diag.D_STR_NL},
		{"string backslash newline", Config{}, body("trace(\"a\\\nb\");"), diag.D_STR_NL},
		{"string escape newline", Config{}, body(`trace("a\nb");`), ""},
		{"string end of input", Config{}, `BEGIN { trace("a`, diag.D_SYNTAX},
		{"char newline", Config{}, body("x = 'a\n';"), diag.D_CHR_NL},
		{"char null", Config{}, body("x = '';"), diag.D_CHR_NULL},
		{"char overflow", Config{}, body("x = 'abcdefghi';"), diag.D_CHR_OFLOW},
		{"char eight", Config{}, body("x = 'abcdefgh';"), ""},
		{"char end of input", Config{}, "BEGIN { x = 'a", diag.D_SYNTAX},

		{"octal digit", Config{}, body("x = 0128;"), diag.D_INT_DIGIT},
		{"octal", Config{}, body("x = 0127;"), ""},
		{"hex without digits", Config{}, body("x = 0x;"), diag.D_SYNTAX},
		{"int overflow", Config{}, body("x = 0x12345678123456781;"), diag.D_INT_OFLOW},
		{"int overflow decimal", Config{}, body("x = 18446744073709551616;"), diag.D_INT_OFLOW},
		{"int too large for signed", Config{}, body("x = 18446744073709551615;"), diag.D_INT_OFLOW},
		{"int unsigned", Config{}, body("x = 18446744073709551615u;"), ""},
		{"float", Config{}, body("x = 1.5;"), diag.D_SYNTAX},

		{"macro undefined", Config{}, body("x = $foo;"), diag.D_MACRO_UNDEF},
		{"macro argument undefined", Config{}, body("x = $1;"), diag.D_MACRO_UNDEF},
		{"macro string undefined", Config{}, body("x = $$1;"), diag.D_MACRO_UNDEF},
		{"macro huge number", Config{}, body("x = $99999999999999999999;"), diag.D_MACRO_UNDEF},
		{"macro default", Config{DefaultArgs: true}, body("x = $1; y = $$2;"), ""},
		{"macro default is for arguments", Config{DefaultArgs: true}, body("x = $foo;"), diag.D_MACRO_UNDEF},
		{"macro overflow", args, body("x = $5;"), diag.D_MACRO_OFLOW},
		{"macro defined", args, body("x = $1 + $2; y = $$5;"), ""},
		{"macro without name", Config{}, body("x = $;"), diag.D_SYNTAX},
		{"argument unused", Config{Args: []string{"d", "x"}}, body("x = 1;"), diag.D_MACRO_UNUSED},
		{"argument used", Config{Args: []string{"d", "x"}}, body("x = $$1;"), ""},
		{"argument used in description", Config{Args: []string{"d", "x"}}, "$1:::a {}", ""},
		{"argument unused allowed", Config{Args: []string{"d", "x"}, ArgRef: true}, body("x = 1;"), ""},
		{"argument zero may be unused", Config{Args: []string{"d"}}, body("x = 1;"), ""},

		{"too many parts", Config{}, "a:b:c:d:e {}", diag.D_PDESC_INVAL},
		{"four parts", Config{}, "a:b:c:d {}", ""},
		{"too many for provider", Config{CommandLine: true, Spec: SpecProvider}, "a:b", diag.D_PDESC_INVAL},
		{"provider", Config{CommandLine: true, Spec: SpecProvider}, "a", ""},
		{"id", Config{CommandLine: true}, "17", ""},
		{"id too large", Config{}, "4294967296 {}", diag.D_PDESC_INVAL},
		{"undefined macro in description", Config{}, "pid$target:::entry {}", diag.D_PDESC_INVAL},
		{"macro in description", Config{Macros: map[string]int64{"target": 5}}, "pid$target:::entry {}", ""},

		{"no body in script", Config{}, "BEGIN\n", diag.D_SYNTAX},
		{"no body on command line", cli, "BEGIN", ""},
		{"no body, then more", cli, "BEGIN END {}", diag.D_SYNTAX},
		{"predicate without body", Config{}, "BEGIN /1/", diag.D_SYNTAX},
		{"predicate without body on command line", cli, "BEGIN /1/", diag.D_SYNTAX},
		{"predicate", cli, "BEGIN /1/ {}", ""},
		{"predicate not closed", Config{}, "BEGIN /1 {}", diag.D_SYNTAX},
		{"empty predicate", Config{}, "BEGIN / / {}", diag.D_SYNTAX},
		{"no probe", Config{}, "{ trace(1); }", diag.D_SYNTAX},
		{"trailing comma", Config{}, "BEGIN, { trace(1); }", diag.D_SYNTAX},
		{"description in quotes", Config{}, "\"BEGIN\" {}", diag.D_SYNTAX},
		{"stray semicolon", Config{}, "BEGIN {};", diag.D_SYNTAX},
		{"body not closed", Config{}, "BEGIN { trace(1);", diag.D_SYNTAX},
		{"nested block", Config{}, body("{ trace(1); }"), diag.D_SYNTAX},
		{"no semicolon", Config{}, body("trace(1) trace(2)"), diag.D_SYNTAX},
		{"semicolons", Config{}, body(";;trace(1);;trace(2)"), ""},
		{"declaration in clause", Config{}, body("int x;"), diag.D_SYNTAX},
		{"switch", Config{}, body("switch (x) { }"), diag.D_SYNTAX},
		{"goto", Config{}, body("goto x;"), diag.D_SYNTAX},
		{"break outside of loop", Config{}, body("break;"), diag.D_SYNTAX},
		{"break", Config{}, body("while (x) { if (y) break; else continue; }"), ""},
		{"if without parenthesis", Config{}, body("if x { }"), diag.D_SYNTAX},
		{"else without if", Config{}, body("else { }"), diag.D_SYNTAX},
		{"do without while", Config{}, body("do { }"), diag.D_SYNTAX},
		{"if", Config{}, body("if (x) y = 1; else if (z) { w(); } else ;"), ""},
		{"keyword as variable", Config{}, body("counter = 1;"), diag.D_SYNTAX},

		{"#error", Config{}, "#error no\nBEGIN {}", diag.D_PRAGERR},
		{"#pragma D error", Config{}, "#pragma D error no\nBEGIN {}", diag.D_PRAGERR},
		{"unknown control line", Config{}, "#foo\nBEGIN {}", diag.D_PRAGCTL_INVAL},
		{"include without -C", Config{}, "#include <x.h>\nBEGIN {}", diag.D_PRAGCTL_INVAL},
		{"control lines", Config{}, "#!/usr/sbin/dtrace -s\n#\n#ident \"x\"\n# 3 \"f\" 1 2\n#line 9\n#line 9 \"g\"\n#pragma STDC foo\n#pragma D ident x\n BEGIN {}", ""},
		{"line without number", Config{}, "#line x\nBEGIN {}", diag.D_PRAGMA_MALFORM},
		{"line file without quotes", Config{}, "#line 3 x\nBEGIN {}", diag.D_PRAGMA_MALFORM},
		{"line with more", Config{}, "#line 3 \"x\" y\nBEGIN {}", diag.D_PRAGMA_MALFORM},
		{"pragma D alone", Config{}, "#pragma D\nBEGIN {}", ""},
		{"pragma unknown", Config{}, "#pragma D foo bar\nBEGIN {}", diag.D_PRAGMA_INVAL},
		{"option without name", Config{}, "#pragma D option\nBEGIN {}", diag.D_PRAGMA_MALFORM},
		{"option with two", Config{}, "#pragma D option quiet destructive\nBEGIN {}", diag.D_PRAGMA_MALFORM},
		{"attributes malformed", Config{}, "#pragma D attributes Stable/Stable/Common\nint x;", diag.D_PRAGMA_MALFORM},
		{"attributes", Config{}, "#pragma D attributes Stable/Stable/Common x\n#pragma D attributes a/b/c provider p function\nint x;", ""},
		{"binding malformed", Config{}, "#pragma D binding 1.0 x\nint x;", diag.D_PRAGMA_MALFORM},
		{"binding", Config{}, "#pragma D binding \"1.0\" x\nint x;", ""},
		{"depends_on class", Config{}, "#pragma D depends_on foo bar\nint x;", diag.D_PRAGMA_INVAL},
		{"depends_on malformed", Config{}, "#pragma D depends_on library\nint x;", diag.D_PRAGMA_MALFORM},
		{"depends_on", Config{}, "#pragma D depends_on library io.d\nint x;", ""},
		{"pragma in clause", Config{}, "BEGIN {\n#pragma D option quiet\ntrace(1); }", ""},
		{"control line behind text", Config{}, "BEGIN {} #pragma D option quiet\n", diag.D_SYNTAX},

		{"storage twice", Config{}, "static extern int x;", diag.D_DECL_CLASS},
		{"storage auto", Config{}, "auto int x;", diag.D_DECL_BADCLASS},
		{"storage register", Config{}, "register int x;", diag.D_DECL_BADCLASS},
		{"storage static", Config{}, "static int x;", diag.D_DECL_BADCLASS},
		{"storage of inline", Config{}, "inline extern int x = 1;", diag.D_DECL_BADCLASS},
		{"storage extern", Config{}, "extern int x;", ""},
		{"char attributes", Config{}, "long char x;", diag.D_DECL_CHARATTR},
		{"char short", Config{}, "short char x;", diag.D_DECL_CHARATTR},
		{"char unsigned", Config{}, "unsigned char x; signed char y;", ""},
		{"void attributes", Config{}, "unsigned void x;", diag.D_DECL_VOIDATTR},
		{"void long", Config{}, "long void x;", diag.D_DECL_VOIDATTR},
		{"signed struct", Config{}, "signed struct foo x;", diag.D_DECL_SIGNINT},
		{"unsigned string", Config{}, "unsigned string x;", diag.D_DECL_SIGNINT},
		{"unsigned double", Config{}, "unsigned double x;", diag.D_DECL_SIGNINT},
		{"unsigned typedef", Config{}, "unsigned size_t x;", diag.D_DECL_SIGNINT},
		{"long struct", Config{}, "long struct foo x;", diag.D_DECL_LONGINT},
		{"long string", Config{}, "long string x;", diag.D_DECL_LONGINT},
		{"long double", Config{}, "long double x; long float y;", diag.D_UNKNOWN},
		{"floating types", Config{}, "float x; double y; long double z;", ""},
		{"signed unsigned", Config{}, "signed unsigned int x;", diag.D_UNKNOWN},
		{"short long", Config{}, "short long x;", diag.D_UNKNOWN},
		{"long long long", Config{}, "long long long x;", diag.D_UNKNOWN},
		{"int char", Config{}, "int char x;", diag.D_DECL_COMBO},
		{"int struct", Config{}, "int struct foo x;", diag.D_DECL_COMBO},
		{"int typedef", Config{}, "int size_t x;", diag.D_DECL_IDRED},
		{"integer types", Config{}, "unsigned a; long b; short int c; unsigned long long d; int long unsigned e; _Bool f;", ""},
		{"useless", Config{}, "int;", diag.D_DECL_USELESS},
		{"struct alone", Config{}, "struct foo; enum e { A }; union { int x; };", ""},
		{"initialiser", Config{}, "int x = 1;", diag.D_SYNTAX},
		{"scope", Config{}, "int a`b;", diag.D_DECL_SCOPE},
		{"scope in tag", Config{}, "struct a`b { int x; };", diag.D_DECL_SCOPE},
		{"scope in reference", Config{}, "struct a`b *x;", ""},
		{"member without name", Config{}, "struct s { int; };", diag.D_SYNTAX},
		{"member enum without name", Config{}, "struct s { enum e { A }; };", diag.D_SYNTAX},
		{"member anonymous", Config{}, "struct s { struct { int a; }; union u; int : 3; };", ""},
		{"struct without members", Config{}, "struct s { };", diag.D_SYNTAX},
		{"struct without name", Config{}, "struct *x;", diag.D_SYNTAX},
		{"member with storage class", Config{}, "struct s { static int x; };", diag.D_SYNTAX},
		{"enum trailing comma", Config{}, "enum e { A, B = 2, };", ""},
		{"enum empty", Config{}, "enum e { };", diag.D_SYNTAX},
		{"local associative", Config{}, "this int x[int];", diag.D_DECL_LOCASSC},
		{"local array", Config{}, "this int x[5];", ""},
		{"self associative", Config{}, "self int x[int, string];", ""},
		{"void key", Config{}, "int x[void];", diag.D_DECL_PROTO_TYPE},
		{"void pointer key", Config{}, "int x[void *];", ""},
		{"varargs key", Config{}, "int x[int, ...];", diag.D_DECL_PROTO_VARARGS},
		{"varargs not last", Config{}, "int f(int, ..., int);", diag.D_SYNTAX},
		{"varargs", Config{}, "int f(int, ...);", ""},
		{"varargs probe", Config{}, "provider p { probe a(int, ...); };", diag.D_DECL_PROTO_VARARGS},
		{"void first", Config{}, "int f(void, int);", diag.D_DECL_PROTO_VOID},
		{"void later", Config{}, "int f(int, void);", diag.D_DECL_PROTO_VOID},
		{"void named", Config{}, "int f(void x);", diag.D_DECL_PROTO_NAME},
		{"void alone", Config{}, "int f(void);", ""},
		{"parameter class", Config{}, "int f(static int x);", diag.D_DECL_PARMCLASS},
		{"parameter class of key", Config{}, "int x[static int];", diag.D_DECL_PARMCLASS},
		{"parameter register", Config{}, "int f(register int x);", ""},
		{"inline parameter without name", Config{}, "inline int f[int] = 1;", ""},
		{"inline parameter", Config{}, "inline int f[int a] = a;", ""},
		{"inline without value", Config{}, "inline int f;", diag.D_SYNTAX},
		{"inline without semicolon", Config{}, "inline int f = 1", diag.D_SYNTAX},
		{"unknown type", Config{TypeName: names}, "quux_t x;", diag.D_SYNTAX},
		{"known type", Config{TypeName: names}, "foo_t x, *y;", ""},
		{"translator without semicolon", Config{TypeName: names}, "translator foo_t < struct a *b > { x = 1; }", diag.D_SYNTAX},
		{"translator", Config{TypeName: names}, "translator foo_t < struct a *b > { x = 1; };", ""},
		{"translator input without name", Config{TypeName: names}, "translator foo_t < struct a * > { x = 1; };", diag.D_SYNTAX},
		{"provider without semicolon", Config{}, "provider p { probe a(); }", diag.D_SYNTAX},
		{"provider", Config{}, "provider p { probe a(); probe b(void) : (); };", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			prog, err := Parse(&tt.cfg, tt.src)
			if got := diag.CodeOf(err); got != tt.code {
				text := "no error"
				if err != nil {
					text = detail(err)
				}
				t.Fatalf("%s\n got %s\nwant %q", tt.src, text, tt.code)
			}
			if err == nil && prog == nil {
				t.Fatal("neither program nor error")
			}
		})
	}
}

// Errors point to the place, also behind line directives, and show the line.
func TestErrorPositions(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"token", "BEGIN\n{\n\ttrace(1 2);\n}\n",
			"s.d:3:10: syntax error near \"2\": want , or ) after the arguments\n    \ttrace(1 2);\n    \t        ^"},
		{"end of input", "BEGIN {\n",
			"s.d:2:1: syntax error near end of input: want } to close the { of line 1"},
		{"digit", "BEGIN { x = 079; }",
			"s.d:1:15: octal constant 079 contains the digit \"9\", want 0 to 7\n    BEGIN { x = 079; }\n                  ^"},
		{"line directive", "BEGIN {}\n#line 40 \"other.d\"\nEND { trace('' ); }\n",
			"other.d:40:13: character constant is empty, want 1 to 8 characters\n    END { trace('' ); }\n                ^"},
		{"cpp marker", "# 1 \"a.h\" 1\nint x;\n# 7 \"s.d\" 2\nEND { x + ; }\n",
			"s.d:7:11: syntax error near \";\": want an expression\n    END { x + ; }\n              ^"},
		{"parameter", "int\nf(int,\n  void);\n",
			"s.d:3:3: void is not the only parameter of the function\n      void);\n      ^"},
		{"comment", "BEGIN {}\n /* open\n\n", "s.d:4:1: end of input before the */ that closes the comment of line 2"},
		{"pragma word", "#pragma D depends_on foo bar\n",
			"s.d:1:22: class \"foo\" is not known to #pragma D depends_on, want library, module or provider\n    #pragma D depends_on foo bar\n                         ^"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(&Config{File: "s.d"}, tt.src)
			var e *diag.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *diag.Error", err)
			}
			if got := e.Detail(false); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Hostile text ends with an error, soon, and not with an exhausted stack.
func TestHostile(t *testing.T) {
	rep := strings.Repeat
	const n = 300000
	for _, tt := range []struct{ name, src string }{
		{"parentheses", "BEGIN { x = " + rep("(", n)},
		{"casts", "BEGIN { x = " + rep("(int)", n) + "1; }"},
		{"unary", "BEGIN { x = " + rep("- ", n) + "1; }"},
		{"increments", "BEGIN { x = " + rep("++", n) + "1; }"},
		{"sizeof", "BEGIN { x = " + rep("sizeof ", n) + "1; }"},
		{"stringof", "BEGIN { x = " + rep("stringof ", n) + "1; }"},
		{"sum", "BEGIN { x = 1" + rep("+1", n) + "; }"},
		{"comma", "BEGIN { x" + rep(",1", n) + "; }"},
		{"assignments", "BEGIN { " + rep("x=", n) + "1; }"},
		{"conditionals", "BEGIN { x = " + rep("1?", n) + "1; }"},
		{"conditionals right", "BEGIN { x = 1" + rep("?1:1", n) + "; }"},
		{"members", "BEGIN { x = a" + rep(".b", n) + "; }"},
		{"indices", "BEGIN { x = a" + rep("[1]", n) + "; }"},
		{"nested indices", "BEGIN { x = " + rep("a[", n) + "; }"},
		{"calls", "BEGIN { x = " + rep("f(", n) + "; }"},
		{"postfix", "BEGIN { x = a" + rep("++", n) + "; }"},
		{"ifs", "BEGIN { " + rep("if (1) ", n) + "; }"},
		{"else ifs", "BEGIN { " + rep("if (1) ; else ", n) + "; }"},
		{"loops", "BEGIN { " + rep("while (1) ", n) + "; }"},
		{"dos", "BEGIN { " + rep("do ", n) + "; }"},
		{"blocks", "BEGIN { " + rep("if (1) {", n)},
		{"structs", rep("struct { ", n)},
		{"pointers", "int " + rep("*", n) + "x;"},
		{"declarators", "int " + rep("(", n) + "x;"},
		{"functions", "int f" + rep("()", n) + ";"},
		{"parameters", "int f" + rep("(int (*)", n) + ";"},
		{"arrays", "int x" + rep("[1]", n) + ";"},
		{"array types", "int x" + rep("[int", n) + ";"},
		{"enum values", "enum { " + rep("A = sizeof (enum {", n)},
		{"xlates", "BEGIN { x = " + rep("xlate <int> (", n)},
		{"offsets", "BEGIN { x = offsetof(int, a" + rep(".a", n)},
		{"predicate", "BEGIN /" + rep("(", n)},
		{"comments", rep("/*", n)},
		{"hashes", rep("#\n", n) + "#x"},
		{"NULs", rep("\x00", n)},
		{"dollars", "BEGIN { x = " + rep("$", n)},
		{"description", rep("a:", n) + " {}"},
		{"blank lines behind slash", "BEGIN /1" + rep("/\n", n)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(&Config{}, tt.src)
			var e *diag.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *diag.Error", err)
			}
			if len(e.Detail(true)) > 2000 {
				t.Errorf("error has %d bytes", len(e.Detail(true)))
			}
		})
	}
}
