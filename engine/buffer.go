package engine

import (
	"fmt"

	"github.com/godtrace/godtrace/record"
)

// policy is what happens when a principal buffer is full.
type policy uint8

const (
	policySwitch policy = iota // two halves; the consumer drains one while the other fills
	policyFill                 // tracing ends when one CPU's buffer is full
	policyRing                 // the oldest records give way
)

func parsePolicy(s string) (policy, error) {
	switch s {
	case "", "switch":
		return policySwitch, nil
	case "fill":
		return policyFill, nil
	case "ring":
		return policyRing, nil
	}
	return 0, fmt.Errorf("engine: bufpolicy is %q, want switch, fill or ring", s)
}

// buffer is one CPU's principal buffer. The CPU writes it and the consumer takes
// what is in it, both under the CPU's lock.
type buffer struct {
	policy policy
	limit  int // bytes; for switch, of each half
	data   []byte
	sizes  []int // record size by clause, header included

	// Ring: valid bytes are read to write, or once the writer has turned, read
	// to turn and 0 to write.
	read, write, turn int
	turned            bool
	overwritten       uint64
}

// room reports whether n more bytes fit, leaving spare free. A ring has always
// room.
func (b *buffer) room(n, spare int) bool {
	if b.policy == policyRing {
		return n <= b.limit
	}
	return len(b.data)+n+spare <= b.limit
}

// put adds a record that room has accepted.
func (b *buffer) put(rec []byte) {
	if b.policy == policyRing {
		b.putRing(rec)
		return
	}
	b.data = append(b.data, rec...)
}

func (b *buffer) putRing(rec []byte) {
	if b.data == nil {
		b.data = make([]byte, b.limit)
	}
	n := len(rec)
	for {
		switch {
		case !b.turned && b.write+n <= len(b.data), b.turned && b.write+n <= b.read:
			b.write += copy(b.data[b.write:], rec)
			return
		case !b.turned:
			b.turn, b.write, b.turned = b.write, 0, true
		default:
			b.read += b.sizeAt(b.read)
			b.overwritten++
		}
		if b.turned && b.read >= b.turn {
			b.read, b.turned = 0, false
		}
	}
}

// sizeAt returns the size of the record at off.
func (b *buffer) sizeAt(off int) int { return recordSize(b.data[off:], b.sizes) }

func recordSize(rec []byte, sizes []int) int {
	var h record.Header
	h.Decode(rec)
	if h.Clause == record.ClauseError {
		return record.HeaderSize + record.ErrorSize
	}
	return sizes[h.Clause]
}

// fill returns the number of bytes in use.
func (b *buffer) fill() int {
	switch {
	case b.policy != policyRing:
		return len(b.data)
	case b.turned:
		return b.turn - b.read + b.write
	}
	return b.write - b.read
}

// take moves what is in the buffer into out, in order, and empties the buffer.
// For switch the two halves change places without copying; the memory that out
// had becomes the buffer's.
func (b *buffer) take(out []byte) []byte {
	if b.policy != policyRing {
		full := b.data
		b.data = out[:0]
		return full
	}
	out = out[:0]
	if b.turned {
		out = append(out, b.data[b.read:b.turn]...)
		out = append(out, b.data[:b.write]...)
	} else if b.data != nil {
		out = append(out, b.data[b.read:b.write]...)
	}
	b.read, b.write, b.turned = 0, 0, false
	return out
}
