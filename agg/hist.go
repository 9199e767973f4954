package agg

import (
	"math/bits"
	"strconv"
)

// HistOptions are the consumer options that change how distributions are drawn.
// The zero value draws as DTrace does by default.
type HistOptions struct {
	// Zoom (aggzoom) makes the highest bar 95 % of the width instead of scaling
	// the bars to the sum of all.
	Zoom bool
	// UTF8 (encoding=utf8) draws bars of eighths of a character, and packed
	// distributions of block characters.
	UTF8 bool
}

const barWidth = 40

// AppendHist appends a distribution as a table: an empty line's newline, the
// header, and one line for each bucket from the one before the first that is
// not zero to the one after the last. Counts are divided by normal (0 counts
// as 1). A distribution of zeros shows the buckets around zero.
func AppendHist(dst []byte, s *Spec, words []uint64, normal uint64, o HistOptions) []byte {
	buckets := words[1:s.Words()]
	first, last := histRange(s, buckets)
	var sc Scale
	for _, b := range buckets[first : last+1] {
		sc.add(int64(b))
	}
	dst = AppendHistHeader(dst, 0)
	for i := first; i <= last; i++ {
		dst = appendLabel(dst, s, i, first)
		dst = AppendBar(dst, int64(buckets[i]), normal, &sc, o)
	}
	return dst
}

// AppendHistHeader appends the header line of a histogram with the newline
// before it. keyWidth is the width of the key columns of agghist output; 0 means
// a distribution, whose first column is "value", 16 wide.
func AppendHistHeader(dst []byte, keyWidth int) []byte {
	dst = append(dst, '\n')
	if keyWidth == 0 {
		dst = padLeft(dst, "value", 16)
	} else {
		dst = padLeft(dst, "key", keyWidth)
	}
	return append(dst, "  ------------- Distribution ------------- count    \n"...)
}

// histRange returns the first and the last bucket to show.
func histRange(s *Spec, buckets []uint64) (first, last int) {
	last = len(buckets) - 1
	for first <= last && buckets[first] == 0 {
		first++
	}
	if first > last {
		switch s.Func {
		case LQuantize:
			return 0, 2
		case LLQuantize:
			mid := s.Arm() + 1
			return mid, min(mid+2, last)
		}
		return QuantizeZero - 1, QuantizeZero + 1
	}
	for buckets[last] == 0 {
		last--
	}
	return max(first-1, 0), min(last+1, len(buckets)-1)
}

// appendLabel appends the 17 columns before the bar of bucket i. first is the
// first bucket shown: the middle of llquantize is not called an absolute value
// when nothing negative is shown.
func appendLabel(dst []byte, s *Spec, i, first int) []byte {
	var text [32]byte
	t := text[:0]
	switch s.Func {
	case Quantize:
		t = strconv.AppendInt(t, Label(s, i), 10)
	case LQuantize:
		lo, hi := Bounds(s, i)
		switch i {
		case 0:
			t = strconv.AppendInt(append(t, "< "...), hi+1, 10)
		case s.Buckets() - 1:
			t = strconv.AppendInt(append(t, ">= "...), lo, 10)
		default:
			t = strconv.AppendInt(t, lo, 10)
		}
	case LLQuantize:
		t = s.appendLogLinearLabel(t, i, first)
	}
	dst = padLeft(dst, t, 16)
	return append(dst, ' ')
}

func (s *Spec) appendLogLinearLabel(t []byte, i, first int) []byte {
	arm := s.Arm()
	k := i - arm - 1
	switch {
	case k == 0 && s.edge(1) == 1:
		return append(t, '0')
	case k == 0 && first == i:
		return strconv.AppendUint(append(t, "< "...), s.edge(1), 10)
	case k == 0:
		return strconv.AppendUint(append(t, "abs() < "...), s.edge(1), 10)
	case k == -arm-1:
		t = append(t, "<= "...)
	case k == arm+1:
		t = append(t, ">= "...)
	}
	if k < 0 {
		return strconv.AppendUint(append(t, '-'), s.edge(-k), 10)
	}
	return strconv.AppendUint(t, s.edge(k), 10)
}

// Scale is what bars are measured against: the sum and the greatest of the
// magnitudes shown, and which signs occur. For one distribution AppendHist
// computes it; for agghist and aggpack it spans all keys of an aggregation, and
// the caller collects it with Add.
type Scale struct {
	sum                  [2]uint64 // low, high
	greatest             uint64
	positives, negatives bool

	// Buckets that are not zero anywhere, for aggpack; valid if seen.
	seen      bool
	low, high int
}

// Add takes a value of the aggregation into account. Scalars contribute their
// Result, distributions widen the range of buckets that aggpack shows.
func (sc *Scale) Add(s *Spec, words []uint64) {
	if !s.Func.Distribution() {
		sc.add(Result(s, words, 1))
		return
	}
	for i, b := range words[1:s.Words()] {
		if b == 0 {
			continue
		}
		if !sc.seen {
			sc.seen, sc.low, sc.high = true, i, i
		}
		sc.low, sc.high = min(sc.low, i), max(sc.high, i)
	}
}

func (sc *Scale) add(v int64) {
	mag := magnitude(v)
	sc.positives = sc.positives || v > 0
	sc.negatives = sc.negatives || v < 0
	sc.greatest = max(sc.greatest, mag)
	var carry uint64
	sc.sum[0], carry = bits.Add64(sc.sum[0], mag, 0)
	sc.sum[1] += carry
}

// fraction returns num/den, the length of v's bar in a bar of full cells. den is
// never 0 and both leave room for doubling.
func (sc *Scale) fraction(v int64, full uint64, zoom bool) (num, den uint64) {
	mag, hi, lo := magnitude(v), sc.sum[1], sc.sum[0]
	if zoom {
		hi, lo = 0, sc.greatest
	}
	// 50 bits are kept of greater totals, which cannot move a bar.
	for hi != 0 || lo >= 1<<50 {
		mag, lo, hi = mag>>1, lo>>1|hi<<63, hi>>1
	}
	if lo == 0 {
		return 0, 1
	}
	if zoom {
		return mag * full * 19, lo * 20 // the greatest reaches 95 %
	}
	return mag * full, lo
}

// cells returns the length of v's bar rounded to whole cells.
func (sc *Scale) cells(v int64, full uint64, zoom bool) int {
	num, den := sc.fraction(v, full, zoom)
	return int((2*num + den) / (2 * den))
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// AppendBar appends the bar for v, v divided by normal, and a newline: a line of
// a histogram after its label. Bars of positive counts grow from a line on the
// left, negative ones from a line on the right, and where both signs occur each
// has half the width on its side of a line in the middle.
func AppendBar(dst []byte, v int64, normal uint64, sc *Scale, o HistOptions) []byte {
	switch {
	case !sc.negatives && sc.positives && o.UTF8:
		dst = appendEighths(append(dst, '|'), v, sc, o.Zoom)
	case !sc.negatives:
		n := sc.cells(v, barWidth, o.Zoom)
		dst = fill(append(dst, '|'), '@', n)
		dst = fill(dst, ' ', barWidth-n)
	case !sc.positives:
		n := sc.cells(v, barWidth, o.Zoom)
		dst = fill(dst, ' ', barWidth-n)
		dst = append(fill(dst, '@', n), '|')
	case v <= 0:
		n := sc.cells(v, barWidth/2, o.Zoom)
		dst = fill(dst, ' ', barWidth/2-n)
		dst = append(fill(dst, '@', n), '|')
		dst = fill(dst, ' ', barWidth/2)
	default:
		n := sc.cells(v, barWidth/2, o.Zoom)
		dst = append(fill(dst, ' ', barWidth/2), '|')
		dst = fill(dst, '@', n)
		dst = fill(dst, ' ', barWidth/2-n)
	}
	if normal == 0 {
		normal = 1
	}
	dst = append(dst, ' ')
	from := len(dst)
	dst = strconv.AppendInt(dst, v/int64(normal), 10)
	dst = fill(dst, ' ', 9-(len(dst)-from))
	return append(dst, '\n')
}

// appendEighths draws a bar of block characters: U+2588 is a full cell, U+2589
// to U+258F are seven eighths down to one.
func appendEighths(dst []byte, v int64, sc *Scale, zoom bool) []byte {
	num, den := sc.fraction(v, barWidth, zoom)
	whole, part := int(num/den), num%den*8/den
	for range whole {
		dst = append(dst, "\u2588"...)
	}
	rest := barWidth - whole
	if part != 0 {
		dst = append(dst, string(rune(0x2590-int(part)))...)
		rest--
	}
	return fill(dst, ' ', rest)
}

func fill(dst []byte, c byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, c)
	}
	return dst
}

func padLeft[T string | []byte](dst []byte, text T, width int) []byte {
	return append(fill(dst, ' ', width-len(text)), text...)
}
