package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// nullString is the text of D's NULL string.
const nullString = "\x00\xff"

// strMax returns the greatest size in bytes, NUL included, that the string e
// can have; at least 2, at most the size of a string variable.
func (c *compiler) strMax(e syntax.Expr) int64 { return min(max(c.strSize(e), 2), c.str) }

func (c *compiler) strSize(e syntax.Expr) int64 {
	x := c.info.Expr(e)
	if x == nil {
		return c.str
	}
	if x.Const {
		return 2 // NULL
	}
	if x.Conv == check.ConvString || !x.Type.Is(ctype.String) {
		return c.arraySize(x.Type)
	}
	switch n := e.(type) {
	case *syntax.StringLit:
		return int64(len(c.literalText(n.Value))) + 1
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.BuiltinVar:
			if o.Kind == check.BuiltinStr {
				return c.builtinSize(o.Str)
			}
		case *check.InlineDef:
			return c.bodySize(o.X)
		}
	case *syntax.Member:
		if x.XMember != nil {
			return c.bodySize(x.XMember.X)
		}
	case *syntax.Cond:
		if x.Arm != nil {
			return c.strSize(x.Arm)
		}
		return max(c.strSize(n.X), c.strSize(n.Y))
	case *syntax.Comma:
		return c.strSize(n.Y)
	case *syntax.Assign:
		if n.Op == syntax.OpAssign {
			return c.strSize(n.Y)
		}
	case *syntax.Stringof:
		return c.strSize(n.X)
	case *syntax.Cast:
		return c.strSize(n.X)
	case *syntax.Call:
		return c.callSize(n, x)
	}
	return c.str
}

// bodySize is strSize for the body of an inline or the member of a translator.
// It is noted, for bodies that use each other twice.
func (c *compiler) bodySize(e syntax.Expr) int64 {
	n, ok := c.sizes[e]
	if !ok {
		n = c.strSize(e)
		c.sizes[e] = n
	}
	return n
}

// arraySize returns the size of a string made from a value of type t.
func (c *compiler) arraySize(t *ctype.Type) int64 {
	if t.Is(ctype.Array) && t.Base().Len > 0 {
		return c.prog.Model.Size(t) + 1
	}
	return c.str
}

// callSize is strSize for calls.
func (c *compiler) callSize(n *syntax.Call, x *check.Expr) int64 {
	if x.Call == nil || x.Call.Fn == nil {
		return c.str
	}
	args := x.Call.Values
	arg := func(i int) int64 {
		if i < len(args) {
			return c.strMax(args[i])
		}
		return c.str
	}
	switch x.Call.Fn.ID {
	case check.FStrjoin:
		return arg(0) + arg(1) - 1
	case check.FSubstr:
		if len(args) > 2 {
			if k := c.info.Expr(args[2]); k != nil && k.Const && k.Int >= 0 {
				return min(arg(0), k.Int+1)
			}
		}
		return arg(0)
	case check.FStrchr, check.FStrrchr, check.FStrstr, check.FBasename, check.FDirname, check.FToupper, check.FTolower:
		return arg(0)
	case check.FLltostr:
		if len(args) < 2 {
			return 21 // a sign, 19 digits
		}
		return 68 // 0b and 64 digits at most
	case check.FInetNtoa:
		return 16
	case check.FInetNtoa6, check.FInetNtop:
		return 46
	case check.FLinkNtop:
		return 96
	case check.FCopyinstr:
		if len(args) > 1 {
			if k := c.info.Expr(args[1]); k != nil && k.Const && k.Int >= 0 {
				return min(c.str, k.Int+1)
			}
		}
	}
	return c.str
}

// stringVar returns the variable that the string e is.
func (g *gen) stringVar(e syntax.Expr) (*check.Var, bool) {
	switch e.(type) {
	case *syntax.Ident, *syntax.Index:
		x := g.expr(e)
		v, ok := x.Obj.(*check.Var)
		return v, ok && x.Type.Is(ctype.String) && v.Type.Is(ctype.String) && g.varIndex(v) >= 0
	}
	return nil, false
}

// strSrc returns memory from which the string e can be read, for the time until
// frame memory is released: a place where it already lies if there is one.
func (g *gen) strSrc(e syntax.Expr) ir.Mem {
	x := g.expr(e)
	if x.Const && !x.Type.Is(ctype.String) {
		return g.constant(nullString)
	}
	if x.Type.Is(ctype.String) {
		switch n := e.(type) {
		case *syntax.StringLit:
			return g.literal(n.Value)
		case *syntax.Comma:
			g.effect(n.X)
			return g.strSrc(n.Y)
		case *syntax.Stringof:
			if g.expr(n.X).Type.Is(ctype.String) {
				return g.strSrc(n.X)
			}
		case *syntax.Cast:
			if g.expr(n.X).Type.Is(ctype.String) {
				return g.strSrc(n.X)
			}
		case *syntax.Assign:
			g.effect(n)
			return g.strSrc(n.X)
		case *syntax.Cond:
			if x.Arm != nil {
				return g.strSrc(x.Arm)
			}
		case *syntax.Ident:
			switch o := x.Obj.(type) {
			case *check.InlineDef:
				var m ir.Mem
				g.expand(n, func() { m = g.strSrc(o.X) })
				return m
			case *check.Param:
				if b := g.param(n, o); b.str != nil {
					return *b.str
				}
			case *check.BuiltinVar:
				if o.Kind == check.BuiltinStr {
					return g.strBuiltin(o.Str)
				}
			}
		}
		if p, ok := g.strPlace(e, x); ok {
			if p.kind == placeMem && p.idx == ir.NoReg && p.mem.Space != ir.TLS {
				return p.mem
			}
			m := g.alloc(g.str, 8)
			g.strLoad(e, p, m)
			return m
		}
	}
	m := g.alloc(g.strMax(e), 1)
	g.strInto(e, m)
	return m
}

// strPlace returns the place of the string e if it is a variable or in one.
func (g *gen) strPlace(e syntax.Expr, x *check.Expr) (place, bool) {
	switch n := e.(type) {
	case *syntax.Ident:
		if _, ok := x.Obj.(*check.Var); ok {
			return g.place(e), true
		}
	case *syntax.Index:
		switch x.Obj.(type) {
		case *check.Var, nil:
			return g.place(e), true
		}
	case *syntax.Member:
		if x.XMember == nil {
			return g.place(e), true
		}
	case *syntax.Unary:
		if n.Op == syntax.OpDeref {
			return g.place(e), true
		}
	}
	return place{}, false
}

// strLoad makes the string at p in m.
func (g *gen) strLoad(e syntax.Expr, p place, m ir.Mem) {
	switch p.kind {
	case placeNone:
		g.strCopy(m, g.literal(""))
	case placeAddr:
		g.strAt(m, g.arith(ir.Add, p.base, constVal(p.disp)), p.user, constVal(-1))
	case placeDyn:
		if m.Size == g.prog.Vars[p.v].ValSize && m.Space == ir.Frame {
			g.dynGetM(p, m)
			return
		}
		t := g.alloc(int64(g.prog.Vars[p.v].ValSize), 8)
		g.dynGetM(p, t)
		g.strCopy(m, t)
	case placeMem:
		if p.idx == ir.NoReg {
			g.strCopy(m, p.mem)
			return
		}
		t := m
		if m.Size != uint32(g.str) || m.Off%8 != 0 || m.Space != ir.Frame {
			t = g.alloc(g.str, 8)
		}
		g.loadMem(e, p, t)
		if t != m {
			g.strCopy(m, t)
		}
	}
}

// strBuiltin returns memory with a built-in string.
func (g *gen) strBuiltin(b ir.StrBuiltin) ir.Mem {
	if text, ok := g.fixedName(b); ok {
		return g.literal(text)
	}
	if m, ok := g.knownString(b); ok {
		return m
	}
	m := g.alloc(g.builtinSize(b), 8)
	g.putBuiltin(b, m)
	g.cache = append(g.cache, &known{sub: uint8(b), reg: ir.NoReg, mem: m})
	return m
}

// builtinSize returns the greatest size in bytes of a built-in string.
func (c *compiler) builtinSize(b ir.StrBuiltin) int64 {
	switch b {
	case ir.SExecName, ir.SThreadName:
		return min(c.opt.ExecNameSize, c.str)
	case ir.SProbeProv, ir.SProbeMod, ir.SProbeFunc, ir.SProbeName:
		return min(max(c.partOf(b).max, 2), c.str)
	}
	return c.str
}

// fixedName returns the text of a built-in string that is constant.
func (c *compiler) fixedName(b ir.StrBuiltin) (string, bool) {
	switch b {
	case ir.SProbeProv, ir.SProbeMod, ir.SProbeFunc, ir.SProbeName:
		p := c.partOf(b)
		return p.text, p.fixed
	}
	return "", false
}

// knownString returns the frame memory in which a built-in string still lies,
// and keeps it from being reused.
func (g *gen) knownString(b ir.StrBuiltin) (ir.Mem, bool) {
	for _, k := range g.cache {
		if k.reg == ir.NoReg && !k.dead && k.sub == uint8(b) {
			g.held = append(g.held, [2]uint{uint(k.mem.Off), uint(k.mem.Off + k.mem.Size)})
			return k.mem, true
		}
	}
	return ir.Mem{}, false
}

func (g *gen) putBuiltin(b ir.StrBuiltin, m ir.Mem) {
	in := op(ir.BuiltinS)
	in.Sub, in.M = uint8(b), g.mem(m)
	g.emit(in)
}

// strCopy copies a string.
func (g *gen) strCopy(m, n ir.Mem) {
	if m == n {
		return
	}
	if overlaps(m, n) {
		t := g.alloc(int64(min(m.Size, n.Size)), 8)
		g.strCopy(t, n)
		n = t
	}
	in := op(ir.StrCopy)
	in.M, in.N = g.mem(m), g.mem(n)
	g.emit(in)
}

// strOp emits a string operation with destination m, in a temporary if a source
// overlaps m.
func (g *gen) strOp(in ir.Instr, m ir.Mem, sources ...ir.Mem) {
	t := m
	for _, s := range sources {
		if overlaps(m, s) {
			t = g.alloc(int64(m.Size), 8)
			break
		}
	}
	in.M = g.mem(t)
	g.emit(in)
	if t != m {
		g.strCopy(m, t)
	}
}

// strAt makes in m the string at an address, of at most n bytes unless n is -1.
func (g *gen) strAt(m ir.Mem, addr val, user bool, n val) {
	in := op(ir.StrK)
	if user {
		in.Op = ir.StrU
	}
	in.A = g.reg(addr)
	switch {
	case !n.isConst || n.k == 0:
		in.Op, in.B = ir.StrU, g.reg(n)
	case n.k > 0:
		// The size of the destination is the limit.
		g.within(m, n.k+1, func(m ir.Mem) {
			in.M = g.mem(m)
			g.emit(in)
		})
		return
	}
	in.M = g.mem(m)
	g.emit(in)
}

// within calls f to make a string in memory of at most size bytes, and copies it
// to m where that has more.
func (g *gen) within(m ir.Mem, size int64, f func(ir.Mem)) {
	if int64(m.Size) <= size {
		f(m)
		return
	}
	t := g.alloc(size, 8)
	f(t)
	g.strCopy(m, t)
}

// strInto makes the string e in m, which is not in thread-local storage.
func (g *gen) strInto(e syntax.Expr, m ir.Mem) {
	x := g.expr(e)
	mark := g.marked()
	defer g.release(mark)
	if x.Const && !x.Type.Is(ctype.String) {
		in := op(ir.MkNull)
		in.M = g.mem(m)
		g.emit(in)
		return
	}
	if !x.Type.Is(ctype.String) {
		g.strFrom(e, x, m)
		return
	}
	switch n := e.(type) {
	case *syntax.Ident:
		if o, ok := x.Obj.(*check.BuiltinVar); ok && o.Kind == check.BuiltinStr {
			if text, ok := g.fixedName(o.Str); ok {
				g.strCopy(m, g.literal(text))
			} else if k, ok := g.knownString(o.Str); ok {
				g.strCopy(m, k)
			} else {
				g.putBuiltin(o.Str, m)
			}
			return
		}
		if o, ok := x.Obj.(*check.InlineDef); ok {
			g.expand(n, func() { g.strInto(o.X, m) })
			return
		}
	case *syntax.Index:
		switch o := x.Obj.(type) {
		case *check.InlineDef:
			g.expandArgs(n, o, n.Args, func() { g.strInto(o.X, m) })
			return
		case *check.BuiltinVar:
			// An argument of type string is the address of one.
			user := x.Arg != nil && x.Arg.Native != nil && x.Arg.Native.Is(ctype.Pointer) &&
				x.Arg.Native.Base().Space == ctype.User
			g.strAt(m, g.builtin(ir.BArg, int64(x.Arg.Map)), user, constVal(-1))
			return
		}
	case *syntax.Member:
		if x.XMember != nil {
			g.translated(n, x, func(e syntax.Expr) val { g.strInto(e, m); return val{} })
			return
		}
	case *syntax.Cond:
		if x.Arm != nil {
			g.strInto(x.Arm, m)
			return
		}
		var no, end label
		g.jump(n.C, false, &no)
		g.strArm(n.X, m)
		g.jmp(&end)
		g.bind(&no)
		g.strArm(n.Y, m)
		g.bind(&end)
		return
	case *syntax.Stringof:
		g.strInto(n.X, m)
		return
	case *syntax.Cast:
		g.strInto(n.X, m)
		return
	case *syntax.Call:
		g.strCall(n, x, m)
		return
	}
	if p, ok := g.strPlace(e, x); ok {
		g.strLoad(e, p, m)
		return
	}
	switch n := e.(type) {
	case *syntax.StringLit, *syntax.Comma, *syntax.Assign:
		g.strCopy(m, g.strSrc(e))
		return
	case *syntax.Ident:
		if o, ok := x.Obj.(*check.Param); ok {
			b := g.param(n, o)
			switch {
			case b.str != nil:
				g.strCopy(m, *b.str)
			case b.place != nil:
				g.strLoad(e, *b.place, m)
			default:
				g.strAt(m, b.v, b.user, constVal(-1))
			}
			return
		}
	}
	g.fail(e, diag.D_CG_EXPR, "a string cannot be made of this expression")
}

// strFrom makes in m the string that an address or a char array is.
func (g *gen) strFrom(e syntax.Expr, x *check.Expr, m ir.Mem) {
	if x.Type.Is(ctype.Array) && x.Conv != check.ConvDecay && x.Xlate == nil {
		n := g.compiler.size(x.Type)
		p := g.place(e)
		if p.kind == placeAddr {
			limit := constVal(-1)
			if n > 0 {
				limit = constVal(n)
			}
			g.strAt(m, g.arith(ir.Add, p.base, constVal(p.disp)), p.user, limit)
			return
		}
		// Bytes that end at a NUL or at the end of the array.
		g.within(m, n+1, func(m ir.Mem) {
			body, end := m, m
			body.Size = m.Size - 1
			end.Off, end.Size = m.Off+body.Size, 1
			g.loadMem(e, p, body)
			g.st(end, constVal(0))
		})
		return
	}
	user := g.userPtr(e)
	g.strAt(m, g.rawValue(e, x), user, constVal(-1))
}

// rawValue returns the value of e without its conversion to a string.
func (g *gen) rawValue(e syntax.Expr, x *check.Expr) val {
	if x.Const {
		return constVal(x.Int)
	}
	if x.Conv == check.ConvString || x.Conv == check.ConvNone {
		return g.raw(e, x)
	}
	return g.value(e)
}

// stringAddr returns the address of a copy of the string e in scratch memory,
// 0 if it is NULL.
func (g *gen) stringAddr(e syntax.Expr) val {
	defer g.release(g.marked())
	return g.strPtr(g.strSrc(e))
}

func (g *gen) strPtr(m ir.Mem) val {
	in := op(ir.StrPtr)
	in.M, in.Dst = g.mem(m), g.newReg()
	g.emit(in)
	return val{r: in.Dst, w: 64}
}

// canTrap reports whether making the string e in memory can fault half way.
func (g *gen) canTrap(e syntax.Expr) bool {
	x := g.expr(e)
	if x.Const {
		return false
	}
	if !x.Type.Is(ctype.String) {
		return true
	}
	switch n := e.(type) {
	case *syntax.StringLit:
		return false
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.Var:
			return false
		case *check.BuiltinVar:
			return o.Kind != check.BuiltinStr
		}
	case *syntax.Cond:
		if x.Arm != nil {
			return g.canTrap(x.Arm)
		}
		return g.canTrap(n.X) || g.canTrap(n.Y)
	case *syntax.Call:
		switch x.Call.Fn.ID {
		case check.FCopyinstr, check.FInetNtoa, check.FInetNtoa6, check.FInetNtop, check.FLinkNtop, check.FDPath, check.FMemstr:
			return true
		}
		return false
	case *syntax.Stringof:
		return g.canTrap(n.X)
	}
	return true
}
