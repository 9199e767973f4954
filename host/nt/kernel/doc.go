// Package kernel is a model of the part of the NT kernel that DTrace on Windows
// stands on: processors with interrupt request levels, processes and threads,
// images with sections and functions, virtual memory with page faults, the table
// of system services, ETW sessions and providers, the tracepoint table with its
// int3s, and the handshake of Phase 1 (KiInitDynamicTraceSupport).
//
// It is a kernel in the sense of package engine: it calls TraceInitSystem, then
// the callouts, and offers KiDynamicTraceContext. It is a model, no emulator:
// of the code of its functions it executes prologues, epilogues and what a
// tracepoint replaces; what happens between them is said by a workload.
//
// A Machine is deterministic: the same calls in the same order leave the same
// state. It reads no clock; Now is set by whoever drives it.
//
// Names and layouts follow public descriptions of Windows 10 build 19041 and
// their neighbours. Numbers that are not public (addresses, most sizes) are the
// model's own.
package kernel
