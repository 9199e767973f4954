package main

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"testing"
)

// TestHeader compiles a program with the header of -h and reads its probes back.
func TestHeader(t *testing.T) {
	w := workshop{t, t.TempDir()}
	w.dtrace(statusOK, "-h", "-s", w.write("app.d", "provider my__app { probe query__start(int, char *); probe done(); };\n"))
	needCompiler(t)
	w.write("app.c", `#include "app.h"
int main(int c, char **v) { MY__APP_QUERY_START(c, v[0]); if (MY__APP_DONE_ENABLED()) MY__APP_DONE(); return 0; }
`)
	w.tool("gcc", "-Wall", "-Werror", "-O2", "-o", "app", "app.c")
	bin := w.path("app")
	w.tool(bin)
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
