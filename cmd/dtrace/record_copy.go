package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/export/text"
	"github.com/godtrace/godtrace/host/etl"
	"github.com/godtrace/godtrace/ir"
)

// copyEvents is dtrace record on another trace: it copies the events that the
// programs choose, or all.
func (c *command) copyEvents() (status int, err error) {
	r := c.rec
	if len(r.sets) > 0 {
		return 0, usagef("host etl has no sets, want --sets none")
	}
	if r.length > 0 {
		return 0, usagef("--for means nothing for a trace")
	}
	c.rec = nil // programs run as they are
	if len(c.programs) == 0 {
		c.programs = []program{{letter: 'n', arg: "etw:::"}}
	}
	if err := c.open(false); err != nil {
		return 0, err
	}
	defer c.closeTracer(&err)
	h, ok := c.tracer.Host().(*etl.Host)
	if !ok {
		return 0, fatalf("BUG: %s is not the host of traces", c.tracer.Host().Name())
	}
	c.watch()
	if in := c.input(r.file); in != "" {
		return 0, fatalf("%s is the trace that is read (%s), want another file to write", r.file, in)
	}
	if err := c.load(); err != nil {
		return 0, err
	}
	if err := c.tracer.Compile(); err != nil {
		return 0, c.compileError(c.failed(err), err)
	}
	sel := &selection{err: c.err}
	if status, err = c.choose(sel); err != nil {
		return status, err
	}
	f, err := os.Create(r.file)
	if err != nil {
		return 0, fatalf("%v", err)
	}
	defer f.Close()
	n, err := h.Copy(f, r.file, r.compress, &sel.sel)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	c.hostNotices()
	if err != nil {
		return 0, fatalf("%v", err)
	}
	if n.Unmatched > 0 {
		fmt.Fprintf(c.err, "dtrace: %d firings have no event of their own and choose none\n", n.Unmatched)
	}
	c.notify("%d events copied to %s, %d more for processes, images, schemas and stacks", n.Selected, r.file, n.Context)
	return status & 0xff, nil
}

// input returns the file of the host that name is, "" if it is none of them.
func (c *command) input(name string) string {
	out, err := os.Stat(name)
	if err != nil {
		return "" // not there yet, or an error when it is made
	}
	_, files, _ := strings.Cut(c.host, ":")
	for _, f := range strings.Split(files, ",") {
		if in, err := os.Stat(f); err == nil && os.SameFile(in, out) {
			return f
		}
	}
	return ""
}

// choose replays the trace and notes at which events the programs recorded.
func (c *command) choose(sel *selection) (int, error) {
	sess, err := c.tracer.NewSession()
	if err != nil {
		return 0, fatalf("could not enable tracing: %v", err)
	}
	defer sess.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var interrupted atomic.Bool
	defer c.catch(cancel, &interrupted)()
	return c.tracer.Consumer(sess, sel).Run(ctx)
}

// selection is the sink that notes which events were chosen.
type selection struct {
	sel etl.Selection
	err io.Writer
}

// Begin implements consume.Sink.
func (s *selection) Begin(e *consume.Event) error {
	if e.Probe.Provider != "dtrace" {
		s.sel.Add(e.Time, e.CPU, e.Probe)
	}
	return nil
}

// Action implements consume.Sink.
func (s *selection) Action(*consume.Event, int, *ir.Action, consume.Aggregations) error { return nil }

// End implements consume.Sink.
func (s *selection) End(*consume.Event) error { return nil }

// Aggregations implements consume.Sink.
func (s *selection) Aggregations([]ir.AggID, consume.Aggregations) error { return nil }

// Fault implements consume.Sink.
func (s *selection) Fault(f *consume.Fault) error {
	_, err := fmt.Fprintf(s.err, "dtrace: %s\n", text.FaultMessage(f))
	return err
}

// Losses implements consume.Sink.
func (s *selection) Losses(l []consume.Loss) error {
	for _, d := range l {
		if _, err := fmt.Fprintf(s.err, "dtrace: %s\n", text.DropMessage(d, false)); err != nil {
			return err
		}
	}
	return nil
}

// Flush implements consume.Sink.
func (s *selection) Flush() error { return nil }
