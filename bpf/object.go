package bpf

import (
	"bufio"
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// Names of the maps that an Object may have. Aggregations are AggLayout.Map,
// associative arrays are read by nobody but the programs.
const (
	MapControl = "ctl"   // one value: the control block and each CPU's part, memory-mappable
	MapRings   = "rings" // array of the kernel's ring buffers, by CPU (only without MapBuf)
	MapBuf     = "buf"   // one value: a buffer for each CPU, memory-mappable
	MapWake    = "wake"  // a ring buffer whose file descriptor wakes the consumer
	MapGlobals = "glob"  // one value: Space Global, memory-mappable
	MapConst   = "const" // one value: Space Const and tables, read only
	MapScratch = "scratch"
	MapTLS     = "tls"
)

// A CPU's part of MapBuf is RingSize bytes and room for one record behind; the
// parts are Layout.BufStride bytes apart. The positions are in the CPU's part of
// MapControl (CPUHead, CPUTail). A record starts with a u32, its length (bit 30: discarded), and four bytes of
// padding, then its data, padded to 8 bytes; it is not cut at the end of the data
// but runs into the room behind. The length is 0 until the record is committed:
// the consumer clears what it has read before it moves the tail.
const (
	BufPrefix    = 8
	BufDiscarded = 1 << 30
)

// maxBuf bounds the value of MapBuf: the verifier lets no pointer go further than
// 1<<29 from its map's start. With more buffer than that the kernel's own ring
// buffers are used, at three times the cost of a record.
const maxBuf = 1 << 29

// RingName returns the name of a CPU's ring buffer in Object.Maps.
func RingName(cpu int) string { return fmt.Sprintf("ring%d", cpu) }

// State is the value of the control block's state word.
type State uint32

// The states. The host sets Begin to run the programs of BEGIN, Active to let
// the others run and End for those of END; a program that calls exit() sets
// Draining (from Begin or Active), and no other probe's clauses run any more.
const (
	StateInit State = iota
	StateBegin
	StateActive
	StateDraining
	StateEnd
	StateStopped
)

// Byte offsets in the value of MapControl. All words are little endian.
const (
	CtlState  = 0   // u32: State
	CtlExited = 4   // u32: 1 once exit() was called
	CtlStatus = 8   // s64: the status of exit()
	CtlWall   = 16  // s64: ns to add to the monotonic clock for walltimestamp; kept current by the host
	CtlChill  = 24  // u64: reserved
	CtlOrder  = 64  // u64: the next place in the order of firings (Config.Sequence), which starts at 1; alone in its cache line
	CtlGen    = 128 // u64 for each aggregation: its generation
)

// Offsets in a CPU's part of MapControl. The parts begin at Layout.CPUBase and
// are Layout.CPUStride bytes apart. That they are in one map with the control
// block, and on a small machine on one page, is for the sake of the TLB: where the
// kernel has its own page tables (PTI), it is often empty when a program starts.
const (
	CPUDrops   = 0                          // u64 for each record.Drop
	CPUFirings = CPUDrops + 8*maxDrops      // u64: programs run (only with Config.Stats)
	CPUWake    = CPUFirings + 8             // u64: bytes committed, which decides when to wake the consumer
	CPUFull    = CPUFirings + 16            // u64: policy fill: the buffer has been full
	cpuClaims  = CPUFirings + 24            // u32 for each scratch slot: in use
	cpuTask    = cpuClaims + 4*scratchSlots // u64: the task that runs, 0 if not known; see vtime.go
	cpuSum     = cpuTask + 8                // u64: its time on CPUs when it got this one
	cpuSince   = cpuTask + 16               // u64: when that was
	CPUHead    = cpuTask + 24               // u64: the programs' position in the buffer, in bytes since the start
	CPUTail    = cpuTask + 32               // u64: the consumer's: what is before it may be used again
	cpuAggs    = cpuTask + 40               // keyless aggregations
)

const (
	maxDrops     = 24 // room for record.NumDrops to grow
	scratchSlots = 4
)

// SpecState is the state of a speculation, a u32 in the control block.
type SpecState uint32

// The states of a speculation. speculation() makes Active from Free, commit()
// and discard() make Committing and Discarding; the host sets Free again when it
// has drained, on all CPUs, what was recorded before.
const (
	SpecFree SpecState = iota
	SpecActive
	SpecCommitting
	SpecDiscarding
)

// AggLayout says where an aggregation's values are.
//
// A keyless aggregation has Map == MapControl: CPU c's value is at offset
// Layout.CPUBase+c*Layout.CPUStride+Off. A keyed one has a per-CPU hash map of its own (KeySize
// ir.Agg.KeySize bytes, values of Size bytes). A value is a generation word, if
// Gen, then ir.Agg.Spec.Words() words. If its generation differs from the
// aggregation's (CtlGen) the value counts as zeros: storing another generation
// clears the aggregation.
type AggLayout struct {
	Map  string
	Off  uint32
	Size uint32
	Gen  bool
	// IDs is set for keyed aggregations whose tuple is one probe id: Map is
	// MapControl then, and the value of probe FirstID+i is at Off+i*Size, for i below IDs.
	FirstID, IDs uint32
	// Spill is a map like Map, for tuples that it had no memory for, "" if there is
	// none. A tuple may be in both, and its value is what they come to together. See
	// spillSize.
	Spill string
	// Shared is set for keyed values larger than the kernel's per-CPU memory
	// allows (32 KiB): the map is a plain hash with one value for all CPUs.
	Shared bool
}

// Layout describes the memory that programs and host share.
type Layout struct {
	CPUs int
	// CPUBase is where the parts of the CPUs begin in MapControl, CPUStride how far
	// they are apart.
	CPUBase, CPUStride uint32
	// CtlSpec is the offset in MapControl of the speculations' states, NSpec
	// words of 32 bits; speculation i has word i-1.
	CtlSpec uint32
	NSpec   int
	// CPUSpec is the offset in each CPU's part of MapControl of what the speculations
	// have used there of their room, NSpec words of 32 bits with bytes.
	CPUSpec uint32
	Aggs    []AggLayout
	// RingSize is the size of each CPU's ring buffer in bytes. HasRings is false if
	// the programs record nothing.
	RingSize uint32
	HasRings bool
	// BufStride is the size of each CPU's part of MapBuf, 0 if the kernel's ring
	// buffers are used.
	BufStride uint32
}

// Program is one program of an Object.
type Program struct {
	// Name is the key of Spec in Object.Collection's programs.
	Name string
	// Hook indexes the hooks given to Build. Part counts the programs of one hook:
	// all are to be attached, in order.
	Hook, Part int
	Spec       *ebpf.ProgramSpec
	// Clauses are the clauses (indexes in ir.Program.Clauses) that it runs.
	Clauses []int
	// Needs are the features it needs beyond those that every program does.
	Needs []Need

	notes []note
}

// Need is a kernel feature that a program uses, by clause.
type Need struct {
	Feature Feature
	// Clause is the first clause that needs it, -1 if none in particular.
	Clause int
}

// Object is a compiled program: everything the kernel needs.
type Object struct {
	Maps     map[string]*ebpf.MapSpec
	Programs []Program
	// Switch, if not nil, is to be attached to the raw tracepoint sched_switch
	// before all others: vtimestamp needs it. It belongs to no hook.
	Switch *Program
	Layout Layout

	epidBase []uint32
	prog     *ir.Program
}

// Collection returns maps and programs as cilium/ebpf loads them. The specs are
// shared with the object.
func (o *Object) Collection() *ebpf.CollectionSpec {
	c := &ebpf.CollectionSpec{Maps: o.Maps, Programs: map[string]*ebpf.ProgramSpec{}}
	for i := range o.Programs {
		c.Programs[o.Programs[i].Name] = o.Programs[i].Spec
	}
	if o.Switch != nil {
		c.Programs[o.Switch.Name] = o.Switch.Spec
	}
	return c
}

// EPID returns the enabled probe id of a clause at a probe, 0 if the clause is
// not enabled there. Ids count from 1 through clauses and their probes.
func (o *Object) EPID(clause int, p probe.ID) uint32 { return epid(o.prog, o.epidBase, clause, p) }

// ReadDrops adds up the drop counters in the value of MapControl.
func (o *Object) ReadDrops(ctl []byte) (d record.Drops) {
	for c := 0; c < o.Layout.CPUs; c++ {
		for k := 0; k < record.NumDrops; k++ {
			if n := o.CPUWord(ctl, c, CPUDrops+8*uint32(k)); n != 0 {
				d.Add(record.Drop(k), c, n)
			}
		}
	}
	return d
}

// CPUWord returns the word at an offset of a CPU's part in the value of MapControl.
func (o *Object) CPUWord(ctl []byte, c int, off uint32) uint64 {
	return le64(ctl[o.Layout.CPUBase+uint32(c)*o.Layout.CPUStride+off:])
}

// Disassemble writes the programs as text: eBPF instructions under the clauses
// and the instructions of ir that they come from.
func (o *Object) Disassemble(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i := range o.Programs {
		p := &o.Programs[i]
		fmt.Fprintf(b, "program %s (%s, %d instructions)\n", p.Name, p.Spec.Type, len(p.Spec.Instructions))
		notes, off := p.notes, 0
		for k := range p.Spec.Instructions {
			in := &p.Spec.Instructions[k]
			if s := in.Symbol(); s != "" {
				fmt.Fprintf(b, "%s:\n", s)
			}
			for len(notes) > 0 && notes[0].ins <= k {
				n := notes[0]
				notes = notes[1:]
				if c := o.prog.Clauses[n.clause]; n.pc < 0 {
					fmt.Fprintf(b, "\t; clause %d: %s\n", n.clause+1, c.Name)
				} else {
					fmt.Fprintf(b, "\t; %d  %s\n", n.pc, ir.InstrString(o.prog, c, n.pc))
				}
			}
			fmt.Fprintf(b, "\t%5d  %v\n", off, in)
			off += int(in.Size()) / asm.InstructionSize
		}
	}
	return b.Flush()
}
