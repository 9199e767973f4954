package etl

import (
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// TestStackForms replays stacks in all the forms that traces have them in: behind the
// event, by key, and in the event itself.
func TestStackForms(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	key := uint64(0xFFFFC00012345678)
	// A stack behind its event, in two parts.
	m.cswitch(10*ms, 0, 101, 0, threadWaiting)
	m.perf(10*ms+1, 0, etl.GroupStackWalk, 32, 2, bin(uint64(madeBase+10*ms), uint32(100), uint32(101), uint64(ntBase+0x10), uint64(ntBase+0x20)))
	m.perf(10*ms+9, 0, etl.GroupStackWalk, 32, 2, bin(uint64(madeBase+10*ms), uint32(100), uint32(101), uint64(usBase+0x30)))
	// The thread leaves, and comes back with a stack by key, told at the end.
	m.cswitch(20*ms, 0, 0, 101, threadWaiting)
	m.cswitch(30*ms, 0, 101, 0, threadWaiting)
	m.perf(30*ms+1, 0, etl.GroupStackWalk, 37, 2, bin(uint64(madeBase+30*ms), uint32(100), uint32(101), key))
	// An event that holds its stack.
	items := append(bin(uint64(0)), bin(uint64(ntBase+0x50), uint64(usBase+0x60), uint64(usBase+0x70))...)
	m.write(etl.Event{Type: etl.TypeEventHeader64, Provider: wevtGUID, ID: 1, TS: 40 * ms, PID: 100, TID: 101, Ext: etl.AppendItem(nil, etl.ItemStack64, items, true)})
	m.write(etl.Event{Type: etl.TypeEventHeader64, Provider: wevtGUID, ID: 2, TS: 41 * ms, PID: 100, TID: 101, Ext: etl.AppendItem(nil, etl.ItemStackKey64, bin(uint64(0), key), true)})
	m.perf(50*ms, 0, etl.GroupStackWalk, 36, 2, bin(key, uint64(ntBase+0x40), uint64(ntBase+0x41), uint64(ntBase+0x42)))
	h := m.open()
	check1(t, h, `
		sched:::on-cpu /pid/ { printf("on %d %d\n", stackdepth, ustackdepth); }
		sched:::off-cpu /pid/ { printf("off %d %d\n", stackdepth, ustackdepth); }
		sched:::sleep /pid/ { printf("sleep %d\n", stackdepth); }
		etw:6d0f3c1a-7f7e-4d5b-8a0f-93b4b2d3c9e1:EventID_1: { printf("in %d %d\n", stackdepth, ustackdepth); }
		etw:6d0f3c1a-7f7e-4d5b-8a0f-93b4b2d3c9e1:EventID_2: { printf("key %d %d\n", stackdepth, ustackdepth); }`,
		"on 2 1", "sleep 3", "off 3 0", "on 3 0", "in 1 2", "key 3 0")
}
