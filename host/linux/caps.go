//go:build linux

package linux

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// capability is a capability of capabilities(7), by its number.
type capability struct {
	name string
	bit  uint
}

var (
	capSysAdmin = capability{"CAP_SYS_ADMIN", unix.CAP_SYS_ADMIN}
	capBPF      = capability{"CAP_BPF", unix.CAP_BPF}
	capPerfmon  = capability{"CAP_PERFMON", unix.CAP_PERFMON}
	capSyslog   = capability{"CAP_SYSLOG", unix.CAP_SYSLOG}
)

// effective returns the capabilities in effect of this process, as bits.
func effective() (uint64, error) {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return 0, fmt.Errorf("read this process's capabilities: %w", err)
	}
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), nil
}

func has(caps uint64, c capability) bool { return caps>>c.bit&1 != 0 }

// errPrivilege says which capabilities tracing needs and this process lacks;
// nil if it has them.
func errPrivilege(caps uint64) error {
	if has(caps, capSysAdmin) {
		return nil
	}
	var lacks []string
	for _, c := range []capability{capBPF, capPerfmon} {
		if !has(caps, c) {
			lacks = append(lacks, c.name)
		}
	}
	if lacks == nil {
		return nil
	}
	return fmt.Errorf("tracing needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN), and this process lacks %s: run it as root, or give the file the capabilities (setcap cap_bpf,cap_perfmon,cap_syslog+ep)",
		joinWords(lacks))
}

// inUserNamespace reports whether the process lives in a user namespace of its
// own, where capabilities give nothing outside it.
func inUserNamespace() bool {
	data, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false
	}
	f := strings.Fields(string(data))
	return len(f) != 3 || f[0] != "0" || f[1] != "0" || f[2] != "4294967295"
}

// loaderHint is what cilium/ebpf adds to every refusal. Memory has been
// accounted by cgroup since Linux 5.11; the limit plays no part.
const loaderHint = " (MEMLOCK may be too low, consider rlimit.RemoveMemlock)"

// plainError is an error without the loader's hint.
type plainError struct{ err error }

func (e plainError) Error() string { return strings.ReplaceAll(e.err.Error(), loaderHint, "") }
func (e plainError) Unwrap() error { return e.err }

// explain adds to an error of permission what may be the reason for it.
func explain(err error) error {
	if v, _ := kernelVersion(); strings.Contains(err.Error(), loaderHint) && !v.before(version{5, 11}) {
		err = plainError{err}
	}
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
		return err
	}
	if caps, e := effective(); e == nil {
		if e := errPrivilege(caps); e != nil {
			return fmt.Errorf("%w: %w", err, e)
		}
	}
	if inUserNamespace() {
		return fmt.Errorf("%w: capabilities of a user namespace do not allow tracing; run outside the container, or with a token (BPF token, Linux 6.9)", err)
	}
	if l := lockdown(); l != "none" {
		return fmt.Errorf("%w: kernel lockdown is %s", err, l)
	}
	return err
}

// lockdown returns the kernel's lockdown mode: none, integrity or
// confidentiality. Where securityfs is not mounted it is read through a mount
// that no path leads to.
var lockdown = sync.OnceValue(func() string {
	data, err := os.ReadFile("/sys/kernel/security/lockdown")
	if err != nil {
		fs, err := mountUnseen("securityfs")
		if err != nil {
			return "none"
		}
		defer unix.Close(fs)
		if data, err = readAt(fs, "lockdown"); err != nil {
			return "none" // the kernel has no lockdown
		}
	}
	_, rest, ok := strings.Cut(string(data), "[")
	mode, _, ok2 := strings.Cut(rest, "]")
	if !ok || !ok2 {
		return "none"
	}
	return mode
})

// version is a kernel's version.
type version struct{ major, minor int }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

func (v version) before(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

// kernelVersion returns the running kernel's version and its full release.
func kernelVersion() (version, string) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return version{}, "unknown"
	}
	release := unix.ByteSliceToString(u.Release[:])
	return parseVersion(release), release
}

// oldest is the first kernel whose eBPF has the atomic instructions that records
// are made with.
var oldest = version{5, 12}

// errTooOld says why no program can run on a kernel of this release; nil if some can.
func errTooOld(release string) error {
	if v := parseVersion(release); v.before(oldest) {
		return fmt.Errorf("this is Linux %s, whose eBPF has no atomic exchange: want Linux %v or later (6.1 is the oldest that was tried)", release, oldest)
	}
	return nil
}

func parseVersion(release string) version {
	var v version
	major, rest, _ := strings.Cut(release, ".")
	v.major, _ = strconv.Atoi(major)
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	v.minor, _ = strconv.Atoi(rest[:digits])
	return v
}
