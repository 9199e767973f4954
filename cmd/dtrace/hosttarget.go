package main

import "strconv"

// targeter is a host with processes of its own: Target finds one by its number
// or its image's name.
type targeter interface {
	Target(name string) (pid int, ok bool)
}

// hostTarget resolves -p and -c on a host with processes of its own, so that no
// live process is looked for. It returns $target, 0 if neither option was given
// or the host has none.
func (c *command) hostTarget() (int, error) {
	h, ok := c.tracer.Host().(targeter)
	if !ok {
		return 0, nil
	}
	target := 0
	for _, cmd := range c.cmds {
		pid, ok := h.Target(cmd)
		if !ok {
			return 0, fatalf("failed to execute %s: host %s has no process of that name", cmd, c.tracer.Host().Name())
		}
		target = pid
	}
	for _, p := range c.pids {
		pid, ok := h.Target(strconv.Itoa(p))
		if !ok {
			return 0, fatalf("failed to grab pid %d: host %s has no such process", p, c.tracer.Host().Name())
		}
		if target == 0 {
			target = pid
		}
	}
	c.cmds, c.pids = nil, nil
	return target, nil
}
