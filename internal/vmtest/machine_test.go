package vmtest

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadResults(t *testing.T) {
	in := "SeaBIOS\r\n\x1b[2J\r\n{\"Name\":\"a\",\"Stdout\":\"aGk=\",\"Status\":3}\n\n{\"Name\":\"b\",\"TimedOut\":true,\"Took\":5}"
	var got []Result
	n, err := readResults(bufio.NewReader(strings.NewReader(in)), func(r Result) { got = append(got, r) })
	want := []Result{{Name: "a", Stdout: []byte("hi"), Status: 3}, {Name: "b", TimedOut: true, Took: 5 * time.Nanosecond}}
	if d := cmp.Diff(want, got); d != "" || n != 2 || err != nil {
		t.Errorf("%d results, error %v (-want +got):\n%s", n, err, d)
	}
	n, err = readResults(bufio.NewReader(strings.NewReader(in+"\n{\"Name\":\n")), func(Result) {})
	if n != 2 || err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged line: %d results, error %v", n, err)
	}
}

func TestKernelsFolder(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ dir, want string }{{"", KernelsEnv}, {dir, "no vmlinuz-*"}} {
		t.Setenv(KernelsEnv, c.dir)
		if list, err := Kernels(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, error %v; want one with %q", c.dir, list, err, c.want)
		}
	}
	name := filepath.Join(dir, "vmlinuz-6.1")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := Kernels(); err != nil || len(list) != 1 || list[0] != name {
		t.Errorf("%v, error %v; want %s", list, err, name)
	}
}
