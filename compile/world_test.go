package compile

import (
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// world is a small traced system.
type world struct {
	probes []*probe.Probe
	args   map[string][]check.Arg
	types  map[string]*ctype.Type
	syms   map[string]check.Symbol
}

func newWorld() *world {
	m := ctype.LP64
	s := ctype.NewSet(m)
	ptr := ctype.PtrTo
	mm := m.Layout(ctype.Struct, "mm_struct", []ctype.Member{
		{Name: "start", Type: s.ULong}, {Name: "arg_start", Type: ctype.UserPtrTo(s.Char)},
	})
	task := &ctype.Type{Kind: ctype.Struct, Name: "task_struct"}
	*task = *m.Layout(ctype.Struct, "task_struct", []ctype.Member{
		{Name: "state", Type: s.UInt}, {Name: "pid", Type: s.Int}, {Name: "tgid", Type: s.Int},
		{Name: "comm", Type: ctype.ArrayOf(s.Char, 16)}, {Name: "parent", Type: ptr(task)},
		{Name: "mm", Type: ptr(mm)}, {Name: "fa", Type: s.UInt, Bits: 3}, {Name: "fb", Type: s.Int, Bits: 5},
		{Name: "slots", Type: ctype.ArrayOf(s.Int, 4)}, {Name: "name", Type: ptr(s.Char)},
	})
	w := &world{
		args:  map[string][]check.Arg{},
		types: map[string]*ctype.Type{"struct task_struct": task, "struct mm_struct": mm},
		syms: map[string]check.Symbol{
			"jiffies":  {Name: "jiffies", Module: "vmlinux", Addr: 0xffffffff81000000, Type: s.ULong},
			"init_mm":  {Name: "init_mm", Module: "vmlinux", Addr: 0xffffffff81000100, Type: mm},
			"do_thing": {Name: "do_thing", Module: "vmlinux", Addr: 0xffffffff81000200, Func: true},
		},
	}
	add := func(p, m, f, n string) {
		w.probes = append(w.probes, &probe.Probe{ID: probe.ID(len(w.probes) + 1), Provider: p, Module: m, Function: f, Name: n})
	}
	add("dtrace", "", "", "BEGIN")
	add("dtrace", "", "", "END")
	add("dtrace", "", "", "ERROR")
	for _, f := range []string{"read", "write", "open"} {
		add("syscall", "vmlinux", f, "entry")
		add("syscall", "vmlinux", f, "return")
	}
	add("sched", "vmlinux", "", "on-cpu")
	w.args["syscall"] = []check.Arg{
		{Native: s.Int, Map: 0}, {Native: ctype.UserPtrTo(s.Char), Map: 1}, {Native: s.ULong, Map: 2},
	}
	w.args["sched"] = []check.Arg{{Native: ptr(task), Map: 0}}
	return w
}

func (w *world) Model() ctype.Model { return ctype.LP64 }

func (w *world) Probes(d probe.Desc, f func(*probe.Probe) bool) error {
	for _, p := range w.probes {
		if d.Match(p) && !f(p) {
			break
		}
	}
	return nil
}

func (w *world) Args(p *probe.Probe) ([]check.Arg, error) { return w.args[p.Provider], nil }

func (w *world) Type(module, name string) (*ctype.Type, error) { return w.types[name], nil }

func (w *world) Symbol(module, name string) (check.Symbol, bool, error) {
	s, ok := w.syms[name]
	return s, ok, nil
}

func (w *world) Enumerator(name string) (int64, *ctype.Type, bool) { return 0, nil, false }

func (w *world) Supports(op ir.Op, sub uint8) error { return nil }

// build compiles texts as one command line does.
func build(opt Options, copt check.Options, texts ...string) (*ir.Program, error) {
	c := check.New(newWorld(), copt)
	var infos []*check.Info
	for _, text := range texts {
		cfg := &syntax.Config{CommandLine: true, TypeName: c.IsType, Macros: map[string]int64{"target": 1}}
		prog, err := syntax.Parse(cfg, text)
		if err != nil {
			return nil, err
		}
		in, err := c.Check(prog)
		if err != nil {
			return nil, err
		}
		infos = append(infos, in)
	}
	return Compile(infos, opt)
}

func mustBuild(t *testing.T, texts ...string) *ir.Program {
	t.Helper()
	p, err := build(Options{}, check.Options{}, texts...)
	if err != nil {
		t.Fatalf("%.300q: %v", texts, err)
	}
	return p
}

// ops returns how often each operation is in the program, as text.
func ops(p *ir.Program) map[string]int {
	n := map[string]int{}
	for _, c := range p.Clauses {
		for _, in := range c.Code {
			n[in.Op.String()]++
		}
	}
	return n
}
