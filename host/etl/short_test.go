package etl

import (
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// TestShortPayload holds that kernel events with less data than their layout are
// counted and told, and break nothing.
func TestShortPayload(t *testing.T) {
	m := newMade(t, etl.WriterOptions{})
	for i := range int64(3) {
		m.perf(i*ms, 0, etl.GroupThread, opCSwitch, 2, make([]byte, 4*i))
	}
	m.perf(4*ms, 0, etl.GroupThread, opCSwitch, 2, make([]byte, 24))
	m.sys(5*ms, 1, 4, 8, etl.GroupDisk, 10, 3, make([]byte, 7))
	h := m.open()
	if err := h.load(); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(h.Notices(), "\n")
	for _, want := range []string{"3 events Windows Kernel/Thread/CSwitch are shorter than their layout: from 0 bytes, want 24", "1 events Windows Kernel/DiskIO/Read are shorter than their layout: from 7 bytes, want 52"} {
		if !strings.Contains(got, want) {
			t.Errorf("notices:\n%s\nwant: %s", got, want)
		}
	}
}
