package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/check/worldtest"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/syntax"
)

// newChecker returns a Checker of the made-up system with its D library.
func newChecker(t testing.TB, w check.World, opt check.Options) *check.Checker {
	t.Helper()
	c := check.New(w, opt)
	lib, err := syntax.Parse(&syntax.Config{File: "lib.d", TypeName: c.IsType}, worldtest.Lib)
	if err != nil {
		t.Fatalf("library: %v", err)
	}
	if err := c.AddLib("lib", lib); err != nil {
		t.Fatalf("library: %v", err)
	}
	return c
}

func parse(c *check.Checker, src string) (*syntax.Program, error) {
	return syntax.Parse(&syntax.Config{CommandLine: true, TypeName: c.IsType, Macros: map[string]int64{"pid": 1, "target": 2}}, src)
}

// try compiles a program of the made-up system as far as the checker goes.
func try(t testing.TB, src string, opt check.Options) (*check.Info, error) {
	t.Helper()
	c := newChecker(t, worldtest.New(), opt)
	prog, err := parse(c, src)
	if err != nil {
		return nil, err
	}
	return c.Check(prog)
}

// inBegin makes a program of statements.
func inBegin(s string) string {
	if strings.ContainsAny(s, "{}") && strings.Contains(s, "::") || strings.HasPrefix(s, "#") || strings.HasPrefix(s, "!") {
		return strings.TrimPrefix(s, "!")
	}
	return "BEGIN { " + s + " }"
}

type tagCase struct {
	have string
	want diag.Code // "" is success
}

func runTags(t *testing.T, cases []tagCase, opt check.Options) {
	t.Helper()
	for i, tt := range cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			_, err := try(t, inBegin(tt.have), opt)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("%s\n got [%s] %v\nwant success", tt.have, diag.CodeOf(err), err)
			case tt.want != "" && diag.CodeOf(err) != tt.want:
				t.Errorf("%s\n got [%s] %v\nwant [%s]", tt.have, diag.CodeOf(err), err, tt.want)
			}
		})
	}
}

func TestSlice(t *testing.T) {
	info, err := try(t, `BEGIN { printf("%d %s\n", 1+2, "x"); exit(0); }
		syscall:::entry /execname == "cat"/ { @[probefunc] = count(); }`, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Clauses) != 2 || len(info.Clauses[1].Probes) != len(worldtest.Calls) {
		t.Fatalf("clauses: %+v", info.Clauses)
	}
	if g := info.Aggs()[0]; g.Name != "_" || len(g.Keys) != 1 || g.Keys[0].Type != info.Types().String {
		t.Errorf("aggregation %+v", g)
	}
	if info.Clauses[1].Records {
		t.Error("a clause that only aggregates records")
	}
}
