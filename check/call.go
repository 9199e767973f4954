package check

import (
	"strings"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// ptrParam stands for "a pointer to anything" in prototypes.
var ptrParam = &ctype.Type{Kind: ctype.Pointer, Name: "pointer", Elem: &ctype.Type{Kind: ctype.Void, Name: "void"}}

// addFuncs enters the functions.
func (c *Checker) addFuncs() {
	for i := range funcRows {
		r := &funcRows[i]
		var params []*ctype.Type
		least, optional, variadic := 0, false, false
		for _, p := range strings.Fields(r.params) {
			switch p {
			case "[":
				optional = true
				continue
			case "...":
				variadic = true
				continue
			}
			params = append(params, c.protoType(p))
			if !optional {
				least++
			}
		}
		for _, name := range strings.Fields(r.names) {
			c.funcs[name] = &Func{ID: r.id, Name: name, Kind: r.kind, Result: c.protoType(r.result), params: params,
				min: least, variadic: variadic, flags: r.flags, op: r.op, attr: attrStable}
		}
	}
}

func (c *Checker) protoType(name string) *ctype.Type {
	dyn := func(d ctype.Dynamic) *ctype.Type { return &ctype.Type{Kind: ctype.Dyn, Dyn: d} }
	switch name {
	case "@":
		return nil
	case "ptr":
		return ptrParam
	case "void*", "file*":
		return c.t.VoidPtr
	case "uintptr_t*":
		return ctype.PtrTo(c.t.Uintptr)
	case "uint32_t*":
		return ctype.PtrTo(c.t.UInt)
	case "thread*", "mutex*", "rwlock*", "path*", "in6_addr*":
		return worldParams[name]
	case "stack":
		return dyn(ctype.DynStack)
	case "ustack":
		return dyn(ctype.DynUStack)
	case "sym":
		return dyn(ctype.DynSym)
	case "mod":
		return dyn(ctype.DynMod)
	case "usym":
		return dyn(ctype.DynUSym)
	case "umod":
		return dyn(ctype.DynUMod)
	case "uaddr":
		return dyn(ctype.DynUAddr)
	}
	t := c.t.Lookup(name)
	if t == nil {
		panic("BUG: prototype with unknown type " + name)
	}
	return t
}

// worldParams stand in prototypes for types of the World until a call needs them:
// finding them loads the World's types, which most programs do without.
var worldParams = map[string]*ctype.Type{
	"thread*":   {Kind: ctype.Void, Name: "thread"},
	"mutex*":    {Kind: ctype.Void, Name: "struct mutex"},
	"rwlock*":   {Kind: ctype.Void, Name: "rwlock_t"},
	"path*":     {Kind: ctype.Void, Name: "struct path"},
	"in6_addr*": {Kind: ctype.Void, Name: "struct in6_addr"},
}

// bindTypes puts types of the World into a prototype. A World without the type
// takes a pointer to anything.
func (c *Checker) bindTypes(f *Func) {
	bind := func(p **ctype.Type) {
		switch {
		case !isWorldParam(*p):
		case *p == worldParams["thread*"]:
			*p = c.builtinType(c.globals["curthread"].(*BuiltinVar))
		default:
			t, err := c.worldType("", (*p).Name)
			if err != nil || t == nil {
				*p = ptrParam
				return
			}
			*p = ctype.PtrTo(t)
		}
	}
	bind(&f.Result)
	for i := range f.params {
		bind(&f.params[i])
	}
}

func isWorldParam(t *ctype.Type) bool {
	for _, p := range worldParams {
		if p == t {
			return true
		}
	}
	return false
}

// recent reports whether f is a function that some DTrace systems lack: scripts
// written there may use its name for a variable.
func (f *Func) recent() bool {
	switch f.ID {
	case FDPath, FGetf, FJSON, FLinkNtop, FMemref, FMemstr, FPcap, FPrint, FPrintm, FReturn, FStrtoll, FTolower, FToupper:
		return true
	}
	return false
}

// call types a call.
func (c *Checker) call(e *syntax.Call) *Expr {
	f := c.function(e)
	args := c.callArgs(e, f)
	c.useAttr(f.attr)
	info := &CallInfo{Fn: f}
	x := &Expr{Type: f.Result, Call: info, Obj: f, Alloca: f.flags&scratch != 0}
	x.Writable = x.Alloca
	c.set(e, x)
	switch f.Kind {
	case FuncAction:
		info.N = c.frames(f, args)
		c.actionProto(e, f, args)
		c.afterTypes(func() { c.action(e, f, info, args) })
	case FuncSubr:
		info.Values = e.Args
		c.subroutine(e, f, args)
	}
	if f.op != ir.Nop {
		if err := c.supports(f.op, 0); err != nil {
			c.lacks(e, diag.Errorf(e.Pos(), diag.D_UNKNOWN, "%s %s( ) is not available: %v", f.kindName(), f.Name, err))
		}
	}
	return x
}

// callArgs types the arguments of a call and holds them against the prototype.
func (c *Checker) callArgs(e *syntax.Call, f *Func) []*Expr {
	args := make([]*Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = c.expr(a)
	}
	c.bindTypes(f)
	c.prototype(e, f, args)
	return args
}

// lacks notes that the World does not have what e needs. Programs are refused for
// it last, after their own mistakes.
func (c *Checker) lacks(e syntax.Node, err *diag.Error) {
	if c.ctx.lib {
		c.fail(e, err.Code, "%s", err.Msg)
	}
	if c.lacking == nil {
		c.lacking = err
	}
}

func (c *Checker) function(e *syntax.Call) *Func {
	id := e.Fun
	if id.Scoped {
		c.fail(id, diag.D_FUNC_UNDEF, "undefined function name: %s: functions of the traced system cannot be called", symName(id))
	}
	if id.Class != syntax.Plain {
		c.fail(id, diag.D_FUNC_IDENT, "function designator is not of function type: %s", varPrefix(id.Class)+id.Name)
	}
	if o := c.lookup(id.Name); o != nil {
		if f, ok := o.(*Func); ok {
			return f
		}
		if v, ok := o.(*Var); ok && !v.declared {
			c.fail(id, diag.D_FUNC_UNDEF, "undefined function name: %s: it is a variable", id.Name)
		}
		switch o.(type) {
		case *InlineDef, *EnumConst, *nullConst:
			c.fail(id, diag.D_FUNC_IDENT, "function designator is not of function type: %s is a constant or an inline", id.Name)
		}
		c.fail(id, diag.D_FUNC_IDKIND, "%s '%s' may not be referenced as a function", o.kindName(), id.Name)
	}
	f := c.funcs[id.Name]
	if why := foreignFuncs[id.Name]; f == nil && why != "" {
		c.fail(id, diag.D_FUNC_UNDEF, "function %s( ) is not available here: %s", id.Name, why)
	}
	if f == nil {
		c.fail(id, diag.D_FUNC_UNDEF, "undefined function name: %s", id.Name)
	}
	return f
}

// prototype holds arguments against a function's parameters.
func (c *Checker) prototype(e *syntax.Call, f *Func, args []*Expr) {
	n := len(args)
	if n < f.min || n > len(f.params) && !f.variadic {
		want := ""
		if f.variadic || f.min < len(f.params) {
			want = "at least "
			if n > f.min {
				want = "at most "
			}
		}
		limit := f.min
		if n > f.min {
			limit = len(f.params)
		}
		c.fail(e, diag.D_PROTO_LEN, "%s( ) prototype mismatch: %d arg%s passed, %s%d expected", f.Name, n, plural(n), want, limit)
	}
	for i, p := range f.params {
		if i >= n {
			break
		}
		if p == nil {
			continue
		}
		if !c.passes(f, p, args[i]) && !(f.ID == FStrtok && i == 0 && isNull(args[i])) {
			c.fail(e.Args[i], diag.D_PROTO_ARG, "%s( ) argument #%d is incompatible with prototype:\n\tprototype: %s\n\t argument: %s", f.Name, i+1, protoName(p), c.typeName(args[i]))
		}
		c.pass(p, args[i])
	}
}

// isNull reports whether x is 0 or NULL.
func isNull(x *Expr) bool {
	return x.Const && x.Int == 0 && (isInt(x) || x.Type.Is(ctype.Pointer) && x.Type.Base().Elem.Is(ctype.Void))
}

func protoName(p *ctype.Type) string {
	if p == ptrParam {
		return "pointer"
	}
	return p.String()
}

// passes reports whether an argument fits a parameter.
func (c *Checker) passes(f *Func, p *ctype.Type, a *Expr) bool {
	if p == ptrParam {
		return c.argCompat(c.t.VoidPtr, a) && (!isString(a) || f.takesBytes())
	}
	if f.flags&userAddr != 0 && p == c.t.Uintptr && a.Xlate == nil && a.Type.Is(ctype.Pointer) {
		return a.Type.Base().Space == ctype.User
	}
	return c.argCompat(p, a)
}

// takesBytes reports whether the pointer parameters of f are to any bytes, which
// may be those of a string, and not to an object of the system.
func (f *Func) takesBytes() bool {
	switch f.ID {
	case FBcopy, FCopyinto, FCopyout, FMemref, FMemstr, FInetNtop, FLinkNtop, FPcap:
		return true
	}
	return false
}

func (c *Checker) pass(p *ctype.Type, a *Expr) {
	if p != ptrParam {
		c.convert(a, p)
		return
	}
	switch {
	case a.Type.Is(ctype.String):
		c.convert(a, c.t.CharPtr)
	case a.Type.Is(ctype.Array), a.Type.Is(ctype.Func):
		c.decay(a)
	}
}

// scratchArg is the number of the argument, from 0, that a subroutine writes to,
// -1 if it has none.
func scratchArg(id FuncID) int {
	switch id {
	case FBcopy:
		return 1
	case FCopyinto:
		return 2
	}
	return -1
}

// defaultScratch is the size of scratch memory unless an option sets it.
const defaultScratch = 4096

// subroutine checks what prototypes cannot say.
func (c *Checker) subroutine(e *syntax.Call, f *Func, args []*Expr) {
	if why := foreignFuncs[f.Name]; why != "" {
		c.fail(e, diag.D_FUNC_UNDEF, "function %s( ) is not available here: %s", f.Name, why)
	}
	if i := scratchArg(f.ID); i >= 0 && !args[i].Alloca {
		c.failLater(e.Args[i], diag.D_PROTO_ARG, "%s( ) argument #%d is incompatible with prototype:\n\tprototype: alloca pointer\n\t argument: non-alloca pointer", f.Name, i+1)
	}
	most := orDefault(c.opt.ScratchSize, defaultScratch)
	if f.ID == FAlloca && intConst(args[0]) && (args[0].Int < 0 || args[0].Int > most) {
		c.failLater(e.Args[0], diag.D_ALLOCA_SIZE, "alloca( ) size is %d, want at most %d (the option scratchsize)", args[0].Int, most)
	}
}
