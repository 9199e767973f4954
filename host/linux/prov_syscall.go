//go:build linux

package linux

import (
	"runtime"
	"slices"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/linux/btf"
	"github.com/godtrace/godtrace/host/linux/sysent"
	"github.com/godtrace/godtrace/probe"
)

// syscallProvider has an entry and a return probe for each system call. All
// entries are one program on the raw tracepoint sys_enter, all returns one on
// sys_exit, whatever their number: a raw tracepoint costs least of all hooks
// (about 106 ns with a compare of the call's number, against 264 ns for the
// call's own tracepoint), and closing it takes 1 ms instead of 75 ms a probe.
type syscallProvider struct {
	h *Host
	static
	calls []sysent.Call
}

const sysModule = "vmlinux"

func newSyscallProvider(h *Host, first probe.ID) *syscallProvider {
	p := &syscallProvider{h: h, calls: sysent.Table(runtime.GOARCH)}
	evolving := probe.Attr{Name: probe.Evolving, Data: probe.Evolving, Class: probe.ClassCommon}
	private := probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassISA}
	attrs := attributes(evolving, attrPrivate, private, evolving, private)
	p.static = static{first: first, list: make([]probe.Probe, 0, 2*len(p.calls))}
	for _, c := range p.calls {
		for _, name := range [2]string{"entry", "return"} {
			p.list = append(p.list, probe.Probe{
				ID: first + probe.ID(len(p.list)), Provider: "syscall", Module: sysModule, Function: c.Name, Name: name,
				Attrs: attrs, Key: uint64(c.Num),
			})
		}
	}
	return p
}

func (p *syscallProvider) name() string { return "syscall" }

func (p *syscallProvider) probes(d *probe.Desc, f func(*probe.Probe) bool) error {
	// Scripts written for the kernel's tracepoints say newfstat for fstat.
	d.Function = sysent.Alias(d.Function)
	p.each(f)
	return nil
}

func (p *syscallProvider) args(pr *probe.Probe) ([]check.Arg, error) {
	if pr.Name == "return" {
		long := p.h.set.Long
		return []check.Arg{{Native: long, Map: 0}, {Native: long, Map: 1}}, nil
	}
	if args := p.btfArgs(pr.Function); args != nil {
		return args, nil
	}
	var args []check.Arg
	for i, q := range sysent.Params(runtime.GOARCH, pr.Function) {
		t, err := p.h.parseType(q.Type)
		if err != nil {
			return nil, err
		}
		args = append(args, check.Arg{Name: q.Name, Native: userPointer(t), Map: i})
	}
	return args, nil
}

// btfArgs returns the parameters of the kernel's own function of a system call,
// where the compiler kept it: the ones called __x64_sys_ take pt_regs, __do_sys_ is
// what SYSCALL_DEFINE defines.
func (p *syscallProvider) btfArgs(name string) []check.Arg {
	k, err := p.h.kernelBTF()
	if err != nil {
		return nil
	}
	id, ok := k.Find(btf.KindFunc, "__do_sys_"+sysent.KernelName(name))
	if !ok {
		return nil
	}
	args := []check.Arg{}
	for i, q := range k.Type(id).Params {
		if q.Name == "__unused" { // SYSCALL_DEFINE0: the registers
			continue
		}
		args = append(args, check.Arg{Name: q.Name, Native: userPointer(q.Type), Map: i})
	}
	return args
}

// userPointer returns t with its pointers leading into the process: BTF of
// kernels built by gcc does not tell.
func userPointer(t *ctype.Type) *ctype.Type {
	b := t.Base()
	if b.Kind != ctype.Pointer {
		return t
	}
	c := *b
	c.Space = ctype.User
	if c.Elem != nil {
		c.Elem = userPointer(c.Elem)
	}
	return &c
}

func (p *syscallProvider) hooks(ps []*probe.Probe) ([]hook, error) {
	var entry, ret []*probe.Probe
	for _, pr := range ps {
		if pr.Name == "entry" {
			entry = append(entry, pr)
		} else {
			ret = append(ret, pr)
		}
	}
	var hs []hook
	if len(entry) > 0 {
		hs = append(hs, rawHook("sys_enter", bpf.Hook{
			Name: "syscall entry", Select: bpf.SelectCtx, Word: 1, Args: bpf.ArgsSyscall, Probes: hookProbes(entry), User: true,
		}))
	}
	if len(ret) > 0 {
		hs = append(hs, rawHook("sys_exit", bpf.Hook{
			Name: "syscall return", Select: bpf.SelectSyscall, Args: bpf.ArgsSyscallReturn, Probes: hookProbes(ret), User: true,
		}))
	}
	return hs, nil
}

// rawFrames are the frames that a raw tracepoint puts on the stack: the program
// and bpf_trace_run.
const rawFrames = 2

// rawHook completes a hook on a raw tracepoint.
func rawHook(tracepoint string, b bpf.Hook) hook {
	b.Kind, b.AttachTo, b.SkipFrames = bpf.RawTracepoint, tracepoint, rawFrames
	if v, _ := kernelVersion(); b.User && !v.before(version{6, 13}) && v.before(version{7, 0}) {
		// __bpf_trace_sys_enter turns preemption off around bpf_trace_run, which it
		// otherwise ends in a jump to.
		b.SkipFrames++
	}
	return hook{b, func(_ *Session, prog *program) (closer, error) { return prog.attachRaw(tracepoint, 0) }}
}

func (p *syscallProvider) features() []host.Feature {
	f := rawTracepointFeature("syscall", "sys_enter")
	if len(p.calls) == 0 {
		f = host.Feature{Name: "syscall", Detail: "no table of system calls for " + runtime.GOARCH,
			Remedy: "one of the architectures " + joinWords(slices.Clone(sysent.Arches))}
	} else if f.OK {
		f.Detail = "raw tracepoints sys_enter and sys_exit, one program each; " + f.Detail
	}
	return []host.Feature{f}
}
