package decode

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/manifest"
	"github.com/godtrace/godtrace/format/etl/schema"
)

var le = binary.LittleEndian

// The bits of a property's flags (PROPERTY_FLAGS).
const (
	propStruct      = 0x01
	propParamLength = 0x02
	propParamCount  = 0x04
	propFixedLength = 0x10
	propFixedCount  = 0x20
)

// eventInfo is a TRACE_EVENT_INFO: what a merging tool asked the recording
// system about an event.
//
//	00 provider GUID  10 event GUID      20 descriptor (16)  30 decoding source
//	34 provider name  38 level name      3c channel name     40 keywords name
//	44 task name      48 opcode name     4c event message    50 provider message
//	54 xml            58 xml size        5c event name       60 attributes
//	64 properties     68 top-level ones  6c flags            70 properties, 24 bytes each
type eventInfo struct {
	provider, event etl.GUID
	id              uint16
	version, opcode uint8
	source          uint32
	s               schema.Schema
	maps            map[int]string // by slot: the maps that fields name
}

// Decoding sources.
const (
	sourceXML  = 0
	sourceWbem = 1
	sourceWPP  = 2
)

const propAt, propLen = 0x70, 24

// parseEventInfo reads a TRACE_EVENT_INFO.
func parseEventInfo(b []byte) (*eventInfo, error) {
	if len(b) < propAt {
		return nil, fmt.Errorf("decode: event description of %d bytes, want at least %d", len(b), propAt)
	}
	in := &eventInfo{provider: etl.GUID(b[0:16]), event: etl.GUID(b[16:32]), maps: map[int]string{}}
	in.id, in.version, in.opcode = le.Uint16(b[32:]), b[34], b[37]
	in.source = le.Uint32(b[48:])
	name := func(at int) string { return strings.TrimSpace(utf16At(b, le.Uint32(b[at:]))) }
	in.s = schema.Schema{
		Provider: name(52), Level: name(56), Channel: name(60), Task: name(68), Opcode: name(72), Message: name(76),
		GUID: in.provider, ID: in.id, Version: in.version, Source: schema.FromTrace,
	}
	in.s.Task, in.s.Opcode, in.s.Level = manifest.WellKnown(in.s.Task), manifest.WellKnown(in.s.Opcode), manifest.WellKnown(in.s.Level)
	if in.source == sourceXML {
		in.s.Event = name(92)
	}
	for _, k := range strings.Split(name(64), "\x00") {
		if k = strings.TrimSpace(k); k != "" {
			in.s.Keywords = append(in.s.Keywords, k)
		}
	}
	n, top := int(le.Uint32(b[100:])), int(le.Uint32(b[104:]))
	if n > 4096 || top > n || propAt+n*propLen > len(b) {
		return nil, fmt.Errorf("decode: event description of %d bytes with %d fields, %d at the top", len(b), n, top)
	}
	p := infoParser{b: b, n: n, slots: make([]int, n), maps: in.maps}
	for i := range p.slots {
		p.slots[i] = -1
	}
	var err error
	if in.s.Fields, err = p.fields(0, top, 0); err != nil {
		return nil, err
	}
	return in, nil
}

// infoParser reads the properties of a description.
type infoParser struct {
	b     []byte
	n     int
	slots []int // by property: the slot of its field
	next  int
	maps  map[int]string
}

func (p *infoParser) fields(from, count, depth int) ([]schema.Field, error) {
	if depth > 8 {
		return nil, fmt.Errorf("decode: structures nested deeper than 8")
	}
	if from+count > p.n || p.next > 1<<14 {
		return nil, fmt.Errorf("decode: members %d to %d of %d fields", from, from+count, p.n)
	}
	var out []schema.Field
	for i := from; i < from+count; i++ {
		b := p.b[propAt+i*propLen:][:propLen]
		flags := le.Uint32(b)
		f := schema.Field{Name: utf16At(p.b, le.Uint32(b[4:])), CountField: schema.NoField, LengthField: schema.NoField}
		f.Tags = le.Uint32(b[20:]) & 0x0FFFFFFF
		cnt, length := int(le.Uint16(b[16:])), int(le.Uint16(b[18:]))
		switch {
		case flags&propParamCount != 0:
			f.Array = true
			if cnt < p.n && p.slots[cnt] >= 0 {
				f.CountField = p.slots[cnt]
			} else {
				return nil, fmt.Errorf("decode: field %q is counted by field %d, which does not come before it", f.Name, cnt)
			}
		case cnt != 1 || flags&propFixedCount != 0:
			f.Array, f.Count = true, cnt
			if cnt == 0 && flags&propFixedCount == 0 {
				f.Array = false
			}
		}
		switch {
		case flags&propParamLength != 0:
			if length < p.n && p.slots[length] >= 0 {
				f.LengthField = p.slots[length]
			} else {
				return nil, fmt.Errorf("decode: field %q has its length in field %d, which does not come before it", f.Name, length)
			}
		default:
			f.Length = length
		}
		p.slots[i] = p.next
		slot := p.next
		p.next++
		if flags&propStruct != 0 {
			f.In, f.Length = schema.Struct, 0
			var err error
			if f.Fields, err = p.fields(int(le.Uint16(b[8:])), int(le.Uint16(b[10:])), depth+1); err != nil {
				return nil, err
			}
			out = append(out, f)
			continue
		}
		f.In, f.Out = schema.Type(le.Uint16(b[8:])), schema.Out(le.Uint16(b[10:]))
		if f.Out >= 300 {
			f.Out = schema.OutDefault
		}
		if f.Out == schema.OutString && (f.In == schema.UTF16 || f.In == schema.ANSI) {
			f.Out = schema.OutDefault
		}
		switch f.In {
		case schema.UTF16, schema.ANSI, schema.Binary:
		default:
			f.Length = 0 // the size of the type, which is known
			if f.LengthField >= 0 {
				f.LengthField = schema.NoField
			}
		}
		if at := le.Uint32(b[12:]); at != 0 {
			if m := strings.TrimSpace(utf16At(p.b, at)); m != "" {
				p.maps[slot] = m
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// utf16At returns the text at an offset, "" for offset 0.
func utf16At(b []byte, at uint32) string {
	if at == 0 || int(at) >= len(b) {
		return ""
	}
	b = b[at:]
	var u []uint16
	for len(b) >= 2 {
		c := le.Uint16(b)
		if c == 0 {
			break
		}
		u = append(u, c)
		b = b[2:]
	}
	return string(utf16.Decode(u))
}

// parseMapInfo reads a provider's GUID and an EVENT_MAP_INFO.
//
//	00 name  04 flags  08 entries  0c format or value type  10 entries: | text | value |
func parseMapInfo(b []byte) (etl.GUID, *schema.Map, error) {
	if len(b) < 32 {
		return etl.GUID{}, nil, fmt.Errorf("decode: map of %d bytes, want at least 32", len(b))
	}
	g := etl.GUID(b[:16])
	b = b[16:]
	m := &schema.Map{Name: strings.TrimSpace(utf16At(b, le.Uint32(b)))}
	flags, n := le.Uint32(b[4:]), int(le.Uint32(b[8:]))
	// Manifest and WMI bit maps.
	m.Bits = flags&(0x02|0x10) != 0
	if n > (len(b)-16)/8 {
		return g, nil, fmt.Errorf("decode: map %s of %d bytes with %d entries", m.Name, len(b), n)
	}
	for i := range n {
		e := b[16+8*i:]
		m.Entries = append(m.Entries, schema.MapEntry{Value: uint64(le.Uint32(e[4:])), Text: strings.TrimSpace(utf16At(b, le.Uint32(e)))})
	}
	return g, m, nil
}
