package etl

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// GUID is a globally unique identifier in its memory form: three little-endian
// numbers (32, 16, 16 bits) and eight bytes.
type GUID [16]byte

const guidDigits = "0123456789abcdef"

// guidOrder is the order in which the text form shows the bytes; -1 is a dash.
var guidOrder = [20]int8{3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15}

// AppendText appends the text form, lower case and without braces.
func (g GUID) AppendText(dst []byte) []byte {
	for _, i := range guidOrder {
		if i < 0 {
			dst = append(dst, '-')
			continue
		}
		dst = append(dst, guidDigits[g[i]>>4], guidDigits[g[i]&15])
	}
	return dst
}

// String returns the text form, lower case and without braces.
func (g GUID) String() string { return string(g.AppendText(make([]byte, 0, 36))) }

// IsZero reports whether all bytes are zero.
func (g GUID) IsZero() bool { return g == GUID{} }

// ParseGUID reads the text form, with or without braces, in either case.
func ParseGUID(s string) (GUID, error) {
	var g GUID
	t := s
	if len(t) == 38 && t[0] == '{' && t[37] == '}' {
		t = t[1:37]
	}
	if len(t) != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return g, fmt.Errorf("etl: GUID %q, want 8-4-4-4-12 hexadecimal digits", s)
	}
	at := 0
	for _, i := range guidOrder {
		if i < 0 {
			at++
			continue
		}
		if _, err := hex.Decode(g[i:i+1], []byte(t[at:at+2])); err != nil {
			return GUID{}, fmt.Errorf("etl: GUID %q: %w", s, err)
		}
		at += 2
	}
	return g, nil
}

// MustGUID is ParseGUID for constants: it panics if s is not a GUID.
func MustGUID(s string) GUID {
	g, err := ParseGUID(s)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return g
}

func guidAt(b []byte) GUID {
	var g GUID
	copy(g[:], b)
	return g
}

func u16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
