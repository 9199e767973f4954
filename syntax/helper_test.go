package syntax

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/diag"
)

// detail formats an error with its source line.
func detail(err error) string {
	var e *diag.Error
	if errors.As(err, &e) {
		return e.Detail(true)
	}
	return err.Error()
}

// mustParse parses src or ends the test.
func mustParse(t *testing.T, cfg Config, src string) *Program {
	t.Helper()
	prog, err := Parse(&cfg, src)
	if err != nil {
		t.Fatalf("%s\n%s", src, detail(err))
	}
	return prog
}

// sexpr shows the shape of an expression with all its parentheses.
func sexpr(x Expr) string {
	list := func(args []Expr) string {
		var b strings.Builder
		for _, a := range args {
			b.WriteString(" " + sexpr(a))
		}
		return b.String()
	}
	switch x := x.(type) {
	case *IntLit:
		return fmt.Sprintf("%d%s", int64(x.Value), [...]string{"", "u", "l", "ul", "ll", "ull"}[x.Kind])
	case *StringLit:
		return fmt.Sprintf("%q", x.Value)
	case *Ident:
		return x.String()
	case *Agg:
		if x.Keys == nil {
			return "@" + x.Name
		}
		return "(@" + x.Name + list(x.Keys) + ")"
	case *Call:
		return "(call " + x.Fun.String() + list(x.Args) + ")"
	case *Index:
		return "([] " + sexpr(x.X) + list(x.Args) + ")"
	case *Member:
		op := "."
		if x.Arrow {
			op = "->"
		}
		return "(" + op + " " + sexpr(x.X) + " " + x.Name + ")"
	case *Unary:
		return "(" + x.Op.String() + " " + sexpr(x.X) + ")"
	case *IncDec:
		if x.Postfix {
			return "(post" + x.Op.String() + " " + sexpr(x.X) + ")"
		}
		return "(" + x.Op.String() + " " + sexpr(x.X) + ")"
	case *Binary:
		return "(" + x.Op.String() + " " + sexpr(x.X) + " " + sexpr(x.Y) + ")"
	case *Assign:
		op := "="
		if x.Op != OpAssign {
			op = x.Op.String() + "="
		}
		return "(" + op + " " + sexpr(x.X) + " " + sexpr(x.Y) + ")"
	case *Cond:
		return "(? " + sexpr(x.C) + " " + sexpr(x.X) + " " + sexpr(x.Y) + ")"
	case *Comma:
		return "(, " + sexpr(x.X) + " " + sexpr(x.Y) + ")"
	case *Cast:
		return "(cast " + stype(x.Type) + " " + sexpr(x.X) + ")"
	case *SizeofExpr:
		return "(sizeof " + sexpr(x.X) + ")"
	case *SizeofType:
		return "(sizeof-type " + stype(x.Type) + ")"
	case *Stringof:
		return "(stringof " + sexpr(x.X) + ")"
	case *Offsetof:
		return "(offsetof " + stype(x.Type) + " " + strings.Join(x.Member, ".") + ")"
	case *Xlate:
		return "(xlate " + stype(x.Type) + " " + sexpr(x.X) + ")"
	}
	return fmt.Sprintf("%T", x)
}

// stype shows the structure of a type in words.
func stype(t TypeExpr) string {
	params := func(list []*Param) string {
		var words []string
		for _, p := range list {
			w := stype(p.Type)
			if p.Name != "" {
				w = p.Name + ":" + w
			}
			words = append(words, w)
		}
		return strings.Join(words, ",")
	}
	switch t := t.(type) {
	case *TypeSpec:
		return strings.ReplaceAll(Print(t), " ", "-")
	case *PointerType:
		q := ""
		if t.Quals != 0 {
			q = t.Quals.String() + "-"
		}
		return q + "ptr(" + stype(t.Elem) + ")"
	case *ArrayType:
		n := ""
		if t.Len != nil {
			n = sexpr(t.Len)
		}
		return "arr[" + n + "](" + stype(t.Elem) + ")"
	case *AssocType:
		return "assoc[" + params(t.Keys) + "](" + stype(t.Elem) + ")"
	case *FuncType:
		dots := ""
		if t.Variadic {
			dots = ",..."
		}
		return "func(" + params(t.Params) + dots + ")(" + stype(t.Result) + ")"
	}
	return fmt.Sprintf("%T", t)
}
