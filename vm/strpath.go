package vm

import "bytes"

var (
	dot   = []byte(".")
	slash = []byte("/")
)

// basename returns the last component of a path: "." for "", "/" for one of
// slashes alone.
func basename(s []byte) []byte {
	if len(s) == 0 {
		return dot
	}
	s = bytes.TrimRight(s, "/")
	if len(s) == 0 {
		return slash
	}
	return s[bytes.LastIndexByte(s, '/')+1:]
}

// dirname returns a path without its last component: "." if it has only one,
// "/" if the rest is slashes.
func dirname(s []byte) []byte {
	if len(s) == 0 {
		return dot
	}
	s = bytes.TrimRight(s, "/")
	if len(s) == 0 {
		return slash
	}
	k := bytes.LastIndexByte(s, '/')
	if k < 0 {
		return dot
	}
	if s = bytes.TrimRight(s[:k], "/"); len(s) == 0 {
		return slash
	}
	return s
}

// cleanpath appends to dst the path s without doubled slashes, "/./" and, with
// the component before it, "/../". It looks at the text only and, as DTrace,
// not at what a path begins with: "../a" stays, "a/../b" becomes "/b". "/.." at
// the end leaves a slash, "/." at the end stays.
func cleanpath(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		rest := s[i:]
		switch {
		case rest[0] != '/':
			dst = append(dst, rest[0])
			i++
		case len(rest) >= 2 && rest[1] == '/':
			i++
		case len(rest) >= 3 && rest[1] == '.' && rest[2] == '/':
			i += 2
		case len(rest) >= 3 && rest[1] == '.' && rest[2] == '.' && (len(rest) == 3 || rest[3] == '/'):
			dst = dst[:max(bytes.LastIndexByte(dst, '/'), 0)]
			if i += 3; i == len(s) {
				dst = append(dst, '/')
			}
		default:
			dst = append(dst, '/')
			i++
		}
	}
	return dst
}
