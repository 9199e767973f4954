package printf

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// appendSigned formats a decimal integer.
func (c *conv) appendSigned(dst []byte, v int64) []byte {
	if c.flags&flagsShape == 0 && c.width|c.prec == 0 {
		return strconv.AppendInt(dst, v, 10)
	}
	sign := byte(0)
	switch {
	case v < 0:
		sign = '-'
	case c.flags&flagPlus != 0:
		sign = '+'
	case c.flags&flagSpace != 0:
		sign = ' '
	}
	mag := uint64(v)
	if v < 0 {
		mag = -mag
	}
	return c.appendDigits(dst, mag, 'd', sign)
}

// appendUnsigned formats an integer as verb asks: u decimal, o octal, x and p
// hexadecimal, X in capitals.
func (c *conv) appendUnsigned(dst []byte, v uint64, verb byte) []byte {
	if verb == 'u' && c.flags&flagsShape == 0 && c.width|c.prec == 0 {
		return strconv.AppendUint(dst, v, 10)
	}
	return c.appendDigits(dst, v, verb, 0)
}

// appendDigits lays out an integer: blanks, sign or base prefix, zeros, digits,
// blanks. The flag 0 fills the width with zeros unless there is a precision; a
// precision is the least number of digits.
func (c *conv) appendDigits(dst []byte, v uint64, verb, sign byte) []byte {
	var buf [32]byte // 22 octal digits, or 20 decimal with 6 separators
	i := len(buf)
	shift, alphabet := 0, "0123456789abcdef"
	prefix := ""
	switch verb {
	case 'o':
		shift = 3
	case 'x', 'p':
		shift, prefix = 4, "0x"
	case 'X':
		shift, prefix, alphabet = 4, "0X", "0123456789ABCDEF"
	}
	digits := 0
	for x := v; x != 0 || digits == 0; digits++ {
		i--
		if shift != 0 {
			buf[i] = alphabet[x&(1<<shift-1)]
			x >>= shift
			continue
		}
		if c.flags&flagGroup != 0 && digits != 0 && digits%3 == 0 {
			buf[i] = ','
			i--
		}
		buf[i] = byte('0' + x%10)
		x /= 10
	}
	zeros := max(c.prec-digits, 0)
	if c.flags&flagAlt == 0 || v == 0 {
		prefix = ""
	}
	if verb == 'o' && c.flags&flagAlt != 0 && v != 0 {
		zeros = max(zeros, 1)
	}
	length := zeros + len(buf) - i + len(prefix)
	if sign != 0 {
		length++
	}
	fill := max(c.width-length, 0)
	if c.flags&flagZero != 0 && c.prec == 0 {
		zeros += fill
		fill = 0
	}
	if c.flags&flagLeft == 0 {
		dst = appendBlanks(dst, fill)
	}
	if sign != 0 {
		dst = append(dst, sign)
	}
	dst = append(dst, prefix...)
	for range zeros {
		dst = append(dst, '0')
	}
	dst = append(dst, buf[i:]...)
	if c.flags&flagLeft != 0 {
		dst = appendBlanks(dst, fill)
	}
	return dst
}

// appendFloat formats floating point as C does, six digits unless there is a
// precision.
func (c *conv) appendFloat(dst []byte, a *Arg) []byte {
	format, prec, width := c.float, c.prec, c.width
	if format == "" {
		format = "%*.*g"
	}
	if prec == 0 {
		prec = 6
	}
	// fmt bounds width and precision itself, at less than MaxWidth.
	from := len(dst)
	if v := a.float(); math.IsInf(v, 0) || math.IsNaN(v) {
		dst = appendNotFinite(dst, v, c)
	} else {
		dst = fmt.Appendf(dst, format, 0, min(prec, 1000), v)
		if c.flags&flagZero != 0 && c.flags&flagLeft == 0 {
			dst = fmt.Appendf(dst[:from], format, min(width, 100000), min(prec, 1000), v)
		}
	}
	return c.pad(dst, from)
}

func appendNotFinite(dst []byte, v float64, c *conv) []byte {
	text := "inf"
	if math.IsNaN(v) {
		text = "nan"
	}
	if c.verb == 'E' || c.verb == 'G' {
		text = map[string]string{"inf": "INF", "nan": "NAN"}[text]
	}
	switch {
	case math.Signbit(v):
		dst = append(dst, '-')
	case c.flags&flagPlus != 0:
		dst = append(dst, '+')
	case c.flags&flagSpace != 0:
		dst = append(dst, ' ')
	}
	return append(dst, text...)
}

// float decodes the bytes of a floating-point value: IEEE single or double, or
// the x87 extended format, rounded to double.
func (a *Arg) float() float64 {
	switch b := a.Bytes; {
	case len(b) >= 10:
		mantissa := binary.LittleEndian.Uint64(b)
		se := binary.LittleEndian.Uint16(b[8:])
		exp := int(se & 0x7fff)
		var v float64
		switch {
		case exp == 0x7fff && mantissa<<1 != 0:
			v = math.NaN()
		case exp == 0x7fff:
			v = math.Inf(1)
		default:
			v = math.Ldexp(float64(mantissa), exp-16383-63)
		}
		if se&0x8000 != 0 {
			v = -v
		}
		return v
	case len(b) >= 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case len(b) >= 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return 0
}
