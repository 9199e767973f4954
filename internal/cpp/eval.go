package cpp

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// value is a value in #if: an integer of 64 bits.
type value struct {
	v        uint64
	unsigned bool
}

// evaluator evaluates the expression of an #if.
type evaluator struct {
	p    *processor
	at   token
	toks []token
	i    int
	nest int
	// dead counts the operands around that are not evaluated, in which a
	// division by zero is no error.
	dead int
}

// eval reads and evaluates the condition in the line of directive t.
func (p *processor) eval(t token) bool {
	p.lx.angle = false
	list := p.defined(p.restOfLine(), t)
	e := &evaluator{p: p, at: t, toks: p.expandList(list, t)}
	if len(e.toks) == 0 {
		p.fail(p.lx.pos(t), diag.D_SYNTAX, "#%s has no condition", t.text)
	}
	v := e.cond()
	if e.i < len(e.toks) {
		e.fail("%q follows the condition", e.toks[e.i].text)
	}
	return v.v != 0
}

// defined replaces "defined NAME" and "__has_include(...)", which come before
// macro expansion.
func (p *processor) defined(list []token, at token) []token {
	var out []token
	for i := 0; i < len(list); i++ {
		t := list[i]
		text := func(k int) string {
			if i+k < len(list) {
				return list[i+k].text
			}
			return ""
		}
		yes := false
		switch {
		case t.kind == tIdent && t.text == "defined":
			name, n := 1, 1
			if text(1) == "(" {
				name, n = 2, 3
				if text(3) != ")" {
					p.fail(p.lx.pos(t), diag.D_SYNTAX, "#%s: want ) after defined ( and a name", at.text)
				}
			}
			if i+name >= len(list) || list[i+name].kind != tIdent {
				p.fail(p.lx.pos(t), diag.D_SYNTAX, "#%s: want a name after defined", at.text)
			}
			yes = p.macros[list[i+name].text] != nil || hasOperator(list[i+name].text)
			i += n
		case t.kind == tIdent && hasOperator(t.text):
			end := i + 1
			for end < len(list) && list[end].text != ")" {
				end++
			}
			if text(1) != "(" || end == len(list) {
				p.fail(p.lx.pos(t), diag.D_SYNTAX, "#%s: want (\"file\") or (<file>) after %s", at.text, t.text)
			}
			name := lineText(p.expandList(list[i+2:end], at))
			if n := len(name); n > 2 {
				_, _, err := p.find(name[1:n-1], name[0] == '<', t.text == "__has_include_next")
				yes = err == nil
			}
			i = end
		default:
			out = append(out, t)
			continue
		}
		one := token{kind: tNumber, text: "0", space: t.space, line: t.line, col: t.col}
		if yes {
			one.text = "1"
		}
		out = append(out, one)
	}
	return out
}

func hasOperator(name string) bool {
	return name == "__has_include" || name == "__has_include_next"
}

func (e *evaluator) fail(format string, args ...any) {
	e.p.fail(e.p.lx.pos(e.at), diag.D_SYNTAX, "#"+e.at.text+": "+format, args...)
}

// next returns the text of the next token, or "" at the end.
func (e *evaluator) peek() string {
	if e.i < len(e.toks) {
		return e.toks[e.i].text
	}
	return ""
}

func (e *evaluator) enter() {
	if e.nest++; e.nest > maxNest {
		e.fail("condition is nested too deeply: at most %d levels are allowed", maxNest)
	}
}

// cond evaluates a conditional expression.
func (e *evaluator) cond() value {
	e.enter()
	defer func() { e.nest-- }()
	c := e.binary(1)
	if e.peek() != "?" {
		return c
	}
	e.i++
	e.skipIf(c.v == 0)
	x := e.cond()
	e.unskipIf(c.v == 0)
	if e.peek() != ":" {
		e.fail("want : in the condition, found %q", e.peek())
	}
	e.i++
	e.skipIf(c.v != 0)
	y := e.cond()
	e.unskipIf(c.v != 0)
	r := y
	if c.v != 0 {
		r = x
	}
	r.unsigned = x.unsigned || y.unsigned
	return r
}

func (e *evaluator) skipIf(b bool) {
	if b {
		e.dead++
	}
}

func (e *evaluator) unskipIf(b bool) {
	if b {
		e.dead--
	}
}

var precedence = map[string]int{
	"||": 1, "^^": 2, "&&": 3, "|": 4, "^": 5, "&": 6, "==": 7, "!=": 7,
	"<": 8, "<=": 8, ">": 8, ">=": 8, "<<": 9, ">>": 9, "+": 10, "-": 10,
	"*": 11, "/": 11, "%": 11,
}

// binary evaluates binary operators of at least precedence min.
func (e *evaluator) binary(min int) value {
	x := e.unary()
	for {
		op := e.peek()
		prec := precedence[op]
		if prec == 0 || prec < min || e.toks[e.i].kind != tPunct {
			return x
		}
		e.i++
		dead := op == "&&" && x.v == 0 || op == "||" && x.v != 0
		e.skipIf(dead)
		y := e.binary(prec + 1)
		e.unskipIf(dead)
		x = e.apply(op, x, y)
	}
}

func truth(b bool) value {
	if b {
		return value{v: 1}
	}
	return value{}
}

// apply computes x op y.
func (e *evaluator) apply(op string, x, y value) value {
	u := x.unsigned || y.unsigned
	less := func(a, b value) bool {
		if u {
			return a.v < b.v
		}
		return int64(a.v) < int64(b.v)
	}
	r := value{unsigned: u}
	switch op {
	case "||":
		return truth(x.v != 0 || y.v != 0)
	case "^^":
		return truth((x.v != 0) != (y.v != 0))
	case "&&":
		return truth(x.v != 0 && y.v != 0)
	case "|":
		r.v = x.v | y.v
	case "^":
		r.v = x.v ^ y.v
	case "&":
		r.v = x.v & y.v
	case "==":
		return truth(x.v == y.v)
	case "!=":
		return truth(x.v != y.v)
	case "<":
		return truth(less(x, y))
	case "<=":
		return truth(!less(y, x))
	case ">":
		return truth(less(y, x))
	case ">=":
		return truth(!less(x, y))
	case "<<":
		r = value{v: x.v << (y.v & 63), unsigned: x.unsigned}
	case ">>":
		r.unsigned = x.unsigned
		if x.unsigned {
			r.v = x.v >> (y.v & 63)
		} else {
			r.v = uint64(int64(x.v) >> (y.v & 63))
		}
	case "+":
		r.v = x.v + y.v
	case "-":
		r.v = x.v - y.v
	case "*":
		r.v = x.v * y.v
	case "/", "%":
		switch {
		case y.v == 0 && e.dead > 0:
		case y.v == 0:
			e.fail("division by zero in the condition")
		case op == "/" && u:
			r.v = x.v / y.v
		case op == "%" && u:
			r.v = x.v % y.v
		case int64(y.v) == -1: // the most negative number has no opposite
			if op == "/" {
				r.v = -x.v
			}
		case op == "/":
			r.v = uint64(int64(x.v) / int64(y.v))
		default:
			r.v = uint64(int64(x.v) % int64(y.v))
		}
	}
	return r
}

// unary evaluates an operand.
func (e *evaluator) unary() value {
	e.enter()
	defer func() { e.nest-- }()
	if e.i >= len(e.toks) {
		e.fail("condition ends where an operand is wanted")
	}
	t := e.toks[e.i]
	e.i++
	switch t.kind {
	case tIdent:
		return value{} // a name that is no macro
	case tNumber:
		return e.number(t.text)
	case tString:
		if t.text[0] == '\'' {
			return e.char(t.text)
		}
	case tPunct:
		switch t.text {
		case "(":
			v := e.cond()
			for e.peek() == "," {
				e.i++
				v = e.cond()
			}
			if e.peek() != ")" {
				e.fail("want ) in the condition, found %q", e.peek())
			}
			e.i++
			return v
		case "-":
			v := e.unary()
			v.v = -v.v
			return v
		case "+":
			return e.unary()
		case "~":
			v := e.unary()
			v.v = ^v.v
			return v
		case "!":
			return truth(e.unary().v == 0)
		}
	}
	e.fail("want an operand in the condition, found %q", t.text)
	return value{}
}

// number evaluates an integer constant.
func (e *evaluator) number(text string) value {
	digits := strings.TrimRight(text, "uUlL")
	suffix := strings.ToLower(text[len(digits):])
	v, err := strconv.ParseUint(strings.ToLower(digits), 0, 64)
	switch suffix {
	case "", "u", "l", "ul", "lu", "ll", "ull", "llu":
	default:
		err = strconv.ErrSyntax
	}
	if err != nil || strings.Contains(digits, "_") {
		e.fail("%q is not an integer constant of 64 bits", text)
	}
	return value{v, strings.Contains(suffix, "u") || v > 1<<63-1}
}

// char evaluates a character constant.
func (e *evaluator) char(text string) value {
	s := text[1:max(len(text)-1, 1)]
	var v uint64
	n := 0
	for len(s) > 0 {
		// Escapes beyond those of Go are the character itself.
		c, _, rest, err := strconv.UnquoteChar(s, '\'')
		if err != nil || c > 0xff || s[0] >= 0x80 {
			c, rest = rune(s[0]), s[1:]
			if s[0] == '\\' && len(s) > 1 {
				c, rest = escape(s[1:])
			}
		}
		v = v<<8 | uint64(byte(c))
		s = rest
		n++
	}
	if n == 0 || n > 8 {
		e.fail("character constant %s has %d characters, want 1 to 8", text, n)
	}
	if n == 1 {
		return value{v: uint64(int64(int8(v)))}
	}
	return value{v: v}
}

// escape resolves an escape of one to three octal digits or a plain character.
func escape(s string) (rune, string) {
	n, v := 0, rune(0)
	for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		v = v<<3 | rune(s[n]-'0')
		n++
	}
	if n == 0 {
		return rune(s[0]), s[1:]
	}
	return v & 0xff, s[n:]
}
