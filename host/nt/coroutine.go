package nt

// coroutine runs a body that gives up control with a pause. It is a goroutine
// that runs only while next waits for it. iter.Pull would do the same, but not
// for callers that are locked to their thread, as the command is.
type coroutine struct {
	body    func(yield func(pause) bool)
	resume  chan bool
	out     chan pause
	started bool
	done    bool
}

func newCoroutine(body func(yield func(pause) bool)) *coroutine {
	return &coroutine{body: body, resume: make(chan bool), out: make(chan pause)}
}

// next lets the body run to its next pause; ok is false when it has ended.
func (c *coroutine) next() (p pause, ok bool) {
	if c.done {
		return pause{}, false
	}
	if c.started {
		c.resume <- true
	} else {
		c.started = true
		go func() {
			defer close(c.out)
			c.body(func(p pause) bool {
				c.out <- p
				return <-c.resume
			})
		}()
	}
	if p, ok = <-c.out; !ok {
		c.done = true
	}
	return p, ok
}

// stop ends a body that waits in a pause: there yield returns false, and the
// body must return. It waits until it has.
func (c *coroutine) stop() {
	if c.done || !c.started {
		c.done = true
		return
	}
	c.done = true
	c.resume <- false
	<-c.out
}
