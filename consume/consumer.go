package consume

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/symbol"
)

// Consumer runs one session and feeds a Sink.
type Consumer struct {
	// Prog is the program that Sess runs, Probe finds probes by id.
	Prog  *ir.Program
	Sess  host.Session
	Probe func(probe.ID) *probe.Probe
	// Symbols, if not nil, makes addresses of one symbol one key in sym(), mod()
	// and their like.
	Symbols symbol.Resolver
	// Opt may be changed by setopt() while the consumer runs.
	Opt  *option.Set
	Sink Sink
	// Started, if not nil, is called once when probes fire.
	Started func()

	aggs    *aggregations
	merge   merger
	untimed bool // records carry a count in place of the time
	spec    map[uint32]*speculation
	ev      Event
	drops   record.Drops
	records uint64
}

// speculation holds the records of one speculation until its fate is known.
type speculation struct {
	recs []held
}

type held struct {
	cpu  int
	data []byte
}

// Run starts the session, consumes until the program exits or ctx is done, then
// stops the session and delivers all that is left. The session is not closed.
// Run returns the program's exit status.
func (c *Consumer) Run(ctx context.Context) (status int, err error) {
	// BEGIN and END run on this thread, and self-> variables belong to it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.aggs = newAggregations(c.Prog, c.Sess, c.Probe, c.Opt, c.Symbols)
	c.spec = map[uint32]*speculation{}
	clk, ok := c.Sess.(host.Clock)
	c.untimed = ok && !clk.Timed()
	if err := c.Sess.Start(ctx); err != nil {
		return 0, err
	}
	if c.Started != nil {
		c.Started()
	}
	runErr := c.loop(ctx)
	if err := c.Sess.Stop(); err != nil && runErr == nil {
		runErr = err
	}
	if err := c.drain(true); err != nil && runErr == nil {
		runErr = err
	}
	if runErr == nil {
		runErr = c.finish()
	}
	if err := c.reportDrops(); err != nil && runErr == nil {
		runErr = err
	}
	if err := c.Sink.Flush(); err != nil && runErr == nil {
		runErr = err
	}
	status, _ = c.Sess.Exited()
	return status, runErr
}

// Records returns the number of records delivered so far.
func (c *Consumer) Records() uint64 { return c.records }

// Aggregations gives access to the aggregations, for live views; only from
// within Sink calls.
func (c *Consumer) Aggregations() Aggregations { return c.aggs }

func (c *Consumer) loop(ctx context.Context) error {
	lastStatus := time.Now()
	for {
		if err := c.drain(false); err != nil {
			return err
		}
		if err := c.Sink.Flush(); err != nil {
			return err
		}
		if _, done := c.Sess.Exited(); done || ctx.Err() != nil {
			return nil
		}
		if status := time.Duration(c.Opt.Num("statusrate")); time.Since(lastStatus) >= status {
			lastStatus = time.Now()
			if err := c.reportDrops(); err != nil {
				return err
			}
		}
		wait := time.Duration(c.Opt.Num("switchrate"))
		if wait <= 0 {
			wait = time.Second
		}
		if c.merge.pending() {
			// Records held back for order must not wait a whole period.
			wait = min(wait, 20*time.Millisecond)
		}
		wctx, cancel := context.WithTimeout(ctx, wait)
		err := c.Sess.Wait(wctx)
		over := wctx.Err() != nil // before cancel makes it so
		cancel()
		if err != nil && !over {
			return fmt.Errorf("wait for records: %w", err)
		}
	}
}

func (c *Consumer) drain(final bool) error {
	cut := ^uint64(0)
	if clk, ok := c.Sess.(host.Clock); ok && !final && c.Opt.Flag("temporal") {
		cut = clk.Now()
	}
	if err := c.Sess.Drain(c.merge.add); err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	return c.merge.emit(cut, c.record)
}

// time is the time of a record's firing, 0 if it has none.
func (c *Consumer) time(h *record.Header) uint64 {
	if c.untimed {
		return 0
	}
	return h.Time
}

// record handles one record in its turn.
func (c *Consumer) record(cpu int, b []byte) error {
	var h record.Header
	h.Decode(b)
	if h.Clause == record.ClauseError {
		return c.fault(cpu, &h, b[record.HeaderSize:])
	}
	if int(h.Clause) >= len(c.Prog.Clauses) {
		return fmt.Errorf("record of clause %d, have %d clauses", h.Clause, len(c.Prog.Clauses))
	}
	if h.Spec != 0 {
		// commit() and discard() in a clause that speculates act at once; such a
		// clause records nothing else.
		e := Event{Clause: c.Prog.Clauses[h.Clause], Data: b[record.HeaderSize:]}
		if ended, err := c.commits(&e); ended || err != nil {
			return err
		}
		s := c.spec[h.Spec]
		if s == nil {
			s = &speculation{}
			c.spec[h.Spec] = s
		}
		s.recs = append(s.recs, held{cpu, append([]byte(nil), b...)})
		return nil
	}
	return c.event(cpu, &h, b[record.HeaderSize:], false)
}

func (c *Consumer) event(cpu int, h *record.Header, data []byte, speculative bool) error {
	cl := c.Prog.Clauses[h.Clause]
	p := c.Probe(probe.ID(h.Probe))
	if p == nil {
		return fmt.Errorf("record of unknown probe %d", h.Probe)
	}
	e := &c.ev
	*e = Event{Time: c.time(h), CPU: cpu, EPID: h.EPID, Probe: p, Clause: cl, Index: int(h.Clause), Data: data, Speculative: speculative}
	if e.EPID == 0 {
		e.EPID = c.Sess.EPID(e.Index, p.ID)
	}
	if _, err := c.commits(e); err != nil {
		return err
	}
	c.records++
	if err := c.Sink.Begin(e); err != nil {
		return err
	}
	for i := range cl.Actions {
		a := &cl.Actions[i]
		if !e.Ran(i) {
			continue
		}
		if err := c.before(e, a); err != nil {
			return err
		}
		if err := c.Sink.Action(e, i, a, c.aggs); err != nil {
			return err
		}
	}
	return c.Sink.End(e)
}

// commits releases or drops the records of speculations that e commits or
// discards. They come before e, as they were made before it. It reports whether
// there is such an action in e.
func (c *Consumer) commits(e *Event) (found bool, err error) {
	for i := range e.Clause.Actions {
		a := &e.Clause.Actions[i]
		if a.Kind != ir.ActCommit && a.Kind != ir.ActDiscard || !e.Ran(i) {
			continue
		}
		found = true
		id := uint32(e.Int(&a.Fields[0]))
		s := c.spec[id]
		delete(c.spec, id)
		if s == nil || a.Kind == ir.ActDiscard {
			continue
		}
		saved := *e
		for _, r := range s.recs {
			var h record.Header
			h.Decode(r.data)
			if err := c.event(r.cpu, &h, r.data[record.HeaderSize:], true); err != nil {
				return found, err
			}
		}
		*e = saved
	}
	return found, nil
}

// before does the consumer's part of an action.
func (c *Consumer) before(e *Event, a *ir.Action) error {
	switch a.Kind {
	case ir.ActPrinta:
		for _, id := range a.Aggs {
			c.aggs.state[id].printed = true
		}
	case ir.ActClear:
		return c.aggs.clear(a.Aggs[0])
	case ir.ActTrunc:
		n := int64(0)
		if len(a.Fields) > 0 {
			n = e.Int(&a.Fields[0])
		}
		return c.aggs.truncate(a.Aggs[0], n)
	case ir.ActNormalize:
		n := uint64(e.Int(&a.Fields[0]))
		if n == 0 {
			n = 1
		}
		c.aggs.state[a.Aggs[0]].normal = n
	case ir.ActDenormalize:
		c.aggs.state[a.Aggs[0]].normal = 1
	case ir.ActSetopt:
		args := a.Args
		for i := range a.Fields {
			args = append(args[:i:i], e.Text(&a.Fields[i]))
		}
		val := ""
		if len(args) > 1 {
			val = args[1]
		}
		if err := c.Opt.SetActive(args[0], val); err != nil {
			if len(args) == 1 {
				val = "1" // what DTrace takes a flag without value for
			}
			if w, ok := c.Sink.(Warner); ok {
				return w.Warn(e, fmt.Sprintf("couldn't set option \"%s\" to \"%s\": %v", args[0], val, err))
			}
		}
	}
	return nil
}

func (c *Consumer) fault(cpu int, h *record.Header, data []byte) error {
	if len(data) < record.ErrorSize {
		return fmt.Errorf("error record of %d bytes, want %d", len(data), record.ErrorSize)
	}
	var r record.Error
	r.Decode(data)
	if int(r.Clause) >= len(c.Prog.Clauses) {
		return fmt.Errorf("error in clause %d, have %d clauses", r.Clause, len(c.Prog.Clauses))
	}
	f := &Fault{Time: c.time(h), CPU: cpu, EPID: h.EPID, Probe: c.Probe(probe.ID(h.Probe)), Clause: c.Prog.Clauses[r.Clause],
		Index: int(r.Clause), Action: int(r.Action), PC: int(r.PC), Fault: ir.Fault(r.Fault), Value: r.Value}
	if f.Probe == nil {
		return fmt.Errorf("error at unknown probe %d", h.Probe)
	}
	if f.EPID == 0 {
		f.EPID = c.Sess.EPID(f.Index, f.Probe.ID)
	}
	return c.Sink.Fault(f)
}

// finish prints the aggregations that the program did not print.
func (c *Consumer) finish() error {
	var ids []ir.AggID
	for i := range c.Prog.Aggs {
		if !c.aggs.state[i].printed {
			ids = append(ids, ir.AggID(i))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return c.Sink.Aggregations(ids, c.aggs)
}

func (c *Consumer) reportDrops() error {
	now, err := c.Sess.Drops()
	if err != nil {
		return fmt.Errorf("read drop counters: %w", err)
	}
	var l []Loss
	for k := range now {
		for cpu, n := range now[k] {
			old := uint64(0)
			if cpu < len(c.drops[k]) {
				old = c.drops[k][cpu]
			}
			if n > old {
				l = append(l, Loss{Kind: record.Drop(k), CPU: cpu, N: n - old, Total: now.Total(record.Drop(k))})
				c.drops.Add(record.Drop(k), cpu, n-old)
			}
		}
	}
	if len(l) == 0 {
		return nil
	}
	return c.Sink.Losses(l)
}
