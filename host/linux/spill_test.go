//go:build linux

package linux

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/host"
)

// TestSpill wants a tuple that is in both maps of an aggregation to have the value
// that both come to together, one that is in the second alone to be seen, and both to
// be removed.
func TestSpill(t *testing.T) {
	needTracing(t)
	h := newHost(t)
	s := open(t, h, host.Options{}, `
agg 0 _ quantize key=8 keys=int@0:8 clearable
clause "dtrace:::BEGIN" probes=1 frame=8
  movi r0, 5
  st.8 frame[0:8], r0
  agg a0, frame[0:8], r0, -
  ret
`).(*Session)
	a, err := s.aggregation(0)
	if err != nil {
		t.Fatal(err)
	}
	if a.spill == nil {
		t.Fatal("no second map")
	}
	size, cpus := s.valueSize(a)
	put := func(m *ebpf.Map, key, n, gen uint64) {
		t.Helper()
		words := make([]uint64, size/8)
		words[0] = gen
		words[1] = n      // updates
		words[2+63+3] = n // of the bucket of 4
		var per [][]byte
		for range cpus {
			per = append(per, bytesOf(words))
		}
		if err := m.Put(binary.LittleEndian.AppendUint64(nil, key), per); err != nil {
			t.Fatal(err)
		}
	}
	put(a.table, 1, 1, 0)
	put(a.table, 2, 2, 0)
	put(a.spill, 2, 10, 0)
	put(a.spill, 3, 100, 0)
	put(a.table, 4, 1, 9) // of another generation
	put(a.spill, 4, 7, 0)
	n := uint64(cpus)
	want := map[string]uint64{}
	for k, v := range map[uint64]uint64{1: n, 2: 12 * n, 3: 100 * n, 4: 7 * n} {
		want[string(binary.LittleEndian.AppendUint64(nil, k))] = v
	}
	if diff := cmp.Diff(want, total(t, s, 0)); diff != "" {
		t.Errorf("tuples: %s", diff)
	}
	if err := s.Truncate(0, [][]byte{binary.LittleEndian.AppendUint64(nil, 2)}); err != nil {
		t.Fatal(err)
	}
	delete(want, string(binary.LittleEndian.AppendUint64(nil, 2)))
	if diff := cmp.Diff(want, total(t, s, 0)); diff != "" {
		t.Errorf("without tuple 2: %s", diff)
	}
	if err := s.Truncate(0, nil); err != nil || len(total(t, s, 0)) != 0 {
		t.Errorf("truncated to %v, %v", total(t, s, 0), err)
	}
}
