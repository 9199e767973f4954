// Package manifest reads instrumentation manifests, the XML descriptions of
// events that providers are compiled with (.man files) and that EventSource
// providers write into traces, in events of id 0xFFFE.
package manifest

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// Provider is a provider and its events.
type Provider struct {
	Name string
	GUID etl.GUID
	// Events are the schemas, compiled, in the manifest's order.
	Events []*schema.Schema
}

// Parse reads a manifest and returns its providers. What a manifest gets wrong
// about one event costs that event only: it is listed in problems.
func Parse(text []byte, source schema.Source) (providers []*Provider, problems []error, err error) {
	root, err := decodeXML(text)
	if err != nil {
		return nil, nil, err
	}
	if len(root.Providers) == 0 {
		return nil, nil, fmt.Errorf("manifest: no provider element, want instrumentationManifest/instrumentation/events/provider")
	}
	for i := range root.Providers {
		b := builder{x: &root.Providers[i], source: source, strings: map[string]string{}}
		b.localize(root.Resources)
		b.localize(b.x.Resources)
		p, err := b.provider()
		if err != nil {
			return providers, problems, err
		}
		providers = append(providers, p)
		problems = append(problems, b.problems...)
	}
	return providers, problems, nil
}

// builder turns one provider's XML into schemas.
type builder struct {
	x        *xmlProvider
	source   schema.Source
	strings  map[string]string
	maps     map[string]*schema.Map
	problems []error
}

// localize takes in string tables. English ones win over others.
func (b *builder) localize(rs []xmlResources) {
	for pass := range 2 {
		for _, r := range rs {
			if strings.HasPrefix(strings.ToLower(r.Culture), "en") != (pass == 1) {
				continue
			}
			for _, s := range r.Strings {
				b.strings[s.ID] = s.Value
			}
		}
	}
}

// text resolves $(string.ID).
func (b *builder) text(s string) string {
	id, ok := strings.CutPrefix(s, "$(string.")
	if !ok {
		return s
	}
	return b.strings[strings.TrimSuffix(id, ")")]
}

// label is the name shown for a task, opcode and so on: its message if it has
// one, else its name.
func (b *builder) label(n *xmlNamed) string {
	if t := strings.TrimSpace(b.text(n.Message)); t != "" {
		return t
	}
	name := n.Name
	if i := strings.LastIndexByte(name, ':'); i >= 0 && b.source != schema.FromEventSource {
		name = name[i+1:]
	}
	return name
}

func (b *builder) provider() (*Provider, error) {
	g, err := etl.ParseGUID(strings.TrimSpace(b.x.GUID))
	if err != nil {
		return nil, fmt.Errorf("manifest: provider %q: %w", b.x.Name, err)
	}
	p := &Provider{Name: b.x.Name, GUID: g}
	b.readMaps()
	templates := map[string]*xmlTemplate{}
	for i := range b.x.Templates {
		templates[b.x.Templates[i].TID] = &b.x.Templates[i]
	}
	for i := range b.x.Events {
		x := &b.x.Events[i]
		s, err := b.event(p, x, templates)
		if err != nil {
			b.problems = append(b.problems, fmt.Errorf("manifest: provider %s: event %s: %w", p.Name, x.Value, err))
			continue
		}
		p.Events = append(p.Events, s)
	}
	return p, nil
}

func (b *builder) readMaps() {
	b.maps = map[string]*schema.Map{}
	read := func(xs []xmlMap, bits bool) {
		for _, x := range xs {
			m := &schema.Map{Name: x.Name, Bits: bits}
			for _, e := range x.Entries {
				v, err := number(e.Value)
				if err != nil {
					b.problems = append(b.problems, fmt.Errorf("manifest: map %s: value %q: %w", x.Name, e.Value, err))
					continue
				}
				m.Entries = append(m.Entries, schema.MapEntry{Value: v, Text: strings.TrimSpace(b.text(e.Message))})
			}
			b.maps[x.Name] = m
		}
	}
	read(b.x.ValueMaps, false)
	read(b.x.BitMaps, true)
}

func (b *builder) event(p *Provider, x *xmlEvent, templates map[string]*xmlTemplate) (*schema.Schema, error) {
	id, err := number(x.Value)
	if err != nil || id > 0xFFFF {
		return nil, fmt.Errorf("value %q, want a number up to 65535", x.Value)
	}
	var v uint64
	if x.Version != "" {
		if v, err = number(x.Version); err != nil || v > 255 {
			return nil, fmt.Errorf("version %q, want a number up to 255", x.Version)
		}
	}
	s := &schema.Schema{
		Provider: p.Name, GUID: p.GUID, ID: uint16(id), Version: uint8(v), Source: b.source,
		Event: x.Symbol, Message: b.text(x.Message), Level: WellKnown(x.Level), Channel: x.Channel,
	}
	s.Task, s.Opcode = b.task(x.Task), b.opcode(x.Task, x.Opcode)
	s.Keywords = strings.Fields(x.Keywords)
	if x.Template != "" {
		t, ok := templates[x.Template]
		if !ok {
			return nil, fmt.Errorf("template %q is not defined", x.Template)
		}
		f := fielder{b: b, slots: map[string]int{}}
		if s.Fields, err = f.fields(t.Items); err != nil {
			return nil, err
		}
	}
	return s.Compile(), nil
}

func (b *builder) task(name string) string {
	if name == "" {
		return ""
	}
	for i := range b.x.Tasks {
		if t := &b.x.Tasks[i]; t.Name == name {
			return b.label(t)
		}
	}
	return WellKnown(name)
}

func (b *builder) opcode(task, name string) string {
	if name == "" || name == "win:Info" {
		return ""
	}
	for i := range b.x.Tasks {
		t := &b.x.Tasks[i]
		for j := range t.Opcodes {
			if o := &t.Opcodes[j]; t.Name == task && o.Name == name {
				return b.label(o)
			}
		}
	}
	for i := range b.x.Opcodes {
		if o := &b.x.Opcodes[i]; o.Name == name {
			return b.label(o)
		}
	}
	return WellKnown(name)
}

// opcodes are the names of the opcodes that all providers share.
var opcodes = map[uint8]string{1: "Start", 2: "Stop", 3: "DCStart", 4: "DCStop", 5: "Extension", 6: "Reply", 7: "Resume", 8: "Suspend", 9: "Send", 240: "Receive"}

// OpcodeName returns the name of an opcode that all providers share, "" for Info
// and those that each defines for itself.
func OpcodeName(op uint8) string { return opcodes[op] }

// WellKnown turns the names that winmeta.xml defines (win:Start) into those
// shown.
func WellKnown(name string) string {
	switch rest, ok := strings.CutPrefix(name, "win:"); {
	case !ok:
		return name
	case rest == "DC_Start":
		return "DCStart"
	case rest == "DC_Stop":
		return "DCStop"
	case rest == "Info", rest == "None":
		return ""
	default:
		return rest
	}
}

// Chunk is one event of an EventSource manifest.
type Chunk struct {
	Format, Major, Minor uint8
	Total, Number        uint16
	Data                 []byte
}

// ParseChunk reads the payload of an event of id etl.ManifestID.
//
//	| format u8 | major u8 | minor u8 | 0x5B | chunks u16 | number u16 | text |
func ParseChunk(b []byte) (Chunk, error) {
	if len(b) < 8 {
		return Chunk{}, fmt.Errorf("manifest: chunk of %d bytes, want at least 8", len(b))
	}
	if b[3] != 0x5B || b[0] != 1 {
		return Chunk{}, fmt.Errorf("manifest: chunk of format %d with magic %#x, want 1 and 0x5b", b[0], b[3])
	}
	c := Chunk{b[0], b[1], b[2], binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:]}
	if c.Number >= c.Total {
		return c, fmt.Errorf("manifest: chunk %d of %d", c.Number, c.Total)
	}
	return c, nil
}

// Collector puts chunks together. The zero value is ready.
type Collector struct {
	parts map[partKey]*parts
}

type partKey struct {
	provider etl.GUID
	pid      uint32
}

type parts struct {
	data [][]byte
	left int
}

// maxManifest is how many chunks a manifest may have; each has up to 65,000
// bytes.
const maxManifest = 1024

// Add takes in a chunk that a process wrote for a provider, and returns the
// manifest when it is complete, else nil. The data is copied.
func (c *Collector) Add(provider etl.GUID, pid uint32, ch Chunk) []byte {
	if ch.Total == 0 || ch.Total > maxManifest {
		return nil
	}
	if c.parts == nil {
		c.parts = map[partKey]*parts{}
	}
	k := partKey{provider, pid}
	p := c.parts[k]
	if p == nil || len(p.data) != int(ch.Total) || p.data[ch.Number] != nil {
		p = &parts{data: make([][]byte, ch.Total), left: int(ch.Total)}
		c.parts[k] = p
	}
	p.data[ch.Number] = append([]byte{}, ch.Data...)
	if p.left--; p.left > 0 {
		return nil
	}
	delete(c.parts, k)
	var all []byte
	for _, d := range p.data {
		all = append(all, d...)
	}
	return all
}
