package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/vm"
)

// cpu is what a session has on one CPU. It is the vm's Env there.
type cpu struct {
	s  *Session
	id int

	// busy is set while a clause runs, so that a probe firing inside one is
	// noticed before it waits for mu for ever.
	busy   atomic.Bool
	nested atomic.Uint64

	mu        sync.Mutex // guards what follows
	m         *vm.Machine
	errM      *vm.Machine // of ERROR: its firing is inside another's
	inError   bool
	ending    bool // END is running
	buf       buffer
	aggs      []aggTable
	aggUsed   uint64
	drops     [record.NumDrops]uint64
	records   uint64
	bytes     uint64
	firings   uint64
	nanos     uint64
	countdown uint32 // firings until the consumer's life is checked
}

var _ vm.Env = (*cpu)(nil)

func newCPU(s *Session, id int, pol policy) *cpu {
	c := &cpu{s: s, id: id}
	c.buf = buffer{policy: pol, limit: int(s.opt.BufSize), sizes: s.sizes}
	c.aggs = make([]aggTable, len(s.prog.Aggs))
	for i := range s.prog.Aggs {
		c.aggs[i] = newAggTable(&s.prog.Aggs[i])
	}
	c.m = c.machine(0)
	return c
}

func (c *cpu) machine(n uint64) *vm.Machine {
	s := c.s
	return vm.NewMachine(s.code, vm.Config{Env: c, Access: s.e.touch, Global: s.global, ScratchSize: int(s.opt.ScratchSize),
		NoKernel: s.terms.Deny&PrivKernel != 0, NoUser: s.terms.Deny&PrivUser != 0,
		Seed: s.e.cfg.Seed + uint64(c.id)<<32 + n<<16})
}

// fire runs a session's clauses at a probe.
func (s *Session) fire(en *enabling, id probe.ID, cpu int, f *vm.Firing) {
	if !s.admits(id) || s.opt.CPU >= 0 && cpu != s.opt.CPU {
		return
	}
	if uint(cpu) >= uint(len(s.cpus)) {
		s.cpus[0].nested.Add(1)
		return
	}
	if s.terms.Deny != 0 && !s.sees(f) {
		return
	}
	c := s.cpus[cpu]
	if !c.busy.CompareAndSwap(false, true) {
		c.nested.Add(1)
		return
	}
	c.mu.Lock()
	if s.opt.Stats {
		c.timed(en, id, f)
	} else {
		c.run(en, id, f)
	}
	c.mu.Unlock()
	c.busy.Store(false)
}

// timed is run with its cost counted.
func (c *cpu) timed(en *enabling, id probe.ID, f *vm.Firing) {
	start := now()
	c.run(en, id, f)
	c.firings++
	c.nanos += uint64(time.Since(start))
}

// admits reports whether a probe fires in the session's state.
func (s *Session) admits(id probe.ID) bool {
	switch State(s.state.Load()) {
	case Active:
		return id > ErrorID
	case Warmup:
		return id == BeginID
	case Draining:
		return id == EndID && s.stopping.Load()
	}
	return false
}

// run runs the clauses of one firing. exit() ends tracing: the clauses behind
// it do not run.
func (c *cpu) run(en *enabling, id probe.ID, f *vm.Firing) {
	s := c.s
	if !c.alive() {
		return
	}
	c.ending = id == EndID
	c.m.Begin(f)
	for i := range en.ecbs {
		if !s.admits(id) {
			return
		}
		c.clause(c.m, &en.ecbs[i], f)
	}
}

// clause runs one clause and commits what it leaves.
func (c *cpu) clause(m *vm.Machine, e *ecb, f *vm.Firing) {
	f.EPID = e.epid
	if e.shared {
		c.s.shared.Lock()
	}
	r := m.Run(e.clause)
	if r.Record != nil {
		c.commit(m, e, f, r)
	}
	if e.shared {
		c.s.shared.Unlock()
	}
	if r.Err != nil {
		c.s.internal.CompareAndSwap(nil, &r.Err)
	}
	if r.Trapped {
		c.fault(m, e, f, r)
	}
}

// commit puts a record into the trace buffer.
func (c *cpu) commit(m *vm.Machine, e *ecb, f *vm.Firing, r *vm.Result) {
	n := len(r.Record)
	if r.Spec != 0 {
		if !c.Reserve(n) {
			return
		}
		c.s.spec.charge(r.Spec, c.id, n)
	} else if c.s.prog.Clauses[e.clause].Speculative && !c.Reserve(n) {
		return
	}
	h := record.Header{Clause: uint32(e.clause), Probe: uint32(f.Probe.ID), Time: m.Time(), Spec: uint32(r.Spec), EPID: e.epid}
	h.Encode(r.Record)
	c.put(r.Record)
	if c.s.urgentBy[e.clause] {
		c.s.urgent.Store(true)
	}
}

func (c *cpu) put(rec []byte) {
	before := c.buf.fill()
	c.buf.put(rec)
	c.records++
	c.bytes += uint64(len(rec))
	if half := c.buf.limit / 2; before <= half && before+len(rec) > half && c.buf.policy == policySwitch {
		c.s.urgent.Store(true)
		c.s.signal()
	}
}

// fault leaves an error record and fires ERROR.
func (c *cpu) fault(m *vm.Machine, e *ecb, f *vm.Firing, r *vm.Result) {
	if c.inError {
		c.drops[record.DropDblError]++
		return
	}
	action := int32(0)
	if act := c.s.prog.Clauses[e.clause].Act; r.PC < len(act) {
		action = act[r.PC]
	}
	var rec [record.HeaderSize + record.ErrorSize]byte
	h := record.Header{Clause: record.ClauseError, Probe: uint32(f.Probe.ID), Time: m.Time(), EPID: e.epid}
	h.Encode(rec[:])
	err := record.Error{Clause: uint32(e.clause), Action: uint32(action), PC: uint32(r.PC), Fault: uint32(r.Fault), Value: r.Value}
	err.Encode(rec[record.HeaderSize:])
	if c.Reserve(len(rec)) {
		c.put(rec[:])
	}
	if c.s.errorEn == nil {
		return
	}
	if c.errM == nil {
		c.errM = c.machine(1)
	}
	g := vm.Firing{Probe: c.s.e.ProbeByID(ErrorID), CPU: c.id, Time: m.Time(), Wall: f.Wall, Kernel: f.Kernel, Thread: f.Thread,
		Context: f.Context}
	g.Args = [vm.NumArgs]uint64{1: uint64(e.epid), 2: uint64(action), 3: uint64(r.PC), 4: uint64(r.Fault), 5: r.Value}
	c.inError = true
	c.errM.Begin(&g)
	for i := range c.s.errorEn.ecbs { // all of them, whichever calls exit()
		c.clause(c.errM, &c.s.errorEn.ecbs[i], &g)
	}
	c.inError = false
}

// alive reports whether the consumer still lives; if not, the session is
// killed.
func (c *cpu) alive() bool {
	limit := c.s.e.cfg.Deadman
	if limit == 0 {
		return true
	}
	if c.countdown > 0 {
		c.countdown--
		return true
	}
	c.countdown = 255
	t, last := c.s.e.cfg.Clock(), c.s.alive.Load()
	if t > last && t-last > limit {
		c.s.Kill()
		return false
	}
	return true
}

// Reserve implements vm.Env. A fill buffer that is full ends tracing.
func (c *cpu) Reserve(size int) bool {
	spare := 0
	if !c.ending {
		spare = c.s.spare
	}
	if c.buf.room(size, spare) {
		return true
	}
	c.drops[record.DropPrincipal]++
	if c.buf.policy == policyFill {
		c.s.End(0)
	}
	return false
}

// TLS implements vm.Env.
func (c *cpu) TLS(thread uint64, create bool) []byte {
	b := c.s.dyn.tls(thread, create)
	if b == nil && create {
		c.drops[record.DropDynamic]++
	}
	return b
}

// DynGet implements vm.Env.
func (c *cpu) DynGet(v int, key []byte) []byte { return c.s.dyn.get(v, key) }

// DynSet implements vm.Env.
func (c *cpu) DynSet(v int, key, val []byte) {
	if !c.s.dyn.set(v, key, val) {
		c.drops[record.DropDynamic]++
	}
}

// DynDel implements vm.Env.
func (c *cpu) DynDel(v int, key []byte) { c.s.dyn.del(v, key) }

// Agg implements vm.Env.
func (c *cpu) Agg(id int, key []byte, value, incr int64) {
	if !c.aggs[id].update(key, value, incr, &c.aggUsed, c.s.opt.AggSize) {
		c.drops[record.DropAggregation]++
	}
}

// Speculation implements vm.Env.
func (c *cpu) Speculation() uint64 {
	id, busy := c.s.spec.alloc()
	switch {
	case id != 0:
	case busy:
		c.drops[record.DropSpecBusy]++
	default:
		c.drops[record.DropSpecUnavail]++
	}
	return id
}

// Speculate implements vm.Env.
func (c *cpu) Speculate(id uint64, size int) bool {
	active, full := c.s.spec.speculate(id, c.id, size)
	if full {
		c.drops[record.DropSpec]++
	}
	return active && !full
}

// CommitSpec implements vm.Env.
func (c *cpu) CommitSpec(id uint64) bool { return c.s.spec.end(id, c.id, true) }

// DiscardSpec implements vm.Env.
func (c *cpu) DiscardSpec(id uint64) bool { return c.s.spec.end(id, c.id, false) }

// Exit implements vm.Env.
func (c *cpu) Exit(status int64) { c.s.exit(status) }

// Now implements vm.Env.
func (c *cpu) Now() uint64 { return c.s.e.cfg.Clock() }

// Wall implements vm.Env.
func (c *cpu) Wall() uint64 { return c.s.e.cfg.Wall() }
