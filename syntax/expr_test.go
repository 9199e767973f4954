package syntax

import (
	"testing"

	"github.com/godtrace/godtrace/diag"
)

// names is a Config.TypeName of a few types.
func names(name string) bool {
	return name == "foo_t" || name == "mod`bar_t" || name == "fileinfo_t"
}

func TestExpr(t *testing.T) {
	for _, tt := range []struct{ have, want string }{
		// Precedence, from tight to loose.
		{"a.b->c[1](", ""},
		{"a + b * c", "(+ a (* b c))"},
		{"a * b + c", "(+ (* a b) c)"},
		{"a - b - c", "(- (- a b) c)"},
		{"a / b % c * d", "(* (% (/ a b) c) d)"},
		{"a << b + c", "(<< a (+ b c))"},
		{"a < b << c", "(< a (<< b c))"},
		{"a <= b == c >= d", "(== (<= a b) (>= c d))"},
		{"a & b == c", "(& a (== b c))"},
		{"a ^ b & c", "(^ a (& b c))"},
		{"a | b ^ c", "(| a (^ b c))"},
		{"a && b | c", "(&& a (| b c))"},
		{"a ^^ b && c", "(^^ a (&& b c))"},
		{"a && b ^^ c", "(^^ (&& a b) c)"},
		{"a || b ^^ c", "(|| a (^^ b c))"},
		{"a ^^ b || c", "(|| (^^ a b) c)"},
		{"a ? b : c ? d : e", "(? a b (? c d e))"},
		{"a || b ? c, d : e", "(? (|| a b) (, c d) e)"},
		{"a = b = c", "(= a (= b c))"},
		{"a = b ? c : d", "(= a (? b c d))"},
		{"a += b <<= c", "(+= a (<<= b c))"},
		{"a -= 1, b *= 2, c /= 3", "(, (, (-= a 1) (*= b 2)) (/= c 3))"},
		{"a %= 1, b &= 2, c ^= 3, d |= 4, e >>= 5", "(, (, (, (, (%= a 1) (&= b 2)) (^= c 3)) (|= d 4)) (>>= e 5))"},
		{"(a, b) + c", "(+ (, a b) c)"},
		{"(a + b) * c", "(* (+ a b) c)"},
		{"a = b + c = d", ""},
		{"a + b = c", ""},
		{"(int)a = c", ""},

		// Unary and postfix.
		{"- - a", "(- (- a))"},
		{"!~+-*&a", "(! (~ (+ (- (* (& a))))))"},
		{"++a", "(++ a)"},
		{"a++ + ++b", "(+ (post++ a) (++ b))"},
		{"a-- - --b", "(- (post-- a) (-- b))"},
		{"*p++", "(* (post++ p))"},
		{"-a.b", "(- (. a b))"},
		{"&a->b[1].c", "(& (. ([] (-> a b) 1) c))"},
		{"++(int)a", ""},
		{"a +", ""},
		{"a.1", ""},
		{"a->", ""},
		{"a->string", "(-> a string)"},
		{"a[]", ""},
		{"a[1", ""},
		{"(a", ""},
		{"a)", ""},
		{"", ""},

		// Variables.
		{"self->x + this->y", "(+ self->x this->y)"},
		{"self->a[1, \"b\"]->c", "(-> ([] self->a 1 \"b\") c)"},
		{"self", ""},
		{"self.x", ""},
		{"this->", ""},
		{"`jiffies_64", "`jiffies_64"},
		{"ext4`ext4_mount", "ext4`ext4_mount"},
		{"9p`v9fs_x + 1", "(+ 9p`v9fs_x 1)"},
		{"pid12`libc`errno", "pid12`libc`errno"},
		{"mod`", ""},
		{"``x", ""},
		{"a``b", ""},
		{"@", "@_"},
		{"@a", "@a"},
		{"@[x]", "(@_ x)"},
		{"@a[x, \"y\", 3] = count()", "(= (@a x \"y\" 3) (call count))"},
		{"@a[1][2]", "([] (@a 1) 2)"},
		{"@m`a", ""},
		{"f()", "(call f)"},
		{"f(a, (b, c), d = e)", "(call f a (, b c) (= d e))"},
		{"f(a,)", ""},
		{"f(,a)", ""},
		{"f(a", ""},
		{"f(a)(b)", ""},
		{"return(1)", "(call return 1)"},
		{"return", ""},

		// Casts.
		{"(int)a", "(cast int a)"},
		{"(unsigned long long)a.b", "(cast unsigned-long-long-int (. a b))"},
		{"(string)arg0", "(cast string arg0)"},
		{"(struct foo *)a", "(cast ptr(struct-foo) a)"},
		{"(struct vmlinux`task_struct *)a", "(cast ptr(struct-vmlinux`task_struct) a)"},
		{"(foo_t *)a->b", "(cast ptr(foo_t) (-> a b))"},
		{"((foo_t *)a)->b", "(-> (cast ptr(foo_t) a) b)"},
		{"(foo_t)-a", "(cast foo_t (- a))"},
		{"(foo_t)(a)", "(cast foo_t a)"},
		{"(foo_t) + 1", "(cast foo_t (+ 1))"},
		{"(foo_t) / 2", "(/ foo_t 2)"},
		{"(a) - b", "(- a b)"},
		{"(a) * b", "(* a b)"},
		{"(a) & b", "(& a b)"},
		{"(a)[1]", "([] a 1)"},
		{"(mod`bar_t *)a", "(cast ptr(mod`bar_t) a)"},
		{"(int)(char)a + 1", "(+ (cast int (cast char a)) 1)"},
		{"(int (*)(int, char *))a", "(cast ptr(func(int,ptr(char))(int)) a)"},
		{"(int * const *)a", "(cast ptr(const-ptr(int)) a)"},
		{"(uintptr_t)a", "(cast uintptr_t a)"},
		{"(a * (b))", "(* a b)"},
		{"(a * b)", "(* a b)"},
		{"(a *)b", ""},
		{"(a)b", ""},
		{"(a)(b)", "(call a b)"},
		{"(int", ""},
		{"(int)", ""},
		{"(static int)a", ""},
		{"(userland struct foo *)a", "(cast ptr(userland-struct-foo) a)"},

		// Operators with names.
		{"sizeof a + 1", "(+ (sizeof a) 1)"},
		{"sizeof (a)", "(sizeof a)"},
		{"sizeof (int)", "(sizeof-type int)"},
		{"sizeof (foo_t) * 2", "(* (sizeof-type foo_t) 2)"},
		{"sizeof (struct foo [3])", "(sizeof-type arr[3](struct-foo))"},
		{"sizeof (a)->b", "(sizeof (-> a b))"},
		{"sizeof int", ""},
		{"sizeof", ""},
		{"stringof a == stringof (b)", "(== (stringof a) (stringof b))"},
		{"stringof(a->b)", "(stringof (-> a b))"},
		{"offsetof(struct foo, bar)", "(offsetof struct-foo bar)"},
		{"offsetof(foo_t, a.b)", "(offsetof foo_t a.b)"},
		{"offsetof(foo_t)", ""},
		{"offsetof(foo_t, 1)", ""},
		{"xlate <fileinfo_t> (a)", "(xlate fileinfo_t a)"},
		{"xlate <fileinfo_t *>(a)->b + 1", "(+ (-> (xlate ptr(fileinfo_t) a) b) 1)"},
		{"xlate <fileinfo_t> a", ""},
		{"xlate fileinfo_t (a)", ""},

		// Constants.
		{"0x7fffffff", "2147483647"},
		{"2147483648", "2147483648l"},
		{"0x80000000", "2147483648u"},
		{"0xffffffff", "4294967295u"},
		{"0x100000000", "4294967296l"},
		{"0xffffffffffffffff", "-1ul"},
		{"9223372036854775807", "9223372036854775807l"},
		{"18446744073709551615u", "-1ul"},
		{"017", "15"},
		{"0", "0"},
		{"1u", "1u"},
		{"1l", "1l"},
		{"1UL", "1ul"},
		{"1lu", "1ul"},
		{"1ll", "1ll"},
		{"1uLL", "1ull"},
		{"'a'", "97"},
		{"'ab'", "24930"},
		{"'abcdefgh'", "7017280452245743464l"},
		{"'\\xff\\xff\\xff\\xff'", "4294967295u"},
		{"'\\n' + '\\0' + '\\177' + '\\x41' + '\\''", "(+ (+ (+ (+ 10 0) 127) 65) 23591)"},
		{`"a\tb\"c\\\101\x42\q"`, `"a\tb\"c\\AB\\q"`},
		{`"it's"`, `"it's"`},
		{`"a" "b"`, ""},
		{"1.5", ""},
		{".5", ""},
		{"1e5", ""},
		{"1 e5", ""},
		{"12ab", ""},
		{"1ulul", ""},
		{"a # b", ""},
		{"a \x01 b", ""},
		{"é", ""},

		// Blanks and comments.
		{"a /* b */ + // c\n d", "(+ a d)"},
		{"a \\\n + b", "(+ a b)"},
		{"a /* b", ""},
		{"a /* /* */ */", ""},
	} {
		x, err := ParseExpr(&Config{TypeName: names}, tt.have)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%s\n got %s\nwant an error", tt.have, sexpr(x))
		case tt.want == "":
			if code := diag.CodeOf(err); code != diag.D_SYNTAX && code != diag.D_FUNC_IDENT && code != diag.D_IDENT_BADREF && code != diag.D_IDENT_UNDEF {
				t.Errorf("%s\n got %s\nwant D_SYNTAX, D_FUNC_IDENT, D_IDENT_BADREF or D_IDENT_UNDEF", tt.have, detail(err))
			}
		case err != nil:
			t.Errorf("%s\n got %s", tt.have, detail(err))
		case sexpr(x) != tt.want:
			t.Errorf("%s\n got %s\nwant %s", tt.have, sexpr(x), tt.want)
		}
	}
}

// Without a TypeName, what can only be a type is one.
func TestExprUnknownTypes(t *testing.T) {
	for _, tt := range []struct{ have, want string }{
		{"(a_t *)b", "(cast ptr(a_t) b)"},
		{"(a_t)b", "(cast a_t b)"},
		{"(a_t)(b)", "(cast a_t b)"},
		{"(a_t)\"s\"", "(cast a_t \"s\")"},
		{"(a_t)!b", "(cast a_t (! b))"},
		{"(a) != b", "(!= a b)"},
		{"(a) - b", "(- a b)"},
		{"(a)", "a"},
		{"sizeof (a_t *)", "(sizeof-type ptr(a_t))"},
		{"sizeof (a)", "(sizeof a)"},
	} {
		x, err := ParseExpr(&Config{}, tt.have)
		if err != nil {
			t.Errorf("%s\n got %s", tt.have, detail(err))
		} else if sexpr(x) != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.have, sexpr(x), tt.want)
		}
	}
}

// A variable hides the type of its name from its first assignment or its
// declaration on; a typedef of the text is a type from its place on.
func TestVariablesHideTypes(t *testing.T) {
	prog := mustParse(t, Config{TypeName: names}, `
		typedef int my_t;
		BEGIN { foo_t = 1; x = (foo_t) - 1; y = (my_t) - 1; z = (pid_t) - 1; }`)
	var got []string
	for _, s := range prog.Items[1].(*Clause).Body.List[1:] {
		got = append(got, sexpr(s.(*ExprStmt).X.(*Assign).Y))
	}
	want := []string{"(- foo_t 1)", "(cast my_t (- 1))", "(cast pid_t (- 1))"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %s, want %s", got[i], want[i])
		}
	}
}
