//go:build linux

package linux

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/linux/btf"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/symbol"
)

// Host is the running Linux kernel. It implements host.Host.
type Host struct {
	set       *ctype.Set
	providers []provider

	btf        *btf.Spec
	btfErr     error
	mods       []*btf.Spec
	modsLoaded bool

	ksyms    *symbol.Kallsyms
	ksymsErr error
	users    *symbol.Processes

	lacksCache map[bpf.Feature]bool
}

var _ host.Host = (*Host)(nil)

// The ids of probes. The system calls and the usual rates fit below
// idTracepoints, so that a probe's id does not depend on what else was asked for.
const (
	idTracepoints probe.ID = 1001
	idBeyond      probe.ID = 1 << 20
)

// HasProcess reports whether pid is a process that has an executable, as threads of
// the kernel have not, and is not the first one, which nothing may stop.
func (h *Host) HasProcess(pid int) bool {
	_, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return pid > 1 && err == nil
}

// New opens the host. It loads nothing yet and needs no privileges: those are
// asked for by what needs them.
func New() (*Host, error) {
	switch runtime.GOARCH {
	case "amd64", "arm64":
	default:
		return nil, fmt.Errorf("tracing on %s is %w: amd64 and arm64 are", runtime.GOARCH, host.ErrNotSupported)
	}
	h := &Host{users: symbol.NewProcesses()}
	h.set = ctype.NewSet(h.Model())
	sys := newSyscallProvider(h, idError+1)
	_, end := sys.ids()
	tps := &tracepoints{h: h}
	h.providers = []provider{
		newDtraceProvider(),
		sys,
		newProfileProvider(h, end, idTracepoints, idBeyond),
		newTracepointProvider("sdt", tps, idTracepoints, false),
		newTracepointProvider("rawtp", tps, idTracepoints, true),
	}
	return h, nil
}

// Name returns "linux".
func (h *Host) Name() string { return "linux" }

// Model returns LP64: both supported architectures are 64-bit.
func (h *Host) Model() ctype.Model { return ctype.LP64 }

// Probes calls f for each probe that d matches.
func (h *Host) Probes(d probe.Desc, f func(*probe.Probe) bool) error {
	more := true
	for _, p := range h.providers {
		if d.ID == 0 && !probe.Glob(d.Provider, p.name()) {
			continue
		}
		dd := d // a provider may rewrite it: names have aliases
		err := p.probes(&dd, func(pr *probe.Probe) bool {
			if dd.Match(pr) {
				more = f(pr)
			}
			return more
		})
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	return nil
}

// ProbeByID returns a probe that Probes has listed.
func (h *Host) ProbeByID(id probe.ID) *probe.Probe {
	for _, p := range h.providers {
		if pr := p.byID(id); pr != nil {
			return pr
		}
	}
	return nil
}

func (h *Host) provider(name string) provider {
	for _, p := range h.providers {
		if p.name() == name {
			return p
		}
	}
	return nil
}

// Args returns the typed arguments of a probe.
func (h *Host) Args(pr *probe.Probe) ([]check.Arg, error) {
	p := h.provider(pr.Provider)
	if p == nil {
		return nil, fmt.Errorf("probe %s: there is no provider %s", pr, pr.Provider)
	}
	return p.args(pr)
}

// kallsyms loads the kernel's symbols at the first call.
func (h *Host) kallsyms() (*symbol.Kallsyms, error) {
	if h.ksyms == nil && h.ksymsErr == nil {
		f, err := os.Open("/proc/kallsyms")
		if err != nil {
			h.ksymsErr = fmt.Errorf("kernel symbols: %w", err)
			return nil, h.ksymsErr
		}
		defer f.Close()
		h.ksyms, h.ksymsErr = symbol.ReadKallsyms(f)
	}
	return h.ksyms, h.ksymsErr
}

// resolver resolves addresses of this host.
type resolver struct{ h *Host }

// Symbols resolves addresses for output. The kernel's table is loaded when the
// first kernel address is asked for.
func (h *Host) Symbols() symbol.Resolver { return resolver{h} }

func (r resolver) Kernel(addr uint64) (symbol.Sym, bool) {
	k, err := r.h.kallsyms()
	if err != nil {
		return symbol.Sym{}, false // the address is printed as a number
	}
	return k.Kernel(addr)
}

func (r resolver) User(pid uint32, addr uint64) (symbol.Sym, bool) { return r.h.users.User(pid, addr) }

// NoteProcess looks at a process's mappings now, so that its addresses resolve
// after it has ended.
func (h *Host) NoteProcess(pid uint32) { h.users.Note(pid) }

// Supports reports whether programs here can execute op.
func (h *Host) Supports(op ir.Op, sub uint8) error { return h.supports(op, sub) }

// Close releases what was loaded. Types the host has given out must not be used
// any more.
func (h *Host) Close() error {
	for _, s := range h.mods {
		s.Close()
	}
	h.mods, h.modsLoaded = nil, false
	if h.btf == nil {
		return nil
	}
	err := h.btf.Close()
	h.btf = nil
	return err
}

// joinWords lists words in a sentence.
func joinWords(w []string) string {
	switch len(w) {
	case 0:
		return ""
	case 1:
		return w[0]
	}
	return strings.Join(w[:len(w)-1], ", ") + " and " + w[len(w)-1]
}
