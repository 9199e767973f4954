// Package check gives a parsed D program its meaning: it resolves names,
// types every expression, applies translators and inlines, folds constants and
// refuses what D does not allow, with DTrace's error tags. What it finds goes
// into Info, a side table keyed by syntax nodes; the tree is not changed.
package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// Arg is one argument of a probe, args[i].
type Arg struct {
	// Name is the argument's name where the source has one, for listings.
	Name string
	// Native is the type of the raw argument; Trans, if not nil, the type it is
	// translated to by a translator of the D libraries.
	Native, Trans *ctype.Type
	// Map is the number of the raw argument (argN) the value comes from.
	Map int
}

// Symbol is a data or function symbol of the traced system.
type Symbol struct {
	Name, Module string
	Addr         uint64
	// Type is nil if no type information names the symbol.
	Type *ctype.Type
	// Func is set for functions.
	Func bool
}

// World is what the checker asks of the host: probes, types and symbols.
// Implementations may be lazy and need not be safe for concurrent use.
type World interface {
	// Model returns the data model of the traced system.
	Model() ctype.Model
	// Probes calls f for each probe that d matches, in ascending order of ids,
	// until f returns false. Probes that exist on demand (profile-97, pid123)
	// are made by asking. An error says why a provider that d names cannot
	// serve it; no match is not an error.
	Probes(d probe.Desc, f func(*probe.Probe) bool) error
	// Args returns the typed arguments of p; nil if it has none.
	Args(p *probe.Probe) ([]Arg, error)
	// Type finds a type by its C name: "struct task_struct", "union x", "enum y",
	// "pid_t", "unsigned long" in a module ("" for any; "vmlinux" for the
	// kernel proper). nil without error means there is none.
	Type(module, name string) (*ctype.Type, error)
	// Symbol finds a symbol by name in a module ("" for any). ok is false if
	// there is none.
	Symbol(module, name string) (s Symbol, ok bool, err error)
	// Enumerator finds an enumeration constant of the traced system by name.
	Enumerator(name string) (value int64, t *ctype.Type, ok bool)
	// Supports returns nil if the host can execute op, with sub naming the
	// ir.Builtin, ir.StrBuiltin where op is BuiltinI or BuiltinS; else an error
	// that wraps host.ErrNotSupported and says what would give it.
	Supports(op ir.Op, sub uint8) error
}
