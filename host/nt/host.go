package nt

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/nt/kernel"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/symbol"
)

// Host is a model of a Windows machine running a workload. It implements
// host.Host. One session at a time moves the workload on; when the workload has
// ended, tracing ends.
type Host struct {
	w      *Workload
	boot   *Boot
	m      *kernel.Machine
	e      *engine.Engine
	sys    *engine.System
	timers *engine.Timers
	run    *runner

	booted   bool
	sessions []*engine.Session
}

var _ host.Host = (*Host)(nil)

// New opens the model for a workload: the name of a bundled one, or a file.
func New(spec string) (*Host, error) {
	w, err := LoadWorkload(spec)
	if err != nil {
		return nil, err
	}
	return NewWorkload(w)
}

// NewWorkload opens the model for a parsed workload. Unless the workload is one
// whose boot is traced, the machine has booted when it returns.
func NewWorkload(w *Workload) (*Host, error) {
	h := &Host{w: w}
	store := w.Store
	if store != "" && !filepath.IsAbs(store) {
		store = filepath.Join(w.Dir, store)
	}
	cfg := BootConfig{Store: store, Switch: w.Switch, KD: w.KD, VBS: w.VBS, Build: w.Build, CPUs: w.CPUs, Prepare: h.prepare, Joined: h.joined}
	if !w.Boot.IsZero() {
		cfg.BootTime = w.Boot.UnixNano()
	}
	h.boot = &Boot{cfg: cfg}
	for _, f := range []func() error{h.boot.bootManager, h.boot.loader, h.boot.phase0} {
		if err := f(); err != nil {
			return nil, err
		}
	}
	h.m = h.boot.Machine
	h.run = newRunner(w, h.m)
	if err := h.run.setUp(); err != nil {
		return nil, err
	}
	if err := h.makeEngine(); err != nil {
		return nil, err
	}
	if w.Traced && h.boot.resolved {
		// Probes of an enabling that comes before the kernel are those that the
		// symbols name; Arm puts them into the kernel.
		return h, h.sys.AddProviders()
	}
	return h, h.finishBoot()
}

func readPE(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > 64<<20 {
		return nil, fmt.Errorf("%s: not a regular file of at most 64 MiB", path)
	}
	return os.ReadFile(path)
}

// makeEngine makes the engine, not joined yet.
func (h *Host) makeEngine() error {
	m := h.m
	h.e = engine.New(engine.Config{CPUs: len(m.CPUs), Clock: func() uint64 { return m.Now }, Wall: m.Wall, Seed: h.w.Seed})
	h.sys = h.e.NewSystem(m, engine.SystemConfig{Symbols: symbols{h}})
	h.run.sys = h.sys
	m.OnThreadExit = func(th *kernel.Thread) { h.e.ThreadExit(th.ETHREAD) }
	var err error
	if h.boot.resolved { // profile is a part of the driver too
		h.timers, err = h.e.AddTimers()
	}
	return err
}

// prepare gives the loader's binding of TraceInitSystem.
func (h *Host) prepare(*kernel.Machine) (engine.TraceInitSystemFunc, error) {
	return h.sys.TraceInitSystem, nil
}

// finishBoot runs Phase 1 up to where the workload begins.
func (h *Host) finishBoot() error {
	if h.booted {
		return nil
	}
	h.booted = true
	if err := h.boot.phase1(); err != nil {
		return err
	}
	h.run.startPhase1()
	return h.run.startThreads()
}

// joined makes the providers, and puts what an anonymous enabling has waiting
// into the kernel.
func (h *Host) joined() error {
	if !h.sys.Joined() {
		return nil
	}
	if err := h.sys.AddProviders(); err != nil {
		return err
	}
	return h.sys.Arm()
}

// Name returns "nt".
func (h *Host) Name() string { return "nt" }

// Boot returns what happened when the machine booted.
func (h *Host) Boot() *Boot { return h.boot }

// Machine returns the model.
func (h *Host) Machine() *kernel.Machine { return h.m }

// Close ends the threads of the model.
func (h *Host) Close() error {
	h.run.close()
	return nil
}

// Model returns the data model of 64-bit Windows.
func (h *Host) Model() ctype.Model { return ctype.LLP64 }

// Probes lists probes. Modules may be named as files: ntdll.dll is ntdll.
func (h *Host) Probes(d probe.Desc, f func(*probe.Probe) bool) error {
	low := strings.ToLower(d.Module)
	switch {
	case d.Provider == "etw":
	case probe.IsGlob(d.Module):
		d.Module = low
	default:
		for _, ext := range []string{".dll", ".exe", ".sys"} {
			low = strings.TrimSuffix(low, ext)
		}
		d.Module = kernelModule(low)
	}
	return h.e.Probes(d, f)
}

// ProbeByID returns a probe, nil if there is none.
func (h *Host) ProbeByID(id probe.ID) *probe.Probe { return h.e.ProbeByID(id) }

// Args returns the typed arguments of probes of syscall, etw and profile.
func (h *Host) Args(p *probe.Probe) ([]check.Arg, error) {
	switch p.Provider {
	case "syscall":
		return h.m.ServiceArgs(p.Function, p.Name == "entry"), nil
	case "etw":
		t := h.m.Types
		return []check.Arg{{Name: "header", Native: t.Lookup("PEVENT_HEADER"), Map: 0}, {Name: "size", Native: t.Lookup("ULONG"), Map: 1}}, nil
	case "profile":
		t := h.m.Types.Lookup("ULONG_PTR")
		return []check.Arg{{Name: "pc", Native: t, Map: 0}, {Name: "upc", Native: t, Map: 1}}, nil
	}
	return nil, nil
}

// ntModule reports whether a module's name is one of the kernel's.
func ntModule(module string) bool {
	return module == "" || kernelModule(kernel.ModuleName(module)) == "nt"
}

// Type finds a declared type of the kernel.
func (h *Host) Type(module, name string) (*ctype.Type, error) {
	if !ntModule(module) {
		return nil, nil
	}
	if t := h.m.Types.Lookup(name); t != nil {
		return t, nil
	}
	if module != "" {
		return h.m.Types.Set.Lookup(name), nil
	}
	return nil, nil
}

// CurThread is the type of curthread: PETHREAD.
func (h *Host) CurThread() *ctype.Type { return h.m.Types.Lookup("PETHREAD") }

// BuiltinNames are Windows' own names of built-in variables.
func (h *Host) BuiltinNames() map[string]string { return map[string]string{"irql": "ipl"} }

// dataTypes are the types of the kernel's variables.
var dataTypes = map[string]string{
	"PsInitialSystemProcess": "PEPROCESS", "PsActiveProcessHead": "LIST_ENTRY", "PsLoadedModuleList": "LIST_ENTRY",
	"KiDynamicTraceEnable": "ULONG", "KiDynamicTraceMask": "ULONG", "NtBuildNumber": "ULONG", "KdDebuggerNotPresent": "ULONG",
	"KeNumberProcessors": "ULONG", "KiDynamicTraceContext": "_KI_DYNAMIC_TRACE_CONTEXT", "TraceSystemApi": "PVOID",
}

// Symbol finds a function or variable of a system image.
func (h *Host) Symbol(module, name string) (check.Symbol, bool, error) {
	mod := kernelModule(kernel.ModuleName(module))
	for _, im := range h.m.Images {
		if module != "" && im.Module != mod {
			continue
		}
		if f := im.Function(name); f != nil {
			return check.Symbol{Name: name, Module: im.Module, Addr: f.Addr, Func: true}, true, nil
		}
		if a, ok := im.Data(name); ok {
			s := check.Symbol{Name: name, Module: im.Module, Addr: a}
			t := h.m.Types
			switch {
			case name == "KiDynamicTraceCallouts":
				s.Type = ctype.ArrayOf(t.Lookup("ULONG64"), engine.NumSlots)
			case dataTypes[name] != "":
				s.Type = t.Lookup(dataTypes[name])
			default:
				s.Type = t.Lookup("ULONG64")
			}
			return s, true, nil
		}
	}
	return check.Symbol{}, false, nil
}

// Enumerator finds an enumeration constant of the kernel.
func (h *Host) Enumerator(name string) (int64, *ctype.Type, bool) { return h.m.Types.Enumerator(name) }

// Supports refuses what DTrace on Windows does not have.
func (h *Host) Supports(op ir.Op, sub uint8) error {
	what, instead := "", ""
	switch op {
	case ir.StopProc, ir.Raise, ir.Chill, ir.Return:
		what = "the action " + op.String()
	case ir.DPath:
		what, instead = "path names of kernel objects", "; ObjectName of OBJECT_ATTRIBUTES has a file's name"
	case ir.BuiltinI:
		switch b := ir.Builtin(sub); b {
		case ir.BErrno:
			what, instead = "errno", "; arg0 of a return probe is the NTSTATUS"
		case ir.BUID, ir.BGID, ir.BCurCPU, ir.BVTimestamp:
			what = b.String()
		}
	case ir.BuiltinS:
		switch b := ir.StrBuiltin(sub); b {
		case ir.SCwd, ir.SRoot, ir.SExecArgs, ir.SZoneName:
			what = b.String()
		}
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("host nt does not have %s, as DTrace on Windows does not%s: %w", what, instead, host.ErrNotSupported)
}

// Features tells what works on the simulated machine, and which layer keeps
// the rest from working.
func (h *Host) Features() []host.Feature {
	hs := h.boot.Handshake
	f := []host.Feature{{Name: "model", OK: true, Detail: fmt.Sprintf("simulated machine, workload %s, seed %d: nothing here runs on Windows", h.w.Name, h.w.Seed)}}
	if h.boot.Stopped != "" || hs == nil {
		why, remedy := h.boot.Why, "dtrace boot simulate shows the boot step by step"
		if hs == nil {
			why = "the machine has not booted: its boot is traced"
		}
		return append(f, host.Feature{Name: "kernel", Detail: strings.TrimPrefix(h.boot.Stopped+": "+why, ": "), Remedy: remedy},
			host.Feature{Name: "dtrace", OK: true, Detail: "BEGIN, END and ERROR"})
	}
	f = append(f, host.Feature{Name: "kernel", OK: true, Detail: fmt.Sprintf("build %d, interface of %s, KiDynamicTraceEnable is %d", h.m.Config.Build, h.m.Layout.Name, hs.Enable)})
	for _, n := range []string{"syscall", "etw", "pid", "profile"} {
		f = append(f, host.Feature{Name: n, OK: true, Detail: "through the kernel's callouts"})
	}
	switch {
	case h.m.Config.VBS:
		f = append(f, host.Feature{Name: "fbt", OK: true, Detail: "the secure kernel writes the tracepoints"})
	case h.m.KiDynamicTraceEnable&kernel.EnableKD != 0:
		f = append(f, host.Feature{Name: "fbt", OK: true, Detail: "a kernel debugger is attached: tracepoints are written directly"})
	default:
		f = append(f, host.Feature{Name: "fbt", Detail: "kernel code cannot be changed: KeSetTracepoint returns STATUS_ACCESS_DENIED", Remedy: "vbs on or kd on in the workload"})
	}
	return f
}

// symbols tells the engine's providers the names of things.
type symbols struct{ h *Host }

// Services lists the system services.
func (s symbols) Services() []engine.ServiceSymbol {
	var out []engine.ServiceSymbol
	for _, sv := range s.h.m.Services {
		out = append(out, engine.ServiceSymbol{Name: sv.Name, Args: sv.Args})
	}
	return out
}

// Functions lists the functions of the system's images or of a process's. The
// engine's own image is left out, and what the kernel never lets be traced.
func (s symbols) Functions(process uint64) []engine.FunctionSymbol {
	list := s.h.m.Images
	if process != 0 {
		list = nil
		for _, p := range s.h.m.Processes {
			if p.EPROCESS == process {
				list = p.Images
			}
		}
	}
	var out []engine.FunctionSymbol
	for _, im := range list {
		if im == s.h.m.Engine || process == 0 && im.Module == "hal" {
			continue
		}
		for _, f := range im.Functions() {
			if process == 0 && !s.h.m.Traceable(f) {
				continue
			}
			instrs := f.Instrs
			out = append(out, engine.FunctionSymbol{Module: im.Module, Name: f.Name, Addr: f.Addr, Size: f.Size, Instrs: instrs, Returns: f.Returns, Leaf: f.Leaf})
		}
	}
	return out
}

// Processes lists the processes that have a user half.
func (s symbols) Processes() []engine.ProcessSymbol {
	var out []engine.ProcessSymbol
	for _, p := range s.h.m.Processes {
		if p.Space != nil {
			out = append(out, engine.ProcessSymbol{PID: p.PID, Process: p.EPROCESS})
		}
	}
	return out
}

// EventProviders lists the providers that the workload declares.
func (s symbols) EventProviders() []engine.GUID {
	var out []engine.GUID
	for _, d := range s.h.w.Providers {
		out = append(out, d.guid)
	}
	return out
}

// resolver names addresses of the model.
type resolver struct{ m *kernel.Machine }

// Symbols resolves addresses of the model.
func (h *Host) Symbols() symbol.Resolver { return resolver{h.m} }

// Kernel resolves an address of a system image.
func (r resolver) Kernel(addr uint64) (symbol.Sym, bool) { return r.sym(nil, addr) }

// User resolves an address of a process, also of one that has ended.
func (r resolver) User(pid uint32, addr uint64) (symbol.Sym, bool) {
	for _, p := range r.m.Processes {
		if p.PID == pid && p.Space != nil {
			return r.sym(p, addr)
		}
	}
	return symbol.Sym{}, false
}

func (r resolver) sym(p *kernel.Process, addr uint64) (symbol.Sym, bool) {
	mod, name, off, size, ok := r.m.Symbolize(p, addr)
	return symbol.Sym{Module: mod, Name: name, Off: off, Size: size}, ok
}

// Target finds the process of a name or number, for -p and -c.
func (h *Host) Target(s string) (int, bool) {
	pid, err := strconv.Atoi(s)
	for _, p := range h.m.Processes {
		if err == nil && int(p.PID) == pid || strings.EqualFold(p.Name, s) {
			return int(p.PID), true
		}
	}
	return 0, false
}
