package nt_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/export/text"
	"github.com/godtrace/godtrace/host/nt"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected outputs")

// run runs a script on a workload, given as a name or file, and returns what it
// prints.
func run(t testing.TB, workload, script string, oneLiner bool) string {
	t.Helper()
	out, err := tryRun(workload, script, oneLiner)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func tryRun(workload, script string, oneLiner bool) (out string, err error) {
	tr, err := godtrace.Open(godtrace.Config{Host: "nt:" + workload})
	if err != nil {
		return "", err
	}
	defer tr.Close()
	if err := tr.Add(godtrace.Source{Text: script, OneLiner: oneLiner}); err != nil {
		return "", err
	}
	prog, err := tr.Program()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	p := text.New(text.Config{Out: &b, Err: &b, Prog: prog, Opt: tr.Options(), Symbols: tr.Host().Symbols()})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := tr.Run(ctx, p); err != nil {
		return b.String(), err
	}
	err = p.Close()
	return b.String(), err
}

// TestBundled runs each bundled workload with its script: the answer is exact,
// and the same each time.
func TestBundled(t *testing.T) {
	for _, name := range nt.BundledNames() {
		t.Run(name, func(t *testing.T) {
			script, err := os.ReadFile(filepath.Join("testdata", name+".d"))
			if err != nil {
				t.Fatal(err)
			}
			have := run(t, name, string(script), false)
			if again := run(t, name, string(script), false); again != have {
				t.Errorf("a second run differs:\n%s", cmp.Diff(have, again))
			}
			file := filepath.Join("testdata", name+".out")
			if *update {
				if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), have); d != "" {
				t.Errorf("output of %s.d (-want +have):\n%s", name, d)
			}
		})
	}
}

// TestSeed runs a workload with two seeds: the traces differ, each is the same
// again.
func TestSeed(t *testing.T) {
	text, ok := nt.Bundled("busy-file-server")
	if !ok {
		t.Fatal("no workload busy-file-server")
	}
	const script = `syscall:::entry { printf("%d %d %s %d %x", timestamp, cpu, probefunc, tid, arg6); }`
	out := map[string]string{}
	for _, seed := range []string{"1", "2"} {
		file := filepath.Join(t.TempDir(), "w.nt")
		if err := os.WriteFile(file, []byte(strings.Replace(text, "seed 20240301", "seed "+seed, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		out[seed] = run(t, file, script, true)
		if again := run(t, file, script, true); again != out[seed] {
			t.Errorf("seed %s: two runs differ", seed)
		}
	}
	if out["1"] == out["2"] {
		t.Error("the seed makes no difference")
	}
}
