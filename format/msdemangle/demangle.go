// Package msdemangle turns the decorated names that Microsoft's C++ compiler, and
// others compatible with it, give to functions and variables back into readable
// ones.
//
//	?f@C@ns@@QEBAHPEBD@Z  ->  public: int __cdecl ns::C::f(char const *) const
//
// Names of other compilers (_Z...) are not handled, nor those of managed code.
package msdemangle

import (
	"errors"
	"fmt"
	"strings"
)

// Symbol is a name taken apart.
type Symbol struct {
	// Name is the qualified name, without types: ns::C::f.
	Name string
	// Full is the whole declaration.
	Full string
	// Function says that the symbol is a function. Params are its parameters as
	// text, nil if the name does not tell them.
	Function bool
	Params   []string
}

// maxDepth bounds how deep names nest, maxText how long their text gets: back
// references can make a short name a very long one.
const (
	maxDepth = 128
	maxText  = 1 << 15
)

var errSyntax = errors.New("not a decorated name")

// Is reports whether a name looks decorated.
func Is(name string) bool {
	return strings.HasPrefix(name, "?") || strings.HasPrefix(name, "__imp_?")
}

// Parse takes a decorated name apart.
func Parse(name string) (s Symbol, err error) {
	in, imp := strings.CutPrefix(name, "__imp_")
	if strings.HasPrefix(in, "??@") {
		// Too long for the compiler: only a hash is left.
		return Symbol{Name: name, Full: name}, nil
	}
	d := demangler{s: in}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			s, err = Symbol{}, fmt.Errorf("msdemangle: %q: byte %d: %w", name, f.at, errSyntax)
		}
	}()
	s = d.symbol()
	if d.at < len(d.s) && d.s[d.at] != '$' && d.s[d.at] != '.' {
		d.fail() // "$" and "." start what linkers append
	}
	if imp {
		s.Full = "__declspec(dllimport) " + s.Full
	}
	return s, nil
}

// Name returns the qualified name of a decorated one, and other names as they
// are.
func Name(name string) string {
	if !Is(name) {
		return name
	}
	s, err := Parse(name)
	if err != nil {
		return name
	}
	return s.Name
}

// Full returns the declaration a decorated name stands for, and other names as
// they are.
func Full(name string) string {
	if !Is(name) {
		return name
	}
	s, err := Parse(name)
	if err != nil {
		return name
	}
	return s.Full
}

// failure unwinds the parser.
type failure struct{ at int }

// demangler reads a name from left to right. Names and parameter types that have
// come up may be referred to again by a digit, within one scope of templates.
type demangler struct {
	s     string
	at    int
	depth int
	names []string
	types []typ
}

func (d *demangler) fail() { panic(failure{d.at}) }

func (d *demangler) enter() {
	if d.depth++; d.depth > maxDepth {
		d.fail()
	}
}

func (d *demangler) leave() { d.depth-- }

func (d *demangler) peek() byte {
	if d.at >= len(d.s) {
		return 0
	}
	return d.s[d.at]
}

func (d *demangler) next() byte {
	if d.at >= len(d.s) {
		d.fail()
	}
	d.at++
	return d.s[d.at-1]
}

func (d *demangler) eat(p string) bool {
	if strings.HasPrefix(d.s[d.at:], p) {
		d.at += len(p)
		return true
	}
	return false
}

func (d *demangler) expect(p string) {
	if !d.eat(p) {
		d.fail()
	}
}

// check fails if a text has grown too long.
func (d *demangler) check(s string) string {
	if len(s) > maxText {
		d.fail()
	}
	return s
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (d *demangler) remember(name string) string {
	d.check(name)
	if len(d.names) < 10 {
		for _, n := range d.names {
			if n == name {
				return name
			}
		}
		d.names = append(d.names, name)
	}
	return name
}

// number reads an integer: a digit stands for itself plus one, others are
// hexadecimal in the letters A to P up to @.
func (d *demangler) number() int64 {
	neg := d.eat("?")
	c := d.next()
	var v uint64
	switch {
	case isDigit(c):
		v = uint64(c-'0') + 1
	case c == '@':
	default:
		for ; c != '@'; c = d.next() {
			if c < 'A' || c > 'P' {
				d.fail()
			}
			v = v<<4 | uint64(c-'A')
		}
	}
	if neg {
		return -int64(v)
	}
	return int64(v)
}

// symbol reads a decorated name.
func (d *demangler) symbol() Symbol {
	d.enter()
	defer d.leave()
	d.expect("?")
	if d.eat("?_C@_") {
		return d.stringLiteral()
	}
	n := d.symbolName()
	return d.encoding(n)
}

// stringLiteral reads a literal's symbol, which holds a length, a checksum and
// the beginning of the text.
func (d *demangler) stringLiteral() Symbol {
	d.next()
	d.number()
	for d.next() != '@' {
	}
	for d.peek() != 0 && d.peek() != '@' {
		d.at++
	}
	d.eat("@")
	return Symbol{Name: "`string'", Full: "`string'"}
}

// name is a qualified name under construction.
type name struct {
	scopes []string // outermost first
	last   string
	// What the last part is, apart from a plain name.
	ctor, dtor, conversion bool
	special                byte // 'v' tables, 'R' run-time types that have no type of their own
}

func (n *name) qualified() string {
	if len(n.scopes) == 0 {
		return n.last
	}
	return strings.Join(n.scopes, "::") + "::" + n.last
}

// symbolName reads the name of a symbol with its scopes.
func (d *demangler) symbolName() name {
	var n name
	switch c := d.peek(); {
	case isDigit(c):
		n.last = d.back()
	case d.eat("?$"):
		n.last = d.template(true, &n)
	case d.eat("?"):
		n.last = d.operator(&n)
	default:
		n.last = d.remember(d.plain())
	}
	n.scopes = d.scopes()
	if n.ctor || n.dtor {
		class := "?"
		if len(n.scopes) > 0 {
			class = n.scopes[len(n.scopes)-1]
			// A constructor is not called by the template's arguments.
			if i := strings.IndexByte(class, '<'); i > 0 {
				class = class[:i]
			}
		}
		if n.dtor {
			class = "~" + class
		}
		n.last = class + n.last
	}
	d.check(n.qualified())
	return n
}

func (d *demangler) back() string {
	i := int(d.next() - '0')
	if i >= len(d.names) {
		d.fail()
	}
	return d.names[i]
}

// plain reads a name up to @.
func (d *demangler) plain() string {
	i := strings.IndexByte(d.s[d.at:], '@')
	if i <= 0 {
		d.fail()
	}
	s := d.s[d.at : d.at+i]
	d.at += i + 1
	return s
}

// scopes reads the scopes up to @, innermost first, and returns them outermost
// first.
func (d *demangler) scopes() []string {
	var out []string
	for !d.eat("@") {
		if len(out) > maxDepth {
			d.fail()
		}
		out = append(out, d.scope())
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func (d *demangler) scope() string {
	switch c := d.peek(); {
	case isDigit(c):
		return d.back()
	case d.eat("?$"):
		return d.template(false, nil)
	case d.eat("?A"):
		i := strings.IndexByte(d.s[d.at:], '@')
		if i < 0 {
			d.fail()
		}
		key := d.s[d.at-2 : d.at+i]
		d.at += i + 1
		// The part is counted among the names under its own spelling.
		if len(d.names) < 10 {
			_ = key
			d.names = append(d.names, "`anonymous namespace'")
		}
		return "`anonymous namespace'"
	case d.eat("?"):
		if d.peek() == '?' {
			// A scope that is itself a symbol.
			s := d.inner()
			return "`" + s + "'"
		}
		if d.peek() == 'Q' || d.peek() == 'I' {
			d.at++ // an interface
			return "[" + d.plain() + "]"
		}
		n := d.number()
		if d.peek() != '?' {
			return fmt.Sprintf("`%d'", n)
		}
		d.expect("?")
		s := d.inner()
		return fmt.Sprintf("`%s'::`%d'", s, n)
	}
	return d.remember(d.plain())
}

// inner reads a symbol inside a name.
func (d *demangler) inner() string {
	return d.check(d.symbol().Full)
}

// template reads a template's name and arguments. Back references inside count
// anew.
func (d *demangler) template(symbol bool, n *name) string {
	d.enter()
	defer d.leave()
	names, types := d.names, d.types
	d.names, d.types = nil, nil
	var s string
	switch {
	case d.eat("?"):
		var own name
		s = d.operator(&own)
		if n != nil {
			n.ctor, n.dtor, n.conversion = own.ctor, own.dtor, own.conversion
		}
	default:
		s = d.remember(d.plain())
	}
	args := d.templateArgs()
	d.names, d.types = names, types
	s += "<" + strings.Join(args, ", ") + ">"
	if !symbol || n == nil || !n.conversion && !n.ctor {
		d.remember(s)
	}
	return d.check(s)
}

func (d *demangler) templateArgs() []string {
	var out []string
	size := 0
	for !d.eat("@") {
		var a string
		switch {
		case d.eat("$$V"), d.eat("$$Z"), d.eat("$S"):
			continue
		case d.eat("$$Y"):
			n := d.typeName()
			a = n
		case d.eat("$M"):
			d.typ() // the type of an auto parameter
			d.expect("$")
			a = d.constant()
		case d.peek() == '$' && d.at+1 < len(d.s) && d.s[d.at+1] != '$':
			d.at++
			a = d.constant()
		default:
			a = d.typ().String()
		}
		out = append(out, a)
		if size += len(a); size > maxText {
			d.fail()
		}
	}
	return out
}

// constant reads a template argument that is no type, behind its $.
func (d *demangler) constant() string {
	switch c := d.next(); c {
	case '0':
		return fmt.Sprint(d.number())
	case '1', 'E':
		s := "0"
		if d.peek() == '?' {
			s = d.inner()
		} else {
			d.expect("@")
		}
		if c == '1' {
			return "&" + s
		}
		return s
	case '2':
		m, e := d.number(), d.number()
		return fmt.Sprintf("%de%d", m, e)
	case 'D':
		return fmt.Sprintf("`template-parameter%d'", d.number())
	case 'Q':
		return fmt.Sprintf("`non-type-template-parameter%d'", d.number())
	case 'F':
		return fmt.Sprintf("{%d, %d}", d.number(), d.number())
	case 'G':
		return fmt.Sprintf("{%d, %d, %d}", d.number(), d.number(), d.number())
	case 'H', 'I', 'J':
		parts := []string{d.inner()}
		for range c - 'H' + 1 {
			parts = append(parts, fmt.Sprint(d.number()))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	d.fail()
	return ""
}
