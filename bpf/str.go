package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// builtinString emits BuiltinS.
func (c *clauseGen) builtinString(in *ir.Instr) error {
	m := c.mem(in.M)
	switch b := ir.StrBuiltin(in.Sub); b {
	case ir.SExecName, ir.SThreadName:
		c.addr(r1, m)
		c.movImm(r2, int64(min(m.Size, 16)))
		c.helper(asm.FnGetCurrentComm)
	default:
		return c.fail("string built-in variable %d has no meaning on Linux", b)
	}
	return nil
}

// strings emits the string operations.
func (c *clauseGen) strings(in *ir.Instr) error {
	return c.fail("operation %s has no eBPF form", in.Op)
}
