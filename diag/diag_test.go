package diag

import (
	"fmt"
	"slices"
	"testing"
)

func TestFormat(t *testing.T) {
	e := Errorf(Pos{File: "a.d", Line: 3, Col: 5}, D_SYNTAX, "syntax error near %q", "x")
	e.Source = "\tab x\n"
	for _, tt := range []struct{ name, have, want string }{
		{"Error", e.Error(), `line 3: syntax error near "x"`},
		{"Format", e.Format(true), `[D_SYNTAX] line 3: syntax error near "x"`},
		{"Detail", e.Detail(false), "a.d:3:5: syntax error near \"x\"\n    \tab x\n    \t   ^"},
		{"Detail tag", (&Error{Msg: "m"}).Detail(true), "[D_UNKNOWN] m"},
		{"no pos", (&Error{Msg: "m"}).Error(), "m"},
		{"pos", Pos{Line: 2, Col: 3}.String(), "2:3"},
		{"pos no col", Pos{File: "f", Line: 2}.String(), "f:2"},
	} {
		if tt.have != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, tt.have, tt.want)
		}
	}
}

func TestCaretCutsLongAndHostileLines(t *testing.T) {
	long := make([]byte, 500)
	for i := range long {
		long[i] = 'a'
	}
	long[249] = '\x1b'
	e := &Error{Pos: Pos{Line: 1, Col: 250}, Source: string(long)}
	c := e.Caret()
	if len(c) > 2*(caretWidth+20) {
		t.Errorf("caret has %d bytes", len(c))
	}
	lines := splitLines(c)
	if len(lines) != 2 {
		t.Fatalf("caret has %d lines", len(lines))
	}
	at := len(lines[1]) - 1
	if lines[0][at] != '?' {
		t.Errorf("caret under %q, want the replaced escape character:\n%s", lines[0][at], c)
	}
	// A column past the end of the line points behind its last character.
	e = &Error{Pos: Pos{Line: 1, Col: 99}, Source: "ab"}
	if got, want := e.Caret(), "    ab\n      ^"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func splitLines(s string) []string {
	var out []string
	start := 0
	for i := range len(s) {
		if s[i] == '\n' {
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func TestWithSource(t *testing.T) {
	e := Errorf(Pos{Line: 2, Col: 1}, D_SYNTAX, "m")
	err := WithSource(fmt.Errorf("compile: %w", e), "", "one\r\ntwo\r\nthree")
	if e.Source != "two" {
		t.Errorf("got source %q, want %q", e.Source, "two")
	}
	if CodeOf(err) != D_SYNTAX {
		t.Errorf("got code %q", CodeOf(err))
	}
	e = Errorf(Pos{File: "lib.d", Line: 2}, D_SYNTAX, "m")
	if WithSource(e, "main.d", "one\ntwo"); e.Source != "" {
		t.Errorf("took the line %q of another file", e.Source)
	}
	// Line directives are followed.
	text := "#!/x\n# 1 \"a.h\" 1\nint a;\n# 7 \"main.d\" 2\nseven\neight\n#line 20\ntwenty\n#lines\n"
	for _, tt := range []struct {
		pos  Pos
		want string
	}{
		{Pos{"a.h", 1, 1}, "int a;"},
		{Pos{"main.d", 8, 1}, "eight"},
		{Pos{"main.d", 20, 1}, "twenty"},
		{Pos{"main.d", 21, 1}, "#lines"},
		{Pos{"main.d", 30, 1}, ""},
	} {
		e := Errorf(tt.pos, D_SYNTAX, "m")
		if WithSource(e, "main.d", text); e.Source != tt.want {
			t.Errorf("%v: got %q, want %q", tt.pos, e.Source, tt.want)
		}
	}
	if got := Line("a\nb", 3); got != "" {
		t.Errorf("line past the end: got %q", got)
	}
}

func TestCodes(t *testing.T) {
	list := Codes()
	if !slices.IsSorted(list) {
		t.Error("codes are not sorted: Describe would not find them")
	}
	for _, c := range list {
		if !Known(c) {
			t.Errorf("%s is not found", c)
		}
	}
	if Known("D_NOT_A_TAG") || Known("") {
		t.Error("an unknown tag is known")
	}
}
