//go:build linux

package linux

import (
	"os"
	"strconv"
	"time"

	"github.com/godtrace/godtrace/ir"
)

// Addresses of a process can be resolved only while it lives, or if its
// mappings were noted before it ended. Programs that record user addresses
// therefore have all processes looked at whenever the buffers are drained; what
// lives for less than that time stays numbers.

// usesUserAddresses reports whether a program records addresses of processes.
func usesUserAddresses(p *ir.Program) bool {
	user := func(fs []ir.Field) bool {
		for i := range fs {
			switch fs[i].Kind {
			case ir.FUStack, ir.FUSym, ir.FUMod, ir.FUAddr:
				return true
			}
		}
		return false
	}
	for i := range p.Aggs {
		if user(p.Aggs[i].Keys) {
			return true
		}
	}
	for _, c := range p.Clauses {
		for i := range c.Actions {
			if user(c.Actions[i].Fields) {
				return true
			}
		}
	}
	return false
}

// noteOften is the least time between two looks.
const noteOften = 200 * time.Millisecond

// noteProcesses looks at the target, and if the program needs them at all
// processes that were not there the last time.
func (s *Session) noteProcesses() {
	if s.opt.Target <= 0 && !s.userAddrs {
		return
	}
	now := time.Now()
	if now.Sub(s.noted) < noteOften {
		return
	}
	s.noted = now
	if s.opt.Target > 0 {
		s.h.users.Note(uint32(s.opt.Target))
	}
	if !s.userAddrs {
		return
	}
	d, err := os.Open("/proc")
	if err != nil {
		return // then no process can be resolved at all
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return
	}
	live := make(map[uint32]bool, len(names))
	for _, n := range names {
		pid, err := strconv.ParseUint(n, 10, 32)
		if err != nil {
			continue
		}
		live[uint32(pid)] = true
		if !s.alive[uint32(pid)] {
			s.h.users.Note(uint32(pid))
		}
	}
	s.alive = live
}
