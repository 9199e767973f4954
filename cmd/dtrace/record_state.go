package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/godtrace/godtrace/export/etl"
)

// sampleHz is the rate of the set profile.
const sampleHz = 997

// stateProgram makes the program whose records become events of the kernel. It is
// for Linux but for its first clause, which every host has. target limits system
// calls and samples to $target.
func stateProgram(sets []string, target bool) (string, []etl.State) {
	var b strings.Builder
	var kinds []etl.State
	add := func(kind etl.State, probe, pred, body string) {
		kinds = append(kinds, kind)
		fmt.Fprintf(&b, "%s %s{ %s }\n", probe, pred, body)
	}
	add(etl.StateClock, "dtrace:::BEGIN", "", "trace(timestamp); trace(walltimestamp);")
	has := func(name string) bool { return slices.Contains(sets, name) }
	only := ""
	if target {
		only = "/progenyof($target)/ "
	}
	if has("sched") {
		add(etl.StateSwitch, "sdt:sched::sched_switch", "", task("args[1]")+task("args[2]")+"trace(!args[0] && args[3] != 0);")
		add(etl.StateWakeup, "sdt:sched::sched_wakeup", "", "trace(args[0]->pid);")
	}
	if has("proc") {
		add(etl.StateFork, "sdt:sched::sched_process_fork", "", "trace(args[0]->tgid); trace(args[1]->tgid); trace(args[1]->pid); trace(uid); trace(args[1]->comm);")
		add(etl.StateExec, "sdt:sched::sched_process_exec", "", "trace(pid); trace(ppid); trace(uid); trace(args[0]->comm);")
		add(etl.StateExit, "sdt:sched::sched_process_exit", "", "trace(args[0]->tgid); trace(args[0]->pid); trace(args[0]->exit_code); trace(args[0]->comm);")
	}
	if has("syscall") {
		add(etl.StateProbe, "syscall:::entry", only, "trace(pid); trace(tid); trace(arg0); trace(arg1); trace(arg2); trace(arg3); trace(arg4); trace(arg5);")
		add(etl.StateReturn, "syscall:::return", only, "trace(pid); trace(tid); trace(arg0); trace(arg1); trace(errno);")
	}
	if has("profile") {
		add(etl.StateSample, fmt.Sprintf("profile-%d", sampleHz), only, "trace(pid); trace(tid); trace(arg0); trace(arg1); stack(); ustack();")
	}
	return b.String(), kinds
}

// task traces what a context switch tells of a task_struct.
func task(t string) string {
	return strings.ReplaceAll("trace(T->pid); trace(T->tgid); trace(T->prio); trace(T->comm); ", "T", t)
}
