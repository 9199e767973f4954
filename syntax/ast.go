package syntax

import "github.com/godtrace/godtrace/diag"

// Node is any node of the tree. Nodes are always used as pointers, so that a
// map keyed by Node can carry what later stages find out about them.
type Node interface {
	// Pos returns the place of the node in the source: for binary, assignment,
	// conditional and comma expressions that of the operator, for every other
	// node that of its first character.
	Pos() diag.Pos
}

// Loc is the position of a node. It is embedded in every node.
type Loc struct {
	// At is what Pos returns.
	At diag.Pos
}

// Pos returns l.At.
func (l *Loc) Pos() diag.Pos { return l.At }

// Program is one translation unit: a script, a D library or the text of one -n,
// -P, -m, -f or -i option.
type Program struct {
	Loc
	// File is Config.File.
	File string
	// Items are the top-level elements in source order.
	Items []Item
	// ArgsUsed tells for each of Config.Args (0 is $0) whether the text refers
	// to it.
	ArgsUsed []bool
}

// Item is a top-level element: *Clause, *Decl, *Inline, *Translator, *Provider
// or *Pragma.
type Item interface {
	Node
	item()
}

// Clause is probe descriptions, an optional predicate and an optional list of
// statements:
//
//	syscall::read:entry, syscall::write:entry / pid == $target / { ... }
type Clause struct {
	Loc
	// Probes has at least one element.
	Probes []*ProbeDesc
	// Pred is the predicate or nil.
	Pred Expr
	// Body is nil when descriptions stand alone, which only text of the command
	// line may do. A Body without statements asks for the default action, as
	// does a nil Body.
	Body *Block
}

// ProbeDesc is a probe description, with macros expanded. The parts are glob
// patterns; an empty part matches anything.
type ProbeDesc struct {
	Loc
	// Text is the description after macro expansion, without blanks.
	Text string
	// Numeric is set when the description is a probe id; the parts are empty
	// then.
	Numeric bool
	// ID is the probe id.
	ID uint32
	// Provider, Module, Function and Name are the four parts.
	Provider, Module, Function, Name string
}

// Decl is a declaration: of variables, of types, or both; and within a struct
// or union one line of members.
//
//	typedef struct foo { int a, *b; } foo_t;
//	self int depth;
//	string names[int, pid_t];
type Decl struct {
	Loc
	// Storage is the storage class, StorageNone when none is written.
	Storage Storage
	// Spec is the part before the declarators.
	Spec *TypeSpec
	// Declarators may be empty when Spec defines or names a struct, union or
	// enum.
	Declarators []*Declarator
}

// Storage is the storage class of a declaration.
type Storage uint8

// The storage classes. StorageSelf and StorageThis are D's own: thread-local
// and clause-local variables.
const (
	StorageNone Storage = iota
	StorageAuto
	StorageExtern
	StorageRegister
	StorageStatic
	StorageTypedef
	StorageSelf
	StorageThis
)

// Declarator is one declared name with its complete type.
type Declarator struct {
	Loc
	// Name is empty for unnamed bit-fields and anonymous struct or union
	// members.
	Name string
	// Type is the type of the name; the TypeSpec at its end is shared by all
	// declarators of a declaration.
	Type TypeExpr
	// Width is the width of a bit-field, or nil.
	Width Expr
}

// Param is a parameter of a function, an inline or a provider's probe, or a key
// of an associative array.
type Param struct {
	Loc
	// Name may be empty.
	Name string
	// Type is the type of the parameter.
	Type TypeExpr
}

// Inline is an inline definition. With Params it is a parametrised one, used
// like an associative array:
//
//	inline int ONE = 1;
//	inline fileinfo_t fds[int fd] = xlate <fileinfo_t> (...);
type Inline struct {
	Loc
	// Name is the identifier that is defined.
	Name string
	// Type is the type of the value.
	Type TypeExpr
	// Params is nil for a plain inline; the names are never empty.
	Params []*Param
	// X is the expression that the identifier stands for.
	X Expr
}

// Translator is a translator definition:
//
//	translator out_t < struct in *p > { member = p->x; ... };
type Translator struct {
	Loc
	// Out is the type that is made.
	Out TypeExpr
	// In is the type of the input and InName its name in the members.
	In     TypeExpr
	InName string
	// Members are in source order.
	Members []*TransMember
}

// TransMember is one member of a translator.
type TransMember struct {
	Loc
	Name string
	X    Expr
}

// Provider is the declaration of a user provider:
//
//	provider name { probe read(int, char *) : (fileinfo_t *, string); ... };
type Provider struct {
	Loc
	Name   string
	Probes []*ProviderProbe
}

// ProviderProbe is one probe of a provider declaration.
type ProviderProbe struct {
	Loc
	Name string
	// Params are the probe's native arguments.
	Params []*Param
	// Translated are the arguments after the colon; HasTranslated tells an empty
	// list from a missing one, which means "as Params".
	Translated    []*Param
	HasTranslated bool
}

// Pragma is a "#pragma D" line:
//
//	#pragma D option quiet
//	#pragma D depends_on library io.d
type Pragma struct {
	Loc
	// Name is the directive: "option", "attributes", "binding", "depends_on".
	// The others (error, ident, line) act in the parser and leave no node.
	Name string
	// Args are the words after the name. A string constant is unquoted, and an
	// option is split at its "=": "strsize=1k" gives "strsize", "1k".
	Args []string
}

func (*Clause) item()     {}
func (*Decl) item()       {}
func (*Inline) item()     {}
func (*Translator) item() {}
func (*Provider) item()   {}
func (*Pragma) item()     {}

// Stmt is a statement of a clause: *Block, *ExprStmt, *IfStmt, *ForStmt,
// *WhileStmt, *BranchStmt.
type Stmt interface {
	Node
	stmt()
}

// Block is a list of statements in braces.
type Block struct {
	Loc
	List []Stmt
	// End is the position of the closing brace.
	End diag.Pos
}

// ExprStmt is an expression as statement: an assignment, an action, or any
// other expression, whose value is dropped.
type ExprStmt struct {
	Loc
	X Expr
}

// IfStmt is if (Cond) Then else Else. A body without braces is a Block of one
// statement; an "else if" is an Else whose Block holds just an IfStmt.
type IfStmt struct {
	Loc
	Cond Expr
	Then *Block
	// Else is nil without else part.
	Else *Block
}

// ForStmt is for (Init; Cond; Post) Body. Any of the three may be nil.
type ForStmt struct {
	Loc
	Init, Cond, Post Expr
	Body             *Block
}

// WhileStmt is while (Cond) Body or, with Do, do Body while (Cond);
type WhileStmt struct {
	Loc
	Do   bool
	Cond Expr
	Body *Block
}

// BranchStmt is break or continue. The parser accepts it within loops only.
type BranchStmt struct {
	Loc
	// Continue tells continue from break.
	Continue bool
}

func (*Block) stmt()      {}
func (*ExprStmt) stmt()   {}
func (*IfStmt) stmt()     {}
func (*ForStmt) stmt()    {}
func (*WhileStmt) stmt()  {}
func (*BranchStmt) stmt() {}
