package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/syntax"
)

// Stacks are values: variables hold them, and both stacks and such variables
// are keys. A variable takes those of the kernel and of processes, whatever their
// number of frames; all variables of a program have room for the deepest stack
// that any of them is assigned.

// isStack reports whether t is the type of a stack.
func isStack(t *ctype.Type) bool { return dynClass(t) == 1 && t.Is(ctype.Dyn) }

// stackValue notes that the stack e is assigned to a variable.
func (c *Checker) stackValue(e syntax.Expr, x *Expr) {
	if x.Call != nil {
		c.stackFrames = max(c.stackFrames, x.Call.N)
	}
}

// stackKey notes that k is used as key of a type, with room for a number of
// frames, that earlier uses settled.
func (c *Checker) stackKey(k *Expr, t **ctype.Type, frames *int64) {
	if !isStack(k.Type) {
		return
	}
	if k.Call != nil {
		*frames = max(*frames, k.Call.N)
	}
	if (*t).Base().Dyn != k.Type.Base().Dyn {
		*t = c.t.StackVal
	}
}

// StackFrames is the number of frames that variables have room for.
func (in *Info) StackFrames() int64 { return in.c.stackFrames }
