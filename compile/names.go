package compile

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// partName is what is known of one part of the names of a clause's probes.
type partName struct {
	max   int64  // size in bytes of the longest, NUL included
	text  string // the text, if fixed
	fixed bool   // all have the same text, and the descriptions allow no other
}

// partOf returns what is known of a part of the names of the current clause's
// probes; nothing unless Options.Probe is set.
//
// Programs compare probefunc with constants, or use it as key, in clauses whose
// descriptions leave no choice; and where they do leave one, names are much
// shorter than strings may be.
func (c *compiler) partOf(s ir.StrBuiltin) partName {
	if c.opt.Probe == nil || c.clauseNow == nil || len(c.clauseNow.Probes) == 0 {
		return partName{max: c.str}
	}
	p, ok := c.parts[c.clauseNow]
	if !ok {
		p = c.findParts(c.clauseNow)
		c.parts[c.clauseNow] = p
	}
	return p[s-ir.SProbeProv]
}

func (c *compiler) findParts(cl *check.Clause) (parts [4]partName) {
	split := func(p, m, f, n string) [4]string { return [4]string{p, m, f, n} }
	for i, id := range cl.Probes {
		p := c.opt.Probe(id)
		if p == nil {
			return [4]partName{{max: c.str}, {max: c.str}, {max: c.str}, {max: c.str}}
		}
		for k, s := range split(p.Provider, p.Module, p.Function, p.Name) {
			q := &parts[k]
			q.max = max(q.max, int64(len(s))+1)
			q.fixed = (i == 0 || q.fixed && q.text == s) && int64(len(s)) < c.str
			q.text = s
		}
	}
	for i := range cl.Descs {
		d := &cl.Descs[i]
		for k, s := range split(d.Provider, d.Module, d.Function, d.Name) {
			// A pattern, or a number, may come to match more probes.
			if probe.IsGlob(s) || s != parts[k].text {
				parts[k].fixed = false
			}
		}
	}
	return parts
}
