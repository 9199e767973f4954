package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestHeader compiles a program with the header of -h and reads its probes back.
func TestHeader(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	script := write("app.d", "provider my__app { probe query__start(int, char *); probe done(); };\n")
	var out, msg bytes.Buffer
	s := streams{out: &out, err: &msg, env: func(string) string { return "" }}
	if status := run([]string{"-h", "-s", script}, s); status != statusOK {
		t.Fatalf("status %d: %s", status, msg.String())
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler (cc) in the path")
	}
	src := write("app.c", `#include "app.h"
int main(int c, char **v) { MY__APP_QUERY_START(c, v[0]); if (MY__APP_DONE_ENABLED()) MY__APP_DONE(); return 0; }
`)
	bin := filepath.Join(dir, "app")
	if text, err := exec.Command(cc, "-Wall", "-Werror", "-O2", "-o", bin, src).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if text, err := exec.Command(bin).CombinedOutput(); err != nil {
		t.Fatalf("the program with probes: %v: %s", err, text)
	}
	f, err := elf.Open(bin)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sec := f.Section(".note.stapsdt")
	if sec == nil {
		t.Fatal("no section .note.stapsdt")
	}
	notes, err := sec.Data()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"my__app\x00query-start\x00-4@", " 8@", "my__app\x00done\x00\x00"} {
		if !bytes.Contains(notes, []byte(want)) {
			t.Errorf("notes lack %q:\n%q", want, notes)
		}
	}
}

// TestHeaderErrors refuses what no header can be made of.
func TestHeaderErrors(t *testing.T) {
	script := filepath.Join(t.TempDir(), "app.txt")
	if err := os.WriteFile(script, []byte("provider p { probe a(); };\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-h"}, {"-h", "-s", script}, {"-h", "-l", "-s", script}} {
		var out, msg bytes.Buffer
		s := streams{out: &out, err: &msg, env: func(string) string { return "" }}
		if status := run(args, s); status != statusUsage {
			t.Errorf("%q: status %d, want %d: %s", args, status, statusUsage, msg.String())
		}
	}
}
