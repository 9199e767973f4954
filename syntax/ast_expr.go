package syntax

// Expr is an expression. Parentheses leave no node; the shape of the tree says
// what they said.
type Expr interface {
	Node
	expr()
}

// IntLit is an integer or character constant, or a macro variable with an
// integer value.
type IntLit struct {
	Loc
	// Value is the value as 64-bit pattern.
	Value uint64
	// Kind is the type that the D rule gives to the constant.
	Kind IntKind
	// Text is the spelling in the source: "0x1fUL", "'ab'", "$pid".
	Text string
}

// IntKind is the type of an integer constant. In the LP64 data model long and
// long long have the same size but are different types.
type IntKind uint8

// The types an integer constant can have.
const (
	Int IntKind = iota
	UInt
	Long
	ULong
	LongLong
	ULongLong
)

// Unsigned reports whether k is an unsigned type.
func (k IntKind) Unsigned() bool { return k&1 != 0 }

// StringLit is a string constant, or a macro variable as string ($$1).
type StringLit struct {
	Loc
	// Value is the string with escapes resolved. It may hold any bytes,
	// including zeros.
	Value string
}

// Class tells plain identifiers from self-> and this-> ones.
type Class uint8

// The classes of identifiers.
const (
	// Plain is a global variable, built-in, inline, enumerator, or translator
	// input, or with Ident.Scoped a symbol.
	Plain Class = iota
	// Self is a thread-local variable, self->x.
	Self
	// This is a clause-local variable, this->x.
	This
)

// Ident is a reference to a variable or symbol.
type Ident struct {
	Loc
	Class Class
	// Name is the identifier without class and scope.
	Name string
	// Scoped is set when a backquote was written: mod`name or `name. The latter
	// has an empty Module and means any kernel module.
	Scoped bool
	// Module is what stands before the last backquote: a kernel module, or
	// pid123`lib for a symbol of a process.
	Module string
}

// Agg is a reference to an aggregation: @name, @name[keys] or @[keys].
type Agg struct {
	Loc
	// Name is the name without @; the bare @ is named "_".
	Name string
	// Keys is nil when no brackets are written.
	Keys []Expr
}

// Call is a call of an action, subroutine or aggregating function.
type Call struct {
	Loc
	// Fun is the function's name; always of class Plain.
	Fun  *Ident
	Args []Expr
}

// Index is X[Args]: an element of an array, of what a pointer points to, of an
// associative array or of a parametrised inline.
type Index struct {
	Loc
	X Expr
	// Args has at least one element; several are a key tuple.
	Args []Expr
}

// Member is X.Name or, with Arrow, X->Name.
type Member struct {
	Loc
	X     Expr
	Arrow bool
	Name  string
}

// Unary is a prefix operator: OpPos, OpNeg, OpNot, OpBitNot, OpDeref, OpAddr.
type Unary struct {
	Loc
	Op Op
	X  Expr
}

// IncDec is ++ or --, before or after its operand.
type IncDec struct {
	Loc
	// Op is OpInc or OpDec.
	Op Op
	// Postfix tells x++ from ++x.
	Postfix bool
	X       Expr
}

// Binary is X Op Y with an arithmetic, bitwise, shift, relational, equality or
// logical operator.
type Binary struct {
	Loc
	Op   Op
	X, Y Expr
}

// Assign is X = Y (OpAssign), or X op= Y with the binary operator as Op.
type Assign struct {
	Loc
	Op   Op
	X, Y Expr
}

// Cond is C ? X : Y.
type Cond struct {
	Loc
	C, X, Y Expr
}

// Comma is X, Y outside an argument list.
type Comma struct {
	Loc
	X, Y Expr
}

// Cast is (Type)X.
type Cast struct {
	Loc
	Type TypeExpr
	X    Expr
}

// SizeofExpr is sizeof X or sizeof (X) with an expression.
type SizeofExpr struct {
	Loc
	X Expr
}

// SizeofType is sizeof (Type).
type SizeofType struct {
	Loc
	Type TypeExpr
}

// Offsetof is offsetof (Type, Member).
type Offsetof struct {
	Loc
	Type TypeExpr
	// Member is the path to the member, of more than one name for a.b.
	Member []string
}

// Stringof is stringof X or stringof (X).
type Stringof struct {
	Loc
	X Expr
}

// Xlate is xlate <Type> (X).
type Xlate struct {
	Loc
	Type TypeExpr
	X    Expr
}

func (*IntLit) expr()     {}
func (*StringLit) expr()  {}
func (*Ident) expr()      {}
func (*Agg) expr()        {}
func (*Call) expr()       {}
func (*Index) expr()      {}
func (*Member) expr()     {}
func (*Unary) expr()      {}
func (*IncDec) expr()     {}
func (*Binary) expr()     {}
func (*Assign) expr()     {}
func (*Cond) expr()       {}
func (*Comma) expr()      {}
func (*Cast) expr()       {}
func (*SizeofExpr) expr() {}
func (*SizeofType) expr() {}
func (*Offsetof) expr()   {}
func (*Stringof) expr()   {}
func (*Xlate) expr()      {}

// Op is an operator.
type Op uint8

// The operators.
const (
	OpNone Op = iota

	// Binary operators; as Assign.Op the first ten mean +=, -= and so on.
	OpAdd    // +
	OpSub    // -
	OpMul    // *
	OpDiv    // /
	OpMod    // %
	OpShl    // <<
	OpShr    // >>
	OpAnd    // &
	OpXor    // ^
	OpOr     // |
	OpLt     // <
	OpLe     // <=
	OpGt     // >
	OpGe     // >=
	OpEq     // ==
	OpNe     // !=
	OpLogAnd // &&
	OpLogXor // ^^
	OpLogOr  // ||

	// OpAssign is the plain assignment.
	OpAssign // =

	// Unary operators.
	OpPos    // +
	OpNeg    // -
	OpNot    // !
	OpBitNot // ~
	OpDeref  // *
	OpAddr   // &
	OpInc    // ++
	OpDec    // --
)

var opText = [...]string{
	OpNone: "", OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpMod: "%",
	OpShl: "<<", OpShr: ">>", OpAnd: "&", OpXor: "^", OpOr: "|",
	OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=", OpEq: "==", OpNe: "!=",
	OpLogAnd: "&&", OpLogXor: "^^", OpLogOr: "||", OpAssign: "=",
	OpPos: "+", OpNeg: "-", OpNot: "!", OpBitNot: "~", OpDeref: "*", OpAddr: "&",
	OpInc: "++", OpDec: "--",
}

// String returns the operator as written in D.
func (op Op) String() string {
	if int(op) < len(opText) {
		return opText[op]
	}
	return "?"
}
