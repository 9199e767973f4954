package etl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

const tmfText = `// PDB:  pump.pdb
// PDB:  Last Updated :2020-1-1
3f5c4a2e-0b4f-4a6e-9d1c-2b1e0c0a7711 pump // SRC=pump.c MJ= MN=
#typev pump_c31 10 "%0%!FUNC! [%!LEVEL!] opened %10!s! handle %11!p! size %12!08x! 100%% of %13!d!" //   LEVEL=TRACE_LEVEL_INFORMATION FLAGS=PUMP_IO FUNC=PumpOpen
{
path, ItemPWString -- 10
handle, ItemPtr -- 11
size, ItemULong -- 12
n, ItemLong -- 13
}
#typev pump_c44 11 "%0status %10!s! mode %11!s! %12!s!" //   LEVEL=TRACE_LEVEL_ERROR FUNC=PumpClose
{
status, ItemNTSTATUS -- 10
mode, ItemListLong(Off,Slow,Fast) -- 11
who, ItemString -- 12
}
#typev pump_c50 12 "%0bad %10!s!" //   FUNC=PumpBad
{
x, ItemNovel -- 10
}
`

// TestMessages replays messages of the software tracing preprocessor, with their
// formats and without.
func TestMessages(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pump.tmf"), []byte(tmfText), 0o600); err != nil {
		t.Fatal(err)
	}
	m := newMade(t, etl.WriterOptions{})
	guid := etl.MustGUID("3f5c4a2e-0b4f-4a6e-9d1c-2b1e0c0a7711")
	msg := func(ts int64, id uint16, payload []byte) {
		// A sequence number, a GUID, the performance counter, thread and process.
		m.write(etl.Event{Type: etl.TypeMessage, ID: id, Flags: 0x33, Provider: guid, TS: ts, PID: 12, TID: 34, Payload: payload})
	}
	open := bin(uint16(8))
	for _, c := range `C:\x` {
		open = append(open, byte(c), 0)
	}
	open = append(open, bin(uint64(0xFFFF1234), uint32(0xAB), int32(-5))...)
	msg(1*ms, 10, open)
	msg(2*ms, 11, append(bin(uint32(0xC0000022), uint32(2)), "me\x00"...))
	msg(3*ms, 12, bin(uint32(7)))
	msg(4*ms, 10, open[:6])
	name := m.file()
	h := openHost(t, name)
	if err := h.SetPath(dir); err != nil {
		t.Fatal(err)
	}
	got := runD(t, h, `etw:pump:PumpOpen:pump_c31 { printf("%s|%s|%d|%d\n", args[0]->Message, args[0]->path, args[0]->n, pid); }
		etw:pump:PumpClose: { printf("%s\n", args[0]->Message); } etw:pump::{ @ = count(); }`)
	for _, want := range []string{
		`PumpOpen [INFORMATION] opened C:\x handle 00000000ffff1234 size 000000ab 100% of -5|C:\x|-5|12`,
		`mode Fast me`,
		`opened ? handle ? size ? 100% of ?||0|12`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("output:\n%s\nwant: %s", got, want)
		}
	}
	if n := strings.Join(h.Notices(), "\n"); !strings.Contains(n, "type ItemNovel, which is not known") {
		t.Errorf("notices %q do not tell of the type that is not known", n)
	}
	raw := openHost(t, name)
	if got := runD(t, raw, `etw::Message_10: { @ = count(); }`); strings.TrimSpace(got) != "2" {
		t.Errorf("without formats: %q, want 2", got)
	}
}
