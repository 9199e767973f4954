package check

import (
	"strings"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// decl enters what a declaration declares: types, variables, symbols.
func (c *Checker) decl(d *syntax.Decl) {
	if len(d.Declarators) == 0 {
		c.typeExpr(d.Spec)
		return
	}
	for _, dr := range d.Declarators {
		if strings.IndexByte(dr.Name, '`') >= 0 {
			c.fail(dr, diag.D_DECL_SCOPE, "D scoping operator may not be used in a declared name: %s", dr.Name)
		}
		if dr.Width != nil {
			c.fail(dr, diag.D_DECL_BFTYPE, "only a member of a struct or union can be a bit-field: %s", dr.Name)
		}
		t := c.typeExpr(dr.Type)
		switch {
		case d.Storage == syntax.StorageTypedef:
			c.typedef(dr, t)
		case d.Storage == syntax.StorageExtern, t.Is(ctype.Func) && d.Storage == syntax.StorageNone:
			c.extern(dr, t, d.Storage == syntax.StorageExtern)
		case d.Storage == syntax.StorageAuto, d.Storage == syntax.StorageRegister, d.Storage == syntax.StorageStatic:
			c.fail(d, diag.D_DECL_BADCLASS, "specified storage class is not appropriate in D, want extern, typedef, self or this")
		default:
			c.varDecl(d, dr, t)
		}
	}
}

func (c *Checker) typedef(dr *syntax.Declarator, t *ctype.Type) {
	if _, ok := dr.Type.(*syntax.AssocType); ok {
		t = c.t.Void // it may be named, but nothing can have it
	}
	if o := c.globals[dr.Name]; o != nil {
		c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: %s is already a %s", dr.Name, o.kindName())
	}
	if c.typedefs[dr.Name] != nil || c.t.Lookup(dr.Name) != nil {
		old := c.typedefs[dr.Name]
		if old == nil {
			old = c.t.Lookup(dr.Name)
		}
		// Libraries of several systems declare the classic names again.
		if c.ctx.lib && ctype.Equal(old, t) {
			return
		}
		c.fail(dr, diag.D_DECL_IDRED, "typedef redeclared: %s", dr.Name)
	}
	c.typedefs[dr.Name] = &ctype.Type{Kind: ctype.Typedef, Name: dr.Name, Elem: t}
}

// extern declares the type of a symbol.
func (c *Checker) extern(dr *syntax.Declarator, t *ctype.Type, extern bool) {
	if t.Is(ctype.Func) && !extern {
		// Without extern it says nothing that a program could use.
		if c.externs[dr.Name] == nil {
			c.externs[dr.Name] = t
		}
		return
	}
	if old := c.externs[dr.Name]; old != nil && !ctype.Equal(old, t) {
		c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: `%s\n\t current: %s\n\tprevious: %s", dr.Name, t, old)
	}
	s, ok, err := c.w.Symbol("", dr.Name)
	if err == nil && ok && s.Type != nil && !ctype.Equal(s.Type, t) {
		c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: %s`%s\n\t current: %s\n\tprevious: %s", s.Module, dr.Name, t, s.Type)
	}
	c.externs[dr.Name] = t
}

// varDecl declares a variable.
func (c *Checker) varDecl(d *syntax.Decl, dr *syntax.Declarator, t *ctype.Type) {
	class := syntax.Plain
	switch d.Storage {
	case syntax.StorageSelf:
		class = syntax.Self
	case syntax.StorageThis:
		class = syntax.This
	}
	kind := ir.VarGlobal
	switch class {
	case syntax.Self:
		kind = ir.VarTLS
	case syntax.This:
		kind = ir.VarLocal
	}
	var keys []*ctype.Type
	assoc, isAssoc := dr.Type.(*syntax.AssocType)
	if isAssoc {
		if _, ok := assoc.Elem.(*syntax.AssocType); ok {
			c.fail(dr, diag.D_DECL_DYNOBJ, "cannot declare array of associative arrays: %s", dr.Name)
		}
		switch class {
		case syntax.This:
			c.fail(dr, diag.D_DECL_LOCASSC, "local variables may not be declared as associative arrays: this->%s", dr.Name)
		case syntax.Self:
			kind = ir.VarThreadAssoc
		default:
			kind = ir.VarAssoc
		}
		for i, k := range assoc.Keys {
			kt := c.typeExpr(k.Type)
			if c.complete(kt).Kind == ctype.Forward {
				c.fail(k, diag.D_DECL_INCOMPLETE, "key #%d of %s has the incomplete type %s", i+1, dr.Name, kt)
			}
			if kt.Is(ctype.Void) || kt.Is(ctype.Dyn) {
				c.fail(k, diag.D_DECL_PROTO_TYPE, "associative array prototype may not use a parameter of type %s: parameter #%d", kt, i+1)
			}
			keys = append(keys, c.keyType(&Expr{Type: kt}))
		}
	}
	if class == syntax.Plain && (c.typedefs[dr.Name] != nil || c.t.Lookup(dr.Name) != nil) && !c.ctx.lib {
		c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: %s is already a type", dr.Name)
	}
	c.objectType(dr, t, isAssoc)
	if v := c.redeclared(dr, class, kind, t, keys); v != nil {
		v.declared = true
		return
	}
	v := c.newVar(dr, class, dr.Name)
	v.Kind, v.Type, v.Keys, v.declared = kind, t, keys, true
	if t.Const {
		u := *t
		u.Const = false
		v.Type = &u
	}
	c.declaredHere[v] = true
}

// objectType refuses types that a variable cannot have.
func (c *Checker) objectType(dr *syntax.Declarator, t *ctype.Type, assoc bool) {
	b := c.complete(t)
	switch b.Kind {
	case ctype.Void:
		c.fail(dr, diag.D_DECL_VOIDOBJ, "cannot have void object: %s", dr.Name)
	case ctype.Dyn:
		c.fail(dr, diag.D_DECL_DYNOBJ, "cannot have dynamic object: %s", dr.Name)
	case ctype.Forward:
		c.fail(dr, diag.D_DECL_INCOMPLETE, "incomplete struct/union/enum %s: %s", t, dr.Name)
	case ctype.Array:
		if b.Len == 0 {
			c.fail(dr, diag.D_DECL_ARRNULL, "array declaration requires array dimension or tuple signature: %s", dr.Name)
		}
	case ctype.Struct, ctype.Union:
		if b.Bytes == 0 {
			c.fail(dr, diag.D_DECL_INCOMPLETE, "%s has no size: %s", t, dr.Name)
		}
	}
	_ = assoc
}

// redeclared returns the variable of the same name and type that exists, nil if
// the name is free.
func (c *Checker) redeclared(dr *syntax.Declarator, class syntax.Class, kind ir.VarKind, t *ctype.Type, keys []*ctype.Type) *Var {
	var o Object
	if class == syntax.Plain {
		o = c.globals[dr.Name]
		if o == nil && c.funcs[dr.Name] != nil {
			o = c.funcs[dr.Name]
		}
	} else if v := c.varSpace(class)[dr.Name]; v != nil {
		o = v
	}
	if o == nil {
		return nil
	}
	v, ok := o.(*Var)
	if !ok {
		c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: %s is already a %s", dr.Name, o.kindName())
	}
	if v.Kind != kind || !ctype.Equal(v.Type, t) || len(v.Keys) != len(keys) {
		c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: %s\n\t current: %s of %s\n\tprevious: %s of %s", v.varName(), (&Var{Kind: kind}).kindName(), t, v.kindName(), v.Type)
	}
	for i := range keys {
		if !ctype.Equal(keys[i], v.Keys[i]) {
			c.fail(dr, diag.D_DECL_IDRED, "identifier redeclared: %s\n\t current: key #%d of type %s\n\tprevious: key #%d of type %s", v.varName(), i+1, keys[i], i+1, v.Keys[i])
		}
	}
	return v
}

// inline enters an inline definition and, in programs, checks its body.
func (c *Checker) inline(n *syntax.Inline) {
	if strings.IndexByte(n.Name, '`') >= 0 {
		c.fail(n, diag.D_DECL_SCOPE, "D scoping operator may not be used in a declared name: %s", n.Name)
	}
	t := c.typeExpr(n.Type)
	switch {
	case t.Is(ctype.Void):
		c.fail(n, diag.D_DECL_VOIDOBJ, "cannot have void object: inline %s", n.Name)
	case t.Is(ctype.Dyn):
		c.fail(n, diag.D_DECL_DYNOBJ, "cannot have dynamic object: inline %s", n.Name)
	case c.complete(t).Kind == ctype.Forward:
		c.fail(n, diag.D_DECL_INCOMPLETE, "incomplete struct/union/enum %s: inline %s", t, n.Name)
	}
	if t.Is(ctype.Array) {
		c.fail(n, diag.D_DECL_ARRNULL, "inline declaration cannot be of scalar array type: %s", n.Name)
	}
	d := &InlineDef{Name: n.Name, Type: t, X: n.X, Pos: n.Pos(), attr: attrStable, lib: c.ctx.lib}
	for i, p := range n.Params {
		pt := c.typeExpr(p.Type)
		if pt.Is(ctype.Void) || pt.Is(ctype.Dyn) {
			c.fail(p, diag.D_DECL_PROTO_TYPE, "inline prototype may not use a parameter of type %s: %s, parameter #%d", pt, p.Name, i+1)
		}
		if pt.Is(ctype.Array) {
			pt = ctype.PtrTo(pt.Base().Elem)
		}
		d.Params = append(d.Params, &Param{Name: p.Name, Type: pt})
	}
	o := c.globals[n.Name]
	if o == nil && c.funcs[n.Name] != nil {
		o = c.funcs[n.Name]
	}
	if old, ok := o.(*InlineDef); ok && old.lib {
		if d.lib && old.Pos.File == d.Pos.File && len(old.Params) == len(d.Params) {
			old.addNext(d)
			return
		}
		o = nil // a program or a later library overrides
	}
	// What the language has built in, a library may define for others.
	if _, ok := o.(*BuiltinVar); ok && d.lib {
		return
	}
	if o != nil {
		c.fail(n, diag.D_DECL_IDRED, "identifier redefined: %s\n\t current: inline definition\n\tprevious: %s", n.Name, o.kindName())
	}
	if !d.lib {
		if err := c.bind(func() { c.checkInline(d) }, &d.state); err != nil {
			panic(err)
		}
	}
	c.globals[n.Name] = d
	c.declaredHere[d] = true
}

// addNext appends a definition to try if those before do not bind.
func (d *InlineDef) addNext(n *InlineDef) {
	for d.next != nil {
		d = d.next
	}
	d.next = n
}

func (c *Checker) checkInline(d *InlineDef) {
	if len(d.Params) > 0 {
		c.params = [][]*Param{d.Params}
	}
	x := c.expr(d.X)
	if x.Xlate != nil {
		if !compatTypes(d.Type, x.Type) {
			panic(diag.Errorf(d.Pos, diag.D_OP_INCOMPAT, "inline %s definition uses incompatible types: %s = %s", d.Name, d.Type, c.typeName(x)))
		}
		return
	}
	if !c.argCompat(d.Type, x) {
		panic(diag.Errorf(d.Pos, diag.D_OP_INCOMPAT, "inline %s definition uses incompatible types: %s = %s", d.Name, d.Type, c.typeName(x)))
	}
	c.noAction(d.X)
	c.convert(x, d.Type)
}
