package kernel

import (
	"fmt"

	"github.com/godtrace/godtrace/engine"
)

// callArea is what a caller leaves below its stack pointer for a callee: four
// home slots and the further arguments.
const callArea = 0x20

// Call enters a function on a thread: arguments into registers and on the
// stack, then the instructions up to its body. Tracepoints on the way fire.
func (m *Machine) Call(th *Thread, f *Function, args []uint64) error {
	if f.Image.User != th.UserMode {
		return fmt.Errorf("call %s: the thread %d is in %s mode", f, th.TID, modeName(th.UserMode))
	}
	r := &th.Regs
	saved := r.GPR[engine.RSP]
	p := th.Process
	area := uint64(callArea)
	if len(args) > 4 {
		area += uint64(8 * (len(args) - 4))
	}
	rsp := (saved - area) &^ 15
	for i, a := range args {
		switch i {
		case 0:
			r.GPR[engine.RCX] = a
		case 1:
			r.GPR[engine.RDX] = a
		case 2:
			r.GPR[engine.R8] = a
		case 3:
			r.GPR[engine.R9] = a
		default:
			m.push(p, rsp+callArea+8*uint64(i-4), a)
		}
	}
	ret := uint64(0)
	if n := len(th.Frames); n > 0 {
		ret = th.Frames[n-1].PC
	}
	rsp -= 8
	if !m.push(p, rsp, ret) {
		return fmt.Errorf("call %s: stack overflow of thread %d", f, th.TID)
	}
	r.GPR[engine.RSP], r.RIP = rsp, f.Addr
	th.Frames = append(th.Frames, Frame{Fn: f, PC: f.Addr, RSP: saved, User: f.Image.User})
	if err := m.steps(th, f, f.Instrs[:f.bodyInstr]); err != nil {
		return err
	}
	fr := &th.Frames[len(th.Frames)-1]
	fr.PC = f.Addr + f.Body
	r.RIP = fr.PC
	return nil
}

func modeName(user bool) string {
	if user {
		return "user"
	}
	return "kernel"
}

func (m *Machine) push(p *Process, addr, v uint64) bool {
	s := m.spaceOf(p, addr)
	if s == nil || s.pages[addr/PageSize] == nil {
		return false
	}
	s.put64(addr, v)
	return true
}

// Return leaves the innermost function of a thread with a value in rax.
func (m *Machine) Return(th *Thread, value uint64) error {
	fr := &th.Frames[len(th.Frames)-1]
	f := fr.Fn
	rest := f.Instrs[f.bodyInstr:]
	var err error
	if n := len(rest); n > 0 {
		err = m.steps(th, f, rest[:n-1])
		rest = rest[n-1:]
	}
	th.Regs.GPR[engine.RAX] = value // what the body has computed, just before the last instruction
	if err == nil {
		err = m.steps(th, f, rest)
	}
	fr = &th.Frames[len(th.Frames)-1]
	th.Regs.GPR[engine.RSP] = fr.RSP
	th.Frames = th.Frames[:len(th.Frames)-1]
	if n := len(th.Frames); n > 0 {
		th.Regs.RIP = th.Frames[n-1].PC
	}
	return err
}

// steps executes instructions of a function by their offsets.
func (m *Machine) steps(th *Thread, f *Function, offsets []uint64) error {
	var p *Process
	if f.Image.User {
		p = th.Process
	}
	s := m.spaceOf(p, f.Addr)
	r := &th.Regs
	for _, off := range offsets {
		if m.Crash != nil {
			return m.Crash
		}
		addr := f.Addr + off
		r.RIP = addr
		th.Frames[len(th.Frames)-1].PC = addr
		var code [16]byte
		n := len(code)
		for n > 0 && !s.peek(addr, code[:n]) {
			n--
		}
		if n == 0 {
			return fmt.Errorf("%s: no code at %#x", f, addr)
		}
		if code[0] == 0xCC {
			if !m.breakpoint(th, r) {
				return m.strayBreakpoint(th, addr)
			}
			continue
		}
		switch in := decode(code[:n]); in.op {
		case opNone: // code of a real file that the model does not execute
		case opSyscall:
			r.RIP += uint64(in.size)
		default:
			m.execute(p, in, r)
		}
	}
	return nil
}

// strayBreakpoint is what happens to an int3 that nobody has claimed: the
// debugger takes it, a process dies of it, a kernel without debugger stops.
func (m *Machine) strayBreakpoint(th *Thread, addr uint64) error {
	m.StrayBreakpoints++
	if m.Config.KernelDebugger {
		m.note("break instruction exception at %s, continued by the debugger", m.Where(addr))
		return nil
	}
	if th.UserMode {
		return fmt.Errorf("thread %d: STATUS_BREAKPOINT at %s", th.TID, m.Where(addr))
	}
	m.KeBugCheckEx(KModeExceptionNotHandled, [4]uint64{driverBreakpointException, addr, 0, 0}, "int3 at "+m.Where(addr)+" that no tracepoint claims")
	return m.Crash
}

// activeCall is a system call under way on a thread.
type activeCall struct {
	svc   *Service
	prev  Mode
	user  bool
	node  *serviceNode
	saved uint64
	trap  uint64
}

// Syscall begins a system service on a thread: from user mode through the stub
// in ntdll and a trap frame, from kernel mode through the Zw function. args is
// filled up to the service's number of arguments; the service sees what the
// callback has left in it.
func (m *Machine) Syscall(th *Thread, s *Service, args []uint64) (*Call, error) {
	for len(args) < s.Args {
		args = append(args, 0)
	}
	if len(args) > s.Args {
		return nil, fmt.Errorf("%s has %d arguments, found %d", s.Name, s.Args, len(args))
	}
	a := &activeCall{svc: s, prev: th.PreviousMode, user: th.UserMode, trap: th.TrapFrame}
	if th.UserMode {
		st := th.Process.Module("ntdll").Function(s.Name)
		if st == nil {
			return nil, fmt.Errorf("ntdll has no %s", s.Name)
		}
		if err := m.Call(th, st, args); err != nil {
			return nil, err
		}
		m.enterKernel(th, a)
		m.pushFrame(th, m.fnSystemService)
		m.setPreviousMode(th, UserMode)
	} else {
		if err := m.Call(th, s.zw, args); err != nil {
			return nil, err
		}
		m.pushFrame(th, m.fnServiceInternal)
		m.setPreviousMode(th, KernelMode)
	}
	a.node = m.trackEntry(th, s, args)
	if err := m.Call(th, s.fn, args); err != nil {
		return nil, err
	}
	return &Call{m: m, th: th, a: a, Args: args}, nil
}

func (m *Machine) trackEntry(th *Thread, s *Service, args []uint64) *serviceNode {
	if m.KiDynamicTraceMask&maskServices == 0 {
		return nil
	}
	return m.kiTrackSystemCallEntry(th, s, args)
}

// Call is a system service under way.
type Call struct {
	m    *Machine
	th   *Thread
	a    *activeCall
	Args []uint64
}

// Return ends the service with a status, and returns the one that the caller
// gets: a callback may have changed it.
func (c *Call) Return(status uint64) (uint64, error) {
	m, th, a := c.m, c.th, c.a
	if err := m.Return(th, status); err != nil {
		return status, err
	}
	if m.KiDynamicTraceMask&maskServices != 0 {
		if n := m.node(a.svc); n != nil {
			status = m.kiTrackSystemCallExit(th, n, status)
		}
	}
	m.popFrame(th)
	m.setPreviousMode(th, a.prev)
	if a.user {
		m.leaveKernel(th, a)
	}
	return status, m.Return(th, status)
}

// enterKernel leaves user mode: the registers go into a trap frame at the top
// of the kernel stack.
func (m *Machine) enterKernel(th *Thread, a *activeCall) {
	a.saved = th.Regs.GPR[engine.RSP]
	tf, t, k := th.kernTop, m.Types, m.Kernel
	r := &th.Regs
	for _, x := range [...]struct {
		name string
		v    uint64
	}{
		{"Rax", r.GPR[engine.RAX]}, {"Rcx", r.GPR[engine.RCX]}, {"Rdx", r.GPR[engine.RDX]}, {"R8", r.GPR[engine.R8]}, {"R9", r.GPR[engine.R9]},
		{"Rbx", r.GPR[engine.RBX]}, {"Rdi", r.GPR[engine.RDI]}, {"Rsi", r.GPR[engine.RSI]}, {"Rbp", r.GPR[engine.RBP]},
		{"Rip", r.RIP}, {"Rsp", r.GPR[engine.RSP]},
	} {
		k.put64(tf+t.Offset("_KTRAP_FRAME", x.name), x.v)
	}
	k.poke(tf+t.Offset("_KTRAP_FRAME", "SegCs"), []byte{0x33, 0})
	k.put32(tf+t.Offset("_KTRAP_FRAME", "EFlags"), 0x246)
	k.put64(th.ETHREAD+t.Offset("_ETHREAD", "Tcb.TrapFrame"), tf)
	th.TrapFrame = tf
	th.UserMode = false
	r.GPR[engine.RSP] = th.kernTop
}

func (m *Machine) leaveKernel(th *Thread, a *activeCall) {
	th.UserMode = true
	th.TrapFrame = a.trap
	m.Kernel.put64(th.ETHREAD+m.Types.Offset("_ETHREAD", "Tcb.TrapFrame"), a.trap)
	th.Regs.GPR[engine.RSP] = a.saved
	if n := len(th.Frames); n > 0 {
		th.Regs.RIP = th.Frames[n-1].PC
	}
}

// pushFrame puts a function of the kernel's own entry code on the stack without
// executing it.
func (m *Machine) pushFrame(th *Thread, f *Function) {
	th.Frames = append(th.Frames, Frame{Fn: f, PC: f.Addr + f.Body, RSP: th.Regs.GPR[engine.RSP]})
}

func (m *Machine) popFrame(th *Thread) {
	th.Regs.GPR[engine.RSP] = th.Frames[len(th.Frames)-1].RSP
	th.Frames = th.Frames[:len(th.Frames)-1]
}

// Interrupt enters kernel mode on a thread at a level, for an interrupt; nmi is
// a non-maskable one. The result undoes it.
func (m *Machine) Interrupt(th *Thread, level uint8, nmi bool) (end func()) {
	c := m.CPUs[th.CPU]
	a := &activeCall{user: th.UserMode, trap: th.TrapFrame}
	old, oldNMI := c.IRQL, c.NMI
	f := m.fnInterrupt
	if nmi {
		f, level = m.fnNMI, HighLevel
	}
	if th.UserMode {
		m.enterKernel(th, a)
	}
	c.NMI = nmi || oldNMI
	if level > c.IRQL {
		c.IRQL = level
	}
	m.pushFrame(th, f)
	return func() {
		m.popFrame(th)
		c.IRQL, c.NMI = old, oldNMI
		if a.user {
			m.leaveKernel(th, a)
		}
	}
}

// RaiseIrql raises the level of the thread's processor, as kernel code does.
func (m *Machine) RaiseIrql(th *Thread, level uint8) (old uint8) { return m.KeRaiseIrql(th.CPU, level) }

// LowerIrql undoes RaiseIrql.
func (m *Machine) LowerIrql(th *Thread, level uint8) { m.KeLowerIrql(th.CPU, level) }
