// Package consume turns what a session leaves in its buffers into events: it
// merges the CPUs' records in order of time, holds speculative records until
// their fate is known, keeps the consumer's side of aggregations (clear, trunc,
// normalize, sorting), counts drops, and hands all of it to a Sink. It formats
// nothing; sinks (export/...) do.
package consume

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// Event is one firing of a clause that left a record. It is reused; a sink
// that keeps one copies it and its Data.
type Event struct {
	// Time is in ns of the host's clock, 0 if the session was opened with
	// host.Options.NoTime and its records carry none.
	Time uint64
	CPU  int
	// EPID is the enabled probe id.
	EPID uint32
	// Probe is the probe that fired, never nil.
	Probe *probe.Probe
	// Clause is the clause, Index its number in the program.
	Clause *ir.Clause
	Index  int
	// Data is the record without its header, as laid out by Clause. It is valid
	// only during the call it is passed to.
	Data []byte
	// Speculative is set for records that a commit released.
	Speculative bool
}

// Ran reports whether action i of the clause was executed; an action inside
// if/else may not have been.
func (e *Event) Ran(i int) bool {
	if !e.Clause.Conditional || i >= 64 || len(e.Data) < 8 {
		return true
	}
	return binary.LittleEndian.Uint64(e.Data)>>uint(i)&1 != 0
}

// Int reads an integer field of the event, extended to 64 bits as its type
// says.
func (e *Event) Int(f *ir.Field) int64 { return Int(e.Data, f) }

// Bytes returns the bytes of a field.
func (e *Event) Bytes(f *ir.Field) []byte { return Bytes(e.Data, f) }

// Text returns the text of a string field, or of a part of the probe's name.
func (e *Event) Text(f *ir.Field) string {
	switch f.Kind {
	case ir.FProbeProv:
		return e.Probe.Provider
	case ir.FProbeMod:
		return e.Probe.Module
	case ir.FProbeFunc:
		return e.Probe.Function
	case ir.FProbeName:
		return e.Probe.Name
	}
	return string(CString(Bytes(e.Data, f)))
}

// Int reads an integer field of data, extended to 64 bits as its type says.
func Int(data []byte, f *ir.Field) int64 {
	b := Bytes(data, f)
	switch len(b) {
	case 1:
		if f.Signed {
			return int64(int8(b[0]))
		}
		return int64(b[0])
	case 2:
		v := binary.LittleEndian.Uint16(b)
		if f.Signed {
			return int64(int16(v))
		}
		return int64(v)
	case 4:
		v := binary.LittleEndian.Uint32(b)
		if f.Signed {
			return int64(int32(v))
		}
		return int64(v)
	case 8:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// Bytes returns the bytes of a field of data; nil if data is too short.
func Bytes(data []byte, f *ir.Field) []byte {
	end := uint64(f.Off) + uint64(f.Size)
	if end > uint64(len(data)) {
		return nil
	}
	return data[f.Off:end]
}

// CString cuts b at its first NUL.
func CString(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// Fault is an error that a clause hit at run time.
type Fault struct {
	Time   uint64
	CPU    int
	EPID   uint32
	Probe  *probe.Probe
	Clause *ir.Clause
	// Index is the clause's number; Action its action (from 1; 0 is the
	// predicate), PC the instruction.
	Index, Action, PC int
	Fault             ir.Fault
	// Value is the bad address of FaultBadAddr.
	Value uint64
}

// Loss is a number of drops since the last report.
type Loss struct {
	Kind record.Drop
	CPU  int
	N    uint64
	// Total is the number of this kind on all CPUs since the start.
	Total uint64
}

// Sink receives what the program produced. The calls come from one goroutine,
// in order. An error ends the run.
type Sink interface {
	// Begin starts an event; Action follows for each of the clause's actions
	// that ran, in program order; then End.
	Begin(e *Event) error
	Action(e *Event, i int, a *ir.Action, aggs Aggregations) error
	End(e *Event) error
	// Aggregations is called at the end with the aggregations that the program
	// did not print itself, in order of their names' first appearance.
	Aggregations(ids []ir.AggID, aggs Aggregations) error
	Fault(f *Fault) error
	Losses(l []Loss) error
	// Flush is called when no more is at hand for now.
	Flush() error
}

// Warner is what a sink also has if it tells the user of an action that could
// not be done, such as setopt() with a value that the option does not take. The
// run goes on.
type Warner interface {
	Warn(e *Event, msg string) error
}

// Aggregations gives a sink the current values of aggregations.
type Aggregations interface {
	// Snapshot returns the rows of aggregations with the same keys, joined by
	// key and sorted as the options say. It is valid until the next call.
	Snapshot(ids ...ir.AggID) (*Snapshot, error)
}
