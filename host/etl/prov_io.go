package etl

import (
	"encoding/binary"
	"strconv"

	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/state"
)

// Flags of a buffer (struct buf), as D's io library has them.
const (
	bufRead  = 0x40
	bufWrite = 0x100
	bufAsync = 0x400
	bufPhys  = 0x20
)

// diskIO is a disk request as its completion tells it.
type diskIO struct {
	irp, offset, file uint64
	elapsed           uint64 // ticks of the clock
	size, flags, disk uint32
	op                uint8
	tid               uint32
}

// readDiskIO reads a completion; ok is false if it is cut short.
func readDiskIO(e *etl.Event) (d diskIO, ok bool) {
	b, p := e.Payload, int(e.PtrSize)
	d = diskIO{op: e.Opcode, tid: etl.NoID, disk: u32(b, 0), flags: u32(b, 4)}
	if e.Opcode == 14 || e.Opcode == 57 { // flush
		if len(b) < 16+p {
			return d, false
		}
		d.elapsed, d.irp = binary.LittleEndian.Uint64(b[8:]), ptrAt(b, 16, p)
		if e.Version >= 3 {
			d.tid = u32(b, 16+p)
		}
		return d, true
	}
	if len(b) < 24+p {
		return d, false
	}
	d.size, d.offset, d.file = u32(b, 8), binary.LittleEndian.Uint64(b[16:]), ptrAt(b, 24, p)
	at := 24 + p
	if e.Version >= 2 {
		d.irp = ptrAt(b, at, p)
		at += p
	}
	if at+8 <= len(b) {
		d.elapsed = binary.LittleEndian.Uint64(b[at:])
	}
	if e.Version >= 3 && at+12 <= len(b) {
		d.tid = u32(b, at+8)
	}
	return d, true
}

// address is where programs find the request: that of its packet, so that arg0 of
// start and done agree.
func (d *diskIO) address(h *Host) uint64 {
	if d.irp != 0 {
		return d.irp
	}
	key := d.offset>>9 ^ uint64(d.disk)<<20
	if h.model.Ptr == 4 {
		return 0xE8000000 | key&0x7fff<<11
	}
	return 0xFFFFD200_00000000 | key&0xffffff<<12
}

func (h *Host) argIO(name, tag string) argument {
	return argument{name: name, native: ctype.PtrTo(h.ioType.typ), trans: translated(tag)}
}

// diskEvent: a disk request has ended. That it began is found by the reader ahead.
func diskEvent(h *Host, st *stat) *act {
	args := func() []argument {
		return []argument{h.argIO("buf", "bufinfo"), h.argIO("dev", "devinfo"), h.argIO("file", "fileinfo")}
	}
	done := h.probe("io", "done", st.n, args()...)
	start := h.probe("io", "start", st.n, args()...)
	h.ahead.io, h.ahead.done = start, done
	return &act{on: anyOn(done), run: func(h *Host, m *machine) {
		if d, ok := readDiskIO(&h.play.e); ok {
			h.fireIO(done, m, &d)
		}
	}}
}

func (h *Host) fireIO(in *info, m *machine, d *diskIO) {
	a := d.address(h)
	h.mem.object = &extra{a, h.ioType, func(im *image) {
		flags := uint64(bufAsync | bufPhys)
		switch d.op {
		case 10, 55:
			flags |= bufRead
		case 11, 56:
			flags |= bufWrite
		}
		im.num("offset", d.offset)
		im.num("file", d.file)
		im.num("irp", d.irp)
		im.num("elapsed", uint64(m.files[0].f.Clock().Nanoseconds(int64(d.elapsed))))
		im.num("size", uint64(d.size))
		im.num("irpflags", uint64(d.flags))
		im.num("disk", uint64(d.disk))
		im.num("flags", flags)
		im.str("device", "disk"+strconv.FormatUint(uint64(d.disk), 10))
		path := m.tracker.DosPath(m.tracker.FileName(d.file))
		if path == "" {
			path = "<unknown>"
		}
		im.str("pathname", path)
	}}
	h.fire(in, a, a, a, 0, 0)
	h.mem.object = nil
}

// startIO fires io:::start.
func (h *Host) startIO(m *machine, d *diskIO, cpu uint16) {
	who := state.Who{PID: etl.NoID, TID: etl.NoID}
	if d.tid != etl.NoID {
		who = state.Who{PID: m.tracker.PIDOf(d.tid), TID: d.tid}
	}
	h.cur = m.thread(who, cpu)
	h.fireIO(h.ahead.io, m, d)
}
