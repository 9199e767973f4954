package compile

import (
	"strconv"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// recAlloc reserves n bytes of the record.
func (g *gen) recAlloc(n int64, align uint32) ir.Mem {
	off := roundUp(g.out.RecSize, max(align, 1))
	if n > ir.MaxRecord || int64(off)+n > ir.MaxRecord {
		g.fail(nil, diag.D_CG_EXPR, "a record of %d bytes, want at most %d", int64(off)+n, ir.MaxRecord)
	}
	g.out.RecSize = off + uint32(n)
	return ir.Mem{Space: ir.Record, Off: off, Size: uint32(n)}
}

// action adds an action whose fields are in the record.
func (g *gen) action(a ir.Action) {
	if g.inLoop() {
		g.fail(nil, diag.D_CG_EXPR, "line %d: %s( ) stands in a loop; a record has room for one execution of each action", a.Pos.Line, a.Kind)
	}
	g.out.Actions = append(g.out.Actions, a)
	if g.out.Conditional {
		in := op(ir.Mark)
		in.Imm = int64(len(g.out.Actions) - 1)
		g.emit(in)
	}
}

// inLoop reports whether a loop is being compiled.
func (g *gen) inLoop() bool { return len(g.loops) > 0 }

// put evaluates e into the record and returns the field.
func (g *gen) put(e syntax.Expr) ir.Field {
	defer g.release(g.marked())
	x := g.expr(e)
	if c, ok := e.(*syntax.Call); ok && dynCall(x) {
		f := g.dynField(x)
		m := g.recAlloc(int64(f.Size), 8)
		f.Off = m.Off
		g.putDyn(c, x, m)
		return f
	}
	t := g.resultType(e)
	if t.Is(ctype.String) {
		return g.putString(e)
	}
	f := g.field(t, 0)
	if x.Bits > 0 && f.Kind == ir.FInt {
		// A bit-field has the size of the smallest integer that holds it.
		for f.Size = 1; int(f.Size)*8 < x.Bits; f.Size *= 2 {
		}
	}
	if t.IsStackVal() {
		m := g.recAlloc(int64(f.Size), 8)
		f.Off = m.Off
		g.memInto(e, m)
		return f
	}
	if f.Kind == ir.FBytes {
		if f.Size == 0 {
			g.fail(e, diag.D_CG_EXPR, "a value of type %s has no size", t)
		}
		m := g.recAlloc(int64(f.Size), max(g.fieldAlign(&f), 8))
		f.Off = m.Off
		if t.Is(ctype.Float) {
			g.loadMem(e, g.place(e), m)
		} else {
			g.memInto(e, m)
		}
		return f
	}
	return g.putVal(g.value(e), f)
}

// putVal stores a number in the record.
func (g *gen) putVal(v val, f ir.Field) ir.Field {
	m := g.recAlloc(int64(f.Size), f.Size)
	f.Off = m.Off
	g.st(m, v)
	return f
}

// putInt stores a number as 64-bit integer in the record.
func (g *gen) putInt(v val) ir.Field {
	return g.putVal(v, ir.Field{Size: 8, Kind: ir.FInt, Signed: true, Type: g.types.Int64})
}

// putString makes a string in the record, as short as it can be. Parts of the
// probe's name are recorded as the probe's id.
func (g *gen) putString(e syntax.Expr) ir.Field {
	f := ir.Field{Kind: ir.FString, Type: g.types.String}
	if part, ok := g.probePart(e); ok {
		f.Kind, f.Size = partField(part), 4
		return g.putVal(g.builtin(ir.BID, 0), f)
	}
	n := g.strMax(e)
	align := uint32(1)
	if n >= 8 {
		align = 8
	}
	m := g.recAlloc(n, align)
	f.Off, f.Size = m.Off, m.Size
	g.strRead(e, m)
	return f
}

// dynamic reports whether a function is a stack or symbol: a value of dynamic
// type.
func dynamic(id check.FuncID) bool {
	switch id {
	case check.FStack, check.FUstack, check.FJstack, check.FSym, check.FMod, check.FUsym, check.FUmod, check.FUaddr:
		return true
	}
	return false
}

// dynField returns the field, without offset, of a stack or symbol.
func (g *gen) dynField(x *check.Expr) ir.Field {
	f := ir.Field{Size: 16, Type: x.Type}
	n := uint32(max(x.Call.N, 1))
	switch x.Call.Fn.ID {
	case check.FStack:
		f.Kind, f.Size = ir.FStack, 8*n
	case check.FUstack, check.FJstack:
		f.Kind, f.Size = ir.FUStack, 8+8*n
	case check.FSym:
		f.Kind, f.Size = ir.FSym, 8
	case check.FMod:
		f.Kind, f.Size = ir.FMod, 8
	case check.FUsym:
		f.Kind = ir.FUSym
	case check.FUmod:
		f.Kind = ir.FUMod
	case check.FUaddr:
		f.Kind = ir.FUAddr
	}
	return f
}

// putDyn makes a stack or symbol in m, which may be larger.
func (g *gen) putDyn(n *syntax.Call, x *check.Expr, m ir.Mem) {
	f := g.dynField(x)
	if f.Size > m.Size {
		g.fail(n, diag.D_CG_EXPR, "%s( ) needs %d bytes in a tuple, found %d", n.Fun.Name, f.Size, m.Size)
	}
	if f.Size < m.Size {
		g.zero(m)
		m.Size = f.Size
	}
	switch f.Kind {
	case ir.FStack, ir.FUStack:
		in := op(ir.Stack)
		if f.Kind == ir.FUStack {
			in.Op = ir.UStack
		}
		in.M = g.mem(m)
		g.emit(in)
		return
	}
	a := g.callArgs(n, x)
	at := m
	at.Size = 8
	if f.Size == 16 {
		g.st(at, g.builtin(ir.BPID, 0))
		at.Off += 8
	}
	g.st(at, a.val(0))
}

// action0 compiles a call of an action, or of a subroutine for what it does;
// false if the call has a value that must be evaluated.
func (g *gen) action0(n *syntax.Call, x *check.Expr) bool {
	defer g.release(g.marked())
	a := g.callArgs(n, x)
	c := x.Call
	act := ir.Action{Pos: n.Pos()}
	for _, ag := range c.Aggs {
		act.Aggs = append(act.Aggs, ag.ID)
	}
	in := op(ir.Nop)
	switch id := c.Fn.ID; id {
	case check.FTrace:
		act.Kind, act.Fields = ir.ActTrace, []ir.Field{g.put(a.expr(0))}
	case check.FTracemem:
		g.tracemem(&act, a, c.N)
	case check.FPrintf, check.FSystem, check.FFreopen:
		act.Kind, act.Format = ir.ActPrintf, c.FormatText
		if id == check.FSystem {
			act.Kind, g.prog.Destructive = ir.ActSystem, true
		} else if id == check.FFreopen {
			act.Kind, g.prog.Destructive = ir.ActFreopen, true
		}
		for i, v := range c.Values {
			if i > 0 {
				g.act++
			}
			if t := g.resultType(v); t.IsCharArray() && g.expr(v).Xlate == nil {
				act.Fields = append(act.Fields, g.putString(v))
			} else {
				act.Fields = append(act.Fields, g.put(v))
			}
		}
	case check.FPrinta:
		act.Kind, act.Format = ir.ActPrinta, c.FormatText
		for _, v := range c.Values {
			act.Fields = append(act.Fields, g.put(v))
		}
	case check.FPrint:
		g.print(&act, a)
	case check.FPrintm:
		g.printm(&act, a, c.N)
	case check.FStack:
		act.Kind, act.N, act.Fields = ir.ActStack, c.N, []ir.Field{g.put(n)}
	case check.FUstack, check.FJstack:
		act.Kind, act.N, act.Fields = ir.ActUStack, c.N, []ir.Field{g.put(n)}
		if c.StrSize > 0 {
			act.Args = []string{strconv.FormatInt(c.StrSize, 10)}
		}
	case check.FSym, check.FMod, check.FUsym, check.FUmod, check.FUaddr:
		act.Kind, act.Fields = ir.ActSym, []ir.Field{g.put(n)}
	case check.FExit:
		v := g.inReg(a.val(0))
		act.Kind = ir.ActExit
		act.Fields = []ir.Field{g.putVal(v, ir.Field{Size: 4, Kind: ir.FInt, Signed: true, Type: g.types.Int})}
		in.Op, in.A = ir.Exit, g.reg(v)
	case check.FClear:
		act.Kind = ir.ActClear
	case check.FTrunc:
		act.Kind = ir.ActTrunc
		if len(a.list) > 0 {
			act.Fields = []ir.Field{g.putInt(a.val(0))}
		}
	case check.FNormalize:
		act.Kind, act.Fields = ir.ActNormalize, []ir.Field{g.putInt(a.val(0))}
	case check.FDenormalize:
		act.Kind = ir.ActDenormalize
	case check.FFtruncate:
		act.Kind = ir.ActFtruncate
	case check.FSetopt:
		act.Kind, act.Args = ir.ActSetopt, c.Args
		for _, v := range c.Values {
			act.Fields = append(act.Fields, g.put(v))
		}
	case check.FCommit, check.FDiscard:
		v := g.inReg(a.val(0))
		act.Kind, in.Op = ir.ActCommit, ir.Commit
		if id == check.FDiscard {
			act.Kind, in.Op = ir.ActDiscard, ir.Discard
		}
		act.Fields = []ir.Field{g.putInt(v)}
		in.A = g.reg(v)
	case check.FSpeculate:
		in.Op, in.A = ir.Speculate, a.reg(0)
		act.Kind = ir.ActSpeculate
		g.out.Speculative = true
		g.prog.Speculations = true
	case check.FPcap:
		g.pcap(&act, a, c.Packet)
	case check.FBreakpoint:
		return g.destroy(op(ir.Breakpoint))
	case check.FPanic:
		return g.destroy(op(ir.Panic))
	case check.FStop:
		return g.destroy(op(ir.StopProc))
	case check.FChill, check.FRaise, check.FReturn:
		in.Op = map[check.FuncID]ir.Op{check.FChill: ir.Chill, check.FRaise: ir.Raise, check.FReturn: ir.Return}[id]
		in.A = a.reg(0)
		return g.destroy(in)
	case check.FCopyout:
		in.Op, in.A = ir.CopyOut, a.reg(0)
		in.C = a.reg(1)
		in.B = a.reg(2)
		return g.destroy(in)
	case check.FCopyoutstr:
		in.Op = ir.CopyOutStr
		in.M = g.mem(a.str(0))
		in.A = a.reg(1)
		if len(a.list) > 2 {
			in.B = a.reg(2)
		} else {
			in.B = g.reg(constVal(g.str))
		}
		return g.destroy(in)
	default:
		return false
	}
	if in.Op != ir.Nop {
		g.emit(in)
	}
	g.action(act)
	return true
}

// destroy emits a destructive instruction.
func (g *gen) destroy(in ir.Instr) bool {
	g.prog.Destructive = true
	g.emit(in)
	return true
}

// tracemem records n bytes at an address, as many of them as the optional
// second value says.
func (g *gen) tracemem(act *ir.Action, a args, n int64) {
	act.Kind, act.N = ir.ActTracemem, n
	if n <= 0 || n > ir.MaxRecord {
		g.fail(a.n, diag.D_CG_EXPR, "tracemem( ) of %d bytes, want 1 to %d", n, ir.MaxRecord)
	}
	f := ir.Field{Size: uint32(n), Kind: ir.FBytes, Type: ctype.ArrayOf(g.types.UChar, n)}
	user := g.userPtr(a.expr(0))
	addr := a.reg(0)
	if len(a.list) > 1 {
		limit := a.val(1)
		m := g.recAlloc(n, 8)
		f.Off = m.Off
		if user {
			in := op(ir.CopyIn)
			in.A, in.B = addr, g.reg(constVal(n))
			in.Dst = g.newReg()
			g.emit(in)
			addr = in.Dst
		}
		in := op(ir.MemKN)
		in.M, in.A, in.B = g.mem(m), addr, g.reg(limit)
		g.emit(in)
		act.Fields = []ir.Field{f, g.putInt(limit)}
		return
	}
	m := g.recAlloc(n, 8)
	f.Off = m.Off
	g.loadMem(a.n, place{kind: placeAddr, base: val{r: addr}, user: user, idx: ir.NoReg}, m)
	act.Fields = []ir.Field{f}
}

// print records a value by its type, or for a pointer what it points to and
// its address.
func (g *gen) print(act *ir.Action, a args) {
	e := a.expr(0)
	act.Kind = ir.ActPrint
	t := g.resultType(e)
	if t.Is(ctype.Pointer) && g.expr(e).Xlate == nil {
		to := t.Base().Elem
		if n := g.size(to); n > 0 && !to.Is(ctype.Func) && !to.Is(ctype.String) {
			user := g.userPtr(e)
			v := a.val(0)
			m := g.recAlloc(n, 8)
			g.loadMem(e, place{kind: placeAddr, base: v, user: user, idx: ir.NoReg}, m)
			act.Fields = []ir.Field{
				{Off: m.Off, Size: m.Size, Kind: ir.FBytes, Type: to},
				g.putVal(v, g.field(t, 0)),
			}
			return
		}
	}
	act.Fields = []ir.Field{g.put(e)}
}

// printm records up to n bytes at the address and of the length in the pair
// that memref() made.
func (g *gen) printm(act *ir.Action, a args, n int64) {
	if x := g.expr(a.expr(0)); n == 0 && x.Const {
		n = x.Int
	}
	act.Kind, act.N = ir.ActPrintm, n
	if n <= 0 || n > ir.MaxRecord {
		g.fail(a.n, diag.D_CG_EXPR, "printm( ) of %d bytes, want 1 to %d", n, ir.MaxRecord)
	}
	e := a.expr(len(a.list) - 1)
	var addr, length val
	x := g.expr(e)
	if c, ok := e.(*syntax.Call); ok && x.Call != nil && x.Call.Fn != nil && x.Call.Fn.ID == check.FMemref {
		b := g.callArgs(c, x)
		addr, length = b.val(0), b.val(1)
	} else {
		p := place{kind: placeAddr, base: g.value(e), idx: ir.NoReg}
		addr = g.load(p, g.types.Uint64, 0, 0)
		p.disp = 8
		length = g.load(p, g.types.Uint64, 0, 0)
	}
	m := g.recAlloc(n, 8)
	in := op(ir.MemKN)
	in.M, in.A, in.B = g.mem(m), g.reg(addr), g.reg(length)
	g.emit(in)
	act.Fields = []ir.Field{
		{Off: m.Off, Size: m.Size, Kind: ir.FBytes, Type: ctype.ArrayOf(g.types.UChar, n)},
		g.putInt(length),
	}
}

// pcap records the start of the data of a socket buffer; to is the type of what is
// pointed to, nil if the argument's type says it.
func (g *gen) pcap(act *ir.Action, a args, to *ctype.Type) {
	act.Kind = ir.ActPcap
	e := a.expr(0)
	t := g.resultType(e)
	var data, length ctype.Member
	var ok1, ok2 bool
	if to == nil && t.Is(ctype.Pointer) {
		to = t.Base().Elem
	}
	if to != nil {
		data, ok1 = to.Member("data")
		length, ok2 = to.Member("len")
	}
	if !ok1 || !ok2 {
		g.fail(e, diag.D_CG_EXPR, "pcap( ) of a value of type %s, want a pointer to a socket buffer with members data and len", t)
	}
	base := a.val(0)
	at := func(m ctype.Member) val {
		return g.load(place{kind: placeAddr, base: base, disp: m.Off, idx: ir.NoReg}, m.Type, 0, 0)
	}
	addr, n := at(data), at(length)
	m := g.recAlloc(g.opt.PcapSize, 8)
	in := op(ir.MemKN)
	in.M, in.A, in.B = g.mem(m), g.reg(addr), g.reg(n)
	g.emit(in)
	proto := constVal(0)
	if len(a.list) > 1 {
		proto = a.val(1)
	}
	act.Fields = []ir.Field{
		{Off: m.Off, Size: m.Size, Kind: ir.FBytes, Type: ctype.ArrayOf(g.types.UChar, int64(m.Size))},
		g.putInt(n), g.putInt(proto),
	}
}
