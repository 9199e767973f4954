package kernel

import (
	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/vm"
)

// Current describes where a thread is, for a callback.
func (m *Machine) Current(th *Thread) *engine.Current {
	c := m.CPUs[th.CPU]
	c.Thread = th
	return &engine.Current{CPU: th.CPU, Time: m.Now, IRQL: c.IRQL, Kernel: !th.UserMode, Thread: &th.VM, Context: &context{m: m, th: th, irql: c.IRQL}}
}

// context answers what a program asks of the kernel in a firing. It implements
// vm.Context and vm.Actor.
type context struct {
	vm.NoContext
	m    *Machine
	th   *Thread
	irql uint8
}

// Int gives curthread, caller, ucaller, ipl, the stack depths and uregs.
func (c *context) Int(_ *vm.Firing, b ir.Builtin, arg uint64) uint64 {
	var pcs [2]uint64
	switch b {
	case ir.BCurThread:
		return c.th.ETHREAD
	case ir.BCaller:
		if c.frames(pcs[:], false) == 2 {
			return pcs[1]
		}
	case ir.BUCaller:
		if c.frames(pcs[:], true) == 2 {
			return pcs[1]
		}
	case ir.BIPL:
		return uint64(c.irql)
	case ir.BStackDepth:
		return uint64(c.frames(make([]uint64, len(c.th.Frames)), false))
	case ir.BUStackDepth:
		return uint64(c.frames(make([]uint64, len(c.th.Frames)), true))
	case ir.BUReg:
		return c.ureg(arg)
	}
	return 0
}

// Numbers of uregs[], those of D's R_ constants on amd64.
var uregs = map[uint64]int{19: 15, 20: 14, 21: 13, 22: 12, 23: 11, 24: 10, 25: engine.R9, 26: engine.R8, 27: engine.RDI, 28: engine.RSI,
	29: engine.RBP, 30: engine.RBX, 31: engine.RDX, 32: engine.RCX, 33: engine.RAX, 36: regRIP, 39: engine.RSP}

// regRIP is the number of rip to KiGetTrapFrameRegister.
const regRIP = 16

func (c *context) ureg(n uint64) uint64 {
	reg, ok := uregs[n]
	if !ok {
		return 0
	}
	if c.th.UserMode {
		if reg == regRIP {
			return c.th.Regs.RIP
		}
		return c.th.Regs.GPR[reg]
	}
	tf := c.m.PsGetBaseTrapFrame(&engine.Current{Context: c})
	if tf == 0 {
		return 0
	}
	return c.m.KiGetTrapFrameRegister(nil, tf, reg)
}

// Str gives the thread's name.
func (c *context) Str(_ *vm.Firing, b ir.StrBuiltin) string {
	if b == ir.SThreadName {
		return c.th.Name
	}
	return ""
}

// frames walks the thread's activations, innermost first.
func (c *context) frames(dst []uint64, user bool) int {
	n := 0
	for i := len(c.th.Frames) - 1; i >= 0 && n < len(dst); i-- {
		if f := &c.th.Frames[i]; f.User == user {
			dst[n] = f.PC
			n++
		}
	}
	return n
}

// Stack gives the kernel stack.
func (c *context) Stack(_ *vm.Firing, dst []uint64) int { return c.frames(dst, false) }

// UStack gives the user stack.
func (c *context) UStack(_ *vm.Firing, dst []uint64) int { return c.frames(dst, true) }

// Act panics (a bugcheck) or breaks into the debugger.
func (c *context) Act(_ *vm.Firing, op ir.Op, _ uint64) bool {
	switch op {
	case ir.Panic:
		c.m.KeBugCheckEx(ManuallyInitiatedCrash, [4]uint64{0x63725444, 0, 0, 0}, "panic() in a D program") // crTD
		return true
	case ir.Breakpoint:
		if c.m.Config.KernelDebugger {
			c.m.note("DbgBreakPoint called by a D program, continued by the debugger")
		} else {
			c.m.KeBugCheckEx(KModeExceptionNotHandled, [4]uint64{driverBreakpointException, 0, 0, 0}, "breakpoint() without a kernel debugger")
		}
		return true
	}
	return false
}

// PsGetBaseTrapFrame finds the frame with which the current thread left user
// mode.
func (m *Machine) PsGetBaseTrapFrame(cur *engine.Current) uint64 {
	if c, ok := cur.Context.(*context); ok {
		return c.th.TrapFrame
	}
	return 0
}

var trapFields = map[int]string{engine.RAX: "Rax", engine.RCX: "Rcx", engine.RDX: "Rdx", engine.RBX: "Rbx", engine.RSP: "Rsp",
	engine.RBP: "Rbp", engine.RSI: "Rsi", engine.RDI: "Rdi", engine.R8: "R8", engine.R9: "R9", regRIP: "Rip"}

// KiGetTrapFrameRegister reads a register of a trap frame; those that frames do
// not hold are 0.
func (m *Machine) KiGetTrapFrameRegister(_ *engine.Current, frame uint64, reg int) uint64 {
	f, ok := trapFields[reg]
	if !ok {
		return 0
	}
	return m.Kernel.get64(frame + m.Types.Offset("_KTRAP_FRAME", f))
}

// MmEnumerateSystemImages reports the loaded system images.
func (m *Machine) MmEnumerateSystemImages(f func(engine.SystemImage) bool) engine.NTStatus {
	for _, im := range m.Images {
		if im.loaded && !f(engine.SystemImage{Name: im.File, Base: im.Base, Size: im.Size}) {
			break
		}
	}
	return engine.StatusSuccess
}
