package syntax

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// control reads the control line at off, which is a "#".
func (s *scanner) control() {
	start := s.off
	end := len(s.src)
	if i := strings.IndexByte(s.src[start:], '\n'); i >= 0 {
		end = start + i
	}
	line := s.src[start:end]
	s.off = end
	if strings.HasPrefix(line, "#!") {
		return
	}
	words := s.words(start, line[1:])
	if len(words) == 0 {
		return
	}
	name := words[0]
	switch {
	case name.quoted:
		s.failAt(name.off, diag.D_PRAGCTL_INVAL, "control line begins with a string, want #pragma, #line, #ident or #error")
	case name.text == "pragma":
		s.pragma(start, line, words[1:])
	case name.text == "line":
		s.lineDirective(start, words[1:], "#line")
	case isDigit(name.text[0]):
		s.lineDirective(start, words, "#")
	case name.text == "ident":
	case name.text == "error":
		s.failAt(start, diag.D_PRAGERR, "#error: %s", strings.TrimSpace(line[name.off+len(name.text)-start:]))
	case cppOnly[name.text]:
		s.failAt(start, diag.D_PRAGCTL_INVAL, "control line #%s needs the preprocessor: use -C", name.text)
	default:
		s.failAt(start, diag.D_PRAGCTL_INVAL, "control line #%s is not known, want #pragma, #line, #ident or #error", name.text)
	}
}

var cppOnly = map[string]bool{
	"include": true, "define": true, "undef": true, "if": true, "ifdef": true,
	"ifndef": true, "elif": true, "else": true, "endif": true,
}

// word is one word of a control line.
type word struct {
	text   string
	off    int
	quoted bool
}

// words splits the rest of a control line, which starts at off+1, at blanks and
// comments. Macro variables within unquoted words are expanded.
func (s *scanner) words(off int, line string) []word {
	var list []word
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case isSpace(c):
			i++
		case strings.HasPrefix(line[i:], "//"):
			return list
		case strings.HasPrefix(line[i:], "/*"):
			end := strings.Index(line[i+2:], "*/")
			if end < 0 {
				// The comment goes on behind this line.
				s.off = off + 1 + i
				return list
			}
			i += 2 + end + 2
		case c == '"':
			at := off + 1 + i
			end := closingQuote(i, line)
			if end < 0 {
				s.failAt(at, diag.D_STR_NL, "string in control line is not closed")
			}
			list = append(list, word{unescape(line[i+1 : end]), at, true})
			i = end + 1
		default:
			w := word{off: off + 1 + i}
			start := i
			for i < len(line) && !isSpace(line[i]) && line[i] != '"' &&
				!strings.HasPrefix(line[i:], "/*") && !strings.HasPrefix(line[i:], "//") {
				if line[i] == '$' && i+1 < len(line) && (isAlpha(line[i+1]) || isDigit(line[i+1]) || line[i+1] == '$') {
					text, _, end, err := s.expandAt(off + 1 + i)
					if err != nil {
						s.failAt(off+1+i, err.code, "%s", err.msg)
					}
					w.text += line[start:i] + text
					i = end - off - 1
					start = i
					continue
				}
				i++
			}
			w.text += line[start:i]
			if w.text != "" {
				list = append(list, w)
			}
		}
	}
	return list
}

// closingQuote returns the index in line of the quote that closes the one at i,
// or -1.
func closingQuote(i int, line string) int {
	for i++; i < len(line); i++ {
		switch line[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// lineDirective acts on "#line N "file"" and on "# N "file" flags".
func (s *scanner) lineDirective(start int, words []word, form string) {
	if len(words) == 0 {
		s.failAt(start, diag.D_PRAGMA_MALFORM, "malformed %s, want a line number and optionally a file name", form)
	}
	n, err := strconv.ParseUint(words[0].text, 10, 31)
	if err != nil || words[0].quoted {
		s.failAt(words[0].off, diag.D_PRAGMA_MALFORM, "malformed %s: %q is not a line number", form, words[0].text)
	}
	if len(words) > 1 {
		if !words[1].quoted {
			s.failAt(words[1].off, diag.D_PRAGMA_MALFORM, "malformed %s: want the file name in quotes, found %q", form, words[1].text)
		}
		for _, flag := range words[min(len(words), 2):] {
			if !isNumber(flag) {
				s.failAt(flag.off, diag.D_PRAGMA_MALFORM, "malformed %s: want numbers after the file name, the flags of a preprocessor, found %q", form, flag.text)
			}
		}
		s.file = words[1].text
	}
	// The newline at the end of the directive makes it the line that follows.
	s.line = int(n) - 1
	s.lineStart = start
}

// isNumber reports whether w is a number, as the flags of line directives are.
func isNumber(w word) bool {
	_, err := strconv.ParseUint(w.text, 0, 64)
	return err == nil && !w.quoted
}

// isName reports whether w can be the name of something, or a list of attributes.
func isName(w word) bool { return !w.quoted && w.text != "" && !isDigit(w.text[0]) }

// pragma acts on the words behind "#pragma".
func (s *scanner) pragma(start int, line string, words []word) {
	if len(words) > 0 && words[0].text == "error" && !words[0].quoted {
		s.failAt(start, diag.D_PRAGERR, "#error: %s", strings.TrimSpace(line[words[0].off+len("error")-start:]))
	}
	for i, w := range words[:min(len(words), 2)] {
		if w.quoted && (i == 0 || words[0].text == "D") {
			s.failAt(w.off, diag.D_PRAGCTL_INVAL, "#pragma begins with a string, want #pragma D and a name")
		}
	}
	if len(words) > 0 && words[0].text == "line" {
		s.lineDirective(start, words[1:], "#pragma line")
		return
	}
	if len(words) == 0 || words[0].text != "D" {
		return // a pragma of C, or of another tool
	}
	if len(words) == 1 || isNumber(words[1]) {
		return // says nothing, which every DTrace takes
	}
	name, args := words[1], words[2:]
	malformed := func(form string) {
		s.failAt(start, diag.D_PRAGMA_MALFORM, "malformed #pragma D %s, want #pragma D %s", name.text, form)
	}
	p := &Pragma{Loc: Loc{s.here(start)}, Name: name.text}
	switch name.text {
	case "error":
		s.failAt(start, diag.D_PRAGERR, "#error: %s", strings.TrimSpace(line[name.off+len(name.text)-start:]))
	case "ident":
		return
	case "line":
		s.lineDirective(start, args, "#pragma D line")
		return
	case "option":
		if len(args) != 1 || !isName(args[0]) {
			if len(args) == 2 && args[1].quoted && strings.HasSuffix(args[0].text, "=") {
				// option name="value"
				args = []word{{text: args[0].text + args[1].text}}
			} else {
				malformed("option <name>[=<value>]")
			}
		}
		opt, val, ok := strings.Cut(args[0].text, "=")
		p.Args = []string{opt}
		if ok {
			p.Args = append(p.Args, val)
		}
		if s.cfg.Option != nil {
			s.cfg.Option(s.cfg, opt, val)
		}
	case "attributes":
		n := 2
		if len(args) > 1 && args[1].text == "provider" {
			n = 4
		}
		if len(args) < n || !isName(args[0]) || !isName(args[n-1]) || n == 2 && !isIdentStart(args[1].text[0]) {
			malformed("attributes <name>/<data>/<class> {<identifier> | provider <provider> <part>}")
		}
		p.Args = texts(args[:n])
	case "binding":
		if len(args) < 2 || !args[0].quoted || !isName(args[1]) {
			malformed("binding \"<version>\" <identifier>")
		}
		p.Args = texts(args[:2])
	case "depends_on":
		if len(args) < 2 || !isName(args[0]) || !isName(args[1]) {
			malformed("depends_on {library|module|provider} <name>")
		}
		switch args[0].text {
		case "library", "module", "provider":
		default:
			s.failAt(args[0].off, diag.D_PRAGMA_INVAL, "class %q is not known to #pragma D depends_on, want library, module or provider", args[0].text)
		}
		p.Args = texts(args[:2])
	default:
		s.failAt(name.off, diag.D_PRAGMA_INVAL, "#pragma D %s is not known, want option, attributes, binding, depends_on, error, ident or line", name.text)
	}
	s.pragmas = append(s.pragmas, p)
}

func texts(words []word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.text
	}
	return list
}
