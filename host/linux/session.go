//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// Session is one program running in the kernel. All that holds it there are
// file descriptors: the end of the process, however it comes, ends the tracing.
type Session struct {
	h     *Host
	prog  *ir.Program
	opt   host.Options
	obj   *bpf.Object
	maps  *ebpf.Collection
	progs []*program // as obj.Programs
	hooks []hook
	stats io.Closer

	ctl   []byte // shared with the programs
	rings []recorder
	buf   []byte   // the mapping behind rings that are buffers
	swtch *program // of vtimestamp, not in progs
	wakes *ring    // what wakes the consumer when rings are buffers
	held  []held   // policy ring
	aggs  []aggregation
	links []closer
	wait  *waiter

	sequence                 bool // records carry a count in place of the time
	started, stopped, closed bool
	noted                    time.Time // when processes were last looked at
	userAddrs                bool      // the program records addresses of processes
	alive                    map[uint32]bool
	records, bytes           uint64 // read from the buffers
}

var _ host.Session = (*Session)(nil)

// testRunContext is the size of the context of a raw tracepoint program that
// BPF_PROG_TEST_RUN runs: twelve words.
const testRunContext = 12 * 8

// quietRing is the size of the ring buffers of a program that has no probes but
// BEGIN, END and ERROR: what a few clauses print once fits, and 4 MiB a CPU
// would take most of the start-up time.
const quietRing = 256 << 10

// Open makes a session for a verified program.
func (h *Host) Open(prog *ir.Program, opt host.Options) (host.Session, error) {
	caps, err := effective()
	if err != nil {
		return nil, err
	}
	if err := errPrivilege(caps); err != nil {
		return nil, err
	}
	if _, release := kernelVersion(); release != "unknown" {
		if err := errTooOld(release); err != nil {
			return nil, err
		}
	}
	s := &Session{h: h, prog: prog, opt: opt, userAddrs: usesUserAddresses(prog)}
	if err := s.findHooks(); err != nil {
		return nil, err
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Disassemble writes the eBPF that a program becomes here, without loading it.
func (h *Host) Disassemble(w io.Writer, prog *ir.Program) error {
	s := &Session{h: h, prog: prog, opt: host.Options{CPU: -1}}
	if err := s.findHooks(); err != nil {
		return err
	}
	if err := s.build(); err != nil {
		return err
	}
	return s.obj.Disassemble(w)
}

// findHooks asks the providers what to attach for the program's probes.
func (s *Session) findHooks() error {
	var ids []probe.ID
	for _, c := range s.prog.Clauses {
		ids = append(ids, c.Probes...)
	}
	byProvider := map[string][]*probe.Probe{}
	for _, id := range sortedIDs(ids) {
		p := s.h.ProbeByID(id)
		if p == nil {
			return fmt.Errorf("probe %d is not known to host linux", id)
		}
		byProvider[p.Provider] = append(byProvider[p.Provider], p)
	}
	for _, p := range s.h.providers {
		ps := byProvider[p.name()]
		if ps == nil {
			continue
		}
		hs, err := p.hooks(ps)
		if err != nil {
			return err
		}
		s.hooks = append(s.hooks, hs...)
	}
	return nil
}

func (s *Session) build() error {
	cfg := bpf.Config{
		Arch: bpf.Arch(runtime.GOARCH), CPUs: possibleCPUs(), Lacks: s.h.lacks(), Offset: s.h.offset,
		ErrorProbe: idError, Probe: s.h.ProbeByID,
		BufSize: s.opt.BufSize, AggSize: s.opt.AggSize, DynVarSize: s.opt.DynVarSize, ScratchSize: s.opt.ScratchSize,
		NSpec: s.opt.NSpec, SpecSize: s.opt.SpecSize, Fill: s.opt.BufPolicy == "fill", CPU: s.opt.CPU, PageSize: os.Getpagesize(), Stats: s.opt.Stats,
		Sequence: s.opt.NoTime && slowClock(),
	}
	s.sequence = cfg.Sequence
	hooks := make([]bpf.Hook, len(s.hooks))
	quiet := true
	for i := range s.hooks {
		hooks[i] = s.hooks[i].Hook
		quiet = quiet && s.hooks[i].attach == nil
	}
	if quiet && cfg.BufSize == 0 {
		cfg.BufSize = quietRing
	}
	obj, err := bpf.Build(s.prog, hooks, cfg)
	if err != nil {
		return err
	}
	s.obj = obj
	return nil
}

// load creates maps and programs.
func (s *Session) load() error {
	var err error
	if s.opt.Stats {
		// Without the statistics the run goes on, and reports no cost.
		if s.stats, err = ebpf.EnableStats(unix.BPF_STATS_RUN_TIME); err != nil {
			s.stats = nil
		}
	}
	s.maps, err = ebpf.NewCollection(&ebpf.CollectionSpec{Maps: s.obj.Maps})
	if err != nil {
		return explain(fmt.Errorf("create the maps: %w", err))
	}
	for i := range s.obj.Programs {
		p := &s.obj.Programs[i]
		prog, err := loadProgram(p.Spec, s.maps.Maps, 0)
		if err != nil {
			return s.loadError(p, err)
		}
		s.progs = append(s.progs, prog)
	}
	if sw := s.obj.Switch; sw != nil {
		if s.swtch, err = loadProgram(sw.Spec, s.maps.Maps, 0); err != nil {
			return explain(fmt.Errorf("vtimestamp: load the program for context switches: %w", err))
		}
	}
	if s.ctl, err = s.mapMemory(bpf.MapControl); err != nil {
		return err
	}
	lay := &s.obj.Layout
	if lay.HasRings {
		if err := s.openBuffers(); err != nil {
			return err
		}
		if s.opt.BufPolicy == "ring" {
			s.held = make([]held, lay.CPUs)
			for c := range s.held {
				s.held[c].limit = int(lay.RingSize)
			}
		}
	}
	for i := range s.prog.Aggs {
		ag := &s.prog.Aggs[i]
		a := aggregation{spec: ag.Spec, layout: lay.Aggs[i], keyLen: int(ag.KeySize)}
		if a.layout.Map != bpf.MapControl && a.layout.Map != "" {
			if a.table = s.maps.Maps[a.layout.Map]; a.table == nil {
				return fmt.Errorf("BUG: map %s of aggregation @%s is missing", a.layout.Map, ag.Name)
			}
			a.keyLen = int(a.table.KeySize())
			if name := a.layout.Spill; name != "" {
				if a.spill = s.maps.Maps[name]; a.spill == nil {
					return fmt.Errorf("BUG: map %s of aggregation @%s is missing", name, ag.Name)
				}
			}
		}
		s.aggs = append(s.aggs, a)
	}
	s.wait, err = newWaiter(s.wakeFDs(), s.opt.Target)
	return err
}

// openBuffers maps every CPU's buffer.
func (s *Session) openBuffers() error {
	lay := &s.obj.Layout
	if lay.BufStride > 0 {
		var err error
		if s.buf, err = s.mapMemory(bpf.MapBuf); err != nil {
			return err
		}
		for c := range lay.CPUs {
			at := uint64(c) * uint64(lay.BufStride)
			s.rings = append(s.rings, newBuffer(c, s.buf[at:at+uint64(lay.BufStride)], s.ctl[lay.CPUBase+uint32(c)*lay.CPUStride:], lay.RingSize))
		}
		m := s.maps.Maps[bpf.MapWake]
		if m == nil {
			return fmt.Errorf("BUG: map %s is missing", bpf.MapWake)
		}
		s.wakes, err = openRing(-1, m.FD(), m.MaxEntries())
		return err
	}
	for c := range lay.CPUs {
		m := s.maps.Maps[bpf.RingName(c)]
		if m == nil {
			return fmt.Errorf("BUG: the ring buffer of CPU %d is missing", c)
		}
		r, err := openRing(c, m.FD(), lay.RingSize)
		if err != nil {
			return err
		}
		s.rings = append(s.rings, r)
	}
	return nil
}

// wakeFDs are the ring buffers whose becoming readable wakes the consumer.
func (s *Session) wakeFDs() []int {
	if s.wakes != nil {
		return []int{s.wakes.fd}
	}
	var fds []int
	for _, r := range s.rings {
		fds = append(fds, r.(*ring).fd)
	}
	return fds
}

func (s *Session) mapMemory(name string) ([]byte, error) {
	m := s.maps.Maps[name]
	if m == nil {
		return nil, fmt.Errorf("BUG: map %s is missing", name)
	}
	return mapMemory(m.FD(), m.ValueSize())
}

// loadError says which clauses a program that the kernel refuses comes from.
func (s *Session) loadError(p *bpf.Program, err error) error {
	where := make([]string, 0, len(p.Clauses))
	for _, c := range p.Clauses {
		where = append(where, fmt.Sprintf("clause %d (%s)", c+1, s.prog.Clauses[c].Name))
	}
	msg := fmt.Sprintf("load the program of %s for %s", s.hooks[p.Hook].Name, joinWords(where))
	for _, n := range p.Needs {
		msg += fmt.Sprintf("; it needs %s", n.Feature)
	}
	var ve *ebpf.VerifierError
	switch {
	case errors.Is(err, unix.E2BIG):
		return fmt.Errorf("%s: %s", msg, tooLong())
	case errors.As(err, &ve) && len(ve.Log) > 0:
		return fmt.Errorf("%s: %s", msg, refusedBecause(ve.Log))
	}
	return explain(fmt.Errorf("%s: %w", msg, err))
}

func (s *Session) setState(st bpf.State) { word32(s.ctl, bpf.CtlState).Store(uint32(st)) }

// setWall keeps the difference between wall clock and monotonic clock current.
func (s *Session) setWall() {
	var mono, wall unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono) == nil && unix.ClockGettime(unix.CLOCK_REALTIME, &wall) == nil {
		word64(s.ctl, bpf.CtlWall).Store(uint64(wall.Nano() - mono.Nano()))
	}
}

// Start attaches everything with the gate closed, runs BEGIN, and opens the
// gate.
func (s *Session) Start(ctx context.Context) error {
	if s.started || s.closed {
		return errors.New("session: started already, or closed")
	}
	s.started = true
	s.setWall()
	if s.swtch != nil {
		l, err := s.swtch.attachRaw("sched_switch", 0)
		if err != nil {
			return explain(fmt.Errorf("vtimestamp: attach to sched_switch: %w", err))
		}
		s.links = append(s.links, l)
	}
	for i := range s.obj.Programs {
		p := &s.obj.Programs[i]
		h := &s.hooks[p.Hook]
		if h.attach == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := h.attach(s, s.progs[i])
		if err != nil {
			return explain(fmt.Errorf("attach %s: %w", h.Name, err))
		}
		s.links = append(s.links, l)
	}
	word64(s.ctl, bpf.CtlOrder).Store(1)
	s.setState(bpf.StateBegin)
	if err := s.runPhase(bpf.PhaseBegin); err != nil {
		return err
	}
	// exit() in BEGIN has left Draining behind.
	word32(s.ctl, bpf.CtlState).CompareAndSwap(uint32(bpf.StateBegin), uint32(bpf.StateActive))
	return nil
}

// runPhase runs the programs of BEGIN or END.
func (s *Session) runPhase(ph bpf.Phase) error {
	for i := range s.obj.Programs {
		p := &s.obj.Programs[i]
		h := &s.hooks[p.Hook]
		if h.Kind != bpf.TestRun || h.Phase != ph {
			continue
		}
		if err := s.progs[i].run(s.opt.CPU); err != nil {
			return explain(fmt.Errorf("run %s: %w", h.Name, err))
		}
	}
	return nil
}

// timerCPUs returns the CPUs that a clock runs on.
func (s *Session) timerCPUs(one bool) ([]int, error) {
	online := onlineCPUs()
	if s.opt.CPU >= 0 {
		for _, c := range online {
			if c == s.opt.CPU {
				return []int{c}, nil
			}
		}
		return nil, fmt.Errorf("CPU %d is not online", s.opt.CPU)
	}
	if one {
		return online[:1], nil
	}
	return online, nil
}

// Drain calls f for every record now in the buffers.
func (s *Session) Drain(f func(cpu int, data []byte) error) error {
	if s.closed {
		return errors.New("session: closed")
	}
	s.setWall()
	s.noteProcesses()
	ended := s.endedSpeculations()
	if s.wakes != nil {
		if _, err := s.wakes.drain(func(int, []byte) error { return nil }); err != nil {
			return err
		}
	}
	complete := true
	into := f
	if s.held != nil {
		into = func(cpu int, data []byte) error {
			s.held[cpu].add(data)
			return nil
		}
	}
	for _, r := range s.rings {
		n, from := r.read()
		busy, err := r.drain(into)
		records, bytes := r.read()
		s.records += records - n
		s.bytes += bytes - from
		if err != nil {
			return err
		}
		complete = complete && !busy
	}
	if s.held != nil && s.stopped {
		for c := range s.held {
			if err := s.held[c].drain(c, f); err != nil {
				return err
			}
		}
	}
	if complete {
		s.freeSpeculations(ended)
	}
	return nil
}

// endedSpeculations returns the numbers (from 0) of the speculations that have
// been committed or discarded.
func (s *Session) endedSpeculations() (ended []int) {
	lay := &s.obj.Layout
	for i := range lay.NSpec {
		switch bpf.SpecState(word32(s.ctl, lay.CtlSpec+4*uint32(i)).Load()) {
		case bpf.SpecCommitting, bpf.SpecDiscarding:
			ended = append(ended, i)
		}
	}
	return ended
}

// freeSpeculations makes speculations available again, after what was recorded
// for them has been read.
func (s *Session) freeSpeculations(ended []int) {
	lay := &s.obj.Layout
	for _, i := range ended {
		for c := range uint32(lay.CPUs) {
			word32(s.ctl, lay.CPUBase+c*lay.CPUStride+lay.CPUSpec+4*uint32(i)).Store(0)
		}
		word32(s.ctl, lay.CtlSpec+4*uint32(i)).Store(uint32(bpf.SpecFree))
	}
}

// Wait blocks until there is a reason to drain early or ctx is done.
func (s *Session) Wait(ctx context.Context) error {
	if s.closed {
		return errors.New("session: closed")
	}
	if _, ok := s.Exited(); ok {
		return nil
	}
	return s.wait.wait(ctx)
}

// Exited reports whether the program has called exit(), and its status.
func (s *Session) Exited() (status int, ok bool) {
	if s.ctl == nil || word32(s.ctl, bpf.CtlExited).Load() == 0 {
		return 0, false
	}
	return int(int64(word64(s.ctl, bpf.CtlStatus).Load())), true
}

// Drops returns the losses since Start. Firings that the kernel itself left
// out, because the program was running already on that CPU, count as DropNest.
func (s *Session) Drops() (record.Drops, error) {
	if s.closed {
		return record.Drops{}, errors.New("session: closed")
	}
	d := s.obj.ReadDrops(s.ctl)
	for _, p := range s.progs {
		st, err := p.stats()
		if err != nil {
			return d, err
		}
		if st.misses > 0 {
			d.Add(record.DropNest, 0, st.misses)
		}
	}
	return d, nil
}

// EPID returns the enabled probe id of a clause at a probe.
func (s *Session) EPID(clause int, p probe.ID) uint32 { return s.obj.EPID(clause, p) }

// Cost returns what tracing has cost so far.
func (s *Session) Cost() (c host.Cost) {
	if s.closed {
		return c
	}
	c.Records, c.Bytes = s.records, s.bytes
	if s.stats == nil {
		return c
	}
	for _, p := range s.progs {
		if st, err := p.stats(); err == nil {
			c.Firings += st.runs
			c.KernelNanos += st.nanos
		}
	}
	return c
}

// Stop closes the gate, detaches everything, waits for the programs that still
// run, and runs END.
func (s *Session) Stop() error {
	if s.stopped || s.closed {
		return errors.New("session: stopped already, or closed")
	}
	s.stopped = true
	if !s.started {
		return nil
	}
	s.setState(bpf.StateDraining)
	err := s.detach()
	s.setState(bpf.StateEnd)
	if e := s.runPhase(bpf.PhaseEnd); err == nil {
		err = e
	}
	s.setState(bpf.StateStopped)
	return err
}

// detach removes the programs from the kernel's hooks and waits until none of
// them runs.
func (s *Session) detach() error {
	if len(s.links) == 0 {
		return nil
	}
	var first error
	for _, l := range s.links {
		if err := l.Close(); err != nil && first == nil {
			first = fmt.Errorf("detach: %w", err)
		}
	}
	s.links = nil
	quiesce()
	return first
}

// Close frees everything.
func (s *Session) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.ctl != nil {
		s.setState(bpf.StateStopped)
	}
	for _, l := range s.links {
		if e := l.Close(); err == nil {
			err = e
		}
	}
	s.links = nil
	if s.wait != nil {
		s.wait.close()
	}
	for _, r := range s.rings {
		r.close()
	}
	s.rings = nil
	if s.wakes != nil {
		s.wakes.close()
		s.wakes = nil
	}
	for _, m := range []*[]byte{&s.ctl, &s.buf} {
		if *m != nil {
			if e := unix.Munmap(*m); err == nil {
				err = e
			}
			*m = nil
		}
	}
	if s.swtch != nil {
		if e := s.swtch.Close(); err == nil {
			err = e
		}
		s.swtch = nil
	}
	for _, p := range s.progs {
		if e := p.Close(); err == nil {
			err = e
		}
	}
	if s.maps != nil {
		s.maps.Close()
	}
	if s.stats != nil {
		if e := s.stats.Close(); err == nil {
			err = e
		}
	}
	return err
}
