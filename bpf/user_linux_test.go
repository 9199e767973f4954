package bpf

import (
	"encoding/binary"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/godtrace/godtrace/record"
)

// TestUserMemory reads and writes this process's memory.
func TestUserMemory(t *testing.T) {
	p := assemble(t, `
program global=256 destructive
clause "t" probes=10 record=64
action 0 trace fields=int@0:8
bi r0, arg, 0
bi r1, arg, 1
fire
ldu.4 r2, [r0+4]
st.8 record[0:8], r2
memu record[8:16], [r0+0]
movi r3, 5
stru record[16:48], r0, -
stru record[48:64], r0, r3
copyin r4, r0, r3
strk global[0:32], r4
movi r5, 32
alloca r6, r5
copyinto r0, r3, r6
ldk.1 r7, [r6+4]
st.8 global[32:40], r7
ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	in := []byte("hello, world\x00")
	r.fire(0, uint64(uintptr(unsafe.Pointer(&in[0]))))
	runtime.KeepAlive(in)
	got := r.records()
	if len(got) != 1 || got[0].h.Clause == record.ClauseError {
		t.Fatalf("records: %+v", got)
	}
	d := got[0].data
	if n := binary.LittleEndian.Uint64(d); n != uint64(binary.LittleEndian.Uint32(in[4:])) {
		t.Errorf("ldu: %#x", n)
	}
	if s := string(d[8:16]); s != "hello, w" {
		t.Errorf("memu: %q", s)
	}
	if a, b := textOf(d[16:48]), textOf(d[48:64]); a != "hello, world" || b != "hello" {
		t.Errorf("stru: %q, %q", a, b)
	}
	g := r.value(MapGlobals)
	if s := textOf(g[:32]); s != "hello" {
		t.Errorf("copyin: %q", s)
	}
	if g[32] != 'o' {
		t.Errorf("copyinto: %q", g[32])
	}
}

// TestCopyOut writes to this process's memory, which a locked-down kernel refuses.
func TestCopyOut(t *testing.T) {
	p := assemble(t, `
program global=32 destructive
clause "t" probes=10
bi r0, arg, 0
bi r1, arg, 1
movi r2, 5
copyin r3, r0, r2
strk global[0:32], r3
copyout r3, r2, r1
add r1, r1, 16
movi r4, 100
copyoutstr global[0:32], r1, r4
ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	in, out := []byte("hello, world\x00"), make([]byte, 32)
	r.fire(0, uint64(uintptr(unsafe.Pointer(&in[0]))), uint64(uintptr(unsafe.Pointer(&out[0]))))
	runtime.KeepAlive(in)
	if s := string(out[:5]); s != "hello" {
		t.Errorf("copyout: %q", s)
	}
	if s := textOf(out[16:]); s != "hello" {
		t.Errorf("copyoutstr: %q", s)
	}
}

func TestStacks(t *testing.T) {
	p := assemble(t, `
agg 0 a count key=88 keys=ustack@0:88
clause "t" probes=10 record=160 frame=88
action 0 stack fields=stack@0:80
action 1 ustack fields=ustack@80:80
fire
stack record[0:80], 0
ustack record[80:160], 0
ustack frame[0:88], 0
agg a0, frame[0:88], -, -
bi r0, caller
bi r1, ucaller
bi r2, ustackdepth
ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	r.fire(0)
	got := r.records()
	if len(got) != 1 {
		t.Fatalf("records: %+v", got)
	}
	if pc := binary.LittleEndian.Uint64(got[0].data); pc < 1<<63 {
		t.Errorf("kernel pc %#x", pc)
	}
	if pid := binary.LittleEndian.Uint64(got[0].data[80:]); pid == 0 {
		t.Error("ustack without process id")
	}
}

// TestHammer runs a program that works in scratch slots on all CPUs at once. Each
// record must be whole: its two strings are made from the same argument.
func TestHammer(t *testing.T) {
	p := assemble(t, `
program local=64
const "0123456789abcdef\x00"
agg 0 a count
clause "t" probes=10 record=72
action 0 trace fields=int@0:8
bi r0, arg, 0
movi r1, 16
lltostr local[0:32], r0, 10
strjoin local[32:64], const[0:17], local[0:32]
agg a0, -, -, -
fire
st.8 record[0:8], r0
strcopy record[8:40], local[0:32]
substr record[40:72], local[32:64], r1, -
ret
`)
	cfg := testConfig()
	cfg.BufSize = 128 << 10
	r := newRig(t, p, cfg, testHook(10))
	const workers, each = 4, 1500
	var wg sync.WaitGroup
	prog := r.coll.Programs[r.obj.Programs[0].Name]
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				words := make([]uint64, 12)
				words[0] = uint64(w*each + i)
				if _, err := prog.Run(&ebpf.RunOptions{Context: words}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got := r.records()
	for _, x := range got {
		a, b := textOf(x.data[8:40]), textOf(x.data[40:72])
		if a != b || a == "" {
			t.Fatalf("record %d: %q, %q", binary.LittleEndian.Uint64(x.data), a, b)
		}
	}
	d := r.drops()
	lost := d.Total(record.DropPrincipal) + d.Total(record.DropNest)
	if uint64(len(got))+lost != workers*each {
		t.Errorf("%d delivered, %d dropped of %d", len(got), lost, workers*each)
	}
	if n := r.agg(0, nil)[0]; n+d.Total(record.DropNest) != workers*each {
		t.Errorf("%d counted of %d", n, workers*each)
	}
}

// TestBuildErrors: what has no eBPF form is refused with the clause's name.
func TestBuildErrors(t *testing.T) {
	for _, tt := range []struct {
		code, want string
		cfg        func(*Config)
	}{
		{"panic", "panic() is not possible", nil},
		{"breakpoint", "breakpoint() is not possible", nil},
		{"movi r0, 1\nreturn r0", "function entries", nil},
		{"bi r0, curcpu", "curcpu", nil},
		{"bi r0, ppid", "no BTF", func(c *Config) { c.Offset = nil }},
		{"strindex r0, const[0:2], const[0:2], -", "bpf_loop", func(c *Config) { c.Lacks = map[Feature]bool{FeatLoop: true} }},
		{"movi r2, 0\nl:\nbr.ge r2, 2, ->x\nloop r2, 3, ->l\nx:\nnop", "a loop needs bpf_loop (Linux 5.17)", func(c *Config) { c.Lacks = map[Feature]bool{FeatMayGoto: true, FeatLoop: true} }},
		{"movi r0, 9\nraise r0", "bpf_send_signal", func(c *Config) { c.Lacks = map[Feature]bool{FeatSignal: true} }},
	} {
		p := assemble(t, "program destructive\nconst \"a\\x00\"\nclause \"my clause\" probes=10\n"+tt.code+"\nret\n")
		cfg := testConfig()
		if tt.cfg != nil {
			tt.cfg(&cfg)
		}
		_, err := Build(p, []Hook{testHook(10)}, cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `my clause`) {
			t.Errorf("%s: %v, want %q", tt.code, err, tt.want)
		}
	}
}
