package text

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
)

// Columns of print() outside quiet mode: the members of a printed struct stand
// below the action's column.
const printIndent = 44

// print prints a value by its type: scalars as (type)value, structs member by
// member, leaving out members that are zero.
func (p *Printer) print(e *consume.Event, a *ir.Action) {
	f := &a.Fields[0]
	indent := printIndent
	if p.quiet {
		indent = 0
	}
	b := e.Bytes(f)
	if len(a.Fields) > 1 {
		p.buf = appendHex(p.buf, uint64(e.Int(&a.Fields[1])))
		p.buf = append(p.buf, " = *\n"...)
		p.buf = spaces(p.buf, indent)
	}
	pointed := len(a.Fields) > 1
	v := printer{dst: p.buf, model: p.cfg.Prog.Model, indent: indent, chars: pointed}
	switch f.Kind {
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		v.dst = append(v.dst, "(string)"...)
		v.dst = strconv.AppendQuote(v.dst, e.Text(f))
	default:
		v.value(f.Type, b, 0)
		if pointed && !f.Type.IsCompound() && !f.Type.Is(ctype.Array) {
			v.dst = append(v.dst, ',') // as the Linux port has it
		}
	}
	p.buf = append(v.dst, '\n')
}

type printer struct {
	dst    []byte
	model  ctype.Model
	indent int
	// chars prints arrays of characters as arrays, as the Linux port prints what
	// a pointer points to, not as strings.
	chars bool
}

func (v *printer) line(depth int) {
	v.dst = append(v.dst, '\n')
	v.dst = spaces(v.dst, v.indent+depth)
}

// value appends the bytes b as a value of type t.
func (v *printer) value(t *ctype.Type, b []byte, depth int) {
	if depth > 32 {
		v.dst = append(v.dst, "..."...)
		return
	}
	v.dst = append(v.dst, '(')
	v.dst = append(v.dst, typeName(t)...)
	v.dst = append(v.dst, ')')
	switch base := t.Base(); base.Kind {
	case ctype.Struct, ctype.Union:
		v.compound(base, b, depth)
	case ctype.Array:
		v.array(base, b, depth)
	default:
		v.scalar(t, b, 0, 0)
	}
}

// typeName is a type's name in print(): an anonymous struct is just "struct".
func typeName(t *ctype.Type) string {
	if t.Name == "" {
		switch t.Kind {
		case ctype.Struct:
			return "struct"
		case ctype.Union:
			return "union"
		case ctype.Enum:
			return "enum"
		}
	}
	return t.String()
}

func (v *printer) compound(t *ctype.Type, b []byte, depth int) {
	v.dst = append(v.dst, " {"...)
	for _, m := range t.Members() {
		size := v.model.Size(m.Type)
		if m.Off < 0 || m.Off+size > int64(len(b)) {
			continue
		}
		if m.Type.Is(ctype.String) {
			v.text(m, b[m.Off:], depth)
			continue
		}
		mb := b[m.Off : m.Off+size]
		if m.Bits > 0 {
			if bits(mb, m) == 0 {
				continue
			}
		} else if allZero(mb) {
			continue
		}
		v.line(depth + 1)
		if m.Name != "" {
			v.dst = append(v.dst, '.')
			v.dst = append(v.dst, m.Name...)
			v.dst = append(v.dst, " = "...)
		}
		if m.Bits > 0 {
			v.dst = append(v.dst, '(')
			v.dst = append(v.dst, typeName(m.Type)...)
			v.dst = append(v.dst, ')')
			v.scalar(m.Type, mb, m.Bits, m.Shift)
		} else {
			v.value(m.Type, mb, depth+1)
		}
		v.dst = append(v.dst, ',')
	}
	v.line(depth)
	v.dst = append(v.dst, '}')
}

// text appends a string that is a member: D's strings have no size of their own.
func (v *printer) text(m ctype.Member, b []byte, depth int) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return
	}
	v.line(depth + 1)
	v.dst = append(v.dst, '.')
	v.dst = append(v.dst, m.Name...)
	v.dst = append(v.dst, " = (string)"...)
	v.dst = strconv.AppendQuote(v.dst, string(b))
	v.dst = append(v.dst, ',')
}

func (v *printer) array(t *ctype.Type, b []byte, depth int) {
	if t.IsCharArray() && !v.chars {
		if s, ok := printable(b); ok {
			v.dst = append(v.dst, ' ')
			v.dst = strconv.AppendQuote(v.dst, s)
			return
		}
	}
	v.dst = append(v.dst, " ["...)
	if size := v.model.Size(t.Elem); size > 0 {
		for i := int64(0); (i+1)*size <= int64(len(b)); i++ {
			eb := b[i*size : (i+1)*size]
			if allZero(eb) {
				continue
			}
			v.line(depth + 1)
			v.value(t.Elem, eb, depth+1)
			v.dst = append(v.dst, ',')
		}
	}
	v.line(depth)
	v.dst = append(v.dst, ']')
}

func (v *printer) scalar(t *ctype.Type, b []byte, width, shift int) {
	base := t.Base()
	u := rawInt(b)
	n := len(b) * 8
	if width > 0 {
		u = u >> shift & (1<<width - 1)
		n = width
	}
	s := int64(u)
	if n < 64 && base.Signed {
		s = s << (64 - n) >> (64 - n)
	}
	switch base.Kind {
	case ctype.Pointer, ctype.Func:
		v.dst = appendHex(v.dst, u)
	case ctype.Enum:
		for _, e := range base.Enumerators() {
			if e.Value == s || uint64(e.Value) == u {
				v.dst = append(v.dst, e.Name...)
				return
			}
		}
		if base.Flags {
			v.flags(base, u)
			return
		}
		v.dst = strconv.AppendInt(v.dst, s, 10)
	case ctype.Int:
		switch {
		case base.Bool:
			v.dst = strconv.AppendBool(v.dst, u != 0)
		case base.Char && u >= ' ' && u < 0x7f:
			v.dst = append(v.dst, '\'', byte(u), '\'')
		case base.Signed:
			v.dst = strconv.AppendInt(v.dst, s, 10)
		default:
			v.dst = strconv.AppendUint(v.dst, u, 10)
		}
	case ctype.Float:
		v.dst = appendFloat(v.dst, b)
	default:
		v.dst = fmt.Appendf(v.dst, "0x%x", b)
	}
}

// appendFloat appends the shortest number that stands for a floating-point value, its
// bytes if it has a size of its own.
func appendFloat(dst, b []byte) []byte {
	switch len(b) {
	case 4:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(uint32(rawInt(b)))), 'g', -1, 32)
	case 8:
		return strconv.AppendFloat(dst, math.Float64frombits(rawInt(b)), 'g', -1, 64)
	}
	return fmt.Appendf(dst, "0x%x", b)
}

// flags appends the names of the bits in u, and what has no name as a number.
func (v *printer) flags(t *ctype.Type, u uint64) {
	n := len(v.dst)
	for _, e := range t.Enumerators() {
		if bit := uint64(e.Value); bit != 0 && u&bit == bit {
			v.dst = append(append(v.dst, e.Name...), '|')
			u &^= bit
		}
	}
	switch {
	case u != 0 || len(v.dst) == n:
		v.dst = appendHex(v.dst, u)
	default:
		v.dst = v.dst[:len(v.dst)-1]
	}
}

func rawInt(b []byte) (u uint64) {
	for i := min(len(b), 8) - 1; i >= 0; i-- {
		u = u<<8 | uint64(b[i])
	}
	return u
}

func bits(b []byte, m ctype.Member) uint64 { return rawInt(b) >> m.Shift & (1<<m.Bits - 1) }

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
