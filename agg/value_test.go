package agg

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func collect(s *Spec, values ...int64) []uint64 {
	words := make([]uint64, s.Words())
	for _, v := range values {
		Update(s, words, v, 1)
	}
	return words
}

func TestResult(t *testing.T) {
	tests := []struct {
		f      Func
		values []int64
		normal uint64
		want   int64
	}{
		{Count, []int64{7, 7, 7}, 1, 3},
		{Count, []int64{7, 7, 7}, 2, 1},
		{Count, []int64{7}, 0, 1},
		{Sum, []int64{5, -8}, 1, -3},
		{Sum, []int64{-10}, 3, -3},
		{Sum, []int64{math.MaxInt64, 1}, 1, math.MinInt64},
		{Avg, []int64{1, 2, 3, 5}, 1, 2},
		{Avg, []int64{-1, -2}, 1, -1},
		{Avg, []int64{100, 300}, 10, 20},
		{Min, []int64{5, 9, 7}, 1, 5},
		{Min, []int64{5, -9, 7}, 1, -9},
		{Max, []int64{-5, -9, -7}, 1, -5},
		{Max, []int64{-5, 0}, 1, 0},
		// squares 4+16+16+16+25+25+49+81 = 232, mean 5: 232/8 - 25 = 4.
		{Stddev, []int64{2, 4, 4, 4, 5, 5, 7, 9}, 1, 2},
		{Stddev, []int64{-2, -4, -4, -4, -5, -5, -7, -9}, 1, 2},
		{Stddev, []int64{42}, 1, 0},
		{Stddev, []int64{math.MaxInt64, -math.MaxInt64}, 1, math.MaxInt64},
		{Stddev, []int64{math.MinInt64, math.MinInt64}, 1, math.MinInt64}, // the sum wraps to 0
		{Stddev, []int64{100, 300}, 10, 67},                               // 100000/10/2 - 20*20 = 4600
		{Quantize, []int64{1, 2, 3}, 1, 3},
	}
	for _, tt := range tests {
		s := &Spec{Func: tt.f}
		if got := Result(s, collect(s, tt.values...), tt.normal); got != tt.want {
			t.Errorf("%s of %v normalized by %d = %d, want %d", tt.f, tt.values, tt.normal, got, tt.want)
		}
	}
	for f := Count; f <= Quantize; f++ {
		s := &Spec{Func: f}
		words := make([]uint64, s.Words())
		if !Empty(words) || Result(s, words, 1) != 0 {
			t.Errorf("%s never updated: empty %t, result %d, want true, 0", f, Empty(words), Result(s, words, 1))
		}
	}
}

func TestIncrements(t *testing.T) {
	s := lq(0, 10, 5)
	words := make([]uint64, s.Words())
	Update(s, words, 7, 100)
	Update(s, words, 7, -130)
	Update(s, words, -1, 4)
	if diff := cmp.Diff([]uint64{3, 4, 0, ^uint64(29), 0}, words); diff != "" {
		t.Error(diff)
	}
}

func TestSqrt128(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		hi, lo := r.Uint64()>>r.UintN(64), r.Uint64()
		n := new(big.Int).SetUint64(hi)
		n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(lo))
		want := new(big.Int).Sqrt(n).Uint64()
		if got := sqrt128(hi, lo); got != want {
			t.Fatalf("sqrt of %v = %d, want %d", n, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	q := &Spec{Func: Quantize}
	ll := llq(10, 1, 2, 10)
	tests := []struct {
		name string
		spec *Spec
		a, b []int64
		want int
	}{
		{"count", &Spec{Func: Count}, []int64{0}, []int64{0, 0}, -1},
		{"sum is signed", &Spec{Func: Sum}, []int64{-1}, []int64{0}, -1},
		{"avg, not sum", &Spec{Func: Avg}, []int64{4, 4, 4}, []int64{5}, -1},
		{"avg tie by rounding", &Spec{Func: Avg}, []int64{4, 5}, []int64{4}, 0},
		{"max", &Spec{Func: Max}, []int64{1, 9}, []int64{8, 8}, 1},
		{"stddev", &Spec{Func: Stddev}, []int64{1, 9}, []int64{100, 100}, 1},
		// The mean is rounded to 100 before it is squared: sqrt(10100-10000) = 10.
		{"stddev of an odd sum", &Spec{Func: Stddev}, []int64{1, 9}, []int64{100, 101}, -1},
		{"quantize by weight", q, []int64{1, 1, 1, 1}, []int64{8}, -1},
		{"quantize tie by label", q, []int64{8, 15}, []int64{16}, 0},
		{"quantize by zeros", q, []int64{8, 0}, []int64{8}, 1},
		{"quantize negative", q, []int64{-1024, 2}, []int64{0}, -1},
		{"lquantize below counts as low-1", lq(5, 20, 5), []int64{-100}, []int64{5}, -1},
		{"lquantize above counts as limit+1", lq(5, 20, 5), []int64{100}, []int64{15, 5}, 1},
		{"lquantize zeros", lq(-5, 20, 5), []int64{0, 5}, []int64{5}, 1},
		{"llquantize", ll, []int64{35}, []int64{20}, 1},
		{"llquantize negative", ll, []int64{-500}, []int64{-400}, -1},
		{"llquantize middle", ll, []int64{3, 40}, []int64{40}, 1},
	}
	for _, tt := range tests {
		a, b := collect(tt.spec, tt.a...), collect(tt.spec, tt.b...)
		if got := Compare(tt.spec, a, b); got != tt.want {
			t.Errorf("%s: Compare(%v, %v) = %d, want %d", tt.name, tt.a, tt.b, got, tt.want)
		}
		if got := Compare(tt.spec, b, a); got != -tt.want {
			t.Errorf("%s: Compare(%v, %v) = %d, want %d", tt.name, tt.b, tt.a, got, -tt.want)
		}
		if got := Less(tt.spec, a, b); got != (tt.want < 0) {
			t.Errorf("%s: Less(%v, %v) = %t", tt.name, tt.a, tt.b, got)
		}
	}
}

func allSpecs() []*Spec {
	return []*Spec{
		{Func: Count}, {Func: Sum}, {Func: Avg}, {Func: Min}, {Func: Max}, {Func: Stddev}, {Func: Quantize},
		lq(-100, 1000, 7), llq(10, 0, 6, 20), llq(2, 3, 20, 1),
	}
}

// FuzzMerge splits a stream of updates over four CPUs and requires that merging
// them in any order gives what one CPU would have recorded, and that the sums
// match arbitrary-precision arithmetic.
func FuzzMerge(f *testing.F) {
	f.Add([]byte("\x00aaaaaaaabbbbbbbb\x01ccccccccdddddddd"))
	f.Add([]byte{3, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range allSpecs() {
			var cpus [4][]uint64
			for i := range cpus {
				cpus[i] = make([]uint64, s.Words())
			}
			whole := make([]uint64, s.Words())
			squares, n := new(big.Int), uint64(0)
			for d := data; len(d) >= 17; d = d[17:] {
				v, incr := int64(binary.LittleEndian.Uint64(d[1:])), int64(binary.LittleEndian.Uint64(d[9:]))
				Update(s, whole, v, incr)
				Update(s, cpus[d[0]&3], v, incr)
				squares.Add(squares, new(big.Int).Mul(big.NewInt(v), big.NewInt(v)))
				n++
			}
			merged, reversed := make([]uint64, s.Words()), make([]uint64, s.Words())
			for i := range cpus {
				Merge(s, merged, cpus[i])
				Merge(s, reversed, cpus[len(cpus)-1-i])
			}
			if !slices.Equal(merged, whole) || !slices.Equal(reversed, whole) {
				t.Fatalf("%s: merged %v, reversed %v, whole %v", s.Func, merged, reversed, whole)
			}
			if whole[0] != n {
				t.Fatalf("%s: %d updates counted, want %d", s.Func, whole[0], n)
			}
			if s.Func == Stddev {
				mask := new(big.Int).Lsh(big.NewInt(1), 128)
				squares.Mod(squares, mask)
				got := new(big.Int).SetUint64(whole[3])
				got.Lsh(got, 64).Or(got, new(big.Int).SetUint64(whole[2]))
				if got.Cmp(squares) != 0 {
					t.Fatalf("sum of squares %v, want %v", got, squares)
				}
			}
			Result(s, whole, n)
			AppendHist(nil, &Spec{Func: Quantize}, make([]uint64, 128), 1, HistOptions{})
			if s.Func.Distribution() {
				AppendHist(nil, s, whole, 3, HistOptions{Zoom: true, UTF8: true})
			}
		}
	})
}

func TestUpdateDoesNotAllocate(t *testing.T) {
	for _, s := range allSpecs() {
		words := make([]uint64, s.Words())
		if n := testing.AllocsPerRun(100, func() { Update(s, words, 12345, 1) }); n != 0 {
			t.Errorf("%s: %v allocations an update", s.Func, n)
		}
	}
}

func TestLookup(t *testing.T) {
	for f := Count; f <= LLQuantize; f++ {
		if got := Lookup(f.String()); got != f {
			t.Errorf("Lookup(%q) = %s", f, got)
		}
	}
	for _, name := range []string{"none", "", "printf"} {
		if got := Lookup(name); got != None {
			t.Errorf("Lookup(%q) = %s, want none", name, got)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, s := range allSpecs() {
		b.Run(s.Func.String(), func(b *testing.B) {
			words := make([]uint64, s.Words())
			for i := range b.N {
				Update(s, words, int64(i), 1)
			}
		})
	}
}
