package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// index types X[Args]. With write it is the target of an assignment: a variable
// that does not exist yet becomes an associative array.
func (c *Checker) index(e *syntax.Index, write bool) *Expr {
	if id, ok := e.X.(*syntax.Ident); ok && !id.Scoped {
		v, o := c.findVar(id, true)
		switch {
		case v != nil && v.Kind == ir.VarAssoc, v != nil && v.Kind == ir.VarThreadAssoc:
			return c.assoc(e, id, v, write)
		case v != nil && !v.settled():
			if v.Kind == ir.VarLocal {
				c.fail(e, diag.D_ARR_LOCAL, "local variables may not be used as associative arrays: %s", v.varName())
			}
			if v.Kind == ir.VarTLS {
				v.Kind = ir.VarThreadAssoc
			} else {
				v.Kind = ir.VarAssoc
			}
			return c.assoc(e, id, v, write)
		}
		switch o := o.(type) {
		case *BuiltinVar:
			switch o.Kind {
			case BuiltinArgs:
				return c.args(e, o)
			case BuiltinRegs:
				return c.uregs(e, o)
			}
		case *InlineDef:
			if len(o.Params) > 0 {
				return c.inlineCall(e, id, o)
			}
		case *Func:
			c.fail(e, diag.D_IDENT_BADREF, "%s '%s' may not be referenced as an associative array", o.kindName(), id.Name)
		}
	}
	if a, ok := e.X.(*syntax.Agg); ok {
		c.fail(e, diag.D_AGG_MDIM, "improper attempt to reference @%s as a multi-dimensional array: its keys stand in one pair of brackets", a.Name)
	}
	x := c.expr(e.X)
	if len(e.Args) > 1 {
		name := "expression"
		if id, ok := e.X.(*syntax.Ident); ok {
			name = id.Name
		}
		c.fail(e, diag.D_ARR_BADREF, "cannot access %s as an associative array: it has type %s", name, c.typeName(x))
	}
	i := c.expr(e.Args[0])
	if isDyn(x) || !isPtr(x) && !isString(x) {
		if isInt(x) && isInt(i) {
			c.fail(e, diag.D_DEREF_NONPTR, "cannot index a value of type %s, want a pointer, array or string", c.typeName(x))
		}
		c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s [ %s ]", c.typeName(x), c.typeName(i))
	}
	if !isInt(i) || c.isVFPtr(x) {
		c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s [ %s ]", c.typeName(x), c.typeName(i))
	}
	t := c.pointee(x.Type)
	r := c.pointed(e, x, t)
	r.Elem = c.sizeof(c.complete(t))
	if x.Type.Is(ctype.Array) {
		r.Bound = x.Type.Base().Len
		if intConst(i) && r.Bound > 0 && (uint64(i.Int) >= uint64(r.Bound)) {
			c.fail(e, diag.D_ARR_BOUNDS, "index outside array bounds: %d, want 0 to %d", i.Int, r.Bound-1)
		}
	}
	if isString(x) {
		r.LValue = false
	}
	if c.isUserPtr(e.X) && t.Is(ctype.Pointer) && t.Base().Space != ctype.User {
		p := *t.Base()
		p.Space = ctype.User
		r.Type = &p
	}
	return c.set(e, r)
}

// assoc types an element of an associative array.
func (c *Checker) assoc(e *syntax.Index, id *syntax.Ident, v *Var, write bool) *Expr {
	keys := make([]*Expr, len(e.Args))
	for i, k := range e.Args {
		keys[i] = c.expr(k)
	}
	if !write && !v.settled() {
		c.fail(e, diag.D_VAR_UNDEF, "%s has not yet been declared or assigned", v.varName())
	}
	if v.Keys == nil {
		for i, k := range keys {
			if k.Xlate != nil || k.Type.Is(ctype.Void) || k.Type.Is(ctype.Dyn) && !isStackKey(k.Type) {
				c.fail(e.Args[i], diag.D_KEY_TYPE, "%s expression may not be used as associative array index: key #%d", c.typeName(k), i+1)
			}
			v.Keys = append(v.Keys, c.keyType(k))
		}
	}
	c.matchKeys(e, v.varName()+"[ ]", v.Keys, keys, e.Args)
	if v.Frames == nil {
		v.Frames = make([]int64, len(v.Keys))
	}
	for i, k := range keys {
		c.stackKey(k, &v.Keys[i], &v.Frames[i])
	}
	c.set(id, &Expr{Type: v.Type, Obj: v})
	if !write {
		v.referenced = true
	}
	x := c.varExpr(v)
	return c.set(e, x)
}

// isStackKey reports whether t is the type of stack(), sym() and their like,
// which may be keys.
func isStackKey(t *ctype.Type) bool { return dynClass(t) != 0 }

// keyType is the type a key gets from the first expression used for it. Char
// arrays become strings, other arrays pointers.
func (c *Checker) keyType(k *Expr) *ctype.Type {
	switch {
	case k.Type.Is(ctype.Array) && strLike(k.Type):
		return c.t.String
	case k.Type.Is(ctype.Array):
		return ctype.PtrTo(k.Type.Base().Elem)
	case k.Type.Is(ctype.Func):
		return ctype.PtrTo(k.Type)
	}
	return k.Type
}

// matchKeys holds keys against the signature that declaration or first use set.
func (c *Checker) matchKeys(n syntax.Node, name string, want []*ctype.Type, have []*Expr, at []syntax.Expr) {
	if len(have) != len(want) {
		c.fail(n, diag.D_PROTO_LEN, "%s prototype mismatch: %d key%s passed, %d expected", name, len(have), plural(len(have)), len(want))
	}
	for i, k := range have {
		if !c.argCompat(want[i], k) {
			c.fail(at[i], diag.D_PROTO_ARG, "%s key #%d is incompatible with prototype:\n\tprototype: %s\n\t key type: %s", name, i+1, c.typeName(&Expr{Type: want[i]}), c.typeName(k))
		}
		c.convert(k, want[i])
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func (c *Checker) uregs(e *syntax.Index, b *BuiltinVar) *Expr {
	if len(e.Args) != 1 {
		c.fail(e, diag.D_PROTO_LEN, "uregs[ ] prototype mismatch: %d args passed, 1 expected", len(e.Args))
	}
	i := c.expr(e.Args[0])
	if !intConst(i) {
		c.fail(e.Args[0], diag.D_PROTO_ARG, "uregs[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t argument: expression of type %s", c.typeName(i))
	}
	if i.Int < 0 && i.Type.IsSigned() {
		c.fail(e.Args[0], diag.D_REGS_IDX, "index %d is out of range for array uregs, want the number of a register (R_PC, R_SP, ...)", i.Int)
	}
	if err := c.supportsBuiltin(b); err != nil {
		c.fail(e, diag.D_VAR_UNSUP, "built-in variable uregs is not available: %v", err)
	}
	c.useAttr(b.attr)
	c.convert(i, c.t.Int64)
	return c.set(e, &Expr{Type: c.t.Uint64, Obj: b, LValue: true})
}

// inlineCall types the use of a parametrised inline.
func (c *Checker) inlineCall(e *syntax.Index, id *syntax.Ident, d *InlineDef) *Expr {
	args := make([]*Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = c.expr(a)
	}
	if len(args) != len(d.Params) {
		c.fail(e, diag.D_PROTO_LEN, "%s[ ] prototype mismatch: %d arg%s passed, %d expected", d.Name, len(args), plural(len(args)), len(d.Params))
	}
	body := c.inlineBody(e, d) // first: it settles which definition's parameters count
	for i, a := range args {
		if !c.argCompat(d.Params[i].Type, a) {
			c.fail(e.Args[i], diag.D_PROTO_ARG, "%s[ ] argument #%d is incompatible with prototype:\n\tprototype: %s\n\t argument: %s", d.Name, i+1, d.Params[i].Type, c.typeName(a))
		}
		c.convert(a, d.Params[i].Type)
	}
	c.set(id, &Expr{Type: d.Type, Obj: d})
	return c.set(e, &Expr{Type: d.Type, Obj: d, Xlate: body.Xlate, LValue: true})
}
