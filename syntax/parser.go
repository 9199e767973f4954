package syntax

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// parser is a recursive-descent parser with one token of lookahead, which is
// read only when it is asked for: what comes next at top level is not a token
// but a probe description.
type parser struct {
	scanner
	cur  token
	have bool
	// nest is the current depth of nesting, ops the number of operators of the
	// current statement or declaration.
	nest, ops int
	// loops is the number of loops around the current statement.
	loops int
	// typedefs are the typedef names that the text declares; vars are the names
	// that it declares or assigns as variables, which hide types.
	typedefs, vars map[string]bool
}

// Parse reads a whole text: a script, a library, or the text of an option of the
// command line. The error is a *diag.Error about the first thing that is wrong; the
// Program then has the items before it.
func Parse(cfg *Config, src string) (*Program, error) {
	prog := &Program{Loc: Loc{diag.Pos{File: cfg.File, Line: 1, Col: 1}}, File: cfg.File}
	err := run(cfg, src, func(p *parser) {
		defer p.takePragmas(prog)
		p.program(prog)
		prog.ArgsUsed = p.argsUsed
	})
	return prog, err
}

// ParseExpr reads a single expression.
func ParseExpr(cfg *Config, src string) (Expr, error) {
	var x Expr
	err := run(cfg, src, func(p *parser) {
		x = p.expr()
		p.wantEOF()
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// ParseType reads a type name such as "struct task_struct *".
func ParseType(cfg *Config, src string) (TypeExpr, error) {
	var t TypeExpr
	err := run(cfg, src, func(p *parser) {
		t = p.typeName()
		p.wantEOF()
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// ParseDecl reads declarations only, each with its semicolon, as they are found
// in a C header.
func ParseDecl(cfg *Config, src string) ([]*Decl, error) {
	var list []*Decl
	err := run(cfg, src, func(p *parser) {
		for p.peek().kind != tokEOF {
			list = append(list, p.decl())
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// ParseDesc reads a comma-separated list of probe descriptions, as dtrace -l
// and the options -P, -m, -f, -n and -i take them.
func ParseDesc(cfg *Config, src string) ([]*ProbeDesc, error) {
	var list []*ProbeDesc
	err := run(cfg, src, func(p *parser) {
		p.blank()
		list = p.probeDescs()
		p.wantEOF()
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// run calls f with a parser for src and returns the error that ended it.
func run(cfg *Config, src string, f func(*parser)) (err error) {
	if len(src) > maxText {
		return diag.Errorf(diag.Pos{File: cfg.File}, diag.D_SYNTAX, "program has %d bytes, at most %d are allowed", len(src), maxText)
	}
	own := *cfg
	p := &parser{
		scanner:  scanner{cfg: &own, src: src, file: cfg.File, line: 1, argsUsed: make([]bool, len(cfg.Args))},
		typedefs: map[string]bool{},
		vars:     map[string]bool{},
	}
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			err = b.err
		}
	}()
	f(p)
	return nil
}

// peek returns the next token without consuming it.
func (p *parser) peek() *token {
	if !p.have {
		p.scan(&p.cur)
		p.have = true
	}
	return &p.cur
}

// next consumes the next token.
func (p *parser) next() token {
	t := *p.peek()
	p.have = false
	return t
}

// got consumes the next token if it is of the given kind.
func (p *parser) got(kind tok) bool {
	if p.peek().kind == kind {
		p.have = false
		return true
	}
	return false
}

// gotKeyword consumes the next token if it is the given keyword.
func (p *parser) gotKeyword(kw keyword) bool {
	if t := p.peek(); t.kind == tokKeyword && t.kw == kw {
		p.have = false
		return true
	}
	return false
}

// want consumes a token of the given kind or fails, saying that what was wanted.
func (p *parser) want(kind tok, what string) token {
	if p.peek().kind != kind {
		p.unexpected(what)
	}
	return p.next()
}

// wantOp consumes the given binary operator or fails.
func (p *parser) wantOp(op Op, what string) {
	if t := p.peek(); t.kind != tokBinary || t.op != op {
		p.unexpected(what)
	}
	p.next()
}

func (p *parser) wantEOF() {
	if p.peek().kind != tokEOF {
		p.unexpected("the end of the text")
	}
}

// unexpected fails at the next token with DTrace's syntax error and what is
// allowed there.
func (p *parser) unexpected(want string) {
	t := p.peek()
	near := "end of input"
	if t.kind != tokEOF {
		text := p.src[t.off:t.end]
		if len(text) > 40 {
			text = text[:40] + "..."
		}
		near = strconv.Quote(text)
	}
	p.errorAt(t, diag.D_SYNTAX, "syntax error near %s: want %s", near, want)
}

// pos returns the position of t.
func (p *parser) pos(t *token) diag.Pos {
	return diag.Pos{File: t.file, Line: t.line, Col: t.col}
}

func (p *parser) loc(t *token) Loc { return Loc{p.pos(t)} }

// errorAt fails at a token.
func (p *parser) errorAt(t *token, code diag.Code, format string, args ...any) {
	p.fail(p.pos(t), p.lineText(t.off), code, format, args...)
}

// errorNode fails at a node. Its source line is found only when no #line
// directive stands before it.
func (p *parser) errorNode(n Node, code diag.Code, format string, args ...any) {
	pos := n.Pos()
	p.fail(pos, p.sourceOf(pos), code, format, args...)
}

// sourceOf returns the source line of a position that is behind the scanner.
func (p *parser) sourceOf(pos diag.Pos) string {
	if pos.File != p.file || pos.Line > p.line {
		return ""
	}
	// The place is recent: count back from the current line.
	off := min(p.lineStart, len(p.src))
	for n := p.line - pos.Line; n > 0; n-- {
		off--
		for off > 0 && p.src[off-1] != '\n' {
			off--
		}
		if off <= 0 && n > 1 {
			return ""
		}
	}
	return p.lineText(max(off, 0))
}

// enter counts a level of nesting; leave must be called at its end.
func (p *parser) enter() {
	if p.nest++; p.nest > maxNest {
		p.errorAt(p.peek(), diag.D_SYNTAX, "nested too deeply: at most %d levels are allowed", maxNest)
	}
}

func (p *parser) leave() { p.nest-- }

// countOp counts an operator of the current expression.
func (p *parser) countOp(t *token) {
	if p.ops++; p.ops > maxChain {
		p.errorAt(t, diag.D_SYNTAX, "expression is too long: at most %d operators are allowed", maxChain)
	}
}

// program reads items up to the end of the text.
func (p *parser) program(prog *Program) {
	empty := true
	for {
		p.blank()
		p.takePragmas(prog)
		if p.off >= len(p.src) {
			break
		}
		it := p.item()
		// Control lines within an item act before it.
		p.takePragmas(prog)
		prog.Items = append(prog.Items, it)
		empty = false
	}
	if empty && !p.cfg.Empty {
		p.fail(p.here(p.off), "", diag.D_EMPTY, "empty D program translation unit: want a probe clause or a declaration")
	}
	if !p.cfg.ArgRef {
		for i := 1; i < len(p.argsUsed); i++ {
			if !p.argsUsed[i] {
				p.fail(p.here(p.off), "", diag.D_MACRO_UNUSED, "extraneous argument '%s' ($%d is not referenced)", p.cfg.Args[i], i)
			}
		}
	}
}

func (p *parser) takePragmas(prog *Program) {
	for i, pr := range p.pragmas {
		prog.Items = append(prog.Items, pr)
		p.pragmas[i] = nil
	}
	p.pragmas = p.pragmas[:0]
}

// item reads one top-level element. Blanks have been skipped and no token is
// held.
func (p *parser) item() Item {
	p.ops = 0
	if !p.startsDecl() {
		return p.clause()
	}
	t := p.peek()
	if t.kind == tokKeyword {
		switch t.kw {
		case kwInline:
			return p.inline()
		case kwTranslator:
			return p.translator()
		case kwProvider:
			return p.provider()
		}
	}
	return p.decl()
}

// startsDecl decides whether the text at the start of an item is a declaration
// or a probe description. A word with a colon is a probe description. A keyword
// is a declaration, and so is a word that is followed by another; unless what
// follows can only follow a probe description.
func (p *parser) startsDecl() bool {
	src, off := p.src, p.off
	if !isIdentStart(src[off]) {
		if n := p.digitScope(); n == 0 {
			return false
		}
	}
	ident := off
	for ident < len(src) && isIdentPart(src[ident]) {
		ident++
	}
	word := off
	for word < len(src) && isDescPart(src[word]) {
		if src[word] == ':' {
			return false
		}
		word++
	}
	name := src[off:ident]
	kw := keywords[name]
	if word > ident {
		// "int*p;" or the probe name "int*"; "char[...", or a glob.
		if kw == kwNone && !p.isType(name) || p.cfg.PSpec {
			return false
		}
		if src[ident] != '*' {
			return false
		}
	}
	after := byte(0)
	if i := p.skipBlank(word); i < len(src) {
		after = src[i]
	}
	declared := isIdentStart(after) || after == '*' || after == '('
	if word > ident {
		declared = declared || after == ';' || after == '[' || after == ','
	}
	switch {
	case kw == kwStruct, kw == kwUnion, kw == kwEnum:
		return declared || after == '{' && p.cfg.Spec == SpecName && !p.cfg.PSpec
	case kw.startsType(), kw.storage() != StorageNone, kw == kwInline, kw == kwTranslator, kw == kwProvider:
		// "int;" is a declaration, though a useless one.
		return declared || after == ';' || after == '['
	}
	// Two words in a row, or a known type.
	return isIdentStart(after) || declared && p.isType(name)
}

// isType reports whether name is known as a type, and not as variable.
func (p *parser) isType(name string) bool {
	switch {
	case p.typedefs[name] || classicTypes[name]:
		return !p.vars[name]
	case p.vars[name]:
		return false
	case p.cfg.TypeName == nil:
		return false
	}
	return p.cfg.TypeName(name)
}

// mayBeType reports whether name can be taken for a type where the form of the
// text says that one stands there.
func (p *parser) mayBeType(name string) bool {
	return p.cfg.TypeName == nil || p.isType(name)
}

// clause reads probe descriptions, predicate and body.
func (p *parser) clause() *Clause {
	c := &Clause{Loc: Loc{p.here(p.off)}}
	c.Probes = p.probeDescs()
	t := p.peek()
	if t.kind == tokBinary && t.op == OpDiv {
		p.next()
		p.pred, p.parens = true, 0
		c.Pred = p.expr()
		if p.peek().kind != tokPredEnd {
			p.unexpected("the / that ends the predicate")
		}
		p.next()
		p.pred = false
	}
	if p.peek().kind == tokLBrace {
		c.Body = p.block()
		return c
	}
	t = p.peek()
	switch {
	case c.Pred != nil:
		p.unexpected("{ with the actions for the predicate")
	case !p.cfg.CommandLine && t.kind == tokEOF:
		p.errorNode(c, diag.D_SYNTAX, "nothing follows the probe description: want a predicate or { with actions")
	case !p.cfg.CommandLine:
		p.unexpected("a predicate or { with actions after the probe description")
	case t.kind != tokEOF:
		p.unexpected("a predicate, { or the end of the text")
	}
	return c
}

// inline reads an inline definition.
func (p *parser) inline() *Inline {
	t := p.next()
	in := &Inline{Loc: p.loc(&t)}
	storage, st, spec := p.declSpecs(true)
	if storage != StorageNone {
		p.errorAt(&st, diag.D_DECL_BADCLASS, "inline definition has the storage class %s, want none", st.text)
	}
	d := p.declarator(spec, declNamed)
	in.Name, in.Type = d.Name, d.Type
	if a, ok := d.Type.(*AssocType); ok {
		in.Type = a.Elem
		for _, k := range a.Keys {
			if k.Name != "" {
				in.Params = a.Keys // without any name there is nothing to hand over
			}
		}
	}
	if t := p.peek(); t.kind != tokAssign || t.op != OpAssign {
		p.unexpected("= and the value of the inline")
	}
	p.next()
	in.X = p.assignExpr()
	p.want(tokSemi, "; after the inline definition")
	p.vars[in.Name] = true
	return in
}

// translator reads a translator definition.
func (p *parser) translator() *Translator {
	t := p.next()
	tr := &Translator{Loc: p.loc(&t)}
	tr.Out = p.typeName()
	p.wantOp(OpLt, "< and the input of the translator")
	_, _, spec := p.declSpecs(false)
	d := p.declarator(spec, declNamed)
	for dt := d.Type; ; {
		ptr, ok := dt.(*PointerType)
		if ok {
			dt = ptr.Elem
			continue
		}
		if _, ok := dt.(*TypeSpec); !ok {
			p.errorNode(d, diag.D_SYNTAX, "input %s of the translator is an array or function, want a simple value or a pointer", d.Name)
		}
		break
	}
	tr.In, tr.InName = d.Type, d.Name
	p.wantOp(OpGt, "> after the input of the translator")
	p.want(tokLBrace, "{ and the members of the translator")
	for p.peek().kind != tokRBrace {
		m := &TransMember{Loc: p.loc(p.peek())}
		m.Name = p.memberName("the name of a member")
		if t := p.peek(); t.kind != tokAssign || t.op != OpAssign {
			p.unexpected("= and the value of the member")
		}
		p.next()
		p.ops = 0
		m.X = p.assignExpr()
		p.want(tokSemi, "; after the member")
		tr.Members = append(tr.Members, m)
	}
	p.next()
	p.want(tokSemi, "; after the translator")
	return tr
}

// provider reads the declaration of a user provider.
func (p *parser) provider() *Provider {
	t := p.next()
	pv := &Provider{Loc: p.loc(&t)}
	name := p.want(tokIdent, "the name of the provider")
	if pv.Name = name.text; strings.IndexByte(name.text, '`') >= 0 {
		p.errorAt(&name, diag.D_PROV_BADNAME, "provider name %s has a scope", name.text)
	}
	p.want(tokLBrace, "{ and the probes of the provider")
	for p.peek().kind != tokRBrace {
		t := *p.peek()
		if !p.gotKeyword(kwProbe) {
			p.unexpected("probe, or } at the end of the provider")
		}
		pr := &ProviderProbe{Loc: p.loc(&t)}
		if t := p.peek(); t.kind == tokIdent && strings.IndexByte(t.text, '`') >= 0 {
			p.errorAt(t, diag.D_PROV_BADNAME, "probe name %s has a scope", t.text)
		}
		pr.Name = p.memberName("the name of the probe")
		p.want(tokLParen, "( and the arguments of the probe")
		pr.Params = p.probeParams(pr.Name)
		if p.got(tokColon) {
			p.want(tokLParen, "( and the translated arguments of the probe")
			pr.Translated = p.probeParams("")
			pr.HasTranslated = true
		}
		p.want(tokSemi, "; after the probe")
		pv.Probes = append(pv.Probes, pr)
	}
	p.next()
	p.want(tokSemi, "; after the provider")
	return pv
}

// probeParams reads the parameters of a provider's probe and the parenthesis
// behind them; name is empty for the translated ones, of which several may come
// from one argument.
func (p *parser) probeParams(name string) []*Param {
	what := "probe " + name
	if name == "" {
		what = translatedParams
	}
	list, dots := p.params(tokRParen, what)
	if dots != nil {
		p.errorAt(dots, diag.D_DECL_PROTO_VARARGS, "%s has a variable argument list, want a fixed one", what)
	}
	return list
}

// translatedParams is what messages call the arguments behind the colon.
const translatedParams = "translated probe"
