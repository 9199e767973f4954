package check

import (
	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/printf"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// Info is the meaning of one program. Everything that programs share (variables,
// aggregations, inlines, translators and what was found out about their
// expressions) belongs to the Checker and is referred to by pointer, so that a
// compiler that sees several programs of one Checker gives each object its
// storage once.
type Info struct {
	// Prog is the program.
	Prog *syntax.Program
	// Clauses are its clauses in program order.
	Clauses []*Clause
	// Options are its "#pragma D option" lines in program order.
	Options []PragmaOption
	// Attr is the least of the stability attributes of what its clauses use,
	// DescAttr that of their probe descriptions.
	Attr, DescAttr probe.Attr
	// ArgsUsed reports, as syntax.Program.ArgsUsed, the macro arguments used.
	ArgsUsed []bool

	c *Checker
}

// PragmaOption is one "#pragma D option name[=value]".
type PragmaOption struct {
	Pos         diag.Pos
	Name, Value string
	// HasValue tells "name=" from "name".
	HasValue bool
}

// Expr returns what is known of e: an expression of a clause, of an inline or
// of a translator that a checked program uses. It is nil for expressions that
// were not checked because they cannot be reached: the arm not taken of ?: with
// a constant condition, keys and operands that only spell a constant.
func (in *Info) Expr(e syntax.Expr) *Expr { return in.c.exprs[e] }

// RootVar returns the D variable that a checked expression is a part of, nil if it
// lies in memory reached through a pointer.
func (in *Info) RootVar(e syntax.Expr) *Var { return in.c.rootVar(e) }

// TypeOf returns the type of e before the conversion its context asks for, or
// nil.
func (in *Info) TypeOf(e syntax.Expr) *ctype.Type {
	if x := in.c.exprs[e]; x != nil {
		return x.Type
	}
	return nil
}

// TypeExpr returns the type that a written type denotes (casts, sizeof,
// offsetof, xlate, declarations), or nil if it was not resolved.
func (in *Info) TypeExpr(t syntax.TypeExpr) *ctype.Type { return in.c.typeExprs[t] }

// Vars returns all D variables of the Checker so far, in order of their first
// appearance; Var.ID is the index.
func (in *Info) Vars() []*Var { return in.c.vars }

// Aggs returns all aggregations of the Checker so far; Agg.ID is the index.
func (in *Info) Aggs() []*Agg { return in.c.aggs }

// Types returns D's own types under the data model of the World.
func (in *Info) Types() *ctype.Set { return in.c.t }

// Model returns the data model of the World.
func (in *Info) Model() ctype.Model { return in.c.t.Model }

// StrSize returns the size of a string in bytes, NUL included.
func (in *Info) StrSize() int64 { return in.c.opt.StrSize }

// Conv says what a context does to the value of an expression before it uses
// it.
type Conv uint8

// The conversions. The target type is Expr.To.
const (
	// ConvNone: the value is used as it is.
	ConvNone Conv = iota
	// ConvInt: an integer, pointer or enum becomes the integer or pointer type
	// To: cut to its size and extended by To's sign. Constants are still as
	// they were; the conversion applies to them, too.
	ConvInt
	// ConvDecay: an array or function becomes the address of its first
	// element or of itself; To is the pointer type.
	ConvDecay
	// ConvString: a char array, a char pointer or any other address becomes
	// the string it points to.
	ConvString
	// ConvStrPtr: a string becomes the address of a copy in scratch memory; To
	// is the pointer type.
	ConvStrPtr
)

// Expr is what is known of one expression.
type Expr struct {
	// Type is the type of the value; never nil. Actions have void; dynamic
	// values have a type of kind ctype.Dyn; translated objects have the
	// translator's output type (or a pointer to it) and Xlate set.
	Type *ctype.Type
	// Conv and To tell the conversion that the context asks for.
	Conv Conv
	To   *ctype.Type

	// Const is set for integer constants, of value Int (a 64-bit pattern, not
	// cut to the size of Type). The operands of such an expression need not be
	// evaluated.
	Const bool
	Int   int64

	// LValue is set for values that lie in memory or in a variable, so that a
	// member or & may apply; Writable for those a program may assign: D
	// variables, and memory reached through pointers that alloca(), copyin()
	// or bcopy() targets give.
	LValue, Writable bool
	// Bits and Shift are set for bit-fields, as in ctype.Member.
	Bits, Shift int
	// Alloca is set for pointers into scratch memory.
	Alloca bool

	// Obj is what an *syntax.Ident, *syntax.Agg, *syntax.Call (its function) or
	// *syntax.Index (of an associative array, a parametrised inline, args[],
	// uregs[]) denotes.
	Obj Object
	// Member is the member of a *syntax.Member that reads memory; its Off is
	// from the start of the compound, of X or of what X points to.
	Member ctype.Member
	// XMember is set for a *syntax.Member of a translated object: its value is
	// XMember.X with the translator's parameter bound to the translator's input
	// (see Xlate).
	XMember *XMember
	// Xlate is set if the value is a translated object or a pointer to one. It
	// has no address. Its input is found by looking at the expression:
	//
	//	*syntax.Xlate            the input is X
	//	*syntax.Index of args[]  the input is the raw argument Arg.Map
	//	*syntax.Ident            the body of the inline, or the value of the parameter
	//	*syntax.Unary * or &     that of the operand
	//	*syntax.Member           that of XMember.X, within its translator
	//	*syntax.Cond             that of the arm taken
	Xlate *Translator
	// Arg is set for args[i]: the raw argument and its types.
	Arg *Arg
	// Call is set for calls.
	Call *CallInfo
	// PtrScale is set for + - += -= ++ -- on pointers: the size in bytes by
	// which the integer operand is multiplied, or by which a difference of two
	// pointers is divided; 0 if no pointer takes part.
	PtrScale int64
	// Elem is set for *syntax.Index that is address arithmetic: its element
	// size, and Bound the number of elements of an array of known length (0: do
	// not check).
	Elem, Bound int64
	// Strings is set on comparisons that compare strings.
	Strings bool
	// Arm is set on ?: with a constant condition: the arm that is taken. The
	// other arm has no Expr.
	Arm syntax.Expr
}

// Object is what an identifier denotes: *Var, *Agg, *BuiltinVar, *InlineDef,
// *Param, *SymbolRef, *EnumConst, *Func.
type Object interface {
	object()
	// kindName is how messages call it: "scalar", "associative array".
	kindName() string
}

// Var is a D variable.
type Var struct {
	// ID is the index in Info.Vars.
	ID   int
	Name string
	// Kind is the class. Scalar arrays are VarGlobal, VarLocal or VarTLS with
	// an array type.
	Kind ir.VarKind
	// Type is the type of the value; that of an associative array's elements.
	// It is a ctype.Dyn while no assignment gave it one.
	Type *ctype.Type
	// Keys are the types of an associative array's keys, in order. Frames are,
	// for those that are stacks, the greatest number of frames any use asks for.
	Keys   []*ctype.Type
	Frames []int64
	// Pos is where the variable was declared or first appeared.
	Pos diag.Pos
	// Alloca is set if the variable holds pointers into scratch memory.
	Alloca bool

	declared, assigned, referenced bool
	nonAlloca                      bool
}

// Agg is an aggregation.
type Agg struct {
	// ID is the index in Info.Aggs.
	ID ir.AggID
	// Name is without the @; "_" is the unnamed one.
	Name string
	// Spec is the aggregating function; Func is agg.None if no clause assigns
	// the aggregation.
	Spec agg.Spec
	// Keys are the parts of the tuple, nil for a keyless aggregation.
	Keys []AggKey
	// Clearable is set if a clause clears or truncates it.
	Clearable bool
	// Pos is its first appearance, FuncPos that of its first assignment.
	Pos, FuncPos diag.Pos

	keyed   bool // Keys is settled
	settled bool // Spec is, and not its Func alone
}

// AggKey is one part of an aggregation's tuple.
type AggKey struct {
	// Type is an integer, pointer, string, compound or array type, or of kind
	// ctype.Dyn for stack(), sym() and their like.
	Type *ctype.Type
	// Frames is, for stacks, the greatest number of frames any use asks for.
	Frames int64
}

// BuiltinVar is a built-in variable.
type BuiltinVar struct {
	Name string
	// Type is its type; the element type for arrays (args, uregs).
	Type *ctype.Type
	// Kind says how to read it.
	Kind BuiltinKind
	// Int is the integer built-in of BuiltinInt, with N as Imm (argN); Str the
	// one of BuiltinStr.
	Int ir.Builtin
	N   int
	Str ir.StrBuiltin

	attr probe.Attr
	row  *builtinRow
}

// BuiltinKind says how a built-in variable is read.
type BuiltinKind uint8

// The kinds of built-in variables.
const (
	BuiltinInt  BuiltinKind = iota // ir.BuiltinI
	BuiltinStr                     // ir.BuiltinS
	BuiltinArgs                    // args[i]
	BuiltinRegs                    // uregs[i]
)

// InlineDef is an inline.
type InlineDef struct {
	Name string
	// Type is the declared type. The value of X is converted to it.
	Type *ctype.Type
	// Params are the parameters of a parametrised inline.
	Params []*Param
	// X is the body, checked once for all uses. Parameters in it denote the
	// values of the use.
	X syntax.Expr
	// Pos is where the inline is defined.
	Pos diag.Pos

	attr  probe.Attr
	err   error // a library's inline that does not bind: raised at its use
	state bindState
	lib   bool
	// next is the definition to try if this one of a library does not bind.
	next *InlineDef
}

// Param is a parameter of an inline, or the input of a translator.
type Param struct {
	Name string
	Type *ctype.Type
	// Trans is set if the values passed are translated objects.
	Trans *Translator
}

// SymbolRef is a symbol of the kernel or of a process.
type SymbolRef struct {
	Symbol Symbol
}

// EnumConst is an enumeration constant.
type EnumConst struct {
	Name  string
	Type  *ctype.Type
	Value int64
	Pos   diag.Pos
}

// Translator is a translator.
type Translator struct {
	// Out is the struct or union that is made, In the type of the input, Param
	// the input's name in the member expressions.
	Out, In *ctype.Type
	Param   *Param
	// Members are in source order.
	Members []*XMember
	Pos     diag.Pos

	byName map[string]*XMember
}

// XMember is one member of a translator.
type XMember struct {
	Name string
	// X is the expression of the value, in terms of the translator's Param. Its
	// Conv leads to Type, the type of the member in the output.
	X    syntax.Expr
	Type *ctype.Type
	// Member is the member of the output, for translations of whole structs.
	Member ctype.Member
	Pos    diag.Pos
	// Tr is the translator.
	Tr *Translator

	err   error
	state bindState
	// next is the definition to try if this one of a library does not bind.
	next *XMember
}

type bindState uint8

const (
	unbound bindState = iota
	binding
	bound
)

// CallInfo is what is known of a call.
type CallInfo struct {
	Fn *Func
	// Format is the parsed format of printf, printa, system and freopen; nil
	// for printa(@a) and for all others. FormatText is its text.
	Format     *printf.Format
	FormatText string
	// Values are the arguments that the format consumes, or for other calls
	// the arguments that are evaluated (without aggregations and formats).
	Values []syntax.Expr
	// Aggs are the aggregations of printa, clear, trunc, normalize, denormalize.
	Aggs []*Agg
	// N is the constant of stack(n), ustack(n), tracemem(_, n), StrSize that of
	// jstack(n, s).
	N, StrSize int64
	// Args are the strings of setopt, if all are constants; else Values are.
	Args []string
	// Packet is the type of what pcap's first argument points to, where its own
	// type does not say.
	Packet *ctype.Type
	// Spec is the aggregating function of a call that an aggregation is
	// assigned; Value its argument and Incr its increment, or nil.
	Spec        agg.Spec
	Value, Incr syntax.Expr
}

// Clause is what is known of a clause.
type Clause struct {
	Node *syntax.Clause
	// Descs are the probe descriptions; Probes the ids they match, ascending,
	// without repeats. Empty with Options.ZDefs only. Clauses share these
	// slices: they must not be changed.
	Descs  []probe.Desc
	Probes []probe.ID
	// Records is set if the clause has a data-recording action or the default
	// action; Default if it has no statement that acts.
	Records, Default bool
	// Speculative is set if it calls speculate().
	Speculative bool
	// Destructive is set if it has a destructive action.
	Destructive bool
	// Conditional is set if actions stand within if, ?: or loops.
	Conditional bool
	// Attr are the stability attributes of the clause's text, DescAttr those of
	// its probe descriptions.
	Attr, DescAttr probe.Attr

	probes []*probe.Probe
	single *probe.Probe // the probe of the first description, if it matches one only
	args   map[int64]*Arg
}

func (*Var) object()        {}
func (*Agg) object()        {}
func (*BuiltinVar) object() {}
func (*InlineDef) object()  {}
func (*Param) object()      {}
func (*SymbolRef) object()  {}
func (*EnumConst) object()  {}
func (*Func) object()       {}

func (v *Var) kindName() string {
	if v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc {
		return "associative array"
	}
	return "scalar"
}

func (*Agg) kindName() string { return "aggregation" }

func (b *BuiltinVar) kindName() string {
	if b.Kind >= BuiltinArgs {
		return "associative array"
	}
	return "scalar"
}

func (d *InlineDef) kindName() string {
	if len(d.Params) > 0 {
		return "associative array"
	}
	return "inline"
}

func (*Param) kindName() string     { return "scalar" }
func (*SymbolRef) kindName() string { return "symbol" }
func (*EnumConst) kindName() string { return "enumeration constant" }
func (f *Func) kindName() string    { return f.Kind.String() }
