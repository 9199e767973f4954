package nodiff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// gen generates one program. All choices come from its source, so that a seed,
// or the bytes of a fuzzer, stand for a program.
type gen struct {
	r *rand.Rand
	// left is how many more nodes the program may have.
	left int

	// inLoop, thisOK: what the place being generated allows.
	loops   int
	spec    bool // the clause is speculative: no aggregations, no exit
	nspec   int  // how often speculation() may still be called
	comm    bool // the clause has a commit: no recording
	inError bool

	ints []intVar
	strs []string // string lvalues without arguments
	aggs []aggVar
	used []*aggVar // those that text before has updated
}

// intVar is an integer lvalue: a template whose kids are its indices, each an
// integer or string expression.
type intVar struct {
	template string
	kids     []sort
	// mods bound integer indices: 0 is none.
	mods []int
	typ  string
}

type aggVar struct {
	name string
	keys []sort
	fn   string // template with $ for values
	args int
	dist bool
}

func newGen(r *rand.Rand) *gen { return &gen{r: r, left: 60 + r.IntN(500)} }

func (g *gen) n(n int) int             { return g.r.IntN(n) }
func (g *gen) chance(p int) bool       { return g.r.IntN(100) < p }
func (g *gen) pick(s ...string) string { return s[g.r.IntN(len(s))] }

var intTypes = []string{
	"char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long", "unsigned long", "long long",
	"int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t", "size_t",
}

var intLits = []string{
	"0", "1", "2", "3", "4", "5", "7", "8", "10", "12", "16", "31", "32", "33", "63", "64", "65", "100", "127", "128", "255", "256", "1000",
	"32767", "32768", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "0x7fffffffffffffff", "0x8000000000000000",
	"0xffffffffffffffff", "-1", "-2", "-3", "-7", "-8", "-64", "-128", "-129", "-32768", "-2147483648", "(-0x7fffffffffffffff - 1)", "1ULL", "3U", "-5LL",
	"'a'", "'/'", "'\\0'", "'ab'", "'\\n'", "0777", "0xdeadbeef", "0x0123456789abcdef",
}

var strLits = []string{
	`""`, `"a"`, `"abc"`, `"abcabc"`, `"/"`, `"//"`, `"/usr/bin"`, `"/usr//bin/"`, `"a/b"`, `"../a"`, `"a/../b"`, `"/./a/./"`, `"/a/b/../.."`, `"."`, `".."`,
	`"12"`, `"-0x1f"`, `"0X1F"`, `" \t+77z"`, `"0x"`, `"9223372036854775808"`, `"-9223372036854775809"`, `"zz"`, `"Hello, World"`, `"bc"`, `"c"`, `","`, `", ;"`, `"a,b;;c"`,
	`"aaaaaaab"`, `"aab"`, `"\xc3\xa9t\xc3\xa9"`, `"\x80\xff"`, `"\n\t\\"`, `"%s%d"`, `"\377"`,
	`"{\"a\":1}"`, `"{\"a\":{\"b\":[1,2,{\"c\":\"x y\"}]}}"`, `"[10, 20 ,30]"`, `"a.b[2].c"`, `"[1]"`,
	`"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"`,
	`"` + strings.Repeat("0123456789abcde/", 16) + `"`, `"` + strings.Repeat("x", 255) + `"`, `"` + strings.Repeat("ab", 150) + `"`,
}

// program generates a program.
func (g *gen) program() *node {
	var items []*node
	add := func(format string, args ...any) {
		items = append(items, lit(sClause, fmt.Sprintf(format, args...)+"\n"))
	}
	if g.chance(70) {
		add("#pragma D option quiet")
	}
	if g.chance(30) {
		add("#pragma D option strsize=%s", g.pick("2", "3", "8", "9", "16", "17", "31", "64", "100", "512", "1024"))
	}
	g.nspec = 1 + g.n(4)
	add("#pragma D option nspec=%d", g.nspec)
	if g.chance(10) {
		add("#pragma D option %s", g.pick("aggsortkey", "aggsortrev", "aggsortkey=1", "rawbytes", "agghist", "aggpack", "aggzoom", "dynvarsize=4096", "specsize=256", "scratchsize=64", "scratchsize=1024"))
	}
	add("struct sub { short s; char t[3]; };\nstruct st { int a; unsigned char b; long c; struct sub d; unsigned long long e; int f[4]; };")
	add("struct bf { int a : 3; unsigned int b : 5; int c : 24; unsigned long long d : 40; long e : 17; unsigned char f : 1; };")
	add("union un { uint64_t q; int32_t d[2]; uint16_t w[4]; int8_t b[8]; };")
	for i := range 2 + g.n(4) {
		t := intTypes[g.n(len(intTypes))]
		name := fmt.Sprintf("g%d", i)
		switch g.n(3) {
		case 0:
			add("%s %s;", t, name)
			g.ints = append(g.ints, intVar{template: name, typ: t})
		case 1:
			add("self %s %s;", t, name)
			g.ints = append(g.ints, intVar{template: "self->" + name, typ: t})
		case 2:
			add("this %s %s;", t, name)
			g.ints = append(g.ints, intVar{template: "this->" + name, typ: t})
		}
	}
	add("struct st gs;")
	for _, m := range []string{"a", "b", "c", "d.s", "e"} {
		g.ints = append(g.ints, intVar{template: "gs." + m})
	}
	g.ints = append(g.ints, intVar{template: "gs.f[$]", kids: []sort{sInt}, mods: []int{4}}, intVar{template: "gs.d.t[$]", kids: []sort{sInt}, mods: []int{3}})
	add("struct bf gb;")
	for _, m := range []string{"a", "b", "c", "d", "e", "f"} {
		g.ints = append(g.ints, intVar{template: "gb." + m})
	}
	add("union un gu;")
	g.ints = append(g.ints, intVar{template: "gu.q"}, intVar{template: "gu.d[$]", kids: []sort{sInt}, mods: []int{2}},
		intVar{template: "gu.w[$]", kids: []sort{sInt}, mods: []int{4}}, intVar{template: "gu.b[$]", kids: []sort{sInt}, mods: []int{8}})
	if g.chance(60) {
		add("%s arr[%d];", intTypes[g.n(len(intTypes))], 5)
		g.ints = append(g.ints, intVar{template: "arr[$]", kids: []sort{sInt}, mods: []int{5}})
	}
	if g.chance(40) {
		add("self %s tarr[3];", intTypes[g.n(len(intTypes))])
		g.ints = append(g.ints, intVar{template: "self->tarr[$]", kids: []sort{sInt}, mods: []int{3}})
	}
	if g.chance(30) {
		add("%s arr2[3][4];", intTypes[g.n(len(intTypes))])
		g.ints = append(g.ints, intVar{template: "arr2[$][$]", kids: []sort{sInt, sInt}, mods: []int{3, 4}})
	}
	for i := range 1 + g.n(3) {
		scope := g.pick("", "", "self ")
		name := fmt.Sprintf("as%d", i)
		var types, tmpl []string
		v := intVar{}
		for range 1 + g.n(3) {
			if g.chance(30) {
				types, v.kids = append(types, "string"), append(v.kids, sString)
			} else {
				types, v.kids = append(types, intTypes[g.n(len(intTypes))]), append(v.kids, sInt)
			}
			tmpl, v.mods = append(tmpl, "$"), append(v.mods, 0)
		}
		v.typ = intTypes[g.n(len(intTypes))]
		add("%s%s %s[%s];", scope, v.typ, name, strings.Join(types, ", "))
		v.template = strings.TrimSpace(strings.Replace(scope, "self ", "self->", 1)) + name + "[" + strings.Join(tmpl, ", ") + "]"
		g.ints = append(g.ints, v)
	}
	// String variables.
	add("int64_t g_l;\nself int sp;\nint gsp;\nstruct st sa[int];")
	add("string gstr;\nself string tstr;\nthis string lstr;")
	g.strs = []string{"gstr", "self->tstr", "this->lstr"}
	if g.chance(50) {
		add("string asstr[int];\nself string tasstr[string, int];")
		g.strs = append(g.strs, "asstr[1]", "asstr[2]", `self->tasstr["k", 1]`)
	}
	// this->: pointers into scratch memory.
	add("this char *p;\nthis struct st *ps;\nthis struct bf *pb;\nthis int64_t *pq;")
	g.ints = append(g.ints,
		intVar{template: "this->p[$]", kids: []sort{sInt}, mods: []int{64}},
		intVar{template: "this->ps->a"}, intVar{template: "this->ps->b"}, intVar{template: "this->ps->c"}, intVar{template: "this->ps->d.s"}, intVar{template: "this->ps->e"},
		intVar{template: "this->ps->f[$]", kids: []sort{sInt}, mods: []int{4}},
		intVar{template: "this->pb->a"}, intVar{template: "this->pb->b"}, intVar{template: "this->pb->c"}, intVar{template: "this->pb->d"}, intVar{template: "this->pb->e"}, intVar{template: "this->pb->f"},
		intVar{template: "this->pq[$]", kids: []sort{sInt}, mods: []int{4}}, intVar{template: "(*this->pq)"},
	)
	for _, t := range []string{"int8_t", "uint16_t", "int32_t", "uint64_t"} {
		g.ints = append(g.ints, intVar{template: "(*(" + t + " *)(this->p + $))", kids: []sort{sInt}, mods: []int{56}})
	}
	for i := range 1 + g.n(6) {
		g.aggs = append(g.aggs, g.aggDecl(i))
	}

	for i := range 1 + g.n(5) {
		items = append(items, g.clause("BEGIN", i == 0))
	}
	if g.chance(40) {
		g.inError = true
		items = append(items, g.clause("ERROR", true))
		if g.chance(30) {
			items = append(items, g.clause("ERROR", true))
		}
		g.inError = false
	}
	if g.chance(40) {
		items = append(items, g.clause("END", true))
	}
	return list("", items)
}

func (g *gen) aggDecl(i int) aggVar {
	a := aggVar{name: fmt.Sprintf("@a%d", i)}
	for range g.n(4) {
		if g.chance(40) {
			a.keys = append(a.keys, sString)
		} else {
			a.keys = append(a.keys, sInt)
		}
	}
	switch f := g.pick("count", "sum", "avg", "min", "max", "stddev", "quantize", "lquantize", "llquantize"); f {
	case "count":
		a.fn = "count()"
	case "quantize":
		a.fn, a.args, a.dist = "quantize($)", 1, true
		if g.chance(30) {
			a.fn, a.args = "quantize($, $)", 2
		}
	case "lquantize":
		a.dist, a.args = true, 1
		a.fn = g.pick("lquantize($, 0, 100, 10)", "lquantize($, -10, 10)", "lquantize($, -1000, 100000, 777)", "lquantize($, -1000000000, 1000000000, 65535)")
		if g.chance(30) {
			a.fn, a.args = "lquantize($, 0, 10, 2, $)", 2
		}
	case "llquantize":
		a.dist, a.args = true, 1
		a.fn = g.pick("llquantize($, 10, 0, 6, 20)", "llquantize($, 2, 0, 20, 2)", "llquantize($, 3, 1, 5, 9)", "llquantize($, 10, 3, 5, 100)")
		if g.chance(30) {
			a.fn, a.args = "llquantize($, 10, 0, 3, 10, $)", 2
		}
	default:
		a.fn, a.args = f+"($)", 1
	}
	return a
}

// clause generates a clause. init makes it start with all of this->.
func (g *gen) clause(name string, init bool) *node {
	g.spec, g.comm = false, !g.inError && g.chance(10)
	pred := lit(sFixed, "")
	if !init && g.chance(30) {
		pred = mk(sFixed, " /$/", g.intExpr(3))
	}
	var body []*node
	if init || pred.kids == nil && g.chance(60) {
		body = append(body, lit(sFixed, "\tthis->p = (char *)alloca(64); this->ps = (struct st *)alloca(sizeof (struct st)); this->pb = (struct bf *)alloca(sizeof (struct bf)); this->pq = (int64_t *)alloca(32);\n"))
		body = append(body, lit(sFixed, "\tthis->lstr = \"local\";\n"))
		for _, v := range g.ints {
			if strings.HasPrefix(v.template, "this->g") {
				body = append(body, mk(sFixed, "\t"+v.template+" = $;\n", lit(sInt, intLits[g.n(len(intLits))])))
			}
		}
	}
	if !g.inError && !g.comm && g.chance(15) {
		g.spec = true
		body = append(body, mk(sStmt, "\tspeculate($);\n", lit(sInt, g.pick("self->sp", "self->sp", "gsp", "1", "2", "0"))))
	}
	for range 1 + g.n(7) {
		body = append(body, g.stmt(3, "\t"))
	}
	return mk(sClause, name+"$\n{\n$}\n", pred, list("", body))
}

func (g *gen) stmts(depth int, indent string) *node {
	var l []*node
	for range 1 + g.n(3) {
		l = append(l, g.stmt(depth, indent))
	}
	return list("", l)
}

func (g *gen) stmt(depth int, in string) *node {
	g.left--
	d := 3
	if g.left < 0 {
		depth, d = 0, 1
	}
	if depth > 0 && g.chance(14) {
		switch g.n(6) {
		case 0, 1:
			return mk(sStmt, in+"if ($) {\n$"+in+"}\n", g.intExpr(d), g.stmts(depth-1, in+"\t"))
		case 2, 3:
			return mk(sStmt, in+"if ($) {\n$"+in+"} else {\n$"+in+"}\n", g.intExpr(d), g.stmts(depth-1, in+"\t"), g.stmts(depth-1, in+"\t"))
		default:
			if g.loops > 1 {
				break
			}
			g.loops++
			defer func() { g.loops-- }()
			i := fmt.Sprintf("this->i%d", g.loops)
			n := 1 + g.n(6)
			body := g.stmts(depth-1, in+"\t")
			switch g.n(3) {
			case 0:
				return mk(sStmt, fmt.Sprintf("%sfor (%s = 0; %s < %d; %s++) {\n$%s}\n", in, i, i, n, i, in), body)
			case 1:
				return mk(sStmt, fmt.Sprintf("%s%s = %d;\n%swhile (%s-- > 0) {\n$%s}\n", in, i, n, in, i, in), body)
			default:
				return mk(sStmt, fmt.Sprintf("%s%s = 0;\n%sdo {\n$%s\tif ($) %s;\n%s} while (++%s < %d);\n", in, i, in, in, g.pick("break", "continue"), in, i, n), body, g.intExpr(2))
			}
		}
	}
	k := g.n(100)
	if g.loops == 0 && g.comm && k >= 32 && k < 83 || g.loops == 0 && g.comm && (k == 87 || k >= 88 && k < 91) {
		return lit(sStmt, in+g.pick("commit", "discard")+"("+g.pick("self->sp", "gsp", "1", "0", "99")+");\n")
	}
	if g.loops > 0 && (k >= 32 && k < 60 || k >= 80 && k < 91 || k >= 60 && k < 80 && (g.spec || g.comm)) {
		k = 0 // a record has room for one execution
	}
	switch {
	case k < 22:
		return mk(sStmt, in+"$;\n", g.assign(d))
	case k < 32:
		v := g.strs[g.n(len(g.strs))]
		return mk(sStmt, in+v+" = $;\n", g.strExpr(d))
	case k < 36:
		return mk(sStmt, in+"trace($);\n", g.intExpr(d))
	case k < 39:
		return mk(sStmt, in+"trace($);\n", g.strExpr(d))
	case k < 60:
		return g.printf(in, d)
	case k < 80:
		if g.spec {
			return g.printf(in, d)
		}
		a := &g.aggs[g.n(len(g.aggs))]
		if !slices.Contains(g.used, a) {
			g.used = append(g.used, a)
		}
		tmpl, kids := a.name, []*node(nil)
		if len(a.keys) > 0 {
			tmpl += "[" + strings.TrimSuffix(strings.Repeat("$, ", len(a.keys)), ", ") + "]"
			for _, k := range a.keys {
				if k == sString {
					kids = append(kids, g.strExpr(min(d, 2)))
				} else {
					kids = append(kids, g.key(d))
				}
			}
		}
		for i := range a.args {
			if i == 1 {
				kids = append(kids, mk(sInt, "($ & 7)", g.intExpr(1)))
			} else {
				kids = append(kids, g.intExpr(d))
			}
		}
		return mk(sStmt, in+tmpl+" = "+a.fn+";\n", kids...)
	case k < 83:
		if g.spec {
			break
		}
		if len(g.used) == 0 {
			break
		}
		a := g.used[g.n(len(g.used))]
		switch g.n(8) {
		case 0:
			return lit(sStmt, in+"clear("+a.name+");\n")
		case 1:
			return lit(sStmt, in+"trunc("+a.name+g.pick("", ", 1", ", 2", ", -1", ", 0")+");\n")
		case 2:
			if a.dist {
				return lit(sStmt, in+"printa("+a.name+");\n")
			}
			return mk(sStmt, in+"normalize("+a.name+", $);\n", lit(sInt, g.pick("1", "2", "10", "1000")))
		case 3:
			return lit(sStmt, in+"denormalize("+a.name+");\n")
		default:
			if len(a.keys) == 0 && g.chance(50) && !a.dist {
				return lit(sStmt, in+"printa(\"%@d %@x\\n\", "+a.name+");\n")
			}
			return lit(sStmt, in+"printa("+a.name+");\n")
		}
	case k < 85:
		// As many as there are: the kernel's are free again only when the
		// consumer has read them.
		if g.spec || g.loops > 0 || g.nspec == 0 {
			break
		}
		g.nspec--
		return lit(sStmt, in+g.pick("self->sp", "gsp")+" = speculation();\n")
	case k < 87:
		if g.spec {
			break
		}
		return lit(sStmt, in+"discard("+g.pick("self->sp", "gsp", "1", "0", "99")+");\n")
	case k < 88:
		if g.spec || g.chance(50) {
			break
		}
		return mk(sStmt, in+"exit($);\n", g.intExpr(1))
	case k < 91:
		return mk(sStmt, in+"tracemem(this->p"+g.pick("", "b", "s", "q")+", "+g.pick("1", "8", "16", "24")+");\n")
	case k < 94:
		dst, src := g.pick("this->p", "this->p + 8", "this->pq"), g.pick("this->p", "this->ps", "this->pb", "this->pq + 1", "this->p + 3")
		return mk(sStmt, in+"bcopy("+src+", "+dst+", $);\n", mk(sInt, "($ & 15)", g.intExpr(1)))
	case k < 95:
		if g.loops > 0 {
			break
		}
		return lit(sStmt, in+g.pick("gs = *this->ps", "*this->ps = gs", "gb = *this->pb", "*this->pb = gb", "this->tmp = gs; g_l = this->tmp.c", "sa[1] = gs; g_l = sa[1].e", "sa[2] = gs", "gs = *this->ps")+";\n")
	case k < 96:
		v := &g.ints[g.n(len(g.ints))]
		if v.mods == nil || v.mods[0] != 0 {
			break
		}
		return mk(sStmt, in+"$ = 0;\n", g.lvalue(v, 1))
	case k < 97:
		return mk(sStmt, in+"this->p = (char *)alloca($);\n", lit(sInt, g.pick("64", "100", "64", "2000")))
	case k < 98:
		return mk(sStmt, in+g.pick("copyinto($, 8, this->p)", "g_l = *(int *)($)", "gstr = copyinstr($)", "this->p = (char *)copyin($, 16)", "gstr = stringof((char *)$)")+";\n", lit(sInt, g.pick("0", "8", "0x1000", "-1")))
	}
	return mk(sStmt, in+"$;\n", g.assign(d))
}

// key is an integer key: casts give it all widths.
func (g *gen) key(d int) *node { return g.intExpr(d) }

func (g *gen) printf(in string, d int) *node {
	var f strings.Builder
	var kids []*node
	for range g.n(5) {
		if g.chance(30) {
			f.WriteString(g.pick("%s", "%-8s|", "%12s|", "%.3s|", "%S", "%-5.2s|", "%10.4s|") + " ")
			kids = append(kids, g.strExpr(d))
			continue
		}
		conv := g.pick("%d ", "%d ", "%i ", "%u ", "%x ", "%X ", "%o ", "%5d ", "%-8d| ", "%08x ", "%#x ", "%+d ", "% d ", "%#o ", "%'d ", "%.5d ", "%20d ", "%p ")
		if g.chance(10) {
			conv, typ, _ := strings.Cut(g.pick("%lld long long", "%llx unsigned long long", "%5lli long long", "%#llo unsigned long long", "%hd short", "%c char", "%C char", "%hu unsigned short"), " ")
			f.WriteString(conv + " ")
			kids = append(kids, mk(sFixed, "("+typ+")($)", g.intExpr(d)))
			continue
		}
		kids = append(kids, g.intExpr(d))
		f.WriteString(conv)
	}
	t := in + `printf("` + f.String() + `\n"` + strings.Repeat(", $", len(kids)) + ");\n"
	return mk(sStmt, t, kids...)
}

func (g *gen) lvalue(v *intVar, d int) *node {
	kids := make([]*node, len(v.kids))
	for i, s := range v.kids {
		switch {
		case s == sString:
			kids[i] = g.strExpr(min(d-1, 1))
		case v.mods[i] != 0 && !g.chance(4):
			kids[i] = lit(sInt, fmt.Sprint(g.n(v.mods[i])))
			if d > 0 && g.chance(40) && v.mods[i]&(v.mods[i]-1) == 0 {
				kids[i] = mk(sInt, fmt.Sprintf("($ & %d)", v.mods[i]-1), g.intExpr(d-1))
			} else if d > 0 && g.chance(30) {
				kids[i] = mk(sInt, fmt.Sprintf("((unsigned int)$ %% %d)", v.mods[i]), g.intExpr(d-1))
			}
		case v.mods[i] != 0:
			kids[i] = mk(sInt, "(gs.a + $)", g.intExpr(1))
		default:
			kids[i] = lit(sInt, g.pick("1", "2", "3"))
			if g.chance(40) {
				kids[i] = g.intExpr(d - 1)
			}
		}
	}
	return mk(sInt, v.template, kids...)
}

func (g *gen) anyLvalue(d int) *node {
	v := &g.ints[g.n(len(g.ints))]
	return g.lvalue(v, d)
}

func (g *gen) assign(d int) *node {
	op := g.pick("=", "=", "=", "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "/=", "%=")
	if op == "/=" || op == "%=" {
		return mk(sInt, "$ "+op+" ($ | 1)", g.anyLvalue(d-1), g.intExpr(d-1))
	}
	return mk(sInt, "$ "+op+" $", g.anyLvalue(d-1), g.intExpr(d))
}

func (g *gen) intExpr(d int) *node {
	g.left--
	if d <= 0 || g.left < 0 || g.chance(15) {
		if g.chance(50) {
			return lit(sInt, intLits[g.n(len(intLits))])
		}
		return g.anyLvalue(0)
	}
	e := func() *node { return g.intExpr(d - 1) }
	s := func() *node { return g.strExpr(d - 1) }
	switch k := g.n(100); {
	case k < 12:
		return g.anyLvalue(d)
	case k < 42:
		op := g.pick("+", "-", "*", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&&", "||", "^^", "+", "-", ">>")
		return mk(sInt, "($ "+op+" $)", e(), e())
	case k < 47:
		op := g.pick("/", "%")
		if g.chance(85) {
			return mk(sInt, "($ "+op+" ($ | 1))", e(), e())
		}
		return mk(sInt, "($ "+op+" $)", e(), e())
	case k < 54:
		return mk(sInt, g.pick("-", "~", "!", "+")+"($)", e())
	case k < 62:
		return mk(sInt, "("+intTypes[g.n(len(intTypes))]+")($)", e())
	case k < 66:
		return mk(sInt, "($ ? $ : $)", e(), e(), e())
	case k < 68:
		return mk(sInt, "($, $)", e(), e())
	case k < 71:
		return mk(sInt, g.pick("$++", "$--", "++$", "--$"), g.anyLvalue(d-1))
	case k < 74:
		return mk(sInt, "($)", g.assign(d-1))
	case k < 78:
		return mk(sInt, "($ "+g.pick("<", "<=", ">", ">=", "==", "!=")+" $)", s(), s())
	case k < 80:
		return mk(sInt, "($ "+g.pick("==", "!=")+" NULL)", s())
	case k < 83:
		return mk(sInt, "strlen($)", s())
	case k < 86:
		f := g.pick("index", "rindex")
		if g.chance(50) {
			return mk(sInt, f+"($, $, $)", s(), s(), e())
		}
		return mk(sInt, f+"($, $)", s(), s())
	case k < 89:
		if g.chance(50) {
			return mk(sInt, "strtoll($, $)", s(), lit(sInt, g.pick("10", "16", "8", "2", "36", "0", "1", "37", "gs.a")))
		}
		return mk(sInt, "strtoll($)", s())
	case k < 91:
		return mk(sInt, g.pick("htons", "htonl", "htonll", "ntohs", "ntohl", "ntohll", "getmajor", "getminor")+"($)", e())
	case k < 93:
		return lit(sInt, g.pick("sizeof (struct st)", "sizeof (gs.a)", "offsetof(struct st, e)", "strlen(probename)", "id", "epid", "(pid == pid)", "(timestamp > 0)", "arg0", "errno"))
	case k < 95:
		// A character of a string.
		return mk(sInt, g.strs[g.n(len(g.strs))]+"[$]", lit(sInt, fmt.Sprint(g.n(4))))
	case k < 96 && g.inError:
		return lit(sInt, g.pick("arg1", "arg2", "arg4"))
	}
	return g.anyLvalue(d)
}

func (g *gen) strExpr(d int) *node {
	g.left--
	if d <= 0 || g.left < 0 || g.chance(20) {
		if g.chance(50) {
			return lit(sString, strLits[g.n(len(strLits))])
		}
		return lit(sString, g.strs[g.n(len(g.strs))])
	}
	e := func() *node { return g.intExpr(d - 1) }
	s := func() *node { return g.strExpr(d - 1) }
	small := func() *node {
		if g.chance(70) {
			return lit(sInt, g.pick("0", "1", "2", "3", "5", "20", "-1", "-2", "-3", "-20", "300", "2147483647", "-2147483648"))
		}
		return e()
	}
	switch g.n(24) {
	case 0, 1:
		return mk(sString, "strjoin($, $)", s(), s())
	case 2, 3:
		return mk(sString, "substr($, $)", s(), small())
	case 4, 5:
		return mk(sString, "substr($, $, $)", s(), small(), small())
	case 6:
		return mk(sString, g.pick("strchr", "strrchr")+"($, $)", s(), lit(sInt, g.pick("'a'", "'c'", "'/'", "'\\0'", "'z'", "-1", "353")))
	case 7:
		return mk(sString, "strstr($, $)", s(), s())
	case 8:
		return mk(sString, "strtok($, $)", s(), s())
	case 9:
		return mk(sString, "strtok(NULL, $)", s())
	case 10:
		return mk(sString, "basename($)", s())
	case 11:
		return mk(sString, "dirname($)", s())
	case 12:
		return mk(sString, "cleanpath($)", s())
	case 13:
		return mk(sString, g.pick("toupper", "tolower")+"($)", s())
	case 14:
		return mk(sString, "lltostr($)", e())
	case 15:
		return mk(sString, "lltostr($, $)", e(), lit(sInt, g.pick("10", "16", "8", "2", "36", "3", "0", "1", "40")))
	case 16:
		return mk(sString, "json($, $)", s(), s())
	case 17:
		return mk(sString, "json($, $)", lit(sString, g.pick(jsonTexts...)), lit(sString, g.pick(`"a"`, `"a.b"`, `"a.b[2].c"`, `"[1]"`, `"[2]"`, `"b"`, `"a[1][0]"`, `"[x]"`, `"a."`, `".a"`, `"[18446744073709551617]"`)))
	case 18:
		return mk(sString, "($ ? $ : $)", e(), s(), s())
	case 19:
		return mk(sString, g.pick("inet_ntoa((uint32_t *)this->p)", "inet_ntop(2, this->p)", "inet_ntop(10, this->p)", "inet_ntoa6((void *)this->p)", "link_ntop(1, this->p)", "link_ntop(32, this->p)", "inet_ntop(3, this->p)", "inet_ntop(10, this->ps)"))
	case 20:
		return lit(sString, g.pick("probename", "probeprov", "probefunc", "probemod"))
	case 21:
		return lit(sString, g.pick("stringof(this->p)", "(string)this->p", "stringof(this->p + 3)", "((string)\"cast\")"))
	case 22:
		return mk(sString, "("+g.strs[g.n(len(g.strs))]+" = $)", s())
	}
	return lit(sString, g.strs[g.n(len(g.strs))])
}

var jsonTexts = []string{
	`"{\"a\":1}"`, `"{\"a\":{\"b\":[1,2,{\"c\":\"x y\"}]}}"`, `"[10, 20 ,30]"`, `"{\"a\":\"q\\\"r\",\"b\":true}"`, `"{ \"b\" : [ ] , \"a\" : -1.5E3}"`,
	`"{\"a\"}"`, `"\"s\""`, `"{\"a\":[[1],[2,3]]}"`, `"["`, `"{\"a\":\"x"`, `"{\"a\":null,\"b\":false}"`, `"{\"\":1, \"a\":2}"`,
}
