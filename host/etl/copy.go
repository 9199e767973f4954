package etl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/probe"
)

// Selection says at which firings events are to be copied.
type Selection struct {
	named map[firingKey]bool  // of etw probes
	other map[firingKey]int32 // of all others: how often
	ids   map[probe.ID]bool   // of the others
	n     int64
}

type momentKey struct {
	ns  uint64
	cpu int32
}

type firingKey struct {
	momentKey
	id probe.ID
}

// Add notes a firing: its time in ns as records have it, its processor and probe.
func (s *Selection) Add(ns uint64, cpu int, p *probe.Probe) {
	if s.named == nil {
		s.named, s.other, s.ids = map[firingKey]bool{}, map[firingKey]int32{}, map[probe.ID]bool{}
	}
	s.n++
	k := firingKey{momentKey{ns, int32(cpu)}, p.ID}
	if p.Provider == "etw" {
		s.named[k] = true
	} else {
		s.other[k]++
		s.ids[p.ID] = true
	}
}

// Copied is what Copy did.
type Copied struct {
	// Selected events were copied because they were selected, Context for what they
	// tell of processes, threads, images, schemas and stacks.
	Selected, Context int64
	// Unmatched firings have no event of their own, such as those of timers and of
	// beginnings.
	Unmatched int64
}

// Copy writes the selected events of the files, as they were recorded, with those
// that tell whose they are and what they mean, to a new trace. The files must be of
// one system. It must not run within a replay.
func (h *Host) Copy(w io.Writer, name string, compress bool, sel *Selection) (Copied, error) {
	var c Copied
	if err := h.load(); err != nil {
		return c, err
	}
	if len(h.machines) > 1 {
		return c, fmt.Errorf("host etl: the files are of %d systems, only those of one can be copied to one file", len(h.machines))
	}
	if h.running {
		return c, errors.New("host etl: a session replays these files")
	}
	hd := h.files[0].f.Header()
	var size uint32
	for _, f := range h.files {
		size = max(size, f.f.Header().BufferSize)
	}
	wr, err := etl.NewWriter(w, etl.WriterOptions{
		// A multiple of 8 that any event fits.
		BufferSize: int(min(max((size+7)&^7, 1<<17), 16<<20)), PointerSize: int(hd.PointerSize), Processors: h.stock.cpus,
		Clock: hd.ClockType, PerfFreq: int64(hd.PerfFreq), CPUMHz: hd.CPUMHz, Start: hd.StartTime, Boot: hd.BootTime, Base: h.files[0].f.Clock().Base,
		TimerResolution: hd.TimerResolution, Build: hd.Build, Version: hd.Version, Session: hd.Session, File: name, Compress: compress,
		EventsLost: hd.EventsLost, BuffersLost: hd.BuffersLost, TimeZoneBias: hd.TimeZoneBias,
	})
	if err != nil {
		return c, err
	}
	files := make([]*etl.File, len(h.files))
	for i, f := range h.files {
		files[i] = f.f
	}
	var e etl.Event
	var now uint64
	stacks := map[int64]bool{} // time stamps of what was copied
	found := map[firingKey]bool{}
	feeds := h.feeds(sel)
	m := etl.NewMerger(files...)
	for m.Next(&e) {
		now = max(now, h.ns(e.Clock(), e.TS))
		at := momentKey{now, int32(e.CPU)}
		s, _ := h.dec.Schema(&e)
		chosen := false
		if cl := h.classes[s]; cl != nil {
			for _, id := range feeds[cl] {
				if k := (firingKey{at, id}); sel.other[k] > 0 {
					chosen, found[k] = true, true
				}
			}
			if cl.named != nil && sel.named[firingKey{at, cl.named.info.p.ID}] {
				chosen = true
			}
		}
		switch {
		case isHeader(&e):
			continue // the new file has its own
		case chosen:
			c.Selected++
			stacks[e.TS] = true
		case tellsContext(&e), isStackOf(&e, stacks):
			c.Context++
		default:
			continue
		}
		if err := wr.WriteRecord(e.CPU, e.TS, e.Raw); err != nil {
			return c, err
		}
	}
	for at, n := range sel.other {
		if !found[at] {
			c.Unmatched += int64(n)
		}
	}
	if err := m.Err(); err != nil {
		return c, err
	}
	return c, wr.Close()
}

// feeds tells which of the probes that were chosen, and are no etw ones, each class of
// events can fire: those with which alone it has something to do.
func (h *Host) feeds(sel *Selection) map[*class][]probe.ID {
	out := map[*class][]probe.ID{}
	was := make([]bool, len(h.info))
	for i, in := range h.info {
		was[i], in.on = in.on, false
	}
	for id := range sel.ids {
		in := h.infoOf(h.e.ProbeByID(id))
		if in == nil {
			continue
		}
		in.on = true
		for _, c := range h.classes {
			for _, a := range c.acts {
				if a.on(h) {
					out[c] = append(out[c], id)
					break
				}
			}
		}
		in.on = false
	}
	for i, in := range h.info {
		in.on = was[i]
	}
	return out
}

// isHeader reports whether an event is a file's header.
func isHeader(e *etl.Event) bool { return e.Kernel() && e.Group == etl.GroupHeader && e.Opcode == 0 }

// tellsContext reports whether an event tells of the system, its processes, threads
// and images, of who runs on a processor, of stacks' keys or of schemas.
func tellsContext(e *etl.Event) bool {
	if k, ok := hookOf(e); ok {
		switch k.group {
		case etl.GroupHeader, etl.GroupProcess, etl.GroupImage, etl.GroupConfig:
			return true
		case etl.GroupThread:
			return k.opcode <= 4 || k.opcode == 72 || k.opcode == opCSwitch
		case etl.GroupStackWalk:
			return k.opcode >= 34 && k.opcode <= 36
		case etl.GroupFile:
			return k.opcode == 0 || k.opcode == 32 || k.opcode >= 35 && k.opcode <= 36
		case etl.GroupRegistry:
			return k.opcode >= 22 && k.opcode <= 25
		case etl.GroupPerfInfo:
			return k.opcode >= 72 && k.opcode <= 74
		}
		return false
	}
	if e.Classic() {
		switch e.Provider {
		case etl.ClassImageID, etl.ClassSystemPaths, etl.ClassTraceEventInfo:
			return true
		}
		return false
	}
	return e.ID == etl.ManifestID && e.Type < etl.TypeMessage || e.Provider == kernelProcess && e.ID >= 1 && e.ID <= 6
}

// isStackOf reports whether an event is the stack of one that was copied.
func isStackOf(e *etl.Event, copied map[int64]bool) bool {
	return e.Kernel() && e.Group == etl.GroupStackWalk && len(e.Payload) >= 16 && copied[int64(binary.LittleEndian.Uint64(e.Payload))]
}
