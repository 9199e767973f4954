package bpf

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/record"
)

// randomProgram makes the text of a valid clause: registers and memory are set
// first, so that whatever follows is defined.
func randomProgram(rng *rand.Rand, regs, n int) string {
	var b strings.Builder
	b.WriteString("program global=256 local=64 tls=64\nconst \"hello\\x00wor\\x00\"\nvar 0 a assoc key=8 val=8 keys=uint@0:8\nclause \"t\" probes=10 frame=128 record=16\naction 0 trace fields=int@0:8\n")
	interesting := []int64{0, 1, -1, 2, 7, 63, 64, 255, 256, 1 << 31, -1 << 31, 1 << 32, 1 << 62, -1 << 63, 1<<63 - 1, 0x0102030405060708}
	num := func() int64 {
		if rng.IntN(2) == 0 {
			return interesting[rng.IntN(len(interesting))]
		}
		return int64(rng.Uint64()) >> rng.IntN(64)
	}
	r := func() string { return fmt.Sprintf("r%d", rng.IntN(regs)) }
	rOrImm := func() string {
		if rng.IntN(3) == 0 {
			return fmt.Sprint(num())
		}
		return r()
	}
	mem := func(size int) string {
		spaces := []struct {
			name string
			n    int
		}{{"frame", 128}, {"global", 256}, {"local", 64}, {"tls", 64}}
		s := spaces[rng.IntN(len(spaces))]
		at := rng.IntN(s.n/size) * size
		return fmt.Sprintf("%s[%d:%d]", s.name, at, at+size)
	}
	for i := range regs {
		if i < 10 {
			fmt.Fprintf(&b, "bi r%d, arg, %d\n", i, i)
		} else {
			fmt.Fprintf(&b, "movi r%d, %d\n", i, num())
		}
	}
	b.WriteString("zero frame[0:128]\nzero local[0:64]\n")
	conds := []string{"eq", "ne", "lt", "le", "gt", "ge", "ltu", "leu", "gtu", "geu"}
	labels := map[int][]int{} // position -> labels set there
	label := 0
	for i := range n {
		for _, l := range labels[i] {
			fmt.Fprintf(&b, "l%d:\n", l)
		}
		size := 1 << rng.IntN(4)
		sign := []string{"", "s"}[rng.IntN(2)]
		switch rng.IntN(22) {
		case 0, 1, 2, 3, 4, 5:
			op := []string{"add", "sub", "mul", "and", "or", "xor", "shl", "shr", "sar"}[rng.IntN(9)]
			fmt.Fprintf(&b, "%s %s, %s, %s\n", op, r(), r(), rOrImm())
		case 6:
			op := []string{"divs", "divu", "mods", "modu"}[rng.IntN(4)]
			fmt.Fprintf(&b, "%s %s, %s, %s\n", op, r(), r(), rOrImm())
		case 7:
			fmt.Fprintf(&b, "set.%s %s, %s, %s\n", conds[rng.IntN(10)], r(), r(), rOrImm())
		case 8:
			fmt.Fprintf(&b, "ext.%d%s %s, %s\n", size, sign, r(), r())
		case 9:
			fmt.Fprintf(&b, "%s %s, %s\n", []string{"neg", "not", "mov"}[rng.IntN(3)], r(), r())
		case 10, 11:
			fmt.Fprintf(&b, "ld.%d%s %s, %s\n", size, sign, r(), mem(size))
		case 12, 13:
			fmt.Fprintf(&b, "st.%d %s, %s\n", size, mem(size), r())
		case 14:
			fmt.Fprintf(&b, "ldx.%d%s %s, frame[64:128], %s\n", size, sign, r(), r())
		case 15:
			x := r()
			fmt.Fprintf(&b, "and %s, %s, 31\nstx.%d frame[64:128], %s, %s\n", x, x, size, x, r())
		case 16:
			fmt.Fprintf(&b, "copy frame[0:%d], global[%d:%d]\n", 3+size, 8*size, 8*size+3+size)
		case 17:
			fmt.Fprintf(&b, "st.8 frame[0:8], %s\ndynset v0, frame[0:8], %s\n", r(), r())
		case 18:
			fmt.Fprintf(&b, "st.8 frame[0:8], %s\ndynget.8 %s, v0, frame[0:8]\n", r(), r())
		case 19:
			fmt.Fprintf(&b, "bswap.%d %s, %s\n", size, r(), r())
		default:
			to := min(n-1, i+1+rng.IntN(8))
			if to > i {
				fmt.Fprintf(&b, "br.%s %s, %s, ->l%d\n", conds[rng.IntN(10)], r(), rOrImm(), label)
				labels[to] = append(labels[to], label)
				label++
			}
		}
	}
	b.WriteString("fire\nst.8 record[0:8], r0\nst.8 record[8:16], r1\n")
	for i := range min(regs, 24) {
		fmt.Fprintf(&b, "st.8 global[%d:%d], r%d\n", 8*i, 8*i+8, i)
	}
	b.WriteString("ret\n")
	return b.String()
}

// TestRandom holds random programs on both back ends against each other.
func TestRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	n := 150
	if testing.Short() {
		n = 20
	}
	for i := range n {
		text := randomProgram(rng, 2+rng.IntN(30), 5+rng.IntN(80))
		p := assemble(t, text)
		r, ref := newRig(t, p, testConfig(), testHook(10)), newReference(t, p)
		for range 4 {
			var args []uint64
			for range 10 {
				args = append(args, rng.Uint64()>>rng.IntN(64))
			}
			r.fire(0, args...)
			res := ref.fire(args...)
			recs := r.records()
			if len(recs) != 1 {
				t.Fatalf("program %d: %d records\n%s", i, len(recs), text)
			}
			if res.Trapped {
				want := record.Error{Clause: 0, PC: uint32(res.PC), Fault: uint32(res.Fault), Value: res.Value}
				if diff := cmp.Diff(want, recs[0].err); diff != "" {
					t.Fatalf("program %d: %s\n%s", i, diff, text)
				}
			} else if diff := cmp.Diff(res.Record[record.HeaderSize:], recs[0].data[:len(res.Record)-record.HeaderSize]); diff != "" {
				t.Fatalf("program %d: record: %s\n%s", i, diff, text)
			}
			if diff := cmp.Diff(ref.global, r.value(MapGlobals)[:len(ref.global)]); diff != "" {
				t.Fatalf("program %d, trapped %v:\n%s\n%s", i, res.Trapped, diff, text)
			}
		}
		r.close()
	}
}
