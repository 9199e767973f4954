package etl

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/decode"
)

// TestManyKinds: a file with more kinds of events than are kept says how many fire
// nothing.
func TestManyKinds(t *testing.T) {
	m := newMade(t, etl.WriterOptions{BufferSize: 1 << 16})
	const more = 500
	for i := range maxKinds + more {
		var g etl.GUID
		binary.LittleEndian.PutUint32(g[:], uint32(i)+1)
		m.write(etl.Event{Type: etl.TypeEventHeader64, TS: int64(i), PID: 5, TID: 6, Provider: g, ID: 7})
	}
	h := &Host{dec: decode.New()}
	c := newCensus(h)
	f, err := c.scan(m.file())
	if err != nil {
		t.Fatal(err)
	}
	defer f.f.Close()
	c.finish()
	if len(h.stock.events) != maxKinds+1 { // and the header
		t.Errorf("%d kinds are kept, want %d", len(h.stock.events), maxKinds)
	}
	if s := strings.Join(h.notices, "\n"); !strings.Contains(s, fmt.Sprintf("%d events are of more than %d kinds", more, maxKinds)) {
		t.Errorf("notices %q", s)
	}
}

// TestLateManifest: an event that an EventSource describes only behind it has its
// name and fields, whether it is listed or fires, and shortness is told by that
// description.
func TestLateManifest(t *testing.T) {
	g := etl.MustGUID("01020304-0506-0708-0900-0a0b0c0d0e0f")
	m := newMade(t, etl.WriterOptions{})
	event := func(ts int64, payload []byte) {
		m.write(etl.Event{Type: etl.TypeEventHeader64, TS: ts, PID: 5, TID: 6, Provider: g, ID: 3, Payload: payload})
	}
	event(1, bin(uint32(41), uint32(1)))
	event(2, bin(uint32(42), uint32(2)))
	event(3, bin(uint32(43)))
	text := `<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events"><instrumentation><events>
<provider name="Late-Source" guid="{01020304-0506-0708-0900-0a0b0c0d0e0f}" resourceFileName="x" messageFileName="x" symbol="x">
<tasks><task name="Work" value="1"/></tasks><events><event value="3" version="0" template="T" task="Work"/></events>
<templates><template tid="T"><data name="Number" inType="win:UInt32"/><data name="Step" inType="win:UInt32"/></template></templates>
</provider></events></instrumentation></instrumentationManifest>`
	chunk := append([]byte{1, 1, 0, 0x5B, 1, 0, 0, 0}, text...)
	m.write(etl.Event{Type: etl.TypeEventHeader64, TS: 4, PID: 5, TID: 6, Provider: g, ID: etl.ManifestID, Payload: chunk})
	h := m.open()
	out := runD(t, h, `etw:Late-Source:Work: { printf("%d/%d ", args[0]->Number, args[0]->Step); }`)
	if got := strings.Join(strings.Fields(out), " "); got != "41/1 42/2 43/0" {
		t.Errorf("have %q", got)
	}
	if s := strings.Join(h.Notices(), "\n"); !strings.Contains(s, "1 events Late-Source/Work are shorter than their layout: from 4 bytes, want 8") {
		t.Errorf("notices %q", s)
	}
}
