package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// The firing block is the part of a program's stack frame that belongs to the
// firing: offsets from its start.
const (
	fbTime   = 0  // u64: timestamp, 0 while not fetched
	fbProbe  = 8  // u64: probe id, if the hook has several
	fbPID    = 16 // u64: process id << 32 | thread id, 0 while not fetched
	fbSlot   = 24 // address of the scratch slot
	fbEntry  = 32 // address of the probe's entry in the hook's table
	fbErr    = 40 // record.Error of the last fault
	fbClaim  = 64 // address of the slot's claim word
	fbEPID   = 72 // u64: enabled probe id of the last fault
	fbOrder  = 80 // u64: place in the order of firings, 0 while not fetched
	fbLocal  = 88 // Space Local, if it is on the stack
	fbSize   = fbLocal + maxLocalStack
	mainFB   = -fbSize
	fixedFns = 32 // bytes of a clause's stack before its Frame
)

// Inline clauses end where a program gets so large that jumps and the kernel's
// verification suffer; longer lists become functions of several clauses.
const (
	maxInlineClauses = 8
	maxInlineCode    = 600  // instructions of ir
	maxChunkCode     = 1500 // instructions of ir in one function
)

// progGen makes one program.
type progGen struct {
	*gen
	emitter
	h        int
	hook     *Hook
	needSlot bool
	prefetch bool   // shared items are fetched at the start
	masks    bool   // the table has clause masks
	long     bool   // what clauses call is verified once; see once
	table    uint32 // offset in konst
	rows     int    // of the table
	entry    uint32 // size of a table entry, 0 without a table
	words    int    // of the mask
	mayItems items  // shared items that some clause fetches
	routines map[string]label
	pending  []routine
	funcs    []funcInfo
	onFault  label
	faulty   bool // onFault is used
	mayExit  bool // some clause of the firing calls exit()
	needs    []Need
}

type funcInfo struct {
	name   string
	global bool
	params []btf.FuncParam
}

func (g *gen) program(h int, runs []clauseRun, slot bool) (*Program, error) {
	hook := &g.hooks[h]
	p := &progGen{gen: g, h: h, hook: hook, needSlot: slot, routines: map[string]label{}}
	var code int
	for i := range runs {
		ci := &g.info[runs[i].clause]
		p.needSlot = p.needSlot || ci.slot
		p.mayItems |= ci.items & sharedItems
		p.masks = p.masks || !runs[i].all
		code += len(g.prog.Clauses[runs[i].clause].Code)
		if ci.faults {
			p.faulty = true
		}
		p.prefetch = p.prefetch || ci.loops
		if ci.fired {
			g.obj.Layout.HasRings = true
		}
	}
	if p.faulty {
		g.obj.Layout.HasRings = true
		p.mayItems |= g.orderItem()
		for _, e := range g.errors {
			p.needSlot = p.needSlot || g.info[e].slot
			p.mayItems |= g.info[e].items & sharedItems
			p.prefetch = p.prefetch || g.info[e].loops
		}
	}
	p.mayExit = p.exits(runs)
	p.onFault = p.newLabel()
	if err := p.makeTable(runs); err != nil {
		return nil, err
	}
	inline := len(runs) <= maxInlineClauses && code <= maxInlineCode
	p.long = !inline
	p.function(fmt.Sprintf("hook%d", h), false)
	out := p.newLabel()
	p.prologue(out)
	if p.prefetch && !p.cfg.Lacks[FeatMayGoto] {
		p.noPrivateStack()
	}
	var err error
	if inline {
		seen := items(0)
		for i := range runs {
			err = errors.Join(err, p.inlineClause(&runs[i], i, seen))
			seen |= g.info[runs[i].clause].items & sharedItems
		}
	} else {
		err = p.chunks(runs)
	}
	p.epilogue()
	p.bind(out)
	p.movImm(r0, 0)
	p.exit()
	if err != nil {
		return nil, err
	}
	p.emitPending()
	if p.refs[p.onFault] {
		if err := p.faultFunction(); err != nil {
			return nil, err
		}
		p.emitPending()
	}
	ins, err := p.finish()
	if err != nil {
		return nil, err
	}
	p.annotate(ins)
	prog := &Program{Name: fmt.Sprintf("hook%d", h), Hook: h, Needs: p.needs, Spec: &ebpf.ProgramSpec{
		Name: progName(hook.Name), Instructions: ins, License: "GPL",
	}}
	prog.notes = p.notes
	for _, r := range runs {
		prog.Clauses = append(prog.Clauses, r.clause)
	}
	s := prog.Spec
	switch hook.Kind {
	case RawTracepoint, TestRun:
		s.Type = ebpf.RawTracepoint
	case BTFTracepoint:
		s.Type, s.AttachType, s.AttachTo = ebpf.Tracing, ebpf.AttachTraceRawTp, hook.AttachTo
	case Tracepoint:
		s.Type = ebpf.TracePoint
	case PerfEvent:
		s.Type = ebpf.PerfEvent
	case Fentry:
		s.Type, s.AttachType, s.AttachTo = ebpf.Tracing, ebpf.AttachTraceFEntry, hook.AttachTo
	case Fexit:
		s.Type, s.AttachType, s.AttachTo = ebpf.Tracing, ebpf.AttachTraceFExit, hook.AttachTo
	case KprobeMulti, KretprobeMulti:
		s.Type, s.AttachType = ebpf.Kprobe, ebpf.AttachTraceKprobeMulti
	case UprobeMulti, UretprobeMulti:
		s.Type, s.AttachType = ebpf.Kprobe, ebpf.AttachTraceUprobeMulti
	default:
		s.Type = ebpf.Kprobe
	}
	return prog, nil
}

func progName(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			b[i] = '_'
		}
	}
	return string(b[:min(len(b), 15)])
}

// function starts a function; global ones are verified once, on their own,
// whatever the number of calls.
func (p *progGen) function(name string, global bool, params ...btf.FuncParam) {
	p.dead = false
	p.starts = append(p.starts, len(p.ins))
	p.funcs = append(p.funcs, funcInfo{name, global, params})
}

// annotate gives functions names and types where the kernel asks for them: if one
// is global or its address is taken, it wants to know all.
func (p *progGen) annotate(ins asm.Instructions) {
	typed := p.addrTaken
	for i, f := range p.funcs {
		typed = typed || f.global
		if !typed && len(p.funcs) > 1 {
			ins[p.starts[i]] = ins[p.starts[i]].WithSymbol(f.name)
		}
	}
	if !typed {
		return
	}
	result := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	long := &btf.Int{Name: "long", Size: 8, Encoding: btf.Signed}
	for i, f := range p.funcs {
		fn := &btf.Func{Name: f.name, Type: &btf.FuncProto{Return: result, Params: f.params}, Linkage: btf.StaticFunc}
		if f.global {
			fn.Linkage = btf.GlobalFunc
			fn.Type = &btf.FuncProto{Return: long, Params: f.params}
		}
		ins[p.starts[i]] = btf.WithFuncMetadata(ins[p.starts[i]].WithSymbol(f.name), fn)
	}
}

// makeTable puts the hook's probe table into MapConst. An entry is
//
//	u32 probe id (0: no such probe), u32 index in Hook.Probes, u32 mask words
//
// where bit i of the mask tells whether the i'th clause of the hook runs.
func (p *progGen) makeTable(runs []clauseRun) error {
	h := p.hook
	fail := func(format string, args ...any) error {
		return &Error{Clause: -1, PC: -1, Msg: "hook " + h.Name + ": " + fmt.Sprintf(format, args...)}
	}
	if len(h.Probes) == 1 && h.Select != SelectCookie {
		return nil
	}
	if h.Select == SelectFixed {
		return fail("%d probes and no way to select one", len(h.Probes))
	}
	if h.Select == SelectCookie && p.cfg.Lacks[FeatCookie] {
		return &Error{Clause: -1, PC: -1, Msg: "hook " + h.Name + ": needs " + string(FeatCookie), Feature: FeatCookie}
	}
	if p.masks {
		p.words = (len(runs) + 31) / 32
	}
	p.entry = roundUp(8+4*uint32(p.words), 8)
	n := len(h.Probes)
	if h.Select != SelectCookie {
		for i := range h.Probes {
			if h.Probes[i].Key > 1<<16 {
				return fail("key %d of probe %d, at most %d is possible", h.Probes[i].Key, h.Probes[i].ID, 1<<16)
			}
			n = max(n, int(h.Probes[i].Key)+1)
		}
	}
	p.table = p.pad(p.entry * uint32(n))
	for i := range h.Probes {
		at := i
		if h.Select != SelectCookie {
			at = int(h.Probes[i].Key)
		}
		b := p.konst[p.table+uint32(at)*p.entry:]
		binary.LittleEndian.PutUint32(b, uint32(h.Probes[i].ID))
		binary.LittleEndian.PutUint32(b[4:], uint32(i))
		for c := range runs {
			if p.masks && runs[c].on[i] {
				w := b[8+4*(c/32):]
				binary.LittleEndian.PutUint32(w, binary.LittleEndian.Uint32(w)|1<<(c%32))
			}
		}
	}
	p.rows = n
	return nil
}

// prologue finds the probe, leaves at out unless tracing is on, and claims a
// scratch slot.
func (p *progGen) prologue(out label) {
	h := p.hook
	p.mov(r6, r1)
	p.selectProbe(out)
	want := map[Phase]State{PhaseActive: StateActive, PhaseBegin: StateBegin, PhaseEnd: StateEnd}[h.Phase]
	p.mapValue(r1, MapControl, CtlState)
	p.load(r1, r1, 0, 4)
	p.jImm(asm.JNE, r1, int32(want), out)
	if p.cfg.CPU >= 0 && h.Phase == PhaseActive {
		p.helper(asm.FnGetSmpProcessorId)
		p.jImm(asm.JNE, r0, int32(p.cfg.CPU), out)
	}
	for _, s := range sharedSlots {
		if p.mayItems&s.item != 0 {
			p.storeImm(rFP, mainFB+s.off, 0, 8)
		}
	}
	if !p.localSlot {
		for i := int32(0); i < int32(p.prog.LocalSize); i += 8 {
			p.storeImm(rFP, mainFB+fbLocal+i, 0, 8)
		}
	}
	if p.cfg.Stats {
		p.blockAddr(r1)
		p.movImm(r2, 1)
		p.atomicAdd(r1, CPUFirings, r2)
	}
	if p.needSlot {
		p.claim(out)
	}
	if p.prefetch {
		p.fetchShared()
	}
}

// fetchShared fetches all shared items.
func (p *progGen) fetchShared() {
	for _, s := range sharedSlots {
		if p.mayItems&s.item != 0 {
			p.fetchItem(s.item)
			p.store(rFP, mainFB+s.off, r0, 8)
		}
	}
}

// sharedSlots are the places of the shared items in the firing block.
var sharedSlots = []struct {
	item items
	off  int32
}{{itemTime, fbTime}, {itemPID, fbPID}, {itemOrder, fbOrder}}

// fetchItem puts a shared item into r0; r1 to r5 are clobbered.
func (p *progGen) fetchItem(item items) {
	switch item {
	case itemTime:
		p.helper(asm.FnKtimeGetNs)
	case itemPID:
		p.helper(asm.FnGetCurrentPidTgid)
	case itemOrder:
		p.mapValue(r1, MapControl, CtlOrder)
		p.movImm(r0, 1)
		p.atomic(asm.FetchAdd, r1, 0, r0, asm.DWord)
	default:
		panic(fmt.Sprintf("BUG: shared item %d", item))
	}
}

func (p *progGen) selectProbe(out label) {
	h := p.hook
	if h.Select == SelectFixed {
		return
	}
	switch h.Select {
	case SelectCtx:
		p.load(r1, r6, int32(8*h.Word), 8)
	case SelectSyscall:
		off, size := syscallNumber(p.cfg.Arch)
		switch {
		case h.Kind == BTFTracepoint:
			p.load(r1, r6, 0, 8)
			p.load(r1, r1, off, size)
		case h.Kind == RawTracepoint && !p.cfg.Lacks[FeatTaskRegs]:
			p.taskRegs()
			p.load(r1, r0, off, size)
		default:
			p.load(r3, r6, 0, 8)
			p.addImm(r3, int64(off))
			p.mov(r1, rFP)
			p.addImm(r1, mainFB+fbProbe)
			p.movImm(r2, int64(size))
			p.helper(asm.FnProbeReadKernel)
			p.jImm(asm.JNE, r0, 0, out)
			p.load(r1, rFP, mainFB+fbProbe, size)
		}
		p.extend(r1, size, false)
	case SelectCookie:
		p.mov(r1, r6)
		p.helper(asm.FnGetAttachCookie)
		p.mov(r1, r0)
	}
	if p.entry == 0 {
		key := h.Probes[0].Key
		if key == uint64(int64(int32(key))) {
			p.jImm(asm.JNE, r1, int32(key), out)
		} else {
			p.movImm(r2, int64(key))
			p.jReg(asm.JNE, r1, r2, out)
		}
		p.skipCompat(out)
		return
	}
	p.jImm(asm.JGT, r1, int32(p.rows-1), out)
	p.aluImm(asm.Mul, r1, int32(p.entry))
	p.mapValue(r2, MapConst, p.table)
	p.alu(asm.Add, r2, r1)
	p.load(r1, r2, 0, 4)
	p.jImm(asm.JEq, r1, 0, out)
	p.store(rFP, mainFB+fbProbe, r1, 8)
	p.store(rFP, mainFB+fbEntry, r2, 8)
	p.skipCompat(out)
}

// skipCompat leaves at out if the system call is one of a 32-bit program, whose
// calls have other numbers: this one's is another call's. Kernels without BTF do not say
// where to look.
func (p *progGen) skipCompat(out label) {
	if p.hook.Args != ArgsSyscall && p.hook.Args != ArgsSyscallReturn || p.cfg.Offset == nil {
		return
	}
	// TS_COMPAT of arch/x86, TIF_32BIT of arch/arm64.
	member, bit := "thread_info.status", int32(1<<1)
	if p.cfg.Arch == ARM64 {
		member, bit = "thread_info.flags", 1<<22
	}
	off, _, err := p.cfg.Offset("task_struct", member)
	if err != nil {
		return // no such programs
	}
	if p.cfg.Lacks[FeatTaskRegs] {
		p.helper(asm.FnGetCurrentTask)
		p.mov(r3, r0)
		p.addImm(r3, int64(off))
		p.mov(r1, rFP)
		p.addImm(r1, mainFB+fbTime)
		p.movImm(r2, 4)
		p.helper(asm.FnProbeReadKernel)
		p.load(r1, rFP, mainFB+fbTime, 4)
	} else {
		p.helper(asm.FnGetCurrentTaskBtf)
		p.load(r1, r0, int32(off), 4)
	}
	p.jImm(asm.JSet, r1, bit, out)
}

// blockAddr puts the address of this CPU's part of MapControl into d. It clobbers
// r0 to r5. The number is masked for the kernel's verifier; it never changes.
func (p *progGen) blockAddr(d asm.Register) {
	p.helper(asm.FnGetSmpProcessorId)
	p.aluImm(asm.And, r0, p.cpuMask)
	p.aluImm(asm.Mul, r0, int32(p.obj.Layout.CPUStride))
	p.mapValue(d, MapControl, p.obj.Layout.CPUBase)
	p.alu(asm.Add, d, r0)
}

// claim takes one of this CPU's scratch slots into r7. A firing can be
// interrupted by another, or preempted, so a slot is claimed by an atomic
// exchange; without one the firing is lost and counted.
func (p *progGen) claim(out label) {
	got := p.newLabel()
	p.blockAddr(r7)
	for k := int32(0); k < scratchSlots; k++ {
		p.movImm(r3, int64(k))
		p.movImm(r2, 1)
		p.atomic(asm.Xchg, r7, cpuClaims+4*k, r2, asm.Word)
		p.jImm(asm.JEq, r2, 0, got)
	}
	p.drop(record.DropNest)
	p.jmp(out)
	p.bind(got)
	// The number passes through memory, so that the verifier takes all four for
	// one and follows the rest of the program once.
	p.aluImm(asm.LSh, r3, 2)
	p.mapValue(r2, MapConst, p.slotIDs)
	p.alu(asm.Add, r2, r3)
	p.load(r3, r2, 0, 4)
	p.aluImm(asm.And, r3, scratchSlots-1)
	p.mov(r1, r3)
	p.aluImm(asm.LSh, r1, 2)
	p.alu(asm.Add, r7, r1)
	p.addImm(r7, cpuClaims)
	p.store(rFP, mainFB+fbClaim, r7, 8)
	p.aluImm(asm.Mul, r3, int32(p.slot.size))
	p.helperCPU(r3)
	p.mapValue(r7, MapScratch, 0)
	p.alu(asm.Add, r7, r3)
	p.store(rFP, mainFB+fbSlot, r7, 8)
	p.startSlot()
}

// startSlot makes the slot at r7 that of a new firing.
func (p *progGen) startSlot() {
	if p.heap {
		p.storeImm(r7, int32(p.slot.heapTop), 0, 8)
	}
	p.storeImm(r7, int32(p.slot.tokPos), -1, 8)
}

// helperCPU adds the offset of this CPU's slots to s, which is kept over the call.
func (p *progGen) helperCPU(s asm.Register) {
	p.store(rFP, mainFB+fbSlot, s, 8)
	p.helper(asm.FnGetSmpProcessorId)
	p.load(s, rFP, mainFB+fbSlot, 8)
	p.aluImm(asm.And, r0, p.cpuMask)
	p.aluImm(asm.Mul, r0, int32(p.slot.size*scratchSlots))
	p.alu(asm.Add, s, r0)
}

func (p *progGen) epilogue() {
	if p.needSlot {
		p.load(r1, rFP, mainFB+fbClaim, 8)
		p.storeImm(r1, 0, 0, 4)
	}
}

// drop counts a loss on this CPU. It clobbers r0 to r5.
func (p *progGen) drop(kind record.Drop) {
	p.movImm(r1, int64(kind)*8)
	p.call(p.once("drop", func() {
		p.mov(r6, r1)
		p.blockAddr(r2)
		p.aluImm(asm.And, r6, 8*31)
		l := p.newLabel()
		p.jImm(asm.JGT, r6, 8*(maxDrops-1), l)
		p.alu(asm.Add, r2, r6)
		p.movImm(r1, 1)
		p.atomicAdd(r2, CPUDrops, r1)
		p.bind(l)
		p.movImm(r0, 0)
		p.exit()
	}))
}

// routine is a function yet to be emitted.
type routine struct {
	l    label
	emit func()
}

// emitPending emits the routines that are called; some are asked for only by
// code that control does not reach, and the kernel takes no such function.
func (p *progGen) emitPending() {
	for {
		i := slices.IndexFunc(p.pending, func(r routine) bool { return p.refs[r.l] })
		if i < 0 {
			return
		}
		r := p.pending[i]
		p.pending = slices.Delete(p.pending, i, i+1)
		r.emit()
	}
}

// routine returns the label of a static function, emitted once and only if used.
func (p *progGen) routine(name string, body func()) label {
	return p.addRoutine(name, false, nil, body)
}

// once is routine for functions of one number in r1. In long programs they are
// global: the kernel's verifier follows a static function at each call, and in
// each state. Short ones stay without the types that it asks for with global ones.
func (p *progGen) once(name string, body func()) label {
	if !p.long {
		return p.routine(name, body)
	}
	return p.addRoutine(name, true, params("long n"), body)
}

func (p *progGen) addRoutine(name string, global bool, params []btf.FuncParam, body func()) label {
	l, ok := p.routines[name]
	if !ok {
		l = p.newLabel()
		p.routines[name] = l
		p.pending = append(p.pending, routine{l, func() {
			p.function(name, global, params...)
			p.bind(l)
			body()
		}})
	}
	return l
}

// inlineClause puts a clause into the program itself.
func (p *progGen) inlineClause(r *clauseRun, bit int, seen items) error {
	skip := p.newLabel()
	p.guard(r, bit, rFP, mainFB, skip)
	c := p.newClause(r.clause)
	c.fb, c.fbOff, c.base = rFP, mainFB, mainFB
	c.seen = seen
	if p.prefetch {
		c.have, c.seen = p.mayItems, p.mayItems
	}
	c.regs = []asm.Register{r9}
	if err := c.generate(); err != nil {
		return err
	}
	p.bind(skip)
	return nil
}

// exits reports whether a clause of the firing may call exit().
func (p *progGen) exits(runs []clauseRun) bool {
	has := func(i int) bool {
		return slices.ContainsFunc(p.prog.Clauses[i].Code, func(in ir.Instr) bool { return in.Op == ir.Exit })
	}
	return slices.ContainsFunc(runs, func(r clauseRun) bool { return has(r.clause) }) || p.faulty && slices.ContainsFunc(p.errors, has)
}

// guard skips a clause that the firing probe does not run, or that an earlier
// clause of the firing ended tracing before.
func (p *progGen) guard(r *clauseRun, bit int, fb asm.Register, fbOff int32, skip label) {
	if p.mayExit && bit > 0 && p.hook.Phase != PhaseEnd {
		p.mapValue(r1, MapControl, CtlState)
		p.load(r1, r1, 0, 4)
		p.jImm(asm.JEq, r1, int32(StateDraining), skip)
	}
	if r.all || p.entry == 0 {
		return
	}
	p.load(r1, fb, fbOff+fbEntry, 8)
	p.load(r1, r1, int32(8+4*(bit/32)), 4)
	p.aluImm(asm.RSh, r1, int32(bit%32))
	p.aluImm(asm.And, r1, 1)
	p.jImm(asm.JEq, r1, 0, skip)
}

// chunks puts the clauses into functions of several, so that no function gets
// long and their number stays below the kernel's limit of 256.
func (p *progGen) chunks(runs []clauseRun) error {
	var err error
	for i := 0; i < len(runs); {
		j, code := i, 0
		for j < len(runs) && (j == i || code+len(p.prog.Clauses[runs[j].clause].Code) <= maxChunkCode && j-i < 64) {
			code += len(p.prog.Clauses[runs[j].clause].Code)
			j++
		}
		part, first := runs[i:j], i
		p.mov(r1, r6)
		p.mov(r2, rFP)
		p.addImm(r2, mainFB)
		p.call(p.routine(fmt.Sprintf("clauses%d", i), func() {
			p.mov(r6, r1)
			p.mov(r9, r2)
			if p.needSlot {
				p.load(r7, r9, fbSlot, 8)
			}
			for k := range part {
				skip := p.newLabel()
				p.guard(&part[k], first+k, r9, 0, skip)
				c := p.newClause(part[k].clause)
				c.fb, c.seen, c.compact = r9, p.mayItems, true
				if p.prefetch {
					c.have = p.mayItems
				}
				if e := c.generate(); e != nil {
					err = errors.Join(err, e)
					p.err = err
				}
				p.bind(skip)
			}
			p.movImm(r0, 0)
			p.exit()
		}))
		i = j
	}
	return err
}

// syscallNumber returns where pt_regs has the number of the system call.
func syscallNumber(a Arch) (off int32, size uint8) {
	if a == ARM64 {
		return 280, 4
	}
	return 120, 8
}

// probeID puts the firing probe's id into d.
func (c *clauseGen) probeID(d asm.Register) {
	switch {
	case c.isError:
		c.movImm(d, int64(c.cfg.ErrorProbe))
	case c.entry == 0:
		c.movImm(d, int64(c.hook.Probes[0].ID))
	default:
		c.load(d, c.fb, c.fbOff+fbProbe, 8)
	}
}
