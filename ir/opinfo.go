package ir

// operand is one operand of an instruction in its textual order: which field
// of Instr it is and what the instruction does with it.
type operand uint8

const (
	oDst        operand = iota // Dst, written
	oDstRW                     // Dst, read and written
	oA                         // A, read
	oB                         // B, read
	oC                         // C, read
	oAOpt                      // A, read; may be NoReg
	oBOpt                      // B, read; may be NoReg
	oBImm                      // B, read, or Imm where B is NoReg
	oAddr                      // the address A+Imm
	oImm                       // Imm, any number
	oArg                       // Imm, an argument number: BArg only
	oUReg                      // A, a user register number: BUReg only
	oBound                     // Imm, a loop bound
	oAct                       // Imm, an action of the clause
	oVar                       // Imm, a dynamic variable of the program
	oAgg                       // Imm, an aggregation of the program
	oSkip                      // Imm, a number of stack frames
	oTarget                    // Target, forward
	oBack                      // Target, backward
	oCond                      // Sub, a Cond: suffix of the name
	oFault                     // Sub, a Fault
	oBuiltin                   // Sub, a Builtin
	oStrBuiltin                // Sub, a StrBuiltin

	oMLd     // M, a number of Size bytes, read
	oMSt     // M, a number of Size bytes, written
	oMLdX    // M, an array of numbers, read
	oMStX    // M, an array of numbers, one of them written
	oMWr     // M, bytes, written
	oMWrStr  // M, a string, written
	oMRdStr  // M, a string, read
	oMKey    // M, a tuple, read
	oMKeyOpt // M, a tuple, read, or NoMem
	oNRd     // N, bytes, read; at least M.Size of them
	oNRdStr  // N, a string, read
	oNStrOpt // N, a string, read, or NoMem
	oNWrVal  // N, the value of a dynamic variable, written
	oNRdVal  // N, the value of a dynamic variable, read
	oPRdStr  // P, a string, read
)

// opFlags are properties of an operation.
type opFlags uint8

const (
	fSize        opFlags = 1 << iota // Size is an access width
	fSigned                          // Signed means something
	fTrap                            // may end the clause with a fault
	fDestructive                     // needs Program.Destructive
	fEnd                             // control does not reach the next instruction
	fTLS                             // may touch Space TLS
)

type opInfo struct {
	name  string
	args  []operand
	flags opFlags
}

// opTable describes every operation; a test walks it.
var opTable = [NumOps]opInfo{
	Nop:  {"nop", nil, 0},
	Jmp:  {"jmp", []operand{oTarget}, fEnd},
	Br:   {"br", []operand{oCond, oA, oBImm, oTarget}, 0},
	Loop: {"loop", []operand{oDstRW, oBound, oBack}, fTrap | fEnd},
	Fire: {"fire", nil, 0},
	Mark: {"mark", []operand{oAct}, 0},
	Ret:  {"ret", nil, fEnd},
	Fail: {"fail", []operand{oFault, oAOpt}, fTrap | fEnd},

	MovI:  {"movi", []operand{oDst, oImm}, 0},
	Mov:   {"mov", []operand{oDst, oA}, 0},
	Ext:   {"ext", []operand{oDst, oA}, fSize | fSigned},
	Add:   {"add", []operand{oDst, oA, oBImm}, 0},
	Sub:   {"sub", []operand{oDst, oA, oBImm}, 0},
	Mul:   {"mul", []operand{oDst, oA, oBImm}, 0},
	DivS:  {"divs", []operand{oDst, oA, oBImm}, fTrap},
	DivU:  {"divu", []operand{oDst, oA, oBImm}, fTrap},
	ModS:  {"mods", []operand{oDst, oA, oBImm}, fTrap},
	ModU:  {"modu", []operand{oDst, oA, oBImm}, fTrap},
	And:   {"and", []operand{oDst, oA, oBImm}, 0},
	Or:    {"or", []operand{oDst, oA, oBImm}, 0},
	Xor:   {"xor", []operand{oDst, oA, oBImm}, 0},
	Shl:   {"shl", []operand{oDst, oA, oBImm}, 0},
	Shr:   {"shr", []operand{oDst, oA, oBImm}, 0},
	Sar:   {"sar", []operand{oDst, oA, oBImm}, 0},
	Neg:   {"neg", []operand{oDst, oA}, 0},
	Not:   {"not", []operand{oDst, oA}, 0},
	Set:   {"set", []operand{oCond, oDst, oA, oBImm}, 0},
	Bswap: {"bswap", []operand{oDst, oA}, fSize},

	Ld:   {"ld", []operand{oDst, oMLd}, fSize | fSigned | fTLS},
	St:   {"st", []operand{oMSt, oA}, fSize | fTLS},
	LdX:  {"ldx", []operand{oDst, oMLdX, oA}, fSize | fSigned | fTrap},
	StX:  {"stx", []operand{oMStX, oA, oB}, fSize | fTrap},
	Zero: {"zero", []operand{oMWr}, 0},
	Copy: {"copy", []operand{oMWr, oNRd}, fTLS},

	LdK:   {"ldk", []operand{oDst, oAddr}, fSize | fSigned | fTrap},
	LdU:   {"ldu", []operand{oDst, oAddr}, fSize | fSigned | fTrap},
	StP:   {"stp", []operand{oAddr, oB}, fSize | fTrap},
	MemK:  {"memk", []operand{oMWr, oAddr}, fTrap},
	MemU:  {"memu", []operand{oMWr, oAddr}, fTrap},
	MemKN: {"memkn", []operand{oMWr, oA, oB}, fTrap},
	StrK:  {"strk", []operand{oMWrStr, oA}, fTrap},
	StrU:  {"stru", []operand{oMWrStr, oA, oBOpt}, fTrap},

	Alloca:   {"alloca", []operand{oDst, oA}, fTrap},
	CopyIn:   {"copyin", []operand{oDst, oA, oB}, fTrap},
	CopyInTo: {"copyinto", []operand{oA, oB, oC}, fTrap},
	Bcopy:    {"bcopy", []operand{oA, oB, oC}, fTrap},
	StrPtr:   {"strptr", []operand{oDst, oMRdStr}, fTrap},

	StrCopy:   {"strcopy", []operand{oMWrStr, oNRdStr}, fTLS},
	StrLen:    {"strlen", []operand{oDst, oMRdStr}, 0},
	StrCmp:    {"strcmp", []operand{oDst, oMRdStr, oNRdStr}, 0},
	StrIdx:    {"stridx", []operand{oDst, oMRdStr, oA}, fTrap},
	IsNull:    {"isnull", []operand{oDst, oMRdStr}, 0},
	MkNull:    {"mknull", []operand{oMWrStr}, 0},
	StrJoin:   {"strjoin", []operand{oMWrStr, oNRdStr, oPRdStr}, 0},
	Substr:    {"substr", []operand{oMWrStr, oNRdStr, oA, oBOpt}, 0},
	StrIndex:  {"strindex", []operand{oDst, oMRdStr, oNRdStr, oAOpt}, 0},
	StrRIndex: {"strrindex", []operand{oDst, oMRdStr, oNRdStr, oAOpt}, 0},
	StrChr:    {"strchr", []operand{oMWrStr, oNRdStr, oA}, 0},
	StrRChr:   {"strrchr", []operand{oMWrStr, oNRdStr, oA}, 0},
	StrStr:    {"strstr", []operand{oMWrStr, oNRdStr, oPRdStr}, 0},
	StrTok:    {"strtok", []operand{oMWrStr, oNStrOpt, oPRdStr}, 0},
	Basename:  {"basename", []operand{oMWrStr, oNRdStr}, 0},
	Dirname:   {"dirname", []operand{oMWrStr, oNRdStr}, 0},
	Cleanpath: {"cleanpath", []operand{oMWrStr, oNRdStr}, 0},
	ToUpper:   {"toupper", []operand{oMWrStr, oNRdStr}, 0},
	ToLower:   {"tolower", []operand{oMWrStr, oNRdStr}, 0},
	StrToLL:   {"strtoll", []operand{oDst, oMRdStr, oBImm}, 0},
	LLToStr:   {"lltostr", []operand{oMWrStr, oA, oBImm}, 0},
	InetNtop:  {"inetntop", []operand{oMWrStr, oA, oB}, fTrap},
	InetNtoa:  {"inetntoa", []operand{oMWrStr, oA}, fTrap},
	LinkNtop:  {"linkntop", []operand{oMWrStr, oA, oB}, fTrap},
	Json:      {"json", []operand{oMWrStr, oNRdStr, oPRdStr}, 0},
	DPath:     {"dpath", []operand{oMWrStr, oA}, fTrap},

	BuiltinI: {"bi", []operand{oDst, oBuiltin, oArg, oUReg}, 0},
	BuiltinS: {"bs", []operand{oMWrStr, oStrBuiltin}, 0},

	DynGet:  {"dynget", []operand{oDst, oVar, oMKey}, fSize | fSigned},
	DynGetM: {"dyngetm", []operand{oNWrVal, oVar, oMKey}, 0},
	DynSet:  {"dynset", []operand{oVar, oMKey, oA}, 0},
	DynSetM: {"dynsetm", []operand{oVar, oMKey, oNRdVal}, 0},
	DynDel:  {"dyndel", []operand{oVar, oMKey}, 0},

	Aggregate: {"agg", []operand{oAgg, oMKeyOpt, oAOpt, oBOpt}, 0},

	Stack:  {"stack", []operand{oMWr, oSkip}, 0},
	UStack: {"ustack", []operand{oMWr, oSkip}, 0},

	Speculation: {"speculation", []operand{oDst}, 0},
	Speculate:   {"speculate", []operand{oA}, 0},
	Commit:      {"commit", []operand{oA}, fTrap},
	Discard:     {"discard", []operand{oA}, fTrap},

	Exit:       {"exit", []operand{oA}, 0},
	Raise:      {"raise", []operand{oA}, fDestructive},
	StopProc:   {"stop", nil, fDestructive},
	Chill:      {"chill", []operand{oA}, fDestructive},
	CopyOut:    {"copyout", []operand{oA, oB, oC}, fTrap | fDestructive},
	CopyOutStr: {"copyoutstr", []operand{oMRdStr, oA, oB}, fTrap | fDestructive},
	Panic:      {"panic", nil, fDestructive},
	Breakpoint: {"breakpoint", nil, fDestructive},
	Return:     {"return", []operand{oA}, fDestructive},
	ProgenyOf:  {"progenyof", []operand{oDst, oA}, 0},
}
