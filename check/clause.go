package check

import (
	"errors"
	"slices"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// match is what a probe description matches; it is asked of the World once.
type match struct {
	ids    []probe.ID
	probes []*probe.Probe
	attr   probe.Attr
	err    error
}

func (c *Checker) match(d probe.Desc) *match {
	if m := c.matches[d]; m != nil {
		return m
	}
	m := &match{attr: attrMax}
	var last *probe.Attrs
	m.err = c.w.Probes(d, func(p *probe.Probe) bool {
		m.ids = append(m.ids, p.ID)
		m.probes = append(m.probes, p)
		if p.Attrs != nil && p.Attrs != last {
			last = p.Attrs
			m.attr = minAttr(m.attr, DescAttr(d, last))
		}
		return true
	})
	c.matches[d] = m
	return m
}

// DescAttr is the stability of naming a probe with the attributes a the way d
// does. Without a provider it is not settled whose names the others are.
func DescAttr(d probe.Desc, a *probe.Attrs) probe.Attr {
	r := a.Provider
	if d.ID == 0 && (d.Provider == "" || probe.IsGlob(d.Provider)) {
		return probe.Attr{Name: probe.Unstable, Data: probe.Unstable, Class: probe.ClassCommon}
	}
	if d.Module != "" {
		r = minAttr(r, a.Module)
	}
	if d.Function != "" {
		r = minAttr(r, a.Function)
	}
	if d.Name != "" {
		r = minAttr(r, a.Name)
	}
	return r
}

// clause checks a probe clause.
func (c *Checker) clause(n *syntax.Clause) *Clause {
	cl := &Clause{Node: n, DescAttr: attrMax, args: map[int64]*Arg{}}
	// DTrace looks at the names of functions while it reads a clause.
	syntax.Walk(n, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.Call); ok {
			c.function(call)
		}
		return true
	})
	for i, pd := range n.Probes {
		m := c.probeDesc(cl, pd)
		if i == 0 && len(m.probes) == 1 {
			cl.single = m.probes[0]
		}
		if i == 0 {
			// Shared between clauses: appending must copy.
			cl.probes, cl.Probes = slices.Clip(m.probes), slices.Clip(m.ids)
		} else {
			cl.probes = append(cl.probes, m.probes...)
			cl.Probes = append(cl.Probes, m.ids...)
		}
		cl.DescAttr = minAttr(cl.DescAttr, m.attr)
	}
	if len(n.Probes) > 1 {
		slices.Sort(cl.Probes)
		cl.Probes = slices.Compact(cl.Probes)
	}
	c.ctx.clause = cl
	if n.Pred != nil {
		x := c.expr(n.Pred)
		if !isScalar(x) {
			c.fail(n.Pred, diag.D_PRED_SCALAR, "predicate result must be of scalar type, found %s", c.typeName(x))
		}
	}
	if n.Body == nil || len(n.Body.List) == 0 {
		cl.Default, cl.Records = true, true
	} else {
		c.block(n.Body)
	}
	c.runLater()
	cl.Attr = c.ctx.attr
	if min := c.opt.AMin; min != (probe.Attr{}) {
		if a := minAttr(cl.Attr, cl.DescAttr); a.Name < min.Name || a.Data < min.Data || a.Class < min.Class {
			c.fail(n, diag.D_ATTR_MIN, "attributes for clause (%s) are less than the minimum set by -x amin (%s)", a, min)
		}
	}
	return cl
}

func (c *Checker) probeDesc(cl *Clause, pd *syntax.ProbeDesc) *match {
	d := probe.Desc{Provider: pd.Provider, Module: pd.Module, Function: pd.Function, Name: pd.Name}
	if pd.Numeric {
		d = probe.Desc{ID: probe.ID(pd.ID)}
	}
	cl.Descs = append(cl.Descs, d)
	if pd.Numeric && pd.ID == 0 {
		c.fail(pd, diag.D_PDESC_INVAL, "invalid probe identifier %s: unknown probe identifier", pd.Text)
	}
	m := c.match(d)
	if m.err != nil {
		var e *diag.Error
		if errors.As(m.err, &e) {
			c.fail(pd, e.Code, "%s", e.Msg)
		}
		c.fail(pd, diag.D_PDESC_INVAL, "probe description %s: %v", pd.Text, m.err)
	}
	if len(m.probes) == 0 && pd.Numeric {
		c.fail(pd, diag.D_PDESC_INVAL, "invalid probe identifier %s: unknown probe identifier", pd.Text)
	}
	if len(m.probes) == 0 {
		c.processDesc(pd, d)
	}
	if len(m.probes) == 0 && !c.opt.ZDefs {
		text := d.String()
		c.fail(pd, diag.D_PDESC_ZERO, "probe description %s does not match any probes", text)
	}
	return m
}

// flow is what has happened on the way to a statement, for the rules of
// speculation.
type flow struct{ commit, speculate, datarec bool }

func (f *flow) join(g flow) {
	f.commit = f.commit || g.commit
	f.speculate = f.speculate || g.speculate
	f.datarec = f.datarec || g.datarec
}

func (c *Checker) block(b *syntax.Block) {
	for _, s := range b.List {
		c.stmt(s)
	}
}

func (c *Checker) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Block:
		c.block(s)
	case *syntax.ExprStmt:
		c.exprStmt(s)
	case *syntax.IfStmt:
		c.condition(s.Cond, "if")
		c.branch(func() {
			var before, after flow
			c.afterTypes(func() { before = c.ctx.flow })
			c.block(s.Then)
			c.afterTypes(func() { after, c.ctx.flow = c.ctx.flow, before })
			if s.Else != nil {
				c.block(s.Else)
			}
			c.afterTypes(func() { c.ctx.flow.join(after) })
		})
	case *syntax.ForStmt:
		if s.Init != nil {
			c.effect(s.Init)
		}
		if s.Cond != nil {
			c.condition(s.Cond, "for")
		}
		c.branch(func() {
			c.block(s.Body)
			if s.Post != nil {
				c.effect(s.Post)
			}
		})
	case *syntax.WhileStmt:
		c.branch(func() {
			if s.Do {
				c.block(s.Body)
			}
			c.condition(s.Cond, "while")
			if !s.Do {
				c.block(s.Body)
			}
		})
	case *syntax.BranchStmt:
	default:
		panic("BUG: unknown kind of statement")
	}
}

// branch checks statements that need not run.
func (c *Checker) branch(f func()) {
	c.branchActions++
	f()
	c.branchActions--
}

func (c *Checker) condition(e syntax.Expr, word string) {
	x := c.expr(e)
	if !isScalar(x) {
		c.fail(e, diag.D_PRED_SCALAR, "condition of %s must be of scalar type, found %s", word, c.typeName(x))
	}
}

// effect checks an expression that is evaluated for its effect in the head of a
// loop, where no actions may stand.
func (c *Checker) effect(e syntax.Expr) {
	x := c.expr(e)
	c.afterTypes(func() { c.noDyn(e, x) })
}

func (c *Checker) exprStmt(s *syntax.ExprStmt) {
	x := c.expr(s.X)
	c.afterTypes(func() { c.statement(s, x) })
}

// statement checks what an expression statement does.
func (c *Checker) statement(s *syntax.ExprStmt, x *Expr) {
	e := c.strip(s.X)
	if as, ok := e.(*syntax.Assign); ok {
		if _, ok := as.X.(*syntax.Agg); ok {
			c.aggregates(s)
			return
		}
	}
	if a, ok := e.(*syntax.Agg); ok {
		c.fail(s, diag.D_AGG_NULL, "expression statement has null effect: @%s is not assigned", a.Name)
	}
	f := c.actionOf(e)
	if f == nil || f.Kind == FuncAgg {
		if _, ok := e.(*syntax.Assign); ok && x.Type.IsStackVal() {
			return
		}
		c.noDyn(e, x)
		return
	}
	c.acts(s, f)
}

// aggregates notes that the clause updates an aggregation.
func (c *Checker) aggregates(n syntax.Node) {
	fl := &c.ctx.flow
	switch {
	case fl.commit:
		c.fail(n, diag.D_AGG_COMM, "aggregating actions may not follow commit( )")
	case fl.speculate:
		c.fail(n, diag.D_AGG_SPEC, "aggregating actions may not follow speculate( )")
	}
	fl.datarec = true
	if c.branchActions > 0 {
		c.ctx.clause.Conditional = true
	}
}

// acts notes that the clause executes an action, and holds the order of actions
// against the rules of speculation.
func (c *Checker) acts(n syntax.Node, f *Func) {
	cl, fl := c.ctx.clause, &c.ctx.flow
	if f.flags&records != 0 {
		cl.Records = true
	}
	if c.branchActions > 0 {
		cl.Conditional = true
	}
	switch f.ID {
	case FCommit:
		if fl.datarec {
			c.fail(n, diag.D_COMM_DREC, "commit( ) may not follow data-recording action(s)")
		}
		fl.commit = true
		return
	case FDiscard:
		return
	case FSpeculate:
		switch {
		case fl.speculate:
			c.fail(n, diag.D_SPEC_SPEC, "speculate( ) may not follow speculate( )")
		case fl.commit:
			c.fail(n, diag.D_SPEC_COMM, "speculate( ) may not follow commit( )")
		case fl.datarec:
			c.fail(n, diag.D_SPEC_DREC, "speculate( ) may not follow data-recording action(s)")
		}
		fl.speculate, cl.Speculative = true, true
		return
	}
	if f.flags&destructive != 0 {
		cl.Destructive = true
		if fl.speculate {
			c.fail(n, diag.D_ACT_SPEC, "destructive actions may not follow speculate( )")
		}
		return
	}
	if f.ID == FExit && fl.speculate {
		c.fail(n, diag.D_EXIT_SPEC, "exit( ) may not follow speculate( )")
	}
	if fl.commit {
		c.fail(n, diag.D_DREC_COMM, "data-recording actions may not follow commit( )")
	}
	if !fl.speculate {
		fl.datarec = true
	}
}

// args types args[i].
func (c *Checker) args(e *syntax.Index, b *BuiltinVar) *Expr {
	if len(e.Args) != 1 {
		c.fail(e, diag.D_PROTO_LEN, "args[ ] prototype mismatch: %d args passed, 1 expected", len(e.Args))
	}
	i := c.expr(e.Args[0])
	if !intConst(i) {
		c.fail(e.Args[0], diag.D_PROTO_ARG, "args[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t argument: expression of type %s", c.typeName(i))
	}
	cl := c.ctx.clause
	if cl == nil {
		c.fail(e, diag.D_ARGS_NONE, "args[ ] may not be referenced outside of a probe clause")
	}
	a := c.argument(e, cl, i.Int)
	if e, ok := e.X.(*syntax.Ident); ok {
		c.set(e, &Expr{Type: c.t.Any, Obj: b})
	}
	if a.Native == nil {
		c.fail(e, diag.D_ARGS_TYPE, "failed to resolve the type of args[%d] of probe %s", i.Int, cl.probes[0])
	}
	if p := cl.probes[0]; p.Attrs != nil {
		c.useAttr(p.Attrs.Args)
	}
	r := &Expr{Type: a.Native, Obj: b, Arg: a, LValue: true}
	raw := &Expr{Type: a.Native}
	switch {
	case a.Trans == nil:
	case c.argCompat(a.Trans, raw) && !c.needsXlate(a):
		r.Type = a.Trans
	default:
		tr := c.findTranslator(raw, a.Trans)
		if tr == nil {
			c.fail(e, diag.D_ARGS_XLATOR, "translator for args[%d] from %s to %s is not defined%s", i.Int, a.Native, a.Trans, c.brokenReason(a.Trans))
		}
		r.Type, r.Xlate, r.LValue = a.Trans, tr, false
	}
	return c.set(e, r)
}

// needsXlate reports whether the translation of an argument is more than a
// change of type: native void pointers fit anything.
func (c *Checker) needsXlate(a *Arg) bool {
	return c.findExact(a.Native, a.Trans) != nil
}

// argument returns args[i] of the clause's probes, on which they must agree.
func (c *Checker) argument(e *syntax.Index, cl *Clause, i int64) *Arg {
	if a := cl.args[i]; a != nil {
		return a
	}
	multi := func(why string) {
		c.fail(e, diag.D_ARGS_MULTI, "args[ ] may not be referenced because probe description %s matches %s", cl.Node.Probes[0].Text, why)
	}
	if len(cl.probes) == 0 {
		multi("no probe now")
	}
	var found *Arg
	for n, p := range cl.probes {
		list, err := c.w.Args(p)
		if err != nil {
			c.fail(e, diag.D_ARGS_TYPE, "failed to find the arguments of probe %s: %v", p, err)
		}
		if i < 0 || i >= int64(len(list)) {
			if cl.single == nil && len(cl.probes) > 1 || n > 0 && len(cl.Descs) == 1 {
				multi("probes with different arguments: " + p.String() + " has fewer")
			}
			c.fail(e, diag.D_ARGS_IDX, "index %d is out of range for %s args[ ]: the probe has %d argument%s", i, p, len(list), plural(len(list)))
		}
		a := &list[i]
		if found == nil {
			found = a
		} else if found.Map != a.Map || !sameArg(found.Native, a.Native) || !sameArg(found.Trans, a.Trans) {
			multi("probes with different arguments: see " + cl.probes[0].String() + " and " + p.String())
		}
	}
	cl.args[i] = found
	return found
}

func sameArg(a, b *ctype.Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return ctype.Equal(a, b)
}
