package check

import (
	"errors"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/printf"
	"github.com/godtrace/godtrace/syntax"
)

// Defaults of the options that actions use.
const (
	defaultStackFrames   = 20
	defaultUStackFrames  = 100
	defaultJStackFrames  = 50
	defaultJStackStrSize = 512
)

func orDefault(v, d int64) int64 {
	if v == 0 {
		return d
	}
	return v
}

// action checks the arguments of an action beyond its prototype.
func (c *Checker) action(e *syntax.Call, f *Func, info *CallInfo, args []*Expr) {
	switch f.ID {
	case FPrintf, FSystem, FFreopen:
		c.printf(e, f, info, args)
	case FPrinta:
		c.printa(e, info, args)
	case FTrace:
		c.trace(e, info, args)
	case FPrint:
		c.print(e, info, args)
	case FTracemem:
		c.tracemem(e, info, args)
	case FStack:
		c.stack(e, args)
	case FUstack, FJstack:
		c.ustack(e, f, info, args)
	case FClear:
		c.aggAction(e, f, info, diag.D_CLEAR_AGGARG, diag.D_CLEAR_AGGBAD)
		info.Aggs[0].Clearable = true
	case FDenormalize:
		c.aggAction(e, f, info, diag.D_NORMALIZE_AGGARG, diag.D_NORMALIZE_AGGBAD)
	case FNormalize:
		c.aggAction(e, f, info, diag.D_NORMALIZE_AGGARG, diag.D_NORMALIZE_AGGBAD)
		info.Values = e.Args[1:]
	case FTrunc:
		c.aggAction(e, f, info, diag.D_TRUNC_AGGARG, diag.D_TRUNC_AGGBAD)
		if len(args) == 2 {
			c.convert(args[1], c.t.Int64)
		}
		info.Aggs[0].Clearable = true
		info.Values = e.Args[1:]
	case FSetopt:
		c.setopt(e, info)
	case FPcap:
		c.pcap(e, info, args)
	default:
		info.Values = e.Args
	}
}

// formatArg returns the string constant that is argument i.
func (c *Checker) formatArg(e *syntax.Call, i int, args []*Expr) (string, bool) {
	s, ok := c.strip(e.Args[i]).(*syntax.StringLit)
	if !ok {
		return "", false
	}
	_ = args
	return s.Value, true
}

func (c *Checker) parseFormat(e *syntax.Call, name, text string) *printf.Format {
	f, err := printf.Parse(text)
	if err != nil {
		c.printfError(e, name, err)
	}
	return f
}

// printfError raises an error of package printf.
func (c *Checker) printfError(n syntax.Node, name string, err error) {
	var pe *printf.Error
	if !errors.As(err, &pe) {
		c.fail(n, diag.D_PRINTF_ARG_FMT, "%s( ) format string: %v", name, err)
	}
	c.fail(n, diag.Code(pe.Tag), "%s", pe.Msg)
}

func (c *Checker) printf(e *syntax.Call, f *Func, info *CallInfo, args []*Expr) {
	text, ok := c.formatArg(e, 0, args)
	if !ok {
		c.fail(e.Args[0], diag.D_PRINTF_ARG_FMT, "%s( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n\t argument: %s", f.Name, c.typeName(args[0]))
	}
	if text == "." && f.ID == FFreopen {
		c.fail(e.Args[0], diag.D_FREOPEN_INVALID, "freopen( ) argument #1 cannot be %q: want a file, or the empty string for the standard output", text)
	}
	if text == "" && f.ID == FFreopen {
		info.FormatText = text // freopen("") goes back to the standard output
		if len(args) > 1 {
			c.fail(e.Args[1], diag.D_PRINTF_ARG_EXTRA, "freopen( ) has %d values after the format string, which takes none", len(args)-1)
		}
		return
	}
	info.Format, info.FormatText = c.parseFormat(e, f.Name, text), text
	info.Values = e.Args[1:]
	types := make([]printf.ArgType, len(args)-1)
	for i, a := range args[1:] {
		types[i] = c.printfType(a)
	}
	if err := info.Format.Check(printf.Use{Func: f.Name, First: 1, Target: c.opt.Target}, types); err != nil {
		c.printfError(e, f.Name, err)
	}
	for i, a := range args[1:] {
		if dynClass(a.Type) > 1 {
			c.refuseAction(e.Args[i+1]) // sym() and the like are statements or keys
		}
	}
}

// printfType is what package printf needs to know of the type of a value.
func (c *Checker) printfType(x *Expr) printf.ArgType {
	t := printf.ArgType{Name: c.typeName(x), Size: int(c.sizeof(c.complete(x.Type)))}
	if x.Xlate != nil && !isXlatePtr(x) {
		return t
	}
	return c.formatType(x.Type, t)
}

func (c *Checker) formatType(ty *ctype.Type, t printf.ArgType) printf.ArgType {
	b := ty.Base()
	switch b.Kind {
	case ctype.Int, ctype.Enum:
		t.Class, t.Signed = printf.ClassInt, b.Signed
	case ctype.Float:
		t.Class = printf.ClassFloat
	case ctype.Pointer, ctype.Func:
		t.Class, t.Size = printf.ClassPointer, int(c.t.Model.Ptr)
	case ctype.String:
		t.Class = printf.ClassString
	case ctype.Array:
		e := b.Elem.Base()
		switch {
		case isCharType(b.Elem):
			t.Class = printf.ClassString
		case e.Kind == ctype.Int && (e.Bytes == 4 || e.Bytes == 2 && c.t.Model.Long == 4): // 16 bits on Windows
			t.Class = printf.ClassWString
		}
	case ctype.Dyn:
		switch dynClass(b) {
		case 1:
			t.Class = printf.ClassStack
		case 2:
			t.Class = printf.ClassSym
		case 3:
			t.Class = printf.ClassUSym
		}
	}
	return t
}

func (c *Checker) printa(e *syntax.Call, info *CallInfo, args []*Expr) {
	rest := e.Args
	if _, isAgg := c.strip(rest[0]).(*syntax.Agg); !isAgg {
		text, ok := c.formatArg(e, 0, args)
		if !ok {
			c.fail(rest[0], diag.D_PRINTA_AGGARG, "printa( ) argument #1 is incompatible with prototype:\n\tprototype: string constant or aggregation\n\t argument: %s", c.typeName(args[0]))
		}
		info.FormatText = text
		info.Format = c.parseFormat(e, "printa", text)
		rest = rest[1:]
		if len(rest) == 0 {
			c.fail(e, diag.D_PRINTA_PROTO, "printa( ) prototype mismatch: 1 arg passed, at least one aggregation expected after the format string")
		}
	}
	for i, a := range rest {
		info.Aggs = append(info.Aggs, c.aggArg(a, "printa", len(e.Args)-len(rest)+i+1, diag.D_PRINTA_AGGARG, diag.D_PRINTA_AGGBAD))
	}
	first := info.Aggs[0]
	for i, g := range info.Aggs[1:] {
		if len(g.Keys) != len(first.Keys) {
			c.fail(rest[i+1], diag.D_PRINTA_AGGKEY, "printa( ) @%s[ ] has %d key%s, but @%s[ ] has %d", g.Name, len(g.Keys), plural(len(g.Keys)), first.Name, len(first.Keys))
		}
		for k := range g.Keys {
			if !c.argCompat(first.Keys[k].Type, &Expr{Type: g.Keys[k].Type}) {
				c.fail(rest[i+1], diag.D_PRINTA_AGGPROTO, "printa( ) @%s[ ] key #%d is incompatible with @%s[ ]:\n\tprototype: %s\n\t key type: %s", g.Name, k+1, first.Name, first.Keys[k].Type, g.Keys[k].Type)
			}
		}
	}
	if info.Format == nil {
		return
	}
	types := make([]printf.ArgType, len(first.Keys))
	for i, k := range first.Keys {
		types[i] = c.printfType(&Expr{Type: k.Type})
	}
	use := printf.Use{Func: "printa", First: 1, Agg: true, AggSigned: first.Spec.Func != agg.Count, Target: c.opt.Target}
	if err := info.Format.Check(use, types); err != nil {
		c.printfError(e, "printa", err)
	}
}

func (c *Checker) trace(e *syntax.Call, info *CallInfo, args []*Expr) {
	x := args[0]
	if f := c.actionOf(e.Args[0]); f != nil && f.Kind == FuncAgg {
		c.fail(e, diag.D_TRACE_DYN, "trace( ) may not be applied to a dynamic expression: aggregating function %s( )", f.Name)
	}
	if x.Type.Is(ctype.Void) {
		c.fail(e, diag.D_TRACE_VOID, "trace( ) may not be applied to a void expression")
	}
	if dynClass(x.Type) > 1 {
		c.refuseAction(e.Args[0]) // sym() and the like are statements or keys
	}
	if isDyn(x) && !isStackKey(x.Type) {
		c.fail(e, diag.D_TRACE_DYN, "trace( ) may not be applied to a dynamic expression: %s", c.typeName(x))
	}
	if x.Type.Is(ctype.Func) {
		c.decay(x)
	}
	info.Values = e.Args
}

func (c *Checker) print(e *syntax.Call, info *CallInfo, args []*Expr) {
	x := args[0]
	t := c.complete(x.Type)
	if t.Kind == ctype.Func || c.sizeof(t) == 0 || t.Kind == ctype.Pointer && c.sizeof(c.complete(t.Elem)) == 0 {
		c.fail(e, diag.D_PRINT_SIZE, "print( ) cannot be applied to a value of unknown size: %s", c.typeName(x))
	}
	info.Values = e.Args
}

func (c *Checker) tracemem(e *syntax.Call, info *CallInfo, args []*Expr) {
	x := args[0]
	if _, lit := c.strip(e.Args[0]).(*syntax.StringLit); lit || !isInt(x) && !isPtr(x) && !isXlatePtr(x) {
		c.fail(e.Args[0], diag.D_TRACEMEM_ADDR, "tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n\t argument: %s", c.typeName(x))
	}
	c.decay(x)
	if !posConst(args[1]) {
		c.fail(e.Args[1], diag.D_TRACEMEM_SIZE, "tracemem( ) argument #2 must be a non-zero positive integer constant")
	}
	info.N = args[1].Int
	if info.N > 1<<30 {
		c.fail(e.Args[1], diag.D_TRACEMEM_SIZE, "tracemem( ) size is %d, want at most %d", info.N, 1<<30)
	}
	info.Values = e.Args[:1]
	switch {
	case len(args) == 3:
		c.convert(args[2], c.t.Int64)
		info.Values = []syntax.Expr{e.Args[0], e.Args[2]}
	}
}

// posConst reports whether x is a positive integer constant.
func posConst(x *Expr) bool {
	return intConst(x) && x.Int != 0 && (x.Int > 0 || !x.Type.IsSigned())
}

// maxFrames bounds the frames of a stack. More may be asked for, but no stack has
// them.
const maxFrames = 1 << 16

// frames is the number of frames that stack(), ustack() or jstack() take, which
// types need before the arguments are checked; 0 for other actions.
func (c *Checker) frames(f *Func, args []*Expr) (n int64) {
	switch f.ID {
	case FStack:
		n = orDefault(c.opt.StackFrames, defaultStackFrames)
	case FUstack:
		n = orDefault(c.opt.UStackFrames, defaultUStackFrames)
	case FJstack:
		n = orDefault(c.opt.JStackFrames, defaultJStackFrames)
	default:
		return 0
	}
	if len(args) > 0 && frameCount(args[0]) {
		n = min(args[0].Int, maxFrames)
	}
	return n
}

// frameCount reports whether x can be a number of frames.
func frameCount(x *Expr) bool { return posConst(x) && x.Int > 0 }

func (c *Checker) stack(e *syntax.Call, args []*Expr) {
	if len(args) == 1 && !frameCount(args[0]) {
		c.fail(e.Args[0], diag.D_STACK_SIZE, "stack( ) size must be a non-zero positive integer constant")
	}
}

func (c *Checker) ustack(e *syntax.Call, f *Func, info *CallInfo, args []*Expr) {
	if f.ID == FJstack {
		info.StrSize = orDefault(c.opt.JStackStrSize, defaultJStackStrSize)
	}
	if len(args) >= 1 && !frameCount(args[0]) {
		c.fail(e.Args[0], diag.D_USTACK_FRAMES, "%s( ) argument #1 must be a non-zero positive integer constant", f.Name)
	}
	if len(args) >= 2 {
		if !intConst(args[1]) || args[1].Int < 0 {
			c.fail(e.Args[1], diag.D_USTACK_STRSIZE, "%s( ) argument #2 must be a positive integer constant", f.Name)
		}
		info.StrSize = args[1].Int
	}
}

// actionProto holds arguments of actions against what the table of functions cannot
// say of prototypes: print() takes what has a value, actions on aggregations a number
// behind the aggregation.
func (c *Checker) actionProto(e *syntax.Call, f *Func, args []*Expr) {
	least, most := 1, 1
	switch f.ID {
	case FNormalize:
		least, most = 2, 2
	case FTrunc:
		most = 2
	case FClear, FDenormalize:
	case FPrint:
		if x := args[0]; x.Type.Is(ctype.Void) || isDyn(x) {
			c.fail(e.Args[0], diag.D_PROTO_ARG, "print( ) argument #1 is incompatible with prototype:\n\tprototype: value\n\t argument: %s", c.typeName(x))
		}
		return
	default:
		return
	}
	if n := len(args); n < least || n > most {
		want := ""
		limit := least
		if least != most {
			want = "at least "
			if n > most {
				want, limit = "at most ", most
			}
		}
		c.fail(e, diag.D_PROTO_LEN, "%s( ) prototype mismatch: %d arg%s passed, %s%d expected", f.Name, n, plural(n), want, limit)
	}
	if _, ok := c.strip(e.Args[0]).(*syntax.Agg); ok && len(args) == 2 && !isScalar(args[1]) {
		what := "number of values to keep"
		if f.ID == FNormalize {
			what = "normalization factor"
		}
		c.fail(e.Args[1], diag.D_PROTO_ARG, "%s( ) second argument must be of scalar type (the %s), found %s", f.Name, what, c.typeName(args[1]))
	}
}

// aggAction checks an action whose first argument is an aggregation.
func (c *Checker) aggAction(e *syntax.Call, f *Func, info *CallInfo, aggarg, aggbad diag.Code) {
	info.Aggs = []*Agg{c.aggArg(e.Args[0], f.Name, 1, aggarg, aggbad)}
}

// aggArg returns the aggregation that argument number n of an action names.
func (c *Checker) aggArg(a syntax.Expr, name string, n int, aggarg, aggbad diag.Code) *Agg {
	ref, ok := c.strip(a).(*syntax.Agg)
	if !ok {
		c.fail(a, aggarg, "%s( ) argument #%d is incompatible with prototype:\n\tprototype: aggregation\n\t argument: %s", name, n, c.typeName(c.exprs[a]))
	}
	g := c.exprs[ref].Obj.(*Agg)
	if g.Spec.Func == agg.None {
		c.fail(a, aggbad, "undefined aggregation: @%s", g.Name)
	}
	return g // keys, as in clear(@a[1]), say nothing
}

// setopt takes any strings: those that are no constants are evaluated where the
// action runs.
func (c *Checker) setopt(e *syntax.Call, info *CallInfo) {
	for _, a := range e.Args {
		s, ok := c.strip(a).(*syntax.StringLit)
		if !ok {
			info.Args, info.Values = nil, e.Args
			return
		}
		info.Args = append(info.Args, s.Value)
	}
}

// pcap checks the packet: a pointer to a socket buffer, or an address without a type
// of its own, which is taken for one of the kernel's.
func (c *Checker) pcap(e *syntax.Call, info *CallInfo, args []*Expr) {
	if !isPtr(args[0]) {
		c.fail(e.Args[0], diag.D_PCAP_ADDR, "pcap( ) argument #1 must be a pointer to a packet, found %s", c.typeName(args[0]))
	}
	if !isInt(args[1]) {
		c.fail(e.Args[1], diag.D_PCAP_PROTO, "pcap( ) argument #2 must be the number of a protocol (PCAP_ETHER, ...), found %s", c.typeName(args[1]))
	}
	info.Values = e.Args
	if to := args[0].Type.Base().Elem; args[0].Type.Is(ctype.Pointer) && (to.Is(ctype.Void) || to.IsInt()) {
		if t, err := c.worldType("", "struct sk_buff"); err == nil && t != nil {
			info.Packet = c.complete(t)
		}
	}
}
