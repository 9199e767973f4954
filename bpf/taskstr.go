package bpf

import (
	"strings"

	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// maxPathSteps bounds the way from a file to the root, mounts included.
const maxPathSteps = 256

// longBuiltin emits the string built-ins that take a walk through kernel
// structures.
func (c *clauseGen) longBuiltin(b ir.StrBuiltin, m ir.Mem) error {
	if err := c.need(FeatLoop, b.String()); err != nil {
		return err
	}
	switch b {
	case ir.SCwd:
		return c.taskPath("pwd", m)
	case ir.SRoot:
		return c.taskPath("root", m)
	case ir.SExecArgs:
		return c.execArgs(m)
	}
	return c.fail("string built-in variable %s has no meaning on Linux", b)
}

// members asks for the offsets of several members, each "structure.member".
func (c *clauseGen) members(names ...string) (off []int32, err error) {
	for _, n := range names {
		typ, member, _ := strings.Cut(n, ".")
		o, _, err := c.offset(typ, member)
		if err != nil {
			return nil, err
		}
		off = append(off, int32(o))
	}
	return off, nil
}

// taskPath makes m the path name of the current task's working or root
// directory.
func (c *clauseGen) taskPath(which string, m ir.Mem) error {
	o, err := c.members("task_struct.fs", "fs_struct."+which, "path.mnt", "path.dentry")
	if err != nil {
		return err
	}
	c.helper(asm.FnGetCurrentTaskBtf)
	c.load(r0, r0, o[0], 8)
	c.load(r1, r0, o[1]+o[2], 8)
	c.setVar(vX, r1)
	c.load(r1, r0, o[1]+o[3], 8)
	c.setVar(vY, r1)
	return c.walkPath(m)
}

// dPath makes M the path name of the struct path at kernel address A.
func (c *clauseGen) dPath(in *ir.Instr) error {
	o, err := c.members("path.mnt", "path.dentry")
	if err != nil {
		return err
	}
	for i, v := range []int{vX, vY} {
		c.address(r3, in.A, int64(o[i]))
		c.slotAddr(r1, c.slot.vars+8*uint32(v))
		c.movImm(r2, 8)
		c.helper(asm.FnProbeReadKernel)
		c.faultIfError(ir.FaultBadAddr, in.A, 0, false)
	}
	return c.walkPath(c.mem(in.M))
}

// walkPath makes m the path name of dentry vY on mount vX, as seen from the
// current task's root. It goes up from the file and writes names from the end of
// tmp on; what does not fit is left out at the front.
func (c *clauseGen) walkPath(m ir.Mem) error {
	o, err := c.members("task_struct.fs", "fs_struct.root", "path.mnt", "path.dentry",
		"dentry.d_parent", "dentry.d_name.name", "vfsmount.mnt_root", "mount.mnt", "mount.mnt_parent", "mount.mnt_mountpoint")
	if err != nil {
		return err
	}
	p := c.progGen
	parent, name, mntRoot, mnt, mntParent, mountpoint := o[4], o[5], o[6], o[7], o[8], o[9]
	end := c.strMask
	c.helper(asm.FnGetCurrentTaskBtf)
	c.load(r0, r0, o[0], 8)
	c.load(r1, r0, o[1]+o[2], 8)
	c.setVar(vFrom, r1)
	c.load(r1, r0, o[1]+o[3], 8)
	c.setVar(vTo, r1)
	c.setVarImm(vOut, int64(end))
	c.slotAddr(r1, c.slot.tmp+uint32(end))
	c.storeImm(r1, 0, 0, 1)
	c.loop("pathname", maxPathSteps, func() {
		stop := p.newLabel()
		// read puts the word at offset off of the address in r9 into d.
		read := func(d asm.Register, base asm.Register, off int32) {
			p.mov(r1, rFP)
			p.addImm(r1, -8)
			p.movImm(r2, 8)
			p.mov(r3, base)
			p.addImm(r3, int64(off))
			p.helper(asm.FnProbeReadKernel)
			p.jImm(asm.JNE, r0, 0, stop)
			p.load(d, rFP, -8, 8)
		}
		component, notRoot := p.newLabel(), p.newLabel()
		p.getVar(r8, vX)
		p.getVar(r9, vY)
		p.getVar(r1, vFrom)
		p.getVar(r2, vTo)
		p.jReg(asm.JNE, r8, r1, notRoot)
		p.jReg(asm.JEq, r9, r2, stop)
		p.bind(notRoot)
		read(r6, r8, mntRoot)
		p.jReg(asm.JNE, r6, r9, component)
		// The root of a mount: go on where it is mounted.
		p.aluImm(asm.Sub, r8, mnt)
		read(r6, r8, mountpoint)
		read(r9, r8, mntParent)
		p.jReg(asm.JEq, r9, r8, stop)
		p.setVar(vY, r6)
		p.addImm(r9, int64(mnt))
		p.setVar(vX, r9)
		p.again()
		p.bind(component)
		read(r6, r9, name)
		read(r8, r9, parent)
		p.jReg(asm.JEq, r8, r9, stop) // not connected
		p.setVar(vY, r8)
		p.mov(r1, r7)
		p.addImm(r1, int64(p.slot.tmp2))
		p.movImm(r2, int64(p.strMask)+1)
		p.mov(r3, r6)
		p.helper(asm.FnProbeReadKernelStr)
		p.jImm(asm.JSLE, r0, 1, stop)
		p.getVar(r1, vOut)
		p.jReg(asm.JGT, r0, r1, stop) // the name with its slash takes r0 bytes
		p.alu(asm.Sub, r1, r0)
		p.setVar(vOut, r1)
		p.mov(r2, r1)
		p.movImm(r3, '/')
		p.setChar(p.slot.tmp, r2, r3)
		p.mov(r2, r0)
		p.aluImm(asm.Sub, r2, 1)
		p.aluImm(asm.And, r2, p.strMask)
		p.aluImm(asm.Add, r1, 1)
		p.aluImm(asm.And, r1, p.strMask)
		p.alu(asm.Add, r1, r7)
		p.addImm(r1, int64(p.slot.tmp))
		p.mov(r3, r7)
		p.addImm(r3, int64(p.slot.tmp2))
		p.helper(asm.FnProbeReadKernel)
		p.again()
		p.bind(stop)
		p.stop()
	})
	some := c.newLabel()
	c.getVar(r4, vOut)
	c.jImm(asm.JNE, r4, end, some)
	c.aluImm(asm.Sub, r4, 1)
	c.setVar(vOut, r4)
	c.slotAddr(r1, c.slot.tmp+uint32(end)-1)
	c.storeImm(r1, 0, '/', 1)
	c.bind(some)
	c.aluImm(asm.And, r4, c.strMask)
	c.slotAddr(r3, c.slot.tmp)
	c.alu(asm.Add, r3, r4)
	c.putString(m, false)
	return nil
}

// execArgs makes m the arguments of the current process, with blanks between
// them. A kernel thread has none.
func (c *clauseGen) execArgs(m ir.Mem) error {
	o, err := c.members("task_struct.mm", "mm_struct.arg_start", "mm_struct.arg_end")
	if err != nil {
		return err
	}
	p := c.progGen
	none, small, done := c.newLabel(), c.newLabel(), c.newLabel()
	c.helper(asm.FnGetCurrentTaskBtf)
	c.load(r0, r0, o[0], 8)
	c.jImm(asm.JEq, r0, 0, none)
	c.load(r3, r0, o[1], 8)
	c.load(r2, r0, o[2], 8)
	c.jReg(asm.JGE, r3, r2, none)
	c.alu(asm.Sub, r2, r3)
	c.jImm(asm.JLE, r2, c.strMask, small)
	c.movImm(r2, int64(c.strMask))
	c.bind(small)
	c.setVar(vLenA, r2)
	c.slotAddr(r1, c.slot.tmp)
	c.helper(asm.FnProbeReadUser)
	c.jImm(asm.JNE, r0, 0, none)
	// The NUL behind the last argument stays.
	c.setVarImm(vI, 0)
	c.loop("execargs", int(c.strMask), func() {
		last, next := p.newLabel(), p.newLabel()
		p.getVar(r1, vI)
		p.getVar(r2, vLenA)
		p.mov(r4, r1)
		p.aluImm(asm.Add, r4, 1)
		p.setVar(vI, r4)
		p.jReg(asm.JGE, r4, r2, last)
		p.charAt(r3, p.slot.tmp, r1)
		p.jImm(asm.JNE, r3, 0, next)
		p.movImm(r3, ' ')
		p.setChar(p.slot.tmp, r1, r3)
		p.bind(next)
		p.again()
		p.bind(last)
		p.setVar(vI, r1)
		p.charAt(r3, p.slot.tmp, r1)
		end := p.newLabel()
		p.jImm(asm.JEq, r3, 0, end)
		p.setVar(vI, r4) // cut, or without its NUL
		p.bind(end)
		p.stop()
	})
	c.getVar(r1, vI)
	c.movImm(r3, 0)
	c.setChar(c.slot.tmp, r1, r3)
	c.putSlot(m, c.slot.tmp)
	c.jmp(done)
	c.bind(none)
	c.emptyString(m)
	c.bind(done)
	return nil
}
