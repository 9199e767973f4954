package pe

import (
	"bytes"
	stdpe "debug/pe"
	"encoding/binary"
	"errors"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func extension() []APISet {
	return []APISet{{Name: "dtrace.sys", Values: []APISetValue{{"", TraceContract}}}}
}

func full() []byte {
	return Build(Image{DLL: true, Name: "dtrace.sys", Exports: []string{"TraceInitSystem", "DriverEntry"},
		Version: &Version{10, 0, 19041, 1234}, APISet: BuildAPISet(extension())})
}

func TestBuildParse(t *testing.T) {
	for _, machine := range []uint16{MachineAMD64, MachineARM64, MachineI386} {
		b := Build(Image{Machine: machine, Name: "x.sys", Exports: []string{"B", "A", "C"}, Version: &Version{6, 3, 18342, 9}, APISet: BuildAPISet(extension())})
		f, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if f.Machine != machine || f.Subsystem != SubsystemNative || f.PE32Plus != (machine != MachineI386) {
			t.Errorf("header %+v", f)
		}
		names, err := f.Exports()
		if diff := cmp.Diff([]string{"A", "B", "C"}, names); diff != "" || err != nil {
			t.Errorf("exports: %v %s", err, diff)
		}
		if v, err := f.FileVersion(); err != nil || v != (Version{6, 3, 18342, 9}) {
			t.Errorf("version %v, %v", v, err)
		}
		// The standard library's reader agrees.
		s, err := stdpe.NewFile(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if s.Machine != machine || len(s.Sections) != len(f.Sections) || s.Section(".apiset") == nil {
			t.Errorf("debug/pe reads %+v", s.FileHeader)
		}
		s.Close()
	}
	if f, err := Parse(Build(Image{})); err != nil {
		t.Error(err)
	} else if names, err := f.Exports(); err != nil || names != nil {
		t.Errorf("exports of an image without: %v, %v", names, err)
	} else if _, err := f.FileVersion(); !errors.Is(err, ErrFormat) {
		t.Errorf("version of an image without: %v", err)
	}
}

// TestAPISet holds numbers known from a published extension: one entry, hash factor 31, 0x9C bytes.
func TestAPISet(t *testing.T) {
	b := BuildAPISet(extension())
	if len(b) != 0x9C || binary.LittleEndian.Uint32(b[4:]) != 0x9C {
		t.Errorf("schema has %#x bytes, want 0x9c", len(b))
	}
	if have := APISetHash("dtrace.sys", 31); have != 0x97CA9EC0 {
		t.Errorf("hash of dtrace.sys is %#x, want 0x97ca9ec0", have)
	}
	if have := APISetHash("ext-ms-win-ntos-trace-l1-1", 31); have != 0x564B2748 {
		t.Errorf("hash of the contract is %#x, want 0x564b2748", have)
	}
	sets, err := ParseAPISet(b)
	if err != nil {
		t.Fatal(err)
	}
	want := extension()
	want[0].Hashed = 10
	if diff := cmp.Diff(want, sets); diff != "" {
		t.Error(diff)
	}
	tests := []struct {
		name string
		sets []APISet
		want string
	}{
		{"extension", extension(), "dtrace.sys"},
		{"schema", []APISet{{"api-ms-win-core-file-l1-1-0", 24, []APISetValue{{"", "kernelbase.dll"}}}, {TraceContract, 26, []APISetValue{{"", "dtrace.sys"}}}}, "dtrace.sys"},
		{"schema without a host", []APISet{{TraceContract, 26, []APISetValue{{"", ""}}}}, ""},
		{"other minor version", []APISet{{"ext-ms-win-ntos-trace-l1-1-3", 26, []APISetValue{{"", "traceext.sys"}}}}, "traceext.sys"},
		{"other contract", []APISet{{"dtrace.sys", 10, []APISetValue{{"", "ext-ms-win-ntos-tm-l1-1-0"}}}}, ""},
		{"none", nil, ""},
	}
	for _, tt := range tests {
		sets, err := ParseAPISet(BuildAPISet(tt.sets))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if have := TraceHost(sets); have != tt.want {
			t.Errorf("%s: host is %q, want %q", tt.name, have, tt.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("MZ"), make([]byte, 100), append([]byte("MZ"), bytes.Repeat([]byte{0xFF}, 100)...)} {
		if _, err := Parse(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	for n := 0; n < 0x9C; n++ {
		if _, err := ParseAPISet(BuildAPISet(extension())[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("schema cut to %d bytes: %v", n, err)
		}
	}
}

// use calls everything on an image.
func use(b []byte) {
	f, err := Parse(b)
	if err != nil {
		return
	}
	f.Exports()
	f.FileVersion()
	for i := range f.Sections {
		if d, err := f.Data(&f.Sections[i]); err == nil {
			sets, _ := ParseAPISet(d)
			TraceHost(sets)
		}
	}
}

func TestMangled(t *testing.T) {
	good := full()
	for i := 0; i < 20000; i++ {
		rnd := rand.New(rand.NewSource(int64(i)))
		b := bytes.Clone(good)
		for j := rnd.Intn(5); j >= 0; j-- {
			at := rnd.Intn(len(b))
			if rnd.Intn(2) == 0 {
				at = rnd.Intn(0x300)
			}
			b[at] = byte(rnd.Intn(256))
			if at+4 < len(b) && rnd.Intn(2) == 0 {
				binary.LittleEndian.PutUint32(b[at:], []uint32{0, 0xFFFFFFFF, 0x7FFFFFFF, uint32(rnd.Intn(len(b)))}[rnd.Intn(4)])
			}
		}
		use(b[:len(b)-rnd.Intn(len(b))/(1+rnd.Intn(100))])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full())
	f.Fuzz(func(t *testing.T, b []byte) { use(b) })
}

func FuzzAPISet(f *testing.F) {
	f.Add(BuildAPISet(extension()))
	f.Fuzz(func(t *testing.T, b []byte) {
		sets, err := ParseAPISet(b)
		if err == nil {
			TraceHost(sets)
		}
	})
}

// TestRealImages compares sections with the standard library on real files.
func TestRealImages(t *testing.T) {
	var list []string
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
		for _, pat := range []string{"*.exe", "*.dll"} {
			l, _ := filepath.Glob(filepath.Join(dir, "pdb", pat))
			list = append(list, l...)
		}
		if len(list) > 0 {
			break
		}
	}
	if len(list) == 0 {
		t.Skip("no real images: set DTRACE_FIXTURES to a directory with pdb/")
	}
	for _, name := range list {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, err := stdpe.NewFile(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for i, sec := range s.Sections {
			g := f.Sections[i]
			if g.Name != sec.Name || g.VirtualAddress != sec.VirtualAddress || g.RawOffset != sec.Offset || g.RawSize != sec.Size {
				t.Errorf("%s: section %d is %+v, debug/pe has %+v", name, i, g, sec.SectionHeader)
			}
		}
		if _, err := f.Exports(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if v, err := f.FileVersion(); err == nil {
			t.Logf("%s: version %s", filepath.Base(name), v)
		}
	}
}
