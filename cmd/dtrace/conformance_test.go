package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// script writes a D script for a test.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// runLocal runs the command on the portable engine with environment variables
// of the form name=value.
func runLocal(t *testing.T, environ []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var o, e bytes.Buffer
	s := streams{out: &o, err: &e, environ: environ, env: func(name string) string {
		for _, kv := range environ {
			if v, ok := strings.CutPrefix(kv, name+"="); ok {
				return v
			}
		}
		return ""
	}}
	status = run(append([]string{"--host", "local"}, args...), s)
	return o.String(), e.String(), status
}

const bye = "BEGIN { exit(0); }"

// TestCommandLine holds options, good and bad, against exit status and messages.
// In arguments, @name stands for a script with the text of that entry.
func TestCommandLine(t *testing.T) {
	scripts := map[string]string{
		"hi":    `BEGIN { printf("hi\n"); exit(0); }`,
		"bad":   `BEGIN { exit(0)`,
		"arg":   `BEGIN { trace($1); exit(0); }`,
		"text":  `BEGIN { printf("%s", $$1); exit(0); }`,
		"def":   "#define X 5\nBEGIN { trace(X); exit(0); }",
		"y":     `BEGIN { trace(Y); exit(0); }`,
		"ifdef": "#ifdef FOO\nBEGIN { trace(1); exit(0); }\n#else\nBEGIN { trace(2); exit(0); }\n#endif",
		"empty": "",
		"decl":  "int x;\n",
		"five":  "BEGIN { exit(5); }",
	}
	paths := map[string]string{}
	for name, text := range scripts {
		paths[name] = script(t, name+".d", text)
	}
	for _, tt := range []struct {
		args   string // split at blanks; ~ stands for a blank within one
		status int
		stdout string // regular expressions
		stderr string
	}{
		{"-V", 0, `^dtrace: D 2\.0\.7\n$`, `^$`},
		{"-V -v", 0, `^dtrace: D 2\.0\.7\nThis is godtrace `, ``},
		{"-V -l", 2, `^$`, `only one of the \[-GhlV\] options can be specified at a time`},
		{"-l -h", 2, ``, `only one of the`},
		{"-G -l", 2, ``, `only one of the`},
		{"-h", 2, ``, `-h requires one or more scripts or enabling options`},
		{"-G", 2, ``, `-G requires one or more scripts or enabling options`},
		{"-B -l", 2, ``, `-B not valid in combination with \[-Gl\] options\n$`},
		{"-B -o x -n BEGIN", 2, ``, `-B not valid in combination with -o option\n$`},
		{"-32x", 2, ``, `^dtrace: illegal option -- 32x\nUsage: `},
		{"-64 -n @@hi", 0, ``, ``},
		{"-65 -n BEGIN", 2, ``, `illegal option -- 65`},
		{"-k", 2, `^$`, `^dtrace: invalid option -- 'k'\nUsage: `},
		{"--nosuch", 2, `^$`, `^dtrace: unrecognized option '--nosuch'\nUsage: `},
		{"-y", 2, ``, `(?i)usage`},
		{"-n", 2, ``, `(?i)usage`},
		{"-s", 2, ``, `^dtrace: option requires an argument -- 's'\nUsage: `},
		{"-p", 2, ``, `(?i)usage`},
		{"-q", 1, ``, `^dtrace: no probes specified\n$`},
		{"-w", 1, ``, `no probes specified`},
		{"operand", 1, ``, `no probes specified`},

		{"-q -s @hi", 0, `^hi\n\n$`, `^$`},
		{"-s @hi", 0, `FUNCTION:NAME\n.*hi\n`, `^dtrace: script '.*hi\.d' matched 1 probe\n$`},
		{"-s @five", 5, ``, ``},
		{"-s @bad", 1, `^$`, `failed to compile script .*bad\.d: line 1: syntax error near end of input`},
		{"-s @empty", 1, ``, `line 1: empty D program translation unit`},
		{"-s @decl", 1, ``, `line 2: empty D program translation unit`},
		{"-s /nonexistent/x.d", 1, ``, `^dtrace: failed to open /nonexistent/x\.d: No such file or directory\n$`},
		{"-xerrtags -s @bad", 1, ``, `: \[D_SYNTAX\] line 1: `},

		{"-s @arg", 1, ``, `macro argument \$1 is not defined`},
		{"-s @arg 5", 0, ` 5\n`, ``},
		{"5 -s @arg", 0, ` 5\n`, ``},
		{"-q -s @arg -- -5", 0, `^-5\n$`, ``},
		{"-s @arg 5 6", 1, ``, `extraneous argument '6' \(\$2 is not referenced\)`},
		{"-xargref -s @arg 5 6", 0, ` 5\n`, ``},
		{"-xdefaultargs -s @arg", 0, ` 0\n`, ``},
		{"-q -s @text a.b-c", 0, `^a\.b-c\n$`, ``},

		{"-n BEGIN{exit(2)}", 2, ``, `^dtrace: description 'BEGIN' matched 1 probe\n$`},
		{"-q -n BEGIN{exit(300)}", 300 & 0xff, ``, `^$`},
		{"-n BEGIN/1/{exit(0)}", 0, ``, `description 'BEGIN' matched`},
		{"-n BEGIN{", 1, ``, `^dtrace: invalid probe specifier BEGIN\{: syntax error near end of input`},
		{"-n nosuch:::x", 1, ``, `^dtrace: invalid probe specifier nosuch:::x: probe description nosuch:::x does not match any probes`},
		{"-n a:b:c:d:e", 1, ``, `invalid probe description "a:b:c:d:e"`},
		{"-f a:b:c:d", 1, ``, `invalid probe description`},
		{"-m a:b:c", 1, ``, `invalid probe description`},
		{"-P a:b", 1, ``, `invalid probe description`},
		{"-P nosuch", 1, ``, `does not match any probes`},
		{"-m nosuch", 1, ``, `does not match any probes`},
		{"-f nosuch", 1, ``, `does not match any probes`},
		{"-i 1{exit(0)}", 0, `:BEGIN`, `description '1' matched 1 probe`},
		{"-i BEGIN{exit(0)}", 0, `:BEGIN`, `description 'BEGIN' matched 1 probe`},
		{"-i 99999999", 1, ``, `invalid probe identifier 99999999`},
		{"-i 0", 1, ``, `invalid probe identifier 0`},
		{"-n dtrace:::BEGIN,END -n BEGIN{exit(0)}", 0, `(?s):BEGIN.*:BEGIN.*:END`, `matched 2 probes\n.*matched 1 probe`},
		{"-Z -n nosuch:::x -n BEGIN{exit(0)}", 0, ``, `matched 0 probes`},
		{"-n ", 1, `^$`, `^dtrace: invalid probe specifier : empty D program`},
		{"-x empty -n ", 1, ``, `matched 0 probes\ndtrace: no probes matched`},

		{"-l -n nosuch:::x", 0, `^   ID   PROVIDER            MODULE                          FUNCTION NAME\n$`, `^dtrace: failed to match nosuch:::x: No probe matches description\n$`},
		{"-l -n BEGIN", 0, `(?m)^    1     dtrace {53}BEGIN$`, `^$`},
		{"-l -i 1", 0, ` BEGIN\n$`, ``},
		{"-l -i 99999999", 1, `^$`, `invalid probe identifier 99999999`},
		{"-l -P dtrace", 0, `(?s) BEGIN\n.* END\n.* ERROR\n$`, ``},
		{"-l -s @hi", 0, ` BEGIN\n$`, ``},
		{"-l -s @bad", 1, `^$`, `failed to compile script`},
		{"-lv -n BEGIN", 0, `BEGIN\n\n\tProbe Description Attributes\n\t\tIdentifier Names: Stable\n\t\tData Semantics:   Stable\n\t\tDependency Class: Common\n\n\tArgument Attributes\n\t\tIdentifier Names: Stable\n\t\tData Semantics:   Stable\n\t\tDependency Class: Common\n\n\tArgument Types\n\t\tNone\n\n$`, ``},
		{"-lv -n profile-97", 0, `Identifier Names: Evolving(?s).*\tArgument Types\n\t\tNone\n`, ``},

		{"-e -n BEGIN", 0, `^$`, `^$`},
		{"-e -n BEGIN{", 1, ``, `syntax error`},
		{"-e -l -n BEGIN", 0, ` BEGIN\n`, ``},
		{"-ve -n dtrace:::BEGIN{exit(0)}", 0, `^\nStability attributes for description dtrace:::BEGIN:\n\n\tMinimum Probe Description Attributes\n\t\tIdentifier Names: Stable\n(?s).*\n\tMinimum Statement Attributes\n.*\ndtrace:::BEGIN\n\n\tProbe Description Attributes\n.*\n\tArgument Types\n\t\tNone\n\n$`, ``},
		{"-ve -n BEGIN{exit(0)}", 0, `Minimum Probe Description Attributes\n\t\tIdentifier Names: Unstable\n`, ``},
		{"-S -e -n BEGIN{exit(0)}", 0, ``, `exit`},

		{"-C -s @def", 0, ` 5\n`, ``},
		{"-s @def", 1, ``, `control line #define`},
		{"-xcpp -s @def", 0, ` 5\n`, ``},
		{"-C -DY=7 -s @y", 0, ` 7\n`, ``},
		{"-C -D Y=8 -s @y", 0, ` 8\n`, ``},
		{"-C -xdefine=Y=9 -s @y", 0, ` 9\n`, ``},
		{"-DY=7 -s @y", 1, ``, `failed to resolve Y`},
		{"-C -DFOO -s @ifdef", 0, ` 1\n`, ``},
		{"-C -DFOO -UFOO -s @ifdef", 0, ` 2\n`, ``},
		{"-C -s @ifdef", 0, ` 2\n`, ``},
		{"-X a -n BEGIN{exit(0)}", 0, ``, ``},
		{"-X z -n BEGIN{exit(0)}", 1, ``, `failed to set -X z: Invalid value for specified option`},

		{"-b 1m -n BEGIN{exit(0)}", 0, ``, ``},
		{"-b foo -n BEGIN{exit(0)}", 1, ``, `failed to set -b foo: Invalid value for specified option`},
		{"-b 0 -n BEGIN{exit(0)}", 1, ``, `could not enable tracing: Enabling exceeds size of buffer`},
		{"-x nosuch -n BEGIN", 1, ``, `^dtrace: failed to set -x nosuch: Invalid option name\n$`},
		{"-x nosuch=3 -n BEGIN", 1, ``, `^dtrace: failed to set -x nosuch: Invalid option name\n$`},
		{"-x bufsize=1x -n BEGIN", 1, ``, `failed to set -x bufsize: Invalid value for specified option`},
		{"-x bufsize=-1 -n BEGIN", 1, ``, `failed to set -x bufsize: Invalid value`},
		{"-x nspec=-1 -n BEGIN", 1, ``, `failed to set -x nspec: Invalid value`},
		{"-x specsize=-1 -n BEGIN", 1, ``, `failed to set -x specsize: Invalid value`},
		{"-x strsize=0 -n BEGIN", 1, ``, `failed to set -x strsize: Invalid value`},
		{"-x aggrate=foo -n BEGIN", 1, ``, `failed to set -x aggrate: Invalid value`},
		{"-x cpu=x -n BEGIN", 1, ``, `failed to set -x cpu: Invalid value`},
		{"-x quiet=foo -n BEGIN", 1, ``, `failed to set -x quiet: Invalid value`},
		{"-x quiet=no -n BEGIN{exit(0)}", 0, `FUNCTION:NAME`, ``},
		{"-x quiet -n BEGIN{trace(1);exit(0)}", 0, `^1\n$`, `^$`},
		{"-x bufpolicy=foo -n BEGIN", 1, ``, `Invalid value`},
		{"-x linkmode=foo -n BEGIN", 1, ``, `Invalid value`},
		{"-x version=x -n BEGIN", 1, ``, `Invalid value`},
		{"-x version=99.0 -n BEGIN", 1, ``, `Invalid value`},
		{"-x version=1.0 -n BEGIN{exit(0)}", 0, ``, ``},
		{"-x stdc=q -n BEGIN", 1, ``, `Invalid value`},
		{"-x pspec=foo -n BEGIN", 1, ``, ``},
		{"-x amin=foo -n BEGIN{exit(0)}", 1, ``, `amin`},
		{"-x amin=Stable/Stable/Common -n BEGIN{exit(0)}", 1, ``, `attributes for clause`},
		{"-x amin=Stable/Stable/Common -n dtrace:::BEGIN{exit(0)}", 0, ``, ``},
		{"-x lockmem=unlimited -n BEGIN{exit(0)}", 0, ``, ``},
		{"-x strsize=8 -q -n BEGIN{trace(\"abcdefghijkl\");exit(0)}", 0, `^abcdefg\n$`, ``},
		{"-x zdefs -n nosuch:::,BEGIN{exit(0)}", 0, ``, `matched 1 probe`},
		{"-L /nonexistent -q -n BEGIN{exit(0)}", 0, `^\n$`, `^$`},

		{"-n BEGIN{raise(0);exit(0)}", 1, `^$`, `could not enable tracing: Destructive actions not allowed`},
		{"-e -n BEGIN{raise(0);exit(0)}", 0, `^$`, `^$`},
		{"-w -e -n BEGIN{system(\"true\");exit(0)}", 0, ``, ``},
		{"-w -n BEGIN{system(\"echo~hi\");exit(0)}", 0, `hi`, `allowing destructive actions`},
		{"-o /nonexistent/out -n BEGIN{exit(0)}", 1, ``, `failed to open output file '/nonexistent/out': No such file or directory\n$`},
		{"-p foo -n BEGIN{exit(0)}", 1, ``, `invalid pid: foo`},
		{"-p 0 -n BEGIN{exit(0)}", 1, ``, `invalid pid: 0`},
		{"-F -n BEGIN{trace(1);exit(0)}", 0, `^CPU FUNCTION  (?s).*\n +\d+ \| :BEGIN  `, ``},
		{"-B -n BEGIN{trace(1);exit(0)}", 0, `^$`, ``},
		{"-n BEGIN{x=1}~BEGIN{exit(0)}", 0, ``, `matched 2 probes`},
	} {
		var args []string
		for _, a := range strings.Split(tt.args, " ") {
			a = strings.ReplaceAll(a, "~", " ")
			switch {
			case a == "@@hi":
				a = scripts["hi"]
			case strings.HasPrefix(a, "@"):
				a = paths[a[1:]]
			}
			args = append(args, a)
		}
		t.Run(tt.args, func(t *testing.T) {
			stdout, stderr, status := runLocal(t, nil, args...)
			if status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			if !regexp.MustCompile(tt.stdout).MatchString(stdout) {
				t.Errorf("standard output does not match %s", tt.stdout)
			}
			if !regexp.MustCompile(tt.stderr).MatchString(stderr) {
				t.Errorf("standard error does not match %s", tt.stderr)
			}
			if t.Failed() {
				t.Logf("standard output:\n%sstandard error:\n%s", stdout, stderr)
			}
		})
	}
}

// TestNoArguments wants the usage and status 2.
func TestNoArguments(t *testing.T) {
	var o, e bytes.Buffer
	status := run(nil, streams{out: &o, err: &e, env: func(string) string { return "" }})
	if status != 2 || !strings.Contains(e.String(), "Usage: dtrace") || o.Len() > 0 {
		t.Errorf("status %d, standard output %q, standard error %q", status, o.String(), e.String())
	}
}

// TestOptionEnvironment sets options by DTRACE_OPT_name, which -x overrides.
func TestOptionEnvironment(t *testing.T) {
	for _, tt := range []struct {
		env    []string
		args   []string
		status int
		stdout string
	}{
		{[]string{"DTRACE_OPT_quiet="}, []string{"-n", "BEGIN { trace(1); exit(0); }"}, 0, "1\n"},
		{[]string{"DTRACE_OPT_QUIET=1"}, []string{"-n", "BEGIN { trace(1); exit(0); }"}, 0, "1\n"},
		{[]string{"DTRACE_OPT_strsize=4"}, []string{"-q", "-n", `BEGIN { trace("abcdef"); exit(0); }`}, 0, "abc\n"},
		{[]string{"DTRACE_OPT_strsize=4"}, []string{"-x", "strsize=5", "-q", "-n", `BEGIN { trace("abcdef"); exit(0); }`}, 0, "abcd\n"},
		{[]string{"DTRACE_OPT_strsize=x"}, []string{"-q", "-n", bye}, 1, ""},
	} {
		stdout, stderr, status := runLocal(t, tt.env, tt.args...)
		if status != tt.status || stdout != tt.stdout {
			t.Errorf("%v %v: status %d, output %q, want %d, %q; %s", tt.env, tt.args, status, stdout, tt.status, tt.stdout, stderr)
		}
	}
}

// TestTestingOutput wants no CPU and ID columns with _DTRACE_TESTING.
func TestTestingOutput(t *testing.T) {
	stdout, _, _ := runLocal(t, []string{"_DTRACE_TESTING=1"}, "-n", "BEGIN { trace(7); exit(0); }")
	if want := "                   FUNCTION:NAME\n                          :BEGIN           7\n\n"; stdout != want {
		t.Errorf("output %q, want %q", stdout, want)
	}
}

// TestTestingMessages wants reasons without explanations with _DTRACE_TESTING, and
// none of what differs from run to run.
func TestTestingMessages(t *testing.T) {
	env := []string{"_DTRACE_TESTING=1"}
	for _, tt := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"-x", "bufsize=1x", "-n", "BEGIN"}, 1, "dtrace: failed to set -x bufsize: Invalid value for specified option\n"},
		{[]string{"-x", "nosuch", "-n", "BEGIN"}, 1, "dtrace: failed to set -x nosuch: Invalid option name\n"},
		{[]string{"-b", "1x", "-n", "BEGIN"}, 1, "dtrace: failed to set -b 1x: Invalid value for specified option\n"},
		{[]string{"-n", "BEGIN { raise(9); }"}, 1, "dtrace: description 'BEGIN ' matched 1 probe\ndtrace: could not enable tracing: Destructive actions not allowed\n"},
		{[]string{"-b", "8", "-n", "BEGIN { trace(1); }"}, 1, "dtrace: description 'BEGIN ' matched 1 probe\ndtrace: could not enable tracing: Enabling exceeds size of buffer\n"},
		{[]string{"-v", "-n", bye}, 0, "dtrace: description 'BEGIN ' matched 1 probe\n"},
	} {
		_, stderr, status := runLocal(t, env, tt.args...)
		if status != tt.status || stderr != tt.stderr {
			t.Errorf("%q: status %d, standard error %q, want %d, %q", tt.args, status, stderr, tt.status, tt.stderr)
		}
	}
}

// TestVerbose wants the attributes of a program that runs, without those of its
// probes, and then what tracing cost.
func TestVerbose(t *testing.T) {
	stdout, stderr, _ := runLocal(t, nil, "-qv", "-n", bye)
	want := "\nStability attributes for description BEGIN :\n" +
		"\n\tMinimum Probe Description Attributes\n\t\tIdentifier Names: Unstable\n\t\tData Semantics:   Unstable\n\t\tDependency Class: Common\n" +
		"\n\tMinimum Statement Attributes\n\t\tIdentifier Names: Stable\n\t\tData Semantics:   Stable\n\t\tDependency Class: Common\n\n\n"
	if stdout != want || !strings.HasPrefix(stderr, "dtrace: cost: 1 firings") {
		t.Errorf("output %q, want %q; standard error %q", stdout, want, stderr)
	}
}

// TestOutputFile wants -o to append.
func TestOutputFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for range 2 {
		stdout, stderr, status := runLocal(t, nil, "-q", "-o", out, "-n", `BEGIN { printf("x\n"); exit(0); }`)
		if status != 0 || stdout != "" {
			t.Fatalf("status %d, output %q, %s", status, stdout, stderr)
		}
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "x\n\nx\n\n"; string(b) != want {
		t.Errorf("file holds %q, want %q", b, want)
	}
}
