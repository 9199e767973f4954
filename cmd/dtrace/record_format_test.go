package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestRecordFormat reads a recorded file by the documented layout alone, with none of
// the packages that wrote it.
func TestRecordFormat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n.etl")
	if _, msg, status := do(t, "record", "--etl", file, "--host", "nt:quiet-desktop", "-n",
		`syscall::NtWriteFile:entry { trace((short)-7); printf("%s %d", probefunc, 41); }`); status != 0 {
		t.Fatalf("record: status %d: %s", status, msg)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	u16 := func(at int) int { return int(le.Uint16(b[at:])) }
	u32 := func(at int) int { return int(le.Uint32(b[at:])) }
	wide := func(at int) string {
		var u []uint16
		for ; u16(at) != 0; at += 2 {
			u = append(u, le.Uint16(b[at:]))
		}
		return string(utf16.Decode(u))
	}
	check := func(what string, have, want any) {
		t.Helper()
		if fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", what, have, want)
		}
	}
	size := u32(0)
	buffers, events, named := 0, 0, 0
	procs := map[string]bool{}
	var last [64]uint64
	for at := 0; at < len(b); at += size {
		// WMI_BUFFER_HEADER.
		check("size of a buffer", u32(at), size)
		valid := u32(at + 0x30)
		check("saved offset", u32(at+4), valid)
		check("clock of a buffer", u32(at+0x20)&7, 1)
		check("flags", u16(at+0x34)&0x20, 0x20)
		check("type of a buffer", u16(at+0x36), map[bool]int{true: 4, false: 0}[at == 0])
		if valid < 0x48 || valid > size {
			t.Fatalf("buffer at %#x: valid length %#x of %#x", at, valid, size)
		}
		cpu := u16(at + 0x28)
		for p := at + 0x48; p < at+valid; {
			check("marker of an event", b[p+3], 0xC0)
			var n int
			switch b[p+2] {
			case 2: // SYSTEM_TRACE_HEADER of 64 bits
				n = u16(p + 4)
				if at == 0 && events == 0 {
					check("hook of the header", [2]byte(b[p+6:]), [2]byte{0, 0})
					h := p + 32
					check("BufferSize", u32(h), size)
					check("PointerSize", u32(h+44), 8)
					check("BuffersWritten", u32(h+36), len(b)/size)
					check("LoggersLost", u32(h+48), 0)
					// Two pointers and the time zone behind the fixed part, then 8 bytes each.
					tail := h + 56 + 16 + 172 + 4
					check("PerfFreq", le.Uint64(b[tail+8:]), 1_000_000_000)
					check("clock", u32(tail+24), 1)
					start, end := le.Uint64(b[tail+16:]), le.Uint64(b[h+16:])
					if start == 0 || end < start {
						t.Errorf("StartTime %d, EndTime %d", start, end)
					}
					if wide(tail+32) == "" {
						t.Error("no name of a session")
					}
				} else if b[p+7] == 3 && (b[p+6] == 1 || b[p+6] == 3) {
					// Process, version 3: key, pid, parent, session, exit, directory, SID, name,
					// command line.
					check("version of Process", u16(p), 3)
					q := p + 32 + 8 + 16 + 8
					if u32(q) == 0 {
						q += 4
					} else {
						q += 16 + 8 + 4*int(b[q+16+1])
					}
					name, _, _ := strings.Cut(string(b[q:p+n]), "\x00")
					procs[fmt.Sprint(name, " ", u32(p+32+8))] = true
				}
			case 19: // EVENT_HEADER of 64 bits
				n = u16(p)
				check("Flags", u16(p+4)&1, 1)
				// Extended items: size, type, linkage, data size.
				for x := p + 80; ; x += u16(x) {
					if u16(x+2) == 11 {
						meta := b[x+8 : x+8+u16(x+6)]
						check("size of the schema", int(le.Uint16(meta)), len(meta))
						name, rest, _ := strings.Cut(string(meta[3:]), "\x00")
						if strings.Contains(name, "NtWriteFile") {
							named++
							field, types, _ := strings.Cut(rest, "\x00")
							if field == "" || types == "" {
								t.Errorf("schema %q", rest)
							}
						}
					}
					if u16(x+4)&1 == 0 {
						break
					}
				}
			case 4, 17, 20, 21:
				if n = u16(p + 4); b[p+2] >= 20 {
					n = u16(p)
				}
			default:
				t.Fatalf("event of type %d at %#x", b[p+2], p)
			}
			ts := p + 16
			if b[p+2] == 17 {
				ts = p + 8
			}
			if now := le.Uint64(b[ts:]); now < last[cpu] && at > 0 {
				t.Errorf("event at %#x: time %d, after %d on processor %d", p, now, last[cpu], cpu)
			} else {
				last[cpu] = now
			}
			events++
			p += (n + 7) &^ 7
		}
		buffers++
	}
	check("buffers", buffers, len(b)/size)
	want := replay(t, file, `etw:DTrace:*NtWriteFile*: { @ = count(); } END { printa("%@d", @); }`)
	check("events of NtWriteFile", named, want)
	live, _, _ := do(t, "--host", "nt:quiet-desktop", "-qn", `syscall::NtWriteFile:entry { @[execname, pid] = count(); } END { printa("%s %d\n", @); }`)
	for _, l := range strings.Split(strings.TrimSpace(live), "\n") {
		if !procs[l] {
			t.Errorf("no process event of %q", l)
		}
	}
}
