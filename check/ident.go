package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// maxIDs is the greatest number of variables of one class.
const maxIDs = 65535

// lookup finds what an unscoped identifier denotes, nil if nothing.
func (c *Checker) lookup(name string) Object {
	for i := len(c.params) - 1; i >= 0; i-- {
		for _, p := range c.params[i] {
			if p.Name == name {
				return p
			}
		}
	}
	return c.globals[name]
}

// varSpace returns the variables of a class.
func (c *Checker) varSpace(cl syntax.Class) map[string]*Var {
	if cl == syntax.Self {
		return c.selfVars
	}
	return c.thisVars
}

func varPrefix(cl syntax.Class) string {
	switch cl {
	case syntax.Self:
		return "self->"
	case syntax.This:
		return "this->"
	}
	return ""
}

// varName is how messages call a variable.
func (v *Var) varName() string {
	switch v.Kind {
	case ir.VarTLS, ir.VarThreadAssoc:
		return "self->" + v.Name
	case ir.VarLocal:
		return "this->" + v.Name
	}
	return v.Name
}

// newVar creates a variable whose type is not known yet.
func (c *Checker) newVar(n syntax.Node, cl syntax.Class, name string) *Var {
	if len(c.vars) >= maxIDs {
		c.fail(n, diag.D_ID_OFLOW, "cannot create %s%s: at most %d variables are allowed", varPrefix(cl), name, maxIDs)
	}
	v := &Var{ID: len(c.vars), Name: name, Type: c.t.Any, Pos: n.Pos()}
	switch cl {
	case syntax.Self:
		v.Kind = ir.VarTLS
		c.selfVars[name] = v
	case syntax.This:
		v.Kind = ir.VarLocal
		c.thisVars[name] = v
	default:
		c.globals[name] = v
	}
	c.vars = append(c.vars, v)
	return v
}

// settled reports whether v has a type or use, so that its kind is fixed.
func (v *Var) settled() bool { return v.declared || v.assigned || v.referenced }

// findVar returns the variable that id denotes, creating it where D does so:
// self-> and this-> variables at any appearance, globals when create is set. It
// returns nil, and the object if any, where id is no variable.
func (c *Checker) findVar(id *syntax.Ident, create bool) (*Var, Object) {
	if id.Scoped {
		return nil, nil
	}
	if id.Class != syntax.Plain {
		space := c.varSpace(id.Class)
		if v := space[id.Name]; v != nil {
			return v, v
		}
		return c.newVar(id, id.Class, id.Name), nil
	}
	o := c.lookup(id.Name)
	if v, ok := o.(*Var); ok {
		return v, v
	}
	if f := c.funcs[id.Name]; o == nil && f != nil && !f.recent() {
		return nil, f
	}
	if o == nil && create {
		return c.newVar(id, syntax.Plain, id.Name), nil
	}
	return nil, o
}

// ident types an identifier that stands for a value.
func (c *Checker) ident(id *syntax.Ident) *Expr {
	if id.Scoped {
		return c.symbol(id)
	}
	if id.Class != syntax.Plain {
		v, _ := c.findVar(id, false)
		return c.readVar(id, v)
	}
	switch o := c.lookup(id.Name).(type) {
	case nil:
		return c.unknownIdent(id)
	case *Var:
		return c.readVar(id, o)
	case *Param:
		return c.set(id, &Expr{Type: o.Type, Obj: o, Xlate: o.Trans, LValue: true})
	case *BuiltinVar:
		return c.builtin(id, o)
	case *InlineDef:
		return c.inlineUse(id, o)
	case *EnumConst:
		return c.set(id, &Expr{Type: o.Type, Obj: o, Const: true, Int: o.Value})
	case *nullConst:
		return c.set(id, &Expr{Type: c.t.Int, Obj: o, Const: true})
	case *SymbolRef:
		return c.symbolValue(id, o)
	case *Func:
		c.fail(id, diag.D_IDENT_BADREF, "%s '%s' may not be referenced as a scalar", o.kindName(), id.Name)
	}
	panic("BUG: unknown kind of object")
}

// readVar types the use of a variable's value.
func (c *Checker) readVar(id *syntax.Ident, v *Var) *Expr {
	if v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc {
		c.fail(id, diag.D_IDENT_BADREF, "associative array '%s' may not be referenced as a scalar: it needs keys in brackets", v.varName())
	}
	if !v.settled() {
		c.fail(id, diag.D_VAR_UNDEF, "%s has not yet been declared or assigned", v.varName())
	}
	v.referenced = true
	return c.set(id, c.varExpr(v))
}

func (c *Checker) varExpr(v *Var) *Expr {
	return &Expr{Type: v.Type, Obj: v, LValue: true, Writable: true, Alloca: v.Alloca}
}

func (c *Checker) unknownIdent(id *syntax.Ident) *Expr {
	if v, t, ok := c.w.Enumerator(id.Name); ok {
		if t == nil {
			t = c.t.Int
		}
		o := &EnumConst{Name: id.Name, Type: t, Value: v}
		c.globals[id.Name] = o
		c.useAttr(attrSymbol)
		return c.set(id, &Expr{Type: t, Obj: o, Const: true, Int: v})
	}
	if why := foreign[id.Name]; why != "" {
		c.fail(id, diag.D_VAR_UNSUP, "built-in variable %s is not available here: %s", id.Name, why)
	}
	if f := c.funcs[id.Name]; f != nil {
		c.fail(id, diag.D_IDENT_BADREF, "%s '%s' may not be referenced as a scalar", f.kindName(), id.Name)
	}
	hint := ""
	if s, ok, err := c.w.Symbol("", id.Name); err == nil && ok {
		hint = ": the " + map[bool]string{true: "function", false: "variable"}[s.Func] + " of the traced system is written `" + id.Name
	}
	c.fail(id, diag.D_IDENT_UNDEF, "failed to resolve %s: unknown variable name%s", id.Name, hint)
	return nil
}

func (c *Checker) builtin(id *syntax.Ident, b *BuiltinVar) *Expr {
	if b.Kind >= BuiltinArgs {
		c.fail(id, diag.D_IDENT_BADREF, "%s '%s' may not be referenced as a scalar: it needs an index in brackets", b.kindName(), b.Name)
	}
	if err := c.supportsBuiltin(b); err != nil {
		c.fail(id, diag.D_VAR_UNSUP, "built-in variable %s is not available: %v", b.Name, err)
	}
	c.useAttr(b.attr)
	return c.set(id, &Expr{Type: c.builtinType(b), Obj: b, LValue: true})
}

// symbol types mod`name.
func (c *Checker) symbol(id *syntax.Ident) *Expr {
	k := typeKey{id.Module, id.Name}
	o := c.symbols[k]
	if o == nil {
		s, ok, err := c.w.Symbol(id.Module, id.Name)
		if t := c.externs[id.Name]; !ok && t != nil && c.opt.KNoDefs {
			s, ok, err = Symbol{Name: id.Name, Module: id.Module, Type: t, Func: t.Is(ctype.Func)}, true, nil
		}
		if err != nil {
			c.fail(id, diag.D_IDENT_UNDEF, "failed to resolve %s: %v", symName(id), err)
		}
		if !ok {
			c.fail(id, diag.D_IDENT_UNDEF, "failed to resolve %s: unknown symbol name", symName(id))
		}
		if t := c.externs[id.Name]; t != nil && s.Type == nil {
			s.Type = t
		}
		o = &SymbolRef{Symbol: s}
		c.symbols[k] = o
	}
	return c.symbolValue(id, o)
}

func symName(id *syntax.Ident) string { return id.Module + "`" + id.Name }

func (c *Checker) symbolValue(id *syntax.Ident, o *SymbolRef) *Expr {
	c.useAttr(attrSymbol)
	t := o.Symbol.Type
	if t == nil && o.Symbol.Func {
		t = &ctype.Type{Kind: ctype.Func, Elem: c.t.Int, Variadic: true}
	}
	if t == nil {
		if c.addrOf {
			return c.set(id, &Expr{Type: c.t.Void, Obj: o, LValue: true})
		}
		c.fail(id, diag.D_SYM_NOTYPES, "no symbolic type information is available for %s: declare it with extern, or cast its address, as in *(int *)&%s", symName(id), symName(id))
	}
	b := t.Base()
	return c.set(id, &Expr{Type: t, Obj: o, LValue: b.Kind != ctype.Array && b.Kind != ctype.Func})
}

// inlineUse types the use of a plain inline.
func (c *Checker) inlineUse(id *syntax.Ident, d *InlineDef) *Expr {
	if len(d.Params) > 0 {
		c.fail(id, diag.D_IDENT_BADREF, "inline '%s' may not be referenced as a scalar: it needs %d argument(s) in brackets", d.Name, len(d.Params))
	}
	body := c.inlineBody(id, d)
	x := &Expr{Type: d.Type, Obj: d, Xlate: body.Xlate}
	if body.Const && body.Type.IsScalar() && d.Type.IsScalar() {
		x.Const, x.Int = true, c.fit(body.Int, d.Type)
	}
	return c.set(id, x)
}

// inlineBody returns what is known of an inline's body, checking it first if
// the inline is one of a library that no program has used yet.
func (c *Checker) inlineBody(use syntax.Node, d *InlineDef) *Expr {
	switch d.state {
	case binding:
		c.fail(use, diag.D_IDENT_BADREF, "inline %s is defined in terms of itself", d.Name)
	case unbound:
		d.err = c.bind(func() { c.checkInline(d) }, &d.state)
	}
	for d.err != nil && d.next != nil {
		n := d.next
		d.Type, d.X, d.Pos, d.next = n.Type, n.X, n.Pos, n.next
		for i, p := range d.Params {
			// The parameters' names may differ, but uses hold on to them.
			*p = *n.Params[i]
		}
		if n.state == bound { // its types do not exist
			continue
		}
		if err := c.bind(func() { c.checkInline(d) }, &d.state); err == nil {
			d.err = nil
		}
	}
	if d.err != nil {
		c.failLib(use, d.err, "inline "+d.Name)
	}
	c.useAttr(d.attr)
	return c.exprs[d.X]
}

// bind runs check for something that a library defines, apart from the clause
// that uses it, and returns the error that it raises.
func (c *Checker) bind(check func(), state *bindState) (err error) {
	*state = binding
	saved := c.ctx
	c.ctx = context{attr: attrMax, lib: true}
	params, fl := c.params, c.addrOf
	c.params, c.addrOf = nil, false
	defer func() {
		*state = bound
		c.ctx, c.params, c.addrOf = saved, params, fl
		if r := recover(); r != nil {
			e, ok := r.(*diag.Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	check()
	return nil
}

// failLib raises an error of a library at the place that uses what is broken.
func (c *Checker) failLib(use syntax.Node, err error, what string) {
	e := err.(*diag.Error)
	at := ""
	if e.Pos.File != "" && e.Pos.File != use.Pos().File {
		at = " (" + e.Pos.String() + ")"
	}
	c.fail(use, e.Code, "%s is not available on this system%s: %s", what, at, e.Msg)
}

func minAttr(a, b probe.Attr) probe.Attr {
	return probe.Attr{Name: min(a.Name, b.Name), Data: min(a.Data, b.Data), Class: min(a.Class, b.Class)}
}

func (c *Checker) useAttr(a probe.Attr) { c.ctx.attr = minAttr(c.ctx.attr, a) }
