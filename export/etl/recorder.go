package etl

import (
	"errors"
	"fmt"
	"io"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/export/text"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/tracelogging"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/symbol"
)

// The providers of the events: their GUIDs follow from the names, see
// tracelogging.ProviderGUID.
const (
	Provider      = "DTrace"       // records and aggregations of the program
	ProbeProvider = "DTrace-Probe" // firings that replay as the probe of the event's name
)

// Config is what a Recorder needs.
type Config struct {
	// Out is the file. If it is an io.WriteSeeker the header is completed at the end.
	Out io.Writer
	// Err gets the messages about faults and losses.
	Err io.Writer
	// Prog is the compiled program. Its first clauses are those of the state
	// program, State has an entry for each. The first must be a clause of BEGIN that
	// traces timestamp and walltimestamp: it is what the file's clock starts with.
	Prog  *ir.Program
	State []State
	// Lead says which clauses of the user's programs begin with the
	// actions of LeadText.
	Lead map[int]bool
	// Names has the names of what the actions trace, by clause and position.
	Names map[int]map[diag.Pos][]string
	// Processes are those that are there before the trace, with their threads.
	Processes []Process
	Threads   []Thread
	// Lookup tells of a process that nothing has told of; may be nil.
	Lookup func(pid uint32) (Process, bool)
	// Processors is how many there are at least.
	Processors int
	Symbols    symbol.Resolver
	// Session is the name in the file's header, FileName the file's.
	Session, FileName string
	Compress          bool
	// PID is the recording process: that of BEGIN and END.
	PID uint32
	// SampleHz is the rate of the state program's samples, 0 if it has none.
	SampleHz int
}

// LeadText is what is put before the statements of the user's clauses, so that the
// record tells whose it is.
const LeadText = "trace(pid); trace(tid); trace(ppid); trace(execname); "

// leadActions is the number of actions in LeadText.
const leadActions = 4

// Recorder is a consume.Sink that writes a trace.
type Recorder struct {
	cfg   Config
	w     *etl.Writer
	items map[string][]byte // described events
	owner etl.GUID
	probe etl.GUID
	known map[uint32]string // processes told of, with their names
	// threads are those told of, with their processes.
	threads map[uint32]uint32
	cpus    []Thread // current thread by processor
	values  []value  // of the event at hand
	buf     []byte
	ext     []byte
	last    uint64 // time of the last event
	// Events counts what was written, Lost what was not.
	Events, Lost uint64
}

// clockFreq makes the file's time stamps nanoseconds.
const clockFreq = 1_000_000_000

// New returns a Recorder. The file begins with the first event.
func New(cfg Config) (*Recorder, error) {
	r := &Recorder{cfg: cfg, items: map[string][]byte{}, known: map[uint32]string{}, threads: map[uint32]uint32{}, owner: tracelogging.ProviderGUID(Provider), probe: tracelogging.ProviderGUID(ProbeProvider)}
	if len(cfg.State) == 0 || cfg.State[0] != StateClock {
		return nil, errors.New("record: the state program does not begin with the clock's clause")
	}
	return r, nil
}

// start writes the header and what is known of the system.
func (r *Recorder) start(ts, wall uint64) error {
	cfg := &r.cfg
	o := etl.WriterOptions{
		Processors: max(cfg.Processors, 1), PerfFreq: clockFreq, Start: fileTime(wall), Base: int64(ts), Boot: fileTime(wall) - int64(ts/100),
		Session: cfg.Session, File: cfg.FileName, Compress: cfg.Compress,
	}
	var err error
	if r.w, err = etl.NewWriter(cfg.Out, o); err != nil {
		return err
	}
	r.last = ts
	r.cpus = make([]Thread, o.Processors)
	for i := range cfg.Processes {
		p := &cfg.Processes[i]
		r.known[p.PID] = p.Name
		if err := r.process(opDCStart, ts, 0, p); err != nil {
			return err
		}
	}
	for i := range cfg.Threads {
		r.threads[cfg.Threads[i].TID] = cfg.Threads[i].PID
		if err := r.thread(opDCStart, ts, 0, &cfg.Threads[i]); err != nil {
			return err
		}
	}
	if cfg.SampleHz > 0 {
		b := le.AppendUint32(r.buf[:0], 0)
		period := uint32(10_000_000 / cfg.SampleHz)
		b = le.AppendUint32(le.AppendUint32(b, period), period)
		r.buf = b
		return r.write(&etl.Event{Type: etl.TypePerfInfo64, Group: etl.GroupPerfInfo, Opcode: opInterval, Version: 2, TS: int64(ts), Payload: b})
	}
	return nil
}

// fileTime turns ns since 1970 into a FILETIME.
func fileTime(ns uint64) int64 { return int64(ns/100) + 116_444_736_000_000_000 }

func (r *Recorder) write(e *etl.Event) error {
	if int(e.CPU) >= len(r.cpus) {
		if err := r.w.AddProcessors(int(e.CPU) + 1); err != nil {
			return err
		}
		r.cpus = append(r.cpus, make([]Thread, int(e.CPU)+1-len(r.cpus))...)
	}
	e.PtrSize = 8
	if err := r.w.Write(e); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	r.Events++
	return nil
}

func (r *Recorder) process(op uint8, ts uint64, cpu uint16, p *Process) error {
	r.buf = processPayload(r.buf[:0], p)
	who := p.PID
	if op == opStart {
		who = p.PPID
	}
	return r.write(&etl.Event{Type: etl.TypeSystem64, Group: etl.GroupProcess, Opcode: op, Version: 3, TS: int64(ts), CPU: cpu, PID: who, TID: who, Payload: r.buf})
}

func (r *Recorder) thread(op uint8, ts uint64, cpu uint16, t *Thread) error {
	r.buf = threadPayload(r.buf[:0], t)
	return r.write(&etl.Event{Type: etl.TypeSystem64, Group: etl.GroupThread, Opcode: op, Version: 4, TS: int64(ts), CPU: cpu, PID: t.PID, TID: t.TID, Payload: r.buf})
}

// meet tells of a process that is not known yet, or by another name.
func (r *Recorder) meet(e *consume.Event, p *Process, sure bool) error {
	name, ok := r.known[p.PID]
	if ok && (!sure || name == p.Name || p.Name == "") {
		return nil
	}
	if !sure && r.cfg.Lookup != nil {
		if q, ok := r.cfg.Lookup(p.PID); ok {
			p = &q
		}
	}
	r.known[p.PID] = p.Name
	return r.process(opDCStart, e.Time, uint16(e.CPU), p)
}

// Begin implements consume.Sink.
func (r *Recorder) Begin(*consume.Event) error {
	r.values = r.values[:0]
	return nil
}

// Action implements consume.Sink.
func (r *Recorder) Action(e *consume.Event, _ int, a *ir.Action, aggs consume.Aggregations) error {
	if a.Kind == ir.ActPrinta {
		return r.aggregations(a.Aggs, aggs, e)
	}
	names := r.cfg.Names[e.Index][a.Pos]
	for j := range a.Fields {
		name := ""
		if j < len(names) {
			name = names[j]
		}
		v, ok := r.value(e, a, j, name)
		if ok {
			r.values = append(r.values, v)
		}
	}
	return nil
}

// End implements consume.Sink.
func (r *Recorder) End(e *consume.Event) error {
	r.last = max(r.last, e.Time)
	if e.Index < len(r.cfg.State) {
		return r.state(e, r.cfg.State[e.Index])
	}
	if r.w == nil {
		return errors.New("BUG: record: an event came before the clock's")
	}
	who := r.current(e)
	vals := r.values
	if r.cfg.Lead[e.Index] && len(vals) >= leadActions {
		p := Process{PID: uint32(vals[0].num), PPID: uint32(vals[2].num), Name: vals[3].text}
		who = Thread{PID: p.PID, TID: uint32(vals[1].num)}
		vals = vals[leadActions:]
		if err := r.meet(e, &p, false); err != nil {
			return err
		}
	}
	if quietClause(e.Clause) {
		return nil
	}
	return r.event(r.owner, Provider, e.Probe.String(), int64(e.Time), uint16(e.CPU), who, vals)
}

// quietClause reports whether a clause leaves nothing that an event could hold.
func quietClause(c *ir.Clause) bool {
	for i := range c.Actions {
		switch c.Actions[i].Kind {
		case ir.ActCommit, ir.ActDiscard, ir.ActSpeculate, ir.ActClear, ir.ActTrunc, ir.ActNormalize, ir.ActDenormalize, ir.ActPrinta, ir.ActSetopt, ir.ActExit, ir.ActFtruncate:
		default:
			return false
		}
	}
	return len(c.Actions) > 0
}

// current is the thread that ran on the processor when a record was made, as far as
// context switches tell.
func (r *Recorder) current(e *consume.Event) Thread {
	if e.Probe.Provider == "dtrace" {
		return Thread{PID: r.cfg.PID, TID: r.cfg.PID}
	}
	if e.CPU < len(r.cpus) && r.cpus[e.CPU] != (Thread{}) {
		return r.cpus[e.CPU]
	}
	return Thread{PID: etl.NoID, TID: etl.NoID}
}

// event writes a described event.
func (r *Recorder) event(guid etl.GUID, provider, name string, ts int64, cpu uint16, who Thread, vals []value) error {
	key := append(r.buf[:0], provider...)
	key = append(append(key, 0), name...)
	for i := range vals {
		v := &vals[i]
		key = append(append(key, 0, byte(v.field.In), byte(v.field.Out)), v.field.Name...)
	}
	item, ok := r.items[string(key)]
	if !ok {
		fields := make([]schema.Field, 0, len(vals))
		used := map[string]int{}
		for i := range vals {
			if len(vals[i].stack) > 0 {
				continue
			}
			f := vals[i].field
			if used[f.Name]++; used[f.Name] > 1 {
				f.Name = fmt.Sprintf("%s_%d", f.Name, used[f.Name])
			}
			fields = append(fields, f)
		}
		var err error
		if item, err = tracelogging.Describe(name, fields); err != nil {
			return err
		}
		if len(r.items) < maxItems {
			r.items[string(key)] = item
		}
	}
	traits, err := tracelogging.DescribeProvider(tracelogging.Traits{Name: provider})
	if err != nil {
		return err
	}
	r.ext = etl.AppendItem(r.ext[:0], etl.ItemSchema, item, false)
	var pcs []uint64
	body := r.buf[:0]
	for i := range vals {
		pcs = append(pcs, vals[i].stack...)
		if len(vals[i].stack) == 0 {
			body = append(body, vals[i].data...)
		}
	}
	r.buf = body
	r.ext = etl.AppendItem(r.ext, etl.ItemTraits, traits, len(pcs) == 0)
	if len(pcs) > 0 {
		b := make([]byte, 8, 8+8*len(pcs))
		for _, pc := range pcs {
			b = le.AppendUint64(b, pc)
		}
		r.ext = etl.AppendItem(r.ext, etl.ItemStack64, b, true)
	}
	const channel = 11 // that of TraceLogging
	err = r.write(&etl.Event{
		Type: etl.TypeEventHeader64, Provider: guid, Channel: channel, Level: 5, TS: ts, CPU: cpu, PID: who.PID, TID: who.TID, Ext: r.ext, Payload: body,
	})
	if err != nil {
		r.Lost++
		r.w.Lost(1, 0)
		fmt.Fprintf(r.cfg.Err, "dtrace: an event of %s is not recorded: %v\n", name, err)
		if len(r.ext)+len(body) < 60_000 {
			return err // it was not the event's size
		}
	}
	return nil
}

// maxItems bounds the number of descriptions that are kept.
const maxItems = 1 << 14

// Aggregations implements consume.Sink: an event a row.
func (r *Recorder) Aggregations(ids []ir.AggID, aggs consume.Aggregations) error {
	return r.aggregations(ids, aggs, nil)
}

func (r *Recorder) aggregations(ids []ir.AggID, aggs consume.Aggregations, e *consume.Event) error {
	if r.w == nil {
		return nil
	}
	ts, cpu := r.last, uint16(0)
	if e != nil {
		ts, cpu = e.Time, uint16(e.CPU)
	}
	for _, id := range ids {
		s, err := aggs.Snapshot(id)
		if err != nil {
			return err
		}
		a := s.Aggs[0]
		for i := range s.Rows {
			if err := r.event(r.owner, Provider, "aggregation:"+a.Name, int64(ts), cpu, Thread{PID: r.cfg.PID, TID: r.cfg.PID}, r.row(a, &s.Rows[i], s.Normal[0])); err != nil {
				return err
			}
		}
	}
	return nil
}

// row makes the fields of an aggregation's row.
func (r *Recorder) row(a *ir.Agg, row *consume.Row, normal uint64) []value {
	vals := []value{textValue("func", a.Spec.Func.String())}
	for i := range row.Keys {
		vals = append(vals, r.keyValue(fmt.Sprintf("key%d", i), &row.Keys[i]))
	}
	words := row.Values[0]
	switch {
	case words == nil || agg.Empty(words):
		vals = append(vals, intValue("value", 0, 8, true))
	case a.Spec.Func.Distribution():
		var lows, counts []uint64
		for b, n := range words[1:a.Spec.Words()] {
			if n != 0 {
				lo, _ := agg.Bounds(&a.Spec, b)
				lows, counts = append(lows, uint64(lo)), append(counts, n/normal)
			}
		}
		vals = append(vals, arrayValue("from", lows), arrayValue("count", counts))
	default:
		vals = append(vals, intValue("value", uint64(agg.Result(&a.Spec, words, normal)), 8, true))
	}
	return vals
}

// Fault implements consume.Sink.
func (r *Recorder) Fault(f *consume.Fault) error {
	msg := text.FaultMessage(f)
	fmt.Fprintf(r.cfg.Err, "dtrace: %s\n", msg)
	if r.w == nil {
		return nil
	}
	return r.event(r.owner, Provider, "dtrace:::ERROR", int64(f.Time), uint16(f.CPU), Thread{PID: etl.NoID, TID: etl.NoID}, []value{textValue("message", msg)})
}

// Losses implements consume.Sink: they count as the session's losses.
func (r *Recorder) Losses(l []consume.Loss) error {
	for _, d := range l {
		fmt.Fprintf(r.cfg.Err, "dtrace: %s\n", text.DropMessage(d, false))
		r.Lost += d.N
		if r.w != nil {
			r.w.Lost(uint32(min(d.N, 1<<31)), 0)
		}
	}
	return nil
}

// Flush implements consume.Sink. Buffers are written when they are full.
func (r *Recorder) Flush() error { return nil }

// Close completes the file.
func (r *Recorder) Close() error {
	if r.w == nil {
		return nil
	}
	return r.w.Close()
}
