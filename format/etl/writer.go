package etl

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unicode/utf16"

	"github.com/godtrace/godtrace/format/xpress"
)

// WriterOptions describes a trace to be written. The zero value makes a trace of
// a 64-bit system with one processor and a 10 MHz performance counter.
type WriterOptions struct {
	// BufferSize is the size of buffers in bytes, a multiple of 8 from 1024 to 16
	// MB; 0 means 65536.
	BufferSize int
	// PointerSize is 4 or 8; 0 means 8.
	PointerSize int
	// Processors is the number of processors; 0 means 1.
	Processors int
	// Clock is ClockQPC, ClockSystem or ClockCycles; 0 means ClockQPC.
	Clock uint32
	// PerfFreq is the performance counter's frequency; 0 means 10,000,000.
	PerfFreq int64
	// CPUMHz is the processors' speed; 0 means 1000.
	CPUMHz uint32
	// Start and Boot are FILETIMEs, Base the time stamp that stands for Start.
	Start, Boot, Base int64
	// TimerResolution is in 100 ns units; 0 means 156,250.
	TimerResolution uint32
	// Build is the system's build number; Version its version (0 means 10.0).
	Build, Version uint32
	// Session and File are the names put in the header.
	Session, File string
	// Compress packs the buffers.
	Compress bool
	// EventsLost and BuffersLost are recorded as the session's losses.
	EventsLost, BuffersLost uint32
	// TimeZoneBias is the minutes to add to local time for UTC.
	TimeZoneBias int32
}

// Writer writes an event trace log file. It is for one goroutine.
type Writer struct {
	w      io.Writer
	o      WriterOptions
	cpus   []writerBuffer
	packed []byte
	page   []byte
	n      uint32 // buffers written, with the header's
	seq    uint64
	last   int64
	err    error
}

type writerBuffer struct {
	b  []byte
	ts int64
}

// NewWriter writes the header of a trace to w and returns a Writer for its
// events. If w is an io.WriteSeeker, Close completes the header.
func NewWriter(w io.Writer, o WriterOptions) (*Writer, error) {
	if o.BufferSize == 0 {
		o.BufferSize = 1 << 16
	}
	if o.BufferSize < 1024 || o.BufferSize > 16<<20 || o.BufferSize%8 != 0 {
		return nil, fmt.Errorf("etl: buffer size %d, want a multiple of 8 from 1024 to 16777216", o.BufferSize)
	}
	if o.PointerSize == 0 {
		o.PointerSize = 8
	}
	if o.PointerSize != 4 && o.PointerSize != 8 {
		return nil, fmt.Errorf("etl: pointer size %d, want 4 or 8", o.PointerSize)
	}
	if o.Processors == 0 {
		o.Processors = 1
	}
	if o.Processors < 0 || o.Processors > 0x7ff {
		return nil, fmt.Errorf("etl: %d processors, want 1 to 2047", o.Processors)
	}
	if o.Clock == 0 {
		o.Clock = ClockQPC
	}
	if o.Clock > ClockCycles {
		return nil, fmt.Errorf("etl: clock %d, want 1, 2 or 3", o.Clock)
	}
	if o.PerfFreq == 0 {
		o.PerfFreq = 10_000_000
	}
	if o.CPUMHz == 0 {
		o.CPUMHz = 1000
	}
	if o.TimerResolution == 0 {
		o.TimerResolution = 156_250
	}
	if o.Version == 0 {
		o.Version = 0x0501000a
	}
	if o.Clock == ClockSystem && o.Base == 0 {
		o.Base = o.Start
	}
	wr := &Writer{w: w, o: o, cpus: make([]writerBuffer, o.Processors), last: o.Base}
	return wr, wr.header(0)
}

// header writes the header buffer.
func (w *Writer) header(end int64) error {
	p := w.o.PointerSize
	b := make([]byte, 56+2*p+172)
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	put(0, uint32(w.o.BufferSize))
	put(4, w.o.Version)
	put(8, w.o.Build)
	put(12, uint32(w.o.Processors))
	binary.LittleEndian.PutUint64(b[16:], uint64(end))
	put(24, w.o.TimerResolution)
	put(36, max(w.n, 1))
	put(40, 1)
	put(44, uint32(p))
	put(48, w.o.EventsLost)
	put(52, w.o.CPUMHz)
	put(56+2*p, uint32(w.o.TimeZoneBias))
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	for _, v := range []int64{w.o.Boot, w.o.PerfFreq, w.o.Start} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	b = binary.LittleEndian.AppendUint32(b, w.o.Clock)
	b = binary.LittleEndian.AppendUint32(b, w.o.BuffersLost)
	b = AppendUTF16Z(b, w.o.Session)
	b = AppendUTF16Z(b, w.o.File)
	e := Event{Type: TypeSystem32, Version: 2, TS: w.o.Base, Payload: b}
	if p == 8 {
		e.Type = TypeSystem64
	}
	rec, err := AppendEvent(nil, &e)
	if err != nil {
		return err
	}
	if len(rec) > w.o.BufferSize-bufferHeaderLen {
		return fmt.Errorf("etl: header of %d bytes, at most %d fit a buffer", len(rec), w.o.BufferSize-bufferHeaderLen)
	}
	page := w.frame(0, rec, w.o.Base, false)
	binary.LittleEndian.PutUint16(page[0x36:], 4)
	_, err = w.w.Write(page)
	if w.n == 0 {
		w.n = 1
	}
	return err
}

// frame makes a buffer of records.
func (w *Writer) frame(cpu int, records []byte, ts int64, pack bool) []byte {
	if cap(w.page) < w.o.BufferSize {
		w.page = make([]byte, w.o.BufferSize)
	}
	page := w.page[:w.o.BufferSize]
	clear(page[:bufferHeaderLen])
	flags := uint16(flagProcIndex)
	size := w.o.BufferSize
	body := records
	if pack {
		if w.packed = xpress.Encode(w.packed[:0], records); len(w.packed) < len(records) {
			body = w.packed
			flags |= flagCompressed
			size = bufferHeaderLen + len(body)
		}
	}
	n := copy(page[bufferHeaderLen:], body)
	for i := bufferHeaderLen + n; i < size; i++ {
		page[i] = 0xFF
	}
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(page[at:], v) }
	put(0, uint32(size))
	put(4, uint32(bufferHeaderLen+len(records)))
	put(8, uint32(bufferHeaderLen+len(records)))
	binary.LittleEndian.PutUint64(page[0x10:], uint64(ts))
	binary.LittleEndian.PutUint64(page[0x18:], w.seq)
	put(0x20, w.o.Clock)
	binary.LittleEndian.PutUint16(page[0x28:], uint16(cpu))
	put(0x2c, 3)
	put(0x30, uint32(bufferHeaderLen+len(records)))
	binary.LittleEndian.PutUint16(page[0x34:], flags)
	w.seq++
	return page[:size]
}

// Write adds an event on processor e.CPU. Type chooses the header; which other
// fields count depends on it (see AppendEvent).
func (w *Writer) Write(e *Event) error {
	if w.err != nil {
		return w.err
	}
	if int(e.CPU) >= len(w.cpus) {
		return fmt.Errorf("etl: event on processor %d, the trace has %d", e.CPU, len(w.cpus))
	}
	b, err := AppendEvent(w.cpus[e.CPU].b, e)
	if err != nil {
		return err
	}
	return w.add(int(e.CPU), e.TS, b)
}

// WriteRecord adds a record as a Reader found it (Event.Raw), made on a processor
// at a time.
func (w *Writer) WriteRecord(cpu uint16, ts int64, record []byte) error {
	if w.err != nil {
		return w.err
	}
	if int(cpu) >= len(w.cpus) {
		return fmt.Errorf("etl: event on processor %d, the trace has %d", cpu, len(w.cpus))
	}
	b := append(w.cpus[cpu].b, record...)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return w.add(int(cpu), ts, b)
}

// add takes a processor's records, to which one was appended.
func (w *Writer) add(cpu int, ts int64, b []byte) error {
	buf := &w.cpus[cpu]
	before := len(buf.b)
	room := w.o.BufferSize - bufferHeaderLen
	if len(b) > room {
		if len(b)-before > room {
			return fmt.Errorf("etl: event of %d bytes, at most %d fit a buffer", len(b)-before, room)
		}
		rec := append([]byte(nil), b[before:]...)
		buf.b = b[:before]
		if err := w.flush(cpu); err != nil {
			return err
		}
		b = append(buf.b, rec...)
	}
	buf.b = b
	buf.ts = max(buf.ts, ts)
	w.last = max(w.last, ts)
	return nil
}

// AddProcessors makes sure that the trace has n processors.
func (w *Writer) AddProcessors(n int) error {
	if n > 0x7ff {
		return fmt.Errorf("etl: %d processors, want 1 to 2047", n)
	}
	for len(w.cpus) < n {
		w.cpus = append(w.cpus, writerBuffer{})
	}
	w.o.Processors = len(w.cpus)
	return nil
}

// Flush writes what is in the buffers.
func (w *Writer) Flush() error {
	for cpu := range w.cpus {
		if len(w.cpus[cpu].b) > 0 {
			if err := w.flush(cpu); err != nil {
				return err
			}
		}
	}
	return w.err
}

func (w *Writer) flush(cpu int) error {
	buf := &w.cpus[cpu]
	if _, err := w.w.Write(w.frame(cpu, buf.b, buf.ts, w.o.Compress)); err != nil {
		w.err = err
		return err
	}
	w.n++
	buf.b = buf.b[:0]
	return nil
}

// Lost adds to the losses that the header reports.
func (w *Writer) Lost(events, buffers uint32) {
	w.o.EventsLost += events
	w.o.BuffersLost += buffers
}

// Close writes what is in the buffers and, if it can seek, the header's end
// time, number of buffers and losses. It does not close the underlying writer.
func (w *Writer) Close() error {
	if err := w.Flush(); err != nil {
		return err
	}
	s, ok := w.w.(io.WriteSeeker)
	if !ok {
		return nil
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("etl: complete the header: %w", err)
	}
	c := Clock{Type: w.o.Clock, Base: w.o.Base, Start: w.o.Start, Freq: uint64(w.o.PerfFreq)}
	if c.Type == ClockCycles {
		c.Freq = uint64(w.o.CPUMHz) * 1_000_000
	}
	w.seq = 0
	if err := w.header(c.FileTime(w.last)); err != nil {
		return fmt.Errorf("etl: complete the header: %w", err)
	}
	_, err := s.Seek(0, io.SeekEnd)
	return err
}

// AppendUTF16Z appends s as UTF-16 with a final NUL.
func AppendUTF16Z(dst []byte, s string) []byte {
	for _, u := range utf16.Encode([]rune(s)) {
		dst = binary.LittleEndian.AppendUint16(dst, u)
	}
	return append(dst, 0, 0)
}

// AppendItem appends an extended item to the Ext of an event under construction.
// last says that no other follows.
func AppendItem(dst []byte, t ItemType, data []byte, last bool) []byte {
	size := align8(8 + len(data))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(size))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(t))
	link := uint16(1)
	if last {
		link = 0
	}
	dst = binary.LittleEndian.AppendUint16(dst, link)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(data)))
	dst = append(dst, data...)
	return append(dst, make([]byte, size-8-len(data))...)
}

// AppendEvent appends the record of an event, padded to a multiple of 8. For
// system, compact and perfinfo headers it takes Version, Opcode, Group, PEBS and
// PMC; for full headers Opcode, Level, Version, Provider; for event headers all
// fields of the descriptor and Ext; for messages ID, Flags and Provider, and the
// message's number in the session from Keyword.
func AppendEvent(dst []byte, e *Event) ([]byte, error) {
	start := len(dst)
	le := binary.LittleEndian
	head := func(first, second uint16) { dst = le.AppendUint16(le.AppendUint16(dst, first), second) }
	mark := uint16(e.Type) | 0xC000
	switch e.Type {
	case TypeSystem32, TypeSystem64, TypeCompact32, TypeCompact64, TypePerfInfo32, TypePerfInfo64:
		if len(e.PMC)%8 != 0 || len(e.PMC) > 7*8 {
			return dst, fmt.Errorf("etl: %d bytes of counters, want a multiple of 8 up to 56", len(e.PMC))
		}
		v := uint16(e.Version) | uint16(len(e.PMC)/8)<<8
		if e.PEBS != 0 {
			v |= 0x8000
		}
		head(v, mark)
		head(0, uint16(e.Opcode)|uint16(e.Group)<<8)
		if e.Type < TypePerfInfo32 {
			dst = le.AppendUint32(le.AppendUint32(dst, e.TID), e.PID)
		}
		dst = le.AppendUint64(dst, uint64(e.TS))
		if e.Type <= TypeSystem64 {
			dst = le.AppendUint32(le.AppendUint32(dst, e.KernelTime), e.UserTime)
		}
		if e.PEBS != 0 {
			dst = le.AppendUint64(dst, e.PEBS)
		}
		dst = append(dst, e.PMC...)
	case TypeFull32, TypeFull64, TypeInstance32, TypeInstance64:
		head(0, mark)
		dst = append(dst, e.Opcode, e.Level, e.Version, 0)
		dst = le.AppendUint32(le.AppendUint32(dst, e.TID), e.PID)
		dst = le.AppendUint64(dst, uint64(e.TS))
		dst = append(dst, e.Provider[:]...)
		dst = le.AppendUint32(le.AppendUint32(dst, e.KernelTime), e.UserTime)
		if e.Type == TypeInstance32 || e.Type == TypeInstance64 {
			dst = append(dst, make([]byte, 24)...)
		}
	case TypeEventHeader32, TypeEventHeader64:
		flags := e.Flags &^ 1
		if len(e.Ext) > 0 {
			flags |= 1
		}
		head(0, mark)
		head(flags, e.Property)
		dst = le.AppendUint32(le.AppendUint32(dst, e.TID), e.PID)
		dst = le.AppendUint64(dst, uint64(e.TS))
		dst = append(dst, e.Provider[:]...)
		dst = le.AppendUint16(dst, e.ID)
		dst = append(dst, e.Version, e.Channel, e.Level, e.Opcode)
		dst = le.AppendUint64(le.AppendUint16(dst, e.Task), e.Keyword)
		dst = le.AppendUint32(le.AppendUint32(dst, e.KernelTime), e.UserTime)
		activity := e.ActivityID()
		dst = append(append(dst, activity[:]...), e.Ext...)
	case TypeMessage:
		head(0, 0x9000)
		head(e.ID, e.Flags)
		if e.Flags&messageSequence != 0 {
			dst = le.AppendUint32(dst, uint32(e.Keyword))
		}
		switch {
		case e.Flags&messageGUID != 0:
			dst = append(dst, e.Provider[:]...)
		case e.Flags&messageComponent != 0:
			dst = append(dst, e.Provider[:4]...)
		}
		if e.Flags&(messageTime|messagePerfTime) != 0 {
			dst = le.AppendUint64(dst, uint64(e.TS))
		}
		if e.Flags&messageSystem != 0 {
			dst = le.AppendUint32(le.AppendUint32(dst, e.TID), e.PID)
		}
	default:
		return dst, fmt.Errorf("etl: cannot write a %v header, want system, compact, perfinfo, full, instance, event or message", e.Type)
	}
	dst = append(dst, e.Payload...)
	size := len(dst) - start
	if size > math.MaxUint16 {
		return dst[:start], fmt.Errorf("etl: event of %d bytes, at most 65535 allowed", size)
	}
	at := start
	if !layouts[e.Type].first && e.Type != TypeMessage {
		at += 4
	}
	le.PutUint16(dst[at:], uint16(size))
	for len(dst)%8 != start%8 {
		dst = append(dst, 0)
	}
	return dst, nil
}
