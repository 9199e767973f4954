package agg

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sample struct{ value, incr int64 }

func distribution(s *Spec, samples ...sample) []uint64 {
	words := make([]uint64, s.Words())
	for _, x := range samples {
		Update(s, words, x.value, x.incr)
	}
	return words
}

// text joins lines; a ~ stands for the blanks at the end of a line.
func text(lines ...string) string {
	for i, l := range lines {
		if j := strings.LastIndexByte(l, '~'); j >= 0 {
			lines[i] = l[:j] + strings.Repeat(" ", 68-j)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

const header = "           value  ------------- Distribution ------------- count    "

func TestHist(t *testing.T) {
	q := &Spec{Func: Quantize}
	tests := []struct {
		name    string
		spec    *Spec
		samples []sample
		normal  uint64
		opts    HistOptions
		want    string
	}{{
		name: "quantize",
		spec: q, samples: []sample{{20000, 4}, {131072, 1}},
		want: text("", header,
			"            8192 |                                         0~",
			"           16384 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@         4~",
			"           32768 |                                         0~",
			"           65536 |                                         0~",
			"          131072 |@@@@@@@@                                 1~",
			"          262144 |                                         0~"),
	}, {
		name: "quantize over zero, rounding up from half a cell",
		spec: q, samples: []sample{{-1, 1}, {0, 8}, {1, 71}}, // 0.5, 4, 35.5 cells
		want: text("", header,
			"              -2 |                                         0~",
			"              -1 |@                                        1~",
			"               0 |@@@@                                     8~",
			"               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@     71~",
			"               2 |                                         0~"),
	}, {
		name: "quantize normalized",
		spec: q, samples: []sample{{5, 1000000000}}, normal: 3,
		want: text("", header,
			"               2 |                                         0~",
			"               4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 333333333",
			"               8 |                                         0~"),
	}, {
		name: "quantize of nothing",
		spec: q,
		want: text("", header,
			"              -1 |                                         0~",
			"               0 |                                         0~",
			"               1 |                                         0~"),
	}, {
		name: "outermost quantize buckets have no neighbour",
		spec: q, samples: []sample{{1 << 62, 1}},
		want: text("", header,
			"2305843009213693952 |                                         0        ",
			"4611686018427387904 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        "),
	}, {
		name: "negative counts",
		spec: q, samples: []sample{{1, -1}, {2, -3}},
		want: text("", header,
			"               0                                         | 0~",
			"               1                               @@@@@@@@@@| -1~",
			"               2           @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@| -3~",
			"               4                                         | 0~"),
	}, {
		name: "counts of both signs",
		spec: q, samples: []sample{{1, -1}, {2, 3}},
		want: text("", header,
			"               0                     |                     0~",
			"               1                @@@@@|                     -1~",
			"               2                     |@@@@@@@@@@@@@@@      3~",
			"               4                     |                     0~"),
	}, {
		name: "zoom",
		spec: q, samples: []sample{{1, 100}, {2, 50}, {4, 1}},
		opts: HistOptions{Zoom: true},
		want: text("", header,
			"               0 |                                         0~",
			"               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@   100~",
			"               2 |@@@@@@@@@@@@@@@@@@@                      50~",
			"               4 |                                         1~",
			"               8 |                                         0~"),
	}, {
		name: "utf8",
		spec: q, samples: []sample{{1, 3}, {2, 61}}, // 1 7/8 and 38 1/8 cells
		opts: HistOptions{UTF8: true},
		want: text("", header,
			"               0 |                                         0~",
			"               1 |\u2588\u2589"+strings.Repeat(" ", 38)+" 3        ",
			"               2 |"+strings.Repeat("\u2588", 38)+"\u258f"+" "+" 61       ",
			"               4 |                                         0~"),
	}, {
		name: "lquantize",
		spec: lq(0, 30, 10), samples: []sample{{-1, 1}, {15, 2}, {99, 1}},
		want: text("", header,
			"             < 0 |@@@@@@@@@@                               1~",
			"               0 |                                         0~",
			"              10 |@@@@@@@@@@@@@@@@@@@@                     2~",
			"              20 |                                         0~",
			"           >= 30 |@@@@@@@@@@                               1~"),
	}, {
		name: "lquantize narrowed, negative bounds, uneven limit",
		spec: lq(-100, 95, 50), samples: []sample{{-60, 9}},
		want: text("", header,
			"          < -100 |                                         0~",
			"            -100 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 9~",
			"             -50 |                                         0~"),
	}, {
		name: "lquantize of nothing",
		spec: lq(0, 1, 1),
		want: text("", header,
			"             < 0 |                                         0~",
			"               0 |                                         0~",
			"            >= 1 |                                         0~"),
	}, {
		name: "llquantize below its first magnitude",
		spec: llq(10, 3, 5, 5), samples: []sample{{12, 3}, {2500, 1}},
		want: text("", header,
			"           -1000 |                                         0~",
			"    abs() < 1000 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           3~",
			"            1000 |                                         0~",
			"            2000 |@@@@@@@@@@                               1~",
			"            4000 |                                         0~"),
	}, {
		name: "llquantize from its first bucket on",
		spec: llq(10, 3, 3, 2), samples: []sample{{1000, 1}, {99999, 1}},
		want: text("", header,
			"          < 1000 |                                         0~",
			"            1000 |@@@@@@@@@@@@@@@@@@@@                     1~",
			"            5000 |                                         0~",
			"        >= 10000 |@@@@@@@@@@@@@@@@@@@@                     1~"),
	}, {
		name: "llquantize around zero, steps above the factor",
		spec: llq(10, 0, 1, 20), samples: []sample{{-1, 1}, {9, 1}, {17, 2}},
		want: text("", header,
			"              -2 |                                         0~",
			"              -1 |@@@@@@@@@@                               1~",
			"               0 |                                         0~",
			"               1 |                                         0~",
			"               2 |                                         0~",
			"               3 |                                         0~",
			"               4 |                                         0~",
			"               5 |                                         0~",
			"               6 |                                         0~",
			"               7 |                                         0~",
			"               8 |                                         0~",
			"               9 |@@@@@@@@@@                               1~",
			"              10 |                                         0~",
			"              15 |@@@@@@@@@@@@@@@@@@@@                     2~",
			"              20 |                                         0~"),
	}, {
		name: "llquantize far negative",
		spec: llq(2, 1, 2, 2), samples: []sample{{-100, 1}},
		want: text("", header,
			"           <= -8 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1~",
			"              -4 |                                         0~"),
	}, {
		name: "llquantize of nothing",
		spec: llq(10, 0, 1, 10),
		want: text("", header,
			"               0 |                                         0~",
			"               1 |                                         0~",
			"               2 |                                         0~"),
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.spec.Validate(); err != nil {
				t.Fatal(err)
			}
			got := string(AppendHist(nil, tt.spec, distribution(tt.spec, tt.samples...), tt.normal, tt.opts))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAggHist draws scalars against the total of their aggregation.
func TestAggHist(t *testing.T) {
	s := &Spec{Func: Sum}
	var sc Scale
	values := []int64{1, 3, 4}
	for _, v := range values {
		sc.Add(s, collect(s, v))
	}
	got := AppendHistHeader(nil, 17)
	for _, v := range values {
		got = AppendBar(got, v, 1, &sc, HistOptions{})
	}
	want := "\n              key  ------------- Distribution ------------- count    \n" +
		"|@@@@@                                    1        \n" +
		"|@@@@@@@@@@@@@@@                          3        \n" +
		"|@@@@@@@@@@@@@@@@@@@@                     4        \n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPacked(t *testing.T) {
	q := &Spec{Func: Quantize}
	a := distribution(q, sample{4, 1}, sample{8, 7})
	b := distribution(q, sample{64, 5}, sample{32, -5})
	var sc Scale
	sc.Add(q, a)
	sc.Add(q, b)
	got := AppendPackHeader(nil, q, &sc, 17)
	got = AppendPacked(got, q, a, &sc, HistOptions{})
	got = AppendPacked(got, q, a, &sc, HistOptions{UTF8: true})
	got = AppendPacked(got, q, b, &sc, HistOptions{Zoom: true})
	// Of eight, one reaches 0.875 of seven heights and seven 6.125: heights 1
	// and 6 of 0..7.
	want := "\n              key  min .-------. max  | count\n" +
		"    2 : _X    : 128  | 8\n" +
		"    2 : \u2582\u2587    : 128  | 8\n" +
		"    2 :    VX : 128  | 0\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	l := lq(0, 5, 1)
	got = AppendPackHeader(nil, l, &Scale{}, 0)
	got = AppendPacked(got, l, distribution(l, sample{-1, 1}, sample{3, 1}, sample{9, 2}), &Scale{}, HistOptions{})
	want = "\n     min .-------. max      | count\n" +
		"     < 0 :x   x x: >= 5     | 4\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("lquantize -want +got:\n%s", diff)
	}
}
