package nt

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/pe"
	"github.com/godtrace/godtrace/format/regf"
)

func simulate(args ...string) (status int, out, errs string) {
	var o, e bytes.Buffer
	status = SimulateMain(args, &o, &e)
	return status, o.String(), e.String()
}

func TestSimulate(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		want   []string
	}{
		{"", 0, []string{"simulated boot", "KiDynamicTraceEnable = 3", "dtrace!TraceInitSystem\n      nt!KiInitDynamicTraceSupport\n      nt!KeInitSystem", "fbt      NO", "tracing works"}},
		{"--kd", 0, []string{"KiDynamicTraceEnable = 7", "fbt      yes"}},
		{"--vbs", 0, []string{"KiDynamicTraceEnable = 3", "fbt      yes  int3 in kernel code, written by the secure kernel"}},
		{"--switch off", 1, []string{"KiDynamicTraceEnable = 0", "only 3 probes", "layer that stops it: switch"}},
		{"--no-schema", 1, []string{"layer that stops it: schema"}},
		{"--no-driver", 1, []string{"layer that stops it: file", `no \Device\DTrace`}},
		{"--build 17763", 1, []string{"layer that stops it: build"}},
		{"--build 18362", 0, []string{"interface of 1903", "KiDynamicTraceEnable = 1", "callers in user mode only", "TracingPrivateOffset         0x5e8"}},
		{"--build 22621", 0, []string{"interface of Windows 11", "TracingPrivateOffset         0x3e0"}},
		{"--engine-status 0xC0000001", 1, []string{"layer that stops it: engine: TraceInitSystem returned STATUS_UNSUCCESSFUL (0xC0000001)", "KiDynamicTraceContext is not published"}},
		{"--kernel-slots 6 --vbs", 0, []string{"pid      NO", "fbt      yes"}},
		{"--kernel-slots 5 --vbs", 0, []string{"pid      NO", "fbt      NO", "syscall  yes"}},
		{"--build 999999", 2, nil},
		{"--engine-status 0", 2, nil},
		{"--switch perhaps", 2, nil},
		{"extra", 2, nil},
		{"--store /nonexistent", 1, nil},
	} {
		status, out, errs := simulate(strings.Fields(c.args)...)
		if status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.args, status, c.status, errs)
		}
		if c.want == nil && errs == "" {
			t.Errorf("%s: nothing on standard error", c.args)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", c.args, w, out)
			}
		}
	}
}

func TestSimulateJSON(t *testing.T) {
	status, out, errs := simulate("--json", "--vbs", "--do", "KeSetTracepoint nt!NtClose 2", "--do", "call nt!NtClose")
	if status != 0 {
		t.Fatal(errs)
	}
	var r Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if !r.Simulated || r.Enable != 3 || r.Mask != 2 || len(r.Calls) != 2 || len(r.Calls[1].Callouts) != 2 || len(r.After) != 9 || r.CallStack[0] != "dtrace!TraceInitSystem" {
		t.Errorf("%+v", r)
	}
}

func TestSimulateCrash(t *testing.T) {
	status, out, _ := simulate("--do", "TraceAccessMemory 0x10", "--do", "TraceAccessMemory 0x10 irql 3", "--do", "call nt!NtClose")
	if status != 1 || !strings.Contains(out, "result: the simulated machine has stopped: bugcheck 0xA") || !strings.Contains(out, "-> the machine has stopped") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// TestSimulateStores boots from real stores, as they are and with the switch on.
func TestSimulateStores(t *testing.T) {
	var stores []string
	for _, dir := range []string{os.Getenv("GODTRACE_SHARED"), "../../../shared"} {
		l, _ := filepath.Glob(filepath.Join(dir, "fixtures", "bcd", "*BCD*"))
		stores = append(stores, l...)
	}
	if len(stores) == 0 {
		t.Skip("no real BCD stores: set GODTRACE_SHARED")
	}
	booted := 0
	for _, s := range stores {
		if strings.Contains(filepath.Base(s), ".LOG") {
			continue
		}
		status, out, errs := simulate("--store", s)
		if strings.Contains(errs, "default") || strings.Contains(errs, "want an OS loader") {
			continue // a store without a default entry of Windows
		}
		if status != 1 || !strings.Contains(out, "layer that stops it: switch") {
			t.Errorf("%s: status %d %s\n%s", s, status, errs, out)
		}
		booted++
	}
	if booted == 0 {
		t.Error("no store has a default entry")
	}
}

// TestSimulateVolume boots the files of a volume: real in form, made for the
// test.
func TestSimulateVolume(t *testing.T) {
	root := t.TempDir()
	put := func(path string, b []byte) {
		t.Helper()
		p := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m, err := newMadeUp(BootConfig{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := m.hive.Open(`ControlSet001\` + guardPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.SetValue("EnableVirtualizationBasedSecurity", regf.DWord, []byte{1, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	put("WINDOWS/system32/CONFIG/SYSTEM", m.hive.Seal(madeUpTime))
	put("WINDOWS/system32/ApiSetSchemaDTrace.dll", m.content["apisetschemadtrace.dll"])
	put("WINDOWS/system32/ntoskrnl.exe", pe.Build(pe.Image{Name: "ntoskrnl.exe", Exports: []string{"NtReadFile"}, Version: &pe.Version{Major: 10, Build: 22631}}))
	status, out, errs := simulate("--windows", root)
	if status != 1 || !strings.Contains(out, "layer that stops it: file") {
		t.Errorf("without a driver: %d %s\n%s", status, errs, out)
	}
	put("WINDOWS/system32/drivers/dtrace.sys", m.content["dtrace.sys"])
	status, out, errs = simulate("--windows", root, "--do", "KeSetTracepoint nt!NtReadFile query")
	for _, w := range []string{"build 22631", "VBS: on", "tracing works", "interface of Windows 11", "-> STATUS_NOT_FOUND"} {
		if !strings.Contains(out, w) {
			t.Errorf("status %d %s: no %q in\n%s", status, errs, w, out)
		}
	}
	put("WINDOWS/system32/drivers/dtrace.sys", pe.Build(pe.Image{Name: "dtrace.sys", Exports: []string{"Other"}}))
	status, out, errs = simulate("--windows", root)
	if status != 1 || !strings.Contains(out, "does not export TraceInitSystem") {
		t.Errorf("a driver without the export: %d %s\n%s", status, errs, out)
	}
}

func TestConsoleErrors(t *testing.T) {
	for _, call := range []string{"", "dance", "KeSetTracepoint", "KeSetTracepoint nt!Nope 1", "KeSetTracepoint nt!NtClose 9", "KeSetTracepoint 77:ntdll!NtClose 1",
		"KeSetSystemServiceCallback Close sideways", "EtwRegisterEventCallback x", "syscall NtNope user", "syscall NtClose nobody", "call nt!NtClose extra",
		"call nt!NtClose irql 99", "TraceAccessMemory x", "declare foo", "suppress maybe", "unload nt", "byte nt"} {
		if status, _, errs := simulate("--do", call); status != 2 || errs == "" {
			t.Errorf("--do %q: status %d, %q", call, status, errs)
		}
	}
	if status, out, _ := simulate("--do", "help"); status != 0 || !strings.Contains(out, "KeSetTracepoint") {
		t.Errorf("help: %d %s", status, out)
	}
}
