package etl

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/vm"
)

// The made-up addresses of 64-bit systems. An event's window is its own: the
// number of the event is part of the address, so that a pointer kept from one
// event to a later one faults.
//
//	eventBase | event number << 20 | headerOff  EVENT_HEADER, payload
//	                               | structOff  the struct of args[0]
//	                               | textOff    texts passed as arguments
//	objectBase | number << 11                   struct etl_thread
const (
	eventBase64  = 0xFFFFD000_00000000
	objectBase64 = 0xFFFFD100_00000000
	eventBase32  = 0xF0000000
	objectBase32 = 0xD0000000

	windowBits = 20
	windowMask = 1<<windowBits - 1
	headerOff  = 0
	structOff  = 0x20000
	structRoom = 0xA0000
	textOff    = structRoom
	textBits   = 14      // a text has 16 KB at most
	netOff     = 0xF0000 // the struct of a connection

	objectBits = 11
)

// memory is what programs can read: the event and the threads.
type memory struct {
	h                     *Host
	eventBase, objectBase uint64
	seqMask               uint64
	window                uint64 // of the current event

	class   *class
	ptr     int
	payload []byte
	head    [headerSize]byte
	haveHd  bool

	image    []byte // the numbers of the struct
	texts    []textValue
	haveImg  bool
	textLeaf int // which text buf holds, -1 none
	buf      []byte

	next uint64 // where a string that is being read goes on, 0 none
	pos  int    // in buf

	args [8][]byte // texts passed as arguments
	narg int

	object *extra // a struct at an address of its own: an I/O request
	flat   []byte
}

type textValue struct {
	v  schema.Value
	ok bool
}

func (m *memory) init(h *Host) {
	m.h = h
	m.eventBase, m.objectBase, m.seqMask = eventBase64, objectBase64, 1<<20-1
	if h.model.Ptr == 4 {
		m.eventBase, m.objectBase, m.seqMask = eventBase32, objectBase32, 1<<6-1
	}
	m.window = m.eventBase
	m.textLeaf = -1
}

// begin makes way for the event at hand.
func (m *memory) begin(seq uint64) {
	m.window = m.eventBase | (seq&m.seqMask)<<windowBits
	m.haveHd, m.haveImg, m.textLeaf, m.next, m.narg, m.object = false, false, -1, 0, 0, nil
}

// header is the address of the event's header, body that of its struct.
func (m *memory) header() uint64 { return m.window + headerOff }
func (m *memory) body() uint64   { return m.window + structOff }

// text passes a string as an argument and returns its address.
func (m *memory) text(s string) uint64 {
	if m.narg == len(m.args) {
		m.narg = 0
	}
	i := m.narg
	m.narg++
	m.args[i] = append(m.args[i][:0], s...)
	if len(m.args[i]) > 1<<textBits-1 {
		m.args[i] = m.args[i][:1<<textBits-1]
	}
	return m.window + textOff + uint64(i)<<textBits
}

// access is the engine's vm.Access.
func (m *memory) access(f *vm.Firing, _ bool, addr uint64, p []byte, write bool) bool {
	if write {
		return false
	}
	if m.object != nil && addr-m.object.addr < uint64(m.object.layout.size) {
		return m.readFlat(m.object.layout, m.object.fill, addr-m.object.addr, p)
	}
	if off := addr - m.window; off <= windowMask {
		switch {
		case off < structOff:
			return m.readHeader(off, p)
		case off < structRoom:
			return m.readStruct(off-structOff, p)
		default:
			return m.readText(off-textOff, p)
		}
	}
	if n := (addr - m.objectBase) >> objectBits; addr >= m.objectBase && n < uint64(len(m.h.play.objects)) {
		th := m.h.play.objects[n]
		return m.readFlat(m.h.threadType, th.fill, addr&(1<<objectBits-1), p)
	}
	return false
}

// readHeader reads the EVENT_HEADER and the payload behind it.
func (m *memory) readHeader(off uint64, p []byte) bool {
	if off+uint64(len(p)) > headerSize+uint64(len(m.payload)) {
		return false
	}
	if !m.haveHd {
		m.h.putHeader(m.head[:])
		m.haveHd = true
	}
	n := 0
	if off < headerSize {
		n = copy(p, m.head[off:])
		off = headerSize
	}
	copy(p[n:], m.payload[off-headerSize:])
	return true
}

// readText reads a text passed as an argument, and zeros behind it.
func (m *memory) readText(off uint64, p []byte) bool {
	i := int(off >> textBits)
	if i >= m.narg {
		return false
	}
	at := min(int(off&(1<<textBits-1)), len(m.args[i]))
	clear(p[copy(p, m.args[i][at:]):])
	return true
}

// readStruct reads the struct of the event's fields. A string longer than its slot
// can be read to its end: a read that goes on where the last one ended is of the
// same string.
func (m *memory) readStruct(off uint64, p []byte) bool {
	c := m.class
	if c == nil || c.named == nil {
		return false
	}
	l := &c.named.layout
	if m.next != 0 && off == m.next {
		m.more(p)
		return true
	}
	m.next = 0
	if off+uint64(len(p)) > uint64(l.size) {
		if off >= uint64(l.size) {
			return false
		}
		// The slot of the last string may be shorter than what is read at once.
		if i := l.at(int64(off)); i < 0 || l.leaves[i].kind != leafText {
			return false
		}
	}
	i := l.at(int64(off))
	if i >= 0 && int64(off) == l.leaves[i].off {
		lf := &l.leaves[i]
		switch {
		case lf.kind == leafText && len(p) <= slotSize:
			m.renderField(i)
			m.pos = 0
			m.next = off
			m.more(p)
			return true
		case lf.size == int64(len(p)) && !m.haveImg && c.field[i] >= 0:
			v, err := c.schema.Value(m.payload, m.ptr, c.field[i])
			clear(p)
			if err == nil {
				lf.put(p, &v)
			}
			return true
		}
	}
	m.fillImage()
	// Any other range: numbers from the image, texts rendered where they overlap.
	end := int64(off) + int64(len(p))
	clear(p)
	for i := range l.leaves {
		lf := &l.leaves[i]
		from, to := max(lf.off, int64(off)), min(lf.off+lf.size, end)
		if from >= to {
			continue
		}
		src := m.image[lf.off : lf.off+min(lf.size, int64(len(m.image))-lf.off)]
		if lf.kind == leafText {
			m.renderImage(i)
			var slot [slotSize]byte
			copy(slot[:slotSize-1], m.buf)
			src = slot[:]
		}
		copy(p[from-int64(off):to-int64(off)], src[from-lf.off:to-lf.off])
	}
	return true
}

// more serves the next bytes of the string in buf.
func (m *memory) more(p []byte) {
	n := copy(p, m.buf[min(m.pos, len(m.buf)):])
	clear(p[n:])
	m.pos += len(p)
	m.next += uint64(len(p))
	if n < len(p) {
		m.next = 0
	}
}

// renderField makes the text of a leaf, by its field if that stands at the top.
func (m *memory) renderField(i int) {
	if m.textLeaf == i {
		return
	}
	if k := m.class.field[i]; k >= 0 && !m.haveImg {
		m.buf, m.textLeaf = m.buf[:0], i
		if v, err := m.class.schema.Value(m.payload, m.ptr, k); err == nil {
			m.buf = appendText(m.buf, &v)
		}
		return
	}
	m.fillImage()
	m.renderImage(i)
}

func (m *memory) renderImage(i int) {
	if m.textLeaf == i {
		return
	}
	m.buf, m.textLeaf = m.buf[:0], i
	if t := &m.texts[i]; t.ok {
		m.buf = appendText(m.buf, &t.v)
	}
}

// appendText renders a field as D shows it: a string as it is.
func appendText(dst []byte, v *schema.Value) []byte {
	if v.Field.Class() == schema.ClassString && !v.IsArray() {
		return v.AppendString(dst)
	}
	if v.IsArray() && (v.Field.In == schema.Char8 || v.Field.In == schema.Char16) {
		return v.AppendString(dst)
	}
	return v.Text(dst)
}

// fillImage decodes all fields of the event.
func (m *memory) fillImage() {
	if m.haveImg {
		return
	}
	m.haveImg = true
	c := m.class
	l := &c.named.layout
	if int64(len(m.image)) < l.size {
		m.image = make([]byte, l.size)
	}
	if len(m.texts) < len(l.leaves) {
		m.texts = make([]textValue, len(l.leaves))
	}
	for i := range l.leaves {
		if lf := &l.leaves[i]; lf.kind == leafText {
			m.texts[i].ok = false
		} else {
			clear(m.image[lf.off : lf.off+lf.size])
		}
	}
	// A cut payload leaves its last fields zero.
	_, _ = c.schema.Walk(m.payload, m.ptr, func(i int, v schema.Value) bool {
		m.store(l, c.plan, i, v)
		return true
	})
}

func (m *memory) store(l *layout, plans []plan, i int, v schema.Value) {
	if i >= len(plans) {
		return
	}
	p := &plans[i]
	switch {
	case p.leaf >= 0:
		if lf := &l.leaves[p.leaf]; lf.kind == leafText {
			m.texts[p.leaf] = textValue{v, true}
		} else {
			lf.put(m.image[lf.off:], &v)
		}
	case p.sub != nil:
		v.Members(func(j int, s schema.Value) bool {
			m.store(l, p.sub, j, s)
			return true
		})
	}
}

// extra is a struct that the host makes itself, at an address of its own for the
// time of the event.
type extra struct {
	addr   uint64
	layout *layout
	fill   func(*image)
}

// image fills a struct member by member.
type image struct {
	l *layout
	b []byte
}

func (im *image) leaf(name string) *leaf {
	if m, ok := im.l.typ.Member(name); ok {
		if i := im.l.at(m.Off); i >= 0 {
			return &im.l.leaves[i]
		}
	}
	panic("BUG: struct " + im.l.typ.Name + " has no member " + name)
}

func (im *image) num(name string, v uint64) {
	lf := im.leaf(name)
	putInt(im.b[lf.off:], lf.size, v)
}

func (im *image) str(name, s string) {
	lf := im.leaf(name)
	clear(im.b[lf.off+int64(copy(im.b[lf.off:lf.off+lf.size-1], s)) : lf.off+lf.size])
}

// readFlat reads a struct that fill makes.
func (m *memory) readFlat(l *layout, fill func(*image), off uint64, p []byte) bool {
	if off >= uint64(l.size) {
		return false
	}
	// Strings are read 64 bytes at a time, perhaps past the end.
	if int64(len(m.flat)) < l.size+64 {
		m.flat = make([]byte, l.size+64)
	}
	b := m.flat[:l.size+64]
	clear(b)
	fill(&image{l, b[:l.size]})
	if off+uint64(len(p)) > uint64(len(b)) {
		return false
	}
	copy(p, b[off:])
	return true
}

// u32 reads a number of the payload, 0 if it ends before.
func u32(b []byte, at int) uint32 {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return binary.LittleEndian.Uint32(b[at:])
}

// ptrAt reads a pointer of the payload.
func ptrAt(b []byte, at, size int) uint64 {
	if at < 0 || at+size > len(b) {
		return 0
	}
	if size == 4 {
		return uint64(binary.LittleEndian.Uint32(b[at:]))
	}
	return binary.LittleEndian.Uint64(b[at:])
}
