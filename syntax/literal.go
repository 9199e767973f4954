package syntax

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// stringConst reads a string constant.
func (s *scanner) stringConst(t *token) {
	end := s.quoted('"')
	if end < 0 {
		s.failAt(t.off, diag.D_STR_NL, "newline in string constant, want the closing \" before it (write \\n for a newline in the string)")
	}
	t.kind = tokString
	t.text = unescape(s.src[s.off+1 : end])
	s.off = end + 1
}

// charConst reads a character constant of up to eight bytes, packed into an
// integer as C compilers do, the first in the highest byte.
func (s *scanner) charConst(t *token) {
	end := s.quoted('\'')
	if end < 0 {
		s.failAt(t.off, diag.D_CHR_NL, "newline in character constant, want the closing ' before it")
	}
	t.text = s.src[s.off : end+1]
	v := unescape(s.src[s.off+1 : end])
	switch {
	case v == "":
		s.failAt(t.off, diag.D_CHR_NULL, "character constant is empty, want 1 to 8 characters")
	case len(v) > 8:
		s.failAt(t.off, diag.D_CHR_OFLOW, "character constant has %d bytes, want 1 to 8", len(v))
	}
	for i := range len(v) {
		t.val = t.val<<8 | uint64(v[i])
	}
	t.kind = tokInt
	t.int, _ = intKind(t.val, false, false, 0)
	s.off = end + 1
}

// quoted returns the offset of the quote that ends the constant at off, or -1
// when a newline comes first. The end of the input is a syntax error.
func (s *scanner) quoted(quote byte) int {
	for i := s.off + 1; i < len(s.src); i++ {
		switch s.src[i] {
		case quote:
			return i
		case '\n':
			return -1
		case '\\':
			i++
			if i < len(s.src) && s.src[i] == '\n' {
				return -1
			}
		}
	}
	kind := "string"
	if quote == '\'' {
		kind = "character"
	}
	s.failAt(s.off, diag.D_SYNTAX, "%s constant is not closed: end of input before %c", kind, quote)
	return -1
}

// unescape resolves the escapes of a string or character constant: those of C,
// with up to three octal digits or any number of hexadecimal ones. A backslash
// before a character that is no escape stays, as in every DTrace: '\” is two
// bytes.
func unescape(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' || i+1 == len(text) {
			out = append(out, c)
			continue
		}
		i++
		switch c = text[i]; {
		case c >= '0' && c <= '7':
			v := 0
			n := 0
			for n < 3 && i+n < len(text) && text[i+n] >= '0' && text[i+n] <= '7' {
				v = v<<3 | int(text[i+n]-'0')
				n++
			}
			i += n - 1
			c = byte(v)
		case c == 'x' && i+1 < len(text) && isHex(text[i+1]):
			v := 0
			for i+1 < len(text) && isHex(text[i+1]) {
				v = v<<4 | hexValue(text[i+1])
				i++
			}
			c = byte(v)
		case c == '"' || c == '\\':
		default:
			if k := strings.IndexByte("abfnrtv", c); k >= 0 {
				c = "\a\b\f\n\r\t\v"[k]
			} else {
				out = append(out, '\\')
			}
		}
		out = append(out, c)
	}
	return string(out)
}

// hexValue is the value of a hexadecimal digit.
func hexValue(c byte) int {
	switch {
	case c >= 'a':
		return int(c-'a') + 10
	case c >= 'A':
		return int(c-'A') + 10
	}
	return int(c - '0')
}

// Quote returns s as a D string constant that reads back as s.
func Quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f || c >= 0x80:
			b = append(b, c)
		default:
			if k := strings.IndexByte("\a\b\f\n\r\t\v", c); k >= 0 {
				b = append(b, '\\', "abfnrtv"[k])
			} else {
				b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			}
		}
	}
	return string(append(b, '"'))
}

// macro reads a macro variable or argument: $name, $0, $$name, $$0.
func (s *scanner) macro(t *token) {
	text, str, end, err := s.expandAt(s.off)
	if err != nil {
		s.failAt(t.off, err.code, "%s", err.msg)
	}
	name := s.src[s.off:end]
	s.off = end
	if str {
		t.kind, t.text = tokString, text
		return
	}
	if isIdent(text) {
		t.kind, t.text = tokIdent, text
		if kw := keywords[text]; kw != kwNone {
			t.kind, t.kw = tokKeyword, kw
		}
		return
	}
	if digits := strings.TrimLeft(text, "+-"); len(text)-len(digits) <= 1 && digits != "" && isDigit(digits[0]) {
		v, kind, bad := parseInt(leadingInt(digits))
		if bad != nil && bad.code == diag.D_INT_OFLOW {
			s.failAt(t.off, diag.D_MACRO_OFLOW, "the value %s of %s does not fit 64 bits", text, name)
		}
		if bad == nil {
			t.kind, t.val, t.int, t.text = tokInt, v, kind, name
			if len(text) > len(digits) {
				t.neg = text[0]
			}
			return
		}
	}
	// What is neither integer nor identifier is a string, with or without its
	// quotes.
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	t.kind, t.text = tokString, unescape(text)
}

// leadingInt returns the integer constant that text begins with: a macro argument
// that begins like a number is that number, whatever follows, as strtoull reads it.
func leadingInt(text string) string {
	n, digit := 0, isDigit
	switch {
	case len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' && isHex(text[2]):
		n, digit = 2, isHex
	case text[0] == '0':
		digit = func(c byte) bool { return c >= '0' && c <= '7' }
	}
	for n < len(text) && digit(text[n]) {
		n++
	}
	return text[:n]
}

// expandAt returns what the macro at off stands for, whether it is in string
// form ($$), and the offset behind it.
func (s *scanner) expandAt(off int) (text string, str bool, end int, err *intError) {
	i := off + 1
	if i < len(s.src) && s.src[i] == '$' {
		str = true
		i++
	}
	start := i
	if i < len(s.src) && isDigit(s.src[i]) {
		for i < len(s.src) && isDigit(s.src[i]) {
			i++
		}
		n, convErr := strconv.Atoi(s.src[start:i])
		switch {
		case convErr == nil && n < len(s.cfg.Args):
			s.argsUsed[n] = true
			return s.cfg.Args[n], str, i, nil
		case s.cfg.DefaultArgs && str:
			return "", true, i, nil
		case s.cfg.DefaultArgs:
			return "0", false, i, nil
		}
		have := "no argument is given"
		if last := len(s.cfg.Args) - 1; last > 0 {
			have = "the last argument is $" + strconv.Itoa(last)
		}
		return "", str, i, &intError{0, diag.D_MACRO_UNDEF, "macro argument " + s.src[off:i] + " is not defined: " + have}
	}
	for i < len(s.src) && (isAlpha(s.src[i]) || i > start && isDigit(s.src[i])) {
		i++
	}
	name := s.src[start:i]
	if name == "" {
		return "", str, i, &intError{0, diag.D_SYNTAX, "syntax error near \"" + s.src[off:i] + "\": want the name of a macro variable or the number of an argument"}
	}
	v, ok := s.cfg.Macros[name]
	if !ok {
		hint := ""
		if name == "target" {
			hint = ": no process is given by -c or -p"
		}
		return "", str, i, &intError{0, diag.D_MACRO_UNDEF, "macro variable " + s.src[off:i] + " is not defined" + hint}
	}
	return strconv.FormatInt(v, 10), str, i, nil
}
