package cpp

import (
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// kind is the kind of a preprocessing token.
type kind uint8

const (
	tEOF kind = iota
	tIdent
	tNumber
	tString // also character constants
	tPunct
	tPlacemarker // an empty operand of ##
)

// token is a preprocessing token.
type token struct {
	kind kind
	// bol is set for the first token of a line.
	bol bool
	// noexp is set for a name that must not be expanded any more.
	noexp bool
	// expanded is set for tokens that come from a macro.
	expanded bool
	text     string
	// space is the white space before the token in its line; comments have
	// become blanks.
	space string
	line  int
	col   int
}

// lexer cuts a file into tokens. Lines that end in a backslash are joined.
type lexer struct {
	p    *processor
	src  *source
	real string // the file's own name, which #line does not change
	text string
	off  int
	// line is the line of off as #line has it; lineStart is its offset.
	line, lineStart int
	// realLine counts lines without regard to #line.
	realLine int
	fresh    bool // nothing but blanks since the start of the line
	ahead    *token
	conds    []cond
	// angle is set while the name of an #include is read.
	angle bool
}

func newLexer(p *processor, src *source, text string) *lexer {
	return &lexer{p: p, src: src, real: src.name, text: text, line: 1, realLine: 1, fresh: true}
}

// pos returns the position of a token.
func (l *lexer) pos(t token) diag.Pos {
	return diag.Pos{File: l.src.name, Line: t.line, Col: t.col}
}

// sourceLine returns the text of the line of pos, if it is the current one or a
// recent one.
func (l *lexer) sourceLine(pos diag.Pos) string {
	if pos.File != l.src.name {
		return ""
	}
	line := diag.Line(l.text, pos.Line+l.realLine-l.line)
	if len(line) > 4096 && pos.Col < 1024 {
		line = line[:2048]
	}
	return line
}

func isIdent(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// splice returns the length of a backslash and newline at off, or 0.
func (l *lexer) splice(off int) int {
	if off >= len(l.text) || l.text[off] != '\\' {
		return 0
	}
	if strings.HasPrefix(l.text[off+1:], "\n") {
		return 2
	}
	if strings.HasPrefix(l.text[off+1:], "\r\n") {
		return 3
	}
	return 0
}

func (l *lexer) newline(off int) {
	l.line++
	l.realLine++
	l.lineStart = off
}

// peek returns the next token without consuming it.
func (l *lexer) peek() token {
	if l.ahead == nil {
		t := l.scan()
		l.ahead = &t
	}
	return *l.ahead
}

// next consumes the next token.
func (l *lexer) next() token {
	t := l.peek()
	l.ahead = nil
	return t
}

// scan reads a token.
func (l *lexer) scan() token {
	space := l.blank()
	t := token{bol: l.fresh, space: space, line: l.line, col: l.off - l.lineStart + 1}
	if l.off >= len(l.text) {
		return t
	}
	l.fresh = false
	c := l.text[l.off]
	switch {
	case isIdent(c):
		t.kind = tIdent
		t.text = l.run(func(c, _ byte) bool { return isIdent(c) || isDigit(c) })
	case isDigit(c), c == '.' && l.off+1 < len(l.text) && isDigit(l.text[l.off+1]):
		t.kind = tNumber
		hex := strings.HasPrefix(l.text[l.off:], "0x") || strings.HasPrefix(l.text[l.off:], "0X")
		t.text = l.run(func(c, prev byte) bool {
			return isIdent(c) || isDigit(c) || c == '.' ||
				(c == '+' || c == '-') && (!hex && (prev == 'e' || prev == 'E') || prev == 'p' || prev == 'P')
		})
	case c == '"' || c == '\'':
		t.kind = tString
		t.text = l.quoted(c)
	case c == '<' && l.angle:
		t.kind = tString
		t.text = l.quoted('>')
	default:
		t.kind = tPunct
		n := 1
		for _, op := range longPuncts {
			if strings.HasPrefix(l.text[l.off:], op) {
				n = len(op)
				break
			}
		}
		t.text = l.text[l.off : l.off+n]
		l.off += n
	}
	return t
}

var longPuncts = []string{"...", "<<=", ">>=", "##", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=",
	"&&", "||", "^^", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}

// run reads characters for which ok holds, across joined lines.
func (l *lexer) run(ok func(c, prev byte) bool) string {
	start := l.off
	var b []byte
	prev := byte(0)
	for l.off < len(l.text) {
		if n := l.splice(l.off); n > 0 {
			b = append(b, l.text[start:l.off]...)
			if b == nil {
				b = []byte{}
			}
			l.off += n
			l.newline(l.off)
			start = l.off
			continue
		}
		c := l.text[l.off]
		if !ok(c, prev) {
			break
		}
		prev = c
		l.off++
	}
	if b == nil {
		return l.text[start:l.off]
	}
	return string(append(b, l.text[start:l.off]...))
}

// quoted reads a constant up to the given quote. One that its line does not
// close is taken as the quote alone; whoever reads the output will see it.
func (l *lexer) quoted(end byte) string {
	save, saveLine, saveReal, saveStart := l.off, l.line, l.realLine, l.lineStart
	start := l.off
	var b []byte
	for i := l.off + 1; i < len(l.text) && l.text[i] != '\n'; i++ {
		if n := l.splice(i); n > 0 {
			b = append(b, l.text[start:i]...)
			i += n
			l.newline(i)
			start = i
			i--
			continue
		}
		switch l.text[i] {
		case end:
			l.off = i + 1
			if b == nil {
				return l.text[start:l.off]
			}
			return string(append(b, l.text[start:l.off]...))
		case '\\':
			if end != '>' && i+1 < len(l.text) && l.text[i+1] != '\n' && l.splice(i+1) == 0 {
				i++
			}
		}
	}
	l.off, l.line, l.realLine, l.lineStart = save+1, saveLine, saveReal, saveStart
	return l.text[save : save+1]
}

// blank skips white space and comments and returns the white space since the
// start of the line. Comments turn into blanks of the same width.
func (l *lexer) blank() string {
	start := l.off
	var b []byte // once the white space is no part of the text
	own := false
	flush := func() {
		if !own {
			b, own = append(b[:0], l.text[start:l.off]...), true
		}
	}
	for l.off < len(l.text) {
		c := l.text[l.off]
		switch {
		case c == '\n':
			l.off++
			l.newline(l.off)
			l.fresh = true
			start, own = l.off, false
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			if own {
				b = append(b, c)
			}
			l.off++
		case l.splice(l.off) > 0:
			flush()
			l.off += l.splice(l.off)
			l.newline(l.off)
			b = append(b, ' ')
		case strings.HasPrefix(l.text[l.off:], "/*"):
			flush()
			b = l.comment(b)
		case strings.HasPrefix(l.text[l.off:], "//"):
			flush()
			for l.off < len(l.text) && l.text[l.off] != '\n' {
				if n := l.splice(l.off); n > 0 {
					l.off += n
					l.newline(l.off)
					continue
				}
				l.off++
			}
		default:
			if own {
				return string(b)
			}
			return strings.TrimRight(l.text[start:l.off], "\r")
		}
	}
	return ""
}

// comment skips a comment and appends blanks for it to b. Behind a comment of
// several lines the blanks are those of its last line.
func (l *lexer) comment(b []byte) []byte {
	t := token{line: l.line, col: l.off - l.lineStart + 1}
	end := strings.Index(l.text[l.off+2:], "*/")
	if end < 0 {
		l.p.fail(l.pos(t), diag.D_SYNTAX, "comment is not closed: end of input before */")
	}
	end += l.off + 4
	for ; l.off < end; l.off++ {
		switch l.text[l.off] {
		case '\n':
			l.newline(l.off + 1)
			b = b[:0]
		case '\t':
			b = append(b, '\t')
		default:
			b = append(b, ' ')
		}
	}
	return b
}
