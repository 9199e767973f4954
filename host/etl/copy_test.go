package etl

import (
	"bytes"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// TestCopySameTick: of events in one tick on one processor only those are copied that
// fire the chosen probe.
func TestCopySameTick(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.cswitch(1*ms, 0, 101, 0, 2)
	m.perf(2*ms, 0, etl.GroupPerfInfo, opSample, 2, bin(uint64(ntBase), uint32(101), uint16(1), uint16(0)))
	m.perf(2*ms, 0, etl.GroupPerfInfo, opDPC, 2, bin(uint64(madeBase+ms), uint64(ntBase+0x100)))
	m.perf(2*ms, 0, etl.GroupDisk, 10, 3, bin(uint32(0), uint32(0x43), uint32(4096), uint32(0), uint64(512), uint64(1), uint64(0xFFFFFA8000AA0000), uint64(5), uint32(101)))
	m.perf(2*ms, 1, etl.GroupPerfInfo, opSample, 2, bin(uint64(ntBase), uint32(0), uint16(1), uint16(0)))
	h := m.open()
	if err := h.load(); err != nil {
		t.Fatal(err)
	}
	d, _ := parseDesc("io:::done")
	var sel Selection
	if err := h.Probes(d, func(p *probeT) bool {
		sel.Add(h.ns(h.files[0].f.Clock(), madeBase+2*ms), 0, p)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	n, err := h.Copy(&out, "out.etl", false, &sel)
	if err != nil || n.Selected != 1 || n.Unmatched != 0 {
		t.Fatalf("copied %+v, %v, want the disk request", n, err)
	}
	f, err := etl.New(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var e etl.Event
	for r := f.Reader(); r.Next(&e); {
		if e.Group == etl.GroupPerfInfo {
			t.Errorf("opcode %d of the same tick is in the copy", e.Opcode)
		}
	}
}
