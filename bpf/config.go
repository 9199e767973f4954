package bpf

import (
	"fmt"

	"github.com/godtrace/godtrace/probe"
)

// Feature is something that not every supported kernel has.
type Feature string

// The features that Build can use or do without.
const (
	FeatTaskStorage   Feature = "task-local storage (Linux 5.12)"
	FeatCookie        Feature = "attach cookies (Linux 5.15)"
	FeatAllocHash     Feature = "hash maps without preallocation in tracing programs (Linux 6.1)"
	FeatStrncmp       Feature = "bpf_strncmp (Linux 5.17)"
	FeatLoop          Feature = "bpf_loop (Linux 5.17)"
	FeatMayGoto       Feature = "may_goto (Linux 6.9)"
	FeatTaskRegs      Feature = "bpf_task_pt_regs (Linux 5.15)"
	FeatSignal        Feature = "bpf_send_signal (Linux 5.3)"
	FeatWriteUser     Feature = "bpf_probe_write_user (not under lockdown)"
	FeatOverride      Feature = "bpf_override_return (CONFIG_BPF_KPROBE_OVERRIDE)"
	FeatRingOverwrite Feature = "overwriting ring buffers"
	FeatNoPreempt     Feature = "raw tracepoints that cannot be preempted (before Linux 7.0)"
)

// Arch is a processor architecture, with Go's names.
type Arch string

// The supported architectures.
const (
	AMD64 Arch = "amd64"
	ARM64 Arch = "arm64"
)

// Config is what Build needs to know about the running kernel and the
// session's options. Zero values mean defaults.
type Config struct {
	Arch Arch
	// CPUs is the number of possible CPUs: one more than the highest number.
	CPUs int
	// Features are those that the kernel lacks; all others are assumed.
	Lacks map[Feature]bool
	// Offset returns place and size in bytes of a member of one of the kernel's
	// structures ("task_struct", "real_parent"; nested: "se.exec_start"), from its
	// BTF. Build asks only for what the program needs. Nil: members are unknown
	// and clauses that need one are refused.
	Offset func(typ, member string) (off, size uint32, err error)

	// ErrorProbe is the id of dtrace:::ERROR. Its clauses become part of every
	// program that can fault.
	ErrorProbe probe.ID
	// Probe returns a probe by id, for programs that work with the text of
	// probefunc and the like. Build asks only for probes of its hooks.
	Probe func(probe.ID) *probe.Probe

	// Sizes in bytes: of each CPU's ring buffer (rounded up to a power of two),
	// of all aggregations, of dynamic variables, of scratch memory (alloca,
	// copyin) of a firing.
	BufSize, AggSize, DynVarSize, ScratchSize uint64
	// NSpec is the number of speculations, SpecSize the bytes that each may hold
	// of each CPU's records.
	NSpec    int
	SpecSize uint64
	// Fill stops recording on a CPU when its buffer has been full (bufpolicy
	// fill). Policy ring needs nothing of the programs: the host keeps reading
	// and holds the newest BufSize bytes of each CPU.
	Fill bool
	// CPU limits tracing to one CPU; -1 is all.
	CPU int
	// PageSize of the kernel, 4096 if 0.
	PageSize int
	// KernelRings asks for the kernel's ring buffers in place of our own.
	KernelRings bool
	// Sequence puts records in order by a counter that all CPUs share, in place of
	// the clock: the time in their headers is the count. Reading the clock of a
	// virtual machine costs as much as all else of a record.
	Sequence bool
	// Stats makes programs count their firings.
	Stats bool
}

// The defaults of Config, which are DTrace's where it has them.
const (
	defaultBufSize     = 4 << 20
	defaultAggSize     = 4 << 20
	defaultDynVarSize  = 1 << 20
	defaultScratchSize = 4096
	defaultSpecSize    = 32 << 10
)

// Error is why a clause cannot run as eBPF here.
type Error struct {
	// Clause indexes ir.Program.Clauses, -1 if the whole program is meant. Name
	// is the clause's name, PC the instruction's number, -1 if none.
	Clause int
	Name   string
	PC     int
	Msg    string
	// Feature is the kernel feature that is missing, if that is the reason.
	Feature Feature
}

func (e *Error) Error() string {
	if e.Clause < 0 {
		return e.Msg
	}
	return fmt.Sprintf("clause %d (%s): %s", e.Clause+1, e.Name, e.Msg)
}
