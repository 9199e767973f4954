package nodiff

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/export/text"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/local"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

var (
	firstSeed = flag.Uint64("seed", 1, "seed of the first generated program")
	programs  = flag.Int("programs", 300, "number of generated programs")
	keepGoing = flag.Bool("keepgoing", false, "report every difference, not only the first few")
	noShrink  = flag.Bool("noshrink", false, "print failing programs as they were generated")
)

// rig holds both hosts, opened once.
type rig struct {
	local, live host.Host
}

var (
	theRig    *rig
	rigReason string // why there is no rig
)

func TestMain(m *testing.M) {
	flag.Parse()
	// self-> of BEGIN must be the thread of END.
	runtime.LockOSThread()
	rigReason = openRig()
	code := m.Run()
	if theRig != nil {
		theRig.local.Close()
		theRig.live.Close()
	}
	os.Exit(code)
}

func openRig() string {
	if runtime.GOOS != "linux" {
		return "the live kernel is not Linux"
	}
	if os.Getuid() != 0 {
		return "the live kernel needs root"
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return "the live kernel has no BTF"
	}
	live, err := godtrace.OpenHost("linux")
	if err != nil {
		return err.Error()
	}
	loc, err := local.New(local.Config{World: lent{live}})
	if err != nil {
		return err.Error()
	}
	theRig = &rig{local: loc, live: live}
	return ""
}

// lent keeps the local host from closing the live one.
type lent struct{ host.Host }

// Close does nothing.
func (lent) Close() error { return nil }

func needRig(tb testing.TB) *rig {
	tb.Helper()
	if theRig == nil {
		tb.Skip(rigReason)
	}
	return theRig
}

// outcome is all that a run left.
type outcome struct {
	// refused is the compiler's or the host's error; nothing ran.
	refused string
	// load is set if the program compiled and the host refused it.
	load bool
	text string
	took time.Duration
}

// otherProbes refuses a program, changed by chance to one that traces more than
// itself.
const otherProbes = "not supported here: probes other than BEGIN, END and ERROR"

// maxOutput bounds what a run may print.
const maxOutput = 4 << 20

// run runs a program on one host.
func (r *rig) run(h host.Host, src string) (o outcome) {
	defer func(begin time.Time) { o.took = time.Since(begin) }(time.Now())
	t, err := godtrace.New(h, godtrace.Config{})
	if err != nil {
		return outcome{refused: err.Error()}
	}
	if err := t.Add(godtrace.Source{Text: src, File: "nodiff.d"}); err != nil {
		return outcome{refused: err.Error()}
	}
	prog, err := t.Program()
	if err != nil {
		return outcome{refused: err.Error()}
	}
	for _, c := range prog.Clauses {
		for _, id := range c.Probes {
			if p := h.ProbeByID(id); p == nil || p.Provider != "dtrace" {
				return outcome{refused: otherProbes}
			}
		}
	}
	sess, err := t.NewSession()
	if err != nil {
		return outcome{refused: err.Error(), load: true}
	}
	defer sess.Close()
	var stdout, stderr bytes.Buffer
	p := text.New(text.Config{
		Out: &limited{b: &stdout}, Err: &limited{b: &stderr}, Prog: prog, Opt: t.Options(), Symbols: h.Symbols(), Testing: true,
	})
	res := &result{Printer: p}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c := t.Consumer(sess, res)
	c.Started = cancel // BEGIN has run: go on to END
	status, err := c.Run(ctx)
	var b strings.Builder
	fmt.Fprintf(&b, "%s--- messages\n%s--- status %d\n", stdout.String(), stderr.String(), status)
	if err != nil {
		fmt.Fprintf(&b, "--- error %v\n", err)
	}
	for i := range prog.Aggs {
		aggregation(&b, prog, ir.AggID(i), sess)
	}
	d, err := sess.Drops()
	if err != nil {
		fmt.Fprintf(&b, "--- drops: error %v\n", err)
	}
	for k := range d {
		if n := d.Total(record.Drop(k)); n != 0 {
			fmt.Fprintf(&b, "--- drops of kind %d: %d\n", k, n)
		}
	}
	o.text = b.String()
	return o
}

// aggregation writes the raw words of an aggregation, tuple by tuple.
func aggregation(b *strings.Builder, prog *ir.Program, id ir.AggID, sess host.Session) {
	a := &prog.Aggs[id]
	var rows []string
	err := sess.Aggregate(id, func(key []byte, words []uint64) error {
		var r strings.Builder
		for i := range a.Keys {
			f := &a.Keys[i]
			if f.Kind == ir.FString {
				fmt.Fprintf(&r, " %q", consume.CString(consume.Bytes(key, f)))
			} else {
				fmt.Fprintf(&r, " %x", consume.Bytes(key, f))
			}
		}
		if agg.Empty(words) {
			return nil // cleared: whether such tuples are delivered is the host's affair
		}
		r.WriteString(" =")
		for i, w := range words[:a.Spec.Words()] {
			if w != 0 {
				fmt.Fprintf(&r, " %d:%d", i, int64(w))
			}
		}
		rows = append(rows, r.String())
		return nil
	})
	if err != nil {
		fmt.Fprintf(b, "--- @%s: error %v\n", a.Name, err)
	}
	slices.Sort(rows)
	for _, r := range rows {
		fmt.Fprintf(b, "--- @%s%s\n", a.Name, r)
	}
}

// result is the text sink with the newline that ends a run's output.
type result struct{ *text.Printer }

// limited is a writer that refuses more than maxOutput.
type limited struct{ b *bytes.Buffer }

func (w *limited) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > maxOutput {
		return 0, errors.New("too much output")
	}
	return w.b.Write(p)
}

// verdict is the comparison of one program on both sides.
type verdict struct {
	local, live outcome
}

func (r *rig) compare(src string) verdict {
	return verdict{local: r.run(r.local, src), live: r.run(r.live, src)}
}

// kind says how the sides differ, "" if they do not. The shrinker keeps to one
// kind, so that it does not wander from one error to another.
func (v *verdict) kind() string {
	a, b := &v.local, &v.live
	switch {
	case strings.Contains(a.refused, "BUG:") || strings.Contains(b.refused, "BUG:"):
		return "BUG"
	case b.load && !a.load && a.refused == "":
		if strings.Contains(b.refused, "verifier") {
			return "verifier"
		}
		return "load"
	case a.refused == "" && b.refused != "":
		return "only live refuses"
	case a.refused != "" && b.refused == "":
		return "only local refuses"
	case a.refused != "":
		return ""
	case a.text != b.text:
		return "output"
	}
	return ""
}

// String tells both sides of a difference.
func (v *verdict) String() string {
	if v.local.refused != v.live.refused {
		return fmt.Sprintf("local: %s\nlive:  %s\n", said(v.local.refused), said(v.live.refused))
	}
	a, b := strings.SplitAfter(v.local.text, "\n"), strings.SplitAfter(v.live.text, "\n")
	if len(a)+len(b) > 60 {
		// Only where they differ.
		for len(a) > 3 && len(b) > 3 && a[0] == b[0] && a[1] == b[1] && a[2] == b[2] {
			a, b = a[1:], b[1:]
		}
		a, b = a[:min(len(a), 30)], b[:min(len(b), 30)]
	}
	return fmt.Sprintf("=== local\n%s=== live\n%s===\n", strings.Join(a, ""), strings.Join(b, ""))
}

func said(s string) string {
	if s == "" {
		return "runs"
	}
	return s
}
