package xpress

import (
	"bytes"
	"math/rand"
	"strings"
	"testing"
)

// The two worked examples of [MS-XCA] section 3.1.
func TestDecodeSpecification(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"alphabet", append([]byte{0x3f, 0, 0, 0}, "abcdefghijklmnopqrstuvwxyz"...), "abcdefghijklmnopqrstuvwxyz"},
		{"abc 100 times", []byte{0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01}, strings.Repeat("abc", 100)},
	} {
		dst := make([]byte, len(tt.want))
		n, err := Decode(dst, tt.in)
		if err != nil || string(dst[:n]) != tt.want {
			t.Errorf("%s: Decode(%x) = %q, %v, want %q", tt.name, tt.in, dst[:n], err, tt.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	inputs := [][]byte{nil, {1}, []byte("abc"), bytes.Repeat([]byte{0}, 100000), []byte(strings.Repeat("the quick brown fox ", 400))}
	for n := 1; n < 70000; n = n*3 + 1 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Intn(1 + n%7))
		}
		inputs = append(inputs, b)
	}
	for _, in := range inputs {
		packed := Encode(nil, in)
		out := make([]byte, len(in))
		n, err := Decode(out, packed)
		if err != nil || !bytes.Equal(out[:n], in) {
			t.Fatalf("%d bytes: got %d bytes back, err %v", len(in), n, err)
		}
	}
}

func TestDecodeDamage(t *testing.T) {
	for _, tt := range []struct {
		in   []byte
		n    int
		want string
	}{
		{nil, 1, "want flags"},
		{[]byte{0, 0, 0, 0}, 1, "want a literal"},
		{[]byte{0, 0, 0, 0x80}, 1, "want a match"},
		{[]byte{0, 0, 0, 0x80, 0, 0}, 1, "goes back 1 bytes, have 0"},
		{[]byte{0, 0, 0, 0x40, 'a', 7, 0}, 9, "want a length"},
		{[]byte{0, 0, 0, 0x40, 'a', 7, 0, 15}, 9, "want a length byte"},
		{[]byte{0, 0, 0, 0x40, 'a', 7, 0, 15, 255, 3, 0}, 9, "at least 22"},
	} {
		_, err := Decode(make([]byte, tt.n), tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Decode(%x): %v, want %q", tt.in, err, tt.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(nil, []byte(strings.Repeat("abc", 50))))
	f.Add([]byte{0, 0, 0, 0x40, 'a', 7, 0, 15, 255, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, in []byte) {
		dst := make([]byte, 4096)
		if n, err := Decode(dst, in); n > len(dst) || err == nil && n != len(dst) {
			t.Fatalf("n %d, err %v", n, err)
		}
		out := make([]byte, len(in))
		if n, err := Decode(out, Encode(nil, in)); err != nil || !bytes.Equal(out[:n], in) {
			t.Fatalf("round trip of %x: %x, %v", in, out[:n], err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	src := []byte(strings.Repeat("the quick brown fox jumps over the lazy dog; ", 1400))
	rnd := rand.New(rand.NewSource(1))
	for i := 0; i < len(src); i += 40 {
		src[i] = byte(rnd.Intn(256))
	}
	packed := Encode(nil, src)
	dst := make([]byte, len(src))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := Decode(dst, packed); err != nil {
			b.Fatal(err)
		}
	}
}
