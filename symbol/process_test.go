package symbol

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sampleMaps = `55d0c0000000-55d0c0002000 r--p 00000000 fe:00 1234                       /usr/bin/a b
55d0c0002000-55d0c0005000 r-xp 00002000 fe:00 1234                       /usr/bin/gone (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
7f0000000000-7f0000001000 rwxp 00000000 00:00 0 
`

func TestReadMaps(t *testing.T) {
	got, err := ReadMaps(strings.NewReader(sampleMaps))
	if err != nil {
		t.Fatal(err)
	}
	want := []Mapping{
		{Start: 0x55d0c0000000, End: 0x55d0c0002000, Dev: "fe:00", Inode: 1234, Path: "/usr/bin/a b"},
		{Start: 0x55d0c0002000, End: 0x55d0c0005000, Off: 0x2000, Exec: true, Dev: "fe:00", Inode: 1234, Path: "/usr/bin/gone", Deleted: true},
		{Start: 0x7f0000000000, End: 0x7f0000001000, Exec: true, Dev: "00:00"},
		{Start: 0x7ffd00000000, End: 0x7ffd00021000, Dev: "00:00", Path: "[stack]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"x\n", "2-1 r-xp 0 0:0 0\n", "1-2 r-xp zz 0:0 0\n", "1-2 r 0 0:0 0\n"} {
		if _, err := ReadMaps(strings.NewReader(bad)); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

func linuxOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc of Linux")
	}
}

func TestOwnFunction(t *testing.T) {
	linuxOnly(t)
	p := NewProcesses()
	pc := reflect.ValueOf(TestReadMaps).Pointer()
	s, ok := p.User(uint32(os.Getpid()), uint64(pc)+1)
	if !ok || !strings.HasSuffix(s.Name, "symbol.TestReadMaps") || s.Off != 1 || !strings.HasSuffix(s.Module, ".test") {
		t.Errorf("own function: %+v %v", s, ok)
	}
	if s, ok := p.User(uint32(os.Getpid()), 8); ok {
		t.Errorf("address 8 resolves to %+v", s)
	}
}

// TestExited holds that what was noted of a process resolves after its end.
func TestExited(t *testing.T) {
	linuxOnly(t)
	sh, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(sh, "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(cmd.Process.Pid)
	p := NewProcesses()
	var text Mapping
	for range 200 {
		p.Note(pid)
		for _, m := range p.procs[pid].maps {
			if m.Exec && strings.Contains(m.Path, "libc") {
				text = m
			}
		}
		if text.Path != "" {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if text.Path == "" {
		t.Skip("sleep does not use a shared libc here")
	}
	// Find the address of read in that libc by its own table.
	f, err := os.Open(text.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o, err := ReadObject(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var at uint64
	o.Each(func(name string, addr, _ uint64) bool {
		if name == "read" {
			at = addr
		}
		return at == 0
	})
	off, ok := o.Offset(at)
	if !ok {
		t.Skip("no symbol read in libc")
	}
	addr := off - text.Off + text.Start + 4
	s, ok := p.User(pid, addr)
	if !ok || s.Name != "read" || s.Off != 4 || s.Module != filepath.Base(text.Path) {
		t.Errorf("read+4 of an ended process: %+v %v", s, ok)
	}
}

// TestStrippedGo holds that a stripped Go program's functions have names.
func TestStrippedGo(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	src := filepath.Join(dir, "main.go")
	if err := os.WriteFile(src, []byte("package main\n\n//go:noinline\nfunc marker() {}\n\nfunc main() { marker() }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	cmd := exec.Command(goTool, "build", "-ldflags=-s -w", "-o", bin, src)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ReadObject(bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	o.Each(func(name string, addr, size uint64) bool {
		if name == "main.marker" {
			s, ok := o.Find(addr)
			found = ok && s.Name == name && size > 0
		}
		return !found
	})
	if !found {
		t.Errorf("main.marker is not among %d symbols", o.Len())
	}
}

func TestPerfMap(t *testing.T) {
	m, skipped, err := ReadPerfMap(strings.NewReader("1000 20 LazyCompile:~f a.js:1\n2000 10 g\nbroken\n1000 30 h\n0x3000 0x8 i\n"))
	if err != nil || skipped != 1 {
		t.Fatalf("skipped %d, %v", skipped, err)
	}
	for addr, want := range map[uint64]Sym{
		0x1000: {Name: "h", Size: 0x30}, 0x102f: {Name: "h", Off: 0x2f, Size: 0x30},
		0x2001: {Name: "g", Off: 1, Size: 0x10}, 0x3007: {Name: "i", Off: 7, Size: 8}, 0x3008: {}, 0xfff: {},
	} {
		if got, _ := m.Find(addr); got != want {
			t.Errorf("Find(%#x) = %+v, want %+v", addr, got, want)
		}
	}
}

func FuzzReadMaps(f *testing.F) {
	f.Add(sampleMaps)
	f.Fuzz(func(t *testing.T, text string) { ReadMaps(strings.NewReader(text)) })
}

func FuzzPerfMap(f *testing.F) {
	f.Add("1000 20 f\n", uint64(0x1010))
	f.Fuzz(func(t *testing.T, text string, addr uint64) {
		if m, _, err := ReadPerfMap(strings.NewReader(text)); err == nil {
			m.Find(addr)
		}
	})
}

func FuzzReadObject(f *testing.F) {
	if exe, err := exec.LookPath("true"); err == nil {
		if data, err := os.ReadFile(exe); err == nil && len(data) < 1<<20 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ReadObject(bytes.NewReader(data), nil)
		if err != nil {
			return
		}
		o.Each(func(_ string, addr, _ uint64) bool { o.Find(addr); return true })
	})
}
