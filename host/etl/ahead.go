package etl

import (
	"container/heap"
	"encoding/binary"
	"fmt"

	"github.com/godtrace/godtrace/format/etl"
)

// ahead finds the beginnings of what is logged at its end: a reader of its own runs
// in front of the replay and notes when each began. It runs only if a program
// asks for such beginnings.
type ahead struct {
	io   *info // io:::start, nil if the files hold no disk requests
	done *info // io:::done
	on   bool

	wantIO, wantIntr bool
	readers          []*aheadFile
	late             int64
}

// aheadFile reads one file ahead.
type aheadFile struct {
	f       *file
	r       *etl.Reader
	e       etl.Event
	more    bool
	horizon int64 // ticks
	begun   beginnings
	seq     int
}

// beginning is when something began.
type beginning struct {
	at  int64
	seq int
	cpu uint16
	io  *diskIO
	rt  *routine
}

// beginnings is a heap by time, then by order in the file.
type beginnings []beginning

func (b beginnings) Len() int { return len(b) }
func (b beginnings) Less(i, j int) bool {
	return b[i].at < b[j].at || b[i].at == b[j].at && b[i].seq < b[j].seq
}
func (b beginnings) Swap(i, j int) { b[i], b[j] = b[j], b[i] }

// Push implements heap.Interface.
func (b *beginnings) Push(x any) { *b = append(*b, x.(beginning)) }

// Pop implements heap.Interface.
func (b *beginnings) Pop() any {
	old := *b
	x := old[len(old)-1]
	*b = old[:len(old)-1]
	return x
}

// How far ahead beginnings are looked for, and how many are kept.
const (
	ioHorizon   = 10 * 10_000_000 // 100 ns
	intrHorizon = 10_000_000 / 2
	maxBegun    = 1 << 17
)

func (a *ahead) rewind(h *Host) {
	a.readers, a.late, a.on = nil, 0, false
}

// refresh finds whether beginnings are asked for.
func (a *ahead) refresh(h *Host) {
	a.wantIO = a.io != nil && a.io.on
	a.wantIntr = false
	for _, r := range h.routine {
		a.wantIntr = a.wantIntr || r.entry.on
	}
	a.on = a.wantIO || a.wantIntr
	if !a.on || a.readers != nil {
		return
	}
	span := int64(intrHorizon)
	if a.wantIO {
		span = ioHorizon
	}
	for _, f := range h.files {
		c := f.f.Clock()
		af := &aheadFile{f: f, r: f.f.SideReader(), horizon: c.Ticks(c.Start+span) - c.Ticks(c.Start)}
		af.more = af.r.Next(&af.e)
		a.readers = append(a.readers, af)
	}
}

// until fires what began before the event at hand, in order of time.
func (a *ahead) until(h *Host, e *etl.Event, now uint64) {
	for i, af := range a.readers {
		// Time stamps of other files are told by the clock they share, the wall's.
		ts := e.TS
		if i != e.File {
			ts = af.f.f.Clock().Ticks(e.Time())
		}
		af.read(a, h, ts)
	}
	for {
		var best *aheadFile
		var at uint64
		for _, af := range a.readers {
			if len(af.begun) == 0 {
				continue
			}
			if t := h.ns(af.f.f.Clock(), af.begun[0].at); t <= now && (best == nil || t < at) {
				best, at = af, t
			}
		}
		if best == nil {
			return
		}
		a.fire(h, best)
	}
}

func (a *ahead) fire(h *Host, af *aheadFile) {
	b := heap.Pop(&af.begun).(beginning)
	c := af.f.f.Clock()
	at := h.ns(c, b.at)
	if at < h.now.Load() {
		a.late++
		return
	}
	h.now.Store(at)
	h.wall.Store(wallOf(c.FileTime(b.at)))
	p := &h.play
	p.seq++
	h.mem.begin(p.seq)
	h.mem.class, h.mem.payload = nil, nil
	p.haveStack, p.atEvent, p.cpu = false, false, int(b.cpu)
	if b.io != nil {
		h.startIO(af.f.m, b.io, b.cpu)
	} else {
		h.routineStarts(af.f.m, b.rt, b.cpu)
	}
}

// read reads on up to the horizon of a time.
func (af *aheadFile) read(a *ahead, h *Host, ts int64) {
	for af.more && af.e.TS-ts <= af.horizon && len(af.begun) < maxBegun {
		e := &af.e
		if e.Kernel() {
			switch {
			case a.wantIO && e.Group == etl.GroupDisk && (e.Opcode == 10 || e.Opcode == 11 || e.Opcode == 14 || e.Opcode >= 55 && e.Opcode <= 57):
				if d, ok := readDiskIO(e); ok {
					af.push(beginning{at: e.TS - int64(min(d.elapsed, 1<<62)), cpu: e.CPU, io: &d})
				}
			case a.wantIntr && e.Group == etl.GroupPerfInfo && isRoutine(e.Opcode) && len(e.Payload) >= 8:
				if r := h.routineOf(e); r != nil && r.entry.on {
					if at := int64(binary.LittleEndian.Uint64(e.Payload)); at <= e.TS {
						af.push(beginning{at: at, cpu: e.CPU, rt: r})
					}
				}
			}
		}
		af.more = af.r.Next(&af.e)
	}
}

func (af *aheadFile) push(b beginning) {
	b.seq = af.seq
	af.seq++
	heap.Push(&af.begun, b)
}

// finish tells what was lost.
func (a *ahead) finish(h *Host) {
	if a.late > 0 {
		h.play.late = append(h.play.late, fmt.Sprintf("%d beginnings of requests or interrupts lie before the trace or too far back, and fired no probe", a.late))
	}
}
