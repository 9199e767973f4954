package engine

import (
	"fmt"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ir"
)

// Drain delivers the records in the buffers. Fill and ring buffers are
// delivered when tracing has ended, as in DTrace. If f fails, what is left is
// delivered by the next Drain. A failure inside the vm is an error, too.
func (s *Session) Drain(f func(cpu int, data []byte) error) error {
	s.touch()
	s.urgent.Store(false)
	s.shared.Lock()
	ended := s.spec.ended()
	s.shared.Unlock()
	st := s.State()
	for i, c := range s.cpus {
		d := &s.drained[i]
		if err := s.deliver(i, d, f); err != nil {
			return err
		}
		if c.buf.policy != policySwitch && st != Stopped && st != Killed {
			continue
		}
		c.mu.Lock()
		d.data = c.buf.take(d.data)
		c.mu.Unlock()
		d.pos = 0
		if err := s.deliver(i, d, f); err != nil {
			return err
		}
	}
	s.shared.Lock()
	s.spec.clean(ended)
	s.shared.Unlock()
	if err := s.internal.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *Session) deliver(cpu int, d *drained, f func(cpu int, data []byte) error) error {
	for d.pos < len(d.data) {
		rec := d.data[d.pos:]
		n := recordSize(rec, s.sizes)
		d.pos += n
		if err := f(cpu, rec[:n:n]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) checkAgg(id ir.AggID) error {
	if int(id) >= len(s.prog.Aggs) {
		return fmt.Errorf("engine: aggregation %d, have %d", id, len(s.prog.Aggs))
	}
	return nil
}

// Aggregate calls f for each tuple of an aggregation, in the order of their
// first use on CPU 0, then on CPU 1, and so on. Tuples whose value was cleared
// come too, with a value of zeros.
func (s *Session) Aggregate(id ir.AggID, f func(key []byte, value []uint64) error) error {
	if err := s.checkAgg(id); err != nil {
		return err
	}
	s.touch()
	sum := newAggTable(&s.prog.Aggs[id])
	var copied []uint64
	for _, c := range s.cpus {
		c.mu.Lock()
		copied = append(copied[:0], c.aggs[id].arena...)
		c.mu.Unlock()
		sum.merge(copied)
	}
	return sum.each(f)
}

// AggregateCPUs calls f for each tuple and each CPU that updated it.
func (s *Session) AggregateCPUs(id ir.AggID, f func(cpu int, key []byte, value []uint64) error) error {
	if err := s.checkAgg(id); err != nil {
		return err
	}
	s.touch()
	var copied []uint64
	for i, c := range s.cpus {
		c.mu.Lock()
		copied = append(copied[:0], c.aggs[id].arena...)
		c.mu.Unlock()
		one := newAggTable(&s.prog.Aggs[id])
		one.merge(copied)
		err := one.each(func(key []byte, value []uint64) error {
			if agg.Empty(value) {
				return nil
			}
			return f(i, key, value)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CPUs returns the numbers of the CPUs.
func (s *Session) CPUs() []int {
	out := make([]int, len(s.cpus))
	for i := range out {
		out[i] = i
	}
	return out
}

// Clear sets all values of an aggregation to zero.
func (s *Session) Clear(id ir.AggID) error {
	if err := s.checkAgg(id); err != nil {
		return err
	}
	for _, c := range s.cpus {
		c.mu.Lock()
		c.aggs[id].clearValues()
		c.mu.Unlock()
	}
	return nil
}

// Truncate removes tuples of an aggregation, all if keys is nil.
func (s *Session) Truncate(id ir.AggID, keys [][]byte) error {
	if err := s.checkAgg(id); err != nil {
		return err
	}
	for _, c := range s.cpus {
		c.mu.Lock()
		t := &c.aggs[id]
		c.aggUsed -= uint64(t.truncate(keys)) * t.entryBytes()
		c.mu.Unlock()
	}
	return nil
}
