package state

import (
	"sort"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
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
	if q.PPID != etl.NoID {
		p.PPID = q.PPID
	}
	if q.Session != etl.NoID {
		p.Session = q.Session
	}
	if q.Key != 0 {
		p.Key = q.Key
	}
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

// file takes in the name of a file object or key.
func (t *Tracker) file(e *etl.Event) {
	name := "FileName"
	switch e.Opcode {
	case 0, 32, 36:
		if e.Kernel() {
			t.fileName(e.Payload, int(e.PtrSize))
			return
		}
	case 64:
		name = "OpenPath"
	default:
		return
	}
	v, ok := t.values(e)
	if !ok {
		return
	}
	if n := v.text(name); n != "" {
		t.files[v.uint("FileObject")] = n
	}
}

// fileName is for the events that are an address and a text in all versions: there
// are many, and most say again what is known.
func (t *Tracker) fileName(b []byte, ptr int) {
	if len(b) < ptr {
		return
	}
	object := number(b, 0, ptr)
	b = b[ptr:]
	if old, ok := t.files[object]; ok && isUTF16(old, b) {
		return
	}
	if n := string(schema.AppendUTF16(make([]byte, 0, len(b)/2), b)); n != "" {
		t.files[object] = n
	}
}

// isUTF16 reports whether b holds s, up to a NUL, and s is ASCII.
func isUTF16(s string, b []byte) bool {
	if len(b) < 2*len(s) || len(b) >= 2*len(s)+2 && b[2*len(s)]|b[2*len(s)+1] != 0 {
		return false
	}
	for i := range len(s) {
		if s[i] >= 0x80 || b[2*i] != s[i] || b[2*i+1] != 0 {
			return false
		}
	}
	return true
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
		if nt != "" && dos != "" {
			t.addVolume(nt, dos)
		}
	}
}

func (t *Tracker) addVolume(nt, dos string) {
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
