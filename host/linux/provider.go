//go:build linux

package linux

import (
	"slices"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/probe"
)

// provider is one provider of probes. Its methods are called by one goroutine.
type provider interface {
	name() string
	// ids returns the range of ids that the provider has given out, [first, end);
	// it may be empty. It does not load anything.
	ids() (first, end probe.ID)
	// probes calls f for each probe that d may match, in ascending order of ids,
	// until f returns false; the caller filters. d's provider pattern matches
	// already. It makes probes that exist on demand.
	probes(d *probe.Desc, f func(*probe.Probe) bool) error
	// byID returns a probe in the range of ids, nil if there is none.
	byID(id probe.ID) *probe.Probe
	// args returns the typed arguments of a probe.
	args(p *probe.Probe) ([]check.Arg, error)
	// hooks returns what must be attached for the given probes (ascending ids).
	hooks(ps []*probe.Probe) ([]hook, error)
	// features reports what works.
	features() []host.Feature
}

// hook is an attachment: what the code generator needs to know, and how the
// host attaches the program it makes. attach is nil for programs that the
// session runs itself (BEGIN, END).
type hook struct {
	bpf.Hook
	attach func(s *Session, prog *program) (closer, error)
}

// closer detaches something.
type closer interface{ Close() error }

// static is the common part of providers with a fixed list of probes.
type static struct {
	first probe.ID
	list  []probe.Probe
}

func (s *static) ids() (probe.ID, probe.ID) { return s.first, s.first + probe.ID(len(s.list)) }

func (s *static) byID(id probe.ID) *probe.Probe {
	if id < s.first || id >= s.first+probe.ID(len(s.list)) {
		return nil
	}
	return &s.list[id-s.first]
}

func (s *static) each(f func(*probe.Probe) bool) {
	for i := range s.list {
		if !f(&s.list[i]) {
			return
		}
	}
}

// attributes makes the stability attributes of a provider's parts from the
// words of DTrace's manuals: provider, module, function, name, arguments.
func attributes(text ...probe.Attr) *probe.Attrs {
	return &probe.Attrs{Provider: text[0], Module: text[1], Function: text[2], Name: text[3], Args: text[4]}
}

var attrPrivate = probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassUnknown}

// hookProbes lists probes for a bpf.Hook, with their keys.
func hookProbes(ps []*probe.Probe) []bpf.HookProbe {
	hp := make([]bpf.HookProbe, len(ps))
	for i, p := range ps {
		hp[i] = bpf.HookProbe{ID: p.ID, Key: p.Key}
	}
	return hp
}

// byName sorts probes' ids and drops repeats.
func sortedIDs(ids []probe.ID) []probe.ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
