package suite

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/dtrace").CombinedOutput(); err != nil {
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

// testCase is one file with its directives.
type testCase struct {
	path, kind, tag string
	args            []string
	status          int
	stderr          *regexp.Regexp
	hosts           []string
	differs         string
}

var directive = regexp.MustCompile(`(?m)^/\* (args|status|stderr|hosts|differs): (.*?) \*/`)

func load(t *testing.T, path string) *testCase {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(filepath.Base(path), ".")
	c := &testCase{path: path, kind: parts[0]}
	if c.kind != "tst" {
		c.tag = parts[1]
	}
	if c.kind == "err" {
		c.status = 1
	}
	for _, m := range directive.FindAllStringSubmatch(string(b), -1) {
		switch m[1] {
		case "args":
			c.args = strings.Fields(m[2])
		case "status":
			if _, err := fmt.Sscan(m[2], &c.status); err != nil {
				t.Fatalf("%s: status: %v", path, err)
			}
		case "stderr":
			if c.stderr, err = regexp.Compile(m[2]); err != nil {
				t.Fatalf("%s: stderr: %v", path, err)
			}
		case "hosts":
			c.hosts = strings.Fields(m[2])
		case "differs":
			c.differs = m[2]
		}
	}
	return c
}

func (c *testCase) on(host string) bool {
	if c.hosts == nil {
		return true
	}
	for _, h := range c.hosts {
		if h == host {
			return true
		}
	}
	return false
}

// exec runs the case on a host.
func (c *testCase) exec(host string) (stdout, stderr string, status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	args := []string{"--host", host, "-x", "errtags", "-x", "droptags", "-s", filepath.Base(c.path)}
	cmd := exec.CommandContext(ctx, binary, append(args, c.args...)...)
	cmd.Dir = filepath.Dir(c.path)
	cmd.Env = append(os.Environ(), "_DTRACE_TESTING=1", "TZ=UTC")
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	var ee *exec.ExitError
	if errors.As(err, &ee) && ctx.Err() == nil {
		return o.String(), e.String(), ee.ExitCode(), nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("ran longer than a minute; stderr:\n%s", e.String())
	}
	return o.String(), e.String(), 0, err
}

// check holds a run against the case's expectations except the output.
func (c *testCase) check(t *testing.T, stderr string, status int) {
	t.Helper()
	if strings.Contains(stderr, "panic:") || strings.Contains(stderr, "BUG:") {
		t.Fatalf("crash:\n%s", stderr)
	}
	if status != c.status {
		t.Fatalf("exit status %d, want %d; stderr:\n%s", status, c.status, stderr)
	}
	switch c.kind {
	case "err":
		if !strings.Contains(stderr, "["+c.tag+"]") {
			t.Errorf("want [%s], got:\n%s", c.tag, stderr)
		}
	case "drp":
		if !strings.Contains(stderr, "[DTRACEDROP_"+c.tag+"]") {
			t.Errorf("want [DTRACEDROP_%s], got:\n%s", c.tag, stderr)
		}
	}
	if c.stderr != nil && !c.stderr.MatchString(stderr) {
		t.Errorf("stderr does not match %s:\n%s", c.stderr, stderr)
	}
}

func TestSuite(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.d")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "testdata/"), ".d")
		t.Run(name, func(t *testing.T) {
			c := load(t, path)
			if c.differs != "" {
				t.Logf("differs from other DTraces: %s", c.differs)
			}
			want, haveWant := []byte(nil), false
			if b, err := os.ReadFile(strings.TrimSuffix(path, ".d") + ".out"); err == nil {
				want, haveWant = b, true
			}
			for _, host := range []string{"local", "linux"} {
				if !c.on(host) {
					continue
				}
				t.Run(host, func(t *testing.T) {
					t.Parallel()
					if host == "linux" && liveReason != "" {
						t.Skip(liveReason)
					}
					stdout, stderr, status, err := c.exec(host)
					if err != nil {
						t.Fatal(err)
					}
					c.check(t, stderr, status)
					if c.kind != "tst" {
						return
					}
					if *update && (host == "local" || !c.on("local")) {
						if err := os.WriteFile(strings.TrimSuffix(path, ".d")+".out", []byte(stdout), 0o666); err != nil {
							t.Fatal(err)
						}
						return
					}
					if !haveWant {
						t.Fatalf("no .out file; output:\n%s", stdout)
					}
					if d := cmp.Diff(string(want), stdout); d != "" {
						t.Errorf("output differs (-want +got):\n%s\nstderr:\n%s", d, stderr)
					}
				})
			}
		})
	}
}
