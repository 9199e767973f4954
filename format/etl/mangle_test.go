package etl

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/godtrace/godtrace/format/xpress"
)

// The campaign against mangled files: each real trace is damaged in hundreds of
// ways, and what comes out is compared with what a reader of its own, which knows
// only sound files, found in the whole one.

// part is one buffer of a sound file, with its events.
type part struct {
	off, size int
	packed    bool
	events    []piece
}

// piece is one event: its bytes in the file (for packed buffers those of the whole
// buffer) and what it is.
type piece struct {
	from, to int
	sum      uint64
}

func fingerprint(cpu uint16, raw []byte) uint64 {
	h := fnv.New64a()
	h.Write([]byte{byte(cpu), byte(cpu >> 8)})
	h.Write(raw)
	return h.Sum64()
}

// dissect is the independent reader.
func dissect(t testing.TB, b []byte) []part {
	t.Helper()
	le := binary.LittleEndian
	var out []part
	for off := 0; off < len(b); {
		h := b[off:]
		p := part{off: off, size: int(le.Uint32(h))}
		valid, flags, cpu := int(le.Uint32(h[0x30:])), le.Uint16(h[0x34:]), le.Uint16(h[0x28:])
		if valid == 0 {
			valid = int(le.Uint32(h[4:]))
		}
		if flags&0x20 == 0 {
			cpu &= 0xff
		} else {
			cpu &= 0x7ff
		}
		body := h[0x48:min(valid, p.size)]
		if p.packed = flags&0x40 != 0; p.packed {
			body = make([]byte, valid-0x48)
			if n, err := xpress.Decode(body, h[0x48:p.size]); err != nil || n != len(body) {
				t.Fatalf("buffer at %#x: %d bytes, %v", off, n, err)
			}
		}
		for at := 0; at+8 <= len(body); {
			r := body[at:]
			marker := le.Uint32(r)
			if marker == 0 || marker == 0xFFFFFFFF {
				break
			}
			size := int(le.Uint16(r))
			if typ := r[2]; marker>>24 == 0xC0 && (typ >= 1 && typ <= 4 || typ == 16 || typ == 17) {
				size = int(le.Uint16(r[4:]))
			}
			e := piece{off, off + p.size, fingerprint(cpu, r[:size])}
			if !p.packed {
				e.from, e.to = off+0x48+at, off+0x48+at+size
			}
			p.events = append(p.events, e)
			at += (size + 7) &^ 7
		}
		out = append(out, p)
		off += p.size
	}
	return out
}

// damaged is a mangled file and what must still come out of it.
type damaged struct {
	what string
	b    []byte
	want map[uint64]int // events and how often
	lost int            // of the sound file's events, how many are not in want
	// mayHide says that the damage can look sound: the events it hits are changed, or
	// hidden in one that is.
	mayHide bool
}

// mangler makes damage.
type mangler struct {
	b     []byte
	parts []part
	total int
}

func newMangler(t testing.TB, b []byte) *mangler {
	m := &mangler{b: b, parts: dissect(t, b)}
	for _, p := range m.parts {
		m.total += len(p.events)
	}
	return m
}

// hit copies the file, lets fn change bytes in [from, to), and expects all events
// outside: of a buffer whose header is hit, none; of one whose events are, those
// that are not.
func (m *mangler) hit(what string, from, to int, fn func(b []byte)) damaged {
	b := bytes.Clone(m.b)
	fn(b[from:to])
	d := damaged{what: fmt.Sprintf("%s at %#x-%#x", what, from, to), b: b, want: map[uint64]int{}}
	for _, p := range m.parts {
		if from < p.off+0x48 && to > p.off {
			continue
		}
		for _, e := range p.events {
			if e.to <= from || e.from >= to {
				d.want[e.sum]++
			}
		}
	}
	d.lost = m.total - sum(d.want)
	return d
}

// whole expects all events of the buffers given.
func (m *mangler) whole(what string, b []byte, parts ...part) damaged {
	d := damaged{what: what, b: b, want: map[uint64]int{}}
	for _, p := range parts {
		for _, e := range p.events {
			d.want[e.sum]++
		}
	}
	d.lost = max(m.total-sum(d.want), 0)
	return d
}

func sum(m map[uint64]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

// cut ends the file.
func (m *mangler) cut(n int) damaged {
	d := damaged{what: fmt.Sprintf("cut to %#x", n), b: m.b[:n], want: map[uint64]int{}}
	for _, p := range m.parts {
		for _, e := range p.events {
			if e.to <= n && p.off+0x48 <= n {
				d.want[e.sum]++
			}
		}
	}
	d.lost = m.total - sum(d.want)
	return d
}

func (m *mangler) bytesOf(parts ...part) (b []byte) {
	for _, p := range parts {
		b = append(b, m.b[p.off:p.off+p.size]...)
	}
	return b
}

// check reads a damaged file.
func (d *damaged) check(t *testing.T) {
	t.Helper()
	began := time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := New(bytes.NewReader(d.b), int64(len(d.b)))
	if err != nil {
		if len(d.want) > 0 {
			t.Errorf("%s: %v", d.what, err)
		}
		return
	}
	have := map[uint64]int{}
	r := f.Reader()
	var e Event
	n, last := int64(0), int64(-1<<63)
	for r.Next(&e) {
		if e.TS < last {
			t.Errorf("%s: %d after %d", d.what, e.TS, last)
			return
		}
		last = e.TS
		n++
		have[fingerprint(e.CPU, e.Raw)]++
		e.Time()
	}
	st := f.Stats()
	if n != st.Events || r.Err() != nil || r.Changed().Count != 0 {
		t.Errorf("%s: %d events of %d, %v, %v", d.what, n, st.Events, r.Err(), r.Changed())
	}
	missing := 0
	for s, k := range d.want {
		missing += max(k-have[s], 0)
	}
	if missing > 0 {
		t.Errorf("%s: %d of %d sound events are missing; %s", d.what, missing, sum(d.want), st.String())
	}
	if d.lost > 0 && int(n) < sum(d.want)+d.lost && st.String() == "" && !d.mayHide {
		t.Errorf("%s: %d events of %d, and nothing is reported", d.what, n, sum(d.want)+d.lost)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 200<<20 {
		t.Errorf("%s: %d bytes of memory", d.what, n)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("%s: took %v", d.what, took)
	}
}

func noise(rng *rand.Rand) func([]byte) {
	return func(b []byte) {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	}
}

func fill(v byte) func([]byte) {
	return func(b []byte) {
		for i := range b {
			b[i] = v
		}
	}
}

// TestMangledFixtures damages the shared traces. MANGLE_ROUNDS makes it look longer,
// each time elsewhere.
func TestMangledFixtures(t *testing.T) {
	dir := fixtureDir(t)
	for _, name := range []string{
		"AMSITrace.etl", "HTTP_Server.etl", "KernelNetwork.etl", "gcevents.etl", "net.4.5.2.x64.etl", "primitive-types.etl", "lxcore_kernel.etl",
		"SelfDescribingSingleEvent.etl", "ShutdownPerfDiagLogger.etl", "smallEtlFile.etl", "sawbuck/process_data_32_v3.etl", "sawbuck/image_data_64_v2.etl",
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			m := newMangler(t, b)
			rounds, seed := 1, uint64(7)
			if n, err := strconv.Atoi(os.Getenv("MANGLE_ROUNDS")); err == nil {
				rounds, seed = n, rand.Uint64()
				t.Logf("seed %d", seed)
			}
			rng := rand.New(rand.NewPCG(seed, uint64(len(b))))
			// Large files take long: of them only some.
			n, every := 0, len(b)/(100<<10)+1
			m.campaign(rng, rounds, func(d damaged) {
				if n++; n%every == 0 {
					d.check(t)
				}
			})
		})
	}
}

// campaign calls try for each damage.
func (m *mangler) campaign(rng *rand.Rand, rounds int, try func(damaged)) {
	any := func() part { return m.parts[rng.IntN(len(m.parts))] }
	try(m.cut(len(m.b)))
	for range rounds {
		// Ends at and about borders of buffers and of their headers.
		p := any()
		for _, at := range []int{p.off, p.off + 1, p.off + 8, p.off + 0x47, p.off + 0x48, p.off + 0x49, p.off + 0x48 + 16, p.off + p.size/2, p.off + p.size - 1} {
			if at > 0x400 && at < len(m.b) {
				try(m.cut(at))
			}
		}
		try(m.cut(0x400 + rng.IntN(len(m.b)-0x400)))
		// One bit of each byte of a buffer's header.
		p = any()
		for i := range 0x48 {
			bit := byte(1) << rng.IntN(8)
			try(m.hit("bit of a buffer header", p.off+i, p.off+i+1, func(b []byte) { b[0] ^= bit }))
		}
		// Numbers that cannot be.
		for _, at := range []int{0, 4, 8, 0x30} {
			p = any()
			for _, v := range []uint32{0, 1, 0x47, 0x48, 0x49, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF} {
				d := m.hit(fmt.Sprintf("number %#x in a buffer header", v), p.off+at, p.off+at+4, func(b []byte) { binary.LittleEndian.PutUint32(b, v) })
				d.mayHide = p.off == 0 && v == 0 // old systems leave the length of the first buffer out
				try(d)
			}
		}
		// Headers of events.
		for range 20 {
			if p = any(); p.packed || len(p.events) == 0 {
				continue
			}
			e := p.events[rng.IntN(len(p.events))]
			at := e.from + rng.IntN(min(16, e.to-e.from))
			bit := byte(1) << rng.IntN(8)
			d := m.hit("bit of an event header", at, at+1, func(b []byte) { b[0] ^= bit })
			d.mayHide = true
			if e.from == m.parts[0].events[0].from {
				continue // the header of the file: below
			}
			// A size that is wrong may hide the events up to where it leads.
			if at-e.from < 6 {
				d.want = m.before(e.from, p)
			}
			try(d)
		}
		// Ranges: inside buffers, whole ones, across borders.
		for _, r := range [][2]int{{0x200, 64}, {0x100, 0x300}, {0, p.size}, {-0x40, 0x100}, {p.size / 2, p.size}} {
			if p = any(); p.off == 0 {
				continue
			}
			from := max(p.off+r[0], m.parts[0].size)
			to := min(from+r[1], len(m.b))
			if from >= to {
				continue
			}
			try(m.hit("zeros", from, to, fill(0)))
			try(m.hit("ones", from, to, fill(0xFF)))
			try(m.hit("noise", from, to, noise(rng)))
		}
		// Buffers in another order, twice, or not at all.
		if n := len(m.parts); n > 3 {
			q := append([]part(nil), m.parts...)
			i, j := 1+rng.IntN(n-1), 1+rng.IntN(n-1)
			q[i], q[j] = q[j], q[i]
			try(m.whole(fmt.Sprintf("buffers %d and %d exchanged", i, j), m.bytesOf(q...), q...))
			q = append(append(append([]part(nil), m.parts[:i+1]...), m.parts[i]), m.parts[i+1:]...)
			try(m.whole(fmt.Sprintf("buffer %d twice", i), m.bytesOf(q...), q...))
			q = append(append([]part(nil), m.parts[:i]...), m.parts[i+1:]...)
			try(m.whole(fmt.Sprintf("buffer %d of %d left out", i, n), m.bytesOf(q...), q...))
		}
		// What does not belong there, behind the file and inside it.
		for _, n := range []int{1, 8, 0x48, 0x200, 4096, 100_001} {
			junk := make([]byte, n)
			for _, kind := range []string{"zeros", "noise"} {
				if kind == "noise" {
					noise(rng)(junk)
				}
				try(m.whole(fmt.Sprintf("%d bytes of %s appended", n, kind), append(bytes.Clone(m.b), junk...), m.parts...))
				if p = any(); p.off > 0 {
					b := append(append(bytes.Clone(m.b[:p.off]), junk...), m.b[p.off:]...)
					try(m.whole(fmt.Sprintf("%d bytes of %s inserted at %#x", n, kind, p.off), b, m.parts...))
				}
			}
		}
		m.headers(rng, try)
		m.absurd(rng, try)
	}
}

// absurd gives buffers of files where all are of one size one that cannot be: their
// events must come all the same.
func (m *mangler) absurd(rng *rand.Rand, try func(damaged)) {
	p := m.parts[rng.IntN(len(m.parts))]
	if p.off == 0 || p.packed || p.size != m.parts[0].size {
		return
	}
	for _, v := range []uint32{0, 0x47, uint32(p.size / 2), uint32(2 * p.size), 0x7FFFFFFF, 0xFFFFFFFF} {
		d := m.hit(fmt.Sprintf("size %#x of a buffer", v), p.off, p.off+4, func(b []byte) { binary.LittleEndian.PutUint32(b, v) })
		d.want, d.lost = m.whole("", nil, m.parts...).want, 0
		try(d)
	}
}

// before returns the events of a file but for those of a buffer from a place on.
func (m *mangler) before(from int, in part) map[uint64]int {
	want := map[uint64]int{}
	for _, p := range m.parts {
		for _, e := range p.events {
			if p.off != in.off || e.to <= from {
				want[e.sum]++
			}
		}
	}
	return want
}

// headers damages the log file header: all events but it must come.
func (m *mangler) headers(rng *rand.Rand, try func(damaged)) {
	first := m.parts[0].events[0]
	body := first.from + 32
	for at := 0; at < min(first.to-body, 56+16+172+48); at += 4 {
		for _, v := range []uint32{0, 0xFFFFFFFF, rng.Uint32()} {
			d := m.hit(fmt.Sprintf("number %#x in the log file header", v), body+at, body+at+4, func(b []byte) { binary.LittleEndian.PutUint32(b, v) })
			d.mayHide = true
			// The header's own event comes changed.
			try(d)
		}
	}
}
