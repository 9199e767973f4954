package printf

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/agg"
)

func i8(v int8) Arg     { return Arg{Size: 1, Signed: true, Int: uint64(v)} }
func u8(v uint8) Arg    { return Arg{Size: 1, Int: uint64(v)} }
func i16(v int16) Arg   { return Arg{Size: 2, Signed: true, Int: uint64(v)} }
func i32(v int32) Arg   { return Arg{Size: 4, Signed: true, Int: uint64(v)} }
func u32(v uint32) Arg  { return Arg{Size: 4, Int: uint64(v)} }
func i64(v int64) Arg   { return Arg{Size: 8, Signed: true, Int: uint64(v)} }
func u64(v uint64) Arg  { return Arg{Size: 8, Int: v} }
func ptr(v uint64) Arg  { return Arg{Kind: Pointer, Size: 8, Int: v} }
func str(s string) Arg  { return Arg{Kind: String, Bytes: []byte(s)} }
func char(s string) Arg { return Arg{Kind: Chars, Bytes: []byte(s)} }

func words16(v ...uint16) Arg {
	var b []byte
	for _, x := range v {
		b = append(b, byte(x), byte(x>>8))
	}
	return Arg{Kind: WString, Size: 2, Bytes: b}
}

func words32(v ...uint32) Arg {
	a := Arg{Kind: WString}
	for _, w := range v {
		a.Bytes = binary.LittleEndian.AppendUint32(a.Bytes, w)
	}
	return a
}

func frames(kind Kind, v ...uint64) Arg {
	a := Arg{Kind: kind}
	for _, w := range v {
		a.Bytes = binary.LittleEndian.AppendUint64(a.Bytes, w)
	}
	return a
}

func float(v float64) Arg {
	return Arg{Kind: Float, Bytes: binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))}
}

// symbols names addresses after what it is asked, so that tests see it.
type symbols struct{}

func (symbols) AppendAddr(dst []byte, kind Kind, pid uint32, addr uint64) []byte {
	return fmt.Appendf(dst, "k%d:%d:%x", kind, pid, addr)
}

func TestAppend(t *testing.T) {
	env := &Env{Symbols: symbols{}, Location: time.FixedZone("CET", 3600), Target: 77}
	at := time.Date(2026, 11, 2, 5, 59, 5, 123456789, time.UTC).UnixNano()
	tests := []struct {
		format string
		args   []Arg
		want   string
	}{
		{"", nil, ""},
		{"a%%b%%\n", nil, "a%b%\n"},
		{"%s %d\n", []Arg{str("cat\x00junk"), i32(-42)}, "cat -42\n"},
		// integers: size and sign of the argument decide
		{"%d", []Arg{i8(-1)}, "-1"},
		{"%d", []Arg{u8(255)}, "255"},
		{"%d", []Arg{{Size: 1, Signed: true, Int: 0xffff_ff80}}, "-128"},
		{"%i", []Arg{u32(math.MaxUint32)}, "4294967295"},
		{"%d", []Arg{u64(math.MaxUint64)}, "18446744073709551615"},
		{"%d", []Arg{i64(math.MinInt64)}, "-9223372036854775808"},
		{"%u", []Arg{i8(-1)}, "255"},
		{"%u", []Arg{i16(-1)}, "65535"},
		{"%x", []Arg{i32(-1)}, "ffffffff"},
		{"%X", []Arg{i64(-1)}, "FFFFFFFFFFFFFFFF"},
		{"%o", []Arg{i16(-1)}, "177777"},
		{"%o", []Arg{u64(math.MaxUint64)}, "1777777777777777777777"},
		{"%hd %hu", []Arg{i16(-2), i16(-2)}, "-2 65534"},
		{"%ld %lu", []Arg{i64(-2), i64(-2)}, "-2 18446744073709551614"},
		{"%p", []Arg{ptr(0xffff888000001000)}, "ffff888000001000"},
		{"%p %#p %?p", []Arg{ptr(0), ptr(0x10), ptr(0x10)}, "0 0x10               10"},
		// flags
		{"[%5d]", []Arg{i32(42)}, "[   42]"},
		{"[%-5d]", []Arg{i32(42)}, "[42   ]"},
		{"[%05d]", []Arg{i32(-42)}, "[-0042]"},
		{"[%+d % d]", []Arg{i32(42), i32(42)}, "[+42  42]"},
		{"[%+u]", []Arg{u32(42)}, "[42]"},
		{"[%.4d]", []Arg{i32(-42)}, "[-0042]"},
		{"[%08.4d]", []Arg{i32(42)}, "[    0042]"},
		{"[%.0d]", []Arg{i32(0)}, "[0]"},
		{"[%#x %#X %#o]", []Arg{u32(255), u32(255), u32(8)}, "[0xff 0XFF 010]"},
		{"[%#x %#o]", []Arg{u32(0), u32(0)}, "[0 0]"},
		{"[%#08x]", []Arg{u32(255)}, "[0x0000ff]"},
		{"[%#8x]", []Arg{u32(255)}, "[    0xff]"},
		{"[%#.2o]", []Arg{u32(8)}, "[010]"},
		{"[%'d]", []Arg{i64(-1234567)}, "[-1,234,567]"},
		{"[%'d %'d %'u]", []Arg{i64(999), i64(1000), u64(math.MaxUint64)}, "[999 1,000 18,446,744,073,709,551,615]"},
		{"[%'12d]", []Arg{i64(1234567)}, "[   1,234,567]"},
		{"[%-05d]", []Arg{i32(42)}, "[00042]"}, // the later of - and 0 counts
		{"[%0-5d]", []Arg{i32(42)}, "[42   ]"},
		// width and precision as arguments
		{"[%*d]", []Arg{i32(5), i32(42)}, "[   42]"},
		{"[%*d]", []Arg{i8(-5), i32(42)}, "[42   ]"},
		{"[%.*d]", []Arg{i32(4), i32(42)}, "[0042]"},
		{"[%.*d]", []Arg{i32(-4), i32(42)}, "[42]"},
		{"[%*.*s]", []Arg{i32(6), i32(3), str("abcdef")}, "[   abc]"},
		// strings
		{"[%s]", []Arg{str("")}, "[]"},
		{"[%10s]", []Arg{str("abc")}, "[       abc]"},
		{"[%-10s]", []Arg{str("abc")}, "[abc       ]"},
		{"[%.2s]", []Arg{str("abc")}, "[ab]"},
		{"[%.0s]", []Arg{str("abc")}, "[abc]"},
		{"[%2s]", []Arg{str("abc")}, "[abc]"},
		{"[%70s]", []Arg{str("x")}, "[" + strings.Repeat(" ", 69) + "x]"},
		{"[%s]", []Arg{char("abc\x00\x00")}, "[abc]"},
		{"[%S]", []Arg{str("a\tb\n\"\\\x01\xff\x00z")}, `[a\tb\n\"\\\001\377]`},
		{"[%S]", []Arg{char("a\x00b\x00\x00")}, `[a\0b]`},
		{"[%c%c]", []Arg{i8('x'), i32('y')}, "[xy]"},
		{"[%3c|%-3c]", []Arg{i8('x'), i8('y')}, "[  x|y  ]"},
		{"[%C%C%C%C]", []Arg{i8('x'), i8('\n'), i8(0), u8(200)}, `[x\n\0\310]`},
		{"[%ws %ls]", []Arg{words32('h', 0xe4, 0, 'x'), words32(0x20ac)}, "[h\u00e4 \u20ac]"},
		{"[%ws|%6ws|%.2ws]", []Arg{words16('h', 0xe4, 0, 'x'), words16(0xd83d, 0xde00, '!'), words16('a', 0xd83d, 'b')}, "[h\u00e4| \U0001f600!|a]"},
		{"[%ws]", []Arg{words16(0xde00, 0xd83d)}, "[\ufffd\ufffd]"},
		{"[%.3ws]", []Arg{words32('h', 0x20ac, 'x')}, "[h]"},
		{"[%wc%lc]", []Arg{i32(0x20ac), i32('x')}, "[\u20acx]"},
		// addresses
		{"[%a]", []Arg{ptr(0x10)}, "[k1:0:10]"},
		{"[%a]", []Arg{u64(0x10)}, "[k1:0:10]"},
		{"[%12a]", []Arg{{Kind: Sym, Int: 0x10}}, "[     k8:0:10]"},
		{"[%a]", []Arg{{Kind: Mod, Int: 0x10}}, "[k9:0:10]"},
		{"[%A %A]", []Arg{{Kind: USym, PID: 5, Int: 0x10}, ptr(0x20)}, "[k10:5:10 k12:77:20]"},
		{"[%k]", []Arg{frames(Stack, 0x10, 0x20, 0, 0x30)}, "[\nk6:0:10\nk6:0:20\n]"},
		{"[%-3k]", []Arg{frames(UStack, 9, 0x10)}, "[\n   k7:9:10\n]"},
		{"[%10k]", []Arg{frames(Stack, 0x10)}, "[\n   k6:0:10\n]"},
		// times
		{"[%Y]", []Arg{i64(at)}, "[2026 Nov  2 06:59:05]"},
		{"[%-22Y]", []Arg{u64(uint64(at))}, "[2026 Nov  2 06:59:05  ]"},
		{"[%T]", []Arg{i64(at)}, "[Mon, 02 Nov 2026 06:59:05 CET]"},
		// floating point
		{"[%f %.2f %e]", []Arg{float(1.5), float(2.345), float(12345.678)}, "[1.500000 2.35 1.234568e+04]"},
		{"[%g %g %G]", []Arg{float(100000), float(1e6), float(1e-5)}, "[100000 1e+06 1E-05]"},
		{"[%8.2f|%-8.2f|%08.2f|%+g]", []Arg{float(-1.5), float(1.5), float(-1.5), float(2)}, "[   -1.50|1.50    |-0001.50|+2]"},
		{"[%f %05G %g]", []Arg{float(math.Inf(-1)), float(math.Inf(1)), float(math.NaN())}, "[-inf   INF nan]"},
		{"[%f]", []Arg{{Kind: Float, Bytes: []byte{0, 0, 0x20, 0xc0}}}, "[-2.500000]"},
		{"[%Lf]", []Arg{{Kind: Float, Bytes: []byte{0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0xc0, 0, 0, 0, 0, 0, 0}}}, "[-3.000000]"},
		// what Check excludes
		{"[%d %s]", []Arg{str("x")}, "[x <missing>]"},
		{"[%s %x]", []Arg{i32(-7), frames(Stack)}, "[-7 \n]"},
		{"[%@d]", nil, "[<missing>]"},
		{"[%*d]", nil, "[<missing>]"},
	}
	for _, tt := range tests {
		f, err := Parse(tt.format)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.format, err)
			continue
		}
		if got := string(f.Append([]byte(">"), tt.args, env)); got != ">"+tt.want {
			t.Errorf("%q of %v:\n got %q\nwant %q", tt.format, tt.args, got, ">"+tt.want)
		}
	}
}

func TestAppendZeroEnv(t *testing.T) {
	f, err := Parse("%a %Y\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "0xffffffff81000000 1970 Jan  1 00:00:01\n"
	for _, env := range []*Env{nil, {}} {
		if got := string(f.Append(nil, []Arg{ptr(0xffffffff81000000), u64(1999999999)}, env)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAppendAgg(t *testing.T) {
	value := func(f agg.Func, normal uint64, values ...int64) AggValue {
		s := &agg.Spec{Func: f}
		words := make([]uint64, s.Words())
		for _, v := range values {
			agg.Update(s, words, v, 1)
		}
		return AggValue{Spec: s, Words: words, Normal: normal}
	}
	empty := AggValue{Spec: &agg.Spec{Func: agg.Sum}}
	tests := []struct {
		format string
		keys   []Arg
		aggs   []AggValue
		want   string
	}{
		{"%-8s %@5d\n", []Arg{str("cat")}, []AggValue{value(agg.Count, 1, 1, 1)}, "cat          2\n"},
		{"%@d", nil, []AggValue{value(agg.Sum, 1, -5)}, "-5"},
		{"%@x", nil, []AggValue{value(agg.Max, 1, 255)}, "ff"},
		{"%@d", nil, []AggValue{value(agg.Avg, 10, -100, -300)}, "922337203685477560"},
		{"%@d", nil, []AggValue{value(agg.Avg, 1, -3)}, "-3"},
		{"%@d %@d", nil, []AggValue{value(agg.Count, 1, 1), value(agg.Sum, 1, -3)}, "1 18446744073709551613"},
		{"%@d %@d %@d", nil, []AggValue{value(agg.Min, 1, 3, 2), value(agg.Stddev, 1, 1, 9)}, "2 4 4"},
		{"%@d %d %@d", []Arg{i32(7)}, []AggValue{value(agg.Count, 0, 1), empty}, "1 7 0"},
		{"%@*d", []Arg{i32(4)}, []AggValue{value(agg.Count, 1, 1)}, "   1"},
		{"x%@9dy", nil, []AggValue{value(agg.Quantize, 1, 4)}, `x
           value  ------------- Distribution ------------- count    
               2 |                                         0        
               4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        
               8 |                                         0        
y`},
	}
	for _, tt := range tests {
		f, err := Parse(tt.format)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.format, err)
			continue
		}
		if !f.Aggregates() {
			t.Errorf("%q does not aggregate", tt.format)
		}
		if diff := cmp.Diff(tt.want, string(f.AppendAgg(nil, tt.keys, tt.aggs, nil))); diff != "" {
			t.Errorf("%q -want +got:\n%s", tt.format, diff)
		}
	}
}

// FuzzAppend formats arbitrary arguments with arbitrary formats: whatever
// parses must format without a panic, and keep dst.
func FuzzAppend(f *testing.F) {
	f.Add("%*.*d %s %k %-#'010x %@d", []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09"), uint64(1<<63))
	f.Add("%Y %T %C %S %ws %f %A", []byte("a\x00\xff"), uint64(0))
	f.Fuzz(func(t *testing.T, format string, data []byte, v uint64) {
		p, err := Parse(format)
		if err != nil {
			return
		}
		var args []Arg
		for i := range p.Args() {
			kind := Kind(v>>(i%8*4)) % (UAddr + 1)
			args = append(args, Arg{Kind: kind, Size: 1 << (i % 4), Signed: i%3 == 0, Int: v % 5000 >> (i % 7), Bytes: data})
		}
		spec := &agg.Spec{Func: agg.Quantize}
		aggs := []AggValue{{Spec: spec}}
		if got := p.AppendAgg([]byte("dst"), args, aggs, nil); !strings.HasPrefix(string(got), "dst") {
			t.Fatalf("%q overwrote dst: %q", format, got)
		}
	})
}

// FuzzIntegers holds integers against package fmt, wherever C and Go mean the
// same by a format.
func FuzzIntegers(f *testing.F) {
	f.Add(int64(-42), uint8(3), uint8(0), uint8(8), uint8(0))
	f.Fuzz(func(t *testing.T, v int64, verb, fl, width, prec uint8) {
		letter := "dxXou"[verb%5 : verb%5+1]
		flags := []string{"", "-", "0", "#"}[fl%4]
		if letter == "d" {
			flags = []string{"", "-", "0", "+", " ", "-+", "0+", "0 "}[fl%8]
		}
		if flags == "#" && v == 0 {
			return // C has no prefix on zero
		}
		format := "%" + flags
		if width != 0 {
			format += fmt.Sprint(width)
		}
		if prec != 0 {
			format += fmt.Sprintf(".%d", prec)
		}
		p, err := Parse(format + letter)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []Arg{i8(int8(v)), i16(int16(v)), i32(int32(v)), i64(v)} {
			var want string
			switch letter {
			case "d":
				want = fmt.Sprintf(format+"d", a.signed())
			case "u":
				if flags == "#" {
					return
				}
				want = fmt.Sprintf(format+"d", a.unsigned())
			default:
				if flags == "#" && a.unsigned() == 0 {
					continue
				}
				want = fmt.Sprintf(format+letter, a.unsigned())
			}
			if got := string(p.Append(nil, []Arg{a}, nil)); got != want {
				t.Fatalf("%q of %+v: got %q, want %q", format+letter, a, got, want)
			}
		}
	})
}

func TestAppendDoesNotAllocate(t *testing.T) {
	env := &Env{Location: time.UTC}
	args := []Arg{str("cat"), i32(-42), ptr(0xffff), u64(1234567), i32(9), i32(3)}
	dst := make([]byte, 0, 1024)
	for _, format := range []string{"%s %d\n", "%-20s %5d %p %'d", "%S|%C|%a|%Y\n", "%s %d %p %d %*d\n"} {
		f, err := Parse(format)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { f.Append(dst, args, env) }); n != 0 {
			t.Errorf("%q: %v allocations a record", format, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	env := &Env{Location: time.UTC}
	for _, bb := range []struct {
		format string
		args   []Arg
	}{
		{"%s %d\n", []Arg{str("postgres\x00\x00\x00\x00\x00\x00\x00\x00"), i32(12345)}},
		{"%-16s %6d %x\n", []Arg{str("postgres\x00\x00"), i32(12345), u64(0xdeadbeef)}},
		{"%Y %s\n", []Arg{i64(1793862000000000000), str("x")}},
	} {
		f, err := Parse(bb.format)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.ReplaceAll(strings.TrimSpace(bb.format), " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]byte, 0, 256)
			for range b.N {
				dst = f.Append(dst[:0], bb.args, env)
			}
		})
	}
}
