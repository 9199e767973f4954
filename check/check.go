package check

import (
	"path"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// Options are the compile-time options that change what a program means or
// which programs are refused. The zero Options are DTrace's defaults.
// "#pragma D option" changes them from its line on.
type Options struct {
	// TargetPID is the process that the caller holds, 0 for none: its probes may be
	// missing, but it is not.
	TargetPID int
	// HasProcess reports whether a process exists that could be traced; nil is
	// never.
	HasProcess func(pid int) bool
	// StrSize is the size of a string in bytes, NUL included; 0 is 256.
	StrSize int64
	// ZDefs allows probe descriptions that match nothing (-Z).
	ZDefs bool
	// KNoDefs lets symbols of the kernel that only an extern declaration knows
	// pass with address 0, to be resolved later.
	KNoDefs bool
	// StackFrames and UStackFrames are the options of these names; 0 is 20 and
	// 100 frames.
	StackFrames, UStackFrames int64
	// JStackFrames and JStackStrSize are the defaults of jstack(); 0 is 50 and
	// 512.
	JStackFrames, JStackStrSize int64
	// ScratchSize is the option scratchsize, which bounds alloca(); 0 is no
	// bound but ir.ScratchMax.
	ScratchSize int64
	// AMin is the least stability allowed (-x amin); the zero Attr allows all.
	AMin probe.Attr
	// Target is set if $target names a process (-c, -p).
	Target bool
	// SetOption is called for each "#pragma D option". Its error, if any, says
	// why the option cannot be set. When it is nil, package option decides.
	SetOption func(PragmaOption) error
	// Libs are D libraries to add before all programs, each after those that it
	// depends on. See AddLib.
	Libs []*syntax.Program
	// Libraries are further names that "#pragma D depends_on library" finds.
	Libraries []string
}

// defaultStrSize is DTrace's default of the option strsize.
const defaultStrSize = 256

// Checker checks the programs of one run of the compiler. They share variables,
// aggregations, inlines, translators and types. It is not safe for concurrent
// use.
type Checker struct {
	w   World
	opt Options
	t   *ctype.Set

	exprs     map[syntax.Expr]*Expr
	typeExprs map[syntax.TypeExpr]*ctype.Type
	vars      []*Var
	aggs      []*Agg
	aggByName map[string]*Agg

	globals            map[string]Object
	selfVars, thisVars map[string]*Var
	funcs              map[string]*Func
	typedefs, tags     map[string]*ctype.Type
	tagWord            map[*ctype.Type]string
	defining           map[*ctype.Type]bool // whose members are being read
	externs            map[string]*ctype.Type
	symbols            map[typeKey]*SymbolRef
	worldTypes         map[typeKey]worldType
	features           map[featureKey]error
	translators        []*Translator
	providers          map[string]*syntax.Provider
	matches            map[probe.Desc]*match
	libs               map[string]bool
	libErr             error
	broken             []brokenXlator

	// The state of the program and the clause being checked.
	ctx           context
	params        [][]*Param
	addrOf        bool
	branchActions int
	pending       map[string]pendingPragma
	declaredHere  map[Object]bool
	lacking       *diag.Error // of the first feature that the World lacks
	stackFrames   int64       // the deepest stack that a variable is assigned
	later         []func()    // what is checked once the clause is typed
}

// context is what is being checked.
type context struct {
	clause *Clause
	flow   flow
	attr   probe.Attr
	lib    bool
}

// New returns a Checker for programs that run in w.
func New(w World, opt Options) *Checker {
	if opt.StrSize <= 0 {
		opt.StrSize = defaultStrSize
	}
	c := &Checker{
		w: w, opt: opt, t: ctype.NewSet(w.Model()),
		exprs: map[syntax.Expr]*Expr{}, typeExprs: map[syntax.TypeExpr]*ctype.Type{}, aggByName: map[string]*Agg{},
		globals: map[string]Object{}, selfVars: map[string]*Var{}, thisVars: map[string]*Var{}, funcs: map[string]*Func{},
		typedefs: map[string]*ctype.Type{}, tags: map[string]*ctype.Type{}, tagWord: map[*ctype.Type]string{}, defining: map[*ctype.Type]bool{},
		externs: map[string]*ctype.Type{}, symbols: map[typeKey]*SymbolRef{}, worldTypes: map[typeKey]worldType{},
		features: map[featureKey]error{}, providers: map[string]*syntax.Provider{}, matches: map[probe.Desc]*match{},
		libs: map[string]bool{}, ctx: context{attr: attrMax},
	}
	c.addBuiltins()
	c.addFuncs()
	for _, name := range opt.Libraries {
		c.libs[name] = true
	}
	for _, lib := range opt.Libs {
		if err := c.AddLib(path.Base(lib.File), lib); err != nil && c.libErr == nil {
			c.libErr = err
		}
	}
	return c
}

// Check checks one program by itself.
func Check(prog *syntax.Program, w World, opt Options) (*Info, error) {
	return New(w, opt).Check(prog)
}

// Options returns the options as the pragmas of the programs so far left them.
func (c *Checker) Options() Options { return c.opt }

// Check checks a program. Its errors are *diag.Error, without source line. After
// an error the Checker should not be used any more.
func (c *Checker) Check(prog *syntax.Program) (info *Info, err error) {
	if c.libErr != nil {
		return nil, c.libErr
	}
	info = &Info{Prog: prog, Attr: attrMax, DescAttr: attrMax, ArgsUsed: prog.ArgsUsed, c: c}
	defer catch(&err)
	c.items(info, prog)
	c.unusedPragmas()
	if c.lacking != nil {
		return nil, c.lacking
	}
	return info, nil
}

// CheckItems checks the items of a program that goes on, with errors, behind them. It
// says what is wrong with them; the Checker is of no more use.
func (c *Checker) CheckItems(prog *syntax.Program) (err error) {
	if c.libErr != nil {
		return c.libErr
	}
	defer catch(&err)
	c.items(&Info{Prog: prog, Attr: attrMax, DescAttr: attrMax, c: c}, prog)
	return nil
}

// items checks the items of a program.
func (c *Checker) items(info *Info, prog *syntax.Program) {
	c.thisVars = map[string]*Var{}
	c.pending, c.declaredHere = map[string]pendingPragma{}, map[Object]bool{}
	for _, it := range prog.Items {
		c.ctx = context{attr: attrMax}
		c.item(info, it)
	}
}

// AddLib adds a D library: a program without clauses whose definitions later
// programs may use. A definition that lacks something of the World is no error;
// a program that uses it gets the reason. Neither is a library whose
// "#pragma D depends_on" is not fulfilled: it adds nothing.
func (c *Checker) AddLib(name string, prog *syntax.Program) (err error) {
	defer catch(&err)
	c.thisVars = map[string]*Var{}
	c.pending, c.declaredHere = map[string]pendingPragma{}, map[Object]bool{}
	for _, it := range prog.Items {
		if p, ok := it.(*syntax.Pragma); ok && p.Name == "depends_on" && !c.dependsOn(p) {
			return nil
		}
	}
	c.libs[name] = true
	for _, it := range prog.Items {
		c.ctx = context{attr: attrMax, lib: true}
		c.libItem(it)
	}
	return nil
}

// catch turns a panic with an error of the program into that error.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case *diag.Error:
		*err = r
	default:
		panic(r)
	}
}

// fail raises an error at n.
func (c *Checker) fail(n syntax.Node, code diag.Code, format string, args ...any) {
	panic(diag.Errorf(n.Pos(), code, format, args...))
}

// afterTypes runs f once all statements of the clause have their types, in the order
// of calls, as DTrace looks at actions and at what has no value: a name that is
// unknown further down is reported before. Outside of clauses it runs f at once.
func (c *Checker) afterTypes(f func()) {
	if c.ctx.clause == nil {
		f()
		return
	}
	branch := c.branchActions
	c.later = append(c.later, func() {
		c.branchActions = branch
		f()
	})
}

// failLater raises an error at n once the clause is typed.
func (c *Checker) failLater(n syntax.Node, code diag.Code, format string, args ...any) {
	c.afterTypes(func() { c.fail(n, code, format, args...) })
}

// runLater runs what afterTypes put off.
func (c *Checker) runLater() {
	list := c.later
	c.later = nil
	for _, f := range list {
		f()
	}
	c.branchActions = 0
}

func (c *Checker) item(info *Info, it syntax.Item) {
	switch it := it.(type) {
	case *syntax.Clause:
		cl := c.clause(it)
		info.Clauses = append(info.Clauses, cl)
		info.Attr = minAttr(info.Attr, cl.Attr)
		info.DescAttr = minAttr(info.DescAttr, cl.DescAttr)
	case *syntax.Decl:
		c.decl(it)
	case *syntax.Inline:
		c.inline(it)
	case *syntax.Translator:
		c.translator(it)
	case *syntax.Provider:
		c.provider(it)
	case *syntax.Pragma:
		c.pragma(info, it)
	default:
		panic("BUG: unknown kind of item")
	}
}

// libItem adds one item of a library. What does not work here is remembered
// where a use can find it.
func (c *Checker) libItem(it syntax.Item) {
	var state bindState
	switch it := it.(type) {
	case *syntax.Clause:
		c.fail(it, diag.D_SYNTAX, "a D library may not have probe clauses")
	case *syntax.Inline:
		if err := c.bind(func() { c.inline(it) }, &state); err != nil {
			d := &InlineDef{Name: it.Name, Type: c.t.Int, X: it.X, Pos: it.Pos(), attr: attrStable, err: err, state: bound, lib: true}
			for _, p := range it.Params {
				d.Params = append(d.Params, &Param{Name: p.Name, Type: c.t.Int})
			}
			old, ok := c.globals[it.Name].(*InlineDef)
			switch {
			case ok && old.lib && len(old.Params) == len(d.Params):
				old.addNext(d)
			case c.globals[it.Name] == nil:
				c.globals[it.Name] = d
			}
		}
	case *syntax.Translator:
		if err := c.bind(func() { c.translator(it) }, &state); err != nil {
			c.broken = append(c.broken, brokenXlator{it, err})
		}
	case *syntax.Decl:
		// A declaration that fails leaves its names unknown.
		_ = c.bind(func() { c.decl(it) }, &state)
	case *syntax.Pragma:
		if it.Name == "attributes" || it.Name == "binding" {
			c.pragma(&Info{}, it)
		}
	case *syntax.Provider:
		_ = c.bind(func() { c.provider(it) }, &state)
	}
}
