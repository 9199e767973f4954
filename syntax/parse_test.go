package syntax

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/diag"
)

// sameTree compares trees without positions and without what spelling alone
// makes different.
var sameTree = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		return ok && (f.Name() == "Loc" || f.Name() == "End" || f.Name() == "Text" || f.Name() == "ArgsUsed")
	}, cmp.Ignore()),
}

// programs are texts that cover the grammar; they also seed the fuzz tests.
var programs = []string{
	"BEGIN{exit(0)}",
	"BEGIN,END{}",
	":::\n{}",
	"17, 18 /x/ { trace(1) }",
	"syscall::read:entry, syscall:::return / pid == 3 && execname != \"dtrace\" / { @[execname, probefunc] = quantize(arg2); self->ts = timestamp; }",
	"syscall::*read*:entry { this->x = (foo_t *)arg0; printf(\"%d %s\\n\", this->x->a.b[3], stringof(this->x->name)); }",
	"typedef struct foo { int a:3, :0; unsigned long long b; union { int q; } u; int (*f)(int, char *, ...); } foo_t; self foo_t *x; int *z[int, pid_t];",
	"inline int ONE = 1; inline string s[int a, string b] = a ? b : \"\"; translator foo_t < struct bar *b > { x = b->y; z = (1, 2); };",
	"provider p { probe a(int x, char *) : (int); probe b(); probe c(void) : (); };",
	"#pragma D option quiet\n#pragma D option strsize=1k\ntick-1s / x / y / { if (x) { y = 1 } else if (z) w(); else { } for (i = 0; i < 3; i++) { break; } for (;;) continue; while (x) y--; do { x++ } while (x < 3) }",
	"#pragma D attributes Evolving/Evolving/Common provider p provider\n#pragma D binding \"1.0\" x\n#pragma D depends_on library net.d\n#pragma D option a=\nint x;",
	"struct s { const char *const *p; volatile int v[3][4]; enum { A, B = 1 << 2 } e; struct t *t; }; enum e { C, D, }; extern int ext(void); int (*fp[3])(int), (*(*ff)(int))[5];",
	"int a[5], b[2][3]; string names[int, struct foo *, string]; this char c; typedef unsigned u32; u32 v;",
	"BEGIN { x = - - -1 + + +2 - -(3) - --y + ++z; a = !b ? ~c : *d; &e; (f, g); h = (i = 3, 4); (j += k) ^ (l ? m : n); }",
	"BEGIN { a.b->c[d, e].f++; (g + h)[0]; (*i).j; (1).k; 'ab'; 0x1FuLL; 010; \"\\001\\t\\\"\\\\\"; @; @x; @y[1][2]; }",
	"BEGIN { sizeof (int); sizeof x + 1; sizeof (x + 1); sizeof ((int *)(x)); stringof (x).y; offsetof(struct a, b.c); xlate <int *> (x)->y; }",
	"BEGIN { `jiffies; vmlinux`x; 9p`y; pid1`libc`z; (struct vmlinux`task_struct *)x; (userland struct foo *)y; (mod`t_t *)z; return(1); }",
	"BEGIN { (int (*)(void))x; (a_t)(-1); (a_t)!b; (a_t *)&c; (char[3])d; (a) - (b); (int)(long)c; }",
	"BEGIN /a ^^ b && c || d ^ e | f & g << h/ { x = a == b != c <= d; }",
	"pid123:libc.so.6:malloc:entry, sched:::on-cpu, fbt::[a-z]?*:, a\\:b:::, io:::!x, p:::x\\$y { trace(0) }",
	"BEGIN { if (x) if (y) z; else w; if (a) { if (b) c; } else d; }",
}

// Printing and parsing again gives the same tree, and printing that the same
// text.
func TestPrintFixpoint(t *testing.T) {
	for _, src := range programs {
		prog := mustParse(t, Config{}, src)
		out := Print(prog)
		again, err := Parse(&Config{}, out)
		if err != nil {
			t.Errorf("printed text does not parse: %s\n%s\nfrom: %s", detail(err), out, src)
			continue
		}
		if d := cmp.Diff(prog, again, sameTree); d != "" {
			t.Errorf("printed text reads differently:\n%s\n%s", out, d)
		}
		if got := Print(again); got != out {
			t.Errorf("printing is no fixpoint:\n%s\n---\n%s", out, got)
		}
	}
}

func TestPrintLayout(t *testing.T) {
	src := `#pragma D option quiet
syscall::read:entry,BEGIN/x/{if(a){b=1}else if(c)d();else e();for(;;)f();do g();while(h)}
struct s{int a:3;enum{A,B=2}e;}*p,q[3];int(*fp)(int,...);`
	want := `#pragma D option quiet

syscall::read:entry,
BEGIN
/ x /
{
	if (a) {
		b = 1;
	} else if (c) {
		d();
	} else {
		e();
	}
	for (; ; ) {
		f();
	}
	do {
		g();
	} while (h);
}

struct s {
	int a : 3;
	enum {
		A,
		B = 2,
	} e;
} *p, q[3];

int (*fp)(int, ...);
`
	if got := Print(mustParse(t, Config{}, src)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// Macro variables are printed as the values they had.
func TestPrintMacros(t *testing.T) {
	cfg := Config{Args: []string{"d", "-5", "0xffffffff", "4294967296", "id"}, Macros: map[string]int64{"pid": 7}}
	prog := mustParse(t, cfg, "pid$pid::: { x = $1 + $2 + $3 + $4 + $pid; y = $$1; }")
	want := "pid7:::\n{\n\tx = -5 + 4294967295u + 4294967296 + id + 7;\n\ty = \"-5\";\n}\n"
	if got := Print(prog); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestMacroArguments(t *testing.T) {
	cfg := Config{
		Args:   []string{"script.d", "12", "-3", "foo", "two words", "\"quo\\ted\"", "int", "+7", "1x"},
		ArgRef: true,
		Macros: map[string]int64{"target": 42, "euid": -1},
	}
	for _, tt := range []struct{ have, want string }{
		{"$1", "12"},
		{"$1[0]", "([] 12 0)"},
		{"$2", "(- 3)"},
		{"$3", "foo"},
		{"$3($1)", "(call foo 12)"},
		{"$4", `"two words"`},
		{"$5", `"quo` + "\\t" + `ed"`},
		{"$0", `"script.d"`},
		{"$7", "(+ 7)"},
		{"$8", "1"},
		{"$$1", `"12"`},
		{"$$3", `"foo"`},
		{"$$4", `"two words"`},
		{"$target", "42"},
		{"$$target", `"42"`},
		{"$euid", "(- 1)"},
		{"x$1", ""},
	} {
		x, err := ParseExpr(&cfg, tt.have)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%s: got %s, want an error", tt.have, sexpr(x))
		case tt.want == "":
		case err != nil:
			t.Errorf("%s: %s", tt.have, detail(err))
		case sexpr(x) != tt.want:
			t.Errorf("%s: got %s, want %s", tt.have, sexpr(x), tt.want)
		}
	}
	used := mustParse(t, cfg, "BEGIN { $1; $$3 } p$4:::x { }").ArgsUsed
	if want := []bool{false, true, false, true, true, false, false, false, false}; !slices.Equal(used, want) {
		t.Errorf("got arguments used %v, want %v", used, want)
	}
}

func TestProbeDesc(t *testing.T) {
	cfg := func(s Spec) Config {
		return Config{CommandLine: true, Spec: s, Args: []string{"d", "arg"}, ArgRef: true, Macros: map[string]int64{"target": 42}}
	}
	for _, tt := range []struct {
		spec Spec
		have string
		want [4]string
		str  string
	}{
		{SpecName, "BEGIN", [4]string{3: "BEGIN"}, "BEGIN"},
		{SpecName, "read:entry", [4]string{2: "read", 3: "entry"}, "read:entry"},
		{SpecName, "m:read:entry", [4]string{1: "m", 2: "read", 3: "entry"}, "m:read:entry"},
		{SpecName, "p:m:f:n", [4]string{"p", "m", "f", "n"}, "p:m:f:n"},
		{SpecName, "syscall:::entry", [4]string{0: "syscall", 3: "entry"}, "syscall:::entry"},
		{SpecName, "f:", [4]string{2: "f"}, "f:"},
		{SpecName, ":", [4]string{}, ":"},
		{SpecName, ":::", [4]string{}, ":"},
		{SpecName, "tick-1s", [4]string{3: "tick-1s"}, "tick-1s"},
		{SpecName, ":12", [4]string{3: "12"}, ":12"},
		{SpecName, ":int", [4]string{3: "int"}, ":int"},
		{SpecName, "int:", [4]string{2: "int"}, "int:"},
		{SpecName, "foo*", [4]string{3: "foo*"}, ":foo*"},
		{SpecName, "*[a-z]?\\*:!x", [4]string{2: "*[a-z]?\\*", 3: "!x"}, "*[a-z]?\\*:!x"},
		{SpecName, "a\\:b:::n", [4]string{0: "a\\:b", 3: "n"}, "a\\:b:::n"},
		{SpecName, "pid$target:a.out::", [4]string{0: "pid42", 1: "a.out"}, "pid42:a.out::"},
		{SpecName, "p$1-$$1:::x$", [4]string{0: "parg-arg", 3: "x$"}, "parg-arg:::x$"},
		{SpecName, "a\\$1:", [4]string{2: "a\\$1"}, "a\\$1:"},
		{SpecProvider, "syscall", [4]string{0: "syscall"}, "syscall:::"},
		{SpecModule, "syscall:vmlinux", [4]string{"syscall", "vmlinux"}, "syscall:vmlinux::"},
		{SpecModule, "vmlinux", [4]string{1: "vmlinux"}, "vmlinux::"},
		{SpecFunction, "a:b:c", [4]string{"a", "b", "c"}, "a:b:c:"},
		{SpecFunction, "read", [4]string{2: "read"}, "read:"},
		{SpecFunction, "do", [4]string{2: "do"}, "do:"},
	} {
		c := cfg(tt.spec)
		list, err := ParseDesc(&c, tt.have)
		if err != nil {
			t.Errorf("%s %q: %s", tt.spec, tt.have, detail(err))
			continue
		}
		d := list[0]
		if got := [4]string{d.Provider, d.Module, d.Function, d.Name}; got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.spec, tt.have, got, tt.want)
		}
		if got := d.String(); got != tt.str {
			t.Errorf("%s %q: got string %q, want %q", tt.spec, tt.have, got, tt.str)
		}
	}
	c := cfg(SpecName)
	list, err := ParseDesc(&c, " 1, 2 ,30 ")
	if err != nil || len(list) != 3 || !list[2].Numeric || list[2].ID != 30 || list[2].String() != "30" {
		t.Errorf("got %v, %v, want the ids 1, 2 and 30", list, err)
	}
}

// What starts an item is told from its form.
func TestDeclarationOrProbe(t *testing.T) {
	for _, tt := range []struct {
		cfg  Config
		src  string
		want string // D declaration, C clause, I inline
	}{
		{Config{}, "int x;", "D"},
		{Config{}, "int*x;", "D"},
		{Config{}, "int *x, y;", "D"},
		{Config{}, "int(*x)(void);", "D"},
		{Config{PSpec: true}, "int {}", "C"},
		{Config{}, "if, char:x /1/ {}", "C"},
		{Config{}, "int:x {}", "C"},
		{Config{}, "self int x;", "D"},
		{Config{PSpec: true}, "self {}", "C"},
		{Config{}, "this int x;", "D"},
		{Config{}, "struct { int a; } x;", "D"},
		{Config{}, "struct foo x;", "D"},
		{Config{}, "struct foo;", "D"},
		{Config{PSpec: true}, "struct { }", "C"},
		{Config{}, "foo_t x;", "D"},
		{Config{TypeName: names}, "foo_t x;", "D"},
		{Config{TypeName: names}, "foo_t *x;", "D"},
		{Config{TypeName: names}, "foo_t*x;", "D"},
		{Config{TypeName: names}, "foo_t {}", "C"},
		{Config{TypeName: names}, "foo* {}", "C"},
		{Config{TypeName: names}, "foo_t* {}", "C"},
		{Config{TypeName: names}, "mod`bar_t x;", "D"},
		{Config{}, "const char *x;", "D"},
		{Config{}, "unsigned x;", "D"},
		{Config{}, "inline int x = 1;", "I"},
		{Config{}, "inline:x {}", "C"},
		{Config{CommandLine: true, Spec: SpecModule}, "string", "C"},
		{Config{CommandLine: true, Spec: SpecProvider}, "provider", "C"},
		{Config{CommandLine: true, Spec: SpecFunction, PSpec: true}, "int*", "C"},
		{Config{CommandLine: true, Spec: SpecFunction}, "struct", "C"},
		{Config{}, "typedef int foo; foo x;", "DD"},
		{Config{}, "BEGIN {} int x; END {}", "CDC"},
	} {
		prog, err := Parse(&tt.cfg, tt.src)
		if err != nil {
			t.Errorf("%s: %s", tt.src, detail(err))
			continue
		}
		got := ""
		for _, it := range prog.Items {
			switch it.(type) {
			case *Clause:
				got += "C"
			case *Decl:
				got += "D"
			case *Inline:
				got += "I"
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.src, got, tt.want)
		}
	}
}

func TestDeclarators(t *testing.T) {
	for _, tt := range []struct{ have, want string }{
		{"int x;", "x:int"},
		{"int *x;", "x:ptr(int)"},
		{"int x[3];", "x:arr[3](int)"},
		{"int x[2][3];", "x:arr[2](arr[3](int))"},
		{"int *x[3];", "x:arr[3](ptr(int))"},
		{"int (*x)[3];", "x:ptr(arr[3](int))"},
		{"int x[];", "x:arr[](int)"},
		{"int x[N + 1];", "x:arr[(+ N 1)](int)"},
		{"int x[int];", "x:assoc[int](int)"},
		{"foo_t *x[foo_t *, string, struct a b];", "x:assoc[ptr(foo_t),string,b:struct-a](ptr(foo_t))"},
		{"int x[foo_t];", "x:assoc[foo_t](int)"},
		{"int x[foo];", "x:arr[foo](int)"},
		{"int f(void);", "f:func()(int)"},
		{"int f();", "f:func()(int)"},
		{"int *f(int a, char *, ...);", "f:func(a:int,ptr(char),...)(ptr(int))"},
		{"int (*f)(int);", "f:ptr(func(int)(int))"},
		{"int (*f[3])(int);", "f:arr[3](ptr(func(int)(int)))"},
		{"int (*(*f)(int))[3];", "f:ptr(func(int)(ptr(arr[3](int))))"},
		{"int f(int (*)(char), int g(int), int []);", "f:func(ptr(func(char)(int)),g:func(int)(int),arr[](int))(int)"},
		{"int f(int (foo_t));", "f:func(func(foo_t)(int))(int)"},
		{"int f(int (foo));", "f:func(foo:int)(int)"},
		{"char *const *volatile x;", "x:volatile-ptr(const-ptr(char))"},
		{"const unsigned char x, *y;", "x:const-unsigned-char y:ptr(const-unsigned-char)"},
		{"long unsigned int long x;", "x:unsigned-long-long-int"},
		{"unsigned x;", "x:unsigned-int"},
		{"unsigned pid_t;", "pid_t:unsigned-int"},
		{"((int x);", ""},
		{"int (x;", ""},
		{"int x[3;", ""},
		{"int x[int;", ""},
		{"int x,;", ""},
		{"int 3;", ""},
		{"int *;", ""},
		{"int f(int;", ""},
		{"int f(,);", ""},
	} {
		list, err := ParseDecl(&Config{TypeName: names}, tt.have)
		if tt.want == "" {
			if diag.CodeOf(err) != diag.D_SYNTAX {
				t.Errorf("%s: got %v, want D_SYNTAX", tt.have, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %s", tt.have, detail(err))
			continue
		}
		var got []string
		for _, d := range list[0].Declarators {
			got = append(got, d.Name+":"+stype(d.Type))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.have, s, tt.want)
		}
	}
}

func TestParseType(t *testing.T) {
	for _, tt := range []struct{ have, want string }{
		{"struct foo *", "ptr(struct-foo)"},
		{"int (*)(void)", "ptr(func()(int))"},
		{"int (*[3])(foo_t)", "arr[3](ptr(func(foo_t)(int)))"},
		{"int (foo_t)", "func(foo_t)(int)"},
		{"char *[]", "arr[](ptr(char))"},
		{"string", "string"},
		{"int x", ""},
		{"", ""},
		{"typedef int", ""},
	} {
		typ, err := ParseType(&Config{TypeName: names}, tt.have)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%q: got %s, want an error", tt.have, stype(typ))
		case tt.want == "":
		case err != nil:
			t.Errorf("%q: %s", tt.have, detail(err))
		case stype(typ) != tt.want:
			t.Errorf("%q: got %s, want %s", tt.have, stype(typ), tt.want)
		}
	}
}

func TestPragmas(t *testing.T) {
	cfg := Config{Args: []string{"d", "2k"}}
	prog := mustParse(t, cfg, `#pragma D option bufsize=$1 /* why */
  #pragma D option quiet // because
BEGIN
{
# pragma D option a="b c"
	x = 1;
}
#pragma D depends_on provider io
#pragma ident "x" y
`)
	var got []string
	for _, it := range prog.Items {
		switch it := it.(type) {
		case *Pragma:
			got = append(got, it.Name+" "+strings.Join(it.Args, "|"))
		case *Clause:
			got = append(got, "clause")
		}
	}
	want := []string{"option bufsize|2k", "option quiet", "option a|b c", "clause", "depends_on provider|io"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Every node has a position, and Walk reaches every node of the tree once.
func TestWalk(t *testing.T) {
	for _, src := range programs {
		prog := mustParse(t, Config{File: "f.d"}, src)
		seen := map[Node]int{}
		Walk(prog, func(n Node) bool {
			seen[n]++
			if p := n.Pos(); p.File != "f.d" || p.Line < 1 || p.Col < 1 {
				t.Errorf("%T has position %v in %s", n, p, src)
			}
			return true
		})
		for n, count := range seen {
			if count != 1 {
				t.Errorf("%T is visited %d times in %s", n, count, src)
			}
		}
		want := 0
		for range countNodes(prog) {
			want++
		}
		if len(seen) != want {
			t.Errorf("%d nodes are visited, want %d in %s", len(seen), want, src)
		}
	}
	// Returning false prunes.
	n := 0
	Walk(mustParse(t, Config{}, programs[4]), func(Node) bool { n++; return false })
	if n != 1 {
		t.Errorf("%d nodes are visited behind false, want 1", n)
	}
}
