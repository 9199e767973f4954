// Package state follows a trace's processes, threads, images, files and registry
// keys, so that at each event it can be said who ran on the processor, which
// program that was, and what an address or an object stands for.
//
// Traces tell this late: a process that was there before the trace is described
// at its end, an image's build after its load. So a Tracker is primed with one
// pass over the buffers that hold such events, and then observes the events in
// order of time. What it returns for an event is as of that event.
//
//	t := state.New()
//	t.Prime(file)
//	for r := file.Reader(); r.Next(&e); {
//		who := t.Observe(&e)
//		p := t.Process(who.PID)
//	}
package state
