package state

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/decode"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// everything reads a trace as a host would: schemas, fields, state, stacks.
func everything(t *testing.T, b []byte) int64 {
	f, err := etl.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0
	}
	d := decode.New()
	d.Learn(f)
	tr := New()
	tr.Prime(f)
	st, err := NewStacks(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	var e etl.Event
	var text []byte
	var addrs []uint64
	n, last := int64(0), int64(-1<<63)
	for r := f.Reader(); r.Next(&e); n++ {
		if e.TS < last {
			t.Fatalf("event at %d after %d", e.TS, last)
		}
		last = e.TS
		who := tr.Observe(&e)
		s, ptr := d.Schema(&e)
		s.Walk(e.Payload, ptr, func(_ int, v schema.Value) bool {
			text = v.Text(text[:0])
			return true
		})
		addrs = st.Append(addrs[:0], &e, who.TID)
		for _, a := range addrs {
			if im := tr.ImageAt(who.PID, a); im != nil {
				im.Name()
			}
		}
	}
	if want := f.Stats().Events; n != want {
		t.Errorf("%d events, want %d", n, want)
	}
	return n
}

// Mangled real files: nothing panics or hangs, and most of the events come.
func TestMangledFiles(t *testing.T) {
	dir := fixtureDir(t)
	rnd := rand.New(rand.NewSource(11))
	for _, name := range []string{"AMSITrace.etl", "HTTP_Server.etl", "gcevents.etl", "primitive-types.etl", "SelfDescribingSingleEvent.etl",
		"smallEtlFile.etl", "lxcore_kernel.etl", "sawbuck/process_data_64_v3.etl", "sawbuck/image_data_32_v2.etl", "Process.etl"} {
		whole, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		intact := everything(t, whole)
		for i := range 24 {
			b := append([]byte(nil), whole...)
			switch i % 4 {
			case 0:
				b = b[:rnd.Intn(len(b))]
			case 1:
				for range 1 + rnd.Intn(50) {
					b[rnd.Intn(len(b))] ^= byte(1 << rnd.Intn(8))
				}
			case 2:
				at := rnd.Intn(len(b))
				clear(b[at:min(at+rnd.Intn(20000), len(b))])
			case 3:
				at := rnd.Intn(len(b))
				for j := at; j < min(at+200, len(b)); j++ {
					b[j] = byte(rnd.Intn(256))
				}
			}
			n := everything(t, b)
			if i%4 == 3 && intact > 1000 && n*100 < intact*95 {
				t.Errorf("%s: %d events of %d after 200 bytes of noise", name, n, intact)
			}
		}
	}
}
