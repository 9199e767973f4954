package etl

import "encoding/binary"

// block is what is kept of a buffer: where it is and which times it spans.
type block struct {
	off      int64
	min, max int64
	size     uint32 // bytes in the file
	data     uint32 // bytes of records, unpacked
	events   uint32
	cpu      uint16
	flags    uint8
}

// Flags of a block.
const (
	blockPacked   = 1 << iota // compressed
	blockUnsorted             // events are not in order of time
	blockSchemas              // has events that describe others
	blockRundown              // has process, thread or image events
	blockDoubted              // not all that the header says is used
	blockDamaged
	blockStackKeys // has definitions of stack keys
)

// The events whose payloads describe other events.
var (
	// ClassTraceEventInfo is the class of the events that merging tools add: opcode
	// 32 holds a TRACE_EVENT_INFO, 33 a map.
	ClassTraceEventInfo = MustGUID("bbccf6c1-6cd1-48c4-80ff-839482e37671")
	// ClassImageID is the class of the events that say from which build an image
	// is.
	ClassImageID = MustGUID("b3e675d7-2554-4f18-830b-2762732560de")
	// ClassSystemPaths is the class of the events with the system's paths and
	// drive letters.
	ClassSystemPaths = MustGUID("9b79ee91-b5fd-41c0-a243-4248e266e9d0")
)

// ManifestID is the event id under which an EventSource sends its manifest.
const ManifestID = 0xFFFE

// scanner finds the buffers of a file.
type scanner struct {
	f       *File
	src     source
	scratch []byte
	w       walker
	grain   int64 // the size of buffers, if all are alike
	end     int64 // the end of the file
	each    func(*Event)
	event   Event // what each is called with
}

// scan walks the chain and fills in f.blocks and f.stats.
func (s *scanner) scan() error {
	off := int64(0)
	first := true
	for off < s.end {
		b, err := s.src.at(off, bufferHeaderLen)
		if err != nil {
			return err
		}
		if len(b) < bufferHeaderLen {
			s.f.stats.note(DamageTruncated, off, s.end-off)
			return nil
		}
		h, ok := parseBufferHeader(b)
		if ok && int64(h.size) > s.limit() && off+int64(h.size) != s.end && !s.headerAt(off+int64(h.size)) {
			ok = false
		}
		if !ok && first {
			if h, ok, err = s.firstBuffer(h); err != nil {
				return err
			}
		}
		if !ok {
			h, ok = s.restore(off)
		}
		if !ok {
			if off, err = s.resync(off); err != nil {
				return err
			}
			continue
		}
		if err := s.resize(off, &h, first); err != nil {
			return err
		}
		if err := s.buffer(off, &h, first); err != nil {
			return err
		}
		if first {
			first = false
			if g := int64(s.f.header.BufferSize); g == int64(h.size) && s.f.hasHeader {
				s.grain = g
			}
		}
		off += int64(h.size)
	}
	return nil
}

// firstBuffer makes a header for a file whose first one is damaged, but for its
// first event, which describes the trace.
func (s *scanner) firstBuffer(h bufferHeader) (bufferHeader, bool, error) {
	b, err := s.src.at(0, 1<<16)
	if err != nil || len(b) < bufferHeaderLen {
		return h, false, err
	}
	r, what := peek(b[bufferHeaderLen:], 0)
	if what != recordOK || r.typ != TypeSystem32 && r.typ != TypeSystem64 || u16(b, bufferHeaderLen+6) != 0 {
		return h, false, nil
	}
	next, err := s.find(bufferHeaderLen+int64(r.size), s.end)
	if err != nil {
		return h, false, err
	}
	if next < 0 {
		next = s.end
	}
	return bufferHeader{size: int(min(next, maxBuffer)), valid: -1, doubted: true}, true, nil
}

// restore makes a header for a buffer whose own is damaged, if all buffers are of one
// size: where one should be, with an event at its start and another buffer behind it.
func (s *scanner) restore(off int64) (bufferHeader, bool) {
	var h bufferHeader
	if s.grain == 0 || off+s.grain > s.end || off%s.grain != 0 || off+s.grain < s.end && !s.strictly(off+s.grain) {
		return h, false
	}
	b, err := s.src.at(off, int(s.grain))
	if err != nil || len(b) < int(s.grain) {
		return h, false
	}
	if _, what := peek(b[bufferHeaderLen:], 0); what != recordOK {
		return h, false
	}
	var own [bufferHeaderLen]byte
	copy(own[:], b)
	put := binary.LittleEndian
	put.PutUint32(own[:], uint32(s.grain))
	put.PutUint16(own[0x34:], u16(own[:], 0x34)&(flagProcIndex|flagEventsLost|flagBufferLost))
	put.PutUint16(own[0x36:], 0)
	if h, _ = parseBufferHeader(own[:]); h.size == 0 {
		h.size, h.valid = int(s.grain), -1
	}
	h.doubted = true
	return h, true
}

// resize corrects the size of a buffer at off that is not believable.
func (s *scanner) resize(off int64, h *bufferHeader, first bool) error {
	next := off + int64(h.size)
	set := func(size int64) {
		h.size, h.doubted = int(size), true
		if !h.compressed() && h.valid > h.size {
			h.valid = -1
		}
	}
	if s.grain > 0 && !h.compressed() && int64(h.size) != s.grain && (off+s.grain == s.end || s.strictly(off+s.grain)) {
		// All are of one size.
		set(s.grain)
		return nil
	}
	from := int64(bufferHeaderLen)
	switch {
	case first:
		// The log file header inside tells the size; compressed files have a smaller
		// first buffer.
		hd, n := s.peekHeader(off)
		if hd == nil || next <= s.end && h.size <= int(hd.BufferSize) && (next == s.end || s.headerAt(next)) {
			return nil
		}
		from += int64(n)
		if g := int64(hd.BufferSize); g >= from && g < int64(h.size) && s.strictly(off+g) {
			set(g)
			return nil
		}
	case next == s.end || next < s.end && s.headerAt(next):
		return nil
	}
	at, err := s.find(off+from, min(next, s.end))
	if err == nil && at >= 0 {
		set(at - off)
	}
	return err
}

// strictly reports whether a buffer almost certainly starts at off.
func (s *scanner) strictly(off int64) bool {
	if off+bufferHeaderLen > s.end {
		return false
	}
	var b [1024]byte
	n, _ := s.src.r.ReadAt(b[:min(int64(len(b)), s.end-off)], off)
	return strictAt(b[:n])
}

// peekHeader reads the log file header of the first buffer, nil if there is none,
// and how long its event is.
func (s *scanner) peekHeader(off int64) (*Header, int) {
	var b [4096]byte
	n, _ := s.src.r.ReadAt(b[:min(int64(len(b)), s.end-off)], off)
	if n < bufferHeaderLen {
		return nil, 0
	}
	r, what := peek(b[bufferHeaderLen:n], 0)
	if what != recordOK || r.typ != TypeSystem32 && r.typ != TypeSystem64 || u16(b[:], bufferHeaderLen+6) != 0 {
		return nil, 0
	}
	ptr := 8
	if r.typ == TypeSystem32 {
		ptr = 4
	}
	hd, err := parseHeader(b[bufferHeaderLen+r.hdr:bufferHeaderLen+r.size], ptr)
	if err != nil {
		return nil, 0
	}
	return hd, r.size
}

// headerAt reports whether off can be the start of a buffer.
func (s *scanner) headerAt(off int64) bool {
	if off == s.end {
		return true
	}
	var b [bufferHeaderLen]byte
	if off < 0 || off+bufferHeaderLen > s.end {
		return false
	}
	if s.src.base <= off && off+bufferHeaderLen <= s.src.base+int64(s.src.n) {
		copy(b[:], s.src.buf[off-s.src.base:])
	} else if n, _ := s.src.r.ReadAt(b[:], off); n < len(b) {
		return false
	}
	_, ok := parseBufferHeader(b[:])
	return ok
}

// strictAt reports whether a buffer almost certainly starts at b, which holds
// what the file has from there on, up to some limit.
func strictAt(b []byte) bool {
	if len(b) < bufferHeaderLen+16 {
		return false
	}
	h, ok := parseBufferHeader(b)
	if !ok || h.valid < bufferHeaderLen+8 || h.flags&^(0x7f) != 0 || h.typ > 7 || u32(b, 0x2c) > 8 || h.size > 16<<20 {
		return false
	}
	if h.compressed() {
		if h.valid > 16<<20 {
			return false
		}
		var head [16]byte
		records, _, _, _ := unpack(bufferHeader{flags: flagCompressed, valid: bufferHeaderLen + len(head)}, b[:min(len(b), 512)], head[:], len(head))
		if len(records) < 16 {
			return false
		}
		m := u32(records, 0)
		t := HeaderType(m >> 16)
		return m>>24 == 0xC0 && t < 32 && layouts[t].len > 0 || m>>28 == 9 && m&0xffff >= 8
	}
	_, what := peek(b[bufferHeaderLen:], 0)
	return what == recordOK || what == recordCut && int(u32(b, bufferHeaderLen)&0xffff) <= h.valid
}

// resync looks for the next buffer from off on, where there is none, and notes
// what it skipped. It returns the file's end if there is no other.
func (s *scanner) resync(off int64) (int64, error) {
	at, err := s.find(off, s.end)
	if err != nil {
		return 0, err
	}
	if at < 0 {
		at = s.end
	}
	zero, err := s.zeros(off, at)
	if err != nil {
		return 0, err
	}
	if zero {
		s.f.stats.note(DamageUnwritten, off, at-off)
	} else {
		s.f.stats.note(DamageGarbage, off, at-off)
	}
	return at, nil
}

// find returns the first place in [off, end) where a buffer starts, -1 if none.
func (s *scanner) find(off, end int64) (int64, error) {
	// Buffers of compressed files begin anywhere, and those of others may have
	// been moved by what damaged the file.
	const look = 1024
	limit := s.limit()
	for off < end {
		b, err := s.src.at(off, sourceChunk)
		if err != nil {
			return -1, err
		}
		if len(b) < bufferHeaderLen {
			return -1, nil
		}
		for i := int64(0); i+bufferHeaderLen < int64(len(b)) && off+i < end; i++ {
			// The size of a buffer is never zero, and below 16 MB.
			if b[i+3] != 0 || b[i+0x35] != 0 || b[i+0x36] > 7 || b[i+0x37] != 0 || b[i+1] == 0 && b[i+2] == 0 && b[i] < bufferHeaderLen {
				continue
			}
			size := int64(u32(b, int(i)))
			if size > limit {
				continue
			}
			if i+look > int64(len(b)) && off+int64(len(b)) < s.end {
				break // look again with more behind it
			}
			if strictAt(b[i:]) {
				if next := off + i + size; next >= s.end || s.headerAt(next) {
					return off + i, nil
				}
			}
		}
		if off+int64(len(b)) >= s.end {
			return -1, nil
		}
		off += int64(len(b)) - look
	}
	return -1, nil
}

// limit returns the largest size a buffer should have, whatever a damaged header says.
func (s *scanner) limit() int64 {
	const most = 16 << 20
	if n := int64(s.f.header.BufferSize); s.f.hasHeader && n >= 1024 && n <= most {
		return n + bufferHeaderLen
	}
	return most
}

// zeros reports whether the bytes in [from, to) are all zero.
func (s *scanner) zeros(from, to int64) (bool, error) {
	for from < to {
		b, err := s.src.at(from, int(min(to-from, sourceChunk)))
		if err != nil || len(b) == 0 {
			return false, err
		}
		for _, c := range b {
			if c != 0 {
				return false, nil
			}
		}
		from += int64(len(b))
	}
	return true, nil
}

// buffer takes in the buffer at off. It corrects the header if that turns out to be
// wrong.
func (s *scanner) buffer(off int64, h *bufferHeader, first bool) error {
	raw, err := s.src.at(off, h.size)
	if err != nil || len(raw) < bufferHeaderLen {
		return err
	}
	have := len(raw)
	records, bad, err := s.unpack(off, h, raw)
	if err != nil {
		return err
	}
	st := &s.f.stats
	st.Buffers++
	bl := block{off: off, size: uint32(h.size), cpu: h.cpu}
	if have < h.size {
		st.note(DamageTruncated, off, int64(h.size-have))
		bl.flags |= blockDamaged
	}
	if h.doubted && bad < 0 {
		bad = int(DamageBuffer)
	}
	if h.doubted || h.valid < 0 {
		bl.flags |= blockDoubted
	}
	if h.compressed() {
		st.Compressed++
		bl.flags |= blockPacked
	}
	if h.flags&flagEventsLost != 0 {
		st.MarkedEventsLost++
	}
	if h.flags&flagBufferLost != 0 {
		st.MarkedBuffersLost++
	}
	if bad >= 0 {
		st.note(DamageKind(bad), off, int64(max(h.valid-bufferHeaderLen-len(records), 0)))
	}
	bl.data = uint32(len(records))
	w := &s.w
	w.reset(records, h.ts)
	last := int64(-1 << 63)
	for w.step() {
		ts := w.rec.ts
		if bl.events == 0 {
			bl.min, bl.max = ts, ts
			if first {
				s.firstEvent(h.cpu, records)
			}
		}
		if ts < last {
			bl.flags |= blockUnsorted
			bl.min = min(bl.min, ts)
		}
		bl.max = max(bl.max, ts)
		last = ts
		bl.events++
		bl.flags |= interest(records[w.at:], w.rec)
		if s.each != nil {
			s.event.decode(records[w.at:], w.rec, h.cpu, &s.f.clock)
			s.each(&s.event)
		}
	}
	w.report(st, off)
	st.Events += int64(bl.events)
	if bl.events > 0 {
		s.f.blocks = append(s.f.blocks, bl)
	}
	return nil
}

// unpack returns the records of a buffer whose bytes are raw. A header that is wrong
// about compression, or about the size of a compressed buffer, is corrected.
func (s *scanner) unpack(off int64, h *bufferHeader, raw []byte) (records []byte, bad int, err error) {
	limit := int(max(s.limit(), 1<<20))
	var used int
	records, s.scratch, used, bad = unpack(*h, raw, s.scratch, limit)
	_, what := peek(records, 0)
	switch {
	case what == recordOK:
		if !h.compressed() || bad >= 0 || used+bufferHeaderLen > len(raw) {
			return records, bad, nil
		}
		// What packs into less than the buffer's size may be followed by others.
		at, err := s.find(off+int64(used), off+int64(len(raw)))
		if err == nil && at >= 0 {
			h.size, h.doubted = int(at-off), true
		}
		return records, bad, err
	case h.compressed() && bad < 0, !h.compressed() && s.f.stats.Compressed == 0 && s.f.header.LogFileMode&modeCompressed == 0:
		return records, bad, nil
	}
	o := *h
	o.flags ^= flagCompressed
	o.doubted = true
	if !o.compressed() && o.valid > o.size {
		o.valid = -1
	}
	again, scratch, _, oBad := unpack(o, raw, nil, limit)
	if _, what := peek(again, 0); what != recordOK {
		return records, bad, nil
	}
	*h = o
	if scratch != nil {
		s.scratch = scratch
	}
	return again, oBad, nil
}

// firstEvent reads the log file header if the record at hand is one.
func (s *scanner) firstEvent(cpu uint16, records []byte) {
	r := s.w.rec
	b := records[s.w.at : s.w.at+r.size]
	if r.typ != TypeSystem32 && r.typ != TypeSystem64 || b[6] != 0 || b[7] != 0 {
		return
	}
	var e Event
	e.decode(b, r, cpu, nil)
	hd, err := parseHeader(e.Payload, int(e.PtrSize))
	if hd == nil {
		return
	}
	hd.ts = r.ts
	s.f.header = *hd
	s.f.hasHeader = err == nil
	s.f.clock = hd.clock()
}

// interest tells which passes before the main one want a record.
func interest(b []byte, r record) uint8 {
	switch r.typ {
	case TypeEventHeader64, TypeEventHeader32:
		if u16(b, 40) == ManifestID {
			return blockSchemas
		}
	case TypeFull32, TypeFull64:
		switch u32(b, 24) {
		case 0xbbccf6c1:
			return blockSchemas
		case 0xb3e675d7, 0x9b79ee91, 0x3d6fa8d0, 0x2cb15d1d, 0x3d6fa8d1:
			return blockRundown
		}
	case TypeSystem32, TypeSystem64, TypeCompact32, TypeCompact64, TypePerfInfo32, TypePerfInfo64:
		switch b[7] {
		case GroupProcess, GroupImage:
			return blockRundown
		case GroupThread:
			if b[6] <= 4 {
				return blockRundown
			}
		case GroupFile:
			if b[6] <= 36 {
				return blockRundown
			}
		case GroupRegistry:
			if b[6] >= 22 && b[6] <= 25 {
				return blockRundown
			}
		case GroupStackWalk:
			if b[6] >= 34 && b[6] <= 36 {
				return blockStackKeys
			}
		}
	}
	return 0
}
