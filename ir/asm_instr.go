package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// instr assembles one instruction line.
func (a *assembler) instr(line string) error {
	in := Instr{Dst: NoReg, A: NoReg, B: NoReg, C: NoReg, M: NoMem, N: NoMem, P: NoMem}
	word, rest := cutWord(line)
	if isNumber(word) {
		if word != strconv.Itoa(len(a.c.Code)) {
			return fmt.Errorf("pc %s, want %d", word, len(a.c.Code))
		}
		word, rest = cutWord(rest)
	}
	var srcLine, act int64
	if l, n, ok := strings.Cut(word, "/"); ok {
		var err1, err2 error
		srcLine, err1 = strconv.ParseInt(l, 10, 32)
		act, err2 = strconv.ParseInt(n, 10, 32)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("bad line/action %q", word)
		}
		word, rest = cutWord(rest)
	}
	parts := strings.Split(word, ".")
	op, ok := opByName(parts[0])
	if !ok {
		return fmt.Errorf("unknown instruction %q", word)
	}
	in.Op = op
	info := &opTable[op]
	parts = parts[1:]
	if info.flags&fSize != 0 {
		if len(parts) == 0 {
			return fmt.Errorf("%s: want a size, as in %s.8", op, op)
		}
		s := parts[0]
		if in.Signed = strings.HasSuffix(s, "s"); in.Signed {
			s = s[:len(s)-1]
		}
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil {
			return fmt.Errorf("%s: bad size %q", op, parts[0])
		}
		in.Size = uint8(n)
		parts = parts[1:]
	}
	ops, err := splitOperands(rest)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	for _, o := range info.args {
		if o == oCond {
			if len(parts) == 0 {
				return fmt.Errorf("%s: want a comparison, as in %s.eq", op, op)
			}
			c, ok := find(condNames[:], parts[0])
			if !ok {
				return fmt.Errorf("%s: unknown comparison %q", op, parts[0])
			}
			in.Sub, parts = uint8(c), parts[1:]
			continue
		}
		if o == oArg && Builtin(in.Sub) != BArg || o == oUReg && Builtin(in.Sub) != BUReg {
			continue
		}
		if len(ops) == 0 {
			return fmt.Errorf("%s: too few operands", op)
		}
		if err := a.operand(&in, o, ops[0]); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		ops = ops[1:]
	}
	if len(ops) > 0 || len(parts) > 0 {
		return fmt.Errorf("%s: too many operands", op)
	}
	a.c.Code = append(a.c.Code, in)
	a.c.Line = append(a.c.Line, int32(srcLine))
	a.c.Act = append(a.c.Act, int32(act))
	for _, r := range []Reg{in.Dst, in.A, in.B, in.C} {
		if r != NoReg {
			a.c.NumReg = max(a.c.NumReg, int(r)+1)
		}
	}
	return nil
}

func cutWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// splitOperands splits at commas and drops blanks and what is in parentheses.
func splitOperands(s string) ([]string, error) {
	var ops []string
	var b strings.Builder
	depth := 0
	any := false
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '"':
			q, err := strconv.QuotedPrefix(s[i:])
			if err != nil || depth == 0 {
				return nil, fmt.Errorf("misplaced string %s", s[i:])
			}
			i += len(q) - 1
		case ch == '(':
			depth++
		case ch == ')':
			depth--
		case depth > 0 || ch == ' ' || ch == '\t':
		case ch == ',':
			ops = append(ops, b.String())
			b.Reset()
			any = true
		default:
			b.WriteByte(ch)
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("unbalanced parentheses")
	}
	if b.Len() > 0 || any {
		ops = append(ops, b.String())
	}
	return ops, nil
}

func opByName(s string) (Op, bool) {
	for i := range opTable {
		if opTable[i].name == s {
			return Op(i), true
		}
	}
	return 0, false
}

func parseReg(s string) (Reg, error) {
	if n, err := strconv.ParseUint(strings.TrimPrefix(s, "r"), 10, 16); err == nil && s[0] == 'r' && n < uint64(NoReg) {
		return Reg(n), nil
	}
	return NoReg, fmt.Errorf("bad register %q", s)
}

// parseMem reads space[from:to].
func parseMem(s string) (Mem, error) {
	var m Mem
	sp, rest, ok := strings.Cut(s, "[")
	k, known := find(spaceNames[:], sp)
	from, to, ok2 := strings.Cut(strings.TrimSuffix(rest, "]"), ":")
	if !ok || !ok2 || !known {
		return m, fmt.Errorf("memory operand %q, want space[from:to]", s)
	}
	lo, err := number(from)
	if err != nil {
		return m, err
	}
	hi, err := number(to)
	if err != nil {
		return m, err
	}
	if hi < lo {
		return m, fmt.Errorf("memory operand %q ends before it starts", s)
	}
	return Mem{Space(k), lo, hi - lo}, nil
}

func (a *assembler) mem(s string) (MemID, error) {
	m, err := parseMem(s)
	if err != nil {
		return NoMem, err
	}
	return a.c.AddMem(m), nil
}

// AddMem returns the number of m in c.Mems, adding it if it is not there.
func (c *Clause) AddMem(m Mem) MemID {
	for i, x := range c.Mems {
		if x == m {
			return MemID(i)
		}
	}
	c.Mems = append(c.Mems, m)
	return MemID(len(c.Mems) - 1)
}

func (a *assembler) operand(in *Instr, o operand, s string) (err error) {
	if s == "" {
		return fmt.Errorf("empty operand")
	}
	num := func(s string) (int64, error) {
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			return 0, fmt.Errorf("bad number %q", s)
		}
		return n, nil
	}
	sub := func(names []string) error {
		i, ok := find(names, s)
		if !ok {
			return fmt.Errorf("unknown name %q", s)
		}
		in.Sub = uint8(i)
		return nil
	}
	if s == "-" {
		switch o {
		case oAOpt, oBOpt, oMKeyOpt, oNStrOpt:
			return nil
		}
		return fmt.Errorf("an operand is missing")
	}
	switch o {
	case oDst, oDstRW:
		in.Dst, err = parseReg(s)
	case oA, oAOpt, oUReg:
		in.A, err = parseReg(s)
	case oB, oBOpt:
		in.B, err = parseReg(s)
	case oC:
		in.C, err = parseReg(s)
	case oBImm:
		if s[0] == 'r' {
			in.B, err = parseReg(s)
		} else {
			in.Imm, err = num(s)
		}
	case oAddr:
		t := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
		i := strings.IndexAny(t, "+-")
		if i < 0 || len(t) != len(s)-2 {
			return fmt.Errorf("address %q, want [reg+number]", s)
		}
		if in.Imm, err = num(t[i:]); err == nil {
			in.A, err = parseReg(t[:i])
		}
	case oImm, oBound, oSkip, oAct, oArg:
		in.Imm, err = num(s)
	case oVar:
		in.Imm, err = num(strings.TrimPrefix(s, "v"))
	case oAgg:
		in.Imm, err = num(strings.TrimPrefix(s, "a"))
	case oTarget, oBack:
		l, ok := strings.CutPrefix(s, "->")
		if !ok {
			return fmt.Errorf("target %q, want ->pc or ->label", s)
		}
		if n, err := strconv.ParseInt(l, 10, 32); err == nil {
			in.Target = int32(n)
		} else {
			a.fixups[len(a.c.Code)] = l
		}
	case oFault:
		err = sub(faultIdents[:])
	case oBuiltin:
		err = sub(builtinNames[:])
	case oStrBuiltin:
		err = sub(strBuiltinNames[:])
	case oNRd, oNRdStr, oNStrOpt, oNWrVal, oNRdVal:
		in.N, err = a.mem(s)
	case oPRdStr:
		in.P, err = a.mem(s)
	default:
		in.M, err = a.mem(s)
	}
	return err
}
