package regf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestManyKeys inserts in random order until lists split, and deletes in random order.
func TestManyKeys(t *testing.T) {
	for _, minor := range []uint32{3, 5} {
		t.Run(fmt.Sprint(minor), func(t *testing.T) {
			h := newHive(t, minor)
			root, _ := h.Root()
			k, err := root.CreateKey("many")
			if err != nil {
				t.Fatal(err)
			}
			rnd := rand.New(rand.NewSource(1))
			order := rnd.Perm(1300)
			for _, i := range order {
				if _, err := k.CreateKey(fmt.Sprintf("Key%05d", i)); err != nil {
					t.Fatal(err)
				}
			}
			p, _ := h.cell(k.u32(nkList))
			if string(p[:2]) != "ri" {
				t.Errorf("list of 1300 keys is %s, want ri", p[:2])
			}
			g := sound(t, h)
			k2, err := g.Open("MANY")
			if err != nil {
				t.Fatal(err)
			}
			subs, err := k2.Subkeys()
			if err != nil || len(subs) != 1300 {
				t.Fatalf("have %d keys, %v, want 1300", len(subs), err)
			}
			for i, s := range subs {
				if want := fmt.Sprintf("Key%05d", i); s.Name() != want {
					t.Fatalf("key %d is %q, want %q", i, s.Name(), want)
				}
			}
			if _, err := k.CreateKey("kEY00007"); !errors.Is(err, ErrExists) {
				t.Errorf("create an existing key in other case: %v, want ErrExists", err)
			}
			for n, i := range rnd.Perm(1300) {
				if err := k.DeleteKey(fmt.Sprintf("KEY%05d", i)); err != nil {
					t.Fatal(err)
				}
				if n == 700 {
					sound(t, h)
				}
			}
			sound(t, h)
			if k.NumSubkeys() != 0 || k.u32(nkList) != none {
				t.Errorf("empty key has %d sub-keys, list %#x", k.NumSubkeys(), k.u32(nkList))
			}
			for _, b := range h.bins[1:] {
				if n := h.free[b.off+binHead]; n != b.size-binHead {
					t.Fatalf("bin at %#x is not one free cell: first has %#x of %#x", b.off, n, b.size-binHead)
				}
			}
		})
	}
}

func TestListForms(t *testing.T) {
	for _, sig := range []string{"lf", "lh", "li"} {
		t.Run(sig, func(t *testing.T) {
			h := newHive(t, 5)
			k := create(t, h, "K")
			for _, n := range []string{"b", "d", "f"} {
				create(t, h, `K\`+n)
			}
			offs, _ := k.subkeyOffsets()
			list, err := h.newLeaf(sig, offs)
			if err != nil {
				t.Fatal(err)
			}
			h.release(k.u32(nkList))
			k.put32(nkList, list)
			for _, n := range []string{"e", "A", "g", "c"} {
				if _, err := k.CreateKey(n); err != nil {
					t.Fatal(err)
				}
			}
			sound(t, h)
			p, _ := h.cell(k.u32(nkList))
			if string(p[:2]) != sig {
				t.Errorf("list became %s", p[:2])
			}
			subs, _ := k.Subkeys()
			var have []string
			for _, s := range subs {
				have = append(have, s.Name())
			}
			if diff := cmp.Diff([]string{"A", "b", "c", "d", "e", "f", "g"}, have); diff != "" {
				t.Error(diff)
			}
			if sig == "lh" {
				for i, s := range subs {
					if have, want := binary.LittleEndian.Uint32(p[8+8*i:]), hash(units(s.Name())); have != want {
						t.Errorf("hash of %q is %#x, want %#x", s.Name(), have, want)
					}
				}
			}
		})
	}
}

// TestRootList inserts through a list of leaves made by hand, before, between and after them.
func TestRootList(t *testing.T) {
	h := newHive(t, 3)
	k := create(t, h, "K")
	for i := 0; i < 8; i++ {
		create(t, h, fmt.Sprintf(`K\k%d0`, i))
	}
	offs, _ := k.subkeyOffsets()
	a, _ := h.newLeaf("lf", offs[:4])
	b, _ := h.newLeaf("lf", offs[4:])
	ri, _ := h.alloc(12)
	p, _ := h.cell(ri)
	copy(p, "ri\x02\x00")
	binary.LittleEndian.PutUint32(p[4:], a)
	binary.LittleEndian.PutUint32(p[8:], b)
	h.release(k.u32(nkList))
	k.put32(nkList, ri)
	for _, n := range []string{"a", "k35", "k39", "k41", "z"} {
		if _, err := k.CreateKey(n); err != nil {
			t.Fatal(err)
		}
		sound(t, h)
	}
	for _, n := range []string{"a", "k00", "k10", "k20", "k30", "k35", "k39"} {
		if err := k.DeleteKey(n); err != nil {
			t.Fatal(err)
		}
		sound(t, h)
	}
	p, _ = h.cell(k.u32(nkList))
	if n := binary.LittleEndian.Uint16(p[2:]); string(p[:2]) != "ri" || n != 1 {
		t.Errorf("list is %s with %d leaves, want ri with 1", p[:2], n)
	}
}

func TestValues(t *testing.T) {
	for _, minor := range []uint32{3, 5} {
		h := newHive(t, minor)
		k := create(t, h, "K")
		sizes := []int{0, 1, 3, 4, 5, 8, 100, 4096, 16343, 16344, 16345, 32688, 32689, 100000}
		want := map[string][]byte{}
		rnd := rand.New(rand.NewSource(2))
		for round := 0; round < 3; round++ {
			for i := range sizes {
				data := make([]byte, sizes[(i+round*5)%len(sizes)])
				rnd.Read(data)
				name := fmt.Sprintf("v%d", i)
				set(t, k, name, uint32(i), data)
				want[name] = data
			}
			g := sound(t, h)
			k2, _ := g.Open("K")
			vals, err := k2.Values()
			if err != nil || len(vals) != len(sizes) {
				t.Fatalf("have %d values, %v", len(vals), err)
			}
			for _, v := range vals {
				if !bytes.Equal(v.Data, want[v.Name]) {
					t.Errorf("1.%d round %d: value %s has %d bytes, want %d", minor, round, v.Name, len(v.Data), len(want[v.Name]))
				}
			}
		}
		for i := range sizes {
			if err := k.DeleteValue(fmt.Sprintf("V%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		sound(t, h)
		if err := k.DeleteValue("v0"); !errors.Is(err, ErrNotFound) {
			t.Errorf("delete a value that is not there: %v", err)
		}
		if k.NumValues() != 0 || k.u32(nkValList) != none {
			t.Errorf("empty key has %d values, list %#x", k.NumValues(), k.u32(nkValList))
		}
	}
}

func TestValueForms(t *testing.T) {
	v := Value{Type: MultiString, Data: EncodeStrings([]string{"one", "zwei"})}
	if diff := cmp.Diff([]string{"one", "zwei"}, v.Texts()); diff != "" {
		t.Error(diff)
	}
	v = Value{Type: String, Data: []byte{'a', 0, 'b', 0}} // no terminator
	if v.Text() != "ab" {
		t.Errorf("text is %q, want ab", v.Text())
	}
	v.Data = []byte{'a', 0, 0, 0, 'b', 0, 0, 0, 7} // text after the end, odd length
	if v.Text() != "a" {
		t.Errorf("text is %q, want a", v.Text())
	}
	for _, tt := range []struct {
		v    Value
		want uint64
		ok   bool
	}{{Value{Type: DWord, Data: []byte{1, 2, 0, 0}}, 0x201, true}, {Value{Type: DWordBigEndian, Data: []byte{0, 0, 1, 2}}, 0x102, true},
		{Value{Type: QWord, Data: []byte{1, 0, 0, 0, 0, 0, 0, 1}}, 1<<56 + 1, true}, {Value{Type: DWord, Data: []byte{1}}, 0, false},
		{Value{Type: Binary, Data: []byte{1, 0, 0, 0}}, 0, false}} {
		if n, ok := tt.v.Uint(); n != tt.want || ok != tt.ok {
			t.Errorf("%v: %d, %v, want %d, %v", tt.v, n, ok, tt.want, tt.ok)
		}
	}
}

func TestDeleteTree(t *testing.T) {
	h := sample(t, 5)
	before := len(dump(t, h))
	refs := func() uint32 {
		root, _ := h.Root()
		p, _ := h.cell(root.u32(nkSecurity))
		return binary.LittleEndian.Uint32(p[12:])
	}
	n := refs()
	k := create(t, h, "Tree")
	for i := 0; i < 600; i++ {
		set(t, create(t, h, fmt.Sprintf(`Tree\%d\%d`, i%3, i)), "v", Binary, make([]byte, i*37%20000))
	}
	sound(t, h)
	if refs() != n+604 {
		t.Errorf("%d references, want %d", refs(), n+604)
	}
	root, _ := h.Root()
	if err := root.DeleteKey("tree"); err != nil {
		t.Fatal(err)
	}
	sound(t, h)
	if refs() != n {
		t.Errorf("%d references after delete, want %d", refs(), n)
	}
	if have := len(dump(t, h)); have != before {
		t.Errorf("%d lines after delete, want %d", have, before)
	}
	if k.Name() != "" {
		t.Errorf("deleted key still has the name %q", k.Name())
	}
}

func TestCreateRefuses(t *testing.T) {
	root, _ := newHive(t, 5).Root()
	for _, name := range []string{"", `a\b`, "a\x00", strings.Repeat("x", 256)} {
		if _, err := root.CreateKey(name); err == nil {
			t.Errorf("created key %q", name)
		}
	}
	if _, err := root.CreateKey(strings.Repeat("x", 255)); err != nil {
		t.Error(err)
	}
	if err := root.DeleteKey("nope"); !errors.Is(err, ErrNotFound) {
		t.Errorf("delete a key that is not there: %v", err)
	}
}

// TestBytesKept adds the DTrace switch to every OS loader object of real stores, and holds that
// only cells that had to change did: the new ones in what was free, the parent, its list, and
// the security descriptor's count.
func TestBytesKept(t *testing.T) {
	for name, b := range fixtures(t) {
		if strings.HasSuffix(name, ".LOG") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			h, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			objs, err := h.Open("Objects")
			if err != nil {
				t.Fatal(err)
			}
			list, _ := objs.Subkeys()
			for _, o := range list {
				oneKept(t, h, o, b)
			}
		})
	}
}

func oneKept(t *testing.T, h *Hive, o Key, b []byte) {
	t.Helper()
	c := h.Clone()
	c.SetTime(epoch)
	elems, err := c.Open(`Objects\` + o.Name() + `\Elements`)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[uint32]string{elems.off: "parent", elems.u32(nkSecurity): "security"}
	if l := elems.u32(nkList); l != none {
		allowed[l] = "list"
	}
	k, err := elems.CreateKey("26000145")
	if err != nil {
		t.Fatal(err)
	}
	set(t, k, "Element", Binary, []byte{1})
	got := c.Seal(epoch)
	g := sound(t, c)
	// Which old cell does each changed byte lie in?
	var starts []uint32
	for i, w := range h.cells {
		for bit := uint32(0); bit < 64; bit++ {
			if w&(1<<bit) != 0 {
				starts = append(starts, (uint32(i)*64+bit)*8)
			}
		}
	}
	for i := range b {
		if b[i] == got[i] {
			continue
		}
		switch {
		case i >= offSeq1 && i < offTime+8, i >= offBins && i < offBins+4, i >= offChecksum && i < offChecksum+4:
			continue
		case i >= baseSize+20 && i < baseSize+28: // time stamp of the first bin
			continue
		case i < baseSize:
			t.Fatalf("byte %#x of the base block changed", i)
		}
		off := uint32(i - baseSize)
		n := sort.Search(len(starts), func(j int) bool { return starts[j] > off })
		cell := starts[n-1]
		if _, free := h.free[cell]; !free && allowed[cell] == "" {
			t.Fatalf("object %s: byte %#x in cell %#x changed", o.Name(), i, cell)
		}
	}
	d, err := Diff(h, g)
	if err != nil || len(d) != 1 || !d[0].Key || !d[0].Added || d[0].Path != `Objects\`+o.Name()+`\Elements\26000145` {
		t.Errorf("differences %v, %v", d, err)
	}
	// And back: deleting the element leaves the logical content of the original.
	e2, _ := g.Open(`Objects\` + o.Name() + `\Elements`)
	if err := e2.DeleteKey("26000145"); err != nil {
		t.Fatal(err)
	}
	if d, err := Diff(h, sound(t, g)); err != nil || len(d) > 0 {
		t.Errorf("after delete: differences %v, %v", d, err)
	}
}

func TestGrow(t *testing.T) {
	h := newHive(t, 5)
	h.data = append(h.data, bytes.Repeat([]byte{0xEE}, 100)...) // padding after the last bin
	for i := 0; i < 200; i++ {
		set(t, create(t, h, fmt.Sprintf("k%d", i)), "v", Binary, make([]byte, 200))
	}
	sound(t, h)
	if h.Base().BinsSize <= pageSize || len(h.bins) < 2 {
		t.Errorf("hive did not grow: %d bins", len(h.bins))
	}
	if _, err := h.alloc(MaxBins); err == nil {
		t.Error("allocated more than a hive can have")
	}
}

func TestSeal(t *testing.T) {
	h := sample(t, 5)
	binary.LittleEndian.PutUint32(h.data[offSeq1:], 0xFFFFFFFF)
	binary.LittleEndian.PutUint32(h.data[offSeq2:], 0xFFFFFFFE)
	h.Seal(epoch)
	b := h.Base()
	if b.Seq1 != 0 || b.Seq2 != 0 || !b.ChecksumOK || !b.Written.Equal(epoch) {
		t.Errorf("base block %+v, want sequence numbers 0 (they wrap)", b)
	}
	if ft := binary.LittleEndian.Uint64(h.data[baseSize+20:]); ft != b.LastWritten {
		t.Errorf("time stamp of the first bin is %d, want %d", ft, b.LastWritten)
	}
}

func TestDiff(t *testing.T) {
	a, b := sample(t, 5), sample(t, 5)
	set(t, create(t, b, `Software\Key 7`), "new", DWord, []byte{0, 0, 0, 0})
	set(t, create(t, b, `Software\Key 0\Sub`), "v0", Binary, []byte{9})
	create(t, b, `Zzz\deep`)
	root, _ := b.Root()
	if err := root.DeleteKey("Ключ"); err != nil {
		t.Fatal(err)
	}
	d, err := Diff(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, c := range d {
		have = append(have, c.String())
	}
	sort.Strings(have)
	want := []string{`key "Zzz" added`, `key "Ключ" removed`, `value "new" of "Software\\Key 7" added`, `value "v0" of "Software\\Key 0\\Sub" changed`}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

// FuzzEdit applies a program of edits to a hive and to a plain map, and compares.
func FuzzEdit(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 200, 100, 50}, uint32(5))
	f.Add(bytes.Repeat([]byte{1, 7, 130, 2, 7, 0, 3, 9, 1}, 40), uint32(3))
	f.Fuzz(func(t *testing.T, prog []byte, minor uint32) {
		h, err := New("R", 3+minor%4, epoch)
		if err != nil {
			t.Fatal(err)
		}
		model := map[string][]byte{} // "key\value" to data
		keys := map[string]bool{}
		root, _ := h.Root()
		for len(prog) >= 3 {
			op, a, b := prog[0], prog[1], prog[2]
			prog = prog[3:]
			kn, vn := fmt.Sprintf("k%02x", a%32), fmt.Sprintf("v%x", b%4)
			switch op % 4 {
			case 0, 1:
				k, err := h.Create(kn)
				if err != nil {
					t.Fatal(err)
				}
				data := bytes.Repeat([]byte{op}, int(b)*int(a)%17000)
				if err := k.SetValue(vn, Binary, data); err != nil {
					t.Fatal(err)
				}
				keys[kn], model[kn+`\`+vn] = true, data
			case 2:
				err := root.DeleteKey(kn)
				if (err == nil) != keys[kn] {
					t.Fatalf("delete %s: %v, model has it: %v", kn, err, keys[kn])
				}
				delete(keys, kn)
				for p := range model {
					if strings.HasPrefix(p, kn+`\`) {
						delete(model, p)
					}
				}
			case 3:
				if k, err := root.Subkey(kn); err == nil {
					_, has := model[kn+`\`+vn]
					if err := k.DeleteValue(vn); (err == nil) != has {
						t.Fatalf("delete value: %v, model has it: %v", err, has)
					}
					delete(model, kn+`\`+vn)
				}
			}
		}
		g := sound(t, h)
		n := 0
		r2, _ := g.Root()
		subs, _ := r2.Subkeys()
		if len(subs) != len(keys) {
			t.Fatalf("%d keys, want %d", len(subs), len(keys))
		}
		for _, s := range subs {
			vals, err := s.Values()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range vals {
				if n++; !bytes.Equal(model[s.Name()+`\`+v.Name], v.Data) {
					t.Fatalf("value %s of %s differs", v.Name, s.Name())
				}
			}
		}
		if n != len(model) {
			t.Fatalf("%d values, want %d", n, len(model))
		}
	})
}
