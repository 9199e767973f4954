package vm

import "encoding/binary"

// baseOK reports whether strtoll and lltostr have a base.
func baseOK(base int64) bool { return base >= 2 && base <= 36 }

// digitOf returns the value of a digit, 99 if c is none.
func digitOf(c byte) int64 {
	switch {
	case c-'0' < 10:
		return int64(c - '0')
	case c-'a' < 26:
		return int64(c-'a') + 10
	case c-'A' < 26:
		return int64(c-'A') + 10
	}
	return 99
}

// strToLL is strtoll(): blanks and tabs, a sign, 0x in base 16, then digits up
// to the first byte that is none. Overflow wraps.
func strToLL(s []byte, base int64) int64 {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	if base == 16 && i+2 < len(s) && s[i] == '0' && lower(s[i+1]) == 'x' && digitOf(s[i+2]) < 16 {
		i += 2
	}
	var v int64
	for ; i < len(s); i++ {
		d := digitOf(s[i])
		if d >= base {
			break
		}
		v = v*base + d
	}
	if neg {
		v = -v
	}
	return v
}

// appendLL is lltostr(): signed in base 10, else unsigned; with 0x in base 16,
// and a 0 before octal numbers.
func appendLL(dst []byte, v int64, base int64) []byte {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	var buf [65]byte
	i := len(buf)
	u, neg := uint64(v), base == 10 && v < 0
	if neg {
		u = -u
	}
	for ; u != 0; u /= uint64(base) {
		i--
		buf[i] = digits[u%uint64(base)]
	}
	switch {
	case neg:
		dst = append(dst, '-')
	case base == 16:
		dst = append(dst, "0x"...)
		if v == 0 {
			dst = append(dst, '0')
		}
	case base == 8 || v == 0:
		dst = append(dst, '0')
	}
	return append(dst, buf[i:]...)
}

// appendIPv4 appends the dotted form of four bytes.
func appendIPv4(dst, a []byte) []byte {
	for i, c := range a[:4] {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = appendLL(dst, int64(c), 10)
	}
	return dst
}

// appendIPv6 appends the text of 16 bytes: lower-case hexadecimal groups, of
// which the first longest run of zeros (one group suffices) is shortened to
// "::". The last four bytes of an IPv4-mapped or IPv4-compatible address are
// dotted.
func appendIPv6(dst, a []byte) []byte {
	var g [8]uint16
	for i := range g {
		g[i] = binary.BigEndian.Uint16(a[2*i:])
	}
	zeros := 0
	for zeros < 8 && g[zeros] == 0 {
		zeros++
	}
	switch {
	case zeros == 5 && g[5] == 0xffff:
		return appendIPv4(append(dst, "::ffff:"...), a[12:])
	case zeros == 6, zeros == 7 && g[7] > 1:
		return appendIPv4(append(dst, "::"...), a[12:])
	}
	at, run := -1, 0
	for i := 0; i < 8; i++ {
		n := 0
		for i+n < 8 && g[i+n] == 0 {
			n++
		}
		if n > run {
			at, run = i, n
		}
		i += n
	}
	for i := 0; i < 8; i++ {
		if i == at {
			dst = append(dst, "::"...)
			i += run - 1
			continue
		}
		if i > 0 && i != at+run {
			dst = append(dst, ':')
		}
		dst = appendHex(dst, g[i])
	}
	return dst
}

func appendHex(dst []byte, v uint16) []byte {
	const digits = "0123456789abcdef"
	for s := 12; s >= 0; s -= 4 {
		if d := v >> s; d != 0 || s == 0 {
			dst = append(dst, digits[d&15])
		}
	}
	return dst
}

// appendLink appends a hardware address: pairs of hexadecimal digits.
func appendLink(dst, a []byte) []byte {
	const digits = "0123456789abcdef"
	for i, c := range a {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}
