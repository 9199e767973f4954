package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/godtrace/godtrace"
)

// TestListAttributes wants the attributes that other DTraces print.
func TestListAttributes(t *testing.T) {
	const (
		private  = "Identifier Names: Private\n\t\tData Semantics:   Private\n\t\tDependency Class: Unknown\n"
		isa      = "Identifier Names: Private\n\t\tData Semantics:   Private\n\t\tDependency Class: ISA\n"
		evolving = "Identifier Names: Evolving\n\t\tData Semantics:   Evolving\n\t\tDependency Class: Common\n"
		stable   = "Identifier Names: Stable\n\t\tData Semantics:   Stable\n\t\tDependency Class: Common\n"
	)
	h, err := godtrace.OpenHost("")
	if err != nil {
		t.Skipf("no live host: %v", err)
	}
	h.Close()
	for _, c := range []struct{ desc, probe, args string }{
		{"syscall::read:entry", private, isa},
		{"profile:::profile-97", evolving, evolving},
		{"tick-1s", evolving, evolving},
		{"dtrace:::ERROR", stable, stable},
	} {
		var o, e bytes.Buffer
		env := func(name string) string { return map[string]string{"_DTRACE_TESTING": "1"}[name] }
		if status := run([]string{"-lvn", c.desc}, streams{out: &o, err: &e, env: env}); status != 0 || e.Len() > 0 {
			t.Errorf("%s: status %d, %s", c.desc, status, e.String())
			continue
		}
		if want := "\tProbe Description Attributes\n\t\t" + c.probe + "\n\tArgument Attributes\n\t\t" + c.args; !strings.Contains(o.String(), want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.desc, o.String(), want)
		}
	}
}

// TestProgramAttributes wants the attributes of variables that other DTraces print.
func TestProgramAttributes(t *testing.T) {
	h, err := godtrace.OpenHost("")
	if err != nil {
		t.Skipf("no live host: %v", err)
	}
	h.Close()
	for _, c := range []struct{ expr, data string }{
		{"caller", "Stable"}, {"ucaller", "Stable"}, {"uregs[0]", "Stable"}, {"curthread", "Private"}, {"curthread->pid", "Private"}, {"execname", "Stable"},
	} {
		stdout, stderr, status := runCommand(t, "-ve", "-n", "dtrace:::END { trace("+c.expr+"); }")
		want := "\tMinimum Statement Attributes\n\t\tIdentifier Names: Stable\n\t\tData Semantics:   " + c.data + "\n\t\tDependency Class: Common\n"
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: status %d, %s%s, want\n%s", c.expr, status, stderr, stdout, want)
		}
	}
}
