package nt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/pe"
	"github.com/godtrace/godtrace/format/regf"
)

// TestOldBuild runs a D program on a kernel of 1903: without a debugger only
// callers in user mode fire probes.
func TestOldBuild(t *testing.T) {
	const body = "build %d\nkd %s\nprocess System pid 4 { thread 10 { syscall NtClose(1) } }\nprocess x.exe pid 8 { thread 9 { syscall NtClose(2) } }\n"
	for _, c := range []struct {
		build int
		kd    string
		want  int
	}{{18362, "off", 1}, {18362, "on", 2}, {19041, "off", 2}, {22621, "off", 2}} {
		h := open(t, fmt.Sprintf(body, c.build, c.kd))
		if n, err := trace(t, h, "syscall::NtClose:entry { trace(arg0); }"); err != nil || n != c.want {
			t.Errorf("build %d, debugger %s: %d records, %v; want %d", c.build, c.kd, n, err, c.want)
		}
	}
	h := open(t, "build 17763\n")
	if n := countProbes(t, h, ""); n != 3 && n != 16 {
		t.Errorf("a kernel without DTrace has %d probes", n)
	}
	if n := countProbes(t, h, "syscall:::"); n != 0 {
		t.Errorf("a kernel without DTrace has %d syscall probes", n)
	}
}

// TestSecureProcess runs the same calls in a process and in a secure one.
func TestSecureProcess(t *testing.T) {
	const text = "vbs on\nprovider P 11111111-2222-3333-4444-555555555555\nprocess a.exe pid 8 %s { thread 9 { syscall NtClose(1) { call nt!Inner(1) } event P 1 } }\n"
	const d = "syscall::NtClose:entry, fbt:nt:Inner:entry, etw:11111111-2222-3333-4444-555555555555:0xff_0xff:1 { trace(1); }"
	for secure, want := range map[string]int{"": 3, "secure": 0} {
		h := open(t, fmt.Sprintf(text, secure))
		if n, err := trace(t, h, d); err != nil || n != want {
			t.Errorf("%q: %d records, %v; want %d", secure, n, err, want)
		}
	}
	h := open(t, fmt.Sprintf(text, "secure"))
	if _, err := trace(t, h, "pid8:ntdll:NtClose:entry { trace(1); }"); err == nil || !strings.Contains(err.Error(), "0xC0000022") {
		t.Errorf("pid probe in a secure process: %v, want STATUS_ACCESS_DENIED", err)
	}
}

// TestRealFiles uses PE files for a driver and a library, and a store on disk.
func TestRealFiles(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	drv := pe.Build(pe.Image{Name: "drv.sys", Exports: []string{"DrvRead"}})
	f, err := pe.Parse(drv)
	if err != nil {
		t.Fatal(err)
	}
	// push rbx; sub rsp,20h; xor eax,eax; add rsp,20h; pop rbx; ret
	copy(drv[f.Section(".text").RawOffset:], []byte{0x40, 0x53, 0x48, 0x83, 0xEC, 0x20, 0x33, 0xC0, 0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3})
	put("drv.sys", drv)
	put("lib.dll", pe.Build(pe.Image{Name: "lib.dll", DLL: true, Subsystem: 3, Exports: []string{"LibCall"}}))
	img, err := madeUpStore(false)
	if err != nil {
		t.Fatal(err)
	}
	put("off.bcd", img)
	hive, err := regf.Parse(img)
	if err != nil {
		t.Fatal(err)
	}
	s, err := bcd.Open(hive)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := s.Object(bcd.GlobalSettings)
	if err != nil {
		t.Fatal(err)
	}
	// The switch comes from what the loader's settings inherit.
	set, err := s.Object(bcd.BootLoaderSettings)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.SetBool(bcd.DtraceEnabled, true); err != nil {
		t.Fatal(err)
	}
	if err := settings.SetBool(bcd.KernelDebug, true); err != nil {
		t.Fatal(err)
	}
	put("on.bcd", hive.Seal(madeUpTime))
	const text = `store %s
image drv.sys pe drv.sys
process x.exe pid 8 {
  image lib.dll pe lib.dll
  thread 9 { call lib!LibCall(5, 6) = 7 { syscall NtReadFile(1) { call drv!DrvRead(3) = 4 } } }
}
`
	for name, want := range map[string]int{"on.bcd": 4, "off.bcd": 0} {
		put("w.nt", []byte(fmt.Sprintf(text, name)))
		h, err := New(filepath.Join(dir, "w.nt"))
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if want == 0 {
			if n := countProbes(t, h, ""); n != 3 {
				t.Errorf("%s: %d probes, want 3", name, n)
			}
			continue
		}
		n, err := trace(t, h, `fbt:drv:DrvRead:entry /arg0 == 3/ { trace(1); } fbt:drv:DrvRead:return /arg1 == 4/ { trace(1); }
			pid8:lib:LibCall:entry /arg1 == 6/ { trace(1); } pid8:lib:LibCall:return { trace(1); }`)
		if err != nil || n != want {
			t.Errorf("%s: %d records, %v", name, n, err)
		}
	}
	put("w.nt", []byte("image drv.sys pe drv.sys\nprocess System pid 4 { thread 9 { call drv!Nope() } }"))
	if _, err := New(filepath.Join(dir, "w.nt")); err == nil || !strings.Contains(err.Error(), "exports no function") {
		t.Errorf("a function that the file does not export: %v", err)
	}
}

// TestSessions opens sessions one after the other: the second goes on where the
// first left off, and none begins when the workload has ended.
func TestSessions(t *testing.T) {
	h := open(t, "process x.exe pid 8 { thread 9 { repeat 10 { syscall NtClose(1) sleep 1ms } } }")
	if n, err := trace(t, h, "syscall::NtClose:entry { trace(1); } tick-3ms { exit(0); }"); err != nil || n < 3 || n > 6 {
		t.Errorf("%d records, %v", n, err)
	}
	if n, err := trace(t, h, "syscall::NtClose:entry { trace(1); }"); err != nil || n < 5 || n > 8 {
		t.Errorf("second session: %d records, %v", n, err)
	}
	if _, err := trace(t, h, "syscall::NtClose:entry { trace(1); }"); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("third session: %v", err)
	}
	if m := h.Machine(); m.KiDynamicTraceMask != 0 {
		t.Errorf("mask %d after all sessions, want 0", m.KiDynamicTraceMask)
	}
}
