package text

import (
	"strings"
	"testing"

	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// Every kind of drop has DTrace's wording, in singular and plural, and a tag.
func TestDropMessage(t *testing.T) {
	for _, c := range []struct {
		kind      record.Drop
		one, many string
		tag       string
	}{
		{record.DropPrincipal, "1 drop on CPU 3", "7 drops on CPU 3", "PRINCIPAL"},
		{record.DropAggregation, "1 aggregation drop on CPU 3", "7 aggregation drops on CPU 3", "AGGREGATION"},
		{record.DropDynamic, "1 dynamic variable drop", "7 dynamic variable drops", "DYNAMIC"},
		{record.DropDynRinse, "1 dynamic variable drop with non-empty rinsing list", "7 dynamic variable drops with non-empty rinsing list", "DYNRINSE"},
		{record.DropDynDirty, "1 dynamic variable drop with non-empty dirty list", "7 dynamic variable drops with non-empty dirty list", "DYNDIRTY"},
		{record.DropSpec, "1 speculative drop", "7 speculative drops", "SPEC"},
		{record.DropSpecBusy, "1 failed speculation (available buffer(s) still busy)", "7 failed speculations (available buffer(s) still busy)", "SPECBUSY"},
		{record.DropSpecUnavail, "1 failed speculation (no speculative buffer available)", "7 failed speculations (no speculative buffer available)", "SPECUNAVAIL"},
		{record.DropStkStr, "1 jstack()/ustack() string table overflow", "7 jstack()/ustack() string table overflows", "STKSTROVERFLOW"},
		{record.DropDblError, "1 error in ERROR probe enabling", "7 errors in ERROR probe enabling", "DBLERROR"},
		{record.DropNest, "1 drop on CPU 3 (probes nested too deep)", "7 drops on CPU 3 (probes nested too deep)", "PRINCIPAL"},
	} {
		for n, want := range map[uint64]string{1: c.one, 7: c.many} {
			l := consume.Loss{Kind: c.kind, CPU: 3, N: n, Total: 10}
			if got := DropMessage(l, false); got != want {
				t.Errorf("kind %d: %q, want %q", c.kind, got, want)
			}
			if got, want := DropMessage(l, true), "[DTRACEDROP_"+c.tag+"] "+want; got != want {
				t.Errorf("kind %d: %q, want %q", c.kind, got, want)
			}
		}
	}
	for k := record.Drop(0); int(k) < record.NumDrops; k++ {
		if DropMessage(consume.Loss{Kind: k, N: 2}, false) == "" || dropTags[k] == "" {
			t.Errorf("kind %d has no words", k)
		}
	}
}

func TestFaultMessage(t *testing.T) {
	p := &probe.Probe{ID: 12}
	p.Provider, p.Module, p.Function, p.Name = "syscall", "vmlinux", "read", "entry"
	for _, c := range []struct {
		f    consume.Fault
		want string
	}{
		{consume.Fault{EPID: 2, Probe: p, Action: 1, PC: 8, Fault: ir.FaultBadAddr, Value: 0x10},
			"error on enabled probe ID 2 (ID 12: syscall:vmlinux:read:entry): invalid address (0x10) in action #1 at DIF offset 8"},
		{consume.Fault{EPID: 3, Probe: p, PC: 4, Fault: ir.FaultDivZero},
			"error on enabled probe ID 3 (ID 12: syscall:vmlinux:read:entry): divide-by-zero in predicate at DIF offset 4"},
	} {
		if got := FaultMessage(&c.f); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestAppendHexDump(t *testing.T) {
	b := make([]byte, 18)
	for i := range b {
		b[i] = byte(i + 'A' - 1)
	}
	b[3], b[17] = 0xff, '\n'
	want := `
             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef
         0: 40 41 42 ff 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @AB.DEFGHIJKLMNO
        10: 50 0a                                            P.
`
	if got := string(AppendHexDump(nil, b)); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := string(AppendHexDump([]byte("x"), b[:1])); !strings.HasPrefix(got, "x\n  ") || strings.Count(got, "\n") != 3 {
		t.Errorf("behind other output: %q", got)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"abc\x00":           "abc",
		"a\tb\n\x00\x00":    "a\tb\n",
		"abc":               "",
		"\x00":              "",
		"ab\x01\x00":        "",
		"ab\x00c":           "",
		"caf\xc3\xa9\x00":   "",
		"\a\b\x00\x00\x00 ": "",
	} {
		got, ok := printable([]byte(in))
		if got != want || ok != (want != "") {
			t.Errorf("printable(%q) = %q, %t, want %q", in, got, ok, want)
		}
	}
}
