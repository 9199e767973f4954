package etl

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// bufferHeaderLen is the size of the header of a buffer (WMI_BUFFER_HEADER).
const bufferHeaderLen = 0x48

// maxBuffer is the largest buffer that is believed. Windows allows 16 MB.
const maxBuffer = 64 << 20

// Buffer flags.
const (
	flagFlush      = 0x01
	flagEventsLost = 0x02
	flagBufferLost = 0x04
	flagProcIndex  = 0x20
	flagCompressed = 0x40
)

// bufferHeader is what matters of the header of a buffer.
//
//	00 size u32        04 saved offset u32  08 current offset u32  0c references
//	10 time i64        18 sequence u64      20 clock:3 frequency:61
//	28 processor u16   2a logger u16        2c state u32
//	30 valid bytes u32 34 flags u16         36 type u16            38 times
type bufferHeader struct {
	size       int // bytes in the file
	valid      int // bytes with the header, once unpacked
	ts         int64
	seq        uint64
	clock      uint32
	cpu        uint16
	logger     uint16
	flags, typ uint16
	doubted    bool // what it says is not all true
}

func (h *bufferHeader) compressed() bool { return h.flags&flagCompressed != 0 }

// parseBufferHeader reads the header at b, which is long enough, and reports
// whether its sizes can be.
func parseBufferHeader(b []byte) (h bufferHeader, ok bool) {
	size, valid := u32(b, 0), u32(b, 0x30)
	h.ts, h.seq = int64(u64(b, 0x10)), u64(b, 0x18)
	h.clock = u32(b, 0x20) & 7
	h.flags, h.typ = u16(b, 0x34), u16(b, 0x36)
	h.logger = u16(b, 0x2a)
	h.cpu = u16(b, 0x28)
	if h.flags&flagProcIndex != 0 {
		h.cpu &= 0x7ff
	} else {
		h.cpu &= 0xff
	}
	if valid == 0 {
		// Old systems leave it to the saved offset.
		if valid = u32(b, 4); valid == 0 && h.flags == 0 {
			valid = u32(b, 8)
		}
	}
	if size < bufferHeaderLen || size > maxBuffer || valid > maxBuffer {
		return h, false
	}
	if saved := u32(b, 4); valid < bufferHeaderLen+8 && saved >= bufferHeaderLen+8 && saved <= maxBuffer {
		h.doubted = true
		valid = saved
	}
	h.size, h.valid = int(size), int(valid)
	if valid < bufferHeaderLen || !h.compressed() && valid > size {
		// The chain can go on, but the valid length is nonsense.
		h.valid = -1
	}
	return h, h.flags < 0x100 && h.typ < 16
}

// Header is the trace's own description of itself, from its first event.
type Header struct {
	// BufferSize is the size of the session's buffers in bytes.
	BufferSize uint32
	// Version is major, minor, subversion, subminor, a byte each.
	Version uint32
	// Build is the build number of the system (ProviderVersion).
	Build uint32
	// Processors is the number of processors.
	Processors uint32
	// EndTime, BootTime and StartTime are FILETIMEs; EndTime is 0 in a file that
	// was not closed.
	EndTime, BootTime, StartTime int64
	// TimerResolution is the clock interrupt's interval in 100 ns units.
	TimerResolution uint32
	// MaxFileSize is in megabytes, 0 for no limit.
	MaxFileSize uint32
	// LogFileMode holds EVENT_TRACE_* mode bits.
	LogFileMode uint32
	// BuffersWritten is how many buffers the session says it wrote.
	BuffersWritten uint32
	// PointerSize is that of the system that recorded, 4 or 8.
	PointerSize uint32
	// EventsLost and BuffersLost count what the session could not record.
	EventsLost, BuffersLost uint32
	// CPUMHz is the processors' speed.
	CPUMHz uint32
	// PerfFreq is the performance counter's frequency, ticks a second.
	PerfFreq int64
	// ClockType is ClockQPC, ClockSystem or ClockCycles.
	ClockType uint32
	// TimeZoneBias is the minutes to add to local time for UTC.
	TimeZoneBias int32
	// Session and File are the session's name and the file's at recording.
	Session, File string

	// ts is the time stamp of the header event, PID and TID its author.
	ts int64
}

// modeCircular is the bit of LogFileMode of files whose oldest buffers are written
// over.
const modeCircular = 0x2

// modeCompressed is that of files with compressed buffers.
const modeCompressed = 0x04000000

// headerTail is the number of bytes from BootTime to the end of the fixed part.
const headerTail = 8 + 8 + 8 + 4 + 4

// parseHeader reads a TRACE_LOGFILE_HEADER. ptr is the pointer size of the
// header event, which the structure's own PointerSize overrides.
func parseHeader(b []byte, ptr int) (*Header, error) {
	if len(b) < 56 {
		return nil, fmt.Errorf("etl: log file header of %d bytes, want at least 56", len(b))
	}
	h := &Header{
		BufferSize: u32(b, 0), Version: u32(b, 4), Build: u32(b, 8), Processors: u32(b, 12),
		EndTime: int64(u64(b, 16)), TimerResolution: u32(b, 24), MaxFileSize: u32(b, 28),
		LogFileMode: u32(b, 32), BuffersWritten: u32(b, 36), PointerSize: u32(b, 44),
		EventsLost: u32(b, 48), CPUMHz: u32(b, 52),
	}
	if h.PointerSize != 4 && h.PointerSize != 8 {
		h.PointerSize = uint32(ptr)
	}
	at := 56 + 2*int(h.PointerSize)
	if len(b) >= at+4 {
		h.TimeZoneBias = int32(u32(b, at))
	}
	at = align8(at + 172)
	if len(b) < at+headerTail {
		return h, fmt.Errorf("etl: log file header of %d bytes, want at least %d", len(b), at+headerTail)
	}
	h.BootTime, h.PerfFreq, h.StartTime = int64(u64(b, at)), int64(u64(b, at+8)), int64(u64(b, at+16))
	h.ClockType, h.BuffersLost = u32(b, at+24), u32(b, at+28)
	rest := b[at+headerTail:]
	h.Session, rest = cutUTF16(rest)
	h.File, _ = cutUTF16(rest)
	return h, nil
}

// clock returns the clock the header describes.
func (h *Header) clock() Clock {
	c := Clock{Type: h.ClockType, Base: h.ts, Start: h.StartTime}
	if c.Type == 0 {
		// Old systems did not tell. A time stamp that is a FILETIME is near the start.
		const day = 24 * 3600 * 10_000_000
		if d := h.ts - h.StartTime; d > -day && d < day {
			c.Type = ClockSystem
		} else {
			c.Type = ClockQPC
		}
	}
	switch c.Type {
	case ClockQPC:
		c.Freq = uint64(h.PerfFreq)
	case ClockCycles:
		c.Freq = uint64(h.CPUMHz) * 1_000_000
	}
	return c
}

// cutUTF16 returns the text up to a NUL and what comes behind it.
func cutUTF16(b []byte) (string, []byte) {
	n := 0
	for n+1 < len(b) && (b[n] != 0 || b[n+1] != 0) {
		n += 2
	}
	return decodeUTF16(b[:n]), b[min(n+2, len(b)):]
}

func decodeUTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}
