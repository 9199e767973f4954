package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// MinPeriod is the shortest time between two firings of a profile or tick
// probe, as in DTrace.
const MinPeriod = 200 * time.Microsecond

// rateUnits are the suffixes of rates; those of zero length are hertz.
var rateUnits = map[string]time.Duration{
	"": 0, "hz": 0,
	"ns": time.Nanosecond, "nsec": time.Nanosecond,
	"us": time.Microsecond, "usec": time.Microsecond,
	"ms": time.Millisecond, "msec": time.Millisecond,
	"s": time.Second, "sec": time.Second,
	"m": time.Minute, "min": time.Minute,
	"h": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour,
}

// ParseRate reads the name of a profile or tick probe: profile-97,
// tick-10ms. ok is false if it is none; err says why a rate is refused.
func ParseRate(name string) (period time.Duration, tick, ok bool, err error) {
	rate, isProfile := strings.CutPrefix(name, "profile-")
	if !isProfile {
		if rate, tick = strings.CutPrefix(name, "tick-"); !tick {
			return 0, false, false, nil
		}
	}
	digits := 0
	for digits < len(rate) && rate[digits]-'0' < 10 {
		digits++
	}
	unit, known := rateUnits[strings.ToLower(rate[digits:])]
	n, e := strconv.ParseInt(rate[:digits], 10, 64)
	switch {
	case !known || e != nil || n <= 0:
		return 0, tick, false, nil
	case unit == 0:
		period = time.Second / time.Duration(n)
	case n > math.MaxInt64/2/int64(unit):
		return 0, tick, true, diag.Errorf(diag.Pos{}, diag.D_PDESC_ZERO, "probe description profile:::%s does not match any probes: the period exceeds %v", name, time.Duration(math.MaxInt64/2))
	default:
		period = time.Duration(n) * unit
	}
	if period < MinPeriod {
		return 0, tick, true, diag.Errorf(diag.Pos{}, diag.D_PDESC_ZERO, "probe description profile:::%s does not match any probes: the period is %v, want at least %v (5000 hz)", name, period, MinPeriod)
	}
	return period, tick, true, nil
}

// The probes that listings show; others are made when they are named.
var listedRates = []string{
	"profile-97", "profile-199", "profile-499", "profile-997", "profile-1999", "profile-4001", "profile-4999",
	"tick-1", "tick-10", "tick-100", "tick-500", "tick-1000", "tick-5000",
}

// maxRates bounds the probes made on demand.
const maxRates = 4096

// Timers is the profile provider of an engine: profile-N, which fires on every
// CPU, and tick-N, which fires on one. It keeps what is due when; the host's
// clock, running or made up, calls Run.
type Timers struct {
	e    *Engine
	prov *Provider

	mu      sync.Mutex // guards what follows
	rates   map[probe.ID]rate
	armed   []timer
	changed chan struct{}
}

type rate struct {
	period uint64
	tick   bool
}

// timer is an armed probe. What is due at the same time fires in order of id.
type timer struct {
	id  probe.ID
	due uint64
	rate
}

// AddTimers registers the profile provider.
func (e *Engine) AddTimers() (*Timers, error) {
	t := &Timers{e: e, rates: map[probe.ID]rate{}, changed: make(chan struct{}, 1)}
	evolving := probe.Attr{Name: probe.Evolving, Data: probe.Evolving, Class: probe.ClassCommon}
	unstable := probe.Attr{Name: probe.Unstable, Data: probe.Unstable, Class: probe.ClassCommon}
	private := probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassUnknown}
	prov, err := e.AddProvider(ProviderSpec{
		Name:    "profile",
		Attrs:   &probe.Attrs{Provider: evolving, Module: unstable, Function: private, Name: evolving, Args: evolving},
		Provide: t.provide, Enable: t.enable, Disable: t.disable,
	})
	if err != nil {
		return nil, err
	}
	t.prov = prov
	for _, name := range listedRates {
		if err := t.make(name); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Timers) provide(d probe.Desc) error {
	if probe.IsGlob(d.Name) || !probe.Glob(d.Module, "") || !probe.Glob(d.Function, "") {
		return nil
	}
	return t.make(d.Name)
}

// make creates the probe of a rate, if name is one.
func (t *Timers) make(name string) error {
	period, tick, ok, err := ParseRate(name)
	if err != nil || !ok {
		return err
	}
	t.mu.Lock()
	n := len(t.rates)
	t.mu.Unlock()
	if t.prov.Lookup("", "", name) == nil && n >= maxRates {
		return fmt.Errorf("probe %s: %d probes of provider profile are in use already", name, n)
	}
	p, err := t.prov.Create("", "", name, uint64(period))
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.rates[p.ID] = rate{uint64(period), tick}
	t.mu.Unlock()
	return nil
}

func (t *Timers) enable(p *probe.Probe) error {
	now := t.e.cfg.Clock()
	t.mu.Lock()
	r := t.rates[p.ID]
	t.armed = append(t.armed, timer{p.ID, now + r.period, r})
	t.mu.Unlock()
	t.notify()
	return nil
}

func (t *Timers) disable(p *probe.Probe) {
	t.mu.Lock()
	for i := range t.armed {
		if t.armed[i].id == p.ID {
			t.armed = append(t.armed[:i], t.armed[i+1:]...)
			break
		}
	}
	t.mu.Unlock()
	t.notify()
}

func (t *Timers) notify() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// Changed is signalled when what Next returns may have changed.
func (t *Timers) Changed() <-chan struct{} { return t.changed }

// Next returns when the next timer is due; ok is false if none is armed.
func (t *Timers) Next() (at uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.first(); i >= 0 {
		return t.armed[i].due, true
	}
	return 0, false
}

// first returns the index of the timer due first, -1 if none is armed.
func (t *Timers) first() int {
	best := -1
	for i := range t.armed {
		if a := &t.armed[i]; best < 0 || a.due < t.armed[best].due || a.due == t.armed[best].due && a.id < t.armed[best].id {
			best = i
		}
	}
	return best
}

// Run fires all timers due at now or before, in order, each as often as its
// period has passed. prepare fills each firing; due is when it ought to fire.
func (t *Timers) Run(now uint64, prepare func(f *vm.Firing, cpu int, due uint64)) {
	var f vm.Firing
	for {
		t.mu.Lock()
		i := t.first()
		if i < 0 || t.armed[i].due > now {
			t.mu.Unlock()
			return
		}
		at := t.armed[i]
		t.armed[i].due += at.period
		t.mu.Unlock()
		cpus := t.e.cfg.CPUs
		if at.tick {
			cpus = 1
		}
		for cpu := range cpus {
			f = vm.Firing{}
			prepare(&f, cpu, at.due)
			t.e.Fire(at.id, cpu, &f)
		}
	}
}
