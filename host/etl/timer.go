package etl

import (
	"fmt"
	"slices"
	"time"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// timers are the probes tick-N, which the trace's clock drives, and profile-N, which
// its samples do.
type timers struct {
	ticks []*tick
	on    int
}

// tick is a probe tick-N.
type tick struct {
	info    *info
	period  uint64
	due     uint64
	enabled bool
}

// sampling is what the sampled profile gives: probes profile-N.
type sampling struct {
	period time.Duration // between two samples on a CPU, 0 without samples
	rates  []*rate
}

// rate is a probe profile-N.
type rate struct {
	info   *info
	period uint64
	every  bool     // fires with each sample
	due    []uint64 // by CPU
}

// listedTicks are the probes that listings show; others are made when they are
// named.
var listedTicks = []string{"tick-1", "tick-10", "tick-100", "tick-1000"}

// maxTimers bounds the probes made on demand.
const maxTimers = 4096

// maxCatchUp is how often a timer fires at most between two events: a damaged time
// stamp may be centuries away.
const maxCatchUp = 1 << 20

func (t *timers) armed() bool { return t.on > 0 }

func (h *Host) makeTimers() error {
	prov, err := h.e.AddProvider(engine.ProviderSpec{Name: "profile", Attrs: attrs, Provide: h.provideTimer,
		Enable: func(p *probe.Probe) error {
			h.switchProbe(p, true)
			h.switchTimer(p, true)
			return nil
		},
		Disable: func(p *probe.Probe) {
			h.switchProbe(p, false)
			h.switchTimer(p, false)
		},
	})
	if err != nil {
		return err
	}
	h.provs["profile"] = prov
	if h.stock.samples > 0 {
		// Without a word on it, the interval is Windows' default.
		n := h.stock.interval
		if n == 0 {
			n = 10_000
		}
		h.sample.period = time.Duration(n) * 100
		if err := h.makeTimer(fmt.Sprintf("profile-%d", max(1, int(time.Second/h.sample.period)))); err != nil {
			return err
		}
	}
	for _, name := range listedTicks {
		if err := h.makeTimer(name); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) provideTimer(d probe.Desc) error {
	if probe.IsGlob(d.Name) || !probe.Glob(d.Module, "") || !probe.Glob(d.Function, "") {
		return nil
	}
	return h.makeTimer(d.Name)
}

// makeTimer makes the probe of a rate, if name is one.
func (h *Host) makeTimer(name string) error {
	period, isTick, ok, err := engine.ParseRate(name)
	if err != nil || !ok {
		return err
	}
	if h.provs["profile"].Lookup("", "", name) != nil {
		return nil
	}
	if len(h.timers.ticks)+len(h.sample.rates) >= maxTimers {
		return fmt.Errorf("probe %s: %d probes of provider profile are in use already", name, maxTimers)
	}
	if !isTick {
		switch p := h.sample.period; {
		case p == 0:
			return fmt.Errorf("probe %s: the files hold no samples; record them with kernel flag PROFILE", name)
		case float64(period) < 0.9*float64(p):
			return fmt.Errorf("probe %s: the files were sampled every %v, want profile-%d or less", name, p, int(time.Second/p))
		}
	}
	in, err := h.create("profile", "", "", name, -1)
	if err != nil {
		return err
	}
	in.count = -1
	in.args = h.profileArguments
	if isTick {
		h.timers.ticks = append(h.timers.ticks, &tick{info: in, period: uint64(period)})
		return nil
	}
	every := float64(period) <= 1.1*float64(h.sample.period)
	if every {
		in.count = h.stock.samples
	}
	h.sample.rates = append(h.sample.rates, &rate{info: in, period: uint64(period), every: every})
	return nil
}

// profileArguments are the program counter in the kernel or 0, and the one in the
// program or 0.
func (h *Host) profileArguments() []argument {
	return []argument{{"pc", 0, h.set.Uintptr, nil}, {"upc", 1, h.set.Uintptr, nil}}
}

func (h *Host) switchTimer(p *probe.Probe, on bool) {
	h.timers.on = 0
	for _, t := range h.timers.ticks {
		if t.info.p == p {
			t.enabled = on
			t.due = h.now.Load() + t.period
		}
		if t.enabled {
			h.timers.on++
		}
	}
	for _, r := range h.sample.rates {
		if r.info.p == p {
			r.due = nil
		}
	}
}

// runTimers fires all ticks that are due by now, in order.
func (h *Host) runTimers(now uint64) {
	for n := 0; ; n++ {
		var next *tick
		for _, t := range h.timers.ticks {
			if t.enabled && t.due <= now && (next == nil || t.due < next.due || t.due == next.due && t.info.p.ID < next.info.p.ID) {
				next = t
			}
		}
		if next == nil {
			return
		}
		if n >= maxCatchUp {
			skip := (now-next.due)/next.period + 1
			next.due += skip * next.period
			h.play.skipped += int64(skip)
			continue
		}
		at := next.due
		next.due += next.period
		wall := h.wall.Load() + (at - min(at, h.now.Load()))
		h.now.Store(max(at, h.now.Load()))
		h.wall.Store(wall)
		f := &h.play.f
		*f = vm.Firing{Time: at, Wall: wall, Thread: &h.begin.Thread, Context: &h.play.ctx}
		h.cur = &h.begin
		h.e.Fire(next.info.p.ID, 0, f)
	}
}

// sampleAct fires profile-N for a sample.
func (h *Host) sampleAct(m *machine) {
	p := &h.play
	pc := ptrAt(p.e.Payload, 0, int(p.e.PtrSize))
	var k, u uint64
	if h.kernelAddress(pc) {
		k = pc
	} else {
		u = pc
	}
	now := h.now.Load()
	for _, r := range h.sample.rates {
		if !r.info.on {
			continue
		}
		if !r.every {
			for p.cpu >= len(r.due) {
				r.due = append(r.due, now)
			}
			if now < r.due[p.cpu] {
				continue
			}
			r.due[p.cpu] += ((now-r.due[p.cpu])/r.period + 1) * r.period
		}
		h.fire(r.info, k, u, 0, 0, 0)
	}
}

// sampleEvent builds the act of samples.
func sampleEvent(h *Host, _ *stat) *act {
	return &act{on: func(h *Host) bool {
		return slices.ContainsFunc(h.sample.rates, func(r *rate) bool { return r.info.on })
	}, run: (*Host).sampleAct}
}
