package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// resultType returns the type of e after the conversion that its context asks
// for.
func (g *gen) resultType(e syntax.Expr) *ctype.Type {
	x := g.expr(e)
	switch x.Conv {
	case check.ConvInt, check.ConvDecay, check.ConvStrPtr:
		return x.To
	case check.ConvString:
		return g.types.String
	}
	return x.Type
}

// value returns the value of the scalar expression e, converted as its context
// asks. A string has as value the address of a copy in scratch memory, an array
// or struct in memory its address.
func (g *gen) value(e syntax.Expr) val {
	x := g.expr(e)
	if x.Const {
		if x.Conv == check.ConvInt {
			return g.convert(constVal(x.Int), x.To)
		}
		return constVal(x.Int)
	}
	if x.Conv == check.ConvString {
		return g.stringAddr(e)
	}
	v := g.raw(e, x)
	if x.Conv == check.ConvInt {
		v = g.convert(v, x.To)
	}
	return v
}

// raw returns the value of e before conversion.
func (g *gen) raw(e syntax.Expr, x *check.Expr) val {
	if x.Type.Is(ctype.String) {
		return g.stringAddr(e)
	}
	switch n := e.(type) {
	case *syntax.IntLit:
		return constVal(int64(n.Value))
	case *syntax.Ident:
		return g.ident(n, x)
	case *syntax.Unary:
		return g.unaryExpr(n, x)
	case *syntax.Binary:
		return g.binary(n, x)
	case *syntax.Cond:
		return g.condExpr(n, x)
	case *syntax.Comma:
		g.effect(n.X)
		return g.value(n.Y)
	case *syntax.Cast:
		return g.cast(n, x)
	case *syntax.Assign:
		return g.assign(n, x, true)
	case *syntax.IncDec:
		return g.incDec(n, true)
	case *syntax.Call:
		return g.callValue(n, x)
	case *syntax.Index:
		return g.index(n, x)
	case *syntax.Member:
		if x.XMember != nil {
			return g.translated(n, x, func(e syntax.Expr) val { return g.value(e) })
		}
		return g.loadPlace(e, x)
	case *syntax.Xlate:
		if x.Type.Is(ctype.Pointer) {
			return g.input(e).v
		}
	case *syntax.Agg, *syntax.StringLit:
	}
	g.fail(e, diag.D_CG_EXPR, "an expression of type %s has no value here", x.Type)
	return val{}
}

// effect evaluates e for what it does.
func (g *gen) effect(e syntax.Expr) {
	if n, ok := e.(*syntax.Assign); ok {
		if a, ok := n.X.(*syntax.Agg); ok {
			g.aggregate(a, n.Y)
			return
		}
	}
	x := g.expr(e)
	if x.Const {
		return
	}
	switch n := e.(type) {
	case *syntax.Call:
		if n := g.action0(n, x); n {
			return
		}
	case *syntax.Assign:
		g.assign(n, x, false)
		return
	case *syntax.IncDec:
		g.incDec(n, false)
		return
	case *syntax.Comma:
		g.effect(n.X)
		g.effect(n.Y)
		return
	case *syntax.Cond:
		g.condEffect(n, x)
		return
	case *syntax.Cast:
		g.effect(n.X)
		return
	case *syntax.Agg, *syntax.Xlate, *syntax.StringLit:
		return
	}
	mark := g.marked()
	defer g.release(mark)
	switch t := g.resultType(e); {
	case t.Is(ctype.String):
		g.strSrc(e)
	case t.IsScalar():
		g.value(e)
	case t.IsCompound() || t.Is(ctype.Array) || t.IsStackVal():
		if g.expr(e).Xlate == nil && g.size(t) > 0 {
			g.memSrc(e)
		}
	case t.Is(ctype.Void):
		if _, ok := e.(*syntax.Ident); !ok {
			g.value(e)
		}
	}
}

func (g *gen) ident(n *syntax.Ident, x *check.Expr) val {
	switch o := x.Obj.(type) {
	case *check.BuiltinVar:
		if o.Kind == check.BuiltinInt {
			return g.builtin(o.Int, int64(o.N))
		}
	case *check.EnumConst:
		return constVal(o.Value)
	case *check.InlineDef:
		var v val
		g.expand(n, func() { v = g.convertTo(g.value(o.X), g.resultType(o.X), o.Type) })
		return v
	case *check.Param:
		b := g.param(n, o)
		if b.str != nil {
			return g.strPtr(*b.str)
		}
		if b.place != nil {
			return g.load(*b.place, o.Type, 0, 0)
		}
		return b.v
	}
	return g.loadPlace(n, x)
}

// convertTo converts v of type from to type to.
func (g *gen) convertTo(v val, from, to *ctype.Type) val {
	if to.IsScalar() && from.IsScalar() && !ctype.Equal(from, to) {
		return g.convert(v, to)
	}
	return v
}

func (g *gen) unaryExpr(n *syntax.Unary, x *check.Expr) val {
	switch n.Op {
	case syntax.OpPos:
		return g.value(n.X)
	case syntax.OpNeg:
		return g.unary(ir.Neg, g.value(n.X))
	case syntax.OpBitNot:
		return g.unary(ir.Not, g.value(n.X))
	case syntax.OpNot:
		if b, ok := n.X.(*syntax.Binary); ok && (b.Op == syntax.OpLogAnd || b.Op == syntax.OpLogOr) {
			return g.logical(n)
		}
		return g.set(ir.EQ, g.value(n.X), constVal(0))
	case syntax.OpAddr:
		return g.addressOf(n)
	}
	return g.loadPlace(n, x)
}

var arithOps = map[syntax.Op][2]ir.Op{ // signed, unsigned
	syntax.OpAdd: {ir.Add, ir.Add}, syntax.OpSub: {ir.Sub, ir.Sub}, syntax.OpMul: {ir.Mul, ir.Mul},
	syntax.OpDiv: {ir.DivS, ir.DivU}, syntax.OpMod: {ir.ModS, ir.ModU}, syntax.OpShl: {ir.Shl, ir.Shl},
	syntax.OpShr: {ir.Sar, ir.Shr}, syntax.OpAnd: {ir.And, ir.And}, syntax.OpXor: {ir.Xor, ir.Xor},
	syntax.OpOr: {ir.Or, ir.Or},
}

func (g *gen) binary(n *syntax.Binary, x *check.Expr) val {
	switch n.Op {
	case syntax.OpLogAnd, syntax.OpLogOr:
		return g.logical(n)
	case syntax.OpLogXor:
		a := g.truth(n.X)
		b := g.truth(n.Y)
		v := g.arith(ir.Xor, a, b)
		v.w, v.s = 1, false
		return v
	case syntax.OpEq, syntax.OpNe, syntax.OpLt, syntax.OpLe, syntax.OpGt, syntax.OpGe:
		c, a, b := g.compare(n, x)
		return g.set(c, a, b)
	}
	a := g.value(n.X)
	b := g.value(n.Y)
	return g.arithTyped(n, n.Op, a, b, g.resultType(n.X), g.resultType(n.Y), x.PtrScale)
}

// truth returns 0 or 1.
func (g *gen) truth(e syntax.Expr) val {
	return g.set(ir.NE, g.value(e), constVal(0))
}

// arithTyped returns a o b with C's rules for operands of types ta and tb.
func (g *gen) arithTyped(n syntax.Node, o syntax.Op, a, b val, ta, tb *ctype.Type, scale int64) val {
	ops, ok := arithOps[o]
	if !ok {
		g.fail(n, diag.D_CG_EXPR, "operator %s has no value here", o)
	}
	pa, pb := ta.Is(ctype.Pointer) || ta.Is(ctype.Array), tb.Is(ctype.Pointer) || tb.Is(ctype.Array)
	if scale > 0 && (pa || pb) && (o == syntax.OpAdd || o == syntax.OpSub) {
		switch {
		case pa && pb:
			return g.arith(ir.DivS, g.arith(ir.Sub, a, b), constVal(scale))
		case pb:
			a = g.arith(ir.Mul, a, constVal(scale))
		default:
			b = g.arith(ir.Mul, b, constVal(scale))
		}
	}
	unsigned := g.unsignedOp(ta, tb)
	if o == syntax.OpShr || o == syntax.OpShl {
		unsigned = g.unsignedOp(ta, ta)
	}
	if unsigned {
		return g.arith(ops[1], a, b)
	}
	return g.arith(ops[0], a, b)
}

func (g *gen) condExpr(n *syntax.Cond, x *check.Expr) val {
	if x.Arm != nil {
		return g.value(x.Arm)
	}
	if c := g.expr(n.C); c.Const {
		if c.Int != 0 {
			return g.value(n.X)
		}
		return g.value(n.Y)
	}
	dst := g.newReg()
	var no, end label
	g.jump(n.C, false, &no)
	a := g.value(n.X)
	g.mov(dst, a)
	g.jmp(&end)
	g.bind(&no)
	b := g.value(n.Y)
	g.mov(dst, b)
	g.bind(&end)
	v := val{r: dst, w: 64}
	for _, t := range []*ctype.Type{g.resultType(n.X)} {
		if n := g.size(t); t.IsInt() && n < 8 && n > 0 && a.fits(uint8(8*n), signed(t)) && b.fits(uint8(8*n), signed(t)) {
			v.w, v.s = uint8(8*n), signed(t)
		}
	}
	return v
}

func (g *gen) condEffect(n *syntax.Cond, x *check.Expr) {
	if x.Arm != nil {
		g.effect(x.Arm)
		return
	}
	var no, end label
	g.jump(n.C, false, &no)
	g.effect(n.X)
	g.jmp(&end)
	g.bind(&no)
	g.effect(n.Y)
	g.bind(&end)
}

func (g *gen) cast(n *syntax.Cast, x *check.Expr) val {
	from := g.resultType(n.X)
	v := g.value(n.X)
	if !x.Type.IsScalar() {
		return v
	}
	if from.IsScalar() || from.Is(ctype.String) || from.Is(ctype.Array) || from.Is(ctype.Func) {
		return g.convert(v, x.Type)
	}
	return v
}

// index returns the value of X[Args].
func (g *gen) index(n *syntax.Index, x *check.Expr) val {
	switch o := x.Obj.(type) {
	case *check.BuiltinVar:
		switch o.Kind {
		case check.BuiltinArgs:
			return g.argument(n, x)
		case check.BuiltinRegs:
			in := op(ir.BuiltinI)
			in.Sub, in.A = uint8(ir.BUReg), g.reg(g.value(n.Args[0]))
			in.Dst = g.newReg()
			g.emit(in)
			return val{r: in.Dst, w: 64}
		}
	case *check.InlineDef:
		var v val
		g.expandArgs(n, o, n.Args, func() { v = g.convertTo(g.value(o.X), g.resultType(o.X), o.Type) })
		return v
	}
	if g.expr(n.X).Type.Is(ctype.String) {
		mark := g.marked()
		in := op(ir.StrIdx)
		in.M = g.mem(g.strSrc(n.X))
		in.A = g.reg(g.value(n.Args[0]))
		in.Dst = g.newReg()
		g.emit(in)
		g.release(mark)
		return val{r: in.Dst, w: 8, s: true}
	}
	return g.loadPlace(n, x)
}

// argument returns the raw argument behind args[i], as its native type.
func (g *gen) argument(n *syntax.Index, x *check.Expr) val {
	if x.Arg == nil {
		g.fail(n, diag.D_CG_EXPR, "args[] without an argument")
	}
	if x.Arg.Map < 0 || x.Arg.Map >= ir.MaxArg {
		g.fail(n, diag.D_CG_EXPR, "args[] names raw argument %d, want 0 to %d", x.Arg.Map, ir.MaxArg-1)
	}
	v := g.builtin(ir.BArg, int64(x.Arg.Map))
	if t := x.Arg.Native; t != nil && t.IsScalar() {
		v = g.convert(v, t)
	}
	if x.Type.IsScalar() && x.Xlate == nil {
		v = g.convert(v, x.Type)
	}
	return v
}

// ld loads a number from memory.
func (g *gen) ld(m ir.Mem, size uint8, signed bool) val {
	in := op(ir.Ld)
	in.Dst, in.Size, in.Signed, in.M = g.newReg(), size, signed, g.mem(m)
	g.emit(in)
	return val{r: in.Dst, w: size * 8, s: signed}
}

// st stores a number in memory, which has its size.
func (g *gen) st(m ir.Mem, v val) {
	in := op(ir.St)
	in.A, in.Size, in.M = g.reg(v), uint8(m.Size), g.mem(m)
	g.emit(in)
}
