package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/export/text"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// trace does what the mode asks for with the programs.
func (c *command) trace() (status int, err error) {
	if err := c.open(true); err != nil {
		return 0, err
	}
	defer c.closeTracer(&err)
	c.watch()
	if c.mode == 'l' {
		err := c.list()
		c.hostNotices()
		return statusOK, err
	}
	victims, _, err := c.holdTarget()
	if err != nil {
		return 0, err
	}
	defer victims.Close()
	if err := c.addLibraries(); err != nil {
		return 0, err
	}
	if err := c.load(); err != nil {
		return 0, err
	}
	if !c.hasProbes() && !c.early {
		c.notifyMatches()
		if !c.tracer.Options().Flag("zdefs") {
			return 0, fatalf("no probes matched")
		}
	}
	if err := c.compile(); err != nil {
		return 0, err
	}
	if c.early {
		return statusOK, nil
	}
	return c.consume(victims)
}

// open opens the host with the options given; the caller closes it with
// closeTracer. noTime says that nobody looks at the time of events.
func (c *command) open(noTime bool) error {
	return c.openWith(godtrace.Config{Host: c.host, NoTime: noTime, Options: map[string]string{}})
}

// openWith is open with other settings; options of the command line come over those
// of cfg.
func (c *command) openWith(cfg godtrace.Config) (err error) {
	c.opts.Each(func(name, val string) { cfg.Options[name] = val })
	if c.tracer, err = godtrace.Open(cfg); err != nil {
		return fatalf("%v", err)
	}
	return nil
}

// closeTracer closes the host; err gets its error if it has none.
func (c *command) closeTracer(err *error) {
	if cerr := c.tracer.Close(); *err == nil {
		*err = cerr
	}
}

// holdTarget sets $target and holds the processes of -c and -p. pid is 0 without
// target.
func (c *command) holdTarget() (v *victims, pid int, err error) {
	if pid, err = c.hostTarget(); err != nil {
		return nil, 0, err
	}
	c.tracer.SetTarget(pid)
	if v, err = c.victims(); err != nil {
		return nil, 0, err
	}
	if p := v.Target(); p != 0 {
		pid = p
		c.tracer.SetTarget(pid)
	}
	return v, pid, nil
}

// addLibraries adds the folders of -L. One that is not there is no error, as
// everywhere.
func (c *command) addLibraries() error {
	for _, dir := range c.libDirs {
		if err := c.tracer.AddLibraryDir(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fatalf("%v", err)
		}
	}
	return nil
}

// hasProbes reports whether a program has a probe clause.
func (c *command) hasProbes() bool {
	for _, u := range c.tracer.Units() {
		if len(u.Descriptions()) > 0 {
			return true
		}
	}
	return false
}

// compile compiles all programs and prints what -S and -v ask for.
func (c *command) compile() error {
	for i, u := range c.tracer.Units() {
		c.programs[i].unit = u
	}
	if err := c.tracer.Compile(); err != nil {
		return c.compileError(c.failed(err), err)
	}
	prog, err := c.tracer.Program()
	if err != nil {
		return err
	}
	if c.verbose {
		for i := range c.programs {
			if err := c.stability(&c.programs[i]); err != nil {
				return err
			}
		}
	}
	if c.dump {
		if err := ir.Disassemble(c.err, prog); err != nil {
			return err
		}
		if d, ok := c.tracer.Host().(interface {
			Disassemble(w io.Writer, p *ir.Program) error
		}); ok {
			if err := d.Disassemble(c.err, prog); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed finds the program that an error of Compile belongs to.
func (c *command) failed(err error) *program {
	var e *diag.Error
	if errors.As(err, &e) {
		for i := range c.programs {
			p := &c.programs[i]
			if p.letter == 's' && e.Pos.File == p.arg {
				return p
			}
		}
	}
	if len(c.programs) == 1 {
		return &c.programs[0]
	}
	return nil
}

// title is how notices name a program.
func (p *program) title() string {
	if p.letter == 's' {
		return "script " + p.arg
	}
	return "description " + p.short()
}

// short is a one-liner up to its predicate or statements.
func (p *program) short() string {
	if i := strings.IndexAny(p.arg, "{/;"); i >= 0 {
		return p.arg[:i]
	}
	return p.arg
}

// notify prints a notice unless in quiet mode.
func (c *command) notify(format string, args ...any) {
	if !c.tracer.Options().Flag("quiet") {
		fmt.Fprintf(c.err, "dtrace: "+format+"\n", args...)
	}
}

// notifyMatches says what the programs matched.
func (c *command) notifyMatches() {
	for i, u := range c.tracer.Units() {
		p := &c.programs[i]
		p.unit = u
		what := "description '" + p.short() + "'"
		if p.letter == 's' {
			what = "script '" + p.arg + "'"
		}
		s := "s"
		if p.unit.Matched == 1 {
			s = ""
		}
		c.notify("%s matched %d probe%s", what, p.unit.Matched, s)
	}
	if c.tracer.Options().Flag("destructive") {
		c.notify("allowing destructive actions")
	}
}

func (c *command) consume(v *victims) (int, error) {
	opt := c.tracer.Options()
	c.notifyMatches()
	sess, err := c.tracer.NewSession()
	if err != nil {
		return 0, fatalf("could not enable tracing: %s", c.because(err))
	}
	defer sess.Close()
	prog, err := c.tracer.Program()
	if err != nil {
		return 0, err
	}
	printer := text.New(text.Config{
		Out: c.out, Err: c.err, Prog: prog, Opt: opt, Symbols: c.tracer.Host().Symbols(), Target: uint32(v.Target()), Testing: c.testing,
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var interrupted atomic.Bool
	stopSignals := c.catch(cancel, &interrupted)
	defer stopSignals()

	sink := &endSink{Printer: printer, interrupted: &interrupted, testing: c.testing}
	cons := c.tracer.Consumer(sess, sink)
	if n, ok := c.tracer.Host().(interface{ NoteProcess(pid uint32) }); ok {
		v.NoteAtExit(n.NoteProcess)
	}
	cons.Started = func() {
		v.Continue()
		go func() {
			if v.Wait(ctx) {
				cancel()
			}
		}()
	}
	begin := time.Now()
	usage := cpuTime()
	status, err := cons.Run(ctx)
	if err == nil {
		err = sink.finish()
	}
	if cerr := printer.Close(); err == nil {
		err = cerr
	}
	c.hostNotices()
	if !c.testing { // process ids differ from run to run, as does the cost
		for _, n := range v.Notices() {
			c.notify("%s", n)
		}
	}
	if c.verbose && !c.testing {
		c.reportCost(sess, time.Since(begin), cpuTime()-usage)
	}
	if errors.Is(err, os.ErrClosed) || isBrokenPipe(err) {
		return statusError, nil
	}
	return status & 0xff, err
}

// endSink puts the newline between the run's output and its aggregations.
type endSink struct {
	*text.Printer
	interrupted *atomic.Bool
	testing     bool
	ended       bool
}

func (s *endSink) finish() error {
	if s.ended {
		return nil
	}
	s.ended = true
	if s.interrupted.Load() && !s.testing {
		if err := s.Printer.Newline(); err != nil {
			return err
		}
	}
	return s.Printer.Newline()
}

// Aggregations implements consume.Sink.
func (s *endSink) Aggregations(ids []ir.AggID, aggs consume.Aggregations) error {
	if err := s.finish(); err != nil {
		return err
	}
	return s.Printer.Aggregations(ids, aggs)
}

// catch makes the first interrupt or termination end tracing, and the second, or
// a quit, end the process at once. Signals that were ignored when the process
// started stay so, as with nohup and in the background of scripts.
func (c *command) catch(cancel func(), interrupted *atomic.Bool) (stop func()) {
	ch := make(chan os.Signal, 2)
	for _, s := range append(endSignals[:len(endSignals):len(endSignals)], quitSignals...) {
		if !signal.Ignored(s) {
			signal.Notify(ch, s)
		}
	}
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case s := <-ch:
				if n > 0 || slices.Contains(quitSignals, s) {
					os.Exit(statusError)
				}
				interrupted.Store(true)
				cancel()
			}
		}
	}()
	return func() {
		signal.Stop(ch)
		close(done)
	}
}

// reportCost is the last line of -v: what tracing itself has cost.
func (c *command) reportCost(sess host.Session, wall, consumer time.Duration) {
	cost := sess.Cost()
	per, share := "", 0.0
	if cost.Firings > 0 {
		per = fmt.Sprintf(" of %d ns", cost.KernelNanos/cost.Firings)
	}
	if wall > 0 {
		share = float64(cost.KernelNanos) / float64(wall.Nanoseconds()) * 100
	}
	lost := ""
	if d, err := sess.Drops(); err == nil {
		for k := range d {
			if n := d.Total(record.Drop(k)); n > 0 {
				lost += ", " + text.DropMessage(consume.Loss{Kind: record.Drop(k), N: n}, false)
			}
		}
	}
	if lost == "" {
		lost = ", no drops"
	}
	fmt.Fprintf(c.err, "dtrace: cost: %d firings%s in probes (%.2f%% of one CPU), consumer %.3f s of CPU in %.3f s, %d records (%d bytes)%s\n",
		cost.Firings, per, share, consumer.Seconds(), wall.Seconds(), cost.Records, cost.Bytes, lost)
}
