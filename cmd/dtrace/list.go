package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// list is -l: it prints the probes that the programs' descriptions match, or
// all of them.
func (c *command) list() error {
	all := make([][]probe.Desc, len(c.programs))
	for i := range c.programs {
		var err error
		if all[i], err = c.descriptions(&c.programs[i]); err != nil {
			return err
		}
	}
	w := bufio.NewWriterSize(c.out, 1<<16)
	defer w.Flush()
	name := "NAME"
	if c.counter() != nil {
		name = fmt.Sprintf("%-24s %10s", name, "EVENTS")
	}
	fmt.Fprintf(w, "%5s %10s %17s %33s %s\n", "ID", "PROVIDER", "MODULE", "FUNCTION", name)
	if len(c.programs) == 0 {
		return c.listDesc(w, probe.Desc{})
	}
	for _, descs := range all {
		for _, d := range descs {
			n := 0
			err := c.tracer.Host().Probes(d, func(*probe.Probe) bool { n++; return false })
			if err == nil && n > 0 {
				err = c.listDesc(w, d)
			}
			if err != nil || n == 0 {
				w.Flush()
				reason := "No probe matches description"
				if err != nil {
					reason = err.Error()
				}
				what := d.String()
				if d.ID != 0 {
					what = fmt.Sprint(d.ID)
				}
				fmt.Fprintf(c.err, "dtrace: failed to match %s: %s\n", what, reason)
			}
		}
	}
	return nil
}

// descriptions parses a program and returns its probe descriptions.
func (c *command) descriptions(p *program) ([]probe.Desc, error) {
	src, err := c.source(p)
	if err != nil {
		return nil, err
	}
	c.tracer.SetArgs(append([]string{c.programName(p)}, c.operands...))
	tree, err := c.tracer.Parse(src)
	if err != nil {
		return nil, c.compileError(p, err)
	}
	var out []probe.Desc
	for _, it := range tree.Items {
		cl, ok := it.(*syntax.Clause)
		if !ok {
			continue
		}
		for _, d := range cl.Probes {
			if d.Numeric && c.tracer.Host().ProbeByID(probe.ID(d.ID)) == nil {
				return nil, c.compileError(p, diag.Errorf(d.Pos(), diag.D_PDESC_INVAL, "invalid probe identifier %s: unknown probe identifier", d.Text))
			}
			out = append(out, probe.Desc{Provider: d.Provider, Module: d.Module, Function: d.Function, Name: d.Name, ID: probe.ID(d.ID)})
		}
	}
	return out, nil
}

// counter is a host that knows how often each probe will fire, nil for all others.
func (c *command) counter() interface {
	Events(*probe.Probe) (n int64, ok bool)
} {
	h, _ := c.tracer.Host().(interface {
		Events(*probe.Probe) (int64, bool)
	})
	return h
}

func (c *command) listDesc(w *bufio.Writer, d probe.Desc) error {
	var verr error
	counter := c.counter()
	err := c.tracer.Host().Probes(d, func(p *probe.Probe) bool {
		name := p.Name
		if counter != nil {
			if n, ok := counter.Events(p); ok {
				name = fmt.Sprintf("%-24s %10d", name, n)
			}
		}
		fmt.Fprintf(w, "%5d %10s %17s %33s %s\n", p.ID, p.Provider, p.Module, p.Function, name)
		if c.verbose {
			verr = c.listArgs(w, p)
		}
		return verr == nil
	})
	if err != nil && !(d == probe.Desc{} && errors.Is(err, host.ErrNotSupported)) {
		return err
	}
	return verr
}

// listArgs is -lv: stability and typed arguments of a probe.
func (c *command) listArgs(w *bufio.Writer, p *probe.Probe) error {
	attrs := probe.Attrs{}
	if p.Attrs != nil {
		attrs = *p.Attrs
	}
	args, err := c.tracer.Host().Args(p)
	if err != nil {
		return err
	}
	var notes []string
	if h, ok := c.tracer.Host().(interface{ Notes(*probe.Probe) []string }); ok {
		notes = h.Notes(p)
	}
	c.printProbeInfo(w, leastAttr(p, attrs), attrs.Args, args, notes)
	return nil
}

// printAttr prints stability attributes under a title.
func printAttr(w io.Writer, title string, a probe.Attr) {
	fmt.Fprintf(w, "\n\t%s\n\t\tIdentifier Names: %s\n\t\tData Semantics:   %s\n\t\tDependency Class: %s\n", title, a.Name, a.Data, a.Class)
}

// printProbeInfo prints the stability and the arguments of a probe, and outside of
// tests what only this tool knows: the arguments' names, and notes of the host.
func (c *command) printProbeInfo(w io.Writer, desc, arg probe.Attr, args []check.Arg, notes []string) {
	printAttr(w, "Probe Description Attributes", desc)
	printAttr(w, "Argument Attributes", arg)
	fmt.Fprint(w, "\n\tArgument Types\n")
	if len(args) == 0 {
		fmt.Fprint(w, "\t\tNone\n")
	}
	for i, a := range args {
		t := a.Native
		if a.Trans != nil {
			t = a.Trans
		}
		name := ""
		if a.Name != "" && !c.testing {
			name = " " + a.Name
		}
		fmt.Fprintf(w, "\t\targs[%d]: %s%s\n", i, strings.TrimSpace(t.String()), name)
	}
	if len(notes) > 0 && !c.testing {
		fmt.Fprint(w, "\n\tHost\n")
		for _, n := range notes {
			fmt.Fprintf(w, "\t\t%s\n", n)
		}
	}
	fmt.Fprint(w, "\n")
}

// unsettled are the attributes of what is not one probe of one provider.
var unsettled = probe.Attr{Name: probe.Unstable, Data: probe.Unstable, Class: probe.ClassCommon}

// stability is -v: the stability of a program and, if it is not to run, of each of
// its probe descriptions.
func (c *command) stability(p *program) error {
	w := bufio.NewWriter(c.out)
	fmt.Fprintf(w, "\nStability attributes for %s:\n", p.title())
	printAttr(w, "Minimum Probe Description Attributes", p.unit.DescAttr)
	printAttr(w, "Minimum Statement Attributes", p.unit.Attr)
	if !c.early {
		fmt.Fprintln(w)
		return w.Flush()
	}
	var last probe.Desc
	for _, d := range p.unit.Descriptions() {
		if d == last {
			continue
		}
		last = d
		fmt.Fprintf(w, "\n%s\n", d)
		var found []*probe.Probe
		if err := c.tracer.Host().Probes(d, func(q *probe.Probe) bool {
			found = append(found, q)
			return len(found) < 2
		}); err != nil {
			return err
		}
		desc, arg, args := unsettled, unsettled, []check.Arg(nil)
		if len(found) > 0 && found[0].Attrs != nil && d.Provider != "" && !probe.IsGlob(d.Provider) {
			desc, arg = check.DescAttr(d, found[0].Attrs), found[0].Attrs.Args
		}
		if len(found) == 1 {
			var err error
			if args, err = c.tracer.Host().Args(found[0]); err != nil {
				return err
			}
		}
		c.printProbeInfo(w, desc, arg, args, nil)
	}
	return w.Flush()
}

// leastAttr joins the attributes of the parts that a probe's name has.
func leastAttr(p *probe.Probe, a probe.Attrs) probe.Attr {
	m := a.Provider
	for _, part := range []struct {
		text string
		attr probe.Attr
	}{{p.Module, a.Module}, {p.Function, a.Function}, {p.Name, a.Name}} {
		if part.text == "" {
			continue
		}
		b := part.attr
		m.Name, m.Data, m.Class = min(m.Name, b.Name), min(m.Data, b.Data), min(m.Class, b.Class)
	}
	return m
}
