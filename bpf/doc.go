// Package bpf turns a verified ir.Program into eBPF: maps and programs as
// cilium/ebpf loads them, and the layout of the memory they share with the
// host. It makes no system calls and builds on every system; host/linux loads,
// attaches and reads. Package vm is the reference for what instructions do.
//
// # A program
//
// Build makes one eBPF program for each Hook that has clauses. It finds the
// probe that fires (a comparison, or a row of a table in MapConst), leaves unless
// the state in MapControl is that of its phase, claims a scratch slot if its
// clauses need memory beyond the stack, and runs the clauses of the probe in
// program order. Short lists of clauses are part of the program, long ones
// become functions of several clauses each. Routines are functions that are
// emitted once and only if used; global ones are verified once by the kernel,
// whatever the number of calls.
//
//	r6     the program's context
//	r7     the scratch slot
//	r8     the clause's record
//	r9     the firing block in functions, else a register of the clause
//	stack  firing block, clause (items, Frame, registers), routines: 512 bytes in all
//
// Registers of a clause live in machine registers that are free, then on the
// stack, then in the slot. Frame and Local are on the stack if they are small and
// used as plain numbers and keys, else in the slot.
//
// # Memory
//
// What is per CPU and addressed by constants (drop counters, keyless
// aggregations, claims of scratch slots) is one array map with a part for each
// CPU: unlike a per-CPU map it can be mapped into memory by the host and costs no
// helper call on any kernel. A scratch slot is claimed by an atomic exchange, as a
// firing may be interrupted by another or preempted; without a free one of
// four the firing is lost and counted as record.DropNest.
//
// # Loss
//
// A record's room is reserved when the predicate has held, before the clause
// does anything else; without room the clause ends there, counted as
// DropPrincipal. Every clause that fires is so either delivered or counted. Buffer
// policy fill stops a CPU's recording at the first such loss. Policy ring needs
// nothing here: the host reads on and keeps the newest bytes of each CPU.
//
// # Limits
//
// The kernel follows at most a million instructions of a program in
// verification, which is some 3,500 clauses of one hook. A hook that selects
// probes by number has keys up to 65,536. String operations that search need
// bpf_loop (Linux 5.17). System calls of 32-bit processes on amd64 have numbers of
// their own and appear under the 64-bit names of those numbers.
package bpf
