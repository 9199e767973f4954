package tracelogging

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// Describe makes the item of type 11 for an event, so that programs that write
// traces can describe their events as they go. Fields may be of the types 1 to 25
// of package schema but 14 (for binary data use CountedBinary); arrays have a
// fixed or a prefixed count. What payloads must look like follows from the types,
// as for reading.
func Describe(event string, fields []schema.Field) ([]byte, error) {
	b := []byte{0, 0, 0}
	b, err := appendName(b, event)
	if err != nil {
		return nil, err
	}
	if b, err = appendFields(b, fields, 0); err != nil {
		return nil, err
	}
	if len(b) > 0xFFFF {
		return nil, fmt.Errorf("tracelogging: description of %s has %d bytes, at most 65535 allowed", event, len(b))
	}
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	return b, nil
}

// DescribeProvider makes the item of type 12: a provider's name and group (none
// if zero).
func DescribeProvider(t Traits) ([]byte, error) {
	b, err := appendName([]byte{0, 0}, t.Name)
	if err != nil {
		return nil, err
	}
	if !t.Group.IsZero() {
		b = append(b, 19, 0, 1)
		b = append(b, t.Group[:]...)
	}
	if len(b) > 0xFFFF {
		return nil, fmt.Errorf("tracelogging: provider %.40q... has %d bytes, at most 65535 allowed", t.Name, len(b))
	}
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	return b, nil
}

// ProviderGUID returns the GUID that belongs to a provider's name by the
// convention of EventSource and TraceLogging: a name-based one (version 5) of the
// upper-case name in big-endian UTF-16.
func ProviderGUID(name string) etl.GUID { return nameGUID(name) }

func appendName(b []byte, s string) ([]byte, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, fmt.Errorf("tracelogging: name %q holds a NUL", s)
	}
	return append(append(b, s...), 0), nil
}

func appendFields(b []byte, fields []schema.Field, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("tracelogging: structures nested deeper than %d", maxDepth)
	}
	for i := range fields {
		f := &fields[i]
		var err error
		if b, err = appendName(b, f.Name); err != nil {
			return nil, err
		}
		if f.In > schema.CountedBinary || f.In == schema.Binary {
			return nil, fmt.Errorf("tracelogging: field %q has type %d, want 1 to 25 but not 14", f.Name, f.In)
		}
		in, out := byte(f.In), tlgOut(f)
		if f.In == schema.CountedBinary {
			in = byte(schema.Binary)
		}
		if f.Array {
			switch {
			case f.CountField == schema.Prefixed:
				in |= inVar
			case f.CountField == schema.NoField && f.Count <= 0xFFFF:
				in |= inFixed
			default:
				return nil, fmt.Errorf("tracelogging: field %q: its count is neither fixed nor before it", f.Name)
			}
		}
		if f.In == schema.Struct {
			if len(f.Fields) == 0 || len(f.Fields) > 127 {
				return nil, fmt.Errorf("tracelogging: structure %q has %d fields, want 1 to 127", f.Name, len(f.Fields))
			}
			out = byte(len(f.Fields))
		}
		if out != 0 {
			in |= inOut
		}
		b = append(b, in)
		if out != 0 {
			b = append(b, out)
		}
		if in&inCustom == inFixed {
			b = binary.LittleEndian.AppendUint16(b, uint16(f.Count))
		}
		if f.In == schema.Struct {
			if b, err = appendFields(b, f.Fields, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// tlgOut is the reverse of outType.
func tlgOut(f *schema.Field) byte {
	switch f.Out {
	case schema.OutDefault:
		return 0
	case schema.OutHex8, schema.OutHex16, schema.OutHex32, schema.OutHex64, schema.OutHexBinary:
		return outHex
	}
	for n := byte(1); n < 64; n++ {
		if o, ok := outTypes[n]; ok && o == f.Out {
			return n
		}
	}
	return 0
}
