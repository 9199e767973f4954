package msdemangle

import "fmt"

// operators are the names of special functions by their code behind "?".
var operators = map[string]string{
	"2": "operator new", "3": "operator delete", "4": "operator=", "5": "operator>>", "6": "operator<<", "7": "operator!",
	"8": "operator==", "9": "operator!=", "A": "operator[]", "C": "operator->", "D": "operator*", "E": "operator++", "F": "operator--",
	"G": "operator-", "H": "operator+", "I": "operator&", "J": "operator->*", "K": "operator/", "L": "operator%", "M": "operator<",
	"N": "operator<=", "O": "operator>", "P": "operator>=", "Q": "operator,", "R": "operator()", "S": "operator~", "T": "operator^",
	"U": "operator|", "V": "operator&&", "W": "operator||", "X": "operator*=", "Y": "operator+=", "Z": "operator-=",
	"_0": "operator/=", "_1": "operator%=", "_2": "operator>>=", "_3": "operator<<=", "_4": "operator&=", "_5": "operator|=", "_6": "operator^=",
	"_9": "`vcall'", "_A": "`typeof'", "_B": "`local static guard'", "_D": "`vbase destructor'", "_E": "`vector deleting destructor'",
	"_F": "`default constructor closure'", "_G": "`scalar deleting destructor'", "_H": "`vector constructor iterator'",
	"_I": "`vector destructor iterator'", "_J": "`vector vbase constructor iterator'", "_K": "`virtual displacement map'",
	"_L": "`eh vector constructor iterator'", "_M": "`eh vector destructor iterator'", "_N": "`eh vector vbase constructor iterator'",
	"_O": "`copy constructor closure'", "_T": "`local vftable constructor closure'", "_U": "operator new[]", "_V": "operator delete[]",
	"_X": "`placement delete closure'", "_Y": "`placement delete[] closure'",
	"__A": "`managed vector constructor iterator'", "__B": "`managed vector destructor iterator'",
	"__C": "`eh vector copy constructor iterator'", "__D": "`eh vector vbase copy constructor iterator'",
	"__G": "`vector copy constructor iterator'", "__H": "`vector vbase copy constructor iterator'", "__I": "`managed vector copy constructor iterator'",
	"__J": "`local static thread guard'", "__L": "operator co_await", "__M": "operator<=>",
}

// operator reads the name of a special function behind "?".
func (d *demangler) operator(n *name) string {
	switch {
	case d.eat("0"):
		n.ctor = true
		return ""
	case d.eat("1"):
		n.dtor = true
		return ""
	case d.eat("B"):
		n.conversion = true
		return "operator"
	case d.eat("_7"):
		n.special = 'v'
		return "`vftable'"
	case d.eat("_8"):
		n.special = 'v'
		return "`vbtable'"
	case d.eat("_S"):
		n.special = 'v'
		return "`local vftable'"
	case d.eat("_R0"):
		n.special = 'R'
		return d.typ().String() + " `RTTI Type Descriptor'"
	case d.eat("_R1"):
		n.special = 'R'
		return fmt.Sprintf("`RTTI Base Class Descriptor at (%d, %d, %d, %d)'", d.number(), d.number(), d.number(), d.number())
	case d.eat("_R2"):
		n.special = 'R'
		return "`RTTI Base Class Array'"
	case d.eat("_R3"):
		n.special = 'R'
		return "`RTTI Class Hierarchy Descriptor'"
	case d.eat("_R4"):
		n.special = 'v'
		return "`RTTI Complete Object Locator'"
	case d.eat("__E"):
		return "`dynamic initializer for '" + d.target() + "''"
	case d.eat("__F"):
		return "`dynamic atexit destructor for '" + d.target() + "''"
	case d.eat("__K"):
		return "operator \"\"" + d.plain()
	case d.eat("_P"):
		// A helper for an object returned: the name goes on.
		return "`udt returning'" + d.operator(n)
	}
	for k := 1; k <= 3 && d.at+k <= len(d.s); k++ {
		code := d.s[d.at : d.at+k]
		if code == "_" || code == "__" {
			continue
		}
		if s, ok := operators[code]; ok {
			d.at += k
			return s
		}
		break
	}
	d.fail()
	return ""
}

// target reads what an initializer is for: a whole symbol or just its name.
func (d *demangler) target() string {
	if d.peek() == '?' {
		d.at++
		if d.peek() == '?' {
			d.at--
			s := d.inner()
			d.eat("@")
			return s
		}
		n := d.symbolName()
		if c := d.peek(); c >= '0' && c <= '4' {
			s := d.encoding(n).Full
			d.eat("@")
			d.eat("@")
			return s
		}
		return n.qualified()
	}
	return d.plain()
}
