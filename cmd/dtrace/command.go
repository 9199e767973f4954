package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/internal/cpp"
	"github.com/godtrace/godtrace/internal/getopt"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/syntax"
)

const optstring = "3:6:aAb:Bc:CD:ef:FGhHi:I:lL:m:n:o:p:P:qs:SU:vVwx:X:y:Z"

// program is one -n, -P, -m, -f, -i or -s, in the order of the command line.
type program struct {
	letter byte
	arg    string
	unit   *godtrace.Unit
}

// command is one run of dtrace.
type command struct {
	streams
	host     string
	mode     byte // l, V, G, h, A or 0
	programs []program
	operands []string
	opts     option.Set
	outFile  string
	noOutput bool
	early    bool // -e
	dump     bool // -S
	verbose  bool // -v
	cpp      bool // -C
	cppCfg   cpp.Config
	listInc  bool // -H
	libDirs  []string
	cmds     []string // -c
	cmdEnv   []string // changes of their environment in order: name=value, or name
	pids     []int    // -p
	testing  bool

	out    io.Writer
	tracer *godtrace.Tracer
	rec    *recording // of dtrace record
}

// exitError carries an exit status and the message to print before it.
type exitError struct {
	status int
	msg    string
}

func (e *exitError) Error() string { return e.msg }

func fatalf(format string, args ...any) error {
	return &exitError{statusError, fmt.Sprintf(format, args...)}
}

func usagef(format string, args ...any) error {
	return &exitError{statusUsage, fmt.Sprintf(format, args...)}
}

func (c *command) main(args []string) int {
	c.testing = c.env("_DTRACE_TESTING") != ""
	status, err := c.run(args)
	if err == nil {
		return status
	}
	var e *exitError
	if errors.As(err, &e) {
		if e.msg != "" {
			fmt.Fprintf(c.err, "dtrace: %s\n", e.msg)
		}
		return e.status
	}
	fmt.Fprintf(c.err, "dtrace: %v\n", err)
	return statusError
}

func (c *command) run(args []string) (int, error) {
	if len(args) == 0 {
		usage(c.err)
		return statusUsage, nil
	}
	if err := c.parse(args); err != nil {
		return 0, err
	}
	if c.mode == 'V' {
		fmt.Fprintf(c.streams.out, "dtrace: D %s\n", dVersion)
		if c.verbose {
			fmt.Fprintf(c.streams.out, "This is godtrace %s %s/%s %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
		}
		return statusOK, nil
	}
	if c.mode == 0 && len(c.programs) == 0 {
		return 0, fatalf("no probes specified")
	}
	switch c.mode {
	case 'h':
		return c.header()
	case 'G':
		return c.link()
	}
	c.out = c.streams.out
	if c.outFile != "" {
		f, err := os.OpenFile(c.outFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
		if err != nil {
			return 0, fatalf("failed to open output file '%s': %s", c.outFile, reason(err))
		}
		defer f.Close()
		c.out = f
	}
	if c.noOutput {
		c.out = io.Discard
	}
	return c.trace()
}

// dVersion is the version of the D language, that of the last DTrace whose
// language this tool has whole.
const dVersion = "2.0.7"

// parse reads the command line and the environment.
func (c *command) parse(args []string) error {
	args, err := c.longOptions(args)
	if err != nil {
		return err
	}
	for _, kv := range c.environ {
		name, val, _ := strings.Cut(kv, "=")
		if opt, ok := strings.CutPrefix(name, "DTRACE_OPT_"); ok {
			if err := c.setOption(strings.ToLower(opt), val); err != nil {
				return fatalf("failed to set %s from the environment: %s", name, c.because(err))
			}
		}
	}
	opts, operands, err := getopt.Parse(optstring, args)
	if err != nil {
		return c.misuse("%v", err)
	}
	c.operands = operands
	modes := ""
	for _, o := range opts {
		switch o.Letter {
		case '3', '6':
			if o.Letter == '3' && o.Arg != "2" || o.Letter == '6' && o.Arg != "4" {
				return c.misuse("illegal option -- %c%s", o.Letter, o.Arg)
			}
			if o.Letter == '3' {
				return fatalf("-32: the data model of this system is LP64")
			}
		case 'a', 'A':
			return fatalf("-%c: anonymous tracing is a feature of hosts with an engine of their own; the live kernel has none", o.Letter)
		case 'G', 'h', 'l', 'V':
			if !strings.ContainsRune(modes, rune(o.Letter)) {
				modes += string(o.Letter)
			}
		case 'b':
			err = c.set("b", "bufsize", o.Arg)
		case 'B':
			c.noOutput = true
		case 'c':
			c.cmds = append(c.cmds, o.Arg)
		case 'C':
			c.cpp = true
		case 'D', 'U', 'I', 'H', 'X':
			err = c.cppOption(o)
		case 'e':
			c.early = true
		case 'f', 'i', 'm', 'n', 'P', 's':
			c.programs = append(c.programs, program{letter: o.Letter, arg: o.Arg})
		case 'F':
			err = c.set("F", "flowindent", "")
		case 'L':
			c.libDirs = append(c.libDirs, o.Arg)
		case 'o':
			c.outFile = o.Arg
		case 'y':
			err = c.set("y", "sympath", o.Arg)
		case 'p':
			pid, perr := strconv.Atoi(o.Arg)
			if perr != nil || pid <= 0 {
				return fatalf("invalid pid: %s", o.Arg)
			}
			c.pids = append(c.pids, pid)
		case 'q':
			err = c.set("q", "quiet", "")
		case 'S':
			c.dump = true
		case 'v':
			c.verbose = true
			err = c.set("v", "verbose", "")
		case 'w':
			err = c.set("w", "destructive", "")
		case 'x':
			name, val, _ := strings.Cut(o.Arg, "=")
			if serr := c.setOption(name, val); serr != nil {
				return fatalf("failed to set -x %s: %s", name, c.because(serr))
			}
		case 'Z':
			err = c.set("Z", "zdefs", "")
		}
		if err != nil {
			return err
		}
	}
	if len(modes) > 1 {
		return usagef("only one of the [-GhlV] options can be specified at a time")
	}
	if modes != "" {
		c.mode = modes[0]
	}
	switch {
	case c.noOutput && (c.mode == 'G' || c.mode == 'l'):
		return usagef("-B not valid in combination with [-Gl] options")
	case c.noOutput && c.outFile != "":
		return usagef("-B not valid in combination with -o option")
	}
	switch c.mode {
	case 'G', 'h':
		if len(c.programs) == 0 {
			return usagef("-%c requires one or more scripts or enabling options", c.mode)
		}
	case 'l':
		if err := c.set("l", "zdefs", ""); err != nil {
			return err
		}
	}
	return nil
}

// longOptions takes the options with two dashes out of args.
func (c *command) longOptions(args []string) ([]string, error) {
	var rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			return append(rest, args[i:]...), nil
		}
		name, val, hasVal := strings.Cut(a, "=")
		switch name {
		case "--host":
			if !hasVal {
				if i++; i >= len(args) {
					return nil, c.misuse("option requires an argument -- 'host'")
				}
				val = args[i]
			}
			c.host = val
			continue
		case "--help":
			usage(c.streams.out)
			return nil, &exitError{status: statusOK}
		case "--version":
			return []string{"-V"}, nil
		}
		if strings.HasPrefix(a, "--") {
			return nil, c.misuse("unrecognized option '%s'", name)
		}
		rest = append(rest, a)
		// An option's argument is not looked at: -n '--host'.
		if len(a) == 2 && a[0] == '-' && i+1 < len(args) {
			if j := strings.IndexByte(optstring, a[1]); j >= 0 && j+1 < len(optstring) && optstring[j+1] == ':' {
				i++
				rest = append(rest, args[i])
			}
		}
	}
	return rest, nil
}

func (c *command) set(letter, name, val string) error {
	if err := c.opts.Set(name, val); err != nil {
		if val != "" {
			letter += " " + val
		}
		return fatalf("failed to set -%s: %s", letter, c.because(err))
	}
	return nil
}

// because is why something was refused: DTrace's reason, and outside of tests
// what was found and what is allowed.
func (c *command) because(err error) string {
	for _, known := range []error{option.ErrName, option.ErrValue, godtrace.ErrDestructive, godtrace.ErrBufferSize} {
		if c.testing && errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

// misuse prints what is wrong with the command line, and then its usage.
func (c *command) misuse(format string, args ...any) error {
	fmt.Fprintf(c.err, "dtrace: "+format+"\n", args...)
	usage(c.err)
	return &exitError{status: statusUsage}
}

// setOption sets a D option; some act on the command itself.
func (c *command) setOption(opt, val string) error {
	if err := c.opts.Set(opt, val); err != nil {
		return err
	}
	switch opt {
	case "cpp":
		c.cpp = true
	case "define":
		c.cppCfg.Define = append(c.cppCfg.Define, val)
	case "undef":
		c.cppCfg.Undef = append(c.cppCfg.Undef, val)
	case "incdir":
		c.cppCfg.Include = append(c.cppCfg.Include, val)
	case "libdir", "syslibdir":
		c.libDirs = append(c.libDirs, val)
	case "cpphdrs":
		c.listInc = true
	case "setenv", "unsetenv":
		if name, _, ok := strings.Cut(val, "="); name == "" || ok != (opt == "setenv") {
			return fmt.Errorf("%w: found %q, want %s", option.ErrValue, val, map[string]string{"setenv": "name=value", "unsetenv": "a name"}[opt])
		}
		c.cmdEnv = append(c.cmdEnv, val)
	}
	return nil
}

func (c *command) cppOption(o getopt.Opt) error {
	switch o.Letter {
	case 'D':
		c.cppCfg.Define = append(c.cppCfg.Define, o.Arg)
	case 'U':
		c.cppCfg.Undef = append(c.cppCfg.Undef, o.Arg)
	case 'I':
		c.cppCfg.Include = append(c.cppCfg.Include, o.Arg)
	case 'H':
		c.listInc = true
	case 'X':
		return c.set("X", "stdc", o.Arg)
	}
	return nil
}

// load parses all programs into the tracer.
func (c *command) load() error {
	for i := range c.programs {
		p := &c.programs[i]
		src, err := c.source(p)
		if err != nil {
			return err
		}
		args := append([]string{c.programName(p)}, c.operands...)
		c.tracer.SetArgs(args)
		if c.rec != nil {
			src.Rewrite = c.rec.rewrite
		}
		if err := c.tracer.Add(src); err != nil {
			return c.compileError(p, err)
		}
	}
	return nil
}

// programName is $0: the script, or dtrace itself.
func (c *command) programName(p *program) string {
	if p.letter == 's' {
		return p.arg
	}
	return "dtrace"
}

func (c *command) source(p *program) (godtrace.Source, error) {
	if p.letter != 's' {
		return godtrace.Source{Text: p.arg, OneLiner: true, Spec: specs[p.letter]}, nil
	}
	var text []byte
	var err error
	if p.arg == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(p.arg)
	}
	if err != nil {
		return godtrace.Source{}, fatalf("failed to open %s: %s", p.arg, reason(err))
	}
	if c.cpp {
		if text, err = c.preprocess(p.arg, text); err != nil {
			return godtrace.Source{}, err
		}
	}
	return godtrace.Source{Text: string(text), File: p.arg}, nil
}

var specs = map[byte]syntax.Spec{
	'n': syntax.SpecName, 'f': syntax.SpecFunction, 'm': syntax.SpecModule, 'P': syntax.SpecProvider, 'i': syntax.SpecName,
}

// compileError words an error of one program as DTrace does; outside of tests
// the place in the source follows.
func (c *command) compileError(p *program, err error) error {
	var e *diag.Error
	if !errors.As(err, &e) {
		return fatalf("%s%v", c.errorPrefix(p), err)
	}
	short := *e
	if p != nil && p.letter != 's' && !strings.Contains(p.arg, "\n") {
		short.Pos = diag.Pos{} // there is but one line
	}
	msg := c.errorPrefix(p) + short.Format(c.tracer.Options().Flag("errtags"))
	if x := e.Caret(); x != "" && !c.testing {
		msg += "\n  at " + e.Pos.String() + ":\n" + x
	}
	return &exitError{statusError, msg}
}

func (c *command) errorPrefix(p *program) string {
	if p == nil {
		return ""
	}
	if p.letter == 's' {
		return "failed to compile script " + p.arg + ": "
	}
	return "invalid probe specifier " + p.arg + ": "
}

// reason is the system's own message for an error, as other programs print it.
func reason(err error) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	s := no.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
