package nt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/pe"
	"github.com/godtrace/godtrace/format/regf"
	"github.com/godtrace/godtrace/host/nt/kernel"
)

// Layers at which a boot with tracing can end, as dtrace doctor --windows names
// them, and the engine itself.
const (
	LayerSwitch = "switch"
	LayerSchema = "schema"
	LayerFile   = "file"
	LayerBuild  = "build"
	LayerEngine = "engine"
)

// BootConfig says what is on the disk and what machine boots it. The zero value
// boots made-up files with the switch off.
type BootConfig struct {
	// Store is the path of a BCD store, Entry the entry to boot (the default one
	// if empty). Without Store one is made up, in which Switch says whether
	// dtrace is on.
	Store, Entry string
	Switch       bool
	// Windows is a directory with a Windows volume, from which SYSTEM hive,
	// schema extensions, dtrace.sys and ntoskrnl.exe are taken. Without it they
	// are made up; NoSchema, NoDriver and NoService leave one out.
	Windows                       string
	NoSchema, NoDriver, NoService bool
	// KD and VBS force a debugger and virtualization-based security on; without
	// them the store and the SYSTEM hive decide.
	KD, VBS bool
	// Build is the kernel's build; 0 takes that of the file, or 19041.
	Build uint32
	CPUs  int
	// BootTime is ns since 1970; 0 is the model's.
	BootTime int64
	// KernelSlots and EngineSlots override the number of callout slots.
	KernelSlots, EngineSlots int
	// EngineStatus, if not 0, is what a failing engine returns.
	EngineStatus engine.NTStatus
	// Init replaces the engine's entry point, for tests and consoles.
	Init engine.TraceInitSystemFunc
	// Prepare, if not nil, is called between Phase 0 and Phase 1 with the
	// machine, and gives the engine's entry point.
	Prepare func(*kernel.Machine) (engine.TraceInitSystemFunc, error)
	// Joined, if not nil, is called when TraceInitSystem has returned and the
	// kernel has drawn its conclusions, still on the thread of Phase 1.
	Joined func() error
}

// Step is one thing that happened during boot.
type Step struct {
	Stage  string `json:"stage"` // boot manager, loader, Phase 0, Phase 1, service
	What   string `json:"what"`
	Detail string `json:"detail"`
	OK     bool   `json:"ok"`
}

// Boot is a boot that was simulated.
type Boot struct {
	Steps []Step
	// Stopped is the layer that keeps tracing from working, "" if none does; Why
	// says what was found there.
	Stopped, Why string
	Handshake    *kernel.Handshake
	Machine      *kernel.Machine
	// Device is set if the driver's service has made \Device\DTrace.
	Device bool

	cfg       BootConfig
	store     *bcd.Store
	entry     bcd.Object
	files     files
	kd, vbs   bool
	enabled   bool
	host      string // image that the schema gives the trace contract
	driver    []byte
	kernelImg []byte
	resolved  bool
	service   bool
}

func (b *Boot) step(stage, what string, ok bool, format string, args ...any) {
	b.Steps = append(b.Steps, Step{stage, what, fmt.Sprintf(format, args...), ok})
}

// stop names the first layer that fails.
func (b *Boot) stop(layer, format string, args ...any) {
	if b.Stopped == "" {
		b.Stopped, b.Why = layer, fmt.Sprintf(format, args...)
	}
}

// Run boots. The error says why a file could not be read or a setting is
// impossible; a boot without tracing is no error.
func Run(cfg BootConfig) (*Boot, error) {
	b := &Boot{cfg: cfg}
	if err := b.bootManager(); err != nil {
		return nil, err
	}
	if err := b.loader(); err != nil {
		return nil, err
	}
	if err := b.phase0(); err != nil {
		return nil, err
	}
	return b, b.phase1()
}

// bootManager reads the store and chooses the entry.
func (b *Boot) bootManager() error {
	const stage = "boot manager"
	var h *regf.Hive
	if b.cfg.Store != "" {
		l, err := regf.Load(regf.OS{}, b.cfg.Store)
		if err != nil {
			return err
		}
		if l.Err != nil {
			return l.Err
		}
		h = l.Hive
		b.step(stage, "store", true, "%s", b.cfg.Store)
	} else {
		img, err := madeUpStore(b.cfg.Switch)
		if err != nil {
			return err
		}
		if h, err = regf.Parse(img); err != nil {
			return err
		}
		b.step(stage, "store", true, "made up in memory, %d bytes", len(img))
	}
	for _, p := range h.Check() {
		if p.Fatal {
			return fmt.Errorf("BCD store: damaged hive: %s", p)
		}
	}
	s, err := bcd.Open(h)
	if err != nil {
		return fmt.Errorf("BCD store: %w", err)
	}
	b.store = s
	if b.cfg.Entry == "" || b.cfg.Entry == "default" {
		b.entry, err = s.Default()
	} else {
		var list []bcd.Object
		if list, err = s.Find(b.cfg.Entry); err == nil {
			if len(list) != 1 {
				return fmt.Errorf("entry %s: %d entries, want one", b.cfg.Entry, len(list))
			}
			b.entry = list[0]
		}
	}
	if err != nil {
		return fmt.Errorf("BCD store: %w", err)
	}
	if bcd.DtraceEnabled.Name(b.entry.Type) != "dtrace" || b.entry.Type.Class() != 1 {
		return fmt.Errorf("BCD store: entry %s has type %08x, want an OS loader (%08x)", b.entry.ID, uint32(b.entry.Type), uint32(bcd.TypeOSLoader))
	}
	b.step(stage, "entry", true, "%s%s", s.Show(b.entry.ID), b.optionText(bcd.Description, " %q"))
	return nil
}

func (b *Boot) optionText(t bcd.ElementType, format string) string {
	f, err := b.store.Effective(b.entry, t)
	if err != nil {
		return ""
	}
	s, err := f.Element.Text()
	if err != nil {
		return ""
	}
	return fmt.Sprintf(format, s)
}

// boolean reads a boolean option along the inherit chain.
func (b *Boot) boolean(t bcd.ElementType) (on, set bool, where string, err error) {
	f, err := b.store.Effective(b.entry, t)
	var chain []string
	for _, g := range f.Chain {
		chain = append(chain, b.store.Show(g))
	}
	where = strings.Join(chain, " -> ")
	if errors.Is(err, regf.ErrNotFound) {
		return false, false, where, nil
	}
	if err != nil {
		return false, false, where, err
	}
	on, err = f.Element.Bool()
	return on, true, where, err
}

func (b *Boot) integer(t bcd.ElementType) (uint64, bool) {
	f, err := b.store.Effective(b.entry, t)
	if err != nil {
		return 0, false
	}
	n, err := f.Element.Int()
	return n, err == nil
}

// loader applies the options, loads the images and binds the kernel's import.
func (b *Boot) loader() error {
	const stage = "loader"
	on, set, where, err := b.boolean(bcd.DtraceEnabled)
	name := fmt.Sprintf("dtrace (0x%08X)", uint32(bcd.DtraceEnabled))
	switch {
	case err != nil:
		b.step(stage, name, false, "%v", err)
		b.stop(LayerSwitch, "element dtrace cannot be read: %v", err)
	case !set:
		b.step(stage, name, false, "not set; looked in %s", where)
		b.stop(LayerSwitch, "dtrace is not set in the boot entry")
	case !on:
		b.step(stage, name, false, "No, in %s", where)
		b.stop(LayerSwitch, "dtrace is off in the boot entry")
	default:
		b.step(stage, name, true, "Yes, in %s", where)
		b.enabled = true
	}
	if b.files, err = openFiles(b.cfg); err != nil {
		return err
	}
	b.debugger(stage)
	b.security(stage)
	b.schema(stage)
	b.images(stage)
	b.bind(stage)
	return nil
}

func (b *Boot) debugger(stage string) {
	on, set, where, err := b.boolean(bcd.KernelDebug)
	b.kd = b.cfg.KD || on && err == nil
	switch {
	case b.cfg.KD:
		b.step(stage, "kernel debugger", true, "attached (forced)")
	case set && on:
		b.step(stage, "kernel debugger", true, "debug is Yes, in %s; taken for attached", where)
	default:
		b.step(stage, "kernel debugger", true, "none")
	}
}

func (b *Boot) security(stage string) {
	why := ""
	b.vbs, why = b.files.vbs()
	if n, ok := b.integer(bcd.HypervisorLaunchType); ok && n == 0 && b.vbs {
		b.vbs, why = false, "hypervisorlaunchtype is Off"
	}
	if n, ok := b.integer(bcd.VSMLaunchType); ok && n == 0 && b.vbs {
		b.vbs, why = false, "vsmlaunchtype is Off"
	}
	if b.cfg.VBS {
		b.vbs, why = true, "forced"
	}
	state := "off"
	if b.vbs {
		state = "on"
	}
	b.step(stage, "VBS", true, "%s (%s)", state, why)
}

// schema finds the image that implements the trace contract.
func (b *Boot) schema(stage string) {
	host, from, err := b.files.traceHost()
	if err != nil {
		b.step(stage, "API-set schema extension", false, "%v", err)
		b.stop(LayerSchema, "%v", err)
		return
	}
	b.host = host
	b.step(stage, "API-set schema extension", true, "%s gives %s the host %s", from, pe.TraceContract, host)
}

// images loads and checks the kernel and the engine's image.
func (b *Boot) images(stage string) {
	img, from, err := b.files.kernel()
	build := b.cfg.Build
	switch {
	case err != nil:
		b.step(stage, "ntoskrnl.exe", false, "%v", err)
	default:
		b.kernelImg = img
		if f, err := pe.Parse(img); err == nil {
			if v, err := f.FileVersion(); err == nil {
				if build == 0 {
					build = uint32(v.Build)
				}
				from += " version " + v.String()
			}
		}
		b.step(stage, "ntoskrnl.exe", true, "%s", from)
	}
	if build == 0 {
		build = 19041
	}
	b.cfg.Build = build
	if b.host == "" {
		return
	}
	img, from, err = b.files.driver(b.host)
	if err == nil {
		err = checkDriver(img)
	}
	if err != nil {
		b.step(stage, b.host, false, "%v", err)
		b.stop(LayerFile, "%v", err)
		return
	}
	b.driver = img
	b.step(stage, b.host, true, "%s: machine, subsystem and export TraceInitSystem are right; signatures are not checked by the model", from)
}

// checkDriver looks at what the loader needs of the image.
func checkDriver(img []byte) error {
	f, err := pe.Parse(img)
	if err != nil {
		return err
	}
	if f.Machine != pe.MachineAMD64 {
		return fmt.Errorf("image is for machine %#x, the model has %#x", f.Machine, pe.MachineAMD64)
	}
	if f.Subsystem != pe.SubsystemNative {
		return fmt.Errorf("image has subsystem %d, want %d (driver)", f.Subsystem, pe.SubsystemNative)
	}
	names, err := f.Exports()
	if err != nil {
		return err
	}
	for _, n := range names {
		if n == "TraceInitSystem" {
			return nil
		}
	}
	return errors.New("image does not export TraceInitSystem, which the kernel imports")
}

// bind resolves ntoskrnl's one import from the contract.
func (b *Boot) bind(stage string) {
	what := "import " + pe.TraceContract + "!TraceInitSystem"
	switch {
	case !b.enabled:
		b.step(stage, what, false, "not resolved: without the boot option the contract has no host")
	case b.host == "":
		b.step(stage, what, false, "not resolved: no schema gives the contract a host")
	case b.driver == nil:
		b.step(stage, what, false, "not resolved: %s was not loaded", b.host)
	default:
		b.resolved = true
		b.step(stage, what, true, "bound to %s!TraceInitSystem", b.host)
	}
}

// phase0 makes the machine.
func (b *Boot) phase0() error {
	cfg := kernel.Config{Build: b.cfg.Build, CPUs: b.cfg.CPUs, KernelDebugger: b.kd, VBS: b.vbs, Slots: b.cfg.KernelSlots, Boot: b.cfg.BootTime}
	if b.files.real() && b.kernelImg != nil {
		cfg.KernelImage = b.kernelImg
	}
	m, err := kernel.New(cfg)
	if err != nil {
		return err
	}
	b.Machine = m
	m.Now = bootNanos
	if b.resolved {
		var img []byte
		if b.files.real() {
			img = b.driver
		}
		if _, err := m.LoadEngine(img); err != nil {
			return err
		}
	}
	b.step("Phase 0", "kernel", true, "build %d, %d CPU(s), %d system services, %d system images", m.Config.Build, len(m.CPUs), len(m.Services), len(m.Images))
	return nil
}

// bootNanos is when Phase 1 begins, in ns after the machine was switched on.
const bootNanos = 1_500_000_000

// phase1 is the handshake, and what stands when it is over.
func (b *Boot) phase1() error {
	const stage = "Phase 1"
	m := b.Machine
	init := b.cfg.Init
	if b.cfg.Prepare != nil {
		var err error
		if init, err = b.cfg.Prepare(m); err != nil {
			return err
		}
	}
	if init == nil {
		e := engine.New(engine.Config{CPUs: len(m.CPUs), Clock: func() uint64 { return m.Now }, Wall: m.Wall})
		init = e.NewSystem(m, engine.SystemConfig{Slots: b.cfg.EngineSlots, Status: b.cfg.EngineStatus}).TraceInitSystem
	}
	if !b.resolved {
		init = nil
	}
	if _, err := m.StartPhase1(); err != nil {
		return err
	}
	h := m.KiInitDynamicTraceSupport(init)
	b.Handshake = h
	if b.cfg.Joined != nil {
		if err := b.cfg.Joined(); err != nil {
			return err
		}
	}
	if err := m.LeaveDynamicTraceSupport(uint64(h.Status)); err != nil {
		return err
	}
	switch {
	case !h.Called:
		b.step(stage, "KiInitDynamicTraceSupport", false, "%s", h.Why)
		b.stop(LayerBuild, "%s", h.Why)
	case !h.Status.OK():
		why := h.Status.String()
		if h.Why != "" {
			why += ": " + h.Why
		}
		b.step(stage, "TraceInitSystem", false, "%s; KiDynamicTraceEnable stays 0, KiDynamicTraceContext is not published", why)
		b.stop(LayerEngine, "TraceInitSystem returned %s", why)
	default:
		b.step(stage, "TraceInitSystem", true, "%s, interface of %s", h.Status, m.Layout.Name)
		b.step(stage, "KiDynamicTraceContext", true, "published at %#x through dtrace!TraceSystemApi (%#x)", h.Context, h.API)
		b.step(stage, "TraceAccessMemory", true, "function entry [%#x, %#x) recorded", h.AccessBegin, h.AccessEnd)
		b.step(stage, "KiDynamicTraceEnable", true, "%d", h.Enable)
	}
	b.service, _ = b.files.service()
	b.Device = b.service && b.driver != nil
	switch {
	case b.Device && b.Stopped == "":
		b.step("service", "dtrace", true, `the driver makes \Device\DTrace`)
	case b.Device:
		b.step("service", "dtrace", false, `the driver makes \Device\DTrace, but without the kernel only 3 probes exist: BEGIN, END, ERROR`)
	default:
		b.step("service", "dtrace", false, `no \Device\DTrace: the driver's service cannot start; the command line tool finds no device`)
	}
	return nil
}

// files is where the loader's files come from.
type files interface {
	real() bool
	traceHost() (host, from string, err error)
	kernel() (img []byte, from string, err error)
	driver(name string) (img []byte, from string, err error)
	service() (ok bool, why string)
	vbs() (on bool, why string)
}

func openFiles(cfg BootConfig) (files, error) {
	if cfg.Windows == "" {
		return newMadeUp(cfg)
	}
	st, err := os.Stat(cfg.Windows)
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return nil, fmt.Errorf("%s: not a directory", cfg.Windows)
	}
	return newVolume(cfg.Windows)
}

// find looks up a path on a volume without regard to case.
func find(root, path string) (string, error) {
	at := root
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '\\' || r == '/' }) {
		if name == "." || name == ".." {
			return "", fmt.Errorf("path %q: component %q is not allowed", path, name)
		}
		list, err := os.ReadDir(at)
		if err != nil {
			return "", err
		}
		next := ""
		for _, e := range list {
			if strings.EqualFold(e.Name(), name) {
				next = filepath.Join(at, e.Name())
				break
			}
		}
		if next == "" {
			return "", fmt.Errorf("%s: %w", filepath.Join(at, name), os.ErrNotExist)
		}
		at = next
	}
	return at, nil
}
