package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// set records what is known of e. Arrays in scratch memory decay to pointers into
// it.
func (c *Checker) set(e syntax.Expr, x *Expr) *Expr {
	c.exprs[e] = x
	if x.Type != nil && x.Type.Is(ctype.Array) && x.Obj == nil && !x.Alloca {
		x.Alloca = c.scratchMemory(e)
	}
	return x
}

// expr types e as a value that is read.
func (c *Checker) expr(e syntax.Expr) *Expr {
	switch e := e.(type) {
	case *syntax.IntLit:
		return c.set(e, &Expr{Type: c.intType(e.Kind), Const: true, Int: int64(e.Value)})
	case *syntax.StringLit:
		return c.set(e, &Expr{Type: c.t.String})
	case *syntax.Ident:
		return c.ident(e)
	case *syntax.Agg:
		return c.aggRef(e)
	case *syntax.Call:
		return c.call(e)
	case *syntax.Index:
		return c.index(e, false)
	case *syntax.Member:
		return c.member(e)
	case *syntax.Unary:
		return c.unary(e)
	case *syntax.IncDec:
		return c.incDec(e)
	case *syntax.Binary:
		return c.binary(e)
	case *syntax.Assign:
		return c.assign(e)
	case *syntax.Cond:
		return c.cond(e)
	case *syntax.Comma:
		return c.comma(e)
	case *syntax.Cast:
		return c.cast(e)
	case *syntax.SizeofExpr:
		return c.sizeofExpr(e)
	case *syntax.SizeofType:
		t := c.typeExpr(e.Type)
		if _, assoc := e.Type.(*syntax.AssocType); assoc {
			return c.sizeofResult(e, 0, "associative array of "+t.String())
		}
		return c.sizeofResult(e, c.sizeof(c.complete(t)), t.String())
	case *syntax.Offsetof:
		return c.offsetof(e)
	case *syntax.Stringof:
		return c.stringof(e)
	case *syntax.Xlate:
		return c.xlate(e)
	}
	panic("BUG: unknown kind of expression")
}

func (c *Checker) intType(k syntax.IntKind) *ctype.Type {
	switch k {
	case syntax.UInt:
		return c.t.UInt
	case syntax.Long:
		return c.t.Long
	case syntax.ULong:
		return c.t.ULong
	case syntax.LongLong:
		return c.t.LongLong
	case syntax.ULongLong:
		return c.t.ULongLong
	}
	return c.t.Int
}

// typeName is how messages call the type of x.
func (c *Checker) typeName(x *Expr) string {
	if x.Xlate != nil {
		return "translated " + x.Type.String()
	}
	if _, ok := x.Obj.(*Agg); ok {
		return "aggregation"
	}
	if x.Type.Is(ctype.Dyn) {
		switch x.Type.Base().Dyn {
		case ctype.DynStack, ctype.DynUStack, ctype.DynStackVal:
			return "stack"
		case ctype.DynSym, ctype.DynMod:
			return "_symaddr"
		case ctype.DynUSym, ctype.DynUMod, ctype.DynUAddr:
			return "_usymaddr"
		}
	}
	return x.Type.String()
}

// intConst reports whether x is an integer constant.
func intConst(x *Expr) bool { return x.Const && x.Type.IsInt() }

// strip follows ?: with constant conditions to the arm that is taken.
func (c *Checker) strip(e syntax.Expr) syntax.Expr {
	for {
		x := c.exprs[e]
		if x == nil || x.Arm == nil {
			return e
		}
		e = x.Arm
	}
}

// Strip returns the expression that e stands for: the arm taken where e is a
// ?: with constant condition, else e. What Expr says of the conversions of e
// still holds.
func (in *Info) Strip(e syntax.Expr) syntax.Expr { return in.c.strip(e) }

// actionOf returns the action or aggregating function that e calls, if e is
// such a call.
func (c *Checker) actionOf(e syntax.Expr) *Func {
	call, ok := c.strip(e).(*syntax.Call)
	if !ok {
		return nil
	}
	if x := c.exprs[call]; x != nil && x.Call != nil && x.Call.Fn.Kind != FuncSubr {
		return x.Call.Fn
	}
	return nil
}

// noAction refuses actions where a value is wanted, once the clause is typed.
func (c *Checker) noAction(e syntax.Expr) {
	if c.actionOf(e) != nil {
		c.afterTypes(func() { c.refuseAction(e) })
	}
}

// refuseAction refuses an action where a value is wanted.
func (c *Checker) refuseAction(e syntax.Expr) {
	if f := c.actionOf(e); f != nil {
		c.fail(e, diag.D_CG_EXPR, "%s %s( ) may not be called from a D expression: it is a statement of its own", f.kindName(), f.Name)
	}
}

// noDyn refuses values that have no representation.
func (c *Checker) noDyn(e syntax.Expr, x *Expr) {
	c.refuseAction(e)
	if isDyn(x) {
		c.fail(e, diag.D_CG_DYN, "expression cannot evaluate to a result of dynamic type: %s", c.typeName(x))
	}
}

func (c *Checker) unary(e *syntax.Unary) *Expr {
	if e.Op == syntax.OpAddr {
		return c.addr(e)
	}
	x := c.expr(e.X)
	switch e.Op {
	case syntax.OpPos, syntax.OpNeg:
		if !isInt(x) {
			c.fail(e, diag.D_OP_ARITH, "operator %s requires an operand of arithmetic type, found %s", e.Op, c.typeName(x))
		}
	case syntax.OpBitNot:
		if !isInt(x) {
			c.fail(e, diag.D_OP_INT, "operator ~ requires an operand of integral type, found %s", c.typeName(x))
		}
	case syntax.OpNot:
		if !isScalar(x) {
			c.fail(e, diag.D_OP_SCALAR, "operator ! requires an operand of scalar type, found %s", c.typeName(x))
		}
		r := &Expr{Type: c.t.Int}
		if intConst(x) {
			r.Const, r.Int = true, b2i(x.Int == 0)
		}
		return c.set(e, r)
	case syntax.OpDeref:
		return c.deref(e, x)
	}
	r := &Expr{Type: x.Type}
	if intConst(x) {
		r.Const, r.Int = true, x.Int
		switch e.Op {
		case syntax.OpNeg:
			r.Int = -x.Int
		case syntax.OpBitNot:
			r.Int = ^x.Int
		}
		if !x.Type.IsSigned() {
			r.Int = c.fit(r.Int, x.Type)
		}
	}
	return c.set(e, r)
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (c *Checker) deref(e *syntax.Unary, x *Expr) *Expr {
	if x.Xlate != nil && x.Type.Is(ctype.Pointer) {
		return c.set(e, &Expr{Type: x.Xlate.Out, Xlate: x.Xlate})
	}
	if isDyn(x) {
		c.fail(e, diag.D_DEREF_NONPTR, "cannot dereference a value of type %s, want a pointer", c.typeName(x))
	}
	t := c.pointee(x.Type)
	if t == nil {
		c.fail(e, diag.D_DEREF_NONPTR, "cannot dereference a value of type %s, want a pointer", c.typeName(x))
	}
	r := c.pointed(e, x, t)
	if !isString(x) {
		c.decay(x)
	}
	return c.set(e, r)
}

// pointed describes what a pointer x points to, of type t.
func (c *Checker) pointed(n syntax.Node, x *Expr, t *ctype.Type) *Expr {
	switch c.complete(t).Kind {
	case ctype.Void:
		c.fail(n, diag.D_DEREF_VOID, "cannot dereference a pointer to void: cast it to the type it points to")
	case ctype.Func:
		c.fail(n, diag.D_DEREF_FUNC, "cannot dereference a pointer to function")
	case ctype.Forward:
		c.fail(n, diag.D_OP_INCOMPLETE, "cannot dereference a pointer to the incomplete type %s: no definition is available", t)
	}
	return &Expr{Type: c.defined(t), Writable: x.Writable, LValue: !t.Is(ctype.Array)}
}

// addr types &X.
func (c *Checker) addr(e *syntax.Unary) *Expr {
	_, c.addrOf = e.X.(*syntax.Ident)
	x := c.expr(e.X)
	c.addrOf = false
	switch x.Obj.(type) {
	case *Var, *BuiltinVar, *Agg, *Param:
		c.fail(e, diag.D_ADDROF_VAR, "cannot take the address of a D variable")
	}
	if isDyn(x) {
		c.fail(e, diag.D_ADDROF_VAR, "cannot take the address of a dynamic object")
	}
	decays := !isString(x) && (x.Type.Is(ctype.Array) || x.Type.Is(ctype.Func))
	if !x.LValue && !(decays && c.inMemory(e.X)) {
		c.fail(e, diag.D_ADDROF_LVAL, "unacceptable operand for unary & operator: it has no address")
	}
	if x.Bits > 0 {
		c.fail(e, diag.D_ADDROF_BITFIELD, "cannot take the address of a bit-field")
	}
	if v := c.rootVar(e.X); v != nil && (v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc) {
		c.fail(e, diag.D_ADDROF_VAR, "cannot take the address of a part of D variable %s", v.varName())
	}
	p := ctype.PtrTo(x.Type)
	if c.userMemory(e.X) {
		p.Space = ctype.User
	}
	in := c.scratchMemory(e.X)
	return c.set(e, &Expr{Type: p, Alloca: in, Writable: in})
}

// scratchMemory reports whether the object e is reached through a pointer into
// scratch memory.
func (c *Checker) scratchMemory(e syntax.Expr) bool {
	for {
		switch n := e.(type) {
		case *syntax.Member:
			if n.Arrow {
				x := c.exprs[n.X]
				return x != nil && x.Alloca
			}
			e = n.X
		case *syntax.Index:
			if x := c.exprs[n.X]; x == nil || !x.Type.Is(ctype.Array) {
				return x != nil && x.Type.Is(ctype.Pointer) && x.Alloca
			}
			e = n.X
		case *syntax.Unary:
			x := c.exprs[n.X]
			return n.Op == syntax.OpDeref && x != nil && x.Alloca
		default:
			return false
		}
	}
}

// inMemory reports whether e, an array or function, lies in memory of the
// traced system.
func (c *Checker) inMemory(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Ident:
		_, ok := c.exprs[e].Obj.(*SymbolRef)
		return ok
	case *syntax.Member:
		return c.exprs[e].XMember == nil && (e.Arrow || c.exprs[e.X].LValue || c.inMemory(e.X))
	case *syntax.Index:
		return c.exprs[e].Obj == nil
	case *syntax.Unary:
		return e.Op == syntax.OpDeref
	}
	return false
}

// rootVar returns the D variable that e is a part of, nil if e lies in memory
// reached through a pointer.
func (c *Checker) rootVar(e syntax.Expr) *Var {
	for {
		x := c.exprs[e]
		if x == nil {
			return nil
		}
		if v, ok := x.Obj.(*Var); ok {
			return v
		}
		switch n := e.(type) {
		case *syntax.Member:
			if n.Arrow {
				return nil
			}
			e = n.X
		case *syntax.Index:
			if y := c.exprs[n.X]; y == nil || !y.Type.Is(ctype.Array) {
				return nil
			}
			e = n.X
		default:
			return nil
		}
	}
}

// userMemory reports whether the lvalue e lies in the memory of a process.
func (c *Checker) userMemory(e syntax.Expr) bool {
	for {
		switch n := e.(type) {
		case *syntax.Member:
			if n.Arrow {
				return c.isUserPtr(n.X)
			}
			e = n.X
		case *syntax.Index:
			if x := c.exprs[n.X]; x != nil && x.Type.Is(ctype.Pointer) {
				return c.isUserPtr(n.X)
			}
			e = n.X
		case *syntax.Unary:
			return n.Op == syntax.OpDeref && c.isUserPtr(n.X)
		default:
			return false
		}
	}
}

func (c *Checker) isUserPtr(e syntax.Expr) bool {
	x := c.exprs[e]
	return x != nil && x.Type.Is(ctype.Pointer) && x.Type.Base().Space == ctype.User
}

func (c *Checker) incDec(e *syntax.IncDec) *Expr {
	x := c.target(e.X)
	c.countable(x)
	if !isScalar(x) {
		c.fail(e, diag.D_OP_SCALAR, "operator %s requires an operand of scalar type, found %s", e.Op, c.typeName(x))
	}
	if c.isVFPtr(x) {
		c.fail(e, diag.D_OP_VFPTR, "operator %s requires an operand of known size, found %s", e.Op, c.typeName(x))
	}
	c.mustModify(e, e.Op, x)
	r := &Expr{Type: x.Type, Alloca: x.Alloca}
	if x.Type.Is(ctype.Pointer) {
		r.PtrScale = max(c.sizeof(c.complete(c.pointee(x.Type))), 1)
	}
	return c.set(e, r)
}

// countable gives a variable without type, which is about to be counted up or
// down, the type int64_t.
func (c *Checker) countable(x *Expr) {
	if v, ok := x.Obj.(*Var); ok && x.Type.Is(ctype.Dyn) {
		v.Type, v.assigned = c.t.Int64, true
		x.Type = v.Type
	}
}

// mustModify refuses to assign what cannot be assigned.
func (c *Checker) mustModify(n syntax.Node, op syntax.Op, x *Expr) {
	if !x.LValue {
		c.fail(n, diag.D_OP_LVAL, "operator %s requires a modifiable lvalue as an operand", opText(n, op))
	}
	if !x.Writable {
		what := "memory of the traced system"
		switch o := x.Obj.(type) {
		case *BuiltinVar:
			what = "built-in variable " + o.Name
		case *SymbolRef:
			what = "symbol `" + o.Symbol.Name
		}
		c.fail(n, diag.D_OP_WRITE, "operator %s can only be applied to a writable variable, not to %s", opText(n, op), what)
	}
	if v, ok := x.Obj.(*Var); ok {
		v.assigned = true
	}
}

// opText is the operator of a node as the source spells it.
func opText(n syntax.Node, op syntax.Op) string {
	if a, ok := n.(*syntax.Assign); ok && a.Op != syntax.OpAssign {
		return op.String() + "="
	}
	return op.String()
}

func (c *Checker) cond(e *syntax.Cond) *Expr {
	cx := c.expr(e.C)
	if intConst(cx) {
		arm := e.X
		if cx.Int == 0 {
			arm = e.Y
		}
		x := *c.expr(arm)
		x.Arm, x.Conv, x.To = arm, ConvNone, nil
		return c.set(e, &x)
	}
	c.branchActions++
	x, y := c.expr(e.X), c.expr(e.Y)
	c.branchActions--
	if !isScalar(cx) {
		c.fail(e, diag.D_OP_SCALAR, "operator ?: requires a condition of scalar type, found %s", c.typeName(cx))
	}
	for _, arm := range []syntax.Expr{e.X, e.Y} {
		// Actions have type void or that of a stack; those without compatible
		// partner are reported as such below.
		if isDyn(c.exprs[arm]) && c.actionOf(arm) == nil {
			c.fail(e, diag.D_OP_DYN, "operator ?: operands cannot be of dynamic type, found %s", c.typeName(c.exprs[arm]))
		}
	}
	r := &Expr{Alloca: x.Alloca || y.Alloca}
	pt, ptrs := c.ptrCompat(x, y)
	switch {
	case isInt(x) && isInt(y):
		r.Type = c.promote(x.Type, y.Type)
		if compatTypes(x.Type, y.Type) {
			r.Type = x.Type
		}
		c.convert(x, r.Type)
		c.convert(y, r.Type)
	case compatTypes(x.Type, y.Type):
		r.Type = x.Type
		if x.Type.Is(ctype.Array) {
			r.Type = c.decay(x)
			c.decay(y)
		}
	case isStrCompat(x) && isStrCompat(y) && (isString(x) || isString(y)):
		r.Type = c.t.String
		c.convert(x, r.Type)
		c.convert(y, r.Type)
	case ptrs:
		r.Type = pt
		if pt.Is(ctype.Array) {
			r.Type = ctype.PtrTo(pt.Base().Elem)
		}
		c.convert(x, r.Type)
		c.convert(y, r.Type)
	default:
		c.fail(e, diag.D_OP_INCOMPAT, "operator ?: operands must have compatible types, found %s and %s", c.typeName(x), c.typeName(y))
	}
	if c.actionOf(e.X) != nil || c.actionOf(e.Y) != nil {
		c.fail(e, diag.D_OP_ACT, "action cannot be used in a conditional expression: write an if statement or a predicate")
	}
	c.sameAlloca(e, x, y)
	return c.set(e, r)
}

// sameAlloca refuses operands of which one points into scratch memory and the
// other elsewhere.
func (c *Checker) sameAlloca(n syntax.Node, x, y *Expr) {
	if x.Alloca != y.Alloca && (x.Type.Is(ctype.Pointer) || y.Type.Is(ctype.Pointer)) {
		c.failLater(n, diag.D_ALLOCA_INCOMPAT, "operands mix a pointer into scratch memory with another pointer")
	}
}

func (c *Checker) comma(e *syntax.Comma) *Expr {
	c.expr(e.X)
	y := c.expr(e.Y)
	for _, arm := range []syntax.Expr{e.X, e.Y} {
		if c.actionOf(arm) != nil {
			c.fail(e, diag.D_OP_ACT, "operator , operands cannot be actions: separate them by ;")
		}
		if isDyn(c.exprs[arm]) {
			c.fail(e, diag.D_OP_DYN, "operator , operands cannot be of dynamic type, found %s", c.typeName(c.exprs[arm]))
		}
	}
	return c.set(e, &Expr{Type: c.decayed(y), Alloca: y.Alloca})
}

// decayed is the type of a value used as operand: an array becomes a pointer.
func (c *Checker) decayed(x *Expr) *ctype.Type {
	if x.Type.Is(ctype.Array) {
		return c.decay(x)
	}
	return x.Type
}

func (c *Checker) cast(e *syntax.Cast) *Expr {
	t := c.typeExpr(e.Type)
	x := c.expr(e.X)
	to := &Expr{Type: t}
	ok := false
	_, assoc := e.Type.(*syntax.AssocType)
	_, xlate := e.X.(*syntax.Xlate)
	switch {
	case assoc, xlate && !t.Is(ctype.Void):
	case t.Is(ctype.Void):
		c.noAction(e.X)
		ok = true
	case isDyn(x) && !isXlatePtr(x):
	case isScalar(to) && (isScalar(x) || x.Type.Is(ctype.Func)):
		ok = true
	case t.Is(ctype.Pointer) && isPtr(x):
		ok = true
	case isString(to) && (isScalar(x) || isPtr(x) || isStrCompat(x)):
		ok = true
	case compatTypes(t, x.Type) && !t.Is(ctype.Array):
		ok = true
	}
	if !ok {
		c.fail(e, diag.D_CAST_INVAL, "invalid cast expression: %s to %s", c.typeName(x), t)
	}
	r := &Expr{Type: t, Alloca: x.Alloca}
	if t.Is(ctype.Pointer) {
		r.Writable = x.Writable
		// A pointer keeps its address space through a cast.
		if x.Type.Is(ctype.Pointer) && x.Type.Base().Space == ctype.User && t.Base().Space != ctype.User {
			p := *t.Base()
			p.Space = ctype.User
			r.Type = &p
		}
	}
	if x.Const && isScalar(to) {
		r.Const, r.Int = true, c.fit(x.Int, t)
	}
	c.convert(x, r.Type)
	return c.set(e, r)
}

func (c *Checker) sizeofExpr(e *syntax.SizeofExpr) *Expr {
	x := c.expr(e.X)
	if x.Bits > 0 {
		c.fail(e, diag.D_SIZEOF_BITFIELD, "cannot apply sizeof to a bit-field")
	}
	n := int64(0)
	if s, ok := c.strip(e.X).(*syntax.StringLit); ok {
		n = int64(len(s.Value)) + 1
	} else if !isDyn(x) || x.Xlate != nil {
		n = c.sizeof(c.complete(x.Type))
	}
	return c.sizeofResult(e, n, c.typeName(x))
}

func (c *Checker) sizeofResult(e syntax.Expr, n int64, what string) *Expr {
	if n == 0 {
		c.fail(e, diag.D_SIZEOF_TYPE, "cannot apply sizeof to an operand of unknown size: %s", what)
	}
	return c.set(e, &Expr{Type: c.t.Lookup("size_t"), Const: true, Int: n})
}

func (c *Checker) offsetof(e *syntax.Offsetof) *Expr {
	t := c.complete(c.typeExpr(e.Type))
	off := int64(0)
	for i, name := range e.Member {
		if !t.IsCompound() {
			what := e.Member[max(i-1, 0)]
			if i == 0 {
				c.fail(e, diag.D_OFFSETOF_TYPE, "offsetof requires a struct or union type, found %s", t)
			}
			c.fail(e, diag.D_OFFSETOF_TYPE, "offsetof requires a struct or union, but %s has type %s", what, t)
		}
		m, ok := t.Member(name)
		if !ok {
			c.fail(e, diag.D_UNKNOWN, "failed to determine the offset of %s: it is not a member of %s", name, t)
		}
		if m.Bits > 0 {
			c.fail(e, diag.D_OFFSETOF_BITFIELD, "cannot take the offset of a bit-field: %s", name)
		}
		off += m.Off
		t = c.complete(m.Type)
	}
	return c.set(e, &Expr{Type: c.t.Int, Const: true, Int: off})
}

func (c *Checker) stringof(e *syntax.Stringof) *Expr {
	x := c.expr(e.X)
	if isDyn(x) || !isScalar(x) && !isPtr(x) && !isStrCompat(x) {
		c.fail(e, diag.D_STRINGOF_TYPE, "cannot apply stringof to a value of type %s", c.typeName(x))
	}
	if _, ok := e.X.(*syntax.Cast); ok && x.Type.Is(ctype.Pointer) {
		x.Const = false // reads address 0, which faults, rather than making NULL
	}
	c.convert(x, c.t.String)
	return c.set(e, &Expr{Type: c.t.String})
}

// memberIdent refuses the name of an enumerator, which stands for a number, behind
// . and ->. A member of that name goes before.
func (c *Checker) memberIdent(e *syntax.Member, t *ctype.Type) {
	if _, enum := c.globals[e.Name].(*EnumConst); !enum {
		return
	}
	if e.Arrow && t.Kind == ctype.Pointer {
		t = c.complete(t.Elem)
	}
	if t.IsCompound() {
		if _, ok := t.Member(e.Name); ok {
			return
		}
	}
	c.fail(e, diag.D_OP_IDENT, "operator . or -> must be followed by the name of a member, found the enumerator %s", e.Name)
}

// member types X.name and X->name.
func (c *Checker) member(e *syntax.Member) *Expr {
	op := "."
	if e.Arrow {
		op = "->"
	}
	x := c.expr(e.X)
	t := c.complete(x.Type)
	c.memberIdent(e, t)
	if isDyn(x) && x.Xlate == nil {
		if e.Arrow {
			c.fail(e, diag.D_OP_PTR, "operator -> must be applied to a pointer, found %s", c.typeName(x))
		}
		c.fail(e, diag.D_OP_SOU, "operator . must be applied to a struct or union, found %s", c.typeName(x))
	}
	if e.Arrow {
		p := t
		if p.Kind != ctype.Pointer {
			c.fail(e, diag.D_OP_PTR, "operator -> must be applied to a pointer, found %s", c.typeName(x))
		}
		t = c.complete(p.Elem)
	}
	switch {
	case t.Kind == ctype.Forward:
		c.fail(e, diag.D_OP_INCOMPLETE, "operator %s cannot be applied to the forward declaration %s: no definition is available", op, t)
	case !t.IsCompound() && e.Arrow:
		c.fail(e, diag.D_OP_SOU, "operator -> cannot be applied to a pointer to type %s, want a pointer to a struct or union", t)
	case !t.IsCompound():
		c.fail(e, diag.D_OP_SOU, "operator . cannot be applied to type %s, want a struct or union", c.typeName(x))
	}
	if x.Xlate != nil {
		return c.xlateMember(e, x.Xlate)
	}
	m, ok := t.Member(e.Name)
	if !ok {
		c.fail(e, diag.D_TYPE_MEMBER, "%s is not a member of %s", e.Name, t)
	}
	r := &Expr{Type: c.defined(m.Type), Member: m, Bits: m.Bits, Shift: m.Shift, Writable: x.Writable}
	r.LValue = (e.Arrow || x.LValue) && !m.Type.Is(ctype.Array)
	if e.Arrow && x.Type.Base().Space == ctype.User && m.Type.Is(ctype.Pointer) && m.Type.Base().Space != ctype.User {
		p := *m.Type.Base()
		p.Space = ctype.User
		r.Type = &p
	}
	return c.set(e, r)
}
