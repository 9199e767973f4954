package syntax

import "strings"

// decl prints a declaration with its semicolon.
func (p *printer) decl(d *Decl) {
	if d.Storage != StorageNone {
		p.str(d.Storage.String() + " ")
	}
	p.spec(d.Spec)
	for i, dr := range d.Declarators {
		if i > 0 {
			p.str(",")
		}
		inner := p.declarator(dr.Type, dr.Name)
		if inner != "" {
			p.str(" " + inner)
		}
		if dr.Width != nil {
			p.str(" : ")
			p.expr(dr.Width, levelCond)
		}
	}
	p.str(";")
}

// String returns the keyword of the storage class.
func (s Storage) String() string {
	switch s {
	case StorageAuto:
		return "auto"
	case StorageExtern:
		return "extern"
	case StorageRegister:
		return "register"
	case StorageStatic:
		return "static"
	case StorageTypedef:
		return "typedef"
	case StorageSelf:
		return "self"
	case StorageThis:
		return "this"
	}
	return ""
}

// typed prints a type with the name that has it, which may be empty.
func (p *printer) typed(t TypeExpr, name string) {
	inner := p.declarator(t, name)
	if s := BaseSpec(t); s != nil {
		p.spec(s)
	}
	if inner != "" {
		p.str(" " + inner)
	}
}

// BaseSpec returns the specifiers at the end of t.
func BaseSpec(t TypeExpr) *TypeSpec {
	for {
		switch x := t.(type) {
		case *TypeSpec:
			return x
		case *PointerType:
			t = x.Elem
		case *ArrayType:
			t = x.Elem
		case *AssocType:
			t = x.Elem
		case *FuncType:
			t = x.Result
		default:
			return nil
		}
	}
}

// declarator returns the C declarator of a name of type t: everything but the
// specifiers.
func (p *printer) declarator(t TypeExpr, name string) string {
	// The declarator grows around the name: to the left by pointers, to the
	// right by arrays and functions.
	var left []string
	var right strings.Builder
	pointer := false
	wrap := func() {
		if pointer {
			left = append(left, "(")
			right.WriteString(")")
			pointer = false
		}
	}
	for {
		switch x := t.(type) {
		case *PointerType:
			star := "*"
			if x.Quals != 0 {
				star += x.Quals.String() + " "
			}
			left = append(left, star)
			pointer = true
			t = x.Elem
			continue
		case *ArrayType:
			wrap()
			right.WriteString("[")
			if x.Len != nil {
				right.WriteString(p.sub(func(q *printer) { q.expr(x.Len, levelCond) }))
			}
			right.WriteString("]")
			t = x.Elem
			continue
		case *AssocType:
			wrap()
			right.WriteString("[")
			right.WriteString(p.sub(func(q *printer) { q.paramList(x.Keys) }))
			right.WriteString("]")
			t = x.Elem
			continue
		case *FuncType:
			wrap()
			right.WriteString(p.sub(func(q *printer) { q.params(x.Params, x.Variadic) }))
			t = x.Result
			continue
		}
		break
	}
	var b strings.Builder
	for i := len(left) - 1; i >= 0; i-- {
		b.WriteString(left[i])
	}
	b.WriteString(name)
	return strings.TrimRight(b.String()+right.String(), " ")
}

// sub returns what f prints, at the same indentation.
func (p *printer) sub(f func(*printer)) string {
	q := printer{indent: p.indent}
	f(&q)
	return q.b.String()
}

// params prints the parameters of a function in parentheses.
func (p *printer) params(list []*Param, variadic bool) {
	p.str("(")
	switch {
	case len(list) == 0 && variadic:
		p.str("...")
	case len(list) == 0:
		p.str("void")
	default:
		p.paramList(list)
		if variadic {
			p.str(", ...")
		}
	}
	p.str(")")
}

func (p *printer) paramList(list []*Param) {
	for i, prm := range list {
		if i > 0 {
			p.str(", ")
		}
		p.typed(prm.Type, prm.Name)
	}
}

// String returns the qualifiers, separated by blanks.
func (q Quals) String() string {
	var list []string
	if q&QualConst != 0 {
		list = append(list, "const")
	}
	if q&QualVolatile != 0 {
		list = append(list, "volatile")
	}
	if q&QualRestrict != 0 {
		list = append(list, "restrict")
	}
	return strings.Join(list, " ")
}

// spec prints specifiers.
func (p *printer) spec(s *TypeSpec) {
	var list []string
	if s.Quals != 0 {
		list = append(list, s.Quals.String())
	}
	if s.Userland {
		list = append(list, "userland")
	}
	switch s.Sign {
	case SignSigned:
		list = append(list, "signed")
	case SignUnsigned:
		list = append(list, "unsigned")
	}
	if s.Short {
		list = append(list, "short")
	}
	for range s.Long {
		list = append(list, "long")
	}
	switch s.Base {
	case BaseInt:
		list = append(list, "int")
	case BaseChar:
		list = append(list, "char")
	case BaseVoid:
		list = append(list, "void")
	case BaseBool:
		list = append(list, "_Bool")
	case BaseFloat:
		list = append(list, "float")
	case BaseDouble:
		list = append(list, "double")
	case BaseString:
		list = append(list, "string")
	case BaseNamed:
		list = append(list, s.Name)
	case BaseStruct:
		list = append(list, "struct")
	case BaseUnion:
		list = append(list, "union")
	case BaseEnum:
		list = append(list, "enum")
	}
	p.str(strings.Join(list, " "))
	if s.Tag != nil {
		p.str(" ")
		p.tag(s.Tag)
	}
}

// tag prints the name and body of a struct, union or enum.
func (p *printer) tag(t *Tag) {
	p.str(t.Name)
	if !t.HasBody {
		return
	}
	if t.Name != "" {
		p.str(" ")
	}
	p.str("{")
	p.indent++
	for _, m := range t.Members {
		p.newline()
		p.decl(m)
	}
	for _, e := range t.Enumerators {
		p.newline()
		p.enumerator(e)
		p.str(",")
	}
	p.indent--
	p.newline()
	p.str("}")
}

func (p *printer) enumerator(e *Enumerator) {
	p.str(e.Name)
	if e.Value != nil {
		p.str(" = ")
		p.expr(e.Value, levelCond)
	}
}
