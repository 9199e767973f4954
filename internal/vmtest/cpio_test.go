package vmtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list reads an archive back, by the layout of the format: it fails at the first
// byte that is not where it must be.
func list(t *testing.T, b []byte) []File {
	t.Helper()
	var files []File
	field := func(h []byte, i int) (n uint32) {
		if _, err := fmt.Sscanf(string(h[6+8*i:14+8*i]), "%08X", &n); err != nil {
			t.Fatalf("field %d of %q: %v", i, h, err)
		}
		return n
	}
	inodes := map[uint32]bool{}
	for {
		if len(b) < 110 || string(b[:6]) != "070701" {
			t.Fatalf("%d bytes left and no header: %.20q", len(b), b)
		}
		h := b[:110]
		nameLen, size := int(field(h, 11)), int(field(h, 6))
		name := string(b[110 : 110+nameLen-1])
		if b[110+nameLen-1] != 0 {
			t.Fatalf("name %q does not end in 0", name)
		}
		b = b[(110+nameLen+3)&^3:]
		if name == "TRAILER!!!" {
			if len(bytes.Trim(b, "\x00")) != 0 {
				t.Fatalf("%d bytes after the trailer", len(b))
			}
			return files
		}
		if inodes[field(h, 0)] {
			t.Fatalf("%s: inode %d twice", name, field(h, 0))
		}
		inodes[field(h, 0)] = true
		f := File{Path: "/" + name, Mode: field(h, 1), Major: field(h, 9), Minor: field(h, 10)}
		if size > 0 {
			f.Data = bytes.Clone(b[:size])
		}
		b = b[(size+3)&^3:]
		files = append(files, f)
	}
}

func TestWriteCPIO(t *testing.T) {
	in := []File{
		{Path: "/init", Mode: ModeExec, Data: []byte("program")},
		{Path: "/a/b/c", Mode: ModeFile, Data: []byte{0, 1, 2, 3}},
		{Path: "/a", Mode: ModeDir}, // is there already
		{Path: "/a/empty", Mode: ModeFile},
		{Path: "/dev/console", Mode: ModeChar, Major: 5, Minor: 1},
		{Path: "/bin", Mode: ModeLink, Data: []byte("a/b")},
	}
	want := []File{
		in[0],
		{Path: "/a", Mode: ModeDir}, {Path: "/a/b", Mode: ModeDir}, in[1], in[3],
		{Path: "/dev", Mode: ModeDir}, in[4], in[5],
	}
	var b bytes.Buffer
	if err := WriteCPIO(&b, in); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, list(t, b.Bytes())); d != "" {
		t.Errorf("files differ (-want +got):\n%s", d)
	}
}

func TestWriteCPIOErrors(t *testing.T) {
	for _, p := range []string{"init", "/a/../b", "/a/", ""} {
		if err := WriteCPIO(&bytes.Buffer{}, []File{{Path: p, Mode: ModeFile}}); err == nil || !strings.Contains(err.Error(), "absolute") {
			t.Errorf("%q: error %v, want one that asks for an absolute path", p, err)
		}
	}
	if err := WriteCPIO(full{}, nil); err == nil {
		t.Error("no error from a writer that fails")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

// TestCPIOTool holds the archive against the reader of others.
func TestCPIOTool(t *testing.T) {
	tool, err := exec.LookPath("cpio")
	args := []string{"-idm"}
	if err != nil {
		if tool, err = exec.LookPath("busybox"); err != nil {
			t.Skip("no cpio and no busybox on this machine")
		}
		args = []string{"cpio", "-idm"}
	}
	var b bytes.Buffer
	if err := WriteCPIO(&b, []File{{Path: "/x/y", Mode: ModeFile, Data: []byte("hello\n")}, {Path: "/z", Mode: ModeExec, Data: []byte("abc")}}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(tool, args...)
	cmd.Dir, cmd.Stdin = dir, &b
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]string{"x/y": "hello\n", "z": "abc"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}
