package check

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// pendingPragma is a pragma about an identifier that is declared later.
type pendingPragma struct {
	node *syntax.Pragma
	attr probe.Attr
	set  bool
}

func (c *Checker) pragma(info *Info, p *syntax.Pragma) {
	switch p.Name {
	case "option":
		c.pragmaOption(info, p)
	case "attributes":
		c.pragmaAttributes(p)
	case "binding":
		c.pragmaBinding(p)
	case "depends_on":
		if !c.dependsOn(p) {
			c.fail(p, diag.D_PRAGMA_DEPEND, "program requires %s %s", p.Args[0], p.Args[1])
		}
	default:
		c.fail(p, diag.D_PRAGMA_INVAL, "unknown #pragma D %s", p.Name)
	}
}

func (c *Checker) pragmaOption(info *Info, p *syntax.Pragma) {
	o := PragmaOption{Pos: p.Pos(), Name: p.Args[0]}
	if len(p.Args) > 1 {
		o.Value, o.HasValue = p.Args[1], true
	}
	check := c.opt.SetOption
	if check == nil {
		check = func(o PragmaOption) error {
			var set option.Set
			return set.SetInProgram(o.Name, o.Value)
		}
	}
	if err := check(o); err != nil {
		what := o.Name
		if o.HasValue {
			what += " to " + strconv.Quote(o.Value)
		}
		c.fail(p, diag.D_PRAGMA_OPTSET, "failed to set option %s: %v", what, err)
	}
	c.applyOption(o)
	info.Options = append(info.Options, o)
}

// applyOption changes what the checker itself depends on. The value has been
// checked.
func (c *Checker) applyOption(o PragmaOption) {
	var set option.Set
	if set.Set(o.Name, o.Value) != nil {
		return // an option of the caller's own
	}
	num := func(dst *int64) {
		if v := set.Num(o.Name); v > 0 && v <= math.MaxInt64 {
			*dst = int64(v)
		}
	}
	flag := func(dst *bool) { *dst = set.Flag(o.Name) }
	switch o.Name {
	case "strsize":
		num(&c.opt.StrSize)
	case "stackframes":
		num(&c.opt.StackFrames)
	case "ustackframes":
		num(&c.opt.UStackFrames)
	case "jstackframes":
		num(&c.opt.JStackFrames)
	case "jstackstrsize":
		num(&c.opt.JStackStrSize)
	case "scratchsize":
		num(&c.opt.ScratchSize)
	case "zdefs":
		flag(&c.opt.ZDefs)
	case "knodefs":
		flag(&c.opt.KNoDefs)
	case "amin":
		a, ok := ParseAttr(o.Value)
		if !ok {
			c.fail(&syntax.Pragma{Loc: syntax.Loc{At: o.Pos}}, diag.D_PRAGMA_OPTSET, "failed to set option amin to %q: want <name>/<data>/<class>", o.Value)
		}
		c.opt.AMin = a
	}
}

// attrDefault is what stands for the parts of attributes that are not given.
var attrDefault = []string{"Stable", "Stable", "Common"}

// ParseAttr parses "Stable/Stable/Common", in any case: the value of -x amin.
// Parts at the end may be missing.
func ParseAttr(s string) (a probe.Attr, ok bool) {
	f := strings.Split(s, "/")
	if len(f) > 3 {
		return a, false
	}
	f = append(f, attrDefault[len(f):]...)
	title := func(s string) string {
		if strings.EqualFold(s, "ISA") || strings.EqualFold(s, "CPU") {
			return strings.ToUpper(s)
		}
		if s == "" {
			return ""
		}
		return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
	}
	var ok1, ok2, ok3 bool
	a.Name, ok1 = probe.ParseStability(title(f[0]))
	a.Data, ok2 = probe.ParseStability(title(f[1]))
	a.Class, ok3 = probe.ParseClass(title(f[2]))
	return a, ok1 && ok2 && ok3
}

var providerParts = []string{"provider", "module", "function", "name", "args"}

func (c *Checker) pragmaAttributes(p *syntax.Pragma) {
	a, ok := ParseAttr(p.Args[0])
	if !ok {
		c.fail(p, diag.D_PRAGMA_INVAL, "invalid attributes specified by #pragma D attributes: %q, want <name>/<data>/<class>", p.Args[0])
	}
	if len(p.Args) == 4 {
		known := c.providers[p.Args[2]] != nil || len(c.match(probe.Desc{Provider: p.Args[2]}).ids) > 0
		if known && !slices.Contains(providerParts, p.Args[3]) {
			c.fail(p, diag.D_PRAGMA_INVAL, "invalid part %q of a provider in #pragma D attributes, want %s", p.Args[3], strings.Join(providerParts, ", "))
		}
		if !known { // a declaration that follows comes too late
			c.pending["provider "+p.Args[2]] = pendingPragma{node: p}
		}
		return
	}
	c.identPragma(p, p.Args[1], func(o Object) {
		if d, ok := o.(*InlineDef); ok {
			d.attr = a
		}
	}, a, true)
}

// identPragma applies a pragma to an identifier of the program, or keeps it for
// the identifier's declaration.
func (c *Checker) identPragma(p *syntax.Pragma, name string, apply func(Object), a probe.Attr, set bool) {
	o := c.globals[name]
	if o == nil && c.funcs[name] != nil {
		o = c.funcs[name]
	}
	switch {
	case o == nil:
		c.pending[name] = pendingPragma{p, a, set}
	case !c.declaredHere[o] && !c.ctx.lib && !c.isProgramVar(o):
		c.fail(p, diag.D_PRAGMA_SCOPE, "#pragma D %s cannot modify %s, which is defined outside of the program", p.Name, name)
	default:
		apply(o)
	}
}

// isProgramVar reports whether o is something that only programs make.
func (c *Checker) isProgramVar(o Object) bool {
	switch o.(type) {
	case *Var, *EnumConst:
		return true
	}
	return false
}

func (c *Checker) pragmaBinding(p *syntax.Pragma) {
	if !validVersion(p.Args[0]) {
		c.fail(p, diag.D_PRAGMA_INVAL, "invalid version string specified by #pragma D binding: %q, want <major>[.<minor>[.<micro>]]", p.Args[0])
	}
	c.identPragma(p, p.Args[1], func(Object) {}, probe.Attr{}, false)
}

// validVersion reports whether s is a version of D: 255.4095.4095 at most.
func validVersion(s string) bool {
	f := strings.Split(s, ".")
	if len(f) > 3 {
		return false
	}
	for i, part := range f {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || n > 4095 || i == 0 && n > 255 {
			return false
		}
	}
	return true
}

// unusedPragmas refuses pragmas about identifiers that were never declared.
func (c *Checker) unusedPragmas() {
	var first *syntax.Pragma
	var name string
	for n, p := range c.pending {
		o := c.globals[n]
		if d, ok := o.(*InlineDef); ok && p.set {
			d.attr = p.attr
		}
		if v, ok := o.(*Var); ok && !v.declared {
			o = nil // an assignment made it, which is no declaration
		}
		if o == nil && (first == nil || before(p.node, first)) {
			first, name = p.node, n
		}
	}
	if first != nil {
		c.fail(first, diag.D_PRAGMA_UNUSED, "unused #pragma D %s: the program does not declare %s", first.Name, name)
	}
}

func before(a, b syntax.Node) bool {
	p, q := a.Pos(), b.Pos()
	return p.Line < q.Line || p.Line == q.Line && p.Col < q.Col
}

// dependsOn reports whether what a depends_on pragma names is there.
func (c *Checker) dependsOn(p *syntax.Pragma) bool {
	name := p.Args[1]
	switch p.Args[0] {
	case "library":
		return c.libs[name] || c.libs[strings.TrimSuffix(name, ".d")]
	case "provider":
		return len(c.match(probe.Desc{Provider: name}).ids) > 0
	case "module":
		if len(c.match(probe.Desc{Module: name}).ids) > 0 {
			return true
		}
		for _, t := range []string{"int", "unsigned int", "char"} {
			// A world may know the types of the language in every module.
			if any, err := c.worldType("-", t); err != nil || any != nil {
				continue
			}
			if t, err := c.worldType(name, t); err == nil && t != nil {
				return true
			}
		}
		// The names that other systems give the kernel proper.
		return slices.Contains([]string{"unix", "genunix", "kernel", "vmlinux", "mach_kernel"}, name)
	}
	c.fail(p, diag.D_PRAGMA_INVAL, "invalid class %q specified by #pragma D depends_on, want library, module or provider", p.Args[0])
	return false
}
