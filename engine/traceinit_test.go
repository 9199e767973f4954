package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// platform is a kernel's other half as small as it can be: some memory, a
// level, and notes of what was asked.
type platform struct {
	mem    map[uint64]byte
	level  uint8
	chunks []int
	levels []uint8
	asked  []string
	deny   engine.NTStatus
}

func (p *platform) Load(_ int, routine string, addr uint64, b []byte) bool {
	p.chunks, p.levels = append(p.chunks, len(b)), append(p.levels, p.level)
	if routine != "TraceAccessMemory" {
		p.asked = append(p.asked, "load from "+routine)
	}
	for i := range b {
		v, ok := p.mem[addr+uint64(i)]
		if !ok {
			return false
		}
		b[i] = v
	}
	return true
}

func (p *platform) Store(_ int, _ string, addr uint64, b []byte) bool {
	for i := range b {
		if _, ok := p.mem[addr+uint64(i)]; !ok {
			return false
		}
		p.mem[addr+uint64(i)] = b[i]
	}
	return true
}

func (p *platform) KeRaiseIrql(_ int, l uint8) uint8 { old := p.level; p.level = l; return old }
func (p *platform) KeLowerIrql(_ int, l uint8)       { p.level = l }
func (p *platform) StartTrace(string) (uint32, engine.NTStatus) {
	p.asked = append(p.asked, "start")
	return 9, engine.StatusSuccess
}
func (p *platform) EnableTrace(l uint32, g engine.GUID, level uint8, kw uint64, on bool) engine.NTStatus {
	p.asked = append(p.asked, "enable")
	return engine.StatusSuccess
}

// names is a symbol server with one of each.
type names struct{}

func (names) Services() []engine.ServiceSymbol {
	return []engine.ServiceSymbol{{Name: "NtClose", Args: 1}}
}
func (names) Functions(process uint64) []engine.FunctionSymbol {
	return []engine.FunctionSymbol{{Module: "m", Name: "f", Addr: 0x1000 + process, Size: 16, Instrs: []uint64{0, 4, 8}, Returns: []uint64{8}},
		{Module: "m", Name: "leaf", Addr: 0x2000 + process, Size: 4, Instrs: []uint64{0}, Returns: []uint64{0}, Leaf: true}}
}
func (names) Processes() []engine.ProcessSymbol {
	return []engine.ProcessSymbol{{PID: 7, Process: 0x70}}
}
func (names) EventProviders() []engine.GUID { return []engine.GUID{{1}} }

// offer is what the test's kernel publishes.
func (p *platform) offer() *engine.KiDynamicTraceContext {
	return &engine.KiDynamicTraceContext{
		KeSetSystemServiceCallback: func(name string, entry bool, cb *engine.Callout, id uint64) engine.NTStatus {
			p.asked = append(p.asked, "service "+name)
			return p.deny
		},
		KeSetTracepoint: func(process uint64, user bool, addr uint64, op engine.TracepointOp, pre *engine.Callout, _ uint64, post *engine.Callout, _ uint64) (byte, engine.NTStatus) {
			if op == engine.TpQuery {
				return 0, engine.StatusNotFound
			}
			p.asked = append(p.asked, "tracepoint")
			return 0x55, p.deny
		},
		EtwRegisterEventCallback: func(l uint32, cb *engine.Callout, _ uint64) engine.NTStatus {
			p.asked = append(p.asked, "event")
			return p.deny
		},
	}
}

func join(t *testing.T, e *engine.Engine, p *platform, count uint32, reserved int, cfg engine.SystemConfig) (*engine.System, *engine.KiDynamicTraceCallouts, engine.NTStatus) {
	t.Helper()
	s := e.NewSystem(p, cfg)
	c := &engine.KiDynamicTraceCallouts{Count: count, Slot: make([]*engine.Callout, reserved)}
	var api **engine.KiDynamicTraceContext
	var access *engine.TraceAccessMemory
	st := s.TraceInitSystem(&api, c, &access)
	if !st.OK() {
		if api != nil || access != nil {
			t.Error("a failing TraceInitSystem handed something over")
		}
		return s, c, st
	}
	if access.Name != "TraceAccessMemory" {
		t.Errorf("routine %q", access.Name)
	}
	*api = p.offer()
	if !s.Joined() {
		t.Error("TraceSystemApi was not set through the pointer")
	}
	return s, c, st
}

func TestTraceInitSystemVersions(t *testing.T) {
	for _, c := range []struct {
		count    uint32
		reserved int
		built    int
		want     int
		probes   string
	}{
		{9, 9, 0, 8, "etw fbt pid7 syscall"},
		{0, 8, 0, 7, "etw fbt pid7 syscall"}, // 1903: no count
		{9, 9, 20, 8, "etw fbt pid7 syscall"},
		{6, 6, 0, 5, "etw fbt syscall"},
		{4, 4, 0, 3, "etw syscall"},
		{2, 2, 0, 1, "etw"},
		{1, 1, 0, 0, ""},
		{20, 20, 0, 8, "etw fbt pid7 syscall"},
		{9, 9, 4, 3, "etw syscall"},
	} {
		e := newEngine(1)
		s, table, st := join(t, e, &platform{}, c.count, c.reserved, engine.SystemConfig{Symbols: names{}, Slots: c.built})
		filled := 0
		for _, x := range table.Slot {
			if x != nil {
				filled++
			}
		}
		if !st.OK() || filled != c.want {
			t.Errorf("%+v: %s, %d slots filled", c, st, filled)
		}
		if err := s.AddProviders(); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		e.Probes(probe.Desc{}, func(p *probe.Probe) bool { seen[p.Provider] = true; return true })
		have := ""
		for _, n := range []string{"etw", "fbt", "pid7", "syscall"} {
			if seen[n] {
				have = strings.TrimSpace(have + " " + n)
			}
		}
		if have != c.probes {
			t.Errorf("%+v: providers %q, want %q", c, have, c.probes)
		}
	}
	_, table, st := join(t, newEngine(1), &platform{}, 9, 9, engine.SystemConfig{Status: engine.StatusUnsuccessful})
	if st != engine.StatusUnsuccessful || table.Slot[1] == nil || table.Slot[8] != nil {
		t.Errorf("failing engine: %s, table %v", st, table.Slot)
	}
	if st := newEngine(1).NewSystem(&platform{}, engine.SystemConfig{}).TraceInitSystem(nil, nil, nil); st != engine.StatusInvalidParameter {
		t.Errorf("no tables: %s", st)
	}
}

// TestTraceAccessMemory reads through the routine alone, at HighLevel, in the
// largest chunks that alignment allows.
func TestTraceAccessMemory(t *testing.T) {
	p := &platform{mem: map[uint64]byte{}}
	for i := range 64 {
		p.mem[0x1000+uint64(i)] = byte(i)
	}
	e := newEngine(1)
	s, _, _ := join(t, e, p, 9, 9, engine.SystemConfig{Symbols: names{}})
	var access *engine.TraceAccessMemory
	var api **engine.KiDynamicTraceContext
	s.TraceInitSystem(&api, &engine.KiDynamicTraceCallouts{Count: 9, Slot: make([]*engine.Callout, 9)}, &access)
	var b [16]byte
	for _, chunk := range []int{1, 2, 4, 8} {
		p.chunks = nil
		if !access.Run(0, b[:], 0x1010, chunk, true) || len(p.chunks) != 16/chunk || binary.LittleEndian.Uint64(b[:]) != 0x1716151413121110 {
			t.Errorf("chunk %d: % x in %v", chunk, b, p.chunks)
		}
	}
	if access.Run(0, b[:], 0x1038, 8, true) {
		t.Error("a fault in the second chunk was not reported")
	}
	if !access.Run(0, []byte{1, 2}, 0x1000, 2, false) || p.mem[0x1001] != 2 {
		t.Error("write")
	}
	if len(p.asked) != 0 {
		t.Errorf("foreign memory was touched from elsewhere: %v", p.asked)
	}
}

// TestAnonymousWaits enables probes before the kernel is there: they are armed
// when it is.
func TestAnonymousWaits(t *testing.T) {
	p := &platform{}
	e := newEngine(1)
	s := e.NewSystem(p, engine.SystemConfig{Symbols: names{}})
	if err := s.AddProviders(); err != nil {
		t.Fatal(err)
	}
	id := find(t, e, probe.Desc{Provider: "syscall", Name: "entry"})
	ses := open(t, e, fmt.Sprintf("clause \"x:::\" probes=%d "+value+" ret", id), host.Options{CPU: -1})
	start(t, ses)
	if len(p.asked) != 0 {
		t.Errorf("asked the kernel before it is there: %v", p.asked)
	}
	if err := s.Arm(); err == nil {
		t.Error("armed without a kernel")
	}
	c := &engine.KiDynamicTraceCallouts{Count: 9, Slot: make([]*engine.Callout, 9)}
	var api **engine.KiDynamicTraceContext
	var access *engine.TraceAccessMemory
	s.TraceInitSystem(&api, c, &access)
	*api = p.offer()
	if err := s.Arm(); err != nil || len(p.asked) != 1 || p.asked[0] != "service Close" {
		t.Errorf("%v: asked %v", err, p.asked)
	}
	// The callout fires the probe, at HighLevel.
	reg := []uint64{42, 0, 0, 0}
	c.Slot[engine.SlotServiceEntry].Service(&engine.Current{Thread: &vm.Thread{PID: 3}}, 0, uint64(id), 1, reg, nil)
	n := 0
	if err := ses.Drain(func(int, []byte) error { n++; return nil }); err != nil || n != 1 || p.level != 0 {
		t.Errorf("%v: %d records, level %d afterwards", err, n, p.level)
	}
	if err := ses.Stop(); err != nil {
		t.Fatal(err)
	}
	if p.asked[len(p.asked)-1] != "service Close" || len(p.asked) != 2 {
		t.Errorf("after Stop: asked %v", p.asked)
	}
}

// TestDenied hands a failing status on.
func TestDenied(t *testing.T) {
	p := &platform{deny: engine.StatusAccessDenied}
	e := newEngine(1)
	s, _, _ := join(t, e, p, 9, 9, engine.SystemConfig{Symbols: names{}})
	if err := s.AddProviders(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []probe.Desc{{Provider: "fbt", Name: "entry"}, {Provider: "fbt", Name: "return"}, {Provider: "pid7", Name: "entry"}, {Provider: "pid7", Name: "4"},
		{Provider: "syscall", Name: "return"}, {Provider: "etw", Module: "01000000-0000-0000-0000-000000000000", Function: "0x05_0x1", Name: "12"}} {
		id := find(t, e, d)
		ses := open(t, e, fmt.Sprintf("clause \"x:::\" probes=%d "+value+" ret", id), host.Options{CPU: -1})
		err := ses.Start(context.Background())
		if !errors.Is(err, engine.StatusAccessDenied) {
			t.Errorf("%s: %v, want %v", d, err, engine.StatusAccessDenied)
		}
		ses.Close()
	}
	for _, d := range []probe.Desc{{Provider: "etw", Module: "zz", Function: "0x05_0x1", Name: "12"},
		{Provider: "etw", Module: "01000000-0000-0000-0000-000000000000", Function: "5_1", Name: "12"},
		{Provider: "etw", Module: "01000000-0000-0000-0000-000000000000", Function: "0x05_0x1", Name: "70000"},
		{Provider: "pid7", Module: "m", Function: "f", Name: "3"}} {
		if err := e.Probes(d, func(*probe.Probe) bool { return true }); err == nil {
			t.Errorf("%s: no error", d)
		}
	}
	n := 0
	e.Probes(probe.Desc{Provider: "fbt", Function: "leaf"}, func(*probe.Probe) bool { n++; return true })
	if n != 0 {
		t.Errorf("%d fbt probes of a leaf function, want none", n)
	}
}

func find(t *testing.T, e *engine.Engine, d probe.Desc) probe.ID {
	t.Helper()
	var id probe.ID
	if err := e.Probes(d, func(p *probe.Probe) bool { id = p.ID; return false }); err != nil || id == 0 {
		t.Fatalf("%s: %v, id %d", d, err, id)
	}
	return id
}

func TestGUID(t *testing.T) {
	const s = "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716"
	g, err := engine.ParseGUID(s)
	if err != nil || g.String() != s || g[0] != 0xd6 || g[15] != 0x16 {
		t.Errorf("%v %v % x", err, g, g[:])
	}
	if h, err := engine.ParseGUID("{" + strings.ToUpper(s) + "}"); err != nil || h != g {
		t.Errorf("braces: %v %v", h, err)
	}
	for _, bad := range []string{"", "{}", s[1:], s + "0", strings.Replace(s, "-", "_", 1), strings.Replace(s, "2", "g", 1)} {
		if _, err := engine.ParseGUID(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
