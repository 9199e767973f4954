package state

import "github.com/godtrace/godtrace/format/etl"

// first is the earliest event of a process or thread.
type first[T any] struct {
	ts    int64
	there bool // it was there before the event
	what  *T
}

// Prime reads ahead what a file tells late: processes and threads that were there
// before the trace but are announced at its end, the builds of images, the names
// of files and drive letters. It must come before the first Observe.
func (t *Tracker) Prime(f *etl.File) error {
	procs, threads := map[uint32]first[Process]{}, map[uint32]first[Thread]{}
	err := f.Visit(etl.PassRundown, func(e *etl.Event) bool {
		if !e.Classic() {
			return true
		}
		switch e.Provider {
		case etl.ClassImageID:
			t.build(e)
		case etl.ClassSystemPaths:
			t.systemPath(e)
		case etl.GroupClass(etl.GroupProcess):
			if p := t.readProcess(e); p != nil {
				if old, ok := procs[p.PID]; !ok || e.TS < old.ts {
					procs[p.PID] = first[Process]{e.TS, e.Opcode != opStart, p}
				}
			}
		case etl.GroupClass(etl.GroupThread):
			if e.Opcode < opStart || e.Opcode > opDCStop {
				return true
			}
			if th := t.readThread(e); th != nil {
				if old, ok := threads[th.TID]; !ok || e.TS < old.ts {
					threads[th.TID] = first[Thread]{e.TS, e.Opcode != opStart, th}
				}
			}
		case etl.GroupClass(etl.GroupFile):
			if e.Opcode == 36 || e.Opcode == 0 {
				t.file(e)
			}
		case etl.GroupClass(etl.GroupRegistry):
			if e.Opcode == 24 || e.Opcode == 25 {
				t.regKey(e)
			}
		}
		return true
	})
	for pid, p := range procs {
		if p.there && pid != 0 {
			p.what.Exit = 0
			t.procs[pid] = p.what
		}
	}
	for tid, th := range threads {
		if th.there && tid != 0 {
			t.threads[tid] = th.what
		}
	}
	if err != nil {
		return err
	}
	return t.primeImages(f)
}

// primeImages loads the images that were there before the trace and are told of
// only at its end or when they go.
func (t *Tracker) primeImages(f *etl.File) error {
	type key struct {
		pid  uint32
		base uint64
	}
	early := map[key]first[etl.Event]{}
	err := f.Visit(etl.PassRundown, func(e *etl.Event) bool {
		if !e.Classic() || e.Provider != etl.GroupClass(etl.GroupImage) && !(e.Provider == etl.GroupClass(etl.GroupProcess) && e.Opcode == opLoad) {
			return true
		}
		switch e.Opcode {
		case opLoad, opStop, opDCStart, opDCStop:
		default:
			return true
		}
		v, ok := t.values(e)
		if !ok {
			return true
		}
		k := key{uint32(v.uint("ProcessId")), v.uint("ImageBase")}
		if old, ok := early[k]; ok && old.ts <= e.TS {
			return true
		}
		c := first[etl.Event]{ts: e.TS}
		if e.Opcode != opLoad {
			ev := *e
			ev.Raw, ev.Ext, ev.PMC = nil, nil, nil
			ev.Payload = append([]byte(nil), e.Payload...)
			c.there, c.what = true, &ev
		}
		early[k] = c
		return true
	})
	for _, c := range early {
		if c.there {
			c.what.Opcode = opDCStart
			if c.what.Provider == etl.GroupClass(etl.GroupImage) {
				t.image(c.what)
			}
		}
	}
	return err
}
