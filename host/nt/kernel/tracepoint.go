package kernel

import (
	"strings"

	"github.com/godtrace/godtrace/engine"
)

// NumBuckets is the number of hash buckets of the tracepoint table.
const NumBuckets = 0x4000

// bucketOf is an address's bucket.
func bucketOf(addr uint64) int { return int(addr >> 4 & (NumBuckets - 1)) }

// Tracepoint is an entry of the table (pool tag Ftrp).
type Tracepoint struct {
	Process uint64 // EPROCESS, 0 for the kernel
	Addr    uint64
	Orig    byte
	Enabled bool
	// How says how the byte was written: "direct", "debugger" or "secure
	// kernel".
	How  string
	Hits uint64

	pre, post       *engine.Callout
	preCtx, postCtx uint64
	insn            insn
}

// TracepointAt returns the tracepoint at an address, nil if there is none.
func (m *Machine) TracepointAt(process, addr uint64) *Tracepoint {
	for _, t := range m.tracepoints[bucketOf(addr)] {
		if t.Addr == addr && t.Process == process {
			return t
		}
	}
	return nil
}

// KeSetTracepoint acts on the tracepoint at an address.
func (m *Machine) KeSetTracepoint(process uint64, user bool, addr uint64, op engine.TracepointOp, pre *engine.Callout, preCtx uint64, post *engine.Callout, postCtx uint64) (byte, engine.NTStatus) {
	slotPre, slotPost := engine.SlotKernelPre, engine.SlotKernelPost
	if user {
		slotPre, slotPost = engine.SlotUserPre, engine.SlotUserPost
	}
	if pre != nil && !m.isCallout(pre, slotPre) || post != nil && !m.isCallout(post, slotPost) {
		return 0, engine.StatusAccessDenied
	}
	var p *Process
	if user {
		if p = m.byEPROCESS(process); p == nil || addr > MaxUser {
			return 0, engine.StatusInvalidParameter
		}
		if p.Secure {
			return 0, engine.StatusAccessDenied
		}
	} else {
		if addr < MinKernel {
			return 0, engine.StatusInvalidParameter
		}
		process = 0
	}
	f := m.functionAt(p, addr)
	var in insn
	if st := m.excluded(p, addr, f, &in); !st.OK() {
		return 0, st
	}
	t := m.TracepointAt(process, addr)
	switch op {
	case engine.TpQuery:
		if t == nil {
			return 0, engine.StatusNotFound
		}
		return t.Orig, engine.StatusSuccess
	case engine.TpRegister, engine.TpRegisterEnable:
		if t != nil {
			return t.Orig, engine.StatusAlreadyRegistered
		}
		if pre == nil && post == nil {
			return 0, engine.StatusInvalidParameter
		}
		t = &Tracepoint{Process: process, Addr: addr, pre: pre, preCtx: preCtx, post: post, postCtx: postCtx, insn: in}
		var b [1]byte
		m.spaceOf(p, addr).peek(addr, b[:])
		t.Orig = b[0]
		i := bucketOf(addr)
		m.tracepoints[i] = append(m.tracepoints[i], t)
		if op == engine.TpRegisterEnable {
			if st := m.enablePoint(p, t); !st.OK() {
				m.dropPoint(t)
				return t.Orig, st
			}
		}
		return t.Orig, engine.StatusSuccess
	}
	if t == nil {
		return 0, engine.StatusNotFound
	}
	switch op {
	case engine.TpEnable:
		if t.Enabled {
			return t.Orig, engine.StatusSuccess
		}
		return t.Orig, m.enablePoint(p, t)
	case engine.TpDisable:
		return t.Orig, m.disablePoint(p, t)
	case engine.TpDisableUnregister:
		if st := m.disablePoint(p, t); !st.OK() {
			return t.Orig, st
		}
		m.dropPoint(t)
		return t.Orig, engine.StatusSuccess
	case engine.TpUnregister:
		if t.Enabled {
			return t.Orig, engine.StatusInvalidDeviceState
		}
		m.dropPoint(t)
		return t.Orig, engine.StatusSuccess
	}
	return t.Orig, engine.StatusInvalidParameter
}

// excluded says whether an address may have a tracepoint: code of a section
// that stays, outside the ranges that tracing itself needs, with an instruction
// that can be completed.
func (m *Machine) excluded(p *Process, addr uint64, f *Function, in *insn) engine.NTStatus {
	im := m.imageAt(p, addr)
	if im == nil {
		return engine.StatusInvalidAddress
	}
	s := im.sectionAt(addr)
	if s == nil || s.Characteristics&(SectionExecute|SectionDiscardable) != SectionExecute {
		return engine.StatusNotSupported
	}
	if p == nil {
		if excludedSection(s.Name) || im.Module == "hal" || im.Module == "nt" && (s.Name == "TRACESUP" || excludedFunction(f)) ||
			m.Engine != nil && im == m.Engine {
			return engine.StatusNotSupported
		}
	}
	b := m.original(p, addr, 16)
	*in = decode(b)
	if in.op == opNone || in.op == opInt3 || in.op == opSyscall {
		return engine.StatusNotSupported
	}
	return engine.StatusSuccess
}

// original reads code as it was before tracepoints changed it.
func (m *Machine) original(p *Process, addr uint64, n int) []byte {
	b := make([]byte, n)
	s, process := m.spaceOf(p, addr), uint64(0)
	if p != nil {
		process = p.EPROCESS
	}
	for i := range b {
		if !s.peek(addr+uint64(i), b[i:i+1]) {
			return b[:i]
		}
		if t := m.TracepointAt(process, addr+uint64(i)); t != nil && t.Enabled {
			b[i] = t.Orig
		}
	}
	return b
}

// excludedSection names the sections that go after boot, that switch page
// tables, or that belong to special pools and the verifier.
func excludedSection(name string) bool {
	return name == "INIT" || strings.HasPrefix(name, "KVAS") || strings.HasPrefix(name, "PAGEwx") || strings.HasPrefix(name, "PAGEVRF")
}

// excludedPrefixes are the functions in KiTpExcludedRangeBitMap: those on the
// way of a tracepoint itself. The real bit map is not public.
var excludedPrefixes = []string{"KiTp", "KiTrackSystemCall", "KiBreakpointTrap", "KiDispatchException", "KeBugCheck", "KiDynamicTrace",
	"KeIsTraceCallbackAllowed", "KiIsTraceMemoryAccess", "KiNmiInterrupt", "KiMcheckAbort", "KiSystemCall64", "KiSystemServiceCopyEnd"}

func excludedFunction(f *Function) bool {
	if f == nil {
		return false
	}
	for _, p := range excludedPrefixes {
		if strings.HasPrefix(f.Name, p) {
			return true
		}
	}
	return false
}

// enablePoint writes the int3.
func (m *Machine) enablePoint(p *Process, t *Tracepoint) engine.NTStatus {
	how, st := m.kiTpWriteBreakpoint(p, t.Addr, 0xCC)
	if !st.OK() {
		return st
	}
	t.Enabled, t.How = true, how
	if m.enabledPoints++; m.enabledPoints == 1 {
		m.setMask(maskTracepoints, true)
	}
	return engine.StatusSuccess
}

func (m *Machine) disablePoint(p *Process, t *Tracepoint) engine.NTStatus {
	if !t.Enabled {
		return engine.StatusSuccess
	}
	if _, st := m.kiTpWriteBreakpoint(p, t.Addr, t.Orig); !st.OK() {
		return st
	}
	t.Enabled = false
	if m.enabledPoints--; m.enabledPoints == 0 {
		m.setMask(maskTracepoints, false)
	}
	return engine.StatusSuccess
}

func (m *Machine) dropPoint(t *Tracepoint) {
	i := bucketOf(t.Addr)
	for k, x := range m.tracepoints[i] {
		if x == t {
			m.tracepoints[i] = append(m.tracepoints[i][:k:k], m.tracepoints[i][k+1:]...)
			return
		}
	}
}

// kiTpWriteBreakpoint writes one byte of code: of a process directly; of the
// kernel by asking the secure kernel where virtualization-based security is on,
// else directly, which takes bit 4 of KiDynamicTraceEnable (a kernel debugger).
func (m *Machine) kiTpWriteBreakpoint(p *Process, addr uint64, b byte) (how string, st engine.NTStatus) {
	switch {
	case p != nil:
		how = "direct"
	case m.Config.VBS:
		m.SecureWrites++
		how = "secure kernel"
	case m.KiDynamicTraceEnable&EnableKD != 0:
		how = "debugger"
	default:
		return "", engine.StatusAccessDenied
	}
	m.spaceOf(p, addr).poke(addr, []byte{b})
	return how, engine.StatusSuccess
}

// breakpoint is what the trap handler does with an int3 at rip. It reports
// false if the int3 is not of the table: then nobody has handled it. The
// instruction that the int3 replaced has been completed when it returns true.
func (m *Machine) breakpoint(th *Thread, r *engine.Registers) bool {
	process := uint64(0)
	var p *Process
	if r.RIP < MinKernel {
		p, process = th.Process, th.Process.EPROCESS
	}
	t := m.TracepointAt(process, r.RIP)
	if t == nil || !t.Enabled {
		return false
	}
	c := m.CPUs[th.CPU]
	t.Hits++
	c.Completed++
	suppress := m.KiDynamicTraceMask&maskSuppress != 0 || c.NMI || c.inTracepoint && c.IRQL >= DispatchLevel || !m.KeIsTraceCallbackAllowed(th)
	if suppress {
		c.Suppressed++
		return m.execute(p, t.insn, r)
	}
	nested := c.inTracepoint
	c.inTracepoint = true
	defer func() { c.inTracepoint = nested }()
	if t.pre != nil && t.pre.Tracepoint(m.Current(th), r, t.preCtx, process) {
		return true // the callback has dealt with the instruction
	}
	if !m.execute(p, t.insn, r) {
		return false
	}
	if t.post != nil {
		t.post.Tracepoint(m.Current(th), r, t.postCtx, process)
	}
	return true
}

// Traceable reports whether a function of the kernel may have a tracepoint at
// its entry.
func (m *Machine) Traceable(f *Function) bool {
	var in insn
	return m.excluded(nil, f.Addr, f, &in).OK()
}
