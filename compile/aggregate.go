package compile

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// aggregate compiles @name[keys] = f(...).
func (g *gen) aggregate(n *syntax.Agg, f syntax.Expr) {
	defer g.release(g.marked())
	x, fx := g.expr(n), g.expr(f)
	a, ok := x.Obj.(*check.Agg)
	if !ok || fx.Call == nil {
		g.fail(n, diag.D_CG_EXPR, "@%s is not assigned an aggregating function", n.Name)
	}
	in := op(ir.Aggregate)
	in.Imm = int64(a.ID)
	if t := g.tuples[a]; t != nil {
		in.M = g.mem(g.buildTuple(n, t, n.Keys))
		g.act++
	}
	c := fx.Call
	if c.Value != nil && a.Spec.Func != agg.Count {
		in.A = g.reg(g.value(c.Value))
	}
	if c.Incr != nil && a.Spec.Func.Distribution() {
		in.B = g.reg(g.value(c.Incr))
	}
	g.emit(in)
}

// buildTuple makes a tuple of the keys and returns where it is. A tuple of
// constants is a constant.
func (g *gen) buildTuple(n syntax.Node, t *tuple, keys []syntax.Expr) ir.Mem {
	fields := t.fields
	if t.thread {
		fields = fields[1:]
	}
	if len(keys) != len(fields) {
		g.fail(n, diag.D_CG_EXPR, "a tuple of %d keys, want %d", len(keys), len(fields))
	}
	if text, ok := g.constTuple(t, keys); ok {
		return g.constant(text)
	}
	m := g.alloc(t.size, 8)
	if t.zero {
		g.zero(m)
	}
	part := func(f *ir.Field) ir.Mem { return ir.Mem{Space: m.Space, Off: m.Off + f.Off, Size: f.Size} }
	if t.thread {
		g.st(part(&t.fields[0]), g.builtin(ir.BThreadKey, 0))
	}
	for i, k := range keys {
		if i > 0 {
			g.act++
		}
		mark := g.marked()
		g.key(k, &fields[i], part(&fields[i]))
		g.release(mark)
	}
	return m
}

// key evaluates one key.
func (g *gen) key(k syntax.Expr, f *ir.Field, m ir.Mem) {
	x := g.expr(k)
	switch f.Kind {
	case ir.FInt, ir.FPtr:
		g.st(m, g.value(k))
	case ir.FString:
		g.strRead(k, m)
	case ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		g.st(m, g.builtin(ir.BID, 0))
	case ir.FBytes:
		if x.Type.Is(ctype.Float) {
			g.loadMem(k, g.place(k), m)
		} else {
			g.memInto(k, m)
		}
	default:
		if f.Type.IsStackVal() {
			g.memInto(k, m)
			return
		}
		c, ok := k.(*syntax.Call)
		if !ok || !dynCall(x) {
			g.fail(k, diag.D_CG_DYN, "a key of type %s, want a call of stack( ), sym( ) or one of their kind", x.Type)
		}
		g.putDyn(c, x, m)
	}
}

// constTuple returns the bytes of a tuple of constants.
func (g *gen) constTuple(t *tuple, keys []syntax.Expr) (string, bool) {
	if t.thread || g.model().BigEndian {
		return "", false
	}
	b := make([]byte, t.size)
	for i, k := range keys {
		f := &t.fields[i]
		at := b[f.Off : f.Off+f.Size]
		x := g.expr(k)
		text, fixed := g.fixedString(k)
		switch {
		case f.Kind == ir.FString && fixed && x.Type.Is(ctype.String):
			copy(at[:len(at)-1], text)
		case (f.Kind == ir.FInt || f.Kind == ir.FPtr) && x.Const:
			v := x.Int
			if x.Conv == check.ConvInt {
				v = g.convert(constVal(v), x.To).k
			}
			var w [8]byte
			binary.LittleEndian.PutUint64(w[:], uint64(v))
			copy(at, w[:])
		default:
			return "", false
		}
	}
	return string(b), true
}
