//go:build unix

package godtrace

import (
	"os"

	"golang.org/x/sys/unix"
)

// processMacros returns the macro variables that describe the tracing process:
// $pid, $ppid, $uid …
func processMacros() map[string]int64 {
	pgid, _ := unix.Getpgid(0)
	sid, _ := unix.Getsid(0)
	return map[string]int64{
		"pid": int64(os.Getpid()), "ppid": int64(os.Getppid()), "pgid": int64(pgid), "sid": int64(sid),
		"uid": int64(os.Getuid()), "euid": int64(os.Geteuid()), "gid": int64(os.Getgid()), "egid": int64(os.Getegid()),
	}
}
