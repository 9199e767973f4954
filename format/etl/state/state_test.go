package state

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/decode"
)

func fixtureDir(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../../shared/fixtures"} {
		if fi, err := os.Stat(filepath.Join(dir, "etl")); dir != "" && err == nil && fi.IsDir() {
			return filepath.Join(dir, "etl")
		}
	}
	t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds etl/")
	return ""
}

func openFile(t testing.TB, name string) *etl.File {
	t.Helper()
	f, err := etl.Open(filepath.Join(fixtureDir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func slowTrace(t testing.TB) *etl.File {
	t.Helper()
	name := filepath.Join(fixtureDir(t), "slowppt.etl.xz")
	xz, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("no xz command to unpack slowppt.etl.xz with")
	}
	data, err := exec.Command(xz, "-dc", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := etl.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// whoRE finds what another program says of an event's process and thread.
var whoRE = regexp.MustCompile(`^EVENT [\d,.]+: (.*?) PID=(-?\d+); TID=(-?\d+); PName=([^;]*); `)

// The first events of each kind belong to the processes and threads that the
// baseline names, where it names one.
func TestBaselineWho(t *testing.T) {
	f := openFile(t, "net.4.5.2.x64.etl")
	b, err := os.Open(filepath.Join(fixtureDir(t), "net.4.5.2.x64.baseline.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	type want struct {
		pid, tid uint32
		name     string
	}
	wants := map[string][]want{}
	for sc := bufio.NewScanner(b); sc.Scan(); {
		if m := whoRE.FindStringSubmatch(sc.Text()); m != nil {
			pid, _ := strconv.ParseInt(m[2], 10, 64)
			tid, _ := strconv.ParseInt(m[3], 10, 64)
			wants[m[1]] = append(wants[m[1]], want{uint32(pid), uint32(tid), m[4]})
		}
	}
	d := decode.New()
	if err := d.Learn(f); err != nil {
		t.Fatal(err)
	}
	tr := New()
	if err := tr.Prime(f); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	pids, tids, names := 0, 0, 0
	var e etl.Event
	for r := f.Reader(); r.Next(&e); {
		who := tr.Observe(&e)
		s, _ := d.Schema(&e)
		k := seen[s.Name()]
		seen[s.Name()]++
		if k >= len(wants[s.Name()]) || s.Name() == "Windows Kernel/PerfInfo/Sample" {
			continue
		}
		w := wants[s.Name()][k]
		if s.Name() == "Windows Kernel/Thread/Start" {
			continue // there the baseline shows the new thread, not its maker
		}
		switch s.Task {
		case "Process", "Image", "Services", "ImageID", "SystemConfig":
			// There the baseline shows the process that the event is about.
			continue
		}
		if w.pid != etl.NoID {
			pids++
			if who.PID != w.pid {
				t.Errorf("%s %d: process %d, want %d", s.Name(), k, int32(who.PID), int32(w.pid))
			}
			if p := tr.Process(who.PID); w.name != "" && !strings.HasPrefix(w.name, "Process(") {
				names++
				if p == nil || strings.TrimSuffix(p.Name, ".exe") != w.name {
					t.Errorf("%s %d: process %d is not %s", s.Name(), k, who.PID, w.name)
				}
			}
		}
		if w.tid != etl.NoID && w.pid != etl.NoID {
			tids++
			if who.TID != w.tid {
				t.Errorf("%s %d: thread %d, want %d", s.Name(), k, int32(who.TID), int32(w.tid))
			}
		}
	}
	if pids < 170 || tids < 140 || names < 170 {
		t.Errorf("compared %d processes, %d threads, %d names", pids, tids, names)
	}
}

// Builds of images: those the baseline names.
func TestImages(t *testing.T) {
	f := openFile(t, "net.4.5.2.x64.etl")
	tr := New()
	if err := tr.Prime(f); err != nil {
		t.Fatal(err)
	}
	var e etl.Event
	for r := f.Reader(); r.Next(&e); {
		tr.Observe(&e)
	}
	im := tr.Kernel().EverImageAt(0xfffff80021489000 + 0x1000)
	if im == nil || im.Base != 0xfffff80021489000 || im.Size != 7634944 || !strings.EqualFold(im.Name(), "ntoskrnl.exe") || im.OriginalName != "ntkrnlmp.exe" {
		t.Errorf("kernel image %+v", im)
	}
	im = tr.Kernel().EverImageAt(0x7f9d02f0000)
	if im == nil {
		if p := tr.Process(4); p != nil {
			im = p.EverImageAt(0x7f9d02f0000)
		}
	}
	if im == nil || im.PDBName != "ntdll.pdb" || im.PDBAge != 2 || !strings.HasPrefix(im.PDBGUID.String(), "6048fdb6-2dcd-41c1-8") {
		t.Errorf("ntdll of System %+v", im)
	}
	if im != nil && !strings.HasPrefix(tr.DosPath(im.Path), `C:\Windows\System32\`) {
		t.Errorf("path %s -> %s", im.Path, tr.DosPath(im.Path))
	}
	with := 0
	all := 0
	tr.Processes(func(p *Process) bool {
		for _, im := range p.Images {
			all++
			if im.PDBName != "" {
				with++
			}
		}
		return true
	})
	if with*10 < all*8 {
		t.Errorf("%d of %d images with a symbol file", with, all)
	}
	p := tr.Process(3676)
	if p == nil || p.Name != "Test.x64.exe" || p.PPID != 3508 || strings.TrimSpace(p.CommandLine) != "Test.x64.exe" || p.Start == always || p.End == never {
		t.Errorf("process 3676: %+v", p)
	}
}

// Every stack of the trace belongs to an event that is asked for.
func TestStacks(t *testing.T) {
	f := slowTrace(t)
	s, err := NewStacks(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	tr := New()
	if err := tr.Prime(f); err != nil {
		t.Fatal(err)
	}
	var e etl.Event
	var buf []uint64
	stacks, samples, with, known, wrong := 0, 0, 0, 0, 0
	for r := f.Reader(); r.Next(&e); {
		who := tr.Observe(&e)
		if !e.Kernel() {
			continue
		}
		switch {
		case e.Group == etl.GroupStackWalk:
			stacks++
		case e.Group == etl.GroupPerfInfo && e.Opcode == 46:
			samples++
			if who.PID != etl.NoID {
				known++
			}
			if buf = s.Append(buf[:0], &e, who.TID); len(buf) > 0 {
				with++
				if ip := binary.LittleEndian.Uint64(e.Payload); buf[0] != ip {
					wrong++
				}
			}
		}
	}
	if stacks != 138474 || samples != 136370 {
		t.Errorf("%d stacks, %d samples", stacks, samples)
	}
	if known*100 < samples*99 {
		t.Errorf("process known for %d of %d samples", known, samples)
	}
	if with == 0 || s.Missed() > 0 || s.Err() != nil {
		t.Errorf("%d samples with stack, %d missed, %v", with, s.Missed(), s.Err())
	}
	// A few were taken on the way into the kernel: the kernel part is empty.
	if wrong > 10 {
		t.Errorf("%d of %d stacks start elsewhere than their samples", wrong, with)
	}
	t.Logf("%d of %d samples have a stack", with, samples)
}

// write makes a trace.
func write(t *testing.T, cpus int, events ...etl.Event) *etl.File {
	t.Helper()
	var b bytes.Buffer
	w, err := etl.NewWriter(&b, etl.WriterOptions{Processors: cpus})
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
	f, err := etl.New(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// system makes a kernel event whose payload is given as numbers and strings.
func system(ts int64, cpu uint16, group, op, version uint8, parts ...any) etl.Event {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = binary.LittleEndian.AppendUint32(b, uint32(p))
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, p)
		case string:
			b = etl.AppendUTF16Z(b, p)
		case []byte:
			b = append(b, p...)
		}
	}
	return etl.Event{Type: etl.TypePerfInfo64, TS: ts, CPU: cpu, Group: group, Opcode: op, Version: version, Payload: b}
}

func processEvent(ts int64, op uint8, pid, ppid int, name, cmd string) etl.Event {
	return system(ts, 0, etl.GroupProcess, op, 3, uint64(0xffffe000), pid, ppid, 1, 0, uint64(0x1000), 0, append([]byte(name), 0), cmd)
}

func threadEvent(ts int64, op uint8, pid, tid int) etl.Event {
	return system(ts, 0, etl.GroupThread, op, 3, pid, tid, uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), 0, 0, "")
}

func cswitch(ts int64, cpu uint16, next, prev int) etl.Event {
	return system(ts, cpu, etl.GroupThread, 36, 2, next, prev, 0, 0, 0, 0)
}

func TestCurrentThread(t *testing.T) {
	syscall := func(ts int64, cpu uint16) etl.Event {
		return system(ts, cpu, etl.GroupPerfInfo, 51, 2, uint64(0xfffff80000001000))
	}
	f := write(t, 2,
		syscall(10, 0), // nothing is known yet
		processEvent(20, 1, 100, 4, "a.exe", "a.exe -x"),
		threadEvent(21, 1, 100, 101),
		cswitch(30, 0, 101, 0), cswitch(30, 1, 777, 0),
		syscall(40, 0), syscall(41, 1),
		cswitch(50, 0, 0, 101),
		syscall(60, 0),
		processEvent(70, 2, 100, 4, "a.exe", "a.exe -x"),
		processEvent(80, 1, 100, 100, "b.exe", ""),
		threadEvent(80, 1, 100, 101),
		cswitch(85, 0, 101, 0),
		syscall(90, 0),
		threadEvent(100, 4, 200, 777), processEvent(100, 4, 200, 4, "old.exe", ""), // told at the end
	)
	tr := New()
	if err := tr.Prime(f); err != nil {
		t.Fatal(err)
	}
	type row struct {
		ts       int64
		pid, tid int32
		name     string
	}
	var have []row
	var e etl.Event
	for r := f.Reader(); r.Next(&e); {
		who := tr.Observe(&e)
		if e.Group == etl.GroupPerfInfo || e.Group == etl.GroupThread && e.Opcode == 36 {
			row := row{e.TS, int32(who.PID), int32(who.TID), ""}
			if p := tr.Process(who.PID); p != nil {
				row.name = p.Name
			}
			have = append(have, row)
		}
	}
	want := []row{{10, -1, -1, ""}, {30, 0, 0, "Idle"}, {30, 0, 0, "Idle"}, {40, 100, 101, "a.exe"}, {41, 200, 777, "old.exe"},
		{50, 100, 101, "a.exe"}, {60, 0, 0, "Idle"}, {85, 0, 0, "Idle"}, {90, 100, 101, "b.exe"}}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("have %v\nwant %v", have, want)
	}
	if p := tr.ProcessAt(100, 45); p == nil || p.Name != "a.exe" || p.CommandLine != "a.exe -x" || p.End != 70 {
		t.Errorf("process 100 at 45: %+v", p)
	}
	if p := tr.ProcessAt(100, 95); p == nil || p.Name != "b.exe" || p.PPID != 100 {
		t.Errorf("process 100 at 95: %+v", p)
	}
}

func TestKeyedStacks(t *testing.T) {
	k1, k2 := uint64(0xffffe00011110000), uint64(0xffffe00022220000)
	f := write(t, 1,
		cswitch(5, 0, 9, 0),
		system(10, 0, etl.GroupPerfInfo, 46, 2, uint64(0xfffff80000000010), 9, 1),
		system(12, 0, etl.GroupStackWalk, 37, 2, uint64(10), 100, 9, k1),
		system(15, 0, etl.GroupStackWalk, 38, 2, uint64(10), 100, 9, k2),
		system(20, 0, etl.GroupStackWalk, 35, 2, k1, uint64(0xfffff80000000010), uint64(0xfffff80000000020)),
		system(30, 0, etl.GroupPerfInfo, 46, 2, uint64(0xfffff80000000030), 9, 1),
		system(32, 0, etl.GroupStackWalk, 37, 2, uint64(30), 100, 9, k1),
		system(90, 0, etl.GroupStackWalk, 36, 2, k1, uint64(0xfffff80000000030)),
		system(91, 0, etl.GroupStackWalk, 36, 2, k2, uint64(0x7ff000000001)),
	)
	s, err := NewStacks(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	var e etl.Event
	var have [][]uint64
	for r := f.Reader(); r.Next(&e); {
		if e.Group == etl.GroupPerfInfo {
			have = append(have, s.Append(nil, &e, 9))
		}
	}
	want := [][]uint64{{0xfffff80000000010, 0xfffff80000000020, 0x7ff000000001}, {0xfffff80000000030}}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("have %x\nwant %x", have, want)
	}
}

func BenchmarkObserve(b *testing.B) {
	f := slowTrace(b)
	tr := New()
	if err := tr.Prime(f); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := f.Reader()
		var e etl.Event
		for r.Next(&e) {
			tr.Observe(&e)
		}
	}
	b.ReportMetric(float64(f.Stats().Events)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}
