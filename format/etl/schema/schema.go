// Package schema is the model of what the payload of a trace event holds: its
// fields with their names and types. Every source of schemas - kernel classes,
// TraceLogging, manifests, descriptions inside the trace - is turned into it.
//
// A Schema is compiled once: fields that stand at a fixed place are found
// without looking at those before them, for 4-byte and 8-byte pointers apart.
// Others are found by walking, and only when they are asked for. Values are
// views into the payload; nothing is copied or allocated to read one.
package schema

import "github.com/godtrace/godtrace/format/etl"

// Type is how a field is stored. The numbers are TDH_INTYPE_* of the Windows
// headers.
type Type uint16

// The types.
const (
	Null            Type = 0
	UTF16           Type = 1 // by length, else up to NUL
	ANSI            Type = 2 // by length, else up to NUL
	Int8            Type = 3
	UInt8           Type = 4
	Int16           Type = 5
	UInt16          Type = 6
	Int32           Type = 7
	UInt32          Type = 8
	Int64           Type = 9
	UInt64          Type = 10
	Float           Type = 11
	Double          Type = 12
	Bool            Type = 13 // 32 bits
	Binary          Type = 14 // by length
	GUID            Type = 15
	Pointer         Type = 16
	FileTime        Type = 17
	SystemTime      Type = 18
	SID             Type = 19
	HexInt32        Type = 20
	HexInt64        Type = 21
	CountedUTF16    Type = 22 // u16 bytes before it
	CountedANSI     Type = 23
	Struct          Type = 24 // Fields, one after the other
	CountedBinary   Type = 25
	Counted16       Type = 300 // as 22
	Counted8        Type = 301 // as 23
	ReversedUTF16   Type = 302 // big-endian count
	ReversedANSI    Type = 303
	RestUTF16       Type = 304 // to the end of the payload
	RestANSI        Type = 305
	Char16          Type = 306
	Char8           Type = 307
	SizeT           Type = 308 // as wide as a pointer
	HexDump         Type = 309 // u32 bytes before it
	WbemSID         Type = 310 // a token user structure and a SID, or a zero word
	RestBinary      Type = 400 // this package's own: to the end of the payload
	PrefixedUTF16Ch Type = 401 // this package's own: u16 characters before it
	MessageText     Type = 402 // this package's own: no data; the text that Of.Message makes of the rest
)

// Out is how a field is meant to be shown. The numbers are TDH_OUTTYPE_*.
type Out uint16

// The out types that change how a value is shown.
const (
	OutDefault   Out = 0
	OutString    Out = 1
	OutDateTime  Out = 2
	OutBool      Out = 13
	OutHexBinary Out = 15
	OutHex8      Out = 16
	OutHex16     Out = 17
	OutHex32     Out = 18
	OutHex64     Out = 19
	OutPID       Out = 20
	OutTID       Out = 21
	OutPort      Out = 22
	OutIPv4      Out = 23
	OutIPv6      Out = 24
	OutSocket    Out = 25
	OutETWTime   Out = 27 // in units of the trace's clock
	OutXML       Out = 28
	OutErrorCode Out = 29
	OutWin32     Out = 30
	OutNTStatus  Out = 31
	OutHResult   Out = 32
	OutJSON      Out = 34
	OutUTF8      Out = 35
	OutCodePtr   Out = 37
	OutDateUTC   Out = 38
	OutIPAddrMOF Out = 300 // this package's own: an old IPv4 address
	OutSigned    Out = 301 // this package's own: unsigned storage, signed value
)

// How many times a field stands, or how long it is.
const (
	// NoField says that Count or Length is fixed.
	NoField = -1
	// ToEnd says that an array goes on to the end of the payload.
	ToEnd = -2
	// Prefixed says that a u16 before the elements counts them.
	Prefixed = -3
)

// Field describes one field.
type Field struct {
	Name string
	In   Type
	Out  Out
	// Array says that the field stands Count times, or as often as CountField
	// says.
	Array bool
	// Count is the number of elements if CountField is NoField. CountField is the
	// slot of the field that holds it, or NoField, ToEnd or Prefixed.
	Count      int
	CountField int
	// Length is the length of strings (in characters) and binary data (in bytes)
	// if LengthField is NoField; 0 then means that the data says it itself.
	// LengthField is the slot of the field that holds the length, or NoField.
	Length      int
	LengthField int
	// Map gives names to the values.
	Map *Map
	// Fields are the members of a Struct.
	Fields []Field
	// Of describes the rest of the payload for a MessageText.
	Of *Schema
	// Slot numbers the fields of a schema, members included, in order.
	Slot int
	// Tags are what TraceLogging attached, 0 if nothing.
	Tags uint32
}

// Map names values. It is read only once made.
type Map struct {
	Name string
	// Bits says that a value is a set of bits, each of which has a name.
	Bits    bool
	Entries []MapEntry
}

// MapEntry is a value, or bits, and its name.
type MapEntry struct {
	Value uint64
	Text  string
}

// Lookup returns the name of a value.
func (m *Map) Lookup(v uint64) (string, bool) {
	for i := range m.Entries {
		if m.Entries[i].Value == v {
			return m.Entries[i].Text, true
		}
	}
	return "", false
}

// Source is where a schema came from.
type Source uint8

// The sources.
const (
	// FromNothing: no schema was found; the payload is one binary field.
	FromNothing Source = iota
	FromKernel
	FromTraceLogging
	FromTrace
	FromEventSource
	FromManifest
	FromWPP
	FromDefault // known beforehand
)

// String returns a word.
func (s Source) String() string {
	return [...]string{"none", "kernel", "tracelogging", "trace", "eventsource", "manifest", "wpp", "default", "?"}[min(s, 8)]
}

// Schema describes an event. It is read only once compiled.
type Schema struct {
	// Provider is the provider's name, its GUID if it has none that is known.
	Provider string
	GUID     etl.GUID
	// Task, Opcode and Event are the names of the parts; "" if they have none.
	Task, Opcode, Event string
	ID                  uint16
	Version             uint8
	// Message is the text with %1 for the first field and so on, "" if none.
	Message string
	// Level and Channel are names, Keywords the names of the keyword's bits.
	Level, Channel string
	Keywords       []string
	Source         Source
	Fields         []Field

	name  string
	slots int
	refs  []bool // by slot: other fields depend on its value
	fixed [2][]place
	least [2]int32
}

// place is where a field stands, if that is fixed: off -1 if not. size is -1 if
// the field's size varies.
type place struct{ off, size int32 }

// Name returns provider/task/opcode as trace viewers show it: without the parts
// that are empty, and with the event's own name where there is no task.
func (s *Schema) Name() string { return s.name }

// FixedSize returns how many bytes the fields take that come before the first whose
// size varies: payloads cannot be shorter. ptr is 4 or 8.
func (s *Schema) FixedSize(ptr int) int { return int(s.least[b2i(ptr == 8)]) }

// Compile numbers the fields and finds the fixed places. It must be called once,
// before other methods. CountField and LengthField must be valid slots.
func (s *Schema) Compile() *Schema {
	s.slots = number(s.Fields, 0)
	s.refs = make([]bool, s.slots)
	mark(s.Fields, s.refs)
	for i, ptr := range [2]int{4, 8} {
		s.fixed[i] = make([]place, len(s.Fields))
		off := 0
		for j := range s.Fields {
			size := s.Fields[j].fixedSize(ptr)
			s.fixed[i][j] = place{int32(off), int32(size)}
			switch {
			case size < 0:
				off = -1
			case off >= 0:
				off += size
				s.least[i] = int32(off)
			}
		}
	}
	s.name = s.Provider
	event := s.Event
	if s.Task != "" {
		s.name += "/" + s.Task
		event = ""
	}
	if event != "" {
		s.name += "/" + event
	}
	if s.Opcode != "" {
		s.name += "/" + s.Opcode
	}
	return s
}

func number(fields []Field, n int) int {
	for i := range fields {
		fields[i].Slot = n
		n++
		n = number(fields[i].Fields, n)
	}
	return n
}

// mark notes which slots others depend on, and drops references that lead
// nowhere.
func mark(fields []Field, refs []bool) {
	for i := range fields {
		f := &fields[i]
		for _, ref := range []*int{&f.CountField, &f.LengthField} {
			switch {
			case *ref >= len(refs):
				*ref = NoField
			case *ref >= 0:
				refs[*ref] = true
			}
		}
		mark(f.Fields, refs)
	}
}

// Index returns the number of the top-level field with a name, -1 if none.
func (s *Schema) Index(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// fixedSize returns the size of a field if it does not depend on the payload,
// else -1.
func (f *Field) fixedSize(ptr int) int {
	n := f.elemSize(ptr)
	if n < 0 || !f.Array {
		return n
	}
	if f.CountField != NoField {
		return -1
	}
	return n * f.Count
}

// elemSize is fixedSize for one element.
func (f *Field) elemSize(ptr int) int {
	switch f.In {
	case Null:
		return 0
	case Int8, UInt8, Char8:
		return 1
	case Int16, UInt16, Char16:
		return 2
	case Int32, UInt32, Float, Bool, HexInt32:
		return 4
	case Int64, UInt64, Double, FileTime, HexInt64:
		return 8
	case GUID, SystemTime:
		return 16
	case Pointer, SizeT:
		return ptr
	case UTF16, ANSI, Binary:
		if f.LengthField != NoField {
			return -1
		}
		switch {
		case f.In == Binary && f.Length == 0 && f.Out == OutIPv6:
			return 16
		case f.Length == 0:
			return -1
		case f.In == UTF16:
			return 2 * f.Length
		}
		return f.Length
	case Struct:
		sum := 0
		for i := range f.Fields {
			n := f.Fields[i].fixedSize(ptr)
			if n < 0 {
				return -1
			}
			sum += n
		}
		return sum
	}
	return -1
}
