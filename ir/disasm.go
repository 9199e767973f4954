package ir

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/agg"
)

// Disassemble writes a listing of prog to w, the one that dtrace -S shows. It
// is also what Assemble reads. prog need not be valid.
//
//	program model=LP64 strsize=256
//	const "cat\x00"
//	agg 0 _ count key=8 keys=probefunc@0:4
//	clause "syscall:::entry" probes=1-360 frame=24
//	   0  3/0  bs        frame[8:24], execname
//	   1  3/0  strcmp    r0, frame[8:24], const[0:4]("cat")
//
// An instruction line has the pc, source line / action, name and operands.
// What stands in parentheses is a comment.
func Disassemble(w io.Writer, prog *Program) error {
	b := bufio.NewWriter(w)
	d := disasm{b, prog}
	d.header()
	for _, c := range prog.Clauses {
		if c != nil {
			d.clause(c)
		}
	}
	return b.Flush()
}

// String returns the listing of p.
func (p *Program) String() string {
	var b strings.Builder
	Disassemble(&b, p)
	return b.String()
}

type disasm struct {
	*bufio.Writer
	p *Program
}

func (d disasm) header() {
	p := d.p
	fmt.Fprintf(d, "program model=%s strsize=%d", p.Model.Name, p.StrSize)
	for _, f := range []struct {
		name string
		n    uint32
	}{{"global", p.GlobalSize}, {"local", p.LocalSize}, {"tls", p.TLSSize}} {
		if f.n > 0 {
			fmt.Fprintf(d, " %s=%d", f.name, f.n)
		}
	}
	if p.Destructive {
		d.WriteString(" destructive")
	}
	if p.Speculations {
		d.WriteString(" speculations")
	}
	d.WriteByte('\n')
	if len(p.Const) > 0 {
		fmt.Fprintf(d, "const %q\n", p.Const)
	}
	for i, v := range p.Vars {
		fmt.Fprintf(d, "var %d %s %s", i, v.Name, v.Kind)
		if v.Kind == VarAssoc || v.Kind == VarThreadAssoc {
			fmt.Fprintf(d, " key=%d val=%d", v.KeySize, v.ValSize)
		} else {
			fmt.Fprintf(d, " mem=%s", v.Mem)
		}
		if v.Type != nil {
			fmt.Fprintf(d, " type=%q", v.Type.String())
		}
		d.fields(" keys=", v.Keys)
		d.WriteByte('\n')
	}
	for i, a := range p.Aggs {
		fmt.Fprintf(d, "agg %d %s %s", i, a.Name, a.Spec.Func)
		s := a.Spec
		switch s.Func {
		case agg.LQuantize:
			fmt.Fprintf(d, "(%d,%d,%d)", s.Low, s.High, s.Step)
		case agg.LLQuantize:
			fmt.Fprintf(d, "(%d,%d,%d,%d)", s.Factor, s.LowMag, s.HighMag, s.Steps)
		}
		if a.KeySize > 0 {
			fmt.Fprintf(d, " key=%d", a.KeySize)
		}
		d.fields(" keys=", a.Keys)
		if a.Clearable {
			d.WriteString(" clearable")
		}
		d.WriteByte('\n')
	}
}

func (d disasm) fields(prefix string, fs []Field) {
	for i, f := range fs {
		if i == 0 {
			d.WriteString(prefix)
		} else {
			d.WriteByte(',')
		}
		name := f.Kind.String()
		if f.Kind == FInt && !f.Signed {
			name = "uint"
		}
		fmt.Fprintf(d, "%s@%d:%d", name, f.Off, f.Size)
	}
}

func (d disasm) clause(c *Clause) {
	fmt.Fprintf(d, "clause %q", c.Name)
	if len(c.Probes) > 0 {
		d.WriteString(" probes=")
		for i := 0; i < len(c.Probes); {
			j := i + 1
			for j < len(c.Probes) && c.Probes[j] == c.Probes[j-1]+1 {
				j++
			}
			if i > 0 {
				d.WriteByte(',')
			}
			if j-i > 1 {
				fmt.Fprintf(d, "%d-%d", c.Probes[i], c.Probes[j-1])
			} else {
				fmt.Fprintf(d, "%d", c.Probes[i])
			}
			i = j
		}
	}
	if c.FrameSize > 0 {
		fmt.Fprintf(d, " frame=%d", c.FrameSize)
	}
	if c.Record {
		fmt.Fprintf(d, " record=%d", c.RecSize)
	}
	if c.Conditional {
		d.WriteString(" conditional")
	}
	if c.Speculative {
		d.WriteString(" speculative")
	}
	d.WriteByte('\n')
	for i := range c.Actions {
		d.action(i, &c.Actions[i])
	}
	for pc := range c.Code {
		line, act := int32(0), int32(0)
		if pc < len(c.Line) {
			line = c.Line[pc]
		}
		if pc < len(c.Act) {
			act = c.Act[pc]
		}
		fmt.Fprintf(d, "%5d  %-6s %s\n", pc, fmt.Sprintf("%d/%d", line, act), InstrString(d.p, c, pc))
	}
}

func (d disasm) action(i int, a *Action) {
	fmt.Fprintf(d, "  action %d %s", i, a.Kind)
	if a.Format != "" {
		fmt.Fprintf(d, " %q", a.Format)
	}
	d.fields(" fields=", a.Fields)
	for i, g := range a.Aggs {
		if i == 0 {
			d.WriteString(" aggs=")
		} else {
			d.WriteByte(',')
		}
		d.WriteString(strconv.Itoa(int(g)))
	}
	for _, s := range a.Args {
		fmt.Fprintf(d, " arg=%q", s)
	}
	if a.N != 0 {
		fmt.Fprintf(d, " n=%d", a.N)
	}
	d.WriteByte('\n')
}

// String returns "space[from:to]".
func (m Mem) String() string {
	return fmt.Sprintf("%s[%d:%d]", m.Space, m.Off, uint64(m.Off)+uint64(m.Size))
}

// InstrString returns the text of one instruction of c, a clause of p, without
// pc and line. c need not be valid; pc must be in range.
func InstrString(p *Program, c *Clause, pc int) string {
	in := &c.Code[pc]
	var b strings.Builder
	b.WriteString(in.Op.String())
	if int(in.Op) >= NumOps {
		return b.String()
	}
	info := &opTable[in.Op]
	if info.flags&fSize != 0 {
		b.WriteByte('.')
		b.WriteString(strconv.Itoa(int(in.Size)))
		if in.Signed {
			b.WriteByte('s')
		}
	}
	first := true
	for _, o := range info.args {
		s := ""
		switch o {
		case oCond:
			b.WriteByte('.')
			b.WriteString(Cond(in.Sub).String())
			continue
		case oArg:
			if Builtin(in.Sub) != BArg {
				continue
			}
			s = strconv.FormatInt(in.Imm, 10)
		case oUReg:
			if Builtin(in.Sub) != BUReg {
				continue
			}
			s = in.A.String()
		default:
			s = operandString(p, c, in, o)
		}
		if first {
			for b.Len() < 9 {
				b.WriteByte(' ')
			}
			b.WriteByte(' ')
			first = false
		} else {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	return b.String()
}

// String returns "r3", or "-" for NoReg.
func (r Reg) String() string {
	if r == NoReg {
		return "-"
	}
	return "r" + strconv.Itoa(int(r))
}

func operandString(p *Program, c *Clause, in *Instr, o operand) string {
	mem := func(id MemID) string { return memString(p, c, id) }
	switch o {
	case oDst, oDstRW:
		return in.Dst.String()
	case oA, oAOpt:
		return in.A.String()
	case oB, oBOpt:
		return in.B.String()
	case oC:
		return in.C.String()
	case oBImm:
		if in.B == NoReg {
			return strconv.FormatInt(in.Imm, 10)
		}
		return in.B.String()
	case oAddr:
		return fmt.Sprintf("[%s%+d]", in.A, in.Imm)
	case oImm, oBound, oSkip:
		return strconv.FormatInt(in.Imm, 10)
	case oAct:
		if in.Imm >= 0 && in.Imm < int64(len(c.Actions)) {
			return fmt.Sprintf("%d(%s)", in.Imm, c.Actions[in.Imm].Kind)
		}
		return strconv.FormatInt(in.Imm, 10)
	case oVar:
		if in.Imm >= 0 && in.Imm < int64(len(p.Vars)) {
			return fmt.Sprintf("v%d(%s)", in.Imm, p.Vars[in.Imm].Name)
		}
		return fmt.Sprintf("v%d", in.Imm)
	case oAgg:
		if in.Imm >= 0 && in.Imm < int64(len(p.Aggs)) {
			a := &p.Aggs[in.Imm]
			return fmt.Sprintf("a%d(@%s %s)", in.Imm, a.Name, a.Spec.Func)
		}
		return fmt.Sprintf("a%d", in.Imm)
	case oTarget, oBack:
		return "->" + strconv.Itoa(int(in.Target))
	case oFault:
		return name(faultIdents[:], int(in.Sub), "fault")
	case oBuiltin:
		return Builtin(in.Sub).String()
	case oStrBuiltin:
		return StrBuiltin(in.Sub).String()
	case oNRd, oNRdStr, oNStrOpt, oNWrVal, oNRdVal:
		return mem(in.N)
	case oPRdStr:
		return mem(in.P)
	}
	return mem(in.M)
}

func memString(p *Program, c *Clause, id MemID) string {
	if id == NoMem {
		return "-"
	}
	if int(id) >= len(c.Mems) {
		return "mem" + strconv.Itoa(int(id))
	}
	m := c.Mems[id]
	s := m.String()
	end := uint64(m.Off) + uint64(m.Size)
	if m.Space == Const && end <= uint64(len(p.Const)) {
		text := p.Const[m.Off:end]
		if len(text) > 0 && text[len(text)-1] == 0 {
			text = text[:len(text)-1]
		}
		if len(text) > 40 {
			return fmt.Sprintf("%s(%q...)", s, text[:40])
		}
		return fmt.Sprintf("%s(%q)", s, text)
	}
	if m.Space == Global || m.Space == Local || m.Space == TLS {
		for i := range p.Vars {
			v := &p.Vars[i]
			if v.Mem.Space != m.Space || v.Mem.Size == 0 || v.Kind > VarTLS {
				continue
			}
			if m.Off >= v.Mem.Off && end <= uint64(v.Mem.Off)+uint64(v.Mem.Size) {
				return s + "(" + v.Name + ")"
			}
		}
	}
	return s
}
