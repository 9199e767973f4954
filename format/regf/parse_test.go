package regf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"
)

func TestChecksum(t *testing.T) {
	b := make([]byte, 512)
	if have := Checksum(b); have != 1 {
		t.Errorf("checksum of zeros is %#x, want 1", have)
	}
	binary.LittleEndian.PutUint32(b[8:], 0xFFFFFFFF)
	if have := Checksum(b); have != 0xFFFFFFFE {
		t.Errorf("checksum of all ones is %#x, want 0xfffffffe", have)
	}
	binary.LittleEndian.PutUint32(b[504:], 0x0000FF00)
	if have := Checksum(b); have != 0xFFFF00FF {
		t.Errorf("checksum is %#x, want 0xffff00ff", have)
	}
}

func TestFiletime(t *testing.T) {
	tests := []struct {
		ft   uint64
		want string
	}{
		{116444736000000000, "1970-01-01T00:00:00Z"},
		{132726537727906426, "2021-08-05T16:16:12.7906426Z"},
		{1, "1601-01-01T00:00:00.0000001Z"},
	}
	for _, tt := range tests {
		tm := FiletimeToTime(tt.ft)
		if have := tm.Format(time.RFC3339Nano); have != tt.want {
			t.Errorf("FiletimeToTime(%d) = %s, want %s", tt.ft, have, tt.want)
		}
		if have := TimeToFiletime(tm); have != tt.ft {
			t.Errorf("TimeToFiletime(%s) = %d, want %d", tm, have, tt.ft)
		}
	}
	if !FiletimeToTime(0).IsZero() || TimeToFiletime(time.Time{}) != 0 {
		t.Error("0 and the zero time do not correspond")
	}
	if y := FiletimeToTime(1<<64 - 1).Year(); y < 30000 { // cut off, not wrapped round
		t.Errorf("the last time is in the year %d", y)
	}
}

func TestNames(t *testing.T) {
	// Hash and hint of names in real stores: lh of "Setup" and lf of "Objects".
	if have, want := hint(units("Objects")), uint32(0x656A624F); have != want {
		t.Errorf("hint is %#x, want %#x", have, want)
	}
	if have, want := hint(units("ab")), uint32(0x6261); have != want {
		t.Errorf("hint is %#x, want %#x", have, want)
	}
	var want uint32
	for _, c := range "SETUP" {
		want = want*37 + uint32(c)
	}
	if have := hash(units("sEtup")); have != want {
		t.Errorf("hash is %#x, want %#x", have, want)
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{"a", "B", -1}, {"B", "a", 1}, {"abc", "ABC", 0}, {"ab", "abc", -1}, {"é", "É", 0}, {"_", "a", 1}, {"ß", "SS", 1}, {"µ", "Μ", -1}} {
		have := compare(units(tt.a), units(tt.b))
		if have < 0 != (tt.want < 0) || have > 0 != (tt.want > 0) {
			t.Errorf("compare(%q, %q) = %d, want sign of %d", tt.a, tt.b, have, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := sample(t, 5).Seal(epoch)
	put := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	tests := []struct {
		name string
		edit func([]byte) []byte
		want string
	}{
		{"empty", func(b []byte) []byte { return nil }, "base block has 0 bytes"},
		{"short", func(b []byte) []byte { return b[:4000] }, "file has 4000 bytes"},
		{"signature", put(0, 0), "signature"},
		{"log", put(offType, 6), "file type is 6"},
		{"major", put(offMajor, 2), "version is 2.5"},
		{"minor", put(offMinor, 2), "version is 1.2"},
		{"minor above", put(offMinor, 7), "version is 1.7"},
		{"format", put(offFormat, 0), "file format is 0"},
		{"no bins", put(offBins, 0), "size of bins"},
		{"odd bins", put(offBins, 0x1001), "size of bins"},
		{"huge bins", put(offBins, 0xFFFFF000), "size of bins"},
		{"more bins than file", put(offBins, 0x7FFF0000), "file has only"},
		{"bin signature", put(baseSize, 0), "signature of bin"},
		{"bin offset", put(baseSize+4, 0x1000), "bin says it is at 0x1000"},
		{"bin size 0", put(baseSize+8, 0), "size of bin is 0x0"},
		{"bin size odd", put(baseSize+8, 0x800), "size of bin is 0x800"},
		{"bin size past end", put(baseSize+8, 0x7FFFF000), "size of bin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.edit(bytes.Clone(good)))
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("have %v, want %q", err, tt.want)
			}
		})
	}
}

// TestCheckFinds damages one thing at a time in a sound hive.
func TestCheckFinds(t *testing.T) {
	build := func() (*Hive, Key) {
		h := newHive(t, 5)
		k := create(t, h, "A")
		create(t, h, `A\x`)
		create(t, h, `A\y`)
		set(t, k, "v", Binary, make([]byte, 100))
		return h, k
	}
	tests := []struct {
		name  string
		edit  func(h *Hive, k Key)
		want  string
		fatal bool
	}{
		{"cell size", func(h *Hive, k Key) { binary.LittleEndian.PutUint32(h.bin(k.off), 0xFFFFFFFD) }, "size of cell is -3", true},
		{"cell past bin", func(h *Hive, k Key) { binary.LittleEndian.PutUint32(h.bin(k.off), 0xFFFF0000) }, "size of cell", true},
		{"root", func(h *Hive, k Key) { binary.LittleEndian.PutUint32(h.data[offRoot:], 0x28) }, "no cell starts", true},
		{"key signature", func(h *Hive, k Key) { k.nk()[0] = 'x' }, "not a record", true},
		{"name length", func(h *Hive, k Key) { binary.LittleEndian.PutUint16(k.nk()[nkNameLen:], 60000) }, "length of name", true},
		{"list", func(h *Hive, k Key) { k.put32(nkList, 0x7FFFFFF8) }, "list of sub-keys", true},
		{"list signature", func(h *Hive, k Key) { p, _ := h.cell(k.u32(nkList)); p[0] = 'x' }, "signature", true},
		{"list count", func(h *Hive, k Key) { p, _ := h.cell(k.u32(nkList)); p[2] = 1 }, "has 1 sub-keys", true},
		{"list full", func(h *Hive, k Key) { p, _ := h.cell(k.u32(nkList)); p[2] = 200 }, "cell has room", true},
		{"subkeys", func(h *Hive, k Key) { k.put32(nkSubkeys, 1<<30) }, "hive has room", true},
		{"order", func(h *Hive, k Key) {
			p, _ := h.cell(k.u32(nkList))
			a, b := binary.LittleEndian.Uint64(p[4:]), binary.LittleEndian.Uint64(p[12:])
			binary.LittleEndian.PutUint64(p[4:], b)
			binary.LittleEndian.PutUint64(p[12:], a)
		}, "out of order", true},
		{"cycle", func(h *Hive, k Key) {
			p, _ := h.cell(k.u32(nkList))
			binary.LittleEndian.PutUint32(p[4:], k.off)
		}, "used twice", true},
		{"parent", func(h *Hive, k Key) { k.put32(nkParent, 0x28) }, "says its parent", false},
		{"values", func(h *Hive, k Key) { k.put32(nkValues, 1000) }, "cell has room", true},
		{"value signature", func(h *Hive, k Key) { o, _ := k.findValue("v"); p, _ := h.cell(o); p[0] = 0 }, "not a record", true},
		{"value size", func(h *Hive, k Key) { o, _ := k.findValue("v"); p, _ := h.cell(o); p[vkSize+1] = 1 }, "bytes of data", true},
		{"inline size", func(h *Hive, k Key) { o, _ := k.findValue("v"); p, _ := h.cell(o); p[vkSize+3] = 0x80 }, "inside the record", true},
		{"value data", func(h *Hive, k Key) { o, _ := k.findValue("v"); p, _ := h.cell(o); p[vkData] = 1 }, "no cell starts", true},
		{"references", func(h *Hive, k Key) { p, _ := h.cell(k.u32(nkSecurity)); p[12]++ }, "counts 5 references", false},
		{"ring", func(h *Hive, k Key) { p, _ := h.cell(k.u32(nkSecurity)); p[4] = 1 }, "security descriptor", true},
		{"orphan", func(h *Hive, k Key) { h.alloc(8) }, "belong to nothing", false},
		{"class", func(h *Hive, k Key) { k.put32(nkClass, 8); binary.LittleEndian.PutUint16(k.nk()[nkClassLen:], 6) }, "class", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, k := build()
			if p := h.Check(); len(p) > 0 {
				t.Fatalf("sound hive: %v", p)
			}
			tt.edit(h, k)
			g, err := Parse(h.data)
			if err != nil {
				t.Fatal(err)
			}
			list := g.Check()
			found := false
			for _, p := range list {
				if strings.Contains(p.What, tt.want) && p.Fatal == tt.fatal {
					found = true
				}
			}
			if !found {
				t.Errorf("have %v, want %q (fatal %v)", list, tt.want, tt.fatal)
			}
			if have := g.Fatal() != nil; have != tt.fatal {
				t.Errorf("Fatal() = %v, want fatal %v", g.Fatal(), tt.fatal)
			}
		})
	}
}

func TestFixtures(t *testing.T) {
	for name, b := range fixtures(t) {
		if strings.HasSuffix(name, ".LOG") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			h, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if p := h.Check(); len(p) > 0 {
				t.Errorf("real store has problems: %v", p)
			}
			if h.Base().Dirty() {
				t.Errorf("real store is dirty: %+v", h.Base())
			}
			root, err := h.Root()
			if err != nil || root.Name() != "NewStoreRoot" {
				t.Errorf("root is %q, %v, want NewStoreRoot", root.Name(), err)
			}
			k, err := h.Open("description")
			if err != nil {
				t.Fatal(err)
			}
			if v, err := k.Value("keyname"); err != nil || !strings.HasPrefix(v.Text(), "BCD0000000") {
				t.Errorf("KeyName is %q, %v", v.Text(), err)
			}
			if !bytes.Equal(h.Bytes(), b) {
				t.Error("reading changed the bytes")
			}
		})
	}
}

// TestMangled flips, fills and cuts bytes of hives: reading and editing must end without panic,
// and an edit that claims success must give a hive that can be read.
func TestMangled(t *testing.T) {
	seeds := [][]byte{sample(t, 3).Seal(epoch), sample(t, 5).Seal(epoch)}
	for _, want := range []string{"regipy_BCD", "BCD_asus", "BCDfresh"} {
		t.Run("seed "+want, func(t *testing.T) { seeds = append(seeds, fixtures(t)[want]) })
	}
	n := 1200
	if testing.Short() {
		n = 300
	}
	for i := 0; i < n; i++ {
		rnd := rand.New(rand.NewSource(int64(i)))
		b := bytes.Clone(seeds[i%len(seeds)])
		mangle(rnd, b)
		exercise(t, b, fmt.Sprintf("seed %d", i))
	}
}

func mangle(rnd *rand.Rand, b []byte) {
	for j := 1 + rnd.Intn(6); j > 0; j-- {
		at := rnd.Intn(len(b))
		if rnd.Intn(3) > 0 { // aim at the bins, and at words
			at = baseSize + rnd.Intn(len(b)-baseSize)&^3
		}
		switch rnd.Intn(5) {
		case 0:
			b[at] ^= 1 << rnd.Intn(8)
		case 1:
			b[at] = byte(rnd.Intn(256))
		case 2:
			if at+4 <= len(b) {
				v := []uint32{0, 1, 0x20, 0x80, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF8, uint32(rnd.Intn(len(b))) &^ 7}
				binary.LittleEndian.PutUint32(b[at:], v[rnd.Intn(len(v))])
			}
		case 3:
			from := rnd.Intn(len(b))
			copy(b[at:min(len(b), at+64)], b[from:])
		case 4:
			if at+2 <= len(b) {
				binary.LittleEndian.PutUint16(b[at:], uint16(rnd.Intn(1<<16)))
			}
		}
	}
}

// exercise reads everything and edits, and holds the result of an edit to its word.
func exercise(t *testing.T, b []byte, what string) {
	t.Helper()
	h, err := Parse(b)
	if err != nil {
		return
	}
	fatal := h.Fatal()
	Diff(h, h)
	root, err := h.Root()
	if err != nil {
		return
	}
	seen := 0
	var walk func(k Key, depth int)
	walk = func(k Key, depth int) {
		if seen++; seen > 2000 || depth > 64 {
			return
		}
		k.Values()
		k.Class()
		subs, _ := k.Subkeys()
		for _, s := range subs {
			walk(s, depth+1)
		}
	}
	walk(root, 0)
	c := h.Clone()
	r, _ := c.Root()
	var errs []error
	nk, err := r.CreateKey("26000145")
	errs = append(errs, err)
	if err == nil {
		errs = append(errs, nk.SetValue("Element", Binary, []byte{1}))
		errs = append(errs, nk.SetValue("Big", Binary, make([]byte, 20000)))
	}
	if subs, _ := r.Subkeys(); len(subs) > 0 {
		errs = append(errs, r.DeleteKey(subs[0].Name()))
	}
	if fatal != nil || errors.Join(errs...) != nil {
		return // a damaged hive is not edited
	}
	if err := c.Fatal(); err != nil {
		t.Errorf("%s: sound hive is damaged by edits: %v", what, err)
	}
	if _, err := Parse(c.Seal(epoch)); err != nil {
		t.Errorf("%s: edited hive does not parse: %v", what, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(newHive(f, 5).Seal(epoch))
	h := newHive(f, 3) // small: mutations hit records more often
	set(f, create(f, h, `A\B`), "v", Binary, make([]byte, 100))
	set(f, create(f, h, `A\C`), "w", DWord, []byte{1, 2, 3, 4})
	f.Add(h.Seal(epoch))
	f.Fuzz(func(t *testing.T, b []byte) { exercise(t, b, "fuzz") })
}
