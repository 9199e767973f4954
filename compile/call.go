package compile

import (
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// args is the list of the arguments of a call.
type args struct {
	g    *gen
	n    *syntax.Call
	list []syntax.Expr
}

func (g *gen) callArgs(n *syntax.Call, x *check.Expr) args {
	if x.Call == nil || x.Call.Fn == nil {
		g.fail(n, diag.D_CG_EXPR, "%s( ) was not checked", n.Fun.Name)
	}
	return args{g, n, x.Call.Values}
}

func (a args) expr(i int) syntax.Expr {
	if i >= len(a.list) {
		a.g.fail(a.n, diag.D_CG_EXPR, "%s( ) has %d arguments, want more than %d", a.n.Fun.Name, len(a.list), i)
	}
	return a.list[i]
}

func (a args) val(i int) val    { return a.g.value(a.expr(i)) }
func (a args) reg(i int) ir.Reg { return a.g.reg(a.val(i)) }
func (a args) str(i int) ir.Mem { return a.g.strArg(a.expr(i)) }

// regOpt returns argument i, NoReg if it is not there.
func (a args) regOpt(i int) ir.Reg {
	if i >= len(a.list) {
		return ir.NoReg
	}
	return a.reg(i)
}

// strOrAddr returns argument i, a string or an address, as register; a string
// is copied to scratch memory.
func (a args) addr(i int) ir.Reg { return a.reg(i) }

// kernel returns argument i, the address of n bytes, as address in kernel or
// scratch memory.
func (a args) kernel(i int, n int64) ir.Reg {
	e := a.expr(i)
	user := a.g.userPtr(e)
	r := a.reg(i)
	if !user {
		return r
	}
	in := op(ir.CopyIn)
	in.A, in.B = r, a.g.reg(constVal(n))
	in.Dst = a.g.newReg()
	a.g.emit(in)
	return in.Dst
}

// callValue returns the value of a call.
func (g *gen) callValue(n *syntax.Call, x *check.Expr) val {
	defer g.release(g.marked())
	a := g.callArgs(n, x)
	in := op(ir.Nop)
	res := val{w: 64}
	switch id := x.Call.Fn.ID; id {
	case check.FAlloca:
		in.Op, in.A = ir.Alloca, a.reg(0)
	case check.FBcopy:
		in.Op, in.A, in.C = ir.Bcopy, a.addr(0), a.reg(1)
		in.B = a.reg(2)
		g.emit(in)
		return constVal(0)
	case check.FCopyin:
		in.Op, in.A = ir.CopyIn, a.reg(0)
		in.B = a.reg(1)
	case check.FCopyinto:
		in.Op, in.A = ir.CopyInTo, a.reg(0)
		in.B = a.reg(1)
		in.C = a.reg(2)
		g.emit(in)
		return constVal(0)
	case check.FGetmajor:
		return g.arith(ir.Shr, g.convert(a.val(0), g.types.Uint32), constVal(20))
	case check.FGetminor:
		return g.arith(ir.And, a.val(0), constVal(1<<20-1))
	case check.FHtonl, check.FNtohl:
		return g.swap(a.val(0), 4)
	case check.FHtonll, check.FNtohll:
		return g.swap(a.val(0), 8)
	case check.FHtons, check.FNtohs:
		return g.swap(a.val(0), 2)
	case check.FIndex, check.FRindex:
		in.Op = ir.StrIndex
		if id == check.FRindex {
			in.Op = ir.StrRIndex
		}
		in.M = g.mem(a.str(0))
		in.N = g.mem(a.str(1))
		in.A = a.regOpt(2)
		res.w, res.s = 32, true
	case check.FMemref:
		in.Op, in.A = ir.Alloca, g.reg(constVal(16))
		in.Dst = g.newReg()
		g.emit(in)
		for i := range 2 {
			st := op(ir.StP)
			st.B = a.reg(i)
			st.A, st.Size, st.Imm = in.Dst, 8, int64(8*i)
			g.emit(st)
		}
		return val{r: in.Dst, w: 64}
	case check.FMutexOwned, check.FMutexOwner, check.FMutexTypeAdaptive, check.FMutexTypeSpin,
		check.FRwIswriter, check.FRwReadHeld, check.FRwWriteHeld:
		return g.lock(id, a)
	case check.FProgenyof:
		in.Op, in.A = ir.ProgenyOf, a.reg(0)
		res.w = 1
	case check.FRand:
		return g.builtin(ir.BRand, 0)
	case check.FSpeculation:
		g.prog.Speculations = true
		in.Op = ir.Speculation
		res.w = 31
	case check.FStrlen:
		in.Op = ir.StrLen
		in.M = g.mem(a.str(0))
		res.w = 31
	case check.FStrtoll:
		in.Op = ir.StrToLL
		in.M = g.mem(a.str(0))
		in.B, in.Imm = g.base(a, 1)
	default:
		if x.Type.Is(ctype.String) {
			return g.stringAddr(n)
		}
		if !g.action0(n, x) {
			g.fail(n, diag.D_CG_EXPR, "%s( ) has no value here", n.Fun.Name)
		}
		return constVal(0)
	}
	in.Dst = g.newReg()
	g.emit(in)
	res.r = in.Dst
	return res
}

// base returns argument i, a number base, as [B|Imm]; 10 if it is not there.
func (g *gen) base(a args, i int) (ir.Reg, int64) {
	if i >= len(a.list) {
		return ir.NoReg, 10
	}
	return a.val(i).operand()
}

// swap converts between host and network byte order.
func (g *gen) swap(v val, size uint8) val {
	if g.model().BigEndian {
		return g.ext(v, size, false)
	}
	if v.isConst {
		k := uint64(0)
		for i := range int(size) {
			k = k<<8 | uint64(v.k)>>(8*i)&0xff
		}
		return constVal(int64(k))
	}
	in := op(ir.Bswap)
	in.Size, in.A = size, v.r
	in.Dst = g.newReg()
	g.emit(in)
	return val{r: in.Dst, w: 8 * size}
}

// Layout of Linux's locks: a mutex starts with a long of the owner's address
// and three flag bits; a rw_semaphore with a long that has bit 0 for a writer
// and counts readers from bit 8; a rwlock_t with an int that has a writer in
// bits 0-8 and counts readers from bit 9.
const (
	mutexFlags   = 7
	rwsemWriter  = 1
	rwsemReaders = 8
	rwlockWriter = 0x1ff
	rwlockReader = 9
)

// lock compiles the subroutines about kernel locks.
func (g *gen) lock(id check.FuncID, a args) val {
	word := func(size uint8) val {
		in := op(ir.LdK)
		in.A, in.Size = a.reg(0), size
		in.Dst = g.newReg()
		g.emit(in)
		return val{r: in.Dst, w: 8 * size}
	}
	switch id {
	case check.FMutexTypeAdaptive:
		g.effect(a.expr(0))
		return constVal(1) // a mutex of Linux spins while its owner runs, then sleeps
	case check.FMutexTypeSpin:
		g.effect(a.expr(0))
		return constVal(0)
	case check.FMutexOwner, check.FMutexOwned:
		owner := g.arith(ir.And, word(8), constVal(^int64(mutexFlags)))
		if id == check.FMutexOwned {
			return g.set(ir.EQ, owner, g.builtin(ir.BCurThread, 0))
		}
		return owner
	}
	size, writer, readers := uint8(4), int64(rwlockWriter), int64(rwlockReader)
	if t := g.resultType(a.expr(0)); t.Is(ctype.Pointer) && strings.Contains(t.Base().Elem.Base().Name, "sem") {
		size, writer, readers = 8, rwsemWriter, rwsemReaders
	}
	w := word(size)
	if id == check.FRwReadHeld {
		if size == 8 {
			// The top bit flags failed readers.
			w = g.arith(ir.Shl, w, constVal(1))
			readers++
		}
		return g.set(ir.NE, g.arith(ir.Shr, w, constVal(readers)), constVal(0))
	}
	return g.set(ir.NE, g.arith(ir.And, w, constVal(writer)), constVal(0))
}

// strCall makes the string that a call returns in m.
func (g *gen) strCall(n *syntax.Call, x *check.Expr, m ir.Mem) {
	defer g.release(g.marked())
	a := g.callArgs(n, x)
	one := func(o ir.Op) {
		in := op(o)
		s := a.str(0)
		in.N = g.mem(s)
		g.strOp(in, m, s)
	}
	two := func(o ir.Op) {
		in := op(o)
		s, t := a.str(0), a.str(1)
		in.N, in.P = g.mem(s), g.mem(t)
		g.strOp(in, m, s, t)
	}
	char := func(o ir.Op) {
		in := op(o)
		s := a.str(0)
		in.N, in.A = g.mem(s), a.reg(1)
		g.strOp(in, m, s)
	}
	switch x.Call.Fn.ID {
	case check.FStrjoin:
		two(ir.StrJoin)
	case check.FStrstr:
		two(ir.StrStr)
	case check.FJSON:
		two(ir.Json)
	case check.FBasename:
		one(ir.Basename)
	case check.FDirname:
		one(ir.Dirname)
	case check.FCleanpath:
		one(ir.Cleanpath)
	case check.FToupper:
		one(ir.ToUpper)
	case check.FTolower:
		one(ir.ToLower)
	case check.FStrchr:
		char(ir.StrChr)
	case check.FStrrchr:
		char(ir.StrRChr)
	case check.FSubstr:
		in := op(ir.Substr)
		s := a.str(0)
		in.N, in.A = g.mem(s), a.reg(1)
		in.B = a.regOpt(2)
		g.strOp(in, m, s)
	case check.FStrtok:
		in := op(ir.StrTok)
		d := a.str(1)
		in.P = g.mem(d)
		if f := g.expr(a.expr(0)); f.Const && !f.Type.Is(ctype.String) {
			g.strOp(in, m, d)
			return
		}
		s := a.str(0)
		in.N = g.mem(s)
		g.strOp(in, m, s, d)
	case check.FLltostr:
		in := op(ir.LLToStr)
		in.A = a.reg(0)
		in.B, in.Imm = g.base(a, 1)
		g.strOp(in, m)
	case check.FCopyinstr:
		limit := constVal(-1)
		if len(a.list) > 1 {
			limit = a.val(1)
		}
		g.strAt(m, a.val(0), true, limit)
	case check.FInetNtoa:
		in := op(ir.InetNtoa)
		in.A = a.kernel(0, 4)
		g.strOp(in, m)
	case check.FInetNtoa6:
		in := op(ir.InetNtop)
		in.B = a.kernel(0, 16)
		in.A = g.reg(constVal(10)) // AF_INET6 of Linux
		g.strOp(in, m)
	case check.FInetNtop:
		in := op(ir.InetNtop)
		in.A = a.reg(0)
		in.B = a.kernel(1, 16)
		g.strOp(in, m)
	case check.FLinkNtop:
		in := op(ir.LinkNtop)
		in.A = a.reg(0)
		in.B = a.kernel(1, 20)
		g.strOp(in, m)
	case check.FDPath:
		in := op(ir.DPath)
		in.A = a.reg(0)
		g.strOp(in, m)
	case check.FMemstr:
		g.memstr(a, m)
	default:
		g.fail(n, diag.D_CG_EXPR, "%s( ) is not available on this system", n.Fun.Name)
	}
}

// memstr makes a string of A2 bytes at address A0, with the character A1 in
// place of each NUL.
func (g *gen) memstr(a args, m ir.Mem) {
	addr, char, n := a.val(0), a.val(1), a.val(2)
	t := m
	if m.Space == ir.TLS || m.Space == ir.Record {
		t = g.alloc(int64(m.Size), 8)
	}
	g.zero(t)
	limit := int64(m.Size) - 1
	base, count, i := g.reg(addr), g.reg(n), g.newReg()
	g.mov(i, constVal(0))
	var done label
	top := g.loopTop()
	g.br(ir.GE, i, constVal(limit), &done)
	g.br(ir.GE, i, val{r: count}, &done)
	at := g.arith(ir.Add, val{r: base}, val{r: i})
	c := g.newReg()
	ld := op(ir.LdK)
	ld.Dst, ld.Size, ld.A = c, 1, g.reg(at)
	g.emit(ld)
	var text label
	g.br(ir.NE, c, constVal(0), &text)
	g.mov(c, char)
	g.bind(&text)
	st := op(ir.StX)
	st.Size, st.M, st.A, st.B = 1, g.mem(t), i, c
	g.emit(st)
	add := op(ir.Add)
	add.Dst, add.A, add.Imm = i, i, 1
	g.emit(add)
	g.loopEnd(top, limit+1)
	g.bind(&done)
	if t != m {
		g.strCopy(m, t)
	}
}
