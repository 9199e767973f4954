package schema

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"time"

	"github.com/godtrace/godtrace/format/etl"
)

// Text appends the value in readable form: numbers in decimal, addresses and
// hexadecimal types with 0x, strings as they are, times in ISO 8601, arrays in
// brackets, structs in braces, mapped values by name, other data as hexadecimal
// digits.
func (v Value) Text(dst []byte) []byte {
	f := v.Field
	if v.IsArray() {
		return v.textArray(dst)
	}
	if f.Map != nil {
		if n, ok := v.Uint(); ok {
			if f.In == Int8 || f.In == Int16 || f.In == Int32 {
				n = uint64(uint32(n))
			}
			if out, ok := f.Map.text(dst, n); ok {
				return out
			}
		}
	}
	switch f.Class() {
	case ClassString:
		return v.AppendString(dst)
	case ClassFloat:
		x, ok := v.Float()
		if !ok {
			return dst
		}
		bits := 64
		if f.In == Float {
			bits = 32
		}
		return strconv.AppendFloat(dst, x, 'g', -1, bits)
	case ClassInt, ClassUint:
		return v.textInt(dst)
	case ClassStruct:
		dst = append(dst, '{')
		v.Members(func(i int, m Value) bool {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(append(dst, m.Field.Name...), '=')
			dst = m.Text(dst)
			return true
		})
		return append(dst, '}')
	case ClassNone:
		return dst
	}
	switch {
	case f.In == GUID && len(v.Data) == 16:
		return etl.GUID(v.Data).AppendText(dst)
	case f.In == SystemTime && len(v.Data) == 16:
		return appendSystemTime(dst, v.Data)
	case f.In == SID, f.In == WbemSID:
		return appendSID(dst, v.Data)
	case f.Out == OutIPv6 && len(v.Data) == 16:
		a, _ := netip.AddrFromSlice(v.Data)
		return a.AppendTo(dst)
	case f.Out == OutSocket:
		return appendSocket(dst, v.Data)
	case f.Out == OutString, f.Out == OutUTF8, f.Out == OutJSON, f.Out == OutXML:
		return appendANSI(dst, v.Data, f.Out != OutString)
	}
	return appendHex(append(dst, "0x"...), v.Data)
}

// String returns Text as a string.
func (v Value) String() string { return string(v.Text(nil)) }

// maxText bounds the text of an array, which empty elements could blow up.
const maxText = 1 << 20

func (v Value) textArray(dst []byte) []byte {
	switch v.Field.In {
	case Char16:
		return AppendUTF16(dst, v.Data)
	case Char8:
		return appendANSI(dst, v.Data, false)
	case UInt8, Int8:
		if v.Field.Out == OutHexBinary {
			return appendHex(append(dst, "0x"...), v.Data)
		}
	}
	start := len(dst)
	dst = append(dst, '[')
	v.elems(func(i int, e Value) bool {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if len(dst)-start > maxText {
			dst = append(dst, "..."...)
			return false
		}
		dst = e.Text(dst)
		return true
	})
	return append(dst, ']')
}

func (v Value) textInt(dst []byte) []byte {
	n, ok := v.Uint()
	if !ok {
		return dst
	}
	f := v.Field
	switch f.In {
	case Bool:
		return strconv.AppendBool(dst, n != 0)
	case Pointer, HexInt32, HexInt64:
		return hex(dst, n, len(v.Data))
	case FileTime:
		return appendTime(dst, int64(n))
	case Char16, Char8:
		if n != 0 && f.Out == OutDefault || f.Out == OutString {
			return append(dst, string(rune(n))...)
		}
	}
	switch f.Out {
	case OutBool:
		return strconv.AppendBool(dst, n != 0)
	case OutHex8, OutHex16, OutHex32, OutHex64, OutHexBinary, OutErrorCode, OutWin32, OutNTStatus, OutHResult, OutCodePtr:
		return hex(dst, n, len(v.Data))
	case OutIPv4, OutIPAddrMOF:
		if len(v.Data) == 4 {
			return netip.AddrFrom4([4]byte(v.Data)).AppendTo(dst)
		}
	case OutDateTime, OutDateUTC:
		if len(v.Data) == 8 {
			return appendTime(dst, int64(n))
		}
	}
	if f.Class() == ClassInt {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return strconv.AppendUint(dst, n, 10)
}

// hex appends n, cut to size bytes, with 0x.
func hex(dst []byte, n uint64, size int) []byte {
	if size < 8 {
		n &= 1<<(8*size) - 1
	}
	return strconv.AppendUint(append(dst, "0x"...), n, 16)
}

const digits = "0123456789abcdef"

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// text appends the names of a value: one, or those of its bits, with the rest in
// hexadecimal. It is false if there is no name at all.
func (m *Map) text(dst []byte, n uint64) ([]byte, bool) {
	if s, ok := m.Lookup(n); ok {
		return append(dst, s...), true
	}
	if !m.Bits {
		return dst, false
	}
	start := len(dst)
	for _, e := range m.Entries {
		if e.Value != 0 && n&e.Value == e.Value {
			if len(dst) > start {
				dst = append(dst, '|')
			}
			dst = append(dst, e.Text...)
			n &^= e.Value
		}
	}
	if len(dst) == start {
		return dst, false
	}
	if n != 0 {
		dst = hex(append(dst, '|'), n, 8)
	}
	return dst, true
}

func appendTime(dst []byte, ft int64) []byte {
	return etl.FileTimeToTime(ft).AppendFormat(dst, "2006-01-02T15:04:05.0000000Z")
}

func appendSystemTime(dst, b []byte) []byte {
	at := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	t := time.Date(at(0), time.Month(at(1)), at(3), at(4), at(5), at(6), at(7)*1e6, time.UTC)
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000")
}

// appendSID appends a security identifier in its S-1-... form.
func appendSID(dst, b []byte) []byte {
	if len(b) < 8 || len(b) < 8+4*int(b[1]) {
		return dst
	}
	dst = append(dst, "S-"...)
	dst = strconv.AppendUint(dst, uint64(b[0]), 10)
	var auth uint64
	for _, c := range b[2:8] {
		auth = auth<<8 | uint64(c)
	}
	dst = strconv.AppendUint(append(dst, '-'), auth, 10)
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return dst
}

// appendSocket appends a socket address structure: family, port, address.
func appendSocket(dst, b []byte) []byte {
	if len(b) >= 8 {
		port := binary.BigEndian.Uint16(b[2:])
		switch binary.LittleEndian.Uint16(b) {
		case 2:
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), port).AppendTo(dst)
		case 23:
			if len(b) >= 24 {
				return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])), port).AppendTo(dst)
			}
		}
	}
	return appendHex(append(dst, "0x"...), b)
}
