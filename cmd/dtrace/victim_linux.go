package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// victims are the processes of -c and -p.
type victims struct {
	procs []*victim
	// note, if not nil, is called with each process of -c when it ends, while its
	// mappings are still there. It is set before Continue.
	note    func(pid uint32)
	pids    []int
	mu      sync.Mutex
	notices []string // guarded by mu
}

// victim is a process of -c: started, stopped before its first instruction,
// and let go when tracing runs. Only the goroutine that started it may use
// ptrace on it.
type victim struct {
	pid     int
	proceed chan struct{}
	done    chan struct{}
	once    sync.Once
}

// victims starts the commands of -c and grabs the processes of -p.
func (c *command) victims() (*victims, error) {
	v := &victims{}
	for _, cmd := range c.cmds {
		p, err := v.start(cmd, c)
		if err != nil {
			v.Close()
			return nil, fatalf("failed to execute %s: %s", cmd, reason(err))
		}
		v.procs = append(v.procs, p)
	}
	for _, pid := range c.pids {
		if err := unix.Kill(pid, 0); err != nil {
			v.Close()
			return nil, fatalf("failed to grab pid %d: %v", pid, err)
		}
		v.pids = append(v.pids, pid)
	}
	return v, nil
}

// Target is $target: the first process, 0 if there is none.
func (v *victims) Target() int {
	if len(v.procs) > 0 {
		return v.procs[0].pid
	}
	if len(v.pids) > 0 {
		return v.pids[0]
	}
	return 0
}

func (v *victims) start(line string, c *command) (*victim, error) {
	args := strings.Fields(line)
	if len(args) == 0 {
		return nil, errors.New("empty command")
	}
	path, err := exec.LookPath(args[0])
	if errors.Is(err, exec.ErrNotFound) {
		err = syscall.ENOENT
	}
	if err != nil {
		return nil, err
	}
	p := &victim{proceed: make(chan struct{}), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread is the tracer
		attr := &os.ProcAttr{
			Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
			Env:   victimEnv(c),
			Sys:   &syscall.SysProcAttr{Ptrace: true},
		}
		proc, err := os.StartProcess(path, args, attr)
		if errors.Is(err, syscall.ENOEXEC) { // a script without #! is for the shell
			proc, err = os.StartProcess("/bin/sh", append([]string{"/bin/sh", path}, args[1:]...), attr)
		}
		if err != nil {
			started <- err
			return
		}
		p.pid = proc.Pid
		var ws syscall.WaitStatus
		if _, err := syscall.Wait4(p.pid, &ws, 0, nil); err != nil || !ws.Stopped() {
			started <- fmt.Errorf("wait for the stopped process: %v", err)
			return
		}
		// It must not outlive us stopped.
		_ = syscall.PtraceSetOptions(p.pid, unix.PTRACE_O_EXITKILL)
		started <- nil
		<-p.proceed
		ws = v.follow(p.pid)
		v.ended(p.pid, ws)
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// follow lets a stopped process run to its end and returns how it ended. Tracing
// it goes on, only to look at its mappings at its exit. PTRACE_O_TRACEEXEC keeps
// the kernel from sending a traced process SIGTRAP at each further exec.
func (v *victims) follow(pid int) (ws syscall.WaitStatus) {
	if v.note == nil || syscall.PtraceSetOptions(pid, unix.PTRACE_O_TRACEEXIT|unix.PTRACE_O_TRACEEXEC) != nil {
		_ = syscall.PtraceSetOptions(pid, 0)
		_ = syscall.PtraceDetach(pid)
	} else {
		_ = syscall.PtraceCont(pid, 0)
	}
	for {
		_, err := syscall.Wait4(pid, &ws, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil || ws.Exited() || ws.Signaled():
			return ws
		case ws.Stopped() && int(ws)>>8 == int(unix.SIGTRAP)|unix.PTRACE_EVENT_EXIT<<8:
			v.note(uint32(pid))
			_ = syscall.PtraceDetach(pid)
		case ws.Stopped() && int(ws)>>8 == int(unix.SIGTRAP)|unix.PTRACE_EVENT_EXEC<<8:
			_ = syscall.PtraceCont(pid, 0)
		case ws.Stopped() && groupStop(pid):
			// Stopped as any process may be (SIGSTOP, stop()): only a process
			// without tracer can be continued by others.
			_ = syscall.PtraceDetach(pid)
		case ws.Stopped():
			_ = syscall.PtraceCont(pid, int(ws.StopSignal()))
		}
	}
}

// groupStop reports whether a stopped process is stopped by job control, not
// just about to take a signal: it then has no siginfo.
func groupStop(pid int) bool {
	var info [128]byte
	_, _, e := syscall.Syscall6(syscall.SYS_PTRACE, unix.PTRACE_GETSIGINFO, uintptr(pid), 0, uintptr(unsafe.Pointer(&info)), 0, 0)
	return e == syscall.EINVAL
}

// victimEnv is this process's environment with the changes of -x setenv and -x
// unsetenv, in their order.
func victimEnv(c *command) []string {
	env := os.Environ()
	for _, change := range c.cmdEnv {
		name, _, set := strings.Cut(change, "=")
		env = slices.DeleteFunc(env, func(kv string) bool { n, _, _ := strings.Cut(kv, "="); return n == name })
		if set {
			env = append(env, change)
		}
	}
	return env
}

func (v *victims) ended(pid int, ws syscall.WaitStatus) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case ws.Signaled():
		v.notices = append(v.notices, fmt.Sprintf("pid %d terminated by %s", pid, unix.SignalName(ws.Signal())))
	case ws.ExitStatus() != 0:
		v.notices = append(v.notices, fmt.Sprintf("pid %d exited with status %d", pid, ws.ExitStatus()))
	default:
		v.notices = append(v.notices, fmt.Sprintf("pid %d has exited", pid))
	}
}

// Notices are the messages about processes that ended.
func (v *victims) Notices() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.notices
}

// NoteAtExit has f called with each process of -c that ends, before it is gone.
func (v *victims) NoteAtExit(f func(pid uint32)) { v.note = f }

// Continue lets the processes of -c run.
func (v *victims) Continue() {
	for _, p := range v.procs {
		p.once.Do(func() { close(p.proceed) })
	}
}

// Wait waits until all processes have ended, and reports true, or ctx is done.
// Without processes it waits for ctx alone.
func (v *victims) Wait(ctx context.Context) bool {
	if len(v.procs)+len(v.pids) == 0 {
		<-ctx.Done()
		return false
	}
	for _, p := range v.procs {
		select {
		case <-p.done:
		case <-ctx.Done():
			return false
		}
	}
	for _, pid := range v.pids {
		if !waitPID(ctx, pid) {
			return false
		}
		v.mu.Lock()
		v.notices = append(v.notices, fmt.Sprintf("pid %d has exited", pid))
		v.mu.Unlock()
	}
	return true
}

// waitPID waits for the end of a process that is not our child.
func waitPID(ctx context.Context, pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		defer unix.Close(fd)
	}
	for ctx.Err() == nil {
		if err == nil {
			n, perr := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
			if perr == nil && n > 0 {
				return true
			}
			continue
		}
		if unix.Kill(pid, 0) == unix.ESRCH {
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// Close lets go of everything: a process of -c that never ran is killed.
func (v *victims) Close() {
	for _, p := range v.procs {
		p.once.Do(func() {
			_ = unix.Kill(p.pid, unix.SIGKILL)
			close(p.proceed)
		})
	}
}
