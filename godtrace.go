// Package godtrace is DTrace as a Go library: it compiles D programs against a
// host (the live Linux kernel, one's own process, a recorded trace …), runs them
// and delivers what they produce as events, aggregation snapshots and counted
// drops. The command dtrace is a thin layer over it.
//
// The shortest use:
//
//	t, err := godtrace.Open(godtrace.Config{})
//	defer t.Close()
//	err = t.Add(godtrace.Text("syscall:::entry { @[probefunc] = count(); } tick-1s { exit(0); }"))
//	res, err := t.Run(ctx, nil)
//	rows, err := res.Aggregation("")
package godtrace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/compile"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/dlib"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/syntax"
)

// Config says what a Tracer traces and how. The zero Config traces the machine
// it runs on with DTrace's default options.
type Config struct {
	// Host names the host: "" is the live kernel ("linux" on Linux, else
	// "local"). Further hosts take an argument after a colon. See OpenHost.
	Host string
	// Options are D options by name, as -x sets them.
	Options map[string]string
	// Args are the macro arguments $0, $1, …; $0 is the program's name.
	Args []string
	// Target is the process id of $target, 0 if there is none.
	Target int
	// NoTime says that nobody looks at Event.Time and Fault.Time. Where reading
	// the clock is slow, as in virtual machines, records then cost less.
	NoTime bool
	// Pragmas in programs may set options unless Strict is set.
	Strict bool
}

// Source is one piece of D text.
type Source struct {
	Text string
	// File is its name in messages; empty for text that is not from a file.
	File string
	// Spec is what an incomplete probe description of a one-liner names; the
	// zero value is the rule of -n and of scripts.
	Spec syntax.Spec
	// OneLiner allows what only text of the command line may do: descriptions
	// without statements.
	OneLiner bool
	// Rewrite, if not nil, may change the tree before it is checked.
	Rewrite func(tree *syntax.Program) error
}

// Text returns a one-liner, as of dtrace -n.
func Text(d string) Source { return Source{Text: d, OneLiner: true} }

// File reads a script.
func File(name string) (Source, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return Source{}, err
	}
	return Source{Text: string(b), File: name}, nil
}

// Unit is one Source that was added.
type Unit struct {
	Source Source
	// Matched is the number of probes that its clauses match, each counted as
	// often as clauses name it.
	Matched int
	// Attr is the least stability of what it uses, DescAttr that of its probe
	// descriptions.
	Attr, DescAttr probe.Attr

	tree *syntax.Program
	info *check.Info
}

// Info returns what the checker found out about the unit.
func (u *Unit) Info() *check.Info { return u.info }

// Tree returns the unit's syntax tree.
func (u *Unit) Tree() *syntax.Program { return u.tree }

// Tracer holds a host, options and the D programs that run together. It is
// not safe for concurrent use.
type Tracer struct {
	host    host.Host
	ownHost bool
	cfg     Config
	opt     *option.Set
	units   []*Unit
	prog    *ir.Program
	chk     *check.Checker

	userLibs []dlib.Lib      // of -L, not yet given to the checker
	haveLibs map[string]bool // libraries that the checker has
}

// Open opens the host that cfg names and returns a Tracer for it.
func Open(cfg Config) (*Tracer, error) {
	h, err := OpenHost(cfg.Host)
	if err != nil {
		return nil, err
	}
	t, err := New(h, cfg)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	t.ownHost = true
	return t, nil
}

// New returns a Tracer for a host that the caller owns and closes.
func New(h host.Host, cfg Config) (*Tracer, error) {
	t := &Tracer{host: h, cfg: cfg, opt: &option.Set{}, haveLibs: map[string]bool{}}
	for name, val := range cfg.Options {
		if err := t.opt.Set(name, val); err != nil {
			return nil, fmt.Errorf("set option %s: %w", name, err)
		}
	}
	if p, ok := h.(interface{ SetPath(string) error }); ok && t.opt.Str("sympath") != "" {
		if err := p.SetPath(t.opt.Str("sympath")); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Host returns the tracer's host.
func (t *Tracer) Host() host.Host { return t.host }

// Options returns the options in force. Those of the compiler have no effect
// after Compile.
func (t *Tracer) Options() *option.Set { return t.opt }

// SetTarget sets $target before Compile.
func (t *Tracer) SetTarget(pid int) { t.cfg.Target = pid }

// SetArgs sets the macro arguments before Add.
func (t *Tracer) SetArgs(args []string) { t.cfg.Args = args }

// Add parses and checks a program. All programs added run together, their
// clauses in the order they were added; they share variables and aggregations.
// Errors are *diag.Error; after one the Tracer is of no more use.
func (t *Tracer) Add(src Source) error {
	tree, err := t.Parse(src)
	if err != nil {
		return t.firstError(src, tree, err)
	}
	if src.Rewrite != nil {
		if err := src.Rewrite(tree); err != nil {
			return err
		}
	}
	info, err := t.chk.Check(tree)
	if err != nil {
		return diag.WithSource(err, src.File, src.Text)
	}
	if !hasClause(tree) && !t.opt.Flag("empty") {
		// The lines up to the end of the text count, as the last of them is empty.
		end := diag.Pos{Line: 1 + strings.Count(src.Text, "\n"), Col: 1}
		return &diag.Error{Code: diag.D_EMPTY, Pos: end, Msg: "empty D program translation unit: it declares things but has no probe clause"}
	}
	u := &Unit{Source: src, Attr: info.Attr, DescAttr: info.DescAttr, tree: tree, info: info}
	for _, c := range info.Clauses {
		u.Matched += len(c.Probes)
	}
	t.units = append(t.units, u)
	return nil
}

// firstError returns the error that stands first in a text that does not parse: err,
// or a mistake of the items before it, as DTrace checks each before it reads the next.
func (t *Tracer) firstError(src Source, tree *syntax.Program, err error) error {
	switch diag.CodeOf(err) {
	case diag.D_MACRO_UNUSED, diag.D_EMPTY:
		return err // found at the end, before the last item is checked
	}
	if tree == nil {
		return err
	}
	if first := t.chk.CheckItems(tree); first != nil {
		return diag.WithSource(first, src.File, src.Text)
	}
	return err
}

// Descriptions returns the probe descriptions of a unit's clauses, in order.
func (u *Unit) Descriptions() []probe.Desc {
	var list []probe.Desc
	for _, c := range u.info.Clauses {
		list = append(list, c.Descs...)
	}
	return list
}

// hasClause reports whether a program has a probe clause.
func hasClause(tree *syntax.Program) bool {
	for _, it := range tree.Items {
		if _, ok := it.(*syntax.Clause); ok {
			return true
		}
	}
	return false
}

// Parse parses a program without checking or adding it, for tools that only want
// its probe descriptions or its tree. Errors are *diag.Error; the tree is then nil or
// has the items before the error.
func (t *Tracer) Parse(src Source) (*syntax.Program, error) {
	if err := t.prepare(src.Text); err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(&syntax.Config{
		File: src.File, CommandLine: src.OneLiner, Spec: src.Spec,
		PSpec:    t.opt.IsSet("pspec"),
		Empty:    t.opt.Flag("empty"),
		TypeName: t.chk.IsType,
		Macros:   t.macros(),
		Args:     t.cfg.Args, DefaultArgs: t.opt.Flag("defaultargs"), ArgRef: t.opt.Flag("argref"),
		Option: parseOption,
	}, src.Text)
	if err != nil {
		return tree, diag.WithSource(err, src.File, src.Text)
	}
	return tree, nil
}

// parseOption gives effect to the options of "#pragma D option" that say how the
// text behind the line is read. Errors are the checker's to report.
func parseOption(cfg *syntax.Config, name, value string) {
	var o option.Set
	if o.Set(name, value) != nil {
		return
	}
	switch name {
	case "pspec":
		cfg.PSpec = o.Flag(name)
	case "empty":
		cfg.Empty = o.Flag(name)
	case "defaultargs":
		cfg.DefaultArgs = o.Flag(name)
	case "argref":
		cfg.ArgRef = o.Flag(name)
	}
}

// prepare makes the checker, with the libraries that a text needs.
func (t *Tracer) prepare(text string) error {
	if t.chk == nil {
		if err := t.newChecker(); err != nil {
			return err
		}
	}
	return t.addLibraries(text)
}

// newChecker makes the checker that all units share.
func (t *Tracer) newChecker() error {
	o := t.opt
	num := func(name string) int64 {
		if !o.IsSet(name) {
			return 0
		}
		return int64(min(o.Num(name), math.MaxInt64))
	}
	opt := check.Options{
		StrSize: num("strsize"), ZDefs: o.Flag("zdefs"), KNoDefs: o.Flag("knodefs"),
		StackFrames: num("stackframes"), UStackFrames: num("ustackframes"),
		JStackFrames: num("jstackframes"), JStackStrSize: num("jstackstrsize"),
		ScratchSize: num("scratchsize"),
		Target:      t.cfg.Target != 0,
		SetOption:   t.pragma,
	}
	if amin := o.Str("amin"); amin != "" {
		a, ok := check.ParseAttr(amin)
		if !ok {
			return fmt.Errorf("set option amin: %w: found %q, want attributes such as Evolving/Evolving/Common", option.ErrValue, amin)
		}
		opt.AMin = a
	}
	opt.TargetPID = t.cfg.Target
	if h, ok := t.host.(interface{ HasProcess(pid int) bool }); ok {
		opt.HasProcess = h.HasProcess
	}
	t.chk = check.New(t.host, opt)
	return nil
}

// pragma applies "#pragma D option name[=value]".
func (t *Tracer) pragma(p check.PragmaOption) error {
	return t.opt.SetInProgram(p.Name, p.Value)
}

// Compile compiles all programs added. Program, NewSession and Run call it.
func (t *Tracer) Compile() error {
	if t.prog != nil {
		return nil
	}
	var infos []*check.Info
	for _, u := range t.units {
		infos = append(infos, u.info)
	}
	prog, err := compile.Compile(infos, compile.Options{
		Probe: t.host.ProbeByID, LoopMax: int64(min(t.opt.Num("loopmax"), ir.MaxLoop)), PcapSize: int64(t.opt.Num("pcapsize")),
	})
	if err != nil {
		return err
	}
	if err := ir.Verify(prog); err != nil {
		return fmt.Errorf("BUG: compiled program does not verify: %w", err)
	}
	t.prog = prog
	return nil
}

// Units returns the programs added so far.
func (t *Tracer) Units() []*Unit { return t.units }

// Program returns the compiled program.
func (t *Tracer) Program() (*ir.Program, error) {
	if err := t.Compile(); err != nil {
		return nil, err
	}
	return t.prog, nil
}

// ErrDestructive and ErrBufferSize are DTrace's reasons for not enabling programs.
var (
	ErrDestructive = errors.New("Destructive actions not allowed")
	ErrBufferSize  = errors.New("Enabling exceeds size of buffer")
)

// NewSession compiles what was added and opens a session for it. The caller
// closes it. Most callers use Run.
func (t *Tracer) NewSession() (host.Session, error) {
	if err := t.Compile(); err != nil {
		return nil, err
	}
	if t.prog.Destructive && !t.opt.Flag("destructive") {
		return nil, fmt.Errorf("%w: they need the option destructive (-w)", ErrDestructive)
	}
	if t.opt.IsSet("bufsize") {
		size := t.opt.Num("bufsize")
		for _, c := range t.prog.Clauses {
			if n := uint64(record.HeaderSize) + uint64(c.RecSize); c.Record && n > size {
				return nil, fmt.Errorf("%w: a record of clause %s has %d bytes, bufsize is %d", ErrBufferSize, c.Name, n, size)
			}
		}
	}
	return t.host.Open(t.prog, t.sessionOptions())
}

// Consumer returns a consumer that runs sess and feeds sink.
func (t *Tracer) Consumer(sess host.Session, sink consume.Sink) *consume.Consumer {
	return &consume.Consumer{Prog: t.prog, Sess: sess, Probe: t.host.ProbeByID, Symbols: t.host.Symbols(), Opt: t.opt, Sink: sink}
}

// Probes calls f for every probe that a description matches; the empty
// description matches all.
func (t *Tracer) Probes(desc string, f func(*probe.Probe) bool) error {
	d, ok := probe.ParseDesc(desc, probe.PartName)
	if !ok {
		return fmt.Errorf("probe description %q has more than four parts", desc)
	}
	return t.host.Probes(d, f)
}

// Close closes the host if Open opened it.
func (t *Tracer) Close() error {
	if t.ownHost {
		return t.host.Close()
	}
	return nil
}

func (t *Tracer) macros() map[string]int64 {
	m := processMacros()
	m["target"] = int64(t.cfg.Target) // 0 without a process
	return m
}

func (t *Tracer) sessionOptions() host.Options {
	o := t.opt
	cpu := -1
	if o.IsSet("cpu") && o.Str("cpu") != "all" {
		cpu = int(o.Num("cpu"))
	}
	// Sizes that nobody set are the host's to choose.
	size := func(name string) uint64 {
		if !o.IsSet(name) {
			return 0
		}
		return o.Num(name)
	}
	return host.Options{
		BufSize: size("bufsize"), AggSize: size("aggsize"), DynVarSize: size("dynvarsize"), SpecSize: size("specsize"),
		StrSize: o.Num("strsize"), NSpec: int(min(o.Num("nspec"), 1<<20)), ScratchSize: size("scratchsize"),
		BufPolicy: o.Str("bufpolicy"), CPU: cpu, Destructive: o.Flag("destructive"), Target: t.cfg.Target,
		Stats: o.Flag("verbose"), NoTime: t.cfg.NoTime, Extra: map[string]string{},
	}
}

// Run compiles, runs until the program exits or ctx is done, and returns what
// the aggregations held at the end. sink may be nil.
func (t *Tracer) Run(ctx context.Context, sink consume.Sink) (*Result, error) {
	sess, err := t.NewSession()
	if err != nil {
		return nil, err
	}
	res := &Result{sink: sink}
	status, err := t.Consumer(sess, res).Run(ctx)
	res.Status = status
	return res, errors.Join(err, sess.Close())
}
