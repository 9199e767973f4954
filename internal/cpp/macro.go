package cpp

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// macro is a definition.
type macro struct {
	name string
	// fn is set for a macro with parameters, however few.
	fn     bool
	params []string
	// variadic is set when the last parameter takes all further arguments.
	variadic bool
	body     []token
	// builtin computes the value of a predefined macro.
	builtin func(t token) token
	// disabled counts the expansions of the macro that are being read: within
	// them its name stands for itself.
	disabled int
}

// context is a list of tokens that is read before the file.
type context struct {
	toks []token
	i    int
	// m is enabled again at the end of the list, if not nil.
	m *macro
}

// predefine enters the predefined macros and those of the configuration.
func (p *processor) predefine() {
	text := func(name string, f func(t token) (kind, string)) {
		p.macros[name] = &macro{name: name, builtin: func(t token) token {
			t.kind, t.text = f(t)
			t.expanded = true
			return t
		}}
	}
	text("__LINE__", func(t token) (kind, string) { return tNumber, strconv.Itoa(t.line) })
	text("__FILE__", func(token) (kind, string) { return tString, quote(p.lx.src.name) })
	text("__DATE__", func(token) (kind, string) { return tString, p.cfg.Now.Format("\"Jan _2 2006\"") })
	text("__TIME__", func(token) (kind, string) { return tString, p.cfg.Now.Format("\"15:04:05\"") })
	text("__INCLUDE_LEVEL__", func(token) (kind, string) { return tNumber, strconv.Itoa(p.depth) })
	text("__STDC__", func(token) (kind, string) { return tNumber, "1" })
	text("__COUNTER__", func(token) (kind, string) {
		p.counter++
		return tNumber, strconv.Itoa(p.counter - 1)
	})
	for _, d := range p.cfg.Define {
		name, value, ok := strings.Cut(d, "=")
		if !ok {
			value = "1"
		}
		p.lx = newLexer(p, &source{name: "<command line>", dir: -1}, name+" "+value)
		p.lx.fresh = false // there is no directive before it
		p.define(p.lx.peek())
		if t := p.lx.peek(); t.kind != tEOF {
			p.fail(p.lx.pos(t), diag.D_SYNTAX, "definition %q has more than one line", d)
		}
	}
	for _, name := range p.cfg.Undef {
		delete(p.macros, name)
	}
	p.lx = nil
}

// inLine consumes the next token if it is in the line of the directive.
func (p *processor) inLine() (token, bool) {
	if t := p.lx.peek(); t.kind == tEOF || t.bol {
		return token{}, false
	}
	return p.lx.next(), true
}

// restOfLine consumes the tokens up to the end of the line.
func (p *processor) restOfLine() []token {
	var list []token
	for {
		t, ok := p.inLine()
		if !ok {
			return list
		}
		list = append(list, t)
	}
}

// define reads a definition behind #define, which is at token at.
func (p *processor) define(at token) {
	name, ok := p.inLine()
	if !ok || name.kind != tIdent {
		p.fail(p.lx.pos(at), diag.D_SYNTAX, "#define: want the name of a macro")
	}
	if name.text == "defined" || name.text == "__VA_ARGS__" {
		p.fail(p.lx.pos(name), diag.D_SYNTAX, "#define: the name %s is reserved", name.text)
	}
	m := &macro{name: name.text}
	if t := p.lx.peek(); t.kind == tPunct && t.text == "(" && t.space == "" && !t.bol {
		p.lx.next()
		m.fn = true
		p.params(m, name)
	}
	m.body = p.restOfLine()
	p.checkBody(m)
	for i := range m.body {
		t := &m.body[i]
		t.bol, t.expanded = false, true
		if t.space != "" {
			t.space = " "
		}
	}
	if len(m.body) > 0 {
		m.body[0].space = ""
	}
	if old := p.macros[m.name]; old != nil && (old.builtin != nil || !sameMacro(old, m)) {
		p.fail(p.lx.pos(name), diag.D_SYNTAX, "#define: macro %s is already defined differently, #undef it first", m.name)
	}
	if len(p.macros) >= maxMacros {
		p.fail(p.lx.pos(name), diag.D_SYNTAX, "too many macros: at most %d are allowed", maxMacros)
	}
	p.macros[m.name] = m
}

// sameMacro reports whether two definitions are equal but for the amount of
// white space.
func sameMacro(a, b *macro) bool {
	if a.fn != b.fn || a.variadic != b.variadic || len(a.params) != len(b.params) || len(a.body) != len(b.body) {
		return false
	}
	for i := range a.params {
		if a.params[i] != b.params[i] {
			return false
		}
	}
	for i := range a.body {
		if a.body[i].text != b.body[i].text || a.body[i].space != b.body[i].space {
			return false
		}
	}
	return true
}

// params reads the parameters of a macro behind the parenthesis.
func (p *processor) params(m *macro, name token) {
	for {
		t, ok := p.inLine()
		switch {
		case ok && t.text == ")" && len(m.params) == 0 && !m.variadic:
			return
		case ok && t.text == "...":
			m.variadic = true
			m.params = append(m.params, "__VA_ARGS__")
		case ok && t.kind == tIdent && t.text != "__VA_ARGS__":
			for _, old := range m.params {
				if old == t.text {
					p.fail(p.lx.pos(t), diag.D_SYNTAX, "macro %s has the parameter %s twice", m.name, t.text)
				}
			}
			m.params = append(m.params, t.text)
			if p.lx.peek().text == "..." {
				p.inLine()
				m.variadic = true
			}
		default:
			p.fail(p.lx.pos(name), diag.D_SYNTAX, "#define %s: want parameters separated by commas and )", m.name)
		}
		t, ok = p.inLine()
		if ok && t.text == ")" {
			return
		}
		if !ok || t.text != "," || m.variadic {
			p.fail(p.lx.pos(name), diag.D_SYNTAX, "#define %s: want parameters separated by commas and )", m.name)
		}
	}
}

// checkBody refuses # and ## where they have no operand.
func (p *processor) checkBody(m *macro) {
	for i, t := range m.body {
		if t.kind != tPunct {
			continue
		}
		switch {
		case t.text == "##" && (i == 0 || i == len(m.body)-1):
			p.fail(p.lx.pos(t), diag.D_SYNTAX, "## at the start or end of macro %s, want an operand on both sides", m.name)
		case t.text == "#" && m.fn && (i == len(m.body)-1 || m.param(m.body[i+1]) < 0):
			p.fail(p.lx.pos(t), diag.D_SYNTAX, "# in macro %s is not followed by one of its parameters", m.name)
		}
	}
}

// param returns the index of the parameter that t names, or -1.
func (m *macro) param(t token) int {
	if t.kind == tIdent {
		for i, name := range m.params {
			if name == t.text {
				return i
			}
		}
	}
	return -1
}

// get returns the next token without expanding it.
func (p *processor) get() token {
	for n := len(p.stack); n > 0; n = len(p.stack) {
		c := &p.stack[n-1]
		if c.i < len(c.toks) {
			c.i++
			return c.toks[c.i-1]
		}
		if c.m != nil {
			c.m.disabled--
		}
		p.stack[n-1] = context{}
		p.stack = p.stack[:n-1]
	}
	if p.closed {
		return token{}
	}
	return p.lx.next()
}

// unget puts a token back.
func (p *processor) unget(t token) {
	p.stack = append(p.stack, context{toks: []token{t}})
}

// count adds to the tokens handled in expansions.
func (p *processor) count(n int, t token) {
	if p.tokens += n + 1; p.tokens > maxTokens {
		p.fail(p.lx.pos(t), diag.D_SYNTAX, "macro expansion handles more than %d tokens", maxTokens)
	}
}

// expandNext returns the next token after macro expansion.
func (p *processor) expandNext() token {
	for {
		t := p.get()
		if t.kind != tIdent || t.noexp {
			return t
		}
		m := p.macros[t.text]
		if m == nil {
			return t
		}
		if m.builtin != nil {
			return m.builtin(t)
		}
		if m.disabled > 0 {
			t.noexp = true
			return t
		}
		var body []token
		if m.fn {
			next := p.get()
			if next.kind != tPunct || next.text != "(" || next.bol && next.text == "#" {
				p.unget(next)
				return t
			}
			args, raw := p.args(m, t)
			body = p.substitute(m, t, args, raw)
		} else {
			body = p.substitute(m, t, nil, nil)
		}
		p.count(len(body), t)
		for i := range body {
			body[i].line, body[i].col = t.line, t.col
		}
		if len(body) > 0 {
			body[0].space, body[0].bol = t.space, t.bol
		} else {
			// What stood around the macro must not grow together.
			p.last.expanded = true
		}
		m.disabled++
		p.stack = append(p.stack, context{toks: body, m: m})
	}
}

// args reads the arguments of macro m behind the parenthesis and returns them
// expanded and as written.
func (p *processor) args(m *macro, at token) (args, raw [][]token) {
	var cur []token
	depth := 0
	for {
		t := p.get()
		p.count(0, at)
		if t.kind == tEOF {
			p.fail(p.lx.pos(at), diag.D_SYNTAX, "arguments of macro %s are not closed: end of input before )", m.name)
		}
		if t.bol && t.text == "#" && !t.expanded {
			p.fail(p.lx.pos(t), diag.D_SYNTAX, "directive within the arguments of macro %s", m.name)
		}
		if t.bol {
			t.bol = false
			t.space = " "
		}
		if t.kind == tPunct {
			switch t.text {
			case "(":
				depth++
			case ")":
				if depth == 0 {
					raw = append(raw, cur)
					return p.checkArgs(m, at, raw)
				}
				depth--
			case ",":
				if depth == 0 && !(m.variadic && len(raw) >= len(m.params)-1) {
					raw = append(raw, cur)
					cur = nil
					continue
				}
			}
		}
		cur = append(cur, t)
	}
}

// checkArgs holds the number of arguments against that of parameters and expands
// the arguments.
func (p *processor) checkArgs(m *macro, at token, raw [][]token) (args, out [][]token) {
	if len(m.params) == 0 && len(raw) == 1 && len(raw[0]) == 0 {
		raw = nil
	}
	if m.variadic && len(raw) == len(m.params)-1 {
		raw = append(raw, nil)
	}
	if len(raw) != len(m.params) {
		p.fail(p.lx.pos(at), diag.D_SYNTAX, "macro %s is given %d arguments, want %d", m.name, len(raw), len(m.params))
	}
	args = make([][]token, len(raw))
	for i, r := range raw {
		args[i] = p.expandList(r, at)
	}
	return args, raw
}

// expandList expands a list of tokens by itself.
func (p *processor) expandList(list []token, at token) []token {
	any := false
	for _, t := range list {
		if t.kind == tIdent && !t.noexp && p.macros[t.text] != nil {
			any = true
		}
	}
	if !any {
		return list
	}
	if p.nest++; p.nest > maxNest {
		p.fail(p.lx.pos(at), diag.D_SYNTAX, "macro arguments are nested too deeply: at most %d levels are allowed", maxNest)
	}
	stack, closed := p.stack, p.closed
	p.stack, p.closed = []context{{toks: list}}, true
	var out []token
	for {
		t := p.expandNext()
		if t.kind == tEOF {
			break
		}
		out = append(out, t)
		p.count(0, at)
	}
	p.stack, p.closed = stack, closed
	p.nest--
	return out
}

// substitute returns the body of m with its parameters replaced and # and ##
// done.
func (p *processor) substitute(m *macro, at token, args, raw [][]token) []token {
	out := make([]token, 0, len(m.body))
	add := func(t token) {
		p.count(0, at)
		out = append(out, t)
	}
	paste := false // the next operand is joined to the last token
	for i := 0; i < len(m.body); i++ {
		t := m.body[i]
		if t.kind == tPunct && t.text == "##" {
			paste = true
			continue
		}
		var operand []token
		switch n := m.param(t); {
		case m.fn && t.kind == tPunct && t.text == "#":
			i++
			operand = []token{{kind: tString, text: stringize(raw[m.param(m.body[i])]), space: t.space, expanded: true}}
		case n >= 0:
			joined := paste || i+1 < len(m.body) && m.body[i+1].kind == tPunct && m.body[i+1].text == "##"
			list := args[n]
			if joined {
				list = raw[n]
			}
			// GNU: ", ## rest" drops the comma when there is no rest.
			if paste && m.variadic && n == len(m.params)-1 && len(out) > 0 && out[len(out)-1].text == "," {
				if len(list) == 0 {
					out = out[:len(out)-1]
				} else {
					for _, a := range args[n] {
						a.expanded = true
						add(a)
					}
				}
				paste = false
				continue
			}
			operand = make([]token, len(list))
			for k, a := range list {
				a.expanded, a.bol = true, false
				operand[k] = a
			}
			if len(operand) > 0 {
				operand[0].space = t.space
			} else if joined {
				operand = []token{{kind: tPlacemarker, space: t.space, expanded: true}}
			}
		default:
			operand = []token{t}
		}
		if paste && len(operand) > 0 && len(out) > 0 {
			last := &out[len(out)-1]
			*last = p.paste(m, at, *last, operand[0])
			operand = operand[1:]
		}
		paste = false
		for _, o := range operand {
			add(o)
		}
	}
	// Placemarkers have done their work.
	kept := out[:0]
	for _, t := range out {
		if t.kind != tPlacemarker {
			kept = append(kept, t)
		}
	}
	return kept
}

// paste joins two tokens, which must give one.
func (p *processor) paste(m *macro, at, a, b token) token {
	if a.kind == tPlacemarker {
		b.space = a.space
		return b
	}
	if b.kind == tPlacemarker {
		return a
	}
	text := a.text + b.text
	p.count(len(text)/64, at)
	lx := newLexer(p, p.lx.src, text)
	// The pieces of a comment are no comment.
	if strings.HasPrefix(text, "/*") || strings.HasPrefix(text, "//") {
		p.fail(p.lx.pos(at), diag.D_SYNTAX, "## in macro %s joins %q and %q, which gives no token", m.name, a.text, b.text)
	}
	t := lx.scan()
	if t.kind == tEOF || lx.off != len(text) {
		p.fail(p.lx.pos(at), diag.D_SYNTAX, "## in macro %s joins %q and %q, which gives no token", m.name, a.text, b.text)
	}
	return token{kind: t.kind, text: t.text, space: a.space, expanded: true}
}

// stringize returns the tokens as a string constant.
func stringize(list []token) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, t := range list {
		if i > 0 && t.space != "" {
			b.WriteByte(' ')
		}
		if t.kind != tString {
			if t.text == "\\" {
				b.WriteByte('\\')
			}
			b.WriteString(t.text)
			continue
		}
		for k := range len(t.text) {
			if c := t.text[k]; c == '"' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(t.text[k])
		}
	}
	b.WriteByte('"')
	return b.String()
}
