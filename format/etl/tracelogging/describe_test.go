package tracelogging

import (
	"bytes"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

func field(name string, in schema.Type, out schema.Out) schema.Field {
	return schema.Field{Name: name, In: in, Out: out, CountField: schema.NoField, LengthField: schema.NoField}
}

func TestDescribe(t *testing.T) {
	list := field("list", schema.UInt16, schema.OutDefault)
	list.Array, list.CountField = true, schema.Prefixed
	pair := field("pair", schema.UInt8, schema.OutBool)
	pair.Array, pair.Count = true, 2
	inner := field("in", schema.Struct, schema.OutDefault)
	inner.Fields = []schema.Field{field("x", schema.HexInt32, schema.OutDefault), field("s", schema.ANSI, schema.OutUTF8)}
	fields := []schema.Field{field("pid", schema.UInt32, schema.OutPID), field("name", schema.UTF16, schema.OutDefault), list, pair, inner,
		field("h", schema.UInt64, schema.OutHex64), field("b", schema.CountedBinary, schema.OutDefault)}
	b, err := Describe("Ev", fields)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Describe(s.Event, s.Fields)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("described again: %q, %v, want %q", again, err, b)
	}
	s.Compile()
	payload := "\x07\x00\x00\x00h\x00i\x00\x00\x00\x02\x00\x01\x00\x02\x00\x00\x01\x10\x00\x00\x00yes\x00\x0f\x00\x00\x00\x00\x00\x00\x00\x02\x00\xab\xcd"
	have := s.Event
	rest, err := s.Walk([]byte(payload), 8, func(_ int, v schema.Value) bool {
		have += " " + v.Field.Name + "=" + v.String()
		return true
	})
	want := "Ev pid=7 name=hi list=[1, 2] pair=[false, true] in={x=0x10, s=yes} h=0xf b=0xabcd"
	if have != want || rest != 0 || err != nil {
		t.Errorf("have %s (%d left, %v)\nwant %s", have, rest, err, want)
	}
	for _, tt := range []struct {
		f    schema.Field
		want string
	}{
		{field("x", schema.Counted16, 0), "type 300"}, {field("x\x00", schema.Int8, 0), "NUL"}, {field("x", schema.Struct, 0), "0 fields"},
	} {
		if _, err := Describe("E", []schema.Field{tt.f}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("field %+v: %v, want %q", tt.f, err, tt.want)
		}
	}
}

func TestDescribeProvider(t *testing.T) {
	want := Traits{"Prov", etl.MustGUID("01020304-0506-0708-090a-0b0c0d0e0f10")}
	b, err := DescribeProvider(want)
	if err != nil {
		t.Fatal(err)
	}
	if have, err := ParseTraits(b); err != nil || have != want {
		t.Errorf("have %+v, %v, want %+v", have, err, want)
	}
}

// The GUID of a provider in a real trace, made from its name by .NET.
func TestProviderGUID(t *testing.T) {
	if have, want := ProviderGUID("MySource"), etl.MustGUID("a61ea624-4944-55fc-c2a8-37838829438d"); have != want {
		t.Errorf("ProviderGUID(MySource) = %v, want %v", have, want)
	}
}
