//go:build !unix

package main

import (
	"os"
	"time"
)

var endSignals = []os.Signal{os.Interrupt}

// quitSignals end the process without a last look at the data.
var quitSignals []os.Signal

// cpuTime is not known on this system.
func cpuTime() time.Duration { return 0 }

func isBrokenPipe(error) bool { return false }
