package etl

import (
	"fmt"
	"strings"
)

// DamageKind is a reason for which part of a file could not be delivered.
type DamageKind uint8

// The kinds of damage.
const (
	// DamageTruncated: the file ends inside a buffer.
	DamageTruncated DamageKind = iota
	// DamageUnwritten: a stretch of zeros where a buffer should be, as in a file
	// that was allocated but not filled, or of zeros or ones where an event should be.
	DamageUnwritten
	// DamageGarbage: bytes between buffers that are no buffer.
	DamageGarbage
	// DamageBuffer: a buffer whose header cannot be, but whose events were found.
	DamageBuffer
	// DamageCompression: a compressed buffer that does not unpack in full.
	DamageCompression
	// DamageRecord: bytes inside a buffer that are no event.
	DamageRecord
	// DamageRecordType: an event with a header type that is not known.
	DamageRecordType
	// DamageRecordCut: an event that goes on past the end of its buffer.
	DamageRecordCut
	// DamageHeader: the log file header is missing or short, so that times are
	// raw.
	DamageHeader
	// DamageChanged: a buffer that read differently the second time, as when
	// another program writes the file meanwhile.
	DamageChanged

	damageKinds
)

var damageNames = [damageKinds]string{
	"truncated buffer", "unwritten space", "bytes that are no buffer", "bad buffer header", "bad compression",
	"bytes that are no event", "unknown event header", "event cut short", "no log file header", "buffer changed while read",
}

// String returns a few words.
func (k DamageKind) String() string {
	if int(k) < len(damageNames) {
		return damageNames[k]
	}
	return fmt.Sprintf("damage %d", uint8(k))
}

// Damage sums up what was skipped for one reason.
type Damage struct {
	Kind DamageKind
	// Count is the number of places, Bytes the bytes skipped in all.
	Count, Bytes int64
	// First is where in the file the first place is (for places inside a buffer,
	// where the buffer is).
	First int64
}

// Stats says what a file holds and what could not be had from it. It is
// complete when Open returns.
type Stats struct {
	// Size is the size of the file when it was opened.
	Size int64
	// Buffers is the number of buffers found, Compressed how many of them are.
	Buffers, Compressed int64
	// Events is the number of events that a Reader will deliver.
	Events int64
	// EventsLost and BuffersLost are the session's own counts, from the log file
	// header.
	EventsLost, BuffersLost uint32
	// MarkedEventsLost and MarkedBuffersLost count the buffers flagged as having
	// lost events or followed by lost buffers.
	MarkedEventsLost, MarkedBuffersLost int64
	// BuffersWritten is the session's own count, which is more than Buffers if
	// part of the file is missing.
	BuffersWritten uint32
	// Unclosed reports that the session did not finish the file: its header has
	// no end time.
	Unclosed bool

	circular bool
	damage   [damageKinds]Damage
}

// Damage returns what was skipped, one entry a kind, none for a sound file.
func (s *Stats) Damage() []Damage {
	var out []Damage
	for k := range s.damage {
		if d := s.damage[k]; d.Count > 0 {
			d.Kind = DamageKind(k)
			out = append(out, d)
		}
	}
	return out
}

// String describes losses and damage in one line, "" if there are none.
func (s *Stats) String() string {
	var parts []string
	if s.EventsLost > 0 {
		parts = append(parts, fmt.Sprintf("%d events lost", s.EventsLost))
	}
	if s.BuffersLost > 0 {
		parts = append(parts, fmt.Sprintf("%d buffers lost", s.BuffersLost))
	}
	if n := s.Missing(); n > 0 {
		why := ""
		if s.circular {
			why = ", where later ones write over the first"
		}
		parts = append(parts, fmt.Sprintf("%d of %d buffers are not in the file%s", n, s.BuffersWritten, why))
	}
	if s.Unclosed {
		parts = append(parts, "the session did not close the file")
	}
	for _, d := range s.Damage() {
		parts = append(parts, fmt.Sprintf("%s: %d places, %d bytes, first at %#x", d.Kind, d.Count, d.Bytes, d.First))
	}
	return strings.Join(parts, "; ")
}

// Missing returns how many buffers the session says it wrote that are not in the
// file.
func (s *Stats) Missing() int64 {
	if s.Unclosed {
		return 0
	}
	return max(int64(s.BuffersWritten)-s.Buffers, 0)
}

func (s *Stats) note(k DamageKind, at, bytes int64) {
	d := &s.damage[k]
	if d.Count == 0 {
		d.First = at
	}
	d.Count++
	d.Bytes += bytes
}
