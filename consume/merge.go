package consume

import (
	"encoding/binary"
)

// merger puts the records of several CPUs in order of time. Each CPU's records
// are copied into its own queue as they are drained; emit merges the queues.
type merger struct {
	q []queue
}

// queue is one CPU's records, back to back in buf; rec has their ends.
type queue struct {
	buf  []byte
	recs []span
	head int
}

type span struct {
	time       uint64
	start, end int
}

func (m *merger) add(cpu int, b []byte) error {
	for len(m.q) <= cpu {
		m.q = append(m.q, queue{})
	}
	q := &m.q[cpu]
	start := len(q.buf)
	q.buf = append(q.buf, b...)
	s := span{binary.LittleEndian.Uint64(b[8:]), start, len(q.buf)}
	// A firing that interrupts another commits first but may carry the later
	// time; keep the queue sorted, which moves a record by a place or two.
	q.recs = append(q.recs, s)
	for i := len(q.recs) - 1; i > q.head && q.recs[i-1].time > s.time; i-- {
		q.recs[i], q.recs[i-1] = q.recs[i-1], q.recs[i]
	}
	return nil
}

func (m *merger) pending() bool {
	for i := range m.q {
		if m.q[i].head < len(m.q[i].recs) {
			return true
		}
	}
	return false
}

// emit calls f, in order of time, for all records not younger than cut.
func (m *merger) emit(cut uint64, f func(cpu int, b []byte) error) error {
	for {
		best := -1
		limit := cut // next other queue's time
		var bt uint64
		for i := range m.q {
			q := &m.q[i]
			if q.head == len(q.recs) {
				continue
			}
			t := q.recs[q.head].time
			if t > cut {
				continue
			}
			if best < 0 || t < bt {
				if best >= 0 {
					limit = min(limit, bt)
				}
				best, bt = i, t
			} else {
				limit = min(limit, t)
			}
		}
		if best < 0 {
			break
		}
		q := &m.q[best]
		for q.head < len(q.recs) && q.recs[q.head].time <= limit {
			s := q.recs[q.head]
			q.head++
			if err := f(best, q.buf[s.start:s.end]); err != nil {
				return err
			}
		}
	}
	for i := range m.q {
		m.q[i].compact()
	}
	return nil
}

// compact drops what was emitted.
func (q *queue) compact() {
	if q.head == 0 {
		return
	}
	if q.head == len(q.recs) {
		q.buf, q.recs, q.head = q.buf[:0], q.recs[:0], 0
		if cap(q.buf) > 16<<20 {
			q.buf = nil
		}
		return
	}
	var buf []byte
	recs := q.recs[q.head:]
	out := make([]span, 0, len(recs))
	for _, s := range recs {
		n := len(buf)
		buf = append(buf, q.buf[s.start:s.end]...)
		out = append(out, span{s.time, n, len(buf)})
	}
	q.buf, q.recs, q.head = buf, out, 0
}
