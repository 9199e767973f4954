package kernel

import (
	"encoding/binary"
	"fmt"

	"github.com/godtrace/godtrace/engine"
)

// Bits of KiDynamicTraceEnable.
const (
	EnableUser = 1 // callbacks for user-mode callers
	EnableAny  = 2 // any callback: tracing is initialised
	EnableKD   = 4 // the kernel's code may be changed directly: a debugger is attached
)

// Bits of KiDynamicTraceMask.
const (
	maskServices    = 1 // there are callbacks of system services
	maskTracepoints = 2 // tracepoints are enabled
	maskSuppress    = 4 // complete instructions, call nobody
)

// Layout is a version of the interface between kernel and engine.
type Layout struct {
	Name string
	// From is the first build that has it.
	From uint32
	// Count is the content of slot 0 of the callouts; 0 where slots are not
	// counted. Slots is how many entries the kernel has reserved.
	Count          uint32
	Slots          int
	TracingPrivate uint32 // offset in KTHREAD
	TrapFrame      uint32
	Enable         uint32 // value of KiDynamicTraceEnable without debugger
	EnableKD       uint32 // and with one
	Modern         bool   // the context has the three routines of 2004
}

// Layouts are the known versions, oldest first. The constants by which kernels
// choose are not public; these follow the documented builds: 18342 is the first
// preview with DTrace, above 19000 is Windows 10 2004 (19041), 21996 the first
// Windows 11. They are data, meant to be changed.
var Layouts = []Layout{
	{Name: "1903", From: 18342, Count: 0, Slots: 8, TracingPrivate: 0x5E8, TrapFrame: 0x90, Enable: EnableUser, EnableKD: EnableUser | EnableAny | EnableKD},
	{Name: "20H1", From: 19001, Count: 9, Slots: 9, TracingPrivate: 0x3C0, TrapFrame: 0x90, Enable: EnableUser | EnableAny, EnableKD: EnableUser | EnableAny | EnableKD, Modern: true},
	{Name: "Windows 11", From: 21996, Count: 9, Slots: 9, TracingPrivate: 0x3E0, TrapFrame: 0x90, Enable: EnableUser | EnableAny, EnableKD: EnableUser | EnableAny | EnableKD, Modern: true},
}

// LayoutOf returns the layout of a build; its Name is empty for builds whose
// kernel does not know DTrace.
func LayoutOf(build uint32) Layout {
	var l Layout
	for _, x := range Layouts {
		if build >= x.From {
			l = x
		}
	}
	return l
}

// Slot is one entry of a callouts table, for reports.
type Slot struct {
	Index   int    `json:"slot"`
	Name    string `json:"name"`
	Value   uint64 `json:"value"`
	Routine string `json:"routine,omitempty"` // module!function behind Value
}

// Handshake is what KiInitDynamicTraceSupport did.
type Handshake struct {
	// Called is set if the kernel called TraceInitSystem; Stack is the stack
	// then, outermost first.
	Called        bool
	Stack         []string
	Before, After []Slot
	Status        engine.NTStatus
	Enable        uint32
	// AccessBegin and AccessEnd are the range that RtlLookupFunctionEntry gave
	// for TraceAccessMemory.
	AccessBegin, AccessEnd uint64
	// API is the address of the engine's variable TraceSystemApi; Context what
	// was stored there, 0 if nothing was.
	API, Context uint64
	Why          string // nothing was called, and why
}

// phase1 are the functions on the stack of Phase 1 when it is the turn of
// tracing, outermost first.
var phase1 = []string{"PspSystemThreadStartup", "Phase1Initialization", "Phase1InitializationDiscard", "KeInitSystem", "KiInitDynamicTraceSupport"}

// StartPhase1 makes the thread of Phase 1, which Phase 0 leaves behind, and runs
// it up to KiInitDynamicTraceSupport.
func (m *Machine) StartPhase1() (*Thread, error) {
	th := m.NewThread(m.System, 8, m.NT.Function("Phase1Initialization"))
	th.Name = "Phase 1"
	m.Phase1 = th
	m.pushFrame(th, m.NT.Function("KiStartSystemThread"))
	for _, n := range phase1 {
		if err := m.Call(th, m.NT.Function(n), nil); err != nil {
			return nil, err
		}
	}
	return th, nil
}

// LeaveDynamicTraceSupport returns from the handshake into
// Phase1InitializationDiscard.
func (m *Machine) LeaveDynamicTraceSupport(status uint64) error {
	if err := m.Return(m.Phase1, status); err != nil { // KiInitDynamicTraceSupport
		return err
	}
	return m.Return(m.Phase1, 1) // KeInitSystem
}

// KiInitDynamicTraceSupport is the kernel's half of the handshake, called on
// the thread of Phase 1. init is TraceInitSystem as the loader has bound it; nil
// is an import that nothing resolved. A failure leaves tracing off and publishes
// nothing.
func (m *Machine) KiInitDynamicTraceSupport(init engine.TraceInitSystemFunc) *Handshake {
	h := &Handshake{}
	lay := m.Layout
	if lay.Name == "" {
		h.Why = fmt.Sprintf("the kernel of build %d does not call TraceInitSystem (DTrace begins with build %d)", m.Config.Build, Layouts[0].From)
		return h
	}
	slots := lay.Slots
	count := lay.Count
	if m.Config.Slots > 0 {
		slots = m.Config.Slots
		if count != 0 {
			count = uint32(slots)
		}
	}
	m.Callouts = engine.KiDynamicTraceCallouts{Count: count, Slot: make([]*engine.Callout, slots)}
	m.mirrorCallouts()
	h.Before = m.slots()
	h.Called = true
	if m.Phase1 != nil {
		for i := range m.Phase1.Frames {
			h.Stack = append(h.Stack, m.Phase1.Frames[i].Fn.String())
		}
	}
	if init == nil {
		h.Status = engine.StatusProcedureNotFound
		h.After = m.slots()
		return h
	}
	h.Stack = append(h.Stack, "dtrace!TraceInitSystem")
	var api **engine.KiDynamicTraceContext
	var access *engine.TraceAccessMemory
	h.Status = init(&api, &m.Callouts, &access)
	m.mirrorCallouts()
	h.After = m.slots()
	if !h.Status.OK() {
		return h
	}
	if api == nil || access == nil || m.Engine == nil {
		h.Status = engine.StatusUnsuccessful
		h.Why = "TraceInitSystem returned success without TraceSystemApi or TraceAccessMemory"
		return h
	}
	f := m.Engine.Function(access.Name) // RtlLookupFunctionEntry
	if f == nil {
		h.Status = engine.StatusUnsuccessful
		h.Why = fmt.Sprintf("no function entry for %s", access.Name)
		return h
	}
	m.Access = access
	m.AccessBegin, m.AccessEnd = f.Addr, f.Addr+f.Size
	h.AccessBegin, h.AccessEnd = m.AccessBegin, m.AccessEnd
	m.Context = m.newContext()
	*api = m.Context
	h.API, h.Context = m.apiVar, m.NT.data["KiDynamicTraceContext"]
	m.mirrorContext()
	m.KiDynamicTraceEnable = lay.Enable
	if m.Config.KernelDebugger {
		m.KiDynamicTraceEnable = lay.EnableKD
	}
	m.setData("KiDynamicTraceEnable", uint64(m.KiDynamicTraceEnable))
	h.Enable = m.KiDynamicTraceEnable
	return h
}

// newContext is KiDynamicTraceContext.
func (m *Machine) newContext() *engine.KiDynamicTraceContext {
	c := &engine.KiDynamicTraceContext{
		TracingPrivateOffset: m.Layout.TracingPrivate, TracingPrivateCount: 1, TrapFrameOffset: m.Layout.TrapFrame,
		KeSetSystemServiceCallback: m.KeSetSystemServiceCallback, KeSetTracepoint: m.KeSetTracepoint, EtwRegisterEventCallback: m.EtwRegisterEventCallback,
	}
	if m.Layout.Modern {
		c.SupportedFlags = 1
		c.TebOffset = m.Types.Offset("_ETHREAD", "Tcb.Teb")
		c.PsGetBaseTrapFrame, c.KiGetTrapFrameRegister = m.PsGetBaseTrapFrame, m.KiGetTrapFrameRegister
		c.MmEnumerateSystemImages = m.MmEnumerateSystemImages
	}
	return c
}

// ContextEntry is one member of KiDynamicTraceContext, for reports.
type ContextEntry struct {
	Name    string `json:"name"`
	Value   uint64 `json:"value"`
	Routine string `json:"routine,omitempty"`
}

// ContextEntries are the members of the published context in the order of their
// layout, nil if nothing was published.
func (m *Machine) ContextEntries() []ContextEntry {
	c := m.Context
	if c == nil {
		return nil
	}
	fn := func(n string) ContextEntry { return ContextEntry{n, m.NT.Function(n).Addr, "nt!" + n} }
	if !m.Layout.Modern {
		return []ContextEntry{{Name: "TracingPrivateOffset", Value: uint64(c.TracingPrivateOffset)}, {Name: "TracingPrivateCount", Value: uint64(c.TracingPrivateCount)},
			{Name: "TrapFrameOffset", Value: uint64(c.TrapFrameOffset)}, {Name: "Reserved"},
			fn("KeSetSystemServiceCallback"), fn("KeSetTracepoint"), fn("EtwRegisterEventCallback")}
	}
	return []ContextEntry{{Name: "SupportedFlags", Value: uint64(c.SupportedFlags)}, {Name: "TracingPrivateOffset", Value: uint64(c.TracingPrivateOffset)},
		{Name: "TracingPrivateCount", Value: uint64(c.TracingPrivateCount)}, {Name: "TrapFrameOffset", Value: uint64(c.TrapFrameOffset)}, {Name: "TebOffset", Value: c.TebOffset},
		fn("KeSetSystemServiceCallback"), fn("KeSetTracepoint"), fn("EtwRegisterEventCallback"),
		fn("PsGetBaseTrapFrame"), fn("KiGetTrapFrameRegister"), fn("MmEnumerateSystemImages")}
}

// mirrorContext writes the context into kernel memory: four numbers of 4 bytes
// each (1903), or these and one of 8 (2004), then the pointers.
func (m *Machine) mirrorContext() {
	var b []byte
	le := binary.LittleEndian
	for _, e := range m.ContextEntries() {
		if e.Routine == "" && e.Name != "TebOffset" {
			b = le.AppendUint32(b, uint32(e.Value))
		} else {
			b = le.AppendUint64(b, e.Value)
		}
	}
	a := m.NT.data["KiDynamicTraceContext"]
	m.Kernel.poke(a, b)
	m.Kernel.put64(m.apiVar, a)
}

// mirrorCallouts writes the table into kernel memory, where programs read it.
func (m *Machine) mirrorCallouts() {
	for i, s := range m.slots() {
		if i < 16 {
			m.Kernel.put64(m.calloutVar+8*uint64(i), s.Value)
		}
	}
}

// slots shows the table.
func (m *Machine) slots() []Slot {
	out := []Slot{{Index: 0, Name: "count", Value: uint64(m.Callouts.Count)}}
	for i := 1; i < len(m.Callouts.Slot); i++ {
		s := Slot{Index: i, Name: "unknown"}
		if i < len(engine.SlotNames) {
			s.Name = engine.SlotNames[i]
		}
		if cb := m.Callouts.Slot[i]; cb != nil && m.Engine != nil {
			if f := m.Engine.Function(cb.Name); f != nil {
				s.Value, s.Routine = f.Addr, f.String()
			}
		}
		out = append(out, s)
	}
	return out
}

// isCallout reports whether cb is exactly the pointer in a slot of the table.
func (m *Machine) isCallout(cb *engine.Callout, slot int) bool {
	return slot < len(m.Callouts.Slot) && m.Callouts.Slot[slot] == cb
}

// Callout returns the content of a slot, nil if it is empty or not there.
func (m *Machine) Callout(slot int) *engine.Callout {
	if slot < len(m.Callouts.Slot) {
		return m.Callouts.Slot[slot]
	}
	return nil
}

// setMask sets or clears a bit of KiDynamicTraceMask.
func (m *Machine) setMask(bit uint32, on bool) {
	if on {
		m.KiDynamicTraceMask |= bit
	} else {
		m.KiDynamicTraceMask &^= bit
	}
	m.setData("KiDynamicTraceMask", uint64(m.KiDynamicTraceMask))
}

// SuppressTracepoints sets bit 2 of the mask: instructions are completed,
// callbacks held back.
func (m *Machine) SuppressTracepoints(on bool) { m.setMask(maskSuppress, on) }
