package etl

import "encoding/binary"

// NoID is the PID or TID of an event whose header holds none (perfinfo events,
// messages without system information).
const NoID = 0xFFFFFFFF

// Event is one event. Its slices are views into memory of the Reader that
// delivered it and are valid until the next call of Next; a caller who keeps
// them copies them.
type Event struct {
	// Type is the kind of header the event was stored with.
	Type HeaderType
	// PtrSize is the size of pointers in the payload: 4 or 8. One file may hold
	// both.
	PtrSize uint8
	// Version, Channel, Level, Opcode, Task, ID and Keyword describe the event.
	// Classic events (kernel groups, full and instance headers) have only
	// Version, Level and Opcode; messages have only ID, the message number.
	Version, Channel, Level, Opcode uint8
	// Group is the kernel's event group of system, compact and perfinfo events.
	Group uint8
	// Flags and Property are those of the event header as stored (bit 0 of Flags:
	// extended items follow), or the option flags of a message.
	Flags, Property uint16
	ID, Task        uint16
	// CPU is the processor that logged the event.
	CPU uint16
	// PID and TID are those of the header, NoID if it has none.
	PID, TID uint32
	// KernelTime and UserTime are processor times of the thread, in units of the
	// header's TimerResolution; 0 if the header has none.
	KernelTime, UserTime uint32
	Keyword              uint64
	// TS is the time in units of the trace's clock.
	TS int64
	// Provider is the provider's GUID; for classic events the GUID of the event
	// class.
	Provider GUID
	// PEBS is the processor's precise event index stored before the payload of
	// sampled kernel events, 0 if none.
	PEBS uint64
	// PMC holds the counters stored before the payload, eight bytes each.
	PMC []byte
	// Ext holds the extended items; see Items.
	Ext []byte
	// Payload is the event's own data.
	Payload []byte
	// Raw is the whole record, header first.
	Raw []byte
	// File counts the files of a Merger, from 0.
	File int

	clock *Clock
}

// Time returns the event's time as a FILETIME: 100 ns units since 1601-01-01
// UTC.
func (e *Event) Time() int64 {
	if e.clock == nil {
		return e.TS
	}
	if e.Type == TypeMessage && e.Flags&(messageTime|messagePerfTime) == messageTime {
		// Messages may carry the system time whatever the session's clock is. The
		// two cannot be mixed up: a FILETIME of our days is beyond any counter.
		if e.TS > 1<<56 {
			return e.TS
		}
	}
	return e.clock.FileTime(e.TS)
}

// Clock returns the clock that the event's TS was read from.
func (e *Event) Clock() *Clock { return e.clock }

// Classic reports whether the event is of a class with version and opcode (a
// kernel event, or one with a full or instance header).
func (e *Event) Classic() bool {
	return e.Type != TypeEventHeader32 && e.Type != TypeEventHeader64 && e.Type < TypeMessage
}

// Kernel reports whether the event is from one of the kernel's event groups,
// stored in the short form that such events have.
func (e *Event) Kernel() bool {
	return e.Type >= TypeSystem32 && e.Type <= TypeCompact64 || e.Type == TypePerfInfo32 || e.Type == TypePerfInfo64
}

// ActivityID returns the activity of events with an event header, else zeros.
func (e *Event) ActivityID() GUID {
	if (e.Type == TypeEventHeader32 || e.Type == TypeEventHeader64) && len(e.Raw) >= 80 {
		return guidAt(e.Raw[64:80])
	}
	return GUID{}
}

// Flags of an event header as a consumer of Windows sees it.
const (
	seenExtended  = 0x001
	seenMessage   = 0x008
	seen32        = 0x020
	seen64        = 0x040
	seenClassic   = 0x100
	seenProcessor = 0x200
)

// AppendHeader appends the event's header in the form that consumers on Windows
// get it in, the 80 bytes of an EVENT_HEADER, whatever header it was stored with:
// with the flags of bitness and kind set, and the time as a FILETIME.
//
//	00 size u16  02 type u16  04 flags u16  06 property u16  08 TID  0c PID  10 time
//	18 provider  28 id u16  2a version  2b channel  2c level  2d opcode  2e task u16
//	30 keyword   38 kernel time u32  3c user time u32  40 activity
func (e *Event) AppendHeader(dst []byte) []byte {
	le := binary.LittleEndian
	flags := e.Flags | seenProcessor
	switch {
	case e.Type == TypeMessage:
		flags = seenMessage | seenProcessor
	case e.Type > TypeMessage:
		flags = seenProcessor
	case e.Classic():
		flags |= seenClassic
	}
	if len(e.Ext) > 0 {
		flags |= seenExtended
	}
	if e.PtrSize == 4 {
		flags |= seen32
	} else {
		flags |= seen64
	}
	dst = le.AppendUint16(dst, uint16(min(80+len(e.Ext)+len(e.Payload), 0xFFFF)))
	dst = le.AppendUint16(dst, 0)
	dst = le.AppendUint16(le.AppendUint16(dst, flags), e.Property)
	dst = le.AppendUint32(le.AppendUint32(dst, e.TID), e.PID)
	dst = le.AppendUint64(dst, uint64(e.Time()))
	dst = append(dst, e.Provider[:]...)
	dst = le.AppendUint16(dst, e.ID)
	dst = append(dst, e.Version, e.Channel, e.Level, e.Opcode)
	dst = le.AppendUint64(le.AppendUint16(dst, e.Task), e.Keyword)
	dst = le.AppendUint32(le.AppendUint32(dst, e.KernelTime), e.UserTime)
	a := e.ActivityID()
	return append(dst, a[:]...)
}

// Instance returns the ids and the parent's class of events with an instance
// header.
func (e *Event) Instance() (id, parent uint32, class GUID, ok bool) {
	if (e.Type != TypeInstance32 && e.Type != TypeInstance64) || len(e.Raw) < 72 {
		return 0, 0, GUID{}, false
	}
	return u32(e.Raw, 48), u32(e.Raw, 52), guidAt(e.Raw[56:72]), true
}

// MessageSequence returns the sequence number of a message that has one.
func (e *Event) MessageSequence() (uint32, bool) {
	if e.Type != TypeMessage || e.Flags&messageSequence == 0 || len(e.Raw) < 12 {
		return 0, false
	}
	return u32(e.Raw, 8), true
}

// decode fills e from the record at b, whose outline is r. It sets every field.
func (e *Event) decode(b []byte, r record, cpu uint16, clock *Clock) {
	b = b[:r.size]
	l := &layouts[r.typ&63]
	e.Type, e.PtrSize, e.CPU, e.TS = r.typ, l.ptr, cpu, r.ts
	e.Raw, e.clock = b, clock
	e.Channel, e.Flags, e.Property, e.ID, e.Task, e.Keyword = 0, 0, 0, 0, 0, 0
	e.Group, e.PEBS, e.PMC, e.Ext, e.File = 0, 0, nil, nil, 0
	switch r.typ {
	case TypePerfInfo32, TypePerfInfo64:
		e.PID, e.TID, e.KernelTime, e.UserTime = NoID, NoID, 0, 0
		e.classic(b, 16)
	case TypeCompact32, TypeCompact64:
		e.TID, e.PID, e.KernelTime, e.UserTime = u32(b, 8), u32(b, 12), 0, 0
		e.classic(b, 24)
	case TypeSystem32, TypeSystem64:
		e.TID, e.PID, e.KernelTime, e.UserTime = u32(b, 8), u32(b, 12), u32(b, 24), u32(b, 28)
		e.classic(b, 32)
	case TypeEventHeader32, TypeEventHeader64:
		_ = b[79]
		e.Flags, e.Property = u16(b, 4), u16(b, 6)
		e.TID, e.PID = u32(b, 8), u32(b, 12)
		e.Provider = GUID(b[24:40])
		e.ID, e.Version, e.Channel, e.Level, e.Opcode = u16(b, 40), b[42], b[43], b[44], b[45]
		e.Task, e.Keyword = u16(b, 46), u64(b, 48)
		e.KernelTime, e.UserTime = u32(b, 56), u32(b, 60)
		e.Payload = b[80:]
		if e.Flags&1 != 0 {
			n := itemsLen(e.Payload)
			e.Ext, e.Payload = e.Payload[:n:n], e.Payload[n:]
		}
	case TypeMessage:
		e.message(b, r.hdr)
	case TypeTimed, TypeULong32, TypeULong32Time:
		e.PID, e.TID, e.KernelTime, e.UserTime = NoID, NoID, 0, 0
		e.Version, e.Level, e.Opcode, e.Provider = 0, 0, 0, GUID{}
		id := u32(b, 4)
		e.ID, e.Task = uint16(id), uint16(id>>16)
		e.Payload = b[r.hdr:]
	default: // full, instance, and the rare ones that begin like them
		e.Opcode, e.Level, e.Version = b[4], b[5], b[6]
		e.TID, e.PID = u32(b, 8), u32(b, 12)
		e.Provider = GUID(b[24:40])
		e.KernelTime, e.UserTime = u32(b, 40), u32(b, 44)
		e.Payload = b[r.hdr:]
	}
}

// classic reads what system, compact and perfinfo headers share, and what may
// stand between the header and the payload.
func (e *Event) classic(b []byte, hdr int) {
	v := u16(b, 0)
	e.Version, e.Level = uint8(v), 0
	e.Opcode, e.Group = b[6], b[7]
	e.Provider = groupClass[e.Group&63]
	if v&0x8700 != 0 {
		hdr = e.counters(b, v, hdr)
	}
	e.Payload = b[hdr:]
}

// counters reads the precise event index (bit 15 of the version) and the
// counters (bits 8-10 say how many) that may precede a payload. If the record is
// too short for them the bits mean something else, and nothing is taken.
func (e *Event) counters(b []byte, v uint16, hdr int) int {
	n := int(v >> 8 & 7)
	end := hdr + 8*n
	if v&0x8000 != 0 {
		end += 8
	}
	if end > len(b) {
		return hdr
	}
	if v&0x8000 != 0 {
		e.PEBS = u64(b, hdr)
		hdr += 8
	}
	if n > 0 {
		e.PMC = b[hdr:end:end]
	}
	return end
}

func (e *Event) message(b []byte, hdr int) {
	e.ID, e.Flags = u16(b, 4), u16(b, 6)
	e.Version, e.Level, e.Opcode, e.KernelTime, e.UserTime = 0, 0, 0, 0, 0
	e.PID, e.TID = NoID, NoID
	e.Provider = GUID{}
	at := 8
	if e.Flags&messageSequence != 0 {
		at += 4
	}
	switch {
	case e.Flags&messageGUID != 0:
		e.Provider = GUID(b[at : at+16])
	case e.Flags&messageComponent != 0:
		// The component's number takes the place of the GUID's first word.
		copy(e.Provider[:4], b[at:at+4])
	}
	if e.Flags&messageSystem != 0 {
		e.TID, e.PID = u32(b, hdr-8), u32(b, hdr-4)
	}
	e.PtrSize = 8
	if e.Flags&messagePointer32 != 0 {
		e.PtrSize = 4
	}
	e.Payload = b[hdr:]
}
