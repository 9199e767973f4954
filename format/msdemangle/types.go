package msdemangle

import (
	"fmt"
	"strings"
)

// typ is a type as text around the place where a name would stand.
type typ struct {
	pre, post string
	fn        bool   // a function: pre is what it returns, post its parameters
	conv      string // the calling convention of a function
	arr       bool
	ptr       bool
	params    []string
}

// String returns the type by itself.
func (t typ) String() string { return t.around("") }

// around puts a name into the type.
func (t typ) around(name string) string {
	s := t.pre
	if t.fn && t.conv != "" {
		if s != "" {
			s += " "
		}
		s += t.conv
	}
	if name != "" {
		s = space(s) + name
	}
	if t.arr && name == "" {
		s += " "
	}
	return s + t.post
}

// space appends a blank, but at the beginning and behind * and &.
func space(s string) string {
	if s == "" {
		return ""
	}
	switch s[len(s)-1] {
	case '*', '&', '(', ' ':
		return s
	}
	return s + " "
}

// pointer makes a pointer or reference to t.
func (t typ) pointer(mark string) typ {
	switch {
	case t.fn:
		return typ{pre: space(t.pre) + "(" + space(t.conv) + mark, post: ")" + t.post, ptr: true}
	case t.arr:
		return typ{pre: space(t.pre) + "(" + mark, post: ")" + t.post, ptr: true}
	}
	return typ{pre: space(t.pre) + mark, post: t.post, ptr: true}
}

var basicTypes = map[byte]string{
	'C': "signed char", 'D': "char", 'E': "unsigned char", 'F': "short", 'G': "unsigned short", 'H': "int", 'I': "unsigned int",
	'J': "long", 'K': "unsigned long", 'M': "float", 'N': "double", 'O': "long double", 'X': "void", 'Z': "...",
}

var extendedTypes = map[byte]string{
	'D': "__int8", 'E': "unsigned __int8", 'F': "__int16", 'G': "unsigned __int16", 'H': "__int32", 'I': "unsigned __int32",
	'J': "__int64", 'K': "unsigned __int64", 'L': "__int128", 'M': "unsigned __int128", 'N': "bool", 'P': "auto", 'Q': "char8_t",
	'S': "char16_t", 'T': "decltype(auto)", 'U': "char32_t", 'W': "wchar_t",
}

// qualifiers by their letter: const and volatile.
var cvNames = map[byte]string{'A': "", 'B': "const", 'C': "volatile", 'D': "const volatile", 'Q': "", 'R': "const", 'S': "volatile", 'T': "const volatile"}

func (t typ) qualify(cv string) typ {
	if cv != "" {
		t.pre = space(t.pre) + cv
	}
	return t
}

// typeName reads the qualified name of a class or enum.
func (d *demangler) typeName() string {
	var n string
	switch c := d.peek(); {
	case isDigit(c):
		n = d.back()
	case d.eat("?$"):
		n = d.template(false, nil)
	case c == '?':
		n = d.scope()
	default:
		n = d.remember(d.plain())
	}
	sc := d.scopes()
	if len(sc) > 0 {
		n = strings.Join(sc, "::") + "::" + n
	}
	return d.check(n)
}

// typ reads a type.
func (d *demangler) typ() typ {
	d.enter()
	defer d.leave()
	t := d.anyType()
	d.check(t.pre)
	d.check(t.post)
	return t
}

func (d *demangler) anyType() typ {
	c := d.next()
	switch c {
	case 'A', 'B', 'P', 'Q', 'R', 'S':
		return d.pointerTo(c)
	case 'T':
		return typ{pre: "union " + d.typeName()}
	case 'U':
		return typ{pre: "struct " + d.typeName()}
	case 'V':
		return typ{pre: "class " + d.typeName()}
	case 'W':
		d.next() // what it is stored as
		return typ{pre: "enum " + d.typeName()}
	case 'Y':
		return d.array()
	case '?':
		if d.peek() == '?' {
			d.fail()
		}
		cv, ok := cvNames[d.next()]
		if !ok {
			d.fail()
		}
		return d.typ().qualify(cv)
	case '_':
		if s, ok := extendedTypes[d.next()]; ok {
			return typ{pre: s}
		}
		d.fail()
	case '$':
		return d.dollarType()
	}
	if isDigit(c) {
		i := int(c - '0')
		if i >= len(d.types) {
			d.fail()
		}
		return d.types[i]
	}
	s, ok := basicTypes[c]
	if !ok {
		d.at--
		d.fail()
	}
	return typ{pre: s}
}

// dollarType reads a type whose code starts with $.
func (d *demangler) dollarType() typ {
	if !d.eat("$") {
		d.fail()
	}
	switch d.next() {
	case 'A':
		// A function type, with qualifiers if 8.
		switch d.next() {
		case '6':
			return d.function("")
		case '8':
			d.expect("@@")
			return d.function(d.thisQualifiers())
		}
	case 'B':
		return d.typ()
	case 'C':
		cv, ok := cvNames[d.next()]
		if ok {
			return d.typ().qualify(cv)
		}
	case 'Q':
		return d.pointerTo('$')
	case 'R':
		return d.pointerTo('%')
	case 'T':
		return typ{pre: "std::nullptr_t"}
	}
	d.fail()
	return typ{}
}

// modifiers reads what stands before the qualifiers of what a pointer points to.
func (d *demangler) modifiers() (s string) {
	for {
		switch d.peek() {
		case 'E': // 64 bits
		case 'F':
			s += "__unaligned "
		case 'I':
			s += " __restrict"
		default:
			return s
		}
		d.at++
	}
}

// pointerTo reads the rest of a pointer or reference.
func (d *demangler) pointerTo(kind byte) typ {
	mark := map[byte]string{'A': "&", 'B': "&volatile", 'P': "*", 'Q': "*const", 'R': "*volatile", 'S': "*const volatile", '$': "&&", '%': "&&volatile"}[kind]
	mods := d.modifiers()
	if strings.Contains(mods, "__restrict") {
		mark += " __restrict"
	}
	switch c := d.next(); c {
	case '6', '7':
		return d.function("").pointer(mark)
	case '8', '9':
		class := d.typeName()
		f := d.function(d.thisQualifiers())
		return f.pointer(class + "::" + mark)
	case 'Q', 'R', 'S', 'T':
		class := d.typeName()
		return d.pointee(c, mods).pointer(class + "::" + mark)
	case 'A', 'B', 'C', 'D':
		return d.pointee(c, mods).pointer(mark)
	}
	d.at--
	d.fail()
	return typ{}
}

func (d *demangler) pointee(cv byte, mods string) typ {
	t := d.typ().qualify(cvNames[cv])
	if strings.Contains(mods, "__unaligned") {
		t = t.qualify("__unaligned")
	}
	return t
}

func (d *demangler) array() typ {
	n := d.number()
	if n < 1 || n > 64 {
		d.fail()
	}
	post := ""
	for range n {
		if k := d.number(); k == 0 {
			post += "[]"
		} else {
			post += fmt.Sprintf("[%d]", k)
		}
	}
	cv := ""
	if d.eat("$$C") {
		cv = cvNames[d.next()]
	}
	e := d.typ().qualify(cv)
	return typ{pre: e.pre, post: post + e.post, arr: true}
}

var conventions = map[byte]string{
	'A': "__cdecl", 'B': "__cdecl", 'C': "__pascal", 'D': "__pascal", 'E': "__thiscall", 'F': "__thiscall", 'G': "__stdcall", 'H': "__stdcall",
	'I': "__fastcall", 'J': "__fastcall", 'K': "", 'L': "", 'M': "__clrcall", 'N': "__clrcall", 'O': "__eabi", 'P': "__eabi", 'Q': "__vectorcall",
	'S': "__attribute__((__swiftcall__))", 'W': "__attribute__((__swiftasynccall__))", 'w': "__regcall",
}

// thisQualifiers reads the qualifiers of a member function.
func (d *demangler) thisQualifiers() string {
	ref, restrict := "", ""
	for {
		switch d.peek() {
		case 'E', 'F':
		case 'I':
			restrict = " __restrict"
		case 'G':
			ref = " &"
		case 'H':
			ref = " &&"
		default:
			cv, ok := cvNames[d.next()]
			if !ok {
				d.at--
				d.fail()
			}
			if cv != "" {
				cv = " " + cv
			}
			return cv + restrict + ref
		}
		d.at++
	}
}

// function reads a function's convention, result and parameters. suffix is what
// follows the parameters.
func (d *demangler) function(suffix string) typ {
	d.enter()
	defer d.leave()
	conv, ok := conventions[d.next()]
	if !ok {
		d.at--
		d.fail()
	}
	ret := typ{}
	if !d.eat("@") {
		ret = d.typ()
	}
	params := d.params()
	if !d.eat("Z") && !d.eat("_E") {
		d.fail()
	} else if d.s[d.at-1] == 'E' {
		suffix += " noexcept"
	}
	text := strings.Join(params, ", ")
	if len(params) == 0 {
		text = "void"
	}
	f := typ{pre: ret.pre, post: "(" + text + ")" + suffix + ret.post, fn: true, conv: conv, params: params}
	if ret.fn {
		f.pre = ret.String()
	}
	return f
}

// params reads parameters. Types of more than one letter may be referred to
// later.
func (d *demangler) params() []string {
	if d.eat("X") {
		return []string{}
	}
	out := []string{}
	size := 0
	for {
		switch d.peek() {
		case '@':
			d.at++
			return out
		case 'Z':
			d.at++
			return append(out, "...")
		case 0:
			d.fail()
		}
		from := d.at
		t := d.typ()
		if d.at-from > 1 && len(d.types) < 10 {
			d.types = append(d.types, t)
		}
		s := t.String()
		if size += len(s); size > maxText {
			d.fail()
		}
		out = append(out, s)
	}
}
