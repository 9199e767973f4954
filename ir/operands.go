package ir

// EachRead calls f for each register that in reads.
func (in *Instr) EachRead(f func(Reg)) {
	if int(in.Op) >= NumOps {
		return
	}
	for _, o := range opTable[in.Op].args {
		r := NoReg
		switch o {
		case oDstRW:
			r = in.Dst
		case oA, oAOpt, oAddr:
			r = in.A
		case oB, oBOpt, oBImm:
			r = in.B
		case oC:
			r = in.C
		case oUReg:
			if Builtin(in.Sub) == BUReg {
				r = in.A
			}
		}
		if r != NoReg {
			f(r)
		}
	}
}

// Written returns the register that in writes, NoReg if it writes none.
func (in *Instr) Written() Reg {
	if int(in.Op) < NumOps {
		for _, o := range opTable[in.Op].args {
			if o == oDst || o == oDstRW {
				return in.Dst
			}
		}
	}
	return NoReg
}

// MemUse is what an instruction does with a memory operand.
type MemUse uint8

// The uses of memory operands.
const (
	MemNumber MemUse = iota // a number of Instr.Size bytes at the operand's start
	MemIndex                // numbers at a run-time offset
	MemBytes                // all bytes
	MemString               // a string
	MemKey                  // a tuple
)

// EachMem calls f for each memory operand of in: its MemID, how it is used and
// whether it is written.
func (in *Instr) EachMem(f func(id MemID, use MemUse, write bool)) {
	if int(in.Op) >= NumOps {
		return
	}
	for _, o := range opTable[in.Op].args {
		id, use, write := in.M, MemBytes, false
		switch o {
		case oMLd:
			use = MemNumber
		case oMSt:
			use, write = MemNumber, true
		case oMLdX:
			use = MemIndex
		case oMStX:
			use, write = MemIndex, true
		case oMWr:
			write = true
		case oMWrStr:
			use, write = MemString, true
		case oMRdStr:
			use = MemString
		case oMKey, oMKeyOpt:
			use = MemKey
		case oNRd, oNRdVal:
			id = in.N
		case oNRdStr, oNStrOpt:
			id, use = in.N, MemString
		case oNWrVal:
			id, write = in.N, true
		case oPRdStr:
			id, use = in.P, MemString
		default:
			continue
		}
		if id != NoMem {
			f(id, use, write)
		}
	}
}
