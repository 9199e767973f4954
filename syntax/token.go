package syntax

// tok is the kind of a token.
type tok uint8

const (
	tokEOF tok = iota
	tokIdent
	tokKeyword
	tokInt    // integer and character constants
	tokString // string constants
	tokAgg    // @name

	tokLParen
	tokRParen
	tokLBrack
	tokRBrack
	tokLBrace
	tokRBrace
	tokSemi
	tokComma
	tokColon
	tokQuestion
	tokDot
	tokArrow
	tokEllipsis
	tokNot
	tokTilde
	tokInc
	tokDec
	tokPredEnd // the "/" that ends a predicate

	// Operators with a binary meaning; token.op says which.
	tokBinary
	// Assignment operators; token.op says which, OpAssign for "=".
	tokAssign
)

// token is one token of D.
type token struct {
	kind tok
	op   Op      // of tokBinary and tokAssign
	kw   keyword // of tokKeyword
	int  IntKind // of tokInt
	neg  byte    // sign of a tokInt that comes from a macro argument
	// off and end delimit the token in the text.
	off, end int
	// file, line and col are the position that the text claims.
	file string
	line int
	col  int
	val  uint64 // of tokInt
	// text is the spelling; for tokIdent and tokAgg the name, for tokString the
	// value, and what a macro stands for where there is one.
	text string
}

// keyword is a reserved word of D.
type keyword uint8

const (
	kwNone keyword = iota
	kwAuto
	kwBreak
	kwCase
	kwChar
	kwConst
	kwContinue
	kwCounter
	kwDefault
	kwDo
	kwDouble
	kwElse
	kwEnum
	kwExtern
	kwFloat
	kwFor
	kwGoto
	kwIf
	kwImport
	kwInline
	kwInt
	kwLong
	kwOffsetof
	kwProbe
	kwProvider
	kwRegister
	kwRestrict
	kwReturn
	kwSelf
	kwShort
	kwSigned
	kwSizeof
	kwStatic
	kwString
	kwStringof
	kwStruct
	kwSwitch
	kwThis
	kwTranslator
	kwTypedef
	kwUnion
	kwUnsigned
	kwVoid
	kwVolatile
	kwWhile
	kwXlate
	kwBool
)

var keywords = map[string]keyword{
	"auto": kwAuto, "break": kwBreak, "case": kwCase, "char": kwChar,
	"const": kwConst, "continue": kwContinue, "counter": kwCounter,
	"default": kwDefault, "do": kwDo, "double": kwDouble, "else": kwElse,
	"enum": kwEnum, "extern": kwExtern, "float": kwFloat, "for": kwFor,
	"goto": kwGoto, "if": kwIf, "import": kwImport, "inline": kwInline,
	"int": kwInt, "long": kwLong, "offsetof": kwOffsetof, "probe": kwProbe,
	"provider": kwProvider, "register": kwRegister, "restrict": kwRestrict,
	"return": kwReturn, "self": kwSelf, "short": kwShort, "signed": kwSigned,
	"sizeof": kwSizeof, "static": kwStatic, "string": kwString,
	"stringof": kwStringof, "struct": kwStruct, "switch": kwSwitch,
	"this": kwThis, "translator": kwTranslator, "typedef": kwTypedef,
	"union": kwUnion, "unsigned": kwUnsigned, "void": kwVoid,
	"volatile": kwVolatile, "while": kwWhile, "xlate": kwXlate,
	"_Bool": kwBool,
}

// IsKeyword reports whether name is a reserved word, which no variable can be
// named.
func IsKeyword(name string) bool { return keywords[name] != kwNone }

// startsType reports whether k can begin a type.
func (k keyword) startsType() bool {
	switch k {
	case kwChar, kwConst, kwDouble, kwEnum, kwFloat, kwInt, kwLong, kwRestrict,
		kwShort, kwSigned, kwString, kwStruct, kwUnion, kwUnsigned, kwVoid,
		kwVolatile, kwBool:
		return true
	}
	return false
}

// startsItem reports whether k can begin a declaration or definition, so that no
// probe description can consist of it.
func (k keyword) startsItem() bool {
	switch k {
	case kwInline, kwTranslator, kwProvider, kwCounter, kwImport:
		return true
	case kwStruct, kwUnion, kwEnum, kwBool:
		return false
	}
	return k.startsType() || k.storage() != StorageNone
}

// storage returns the storage class that k is, or StorageNone.
func (k keyword) storage() Storage {
	switch k {
	case kwAuto:
		return StorageAuto
	case kwExtern:
		return StorageExtern
	case kwRegister:
		return StorageRegister
	case kwStatic:
		return StorageStatic
	case kwTypedef:
		return StorageTypedef
	case kwSelf:
		return StorageSelf
	case kwThis:
		return StorageThis
	}
	return StorageNone
}

// classicTypes are the typedef names that D has on every system.
var classicTypes = map[string]bool{
	"int8_t": true, "int16_t": true, "int32_t": true, "int64_t": true,
	"uint8_t": true, "uint16_t": true, "uint32_t": true, "uint64_t": true,
	"intptr_t": true, "uintptr_t": true, "ptrdiff_t": true,
	"size_t": true, "ssize_t": true, "id_t": true, "pid_t": true,
	"uchar_t": true, "ushort_t": true, "uint_t": true, "ulong_t": true,
	"longlong_t": true, "u_longlong_t": true, "caddr_t": true,
}

// IsClassicType reports whether name is one of the typedef names that D has on
// every system, such as int64_t, uint_t or pid_t.
func IsClassicType(name string) bool { return classicTypes[name] }

// Character classes of D text.
func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// isIdentStart and isIdentPart include the backquote, the scope operator.
func isIdentStart(c byte) bool { return isAlpha(c) || c == '`' }
func isIdentPart(c byte) bool  { return isAlpha(c) || isDigit(c) || c == '`' }

// isIdent reports whether s is an identifier, possibly with scopes.
func isIdent(s string) bool {
	if s == "" || !isIdentStart(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isIdentPart(s[i]) {
			return false
		}
	}
	return true
}
