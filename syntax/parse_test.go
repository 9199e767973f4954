package syntax

import (
	"testing"
)

func parseOK(t *testing.T, cfg Config, src string) *Program {
	t.Helper()
	prog, err := Parse(&cfg, src)
	if err != nil {
		t.Fatalf("%s\n%s", src, AsDetail(err))
	}
	return prog
}

func TestSmoke(t *testing.T) {
	for _, src := range []string{
		"BEGIN{exit(0)}",
		"syscall::read:entry, syscall::write:entry / pid == 3 && execname != \"dtrace\" / { @[execname, probefunc] = quantize(arg2); self->ts = timestamp; }",
		"syscall:::entry { this->x = (foo_t *)arg0; printf(\"%d %s\\n\", this->x->a.b[3], stringof(this->x->name)); }",
		"typedef struct foo { int a:3, :0; unsigned long long b; union { int q; } u; int (*f)(int, char *, ...); } foo_t; self foo_t *x; int *z[int, pid_t];",
		"inline int ONE = 1; translator foo_t < struct bar *b > { x = b->y; }; provider p { probe a(int x, char *) : (int); };",
		"#pragma D option quiet\ntick-1s / x / y / { if (x) { y = 1 } else if (z) w(); else { } for (i = 0; i < 3; i++) { break; } }",
	} {
		prog := parseOK(t, Config{}, src)
		out := Print(prog)
		t.Log("\n" + out)
		again := parseOK(t, Config{}, out)
		if got := Print(again); got != out {
			t.Errorf("not a fixpoint:\n%s\n---\n%s", out, got)
		}
	}
}
