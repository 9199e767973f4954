package syntax

import (
	"strconv"

	"github.com/godtrace/godtrace/diag"
)

// block reads { statements }.
func (p *parser) block() *Block {
	p.enter()
	defer p.leave()
	t := p.want(tokLBrace, "{")
	b := &Block{Loc: p.loc(&t)}
	for p.peek().kind != tokRBrace {
		if p.peek().kind == tokEOF {
			p.unexpected("} to close the { of line " + strconv.Itoa(t.line))
		}
		if p.got(tokSemi) {
			continue
		}
		s := p.stmt()
		b.List = append(b.List, s)
		if _, ok := s.(*ExprStmt); ok && p.peek().kind != tokRBrace {
			p.want(tokSemi, "; or } after the statement")
		}
	}
	end := p.next()
	b.End = p.pos(&end)
	return b
}

// stmt reads a statement. Of an expression statement the semicolon is left.
func (p *parser) stmt() Stmt {
	t := *p.peek()
	if t.kind == tokKeyword {
		switch t.kw {
		case kwIf:
			return p.ifStmt()
		case kwFor:
			return p.forStmt()
		case kwWhile:
			return p.whileStmt()
		case kwDo:
			return p.doStmt()
		case kwBreak, kwContinue:
			p.next()
			if p.loops == 0 {
				p.errorAt(&t, diag.D_SYNTAX, "syntax error near %q: it may only stand in a loop", t.text)
			}
			p.endSimple()
			return &BranchStmt{Loc: p.loc(&t), Continue: t.kw == kwContinue}
		case kwSwitch, kwGoto, kwCase, kwDefault:
			p.errorAt(&t, diag.D_SYNTAX, "syntax error near %q: D has no such statement, want if, for, while, do or an expression", t.text)
		}
		if t.kw.startsType() || t.kw.storage() != StorageNone && t.kw != kwSelf && t.kw != kwThis {
			p.errorAt(&t, diag.D_SYNTAX, "syntax error near %q: a declaration must stand outside of clauses", t.text)
		}
	}
	p.ops = 0
	x := p.expr()
	return &ExprStmt{Loc: p.loc(&t), X: x}
}

// endSimple consumes the semicolon of a statement, which the last one of a block
// need not have.
func (p *parser) endSimple() {
	if p.peek().kind != tokRBrace {
		p.want(tokSemi, "; or }")
	}
}

// body reads what if, else and loops control: a block or one statement.
func (p *parser) body() *Block {
	t := *p.peek()
	if t.kind == tokLBrace {
		return p.block()
	}
	p.enter()
	defer p.leave()
	b := &Block{Loc: p.loc(&t)}
	if t.kind == tokSemi {
		p.next()
		b.End = p.pos(&t)
		return b
	}
	s := p.stmt()
	b.List = []Stmt{s}
	b.End = p.pos(p.peek())
	if _, ok := s.(*ExprStmt); ok {
		if p.peek().kind == tokKeyword && p.peek().kw == kwElse {
			return b // "if (c) a() else b()"
		}
		p.endSimple()
	}
	return b
}

// cond reads a parenthesised condition.
func (p *parser) cond(of string) Expr {
	p.want(tokLParen, "( and the condition of "+of)
	x := p.expr()
	p.want(tokRParen, ") after the condition of "+of)
	return x
}

func (p *parser) ifStmt() Stmt {
	t := p.next()
	s := &IfStmt{Loc: p.loc(&t)}
	s.Cond = p.cond("if")
	s.Then = p.body()
	if p.gotKeyword(kwElse) {
		s.Else = p.body()
	}
	return s
}

func (p *parser) forStmt() Stmt {
	t := p.next()
	s := &ForStmt{Loc: p.loc(&t)}
	p.want(tokLParen, "( after for")
	if p.peek().kind != tokSemi {
		s.Init = p.expr()
	}
	p.want(tokSemi, "; after the start of the loop")
	if p.peek().kind != tokSemi {
		s.Cond = p.expr()
	}
	p.want(tokSemi, "; after the condition of the loop")
	if p.peek().kind != tokRParen {
		s.Post = p.expr()
	}
	p.want(tokRParen, ") after for (")
	s.Body = p.loopBody()
	return s
}

func (p *parser) whileStmt() Stmt {
	t := p.next()
	s := &WhileStmt{Loc: p.loc(&t)}
	s.Cond = p.cond("while")
	s.Body = p.loopBody()
	return s
}

func (p *parser) doStmt() Stmt {
	t := p.next()
	s := &WhileStmt{Loc: p.loc(&t), Do: true}
	s.Body = p.loopBody()
	if !p.gotKeyword(kwWhile) {
		p.unexpected("while and the condition of the do loop")
	}
	s.Cond = p.cond("while")
	p.endSimple()
	return s
}

func (p *parser) loopBody() *Block {
	p.loops++
	defer func() { p.loops-- }()
	return p.body()
}
