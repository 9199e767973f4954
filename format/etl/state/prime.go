package state

import "github.com/godtrace/godtrace/format/etl"

// first is the earliest event of a process or thread.
type first[T any] struct {
	ts    int64
	there bool // it was there before the event
	what  *T
}

// imageKey names an image by where it was.
type imageKey struct {
	pid  uint32
	base uint64
}

// Detail is what a Tracker follows beyond processes, threads and images: much, and
// of use to few.
type Detail uint8

// The details.
const (
	Builds Detail = 1 << iota // of images; to be told before these are
	Files                     // names of files
)

// Primer gathers what a file tells late: processes, threads and images that were
// there before the trace but are announced at its end, paths of registry keys and
// drive letters. Events may come in any order. A Tracker Adopts it.
type Primer struct {
	t       *Tracker // keys and paths
	procs   map[uint32]first[Process]
	threads map[uint32]first[Thread]
	images  map[imageKey]first[imageInfo]
}

// NewPrimer returns a Primer that knows nothing.
func NewPrimer() *Primer {
	return &Primer{t: New(), procs: map[uint32]first[Process]{}, threads: map[uint32]first[Thread]{}, images: map[imageKey]first[imageInfo]{}}
}

// Observe takes in an event.
func (p *Primer) Observe(e *etl.Event) {
	if e.Kernel() {
		p.kernel(e, e.Group)
		return
	}
	if !e.Classic() {
		return
	}
	if e.Provider == etl.ClassSystemPaths {
		p.t.systemPath(e)
	} else if g, ok := etl.ClassGroup(e.Provider); ok {
		p.kernel(e, g)
	}
}

func (p *Primer) kernel(e *etl.Event, group uint8) {
	switch group {
	case etl.GroupProcess:
		if e.Opcode == opLoad {
			p.image(e)
			return
		}
		if pr := p.t.readProcess(e); pr != nil {
			if old, ok := p.procs[pr.PID]; !ok || e.TS < old.ts {
				p.procs[pr.PID] = first[Process]{e.TS, e.Opcode != opStart, pr}
			}
		}
	case etl.GroupThread:
		if e.Opcode < opStart || e.Opcode > opDCStop {
			return
		}
		if th := p.t.readThread(e); th != nil {
			if old, ok := p.threads[th.TID]; !ok || e.TS < old.ts {
				p.threads[th.TID] = first[Thread]{e.TS, e.Opcode != opStart, th}
			}
		}
	case etl.GroupImage:
		p.image(e)
	case etl.GroupRegistry:
		if e.Opcode == 24 || e.Opcode == 25 {
			p.t.regKey(e)
		}
	}
}

// image notes the earliest event of an image.
func (p *Primer) image(e *etl.Event) {
	switch e.Opcode {
	case opLoad, opStop, opDCStart, opDCStop:
	default:
		return
	}
	in, ok := p.t.imageInfo(e)
	if !ok {
		return
	}
	k := imageKey{in.pid, in.base}
	if old, ok := p.images[k]; ok && old.ts <= e.TS {
		return
	}
	c := first[imageInfo]{ts: e.TS}
	if e.Opcode != opLoad && e.Provider == etl.GroupClass(etl.GroupImage) {
		c.there, c.what = true, &in
	}
	p.images[k] = c
}

// Prime reads ahead what a file tells late, with all details. It must come before
// the first Observe, and for all files whose events will be observed.
func (t *Tracker) Prime(f *etl.File) error {
	if err := t.Follow(f, Builds|Files); err != nil {
		return err
	}
	p := NewPrimer()
	err := f.Visit(etl.PassRundown, func(e *etl.Event) bool {
		p.Observe(e)
		return true
	})
	t.Adopt(p)
	return err
}

// Follow reads what a file tells of details, and follows these from now on.
func (t *Tracker) Follow(f *etl.File, d Detail) error {
	t.primed = true
	t.details |= d
	return f.Visit(etl.PassRundown, func(e *etl.Event) bool {
		switch {
		case !e.Classic():
		case d&Builds != 0 && e.Provider == etl.ClassImageID:
			t.build(e)
		case d&Files != 0 && (e.Opcode == 36 || e.Opcode == 0) && e.Provider == etl.GroupClass(etl.GroupFile):
			t.file(e)
		}
		return true
	})
}

// Adopt takes in what a Primer has gathered, whose use ends with it, as Prime does;
// but of details only those are known that the Tracker Follows.
func (t *Tracker) Adopt(p *Primer) {
	t.primed = true
	t.keys = merge(t.keys, p.t.keys)
	t.texts = merge(t.texts, p.t.texts)
	for _, v := range p.t.volumes {
		t.addVolume(v.nt, v.dos)
	}
	if p.t.paths.windows != "" || p.t.paths.system != "" {
		t.paths = p.t.paths
	}
	for pid, pr := range p.procs {
		if pr.there && pid != 0 {
			pr.what.Exit = 0
			t.procs[pid] = pr.what
		}
	}
	for tid, th := range p.threads {
		if th.there && tid != 0 {
			t.threads[tid] = th.what
		}
	}
	// Images that were there before the trace and are told of only at its end or
	// when they go.
	for _, c := range p.images {
		if c.there {
			t.load(c.what, always, c.ts)
		}
	}
}

// merge returns the entries of both maps, in one of them.
func merge[K comparable](to, from map[K]string) map[K]string {
	if len(to) == 0 {
		return from
	}
	for k, v := range from {
		to[k] = v
	}
	return to
}
