package etl

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/state"
	"github.com/godtrace/godtrace/probe"
)

// hook is a kernel event's group and opcode.
type hook struct{ group, opcode uint8 }

// hookOf returns the kernel event that e is; ok is false if it is none.
func hookOf(e *etl.Event) (k hook, ok bool) {
	if e.Kernel() {
		return hook{e.Group, e.Opcode}, true
	}
	if e.Classic() {
		if g, ok := etl.ClassGroup(e.Provider); ok {
			return hook{g, e.Opcode}, true
		}
	}
	return hook{}, false
}

// stat is what the scan of the files tells about the events of a schema.
type stat struct {
	schema   *schema.Schema
	n        int64
	hook     hook
	kernel   bool
	provider etl.GUID
	id       uint16
	order    int
}

// inventory is what the files hold.
type inventory struct {
	events   map[*schema.Schema]*stat
	cpus     int
	calls    map[uint64]int64     // addresses of system services
	routines map[routineKey]int64 // of deferred calls and interrupts
	interval uint32               // of the sampled profile, 100 ns
	samples  int64
	short    map[*schema.Schema]*shortfall // events with less data than their schema has
}

// shortfall counts events whose payload is too short for their schema.
type shortfall struct {
	n           int64
	least, want int // the shortest, in bytes
	name        string
}

// routineKey is a routine of a kind.
type routineKey struct {
	addr uint64
	isr  bool
}

// load makes the probes, when they are first asked for: the files were read before, and
// what else describes events has been given.
func (h *Host) load() error {
	if h.loaded {
		return h.loadErr
	}
	h.loaded = true
	h.loadErr = h.makeWorld()
	return h.loadErr
}

func (h *Host) makeWorld() error {
	h.census.finish()
	h.census = nil
	for _, m := range h.machines {
		m.prime()
	}
	h.mem.init(h)
	h.makeTypes()
	h.e = engine.New(engine.Config{CPUs: h.stock.cpus, Clock: h.now.Load, Wall: h.wall.Load, Access: h.mem.access, Seed: 1})
	h.classes = map[*schema.Schema]*class{}
	h.named, h.byGUID = map[string]*named{}, map[etl.GUID][]*guidProbe{}
	h.routine, h.sys = map[routineKey]*routine{}, map[uint64]*service{}
	return h.makeProbes()
}

const maxCPUs = 2048

// shortNotices tells of events that are too short: what is missing reads as zero or
// empty, and probes that need it do not fire.
func (v *inventory) shortNotices() []string {
	var out []string
	for _, f := range v.short {
		out = append(out, f.notice())
	}
	sort.Strings(out)
	if len(out) > 5 {
		out = append(out[:5], fmt.Sprintf("%d more kinds of events are shorter than their layout", len(v.short)-5))
	}
	return out
}

// prime makes a tracker that knows what is told late.
func (m *machine) prime() {
	if m.fresh {
		return
	}
	m.tracker, m.fresh, m.details = state.New(), true, 0
	if p := &m.h.path; len(p.dirs)+len(p.files) > 0 { // else nobody asks which build an image is of
		m.follow(state.Builds)
	}
	for _, f := range m.files {
		if f.primer != nil {
			m.tracker.Adopt(f.primer)
			f.primer = nil
			continue
		}
		p := state.NewPrimer()
		if err := f.f.Visit(etl.PassRundown, func(e *etl.Event) bool {
			p.Observe(e)
			return true
		}); err != nil {
			m.h.notice("%s: processes and images: %v", f.f.Name(), err)
		}
		m.tracker.Adopt(p)
	}
}

// follow makes the tracker follow details that are asked for.
func (m *machine) follow(d state.Detail) {
	if m.details&d == d {
		return
	}
	m.details |= d
	for _, f := range m.files {
		if err := m.tracker.Follow(f.f, d); err != nil {
			m.h.notice("%s: images and files: %v", f.f.Name(), err)
		}
	}
}

// makeProbes makes a probe of each event and those of the other providers that the
// events feed.
func (h *Host) makeProbes() error {
	stats := make([]*stat, 0, len(h.stock.events))
	for _, st := range h.stock.events {
		stats = append(stats, st)
	}
	slices.SortFunc(stats, func(a, b *stat) int {
		return cmp.Or(strings.Compare(a.schema.Provider, b.schema.Provider), strings.Compare(a.schema.Task, b.schema.Task),
			strings.Compare(a.schema.Event, b.schema.Event), strings.Compare(a.schema.Opcode, b.schema.Opcode), cmp.Compare(a.id, b.id),
			cmp.Compare(a.schema.Version, b.schema.Version), cmp.Compare(a.order, b.order))
	})
	if err := h.makeTimers(); err != nil {
		return err
	}
	if err := h.makeNamed(stats); err != nil {
		return err
	}
	for _, st := range stats {
		if st.kernel {
			if err := h.makeActions(st); err != nil {
				return err
			}
		}
	}
	if err := h.makeAliases(stats); err != nil {
		return err
	}
	if err := h.makeRecorded(stats); err != nil {
		return err
	}
	if err := h.makeCalls(); err != nil {
		return err
	}
	return h.makeRoutines()
}

// info is what the host knows of a probe; probe.Key is its index.
type info struct {
	p  *probe.Probe
	on bool
	// count is how many events the files hold for it, -1 if that is not known.
	count int64
	args  func() []argument
	note  func() []string
	guid  *guidProbe
}

func (h *Host) infoOf(p *probe.Probe) *info {
	if p == nil || p.Key >= uint64(len(h.info)) || h.info[p.Key].p == nil || h.info[p.Key].p.ID != p.ID {
		return nil
	}
	return h.info[p.Key]
}

// attributes of providers: the general ones are as in DTrace, those of events are
// as stable as Windows makes them.
var (
	evolving = probe.Attr{Name: probe.Evolving, Data: probe.Evolving, Class: probe.ClassISA}
	unstable = probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassUnknown}
	isa      = probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassISA}
	attrs    = &probe.Attrs{Provider: evolving, Module: unstable, Function: unstable, Name: evolving, Args: isa}
)

// provider returns a provider, made at the first call.
func (h *Host) provider(name string, provide func(probe.Desc) error) (*engine.Provider, error) {
	if p := h.provs[name]; p != nil {
		return p, nil
	}
	p, err := h.e.AddProvider(engine.ProviderSpec{Name: name, Attrs: attrs, Provide: provide,
		Enable: func(p *probe.Probe) error {
			h.switchProbe(p, true)
			return nil
		},
		Disable: func(p *probe.Probe) { h.switchProbe(p, false) },
	})
	if err != nil {
		return nil, err
	}
	h.provs[name] = p
	return p, nil
}

func (h *Host) switchProbe(p *probe.Probe, on bool) {
	if in := h.infoOf(p); in != nil {
		in.on = on
		h.dirty = true
	}
}

// create makes a probe, or finds it, and adds to its count.
func (h *Host) create(provider, module, function, name string, n int64) (*info, error) {
	prov, err := h.provider(provider, nil)
	if err != nil {
		return nil, err
	}
	if len(name) > engine.MaxProbeName {
		name = name[:engine.MaxProbeName]
	}
	if p := prov.Lookup(module, function, name); p != nil {
		in := h.infoOf(p)
		in.count += n
		return in, nil
	}
	p, err := prov.Create(module, function, name, uint64(len(h.info)))
	if err != nil {
		return nil, err
	}
	if in := h.infoOf(p); in != nil { // a long name was cut to one that exists
		in.count += n
		return in, nil
	}
	in := &info{p: p, count: n}
	h.info = append(h.info, in)
	return in, nil
}

// argument is a probe's typed argument: the raw one it comes from, its type and
// what the D libraries make of it.
type argument struct {
	name   string
	raw    int
	native *ctype.Type
	trans  *ctype.Type
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}
