package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// maxCode is the greatest number of instructions of a clause. Nothing written by
// hand comes near; inlines that use each other twice do.
const maxCode = ir.MaxCode / 8

// gen compiles one clause.
type gen struct {
	*compiler
	cl  *check.Clause
	out *ir.Clause

	mems map[ir.Mem]ir.MemID
	env  map[*check.Param]binding // parameters of the inlines and translators being expanded

	line, act int32
	live      bool // control reaches the next instruction

	used  []bool    // registers in use
	temps []ir.Reg  // those of the current statement
	held  [][2]uint // frame memory in use, in order of allocation: from, to
	cache []*known

	loops []loopLabels
	maxes []int64 // bounds of loops
	depth int     // of expanded inlines and translators
}

// run compiles the clause's predicate and body.
func (g *gen) run() {
	node, out := g.cl.Node, g.out
	g.live = true
	records := g.cl.Records || g.cl.Default || node.Body != nil && g.recording(node.Body)
	out.Record = records
	out.Conditional = records && node.Body != nil && g.branching(node.Body)
	if out.Conditional {
		out.RecSize = 8
	}
	var skip label
	if node.Pred != nil {
		g.at(node.Pred)
		g.jump(node.Pred, false, &skip)
		g.endStmt()
	}
	g.at(node)
	if records {
		g.emit(ir.Instr{Op: ir.Fire})
	}
	if node.Body != nil {
		g.block(node.Body)
	}
	if records && !g.anyRecord() {
		g.act++
		g.action(ir.Action{Kind: ir.ActNone, Pos: node.Pos()})
	}
	g.at(node)
	if !records {
		g.bind(&skip)
	}
	g.emit(ir.Instr{Op: ir.Ret})
	if records {
		g.bind(&skip)
		g.emit(ir.Instr{Op: ir.Ret})
	}
	out.RecSize = roundUp(out.RecSize, 8)
	out.FrameSize = roundUp(out.FrameSize, 8)
	out.NumReg = len(g.used)
	if out.Conditional && len(out.Actions) > ir.MaxMarks {
		g.fail(node, diag.D_CG_EXPR, "%d actions in a clause with if or loops, want at most %d: split the clause",
			len(out.Actions), ir.MaxMarks)
	}
	if out.RecSize > ir.MaxRecord {
		g.fail(node, diag.D_CG_EXPR, "a record of %d bytes, want at most %d", out.RecSize, ir.MaxRecord)
	}
	if out.FrameSize > ir.MaxFrame {
		g.fail(node, diag.D_CG_EXPR, "%d bytes of temporary memory, want at most %d", out.FrameSize, ir.MaxFrame)
	}
	prune(out)
}

// anyRecord reports whether there is an action that is more than the mark of a
// speculation.
func (g *gen) anyRecord() bool {
	for i := range g.out.Actions {
		if g.out.Actions[i].Kind != ir.ActSpeculate {
			return true
		}
	}
	return false
}

// at makes following instructions belong to the line of n.
func (g *gen) at(n syntax.Node) {
	if p := n.Pos(); p.IsValid() {
		g.line = int32(p.Line)
	}
}

// info returns what is known of e.
func (g *gen) expr(e syntax.Expr) *check.Expr {
	x := g.compiler.info.Expr(e)
	if x == nil {
		g.fail(e, diag.D_CG_EXPR, "an expression (%T) was not checked", e)
	}
	return x
}

// emit appends an instruction. Operands that in leaves at their zero values
// are register 0 and memory 0: use the helpers below, which fill in NoReg and
// NoMem for what an instruction does not have.
func (g *gen) emit(in ir.Instr) int {
	if len(g.out.Code) >= maxCode {
		g.fail(nil, diag.D_CG_EXPR, "the clause needs more than %d instructions, want at most that: inlines may be used too often", maxCode)
	}
	g.out.Code = append(g.out.Code, in)
	g.out.Line = append(g.out.Line, g.line)
	g.out.Act = append(g.out.Act, g.act)
	g.live = !in.Op.Ends()
	return len(g.out.Code) - 1
}

// op returns an instruction without operands.
func op(o ir.Op) ir.Instr {
	return ir.Instr{
		Op: o, Dst: ir.NoReg, A: ir.NoReg, B: ir.NoReg, C: ir.NoReg,
		M: ir.NoMem, N: ir.NoMem, P: ir.NoMem,
	}
}

// mem returns the number of m among the clause's memory operands.
func (g *gen) mem(m ir.Mem) ir.MemID {
	id, ok := g.mems[m]
	if !ok {
		if len(g.out.Mems) >= int(ir.NoMem) {
			g.fail(nil, diag.D_CG_EXPR, "the clause is too long: more than %d memory operands", ir.NoMem)
		}
		id = ir.MemID(len(g.out.Mems))
		g.out.Mems = append(g.out.Mems, m)
		g.mems[m] = id
	}
	return id
}

// newReg returns a register for the current statement.
func (g *gen) newReg() ir.Reg {
	for i, u := range g.used {
		if !u {
			g.used[i] = true
			g.temps = append(g.temps, ir.Reg(i))
			return ir.Reg(i)
		}
	}
	r := g.ownReg()
	g.temps = append(g.temps, r)
	return r
}

// ownReg returns a register that nothing else of the clause ever uses.
func (g *gen) ownReg() ir.Reg {
	if len(g.used) >= ir.MaxReg {
		g.fail(nil, diag.D_CG_EXPR, "a statement needs more than %d registers, want at most that", ir.MaxReg)
	}
	g.used = append(g.used, true)
	return ir.Reg(len(g.used) - 1)
}

// endStmt ends a statement: its registers and frame memory are free again.
func (g *gen) endStmt() {
	for _, r := range g.temps {
		g.used[r] = false
	}
	g.temps = g.temps[:0]
	g.held = g.held[:0]
	for _, k := range g.cache {
		if k.reg != ir.NoReg && !k.dead {
			g.used[k.reg] = true
		}
	}
}

// alloc returns frame memory of n bytes until release or the statement's end.
func (g *gen) alloc(n, align int64) ir.Mem {
	if n >= 8 {
		align = max(align, 8)
	}
	size, al := uint(n), uint(max(align, 1))
	at := uint(0)
	for moved := true; moved; {
		moved = false
		for _, h := range g.held {
			if at < h[1] && h[0] < at+size {
				at = (h[1] + al - 1) / al * al
				moved = true
			}
		}
	}
	if at+size > ir.MaxFrame {
		g.fail(nil, diag.D_CG_EXPR, "a statement needs more than %d bytes of temporary memory", ir.MaxFrame)
	}
	g.held = append(g.held, [2]uint{at, at + size})
	g.out.FrameSize = max(g.out.FrameSize, uint32(at+size))
	m := ir.Mem{Space: ir.Frame, Off: uint32(at), Size: uint32(size)}
	for _, k := range g.cache {
		if k.reg == ir.NoReg && overlaps(k.mem, m) {
			k.dead = true
		}
	}
	return m
}

// marked and release give back the frame memory allocated in between.
func (g *gen) marked() int      { return len(g.held) }
func (g *gen) release(mark int) { g.held = g.held[:mark] }

func overlaps(a, b ir.Mem) bool {
	return a.Space == b.Space && a.Off < b.Off+b.Size && b.Off < a.Off+a.Size
}

// known is a value that does not change during a firing and is at hand: in a
// register, or (a string) in frame memory.
type known struct {
	sub  uint8 // ir.Builtin, or ir.StrBuiltin if reg is NoReg
	n    int64 // argument number
	reg  ir.Reg
	mem  ir.Mem
	dead bool // overwritten
}

// label is a place that jumps lead to.
type label struct {
	refs []int
	snap []*known // what is known at all jumps
}

func common(a, b []*known) []*known {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n:n]
}

// ref makes the instruction at pc jump to l.
func (g *gen) ref(l *label, pc int) {
	if len(l.refs) == 0 {
		l.snap = append([]*known(nil), g.cache...)
	} else {
		l.snap = common(l.snap, g.cache)
	}
	l.refs = append(l.refs, pc)
}

// bind places l here.
func (g *gen) bind(l *label) {
	if len(l.refs) == 0 {
		return
	}
	for _, pc := range l.refs {
		g.out.Code[pc].Target = int32(len(g.out.Code))
	}
	keep := l.snap
	if g.live {
		keep = common(g.cache, l.snap)
	}
	g.forget(keep)
	g.live = true
}

// forget leaves only what is in keep known.
func (g *gen) forget(keep []*known) {
	for _, k := range g.cache {
		kept := false
		for _, x := range keep {
			kept = kept || x == k
		}
		if !kept && !k.dead {
			k.dead = true
			if k.reg != ir.NoReg {
				g.temps = append(g.temps, k.reg) // free at the end of the statement
			}
		}
	}
	g.cache = append(g.cache[:0:0], keep...)
}

// jmp emits a jump to l.
func (g *gen) jmp(l *label) {
	if !g.live {
		return
	}
	pc := g.emit(op(ir.Jmp))
	g.ref(l, pc)
}

// br emits a branch to l if a cond b.
func (g *gen) br(c ir.Cond, a ir.Reg, b val, l *label) {
	in := op(ir.Br)
	in.Sub, in.A = uint8(c), a
	if b.isConst {
		in.Imm = b.k
	} else {
		in.B = b.r
	}
	g.ref(l, g.emit(in))
}

// builtin returns a built-in integer variable.
func (g *gen) builtin(b ir.Builtin, n int64) val {
	v := val{r: ir.NoReg, w: 64}
	switch b {
	case ir.BPID, ir.BTID, ir.BPPID, ir.BCPU:
		v.w = 31
	case ir.BUID, ir.BGID, ir.BID, ir.BStackDepth, ir.BUStackDepth:
		v.w = 32
	}
	if b != ir.BRand {
		for _, k := range g.cache {
			if k.reg != ir.NoReg && !k.dead && k.sub == uint8(b) && k.n == n {
				v.r = k.reg
				return v
			}
		}
	}
	in := op(ir.BuiltinI)
	in.Dst, in.Sub, in.Imm = g.newReg(), uint8(b), n
	g.emit(in)
	v.r = in.Dst
	if b != ir.BRand {
		g.cache = append(g.cache, &known{sub: uint8(b), n: n, reg: in.Dst})
	}
	return v
}

// prune removes instructions that cannot be reached, and jumps to the next one.
func prune(c *ir.Clause) {
	for {
		reach := make([]bool, len(c.Code))
		work := []int{0}
		for len(work) > 0 {
			pc := work[len(work)-1]
			work = work[:len(work)-1]
			for pc < len(c.Code) && !reach[pc] {
				reach[pc] = true
				in := &c.Code[pc]
				if in.Op.Branches() {
					work = append(work, int(in.Target))
				}
				if in.Op.Ends() {
					break
				}
				pc++
			}
		}
		drop := false
		to := make([]int32, len(c.Code)+1)
		n := int32(0)
		for pc := range c.Code {
			to[pc] = n
			in := &c.Code[pc]
			if reach[pc] && in.Op == ir.Jmp {
				// A jump over nothing that can be reached is none.
				next := pc + 1
				for next < int(in.Target) && !reach[next] {
					next++
				}
				reach[pc] = next != int(in.Target)
			}
			if reach[pc] {
				n++
			} else {
				drop = true
			}
		}
		to[len(c.Code)] = n
		if !drop {
			return
		}
		n = 0
		for pc := range c.Code {
			if !reach[pc] {
				continue
			}
			in := c.Code[pc]
			if in.Op.Branches() {
				in.Target = to[in.Target]
			}
			c.Code[n], c.Line[n], c.Act[n] = in, c.Line[pc], c.Act[pc]
			n++
		}
		c.Code, c.Line, c.Act = c.Code[:n], c.Line[:n], c.Act[:n]
	}
}

// convert is what a conversion to t does to a value in a register.
func (g *gen) convert(v val, t *ctype.Type) val {
	b := t.Base()
	size, signed := g.compiler.size(t), b.Kind != ctype.Pointer && b.Signed
	if b.Bool {
		return g.set(ir.NE, v, constVal(0))
	}
	if size <= 0 || size >= 8 {
		return v
	}
	return g.ext(v, uint8(size), signed)
}
