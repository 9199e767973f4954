package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// Options are the compile-time options that change what a program means or
// which programs are refused. The zero Options are DTrace's defaults.
type Options struct {
	// StrSize is the size of a string in bytes, NUL included; 0 is 256.
	StrSize int64
	// Destructive allows destructive actions (-w).
	Destructive bool
	// ZDefs allows probe descriptions that match nothing (-Z).
	ZDefs bool
	// KNoDefs lets unknown symbols of the kernel pass as addresses to be
	// resolved later: such symbols get address 0 and no type.
	KNoDefs bool
	// NSpec, StackFrames and UStackFrames are the options of these names; 0 is
	// DTrace's default (20 frames, or 100 for user stacks).
	StackFrames, UStackFrames int64
	// JStackFrames and JStackStrSize are the defaults of jstack(); 0 is 50 and
	// 512.
	JStackFrames, JStackStrSize int64
	// AMin is the least stability allowed (-x amin); the zero Attr allows all.
	AMin probe.Attr
	// MaxStrSize bounds StrSize. 0 is no bound.
	MaxStrSize int64
	// Target is set if $target names a process (-c, -p).
	Target bool
	// Libs are the D libraries, parsed, in an order in which each comes after
	// those it depends on. What they define and the World lacks the types for
	// is left out; a program that uses it gets the reason.
	Libs []*syntax.Program
	// Libraries are the names that "#pragma D depends_on library" finds.
	Libraries []string
}

// Checker checks the programs of one run of the compiler. They share variables,
// aggregations, inlines, translators and types. It is not safe for concurrent
// use.
type Checker struct {
	w   World
	opt Options
	t   *ctype.Set

	exprs     map[syntax.Expr]*Expr
	typeExprs map[syntax.TypeExpr]*ctype.Type
	vars      []*Var
	aggs      []*Agg
}
