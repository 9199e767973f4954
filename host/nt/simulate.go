package nt

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/host/nt/kernel"
)

const simulateUsage = `usage: dtrace boot simulate [options] [--do CALL]...

boots a model of Windows and shows step by step what becomes of tracing: boot
manager, loader, Phase 0, Phase 1 with TraceInitSystem. Nothing runs on Windows.

  --store FILE       boot from this BCD store; without it one is made up
  --entry ID         boot this entry instead of the default one
  --switch on|off    the switch of the made-up store (on)
  --windows ROOT     take SYSTEM hive, schema extensions, dtrace.sys and
                     ntoskrnl.exe from a Windows volume; else they are made up
  --no-schema        the made-up disk has no API-set schema extension
  --no-driver        … no dtrace.sys
  --no-service       … no service dtrace
  --kd               a kernel debugger is attached
  --vbs              virtualization-based security is on
  --build N          the kernel's build (that of the file, or 19041)
  --cpus N           processors (1)
  --kernel-slots N   callout slots the kernel knows
  --engine-slots N   callout slots the engine is built for
  --engine-status S  TraceInitSystem fails with this status (0xC0000001)
  --do CALL          then call the kernel, with an engine that records which
                     callouts are called; may be repeated. --do help lists calls
  --json             print JSON
`

// SimulateMain runs dtrace boot simulate with the arguments after it. It
// returns 0 when tracing works on the simulated machine, 1 when a layer keeps it
// from working or something could not be read, 2 for wrong usage.
func SimulateMain(args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("dtrace boot simulate", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	var cfg BootConfig
	var do list
	fs.StringVar(&cfg.Store, "store", "", "")
	fs.StringVar(&cfg.Entry, "entry", "", "")
	sw := fs.String("switch", "on", "")
	fs.StringVar(&cfg.Windows, "windows", "", "")
	fs.BoolVar(&cfg.NoSchema, "no-schema", false, "")
	fs.BoolVar(&cfg.NoDriver, "no-driver", false, "")
	fs.BoolVar(&cfg.NoService, "no-service", false, "")
	fs.BoolVar(&cfg.KD, "kd", false, "")
	fs.BoolVar(&cfg.VBS, "vbs", false, "")
	build := fs.Uint("build", 0, "")
	fs.IntVar(&cfg.CPUs, "cpus", 1, "")
	fs.IntVar(&cfg.KernelSlots, "kernel-slots", 0, "")
	fs.IntVar(&cfg.EngineSlots, "engine-slots", 0, "")
	status := fs.String("engine-status", "", "")
	fs.Var(&do, "do", "")
	asJSON := fs.Bool("json", false, "")
	wrong := func(format string, a ...any) int {
		fmt.Fprintf(stderr, "dtrace boot simulate: %s\n%s", fmt.Sprintf(format, a...), simulateUsage)
		return 2
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			io.WriteString(stdout, simulateUsage)
			return 0
		}
		return wrong("%v", err)
	}
	if fs.NArg() > 0 {
		return wrong("unexpected argument %q", fs.Arg(0))
	}
	on, err := bcd.ParseBool(*sw)
	if err != nil {
		return wrong("--switch: %v", err)
	}
	cfg.Switch = on
	switch {
	case *build > 99999:
		return wrong("--build is %d, want at most 99999", *build)
	case cfg.CPUs < 1 || cfg.CPUs > 64:
		return wrong("--cpus is %d, want 1 to 64", cfg.CPUs)
	case cfg.KernelSlots < 0 || cfg.KernelSlots > 64 || cfg.EngineSlots < 0 || cfg.EngineSlots > 64:
		return wrong("slots: want 1 to 64")
	}
	cfg.Build = uint32(*build)
	if *status != "" {
		n, err := strconv.ParseUint(*status, 0, 32)
		if err != nil || engine.NTStatus(n).OK() {
			return wrong("--engine-status is %q, want a failure such as 0xC0000001", *status)
		}
		cfg.EngineStatus = engine.NTStatus(n)
	}
	for _, d := range do {
		if d == "help" {
			io.WriteString(stdout, consoleHelp)
			return 0
		}
	}
	var rec *Recorder
	if len(do) > 0 {
		if cfg.EngineStatus != 0 || cfg.EngineSlots != 0 {
			return wrong("--do uses an engine of its own: --engine-status and --engine-slots do not go with it")
		}
		cfg.Prepare = func(m *kernel.Machine) (engine.TraceInitSystemFunc, error) {
			rec = NewRecorder(m)
			return rec.TraceInitSystem, nil
		}
	}
	b, err := Run(cfg)
	if err != nil {
		fmt.Fprintf(stderr, "dtrace boot simulate: %v\n", err)
		return 1
	}
	r := b.Report()
	if len(do) > 0 {
		c := newConsole(b, rec)
		for _, line := range do {
			out, err := c.do(line)
			if err != nil {
				return wrong("--do %q: %v", line, err)
			}
			r.Calls = append(r.Calls, out)
		}
		r.Mask = b.Machine.KiDynamicTraceMask
		if b.Machine.Crash != nil {
			r.Crash = b.Machine.Crash.Error()
		}
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		err = r.print(stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "dtrace boot simulate: %v\n", err)
		return 1
	}
	if r.Stopped != "" || r.Crash != "" {
		return 1
	}
	return 0
}

// list collects the values of an option.
type list []string

func (l *list) String() string     { return strings.Join(*l, "; ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// Bit is one bit of KiDynamicTraceEnable and what it lets happen.
type Bit struct {
	Bit    uint32 `json:"bit"`
	Set    bool   `json:"set"`
	Effect string `json:"effect"`
}

// ProviderState says for each provider whether its probes can fire.
type ProviderState struct {
	Name   string `json:"name"`
	Works  bool   `json:"works"`
	Detail string `json:"detail"`
}

// Report is a boot for printing.
type Report struct {
	Simulated bool   `json:"simulated"` // always true
	Steps     []Step `json:"steps"`
	Stopped   string `json:"stopped"` // layer, "" if tracing works
	Why       string `json:"why,omitempty"`
	Build     uint32 `json:"build"`
	Layout    string `json:"layout"`
	Debugger  bool   `json:"debugger"`
	VBS       bool   `json:"vbs"`

	CallStack []string              `json:"callStack"` // at TraceInitSystem, innermost first
	Before    []kernel.Slot         `json:"calloutsBefore"`
	After     []kernel.Slot         `json:"calloutsAfter"`
	Status    string                `json:"status"`
	Enable    uint32                `json:"enable"`
	Mask      uint32                `json:"mask"`
	Bits      []Bit                 `json:"bits"`
	Context   []kernel.ContextEntry `json:"context"`
	Published uint64                `json:"contextAddress"`
	API       uint64                `json:"traceSystemApi"`
	Begin     uint64                `json:"accessBegin"`
	End       uint64                `json:"accessEnd"`
	Providers []ProviderState       `json:"providers"`
	Device    bool                  `json:"device"`
	Calls     []CallResult          `json:"calls,omitempty"`
	// Crash is the bugcheck that a call has ended the machine with.
	Crash string `json:"crash,omitempty"`
}

// Report describes the boot.
func (b *Boot) Report() *Report {
	m, h := b.Machine, b.Handshake
	r := &Report{Simulated: true, Steps: b.Steps, Stopped: b.Stopped, Why: b.Why, Build: m.Config.Build, Layout: m.Layout.Name,
		Debugger: m.Config.KernelDebugger, VBS: m.Config.VBS, Before: h.Before, After: h.After, Enable: h.Enable, Mask: m.KiDynamicTraceMask,
		Context: m.ContextEntries(), Published: h.Context, API: h.API, Begin: h.AccessBegin, End: h.AccessEnd, Device: b.Device,
		Status: h.Status.String(), CallStack: []string{}}
	if !h.Called {
		r.Status = ""
	}
	for i := len(h.Stack) - 1; i >= 0; i-- {
		r.CallStack = append(r.CallStack, h.Stack[i])
	}
	r.Bits = []Bit{
		{kernel.EnableUser, h.Enable&kernel.EnableUser != 0, "callbacks for user-mode callers that are not secure"},
		{kernel.EnableAny, h.Enable&kernel.EnableAny != 0, "callbacks for kernel-mode callers too"},
		{kernel.EnableKD, h.Enable&kernel.EnableKD != 0, "kernel code is written directly, with the debugger's help"},
	}
	r.Providers = b.providers()
	return r
}

func (b *Boot) providers() []ProviderState {
	m, h := b.Machine, b.Handshake
	out := []ProviderState{{"dtrace", true, "BEGIN, END, ERROR: made by the engine itself"}}
	has := func(slots ...int) bool {
		for _, s := range slots {
			if m.Callout(s) == nil {
				return false
			}
		}
		return true
	}
	add := func(name string, detail string, slots ...int) {
		switch {
		case h.Enable == 0:
			out = append(out, ProviderState{name, false, "no probes: tracing is off"})
		case !has(slots...):
			out = append(out, ProviderState{name, false, "no probes: the callouts it needs are not in the table"})
		default:
			out = append(out, ProviderState{name, true, detail})
		}
	}
	who := "callers in user and kernel mode"
	if h.Enable&kernel.EnableAny == 0 {
		who = "callers in user mode only (bit 2 is clear)"
	}
	add("syscall", who, engine.SlotServiceEntry, engine.SlotServiceExit)
	add("etw", who, engine.SlotEvent)
	add("pid", "int3 in the code of processes that are not secure", engine.SlotUserPre, engine.SlotUserPost)
	add("profile", "timers of the engine")
	fbt := len(out)
	how := "written by the secure kernel"
	if !m.Config.VBS {
		how = "written directly, with the debugger's help"
	}
	add("fbt", "int3 in kernel code, "+how+"; "+who, engine.SlotKernelPre, engine.SlotKernelPost)
	if out[fbt].Works && !m.Config.VBS && h.Enable&kernel.EnableKD == 0 {
		out[fbt] = ProviderState{"fbt", false, "probes are listed but cannot be enabled: KeSetTracepoint returns " + engine.StatusAccessDenied.String() +
			" (needs virtualization-based security or a kernel debugger)"}
	}
	return out
}

// linePrinter writes lines until one fails.
type linePrinter struct {
	w   io.Writer
	err error
}

func (p *linePrinter) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
}

func (r *Report) print(w io.Writer) error {
	p := &linePrinter{w: w}
	p.f("simulated boot of a model of Windows (nothing here runs on Windows)")
	stage := ""
	for _, s := range r.Steps {
		if s.Stage != stage {
			stage = s.Stage
			p.f("%s", stage)
			if stage == "Phase 1" {
				r.handshake(p)
			}
		}
		mark := "  "
		if !s.OK {
			mark = "! "
		}
		p.f("  %s%s: %s", mark, s.What, s.Detail)
	}
	p.f("KiDynamicTraceEnable = %d", r.Enable)
	for _, b := range r.Bits {
		state := "clear"
		if b.Set {
			state = "set"
		}
		p.f("    bit %d %-5s  %s", b.Bit, state, b.Effect)
	}
	p.f("KiDynamicTraceMask = %d", r.Mask)
	if len(r.Context) > 0 {
		p.f("KiDynamicTraceContext at %#x", r.Published)
		for _, e := range r.Context {
			p.f("    %-28s %#x %s", e.Name, e.Value, e.Routine)
		}
	}
	p.f("providers")
	for _, s := range r.Providers {
		mark := "yes"
		if !s.Works {
			mark = "NO "
		}
		p.f("    %-8s %s  %s", s.Name, mark, s.Detail)
	}
	for _, c := range r.Calls {
		p.f("call %s", c.Call)
		p.f("    -> %s", c.Result)
		for _, l := range c.Callouts {
			p.f("    callout %s", l)
		}
		for _, n := range c.Notes {
			p.f("    %s", n)
		}
	}
	switch {
	case r.Crash != "":
		p.f("result: the simulated machine has stopped: %s", r.Crash)
	case r.Stopped == "":
		p.f("result: tracing works on the simulated machine")
	default:
		p.f("result: tracing does not work; layer that stops it: %s: %s", r.Stopped, r.Why)
	}
	return p.err
}

func (r *Report) handshake(p *linePrinter) {
	if len(r.CallStack) > 0 {
		p.f("    call stack, innermost first")
		for _, f := range r.CallStack {
			p.f("      %s", f)
		}
	}
	if len(r.Before) > 0 {
		p.f("    KiDynamicTraceCallouts  before              after")
		for i, s := range r.Before {
			a := kernel.Slot{}
			if i < len(r.After) {
				a = r.After[i]
			}
			p.f("      %d %-26s %-18s  %s %s", s.Index, s.Name, fmt.Sprintf("%#x", s.Value), fmt.Sprintf("%#x", a.Value), a.Routine)
		}
	}
}
