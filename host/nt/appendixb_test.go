package nt

import (
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host/nt/kernel"
)

// The tests of this file are the rows of the handshake's behaviour table, by
// number.

// bootWith boots with a recording engine and returns both.
func bootWith(t *testing.T, cfg BootConfig) (*Boot, *Recorder) {
	t.Helper()
	var rec *Recorder
	cfg.Prepare = func(m *kernel.Machine) (engine.TraceInitSystemFunc, error) {
		rec = NewRecorder(m)
		return rec.TraceInitSystem, nil
	}
	b, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b, rec
}

// joined boots a machine on which tracing works.
func joined(t *testing.T, cfg BootConfig) (*kernel.Machine, *Recorder, *console) {
	t.Helper()
	cfg.Switch = true
	b, rec := bootWith(t, cfg)
	if rec.API == nil {
		t.Fatalf("stopped at %s: %s", b.Stopped, b.Why)
	}
	c := newConsole(b, rec)
	if c.err != nil {
		t.Fatal(c.err)
	}
	return b.Machine, rec, c
}

func status(t *testing.T, what string, have, want engine.NTStatus) {
	t.Helper()
	if have != want {
		t.Errorf("%s: %s, want %s", what, have, want)
	}
}

// off checks that nothing of tracing is there.
func off(t *testing.T, b *Boot, rec *Recorder, layer string) {
	t.Helper()
	m := b.Machine
	if b.Stopped != layer {
		t.Errorf("stopped at layer %q (%s), want %q", b.Stopped, b.Why, layer)
	}
	if m.KiDynamicTraceEnable != 0 || m.KiDynamicTraceMask != 0 || m.Context != nil || m.AccessEnd != 0 {
		t.Errorf("enable %d, mask %d, context %v, range end %#x: want nothing", m.KiDynamicTraceEnable, m.KiDynamicTraceMask, m.Context, m.AccessEnd)
	}
	if rec != nil && rec.API != nil {
		t.Error("the engine got a context")
	}
}

func TestAppendixB01SwitchOff(t *testing.T) {
	b, rec := bootWith(t, BootConfig{})
	off(t, b, rec, LayerSwitch)
	status(t, "TraceInitSystem", b.Handshake.Status, engine.StatusProcedureNotFound)
	if !b.Device {
		t.Error("the service runs, but there is no device")
	}
	b, _ = bootWith(t, BootConfig{NoService: true})
	if b.Device {
		t.Error("a device without a service")
	}
	// What a user sees of it: three probes.
	h := open(t, "dtrace off\n")
	if n := countProbes(t, h, ""); n != 3 {
		t.Errorf("%d probes, want 3", n)
	}
}

func TestAppendixB02SchemaMissing(t *testing.T) {
	b, rec := bootWith(t, BootConfig{Switch: true, NoSchema: true})
	off(t, b, rec, LayerSchema)
	b, rec = bootWith(t, BootConfig{Switch: true, NoDriver: true})
	off(t, b, rec, LayerFile)
	if b.Device {
		t.Error("a device without a driver")
	}
}

func TestAppendixB03NoDebugger(t *testing.T) {
	b, rec := bootWith(t, BootConfig{Switch: true})
	m := b.Machine
	if b.Stopped != "" || m.KiDynamicTraceEnable != 3 {
		t.Errorf("stopped %q, enable %d, want 3", b.Stopped, m.KiDynamicTraceEnable)
	}
	if rec.API == nil || rec.API != m.Context {
		t.Error("the context was not published")
	}
	f := m.Engine.Function("TraceAccessMemory")
	if m.AccessBegin != f.Addr || m.AccessEnd != f.Addr+f.Size {
		t.Errorf("range [%#x, %#x), want that of %s", m.AccessBegin, m.AccessEnd, f)
	}
	want := "nt!KiStartSystemThread nt!PspSystemThreadStartup nt!Phase1Initialization nt!Phase1InitializationDiscard nt!KeInitSystem nt!KiInitDynamicTraceSupport dtrace!TraceInitSystem"
	if have := strings.Join(b.Handshake.Stack, " "); have != want {
		t.Errorf("stack at TraceInitSystem:\n%s\nwant\n%s", have, want)
	}
}

func TestAppendixB04Debugger(t *testing.T) {
	b, _ := bootWith(t, BootConfig{Switch: true, KD: true})
	if n := b.Machine.KiDynamicTraceEnable; n != 7 {
		t.Errorf("enable %d, want 7", n)
	}
}

func TestAppendixB05EngineFails(t *testing.T) {
	b, err := Run(BootConfig{Switch: true, EngineStatus: engine.StatusUnsuccessful})
	if err != nil {
		t.Fatal(err)
	}
	off(t, b, nil, LayerEngine)
	filled := 0
	for _, s := range b.Handshake.After {
		if s.Routine != "" {
			filled++
		}
	}
	if filled == 0 || filled >= engine.NumSlots-1 {
		t.Errorf("%d slots are filled, want half of them", filled)
	}
}

func TestAppendixB06Slots(t *testing.T) {
	for _, c := range []struct{ kernel, engine, filled int }{{0, 0, 8}, {0, 20, 8}, {6, 20, 5}, {12, 0, 8}, {1, 0, 0}, {0, 4, 3}} {
		b, err := Run(BootConfig{Switch: true, KernelSlots: c.kernel, EngineSlots: c.engine})
		if err != nil {
			t.Fatal(err)
		}
		filled := 0
		for _, s := range b.Handshake.After {
			if s.Routine != "" {
				filled++
			}
		}
		if filled != c.filled || !b.Handshake.Status.OK() {
			t.Errorf("kernel %d, engine %d slots: %d filled, %s; want %d", c.kernel, c.engine, filled, b.Handshake.Status, c.filled)
		}
	}
	// A provider without its slots is absent: six slots have fbt without pid.
	b, err := Run(BootConfig{Switch: true, KernelSlots: 6})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Report().Providers {
		if want := p.Name != "pid" && p.Name != "fbt"; p.Works != want {
			t.Errorf("provider %s works: %v, want %v (%s)", p.Name, p.Works, want, p.Detail)
		}
	}
}

func TestAppendixB07WrongPointer(t *testing.T) {
	_, rec, _ := joined(t, BootConfig{})
	api := rec.API
	status(t, "service", api.KeSetSystemServiceCallback("Close", true, wrong, 1), engine.StatusAccessDenied)
	status(t, "the other slot's pointer", api.KeSetSystemServiceCallback("Close", true, rec.Callouts[engine.SlotServiceExit], 1), engine.StatusAccessDenied)
	// The same routine behind another pointer is another pointer.
	same := *rec.Callouts[engine.SlotServiceEntry]
	status(t, "a copy", api.KeSetSystemServiceCallback("Close", true, &same, 1), engine.StatusAccessDenied)
	status(t, "the slot's", api.KeSetSystemServiceCallback("Close", true, rec.Callouts[engine.SlotServiceEntry], 1), engine.StatusSuccess)
}

func TestAppendixB08ServiceNames(t *testing.T) {
	_, rec, _ := joined(t, BootConfig{})
	cb := rec.Callouts[engine.SlotServiceEntry]
	set := func(name string) engine.NTStatus { return rec.API.KeSetSystemServiceCallback(name, true, cb, 1) }
	status(t, "unknown", set("NoSuchService"), engine.StatusNotFound)
	status(t, "first", set("CreateFile"), engine.StatusSuccess)
	status(t, "second", set("CreateFile"), engine.StatusAlreadyRegistered)
	status(t, "with prefix", set("NtCreateFile"), engine.StatusNotFound)
	status(t, "with prefix", set("ZwCreateFile"), engine.StatusNotFound)
	status(t, "empty", set(""), engine.StatusNotFound)
	status(t, "the exit is another one", rec.API.KeSetSystemServiceCallback("CreateFile", false, rec.Callouts[engine.SlotServiceExit], 1), engine.StatusSuccess)
	status(t, "off", rec.API.KeSetSystemServiceCallback("CreateFile", true, nil, 1), engine.StatusSuccess)
	status(t, "off again", rec.API.KeSetSystemServiceCallback("CreateFile", true, nil, 1), engine.StatusNotFound)
}

func TestAppendixB09MaskAndWait(t *testing.T) {
	m, rec, c := joined(t, BootConfig{})
	in, out := rec.Callouts[engine.SlotServiceEntry], rec.Callouts[engine.SlotServiceExit]
	mask := func(want uint32) {
		t.Helper()
		if have := m.KiDynamicTraceMask & 1; have != want {
			t.Errorf("mask bit 0 is %d, want %d", have, want)
		}
	}
	mask(0)
	rec.API.KeSetSystemServiceCallback("Close", true, in, 1)
	mask(1)
	rec.API.KeSetSystemServiceCallback("ReadFile", false, out, 2)
	rec.API.KeSetSystemServiceCallback("Close", true, nil, 1)
	mask(1)
	rec.API.KeSetSystemServiceCallback("ReadFile", false, nil, 2)
	mask(0)

	// Taking a callback away waits for the one that runs.
	rec.API.KeSetSystemServiceCallback("Close", true, in, 1)
	entered, release, gone := make(chan bool), make(chan bool), make(chan engine.NTStatus)
	rec.Inside = func(int) { entered <- true; <-release }
	done := make(chan error)
	go func() {
		_, err := c.do("syscall NtClose user")
		done <- err
	}()
	<-entered
	go func() { gone <- rec.API.KeSetSystemServiceCallback("Close", true, nil, 1) }()
	select {
	case st := <-gone:
		t.Fatalf("unregistered (%s) while the callback runs", st)
	case <-time.After(20 * time.Millisecond):
	}
	release <- true
	status(t, "unregister", <-gone, engine.StatusSuccess)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mask(0)
}

func TestAppendixB10WhoMayCall(t *testing.T) {
	for _, c := range []struct {
		build                uint32
		kd                   bool
		enable               uint32
		kernel, user, secure int
	}{
		{18362, false, 1, 0, 1, 0}, // bit 2 is clear
		{18362, true, 7, 1, 1, 0},
		{19041, false, 3, 1, 1, 0},
		{22621, true, 7, 1, 1, 0},
	} {
		m, rec, con := joined(t, BootConfig{Build: c.build, KD: c.kd})
		if m.KiDynamicTraceEnable != c.enable {
			t.Errorf("build %d, debugger %v: enable %d, want %d", c.build, c.kd, m.KiDynamicTraceEnable, c.enable)
		}
		rec.API.KeSetSystemServiceCallback("Close", true, rec.Callouts[engine.SlotServiceEntry], 1)
		for who, want := range map[string]int{"kernel": c.kernel, "user": c.user, "secure": c.secure} {
			r, err := con.do("syscall NtClose " + who)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Callouts) != want {
				t.Errorf("build %d, debugger %v, enable %d: %s thread: callouts %q, want %d", c.build, c.kd, c.enable, who, r.Callouts, want)
			}
		}
	}
}

// setPoint registers and enables a tracepoint at a function of nt.
func setPoint(m *kernel.Machine, rec *Recorder, name string) engine.NTStatus {
	_, st := rec.API.KeSetTracepoint(0, false, m.NT.Function(name).Addr, engine.TpRegisterEnable,
		rec.Callouts[engine.SlotKernelPre], 1, rec.Callouts[engine.SlotKernelPost], 1)
	return st
}

func codeByte(m *kernel.Machine, name string) byte {
	var b [1]byte
	m.Peek(nil, m.NT.Function(name).Addr, b[:])
	return b[0]
}

func TestAppendixB11NoVBSNoDebugger(t *testing.T) {
	m, rec, _ := joined(t, BootConfig{})
	status(t, "KeSetTracepoint", setPoint(m, rec, "NtClose"), engine.StatusAccessDenied)
	if b := codeByte(m, "NtClose"); b == 0xCC {
		t.Error("the code was changed")
	}
	// The probe is listed, and enabling it says why not.
	h := open(t, "")
	if n := countProbes(t, h, "fbt:nt:NtClose:entry"); n != 1 {
		t.Errorf("%d probes, want 1", n)
	}
	_, err := trace(t, h, `fbt:nt:NtClose:entry { trace(1); }`)
	if err == nil || !strings.Contains(err.Error(), "0xC0000022") {
		t.Errorf("enable fbt: %v, want STATUS_ACCESS_DENIED", err)
	}
	// Code of processes is no matter of VBS.
	p := m.FindProcess(1000)
	f := p.Module("ntdll").Function("NtClose")
	_, st := rec.API.KeSetTracepoint(p.EPROCESS, true, f.Addr, engine.TpRegisterEnable, rec.Callouts[engine.SlotUserPre], 1, nil, 0)
	status(t, "user code", st, engine.StatusSuccess)
}

func TestAppendixB12VBS(t *testing.T) {
	m, rec, _ := joined(t, BootConfig{VBS: true})
	status(t, "KeSetTracepoint", setPoint(m, rec, "NtClose"), engine.StatusSuccess)
	if codeByte(m, "NtClose") != 0xCC || m.SecureWrites != 1 || m.TracepointAt(0, m.NT.Function("NtClose").Addr).How != "secure kernel" {
		t.Errorf("byte %#x, %d writes of the secure kernel", codeByte(m, "NtClose"), m.SecureWrites)
	}
}

func TestAppendixB13Debugger(t *testing.T) {
	m, rec, _ := joined(t, BootConfig{KD: true})
	status(t, "KeSetTracepoint", setPoint(m, rec, "NtClose"), engine.StatusSuccess)
	if codeByte(m, "NtClose") != 0xCC || m.SecureWrites != 0 || m.TracepointAt(0, m.NT.Function("NtClose").Addr).How != "debugger" {
		t.Errorf("byte %#x, %d writes of the secure kernel, want a direct write", codeByte(m, "NtClose"), m.SecureWrites)
	}
}

func TestAppendixB14Exclusions(t *testing.T) {
	m, rec, c := joined(t, BootConfig{VBS: true})
	for _, d := range []string{"declare nt!KvasThing KVASCODE", "declare nt!PatchThing PAGEwx1", "declare nt!VrfThing PAGEVRFC", "declare nt!Gone .gone 0x62000020",
		"declare nt!Data .rdata 0x40000040", "declare nt!Stays PAGEKD 0x60000020", "declare ntfs!NtfsInit INIT", "declare ntfs!NtfsRead PAGE", "declare ntfs!Trace TRACESUP"} {
		if _, err := c.do(d); err != nil {
			t.Fatal(err)
		}
	}
	try := func(mod, fn string) engine.NTStatus {
		f := m.SystemImage(mod).Function(fn)
		_, st := rec.API.KeSetTracepoint(0, false, f.Addr, engine.TpRegister, rec.Callouts[engine.SlotKernelPre], 1, nil, 0)
		return st
	}
	for _, x := range []struct {
		mod, fn string
		want    engine.NTStatus
	}{
		{"nt", "KeInitSystem", engine.StatusNotSupported}, // INIT
		{"nt", "KvasThing", engine.StatusNotSupported},
		{"nt", "PatchThing", engine.StatusNotSupported},
		{"nt", "VrfThing", engine.StatusNotSupported},
		{"nt", "Gone", engine.StatusNotSupported}, // discardable
		{"nt", "Data", engine.StatusNotSupported}, // not executable
		{"hal", "HalpTimerClockInterrupt", engine.StatusNotSupported},
		{"nt", "EtwTraceContextSwap", engine.StatusNotSupported}, // TRACESUP
		{"nt", "KiTpHandleBreakpoint", engine.StatusNotSupported},
		{"ntfs", "NtfsInit", engine.StatusNotSupported},
		{"nt", "Stays", engine.StatusSuccess},
		{"nt", "NtClose", engine.StatusSuccess}, // PAGE
		{"ntfs", "NtfsRead", engine.StatusSuccess},
		{"ntfs", "Trace", engine.StatusSuccess}, // only the kernel's TRACESUP
	} {
		status(t, x.mod+"!"+x.fn, try(x.mod, x.fn), x.want)
	}
	_, st := rec.API.KeSetTracepoint(0, false, 0x1000, engine.TpRegister, rec.Callouts[engine.SlotKernelPre], 1, nil, 0)
	status(t, "a user address for the kernel", st, engine.StatusInvalidParameter)
	sec := m.FindProcess(1004)
	f := sec.Module("ntdll").Function("NtClose")
	_, st = rec.API.KeSetTracepoint(sec.EPROCESS, true, f.Addr, engine.TpRegister, rec.Callouts[engine.SlotUserPre], 1, nil, 0)
	status(t, "a secure process", st, engine.StatusAccessDenied)
}

func TestAppendixB15Operations(t *testing.T) {
	m, rec, _ := joined(t, BootConfig{VBS: true})
	f := m.NT.Function("NtClose")
	orig := codeByte(m, "NtClose")
	do := func(op engine.TracepointOp, want engine.NTStatus, wantByte byte, there bool) {
		t.Helper()
		_, st := rec.API.KeSetTracepoint(0, false, f.Addr, op, rec.Callouts[engine.SlotKernelPre], 1, rec.Callouts[engine.SlotKernelPost], 1)
		if st != want || codeByte(m, "NtClose") != wantByte || (m.TracepointAt(0, f.Addr) != nil) != there {
			t.Errorf("op %d: %s, byte %#x, registered %v; want %s, %#x, %v", op, st, codeByte(m, "NtClose"), m.TracepointAt(0, f.Addr) != nil, want, wantByte, there)
		}
	}
	mask := func(want uint32) {
		t.Helper()
		if have := m.KiDynamicTraceMask & 2; have != want {
			t.Errorf("mask bit 1 is %d, want %d", have, want)
		}
	}
	do(engine.TpQuery, engine.StatusNotFound, orig, false)
	do(engine.TpEnable, engine.StatusNotFound, orig, false)
	do(engine.TpDisable, engine.StatusNotFound, orig, false)
	do(engine.TpUnregister, engine.StatusNotFound, orig, false)
	do(engine.TpRegister, engine.StatusSuccess, orig, true)
	mask(0)
	do(engine.TpRegister, engine.StatusAlreadyRegistered, orig, true)
	do(engine.TpEnable, engine.StatusSuccess, 0xCC, true)
	mask(2)
	do(engine.TpQuery, engine.StatusSuccess, 0xCC, true)
	do(engine.TpUnregister, engine.StatusInvalidDeviceState, 0xCC, true)
	do(engine.TpDisable, engine.StatusSuccess, orig, true)
	mask(0)
	do(engine.TpUnregister, engine.StatusSuccess, orig, false)
	do(engine.TpRegisterEnable, engine.StatusSuccess, 0xCC, true)
	mask(2)
	do(engine.TpDisableUnregister, engine.StatusSuccess, orig, false)
	mask(0)
	do(engine.TpQuery, engine.StatusNotFound, orig, false)
	do(7, engine.StatusNotFound, orig, false)
}

func TestAppendixB16ForeignBreakpoint(t *testing.T) {
	m, rec, c := joined(t, BootConfig{VBS: true, KD: true})
	status(t, "a tracepoint elsewhere", setPoint(m, rec, "NtClose"), engine.StatusSuccess)
	r, err := c.do("int3 nt!NtReadFile")
	if err != nil || !strings.Contains(r.Result, "not handled") || len(r.Callouts) != 0 {
		t.Errorf("%+v %v", r, err)
	}
	_, _, c = joined(t, BootConfig{VBS: true})
	r, err = c.do("int3 nt!NtReadFile")
	if err != nil || !strings.Contains(r.Result, "bugcheck 0x1E") {
		t.Errorf("without a debugger: %+v %v, want a bugcheck", r, err)
	}
	_, _, c = joined(t, BootConfig{})
	r, err = c.do("int3 1000:ntdll!NtClose")
	if err != nil || !strings.Contains(r.Result, "not handled") || !strings.Contains(r.Result, "STATUS_BREAKPOINT") {
		t.Errorf("in a process: %+v %v", r, err)
	}
}

func TestAppendixB17MemoryFaults(t *testing.T) {
	const nowhere, noncanonical = "0xFFFF900000000000", "0x0D7ACE0000000000"
	for _, x := range []struct{ call, want string }{
		{"TraceAccessMemory " + nowhere, "STATUS_ACCESS_VIOLATION"},
		{"TraceAccessMemory " + noncanonical, "STATUS_ACCESS_VIOLATION"},
		{"TraceAccessMemory 0x10", "STATUS_ACCESS_VIOLATION"},
		{"TraceAccessMemory " + nowhere + " outside", "bugcheck 0xA "},
		{"TraceAccessMemory " + nowhere + " irql 14", "bugcheck 0xA "},
		{"TraceAccessMemory " + nowhere + " irql 2", "bugcheck 0xA "},
		{"TraceAccessMemory " + nowhere + " irql 0", "bugcheck 0x50 "},
		{"TraceAccessMemory " + nowhere + " irql 0 outside", "bugcheck 0x50 "},
	} {
		m, _, c := joined(t, BootConfig{})
		r, err := c.do(x.call)
		if err != nil || !strings.Contains(r.Result, x.want) {
			t.Errorf("%s: %q, %v; want %s", x.call, r.Result, err, x.want)
		}
		if crash := strings.Contains(x.want, "bugcheck"); (m.Crash != nil) != crash {
			t.Errorf("%s: crash %v, want %v", x.call, m.Crash, crash)
		}
	}
	// Before tracing is enabled the same fault is the end.
	m, err := kernel.New(kernel.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.LoadEngine(nil); err != nil {
		t.Fatal(err)
	}
	m.KeRaiseIrql(0, 15)
	var b [8]byte
	if m.Load(0, "TraceAccessMemory", 0x10, b[:]) || m.Crash == nil {
		t.Error("a fault with KiDynamicTraceEnable 0 was survived")
	}
}

func TestAppendixB18EventCallbacks(t *testing.T) {
	m, rec, c := joined(t, BootConfig{})
	cb := rec.Callouts[engine.SlotEvent]
	id, st := m.StartTrace("test")
	status(t, "StartTrace", st, engine.StatusSuccess)
	status(t, "unknown logger", rec.API.EtwRegisterEventCallback(id+1, cb, 0), engine.StatusLoggerNotFound)
	status(t, "wrong pointer", rec.API.EtwRegisterEventCallback(id, wrong, 0), engine.StatusAccessDenied)
	status(t, "first", rec.API.EtwRegisterEventCallback(id, cb, 7), engine.StatusSuccess)
	status(t, "second", rec.API.EtwRegisterEventCallback(id, cb, 8), engine.StatusInvalidParameter)
	r, err := c.do("EventWrite 1")
	if err != nil || len(r.Callouts) != 1 || !strings.Contains(r.Callouts[0], "context 7") {
		t.Errorf("event: %+v %v", r, err)
	}
	status(t, "off", rec.API.EtwRegisterEventCallback(id, nil, 0), engine.StatusSuccess)
	status(t, "and on again", rec.API.EtwRegisterEventCallback(id, cb, 9), engine.StatusSuccess)
}

func TestAppendixB19PreCallback(t *testing.T) {
	m, rec, c := joined(t, BootConfig{VBS: true})
	status(t, "KeSetTracepoint", setPoint(m, rec, "NtClose"), engine.StatusSuccess)
	run := func(call string) []string {
		t.Helper()
		r, err := c.do(call)
		if err != nil {
			t.Fatal(err)
		}
		return r.Callouts
	}
	both := run("call nt!NtClose")
	if len(both) != 2 || !strings.Contains(both[0], "rip nt!NtClose context") || !strings.HasPrefix(both[1], "FbtpCallbackPost rip nt!NtClose+0x") {
		t.Errorf("FALSE: %q, want pre at the instruction and post behind it", both)
	}
	if one := run("call nt!NtClose claim"); len(one) != 1 || !strings.HasPrefix(one[0], "FbtpCallback ") {
		t.Errorf("TRUE: %q, want the pre-callback alone", one)
	}
}

func TestAppendixB20Nesting(t *testing.T) {
	m, rec, c := joined(t, BootConfig{VBS: true})
	status(t, "KeSetTracepoint", setPoint(m, rec, "NtClose"), engine.StatusSuccess)
	cpu := m.CPUs[0]
	check := func(call string, callouts int, completed, held uint64) {
		t.Helper()
		c0, h0 := cpu.Completed, cpu.Suppressed
		r, err := c.do(call)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Callouts) != callouts || cpu.Completed-c0 != completed || cpu.Suppressed-h0 != held || m.Crash != nil {
			t.Errorf("%s: %d callouts, %d completed, %d held back, crash %v; want %d, %d, %d", call, len(r.Callouts), cpu.Completed-c0, cpu.Suppressed-h0, m.Crash, callouts, completed, held)
		}
	}
	check("call nt!NtClose", 2, 1, 0)
	check("call nt!NtClose irql 2", 2, 1, 0)
	check("call nt!NtClose irql 15", 2, 1, 0)
	check("call nt!NtClose nested", 2, 3, 2) // once in pre, once in post
	check("call nt!NtClose nmi", 0, 1, 1)
	if _, err := c.do("suppress on"); err != nil {
		t.Fatal(err)
	}
	check("call nt!NtClose", 0, 1, 1)
}
