package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/probe"
)

// TestProbeInfo wants names of arguments and notes of the host, but not in tests.
func TestProbeInfo(t *testing.T) {
	set := ctype.NewSet(ctype.LP64)
	args := []check.Arg{{Native: set.UInt, Name: "fd"}, {Native: ctype.PtrTo(set.Char)}}
	stable := probe.Attr{Name: probe.Stable, Data: probe.Stable, Class: probe.ClassCommon}
	for _, c := range []struct {
		testing bool
		want    string
	}{
		{false, "\tArgument Types\n\t\targs[0]: unsigned int fd\n\t\targs[1]: char *\n\n\tHost\n\t\ta note\n\n"},
		{true, "\tArgument Types\n\t\targs[0]: unsigned int\n\t\targs[1]: char *\n\n"},
	} {
		var b bytes.Buffer
		(&command{testing: c.testing}).printProbeInfo(&b, stable, stable, args, []string{"a note"})
		if got := b.String(); !strings.HasSuffix(got, "\n\n"+c.want) {
			t.Errorf("testing %v: %q, want it to end in %q", c.testing, got, c.want)
		}
	}
}
