package check_test

import (
	"strings"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/check/worldtest"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/syntax"
)

// withLibs checks a program after libraries.
func withLibs(t *testing.T, src string, libs ...string) (*check.Info, error) {
	t.Helper()
	c := check.New(worldtest.New(), check.Options{})
	for i, text := range libs {
		name := string(rune('a'+i)) + ".d"
		p, err := syntax.Parse(&syntax.Config{File: name, TypeName: func(n string) bool { return c.IsType(n) || strings.HasSuffix(n, "_t") }}, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddLib(name, p); err != nil {
			return nil, err
		}
	}
	prog, err := parse(c, src)
	if err != nil {
		t.Fatal(err)
	}
	return c.Check(prog)
}

func TestLibraries(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		libs      []string
		want      diag.Code
		text      string
	}{
		{"the first definition that binds counts", "BEGIN { trace(state[curthread]); }",
			[]string{"inline int state[struct task_struct *T] = T->nope; inline int state[struct task_struct *U] = U->flags;"}, "", ""},
		{"a definition whose type is missing is passed over", "BEGIN { trace(state[curthread]); }",
			[]string{"inline int state[nope_t *T] = T->nope; inline int state[struct task_struct *U] = U->flags;"}, "", ""},
		{"a definition that comes after one that binds is not looked at", "BEGIN { trace(A); }",
			[]string{"inline int A = 1; inline int A = curthread->nope;"}, "", ""},
		{"none binds", "BEGIN { trace(A); }",
			[]string{"inline int A = curthread->nope; inline int A = curthread->neither;"}, diag.D_TYPE_MEMBER, "a.d"},
		{"members of translators", "BEGIN { trace(xlate <o_t> (curthread).a); }",
			[]string{"typedef struct o { int a; } o_t; translator o_t < struct task_struct *T > { a = T->nope; a = T->pid; };"}, "", ""},
		{"members that the output lacks are left out", "BEGIN { trace(xlate <o_t> (curthread).a); }",
			[]string{"typedef struct o { int a; } o_t; translator o_t < struct task_struct *T > { b = 1; a = T->pid; };"}, "", ""},
		{"a missing type spoils only its users", "BEGIN { trace(B); }",
			[]string{"inline nope_t A = 1; inline int B = 2;"}, "", ""},
		{"the user of a missing type", "BEGIN { trace(A); }",
			[]string{"inline nope_t A = 1; inline int B = 2;"}, diag.D_TYPE_ERR, "nope_t"},
		{"a translator from a missing type", "BEGIN { trace(xlate <o_t> (pid).a); }",
			[]string{"typedef struct o { int a; } o_t; translator o_t < nope_t *T > { a = T->x; };"}, diag.D_XLATE_NONE, "nope_t"},
		{"a later library overrides", "BEGIN { s = A; s = 1; }",
			[]string{"inline string A = \"a\";", "inline int A = 2;"}, "", ""},
		{"a program overrides", "inline string A = \"a\"; BEGIN { s = A; s = \"b\"; }", []string{"inline int A = 2;"}, "", ""},
		{"unfulfilled dependency", "BEGIN { trace(A); }",
			[]string{"#pragma D depends_on provider nosuch\ninline int A = 2;"}, diag.D_IDENT_UNDEF, ""},
		{"recursion", "BEGIN { trace(A); }", []string{"inline int A = B; inline int B = A;"}, diag.D_IDENT_BADREF, "itself"},
		{"clause in a library", "BEGIN { }", []string{"BEGIN { trace(1); }"}, diag.D_SYNTAX, "library"},
	} {
		_, err := withLibs(t, tt.src, tt.libs...)
		if diag.CodeOf(err) != tt.want || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got [%s] %v\nwant [%s] with %q", tt.name, diag.CodeOf(err), err, tt.want, tt.text)
		}
	}
}

// TestLibraryParams checks that a use of a parametrised inline sees the
// parameters of the definition that binds.
func TestLibraryParams(t *testing.T) {
	info, err := withLibs(t, "BEGIN { trace(f[curthread]); }",
		"inline int f[struct task_struct *T] = T->nope; inline int f[struct task_struct *U] = U->pid;")
	if err != nil {
		t.Fatal(err)
	}
	d := info.Expr(exprs(info)[0].(*syntax.Call).Args[0]).Obj.(*check.InlineDef)
	body := d.X.(*syntax.Member)
	if p := info.Expr(body.X).Obj; p != check.Object(d.Params[0]) || d.Params[0].Name != "U" {
		t.Errorf("the body refers to %+v, the inline has %+v", p, d.Params[0])
	}
}
