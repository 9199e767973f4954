package syntax

import (
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// precedence of the binary operators; higher binds tighter. The logical
// exclusive or stands between && and ||.
var precedence = [...]int{
	OpLogOr: 1, OpLogXor: 2, OpLogAnd: 3, OpOr: 4, OpXor: 5, OpAnd: 6,
	OpEq: 7, OpNe: 7, OpLt: 8, OpLe: 8, OpGt: 8, OpGe: 8, OpShl: 9, OpShr: 9,
	OpAdd: 10, OpSub: 10, OpMul: 11, OpDiv: 11, OpMod: 11,
}

// expr reads an expression, with commas.
func (p *parser) expr() Expr {
	x := p.assignExpr()
	for p.peek().kind == tokComma {
		t := p.next()
		p.countOp(&t)
		x = &Comma{Loc: p.loc(&t), X: x, Y: p.assignExpr()}
	}
	return x
}

// assignExpr reads an assignment or what binds tighter. The left side of an
// assignment is a unary expression, as in C.
func (p *parser) assignExpr() Expr {
	p.enter()
	defer p.leave()
	x, cast := p.castExpr()
	if t := p.peek(); t.kind == tokAssign && !cast {
		op := p.next()
		p.countOp(&op)
		p.assigned(x)
		return &Assign{Loc: p.loc(&op), Op: op.op, X: x, Y: p.assignExpr()}
	}
	return p.condRest(p.binaryRest(x, 1))
}

// assigned notes that a name is a variable, so that it is not taken for a type.
func (p *parser) assigned(x Expr) {
	if ix, ok := x.(*Index); ok {
		x = ix.X
	}
	if id, ok := x.(*Ident); ok && id.Class == Plain && !id.Scoped {
		p.vars[id.Name] = true
	}
}

// condExpr reads a conditional expression or what binds tighter.
func (p *parser) condExpr() Expr {
	p.enter()
	defer p.leave()
	x, _ := p.castExpr()
	return p.condRest(p.binaryRest(x, 1))
}

// condRest reads the rest of a conditional expression, if there is one.
func (p *parser) condRest(c Expr) Expr {
	if p.peek().kind != tokQuestion {
		return c
	}
	t := p.next()
	p.countOp(&t)
	x := &Cond{Loc: p.loc(&t), C: c}
	p.parens++ // a "/" before the colon is a division
	x.X = p.expr()
	p.want(tokColon, ": and the other value of the conditional expression")
	p.parens--
	x.Y = p.condExpr()
	return x
}

// binaryRest reads binary operators of at least precedence min behind x.
func (p *parser) binaryRest(x Expr, min int) Expr {
	for {
		t := p.peek()
		if t.kind != tokBinary || precedence[t.op] < min {
			return x
		}
		op := p.next()
		p.countOp(&op)
		prec := precedence[op.op]
		y, _ := p.castExpr()
		for {
			t := p.peek()
			if t.kind != tokBinary || precedence[t.op] <= prec {
				break
			}
			y = p.binaryRest(y, prec+1)
		}
		x = &Binary{Loc: p.loc(&op), Op: op.op, X: x, Y: y}
	}
}

// castExpr reads a cast or a unary expression and tells which.
func (p *parser) castExpr() (x Expr, cast bool) {
	if t := p.peek(); t.kind == tokLParen && p.parenType(t, true) {
		open := p.next()
		p.enter()
		defer p.leave()
		c := &Cast{Loc: p.loc(&open)}
		c.Type = p.typeName()
		p.want(tokRParen, ") after the type of the cast")
		c.X, _ = p.castExpr()
		return c, true
	}
	return p.unaryExpr(), false
}

// unaryExpr reads a unary expression.
func (p *parser) unaryExpr() Expr {
	t := p.peek()
	op := OpNone
	switch t.kind {
	case tokInc, tokDec:
		tok := p.next()
		p.enter()
		defer p.leave()
		return &IncDec{Loc: p.loc(&tok), Op: tok.op, X: p.unaryExpr()}
	case tokNot:
		op = OpNot
	case tokTilde:
		op = OpBitNot
	case tokBinary:
		switch t.op {
		case OpAdd:
			op = OpPos
		case OpSub:
			op = OpNeg
		case OpMul:
			op = OpDeref
		case OpAnd:
			op = OpAddr
		}
	case tokKeyword:
		switch t.kw {
		case kwSizeof:
			return p.sizeof()
		case kwStringof:
			tok := p.next()
			p.enter()
			defer p.leave()
			return &Stringof{Loc: p.loc(&tok), X: p.unaryExpr()}
		}
	}
	if op == OpNone {
		return p.postfixExpr()
	}
	tok := p.next()
	p.enter()
	defer p.leave()
	x, _ := p.castExpr()
	return &Unary{Loc: p.loc(&tok), Op: op, X: x}
}

// sizeof reads sizeof (type) or sizeof expression.
func (p *parser) sizeof() Expr {
	tok := p.next()
	p.enter()
	defer p.leave()
	if t := p.peek(); t.kind == tokLParen && p.parenType(t, false) {
		p.next()
		x := &SizeofType{Loc: p.loc(&tok), Type: p.typeName()}
		p.want(tokRParen, ") after the type of sizeof")
		return x
	}
	return &SizeofExpr{Loc: p.loc(&tok), X: p.unaryExpr()}
}

// parenType reports whether the parenthesis at t holds a type. It looks at the
// text behind it: a keyword or known name of a type is one, and so is what can
// only be a type. For a cast, an operand must follow.
func (p *parser) parenType(t *token, cast bool) bool {
	src := p.src
	i := p.skipBlank(t.end)
	start := i
	for i < len(src) && isIdentPart(src[i]) {
		i++
	}
	name := src[start:i]
	if name == "" && i+1 < len(src) && src[i] == '$' && isDigit(src[i+1]) {
		// A macro argument may hold the name of a type.
		if text, _, end, err := p.expandAt(i); err == nil && isIdent(text) {
			name, i = text, end
		}
	}
	if name == "" || isDigit(name[0]) && strings.IndexByte(name, '`') < 0 {
		return false
	}
	if kw := keywords[name]; kw != kwNone {
		return kw.startsType()
	}
	i = p.skipBlank(i)
	at := func(i int) byte {
		if i < len(src) {
			return src[i]
		}
		return 0
	}
	known := p.isType(name)
	switch c := at(i); {
	case c == ')':
		if !cast {
			return known
		}
		i = p.skipBlank(i + 1)
		next := at(i)
		operand := isIdentPart(next) || next != 0 && strings.IndexByte("\"'(@$~", next) >= 0 ||
			next == '!' && at(i+1) != '='
		if known {
			return operand || next != 0 && strings.IndexByte("*&-+", next) >= 0
		}
		if next == '(' && p.cfg.TypeName != nil {
			return false // a call: (f)(x)
		}
		if operand && !p.vars[name] {
			// An expression cannot be followed by an operand.
			p.needType(name, start)
			return true
		}
		return false
	case c == '*':
		for at(i) == '*' {
			i = p.skipBlank(i + 1)
			for _, q := range []string{"const", "volatile", "restrict"} {
				if strings.HasPrefix(src[min(i, len(src)):], q) && !isIdentPart(at(i+len(q))) {
					i = p.skipBlank(i + len(q))
				}
			}
		}
		if at(i) == ')' {
			p.needType(name, start)
			return true
		}
		return known && at(i) == '(' && at(p.skipBlank(i+1)) == '*'
	case isIdentStart(c):
		return known || name == "userland" || p.cfg.TypeName == nil
	case c == '(' || c == '[':
		return known && c == '(' && at(p.skipBlank(i+1)) == '*'
	}
	return false
}

// needType fails unless name can be a type.
func (p *parser) needType(name string, off int) {
	if !p.mayBeType(name) {
		pos := p.pos(p.peek())
		p.fail(pos, p.lineText(off), diag.D_SYNTAX, "syntax error near %q: it is not the name of a type", name)
	}
}

// postfixExpr reads a primary expression and the indices, members and
// increments behind it.
func (p *parser) postfixExpr() Expr {
	x := p.primaryExpr()
	for {
		t := p.peek()
		switch t.kind {
		case tokLBrack:
			open := p.next()
			p.countOp(&open)
			args := p.args(tokRBrack, "] after the index")
			if len(args) == 0 {
				p.errorAt(&open, diag.D_SYNTAX, "syntax error near \"]\": want an index in the brackets")
			}
			if agg, ok := x.(*Agg); ok && agg.Keys == nil {
				agg.Keys = args
				continue
			}
			x = &Index{Loc: p.nodeLoc(x), X: x, Args: args}
		case tokDot, tokArrow:
			op := p.next()
			p.countOp(&op)
			name := p.memberName("the name of a member")
			x = &Member{Loc: p.nodeLoc(x), X: x, Arrow: op.kind == tokArrow, Name: name}
		case tokInc, tokDec:
			op := p.next()
			p.countOp(&op)
			x = &IncDec{Loc: p.nodeLoc(x), Op: op.op, Postfix: true, X: x}
		case tokLParen:
			op := p.next()
			t := &op
			p.args(tokRParen, ") after the arguments")
			switch a := x.(type) {
			case *Agg:
				p.errorAt(t, diag.D_FUNC_UNDEF, "undefined function name: @%s", a.Name)
			case *Ident:
				if !a.Scoped && a.Class == Plain {
					p.errorAt(t, diag.D_FUNC_UNDEF, "undefined function name: %s", a.Name)
				}
			}
			p.errorAt(t, diag.D_FUNC_IDENT, "function designator is not of function type")
		default:
			return x
		}
	}
}

func (p *parser) nodeLoc(x Node) Loc { return Loc{x.Pos()} }

// memberName reads the name of a member, which may be a reserved word.
func (p *parser) memberName(what string) string {
	t := p.peek()
	if t.kind != tokIdent && t.kind != tokKeyword || strings.IndexByte(t.text, '`') >= 0 {
		p.unexpected(what)
	}
	return p.next().text
}

// args reads a list of assignment expressions up to close, which it consumes.
func (p *parser) args(end tok, what string) []Expr {
	if p.got(end) {
		return nil
	}
	var list []Expr
	for {
		list = append(list, p.assignExpr())
		if p.got(end) {
			return list
		}
		t := *p.peek()
		if !p.got(tokComma) {
			p.unexpected(", or " + what)
		}
		p.countOp(&t)
	}
}

// primaryExpr reads a constant, identifier, call or parenthesised expression.
func (p *parser) primaryExpr() Expr {
	t := p.peek()
	switch t.kind {
	case tokInt:
		c := p.next()
		lit := &IntLit{Loc: p.loc(&c), Value: c.val, Kind: c.int, Text: c.text}
		switch c.neg {
		case '-':
			return &Unary{Loc: lit.Loc, Op: OpNeg, X: lit}
		case '+':
			return &Unary{Loc: lit.Loc, Op: OpPos, X: lit}
		}
		return lit
	case tokString:
		c := p.next()
		return &StringLit{Loc: p.loc(&c), Value: c.text}
	case tokAgg:
		c := p.next()
		return &Agg{Loc: p.loc(&c), Name: c.text}
	case tokIdent:
		c := p.next()
		id := p.ident(&c)
		if p.peek().kind == tokLParen {
			return p.call(id)
		}
		return id
	case tokLParen:
		p.next()
		x := p.expr()
		p.want(tokRParen, ") to close the parenthesis")
		if id, ok := x.(*Ident); ok && !id.Scoped && p.peek().kind == tokLParen {
			return p.call(id)
		}
		return x
	case tokKeyword:
		switch t.kw {
		case kwSelf, kwThis:
			return p.scopedVar()
		case kwXlate:
			return p.xlate()
		case kwOffsetof:
			return p.offsetof()
		case kwReturn:
			// Reserved, and the name of an action.
			if i := p.skipBlank(t.end); i < len(p.src) && p.src[i] == '(' {
				c := p.next()
				return p.call(&Ident{Loc: p.loc(&c), Name: c.text})
			}
		}
	}
	p.unexpected("an expression")
	return nil
}

// ident makes an identifier of a token, splitting off its scope.
func (p *parser) ident(t *token) *Ident {
	id := &Ident{Loc: p.loc(t), Name: t.text}
	if i := strings.LastIndexByte(t.text, '`'); i >= 0 {
		id.Scoped = true
		id.Module, id.Name = t.text[:i], t.text[i+1:]
		if id.Name == "" || isDigit(id.Name[0]) || strings.HasPrefix(id.Module, "`") ||
			strings.HasSuffix(id.Module, "`") || strings.Contains(id.Module, "``") {
			p.errorAt(t, diag.D_IDENT_UNDEF, "failed to resolve %s: want `name or module`name", t.text)
		}
	}
	return id
}

// call reads the arguments of a call.
func (p *parser) call(fun *Ident) Expr {
	p.next()
	return &Call{Loc: fun.Loc, Fun: fun, Args: p.args(tokRParen, ") after the arguments")}
}

// scopedVar reads self->name or this->name.
func (p *parser) scopedVar() Expr {
	t := p.next()
	id := &Ident{Loc: p.loc(&t), Class: Self}
	if t.kw == kwThis {
		id.Class = This
	}
	if next := p.peek(); next.kind == tokKeyword && (next.kw.startsType() || next.kw.storage() != StorageNone) {
		p.unexpected("->: a declaration must stand outside of clauses")
	}
	switch p.peek().kind {
	case tokArrow, tokEOF, tokIdent, tokInt, tokString, tokAgg, tokKeyword, tokLBrace, tokNot, tokTilde:
	default:
		p.errorAt(&t, diag.D_IDENT_BADREF, "pointer '%s' may not be referenced as a scalar: want %s-> and the name of a variable", t.text, t.text)
	}
	p.want(tokArrow, "-> and the name of a variable after "+t.text)
	id.Name = p.memberName("the name of a variable")
	return id
}

// xlate reads xlate <type> (expression).
func (p *parser) xlate() Expr {
	t := p.next()
	x := &Xlate{Loc: p.loc(&t)}
	p.wantOp(OpLt, "< and the type to translate to")
	x.Type = p.typeName()
	p.wantOp(OpGt, "> after the type to translate to")
	p.want(tokLParen, "( and the expression to translate")
	x.X = p.expr()
	p.want(tokRParen, ") after the expression to translate")
	return x
}

// offsetof reads offsetof (type, member).
func (p *parser) offsetof() Expr {
	t := p.next()
	x := &Offsetof{Loc: p.loc(&t)}
	p.want(tokLParen, "( after offsetof")
	x.Type = p.typeName()
	p.want(tokComma, ", and the name of a member")
	x.Member = []string{p.memberName("the name of a member")}
	for p.got(tokDot) {
		x.Member = append(x.Member, p.memberName("the name of a member"))
	}
	p.want(tokRParen, ") after offsetof")
	return x
}
