package local

import (
	"context"
	"time"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/vm"
)

// Open makes a session for a verified program.
func (h *Host) Open(prog *ir.Program, opt host.Options) (host.Session, error) {
	var s *engine.Session
	started := false
	terms := engine.Terms{Thread: h.thread, Context: h.context}
	if h.cfg.VirtualTime {
		terms.Hooks = engine.Hooks{
			Wait: func(ctx context.Context) error { return h.jump(ctx, s) },
			// Nothing can happen before what has happened.
			Now: func() uint64 { return ^uint64(0) },
		}
	} else {
		terms.Hooks = engine.Hooks{
			Start: func(context.Context) error {
				started = true
				h.startTimers()
				return nil
			},
			Stop: func() error {
				if started {
					started = false
					h.stopTimers()
				}
				return nil
			},
		}
	}
	s, err := h.e.Open(prog, opt, terms)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// jump moves virtual time from timer to timer until the consumer has something
// to do.
func (h *Host) jump(ctx context.Context, s *engine.Session) error {
	for !s.Ready() {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, ok := h.timers.Next()
		if !ok {
			<-ctx.Done() // nothing will ever happen
			return ctx.Err()
		}
		h.now.Store(max(at, h.now.Load()))
		h.timers.Run(at, h.prepare)
	}
	return nil
}

func (h *Host) prepare(f *vm.Firing, _ int, due uint64) {
	f.Thread, f.Context = h.thread, h.context
	if h.cfg.VirtualTime {
		f.Time = due
	}
}

// startTimers counts a session in; the first starts the timers' goroutine.
func (h *Host) startTimers() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running++; h.running == 1 {
		h.stop, h.done = make(chan struct{}), make(chan struct{})
		go h.tick(h.stop, h.done)
	}
}

// stopTimers counts a session out; the last waits for the goroutine to end.
func (h *Host) stopTimers() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running--; h.running == 0 {
		close(h.stop)
		<-h.done
	}
}

// tick fires the timers on the running clock.
func (h *Host) tick(stop, done chan struct{}) {
	defer close(done)
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		wait := time.Hour
		if at, ok := h.timers.Next(); ok {
			wait = 0
			if now := h.e.Now(); at > now {
				wait = time.Duration(at - now)
			}
		}
		alarm.Reset(wait)
		select {
		case <-stop:
			return
		case <-h.timers.Changed():
		case <-alarm.C:
			h.timers.Run(h.e.Now(), h.prepare)
		}
	}
}
