package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// Func is a function of D: an action, a subroutine or an aggregating function.
type Func struct {
	ID   FuncID
	Name string
	Kind FuncKind
	// Result is the type of the value, void for most actions.
	Result *ctype.Type

	params   []*ctype.Type // nil elements accept any type
	min      int           // least number of arguments
	variadic bool
	flags    funcFlags
	op       ir.Op // what the host must support; ir.Nop for nothing
	attr     probe.Attr
}

type funcFlags uint8

const (
	destructive funcFlags = 1 << iota
	// records marks actions that have a part in the clause's record.
	records
	// scratch marks functions whose result points into scratch memory.
	scratch
	// userAddr marks functions whose uintptr_t parameters also take pointers
	// into user memory.
	userAddr
)

// funcRow declares a function. Parameter types are names of C types, "string"
// for const char *, "@" for any type, "ptr" for a pointer to anything; those
// after "[" are optional, "..." takes any more.
type funcRow struct {
	id     FuncID
	names  string
	kind   FuncKind
	result string
	params string
	flags  funcFlags
	op     ir.Op
}

var funcRows = [...]funcRow{
	{FBreakpoint, "breakpoint", FuncAction, "void", "", destructive, ir.Breakpoint},
	{FChill, "chill", FuncAction, "void", "int", destructive, ir.Chill},
	{FClear, "clear", FuncAction, "void", "...", records, ir.Nop},
	{FCommit, "commit", FuncAction, "void", "int", records, ir.Nop},
	{FCopyout, "copyout", FuncAction, "void", "ptr uintptr_t size_t", destructive | userAddr, ir.CopyOut},
	{FCopyoutstr, "copyoutstr", FuncAction, "void", "string uintptr_t size_t", destructive | userAddr, ir.CopyOutStr},
	{FDenormalize, "denormalize", FuncAction, "void", "...", records, ir.Nop},
	{FDiscard, "discard", FuncAction, "void", "int", records, ir.Nop},
	{FExit, "exit", FuncAction, "void", "int", records, ir.Nop},
	{FFreopen, "freopen", FuncAction, "void", "@ ...", destructive | records, ir.Nop},
	{FFtruncate, "ftruncate", FuncAction, "void", "", records, ir.Nop},
	{FJstack, "jstack", FuncAction, "ustack", "[ uint32_t uint32_t", records, ir.UStack},
	{FMod, "mod", FuncAction, "mod", "uintptr_t", records, ir.Nop},
	{FNormalize, "normalize", FuncAction, "void", "...", records, ir.Nop},
	{FPanic, "panic", FuncAction, "void", "", destructive, ir.Panic},
	{FPcap, "pcap", FuncAction, "void", "ptr int", records, ir.Nop},
	{FPrint, "print", FuncAction, "void", "@", records, ir.Nop},
	{FPrinta, "printa", FuncAction, "void", "@ ...", records, ir.Nop},
	{FPrintf, "printf", FuncAction, "void", "string ...", records, ir.Nop},
	{FPrintm, "printm", FuncAction, "void", "size_t uintptr_t*", records, ir.Nop},
	{FRaise, "raise", FuncAction, "void", "int", destructive, ir.Raise},
	{FReturn, "return", FuncAction, "void", "int", destructive, ir.Return},
	{FSetopt, "setopt", FuncAction, "void", "string [ string", records, ir.Nop},
	{FSpeculate, "speculate", FuncAction, "void", "int", records, ir.Nop},
	{FStack, "stack", FuncAction, "stack", "[ uint32_t", records, ir.Stack},
	{FStop, "stop", FuncAction, "void", "", destructive, ir.StopProc},
	{FSym, "sym func", FuncAction, "sym", "uintptr_t", records, ir.Nop},
	{FSystem, "system", FuncAction, "void", "@ ...", destructive | records, ir.Nop},
	{FTrace, "trace", FuncAction, "void", "@", records, ir.Nop},
	{FTracemem, "tracemem", FuncAction, "void", "@ size_t [ size_t", records, ir.Nop},
	{FTrunc, "trunc", FuncAction, "void", "...", records, ir.Nop},
	{FUaddr, "uaddr", FuncAction, "uaddr", "uintptr_t", records, ir.Nop},
	{FUmod, "umod", FuncAction, "umod", "uintptr_t", records, ir.Nop},
	{FUstack, "ustack", FuncAction, "ustack", "[ uint32_t uint32_t", records, ir.UStack},
	{FUsym, "usym ufunc", FuncAction, "usym", "uintptr_t", records, ir.Nop},

	{FAlloca, "alloca", FuncSubr, "void*", "size_t", scratch, ir.Alloca},
	{FBasename, "basename", FuncSubr, "string", "string", 0, ir.Basename},
	{FBcopy, "bcopy", FuncSubr, "void", "ptr ptr size_t", 0, ir.Bcopy},
	{FCleanpath, "cleanpath", FuncSubr, "string", "string", 0, ir.Cleanpath},
	{FCopyin, "copyin", FuncSubr, "void*", "uintptr_t size_t", scratch | userAddr, ir.CopyIn},
	{FCopyinstr, "copyinstr", FuncSubr, "string", "uintptr_t [ size_t", userAddr, ir.StrU},
	{FCopyinto, "copyinto", FuncSubr, "void", "uintptr_t size_t ptr", userAddr, ir.CopyInTo},
	{FDPath, "d_path", FuncSubr, "string", "path*", 0, ir.DPath},
	{FDdiPathname, "ddi_pathname", FuncSubr, "string", "ptr int64_t", 0, ir.Nop},
	{FDirname, "dirname", FuncSubr, "string", "string", 0, ir.Dirname},
	{FGetf, "getf", FuncSubr, "file*", "int", 0, ir.Nop},
	{FGetmajor, "getmajor", FuncSubr, "uint_t", "uint64_t", 0, ir.Nop},
	{FGetminor, "getminor", FuncSubr, "uint_t", "uint64_t", 0, ir.Nop},
	{FHtonl, "htonl", FuncSubr, "uint32_t", "uint32_t", 0, ir.Bswap},
	{FHtonll, "htonll", FuncSubr, "uint64_t", "uint64_t", 0, ir.Bswap},
	{FHtons, "htons", FuncSubr, "uint16_t", "uint16_t", 0, ir.Bswap},
	{FIndex, "index", FuncSubr, "int", "string string [ int", 0, ir.StrIndex},
	{FInetNtoa, "inet_ntoa", FuncSubr, "string", "uint32_t*", 0, ir.InetNtoa},
	{FInetNtoa6, "inet_ntoa6", FuncSubr, "string", "in6_addr*", 0, ir.InetNtop},
	{FInetNtop, "inet_ntop", FuncSubr, "string", "int ptr", 0, ir.InetNtop},
	{FJSON, "json", FuncSubr, "string", "string string", 0, ir.Json},
	{FLinkNtop, "link_ntop", FuncSubr, "string", "int ptr", 0, ir.LinkNtop},
	{FLltostr, "lltostr", FuncSubr, "string", "int64_t [ int", 0, ir.LLToStr},
	{FMemref, "memref", FuncSubr, "uintptr_t*", "ptr size_t", scratch, ir.Alloca},
	{FMemstr, "memstr", FuncSubr, "string", "ptr char size_t", 0, ir.Nop},
	{FMsgdsize, "msgdsize", FuncSubr, "size_t", "ptr", 0, ir.Nop},
	{FMsgsize, "msgsize", FuncSubr, "size_t", "ptr", 0, ir.Nop},
	{FMutexOwned, "mutex_owned", FuncSubr, "int", "mutex*", 0, ir.Nop},
	{FMutexOwner, "mutex_owner", FuncSubr, "thread*", "mutex*", 0, ir.Nop},
	{FMutexTypeAdaptive, "mutex_type_adaptive", FuncSubr, "int", "mutex*", 0, ir.Nop},
	{FMutexTypeSpin, "mutex_type_spin", FuncSubr, "int", "mutex*", 0, ir.Nop},
	{FNtohl, "ntohl", FuncSubr, "uint32_t", "uint32_t", 0, ir.Bswap},
	{FNtohll, "ntohll", FuncSubr, "uint64_t", "uint64_t", 0, ir.Bswap},
	{FNtohs, "ntohs", FuncSubr, "uint16_t", "uint16_t", 0, ir.Bswap},
	{FProgenyof, "progenyof", FuncSubr, "int", "pid_t", 0, ir.ProgenyOf},
	{FRand, "rand", FuncSubr, "int", "", 0, ir.Nop},
	{FRindex, "rindex", FuncSubr, "int", "string string [ int", 0, ir.StrRIndex},
	{FRwIswriter, "rw_iswriter", FuncSubr, "int", "rwlock*", 0, ir.Nop},
	{FRwReadHeld, "rw_read_held", FuncSubr, "int", "rwlock*", 0, ir.Nop},
	{FRwWriteHeld, "rw_write_held", FuncSubr, "int", "rwlock*", 0, ir.Nop},
	{FSpeculation, "speculation", FuncSubr, "int", "", 0, ir.Speculation},
	{FStrchr, "strchr", FuncSubr, "string", "string char", 0, ir.StrChr},
	{FStrjoin, "strjoin", FuncSubr, "string", "string string", 0, ir.StrJoin},
	{FStrlen, "strlen", FuncSubr, "size_t", "string", 0, ir.StrLen},
	{FStrrchr, "strrchr", FuncSubr, "string", "string char", 0, ir.StrRChr},
	{FStrstr, "strstr", FuncSubr, "string", "string string", 0, ir.StrStr},
	{FStrtok, "strtok", FuncSubr, "string", "string string", 0, ir.StrTok},
	{FStrtoll, "strtoll", FuncSubr, "int64_t", "string [ int", 0, ir.StrToLL},
	{FSubstr, "substr", FuncSubr, "string", "string int [ int", 0, ir.Substr},
	{FTolower, "tolower", FuncSubr, "string", "string", 0, ir.ToLower},
	{FToupper, "toupper", FuncSubr, "string", "string", 0, ir.ToUpper},

	{FAvg, "avg", FuncAgg, "void", "@", records, ir.Nop},
	{FCount, "count", FuncAgg, "void", "", records, ir.Nop},
	{FLlquantize, "llquantize", FuncAgg, "void", "@ int int int int ...", records, ir.Nop},
	{FLquantize, "lquantize", FuncAgg, "void", "@ int int ...", records, ir.Nop},
	{FMax, "max", FuncAgg, "void", "@", records, ir.Nop},
	{FMin, "min", FuncAgg, "void", "@", records, ir.Nop},
	{FQuantize, "quantize", FuncAgg, "void", "@ ...", records, ir.Nop},
	{FStddev, "stddev", FuncAgg, "void", "@", records, ir.Nop},
	{FSum, "sum", FuncAgg, "void", "@", records, ir.Nop},
}

// foreignFuncs are functions of other DTrace systems that have no meaning here,
// and the reason.
var foreignFuncs = map[string]string{
	"ddi_pathname":       "it names devices of illumos",
	"getf":               "it gives a file_t of illumos; use fds[]",
	"msgsize":            "it measures STREAMS messages of illumos",
	"msgdsize":           "it measures STREAMS messages of illumos",
	"copyoutmbuf":        "it belongs to macOS",
	"uuidstr":            "it belongs to macOS",
	"vm_kernel_addrperm": "it belongs to macOS",
	"sx_isexclusive":     "sx locks belong to FreeBSD",
	"sx_shared_held":     "sx locks belong to FreeBSD",
	"sx_exclusive_held":  "sx locks belong to FreeBSD",
}
