package vm

import "github.com/godtrace/godtrace/ir"

// exec does what the loop does not do in place. end is set if the clause ends
// here: with fault f and its value, or without a fault (noFault) and without a
// record.
func (m *Machine) exec(i *insn, regs []uint64) (f ir.Fault, value uint64, end bool) {
	switch ir.Op(i.op) {
	case ir.LdK, ir.LdU, ir.StP, ir.MemK, ir.MemU, ir.MemKN, ir.StrK, ir.StrU, ir.Alloca, ir.CopyIn, ir.CopyInTo,
		ir.Bcopy, ir.StrPtr, ir.CopyOut, ir.CopyOutStr:
		f, value = m.memory(i, regs)
	case ir.StrIdx, ir.IsNull, ir.MkNull, ir.StrJoin, ir.Substr, ir.StrIndex, ir.StrRIndex, ir.StrChr, ir.StrRChr,
		ir.StrStr, ir.StrTok, ir.Basename, ir.Dirname, ir.Cleanpath, ir.ToUpper, ir.ToLower, ir.StrToLL, ir.LLToStr,
		ir.InetNtop, ir.InetNtoa, ir.LinkNtop, ir.Json, ir.DPath:
		f, value = m.subroutine(i, regs)
	case ir.DynGet, ir.DynGetM, ir.DynSet, ir.DynSetM, ir.DynDel:
		m.dynamic(i, regs)
		f = noFault
	case ir.Stack, ir.UStack:
		m.stack(i)
		f = noFault
	default:
		return m.action(i, regs)
	}
	return f, value, f != noFault
}

// dynamic does the operations on associative arrays.
func (m *Machine) dynamic(i *insn, regs []uint64) {
	env, v, key := m.cfg.Env, int(i.imm), m.at(i.m)
	switch ir.Op(i.op) {
	case ir.DynGet:
		regs[i.dst] = 0
		if val := env.DynGet(v, key); len(val) >= int(i.size) {
			regs[i.dst] = load(val, i.size, i.signed)
		}
	case ir.DynGetM:
		dst := m.at(i.n)
		clear(dst[copy(dst, env.DynGet(v, key)):])
	case ir.DynSet:
		if regs[i.a] == 0 {
			env.DynDel(v, key)
			return
		}
		n := int(m.prog.src.Vars[v].ValSize)
		var b [8]byte
		le.PutUint64(b[:], regs[i.a])
		val := b[:min(n, 8)]
		if n > 8 {
			val = m.temp(n)
			clear(val[copy(val, b[:]):])
		}
		env.DynSet(v, key, val)
	case ir.DynSetM:
		n := int(m.prog.src.Vars[v].ValSize)
		val := m.at(i.n)
		if len(val) < n {
			t := m.temp(n)
			clear(t[copy(t, val):])
			val = t
		}
		env.DynSet(v, key, val[:n])
	case ir.DynDel:
		env.DynDel(v, key)
	}
}

// maxSkip bounds the frames that stack() and ustack() leave out.
const maxSkip = 1024

// stack fetches the kernel or user stack.
func (m *Machine) stack(i *insn) {
	dst := m.at(i.m)
	clear(dst)
	user := ir.Op(i.op) == ir.UStack
	if user {
		if len(dst) < 8 {
			return
		}
		le.PutUint64(dst, uint64(m.f.thread().PID))
		dst = dst[8:]
	}
	if m.f.Context == nil {
		return
	}
	skip := int(min(max(i.imm, 0), maxSkip))
	n := len(dst)/8 + skip
	if cap(m.frames) < n {
		m.frames = make([]uint64, n)
	}
	pcs := m.frames[:n]
	if user {
		n = m.f.Context.UStack(m.f, pcs)
	} else {
		n = m.f.Context.Stack(m.f, pcs)
	}
	for k := skip; k < min(n, len(pcs)); k++ {
		le.PutUint64(dst[8*(k-skip):], pcs[k])
	}
}

// action does what changes the state of tracing, or of the traced system.
func (m *Machine) action(i *insn, regs []uint64) (f ir.Fault, value uint64, end bool) {
	env := m.cfg.Env
	switch op := ir.Op(i.op); op {
	case ir.Speculation:
		regs[i.dst] = env.Speculation()
	case ir.Speculate:
		id := regs[i.a]
		if id == 0 || !env.Speculate(id, len(m.res.Record)) {
			return noFault, 0, true
		}
		m.res.Spec = id
	case ir.Commit:
		if !env.CommitSpec(regs[i.a]) {
			return ir.FaultIllOp, 0, true
		}
	case ir.Discard:
		if !env.DiscardSpec(regs[i.a]) {
			return ir.FaultIllOp, 0, true
		}
	case ir.Exit:
		env.Exit(int64(regs[i.a]))
	case ir.ProgenyOf:
		regs[i.dst] = 0
		if m.f.Context != nil {
			regs[i.dst] = truth(m.f.Context.ProgenyOf(m.f, regs[i.a]))
		} else {
			regs[i.dst] = truth(uint64(m.f.thread().PID) == regs[i.a])
		}
	case ir.Raise, ir.StopProc, ir.Chill, ir.Panic, ir.Breakpoint, ir.Return:
		var a uint64
		if op == ir.Raise || op == ir.Chill || op == ir.Return {
			a = regs[i.a]
		}
		if actor, ok := m.f.Context.(Actor); !ok || !actor.Act(m.f, op, a) {
			return ir.FaultIllOp, 0, true
		}
	default:
		return ir.FaultIllOp, 0, true
	}
	return noFault, 0, false
}

// builtin returns an integer built-in variable.
func (m *Machine) builtin(i *insn, regs []uint64) uint64 {
	f := m.f
	switch b := ir.Builtin(i.sub); b {
	case ir.BPID:
		return uint64(f.thread().PID)
	case ir.BTID:
		return uint64(f.thread().TID)
	case ir.BPPID:
		return uint64(f.thread().PPID)
	case ir.BUID:
		return uint64(f.thread().UID)
	case ir.BGID:
		return uint64(f.thread().GID)
	case ir.BCPU:
		return uint64(f.CPU)
	case ir.BTimestamp:
		return m.Time()
	case ir.BWallTimestamp:
		if m.wall == 0 {
			m.wall = m.cfg.Env.Wall()
		}
		return m.wall
	case ir.BErrno:
		return uint64(int64(f.Errno))
	case ir.BEPID:
		return uint64(f.EPID)
	case ir.BID:
		return uint64(f.Probe.ID)
	case ir.BThreadKey:
		return f.thread().Key
	case ir.BRand:
		return m.random()
	case ir.BArg: // past arg9
		if f.Context != nil {
			return f.Context.Int(f, b, uint64(i.imm))
		}
	case ir.BUReg:
		if f.Context != nil {
			return f.Context.Int(f, b, regs[i.a])
		}
	default:
		if f.Context != nil {
			return f.Context.Int(f, b, 0)
		}
	}
	return 0
}

// builtinString returns a string built-in variable.
func (m *Machine) builtinString(b ir.StrBuiltin) string {
	switch f := m.f; b {
	case ir.SExecName:
		return f.thread().ExecName
	case ir.SProbeProv:
		return f.Probe.Provider
	case ir.SProbeMod:
		return f.Probe.Module
	case ir.SProbeFunc:
		return f.Probe.Function
	case ir.SProbeName:
		return f.Probe.Name
	default:
		if f.Context != nil {
			return f.Context.Str(f, b)
		}
	}
	return ""
}

// random is splitmix64.
func (m *Machine) random() uint64 {
	m.rand += 0x9e3779b97f4a7c15
	z := m.rand
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
