package check

import (
	"strconv"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// Stability of the language's own names.
var (
	attrStable  = probe.Attr{Name: probe.Stable, Data: probe.Stable, Class: probe.ClassCommon}
	attrPrivate = probe.Attr{Name: probe.Stable, Data: probe.Private, Class: probe.ClassCommon}
	attrSymbol  = probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassUnknown}
	attrMax     = probe.Attr{Name: probe.Standard, Data: probe.Standard, Class: probe.ClassCommon}
)

// builtinRow describes an integer or string built-in variable. typ is a name
// that findType knows, or "" for those made by hand.
type builtinRow struct {
	name, typ string
	kind      BuiltinKind
	i         ir.Builtin
	s         ir.StrBuiltin
	attr      probe.Attr
}

var builtinRows = [...]builtinRow{
	{"caller", "uintptr_t", BuiltinInt, ir.BCaller, 0, attrStable},
	{"cpu", "int", BuiltinInt, ir.BCPU, 0, attrStable},
	{"curthread", "*struct task_struct", BuiltinInt, ir.BCurThread, 0, attrPrivate},
	{"cwd", "string", BuiltinStr, 0, ir.SCwd, attrStable},
	{"epid", "uint_t", BuiltinInt, ir.BEPID, 0, attrStable},
	{"errno", "int", BuiltinInt, ir.BErrno, 0, attrStable},
	{"execargs", "string", BuiltinStr, 0, ir.SExecArgs, attrStable},
	{"execname", "string", BuiltinStr, 0, ir.SExecName, attrStable},
	{"gid", "gid_t", BuiltinInt, ir.BGID, 0, attrStable},
	{"id", "uint_t", BuiltinInt, ir.BID, 0, attrStable},
	{"ipl", "uint_t", BuiltinInt, ir.BIPL, 0, attrStable},
	{"pid", "pid_t", BuiltinInt, ir.BPID, 0, attrStable},
	{"ppid", "pid_t", BuiltinInt, ir.BPPID, 0, attrStable},
	{"probefunc", "string", BuiltinStr, 0, ir.SProbeFunc, attrStable},
	{"probemod", "string", BuiltinStr, 0, ir.SProbeMod, attrStable},
	{"probename", "string", BuiltinStr, 0, ir.SProbeName, attrStable},
	{"probeprov", "string", BuiltinStr, 0, ir.SProbeProv, attrStable},
	{"root", "string", BuiltinStr, 0, ir.SRoot, attrStable},
	{"stackdepth", "uint32_t", BuiltinInt, ir.BStackDepth, 0, attrStable},
	{"threadname", "string", BuiltinStr, 0, ir.SThreadName, attrStable},
	{"tid", "id_t", BuiltinInt, ir.BTID, 0, attrStable},
	{"timestamp", "uint64_t", BuiltinInt, ir.BTimestamp, 0, attrStable},
	{"ucaller", "uint64_t", BuiltinInt, ir.BUCaller, 0, attrStable},
	{"uid", "uid_t", BuiltinInt, ir.BUID, 0, attrStable},
	{"ustackdepth", "uint32_t", BuiltinInt, ir.BUStackDepth, 0, attrStable},
	{"vtimestamp", "uint64_t", BuiltinInt, ir.BVTimestamp, 0, attrStable},
	{"walltimestamp", "int64_t", BuiltinInt, ir.BWallTimestamp, 0, attrStable},
	{"zonename", "string", BuiltinStr, 0, ir.SZoneName, attrStable},
	{"args", "int64_t", BuiltinArgs, ir.BArg, 0, attrStable},
	{"uregs", "uint64_t", BuiltinRegs, ir.BUReg, 0, attrStable},
}

// numArgs is the number of argN variables.
const numArgs = 10

// foreign are built-in variables of other DTrace systems, and what to write
// here. They are no keywords: a program may use the names for its own
// variables.
var foreign = map[string]string{
	"cpucycles":      "it counts cycles on macOS; use vtimestamp for time on the CPU",
	"cpuinstrs":      "it counts instructions on macOS; the cpc provider counts events",
	"dispatchqaddr":  "it belongs to macOS",
	"jailname":       "jails belong to FreeBSD",
	"jid":            "jails belong to FreeBSD",
	"machtimestamp":  "it belongs to macOS; use timestamp",
	"pthread_self":   "it belongs to macOS; use tid",
	"vcycles":        "it belongs to macOS; use vtimestamp",
	"vinstrs":        "it belongs to macOS",
	"vmregs":         "it reads the registers of a hypervisor's guest, which no host offers",
	"zoneid":         "zones belong to illumos; use zonename",
	"wallclock":      "use walltimestamp",
	"ucurthread":     "use curthread or tid",
	"execdir":        "use cwd",
	"curlwpthread":   "use curthread",
	"machcontinuous": "it belongs to macOS; use timestamp",
}

// addBuiltins enters the built-in variables. Types that need the World are
// resolved at their first use.
func (c *Checker) addBuiltins() {
	for i := range builtinRows {
		r := &builtinRows[i]
		c.globals[r.name] = &BuiltinVar{Name: r.name, Kind: r.kind, Int: r.i, Str: r.s, attr: r.attr, row: r}
	}
	for n := range numArgs {
		name := "arg" + strconv.Itoa(n)
		c.globals[name] = &BuiltinVar{Name: name, Kind: BuiltinInt, Int: ir.BArg, N: n, attr: attrStable, Type: c.t.Int64}
	}
	c.globals["NULL"] = &nullConst{}
	if w, ok := c.w.(namer); ok {
		for name, of := range w.BuiltinNames() {
			c.globals[name] = c.globals[of]
		}
	}
}

// namer is implemented by a World whose system has further names for built-in
// variables: irql for ipl on Windows.
type namer interface{ BuiltinNames() map[string]string }

// threadTyper is implemented by a World whose threads are not struct
// task_struct: CurThread is the type of curthread.
type threadTyper interface{ CurThread() *ctype.Type }

// nullConst is NULL: the integer constant 0, which may stand where a pointer is
// wanted. A variable that is first assigned NULL is a void *.
type nullConst struct{}

func (*nullConst) object()          {}
func (*nullConst) kindName() string { return "constant" }

// threadTypes are what systems call a thread: that of curthread is the first the
// World has.
var threadTypes = [...]string{"struct task_struct", "struct _ETHREAD", "struct etl_thread"}

// builtinType resolves the type of a built-in variable. A pointer to a type
// that the World lacks is a void *.
func (c *Checker) builtinType(b *BuiltinVar) *ctype.Type {
	if b.Type != nil {
		return b.Type
	}
	if w, ok := c.w.(threadTyper); ok && b.Int == ir.BCurThread && b.row.name == "curthread" {
		b.Type = w.CurThread()
		return b.Type
	}
	name, ptr := b.row.typ, false
	if name[0] == '*' {
		name, ptr = name[1:], true
	}
	var t *ctype.Type
	if b.Int == ir.BCurThread && ptr {
		for _, name := range threadTypes {
			if t, _ = c.worldType("", name); t != nil {
				break
			}
		}
	} else {
		t, _ = c.findType(name)
	}
	switch {
	case ptr && t == nil:
		t = c.t.VoidPtr
	case ptr:
		t = ctype.PtrTo(t)
	}
	b.Type = t
	return t
}

// support asks the World whether it has a built-in variable, once for each.
func (c *Checker) supportsBuiltin(b *BuiltinVar) error {
	switch b.Kind {
	case BuiltinStr:
		return c.supports(ir.BuiltinS, uint8(b.Str))
	case BuiltinArgs:
		return nil
	}
	return c.supports(ir.BuiltinI, uint8(b.Int))
}

type featureKey struct {
	op  ir.Op
	sub uint8
}

func (c *Checker) supports(op ir.Op, sub uint8) error {
	k := featureKey{op, sub}
	if err, ok := c.features[k]; ok {
		return err
	}
	err := c.w.Supports(op, sub)
	c.features[k] = err
	return err
}
