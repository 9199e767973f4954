package kernel

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// fixtures returns the shared real trace files, and skips the test where there
// are none.
func fixtures(t testing.TB) []string {
	t.Helper()
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../../shared/fixtures"} {
		names, _ := filepath.Glob(filepath.Join(dir, "etl", "*.etl"))
		more, _ := filepath.Glob(filepath.Join(dir, "etl", "sawbuck", "*.etl"))
		if len(names) > 0 {
			return append(names, more...)
		}
	}
	t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds etl/")
	return nil
}

// Sizes of events with 8-byte and 4-byte pointers, from the documented
// structures.
func TestFixedSizes(t *testing.T) {
	for _, tt := range []struct {
		task       string
		op, v, ptr uint8
		want       int
	}{
		{"Thread", 36, 2, 8, 24}, {"Thread", 1, 3, 8, 72}, {"Thread", 50, 2, 8, 8},
		{"PerfInfo", 46, 2, 8, 16}, {"PerfInfo", 67, 2, 8, 20}, {"PerfInfo", 50, 2, 8, 24}, {"PerfInfo", 68, 2, 4, 12},
		{"PerfInfo", 51, 2, 8, 8}, {"PerfInfo", 51, 2, 4, 4}, {"PerfInfo", 52, 2, 8, 4},
		{"DiskIO", 10, 2, 8, 48}, {"DiskIO", 10, 3, 8, 52}, {"DiskIO", 14, 3, 8, 28}, {"DiskIO", 12, 3, 8, 12},
		{"TcpIp", 10, 2, 8, 40}, {"TcpIp", 11, 2, 8, 32}, {"TcpIp", 12, 2, 8, 48}, {"TcpIp", 26, 2, 8, 64}, {"TcpIp", 27, 2, 8, 56},
		{"UdpIp", 10, 2, 8, 32}, {"UdpIp", 26, 2, 8, 56},
		{"Memory", 32, 2, 8, 40}, {"FileIO", 67, 3, 8, 44}, {"FileIO", 76, 2, 8, 20},
		{"SystemConfig", 10, 2, 8, 808}, {"SystemConfig", 10, 3, 8, 828}, {"SystemConfig", 11, 2, 8, 568},
		{"SystemConfig", 12, 2, 8, 112}, {"SystemConfig", 14, 2, 8, 2584}, {"Process", 32, 2, 8, 104},
	} {
		s := Layouts().Lookup(taskClass[tt.task], tt.op, tt.v)
		if s == nil {
			t.Errorf("%s %d: no layout", tt.task, tt.op)
			continue
		}
		have := 0
		for i := range s.Fields {
			f := &s.Fields[i]
			n := f.Size(int(tt.ptr))
			if f.Array {
				n *= f.Count
			}
			have += max(n, 0)
		}
		if have != tt.want {
			t.Errorf("%s %d version %d with %d-byte pointers: %d bytes, want %d", tt.task, tt.op, tt.v, tt.ptr, have, tt.want)
		}
	}
}

// The kernel events of real files fit their layouts: none is cut, and what is
// left over is what newer versions added.
func TestRealEvents(t *testing.T) {
	type id struct {
		name string
		v    uint8
		ptr  uint8
	}
	seen, left, cut, unknown := map[id]int{}, map[id]int{}, map[id]string{}, map[id]int{}
	for _, name := range fixtures(t) {
		f, err := etl.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Visit(etl.PassAll, func(e *etl.Event) bool {
			if !e.Classic() || Layouts().Task(e.Provider) == "" {
				return true
			}
			s, ptr := Layouts().Resolve(e)
			if s == nil {
				unknown[id{Layouts().Task(e.Provider) + "/" + OpcodeName(Layouts().Task(e.Provider), e.Opcode), e.Version, e.PtrSize}]++
				return true
			}
			k := id{s.Name(), e.Version, e.PtrSize}
			seen[k]++
			rest, err := s.Walk(e.Payload, ptr, func(int, schema.Value) bool { return true })
			switch {
			case err != nil:
				cut[k] = err.Error()
			case rest > left[k]:
				left[k] = rest
			}
			return true
		})
		f.Close()
	}
	for k, msg := range cut {
		t.Errorf("%v: %s (of %d events)", k, msg, seen[k])
	}
	for k, n := range left {
		if n == 0 {
			continue
		}
		t.Errorf("%v: %d bytes left over (of %d events)", k, n, seen[k])
	}
	for k, n := range unknown {
		t.Logf("%v: no layout (%d events)", k, n)
	}
	if len(seen) < 60 {
		t.Errorf("%d kinds of kernel events, want at least 60", len(seen))
	}
}
