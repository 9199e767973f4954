package engine

import (
	"context"
	"fmt"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// Anonymous enables a program before any consumer exists. Tracing starts at
// once; probes that providers make later are enabled as they appear, if a
// clause's description matches them. There is at most one.
func (e *Engine) Anonymous(prog *ir.Program, opt host.Options, terms Terms) (*Session, error) {
	e.mu.Lock()
	have := e.anonymous
	e.mu.Unlock()
	if have != nil {
		return nil, fmt.Errorf("engine: there is an anonymous enabling already")
	}
	s, err := e.Open(prog, opt, terms)
	if err != nil {
		return nil, err
	}
	if err := s.Start(context.Background()); err != nil {
		s.Close()
		return nil, err
	}
	e.mu.Lock()
	e.anonymous = s
	e.mu.Unlock()
	return s, nil
}

// Claim hands the anonymous enabling to a consumer, with all it has traced so
// far. It goes on tracing what it has enabled; new probes no longer join it.
// nil is returned if there is none.
func (e *Engine) Claim() *Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.anonymous
	e.anonymous = nil
	return s
}

// enableLate takes a new probe into a session.
func (s *Session) enableLate(p *probe.Probe) error {
	if st := s.State(); st != Active || !s.seesProbe(p) {
		return nil
	}
	en := &enabling{s: s}
	s.mu.Lock()
	for i, c := range s.prog.Clauses {
		for k := range c.Descs {
			if c.Descs[k].Match(p) {
				en.ecbs = append(en.ecbs, s.newECB(i, p.ID))
				break
			}
		}
	}
	if len(en.ecbs) > 0 {
		s.probes = append(s.probes, p.ID)
	}
	s.mu.Unlock()
	if len(en.ecbs) == 0 {
		return nil
	}
	return s.e.enable(p.ID, en)
}
