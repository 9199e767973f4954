//go:build linux

package linux

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/host"
)

var _ host.Clock = (*Session)(nil)

// clockSource names the kernel's clock.
var clockSource = "/sys/devices/system/clocksource/clocksource0/current_clocksource"

// slowClock reports whether reading the kernel's clock costs more than an atomic
// addition to memory that the CPUs share: with any source but the processor's own
// counter. A paravirtual clock takes 70 to 100 ns.
func slowClock() bool {
	b, err := os.ReadFile(clockSource)
	if err != nil {
		return false
	}
	switch strings.TrimSpace(string(b)) {
	case "tsc", "arch_sys_counter":
		return false
	}
	return true
}

// Timed reports whether records carry the time, and not a count.
func (s *Session) Timed() bool { return !s.sequence }

// Now returns the clock that records carry, or the last count given out: records
// of firings that begin later have greater ones.
func (s *Session) Now() uint64 {
	if s.sequence {
		if s.ctl == nil {
			return 0
		}
		return word64(s.ctl, bpf.CtlOrder).Load() - 1
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return ^uint64(0) // holds nothing back
	}
	return uint64(ts.Nano())
}
