// Package nt is the host of Windows in a model: the boot switch, the loader,
// Phase 0 and Phase 1 with the handshake, and a kernel (package kernel) that a
// workload description drives. D programs run on it in the portable engine,
// joined through TraceInitSystem itself, with the providers and names of DTrace
// on Windows: syscall, fbt, pid, etw, profile and tick, dtrace.
//
// Nothing here runs on Windows or touches it. What is real are the files: BCD
// stores, SYSTEM hives, API-set schemas and PE images are read as they are on
// disk, or made up as real files in memory where none is given.
//
// The same workload with the same seed gives the same trace to the byte.
package nt
