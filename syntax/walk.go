package syntax

import "reflect"

// Walk calls f for n and, where f returns true, for the nodes within n, in
// source order. The specifiers that several declarators share are visited once.
// A nil node is skipped.
func Walk(n Node, f func(Node) bool) {
	if n == nil || reflect.ValueOf(n).IsNil() || !f(n) {
		return
	}
	switch n := n.(type) {
	case *Program:
		walkList(n.Items, f)
	case *Clause:
		walkList(n.Probes, f)
		walkOpt(n.Pred, f)
		if n.Body != nil {
			Walk(n.Body, f)
		}
	case *Decl:
		Walk(n.Spec, f)
		walkList(n.Declarators, f)
	case *Declarator:
		walkType(n.Type, f)
		walkOpt(n.Width, f)
	case *Param:
		Walk(BaseSpec(n.Type), f)
		walkType(n.Type, f)
	case *Inline:
		Walk(BaseSpec(n.Type), f)
		walkType(n.Type, f)
		walkList(n.Params, f)
		walkOpt(n.X, f)
	case *Translator:
		Walk(BaseSpec(n.Out), f)
		walkType(n.Out, f)
		Walk(BaseSpec(n.In), f)
		walkType(n.In, f)
		walkList(n.Members, f)
	case *TransMember:
		walkOpt(n.X, f)
	case *Provider:
		walkList(n.Probes, f)
	case *ProviderProbe:
		walkList(n.Params, f)
		walkList(n.Translated, f)
	case *TypeSpec:
		if n.Tag != nil {
			Walk(n.Tag, f)
		}
	case *Tag:
		walkList(n.Members, f)
		walkList(n.Enumerators, f)
	case *Enumerator:
		walkOpt(n.Value, f)
	case *PointerType:
		walkType(n.Elem, f)
	case *ArrayType:
		walkOpt(n.Len, f)
		walkType(n.Elem, f)
	case *AssocType:
		walkList(n.Keys, f)
		walkType(n.Elem, f)
	case *FuncType:
		walkList(n.Params, f)
		walkType(n.Result, f)
	case *Block:
		walkList(n.List, f)
	case *ExprStmt:
		walkOpt(n.X, f)
	case *IfStmt:
		walkOpt(n.Cond, f)
		Walk(n.Then, f)
		if n.Else != nil {
			Walk(n.Else, f)
		}
	case *ForStmt:
		walkOpt(n.Init, f)
		walkOpt(n.Cond, f)
		walkOpt(n.Post, f)
		Walk(n.Body, f)
	case *WhileStmt:
		walkOpt(n.Cond, f)
		Walk(n.Body, f)
	case Expr:
		walkExpr(n, f)
	}
}

// walkExpr visits the operands of x.
func walkExpr(x Expr, f func(Node) bool) {
	switch x := x.(type) {
	case *Agg:
		walkList(x.Keys, f)
	case *Call:
		Walk(x.Fun, f)
		walkList(x.Args, f)
	case *Index:
		walkOpt(x.X, f)
		walkList(x.Args, f)
	case *Member:
		walkOpt(x.X, f)
	case *Unary:
		walkOpt(x.X, f)
	case *IncDec:
		walkOpt(x.X, f)
	case *Binary:
		walkOpt(x.X, f)
		walkOpt(x.Y, f)
	case *Assign:
		walkOpt(x.X, f)
		walkOpt(x.Y, f)
	case *Cond:
		walkOpt(x.C, f)
		walkOpt(x.X, f)
		walkOpt(x.Y, f)
	case *Comma:
		walkOpt(x.X, f)
		walkOpt(x.Y, f)
	case *Cast:
		Walk(BaseSpec(x.Type), f)
		walkType(x.Type, f)
		walkOpt(x.X, f)
	case *SizeofExpr:
		walkOpt(x.X, f)
	case *SizeofType:
		Walk(BaseSpec(x.Type), f)
		walkType(x.Type, f)
	case *Offsetof:
		Walk(BaseSpec(x.Type), f)
		walkType(x.Type, f)
	case *Stringof:
		walkOpt(x.X, f)
	case *Xlate:
		Walk(BaseSpec(x.Type), f)
		walkType(x.Type, f)
		walkOpt(x.X, f)
	}
}

func walkOpt(x Expr, f func(Node) bool) {
	if x != nil {
		Walk(x, f)
	}
}

// walkType visits the steps of a type except the specifiers at its end, which
// whoever holds them visits.
func walkType(t TypeExpr, f func(Node) bool) {
	if _, ok := t.(*TypeSpec); ok || t == nil {
		return
	}
	Walk(t, f)
}

func walkList[T Node](list []T, f func(Node) bool) {
	for _, n := range list {
		Walk(n, f)
	}
}
