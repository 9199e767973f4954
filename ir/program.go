// Package ir is the D intermediate format: what the compiler produces and the
// only thing that the back ends (vm, bpf) execute.
//
// A Program is a list of clauses in program order. A clause is straight typed
// register code over 64-bit virtual registers and a few statically laid out
// memory spaces. Branches go forward; the only way back is the counted Loop.
// Strings and other byte ranges are memory operands (Mem), never addresses, so
// that a back end knows where each of them lives; an address in a register is
// always foreign (kernel or user memory of the traced system) or points into
// the firing's scratch memory (see ScratchBase), and is dereferenced only by
// instructions that can trap.
//
// # Memory spaces
//
//	Frame   temporaries of one firing of one clause; contents undefined at its start
//	Record  the record that the clause is building; usable after Fire
//	Const   Program.Const: read only
//	Global  Program.GlobalSize bytes, zero at start, shared by all CPUs, racy
//	Local   Program.LocalSize bytes (this->): shared by all clauses of one firing of one
//	        probe, undefined at its start
//	TLS     Program.TLSSize bytes a thread (self->), zero until first written. Only Ld, St,
//	        Copy and StrCopy touch it. A store may be dropped (counted as a dynamic
//	        variable drop); a load from a thread without storage gives zeros.
//
// # Strings
//
// A string in a Mem of n bytes is at most n-1 bytes of text and a NUL. Bytes
// after the NUL are undefined unless the memory was cleared with Zero first; map
// keys are built that way. The two bytes 00 FF stand for D's NULL string: every
// string operation takes it for the empty string, and IsNull tells it apart.
// String operations that do not fit their destination cut the text.
//
// # Faults
//
// An instruction that traps ends the clause: its record is not committed, its
// earlier stores to variables and aggregations stay, and the ERROR probe fires
// with the clause, the action number (Clause.Act), the pc, the Fault and its
// value. A fault in a clause of ERROR is only counted.
//
// # Records
//
// Fire marks that the predicate held. At Ret after Fire the clause's record (if
// Clause.Record) is committed with record.Header before it. A clause with
// Conditional set has actions that may not have run; the record's first eight
// bytes (at Record offset 0) then are a mask, written by the back end, of the
// actions whose Mark was executed (at most 64 of them; action i has bit i).
package ir

import (
	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/probe"
)

// Program is one compiled, not yet verified, D program.
type Program struct {
	// Clauses run in this order when a probe has several.
	Clauses []*Clause
	// Const is the text of Space Const.
	Const []byte
	// GlobalSize, LocalSize and TLSSize are the sizes of those spaces in
	// bytes, each a multiple of 8.
	GlobalSize, LocalSize, TLSSize uint32
	// Vars lists all variables; the Dyn instructions name theirs by index.
	Vars []Var
	// Aggs lists the aggregations, indexed by AggID.
	Aggs []Agg
	// Model is the data model the program was compiled for.
	Model ctype.Model
	// StrSize is the size in bytes of a string variable, NUL included.
	StrSize uint32
	// Destructive is set if any clause has a destructive instruction.
	Destructive bool
	// Speculations is set if any clause uses speculation().
	Speculations bool
}

// VarKind is the class of a variable.
type VarKind uint8

// The classes of variables. Assoc and ThreadAssoc live in dynamic variable
// space; the others are statically placed.
const (
	VarGlobal VarKind = iota
	VarLocal
	VarTLS
	VarAssoc
	VarThreadAssoc // the compiler puts the thread's key (BThreadKey) first in the tuple
)

// Var is a D variable.
type Var struct {
	Name string
	Kind VarKind
	Type *ctype.Type
	// Mem is where a statically placed variable lives.
	Mem Mem
	// KeySize and ValSize are the sizes in bytes of an associative array's
	// tuple and value.
	KeySize, ValSize uint32
	Keys             []Field
}

// AggID indexes Program.Aggs.
type AggID uint16

// Agg is an aggregation.
type Agg struct {
	// Name is without the @; "_" is the unnamed one.
	Name string
	Spec agg.Spec
	// KeySize is the tuple's size in bytes, 0 for a keyless aggregation. Keys
	// are its parts, in order; offsets are relative to the tuple.
	KeySize uint32
	Keys    []Field
	// Clearable is set if the program clears or truncates the aggregation, so
	// that the back end must be able to reset values while it runs.
	Clearable bool
	// Pos is the aggregation's first appearance.
	Pos diag.Pos
}

// FieldKind says how the consumer reads a field of a record or tuple.
type FieldKind uint8

// The kinds of fields.
const (
	FInt       FieldKind = iota // Size 1, 2, 4, 8; Signed
	FString                     // NUL-terminated text in Size bytes
	FBytes                      // raw memory of Type (struct, array) or untyped
	FStack                      // Size/8 kernel program counters, 0 ends
	FUStack                     // u64 process id or KernelStack, then (Size-8)/8 program counters, 0 ends
	FSym                        // u64 kernel address: printed as module`symbol
	FMod                        // u64 kernel address: printed as module
	FUSym                       // u64 process id, u64 user address
	FUMod                       // u64 process id, u64 user address
	FUAddr                      // u64 process id, u64 user address
	FProbeProv                  // u32 probe id: printed as that part of its name
	FProbeMod                   //
	FProbeFunc                  //
	FProbeName                  //
	FPtr                        // address of Size bytes
)

// KernelStack stands in place of the process id of an FUStack that is a stack of
// the kernel: one that a variable held.
const KernelStack = -1

// Field is one typed piece of a record or tuple.
type Field struct {
	Off, Size uint32
	Kind      FieldKind
	Signed    bool
	// Type is the D type, for print() and for choosing default formats; never
	// nil for FInt, FPtr and FBytes.
	Type *ctype.Type
}

// ActionKind is what the consumer does with (a part of) a record.
type ActionKind uint8

// The actions that appear in records, in the order of program text.
const (
	ActNone        ActionKind = iota // the default action: only the probe's name
	ActTrace                         // Fields[0] in its default format
	ActTracemem                      // Fields[0] bytes; Fields[1], if any, the dynamic length
	ActPrintf                        // Format with Fields
	ActPrinta                        // Format ("" default) over Aggs
	ActPrint                         // Fields[0], by type; Fields[1], if any, its address
	ActStack                         // Fields[0]: FStack
	ActUStack                        // Fields[0]: FUStack; Args[0] string size of jstack
	ActSym                           // Fields[0]: FSym, FMod, FUSym, FUMod, FUAddr
	ActExit                          // Fields[0]: status
	ActClear                         // Aggs[0]
	ActTrunc                         // Aggs[0]; Fields[0], if any, the count
	ActNormalize                     // Aggs[0]; Fields[0] the factor
	ActDenormalize                   // Aggs[0]
	ActSystem                        // Format with Fields, run by the shell
	ActFreopen                       // Format with Fields: the new output file
	ActFtruncate                     // empties the output file
	ActSetopt                        // Args[0], Args[1]: name, value; without Args Fields[0], Fields[1]
	ActCommit                        // Fields[0]: speculation id
	ActDiscard                       // Fields[0]: speculation id
	ActSpeculate                     // marks the record speculative; no data
	ActPrintm                        // printm(): Fields[0] as ActTracemem
	ActPcap                          // Fields[0] packet bytes, Fields[1] length, Fields[2] protocol
	ActLibact                        // reserved for hosts: Args[0] names it
)

// Action is one action of a clause as the consumer sees it.
type Action struct {
	Kind   ActionKind
	Format string
	Fields []Field
	Aggs   []AggID
	Args   []string
	// N is a constant operand: frames of stack(), limit of tracemem.
	N   int64
	Pos diag.Pos
}

// Clause is one compiled probe clause.
type Clause struct {
	// Descs are the probe descriptions as written; Probes the probes they
	// matched, ascending, without repeats.
	Descs  []probe.Desc
	Probes []probe.ID
	// Code is the clause's program; it starts at pc 0. NumReg is the number of
	// registers it uses, FrameSize its Frame in bytes.
	Code      []Instr
	NumReg    int
	FrameSize uint32
	Mems      []Mem
	// Record is set if the clause records: it has a recording action or is
	// empty. RecSize is the record's size without header, a multiple of 8.
	Record  bool
	RecSize uint32
	Actions []Action
	// Conditional is set if some actions are inside if/else.
	Conditional bool
	// Speculative is set if the clause calls speculate().
	Speculative bool
	// Line and Act give, for each instruction, its source line and the number
	// of the action (from 1) it belongs to; 0 for the predicate.
	Line, Act []int32
	Pos       diag.Pos
	// Name is how messages call the clause: its first description.
	Name string
}

// Fault is the reason of a trap, with DTrace's numbers.
type Fault uint8

// The faults. The first ten have the numbers of DTrace's fault codes; BadSize
// and BadIndex those of Oracle's additions.
const (
	FaultUnknown Fault = iota
	FaultBadAddr
	FaultBadAlign
	FaultIllOp
	FaultDivZero
	FaultNoScratch
	FaultKPriv
	FaultUPriv
	FaultTupOflow
	FaultBadStack
	FaultBadSize
	FaultBadIndex
	FaultLoop // a loop passed its bound
)

var faultNames = [...]string{
	"unknown fault", "invalid address", "invalid alignment", "illegal operation", "divide-by-zero",
	"out of scratch space", "invalid kernel access", "invalid user access", "tuple stack overflow",
	"bad stack", "invalid size", "index out of bounds", "loop bound exceeded",
}

// String returns the fault's text in messages.
func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return faultNames[0]
}

// ScratchBase is the first address of a firing's scratch memory (alloca,
// copyin): not canonical on any supported machine, so that no foreign address
// can be one. Scratch addresses are ScratchBase + offset, offset < ScratchMax,
// valid until the firing's last clause ends.
const (
	ScratchBase uint64 = 0x0d7ace00_00000000
	ScratchMax  uint64 = 1 << 20
)
