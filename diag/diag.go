// Package diag holds what every stage of the D compiler reports with: source
// positions, the error tags of the D compiler, and one error type that joins
// them. It knows nothing of D itself; how a message is chosen is the matter of
// the package that raises it.
package diag

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Pos is a place in D source text. The zero Pos means "no position".
type Pos struct {
	// File is the name given by the caller or by a #line directive. It is
	// empty for text of the command line.
	File string
	// Line counts from 1.
	Line int
	// Col counts bytes from 1.
	Col int
}

// IsValid reports whether p names a line.
func (p Pos) IsValid() bool { return p.Line > 0 }

// String returns file:line:col, leaving out what is unknown.
func (p Pos) String() string {
	switch {
	case !p.IsValid():
		return p.File
	case p.File == "" && p.Col <= 0:
		return fmt.Sprintf("%d", p.Line)
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Col)
	case p.Col <= 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Error is one error in a D program. Every error that the user's text can cause
// in syntax, check and compile is an *Error.
type Error struct {
	// Pos is where the error was found.
	Pos Pos
	// Code is the tag that -x errtags prints; empty means D_UNKNOWN.
	Code Code
	// Msg says what was found and what is allowed, without period or newline.
	Msg string
	// Source is the text of the line at Pos, without its newline. It may be
	// empty when the text is not at hand; see WithSource.
	Source string
}

// Errorf returns an Error with a formatted message and no source line.
func Errorf(pos Pos, code Code, format string, args ...any) *Error {
	return &Error{Pos: pos, Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Error returns DTrace's form without the tag: "line N: message".
func (e *Error) Error() string { return e.Format(false) }

// Format returns DTrace's one-line form of e: "line N: message", preceded by
// the tag in brackets when tag is set. A file name that differs from the one
// that the reader expects is the caller's to add.
func (e *Error) Format(tag bool) string {
	var b strings.Builder
	if tag {
		b.WriteByte('[')
		b.WriteString(string(e.code()))
		b.WriteString("] ")
	}
	if e.Pos.IsValid() {
		fmt.Fprintf(&b, "line %d: ", e.Pos.Line)
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Detail returns the form for people: file:line:col, the message, and where the
// source line is known that line with a caret under the column. It ends without
// a newline.
func (e *Error) Detail(tag bool) string {
	var b strings.Builder
	if s := e.Pos.String(); s != "" {
		b.WriteString(s)
		b.WriteString(": ")
	}
	if tag {
		fmt.Fprintf(&b, "[%s] ", e.code())
	}
	b.WriteString(e.Msg)
	if c := e.Caret(); c != "" {
		b.WriteByte('\n')
		b.WriteString(c)
	}
	return b.String()
}

// Width of the part of a source line that Caret shows.
const caretWidth = 100

// Caret returns the source line and below it a caret under the column, or ""
// when the source line is unknown. Long lines are cut around the column, and
// what a terminal would interpret is replaced by '?'.
func (e *Error) Caret() string {
	src := strings.TrimRight(e.Source, "\r\n")
	if src == "" || !e.Pos.IsValid() {
		return ""
	}
	col := min(max(e.Pos.Col-1, 0), len(src))
	lead, tail := "", ""
	start := 0
	if len(src) > caretWidth {
		if col > caretWidth/2 {
			start, lead = col-caretWidth/2, "..."
		}
		end := min(start+caretWidth, len(src))
		if end < len(src) {
			tail = "..."
		}
		src = src[start:end]
		col -= start
	}
	var line, under strings.Builder
	line.WriteString(lead)
	under.WriteString(strings.Repeat(" ", len(lead)))
	for i, r := range src {
		switch {
		case r == '\t':
			line.WriteByte('\t')
		case r < ' ' || r == 0x7f || r == '\uFFFD' || (r >= 0x80 && r < 0xa0):
			line.WriteByte('?')
		default:
			line.WriteRune(r)
		}
		if i < col {
			if r == '\t' {
				under.WriteByte('\t')
			} else {
				under.WriteByte(' ')
			}
		}
	}
	line.WriteString(tail)
	return "    " + line.String() + "\n    " + under.String() + "^"
}

func (e *Error) code() Code {
	if e.Code == "" {
		return D_UNKNOWN
	}
	return e.Code
}

// WithSource returns err with the source line filled in from text, when err is
// or wraps an *Error that has a position and no source line yet. Text is that of
// file; line directives (#line 3 "other", # 3 "other") in it are followed, so
// that it may be the output of a preprocessor. Other errors are returned as they
// are.
func WithSource(err error, file, text string) error {
	var e *Error
	if !errors.As(err, &e) || e.Source != "" || !e.Pos.IsValid() {
		return err
	}
	at := Pos{File: file, Line: 1}
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if n, name, ok := lineDirective(line); ok {
			at.Line = n
			if name != "" {
				at.File = name
			}
			continue
		}
		if at.Line == e.Pos.Line && at.File == e.Pos.File {
			e.Source = strings.TrimSuffix(line, "\r")
			break
		}
		at.Line++
	}
	return err
}

// lineDirective reads a line directive: the number of the line that follows and
// the file, which may be missing.
func lineDirective(line string) (n int, file string, ok bool) {
	if !strings.HasPrefix(line, "#") {
		return 0, "", false
	}
	rest := strings.TrimLeft(line[1:], " \t")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "line"), " \t")
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, "", false
	}
	rest = strings.TrimSpace(rest[len(digits):])
	if end := strings.LastIndexByte(rest, '"'); end > 0 && rest[0] == '"' {
		if name, err := strconv.Unquote(rest[:end+1]); err == nil {
			return n, name, true
		}
		return n, rest[1:end], true
	}
	return n, "", true
}

// Line returns line n (from 1) of text without its newline, or "".
func Line(text string, n int) string {
	for ; n > 1; n-- {
		_, rest, ok := strings.Cut(text, "\n")
		if !ok {
			return ""
		}
		text = rest
	}
	if n < 1 {
		return ""
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r")
}

// CodeOf returns the tag of the *Error that err is or wraps, or "" when there
// is none.
func CodeOf(err error) Code {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.code()
}
