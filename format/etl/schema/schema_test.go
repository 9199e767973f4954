package schema

import (
	"errors"
	"testing"
)

func field(name string, in Type, out Out) Field {
	return Field{Name: name, In: in, Out: out, CountField: NoField, LengthField: NoField}
}

func TestText(t *testing.T) {
	length := field("b", Binary, OutHexBinary)
	length.LengthField = 0
	colours := field("c", UInt8, OutDefault)
	colours.Map = &Map{Name: "C", Entries: []MapEntry{{1, "red"}, {2, "green"}}}
	bits := field("c", UInt8, OutDefault)
	bits.Map = &Map{Name: "C", Bits: true, Entries: []MapEntry{{1, "red"}, {4, "green"}}}
	chars := field("s", Char16, OutString)
	chars.Array, chars.Count = true, 4
	for _, tt := range []struct {
		f    Field
		in   string
		want string
	}{
		{field("x", Int8, OutDefault), "\xff", "-1"},
		{field("x", UInt16, OutPort), "\x01\xbb", "443"},
		{field("x", UInt32, OutIPv4), "\x7f\x00\x00\x01", "127.0.0.1"},
		{field("x", Binary, OutIPv6), "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", "fe80::1"},
		{field("x", Bool, OutDefault), "\x01\x00\x00\x00", "true"},
		{field("x", Float, OutDefault), "\x00\x00\xc0\x3f", "1.5"},
		{field("x", Double, OutDefault), "\x00\x00\x00\x00\x00\x00\x00\xc0", "-2"},
		{field("x", Pointer, OutDefault), "\x10\x00\x00\x00\x00\xf8\xff\xff", "0xfffff80000000010"},
		{field("x", HexInt32, OutDefault), "\xff\xff\xff\xff", "0xffffffff"},
		{field("x", Int32, OutHResult), "\x05\x00\x07\x80", "0x80070005"},
		{field("x", UInt64, OutSigned), "\xfe\xff\xff\xff\xff\xff\xff\xff", "-2"},
		{field("x", FileTime, OutDefault), "\x00\x80\x3e\xd5\xde\xb1\x9d\x01", "1970-01-01T00:00:00.0000000Z"},
		{field("x", SystemTime, OutDefault), "\xe5\x07\x09\x00\x04\x00\x09\x00\x0e\x00\x3b\x00\x23\x00\x1f\x03", "2021-09-09T14:59:35.799"},
		{field("x", SID, OutDefault), "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00", "S-1-5-32-544"},
		{field("x", WbemSID, OutDefault), "\x00\x00\x00\x00", ""},
		{field("x", GUID, OutDefault), "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", "00112233-4455-6677-8899-aabbccddeeff"},
		{field("x", UTF16, OutDefault), "h\x00\xe9\x00\x3d\xd8\x00\xde\x00\x00", "hé😀"},
		{field("x", UTF16, OutDefault), "a\x00b\x00", "ab"},
		{field("x", ANSI, OutDefault), "a\x80b\x00", "a€b"},
		{field("x", ANSI, OutUTF8), "\xc3\xa9\x00", "é"},
		{field("x", CountedUTF16, OutDefault), "\x04\x00a\x00b\x00", "ab"},
		{field("x", ReversedANSI, OutDefault), "\x00\x02ab", "ab"},
		{field("x", HexDump, OutDefault), "\x02\x00\x00\x00\xab\xcd", "0xabcd"},
		{field("x", CountedBinary, OutSocket), "\x10\x00\x02\x00\x00\x50\x7f\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", "127.0.0.1:80"},
		{colours, "\x02", "green"},
		{colours, "\x09", "9"},
		{bits, "\x05", "red|green"},
		{bits, "\x0c", "green|0x8"},
		{chars, "a\x00b\x00\x00\x00z\x00", "ab"},
	} {
		s := (&Schema{Provider: "P", Fields: []Field{tt.f}}).Compile()
		v, err := s.Value([]byte(tt.in), 8, 0)
		if err != nil || v.String() != tt.want {
			t.Errorf("type %d out %d of %q: %q, %v, want %q", tt.f.In, tt.f.Out, tt.in, v.String(), err, tt.want)
		}
		if len(tt.in) < 1 {
			continue
		}
	}
}

func TestLazyPlaces(t *testing.T) {
	blob := field("blob", Binary, OutDefault)
	blob.LengthField = 1
	list := field("list", UInt16, OutDefault)
	list.Array, list.CountField = true, 1
	s := (&Schema{Provider: "P", Task: "T", Opcode: "O", Fields: []Field{
		field("p", Pointer, OutDefault), field("n", UInt8, OutDefault), blob, list, field("s", UTF16, OutDefault), field("last", UInt8, OutDefault),
	}}).Compile()
	if s.Name() != "P/T/O" || s.Index("list") != 3 || s.Index("none") != -1 {
		t.Errorf("name %s, index %d", s.Name(), s.Index("list"))
	}
	b := []byte("\x01\x00\x00\x00\x02\xaa\xbb\x05\x00\x06\x00h\x00\x00\x00\x09")
	for i, want := range []string{"0x1", "2", "0xaabb", "[5, 6]", "h", "9"} {
		v, err := s.Value(b, 4, i)
		if err != nil || v.String() != want {
			t.Errorf("field %d: %s, %v, want %s", i, v.String(), err, want)
		}
	}
	for n := range len(b) {
		_, err := s.Value(b[:n], 4, 5)
		if !errors.Is(err, ErrShort) {
			t.Errorf("%d bytes: %v, want %v", n, err, ErrShort)
		}
	}
	if _, err := s.Value(b, 4, 6); err == nil {
		t.Error("field 6 of 6: no error")
	}
	if n := testing.AllocsPerRun(100, func() { s.Value(b, 4, 5) }); n > 0 {
		t.Errorf("%v allocations for a field, want none", n)
	}
}
