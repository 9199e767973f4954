package state

import (
	"sort"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
)

// The opcodes that processes, threads and images share.
const (
	opStart   = 1
	opStop    = 2
	opDCStart = 3
	opDCStop  = 4
	opLoad    = 10
)

// readProcess makes a Process of a process event, nil if it is none.
func (t *Tracker) readProcess(e *etl.Event) *Process {
	switch e.Opcode {
	case opStart, opStop, opDCStart, opDCStop, 39:
	default:
		return nil
	}
	v, ok := t.values(e)
	if !ok {
		return nil
	}
	return &Process{
		PID: uint32(v.uint("ProcessId")), PPID: uint32(v.uint("ParentId")), Session: uint32(v.uint("SessionId")),
		Name: v.text("ImageFileName"), CommandLine: strings.TrimRight(v.text("CommandLine"), " "),
		PackageName: v.text("PackageFullName"), AppID: v.text("ApplicationId"), SID: v.text("UserSID"),
		Key: v.uint("UniqueProcessKey"), Start: always, End: never, Exit: int32(v.uint("ExitStatus")),
	}
}

// process takes in a process event.
func (t *Tracker) process(e *etl.Event) {
	p := t.readProcess(e)
	if p == nil || e.Opcode == 39 {
		return
	}
	old := t.procs[p.PID]
	switch e.Opcode {
	case opStart:
		p.Start, p.Exit = e.TS, 0
		if old != nil && p.PID != 0 {
			if old.Start == e.TS {
				old.update(p)
				return
			}
			if len(old.live) > 0 && old.End == never && old.Start == always && old.Name == "" {
				// Images of the process that came before it was announced.
				p.live, p.Images = old.live, old.Images
			} else {
				old.End = min(old.End, e.TS)
				t.past[p.PID] = append(t.past[p.PID], old)
			}
		}
		t.procs[p.PID] = p
	case opStop:
		if old == nil {
			t.procs[p.PID] = p
			old = p
		}
		old.update(p)
		old.End, old.Exit = e.TS, p.Exit
	default:
		if old == nil {
			t.procs[p.PID] = p
			return
		}
		if old.End != never && old.Name != p.Name {
			// It ended unseen, and the PID is another's.
			t.past[p.PID] = append(t.past[p.PID], old)
			t.procs[p.PID] = p
			return
		}
		old.update(p)
	}
}

// update takes over what another event tells.
func (p *Process) update(q *Process) {
	if q.Name != "" {
		p.Name = q.Name
	}
	if q.CommandLine != "" {
		p.CommandLine = q.CommandLine
	}
	if q.PackageName != "" {
		p.PackageName, p.AppID = q.PackageName, q.AppID
	}
	if q.SID != "" {
		p.SID = q.SID
	}
	p.PPID, p.Session, p.Key = q.PPID, q.Session, q.Key
}

// readThread makes a Thread of a thread event.
func (t *Tracker) readThread(e *etl.Event) *Thread {
	v, ok := t.values(e)
	if !ok {
		return nil
	}
	return &Thread{
		TID: uint32(v.uint("TThreadId")), PID: uint32(v.uint("ProcessId")), StartAddr: v.uint("Win32StartAddr"),
		StackBase: v.uint("StackBase"), StackLimit: v.uint("StackLimit"), UserBase: v.uint("UserStackBase"),
		UserLimit: v.uint("UserStackLimit"), TEB: v.uint("TebBase"), Name: v.text("ThreadName"),
	}
}

func (t *Tracker) thread(e *etl.Event) {
	th := t.readThread(e)
	if th == nil || th.TID == 0 {
		return
	}
	// An ended thread stays: its last events come after its end, and a TID is used
	// again only by a thread that is announced.
	if old := t.threads[th.TID]; old != nil && old.PID == th.PID && th.Name == "" {
		th.Name = old.Name
	}
	t.threads[th.TID] = th
}

func (t *Tracker) threadName(e *etl.Event) {
	v, ok := t.values(e)
	if !ok {
		return
	}
	tid := uint32(v.uint("ThreadId"))
	th := t.threads[tid]
	if th == nil {
		th = &Thread{TID: tid, PID: uint32(v.uint("ProcessId"))}
		t.threads[tid] = th
	}
	th.Name = v.text("ThreadName")
}

// image takes in the load or unload of an image.
func (t *Tracker) image(e *etl.Event) {
	switch e.Opcode {
	case opLoad, opStop, opDCStart, opDCStop:
	default:
		return
	}
	v, ok := t.values(e)
	if !ok {
		return
	}
	im := &Image{
		Base: v.uint("ImageBase"), Size: v.uint("ImageSize"), Path: v.text("FileName"), TimeDateStamp: uint32(v.uint("TimeDateStamp")),
		Checksum: uint32(v.uint("ImageChecksum")), Load: always, Unload: never,
	}
	if v.s.Index("BaseAddress") >= 0 { // version 0
		im.Base, im.Size, im.Path = v.uint("BaseAddress"), v.uint("ModuleSize"), v.text("ImageFileName")
	}
	p := t.owner(uint32(v.uint("ProcessId")), im.Base)
	switch e.Opcode {
	case opStop:
		p.unload(im.Base, e.TS)
		return
	case opLoad:
		im.Load = e.TS
	}
	t.identify(im, p.PID, e.TS)
	p.load(im)
}

// owner returns the process an image belongs to. The kernel's are told as those
// of process 0 or 4.
func (t *Tracker) owner(pid uint32, base uint64) *Process {
	if pid == 0 || pid == 4 && KernelAddress(base) {
		return t.kernel
	}
	p := t.procs[pid]
	if p == nil {
		p = &Process{PID: pid, PPID: etl.NoID, Start: always, End: never}
		t.procs[pid] = p
	}
	return p
}

// build takes in what a merging tool tells about an image.
func (t *Tracker) build(e *etl.Event) {
	v, ok := t.values(e)
	if !ok {
		return
	}
	base := v.uint("ImageBase")
	b := build{pid: uint32(v.uint("ProcessId")), ts: e.TS}
	switch e.Opcode {
	case 0:
		b.size, b.stamp, b.name = v.uint("ImageSize"), uint32(v.uint("TimeDateStamp")), v.text("OriginalFileName")
	case 36, 37:
		b.pdb, b.age, b.hasPDB = v.text("PDBFileName"), uint32(v.uint("Age")), true
		if i := v.s.Index("GuidSig"); i >= 0 {
			if f, err := v.s.Value(v.b, v.ptr, i); err == nil {
				b.guid, _ = f.GUID()
			}
		}
	default:
		return
	}
	list := t.builds[base]
	for i := range list {
		if l := &list[i]; l.pid == b.pid && l.ts == b.ts && l.hasPDB == b.hasPDB && l.name == b.name && l.guid == b.guid {
			return // known from Prime
		}
	}
	t.builds[base] = append(list, b)
}

// identify gives an image what the trace tells about its build: what is told of
// its address nearest in time, and of its own process if there is a choice.
func (t *Tracker) identify(im *Image, pid uint32, ts int64) {
	list := t.builds[im.Base]
	best := func(pdb bool) *build {
		var b *build
		var score int64
		for i := range list {
			l := &list[i]
			if l.hasPDB != pdb || !pdb && l.size != im.Size && l.size != 0 {
				continue
			}
			s := l.ts - ts
			if s < 0 {
				s = -s
			}
			if l.pid != pid {
				s += 1 << 61
			}
			if b == nil || s < score {
				b, score = l, s
			}
		}
		return b
	}
	if b := best(false); b != nil {
		im.OriginalName = b.name
		if im.TimeDateStamp == 0 {
			im.TimeDateStamp = b.stamp
		}
	}
	if b := best(true); b != nil {
		im.PDBName, im.PDBGUID, im.PDBAge = b.pdb, b.guid, b.age
	}
}

// file takes in the name of a file object or key.
func (t *Tracker) file(e *etl.Event) {
	var key, name string
	switch e.Opcode {
	case 0, 32, 36:
		key, name = "FileObject", "FileName"
	case 64:
		key, name = "FileObject", "OpenPath"
	default:
		return
	}
	v, ok := t.values(e)
	if !ok {
		return
	}
	if n := v.text(name); n != "" {
		t.files[v.uint(key)] = n
	}
}

// FileName returns the path of a file object or file key, "" if it is not known.
func (t *Tracker) FileName(object uint64) string { return t.files[object] }

func (t *Tracker) regKey(e *etl.Event) {
	v, ok := t.values(e)
	if !ok {
		return
	}
	if n := v.text("KeyName"); n != "" {
		t.keys[v.uint("KeyHandle")] = n
	}
}

// RegistryKey returns the path of a key control block, "" if it is not known.
func (t *Tracker) RegistryKey(kcb uint64) string { return t.keys[kcb] }

func (t *Tracker) systemPath(e *etl.Event) {
	v, ok := t.values(e)
	if !ok {
		return
	}
	switch e.Opcode {
	case 33:
		t.paths.system, t.paths.windows = v.text("SystemDirectory"), v.text("SystemWindowsDirectory")
	case 35:
		nt, dos := v.text("NtPath"), v.text("DosPath")
		if nt == "" || dos == "" {
			return
		}
		for i := range t.volumes {
			if t.volumes[i].nt == nt {
				t.volumes[i].dos = dos
				return
			}
		}
		t.volumes = append(t.volumes, volume{nt, dos})
		// The longest first, for DosPath.
		sort.SliceStable(t.volumes, func(i, j int) bool { return len(t.volumes[i].nt) > len(t.volumes[j].nt) })
	}
}

// DosPath turns a path as the kernel knows it (\Device\HarddiskVolume2\...) into
// one with a drive letter, if the trace tells how; else it returns it as it is.
func (t *Tracker) DosPath(path string) string {
	for _, v := range t.volumes {
		if len(path) >= len(v.nt) && strings.EqualFold(path[:len(v.nt)], v.nt) {
			return v.dos + path[len(v.nt):]
		}
	}
	if rest, ok := strings.CutPrefix(path, `\Device\Mup\`); ok {
		return `\\` + rest
	}
	return path
}
