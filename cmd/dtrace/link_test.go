package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/elfobj"
	"github.com/godtrace/godtrace/format/stapsdt"
)

// workshop is a folder in which programs are made.
type workshop struct {
	t   *testing.T
	dir string
}

func (w workshop) path(name string) string { return filepath.Join(w.dir, name) }

func (w workshop) write(name, text string) string {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.path(name)
}

// dtrace runs the command and wants a status.
func (w workshop) dtrace(want int, args ...string) (stderr string) {
	w.t.Helper()
	var out, msg bytes.Buffer
	if status := run(args, streams{out: &out, err: &msg, env: func(string) string { return "" }}); status != want {
		w.t.Fatalf("dtrace %q: status %d, want %d: %s", args, status, want, msg.String())
	}
	return msg.String()
}

// tool runs a program in the folder.
func (w workshop) tool(name string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// newWorkshop is a workshop with a compiler.
func newWorkshop(t *testing.T) workshop {
	t.Helper()
	needCompiler(t)
	return workshop{t, t.TempDir()}
}

// needCompiler skips the test where gcc does not make objects of a machine whose
// calls are known, or there is none.
func needCompiler(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || hostMachine[runtime.GOARCH] == 0 {
		t.Skipf("objects are for Linux on x86-64 or arm64, this is %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	needTools(t, "gcc")
}

func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no %s in the path", name)
		}
	}
}

// toolchain makes programs for a machine and runs them.
type toolchain struct {
	arch string
	cc   string
	run  []string // the emulator's command line, nil if none is needed
}

// toolchains are the machine's own and, if it is another, one for arm64.
func toolchains() []toolchain {
	list := []toolchain{{arch: runtime.GOARCH, cc: "gcc"}}
	if runtime.GOARCH != "arm64" {
		list = append(list, toolchain{"arm64", "aarch64-linux-gnu-gcc", []string{"qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"}})
	}
	return list
}

const appD = `provider my_app {
	probe query__start(int, char *);
	probe big(char, short, unsigned int, long, int, void *, int, uint64_t, int, char);
	probe done();
};
`

// classicH is a header as other DTraces write them: probes are calls of functions
// that nobody defines.
const classicH = `
extern void __dtrace_my_app___query__start(int, const char *);
extern int __dtraceenabled_my_app___query__start(void);
extern void __dtrace_my_app___big(char, short, unsigned, long, int, void *, int, unsigned long, int, char);
extern void __dtrace_my_app___done(void);
extern unsigned short my_app_query__start_semaphore __attribute__((visibility("hidden")));
`

const mainC = `#include <stdio.h>
#include "app.h"
int tail(int);
static __attribute__((noinline)) int st(int x) { __dtrace_my_app___query__start(x, "st"); return x + 1; }
__attribute__((noinline, section(".text.other"))) int other(int x) { __dtrace_my_app___done(); return x + 2; }
int main(int c, char **v)
{
	void (*volatile f)(void) = __dtrace_my_app___done;
	int e = __dtraceenabled_my_app___query__start();
	my_app_query__start_semaphore = 1;
	__dtrace_my_app___big(1, 2, 3, 4, 5, v, 7, 8, 9, 10);
	f();
	printf("%d %d %d\n", st(c) + other(c) + tail(c), e, __dtraceenabled_my_app___query__start());
	return 0;
}
`

const tailC = `#include "app.h"
__attribute__((noinline)) void last(int x) { __dtrace_my_app___query__start(x, "last"); }
int tail(int x) { last(x); return x + 3; }
`

// TestLink links programs that were compiled with a header of calls: they run as
// without probes, and have the places of all of them.
func TestLink(t *testing.T) {
	needCompiler(t)
	for _, tc := range toolchains() {
		t.Run(tc.arch, func(t *testing.T) {
			needTools(t, append([]string{tc.cc}, tc.run[:min(1, len(tc.run))]...)...)
			tc.link(workshop{t, t.TempDir()})
		})
	}
}

func (tc toolchain) link(w workshop) {
	// On arm64 these calls go through a register, and so to the functions of -G.
	noPLT := [2]int{4, 5}
	if tc.arch == "arm64" {
		noPLT = [2]int{0, 3}
	}
	script := w.write("app.d", appD)
	w.write("app.h", classicH)
	w.write("main.c", mainC)
	w.write("tail.c", tailC)
	for _, c := range []struct {
		flags  string
		calls  int // places that are no function of the object that -G writes
		places int
	}{
		{"-O0", 4, 5},
		{"-O2", 4, 5},
		{"-O2 -fPIC -ffunction-sections", 4, 5},
		{"-O2 -fno-plt", noPLT[0], noPLT[1]},
		{"-O2 -flto", 0, 3},
	} {
		w.t.Run(c.flags, func(t *testing.T) {
			w := workshop{t, w.dir}
			flags := strings.Fields(c.flags)
			w.tool(tc.cc, append(slices.Clone(flags), "-g", "-Wall", "-Werror", "-c", "main.c", "tail.c")...)
			// The second time, there is nothing left to change.
			for range 2 {
				w.dtrace(statusOK, "-G", "-s", script, w.path("main.o"), w.path("tail.o"))
			}
			w.tool(tc.cc, append(slices.Clone(flags), "-o", "prog", "main.o", "tail.o", "app.o")...)
			prog := append(slices.Clone(tc.run), w.path("prog"))
			if got, want := w.tool(prog[0], prog[1:]...), "9 0 1\n"; got != want {
				t.Errorf("the program printed %q, want %q", got, want)
			}
			notes, functions := notesOfProgram(t, w.path("prog"))
			if len(notes) != c.places || len(notes)-functions != c.calls {
				t.Errorf("%d places, %d of them functions, want %d and %d: %v", len(notes), functions, c.places, c.places-c.calls, notes)
			}
			for _, n := range notes {
				regs := strings.Contains(n.Args, "%edi 8@%rsi") || strings.Contains(n.Args, "x0 8@x1")
				if n.Provider != "my_app" || n.Name == "query-start" && !regs || n.PC == 0 || n.Semaphore == 0 || n.Base == 0 {
					t.Errorf("note %+v", n)
				}
			}
			if _, err := exec.LookPath("readelf"); err == nil {
				if out := w.tool("readelf", "-n", "prog"); strings.Count(out, "Provider: my_app") != c.places || strings.Contains(out, "arning") {
					t.Errorf("readelf -n:\n%s", out)
				}
			}
		})
	}
}

// notesOfProgram returns a program's notes, and how many of the places are in
// functions that are places themselves.
func notesOfProgram(t *testing.T, prog string) (notes []stapsdt.Note, functions int) {
	t.Helper()
	f, err := elf.Open(prog)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := f.Section(".note.stapsdt").Data()
	if err != nil {
		t.Fatal(err)
	}
	if notes, err = stapsdt.Notes(data); err != nil {
		t.Fatal(err)
	}
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		for _, s := range syms {
			if strings.HasPrefix(s.Name, "__dtrace_") && s.Value <= n.PC && n.PC < s.Value+s.Size {
				functions++
			}
		}
	}
	return notes, functions
}

// TestLinkHeader links a program that was compiled with the header of -h: -G
// finds its places and changes nothing.
func TestLinkHeader(t *testing.T) {
	w := newWorkshop(t)
	script := w.write("app.d", appD)
	w.dtrace(statusOK, "-h", "-s", script)
	w.write("main.c", "#include \"app.h\"\nint main(int c, char **v) { MY_APP_QUERY_START(c, v[0]); return MY_APP_DONE_ENABLED(); }\n")
	w.tool("gcc", "-O2", "-c", "main.c")
	before, err := os.ReadFile(w.path("main.o"))
	if err != nil {
		t.Fatal(err)
	}
	w.dtrace(statusOK, "-G", "-64", "-s", script, "-o", w.path("probes.o"), w.path("main.o"))
	after, err := os.ReadFile(w.path("main.o"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the object was changed (error %v)", err)
	}
	w.tool("gcc", "-o", "prog", "main.o", "probes.o")
	w.tool(w.path("prog"))
	if notes, _ := notesOfProgram(t, w.path("prog")); len(notes) != 1 || notes[0].Name != "query-start" {
		t.Errorf("notes %+v, want one of query-start", notes)
	}
}

// TestLinkLibrary links a library of C++ with functions that are in two objects.
func TestLinkLibrary(t *testing.T) {
	w := newWorkshop(t)
	needTools(t, "g++")
	script := w.write("app.d", appD)
	w.write("app.h", "extern \"C\" {"+classicH+"}\n#define PROBE template <class T> __attribute__((noinline)) int f(T x) { __dtrace_my_app___query__start(x, \"f\"); return x; }\n")
	w.write("a.cc", "#include \"app.h\"\nPROBE\nint a(int x) { return f<int>(x); }\n")
	w.write("b.cc", "#include \"app.h\"\nPROBE\nint b(int x) { return f<int>(x); }\n")
	w.tool("g++", "-O2", "-fPIC", "-c", "a.cc", "b.cc")
	w.dtrace(statusOK, "-G", "-s", script, w.path("a.o"), w.path("b.o"))
	w.tool("g++", "-shared", "-Wl,-z,defs", "-Wl,--fatal-warnings", "-o", "lib.so", "a.o", "b.o", "app.o")
	if notes, _ := notesOfProgram(t, w.path("lib.so")); len(notes) != 1 || notes[0].PC == 0 {
		t.Errorf("notes %+v, want one", notes)
	}
}

// TestLinkErrors wants messages that name the object, and nothing written.
func TestLinkErrors(t *testing.T) {
	w := newWorkshop(t)
	script := w.write("app.d", appD)
	compile := func(name, text string) string {
		w.write(name+".c", text)
		w.tool("gcc", "-c", name+".c")
		return w.path(name + ".o")
	}
	good := compile("good", "void __dtrace_my_app___done(void); void f(void) { __dtrace_my_app___done(); }\n")
	undeclared := compile("undeclared", "void __dtrace_my_app___gone(void); void f(void) { __dtrace_my_app___gone(); }\n")
	none := compile("none", "int x;\n")
	w.tool("gcc", "-shared", "-o", "lib.so", "none.o")
	float := w.write("float.d", "provider my_app { probe done(float); };\n")
	other := w.path("other.o")
	for _, m := range []struct {
		name    string
		machine string
	}{{other, map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]}} {
		f, err := stapsdt.Object(m.name, hostMachine[m.machine], nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		w.write("other.o", string(data))
	}
	before, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-G"}, statusUsage, "-G requires one or more scripts or enabling options"},
		{[]string{"-G", "-n", "BEGIN"}, statusError, "failed to link description BEGIN: line 1: a probe clause cannot be put into an object"},
		{[]string{"-G", "-s", script, good, w.path("nosuch.o")}, statusError, "failed to link script " + script + ": failed to open " + w.path("nosuch.o")},
		{[]string{"-G", "-s", script, good, script}, statusError, script + ": not an ELF object"},
		{[]string{"-G", "-s", script, good, w.path("lib.so")}, statusError, "lib.so: an ELF file of type ET_DYN: want a relocatable object"},
		{[]string{"-G", "-s", script, good, undeclared}, statusError, "undeclared.o: uses probe my_app:::gone, which is not declared"},
		{[]string{"-G", "-s", script, good, other}, statusError, "other.o: an object for EM_"},
		{[]string{"-G", "-s", script, none}, statusError, "No probe sites found for declared provider"},
		{[]string{"-G", "-s", float, good}, statusError, "probe my_app:::done: argument 0 has type float, a note can only have integers and pointers"},
	} {
		if msg := w.dtrace(c.status, c.args...); !strings.Contains(msg, c.want) {
			t.Errorf("dtrace %q: %s, want %q", c.args, msg, c.want)
		}
	}
	after, err := os.ReadFile(good)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("an object was changed though -G failed (error %v)", err)
	}
	if _, err := os.Stat(w.path("app.o")); err == nil {
		t.Error("an object was written though -G failed")
	}
}

// TestLinkNames wants the files that -G writes without -o.
func TestLinkNames(t *testing.T) {
	for _, c := range []struct {
		programs []program
		want     []string
	}{
		{[]program{{letter: 's', arg: "a/b.d"}}, []string{"a/b.o"}},
		{[]program{{letter: 's', arg: "b.txt"}}, []string{"d.out"}},
		{[]program{{letter: 'n', arg: "x.d"}}, []string{"d.out"}},
		{[]program{{letter: 's', arg: "b"}, {letter: 's', arg: "c.d"}, {letter: 's', arg: "d"}}, []string{"d.out.0", "c.o", "d.out.2"}},
	} {
		if got := (&command{programs: c.programs}).objectNames(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.programs, got, c.want)
		}
	}
}

// TestLinkAlone writes an object without having any, which can be read.
func TestLinkAlone(t *testing.T) {
	w := workshop{t, t.TempDir()}
	script := w.write("app.d", appD)
	if _, err := machineOf("riscv64"); err == nil || !strings.Contains(err.Error(), "riscv64") || !strings.Contains(err.Error(), "x86-64 or arm64") {
		t.Errorf("riscv64: error %v, want the machine and those that there are", err)
	}
	if _, err := machineOf(runtime.GOARCH); err != nil {
		w.dtrace(statusError, "-G", "-s", script)
		return
	}
	w.dtrace(statusOK, "-G", "-s", script)
	data, err := os.ReadFile(w.path("app.o"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := elfobj.Read("app.o", data)
	if err != nil {
		t.Fatal(err)
	}
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range syms {
		names = append(names, s.Name)
	}
	for _, want := range []string{"my_app_query__start_semaphore", "__dtrace_my_app___done", "__dtraceenabled_my_app___big"} {
		if !slices.Contains(names, want) {
			t.Errorf("symbols %q lack %s", names, want)
		}
	}
}
