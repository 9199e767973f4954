package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// place is where an object lies.
type place struct {
	kind placeKind
	// mem is the object of placeMem, or where idx is a register the array that
	// the object is in, at that distance in bytes.
	mem ir.Mem
	idx ir.Reg
	// back, of placeMem, copies the memory back to the variable that it is a
	// copy of, after it was changed.
	back func()
	// base+disp is the address of placeAddr, in user memory if user.
	base val
	disp int64
	user bool
	// v and key are the variable and tuple of placeDyn.
	v   int
	key ir.Mem
}

type placeKind uint8

const (
	placeMem  placeKind = iota // a variable, or a temporary
	placeAddr                  // an address
	placeDyn                   // a number or string in a dynamic variable
	placeNone                  // a variable that nothing assigns: reads as 0
)

// loadPlace returns the value of the object e: its content, or for arrays,
// structs and functions its address.
func (g *gen) loadPlace(e syntax.Expr, x *check.Expr) val {
	defer g.release(g.marked())
	p := g.place(e)
	t := x.Type
	if t.Is(ctype.Array) || t.IsCompound() || t.Is(ctype.Func) {
		return g.address(p, e)
	}
	return g.loadAt(e, p, t, x.Bits, x.Shift)
}

// place returns where the object e lies.
func (g *gen) place(e syntax.Expr) place {
	x := g.expr(e)
	switch n := e.(type) {
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.Var:
			return g.varPlace(o)
		case *check.SymbolRef:
			return place{kind: placeAddr, base: constVal(int64(o.Symbol.Addr)), idx: ir.NoReg}
		case *check.InlineDef:
			var p place
			g.expand(n, func() { p = g.place(o.X) })
			return p
		case *check.Param:
			if b := g.param(n, o); b.place != nil {
				return *b.place
			}
		}
	case *syntax.Member:
		if a, ok := n.X.(*syntax.Unary); ok && n.Arrow && x.XMember == nil && a.Op == syntax.OpAddr {
			return g.part(n, g.place(a.X), x.Member.Off, g.size(x.Member.Type))
		}
		if x.XMember != nil {
			var p place
			g.translated(n, x, func(e syntax.Expr) val { p = g.place(e); return val{} })
			return p
		}
		m := x.Member
		if n.Arrow {
			return place{kind: placeAddr, base: g.value(n.X), disp: m.Off, user: g.userPtr(n.X), idx: ir.NoReg}
		}
		p := g.place(n.X)
		return g.part(n, p, m.Off, g.size(m.Type))
	case *syntax.Index:
		return g.indexPlace(n, x)
	case *syntax.Unary:
		if n.Op == syntax.OpDeref {
			if a, ok := n.X.(*syntax.Unary); ok && a.Op == syntax.OpAddr {
				return g.place(a.X)
			}
			if t := g.expr(n.X).Type; t.Is(ctype.Array) {
				return g.part(n, g.place(n.X), 0, g.size(t.Base().Elem))
			}
			return place{kind: placeAddr, base: g.value(n.X), user: g.userPtr(n.X), idx: ir.NoReg}
		}
	case *syntax.Comma:
		g.effect(n.X)
		return g.place(n.Y)
	case *syntax.Cond:
		if x.Arm != nil {
			return g.place(x.Arm)
		}
	}
	// A value without a place of its own gets a temporary one.
	if x.Type.IsCompound() || x.Type.Is(ctype.Array) {
		m := g.alloc(g.size(x.Type), 8)
		g.memInto(e, m)
		return place{kind: placeMem, mem: m, idx: ir.NoReg}
	}
	g.fail(e, diag.D_CG_EXPR, "an expression of type %s has no place in memory", x.Type)
	return place{}
}

// varPlace returns the place of a variable that is not an associative array.
func (g *gen) varPlace(v *check.Var) place {
	i := g.varIndex(v)
	if i < 0 {
		return place{kind: placeNone, idx: ir.NoReg}
	}
	return place{kind: placeMem, mem: g.prog.Vars[i].Mem, idx: ir.NoReg}
}

// part returns the place of size bytes at distance off in p.
func (g *gen) part(n syntax.Node, p place, off, size int64) place {
	switch {
	case p.kind == placeAddr:
		p.disp += off
	case p.kind == placeMem && p.idx != ir.NoReg:
		p.idx = g.reg(g.arith(ir.Add, val{r: p.idx}, constVal(off)))
	case p.kind == placeMem:
		if off < 0 || size <= 0 || off+size > int64(p.mem.Size) {
			g.fail(n, diag.D_CG_EXPR, "bytes %d to %d of a variable of %d bytes", off, off+size, p.mem.Size)
		}
		p.mem.Off += uint32(off)
		p.mem.Size = uint32(size)
	}
	return p
}

// indexPlace returns the place of X[Args].
func (g *gen) indexPlace(n *syntax.Index, x *check.Expr) place {
	switch o := x.Obj.(type) {
	case *check.Var:
		if o.Kind == ir.VarAssoc || o.Kind == ir.VarThreadAssoc {
			return g.dynPlace(n, o)
		}
	case *check.InlineDef:
		var p place
		g.expandArgs(n, o, n.Args, func() { p = g.place(o.X) })
		return p
	}
	bx := g.expr(n.X)
	elem := x.Elem
	if elem == 0 {
		elem = g.size(x.Type)
	}
	idx := func() val {
		v := g.value(n.Args[0])
		for _, a := range n.Args[1:] {
			_ = a
			g.fail(n, diag.D_CG_EXPR, "an array is indexed by %d values", len(n.Args))
		}
		return v
	}
	if !bx.Type.Is(ctype.Array) {
		base, user := g.value(n.X), g.userPtr(n.X)
		i := idx()
		if i.isConst {
			return place{kind: placeAddr, base: base, disp: i.k * elem, user: user, idx: ir.NoReg}
		}
		return place{kind: placeAddr, base: g.arith(ir.Add, base, g.arith(ir.Mul, i, constVal(elem))), user: user, idx: ir.NoReg}
	}
	p := g.place(n.X)
	i := idx()
	switch {
	case p.kind == placeNone:
		return p
	case p.kind == placeAddr:
		if i.isConst {
			p.disp += i.k * elem
		} else {
			p.base = g.arith(ir.Add, p.base, g.arith(ir.Mul, i, constVal(elem)))
		}
		return p
	}
	bound := bx.Type.Base().Len
	if i.isConst {
		if i.k < 0 || i.k >= bound {
			// The checker refuses what is evident; the rest faults.
			g.trap(ir.FaultBadIndex, i)
			i.k = 0
		}
		return g.part(n, p, i.k*elem, elem)
	}
	if p.mem.Space == ir.TLS {
		p = g.shadow(p)
	}
	// The instructions check that an access stays inside of the array. The
	// product could wrap for a wide index, and an inner dimension could reach
	// into the next row: those are checked here.
	if p.idx != ir.NoReg || !i.fits(32, true) && elem > 1 {
		var ok label
		g.br(ir.LTU, i.r, constVal(bound), &ok)
		g.trap(ir.FaultBadIndex, i)
		g.bind(&ok)
	}
	at := g.arith(ir.Mul, i, constVal(elem))
	if p.idx != ir.NoReg {
		at = g.arith(ir.Add, val{r: p.idx}, at)
	}
	p.idx = g.reg(at)
	return p
}

// trap ends the clause with a fault.
func (g *gen) trap(f ir.Fault, v val) {
	in := op(ir.Fail)
	in.Sub, in.A = uint8(f), g.reg(v)
	g.emit(in)
}

// shadow returns a copy in the frame of an object in thread-local storage,
// which has no instructions for indexed access.
func (g *gen) shadow(p place) place {
	m := g.alloc(int64(p.mem.Size), 8)
	home := p.mem
	g.copy(m, home)
	return place{kind: placeMem, mem: m, idx: ir.NoReg, back: func() { g.copy(home, m) }}
}

// copy copies m.Size bytes.
func (g *gen) copy(m, n ir.Mem) {
	if m == n {
		return
	}
	in := op(ir.Copy)
	in.M, in.N = g.mem(m), g.mem(n)
	g.emit(in)
}

func (g *gen) zero(m ir.Mem) {
	in := op(ir.Zero)
	in.M = g.mem(m)
	g.emit(in)
}

// dynPlace returns the place of an element of an associative array. Elements
// that are structs or arrays are worked on in a copy.
func (g *gen) dynPlace(n *syntax.Index, v *check.Var) place {
	i := g.varIndex(v)
	if i < 0 {
		for _, a := range n.Args {
			g.effect(a)
		}
		return place{kind: placeNone, idx: ir.NoReg}
	}
	key := g.buildTuple(n, g.tuples[v], n.Args)
	p := place{kind: placeDyn, v: i, key: key, idx: ir.NoReg}
	if !v.Type.IsCompound() && !v.Type.Is(ctype.Array) && !v.Type.IsStackVal() {
		return p
	}
	m := g.alloc(int64(g.prog.Vars[i].ValSize), 8)
	g.dynGetM(p, m)
	return place{kind: placeMem, mem: m, idx: ir.NoReg, back: func() { g.dynSetM(p, m) }}
}

func (g *gen) dynGetM(p place, m ir.Mem) {
	in := op(ir.DynGetM)
	in.Imm, in.M, in.N = int64(p.v), g.mem(p.key), g.mem(m)
	g.emit(in)
}

func (g *gen) dynSetM(p place, m ir.Mem) {
	in := op(ir.DynSetM)
	in.Imm, in.M, in.N = int64(p.v), g.mem(p.key), g.mem(m)
	g.emit(in)
}

// addressOf returns the value of &X. A part of a D variable is that part in a
// copy of the variable, so that its neighbours can be reached from it.
func (g *gen) addressOf(n *syntax.Unary) val {
	p := g.place(n.X)
	if p.kind != placeMem {
		return g.address(p, n)
	}
	whole := p.mem
	if v := g.compiler.info.RootVar(n.X); v != nil {
		if i := g.varIndex(v); i >= 0 && g.prog.Vars[i].Mem.Space == p.mem.Space {
			whole = g.prog.Vars[i].Mem
		}
	}
	at := g.arith(ir.Add, g.address(place{kind: placeMem, mem: whole, idx: ir.NoReg}, n), constVal(int64(p.mem.Off)-int64(whole.Off)))
	if p.idx != ir.NoReg {
		at = g.arith(ir.Add, at, val{r: p.idx, w: 64})
	}
	return at
}

// address returns the address of p. What lies in no address space of the traced
// system is copied to scratch memory.
func (g *gen) address(p place, n syntax.Node) val {
	switch p.kind {
	case placeAddr:
		return g.arith(ir.Add, p.base, constVal(p.disp))
	case placeMem:
		if p.idx != ir.NoReg {
			g.fail(n, diag.D_CG_EXPR, "an element of a D variable has no address")
		}
		if p.mem.Space == ir.TLS {
			p = g.shadow(p)
		}
		in := op(ir.Alloca)
		in.A, in.Dst = g.reg(constVal(int64(p.mem.Size))), g.newReg()
		g.emit(in)
		g.spill(val{r: in.Dst, w: 64}, p.mem)
		return val{r: in.Dst, w: 64}
	case placeNone:
		return constVal(0)
	}
	g.fail(n, diag.D_CG_EXPR, "an element of an associative array has no address")
	return val{}
}

// spill stores memory at a scratch address.
func (g *gen) spill(addr val, m ir.Mem) {
	g.pieces(m, func(off int64, m ir.Mem) {
		in := op(ir.StP)
		in.B = g.reg(g.ld(m, uint8(m.Size), false))
		in.A, in.Size, in.Imm = g.reg(addr), uint8(m.Size), off
		g.emit(in)
	})
}

// pieces calls f for each aligned number of m.
func (g *gen) pieces(m ir.Mem, f func(off int64, m ir.Mem)) {
	for off := uint32(0); off < m.Size; {
		n := uint32(8)
		for n > 1 && ((m.Off+off)%n != 0 || off+n > m.Size) {
			n /= 2
		}
		f(int64(off), ir.Mem{Space: m.Space, Off: m.Off + off, Size: n})
		off += n
	}
}

// loadAt loads a number of type t, or a bit-field of it.
func (g *gen) loadAt(n syntax.Node, p place, t *ctype.Type, bits, shift int) val {
	size := g.size(t)
	switch size {
	case 1, 2, 4, 8:
	default:
		g.fail(n, diag.D_CG_EXPR, "a value of type %s does not fit a register", t)
	}
	return g.load(p, t, bits, shift)
}

func (g *gen) load(p place, t *ctype.Type, bits, shift int) val {
	size, sgn := uint8(g.size(t)), signed(t)
	if bits > 0 {
		sgn = false
	}
	v := val{w: size * 8, s: sgn}
	switch p.kind {
	case placeNone:
		return constVal(0)
	case placeMem:
		if p.idx == ir.NoReg {
			m := p.mem
			m.Size = uint32(size)
			v = g.ld(m, size, sgn)
			break
		}
		in := op(ir.LdX)
		in.Dst, in.Size, in.Signed, in.M, in.A = g.newReg(), size, sgn, g.mem(p.mem), p.idx
		g.emit(in)
		v.r = in.Dst
	case placeAddr:
		in := op(ir.LdK)
		if p.user {
			in.Op = ir.LdU
		}
		in.A = g.reg(p.base)
		in.Dst, in.Size, in.Signed, in.Imm = g.newReg(), size, sgn, p.disp
		g.emit(in)
		v.r = in.Dst
	case placeDyn:
		in := op(ir.DynGet)
		in.Dst, in.Size, in.Signed, in.Imm, in.M = g.newReg(), size, sgn, int64(p.v), g.mem(p.key)
		g.emit(in)
		v.r = in.Dst
	}
	if bits == 0 {
		return v
	}
	if signed(t) {
		v = g.arith(ir.Shl, v, constVal(int64(64-shift-bits)))
		v = g.arith(ir.Sar, v, constVal(int64(64-bits)))
	} else {
		v = g.arith(ir.Shr, v, constVal(int64(shift)))
		v = g.arith(ir.And, v, constVal(1<<bits-1))
	}
	v.w, v.s = uint8(bits), signed(t)
	return v
}

// store stores a number of type t, or a bit-field of it.
func (g *gen) store(n syntax.Node, p place, t *ctype.Type, bits, shift int, v val) {
	size := uint8(g.size(t))
	if bits > 0 {
		old := g.load(p, &ctype.Type{Kind: ctype.Int, Bytes: int64(size)}, 0, 0)
		mask := int64(uint64(1)<<bits-1) << shift
		v = g.arith(ir.Shl, g.arith(ir.And, v, constVal(int64(uint64(1)<<bits-1))), constVal(int64(shift)))
		v = g.arith(ir.Or, g.arith(ir.And, old, constVal(^mask)), v)
	}
	switch p.kind {
	case placeNone:
	case placeMem:
		if p.idx == ir.NoReg {
			m := p.mem
			m.Size = uint32(size)
			g.st(m, v)
		} else {
			in := op(ir.StX)
			in.B = g.reg(v)
			in.Size, in.M, in.A = size, g.mem(p.mem), p.idx
			g.emit(in)
		}
		if p.back != nil {
			p.back()
		}
	case placeAddr:
		if p.user {
			g.fail(n, diag.D_CG_EXPR, "user memory is assigned, want copyout()")
		}
		in := op(ir.StP)
		in.B = g.reg(v)
		in.A = g.reg(p.base)
		in.Size, in.Imm = size, p.disp
		g.emit(in)
	case placeDyn:
		if v.isConst && v.k == 0 {
			in := op(ir.DynDel)
			in.Imm, in.M = int64(p.v), g.mem(p.key)
			g.emit(in)
			return
		}
		in := op(ir.DynSet)
		in.A = g.reg(v)
		in.Imm, in.M = int64(p.v), g.mem(p.key)
		g.emit(in)
	}
}

// userPtr reports whether the pointer e points into user memory. Types say so,
// and what is derived from such a pointer keeps it.
func (g *gen) userPtr(e syntax.Expr) bool {
	x := g.compiler.info.Expr(e)
	if x == nil {
		return false
	}
	isUser := func(t *ctype.Type) bool { return t.Is(ctype.Pointer) && t.Base().Space == ctype.User }
	if isUser(x.Type) || x.Conv == check.ConvInt && isUser(x.To) {
		return true
	}
	if x.Type.Is(ctype.Array) {
		return g.userPlace(e)
	}
	switch n := e.(type) {
	case *syntax.Ident:
		switch o := x.Obj.(type) {
		case *check.Param:
			return g.env[o].user
		case *check.InlineDef:
			u, ok := g.users[o]
			if !ok {
				u = g.userPtr(o.X)
				g.users[o] = u
			}
			return u
		}
	case *syntax.Unary:
		if n.Op == syntax.OpAddr {
			return g.userPlace(n.X)
		}
	case *syntax.Cast:
		return x.Type.Is(ctype.Pointer) && g.userPtr(n.X)
	case *syntax.Binary:
		return x.Type.Is(ctype.Pointer) && (g.userPtr(n.X) || g.userPtr(n.Y))
	case *syntax.Cond:
		return g.userPtr(n.X) || g.userPtr(n.Y)
	case *syntax.Comma:
		return g.userPtr(n.Y)
	}
	return false
}

// userPlace reports whether the object e lies in user memory.
func (g *gen) userPlace(e syntax.Expr) bool {
	switch n := e.(type) {
	case *syntax.Member:
		if x := g.compiler.info.Expr(e); x == nil || x.XMember != nil {
			return false
		}
		if n.Arrow {
			return g.userPtr(n.X)
		}
		return g.userPlace(n.X)
	case *syntax.Index:
		return g.userPtr(n.X)
	case *syntax.Unary:
		return n.Op == syntax.OpDeref && g.userPtr(n.X)
	}
	return false
}
