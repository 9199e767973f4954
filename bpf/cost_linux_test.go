package bpf

import (
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// readHook is what syscall::read:entry is on amd64.
func readHook() Hook {
	return Hook{Kind: RawTracepoint, AttachTo: "sys_enter", Name: "syscall entry", Select: SelectCtx, Word: 1, Args: ArgsSyscall, User: true,
		Probes: []HookProbe{{ID: 10, Key: syscall.SYS_READ}}}
}

func returnHook() Hook {
	return Hook{Kind: RawTracepoint, AttachTo: "sys_exit", Name: "syscall return", Select: SelectSyscall, Args: ArgsSyscallReturn, User: true,
		Probes: []HookProbe{{ID: 11, Key: syscall.SYS_READ}}}
}

// BenchmarkRead measures reads of one byte of /dev/zero, traced in various ways.
func BenchmarkRead(b *testing.B) {
	programs := []struct{ name, text string }{
		{"count", "agg 0 a count\nclause \"c\" probes=10\nagg a0, -, -, -\nret"},
		{"execname", "agg 0 a count key=16 keys=string@0:16\nclause \"c\" probes=10 frame=16\nzero frame[0:16]\nbs frame[0:16], execname\nagg a0, frame[0:16], -, -\nret"},
		{"quantize", "agg 0 a quantize\nclause \"c\" probes=10\nbi r0, arg, 2\nagg a0, -, r0, -\nret"},
		{"printf", "clause \"c\" probes=10 record=16\naction 0 printf fields=int@0:8,int@8:8\nfire\nbi r0, pid\nst.8 record[0:8], r0\nbi r0, arg, 2\nst.8 record[8:16], r0\nret"},
		{"pair", "program tls=8\nagg 0 a quantize\nclause \"e\" probes=10\nbi r0, timestamp\nst.8 tls[0:8], r0\nret\n" +
			"clause \"r\" probes=11\nld.8 r0, tls[0:8]\nbr.eq r0, 0, ->no\nbi r1, timestamp\nld.8 r2, tls[0:8]\nsub r1, r1, r2\nagg a0, -, r1, -\nmovi r3, 0\nst.8 tls[0:8], r3\nret\nno:\nret"},
		{"predicate", "agg 0 a count\nclause \"c\" probes=10 frame=16\nbs frame[0:16], execname\nstrcmp r0, frame[0:16], const[0:4]\nbr.ne r0, 0, ->no\nagg a0, -, -, -\nno:\nret\n"},
	}
	loop := func(b *testing.B) {
		f, err := os.Open("/dev/zero")
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		fd := int(f.Fd())
		var buf [1]byte
		var from, to syscall.Rusage
		const thread = 1 // RUSAGE_THREAD
		syscall.Getrusage(thread, &from)
		for b.Loop() {
			syscall.Read(fd, buf[:])
		}
		syscall.Getrusage(thread, &to)
		cpu := func(u *syscall.Rusage) int64 { return u.Utime.Nano() + u.Stime.Nano() }
		b.ReportMetric(float64(cpu(&to)-cpu(&from))/float64(b.N), "cpu-ns/op")
	}
	b.Run("none", loop)
	for _, p := range programs {
		b.Run(p.name, func(b *testing.B) {
			text := p.text
			if p.name == "predicate" {
				text = "const \"cat\\x00\"\n" + text
			}
			cfg := testConfig()
			cfg.BufSize = 4 << 20
			hooks := []Hook{readHook()}
			if p.name == "pair" {
				hooks = append(hooks, returnHook())
			}
			r := newRig(b, assemble(b, text), cfg, hooks...)
			for i := range r.obj.Programs {
				pr := &r.obj.Programs[i]
				l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: hooks[pr.Hook].AttachTo, Program: r.coll.Programs[pr.Name]})
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
			}
			stats, err := ebpf.EnableStats(0) // BPF_STATS_RUN_TIME
			if err != nil {
				b.Fatal(err)
			}
			defer stats.Close()
			loop(b)
			// What the programs themselves took, with the cost of looking at the
			// clock; the kernel counts all system calls, so use a quiet machine.
			var sum float64
			for i := range r.obj.Programs {
				if st, err := r.coll.Programs[r.obj.Programs[i].Name].Stats(); err == nil && st.RunCount > 0 {
					sum += float64(st.Runtime.Nanoseconds()) / float64(st.RunCount)
				}
			}
			b.ReportMetric(sum, "prog-ns/op")
		})
	}
}
