package nt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs runs the example workload and the commands that docs/nt.md shows.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/nt.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "    seed 7 ")
	if !ok {
		t.Fatal("docs/nt.md has no example that begins with seed 7")
	}
	var lines []string
	for _, l := range strings.Split("    seed 7 "+rest, "\n") {
		if l != "" && !strings.HasPrefix(l, "    ") {
			break
		}
		lines = append(lines, l)
	}
	file := filepath.Join(t.TempDir(), "example.nt")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	out := run(t, file, `syscall::NtWriteFile:entry { printf("%s %d", copyinstr(arg5), arg6 >= 100 && arg6 <= 900); }
		fbt:ntfs:NtfsFsdWrite:entry { printf("big %d", arg1 >= 100); }
		etw:11111111-2222-3333-4444-555555555555:0x04_0x10:10 { printf("payload %d", *(uint32_t *)(arg0 + 80)); }
		END { trace(timestamp); }`, true)
	for _, want := range []string{"Dear diary 1", "big 1", "payload 100"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	calls := run(t, "quiet-desktop", `syscall:::entry { @[execname] = count(); }`, true)
	for _, line := range strings.Split(strings.TrimSpace(calls), "\n") {
		if line = strings.TrimSpace(line); !strings.Contains(string(b), line) {
			t.Errorf("docs/nt.md does not show %q", line)
		}
	}
	boot := run(t, "boot", "#pragma D option quiet\nfbt::DriverEntry:entry { self->t = timestamp; }\nfbt::DriverEntry:return { printf(\"%d us %s\\n\", (timestamp - self->t) / 1000, probemod); }", false)
	for _, line := range strings.Split(strings.TrimSpace(boot), "\n") {
		if !strings.Contains(string(b), "    "+line) {
			t.Errorf("docs/nt.md does not show %q", line)
		}
	}
}
