package nt

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host/nt/kernel"
)

const consoleHelp = `calls of dtrace boot simulate --do:

  KeSetSystemServiceCallback NAME entry|return [off|wrong]
      NAME without Nt or Zw; wrong passes a pointer that is not in the table
  KeSetTracepoint PLACE OP [pre] [post] [wrong]
      PLACE is nt!Name, nt!Name+0xOFF or PID:module!Name; OP is query, register,
      register+enable, enable, disable, disable+unregister or unregister, or its
      number 0 to 6; without pre or post both callbacks are given
  EtwRegisterEventCallback LOGGER [off|wrong]
  StartTrace NAME               makes an ETW session and gives its number
  EventWrite LOGGER             writes an event of a test provider to the session
  syscall NtName kernel|user|secure
      runs a service on a system thread, a process (pid 1000) or a secure one (1004)
  call PLACE [irql N] [nmi] [nested] [claim]
      runs a function; nested: the callout calls it again, at HIGH_LEVEL; claim:
      the pre-callback returns TRUE
  int3 PLACE                    executes an int3 that no tracepoint has set there
  TraceAccessMemory ADDRESS [irql N] [outside]
      reads 8 bytes; outside: by an instruction outside of the routine
  declare PLACE SECTION [CHARS] declares a function in a section
  suppress on|off               bit 2 of KiDynamicTraceMask
  unload IMAGE                  unloads a system image
  byte PLACE                    shows the byte of code there
`

// CallResult is what a call did.
type CallResult struct {
	Call     string   `json:"call"`
	Result   string   `json:"result"`
	Callouts []string `json:"callouts"`
	Notes    []string `json:"notes,omitempty"`
}

// console calls the kernel by hand.
type console struct {
	b    *Boot
	m    *kernel.Machine
	rec  *Recorder
	test engine.GUID
	sys  *kernel.Thread
	user *kernel.Thread
	sec  *kernel.Thread
	set  uint64 // callbacks set, for contexts
	err  error
}

func newConsole(b *Boot, rec *Recorder) *console {
	c := &console{b: b, m: b.Machine, rec: rec, test: engine.GUID{1, 2, 3, 4}}
	m := c.m
	c.sys = m.NewThread(m.System, 100, m.NT.Function("PspSystemThreadStartup"))
	for i, secure := range []bool{false, true} {
		p := m.NewProcess(kernel.ProcessSpec{PID: uint32(1000 + 4*i), PPID: 4, Name: "test.exe", Secure: secure})
		for _, f := range []string{"ntdll.dll", "test.exe"} {
			if _, err := m.LoadUser(p, f, nil); err != nil {
				c.err = err
				return c
			}
		}
		f, err := p.Module("test").Declare("main", "", 0)
		if err != nil {
			c.err = err
			return c
		}
		th := m.NewThread(p, uint32(1001+4*i), f)
		if c.err = m.Call(th, f, nil); c.err != nil {
			return c
		}
		if secure {
			c.sec = th
		} else {
			c.user = th
		}
	}
	m.OnNote = func(string) {}
	return c
}

// words are the arguments of a call.
type words []string

func (w *words) next(what string) (string, error) {
	if len(*w) == 0 {
		return "", fmt.Errorf("want %s", what)
	}
	s := (*w)[0]
	*w = (*w)[1:]
	return s, nil
}

// flag takes a word out if it is there.
func (w *words) flag(name string) bool {
	for i, s := range *w {
		if s == name {
			*w = append(append(words{}, (*w)[:i]...), (*w)[i+1:]...)
			return true
		}
	}
	return false
}

// num takes NAME N out, if it is there.
func (w *words) num(name string, limit uint64) (uint64, error) {
	for i, s := range *w {
		if s != name {
			continue
		}
		if i+1 >= len(*w) {
			return 0, fmt.Errorf("%s: want a number", name)
		}
		n, err := strconv.ParseUint((*w)[i+1], 0, 64)
		if err != nil || n > limit {
			return 0, fmt.Errorf("%s is %q, want a number up to %d", name, (*w)[i+1], limit)
		}
		*w = append(append(words{}, (*w)[:i]...), (*w)[i+2:]...)
		return n, nil
	}
	return 0, nil
}

func (c *console) do(line string) (CallResult, error) {
	r := CallResult{Call: line, Callouts: []string{}}
	if c.err != nil {
		return r, c.err
	}
	w := words(strings.Fields(line))
	name, err := w.next("a call")
	if err != nil {
		return r, err
	}
	c.m.OnNote = func(s string) { r.Notes = append(r.Notes, s) }
	c.rec.Take()
	needsAPI := map[string]bool{"KeSetSystemServiceCallback": true, "KeSetTracepoint": true, "EtwRegisterEventCallback": true}
	switch {
	case c.m.Crash != nil:
		r.Result = "the machine has stopped: " + c.m.Crash.Error()
		return r, nil
	case needsAPI[name] && c.rec.API == nil:
		r.Result = "not callable: KiDynamicTraceContext was not published"
		return r, nil
	}
	calls := map[string]func(*words) (string, error){
		"KeSetSystemServiceCallback": c.setService, "KeSetTracepoint": c.setTracepoint, "EtwRegisterEventCallback": c.registerEvent,
		"StartTrace": c.startTrace, "EventWrite": c.eventWrite, "syscall": c.syscall, "call": c.call, "int3": c.int3,
		"TraceAccessMemory": c.access, "declare": c.declare, "suppress": c.suppress, "unload": c.unload, "byte": c.code,
	}
	f := calls[name]
	if f == nil {
		return r, fmt.Errorf("unknown call %q; --do help lists them", name)
	}
	if r.Result, err = f(&w); err != nil {
		return r, err
	}
	if len(w) > 0 {
		return r, fmt.Errorf("unexpected %q", w[0])
	}
	r.Callouts = append(r.Callouts, c.rec.Take()...)
	if c.m.Crash != nil {
		r.Result, r.Notes = c.m.Crash.Error(), nil
	}
	return r, nil
}

// wrong is a routine that is in nobody's table.
var wrong = &engine.Callout{Name: "Wrong"}

func (c *console) setService(w *words) (string, error) {
	name, err := w.next("a service's name")
	if err != nil {
		return "", err
	}
	at, err := w.next("entry or return")
	if err != nil {
		return "", err
	}
	if at != "entry" && at != "return" {
		return "", fmt.Errorf("found %q, want entry or return", at)
	}
	slot := engine.SlotServiceExit
	if at == "entry" {
		slot = engine.SlotServiceEntry
	}
	cb := c.rec.Callouts[slot]
	switch {
	case w.flag("off"):
		cb = nil
	case w.flag("wrong"):
		cb = wrong
	}
	c.set++
	st := c.rec.API.KeSetSystemServiceCallback(name, at == "entry", cb, c.set)
	return fmt.Sprintf("%s; KiDynamicTraceMask %d", st, c.m.KiDynamicTraceMask), nil
}

// place reads PLACE.
func (c *console) place(w *words) (p *kernel.Process, f *kernel.Function, addr uint64, err error) {
	s, err := w.next("a place such as nt!NtClose")
	if err != nil {
		return nil, nil, 0, err
	}
	sym, off, _ := strings.Cut(s, "+")
	if pid, rest, ok := strings.Cut(sym, ":"); ok {
		n, err := strconv.ParseUint(pid, 10, 32)
		if err == nil {
			p = c.m.FindProcess(uint32(n))
		}
		if p == nil || p.Space == nil {
			return nil, nil, 0, fmt.Errorf("%q: no process %s, have 1000 and the secure 1004", s, pid)
		}
		sym = rest
	}
	if strings.HasPrefix(sym, "0x") {
		addr, err = strconv.ParseUint(sym, 0, 64)
		return p, nil, addr, err
	}
	mod, name, ok := strings.Cut(sym, "!")
	if !ok {
		return nil, nil, 0, fmt.Errorf("place is %q, want module!function", s)
	}
	im := c.m.SystemImage(kernelModule(mod))
	if p != nil {
		im = p.Module(mod)
	}
	if im == nil {
		return nil, nil, 0, fmt.Errorf("%q: no image %s", s, mod)
	}
	if f = im.Function(name); f == nil {
		return nil, nil, 0, fmt.Errorf("%q: %s has no function %s; declare one first", s, mod, name)
	}
	addr = f.Addr
	if off != "" {
		n, err := strconv.ParseUint(off, 0, 32)
		if err != nil {
			return nil, nil, 0, fmt.Errorf("%q: offset is %q, want a number", s, off)
		}
		addr += n
	}
	return p, f, addr, nil
}

var opNames = []string{"query", "register", "register+enable", "enable", "disable", "disable+unregister", "unregister"}

func (c *console) setTracepoint(w *words) (string, error) {
	p, _, addr, err := c.place(w)
	if err != nil {
		return "", err
	}
	s, err := w.next("an operation")
	if err != nil {
		return "", err
	}
	op := -1
	for i, n := range opNames {
		if s == n || s == strconv.Itoa(i) {
			op = i
		}
	}
	if op < 0 {
		return "", fmt.Errorf("operation is %q, want %s, or 0 to 6", s, strings.Join(opNames, ", "))
	}
	slotPre, slotPost := engine.SlotKernelPre, engine.SlotKernelPost
	process := uint64(0)
	if p != nil {
		slotPre, slotPost, process = engine.SlotUserPre, engine.SlotUserPost, p.EPROCESS
	}
	pre, post := c.rec.Callouts[slotPre], c.rec.Callouts[slotPost]
	onlyPre, onlyPost := w.flag("pre"), w.flag("post")
	if onlyPre && !onlyPost {
		post = nil
	}
	if onlyPost && !onlyPre {
		pre = nil
	}
	if w.flag("wrong") {
		pre = wrong
	}
	c.set++
	orig, st := c.rec.API.KeSetTracepoint(process, p != nil, addr, engine.TracepointOp(op), pre, c.set, post, c.set)
	out := st.String()
	if st.OK() {
		out += fmt.Sprintf(", original byte 0x%02X", orig)
	}
	if t := c.m.TracepointAt(process, addr); t != nil {
		state := "disabled"
		if t.Enabled {
			state = "enabled, written: " + t.How
		}
		out += "; tracepoint is " + state
	} else {
		out += "; no tracepoint"
	}
	return out + fmt.Sprintf("; KiDynamicTraceMask %d", c.m.KiDynamicTraceMask), nil
}

func (c *console) logger(w *words) (uint32, error) {
	s, err := w.next("a logger's number")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("logger is %q, want a number", s)
	}
	return uint32(n), nil
}

func (c *console) registerEvent(w *words) (string, error) {
	n, err := c.logger(w)
	if err != nil {
		return "", err
	}
	cb := c.rec.Callouts[engine.SlotEvent]
	switch {
	case w.flag("off"):
		cb = nil
	case w.flag("wrong"):
		cb = wrong
	}
	c.set++
	return c.rec.API.EtwRegisterEventCallback(n, cb, c.set).String(), nil
}

func (c *console) startTrace(w *words) (string, error) {
	name, err := w.next("a session's name")
	if err != nil {
		return "", err
	}
	id, st := c.m.StartTrace(name)
	if !st.OK() {
		return st.String(), nil
	}
	return fmt.Sprintf("%s, logger %d", st, id), nil
}

func (c *console) eventWrite(w *words) (string, error) {
	n, err := c.logger(w)
	if err != nil {
		return "", err
	}
	if st := c.m.EnableTrace(n, c.test, 0xFF, ^uint64(0), true); !st.OK() {
		return st.String(), nil
	}
	c.m.EventWrite(c.user, &kernel.Event{Provider: c.test, ID: 1, Level: 4})
	return "event written", nil
}

func (c *console) syscall(w *words) (string, error) {
	name, err := w.next("a service's name")
	if err != nil {
		return "", err
	}
	s := c.m.FindService(name)
	if s == nil {
		return "", fmt.Errorf("no service %q", name)
	}
	who, err := w.next("kernel, user or secure")
	if err != nil {
		return "", err
	}
	th := map[string]*kernel.Thread{"kernel": c.sys, "user": c.user, "secure": c.sec}[who]
	if th == nil {
		return "", fmt.Errorf("found %q, want kernel, user or secure", who)
	}
	call, err := c.m.Syscall(th, s, nil)
	if err != nil {
		return "", err
	}
	ret, err := call.Return(0)
	if err != nil {
		return err.Error(), nil
	}
	return fmt.Sprintf("returned %#x", ret), nil
}

func (c *console) call(w *words) (string, error) {
	p, f, _, err := c.place(w)
	if err != nil {
		return "", err
	}
	if f == nil {
		return "", fmt.Errorf("want a function, not an address")
	}
	irql, err := w.num("irql", 15)
	if err != nil {
		return "", err
	}
	nmi, nested, claim := w.flag("nmi"), w.flag("nested"), w.flag("claim")
	th := c.sys
	if p != nil {
		th = c.user
		if p.Secure {
			th = c.sec
		}
		if nmi || irql > 0 {
			return "", fmt.Errorf("code of a process runs at IRQL 0")
		}
	}
	m := c.m
	cpu := m.CPUs[th.CPU]
	before, completed := cpu.Suppressed, cpu.Completed
	run := func() error {
		if err := m.Call(th, f, []uint64{1, 2, 3, 4}); err != nil {
			return err
		}
		return m.Return(th, 0)
	}
	c.rec.Claim = claim
	if nested {
		c.rec.Inside = func(int) {
			saved := th.Regs
			old := m.RaiseIrql(th, engine.HighLevel)
			if err := run(); err != nil {
				c.err = err
			}
			m.LowerIrql(th, old)
			th.Regs = saved
		}
	}
	defer func() { c.rec.Claim, c.rec.Inside = false, nil }()
	switch {
	case nmi:
		end := m.Interrupt(th, 15, true)
		err = run()
		end()
	case irql > 0:
		old := m.RaiseIrql(th, uint8(irql))
		err = run()
		m.LowerIrql(th, old)
	default:
		err = run()
	}
	if err != nil {
		return err.Error(), nil
	}
	return fmt.Sprintf("returned; instructions completed for tracepoints: %d, callbacks held back: %d", cpu.Completed-completed, cpu.Suppressed-before), nil
}

// int3 puts a foreign int3 at a function's entry and runs into it.
func (c *console) int3(w *words) (string, error) {
	p, f, addr, err := c.place(w)
	if err != nil {
		return "", err
	}
	if f == nil || addr != f.Addr {
		return "", fmt.Errorf("want the entry of a function")
	}
	m, th, sp := c.m, c.sys, c.m.Kernel
	if p != nil {
		th, sp = c.user, p.Space
	}
	var old [1]byte
	m.Peek(p, addr, old[:])
	sp.Write(addr, []byte{0xCC})
	stray := m.StrayBreakpoints
	err = m.Call(th, f, nil)
	if m.Crash == nil {
		sp.Write(addr, old[:])
	}
	if m.StrayBreakpoints == stray {
		return "handled: a tracepoint is there", nil
	}
	out := "not handled: the int3 is not in the tracepoint table"
	if err != nil {
		out += "; " + err.Error()
	}
	return out, nil
}

func (c *console) access(w *words) (string, error) {
	s, err := w.next("an address")
	if err != nil {
		return "", err
	}
	addr, perr := strconv.ParseUint(s, 0, 64)
	if perr != nil {
		return "", fmt.Errorf("address is %q, want a number", s)
	}
	irql := uint64(15)
	for _, x := range *w {
		if x == "irql" {
			if irql, err = w.num("irql", 15); err != nil {
				return "", err
			}
			break
		}
	}
	m := c.m
	cpu := m.CPUs[0]
	cpu.Thread = c.user
	old := cpu.IRQL
	cpu.IRQL = uint8(irql)
	defer func() { cpu.IRQL = old }()
	var b [8]byte
	ok := false
	if w.flag("outside") {
		ok = m.Load(0, "StpCallbackEntry", addr, b[:])
	} else if m.Access != nil {
		ok = m.Access.Run(0, b[:], addr, 8, true)
	} else {
		return "not callable: TraceAccessMemory was not handed over", nil
	}
	if ok {
		return fmt.Sprintf("read % x", b), nil
	}
	return "FALSE: " + engine.StatusAccessViolation.String() + " handled inside TraceAccessMemory", nil
}

func (c *console) declare(w *words) (string, error) {
	s, err := w.next("module!function")
	if err != nil {
		return "", err
	}
	section, err := w.next("a section's name")
	if err != nil {
		return "", err
	}
	chars := uint64(0)
	if len(*w) > 0 {
		if chars, err = strconv.ParseUint((*w)[0], 0, 32); err != nil {
			return "", fmt.Errorf("characteristics are %q, want a number", (*w)[0])
		}
		*w = (*w)[1:]
	}
	mod, name, ok := strings.Cut(s, "!")
	im := c.m.SystemImage(kernelModule(mod))
	if !ok || name == "" {
		return "", fmt.Errorf("found %q, want module!function", s)
	}
	if im == nil {
		if im, err = c.m.LoadDriver(mod+".sys", nil); err != nil {
			return "", err
		}
	}
	f, err := im.Declare(name, section, uint32(chars))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s at %#x in section %s (characteristics %#x)", f, f.Addr, f.Section.Name, f.Section.Characteristics), nil
}

func (c *console) suppress(w *words) (string, error) {
	s, err := w.next("on or off")
	if err != nil {
		return "", err
	}
	if s != "on" && s != "off" {
		return "", fmt.Errorf("found %q, want on or off", s)
	}
	c.m.SuppressTracepoints(s == "on")
	return fmt.Sprintf("KiDynamicTraceMask %d", c.m.KiDynamicTraceMask), nil
}

func (c *console) unload(w *words) (string, error) {
	s, err := w.next("an image")
	if err != nil {
		return "", err
	}
	im := c.m.SystemImage(kernel.ModuleName(s))
	if im == nil || im == c.m.NT {
		return "", fmt.Errorf("no image %q that can be unloaded", s)
	}
	c.m.UnloadDriver(im)
	return im.File + " unloaded", nil
}

func (c *console) code(w *words) (string, error) {
	p, _, addr, err := c.place(w)
	if err != nil {
		return "", err
	}
	var b [1]byte
	if !c.m.Peek(p, addr, b[:]) {
		return fmt.Sprintf("nothing at %#x", addr), nil
	}
	return fmt.Sprintf("0x%02X", b[0]), nil
}
