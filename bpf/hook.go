package bpf

import "github.com/godtrace/godtrace/probe"

// Kind is a kind of kernel attachment. It decides the program type and what
// the program's context is.
type Kind uint8

// The kinds of attachment.
const (
	// RawTracepoint is BPF_PROG_TYPE_RAW_TRACEPOINT; AttachTo is the
	// tracepoint's name. The context is an array of 64-bit words.
	RawTracepoint Kind = iota
	// BTFTracepoint is a tracing program of attach type trace_raw_tp: as above,
	// but the words have kernel types and may be followed without a helper.
	BTFTracepoint
	// Tracepoint is a perf tracepoint, AttachTo "category/name". The context is
	// its record.
	Tracepoint
	// PerfEvent is a sampling perf event. The context starts with pt_regs.
	PerfEvent
	// Kprobe to UretprobeMulti have pt_regs as context. The Multi kinds are
	// attached to many places at once, with cookies.
	Kprobe
	Kretprobe
	KprobeMulti
	KretprobeMulti
	Uprobe
	Uretprobe
	UprobeMulti
	UretprobeMulti
	// Fentry and Fexit are tracing programs, AttachTo the function's name.
	Fentry
	Fexit
	// TestRun is a raw tracepoint program that is never attached: the host runs
	// it by BPF_PROG_TEST_RUN (BEGIN, END). Its context words are those of the
	// call.
	TestRun
)

var kindNames = [...]string{
	"raw_tracepoint", "tp_btf", "tracepoint", "perf_event", "kprobe", "kretprobe", "kprobe.multi", "kretprobe.multi",
	"uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi", "fentry", "fexit", "test_run",
}

// String returns the name that libbpf's sections have for the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown attachment"
}

// Select is how a program finds out which of its hook's probes fires.
type Select uint8

// The ways to find the probe.
const (
	// SelectFixed: the hook has one probe.
	SelectFixed Select = iota
	// SelectCtx: context word Word, an integer, equals the probe's Key. This
	// is how sys_enter serves all system calls (Word 1).
	SelectCtx
	// SelectSyscall: the system-call number in the pt_regs that context word 0
	// points to equals the probe's Key (sys_exit).
	SelectSyscall
	// SelectCookie: the attach cookie is the probe's index in Hook.Probes. The
	// host attaches with those cookies.
	SelectCookie
)

// Args is where arg0, arg1, ... of a firing come from. Arguments that the
// source does not have are 0.
type Args uint8

// The sources of arguments.
const (
	// ArgsNone: all are 0.
	ArgsNone Args = iota
	// ArgsCtx: argN is context word Word+N, of NumArgs words (all if 0). For
	// SelectCtx hooks give ArgBase.
	ArgsCtx
	// ArgsSyscall: the six arguments of the system call whose pt_regs context
	// word 0 points to.
	ArgsSyscall
	// ArgsSyscallReturn: arg0 and arg1 are the system call's result, context
	// word 1. It is also where errno comes from.
	ArgsSyscallReturn
	// ArgsCall: the integer arguments of a C call, from pt_regs; those on the
	// stack are read from the user stack.
	ArgsCall
	// ArgsReturn: arg0 is 0 (the offset of the return, which a return probe
	// cannot know), arg1 the return value in pt_regs.
	ArgsReturn
	// ArgsProfile: arg0 is the kernel pc, arg1 the user pc; one of them is 0.
	ArgsProfile
	// ArgsFields: argN is the field ArgFields[N] of the context.
	ArgsFields
	// ArgsFexit: arg0 is 0, arg1 the result, context word NumArgs.
	ArgsFexit
	// ArgsConst: argN is the probe's Consts[N].
	ArgsConst
)

// CtxField is a field of a tracepoint's record.
type CtxField struct {
	Off    uint32
	Size   uint8 // 1, 2, 4 or 8
	Signed bool
	// Addr asks for the address of the field in place of its contents: arrays
	// and structures.
	Addr bool
	// DataLoc marks a __data_loc field: the value is the address of its data.
	DataLoc bool
}

// HookProbe is one probe that a hook serves.
type HookProbe struct {
	ID probe.ID
	// Key is the number that Select compares.
	Key uint64
	// Consts are the arguments of ArgsConst.
	Consts []int64
}

// Hook is one attachment of one program and the probes it serves. Which
// clauses a probe runs follows from ir.Clause.Probes.
type Hook struct {
	Kind     Kind
	AttachTo string
	// Name appears in error messages and, cut, as the program's name:
	// "syscall entry".
	Name   string
	Select Select
	// Word is the context word of SelectCtx.
	Word   int
	Args   Args
	Probes []HookProbe
	// ArgBase is the first context word of ArgsCtx; NumArgs the number of
	// arguments of ArgsCtx (0: as many as are asked for) and ArgsFexit.
	ArgBase, NumArgs int
	ArgFields        []CtxField
	// SkipFrames are the frames at the top of a kernel stack that belong to the
	// tracing and not to the probed code.
	SkipFrames int
	// Phase says when the program's clauses run.
	Phase Phase
	// Sleepable marks programs that may run preempted and sleep. It is not the
	// default because sleepable programs cannot use every map.
	Sleepable bool
	// User is set if the probed code runs in user mode (pid, usdt, syscall
	// entries): where ucaller and uregs have a meaning.
	User bool
}

// Phase is a stage of tracing; see StateInit and the following.
type Phase uint8

// The phases.
const (
	PhaseActive Phase = iota // all probes but BEGIN and END
	PhaseBegin               // dtrace:::BEGIN
	PhaseEnd                 // dtrace:::END
)
