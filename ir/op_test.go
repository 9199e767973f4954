package ir

import (
	"strings"
	"testing"
)

// Every operation is in the table, under a name of its own, with operands that
// do not claim one field twice.
func TestOpTable(t *testing.T) {
	seen := map[string]Op{}
	for op := Op(0); int(op) < NumOps; op++ {
		info := opTable[op]
		if info.name == "" {
			t.Errorf("operation %d has no name", op)
			continue
		}
		if other, dup := seen[info.name]; dup {
			t.Errorf("operations %d and %d are both named %s", op, other, info.name)
		}
		seen[info.name] = op
		fields := map[string]bool{}
		for _, o := range info.args {
			f := o.field()
			if f == "" {
				t.Errorf("%s: operand %d belongs to no field", op, o)
			}
			for _, f := range strings.Split(f, "+") {
				// M is the tuple of the dynamic instructions beside N; all else is named once.
				if fields[f] {
					t.Errorf("%s: field %s is two operands", op, f)
				}
				fields[f] = true
			}
		}
	}
	for _, names := range [][]string{
		spaceNames[:], condNames[:], builtinNames[:], strBuiltinNames[:], varKindNames[:], fieldNames[:], actionNames[:],
		faultIdents[:], faultNames[:],
	} {
		seen := map[string]bool{}
		for i, n := range names {
			if n == "" || seen[n] {
				t.Errorf("name %d of %v is %q, empty or used twice", i, names[:2], n)
			}
			seen[n] = true
		}
	}
	for _, c := range []struct{ have, want int }{
		{len(builtinNames), NumBuiltins}, {len(strBuiltinNames), NumStrBuiltins}, {len(condNames), NumConds},
		{len(faultIdents), NumFaults}, {len(faultNames), NumFaults}, {len(actionNames), int(ActLibact) + 1},
		{len(fieldNames), int(FPtr) + 1},
	} {
		if c.have != c.want {
			t.Errorf("%d names, want %d", c.have, c.want)
		}
	}
}

// field names the fields of Instr that an operand is, for TestOpTable.
func (o operand) field() string {
	switch o {
	case oDst, oDstRW:
		return "Dst"
	case oA, oAOpt, oUReg:
		return "A"
	case oAddr:
		return "A+Imm"
	case oB, oBOpt:
		return "B"
	case oBImm:
		return "B+Imm"
	case oC:
		return "C"
	case oImm, oArg, oBound, oAct, oVar, oAgg, oSkip:
		return "Imm"
	case oTarget, oBack:
		return "Target"
	case oCond, oFault, oBuiltin, oStrBuiltin:
		return "Sub"
	case oNRd, oNRdStr, oNStrOpt, oNWrVal, oNRdVal:
		return "N"
	case oPRdStr:
		return "P"
	case oMLd, oMSt, oMLdX, oMStX, oMWr, oMWrStr, oMRdStr, oMKey, oMKeyOpt:
		return "M"
	}
	return ""
}

func TestCond(t *testing.T) {
	vals := []int64{-1 << 63, -2, -1, 0, 1, 2, 1<<63 - 1}
	for c := Cond(0); int(c) < NumConds; c++ {
		for _, a := range vals {
			for _, b := range vals {
				if c.Holds(a, b) == c.Not().Holds(a, b) {
					t.Errorf("%d %s %d and %s are both %t", a, c, b, c.Not(), c.Holds(a, b))
				}
			}
		}
	}
	for _, c := range []struct {
		c    Cond
		a, b int64
		want bool
	}{
		{LT, -1, 0, true}, {LTU, -1, 0, false}, {GTU, -1, 1, true}, {GE, 0, 0, true}, {LEU, 0, 0, true}, {NE, 1, 2, true},
	} {
		if got := c.c.Holds(c.a, c.b); got != c.want {
			t.Errorf("%d %s %d = %t, want %t", c.a, c.c, c.b, got, c.want)
		}
	}
}
