package bpf

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

func TestFaults(t *testing.T) {
	tests := []struct {
		name, code string
		a, b       uint64
		want       record.Error
	}{
		{"divzero", "divs r2, r0, r1", 1, 0, record.Error{PC: 3, Fault: uint32(ir.FaultDivZero)}},
		{"ldk", "ldk.8 r2, [r0+8]", 16, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadAddr), Value: 24}},
		{"ldu", "ldu.4 r2, [r0+0]", 16, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadAddr), Value: 16}},
		{"memk", "memk frame[0:16], [r0+0]", 99, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadAddr), Value: 99}},
		{"strk", "strk frame[0:16], r0", 99, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadAddr), Value: 99}},
		{"stru", "stru frame[0:16], r0, -", 99, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadAddr), Value: 99}},
		{"stp", "stp.8 [r0+0], r1", 99, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadAddr), Value: 99}},
		{"noscratch", "alloca r2, r0", 1 << 30, 0, record.Error{PC: 3, Fault: uint32(ir.FaultNoScratch)}},
		{"scratchend", "movi r3, 8\nalloca r2, r3\nldk.8 r2, [r2+1]", 0, 0, record.Error{PC: 5, Fault: uint32(ir.FaultBadAddr), Value: ir.ScratchBase + 1}},
		{"badindex", "zero frame[0:16]\nldx.8 r2, frame[0:16], r0", 9, 0, record.Error{PC: 4, Fault: uint32(ir.FaultBadIndex)}},
		{"fail", "fail badsize, r0", 7, 0, record.Error{PC: 3, Fault: uint32(ir.FaultBadSize), Value: 7}},
		{"loop", "movi r2, 0\nl:\nadd r0, r0, 1\nloop r2, 3, ->l", 0, 0, record.Error{PC: 5, Fault: uint32(ir.FaultLoop)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tail := "st.8 record[0:8], r0\nret"
			if tt.name == "fail" || tt.name == "loop" {
				tail = ""
			}
			p := assemble(t, `
program global=48
clause "test" probes=10 record=8 frame=16
action 0 trace fields=int@0:8
bi r0, arg, 0
bi r1, arg, 1
fire
7/1 `+tt.code+`
`+tail+`
clause "ERROR" probes=3 record=8
action 0 trace fields=int@0:8
fire
bi r0, arg, 1
st.8 global[0:8], r0
bi r0, arg, 2
st.8 global[8:16], r0
bi r0, arg, 3
st.8 global[16:24], r0
bi r0, arg, 4
st.8 global[24:32], r0
bi r0, arg, 5
st.8 global[32:40], r0
bi r0, id
st.8 record[0:8], r0
ret
clause "after" probes=10 record=8
action 0 trace fields=int@0:8
movi r0, 5
fire
st.8 record[0:8], r0
ret
`)
			if tt.name == "scratchend" || tt.name == "badindex" || tt.name == "loop" {
				// The faulting instruction is a later one of the same action.
				for i := range p.Clauses[0].Act {
					p.Clauses[0].Act[i] = 1
				}
			}
			r := newRig(t, p, testConfig(), testHook(10))
			r.fire(0, tt.a, tt.b)
			got := r.records()
			if len(got) != 3 {
				t.Fatalf("%d records, want error, ERROR and after: %+v", len(got), got)
			}
			tt.want.Action = 1
			if diff := cmp.Diff(tt.want, got[0].err); diff != "" || got[0].h.Clause != record.ClauseError || got[0].h.Probe != 10 {
				t.Errorf("error record %+v\n%s", got[0], diff)
			}
			if h := got[1].h; h.Clause != 1 || h.Probe != 3 || binary.LittleEndian.Uint64(got[1].data) != 3 {
				t.Errorf("ERROR's record: %+v", got[1])
			}
			if h := got[2].h; h.Clause != 2 || h.Probe != 10 {
				t.Errorf("record after: %+v", got[2])
			}
			for i, want := range []uint64{1, 1, uint64(tt.want.PC), uint64(tt.want.Fault), tt.want.Value} {
				if g := r.global(uint32(8 * i)); g != want {
					t.Errorf("arg%d of ERROR: %#x, want %#x", i+1, g, want)
				}
			}
		})
	}
}

func TestDoubleFault(t *testing.T) {
	p := assemble(t, `
clause "test" probes=10
bi r0, arg, 0
divs r1, r0, r0
ret
clause "ERROR" probes=3
bi r0, arg, 9
divs r1, r0, r0
ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	r.fire(0, 0)
	d := r.drops()
	if n := d.Total(record.DropDblError); n != 1 {
		t.Errorf("%d double errors, want 1", n)
	}
	if got := r.records(); len(got) != 1 || got[0].err.Fault != uint32(ir.FaultDivZero) {
		t.Errorf("records: %+v", got)
	}
}

// TestDrops: fired = delivered + dropped, with both policies.
func TestDrops(t *testing.T) {
	p := assemble(t, `
clause "test" probes=10 record=1000
action 0 trace fields=int@0:8
fire
bi r0, arg, 0
st.8 record[0:8], r0
ret
`)
	for _, fill := range []bool{false, true} {
		cfg := testConfig()
		cfg.BufSize, cfg.Fill = 4096, fill
		r := newRig(t, p, cfg, testHook(10))
		const fired = 40
		for i := range uint64(fired) {
			r.fire(0, i)
		}
		got := len(r.records())
		d := r.drops()
		if n := int(d.Total(record.DropPrincipal)); n == 0 || got == 0 || got+n != fired {
			t.Errorf("fill %v: %d delivered, %d dropped of %d", fill, got, n, fired)
		}
		r.fire(0, 1)
		if got := len(r.records()); (got == 0) != fill {
			t.Errorf("fill %v: %d records after the buffer was emptied", fill, got)
		}
	}
}

func TestExit(t *testing.T) {
	p := assemble(t, `
agg 0 a count
clause "one" probes=10 record=8
action 0 exit fields=int@0:4
movi r0, 42
exit r0
fire
st.4 record[0:4], r0
st.4 record[4:8], r0
ret
clause "two" probes=10
agg a0, -, -, -
ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	r.fire(0)
	r.fire(0)
	if got := r.records(); len(got) != 1 {
		t.Errorf("%d records, want 1", len(got))
	}
	if c := r.agg(0, nil); c[0] != 0 {
		t.Errorf("the clause after exit() ran %d times, want none", c[0])
	}
	c := r.value(MapControl)
	if s := binary.LittleEndian.Uint32(c[CtlState:]); State(s) != StateDraining {
		t.Errorf("state %d", s)
	}
	if binary.LittleEndian.Uint32(c[CtlExited:]) != 1 || binary.LittleEndian.Uint64(c[CtlStatus:]) != 42 {
		t.Errorf("exit status: %x", c[:16])
	}
}

func TestSpeculations(t *testing.T) {
	p := assemble(t, `
program global=8 speculations
clause "new" probes=10
speculation r0
st.8 global[0:8], r0
ret
clause "use" probes=11 record=8 speculative
action 0 trace fields=int@0:8
bi r0, arg, 0
fire
speculate r0
st.8 record[0:8], r0
ret
clause "commit" probes=12
bi r0, arg, 0
commit r0
ret
clause "discard" probes=13
bi r0, arg, 0
discard r0
ret
`)
	r := newRig(t, p, testConfig(), testHook(10), testHook(11), testHook(12), testHook(13))
	for _, want := range []uint64{1, 2, 0} {
		if r.fire(0); r.global(0) != want {
			t.Errorf("speculation() = %d, want %d", r.global(0), want)
		}
	}
	d := r.drops()
	if n := d.Total(record.DropSpecUnavail); n != 1 {
		t.Errorf("%d speculations unavailable, want 1", n)
	}
	for _, id := range []uint64{2, 0, 3, 1, 1 << 40} {
		r.fire(1, id)
	}
	r.fire(2, 1)
	r.fire(3, 2)
	r.fire(1, 1)
	r.fire(1, 2)
	got := r.records()
	if len(got) != 2 || got[0].h.Spec != 2 || got[1].h.Spec != 1 {
		t.Errorf("records: %+v", got)
	}
	c := r.value(MapControl)[r.obj.Layout.CtlSpec:]
	if binary.LittleEndian.Uint32(c) != uint32(SpecCommitting) || binary.LittleEndian.Uint32(c[4:]) != uint32(SpecDiscarding) {
		t.Errorf("states: %x", c[:8])
	}
}
