//go:build linux

package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/ir"
)

// aggregation is where one aggregation's values are, and room to merge them.
type aggregation struct {
	spec   agg.Spec
	layout bpf.AggLayout
	table  *ebpf.Map // nil if keyless
	spill  *ebpf.Map // nil if the layout has none
	keyLen int
	merged []uint64
}

func (s *Session) aggregation(id ir.AggID) (*aggregation, error) {
	if int(id) >= len(s.aggs) {
		return nil, fmt.Errorf("aggregation %d of %d", id, len(s.aggs))
	}
	a := &s.aggs[id]
	if a.merged == nil {
		a.merged = make([]uint64, a.spec.Words())
	}
	return a, nil
}

// Aggregate calls f for each tuple of an aggregation.
func (s *Session) Aggregate(id ir.AggID, f func(key []byte, value []uint64) error) error {
	return s.eachTuple(id, func(a *aggregation, t tuple) error {
		clear(a.merged)
		for c := range t.cpus {
			if v := a.value(t, c); v != nil {
				agg.Merge(&a.spec, a.merged, v)
			}
		}
		if agg.Empty(a.merged) {
			return nil
		}
		return f(t.key, a.merged)
	})
}

// AggregateCPUs calls f for each tuple and each CPU that updated it.
func (s *Session) AggregateCPUs(id ir.AggID, f func(cpu int, key []byte, value []uint64) error) error {
	return s.eachTuple(id, func(a *aggregation, t tuple) error {
		if a.layout.Shared {
			return nil
		}
		for c := range t.cpus {
			if v := a.value(t, c); v != nil && !agg.Empty(v) {
				if err := f(c, t.key, v); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// CPUs returns the CPUs that run now.
func (s *Session) CPUs() []int { return onlineCPUs() }

// tuple is a tuple's key with the values of the CPUs, which are stride bytes
// apart.
type tuple struct {
	gen          uint64
	key, mem     []byte
	stride, cpus int
}

// eachTuple calls f for each tuple of an aggregation.
func (s *Session) eachTuple(id ir.AggID, f func(a *aggregation, t tuple) error) error {
	a, err := s.aggregation(id)
	if err != nil {
		return err
	}
	lay := &s.obj.Layout
	t := tuple{gen: word64(s.ctl, bpf.CtlGen+8*uint32(id)).Load(), stride: int(lay.CPUStride), cpus: lay.CPUs}
	if a.layout.IDs > 0 {
		return s.eachID(a, t, f)
	}
	if a.table == nil {
		t.mem = s.ctl[lay.CPUBase+a.layout.Off:]
		return f(a, t)
	}
	t.stride, t.cpus = s.valueSize(a)
	spilled, err := a.spilled(t.stride * t.cpus)
	if err != nil {
		return err
	}
	err = eachElement(a.table, a.keyLen, t.stride*t.cpus, func(key, value []byte) error {
		t.key, t.mem = key, value
		if more := spilled[string(key)]; more != nil {
			t.mem = a.join(t, more)
			delete(spilled, string(key))
		}
		return f(a, t)
	})
	for k, mem := range spilled {
		if err != nil {
			break
		}
		t.key, t.mem = []byte(k), mem
		err = f(a, t)
	}
	return err
}

// spilled returns the tuples that are in the second map, with their values.
func (a *aggregation) spilled(size int) (map[string][]byte, error) {
	if a.spill == nil {
		return nil, nil
	}
	var m map[string][]byte
	err := eachElement(a.spill, a.keyLen, size, func(key, value []byte) error {
		if m == nil {
			m = map[string][]byte{}
		}
		mem := bytesOf(make([]uint64, size/8))
		copy(mem, value)
		m[string(key)] = mem
		return nil
	})
	return m, err
}

// join returns the values of t together with those of the same tuple in more.
func (a *aggregation) join(t tuple, more []byte) []byte {
	sum := t
	sum.mem = bytesOf(make([]uint64, t.stride*t.cpus/8))
	copy(sum.mem, t.mem)
	also := t
	also.mem = more
	for c := range t.cpus {
		v, w := a.value(sum, c), a.value(also, c)
		switch {
		case w == nil:
		case v == nil:
			copy(sum.mem[c*t.stride:(c+1)*t.stride], more[c*t.stride:])
		default:
			agg.Merge(&a.spec, v, w)
		}
	}
	return sum.mem
}

// valueSize returns the size of a value in the table and how many of them a
// tuple has: one, or one a CPU.
func (s *Session) valueSize(a *aggregation) (size, cpus int) {
	size, cpus = int(a.layout.Size+7)&^7, s.obj.Layout.CPUs
	if a.layout.Shared {
		cpus = 1
	}
	return size, cpus
}

// eachID is eachTuple for values in an array by probe id.
func (s *Session) eachID(a *aggregation, t tuple, f func(a *aggregation, t tuple) error) error {
	lay := &s.obj.Layout
	for i := range a.layout.IDs {
		var key [4]byte
		binary.LittleEndian.PutUint32(key[:], a.layout.FirstID+i)
		t.key, t.mem = key[:], s.ctl[lay.CPUBase+a.layout.Off+i*a.layout.Size:]
		if err := f(a, t); err != nil {
			return err
		}
	}
	return nil
}

// clearIDs sets values in an array by probe id to zero. An update at the same
// moment may survive it.
func (s *Session) clearIDs(a *aggregation, keys [][]byte) {
	lay := &s.obj.Layout
	for _, k := range keys {
		if len(k) != 4 {
			continue
		}
		i := binary.LittleEndian.Uint32(k) - a.layout.FirstID
		if i >= a.layout.IDs {
			continue
		}
		for c := range uint32(lay.CPUs) {
			at := lay.CPUBase + c*lay.CPUStride + a.layout.Off + i*a.layout.Size
			clear(s.ctl[at : at+a.layout.Size])
		}
	}
}

// value returns the value of one CPU, nil if it is of an earlier generation.
func (a *aggregation) value(t tuple, cpu int) []uint64 {
	v := words(t.mem[cpu*t.stride : cpu*t.stride+int(a.layout.Size)])
	if a.layout.Gen {
		if v[0] != t.gen {
			return nil
		}
		v = v[1:]
	}
	return v[:len(a.merged)]
}

// Clear resets all values to zero. Programs that update meanwhile add to the
// new generation.
func (s *Session) Clear(id ir.AggID) error {
	a, err := s.aggregation(id)
	if err != nil {
		return err
	}
	if !a.layout.Gen {
		return fmt.Errorf("aggregation @%s cannot be cleared: the program was compiled without clear() of it", s.prog.Aggs[id].Name)
	}
	word64(s.ctl, bpf.CtlGen+8*uint32(id)).Add(1)
	return nil
}

// Truncate removes tuples, all of them if keys is nil.
func (s *Session) Truncate(id ir.AggID, keys [][]byte) error {
	a, err := s.aggregation(id)
	if err != nil {
		return err
	}
	if a.table == nil {
		if keys != nil && a.layout.IDs > 0 {
			s.clearIDs(a, keys)
			return nil
		}
		if keys != nil && len(keys) == 0 {
			return nil
		}
		return s.Clear(id)
	}
	size, cpus := s.valueSize(a)
	spilled, err := a.spilled(size * cpus)
	if err != nil {
		return err
	}
	all := keys == nil
	if all {
		err := eachElement(a.table, a.keyLen, size*cpus, func(key, _ []byte) error {
			keys = append(keys, append([]byte(nil), key...))
			return nil
		})
		if err != nil {
			return err
		}
		if a.layout.Gen {
			// What programs add to a tuple before it is deleted below belongs to
			// the tuples that are removed.
			word64(s.ctl, bpf.CtlGen+8*uint32(id)).Add(1)
		}
	}
	if err := deleteKeys(a.table, keys, a.keyLen); err != nil || len(spilled) == 0 {
		return err
	}
	// Few tuples are in the second map, if any: none of the others is looked for.
	var also [][]byte
	for k := range spilled {
		if all || slices.ContainsFunc(keys, func(key []byte) bool { return string(key) == k }) {
			also = append(also, []byte(k))
		}
	}
	return deleteKeys(a.spill, also, a.keyLen)
}

// errNotSupp is the kernel's own ENOTSUPP, which bpf(2) lets through.
const errNotSupp = unix.Errno(524)

// firstBatch is how many elements are read at once, if they fit into
// firstBatchBytes; a table whose longest hash chain is longer asks for more.
const (
	firstBatch      = 256
	firstBatchBytes = 1 << 20
)

// eachElement calls f for every element of a hash map. Elements that are added
// or removed meanwhile may be missed, but none is seen twice.
func eachElement(m *ebpf.Map, keyLen, valueLen int, f func(key, value []byte) error) error {
	var (
		batch  = uint32(max(4, min(firstBatch, firstBatchBytes/valueLen)))
		cursor = [2][]byte{make([]byte, max(8, keyLen)), make([]byte, max(8, keyLen))}
		in     []byte
		keys   = make([]byte, int(batch)*keyLen)
		values = make([]uint64, int(batch)*valueLen/8)
		which  int
	)
	for {
		out := cursor[which]
		n, err := mapBatch(cmdLookupBatch, m.FD(), in, out, keys, bytesOf(values), batch)
		if errors.Is(err, unix.ENOSPC) {
			if batch > 1<<20 {
				return fmt.Errorf("read map: more than %d elements in one bucket", batch)
			}
			batch *= 4
			keys = make([]byte, int(batch)*keyLen)
			values = make([]uint64, int(batch)*valueLen/8)
			continue
		}
		last := errors.Is(err, unix.ENOENT)
		if err != nil && !last {
			if in == nil && (errors.Is(err, unix.EINVAL) || errors.Is(err, errNotSupp) || errors.Is(err, unix.EOPNOTSUPP)) {
				return eachElementSlow(m, keyLen, valueLen, f)
			}
			return fmt.Errorf("read map: %w", err)
		}
		vb := bytesOf(values)
		for i := range int(n) {
			if err := f(keys[i*keyLen:(i+1)*keyLen], vb[i*valueLen:(i+1)*valueLen]); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
		in, which = out, 1-which
	}
}

// eachElementSlow reads one element at a time, for kernels before 5.6. It
// takes the list of keys first, since an iteration starts again when the key it
// stands on is removed.
func eachElementSlow(m *ebpf.Map, keyLen, valueLen int, f func(key, value []byte) error) error {
	seen := map[string]bool{}
	var prev any
	for {
		key := make([]byte, keyLen)
		err := m.NextKey(prev, &key)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			break
		}
		if err != nil {
			return fmt.Errorf("read map: %w", err)
		}
		if seen[string(key)] {
			break
		}
		seen[string(key)] = true
		prev = key
	}
	value := make([]uint64, valueLen/8)
	for k := range seen {
		key := []byte(k)
		err := lookupRaw(m.FD(), key, bytesOf(value))
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read map: %w", err)
		}
		if err := f(key, bytesOf(value)); err != nil {
			return err
		}
	}
	return nil
}

// deleteKeys removes elements; those that are gone already are no error.
func deleteKeys(m *ebpf.Map, keys [][]byte, keyLen int) error {
	for len(keys) > 0 {
		flat := make([]byte, 0, len(keys)*keyLen)
		for _, k := range keys {
			if len(k) != keyLen {
				return fmt.Errorf("remove from map: a key of %d bytes, want %d", len(k), keyLen)
			}
			flat = append(flat, k...)
		}
		n, err := mapBatch(cmdDeleteBatch, m.FD(), nil, nil, flat, nil, uint32(len(keys)))
		if err == nil {
			return nil
		}
		// The kernel stopped at an element: that one is left to a single call,
		// which also serves kernels without batches.
		n = min(n, uint32(len(keys)-1))
		if errors.Is(err, unix.EINVAL) || errors.Is(err, errNotSupp) {
			n = 0
		}
		if err := m.Delete(keys[n]); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("remove from map: %w", err)
		}
		keys = keys[n+1:]
	}
	return nil
}
