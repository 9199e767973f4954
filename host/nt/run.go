package nt

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host/nt/kernel"
)

// pause is why a thread's body gives up the machine: time has to pass.
type pause struct {
	cpu bool // on the processor
	d   uint64
}

// task is a thread with its place in the workload.
type task struct {
	th    *kernel.Thread
	proc  *processDecl
	decl  *threadDecl
	ready uint64
	order int
	done  bool
	co    *coroutine

	vars map[string]uint64
	args [][]uint64 // of the calls under way
	lits map[literal]uint64
	err  error
}

type literal struct {
	v      *value
	kernel bool
}

// runner drives a machine with a workload: a discrete simulation, in which the
// thread that is ready first goes first.
type runner struct {
	w     *Workload
	m     *kernel.Machine
	sys   *engine.System
	rng   *rand.Rand
	start uint64
	tasks []*task
	busy  []uint64 // by CPU: until when
	owner []*task
	procs map[uint32]*kernel.Process
	provs map[string]engine.GUID
	ended bool
	err   error
}

func newRunner(w *Workload, m *kernel.Machine) *runner {
	return &runner{w: w, m: m, rng: rand.New(rand.NewPCG(w.Seed, 0x6E74)), procs: map[uint32]*kernel.Process{4: m.System},
		busy: make([]uint64, len(m.CPUs)), owner: make([]*task, len(m.CPUs)), provs: map[string]engine.GUID{}}
}

// setUp makes the processes and threads of the workload, and the images and
// functions it names. Processes that start later exist from the beginning: what
// is late is their threads.
func (r *runner) setUp() error {
	w, m := r.w, r.m
	for _, d := range w.Providers {
		r.provs[d.name] = d.guid
	}
	for _, d := range w.Services {
		if _, err := m.AddService(d.name, d.args, ""); err != nil {
			return r.at(d.line, err)
		}
	}
	for _, d := range w.Images {
		b, err := r.peFile(d)
		if err != nil {
			return r.at(d.line, err)
		}
		if _, err := m.LoadDriver(d.file, b); err != nil {
			return r.at(d.line, err)
		}
	}
	for _, d := range w.Loggers {
		if st := m.AddLogger(d.id, d.name); !st.OK() {
			return fmt.Errorf("%s: logger %d: %w", w.Name, d.id, st)
		}
	}
	for _, d := range w.Processes {
		p := m.System
		if d.pid != 4 {
			p = m.NewProcess(kernel.ProcessSpec{PID: d.pid, PPID: d.ppid, Name: d.name, Session: d.session, Secure: d.secure})
			r.procs[d.pid] = p
			for _, f := range []string{"ntdll.dll", "kernel32.dll", "kernelbase.dll", d.name} {
				if _, err := m.LoadUser(p, f, nil); err != nil {
					return r.at(d.line, err)
				}
			}
			for _, im := range d.images {
				b, err := r.peFile(im)
				if err != nil {
					return r.at(im.line, err)
				}
				if _, err := m.LoadUser(p, im.file, b); err != nil {
					return r.at(im.line, err)
				}
			}
			ntdll := p.Module("ntdll")
			for i, s := range m.Services { // services that the workload has added
				if ntdll.Function(s.Name) == nil {
					if err := m.AddStub(p, s, uint32(i)); err != nil {
						return r.at(d.line, err)
					}
				}
			}
		}
		for _, td := range d.threads {
			if err := r.declareBody(p, td.body, d.pid == 4); err != nil {
				return err
			}
			if td.entry != "" {
				if _, err := r.function(p, td.entry, d.pid == 4, td.line); err != nil {
					return err
				}
			}
		}
	}
	for _, f := range w.Functions {
		im := m.SystemImage(kernelModule(f.module))
		if im == nil {
			return r.at(f.line, fmt.Errorf("no system image %s is loaded", f.module))
		}
		fn, err := im.Declare(f.name, f.section, f.chars)
		if err != nil {
			return r.at(f.line, err)
		}
		fn.Leaf = f.leaf
	}
	for _, d := range w.Data {
		mod, name, ok := strings.Cut(d.name, "!")
		im := m.SystemImage(kernelModule(mod))
		if !ok || im == nil {
			return r.at(d.line, fmt.Errorf("data %q: want module!name of a loaded system image", d.name))
		}
		a := im.DeclareData(name, max(d.size, 8))
		m.Poke64(a, d.value)
	}
	if err := r.declareBody(m.System, w.Phase1, true); err != nil {
		return err
	}
	return nil
}

// startThreads makes the threads; they start at their times, counted from now.
func (r *runner) startThreads() error {
	m := r.m
	r.start = m.Now
	cpu := 0
	for _, d := range r.w.Processes {
		p := r.procs[d.pid]
		for _, td := range d.threads {
			t := &task{proc: d, decl: td, order: len(r.tasks), ready: r.start + d.start + td.start, vars: map[string]uint64{}, lits: map[literal]uint64{}}
			entry := td.entry
			if entry == "" {
				entry = "nt!PspSystemThreadStartup"
				if d.pid != 4 {
					entry = kernel.ModuleName(d.name) + "!mainCRTStartup"
				}
			}
			f, err := r.function(p, entry, d.pid == 4, td.line)
			if err != nil {
				return err
			}
			t.th = m.NewThread(p, td.tid, f)
			t.th.Name = td.name
			if t.th.CPU = td.cpu; td.cpu < 0 {
				t.th.CPU = cpu % len(m.CPUs)
				cpu++
			}
			r.add(t, td.body)
		}
	}
	return nil
}

// startPhase1 lets the thread of Phase 1 go on behind the handshake, on
// processor 0, before all others.
func (r *runner) startPhase1() {
	t := &task{decl: &threadDecl{}, ready: r.m.Now, vars: map[string]uint64{}, lits: map[literal]uint64{}, th: r.m.Phase1}
	r.add(t, r.w.Phase1)
}

// add gives a task its body as a coroutine.
func (r *runner) add(t *task, body []*stmt) {
	t.co = newCoroutine(func(yield func(pause) bool) {
		x := &interp{r: r, t: t, yield: yield}
		x.thread(body)
	})
	r.tasks = append(r.tasks, t)
}

// close ends the coroutines.
func (r *runner) close() {
	for _, t := range r.tasks {
		t.co.stop()
	}
}

func (r *runner) at(line int, err error) error {
	return fmt.Errorf("%s:%d: %w", r.w.Name, line, err)
}

func (r *runner) peFile(d imageDecl) ([]byte, error) {
	if d.pe == "" {
		return nil, nil
	}
	path := d.pe
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.w.Dir, path)
	}
	return readPE(path)
}

// kernelModule is the module's name: nt for its other names.
func kernelModule(s string) string {
	if s == "ntoskrnl" || s == "ntkrnlmp" {
		return "nt"
	}
	return s
}

// function finds module!name: in a process's images or the system's. Functions
// of declared images that nobody has declared yet are declared.
func (r *runner) function(p *kernel.Process, sym string, kern bool, line int) (*kernel.Function, error) {
	mod, name, _ := strings.Cut(sym, "!")
	mod = kernelModule(strings.ToLower(mod))
	var im *kernel.Image
	if !kern {
		im = p.Module(mod)
	}
	if im == nil {
		im = r.m.SystemImage(mod)
		if im != nil && !kern {
			return nil, r.at(line, fmt.Errorf("%s is in a system image; user code cannot call it", sym))
		}
	}
	if im == nil {
		where := "the system"
		if !kern {
			where = fmt.Sprintf("process %s (%d)", p.Name, p.PID)
		}
		return nil, r.at(line, fmt.Errorf("%s: %s has no image %s; declare it with a line \"image\"", sym, where, mod))
	}
	if f := im.Function(name); f != nil {
		return f, nil
	}
	if im.PE != nil {
		return nil, r.at(line, fmt.Errorf("%s: %s exports no function of that name", sym, im.File))
	}
	f, err := im.Declare(name, "", 0)
	if err != nil {
		return nil, r.at(line, err)
	}
	return f, nil
}

// declareBody declares the functions that statements call, so that their probes
// exist before anything runs. kern says in which mode the statements are.
func (r *runner) declareBody(p *kernel.Process, list []*stmt, kern bool) error {
	for _, s := range list {
		inner := kern
		switch s.kind {
		case stCall:
			// Kernel functions are called from the bodies of services alone.
			if _, err := r.function(p, s.name, kern, s.line); err != nil {
				return err
			}
		case stSyscall:
			sv := r.m.FindService(s.name)
			if sv == nil {
				return r.at(s.line, fmt.Errorf("no service %s; declare it with a line \"service %s ARGUMENTS\"", s.name, s.name))
			}
			if len(s.args) > sv.Args {
				return r.at(s.line, fmt.Errorf("%s has %d arguments, found %d", s.name, sv.Args, len(s.args)))
			}
			inner = true
		case stInterrupt:
			inner = true
		case stIRQL, stLoad, stUnload:
			if !kern {
				return r.at(s.line, fmt.Errorf("user code cannot do that: put it into the body of a syscall or into System (pid 4)"))
			}
		}
		if s.kind == stLoad || s.kind == stUnload {
			if _, err := r.m.LoadDriver(s.name, nil); err != nil {
				return r.at(s.line, err)
			}
		}
		if err := r.declareBody(p, s.body, inner); err != nil {
			return err
		}
		if err := r.declareBody(p, s.other, inner); err != nil {
			return err
		}
	}
	return nil
}

// nextAt returns when the workload goes on; ok is false when it has ended.
func (r *runner) nextAt() (at uint64, ok bool) {
	t, d := r.pick(), r.w.Duration
	switch {
	case r.ended || t == nil && d == 0:
		return 0, false
	case t == nil: // the machine idles to its end
		return max(r.start+d, r.m.Now), true
	}
	at = max(t.ready, r.m.Now)
	if d != 0 && at > r.start+d {
		return r.start + d, true
	}
	return at, true
}

// pick returns the task that goes next. A task whose processor is taken waits
// until it is free.
func (r *runner) pick() *task {
	for {
		var best *task
		for _, t := range r.tasks {
			if !t.done && (best == nil || t.ready < best.ready) {
				best = t
			}
		}
		if best == nil {
			return nil
		}
		if c := best.th.CPU; r.owner[c] != nil && r.owner[c] != best && r.busy[c] > best.ready {
			best.ready = r.busy[c]
			continue
		} else if r.owner[c] != nil && r.owner[c] != best && r.busy[c] == best.ready && !r.owner[c].done {
			return r.owner[c] // the one on the processor goes on first
		}
		return best
	}
}

// step runs the next task until time has to pass.
func (r *runner) step() {
	t, d := r.pick(), r.w.Duration
	if t == nil || d != 0 && t.ready > r.start+d {
		r.m.Now = max(r.m.Now, r.start+d)
		r.finish()
		return
	}
	m, c := r.m, t.th.CPU
	m.Now = max(m.Now, t.ready)
	m.CPUs[c].Thread = t.th
	r.owner[c] = t
	p, ok := t.co.next()
	switch {
	case m.Crash != nil:
		r.err = m.Crash
		r.finish()
		return
	case t.err != nil:
		r.err = t.err
		r.finish()
		return
	case !ok:
		t.done = true
		r.release(c)
	case p.cpu:
		t.ready = m.Now + p.d
		r.busy[c] = t.ready
	default:
		t.ready = m.Now + p.d
		r.release(c)
	}
	if d == 0 && r.pick() == nil {
		r.finish()
	}
}

// release leaves a processor idle.
func (r *runner) release(c int) {
	r.owner[c] = nil
	r.m.CPUs[c].Thread = r.m.IdleThread(c)
}

func (r *runner) finish() {
	r.ended = true
}

// draw picks a number from lo to hi, both included.
func (r *runner) draw(lo, hi uint64) uint64 {
	if hi <= lo {
		return lo
	}
	if hi-lo == ^uint64(0) {
		return r.rng.Uint64()
	}
	return lo + r.rng.Uint64N(hi-lo+1)
}

// interp runs the statements of one thread.
type interp struct {
	r     *runner
	t     *task
	yield func(pause) bool
	// spun counts statements since time has passed.
	spun int
}

// maxSpin is how many statements a thread may run while no time passes.
const maxSpin = 1 << 20

// stopped is thrown through the interpreter when a thread ends.
type stopped struct{ status uint32 }

func (x *interp) thread(body []*stmt) {
	th, m := x.t.th, x.r.m
	defer func() {
		switch e := recover().(type) {
		case nil:
		case stopped:
			if x.yield != nil {
				m.ExitThread(th, e.status)
			}
		case error:
			x.t.err = e
		default:
			panic(e)
		}
	}()
	if th == m.Phase1 {
		x.block(body)
		for len(th.Frames) > 1 {
			x.must(m.Return(th, 0))
		}
		m.ExitThread(th, 0)
		return
	}
	if th.UserMode {
		for _, f := range []string{"ntdll!RtlUserThreadStart", "kernel32!BaseThreadInitThunk"} {
			fn, err := x.r.function(th.Process, f, false, x.t.decl.line)
			x.must(err)
			x.must(m.Call(th, fn, nil))
		}
	} else if th.Start != m.NT.Function("PspSystemThreadStartup") {
		x.must(m.Call(th, m.NT.Function("PspSystemThreadStartup"), nil))
	}
	x.must(m.Call(th, th.Start, nil))
	x.block(body)
	x.must(m.Return(th, 0))
	m.ExitThread(th, 0)
}

func (x *interp) must(err error) {
	if err != nil {
		panic(err)
	}
}

// pass lets time pass. When nobody wants to go on, the thread is unwound.
func (x *interp) pass(p pause) {
	if p.d == 0 {
		return
	}
	x.spun = 0
	if !x.yield(p) {
		x.yield = nil
		panic(stopped{})
	}
}

func (x *interp) span(s span, cpu bool) {
	x.pass(pause{cpu: cpu, d: x.r.draw(s.lo, s.hi)})
}

func (x *interp) block(list []*stmt) {
	for _, s := range list {
		x.stmt(s)
	}
}

// spin refuses a loop in which no time passes.
func (x *interp) spin(s *stmt) {
	if x.spun++; x.spun > maxSpin {
		panic(x.r.at(s.line, fmt.Errorf("thread %d has run %d statements while no time passed; add takes, work or sleep", x.t.th.TID, maxSpin)))
	}
}

func (x *interp) stmt(s *stmt) {
	m, th := x.r.m, x.t.th
	x.spin(s)
	if m.Crash != nil {
		panic(error(m.Crash))
	}
	switch s.kind {
	case stSyscall:
		x.syscall(s)
	case stCall:
		f, err := x.r.function(th.Process, s.name, !th.UserMode, s.line)
		x.must(err)
		args := x.values(s.args)
		x.must(m.Call(th, f, args))
		x.t.args = append(x.t.args, args)
		x.inside(s)
		ret := x.value(s.result)
		x.t.args = x.t.args[:len(x.t.args)-1]
		x.must(m.Return(th, ret))
	case stEvent:
		x.event(s)
	case stWork:
		x.span(s.takes, true)
	case stSleep:
		x.span(s.takes, false)
	case stRepeat:
		for n := int64(x.value(s.n)); n > 0; n-- {
			x.spin(s)
			x.block(s.body)
		}
	case stChance:
		if int64(x.r.draw(0, 99)) < s.n.lo {
			x.block(s.body)
		} else {
			x.block(s.other)
		}
	case stIRQL:
		old := m.RaiseIrql(th, uint8(s.n.lo))
		if m.Crash != nil {
			panic(error(m.Crash))
		}
		x.block(s.body)
		m.LowerIrql(th, old)
	case stInterrupt:
		end := m.Interrupt(th, uint8(s.n.lo), s.nmi)
		x.block(s.body)
		end()
	case stExit:
		panic(stopped{uint32(x.value(s.n))})
	case stLet:
		x.t.vars[s.name] = x.value(s.n)
	case stLoad:
		_, err := m.LoadDriver(s.name, nil)
		x.must(err)
		if x.r.sys != nil {
			x.must(x.r.sys.NewImage())
		}
	case stUnload:
		if im := m.SystemImage(kernel.ModuleName(s.name)); im != nil {
			m.UnloadDriver(im)
		}
	case stCrash:
		m.KeBugCheckEx(uint32(x.value(s.n)), [4]uint64{}, fmt.Sprintf("%s:%d: crash", x.r.w.Name, s.line))
		panic(error(m.Crash))
	}
}

// inside is what happens between entry and return of a call.
func (x *interp) inside(s *stmt) {
	x.span(s.takes, true)
	x.block(s.body)
	x.span(s.waits, false)
}

func (x *interp) syscall(s *stmt) {
	m, th := x.r.m, x.t.th
	sv := m.FindService(s.name)
	args := x.values(s.args)
	c, err := m.Syscall(th, sv, args)
	x.must(err)
	x.t.args = append(x.t.args, c.Args)
	x.inside(s)
	ret := x.value(s.result)
	x.t.args = x.t.args[:len(x.t.args)-1]
	_, err = c.Return(ret)
	x.must(err)
}

func (x *interp) values(list []*value) []uint64 {
	out := make([]uint64, len(list))
	for i, v := range list {
		out[i] = x.value(v)
	}
	return out
}

// value evaluates an argument. Strings and buffers are put into memory once a
// thread, where the code that uses them can reach them.
func (x *interp) value(v *value) uint64 {
	th := x.t.th
	switch v.kind {
	case vInt:
		return uint64(v.lo)
	case vRange:
		return uint64(v.lo) + x.r.draw(0, uint64(v.hi-v.lo))
	case vChoice:
		return x.value(v.list[x.r.draw(0, uint64(len(v.list)-1))])
	case vVar:
		return x.t.vars[v.text]
	case vArg:
		if n := len(x.t.args); n > 0 && int(v.lo) < len(x.t.args[n-1]) {
			return x.t.args[n-1][v.lo]
		}
		return 0
	case vProcess:
		return th.Process.EPROCESS
	case vThread:
		return th.ETHREAD
	case vBad:
		return 0x10
	}
	sp := x.r.m.Kernel
	if th.Process.Space != nil {
		sp = th.Process.Space
	}
	key := literal{v, sp == x.r.m.Kernel}
	if a, ok := x.t.lits[key]; ok {
		return a
	}
	var a uint64
	switch {
	case v.kind == vBuf:
		a = sp.Alloc(uint64(v.lo))
	case v.prefix == "L":
		a = sp.Bytes(kernel.Wide(v.text))
	case v.prefix == "u":
		a = sp.UnicodeString(v.text)
	case v.prefix == "o":
		a = sp.ObjectAttributes(v.text)
	case v.prefix == "p":
		a = sp.AllocPages(uint64(len(v.text)) + 1)
		sp.Write(a, []byte(v.text))
		sp.PageOut(a, uint64(len(v.text))+1)
	default:
		a = sp.Bytes(append([]byte(v.text), 0))
	}
	x.t.lits[key] = a
	return a
}

// event writes an ETW event.
func (x *interp) event(s *stmt) {
	e := &kernel.Event{Provider: x.r.provs[s.name], ID: s.event.id, Version: s.event.version, Channel: s.event.channel, Level: s.event.level,
		Opcode: s.event.opcode, Task: s.event.task, Keyword: s.event.keyword}
	le := binary.LittleEndian
	for i, ty := range s.types {
		v := s.args[i]
		switch ty {
		case "str":
			e.Payload = append(append(e.Payload, v.text...), 0)
			continue
		case "wstr":
			e.Payload = append(e.Payload, kernel.Wide(v.text)...)
			continue
		case "guid":
			g, err := engine.ParseGUID(v.text)
			x.must(err)
			e.Payload = append(e.Payload, g[:]...)
			continue
		}
		n := x.value(v)
		switch ty {
		case "u8":
			e.Payload = append(e.Payload, byte(n))
		case "u16":
			e.Payload = le.AppendUint16(e.Payload, uint16(n))
		case "u32":
			e.Payload = le.AppendUint32(e.Payload, uint32(n))
		default:
			e.Payload = le.AppendUint64(e.Payload, n)
		}
	}
	x.r.m.EventWrite(x.t.th, e)
}
