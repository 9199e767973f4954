package agg

import (
	"math"
	"math/bits"
)

// QuantizeBuckets is the number of buckets of quantize(), QuantizeZero the
// index of the one that counts zeros.
const (
	QuantizeBuckets = 127
	QuantizeZero    = 63
)

// Buckets returns the number of buckets of a distribution, 0 for other
// functions.
func (s *Spec) Buckets() int {
	switch s.Func {
	case Quantize:
		return QuantizeBuckets
	case LQuantize:
		return int(s.levels()) + 2
	case LLQuantize:
		return 2*s.Arm() + 3
	}
	return 0
}

// Bucket returns the index of the bucket that counts value v.
// It is 0 for functions without buckets.
func Bucket(s *Spec, v int64) int {
	switch s.Func {
	case Quantize:
		return quantizeBucket(v)
	case LQuantize:
		if v < s.Low {
			return 0
		}
		// The difference may exceed an int64 but never a uint64.
		return 1 + int(min(uint64(v-s.Low)/uint64(s.Step), uint64(s.levels())))
	case LLQuantize:
		if v < 0 {
			return s.Arm() + 1 - s.logLinear(-uint64(v))
		}
		return s.Arm() + 1 + s.logLinear(uint64(v))
	}
	return 0
}

// quantizeBucket counts the bits of the magnitude. The magnitude of the least
// int64 needs one bit more than there are buckets; it joins the outermost.
func quantizeBucket(v int64) int {
	if v < 0 {
		return QuantizeZero - min(bits.Len64(-uint64(v)), QuantizeZero)
	}
	return QuantizeZero + bits.Len64(uint64(v))
}

// levels is the number of buckets of lquantize between its bounds.
func (s *Spec) levels() int64 { return (s.High - s.Low) / s.Step }

// Arm returns the number of buckets of llquantize on one side of zero, without
// the outermost. The bucket in the middle has index Arm+1.
func (s *Spec) Arm() int { return s.armUpTo(s.HighMag + 1) }

// armUpTo is the number of buckets of the magnitudes below m. Every magnitude
// has steps - steps/factor, except that magnitude 0 has one for each integer
// where steps is greater than the factor.
func (s *Spec) armUpTo(m int64) int {
	each := s.Steps - s.Steps/s.Factor
	n := (m - s.LowMag) * each
	if s.LowMag == 0 && m > 0 && s.Steps > s.Factor {
		n += s.Factor - 1 - each
	}
	return int(n)
}

// logLinear returns how far from the middle the bucket for magnitude mag lies:
// 0 below factor^lowmag, Arm+1 from factor^(highmag+1) on.
func (s *Spec) logLinear(mag uint64) int {
	factor := uint64(s.Factor)
	p := power(factor, s.LowMag)
	if mag < p {
		return 0
	}
	m, next := s.LowMag, p*factor
	for mag >= next {
		if m == s.HighMag {
			return s.Arm() + 1
		}
		m, p, next = m+1, next, next*factor
	}
	w := width(next, uint64(s.Steps))
	return 1 + s.armUpTo(m) + int(mag/w-p/w)
}

// edge returns the least magnitude in the llquantize bucket at distance k from
// the middle, k from 1 to Arm+1.
func (s *Spec) edge(k int) uint64 {
	factor, steps := uint64(s.Factor), uint64(s.Steps)
	p, rest := power(factor, s.LowMag), uint64(k-1)
	for m := s.LowMag; m <= s.HighMag; m++ {
		next := p * factor
		w := width(next, steps)
		if n := next/w - p/w; rest >= n {
			rest -= n
			p = next
			continue
		}
		if rest == 0 {
			return p
		}
		return (p/w + rest) * w
	}
	return p
}

// width is that of the buckets of the magnitude that ends at next.
func width(next, steps uint64) uint64 {
	if next > steps {
		return next / steps
	}
	return 1
}

// power returns base to the power of n; the caller knows that it fits.
func power(base uint64, n int64) uint64 {
	p := uint64(1)
	for ; n > 0; n-- {
		p *= base
	}
	return p
}

// Bounds returns the least and the greatest value that bucket i of s counts.
// Both are inclusive. A bucket that no int64 reaches (llquantize allows upper
// magnitudes beyond 2^63) has lo > hi.
func Bounds(s *Spec, i int) (lo, hi int64) {
	switch s.Func {
	case Quantize:
		switch {
		case i == QuantizeZero:
			return 0, 0
		case i == 0:
			return math.MinInt64, -1 << 62
		case i < QuantizeZero:
			v := int64(1) << (QuantizeZero - 1 - i)
			return -(2*v - 1), -v
		}
		v := uint64(1) << (i - QuantizeZero - 1)
		return int64(v), int64(2*v - 1)
	case LQuantize:
		n := int(s.levels())
		switch i {
		case 0:
			return math.MinInt64, s.Low - 1
		case n + 1:
			return s.Low + int64(n)*s.Step, math.MaxInt64
		}
		lo = s.Low + int64(i-1)*s.Step
		return lo, lo + s.Step - 1
	case LLQuantize:
		return s.logLinearBounds(i)
	}
	return 0, 0
}

func (s *Spec) logLinearBounds(i int) (lo, hi int64) {
	arm := s.Arm()
	k := i - arm - 1
	if k == 0 {
		e := min(s.edge(1)-1, math.MaxInt64)
		return -int64(e), int64(e)
	}
	neg := k < 0
	if neg {
		k = -k
	}
	limit := uint64(math.MaxInt64)
	if neg {
		limit++ // the magnitude of the least int64
	}
	from, to := s.edge(k), limit
	if k <= arm {
		to = min(s.edge(k+1)-1, limit)
	}
	if from > limit {
		return 1, 0
	}
	if neg {
		return int64(-to), int64(-from)
	}
	return int64(from), int64(to)
}

// Label returns the number that stands for bucket i in print and in the
// weighted sums that order distributions: the end of the bucket nearest to
// zero, and for lquantize the neighbour of the outermost bounds.
func Label(s *Spec, i int) int64 {
	lo, hi := Bounds(s, i)
	switch {
	case s.Func == LQuantize && i == 0:
		return hi
	case s.Func == LLQuantize && i == s.Arm()+1:
		return 0
	case hi < 0:
		return hi
	}
	return lo
}
