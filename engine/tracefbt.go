package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// pointKey names a place in code.
type pointKey struct {
	process uint64 // 0: the kernel
	addr    uint64
}

// point is a tracepoint and the probes that share it.
type point struct {
	key    pointKey
	index  uint64
	probes []pointProbe
	armed  bool
}

type pointProbe struct {
	id   probe.ID
	ret  bool
	offs uint64 // of the instruction from the function's start
}

// codeProbe is what a probe of fbt or pid stands for; probe.Key indexes
// pidLayer.probes.
type codeProbe struct {
	key  pointKey
	ret  bool
	offs uint64
	more []pointKey // further return instructions
}

// pidLayer is fbt, or pid of one process.
type pidLayer struct {
	s       *System
	prov    *Provider
	process uint64
	probes  []codeProbe
	count   int // functions seen by the last listing
}

func (s *System) addFbt() error {
	l := &pidLayer{s: s}
	prov, err := s.e.AddProvider(ProviderSpec{Name: "fbt", Attrs: ntAttrs, Provide: l.provide, Enable: l.enable, Disable: l.disable})
	if err != nil {
		return err
	}
	l.prov, s.fbt = prov, prov
	s.pids["fbt"] = l
	return l.provide(probe.Desc{Name: "entry"})
}

func (s *System) addPid(p ProcessSymbol) error {
	l := &pidLayer{s: s, process: p.Process}
	name := "pid" + strconv.FormatUint(uint64(p.PID), 10)
	if s.pids[name] != nil {
		return nil
	}
	prov, err := s.e.AddProvider(ProviderSpec{Name: name, Attrs: ntAttrs, Needs: PrivProc, Provide: l.provide, Enable: l.enable, Disable: l.disable})
	if err != nil {
		return err
	}
	l.prov = prov
	s.pids[name] = l
	return nil
}

// NewProcess registers pid for a process that has appeared.
func (s *System) NewProcess(p ProcessSymbol) error { return s.addPid(p) }

// NewImage makes the fbt probes of an image that was loaded.
func (s *System) NewImage() error {
	if l := s.pids["fbt"]; l != nil {
		return l.provide(probe.Desc{Name: "entry"})
	}
	return nil
}

// provide makes the probes that d describes. fbt has entry and return, pid also
// the offset of any instruction, in hexadecimal.
func (l *pidLayer) provide(d probe.Desc) error {
	all := l.s.cfg.Symbols.Functions(l.process)
	offset, isOffset := uint64(0), false
	if l.process != 0 && !probe.IsGlob(d.Name) && d.Name != "entry" && d.Name != "return" {
		v, err := strconv.ParseUint(strings.TrimPrefix(d.Name, "0x"), 16, 64)
		if err != nil {
			return nil
		}
		offset, isOffset = v, true
	}
	if l.process == 0 && len(all) == l.count {
		return nil // all have probes
	}
	for i := range all {
		f := &all[i]
		if l.process != 0 && (!probe.Glob(d.Module, f.Module) || !probe.Glob(d.Function, f.Name)) {
			continue
		}
		if isOffset {
			if !contains(f.Instrs, offset) {
				if !probe.IsGlob(d.Function) {
					return fmt.Errorf("%s`%s has no instruction at offset %x", f.Module, f.Name, offset)
				}
				continue
			}
			if err := l.create(f, d.Name, codeProbe{key: pointKey{l.process, f.Addr + offset}, offs: offset}); err != nil {
				return err
			}
			continue
		}
		if l.process == 0 && f.Leaf {
			continue
		}
		// What the kernel would refuse is not listed, once it can be asked.
		if api := l.s.TraceSystemApi; api != nil && l.process == 0 {
			if _, st := api.KeSetTracepoint(0, false, f.Addr, TpQuery, nil, 0, nil, 0); st == StatusNotSupported {
				continue
			}
		}
		if err := l.create(f, "entry", codeProbe{key: pointKey{l.process, f.Addr}}); err != nil {
			return err
		}
		if len(f.Returns) == 0 {
			continue
		}
		c := codeProbe{key: pointKey{l.process, f.Addr + f.Returns[0]}, ret: true, offs: f.Returns[0]}
		for _, r := range f.Returns[1:] {
			c.more = append(c.more, pointKey{l.process, f.Addr + r})
		}
		if err := l.create(f, "return", c); err != nil {
			return err
		}
	}
	l.count = len(all)
	return nil
}

func contains(list []uint64, v uint64) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func (l *pidLayer) create(f *FunctionSymbol, name string, c codeProbe) error {
	if p := l.prov.Lookup(cut(f.Module, MaxModuleName), cut(f.Name, MaxFunctionName), name); p != nil && p.Key < uint64(len(l.probes)) {
		l.probes[p.Key] = c // the image may be back at another place
		_, err := l.prov.Create(f.Module, f.Name, name, p.Key)
		return err
	}
	l.probes = append(l.probes, c)
	_, err := l.prov.Create(f.Module, f.Name, name, uint64(len(l.probes)-1))
	return err
}

func (l *pidLayer) enable(p *probe.Probe) error {
	return l.s.whenJoined(func() error {
		c := l.probes[p.Key]
		s := l.s
		pre, post := SlotKernelPre, SlotKernelPost
		if l.process != 0 {
			pre, post = SlotUserPre, SlotUserPost
		}
		if !s.has(pre) || !s.has(post) {
			return fmt.Errorf("%s: this kernel has no slots for tracepoints", p)
		}
		for i, k := range append([]pointKey{c.key}, c.more...) {
			offs := c.offs
			if i > 0 {
				offs = k.addr - (c.key.addr - c.offs)
			}
			pt := s.point(k)
			pt.probes = append(pt.probes, pointProbe{p.ID, c.ret, offs})
			if pt.armed {
				continue
			}
			_, st := s.TraceSystemApi.KeSetTracepoint(k.process, k.process != 0, k.addr, TpRegisterEnable, s.own[pre], pt.index, s.own[post], pt.index)
			if !st.OK() {
				pt.probes = pt.probes[:len(pt.probes)-1]
				why := ""
				if st == StatusAccessDenied && k.process == 0 {
					why = ": kernel code can be changed only with virtualization-based security on, or a kernel debugger attached"
				}
				return fmt.Errorf("KeSetTracepoint %s`%s: %w%s", p.Module, p.Function, st, why)
			}
			pt.armed = true
		}
		return nil
	})
}

func (l *pidLayer) disable(p *probe.Probe) {
	if !l.s.Joined() {
		return
	}
	c := l.probes[p.Key]
	for _, k := range append([]pointKey{c.key}, c.more...) {
		pt := l.s.points[k]
		if pt == nil {
			continue
		}
		for i := range pt.probes {
			if pt.probes[i].id == p.ID {
				pt.probes = append(pt.probes[:i:i], pt.probes[i+1:]...)
				break
			}
		}
		if pt.armed && len(pt.probes) == 0 {
			pt.armed = false
			l.s.TraceSystemApi.KeSetTracepoint(k.process, k.process != 0, k.addr, TpDisableUnregister, nil, 0, nil, 0)
		}
	}
}

func (s *System) point(k pointKey) *point {
	s.mu.Lock()
	defer s.mu.Unlock()
	pt := s.points[k]
	if pt == nil {
		pt = &point{key: k, index: uint64(len(s.byPoint))}
		s.points[k] = pt
		s.byPoint = append(s.byPoint, pt)
	}
	return pt
}

// pre fires entry and offset probes: arguments are still in place.
func (s *System) pre(cur *Current, r *Registers, ctx, _ uint64) bool {
	if ctx >= uint64(len(s.byPoint)) {
		return false
	}
	for _, p := range s.byPoint[ctx].probes {
		if p.ret {
			continue
		}
		var f vm.Firing
		f.Args = [vm.NumArgs]uint64{r.GPR[RCX], r.GPR[RDX], r.GPR[R8], r.GPR[R9]}
		// Further arguments are on the stack, above the return address and the
		// four home slots; at an instruction behind the entry they are not known.
		if p.offs == 0 {
			var b [8 * (vm.NumArgs - 4)]byte
			old := s.pl.KeRaiseIrql(cur.CPU, HighLevel)
			for i := 0; i < len(b); i += 8 {
				if !s.access.Run(cur.CPU, b[i:i+8], r.GPR[RSP]+40+uint64(i), 8, true) {
					break
				}
				f.Args[4+i/8] = le64(b[i:])
			}
			s.pl.KeLowerIrql(cur.CPU, old)
		}
		s.fire(cur, p.id, &f)
	}
	return false
}

// post fires return probes: the instruction has been completed, the result is
// in rax.
func (s *System) post(cur *Current, r *Registers, ctx, _ uint64) bool {
	if ctx >= uint64(len(s.byPoint)) {
		return false
	}
	for _, p := range s.byPoint[ctx].probes {
		if !p.ret {
			continue
		}
		var f vm.Firing
		f.Args[0], f.Args[1] = p.offs, r.GPR[RAX]
		s.fire(cur, p.id, &f)
	}
	return false
}

func le64(b []byte) uint64 {
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// fbtpImageUnloadCallback retires the probes of an image that goes.
func (s *System) fbtpImageUnloadCallback(base, size uint64) {
	l := s.pids["fbt"]
	if l == nil {
		return
	}
	for _, p := range s.e.matching(&probe.Desc{Provider: "fbt"}) {
		if a := l.probes[p.Key].key.addr; a >= base && a-base < size {
			l.disable(p)
			l.prov.Retire(p.ID)
		}
	}
	l.count = -1
}
