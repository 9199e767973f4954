package decode

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/manifest"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// The compiled form of a manifest, which a provider's image holds as its resource
// WEVT_TEMPLATE. All offsets are from its start.
//
//	CRIM:   | "CRIM" | size | version | providers u32 | provider: GUID, offset u32 |
//	WEVT:   | "WEVT" | size | message | parts u32 | u32 | part: offset u32, u32 |
//	EVNT:   | "EVNT" | size | events u32 | u32 | event, 48 bytes |
//	event:  | id u16 | version | channel | level | opcode | task u16 | keywords u64 | message |
//	        | template | opcode | level | task | keywords | keywords | channel |
//	TASK, OPCO: | sig | size | entries u32 | entry: id u32, message, [GUID,] name |
//	TEMP:   | "TEMP" | size | fields u32 | names u32 | fields' offset | type u32 | GUID | ... |
//	field:  | flags u32 | in u8 | out u8 | u16 | map | count u16 | length u16 | name |
//	name:   | size u32 | UTF-16, NUL |
//	MAPS:   | "MAPS" | size | maps u32 | offset of each but the first, which is next |
//	map:    | "VMAP" or "BMAP" | size | name | entries u32 | entry: value u32, message u32 |
const (
	wevtNone    = 0xFFFFFFFF
	wevtEvent   = 48
	wevtField   = 20
	wevtMaxList = 1 << 16
)

// AddTemplates takes in a resource WEVT_TEMPLATE. It wins over what traces say.
// name is what a provider without a known name goes by; "" means its GUID. messages are
// the texts of the image by their ids, among them the names of values.
func (d *Decoder) AddTemplates(b []byte, name string, messages map[uint32]string) error {
	w := wevt{b: b, messages: messages}
	if w.sig(0) != "CRIM" || len(b) < 16 {
		return fmt.Errorf("decode: resource of %d bytes begins with %q, want CRIM", len(b), w.sig(0))
	}
	n := int(min(w.u32(12), wevtMaxList))
	for i := range n {
		at := 16 + 20*i
		if at+20 > len(b) {
			d.problem(fmt.Errorf("decode: templates with %d providers end after %d", n, i))
			break
		}
		g := etl.GUID(b[at : at+16])
		label := d.ProviderName(g)
		if label == "" {
			if label = name; label == "" || n > 1 {
				label = g.String()
			}
		}
		if err := d.addTemplates(&w, g, label, int(w.u32(at+16))); err != nil {
			d.problem(fmt.Errorf("decode: templates of provider %v: %w", g, err))
		}
	}
	clear(d.cache)
	return nil
}

// wevt reads a resource; what lies outside reads as 0.
type wevt struct {
	b        []byte
	messages map[uint32]string
	maps     map[uint32]*schema.Map // of the provider, by offset
}

func (w *wevt) ok(at, n int) bool { return at >= 0 && n >= 0 && at <= len(w.b)-n }

func (w *wevt) u32(at int) uint32 {
	if !w.ok(at, 4) {
		return 0
	}
	return le.Uint32(w.b[at:])
}

func (w *wevt) sig(at int) string {
	if !w.ok(at, 4) {
		return ""
	}
	return string(w.b[at : at+4])
}

// name reads a name at an offset.
func (w *wevt) name(off uint32) []byte {
	at := int(off)
	if off == 0 || off == wevtNone || !w.ok(at, 4) {
		return nil
	}
	n := int(w.u32(at))
	if n < 4 || !w.ok(at, n) {
		return nil
	}
	text := w.b[at+4 : at+n]
	return text[:len(text)&^1]
}

// addTemplates takes in the events of one provider.
func (d *Decoder) addTemplates(w *wevt, g etl.GUID, label string, at int) error {
	if w.sig(at) != "WEVT" {
		return fmt.Errorf("offset %#x holds %q, want WEVT", at, w.sig(at))
	}
	tasks, opcodes := map[uint32][]byte{}, map[uint32][]byte{}
	events := -1
	w.maps = map[uint32]*schema.Map{}
	for i := range int(min(w.u32(at+12), 64)) {
		part := int(w.u32(at + 20 + 8*i))
		switch w.sig(part) {
		case "TASK":
			for j := range int(min(w.u32(part+8), wevtMaxList)) {
				e := part + 12 + 28*j
				if !w.ok(e, 28) {
					break
				}
				tasks[w.u32(e)] = w.name(w.u32(e + 24))
			}
		case "OPCO":
			for j := range int(min(w.u32(part+8), wevtMaxList)) {
				e := part + 12 + 12*j
				if !w.ok(e, 12) {
					break
				}
				opcodes[w.u32(e)] = w.name(w.u32(e + 8))
			}
		case "MAPS":
			w.readMaps(part)
		case "EVNT":
			events = part
		}
	}
	if events < 0 {
		return nil // it has channels only
	}
	n := int(min(w.u32(events+8), wevtMaxList))
	for i := range n {
		e := events + 16 + wevtEvent*i
		if !w.ok(e, wevtEvent) {
			return fmt.Errorf("%d events, of which %d are there", n, i)
		}
		b := w.b[e : e+wevtEvent]
		// An opcode's number is in the upper half; the lower one limits it to a task.
		task, op := le.Uint16(b[6:]), uint32(b[5])<<16
		opcode := opcodes[op|uint32(task)]
		if opcode == nil {
			opcode = opcodes[op]
		}
		blob, err := w.description(g, b, tasks[uint32(task)], opcode)
		if err == nil {
			var in *eventInfo
			if in, err = parseEventInfo(blob); err == nil {
				s := in.s
				s.Provider, s.Source = label, schema.FromManifest
				if s.Opcode == "" {
					s.Opcode = manifest.OpcodeName(b[5])
				}
				if s.Task == "" {
					s.Event = fmt.Sprintf("EventID(%d)", in.id)
				}
				s.Message = w.message(le.Uint32(b[16:]))
				if _, ok := d.names[g]; !ok {
					d.names[g] = label
				}
				s.Compile()
				link(s.Fields, in.maps, named(w.maps))
				d.set(eventKey{guid: g, id: in.id, version: in.version}, &s)
				continue
			}
		}
		d.problem(fmt.Errorf("decode: provider %v: event %d: %w", g, le.Uint16(b), err))
	}
	return nil
}

// readMaps reads the names of values and of bits.
func (w *wevt) readMaps(at int) {
	n := int(min(w.u32(at+8), wevtMaxList))
	for i := range n {
		off := uint32(at + 12 + 4*(n-1))
		if i > 0 {
			off = w.u32(at + 12 + 4*(i-1))
		}
		kind := w.sig(int(off))
		if kind != "VMAP" && kind != "BMAP" {
			continue
		}
		m := &schema.Map{Name: utf16Text(w.name(w.u32(int(off) + 8))), Bits: kind == "BMAP"}
		for j := range int(min(w.u32(int(off)+12), wevtMaxList)) {
			e := int(off) + 16 + 8*j
			if !w.ok(e, 8) {
				break
			}
			if text := w.message(w.u32(e + 4)); text != "" {
				m.Entries = append(m.Entries, schema.MapEntry{Value: uint64(w.u32(e)), Text: text})
			}
		}
		if m.Name != "" && len(m.Entries) > 0 {
			w.maps[off] = m
		}
	}
}

func (w *wevt) message(id uint32) string {
	if id == wevtNone {
		return ""
	}
	return strings.TrimSpace(w.messages[id])
}

// named turns maps by offset into maps by name.
func named(maps map[uint32]*schema.Map) map[string]*schema.Map {
	out := map[string]*schema.Map{}
	for _, m := range maps {
		out[m.Name] = m
	}
	return out
}

func utf16Text(b []byte) string { return string(schema.AppendUTF16(nil, b)) }

// description makes a TRACE_EVENT_INFO of an event and its template, as a merging
// tool would.
func (w *wevt) description(g etl.GUID, ev, task, opcode []byte) ([]byte, error) {
	out := make([]byte, propAt)
	copy(out, g[:])
	copy(out[32:], ev[:16])
	fields, top, list := 0, 0, 0
	if t := int(le.Uint32(ev[20:])); t != 0 && le.Uint32(ev[20:]) != wevtNone {
		if w.sig(t) != "TEMP" {
			return nil, fmt.Errorf("template at %#x holds %q, want TEMP", t, w.sig(t))
		}
		top, fields, list = int(w.u32(t+8)), int(w.u32(t+12)), int(w.u32(t+16))
		if top > fields {
			top, fields = fields, top
		}
		if fields > 4096 || top > fields || !w.ok(list, fields*wevtField) {
			return nil, fmt.Errorf("template at %#x has %d fields, %d at the top, at %#x", t, fields, top, list)
		}
	}
	le.PutUint32(out[100:], uint32(fields))
	le.PutUint32(out[104:], uint32(top))
	out = append(out, make([]byte, fields*propLen)...)
	text := func(b []byte) uint32 {
		at := uint32(len(out))
		out = append(append(out, b...), 0, 0)
		return at
	}
	for i := range fields {
		f := w.b[list+i*wevtField:][:wevtField]
		p := propAt + i*propLen
		flags := le.Uint32(f)
		at := text(w.name(le.Uint32(f[16:])))
		copy(out[p:], f[:4])
		le.PutUint32(out[p+4:], at)
		if flags&propStruct != 0 {
			copy(out[p+8:], f[4:8]) // first member and their number
		} else {
			le.PutUint16(out[p+8:], uint16(f[4]))
			le.PutUint16(out[p+10:], uint16(f[5]))
		}
		copy(out[p+16:], f[12:16])
		if m := w.maps[le.Uint32(f[8:])]; m != nil && flags&propStruct == 0 {
			at := text(etl.AppendUTF16Z(nil, m.Name))
			le.PutUint32(out[p+12:], at)
		}
	}
	if task != nil {
		at := text(task) // which may move out
		le.PutUint32(out[68:], at)
	}
	if opcode != nil {
		at := text(opcode)
		le.PutUint32(out[72:], at)
	}
	return out, nil
}
