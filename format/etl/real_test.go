package etl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hook is a kernel event's group and opcode.
type hook struct{ group, opcode uint8 }

func TestSlowTraceCounts(t *testing.T) {
	f := openBytes(t, slowTrace(t))
	st := f.Stats()
	if s := st.String(); s != "" {
		t.Errorf("damage in a sound file: %s", s)
	}
	have := map[hook]int{}
	r := f.Reader()
	var e Event
	last, n := int64(-1<<63), int64(0)
	for r.Next(&e) {
		if e.TS < last {
			t.Fatalf("event %d at %d, after one at %d", n, e.TS, last)
		}
		last = e.TS
		n++
		if e.Kernel() {
			have[hook{e.Group, e.Opcode}]++
		}
	}
	if r.Err() != nil || n != st.Events {
		t.Errorf("%d events, %v, want %d", n, r.Err(), st.Events)
	}
	for _, tt := range []struct {
		name       string
		have, want int
	}{
		{"CSwitch", have[hook{GroupThread, 36}], 29533},
		{"ISR", have[hook{GroupPerfInfo, 67}], 138599},
		{"DPC", have[hook{GroupPerfInfo, 68}], 13487},
		{"SampledProfile", have[hook{GroupPerfInfo, 46}], 136370},
		{"StackWalk", have[hook{GroupStackWalk, 32}], 138474},
	} {
		if tt.have != tt.want {
			t.Errorf("%s: %d events, want %d", tt.name, tt.have, tt.want)
		}
	}
}

func TestFirstEvent(t *testing.T) {
	f := openFixture(t, "HTTP_Server.etl")
	if st := f.Stats(); st.Events != 2041+1 {
		t.Errorf("%d events, want the header and 2041", st.Events)
	}
	r := f.Reader()
	var e Event
	for r.Next(&e) {
		if e.Type == TypeEventHeader64 {
			break
		}
	}
	have := fmt.Sprintf("%d %d %d %d %v %d %d %#x", e.ID, e.Opcode, e.Task, e.Level, e.Provider, len(e.Payload), e.Time(), e.Keyword)
	want := "21 28 4 4 dd5ef90a-6398-47a4-ad34-4dcecdef795f 72 129402940472257591 0x8000000000000010"
	if have != want {
		t.Errorf("first event\nhave %s\nwant %s", have, want)
	}
	h := e.AppendHeader(nil)
	if len(h) != 80 || u16(h, 0) != 80+72 || u16(h, 4) != 0x240 || u64(h, 16) != 129402940472257591 || guidAt(h[24:]) != e.Provider ||
		u16(h, 40) != 21 || h[45] != 28 || u64(h, 48) != 0x8000000000000010 {
		t.Errorf("header %x", h)
	}
}

func TestProviderCounts(t *testing.T) {
	type key struct {
		provider string
		id       uint16
		version  uint8
	}
	for _, tt := range []struct {
		file     string
		provider string
		all      int
		counts   map[key]int
	}{
		{"KernelNetwork.etl", "7dd42a49-5329-4832-8dfd-43d979153a88", 8923, map[key]int{{"7dd42a49-5329-4832-8dfd-43d979153a88", 11, 0}: 7968}},
		{"Process.etl", "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716", 10343, map[key]int{
			{"22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716", 1, 0}: 4, {"22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716", 2, 1}: 4}},
	} {
		f := openFixture(t, tt.file)
		have, all := map[key]int{}, 0
		r := f.Reader()
		var e Event
		for r.Next(&e) {
			if s := e.Provider.String(); s == tt.provider {
				all++
				have[key{s, e.ID, e.Version}]++
			}
		}
		if all != tt.all {
			t.Errorf("%s: %d events of %s, want %d", tt.file, all, tt.provider, tt.all)
		}
		for k, want := range tt.counts {
			if have[k] != want {
				t.Errorf("%s: %d events of %v, want %d", tt.file, have[k], k, want)
			}
		}
	}
}

// Every real file must read in full, in order and without damage, the same
// through windows as whole.
func TestRealFiles(t *testing.T) {
	dir := fixtureDir(t)
	names, _ := filepath.Glob(filepath.Join(dir, "*.etl"))
	more, _ := filepath.Glob(filepath.Join(dir, "sawbuck", "*.etl"))
	for _, name := range append(names, more...) {
		f, err := Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		st := f.Stats()
		for _, d := range st.Damage() {
			if d.Kind == DamageUnwritten {
				continue
			}
			t.Errorf("%s: %v", filepath.Base(name), d)
		}
		if f.Header().StartTime == 0 {
			t.Errorf("%s: no start time", name)
		}
		var sums [2]uint64
		for i := range sums {
			r := f.Reader()
			if i == 1 {
				r.budget = 1 << 14
			}
			var e Event
			last, n := int64(-1<<63), int64(0)
			for r.Next(&e) {
				if e.TS < last {
					t.Fatalf("%s: event at %d after one at %d", name, e.TS, last)
				}
				last = e.TS
				n++
				for _, c := range e.Raw {
					sums[i] = sums[i]*31 + uint64(c)
				}
			}
			if n != st.Events || r.Err() != nil {
				t.Errorf("%s: %d events, %v, want %d", name, n, r.Err(), st.Events)
			}
			if c := r.Changed(); c.Count != 0 {
				t.Errorf("%s: %v", name, c)
			}
		}
		if sums[0] != sums[1] {
			t.Errorf("%s: windows deliver other events", name)
		}
		if testing.Verbose() {
			h := f.Header()
			t.Logf("%s: %d events %d buffers clock %d ptr %d %q %s", strings.TrimPrefix(name, dir), st.Events, st.Buffers, h.ClockType, h.PointerSize, h.Session, st.String())
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	data := slowTrace(b)
	var n int64
	for b.Loop() {
		n += openBytes(b, data).Stats().Events
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

func BenchmarkReader(b *testing.B) {
	f := openBytes(b, slowTrace(b))
	b.ReportAllocs()
	var n int64
	for b.Loop() {
		r := f.Reader()
		var e Event
		for r.Next(&e) {
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

func BenchmarkOpenAndRead(b *testing.B) {
	name := filepath.Join(b.TempDir(), "slowppt.etl")
	if err := os.WriteFile(name, slowTrace(b), 0o600); err != nil {
		b.Fatal(err)
	}
	var n int64
	for b.Loop() {
		f, err := Open(name)
		if err != nil {
			b.Fatal(err)
		}
		r := f.Reader()
		var e Event
		for r.Next(&e) {
			n += e.Time() & 1
			n += 1 - e.Time()&1
		}
		f.Close()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

// TestOpenEach: the scan shows what a visit shows.
func TestOpenEach(t *testing.T) {
	for _, name := range []string{"net.4.5.2.x64.etl", "lxcore_kernel.etl", "sawbuck/process_data_32_v3.etl"} {
		var seen []string
		f, err := OpenEach(filepath.Join(fixtureDir(t), name), func(e *Event) {
			seen = append(seen, fmt.Sprint(e.Type, e.TS, e.CPU, e.Provider, e.Opcode, e.ID, len(e.Payload), e.Time()))
		})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		err = f.Visit(PassAll, func(e *Event) bool {
			want := fmt.Sprint(e.Type, e.TS, e.CPU, e.Provider, e.Opcode, e.ID, len(e.Payload), e.Time())
			if i >= len(seen) || seen[i] != want {
				t.Errorf("%s: event %d of %d: want %s", name, i, len(seen), want)
				return false
			}
			i++
			return true
		})
		if err != nil || i != len(seen) {
			t.Errorf("%s: %d events, %d seen at opening, err %v", name, i, len(seen), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
