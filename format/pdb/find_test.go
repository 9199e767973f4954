package pdb

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	data, err := os.ReadFile(fixture(t, "syzygy_test_types_x64.dll.pdb"))
	if err != nil {
		t.Fatal(err)
	}
	in := openPDB(t, "syzygy_test_types_x64.dll.pdb").Info()
	const name = "Test_Types.pdb"
	flat, server := t.TempDir(), t.TempDir()
	put := func(parts ...string) {
		p := filepath.Join(parts...)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(flat, name)
	put(server, strings.ToLower(name), strings.ToLower(in.Key()), name)
	for _, dirs := range [][]string{{flat}, {server}, {"", "/nowhere", server}, {filepath.Join(flat, name)}} {
		f, err := Find(dirs, `C:\build\`+name, in.GUID, in.Age)
		if err != nil {
			t.Errorf("Find in %v: %v", dirs, err)
			continue
		}
		if f.Info() != in {
			t.Errorf("Find in %v: %+v, want %+v", dirs, f.Info(), in)
		}
		f.Close()
	}
	_, err = Find([]string{flat}, name, in.GUID, in.Age+7)
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "is "+in.Key()) {
		t.Errorf("wrong age: %v", err)
	}
	if _, err = Find([]string{server}, "other.pdb", in.GUID, in.Age); !errors.Is(err, ErrNotFound) {
		t.Errorf("other name: %v", err)
	}
	dir := filepath.Dir(fixture(t, "syzygy_test_types_x64.dll"))
	im, err := FindImage([]string{dir}, "SYZYGY_test_types_x64.DLL", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FindImage([]string{dir}, "syzygy_test_types_x64.dll", im.TimeDateStamp, im.Size); err != nil {
		t.Error(err)
	}
	if _, err := FindImage([]string{dir}, "syzygy_test_types_x64.dll", im.TimeDateStamp+1, im.Size); !errors.Is(err, ErrNotFound) {
		t.Errorf("wrong stamp: %v", err)
	}
}
