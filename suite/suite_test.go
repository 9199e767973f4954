package suite

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite .out files from the portable engine")

// binary is the command under test, built by TestMain.
var binary string

// liveReason is why the live kernel cannot be used, "" if it can.
var liveReason string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "godtrace-suite")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "dtrace")
	if out, err := osexec.Command("go", "build", "-o", binary, "../cmd/dtrace").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	liveReason = live()
	return m.Run()
}

// live says why eBPF cannot be used here.
func live() string {
	switch {
	case runtime.GOOS != "linux":
		return "the live kernel is not Linux"
	case os.Getuid() != 0:
		return "the live kernel needs root"
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return "the live kernel has no BTF"
	}
	return ""
}

// exec runs a case on a host.
func exec(c *Case, host string) (stdout, stderr string, status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := osexec.CommandContext(ctx, binary, c.Args(host)...)
	cmd.Dir = filepath.Dir(c.Path)
	cmd.Env = append(os.Environ(), c.Env()...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	var ee *osexec.ExitError
	if errors.As(err, &ee) && ctx.Err() == nil {
		return o.String(), e.String(), ee.ExitCode(), nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("ran longer than a minute; stderr:\n%s", e.String())
	}
	return o.String(), e.String(), 0, err
}

func TestSuite(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.d")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for i, path := range files {
		if testing.Short() && i%20 != 0 {
			continue // one in twenty: the command under test is not what -race watches
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "testdata/"), ".d")
		t.Run(name, func(t *testing.T) {
			c, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if c.Differs != "" {
				t.Logf("differs from other DTraces: %s", c.Differs)
			}
			want, haveWant := c.Want()
			for _, host := range []string{"local", "linux"} {
				if !c.On(host) {
					continue
				}
				t.Run(host, func(t *testing.T) {
					t.Parallel()
					if host == "linux" && liveReason != "" {
						t.Skip(liveReason)
					}
					stdout, stderr, status, err := exec(c, host)
					if err != nil {
						t.Fatal(err)
					}
					if err := c.Check(stderr, status); err != nil {
						t.Error(err)
					}
					if c.Kind != "tst" {
						return
					}
					if *update && (host == "local" || !c.On("local")) {
						if err := os.WriteFile(c.OutPath(), []byte(stdout), 0o666); err != nil {
							t.Fatal(err)
						}
						return
					}
					if !haveWant {
						t.Fatalf("no .out file; output:\n%s", stdout)
					}
					if d := cmp.Diff(want, stdout); d != "" {
						t.Errorf("output differs (-want +got):\n%s\nstderr:\n%s", d, stderr)
					}
				})
			}
		})
	}
}
