package schema

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/godtrace/godtrace/format/etl"
)

// Class sorts types by what can be done with their values.
type Class uint8

// The classes.
const (
	ClassNone Class = iota
	ClassUint
	ClassInt
	ClassFloat
	ClassString
	ClassBytes
	ClassStruct
)

// Class returns the class of one element of the field.
func (f *Field) Class() Class {
	switch f.In {
	case Int8, Int16, Int32, Int64:
		return ClassInt
	case UInt8, UInt16, UInt32, UInt64, Bool, Pointer, FileTime, HexInt32, HexInt64, SizeT, Char16, Char8:
		if f.Out == OutSigned {
			return ClassInt
		}
		return ClassUint
	case Float, Double:
		return ClassFloat
	case UTF16, ANSI, CountedUTF16, CountedANSI, Counted16, Counted8, ReversedUTF16, ReversedANSI, RestUTF16, RestANSI, PrefixedUTF16Ch, MessageText:
		return ClassString
	case Struct:
		return ClassStruct
	case Null:
		return ClassNone
	}
	return ClassBytes
}

// Size returns the size in bytes of one element of the field with pointers of a
// size, -1 if it varies.
func (f *Field) Size(ptr int) int { return f.elemSize(ptr) }

// wide reports whether a string is UTF-16.
func (f *Field) wide() bool {
	switch f.In {
	case UTF16, CountedUTF16, Counted16, ReversedUTF16, RestUTF16, PrefixedUTF16Ch, Char16:
		return true
	}
	return false
}

// Uint returns the value of an integer type, signed ones extended to 64 bits,
// network order (ports) turned round. It is false for other types.
func (v Value) Uint() (uint64, bool) {
	d := v.Data
	switch v.Field.Class() {
	case ClassInt, ClassUint:
	default:
		return 0, false
	}
	signed := v.Field.Class() == ClassInt
	switch len(d) {
	case 1:
		if signed {
			return uint64(int64(int8(d[0]))), true
		}
		return uint64(d[0]), true
	case 2:
		if v.Field.Out == OutPort {
			return uint64(binary.BigEndian.Uint16(d)), true
		}
		n := binary.LittleEndian.Uint16(d)
		if signed {
			return uint64(int64(int16(n))), true
		}
		return uint64(n), true
	case 4:
		n := binary.LittleEndian.Uint32(d)
		if signed {
			return uint64(int64(int32(n))), true
		}
		return uint64(n), true
	case 8:
		return binary.LittleEndian.Uint64(d), true
	}
	return 0, false
}

// Int is Uint for those who want it signed.
func (v Value) Int() (int64, bool) {
	n, ok := v.Uint()
	return int64(n), ok
}

// Float returns the value of a floating-point type.
func (v Value) Float() (float64, bool) {
	switch {
	case v.Field.In == Float && len(v.Data) == 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(v.Data))), true
	case v.Field.In == Double && len(v.Data) == 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(v.Data)), true
	}
	return 0, false
}

// GUID returns the value of a GUID.
func (v Value) GUID() (etl.GUID, bool) {
	if v.Field.In != GUID || len(v.Data) != 16 {
		return etl.GUID{}, false
	}
	return etl.GUID(v.Data), true
}

// AppendString appends a string's text as UTF-8, up to a NUL.
func (v Value) AppendString(dst []byte) []byte {
	if v.Field.In == MessageText {
		return v.message(dst)
	}
	if v.Field.wide() {
		return AppendUTF16(dst, v.Data)
	}
	return appendANSI(dst, v.Data, v.Field.Out == OutUTF8 || v.Field.Out == OutJSON || v.Field.Out == OutXML)
}

// AppendUTF16 appends little-endian UTF-16 up to a NUL.
func AppendUTF16(dst, b []byte) []byte {
	for i := 0; i+1 < len(b); i += 2 {
		u := rune(binary.LittleEndian.Uint16(b[i:]))
		switch {
		case u == 0:
			return dst
		case u < utf8.RuneSelf:
			dst = append(dst, byte(u))
			continue
		case utf16.IsSurrogate(u) && i+3 < len(b):
			if r := utf16.DecodeRune(u, rune(binary.LittleEndian.Uint16(b[i+2:]))); r != utf8.RuneError {
				dst = utf8.AppendRune(dst, r)
				i += 2
				continue
			}
		}
		dst = utf8.AppendRune(dst, u)
	}
	return dst
}

// windows1252 is what the bytes 0x80 to 0x9f stand for.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// appendANSI appends text of one-byte characters up to a NUL. Text that is valid
// UTF-8 is taken for it, other text for Windows-1252.
func appendANSI(dst, b []byte, isUTF8 bool) []byte {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	if isUTF8 || utf8.Valid(b) {
		return append(dst, b...)
	}
	for _, c := range b {
		switch {
		case c < 0x80:
			dst = append(dst, c)
		case c < 0xa0:
			dst = utf8.AppendRune(dst, windows1252[c-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return dst
}
