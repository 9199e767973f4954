package check_test

import (
	"os"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/check/worldtest"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/syntax"
)

// TestErrorExamples compiles the examples of docs/errors.md. Each raises exactly
// the tag that it stands under, and each tag has an example or a reason for
// having none.
func TestErrorExamples(t *testing.T) {
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[diag.Code]bool{}
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		tag := diag.Code(name)
		seen[tag] = true
		_, example, ok := strings.Cut(rest, "```d\n")
		if !ok {
			if !strings.Contains(rest, "No example: ") {
				t.Errorf("%s has neither an example nor a reason", tag)
			}
			continue
		}
		src, _, ok := strings.Cut(example, "\n```")
		if !ok {
			t.Errorf("%s: the example has no end", tag)
		}
		t.Run(name, func(t *testing.T) {
			if err := script(t, src); diag.CodeOf(err) != tag {
				t.Errorf("%s\n got [%s] %v\nwant [%s]", src, diag.CodeOf(err), err, tag)
			}
		})
	}
	for _, c := range diag.Codes() {
		if !seen[c] {
			t.Errorf("%s is not documented", c)
		}
	}
}

// script compiles a script as far as the checker goes.
func script(t *testing.T, src string) error {
	t.Helper()
	c := newChecker(t, worldtest.New(), check.Options{})
	prog, err := syntax.Parse(&syntax.Config{TypeName: c.IsType}, src)
	if err != nil {
		return err
	}
	_, err = c.Check(prog)
	return err
}
