// Package tracelogging reads the descriptions that TraceLogging events carry
// with them, in extended items of types 11 (the event's name and fields) and 12
// (the provider's name and traits).
//
//	item 11: | size u16 | tags, 7 bits a byte | name, NUL | fields |
//	field:   | name, NUL | in u8 | [out u8 | [tags]] | [count u16, or size u16 and bytes] |
//	item 12: | size u16 | name, NUL | traits: | size u16 | type u8 | data | |
package tracelogging

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// The bits of a field's in byte.
const (
	inType   = 0x1F
	inFixed  = 0x20 // a fixed count follows
	inVar    = 0x40 // the payload holds the count
	inCustom = 0x60 // a description of another kind follows
	inOut    = 0x80 // an out byte follows
	outMore  = 0x80 // tags follow
)

// Traits are what a provider says about itself.
type Traits struct {
	Name string
	// Group is the provider's group, zero if it is in none.
	Group etl.GUID
}

// ParseTraits reads an item of type 12.
func ParseTraits(b []byte) (Traits, error) {
	var t Traits
	if len(b) < 3 {
		return t, fmt.Errorf("tracelogging: traits of %d bytes, want at least 3", len(b))
	}
	if n := int(binary.LittleEndian.Uint16(b)); n >= 2 && n < len(b) {
		b = b[:n]
	}
	name, rest, ok := bytes.Cut(b[2:], []byte{0})
	if !ok {
		return t, fmt.Errorf("tracelogging: provider name without end")
	}
	t.Name = string(name)
	for len(rest) >= 3 {
		n := int(binary.LittleEndian.Uint16(rest))
		if n < 3 || n > len(rest) {
			return t, fmt.Errorf("tracelogging: trait of %d bytes, %d left", n, len(rest))
		}
		if rest[2] == 1 && n >= 19 {
			t.Group = etl.GUID(rest[3:19])
		}
		rest = rest[n:]
	}
	return t, nil
}

// parser reads a description byte by byte.
type parser struct {
	b   []byte
	err error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("tracelogging: description ends in %s", what)
	}
	p.b = nil
}

func (p *parser) byte(what string) byte {
	if len(p.b) == 0 {
		p.fail(what)
		return 0
	}
	c := p.b[0]
	p.b = p.b[1:]
	return c
}

func (p *parser) u16(what string) int {
	lo := p.byte(what)
	return int(lo) | int(p.byte(what))<<8
}

func (p *parser) name(what string) string {
	name, rest, ok := bytes.Cut(p.b, []byte{0})
	if !ok {
		p.fail(what)
		return ""
	}
	p.b = rest
	return string(name)
}

// tags reads a chain of 7-bit groups, all but the last with the top bit set.
func (p *parser) tags() uint32 {
	var v uint32
	for {
		c := p.byte("tags")
		v = v<<7 | uint32(c&0x7F)
		if c&0x80 == 0 || p.err != nil {
			return v
		}
	}
}

// Parse reads an item of type 11 and returns the event's schema, not compiled,
// without provider.
func Parse(b []byte) (*schema.Schema, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("tracelogging: description of %d bytes, want at least 4", len(b))
	}
	if n := int(binary.LittleEndian.Uint16(b)); n >= 2 && n < len(b) {
		b = b[:n]
	}
	p := &parser{b: b[2:]}
	p.tags()
	s := &schema.Schema{Event: p.name("the event's name"), Source: schema.FromTraceLogging}
	for len(p.b) > 0 && p.err == nil {
		s.Fields = append(s.Fields, p.field(0))
	}
	return s, p.err
}

// maxDepth bounds how deep structures nest.
const maxDepth = 16

func (p *parser) field(depth int) schema.Field {
	f := schema.Field{CountField: schema.NoField, LengthField: schema.NoField}
	f.Name = p.name("a field's name")
	in := p.byte("a field's type")
	out := byte(0)
	if in&inOut != 0 {
		if out = p.byte("a field's out type"); out&outMore != 0 {
			f.Tags = p.tags()
			out &^= outMore
		}
	}
	f.In = schema.Type(in & inType)
	f.Out = outType(f.In, out)
	switch in & inCustom {
	case inFixed:
		f.Array, f.Count = true, p.u16("a field's count")
	case inVar:
		f.Array, f.CountField = true, schema.Prefixed
	case inCustom:
		n := p.u16("a custom type's size")
		for range n {
			p.byte("a custom type")
		}
		f.In = schema.CountedBinary
	}
	switch f.In {
	case schema.Binary:
		f.In = schema.CountedBinary
	case schema.Struct:
		if depth >= maxDepth {
			p.fail("a structure nested too deep")
			break
		}
		for range int(out) {
			if p.err != nil {
				break
			}
			f.Fields = append(f.Fields, p.field(depth+1))
		}
	}
	if f.In > schema.CountedBinary && p.err == nil {
		p.err = fmt.Errorf("tracelogging: field %q has type %d, at most 25 is known", f.Name, f.In)
	}
	return f
}

// outTypes turns TraceLogging's numbers for out types (TlgOut*) into the
// schema's.
var outTypes = map[byte]schema.Out{
	2: schema.OutString, 3: schema.OutBool, 5: schema.OutPID, 6: schema.OutTID, 7: schema.OutPort, 8: schema.OutIPv4, 9: schema.OutIPv6,
	10: schema.OutSocket, 11: schema.OutXML, 12: schema.OutJSON, 13: schema.OutWin32, 14: schema.OutNTStatus, 15: schema.OutHResult,
	16: schema.OutDateTime, 17: schema.OutSigned, 35: schema.OutUTF8, 37: schema.OutCodePtr, 38: schema.OutDateUTC,
}

// outHex is the out type of numbers shown in hexadecimal.
const outHex = 4

func outType(in schema.Type, out byte) schema.Out {
	if out != outHex {
		return outTypes[out]
	}
	switch in {
	case schema.Int8, schema.UInt8:
		return schema.OutHex8
	case schema.Int16, schema.UInt16:
		return schema.OutHex16
	case schema.Int32, schema.UInt32:
		return schema.OutHex32
	case schema.Int64, schema.UInt64:
		return schema.OutHex64
	}
	return schema.OutHexBinary
}
