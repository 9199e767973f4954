package etl

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// fixtureDir returns the folder of the shared real files, and skips the test
// where there is none.
func fixtureDir(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
		if fi, err := os.Stat(filepath.Join(dir, "etl")); dir != "" && err == nil && fi.IsDir() {
			return filepath.Join(dir, "etl")
		}
	}
	t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds etl/")
	return ""
}

var slowOnce struct {
	sync.Once
	data []byte
	err  error
}

// slowTrace returns the unpacked bytes of slowppt.etl.xz.
func slowTrace(t testing.TB) []byte {
	t.Helper()
	name := filepath.Join(fixtureDir(t), "slowppt.etl.xz")
	xz, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("no xz command to unpack slowppt.etl.xz with")
	}
	slowOnce.Do(func() { slowOnce.data, slowOnce.err = exec.Command(xz, "-dc", name).Output() })
	if slowOnce.err != nil {
		t.Fatalf("unpack %s: %v", name, slowOnce.err)
	}
	return slowOnce.data
}

func openBytes(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func openFixture(t testing.TB, name string) *File {
	t.Helper()
	f, err := Open(filepath.Join(fixtureDir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
