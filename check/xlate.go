package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/syntax"
)

// brokenXlator is a library's translator whose types are not there.
type brokenXlator struct {
	node *syntax.Translator
	err  error
}

// translator enters a translator. Those of programs are checked at once, those
// of libraries member by member when a program uses them.
func (c *Checker) translator(n *syntax.Translator) {
	out, in := c.typeExpr(n.Out), c.typeExpr(n.In)
	ob := c.complete(out)
	switch {
	case ob.Kind == ctype.Forward:
		c.fail(n, diag.D_XLATE_SOU, "translator output type %s is incomplete: no definition is available", out)
	case !ob.IsCompound():
		c.fail(n, diag.D_XLATE_SOU, "translator output type must be a struct or union, found %s", out)
	case in.Is(ctype.Void):
		c.fail(n, diag.D_DECL_VOIDOBJ, "cannot have void object: translator input %s", n.InName)
	case in.Is(ctype.Dyn):
		c.fail(n, diag.D_DECL_DYNOBJ, "cannot have dynamic object: translator input %s", n.InName)
	}
	old := c.findExact(in, out)
	for _, tr := range c.translators {
		// Programs may not tell translators apart by the names of typedefs.
		if !c.ctx.lib && sameTarget(tr.Out, out) && compatTypes(tr.In, in) && tr.In.Base().String() == in.Base().String() {
			old = tr
		}
	}
	if old != nil {
		c.fail(n, diag.D_XLATE_REDECL, "translator from %s to %s has already been declared: line %d", in, out, old.Pos.Line)
	}
	tr := &Translator{Out: out, In: in, Param: &Param{Name: n.InName, Type: in}, Pos: n.Pos(), byName: map[string]*XMember{}}
	for _, mn := range n.Members {
		m, ok := ob.Member(mn.Name)
		if !ok {
			if c.ctx.lib {
				continue // a library for several kernels; its user gets D_XLATE_NOCONV
			}
			c.fail(mn, diag.D_XLATE_MEMB, "translator member %s is not a member of %s", mn.Name, out)
		}
		xm := &XMember{Name: mn.Name, X: mn.X, Type: m.Type, Member: m, Pos: mn.Pos(), Tr: tr}
		if old := tr.byName[mn.Name]; old != nil && c.ctx.lib {
			for old.next != nil {
				old = old.next
			}
			old.next = xm
			continue
		}
		tr.Members = append(tr.Members, xm)
		tr.byName[mn.Name] = xm
	}
	// Before its members are checked: they may use translations to itself.
	c.translators = append(c.translators, tr)
	if c.ctx.lib {
		return
	}
	for _, m := range tr.Members {
		c.bindMember(n, m)
	}
}

// bindMember checks a translator's member at its first use.
func (c *Checker) bindMember(use syntax.Node, m *XMember) {
	switch m.state {
	case binding:
		c.fail(use, diag.D_XLATE_MEMB, "translator member %s is defined in terms of itself", m.Name)
	case unbound:
		m.err = c.bind(func() { c.checkMember(m) }, &m.state)
		for m.err != nil && m.next != nil {
			m.X, m.Pos, m.next = m.next.X, m.next.Pos, m.next.next
			if err := c.bind(func() { c.checkMember(m) }, &m.state); err == nil {
				m.err = nil
			}
		}
		if m.err != nil && !c.ctx.lib && c.ctx.clause == nil {
			panic(m.err)
		}
	}
	if m.err != nil {
		c.failLib(use, m.err, "member "+m.Name+" of "+m.Tr.Out.String())
	}
}

func (c *Checker) checkMember(m *XMember) {
	c.params = [][]*Param{{m.Tr.Param}}
	x := c.expr(m.X)
	if x.Xlate != nil && compatTypes(m.Type, x.Type) {
		return
	}
	if !c.argCompat(m.Type, x) {
		e := diag.Errorf(m.Pos, diag.D_XLATE_INCOMPAT, "translator member %s definition uses incompatible types: %s = %s", m.Name, m.Type, c.typeName(x))
		panic(e)
	}
	c.noAction(m.X)
	c.convert(x, m.Type)
}

// xlate types xlate <T> (X).
func (c *Checker) xlate(e *syntax.Xlate) *Expr {
	t := c.typeExpr(e.Type)
	x := c.expr(e.X)
	tr := c.findTranslator(x, t)
	if tr == nil {
		c.fail(e, diag.D_XLATE_NONE, "cannot translate from %s to %s: no translator is declared%s", c.typeName(x), t, c.brokenReason(t))
	}
	c.convert(x, tr.In)
	return c.set(e, &Expr{Type: t, Xlate: tr})
}

// xlateTarget is the struct that a translation to t makes: t, or what t points
// to.
func (c *Checker) xlateTarget(t *ctype.Type) *ctype.Type {
	if t.Is(ctype.Pointer) {
		return t.Base().Elem
	}
	return t
}

// findExact finds a translator between exactly these types.
func (c *Checker) findExact(in, out *ctype.Type) *Translator {
	out = c.xlateTarget(out)
	for _, tr := range c.translators {
		if sameTarget(tr.Out, out) && compatTypes(tr.In, in) && sameName(tr.In, in) {
			return tr
		}
	}
	return nil
}

// sameTarget reports whether two output types are the same. Typedefs of
// anonymous structs are told apart by identity.
func sameTarget(a, b *ctype.Type) bool { return compatTypes(a, b) }

// sameName tells typedefs of one integer type apart: translators may differ by
// them alone (uintptr_t and int).
func sameName(a, b *ctype.Type) bool {
	if a.IsInt() && b.IsInt() {
		return a.String() == b.String()
	}
	return true
}

// findTranslator finds the translator for a value x to type out: the one from
// exactly its type, else one whose input accepts it.
func (c *Checker) findTranslator(x *Expr, out *ctype.Type) *Translator {
	if x.Xlate != nil {
		return nil
	}
	if tr := c.findExact(x.Type, out); tr != nil {
		return tr
	}
	out = c.xlateTarget(out)
	for _, tr := range c.translators {
		if sameTarget(tr.Out, out) && c.argCompat(tr.In, x) {
			return tr
		}
	}
	return nil
}

// brokenReason says why a library's translator to t is missing, if it is one
// that this system cannot have.
func (c *Checker) brokenReason(t *ctype.Type) string {
	want := c.xlateTarget(t)
	for _, b := range c.broken {
		if out := c.typeExprs[b.node.Out]; out != nil && compatTypes(out, want) {
			return " (the library's is not available on this system: " + b.err.Error() + ")"
		}
	}
	return ""
}

// xlateMember types the access to a member of a translated object.
func (c *Checker) xlateMember(e *syntax.Member, tr *Translator) *Expr {
	m := tr.byName[e.Name]
	if m == nil {
		if _, ok := c.complete(tr.Out).Member(e.Name); !ok {
			c.fail(e, diag.D_XLATE_NOCONV, "translator from %s to %s does not define a conversion for member %s: the type has no such member", tr.In, tr.Out, e.Name)
		}
		c.fail(e, diag.D_XLATE_NOCONV, "translator from %s to %s does not define a conversion for member %s", tr.In, tr.Out, e.Name)
	}
	c.bindMember(e, m)
	body := c.exprs[m.X]
	x := &Expr{Type: m.Type, XMember: m, Xlate: body.Xlate, Bits: 0}
	if intConst(body) && m.Type.IsInt() {
		x.Const, x.Int = true, c.fit(body.Int, m.Type)
	}
	return c.set(e, x)
}

// materialize checks that a whole translated struct can be made: every member
// of its translator.
func (c *Checker) materialize(n syntax.Node, x *Expr) {
	for _, m := range x.Xlate.Members {
		c.bindMember(n, m)
	}
}
