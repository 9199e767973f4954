package ir

import (
	"fmt"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/probe"
)

// Limits of a valid program.
const (
	MaxReg    = 1 << 14 // registers of a clause
	MaxCode   = 1 << 20 // instructions of a clause
	MaxFrame  = 1 << 20 // bytes of Frame
	MaxRecord = 1 << 22 // bytes of a record
	MaxSpace  = 1 << 26 // bytes of Global, Local, TLS or Const
	MaxKey    = 1 << 16 // bytes of a tuple
	MaxMarks  = 64      // actions of a conditional clause
	MaxArg    = 32      // raw arguments of a probe
	MaxLoop   = 1 << 20 // iterations of a loop, times those of the loops around it
)

// VerifyError says which rule a program breaks and where.
type VerifyError struct {
	// Clause is the clause's name and Index its number; Index is -1 if the error
	// is in the program's tables.
	Clause string
	Index  int
	// PC is the instruction, -1 if the error is not in one, and Instr its text.
	PC    int
	Instr string
	// Rule says what was found and what is allowed.
	Rule string
}

func (e *VerifyError) Error() string {
	switch {
	case e.Index < 0:
		return "verify: " + e.Rule
	case e.PC < 0:
		return fmt.Sprintf("verify: clause %d (%s): %s", e.Index, e.Clause, e.Rule)
	}
	return fmt.Sprintf("verify: clause %d (%s) pc %d: %s: %s", e.Index, e.Clause, e.PC, e.Instr, e.Rule)
}

// Verify reports whether p is valid: whether each of its instructions does what
// package comment and instruction set say whatever happens at run time. The
// back ends run verified programs only and check none of this again. The
// error, if any, is a *VerifyError for the first rule that is broken.
//
// Beyond what the declarations say, a valid program keeps these rules:
//
//   - Every instruction can be reached. Control never runs off the end.
//   - Registers are written before they are read, on all paths. So is memory in
//     Frame and Record; an instruction that makes a string writes it up to its NUL,
//     and what is behind counts as unwritten unless it was written before.
//   - Numbers lie at multiples of their size.
//   - The destination of an instruction does not overlap a source in memory.
//   - A string destination has at least 2 bytes.
//   - At each instruction it is known whether Fire was executed. Record is used,
//     and Mark and Speculate executed, only after it. Fire and Speculate are
//     executed at most once, Commit not after Speculate.
//   - At Ret after Fire the fields of all actions are written; in a conditional
//     clause each Mark comes after its action's fields instead.
//   - Loops nest.
func Verify(p *Program) error {
	v := &verifier{p: p, index: -1, pc: -1}
	if err := v.program(); err != nil {
		return err
	}
	for i, c := range p.Clauses {
		v.index, v.pc, v.c = i, -1, c
		if c == nil {
			return v.errf("there is no clause")
		}
		if err := v.clause(); err != nil {
			return err
		}
	}
	return nil
}

type verifier struct {
	p     *Program
	index int
	c     *Clause
	pc    int
}

func (v *verifier) errf(format string, args ...any) error {
	e := &VerifyError{Index: v.index, PC: v.pc, Rule: fmt.Sprintf(format, args...)}
	if v.c != nil {
		e.Clause = v.c.Name
		if v.pc >= 0 {
			e.Instr = InstrString(v.p, v.c, v.pc)
		}
	}
	return e
}

// spaceSize returns the size in bytes of a space.
func (v *verifier) spaceSize(s Space) (uint32, bool) {
	switch s {
	case Frame:
		if v.c != nil {
			return v.c.FrameSize, true
		}
	case Record:
		if v.c != nil {
			return v.c.RecSize, true
		}
	case Const:
		return uint32(len(v.p.Const)), true
	case Global:
		return v.p.GlobalSize, true
	case Local:
		return v.p.LocalSize, true
	case TLS:
		return v.p.TLSSize, true
	}
	return 0, false
}

func (v *verifier) checkMem(m Mem) error {
	n, ok := v.spaceSize(m.Space)
	if !ok {
		return v.errf("memory space %d does not exist here", m.Space)
	}
	if uint64(m.Off)+uint64(m.Size) > uint64(n) {
		return v.errf("%s is outside of %s[0:%d]", m, m.Space, n)
	}
	if m.Size == 0 {
		return v.errf("%s is empty", m)
	}
	return nil
}

func (v *verifier) program() error {
	p := v.p
	if p == nil {
		return v.errf("there is no program")
	}
	if len(p.Const) > MaxSpace {
		return v.errf("%d bytes of constants, want at most %d", len(p.Const), MaxSpace)
	}
	for _, s := range []Space{Global, Local, TLS} {
		n, _ := v.spaceSize(s)
		if n%8 != 0 || n > MaxSpace {
			return v.errf("size %d of %s, want a multiple of 8 up to %d", n, s, MaxSpace)
		}
	}
	if p.Model.Ptr != 4 && p.Model.Ptr != 8 {
		return v.errf("pointers of %d bytes, want 4 or 8", p.Model.Ptr)
	}
	if p.StrSize < 2 || p.StrSize > MaxFrame {
		return v.errf("string size %d, want 2 to %d", p.StrSize, MaxFrame)
	}
	for i := range p.Vars {
		if err := v.variable(i); err != nil {
			return err
		}
	}
	for i := range p.Aggs {
		a := &p.Aggs[i]
		if a.Spec.Func == agg.None {
			return v.errf("aggregation %d (@%s) has no function", i, a.Name)
		}
		if err := a.Spec.Validate(); err != nil {
			return v.errf("aggregation %d (@%s): %v", i, a.Name, err)
		}
		if (a.KeySize == 0) != (len(a.Keys) == 0) {
			return v.errf("aggregation %d (@%s) has a tuple of %d bytes and %d keys", i, a.Name, a.KeySize, len(a.Keys))
		}
		if err := v.keys(a.Keys, a.KeySize, fmt.Sprintf("aggregation %d (@%s)", i, a.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) variable(i int) error {
	x := &v.p.Vars[i]
	what := fmt.Sprintf("variable %d (%s)", i, x.Name)
	switch x.Kind {
	case VarGlobal, VarLocal, VarTLS:
		want := [...]Space{VarGlobal: Global, VarLocal: Local, VarTLS: TLS}[x.Kind]
		if x.Mem.Space != want {
			return v.errf("%s of class %s is in space %s, want %s", what, x.Kind, x.Mem.Space, want)
		}
		if err := v.checkMem(x.Mem); err != nil {
			return v.errf("%s: %s", what, err.(*VerifyError).Rule)
		}
	case VarAssoc, VarThreadAssoc:
		if x.KeySize == 0 || x.ValSize == 0 || x.ValSize > MaxFrame {
			return v.errf("%s has a tuple of %d and values of %d bytes, want more than 0", what, x.KeySize, x.ValSize)
		}
		if x.Kind == VarThreadAssoc && x.KeySize < 8 {
			return v.errf("%s has a tuple of %d bytes, want at least 8 for the thread's key", what, x.KeySize)
		}
		return v.keys(x.Keys, x.KeySize, what)
	default:
		return v.errf("%s has unknown class %d", what, x.Kind)
	}
	return nil
}

func (v *verifier) keys(fs []Field, size uint32, what string) error {
	if size > MaxKey {
		return v.errf("%s has a tuple of %d bytes, want at most %d", what, size, MaxKey)
	}
	for i := range fs {
		if err := v.field(&fs[i], size); err != nil {
			return v.errf("%s: key %d: %s", what, i, err.(*VerifyError).Rule)
		}
	}
	return nil
}

// field checks a field of a record or tuple of size bytes.
func (v *verifier) field(f *Field, size uint32) error {
	if uint64(f.Off)+uint64(f.Size) > uint64(size) {
		return v.errf("field [%d:%d] is outside of [0:%d]", f.Off, uint64(f.Off)+uint64(f.Size), size)
	}
	align := uint32(1)
	ok := true
	switch f.Kind {
	case FInt:
		ok = f.Size == 1 || f.Size == 2 || f.Size == 4 || f.Size == 8
		align = f.Size
	case FPtr:
		ok = f.Size == 4 || f.Size == 8
		align = f.Size
	case FString:
		ok = f.Size >= 2
	case FBytes:
		ok = f.Size > 0
	case FStack:
		ok, align = f.Size > 0 && f.Size%8 == 0, 8
	case FUStack:
		ok, align = f.Size >= 16 && f.Size%8 == 0, 8
	case FSym, FMod:
		ok, align = f.Size == 8, 8
	case FUSym, FUMod, FUAddr:
		ok, align = f.Size == 16, 8
	case FProbeProv, FProbeMod, FProbeFunc, FProbeName:
		ok, align = f.Size == 4, 4
	default:
		return v.errf("unknown field kind %d", f.Kind)
	}
	if !ok {
		return v.errf("a field of kind %s has %d bytes", f.Kind, f.Size)
	}
	if f.Off%align != 0 {
		return v.errf("a field of kind %s is at offset %d, want a multiple of %d", f.Kind, f.Off, align)
	}
	if f.Type == nil && (f.Kind == FInt || f.Kind == FPtr || f.Kind == FBytes) {
		return v.errf("a field of kind %s has no type", f.Kind)
	}
	return nil
}

func (v *verifier) clause() error {
	c := v.c
	switch {
	case len(c.Code) == 0:
		return v.errf("the clause has no code")
	case len(c.Code) > MaxCode:
		return v.errf("%d instructions, want at most %d", len(c.Code), MaxCode)
	case len(c.Line) != len(c.Code) || len(c.Act) != len(c.Code):
		return v.errf("%d instructions have %d lines and %d actions", len(c.Code), len(c.Line), len(c.Act))
	case c.NumReg < 0 || c.NumReg > MaxReg:
		return v.errf("%d registers, want at most %d", c.NumReg, MaxReg)
	case c.FrameSize%8 != 0 || c.FrameSize > MaxFrame:
		return v.errf("frame of %d bytes, want a multiple of 8 up to %d", c.FrameSize, MaxFrame)
	case c.RecSize%8 != 0 || c.RecSize > MaxRecord:
		return v.errf("record of %d bytes, want a multiple of 8 up to %d", c.RecSize, MaxRecord)
	case !c.Record && (c.RecSize != 0 || len(c.Actions) != 0):
		return v.errf("a clause that does not record has a record of %d bytes and %d actions", c.RecSize, len(c.Actions))
	case c.Conditional && c.RecSize < 8:
		return v.errf("a conditional clause has a record of %d bytes, want at least 8", c.RecSize)
	case c.Conditional && len(c.Actions) > MaxMarks:
		return v.errf("%d actions in a conditional clause, want at most %d", len(c.Actions), MaxMarks)
	}
	last := probe.ID(0)
	for _, id := range c.Probes {
		if id <= last {
			return v.errf("probe %d follows probe %d, want ascending ids", id, last)
		}
		last = id
	}
	for i := range c.Mems {
		if err := v.checkMem(c.Mems[i]); err != nil {
			return err
		}
	}
	for i := range c.Actions {
		if err := v.action(i); err != nil {
			return err
		}
	}
	for pc := range c.Code {
		v.pc = pc
		if err := v.instr(&c.Code[pc]); err != nil {
			return err
		}
	}
	v.pc = -1
	if err := v.loops(); err != nil {
		return err
	}
	return v.flow()
}

func (v *verifier) action(i int) error {
	a := &v.c.Actions[i]
	if a.Kind > ActLibact {
		return v.errf("action %d has unknown kind %d", i, a.Kind)
	}
	for j := range a.Fields {
		f := &a.Fields[j]
		if err := v.field(f, v.c.RecSize); err != nil {
			return v.errf("action %d (%s): field %d: %s", i, a.Kind, j, err.(*VerifyError).Rule)
		}
		if v.c.Conditional && f.Off < 8 {
			return v.errf("action %d (%s): field %d is at offset %d, in the mask of the executed actions", i, a.Kind, j, f.Off)
		}
	}
	for _, g := range a.Aggs {
		if int(g) >= len(v.p.Aggs) {
			return v.errf("action %d (%s) names aggregation %d of %d", i, a.Kind, g, len(v.p.Aggs))
		}
	}
	min := [...]struct{ fields, aggs int }{
		ActTrace: {1, 0}, ActTracemem: {1, 0}, ActPrinta: {0, 1}, ActPrint: {1, 0}, ActStack: {1, 0}, ActUStack: {1, 0},
		ActSym: {1, 0}, ActExit: {1, 0}, ActClear: {0, 1}, ActTrunc: {0, 1}, ActNormalize: {1, 1}, ActDenormalize: {0, 1},
		ActCommit: {1, 0}, ActDiscard: {1, 0}, ActPrintm: {1, 0}, ActPcap: {1, 0}, ActLibact: {},
	}[a.Kind]
	if len(a.Fields) < min.fields || len(a.Aggs) < min.aggs {
		return v.errf("action %d (%s) has %d fields and %d aggregations, want at least %d and %d",
			i, a.Kind, len(a.Fields), len(a.Aggs), min.fields, min.aggs)
	}
	return nil
}
