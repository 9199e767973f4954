package decode

import (
	"bytes"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// show lists an event's fields.
func show(s *schema.Schema, b []byte, ptr int) string {
	var out []string
	rest, err := s.Walk(b, ptr, func(_ int, v schema.Value) bool {
		out = append(out, v.Field.Name+"="+v.String())
		return true
	})
	if err != nil {
		out = append(out, err.Error())
	}
	if rest > 0 {
		out = append(out, "rest")
	}
	return s.Name() + " " + strings.Join(out, " ")
}

// The first event of each kind, by the schema's source.
func TestSources(t *testing.T) {
	for _, tt := range []struct {
		file, manifest, name string
		source               schema.Source
		count                int
		want                 string
	}{
		{"HTTP_Server.etl", "HTTP_Server.man", "Microsoft-Windows-HttpService/HTTP Connection Trace Task/ConnConnect", schema.FromManifest, 2,
			"ConnectionObj=0xfffffa8003e92010 LocalAddrLength=28 LocalAddr=[2001:4898:0:fff:0:5efe:a78:109d]:80 RemoteAddrLength=28 RemoteAddr=[2001:4898:0:fff:0:5efe:a50:e410]:37837"},
		{"HTTP_Server.etl", "HTTP_Server.man", "Microsoft-Windows-HttpService/HTTP Logging Trace Task/LogFileWrite", schema.FromManifest, 291,
			"Status=0x0 Handle=0xffffffff80000e28 Type=ResponseLogging Group=Site Format=W3C ResType=CacheMiss SiteId=0"},
		{"SelfDescribingSingleEvent.etl", "", "MySource/TestEvent", schema.FromTraceLogging, 1, "a={b=Hello, c=World!}"},
		{"BondEtwSample.etl", "", "MSOpenTech-Tx-BinaryEventSource/WriteBinaryPayload", schema.FromEventSource, 10,
			"occurenceFileTimeUtc=130901521022992016 receiveFileTimeUtc=130901521022992016 inputProtocol=BOND_V1 source=Tx.Bond " +
				"manifestId=b2489c04-20df-5987-f505-b0b3c1ec5137 eventPayloadLength=26 eventPayloadSize=26 eventPayload=0x290a31302f32342f32303135490b697465726174696f6e203000"},
		{"net.4.5.2.x64.etl", "", "Microsoft-Windows-Kernel-Process/ProcessStart/Start", schema.FromTrace, 1,
			`ProcessID=3676 CreateTime=2020-07-29T00:07:03.3564008Z ParentProcessID=3508 SessionID=1 Flags=0 ImageName=\Device\Mup\`},
	} {
		var manifests []string
		if tt.manifest != "" {
			manifests = []string{tt.manifest}
		}
		f, d := open(t, tt.file, manifests...)
		var e etl.Event
		n := 0
		for r := f.Reader(); r.Next(&e); {
			s, ptr := d.Schema(&e)
			if s.Name() != tt.name {
				continue
			}
			if n++; n > 1 {
				continue
			}
			if s.Source != tt.source {
				t.Errorf("%s: source %v, want %v", tt.name, s.Source, tt.source)
			}
			if have := show(s, e.Payload, ptr); !strings.HasPrefix(have, tt.name+" "+tt.want) {
				t.Errorf("%s:\nhave %s\nwant %s %s", tt.file, have, tt.name, tt.want)
			}
		}
		if n != tt.count {
			t.Errorf("%s: %d events of %s, want %d", tt.file, n, tt.name, tt.count)
		}
	}
}

// Single fields must be what a walk finds, and cost no allocation.
func TestValue(t *testing.T) {
	for _, file := range []string{"net.4.5.2.x64.etl", "SelfDescribingSingleEvent.etl", "primitive-types.etl", "BondEtwSample.etl"} {
		f, d := open(t, file)
		var e etl.Event
		n := 0
		for r := f.Reader(); r.Next(&e) && n < 20000; n++ {
			s, ptr := d.Schema(&e)
			s.Walk(e.Payload, ptr, func(i int, w schema.Value) bool {
				v, err := s.Value(e.Payload, ptr, i)
				if err != nil || !bytes.Equal(v.Data, w.Data) || v.N != w.N || v.String() != w.String() {
					t.Fatalf("%s: %s.%s: Value %q (%v), Walk %q", file, s.Name(), w.Field.Name, v.String(), err, w.String())
				}
				return true
			})
		}
	}
}

func TestNoAllocation(t *testing.T) {
	f, d := open(t, "net.4.5.2.x64.etl")
	run := func() {
		var e etl.Event
		buf := make([]byte, 0, 4096)
		r := f.Reader()
		for range 20000 {
			if !r.Next(&e) {
				break
			}
			s, ptr := d.Schema(&e)
			if len(s.Fields) == 0 {
				continue
			}
			v, err := s.Value(e.Payload, ptr, len(s.Fields)-1)
			if err != nil || v.IsArray() {
				continue
			}
			buf = v.Text(buf[:0])
		}
	}
	run()
	// The reader's own buffers and the odd walk over structures.
	if n := testing.AllocsPerRun(2, run); n > 400 {
		t.Errorf("%v allocations for 20000 events", n)
	}
}

func FuzzEventInfo(f *testing.F) {
	f.Add(make([]byte, 0x70), false)
	f.Add(make([]byte, 200), true)
	f.Fuzz(func(t *testing.T, b []byte, isMap bool) {
		if isMap {
			parseMapInfo(b)
			return
		}
		in, err := parseEventInfo(b)
		if err != nil {
			return
		}
		s := in.s
		s.Compile()
		show(&s, b, 8)
	})
}

func BenchmarkSchema(b *testing.B) {
	f, d := open(b, "net.4.5.2.x64.etl")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r := f.Reader()
		var e etl.Event
		for r.Next(&e) {
			s, ptr := d.Schema(&e)
			if len(s.Fields) > 0 {
				v, _ := s.Value(e.Payload, ptr, 0)
				n += len(v.Data)
			}
			n++
		}
	}
	b.ReportMetric(float64(f.Stats().Events)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}
