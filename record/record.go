// Package record lays out what a firing clause leaves in a trace buffer, and
// names the ways in which data can be lost. It does not interpret the data:
// ir.Clause does.
//
// A record is a Header, then RecSize bytes laid out by the clause:
//
//	 0        4        8               16       20       24
//	+--------+--------+----------------+--------+--------+-- - -
//	| clause | probe  | time ns        | spec   | epid   | data
//	+--------+--------+----------------+--------+--------+-- - -
//
// All numbers have the machine's byte order (little endian on every supported
// one). clause >= Special marks records that no clause made.
package record

import "encoding/binary"

// HeaderSize is the size of an encoded Header in bytes.
const HeaderSize = 24

// Header starts every record.
type Header struct {
	// Clause indexes ir.Program.Clauses, or is one of the special values.
	Clause uint32
	// Probe is the probe.ID that fired.
	Probe uint32
	// Time is the firing's timestamp in ns of the host's monotonic clock, or a
	// count that grows from firing to firing (host.Options.NoTime).
	Time uint64
	// Spec is the speculation the record belongs to, 0 if none.
	Spec uint32
	// EPID is the enabled probe id, or 0 if the consumer shall compute it.
	EPID uint32
}

// Special values of Header.Clause.
const (
	Special uint32 = 0xffff_ff00
	// ClauseError marks an error record: data is an encoded Error.
	ClauseError uint32 = 0xffff_ff00
)

// Decode reads a header from the start of b, which must have HeaderSize bytes.
func (h *Header) Decode(b []byte) {
	_ = b[HeaderSize-1]
	h.Clause = binary.LittleEndian.Uint32(b)
	h.Probe = binary.LittleEndian.Uint32(b[4:])
	h.Time = binary.LittleEndian.Uint64(b[8:])
	h.Spec = binary.LittleEndian.Uint32(b[16:])
	h.EPID = binary.LittleEndian.Uint32(b[20:])
}

// Encode writes h to the start of b.
func (h *Header) Encode(b []byte) {
	_ = b[HeaderSize-1]
	binary.LittleEndian.PutUint32(b, h.Clause)
	binary.LittleEndian.PutUint32(b[4:], h.Probe)
	binary.LittleEndian.PutUint64(b[8:], h.Time)
	binary.LittleEndian.PutUint32(b[16:], h.Spec)
	binary.LittleEndian.PutUint32(b[20:], h.EPID)
}

// ErrorSize is the size of an encoded Error in bytes.
const ErrorSize = 24

// Error is the data of an error record.
//
//	 0        4        8        12       16
//	+--------+--------+--------+--------+----------------+
//	| clause | action | pc     | fault  | value          |
//	+--------+--------+--------+--------+----------------+
type Error struct {
	Clause, Action, PC, Fault uint32
	// Value is the bad address, or 0.
	Value uint64
}

// Decode reads an Error from b, which must have ErrorSize bytes.
func (e *Error) Decode(b []byte) {
	_ = b[ErrorSize-1]
	e.Clause = binary.LittleEndian.Uint32(b)
	e.Action = binary.LittleEndian.Uint32(b[4:])
	e.PC = binary.LittleEndian.Uint32(b[8:])
	e.Fault = binary.LittleEndian.Uint32(b[12:])
	e.Value = binary.LittleEndian.Uint64(b[16:])
}

// Encode writes e to the start of b.
func (e *Error) Encode(b []byte) {
	_ = b[ErrorSize-1]
	binary.LittleEndian.PutUint32(b, e.Clause)
	binary.LittleEndian.PutUint32(b[4:], e.Action)
	binary.LittleEndian.PutUint32(b[8:], e.PC)
	binary.LittleEndian.PutUint32(b[12:], e.Fault)
	binary.LittleEndian.PutUint64(b[16:], e.Value)
}

// Drop is a kind of loss.
type Drop uint8

// The kinds of drops, in the order DTrace numbers them.
const (
	DropPrincipal   Drop = iota // no room in a principal buffer
	DropAggregation             // no room for an aggregation's new tuple
	DropDynamic                 // no room for a dynamic variable
	DropDynRinse                // …, with non-empty rinsing list
	DropDynDirty                // …, with non-empty dirty list
	DropSpec                    // no room in a speculation
	DropSpecBusy                // speculation() found buffers busy
	DropSpecUnavail             // speculation() found no free buffer
	DropStkStr                  // stack string table overflow
	DropDblError                // a fault inside ERROR
	DropNest                    // a probe fired inside too many others on one CPU (no DTrace name; reported with principal drops)
	NumDrops        int  = iota
)

// Drops counts losses: [kind][cpu]. Kinds that are not per CPU count on CPU 0.
type Drops [NumDrops][]uint64

// Add adds n losses of kind d on a CPU.
func (d *Drops) Add(kind Drop, cpu int, n uint64) {
	for len(d[kind]) <= cpu {
		d[kind] = append(d[kind], 0)
	}
	d[kind][cpu] += n
}

// Total returns the losses of one kind over all CPUs.
func (d *Drops) Total(kind Drop) (n uint64) {
	for _, v := range d[kind] {
		n += v
	}
	return n
}
