package syntax

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/diag"
)

// fuzzConfig has a value for every macro, so that texts with macros parse.
func fuzzConfig() *Config {
	return &Config{
		Args:   []string{"d", "10", "-3", "foo"},
		ArgRef: true,
		Macros: map[string]int64{"pid": 1, "target": 2},
	}
}

// FuzzParse checks that any text gives either a *diag.Error with a known tag, or
// a tree that is a fixpoint of printing and parsing.
func FuzzParse(f *testing.F) {
	for _, src := range programs {
		f.Add(src)
	}
	for _, src := range []string{
		"BEGIN { x = $1; y = $$2; z = $pid; } pid$target::$3:entry {}",
		"#line 3 \"x\"\n# 4 \"y\" 1\n#pragma D option a=$1\n#error x",
		"BEGIN / a / b / /* c */ { }", "BEGIN / x //* c */ {}", "self x; this `y;",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		prog, err := Parse(fuzzConfig(), src)
		if err != nil {
			var e *diag.Error
			if !errors.As(err, &e) || !diag.Known(e.Code) || e.Msg == "" {
				t.Fatalf("got the error %#v, want a *diag.Error with a known tag", err)
			}
			e.Detail(true)
			return
		}
		Walk(prog, func(Node) bool { return true })
		out := Print(prog)
		again, err := Parse(&Config{Empty: true}, out)
		if err != nil {
			t.Fatalf("printed text does not parse: %s\n%s\nfrom %q", detail(err), out, src)
		}
		if got := Print(again); got != out {
			t.Fatalf("printing is no fixpoint:\n%s\n---\n%s", out, got)
		}
		if d := cmp.Diff(prog, again, sameTree); d != "" {
			t.Fatalf("printed text reads differently:\n%s\n%s", out, d)
		}
	})
}
