package godtrace_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// hosts are those that can run here: the portable engine, and the live kernel
// for root.
func hosts(t *testing.T, f func(t *testing.T, host string)) {
	t.Helper()
	for _, h := range []string{"local", "linux"} {
		t.Run(h, func(t *testing.T) {
			if h == "linux" && (runtime.GOOS != "linux" || os.Getuid() != 0) {
				t.Skip("the live kernel needs root on Linux")
			}
			f(t, h)
		})
	}
}

func open(t *testing.T, cfg godtrace.Config, d string) *godtrace.Tracer {
	t.Helper()
	tr, err := godtrace.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := tr.Add(godtrace.Text(d)); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestEventsAndAggregations(t *testing.T) {
	hosts(t, func(t *testing.T, host string) {
		tr := open(t, godtrace.Config{Host: host}, `
			BEGIN { printf("%s %d %d", "text", -1, (uint8_t)200); trace(probename); }
			BEGIN { @n["a", 1] = sum(5); @n["b", -2] = sum(7); @ = quantize(100); @p = count(); }
			BEGIN { printa(@p); exit(9); }`)
		var got [][]any
		printed := 0
		res, err := tr.Run(context.Background(), godtrace.Handler{
			Event: func(e *consume.Event, a *ir.Action, v []any) error {
				if e.Probe.Name != "BEGIN" || e.Time == 0 {
					t.Errorf("event at %v, time %d", e.Probe, e.Time)
				}
				if a.Kind != ir.ActExit {
					got = append(got, v)
				}
				return nil
			},
			Printa: func(_ *consume.Event, a *godtrace.Aggregation) error {
				printed++
				if a.Name != "p" || len(a.Rows) != 1 || a.Rows[0].Value != 1 {
					t.Errorf("printa: %+v", a)
				}
				return nil
			},
		}.Sink())
		if err != nil {
			t.Fatal(err)
		}
		want := [][]any{{"text", int64(-1), uint64(200)}, {"BEGIN"}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		if res.Status != 9 || printed != 1 || res.Events != 2 {
			t.Errorf("status %d, %d printa, %d events; want 9, 1, 2", res.Status, printed, res.Events)
		}
		n, err := res.Aggregation("n")
		if err != nil {
			t.Fatal(err)
		}
		rows := []godtrace.AggRow{{Keys: []any{"a", int64(1)}, Value: 5}, {Keys: []any{"b", int64(-2)}, Value: 7}}
		if d := cmp.Diff(rows, n.Rows); d != "" {
			t.Errorf("@n (-want +got):\n%s", d)
		}
		q, err := res.Aggregation("")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]godtrace.Bucket{{Low: 64, High: 127, Count: 1}}, q.Rows[0].Buckets); d != "" {
			t.Errorf("@ (-want +got):\n%s", d)
		}
		if _, err := res.Aggregation("p"); err == nil {
			t.Error("@p was printed by the program, but is still there")
		}
	})
}

// TestContext wants a program without exit() to end with its context, and END
// to run.
func TestContext(t *testing.T) {
	hosts(t, func(t *testing.T, host string) {
		tr := open(t, godtrace.Config{Host: host}, `tick-1ms { n++; } END { printf("%d", n); }`)
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		var last any
		begin := time.Now()
		_, err := tr.Run(ctx, godtrace.Handler{Event: func(_ *consume.Event, _ *ir.Action, v []any) error { last = v[0]; return nil }}.Sink())
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := last.(int64); !ok || n < 1 {
			t.Errorf("END saw %v ticks", last)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("took %v to end", d)
		}
	})
}

func TestErrors(t *testing.T) {
	tr, err := godtrace.Open(godtrace.Config{Host: "local"})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	err = tr.Add(godtrace.Source{File: "x.d", Text: "BEGIN\n{\n\ttrace(nosuch);\n}\n"})
	var e *diag.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *diag.Error", err)
	}
	if e.Pos.File != "x.d" || e.Pos.Line != 3 || e.Source != "\ttrace(nosuch);" {
		t.Errorf("error at %v with source %q", e.Pos, e.Source)
	}
	if _, err := godtrace.Open(godtrace.Config{Host: "nosuch"}); err == nil || !strings.Contains(err.Error(), "local") {
		t.Errorf("unknown host: %v", err)
	}
	if _, err := godtrace.Open(godtrace.Config{Host: "local", Options: map[string]string{"nosuch": ""}}); err == nil {
		t.Error("unknown option passed")
	}
}

// TestFaults wants run-time errors as values.
func TestFaults(t *testing.T) {
	hosts(t, func(t *testing.T, host string) {
		tr := open(t, godtrace.Config{Host: host}, `BEGIN { x = 0; trace(1 / x); } BEGIN { exit(0); }`)
		res, err := tr.Run(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Errors) != 1 || res.Errors[0].Fault != ir.FaultDivZero || res.Errors[0].Action != 2 {
			t.Errorf("errors %+v", res.Errors)
		}
	})
}

func TestProbes(t *testing.T) {
	hosts(t, func(t *testing.T, host string) {
		tr := open(t, godtrace.Config{Host: host}, "BEGIN")
		var got []string
		if err := tr.Probes("dtrace:::", func(p *probe.Probe) bool { got = append(got, p.String()); return true }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"dtrace:::BEGIN", "dtrace:::END", "dtrace:::ERROR"}, got); d != "" {
			t.Error(d)
		}
	})
}

// TestReadme compiles the programs of the README.
func TestReadme(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the README's programs are for Linux")
	}
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, part := range bytes.Split(b, []byte("-n '"))[1:] {
		d, _, ok := bytes.Cut(part, []byte("'"))
		if !ok {
			continue
		}
		tr := open(t, godtrace.Config{Target: os.Getpid()}, string(d))
		if _, err := tr.Program(); err != nil {
			t.Errorf("%s: %v", d, err)
		}
		n++
	}
	if n < 5 {
		t.Errorf("found %d one-liners, want at least 5", n)
	}
}
