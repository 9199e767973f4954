package etl

import "strconv"

// HeaderType is the kind of a record's header, as stored in its marker. The
// numbers are those of the Windows headers (TRACE_HEADER_TYPE_*), but for the
// last three, which have no type in their marker.
type HeaderType uint8

// The header types. 32 and 64 stand for the size of pointers in the payload.
const (
	TypeSystem32      HeaderType = 1
	TypeSystem64      HeaderType = 2
	TypeCompact32     HeaderType = 3
	TypeCompact64     HeaderType = 4
	TypeFull32        HeaderType = 10
	TypeInstance32    HeaderType = 11
	TypeTimed         HeaderType = 12
	TypeError         HeaderType = 13
	TypeWnode         HeaderType = 14
	TypeMessageClass  HeaderType = 15
	TypePerfInfo32    HeaderType = 16
	TypePerfInfo64    HeaderType = 17
	TypeEventHeader32 HeaderType = 18
	TypeEventHeader64 HeaderType = 19
	TypeFull64        HeaderType = 20
	TypeInstance64    HeaderType = 21
	TypeMessage       HeaderType = 32 // marker 0x9...: a WPP message
	TypeULong32       HeaderType = 33 // marker 0xA...: a bare number
	TypeULong32Time   HeaderType = 34 // marker 0xB...: a number with its time
)

var headerNames = map[HeaderType]string{
	TypeSystem32: "system32", TypeSystem64: "system64", TypeCompact32: "compact32", TypeCompact64: "compact64",
	TypeFull32: "full32", TypeInstance32: "instance32", TypeTimed: "timed", TypeError: "error", TypeWnode: "wnode",
	TypeMessageClass: "message-class", TypePerfInfo32: "perfinfo32", TypePerfInfo64: "perfinfo64",
	TypeEventHeader32: "event32", TypeEventHeader64: "event64", TypeFull64: "full64", TypeInstance64: "instance64",
	TypeMessage: "message", TypeULong32: "ulong32", TypeULong32Time: "ulong32-time",
}

// String returns a short lower-case name.
func (t HeaderType) String() string {
	if s, ok := headerNames[t]; ok {
		return s
	}
	return "type " + strconv.Itoa(int(t))
}

// layout is the shape of a header type: its length, where its time is, whether
// the size of the record is in its first word (else in its second) and the size
// of pointers.
type layout struct {
	len   uint8
	ts    uint8
	first bool
	ptr   uint8
}

var layouts = [64]layout{
	TypeSystem32:      {32, 16, false, 4},
	TypeSystem64:      {32, 16, false, 8},
	TypeCompact32:     {24, 16, false, 4},
	TypeCompact64:     {24, 16, false, 8},
	TypeFull32:        {48, 16, true, 4},
	TypeInstance32:    {72, 16, true, 4},
	TypeTimed:         {16, 8, true, 8},
	TypeError:         {48, 16, true, 8},
	TypeWnode:         {48, 16, true, 8},
	TypeMessageClass:  {48, 16, true, 8},
	TypePerfInfo32:    {16, 8, false, 4},
	TypePerfInfo64:    {16, 8, false, 8},
	TypeEventHeader32: {80, 16, true, 4},
	TypeEventHeader64: {80, 16, true, 8},
	TypeFull64:        {48, 16, true, 8},
	TypeInstance64:    {72, 16, true, 8},
	TypeULong32:       {8, 0, true, 8},
	TypeULong32Time:   {16, 8, true, 8},
}

// What a peek found.
const (
	recordOK   = iota
	recordEnd  // the end mark or the end of the bytes
	recordBad  // no marker, or a size that cannot be
	recordType // a size that can be, under a marker of unknown type
	recordCut  // a record that goes on past the end of the bytes
)

// record is the outline of a record: enough to order it and step over it.
type record struct {
	typ    HeaderType
	size   int // bytes with its header; the next begins at the next multiple of 8
	hdr    int // bytes of header
	ts     int64
	noTime bool // the header holds no time
}

// peek reads the outline of the record at b[at:]. at is a multiple of 8.
func peek(b []byte, at int) (r record, what int) {
	if len(b)-at < 8 {
		return r, recordEnd
	}
	b = b[at:]
	m := u32(b, 0)
	top := m >> 24
	if top == 0xC0 {
		r.typ = HeaderType(m >> 16)
		l := layouts[r.typ&63]
		if r.typ >= 32 || l.len == 0 {
			if r.size = int(m & 0xFFFF); r.size >= 8 && r.size <= len(b) {
				return r, recordType
			}
			return r, recordBad
		}
		r.size = int(m & 0xFFFF)
		if !l.first {
			r.size = int(u16(b, 4))
		}
		r.hdr = int(l.len)
		if r.size < r.hdr {
			return r, recordBad
		}
		if r.size > len(b) {
			if r.hdr <= len(b) {
				r.ts = int64(u64(b, int(l.ts)))
				return r, recordCut
			}
			return r, recordCut
		}
		r.ts = int64(u64(b, int(l.ts)))
		return r, recordOK
	}
	if m == 0 || m == 0xFFFFFFFF {
		return r, recordEnd
	}
	r.size = int(m & 0xFFFF)
	switch top >> 4 {
	case 9:
		r.typ, r.hdr = TypeMessage, 8
		r.noTime = true
		if r.size >= 8 && r.size <= len(b) {
			var at int
			if r.hdr, at = messageHeader(u16(b, 6)); at > 0 && r.hdr <= r.size {
				r.ts, r.noTime = int64(u64(b, at)), false
			}
		}
	case 0xA:
		r.typ, r.hdr, r.noTime = TypeULong32, 8, true
	case 0xB:
		r.typ, r.hdr = TypeULong32Time, 16
		if r.size >= 16 && len(b) >= 16 {
			r.ts = int64(u64(b, 8))
		}
	default:
		return r, recordBad
	}
	switch {
	case r.size < r.hdr:
		return r, recordBad
	case r.size > len(b):
		return r, recordCut
	}
	return r, recordOK
}

// What a message header carries (TRACE_MESSAGE_*), in the order of storage.
const (
	messageSequence  = 0x01 // u32
	messageGUID      = 0x02 // GUID
	messageComponent = 0x04 // u32, if there is no GUID
	messageTime      = 0x08 // 64-bit system time
	messagePerfTime  = 0x10 // 64-bit time of the performance counter
	messageSystem    = 0x20 // u32 thread, u32 process
	messagePointer32 = 0x40
	messagePointer64 = 0x80
)

// messageHeader returns the length of a message header and where its time is, 0
// if it has none.
func messageHeader(flags uint16) (n, timeAt int) {
	n = 8
	if flags&messageSequence != 0 {
		n += 4
	}
	switch {
	case flags&messageGUID != 0:
		n += 16
	case flags&messageComponent != 0:
		n += 4
	}
	if flags&(messageTime|messagePerfTime) != 0 {
		timeAt = n
		n += 8
	}
	if flags&messageSystem != 0 {
		n += 8
	}
	return n, timeAt
}

// align8 rounds up to a multiple of eight, on which every record begins.
func align8(n int) int { return (n + 7) &^ 7 }
