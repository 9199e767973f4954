package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// fill makes a payload for a layout and the text that each field should have.
func fill(s *schema.Schema, ptr int) (b []byte, want []string) {
	word := func(n uint64, size int) {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], n)
		b = append(b, w[:size]...)
	}
	one := func(f *schema.Field, n uint64) string {
		switch f.In {
		case schema.UInt8, schema.Int8:
			word(n&0x7F, 1)
			if f.Out == schema.OutBool {
				return "true"
			}
			return fmt.Sprint(n & 0x7F)
		case schema.UInt16, schema.Int16:
			if f.Out == schema.OutPort {
				b = binary.BigEndian.AppendUint16(b, uint16(n))
			} else {
				word(n, 2)
			}
			return fmt.Sprint(n)
		case schema.UInt32, schema.Int32:
			word(n, 4)
			if f.Out == schema.OutIPv4 {
				return fmt.Sprintf("%d.%d.0.0", n&0xFF, n>>8)
			}
			return fmt.Sprint(n)
		case schema.UInt64, schema.Int64:
			word(n<<33|n, 8)
			return fmt.Sprint(n<<33 | n)
		case schema.HexInt32:
			word(n, 4)
			return fmt.Sprintf("%#x", n)
		case schema.Pointer:
			v := uint64(0x80000000) | n
			if ptr == 8 {
				v |= 0xfffff800_00000000
			}
			word(v, ptr)
			return fmt.Sprintf("%#x", v)
		case schema.SizeT:
			word(n, ptr)
			return fmt.Sprint(n)
		case schema.FileTime:
			word(129402940472257591, 8)
			return "2011-01-23T22:07:27.2257591Z"
		case schema.GUID:
			g := etl.MustGUID("00112233-4455-6677-8899-aabbccddeeff")
			b = append(b, g[:]...)
			return g.String()
		case schema.UTF16:
			b = etl.AppendUTF16Z(b, fmt.Sprintf("wide%d", n))
			return fmt.Sprintf("wide%d", n)
		case schema.ANSI:
			b = append(b, fmt.Sprintf("narrow%d\x00", n)...)
			return fmt.Sprintf("narrow%d", n)
		case schema.WbemSID:
			b = append(b, bytes.Repeat([]byte{1}, 2*ptr)...)
			b = append(b, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0)
			return "S-1-5-32-544"
		case schema.Char16:
			word('x', 2)
			return "x"
		case schema.RestBinary:
			b = append(b, 0xAB, 0xCD)
			return "0xabcd"
		case schema.Binary:
			k := f.Length
			v := bytes.Repeat([]byte{0x20}, k)
			b = append(b, v...)
			if f.Out == schema.OutIPv6 {
				return "2020:2020:2020:2020:2020:2020:2020:2020"
			}
			return fmt.Sprintf("0x%x", v)
		}
		panic(fmt.Sprintf("type %d of %s.%s", f.In, s.Name(), f.Name))
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		n := uint64(300 + i)
		for j := range s.Fields {
			if s.Fields[j].CountField == i {
				n = 2 // it counts an array
			}
		}
		if !f.Array {
			want = append(want, one(f, n))
			continue
		}
		if f.In == schema.Char16 {
			b = append(b, bytes.Repeat([]byte{'y', 0}, f.Count)...)
			want = append(want, string(bytes.Repeat([]byte{'y'}, f.Count)))
			continue
		}
		text := "["
		for k := range 2 {
			if k > 0 {
				text += ", "
			}
			text += one(f, n+uint64(k))
		}
		want = append(want, text+"]")
	}
	return b, want
}

// Every layout in both bitnesses, through the writer and the reader.
func TestWrittenEvents(t *testing.T) {
	for _, ptr := range []int{4, 8} {
		typ := etl.TypePerfInfo64
		if ptr == 4 {
			typ = etl.TypePerfInfo32
		}
		var file bytes.Buffer
		w, err := etl.NewWriter(&file, etl.WriterOptions{PointerSize: ptr, BufferSize: 32768})
		if err != nil {
			t.Fatal(err)
		}
		var all []*schema.Schema
		var wants [][]string
		for _, s := range Layouts().All() {
			group, ok := etl.ClassGroup(s.GUID)
			if !ok || group == etl.GroupHeader {
				continue
			}
			payload, want := fill(s, ptr)
			e := etl.Event{Type: typ, Group: group, Opcode: uint8(s.ID), Version: s.Version, TS: int64(1000 + len(all)), Payload: payload}
			if err := w.Write(&e); err != nil {
				t.Fatal(err)
			}
			all, wants = append(all, s), append(wants, want)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := etl.New(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		var e etl.Event
		for r := f.Reader(); r.Next(&e); {
			if e.Group == etl.GroupHeader {
				continue
			}
			s, p := Layouts().Resolve(&e)
			if s != all[i] && s.Version != all[i].Version {
				t.Fatalf("event %d is %s version %d, want %s version %d", i, s.Name(), s.Version, all[i].Name(), all[i].Version)
			}
			k := 0
			rest, err := s.Walk(e.Payload, p, func(n int, v schema.Value) bool {
				if have := v.String(); have != wants[i][n] {
					t.Errorf("%s version %d, %d-byte pointers: %s = %s, want %s", s.Name(), s.Version, ptr, v.Field.Name, have, wants[i][n])
				}
				k++
				return true
			})
			if err != nil || rest != 0 || k != len(wants[i]) {
				t.Errorf("%s version %d, %d-byte pointers: %d of %d fields, %d bytes left, %v", s.Name(), s.Version, ptr, k, len(wants[i]), rest, err)
			}
			i++
		}
		if i != len(all) || i < 400 {
			t.Errorf("%d events, want %d and at least 400", i, len(all))
		}
	}
}
