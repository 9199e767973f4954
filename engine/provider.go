package engine

import (
	"fmt"

	"github.com/godtrace/godtrace/probe"
)

// ProviderSpec describes a provider. Its functions may be nil; they are called
// without locks held, and never two of one provider at the same time by one
// session.
type ProviderSpec struct {
	Name string
	// Attrs are the stability attributes of its probes; nil for the lowest.
	Attrs *probe.Attrs
	// Needs are the privileges without which a session does not see its probes.
	Needs Privileges
	// Provide makes the probes that exist on demand and that d may match, with
	// Create. The error says why the provider cannot serve d.
	Provide func(d probe.Desc) error
	// Enable arms a probe that nobody had enabled, Disable disarms one that
	// nobody has enabled any more.
	Enable  func(p *probe.Probe) error
	Disable func(p *probe.Probe)
}

// Provider is a registered provider.
type Provider struct {
	e    *Engine
	spec ProviderSpec
}

var lowest = &probe.Attrs{}

// Limits on the parts of probe names, as DTrace has them, in bytes and without
// a NUL.
const (
	MaxProviderName = 63
	MaxModuleName   = 63
	MaxFunctionName = 191
	MaxProbeName    = 63
)

// AddProvider registers a provider.
func (e *Engine) AddProvider(spec ProviderSpec) (*Provider, error) {
	if spec.Name == "" || len(spec.Name) > MaxProviderName {
		return nil, fmt.Errorf("engine: provider name %q has %d bytes, want 1 to %d", spec.Name, len(spec.Name), MaxProviderName)
	}
	if spec.Attrs == nil {
		spec.Attrs = lowest
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.providers {
		if p.spec.Name == spec.Name {
			return nil, fmt.Errorf("engine: provider %s is registered already", spec.Name)
		}
	}
	p := &Provider{e: e, spec: spec}
	e.providers = append(e.providers, p)
	return p, nil
}

// Name returns the provider's name.
func (p *Provider) Name() string { return p.spec.Name }

// Lookup returns a probe of the provider by its full name, nil if there is none.
func (p *Provider) Lookup(module, function, name string) *probe.Probe {
	p.e.mu.Lock()
	defer p.e.mu.Unlock()
	id, ok := p.e.byName[p.spec.Name+":"+module+":"+function+":"+name]
	if !ok {
		return nil
	}
	return p.e.ProbeByID(id)
}

// Create adds a probe, or returns the one of that name. Module and function
// names that are too long are cut, as DTrace does; key is the host's handle. An
// anonymous enabling that describes the probe takes it in at once.
func (p *Provider) Create(module, function, name string, key uint64) (*probe.Probe, error) {
	if name == "" || len(name) > MaxProbeName {
		return nil, fmt.Errorf("engine: probe name %q has %d bytes, want 1 to %d", name, len(name), MaxProbeName)
	}
	module, function = cut(module, MaxModuleName), cut(function, MaxFunctionName)
	e := p.e
	pr := &probe.Probe{Provider: p.spec.Name, Module: module, Function: function, Name: name, Attrs: p.spec.Attrs, Key: key}
	full := pr.String()
	e.mu.Lock()
	if id, ok := e.byName[full]; ok {
		slots := *e.slots.Load()
		slots[id].retired = false
		e.mu.Unlock()
		return slots[id].p, nil
	}
	slots := *e.slots.Load()
	pr.ID = probe.ID(len(slots))
	slots = append(slots, &slot{p: pr, prov: p})
	e.slots.Store(&slots)
	e.byName[full] = pr.ID
	e.byFunc[function] = append(e.byFunc[function], pr.ID)
	anon := e.anonymous
	e.mu.Unlock()
	if anon != nil {
		if err := anon.enableLate(pr); err != nil {
			return pr, err
		}
	}
	return pr, nil
}

// Retire hides a probe whose code is gone: it matches no longer and does not
// fire. Its id stays taken; creating a probe of the same name brings it back.
func (p *Provider) Retire(id probe.ID) {
	p.e.mu.Lock()
	defer p.e.mu.Unlock()
	if slots := *p.e.slots.Load(); uint64(id) < uint64(len(slots)) && id != 0 && slots[id].prov == p {
		slots[id].retired = true
		slots[id].enabled.Store(nil)
	}
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// enable adds a session's clauses to a probe and arms it if it was idle.
func (e *Engine) enable(id probe.ID, en *enabling) error {
	e.mu.Lock()
	slots := *e.slots.Load()
	if id == 0 || uint64(id) >= uint64(len(slots)) {
		e.mu.Unlock()
		return fmt.Errorf("engine: no probe with id %d, the last one is %d", id, len(slots)-1)
	}
	sl := slots[id]
	var list []*enabling
	if old := sl.enabled.Load(); old != nil {
		list = append(list, *old...)
	}
	first := len(list) == 0
	list = append(list, en)
	sl.enabled.Store(&list)
	e.mu.Unlock()
	if first && sl.prov.spec.Enable != nil {
		if err := sl.prov.spec.Enable(sl.p); err != nil {
			e.disable(id, en.s, false)
			return fmt.Errorf("enable %s: %w", sl.p, err)
		}
	}
	return nil
}

// disable takes a session's clauses off a probe, and disarms it if nobody else
// is interested.
func (e *Engine) disable(id probe.ID, s *Session, disarm bool) {
	e.mu.Lock()
	sl := (*e.slots.Load())[id]
	old := sl.enabled.Load()
	if old == nil {
		e.mu.Unlock()
		return
	}
	var list []*enabling
	for _, en := range *old {
		if en.s != s {
			list = append(list, en)
		}
	}
	gone := len(list) == 0
	if gone {
		sl.enabled.Store(nil)
	} else {
		sl.enabled.Store(&list)
	}
	e.mu.Unlock()
	if gone && disarm && sl.prov.spec.Disable != nil {
		sl.prov.spec.Disable(sl.p)
	}
}
