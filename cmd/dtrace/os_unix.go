//go:build unix

package main

import (
	"errors"
	"os"
	"syscall"
	"time"
)

var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// quitSignals end the process without a last look at the data.
var quitSignals = []os.Signal{syscall.SIGQUIT}

// cpuTime is the CPU time this process has used.
func cpuTime() time.Duration {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
