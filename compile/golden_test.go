package compile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/ir"
)

var update = flag.Bool("update", false, "rewrite the listings in testdata")

// Each program of testdata compiles to the listing beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.d")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs in testdata: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".d"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			p := mustBuild(t, string(text))
			got := p.String()
			out := strings.TrimSuffix(f, ".d") + ".ir"
			if *update {
				if err := os.WriteFile(out, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("the listing differs (-want +got):\n%s", d)
			}
			// The listing is one that the assembler reads, and means the same.
			q, err := ir.Assemble(got)
			if err != nil {
				t.Fatalf("the listing cannot be read: %v", err)
			}
			if err := ir.Verify(q); err != nil {
				t.Error(err)
			}
		})
	}
}
