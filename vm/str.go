package vm

import "bytes"

// text returns the text of the string in b, without its NUL; "" for NULL.
func text(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if k := bytes.IndexByte(b, 0); k >= 0 {
		return b[:k]
	}
	return b[:len(b)-1]
}

// isNull reports whether b holds D's NULL string.
func isNull(b []byte) bool { return len(b) >= 2 && b[0] == 0 && b[1] == 0xff }

// setNull makes b the NULL string.
func setNull(b []byte) {
	if len(b) > 0 {
		b[0] = 0
	}
	if len(b) > 1 {
		b[1] = 0xff
	}
}

// end writes the NUL behind n bytes of text in b. An empty text gets two, or
// what was there could make it NULL.
func end(b []byte, n int) {
	if n < len(b) {
		b[n] = 0
	}
	if n == 0 && len(b) > 1 {
		b[1] = 0
	}
}

// put makes b the string s, cut to fit. s may lie in b.
func put[T string | []byte](b []byte, s T) {
	if len(b) == 0 {
		return
	}
	end(b, copy(b[:len(b)-1], s))
}

// putOrNull is put, but a nil s gives NULL.
func putOrNull(b, s []byte) {
	if s == nil {
		setNull(b)
		return
	}
	put(b, s)
}

// strCopy assigns the string in src to dst; NULL stays NULL.
func strCopy(dst, src []byte) {
	if isNull(src) {
		setNull(dst)
		return
	}
	put(dst, text(src))
}

// strCmp compares two strings byte by byte.
func strCmp(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x != y {
			if i == len(a)-1 { // text ends here, NUL or not
				x = 0
			}
			if i == len(b)-1 {
				y = 0
			}
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
		if x == 0 {
			return 0
		}
	}
	return bytes.Compare(text(a), text(b))
}

// substr is DTrace's substr(): the part of s from index on, of length n. A
// negative index counts from the end; if that is before the beginning, the part
// is cut at the beginning. A negative n leaves out that many bytes at the end.
func substr(s []byte, index, n int64) []byte {
	size := int64(len(s))
	if index < 0 {
		index += size
		if index < 0 {
			// What lies before the text takes part in the length.
			if n >= 0 {
				n = max(n+index, 0)
				if n == 0 {
					return s[:0]
				}
				index = 0
			} else {
				return s[:0]
			}
		}
	}
	if index >= size || index < 0 {
		return s[:0]
	}
	if n < 0 {
		n = max(n+size-index, 0)
	}
	return s[index : index+min(n, size-index)]
}

// strIndex is index(): the first position of sub in s, at pos or behind.
// Positions outside the text are moved into it, as Perl does.
func strIndex(s, sub []byte, pos int64) int64 {
	p := min(max(pos, 0), int64(len(s)))
	k := bytes.Index(s[p:], sub)
	if k < 0 {
		return -1
	}
	return p + int64(k)
}

// strRIndex is rindex(): the last position of sub in s, at pos or before.
func strRIndex(s, sub []byte, pos int64) int64 {
	if pos < 0 {
		if len(sub) == 0 {
			return 0
		}
		return -1
	}
	if p := pos + int64(len(sub)); p >= pos && p < int64(len(s)) {
		s = s[:p]
	}
	return int64(bytes.LastIndex(s, sub))
}

// strChr is strchr(): the rest of s from the first c on, nil if there is none.
// The NUL at the end counts as part of s.
func strChr(s []byte, c byte) []byte {
	if c == 0 {
		return s[len(s):]
	}
	if k := bytes.IndexByte(s, c); k >= 0 {
		return s[k:]
	}
	return nil
}

// strRChr is strrchr().
func strRChr(s []byte, c byte) []byte {
	if c == 0 {
		return s[len(s):]
	}
	if k := bytes.LastIndexByte(s, c); k >= 0 {
		return s[k:]
	}
	return nil
}

// strStr is strstr().
func strStr(s, sub []byte) []byte {
	if k := bytes.Index(s, sub); k >= 0 {
		return s[k:]
	}
	return nil
}

// strTok finds the next token of s at the delimiters in del: its bounds, and
// where to go on. ok is false if nothing but delimiters is left.
func strTok(s, del []byte, pos int) (from, to, next int, ok bool) {
	from = pos
	for from < len(s) && bytes.IndexByte(del, s[from]) >= 0 {
		from++
	}
	if from >= len(s) {
		return 0, 0, 0, false
	}
	to = from
	for to < len(s) && bytes.IndexByte(del, s[to]) < 0 {
		to++
	}
	return from, to, min(to+1, len(s)), true
}

// upper and lower are toupper() and tolower(), for ASCII.
func upper(c byte) byte {
	if c-'a' < 26 {
		c -= 'a' - 'A'
	}
	return c
}

func lower(c byte) byte {
	if c-'A' < 26 {
		c += 'a' - 'A'
	}
	return c
}
