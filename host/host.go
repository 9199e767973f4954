// Package host declares what a kernel must offer to run D programs: the seam
// between the language and the many systems it can trace. host/linux, host/etl,
// host/nt and others implement it.
package host

import (
	"context"
	"errors"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/symbol"
)

// ErrNotSupported is wrapped by every error that says a host lacks a feature.
var ErrNotSupported = errors.New("not supported")

// Host is one traceable system. Its methods are not safe for concurrent use
// unless they say so.
type Host interface {
	check.World
	// Name is "linux", "vm", "ptrace", "etl", "nt".
	Name() string
	// Open makes a session for a verified program. Nothing fires before Start.
	Open(prog *ir.Program, opt Options) (Session, error)
	// Symbols resolves addresses for output.
	Symbols() symbol.Resolver
	// ProbeByID returns a probe that Probes has listed, nil if there is none.
	ProbeByID(id probe.ID) *probe.Probe
	// Features reports, for dtrace doctor, what works here and what does not.
	Features() []Feature
	// Close releases the host.
	Close() error
}

// Options are the run-time options a session needs; sizes in bytes, rates in
// nanoseconds an event. Zero values mean DTrace's defaults.
type Options struct {
	BufSize, AggSize, DynVarSize, SpecSize, StrSize uint64
	NSpec                                           int
	ScratchSize                                     uint64
	// BufPolicy is "switch" (the default), "fill" or "ring".
	BufPolicy string
	// CPU limits tracing to one CPU; -1 is all.
	CPU int
	// Destructive allows destructive actions.
	Destructive bool
	// Target is the process of -c or -p, 0 if none.
	Target int
	// Stats asks for cost figures (Session.Cost).
	Stats bool
	// NoTime allows records without time: their headers' Time may be any number
	// that grows from firing to firing, on all CPUs together, if that costs less.
	NoTime bool
	// Extra has host-specific options by name.
	Extra map[string]string
}

// Session is one enabled program. Start, Drain, Stop and Close are called by
// one goroutine.
//
// The life of a session: Start runs the clauses of BEGIN to their end, then lets
// all other probes fire. Drain is called again and again. When the program calls
// exit(), Exited is true at once and no further probe fires. Stop runs END,
// detaches everything and waits until no clause runs; Drain after Stop delivers
// all that is left. Close frees the kernel's resources.
type Session interface {
	// Start attaches and begins tracing.
	Start(ctx context.Context) error
	// Drain calls f for every record now in the buffers of all CPUs, those of
	// one CPU in the order of their commitment. data is a whole record, header
	// first, valid only during the call. An error from f ends Drain.
	Drain(f func(cpu int, data []byte) error) error
	// Wait blocks until there is a reason to drain early (a buffer passed its
	// fill level, exit() was called, a target ended) or ctx is done.
	Wait(ctx context.Context) error
	// Exited reports whether the program has called exit(), and its status.
	Exited() (status int, ok bool)
	// Aggregate calls f for each tuple of an aggregation, with its per-CPU values
	// merged. key and value are valid only during the call. Only tuples updated
	// at least once appear.
	Aggregate(id ir.AggID, f func(key []byte, value []uint64) error) error
	// AggregateCPUs calls f for each tuple of an aggregation and each CPU that
	// updated it, with that CPU's value. Values that the CPUs share are left out.
	AggregateCPUs(id ir.AggID, f func(cpu int, key []byte, value []uint64) error) error
	// CPUs returns the numbers of the CPUs, ascending.
	CPUs() []int
	// Clear resets all values of an aggregation to zero, keeping the tuples;
	// Truncate removes tuples, all if keys is nil.
	Clear(id ir.AggID) error
	Truncate(id ir.AggID, keys [][]byte) error
	// Drops returns the losses since Start, cumulative.
	Drops() (record.Drops, error)
	// EPID returns the enabled probe id of a clause at a probe.
	EPID(clause int, p probe.ID) uint32
	// Cost returns what tracing has cost so far.
	Cost() Cost
	// Stop ends tracing, as told above. It may be called once.
	Stop() error
	// Close frees everything. It may be called at any time, more than once.
	Close() error
}

// Cost is a session's own cost.
type Cost struct {
	// Firings counts executions of probe programs, KernelNanos the time they
	// took in all. Both are 0 without Options.Stats.
	Firings, KernelNanos uint64
	// Records counts committed records, Bytes their size.
	Records, Bytes uint64
}

// Feature is one line of dtrace doctor.
type Feature struct {
	// Name is a provider ("syscall") or a feature ("task-local storage").
	Name string
	// OK is set if it works on this system.
	OK bool
	// Detail says how it is done, or exactly why it does not work.
	Detail string
	// Remedy says what would give it, "" if it works.
	Remedy string
}

// Clock is implemented by sessions whose records carry the time of a running
// clock, or with Options.NoTime a count in its place: Now returns it. The
// consumer holds back records younger than the start of a Drain, so that it can
// merge all CPUs in order of time.
type Clock interface {
	Now() uint64
	// Timed is false if records carry a count.
	Timed() bool
}
