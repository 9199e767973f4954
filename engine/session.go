package engine

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/vm"
)

// State is the state of a session; see the package comment.
type State int32

// The states.
const (
	Inactive State = iota
	Warmup
	Active
	Draining
	Stopped
	Killed
)

var stateNames = [...]string{"inactive", "warmup", "active", "draining", "stopped", "killed"}

func (s State) String() string { return stateNames[s] }

// ErrKilled is returned by Start and Stop of a session that was killed.
var ErrKilled = errors.New("tracing was killed because the consumer did not respond")

// Hooks are the host's part of a session's life; each may be nil.
type Hooks struct {
	// Start begins feeding events. It is called when BEGIN is done and probes
	// fire, unless the program has called exit() by then.
	Start func(ctx context.Context) error
	// Wait drives the host until Session.Ready reports a reason to drain, or ctx
	// is done. It is for hosts that make events only while somebody waits. nil
	// blocks.
	Wait func(ctx context.Context) error
	// Stop ends feeding events and returns when none is under way. It is called
	// once, before END, also if Start was not called or failed.
	Stop func() error
	// Now is what Session.Now returns, if not Config.Clock.
	Now func() uint64
}

// Terms are the conditions a session is opened under.
type Terms struct {
	Hooks Hooks
	// Deny withholds privileges; the zero value grants all. Destructive also
	// needs the option.
	Deny Privileges
	// UID is the user whose processes a session without PrivOwner sees.
	UID uint32
	// Thread and Context are those that BEGIN and END fire in; either may be nil.
	Thread  *vm.Thread
	Context vm.Context
}

// The defaults and limits of run-time options.
const (
	DefaultBufSize    = 4 << 20
	DefaultAggSize    = 4 << 20
	DefaultDynVarSize = 1 << 20
	DefaultSpecSize   = 32 << 10
	DefaultNSpec      = 1
	MaxNSpec          = 1 << 16
	MaxBufSize        = 1 << 30
)

// Session is one program enabled in an engine. It implements host.Session and
// host.Clock; see there for who calls what.
type Session struct {
	e     *Engine
	prog  *ir.Program
	code  *vm.Program
	opt   host.Options
	terms Terms

	state    atomic.Int32
	status   atomic.Int64 // of exit()
	exited   atomic.Bool
	stopping atomic.Bool // Stop was called: END may fire
	urgent   atomic.Bool
	wake     chan struct{}
	alive    atomic.Uint64
	internal atomic.Pointer[error] // the vm's first broken invariant

	cpus  []*cpu
	sizes []int // record size by clause, header included
	// spare is the room that a fill buffer keeps for END.
	spare    int
	urgentBy []bool // by clause: its records act on aggregations

	shared sync.Mutex // guards global, dyn and spec
	global []byte
	dyn    dynVars
	spec   specs

	mu      sync.Mutex // guards what follows
	epids   map[ecbKey]uint32
	nextID  uint32
	probes  []probe.ID // enabled
	errorEn *enabling
	drained []drained // by CPU; used by the consumer's goroutine alone
	closed  bool
}

var (
	_ host.Session = (*Session)(nil)
	_ host.Clock   = (*Session)(nil)
)

type ecbKey struct {
	clause int
	probe  probe.ID
}

// drained is a buffer taken from a CPU; bytes from pos on are not yet delivered.
type drained struct {
	data []byte
	pos  int
}

// Open makes a session for a verified program. Options that are zero get
// DTrace's defaults.
func (e *Engine) Open(prog *ir.Program, opt host.Options, terms Terms) (*Session, error) {
	if prog.Destructive && (!opt.Destructive || terms.Deny&PrivDestructive != 0) {
		return nil, fmt.Errorf("engine: the program has destructive actions, which are not allowed")
	}
	if opt.CPU >= e.cfg.CPUs {
		return nil, fmt.Errorf("engine: cpu is %d, have 0 to %d", opt.CPU, e.cfg.CPUs-1)
	}
	pol, err := parsePolicy(opt.BufPolicy)
	if err != nil {
		return nil, err
	}
	setDefault(&opt.BufSize, DefaultBufSize)
	setDefault(&opt.AggSize, DefaultAggSize)
	setDefault(&opt.DynVarSize, DefaultDynVarSize)
	setDefault(&opt.SpecSize, DefaultSpecSize)
	setDefault(&opt.ScratchSize, vm.DefaultScratch)
	if opt.NSpec == 0 {
		opt.NSpec = DefaultNSpec
	}
	if opt.NSpec < 0 || opt.NSpec > MaxNSpec {
		return nil, fmt.Errorf("engine: nspec is %d, want 1 to %d", opt.NSpec, MaxNSpec)
	}
	if opt.BufSize > MaxBufSize {
		return nil, fmt.Errorf("engine: bufsize is %d, want at most %d", opt.BufSize, MaxBufSize)
	}
	code, err := vm.New(prog)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	s := &Session{e: e, prog: prog, code: code, opt: opt, terms: terms, wake: make(chan struct{}, 1),
		epids: map[ecbKey]uint32{}, nextID: 1, global: make([]byte, prog.GlobalSize),
		dyn: newDynVars(prog, opt.DynVarSize), spec: newSpecs(opt.NSpec, opt.SpecSize, e.cfg.CPUs)}
	if err := s.plan(pol); err != nil {
		return nil, err
	}
	s.drained = make([]drained, e.cfg.CPUs)
	for i := range e.cfg.CPUs {
		s.cpus = append(s.cpus, newCPU(s, i, pol))
	}
	if err := s.visible(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.sessions = append(e.sessions, s)
	e.mu.Unlock()
	return s, nil
}

func setDefault(v *uint64, d uint64) {
	if *v == 0 {
		*v = d
	}
}

// plan computes record sizes and checks them against the buffer.
func (s *Session) plan(pol policy) error {
	s.sizes = make([]int, len(s.prog.Clauses))
	s.urgentBy = make([]bool, len(s.prog.Clauses))
	for i, c := range s.prog.Clauses {
		n := s.code.RecordSize(i)
		if s.sizes[i] = n; uint64(n) > s.opt.BufSize {
			return fmt.Errorf("engine: a record of clause %s has %d bytes, bufsize is %d", c.Name, n, s.opt.BufSize)
		}
		for k := range c.Actions {
			switch c.Actions[k].Kind {
			case ir.ActPrinta, ir.ActClear, ir.ActTrunc, ir.ActNormalize, ir.ActDenormalize:
				s.urgentBy[i] = true
			}
		}
		for _, id := range c.Probes {
			if id == EndID && pol == policyFill {
				s.spare += n
			}
		}
	}
	if pol == policyFill && uint64(s.spare) >= s.opt.BufSize {
		return fmt.Errorf("engine: the records of END have %d bytes, bufsize is %d", s.spare, s.opt.BufSize)
	}
	return nil
}

// State returns the session's state.
func (s *Session) State() State { return State(s.state.Load()) }

// Timed reports that records carry the time.
func (s *Session) Timed() bool { return true }

// Now returns the clock that records carry.
func (s *Session) Now() uint64 {
	if s.terms.Hooks.Now != nil {
		return s.terms.Hooks.Now()
	}
	return s.e.cfg.Clock()
}

// Start enables the program's probes, runs BEGIN, lets the others fire and
// starts the host.
func (s *Session) Start(ctx context.Context) error {
	if !s.state.CompareAndSwap(int32(Inactive), int32(Warmup)) {
		return fmt.Errorf("engine: session is %s, want inactive", s.State())
	}
	s.touch()
	if err := s.enableAll(); err != nil {
		s.state.Store(int32(Stopped))
		s.disableAll()
		return err
	}
	s.fireOwn(BeginID)
	if !s.state.CompareAndSwap(int32(Warmup), int32(Active)) {
		if s.State() == Killed {
			return ErrKilled
		}
		return nil // BEGIN has called exit()
	}
	if h := s.terms.Hooks.Start; h != nil {
		if err := h(ctx); err != nil {
			return fmt.Errorf("start: %w", err)
		}
	}
	return nil
}

// enableAll attaches every clause to its probes. Enabled probe ids count the
// pairs of clause and probe, clause by clause.
func (s *Session) enableAll() error {
	byProbe := map[probe.ID]*enabling{}
	s.mu.Lock()
	for i, c := range s.prog.Clauses {
		for _, id := range c.Probes {
			en := byProbe[id]
			if en == nil {
				en = &enabling{s: s}
				byProbe[id] = en
				s.probes = append(s.probes, id)
			}
			en.ecbs = append(en.ecbs, s.newECB(i, id))
		}
	}
	s.errorEn = byProbe[ErrorID]
	ids := append([]probe.ID(nil), s.probes...)
	s.mu.Unlock()
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	for _, id := range ids {
		if err := s.e.enable(id, byProbe[id]); err != nil {
			return err
		}
	}
	return nil
}

// newECB numbers a clause at a probe. s.mu is held.
func (s *Session) newECB(clause int, id probe.ID) ecb {
	e := ecb{clause: clause, epid: s.nextID, shared: s.code.Shared(clause)}
	s.epids[ecbKey{clause, id}] = e.epid
	s.nextID++
	return e
}

func (s *Session) disableAll() {
	s.mu.Lock()
	ids := s.probes
	s.probes = nil
	s.mu.Unlock()
	for _, id := range ids {
		s.e.disable(id, s, true)
	}
}

// fireOwn fires BEGIN or END for this session alone.
func (s *Session) fireOwn(id probe.ID) {
	sl := (*s.e.slots.Load())[id]
	list := sl.enabled.Load()
	if list == nil {
		return
	}
	cpu := max(s.opt.CPU, 0)
	for _, en := range *list {
		if en.s == s {
			f := vm.Firing{Probe: sl.p, CPU: cpu, Thread: s.terms.Thread, Context: s.terms.Context}
			s.fire(en, id, cpu, &f)
		}
	}
}

// exit is the action exit().
func (s *Session) exit(status int64) {
	s.status.Store(status)
	s.exited.Store(true)
	if !s.state.CompareAndSwap(int32(Active), int32(Draining)) {
		s.state.CompareAndSwap(int32(Warmup), int32(Draining))
	}
	s.signal()
}

// End ends tracing as exit(status) does: for hosts whose events have run out
// or whose target has ended.
func (s *Session) End(status int) {
	if !s.exited.Load() {
		s.exit(int64(status))
	}
}

// Kill ends tracing at once: nothing fires any more, not even END.
func (s *Session) Kill() {
	s.state.Store(int32(Killed))
	s.signal()
}

func (s *Session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// touch notes that the consumer is alive.
func (s *Session) touch() {
	if s.e.cfg.Deadman != 0 {
		s.alive.Store(s.e.cfg.Clock())
	}
}

// Ready reports whether there is a reason to drain now: a buffer passed half
// its size, a record that prints or changes aggregations was committed, tracing
// ended. Drain resets it.
func (s *Session) Ready() bool {
	return s.urgent.Load() || s.exited.Load() || s.State() == Killed
}

// Wait blocks until there is a reason to drain, or ctx is done.
func (s *Session) Wait(ctx context.Context) error {
	s.touch()
	if s.exited.Load() || s.State() == Killed {
		return nil
	}
	if h := s.terms.Hooks.Wait; h != nil && s.State() == Active {
		return h(ctx)
	}
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Exited reports whether exit() was called, or End, and its status.
func (s *Session) Exited() (status int, ok bool) {
	if s.State() == Killed {
		return int(s.status.Load()), true
	}
	return int(s.status.Load()), s.exited.Load()
}

// Stop stops the host, runs END and disables the probes.
func (s *Session) Stop() error {
	switch st := s.State(); st {
	case Inactive, Stopped:
		return fmt.Errorf("engine: session is %s, want one that was started", st)
	}
	var err error
	if h := s.terms.Hooks.Stop; h != nil {
		err = h()
	}
	if !s.state.CompareAndSwap(int32(Active), int32(Draining)) {
		s.state.CompareAndSwap(int32(Warmup), int32(Draining))
	}
	s.quiesce()
	s.stopping.Store(true)
	s.fireOwn(EndID)
	killed := !s.state.CompareAndSwap(int32(Draining), int32(Stopped))
	s.disableAll()
	s.quiesce()
	if killed && err == nil {
		return ErrKilled
	}
	return err
}

// quiesce waits until no clause runs that began before.
func (s *Session) quiesce() {
	for _, c := range s.cpus {
		c.mu.Lock() // waits for its holder
		c.ending = false
		c.mu.Unlock()
	}
}

// Close frees the session, and stops it without END if Stop was not called.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	var err error
	if st := s.State(); st == Warmup || st == Active || st == Draining || st == Killed && !s.stopping.Load() {
		if h := s.terms.Hooks.Stop; h != nil && !s.stopping.Load() {
			err = h()
		}
	}
	s.state.Store(int32(Stopped))
	s.disableAll()
	s.quiesce()
	s.e.forget(s)
	return err
}

func (e *Engine) forget(s *Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.anonymous == s {
		e.anonymous = nil
	}
	for i, t := range e.sessions {
		if t == s {
			e.sessions = append(e.sessions[:i:i], e.sessions[i+1:]...)
			return
		}
	}
}

// EPID returns the enabled probe id of a clause at a probe, 0 if it is not
// enabled there.
func (s *Session) EPID(clause int, p probe.ID) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epids[ecbKey{clause, p}]
}

func (s *Session) threadExit(key uint64) {
	s.shared.Lock()
	s.dyn.exit(key)
	s.shared.Unlock()
}

// Cost returns what tracing has cost.
func (s *Session) Cost() host.Cost {
	var c host.Cost
	for _, cpu := range s.cpus {
		cpu.mu.Lock()
		c.Records += cpu.records
		c.Bytes += cpu.bytes
		c.Firings += cpu.firings
		c.KernelNanos += cpu.nanos
		cpu.mu.Unlock()
	}
	return c
}

// Drops returns the losses since Start.
func (s *Session) Drops() (record.Drops, error) {
	s.touch()
	var d record.Drops
	for i, cpu := range s.cpus {
		cpu.mu.Lock()
		for kind, n := range cpu.drops {
			if n != 0 {
				d.Add(record.Drop(kind), i, n)
			}
		}
		cpu.mu.Unlock()
		if n := cpu.nested.Load(); n != 0 {
			d.Add(record.DropNest, i, n)
		}
	}
	return d, nil
}

// Overwritten returns how many records of a ring gave way to newer ones.
func (s *Session) Overwritten() (n uint64) {
	for _, c := range s.cpus {
		c.mu.Lock()
		n += c.buf.overwritten
		c.mu.Unlock()
	}
	return n
}

var now = time.Now // the cost of clauses is real time, whatever the host's clock
