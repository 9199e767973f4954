//go:build linux

package linux

import (
	"errors"

	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

func newHost(tb testing.TB) *Host {
	tb.Helper()
	h, err := New()
	if err != nil {
		tb.Skip(err)
	}
	tb.Cleanup(func() { h.Close() })
	return h
}

func needBTF(tb testing.TB) {
	tb.Helper()
	if !btfExists() {
		tb.Skip("this kernel has no BTF")
	}
}

func list(tb testing.TB, h *Host, desc string) []*probe.Probe {
	tb.Helper()
	d, ok := probe.ParseDesc(desc, probe.PartName)
	if !ok {
		tb.Fatalf("bad description %q", desc)
	}
	var ps []*probe.Probe
	var last probe.ID
	if err := h.Probes(d, func(p *probe.Probe) bool {
		if p.ID <= last {
			tb.Errorf("%s: id %d after %d", desc, p.ID, last)
		}
		last = p.ID
		ps = append(ps, p)
		return true
	}); err != nil {
		tb.Fatalf("%s: %v", desc, err)
	}
	return ps
}

func TestProbes(t *testing.T) {
	h := newHost(t)
	for _, c := range []struct {
		desc string
		want string // the probe, if there is exactly one
		min  int
	}{
		{"BEGIN", "dtrace:::BEGIN", 1},
		{"dtrace:::", "", 3},
		{"syscall::read:entry", "syscall:vmlinux:read:entry", 1},
		{"syscall::newfstat:entry", "syscall:vmlinux:fstat:entry", 1},
		{"read:return", "syscall:vmlinux:read:return", 1},
		{"syscall:::entry", "", 300},
		{"syscall::*read*:", "", 10},
		{"syscall::nosuchcall:entry", "", 0},
		{"tick-10ms", "profile:::tick-10ms", 1},
		{"profile:::profile-97", "profile:::profile-97", 1},
		{"profile:::profile-1234hz", "profile:::profile-1234hz", 1},
		{"profile:::tick-*", "", 6},
		{"profile:::nonsense", "", 0},
		{"profile:foo::tick-1s", "", 0},
		{"nosuch:::", "", 0},
	} {
		ps := list(t, h, c.desc)
		if len(ps) < c.min || c.want != "" && len(ps) != 1 || c.min == 0 && len(ps) != 0 {
			t.Errorf("%s: %d probes %v", c.desc, len(ps), ps)
			continue
		}
		if c.want != "" && ps[0].String() != c.want {
			t.Errorf("%s: %s, want %s", c.desc, ps[0], c.want)
		}
		for _, p := range ps {
			if h.ProbeByID(p.ID) != p {
				t.Errorf("ProbeByID(%d) is not %s", p.ID, p)
			}
			if p.Attrs == nil {
				t.Errorf("%s has no attributes", p)
			}
			var byID []*probe.Probe
			if err := h.Probes(probe.Desc{ID: p.ID}, func(q *probe.Probe) bool { byID = append(byID, q); return true }); err != nil || len(byID) != 1 || byID[0] != p {
				t.Errorf("probe %d by id: %v %v", p.ID, byID, err)
			}
		}
	}
	if h.btf != nil || h.ksyms != nil {
		t.Error("BTF or kallsyms were loaded for what needs neither")
	}
	for i, name := range []string{"BEGIN", "END", "ERROR"} {
		if p := h.ProbeByID(probe.ID(i + 1)); p == nil || p.Name != name {
			t.Errorf("probe %d is %v, want %s", i+1, p, name)
		}
	}
	if h.ProbeByID(0) != nil || h.ProbeByID(1<<31) != nil {
		t.Error("found probes that do not exist")
	}
}

func TestRates(t *testing.T) {
	for _, c := range []struct {
		name string
		want time.Duration
		ok   bool
		bad  bool
	}{
		{"tick-1s", time.Second, true, false}, {"tick-10ms", 10 * time.Millisecond, true, false},
		{"profile-97", time.Second / 97, true, false}, {"profile-97hz", time.Second / 97, true, false},
		{"tick-2min", 2 * time.Minute, true, false}, {"tick-1day", 24 * time.Hour, true, false},
		{"tick-300usec", 300 * time.Microsecond, true, false}, {"tick-500000ns", 500 * time.Microsecond, true, false},
		{"tick-1H", time.Hour, true, false},
		{"tick-5001hz", 0, true, true}, {"tick-100us", 0, true, true}, {"tick-99999999999d", 0, true, true},
		{"tick-", 0, false, false}, {"tick-0", 0, false, false}, {"tick-1x", 0, false, false}, {"BEGIN", 0, false, false},
		{"profile-99999999999999999999", 0, false, false},
	} {
		got, ok, err := parseRate(c.name)
		if ok != c.ok || (err != nil) != c.bad || err == nil && got != c.want {
			t.Errorf("parseRate(%q) = %v %v %v, want %v %v", c.name, got, ok, err, c.want, c.ok)
		}
	}
}

func FuzzRate(f *testing.F) {
	f.Add("tick-10ms")
	f.Fuzz(func(t *testing.T, name string) {
		if d, ok, err := parseRate(name); ok && err == nil && d < minPeriod {
			t.Errorf("parseRate(%q) = %v", name, d)
		}
	})
}

func TestTracepoints(t *testing.T) {
	needBTF(t)
	h := newHost(t)
	ps := list(t, h, "sdt:::sched_switch")
	if len(ps) != 1 || ps[0].String() != "sdt:sched::sched_switch" {
		t.Fatalf("sdt:::sched_switch: %v", ps)
	}
	args, err := h.Args(ps[0])
	if err != nil || len(args) < 3 {
		t.Fatalf("arguments: %v %v", args, err)
	}
	if got := ctype.Declare(args[1].Native, args[1].Name); got != "struct task_struct *prev" {
		t.Errorf("args[1] is %q, want struct task_struct *prev", got)
	}
	if _, ok := args[1].Native.Elem.Member("comm"); !ok {
		t.Error("args[1]->comm is not found")
	}
	if raw := list(t, h, "rawtp:sched::sched_switch"); len(raw) != 1 || raw[0].ID <= ps[0].ID {
		t.Errorf("rawtp:sched::sched_switch: %v", raw)
	}
	if n := len(list(t, h, "sdt:::")); n < 500 || n != len(list(t, h, "rawtp:::")) {
		t.Errorf("%d probes of sdt, %d of rawtp", n, len(list(t, h, "rawtp:::")))
	}
	for _, p := range list(t, h, "sdt:::") {
		if p.Module == "" {
			t.Errorf("%s has no group", p)
		}
	}
}

// TestGroupsWithoutTracefs holds that the built-in table knows the groups that
// tracefs tells, wherever it knows the tracepoint.
func TestGroupsWithoutTracefs(t *testing.T) {
	tfs, err := openTracefs()
	if err != nil {
		t.Skip(err)
	}
	defer tfs.Close()
	known := map[string]string{}
	eachKnownEvent(func(group, name string) { known[name] = group })
	n, all := 0, 0
	if err := tfs.eachEvent(func(group, name string) {
		all++
		if g, ok := known[name]; ok {
			n++
			if g != group && n < 5 {
				t.Errorf("%s is in group %s here, in the table in %s", name, group, g)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if n < all*9/10 {
		t.Errorf("the table knows %d of this kernel's %d tracepoints", n, all)
	}
}

func TestDynamicEvent(t *testing.T) {
	for line, want := range map[string]string{
		"p:uprobes/BEGIN /bin/x:0x10\n": "uprobes:BEGIN", "r16:kprobes/ret do_exit": "kprobes:ret", "wakeup int a\n": "", "": "",
	} {
		if got, ok := dynamicEvent(line); got != want && ok || ok != (want != "") {
			t.Errorf("dynamicEvent(%q) = %q %v, want %q", line, got, ok, want)
		}
	}
}

func TestSyscallArgs(t *testing.T) {
	h := newHost(t)
	for _, c := range []struct {
		call string
		want []string
	}{
		{"read", []string{"unsigned int fd", "char *buf", "size_t count"}},
		{"getpid", nil},
		{"openat", []string{"int dfd", "const char *filename", "int flags", "umode_t mode"}},
	} {
		ps := list(t, h, "syscall::"+c.call+":entry")
		if len(ps) != 1 {
			t.Fatalf("%s: %v", c.call, ps)
		}
		args, err := h.Args(ps[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, a := range args {
			got = append(got, ctype.Declare(a.Native, a.Name))
			if a.Map != i {
				t.Errorf("%s: args[%d] comes from arg%d", c.call, i, a.Map)
			}
			if b := a.Native.Base(); b.Kind == ctype.Pointer && b.Space != ctype.User {
				t.Errorf("%s: args[%d] is not a user pointer", c.call, i)
			}
		}
		if strings.Join(got, ", ") != strings.Join(c.want, ", ") {
			t.Errorf("%s(%s), want %s", c.call, strings.Join(got, ", "), strings.Join(c.want, ", "))
		}
	}
	// Every call's arguments can be typed.
	for _, p := range list(t, h, "syscall:::") {
		args, err := h.Args(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
		}
		for _, a := range args {
			if a.Native == nil {
				t.Errorf("%s: argument %q has no type", p, a.Name)
			}
		}
	}
}

func TestTypes(t *testing.T) {
	needBTF(t)
	h := newHost(t)
	for name, want := range map[string]string{
		"struct task_struct": "struct task_struct", "pid_t": "pid_t", "unsigned long": "unsigned long",
		"enum pid_type": "enum pid_type", "u64": "u64",
	} {
		ty, err := h.Type("", name)
		if err != nil || ty == nil || ty.String() != want {
			t.Errorf("Type(%q) = %v %v", name, ty, err)
		}
	}
	if ty, err := h.Type("", "struct no_such_struct"); ty != nil || err != nil {
		t.Errorf("struct no_such_struct: %v %v", ty, err)
	}
	if ty, err := h.Type("nosuchmodule", "struct task_struct"); ty != nil || err != nil {
		t.Errorf("nosuchmodule`struct task_struct: %v %v", ty, err)
	}
	if v, _, ok := h.Enumerator("PIDTYPE_TGID"); !ok || v != 1 {
		t.Errorf("PIDTYPE_TGID = %d %v", v, ok)
	}
	off, size, err := h.offset("task_struct", "se.exec_start")
	if err != nil || size != 8 || off == 0 {
		t.Errorf("task_struct.se.exec_start: %d %d %v", off, size, err)
	}
	if _, _, err := h.offset("task_struct", "no_such_member"); err == nil {
		t.Error("found task_struct.no_such_member")
	}
}

func TestSymbol(t *testing.T) {
	h := newHost(t)
	s, ok, err := h.Symbol("", "schedule")
	if err != nil {
		t.Skip(err)
	}
	if !ok || !s.Func || s.Module != "vmlinux" || s.Addr == 0 {
		t.Fatalf("schedule: %+v %v", s, ok)
	}
	if btfExists() && !s.Type.Is(ctype.Func) {
		t.Errorf("schedule has type %v", s.Type)
	}
	if r, ok := h.Symbols().Kernel(s.Addr + 4); !ok || r.Off != 4 {
		t.Errorf("schedule+4: %+v %v", r, ok)
	}
	// Where variables are not listed, that is said.
	ks, err := h.kallsyms()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := h.Symbol("", "no_such_symbol_anywhere"); ok || ks.FunctionsOnly() != (err != nil && strings.Contains(err.Error(), "CONFIG_KALLSYMS_ALL")) {
		t.Errorf("no_such_symbol_anywhere: %v %v", ok, err)
	}
}

func TestSupports(t *testing.T) {
	h := newHost(t)
	if err := h.Supports(ir.Add, 0); err != nil {
		t.Error(err)
	}
	if err := h.Supports(ir.Panic, 0); !errors.Is(err, host.ErrNotSupported) || !strings.Contains(err.Error(), "panic()") {
		t.Errorf("panic(): %v", err)
	}
}

func TestPrivilege(t *testing.T) {
	for _, c := range []struct {
		caps uint64
		want string // part of the error
	}{
		{1 << capSysAdmin.bit, ""}, {1<<capBPF.bit | 1<<capPerfmon.bit, ""},
		{0, "lacks CAP_BPF and CAP_PERFMON"}, {1 << capBPF.bit, "lacks CAP_PERFMON:"},
	} {
		err := errPrivilege(c.caps)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("capabilities %#x: %v, want %q", c.caps, err, c.want)
		}
	}
}

func TestVersions(t *testing.T) {
	for s, want := range map[string]version{"6.18.44-fc": {6, 18}, "5.4": {5, 4}, "7.0-rc1": {7, 0}, "x": {}, "6.x": {6, 0}} {
		if got := parseVersion(s); got != want {
			t.Errorf("parseVersion(%q) = %v, want %v", s, got, want)
		}
	}
	if !(version{5, 15}).before(version{6, 1}) || (version{6, 1}).before(version{6, 1}) {
		t.Error("before is wrong")
	}
	for f := range since {
		if v := since[f]; v == (version{}) {
			t.Errorf("feature %s has no version", f)
		}
	}
}

func TestTooOld(t *testing.T) {
	for release, want := range map[string]bool{"5.10.0-28-amd64": true, "4.19": true, "5.12.0": false, "6.1.0-50-amd64": false, "7.2": false} {
		err := errTooOld(release)
		if (err != nil) != want {
			t.Errorf("%s: %v", release, err)
		}
		if err != nil && (!strings.Contains(err.Error(), release) || !strings.Contains(err.Error(), "5.12")) {
			t.Errorf("%s: the error names not both versions: %v", release, err)
		}
	}
}

func TestCPUList(t *testing.T) {
	for s, want := range map[string]int{"0-3,8\n": 5, "0": 1, "": 0} {
		if got, err := cpuList(s); err != nil || len(got) != want {
			t.Errorf("cpuList(%q) = %v %v", s, got, err)
		}
	}
	for _, s := range []string{"x", "3-1", "-1", "0-99999999"} {
		if got, err := cpuList(s); err == nil {
			t.Errorf("cpuList(%q) = %v", s, got)
		}
	}
}

func TestFeatures(t *testing.T) {
	h := newHost(t)
	names := map[string]bool{}
	for _, f := range h.Features() {
		if names[f.Name] {
			t.Errorf("feature %s twice", f.Name)
		}
		names[f.Name] = true
		if f.Detail == "" || f.OK != (f.Remedy == "") {
			t.Errorf("feature %+v: a detail, and a remedy exactly if it does not work", f)
		}
		t.Logf("%-32s %-5v %s; %s", f.Name, f.OK, f.Detail, f.Remedy)
	}
	for _, p := range h.providers {
		if !names[p.name()] {
			t.Errorf("provider %s is not reported", p.name())
		}
	}
}

func BenchmarkListAll(b *testing.B) {
	for b.Loop() {
		h := newHost(b)
		n := 0
		if err := h.Probes(probe.Desc{}, func(*probe.Probe) bool { n++; return true }); err != nil || n < 700 {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkMatchBegin(b *testing.B) {
	for b.Loop() {
		h := newHost(b)
		if len(list(b, h, "BEGIN")) != 1 {
			b.Fatal("BEGIN")
		}
	}
}

func BenchmarkMatchGlob(b *testing.B) {
	h := newHost(b)
	for b.Loop() {
		list(b, h, "syscall::*read*:")
	}
}

var _ check.World = (*Host)(nil)
