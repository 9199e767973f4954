package engine

import (
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// The ids of the probes that every engine has.
const (
	BeginID probe.ID = 1
	EndID   probe.ID = 2
	ErrorID probe.ID = 3
)

// Config is what a kernel gives the engine. The zero value is a machine with one
// CPU, whose clock runs from the engine's creation on and whose memory cannot be
// read.
type Config struct {
	// CPUs is the number of CPUs, numbered from 0; 0 means 1.
	CPUs int
	// Clock is the monotonic clock in ns, Wall the time since 1970 in ns. Nil
	// means the clocks of the running system.
	Clock, Wall func() uint64
	// Access touches foreign memory; nil refuses.
	Access vm.Access
	// Seed starts rand().
	Seed uint64
	// Deadman, if not 0, is how many ns of Clock a session lives without its
	// consumer asking for anything.
	Deadman uint64
}

// Engine is one tracing engine. Its methods are safe for concurrent use.
type Engine struct {
	cfg    Config
	access atomic.Pointer[vm.Access]
	slots  atomic.Pointer[[]*slot] // by probe.ID; nobody changes an element

	mu        sync.Mutex // guards what follows
	providers []*Provider
	byName    map[string]probe.ID
	byFunc    map[string][]probe.ID
	sessions  []*Session
	anonymous *Session
}

// slot is one probe and who is interested in it.
type slot struct {
	p       *probe.Probe
	prov    *Provider
	enabled atomic.Pointer[[]*enabling] // copied on write, under Engine.mu
	retired bool                        // under Engine.mu
}

// enabling is a session's interest in a probe: its clauses in program order.
type enabling struct {
	s    *Session
	ecbs []ecb
}

// ecb is one enabling control block: a clause at a probe.
type ecb struct {
	clause int
	epid   uint32
	shared bool
}

// New returns an engine with the probes BEGIN, END and ERROR.
func New(cfg Config) *Engine {
	if cfg.CPUs <= 0 {
		cfg.CPUs = 1
	}
	start := time.Now()
	if cfg.Clock == nil {
		cfg.Clock = func() uint64 { return uint64(time.Since(start)) + 1 }
	}
	if cfg.Wall == nil {
		cfg.Wall = func() uint64 { return uint64(time.Now().UnixNano()) }
	}
	if cfg.Access == nil {
		cfg.Access = vm.NoAccess
	}
	e := &Engine{cfg: cfg, byName: map[string]probe.ID{}, byFunc: map[string][]probe.ID{}}
	e.access.Store(&cfg.Access)
	e.slots.Store(&[]*slot{nil})
	p, err := e.AddProvider(ProviderSpec{Name: "dtrace", Attrs: dtraceAttrs})
	for _, name := range [...]string{"BEGIN", "END", "ERROR"} {
		if err == nil {
			_, err = p.Create("", "", name, 0)
		}
	}
	if err != nil {
		panic("BUG: " + err.Error()) // names and ids are constants
	}
	return e
}

var dtraceAttrs = func() *probe.Attrs {
	common := probe.Attr{Name: probe.Stable, Data: probe.Stable, Class: probe.ClassCommon}
	private := probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassUnknown}
	return &probe.Attrs{Provider: common, Module: private, Function: private, Name: common, Args: common}
}()

// CPUs returns the number of CPUs.
func (e *Engine) CPUs() int { return e.cfg.CPUs }

// Now returns the engine's clock.
func (e *Engine) Now() uint64 { return e.cfg.Clock() }

// SetAccess replaces the routine that touches foreign memory, for kernels that
// hand it over after the engine was made. Firings that have begun keep the old
// one until their next access.
func (e *Engine) SetAccess(a vm.Access) {
	if a == nil {
		a = vm.NoAccess
	}
	e.access.Store(&a)
}

// touch is the vm's way to foreign memory.
func (e *Engine) touch(f *vm.Firing, user bool, addr uint64, p []byte, write bool) bool {
	return (*e.access.Load())(f, user, addr, p, write)
}

// Fire runs what is enabled at a probe. The host fills f; Probe, EPID and CPU
// are set here. Unknown and retired probes are ignored.
func (e *Engine) Fire(id probe.ID, cpu int, f *vm.Firing) {
	slots := *e.slots.Load()
	if uint64(id) >= uint64(len(slots)) || id == 0 {
		return
	}
	sl := slots[id]
	list := sl.enabled.Load()
	if list == nil {
		return
	}
	f.Probe, f.CPU = sl.p, cpu
	for _, en := range *list {
		en.s.fire(en, id, cpu, f)
	}
}

// Enabled reports whether any session has the probe enabled, for hosts that
// would spend time on filling a Firing.
func (e *Engine) Enabled(id probe.ID) bool {
	slots := *e.slots.Load()
	return uint64(id) < uint64(len(slots)) && id != 0 && slots[id].enabled.Load() != nil
}

// ThreadExit tells that a thread has ended: its thread-local variables are
// freed in all sessions.
func (e *Engine) ThreadExit(key uint64) {
	e.mu.Lock()
	sessions := append([]*Session(nil), e.sessions...)
	e.mu.Unlock()
	for _, s := range sessions {
		s.threadExit(key)
	}
}

// ProbeByID returns a probe, nil if there is none.
func (e *Engine) ProbeByID(id probe.ID) *probe.Probe {
	slots := *e.slots.Load()
	if id == 0 || uint64(id) >= uint64(len(slots)) {
		return nil
	}
	return slots[id].p
}

// Probes calls f for each probe that d matches, in ascending order of ids, until
// f returns false. Providers that make probes on demand are asked first. It is
// what a check.World's Probes does.
func (e *Engine) Probes(d probe.Desc, f func(*probe.Probe) bool) error {
	e.mu.Lock()
	var ask []*Provider
	for _, p := range e.providers {
		if p.spec.Provide != nil && d.ID == 0 && probe.Glob(d.Provider, p.spec.Name) {
			ask = append(ask, p)
		}
	}
	e.mu.Unlock()
	for _, p := range ask {
		if err := p.spec.Provide(d); err != nil {
			return fmt.Errorf("provider %s: %w", p.spec.Name, err)
		}
	}
	for _, p := range e.matching(&d) {
		if !f(p) {
			return nil
		}
	}
	return nil
}

// matching returns the probes that d describes, in ascending order.
func (e *Engine) matching(d *probe.Desc) []*probe.Probe {
	e.mu.Lock()
	defer e.mu.Unlock()
	slots := *e.slots.Load()
	var out []*probe.Probe
	add := func(id probe.ID) {
		if sl := slots[id]; !sl.retired && d.Match(sl.p) {
			out = append(out, sl.p)
		}
	}
	switch {
	case d.ID != 0:
		if uint64(d.ID) < uint64(len(slots)) {
			add(d.ID)
		}
	case !probe.IsGlob(d.Function):
		ids := e.byFunc[d.Function]
		sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
		for _, id := range ids {
			add(id)
		}
	default:
		for id := 1; id < len(slots); id++ {
			add(probe.ID(id))
		}
	}
	return out
}
