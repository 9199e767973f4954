package local

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/symbol"
	"github.com/godtrace/godtrace/vm"
)

// ownThread describes the process.
func ownThread() *vm.Thread {
	t := &vm.Thread{PID: uint32(os.Getpid()), PPID: uint32(os.Getppid())}
	t.TID, t.Key = t.PID, uint64(t.PID)
	if uid := os.Getuid(); uid >= 0 { // -1 on Windows
		t.UID, t.GID = uint32(uid), uint32(os.Getgid())
	}
	if exe, err := os.Executable(); err == nil {
		t.ExecName = execName(exe)
	} else if len(os.Args) > 0 {
		t.ExecName = execName(os.Args[0])
	}
	return t
}

// execName is a path's last part, of which kernels keep 15 bytes.
func execName(path string) string {
	name := filepath.Base(path)
	return name[:min(len(name), 15)]
}

// self answers what programs ask about the process. It implements vm.Context and
// vm.Actor.
type self struct {
	vm.NoContext
	h *Host
}

// Int gives vtimestamp: the CPU time of the process.
func (c *self) Int(_ *vm.Firing, b ir.Builtin, _ uint64) uint64 {
	switch b {
	case ir.BVTimestamp:
		if c.h.cfg.VirtualTime {
			return c.h.now.Load()
		}
		return cpuTime()
	case ir.BUStackDepth:
		var pcs [maxFrames]uint64
		return uint64(c.UStack(nil, pcs[:]))
	}
	return 0
}

// Str gives the strings that belong to a process.
func (c *self) Str(f *vm.Firing, b ir.StrBuiltin) string {
	switch b {
	case ir.SCwd:
		if dir, err := os.Getwd(); err == nil {
			return dir
		}
		return "<unknown>"
	case ir.SRoot:
		return "/"
	case ir.SExecArgs:
		return strings.Join(os.Args, " ")
	case ir.SZoneName:
		return "global"
	case ir.SThreadName:
		return f.Thread.ExecName
	}
	return ""
}

// maxFrames is the deepest user stack that is walked.
const maxFrames = 256

// UStack gives the process's own stack, which is the engine's.
func (c *self) UStack(_ *vm.Firing, dst []uint64) int {
	pcs := make([]uintptr, min(len(dst), maxFrames))
	n := runtime.Callers(1, pcs)
	for i, pc := range pcs[:n] {
		dst[i] = uint64(pc)
	}
	return n
}

// ProgenyOf knows the process and its parent.
func (c *self) ProgenyOf(f *vm.Firing, pid uint64) bool {
	return uint64(f.Thread.PID) == pid || uint64(f.Thread.PPID) == pid
}

// maxChill is the longest chill(), as in DTrace.
const maxChill = 500 * time.Millisecond

// Act raises a signal to the process, or holds up the firing.
func (c *self) Act(_ *vm.Firing, op ir.Op, a uint64) bool {
	switch op {
	case ir.Raise:
		return raise(int(a))
	case ir.Chill:
		if a > uint64(maxChill) {
			return false
		}
		if c.h.cfg.VirtualTime {
			c.h.now.Add(a)
		} else {
			time.Sleep(time.Duration(a))
		}
		return true
	}
	return false
}

// resolver resolves addresses of the process's own functions.
type resolver struct {
	pid  uint32
	next symbol.Resolver
}

// Kernel asks the lent World.
func (r resolver) Kernel(addr uint64) (symbol.Sym, bool) {
	if r.next == nil {
		return symbol.Sym{}, false
	}
	return r.next.Kernel(addr)
}

// User resolves functions of the process itself.
func (r resolver) User(pid uint32, addr uint64) (symbol.Sym, bool) {
	if pid == r.pid {
		if f := runtime.FuncForPC(uintptr(addr)); f != nil {
			exe, _ := os.Executable()
			return symbol.Sym{Module: filepath.Base(exe), Name: f.Name(), Off: addr - uint64(f.Entry())}, true
		}
	}
	if r.next == nil {
		return symbol.Sym{}, false
	}
	return r.next.User(pid, addr)
}
