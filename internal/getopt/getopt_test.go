package getopt

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const spec = "3:6:aAb:Bc:CD:ef:FGhHi:I:lL:m:n:o:p:P:qs:SU:vVwx:X:Z"
	for _, c := range []struct {
		args []string
		opts []Opt
		rest []string
		err  string
	}{
		{[]string{"-qn", "BEGIN"}, []Opt{{'q', ""}, {'n', "BEGIN"}}, nil, ""},
		{[]string{"-nBEGIN", "x", "-l"}, []Opt{{'n', "BEGIN"}, {'l', ""}}, []string{"x"}, ""},
		{[]string{"-n", "-x", "--", "-q"}, []Opt{{'n', "-x"}}, []string{"-q"}, ""},
		{[]string{"-k"}, nil, nil, "invalid option -- 'k'"},
		{[]string{"-q", "-n"}, []Opt{{'q', ""}}, nil, "option requires an argument -- 'n'"},
		{[]string{"-64"}, []Opt{{'6', "4"}}, nil, ""},
		{[]string{"-"}, nil, []string{"-"}, ""},
	} {
		opts, rest, err := Parse(spec, c.args)
		if err != nil && err.Error() != c.err || err == nil && c.err != "" {
			t.Errorf("%q: error %v, want %q", c.args, err, c.err)
			continue
		}
		if d := cmp.Diff(c.opts, opts) + cmp.Diff(c.rest, rest); c.err == "" && d != "" {
			t.Errorf("%q: %s", c.args, d)
		}
	}
}
