package state

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/kernel"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// Who says which thread an event belongs to. PID and TID are etl.NoID if that
// cannot be known.
type Who struct{ PID, TID uint32 }

// Tracker follows the state of a traced system. It is for one goroutine.
type Tracker struct {
	table   *kernel.Table
	procs   map[uint32]*Process
	past    map[uint32][]*Process // processes whose PID was used again
	threads map[uint32]*Thread
	cpus    []cpu
	files   map[uint64]string // by file key and file object
	keys    map[uint64]string // by key control block
	builds  map[uint64][]build
	volumes []volume
	paths   struct{ system, windows string }
	kernel  *Process
	idents  map[ident]*ident
	texts   map[string]string // in UTF-16, by their bytes
	pdbs    map[string]string
	// primed says that builds and paths are known beforehand, and details which files
	// are followed.
	primed  bool
	details Detail
}

// cpu is what runs on a processor.
type cpu struct {
	tid   uint32
	known bool
}

// volume maps a device's path to a drive.
type volume struct{ nt, dos string }

// New returns a Tracker of a system of which nothing is known.
func New() *Tracker {
	t := &Tracker{
		table: kernel.Layouts(), procs: map[uint32]*Process{}, past: map[uint32][]*Process{}, threads: map[uint32]*Thread{},
		files: map[uint64]string{}, keys: map[uint64]string{}, builds: map[uint64][]build{},
		idents: map[ident]*ident{}, texts: map[string]string{}, pdbs: map[string]string{},
	}
	t.kernel = &Process{Name: "Idle", Start: always, End: never}
	t.procs[0] = t.kernel
	return t
}

// Observe takes in an event, which must come in order of time, and returns which
// thread it belongs to. A context switch belongs to the thread that leaves.
func (t *Tracker) Observe(e *etl.Event) Who {
	if !e.Kernel() {
		return t.other(e)
	}
	b := e.Payload
	who := Who{e.PID, e.TID}
	switch e.Group {
	case etl.GroupThread:
		switch e.Opcode {
		case 36:
			if len(b) >= 8 {
				next, prev := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
				t.setCPU(e.CPU, next)
				return Who{t.PIDOf(prev), prev}
			}
		case 1, 2, 3, 4:
			t.thread(e)
		case 72:
			t.threadName(e)
		}
	case etl.GroupPerfInfo:
		switch e.Opcode {
		case 46, 47:
			if at := int(e.PtrSize); len(b) >= at+4 && who.TID == etl.NoID {
				tid := binary.LittleEndian.Uint32(b[at:])
				t.setCPU(e.CPU, tid)
				return Who{t.PIDOf(tid), tid}
			}
		}
	case etl.GroupStackWalk:
		if e.Opcode == 32 || e.Opcode == 37 || e.Opcode == 38 {
			if len(b) >= 16 {
				return Who{binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
			}
		}
	case etl.GroupProcess:
		if e.Opcode == 10 {
			t.image(e)
		} else {
			t.process(e)
		}
	case etl.GroupImage:
		t.image(e)
	case etl.GroupFile:
		if !t.primed || t.details&Files != 0 {
			t.file(e)
		}
	case etl.GroupRegistry:
		if e.Opcode >= 22 && e.Opcode <= 25 {
			t.regKey(e)
		}
	}
	if who.PID == etl.NoID || who.TID == etl.NoID {
		who = t.fill(e, who)
	}
	return who
}

// setCPU notes which thread runs on a processor.
func (t *Tracker) setCPU(n uint16, tid uint32) {
	for int(n) >= len(t.cpus) {
		t.cpus = append(t.cpus, cpu{})
	}
	t.cpus[n] = cpu{tid, true}
}

// Current returns the thread that runs on a processor now, etl.NoID if that is
// not known.
func (t *Tracker) Current(n uint16) uint32 {
	if int(n) < len(t.cpus) && t.cpus[n].known {
		return t.cpus[n].tid
	}
	return etl.NoID
}

// fill finds what an event's header does not tell: in the payload, else from
// what runs on the processor.
func (t *Tracker) fill(e *etl.Event, who Who) Who {
	pid, tid, ok := t.fromPayload(e)
	if !ok {
		tid = t.Current(e.CPU)
		if who.TID != etl.NoID {
			tid = who.TID
		}
		pid = t.PIDOf(tid)
	}
	if who.TID == etl.NoID {
		who.TID = tid
	}
	if who.PID == etl.NoID {
		who.PID = pid
	}
	return who
}

// fromPayload reads process and thread from events that hold them, as those of
// disks and the network, which come when whatever thread runs.
func (t *Tracker) fromPayload(e *etl.Event) (pid, tid uint32, ok bool) {
	at, isPID := -1, false
	p := int(e.PtrSize)
	switch e.Group {
	case etl.GroupDisk:
		if e.Version >= 3 {
			switch e.Opcode {
			case 10, 11, 55, 56:
				at = 16 + 8 + 2*p + 8
			case 12, 13, 15, 58, 59, 60:
				at = p
			case 14, 57:
				at = 8 + 8 + p
			default:
				at = -1
			}
		}
	case etl.GroupMemory:
		if e.Opcode == 32 {
			at = 16 + 2*p
		} else if e.Opcode == 98 || e.Opcode == 99 {
			at, isPID = 2*p, true
		}
	case etl.GroupTCPIP, etl.GroupUDPIP:
		if e.Opcode != 17 && e.Version >= 1 {
			at, isPID = 0, true
		}
	case etl.GroupFile:
		at = t.fileThread(e)
	case etl.GroupThread:
		switch e.Opcode {
		case 1, 2, 3, 4:
			if len(e.Payload) >= 8 && e.Version > 0 {
				return binary.LittleEndian.Uint32(e.Payload), binary.LittleEndian.Uint32(e.Payload[4:]), true
			}
		}
	}
	if at < 0 || at+4 > len(e.Payload) {
		return 0, 0, false
	}
	n := binary.LittleEndian.Uint32(e.Payload[at:])
	if isPID {
		tid := t.Current(e.CPU)
		if t.PIDOf(tid) != n {
			tid = etl.NoID
		}
		return n, tid, true
	}
	return t.PIDOf(n), n, true
}

// fileThread returns where a file event holds its thread, -1 if it does not.
func (t *Tracker) fileThread(e *etl.Event) int {
	p := int(e.PtrSize)
	old := e.Version < 3
	switch e.Opcode {
	case 64:
		if old {
			return p
		}
		return 2 * p
	case 65, 66, 73, 72, 77:
		if old {
			return p
		}
		return 3 * p
	case 67, 68:
		if old {
			return 8 + p
		}
		return 8 + 3*p
	case 69, 70, 71, 74, 75, 79, 80, 81:
		if old {
			return p
		}
		return 4 * p
	}
	return -1
}

// other handles events with their own header: those of merging tools and those
// of programs, whose headers name the thread.
func (t *Tracker) other(e *etl.Event) Who {
	if e.Type == etl.TypeFull32 || e.Type == etl.TypeFull64 {
		switch e.Provider {
		case etl.ClassImageID:
			if !t.primed {
				t.build(e)
			}
		case etl.ClassSystemPaths:
			if !t.primed {
				t.systemPath(e)
			}
		case etl.GroupClass(etl.GroupProcess):
			t.process(e)
		case etl.GroupClass(etl.GroupThread):
			if e.Opcode >= 1 && e.Opcode <= 4 {
				t.thread(e)
			}
		case etl.GroupClass(etl.GroupImage):
			t.image(e)
		}
	}
	who := Who{e.PID, e.TID}
	if who.PID == etl.NoID && who.TID != etl.NoID {
		who.PID = t.PIDOf(who.TID)
	}
	return who
}

// PIDOf returns the process of a thread, etl.NoID if that is not known.
func (t *Tracker) PIDOf(tid uint32) uint32 {
	if tid == 0 {
		return 0
	}
	if th := t.threads[tid]; th != nil {
		return th.PID
	}
	return etl.NoID
}

// Thread returns a thread, nil if nothing is known of it.
func (t *Tracker) Thread(tid uint32) *Thread { return t.threads[tid] }

// Process returns the process that has or had a PID last, nil if nothing is known
// of it.
func (t *Tracker) Process(pid uint32) *Process { return t.procs[pid] }

// ProcessAt returns the process that had a PID at a time, nil if none is known.
func (t *Tracker) ProcessAt(pid uint32, ts int64) *Process {
	p := t.procs[pid]
	if p != nil && (ts >= p.Start || len(t.past[pid]) == 0) {
		return p
	}
	for i := len(t.past[pid]) - 1; i >= 0; i-- {
		if q := t.past[pid][i]; ts >= q.Start {
			return q
		}
	}
	return p
}

// Processes calls fn for all processes, those that have ended included, until it
// returns false.
func (t *Tracker) Processes(fn func(*Process) bool) {
	for _, ps := range t.past {
		for _, p := range ps {
			if !fn(p) {
				return
			}
		}
	}
	for _, p := range t.procs {
		if !fn(p) {
			return
		}
	}
}

// Kernel returns what stands for the kernel: its images are those of drivers.
func (t *Tracker) Kernel() *Process { return t.kernel }

// ImageAt returns the image at an address of a process or, for the kernel's half
// of memory, of the kernel; nil if none is known.
func (t *Tracker) ImageAt(pid uint32, addr uint64) *Image {
	if KernelAddress(addr) {
		if im := t.kernel.ImageAt(addr); im != nil {
			return im
		}
	}
	p := t.procs[pid]
	if p == nil {
		return nil
	}
	if im := p.ImageAt(addr); im != nil {
		return im
	}
	return t.kernel.ImageAt(addr)
}

// KernelAddress reports whether an address is in the kernel's half of a 64-bit
// system's memory.
func KernelAddress(addr uint64) bool { return addr>>47 == 0x1FFFF }

// values reads fields of a kernel event by name.
type values struct {
	s   *schema.Schema
	b   []byte
	ptr int
}

func (t *Tracker) values(e *etl.Event) (values, bool) {
	s, ptr := t.table.Resolve(e)
	return values{s, e.Payload, ptr}, s != nil
}

func (v values) uint(name string) uint64 {
	i := v.s.Index(name)
	if i < 0 {
		return 0
	}
	f, err := v.s.Value(v.b, v.ptr, i)
	if err != nil {
		return 0
	}
	n, _ := f.Uint()
	return n
}

func (v values) text(name string) string {
	i := v.s.Index(name)
	if i < 0 {
		return ""
	}
	f, err := v.s.Value(v.b, v.ptr, i)
	if err != nil {
		return ""
	}
	return f.String()
}
