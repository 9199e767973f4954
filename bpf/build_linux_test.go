package bpf

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/record"
)

func mergeAgg(s *agg.Spec, dst, src []uint64) { agg.Merge(s, dst, src) }

func TestCount(t *testing.T) {
	p := assemble(t, `
agg 0 _ count
clause "test" probes=10
  agg a0, -, -, -
  ret
`)
	r := newRig(t, p, testConfig(), testHook(10))
	for range 5 {
		r.fire(0)
	}
	if diff := cmp.Diff([]uint64{5}, r.agg(0, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestRecord(t *testing.T) {
	p := assemble(t, `
clause "test" probes=10,11 record=16
  action 0 trace fields=int@0:8
  bi r0, arg, 0
  br.lt r0, 3, ->out
  fire
  st.8 record[0:8], r0
  bi r1, id
  st.8 record[8:16], r1
  ret
out:
  ret
`)
	r := newRig(t, p, testConfig(), testHook(10, 11))
	for i := range uint64(5) {
		r.fire(0, i%2, i)
	}
	got := r.records()
	if len(got) != 2 {
		t.Fatalf("%d records, want 2", len(got))
	}
	for i, x := range got {
		n := uint64(i + 3)
		id := uint64(10 + n%2)
		if x.h.Clause != 0 || uint64(x.h.Probe) != id || x.h.Time == 0 ||
			binary.LittleEndian.Uint64(x.data) != n || binary.LittleEndian.Uint64(x.data[8:]) != id {
			t.Errorf("record %d: %+v", i, x)
		}
	}
}

func TestOps(t *testing.T) {
	// Every case computes r9 from arg0 (r0) and arg1 (r1).
	tests := []struct {
		name, code string
		a, b, want uint64
	}{
		{"add", "add r9, r0, r1", 3, 4, 7},
		{"addi", "add r9, r0, -1", 3, 0, 2},
		{"addbig", "add r9, r0, 0x123456789a", 1, 0, 0x123456789b},
		{"sub", "sub r9, r0, r1", 3, 4, ^uint64(0)},
		{"subself", "mov r9, r1\nsub r9, r0, r9", 10, 4, 6},
		{"mul", "mul r9, r0, r1", 1 << 63, 3, 1 << 63},
		{"divs", "divs r9, r0, r1", neg(7), 2, neg(3)},
		{"divsmin", "divs r9, r0, r1", 1 << 63, neg(1), 1 << 63},
		{"divsneg", "divs r9, r0, -3", neg(7), 0, 2},
		{"divu", "divu r9, r0, r1", neg(1), 2, 1<<63 - 1},
		{"mods", "mods r9, r0, r1", neg(7), 4, neg(3)},
		{"modsmin", "mods r9, r0, r1", 1 << 63, neg(1), 0},
		{"modu", "modu r9, r0, 10", neg(1), 0, 5},
		{"and", "and r9, r0, r1", 12, 10, 8},
		{"or", "or r9, r0, r1", 12, 10, 14},
		{"xor", "xor r9, r0, r1", 12, 10, 6},
		{"shl", "shl r9, r0, r1", 1, 65, 2},
		{"shr", "shr r9, r0, r1", neg(1), 63, 1},
		{"sar", "sar r9, r0, 68", neg(32), 0, neg(2)},
		{"neg", "neg r9, r0", 5, 0, neg(5)},
		{"not", "not r9, r0", 5, 0, ^uint64(5)},
		{"ext1s", "ext.1s r9, r0", 0x1ff, 0, neg(1)},
		{"ext2", "ext.2 r9, r0", 0x12345, 0, 0x2345},
		{"ext4s", "ext.4s r9, r0", 0xffffffff, 0, neg(1)},
		{"ext4", "ext.4 r9, r0", neg(1), 0, 0xffffffff},
		{"set.lt", "set.lt r9, r0, r1", neg(1), 1, 1},
		{"set.ltu", "set.ltu r9, r0, r1", neg(1), 1, 0},
		{"set.ge", "set.ge r9, r0, 5", 5, 0, 1},
		{"set.gtu", "set.gtu r9, r0, 0x1ffffffff", 0x200000000, 0, 1},
		{"set.ne", "set.ne r9, r0, r1", 5, 5, 0},
		{"bswap2", "bswap.2 r9, r0", 0x1234, 0, 0x3412},
		{"bswap4", "bswap.4 r9, r0", 0x12345678, 0, 0x78563412},
		{"bswap8", "bswap.8 r9, r0", 0x0102030405060708, 0, 0x0807060504030201},
		{"bswap1", "bswap.1 r9, r0", 0x1234, 0, 0x34},
		{"frame", "st.4 frame[4:8], r0\nld.4s r9, frame[4:8]", 0xfffffffe, 0, neg(2)},
		{"frameX", "zero frame[0:16]\nst.8 frame[8:16], r0\nldx.1 r9, frame[0:16], r1", 0x1122, 9, 0x11},
		{"stx", "zero frame[0:16]\nstx.2 frame[0:16], r1, r0\nld.8 r9, frame[8:16]", 0x12345, 10, 0x23450000},
		{"local", "st.8 local[0:8], r0\nld.8 r9, local[0:8]", 77, 0, 77},
		{"tls", "st.8 tls[8:16], r0\nld.8 r9, tls[8:16]", 78, 0, 78},
		{"tls4", "movi r2, -1\nst.8 tls[8:16], r2\nst.4 tls[8:12], r0\nld.8 r9, tls[8:16]", 1, 0, 0xffffffff00000001},
		{"tlscopy", "st.8 frame[0:8], r0\ncopy tls[0:8], frame[0:8]\ncopy frame[8:16], tls[0:8]\nld.8 r9, frame[8:16]", 79, 0, 79},
		{"copy", "st.8 frame[0:8], r0\ncopy frame[8:11], frame[0:3]\nld.2 r9, frame[8:10]", 0x123456, 0, 0x3456},
		{"const", "ld.2 r9, const[0:2]", 0, 0, 'a' | 'b'<<8},
		{"loop", "movi r2, 0\nmovi r9, 0\nl:\nadd r9, r9, r0\nbr.ge r2, 9, ->x\nloop r2, 20, ->l\nx:\nnop", 3, 0, 30},
		{"assoc", "st.8 frame[0:8], r0\ndynset v0, frame[0:8], r1\ndynget.8 r9, v0, frame[0:8]", 1, 99, 99},
		{"assoc0", "st.8 frame[0:8], r0\nmovi r2, 5\ndynset v0, frame[0:8], r2\ndynset v0, frame[0:8], r1\ndynget.8 r9, v0, frame[0:8]", 1, 0, 0},
		{"assocdel", "st.8 frame[0:8], r0\ndynset v0, frame[0:8], r1\ndyndel v0, frame[0:8]\ndynget.8 r9, v0, frame[0:8]", 1, 3, 0},
		{"assocM", "st.8 frame[0:8], r0\nst.8 frame[8:16], r1\nst.8 frame[16:24], r0\ndynsetm v1, frame[0:8], frame[8:24]\nzero frame[8:24]\ndyngetm frame[8:24], v1, frame[0:8]\nld.8 r9, frame[8:16]", 1, 55, 55},
		{"assocM0", "st.8 frame[0:8], r0\ndyndel v1, frame[0:8]\nst.8 frame[8:16], r1\nst.8 frame[16:24], r1\ndyngetm frame[8:24], v1, frame[0:8]\nld.8 r9, frame[8:16]", 1, 55, 0},
		{"alloca", "movi r2, 32\nalloca r3, r2\nstp.8 [r3+8], r0\nldk.8 r9, [r3+8]", 42, 0, 42},
		{"alloca0", "movi r2, 32\nalloca r3, r2\nldk.8 r9, [r3+24]", 42, 0, 0},
		{"bcopy", "movi r2, 16\nalloca r3, r2\nstp.4 [r3+0], r0\nalloca r4, r2\nbcopy r3, r2, r4\nldk.4 r9, [r4+0]", 43, 0, 43},
		{"memk", "movi r2, 16\nalloca r3, r2\nstp.4 [r3+4], r0\nmemk frame[0:8], [r3+4]\nld.4 r9, frame[0:4]", 44, 0, 44},
		{"memkn", "movi r2, 16\nalloca r3, r2\nstp.8 [r3+0], r0\nmemkn frame[0:8], r3, r1\nld.8 r9, frame[0:8]", 0x0102030405060708, 3, 0x060708},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := assemble(t, `
program global=8 local=16 tls=16
const "ab\x00"
var 0 a assoc key=8 val=8 keys=uint@0:8
var 1 m assoc key=8 val=16 keys=uint@0:8
clause "test" probes=10 frame=64
bi r0, arg, 0
bi r1, arg, 1
`+tt.code+`
st.8 global[0:8], r9
ret
`)
			r := newRig(t, p, testConfig(), testHook(10))
			r.fire(0, tt.a, tt.b)
			if got := r.global(0); got != tt.want {
				t.Errorf("%s with %#x, %#x: %#x, want %#x", tt.code, tt.a, tt.b, got, tt.want)
			}
			if d := r.drops(); d.Total(record.DropNest) != 0 {
				t.Errorf("drops: %v", d)
			}
			if recs := r.records(); len(recs) != 0 {
				t.Errorf("records: %+v", recs)
			}
		})
	}
}

func neg(n uint64) uint64 { return -n }
