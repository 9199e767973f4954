package etl

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/state"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/vm"
)

// thread is a thread of the trace, or, with tid NoID, what stands for the unknown
// threads of a process.
type thread struct {
	vm.Thread
	m      *machine
	number int // in replay.objects
	pid    uint32
	tid    uint32
	cpu    int32
	pri    int32
	gen    uint32 // of the tracker's state that the identity was read at
	proc   *state.Process

	cpuTime uint64 // ns it has run, up to
	since   uint64 // when it was switched in
	running bool
	calls   []uint64 // system services it is in
}

// Keys of thread-local storage: what threads have no number of their own for.
const (
	keyThread  = 1 << 32
	keyProcess = 2 << 32
	keyIdle    = 3 << 32
	keyOwn     = 4 << 32
	keyMachine = 1 << 40
)

// threads are the threads of a system.
type threads struct {
	byTID map[uint32]*thread
	byPID map[uint32]*thread // unknown threads of a process
	idle  map[uint16]*thread // by CPU
	last  []*thread          // by CPU
	gen   uint32             // counts changes of the tracker's state
}

func (m *machine) resetThreads() {
	m.threads = threads{byTID: map[uint32]*thread{}, byPID: map[uint32]*thread{}, idle: map[uint16]*thread{}, gen: 1}
}

// thread returns the thread of an event on a CPU.
func (m *machine) thread(who state.Who, cpu uint16) *thread {
	t := &m.threads
	for int(cpu) >= len(t.last) {
		t.last = append(t.last, nil)
	}
	th := t.last[cpu]
	if th == nil || th.tid != who.TID || th.pid != who.PID {
		th = m.find(who, cpu)
		t.last[cpu] = th
	}
	if th.gen != t.gen {
		th.identify()
	}
	return th
}

func (m *machine) find(who state.Who, cpu uint16) *thread {
	t := &m.threads
	base := uint64(m.number()) * keyMachine
	switch {
	case who.TID == etl.NoID:
		th := t.byPID[who.PID]
		if th == nil {
			th = m.newThread(who, base+keyProcess+uint64(who.PID))
			t.byPID[who.PID] = th
		}
		return th
	case who.TID == 0:
		th := t.idle[cpu]
		if th == nil {
			th = m.newThread(state.Who{}, base+keyIdle+uint64(cpu))
			t.idle[cpu] = th
		}
		if who.PID == 0 {
			return th
		}
		return m.find(state.Who{PID: who.PID, TID: etl.NoID}, cpu)
	}
	th := t.byTID[who.TID]
	if th == nil {
		th = m.newThread(who, base+keyThread+uint64(who.TID))
		t.byTID[who.TID] = th
	}
	if th.pid != who.PID && who.PID != etl.NoID {
		th.pid, th.gen = who.PID, 0
	}
	return th
}

func (m *machine) number() int {
	for i, o := range m.h.machines {
		if o == m {
			return i
		}
	}
	return 0
}

func (m *machine) newThread(who state.Who, key uint64) *thread {
	th := &thread{m: m, pid: who.PID, tid: who.TID, cpu: -1, number: len(m.h.play.objects)}
	th.Key = key
	m.h.play.objects = append(m.h.play.objects, th)
	return th
}

// identify reads the thread's identity from the state.
func (th *thread) identify() {
	m := th.m
	th.gen = m.threads.gen
	if th.pid == etl.NoID && th.tid != etl.NoID {
		th.pid = m.tracker.PIDOf(th.tid)
	}
	th.PID, th.TID, th.PPID, th.UID, th.ExecName = th.pid, th.tid, etl.NoID, 0, ""
	if th.proc = m.tracker.Process(th.pid); th.proc != nil {
		th.PPID, th.ExecName = th.proc.PPID, th.proc.Name
		th.UID = userOf(th.proc.SID)
	}
}

// userOf is a user's number: the last part of the security identifier.
func userOf(sid string) uint32 {
	n, err := strconv.ParseUint(sid[strings.LastIndexByte(sid, '-')+1:], 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// process returns what stands for a process as a whole.
func (m *machine) process(pid uint32) *thread {
	th := m.find(state.Who{PID: pid, TID: etl.NoID}, 0)
	if th.gen != m.threads.gen {
		th.identify()
	}
	return th
}

// byID returns a thread by its number alone.
func (m *machine) byID(tid uint32, cpu uint16) *thread {
	th := m.find(state.Who{PID: m.tracker.PIDOf(tid), TID: tid}, cpu)
	if th.gen != m.threads.gen {
		th.identify()
	}
	return th
}

// address is where programs find the thread's struct etl_thread.
func (th *thread) address() uint64 {
	if th.m == nil {
		return 0
	}
	return th.m.h.mem.objectBase + uint64(th.number)<<objectBits
}

// vtime is how long the thread has run.
func (th *thread) vtime(now uint64) uint64 {
	if th.running && now > th.since {
		return th.cpuTime + now - th.since
	}
	return th.cpuTime
}

// Dispatcher states as ps shows them.
const (
	stateRun, stateZombie, stateOnProc, stateSleep = 2, 3, 6, 1
)

// fill makes the thread's struct.
func (th *thread) fill(im *image) {
	if th.gen != th.m.threads.gen {
		th.identify()
	}
	h := th.m.h
	im.num("tid", uint64(th.tid))
	im.num("pid", uint64(th.pid))
	im.num("ppid", uint64(th.PPID))
	im.num("uid", uint64(th.UID))
	im.num("cpu", uint64(int64(th.cpu)))
	im.num("pri", uint64(int64(th.pri)))
	im.num("cputime", th.vtime(h.now.Load()))
	im.str("name", th.ExecName)
	st, name := uint64(stateSleep), byte('S')
	if th.running {
		st, name = stateOnProc, 'O'
	}
	if p := th.proc; p != nil {
		im.num("session", uint64(p.Session))
		im.num("addr", p.Key)
		im.num("exit", uint64(int64(p.Exit)))
		im.str("psargs", argsOf(p))
		if len(p.Images) > 0 {
			im.str("path", th.m.tracker.DosPath(p.Images[0].Path))
		}
		if p.Start > -1<<62 {
			im.num("start", th.m.ns(p.Start))
		}
		if p.End < 1<<62 && uint64(p.End) <= uint64(h.play.e.TS) {
			st, name = stateZombie, 'Z'
		}
	}
	im.num("state", st)
	im.num("sname", uint64(name))
	if t := th.m.tracker.Thread(th.tid); t != nil && th.tid != etl.NoID {
		im.str("threadname", t.Name)
	}
}

// argsOf is the command line, or the name where the trace does not tell it.
func argsOf(p *state.Process) string {
	if p.CommandLine != "" {
		return p.CommandLine
	}
	return p.Name
}

// context answers what programs ask seldom. It implements vm.Context.
type context struct {
	vm.NoContext
	h *Host
}

// Int gives the integer variables.
func (c *context) Int(f *vm.Firing, b ir.Builtin, arg uint64) uint64 {
	h := c.h
	switch b {
	case ir.BVTimestamp:
		if h.cur != nil {
			return h.cur.vtime(h.now.Load())
		}
	case ir.BCurThread:
		if h.cur != nil {
			return h.cur.address()
		}
	case ir.BCaller, ir.BUCaller:
		k, u := h.frames()
		if b == ir.BUCaller {
			k = u
		}
		if len(k) > 1 {
			return k[1]
		}
	case ir.BStackDepth:
		k, _ := h.frames()
		return uint64(len(k))
	case ir.BUStackDepth:
		_, u := h.frames()
		return uint64(len(u))
	}
	return 0
}

// Str gives the string variables.
func (c *context) Str(f *vm.Firing, b ir.StrBuiltin) string {
	th := c.h.cur
	switch b {
	case ir.SZoneName:
		return "global"
	case ir.SRoot:
		return `\`
	case ir.SCwd:
		return "<unknown>"
	case ir.SExecArgs:
		if th != nil && th.proc != nil {
			return argsOf(th.proc)
		}
	case ir.SThreadName:
		if th != nil && th.m != nil {
			if t := th.m.tracker.Thread(th.tid); t != nil && t.Name != "" {
				return t.Name
			}
			return th.ExecName
		}
	}
	return ""
}

// Stack gives the kernel's part of the recorded stack, UStack the program's.
func (c *context) Stack(_ *vm.Firing, dst []uint64) int {
	k, _ := c.h.frames()
	return copy(dst, k)
}

// UStack gives the program's part of the recorded stack.
func (c *context) UStack(_ *vm.Firing, dst []uint64) int {
	_, u := c.h.frames()
	return copy(dst, u)
}

// ProgenyOf follows parents.
func (c *context) ProgenyOf(f *vm.Firing, pid uint64) bool {
	th := c.h.cur
	if th == nil || th.m == nil {
		return false
	}
	p := th.pid
	for range 64 {
		if uint64(p) == pid {
			return true
		}
		pr := th.m.tracker.Process(p)
		if pr == nil || pr.PPID == p || pr.PPID == etl.NoID || p == 0 {
			return false
		}
		p = pr.PPID
	}
	return false
}

// frames returns the stack of the event at hand, the kernel's part and the
// program's.
func (h *Host) frames() (kernel, user []uint64) {
	p := &h.play
	if !p.haveStack {
		p.haveStack = true
		p.stack = h.readStack(p.stack[:0])
		p.split = len(p.stack)
		for i, pc := range p.stack {
			if !h.kernelAddress(pc) {
				p.split = i
				break
			}
		}
	}
	return p.stack[:p.split], p.stack[p.split:]
}

func (h *Host) readStack(dst []uint64) []uint64 {
	p := &h.play
	if !p.atEvent {
		return dst
	}
	f := h.files[p.e.File]
	if f.stacks == nil {
		if f.err != nil {
			return dst
		}
		if f.stacks, f.err = state.NewStacks(f.f, 0); f.err != nil {
			f.stacks = nil
			return dst
		}
	}
	tid := p.who.TID
	if h.cur != nil {
		tid = h.cur.tid
	}
	if p.leaving {
		if tid == 0 {
			return dst
		}
		return f.stacks.AppendLeaving(dst, &p.e, tid)
	}
	if out := f.stacks.Append(dst, &p.e, tid); len(out) > len(dst) || tid == p.who.TID {
		return out
	}
	return f.stacks.Append(dst, &p.e, p.who.TID)
}

// kernelAddress reports whether an address is in the kernel's half.
func (h *Host) kernelAddress(addr uint64) bool {
	if h.model.Ptr == 4 {
		return addr >= 0x80000000
	}
	return state.KernelAddress(addr)
}
