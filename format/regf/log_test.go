package regf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMarvin32(t *testing.T) {
	// Both hashes of the entry in a log that Windows wrote.
	b := fixtures(t)["BCD_asus.LOG"]
	if b == nil {
		t.Skip("BCD_asus.LOG is not among the fixtures")
	}
	e := b[512:]
	size := binary.LittleEndian.Uint32(e[4:])
	if have, want := marvin32(e[40:size]), binary.LittleEndian.Uint64(e[24:]); have != want {
		t.Errorf("hash of the pages is %#x, want %#x", have, want)
	}
	if have, want := marvin32(e[:32]), binary.LittleEndian.Uint64(e[32:]); have != want {
		t.Errorf("hash of the header is %#x, want %#x", have, want)
	}
}

// logNew writes a log of the new format; each entry holds the pages by which to differs from
// from, and the size of to.
type step struct {
	seq      uint32
	from, to []byte
}

func logNew(base []byte, steps ...step) []byte {
	out := make([]byte, sector)
	copy(out, base[:sector])
	binary.LittleEndian.PutUint32(out[offType:], TypeLogNew)
	binary.LittleEndian.PutUint32(out[offSeq1:], steps[0].seq)
	binary.LittleEndian.PutUint32(out[offSeq2:], steps[0].seq)
	fixBase(out)
	for _, s := range steps {
		out = append(out, entry(s)...)
	}
	return append(out, make([]byte, 1024)...)
}

func entry(s step) []byte {
	le := binary.LittleEndian
	bins := le.Uint32(s.to[offBins:])
	var refs, pages []byte
	for off := uint32(0); off < bins; off += pageSize {
		p := s.to[baseSize+off : baseSize+off+pageSize]
		if int(baseSize+off+pageSize) <= len(s.from) && bytes.Equal(s.from[baseSize+off:baseSize+off+pageSize], p) {
			continue
		}
		refs = le.AppendUint32(le.AppendUint32(refs, off), pageSize)
		pages = append(pages, p...)
	}
	e := make([]byte, 40)
	copy(e, "HvLE")
	le.PutUint32(e[12:], s.seq)
	le.PutUint32(e[16:], bins)
	le.PutUint32(e[20:], uint32(len(refs)/8))
	e = append(append(e, refs...), pages...)
	for len(e)%sector != 0 {
		e = append(e, 0)
	}
	le.PutUint32(e[4:], uint32(len(e)))
	rehash(e)
	return e
}

func rehash(e []byte) {
	binary.LittleEndian.PutUint64(e[24:], marvin32(e[40:]))
	binary.LittleEndian.PutUint64(e[32:], marvin32(e[:32]))
}

// logOld writes a log of the old format with the pages by which to differs from from.
func logOld(from, to []byte, stamp uint64) []byte {
	le := binary.LittleEndian
	bins := le.Uint32(to[offBins:])
	bitmap := make([]byte, bins/sector/8)
	var pages []byte
	for i := uint32(0); i < bins/sector; i++ {
		at := baseSize + i*sector
		if int(at+sector) > len(from) || !bytes.Equal(from[at:at+sector], to[at:at+sector]) {
			bitmap[i/8] |= 1 << (i % 8)
			pages = append(pages, to[at:at+sector]...)
		}
	}
	out := make([]byte, sector)
	copy(out, to[:sector])
	le.PutUint32(out[offType:], TypeLogOld)
	le.PutUint64(out[offTime:], stamp)
	fixBase(out)
	out = append(append(out, "DIRT"...), bitmap...)
	for len(out)%sector != 0 {
		out = append(out, 0)
	}
	return append(out, pages...)
}

// states makes four states of one hive, each larger than the one before.
func states(t *testing.T) [4][]byte {
	h := sample(t, 5)
	var out [4][]byte
	for i := range out {
		for j := 0; j < 40*i; j++ {
			set(t, create(t, h, fmt.Sprintf(`S\%d`, j)), fmt.Sprint(i), Binary, make([]byte, 300))
		}
		out[i] = h.Seal(epoch.Add(time.Duration(i) * time.Hour))
	}
	return out
}

// dirty gives the file as a crash leaves it: seq2 finished, seq1 begun.
func dirty(b []byte, seq1, seq2 uint32) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[offSeq1:], seq1)
	binary.LittleEndian.PutUint32(b[offSeq2:], seq2)
	return fixBase(b)
}

func TestRecover(t *testing.T) {
	s := states(t)
	stamp := binary.LittleEndian.Uint64(s[0][offTime:])
	badBase := func(b []byte) []byte { b = bytes.Clone(b); b[60] ^= 0xFF; return b }
	breakHash := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 1; return b }
	entrySize := func(x step) int { return len(entry(x)) }
	e10, e11, e12 := step{10, s[0], s[1]}, step{11, s[1], s[2]}, step{12, s[2], s[3]}
	tests := []struct {
		name    string
		hive    []byte
		logs    []Log
		want    []byte // content expected
		applied []uint32
		base    string
	}{
		{"clean hive ignores logs", s[0], []Log{{"L1", logNew(s[0], e10)}}, s[0], nil, ""},
		{"one entry", dirty(s[0], 10, 9), []Log{{"L1", logNew(s[0], e10)}}, s[1], []uint32{10}, ""},
		{"entry of the hive's own number", dirty(s[0], 11, 10), []Log{{"L1", logNew(s[0], e10)}}, s[1], []uint32{10}, ""},
		{"three entries", dirty(s[0], 10, 9), []Log{{"L1", logNew(s[0], e10, e11, e12)}}, s[3], []uint32{10, 11, 12}, ""},
		{"two logs", dirty(s[0], 10, 9), []Log{{"L1", logNew(s[0], e10)}, {"L2", logNew(s[1], e11, e12)}}, s[3], []uint32{10, 11, 12}, ""},
		{"two logs, later first", dirty(s[0], 10, 9), []Log{{"L1", logNew(s[1], e11, e12)}, {"L2", logNew(s[0], e10)}}, s[3], []uint32{10, 11, 12}, ""},
		{"gap between logs", dirty(s[0], 10, 9), []Log{{"L1", logNew(s[0], e10)}, {"L2", logNew(s[2], e12)}}, s[1], []uint32{10}, ""},
		{"gap within a log", dirty(s[0], 10, 9), []Log{{"L1", logNew(s[0], e10, e12)}}, s[1], []uint32{10}, ""},
		{"old log already applied", dirty(s[1], 12, 11), []Log{{"L1", logNew(s[0], e10)}, {"L2", logNew(s[1], e11)}}, s[2], []uint32{11}, ""},
		{"second entry torn", dirty(s[0], 10, 9), []Log{{"L1", breakHash(logNew(s[0], e10, e11), sector+entrySize(e10)+2000)}}, s[1], []uint32{10}, ""},
		{"half-written pages are overwritten", dirty(append(bytes.Clone(s[0][:baseSize+64]), s[1][baseSize+64:len(s[0])]...), 10, 9),
			[]Log{{"L1", logNew(s[0], step{10, make([]byte, baseSize), s[1]})}}, s[1], []uint32{10}, ""},
		{"base block damaged", badBase(s[0]), []Log{{"L1", logNew(s[0], e10)}}, s[1], []uint32{10}, "L1"},
		{"base block damaged, only the latest log counts", badBase(s[1]), []Log{{"L1", logNew(s[0], e10)}, {"L2", logNew(s[1], e11)}}, s[2], []uint32{11}, "L2"},
		{"old format", dirty(s[0], 10, 9), []Log{{"LOG", logOld(s[0], s[1], stamp)}}, s[1], []uint32{3}, ""},
		{"old format, empty first log", dirty(s[0], 10, 9), []Log{{"LOG1", nil}, {"LOG", logOld(s[0], s[1], stamp)}}, s[1], []uint32{3}, ""},
		{"old format, base block damaged", badBase(s[0]), []Log{{"LOG", logOld(s[0], s[1], stamp)}}, s[1], []uint32{3}, "LOG"},
		{"old format, other time stamp first", dirty(s[0], 10, 9), []Log{{"LOG1", logOld(s[0], s[2], stamp+1)}, {"LOG2", logOld(s[0], s[1], stamp)}}, s[1], []uint32{3}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := bytes.Clone(tt.hive)
			out, r, err := Recover(tt.hive, tt.logs)
			if err != nil {
				t.Fatalf("%v, skipped %v", err, r.Skipped)
			}
			if !bytes.Equal(in, tt.hive) {
				t.Error("the input was changed")
			}
			var applied []uint32
			for _, a := range r.Applied {
				applied = append(applied, a.Seq)
			}
			if diff := cmp.Diff(tt.applied, applied); diff != "" {
				t.Errorf("applied: %s (skipped %v)", diff, r.Skipped)
			}
			if r.Base != tt.base {
				t.Errorf("base block from %q, want %q", r.Base, tt.base)
			}
			have, err := Parse(out)
			if err != nil {
				t.Fatal(err)
			}
			if have.Base().Dirty() {
				t.Errorf("recovered hive is dirty: %+v", have.Base())
			}
			sound(t, have)
			want, _ := Parse(tt.want)
			if diff := cmp.Diff(dump(t, want), dump(t, have)); diff != "" {
				t.Error(diff)
			}
			if n := len(applied); n > 0 && tt.base == "" && applied[n-1] >= 10 && have.Base().Seq1 != applied[n-1] {
				t.Errorf("sequence number is %d, want that of the last entry %d", have.Base().Seq1, applied[n-1])
			}
		})
	}
}

func TestRecoverRefuses(t *testing.T) {
	s := states(t)
	stamp := binary.LittleEndian.Uint64(s[0][offTime:])
	d := dirty(s[0], 10, 9)
	e10 := step{10, s[0], s[1]}
	huge := logNew(s[0], e10)
	binary.LittleEndian.PutUint32(huge[sector+16:], 0x7FFFF000) // grows to 2 GiB
	rehash(huge[sector : sector+int(binary.LittleEndian.Uint32(huge[sector+4:]))])
	outside := logNew(s[0], e10)
	binary.LittleEndian.PutUint32(outside[sector+40:], 0x7FFFF000)
	rehash(outside[sector : sector+int(binary.LittleEndian.Uint32(outside[sector+4:]))])
	unfinished := logOld(s[0], s[1], stamp)
	binary.LittleEndian.PutUint32(unfinished[offSeq2:], 77)
	fixBase(unfinished)
	hugeOld := logOld(s[0], s[1], stamp)
	binary.LittleEndian.PutUint32(hugeOld[offBins:], 0x7FFF0000)
	fixBase(hugeOld)
	tests := []struct {
		name string
		hive []byte
		logs []Log
		want string // in Skipped
	}{
		{"no logs", d, nil, ""},
		{"empty log", d, []Log{{"L", nil}}, "empty"},
		{"short log", d, []Log{{"L", make([]byte, 100)}}, "want at least 512"},
		{"a hive as log", d, []Log{{"L", s[0]}}, "file type is 0"},
		{"checksum of log", d, []Log{{"L", dirtyByte(logNew(s[0], e10), 100)}}, "checksum of the header"},
		{"first hash", d, []Log{{"L", dirtyByte(logNew(s[0], e10), sector+44)}}, "no log entry"},
		{"second hash", d, []Log{{"L", dirtyByte(logNew(s[0], e10), sector+8)}}, "no log entry"},
		{"stale log", dirty(s[0], 21, 20), []Log{{"L", logNew(s[0], e10)}}, "older than the hive's 20"},
		{"page outside", d, []Log{{"L", outside}}, "no log entry"},
		{"grows without pages", d, []Log{{"L", huge}}, "larger than its pages"},
		{"old log unfinished", d, []Log{{"L", unfinished}}, "sequence numbers are"},
		{"old log of another time", d, []Log{{"L", logOld(s[0], s[1], stamp+1)}}, "time stamp"},
		{"old log cut", d, []Log{{"L", logOld(s[0], s[1], stamp)[:2048]}}, "log ends after"},
		{"old log without bitmap", d, []Log{{"L", logOld(s[0], s[1], stamp)[:sector]}}, "no dirty-page bitmap"},
		{"old log huge", d, []Log{{"L", hugeOld}}, "no dirty-page bitmap"},
		{"short hive", d[:2000], []Log{{"L", logNew(s[0], e10)}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, r, err := Recover(tt.hive, tt.logs)
			if !errors.Is(err, ErrDirty) {
				t.Fatalf("have %v (applied %v), want ErrDirty", err, r.Applied)
			}
			if !bytes.Equal(out, tt.hive) {
				t.Error("the bytes differ from the input")
			}
			if have := strings.Join(r.Skipped, "|"); !strings.Contains(have, tt.want) {
				t.Errorf("skipped %q, want %q", have, tt.want)
			}
		})
	}
}

func dirtyByte(b []byte, at int) []byte { b[at] ^= 0x10; return b }

// TestRealLog replays the log that Windows left beside a real store onto that store, set back to
// the state before the log's entry.
func TestRealLog(t *testing.T) {
	fix := fixtures(t)
	hive, log := fix["BCD_asus"], fix["BCD_asus.LOG"]
	if hive == nil || log == nil {
		t.Skip("BCD_asus is not among the fixtures")
	}
	// The store moved on since: clean, and newer than the log. Nothing may be applied.
	if _, r, err := Recover(hive, []Log{{"BCD.LOG", log}}); err != nil || r.Dirty || len(r.Applied) > 0 {
		t.Errorf("clean store: %+v, %v", r, err)
	}
	if _, _, err := Recover(dirty(hive, 0x1A0, 0x19F), []Log{{"BCD.LOG", log}}); !errors.Is(err, ErrDirty) {
		t.Errorf("stale log on a newer store: %v, want ErrDirty", err)
	}
	out, r, err := Recover(dirty(hive, 0x12C, 0x12B), []Log{{"BCD.LOG", log}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Applied) != 1 || r.Applied[0].Seq != 0x12C || r.Applied[0].Bytes != 0x7000 {
		t.Errorf("applied %+v, want entry 0x12c of 0x7000 bytes", r.Applied)
	}
	h, err := Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	b := h.Base()
	if b.Seq1 != 0x12C || b.Dirty() || b.BinsSize != 0x8000 {
		t.Errorf("base block %+v", b)
	}
	if _, err := h.Open("Objects"); err != nil {
		t.Error(err)
	}
}

func FuzzRecover(f *testing.F) {
	h := newHive(f, 5)
	a := h.Seal(epoch)
	set(f, create(f, h, "x"), "v", Binary, make([]byte, 5000))
	b := h.Seal(epoch.Add(time.Hour))
	f.Add(dirty(a, 10, 9), logNew(a, step{10, a, b}), logOld(a, b, 1))
	f.Add(a, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, hive, l1, l2 []byte) {
		for _, l := range [][]byte{l1, l2} { // let mutations through the checksums
			if len(l) >= sector && len(l)%2 == 0 {
				fixBase(l)
			}
			if len(l) >= sector+40 {
				if n := int(binary.LittleEndian.Uint32(l[sector+4:])); n >= 40 && sector+n <= len(l) {
					rehash(l[sector : sector+n])
				}
			}
		}
		out, _, err := Recover(hive, []Log{{"1", l1}, {"2", l2}})
		if err != nil {
			return
		}
		if len(out) > len(hive)+len(l1)+len(l2)+1 {
			t.Fatalf("recovery grew %d bytes to %d with logs of %d", len(hive), len(out), len(l1)+len(l2))
		}
		if b, err := ParseBase(out); err != nil || b.Dirty() {
			t.Fatalf("recovered hive is dirty: %+v, %v", b, err)
		}
		exercise(t, out, "recovered")
	})
}
