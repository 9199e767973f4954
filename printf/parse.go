package printf

import (
	"fmt"
	"strings"
)

// MaxWidth is the greatest width and precision. Parse refuses greater ones;
// those that come as arguments are cut to it.
const MaxWidth = 1 << 20

// op is what a conversion does.
type op uint8

const (
	opSigned  op = iota // decimal, signed as a C prefix asserts it
	opInt               // decimal, signed as the argument is
	opUint              // u, o, x, X, p: bits of the argument's size
	opChar              // c
	opEscChar           // C
	opWChar             // lc, wc
	opFloat             // e E f g G
	opString            // s
	opEscape            // S
	opWString           // ls, ws
	opKAddr             // a
	opUAddr             // A
	opStack             // k
	opDate              // Y
	opRFC822            // T
)

// conversion describes a conversion by its name: what it does, which arguments
// it takes, and how error messages call those.
type conversion struct {
	op    op
	takes takes
	proto string
}

// takes is a set of argument types.
type takes uint8

const (
	takesInt      takes = iota // any integer
	takesSmall                 // integers of at most 4 bytes
	takesShort                 // 2 bytes, signed
	takesUshort                // 2 bytes, unsigned
	takesAnyShort              // 2 bytes
	takesInt32                 // 4 bytes, signed
	takesLong                  // 8 bytes, signed
	takesUlong                 // 8 bytes, unsigned
	takesAnyLong               // 8 bytes
	takesFloat
	takesLongDouble
	takesAddr // pointers and integers
	takesKAddr
	takesUAddr
	takesString
	takesWString
	takesStack
)

const (
	protoInt    = "any integer"
	protoSmall  = "an integer of at most 4 bytes"
	protoFloat  = "float, double or long double"
	protoAddr   = "pointer or integer"
	protoKAddr  = "pointer, integer, or sym(), func() or mod()"
	protoUAddr  = "usym(), ufunc(), umod() or uaddr(), or with $target a pointer or integer"
	protoString = "string or char[] (stringof() makes one of a pointer)"
	protoWide   = "wchar_t[]"
)

var conversions = map[string]conversion{
	"a":   {opKAddr, takesKAddr, protoKAddr},
	"A":   {opUAddr, takesUAddr, protoUAddr},
	"c":   {opChar, takesSmall, protoSmall},
	"C":   {opEscChar, takesSmall, protoSmall},
	"d":   {opInt, takesInt, protoInt},
	"i":   {opInt, takesInt, protoInt},
	"o":   {opUint, takesInt, protoInt},
	"u":   {opUint, takesInt, protoInt},
	"x":   {opUint, takesInt, protoInt},
	"X":   {opUint, takesInt, protoInt},
	"p":   {opUint, takesAddr, protoAddr},
	"hd":  {opSigned, takesShort, "short"},
	"hi":  {opSigned, takesShort, "short"},
	"ho":  {opUint, takesUshort, "unsigned short"},
	"hu":  {opUint, takesUshort, "unsigned short"},
	"hx":  {opUint, takesAnyShort, "short"},
	"hX":  {opUint, takesAnyShort, "short"},
	"ld":  {opSigned, takesLong, "long"},
	"li":  {opSigned, takesLong, "long"},
	"lo":  {opUint, takesUlong, "unsigned long"},
	"lu":  {opUint, takesUlong, "unsigned long"},
	"lx":  {opUint, takesAnyLong, "long"},
	"lX":  {opUint, takesAnyLong, "long"},
	"lld": {opSigned, takesLong, "long long"},
	"lli": {opSigned, takesLong, "long long"},
	"llo": {opUint, takesUlong, "unsigned long long"},
	"llu": {opUint, takesUlong, "unsigned long long"},
	"llx": {opUint, takesAnyLong, "long long"},
	"llX": {opUint, takesAnyLong, "long long"},
	"e":   {opFloat, takesFloat, protoFloat},
	"E":   {opFloat, takesFloat, protoFloat},
	"f":   {opFloat, takesFloat, protoFloat},
	"g":   {opFloat, takesFloat, protoFloat},
	"G":   {opFloat, takesFloat, protoFloat},
	"Le":  {opFloat, takesLongDouble, "long double"},
	"LE":  {opFloat, takesLongDouble, "long double"},
	"Lf":  {opFloat, takesLongDouble, "long double"},
	"Lg":  {opFloat, takesLongDouble, "long double"},
	"LG":  {opFloat, takesLongDouble, "long double"},
	"k":   {opStack, takesStack, "stack"},
	"lc":  {opWChar, takesInt32, "int"},
	"wc":  {opWChar, takesInt32, "int"},
	"s":   {opString, takesString, protoString},
	"S":   {opEscape, takesString, protoString},
	"ls":  {opWString, takesWString, protoWide},
	"ws":  {opWString, takesWString, protoWide},
	"T":   {opRFC822, takesAnyLong, "int64_t"},
	"Y":   {opDate, takesAnyLong, "int64_t"},
}

// Parse reads a format string whose escapes are already resolved. Its errors
// are *Error with the tag D_SYNTAX.
func Parse(text string) (*Format, error) {
	f := &Format{text: text}
	var lit []byte
	rest := text
	for num := 1; ; num++ {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			break
		}
		lit = append(lit, rest[:i]...)
		rest = rest[i+1:]
		if strings.HasPrefix(rest, "%") {
			lit = append(lit, '%')
			rest = rest[1:]
			continue
		}
		c := conv{num: num}
		n, err := c.parse(rest)
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
		c.lit = string(lit)
		lit = lit[:0]
		f.convs = append(f.convs, c)
	}
	f.tail = string(append(lit, rest...))
	return f, nil
}

// parse reads a conversion after its % and returns its length.
func (c *conv) parse(s string) (int, error) {
	fail := func(format string, args ...any) (int, error) {
		return 0, &Error{Tag: "D_SYNTAX", Conv: c.num,
			Msg: fmt.Sprintf("format conversion #%d ", c.num) + fmt.Sprintf(format, args...)}
	}
	var digits, dot bool
	name := 0 // where the letters start, if prefix letters were seen
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; ch {
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if ch == '0' && !dot && !digits {
				c.flags = c.flags&^flagLeft | flagZero
				continue
			}
			n := 0
			for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
				if n = n*10 + int(s[i]-'0'); n > MaxWidth {
					return fail("asks for more than %d columns", MaxWidth)
				}
			}
			i--
			digits = true
			if dot {
				c.prec = n
			} else {
				c.width = n
			}
		case '#':
			c.flags |= flagAlt
		case '+':
			c.flags |= flagPlus
		case '-':
			c.flags = c.flags&^flagZero | flagLeft
		case ' ':
			c.flags |= flagSpace
		case '\'':
			c.flags |= flagGroup
		case '@':
			c.flags |= flagAgg
		case '?': // the width of a pointer
			c.width = 16
		case '*':
			fl, what := flagDynWidth, "width"
			if dot {
				fl, what = flagDynPrec, "precision"
			}
			if c.flags&fl != 0 {
				return fail("has two %q for its %s", "*", what)
			}
			c.flags |= fl
		case '.':
			if dot {
				return fail("has two %q", ".")
			}
			dot, digits = true, false
		case '$':
			return fail("names its argument by position (%%n$), which D does not have")
		case '%':
			return fail("has flags before %%, which takes none")
		case 'h', 'l', 'L', 'w':
			c.name += string(ch)
			name++
		default:
			c.name += string(ch)
			conversion, ok := conversions[c.name]
			if !ok {
				return fail("is undefined: %%%s", c.name)
			}
			c.op, c.verb = conversion.op, ch
			if c.op == opFloat {
				c.float = c.floatFormat()
			}
			return i + 1, nil
		}
		if name > len("ll") {
			return fail("is undefined: %%%s", c.name)
		}
	}
	return fail("has no letter before the end of the format")
}

// floatFormat is the conversion in the terms of package fmt, with width and
// precision as arguments.
func (c *conv) floatFormat() string {
	s := "%"
	for _, fl := range []struct {
		flag flags
		char string
	}{{flagPlus, "+"}, {flagSpace, " "}, {flagZero, "0"}, {flagAlt, "#"}} {
		if c.flags&fl.flag != 0 {
			s += fl.char
		}
	}
	return s + "*.*" + string(c.verb)
}
