package manifest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

const text = `<?xml version="1.0" encoding="utf-16"?>
<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events" xmlns:win="http://manifests.microsoft.com/win/2004/08/windows/events">
<instrumentation><events>
<provider name="My-Provider" guid="{11112222-3333-4444-5555-666677778888}" symbol="MY" resourceFileName="x" messageFileName="x">
 <keywords><keyword name="Net" mask="0x1"/></keywords>
 <tasks><task name="Work" value="1" message="$(string.t)"><opcodes><opcode name="Pick" value="12"/></opcodes></task></tasks>
 <opcodes><opcode name="Put" value="11" message="$(string.o)"/></opcodes>
 <maps>
  <valueMap name="Colour"><map value="1" message="$(string.red)"/><map value="0x2" message="$(string.green)"/></valueMap>
  <bitMap name="Bits"><map value="0x1" message="$(string.red)"/><map value="0x4" message="$(string.green)"/></bitMap>
 </maps>
 <templates>
  <template tid="T">
   <data name="n" inType="win:UInt16"/>
   <data name="colour" inType="win:UInt32" map="Colour"/>
   <data name="bits" inType="win:UInt8" map="Bits"/>
   <data name="list" inType="win:UInt16" count="n"/>
   <data name="len" inType="win:UInt8"/>
   <data name="blob" inType="win:Binary" length="len" outType="xs:hexBinary"/>
   <struct name="pairs" count="2"><data name="a" inType="win:Int8"/><data name="w" inType="win:UnicodeString"/></struct>
   <data name="fixed" inType="win:AnsiString" length="3"/>
   <data name="p" inType="win:Pointer"/>
  </template>
 </templates>
 <events>
  <event value="7" version="2" symbol="Seven" template="T" task="Work" opcode="Put" level="win:Informational" keywords="Net" message="$(string.m)"/>
  <event value="8" symbol="Eight" task="Work" opcode="win:Start"/>
  <event value="9" symbol="Nine" task="Work" opcode="Pick"/>
  <event value="10" symbol="Ten"/>
  <event value="11" symbol="Bad" template="Nowhere"/>
 </events>
</provider></events></instrumentation>
<localization><resources culture="de-DE"><stringTable><string id="t" value="Arbeit"/></stringTable></resources>
<resources culture="en-US"><stringTable><string id="t" value="Working"/><string id="o" value="Putting"/><string id="red" value="Red"/>
<string id="green" value="Green"/><string id="m" value="n is %1"/></stringTable></resources></localization>
</instrumentationManifest>`

func TestParse(t *testing.T) {
	u := []byte{0xFF, 0xFE}
	for _, c := range utf16.Encode([]rune(text)) {
		u = binary.LittleEndian.AppendUint16(u, c)
	}
	for _, in := range [][]byte{[]byte(text), u} {
		ps, problems, err := Parse(in, schema.FromManifest)
		if err != nil || len(ps) != 1 {
			t.Fatalf("%d providers, %v", len(ps), err)
		}
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), `event 11: template "Nowhere" is not defined`) {
			t.Errorf("problems %v", problems)
		}
		var names []string
		for _, s := range ps[0].Events {
			names = append(names, s.Name())
		}
		if have, want := strings.Join(names, " "), "My-Provider/Working/Putting My-Provider/Working/Start My-Provider/Working/Pick My-Provider/Ten"; have != want {
			t.Errorf("names %s\nwant %s", have, want)
		}
		s := ps[0].Events[0]
		if s.ID != 7 || s.Version != 2 || s.Message != "n is %1" || s.Level != "Informational" {
			t.Errorf("event %+v", s)
		}
		payload := "\x02\x00\x02\x00\x00\x00\x05\x0a\x00\x0b\x00\x03\xaa\xbb\xcc\xffx\x00\x00\x00\x01y\x00z\x00\x00\x00abc\x10\x00\x00\x00"
		var have []string
		rest, err := s.Walk([]byte(payload), 4, func(_ int, v schema.Value) bool {
			have = append(have, v.Field.Name+"="+v.String())
			return true
		})
		want := "n=2 colour=Green bits=Red|Green list=[10, 11] len=3 blob=0xaabbcc pairs=[{a=-1, w=x}, {a=1, w=yz}] fixed=abc p=0x10"
		if strings.Join(have, " ") != want || err != nil || rest != 0 {
			t.Errorf("have %s (%v, %d left)\nwant %s", strings.Join(have, " "), err, rest, want)
		}
	}
}

// The real manifests parse without a problem.
func TestRealManifests(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events int
	}{{"HTTP_Server.man", 80}, {"tcp.man", 100}} {
		var b []byte
		for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../../shared/fixtures"} {
			if c, err := os.ReadFile(filepath.Join(dir, "etl", tt.name)); err == nil {
				b = c
			}
		}
		if b == nil {
			t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds etl/")
		}
		ps, problems, err := Parse(b, schema.FromManifest)
		if err != nil || len(problems) > 0 || len(ps) != 1 || len(ps[0].Events) < tt.events {
			t.Errorf("%s: %d providers, %v, problems %v", tt.name, len(ps), err, problems)
			continue
		}
	}
}

func TestCollector(t *testing.T) {
	g := etl.MustGUID("11112222-3333-4444-5555-666677778888")
	var c Collector
	chunk := func(n uint16, data string) Chunk {
		ch, err := ParseChunk(append([]byte{1, 1, 0, 0x5B, 3, 0, byte(n), 0}, data...))
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	// Out of order, with another process in between.
	for _, tt := range []struct {
		pid  uint32
		n    uint16
		data string
		want string
	}{{1, 2, "C", ""}, {2, 0, "x", ""}, {1, 0, "A", ""}, {1, 1, "B", "ABC"}, {2, 1, "y", ""}, {2, 2, "z", "xyz"}} {
		if have := string(c.Add(g, tt.pid, chunk(tt.n, tt.data))); have != tt.want {
			t.Errorf("chunk %d of %d: %q, want %q", tt.n, tt.pid, have, tt.want)
		}
	}
	for _, b := range []string{"", "\x01\x01\x00\x5b\x01\x00\x01\x00", "\x02\x01\x00\x5b\x01\x00\x00\x00"} {
		if _, err := ParseChunk([]byte(b)); err == nil {
			t.Errorf("ParseChunk(%x): no error", b)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(text))
	f.Fuzz(func(t *testing.T, b []byte) {
		ps, _, err := Parse(b, schema.FromEventSource)
		if err != nil {
			return
		}
		for _, p := range ps {
			for _, s := range p.Events {
				s.Walk(b, 8, func(_ int, v schema.Value) bool {
					v.Text(nil)
					return true
				})
			}
		}
	})
}
