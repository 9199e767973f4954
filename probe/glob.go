package probe

// Glob reports whether s matches the sh(1) pattern: * ? [set] [!set] and
// backslash. An empty pattern matches anything, as in probe descriptions. A
// '[' without its ']' matches itself.
func Glob(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	return glob(pattern, s)
}

// glob runs in O(len(p)*len(s)): on a mismatch it retries only the last star.
func glob(p, s string) bool {
	pi, si := 0, 0
	star, mark := -1, 0
	for si < len(s) {
		if pi < len(p) {
			switch p[pi] {
			case '*':
				star, mark = pi, si
				pi++
				continue
			case '?':
				pi++
				si++
				continue
			case '[':
				if n, ok := matchSet(p[pi:], s[si]); n > 0 {
					if ok {
						pi += n
						si++
						continue
					}
				} else if s[si] == '[' {
					pi++
					si++
					continue
				}
			default:
				c, n := p[pi], 1
				if c == '\\' && pi+1 < len(p) {
					c, n = p[pi+1], 2
				}
				if c == s[si] {
					pi += n
					si++
					continue
				}
			}
		}
		if star < 0 {
			return false
		}
		mark++
		si, pi = mark, star+1
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

// matchSet matches c against the set at the start of p. It returns the length
// of the set's text, 0 if it is not closed.
func matchSet(p string, c byte) (n int, ok bool) {
	i := 1
	neg := i < len(p) && p[i] == '!'
	if neg {
		i++
	}
	for first := true; i < len(p); first = false {
		lo := p[i]
		if lo == ']' && !first {
			return i + 1, ok != neg
		}
		if lo == '\\' && i+1 < len(p) {
			i++
			lo = p[i]
		}
		i++
		hi := lo
		if i+1 < len(p) && p[i] == '-' && p[i+1] != ']' {
			hi = p[i+1]
			i += 2
			if hi == '\\' && i < len(p) {
				hi = p[i]
				i++
			}
		}
		if lo <= c && c <= hi {
			ok = true
		}
	}
	return 0, false
}
