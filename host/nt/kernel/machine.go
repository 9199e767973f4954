package kernel

import (
	"fmt"
	"sync"

	"github.com/godtrace/godtrace/engine"
)

// Config says what machine and what kernel.
type Config struct {
	// Build is the kernel's build number; 0 means 19041.
	Build uint32
	// CPUs is the number of processors; 0 means 1.
	CPUs int
	// KernelDebugger is set where one is attached, VBS where virtualization-based
	// security runs.
	KernelDebugger, VBS bool
	// Slots overrides the number of callout slots, for kernels that know fewer
	// or more; 0 leaves the layout's.
	Slots int
	// Boot is the time of the boot in ns since 1970.
	Boot int64
	// KernelImage, if not nil, is a real ntoskrnl.exe, EngineImage a real
	// dtrace.sys.
	KernelImage, EngineImage []byte
}

// DefaultBoot is the time of boot if nothing else is said: 2024-03-01 09:00 UTC.
const DefaultBoot = 1709283600_000000000

// Machine is one machine with its kernel. It is not safe for concurrent use,
// except for KeSetSystemServiceCallback beside a running callback.
type Machine struct {
	Config Config
	Layout Layout
	Types  *Types

	// Now is the time since boot in ns.
	Now  uint64
	CPUs []*CPU

	Kernel *Space // the kernel's half
	// Images are the system images in the order of loading; NT is the kernel,
	// Engine the image with TraceInitSystem, nil if none was loaded.
	Images     []*Image
	NT, Engine *Image

	System *Process
	// Phase1 is the thread of Phase 1, nil before StartPhase1.
	Phase1    *Thread
	Processes []*Process
	Threads   []*Thread

	Services      []*Service
	serviceByName map[string]*Service
	serviceByHash map[uint32]*Service
	callbacks     serviceCallbacks

	tracepoints   [NumBuckets][]*Tracepoint
	enabledPoints int
	loggers       map[uint32]*Logger

	// What Phase 1 leaves; see KiInitDynamicTraceSupport.
	Callouts             engine.KiDynamicTraceCallouts
	KiDynamicTraceEnable uint32
	KiDynamicTraceMask   uint32
	AccessBegin          uint64
	AccessEnd            uint64
	Access               *engine.TraceAccessMemory
	Context              *engine.KiDynamicTraceContext // what was published

	// Crash is set when the machine has stopped.
	Crash *Bugcheck
	// Counters of what happened.
	PageIns, Faults, Survived, SecureWrites, StrayBreakpoints, LostEvents uint64
	// OnThreadExit, OnNote are called for what their names say; may be nil.
	OnThreadExit func(*Thread)
	OnNote       func(string)

	fnSystemService, fnServiceInternal, fnInterrupt, fnNMI *Function

	idle       []*Thread
	stacks     *Space
	activeHead uint64
	moduleHead uint64
	nextDriver uint64
	apiVar     uint64
	calloutVar uint64
	routines   map[string]uint64 // addresses of kernel routines in tables
	dataMu     sync.Mutex
}

// Places of things in kernel memory.
const (
	ntBase     = 0xFFFFF803_40000000
	driverBase = 0xFFFFF803_48000000
	poolBase   = 0xFFFF8A08_00000000
	stackBase  = 0xFFFFF50F_00000000
)

// New makes a machine after Phase 0: kernel and HAL are mapped, the System
// process and an idle thread for each processor exist, nothing is traced.
func New(cfg Config) (*Machine, error) {
	if cfg.Build == 0 {
		cfg.Build = 19041
	}
	if cfg.CPUs <= 0 {
		cfg.CPUs = 1
	}
	if cfg.CPUs > 64 {
		return nil, fmt.Errorf("%d CPUs, want 1 to 64", cfg.CPUs)
	}
	if cfg.Boot == 0 {
		cfg.Boot = DefaultBoot
	}
	lay := LayoutOf(cfg.Build)
	m := &Machine{Config: cfg, Layout: lay, Types: NewTypes(lay.TracingPrivate), Kernel: newSpace(poolBase),
		serviceByName: map[string]*Service{}, serviceByHash: map[uint32]*Service{}, loggers: map[uint32]*Logger{},
		nextDriver: driverBase, routines: map[string]uint64{}}
	m.stacks = &Space{pages: m.Kernel.pages, next: stackBase}
	m.callbacks.nodes = map[uint32]*serviceNode{}
	m.callbacks.idle = sync.NewCond(&m.callbacks.mu)
	for i := range cfg.CPUs {
		m.CPUs = append(m.CPUs, &CPU{ID: i})
	}
	if err := m.loadKernel(); err != nil {
		return nil, err
	}
	m.System = m.NewProcess(ProcessSpec{PID: 4, Name: "System", System: true})
	m.NT.DeclareData("PsInitialSystemProcess", 8)
	m.setData("PsInitialSystemProcess", m.System.EPROCESS)
	idle := &Process{PID: 0, Name: "Idle", Alive: true}
	idle.EPROCESS = m.pool(m.Types.Size("_EPROCESS"))
	m.Kernel.poke(idle.EPROCESS+m.Types.Offset("_EPROCESS", "ImageFileName"), []byte("Idle"))
	loop := m.NT.Function("KiIdleLoop")
	m.initList(idle.EPROCESS + m.Types.Offset("_EPROCESS", "Pcb.ThreadListHead"))
	m.initList(idle.EPROCESS + m.Types.Offset("_EPROCESS", "ThreadListHead"))
	for i := range cfg.CPUs {
		th := m.NewThread(idle, 0, loop)
		th.CPU = i
		th.Frames = []Frame{{Fn: loop, PC: loop.Addr + loop.Body}}
		m.idle = append(m.idle, th)
		m.CPUs[i].Thread = th
	}
	m.Threads = nil
	return m, nil
}

// kernelFunctions are functions that the kernel has whatever a workload
// declares, by section.
var kernelFunctions = map[string][]string{
	".text": {"KiIdleLoop", "KiSystemCall64", "KiSystemServiceCopyEnd", "KiServiceInternal", "KiInterruptDispatch", "KiNmiInterrupt",
		"KiBreakpointTrap", "KiTpHandleBreakpoint", "KiTpWriteBreakpoint", "KiTrackSystemCallEntry", "KiTrackSystemCallExit", "KeSetSystemServiceCallback",
		"KeSetTracepoint", "EtwRegisterEventCallback", "PsGetBaseTrapFrame", "KiGetTrapFrameRegister", "MmEnumerateSystemImages",
		"KeIsTraceCallbackAllowed", "KiIsTraceMemoryAccess", "MmAccessFault", "KeInvalidAccessAllowed", "KeRaiseIrql", "KeLowerIrql", "KeBugCheckEx",
		"EtwpEventWriteFull", "ExAllocatePoolWithTag", "ExFreePoolWithTag", "KeSetEvent", "KeWaitForSingleObject", "IofCallDriver",
		"IofCompleteRequest", "ObReferenceObjectByHandle", "ObfDereferenceObject", "KiSwapContext", "MmDbgCopyMemory", "KiStartSystemThread"},
	"PAGE": {"PspSystemThreadStartup", "PspUserThreadStartup", "ObOpenObjectByName", "ObpLookupObjectName", "IopParseDevice", "CmOpenKey",
		"PspInsertProcess", "PspExitThread", "MmCreateSection", "MiMapViewOfSection", "SeAccessCheck", "IopLoadDriver", "MmLoadSystemImage",
		"IopInitializeBuiltinDriver", "Phase1Initialization"},
	"INIT": {"Phase1InitializationDiscard", "KeInitSystem", "KiInitDynamicTraceSupport", "ObInitSystem", "IoInitSystem", "MmInitSystem",
		"PsInitSystem", "SeInitSystem", "CmInitSystem1"},
	"KVASCODE": {"KiSystemCall64Shadow"},
	"PAGEwx0":  {"KiDpcDispatch"},
	"PAGEVRFY": {"VerifierExAllocatePoolWithTag"},
	"TRACESUP": {"EtwTraceContextSwap"},
}

// kernelSections are the sections of kernelFunctions in the order of the image.
var kernelSections = []string{".text", "PAGE", "INIT", "KVASCODE", "PAGEwx0", "PAGEVRFY", "TRACESUP"}

func (m *Machine) loadKernel() error {
	m.NT = newImage("nt", "ntoskrnl.exe", ntBase, false, m.Kernel)
	if m.Config.KernelImage != nil {
		im, err := imageFromPE("nt", "ntoskrnl.exe", ntBase+2*declaredImage, false, m.Kernel, m.Config.KernelImage)
		if err != nil {
			return err
		}
		m.adopt(im)
	}
	m.Images = append(m.Images, m.NT)
	for _, sec := range kernelSections {
		for _, n := range kernelFunctions[sec] {
			if _, err := m.NT.Declare(n, sec, 0); err != nil {
				return err
			}
		}
	}
	m.fnSystemService, m.fnServiceInternal = m.NT.Function("KiSystemServiceCopyEnd"), m.NT.Function("KiServiceInternal")
	m.fnInterrupt, m.fnNMI = m.NT.Function("KiInterruptDispatch"), m.NT.Function("KiNmiInterrupt")
	for _, n := range []string{"KiDynamicTraceEnable", "KiDynamicTraceMask", "NtBuildNumber", "KdDebuggerNotPresent", "KeNumberProcessors"} {
		m.NT.DeclareData(n, 4)
	}
	m.calloutVar = m.NT.DeclareData("KiDynamicTraceCallouts", 8*16)
	m.NT.DeclareData("KiDynamicTraceContext", 0x48)
	m.setData("NtBuildNumber", uint64(0xF0000000|m.Config.Build))
	m.setData("KeNumberProcessors", uint64(m.Config.CPUs))
	absent := uint64(1)
	if m.Config.KernelDebugger {
		absent = 0
	}
	m.setData("KdDebuggerNotPresent", absent)
	m.activeHead = m.NT.DeclareData("PsActiveProcessHead", 16)
	m.initList(m.activeHead)
	m.moduleHead = m.NT.DeclareData("PsLoadedModuleList", 16)
	m.initList(m.moduleHead)
	m.linkModule(m.NT)
	if err := m.addServices(); err != nil {
		return err
	}
	hal, err := m.LoadDriver("hal.dll", nil)
	if err != nil {
		return err
	}
	_, err = hal.Declare("HalpTimerClockInterrupt", "", 0)
	return err
}

// adopt makes the functions of a real kernel file those of nt: declared
// functions of the same name give way.
func (m *Machine) adopt(im *Image) {
	m.NT.Sections = append(m.NT.Sections, im.Sections...)
	m.NT.Size = max(m.NT.Size, im.Base+im.Size-m.NT.Base)
	for _, f := range im.functions {
		f.Image = m.NT
		m.NT.add(f)
	}
}

// LoadDriver maps a system image: a declared one, or a real file. Loading an
// image that is there returns it.
func (m *Machine) LoadDriver(file string, b []byte) (*Image, error) {
	mod := moduleName(file)
	if im := m.SystemImage(mod); im != nil {
		if !im.loaded {
			im.loaded = true
			m.linkModule(im)
		}
		return im, nil
	}
	var im *Image
	if b != nil {
		var err error
		if im, err = imageFromPE(mod, file, m.nextDriver, false, m.Kernel, b); err != nil {
			return nil, err
		}
	} else {
		im = newImage(mod, file, m.nextDriver, false, m.Kernel)
	}
	m.nextDriver += max(declaredImage, (im.Size+0xFFFFF)&^0xFFFFF)
	m.Images = append(m.Images, im)
	m.linkModule(im)
	return im, nil
}

// UnloadDriver tells the engine that a system image goes, and takes it off the
// list.
func (m *Machine) UnloadDriver(im *Image) {
	if !im.loaded {
		return
	}
	if cb := m.Callout(engine.SlotImageUnload); cb != nil && m.KiDynamicTraceEnable != 0 {
		cb.Unload(im.Base, im.Size)
	}
	im.loaded = false
}

// LoadEngine maps the image with TraceInitSystem: a real file, or a declared
// one with the routines that the handshake names.
func (m *Machine) LoadEngine(b []byte) (*Image, error) {
	im, err := m.LoadDriver("dtrace.sys", b)
	if err != nil {
		return nil, err
	}
	if b != nil { // the tables point to the model's engine, not to the file's code
		im.Size += 0x1000
		im.AddSection(".model", codeChars)
	}
	for _, n := range []string{"TraceInitSystem", "TraceAccessMemory", "DtEtwpEventCallback", "StpCallbackEntry", "StpCallbackReturn",
		"FbtpCallback", "FbtpCallbackPost", "FtpPidCallback", "FtpPidCallbackPost", "FbtpImageUnloadCallback"} {
		sec := ""
		if b != nil {
			sec = ".model"
		}
		if im.byName[n] != nil && n != "TraceAccessMemory" {
			continue
		}
		if _, err := im.Declare(n, sec, 0); err != nil {
			return nil, err
		}
	}
	if b == nil {
		m.apiVar = im.DeclareData("TraceSystemApi", 8)
	} else {
		m.apiVar = m.pool(16)
		im.data["TraceSystemApi"] = m.apiVar
	}
	m.Engine = im
	return im, nil
}

// linkModule puts an image into PsLoadedModuleList.
func (m *Machine) linkModule(im *Image) {
	t := m.Types
	e := m.pool(t.Size("_KLDR_DATA_TABLE_ENTRY"))
	off := func(n string) uint64 { return e + t.Offset("_KLDR_DATA_TABLE_ENTRY", n) }
	m.Kernel.put64(off("DllBase"), im.Base)
	m.Kernel.put32(off("SizeOfImage"), uint32(im.Size))
	for _, x := range []struct{ field, text string }{{"FullDllName", `\SystemRoot\system32\` + im.File}, {"BaseDllName", im.File}} {
		u := m.Kernel.UnicodeString(x.text)
		var b [16]byte
		m.Kernel.peek(u, b[:])
		m.Kernel.poke(off(x.field), b[:])
	}
	m.insertTail(m.moduleHead, e)
}

// SystemImage finds a system image by the name D uses, nil if there is none.
func (m *Machine) SystemImage(module string) *Image {
	for _, im := range m.Images {
		if im.Module == module {
			return im
		}
	}
	return nil
}

// LoadUser maps an image into a process: a declared one, or a real file.
func (m *Machine) LoadUser(p *Process, file string, b []byte) (*Image, error) {
	mod := moduleName(file)
	if im := p.Module(mod); im != nil {
		return im, nil
	}
	base, ok := sharedBases[mod]
	if !ok {
		base = p.nextImage
		p.nextImage += 0x1_0000_0000
	}
	if b != nil {
		im, err := imageFromPE(mod, file, base, true, p.Space, b)
		if err != nil {
			return nil, err
		}
		p.Images = append(p.Images, im)
		return im, nil
	}
	im := newImage(mod, file, base, true, p.Space)
	p.Images = append(p.Images, im)
	if mod == "ntdll" {
		for _, s := range m.Services {
			if _, err := im.declareStub(s.Name, s.Number); err != nil {
				return nil, err
			}
		}
	}
	return im, nil
}

// sharedBases are where the system's libraries are in every process.
var sharedBases = map[string]uint64{"ntdll": 0x00007FF8_D0000000, "kernel32": 0x00007FF8_CE000000, "kernelbase": 0x00007FF8_CC000000,
	"user32": 0x00007FF8_CA000000, "rpcrt4": 0x00007FF8_C8000000, "ws2_32": 0x00007FF8_C6000000, "advapi32": 0x00007FF8_C4000000}

// IdleThread returns the idle thread of a processor.
func (m *Machine) IdleThread(cpu int) *Thread { return m.idle[cpu] }

func (m *Machine) byEPROCESS(a uint64) *Process {
	for _, p := range m.Processes {
		if p.EPROCESS == a {
			return p
		}
	}
	return nil
}

// imageAt finds the image that holds an address: the kernel's, or p's.
func (m *Machine) imageAt(p *Process, addr uint64) *Image {
	list := m.Images
	if p != nil {
		list = p.Images
	}
	for _, im := range list {
		if addr >= im.Base && addr-im.Base < im.Size {
			return im
		}
	}
	return nil
}

func (m *Machine) functionAt(p *Process, addr uint64) *Function {
	if im := m.imageAt(p, addr); im != nil {
		return im.at(addr)
	}
	return nil
}

// Symbolize names an address of the kernel (p nil) or of a process: module,
// function, distance from its start. ok is false where no image is.
func (m *Machine) Symbolize(p *Process, addr uint64) (module, name string, off, size uint64, ok bool) {
	im := m.imageAt(p, addr)
	if im == nil {
		return "", "", 0, 0, false
	}
	if f := im.at(addr); f != nil {
		return im.Module, f.Name, addr - f.Addr, f.Size, true
	}
	for n, a := range im.data {
		if a == addr {
			return im.Module, n, 0, 0, true
		}
	}
	return im.Module, "", addr - im.Base, 0, true
}

// Where gives module!function+offset of a kernel address.
func (m *Machine) Where(addr uint64) string {
	mod, name, off, _, ok := m.Symbolize(nil, addr)
	switch {
	case !ok:
		return fmt.Sprintf("%#x", addr)
	case name == "":
		return fmt.Sprintf("%s+%#x", mod, off)
	case off == 0:
		return mod + "!" + name
	}
	return fmt.Sprintf("%s!%s+%#x", mod, name, off)
}

// pool allocates kernel memory.
func (m *Machine) pool(size uint64) uint64 { return m.Kernel.Alloc(size) }

// setData writes a variable of the kernel: 4 or 8 bytes.
func (m *Machine) setData(name string, v uint64) {
	m.dataMu.Lock()
	defer m.dataMu.Unlock()
	a := m.NT.data[name]
	if name == "PsInitialSystemProcess" {
		m.Kernel.put64(a, v)
		return
	}
	m.Kernel.put32(a, uint32(v))
}

// filetime is the time of the machine's clock as a FILETIME.
func (m *Machine) filetime() uint64 {
	return uint64(m.Config.Boot+int64(m.Now))/100 + 116444736000000000
}

// Wall is the machine's clock in ns since 1970.
func (m *Machine) Wall() uint64 { return uint64(m.Config.Boot) + m.Now }

func (m *Machine) note(format string, args ...any) {
	if m.OnNote != nil {
		m.OnNote(fmt.Sprintf(format, args...))
	}
}

// Poke64 writes a variable in kernel memory, without regard to protection.
func (m *Machine) Poke64(addr, v uint64) { m.Kernel.put64(addr, v) }

// AddStub adds to a process's ntdll the stub of a service that was added late.
func (m *Machine) AddStub(p *Process, s *Service, number uint32) error {
	_, err := p.Module("ntdll").declareStub(s.Name, number)
	return err
}
