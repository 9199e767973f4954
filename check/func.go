package check

// FuncKind tells what may be called apart.
type FuncKind uint8

// The kinds of functions.
const (
	// FuncSubr is a subroutine: it has a value and may stand in expressions.
	FuncSubr FuncKind = iota
	// FuncAction is an action: a statement of its own.
	FuncAction
	// FuncAgg is an aggregating function: it is assigned to an aggregation.
	FuncAgg
)

func (k FuncKind) String() string {
	switch k {
	case FuncAction:
		return "action"
	case FuncAgg:
		return "aggregating function"
	}
	return "function"
}

// FuncID names a function.
type FuncID uint8

// The functions. F with the D name.
const (
	FNone FuncID = iota

	// Actions.
	FBreakpoint
	FChill
	FClear
	FCommit
	FCopyout
	FCopyoutstr
	FDenormalize
	FDiscard
	FExit
	FFreopen
	FFtruncate
	FJstack
	FMod
	FNormalize
	FPanic
	FPcap
	FPrint
	FPrinta
	FPrintf
	FPrintm
	FRaise
	FReturn
	FSetopt
	FSpeculate
	FStack
	FStop
	FSym // also func()
	FSystem
	FTrace
	FTracemem
	FTrunc
	FUaddr
	FUmod
	FUstack
	FUsym // also ufunc()

	// Subroutines.
	FAlloca
	FBasename
	FBcopy
	FCleanpath
	FCopyin
	FCopyinstr
	FCopyinto
	FDPath
	FDdiPathname
	FDirname
	FGetf
	FGetmajor
	FGetminor
	FHtonl
	FHtonll
	FHtons
	FIndex
	FInetNtoa
	FInetNtoa6
	FInetNtop
	FJSON
	FLinkNtop
	FLltostr
	FMemref
	FMemstr
	FMsgdsize
	FMsgsize
	FMutexOwned
	FMutexOwner
	FMutexTypeAdaptive
	FMutexTypeSpin
	FNtohl
	FNtohll
	FNtohs
	FProgenyof
	FRand
	FRindex
	FRwIswriter
	FRwReadHeld
	FRwWriteHeld
	FSpeculation
	FStrchr
	FStrjoin
	FStrlen
	FStrrchr
	FStrstr
	FStrtok
	FStrtoll
	FSubstr
	FTolower
	FToupper

	// Aggregating functions.
	FAvg
	FCount
	FLlquantize
	FLquantize
	FMax
	FMin
	FQuantize
	FStddev
	FSum
)
