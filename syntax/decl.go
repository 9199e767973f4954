package syntax

import (
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// declMode says whether a declarator has a name.
type declMode uint8

const (
	declNamed    declMode = iota // a name is required
	declAbstract                 // no name is allowed
	declEither                   // in parameters
)

// decl reads a declaration with its semicolon.
func (p *parser) decl() *Decl {
	t := *p.peek()
	d := &Decl{Loc: p.loc(&t)}
	var st token
	d.Storage, st, d.Spec = p.declSpecs(true)
	switch d.Storage {
	case StorageAuto, StorageRegister, StorageStatic:
		p.errorAt(&st, diag.D_DECL_BADCLASS, "storage class %s does not fit a declaration in D, want extern, typedef, self or this", st.text)
	}
	if p.got(tokSemi) {
		if d.Spec.Tag == nil {
			p.errorAt(&t, diag.D_DECL_USELESS, "declaration declares nothing: want a name after the type")
		}
		return d
	}
	for {
		dr := p.declarator(d.Spec, declNamed)
		switch {
		case d.Storage == StorageTypedef:
			p.typedefs[dr.Name] = true
			delete(p.vars, dr.Name)
		case d.Storage == StorageThis:
			if _, ok := dr.Type.(*AssocType); ok {
				p.errorNode(dr, diag.D_DECL_LOCASSC, "associative array this->%s cannot be clause-local, want a global or self", dr.Name)
			}
		case d.Storage != StorageSelf:
			p.vars[dr.Name] = true
		}
		d.Declarators = append(d.Declarators, dr)
		if !p.got(tokComma) {
			break
		}
	}
	if t := p.peek(); t.kind == tokAssign {
		p.unexpected("; after the declaration: D variables are initialised in clauses, constants by inline")
	}
	p.want(tokSemi, ", or ; after the declaration")
	return d
}

// specs collects declaration specifiers.
type specs struct {
	spec    *TypeSpec
	base    bool // a base type was given
	attr    bool // signed, short, long was given
	any     bool
	storage Storage
	st      token // of the storage class
}

// declSpecs reads declaration specifiers. Without allowStorage a storage class
// is a syntax error.
func (p *parser) declSpecs(allowStorage bool) (Storage, token, *TypeSpec) {
	first := *p.peek()
	s := specs{spec: &TypeSpec{Loc: p.loc(&first)}}
	for p.declSpec(&s, allowStorage) {
		s.any = true
	}
	if !s.base && !s.attr {
		t := p.peek()
		lone := t.kind == tokIdent && p.skipBlank(t.end) < len(p.src) && !isIdentStart(p.src[p.skipBlank(t.end)])
		switch {
		case lone && s.storage != StorageNone, t.kind == tokIdent && (s.storage == StorageSelf || s.storage == StorageThis):
			// As in old C, what has a class but no type is an int.
			s.base = true
			return s.storage, s.st, s.spec
		case lone && s.any:
			p.errorAt(&first, diag.D_UNKNOWN, "declaration of %s has no type: only a qualifier stands before it", t.text)
		}
		if t.kind == tokIdent && strings.IndexByte(t.text, '`') >= 0 {
			p.errorAt(t, diag.D_DECL_SCOPE, "%s is not the name of a type, and a name is declared without scope", t.text)
		}
		if t.kind == tokIdent {
			p.errorAt(t, diag.D_SYNTAX, "syntax error near %q: it is not the name of a type", t.text)
		}
		if t.kind == tokSemi && s.any && s.storage == StorageNone {
			p.errorAt(&first, diag.D_UNKNOWN, "declaration has no type: it consists of a qualifier")
		}
		p.unexpected("a type")
	}
	p.checkSpec(s.spec, &first)
	return s.storage, s.st, s.spec
}

// declSpec reads one specifier and reports whether there was one.
func (p *parser) declSpec(s *specs, allowStorage bool) bool {
	t := *p.peek()
	if t.kind == tokIdent {
		return p.namedSpec(s, &t)
	}
	if t.kind != tokKeyword {
		return false
	}
	if class := t.kw.storage(); class != StorageNone {
		if !allowStorage {
			p.unexpected("a type without storage class")
		}
		if s.storage != StorageNone {
			p.errorAt(&t, diag.D_DECL_CLASS, "second storage class %s after %s: a declaration has only one", t.text, s.st.text)
		}
		s.storage, s.st = class, t
		p.next()
		return true
	}
	base := BaseInt
	switch t.kw {
	case kwConst:
		s.spec.Quals |= QualConst
	case kwVolatile:
		s.spec.Quals |= QualVolatile
	case kwRestrict:
		s.spec.Quals |= QualRestrict
	case kwSigned, kwUnsigned:
		sign := SignSigned
		if t.kw == kwUnsigned {
			sign = SignUnsigned
		}
		if s.spec.Sign != SignNone && s.spec.Sign != sign {
			p.errorAt(&t, diag.D_UNKNOWN, "signed and unsigned in one declaration")
		}
		s.spec.Sign, s.attr = sign, true
	case kwShort:
		s.spec.Short, s.attr = true, true
	case kwLong:
		if s.spec.Long == 2 {
			p.errorAt(&t, diag.D_UNKNOWN, "long long long in a declaration, at most long long is allowed")
		}
		s.spec.Long++
		s.attr = true
	case kwStruct, kwUnion, kwEnum:
		p.oneBase(s, &t)
		p.next()
		p.tag(s, t.kw)
		return true
	case kwVoid:
		base = BaseVoid
		fallthrough
	case kwChar, kwInt, kwFloat, kwDouble, kwString, kwBool:
		switch t.kw {
		case kwChar:
			base = BaseChar
		case kwFloat:
			base = BaseFloat
		case kwDouble:
			base = BaseDouble
		case kwString:
			base = BaseString
		case kwBool:
			base = BaseBool
		}
		p.oneBase(s, &t)
		s.spec.Base, s.base = base, true
	default:
		return false
	}
	p.next()
	return true
}

// oneBase fails when a second base type is given.
func (p *parser) oneBase(s *specs, t *token) {
	if s.base && t.kw == kwString && p.declares(t) {
		p.errorAt(t, diag.D_DECL_IDENT, "type string stands where the name that is declared belongs")
	}
	if s.base && t.kind == tokIdent {
		p.errorAt(t, diag.D_DECL_IDRED, "identifier redeclared: %s is already a type", t.text)
	}
	if s.base {
		p.errorAt(t, diag.D_DECL_COMBO, "second type %q in one declaration", t.text)
	}
}

// declares reports whether a name follows t.
func (p *parser) declares(t *token) bool {
	i := p.skipBlank(t.end)
	return i < len(p.src) && isIdentStart(p.src[i])
}

// namedSpec reads an identifier that stands for a type, if it does: not when a
// type was given already, because then it is the name that is declared.
func (p *parser) namedSpec(s *specs, t *token) bool {
	after := byte(0)
	if i := p.skipBlank(t.end); i < len(p.src) {
		after = p.src[i]
	}
	switch {
	case t.text == "userland" && !s.base && !s.spec.Userland && isIdentStart(after):
		s.spec.Userland = true
		p.next()
		return true
	case s.base:
		if isIdentStart(after) && p.isType(t.text) {
			p.oneBase(s, t)
		}
		return false
	case s.attr:
		if !isIdentStart(after) && after != '*' || !p.isType(t.text) {
			return false
		}
	case !p.mayBeType(t.text) && !s.spec.Userland:
		return false
	}
	s.spec.Base, s.spec.Name, s.base = BaseNamed, t.text, true
	p.next()
	return true
}

// checkSpec refuses specifiers that do not go together.
func (p *parser) checkSpec(s *TypeSpec, t *token) {
	attr := s.Short || s.Long > 0
	integer := s.Base == BaseInt || s.Base == BaseChar
	float := s.Base == BaseFloat || s.Base == BaseDouble
	switch {
	case s.Short && s.Long > 0:
		p.errorAt(t, diag.D_UNKNOWN, "short and long in one declaration")
	case s.Base == BaseChar && attr:
		p.errorAt(t, diag.D_DECL_CHARATTR, "short and long may not be used with char, only signed and unsigned")
	case s.Base == BaseVoid && (attr || s.Sign != SignNone):
		p.errorAt(t, diag.D_DECL_VOIDATTR, "signed, unsigned, short and long may not be used with void")
	case !integer && s.Sign != SignNone:
		p.errorAt(t, diag.D_DECL_SIGNINT, "signed and unsigned may only be used with an integer type")
	case !integer && !float && s.Long > 0:
		p.errorAt(t, diag.D_DECL_LONGINT, "long may only be used with an integer or floating-point type")
	case float && s.Short:
		p.errorAt(t, diag.D_UNKNOWN, "no type is named short float or short double")
	case !integer && s.Short:
		p.errorAt(t, diag.D_DECL_COMBO, "short may only be used with int")
	case s.Base == BaseFloat && s.Long > 0, s.Base == BaseDouble && s.Long > 1:
		p.errorAt(t, diag.D_UNKNOWN, "floating-point types are float, double and long double")
	}
}

// tag reads what follows struct, union or enum.
func (p *parser) tag(s *specs, kw keyword) {
	t := *p.peek()
	tag := &Tag{Loc: p.loc(&t)}
	switch kw {
	case kwStruct:
		s.spec.Base = BaseStruct
	case kwUnion:
		s.spec.Base = BaseUnion
	default:
		s.spec.Base = BaseEnum
	}
	s.spec.Tag, s.base = tag, true
	if t.kind == tokIdent {
		tag.Name = p.next().text
	}
	if p.peek().kind != tokLBrace {
		if tag.Name == "" {
			p.unexpected("a name or { after struct, union or enum")
		}
		return
	}
	if strings.IndexByte(tag.Name, '`') >= 0 {
		p.errorAt(&t, diag.D_DECL_SCOPE, "definition of %s: a type is defined without scope", tag.Name)
	}
	p.enter()
	defer p.leave()
	p.next()
	tag.HasBody = true
	if kw == kwEnum {
		p.enumerators(tag)
		return
	}
	for first := true; first || p.peek().kind != tokRBrace; first = false {
		tag.Members = append(tag.Members, p.members())
	}
	p.next()
}

// members reads one declaration within a struct or union.
func (p *parser) members() *Decl {
	t := *p.peek()
	d := &Decl{Loc: p.loc(&t)}
	_, _, d.Spec = p.declSpecs(false)
	if p.peek().kind == tokSemi {
		if d.Spec.Tag == nil || d.Spec.Base == BaseEnum {
			p.errorAt(p.peek(), diag.D_SYNTAX, "syntax error near \";\": member has no name, only a struct or union may have none")
		}
		p.next()
		return d
	}
	for {
		dr := &Declarator{Loc: p.loc(p.peek()), Type: d.Spec}
		if p.peek().kind != tokColon {
			dr = p.declarator(d.Spec, declNamed)
		}
		if p.got(tokColon) {
			dr.Width = p.condExpr()
		}
		d.Declarators = append(d.Declarators, dr)
		if !p.got(tokComma) {
			break
		}
	}
	p.want(tokSemi, ", or ; after the member")
	return d
}

// enumerators reads the constants of an enum and the closing brace.
func (p *parser) enumerators(tag *Tag) {
	for {
		t := p.want(tokIdent, "the name of an enumerator")
		if strings.IndexByte(t.text, '`') >= 0 {
			p.errorAt(&t, diag.D_DECL_SCOPE, "enumerator %s: a name is declared without scope", t.text)
		}
		e := &Enumerator{Loc: p.loc(&t), Name: t.text}
		p.vars[e.Name] = true
		if t := p.peek(); t.kind == tokAssign && t.op == OpAssign {
			p.next()
			e.Value = p.condExpr()
		}
		tag.Enumerators = append(tag.Enumerators, e)
		if p.got(tokRBrace) {
			return
		}
		p.want(tokComma, ", or } after the enumerator")
		if p.got(tokRBrace) {
			return
		}
	}
}

// typeName reads a type without name, as in casts.
func (p *parser) typeName() TypeExpr {
	_, _, spec := p.declSpecs(false)
	return p.declarator(spec, declAbstract).Type
}

// declarator reads a declarator whose specifiers are spec.
func (p *parser) declarator(spec *TypeSpec, mode declMode) *Declarator {
	t := *p.peek()
	d := &Declarator{Loc: p.loc(&t)}
	mods := p.declMods(d, mode)
	d.Type = spec
	for i := len(mods) - 1; i >= 0; i-- {
		switch m := mods[i].(type) {
		case *PointerType:
			m.Elem = d.Type
		case *ArrayType:
			m.Elem = d.Type
		case *AssocType:
			m.Elem = d.Type
		case *FuncType:
			m.Result = d.Type
		}
		d.Type = mods[i]
	}
	return d
}

// declMods reads a declarator, sets d's name and position, and returns the
// steps from the name to the specifiers: "*a[4]" is an array, then a pointer.
// The element types are left for the caller.
func (p *parser) declMods(d *Declarator, mode declMode) []TypeExpr {
	p.enter()
	defer p.leave()
	var pointers []TypeExpr
	for {
		t := p.peek()
		if t.kind != tokBinary || t.op != OpMul {
			break
		}
		star := p.next()
		p.countOp(&star)
		ptr := &PointerType{Loc: p.loc(&star)}
		for p.qualifier(&ptr.Quals) {
		}
		pointers = append(pointers, ptr)
	}
	mods := p.directMods(d, mode)
	for i := len(pointers) - 1; i >= 0; i-- {
		mods = append(mods, pointers[i])
	}
	return mods
}

// qualifier reads a qualifier and reports whether there was one.
func (p *parser) qualifier(q *Quals) bool {
	switch {
	case p.gotKeyword(kwConst):
		*q |= QualConst
	case p.gotKeyword(kwVolatile):
		*q |= QualVolatile
	case p.gotKeyword(kwRestrict):
		*q |= QualRestrict
	default:
		return false
	}
	return true
}

// directMods reads the name or the parenthesised declarator and the arrays and
// functions behind it.
func (p *parser) directMods(d *Declarator, mode declMode) []TypeExpr {
	var mods []TypeExpr
	t := *p.peek()
	switch {
	case t.kind == tokIdent && mode != declAbstract:
		p.next()
		if strings.IndexByte(t.text, '`') >= 0 {
			p.errorAt(&t, diag.D_DECL_SCOPE, "declaration of %s: a name is declared without scope", t.text)
		}
		d.Name, d.Loc = t.text, p.loc(&t)
	case t.kind == tokLParen && p.nestedDecl(&t, mode):
		p.next()
		mods = p.declMods(d, mode)
		p.want(tokRParen, ") after the declarator")
	case mode == declNamed:
		p.unexpected("the name that is declared")
	}
	for {
		switch p.peek().kind {
		case tokLBrack:
			open := p.next()
			p.countOp(&open)
			mods = append(mods, p.arrayMod(&open))
		case tokLParen:
			open := p.next()
			p.countOp(&open)
			f := &FuncType{Loc: p.loc(&open)}
			var dots *token
			f.Params, dots = p.params(tokRParen, "function")
			f.Variadic = dots != nil
			mods = append(mods, f)
		default:
			return mods
		}
	}
}

// nestedDecl tells a parenthesised declarator from the parameters of a function
// without name.
func (p *parser) nestedDecl(t *token, mode declMode) bool {
	if mode == declNamed {
		return true
	}
	i := p.skipBlank(t.end)
	if i >= len(p.src) {
		return false
	}
	switch c := p.src[i]; {
	case c == '*' || c == '(' || c == '[':
		return true
	case isIdentStart(c) && mode == declEither:
		end := i
		for end < len(p.src) && isIdentPart(p.src[end]) {
			end++
		}
		name := p.src[i:end]
		return !IsKeyword(name) && p.cfg.TypeName != nil && !p.isType(name)
	}
	return false
}

// arrayMod reads what stands in the brackets of a declarator: nothing, a
// dimension, or the key types of an associative array.
func (p *parser) arrayMod(open *token) TypeExpr {
	if p.got(tokRBrack) {
		return &ArrayType{Loc: p.loc(open)}
	}
	if !p.typeAhead() {
		a := &ArrayType{Loc: p.loc(open), Len: p.condExpr()}
		p.want(tokRBrack, "] after the dimension")
		return a
	}
	a := &AssocType{Loc: p.loc(open)}
	var dots *token
	a.Keys, dots = p.params(tokRBrack, "array")
	if dots != nil {
		p.errorAt(dots, diag.D_DECL_PROTO_VARARGS, "keys of an associative array are a variable list, want fixed ones")
	}
	return a
}

// typeAhead reports whether the next token begins a type.
func (p *parser) typeAhead() bool {
	t := p.peek()
	switch t.kind {
	case tokEllipsis:
		return true
	case tokKeyword:
		return t.kw.startsType() || t.kw.storage() != StorageNone && t.kw != kwSelf && t.kw != kwThis
	case tokIdent:
		if p.isType(t.text) {
			return true
		}
		i := p.skipBlank(t.end)
		if i < len(p.src) && isIdentStart(p.src[i]) {
			return true // two words in a row are no expression
		}
		for i < len(p.src) && p.src[i] == '*' {
			if i = p.skipBlank(i + 1); i < len(p.src) && (p.src[i] == ']' || p.src[i] == ',') {
				return true
			}
		}
	}
	return false
}

// params reads parameters up to close, which it consumes. A lone void is an
// empty list. The token of a final "..." is returned.
func (p *parser) params(end tok, what string) (list []*Param, dots *token) {
	if p.got(end) {
		return nil, nil
	}
	for {
		t := *p.peek()
		if t.kind == tokEllipsis {
			p.next()
			if !p.got(end) {
				p.unexpected("the end of the parameters: ... is the last of the " + what)
			}
			dots = &t
			break
		}
		if t.kind == tokKeyword && (t.kw == kwSelf || t.kw == kwThis) {
			p.unexpected("a parameter of the " + what)
		}
		storage, st, spec := p.declSpecs(true)
		if storage != StorageNone && storage != StorageRegister {
			p.errorAt(&st, diag.D_DECL_PARMCLASS, "parameter of the %s has the storage class %s, only register is allowed", what, st.text)
		}
		d := p.declarator(spec, declEither)
		list = append(list, &Param{Loc: p.loc(&t), Name: d.Name, Type: d.Type})
		if p.got(end) {
			break
		}
		if !p.got(tokComma) {
			if end == tokRBrack {
				p.unexpected(", or ] after the key type")
			}
			p.unexpected(", or ) after the parameter")
		}
	}
	names := map[string]bool{}
	for i, prm := range list {
		if names[prm.Name] && prm.Name != "" && what != translatedParams {
			p.errorNode(prm, diag.D_DECL_PROTO_FORM, "parameter #%d of the %s has the name of another one: %s", i+1, what, prm.Name)
		}
		names[prm.Name] = true
		if spec, ok := prm.Type.(*TypeSpec); !ok || spec.Base != BaseVoid {
			continue
		}
		switch {
		case what == "array":
			p.errorNode(prm, diag.D_DECL_PROTO_TYPE, "key of an associative array has type void")
		case prm.Name != "":
			p.errorNode(prm, diag.D_DECL_PROTO_NAME, "parameter of type void has a name: %s", prm.Name)
		case len(list) > 1 || dots != nil:
			p.errorNode(prm, diag.D_DECL_PROTO_VOID, "void is not the only parameter of the %s", what)
		}
		return nil, nil
	}
	return list, dots
}
