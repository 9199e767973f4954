// Package local is the smallest host on the portable engine: the calling process
// itself, without privileges, on any operating system. It has the providers
// dtrace (BEGIN, END, ERROR) and profile (profile-N, tick-N); pid, execname, cwd
// and the like are those of the process.
//
// It is where D programs run that ask nothing of a kernel, and the portable side
// of every language test. With Config.VirtualTime the clock stands still except
// that waiting moves it to the next timer, so that a program's output does not
// depend on the machine.
//
// Types and symbols may be lent by another World. Foreign memory is never read:
// every access faults, unless Config.Access gives some.
package local

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/symbol"
	"github.com/godtrace/godtrace/vm"
)

// Config configures the host; the zero value is the process as it is.
type Config struct {
	// World lends its types, symbols and enumerators. Its probes are not used.
	// If it has a method Close, Host.Close calls it.
	World check.World
	// CPUs is the number of CPUs the host pretends to have; 0 means 1.
	// profile-N fires on each of them.
	CPUs int
	// VirtualTime stops the clock except for timers, which it jumps to. Start and
	// StartWall are its first readings in ns; zero values mean 1 s and the Unix
	// time 1e9.
	VirtualTime      bool
	Start, StartWall uint64
	// Clock and Wall replace the clocks in ns when VirtualTime is not set.
	Clock, Wall func() uint64
	// Access gives the process foreign memory, for tests.
	Access vm.Access
	// Thread replaces the identity of the process, for tests.
	Thread *vm.Thread
	// Seed starts rand(); 0 takes one from the clock, unless VirtualTime is set.
	Seed uint64
}

// Host is the local host. It implements host.Host.
type Host struct {
	cfg     Config
	e       *engine.Engine
	timers  *engine.Timers
	thread  *vm.Thread
	context *self
	now     atomic.Uint64 // of virtual time

	mu      sync.Mutex // guards what follows
	running int        // sessions that have timers running
	stop    chan struct{}
	done    chan struct{}
}

var _ host.Host = (*Host)(nil)

// New returns a host.
func New(cfg Config) (*Host, error) {
	h := &Host{cfg: cfg, thread: cfg.Thread}
	if cfg.Start == 0 {
		h.cfg.Start = uint64(time.Second)
	}
	if cfg.StartWall == 0 {
		h.cfg.StartWall = 1e9 * uint64(time.Second)
	}
	ec := engine.Config{CPUs: cfg.CPUs, Clock: cfg.Clock, Wall: cfg.Wall, Access: cfg.Access, Seed: cfg.Seed}
	if cfg.VirtualTime {
		h.now.Store(h.cfg.Start)
		ec.Clock = h.now.Load
		ec.Wall = func() uint64 { return h.cfg.StartWall + h.now.Load() - h.cfg.Start }
	} else if cfg.Seed == 0 {
		ec.Seed = uint64(time.Now().UnixNano())
	}
	if h.thread == nil {
		h.thread = ownThread()
	}
	h.context = &self{h: h}
	h.e = engine.New(ec)
	var err error
	if h.timers, err = h.e.AddTimers(); err != nil {
		return nil, err
	}
	return h, nil
}

// Name returns "local".
func (h *Host) Name() string { return "local" }

// Engine returns the engine, for tests that fire probes of their own.
func (h *Host) Engine() *engine.Engine { return h.e }

// Close releases the lent World.
func (h *Host) Close() error {
	if c, ok := h.cfg.World.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// Model returns the lent World's data model, LP64 without one.
func (h *Host) Model() ctype.Model {
	if h.cfg.World != nil {
		return h.cfg.World.Model()
	}
	return ctype.LP64
}

// Probes lists the host's own probes.
func (h *Host) Probes(d probe.Desc, f func(*probe.Probe) bool) error { return h.e.Probes(d, f) }

// ProbeByID returns a probe, nil if there is none.
func (h *Host) ProbeByID(id probe.ID) *probe.Probe { return h.e.ProbeByID(id) }

// Args returns the arguments of profile and tick probes; the others have none.
func (h *Host) Args(p *probe.Probe) ([]check.Arg, error) {
	return nil, nil // as everywhere, profile probes have arg0 and arg1 but no args[]
}

// Type asks the lent World.
func (h *Host) Type(module, name string) (*ctype.Type, error) {
	if h.cfg.World == nil {
		return nil, nil
	}
	return h.cfg.World.Type(module, name)
}

// Symbol asks the lent World.
func (h *Host) Symbol(module, name string) (check.Symbol, bool, error) {
	if h.cfg.World == nil {
		return check.Symbol{}, false, nil
	}
	return h.cfg.World.Symbol(module, name)
}

// Enumerator asks the lent World.
func (h *Host) Enumerator(name string) (int64, *ctype.Type, bool) {
	if h.cfg.World == nil {
		return 0, nil, false
	}
	return h.cfg.World.Enumerator(name)
}

// Supports refuses what a process cannot know of its kernel.
func (h *Host) Supports(op ir.Op, sub uint8) error {
	what := ""
	switch op {
	case ir.Stack:
		what = "the kernel stack"
	case ir.DPath:
		what = "path names of kernel objects"
	case ir.StopProc, ir.Panic, ir.Breakpoint, ir.Return:
		what = "the action " + op.String()
	case ir.Raise:
		if !canRaise {
			what = "raise() on this operating system"
		}
	case ir.BuiltinI:
		switch b := ir.Builtin(sub); b {
		case ir.BCurThread, ir.BCaller, ir.BUCaller, ir.BIPL, ir.BStackDepth, ir.BUReg, ir.BCurCPU:
			what = "the variable " + b.String()
		case ir.BVTimestamp:
			if !haveCPUTime && !h.cfg.VirtualTime {
				what = "vtimestamp on this operating system"
			}
		}
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("host local cannot give %s, a host with a kernel (linux) can: %w", what, host.ErrNotSupported)
}

// Features lists the providers.
func (h *Host) Features() []host.Feature {
	clock := "timers of the process, on the running clock"
	if h.cfg.VirtualTime {
		clock = "timers on a virtual clock"
	}
	f := []host.Feature{
		{Name: "dtrace", OK: true, Detail: "BEGIN, END and ERROR on the portable engine"},
		{Name: "profile", OK: true, Detail: clock},
	}
	if h.cfg.World == nil {
		return append(f, host.Feature{Name: "kernel types", Detail: "no source of types was given",
			Remedy: "run where the kernel's types can be read"})
	}
	return append(f, host.Feature{Name: "kernel types", OK: true, Detail: "lent by another host; memory cannot be read"})
}

// Symbols resolves addresses of the process itself, and of the kernel where the
// lent World can.
func (h *Host) Symbols() symbol.Resolver {
	r := resolver{pid: uint32(h.thread.PID)}
	if w, ok := h.cfg.World.(interface{ Symbols() symbol.Resolver }); ok {
		r.next = w.Symbols()
	}
	return r
}
