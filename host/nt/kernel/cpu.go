package kernel

import "fmt"

// Interrupt request levels of x64.
const (
	PassiveLevel  = 0
	APCLevel      = 1
	DispatchLevel = 2
	HighLevel     = 15
)

// CPU is one processor.
type CPU struct {
	ID   int
	IRQL uint8
	// NMI is set while a non-maskable interrupt or machine check is handled.
	NMI bool
	// Thread is the current thread.
	Thread *Thread
	// inTracepoint is the PRCB's guard against tracepoints inside tracepoints.
	inTracepoint bool
	// Suppressed counts tracepoints whose callback was held back, Completed the
	// instructions completed for tracepoints.
	Suppressed, Completed uint64
}

// Bugcheck is the end of a machine: a blue screen.
type Bugcheck struct {
	Code   uint32
	Params [4]uint64
	Why    string
}

// Codes of bugchecks.
const (
	IRQLNotLessOrEqual        = 0x0A
	KModeExceptionNotHandled  = 0x1E
	PageFaultInNonpagedArea   = 0x50
	ManuallyInitiatedCrash    = 0xE2
	SystemServiceException    = 0x3B
	AttemptedWriteToReadonly  = 0xBE
	driverBreakpointException = 0x80000003
)

var bugcheckNames = map[uint32]string{
	IRQLNotLessOrEqual: "IRQL_NOT_LESS_OR_EQUAL", KModeExceptionNotHandled: "KMODE_EXCEPTION_NOT_HANDLED",
	PageFaultInNonpagedArea: "PAGE_FAULT_IN_NONPAGED_AREA", ManuallyInitiatedCrash: "MANUALLY_INITIATED_CRASH",
	SystemServiceException: "SYSTEM_SERVICE_EXCEPTION", AttemptedWriteToReadonly: "ATTEMPTED_WRITE_TO_READONLY_MEMORY",
}

func (b *Bugcheck) Error() string {
	return fmt.Sprintf("bugcheck 0x%X %s (0x%X, 0x%X, 0x%X, 0x%X): %s", b.Code, bugcheckNames[b.Code], b.Params[0], b.Params[1], b.Params[2], b.Params[3], b.Why)
}

// KeBugCheckEx stops the machine. The first one counts.
func (m *Machine) KeBugCheckEx(code uint32, params [4]uint64, why string) {
	if m.Crash == nil {
		m.Crash = &Bugcheck{Code: code, Params: params, Why: why}
		m.note("%s", m.Crash.Error())
	}
}

// KeRaiseIrql raises a processor's level and returns the old one.
func (m *Machine) KeRaiseIrql(cpu int, level uint8) uint8 {
	c := m.CPUs[cpu]
	old := c.IRQL
	if level < old {
		m.KeBugCheckEx(IRQLNotLessOrEqual, [4]uint64{0, uint64(old), uint64(level)}, "KeRaiseIrql to a level below the current one")
		return old
	}
	c.IRQL = level
	return old
}

// KeLowerIrql lowers a processor's level.
func (m *Machine) KeLowerIrql(cpu int, level uint8) {
	c := m.CPUs[cpu]
	if level > c.IRQL {
		m.KeBugCheckEx(IRQLNotLessOrEqual, [4]uint64{0, uint64(c.IRQL), uint64(level)}, "KeLowerIrql to a level above the current one")
		return
	}
	c.IRQL = level
}

// KiIsTraceMemoryAccess reports whether an instruction lies inside the engine's
// TraceAccessMemory.
func (m *Machine) KiIsTraceMemoryAccess(rip uint64) bool {
	return rip >= m.AccessBegin && rip < m.AccessEnd
}

// Load is one load instruction inside a routine of the engine's image.
func (m *Machine) Load(cpu int, routine string, addr uint64, p []byte) bool {
	return m.touch(cpu, m.routineRIP(routine), addr, p, false)
}

// Store is one store instruction inside a routine of the engine's image.
func (m *Machine) Store(cpu int, routine string, addr uint64, p []byte) bool {
	return m.touch(cpu, m.routineRIP(routine), addr, p, true)
}

func (m *Machine) routineRIP(routine string) uint64 {
	if m.Engine != nil {
		if f := m.Engine.Function(routine); f != nil {
			return f.Addr + f.Body
		}
	}
	return 0
}

// touch executes a load or store at rip. It reports false if the access faulted
// and the handler of TraceAccessMemory got the fault; a fault that nobody may
// have stops the machine.
func (m *Machine) touch(cpu int, rip, addr uint64, p []byte, write bool) bool {
	if m.Crash != nil {
		return false
	}
	c := m.CPUs[cpu]
	var proc *Process
	if c.Thread != nil {
		proc = c.Thread.Process
	}
	k := m.access(proc, addr, p, write, c.IRQL < DispatchLevel)
	if k == noFault {
		return true
	}
	m.Faults++
	m.MmAccessFault(c, rip, addr, k, write)
	return false
}

// MmAccessFault decides what becomes of a page fault that kernel code took:
// inside TraceAccessMemory, at HIGH_LEVEL, with tracing enabled, it is an access
// violation that the routine handles (KeInvalidAccessAllowed); else it is the
// end. It returns whether the fault was survivable.
func (m *Machine) MmAccessFault(c *CPU, rip, addr uint64, k faultKind, write bool) bool {
	if m.KiDynamicTraceEnable != 0 && m.KiIsTraceMemoryAccess(rip) && c.IRQL == HighLevel {
		m.Survived++
		return true
	}
	op := uint64(0)
	if write {
		op = 1
	}
	if c.IRQL >= DispatchLevel {
		m.KeBugCheckEx(IRQLNotLessOrEqual, [4]uint64{addr, uint64(c.IRQL), op, rip}, fmt.Sprintf("%s faulted on %#x at IRQL %d", m.Where(rip), addr, c.IRQL))
	} else {
		m.KeBugCheckEx(PageFaultInNonpagedArea, [4]uint64{addr, op, rip, 0}, fmt.Sprintf("%s faulted on %#x at IRQL %d", m.Where(rip), addr, c.IRQL))
	}
	return false
}

// PC is where a thread is.
func (m *Machine) PC(th *Thread) uint64 {
	if n := len(th.Frames); n > 0 {
		return th.Frames[n-1].PC
	}
	return 0
}
