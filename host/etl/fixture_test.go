package etl

import (
	stdctx "context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/compile"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/dlib"
	"github.com/godtrace/godtrace/export/text"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// fixture returns the path of a shared trace, unpacked if it is packed.
func fixture(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
		p := filepath.Join(dir, "etl", name)
		if _, err := os.Stat(p); dir != "" && err == nil {
			return p
		}
		if _, err := os.Stat(p + ".xz"); dir != "" && err == nil {
			return unpack(t, p+".xz")
		}
	}
	t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds etl/")
	return ""
}

var unpacked struct {
	sync.Mutex
	dir   string
	files map[string]string
}

func unpack(t testing.TB, name string) string {
	t.Helper()
	unpacked.Lock()
	defer unpacked.Unlock()
	if p := unpacked.files[name]; p != "" {
		return p
	}
	out, err := exec.Command("xz", "-dkc", name).Output()
	if err != nil {
		t.Skipf("unpack %s: %v: the test needs xz", name, err)
	}
	p := filepath.Join(unpacked.dir, strings.TrimSuffix(filepath.Base(name), ".xz"))
	if err := os.WriteFile(p, out, 0o600); err != nil {
		t.Fatal(err)
	}
	unpacked.files[name] = p
	return p
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "etl")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	unpacked.dir, unpacked.files = dir, map[string]string{}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func openHost(t testing.TB, names ...string) *Host {
	t.Helper()
	h, err := Open(names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// compileD compiles a D program, with all D libraries.
func compileD(h *Host, src string) (*ir.Program, error) {
	c := check.New(h, check.Options{})
	for _, l := range dlib.All() {
		p, err := syntax.Parse(&syntax.Config{File: l.Name, TypeName: c.IsType, Empty: true}, l.Text)
		if err == nil {
			err = c.AddLib(l.Name, p)
		}
		if err != nil {
			return nil, err
		}
	}
	tree, err := syntax.Parse(&syntax.Config{CommandLine: true, TypeName: c.IsType}, src)
	if err != nil {
		return nil, err
	}
	info, err := c.Check(tree)
	if err != nil {
		return nil, err
	}
	return compile.Compile([]*check.Info{info}, compile.Options{Probe: h.ProbeByID})
}

// runD runs a D program over the host's files and returns what it prints.
func runD(t testing.TB, h *Host, src string) string {
	t.Helper()
	out, err := tryD(h, src)
	if err != nil {
		t.Fatalf("%v, in %.300s", err, src)
	}
	return out
}

func tryD(h *Host, src string) (string, error) {
	prog, err := compileD(h, src)
	if err != nil {
		return "", err
	}
	s, err := h.Open(prog, host.Options{CPU: -1})
	if err != nil {
		return "", err
	}
	defer s.Close()
	opt := &option.Set{}
	if err := opt.Set("quiet", ""); err != nil {
		return "", err
	}
	var out, errs strings.Builder
	p := text.New(text.Config{Out: &out, Err: &errs, Prog: prog, Opt: opt, Symbols: h.Symbols()})
	c := &consume.Consumer{Prog: prog, Sess: s, Probe: h.ProbeByID, Symbols: h.Symbols(), Opt: opt, Sink: p}
	ctx, cancel := stdctx.WithTimeout(stdctx.Background(), time.Minute)
	defer cancel()
	if _, err := c.Run(ctx); err != nil {
		return out.String(), err
	}
	if err := p.Close(); err != nil {
		return out.String(), err
	}
	if errs.Len() > 0 {
		return out.String(), fmt.Errorf("messages: %s", errs.String())
	}
	return out.String(), ctx.Err()
}

// lines splits output into its lines that are not blank, blanks joined.
func lines(out string) []string {
	var l []string
	for _, s := range strings.Split(out, "\n") {
		if f := strings.Fields(s); len(f) > 0 {
			l = append(l, strings.Join(f, " "))
		}
	}
	return l
}

func sorted(l []string) []string {
	sort.Strings(l)
	return l
}

func itoa(n int64) string { return fmt.Sprint(n) }

type probeT = probe.Probe

func parseDesc(s string) (probe.Desc, bool) { return probe.ParseDesc(s, probe.PartName) }
