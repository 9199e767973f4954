package etl

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"testing"
)

// seekBuffer is a file in memory.
type seekBuffer struct {
	b  []byte
	at int64
}

func (s *seekBuffer) Write(p []byte) (int, error) {
	if n := s.at + int64(len(p)); n > int64(len(s.b)) {
		s.b = append(s.b, make([]byte, n-int64(len(s.b)))...)
	}
	copy(s.b[s.at:], p)
	s.at += int64(len(p))
	return len(p), nil
}

func (s *seekBuffer) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		s.at = off
	case io.SeekEnd:
		s.at = int64(len(s.b)) + off
	}
	return s.at, nil
}

// writeTrace writes events and returns the file.
func writeTrace(t testing.TB, o WriterOptions, events []Event) []byte {
	t.Helper()
	var s seekBuffer
	w, err := NewWriter(&s, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if err := w.Write(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return s.b
}

// line shows an event in full.
func line(e *Event) string {
	return fmt.Sprintf("%v %d p%d g%d o%d v%d l%d c%d k%x id%d task%d cpu%d pid%d tid%d %v pebs%x pmc%x ext%x %x",
		e.Type, e.TS, e.PtrSize, e.Group, e.Opcode, e.Version, e.Level, e.Channel, e.Keyword, e.ID, e.Task, e.CPU, int32(e.PID), int32(e.TID), e.Provider, e.PEBS, e.PMC, e.Ext, e.Payload)
}

func allTypes(rnd *rand.Rand, n, cpus int, base int64) []Event {
	prov := MustGUID("11112222-3333-4444-5555-666677778888")
	types := []HeaderType{TypeSystem32, TypeSystem64, TypeCompact32, TypeCompact64, TypePerfInfo32, TypePerfInfo64,
		TypeFull32, TypeFull64, TypeInstance64, TypeEventHeader32, TypeEventHeader64, TypeMessage}
	var out []Event
	for i := range n {
		ts := base + int64(i)*37 + int64(rnd.Intn(500))
		e := Event{Type: types[rnd.Intn(len(types))], CPU: uint16(rnd.Intn(cpus)), TS: ts, Version: 2, Opcode: uint8(10 + rnd.Intn(60)),
			Payload: bytes.Repeat([]byte{byte(i)}, rnd.Intn(60)), PID: NoID, TID: NoID}
		e.PtrSize = layouts[e.Type].ptr
		switch e.Type {
		case TypePerfInfo32, TypePerfInfo64:
			e.Group = GroupPerfInfo
			if rnd.Intn(3) == 0 {
				e.PEBS = uint64(i + 1)
			}
			if rnd.Intn(3) == 0 {
				e.PMC = bytes.Repeat([]byte{7}, 8*(1+rnd.Intn(4)))
			}
			e.Provider = GroupClass(e.Group)
		case TypeSystem32, TypeSystem64, TypeCompact32, TypeCompact64:
			e.Group, e.PID, e.TID = GroupThread, 12, 34
			e.Provider = GroupClass(e.Group)
		case TypeFull32, TypeFull64, TypeInstance64:
			e.Provider, e.Level, e.PID, e.TID = prov, 4, 12, 34
		case TypeEventHeader32, TypeEventHeader64:
			e.Provider, e.Level, e.PID, e.TID, e.ID, e.Task, e.Keyword, e.Channel = prov, 4, 12, 34, uint16(i), 3, 1<<60, 9
			if rnd.Intn(2) == 0 {
				e.Ext = AppendItem(AppendItem(nil, ItemStack64, make([]byte, 24), false), ItemRelatedActivity, make([]byte, 16), true)
			}
		case TypeMessage:
			e.Version, e.Opcode = 0, 0
			e.Provider, e.ID, e.PtrSize = prov, uint16(i), 8
			e.Flags = messageGUID | messageTime | messagePerfTime
			if rnd.Intn(2) == 0 {
				e.Flags |= messageSystem
				e.PID, e.TID = 5, 6
			}
		}
		out = append(out, e)
	}
	return out
}

func TestWriterRoundTrip(t *testing.T) {
	for _, o := range []WriterOptions{
		{},
		{BufferSize: 4096, Processors: 5, Compress: true},
		{BufferSize: 1024, PointerSize: 4, Processors: 3, Clock: ClockCycles, CPUMHz: 2500, Base: 99, Start: 1 << 57},
		{BufferSize: 2048, Processors: 2, Clock: ClockSystem, Start: 1 << 57},
	} {
		events := allTypes(rand.New(rand.NewSource(3)), 4000, max(o.Processors, 1), max(o.Base, o.Start*int64(o.Clock&2)/2)+1000)
		if o.Clock == ClockCycles {
			events = allTypes(rand.New(rand.NewSource(3)), 4000, o.Processors, 1000)
		}
		var want []string
		for i := range events {
			e := events[i]
			if e.Type == TypeMessage {
				e.Keyword = 0
			}
			want = append(want, line(&e))
		}
		f := openBytes(t, writeTrace(t, o, events))
		if s := f.Stats(); s.String() != "" || s.Unclosed || s.Events != int64(len(events))+1 || int64(s.BuffersWritten) != s.Buffers {
			t.Errorf("%+v: stats %+v", o, s)
		}
		var have []string
		r := f.Reader()
		var e Event
		last := int64(0)
		for r.Next(&e) {
			if e.TS < last {
				t.Fatalf("%+v: %d after %d", o, e.TS, last)
			}
			last = e.TS
			if e.Group == 0 && e.Kernel() {
				continue // the header
			}
			have = append(have, line(&e))
		}
		sort.Strings(have)
		sort.Strings(want)
		for i := range want {
			if i >= len(have) || have[i] != want[i] {
				t.Fatalf("%+v: event %d of %d/%d\nhave %s\nwant %s", o, i, len(have), len(want), have[min(i, len(have)-1)], want[i])
			}
		}
	}
}

func TestClock(t *testing.T) {
	for _, tt := range []struct {
		c    Clock
		ts   int64
		want int64
	}{
		{Clock{ClockQPC, 1000, 5000, 10_000_000}, 1007, 5007},
		{Clock{ClockQPC, 0, 0, 3_000_000}, 1, 3},
		{Clock{ClockQPC, 0, 0, 3_000_000}, -1, -4},
		{Clock{ClockQPC, 0, 10, 3_579_545}, 3_579_545 * 86400 * 365 * 30, 10 + 10_000_000*86400*365*30},
		{Clock{ClockSystem, 77, 88, 0}, 129402940472257591, 129402940472257591},
		{Clock{ClockCycles, 100, 1, 2_500_000_000}, 100 + 2500, 1 + 10},
	} {
		if have := tt.c.FileTime(tt.ts); have != tt.want {
			t.Errorf("%+v.FileTime(%d) = %d, want %d", tt.c, tt.ts, have, tt.want)
		}
	}
}

// A file of many buffers that all overlap must be read in little memory.
func TestBoundedMemory(t *testing.T) {
	var events []Event
	for i := range 60_000 {
		cpu := i % 500
		events = append(events, Event{Type: TypeCompact64, Group: GroupThread, Opcode: 36, Version: 2, CPU: uint16(cpu), TS: int64(1000 + i), Payload: make([]byte, 24)})
	}
	data := writeTrace(t, WriterOptions{BufferSize: 4096, Processors: 500, Compress: true}, events)
	f := openBytes(t, data)
	f.SetMemory(100_000)
	r := f.Reader()
	var e Event
	most, n, last := 0, 0, int64(0)
	for r.Next(&e) {
		if e.TS < last {
			t.Fatalf("%d after %d", e.TS, last)
		}
		last = e.TS
		n++
		held := r.held
		for _, c := range r.heap {
			if !c.whole {
				held += cap(c.mem)
			}
		}
		most = max(most, held)
	}
	if n != 60_001 {
		t.Errorf("%d events, want 60001", n)
	}
	if limit := r.budget + 500*3*windowMin; most > limit {
		t.Errorf("%d bytes held, want at most %d", most, limit)
	}
}

func TestMerger(t *testing.T) {
	mk := func(start int64, freq int64, n int) *File {
		var ev []Event
		for i := range n {
			ev = append(ev, Event{Type: TypePerfInfo64, Group: GroupPerfInfo, Opcode: 46, TS: int64(i) * freq / 100})
		}
		return openBytes(t, writeTrace(t, WriterOptions{Start: start, PerfFreq: freq}, ev))
	}
	m := NewMerger(mk(1<<57, 3_000_000, 300), mk(1<<57+5_000_000, 10_000_000, 200))
	var e Event
	last, per := int64(0), [2]int{}
	for m.Next(&e) {
		if e.Time() < last {
			t.Fatalf("%d after %d", e.Time(), last)
		}
		last = e.Time()
		per[e.File]++
	}
	if per != [2]int{301, 201} || m.Err() != nil {
		t.Errorf("events %v, err %v", per, m.Err())
	}
}

// Mangled files: nothing panics, order holds, what is sound is delivered.
func TestMangled(t *testing.T) {
	rnd := rand.New(rand.NewSource(5))
	events := allTypes(rnd, 3000, 3, 1000)
	for _, compress := range []bool{false, true} {
		whole := writeTrace(t, WriterOptions{BufferSize: 4096, Processors: 3, Compress: compress}, events)
		intact := openBytes(t, whole).Stats().Events
		for i := range 300 {
			b := append([]byte(nil), whole...)
			kind := i % 5
			at := 4096 + rnd.Intn(len(b)-8192)
			switch kind {
			case 0:
				b = b[:at]
			case 1:
				b[at] ^= byte(1 + rnd.Intn(255))
			case 2:
				clear(b[at : at+4096])
			case 3:
				b = append(b[:at], b[at+rnd.Intn(3000):]...)
			case 4:
				for j := range 64 {
					b[at+j] = byte(rnd.Intn(256))
				}
			}
			f := openBytes(t, b)
			r := f.Reader()
			var e Event
			n, last := int64(0), int64(-1<<63)
			for r.Next(&e) {
				if e.TS < last {
					t.Fatalf("order: %d after %d", e.TS, last)
				}
				last = e.TS
				n++
			}
			st := f.Stats()
			if n != st.Events {
				t.Errorf("kind %d at %#x: delivered %d, want %d", kind, at, n, st.Events)
			}
			floor := intact * int64(at-4*4096) / int64(len(whole))
			if kind != 0 {
				floor = intact * 9 / 10
			}
			if n < floor {
				t.Errorf("compress %v kind %d at %#x: %d events of %d, want %d; %s", compress, kind, at, n, intact, floor, st.String())
			}
			if kind == 0 && st.String() == "" && at%4096 != 0 {
				t.Errorf("cut at %#x: no damage reported", at)
			}
		}
	}
}

func FuzzNew(f *testing.F) {
	ev := allTypes(rand.New(rand.NewSource(5)), 60, 2, 1000)
	f.Add(writeTrace(f, WriterOptions{BufferSize: 1024, Processors: 2}, ev))
	f.Add(writeTrace(f, WriterOptions{BufferSize: 1024, Processors: 2, Compress: true}, ev))
	for _, n := range []string{"smallEtlFile.etl", "SelfDescribingSingleEvent.etl"} {
		for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), "../../../shared/fixtures"} {
			if b, err := os.ReadFile(filepath.Join(dir, "etl", n)); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var sum [2]int
		for i, budget := range []int{memoryBudget, 1 << 16} {
			r := e.Reader()
			r.budget = budget
			var ev Event
			last := int64(-1 << 63)
			for r.Next(&ev) {
				if ev.TS < last {
					t.Fatalf("order: %d after %d", ev.TS, last)
				}
				last = ev.TS
				ev.Time()
				ev.ActivityID()
				for it := ev.Items(); it.Next(); {
					sum[i] += len(it.Data)
				}
				sum[i]++
			}
			if c := r.Changed(); c.Count != 0 || r.Err() != nil {
				t.Fatalf("changed %v, err %v", c, r.Err())
			}
		}
		if sum[0] != sum[1] {
			t.Fatalf("windows deliver other events: %v", sum)
		}
	})
}
