package engine

import (
	"fmt"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// SymbolServer tells the kernel's providers the names of things. Windows has
// its user-mode consumer do that, from PDB files.
type SymbolServer interface {
	// Services lists the system services, in the order of their numbers.
	Services() []ServiceSymbol
	// Functions lists the functions of the kernel (process 0) or of a process,
	// module by module, by address.
	Functions(process uint64) []FunctionSymbol
	// Processes lists the processes whose functions may be traced.
	Processes() []ProcessSymbol
	// EventProviders lists the ETW providers that are known by name.
	EventProviders() []GUID
}

// ServiceSymbol is one system service.
type ServiceSymbol struct {
	Name string // NtCreateFile
	Args int
}

// FunctionSymbol is one function of an image.
type FunctionSymbol struct {
	Module, Name string
	Addr, Size   uint64
	// Instrs are the offsets of its instructions, Returns of those that return.
	// A function without Returns has no return probe.
	Instrs, Returns []uint64
	// Leaf functions have no entry probe: they have no frame.
	Leaf bool
}

// ProcessSymbol is one process.
type ProcessSymbol struct {
	PID     uint32
	Process uint64 // address of its EPROCESS
}

// service is a syscall probe.
type service struct {
	p     *probe.Probe
	name  string // without Nt
	entry bool
}

var ntAttrs = func() *probe.Attrs {
	evolving := probe.Attr{Name: probe.Evolving, Data: probe.Evolving, Class: probe.ClassCommon}
	private := probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassUnknown}
	return &probe.Attrs{Provider: evolving, Module: private, Function: private, Name: evolving, Args: private}
}()

// AddProviders registers syscall, fbt, etw, and pid for each process, as far as
// the kernel has slots for them; before the handshake, all that the engine is
// built for. Probes enabled before the handshake wait for Arm.
func (s *System) AddProviders() error {
	s.mu.Lock()
	done := s.listed
	s.listed = true
	s.mu.Unlock()
	if done || s.cfg.Symbols == nil {
		return nil
	}
	may := func(slots ...int) bool {
		for _, i := range slots {
			if i >= s.cfg.Slots || s.callouts != nil && !s.has(i) {
				return false
			}
		}
		return true
	}
	if may(SlotServiceEntry, SlotServiceExit) {
		if err := s.addSyscall(); err != nil {
			return err
		}
	}
	if may(SlotKernelPre, SlotKernelPost) {
		if err := s.addFbt(); err != nil {
			return err
		}
	}
	if may(SlotEvent) {
		if err := s.addEtw(); err != nil {
			return err
		}
	}
	if may(SlotUserPre, SlotUserPost) {
		for _, p := range s.cfg.Symbols.Processes() {
			if err := s.addPid(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *System) addSyscall() error {
	prov, err := s.e.AddProvider(ProviderSpec{Name: "syscall", Attrs: ntAttrs, Enable: s.stpEnable, Disable: s.stpDisable})
	if err != nil {
		return err
	}
	s.syscall = prov
	for _, sv := range s.cfg.Symbols.Services() {
		for _, entry := range []bool{true, false} {
			name := "return"
			if entry {
				name = "entry"
			}
			key := uint64(len(s.byKey) + 1)
			p, err := prov.Create("", sv.Name, name, key)
			if err != nil {
				return err
			}
			bare := sv.Name
			if len(bare) > 2 {
				bare = bare[2:]
			}
			s.byKey[uint64(p.ID)] = &service{p: p, name: bare, entry: entry}
		}
	}
	return nil
}

func (s *System) stpSet(p *probe.Probe, on bool) NTStatus {
	sv := s.byKey[uint64(p.ID)]
	var cb *Callout
	if on {
		cb = s.own[SlotServiceExit]
		if sv.entry {
			cb = s.own[SlotServiceEntry]
		}
	}
	return s.TraceSystemApi.KeSetSystemServiceCallback(sv.name, sv.entry, cb, uint64(p.ID))
}

func (s *System) stpEnable(p *probe.Probe) error {
	return s.whenJoined(func() error {
		if !s.has(SlotServiceEntry) || !s.has(SlotServiceExit) {
			return fmt.Errorf("%s: this kernel has no slots for system services", p)
		}
		if st := s.stpSet(p, true); !st.OK() {
			return fmt.Errorf("KeSetSystemServiceCallback %s: %w", s.byKey[uint64(p.ID)].name, st)
		}
		return nil
	})
}

func (s *System) stpDisable(p *probe.Probe) {
	if s.Joined() {
		s.stpSet(p, false)
	}
}

func (s *System) stpCallbackEntry(cur *Current, _, probeID uint64, argc uint32, reg, stack []uint64) {
	var f vm.Firing
	n := copy(f.Args[:], reg[:min(int(argc), len(reg))])
	copy(f.Args[n:], stack)
	s.fire(cur, probe.ID(probeID), &f)
}

func (s *System) stpCallbackReturn(cur *Current, _, probeID uint64, _ uint32, reg, _ []uint64) {
	var f vm.Firing
	f.Args[0], f.Args[1] = reg[0], reg[0]
	s.fire(cur, probe.ID(probeID), &f)
}
