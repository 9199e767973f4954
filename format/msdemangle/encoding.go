package msdemangle

import "fmt"

// encoding reads what kind of thing a name stands for, and its type.
func (d *demangler) encoding(n name) Symbol {
	q := n.qualified()
	s := Symbol{Name: q, Full: q}
	switch c := d.peek(); {
	case n.special == 'R':
		d.eat("8")
		return s
	case n.special == 'v':
		d.table(&s)
		return s
	case c == 0:
		return s
	case c == '9': // a C function: no type
		d.at++
		s.Function = true
		return s
	case c >= '0' && c <= '4':
		d.at++
		d.variable(&s, c)
		return s
	case c == '5':
		d.at++
		if d.peek() != 0 && d.peek() != '@' {
			s.Full = fmt.Sprintf("%s{%d}", q, d.number())
		}
		return s
	case c == '$':
		d.at++
		d.thunk(&s, n)
		return s
	case c >= 'A' && c <= 'Z':
		d.at++
		d.routine(&s, n, c, "")
		return s
	}
	d.fail()
	return s
}

// table reads the rest of a table's symbol: 6 or 7, qualifiers, and the classes
// through which the table's own is reached.
func (d *demangler) table(s *Symbol) {
	c := d.next()
	if c != '6' && c != '7' {
		d.at--
		d.fail()
	}
	if cv := d.thisQualifiers(); cv != "" {
		s.Full = cv[1:] + " " + s.Full
	}
	for i := 0; d.peek() != '@' && d.peek() != 0; i++ {
		sep := "{for `"
		if i > 0 {
			sep = "s `"
		}
		s.Full += sep + d.typeName() + "'"
		if d.peek() == '@' {
			s.Full += "}"
		}
	}
	d.eat("@")
}

// access is what a variable or function is in its class.
var variableAccess = map[byte]string{'0': "private: static ", '1': "protected: static ", '2': "public: static ", '3': "", '4': ""}

func (d *demangler) variable(s *Symbol, c byte) {
	if d.at >= len(d.s) {
		d.fail()
	}
	t := d.typ()
	d.modifiers()
	cv := ""
	if k := d.peek(); k >= 'A' && k <= 'D' {
		cv = cvNames[k]
		d.at++
	} else if k >= 'Q' && k <= 'T' {
		// A pointer to a member: its class comes once more.
		d.at++
		d.typeName()
	}
	if t.ptr {
		cv = "" // the qualifiers of what is pointed to, told already
	}
	s.Full = variableAccess[c] + t.qualify(cv).around(s.Name)
}

// routine reads a function behind the letter that says what it is in its class:
// private, protected and public in turns of eight, of which two letters each are
// plain, static, virtual and adjusting.
func (d *demangler) routine(s *Symbol, n name, c byte, thunk string) {
	access, virtual, static, member := "", "", "", c < 'Y'
	adjust := ""
	if member {
		i := c - 'A'
		access = [...]string{"private: ", "protected: ", "public: "}[i/8]
		switch i % 8 / 2 {
		case 1:
			static, member = "static ", false
		case 2:
			virtual = "virtual "
		case 3:
			virtual = "virtual "
			thunk = "[thunk]: "
			adjust = fmt.Sprintf("`adjustor{%d}'", d.number())
		}
	}
	quals := ""
	if member {
		quals = d.thisQualifiers()
	}
	f := d.function(quals)
	d.finish(s, n, f, thunk+access+static+virtual, adjust)
}

// finish writes a function's declaration.
func (d *demangler) finish(s *Symbol, n name, f typ, before, adjust string) {
	s.Function, s.Params = true, f.params
	if n.conversion {
		// The type it converts to is its name.
		ret := f.pre
		s.Name += " " + ret
		f.pre = ""
	}
	s.Full = before + f.around(s.Name+adjust)
	d.check(s.Full)
}

// thunk reads a function behind $: one that adjusts this by a displacement found
// at run time, or that calls through a virtual table.
func (d *demangler) thunk(s *Symbol, n name) {
	switch c := d.next(); c {
	case 'B':
		off := d.number()
		if !d.eat("A") {
			d.fail()
		}
		conv, ok := conventions[d.next()]
		if !ok {
			d.fail()
		}
		s.Function = true
		s.Full = fmt.Sprintf("[thunk]: %s %s{%d, {flat}}", conv, s.Name, off)
	case 'R':
		k := d.next()
		if k < '0' || k > '5' {
			d.fail()
		}
		adj := fmt.Sprintf("`vtordispex{%d, %d, %d, %d}'", d.number(), d.number(), d.number(), d.number())
		d.displaced(s, n, k, adj)
	case '0', '1', '2', '3', '4', '5':
		adj := fmt.Sprintf("`vtordisp{%d, %d}'", d.number(), d.number())
		d.displaced(s, n, c, adj)
	default:
		d.fail()
	}
}

func (d *demangler) displaced(s *Symbol, n name, c byte, adjust string) {
	access := [...]string{"private: ", "protected: ", "public: "}[(c-'0')/2]
	f := d.function(d.thisQualifiers())
	d.finish(s, n, f, "[thunk]: "+access+"virtual ", adjust)
}
