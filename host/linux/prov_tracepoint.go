//go:build linux

package linux

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/godtrace/godtrace/bpf"
	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/host/linux/btf"
	"github.com/godtrace/godtrace/probe"
)

// tracepoint is a static tracepoint of the kernel.
type tracepoint struct {
	group, name string
	// module is the index of the BTF it comes from in tracepoints.specs, -1 if
	// only tracefs tells of it; typedef the type btf_trace_NAME.
	module  int
	typedef btf.ID
}

// tracepoints is the list of the kernel's tracepoints, shared by the providers
// sdt and rawtp. Names come from BTF (typedefs btf_trace_NAME), so that tracefs
// need not be there; the group, which only tracefs knows, from tracefs or else
// from a built-in table.
type tracepoints struct {
	h      *Host
	loaded bool
	list   []tracepoint
	specs  []*btf.Spec
	// groups tells where the groups came from.
	groups string
}

const tracePrefix = "btf_trace_"

// may reports whether a tracepoint of that exact name can exist, without
// loading the list.
func (t *tracepoints) may(name string) bool {
	if t.loaded {
		return true
	}
	lower := false
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return false // not an identifier: profile-97
		}
		lower = lower || c >= 'a'
	}
	if !lower {
		return false // the kernel has none in capitals; BEGIN need not pay for the search
	}
	if !btfExists() {
		return true
	}
	if btf.FileHasString("vmlinux", tracePrefix+name) {
		return true
	}
	for _, m := range btf.Modules() {
		if btf.FileHasString(m, tracePrefix+name) {
			return true
		}
	}
	return false
}

func (t *tracepoints) load() {
	if t.loaded {
		return
	}
	t.loaded = true
	seen := map[string]int{}
	var specs []*btf.Spec
	if k, err := t.h.kernelBTF(); err == nil {
		specs = append(specs, k)
		specs = append(specs, t.h.moduleBTFs()...)
	}
	t.specs = specs
	for i, s := range specs {
		s.EachPrefix(btf.KindTypedef, tracePrefix, func(id btf.ID, name []byte) {
			n := string(name[len(tracePrefix):])
			if _, dup := seen[n]; dup {
				return
			}
			seen[n] = len(t.list)
			t.list = append(t.list, tracepoint{name: n, module: i, typedef: id})
		})
	}
	tfs, err := openTracefs()
	if err == nil {
		err = tfs.eachEvent(func(group, name string) {
			i, ok := seen[name]
			if !ok {
				i = len(t.list)
				seen[name] = i
				t.list = append(t.list, tracepoint{name: name, module: -1})
			}
			t.list[i].group = group
		})
		t.groups = "groups from tracefs (" + tfs.how + ")"
		tfs.Close()
	}
	if err != nil {
		t.groups = "groups from a built-in table of Linux 6.1 to 7.2 (" + err.Error() + ")"
	}
	eachKnownEvent(func(group, name string) {
		if i, ok := seen[name]; ok && t.list[i].group == "" {
			t.list[i].group = group
		}
	})
	for i := range t.list {
		if tp := &t.list[i]; tp.group == "" {
			tp.group = sysModule
			if tp.module >= 0 {
				tp.group = specs[tp.module].Module
			}
		}
	}
	slices.SortFunc(t.list, func(a, b tracepoint) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.name, b.name))
	})
}

// params returns the parameters of a tracepoint, typed; nil, nil if no type
// information tells them.
func (t *tracepoints) params(tp *tracepoint) []ctype.Param {
	if tp.module < 0 {
		return nil
	}
	s := t.specs[tp.module]
	var f *ctype.Type
	// The iterator has the parameters' names, the typedef only their types.
	if id, ok := s.Find(btf.KindFunc, "__traceiter_"+tp.name); ok {
		f = s.Type(id)
	} else if p := s.Type(tp.typedef).Base(); p.Kind == ctype.Pointer {
		f = p.Elem
	}
	if !f.Is(ctype.Func) || len(f.Params) == 0 {
		return nil
	}
	return f.Params[1:] // without void *__data
}

// tracepointProvider is sdt or rawtp. Both attach by raw tracepoints: a perf
// tracepoint copies a record first (94 ns more) and takes 75 ms to close.
type tracepointProvider struct {
	id     string
	tps    *tracepoints
	second bool // the provider whose ids follow the other's
	base   probe.ID
	attrs  *probe.Attrs
	static
}

func newTracepointProvider(id string, tps *tracepoints, base probe.ID, second bool) *tracepointProvider {
	evolving := probe.Attr{Name: probe.Evolving, Data: probe.Evolving, Class: probe.ClassISA}
	private := probe.Attr{Name: probe.Private, Data: probe.Private, Class: probe.ClassISA}
	return &tracepointProvider{id: id, tps: tps, base: base, second: second,
		attrs: attributes(evolving, attrPrivate, attrPrivate, private, private)}
}

func (p *tracepointProvider) name() string { return p.id }

// load makes the probes.
func (p *tracepointProvider) load() {
	if p.list != nil {
		return
	}
	p.tps.load()
	p.first = p.base
	if p.second {
		p.first += probe.ID(len(p.tps.list))
	}
	p.list = make([]probe.Probe, len(p.tps.list))
	for i := range p.tps.list {
		tp := &p.tps.list[i]
		p.list[i] = probe.Probe{ID: p.first + probe.ID(i), Provider: p.id, Module: tp.group, Name: tp.name, Attrs: p.attrs, Key: uint64(i)}
	}
}

func (p *tracepointProvider) probes(d *probe.Desc, f func(*probe.Probe) bool) error {
	if d.ID != 0 {
		if d.ID < p.base {
			return nil
		}
	} else if !probe.Glob(d.Function, "") || !probe.IsGlob(d.Name) && !p.tps.may(d.Name) {
		return nil
	}
	p.load()
	p.each(f)
	return nil
}

func (p *tracepointProvider) args(pr *probe.Probe) ([]check.Arg, error) {
	var args []check.Arg
	for i, q := range p.tps.params(&p.tps.list[pr.Key]) {
		args = append(args, check.Arg{Name: q.Name, Native: q.Type, Map: i})
	}
	return args, nil
}

// sharedFrom is the number of tracepoints with as many arguments as each other
// from which on one program serves them all, told apart by the cookie of the
// attachment (Linux 6.10). One program for each fires a little cheaper, but
// takes a millisecond to load.
const sharedFrom = 8

func (p *tracepointProvider) hooks(ps []*probe.Probe) ([]hook, error) {
	byWords := map[int][]*probe.Probe{}
	var counts []int
	for _, pr := range ps {
		tp := &p.tps.list[pr.Key]
		n := len(p.tps.params(tp))
		if n == 0 && tp.module < 0 {
			n = unknownWords
		}
		if n > maxWords {
			return nil, fmt.Errorf("probe %s: the tracepoint has %d arguments, want at most %d", pr, n, maxWords)
		}
		if byWords[n] == nil {
			counts = append(counts, n)
		}
		byWords[n] = append(byWords[n], pr)
	}
	slices.Sort(counts)
	v, _ := kernelVersion()
	var hs []hook
	for _, n := range counts {
		group := byWords[n]
		if n != unknownWords && len(group) >= sharedFrom && !v.before(version{6, 10}) {
			hs = append(hs, p.sharedHook(group, n))
			continue
		}
		for _, pr := range group {
			b := wordHook(n)
			b.Name, b.Probes = pr.String(), hookProbes([]*probe.Probe{pr})
			hs = append(hs, rawHook(p.tps.list[pr.Key].name, b))
		}
	}
	return hs, nil
}

// wordHook is a hook whose context has n words, each an argument.
func wordHook(n int) bpf.Hook {
	switch n {
	case 0:
		return bpf.Hook{Args: bpf.ArgsNone}
	case unknownWords:
		n = 0
	}
	return bpf.Hook{Args: bpf.ArgsCtx, NumArgs: n}
}

// sharedHook attaches one program to several tracepoints.
func (p *tracepointProvider) sharedHook(ps []*probe.Probe, words int) hook {
	b := wordHook(words)
	b.Kind, b.Select, b.SkipFrames = bpf.RawTracepoint, bpf.SelectCookie, rawFrames
	b.Name = fmt.Sprintf("%s %d tracepoints", p.id, len(ps))
	b.AttachTo = p.tps.list[ps[0].Key].name
	b.Probes = hookProbes(ps)
	return hook{b, func(_ *Session, prog *program) (closer, error) {
		var all closers
		for i, pr := range ps {
			l, err := prog.attachRaw(p.tps.list[pr.Key].name, uint64(i))
			if err != nil {
				all.Close()
				return nil, fmt.Errorf("%s: %w", pr, err)
			}
			all = append(all, l)
		}
		return all, nil
	}}
}

const (
	unknownWords = -1 // no type information: as many as the program asks for
	maxWords     = 12 // what a raw tracepoint passes (MAX_BPF_FUNC_ARGS)
)

func (p *tracepointProvider) features() []host.Feature {
	f := rawTracepointFeature(p.id, "sched_switch")
	if !f.OK {
		return []host.Feature{f}
	}
	p.load()
	switch {
	case len(p.list) == 0:
		f.OK = false
		f.Detail = "no list of tracepoints: neither BTF nor tracefs can be read"
		f.Remedy = "CONFIG_DEBUG_INFO_BTF, or a mounted tracefs"
	case len(p.tps.specs) == 0:
		f.Detail = fmt.Sprintf("%d raw tracepoints, without types (no BTF); %s", len(p.list), p.tps.groups)
	default:
		f.Detail = fmt.Sprintf("%d raw tracepoints, typed from BTF; %s", len(p.list), p.tps.groups)
	}
	return []host.Feature{f}
}
