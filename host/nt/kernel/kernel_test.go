package kernel

import (
	"encoding/binary"
	"testing"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/format/pe"
)

// The hashes were computed by hand from the published algorithm.
func TestHashServiceName(t *testing.T) {
	for name, want := range map[string]uint32{"CreateFile": 0xA97A4DD7, "OpenProcess": 0xCF65C41F, "Close": 0x1B5610BE, "": 0} {
		if have := HashServiceName(name); have != want {
			t.Errorf("%s: %#x, want %#x", name, have, want)
		}
	}
}

func machine(t testing.TB, cfg Config) *Machine {
	t.Helper()
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestServices(t *testing.T) {
	m := machine(t, Config{})
	for name, want := range map[string]int{"NtClose": 1, "NtCreateFile": 11, "NtReadFile": 9, "NtDeviceIoControlFile": 10, "NtCreateNamedPipeFile": 14,
		"NtYieldExecution": 0, "NtCreateToken": 13, "NtAllocateVirtualMemory": 6, "NtMapViewOfSection": 10, "NtCreateUserProcess": 11, "NtCreateThreadEx": 11,
		"NtQuerySystemInformation": 4, "NtOpenProcess": 4, "NtWaitForMultipleObjects": 5, "NtTestAlert": 0} {
		s := m.FindService(name)
		if s == nil || s.Args != want {
			t.Errorf("%s: %+v, want %d arguments", name, s, want)
			continue
		}
		if args := m.ServiceArgs(name, true); len(args) != want {
			t.Errorf("%s: %d typed arguments, want %d", name, len(args), want)
		}
	}
	if len(m.Services) < 250 {
		t.Errorf("%d services", len(m.Services))
	}
	if _, err := m.AddService("NtClose", 2, ""); err == nil {
		t.Error("a second NtClose with another number of arguments was accepted")
	}
	if _, err := m.AddService("Close", 1, ""); err == nil {
		t.Error("a service without Nt was accepted")
	}
}

// TestExecute completes one instruction of each form that has a tracepoint.
func TestExecute(t *testing.T) {
	m := machine(t, Config{})
	stack := m.Kernel.AllocPages(PageSize) + 0x800
	for _, c := range []struct {
		name string
		code []byte
		want func(r *engine.Registers, at func(int64) uint64) bool
	}{
		{"push rdi", []byte{0x57}, func(r *engine.Registers, at func(int64) uint64) bool {
			return r.GPR[engine.RSP] == stack-8 && at(-8) == 107
		}},
		{"push r14", []byte{0x41, 0x56}, func(r *engine.Registers, at func(int64) uint64) bool { return at(-8) == 114 }},
		{"pop rbx", []byte{0x5B}, func(r *engine.Registers, at func(int64) uint64) bool {
			return r.GPR[engine.RBX] == 0x1234 && r.GPR[engine.RSP] == stack+8
		}},
		{"sub rsp,20h", []byte{0x48, 0x83, 0xEC, 0x20}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RSP] == stack-0x20 }},
		{"sub rsp,80h", []byte{0x48, 0x81, 0xEC, 0x80, 0, 0, 0}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RSP] == stack-0x80 }},
		{"add rsp,28h", []byte{0x48, 0x83, 0xC4, 0x28}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RSP] == stack+0x28 }},
		{"mov [rsp+8],rbx", []byte{0x48, 0x89, 0x5C, 0x24, 0x08}, func(r *engine.Registers, at func(int64) uint64) bool { return at(8) == 103 }},
		{"mov rbx,[rsp+0]", []byte{0x48, 0x8B, 0x5C, 0x24, 0x00}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RBX] == 0x1234 }},
		{"mov r10,rcx", []byte{0x4C, 0x8B, 0xD1}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[10] == 101 }},
		{"mov rax,rsp", []byte{0x48, 0x8B, 0xC4}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RAX] == stack }},
		{"mov eax,55h", []byte{0xB8, 0x55, 0, 0, 0}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RAX] == 0x55 }},
		{"xor eax,eax", []byte{0x33, 0xC0}, func(r *engine.Registers, at func(int64) uint64) bool { return r.GPR[engine.RAX] == 0 }},
		{"nop", []byte{0x0F, 0x1F, 0x44, 0, 0}, func(r *engine.Registers, at func(int64) uint64) bool { return true }},
		{"ret", []byte{0xC3}, func(r *engine.Registers, at func(int64) uint64) bool {
			return r.RIP == 0x1234 && r.GPR[engine.RSP] == stack+8
		}},
	} {
		m.Kernel.put64(stack, 0x1234)
		r := engine.Registers{RIP: 0x1000}
		for i := range r.GPR {
			r.GPR[i] = 100 + uint64(i)
		}
		r.GPR[engine.RSP] = stack
		in := decode(c.code)
		if in.size != len(c.code) {
			t.Errorf("%s: decoded %d bytes, want %d", c.name, in.size, len(c.code))
			continue
		}
		ok := m.execute(nil, in, &r)
		if !ok || in.op != opRet && r.RIP != 0x1000+uint64(in.size) || !c.want(&r, func(d int64) uint64 { return m.Kernel.get64(stack + uint64(d)) }) {
			t.Errorf("%s: %v %+v", c.name, ok, r)
		}
	}
	for _, code := range [][]byte{nil, {0x48}, {0xE8, 1, 2, 3, 4}, {0x48, 0x8D, 0x05, 0, 0, 0, 0}, {0x0F}, {0xFF, 0x25}, {0x48, 0x81, 0xEC}} {
		if in := decode(code); in.op != opNone {
			t.Errorf("% x: decoded as %+v, want unknown", code, in)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x48, 0x89, 0x5C, 0x24, 0x08})
	f.Fuzz(func(t *testing.T, b []byte) {
		if in := decode(b); in.op != opNone && (in.size < 1 || in.size > len(b)) {
			t.Errorf("% x: size %d", b, in.size)
		}
	})
}

func TestMemory(t *testing.T) {
	m := machine(t, Config{})
	p := m.NewProcess(ProcessSpec{PID: 8, Name: "x.exe"})
	a := p.Space.AllocPages(2 * PageSize)
	b := make([]byte, 16)
	if k := m.access(p, a+PageSize-8, b, true, false); k != noFault {
		t.Errorf("across pages: %d", k)
	}
	if k := m.access(m.System, a, b, false, false); k != faultAbsent {
		t.Errorf("another process's memory: %d", k)
	}
	p.Space.PageOut(a, PageSize)
	if k := m.access(p, a, b, false, false); k != faultPaged {
		t.Errorf("paged out: %d", k)
	}
	if k := m.access(p, a, b, false, true); k != noFault || m.PageIns != 1 {
		t.Errorf("page in: %d, %d page-ins", k, m.PageIns)
	}
	if k := m.access(p, m.NT.Function("NtClose").Addr, b, true, true); k != faultAbsent {
		t.Errorf("write to code: %d", k)
	}
	if k := m.access(p, ^uint64(0)-3, b, false, true); k != faultAbsent {
		t.Errorf("past the end: %d", k)
	}
	p.Space.Unmap(a, 2*PageSize)
	if k := m.access(p, a, b, false, true); k != faultAbsent {
		t.Errorf("unmapped: %d", k)
	}
}

// TestProcessList walks PsActiveProcessHead in memory.
func TestProcessList(t *testing.T) {
	m := machine(t, Config{})
	var procs []*Process
	for i := range 3 {
		procs = append(procs, m.NewProcess(ProcessSpec{PID: uint32(100 + i), Name: "a-very-long-name.exe"}))
	}
	walk := func() (pids []uint64) {
		links := m.Types.Offset("_EPROCESS", "ActiveProcessLinks")
		for e := m.Kernel.get64(m.activeHead); e != m.activeHead; e = m.Kernel.get64(e) {
			pids = append(pids, m.Kernel.get64(e-links+m.Types.Offset("_EPROCESS", "UniqueProcessId")))
		}
		return pids
	}
	if l := walk(); len(l) != 4 || l[0] != 4 || l[3] != 102 {
		t.Errorf("processes %v", l)
	}
	m.ExitProcess(procs[1], 0)
	if l := walk(); len(l) != 3 || l[2] != 102 {
		t.Errorf("after an exit: %v", l)
	}
	var name [15]byte
	m.Kernel.peek(procs[0].EPROCESS+m.Types.Offset("_EPROCESS", "ImageFileName"), name[:])
	if string(name[:14]) != "a-very-long-na" || name[14] != 0 {
		t.Errorf("ImageFileName %q", name)
	}
}

// TestRealImage maps a PE file and sets a tracepoint at an exported function.
func TestRealImage(t *testing.T) {
	img := pe.Build(pe.Image{Name: "real.sys", Exports: []string{"RealFunction"}})
	m := machine(t, Config{VBS: true})
	im, err := m.LoadDriver("real.sys", img)
	if err != nil {
		t.Fatal(err)
	}
	f := im.Function("RealFunction")
	if f == nil || !f.Real || f.Section.Name != ".text" {
		t.Fatalf("function %+v", f)
	}
	var b [1]byte
	m.Peek(nil, f.Addr, b[:])
	if b[0] != 0xC3 || len(f.Returns) != 1 {
		t.Errorf("first byte %#x, returns %v", b[0], f.Returns)
	}
	th := m.NewThread(m.System, 10, m.NT.Function("PspSystemThreadStartup"))
	if err := m.Call(th, f, []uint64{1}); err != nil {
		t.Fatal(err)
	}
	if err := m.Return(th, 5); err != nil || th.Regs.GPR[engine.RAX] != 5 || len(th.Frames) != 0 {
		t.Errorf("%v %+v", err, th)
	}
	for _, cut := range []int{0, 10, 0x90, 0x200, 0x1000, len(img) - 5} {
		if _, err := machine(t, Config{}).LoadDriver("cut.sys", img[:cut]); err == nil && cut < 0x200 {
			t.Errorf("an image of %d bytes was accepted", cut)
		}
	}
}

func FuzzImage(f *testing.F) {
	f.Add(pe.Build(pe.Image{Name: "real.sys", Exports: []string{"A", "B"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &Machine{Kernel: newSpace(poolBase), stacks: newSpace(stackBase)}
		imageFromPE("x", "x.sys", driverBase, false, m.Kernel, b)
	})
}

// TestFramesBalance runs nested calls and wants the stack back where it was.
func TestFramesBalance(t *testing.T) {
	m := machine(t, Config{})
	p := m.NewProcess(ProcessSpec{PID: 8, Name: "x.exe"})
	for _, f := range []string{"ntdll.dll", "x.exe"} {
		if _, err := m.LoadUser(p, f, nil); err != nil {
			t.Fatal(err)
		}
	}
	main, err := p.Module("x").Declare("main", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	th := m.NewThread(p, 9, main)
	start := th.Regs
	if err := m.Call(th, main, []uint64{1, 2, 3, 4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	var b [8]byte
	for i := range m.Services {
		c, err := m.Syscall(th, m.Services[i], nil)
		if err != nil {
			t.Fatal(err)
		}
		if th.UserMode || th.TrapFrame == 0 || th.PreviousMode != UserMode {
			t.Fatalf("%s: user %v, trap frame %#x", m.Services[i].Name, th.UserMode, th.TrapFrame)
		}
		m.Peek(nil, th.TrapFrame+m.Types.Offset("_KTRAP_FRAME", "Rip"), b[:])
		if rip := binary.LittleEndian.Uint64(b[:]); p.Module("ntdll").at(rip) == nil {
			t.Fatalf("%s: user rip %#x is not in ntdll", m.Services[i].Name, rip)
		}
		inner, err := m.Syscall(th, m.Services[0], nil) // a Zw call
		if err != nil || th.PreviousMode != KernelMode {
			t.Fatal(err, th.PreviousMode)
		}
		if _, err := inner.Return(0); err != nil || th.PreviousMode != UserMode {
			t.Fatal(err, th.PreviousMode)
		}
		if ret, err := c.Return(0xC0000022); err != nil || ret != 0xC0000022 {
			t.Fatal(ret, err)
		}
	}
	if err := m.Return(th, 0); err != nil || len(th.Frames) != 0 || th.Regs.GPR[engine.RSP] != start.GPR[engine.RSP] || !th.UserMode {
		t.Errorf("%v: %d frames, rsp %#x, want %#x", err, len(th.Frames), th.Regs.GPR[engine.RSP], start.GPR[engine.RSP])
	}
	if err := m.Call(th, m.NT.Function("NtClose"), nil); err == nil {
		t.Error("user code called the kernel")
	}
}
