package agg

import "math/bits"

// Update adds one value to an aggregation. words is the value in place, of
// s.Words() words; the increment counts for distributions only (1 where D has
// no increment argument). Update does not allocate. It is the reference for
// what vm and eBPF do.
func Update(s *Spec, words []uint64, value, incr int64) {
	switch s.Func {
	case Count:
	case Sum, Avg:
		words[1] += uint64(value)
	case Min:
		if words[0] == 0 || value < int64(words[1]) {
			words[1] = uint64(value)
		}
	case Max:
		if words[0] == 0 || value > int64(words[1]) {
			words[1] = uint64(value)
		}
	case Stddev:
		mag := uint64(value)
		if value < 0 {
			mag = -mag
		}
		hi, lo := bits.Mul64(mag, mag)
		var carry uint64
		words[1] += uint64(value)
		words[2], carry = bits.Add64(words[2], lo, 0)
		words[3] += hi + carry
	default:
		words[1+Bucket(s, value)] += uint64(incr)
	}
	words[0]++
}

// Merge adds the value in src to the one in dst. Both have s.Words() words. The
// result is what updating dst with everything src has seen would have given;
// the order of merges does not matter.
func Merge(s *Spec, dst, src []uint64) {
	if src[0] == 0 {
		return
	}
	switch s.Func {
	case Min:
		if dst[0] == 0 || int64(src[1]) < int64(dst[1]) {
			dst[1] = src[1]
		}
		dst[0] += src[0]
		return
	case Max:
		if dst[0] == 0 || int64(src[1]) > int64(dst[1]) {
			dst[1] = src[1]
		}
		dst[0] += src[0]
		return
	case Stddev:
		var carry uint64
		dst[0] += src[0]
		dst[1] += src[1]
		dst[2], carry = bits.Add64(dst[2], src[2], 0)
		dst[3] += src[3] + carry
		return
	}
	n := s.Words()
	dst, src = dst[:n], src[:n]
	for i, w := range src {
		dst[i] += w
	}
}
