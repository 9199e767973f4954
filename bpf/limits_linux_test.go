package bpf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/probe"
)

// TestManyClauses: 500 clauses on one probe, half of them with predicates and
// records.
func TestManyClauses(t *testing.T) {
	var b strings.Builder
	b.WriteString("program global=8\nagg 0 a count key=16 keys=string@0:16\nagg 1 b quantize\n")
	const n = 500
	for i := range n {
		fmt.Fprintf(&b, "clause \"c%d\" probes=10,11 record=24 frame=16\naction 0 trace fields=int@0:8\n", i)
		fmt.Fprintf(&b, "bi r0, arg, 0\nbr.lt r0, %d, ->no\nfire\nst.8 record[0:8], r0\nbi r1, pid\nst.8 record[8:16], r1\nbi r1, timestamp\nst.8 record[16:24], r1\n", i%4)
		b.WriteString("zero frame[0:16]\nbs frame[0:16], execname\nagg a0, frame[0:16], -, -\nagg a1, -, r0, -\nld.8 r2, global[0:8]\nadd r2, r2, 1\nst.8 global[0:8], r2\nret\nno:\nret\n")
	}
	p := assemble(t, b.String())
	cfg := testConfig()
	cfg.BufSize = 256 << 10
	r := newRig(t, p, cfg, testHook(10, 11))
	r.fire(0, 0, 2)
	if got := r.global(0); got != n*3/4 {
		t.Errorf("%d clauses ran, want %d", got, n*3/4)
	}
	if got := len(r.records()); got != n*3/4 {
		t.Errorf("%d records, want %d", got, n*3/4)
	}
	if got := r.agg(1, nil)[0]; got != n*3/4 {
		t.Errorf("%d updates, want %d", got, n*3/4)
	}
	if len(r.obj.Programs) > 1 {
		t.Logf("%d programs", len(r.obj.Programs))
	}
}

// TestManyAggregations: 64 aggregations in a clause, of all kinds.
func TestManyAggregations(t *testing.T) {
	var decl, code strings.Builder
	specs := []string{"count", "sum", "avg", "min", "max", "stddev", "quantize", "lquantize(0,100,10)", "llquantize(10,0,6,20)"}
	for i := range 64 {
		s, v := specs[i%len(specs)], "r0"
		if s == "count" {
			v = "-"
		}
		if i%2 == 0 {
			fmt.Fprintf(&decl, "agg %d a%d %s key=16 keys=string@0:16\n", i, i, s)
			fmt.Fprintf(&code, "agg a%d, frame[0:16], %s, -\n", i, v)
		} else {
			fmt.Fprintf(&decl, "agg %d a%d %s\n", i, i, s)
			fmt.Fprintf(&code, "agg a%d, -, %s, -\n", i, v)
		}
	}
	p := assemble(t, decl.String()+"clause \"c\" probes=10 frame=16\nzero frame[0:16]\nbs frame[0:16], execname\nbi r0, arg, 0\n"+code.String()+"ret\n")
	r := newRig(t, p, testConfig(), testHook(10))
	r.fire(0, 5)
	for i := 1; i < 64; i += 2 {
		if got := r.agg(irAgg(i), nil)[0]; got != 1 {
			t.Errorf("aggregation %d has %d updates", i, got)
		}
	}
}

// TestLongStrings: strsize 4096 in every operation.
func TestLongStrings(t *testing.T) {
	ops := []string{
		"strcopy local[0:4096], global[0:4096]", "strlen r9, local[0:4096]", "strcmp r9, global[0:4096], global[4096:8192]",
		"strjoin local[0:4096], global[0:4096], global[4096:8192]", "substr global[8192:12288], local[0:4096], r0, -",
		"strindex r9, global[0:4096], global[4096:8192], -", "strtok local[4096:8192], global[0:4096], global[4096:8192]",
		"basename local[0:4096], global[0:4096]", "cleanpath global[8192:12288], global[0:4096]", "toupper local[0:4096], global[0:4096]",
		"json local[0:4096], global[0:4096], global[4096:8192]", "strtoll r9, global[0:4096], 10", "lltostr local[0:4096], r0, 10",
		"strcopy tls[0:4096], global[0:4096]", "strcopy frame[0:4096], tls[0:4096]",
	}
	p := assemble(t, "program global=12288 local=8192 tls=4096 strsize=4096\nclause \"c\" probes=10 frame=4096 record=8192\naction 0 trace fields=string@0:4096\nmovi r0, 1\nfire\n"+
		strings.Join(ops, "\n")+"\nstrcopy record[0:4096], frame[0:4096]\nstrjoin record[4096:8192], record[0:4096], local[0:4096]\nret\n")
	cfg := testConfig()
	r := newRig(t, p, cfg, testHook(10))
	v := r.value(MapGlobals)
	copy(v, strings.Repeat("x", 3000))
	if err := r.coll.Maps[MapGlobals].Put(uint32(0), v); err != nil {
		t.Fatal(err)
	}
	r.fire(0)
	got := r.records()
	if len(got) != 1 || textOf(got[0].data) != strings.Repeat("x", 3000) {
		t.Errorf("records: %d", len(got))
	}
}

// TestNestedIf: ten levels, and a long chain.
func TestNestedIf(t *testing.T) {
	var b strings.Builder
	b.WriteString("program global=8\nagg 0 a count\nclause \"c\" probes=10\n")
	for i := range 12 {
		fmt.Fprintf(&b, "bi r%d, arg, %d\n", i, i%10)
	}
	for i := range 10 {
		fmt.Fprintf(&b, "br.eq r%d, 0, ->e%d\nagg a0, -, -, -\n", i, i)
	}
	for i := 9; i >= 0; i-- {
		fmt.Fprintf(&b, "jmp ->x%d\ne%d:\nld.8 r12, global[0:8]\nadd r12, r12, r%d\nst.8 global[0:8], r12\nx%d:\nnop\n", i, i, i, i)
	}
	b.WriteString("ret\n")
	p := assemble(t, b.String())
	r := newRig(t, p, testConfig(), testHook(10))
	r.fire(0, 1, 1, 1, 0)
	if got := r.agg(0, nil)[0]; got != 3 {
		t.Errorf("%d updates, want 3", got)
	}
}

// TestManyProbes: a table of 1,000 probes, one clause for all and one for each.
func TestManyProbes(t *testing.T) {
	var b strings.Builder
	b.WriteString("program global=8\nagg 0 all count key=8 keys=probefunc@0:4,uint@4:4\nagg 1 some count\n")
	b.WriteString("clause \"all\" probes=100-1099 frame=8\nbi r0, id\nst.4 frame[0:4], r0\nst.4 frame[4:8], r0\nagg a0, frame[0:8], -, -\nbi r0, epid\nst.8 global[0:8], r0\nret\n")
	for i := range 40 {
		fmt.Fprintf(&b, "clause \"c%d\" probes=%d\nagg a1, -, -, -\nret\n", i, 100+10*i)
	}
	p := assemble(t, b.String())
	var ids []probe.ID
	for i := range 1000 {
		ids = append(ids, probe.ID(100+i))
	}
	r := newRig(t, p, testConfig(), testHook(ids...))
	for i := range uint64(1200) {
		r.fire(0, i)
		if i < 1000 && r.global(0) != uint64(r.obj.EPID(0, probe.ID(100+i))) {
			t.Fatalf("epid %d at probe %d, want %d", r.global(0), 100+i, r.obj.EPID(0, probe.ID(100+i)))
		}
	}
	if got := r.agg(1, nil)[0]; got != 40 {
		t.Errorf("%d firings of single probes, want 40", got)
	}
}
