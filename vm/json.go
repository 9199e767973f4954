package vm

import "bytes"

// jsonLookup is json(): the value at path in the JSON text s, nil if there is
// none. A path is member names and array positions, as in "a.b[2].c"; names are
// compared with the text of the document as it stands, escapes and all. A string
// is returned without its quotes, otherwise as it stands; a number, true, false
// or null as it stands; an object or array not at all. Of two members of one
// name the first counts. No more of the text is checked than is passed on the
// way.
func jsonLookup(s, path []byte) []byte {
	i := jsonSpace(s, 0)
	step, path := jsonStep(path)
	if step == nil {
		return nil
	}
	for step != nil {
		if i >= len(s) {
			return nil
		}
		switch s[i] {
		case '{':
			i = jsonMember(s, i, step)
		case '[':
			i = jsonElement(s, i, step)
		default:
			return nil
		}
		if i < 0 {
			return nil
		}
		step, path = jsonStep(path)
	}
	to := jsonSkip(s, i)
	if to < 0 || s[i] == '{' || s[i] == '[' {
		return nil
	}
	if s[i] == '"' {
		return s[i+1 : to-1]
	}
	return s[i:to]
}

// jsonStep cuts the next step off a path; nil if there is none.
func jsonStep(path []byte) (step, rest []byte) {
	path = bytes.TrimLeft(path, ".[]")
	if len(path) == 0 {
		return nil, nil
	}
	if k := bytes.IndexAny(path, ".[]"); k >= 0 {
		return path[:k], path[k:]
	}
	return path, nil
}

// jsonSpace returns the position of the first byte from i on that is no white
// space.
func jsonSpace(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// jsonMember returns the position of the value of a member of the object at i,
// -1 if there is none.
func jsonMember(s []byte, i int, name []byte) int {
	i = jsonSpace(s, i+1)
	for i < len(s) && s[i] == '"' {
		to := jsonSkip(s, i)
		if to < 0 {
			return -1
		}
		found := bytes.Equal(s[i+1:to-1], name)
		i = jsonSpace(s, to)
		if i >= len(s) || s[i] != ':' {
			return -1
		}
		i = jsonSpace(s, i+1)
		if found {
			if i >= len(s) {
				return -1
			}
			return i
		}
		if i = jsonNext(s, i); i < 0 {
			return -1
		}
	}
	return -1
}

// jsonElement returns the position of an element of the array at i, -1 if there
// is none.
func jsonElement(s []byte, i int, index []byte) int {
	for _, c := range index {
		if c-'0' > 9 {
			return -1
		}
	}
	n := strToLL(index, 10)
	i = jsonSpace(s, i+1)
	for i < len(s) && s[i] != ']' {
		if n == 0 {
			return i
		}
		n--
		if i = jsonNext(s, i); i < 0 {
			return -1
		}
	}
	return -1
}

// jsonNext skips the value at i and the comma behind it. It returns -1 if there
// is no comma.
func jsonNext(s []byte, i int) int {
	i = jsonSkip(s, i)
	if i < 0 {
		return -1
	}
	i = jsonSpace(s, i)
	if i >= len(s) || s[i] != ',' {
		return -1
	}
	return jsonSpace(s, i+1)
}

// jsonSkip returns the end of the value at i, -1 if there is none.
func jsonSkip(s []byte, i int) int {
	if i >= len(s) {
		return -1
	}
	switch s[i] {
	case '"':
		for i++; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return -1
	case '{', '[':
		for depth := 0; i < len(s); i++ {
			switch s[i] {
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			case '"':
				if i = jsonSkip(s, i) - 1; i < 0 {
					return -1
				}
			}
		}
		return -1
	}
	from := i
	for i < len(s) && (s[i]-'a' < 26 || s[i]-'0' < 10 || s[i] == '-' || s[i] == '+' || s[i] == '.' || s[i] == 'E') {
		i++
	}
	if i == from {
		return -1
	}
	return i
}
