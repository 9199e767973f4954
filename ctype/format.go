package ctype

import (
	"fmt"
	"strings"
)

// String returns t as C source, in the form DTrace prints types: "int",
// "struct task_struct *", "char [16]", "int (*)(void)".
func (t *Type) String() string { return Declare(t, "") }

// Declare returns the C declaration of name with type t: Declare(int[4], "x")
// is "int x[4]"; with an empty name it is the type's own name, "int [4]".
func Declare(t *Type, name string) string {
	if t == nil {
		return "<nil>"
	}
	return declare(t, name, 0)
}

func declare(t *Type, inner string, depth int) string {
	if depth > 64 {
		return "..."
	}
	switch t.Kind {
	case Pointer:
		in := "*" + inner
		if t.Const {
			in = "*const " + inner
		}
		if t.Elem != nil && (t.Elem.Kind == Array || t.Elem.Kind == Func) {
			in = "(" + in + ")"
		}
		if t.Elem == nil {
			return "void " + in
		}
		return declare(t.Elem, in, depth+1)
	case Array:
		n := ""
		if t.Len > 0 {
			n = fmt.Sprint(t.Len)
		}
		if inner == "" || !strings.HasSuffix(inner, "]") {
			return declare(t.Elem, inner+"["+n+"]", depth+1)
		}
		return declare(t.Elem, inner+"["+n+"]", depth+1)
	case Func:
		var ps []string
		for _, p := range t.Params {
			ps = append(ps, declare(p.Type, p.Name, depth+1))
		}
		if t.Variadic {
			ps = append(ps, "...")
		}
		if len(ps) == 0 {
			ps = []string{"void"}
		}
		return declare(t.Elem, inner+"("+strings.Join(ps, ", ")+")", depth+1)
	}
	q := ""
	if t.Const {
		q = "const "
	}
	if t.Volatile {
		q += "volatile "
	}
	s := q + t.base()
	if inner != "" {
		s += " " + inner
	}
	return s
}

func (t *Type) base() string {
	name := t.Name
	switch t.Kind {
	case Void:
		return "void"
	case String:
		return "string"
	case Dyn:
		return "<DYN>"
	case Struct, Forward:
		if name == "" {
			name = "{...}"
		}
		return "struct " + name
	case Union:
		if name == "" {
			name = "{...}"
		}
		return "union " + name
	case Enum:
		if name == "" {
			name = "{...}"
		}
		return "enum " + name
	}
	if name == "" {
		return "<anonymous>"
	}
	return name
}
