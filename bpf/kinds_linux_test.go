package bpf

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
)

// TestKinds loads a program of every kind of attachment that this kernel can
// load, with all its arguments and what depends on the context.
func TestKinds(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("loading eBPF needs root")
	}
	const text = `
agg 0 a quantize
clause "t" probes=10,11 record=96
action 0 trace fields=int@0:8
bi r0, arg, 0
bi r1, arg, 1
bi r2, arg, 3
bi r3, arg, 9
agg a0, -, r0, -
agg a0, -, r1, -
agg a0, -, r2, -
bi r4, errno
bi r5, caller
bi r6, ucaller
bi r8, ustackdepth
movi r7, 3
bi r7, ureg, r7
fire
stack record[0:80], 0
st.8 record[80:88], r3
st.8 record[88:96], r8
ret
`
	one := []HookProbe{{ID: 10}}
	two := []HookProbe{{ID: 10, Key: 5}, {ID: 11, Key: 77}}
	hooks := []Hook{
		{Kind: RawTracepoint, AttachTo: "sched_switch", Args: ArgsCtx, NumArgs: 4, Probes: one},
		{Kind: RawTracepoint, AttachTo: "sys_enter", Select: SelectCtx, Word: 1, Args: ArgsSyscall, User: true, Probes: two},
		{Kind: RawTracepoint, AttachTo: "sys_exit", Select: SelectSyscall, Args: ArgsSyscallReturn, User: true, Probes: two},
		{Kind: BTFTracepoint, AttachTo: "sys_enter", Select: SelectCtx, Word: 1, Args: ArgsSyscall, User: true, Probes: two},
		{Kind: BTFTracepoint, AttachTo: "sys_exit", Select: SelectSyscall, Args: ArgsSyscallReturn, User: true, Probes: two},
		{Kind: BTFTracepoint, AttachTo: "sched_switch", Args: ArgsCtx, NumArgs: 4, Probes: one},
		{Kind: Tracepoint, AttachTo: "sched/sched_switch", Args: ArgsFields, Probes: one, ArgFields: []CtxField{
			{Off: 8, Size: 8, Addr: true}, {Off: 24, Size: 4, Signed: true}, {Off: 32, Size: 8}, {Off: 8, DataLoc: true}}},
		{Kind: PerfEvent, Args: ArgsProfile, Probes: one},
		{Kind: Uprobe, Args: ArgsCall, User: true, Probes: one},
		{Kind: Uprobe, Args: ArgsCall, Select: SelectCookie, User: true, Probes: two},
		{Kind: Uretprobe, Args: ArgsReturn, User: true, Probes: one},
		{Kind: UprobeMulti, Args: ArgsCall, Select: SelectCookie, User: true, Probes: two},
		{Kind: UretprobeMulti, Args: ArgsReturn, Select: SelectCookie, User: true, Probes: two},
		{Kind: Kprobe, Args: ArgsCall, Probes: one},
		{Kind: KprobeMulti, Args: ArgsCall, Select: SelectCookie, Probes: two},
		{Kind: Fentry, AttachTo: "vfs_read", Args: ArgsCtx, NumArgs: 4, Probes: one},
		{Kind: Fexit, AttachTo: "vfs_read", Args: ArgsFexit, NumArgs: 4, Probes: one},
		{Kind: TestRun, Args: ArgsConst, Phase: PhaseBegin, Probes: []HookProbe{{ID: 10, Consts: []int64{1, 2}}}},
	}
	p := assemble(t, text)
	for _, h := range hooks {
		h.Name = h.Kind.String() + " " + h.AttachTo
		t.Run(strings.TrimSpace(h.Name), func(t *testing.T) {
			obj, err := Build(p, []Hook{h}, testConfig())
			if err != nil {
				t.Fatal(err)
			}
			coll, err := ebpf.NewCollection(obj.Collection())
			var ve *ebpf.VerifierError
			switch {
			case errors.As(err, &ve) && len(ve.Log) > 0:
				t.Fatalf("%v\n%s", err, strings.Join(ve.Log[max(0, len(ve.Log)-20):], "\n"))
			case err != nil:
				t.Skipf("this kernel does not load it: %v", err)
			}
			coll.Close()
			// The other architecture's code is at least made without an error.
			cfg := testConfig()
			cfg.Arch = map[Arch]Arch{AMD64: ARM64, ARM64: AMD64}[cfg.Arch]
			if _, err := Build(p, []Hook{h}, cfg); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDisassemble: a listing names what its code comes from.
func TestDisassemble(t *testing.T) {
	p := assemble(t, "agg 0 a count\nclause \"syscall::read:entry\" probes=10\nagg a0, -, -, -\nret\n")
	obj, err := Build(p, []Hook{readHook()}, testConfig())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := obj.Disassemble(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"; clause 1: syscall::read:entry", "; 0  agg", "<ctl>", "Exit"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	// The shortest useful program: number, not one of 32 bits, state, count.
	if n := len(obj.Programs[0].Spec.Instructions); n > 23 {
		t.Errorf("count() takes %d instructions, want at most 23\n%s", n, b.String())
	}
}
