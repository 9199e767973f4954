package bpf

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf/link"

	"github.com/godtrace/godtrace/probe"
)

// attach attaches the programs of a rig's raw tracepoint hooks.
func attach(r *rig, hooks []Hook) {
	r.t.Helper()
	for i := range r.obj.Programs {
		p := &r.obj.Programs[i]
		l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: hooks[p.Hook].AttachTo, Program: r.coll.Programs[p.Name]})
		if err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { l.Close() })
	}
}

func TestBuiltins(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := assemble(t, `
program global=512
clause "t" probes=10
bi r0, pid
st.8 global[0:8], r0
bi r0, tid
st.8 global[8:16], r0
bi r0, ppid
st.8 global[16:24], r0
bi r0, uid
st.8 global[24:32], r0
bi r0, gid
st.8 global[32:40], r0
bi r0, timestamp
st.8 global[40:48], r0
bi r0, timestamp
st.8 global[48:56], r0
bi r0, vtimestamp
st.8 global[56:64], r0
bi r0, threadkey
st.8 global[64:72], r0
bi r0, curthread
st.8 global[72:80], r0
bi r0, walltimestamp
st.8 global[80:88], r0
bi r0, rand
st.8 global[88:96], r0
movi r1, 1
progenyof r0, r1
st.8 global[96:104], r0
bi r1, ppid
progenyof r0, r1
st.8 global[104:112], r0
movi r1, 999999
progenyof r0, r1
st.8 global[112:120], r0
bi r0, ipl
st.8 global[120:128], r0
bi r0, stackdepth
st.8 global[128:136], r0
bs global[256:272], execname
bs global[272:288], probefunc
bs global[288:304], probename
bs global[304:320], zonename
ret
`)
	cfg := testConfig()
	cfg.Probe = func(id probe.ID) *probe.Probe {
		return &probe.Probe{ID: id, Provider: "prov", Module: "mod", Function: fmt.Sprintf("func%d", id), Name: "name"}
	}
	r := newRig(t, p, cfg, testHook(10))
	c := r.value(MapControl)
	binary.LittleEndian.PutUint64(c[CtlWall:], 1000)
	if err := r.coll.Maps[MapControl].Put(uint32(0), c); err != nil {
		t.Fatal(err)
	}
	r.fire(0)
	g := r.value(MapGlobals)
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(g[8*i:]) }
	for i, want := range []int{os.Getpid(), syscall.Gettid(), os.Getppid(), os.Getuid(), os.Getgid()} {
		if word(i) != uint64(want) {
			t.Errorf("identity %d: %d, want %d", i, word(i), want)
		}
	}
	if word(5) == 0 || word(5) != word(6) || word(10) != word(5)+1000 {
		t.Errorf("timestamps %d, %d, wall %d", word(5), word(6), word(10))
	}
	if word(7) == 0 {
		t.Error("vtimestamp is 0")
	}
	if word(8) == 0 || word(8) != word(9) {
		t.Errorf("thread key %#x, curthread %#x", word(8), word(9))
	}
	if word(12) != 1 && os.Getppid() != 0 || word(13) != 1 || word(14) != 0 {
		t.Errorf("progenyof: %d, %d, %d", word(12), word(13), word(14))
	}
	if word(16) == 0 || word(16) > 60 {
		t.Errorf("stackdepth %d", word(16))
	}
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/comm", syscall.Gettid()))
	for i, want := range []string{strings.TrimSpace(string(comm)), "func10", "name", "global"} {
		if got := textOf(g[256+16*i : 272+16*i]); got != want {
			t.Errorf("string %d: %q, want %q", i, got, want)
		}
	}
}

// TestPaths: the task's directories and arguments.
func TestPaths(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dir := t.TempDir()
	deep := dir
	for range 5 {
		deep += "/directory"
	}
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	p := assemble(t, `
program global=768
clause "t" probes=10
bs global[0:256], cwd
bs global[256:512], root
bs global[512:768], execargs
ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	for _, d := range []string{"/", "/proc", "/proc/self", deep} {
		t.Chdir(d)
		want, err := os.Getwd()
		if d == "/proc/self" {
			want = fmt.Sprintf("/proc/%d", os.Getpid())
		}
		if err != nil {
			t.Fatal(err)
		}
		r.fire(0)
		g := r.value(MapGlobals)
		if got := textOf(g[:256]); got != want {
			t.Errorf("cwd %q, want %q", got, want)
		}
		if got := textOf(g[256:512]); got != "/" {
			t.Errorf("root %q", got)
		}
		args := strings.Join(os.Args, " ")
		if got := textOf(g[512:768]); got != args[:min(len(args), 255)] {
			t.Errorf("execargs %q, want %q", got, args)
		}
	}
}

// TestProbeNames: names from a table, for probes found by number.
func TestProbeNames(t *testing.T) {
	p := assemble(t, `
program global=32
clause "t" probes=10-19
bs global[0:32], probefunc
ret
`)
	cfg := testConfig()
	cfg.Probe = func(id probe.ID) *probe.Probe {
		return &probe.Probe{ID: id, Function: strings.Repeat("x", int(id))}
	}
	var ids []probe.ID
	for id := probe.ID(10); id < 20; id++ {
		ids = append(ids, id)
	}
	r := newRig(t, p, cfg, testHook(ids...))
	for i := range 10 {
		r.fire(0, uint64(i))
		if got := textOf(r.value(MapGlobals)[:32]); len(got) != 10+i {
			t.Errorf("probe %d: %q", 10+i, got)
		}
	}
}

// TestSystemCalls traces this thread's own system calls.
func TestSystemCalls(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("numbers and registers of amd64")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := assemble(t, fmt.Sprintf(`
program global=64
clause "entry" probes=10,20 record=64
action 0 trace fields=int@0:8
bi r0, tid
br.ne r0, %d, ->no
fire
bi r0, arg, 0
st.8 record[0:8], r0
bi r0, arg, 1
st.8 record[8:16], r0
bi r0, arg, 2
st.8 record[16:24], r0
bi r0, id
st.8 record[24:32], r0
bi r0, errno
st.8 record[32:40], r0
bi r0, epid
st.8 record[40:48], r0
movi r1, 12
bi r0, ureg, r1
st.8 record[48:56], r0
st.8 record[56:64], r0
ret
no:
ret
clause "return" probes=11,21 record=24
action 0 trace fields=int@0:8
bi r0, tid
br.ne r0, %d, ->no
fire
bi r0, arg, 1
st.8 record[0:8], r0
bi r0, errno
st.8 record[8:16], r0
bi r0, id
st.8 record[16:24], r0
ret
no:
ret
`, syscall.Gettid(), syscall.Gettid()))
	entry, ret := readHook(), returnHook()
	entry.Probes = append(entry.Probes, HookProbe{ID: 20, Key: syscall.SYS_WRITE})
	ret.Probes = append(ret.Probes, HookProbe{ID: 21, Key: syscall.SYS_WRITE})
	hooks := []Hook{entry, ret}
	r := newRig(t, p, testConfig(), hooks...)
	attach(r, hooks)
	var buf [3]byte
	at := uint64(uintptr(unsafe.Pointer(&buf[0])))
	syscall.RawSyscall(syscall.SYS_READ, ^uintptr(0), uintptr(unsafe.Pointer(&buf[0])), 3)
	syscall.RawSyscall(syscall.SYS_WRITE, ^uintptr(0), uintptr(unsafe.Pointer(&buf[0])), 2)
	r.setState(StateStopped)
	var got [][]uint64
	for _, x := range r.records() {
		w := make([]uint64, len(x.data)/8)
		for i := range w {
			w[i] = binary.LittleEndian.Uint64(x.data[8*i:])
		}
		got = append(got, w)
	}
	ebadf := uint64(syscall.EBADF)
	find := func(id uint64, idAt int, want []uint64) {
		for _, w := range got {
			if len(w) > idAt && w[idAt] == id {
				same := true
				for i := range want {
					same = same && w[i] == want[i]
				}
				if same {
					return
				}
			}
		}
		t.Errorf("no record %#x of probe %d in %#x", want, id, got)
	}
	find(10, 3, []uint64{^uint64(0), at, 3, 10, 0, uint64(r.obj.EPID(0, 10)), 3})
	find(20, 3, []uint64{^uint64(0), at, 2, 20, 0, uint64(r.obj.EPID(0, 20)), 2})
	find(11, 2, []uint64{-ebadf, ebadf})
	find(21, 2, []uint64{-ebadf, ebadf})
}

// TestAddresses: network and hardware addresses, read from scratch memory.
func TestAddresses(t *testing.T) {
	tests := []struct {
		code  string
		bytes []byte
		want  string
	}{
		{"movi r1, 2\ninetntop global[64:128], r1, r2", []byte{192, 168, 0, 1}, "192.168.0.1"},
		{"inetntoa global[64:128], r2", []byte{10, 255, 9, 99}, "10.255.9.99"},
		{"movi r1, 10\ninetntop global[64:128], r1, r2", []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:db8::1"},
		{"movi r1, 10\ninetntop global[64:128], r1, r2", make([]byte, 16), "::"},
		{"movi r1, 10\ninetntop global[64:128], r1, r2", []byte{15: 1}, "::1"},
		{"movi r1, 10\ninetntop global[64:128], r1, r2", []byte{10: 255, 11: 255, 12: 1, 13: 2, 14: 3, 15: 4}, "::ffff:1.2.3.4"},
		{"movi r1, 10\ninetntop global[64:128], r1, r2", []byte{12: 1, 13: 2, 14: 3, 15: 4}, "::1.2.3.4"},
		{"movi r1, 23\ninetntop global[64:128], r1, r2", []byte{0xfe, 0x80, 7: 1, 15: 0}, "fe80:0:0:1::"},
		{"movi r1, 10\ninetntop global[64:128], r1, r2", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, "102:304:506:708:90a:b0c:d0e:f10"},
		{"movi r1, 1\nlinkntop global[64:128], r1, r2", []byte{0, 0x1b, 0xff, 3, 4, 0xa5}, "00:1b:ff:03:04:a5"},
		{"movi r1, 32\nlinkntop global[64:128], r1, r2", []byte{19: 0xee}, strings.Repeat("00:", 19) + "ee"},
	}
	for _, tt := range tests {
		p := assemble(t, "program global=128\nclause \"t\" probes=10\nmovi r0, 20\nalloca r2, r0\n"+
			"ld.8 r3, global[0:8]\nstp.8 [r2+0], r3\nld.8 r3, global[8:16]\nstp.8 [r2+8], r3\nld.4 r3, global[16:20]\nstp.4 [r2+16], r3\n"+tt.code+"\nret\n")
		r, ref := newRig(t, p, testConfig(), testHook(10)), newReference(t, p)
		setGlobals(r, ref, tt.bytes)
		r.fire(0)
		ref.fire()
		got, want := textOf(r.value(MapGlobals)[64:128]), textOf(ref.global[64:128])
		if got != tt.want || want != tt.want {
			t.Errorf("%s of %v: %q, vm %q, want %q", tt.code, tt.bytes, got, want, tt.want)
		}
	}
}
