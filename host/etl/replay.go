package etl

import (
	stdctx "context"
	"errors"
	"fmt"
	"time"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/state"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/vm"
)

// replay is the state of one pass over the events.
type replay struct {
	r       *etl.Merger
	e       etl.Event
	who     state.Who
	atEvent bool // e is an event that fires, not what a timer or BEGIN sees
	ended   bool
	err     error
	seq     uint64
	cpu     int // where probes fire
	objects []*thread
	f       vm.Firing
	ctx     context

	stack     []uint64
	split     int
	haveStack bool
	leaving   bool // the probe fires in the thread that a context switch takes away

	late      []string
	skipped   int64 // firings of timers that jumps of the clock would have made
	nextShow  time.Time
	countdown int
}

func (p *replay) notices() []string {
	var out []string
	if p.err != nil {
		out = append(out, fmt.Sprintf("the replay ended early: %v", p.err))
	}
	if p.skipped > 0 {
		out = append(out, fmt.Sprintf("%d firings of timers were left out where the trace's clock jumps", p.skipped))
	}
	return append(out, p.late...)
}

// Open makes a session for a verified program.
func (h *Host) Open(prog *ir.Program, opt host.Options) (host.Session, error) {
	if err := h.load(); err != nil {
		return nil, err
	}
	s := &session{h: h}
	var err error
	s.Session, err = h.e.Open(prog, opt, engine.Terms{
		Thread: &h.begin.Thread, Context: &h.play.ctx,
		Hooks: engine.Hooks{
			Wait: s.wait,
			// Nothing can happen before what has happened.
			Now: func() uint64 { return ^uint64(0) },
		},
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// session is the engine's session with a replay.
type session struct {
	*engine.Session
	h    *Host
	mine bool
}

// Start goes to the first event and runs BEGIN there.
func (s *session) Start(ctx stdctx.Context) error {
	if s.h.running {
		return errors.New("host etl: another session replays these files, want one at a time")
	}
	s.h.running, s.mine = true, true
	s.h.rewind()
	return s.Session.Start(ctx)
}

// Close ends the replay.
func (s *session) Close() error {
	if s.mine {
		s.h.running, s.mine = false, false
	}
	return s.Session.Close()
}

// wait replays events until the consumer has something to do.
func (s *session) wait(ctx stdctx.Context) error {
	h := s.h
	for n := 0; !s.Ready(); n++ {
		if n&0xff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !h.step() {
			if h.progress != nil {
				h.progress(1, 1)
			}
			s.End(0)
			return nil
		}
	}
	return nil
}

// rewind makes ready for a replay from the first event on.
func (h *Host) rewind() {
	for _, f := range h.files {
		f.stacks, f.err = nil, nil
	}
	for _, m := range h.machines {
		m.prime()
		m.fresh = false
		m.resetThreads()
	}
	files := make([]*etl.File, len(h.files))
	first := int64(0)
	for i, f := range h.files {
		files[i] = f.f
		if ft := f.f.Clock().FileTime(f.f.FirstTS()); i == 0 || ft < first {
			first = ft
			h.setClock(f.f.Clock(), f.f.FirstTS(), true)
		}
	}
	objects := h.play.objects[:0]
	h.play = replay{r: etl.NewMerger(files...), objects: objects, stack: h.play.stack[:0]}
	h.play.ctx.h = h
	h.ahead.rewind(h)
	h.cur = &h.begin
	h.mem.class, h.mem.payload = nil, nil
	h.mem.begin(0)
	h.dirty = true
}

// setClock sets the clocks by a time stamp. They do not run backwards.
func (h *Host) setClock(c *etl.Clock, ts int64, back bool) {
	now := h.ns(c, ts)
	if !back {
		now = max(now, h.now.Load())
	}
	h.now.Store(now)
	h.wall.Store(wallOf(c.FileTime(ts)))
}

// fileTimeEpoch is 1970-01-01 as a FILETIME.
const fileTimeEpoch = 116_444_736_000_000_000

// wallOf turns a FILETIME into ns since 1970.
func wallOf(ft int64) uint64 { return uint64(ft-fileTimeEpoch) * 100 }

// ns turns a time stamp into what timestamp shows: ns of the trace's clock; of
// files of several systems, ns since 1970.
func (h *Host) ns(c *etl.Clock, ts int64) uint64 {
	if len(h.machines) > 1 {
		return wallOf(c.FileTime(ts))
	}
	return uint64(max(c.Nanoseconds(ts), 0))
}

// ns turns a time stamp of the system into ns.
func (m *machine) ns(ts int64) uint64 { return m.h.ns(m.files[0].f.Clock(), ts) }

// step replays one event and reports whether there was one.
func (h *Host) step() bool {
	p := &h.play
	if p.ended {
		return false
	}
	if p.countdown--; p.countdown <= 0 {
		p.countdown = 1 << 14
		h.show()
	}
	if !p.r.Next(&p.e) {
		p.ended = true
		p.err = p.r.Err()
		h.ahead.finish(h)
		return false
	}
	e := &p.e
	file := h.files[e.File]
	clock := e.Clock()
	now := max(h.ns(clock, e.TS), h.now.Load())
	if h.dirty {
		h.refresh()
	}
	if h.timers.armed() {
		h.runTimers(now)
	}
	if h.ahead.on {
		h.ahead.until(h, e, now)
	}
	h.now.Store(now)
	h.wall.Store(wallOf(clock.FileTime(e.TS)))
	p.seq++
	m := file.m
	p.who = m.tracker.Observe(e)
	h.changes(m, e)
	if h.alias.on && e.Provider == kernelProcess {
		if h.translate(m, e); h.alias.ok {
			m.tracker.Observe(&h.alias.e)
			m.threads.gen++
		}
	}
	s, ptr := h.dec.Schema(e)
	c := h.classOf(e, s)
	p.cpu = int(e.CPU)
	if c.anything {
		h.event(m, c, ptr)
	}
	if e.Kernel() && e.Group == etl.GroupThread {
		switch e.Opcode {
		case opCSwitch:
			h.account(m, e)
		case 2:
			h.threadEnds(m, e)
		}
	}
	return true
}

// event fires what is enabled at the current event.
func (h *Host) event(m *machine, c *class, ptr int) {
	p := &h.play
	e := &p.e
	p.haveStack, p.atEvent = false, true
	h.mem.begin(p.seq)
	h.mem.class, h.mem.payload, h.mem.ptr = c, e.Payload, ptr
	h.cur = m.thread(p.who, e.CPU)
	if c.etwOn {
		h.fire(c.named.info, h.mem.header(), uint64(headerSize+len(e.Payload)), h.mem.body(), 0, 0)
	}
	for _, g := range c.byGUID {
		if g.admits(e) {
			h.fire(g.info, h.mem.header(), uint64(headerSize+len(e.Payload)), 0, 0, 0)
		}
	}
	for _, a := range c.actsOn {
		a.run(h, m)
	}
	p.atEvent = false
}

// classOf returns what is known of an event's schema.
func (h *Host) classOf(e *etl.Event, s *schema.Schema) *class {
	if e.Kernel() && e.Group < 32 {
		if c := h.fast[e.Group][e.Opcode]; c != nil && c.schema == s {
			return c
		}
	}
	c := h.classes[s]
	if c == nil {
		// An event of a kind that was not there when the file was first read.
		c = &class{schema: s, guid: e.Provider}
		h.classes[s] = c
		c.refresh(h)
	}
	if e.Kernel() && e.Group < 32 {
		h.fast[e.Group][e.Opcode] = c
	}
	return c
}

// changes notes events that change what the state tells of threads.
func (h *Host) changes(m *machine, e *etl.Event) {
	if !e.Kernel() {
		if e.Classic() {
			if g, ok := etl.ClassGroup(e.Provider); ok && (g == etl.GroupProcess || g == etl.GroupThread) {
				m.threads.gen++
			}
		}
		return
	}
	switch e.Group {
	case etl.GroupProcess:
		m.threads.gen++
	case etl.GroupThread:
		if e.Opcode < 5 || e.Opcode == 72 {
			m.threads.gen++
		}
	}
}

// account notes who runs after a context switch.
func (h *Host) account(m *machine, e *etl.Event) {
	now := h.now.Load()
	if old := m.byID(u32(e.Payload, 4), e.CPU); old.running {
		old.cpuTime = old.vtime(now)
		old.running = false
	}
	next := m.byID(u32(e.Payload, 0), e.CPU)
	next.running, next.since, next.cpu = true, now, int32(e.CPU)
	if len(e.Payload) > 8 {
		next.pri = int32(int8(e.Payload[8]))
	}
}

// threadEnds frees what programs keep for a thread.
func (h *Host) threadEnds(m *machine, e *etl.Event) {
	if tid := u32(e.Payload, 4); tid != 0 && e.Version > 0 {
		if th := m.threads.byTID[tid]; th != nil {
			h.e.ThreadExit(th.Key)
		}
	}
}

// fire fires a probe in the current thread.
func (h *Host) fire(in *info, a0, a1, a2, a3, a4 uint64) {
	if !in.on {
		return
	}
	p := &h.play
	f := &p.f
	*f = vm.Firing{Time: h.now.Load(), Wall: h.wall.Load(), Kernel: true, Thread: &h.cur.Thread, Context: &p.ctx}
	f.Args[0], f.Args[1], f.Args[2], f.Args[3], f.Args[4] = a0, a1, a2, a3, a4
	h.e.Fire(in.p.ID, p.cpu, f)
}

// fireErr fires a probe with an error number.
func (h *Host) fireErr(in *info, errno int32, a0, a1 uint64) {
	if !in.on {
		return
	}
	p := &h.play
	f := &p.f
	*f = vm.Firing{Time: h.now.Load(), Wall: h.wall.Load(), Kernel: true, Thread: &h.cur.Thread, Context: &p.ctx, Errno: errno}
	f.Args[0], f.Args[1] = a0, a1
	h.e.Fire(in.p.ID, p.cpu, f)
}

// as runs fn in another thread.
func (h *Host) as(th *thread, fn func()) {
	old := h.cur
	h.cur, h.play.haveStack = th, false
	fn()
	h.cur, h.play.haveStack = old, false
}

// show reports progress now and then.
func (h *Host) show() {
	if h.progress == nil {
		return
	}
	now := time.Now()
	if h.play.nextShow.IsZero() {
		h.play.nextShow = now.Add(time.Second)
	}
	if now.Before(h.play.nextShow) {
		return
	}
	h.play.nextShow = now.Add(250 * time.Millisecond)
	h.progress(h.play.r.Position())
}
