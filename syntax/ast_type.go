package syntax

// TypeExpr is a type as written: *TypeSpec, *PointerType, *ArrayType,
// *AssocType or *FuncType. The tree is the type's structure, not the C
// declarator that spelled it: "int *a[4]" is ArrayType{PointerType{TypeSpec}}.
type TypeExpr interface {
	Node
	typeExpr()
}

// TypeSpec is the type named by declaration specifiers.
type TypeSpec struct {
	Loc
	Quals Quals
	// Base says which of the following fields mean something.
	Base Base
	// Sign, Short and Long are the attributes of BaseInt, BaseChar, BaseFloat
	// and BaseDouble.
	Sign  Sign
	Short bool
	// Long is the number of long: 0, 1 or 2.
	Long int
	// Userland is set by the userland specifier: the type is looked up in the
	// process rather than in the kernel.
	Userland bool
	// Name is the typedef name of BaseNamed, with its scope ("mod`name") if one
	// is written.
	Name string
	// Tag is the struct, union or enum of the bases of these names.
	Tag *Tag
}

// Base is the kind of type that a TypeSpec names.
type Base uint8

// The kinds of TypeSpec. BaseInt is also what "unsigned" or "long" alone mean.
const (
	BaseInt Base = iota
	BaseChar
	BaseVoid
	BaseBool
	BaseFloat
	BaseDouble
	BaseString
	BaseNamed
	BaseStruct
	BaseUnion
	BaseEnum
)

// Sign is signed, unsigned or neither.
type Sign uint8

// The signs.
const (
	SignNone Sign = iota
	SignSigned
	SignUnsigned
)

// Quals is a set of type qualifiers.
type Quals uint8

// The qualifiers.
const (
	QualConst Quals = 1 << iota
	QualVolatile
	QualRestrict
)

// Tag is a struct, union or enum, named or defined.
type Tag struct {
	Loc
	// Name is the tag, with its scope ("mod`name") if one is written; it may be
	// empty when HasBody is set.
	Name    string
	HasBody bool
	// Members is the body of a struct or union.
	Members []*Decl
	// Enumerators is the body of an enum.
	Enumerators []*Enumerator
}

// Enumerator is one constant of an enum.
type Enumerator struct {
	Loc
	Name string
	// Value is nil when no value is written.
	Value Expr
}

// PointerType is a pointer to Elem. Quals qualify the pointer itself.
type PointerType struct {
	Loc
	Elem  TypeExpr
	Quals Quals
}

// ArrayType is an array of Elem.
type ArrayType struct {
	Loc
	Elem TypeExpr
	// Len is the dimension, or nil for [].
	Len Expr
}

// AssocType is an associative array: Elem a[Keys].
type AssocType struct {
	Loc
	Elem TypeExpr
	// Keys has at least one element.
	Keys []*Param
}

// FuncType is a function that returns Result.
type FuncType struct {
	Loc
	Result TypeExpr
	// Params is nil both for () and (void).
	Params []*Param
	// Variadic is set by a final "...".
	Variadic bool
}

func (*TypeSpec) typeExpr()    {}
func (*PointerType) typeExpr() {}
func (*ArrayType) typeExpr()   {}
func (*AssocType) typeExpr()   {}
func (*FuncType) typeExpr()    {}
