package vm

import (
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// NumArgs is the number of raw arguments that a Firing holds, arg0 to arg9.
const NumArgs = 10

// Thread is the identity of the thread a probe fires in. The host owns it and
// may share one Thread between firings; the machine only reads it, during the
// firing.
type Thread struct {
	// Key is unique to the thread while it lives: the value of BThreadKey, and
	// what self-> is stored under.
	Key uint64
	// PID and TID identify process and thread to users of the traced system;
	// PPID is the parent process, UID and GID the real user and group.
	PID, TID, PPID, UID, GID uint32
	// ExecName is the process's name, as execname gives it.
	ExecName string
}

// Firing is one event at one probe as the host presents it. The host fills it
// and may use it again once the firing is over.
type Firing struct {
	// Probe is the probe that fires, EPID the enabled probe id of the clause
	// that runs, CPU where. The engine sets all three.
	Probe *probe.Probe
	EPID  uint32
	CPU   int
	// Time is the timestamp in ns of the host's monotonic clock, Wall in ns
	// since 1970. 0 lets the engine read its clock when a program asks.
	Time, Wall uint64
	// Args are the raw arguments arg0 to arg9.
	Args [NumArgs]uint64
	// Errno is the error number of the system call that is returning, else 0.
	Errno int32
	// Kernel says that the event happened in kernel mode: a session without
	// kernel privileges does not see it.
	Kernel bool
	// Thread is the current thread; nil stands for one of zeros.
	Thread *Thread
	// Context answers what is asked seldom; nil answers zero everywhere.
	Context Context
}

// Context gives the built-in variables that cost something to find. All
// methods run inside the firing, on its goroutine.
type Context interface {
	// Int returns the integer built-in b: VTimestamp, CurThread, Caller,
	// UCaller, IPL, StackDepth, UStackDepth, CurCPU, UReg (of register arg) or Arg
	// (number arg, past arg9).
	Int(f *Firing, b ir.Builtin, arg uint64) uint64
	// Str returns the string built-in b: Cwd, Root, ExecArgs, ZoneName or
	// ThreadName.
	Str(f *Firing, b ir.StrBuiltin) string
	// Stack fills dst with the program counters of the kernel stack, innermost
	// first, and returns how many there are. UStack does the same for the user
	// stack.
	Stack(f *Firing, dst []uint64) int
	UStack(f *Firing, dst []uint64) int
	// ProgenyOf reports whether the current process is pid or descends from it.
	ProgenyOf(f *Firing, pid uint64) bool
}

// Actor is implemented by a Context whose kernel can be acted on.
type Actor interface {
	// Act performs a destructive action: Raise (a is the signal), StopProc,
	// Chill (a is ns), Panic, Breakpoint or Return (a is the value). A false
	// result ends the clause with FaultIllOp.
	Act(f *Firing, op ir.Op, a uint64) bool
}

// Pather is implemented by a Context whose kernel has struct path.
type Pather interface {
	// Path returns the path name of the struct path at a kernel address.
	Path(f *Firing, addr uint64) (string, bool)
}

// Access reads (or, if write is set, writes) len(p) bytes of foreign memory:
// at a kernel address, or at an address of the current process if user is set.
// It is the only way in which a program touches the traced system's memory. It
// reports whether all bytes could be accessed; a write that fails must have
// changed nothing. The bytes of p after a failed read are undefined.
type Access func(f *Firing, user bool, addr uint64, p []byte, write bool) bool

// NoAccess refuses every access.
func NoAccess(*Firing, bool, uint64, []byte, bool) bool { return false }

// NoContext answers zero to every question. Contexts embed it for what their
// system does not have.
type NoContext struct{}

// Int returns 0.
func (NoContext) Int(*Firing, ir.Builtin, uint64) uint64 { return 0 }

// Str returns "".
func (NoContext) Str(*Firing, ir.StrBuiltin) string { return "" }

// Stack finds no frames.
func (NoContext) Stack(*Firing, []uint64) int { return 0 }

// UStack finds no frames.
func (NoContext) UStack(*Firing, []uint64) int { return 0 }

// ProgenyOf compares with the current process alone.
func (NoContext) ProgenyOf(f *Firing, pid uint64) bool { return uint64(f.thread().PID) == pid }

var noThread Thread

func (f *Firing) thread() *Thread {
	if f.Thread == nil {
		return &noThread
	}
	return f.Thread
}

// Env is what a session keeps beyond one firing, as seen from one CPU. Slices
// passed in are valid during the call; slices returned until the machine's next
// call.
type Env interface {
	// Reserve reports whether a record of size bytes, header included, fits into
	// the trace buffer. If not, it has counted a drop.
	Reserve(size int) bool
	// TLS returns the storage of a thread, of Program.TLSSize bytes, or nil if it
	// has none. With create set it is made; where it cannot be, TLS has counted a
	// drop and returns nil.
	TLS(thread uint64, create bool) []byte
	// DynGet returns the value of variable v at a key, nil if absent. DynSet
	// stores one of Var.ValSize bytes, or counts a drop. DynDel deletes it.
	DynGet(v int, key []byte) []byte
	DynSet(v int, key, val []byte)
	DynDel(v int, key []byte)
	// Agg adds value to aggregation id at a key (nil if keyless).
	Agg(id int, key []byte, value, incr int64)
	// Speculation returns the id of a free speculation, or counts a failure and
	// returns 0. Speculate reports whether a record of size bytes may be added to
	// speculation id. CommitSpec and DiscardSpec end it,
	// and return false if id is greater than the number of speculations.
	Speculation() uint64
	Speculate(id uint64, size int) bool
	CommitSpec(id uint64) bool
	DiscardSpec(id uint64) bool
	// Exit ends tracing.
	Exit(status int64)
	// Now and Wall are the clocks behind Firing.Time and Firing.Wall.
	Now() uint64
	Wall() uint64
}
