package etl

import (
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// TestKnownEvents: the descriptions fit real events to the byte.
func TestKnownEvents(t *testing.T) {
	for _, tt := range []struct {
		file  string
		kinds int
	}{{"KernelNetwork.etl", 8}, {"Process.etl", 10}} {
		h := openHost(t, fixture(t, tt.file))
		seen := map[*schema.Schema]bool{}
		var e etl.Event
		for r := h.files[0].f.Reader(); r.Next(&e); {
			s, ptr := h.dec.Schema(&e)
			if e.Provider != kernelNetwork && e.Provider != kernelProcess {
				continue
			}
			if s.Source != schema.FromDefault {
				t.Fatalf("%s: event %d version %d is described by %v", tt.file, e.ID, e.Version, s.Source)
			}
			rest, err := s.Walk(e.Payload, ptr, func(int, schema.Value) bool { return true })
			if rest != 0 || err != nil {
				t.Fatalf("%s: event %d version %d of %d bytes: %d left over, %v", tt.file, e.ID, e.Version, len(e.Payload), rest, err)
			}
			seen[s] = true
		}
		if len(seen) < tt.kinds {
			t.Errorf("%s: %d kinds, want %d", tt.file, len(seen), tt.kinds)
		}
	}
}

func TestKernelNetwork(t *testing.T) {
	h := openHost(t, fixture(t, "KernelNetwork.etl"))
	out := lines(runD(t, h, `
		etw:Microsoft-Windows-Kernel-Network:: { @n = count(); }
		etw:Microsoft-Windows-Kernel-Network:TcpReceive: { @[args[0]->dport] = sum(args[0]->size); }
		etw:7dd42a49-5329-4832-8dfd-43d979153a88:0xff_0xffffffffffffffff:11 { @e = count(); }
		tcp:::receive { @b = sum(args[2]->ip_plength); @c = count(); }`))
	all := strings.Join(out, "\n") + "\n"
	for _, want := range []string{"8923\n", "\n7968\n", "\n8102\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
}

// TestKernelProcess: the provider's events serve where the kernel's are missing.
func TestKernelProcess(t *testing.T) {
	h := openHost(t, fixture(t, "Process.etl"))
	got := lines(runD(t, h, `
		proc:::create { @c["create"] = count(); }
		proc:::exit { printf("%s exits\n%s is a child of %d\n", execname, execname, ppid); }
		proc:::exec-success { printf("%s of %d starts\n", execname, ppid > 0); }
		proc:::lwp-create, proc:::lwp-exit, image:::load, image:::unload { @c[probename] = count(); }`))
	all := strings.Join(got, "\n")
	for _, want := range []string{"create 4", "lwp-create 287", "lwp-exit 264", "load 1115", "unload 1153", "OUTLOOK.EXE exits",
		"OUTLOOK.EXE is a child of 3324", "SearchProtocol is a child of -1"} {
		if !strings.Contains("\n"+all+"\n", "\n"+want+"\n") {
			t.Errorf("no line %q in:\n%s", want, all)
		}
	}
	if n := strings.Count(all, " exits"); n != 4 {
		t.Errorf("%d exits of named programs, want 4:\n%s", n, all)
	}
	if n := strings.Count(all, " of 1 starts"); n != 4 {
		t.Errorf("%d starts of named programs, want 4:\n%s", n, all)
	}
}
