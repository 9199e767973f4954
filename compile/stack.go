package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// dynCall reports whether an expression calls stack(), sym() or one of their
// kind.
func dynCall(x *check.Expr) bool {
	return x.Call != nil && x.Call.Fn != nil && dynamic(x.Call.Fn.ID)
}

// putStackVal makes a stack in m as variables hold it: a word that tells whose
// stack it is, then the frames.
func (g *gen) putStackVal(n *syntax.Call, x *check.Expr, m ir.Mem) {
	if x.Call.Fn.ID == check.FStack {
		word := m
		word.Size = 8
		g.st(word, constVal(ir.KernelStack))
		m.Off, m.Size = m.Off+8, m.Size-8
	}
	g.putDyn(n, x, m)
}
