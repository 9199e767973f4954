package syntax

import (
	"strconv"
	"strings"
)

// Print returns n as D text in a canonical layout. Macros appear as their
// values. Parsing the text of a Program gives an equal tree, and printing that
// gives the same text.
func Print(n Node) string {
	var p printer
	switch n := n.(type) {
	case *Program:
		p.program(n)
	case Item:
		p.item(n)
	case Stmt:
		p.stmt(n)
	case Expr:
		p.expr(n, levelComma)
	case TypeExpr:
		p.typed(n, "")
	case *ProbeDesc:
		p.str(n.String())
	case *Param:
		p.typed(n.Type, n.Name)
	case *Declarator:
		p.typed(n.Type, n.Name)
	case *TransMember:
		p.transMember(n)
	case *ProviderProbe:
		p.providerProbe(n)
	case *Enumerator:
		p.enumerator(n)
	case *Tag:
		p.tag(n)
	}
	return p.b.String()
}

// printer builds D text.
type printer struct {
	b      strings.Builder
	indent int
}

func (p *printer) str(s string) { p.b.WriteString(s) }

func (p *printer) newline() {
	p.b.WriteByte('\n')
	for range p.indent {
		p.b.WriteByte('\t')
	}
}

func (p *printer) program(prog *Program) {
	for i, it := range prog.Items {
		if i > 0 {
			_, pragma := it.(*Pragma)
			_, before := prog.Items[i-1].(*Pragma)
			if !pragma || !before {
				p.str("\n")
			}
		}
		p.item(it)
		p.str("\n")
	}
}

func (p *printer) item(it Item) {
	switch it := it.(type) {
	case *Clause:
		p.clause(it)
	case *Decl:
		p.decl(it)
	case *Inline:
		p.str("inline ")
		t := it.Type
		if it.Params != nil {
			t = &AssocType{Elem: it.Type, Keys: it.Params}
		}
		p.typed(t, it.Name)
		p.str(" = ")
		p.expr(it.X, levelAssign)
		p.str(";")
	case *Translator:
		p.str("translator ")
		p.typed(it.Out, "")
		p.str(" < ")
		p.typed(it.In, it.InName)
		p.str(" > {")
		p.indent++
		for _, m := range it.Members {
			p.newline()
			p.transMember(m)
		}
		p.indent--
		p.newline()
		p.str("};")
	case *Provider:
		p.str("provider " + it.Name + " {")
		p.indent++
		for _, pr := range it.Probes {
			p.newline()
			p.providerProbe(pr)
		}
		p.indent--
		p.newline()
		p.str("};")
	case *Pragma:
		p.pragma(it)
	}
}

func (p *printer) transMember(m *TransMember) {
	p.str(m.Name + " = ")
	p.expr(m.X, levelAssign)
	p.str(";")
}

func (p *printer) providerProbe(pr *ProviderProbe) {
	p.str("probe " + pr.Name)
	p.params(pr.Params, false)
	if pr.HasTranslated {
		p.str(" : ")
		p.params(pr.Translated, false)
	}
	p.str(";")
}

func (p *printer) pragma(pr *Pragma) {
	p.str("#pragma D " + pr.Name)
	for i, a := range pr.Args {
		switch {
		case pr.Name == "option" && i == 1:
			p.str("=")
		default:
			p.str(" ")
		}
		plain := a != "" && !strings.ContainsAny(a, "\"\\$ \t\r\n\v\f") && !strings.Contains(a, "//") && !strings.Contains(a, "/*")
		if pr.Name == "option" && i == 1 && a == "" || plain && (pr.Name != "binding" || i > 0) || pr.Name == "option" && i == 0 {
			p.str(a)
		} else {
			p.str(Quote(a))
		}
	}
}

// String returns the description in the shortest form that reads back as d.
func (d *ProbeDesc) String() string {
	if d.Numeric {
		return strconv.FormatUint(uint64(d.ID), 10)
	}
	text := strings.TrimLeft(d.Provider+":"+d.Module+":"+d.Function+":"+d.Name, ":")
	switch {
	case text == "":
		return ":"
	case text == d.Name && !standsAlone(text):
		return ":" + text
	}
	return text
}

// standsAlone reports whether a probe's name without colon cannot be taken for a
// probe id or for the start of a declaration.
func standsAlone(name string) bool {
	n := 0
	for n < len(name) && isIdentPart(name[n]) {
		n++
	}
	return !isDigit(name[0]) && !IsKeyword(name[:n]) && (n == len(name) || name[n] != '*')
}

func (p *printer) clause(c *Clause) {
	for i, d := range c.Probes {
		if i > 0 {
			p.str(",\n")
		}
		p.str(d.String())
	}
	if c.Pred != nil {
		p.str("\n/ ")
		p.expr(c.Pred, levelComma)
		p.str(" /")
	}
	if c.Body != nil {
		p.str("\n")
		p.block(c.Body)
	}
}

func (p *printer) block(b *Block) {
	p.str("{")
	p.indent++
	for _, s := range b.List {
		p.newline()
		p.stmt(s)
	}
	p.indent--
	p.newline()
	p.str("}")
}

func (p *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Block:
		p.block(s)
	case *ExprStmt:
		p.expr(s.X, levelComma)
		p.str(";")
	case *IfStmt:
		p.ifStmt(s)
	case *ForStmt:
		p.str("for (")
		p.optExpr(s.Init)
		p.str("; ")
		p.optExpr(s.Cond)
		p.str("; ")
		p.optExpr(s.Post)
		p.str(") ")
		p.block(s.Body)
	case *WhileStmt:
		if s.Do {
			p.str("do ")
			p.block(s.Body)
			p.str(" while (")
			p.expr(s.Cond, levelComma)
			p.str(");")
			return
		}
		p.str("while (")
		p.expr(s.Cond, levelComma)
		p.str(") ")
		p.block(s.Body)
	case *BranchStmt:
		if s.Continue {
			p.str("continue;")
		} else {
			p.str("break;")
		}
	}
}

func (p *printer) ifStmt(s *IfStmt) {
	for {
		p.str("if (")
		p.expr(s.Cond, levelComma)
		p.str(") ")
		p.block(s.Then)
		if s.Else == nil {
			return
		}
		p.str(" else ")
		if len(s.Else.List) == 1 {
			if next, ok := s.Else.List[0].(*IfStmt); ok {
				s = next
				continue
			}
		}
		p.block(s.Else)
		return
	}
}

func (p *printer) optExpr(x Expr) {
	if x != nil {
		p.expr(x, levelComma)
	}
}

// Levels of binding, weakest first. Between cond and cast lie the binary
// operators at levelCond + precedence.
const (
	levelComma   = 0
	levelAssign  = 1
	levelCond    = 2
	levelCast    = 14
	levelUnary   = 15
	levelPostfix = 16
	levelPrimary = 17
)

// level returns how tightly x binds.
func level(x Expr) int {
	switch x := x.(type) {
	case *Comma:
		return levelComma
	case *Assign:
		return levelAssign
	case *Cond:
		return levelCond
	case *Binary:
		if int(x.Op) < len(precedence) {
			return levelCond + precedence[x.Op]
		}
	case *Cast:
		return levelCast
	case *Unary, *SizeofExpr, *SizeofType, *Stringof:
		return levelUnary
	case *IncDec:
		if x.Postfix {
			return levelPostfix
		}
		return levelUnary
	case *Index, *Member:
		return levelPostfix
	}
	return levelPrimary
}

// expr prints x, in parentheses when it binds weaker than min.
func (p *printer) expr(x Expr, min int) {
	if level(x) < min {
		p.str("(")
		p.expr(x, levelComma)
		p.str(")")
		return
	}
	switch x := x.(type) {
	case *IntLit:
		p.str(x.String())
	case *StringLit:
		p.str(Quote(x.Value))
	case *Ident:
		p.str(x.String())
	case *Agg:
		p.str("@")
		if x.Name != "_" {
			p.str(x.Name)
		}
		if x.Keys != nil {
			p.args("[", x.Keys, "]")
		}
	case *Call:
		p.str(x.Fun.String())
		p.args("(", x.Args, ")")
	case *Index:
		p.expr(x.X, levelPostfix)
		p.args("[", x.Args, "]")
	case *Member:
		if _, ok := x.X.(*IntLit); ok {
			p.str("(") // "1.x" would be a floating-point constant
			p.expr(x.X, levelComma)
			p.str(")")
		} else {
			p.expr(x.X, levelPostfix)
		}
		if x.Arrow {
			p.str("->")
		} else {
			p.str(".")
		}
		p.str(x.Name)
	case *Unary:
		p.prefix(x.Op.String(), x.X, levelCast)
	case *IncDec:
		if x.Postfix {
			p.expr(x.X, levelPostfix)
			p.str(x.Op.String())
		} else {
			p.prefix(x.Op.String(), x.X, levelUnary)
		}
	case *Binary:
		l := level(x)
		p.expr(x.X, l)
		p.str(" " + x.Op.String() + " ")
		p.expr(x.Y, l+1)
	case *Assign:
		p.expr(x.X, levelUnary)
		if x.Op == OpAssign {
			p.str(" = ")
		} else {
			p.str(" " + x.Op.String() + "= ")
		}
		p.expr(x.Y, levelAssign)
	case *Cond:
		p.expr(x.C, levelCond+1)
		p.str(" ? ")
		p.expr(x.X, levelComma)
		p.str(" : ")
		p.expr(x.Y, levelCond)
	case *Comma:
		p.expr(x.X, levelComma)
		p.str(", ")
		p.expr(x.Y, levelAssign)
	case *Cast:
		p.str("(")
		p.typed(x.Type, "")
		p.str(")")
		spec, named := x.Type.(*TypeSpec)
		if named && spec.Base == BaseNamed && startsAmbiguous(x.X) {
			p.expr(x.X, levelPrimary+1)
		} else {
			p.expr(x.X, levelCast)
		}
	case *SizeofExpr:
		p.str("sizeof ")
		p.expr(x.X, levelUnary)
	case *SizeofType:
		p.str("sizeof (")
		p.typed(x.Type, "")
		p.str(")")
	case *Stringof:
		p.str("stringof ")
		p.expr(x.X, levelUnary)
	case *Offsetof:
		p.str("offsetof (")
		p.typed(x.Type, "")
		p.str(", " + strings.Join(x.Member, ".") + ")")
	case *Xlate:
		p.str("xlate <")
		p.typed(x.Type, "")
		p.str("> (")
		p.expr(x.X, levelComma)
		p.str(")")
	}
}

// startsAmbiguous reports whether x begins with an operator that could be a
// binary one, so that "(name) x" would not be read as a cast.
func startsAmbiguous(x Expr) bool {
	switch x := x.(type) {
	case *Unary:
		return x.Op != OpNot && x.Op != OpBitNot
	case *IncDec:
		return !x.Postfix
	}
	return false
}

// prefix prints a prefix operator, keeping it apart from an operand that starts
// with the same character.
func (p *printer) prefix(op string, x Expr, min int) {
	p.str(op)
	if level(x) >= min {
		next := ""
		switch y := x.(type) {
		case *Unary:
			next = y.Op.String()
		case *IncDec:
			if !y.Postfix {
				next = y.Op.String()
			}
		}
		if next != "" && next[0] == op[len(op)-1] {
			p.str(" ")
		}
	}
	p.expr(x, min)
}

// args prints a list of expressions.
func (p *printer) args(open string, list []Expr, end string) {
	p.str(open)
	for i, a := range list {
		if i > 0 {
			p.str(", ")
		}
		p.expr(a, levelAssign)
	}
	p.str(end)
}

// String returns the constant in a form that reads back as x.
func (x *IntLit) String() string {
	if x.Text != "" && x.Text[0] != '$' {
		return x.Text
	}
	suffix := [...]string{Int: "", UInt: "u", Long: "l", ULong: "ul", LongLong: "ll", ULongLong: "ull"}[x.Kind%6]
	if x.Kind == Long && x.Value > 1<<31-1 {
		suffix = ""
	}
	return strconv.FormatUint(x.Value, 10) + suffix
}

// String returns the identifier with class and scope.
func (x *Ident) String() string {
	name := x.Name
	if x.Scoped {
		name = x.Module + "`" + name
	}
	switch x.Class {
	case Self:
		return "self->" + name
	case This:
		return "this->" + name
	}
	return name
}
