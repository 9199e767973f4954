package etl

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/decode"
	"github.com/godtrace/godtrace/format/pe"
)

var wevtGUID = etl.MustGUID("6d0f3c1a-7f7e-4d5b-8a0f-93b4b2d3c9e1")

// templates makes a resource WEVT_TEMPLATE with one event, 77, of task Pump and opcode
// 12 Fill, with the fields level (u32), n (u16) and name, n characters of UTF-16.
func templates() []byte {
	le := binary.LittleEndian
	var b []byte
	u32 := func(v ...uint32) {
		for _, n := range v {
			b = le.AppendUint32(b, n)
		}
	}
	patch := func(at int, v int) { le.PutUint32(b[at:], uint32(v)) }
	name := func(s string) int {
		at := len(b)
		u32(0)
		b = etl.AppendUTF16Z(b, s)
		patch(at, len(b)-at)
		return at
	}
	b = append(b, "CRIM"...)
	u32(0, 0x10003, 1)
	b = append(b, wevtGUID[:]...)
	u32(36)
	b = append(b, "WEVT"...)
	u32(0, 0xFFFFFFFF, 3, 0)
	parts := len(b)
	u32(0, 0, 0, 0, 0, 0)
	task, op := name("Pump"), name("Fill")
	patch(parts, len(b))
	b = append(b, "TASK"...)
	u32(40, 1, 5, 0xFFFFFFFF, 0, 0, 0, 0, uint32(task))
	patch(parts+8, len(b))
	b = append(b, "OPCO"...)
	u32(24, 1, 12<<16, 0xFFFFFFFF, uint32(op))
	fields := []struct {
		flags      uint32
		in, out    byte
		cnt, bytes uint16
		name       string
	}{{0, 8, 0, 1, 4, "level"}, {0, 6, 0, 1, 2, "n"}, {2, 1, 1, 1, 1, "name"}}
	var names []int
	for _, f := range fields {
		names = append(names, name(f.name))
	}
	temp := len(b)
	b = append(b, "TEMP"...)
	u32(0, 3, 3, uint32(temp+40), 1, 0, 0, 0, 0)
	for i, f := range fields {
		u32(f.flags)
		b = append(b, f.in, f.out, 0, 0)
		u32(0)
		b = le.AppendUint16(le.AppendUint16(b, f.cnt), f.bytes)
		u32(uint32(names[i]))
	}
	patch(parts+16, len(b))
	b = append(b, "EVNT"...)
	u32(64, 1, 0)
	b = le.AppendUint16(b, 77)
	b = append(b, 2, 0, 4, 12) // version, channel, level, opcode
	b = le.AppendUint16(b, 5)
	u32(1, 0, 0xFFFFFFFF, uint32(temp), 0, 0, 0, 0, 0, 0)
	patch(4, len(b))
	return b
}

// TestTemplates replays events that the image of their provider describes.
func TestTemplates(t *testing.T) {
	m := newMade(t, etl.WriterOptions{})
	m.write(etl.Event{Type: etl.TypeEventHeader64, Provider: wevtGUID, ID: 77, Version: 2, Opcode: 12, Task: 5, TS: ms, PID: 1, TID: 2,
		Payload: append(bin(uint32(9), uint16(2)), 'o', 0, 'k', 0)})
	name := m.file()
	dir := t.TempDir()
	image := filepath.Join(dir, "pump.dll")
	if err := os.WriteFile(image, pe.Build(pe.Image{DLL: true, ResourceType: "WEVT_TEMPLATE", Resource: templates()}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{image, dir} {
		h := openHost(t, name)
		if err := h.SetPath(path); err != nil {
			t.Fatal(err)
		}
		got := runD(t, h, `etw:pump:Pump:Fill { printf("%d %d %s", args[0]->level, args[0]->n, args[0]->name); }`)
		if !strings.Contains(got, "9 2 ok") {
			t.Errorf("with -y %s: %q, want 9 2 ok; notices %q", filepath.Base(path), got, h.Notices())
		}
	}
}

// TestTemplatesMangled holds that no bytes of a resource break its reader.
func TestTemplatesMangled(t *testing.T) {
	good := templates()
	for i := range good {
		for _, v := range []byte{0, 0x7F, 0xFF} {
			b := append([]byte(nil), good...)
			b[i] = v
			d := decode.New()
			// Errors and problems are both fine.
			_ = d.AddTemplates(b, "x")
			_ = d.AddTemplates(good[:i], "x")
		}
	}
}
