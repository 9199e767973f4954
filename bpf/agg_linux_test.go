package bpf

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// aggValues reach every boundary of the buckets.
func aggValues() (v []int64) {
	v = []int64{0, 1, -1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 99, 100, 101, 1000, -5, -100, 12345, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	for i := 0; i < 63; i += 3 {
		v = append(v, 1<<i, -(1 << i), 1<<i-1)
	}
	return v
}

func TestAggregations(t *testing.T) {
	specs := []string{
		"count", "sum", "avg", "min", "max", "stddev", "quantize",
		"lquantize(0,100,10)", "lquantize(-50,51,7)", "lquantize(-2147483648,2147418111,65535)",
		"llquantize(10,0,6,20)", "llquantize(2,3,20,2)", "llquantize(10,0,18,10)", "llquantize(2,0,62,1)",
	}
	for _, spec := range specs {
		for _, variant := range []string{"", " clearable", " key=8 keys=uint@0:8", " key=8 keys=uint@0:8 clearable"} {
			t.Run(spec+variant, func(t *testing.T) {
				key := "-"
				if variant != "" && variant[1] == 'k' {
					key = "frame[0:8]"
				}
				value, incr := "r0", "r1"
				if spec == "count" {
					value = "-"
				}
				p := assemble(t, `
agg 0 a `+spec+variant+`
clause "test" probes=10 frame=8
bi r0, arg, 0
bi r1, arg, 1
bi r2, arg, 2
st.8 frame[0:8], r2
agg a0, `+key+", "+value+", "+map[bool]string{true: incr, false: "-"}[p1(spec)]+`
ret
`)
				r := newRig(t, p, testConfig(), testHook(10))
				s := &p.Aggs[0].Spec
				want := map[uint64][]uint64{7: make([]uint64, s.Words()), 8: make([]uint64, s.Words())}
				if key == "-" {
					want = map[uint64][]uint64{7: want[7]}
				}
				for i, v := range aggValues() {
					k := uint64(7)
					if key != "-" && i%3 == 0 {
						k = 8
					}
					incr := int64(1)
					if p1(spec) {
						incr = int64(i%5) - 1
					}
					r.fire(0, uint64(v), uint64(incr), k)
					agg.Update(s, want[k], v, incr)
				}
				for k, w := range want {
					if diff := cmp.Diff(w, r.agg(0, binary.LittleEndian.AppendUint64(nil, k))); diff != "" {
						t.Errorf("key %d:\n%s", k, diff)
					}
				}
				if !p.Aggs[0].Clearable {
					return
				}
				// Another generation starts from zero.
				c := r.value(MapControl)
				binary.LittleEndian.PutUint64(c[CtlGen:], 5)
				if err := r.coll.Maps[MapControl].Put(uint32(0), c); err != nil {
					t.Fatal(err)
				}
				clear(want[7])
				if diff := cmp.Diff(want[7], r.agg(0, binary.LittleEndian.AppendUint64(nil, 7))); diff != "" {
					t.Errorf("after clear:\n%s", diff)
				}
				r.fire(0, 3, 1, 7)
				agg.Update(s, want[7], 3, 1)
				if diff := cmp.Diff(want[7], r.agg(0, binary.LittleEndian.AppendUint64(nil, 7))); diff != "" {
					t.Errorf("after clear and update:\n%s", diff)
				}
			})
		}
	}
}

// p1 reports whether a spec takes an increment.
func p1(spec string) bool {
	return len(spec) > 8 && (spec[0] == 'q' || spec[:3] == "lqu" || spec[:3] == "llq")
}

// TestRacyAggregations runs the forms for programs that interrupt each other.
func TestRacyAggregations(t *testing.T) {
	for _, spec := range []string{"count", "sum", "min", "max", "stddev", "quantize"} {
		value := "r0"
		if spec == "count" {
			value = "-"
		}
		p := assemble(t, `
agg 0 a `+spec+`
clause "test" probes=10,11
bi r0, arg, 0
agg a0, -, `+value+`, -
ret
`)
		cfg := testConfig()
		other := testHook(11)
		other.Kind, other.AttachTo = RawTracepoint, "sched_switch"
		r := newRig(t, p, cfg, testHook(10), other)
		s := &p.Aggs[0].Spec
		want := make([]uint64, s.Words())
		for i, v := range aggValues() {
			r.fire(i%2, uint64(v))
			agg.Update(s, want, v, 1)
		}
		if diff := cmp.Diff(want, r.agg(0, nil)); diff != "" {
			t.Errorf("%s:\n%s", spec, diff)
		}
	}
}

func TestAggregationDrop(t *testing.T) {
	p := assemble(t, `
agg 0 a count key=8 keys=uint@0:8
clause "test" probes=10 frame=8
bi r0, arg, 0
st.8 frame[0:8], r0
agg a0, frame[0:8], -, -
ret
`)
	cfg := testConfig()
	cfg.AggSize = 1
	r := newRig(t, p, cfg, testHook(10))
	n := int(r.obj.Maps[r.obj.Layout.Aggs[0].Map].MaxEntries)
	for i := range n + 50 {
		r.fire(0, uint64(i))
	}
	counted := 0
	var key uint64
	var per [][]byte
	it := r.coll.Maps["agg0"].Iterate()
	for it.Next(&key, &per) {
		for _, b := range per {
			counted += int(binary.LittleEndian.Uint64(b))
		}
	}
	d := r.drops()
	if drops := int(d.Total(record.DropAggregation)); drops == 0 || counted+drops != n+50 {
		t.Errorf("%d counted, %d dropped of %d", counted, drops, n+50)
	}
}

func irAgg(i int) ir.AggID { return ir.AggID(i) }
