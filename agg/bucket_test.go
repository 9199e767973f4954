package agg

import (
	"errors"
	"math"
	"testing"
)

func lq(low, high, step int64) *Spec {
	return &Spec{Func: LQuantize, Low: low, High: high, Step: step}
}

func llq(factor, low, high, steps int64) *Spec {
	return &Spec{Func: LLQuantize, Factor: factor, LowMag: low, HighMag: high, Steps: steps}
}

func TestBucket(t *testing.T) {
	tests := []struct {
		name  string
		spec  *Spec
		value int64
		want  int
	}{
		{"zero", &Spec{Func: Quantize}, 0, 63},
		{"one", &Spec{Func: Quantize}, 1, 64},
		{"two", &Spec{Func: Quantize}, 2, 65},
		{"three", &Spec{Func: Quantize}, 3, 65},
		{"four", &Spec{Func: Quantize}, 4, 66},
		{"minus one", &Spec{Func: Quantize}, -1, 62},
		{"minus two", &Spec{Func: Quantize}, -2, 61},
		{"minus three", &Spec{Func: Quantize}, -3, 61},
		{"minus four", &Spec{Func: Quantize}, -4, 60},
		{"greatest", &Spec{Func: Quantize}, math.MaxInt64, 126},
		{"2^62", &Spec{Func: Quantize}, 1 << 62, 126},
		{"2^62-1", &Spec{Func: Quantize}, 1<<62 - 1, 125},
		{"-2^62", &Spec{Func: Quantize}, -1 << 62, 0},
		{"least", &Spec{Func: Quantize}, math.MinInt64, 0},

		{"below", lq(10, 50, 10), 9, 0},
		{"at low", lq(10, 50, 10), 10, 1},
		{"last of first", lq(10, 50, 10), 19, 1},
		{"second", lq(10, 50, 10), 20, 2},
		{"last level", lq(10, 50, 10), 49, 4},
		{"at high", lq(10, 50, 10), 50, 5},
		{"uneven range ends early", lq(0, 25, 10), 20, 3},
		{"far above", lq(-5, 5, 1), math.MaxInt64, 11},
		{"far below", lq(-5, 5, 1), math.MinInt64, 0},
		{"widest range", lq(math.MinInt32, math.MinInt32+65535*65535, 65535), math.MaxInt64, 65536},

		// factor 10, magnitudes 0 and 1, ten steps: 1 2 .. 9 10 20 .. 90 100.
		{"ll zero", llq(10, 0, 1, 10), 0, 19},
		{"ll one", llq(10, 0, 1, 10), 1, 20},
		{"ll nine", llq(10, 0, 1, 10), 9, 28},
		{"ll ten", llq(10, 0, 1, 10), 10, 29},
		{"ll nineteen", llq(10, 0, 1, 10), 19, 29},
		{"ll ninety-nine", llq(10, 0, 1, 10), 99, 37},
		{"ll top", llq(10, 0, 1, 10), 100, 38},
		{"ll minus one", llq(10, 0, 1, 10), -1, 18},
		{"ll minus top", llq(10, 0, 1, 10), -100, 0},
		{"ll least", llq(10, 0, 1, 10), math.MinInt64, 0},
		// twenty steps: magnitude 0 still in ones, magnitude 1 in fives.
		{"ll steps above factor", llq(10, 0, 1, 20), 14, 9 + 18 + 1 + 10},
		{"ll steps above factor, next", llq(10, 0, 1, 20), 15, 9 + 18 + 1 + 11},
		// five steps: 1000 2000 4000 6000 8000 10000.
		{"ll steps below factor", llq(10, 3, 3, 5), 1999, 7},
		{"ll steps below factor, second", llq(10, 3, 3, 5), 2000, 8},
		{"ll steps below factor, third", llq(10, 3, 3, 5), 4000, 9},
		{"ll below first", llq(10, 3, 3, 5), 999, 6},
		{"ll above last", llq(10, 3, 3, 5), 10000, 12},
		{"ll beyond 63 bits", llq(10, 18, 18, 1), math.MaxInt64, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.spec.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := Bucket(tt.spec, tt.value); got != tt.want {
				t.Errorf("Bucket(%+v, %d) = %d, want %d", *tt.spec, tt.value, got, tt.want)
			}
		})
	}
}

// checkBuckets verifies that the buckets of s follow each other without gap or
// overlap from the least to the greatest int64, and that Bucket agrees at both
// ends of each.
func checkBuckets(t *testing.T, s *Spec) {
	t.Helper()
	next, done := int64(math.MinInt64), false
	for i := range s.Buckets() {
		lo, hi := Bounds(s, i)
		if lo > hi {
			continue
		}
		if done || lo != next {
			t.Fatalf("%+v: bucket %d starts at %d, want %d (all covered: %t)", *s, i, lo, next, done)
		}
		if b := Bucket(s, lo); b != i {
			t.Fatalf("%+v: least value %d of bucket %d is counted in %d", *s, lo, i, b)
		}
		if b := Bucket(s, hi); b != i {
			t.Fatalf("%+v: greatest value %d of bucket %d is counted in %d", *s, hi, i, b)
		}
		next, done = hi+1, hi == math.MaxInt64
	}
	if !done {
		t.Fatalf("%+v: buckets end before %d", *s, next)
	}
}

func TestBoundsPartition(t *testing.T) {
	specs := []*Spec{
		{Func: Quantize},
		lq(0, 100, 7), lq(-50, 50, 1), lq(-1, 0, 1), lq(math.MinInt32, math.MinInt32+65535*65535, 65535),
		llq(10, 0, 6, 10), llq(10, 0, 6, 20), llq(10, 0, 6, 100), llq(10, 0, 6, 1), llq(10, 2, 6, 5),
		llq(2, 0, 62, 1), llq(2, 0, 62, 2), llq(2, 0, 62, 4), llq(10, 0, 18, 10), llq(10, 18, 18, 10),
		llq(65535, 0, 2, 65535), llq(3, 5, 9, 9), llq(2, 10, 20, 1024), llq(10, 0, 0, 10),
	}
	for _, s := range specs {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", *s, err)
			continue
		}
		checkBuckets(t, s)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		spec *Spec
		tag  string
	}{
		{lq(1<<31, 1<<31, 1), "D_LQUANT_BASEVAL"},
		{lq(0, 1<<31, 1), "D_LQUANT_LIMVAL"},
		{lq(5, 4, 1), "D_LQUANT_MISMATCH"},
		{lq(0, 10, 0), "D_LQUANT_STEPTYPE"},
		{lq(0, 10, -1), "D_LQUANT_STEPTYPE"},
		{lq(0, 1<<20, 65536), "D_LQUANT_STEPVAL"},
		{lq(0, 10, 11), "D_LQUANT_STEPLARGE"},
		{lq(7, 7, 1), "D_LQUANT_MISMATCH"},
		{lq(0, 65536, 1), "D_LQUANT_STEPSMALL"},
		{lq(0, 65535, 1), ""},
		{lq(0, 10, 10), ""},

		{llq(1, 0, 6, 10), "D_LLQUANT_FACTORVAL"},
		{llq(65536, 0, 1, 65536), "D_LLQUANT_FACTORVAL"},
		{llq(10, -1, 6, 10), "D_LLQUANT_LMAGVAL"},
		{llq(10, 65536, 6, 10), "D_LLQUANT_LMAGVAL"},
		{llq(10, 0, 65536, 10), "D_LLQUANT_HMAGVAL"},
		{llq(10, 3, 2, 10), "D_LLQUANT_HMAGVAL"},
		{llq(10, 0, 19, 10), "D_LLQUANT_HMAGVAL"},
		{llq(2, 0, 63, 2), "D_LLQUANT_HMAGVAL"},
		{llq(10, 0, 6, 0), "D_LLQUANT_STEPTYPE"},
		{llq(10, 0, 6, 65536), "D_LLQUANT_STEPVAL"},
		{llq(10, 0, 6, 3), "D_LLQUANT_STEPVAL"},
		{llq(10, 0, 6, 15), "D_LLQUANT_STEPVAL"},
		{llq(10, 0, 6, 30), "D_LLQUANT_STEPVAL"},
		{llq(10, 0, 6, 1000), "D_LLQUANT_STEPVAL"},
		{llq(10, 2, 6, 1000), ""},
		{llq(10, 0, 18, 10), ""},
		{llq(2, 0, 62, 2), ""},
		{llq(10, 3, 3, 2), ""},
		{&Spec{Func: Count}, ""},
		{&Spec{}, "D_AGG_FUNC"},
		{&Spec{Func: 200}, "D_AGG_FUNC"},
	}
	for _, tt := range tests {
		err := tt.spec.Validate()
		var se *SpecError
		switch {
		case tt.tag == "" && err != nil:
			t.Errorf("%+v: unexpected error %v", *tt.spec, err)
		case tt.tag != "" && !errors.As(err, &se):
			t.Errorf("%+v: error %v, want %s", *tt.spec, err, tt.tag)
		case tt.tag != "" && se.Tag != tt.tag:
			t.Errorf("%+v: tag %s (%v), want %s", *tt.spec, se.Tag, err, tt.tag)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		have, earlier *Spec
		tag           string
	}{
		{lq(0, 100, 10), lq(0, 100, 10), ""},
		{lq(0, 105, 10), lq(0, 100, 10), ""}, // the same ten levels
		{lq(1, 101, 10), lq(0, 100, 10), "D_LQUANT_MATCHBASE"},
		{lq(0, 110, 10), lq(0, 100, 10), "D_LQUANT_MATCHLIM"},
		{lq(0, 100, 20), lq(0, 100, 10), "D_LQUANT_MATCHSTEP"},
		{llq(10, 0, 6, 10), llq(10, 0, 6, 10), ""},
		{llq(100, 0, 6, 10), llq(10, 0, 6, 10), "D_LLQUANT_MATCHFACTOR"},
		{llq(10, 1, 6, 10), llq(10, 0, 6, 10), "D_LLQUANT_MATCHLMAG"},
		{llq(10, 0, 7, 10), llq(10, 0, 6, 10), "D_LLQUANT_MATCHHMAG"},
		{llq(10, 0, 6, 20), llq(10, 0, 6, 10), "D_LLQUANT_MATCHSTEPS"},
	}
	for _, tt := range tests {
		var tag string
		var se *SpecError
		if errors.As(tt.have.Match(tt.earlier), &se) {
			tag = se.Tag
		}
		if tag != tt.tag {
			t.Errorf("%+v after %+v: tag %q, want %q", *tt.have, *tt.earlier, tag, tt.tag)
		}
	}
}

func FuzzBucket(f *testing.F) {
	f.Add(int64(1), int64(-3), int64(100), int64(7), int64(10), int64(0), int64(6), int64(20))
	f.Add(int64(math.MinInt64), int64(0), int64(1), int64(1), int64(2), int64(0), int64(62), int64(1))
	f.Fuzz(func(t *testing.T, v, low, high, step, factor, lmag, hmag, steps int64) {
		for _, s := range []*Spec{{Func: Quantize}, lq(low, high, step), llq(factor, lmag, hmag, steps)} {
			if s.Validate() != nil {
				continue
			}
			i := Bucket(s, v)
			if i < 0 || i >= s.Buckets() {
				t.Fatalf("%+v: value %d in bucket %d of %d", *s, v, i, s.Buckets())
			}
			if lo, hi := Bounds(s, i); v < lo || v > hi {
				t.Fatalf("%+v: value %d in bucket %d, which holds %d..%d", *s, v, i, lo, hi)
			}
		}
	})
}
