package nt

import (
	"context"
	"errors"
	"fmt"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/vm"
)

// Session is one enabled program on the model. Where the workload's boot is
// traced, it is an anonymous enabling: made before the machine boots. It stays
// one until it is stopped, so that probes that appear meanwhile join it.
type Session struct {
	*engine.Session
	h    *Host
	prog *ir.Program
	opt  host.Options
	anon bool
}

// Open makes a session for a verified program.
func (h *Host) Open(prog *ir.Program, opt host.Options) (host.Session, error) {
	if h.run.ended {
		return nil, errors.New("host nt: the workload has ended; open the host again")
	}
	s := &Session{h: h, prog: prog, opt: opt, anon: h.w.Traced && !h.booted}
	es, err := h.e.Open(prog, opt, h.terms(s))
	if err != nil {
		return nil, err
	}
	s.Session = es
	return s, nil
}

func (h *Host) terms(s *Session) engine.Terms {
	cur := h.m.Current(h.m.IdleThread(0))
	return engine.Terms{Thread: &consumer, Context: cur.Context, Hooks: engine.Hooks{
		Wait: func(ctx context.Context) error { return h.advance(ctx, s) },
		// Nothing can happen before what has happened.
		Now: func() uint64 { return ^uint64(0) },
	}}
}

// consumer is the thread that BEGIN and END fire in: that of dtrace.exe, which
// the model does not have as a process.
var consumer = vm.Thread{Key: 1, PID: 1, TID: 1, ExecName: "dtrace.exe"}

// Start enables the program. Before a traced boot it becomes the anonymous
// enabling.
func (s *Session) Start(ctx context.Context) error {
	h := s.h
	if !s.anon {
		if err := s.Session.Start(ctx); err != nil {
			return err
		}
		h.sessions = append(h.sessions, s.Session)
		return nil
	}
	if err := s.Session.Close(); err != nil {
		return err
	}
	es, err := h.e.Anonymous(s.prog, s.opt, h.terms(s))
	if err != nil {
		return err
	}
	s.Session = es
	h.sessions = append(h.sessions, es)
	return nil
}

// Wait drives the model until there is a reason to drain.
func (s *Session) Wait(ctx context.Context) error {
	if err := s.Session.Wait(ctx); err != nil {
		return err
	}
	return s.h.failure()
}

// Stop ends tracing.
func (s *Session) Stop() error {
	if s.anon && s.h.e.Claim() != nil {
		s.anon = false
	}
	return s.Session.Stop()
}

// failure says why the model cannot go on, if so.
func (h *Host) failure() error {
	if h.run.err != nil {
		err := h.run.err
		h.run.err = nil
		return fmt.Errorf("host nt (simulated): %w", err)
	}
	return nil
}

// advance moves the model from event to event until the session has something
// for its consumer. Timers that are due at the same time as a thread go first.
func (h *Host) advance(ctx context.Context, s *Session) error {
	if !h.booted {
		if err := h.finishBoot(); err != nil {
			return err
		}
	}
	for n := 0; !s.Session.Ready(); n++ {
		if n&0xFF == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if h.run.err != nil {
			return nil // Wait tells
		}
		at, ok := h.run.nextAt()
		if !ok {
			for _, x := range h.sessions {
				x.End(0)
			}
			return nil
		}
		if h.timers != nil && h.sys.Joined() {
			if due, armed := h.timers.Next(); armed && due <= at {
				h.m.Now = max(h.m.Now, due)
				h.timers.Run(due, h.tick)
				continue
			}
		}
		h.run.step()
		if p := h.run.procs[uint32(s.opt.Target)]; s.opt.Target != 0 && p != nil && !p.Alive {
			s.End(0) // the target has ended
		}
	}
	return nil
}

// tick fills the firing of a timer on a processor: the clock interrupt of
// whatever runs there.
func (h *Host) tick(f *vm.Firing, cpu int, due uint64) {
	th := h.m.CPUs[cpu].Thread
	cur := h.m.Current(th)
	f.Time, f.Kernel, f.Thread, f.Context = due, cur.Kernel, cur.Thread, cur.Context
	if pc := h.m.PC(th); th.UserMode {
		f.Args[1] = pc
	} else {
		f.Args[0] = pc
	}
}
