package bpf

import "github.com/godtrace/godtrace/ir"

// longBuiltin emits the string built-ins that take a walk through kernel
// structures.
func (c *clauseGen) longBuiltin(b ir.StrBuiltin, _ ir.Mem) error {
	return c.fail("string built-in variable %s has no eBPF form", b)
}
