package text

const hexDigits = "0123456789abcdef"

// AppendHexDump appends b as tracemem() prints it: a newline, a header with the
// column numbers, then sixteen bytes a line with their text.
func AppendHexDump(dst, b []byte) []byte {
	dst = append(dst, "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"...)
	for i := 0; i < len(b); i += 16 {
		row := b[i:min(i+16, len(b))]
		dst = appendHexOffset(dst, i)
		dst = append(dst, ':')
		for j := 0; j < 16; j++ {
			if j < len(row) {
				dst = append(dst, ' ', hexDigits[row[j]>>4], hexDigits[row[j]&15])
			} else {
				dst = append(dst, "   "...)
			}
		}
		dst = append(dst, "  "...)
		for _, c := range row {
			if c < ' ' || c > '~' {
				c = '.'
			}
			dst = append(dst, c)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// appendHexOffset appends an offset right-aligned in ten columns.
func appendHexOffset(dst []byte, v int) []byte {
	var t [16]byte
	i := len(t)
	for {
		i--
		t[i] = hexDigits[v&15]
		v >>= 4
		if v == 0 {
			break
		}
	}
	dst = spaces(dst, 10-(len(t)-i))
	return append(dst, t[i:]...)
}
