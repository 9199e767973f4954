// Package etl is the host of recorded Windows traces: it replays event trace log
// files (.etl) through the portable engine in order of time. The file is the
// kernel: probes fire when the recorded events happened, on the recorded
// processor, in the recorded thread; timestamp, tick-N, BEGIN and END follow the
// trace's clock. It runs on any operating system.
//
//	files ── format/etl ── merged events ─┬─ state: who, images, stacks
//	                                      ├─ decode: the event's schema ── class
//	                                      └─ class ── probes ── engine.Fire
//
// # Probes
//
// Every event is a probe etw:provider:task:opcode, whose args[0] points to a
// struct made from the event's schema. The form of DTrace on Windows,
// etw:guid:0xLL_0xKKKKKKKKKKKKKKKK:id, is made when a program spells it; there and
// here arg0 is the address of an EVENT_HEADER with the payload behind it.
//
// Kernel events also fire probes of the providers that Linux and illumos have, with
// the same names and translated arguments: sched, proc, io, tcp, udp, vminfo,
// profile, syscall; and fbt for deferred procedure calls and interrupt service
// routines, image for images, registry for keys.
//
// Events that are logged when something ends and say when it began (disk
// requests, interrupts, registry calls) fire a probe at either time: a second
// reader runs ahead of the replay and finds the beginnings.
//
// # Memory
//
// The only memory is what the event holds. It lies at made-up addresses that are
// good for the firing alone; those of threads stay good. All else faults.
package etl
