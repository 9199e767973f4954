package etl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/state"
	"github.com/godtrace/godtrace/probe"
)

const headerSize = 80 // of an EVENT_HEADER

// named is a probe etw:provider:task:opcode: events of one name.
type named struct {
	info   *info
	layout layout
	source schema.Source
	form   string
}

// class is what the replay knows of the events of one schema.
type class struct {
	schema *schema.Schema
	hook   hook
	kernel bool
	named  *named
	plan   []plan
	field  []int // by leaf: the field at the schema's top that it holds, -1
	acts   []*act

	guid     etl.GUID
	byGUID   []*guidProbe // enabled
	etwOn    bool
	actsOn   []*act
	anything bool
}

// guidProbe is a probe of the form of DTrace on Windows.
type guidProbe struct {
	info    *info
	level   uint8
	keyword uint64
	event   int // -1: any
}

// part makes a name that can stand in a probe description: runs of other
// characters become one underscore.
func part(s string) string {
	var b strings.Builder
	gap := false
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("-._+@~%^", c) >= 0 {
			if gap {
				b.WriteByte('_')
			}
			gap = false
			b.WriteByte(c)
		} else {
			gap = true
		}
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

// opInfo is the name of events without an opcode: Windows calls opcode 0 so.
const opInfo = "Info"

// nameOf returns the module, function and name of an event's probe.
func nameOf(s *schema.Schema) (module, function, name string) {
	function, name = s.Task, s.Opcode
	if function == "" {
		function = s.Event
	}
	if function == "" {
		function = s.Opcode
	}
	if name == "" {
		name = opInfo
	}
	return part(s.Provider), part(function), part(name)
}

// makeNamed makes the probes of all events.
func (h *Host) makeNamed(stats []*stat) error {
	if _, err := h.provider("etw", h.provideGUID); err != nil {
		return err
	}
	tags := map[string]int{}
	var order []*named
	for _, st := range stats {
		module, function, name := nameOf(st.schema)
		in, err := h.create("etw", module, function, name, st.n)
		if err != nil {
			return err
		}
		full := in.p.String()
		nm := h.named[full]
		if nm == nil {
			nm = &named{info: in, source: st.schema.Source}
			h.named[full] = nm
			order = append(order, nm)
		}
		nm.layout.addSchema(st.schema)
		h.classes[st.schema] = &class{schema: st.schema, hook: st.hook, kernel: st.kernel, named: nm, guid: st.provider}
	}
	shared := map[string]*named{} // the first with a struct, by task and members
	many := map[string]int{}
	for _, nm := range order {
		nm.layout.finish(h.set, "")
		many[nm.shape()]++
	}
	for _, nm := range order {
		p := nm.info.p
		if first := shared[nm.shape()]; first != nil {
			// One struct, so that a description of both may use args[].
			nm.layout.typ = first.layout.typ
		} else {
			shared[nm.shape()] = nm
			tag := ident(p.Function)
			if p.Name != opInfo && (many[nm.shape()] == 1 || tags[tag] > 0) {
				tag += "_" + ident(p.Name)
			}
			tags[tag]++
			if n := tags[tag]; n > 1 {
				tag = ident(p.Module) + "_" + tag
				if tags[tag]++; tags[tag] > 1 {
					tag += "_" + strconv.Itoa(tags[tag])
				}
			}
			nm.layout.typ.Name = tag
			h.types["struct "+tag] = nm.layout.typ
		}
		nm.info.args = func() []argument {
			return []argument{{"event", 2, ctype.PtrTo(nm.layout.typ), nil}, {"header", 0, ctype.PtrTo(h.types["struct _EVENT_HEADER"]), nil}}
		}
		nm.info.note = func() []string {
			out := []string{"Described by: " + nm.source.String(), "struct " + nm.layout.typ.Name + " {"}
			return append(describe(out, nm.layout.typ, "\t"), "};")
		}
	}
	for _, c := range h.classes {
		l := &c.named.layout
		c.plan = l.planOf(c.schema)
		c.field = make([]int, len(l.leaves))
		for i := range c.field {
			c.field[i] = -1
		}
		for i, p := range c.plan {
			if p.leaf >= 0 && p.sub == nil {
				c.field[p.leaf] = i
			}
		}
	}
	return nil
}

// shape tells structs apart: the event's provider and task, and the members.
func (nm *named) shape() string {
	if nm.form == "" {
		nm.form = nm.info.p.Module + ":" + nm.info.p.Function + "\n" + strings.Join(describe(nil, nm.layout.typ, ""), "\n")
	}
	return nm.form
}

// namesGUID reports whether a description is of the form of DTrace on Windows.
func namesGUID(d *probe.Desc) bool {
	if d.Provider != "etw" {
		return false
	}
	_, err := etl.ParseGUID(d.Module)
	return err == nil
}

func (h *Host) isGUIDProbe(p *probe.Probe) bool {
	in := h.infoOf(p)
	return in != nil && in.guid != nil
}

// provideGUID makes the probes that a description with a GUID names. An id of * is
// generic_event, as is a description without level and keyword.
func (h *Host) provideGUID(d probe.Desc) error {
	if !namesGUID(&d) {
		return nil
	}
	g, err := etl.ParseGUID(d.Module)
	if err != nil {
		return err
	}
	if d.Module != g.String() {
		return fmt.Errorf("etw: provider is %q, want it in lower case without braces: %s", d.Module, g)
	}
	if probe.IsGlob(d.Function) {
		if d.Function != "" && d.Function != "*" || h.nameless(g) {
			return nil
		}
		d.Function = "0xff_0xffffffffffffffff"
	}
	level, keyword, err := engine.ParseLevelKeyword(d.Function)
	if err != nil {
		if h.nameless(g) {
			return nil // the name of an event of a provider without a name
		}
		return err
	}
	event := -1
	switch d.Name {
	case "", "*", engine.GenericEvent:
		d.Name = engine.GenericEvent
	default:
		n, err := strconv.ParseUint(d.Name, 10, 16)
		if err != nil {
			return fmt.Errorf("etw: event is %q, want an id from 0 to 65535, %s or *", d.Name, engine.GenericEvent)
		}
		event = int(n)
	}
	in, err := h.create("etw", d.Module, d.Function, d.Name, 0)
	if err != nil || in.guid != nil {
		return err
	}
	in.count = -1
	in.guid = &guidProbe{in, level, keyword, event}
	in.args = func() []argument {
		return []argument{{"header", 0, ctype.PtrTo(h.types["struct _EVENT_HEADER"]), nil}, {"size", 1, h.set.UInt, nil}}
	}
	h.byGUID[g] = append(h.byGUID[g], in.guid)
	return nil
}

// nameless reports whether events of a provider go by its GUID for want of a
// name.
func (h *Host) nameless(g etl.GUID) bool {
	text := part(g.String())
	for _, nm := range h.named {
		if nm.info.p.Module == text {
			return true
		}
	}
	return false
}

// admits reports whether an event passes the probe's filter: its level is not
// above the probe's, and it has one of its keywords or none.
func (g *guidProbe) admits(e *etl.Event) bool {
	return e.Level <= g.level && (e.Keyword == 0 || e.Keyword&g.keyword != 0) && (g.event < 0 || !e.Classic() && g.event == int(e.ID))
}

// refresh finds what is enabled, after a change.
func (h *Host) refresh() {
	h.dirty = false
	for _, c := range h.classes {
		c.refresh(h)
	}
	h.ahead.refresh(h)
	if h.ahead.wantIO || h.ahead.done != nil && h.ahead.done.on {
		for _, m := range h.machines {
			m.follow(state.Files)
		}
	}
}

func (c *class) refresh(h *Host) {
	c.etwOn = c.named != nil && c.named.info.on
	c.byGUID = c.byGUID[:0]
	for _, g := range h.byGUID[c.guid] {
		if g.info.on {
			c.byGUID = append(c.byGUID, g)
		}
	}
	c.actsOn = c.actsOn[:0]
	for _, a := range c.acts {
		if a.on(h) {
			c.actsOn = append(c.actsOn, a)
		}
	}
	c.anything = c.etwOn || len(c.byGUID) > 0 || len(c.actsOn) > 0
}

// putHeader makes the EVENT_HEADER of the current event, with the thread that the
// state tells where the recorded header has none.
func (h *Host) putHeader(dst []byte) {
	e := h.play.e
	if e.PID == etl.NoID {
		e.PID = h.play.who.PID
	}
	if e.TID == etl.NoID {
		e.TID = h.play.who.TID
	}
	copy(dst, e.AppendHeader(dst[:0]))
}
