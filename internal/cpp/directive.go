package cpp

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// directive acts on the line behind a "#" token.
func (p *processor) directive(hash token) {
	t := p.lx.peek()
	if t.kind == tEOF || t.bol {
		return // a lone "#"
	}
	if t.kind == tPunct && t.text == "!" && t.space == "" {
		p.passThrough(hash)
		return
	}
	p.lx.next()
	at := p.lx.pos(t)
	switch t.text {
	case "define":
		p.define(t)
	case "undef":
		name, ok := p.inLine()
		if !ok || name.kind != tIdent {
			p.fail(at, diag.D_SYNTAX, "#undef: want the name of a macro")
		}
		p.endOfLine("#undef")
		delete(p.macros, name.text)
	case "include", "include_next", "import":
		p.includeLine(t)
	case "if", "ifdef", "ifndef":
		p.lx.conds = append(p.lx.conds, cond{pos: at})
		if len(p.lx.conds) > maxNest*4 {
			p.fail(at, diag.D_SYNTAX, "#if nested too deeply: at most %d levels are allowed", maxNest*4)
		}
		taken := p.test(t)
		p.lx.conds[len(p.lx.conds)-1].taken = taken
		if !taken {
			p.skip()
		}
	case "elif", "elifdef", "elifndef", "else", "endif":
		// The branch before was used: the following ones are not.
		if len(p.lx.conds) == 0 {
			p.fail(at, diag.D_SYNTAX, "#%s without #if", t.text)
		}
		if t.text == "endif" {
			p.endOfLine("#endif")
			p.lx.conds = p.lx.conds[:len(p.lx.conds)-1]
			return
		}
		p.branch(t)
		p.restOfLine()
		p.skip()
	case "error":
		p.fail(at, diag.D_PRAGERR, "#error: %s", lineText(p.restOfLine()))
	case "warning":
		msg := lineText(p.restOfLine())
		if p.cfg.Warning != nil {
			p.cfg.Warning(at, msg)
		}
	case "line":
		p.lineDirective(t)
	case "pragma":
		if n := p.lx.peek(); n.text == "once" && !n.bol {
			p.restOfLine()
			p.once[p.lx.real] = true
			return
		}
		p.passThrough(hash, t)
	case "ident":
		p.passThrough(hash, t)
	default:
		if t.kind == tNumber {
			p.passThrough(hash, t) // a line marker from another preprocessor
			return
		}
		p.fail(at, diag.D_PRAGCTL_INVAL, "control line #%s is not known", t.text)
	}
}

// passThrough writes the directive as it is.
func (p *processor) passThrough(head ...token) {
	line := head[0].line
	p.sync(line)
	for _, t := range append(head, p.restOfLine()...) {
		p.write(t.space + t.text)
		p.atStart = false
	}
	p.write("\n")
	p.outLine, p.atStart = line+1, true
}

// lineText returns the tokens of a line as text.
func lineText(list []token) string {
	var b strings.Builder
	for i, t := range list {
		if i > 0 {
			b.WriteString(t.space)
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// endOfLine fails when something follows in the line of a directive.
func (p *processor) endOfLine(name string) {
	if t, ok := p.inLine(); ok {
		p.fail(p.lx.pos(t), diag.D_SYNTAX, "%s: nothing may follow, found %q", name, t.text)
	}
}

// branch checks the order of #elif and #else.
func (p *processor) branch(t token) {
	c := &p.lx.conds[len(p.lx.conds)-1]
	if c.els {
		p.fail(p.lx.pos(t), diag.D_SYNTAX, "#%s behind #else", t.text)
	}
	if t.text == "else" {
		c.els = true
	}
}

// skip reads lines that are not used, up to the branch that is or the #endif.
func (p *processor) skip() {
	depth := len(p.lx.conds)
	for {
		t := p.lx.next()
		if t.kind == tEOF {
			p.fail(p.lx.conds[len(p.lx.conds)-1].pos, diag.D_SYNTAX, "#if without #endif")
		}
		if !t.bol || t.text != "#" {
			continue
		}
		name, ok := p.inLine()
		if !ok {
			continue
		}
		at := p.lx.pos(name)
		switch name.text {
		case "if", "ifdef", "ifndef":
			if len(p.lx.conds) >= maxNest*4 {
				p.fail(at, diag.D_SYNTAX, "#if nested too deeply: at most %d levels are allowed", maxNest*4)
			}
			p.lx.conds = append(p.lx.conds, cond{pos: at, taken: true})
		case "endif":
			p.lx.conds = p.lx.conds[:len(p.lx.conds)-1]
			if len(p.lx.conds) < depth {
				p.endOfLine("#endif")
				return
			}
		case "elif", "elifdef", "elifndef", "else":
			p.branch(name)
			c := &p.lx.conds[len(p.lx.conds)-1]
			if c.taken {
				continue
			}
			if name.text == "else" {
				p.endOfLine("#else")
				c.taken = true
			} else {
				c.taken = p.test(name)
			}
			if c.taken {
				return
			}
		}
	}
}

// test evaluates the condition of #if, #ifdef, #ifndef and their #elif forms.
func (p *processor) test(t token) bool {
	name := strings.TrimPrefix(t.text, "el")
	switch name {
	case "ifdef", "ifndef":
		id, ok := p.inLine()
		if !ok || id.kind != tIdent {
			p.fail(p.lx.pos(t), diag.D_SYNTAX, "#%s: want the name of a macro", t.text)
		}
		p.endOfLine("#" + t.text)
		return (p.macros[id.text] != nil || hasOperator(id.text)) == (name == "ifdef")
	}
	return p.eval(t)
}

// includeLine acts on #include.
func (p *processor) includeLine(t token) {
	p.lx.angle = true
	name, ok := p.inLine()
	p.lx.angle = false
	at := p.lx.pos(t)
	text := ""
	switch {
	case !ok:
		p.fail(at, diag.D_SYNTAX, "#%s: want \"file\" or <file>", t.text)
	case name.kind == tString:
		text = name.text
		p.endOfLine("#" + t.text)
	default:
		// The name comes from a macro.
		text = lineText(p.expandList(append([]token{name}, p.restOfLine()...), t))
	}
	if n := len(text); n < 3 || !(text[0] == '"' && text[n-1] == '"') && !(text[0] == '<' && text[n-1] == '>') {
		p.fail(at, diag.D_SYNTAX, "#%s: want \"file\" or <file>, found %q", t.text, text)
	}
	p.include(at, text[1:len(text)-1], text[0] == '<', t.text == "include_next")
}

// lineDirective acts on #line.
func (p *processor) lineDirective(t token) {
	list := p.expandList(p.restOfLine(), t)
	at := p.lx.pos(t)
	if len(list) == 0 || len(list) > 2 {
		p.fail(at, diag.D_PRAGMA_MALFORM, "malformed #line, want a line number and optionally a file name")
	}
	n, err := strconv.ParseUint(list[0].text, 10, 31)
	if err != nil {
		p.fail(at, diag.D_PRAGMA_MALFORM, "malformed #line: %q is not a line number", list[0].text)
	}
	if len(list) == 2 {
		f := list[1].text
		if list[1].kind != tString || len(f) < 2 || f[0] != '"' {
			p.fail(at, diag.D_PRAGMA_MALFORM, "malformed #line: want the file name in quotes, found %q", f)
		}
		p.lx.src = &source{unquote(f), p.lx.src.dir}
	}
	// The token ahead has been read with the old number.
	ahead := p.lx.peek()
	delta := int(n) - (t.line + 1)
	ahead.line += delta
	p.lx.line += delta
	p.lx.ahead = &ahead
	p.marker(int(n), p.lx.src.name, 0)
}

// unquote resolves the escapes that quote makes.
func unquote(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s[1 : len(s)-1]
}
