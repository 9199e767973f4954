package compile

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
)

// maker makes D programs out of bytes: each byte decides one choice.
type maker struct {
	data []byte
	loop int
}

func (m *maker) n(k int) int {
	if len(m.data) == 0 {
		return 0
	}
	b := int(m.data[0])
	m.data = m.data[1:]
	return b % k
}

func (m *maker) pick(s ...string) string { return s[m.n(len(s))] }

const makerDecls = `
struct pair { int a; char tag[8]; unsigned lo : 3; int hi : 5; long b; };
struct pair gp, gq;
int gi; int64_t gl; uint8_t gb; string gs; int ga[4]; int gm[2][3]; struct pair gpa[3]; string gsa[2];
self int si; self string ss; self int sa[3]; self struct pair sp;
this int ti; this string ts; this long ta[2];
int ai[int]; string as[int, string]; struct pair ap[int]; self int sai[string]; int ak[struct pair];
int ax[string, int64_t];
typedef struct out { int x; string s; char c[4]; } out_t;
translator out_t < struct task_struct *T > { x = T->pid + 1; s = T->pid > 3 ? "big" : stringof(T->comm); };
inline int twice[int n] = n * 2;
inline string either[int c, string s] = c ? s : "none";
inline struct task_struct *up = curthread->parent;
`

// num makes an integer expression.
func (m *maker) num(d int) string {
	if d <= 0 {
		return m.pick("0", "1", "-7", "300", "0x7fffffffffffffff", "gi", "pid", "arg0", "self->si", "this->ti", "timestamp", "errno", "'a'")
	}
	d--
	switch m.n(30) {
	case 0:
		return m.num(0)
	case 1, 2, 3, 4:
		return fmt.Sprintf("(%s %s %s)", m.num(d), m.pick("+", "-", "*", "&", "|", "^", "<<", ">>", "/", "%"), m.num(d))
	case 5, 6:
		return fmt.Sprintf("(%s %s %s)", m.num(d), m.pick("<", "<=", ">", ">=", "==", "!=", "&&", "||", "^^"), m.num(d))
	case 7:
		return fmt.Sprintf("(%s ? %s : %s)", m.num(d), m.num(d), m.num(d))
	case 8:
		return fmt.Sprintf("(%s)%s", m.pick("char", "uint8_t", "short", "int", "unsigned", "long", "uint64_t"), m.num(d))
	case 9:
		return fmt.Sprintf("(%s%s)", m.pick("-", "~", "!", "+"), m.num(d))
	case 10:
		return fmt.Sprintf("(%s %s %s)", m.str(d), m.pick("==", "!=", "<", ">="), m.str(d))
	case 11:
		return fmt.Sprintf("strlen(%s)", m.str(d))
	case 12:
		return fmt.Sprintf("%s(%s, %s)", m.pick("index", "rindex"), m.str(d), m.str(d))
	case 13:
		return fmt.Sprintf("(%s%s)", m.lval(d), m.pick("++", "--"))
	case 14:
		return fmt.Sprintf("(%s%s)", m.pick("++", "--"), m.lval(d))
	case 15:
		return fmt.Sprintf("(%s %s %s)", m.lval(d), m.pick("=", "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>="), m.num(d))
	case 16, 17, 18:
		return m.lval(d)
	case 19:
		return m.pick("curthread->pid", "curthread->parent->tgid", "curthread->fa", "curthread->fb", "`jiffies", "`init_mm.start",
			"curthread->slots[1]", "up->pid", "up->parent->fb")
	case 20:
		return fmt.Sprintf("curthread->slots[%s]", m.idx(d))
	case 21:
		return fmt.Sprintf("twice[%s]", m.num(d))
	case 22:
		return m.pick("xlate <out_t *> (curthread)->x", "xlate <out_t> (up).x")
	case 23:
		return fmt.Sprintf("(%s %s NULLP)", m.str(d), m.pick("==", "!="))
	case 24:
		return fmt.Sprintf("strtoll(%s)", m.str(d))
	case 25:
		return fmt.Sprintf("*(int *)copyin(%s, 4)", m.num(d))
	case 26:
		return m.pick("htons", "ntohl", "htonll") + "(" + m.num(d) + ")"
	case 27:
		return m.pick("rand()", "progenyof(1)", "uregs[3]", "sizeof (struct pair)", "caller", "id", "speculation()")
	case 28:
		return fmt.Sprintf("(%s, %s)", m.num(d), m.num(d))
	}
	return m.num(0)
}

// idx makes an array index: one that is evidently outside is an error.
func (m *maker) idx(d int) string {
	switch m.n(3) {
	case 0:
		return m.pick("0", "1")
	case 1:
		return fmt.Sprintf("(gi + %s)", m.num(d))
	}
	return m.pick("gi", "this->ti", "self->si", "gb", "pid")
}

// lval makes something to which a number can be assigned.
func (m *maker) lval(d int) string {
	switch m.n(18) {
	case 0:
		return "gi"
	case 1:
		return "gl"
	case 2:
		return "gb"
	case 3:
		return "ga[2]"
	case 4:
		return fmt.Sprintf("ga[%s]", m.idx(d-1))
	case 5:
		return fmt.Sprintf("gm[%s][%s]", m.idx(d-1), m.idx(d-1))
	case 6:
		return m.pick("gp", "self->sp") + m.pick(".a", ".lo", ".hi", ".b")
	case 7:
		return fmt.Sprintf("gpa[%s].%s", m.idx(d-1), m.pick("a", "lo", "hi", "b"))
	case 8:
		return "self->si"
	case 9:
		return fmt.Sprintf("self->sa[%s]", m.idx(d-1))
	case 10:
		return "this->ti"
	case 11:
		return fmt.Sprintf("this->ta[%s]", m.idx(d-1))
	case 12:
		return fmt.Sprintf("ai[%s]", m.num(d-1))
	case 13:
		return fmt.Sprintf("ap[%s].%s", m.num(d-1), m.pick("a", "lo", "hi", "b"))
	case 14:
		return fmt.Sprintf("self->sai[%s]", m.str(d-1))
	case 15:
		return fmt.Sprintf("ak[%s]", m.pick("gp", "gq", "self->sp"))
	case 16:
		return fmt.Sprintf("ax[%s, %s]", m.str(d-1), m.num(d-1))
	}
	return fmt.Sprintf("gp.tag[%s]", m.idx(d-1))
}

// str makes a string expression.
func (m *maker) str(d int) string {
	if d <= 0 {
		return m.pick(`""`, `"a"`, `"some text"`, "execname", "probefunc", "gs", "self->ss", "this->ts", "probename")
	}
	d--
	switch m.n(20) {
	case 0:
		return m.str(0)
	case 1, 2:
		return fmt.Sprintf("strjoin(%s, %s)", m.str(d), m.str(d))
	case 3:
		return fmt.Sprintf("substr(%s, %s)", m.str(d), m.num(d))
	case 4:
		return fmt.Sprintf("substr(%s, %s, %s)", m.str(d), m.num(d), m.num(d))
	case 5:
		return fmt.Sprintf("(%s ? %s : %s)", m.num(d), m.str(d), m.str(d))
	case 6:
		return fmt.Sprintf("%s(%s)", m.pick("basename", "dirname", "cleanpath", "toupper", "tolower"), m.str(d))
	case 7:
		return fmt.Sprintf("%s(%s, %s)", m.pick("strchr", "strrchr"), m.str(d), m.num(d))
	case 8:
		return fmt.Sprintf("%s(%s, %s)", m.pick("strstr", "strtok", "json"), m.str(d), m.str(d))
	case 9:
		return fmt.Sprintf("lltostr(%s)", m.num(d))
	case 10:
		return m.pick("stringof(curthread->comm)", "stringof(curthread->name)", "xlate <out_t *> (up)->s", "xlate <out_t> (curthread).s")
	case 11:
		return fmt.Sprintf("copyinstr(%s)", m.num(d))
	case 12:
		return fmt.Sprintf("as[%s, %s]", m.num(d), m.str(d))
	case 13:
		return fmt.Sprintf("gsa[%s]", m.idx(d))
	case 14:
		return fmt.Sprintf("either[%s, %s]", m.num(d), m.str(d))
	case 15:
		return fmt.Sprintf("(%s = %s)", m.strLval(d), m.str(d))
	case 16:
		return "stringof(gp.tag)"
	}
	return m.str(0)
}

func (m *maker) strLval(d int) string {
	switch m.n(5) {
	case 0:
		return "gs"
	case 1:
		return "self->ss"
	case 2:
		return "this->ts"
	case 3:
		return fmt.Sprintf("gsa[%s]", m.idx(d-1))
	}
	return fmt.Sprintf("as[%s, %s]", m.num(d-1), m.str(d-1))
}

func (m *maker) stmt(d int) string {
	switch m.n(20) {
	case 0, 1:
		return fmt.Sprintf("%s = %s;", m.lval(d), m.num(d))
	case 2:
		return fmt.Sprintf("%s %s %s;", m.lval(d), m.pick("+=", "-=", "|=", ">>="), m.num(d))
	case 3, 4:
		return fmt.Sprintf("%s = %s;", m.strLval(d), m.str(d))
	case 5:
		return fmt.Sprintf("%s = %s;", m.pick("gp", "gq", "ap[gi]", "self->sp", "gpa[gi]", "gpa[1]"), m.pick("gp", "gq", "ap[gi]", "self->sp", "gpa[gi]", "gpa[2]"))
	case 6:
		return fmt.Sprintf("@x[%s, %s] = quantize(%s);", m.num(d), m.str(d), m.num(d))
	case 7:
		return m.pick("@ = count();", "@p[probefunc] = count();", "@k[stack(3), execname] = sum(pid);", "@c[gp] = max(gi);", "@l = lquantize(arg0, 0, 10);")
	case 8:
		return fmt.Sprintf("@m[%s] = avg(%s);", m.str(d), m.num(d))
	}
	if m.loop > 0 {
		switch m.n(3) {
		case 0:
			return m.pick("break;", "continue;")
		}
		return fmt.Sprintf("%s++;", m.lval(d))
	}
	switch m.n(16) {
	case 0, 1:
		return fmt.Sprintf(`printf("%%d %%s", %s, %s);`, m.num(d), m.str(d))
	case 2:
		return fmt.Sprintf("trace(%s);", m.num(d))
	case 3:
		return fmt.Sprintf("trace(%s);", m.str(d))
	case 4:
		return m.pick("stack();", "ustack(2);", "print(gp);", "print(*curthread->mm);", "tracemem(curthread, 8);", "trace(curthread->comm);",
			`printa("%@d", @x2);`, "trunc(@x2, gi);", "normalize(@x2, gi);", "print(curthread);", "trace(gp);")
	case 5, 6, 7:
		s := fmt.Sprintf("if (%s) { %s }", m.num(d), m.block(d-1))
		if m.n(2) == 1 {
			s += fmt.Sprintf(" else { %s }", m.block(d-1))
		}
		return s
	case 8:
		m.loop++
		s := fmt.Sprintf("for (this->ti = 0; this->ti < %d; this->ti++) { %s }", m.n(20), m.block(d-1))
		m.loop--
		return s
	case 9:
		m.loop++
		s := fmt.Sprintf("while (%s) { %s }", m.num(d), m.block(d-1))
		m.loop--
		return s
	case 11:
		return fmt.Sprintf("exit(%s);", m.num(d))
	case 12:
		return "gs = 0; self->ss = 0; as[1, \"x\"] = 0;"
	}
	return fmt.Sprintf("%s++;", m.lval(d))
}

func (m *maker) block(d int) string {
	if d < 0 {
		return ""
	}
	var b strings.Builder
	for range m.n(4) {
		b.WriteString(m.stmt(d))
		b.WriteByte(' ')
	}
	return b.String()
}

func (m *maker) program() string {
	var b strings.Builder
	b.WriteString(makerDecls)
	b.WriteString("inline void *NULLP = 0;\nEND { @x2 = sum(1); }\n")
	for range 1 + m.n(2) {
		b.WriteString(m.pick("syscall::read:entry", "syscall:::return", "BEGIN", "sched:::on-cpu"))
		if m.n(2) == 1 {
			fmt.Fprintf(&b, "\n/ %s /", m.num(2))
		}
		b.WriteString("\n{\n")
		for range m.n(8) {
			fmt.Fprintf(&b, "\t%s\n", m.stmt(3))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// checkBuild compiles a text and refuses the errors that mean a mistake of the
// compiler rather than of the program.
func checkBuild(t *testing.T, text string) (*ir.Program, error) {
	t.Helper()
	p, err := build(Options{}, check.Options{}, text)
	var de *diag.Error
	if err != nil && !errors.As(err, &de) {
		t.Fatalf("error of type %T: %v\n%s", err, err, text)
	}
	if err != nil && (de.Code == diag.D_CG_EXPR || de.Code == diag.D_CG_DYN) {
		for _, limit := range []string{"want at most", "want copyout", "has no address", "nested loops", "stands in a loop"} {
			if strings.Contains(de.Msg, limit) {
				return nil, err
			}
		}
		t.Fatalf("%v\n%s", err, text)
	}
	return p, err
}

// FuzzCompile makes programs and demands that each that is accepted verifies,
// and that none is refused by the code generator.
func FuzzCompile(f *testing.F) {
	for i := range 20 {
		f.Add([]byte(fmt.Sprintf("%d some seed %d%d%d", i*7919, i, i*i, 255-i)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			data = data[:2000]
		}
		m := &maker{data: data}
		text := m.program()
		p, err := checkBuild(t, text)
		if err == nil && len(p.Clauses) < 2 {
			t.Errorf("%d clauses\n%s", len(p.Clauses), text)
		}
	})
}

// Programs of the maker are mostly accepted, or the fuzz test tests nothing.
func TestMaker(t *testing.T) {
	good, errs := 0, map[string]int{}
	seed := uint64(1)
	for range 400 {
		data := make([]byte, 600)
		for i := range data {
			seed = seed*6364136223846793005 + 1442695040888963407
			data[i] = byte(seed >> 33)
		}
		m := &maker{data: data}
		text := m.program()
		if _, err := checkBuild(t, text); err == nil {
			good++
		} else {
			errs[strings.TrimLeft(err.Error(), "line 0123456789:")]++
		}
	}
	if good < 300 {
		t.Errorf("%d of 400 programs are accepted; errors: %v", good, errs)
	}
}
