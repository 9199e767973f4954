package consume

import (
	"encoding/binary"
	"math/rand"
	"testing"

	"github.com/godtrace/godtrace/record"
)

func rec(t uint64, tag uint32) []byte {
	b := make([]byte, record.HeaderSize+int(tag%5)*8)
	(&record.Header{Clause: tag, Time: t}).Encode(b)
	return b
}

// TestMergeOrder feeds random records of several CPUs in several drains and
// wants them all, in order of time up to each cut.
func TestMergeOrder(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var m merger
	var last uint64
	var got, put int
	now := uint64(0)
	for round := 0; round < 50; round++ {
		for cpu := 0; cpu < 3; cpu++ {
			tm := now
			for i := r.Intn(20); i > 0; i-- {
				tm += uint64(r.Intn(10))
				m.add(cpu, rec(tm, uint32(put)))
				put++
			}
		}
		cut := now + 50
		err := m.emit(cut, func(cpu int, b []byte) error {
			tm := binary.LittleEndian.Uint64(b[8:])
			if tm < last || tm > cut {
				t.Fatalf("round %d: time %d after %d, cut %d", round, tm, last, cut)
			}
			last = tm
			got++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		now += 200
	}
	m.emit(^uint64(0), func(int, []byte) error { got++; return nil })
	if got != put || m.pending() {
		t.Errorf("got %d of %d records", got, put)
	}
}

func BenchmarkMerge(b *testing.B) {
	var m merger
	rs := [][]byte{rec(1, 1), rec(2, 2)}
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		binary.LittleEndian.PutUint64(rs[i&1][8:], uint64(i))
		m.add(i&1, rs[i&1])
		if i%1000 == 999 {
			m.emit(^uint64(0), func(int, []byte) error { return nil })
		}
	}
}
