package ir

// Reg is a virtual 64-bit register of a clause.
type Reg uint16

// MemID indexes Clause.Mems.
type MemID uint16

// NoReg and NoMem mark absent operands.
const (
	NoReg Reg   = 0xffff
	NoMem MemID = 0xffff
)

// Space is a memory space; see the package comment.
type Space uint8

// The memory spaces.
const (
	Frame Space = iota
	Record
	Const
	Global
	Local
	TLS
)

// Mem is a byte range in a space.
type Mem struct {
	Space     Space
	Off, Size uint32
}

// Instr is one instruction. Which fields count is said at each Op.
type Instr struct {
	Op Op
	// Size is an access width in bytes: 1, 2, 4 or 8. Signed asks for sign
	// extension of a loaded or extended value.
	Size   uint8
	Signed bool
	// Sub is a Cond, Builtin, StrBuiltin or Fault.
	Sub          uint8
	Dst, A, B, C Reg
	M, N, P      MemID
	Imm          int64
	Target       int32
}

// Cond is a comparison.
type Cond uint8

// The comparisons; those with U compare unsigned.
const (
	EQ Cond = iota
	NE
	LT
	LE
	GT
	GE
	LTU
	LEU
	GTU
	GEU
)

// Op is an operation code. Operands are written dst first; [B|Imm] means
// register B, or the constant Imm where B is NoReg.
type Op uint8

// The operations.
const (
	Nop  Op = iota
	Jmp     // pc = Target (forward)
	Br      // if A Sub [B|Imm] pc = Target (forward)
	Loop    // Dst++; if Dst > Imm trap FaultLoop; pc = Target (backward). Dst is written elsewhere only by one MovI 0 before the loop
	Fire    // the predicate held: the record begins
	Mark    // action Imm (index in Clause.Actions) is executed: its mask bit
	Ret     // the clause ends; the record, if Fire was executed, is committed
	Fail    // trap with Sub, value A (or 0)

	MovI // Dst = Imm
	Mov  // Dst = A
	Ext  // Dst = A cut to Size bytes and extended (Signed)
	Add  // Dst = A + [B|Imm]; likewise below
	Sub
	Mul
	DivS // traps FaultDivZero
	DivU // traps FaultDivZero
	ModS // traps FaultDivZero
	ModU // traps FaultDivZero
	And
	Or
	Xor
	Shl   // shift counts are taken modulo 64
	Shr   // logical
	Sar   // arithmetic
	Neg   // Dst = -A
	Not   // Dst = ^A
	Set   // Dst = A Sub [B|Imm] ? 1 : 0
	Bswap // Dst = low Size bytes of A reversed

	Ld   // Dst = M (M.Size = Size), extended
	St   // M = low Size bytes of A (M.Size = Size)
	LdX  // Dst = Size bytes at M + A (bytes), extended; traps FaultBadIndex unless A+Size <= M.Size
	StX  // Size bytes at M + A = B; traps likewise
	Zero // M = 0
	Copy // M = N, M.Size bytes (M.Size <= N.Size)

	LdK   // Dst = Size bytes at kernel or scratch address A+Imm; traps FaultBadAddr
	LdU   // Dst = Size bytes at user address A+Imm; traps FaultBadAddr
	StP   // Size bytes at scratch address A+Imm = B; traps FaultBadAddr for any other address
	MemK  // M = M.Size bytes at kernel or scratch address A+Imm; traps
	MemU  // M = M.Size bytes at user address A+Imm; traps
	MemKN // M = min(B, M.Size) bytes at kernel or scratch address A; the rest of M is zero; traps
	StrK  // M = string at kernel or scratch address A; traps
	StrU  // M = string at user address A, at most B bytes of it (NoReg: no limit); traps

	Alloca   // Dst = address of A bytes of zeroed scratch; traps FaultNoScratch
	CopyIn   // Dst = address of scratch with B bytes from user address A; traps
	CopyInTo // B bytes at user address A are copied to scratch address C; traps
	Bcopy    // B bytes at kernel or scratch address A are copied to scratch address C; traps
	StrPtr   // Dst = address of scratch with a copy of string M, NUL included; traps

	StrCopy   // M = N
	StrLen    // Dst = length of M
	StrCmp    // Dst = -1, 0, 1 as M is below, equal to, above N (unsigned bytes)
	StrIdx    // Dst = byte A of M as signed char, 0 behind the text; traps FaultBadIndex unless 0 <= A < M.Size
	IsNull    // Dst = 1 if M is the NULL string
	MkNull    // M = the NULL string
	StrJoin   // M = N followed by P
	Substr    // M = part of N from A on, B bytes (NoReg: to the end); DTrace's rules for negative A, B
	StrIndex  // Dst = position of N in M from position A on (NoReg: 0), -1 if none
	StrRIndex // Dst = last position of N in M at or before A (NoReg: end), -1 if none
	StrChr    // M = rest of N from the first byte A on, or NULL
	StrRChr   // M = rest of N from the last byte A on, or NULL
	StrStr    // M = rest of N from the first P on, or NULL
	StrTok    // M = next token of N (NoMem: continue) at delimiters P, or NULL; state lasts for the firing
	Basename  // M = basename of N
	Dirname   // M = dirname of N
	Cleanpath // M = N without //, /./ and /../
	ToUpper   // M = N in upper case (ASCII)
	ToLower   // M = N in lower case (ASCII)
	StrToLL   // Dst = integer at the start of M in base [B|Imm]
	LLToStr   // M = A in base [B|Imm] (10: signed; others as DTrace prints them: 0x, 0)
	InetNtop  // M = text of the address at kernel or scratch address B of family A (AF_INET, AF_INET6); traps
	InetNtoa  // M = text of the IPv4 address at A; traps
	LinkNtop  // M = text of the hardware address at B, kind A (ARPHRD_*); traps
	Json      // M = value at path P in the JSON text N, or NULL
	DPath     // M = path name of the struct path at kernel address A; traps

	BuiltinI // Dst = builtin Sub; Imm is the argument number, A the register index (BUreg)
	BuiltinS // M = builtin string Sub

	DynGet  // Dst = Vars[Imm][M], extended from Size; 0 if absent
	DynGetM // N = Vars[Imm][M], all N.Size bytes; zero if absent
	DynSet  // Vars[Imm][M] = A; A = 0 deletes it. May be dropped and counted
	DynSetM // Vars[Imm][M] = N. May be dropped and counted
	DynDel  // Vars[Imm][M] is deleted

	Aggregate // aggregation Imm at tuple M (NoMem: keyless) takes value A (NoReg for count) with increment B (NoReg: 1)

	Stack  // M = kernel stack of M.Size/8 frames, zero-filled, Imm frames skipped at the top
	UStack // M = process id, then (M.Size-8)/8 frames of the user stack, zero-filled

	Speculation // Dst = id of a free speculation, or 0 (counted)
	Speculate   // the clause's record belongs to speculation A; 0 or not active: the clause ends, committing nothing
	Commit      // commits speculation A, of 0 nothing; traps FaultIllOp if A is greater than the number of speculations
	Discard     // discards speculation A; traps likewise

	Exit       // tracing ends with status A
	Raise      // signal A to the current process (destructive)
	StopProc   // stops the current process (destructive)
	Chill      // spins A nanoseconds (destructive, bounded)
	CopyOut    // B bytes at scratch or kernel address A to user address C (destructive); traps
	CopyOutStr // string M to user address A, at most B bytes (destructive); traps
	Panic      // (destructive)
	Breakpoint // (destructive)
	Return     // overrides the probed function's result with A (destructive)
	ProgenyOf  // Dst = 1 if the current process is or descends from process A

	NumOps int = iota
)

// Builtin is an integer built-in variable.
type Builtin uint8

// The integer built-ins.
const (
	BArg           Builtin = iota // argN, N = Imm: raw 64-bit argument of the probe
	BPID                          // process id
	BTID                          // thread id
	BPPID                         // parent's process id
	BUID                          // real user id
	BGID                          // real group id
	BCPU                          // current CPU
	BTimestamp                    // ns, monotonic, the same value throughout a clause's firing
	BWallTimestamp                // ns since 1970
	BVTimestamp                   // ns on CPU of the current thread
	BErrno                        // errno of the system call that is returning, else 0
	BCurThread                    // address of the thread structure
	BCaller                       // kernel pc of the caller of the probed function
	BUCaller                      // user pc of the caller
	BEPID                         // enabled probe id
	BID                           // probe id
	BIPL                          // interrupt level
	BStackDepth                   // kernel frames
	BUStackDepth                  // user frames
	BUReg                         // user register number A
	BThreadKey                    // a number unique to the thread while it lives
	BRand                         // 64 pseudo-random bits
	BCurCPU                       // address of the CPU's cpuinfo
	NumBuiltins    int     = iota
)

// StrBuiltin is a built-in variable of type string.
type StrBuiltin uint8

// The string built-ins.
const (
	SExecName StrBuiltin = iota
	SProbeProv
	SProbeMod
	SProbeFunc
	SProbeName
	SCwd
	SRoot
	SExecArgs
	SZoneName
	SThreadName
	NumStrBuiltins int = iota
)
