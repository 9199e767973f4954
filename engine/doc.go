// Package engine is the portable DTrace engine: what dtrace.sys is on Windows
// and the dtrace module on illumos. It keeps the registry of providers and
// probes, enables verified programs at probes, runs them with the vm when a
// probe fires, and keeps what they leave: trace buffers, aggregations,
// variables, speculations, drop counters.
//
// It knows no kernel. A host makes an Engine with its clocks and the one
// routine that may touch foreign memory, registers its providers and probes,
// opens sessions, and calls Fire when something happens:
//
//	e := engine.New(engine.Config{CPUs: 2, Clock: now, Access: access})
//	prov, err := e.AddProvider(engine.ProviderSpec{Name: "syscall", ...})
//	p, err := prov.Create("", "read", "entry", 0)
//	s, err := e.Open(prog, opt, engine.Terms{})
//	err = s.Start(ctx)
//	e.Fire(p.ID, cpu, &firing)
//	e.ThreadExit(key)
//
// A Session is a host.Session; the host's own part of starting, waiting and
// stopping is given with Hooks.
//
// # Concurrency
//
// Fire may be called for different CPUs at the same time, from one goroutine a
// CPU at a time: each CPU has buffers and a vm of its own. What the CPUs share
// (global and dynamic variables, thread storage, speculations) is guarded by
// one lock, taken only by clauses that use it. A session driven by one goroutine
// with a given clock is deterministic to the byte. A probe that fires while its
// own CPU is inside a clause (a host that reads memory through probed code) is
// not run and counted as a drop of kind record.DropNest.
//
// # States
//
//	inactive --Start--> warmup --BEGIN done--> active --exit(), Stop--> draining --END done--> stopped
//	                       |                     |                         |
//	                       +---------------------+---- Kill, deadman ------+--> killed
//
// Only BEGIN fires in warmup, only END in draining, after Stop was called.
// ERROR fires inside the firing of another probe, in any state.
package engine
