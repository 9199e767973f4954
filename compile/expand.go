package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// binding is the value of a parameter of an inline, or of the input of a
// translator, while its body is compiled. It is evaluated once, where it is
// bound; if the parameter is a translated object, v is the translator's input.
type binding struct {
	v     val
	user  bool    // v points into user memory
	str   *ir.Mem // the value is a string
	place *place  // the value is a struct or array
}

// Inlines and translators cannot be recursive, but they can nest.
const maxExpand = 200

// nested runs f one level deeper.
func (g *gen) nested(n syntax.Node, f func()) {
	if g.depth++; g.depth > maxExpand {
		g.fail(n, diag.D_CG_EXPR, "inlines and translators nest more than %d deep", maxExpand)
	}
	f()
	g.depth--
}

// expand compiles the body of an inline without parameters.
func (g *gen) expand(n syntax.Node, f func()) { g.nested(n, f) }

// expandArgs compiles the body of an inline with parameters.
func (g *gen) expandArgs(n syntax.Node, d *check.InlineDef, args []syntax.Expr, f func()) {
	if len(args) != len(d.Params) {
		g.fail(n, diag.D_CG_EXPR, "%s has %d parameters, found %d values", d.Name, len(d.Params), len(args))
	}
	vals := make([]binding, len(args))
	for i, a := range args {
		vals[i] = g.bindArg(a, d.Params[i])
	}
	g.bound(d.Params, vals, func() { g.nested(n, f) })
}

// bound runs f with the parameters bound to the values.
func (g *gen) bound(params []*check.Param, vals []binding, f func()) {
	old := make([]binding, len(params))
	had := make([]bool, len(params))
	for i, p := range params {
		old[i], had[i] = g.env[p]
		g.env[p] = vals[i]
	}
	f()
	for i, p := range params {
		if had[i] {
			g.env[p] = old[i]
		} else {
			delete(g.env, p)
		}
	}
}

// param returns the value of a parameter.
func (g *gen) param(n syntax.Node, p *check.Param) binding {
	b, ok := g.env[p]
	if !ok {
		g.fail(n, diag.D_CG_EXPR, "parameter %s has no value here", p.Name)
	}
	return b
}

// bindArg evaluates e as value of p.
func (g *gen) bindArg(e syntax.Expr, p *check.Param) binding {
	if g.expr(e).Xlate != nil {
		return g.input(e)
	}
	t := p.Type
	if t == nil {
		t = g.resultType(e)
	}
	switch {
	case t.Is(ctype.String):
		m := g.strSrc(e)
		return binding{str: &m}
	case t.IsCompound() || t.Is(ctype.Array) && g.expr(e).Conv == check.ConvNone:
		pl := g.place(e)
		return binding{place: &pl}
	}
	v := g.value(e)
	if from := g.resultType(e); t.IsScalar() && from.IsScalar() {
		v = g.convert(v, t)
	}
	return binding{v: v, user: g.userPtr(e)}
}

// input returns the input of the translator that makes the object e.
func (g *gen) input(e syntax.Expr) (b binding) {
	x := g.expr(e)
	tr := x.Xlate
	switch n := e.(type) {
	case *syntax.Xlate:
		return g.bindArg(n.X, tr.Param)
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.InlineDef:
			g.expand(n, func() { b = g.input(o.X) })
			return b
		case *check.Param:
			return g.param(n, o)
		}
	case *syntax.Index:
		switch o := x.Obj.(type) {
		case *check.BuiltinVar:
			b.v = g.argument(n, x)
			if t := x.Arg.Native; t != nil {
				b.user = t.Is(ctype.Pointer) && t.Base().Space == ctype.User
				if t.IsCompound() {
					b.place = &place{kind: placeAddr, base: b.v, idx: ir.NoReg}
				}
				if t.Is(ctype.String) {
					m := g.alloc(g.str, 8)
					g.strAt(m, b.v, b.user, val{isConst: true, k: -1})
					b.str = &m
				}
			}
			return b
		case *check.InlineDef:
			g.expandArgs(n, o, n.Args, func() { b = g.input(o.X) })
			return b
		}
	case *syntax.Unary:
		return g.input(n.X)
	case *syntax.Cast:
		return g.input(n.X)
	case *syntax.Member:
		if x.XMember != nil {
			g.translated(n, x, func(e syntax.Expr) val { b = g.input(e); return val{} })
			return b
		}
	case *syntax.Comma:
		g.effect(n.X)
		return g.input(n.Y)
	case *syntax.Cond:
		if x.Arm != nil {
			return g.input(x.Arm)
		}
		dst := g.newReg()
		var no, end label
		g.jump(n.C, false, &no)
		p := g.input(n.X)
		ok := p.str == nil && p.place == nil
		if ok {
			g.mov(dst, p.v)
		}
		g.jmp(&end)
		g.bind(&no)
		q := g.input(n.Y)
		if ok = ok && q.str == nil && q.place == nil; !ok {
			g.fail(n, diag.D_CG_EXPR, "the arms of ?: are translated from structs or strings, want pointers or numbers")
		}
		g.mov(dst, q.v)
		g.bind(&end)
		return binding{v: val{r: dst, w: 64}, user: p.user || q.user}
	}
	g.fail(e, diag.D_CG_EXPR, "a translated object has no input here")
	return b
}

// translated compiles the member of a translated object: f gets the expression
// of the member while the input of the translator is bound.
func (g *gen) translated(n *syntax.Member, x *check.Expr, f func(syntax.Expr) val) (v val) {
	m := x.XMember
	b := g.input(n.X)
	g.bound([]*check.Param{m.Tr.Param}, []binding{b}, func() {
		g.nested(n, func() { v = f(m.X) })
	})
	return v
}

// translate makes a whole translated object in memory.
func (g *gen) translate(e syntax.Expr, tr *check.Translator, m ir.Mem) {
	b := g.input(e)
	g.zero(m)
	g.bound([]*check.Param{tr.Param}, []binding{b}, func() {
		g.nested(e, func() {
			for _, xm := range tr.Members {
				if g.compiler.info.Expr(xm.X) == nil {
					continue // it does not bind: stays zero
				}
				t := xm.Member.Type
				if t == nil {
					t = xm.Type
				}
				size := g.size(t)
				if size <= 0 || xm.Member.Off+size > int64(m.Size) {
					continue
				}
				to := ir.Mem{Space: m.Space, Off: m.Off + uint32(xm.Member.Off), Size: uint32(size)}
				mark := g.marked()
				switch {
				case t.Is(ctype.String):
					// What is behind is zero already.
					to.Size = uint32(min(size, g.strMax(xm.X)))
					g.strInto(xm.X, to)
				case t.IsScalar():
					g.store(e, place{kind: placeMem, mem: to, idx: ir.NoReg}, t, xm.Member.Bits, xm.Member.Shift, g.value(xm.X))
				default:
					g.memInto(xm.X, to)
				}
				g.release(mark)
			}
		})
	})
}
