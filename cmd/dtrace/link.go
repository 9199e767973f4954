package main

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/format/elfobj"
	"github.com/godtrace/godtrace/format/stapsdt"
	"github.com/godtrace/godtrace/syntax"
)

// link is -G: it checks that the objects use probes that the scripts' providers
// declare, makes places of probes of the calls in objects that were compiled with
// another DTrace's header, and writes the object that all are linked with.
func (c *command) link() (int, error) {
	if err := c.openForProviders(); err != nil {
		return 0, err
	}
	defer c.tracer.Close()
	perProgram := make([][]stapsdt.Probe, len(c.programs))
	var all []stapsdt.Probe
	for i := range c.programs {
		p := &c.programs[i]
		list, err := c.providers(p)
		if err != nil {
			return 0, err
		}
		for _, it := range p.unit.Tree().Items {
			if cl, ok := it.(*syntax.Clause); ok {
				return 0, fatalf("failed to link %s: line %d: a probe clause cannot be put into an object, only providers can", p.title(), cl.Pos().Line)
			}
		}
		for _, pv := range list {
			for _, pr := range pv.Probes {
				perProgram[i] = append(perProgram[i], noteProbe(p.unit.Info(), pv, pr))
			}
		}
		all = append(all, perProgram[i]...)
	}
	outs := []string{c.outFile}
	if c.outFile == "" {
		outs = c.objectNames()
	} else {
		perProgram = [][]stapsdt.Probe{all}
	}
	if err := c.linkObjects(outs, perProgram, all); err != nil {
		return 0, fatalf("failed to link %s: %v", c.programs[0].title(), err)
	}
	return statusOK, nil
}

// objectNames are the files that -G writes without -o: a script's name with .o,
// and else d.out, with a number if there are several programs.
func (c *command) objectNames() []string {
	list := make([]string, len(c.programs))
	for i, p := range c.programs {
		base, ok := strings.CutSuffix(p.arg, ".d")
		switch {
		case ok && p.letter == 's':
			list[i] = base + ".o"
		case len(c.programs) > 1:
			list[i] = fmt.Sprintf("d.out.%d", i)
		default:
			list[i] = "d.out"
		}
	}
	return list
}

// hostMachine is what objects are made for if none is given.
var hostMachine = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// machineOf returns the machine of a GOARCH.
func machineOf(arch string) (elf.Machine, error) {
	m := hostMachine[arch]
	if m == 0 {
		return 0, fmt.Errorf("cannot make an object for this machine (%s): want objects for x86-64 or arm64", arch)
	}
	return m, nil
}

// linkObjects reads and changes the objects of the command line and writes those
// of the programs. Nothing is written if anything is wrong.
func (c *command) linkObjects(outs []string, perProgram [][]stapsdt.Probe, all []stapsdt.Probe) error {
	var machine elf.Machine
	if len(c.operands) == 0 {
		var err error
		if machine, err = machineOf(runtime.GOARCH); err != nil {
			return err
		}
	}
	places := map[string]bool{}
	var changed []*elfobj.File
	used, later := 0, false
	for i, name := range c.operands {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("failed to open %s: %s", name, reason(err))
		}
		f, err := elfobj.Read(name, data)
		if err != nil {
			return err
		}
		if err := stapsdt.Supported(f.Machine); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if i > 0 && f.Machine != machine {
			return fmt.Errorf("%s: an object for %v, the objects before it are for %v", name, f.Machine, machine)
		}
		machine = f.Machine
		use, err := stapsdt.Patch(f, all)
		if err != nil {
			return err
		}
		if use.Calls > 0 {
			changed = append(changed, f)
		}
		later = later || use.Later
		used += use.Calls + use.Notes + len(use.Functions)
		for p := range use.Functions {
			places[p] = true
		}
	}
	if len(c.operands) > 0 && used == 0 && !later {
		return fmt.Errorf("No probe sites found for declared provider") //lint:ignore ST1005 as other DTraces say it
	}
	files := make([]*elfobj.File, len(outs))
	for i, out := range outs {
		var err error
		if files[i], err = stapsdt.Object(out, machine, perProgram[i], func(p *stapsdt.Probe) bool { return later || places[p.String()] }); err != nil {
			return err
		}
	}
	for _, f := range append(changed, files...) {
		if err := writeObject(f); err != nil {
			return err
		}
	}
	return nil
}

// writeObject writes an object beside its place and then moves it there, so that
// no half of one is ever seen. One that is there keeps its permissions.
func writeObject(f *elfobj.File) error {
	data, err := f.Bytes()
	if err != nil {
		return err
	}
	name := f.Name
	mode := os.FileMode(0o666)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
		st, err := os.Stat(name)
		if err != nil {
			return err
		}
		if mode = st.Mode().Perm(); !st.Mode().IsRegular() {
			return os.WriteFile(name, data, mode)
		}
	}
	tmp := fmt.Sprintf("%s.%d.tmp", name, os.Getpid())
	w, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err == nil {
		_, err = w.Write(data)
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = os.Rename(tmp, name)
		}
		if err != nil {
			os.Remove(tmp)
		}
	}
	if err != nil {
		return fmt.Errorf("failed to write %s: %s", f.Name, reason(err))
	}
	return nil
}

// noteProbe is a declared probe as its note describes it.
func noteProbe(info *check.Info, pv *syntax.Provider, p *syntax.ProviderProbe) stapsdt.Probe {
	n := stapsdt.Probe{Provider: pv.Name, Name: p.Name}
	if len(p.Params) > maxNoteArgs {
		n.Reason = fmt.Sprintf("%d arguments, a note has at most %d", len(p.Params), maxNoteArgs)
	}
	for i, a := range p.Params {
		t := info.TypeExpr(a.Type)
		arg := stapsdt.Arg{Size: 8}
		switch {
		case t.Is(ctype.Void) && len(p.Params) == 1:
			return n
		case t.IsInt():
			arg = stapsdt.Arg{Size: int(info.Model().Size(t)), Signed: t.IsSigned()}
		case t.Is(ctype.Pointer), t.Is(ctype.Array), t.Is(ctype.String), t.Is(ctype.Func):
		default:
			n.Reason = fmt.Sprintf("argument %d has type %s, a note can only have integers and pointers", i, t)
		}
		n.Args = append(n.Args, arg)
	}
	return n
}
