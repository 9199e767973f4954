//go:build linux

package linux

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/linux/btf"
	"github.com/godtrace/godtrace/ir"
)

// since is the kernel that first had each feature that Build can do without.
var since = map[bpf.Feature]version{
	bpf.FeatTaskStorage:   {5, 12},
	bpf.FeatCookie:        {5, 15},
	bpf.FeatAllocHash:     {6, 1},
	bpf.FeatStrncmp:       {5, 17},
	bpf.FeatLoop:          {5, 17},
	bpf.FeatMayGoto:       {6, 9},
	bpf.FeatTaskRegs:      {5, 15},
	bpf.FeatSignal:        {5, 3},
	bpf.FeatRingOverwrite: {6, 19},
}

// lacks returns the features that this kernel does not have, by its version
// and settings.
func (h *Host) lacks() map[bpf.Feature]bool {
	if h.lacksCache != nil {
		return h.lacksCache
	}
	l := map[bpf.Feature]bool{}
	v, _ := kernelVersion()
	for f, from := range since {
		if v.before(from) {
			l[f] = true
		}
	}
	if lockdown() != "none" {
		l[bpf.FeatWriteUser] = true
	}
	if !pmuExists("kprobe") {
		l[bpf.FeatOverride] = true
	}
	if !v.before(version{7, 0}) {
		l[bpf.FeatNoPreempt] = true
	}
	h.lacksCache = l
	return l
}

// pmuExists reports whether the kernel has a perf event source.
func pmuExists(name string) bool {
	_, err := os.Stat("/sys/bus/event_source/devices/" + name + "/type")
	return err == nil
}

// refused says why an operation cannot be had on Linux.
var refused = map[ir.Op]string{
	ir.Panic:      "panic()",
	ir.Breakpoint: "breakpoint()",
}

func (h *Host) supports(op ir.Op, _ uint8) error {
	if name, ok := refused[op]; ok {
		return fmt.Errorf("%s is %w on host linux: the kernel gives eBPF programs no means for it", name, host.ErrNotSupported)
	}
	need := map[ir.Op]bpf.Feature{
		ir.Raise: bpf.FeatSignal, ir.StopProc: bpf.FeatSignal,
		ir.CopyOut: bpf.FeatWriteUser, ir.CopyOutStr: bpf.FeatWriteUser,
		ir.Return: bpf.FeatOverride,
	}
	if f, ok := need[op]; ok && h.lacks()[f] {
		return fmt.Errorf("this action is %w on this kernel: it needs %s", host.ErrNotSupported, f)
	}
	return nil
}

// tiny is a raw tracepoint program that does nothing.
func tiny() (*program, error) {
	return loadProgram(&ebpf.ProgramSpec{
		Name: "dtrace_probe", Type: ebpf.RawTracepoint, License: bpfLicense,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	}, nil, 0)
}

const bpfLicense = "GPL"

// refusal explains an error of loading or attaching a program.
func refusal(name, what string, err error) host.Feature {
	f := host.Feature{Name: name, Detail: what + ": " + plainError{err}.Error()}
	caps, _ := effective() // without them all are reported missing, which is right
	switch {
	case errPrivilege(caps) != nil:
		f.Remedy = "CAP_BPF and CAP_PERFMON: run as root"
	case inUserNamespace():
		f.Remedy = "run outside the user namespace"
	case lockdown() == "confidentiality":
		f.Remedy = "boot without lockdown=confidentiality"
	case errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, unix.ENOSYS):
		f.Remedy = "a kernel with CONFIG_BPF_SYSCALL and CONFIG_BPF_EVENTS"
	case errors.Is(err, unix.EPERM):
		mode := lockdown()
		if mode == "none" {
			mode = "off"
		}
		f.Detail += ", though this process has the capabilities (lockdown is " + mode + ")"
		f.Remedy = "a kernel whose security policy allows it"
	default:
		f.Remedy = "see the error"
	}
	return f
}

func testRunFeature(name string) host.Feature {
	p, err := tiny()
	if err != nil {
		return refusal(name, "load a program", err)
	}
	defer p.Close()
	if err := p.run(-1); err != nil {
		f := refusal(name, "run a program by BPF_PROG_TEST_RUN", err)
		if v, _ := kernelVersion(); v.before(version{5, 10}) {
			f.Remedy = "Linux 5.10"
		}
		return f
	}
	return host.Feature{Name: name, OK: true, Detail: "BEGIN and END by BPF_PROG_TEST_RUN; ERROR inside each program"}
}

func rawTracepointFeature(name, tracepoint string) host.Feature {
	p, err := tiny()
	if err != nil {
		return refusal(name, "load a program", err)
	}
	defer p.Close()
	l, err := p.attachRaw(tracepoint, 0)
	if err != nil {
		f := refusal(name, "attach to raw tracepoint "+tracepoint, err)
		if errors.Is(err, os.ErrNotExist) {
			f.Remedy = "a kernel with CONFIG_TRACEPOINTS (sys_enter: CONFIG_HAVE_SYSCALL_TRACEPOINTS)"
		}
		return f
	}
	l.Close()
	return host.Feature{Name: name, OK: true, Detail: "attached to " + tracepoint + " for a moment"}
}

// Features reports what works here, by trying it.
func (h *Host) Features() []host.Feature {
	var fs []host.Feature
	for _, p := range h.providers {
		fs = append(fs, p.features()...)
	}
	fs = outdate(fs)
	return append(fs,
		h.privilegeFeature(),
		h.btfFeature(),
		h.symbolFeature(),
		h.tracefsFeature(),
		mapFeature("per-CPU ring buffers", &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: uint32(unix.Getpagesize())}, "Linux 5.8"),
		h.taskStorageFeature(),
		statsFeature(),
		attachFeature("user-space probes", "uprobe", "CONFIG_UPROBE_EVENTS"),
		attachFeature("kernel function probes by kprobe", "kprobe", "CONFIG_KPROBE_EVENTS"),
		h.fentryFeature(),
		lockdownFeature(),
	)
}

// outdate turns off the providers where the kernel is too old for any program,
// and says first what it is.
func outdate(providers []host.Feature) []host.Feature {
	_, release := kernelVersion()
	kernel := host.Feature{Name: "kernel", OK: true, Detail: "Linux " + release}
	if err := errTooOld(release); err != nil {
		what, remedy, _ := strings.Cut(err.Error(), ": want ")
		kernel = host.Feature{Name: "kernel", Detail: what, Remedy: remedy}
		for i := range providers {
			providers[i].OK, providers[i].Detail, providers[i].Remedy = false, what, remedy
		}
	}
	return append([]host.Feature{kernel}, providers...)
}

func (h *Host) privilegeFeature() host.Feature {
	caps, err := effective()
	if err == nil {
		err = errPrivilege(caps)
	}
	if err != nil {
		what, remedy, _ := strings.Cut(err.Error(), ": ")
		return host.Feature{Name: "privileges", Detail: what, Remedy: remedy}
	}
	var names []string
	for _, c := range []capability{capSysAdmin, capBPF, capPerfmon, capSyslog} {
		if has(caps, c) {
			names = append(names, c.name)
		}
	}
	return host.Feature{Name: "privileges", OK: true, Detail: joinWords(names)}
}

func (h *Host) btfFeature() host.Feature {
	k, err := h.kernelBTF()
	if err != nil {
		return host.Feature{Name: "kernel types", Detail: err.Error(), Remedy: "CONFIG_DEBUG_INFO_BTF (Linux 5.4)"}
	}
	return host.Feature{Name: "kernel types", OK: true, Detail: fmt.Sprintf("BTF of the kernel with %d types, and of %d modules", k.Len(), len(btf.Modules()))}
}

func (h *Host) symbolFeature() host.Feature {
	const name = "kernel symbols"
	k, err := h.kallsyms()
	switch {
	case err != nil:
		return host.Feature{Name: name, Detail: err.Error(), Remedy: "CONFIG_KALLSYMS"}
	case k.Hidden():
		return host.Feature{Name: name, Detail: "the kernel hides its addresses from this process (kernel.kptr_restrict)", Remedy: "CAP_SYSLOG, or sysctl kernel.kptr_restrict=0"}
	}
	f := host.Feature{Name: name, OK: true, Detail: fmt.Sprintf("%d symbols", k.Len())}
	if k.FunctionsOnly() {
		f.Detail += "; functions only: `variable finds hardly any data (CONFIG_KALLSYMS_ALL is not set)"
	}
	return f
}

func (h *Host) tracefsFeature() host.Feature {
	t, err := openTracefs()
	if err != nil {
		f := host.Feature{Name: "tracefs", Detail: err.Error(), Remedy: "mount -t tracefs tracefs /sys/kernel/tracing"}
		if lockdown() == "confidentiality" {
			f.Remedy = "boot with lockdown=integrity or without it"
		}
		f.Remedy += " (the groups of tracepoints come from a built-in table without it)"
		return f
	}
	defer t.Close()
	return host.Feature{Name: "tracefs", OK: true, Detail: t.how}
}

func mapFeature(name string, spec *ebpf.MapSpec, remedy string) host.Feature {
	m, err := ebpf.NewMap(spec)
	if err != nil {
		f := refusal(name, "create a map", err)
		if f.Remedy == "see the error" {
			f.Remedy = remedy
		}
		return f
	}
	m.Close()
	return host.Feature{Name: name, OK: true, Detail: "works"}
}

func (h *Host) taskStorageFeature() host.Feature {
	const name = "task-local storage (self->)"
	v, release := kernelVersion()
	if h.lacks()[bpf.FeatTaskStorage] {
		return host.Feature{Name: name, Detail: "Linux " + release + " has it not for tracing programs; a hash keyed by thread is used", Remedy: "Linux 5.12"}
	}
	return host.Feature{Name: name, OK: true, Detail: "Linux " + v.String() + " frees a thread's variables at its end"}
}

func statsFeature() host.Feature {
	const name = "cost of tracing"
	c, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		f := refusal(name, "enable run-time statistics", err)
		if v, _ := kernelVersion(); v.before(version{5, 8}) {
			f.Remedy = "Linux 5.8"
		} else if f.Remedy == "see the error" {
			f.Remedy = "CAP_SYS_ADMIN"
		}
		return f
	}
	c.Close()
	return host.Feature{Name: name, OK: true, Detail: "BPF run-time statistics"}
}

func attachFeature(name, pmu, option string) host.Feature {
	if !pmuExists(pmu) {
		return host.Feature{Name: name, Detail: "the kernel has no event source " + pmu, Remedy: option}
	}
	return host.Feature{Name: name, OK: true, Detail: "event source " + pmu}
}

// fentryFeature tries a program at the entry of a function.
func (h *Host) fentryFeature() host.Feature {
	const name, function = "kernel function probes by fentry", "do_nanosleep"
	k, err := h.kernelBTF()
	if err != nil {
		return host.Feature{Name: name, Detail: err.Error(), Remedy: "CONFIG_DEBUG_INFO_BTF"}
	}
	id, ok := k.Find(btf.KindFunc, function)
	if !ok {
		return host.Feature{Name: name, Detail: "BTF tells of no function " + function, Remedy: "a kernel with BTF of its functions"}
	}
	p, err := loadProgram(&ebpf.ProgramSpec{
		Name: "dtrace_probe", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, License: bpfLicense,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	}, nil, uint32(id))
	if err != nil {
		f := refusal(name, "load a program for "+function, err)
		if f.Remedy == "see the error" {
			f.Remedy = "Linux 5.5 on x86-64, 6.0 on arm64, with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"
		}
		return f
	}
	defer p.Close()
	l, err := p.attachTracing()
	if err != nil {
		f := refusal(name, "attach to "+function, err)
		if f.Remedy == "see the error" {
			f.Remedy = "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"
		}
		return f
	}
	l.Close()
	return host.Feature{Name: name, OK: true, Detail: "attached to " + function + " for a moment"}
}

func lockdownFeature() host.Feature {
	switch l := lockdown(); l {
	case "none":
		return host.Feature{Name: "lockdown", OK: true, Detail: "off"}
	case "integrity":
		return host.Feature{Name: "lockdown", OK: true, Detail: "integrity: tracing works, writing to processes (copyout) does not"}
	default:
		return host.Feature{Name: "lockdown", Detail: l + ": eBPF programs may not read kernel memory", Remedy: "boot with lockdown=integrity or without it"}
	}
}

// kernelReads are the helpers that lockdown=confidentiality takes away: programs
// cannot read the kernel's memory with them, nor copy within their own.
var kernelReads = map[string]bool{
	"bpf_probe_read_kernel": true, "bpf_probe_read_kernel_str": true, "bpf_probe_read": true, "bpf_probe_read_str": true,
}

// refusedBecause says in a sentence why the kernel does not take a program, from
// the end of its verifier's log.
func refusedBecause(log []string) string {
	_, release := kernelVersion()
	for len(log) > 0 && (strings.HasPrefix(log[len(log)-1], "processed ") || strings.TrimSpace(log[len(log)-1]) == "") {
		log = log[:len(log)-1]
	}
	last := ""
	if len(log) > 0 {
		last = strings.TrimSpace(log[len(log)-1])
	}
	if h, ok := missingHelper(last); ok {
		switch {
		case kernelReads[h] && lockdown() == "confidentiality":
			return "the kernel's lockdown (confidentiality) keeps eBPF programs from reading kernel memory; boot with lockdown=integrity or without it"
		case h == "bpf_probe_write_user" && lockdown() != "none":
			return "the kernel's lockdown (" + lockdown() + ") keeps eBPF programs from writing to processes"
		}
		return fmt.Sprintf("Linux %s has no helper %s for such programs", release, h)
	}
	for _, words := range []string{"BPF program is too large", "The sequence of", "complexity"} {
		if strings.Contains(last, words) {
			return tooLong()
		}
	}
	return fmt.Sprintf("the verifier of Linux %s does not accept the generated code (%q); -S shows it", release, last)
}

// tooLong says that the verifier gave up (E2BIG): at a million steps, or at its
// bound of jumps to be followed.
func tooLong() string {
	_, release := kernelVersion()
	return fmt.Sprintf("the program is too long for the verifier of Linux %s: split the clause", release)
}

// missingHelper returns the helper that a line of the verifier's log says does
// not exist: "unknown func NAME#1", or since Linux 6.11 "program of this type
// cannot use helper NAME#1".
func missingHelper(line string) (name string, ok bool) {
	for _, words := range []string{"unknown func ", "program of this type cannot use helper "} {
		if _, rest, found := strings.Cut(line, words); found {
			name, _, _ = strings.Cut(rest, "#")
			return name, name != ""
		}
	}
	return "", false
}
