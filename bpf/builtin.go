package bpf

import (
	"strings"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/godtrace/godtrace/ir"
)

// params builds the parameters of a global function from "type name" pairs.
func params(list string) (ps []btf.FuncParam) {
	long := &btf.Int{Name: "long", Size: 8, Encoding: btf.Signed}
	for _, s := range strings.Split(list, ",") {
		f := strings.Fields(s)
		ps = append(ps, btf.FuncParam{Name: f[1], Type: long})
	}
	return ps
}

// regs is where pt_regs has things, by architecture.
type regs struct {
	args       []int32 // of a C call
	syscall    []int32
	ret, pc    int32
	sp         int32
	mode       int32 // word that tells user mode
	modeMask   int32
	userIfZero bool
	words      int
}

var ptRegs = map[Arch]*regs{
	AMD64: {args: []int32{112, 104, 96, 88, 72, 64}, syscall: []int32{112, 104, 96, 56, 72, 64}, ret: 80, pc: 128, sp: 152, mode: 136, modeMask: 3, words: 21},
	ARM64: {args: []int32{0, 8, 16, 24, 32, 40, 48, 56}, syscall: []int32{0, 8, 16, 24, 32, 40}, ret: 0, pc: 256, sp: 248, mode: 264, modeMask: 0xf, userIfZero: true, words: 34},
}

// builtin emits BuiltinI.
func (c *clauseGen) builtin(in *ir.Instr) error {
	b := ir.Builtin(in.Sub)
	switch b {
	case ir.BArg:
		if err := c.arg(int(in.Imm)); err != nil {
			return err
		}
	case ir.BPID:
		c.pidTgid(r0)
		c.aluImm(asm.RSh, r0, 32)
	case ir.BTID:
		c.pidTgid(r0)
		c.extend(r0, 4, false)
	case ir.BUID, ir.BGID:
		c.helper(asm.FnGetCurrentUidGid)
		if b == ir.BUID {
			c.extend(r0, 4, false)
		} else {
			c.aluImm(asm.RSh, r0, 32)
		}
	case ir.BPPID:
		return c.chain(in, 4, "task_struct.real_parent", "task_struct.tgid")
	case ir.BVTimestamp:
		return c.vtimestamp(in)
	case ir.BCPU:
		c.helper(asm.FnGetSmpProcessorId)
		c.extend(r0, 4, false)
	case ir.BTimestamp:
		c.timestamp(r0)
	case ir.BWallTimestamp:
		c.timestamp(r0)
		c.mapValue(r1, MapControl, CtlWall)
		c.load(r1, r1, 0, 8)
		c.alu(asm.Add, r0, r1)
	case ir.BErrno:
		c.errno()
	case ir.BCurThread, ir.BThreadKey:
		c.helper(asm.FnGetCurrentTask)
	case ir.BEPID:
		c.epidTo(r0)
	case ir.BID:
		c.probeID(r0)
	case ir.BRand:
		c.helper(asm.FnGetPrandomU32)
		c.store(rFP, c.ownOff(ownTmp), r0, 8)
		c.helper(asm.FnGetPrandomU32)
		c.aluImm(asm.LSh, r0, 32)
		c.load(r1, rFP, c.ownOff(ownTmp), 8)
		c.extend(r1, 4, false)
		c.alu(asm.Or, r0, r1)
	case ir.BCaller, ir.BUCaller:
		c.caller(b == ir.BUCaller)
	case ir.BStackDepth, ir.BUStackDepth:
		c.depth(b == ir.BUStackDepth)
	case ir.BUReg:
		return c.userReg(in)
	case ir.BIPL:
		// Linux has no interrupt priority levels: 0 in thread context, as elsewhere
		// where the hardware has none.
		c.movImm(r0, 0)
	case ir.BCurCPU:
		return c.fail("curcpu is the address of a structure that this kernel does not have; use cpu")
	default:
		return c.fail("built-in variable %d has no meaning on Linux", b)
	}
	c.put(in.Dst, r0)
	return nil
}

// chain follows members from the current task and makes the last one, of the
// given size, the value. The kernel knows the types, so no helper is needed.
func (c *clauseGen) chain(in *ir.Instr, want uint32, members ...string) error {
	c.helper(asm.FnGetCurrentTaskBtf)
	for i, m := range members {
		typ, member, _ := strings.Cut(m, ".")
		off, size, err := c.offset(typ, member)
		if err != nil {
			return err
		}
		if i < len(members)-1 {
			want := uint32(8)
			size = want
		}
		c.load(r0, r0, int32(off), uint8(size))
	}
	c.put(in.Dst, r0)
	return nil
}

// offset asks for the place of a member of a kernel structure.
func (c *clauseGen) offset(typ, member string) (off, size uint32, err error) {
	if c.cfg.Offset == nil {
		return 0, 0, c.fail("the layout of struct %s is not known: this kernel has no BTF", typ)
	}
	off, size, err = c.cfg.Offset(typ, member)
	if err != nil {
		return 0, 0, c.fail("struct %s of this kernel: %v", typ, err)
	}
	return off, size, nil
}

// arg puts argument n into r0.
func (c *clauseGen) arg(n int) error {
	h := c.hook
	if c.isError {
		switch n {
		case 1:
			c.load(r0, c.fb, c.fbOff+fbEPID, 8)
		case 2:
			c.load(r0, c.fb, c.fbOff+fbErr+4, 4)
		case 3:
			c.load(r0, c.fb, c.fbOff+fbErr+8, 4)
		case 4:
			c.load(r0, c.fb, c.fbOff+fbErr+12, 4)
		case 5:
			c.load(r0, c.fb, c.fbOff+fbErr+16, 8)
		default:
			c.movImm(r0, 0)
		}
		return nil
	}
	pt := ptRegs[c.cfg.Arch]
	switch h.Args {
	case ArgsCtx:
		if h.NumArgs > 0 && n >= h.NumArgs {
			break
		}
		c.load(r0, r6, int32(8*(h.ArgBase+n)), 8)
		c.typed(r0)
		return nil
	case ArgsSyscall:
		if n >= len(pt.syscall) {
			break
		}
		return c.syscallArg(pt.syscall[n])
	case ArgsSyscallReturn:
		if n > 1 {
			break
		}
		c.load(r0, r6, 8, 8)
		return nil
	case ArgsCall:
		if n < len(pt.args) {
			c.load(r0, r6, pt.args[n], 8)
			return nil
		}
		// On the stack; amd64 has the return address before them.
		off := int64(8 * (n - len(pt.args)))
		if c.cfg.Arch == AMD64 {
			off += 8
		}
		c.load(r3, r6, pt.sp, 8)
		c.addImm(r3, off)
		c.mov(r1, rFP)
		c.addImm(r1, int64(c.ownOff(ownTmp)))
		c.movImm(r2, 8)
		if h.User {
			c.helper(asm.FnProbeReadUser)
		} else {
			c.helper(asm.FnProbeReadKernel)
		}
		c.load(r0, rFP, c.ownOff(ownTmp), 8)
		return nil
	case ArgsReturn:
		if n != 1 {
			break
		}
		c.load(r0, r6, pt.ret, 8)
		return nil
	case ArgsFexit:
		if n != 1 {
			break
		}
		c.load(r0, r6, int32(8*h.NumArgs), 8)
		c.typed(r0)
		return nil
	case ArgsProfile:
		if n > 1 {
			break
		}
		zero, done := c.newLabel(), c.newLabel()
		c.load(r1, r6, pt.mode, 8)
		c.aluImm(asm.And, r1, pt.modeMask)
		op := asm.JNE // amd64: 0 is kernel mode
		if (n == 1) != pt.userIfZero {
			op = asm.JEq
		}
		c.jImm(op, r1, 0, zero)
		c.load(r0, r6, pt.pc, 8)
		c.jmp(done)
		c.bind(zero)
		c.movImm(r0, 0)
		c.bind(done)
		return nil
	case ArgsFields:
		if n >= len(h.ArgFields) {
			break
		}
		f := h.ArgFields[n]
		switch {
		case f.Addr:
			c.mov(r0, r6)
			c.toNumber(r0)
			c.addImm(r0, int64(f.Off))
		case f.DataLoc:
			c.load(r0, r6, int32(f.Off), 4)
			c.aluImm(asm.And, r0, 0xffff)
			c.mov(r1, r6)
			c.toNumber(r1)
			c.alu(asm.Add, r0, r1)
		default:
			c.load(r0, r6, int32(f.Off), f.Size)
			c.extend(r0, f.Size, f.Signed)
		}
		return nil
	case ArgsConst:
		if len(h.Probes) == 1 && n < len(h.Probes[0].Consts) {
			c.movImm(r0, h.Probes[0].Consts[n])
			return nil
		}
	}
	c.movImm(r0, 0)
	return nil
}

// toNumber makes an address a number like any other to the kernel's verifier,
// which allows hardly any arithmetic on what it knows to be an address. To
// negate is allowed, and what comes out is a number.
func (p *progGen) toNumber(r asm.Register) {
	p.emit(asm.Neg.Imm(r, 0))
	p.emit(asm.Neg.Imm(r, 0))
}

// typed makes a context word a number if the program's context has types.
func (c *clauseGen) typed(r asm.Register) {
	switch c.hook.Kind {
	case BTFTracepoint, Fentry, Fexit:
		c.toNumber(r)
	}
}

// syscallArg loads a register of the pt_regs of the system call being entered
// into r0. Where the types of the context are known it is read directly; the
// task's registers at kernel entry are the same ones and are typed, too.
func (c *clauseGen) syscallArg(off int32) error {
	switch {
	case c.hook.Kind == BTFTracepoint:
		c.load(r0, r6, 0, 8)
		c.load(r0, r0, off, 8)
	case c.hook.Kind == RawTracepoint && !c.cfg.Lacks[FeatTaskRegs]:
		c.taskRegs()
		c.load(r0, r0, off, 8)
	default:
		c.load(r3, r6, 0, 8)
		c.addImm(r3, int64(off))
		c.mov(r1, rFP)
		c.addImm(r1, int64(c.ownOff(ownTmp)))
		c.movImm(r2, 8)
		c.helper(asm.FnProbeReadKernel)
		c.load(r0, rFP, c.ownOff(ownTmp), 8)
	}
	return nil
}

// taskRegs puts the address of the registers at kernel entry into r0.
func (p *progGen) taskRegs() {
	p.helper(asm.FnGetCurrentTaskBtf)
	p.mov(r1, r0)
	p.helper(asm.FnTaskPtRegs)
}

// errno puts the error of the system call that is returning into r0.
func (c *clauseGen) errno() {
	if c.hook.Args != ArgsSyscallReturn || c.isError {
		c.movImm(r0, 0)
		return
	}
	fails, done := c.newLabel(), c.newLabel()
	c.load(r0, r6, 8, 8)
	c.mov(r1, r0)
	c.aluImm(asm.Add, r1, 4095)
	c.jImm(asm.JLT, r1, 4095, fails) // -4095 .. -1
	c.movImm(r0, 0)
	c.jmp(done)
	c.bind(fails)
	c.emit(asm.Neg.Imm(r0, 0))
	c.bind(done)
}

// userReg loads word A of the thread's registers at kernel entry.
func (c *clauseGen) userReg(in *ir.Instr) error {
	if err := c.need(FeatTaskRegs, "uregs[]"); err != nil {
		return err
	}
	bad := c.newLabel()
	c.fetch(r1, in.A)
	c.store(rFP, c.ownOff(ownTmp2), r1, 8)
	c.taskRegs()
	c.mov(r3, r0)
	c.movImm(r0, 0)
	c.load(r1, rFP, c.ownOff(ownTmp2), 8)
	c.jImm(asm.JGE, r1, int32(ptRegs[c.cfg.Arch].words), bad)
	// The kernel's verifier does not take variable offsets into typed memory.
	c.storeImm(rFP, c.ownOff(ownTmp), 0, 8)
	c.aluImm(asm.LSh, r1, 3)
	c.store(rFP, c.ownOff(ownTmp2), r3, 8)
	c.helperAddr(r3, r1)
	c.mov(r1, rFP)
	c.addImm(r1, int64(c.ownOff(ownTmp)))
	c.movImm(r2, 8)
	c.helper(asm.FnProbeReadKernel)
	c.load(r0, rFP, c.ownOff(ownTmp), 8)
	c.bind(bad)
	c.put(in.Dst, r0)
	return nil
}

// helperAddr adds s to the typed address in d, as a number.
func (c *clauseGen) helperAddr(d, s asm.Register) { c.alu(asm.Add, d, s) }

const bpfUserStack = 1 << 8

// getStack fills n bytes of the slot's temporary area with program counters,
// skipping frames, and leaves the length in bytes in r0.
func (c *clauseGen) getStack(user bool, n uint32) {
	flags := int64(c.hook.SkipFrames) & 0xff
	if user {
		flags = bpfUserStack
	}
	c.mov(r1, r6)
	c.mov(r2, r7)
	c.addImm(r2, int64(c.slot.tmp))
	c.movImm(r3, int64(n))
	c.movImm(r4, flags)
	c.helper(asm.FnGetStack)
}

// caller puts the pc of the probed function's caller into r0, 0 if unknown.
func (c *clauseGen) caller(user bool) {
	done, none := c.newLabel(), c.newLabel()
	c.getStack(user, 16)
	c.mov(r1, r0)
	c.movImm(r0, 0)
	c.jImm(asm.JSLT, r1, 16, none)
	c.load(r0, r7, int32(c.slot.tmp)+8, 8)
	c.jmp(done)
	c.bind(none)
	c.movImm(r0, 0)
	c.bind(done)
}

func (c *clauseGen) depth(user bool) {
	ok := c.newLabel()
	c.getStack(user, 127*8)
	c.jImm(asm.JSGE, r0, 0, ok)
	c.movImm(r0, 0)
	c.bind(ok)
	c.aluImm(asm.RSh, r0, 3)
}
