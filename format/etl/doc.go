// Package etl reads and writes event trace log files, the recordings of Event
// Tracing for Windows (.etl), on any operating system.
//
// A file is a chain of buffers, each filled on one processor and written when
// it was full, so that neither buffers nor, here and there, the events inside
// them are in order of time. [Open] walks the chain once and notes where each
// buffer is and which times it spans; a [Reader] then merges the buffers and
// delivers every event in order of time, holding only the buffers that overlap
// the present and, where too many do, small windows of them. The events are
// views into that memory: reading allocates nothing.
//
//	file:    | header buffer | buffer | buffer | ...
//	buffer:  | 0x48 header | record | record | ... | unused |
//	record:  | header (8 to 80 bytes, by type) | [extended items] | payload |
//
// The package knows the frame: headers, clocks, processor numbers, what was
// lost. What payloads mean is the matter of its subpackages: schema (the typed
// model), kernel (the kernel's classes), tracelogging, manifest, decode (which
// finds the schema of an event) and state (processes, threads and images).
//
// Damage is expected. Files end early, are still being written, or hold
// nonsense; what can be read is delivered, and what had to be skipped is
// counted by kind in [Stats].
package etl
