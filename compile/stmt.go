package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// loopLabels are where break and continue lead.
type loopLabels struct {
	brk, cont *label
}

// loopHead is the start of a loop: its counter and the pc of its target.
type loopHead struct {
	counter ir.Reg
	pc      int
}

func (g *gen) block(b *syntax.Block) {
	for _, s := range b.List {
		g.stmt(s)
	}
}

func (g *gen) stmt(s syntax.Stmt) {
	g.at(s)
	switch n := s.(type) {
	case *syntax.Block:
		g.block(n)
	case *syntax.ExprStmt:
		g.act++
		g.effect(n.X)
		g.endStmt()
	case *syntax.IfStmt:
		g.ifStmt(n)
	case *syntax.ForStmt:
		g.forStmt(n)
	case *syntax.WhileStmt:
		g.whileStmt(n)
	case *syntax.BranchStmt:
		if len(g.loops) == 0 {
			g.fail(n, diag.D_SYNTAX, "break or continue outside a loop")
		}
		l := g.loops[len(g.loops)-1]
		if n.Continue {
			g.jmp(l.cont)
		} else {
			g.jmp(l.brk)
		}
	}
}

func (g *gen) ifStmt(n *syntax.IfStmt) {
	var no, end label
	g.act++
	g.jump(n.Cond, false, &no)
	g.endStmt()
	g.block(n.Then)
	if n.Else != nil {
		g.jmp(&end)
	}
	g.bind(&no)
	if n.Else != nil {
		g.block(n.Else)
		g.bind(&end)
	}
	g.endStmt()
}

func (g *gen) forStmt(n *syntax.ForStmt) {
	if n.Init != nil {
		g.act++
		g.effect(n.Init)
		g.endStmt()
	}
	g.loop(n, n.Cond, n.Post, n.Body, false, g.trips(n))
}

func (g *gen) whileStmt(n *syntax.WhileStmt) {
	g.loop(n, n.Cond, nil, n.Body, n.Do, g.opt.LoopMax)
}

// loop compiles a loop of at most max iterations; one more faults.
func (g *gen) loop(n syntax.Node, cond, post syntax.Expr, body *syntax.Block, do bool, max int64) {
	var brk, cont label
	if len(g.loops) > 0 && g.bounds()*max > ir.MaxLoop {
		g.fail(n, diag.D_CG_EXPR, "nested loops of up to %d iterations each, want at most %d in all: lower the bound (loopmax)",
			max, ir.MaxLoop)
	}
	top := g.loopTop()
	g.loops = append(g.loops, loopLabels{&brk, &cont})
	g.maxes = append(g.maxes, max)
	if cond != nil && !do {
		g.at(cond)
		g.jump(cond, false, &brk)
		g.endStmt()
	}
	g.block(body)
	g.bind(&cont)
	if post != nil {
		g.at(post)
		g.effect(post)
		g.endStmt()
	}
	if cond != nil && do {
		g.at(cond)
		g.jump(cond, false, &brk)
		g.endStmt()
	}
	g.loops = g.loops[:len(g.loops)-1]
	g.maxes = g.maxes[:len(g.maxes)-1]
	g.at(n)
	g.loopEnd(top, max)
	g.bind(&brk)
	g.endStmt()
}

// bounds returns the product of the bounds of the loops around.
func (g *gen) bounds() int64 {
	b := int64(1)
	for _, m := range g.maxes {
		b *= m
	}
	return b
}

// loopTop begins a loop. Strings known to lie in frame memory may be
// overwritten in the loop before it comes back here, so they are forgotten.
func (g *gen) loopTop() loopHead {
	h := loopHead{counter: g.ownReg()}
	g.mov(h.counter, constVal(0))
	for _, k := range g.cache {
		if k.reg == ir.NoReg {
			k.dead = true
		}
	}
	h.pc = len(g.out.Code)
	return h
}

// loopEnd goes back to the loop's top, at most max times.
func (g *gen) loopEnd(h loopHead, max int64) {
	in := op(ir.Loop)
	in.Dst, in.Imm, in.Target = h.counter, max, int32(h.pc)
	g.emit(in)
}

// trips returns the bound of a for loop: its number of iterations where that is
// evident, as in for (this->i = 0; this->i < 10; this->i++), else the option's.
func (g *gen) trips(n *syntax.ForStmt) int64 {
	init, ok1 := n.Init.(*syntax.Assign)
	cond, ok2 := n.Cond.(*syntax.Binary)
	post, ok3 := n.Post.(*syntax.IncDec)
	if !ok1 || !ok2 || !ok3 || init.Op != syntax.OpAssign || post.Op != syntax.OpInc {
		return g.opt.LoopMax
	}
	v := g.local(init.X)
	from, to := g.compiler.info.Expr(init.Y), g.compiler.info.Expr(cond.Y)
	if v == nil || v != g.local(cond.X) || v != g.local(post.X) || from == nil || to == nil || !from.Const || !to.Const {
		return g.opt.LoopMax
	}
	trips := to.Int - from.Int
	switch cond.Op {
	case syntax.OpLt, syntax.OpNe:
	case syntax.OpLe:
		trips++
	default:
		return g.opt.LoopMax
	}
	changed := false
	syntax.Walk(n.Body, func(m syntax.Node) bool {
		switch m := m.(type) {
		case *syntax.Assign:
			changed = changed || g.local(m.X) == v
		case *syntax.IncDec:
			changed = changed || g.local(m.X) == v
		}
		return true
	})
	if changed || trips < 1 || trips > ir.MaxLoop {
		return g.opt.LoopMax
	}
	return trips
}

// local returns the clause-local variable that e is, or nil.
func (g *gen) local(e syntax.Expr) *check.Var {
	if id, ok := e.(*syntax.Ident); ok {
		if x := g.compiler.info.Expr(id); x != nil {
			if v, ok := x.Obj.(*check.Var); ok && v.Kind == ir.VarLocal {
				return v
			}
		}
	}
	return nil
}

// recording reports whether the statements record data.
func (g *gen) recording(n syntax.Node) bool {
	found := false
	g.calls(n, func(id check.FuncID) { found = found || records(id) })
	return found
}

// calls calls f for each call of an action below n.
func (g *gen) calls(n syntax.Node, f func(check.FuncID)) {
	values := map[syntax.Expr]bool{} // a stack() that is assigned or a key is no action
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			values[n.Y] = true
		case *syntax.Index:
			for _, a := range n.Args {
				values[a] = true
			}
		case *syntax.Call:
			if x := g.compiler.info.Expr(n); x != nil && x.Call != nil && x.Call.Fn != nil && !(values[n] && dynCall(x)) {
				f(x.Call.Fn.ID)
			}
		}
		_, agg := n.(*syntax.Agg)
		return !agg
	})
}

// branching reports whether recording actions stand within if, ?:, && or loops.
func (g *gen) branching(n syntax.Node) bool {
	found := false
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.IfStmt, *syntax.ForStmt, *syntax.WhileStmt, *syntax.Cond:
			found = found || g.recording(n)
		case *syntax.Binary:
			if n.Op == syntax.OpLogAnd || n.Op == syntax.OpLogOr || n.Op == syntax.OpLogXor {
				found = found || g.recording(n)
			}
		}
		return !found
	})
	return found
}

// records reports whether a function is an action that leaves something in the
// record.
func records(id check.FuncID) bool {
	switch id {
	case check.FTrace, check.FTracemem, check.FPrintf, check.FPrinta, check.FPrint, check.FPrintm, check.FStack,
		check.FUstack, check.FJstack, check.FSym, check.FMod, check.FUsym, check.FUmod, check.FUaddr, check.FExit,
		check.FClear, check.FTrunc, check.FNormalize, check.FDenormalize, check.FSystem, check.FFreopen,
		check.FFtruncate, check.FSetopt, check.FCommit, check.FDiscard, check.FSpeculate, check.FPcap:
		return true
	}
	return false
}
