// Package vm executes ir: it is the reference semantics of D programs, to which
// the eBPF back end is held to the byte.
//
// # The machine
//
// New turns a verified ir.Program into a Program: per clause a dense slice of
// fixed-size instructions whose memory operands are offsets into one slice a
// space and whose constants sit in registers of their own. A Machine is what
// runs them for one session on one CPU: a register file a clause, the memory
// spaces, scratch memory, the state of strtok. Begin starts the firing of a
// probe on it, Run executes one clause of the firing; what the machine cannot
// know itself it asks of three neighbours:
//
//	Firing   what the host knows of the event: arguments, thread, time, and
//	         through Context whatever is too dear to fetch for every firing
//	Access   the one routine through which foreign memory is read and written
//	Env      what outlives a firing: variables, aggregations, speculations,
//	         the room in the trace buffer
//
// Every run ends: branches go forward, and each Loop counts up to its bound.
//
// # What is relied on
//
// ir.Verify has accepted the program: operands exist, memory operands lie
// within their space, registers are written before they are read, branch
// targets are inside the clause and the last instruction does not fall out of
// it. New refuses what it notices to be otherwise, and Run turns a panic into a
// fault, so that a broken program cannot hurt the host; neither is a verifier.
//
// # Choices that ir leaves open
//
//   - A fault's value is the address for FaultBadAddr and 0 for all others,
//     except where a Fail instruction gives one. For a range it is the address
//     of its first byte, whichever byte cannot be read.
//   - Writing an empty string that is not NULL clears the two first bytes, so
//     that what was there cannot make it NULL. StrCopy keeps NULL, every other
//     operation takes it for the empty string.
//   - The signed quotient of the least integer by -1 is the least integer, the
//     remainder 0.
//   - strtoll and lltostr in a base below 2 or above 36 give 0 and "" (elsewhere
//     they are a fault, but these two instructions cannot trap).
//   - Where Fire finds no room for the record, the clause ends (the Env counts
//     the drop), as it does in DTrace.
package vm
