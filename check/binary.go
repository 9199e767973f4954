package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

func (c *Checker) binary(e *syntax.Binary) *Expr {
	x := c.expr(e.X)
	if e.Op >= syntax.OpLt && e.Op <= syntax.OpNe {
		return c.compare(e, x)
	}
	y := c.expr(e.Y)
	c.divZero(e, e.Op, y)
	switch e.Op {
	case syntax.OpAdd, syntax.OpSub:
		return c.set(e, c.additive(e, e.Op, x, y))
	case syntax.OpLogAnd, syntax.OpLogOr, syntax.OpLogXor:
		return c.logical(e, x, y)
	}
	c.operands(e, e.Op, x, y)
	r := &Expr{Type: c.promote(x.Type, y.Type)}
	if e.Op == syntax.OpShl || e.Op == syntax.OpShr {
		r.Type = x.Type
		if x.Type.Is(ctype.Enum) {
			r.Type = c.t.Int
		}
	} else {
		c.convert(x, r.Type)
		c.convert(y, r.Type)
	}
	c.foldInto(r, e.Op, x, y)
	return c.set(e, r)
}

// divZero refuses a division by the constant zero.
func (c *Checker) divZero(n syntax.Node, op syntax.Op, y *Expr) {
	if (op == syntax.OpDiv || op == syntax.OpMod) && intConst(y) && c.fit(y.Int, y.Type) == 0 {
		c.fail(n, diag.D_DIV_ZERO, "expression contains division by zero")
	}
}

// operands refuses operands of * / % << >> & ^ | that are no integers.
func (c *Checker) operands(n syntax.Node, op syntax.Op, x, y *Expr) {
	if isInt(x) && isInt(y) {
		return
	}
	if op == syntax.OpMul || op == syntax.OpDiv {
		c.fail(n, diag.D_OP_ARITH, "operator %s requires operands of arithmetic type, found %s and %s", opText(n, op), c.typeName(x), c.typeName(y))
	}
	c.fail(n, diag.D_OP_INT, "operator %s requires operands of integral type, found %s and %s", opText(n, op), c.typeName(x), c.typeName(y))
}

// foldInto computes the value of a binary operator on constants, in 64 bits and
// with the sign of r's type.
func (c *Checker) foldInto(r *Expr, op syntax.Op, x, y *Expr) {
	if !intConst(x) || !intConst(y) {
		return
	}
	l, h := x.Int, y.Int
	signed := r.Type.IsSigned()
	r.Const = true
	switch op {
	case syntax.OpAdd:
		r.Int = l + h
	case syntax.OpSub:
		r.Int = l - h
	case syntax.OpMul:
		r.Int = l * h
	case syntax.OpDiv, syntax.OpMod:
		r.Int = divide(op, l, h, signed)
	case syntax.OpShl:
		r.Int = l << (uint64(h) & 63)
	case syntax.OpShr:
		// DTrace shifts constants as unsigned numbers of 64 bits: -1L >> 1 is
		// positive, -1 >> 1 is -1 again when it is cut to an int.
		if !signed {
			l = c.fit(l, r.Type)
		}
		r.Int = c.fit(int64(uint64(l)>>(uint64(h)&63)), r.Type)
	case syntax.OpAnd:
		r.Int = l & h
	case syntax.OpXor:
		r.Int = l ^ h
	case syntax.OpOr:
		r.Int = l | h
	}
	if !signed {
		r.Int = c.fit(r.Int, r.Type)
	}
}

func divide(op syntax.Op, l, h int64, signed bool) int64 {
	switch {
	case h == 0:
		return 0
	case signed && h == -1:
		// Go's quotient of the least integer wraps, as the back ends' does.
		if op == syntax.OpMod {
			return 0
		}
		return -l
	case signed && op == syntax.OpDiv:
		return l / h
	case signed:
		return l % h
	case op == syntax.OpDiv:
		return int64(uint64(l) / uint64(h))
	}
	return int64(uint64(l) % uint64(h))
}

// additive types + and -, also for += and -=.
func (c *Checker) additive(n syntax.Node, op syntax.Op, x, y *Expr) *Expr {
	xp := isString(x) || isPtr(x) && !c.isVFPtr(x)
	yp := isString(y) || isPtr(y) && !c.isVFPtr(y)
	_, compat := c.ptrCompat(x, y)
	switch {
	case isInt(x) && isInt(y):
		r := &Expr{Type: c.promote(x.Type, y.Type)}
		c.convert(x, r.Type)
		c.convert(y, r.Type)
		c.foldInto(r, op, x, y)
		return r
	case xp && isInt(y):
		return c.pointerSum(x, y)
	case isInt(x) && yp && op == syntax.OpAdd:
		return c.pointerSum(y, x)
	case xp && yp && op == syntax.OpSub && compat && !isString(x) && !isString(y):
		c.decay(x)
		c.decay(y)
		return &Expr{Type: c.t.Lookup("ptrdiff_t"), PtrScale: max(c.sizeof(c.complete(c.pointee(x.Type))), 1)}
	}
	c.fail(n, diag.D_OP_INCOMPAT, "operands have incompatible types: %s %s %s", c.typeName(x), opText(n, op), c.typeName(y))
	return nil
}

// pointerSum describes pointer p plus integer i.
func (c *Checker) pointerSum(p, i *Expr) *Expr {
	e := c.pointee(p.Type)
	r := &Expr{Writable: p.Writable, Alloca: p.Alloca, PtrScale: max(c.sizeof(c.complete(e)), 1)}
	switch {
	case isString(p):
		r.Type = c.t.CharPtr
		c.convert(p, r.Type)
		r.Alloca = true
	case p.Type.Is(ctype.Array):
		r.Type = c.decay(p)
	default:
		r.Type = p.Type
	}
	c.convert(i, c.t.Int64)
	if i.Type.IsInt() && !i.Type.IsSigned() && c.sizeof(i.Type) == 8 {
		i.Conv, i.To = ConvNone, nil
	}
	return r
}

func (c *Checker) logical(e *syntax.Binary, x, y *Expr) *Expr {
	if !isScalar(x) || !isScalar(y) {
		c.fail(e, diag.D_OP_SCALAR, "operator %s requires operands of scalar type, found %s and %s", e.Op, c.typeName(x), c.typeName(y))
	}
	r := &Expr{Type: c.t.Int}
	if intConst(x) && intConst(y) {
		r.Const = true
		l, h := x.Int != 0, y.Int != 0
		switch e.Op {
		case syntax.OpLogAnd:
			r.Int = b2i(l && h)
		case syntax.OpLogOr:
			r.Int = b2i(l || h)
		default:
			r.Int = b2i(l != h)
		}
	}
	return c.set(e, r)
}

// compare types a relational or equality operator. An identifier to the right
// of an enum may be one of its constants.
func (c *Checker) compare(e *syntax.Binary, x *Expr) *Expr {
	y := c.enumTag(e, x)
	if y == nil {
		y = c.expr(e.Y)
	}
	r := &Expr{Type: c.t.Int}
	pt, ptrs := c.ptrCompat(x, y)
	switch {
	case isInt(x) && isInt(y):
		t := c.promote(x.Type, y.Type)
		c.convert(x, t)
		c.convert(y, t)
		if intConst(x) && intConst(y) {
			r.Const, r.Int = true, b2i(holds(e.Op, x.Int, y.Int, t.IsSigned()))
		}
	case isStrCompat(x) && isStrCompat(y) && (isString(x) || isString(y)):
		r.Strings = true
		c.convert(x, c.t.String)
		c.convert(y, c.t.String)
	case ptrs:
		if pt.Is(ctype.Array) || pt.Is(ctype.String) {
			pt = ctype.PtrTo(c.pointee(pt))
		}
		c.convert(x, pt)
		c.convert(y, pt)
	case isScalar(x) && isScalar(y) && compatTypes(x.Type, y.Type):
	default:
		if (compatTypes(x.Type, y.Type) || isDyn(x) && isDyn(y)) && (c.actionOf(e.X) != nil || c.actionOf(e.Y) != nil) {
			c.noAction(e.X)
			c.noAction(e.Y)
			break
		}
		c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s %s %s", c.typeName(x), e.Op, c.typeName(y))
	}
	return c.set(e, r)
}

func (c *Checker) enumTag(e *syntax.Binary, x *Expr) *Expr {
	id, ok := e.Y.(*syntax.Ident)
	if !ok || id.Scoped || id.Class != syntax.Plain || !x.Type.Is(ctype.Enum) {
		return nil
	}
	for _, en := range x.Type.Enumerators() {
		if en.Name != id.Name {
			continue
		}
		switch o := c.lookup(id.Name).(type) {
		case nil:
		case *EnumConst:
			if o.Value == en.Value {
				break
			}
			c.fail(e, diag.D_IDENT_AMBIG, "ambiguous use of operator %s: %s is a constant of %s and of %s", e.Op, id.Name, x.Type, o.Type)
		default:
			c.fail(e, diag.D_IDENT_AMBIG, "ambiguous use of operator %s: %s is both a constant of %s and a global %s", e.Op, id.Name, x.Type, o.kindName())
		}
		return c.set(id, &Expr{Type: x.Type, Const: true, Int: en.Value, Obj: &EnumConst{Name: en.Name, Type: x.Type, Value: en.Value}})
	}
	return nil
}

func holds(op syntax.Op, l, h int64, signed bool) bool {
	lt := l < h
	if !signed {
		lt = uint64(l) < uint64(h)
	}
	switch op {
	case syntax.OpLt:
		return lt
	case syntax.OpLe:
		return lt || l == h
	case syntax.OpGt:
		return !lt && l != h
	case syntax.OpGe:
		return !lt
	case syntax.OpEq:
		return l == h
	}
	return l != h
}

// target types the left-hand side of an assignment, creating a variable that
// does not exist.
func (c *Checker) target(e syntax.Expr) *Expr {
	switch e := e.(type) {
	case *syntax.Ident:
		v, _ := c.findVar(e, true)
		if v == nil {
			break
		}
		if v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc {
			c.fail(e, diag.D_IDENT_BADREF, "associative array '%s' may not be referenced as a scalar: it needs keys in brackets", v.varName())
		}
		return c.set(e, c.varExpr(v))
	case *syntax.Index:
		return c.index(e, true)
	}
	return c.expr(e)
}

func (c *Checker) assign(e *syntax.Assign) *Expr {
	if a, ok := e.X.(*syntax.Agg); ok {
		return c.aggAssign(e, a)
	}
	if e.Op != syntax.OpAssign {
		return c.assignOp(e)
	}
	x := c.target(e.X)
	y := c.expr(e.Y)
	v, _ := x.Obj.(*Var)
	if v != nil && x.Type.Is(ctype.Dyn) && !x.Type.IsStackVal() {
		c.firstAssign(e, v, x, y)
		if c.actionOf(e.Y) != nil && !isStack(y.Type) {
			c.mustModify(e, e.Op, x)
			return c.set(e, &Expr{Type: x.Type}) // refused later
		}
	}
	stack := x.Type.IsStackVal() && isStack(y.Type)
	switch k := c.complete(x.Type).Kind; {
	case stack:
		c.stackValue(e.Y, y)
	case x.Xlate == nil && (k == ctype.Array || k == ctype.Func || k == ctype.String && x.Type.Kind == ctype.Typedef):
		c.fail(e, diag.D_OP_ARRFUN, "operator = may not be applied to an operand of type %s: arrays and functions cannot be assigned", c.typeName(x))
	case v != nil && dynamicVar(v) && intConst(y) && y.Int == 0 && (x.Type.IsCompound() || x.Type.IsStackVal()):
		// The literal 0 deletes the variable, whatever its type.
		c.mustModify(e, e.Op, x)
		return c.set(e, &Expr{Type: x.Type})
	case y.Xlate != nil && y.Type.IsCompound() && compatTypes(x.Type, y.Type):
		c.materialize(e.Y, y)
	case !c.argCompat(x.Type, y), c.actionOf(e.Y) != nil:
		c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s = %s", c.typeName(x), c.typeName(y))
	}
	if !stack {
		c.noAction(e.Y)
	}
	c.mustModify(e, e.Op, x)
	if v != nil {
		c.noteAlloca(e, v, x, y)
	}
	c.convert(y, x.Type)
	return c.set(e, &Expr{Type: x.Type, Alloca: y.Alloca})
}

// dynamicVar reports whether v lives in dynamic variable space, where assigning
// 0 frees it.
func dynamicVar(v *Var) bool {
	return v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc || v.Kind == ir.VarTLS
}

// firstAssign gives a variable its type.
func (c *Checker) firstAssign(e *syntax.Assign, v *Var, x, y *Expr) {
	t := y.Type
	switch {
	case y.Xlate != nil && t.IsCompound():
	case isStack(t):
		t = c.t.StackVal
	case isDyn(y):
		if _, ok := y.Obj.(*Agg); ok {
			c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s = aggregation", v.varName())
		}
		if c.actionOf(e.Y) == nil {
			c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s = %s", v.varName(), c.typeName(y))
		}
		c.noAction(e.Y)
		t = c.t.Int // for what follows
	case t.Is(ctype.Void):
		c.fail(e, diag.D_OP_INCOMPAT, "a void expression cannot be assigned to %s", v.varName())
	case t.Is(ctype.Array), t.Is(ctype.Func), t.Is(ctype.String) && t.Kind == ctype.Typedef:
		c.fail(e, diag.D_OP_ARRFUN, "operator = may not be applied to an operand of type %s: arrays and functions cannot be assigned (stringof makes a string of a char array)", t)
	}
	if t.Const || t.Volatile {
		u := *t
		u.Const, u.Volatile = false, false
		t = &u
	}
	if _, null := y.Obj.(*nullConst); null {
		t = c.t.VoidPtr
	}
	v.Type, x.Type = t, t
}

// noteAlloca keeps apart variables that point into scratch memory from those
// that point elsewhere.
func (c *Checker) noteAlloca(n syntax.Node, v *Var, x, y *Expr) {
	if !x.Type.Is(ctype.Pointer) || y.Const && y.Int == 0 || isString(y) {
		return
	}
	if y.Alloca && v.nonAlloca || !y.Alloca && v.Alloca {
		c.failLater(n, diag.D_ALLOCA_INCOMPAT, "variable %s holds a pointer into scratch memory and another pointer: use two variables", v.varName())
	}
	v.Alloca, v.nonAlloca = y.Alloca, !y.Alloca
}

// assignOp types op= assignments.
func (c *Checker) assignOp(e *syntax.Assign) *Expr {
	additive := e.Op == syntax.OpAdd || e.Op == syntax.OpSub
	// Unlike that of = and ++, the operand must exist.
	if id, ok := e.X.(*syntax.Ident); ok && !id.Scoped {
		if v, o := c.findVar(id, false); v == nil && o == nil || v != nil && !v.settled() {
			c.fail(id, diag.D_VAR_UNDEF, "%s has not yet been declared or assigned", varPrefix(id.Class)+id.Name)
		}
	}
	var x *Expr
	if additive {
		x = c.target(e.X)
	} else {
		x = c.expr(e.X)
	}
	y := c.expr(e.Y)
	c.divZero(e, e.Op, y)
	if additive {
		c.countable(x)
		return c.addAssign(e, x, y)
	}
	c.operands(e, e.Op, x, y)
	c.mustModify(e, e.Op, x)
	c.convert(y, c.promote(x.Type, y.Type))
	return c.set(e, &Expr{Type: x.Type})
}

func (c *Checker) addAssign(e *syntax.Assign, x, y *Expr) *Expr {
	if (isString(x) || isString(y) || isDyn(x) || isDyn(y)) && c.actionOf(e.Y) == nil {
		c.fail(e, diag.D_OP_INCOMPAT, "operands have incompatible types: %s %s %s", c.typeName(x), opText(e, e.Op), c.typeName(y))
	}
	r := &Expr{Type: x.Type, Alloca: x.Alloca}
	switch {
	case isInt(x) && isInt(y):
		c.convert(y, c.promote(x.Type, y.Type))
	case !x.Type.Is(ctype.Pointer) || c.isVFPtr(x):
		c.fail(e, diag.D_OP_VFPTR, "operator %s requires a left-hand operand of scalar type and known size, found %s", opText(e, e.Op), c.typeName(x))
	case !isInt(y):
		c.fail(e, diag.D_OP_PTR, "operator %s requires an integer on the right-hand side when applied to a pointer, found %s", opText(e, e.Op), c.typeName(y))
	default:
		r.PtrScale = max(c.sizeof(c.complete(c.pointee(x.Type))), 1)
		c.convert(y, c.t.Int64)
	}
	c.mustModify(e, e.Op, x)
	return c.set(e, r)
}
