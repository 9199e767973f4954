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
// 12 Fill, with the fields level (u32), n (u16), name, n characters of UTF-16, mode (u8),
// whose values have names, and bits (u32), whose bits have. Messages are in messageTable.
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
	u32(0, 0xFFFFFFFF, 4, 0)
	parts := len(b)
	u32(0, 0, 0, 0, 0, 0, 0, 0)
	task, op := name("Pump"), name("Fill")
	patch(parts, len(b))
	b = append(b, "TASK"...)
	u32(40, 1, 5, 0xFFFFFFFF, 0, 0, 0, 0, uint32(task))
	patch(parts+8, len(b))
	b = append(b, "OPCO"...)
	u32(24, 1, 12<<16, 0xFFFFFFFF, uint32(op))
	modes, rights := name("Modes"), name("Rights")
	patch(parts+24, len(b))
	b = append(b, "MAPS"...)
	u32(0, 2)
	second := len(b)
	u32(0)
	first := len(b)
	b = append(b, "VMAP"...)
	u32(32, uint32(modes), 2, 1, 0x5001, 2, 0x5002)
	patch(second, len(b))
	bits := len(b)
	b = append(b, "BMAP"...)
	u32(32, uint32(rights), 2, 1, 0x5003, 4, 0x9000)
	fields := []struct {
		flags      uint32
		in, out    byte
		cnt, bytes uint16
		name       string
		mapped     int
	}{{0, 8, 0, 1, 4, "level", 0}, {0, 6, 0, 1, 2, "n", 0}, {2, 1, 1, 1, 1, "name", 0}, {0, 4, 0, 1, 1, "mode", first}, {0, 8, 0, 1, 4, "bits", bits}}
	var names []int
	for _, f := range fields {
		names = append(names, name(f.name))
	}
	temp := len(b)
	b = append(b, "TEMP"...)
	u32(0, 5, 5, uint32(temp+40), 1, 0, 0, 0, 0)
	for i, f := range fields {
		u32(f.flags)
		b = append(b, f.in, f.out, 0, 0)
		u32(uint32(f.mapped))
		b = le.AppendUint16(le.AppendUint16(b, f.cnt), f.bytes)
		u32(uint32(names[i]))
	}
	patch(parts+16, len(b))
	b = append(b, "EVNT"...)
	u32(64, 1, 0)
	b = le.AppendUint16(b, 77)
	b = append(b, 2, 0, 4, 12) // version, channel, level, opcode
	b = le.AppendUint16(b, 5)
	u32(1, 0, 0xB0000077, uint32(temp), 0, 0, 0, 0, 0, 0)
	patch(4, len(b))
	return b
}

// messageTable is the table of the messages that templates names: two blocks, the second
// in one byte a character.
func messageTable() []byte {
	le := binary.LittleEndian
	entry := func(dst []byte, wide bool, s string) []byte {
		text, flags := append([]byte(s), 0), uint16(0)
		if wide {
			text, flags = etl.AppendUTF16Z(nil, s), 1
		}
		for len(text)%4 != 0 {
			text = append(text, 0)
		}
		dst = le.AppendUint16(le.AppendUint16(dst, uint16(4+len(text))), flags)
		return append(dst, text...)
	}
	var b []byte
	for _, v := range []uint32{3, 0x5001, 0x5003, 40, 0x9000, 0x9000, 0, 0xB0000077, 0xB0000077, 0} {
		b = le.AppendUint32(b, v)
	}
	b = entry(entry(entry(b, true, "Off\r\n"), true, "On\r\n"), true, "Read\r\n")
	le.PutUint32(b[24:], uint32(len(b)))
	b = entry(b, false, "Write\r\n")
	le.PutUint32(b[36:], uint32(len(b)))
	return entry(b, true, "Filled %3 to %1.%n\r\n")
}

// TestTemplates replays events that the image of their provider describes.
func TestTemplates(t *testing.T) {
	m := newMade(t, etl.WriterOptions{})
	m.write(etl.Event{Type: etl.TypeEventHeader64, Provider: wevtGUID, ID: 77, Version: 2, Opcode: 12, Task: 5, TS: ms, PID: 1, TID: 2,
		Payload: append(append(bin(uint32(9), uint16(2)), 'o', 0, 'k', 0), bin(uint8(2), uint32(7))...)})
	name := m.file()
	dir := t.TempDir()
	image := filepath.Join(dir, "pump.dll")
	write := func(name string, im pe.Image) {
		t.Helper()
		if err := os.WriteFile(name, pe.Build(im), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, path := range []string{image, dir, image, image} {
		want := "9 2 ok 2 .mode = (enum Modes)On, .bits = (enum Rights)Read|Write|0x2,"
		im := pe.Image{DLL: true, ResourceType: "WEVT_TEMPLATE", Resource: templates()}
		switch i {
		case 2: // without messages
			want = "9 2 ok 2 .mode = (uint8_t)2, .bits = (uint32_t)7,"
		case 3: // with those of a language
			if err := os.Mkdir(filepath.Join(dir, "de-DE"), 0o700); err != nil {
				t.Fatal(err)
			}
			write(filepath.Join(dir, "de-DE", "pump.dll.mui"), pe.Image{DLL: true, ResourceType: "MUI", Resource: []byte{1}, Messages: messageTable()})
		default:
			im.Messages = messageTable()
		}
		write(image, im)
		h := openHost(t, name)
		if err := h.SetPath(path); err != nil {
			t.Fatal(err)
		}
		got := runD(t, h, `etw:pump:Pump:Fill { printf("%d %d %s %d ", args[0]->level, args[0]->n, args[0]->name, args[0]->mode); print(*args[0]); }`)
		got = strings.Join(strings.Fields(got), " ")
		got, _, _ = strings.Cut(strings.Replace(got, `(struct Pump_Fill) { .level = (uint32_t)9, .n = (uint16_t)2, .name = (string)"ok", `, "", 1), " }")
		if got != want {
			t.Errorf("with -y %s: %q, want %s; notices %q", filepath.Base(path), got, want, h.Notices())
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
			_ = d.AddTemplates(b, "x", nil)
			_ = d.AddTemplates(good[:i], "x", map[uint32]string{0x5001: "a"})
		}
	}
}
