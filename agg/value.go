package agg

import (
	"cmp"
	"math/bits"
)

// Result returns the number that stands for the value in words, divided by
// normal as normalize() asks (1 if not normalized; 0 counts as 1). The division
// is signed and rounds toward zero.
//
// The average is sum/normal/updates, the standard deviation DTrace's: the root,
// rounded down, of squares/normal/updates - (sum/normal/updates)^2, every
// division rounding toward zero. For a distribution Result is the sum of its
// buckets. A value never updated gives 0.
func Result(s *Spec, words []uint64, normal uint64) int64 {
	if normal == 0 {
		normal = 1
	}
	if words[0] == 0 {
		return 0
	}
	switch s.Func {
	case Count:
		return int64(words[0]) / int64(normal)
	case Sum, Min, Max:
		return int64(words[1]) / int64(normal)
	case Avg:
		return average(words, normal)
	case Stddev:
		return int64(stddev(words, normal))
	}
	var total int64
	for _, w := range words[1:s.Words()] {
		total += int64(w)
	}
	return total / int64(normal)
}

// ResultUnsigned is Result with unsigned divisions, for scalars other than
// stddev(). DTrace divides so where it prints a count, sum, minimum or maximum by
// default and an average by a format: a negative one comes out huge if the
// divisor is not 1.
func ResultUnsigned(s *Spec, words []uint64, normal uint64) int64 {
	if normal == 0 {
		normal = 1
	}
	switch {
	case words[0] == 0:
		return 0
	case s.Func == Avg:
		return int64(words[1] / normal / words[0])
	case s.Func == Count:
		return int64(words[0] / normal)
	}
	return int64(words[1] / normal)
}

func average(words []uint64, normal uint64) int64 {
	return int64(words[1]) / int64(normal) / int64(words[0])
}

func stddev(words []uint64, normal uint64) uint64 {
	hi, lo := div128(words[3], words[2], normal)
	hi, lo = div128(hi, lo, words[0])
	mag := uint64(average(words, normal))
	if int64(mag) < 0 {
		mag = -mag
	}
	ahi, alo := bits.Mul64(mag, mag)
	lo, borrow := bits.Sub64(lo, alo, 0)
	hi, borrow = bits.Sub64(hi, ahi, borrow)
	if borrow != 0 { // only after the sums have wrapped
		return 0
	}
	return sqrt128(hi, lo)
}

// div128 divides a 128-bit number by a 64-bit one that is not 0.
func div128(hi, lo, by uint64) (qhi, qlo uint64) {
	qhi = hi / by
	qlo, _ = bits.Div64(hi%by, lo, by)
	return qhi, qlo
}

// sqrt128 returns the greatest r with r*r <= hi:lo, found bit by bit.
func sqrt128(hi, lo uint64) uint64 {
	var r uint64
	for b := uint64(1) << 63; b != 0; b >>= 1 {
		t := r | b
		if th, tl := bits.Mul64(t, t); th < hi || th == hi && tl <= lo {
			r = t
		}
	}
	return r
}

// Compare orders two values of the same aggregation as DTrace sorts by value:
// negative if a comes first, 0 for a tie, which the caller breaks by key.
// Normalization plays no part.
//
// Scalars compare as signed numbers. Distributions compare by the sum over all
// buckets of label times count, then by the count of the bucket for zero.
func Compare(s *Spec, a, b []uint64) int {
	if !s.Func.Distribution() {
		return cmp.Compare(Result(s, a, 1), Result(s, b, 1))
	}
	wa, za := s.weigh(a)
	wb, zb := s.weigh(b)
	if c := wa.compare(wb); c != 0 {
		return c
	}
	return cmp.Compare(za, zb)
}

// Less reports whether a sorts before b.
func Less(s *Spec, a, b []uint64) bool { return Compare(s, a, b) < 0 }

// weigh returns the weighted total of a distribution and its weight at zero.
func (s *Spec) weigh(words []uint64) (total int192, zero int64) {
	buckets := words[1:s.Words()]
	if s.Func == LLQuantize {
		mid := s.Arm() + 1
		for i, w := range buckets {
			if w != 0 && i != mid {
				k := i - mid
				total.addProduct(s.edge(max(k, -k)), int64(w), k < 0)
			}
		}
		return total, int64(buckets[mid])
	}
	for i, w := range buckets {
		if w == 0 {
			continue
		}
		v := Label(s, i)
		if s.Func == LQuantize && i == len(buckets)-1 {
			v++ // DTrace weighs what lies above the limit as limit+1
		}
		if v == 0 {
			zero = int64(w)
			continue
		}
		if v < 0 {
			total.addProduct(-uint64(v), int64(w), true)
		} else {
			total.addProduct(uint64(v), int64(w), false)
		}
	}
	return total, zero
}

// int192 is a two's complement integer wide enough for any weighted total, low
// word first. DTrace uses long double here; exact sums make the order
// independent of the order of addition.
type int192 [3]uint64

// addProduct adds mag*count, or subtracts it if neg is set.
func (x *int192) addProduct(mag uint64, count int64, neg bool) {
	c := uint64(count)
	if count < 0 {
		c, neg = -c, !neg
	}
	hi, lo := bits.Mul64(mag, c)
	var carry uint64
	if neg {
		x[0], carry = bits.Sub64(x[0], lo, 0)
		x[1], carry = bits.Sub64(x[1], hi, carry)
		x[2] -= carry
		return
	}
	x[0], carry = bits.Add64(x[0], lo, 0)
	x[1], carry = bits.Add64(x[1], hi, carry)
	x[2] += carry
}

func (x int192) compare(y int192) int {
	if c := cmp.Compare(int64(x[2]), int64(y[2])); c != 0 {
		return c
	}
	if c := cmp.Compare(x[1], y[1]); c != 0 {
		return c
	}
	return cmp.Compare(x[0], y[0])
}
