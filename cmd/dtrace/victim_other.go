//go:build !linux

package main

import "context"

// victims are the processes of -c and -p, which need a live Linux host.
type victims struct{}

func (c *command) victims() (*victims, error) {
	if len(c.cmds)+len(c.pids) > 0 {
		return nil, fatalf("-c and -p: no live processes can be traced on this system")
	}
	return &victims{}, nil
}

// Target is $target: there is none.
func (v *victims) Target() int { return 0 }

// NoteAtExit does nothing.
func (v *victims) NoteAtExit(func(pid uint32)) {}

// Continue does nothing.
func (v *victims) Continue() {}

// Wait waits for ctx.
func (v *victims) Wait(ctx context.Context) bool { <-ctx.Done(); return false }

// Notices are the messages about processes that ended.
func (v *victims) Notices() []string { return nil }

// Close does nothing.
func (v *victims) Close() {}
