// Package agg models the aggregating functions of D: what one aggregation
// value looks like in memory, how an update changes it, how the per-CPU copies
// of it are merged, what number it prints as, how two values are ordered and
// how a distribution is drawn.
//
// There is one definition of each, and everybody uses it: the vm calls Update,
// the eBPF generator lays out its maps and emits its bucket arithmetic by the
// rules here, the consumer and the fleet call Merge, Result, Compare and the
// Append functions. Nobody else does arithmetic on buckets.
//
// The package knows nothing of keys, of aggregation names or of where values
// are stored.
//
// # Layout of a value
//
// A value is a sequence of 64-bit words in the byte order of the machine that
// records it. Word 0 counts the updates, for every function: a value whose word
// 0 is zero has never been updated (it is not printed, min and max need no
// sentinel, and avg and stddev have their divisor).
//
//	word       0         1         2         3
//	       +---------+
//	count  | updates |
//	       +---------+---------+
//	sum    | updates |   sum   |
//	       +---------+---------+
//	avg    | updates |   sum   |
//	       +---------+---------+
//	min    | updates | least   |
//	       +---------+---------+
//	max    | updates | greatest|
//	       +---------+---------+---------+---------+
//	stddev | updates |   sum   | sum of squares    |  unsigned 128 bit,
//	       +---------+---------+ low     | high    |  low half first
//	                           +---------+---------+
//
//	word       0         1         2               n
//	       +---------+---------+---------+- - -+---------+
//	quant. | updates | bucket 0| bucket 1|     | bucket  |
//	       +---------+---------+---------+- - -+ n-1     +
//	                                           +---------+
//
// Sums, extremes and buckets are signed (two's complement); updates and the
// sum of squares are unsigned. All additions wrap. A bucket accumulates
// increments, which may be negative; without an increment argument the
// increment is 1.
//
// # Buckets
//
// quantize has 127 buckets, one per power of two and sign, zero in the middle:
//
//	index    0        1             61    62   63   64   65    66          126
//	label  -2^62    -2^61    ...    -2    -1    0    1    2     4    ...   2^62
//	holds  <=-2^62  (-2^62,-2^61]  -3,-2  -1    0    1   2,3   4..7      >=2^62
//
// lquantize(v, low, high, step) has levels+2 buckets, levels being
// (high-low)/step rounded down:
//
//	index     0      1            2                        levels+1
//	holds   < low    low..        low+step..     ...       >= low+levels*step
//
// llquantize(v, factor, lowmag, highmag, steps) has 2n+3 buckets, symmetrical
// around the one in the middle. Magnitude m covers the values from factor^m up
// to factor^(m+1), in buckets of factor^(m+1)/steps each, or of 1 where that
// would be less; the first bucket of a magnitude is shorter where steps is less
// than factor.
//
//	index     0       1 .. n              n+1        n+2 .. 2n+1        2n+2
//	holds   <= -top   mirror of the  |v| < factor^   one per bucket    >= top
//	                  positive side     lowmag       of each magnitude
//
// with top = factor^(highmag+1).
package agg

import "math"

// Func is an aggregating function.
type Func uint8

// The aggregating functions, in the order in which the D language lists them.
// The zero Func is no function.
const (
	None       Func = iota
	Count           // count(): number of updates
	Sum             // sum(e)
	Avg             // avg(e)
	Min             // min(e)
	Max             // max(e)
	Stddev          // stddev(e), over 128-bit sums of squares
	Quantize        // quantize(e[, incr]): powers of two
	LQuantize       // lquantize(e, low, high[, step[, incr]]): linear
	LLQuantize      // llquantize(e, factor, lowmag, highmag, steps[, incr]): log-linear
)

var funcNames = [...]string{
	None: "none", Count: "count", Sum: "sum", Avg: "avg", Min: "min", Max: "max",
	Stddev: "stddev", Quantize: "quantize", LQuantize: "lquantize", LLQuantize: "llquantize",
}

// String returns the name of f as D spells it.
func (f Func) String() string {
	if int(f) < len(funcNames) {
		return funcNames[f]
	}
	return "unknown aggregating function"
}

// Lookup returns the aggregating function that D calls name, or None.
func Lookup(name string) Func {
	for f := Count; int(f) < len(funcNames); f++ {
		if funcNames[f] == name {
			return f
		}
	}
	return None
}

// Distribution reports whether a value of f is a distribution over buckets.
func (f Func) Distribution() bool { return f >= Quantize && f <= LLQuantize }

// Spec is an aggregating function with the constant arguments that shape its
// values. Specs are comparable; equal specs have equal layouts. The functions
// of this package other than Validate rely on a Spec that Validate accepts.
type Spec struct {
	Func Func

	// lquantize: bounds and bucket width. Low and High are 32-bit, Step is
	// 1 to 65535.
	Low, High, Step int64

	// llquantize: base of the logarithm, first and last magnitude, buckets per
	// magnitude.
	Factor, LowMag, HighMag, Steps int64
}

// Words returns the number of 64-bit words of one value of s.
func (s *Spec) Words() int {
	switch s.Func {
	case Count:
		return 1
	case Sum, Avg, Min, Max:
		return 2
	case Stddev:
		return 4
	}
	return 1 + s.Buckets()
}

// Unseen returns the value that DTrace shows of what was cleared, or where a CPU
// has not updated an aggregation: zeros, but for a minimum or maximum the number that any other
// replaces.
func Unseen(s *Spec) []uint64 {
	words := make([]uint64, s.Words())
	switch s.Func {
	case Min:
		words[0], words[1] = 1, math.MaxInt64
	case Max:
		words[0], words[1] = 1, 1<<63
	}
	return words
}

// Empty reports whether the value in words was never updated.
func Empty(words []uint64) bool { return words[0] == 0 }
