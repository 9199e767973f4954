package etl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// symbolFolder is a folder with a database under the name that its image gives it.
func symbolFolder(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(fixture(t, "smallEtlFile.etl"))), "pdb", "breakpad_dump_syms_regtest64.pdb"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// As a symbol server keeps it.
	sub := filepath.Join(dir, "dump_syms_regtest64.pdb", "72E103A85CB249078B76B2E7C06257B13")
	if err := os.MkdirAll(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(sub, "dump_syms_regtest64.pdb"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSymbols names services, stacks and routines by a real database, whose
// functions' places another reader has told (the .sym file beside it).
func TestSymbols(t *testing.T) {
	dir := symbolFolder(t)
	m := scene(t, etl.WriterOptions{})
	const base = usBase + 0x100000
	m.image(0, opDC, 100, base, 0x1a000, 0x589dfd11, `\Device\HarddiskVolume1\x\dump_syms_regtest64.exe`)
	guid := etl.MustGUID("72E103A8-5CB2-4907-8B76-B2E7C06257B1")
	rsds := func(base uint64, pid uint32) {
		m.write(etl.Event{Type: etl.TypeFull64, Provider: etl.ClassImageID, Opcode: 36,
			Payload: bin(base, pid, guid[:], uint32(3), `C:\work\dump_syms_regtest64.pdb`)})
	}
	rsds(base, 100)
	rsds(ntBase, 0) // the kernel, for this test
	m.cswitch(1*ms, 0, 101, 0, 2)
	m.perf(2*ms, 0, etl.GroupPerfInfo, opSysEnter, 2, bin(uint64(ntBase+0x1010)))
	m.perf(3*ms, 0, etl.GroupPerfInfo, opSysExit, 2, bin(uint32(0)))
	m.perf(4*ms, 0, etl.GroupPerfInfo, opDPC, 2, bin(int64(madeBase+4*ms), uint64(ntBase+0x1110)))
	m.perf(5*ms, 0, etl.GroupPerfInfo, opSample, 2, bin(uint64(base+0x1150+3), uint32(101), uint16(1), uint16(0)))
	m.perf(5*ms+1, 0, etl.GroupStackWalk, 32, 2, bin(int64(madeBase+5*ms), uint32(100), uint32(101), uint64(base+0x1153), uint64(base+0x1020)))
	name := m.file()

	h := openHost(t, name)
	if err := h.SetPath("srv*" + dir + "*https://msdl.example/download/symbols"); err != nil {
		t.Fatal(err)
	}
	check1(t, h, `syscall::main:entry, syscall::main:return { printf("%s:%s\n", probefunc, probename); }
		fbt:nt::return { printf("%s\n", probefunc); }
		profile-1000 { @[ustack()] = count(); @m[umod(arg1), ufunc(arg1)] = count(); }`,
		"main:entry", "main:return", "google_breakpad_C_f",
		"dump_syms_regtest64`google_breakpad::C::h+0x3", "dump_syms_regtest64`main+0x10", "1",
		"dump_syms_regtest64 dump_syms_regtest64`google_breakpad::C::h 1")
	if s, ok, err := h.Symbol("nt", "main"); err != nil || !ok || s.Addr != ntBase+0x1010 || !s.Func {
		t.Errorf("nt`main: %+v, %v, %v", s, ok, err)
	}

	// Without the path there are addresses.
	h = openHost(t, name)
	check1(t, h, `syscall:::entry { printf("%s\n", probefunc); } profile-1000 { @[ustack(1)] = count(); }`,
		"0xfffff80000001010", "dump_syms_regtest64`0x7ff600101153", "1")
	if err := h.SetPath(dir); err == nil {
		t.Error("a path after the probes were listed is taken")
	}
	if err := openHost(t, name).SetPath(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestManifestOnPath(t *testing.T) {
	name := fixture(t, "HTTP_Server.etl")
	h := openHost(t, name)
	if err := h.SetPath(filepath.Join(filepath.Dir(name), "HTTP_Server.man")); err != nil {
		t.Fatal(err)
	}
	check1(t, h, `etw:Microsoft-Windows-HttpService:HTTP_Request_Trace_Task:Parse { @[probename] = count(); }`, "Parse 291")
}

func TestModuleNames(t *testing.T) {
	for have, want := range map[string]string{"ntkrnlmp.exe": "nt", "NTOSKRNL.EXE": "nt", "kernel32.DLL": "kernel32", "x.y.sys": "x.y", "libfoo.so": "libfoo.so"} {
		if got := moduleName(have); got != want {
			t.Errorf("%s: %s, want %s", have, got, want)
		}
	}
}
