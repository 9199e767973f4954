package ir

import "strconv"

// String returns the name of the operation in listings.
func (op Op) String() string {
	if int(op) < len(opTable) {
		return opTable[op].name
	}
	return "op" + strconv.Itoa(int(op))
}

// Traps reports whether op can end the clause with a fault.
func (op Op) Traps() bool { return int(op) < NumOps && opTable[op].flags&fTrap != 0 }

// Destructive reports whether op needs Program.Destructive.
func (op Op) Destructive() bool { return int(op) < NumOps && opTable[op].flags&fDestructive != 0 }

// Ends reports whether control never reaches the instruction after op.
func (op Op) Ends() bool { return int(op) < NumOps && opTable[op].flags&fEnd != 0 }

// Branches reports whether the instruction's Target means something.
func (op Op) Branches() bool { return op == Jmp || op == Br || op == Loop }

var spaceNames = [...]string{Frame: "frame", Record: "record", Const: "const", Global: "global", Local: "local", TLS: "tls"}

// String returns the name of the space in listings.
func (s Space) String() string { return name(spaceNames[:], int(s), "space") }

var condNames = [...]string{
	EQ: "eq", NE: "ne", LT: "lt", LE: "le", GT: "gt", GE: "ge", LTU: "ltu", LEU: "leu", GTU: "gtu", GEU: "geu",
}

// NumConds is the number of comparisons.
const NumConds = int(GEU) + 1

// String returns the name of the comparison in listings.
func (c Cond) String() string { return name(condNames[:], int(c), "cond") }

var condNot = [...]Cond{EQ: NE, NE: EQ, LT: GE, LE: GT, GT: LE, GE: LT, LTU: GEU, LEU: GTU, GTU: LEU, GEU: LTU}

// Not returns the comparison that holds exactly when c does not.
func (c Cond) Not() Cond { return condNot[c] }

// Holds reports whether a c b.
func (c Cond) Holds(a, b int64) bool {
	switch c {
	case EQ:
		return a == b
	case NE:
		return a != b
	case LT:
		return a < b
	case LE:
		return a <= b
	case GT:
		return a > b
	case GE:
		return a >= b
	case LTU:
		return uint64(a) < uint64(b)
	case LEU:
		return uint64(a) <= uint64(b)
	case GTU:
		return uint64(a) > uint64(b)
	}
	return uint64(a) >= uint64(b)
}

var builtinNames = [...]string{
	BArg: "arg", BPID: "pid", BTID: "tid", BPPID: "ppid", BUID: "uid", BGID: "gid", BCPU: "cpu",
	BTimestamp: "timestamp", BWallTimestamp: "walltimestamp", BVTimestamp: "vtimestamp", BErrno: "errno",
	BCurThread: "curthread", BCaller: "caller", BUCaller: "ucaller", BEPID: "epid", BID: "id", BIPL: "ipl",
	BStackDepth: "stackdepth", BUStackDepth: "ustackdepth", BUReg: "ureg", BThreadKey: "threadkey",
	BRand: "rand", BCurCPU: "curcpu",
}

// String returns the name of the built-in variable.
func (b Builtin) String() string { return name(builtinNames[:], int(b), "builtin") }

var strBuiltinNames = [...]string{
	SExecName: "execname", SProbeProv: "probeprov", SProbeMod: "probemod", SProbeFunc: "probefunc",
	SProbeName: "probename", SCwd: "cwd", SRoot: "root", SExecArgs: "execargs", SZoneName: "zonename",
	SThreadName: "threadname",
}

// String returns the name of the built-in variable.
func (b StrBuiltin) String() string { return name(strBuiltinNames[:], int(b), "strbuiltin") }

var varKindNames = [...]string{
	VarGlobal: "global", VarLocal: "this", VarTLS: "self", VarAssoc: "assoc", VarThreadAssoc: "selfassoc",
}

// String returns the name of the class in listings.
func (k VarKind) String() string { return name(varKindNames[:], int(k), "var") }

var fieldNames = [...]string{
	FInt: "int", FString: "string", FBytes: "bytes", FStack: "stack", FUStack: "ustack", FSym: "sym", FMod: "mod",
	FUSym: "usym", FUMod: "umod", FUAddr: "uaddr", FProbeProv: "probeprov", FProbeMod: "probemod",
	FProbeFunc: "probefunc", FProbeName: "probename", FPtr: "ptr",
}

// String returns the name of the kind in listings.
func (k FieldKind) String() string { return name(fieldNames[:], int(k), "field") }

var actionNames = [...]string{
	ActNone: "none", ActTrace: "trace", ActTracemem: "tracemem", ActPrintf: "printf", ActPrinta: "printa",
	ActPrint: "print", ActStack: "stack", ActUStack: "ustack", ActSym: "sym", ActExit: "exit", ActClear: "clear",
	ActTrunc: "trunc", ActNormalize: "normalize", ActDenormalize: "denormalize", ActSystem: "system",
	ActFreopen: "freopen", ActFtruncate: "ftruncate", ActSetopt: "setopt", ActCommit: "commit",
	ActDiscard: "discard", ActSpeculate: "speculate", ActPrintm: "printm", ActPcap: "pcap", ActLibact: "libact",
}

// String returns the name of the action in D, "none" for the default action.
func (k ActionKind) String() string { return name(actionNames[:], int(k), "action") }

var faultIdents = [...]string{
	FaultUnknown: "unknown", FaultBadAddr: "badaddr", FaultBadAlign: "badalign", FaultIllOp: "illop",
	FaultDivZero: "divzero", FaultNoScratch: "noscratch", FaultKPriv: "kpriv", FaultUPriv: "upriv",
	FaultTupOflow: "tupoflow", FaultBadStack: "badstack", FaultBadSize: "badsize", FaultBadIndex: "badindex",
	FaultLoop: "loop",
}

// NumFaults is the number of faults.
const NumFaults = int(FaultLoop) + 1

func name(names []string, i int, what string) string {
	if i >= 0 && i < len(names) && names[i] != "" {
		return names[i]
	}
	return what + strconv.Itoa(i)
}

// find returns the index of s in names.
func find(names []string, s string) (int, bool) {
	for i, n := range names {
		if n == s {
			return i, true
		}
	}
	return 0, false
}
