package etl

import (
	"github.com/godtrace/godtrace/format/etl"
)

// Thread states of the kernel (KTHREAD_STATE).
const (
	threadReady   = 1
	threadStandby = 3
	threadWaiting = 5
)

// switchEvent: a context switch is off-cpu in the thread that leaves, after sleep or
// preempt by its state, and on-cpu in the one that comes.
func switchEvent(h *Host, st *stat) *act {
	off := h.probe("sched", "off-cpu", st.n, h.argThread("lwp", "lwpsinfo"), h.argThread("pr", "psinfo"))
	on := h.probe("sched", "on-cpu", st.n)
	sleep := h.probe("sched", "sleep", 0)
	preempt := h.probe("sched", "preempt", 0)
	sleep.count, preempt.count = -1, -1
	return &act{on: anyOn(off, on, sleep, preempt), run: func(h *Host, m *machine) {
		e := &h.play.e
		if len(e.Payload) < 16 {
			return
		}
		next := m.byID(u32(e.Payload, 0), e.CPU)
		old := m.byID(u32(e.Payload, 4), e.CPU)
		h.cur, h.play.leaving = old, true
		switch e.Payload[14] {
		case threadWaiting:
			h.fire(sleep, 0, 0, 0, 0, 0)
		case threadReady, threadStandby:
			h.fire(preempt, 0, 0, 0, 0, 0)
		}
		h.fire(off, next.address(), next.address(), 0, 0, 0)
		h.play.leaving = false
		h.as(next, func() { h.fire(on, 0, 0, 0, 0, 0) })
	}}
}

// wakeupEvent: a thread is made ready.
func wakeupEvent(h *Host, st *stat) *act {
	wake := h.probe("sched", "wakeup", st.n, h.argThread("lwp", "lwpsinfo"), h.argThread("pr", "psinfo"))
	return &act{on: anyOn(wake), run: func(h *Host, m *machine) {
		th := m.byID(u32(h.play.e.Payload, 0), h.play.e.CPU)
		h.fire(wake, th.address(), th.address(), 0, 0, 0)
	}}
}

// processStartEvent: create fires in the creator, start and exec in the new process:
// Windows makes a process and gives it its program in one.
func processStartEvent(h *Host, st *stat) *act {
	create := h.probe("proc", "create", st.n, h.argThread("pr", "psinfo"))
	exec := h.probe("proc", "exec", st.n, h.argString("path"))
	done := h.probe("proc", "exec-success", st.n)
	start := h.probe("proc", "start", st.n)
	return &act{on: anyOn(create, exec, done, start), run: func(h *Host, m *machine) {
		name := h.str("ImageFileName")
		pr := m.process(uint32(h.num("ProcessId")))
		h.fire(create, pr.address(), 0, 0, 0, 0)
		h.as(pr, func() {
			h.fire(start, 0, 0, 0, 0, 0)
			h.fire(exec, h.mem.text(name), 0, 0, 0, 0)
			h.fire(done, 0, 0, 0, 0, 0)
		})
	}}
}

// Reasons of proc:::exit (siginfo.h).
const (
	exitNormal = 1 // CLD_EXITED
	exitKilled = 2 // CLD_KILLED
)

// processEndEvent: exit fires in the process. A status that is an error of the
// kernel (0xC.......) counts as killed.
func processEndEvent(h *Host, st *stat) *act {
	exit := h.probe("proc", "exit", st.n, h.argInt("reason"), h.argInt("status"))
	return &act{on: anyOn(exit), run: func(h *Host, m *machine) {
		pid, status := uint32(h.num("ProcessId")), uint32(h.num("ExitStatus"))
		reason := uint64(exitNormal)
		if status>>30 == 3 {
			reason = exitKilled
		}
		if h.cur.pid != pid {
			h.as(m.process(pid), func() { h.fire(exit, reason, uint64(int64(int32(status))), 0, 0, 0) })
			return
		}
		h.fire(exit, reason, uint64(int64(int32(status))), 0, 0, 0)
	}}
}

func threadStartEvent(h *Host, st *stat) *act {
	create := h.probe("proc", "lwp-create", st.n, h.argThread("lwp", "lwpsinfo"), h.argThread("pr", "psinfo"))
	start := h.probe("proc", "lwp-start", st.n)
	return &act{on: anyOn(create, start), run: func(h *Host, m *machine) {
		th := m.byID(uint32(h.num("TThreadId")), h.play.e.CPU)
		h.fire(create, th.address(), th.address(), 0, 0, 0)
		h.as(th, func() { h.fire(start, 0, 0, 0, 0, 0) })
	}}
}

func threadEndEvent(h *Host, st *stat) *act {
	exit := h.probe("proc", "lwp-exit", st.n)
	return &act{on: anyOn(exit), run: func(h *Host, m *machine) {
		h.as(m.byID(uint32(h.num("TThreadId")), h.play.e.CPU), func() { h.fire(exit, 0, 0, 0, 0, 0) })
	}}
}

// imageEvent: images that are loaded and unloaded.
func imageEvent(h *Host, st *stat) *act {
	name := "load"
	if st.hook.group == etl.GroupImage && st.hook.opcode == opEnd {
		name = "unload"
	}
	in := h.probe("image", name, st.n, h.argString("path"), h.argLong("base"), h.argLong("size"), h.argInt("pid"))
	return &act{on: anyOn(in), run: func(h *Host, m *machine) {
		path, base, size := h.str("FileName"), h.num("ImageBase"), h.num("ImageSize")
		if path == "" { // version 0
			path, base, size = h.str("ImageFileName"), h.num("BaseAddress"), h.num("ModuleSize")
		}
		h.fire(in, h.mem.text(m.tracker.DosPath(path)), base, size, h.num("ProcessId"), 0)
	}}
}

// faultNames are the probes of page faults, by opcode.
var faultNames = map[uint8]string{10: "pgfrec", 11: "zfod", 12: "cow_fault", 14: "maj_fault", 15: "prot_fault", 32: "maj_fault"}

// faultEvent: page faults, with what the counter grows by.
func faultEvent(h *Host, st *stat) *act {
	if st.hook.opcode == 14 {
		for _, o := range h.stock.events {
			if o.kernel && o.hook == (hook{etl.GroupMemory, 32}) {
				return nil // the same faults are told in full
			}
		}
	}
	in := h.probe("vminfo", faultNames[st.hook.opcode], st.n, h.argLong("n"), h.argLong("address"))
	return &act{on: anyOn(in), run: func(h *Host, _ *machine) { h.fire(in, 1, h.num("VirtualAddress"), 0, 0, 0) }}
}

// registryNames are the probes of registry calls, by opcode.
var registryNames = map[uint8]string{
	10: "create", 11: "open", 12: "delete", 13: "query", 14: "set-value", 15: "delete-value", 16: "query-value", 17: "enumerate-key",
	18: "enumerate-value", 19: "query-multiple-value", 20: "set-information", 21: "flush", 27: "close",
}

// registryEvent: a registry call that has ended, with the path of the key or value,
// the status and how long it took.
func registryEvent(h *Host, st *stat) *act {
	in := h.probe("registry", registryNames[st.hook.opcode], st.n, h.argString("path"), h.argInt("status"), h.argLong("elapsed"))
	return &act{on: anyOn(in), run: func(h *Host, m *machine) {
		path, kcb := h.str("KeyName"), h.num("KeyHandle")
		if base := m.tracker.RegistryKey(kcb); base != "" && base != path {
			if path != "" {
				base += `\` + path
			}
			path = base
		}
		e := &h.play.e
		elapsed := uint64(0)
		if at := int64(h.num("InitialTime")); at != 0 && at <= e.TS {
			elapsed = uint64(e.Clock().Nanoseconds(e.TS - at))
		} else if e.Version < 2 {
			elapsed = h.num("ElapsedTime") * 100
		}
		h.fire(in, h.mem.text(path), uint64(int64(int32(h.num("Status")))), elapsed, 0, 0)
	}}
}
