package check

import (
	"errors"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// aggNamed returns the aggregation of a name, creating it.
func (c *Checker) aggNamed(a *syntax.Agg) *Agg {
	g := c.aggByName[a.Name]
	if g == nil {
		if len(c.aggs) >= maxIDs {
			c.fail(a, diag.D_ID_OFLOW, "cannot create @%s: at most %d aggregations are allowed", a.Name, maxIDs)
		}
		g = &Agg{ID: ir.AggID(len(c.aggs)), Name: a.Name, Pos: a.Pos()}
		c.aggByName[a.Name] = g
		c.aggs = append(c.aggs, g)
	}
	return g
}

// aggRef types an aggregation that is not assigned: an argument of an action,
// or a mistake that its context reports.
func (c *Checker) aggRef(a *syntax.Agg) *Expr {
	if a.Keys == nil && c.aggByName[a.Name] == nil {
		c.fail(a, diag.D_IDENT_UNDEF, "failed to resolve @%s: unknown variable name", a.Name)
	}
	g := c.aggNamed(a)
	for _, k := range a.Keys {
		c.expr(k)
	}
	return c.set(a, &Expr{Type: c.t.Any, Obj: g})
}

// aggAssign types @a[keys] = func(args).
func (c *Checker) aggAssign(e *syntax.Assign, a *syntax.Agg) *Expr {
	g := c.aggNamed(a)
	call, ok := e.Y.(*syntax.Call)
	var f *Func
	if ok {
		f = c.function(call)
	}
	if f == nil || f.Kind != FuncAgg || e.Op != syntax.OpAssign {
		if e.Op != syntax.OpAssign {
			c.fail(e, diag.D_VAR_UNDEF, "@%s is no variable: it must be assigned with =, not %s", g.Name, opText(e, e.Op))
		}
		if !ok {
			c.expr(e.Y)
		} else {
			c.callArgs(call, f)
		}
		c.fail(e, diag.D_AGG_FUNC, "@%s must be assigned the result of an aggregating function", g.Name)
	}
	spec := agg.Spec{Func: agg.Lookup(f.Name)}
	if g.Spec.Func != agg.None && g.Spec.Func != spec.Func {
		c.callArgs(call, f)
		c.fail(e, diag.D_AGG_REDEF, "aggregation redefined: @%s\n\t current: @%s = %s( )\n\tprevious: @%s = %s( ) : line %d", g.Name, g.Name, f.Name, g.Name, g.Spec.Func, g.FuncPos.Line)
	}
	x := c.call(call)
	c.aggKeys(a, g)
	if g.Spec.Func == agg.None {
		g.Spec.Func, g.FuncPos = spec.Func, call.Pos()
	}
	c.afterTypes(func() { c.aggFunc(call, f, g, x.Call, spec) })
	r := c.set(a, &Expr{Type: c.t.Any, Obj: g})
	return c.set(e, r)
}

// aggKeys types the keys of an aggregation that is assigned. The first use
// settles their number and types.
func (c *Checker) aggKeys(a *syntax.Agg, g *Agg) {
	keys := make([]*Expr, len(a.Keys))
	for i, k := range a.Keys {
		keys[i] = c.expr(k)
	}
	if !g.keyed {
		g.keyed = true
		for i, k := range keys {
			if k.Xlate != nil || k.Type.Is(ctype.Void) || k.Type.Is(ctype.Dyn) && !isStackKey(k.Type) {
				c.fail(a.Keys[i], diag.D_KEY_TYPE, "%s expression may not be used as aggregation index: key #%d", c.typeName(k), i+1)
			}
			g.Keys = append(g.Keys, AggKey{Type: c.keyType(k)})
		}
	}
	want := make([]*ctype.Type, len(g.Keys))
	for i, k := range g.Keys {
		want[i] = k.Type
	}
	c.matchKeys(a, "@"+g.Name+"[ ]", want, keys, a.Keys)
	for i, k := range keys {
		c.stackKey(k, &g.Keys[i].Type, &g.Keys[i].Frames)
	}
}

// constParam describes a constant argument of lquantize() and llquantize().
type constParam struct {
	what string
	tag  diag.Code
	dst  *int64
}

// aggFunc checks the arguments of an aggregating function and settles the
// aggregation's Spec.
func (c *Checker) aggFunc(e *syntax.Call, f *Func, g *Agg, info *CallInfo, spec agg.Spec) {
	if len(e.Args) > 0 {
		if x := c.exprs[e.Args[0]]; !isScalar(x) {
			c.fail(e.Args[0], diag.D_AGG_SCALAR, "%s( ) argument #1 must be of scalar type, found %s", f.Name, c.typeName(x))
		}
		info.Value = e.Args[0]
		c.convert(c.exprs[e.Args[0]], c.t.Int64)
	}
	var params []constParam
	switch f.ID {
	case FLquantize:
		spec.Step = 1
		params = []constParam{{"base", diag.D_LQUANT_BASETYPE, &spec.Low}, {"limit", diag.D_LQUANT_LIMTYPE, &spec.High}, {"step", diag.D_LQUANT_STEPTYPE, &spec.Step}}
	case FLlquantize:
		params = []constParam{{"factor", diag.D_LLQUANT_FACTORTYPE, &spec.Factor}, {"low magnitude", diag.D_LLQUANT_LMAGTYPE, &spec.LowMag},
			{"high magnitude", diag.D_LLQUANT_HMAGTYPE, &spec.HighMag}, {"number of steps", diag.D_LLQUANT_STEPTYPE, &spec.Steps}}
	case FQuantize:
	default:
		c.aggSettle(e, g, info, spec)
		return
	}
	n := 1
	for _, p := range params {
		if n >= len(e.Args) {
			break
		}
		x := c.exprs[e.Args[n]]
		if !intConst(x) {
			if p.tag == diag.D_LQUANT_STEPTYPE {
				c.specErr(e, spec.ValidateRange())
			}
			c.fail(e.Args[n], p.tag, "%s( ) argument #%d (%s) must be an integer constant, found an expression of type %s", f.Name, n, p.what, c.typeName(x))
		}
		*p.dst = x.Int
		if x.Int < 0 && !x.Type.IsSigned() {
			*p.dst = 1<<63 - 1
		}
		n++
	}
	c.specErr(e, spec.Validate())
	if n < len(e.Args) {
		x := c.exprs[e.Args[n]]
		if !isScalar(x) {
			c.fail(e.Args[n], diag.D_PROTO_ARG, "%s( ) increment value (argument #%d) must be of scalar type, found %s", f.Name, n+1, c.typeName(x))
		}
		info.Incr = e.Args[n]
		c.convert(x, c.t.Int64)
		n++
	}
	if n < len(e.Args) {
		c.fail(e, diag.D_PROTO_LEN, "%s( ) prototype mismatch: %d args passed, at most %d expected", f.Name, len(e.Args), n)
	}
	c.aggSettle(e, g, info, spec)
}

// aggSettle holds the arguments of an aggregating function against those of earlier
// uses.
func (c *Checker) aggSettle(e *syntax.Call, g *Agg, info *CallInfo, spec agg.Spec) {
	c.specErr(e, spec.Validate())
	if g.settled {
		c.specErr(e, spec.Match(&g.Spec))
	}
	info.Spec = spec
	if !g.settled {
		g.Spec, g.settled = spec, true
	}
}

// specErr raises an error of package agg.
func (c *Checker) specErr(e *syntax.Call, err error) {
	if err == nil {
		return
	}
	var se *agg.SpecError
	if errors.As(err, &se) {
		at := syntax.Node(e)
		if se.Arg < len(e.Args) {
			at = e.Args[se.Arg]
		}
		c.fail(at, diag.Code(se.Tag), "%s", se.Msg)
	}
	c.fail(e, diag.D_AGG_FUNC, "%v", err)
}
