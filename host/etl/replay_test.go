package etl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/probe"
)

func check1(t *testing.T, h *Host, src string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, lines(runD(t, h, src))); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", src, diff)
	}
}

func TestClock(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.perf(1*ms, 0, etl.GroupPerfInfo, opSysEnter, 2, bin(uint64(ntBase+0x100)))
	m.perf(25*ms, 1, etl.GroupPerfInfo, opSysEnter, 2, bin(uint64(ntBase+0x100)))
	h := m.open()
	check1(t, h, `BEGIN { printf("%d %d\n", timestamp - 100000000000, walltimestamp - 1655600000 * 1000000000); }
		syscall:::entry { printf("%d cpu %d\n", timestamp - 100000000000, cpu); }
		tick-10ms { printf("tick %d\n", timestamp - 100000000000); }
		END { printf("end %d\n", timestamp - 100000000000); }`,
		"0 "+itoa(madeWall*100-1655600000*1000000000), "1000000 cpu 0", "tick 10000000", "tick 20000000", "25000000 cpu 1", "end 25000000")
	// A second session begins anew.
	check1(t, h, `syscall:::entry { @ = count(); } END { printf("%d", timestamp - 100000000000); }`, "25000000 2")
	// exit() stops where it is called.
	check1(t, h, `syscall:::entry { printf("%d\n", timestamp - 100000000000); exit(3); } END { printf("end"); }`, "1000000", "end")
}

func TestScheduling(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.cswitch(1*ms, 0, 101, 0, 2)
	m.cswitch(3*ms, 0, 201, 101, 5)                                                                 // cat sleeps after 2 ms
	m.perf(4*ms, 1, etl.GroupThread, 50, 2, bin(uint32(101), int8(1), int8(0), uint8(0), uint8(0))) // wakes on CPU 1, where nobody is known
	m.cswitch(6*ms, 0, 101, 201, 1)                                                                 // dog is preempted after 3 ms
	m.cswitch(7*ms, 0, 0, 101, 5)
	h := m.open()
	check1(t, h, `
		sched:::off-cpu, sched:::on-cpu, sched:::sleep, sched:::preempt { printf("%s %s %d/%d\n", probename, execname, pid, tid); }
		sched:::off-cpu { printf("to %s %d\n", args[1]->pr_fname, args[0]->pr_lwpid); }
		sched:::wakeup { printf("wakeup by %d of %s %d\n", (int)pid, args[1]->pr_fname, args[0]->pr_lwpid); }
		sched:::off-cpu /execname == "cat.exe"/ { printf("ran %d\n", vtimestamp); }`,
		"off-cpu Idle 0/0", "to cat.exe 101", "on-cpu cat.exe 100/101",
		"sleep cat.exe 100/101", "off-cpu cat.exe 100/101", "to dog.exe 201", "ran 2000000", "on-cpu dog.exe 200/201",
		"wakeup by -1 of cat.exe 101",
		"preempt dog.exe 200/201", "off-cpu dog.exe 200/201", "to cat.exe 101", "on-cpu cat.exe 100/101",
		"sleep cat.exe 100/101", "off-cpu cat.exe 100/101", "to Idle 0", "ran 3000000", "on-cpu Idle 0/0")
	// Thread-local variables belong to the thread: time on CPU, as on Linux.
	check1(t, h, `sched:::on-cpu /pid/ { self->t = timestamp; } sched:::off-cpu /self->t/ { @[execname] = sum(timestamp - self->t); self->t = 0; }`,
		"cat.exe 3000000", "dog.exe 3000000")
}

func TestProcesses(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.process(1*ms, opStart, 100, 300, 100, 0, "new.exe", "new.exe /x")
	m.thread(1*ms+1, opStart, 100, 300, 301)
	m.image(2*ms, opLoad, 300, usBase, 0x8000, 7, `\Device\HarddiskVolume1\bin\new.exe`)
	m.thread(8*ms, opEnd, 300, 300, 301)
	m.process(9*ms, opEnd, 300, 300, 100, -1073741819, "new.exe", "new.exe /x")
	h := m.open()
	check1(t, h, `
		proc:::create { printf("%s creates %d %s of %d: %s\n", execname, args[0]->pr_pid, args[0]->pr_fname, args[0]->pr_ppid, args[0]->pr_psargs); }
		proc:::exec { printf("%d %d execs %s\n", pid, ppid, args[0]); }
		proc:::exec-success { printf("%s %s\n", execname, curpsinfo->pr_psargs); }
		proc:::start { printf("start in %d\n", pid); }
		proc:::lwp-create { printf("lwp-create by %d of %d in %d\n", pid, args[0]->pr_lwpid, args[1]->pr_pid); }
		proc:::lwp-start, proc:::lwp-exit { printf("%s %d/%d\n", probename, pid, tid); }
		image:::load { printf("%s %x %d in %s\n", args[0], args[1], args[2], execname); }
		proc:::exit { printf("%s exits: %d, %x\n", execname, args[0], arg1 & 0xffffffff); }`,
		"cat.exe creates 300 new.exe of 100: new.exe /x", "start in 300", "300 100 execs new.exe", "new.exe new.exe /x",
		"lwp-create by 100 of 301 in 300", "lwp-start 300/301", `\Device\HarddiskVolume1\bin\new.exe 7ff600000000 32768 in new.exe`,
		"lwp-exit 300/301", "new.exe exits: 2, c0000005")
	check1(t, h, `proc:::exit { printf("%d %d", curthread->exit, progenyof(100)); exit(0); }`, "-1073741819 1")
}

func TestSystemServices(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	enter := func(ts int64, cpu uint16, addr uint64) { m.perf(ts, cpu, etl.GroupPerfInfo, opSysEnter, 2, bin(addr)) }
	leave := func(ts int64, cpu uint16, st uint32) { m.perf(ts, cpu, etl.GroupPerfInfo, opSysExit, 2, bin(st)) }
	m.cswitch(1*ms, 0, 101, 0, 2)
	m.cswitch(1*ms, 1, 201, 0, 2)
	enter(2*ms, 0, ntBase+0x1000)
	enter(2*ms+1, 1, ntBase+0x2000)
	leave(3*ms, 1, 0xC0000034)
	m.cswitch(4*ms, 0, 202, 101, 5) // cat sleeps in its call
	enter(5*ms, 0, ntBase+0x2000)
	leave(6*ms, 0, 0)
	m.cswitch(7*ms, 1, 101, 201, 5) // and goes on elsewhere
	leave(9*ms, 1, 0x102)
	leave(10*ms, 1, 5) // of a call before the trace
	h := m.open()
	check1(t, h, `
		syscall:::entry { self->t = timestamp; }
		syscall:::return { printf("%s %s %x %d %d\n", execname, probefunc, arg0 & 0xffffffff, errno != 0, timestamp - self->t); self->t = 0; }
		syscall::0xfffff80000002000:entry { @[tid] = count(); }`,
		"dog.exe 0xfffff80000002000 c0000034 1 999900", "dog.exe 0xfffff80000002000 0 0 1000000", "cat.exe 0xfffff80000001000 102 0 7000000",
		"201 1", "202 1")
}

func TestInterrupts(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	isr := func(ts, began int64, cpu uint16, addr uint64, ret uint8, vector uint16) {
		m.perf(ts, cpu, etl.GroupPerfInfo, opISR, 2, bin(madeBase+began, addr, ret, vector, uint8(0)))
	}
	m.cswitch(1*ms, 0, 101, 0, 2)
	isr(2*ms+50, 2*ms, 0, ntBase+0x800123, 1, 0x91)
	m.perf(3*ms+200, 0, etl.GroupPerfInfo, opDPC, 2, bin(int64(madeBase+3*ms), uint64(ntBase+0x40)))
	isr(4*ms+10, 4*ms, 1, 0x1234, 0, 1)
	h := m.open()
	check1(t, h, `fbt:::entry { printf("%d %s:%s in %d\n", timestamp - 100000000000, probemod, probefunc, (int)pid); }
		fbt:::return { printf("%d %s:%s %d %d %d\n", timestamp - 100000000000, probemod, probefunc, args[1], args[2], args[3]); }`,
		"2000000 ndis:+0x123 in 100", "2005000 ndis:+0x123 1 5000 145", "3000000 nt:+0x40 in 100", "3020000 nt:+0x40 0 20000 0",
		"4000000 :0x1234 in -1", "4001000 :0x1234 0 1000 1")
}

func TestDisk(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	const file = 0xFFFFFA8000123450
	m.sys(0, 0, 4, 8, etl.GroupFile, 36, 2, bin(uint64(file), wide(`\Device\HarddiskVolume1\data\log.txt`)))
	disk := func(ts, took int64, op uint8, size uint32, offset, irp uint64, tid uint32) {
		m.perf(ts, 1, etl.GroupDisk, op, 3, bin(uint32(0), uint32(0x43), size, uint32(0), offset, uint64(file), irp, uint64(took), tid))
	}
	disk(20*ms, 15*ms, 10, 4096, 512*100, 0xFFFFFA8000AA0000, 101)
	disk(21*ms, 2*ms, 11, 8192, 512*8, 0xFFFFFA8000BB0000, 201)
	m.perf(30*ms, 0, etl.GroupDisk, 14, 3, bin(uint32(0), uint32(0), uint64(3*ms), uint64(0xFFFFFA8000CC0000), uint32(202)))
	h := m.open()
	check1(t, h, `
		io:::start { t[arg0] = timestamp;
			printf("%d %s %s %d at %d of %s on %s\n", timestamp - 100000000000, execname, args[0]->b_flags & B_READ ? "R" : args[0]->b_flags & B_WRITE ? "W" : "F",
				args[0]->b_bcount, args[0]->b_blkno, args[2]->fi_pathname, args[1]->dev_statname); }
		io:::done /t[arg0]/ { @[args[2]->fi_name] = max(timestamp - t[arg0]); t[arg0] = 0; }`,
		`5000000 cat.exe R 4096 at 100 of \Device\HarddiskVolume1\data\log.txt on disk0`,
		`19000000 dog.exe W 8192 at 8 of \Device\HarddiskVolume1\data\log.txt on disk0`,
		`27000000 dog.exe F 0 at 0 of <unknown> on disk0`,
		"<unknown> 3000000", `\Device\HarddiskVolume1\data\log.txt 15000000`)
}

func TestNetwork(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	v4 := bin(uint32(100), uint32(1460), []byte{10, 0, 0, 2}, []byte{10, 0, 0, 1}, []byte{0, 80}, []byte{0x27, 0x10})
	m.sys(1*ms, 0, 4, 8, etl.GroupTCPIP, 10, 2, bin(v4, uint32(0), uint32(0), uint32(77), uint64(0xabc)))
	m.sys(2*ms, 0, 4, 8, etl.GroupTCPIP, 11, 2, bin(v4, uint32(78), uint64(0xabc)))
	v6 := bin(uint32(200), uint32(64), make([]byte, 15), uint8(1), make([]byte, 15), uint8(2), []byte{0, 53}, []byte{0x30, 0x39})
	m.sys(3*ms, 0, 4, 8, etl.GroupUDPIP, 26, 2, bin(v6, uint32(0), uint64(0)))
	h := m.open()
	check1(t, h, `tcp:::send, tcp:::receive { printf("%s %s %s:%d -> %s:%d %d bytes, peer %s:%d, seq %d, ip %d, %x\n", probename, args[1]->cs_pid == 100 ? "cat" : "?", args[2]->ip_saddr, args[4]->tcp_sport,
			args[2]->ip_daddr, args[4]->tcp_dport, args[2]->ip_plength, args[3]->tcps_raddr, args[3]->tcps_rport, args[4]->tcp_seq, args[2]->ip_ver, args[1]->cs_cid); }
		udp:::send { @[args[2]->ip_daddr, args[4]->udp_dport] = sum(args[4]->udp_length); }`,
		"send cat 10.0.0.1:10000 -> 10.0.0.2:80 1460 bytes, peer 10.0.0.2:80, seq 77, ip 4, abc",
		"receive cat 10.0.0.2:80 -> 10.0.0.1:10000 1460 bytes, peer 10.0.0.2:80, seq 78, ip 4, abc", "::1 53 64")
}

func TestRegistryAndFaults(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.sys(0, 0, 4, 8, etl.GroupRegistry, 22, 2, bin(int64(0), uint32(0), uint32(0), uint64(0xFFFFF8A000111000), wide(`\REGISTRY\MACHINE\SOFTWARE`)))
	m.sys(5*ms, 0, 100, 101, etl.GroupRegistry, 11, 2, bin(int64(madeBase+4*ms), uint32(0xC0000034), uint32(0), uint64(0xFFFFF8A000111000), wide(`Acme\Rocket`)))
	m.sys(6*ms, 0, 100, 101, etl.GroupMemory, 11, 2, bin(uint64(0x12340000), uint64(usBase)))
	h := m.open()
	check1(t, h, `registry:::open { printf("%s %s %x %d\n", execname, args[0], args[1] & 0xffffffff, args[2]); }
		vminfo:::zfod { printf("%s %d %x\n", execname, arg0, args[1]); }`,
		`cat.exe \REGISTRY\MACHINE\SOFTWARE\Acme\Rocket c0000034 1000000`, "cat.exe 1 12340000")
}

func TestProfile(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.perf(0, 0, etl.GroupPerfInfo, 73, 2, bin(uint32(0), uint32(10000), uint32(10000)))
	sample := func(ts int64, cpu uint16, ip uint64, tid uint32) {
		m.perf(ts, cpu, etl.GroupPerfInfo, opSample, 2, bin(ip, tid, uint16(1), uint16(0)))
	}
	stack := func(ts, of int64, cpu uint16, pid, tid uint32, pcs ...uint64) {
		b := bin(madeBase+of, pid, tid)
		for _, pc := range pcs {
			b = append(b, bin(pc)...)
		}
		m.perf(ts, cpu, etl.GroupStackWalk, 32, 2, b)
	}
	for i := range int64(100) {
		at := (i + 1) * ms
		sample(at, 0, ntBase+0x100, 101)
		stack(at+1, at, 0, 100, 101, ntBase+0x100, ntBase+0x200)
		stack(at+2, at, 0, 100, 101, usBase+0x30, usBase+0x40)
		sample(at+5, 1, usBase+0x50, 201)
	}
	h := m.open()
	check1(t, h, `profile-1000 { @[execname] = count(); } profile-997 { @b = count(); } profile-100 { @c[cpu] = count(); }`,
		"cat.exe 100", "dog.exe 100", "200", "0 10", "1 10")
	check1(t, h, `profile-1000 /pid == 100/ { @[stack(), ustack()] = count(); @d[stackdepth, ustackdepth, caller == (uintptr_t)0xfffff80000000200] = count(); }`,
		"nt`0xfffff80000000100", "nt`0xfffff80000000200", "cat`0x7ff600000030", "cat`0x7ff600000040", "100", "2 2 1 100")
	check1(t, h, `profile-1000 { @[arg0 != 0, arg1 != 0] = count(); }`, "0 1 100", "1 0 100")
	if _, err := tryD(h, `profile-4999 { @ = count(); }`); err == nil || !strings.Contains(err.Error(), "sampled every 1ms") {
		t.Errorf("profile-4999: %v", err)
	}
}

// TestGUIDForm is the naming of DTrace on Windows.
func TestGUIDForm(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	g := etl.MustGUID("12345678-1234-5678-9abc-def012345678")
	ev := func(ts int64, id uint16, level uint8, keyword uint64, payload string) {
		m.write(etl.Event{Type: etl.TypeEventHeader64, TS: ts, CPU: 1, PID: 200, TID: 202, Provider: g, ID: id, Level: level, Keyword: keyword, Payload: []byte(payload)})
	}
	ev(1*ms, 7, 4, 0x10, "abc\x00")
	ev(2*ms, 8, 2, 0x20, "de\x00")
	ev(3*ms, 7, 5, 0, "f\x00")
	h := m.open()
	const p = "etw:12345678-1234-5678-9abc-def012345678:"
	check1(t, h, p+`0xff_0xffffffffffffffff:7 { printf("%d %d %s %d %d\n", ((nt`+"`"+`_EVENT_HEADER *)arg0)->EventDescriptor.Id, arg1, stringof((char *)arg0 + 80), pid,
			((struct nt`+"`"+`_EVENT_HEADER *)arg0)->EventDescriptor.Level); }`+
		p+`0x04_0x0000000000000010:* { @[probename] = count(); } `+p+`0x2_0x20:generic_event { @two = count(); }`,
		"7 84 abc 200 4", "7 82 f 200 5", "generic_event 1", "1")
	// Both forms at once: an event is one probe of each.
	check1(t, h, `etw:12345678*:EventID_7: { @ = count(); }`, "2")
	check1(t, h, `etw:::/pid == 200/ { @[probefunc] = count(); }`, "EventID_8 1", "EventID_7 2")
	// The memory of an event is gone with it.
	out, err := tryD(h, `int64_t a; `+p+`0xff_0xffffffffffffffff:* /a/ { trace(*(char *)a); } `+p+`0xff_0xffffffffffffffff:* { a = arg0; }`)
	if err == nil || !strings.Contains(err.Error(), "invalid address") {
		t.Errorf("a kept pointer: %q, %v", out, err)
	}
	for _, bad := range []string{"etw:{12345678-1234-5678-9abc-def012345678}:0x1_0x1:1", "etw:12345678-1234-5678-9ABC-def012345678:0x1_0x1:1",
		p + "nonsense:1", p + "0x1_0x1:70000"} {
		if _, err := tryD(h, bad+"{ @ = count(); }"); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestListing(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.cswitch(1*ms, 0, 101, 0, 2)
	h := m.open()
	var got []string
	d, _ := probe.ParseDesc("sched:::", probe.PartName)
	if err := h.Probes(d, func(p *probe.Probe) bool { got = append(got, p.Name); return true }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"off-cpu", "on-cpu", "preempt", "sleep"}, sorted(got)); diff != "" {
		t.Error(diff)
	}
	d, _ = probe.ParseDesc("etw::Thread:CSwitch", probe.PartName)
	var notes []string
	if err := h.Probes(d, func(p *probe.Probe) bool { notes = h.Notes(p); return true }); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"Events: 1", "Described by: kernel", "struct Thread_CSwitch {", "\tuint32_t NewThreadId;", "\tint8_t NewThreadPriority;"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
	for _, f := range h.Features() {
		if f.Name == "" || f.Detail == "" || !f.OK && f.Remedy == "" {
			t.Errorf("feature %+v", f)
		}
	}
}
