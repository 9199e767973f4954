package tracelogging

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// describe makes a description from its parts behind the size.
func describe(parts ...string) []byte {
	body := strings.Join(parts, "")
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(body)+2)), body...)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name    string
		desc    []byte
		payload string
		want    string
	}{
		{"scalars", describe("\x00", "Ev\x00", "a\x00\x04", "b\x00\x09", "s\x00\x01", "z\x00\x02"),
			"\x07\xff\xff\xff\xff\xff\xff\xff\xffh\x00i\x00\x00\x00yes\x00", "Ev a=7 b=-1 s=hi z=yes"},
		{"tags", describe("\x81\x02", "Ev\x00", "a\x00\x84\x83\x05"), "\x01", "Ev a=true"},
		{"hex and port", describe("\x00", "Ev\x00", "h\x00\x88\x04", "p\x00\x86\x07", "i\x00\x88\x08"),
			"\xef\xbe\xad\xde\x01\xbb\x7f\x00\x00\x01", "Ev h=0xdeadbeef p=443 i=127.0.0.1"},
		{"fixed array", describe("\x00", "Ev\x00", "a\x00\x26\x03\x00", "b\x00\x04"), "\x01\x00\x02\x00\x03\x00\x09", "Ev a=[1, 2, 3] b=9"},
		{"variable array of strings", describe("\x00", "Ev\x00", "a\x00\x42", "b\x00\x04"), "\x02\x00ab\x00c\x00\x05", "Ev a=[ab, c] b=5"},
		{"counted", describe("\x00", "Ev\x00", "w\x00\x16", "n\x00\x17", "b\x00\x0e"), "\x04\x00h\x00i\x00\x02\x00yo\x03\x00\x01\x02\x03", "Ev w=hi n=yo b=0x010203"},
		{"nested structs", describe("\x00", "Ev\x00", "o\x00\x98\x02", "x\x00\x04", "in\x00\x98\x01", "y\x00\x02", "t\x00\x04"),
			"\x01q\x00\x09", "Ev o={x=1, in={y=q}} t=9"},
		{"array of structs", describe("\x00", "Ev\x00", "o\x00\xd8\x02", "x\x00\x04", "s\x00\x02", "t\x00\x04"),
			"\x02\x00\x01a\x00\x02bc\x00\x09", "Ev o=[{x=1, s=a}, {x=2, s=bc}] t=9"},
	} {
		s, err := Parse(tt.desc)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		s.Compile()
		have := s.Event
		rest, err := s.Walk([]byte(tt.payload), 8, func(_ int, v schema.Value) bool {
			have += " " + v.Field.Name + "=" + v.String()
			return true
		})
		if have != tt.want || err != nil || rest != 0 {
			t.Errorf("%s:\nhave %s (%v, %d left)\nwant %s", tt.name, have, err, rest, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		desc []byte
		want string
	}{
		{nil, "at least 4"},
		{describe("\x00", "Ev"), "the event's name"},
		{describe("\x00", "Ev\x00", "a\x00"), "a field's type"},
		{describe("\x00", "Ev\x00", "a\x00\x24\x01"), "a field's count"},
		{describe("\x00", "Ev\x00", "a\x00\x1f"), "type 31"},
	} {
		if _, err := Parse(tt.desc); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): %v, want %q", tt.desc, err, tt.want)
		}
	}
}

func TestParseTraits(t *testing.T) {
	group := etl.MustGUID("01020304-0506-0708-090a-0b0c0d0e0f10")
	b := describe("Prov\x00", "\x13\x00\x01"+string(group[:]))
	have, err := ParseTraits(b)
	if err != nil || have != (Traits{"Prov", group}) {
		t.Errorf("ParseTraits = %+v, %v", have, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(describe("\x00", "Ev\x00", "o\x00\xd8\x02", "x\x00\x04", "s\x00\x02", "t\x00\x04"), []byte("\x02\x00\x01a\x00\x02bc\x00\x09"))
	f.Fuzz(func(t *testing.T, desc, payload []byte) {
		ParseTraits(desc)
		s, err := Parse(desc)
		if err != nil {
			return
		}
		s.Compile()
		for _, ptr := range []int{4, 8} {
			s.Walk(payload, ptr, func(_ int, v schema.Value) bool {
				v.Text(nil)
				return true
			})
		}
	})
}
