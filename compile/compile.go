// Package compile turns checked D programs into ir.
//
// Each clause is compiled on its own, in one pass over its tree, into straight
// code. Three ideas shape that code:
//
//   - Integers and pointers are registers of 64 bits. Nothing is cut while an
//     expression is computed; casts, stores, record fields and the conversions
//     that check asks for cut.
//   - Strings and structs are memory. Whoever needs one says where it shall end
//     (a record field, a tuple, a variable), so that most are made in place and
//     never copied.
//   - Values that cannot change during a firing (pid, timestamp, execname) are
//     read once a clause, on the first path that needs them.
//
// The package knows nothing of hosts. What it cannot express is reported as
// *diag.Error; whatever it returns passes ir.Verify.
package compile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// Options are the compile-time options. The zero Options are the defaults.
type Options struct {
	// LoopMax bounds the iterations of a loop whose number is not evident; 0 is
	// DefaultLoopMax. A loop that passes it faults.
	LoopMax int64
	// ExecNameSize is the size in bytes of execname and threadname, NUL
	// included; 0 is 16, that of Linux.
	ExecNameSize int64
	// Probe returns a probe of the host by id. If it is set, strings made of
	// probes' names are as short as these are, and names that the probe
	// descriptions fix are constants.
	Probe func(probe.ID) *probe.Probe
	// PcapSize is the number of bytes that pcap() records; 0 is 1500.
	PcapSize int64
}

// DefaultLoopMax is Options.LoopMax if that is 0. Two nested loops of that size
// stay below ir.MaxLoop.
const DefaultLoopMax = 1000

// Compile compiles programs that were checked by one Checker, in that order,
// into one ir program: the variables and aggregations are shared, and the
// clauses of one probe run in the order of the programs. Without programs the
// result is a program without clauses, under LP64. The error, if any, is a
// *diag.Error that names the clause.
func Compile(infos []*check.Info, opt Options) (p *ir.Program, err error) {
	if opt.LoopMax <= 0 {
		opt.LoopMax = DefaultLoopMax
	}
	opt.LoopMax = min(opt.LoopMax, ir.MaxLoop)
	if opt.ExecNameSize <= 0 {
		opt.ExecNameSize = 16
	}
	if opt.PcapSize <= 0 {
		opt.PcapSize = 1500
	}
	c := &compiler{
		opt:    opt,
		prog:   &ir.Program{Model: ctype.LP64, StrSize: 256},
		consts: map[string]uint32{},
		vars:   map[*check.Var]int{},
		parts:  map[*check.Clause][4]partName{},
		users:  map[*check.InlineDef]bool{},
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *diag.Error:
			p, err = nil, r
		default:
			panic(r)
		}
	}()
	if len(infos) > 0 {
		c.info = infos[0]
		c.types = c.info.Types()
		c.prog.Model = c.info.Model()
		c.prog.StrSize = uint32(c.info.StrSize())
		c.str = c.info.StrSize()
	}
	c.layout(infos)
	for _, in := range infos {
		c.info = in
		for _, cl := range in.Clauses {
			c.prog.Clauses = append(c.prog.Clauses, c.clause(cl))
		}
	}
	if err := ir.Verify(c.prog); err != nil {
		pos := diag.Pos{}
		var ve *ir.VerifyError
		if errors.As(err, &ve) && ve.Index >= 0 {
			pos = c.prog.Clauses[ve.Index].Pos
		}
		return nil, diag.Errorf(pos, diag.D_CG_EXPR, "the code does not keep the rules: %v", err)
	}
	return c.prog, nil
}

// compiler holds what the clauses of a program share.
type compiler struct {
	opt   Options
	info  *check.Info
	types *ctype.Set
	str   int64 // size of a string
	prog  *ir.Program

	consts map[string]uint32 // text with its end -> offset in prog.Const
	vars   map[*check.Var]int
	tuples map[check.Object]*tuple

	clauseNow *check.Clause
	parts     map[*check.Clause][4]partName
	sizes     map[syntax.Expr]int64     // strSize of bodies of inlines and members of translators in the current clause
	users     map[*check.InlineDef]bool // userPtr of inlines
}

// model returns the data model.
func (c *compiler) model() *ctype.Model { return &c.prog.Model }

// size returns the number of bytes that a value of type t takes in memory.
func (c *compiler) size(t *ctype.Type) int64 {
	if t.Is(ctype.String) {
		return c.str
	}
	if t.IsStackVal() {
		return 8 + 8*max(c.info.StackFrames(), 1)
	}
	if t.Is(ctype.Array) && t.Base().Elem.Is(ctype.String) {
		return t.Base().Len * c.str
	}
	return c.prog.Model.Size(t)
}

// align returns the alignment of a value of type t.
func (c *compiler) align(t *ctype.Type) int64 {
	if t.Is(ctype.String) || t.Is(ctype.Array) && t.Base().Elem.Is(ctype.String) || t.IsStackVal() {
		return 8
	}
	return max(c.prog.Model.Align(t), 1)
}

// constant places text in the constants and returns where. Equal texts share
// their place.
func (c *compiler) constant(text string) ir.Mem {
	off, ok := c.consts[text]
	if !ok {
		off = uint32(len(c.prog.Const))
		c.prog.Const = append(c.prog.Const, text...)
		c.consts[text] = off
	}
	return ir.Mem{Space: ir.Const, Off: off, Size: uint32(len(text))}
}

// literal returns the memory of a string constant: its text up to the first
// NUL, cut to the size of a string.
func (c *compiler) literal(s string) ir.Mem { return c.constant(c.literalText(s) + "\x00") }

func (c *compiler) literalText(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return s[:min(int64(len(s)), c.str-1)]
}

func roundUp[T int64 | uint32](n, to T) T { return (n + to - 1) / to * to }

// clauseName is how messages call a clause.
func clauseName(cl *check.Clause) string {
	if cl.Node != nil && len(cl.Node.Probes) > 0 && cl.Node.Probes[0].Text != "" {
		return cl.Node.Probes[0].Text
	}
	if len(cl.Descs) > 0 {
		return cl.Descs[0].String()
	}
	return "clause"
}

// clause compiles one clause.
func (c *compiler) clause(cl *check.Clause) *ir.Clause {
	c.enter(cl)
	g := &gen{
		compiler: c, cl: cl,
		out: &ir.Clause{
			Descs: append([]probe.Desc(nil), cl.Descs...), Probes: append([]probe.ID(nil), cl.Probes...),
			Speculative: cl.Speculative, Name: clauseName(cl), Pos: cl.Node.Pos(),
		},
		mems: map[ir.Mem]ir.MemID{},
		env:  map[*check.Param]binding{},
	}
	g.run()
	return g.out
}

// enter makes cl the current clause.
func (c *compiler) enter(cl *check.Clause) {
	c.clauseNow, c.sizes = cl, map[syntax.Expr]int64{}
}

// fail ends the compilation with an error at node n.
func (g *gen) fail(n syntax.Node, code diag.Code, format string, args ...any) {
	pos := g.cl.Node.Pos()
	if n != nil {
		pos = n.Pos()
	}
	panic(diag.Errorf(pos, code, "%s: %s", g.out.Name, fmt.Sprintf(format, args...)))
}
