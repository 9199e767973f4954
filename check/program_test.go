package check_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/check/worldtest"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

func mustCheck(t testing.TB, c *check.Checker, src string) *check.Info {
	t.Helper()
	prog, err := parse(c, src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	info, err := c.Check(prog)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return info
}

// exprs returns the expression statements of the first clause.
func exprs(info *check.Info) []syntax.Expr {
	var list []syntax.Expr
	for _, s := range info.Clauses[0].Node.Body.List {
		list = append(list, s.(*syntax.ExprStmt).X)
	}
	return list
}

func TestTypes(t *testing.T) {
	for _, tt := range []struct{ have, want string }{
		{"1 + 2", "int"},
		{"1 + 2UL", "unsigned long"},
		{"(char)1 + (char)2", "char"},
		{"(char)1 + (unsigned char)2", "unsigned char"},
		{"(short)1 << 3", "short"},
		{"1LL + 1L", "long long"},
		{"0x80000000", "unsigned int"},
		{"5000000000", "long"},
		{"timestamp - 1", "uint64_t"},
		{"-pid", "pid_t"},
		{"!curthread", "int"},
		{"pid == 1", "int"},
		{"curthread->comm", "char [16]"},
		{"curthread->comm[1]", "char"},
		{"curthread->real_parent", "struct task_struct *"},
		{"&curthread->pid", "int *"},
		{"curthread + 1", "struct task_struct *"},
		{"curthread - curthread", "ptrdiff_t"},
		{"curthread->counts + 1", "unsigned long *"},
		{"sizeof (int)", "size_t"},
		{"execname[1]", "char"},
		{`pid ? execname : "x"`, "string"},
		{"pid ? NULL : curthread", "struct task_struct *"},
		{"pid ? (char)1 : 2L", "long"},
		{"(pid, execname)", "string"},
		{"strlen(execname)", "size_t"},
		{"alloca(4)", "void *"},
		{"`jiffies_64", "uint64_t"},
		{"`init_task.comm", "char [16]"},
		{"GREEN", "enum color"},
		{"arg0", "int64_t"},
		{"curpsinfo->pr_pid", "int"},
		{"curpsinfo->pr_fname", "string"},
		{"fds[1].fi_name", "string"},
		{"O_CREAT", "int"},
		{"(string)arg0", "string"},
		{"uregs[0]", "uint64_t"},
	} {
		info, err := try(t, "BEGIN { trace("+tt.have+"); }", check.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.have, err)
			continue
		}
		arg := exprs(info)[0].(*syntax.Call).Args[0]
		if got := info.TypeOf(arg).String(); got != tt.want {
			t.Errorf("%s: got type %q, want %q", tt.have, got, tt.want)
		}
	}
}

func TestConstants(t *testing.T) {
	for _, tt := range []struct {
		have string
		want int64
	}{
		{"1 + 2 * 3", 7}, {"7 / 2", 3}, {"-7 / 2", -3}, {"-7 % 3", -1}, {"1 << 40", 1 << 40}, {"-8 >> 1", -4},
		{"0xffffffffu >> 4", 0xfffffff}, {"~0", -1}, {"~0u", 0xffffffff}, {"-1u", 0xffffffff}, {"!5", 0},
		{"-1 < 1u", 0}, {"-1 < 1", 1}, {"5 && 0 || 1", 1}, {"1 ^^ 1", 0}, {"1 ? 2 : 3", 2}, {"0 ? 2 : 3", 3},
		{"(char)300", 44}, {"(unsigned char)-1", 255}, {"(int)0x1ffffffff", -1}, {"sizeof (long)", 8},
		{"sizeof (struct task_struct)", -1}, {"offsetof(struct task_struct, flags)", 4}, {"BLUE", 2}, {"O_CREAT | 1", 65},
		{"0x8000000000000000 / -1", 0}, {"(-9223372036854775807 - 1) / -1", -1 << 63}, {"6 & 3 | 8 ^ 1", 11}, {"'a'", 97},
	} {
		info, err := try(t, "BEGIN { trace("+tt.have+"); }", check.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.have, err)
			continue
		}
		x := info.Expr(exprs(info)[0].(*syntax.Call).Args[0])
		if !x.Const {
			t.Errorf("%s: not constant", tt.have)
		} else if tt.have != "sizeof (struct task_struct)" && x.Int != tt.want {
			t.Errorf("%s: got %d, want %d", tt.have, x.Int, tt.want)
		}
	}
}

func TestConversions(t *testing.T) {
	for _, tt := range []struct {
		have string // the left operand, or the right one, or the argument of this expression
		sel  func(e syntax.Expr) syntax.Expr
		conv check.Conv
		to   string
	}{
		{"1 + 2L", left, check.ConvInt, "long"},
		{"1 + 2", left, check.ConvNone, ""},
		{"execname == curthread->comm", right, check.ConvString, "string"},
		{"curthread->counts + 1", left, check.ConvDecay, "unsigned long *"},
		{"stringof(arg0)", func(e syntax.Expr) syntax.Expr { return e.(*syntax.Stringof).X }, check.ConvString, "string"},
		{"strlen(curthread->comm)", func(e syntax.Expr) syntax.Expr { return e.(*syntax.Call).Args[0] }, check.ConvString, "string"},
		{"execname + 1", left, check.ConvStrPtr, "char *"},
		{"(char)pid", func(e syntax.Expr) syntax.Expr { return e.(*syntax.Cast).X }, check.ConvInt, "char"},
	} {
		info, err := try(t, "BEGIN { trace("+tt.have+"); }", check.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.have, err)
			continue
		}
		x := info.Expr(tt.sel(exprs(info)[0].(*syntax.Call).Args[0]))
		to := ""
		if x.To != nil {
			to = x.To.String()
		}
		if x.Conv != tt.conv || to != tt.to {
			t.Errorf("%s: got conversion %d to %q, want %d to %q", tt.have, x.Conv, to, tt.conv, tt.to)
		}
	}
}

func left(e syntax.Expr) syntax.Expr  { return e.(*syntax.Binary).X }
func right(e syntax.Expr) syntax.Expr { return e.(*syntax.Binary).Y }

func TestProgramsShare(t *testing.T) {
	c := newChecker(t, worldtest.New(), check.Options{})
	a := mustCheck(t, c, "inline int N = 4; typedef int num_t; BEGIN { x = (num_t)N; self->y = 1; @a[pid] = count(); }")
	b := mustCheck(t, c, "END { trace(x + N); trace((num_t)self->y); printa(@a); clear(@a); }")
	if a.Vars()[0] != b.Vars()[0] || len(b.Vars()) != 2 {
		t.Errorf("variables are not shared: %v", b.Vars())
	}
	if g := b.Aggs()[0]; len(b.Aggs()) != 1 || !g.Clearable || g.Spec.Func != agg.Count {
		t.Errorf("aggregation %+v", b.Aggs()[0])
	}
	prog, err := parse(c, `END { x = "a"; }`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Check(prog); diag.CodeOf(err) != diag.D_OP_INCOMPAT {
		t.Errorf("got %v, want D_OP_INCOMPAT", err)
	}
	// Clause-local variables belong to their program.
	c = newChecker(t, worldtest.New(), check.Options{})
	mustCheck(t, c, "BEGIN { this->x = 1; }")
	if prog, err = parse(c, "BEGIN { trace(this->x); }"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Check(prog); diag.CodeOf(err) != diag.D_VAR_UNDEF {
		t.Errorf("got %v, want D_VAR_UNDEF", err)
	}
}

func TestKeysOfStacks(t *testing.T) {
	info, err := try(t, "BEGIN { a[stack(3), pid] = 1; trace(a[stack(7), 1]); @[ustack(2)] = count(); @[ustack(9)] = count(); }", check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v := info.Vars()[0]; len(v.Frames) != 2 || v.Frames[0] != 7 || v.Frames[1] != 0 {
		t.Errorf("variable has frames %v, want 7 and 0", v.Frames)
	}
	if g := info.Aggs()[0]; g.Keys[0].Frames != 9 {
		t.Errorf("aggregation has %d frames, want 9", g.Keys[0].Frames)
	}
}

func TestClauseFacts(t *testing.T) {
	for _, tt := range []struct {
		have                                                      string
		records, dflt, speculative, destructiveClause, conditonal bool
	}{
		{"", true, true, false, false, false},
		{"x = 1;", false, false, false, false, false},
		{"trace(1);", true, false, false, false, false},
		{"@ = count();", false, false, false, false, false},
		{"speculate(1); trace(2);", true, false, true, false, false},
		{"stop();", false, false, false, true, false},
		{"system(\"x\");", true, false, false, true, false},
		{"if (pid) { trace(1); }", true, false, false, false, true},
		{"1 ? trace(1) : 0;", true, false, false, false, false},
	} {
		info, err := try(t, "BEGIN { "+tt.have+" }", check.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.have, err)
			continue
		}
		c := info.Clauses[0]
		if c.Records != tt.records || c.Default != tt.dflt || c.Speculative != tt.speculative || c.Destructive != tt.destructiveClause || c.Conditional != tt.conditonal {
			t.Errorf("%q: records %v, default %v, speculative %v, destructive %v, conditional %v", tt.have, c.Records, c.Default, c.Speculative, c.Destructive, c.Conditional)
		}
	}
}

func TestUnsupported(t *testing.T) {
	w := worldtest.New()
	w.Unsupported[ir.BuiltinS] = errors.New("host test has no strings: not supported")
	w.Unsupported[ir.Chill] = errors.New("host test cannot spin: not supported")
	for _, tt := range []struct {
		have string
		want diag.Code
		text string
	}{
		{"trace(execname);", diag.D_VAR_UNSUP, "host test has no strings"},
		{"chill(1);", diag.D_UNKNOWN, "host test cannot spin"},
		{"trace(pid);", "", ""},
	} {
		c := newChecker(t, w, check.Options{})
		prog, err := parse(c, "BEGIN { "+tt.have+" }")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Check(prog)
		if diag.CodeOf(err) != tt.want || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v, want %s with %q", tt.have, err, tt.want, tt.text)
		}
	}
}

func TestXlateFacts(t *testing.T) {
	info, err := try(t, "io:::start { trace(args[0]->b_bcount); trace(curpsinfo->pr_pid); trace(fds[2].fi_oflags); }", check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	arg := func(i int) *syntax.Member { return exprs(info)[i].(*syntax.Call).Args[0].(*syntax.Member) }
	m := info.Expr(arg(0))
	if m.XMember == nil || m.XMember.Name != "b_bcount" || info.Expr(m.XMember.X) == nil {
		t.Errorf("args[0]->b_bcount: %+v", m)
	}
	if x := info.Expr(arg(0).X); x.Arg == nil || x.Arg.Map != 0 || x.Xlate == nil || x.Xlate.In.String() != "struct bio *" {
		t.Errorf("args[0]: %+v", x)
	}
	x := info.Expr(arg(1).X)
	d, ok := x.Obj.(*check.InlineDef)
	if !ok || x.Xlate == nil || info.Expr(d.X).Xlate != x.Xlate {
		t.Errorf("curpsinfo: %+v", x)
	}
	if x := info.Expr(arg(2).X); x.Xlate == nil || x.Obj.(*check.InlineDef).Params[0].Name != "fd" {
		t.Errorf("fds[2]: %+v", x)
	}
}

func TestStability(t *testing.T) {
	info, err := try(t, "BEGIN { trace(pid); } syscall::read:entry { trace(args[0]); }", check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a := info.Clauses[0]; a.Attr.String() != "Stable/Stable/Common" || a.DescAttr.String() != "Unstable/Unstable/Common" {
		t.Errorf("BEGIN: %s, %s", a.Attr, a.DescAttr)
	}
	if a := info.Clauses[1]; a.Attr.Name != probe.Private || a.DescAttr.Name != probe.Private {
		t.Errorf("syscall: %s, %s", a.Attr, a.DescAttr)
	}
}

func TestModels(t *testing.T) {
	for _, m := range []ctype.Model{ctype.LP64, ctype.LLP64, ctype.ILP32} {
		c := check.New(worldtest.NewModel(m), check.Options{})
		info := mustCheck(t, c, "struct s { char c; void *p; long l; }; BEGIN { trace(sizeof (struct s)); }")
		want := map[string]int64{"LP64": 24, "LLP64": 24, "ILP32": 12}[m.Name]
		if x := info.Expr(exprs(info)[0].(*syntax.Call).Args[0]); x.Int != want {
			t.Errorf("%s: sizeof is %d, want %d", m.Name, x.Int, want)
		}
	}
}

// TestNoWorkPerProbe checks that the World is asked once for each description
// and not for every probe's arguments.
func TestNoWorkPerProbe(t *testing.T) {
	w := worldtest.New()
	for i := range 50000 {
		w.Extra = append(w.Extra, &probe.Probe{ID: probe.ID(1000 + i), Provider: "big", Function: fmt.Sprint("f", i), Name: "entry"})
	}
	c := check.New(w, check.Options{})
	mustCheck(t, c, strings.Repeat("big:::entry { @[probefunc] = count(); }\n", 500))
	if n := w.Queries["Probes"]; n != 1 {
		t.Errorf("%d queries for probes, want 1", n)
	}
	if n := w.Queries["Args"]; n != 0 {
		t.Errorf("%d queries for arguments, want 0", n)
	}
}

func longScript(lines int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\ninline int LIMIT = 10;\n")
	for i := 0; i < lines; i += 5 {
		fmt.Fprintf(&b, "syscall::read:entry\n/pid == %d && execname != \"x%d\"/\n{\n\tself->ts%d = timestamp; a%d[pid, execname] = arg0 + LIMIT * %d; @q%d[probefunc] = quantize(arg2); printf(\"%%d %%s\\n\", a%d[pid, execname], curpsinfo->pr_fname);\n}\n", i, i, i%100, i%100, i, i%100, i%100)
	}
	return b.String()
}

func TestLongScriptIsFast(t *testing.T) {
	c := newChecker(t, worldtest.New(), check.Options{})
	prog, err := parse(c, longScript(5000))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := c.Check(prog); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("5,000 lines took %v", d)
	}
}

func BenchmarkCheck5000Lines(b *testing.B) {
	src := longScript(5000)
	for b.Loop() {
		c := newChecker(b, worldtest.New(), check.Options{})
		prog, err := parse(c, src)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Check(prog); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzCheck checks arbitrary programs: whatever parses is accepted or refused
// with a tagged error, and never panics. Accepted programs have a type for every
// expression statement.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		`BEGIN { printf("%d %s\n", 1+2, "x"); exit(0); } syscall:::entry /execname == "cat"/ { @[probefunc] = count(); }`,
		"struct s { int a:3; union { int b; char c[4]; }; }; struct s x[3]; BEGIN { x[1].a = 2; trace(x[0].c[1]); }",
		"inline int f[int a, string b] = a + strlen(b); BEGIN { self->q[f[1, execname]] = args[0]; }",
		"translator struct o < struct task_struct *T > { a = T->pid; }; struct o { int a; };",
		"BEGIN { if (pid) { speculate(1); } else for (this->i = 0; this->i < 3; this->i++) { trace(this->i); } }",
		"enum e { A, B = A + 2 }; typedef enum e e_t; BEGIN { x = (e_t)B; trace(x == A ? stack() : ustack()); }",
		"provider p { probe a(int x) : (int x); };\n#pragma D option strsize=12\nBEGIN { @a[stack(3)] = lquantize(1, 2, 3); printa(@a); }",
		"BEGIN { x = alloca(3); *(char *)x = 1; trace(&`jiffies_64); trace(*curlwpsinfo); y = *curlwpsinfo; }",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		c := newChecker(t, worldtest.New(), check.Options{ZDefs: true})
		prog, err := parse(c, src)
		if err != nil {
			return
		}
		info, err := c.Check(prog)
		if err != nil {
			if diag.CodeOf(err) == "" || err.Error() == "" {
				t.Errorf("%q: error without tag: %v", src, err)
			}
			return
		}
		for _, cl := range info.Clauses {
			if cl.Node.Body == nil {
				continue
			}
			for _, s := range cl.Node.Body.List {
				if es, ok := s.(*syntax.ExprStmt); ok && info.TypeOf(info.Strip(es.X)) == nil {
					t.Errorf("%q: a statement has no type", src)
				}
			}
		}
	})
}
