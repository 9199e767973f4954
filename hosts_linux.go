package godtrace

import (
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/linux"
)

func openDefault() (host.Host, error) { return openLinux() }

func openLinux() (host.Host, error) {
	h, err := linux.New()
	if err != nil {
		return nil, err
	}
	return h, nil
}

// localWorld lends the kernel's types and symbols to the local host, where they
// can be read.
func localWorld() check.World {
	h, err := linux.New()
	if err != nil {
		return nil // the local host then has only D's own types
	}
	return h
}
