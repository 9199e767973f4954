// Package etl writes what a D program produces into an event trace log file, as
// Windows' tools and the host etl read them.
//
// A record of a clause becomes a TraceLogging event of the provider [Provider]: its
// name is the probe's, its fields are what the clause traced, each with its type,
// and a stack becomes the event's own stack. Clauses of a state program (see
// [Config]) become the kernel's events of processes, threads, context switches and
// samples, so that on replay process, thread and processor of every event are
// those of the recording; firings that shall replay as the probe they were become
// events of [ProbeProvider]. Aggregations become events with one row each.
package etl
