package nt

import (
	"fmt"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host/nt/kernel"
)

// Recorder is an engine that only notes which of its callouts the kernel calls:
// the other side of the handshake for experiments with the kernel.
type Recorder struct {
	// API is what the kernel has published, nil before.
	API *engine.KiDynamicTraceContext
	// Callouts are the engine's routines by slot.
	Callouts [engine.NumSlots]*engine.Callout
	// Calls are the callouts called since the last Take.
	Calls []string
	// Claim makes the pre-callbacks of tracepoints return TRUE.
	Claim bool
	// Inside, if not nil, runs inside each callout, for nesting.
	Inside func(slot int)
	// Result, if not nil, replaces the result at a service's exit.
	Result *uint64

	m *kernel.Machine
}

// NewRecorder returns a recorder for a machine.
func NewRecorder(m *kernel.Machine) *Recorder {
	r := &Recorder{m: m}
	called := func(slot int, format string, args ...any) {
		r.Calls = append(r.Calls, r.Callouts[slot].Name+" "+fmt.Sprintf(format, args...))
		if f := r.Inside; f != nil {
			r.Inside = nil // once
			f(slot)
			r.Inside = f
		}
	}
	service := func(slot int) func(*engine.Current, uint64, uint64, uint32, []uint64, []uint64) {
		return func(cur *engine.Current, svc, id uint64, argc uint32, reg, stack []uint64) {
			called(slot, "service %s probe %d argc %d pid %d", m.Where(svc), id, argc, cur.Thread.PID)
			if slot == engine.SlotServiceExit && r.Result != nil {
				reg[0] = *r.Result
			}
		}
	}
	point := func(slot int) func(*engine.Current, *engine.Registers, uint64, uint64) bool {
		return func(cur *engine.Current, regs *engine.Registers, ctx, _ uint64) bool {
			called(slot, "rip %s context %d IRQL %d pid %d", where(m, cur, regs.RIP), ctx, cur.IRQL, cur.Thread.PID)
			return r.Claim && (slot == engine.SlotKernelPre || slot == engine.SlotUserPre)
		}
	}
	r.Callouts = [engine.NumSlots]*engine.Callout{
		engine.SlotEvent: {Name: "DtEtwpEventCallback", Event: func(cur *engine.Current, h uint64, n uint32, g engine.GUID, ctx uint64) {
			called(engine.SlotEvent, "provider %s size %d context %d pid %d", g, n, ctx, cur.Thread.PID)
		}},
		engine.SlotServiceEntry: {Name: "StpCallbackEntry", Service: service(engine.SlotServiceEntry)},
		engine.SlotServiceExit:  {Name: "StpCallbackReturn", Service: service(engine.SlotServiceExit)},
		engine.SlotKernelPre:    {Name: "FbtpCallback", Tracepoint: point(engine.SlotKernelPre)},
		engine.SlotKernelPost:   {Name: "FbtpCallbackPost", Tracepoint: point(engine.SlotKernelPost)},
		engine.SlotUserPre:      {Name: "FtpPidCallback", Tracepoint: point(engine.SlotUserPre)},
		engine.SlotUserPost:     {Name: "FtpPidCallbackPost", Tracepoint: point(engine.SlotUserPost)},
		engine.SlotImageUnload: {Name: "FbtpImageUnloadCallback", Unload: func(base, size uint64) {
			called(engine.SlotImageUnload, "[%#x, %#x)", base, base+size)
		}},
	}
	return r
}

func where(m *kernel.Machine, cur *engine.Current, rip uint64) string {
	if rip >= kernel.MinKernel {
		return m.Where(rip)
	}
	mod, name, off, _, ok := m.Symbolize(m.FindProcess(cur.Thread.PID), rip)
	if !ok {
		return fmt.Sprintf("%#x", rip)
	}
	if off == 0 {
		return mod + "!" + name
	}
	return fmt.Sprintf("%s!%s+%#x", mod, name, off)
}

// TraceInitSystem is the recorder's entry point.
func (r *Recorder) TraceInitSystem(api ***engine.KiDynamicTraceContext, c *engine.KiDynamicTraceCallouts, access **engine.TraceAccessMemory) engine.NTStatus {
	n := int(c.Count)
	if n == 0 {
		n = len(c.Slot)
	}
	for i := 1; i < n && i < len(r.Callouts) && i < len(c.Slot); i++ {
		c.Slot[i] = r.Callouts[i]
	}
	*access = &engine.TraceAccessMemory{Name: "TraceAccessMemory", Run: r.access}
	*api = &r.API
	return engine.StatusSuccess
}

func (r *Recorder) access(cpu int, safe []byte, unsafe uint64, chunk int, read bool) bool {
	for len(safe) > 0 {
		n := min(chunk, len(safe))
		ok := false
		if read {
			ok = r.m.Load(cpu, "TraceAccessMemory", unsafe, safe[:n])
		} else {
			ok = r.m.Store(cpu, "TraceAccessMemory", unsafe, safe[:n])
		}
		if !ok {
			return false
		}
		safe, unsafe = safe[n:], unsafe+uint64(n)
	}
	return true
}

// Take returns the calls since the last Take.
func (r *Recorder) Take() []string {
	c := r.Calls
	r.Calls = nil
	return c
}
