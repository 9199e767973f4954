package nodiff

import "strings"

// sort is what a node may be replaced by when a program is shrunk.
type sort uint8

const (
	sFixed  sort = iota // text that only goes away with its parent
	sInt                // an integer expression
	sString             // a string expression
	sStmt               // a statement
	sClause             // a clause or declaration
)

// node is a piece of a program: parts[0] kids[0] parts[1] … kids[n-1] parts[n].
type node struct {
	sort  sort
	parts []string
	kids  []*node
}

func (n *node) write(b *strings.Builder) {
	for i, p := range n.parts {
		b.WriteString(p)
		if i < len(n.kids) {
			n.kids[i].write(b)
		}
	}
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

// mk makes a node of a template: each $ stands for the next kid.
func mk(s sort, template string, kids ...*node) *node {
	parts := strings.Split(template, "$")
	if len(parts) != len(kids)+1 {
		panic("template " + template)
	}
	return &node{s, parts, kids}
}

func lit(s sort, text string) *node { return &node{s, []string{text}, nil} }

// list joins nodes with a separator.
func list(sep string, kids []*node) *node {
	n := &node{sort: sFixed, kids: kids, parts: make([]string, len(kids)+1)}
	for i := 1; i < len(kids); i++ {
		n.parts[i] = sep
	}
	return n
}

// each calls f for every node below n, parents first.
func (n *node) each(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.each(f)
	}
}

// candidates are what may stand for n, simplest first.
func (n *node) candidates() (out []*node) {
	switch n.sort {
	case sClause:
		out = append(out, lit(sClause, ""))
	case sStmt:
		out = append(out, lit(sStmt, ""))
		for _, k := range n.kids {
			k.each(func(m *node) {
				if m.sort == sStmt {
					out = append(out, m)
				}
			})
		}
	case sInt, sString:
		simple := []string{"0", "1"}
		if n.sort == sString {
			simple = []string{`""`, `"a"`}
		}
		for _, s := range simple {
			out = append(out, lit(n.sort, s))
		}
		for _, k := range n.kids {
			k.each(func(m *node) {
				if m.sort == n.sort && len(out) < 24 {
					out = append(out, m)
				}
			})
		}
	}
	return out
}

// shrink returns a smaller tree for which fails still holds; it calls fails at
// most budget times.
func shrink(root *node, budget int, fails func(src string) bool) *node {
	for changed := true; changed && budget > 0; {
		changed = false
		var nodes []*node
		root.each(func(n *node) { nodes = append(nodes, n) })
		for _, n := range nodes {
			was := *n
			size := len(n.String())
			for _, c := range was.candidates() {
				if budget == 0 {
					return root
				}
				s := c.String()
				if len(s) > size || len(s) == size && (len(c.kids) > 0 || s == was.String() || s > was.String()) {
					continue
				}
				*n = *c
				budget--
				if fails(root.String()) {
					changed = true
					break
				}
				*n = was
			}
		}
	}
	return root
}

// shrinkText does the same for text without a tree: it leaves out ever smaller
// runs of tokens.
func shrinkText(src string, budget int, fails func(src string) bool) string {
	toks := tokens(src)
	for size := max(len(toks)/2, 1); ; size /= 2 {
		for i := 0; i < len(toks); {
			if budget == 0 {
				return strings.Join(toks, "")
			}
			end := min(i+size, len(toks))
			without := append(append([]string{}, toks[:i]...), toks[end:]...)
			budget--
			if fails(strings.Join(without, "")) {
				toks = without
			} else {
				i += size
			}
		}
		if size <= 1 {
			return strings.Join(toks, "")
		}
	}
}

// tokens cuts D text roughly into tokens; together they are the text.
func tokens(s string) (out []string) {
	for len(s) > 0 {
		n := 1
		switch c := s[0]; {
		case word(c):
			for n < len(s) && word(s[n]) {
				n++
			}
		case c == ' ' || c == '\t' || c == '\n':
			for n < len(s) && (s[n] == ' ' || s[n] == '\t' || s[n] == '\n') {
				n++
			}
		case c == '"':
			for n < len(s) && s[n] != '"' {
				if s[n] == '\\' && n+1 < len(s) {
					n++
				}
				n++
			}
			n = min(n+1, len(s))
		case strings.HasPrefix(s, "->"), strings.HasPrefix(s, "=="), strings.HasPrefix(s, "&&"), strings.HasPrefix(s, "||"):
			n = 2
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

func word(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
