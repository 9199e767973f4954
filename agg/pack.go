package agg

import "strconv"

// packWidth is the width of lquantize bounds in packed output.
const packWidth = 8

// Packable reports whether aggpack draws values of f on one line; the others
// keep their usual form.
func (f Func) Packable() bool { return f == Quantize || f == LQuantize }

// AppendPackHeader appends the header line of packed output (aggpack) with the
// newline before it. sc spans all values of the aggregation, keyWidth is the
// width of the key columns, 0 without keys.
func AppendPackHeader(dst []byte, s *Spec, sc *Scale, keyWidth int) []byte {
	low, high := sc.packRange(s)
	dst = append(dst, '\n')
	if keyWidth > 0 {
		dst = padLeft(dst, "key", keyWidth)
	}
	minWidth, maxWidth := packWidth-1, packWidth
	if s.Func == Quantize {
		minWidth, maxWidth = digits(Label(s, low)), digits(Label(s, high))
	}
	dst = append(dst, ' ')
	dst = padLeft(dst, "min", minWidth)
	dst = append(dst, " ."...)
	dst = fill(dst, '-', high-low+1)
	dst = append(dst, ". max"...)
	dst = fill(dst, ' ', maxWidth-len("max"))
	return append(dst, " | count\n"...)
}

// AppendPacked appends a distribution on one line with its newline: the label of
// the first bucket shown, one character a bucket, the label of the last one, and
// the sum of all. sc spans all values of the aggregation, so that their columns
// stand for the same buckets.
func AppendPacked(dst []byte, s *Spec, words []uint64, sc *Scale, o HistOptions) []byte {
	low, high := sc.packRange(s)
	buckets := words[1+low : 1+high+1]
	var own Scale
	var count int64
	for _, b := range buckets {
		own.add(int64(b))
		count += int64(b)
	}
	var text [24]byte
	if s.Func == Quantize {
		l := Label(s, low)
		dst = append(dst, ' ')
		dst = padLeft(dst, strconv.AppendInt(text[:0], l, 10), digits(l))
	} else {
		dst = padLeft(dst, strconv.AppendInt(append(text[:0], "< "...), s.Low, 10), packWidth)
	}
	dst = append(dst, " :"...)
	for _, b := range buckets {
		dst = appendPackedCell(dst, int64(b), &own, o)
	}
	dst = append(dst, ": "...)
	from, width := len(dst), packWidth
	if s.Func == Quantize {
		l := Label(s, high)
		dst, width = strconv.AppendInt(dst, l, 10), digits(l)
	} else {
		lo, _ := Bounds(s, high)
		dst = strconv.AppendInt(append(dst, ">= "...), lo, 10)
	}
	dst = fill(dst, ' ', width-(len(dst)-from))
	dst = append(dst, " | "...)
	dst = strconv.AppendInt(dst, count, 10)
	return append(dst, '\n')
}

// packRange returns the buckets that packed output shows: for quantize those in
// use and one either side (but zero, if the least in use, stays the first), for
// lquantize all.
func (sc *Scale) packRange(s *Spec) (low, high int) {
	if s.Func != Quantize {
		return 0, s.Buckets() - 1
	}
	low, high = sc.low, sc.high
	if !sc.seen {
		low, high = QuantizeZero, QuantizeZero
	}
	if low != 0 && low != QuantizeZero {
		low--
	}
	return low, min(high+1, QuantizeBuckets-1)
}

// appendPackedCell draws one bucket as a character: eight heights of block, or
// six letters where the terminal has no such characters; v and V for negative
// counts.
func appendPackedCell(dst []byte, v int64, sc *Scale, o HistOptions) []byte {
	const ascii, negative, heights = "__xxxxXX", "vvvvVV", 8
	switch {
	case v == 0:
		return append(dst, ' ')
	case v < 0:
		return append(dst, negative[sc.cells(v, uint64(len(negative)-1), o.Zoom)])
	case o.UTF8:
		return append(dst, string(rune(0x2581+sc.cells(v, heights-1, o.Zoom)))...)
	}
	return append(dst, ascii[sc.cells(v, uint64(len(ascii)-1), o.Zoom)])
}

// digits is the width of a quantize label in packed output, at least 4.
func digits(v int64) int {
	var text [24]byte
	return max(4, len(strconv.AppendInt(text[:0], v, 10)))
}
