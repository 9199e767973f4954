package ir

import "github.com/godtrace/godtrace/agg"

// instr checks what can be said of one instruction without its surroundings.
func (v *verifier) instr(in *Instr) error {
	if int(in.Op) >= NumOps {
		return v.errf("unknown operation %d", in.Op)
	}
	info := &opTable[in.Op]
	if info.flags&fSize != 0 {
		switch in.Size {
		case 1, 2, 4, 8:
		default:
			return v.errf("size %d, want 1, 2, 4 or 8", in.Size)
		}
	}
	if info.flags&fDestructive != 0 && !v.p.Destructive {
		return v.errf("a destructive instruction in a program that is not destructive")
	}
	if in.Op == Speculation && !v.p.Speculations {
		return v.errf("a speculation in a program without speculations")
	}
	if in.Op == Speculate && !v.c.Speculative {
		return v.errf("speculate in a clause that is not speculative")
	}
	if in.Op == Fire && !v.c.Record {
		return v.errf("fire in a clause that does not record")
	}
	if in.Op == Mark && !v.c.Conditional {
		return v.errf("mark in a clause that is not conditional")
	}
	for _, o := range info.args {
		if err := v.operand(in, o); err != nil {
			return err
		}
	}
	return v.overlap(in, info)
}

func (v *verifier) reg(r Reg) error {
	if int(r) >= v.c.NumReg {
		return v.errf("register %s, want r0 to r%d", r, v.c.NumReg-1)
	}
	return nil
}

func (v *verifier) operand(in *Instr, o operand) error {
	c, p := v.c, v.p
	switch o {
	case oDst, oDstRW:
		return v.reg(in.Dst)
	case oA:
		return v.reg(in.A)
	case oB:
		return v.reg(in.B)
	case oC:
		return v.reg(in.C)
	case oAOpt:
		if in.A != NoReg {
			return v.reg(in.A)
		}
	case oBOpt, oBImm:
		if in.B != NoReg {
			return v.reg(in.B)
		}
	case oAddr:
		return v.reg(in.A)
	case oArg:
		if Builtin(in.Sub) == BArg && (in.Imm < 0 || in.Imm >= MaxArg) {
			return v.errf("argument %d, want 0 to %d", in.Imm, MaxArg-1)
		}
	case oUReg:
		if Builtin(in.Sub) == BUReg {
			return v.reg(in.A)
		}
	case oBound:
		if in.Imm < 1 || in.Imm > MaxLoop {
			return v.errf("loop bound %d, want 1 to %d", in.Imm, MaxLoop)
		}
	case oSkip:
		if in.Imm < 0 || in.Imm > 255 {
			return v.errf("%d frames skipped, want 0 to 255", in.Imm)
		}
		if m, err := v.mem(in.M); err != nil {
			return err
		} else if m.Off%8 != 0 || m.Size%8 != 0 || in.Op == UStack && m.Size < 16 {
			return v.errf("a stack in %s, want a multiple of 8 bytes, 16 for a user stack, at a multiple of 8", m)
		}
	case oAct:
		if in.Imm < 0 || in.Imm >= int64(len(c.Actions)) {
			return v.errf("action %d, want less than %d", in.Imm, len(c.Actions))
		}
	case oVar:
		if in.Imm < 0 || in.Imm >= int64(len(p.Vars)) {
			return v.errf("variable %d, want less than %d", in.Imm, len(p.Vars))
		}
		if k := p.Vars[in.Imm].Kind; k != VarAssoc && k != VarThreadAssoc {
			return v.errf("variable %d (%s) is of class %s, want an associative array", in.Imm, p.Vars[in.Imm].Name, k)
		}
		return v.dynamic(in, &p.Vars[in.Imm])
	case oAgg:
		if in.Imm < 0 || in.Imm >= int64(len(p.Aggs)) {
			return v.errf("aggregation %d, want less than %d", in.Imm, len(p.Aggs))
		}
		return v.aggregate(in, &p.Aggs[in.Imm])
	case oTarget, oBack:
		if in.Target < 0 || int(in.Target) >= len(c.Code) {
			return v.errf("target %d, want 0 to %d", in.Target, len(c.Code)-1)
		}
		if o == oTarget && int(in.Target) <= v.pc {
			return v.errf("target %d is not forward", in.Target)
		}
		if o == oBack && int(in.Target) > v.pc {
			return v.errf("target %d is not backward", in.Target)
		}
	case oCond:
		if int(in.Sub) >= NumConds {
			return v.errf("unknown comparison %d", in.Sub)
		}
	case oFault:
		if int(in.Sub) >= NumFaults {
			return v.errf("unknown fault %d", in.Sub)
		}
	case oBuiltin:
		if int(in.Sub) >= NumBuiltins {
			return v.errf("unknown built-in variable %d", in.Sub)
		}
	case oStrBuiltin:
		if int(in.Sub) >= NumStrBuiltins {
			return v.errf("unknown built-in string %d", in.Sub)
		}
	case oImm:
	case oMKeyOpt, oMKey:
		if in.M == NoMem && o == oMKeyOpt {
			return nil
		}
		return v.memOperand(in, o, in.M)
	case oNRd, oNRdStr, oNWrVal, oNRdVal:
		return v.memOperand(in, o, in.N)
	case oNStrOpt:
		if in.N == NoMem {
			return nil
		}
		return v.memOperand(in, o, in.N)
	case oPRdStr:
		return v.memOperand(in, o, in.P)
	default:
		return v.memOperand(in, o, in.M)
	}
	return nil
}

func (v *verifier) mem(id MemID) (Mem, error) {
	if int(id) >= len(v.c.Mems) {
		return Mem{}, v.errf("memory operand %d, want less than %d", id, len(v.c.Mems))
	}
	return v.c.Mems[id], nil
}

func (o operand) writesMem() bool {
	switch o {
	case oMSt, oMStX, oMWr, oMWrStr, oNWrVal:
		return true
	}
	return false
}

func (v *verifier) memOperand(in *Instr, o operand, id MemID) error {
	m, err := v.mem(id)
	if err != nil {
		return err
	}
	if o.writesMem() && m.Space == Const {
		return v.errf("%s is written", m)
	}
	if o.writesMem() && m.Space == Record && v.c.Conditional && m.Off < 8 {
		return v.errf("%s is written, the mask of the executed actions", m)
	}
	if m.Space == TLS && opTable[in.Op].flags&fTLS == 0 {
		return v.errf("%s in %s, which only ld, st, copy and strcopy may touch", m, m.Space)
	}
	switch o {
	case oMLd, oMSt:
		if m.Size != uint32(in.Size) {
			return v.errf("%s has %d bytes, want %d", m, m.Size, in.Size)
		}
		fallthrough
	case oMLdX, oMStX:
		if m.Off%uint32(in.Size) != 0 {
			return v.errf("%s is not at a multiple of %d", m, in.Size)
		}
		if m.Size < uint32(in.Size) {
			return v.errf("%s has %d bytes, want at least %d", m, m.Size, in.Size)
		}
	case oMWrStr:
		if m.Size < 2 {
			return v.errf("a string is made in %s, want at least 2 bytes", m)
		}
	case oNRd:
		if to, err := v.mem(in.M); err != nil {
			return err
		} else if to.Size > m.Size {
			return v.errf("%d bytes are copied from %s", to.Size, m)
		}
	}
	return nil
}

func (v *verifier) dynamic(in *Instr, x *Var) error {
	m, err := v.mem(in.M)
	if err != nil {
		return err
	}
	if m.Size != x.KeySize {
		return v.errf("tuple %s, want %d bytes for %s", m, x.KeySize, x.Name)
	}
	switch in.Op {
	case DynGet:
		if uint32(in.Size) != x.ValSize {
			return v.errf("size %d, want %d for %s", in.Size, x.ValSize, x.Name)
		}
	case DynSet:
		switch x.ValSize {
		case 1, 2, 4, 8:
		default:
			return v.errf("a number is stored in %s of %d bytes", x.Name, x.ValSize)
		}
	case DynGetM, DynSetM:
		n, err := v.mem(in.N)
		if err != nil {
			return err
		}
		if n.Size != x.ValSize {
			return v.errf("value %s, want %d bytes for %s", n, x.ValSize, x.Name)
		}
	}
	return nil
}

func (v *verifier) aggregate(in *Instr, a *Agg) error {
	if (in.M == NoMem) != (a.KeySize == 0) {
		return v.errf("aggregation @%s has a tuple of %d bytes", a.Name, a.KeySize)
	}
	if in.M != NoMem {
		m, err := v.mem(in.M)
		if err != nil {
			return err
		}
		if m.Size != a.KeySize {
			return v.errf("tuple %s, want %d bytes for @%s", m, a.KeySize, a.Name)
		}
	}
	if in.A == NoReg && a.Spec.Func != agg.Count {
		return v.errf("%s without a value", a.Spec.Func)
	}
	if in.B != NoReg && !a.Spec.Func.Distribution() {
		return v.errf("%s with an increment", a.Spec.Func)
	}
	return nil
}

// overlap refuses destinations in memory that share bytes with a source.
func (v *verifier) overlap(in *Instr, info *opInfo) error {
	var dst MemID = NoMem
	for _, o := range info.args {
		if o == oMWr || o == oMWrStr {
			dst = in.M
		} else if o == oNWrVal {
			dst = in.N
		}
	}
	if dst == NoMem {
		return nil
	}
	d := v.c.Mems[dst]
	for _, o := range info.args {
		src := NoMem
		switch o {
		case oMKey:
			src = in.M
		case oNRd, oNRdStr, oNStrOpt:
			src = in.N
		case oPRdStr:
			src = in.P
		}
		if src == NoMem {
			continue
		}
		s := v.c.Mems[src]
		if s.Space == d.Space && s.Off < d.Off+d.Size && d.Off < s.Off+s.Size {
			return v.errf("%s overlaps %s", d, s)
		}
	}
	return nil
}

// loops checks the counters of all loops, and that loops nest.
func (v *verifier) loops() error {
	type loop struct {
		from, to int
		bound    int64
	}
	var open []loop // loops that end at or after the current pc, outermost first
	c := v.c
	counters := map[Reg]int{} // counter -> pc of its loop
	var ends []loop
	for pc := range c.Code {
		in := &c.Code[pc]
		if in.Op != Loop {
			continue
		}
		v.pc = pc
		if other, dup := counters[in.Dst]; dup {
			return v.errf("the counter %s is that of the loop at pc %d", in.Dst, other)
		}
		counters[in.Dst] = pc
		ends = append(ends, loop{int(in.Target), pc, in.Imm})
	}
	if len(ends) == 0 {
		return nil
	}
	set := map[Reg]int{}
	for pc := range c.Code {
		in := &c.Code[pc]
		if in.Op == Loop || !in.writesReg() {
			continue
		}
		at, ok := counters[in.Dst]
		if !ok {
			continue
		}
		v.pc = pc
		if in.Op != MovI || in.Imm != 0 || pc >= int(c.Code[at].Target) {
			return v.errf("the counter of the loop at pc %d is written, want only one movi 0 before pc %d", at, c.Code[at].Target)
		}
		if other, dup := set[in.Dst]; dup {
			return v.errf("the counter of the loop at pc %d is also set at pc %d", at, other)
		}
		set[in.Dst] = pc
	}
	// Outer loops end later: going backwards, a loop that is open contains the
	// next one or ends before... its start.
	for i := len(ends) - 1; i >= 0; i-- {
		l := ends[i]
		for len(open) > 0 && open[len(open)-1].from > l.to {
			open = open[:len(open)-1]
		}
		total := l.bound
		v.pc = l.to
		for _, o := range open {
			if l.from < o.from {
				return v.errf("the loop from pc %d reaches into the loop from pc %d to %d", l.from, o.from, o.to)
			}
			if total *= o.bound; total > MaxLoop {
				return v.errf("nested loops of more than %d iterations", MaxLoop)
			}
		}
		open = append(open, l)
	}
	v.pc = -1
	return nil
}

// writesReg reports whether in writes in.Dst. Its Op is known.
func (in *Instr) writesReg() bool {
	args := opTable[in.Op].args
	for _, o := range args {
		if o == oDst || o == oDstRW {
			return true
		}
	}
	return false
}
