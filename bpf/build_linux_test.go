package bpf

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/agg"
)

func mergeAgg(s *agg.Spec, dst, src []uint64) { agg.Merge(s, dst, src) }

func TestCount(t *testing.T) {
	p := assemble(t, `
agg 0 _ count
clause "test" probes=10
  agg a0, -, -, -
  ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	for range 5 {
		r.fire(0)
	}
	if diff := cmp.Diff([]uint64{5}, r.agg(0, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestRecord(t *testing.T) {
	p := assemble(t, `
clause "test" probes=10,11 record=16
  action 0 trace fields=int@0:8
  bi r0, arg, 0
  br.lt r0, 3, ->out
  fire
  st.8 record[0:8], r0
  bi r1, id
  st.8 record[8:16], r1
  ret
out:
  ret
`)
	r := newRig(t, p, testConfig(), testHook(10, 11))
	for i := range uint64(5) {
		r.fire(0, i%2, i)
	}
	got := r.records()
	if len(got) != 2 {
		t.Fatalf("%d records, want 2", len(got))
	}
	for i, x := range got {
		n := uint64(i + 3)
		id := uint64(10 + n%2)
		if x.h.Clause != 0 || uint64(x.h.Probe) != id || x.h.Time == 0 ||
			binary.LittleEndian.Uint64(x.data) != n || binary.LittleEndian.Uint64(x.data[8:]) != id {
			t.Errorf("record %d: %+v", i, x)
		}
	}
}
