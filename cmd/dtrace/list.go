package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

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
	fmt.Fprintf(w, "%5s %10s %17s %33s %s\n", "ID", "PROVIDER", "MODULE", "FUNCTION", "NAME")
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

func (c *command) listDesc(w *bufio.Writer, d probe.Desc) error {
	var verr error
	err := c.tracer.Host().Probes(d, func(p *probe.Probe) bool {
		fmt.Fprintf(w, "%5d %10s %17s %33s %s\n", p.ID, p.Provider, p.Module, p.Function, p.Name)
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
	attr := func(title string, a probe.Attr) {
		fmt.Fprintf(w, "\n\t%s\n\t\tIdentifier Names: %s\n\t\tData Semantics:   %s\n\t\tDependency Class: %s\n", title, a.Name, a.Data, a.Class)
	}
	attrs := probe.Attrs{}
	if p.Attrs != nil {
		attrs = *p.Attrs
	}
	attr("Probe Description Attributes", leastAttr(p, attrs))
	attr("Argument Attributes", attrs.Args)
	fmt.Fprint(w, "\n\tArgument Types\n")
	args, err := c.tracer.Host().Args(p)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		fmt.Fprint(w, "\t\tNone\n")
	}
	for i, a := range args {
		t := a.Native
		if a.Trans != nil {
			t = a.Trans
		}
		name := ""
		if a.Name != "" {
			name = " " + a.Name
		}
		fmt.Fprintf(w, "\t\targs[%d]: %s%s\n", i, strings.TrimSpace(t.String()), name)
	}
	if h, ok := c.tracer.Host().(interface{ Notes(*probe.Probe) []string }); ok {
		if notes := h.Notes(p); len(notes) > 0 {
			fmt.Fprint(w, "\n\tHost\n")
			for _, n := range notes {
				fmt.Fprintf(w, "\t\t%s\n", n)
			}
		}
	}
	fmt.Fprint(w, "\n")
	return nil
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
