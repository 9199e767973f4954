package syntax

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// scanner cuts D text into tokens. It is part of the parser, which tells it
// whether a predicate is open and reads probe descriptions from it directly.
type scanner struct {
	cfg *Config
	src string
	// off is where the next token is looked for.
	off int
	// file and line name the place of off; lineStart is the offset of its line.
	file      string
	line      int
	lineStart int
	// pred is set while a predicate is read at parenthesis depth zero counting
	// parens.
	pred   bool
	parens int
	// argsUsed is Program.ArgsUsed.
	argsUsed []bool
	// pragmas collects #pragma D lines until the parser takes them.
	pragmas []*Pragma
}

// bailout carries the first error out of the parser.
type bailout struct{ err *diag.Error }

// here returns the position of offset off in the current line.
func (s *scanner) here(off int) diag.Pos {
	return diag.Pos{File: s.file, Line: s.line, Col: off - s.lineStart + 1}
}

// failAt reports an error at off, which lies in the current line.
func (s *scanner) failAt(off int, code diag.Code, format string, args ...any) {
	s.fail(s.here(off), s.lineText(off), code, format, args...)
}

// fail reports an error with a known source line.
func (s *scanner) fail(pos diag.Pos, source string, code diag.Code, format string, args ...any) {
	e := diag.Errorf(pos, code, format, args...)
	if n := len(e.Msg); n > maxMessage {
		e.Msg = e.Msg[:maxMessage/2] + "..." + e.Msg[n-maxMessage/2:]
	}
	e.Source = source
	panic(bailout{e})
}

// lineText returns the physical line that contains off.
func (s *scanner) lineText(off int) string {
	off = min(off, len(s.src))
	start := strings.LastIndexByte(s.src[:off], '\n') + 1
	end := len(s.src)
	if i := strings.IndexByte(s.src[off:], '\n'); i >= 0 {
		end = off + i
	}
	// A line is shown to people; nobody looks at megabytes.
	if end-start > 4096 && end-off > 4096 {
		end = off + 1024
	}
	return strings.TrimSuffix(s.src[start:end], "\r")
}

// newline tells the scanner that a line ended just before off.
func (s *scanner) newline(off int) {
	s.line++
	s.lineStart = off
}

// blank skips blanks, comments and control lines.
func (s *scanner) blank() {
	for s.off < len(s.src) {
		c := s.src[s.off]
		switch {
		case c == '\n':
			s.off++
			s.newline(s.off)
		case isSpace(c):
			s.off++
		case c == '\\' && strings.HasPrefix(s.src[s.off+1:], "\n"):
			s.off += 2
			s.newline(s.off)
		case c == '\\' && strings.HasPrefix(s.src[s.off+1:], "\r\n"):
			s.off += 3
			s.newline(s.off)
		case c == '/' && strings.HasPrefix(s.src[s.off+1:], "*"):
			s.comment()
		case c == '/' && strings.HasPrefix(s.src[s.off+1:], "/"):
			if s.pred && s.parens <= 0 && strings.HasPrefix(s.src[s.off+2:], "*") {
				return // the end of a predicate, directly before a comment
			}
			s.lineComment()
		case c == '#' && strings.TrimLeft(s.src[s.lineStart:s.off], " \t\f\v\r") == "":
			s.control()
		default:
			return
		}
	}
}

// comment skips a /* comment.
func (s *scanner) comment() {
	start := s.line
	i := s.off + 2
	for ; i < len(s.src); i++ {
		switch s.src[i] {
		case '\n':
			s.newline(i + 1)
		case '*':
			if i+1 < len(s.src) && s.src[i+1] == '/' {
				s.off = i + 2
				return
			}
		case '/':
			if i+1 < len(s.src) && s.src[i+1] == '*' {
				s.failAt(i, diag.D_SYNTAX, "/* inside a comment that starts at line %d: comments do not nest", start)
			}
		}
	}
	// As every DTrace does, the error names the line where the input ends.
	s.failAt(len(s.src), diag.D_SYNTAX, "end of input before the */ that closes the comment of line %d", start)
}

// lineComment skips a // comment, leaving the newline.
func (s *scanner) lineComment() {
	if i := strings.IndexByte(s.src[s.off:], '\n'); i >= 0 {
		s.off += i
	} else {
		s.off = len(s.src)
	}
}

// skipBlank returns the offset of the first character at or after off that is
// neither blank nor comment nor in a control line. It changes nothing.
func (s *scanner) skipBlank(off int) int {
	src := s.src
	for off < len(src) {
		c := src[off]
		switch {
		case isSpace(c):
			off++
			if c == '\n' {
				i := off
				for i < len(src) && src[i] != '\n' && isSpace(src[i]) {
					i++
				}
				if i < len(src) && src[i] == '#' {
					end := strings.IndexByte(src[i:], '\n')
					if end < 0 {
						return len(src)
					}
					off = i + end
				}
			}
		case c == '\\' && off+1 < len(src) && src[off+1] == '\n':
			off += 2
		case c == '/' && off+1 < len(src) && src[off+1] == '*':
			end := strings.Index(src[off+2:], "*/")
			if end < 0 {
				return len(src)
			}
			off += 2 + end + 2
		case c == '/' && off+1 < len(src) && src[off+1] == '/':
			end := strings.IndexByte(src[off:], '\n')
			if end < 0 {
				return len(src)
			}
			off += end
		default:
			return off
		}
	}
	return off
}

// predEnd reports whether the "/" at off ends the predicate: what follows it is
// the body, the end of the input, or something that is no operand.
func (s *scanner) predEnd(off int) bool {
	if !s.pred || s.parens > 0 {
		return false
	}
	i := s.skipBlank(off + 1)
	return i == len(s.src) || strings.IndexByte("{;/", s.src[i]) >= 0
}

// scan reads the next token into t.
func (s *scanner) scan(t *token) {
	s.blank()
	*t = token{off: s.off, file: s.file, line: s.line, col: s.off - s.lineStart + 1}
	if s.off >= len(s.src) {
		t.end = s.off
		return
	}
	c := s.src[s.off]
	switch {
	case isIdentStart(c):
		s.ident(t)
	case isDigit(c):
		if n := s.digitScope(); n > 0 {
			s.ident(t)
		} else {
			s.number(t)
		}
	case c == '.' && s.off+1 < len(s.src) && isDigit(s.src[s.off+1]):
		s.number(t)
	case c == '"':
		s.stringConst(t)
	case c == '\'':
		s.charConst(t)
	case c == '@':
		s.off++
		if s.off == len(s.src) || !isDigit(s.src[s.off]) {
			s.ident(t)
		}
		t.kind, t.kw = tokAgg, kwNone
		if t.text == "" {
			t.text = "_"
		}
		if strings.Contains(t.text, "`") {
			s.failAt(t.off, diag.D_SYNTAX, "aggregation name @%s has a scope: aggregations are global to the program", t.text)
		}
	case c == '$':
		s.macro(t)
	default:
		s.operator(t)
	}
	t.end = s.off
}

// ident reads identifier characters at off, which may be none.
func (s *scanner) ident(t *token) {
	i := s.off
	for i < len(s.src) && isIdentPart(s.src[i]) {
		i++
	}
	t.text = s.src[s.off:i]
	t.kind = tokIdent
	if kw := keywords[t.text]; kw != kwNone {
		t.kind, t.kw = tokKeyword, kw
	}
	s.off = i
}

// digitScope returns the length of a module name that starts with a digit
// ("9p`x") at off, or 0.
func (s *scanner) digitScope() int {
	i := s.off
	for i < len(s.src) && (isAlpha(s.src[i]) || isDigit(s.src[i])) {
		i++
	}
	if i+1 < len(s.src) && s.src[i] == '`' && isIdentStart(s.src[i+1]) {
		return i - s.off
	}
	return 0
}

// number reads an integer constant, and refuses floating-point ones.
func (s *scanner) number(t *token) {
	end := s.off
	hex := strings.HasPrefix(s.src[end:], "0x") || strings.HasPrefix(s.src[end:], "0X")
	if !hex {
		for end < len(s.src) && isDigit(s.src[end]) {
			end++
		}
		float := end < len(s.src) && s.src[end] == '.'
		if !float && end+1 < len(s.src) && (s.src[end] == 'e' || s.src[end] == 'E') {
			next := s.src[end+1]
			float = isDigit(next) || (next == '+' || next == '-') && end+2 < len(s.src) && isDigit(s.src[end+2])
		}
		if float {
			s.failAt(t.off, diag.D_SYNTAX, "floating-point constants are not permitted in D programs")
		}
	}
	for end < len(s.src) && (isAlpha(s.src[end]) || isDigit(s.src[end])) {
		end++
	}
	text := s.src[s.off:end]
	v, kind, bad := parseInt(text)
	if bad != nil {
		s.failAt(t.off+bad.at, bad.code, "%s", bad.msg)
	}
	t.kind, t.val, t.int, t.text = tokInt, v, kind, text
	s.off = end
}

// intError says what is wrong with an integer constant.
type intError struct {
	at   int
	code diag.Code
	msg  string
}

// parseInt evaluates an integer constant with its suffix and gives it a type.
func parseInt(text string) (uint64, IntKind, *intError) {
	digits := strings.TrimRight(text, "uUlL")
	suffix := text[len(digits):]
	base, body := 10, digits
	switch {
	case strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X"):
		base, body = 16, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base = 8
	}
	start := len(digits) - len(body)
	if body == "" {
		return 0, 0, &intError{1, diag.D_SYNTAX, fmt.Sprintf("syntax error near %q: no hexadecimal digit follows it", text[1:])}
	}
	for i := range len(body) {
		c := body[i]
		switch {
		case base == 16 && isHex(c), base == 10 && isDigit(c), base == 8 && c >= '0' && c <= '7':
		case base == 8 && isDigit(c):
			return 0, 0, &intError{start + i, diag.D_INT_DIGIT,
				fmt.Sprintf("octal constant %s contains the digit %q, want 0 to 7", text, string(c))}
		default:
			return 0, 0, &intError{start + i, diag.D_SYNTAX,
				fmt.Sprintf("syntax error near %q: integer constant %s may only end in u, l, ul, ll or ull", text[start+i:], text[:start+i])}
		}
	}
	u, l := false, 0
	switch strings.ToLower(suffix) {
	case "":
	case "u":
		u = true
	case "l":
		l = 1
	case "ll":
		l = 2
	case "ul", "lu":
		u, l = true, 1
	case "ull", "llu":
		u, l = true, 2
	default:
		return 0, 0, &intError{len(digits), diag.D_SYNTAX,
			fmt.Sprintf("syntax error near %q: integer constant %s may only end in u, l, ul, ll or ull", suffix, digits)}
	}
	v, err := strconv.ParseUint(body, base, 64)
	if err != nil {
		return 0, 0, &intError{0, diag.D_INT_OFLOW, fmt.Sprintf("integer constant %s does not fit 64 bits", text)}
	}
	kind, ok := intKind(v, base == 10, u, l)
	if !ok {
		return 0, 0, &intError{0, diag.D_INT_OFLOW,
			fmt.Sprintf("integer constant %s does not fit any signed type: write %su", text, text)}
	}
	return v, kind, nil
}

// intKind returns the first type from that of the suffix on that holds v. A
// decimal constant without u is never unsigned.
func intKind(v uint64, decimal, u bool, l int) (IntKind, bool) {
	limits := [...]uint64{
		Int: 1<<31 - 1, UInt: 1<<32 - 1, Long: 1<<63 - 1, ULong: 1<<64 - 1,
		LongLong: 1<<63 - 1, ULongLong: 1<<64 - 1,
	}
	for k := IntKind(2 * l); int(k) < len(limits); k++ {
		if u && !k.Unsigned() || !u && decimal && k.Unsigned() {
			continue
		}
		if v <= limits[k] {
			return k, true
		}
	}
	return 0, false
}

// operators in an order where the longest match comes first.
var operators = []struct {
	text string
	kind tok
	op   Op
}{
	{"<<=", tokAssign, OpShl}, {">>=", tokAssign, OpShr}, {"...", tokEllipsis, 0},
	{"->", tokArrow, 0}, {"++", tokInc, OpInc}, {"--", tokDec, OpDec},
	{"<<", tokBinary, OpShl}, {">>", tokBinary, OpShr}, {"<=", tokBinary, OpLe},
	{">=", tokBinary, OpGe}, {"==", tokBinary, OpEq}, {"!=", tokBinary, OpNe},
	{"&&", tokBinary, OpLogAnd}, {"^^", tokBinary, OpLogXor}, {"||", tokBinary, OpLogOr},
	{"+=", tokAssign, OpAdd}, {"-=", tokAssign, OpSub}, {"*=", tokAssign, OpMul},
	{"/=", tokAssign, OpDiv}, {"%=", tokAssign, OpMod}, {"&=", tokAssign, OpAnd},
	{"^=", tokAssign, OpXor}, {"|=", tokAssign, OpOr},
	{"+", tokBinary, OpAdd}, {"-", tokBinary, OpSub}, {"*", tokBinary, OpMul},
	{"/", tokBinary, OpDiv}, {"%", tokBinary, OpMod}, {"&", tokBinary, OpAnd},
	{"^", tokBinary, OpXor}, {"|", tokBinary, OpOr}, {"<", tokBinary, OpLt},
	{">", tokBinary, OpGt}, {"=", tokAssign, OpAssign}, {"!", tokNot, 0},
	{"~", tokTilde, 0}, {"(", tokLParen, 0}, {")", tokRParen, 0},
	{"[", tokLBrack, 0}, {"]", tokRBrack, 0}, {"{", tokLBrace, 0},
	{"}", tokRBrace, 0}, {";", tokSemi, 0}, {",", tokComma, 0},
	{":", tokColon, 0}, {"?", tokQuestion, 0}, {".", tokDot, 0},
}

// operatorsAt lists the indices of operators by first character.
var operatorsAt = func() (at [256][]uint8) {
	for i, o := range operators {
		at[o.text[0]] = append(at[o.text[0]], uint8(i))
	}
	return at
}()

// operator reads an operator or punctuation character.
func (s *scanner) operator(t *token) {
	rest := s.src[s.off:]
	if rest[0] == '/' && s.predEnd(s.off) {
		t.kind, t.text = tokPredEnd, "/"
		s.off++
		return
	}
	for _, i := range operatorsAt[rest[0]] {
		o := &operators[i]
		if strings.HasPrefix(rest, o.text) {
			t.kind, t.op, t.text = o.kind, o.op, o.text
			s.off += len(o.text)
			switch o.kind {
			case tokLParen, tokLBrack, tokLBrace:
				s.parens++
			case tokRParen, tokRBrack, tokRBrace:
				s.parens--
			}
			return
		}
	}
	if rest[0] == '#' {
		s.failAt(s.off, diag.D_SYNTAX, "syntax error near \"#\": a control line must be on a line of its own")
	}
	s.failAt(s.off, diag.D_SYNTAX, "syntax error near %s", quoteByte(rest))
}

// quoteByte quotes the first character of rest.
func quoteByte(rest string) string {
	for i := range rest {
		if i > 0 {
			return strconv.Quote(rest[:i])
		}
	}
	return strconv.Quote(rest)
}
