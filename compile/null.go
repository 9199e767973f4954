package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// Reading the NULL string faults as following any null pointer does. NULL is
// what strchr() and others return when they find nothing, what 0 makes when it
// is assigned to a string, and what a dynamic variable holds that does not
// exist. In memory it is nullString; in dynamic variables, which start as zeros,
// two zero bytes are NULL as well, and emptyDyn stands for the empty string.

// Headings of a string of a dynamic variable: its first two bytes.
const (
	absentDyn = 0x0000 // never assigned, or assigned 0
	nullDyn   = 0xff00 // nullString
	emptyDyn  = 0x0100 // ""
)

// dynString returns the dynamic variable whose text the string e is.
func (g *gen) dynString(e syntax.Expr) (*check.Var, bool) {
	for {
		switch n := e.(type) {
		case *syntax.Comma:
			e = n.Y
			continue
		case *syntax.Assign:
			e = n.X
			continue
		case *syntax.Stringof:
			e = n.X
			continue
		case *syntax.Cast:
			e = n.X
			continue
		}
		v, ok := g.stringVar(e)
		return v, ok && (v.Kind == ir.VarTLS || v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc)
	}
}

// mayBeNull reports whether the string e can be NULL.
func (g *gen) mayBeNull(e syntax.Expr) bool {
	x := g.expr(e)
	if !x.Type.Is(ctype.String) {
		return x.Const // text at an address is never NULL: reading it faults
	}
	switch n := e.(type) {
	case *syntax.StringLit:
		return false
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.BuiltinVar:
			return false
		case *check.InlineDef:
			return g.mayBeNull(o.X)
		}
	case *syntax.Comma:
		return g.mayBeNull(n.Y)
	case *syntax.Stringof:
		return g.mayBeNull(n.X)
	case *syntax.Cast:
		return g.mayBeNull(n.X)
	case *syntax.Cond:
		if x.Arm != nil {
			return g.mayBeNull(x.Arm)
		}
		return g.mayBeNull(n.X) || g.mayBeNull(n.Y)
	case *syntax.Call:
		switch x.Call.Fn.ID {
		case check.FStrchr, check.FStrrchr, check.FStrstr, check.FStrtok, check.FJSON:
			return true
		}
		return false
	}
	return true
}

// strArg is strSrc for a string that is read: NULL faults.
func (g *gen) strArg(e syntax.Expr) ir.Mem {
	m := g.strSrc(e)
	g.refuseNull(e, m)
	return m
}

// refuseNull ends the clause with a fault if the string e, which is in m, is
// NULL.
func (g *gen) refuseNull(e syntax.Expr, m ir.Mem) {
	if !g.mayBeNull(e) {
		return
	}
	var ok label
	if v, dyn := g.dynString(e); dyn {
		var bad label
		h := g.heading(v, m)
		g.br(ir.EQ, h.r, constVal(absentDyn), &bad)
		g.br(ir.NE, h.r, constVal(nullDyn), &ok)
		g.bind(&bad)
	} else {
		in := op(ir.IsNull)
		in.M, in.Dst = g.mem(m), g.newReg()
		g.emit(in)
		g.br(ir.EQ, in.Dst, constVal(0), &ok)
	}
	g.trap(ir.FaultBadAddr, constVal(0))
	g.bind(&ok)
}

// strRead makes the string e in m; NULL faults.
func (g *gen) strRead(e syntax.Expr, m ir.Mem) {
	if _, dyn := g.dynString(e); dyn {
		defer g.release(g.marked())
		g.strCopy(m, g.strArg(e))
		return
	}
	g.strInto(e, m)
	g.refuseNull(e, m)
}

// heading loads the first two bytes of the dynamic variable v, of which m is a
// copy.
func (g *gen) heading(v *check.Var, m ir.Mem) val {
	if v.Kind == ir.VarTLS {
		m = g.prog.Vars[g.varIndex(v)].Mem
	}
	m.Size = 2
	return g.ld(m, 2, false)
}

// isDynString reports whether the string e is that of a dynamic variable.
func (g *gen) isDynString(e syntax.Expr) bool {
	_, dyn := g.dynString(e)
	return dyn
}

// absent returns a value that is not 0 if the string e, which is in m, is that
// of a dynamic variable that does not exist.
func (g *gen) absent(e syntax.Expr, m ir.Mem) val {
	v, dyn := g.dynString(e)
	if !dyn {
		return constVal(0)
	}
	return g.set(ir.EQ, g.heading(v, m), constVal(absentDyn))
}

// markEmpty tells the empty string in m from that of a dynamic variable that
// does not exist, unless absent says that it is a copy of one.
func (g *gen) markEmpty(m ir.Mem, absent val) {
	m.Size = 2
	var done label
	g.jumpVal(absent, true, &done)
	h := g.ld(m, 2, false)
	g.br(ir.NE, h.r, constVal(absentDyn), &done)
	g.st(m, constVal(emptyDyn))
	g.bind(&done)
}

// strArm makes the string e in m, as an arm of ?: or a value assigned. One of a
// dynamic variable that does not exist is NULL there.
func (g *gen) strArm(e syntax.Expr, m ir.Mem) {
	if !g.isDynString(e) {
		g.strInto(e, m)
		return
	}
	src := g.strSrc(e)
	absent := g.absent(e, src)
	g.strCopy(m, src)
	var done label
	g.jumpVal(absent, false, &done)
	in := op(ir.MkNull)
	in.M = g.mem(m)
	g.emit(in)
	g.bind(&done)
}

// isNullIn returns a value that is 1 if the string e, which is in m, is NULL.
func (g *gen) isNullIn(e syntax.Expr, m ir.Mem) val {
	if !g.mayBeNull(e) {
		return constVal(0)
	}
	if v, dyn := g.dynString(e); dyn {
		h := g.heading(v, m)
		return g.arith(ir.Or, g.set(ir.EQ, h, constVal(absentDyn)), g.set(ir.EQ, h, constVal(nullDyn)))
	}
	in := op(ir.IsNull)
	in.M, in.Dst = g.mem(m), g.newReg()
	g.emit(in)
	return val{r: in.Dst, w: 1}
}

// compareStrings returns a number that compares with 0 as the string x with y.
// NULL comes before the empty string.
func (g *gen) compareStrings(x, y syntax.Expr) val {
	defer g.release(g.marked())
	m := g.strSrc(x)
	n := g.strSrc(y)
	in := op(ir.StrCmp)
	in.M, in.N = g.mem(m), g.mem(n)
	in.Dst = g.newReg()
	g.emit(in)
	v := val{r: in.Dst, w: 8, s: true}
	// Only two empty texts can differ in being NULL.
	a, okA := g.fixedString(x)
	b, okB := g.fixedString(y)
	if okA && a != "" || okB && b != "" || !g.mayBeNull(x) && !g.mayBeNull(y) {
		return v
	}
	var done label
	dst := g.newReg()
	g.mov(dst, v)
	g.br(ir.NE, dst, constVal(0), &done)
	g.mov(dst, g.arith(ir.Sub, g.isNullIn(y, n), g.isNullIn(x, m)))
	g.bind(&done)
	return val{r: dst, w: 8, s: true}
}
