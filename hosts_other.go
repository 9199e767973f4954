//go:build !linux

package godtrace

import (
	"fmt"
	"runtime"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/host"
)

func openDefault() (host.Host, error) { return openLocal() }

func openLinux() (host.Host, error) {
	return nil, fmt.Errorf("host linux: this is %s: %w", runtime.GOOS, host.ErrNotSupported)
}

func localWorld() check.World { return nil }
