//go:build linux

package linux

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/probe"
)

// profileProvider has profile-N, which fires on every CPU, and tick-N, which
// fires on one, both from the kernel's software clock event. Probes not in the
// list are made when a description names them.
type profileProvider struct {
	h     *Host
	attrs *probe.Attrs
	static
	room   probe.ID // the end of the ids reserved for the provider
	beyond static   // what did not find room there
	names  map[string]*probe.Probe
}

// The probes that listings show, as DTrace's do: rates in hertz.
var (
	listedProfiles = []string{"97", "199", "499", "997", "1999", "4001", "4999"}
	listedTicks    = []string{"1", "10", "100", "500", "1000", "5000"}
)

func newProfileProvider(h *Host, first, room, beyond probe.ID) *profileProvider {
	common := probe.Attr{Name: probe.Evolving, Data: probe.Evolving, Class: probe.ClassCommon}
	unstable := probe.Attr{Name: probe.Unstable, Data: probe.Unstable, Class: probe.ClassCommon}
	p := &profileProvider{h: h, room: room, names: map[string]*probe.Probe{},
		attrs: attributes(common, unstable, attrPrivate, common, common)}
	p.static = static{first: first, list: make([]probe.Probe, 0, room-first)} // pointers into it stay valid
	p.beyond = static{first: beyond}
	for _, n := range listedProfiles {
		p.make("profile-" + n)
	}
	for _, n := range listedTicks {
		p.make("tick-" + n)
	}
	return p
}

// maxBeyond bounds the probes made on demand past the reserved ids.
const maxBeyond = 4096

// make returns the probe of a name, which is valid; nil if there are too many.
func (p *profileProvider) make(name string) *probe.Probe {
	if pr := p.names[name]; pr != nil {
		return pr
	}
	s := &p.static
	if len(s.list) == cap(s.list) {
		if s = &p.beyond; s.list == nil {
			s.list = make([]probe.Probe, 0, maxBeyond)
		}
		if len(s.list) == cap(s.list) {
			return nil
		}
	}
	period, _, _ := parseRate(name)
	s.list = append(s.list, probe.Probe{
		ID: s.first + probe.ID(len(s.list)), Provider: "profile", Name: name, Attrs: p.attrs, Key: uint64(period),
	})
	pr := &s.list[len(s.list)-1]
	p.names[name] = pr
	return pr
}

// rateUnits are the suffixes of rates; those of zero length are hertz.
var rateUnits = map[string]time.Duration{
	"": 0, "hz": 0,
	"ns": time.Nanosecond, "nsec": time.Nanosecond,
	"us": time.Microsecond, "usec": time.Microsecond,
	"ms": time.Millisecond, "msec": time.Millisecond,
	"s": time.Second, "sec": time.Second,
	"m": time.Minute, "min": time.Minute,
	"h": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour,
}

// minPeriod is the shortest time between two firings, as in DTrace.
const minPeriod = 200 * time.Microsecond

// parseRate reads the name of a profile or tick probe. ok is false if it is
// none; err says why a rate is refused.
func parseRate(name string) (period time.Duration, ok bool, err error) {
	rate, isProfile := strings.CutPrefix(name, "profile-")
	if !isProfile {
		if rate, ok = strings.CutPrefix(name, "tick-"); !ok {
			return 0, false, nil
		}
	}
	digits := 0
	for digits < len(rate) && rate[digits] >= '0' && rate[digits] <= '9' {
		digits++
	}
	unit, known := rateUnits[strings.ToLower(rate[digits:])]
	n, e := strconv.ParseInt(rate[:digits], 10, 64)
	if !known || e != nil || n <= 0 {
		return 0, false, nil
	}
	switch {
	case unit == 0:
		period = time.Duration(int64(time.Second) / n)
	case n > int64(1<<62)/int64(unit):
		return 0, true, diag.Errorf(diag.Pos{}, diag.D_PDESC_ZERO, "probe description profile:::%s does not match any probes: the period exceeds %v", name, time.Duration(1<<62))
	default:
		period = time.Duration(n) * unit
	}
	if period < minPeriod {
		return 0, true, diag.Errorf(diag.Pos{}, diag.D_PDESC_ZERO, "probe description profile:::%s does not match any probes: the period is %v, want at least %v (5000 hz)", name, period, minPeriod)
	}
	return period, true, nil
}

func (p *profileProvider) name() string { return "profile" }

func (p *profileProvider) byID(id probe.ID) *probe.Probe {
	if pr := p.static.byID(id); pr != nil {
		return pr
	}
	return p.beyond.byID(id)
}

func (p *profileProvider) probes(d *probe.Desc, f func(*probe.Probe) bool) error {
	if d.ID == 0 && !probe.IsGlob(d.Name) && probe.Glob(d.Module, "") && probe.Glob(d.Function, "") {
		_, ok, err := parseRate(d.Name)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		pr := p.make(d.Name)
		if pr == nil {
			return fmt.Errorf("probe %s: %d probes of provider profile are in use already", d.Name, len(p.names))
		}
		f(pr)
		return nil
	}
	p.each(f)
	p.beyond.each(f)
	return nil
}

func (p *profileProvider) args(*probe.Probe) ([]check.Arg, error) {
	return nil, nil // as everywhere, profile probes have arg0 and arg1 but no args[]
}

func (p *profileProvider) hooks(ps []*probe.Probe) ([]hook, error) {
	var hs []hook
	for _, pr := range ps {
		period, oneCPU := pr.Key, strings.HasPrefix(pr.Name, "tick-")
		hs = append(hs, hook{
			bpf.Hook{Kind: bpf.PerfEvent, Name: pr.Name, Args: bpf.ArgsProfile, Probes: hookProbes([]*probe.Probe{pr})},
			func(s *Session, prog *program) (closer, error) {
				cpus, err := s.timerCPUs(oneCPU)
				if err != nil {
					return nil, err
				}
				return attachClock(cpus, period, prog)
			},
		})
	}
	return hs, nil
}

// perfFDs are open perf events; closing them stops them.
type perfFDs []int

func (fds perfFDs) Close() error {
	for _, fd := range fds {
		unix.Close(fd) // a perf event's release cannot fail
	}
	return nil
}

// attachClock runs prog every period nanoseconds on each of the CPUs. A CPU that
// went offline meanwhile is left out.
func attachClock(cpus []int, period uint64, prog *program) (closer, error) {
	var fds perfFDs
	for _, cpu := range cpus {
		attr := unix.PerfEventAttr{
			Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK,
			Sample: period, Bits: unix.PerfBitDisabled,
		}
		attr.Size = uint32(unix.PERF_ATTR_SIZE_VER5)
		fd, err := unix.PerfEventOpen(&attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if err == unix.ENODEV && len(cpus) > 1 {
			continue
		}
		if err != nil {
			fds.Close()
			return nil, fmt.Errorf("open the software clock of CPU %d: %w", cpu, err)
		}
		fds = append(fds, fd)
		if err = unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, prog.fd); err != nil {
			fds.Close()
			return nil, fmt.Errorf("attach to the software clock of CPU %d: %w", cpu, err)
		}
		if err = unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
			fds.Close()
			return nil, fmt.Errorf("enable the software clock of CPU %d: %w", cpu, err)
		}
	}
	return fds, nil
}

func (p *profileProvider) features() []host.Feature {
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK,
		Sample: uint64(time.Second), Bits: unix.PerfBitDisabled}
	attr.Size = uint32(unix.PERF_ATTR_SIZE_VER5)
	cpus := onlineCPUs()
	fd, err := unix.PerfEventOpen(&attr, -1, cpus[0], -1, unix.PERF_FLAG_FD_CLOEXEC)
	f := host.Feature{Name: "profile"}
	switch {
	case err == nil:
		unix.Close(fd)
		f.OK, f.Detail = true, "perf software clock; profile-N on every CPU, tick-N on one"
	case err == unix.EACCES || err == unix.EPERM:
		f.Detail = "the kernel refuses system-wide perf events: " + err.Error()
		if v, e := os.ReadFile("/proc/sys/kernel/perf_event_paranoid"); e == nil {
			f.Detail += " (kernel.perf_event_paranoid is " + strings.TrimSpace(string(v)) + ")"
		}
		f.Remedy = "run with CAP_PERFMON"
	case err == unix.ENOSYS:
		f.Detail, f.Remedy = "the kernel has no perf events", "CONFIG_PERF_EVENTS"
	default:
		f.Detail, f.Remedy = "open the software clock: "+err.Error(), "see the error"
	}
	return []host.Feature{f}
}
