package compile

import (
	"math/bits"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
)

// val is an integer or pointer value: a constant, or what a register holds.
type val struct {
	isConst bool
	k       int64
	r       ir.Reg
	// w says what is known of the register: it is in the range of an integer of
	// w bits, signed if s.
	w uint8
	s bool
}

func constVal(k int64) val { return val{isConst: true, k: k, r: ir.NoReg} }

// fits reports whether v is certain to be in the range of an integer of w bits.
func (v val) fits(w uint8, signed bool) bool {
	if w >= 64 {
		return true
	}
	if v.isConst {
		return v.k == cut(v.k, w/8, signed)
	}
	if v.s {
		return signed && v.w <= w
	}
	return v.w < w || v.w == w && !signed
}

// cut returns k cut to size bytes and extended.
func cut(k int64, size uint8, signed bool) int64 {
	sh := 64 - 8*int(size)
	if size >= 8 {
		return k
	}
	if signed {
		return k << sh >> sh
	}
	return int64(uint64(k) << sh >> sh)
}

// reg returns a register that holds v.
func (g *gen) reg(v val) ir.Reg {
	if !v.isConst {
		return v.r
	}
	in := op(ir.MovI)
	in.Dst, in.Imm = g.newReg(), v.k
	g.emit(in)
	return in.Dst
}

// inReg returns v in a register, for a value that is used more than once.
func (g *gen) inReg(v val) val {
	v.r = g.reg(v)
	v.isConst = false
	if v.w == 0 {
		v.w = 64
	}
	return v
}

// mov makes register dst hold v.
func (g *gen) mov(dst ir.Reg, v val) {
	if v.isConst {
		in := op(ir.MovI)
		in.Dst, in.Imm = dst, v.k
		g.emit(in)
		return
	}
	in := op(ir.Mov)
	in.Dst, in.A = dst, v.r
	g.emit(in)
}

// ext cuts v to size bytes and extends it.
func (g *gen) ext(v val, size uint8, signed bool) val {
	if v.isConst {
		return constVal(cut(v.k, size, signed))
	}
	if v.fits(size*8, signed) {
		return v
	}
	in := op(ir.Ext)
	in.Dst, in.A, in.Size, in.Signed = g.newReg(), v.r, size, signed
	g.emit(in)
	return val{r: in.Dst, w: size * 8, s: signed}
}

// set returns 1 if a c b, else 0.
func (g *gen) set(c ir.Cond, a, b val) val {
	if a.isConst && b.isConst {
		if c.Holds(a.k, b.k) {
			return constVal(1)
		}
		return constVal(0)
	}
	if a.isConst {
		a, b, c = b, a, mirror(c)
	}
	in := op(ir.Set)
	in.Sub, in.Dst, in.A = uint8(c), g.newReg(), a.r
	in.B, in.Imm = b.operand()
	g.emit(in)
	return val{r: in.Dst, w: 1}
}

// mirror returns the comparison that holds of (b, a) when c holds of (a, b).
func mirror(c ir.Cond) ir.Cond {
	switch c {
	case ir.LT:
		return ir.GT
	case ir.LE:
		return ir.GE
	case ir.GT:
		return ir.LT
	case ir.GE:
		return ir.LE
	case ir.LTU:
		return ir.GTU
	case ir.LEU:
		return ir.GEU
	case ir.GTU:
		return ir.LTU
	case ir.GEU:
		return ir.LEU
	}
	return c
}

// operand returns v as [B|Imm].
func (v val) operand() (ir.Reg, int64) {
	if v.isConst {
		return ir.NoReg, v.k
	}
	return v.r, 0
}

// arith returns a o b for an arithmetic operation of ir. Constants are folded,
// except for divisions by zero, which are left to fault.
func (g *gen) arith(o ir.Op, a, b val) val {
	if a.isConst && b.isConst {
		if k, ok := fold(o, a.k, b.k); ok {
			return constVal(k)
		}
	}
	if a.isConst && commutes(o) {
		a, b = b, a
	}
	if b.isConst {
		if v, ok := g.simplify(o, a, b.k); ok {
			return v
		}
		if n := bits.TrailingZeros64(uint64(b.k)); b.k > 0 && b.k == 1<<n {
			switch o {
			case ir.Mul:
				o, b.k = ir.Shl, int64(n)
			case ir.DivU:
				o, b.k = ir.Shr, int64(n)
			case ir.ModU:
				o, b.k = ir.And, b.k-1
			}
		}
	}
	in := op(o)
	in.A = g.reg(a)
	in.B, in.Imm = b.operand()
	in.Dst = g.newReg()
	g.emit(in)
	v := val{r: in.Dst, w: 64}
	if o == ir.And && b.isConst && b.k >= 0 {
		v.w = uint8(bits.Len64(uint64(b.k)))
	}
	if o == ir.Shr && b.isConst && b.k > 0 && b.k < 64 {
		v.w = uint8(64 - b.k)
	}
	return v
}

// simplify returns a o k where that needs no instruction.
func (g *gen) simplify(o ir.Op, a val, k int64) (val, bool) {
	switch {
	case k == 0 && (o == ir.Add || o == ir.Sub || o == ir.Or || o == ir.Xor || o == ir.Shl || o == ir.Shr || o == ir.Sar),
		k == 1 && (o == ir.Mul || o == ir.DivS || o == ir.DivU):
		return a, true
	}
	return a, false
}

func commutes(o ir.Op) bool {
	switch o {
	case ir.Add, ir.Mul, ir.And, ir.Or, ir.Xor:
		return true
	}
	return false
}

// fold computes a o b; ok is false for what traps.
func fold(o ir.Op, a, b int64) (k int64, ok bool) {
	switch o {
	case ir.Add:
		return a + b, true
	case ir.Sub:
		return a - b, true
	case ir.Mul:
		return a * b, true
	case ir.And:
		return a & b, true
	case ir.Or:
		return a | b, true
	case ir.Xor:
		return a ^ b, true
	case ir.Shl:
		return a << (uint64(b) & 63), true
	case ir.Shr:
		return int64(uint64(a) >> (uint64(b) & 63)), true
	case ir.Sar:
		return a >> (uint64(b) & 63), true
	}
	if b == 0 {
		return 0, false
	}
	switch o {
	case ir.DivS:
		if b == -1 {
			return -a, true
		}
		return a / b, true
	case ir.ModS:
		if b == -1 {
			return 0, true
		}
		return a % b, true
	case ir.DivU:
		return int64(uint64(a) / uint64(b)), true
	case ir.ModU:
		return int64(uint64(a) % uint64(b)), true
	}
	return 0, false
}

// unary returns o applied to a: Neg or Not.
func (g *gen) unary(o ir.Op, a val) val {
	if a.isConst {
		if o == ir.Neg {
			return constVal(-a.k)
		}
		return constVal(^a.k)
	}
	in := op(o)
	in.Dst, in.A = g.newReg(), a.r
	g.emit(in)
	return val{r: in.Dst, w: 64}
}

// signed reports whether values of t are signed numbers.
func signed(t *ctype.Type) bool { return t.IsSigned() }

// unsignedOp reports whether an operation on values of the types a and b is one
// of unsigned numbers, by C's usual conversions.
func (c *compiler) unsignedOp(a, b *ctype.Type) bool {
	rank := func(t *ctype.Type) (int64, bool) {
		if !t.IsInt() {
			return 8, true // pointers
		}
		n := c.size(t)
		if n < 4 {
			return 4, false // promoted to int
		}
		return n, !t.IsSigned()
	}
	na, ua := rank(a)
	nb, ub := rank(b)
	switch {
	case na > nb:
		return ua
	case nb > na:
		return ub
	}
	return ua || ub
}
