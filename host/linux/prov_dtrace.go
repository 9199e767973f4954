//go:build linux

package linux

import (
	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/probe"
)

// The probes of provider dtrace have these ids on every host.
const (
	idBegin probe.ID = 1
	idEnd   probe.ID = 2
	idError probe.ID = 3
)

// dtraceProvider has BEGIN, END and ERROR. The session runs the programs of the
// first two by BPF_PROG_TEST_RUN; the clauses of ERROR are part of every program
// that can fault.
type dtraceProvider struct{ static }

func newDtraceProvider() *dtraceProvider {
	stable := probe.Attr{Name: probe.Stable, Data: probe.Stable, Class: probe.ClassCommon}
	attrs := attributes(stable, attrPrivate, attrPrivate, stable, stable)
	p := &dtraceProvider{static{first: idBegin}}
	for i, name := range []string{"BEGIN", "END", "ERROR"} {
		p.list = append(p.list, probe.Probe{ID: idBegin + probe.ID(i), Provider: "dtrace", Name: name, Attrs: attrs})
	}
	return p
}

func (p *dtraceProvider) name() string { return "dtrace" }

func (p *dtraceProvider) probes(_ *probe.Desc, f func(*probe.Probe) bool) error {
	p.each(f)
	return nil
}

func (p *dtraceProvider) args(*probe.Probe) ([]check.Arg, error) { return nil, nil }

func (p *dtraceProvider) hooks(ps []*probe.Probe) ([]hook, error) {
	var hs []hook
	for _, pr := range ps {
		h := bpf.Hook{Kind: bpf.TestRun, Name: pr.Name, Probes: hookProbes([]*probe.Probe{pr}), SkipFrames: 1}
		switch pr.ID {
		case idBegin:
			h.Phase = bpf.PhaseBegin
		case idEnd:
			h.Phase = bpf.PhaseEnd
		case idError:
			continue
		}
		hs = append(hs, hook{Hook: h})
	}
	return hs, nil
}

func (p *dtraceProvider) features() []host.Feature {
	return []host.Feature{testRunFeature("dtrace")}
}
