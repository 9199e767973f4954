package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// assign compiles an assignment. The value of one of numbers is returned if it
// is wanted.
func (g *gen) assign(n *syntax.Assign, x *check.Expr, want bool) val {
	tx := g.expr(n.X)
	switch {
	case tx.Type.Is(ctype.String):
		g.assignString(n, tx)
		if want {
			return g.stringAddr(n.X)
		}
		return val{}
	case n.Op == syntax.OpAssign && (tx.Type.IsCompound() || tx.Type.Is(ctype.Array) || tx.Type.IsStackVal()):
		g.assignMem(n, tx)
		return val{}
	}
	var p place
	var v val
	if n.Op == syntax.OpAssign {
		v = g.value(n.Y)
		p = g.place(n.X)
	} else {
		p = g.place(n.X)
		old := g.loadAt(n, p, tx.Type, tx.Bits, tx.Shift)
		v = g.arithTyped(n, n.Op, old, g.value(n.Y), tx.Type, g.resultType(n.Y), x.PtrScale)
	}
	if !want {
		// What a store does not keep need not be computed.
		if b := tx.Type.Base(); !b.Bool {
			g.store(n, p, tx.Type, tx.Bits, tx.Shift, v)
			return v
		}
	}
	v = g.convert(v, tx.Type)
	g.store(n, p, tx.Type, tx.Bits, tx.Shift, v)
	return v
}

// incDec compiles ++ and --.
func (g *gen) incDec(n *syntax.IncDec, want bool) val {
	x, tx := g.expr(n), g.expr(n.X)
	p := g.place(n.X)
	old := g.loadAt(n, p, tx.Type, tx.Bits, tx.Shift)
	o, by := ir.Add, max(x.PtrScale, 1)
	if n.Op == syntax.OpDec {
		o = ir.Sub
	}
	v := g.arith(o, old, constVal(by))
	if tx.Type.Base().Bool || want && !n.Postfix {
		v = g.convert(v, tx.Type)
	}
	g.store(n, p, tx.Type, tx.Bits, tx.Shift, v)
	if n.Postfix {
		return old
	}
	return v
}

// assignMem assigns a struct, union or array.
func (g *gen) assignMem(n *syntax.Assign, tx *check.Expr) {
	yx := g.expr(n.Y)
	// 0 in place of a struct deletes or clears it.
	if yx.Const && !yx.Type.IsCompound() {
		if i, ok := n.X.(*syntax.Index); ok {
			if v, ok := tx.Obj.(*check.Var); ok && (v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc) {
				g.dynDel(i, v)
				return
			}
		}
		m := g.alloc(g.size(tx.Type), 8)
		g.zero(m)
		g.storeMem(n, g.place(n.X), m)
		return
	}
	if i, ok := n.X.(*syntax.Index); ok {
		// The element is not read before it is written.
		if v, ok := tx.Obj.(*check.Var); ok && (v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc) {
			m := g.memSrc(n.Y)
			if j := g.varIndex(v); j >= 0 {
				if int64(m.Size) != int64(g.prog.Vars[j].ValSize) {
					t := g.alloc(int64(g.prog.Vars[j].ValSize), 8)
					g.zero(t)
					part := t
					part.Size = min(part.Size, m.Size)
					g.copy(part, m)
					m = t
				}
				key := g.buildTuple(n, g.tuples[v], i.Args)
				g.dynSetM(place{kind: placeDyn, v: j, key: key}, m)
			}
			return
		}
	}
	m := g.memSrc(n.Y)
	g.storeMem(n, g.place(n.X), m)
}

// dynDel deletes an element of an associative array.
func (g *gen) dynDel(n *syntax.Index, v *check.Var) {
	i := g.varIndex(v)
	if i < 0 {
		return
	}
	in := op(ir.DynDel)
	in.M = g.mem(g.buildTuple(n, g.tuples[v], n.Args))
	in.Imm = int64(i)
	g.emit(in)
}

// assignString assigns a string.
func (g *gen) assignString(n *syntax.Assign, tx *check.Expr) {
	yx := g.expr(n.Y)
	null := yx.Const && !yx.Type.Is(ctype.String)
	if i, ok := n.X.(*syntax.Index); ok {
		if v, ok := tx.Obj.(*check.Var); ok && (v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc) {
			g.assignDynString(i, v, n.Y, null)
			return
		}
	}
	p := g.place(n.X)
	if p.kind == placeNone {
		g.effect(n.Y)
		return
	}
	to := p.mem
	switch {
	case p.kind == placeMem && p.idx == ir.NoReg && to.Space == ir.TLS && null:
		to.Size = 2
		g.st(to, constVal(absentDyn))
	case p.kind == placeMem && p.idx == ir.NoReg && to.Space == ir.TLS:
		m := g.strSrc(n.Y)
		absent := g.absent(n.Y, m)
		g.strCopy(to, m)
		g.markEmpty(to, absent)
	case p.kind == placeMem && p.idx == ir.NoReg && null:
		in := op(ir.MkNull)
		in.M = g.mem(to)
		g.emit(in)
	case p.kind == placeMem && p.idx == ir.NoReg && p.back == nil && g.isDynString(n.Y):
		g.strArm(n.Y, to)
	case p.kind == placeMem && p.idx == ir.NoReg && p.back == nil:
		if g.canTrap(n.Y) {
			// A fault must not leave half of the new value.
			g.strCopy(to, g.strSrc(n.Y))
		} else {
			g.strInto(n.Y, to)
		}
	default:
		m := g.alloc(g.str, 8)
		g.zero(m)
		g.strInto(n.Y, m)
		g.storeMem(n, p, m)
	}
}

func (g *gen) assignDynString(i *syntax.Index, v *check.Var, y syntax.Expr, null bool) {
	if null {
		g.dynDel(i, v)
		return
	}
	j := g.varIndex(v)
	if j < 0 {
		return
	}
	m := g.alloc(int64(g.prog.Vars[j].ValSize), 8)
	h := m
	h.Size = 2
	g.st(h, constVal(absentDyn))
	absent := constVal(0)
	if g.isDynString(y) {
		src := g.strSrc(y)
		absent = g.absent(y, src)
		g.strCopy(m, src)
	} else {
		g.strInto(y, m)
	}
	g.markEmpty(m, absent)
	key := g.buildTuple(i, g.tuples[v], i.Args)
	g.dynSetM(place{kind: placeDyn, v: j, key: key}, m)
}
