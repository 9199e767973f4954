package engine

import (
	"fmt"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// Privileges is a set of tracing privileges. What a session lacks of them makes
// probes invisible, firings pass it by, or memory accesses fault.
type Privileges uint8

// The privileges.
const (
	// PrivProc: probes in the user's own processes.
	PrivProc Privileges = 1 << iota
	// PrivUser: user memory.
	PrivUser
	// PrivKernel: kernel memory, and firings in kernel mode.
	PrivKernel
	// PrivOwner: firings in other users' processes.
	PrivOwner
	// PrivDestructive: destructive actions.
	PrivDestructive
)

var privNames = [...]string{"proc", "user", "kernel", "owner", "destructive"}

// String lists the privileges.
func (p Privileges) String() string {
	out := ""
	for i, n := range privNames {
		if p&(1<<i) != 0 {
			if out != "" {
				out += ","
			}
			out += n
		}
	}
	if out == "" {
		return "none"
	}
	return out
}

// visible reports whether the session's privileges let it see the probes of its
// program.
func (s *Session) visible() error {
	slots := *s.e.slots.Load()
	for i, c := range s.prog.Clauses {
		for _, id := range c.Probes {
			if id == 0 || uint64(id) >= uint64(len(slots)) {
				return fmt.Errorf("engine: clause %d (%s): no probe with id %d, the last one is %d", i, c.Name, id, len(slots)-1)
			}
			if lacks := slots[id].prov.spec.Needs & s.terms.Deny; lacks != 0 {
				return fmt.Errorf("engine: clause %d (%s): probe %s needs privileges that are missing: %s", i, c.Name, slots[id].p, lacks)
			}
		}
	}
	return nil
}

// sees reports whether a firing may be shown to the session.
func (s *Session) sees(f *vm.Firing) bool {
	if f.Kernel && s.terms.Deny&PrivKernel != 0 {
		return false
	}
	if s.terms.Deny&PrivOwner != 0 && f.Thread != nil && f.Thread.UID != s.terms.UID {
		return false
	}
	return true
}

// seesProbe reports whether a probe that appears later is visible.
func (s *Session) seesProbe(p *probe.Probe) bool {
	return (*s.e.slots.Load())[p.ID].prov.spec.Needs&s.terms.Deny == 0
}
