package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/export/etl"
	"github.com/godtrace/godtrace/syntax"
)

const recordUsage = `Usage: dtrace record --etl FILE.etl [--sets sched,proc,syscall,profile|none]
	[--for duration] [--compress] [--host host] [options and programs of dtrace]

Writes what programs record (trace, printf, print, stacks, aggregations) and what
the system does (context switches, processes, threads, system calls, samples) into
a Windows trace file. Without programs the sets sched, proc and syscall are
recorded, with programs sched and proc. Recording ends with the commands of -c,
the processes of -p, exit(), after --for, or at an interrupt.

With --host etl:FILE.etl, programs choose events: those at which a clause without
statements fires are copied as they are, with all that tells of processes and
images.
`

// recording is the state of dtrace record.
type recording struct {
	file     string
	sets     []string
	length   time.Duration
	compress bool
	state    []etl.State
	clauses  int // seen so far, of all programs
	lead     map[int]bool
	names    map[int]map[diag.Pos][]string
}

// recordSets are the sets that can be recorded, with what each is for.
var recordSets = []string{"sched", "proc", "syscall", "profile"}

// recordMain is dtrace record.
func recordMain(args []string, s streams) int {
	c := &command{streams: s, rec: &recording{lead: map[int]bool{}, names: map[int]map[diag.Pos][]string{}}}
	c.testing = c.env("_DTRACE_TESTING") != ""
	status, err := c.recordArgs(args)
	if err == nil {
		return status
	}
	var e *exitError
	if errors.As(err, &e) {
		if e.msg != "" {
			fmt.Fprintf(c.err, "dtrace record: %s\n", e.msg)
		}
		return e.status
	}
	fmt.Fprintf(c.err, "dtrace record: %v\n", err)
	return statusError
}

func (c *command) recordArgs(args []string) (int, error) {
	r := c.rec
	var rest []string
	sets, setsGiven := "", false
	for i := 0; i < len(args); i++ {
		name, val, hasVal := strings.Cut(args[i], "=")
		switch name {
		case "--help", "-h":
			fmt.Fprint(c.streams.out, recordUsage)
			return statusOK, nil
		case "--compress":
			r.compress = true
			continue
		case "--etl", "--sets", "--for":
			if !hasVal {
				if i++; i >= len(args) {
					return 0, usagef("option %s wants an argument", name)
				}
				val = args[i]
			}
		default:
			rest = append(rest, args[i])
			// An option's argument is not looked at.
			if a := args[i]; len(a) == 2 && a[0] == '-' && i+1 < len(args) {
				if j := strings.IndexByte(optstring, a[1]); j >= 0 && j+1 < len(optstring) && optstring[j+1] == ':' {
					i++
					rest = append(rest, args[i])
				}
			}
			continue
		}
		switch name {
		case "--etl":
			r.file = val
		case "--sets":
			sets, setsGiven = val, true
		case "--for":
			d, err := time.ParseDuration(val)
			if err != nil || d <= 0 {
				return 0, usagef("--for is %q, want a duration such as 10s or 2m", val)
			}
			r.length = d
		}
	}
	if r.file == "" {
		fmt.Fprint(c.err, recordUsage)
		return statusUsage, nil
	}
	if err := c.parse(rest); err != nil {
		return 0, err
	}
	if c.mode != 0 || c.early || c.outFile != "" {
		return 0, usagef("options -l, -e, -V and -o mean nothing here")
	}
	copying := strings.HasPrefix(c.host, "etl:")
	if setsGiven && sets != "none" {
		for _, set := range strings.Split(sets, ",") {
			if !slices.Contains(recordSets, set) {
				return 0, usagef("--sets has %q, want %s or none", set, strings.Join(recordSets, ", "))
			}
			r.sets = append(r.sets, set)
		}
	} else if !setsGiven && (c.host == "" || c.host == "linux") {
		r.sets = []string{"sched", "proc"}
		if len(c.programs) == 0 {
			r.sets = append(r.sets, "syscall")
		}
	}
	if len(c.programs) == 0 && len(r.sets) == 0 && !copying {
		return 0, usagef("nothing to record: no program, no set")
	}
	c.out = io.Discard
	if copying {
		return c.copyEvents()
	}
	return c.record()
}

// record opens the host, compiles the state program and the user's, and runs them.
func (c *command) record() (status int, err error) {
	r := c.rec
	if err := c.open(false); err != nil {
		return 0, err
	}
	defer c.closeTracer(&err)
	victims, target, err := c.holdTarget()
	if err != nil {
		return 0, err
	}
	defer victims.Close()
	if len(r.sets) > 0 && c.tracer.Host().Name() != "linux" {
		return 0, fatalf("host %s has no sets, want --sets none", c.tracer.Host().Name())
	}
	text, state := stateProgram(r.sets, target != 0)
	r.state, r.clauses = state, len(state)
	if err := c.tracer.Add(godtrace.Source{Text: text, File: "the state program"}); err != nil {
		return 0, fatalf("%v", err)
	}
	if err := c.addLibraries(); err != nil {
		return 0, err
	}
	if err := c.load(); err != nil {
		return 0, err
	}
	if err := c.tracer.Compile(); err != nil {
		return 0, c.compileError(c.failed(err), err)
	}
	return c.runRecording(victims)
}

func (c *command) runRecording(v *victims) (status int, err error) {
	r := c.rec
	sess, err := c.tracer.NewSession()
	if err != nil {
		return 0, fatalf("could not enable tracing: %v", err)
	}
	defer sess.Close()
	prog, err := c.tracer.Program()
	if err != nil {
		return 0, err
	}
	f, err := os.Create(r.file)
	if err != nil {
		return 0, fatalf("%v", err)
	}
	defer f.Close()
	cfg := etl.Config{
		Out: f, Err: c.err, Prog: prog, State: r.state, Lead: r.lead, Names: r.names, Symbols: c.tracer.Host().Symbols(),
		Session: "dtrace record", FileName: r.file, Compress: r.compress, PID: uint32(os.Getpid()),
	}
	if slices.Contains(r.sets, "profile") {
		cfg.SampleHz = sampleHz
	}
	if c.tracer.Host().Name() == "linux" {
		liveState(&cfg)
	}
	rec, err := etl.New(cfg)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var interrupted atomic.Bool
	stopSignals := c.catch(cancel, &interrupted)
	defer stopSignals()
	cons := c.tracer.Consumer(sess, rec)
	if n, ok := c.tracer.Host().(interface{ NoteProcess(pid uint32) }); ok {
		v.NoteAtExit(n.NoteProcess)
	}
	cons.Started = func() {
		if r.length > 0 {
			time.AfterFunc(r.length, cancel)
		}
		v.Continue()
		go func() {
			if v.Wait(ctx) {
				cancel()
			}
		}()
	}
	status, err = cons.Run(ctx)
	if cerr := rec.Close(); err == nil {
		err = cerr
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	c.hostNotices()
	for _, n := range v.Notices() {
		c.notify("%s", n)
	}
	if err == nil {
		c.notify("%d events recorded in %s, %d lost", rec.Events, r.file, rec.Lost)
	}
	return status & 0xff, err
}

// rewrite puts the statements that tell whose a record is before the others of a
// user's clauses, and notes what each action traces.
func (r *recording) rewrite(tree *syntax.Program) error {
	for _, it := range tree.Items {
		cl, ok := it.(*syntax.Clause)
		if !ok {
			continue
		}
		n := r.clauses
		r.clauses++
		names := map[diag.Pos][]string{}
		r.names[n] = names
		records, speculates := cl.Body == nil || len(cl.Body.List) == 0, false
		syntax.Walk(cl, func(n syntax.Node) bool {
			call, ok := n.(*syntax.Call)
			if !ok {
				return true
			}
			switch f := call.Fun.Name; f {
			case "trace", "print", "tracemem", "printm", "stack", "ustack", "jstack", "sym", "mod", "usym", "umod", "uaddr", "func", "ufunc":
				records = true
				for _, a := range call.Args {
					names[call.Pos()] = append(names[call.Pos()], fieldName(a))
				}
			case "printf":
				records = true
				for i, a := range call.Args {
					if i > 0 {
						names[call.Pos()] = append(names[call.Pos()], fieldName(a))
					}
				}
			case "speculate", "commit", "discard":
				speculates = true
			}
			return true
		})
		if !records || speculates {
			continue
		}
		lead, err := syntax.Parse(&syntax.Config{File: "the lead"}, "BEGIN { "+etl.LeadText+"}")
		if err != nil {
			return fmt.Errorf("BUG: record: %w", err)
		}
		stmts := lead.Items[0].(*syntax.Clause).Body.List
		if cl.Body == nil {
			cl.Body = &syntax.Block{Loc: cl.Loc, End: cl.Pos()}
		}
		cl.Body.List = append(stmts, cl.Body.List...)
		r.lead[n] = true
	}
	return nil
}

// fieldName names a field by the expression that it holds.
func fieldName(e syntax.Expr) string {
	s := strings.Join(strings.Fields(syntax.Print(e)), " ")
	if len(s) > 100 {
		s = s[:100]
	}
	return s
}
