package godtrace

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/local"
)

// OpenHost opens a host by its specification:
//
//	""       the live kernel: "linux" on Linux, "local" elsewhere
//	linux    the live Linux kernel; needs privileges
//	local    the calling process, on the portable engine; needs none
func OpenHost(spec string) (host.Host, error) {
	name, arg, hasArg := strings.Cut(spec, ":")
	switch name {
	case "", "linux", "local":
		if hasArg {
			return nil, fmt.Errorf("host %q takes no argument, found %q", name, arg)
		}
	}
	switch name {
	case "":
		return openDefault()
	case "linux":
		return openLinux()
	case "local":
		return openLocal()
	}
	return nil, fmt.Errorf("unknown host %q, have %s", name, strings.Join(HostNames(), ", "))
}

// HostNames lists the hosts that OpenHost knows in this build.
func HostNames() []string { return []string{"linux", "local"} }

func openLocal() (host.Host, error) {
	h, err := local.New(local.Config{World: localWorld()})
	if err != nil {
		return nil, err
	}
	return h, nil
}
