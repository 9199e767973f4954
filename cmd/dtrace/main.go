// Command dtrace is DTrace for Linux and for recorded and modelled systems: it
// compiles D programs, runs them on a host and prints what they find. See the
// manual page dtrace.1 and docs/.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
)

// version is set by the linker.
var version = "dev"

// Exit statuses.
const (
	statusOK    = 0
	statusError = 1
	statusUsage = 2
)

// streams are the command's connections to the outside.
type streams struct {
	out, err io.Writer
	env      func(string) string
	environ  []string
}

func main() {
	s := streams{out: os.Stdout, err: os.Stderr, env: os.Getenv, environ: os.Environ()}
	os.Exit(run(os.Args[1:], s))
}

// run is main without the process: it returns the exit status.
func run(args []string, s streams) int {
	if len(args) > 0 {
		for _, c := range subcommands {
			if c.name == args[0] {
				return c.run(args[1:], s)
			}
		}
	}
	c := &command{streams: s}
	return c.main(args)
}

// subcommand is a command of its own, named by the first argument.
type subcommand struct {
	name, help string
	run        func(args []string, s streams) int
}

var subcommands []subcommand

func init() {
	// main() stays on the process's first thread. BEGIN and END run there: tid is
	// pid, as in a program without further threads.
	runtime.LockOSThread()
	subcommands = []subcommand{
		{"doctor", "say what works on this system, and why the rest does not", doctor},
		{"record", "write what a program or the system does into a Windows trace file", recordMain},
		{"boot", "read and set the DTrace switch of Windows boot stores", boot},
		{"help", "this text", func(_ []string, s streams) int { usage(s.out); return statusOK }},
	}
}

func usage(w io.Writer) {
	fmt.Fprint(w, `Usage: dtrace [-aACeFGhHlqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]] [-I path]
	[-L path] [-o output] [-p pid] [-s script] [-U name] [-x opt[=val]] [-y sympath]
	[--host host]

	[-P provider [[ predicate ] action ]]
	[-m [ provider: ] module [[ predicate ] action ]]
	[-f [[ provider: ] module: ] func [[ predicate ] action ]]
	[-n [[[ provider: ] module: ] func: ] name [[ predicate ] action ]]
	[-i probe-id [[ predicate ] action ]] [ args ... ]

	predicate -> '/' D-expression '/'
	   action -> '{' D-statements '}'

	-b  set trace buffer size
	-c  run specified command and exit upon its completion
	-C  run the preprocessor on script files
	-D  define symbol when invoking preprocessor
	-e  exit after compiling request but prior to enabling probes
	-f  enable or list probes matching the specified function name
	-F  coalesce trace output by function
	-G  make probes of calls in objects, write the object to link them with
	-h  write a header with the probes that the scripts' providers declare
	-H  print included files when invoking preprocessor
	-i  enable or list probes matching the specified probe id
	-I  add include directory to preprocessor search path
	-l  list probes matching specified criteria
	-L  add library directory to library search path
	-m  enable or list probes matching the specified module name
	-n  enable or list probes matching the specified probe name
	-o  append output to the specified file
	-p  grab specified process-ID and exit upon its completion
	-P  enable or list probes matching the specified provider name
	-q  set quiet mode (only output explicitly traced data)
	-s  enable or list probes according to the specified D script
	-S  print D compiler intermediate code
	-U  undefine symbol when invoking preprocessor
	-v  set verbose mode (report stability attributes, arguments, own cost)
	-V  report DTrace API version
	-w  permit destructive actions
	-x  enable or modify compiler and tracing options
	-y  look for symbol files, images, manifests, formats here (Windows traces)
	-Z  permit probe descriptions that match zero probes
	--host  trace another host than this kernel: local, nt:WORKLOAD, etl:FILE.etl

`)
	fmt.Fprint(w, "Commands:\n")
	for _, c := range subcommands {
		fmt.Fprintf(w, "\tdtrace %-8s %s\n", c.name, c.help)
	}
}
