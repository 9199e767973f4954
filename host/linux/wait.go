//go:build linux

package linux

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// waiter blocks until the kernel wakes the consumer. The ring buffers are
// watched for edges: a level would be there for as long as any record is, and
// the programs wake only when a buffer fills or exit() was called.
type waiter struct {
	epoll, event int
	target       int // pidfd, -1 without

	// A context that ends just as wait returns runs its callback later, maybe
	// after close, when the descriptor's number may be another file's.
	mu sync.Mutex // guards event against close
}

func newWaiter(rings []int, target int) (*waiter, error) {
	w := &waiter{epoll: -1, event: -1, target: -1}
	var err error
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	add := func(fd int, flags uint32) {
		if err == nil {
			err = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | flags, Fd: int32(fd)})
		}
	}
	if w.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		add(w.event, 0)
	}
	for _, fd := range rings {
		add(fd, unix.EPOLLET)
	}
	if target > 0 && err == nil {
		// Linux 5.3; a target that has ended already needs no watching.
		if fd, e := unix.PidfdOpen(target, 0); e == nil {
			w.target = fd
			add(fd, unix.EPOLLET)
		}
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("watch the ring buffers: %w", err)
	}
	return w, nil
}

func (w *waiter) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	stop := context.AfterFunc(ctx, w.wake)
	defer stop()
	var evs [8]unix.EpollEvent
	for {
		timeout := -1
		if d, ok := ctx.Deadline(); ok {
			// One millisecond more, so that ctx is done when the call returns.
			timeout = max(0, int(time.Until(d)/time.Millisecond)+1)
		}
		n, err := unix.EpollWait(w.epoll, evs[:], timeout)
		if err == unix.EINTR {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		var buf [8]byte
		woken := false
		for _, e := range evs[:n] {
			if int(e.Fd) == w.event {
				_, _ = unix.Read(w.event, buf[:]) // empty is what it shall be
				continue
			}
			woken = true
		}
		if woken {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A wake-up left over from an earlier call.
	}
}

// wake ends a wait that is going on, from any goroutine and after close too.
func (w *waiter) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.event >= 0 {
		one := [8]byte{7: 1}
		_, _ = unix.Write(w.event, one[:]) // full means that it is readable already
	}
}

func (w *waiter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fd := range []*int{&w.epoll, &w.event, &w.target} {
		if *fd >= 0 {
			unix.Close(*fd) // nothing is written through them
			*fd = -1
		}
	}
}

// quiesce waits until no program that ran when it was called still runs: the
// global memory barrier is a grace period of RCU, under which programs run.
func quiesce() {
	const membarrierGlobal = 1
	_, _, _ = unix.Syscall(unix.SYS_MEMBARRIER, membarrierGlobal, 0, 0) // without CONFIG_MEMBARRIER there is no way
}
