package regf

import (
	"encoding/binary"
	"unicode"
	"unicode/utf16"
)

// upcase maps one UTF-16 unit to upper case as the kernel's table does. The table follows the
// simple mappings of Unicode within the Basic Multilingual Plane, save for letters whose capital
// would be another letter's (micro sign, dotless i, long s and the like stay as they are).
func upcase(u uint16) uint16 {
	switch {
	case u >= 'a' && u <= 'z':
		return u - 'a' + 'A'
	case u < 0x80:
		return u
	case u >= 0xD800 && u <= 0xDFFF, u == 0xB5, u == 0x131, u == 0x17F, u == 0x1C5, u == 0x1C8, u == 0x1CB, u == 0x1F2, u == 0x345, u == 0x1E9B, u == 0x1FBE:
		return u
	}
	if r := unicode.ToUpper(rune(u)); r > 0 && r <= 0xFFFF {
		return uint16(r)
	}
	return u
}

// compare orders names as sub-key lists are sorted: by upper-cased UTF-16 units.
func compare(a, b []uint16) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := upcase(a[i]), upcase(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// EqualName reports whether two names are the same to the registry.
func EqualName(a, b string) bool { return compare(units(a), units(b)) == 0 }

func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

// hash is the hash that lh lists keep beside each key: h = 37*h + upper-cased unit.
func hash(name []uint16) uint32 {
	var h uint32
	for _, u := range name {
		h = 37*h + uint32(upcase(u))
	}
	return h
}

// hint is what lf lists keep beside each key: the first four characters, or zeros when one of
// them does not fit a byte.
func hint(name []uint16) uint32 {
	var b [4]byte
	for i := 0; i < 4 && i < len(name); i++ {
		if name[i] > 0xFF {
			return 0
		}
		b[i] = byte(name[i])
	}
	return binary.LittleEndian.Uint32(b[:])
}

// decodeName gives the UTF-16 units of a stored name: one byte a character when latin1.
func decodeName(p []byte, latin1 bool) []uint16 {
	if latin1 {
		out := make([]uint16, len(p))
		for i, c := range p {
			out[i] = uint16(c)
		}
		return out
	}
	out := make([]uint16, len(p)/2)
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(p[2*i:])
	}
	return out
}

// encodeName stores a name in the shorter form that holds it.
func encodeName(name []uint16) (p []byte, latin1 bool) {
	latin1 = true
	for _, u := range name {
		if u > 0xFF {
			latin1 = false
		}
	}
	for _, u := range name {
		if latin1 {
			p = append(p, byte(u))
		} else {
			p = binary.LittleEndian.AppendUint16(p, u)
		}
	}
	return p, latin1
}
