package check

import (
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// Limits of provider declarations: those of the format that describes them.
const (
	maxProviderName = 63
	maxProbeName    = 63
	maxProbeArgs    = 255
)

// provider checks the declaration of a user provider.
func (c *Checker) provider(n *syntax.Provider) {
	if l := len(n.Name); l > maxProviderName {
		c.fail(n, diag.D_PROV_BADNAME, "provider name %q has %d characters, at most %d are allowed", n.Name, l, maxProviderName)
	}
	if last := n.Name[len(n.Name)-1]; '0' <= last && last <= '9' {
		c.fail(n, diag.D_PROV_BADNAME, "provider name %q may not end with a digit: a process id follows it", n.Name)
	}
	seen := map[string]bool{}
	for _, p := range n.Probes {
		if seen[p.Name] {
			c.fail(p, diag.D_PROV_PRDUP, "probe redeclared: %s:::%s", n.Name, p.Name)
		}
		seen[p.Name] = true
		c.providerProbe(n, p)
	}
	if old := c.providers[n.Name]; old != nil {
		c.sameProvider(n, old)
		return
	}
	if !c.ctx.lib {
		c.hostProvider(n)
	}
	c.providers[n.Name] = n
}

// hostProvider refuses a declaration of a provider that the host has.
func (c *Checker) hostProvider(n *syntax.Provider) {
	m := c.match(probe.Desc{Provider: n.Name})
	if m.err == nil && len(m.ids) > 0 {
		c.fail(n, diag.D_PROV_INCOMPAT, "provider interface mismatch: %s is a provider of the host", n.Name)
	}
}

func (c *Checker) providerProbe(n *syntax.Provider, p *syntax.ProviderProbe) {
	if l := len(p.Name); l > maxProbeName {
		c.fail(p, diag.D_PROV_BADNAME, "probe name %q has %d characters, at most %d are allowed", p.Name, l, maxProbeName)
	}
	if len(p.Params) > maxProbeArgs {
		c.fail(p, diag.D_PROV_PRARGLEN, "probe %s has %d arguments, at most %d are allowed", p.Name, len(p.Params), maxProbeArgs)
	}
	if len(p.Translated) > maxProbeArgs {
		c.fail(p, diag.D_PROV_PRARGLEN, "probe %s has %d translated arguments, at most %d are allowed", p.Name, len(p.Translated), maxProbeArgs)
	}
	byName := map[string]*syntax.Param{}
	for i, a := range p.Params {
		t := c.typeExpr(a.Type)
		if _, assoc := a.Type.(*syntax.AssocType); assoc || t.Is(ctype.Dyn) || t.Is(ctype.Void) && len(p.Params) > 1 {
			c.fail(a, diag.D_DECL_PROTO_TYPE, "probe prototype may not use a parameter of type %s: parameter #%d", t, i+1)
		}
		if a.Name != "" {
			byName[a.Name] = a
		}
	}
	for i, a := range p.Translated {
		t := c.typeExpr(a.Type)
		if t.Is(ctype.Void) || t.Is(ctype.Dyn) {
			c.fail(a, diag.D_DECL_PROTO_TYPE, "probe prototype may not use a translated parameter of type %s: parameter #%d", t, i+1)
		}
		if a.Name == "" {
			c.fail(a, diag.D_DECL_PROTO_NAME, "translated argument #%d of probe %s:::%s names no argument that it comes from", i+1, n.Name, p.Name)
		}
		native := byName[a.Name]
		if native == nil {
			c.fail(a, diag.D_DECL_PROTO_FORM, "translated argument #%d of probe %s:::%s comes from %s, which is no argument of the probe", i+1, n.Name, p.Name, a.Name)
		}
		x := &Expr{Type: c.typeExpr(native.Type)}
		if !c.argCompat(t, x) && c.findTranslator(x, t) == nil {
			c.fail(a, diag.D_PROV_PRXLATOR, "translator from %s to %s is required for argument #%d of probe %s:::%s", x.Type, t, i+1, n.Name, p.Name)
		}
	}
}

// sameProvider refuses a second declaration of a provider that says something
// else.
func (c *Checker) sameProvider(n, old *syntax.Provider) {
	probes := map[string]*syntax.ProviderProbe{}
	for _, p := range old.Probes {
		probes[p.Name] = p
	}
	for _, p := range n.Probes {
		o := probes[p.Name]
		if o == nil {
			c.fail(p, diag.D_PROV_INCOMPAT, "provider interface mismatch: probe %s:::%s is not declared in line %d", n.Name, p.Name, old.Pos().Line)
		}
		if !c.sameParams(p.Params, o.Params) || !c.sameParams(p.Translated, o.Translated) {
			c.fail(p, diag.D_PROV_INCOMPAT, "provider interface mismatch: probe %s:::%s is declared with other arguments in line %d", n.Name, p.Name, o.Pos().Line)
		}
	}
	if len(n.Probes) != len(old.Probes) {
		c.fail(n, diag.D_PROV_INCOMPAT, "provider interface mismatch: %s is declared with %d probes here and %d in line %d", n.Name, len(n.Probes), len(old.Probes), old.Pos().Line)
	}
}

func (c *Checker) sameParams(a, b []*syntax.Param) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !ctype.Equal(c.typeExpr(a[i].Type), c.typeExpr(b[i].Type)) {
			return false
		}
	}
	return true
}
