package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/record"
)

// errorProbe is the id of ERROR in these tests.
const errorProbe probe.ID = 3

// rig is a program loaded into this kernel, its hooks run by hand.
type rig struct {
	t    testing.TB
	prog *ir.Program
	obj  *Object
	coll *ebpf.Collection
	ring []*ringbuf.Reader
	buf  *ebpf.Memory
}

// rec is one record read back.
type rec struct {
	h    record.Header
	err  record.Error // of error records
	data []byte
}

func testConfig() Config {
	return Config{Arch: Arch(runtime.GOARCH), CPUs: ebpf.MustPossibleCPU(), CPU: -1, ErrorProbe: errorProbe, BufSize: 64 << 10, NSpec: 2,
		Offset: kernelOffset, Lacks: kernelLacks()}
}

// kernelLacks is what the oldest kernels that these tests run on do not have.
func kernelLacks() map[Feature]bool {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return nil
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(release), "%d.%d", &major, &minor); err != nil {
		return nil
	}
	return map[Feature]bool{FeatMayGoto: major < 6 || major == 6 && minor < 9, FeatNoPreempt: major >= 7}
}

// kernelOffset looks a member up in the running kernel's BTF.
func kernelOffset(typ, member string) (uint32, uint32, error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return 0, 0, err
	}
	var st *btf.Struct
	if err := spec.TypeByName(typ, &st); err != nil {
		return 0, 0, err
	}
	var t btf.Type = st
	off := uint32(0)
	for _, name := range strings.Split(member, ".") {
		o, mt := findMember(t, name)
		if mt == nil {
			return 0, 0, errors.New("no member " + name)
		}
		off, t = off+o, mt
	}
	size, err := btf.Sizeof(t)
	return off, uint32(size), err
}

// findMember finds a member of a structure, in anonymous ones inside it, too.
func findMember(t btf.Type, name string) (uint32, btf.Type) {
	var ms []btf.Member
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		ms = t.Members
	case *btf.Union:
		ms = t.Members
	}
	for _, m := range ms {
		if m.Name == name {
			return m.Offset.Bytes(), m.Type
		}
		if m.Name == "" {
			if o, mt := findMember(m.Type, name); mt != nil {
				return m.Offset.Bytes() + o, mt
			}
		}
	}
	return 0, nil
}

// testHook is a hook run by BPF_PROG_TEST_RUN whose context words are the
// arguments.
func testHook(ids ...probe.ID) Hook {
	h := Hook{Kind: TestRun, Name: "test", Args: ArgsCtx}
	for i, id := range ids {
		h.Probes = append(h.Probes, HookProbe{ID: id, Key: uint64(i)})
	}
	if len(ids) > 1 {
		h.Select, h.Word, h.ArgBase = SelectCtx, 0, 1
	}
	return h
}

func assemble(t testing.TB, text string) *ir.Program {
	t.Helper()
	p, err := ir.Assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(p); err != nil {
		t.Fatal(err)
	}
	return p
}

func newRig(t testing.TB, p *ir.Program, cfg Config, hooks ...Hook) *rig {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loading eBPF needs root")
	}
	obj, err := Build(p, hooks, cfg)
	if err != nil {
		t.Fatal(err)
	}
	coll, err := ebpf.NewCollection(obj.Collection())
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			t.Skipf("this system does not let eBPF be loaded: %v", err)
		}
		var ve *ebpf.VerifierError
		if errors.As(err, &ve) {
			if testing.Verbose() {
				var b strings.Builder
				obj.Disassemble(&b)
				t.Log(b.String())
			}
			n := len(ve.Log)
			if n > 0 && strings.Contains(strings.Join(ve.Log[max(0, n-3):], "\n"), "cannot use helper") {
				t.Skipf("this kernel withholds a helper: %s", ve.Log[max(0, n-2)])
			}
			t.Fatalf("%v\n%s", err, strings.Join(ve.Log[max(0, n-40):], "\n"))
		}
		if testing.Verbose() {
			var b strings.Builder
			obj.Disassemble(&b)
			t.Log(b.String())
		}
		t.Fatal(err)
	}
	r := &rig{t: t, prog: p, obj: obj, coll: coll}
	// self-> variables belong to the thread that fires.
	runtime.LockOSThread()
	t.Cleanup(func() {
		r.close()
		runtime.UnlockOSThread()
	})
	if obj.Layout.HasRings && obj.Layout.BufStride > 0 {
		if r.buf, err = coll.Maps[MapBuf].Memory(); err != nil {
			t.Fatal(err)
		}
	} else if obj.Layout.HasRings {
		for c := range obj.Layout.CPUs {
			rd, err := ringbuf.NewReader(coll.Maps[RingName(c)])
			if err != nil {
				t.Fatal(err)
			}
			r.ring = append(r.ring, rd)
		}
	}
	r.setState(StateActive)
	return r
}

func (r *rig) close() {
	for _, rd := range r.ring {
		rd.Close()
	}
	r.coll.Close()
}

// value reads the only value of a map.
func (r *rig) value(name string) []byte {
	r.t.Helper()
	v, err := r.coll.Maps[name].LookupBytes(uint32(0))
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *rig) setState(s State) {
	v := r.value(MapControl)
	binary.LittleEndian.PutUint32(v[CtlState:], uint32(s))
	if err := r.coll.Maps[MapControl].Put(uint32(0), v); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) ctl(off int) uint64 { return binary.LittleEndian.Uint64(r.value(MapControl)[off:]) }

// fire runs the program of hook h with these context words.
func (r *rig) fire(h int, words ...uint64) {
	r.t.Helper()
	for len(words) < 12 {
		words = append(words, 0)
	}
	for i := range r.obj.Programs {
		if p := &r.obj.Programs[i]; p.Hook == h {
			if _, err := r.coll.Programs[p.Name].Run(&ebpf.RunOptions{Context: words}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// drainBuf reads a CPU's part of MapBuf.
func (r *rig) drainBuf(cpu int, f func(raw []byte)) {
	l := &r.obj.Layout
	base := int64(cpu) * int64(l.BufStride)
	word := func(off int64) uint64 {
		var b [8]byte
		if _, err := r.buf.ReadAt(b[:], base+off); err != nil {
			r.t.Fatal(err)
		}
		return binary.LittleEndian.Uint64(b[:])
	}
	ctl := r.value(MapControl)
	block := ctl[l.CPUBase+uint32(cpu)*l.CPUStride:]
	pos, head := binary.LittleEndian.Uint64(block[CPUTail:]), binary.LittleEndian.Uint64(block[CPUHead:])
	for pos < head {
		at := int64(pos % uint64(l.RingSize))
		w := uint32(word(at))
		if w == 0 {
			r.t.Fatalf("record at %d is not committed, head is %d", pos, head)
		}
		n := w &^ BufDiscarded
		raw := make([]byte, bufNeed(n))
		if _, err := r.buf.ReadAt(raw, base+at); err != nil {
			r.t.Fatal(err)
		}
		if w&BufDiscarded == 0 {
			f(raw[BufPrefix : BufPrefix+n])
		}
		if _, err := r.buf.WriteAt(make([]byte, len(raw)), base+at); err != nil {
			r.t.Fatal(err)
		}
		pos += uint64(len(raw))
	}
	binary.LittleEndian.PutUint64(block[CPUTail:], pos)
	if err := r.coll.Maps[MapControl].Put(uint32(0), ctl); err != nil {
		r.t.Fatal(err)
	}
}

// records drains all buffers.
func (r *rig) records() (out []rec) {
	r.t.Helper()
	add := func(raw []byte) {
		var x rec
		x.h.Decode(raw)
		x.data = raw[record.HeaderSize:]
		if x.h.Clause == record.ClauseError {
			x.err.Decode(x.data)
		}
		out = append(out, x)
	}
	if r.buf != nil {
		for c := range r.obj.Layout.CPUs {
			r.drainBuf(c, add)
		}
	}
	for _, rd := range r.ring {
		rd.SetDeadline(time.Unix(1, 0))
		for {
			raw, err := rd.Read()
			if err != nil {
				break
			}
			add(raw.RawSample)
		}
	}
	return out
}

func (r *rig) global(off uint32) uint64 {
	return binary.LittleEndian.Uint64(r.value(MapGlobals)[off:])
}

// agg returns an aggregation's value for a key, merged over the CPUs.
func (r *rig) agg(id ir.AggID, key []byte) []uint64 {
	r.t.Helper()
	l := r.obj.Layout.Aggs[id]
	var per [][]byte
	if r.prog.Aggs[id].KeySize == 0 {
		v := r.value(MapControl)
		for c := range r.obj.Layout.CPUs {
			at := r.obj.Layout.CPUBase + uint32(c)*r.obj.Layout.CPUStride + l.Off
			per = append(per, v[at:at+l.Size])
		}
	} else if l.Shared {
		b, err := r.coll.Maps[l.Map].LookupBytes(key)
		if err != nil {
			r.t.Fatal(err)
		}
		per = [][]byte{b}
	} else {
		for _, name := range []string{l.Map, l.Spill} {
			var v [][]byte
			if name == "" {
				continue
			}
			switch err := r.coll.Maps[name].Lookup(key, &v); {
			case err == nil:
				per = append(per, v...)
			case !errors.Is(err, ebpf.ErrKeyNotExist):
				r.t.Fatal(err)
			}
		}
		if per == nil {
			r.t.Fatalf("aggregation %d has no tuple %x", id, key)
		}
	}
	s := &r.prog.Aggs[id].Spec
	sum := make([]uint64, s.Words())
	for _, b := range per {
		w := make([]uint64, len(b)/8)
		for i := range w {
			w[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
		if l.Gen {
			if w[0] != r.ctl(CtlGen+8*int(id)) {
				continue
			}
			w = w[1:]
		}
		mergeAgg(s, sum, w)
	}
	return sum
}

func (r *rig) drops() record.Drops { return r.obj.ReadDrops(r.value(MapControl)) }
