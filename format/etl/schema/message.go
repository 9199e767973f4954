package schema

import (
	"fmt"
	"strings"
)

// message makes the text of a MessageText: the format Of.Message with the fields of
// the rest of the payload. %1 is the first field, %1!08x! the same as printf shows
// it, %% a percent sign, %n a new line. Fields that the payload lacks are shown as
// "?".
func (v Value) message(dst []byte) []byte {
	s := v.Field.Of
	if s == nil {
		return dst
	}
	var vals []Value
	var ends lengths
	_, _ = s.Walk(v.Data, v.Ptr, func(_ int, f Value) bool {
		if f.lens != nil {
			ends = *f.lens
			f.lens = &ends
		}
		vals = append(vals, f)
		return true
	}) // what is cut short is missing in vals
	m := s.Message
	for len(m) > 0 {
		i := strings.IndexByte(m, '%')
		if i < 0 || i+1 >= len(m) {
			break
		}
		dst = append(dst, m[:i]...)
		m = m[i+1:]
		n, digits := 0, 0
		for digits < len(m) && digits < 4 && m[digits] >= '0' && m[digits] <= '9' {
			n = n*10 + int(m[digits]-'0')
			digits++
		}
		if digits == 0 {
			switch m[0] {
			case 'n':
				dst = append(dst, '\n')
			default:
				dst = append(dst, m[0])
			}
			m = m[1:]
			continue
		}
		m = m[digits:]
		spec := ""
		if strings.HasPrefix(m, "!") {
			if end := strings.IndexByte(m[1:], '!'); end >= 0 {
				spec, m = m[1:1+end], m[end+2:]
			}
		}
		switch {
		case n == 0:
		case n > len(vals):
			dst = append(dst, '?')
		default:
			dst = vals[n-1].formatted(dst, spec)
		}
	}
	return append(dst, m...)
}

// formatted appends the value as a conversion of printf shows it: flags, width, and
// precision as there, and d, i, u, x, X, o, c, p or s. Others are shown as Text does.
func (v *Value) formatted(dst []byte, spec string) []byte {
	i := strings.IndexFunc(spec, func(r rune) bool { return !strings.ContainsRune("-+ #0123456789.", r) })
	if i < 0 {
		return v.Text(dst)
	}
	flags, rest := spec[:i], spec[i:]
	if len(flags) > 8 {
		flags = ""
	}
	for _, size := range []string{"I64", "I32", "ll", "I", "l", "h", "L", "w", "z"} {
		rest = strings.TrimPrefix(rest, size)
	}
	var verb byte
	switch rest {
	case "d", "i":
		if n, ok := v.signed(); ok {
			return fmt.Appendf(dst, "%"+flags+"d", n)
		}
	case "u":
		verb = 'd'
	case "x", "X", "o":
		verb = rest[0]
	case "p", "P":
		flags, verb = fmt.Sprintf("0%d", 2*v.Ptr), 'x'
	case "c":
		verb = 'c'
	}
	if n, ok := v.Uint(); ok && verb != 0 && v.Field.Map == nil {
		if v.Field.Class() == ClassInt && len(v.Data) < 8 {
			n &= 1<<(8*len(v.Data)) - 1
		}
		if verb == 'c' {
			return append(dst, byte(n))
		}
		return fmt.Appendf(dst, "%"+flags+string(verb), n)
	}
	if flags != "" && !strings.Contains(flags, "0") {
		return fmt.Appendf(dst, "%"+flags+"s", v.String())
	}
	return v.Text(dst)
}

// signed returns a number as one with sign, by its size.
func (v *Value) signed() (int64, bool) {
	n, ok := v.Uint()
	if !ok || v.Field.Map != nil {
		return 0, false
	}
	switch len(v.Data) {
	case 1:
		return int64(int8(n)), true
	case 2:
		return int64(int16(n)), true
	case 4:
		return int64(int32(n)), true
	}
	return int64(n), true
}
