package godtrace

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/etl"
	"github.com/godtrace/godtrace/host/local"
	"github.com/godtrace/godtrace/host/nt"
)

// OpenHost opens a host by its specification:
//
//	""       the live kernel: "linux" on Linux, "local" elsewhere
//	linux    the live Linux kernel; needs privileges
//	local    the calling process, on the portable engine; needs none
//	nt:W     a model of the NT kernel with workload W: a file, or the name of a
//	         bundled workload (see nt.BundledNames)
//	etl:F    recorded Windows traces, files separated by commas
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
	case "nt":
		return openNT(arg)
	case "etl":
		return openETL(arg)
	}
	return nil, fmt.Errorf("unknown host %q, have %s", name, strings.Join(HostNames(), ", "))
}

// HostNames lists the hosts that OpenHost knows in this build.
func HostNames() []string { return []string{"linux", "local", "nt", "etl"} }

func openLocal() (host.Host, error) {
	h, err := local.New(local.Config{World: localWorld()})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func openNT(workload string) (host.Host, error) {
	if workload == "" {
		return nil, fmt.Errorf("host nt: name a workload after the colon: a file, or one of %s", strings.Join(nt.BundledNames(), ", "))
	}
	h, err := nt.New(workload)
	if err != nil {
		return nil, err
	}
	return h, nil
}

func openETL(files string) (host.Host, error) {
	if files == "" {
		return nil, fmt.Errorf("host etl: name the trace files after the colon: etl:FILE.etl[,FILE.etl...]")
	}
	h, err := etl.Open(strings.Split(files, ",")...)
	if err != nil {
		return nil, err
	}
	return h, nil
}
