package compile

import (
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// jump emits code that goes to l if the truth of e is want, and goes on
// otherwise.
func (g *gen) jump(e syntax.Expr, want bool, l *label) {
	x := g.expr(e)
	if x.Const {
		if (x.Int != 0) == want {
			g.jmp(l)
		}
		return
	}
	// A conversion that cuts may turn a value into zero; others keep its truth.
	if x.Conv == check.ConvInt && g.size(x.To) < g.size(x.Type) {
		g.jumpVal(g.value(e), want, l)
		return
	}
	g.jumpRaw(e, x, want, l)
}

// jumpRaw is jump for the value of e before its conversion.
func (g *gen) jumpRaw(e syntax.Expr, x *check.Expr, want bool, l *label) {
	switch n := e.(type) {
	case *syntax.Unary:
		if n.Op == syntax.OpNot {
			g.jump(n.X, !want, l)
			return
		}
	case *syntax.Comma:
		g.effect(n.X)
		g.jump(n.Y, want, l)
		return
	case *syntax.Binary:
		switch n.Op {
		case syntax.OpLogAnd, syntax.OpLogOr:
			if (n.Op == syntax.OpLogAnd) != want {
				// false && or true ||: either operand decides.
				g.jump(n.X, want, l)
				g.jump(n.Y, want, l)
				return
			}
			var over label
			g.jump(n.X, !want, &over)
			g.jump(n.Y, want, l)
			g.bind(&over)
			return
		case syntax.OpEq, syntax.OpNe, syntax.OpLt, syntax.OpLe, syntax.OpGt, syntax.OpGe:
			c, a, b := g.compare(n, x)
			if !want {
				c = c.Not()
			}
			if a.isConst && b.isConst {
				if c.Holds(a.k, b.k) {
					g.jmp(l)
				}
				return
			}
			if a.isConst {
				a, b, c = b, a, mirror(c)
			}
			g.br(c, a.r, b, l)
			return
		}
	}
	g.jumpVal(g.value(e), want, l)
}

// jumpVal goes to l if the truth of v is want.
func (g *gen) jumpVal(v val, want bool, l *label) {
	if v.isConst {
		if (v.k != 0) == want {
			g.jmp(l)
		}
		return
	}
	c := ir.EQ
	if want {
		c = ir.NE
	}
	g.br(c, v.r, constVal(0), l)
}

// compare evaluates the operands of a comparison, of numbers or of strings, and
// returns what to compare.
func (g *gen) compare(n *syntax.Binary, x *check.Expr) (c ir.Cond, a, b val) {
	if g.isString(n.X) && g.isNull(n.Y) {
		return condOf(n.Op, false), g.nonNull(n.X), constVal(0)
	}
	if g.isString(n.Y) && g.isNull(n.X) {
		return condOf(n.Op, false), g.nonNull(n.Y), constVal(0)
	}
	if x.Strings {
		if a, ok := g.fixedString(n.X); ok {
			if b, ok := g.fixedString(n.Y); ok {
				return condOf(n.Op, false), constVal(int64(strings.Compare(a, b))), constVal(0)
			}
		}
		return condOf(n.Op, false), g.compareStrings(n.X, n.Y), constVal(0)
	}
	c = condOf(n.Op, g.unsignedOp(g.resultType(n.X), g.resultType(n.Y)))
	a = g.value(n.X)
	b = g.value(n.Y)
	return c, a, b
}

// isString reports whether e is a string before the conversion its context asks
// for.
func (g *gen) isString(e syntax.Expr) bool {
	x := g.expr(e)
	return x.Type.Is(ctype.String) || x.Conv == check.ConvString
}

// fixedString returns the text of a string that is constant.
func (g *gen) fixedString(e syntax.Expr) (string, bool) {
	x := g.expr(e)
	switch n := e.(type) {
	case *syntax.StringLit:
		return g.literalText(n.Value), true
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.BuiltinVar:
			if o.Kind == check.BuiltinStr {
				return g.fixedName(o.Str)
			}
		case *check.InlineDef:
			return g.fixedString(o.X)
		}
	}
	return "", false
}

// isNull reports whether e is a null pointer constant.
func (g *gen) isNull(e syntax.Expr) bool {
	x := g.compiler.info.Expr(e)
	if x == nil || x.Type.Is(ctype.String) {
		return false
	}
	if x.Const {
		return x.Int == 0
	}
	switch n := e.(type) {
	case *syntax.Ident:
		if d, ok := x.Obj.(*check.InlineDef); ok {
			return g.isNull(d.X)
		}
	case *syntax.Cast:
		return x.Type.Is(ctype.Pointer) && g.isNull(n.X)
	}
	return false
}

// condOf returns the comparison of ir for a comparison of D.
func condOf(o syntax.Op, unsigned bool) ir.Cond {
	c := ir.EQ
	switch o {
	case syntax.OpNe:
		c = ir.NE
	case syntax.OpLt:
		c = ir.LT
	case syntax.OpLe:
		c = ir.LE
	case syntax.OpGt:
		c = ir.GT
	case syntax.OpGe:
		c = ir.GE
	}
	if unsigned && c >= ir.LT && c <= ir.GE {
		c += ir.LTU - ir.LT
	}
	return c
}

// nonNull returns a value that is not 0 if the string e is not NULL. Dynamic
// variables, which do not exist before they are assigned and after 0 was
// assigned, are NULL then.
func (g *gen) nonNull(e syntax.Expr) val {
	mark := g.marked()
	defer g.release(mark)
	if v, ok := g.stringVar(e); ok {
		var m ir.Mem
		switch v.Kind {
		case ir.VarAssoc, ir.VarThreadAssoc:
			m = g.strSrc(e)
			fallthrough
		case ir.VarTLS:
			h := g.heading(v, m)
			return g.arith(ir.And, g.set(ir.NE, h, constVal(absentDyn)), g.set(ir.NE, h, constVal(nullDyn)))
		}
	}
	in := op(ir.IsNull)
	in.M = g.mem(g.strSrc(e))
	in.Dst = g.newReg()
	g.emit(in)
	return g.set(ir.EQ, val{r: in.Dst, w: 1}, constVal(0))
}

// logical returns the value, 0 or 1, of the condition e: !, && or ||.
func (g *gen) logical(e syntax.Expr) val {
	dst := g.newReg()
	var no, end label
	g.jumpRaw(e, g.expr(e), false, &no)
	g.mov(dst, constVal(1))
	g.jmp(&end)
	g.bind(&no)
	g.mov(dst, constVal(0))
	g.bind(&end)
	return val{r: dst, w: 1}
}
