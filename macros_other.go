//go:build !unix

package godtrace

import "os"

// processMacros returns the macro variables that describe the tracing process.
// Systems without user and group numbers have 0 for them.
func processMacros() map[string]int64 {
	return map[string]int64{
		"pid": int64(os.Getpid()), "ppid": int64(os.Getppid()), "pgid": 0, "sid": 0,
		"uid": 0, "euid": 0, "gid": 0, "egid": 0,
	}
}
