package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// memInto makes the struct, union or array e in m, which is not TLS.
func (g *gen) memInto(e syntax.Expr, m ir.Mem) {
	x := g.expr(e)
	if x.Xlate != nil && x.Type.IsCompound() {
		g.translate(e, x.Xlate, m)
		return
	}
	switch n := e.(type) {
	case *syntax.Comma:
		g.effect(n.X)
		g.memInto(n.Y, m)
		return
	case *syntax.Cond:
		if x.Arm != nil {
			g.memInto(x.Arm, m)
			return
		}
		var no, end label
		g.jump(n.C, false, &no)
		g.memInto(n.X, m)
		g.jmp(&end)
		g.bind(&no)
		g.memInto(n.Y, m)
		g.bind(&end)
		return
	case *syntax.Assign:
		g.assign(n, x, false)
		g.memInto(n.X, m)
		return
	case *syntax.Ident:
		if o, ok := x.Obj.(*check.InlineDef); ok {
			g.expand(n, func() { g.memInto(o.X, m) })
			return
		}
	case *syntax.Cast:
		g.memInto(n.X, m)
		return
	case *syntax.Call:
		if dynCall(x) {
			g.putStackVal(n, x, m)
			return
		}
	case *syntax.Member, *syntax.Index, *syntax.Unary:
	default:
		if x.Type.IsScalar() || x.Type.Is(ctype.String) {
			break
		}
		g.fail(e, diag.D_CG_EXPR, "an expression of type %s has no place in memory", x.Type)
	}
	if x.Type.Is(ctype.String) {
		g.zero(m)
		g.strInto(e, m)
		return
	}
	if x.Type.IsScalar() && x.Conv != check.ConvDecay {
		g.st(m, g.value(e))
		return
	}
	g.loadMem(e, g.place(e), m)
}

// loadMem copies the object at p into m.
func (g *gen) loadMem(n syntax.Node, p place, m ir.Mem) {
	switch p.kind {
	case placeNone:
		g.zero(m)
	case placeMem:
		if p.idx == ir.NoReg {
			if p.mem.Size < m.Size {
				g.zero(m)
				m.Size = p.mem.Size
			}
			src := p.mem
			src.Size = m.Size
			if src != m {
				g.copy(m, src)
			}
			return
		}
		g.pieces(m, func(off int64, m ir.Mem) {
			at := g.reg(g.arith(ir.Add, val{r: p.idx}, constVal(off)))
			in := op(ir.LdX)
			in.Size, in.M, in.A, in.Dst = uint8(m.Size), g.mem(p.mem), at, g.newReg()
			if p.mem.Off%m.Size != 0 {
				g.fail(n, diag.D_CG_EXPR, "an element of an array of odd layout is copied")
			}
			g.emit(in)
			g.st(m, val{r: in.Dst})
		})
	case placeAddr:
		in := op(ir.MemK)
		if p.user {
			in.Op = ir.MemU
		}
		in.M, in.A, in.Imm = g.mem(m), g.reg(p.base), p.disp
		g.emit(in)
	case placeDyn:
		g.dynGetM(p, m)
	}
}

// memSrc returns memory with the object e.
func (g *gen) memSrc(e syntax.Expr) ir.Mem {
	x := g.expr(e)
	switch e.(type) {
	case *syntax.Ident, *syntax.Member, *syntax.Index:
		if x.Xlate == nil && x.LValue {
			p := g.place(e)
			if p.kind == placeMem && p.idx == ir.NoReg && p.mem.Space != ir.TLS {
				return p.mem
			}
			m := g.alloc(g.size(x.Type), 8)
			g.loadMem(e, p, m)
			return m
		}
	}
	n := g.size(x.Type)
	if dynCall(x) {
		n = 8 + 8*max(g.info.StackFrames(), x.Call.N)
	}
	m := g.alloc(n, 8)
	g.memInto(e, m)
	return m
}

// storeMem stores m at p.
func (g *gen) storeMem(n syntax.Node, p place, m ir.Mem) {
	switch p.kind {
	case placeMem:
		if p.idx == ir.NoReg {
			to := p.mem
			to.Size = min(to.Size, m.Size)
			if overlaps(to, m) {
				if to.Off == m.Off {
					return
				}
				t := g.alloc(int64(m.Size), 8)
				g.copy(t, m)
				m = t
			}
			g.copy(to, m)
		} else {
			g.pieces(m, func(off int64, m ir.Mem) {
				in := op(ir.StX)
				in.A = g.reg(g.arith(ir.Add, val{r: p.idx}, constVal(off)))
				in.Size, in.M, in.B = uint8(m.Size), g.mem(p.mem), g.reg(g.ld(m, uint8(m.Size), false))
				if p.mem.Off%m.Size != 0 {
					g.fail(n, diag.D_CG_EXPR, "an element of an array of odd layout is assigned")
				}
				g.emit(in)
			})
		}
		if p.back != nil {
			p.back()
		}
	case placeAddr:
		if p.user {
			g.fail(n, diag.D_CG_EXPR, "user memory is assigned, want copyout()")
		}
		g.spill(g.arith(ir.Add, p.base, constVal(p.disp)), m)
	case placeDyn:
		g.dynSetM(p, m)
	}
}
