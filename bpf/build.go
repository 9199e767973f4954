package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// gen is the state of one Build: what all programs share.
type gen struct {
	prog  *ir.Program
	hooks []Hook
	cfg   Config
	obj   *Object
	info  []clauseInfo

	// str is the size that every string operand can be read in, a multiple of 8;
	// 0 if the program has no string operation.
	str     uint32
	strMask int32 // mask of positions in temporary strings
	heap    bool  // the program allocates scratch memory
	// localSlot is set if Space Local is in the slot and not on the stack.
	localSlot bool
	errors    []int // clauses of ERROR
	slot      slotLayout
	cpuMask   int32
	konst     []byte            // value of MapConst
	zeros     uint32            // offset in konst of zeros bytes
	usesTail  bool              // some program has a tail call
	tables    map[string]shared // hash maps reached through arrays of maps
	slotIDs   uint32            // offset in konst of the scratch slots' numbers
	racy      []bool            // by aggregation: updates may interrupt each other
	racyBuf   bool              // so may reservations of records
	epidBase  []uint32
}

// slotLayout has the offsets in a scratch slot.
type slotLayout struct {
	heapTop, tokPos, vars, spill, local, frame uint32
	// tmp is where string operations make their results, tmp2 and tmp3 hold copies
	// of their operands, tok the string that strtok() works on.
	tmp, tmp2, tmp3, tok, heap uint32
	// one is the size of what a firing needs, size that of a slot: that twice, if
	// there are clauses of ERROR.
	one, size uint32
}

// Build compiles a verified program for the given hooks. Clauses whose probes
// no hook serves are left out; those of ERROR become functions of every program
// that can fault. Errors are of type *Error.
func Build(prog *ir.Program, hooks []Hook, cfg Config) (*Object, error) {
	g := &gen{prog: prog, hooks: hooks, cfg: cfg}
	if err := g.defaults(); err != nil {
		return nil, err
	}
	g.obj = &Object{Maps: map[string]*ebpf.MapSpec{}, prog: prog}
	g.epidBase = make([]uint32, len(prog.Clauses))
	n := uint32(1)
	for i, c := range prog.Clauses {
		g.epidBase[i] = n
		n += uint32(len(c.Probes))
		if _, ok := slices.BinarySearch(c.Probes, g.cfg.ErrorProbe); ok && g.cfg.ErrorProbe != 0 {
			g.errors = append(g.errors, i)
		}
	}
	g.obj.epidBase = g.epidBase
	g.survey()
	g.layout()
	for i := range hooks {
		if err := g.hook(i); err != nil {
			return nil, err
		}
	}
	if usesVTime(prog) {
		var err error
		if g.obj.Switch, err = g.switchProgram(); err != nil {
			return nil, err
		}
	}
	g.maps()
	g.dropUnused()
	return g.obj, nil
}

func (g *gen) defaults() error {
	c := &g.cfg
	fail := func(format string, args ...any) error {
		return &Error{Clause: -1, PC: -1, Msg: fmt.Sprintf(format, args...)}
	}
	if c.Arch != AMD64 && c.Arch != ARM64 {
		return fail("architecture %q has no eBPF back end, amd64 and arm64 have", c.Arch)
	}
	if c.CPUs < 1 || c.CPUs > 1<<13 {
		return fail("%d CPUs, want 1 to %d", c.CPUs, 1<<13)
	}
	set := func(p *uint64, def uint64) {
		if *p == 0 {
			*p = def
		}
	}
	set(&c.BufSize, defaultBufSize)
	set(&c.AggSize, defaultAggSize)
	set(&c.DynVarSize, defaultDynVarSize)
	set(&c.ScratchSize, defaultScratchSize)
	if c.PageSize == 0 {
		c.PageSize = 4096
	}
	if c.BufSize > 1<<30 {
		return fail("bufsize is %d, the kernel's ring buffers have at most %d", c.BufSize, 1<<30)
	}
	if c.ScratchSize > uint64(ir.ScratchMax) {
		return fail("scratch size is %d, at most %d is possible", c.ScratchSize, ir.ScratchMax)
	}
	if c.NSpec == 0 && g.prog.Speculations {
		c.NSpec = 1
	}
	set(&c.SpecSize, defaultSpecSize)
	c.SpecSize = min(c.SpecSize, 1<<30)
	g.cpuMask = int32(powerOfTwo(uint64(c.CPUs))) - 1
	return nil
}

// survey looks through all clauses for what decides about layouts.
func (g *gen) survey() {
	simpleLocal := true
	for i, c := range g.prog.Clauses {
		isError := slices.Contains(g.errors, i)
		for pc := range c.Code {
			in := &c.Code[pc]
			g.heap = g.heap || allocates(in.Op)
			in.EachMem(func(id ir.MemID, use ir.MemUse, _ bool) {
				m := c.Mems[id]
				if use == ir.MemString {
					g.str = max(g.str, roundUp(m.Size, 8))
				}
				if m.Space == ir.Local && (isError || !simpleUse(in, use)) {
					simpleLocal = false // the firing that faulted has its own
				}
			})
			switch in.Op {
			case ir.Loop:
				simpleLocal = false
			case ir.StrK, ir.StrU, ir.StrToLL:
				g.str = max(g.str, 16)
			case ir.InetNtop, ir.LinkNtop:
				g.str = max(g.str, 64) // their text, before it is cut
			}
		}
	}
	if g.str != 0 {
		g.str = max(g.str, 32)
	}
	g.localSlot = g.prog.LocalSize > maxLocalStack || !simpleLocal
	g.info = make([]clauseInfo, len(g.prog.Clauses))
	for i, c := range g.prog.Clauses {
		g.info[i] = g.analyse(c, slices.Contains(g.errors, i))
	}
}

// layout places everything in maps. Areas that hold strings are followed by
// room for one, so that every string operand can be read in full size.
func (g *gen) layout() {
	p := g.prog
	tmp2 := uint32(64)
	for i := range p.Aggs {
		tmp2 = max(tmp2, p.Aggs[i].KeySize)
	}
	for i := range p.Vars {
		tmp2 = max(tmp2, p.Vars[i].KeySize)
	}
	// MapConst.
	g.konst = append(g.konst, p.Const...)
	g.pad(g.str)
	var zero uint32
	for i := range p.Aggs {
		zero = max(zero, g.aggSize(i))
	}
	for i := range p.Vars {
		zero = max(zero, p.Vars[i].ValSize)
	}
	zero = max(zero, p.TLSSize, 256)
	for _, c := range p.Clauses {
		for pc := range c.Code {
			if in := &c.Code[pc]; in.Op == ir.Zero || in.Op == ir.MemKN || in.Op == ir.Copy || in.Op == ir.DynGetM {
				in.EachMem(func(id ir.MemID, _ ir.MemUse, _ bool) { zero = max(zero, c.Mems[id].Size) })
			}
		}
	}
	if g.heap {
		zero = max(zero, uint32(g.cfg.ScratchSize))
	}
	g.zeros = g.pad(zero)
	g.slotIDs = g.pad(0)
	for i := range scratchSlots {
		g.konst = binary.LittleEndian.AppendUint32(g.konst, uint32(i))
	}
	g.shareTables()

	// The scratch slot: what is reached by small offsets comes first.
	s := &g.slot
	at := uint32(0)
	area := func(off *uint32, size uint32) {
		*off = at
		at = roundUp(at+size, 8)
	}
	var frame, spill uint32
	for i, c := range p.Clauses {
		if !g.info[i].frameStack {
			frame = max(frame, c.FrameSize)
		}
		spill = max(spill, uint32(8*c.NumReg))
	}
	area(&s.heapTop, 8)
	area(&s.tokPos, 8)
	area(&s.vars, 8*numVars)
	area(&s.spill, spill)
	if g.localSlot {
		area(&s.local, p.LocalSize+g.str)
	}
	area(&s.frame, frame+g.str)
	g.strMask = int32(powerOfTwo(uint64(g.str))) - 1
	area(&s.tmp, max(2*uint32(g.strMask+1), tmpBytes))
	area(&s.tmp2, max(uint32(g.strMask+1), tmp2))
	area(&s.tmp3, uint32(g.strMask+1))
	area(&s.tok, uint32(g.strMask+1))
	if g.heap {
		// Offset and size of an allocation are each bounded by the size, and the
		// kernel's verifier adds the bounds.
		area(&s.heap, 2*uint32(g.cfg.ScratchSize)+g.str)
	}
	s.one = roundUp(at, 64)
	s.size = s.one
	if len(g.errors) > 0 {
		s.size += s.one // the firing of ERROR works in the second half
	}

	// Control block and each CPU's part.
	l := &g.obj.Layout
	l.CPUs = g.cfg.CPUs
	l.NSpec = g.cfg.NSpec
	l.CtlSpec = CtlGen + 8*uint32(len(p.Aggs))
	l.CPUBase = roundUp(l.CtlSpec+4*uint32(l.NSpec), 128)
	l.CPUSpec = cpuAggs
	off := roundUp(cpuAggs+4*uint32(l.NSpec), 8)
	l.Aggs = make([]AggLayout, len(p.Aggs))
	for i := range p.Aggs {
		a := &p.Aggs[i]
		size := g.aggSize(i)
		l.Aggs[i] = AggLayout{Map: aggName(i), Size: size, Gen: a.Clearable}
		if a.KeySize == 0 {
			l.Aggs[i].Map, l.Aggs[i].Off = MapControl, off
			off += size
		} else if first, n := g.idRange(i); n > 0 {
			l.Aggs[i].Map, l.Aggs[i].Off, l.Aggs[i].FirstID, l.Aggs[i].IDs = MapControl, off, first, n
			off += n * size
		} else if size > maxPerCPU {
			l.Aggs[i].Shared = true
		} else if g.spills(i) {
			l.Aggs[i].Spill = spillName(i)
		}
	}
	l.CPUStride = roundUp(off, 128)
	l.RingSize = uint32(powerOfTwo(max(g.cfg.BufSize, uint64(g.cfg.PageSize))))
	record := uint32(record.HeaderSize + record.ErrorSize)
	for _, c := range p.Clauses {
		record = max(record, recordSize(c))
	}
	// The room of a few records is kept free, see reserve.
	stride := uint64(l.RingSize) + uint64(roundUp(bufNeed(record), 64))
	if total := stride * (uint64(g.cpuMask) + 1); total <= maxBuf && !g.cfg.KernelRings {
		l.BufStride = uint32(stride)
	}
	g.aggContexts()
}

// pad aligns konst, adds n zero bytes and returns where they begin.
func (g *gen) pad(n uint32) uint32 {
	for len(g.konst)%8 != 0 {
		g.konst = append(g.konst, 0)
	}
	at := uint32(len(g.konst))
	g.konst = append(g.konst, make([]byte, n)...)
	return at
}

// maxIDValues bounds what the values of an aggregation by probe id may take of
// each CPU's block.
const maxIDValues = 256 << 10

// idRange returns the first id and the number of ids of an aggregation whose
// tuple is a part of the probe's name, which travels as the probe's id. Its
// values are in an array by id: no hashing, and no element to allocate, which
// the kernel refuses a probe that interrupts an allocation. n is 0 for all
// others, and where the ids are too far apart.
func (g *gen) idRange(i int) (first, n uint32) {
	a := &g.prog.Aggs[i]
	if len(a.Keys) != 1 || a.KeySize != 4 || a.Keys[0].Kind < ir.FProbeProv || a.Keys[0].Kind > ir.FProbeName {
		return 0, 0
	}
	last := uint32(0)
	for _, c := range g.prog.Clauses {
		if len(c.Probes) == 0 || !slices.ContainsFunc(c.Code, func(in ir.Instr) bool { return in.Op == ir.Aggregate && int(in.Imm) == i }) {
			continue
		}
		lo, hi := uint32(c.Probes[0]), uint32(c.Probes[len(c.Probes)-1])
		if first == 0 || lo < first {
			first = lo
		}
		last = max(last, hi)
	}
	if first == 0 || uint64(last-first+1)*uint64(g.aggSize(i)) > maxIDValues {
		return 0, 0
	}
	return first, last - first + 1
}

// aggSize is the size in bytes of an aggregation's value with its generation.
func (g *gen) aggSize(i int) uint32 {
	a := &g.prog.Aggs[i]
	n := uint32(a.Spec.Words()) * 8
	if a.Clearable {
		n += 8
	}
	return n
}

// aggContexts finds the aggregations whose updates may interrupt one another
// on one CPU. Programs at system-call tracepoints run with preemption off (before
// Linux 7.0) and never nest, and no program interrupts itself: the kernel leaves
// such a firing out.
func (g *gen) aggContexts() {
	type use struct {
		hooks       map[int]bool
		preemptible bool
		syscalls    bool // all of them are
	}
	uses := make([]use, len(g.prog.Aggs))
	for h := range g.hooks {
		hook := &g.hooks[h]
		index := probeIndex(hook)
		for ci, c := range g.prog.Clauses {
			if set, _ := runsOn(c, hook, index); set == nil && !slices.Contains(g.errors, ci) {
				continue
			}
			for pc := range c.Code {
				if c.Code[pc].Op != ir.Aggregate {
					continue
				}
				u := &uses[c.Code[pc].Imm]
				if u.hooks == nil {
					u.hooks, u.syscalls = map[int]bool{}, true
				}
				u.hooks[h] = true
				switch hook.Kind {
				case RawTracepoint, BTFTracepoint:
					u.syscalls = u.syscalls && (hook.AttachTo == "sys_enter" || hook.AttachTo == "sys_exit") && !g.cfg.Lacks[FeatNoPreempt]
				case TestRun:
				case Tracepoint, PerfEvent, Kprobe, Kretprobe, KprobeMulti, KretprobeMulti:
					u.syscalls = false
				default:
					u.syscalls, u.preemptible = false, true
				}
			}
		}
	}
	g.racyBuf = g.recordsRace()
	g.racy = make([]bool, len(uses))
	for i, u := range uses {
		g.racy[i] = g.obj.Layout.Aggs[i].Shared || u.preemptible || len(u.hooks) > 1 && !u.syscalls
	}
}

// recordsRace reports whether a program may reserve a record while another does on
// the same CPU: not if all that run between BEGIN and END are at system calls.
func (g *gen) recordsRace() bool {
	for h := range g.hooks {
		switch hook := &g.hooks[h]; hook.Kind {
		case TestRun:
		case RawTracepoint, BTFTracepoint:
			if hook.AttachTo != "sys_enter" && hook.AttachTo != "sys_exit" || g.cfg.Lacks[FeatNoPreempt] {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func probeIndex(h *Hook) map[probe.ID]int {
	m := make(map[probe.ID]int, len(h.Probes))
	for i := range h.Probes {
		m[h.Probes[i].ID] = i
	}
	return m
}

// maxPerCPU is the largest value of a per-CPU hash map (PCPU_MIN_UNIT_SIZE).
const maxPerCPU = 32 << 10

// Flags of maps.
const (
	flagNoPrealloc = 1 << 0
	flagMmapable   = 1 << 10
)

func (g *gen) maps() {
	m, l, p := g.obj.Maps, &g.obj.Layout, g.prog
	one := func(name string, size uint32, flags uint32) *ebpf.MapSpec {
		s := &ebpf.MapSpec{Name: "gt_" + name, Type: ebpf.Array, KeySize: 4, ValueSize: max(size, 8), MaxEntries: 1, Flags: flags}
		m[name] = s
		return s
	}
	cpus := uint32(g.cpuMask) + 1
	one(MapControl, l.CPUBase+l.CPUStride*cpus, flagMmapable)
	one(MapConst, uint32(len(g.konst)), 0).Contents = []ebpf.MapKV{{Key: uint32(0), Value: g.konst}}
	one(MapGlobals, p.GlobalSize+g.str, flagMmapable)
	one(MapScratch, g.slot.size*scratchSlots*cpus, 0)
	if l.HasRings && l.BufStride > 0 {
		one(MapBuf, l.BufStride*cpus, flagMmapable)
		m[MapWake] = &ebpf.MapSpec{Name: "gt_wake", Type: ebpf.RingBuf, MaxEntries: uint32(g.cfg.PageSize)}
	} else if l.HasRings {
		rings := &ebpf.MapSpec{
			Name: "gt_rings", Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: cpus,
			InnerMap: &ebpf.MapSpec{Name: "gt_ring", Type: ebpf.RingBuf, MaxEntries: l.RingSize},
		}
		m[MapRings] = rings
		for c := 0; c < g.cfg.CPUs; c++ {
			m[RingName(c)] = &ebpf.MapSpec{Name: "gt_" + RingName(c), Type: ebpf.RingBuf, MaxEntries: l.RingSize}
			rings.Contents = append(rings.Contents, ebpf.MapKV{Key: uint32(c), Value: RingName(c)})
		}
	}
	noPrealloc := uint32(flagNoPrealloc)
	if g.cfg.Lacks[FeatAllocHash] {
		noPrealloc = 0
	}
	entries := func(budget uint64, one uint32) uint32 {
		n := budget / uint64(one)
		if noPrealloc == 0 {
			n = min(n, 8192)
		}
		return uint32(max(16, min(n, 1<<24)))
	}
	for i := range p.Aggs {
		a := &p.Aggs[i]
		if l.Aggs[i].Map == MapControl {
			continue
		}
		// The kernel's cost of a tuple: its hash element, and the value's address.
		cost := 64 + roundUp(a.KeySize, 8) + l.Aggs[i].Size
		m[l.Aggs[i].Map] = &ebpf.MapSpec{
			Name: "gt_" + l.Aggs[i].Map, Type: ebpf.PerCPUHash, KeySize: a.KeySize, ValueSize: roundUp(l.Aggs[i].Size, 8),
			MaxEntries: entries(g.cfg.AggSize, cost), Flags: noPrealloc,
		}
		if l.Aggs[i].Shared {
			m[l.Aggs[i].Map].Type = ebpf.Hash
		}
		if name := l.Aggs[i].Spill; name != "" {
			spill := m[l.Aggs[i].Map].Copy()
			spill.Name, spill.Flags, spill.MaxEntries = "gt_"+name, 0, g.spillSize(i)
			m[name] = spill
		}
	}
	for i := range p.Vars {
		v := &p.Vars[i]
		if !isArray(v) {
			continue
		}
		m[dynName(i)] = &ebpf.MapSpec{
			Name: "gt_" + dynName(i), Type: ebpf.Hash, KeySize: v.KeySize, ValueSize: max(v.ValSize, 1),
			MaxEntries: entries(g.cfg.DynVarSize, 64+roundUp(v.KeySize, 8)+roundUp(v.ValSize, 8)), Flags: noPrealloc,
		}
	}
	g.outerMaps(m)
	g.tailMap(m)
	if p.TLSSize > 0 {
		if g.cfg.Lacks[FeatTaskStorage] {
			m[MapTLS] = &ebpf.MapSpec{Name: "gt_tls", Type: ebpf.Hash, KeySize: 8, ValueSize: p.TLSSize,
				MaxEntries: entries(g.cfg.DynVarSize, 72+p.TLSSize), Flags: noPrealloc}
		} else {
			u32 := &btf.Int{Name: "unsigned int", Size: 4, Encoding: btf.Unsigned}
			u64 := &btf.Int{Name: "unsigned long long", Size: 8, Encoding: btf.Unsigned}
			m[MapTLS] = &ebpf.MapSpec{Name: "gt_tls", Type: ebpf.TaskStorage, KeySize: 4, ValueSize: p.TLSSize, Flags: flagNoPrealloc,
				Key: u32, Value: &btf.Struct{Name: "gt_self", Size: p.TLSSize, Members: []btf.Member{
					{Name: "v", Type: &btf.Array{Index: u32, Type: u64, Nelems: p.TLSSize / 8}}}}}
		}
	}
}

// dropUnused removes maps that no program refers to, which would cost time at
// every start. What the host reads stays.
func (g *gen) dropUnused() {
	used := map[string]bool{}
	for i := range g.obj.Programs {
		ins := g.obj.Programs[i].Spec.Instructions
		for k := range ins {
			if ins[k].IsLoadFromMap() {
				used[ins[k].Reference()] = true
			}
		}
	}
	for _, name := range []string{MapScratch, MapConst, MapTLS} {
		if !used[name] {
			delete(g.obj.Maps, name)
		}
	}
}

func dynName(i int) string { return fmt.Sprintf("dyn%d", i) }

func aggName(i int) string { return fmt.Sprintf("agg%d", i) }

func spillName(i int) string { return fmt.Sprintf("spill%d", i) }

// spills reports whether an aggregation has a second map, of elements made
// beforehand. Memory for each CPU comes from four pages that the kernel keeps
// ready, and a worker gets more: some sixteen new tuples of a quantize() in one
// burst are too many. Small values are a thousand to four pages.
func (g *gen) spills(i int) bool {
	size := g.aggSize(i)
	return !g.cfg.Lacks[FeatAllocHash] && size >= minSpill && size <= maxPerCPU
}

const minSpill = 256

// spillSize is the number of elements of that map: a part of aggsize, which counts
// for all CPUs here.
func (g *gen) spillSize(i int) uint32 {
	all := uint64(g.aggSize(i)) * uint64(g.cfg.CPUs)
	return uint32(max(16, min(g.cfg.AggSize/all, 256)))
}

// hook makes the program or programs of one hook.
func (g *gen) hook(h int) error {
	hook := &g.hooks[h]
	if len(hook.Probes) == 0 {
		return &Error{Clause: -1, PC: -1, Msg: fmt.Sprintf("hook %s has no probes", hook.Name)}
	}
	index := probeIndex(hook)
	var runs []clauseRun
	for i, c := range g.prog.Clauses {
		if set, all := runsOn(c, hook, index); set != nil {
			runs = append(runs, clauseRun{clause: i, on: set, all: all})
		}
	}
	if len(runs) == 0 {
		return nil
	}
	p, err := g.program(h, runs, false)
	if errors.Is(err, errNeedSlot) {
		p, err = g.program(h, runs, true)
	}
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			err = &Error{Clause: -1, PC: -1, Msg: fmt.Sprintf("hook %s: %v", hook.Name, err)}
		}
		return err
	}
	g.obj.Programs = append(g.obj.Programs, *p)
	return nil
}

// clauseRun is one clause in a hook: the probes (by index) that run it.
type clauseRun struct {
	clause int
	on     []bool
	all    bool
}

// epid numbers the pairs of clause and probe from 1.
func epid(prog *ir.Program, base []uint32, clause int, p probe.ID) uint32 {
	if clause < 0 || clause >= len(base) {
		return 0
	}
	i, ok := slices.BinarySearch(prog.Clauses[clause].Probes, p)
	if !ok {
		return 0
	}
	return base[clause] + uint32(i)
}

var _ = [1]struct{}{}[max(0, record.NumDrops-maxDrops)]
