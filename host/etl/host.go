package etl

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/decode"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/state"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/symbol"
)

// Host is a set of trace files that is replayed as one. It implements host.Host.
// One session runs at a time.
type Host struct {
	files    []*file
	machines []*machine
	path     searchPath
	progress func(done, all int64)

	loaded  bool
	loadErr error
	notices []string
	makeErr error

	dec                         *decode.Decoder
	model                       ctype.Model
	set                         *ctype.Set
	types                       map[string]*ctype.Type
	threadType, ioType, netType *layout
	e                           *engine.Engine
	stock                       inventory
	census                      *census // until the probes are made
	info                        []*info // by probe.Key

	provs   map[string]*engine.Provider
	named   map[string]*named // etw probes by full name
	byGUID  map[etl.GUID][]*guidProbe
	routine map[routineKey]*routine
	sys     map[uint64]*service
	sample  sampling
	timers  timers

	syms *resolver

	// What follows is the state of a replay.
	running bool
	play    replay
	now     atomic.Uint64 // ns
	wall    atomic.Uint64 // ns since 1970
	classes map[*schema.Schema]*class
	fast    [32][256]*class
	dirty   bool // probes were enabled or disabled
	mem     memory
	ahead   ahead
	alias   alias
	cur     *thread // of the firing
	begin   thread
}

var _ host.Host = (*Host)(nil)

// file is one of the files.
type file struct {
	f *etl.File
	m *machine
	// ptr is the size of pointers of the recorded system: what the kernel's own events
	// have, else what the file's header says, which some tools fill with their own.
	ptr    uint32
	primer *state.Primer // until the first replay
	stacks *state.Stacks
	err    error // of stacks
}

// machine is one recorded system: files of one boot share it.
type machine struct {
	h       *Host
	files   []*file
	tracker *state.Tracker
	fresh   bool // tracker is primed and has observed nothing
	details state.Detail
	threads threads
}

// Open opens trace files. They may be of one system, as those of a kernel and a
// user session are, or of several.
func Open(names ...string) (*Host, error) {
	if len(names) == 0 {
		return nil, errors.New("host etl: no file, want etl:FILE.etl[,FILE.etl...]")
	}
	h := &Host{dec: decode.New(), provs: map[string]*engine.Provider{}}
	h.census = newCensus(h)
	for _, n := range names {
		f, err := h.census.scan(n)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("host etl: %w", err), h.Close())
		}
		h.addFile(f)
	}
	h.model = ctype.LLP64
	narrow := true
	for _, f := range h.files {
		narrow = narrow && f.ptr == 4
	}
	if narrow {
		h.model = ctype.ILP32
	}
	h.set = ctype.NewSet(h.model)
	h.addKnown()
	h.syms = newResolver(h)
	h.begin.ExecName = "dtrace"
	h.begin.Key = keyOwn
	return h, nil
}

// addFile puts a file to the others of its system.
func (h *Host) addFile(f *file) {
	h.files = append(h.files, f)
	hd := f.f.Header()
	for _, m := range h.machines {
		o := m.files[0].f.Header()
		if o.BootTime == hd.BootTime && o.PerfFreq == hd.PerfFreq && o.ClockType == hd.ClockType && o.PointerSize == hd.PointerSize {
			f.m = m
			m.files = append(m.files, f)
			return
		}
	}
	f.m = &machine{h: h, files: []*file{f}}
	h.machines = append(h.machines, f.m)
}

// SetProgress makes replays call f now and then with how many events are done and
// how many there are.
func (h *Host) SetProgress(f func(done, all int64)) { h.progress = f }

// SetMemory limits the bytes of buffers that replays hold at a time, of all files
// together; 0 means 24 MB a file. Stacks, requests that have begun, and what is known of
// processes and images come on top: some 20 MB at most but for the last, which grows
// with their number. The garbage collector lets a process grow to twice that; the
// command dtrace has debug.SetMemoryLimit keep it at 76 MB, other programs do the same
// if they want as little.
func (h *Host) SetMemory(n int) {
	for _, f := range h.files {
		f.f.SetMemory(n / len(h.files))
	}
}

func (h *Host) notice(format string, args ...any) {
	h.notices = append(h.notices, fmt.Sprintf(format, args...))
}

// Notices returns what the user must know after a replay: what the recording
// lost, what of the files could not be read, what could not be described.
func (h *Host) Notices() []string {
	var out []string
	for _, f := range h.files {
		st := f.f.Stats()
		if s := st.String(); s != "" {
			out = append(out, f.f.Name()+": "+s)
		}
		if f.stacks != nil && f.stacks.Missed() > 0 {
			out = append(out, fmt.Sprintf("%s: %d stacks were dropped: too many at a time", f.f.Name(), f.stacks.Missed()))
		}
		if f.err != nil {
			out = append(out, fmt.Sprintf("%s: stacks: %v", f.f.Name(), f.err))
		}
	}
	out = append(out, h.notices...)
	out = append(out, h.stock.shortNotices()...)
	problems := h.dec.Problems()
	for i, err := range problems {
		if i == 5 {
			out = append(out, fmt.Sprintf("%d more descriptions of events are damaged", len(problems)-i))
			break
		}
		out = append(out, err.Error())
	}
	return append(out, h.play.notices()...)
}

// Name returns "etl".
func (h *Host) Name() string { return "etl" }

// Close closes the files.
func (h *Host) Close() error {
	var err error
	for _, f := range h.files {
		err = errors.Join(err, f.f.Close())
	}
	if h.syms != nil {
		h.syms.close()
	}
	return err
}

// Model is LLP64, or ILP32 if the recorded system was a 32-bit one.
func (h *Host) Model() ctype.Model { return h.model }

// Probes lists the probes. Those of the form of DTrace on Windows only match
// descriptions that name a provider by its GUID.
func (h *Host) Probes(d probe.Desc, f func(*probe.Probe) bool) error {
	if err := h.load(); err != nil {
		return err
	}
	guid := namesGUID(&d)
	return h.e.Probes(d, func(p *probe.Probe) bool {
		if h.isGUIDProbe(p) && !guid && d.ID == 0 {
			return true
		}
		return f(p)
	})
}

// ProbeByID returns a probe, nil if there is none.
func (h *Host) ProbeByID(id probe.ID) *probe.Probe {
	if h.load() != nil {
		return nil
	}
	return h.e.ProbeByID(id)
}

// Args returns the typed arguments of a probe.
func (h *Host) Args(p *probe.Probe) ([]check.Arg, error) {
	in := h.infoOf(p)
	if in == nil || in.args == nil {
		return nil, nil
	}
	var out []check.Arg
	for _, a := range in.args() {
		out = append(out, check.Arg{Name: a.name, Native: a.native, Trans: a.trans, Map: a.raw})
	}
	return out, nil
}

// Events returns how many events the files hold for a probe; ok is false for
// probes that no events fire.
func (h *Host) Events(p *probe.Probe) (n int64, ok bool) {
	in := h.infoOf(p)
	if in == nil || in.count < 0 {
		return 0, false
	}
	return in.count, true
}

// Notes describes a probe for listings: how many events the files hold for it and,
// for events with a schema, the members of the struct that args[0] points to.
func (h *Host) Notes(p *probe.Probe) []string {
	in := h.infoOf(p)
	if in == nil {
		return nil
	}
	var out []string
	if n, ok := h.Events(p); ok {
		out = append(out, fmt.Sprintf("Events: %d", n))
	}
	if in.note != nil {
		out = append(out, in.note()...)
	}
	return out
}

// Enumerator finds no constants: traces hold none.
func (h *Host) Enumerator(string) (int64, *ctype.Type, bool) { return 0, nil, false }

// Supports refuses what a recording cannot give.
func (h *Host) Supports(op ir.Op, sub uint8) error {
	what := ""
	switch op {
	case ir.DPath:
		what = "path names of kernel objects"
	case ir.StopProc, ir.Panic, ir.Breakpoint, ir.Return, ir.Raise, ir.Chill, ir.CopyOut, ir.CopyOutStr:
		what = "the action " + op.String() + ": what is recorded cannot be changed"
	case ir.BuiltinI:
		switch b := ir.Builtin(sub); b {
		case ir.BIPL, ir.BUReg:
			what = "the variable " + b.String()
		}
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("host etl cannot give %s: %w", what, host.ErrNotSupported)
}

// Features tells what the files hold.
func (h *Host) Features() []host.Feature {
	if err := h.load(); err != nil {
		return []host.Feature{{Name: "events", Detail: err.Error(), Remedy: "files that can be read"}}
	}
	var out []host.Feature
	for _, f := range h.files {
		st, hd := f.f.Stats(), f.f.Header()
		out = append(out, host.Feature{Name: filepath.Base(f.f.Name()), OK: true,
			Detail: fmt.Sprintf("%d events in %d buffers, Windows %d.%d build %d, %d processors", st.Events, st.Buffers, hd.Version&0xff, hd.Version>>8&0xff, hd.Build, hd.Processors)})
	}
	for _, name := range []string{"etw", "sched", "proc", "io", "tcp", "udp", "profile", "syscall", "fbt", "image", "registry", "vminfo"} {
		n := 0
		for _, in := range h.info {
			if in.p.Provider == name && in.count != 0 {
				n++
			}
		}
		ft := host.Feature{Name: name, OK: n > 0, Detail: fmt.Sprintf("%d probes", n)}
		if !ft.OK {
			ft.Detail, ft.Remedy = "the files hold no such events", remedies[name]
		}
		out = append(out, ft)
	}
	return out
}

// remedies say what to record.
var remedies = map[string]string{
	"etw": "any event", "sched": "kernel flags CSWITCH and DISPATCHER", "proc": "kernel flags PROC_THREAD", "io": "kernel flag DISK_IO",
	"tcp": "kernel flag NETWORKTRACE", "udp": "kernel flag NETWORKTRACE", "profile": "kernel flag PROFILE", "syscall": "kernel flag SYSCALL",
	"fbt": "kernel flags INTERRUPT and DPC", "image": "kernel flag LOADER", "registry": "kernel flag REGISTRY", "vminfo": "kernel flag PAGE_FAULTS",
}

// Symbols resolves addresses by the images that the trace lists, symbol files and
// exports of images found on the symbol path.
func (h *Host) Symbols() symbol.Resolver { return h.syms }
