package engine

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// EventHeaderSize is the size in bytes of an EVENT_HEADER.
const EventHeaderSize = 80

// GenericEvent is the name of the etw probe for all events of a provider,
// whatever their id.
const GenericEvent = "generic_event"

// etwLayer is the provider etw: probes etw:guid:level_keyword:id.
type etwLayer struct {
	s      *System
	prov   *Provider
	logger uint32 // of the engine's own session, 0 before it is started
	probes []eventProbe
	on     map[GUID][]int // enabled, indexes of probes
}

// eventProbe is what an etw probe asks for; probe.Key is its index.
type eventProbe struct {
	id       probe.ID
	provider GUID
	level    uint8
	keyword  uint64
	event    int // -1: any
}

func (s *System) addEtw() error {
	l := &etwLayer{s: s, on: map[GUID][]int{}}
	prov, err := s.e.AddProvider(ProviderSpec{Name: "etw", Attrs: ntAttrs, Provide: l.provide, Enable: l.enable, Disable: l.disable})
	if err != nil {
		return err
	}
	l.prov, s.etw = prov, l
	for _, g := range s.cfg.Symbols.EventProviders() {
		if err := l.create(g, "0xff_0xffffffffffffffff", 0xff, ^uint64(0), GenericEvent, -1); err != nil {
			return err
		}
	}
	return nil
}

// ParseLevelKeyword reads the function part of an etw probe:
// 0xLL_0xKKKKKKKKKKKKKKKK.
func ParseLevelKeyword(s string) (level uint8, keyword uint64, err error) {
	a, b, ok := strings.Cut(s, "_")
	l, err1 := strconv.ParseUint(strings.TrimPrefix(a, "0x"), 16, 8)
	k, err2 := strconv.ParseUint(strings.TrimPrefix(b, "0x"), 16, 64)
	if !ok || err1 != nil || err2 != nil || !strings.HasPrefix(a, "0x") || !strings.HasPrefix(b, "0x") {
		return 0, 0, fmt.Errorf("etw: level and keyword are %q, want 0xLL_0xKKKKKKKKKKKKKKKK", s)
	}
	return uint8(l), k, nil
}

// provide makes the probe that d spells out. An id of "*" is generic_event.
func (l *etwLayer) provide(d probe.Desc) error {
	if d.Provider != "etw" || probe.IsGlob(d.Module) || probe.IsGlob(d.Function) {
		return nil
	}
	g, err := ParseGUID(d.Module)
	if err != nil {
		return err
	}
	if d.Module != g.String() {
		return fmt.Errorf("etw: provider is %q, want it in lower case without braces: %s", d.Module, g)
	}
	level, keyword, err := ParseLevelKeyword(d.Function)
	if err != nil {
		return err
	}
	if d.Name == "*" || d.Name == "" || d.Name == GenericEvent {
		return l.create(g, d.Function, level, keyword, GenericEvent, -1)
	}
	n, err := strconv.ParseUint(d.Name, 10, 16)
	if err != nil {
		return fmt.Errorf("etw: event is %q, want an id from 0 to 65535, %s or *", d.Name, GenericEvent)
	}
	return l.create(g, d.Function, level, keyword, d.Name, int(n))
}

func (l *etwLayer) create(g GUID, function string, level uint8, keyword uint64, name string, event int) error {
	if l.prov.Lookup(g.String(), function, name) != nil {
		return nil
	}
	p, err := l.prov.Create(g.String(), function, name, uint64(len(l.probes)))
	if err == nil {
		l.probes = append(l.probes, eventProbe{p.ID, g, level, keyword, event})
	}
	return err
}

// enable lets the provider's events into the engine's own session.
func (l *etwLayer) enable(p *probe.Probe) error {
	s := l.s
	return s.whenJoined(func() error {
		if !s.has(SlotEvent) {
			return fmt.Errorf("%s: this kernel has no slot for events", p)
		}
		if l.logger == 0 {
			id, st := s.pl.StartTrace("DTrace")
			if !st.OK() {
				return fmt.Errorf("start an ETW session: %w", st)
			}
			if st := s.TraceSystemApi.EtwRegisterEventCallback(id, s.own[SlotEvent], 0); !st.OK() {
				return fmt.Errorf("EtwRegisterEventCallback %d: %w", id, st)
			}
			l.logger = id
		}
		e := &l.probes[p.Key]
		l.on[e.provider] = append(l.on[e.provider], int(p.Key))
		level, keyword := l.wanted(e.provider)
		if st := s.pl.EnableTrace(l.logger, e.provider, level, keyword, true); !st.OK() {
			return fmt.Errorf("enable provider %s: %w", e.provider, st)
		}
		return nil
	})
}

// wanted is what all enabled probes of a provider ask for together.
func (l *etwLayer) wanted(g GUID) (level uint8, keyword uint64) {
	for _, i := range l.on[g] {
		level = max(level, l.probes[i].level)
		keyword |= l.probes[i].keyword
	}
	return level, keyword
}

func (l *etwLayer) disable(p *probe.Probe) {
	if !l.s.Joined() {
		return
	}
	e := &l.probes[p.Key]
	list := l.on[e.provider]
	for i, k := range list {
		if k == int(p.Key) {
			l.on[e.provider] = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	level, keyword := l.wanted(e.provider)
	l.s.pl.EnableTrace(l.logger, e.provider, level, keyword, len(l.on[e.provider]) > 0)
}

// dtEtwpEventCallback fires the probes that want an event: its level is not
// above theirs (level 0 always passes), it has one of their keywords or none.
func (s *System) dtEtwpEventCallback(cur *Current, header uint64, size uint32, provider GUID, _ uint64) {
	l := s.etw
	if l == nil || len(l.on[provider]) == 0 {
		return
	}
	var h [EventHeaderSize]byte
	old := s.pl.KeRaiseIrql(cur.CPU, HighLevel)
	ok := s.access.Run(cur.CPU, h[:], header, 8, true)
	s.pl.KeLowerIrql(cur.CPU, old)
	if !ok {
		return
	}
	id, level, keyword := int(binary.LittleEndian.Uint16(h[40:])), h[44], binary.LittleEndian.Uint64(h[48:])
	for _, i := range l.on[provider] {
		e := &l.probes[i]
		if level > e.level || keyword != 0 && keyword&e.keyword == 0 || e.event >= 0 && e.event != id {
			continue
		}
		var f vm.Firing
		f.Args[0], f.Args[1] = header, uint64(size)
		s.fire(cur, e.id, &f)
	}
}
