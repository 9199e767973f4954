package check

import (
	"slices"
	"strings"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/syntax"
)

// typeExpr resolves a written type. Associative arrays give the type of their
// elements; variable declarations look at their keys.
func (c *Checker) typeExpr(te syntax.TypeExpr) *ctype.Type {
	if t := c.typeExprs[te]; t != nil {
		return t
	}
	t := c.resolveType(te)
	c.typeExprs[te] = t
	return t
}

func (c *Checker) resolveType(te syntax.TypeExpr) *ctype.Type {
	switch te := te.(type) {
	case *syntax.TypeSpec:
		return qualify(c.typeSpec(te), te.Quals)
	case *syntax.PointerType:
		p := ctype.PtrTo(c.typeExpr(te.Elem))
		if isUserland(te.Elem) {
			p.Space = ctype.User
		}
		return qualify(p, te.Quals)
	case *syntax.AssocType:
		return c.typeExpr(te.Elem)
	case *syntax.ArrayType:
		return c.arrayType(te)
	case *syntax.FuncType:
		f := &ctype.Type{Kind: ctype.Func, Elem: c.typeExpr(te.Result), Variadic: te.Variadic}
		for i, p := range te.Params {
			t := c.typeExpr(p.Type)
			_, assoc := p.Type.(*syntax.AssocType)
			switch {
			case assoc:
				c.fail(p, diag.D_DECL_PROTO_TYPE, "function prototype may not use an associative array: parameter #%d", i+1)
			case t.Is(ctype.Dyn):
				c.fail(p, diag.D_DECL_PROTO_TYPE, "function prototype may not use a parameter of type %s: parameter #%d", t, i+1)
			case t.Is(ctype.Void):
				c.fail(p, diag.D_DECL_PROTO_VOID, "void must be the only parameter of a function prototype, found as parameter #%d", i+1)
			case t.Is(ctype.Array):
				t = ctype.PtrTo(t.Base().Elem)
			}
			f.Params = append(f.Params, ctype.Param{Name: p.Name, Type: t})
		}
		return f
	}
	panic("BUG: unknown kind of type")
}

func isUserland(te syntax.TypeExpr) bool {
	for {
		switch t := te.(type) {
		case *syntax.TypeSpec:
			return t.Userland
		case *syntax.PointerType:
			te = t.Elem
		case *syntax.ArrayType:
			te = t.Elem
		default:
			return false
		}
	}
}

func qualify(t *ctype.Type, q syntax.Quals) *ctype.Type {
	if q&(syntax.QualConst|syntax.QualVolatile) == 0 || t.Kind == ctype.Struct || t.Kind == ctype.Union || t.Kind == ctype.Enum {
		// Compounds keep their identity: they may be completed later.
		return t
	}
	u := *t
	u.Const = u.Const || q&syntax.QualConst != 0
	u.Volatile = u.Volatile || q&syntax.QualVolatile != 0
	return &u
}

// maxArray is the greatest size of an array in bytes, that of a C object on
// the 32-bit systems whose limit D has.
const maxArray = 1<<31 - 1

func (c *Checker) arrayType(te *syntax.ArrayType) *ctype.Type {
	elem := c.typeExpr(te.Elem)
	if _, ok := te.Elem.(*syntax.AssocType); ok {
		c.fail(te, diag.D_DECL_DYNOBJ, "cannot declare array of associative arrays")
	}
	switch {
	case elem.Is(ctype.Void):
		c.fail(te, diag.D_DECL_VOIDOBJ, "array may not have elements of type void")
	case elem.Is(ctype.Dyn):
		c.fail(te, diag.D_DECL_DYNOBJ, "array may not have elements of dynamic type")
	}
	if te.Len == nil {
		return ctype.ArrayOf(elem, 0)
	}
	x := c.expr(te.Len)
	if !x.Const || !x.Type.IsInt() {
		c.fail(te.Len, diag.D_DECL_ARRSUB, "array dimension must be a positive integer constant or a list of key types, found an expression of type %s", c.typeName(x))
	}
	n := x.Int
	if n < 0 && x.Type.IsSigned() || n == 0 {
		c.fail(te.Len, diag.D_DECL_ARRSUB, "array dimension must be a positive integer constant, found %d", n)
	}
	if n < 0 || n > maxArray {
		c.fail(te.Len, diag.D_DECL_ARRBIG, "array dimension too big: %d elements of %d bytes, at most %d bytes are allowed", uint64(n), c.sizeof(elem), maxArray)
	}
	return ctype.ArrayOf(elem, n)
}

// sizeof returns the size of t in bytes; a string has StrSize.
func (c *Checker) sizeof(t *ctype.Type) int64 {
	b := t.Base()
	switch b.Kind {
	case ctype.String:
		return c.opt.StrSize
	case ctype.Array:
		return b.Len * c.sizeof(b.Elem)
	}
	return c.t.Model.Size(b)
}

func (c *Checker) typeSpec(s *syntax.TypeSpec) *ctype.Type {
	switch s.Base {
	case syntax.BaseInt:
		return c.intSpec(s)
	case syntax.BaseChar:
		switch s.Sign {
		case syntax.SignSigned:
			return c.t.SChar
		case syntax.SignUnsigned:
			return c.t.UChar
		}
		return c.t.Char
	case syntax.BaseVoid:
		return c.t.Void
	case syntax.BaseBool:
		return c.t.Bool
	case syntax.BaseFloat:
		return c.t.Float
	case syntax.BaseDouble:
		if s.Long > 0 {
			return c.t.LongDouble
		}
		return c.t.Double
	case syntax.BaseString:
		return c.t.String
	case syntax.BaseNamed:
		return c.namedType(s)
	}
	return c.tagType(s)
}

func (c *Checker) intSpec(s *syntax.TypeSpec) *ctype.Type {
	u := s.Sign == syntax.SignUnsigned
	pick := func(a, b *ctype.Type) *ctype.Type {
		if u {
			return b
		}
		return a
	}
	switch {
	case s.Short:
		return pick(c.t.Short, c.t.UShort)
	case s.Long == 1:
		return pick(c.t.Long, c.t.ULong)
	case s.Long == 2:
		return pick(c.t.LongLong, c.t.ULongLong)
	}
	return pick(c.t.Int, c.t.UInt)
}

// splitScope splits "mod`name" at its last backquote.
func splitScope(name string) (module, rest string, scoped bool) {
	i := strings.LastIndexByte(name, '`')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

func (c *Checker) namedType(s *syntax.TypeSpec) *ctype.Type {
	t, err := c.findType(s.Name)
	if err != nil {
		c.fail(s, diag.D_TYPE_ERR, "failed to resolve type %s: %v", s.Name, err)
	}
	if t == nil {
		c.fail(s, diag.D_TYPE_ERR, "failed to resolve type %s: unknown type name", s.Name)
	}
	return t
}

// findType looks up a typedef or base type: in the program, then in the
// language, then in the World. D's own names come before those of the World,
// because libraries rely on their meaning.
func (c *Checker) findType(name string) (*ctype.Type, error) {
	module, base, scoped := splitScope(name)
	if !scoped {
		if t := c.typedefs[base]; t != nil {
			return t, nil
		}
		if t := c.t.Lookup(base); t != nil {
			return t, nil
		}
	}
	return c.worldType(module, base)
}

type typeKey struct{ module, name string }

// worldType asks the World, once for each name.
func (c *Checker) worldType(module, name string) (*ctype.Type, error) {
	k := typeKey{module, name}
	if r, ok := c.worldTypes[k]; ok {
		return r.t, r.err
	}
	t, err := c.w.Type(module, name)
	c.worldTypes[k] = worldType{t, err}
	return t, err
}

type worldType struct {
	t   *ctype.Type
	err error
}

// IsType reports whether name, with scope if any, is a type name that programs
// of this Checker may use: what syntax.Config.TypeName asks.
func (c *Checker) IsType(name string) bool {
	t, err := c.findType(name)
	return t != nil && err == nil
}

// tagType resolves struct, union and enum, defining them if they have a body.
func (c *Checker) tagType(s *syntax.TypeSpec) *ctype.Type {
	word, kind := "struct", ctype.Struct
	switch s.Base {
	case syntax.BaseUnion:
		word, kind = "union", ctype.Union
	case syntax.BaseEnum:
		word, kind = "enum", ctype.Enum
	}
	tag := s.Tag
	key := word + " " + tag.Name
	if !tag.HasBody {
		return c.taggedType(s, tag, word, key)
	}
	old := c.tags[key]
	if tag.Name != "" && old != nil && old.Kind != ctype.Forward {
		c.fail(tag, diag.D_DECL_TYPERED, "type redeclared: %s", key)
	}
	if kind == ctype.Enum {
		return c.defineEnum(tag, key, old)
	}
	t := old
	if t == nil {
		t = &ctype.Type{Name: tag.Name}
	}
	// While its members are read, the type is incomplete but can be pointed to.
	t.Kind = ctype.Forward
	c.defining[t] = true
	defer delete(c.defining, t)
	if tag.Name != "" {
		c.tags[key] = t
		c.tagWord[t] = word
	}
	members := c.members(tag, key)
	t.Bytes = c.layout(kind, members)
	t.Kind = kind
	t.SetMembers(members)
	return t
}

// layout places the members and returns the size of the whole. Strings, which
// have no size of their own, take StrSize bytes.
func (c *Checker) layout(kind ctype.Kind, members []ctype.Member) int64 {
	sized := slices.Clone(members)
	for i := range sized {
		sized[i].Type = c.sizedType(sized[i].Type)
	}
	done := c.t.Model.Layout(kind, "", sized)
	for i := range members {
		members[i].Off, members[i].Shift = sized[i].Off, sized[i].Shift
	}
	return done.Bytes
}

// sizedType is t with arrays of char for strings.
func (c *Checker) sizedType(t *ctype.Type) *ctype.Type {
	b := t.Base()
	switch {
	case b.Kind == ctype.String:
		return ctype.ArrayOf(c.t.Char, c.opt.StrSize)
	case b.Kind == ctype.Array && c.sizedType(b.Elem) != b.Elem:
		return ctype.ArrayOf(c.sizedType(b.Elem), b.Len)
	}
	return t
}

func (c *Checker) taggedType(s *syntax.TypeSpec, tag *syntax.Tag, word, key string) *ctype.Type {
	module, name, scoped := splitScope(tag.Name)
	if !scoped {
		if t := c.tags[key]; t != nil {
			return t
		}
	}
	t, err := c.worldType(module, word+" "+name)
	if err != nil {
		c.fail(s, diag.D_TYPE_ERR, "failed to resolve type %s: %v", key, err)
	}
	if t != nil {
		return t
	}
	if scoped {
		c.fail(s, diag.D_TYPE_ERR, "failed to resolve type %s: unknown type name", key)
	}
	t = &ctype.Type{Kind: ctype.Forward, Name: name}
	c.tags[key] = t
	c.tagWord[t] = word
	return t
}

// complete returns the definition of a forward declaration, if any source has
// one now, else t.
func (c *Checker) complete(t *ctype.Type) *ctype.Type {
	b := t.Base()
	if b.Kind != ctype.Forward {
		return b
	}
	words := []string{"struct", "union", "enum"}
	if w := c.tagWord[b]; w != "" {
		words = []string{w}
	}
	for _, w := range words {
		if u := c.tags[w+" "+b.Name]; u != nil && u.Kind != ctype.Forward {
			return u
		}
		if c.defining[b] {
			return b
		}
		if u, err := c.worldType("", w+" "+b.Name); err == nil && u != nil && u.Base().Kind != ctype.Forward {
			return u.Base()
		}
	}
	return b
}

// defined is t, or its definition where t is a forward declaration.
func (c *Checker) defined(t *ctype.Type) *ctype.Type {
	if t.Is(ctype.Forward) {
		return c.complete(t)
	}
	return t
}

func (c *Checker) members(tag *syntax.Tag, key string) []ctype.Member {
	var list []ctype.Member
	seen := map[string]bool{}
	for _, d := range tag.Members {
		if d.Storage != syntax.StorageNone {
			c.fail(d, diag.D_DECL_BADCLASS, "invalid storage class for a member of %s", key)
		}
		if len(d.Declarators) == 0 {
			t := c.typeExpr(d.Spec)
			c.memberType(d, key, "", t)
			list = append(list, ctype.Member{Type: t})
			continue
		}
		for _, dr := range d.Declarators {
			t := c.typeExpr(dr.Type)
			if _, ok := dr.Type.(*syntax.AssocType); ok {
				c.fail(dr, diag.D_DECL_DYNOBJ, "member %s of %s may not be an associative array, want a positive integer constant as dimension", dr.Name, key)
			}
			m := ctype.Member{Name: dr.Name, Type: t}
			if dr.Width != nil {
				m.Bits = c.bitWidth(dr, t)
			}
			c.memberType(dr, key, dr.Name, t)
			if dr.Name != "" && seen[dr.Name] {
				c.fail(dr, diag.D_UNKNOWN, "failed to define member %s of %s: it is declared twice", dr.Name, key)
			}
			seen[dr.Name] = true
			if dr.Width != nil && m.Bits == 0 {
				continue // an unnamed :0 only aligns; Layout starts units by size
			}
			list = append(list, m)
		}
	}
	return list
}

func (c *Checker) memberType(n syntax.Node, key, name string, t *ctype.Type) {
	b := c.complete(t)
	switch b.Kind {
	case ctype.Void, ctype.Func:
		c.fail(n, diag.D_DECL_VOIDOBJ, "member %s of %s may not have type %s", name, key, t)
	case ctype.Dyn:
		c.fail(n, diag.D_DECL_DYNOBJ, "member %s of %s may not have dynamic type", name, key)
	case ctype.Array:
		if b.Len == 0 {
			c.fail(n, diag.D_DECL_VOIDOBJ, "member %s of %s is an array without a dimension", name, key)
		}
	case ctype.Forward:
		c.fail(n, diag.D_DECL_INCOMPLETE, "member %s of %s has the incomplete type %s", name, key, t)
	}
}

func (c *Checker) bitWidth(d *syntax.Declarator, t *ctype.Type) int {
	if b := c.complete(t); b.Kind == ctype.Forward {
		c.fail(d, diag.D_DECL_INCOMPLETE, "bit-field %s has the incomplete type %s", d.Name, t)
	}
	if t.Is(ctype.Void) {
		c.fail(d, diag.D_DECL_VOIDOBJ, "member %s may not have type void", d.Name)
	}
	if !t.IsInt() || t.Is(ctype.Enum) {
		c.fail(d, diag.D_DECL_BFTYPE, "invalid type for bit-field %s: %s, want an integer type", d.Name, t)
	}
	x := c.expr(d.Width)
	if !x.Const || !x.Type.IsInt() || x.Int < 0 || x.Int == 0 && d.Name != "" {
		c.fail(d.Width, diag.D_DECL_BFCONST, "positive integer constant expected as size of bit-field %s", d.Name)
	}
	top := c.sizeof(t) * 8
	if t.Base().Bool {
		top = 1
	}
	if x.Int > top {
		c.fail(d.Width, diag.D_DECL_BFSIZE, "invalid size of bit-field %s: %d bits, type %s allows 1 to %d", d.Name, x.Int, t, top)
	}
	return int(x.Int)
}

func (c *Checker) defineEnum(tag *syntax.Tag, key string, old *ctype.Type) *ctype.Type {
	t := old
	if t == nil {
		t = &ctype.Type{Name: tag.Name}
	}
	t.Kind, t.Bytes, t.Signed = ctype.Enum, 4, true
	if tag.Name != "" {
		c.tags[key] = t
	}
	const maxInt, minInt = 1<<31 - 1, -1 << 31
	next := int64(0)
	var list []ctype.Enumerator
	for _, e := range tag.Enumerators {
		if e.Value != nil {
			x := c.expr(e.Value)
			if !x.Const || !x.Type.IsInt() {
				c.fail(e.Value, diag.D_DECL_ENCONST, "enumerator %s must be assigned an integer constant, found an expression of type %s", e.Name, c.typeName(x))
			}
			next = x.Int
		} else if next > maxInt {
			next = minInt // the successor wraps, a value that is given must fit
		}
		if next > maxInt || next < minInt {
			c.fail(e, diag.D_DECL_ENOFLOW, "value of enumerator %s does not fit int: want %d to %d", e.Name, minInt, maxInt)
		}
		if slices.ContainsFunc(list, func(o ctype.Enumerator) bool { return o.Name == e.Name }) {
			c.fail(e, diag.D_DECL_IDRED, "identifier redeclared: enumerator %s is defined twice in %s", e.Name, key)
		}
		if o := c.globals[e.Name]; o != nil {
			c.fail(e, diag.D_DECL_IDRED, "identifier redeclared: %s is already a %s", e.Name, o.kindName())
		}
		if f := c.funcs[e.Name]; f != nil && !c.ctx.lib {
			c.fail(e, diag.D_DECL_IDRED, "identifier redeclared: %s is already a %s", e.Name, f.kindName())
		}
		c.globals[e.Name] = &EnumConst{Name: e.Name, Type: t, Value: next, Pos: e.Pos()}
		list = append(list, ctype.Enumerator{Name: e.Name, Value: next})
		next++
	}
	t.SetEnumerators(list)
	return t
}
