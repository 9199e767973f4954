package engine

import (
	"fmt"
	"sync"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// The seam between an NT kernel and the engine is one call at boot:
//
//	status := TraceInitSystem(&pSystemApi, &KiDynamicTraceCallouts, &pTraceAccessMemory)
//
// The engine returns the address of its variable TraceSystemApi, where the
// kernel stores a pointer to KiDynamicTraceContext: what the kernel offers. It
// fills the kernel's table KiDynamicTraceCallouts: what the kernel calls. And it
// returns the one routine through which it touches foreign memory. Names and
// layouts are those of public descriptions of Windows 10 and 11; see docs/nt.md
// for their certainty.

// Slots of KiDynamicTraceCallouts. Slot 0 holds the number of slots that the
// kernel knows, itself included: versions are told apart by it.
const (
	SlotCount        = 0
	SlotEvent        = 1 // DtEtwpEventCallback
	SlotServiceEntry = 2 // StpCallbackEntry
	SlotServiceExit  = 3 // StpCallbackReturn
	SlotKernelPre    = 4 // FbtpCallback, before the instruction is completed
	SlotKernelPost   = 5 // FbtpCallback, after
	SlotUserPre      = 6 // FtpPidCallback, before
	SlotUserPost     = 7 // FtpPidCallback, after
	SlotImageUnload  = 8 // FbtpImageUnloadCallback

	// NumSlots is the count of the kernels of Windows 10 2004 and later.
	NumSlots = 9
)

// SlotNames are the names of the slots' content.
var SlotNames = [NumSlots]string{"count", "DtEtwpEventCallback", "StpCallbackEntry", "StpCallbackReturn",
	"FbtpCallback", "FbtpCallback (post)", "FtpPidCallback", "FtpPidCallback (post)", "FbtpImageUnloadCallback"}

// Callout is a routine of the engine as the kernel sees it. The kernel compares
// the pointer with its table before it takes one; exactly one function is set.
type Callout struct {
	// Name is the routine's name in the engine's image.
	Name string
	// Event is called with the address of an EVENT_HEADER in a logger's buffer,
	// the size in bytes of the event, and its provider.
	Event func(cur *Current, header uint64, size uint32, provider GUID, ctx uint64)
	// Service is called at the entry of a system service with its arguments in
	// registers and on the stack, and at its exit with the result in reg[0]. The
	// kernel reads both slices again afterwards: changing them changes the call.
	Service func(cur *Current, service, probeID uint64, argc uint32, reg, stack []uint64)
	// Tracepoint is called at an int3 of the kernel's table. A true result of a
	// pre-callback says that it has dealt with the instruction.
	Tracepoint func(cur *Current, regs *Registers, ctx, process uint64) bool
	// Unload is called before a system image goes.
	Unload func(base, size uint64)
}

// KiDynamicTraceCallouts is the kernel's table. It belongs to the kernel, which
// has reserved len(Slot) entries; the engine writes its pointers into those it
// knows.
type KiDynamicTraceCallouts struct {
	// Count is the content of slot 0: 0 in the kernels of 1903, which do not
	// count.
	Count uint32
	// Slot[0] is not used.
	Slot []*Callout
}

// Registers are the integer registers of a trapped context.
type Registers struct {
	RIP    uint64
	GPR    [16]uint64 // in the order of their numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8…r15
	EFlags uint64
}

// Numbers of registers in Registers.GPR.
const (
	RAX = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
)

// Current is what a callback knows of where it runs; in a real kernel it is
// found through the processor's own segment.
type Current struct {
	CPU  int
	Time uint64 // ns of the engine's clock
	// IRQL is the level at which the event happened.
	IRQL uint8
	// Kernel is set when it happened in kernel mode.
	Kernel  bool
	Thread  *vm.Thread
	Context vm.Context
}

// HighLevel is the interrupt request level at which probes run.
const HighLevel = 15

// TracepointOp is the operation of KeSetTracepoint.
type TracepointOp uint32

// The operations.
const (
	TpQuery TracepointOp = iota
	TpRegister
	TpRegisterEnable
	TpEnable
	TpDisable
	TpDisableUnregister
	TpUnregister
)

// SystemImage is one image that MmEnumerateSystemImages reports.
type SystemImage struct {
	Name       string
	Base, Size uint64
}

// KiDynamicTraceContext is what the kernel offers. Kernels of 1903 have
// neither SupportedFlags nor the three routines at the end, which are then nil.
type KiDynamicTraceContext struct {
	SupportedFlags       uint32
	TracingPrivateOffset uint32 // of KTHREAD.TracingPrivate
	TracingPrivateCount  uint32
	TrapFrameOffset      uint32 // of KTHREAD.TrapFrame
	TebOffset            uint64 // of KTHREAD.Teb

	// KeSetSystemServiceCallback sets (or with a nil cb takes away) the callback
	// at the entry or exit of a service, named without Nt or Zw.
	KeSetSystemServiceCallback func(name string, entry bool, cb *Callout, probeID uint64) NTStatus
	// KeSetTracepoint acts on the tracepoint at an address of the kernel, or of a
	// process if user is set. orig is the byte that int3 replaces.
	KeSetTracepoint func(process uint64, user bool, addr uint64, op TracepointOp, pre *Callout, preCtx uint64, post *Callout, postCtx uint64) (orig byte, st NTStatus)
	// EtwRegisterEventCallback sets (nil: takes away) the callback of a logger.
	EtwRegisterEventCallback func(logger uint32, cb *Callout, ctx uint64) NTStatus

	// PsGetBaseTrapFrame finds the trap frame with which the current thread left
	// user mode, 0 if it never was there; KiGetTrapFrameRegister reads a register
	// of it, by the numbers of Registers.GPR and 16 for rip.
	PsGetBaseTrapFrame     func(cur *Current) uint64
	KiGetTrapFrameRegister func(cur *Current, frame uint64, reg int) uint64
	// MmEnumerateSystemImages calls f for each loaded system image until it
	// returns false.
	MmEnumerateSystemImages func(f func(SystemImage) bool) NTStatus
}

// TraceAccessMemory is the routine that touches foreign memory. Run copies
// len(safe) bytes in loads or stores of chunk bytes (1, 2, 4 or 8) each. It
// reports false when an access faulted and the kernel let the routine's handler
// have the fault, which the kernel does only where the instruction lies inside
// this routine, at HighLevel, with tracing enabled.
type TraceAccessMemory struct {
	Name string
	Run  func(cpu int, safe []byte, unsafe uint64, chunk int, read bool) bool
}

// TraceInitSystemFunc is the type of the engine's entry point.
type TraceInitSystemFunc func(api ***KiDynamicTraceContext, callouts *KiDynamicTraceCallouts, access **TraceAccessMemory) NTStatus

// Platform is what the engine's image has besides the handshake: the processor's
// loads and stores, and the kernel's ordinary exports.
type Platform interface {
	// Load and Store are one instruction inside a routine of the engine's image.
	// They report false if it faulted and the routine's handler got the fault.
	Load(cpu int, routine string, addr uint64, p []byte) bool
	Store(cpu int, routine string, addr uint64, p []byte) bool
	KeRaiseIrql(cpu int, level uint8) (old uint8)
	KeLowerIrql(cpu int, level uint8)
	// StartTrace makes an ETW session, EnableTrace sets what of a provider goes
	// into it (ZwTraceControl).
	StartTrace(name string) (logger uint32, st NTStatus)
	EnableTrace(logger uint32, provider GUID, level uint8, keyword uint64, on bool) NTStatus
}

// SystemConfig configures a System.
type SystemConfig struct {
	// Symbols tells services and functions; see SymbolServer.
	Symbols SymbolServer
	// Slots is the number of slots the engine is built for; 0 is NumSlots.
	Slots int
	// Status, if not 0, is what TraceInitSystem returns after half of its work:
	// an engine that fails.
	Status NTStatus
}

// System joins an engine to an NT kernel: it is the part of dtrace.sys between
// the kernel's callouts and the engine's probes. Its routines have the names
// that they have there.
type System struct {
	e   *Engine
	pl  Platform
	cfg SystemConfig

	// TraceSystemApi is set by the kernel once TraceInitSystem has succeeded.
	TraceSystemApi *KiDynamicTraceContext

	own      [NumSlots]*Callout
	access   *TraceAccessMemory
	callouts *KiDynamicTraceCallouts

	mu      sync.Mutex // guards what follows
	listed  bool
	syscall *Provider
	fbt     *Provider
	etw     *etwLayer
	byKey   map[uint64]*service
	pids    map[string]*pidLayer
	points  map[pointKey]*point
	byPoint []*point
	modules map[string]bool // whose functions have been listed
	waiting []waiting
}

// waiting is a probe enabled before the kernel offered its services.
type waiting struct{ arm func() error }

// NewSystem returns a System that is not joined yet.
func (e *Engine) NewSystem(pl Platform, cfg SystemConfig) *System {
	if cfg.Slots <= 0 {
		cfg.Slots = NumSlots
	}
	s := &System{e: e, pl: pl, cfg: cfg, byKey: map[uint64]*service{}, pids: map[string]*pidLayer{},
		points: map[pointKey]*point{}, modules: map[string]bool{}}
	s.access = &TraceAccessMemory{Name: "TraceAccessMemory", Run: s.accessMemory}
	s.own = [NumSlots]*Callout{
		SlotEvent:        {Name: "DtEtwpEventCallback", Event: s.dtEtwpEventCallback},
		SlotServiceEntry: {Name: "StpCallbackEntry", Service: s.stpCallbackEntry},
		SlotServiceExit:  {Name: "StpCallbackReturn", Service: s.stpCallbackReturn},
		SlotKernelPre:    {Name: "FbtpCallback", Tracepoint: s.pre},
		SlotKernelPost:   {Name: "FbtpCallbackPost", Tracepoint: s.post},
		SlotUserPre:      {Name: "FtpPidCallback", Tracepoint: s.pre},
		SlotUserPost:     {Name: "FtpPidCallbackPost", Tracepoint: s.post},
		SlotImageUnload:  {Name: "FbtpImageUnloadCallback", Unload: s.fbtpImageUnloadCallback},
	}
	return s
}

// TraceInitSystem is the engine's entry point, which the kernel calls once in
// Phase 1. It writes no slot that the kernel does not count, and none that it
// was not built for; a provider whose slot is missing is absent.
func (s *System) TraceInitSystem(api ***KiDynamicTraceContext, callouts *KiDynamicTraceCallouts, access **TraceAccessMemory) NTStatus {
	if api == nil || callouts == nil || access == nil {
		return StatusInvalidParameter
	}
	n := int(callouts.Count)
	if n == 0 { // 1903
		n = len(callouts.Slot)
	}
	n = min(n, s.cfg.Slots, NumSlots, len(callouts.Slot))
	if !s.cfg.Status.OK() {
		n = (n + 1) / 2
	}
	for i := 1; i < n; i++ {
		callouts.Slot[i] = s.own[i]
	}
	if !s.cfg.Status.OK() {
		return s.cfg.Status
	}
	s.callouts = callouts
	*access = s.access
	*api = &s.TraceSystemApi
	s.e.SetAccess(s.touch)
	return s.cfg.Status
}

// has reports whether the kernel has a slot and the engine filled it.
func (s *System) has(slot int) bool {
	return s.callouts != nil && slot < len(s.callouts.Slot) && s.callouts.Slot[slot] == s.own[slot]
}

// Joined reports whether the kernel has published its context.
func (s *System) Joined() bool { return s.TraceSystemApi != nil }

// Arm arms the probes that were enabled before the kernel offered its services:
// those of an anonymous enabling. It is to be called when TraceSystemApi is set.
func (s *System) Arm() error {
	if !s.Joined() {
		return fmt.Errorf("engine: the kernel has not published KiDynamicTraceContext")
	}
	s.mu.Lock()
	list := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	for _, w := range list {
		if err := w.arm(); err != nil {
			return err
		}
	}
	return nil
}

// whenJoined runs arm now, or once the kernel is joined.
func (s *System) whenJoined(arm func() error) error {
	if s.Joined() {
		return arm()
	}
	s.mu.Lock()
	s.waiting = append(s.waiting, waiting{arm})
	s.mu.Unlock()
	return nil
}

// accessMemory is the body of TraceAccessMemory.
func (s *System) accessMemory(cpu int, safe []byte, unsafe uint64, chunk int, read bool) bool {
	op := s.pl.Store
	if read {
		op = s.pl.Load
	}
	for len(safe) > 0 {
		n := min(chunk, len(safe))
		if !op(cpu, "TraceAccessMemory", unsafe, safe[:n]) {
			return false
		}
		safe, unsafe = safe[n:], unsafe+uint64(n)
	}
	return true
}

// touch is the vm's way to memory, user and kernel alike: TraceAccessMemory and
// nothing else. A write is tried with loads first, so that one that fails has
// changed nothing. BEGIN, END and timers come from no callout: their clauses
// too run at HighLevel as far as memory is concerned.
func (s *System) touch(f *vm.Firing, _ bool, addr uint64, p []byte, write bool) bool {
	level := s.pl.KeRaiseIrql(f.CPU, HighLevel)
	defer s.pl.KeLowerIrql(f.CPU, level)
	chunk := 1
	for chunk < 8 && (addr|uint64(len(p)))&uint64(2*chunk-1) == 0 {
		chunk *= 2
	}
	if write {
		old := make([]byte, len(p))
		if !s.access.Run(f.CPU, old, addr, chunk, true) {
			return false
		}
	}
	return s.access.Run(f.CPU, p, addr, chunk, !write)
}

// fire runs what is enabled at a probe, at HighLevel.
func (s *System) fire(cur *Current, id probe.ID, f *vm.Firing) {
	f.Time, f.Kernel, f.Thread, f.Context = cur.Time, cur.Kernel, cur.Thread, cur.Context
	old := s.pl.KeRaiseIrql(cur.CPU, HighLevel)
	s.e.Fire(id, cur.CPU, f)
	s.pl.KeLowerIrql(cur.CPU, old)
}

// Fire fires a probe of the engine's own (a timer) at HighLevel.
func (s *System) Fire(cur *Current, id probe.ID, f *vm.Firing) { s.fire(cur, id, f) }
