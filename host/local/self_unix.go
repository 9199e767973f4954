//go:build unix

package local

import (
	"os"
	"syscall"
)

const canRaise, haveCPUTime = true, true

// raise sends a signal to the process.
func raise(sig int) bool { return syscall.Kill(os.Getpid(), syscall.Signal(sig)) == nil }

// HasProcess reports whether pid is a process that may be signalled and is not the
// first one.
func (h *Host) HasProcess(pid int) bool { return pid > 1 && syscall.Kill(pid, 0) == nil }

// cpuTime returns the CPU time of the process in ns.
func cpuTime() uint64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return uint64(u.Utime.Nano() + u.Stime.Nano())
}
