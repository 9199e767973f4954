package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// progress shows on a terminal how far a replay has come. The line vanishes before
// anything else is written.
type progress struct {
	err   io.Writer
	shown bool
}

// show is what hosts call: f of n events are done.
func (p *progress) show(done, all int64) {
	if done >= all || all == 0 {
		p.clear()
		return
	}
	p.shown = true
	fmt.Fprintf(p.err, "\r\x1b[Kdtrace: %d%% of %d events", done*100/all, all)
}

func (p *progress) clear() {
	if p.shown {
		p.shown = false
		fmt.Fprint(p.err, "\r\x1b[K")
	}
}

// under returns w such that the line is cleared before each write.
func (p *progress) under(w io.Writer) io.Writer { return clearingWriter{p, w} }

type clearingWriter struct {
	p *progress
	w io.Writer
}

func (c clearingWriter) Write(b []byte) (int, error) {
	c.p.clear()
	return c.w.Write(b)
}

// replayMemory is the size at which a replay collects garbage early.
const replayMemory = 76 << 20

// watch lets the host show its progress, if it has any to show and the messages go
// to a terminal.
func (c *command) watch() {
	h, ok := c.tracer.Host().(interface{ SetProgress(func(done, all int64)) })
	if ok && c.env("GOMEMLIMIT") == "" {
		// What a replay keeps is bounded; collecting earlier keeps it from doubling.
		debug.SetMemoryLimit(replayMemory)
	}
	if !ok || c.testing || !isTerminal(c.err) {
		return
	}
	p := &progress{err: c.err}
	c.out, c.err = p.under(c.out), p.under(c.err)
	h.SetProgress(p.show)
}

// hostNotices prints what the host has to say about what it could not read or
// what was lost before it came here. They are losses, so -q does not stop them.
func (c *command) hostNotices() {
	if h, ok := c.tracer.Host().(interface{ Notices() []string }); ok {
		for _, n := range h.Notices() {
			fmt.Fprintf(c.err, "dtrace: %s\n", n)
		}
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
