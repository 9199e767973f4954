package regf

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"
)

var epoch = time.Date(2024, 5, 6, 7, 8, 9, 123456700, time.UTC)

// fixtures returns the real hives by name; the test is skipped where they are absent.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), join2(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
		list, _ := filepath.Glob(filepath.Join(dir, "bcd", "*"))
		for _, f := range list {
			b, err := os.ReadFile(f)
			if err == nil && dir != "" {
				out[filepath.Base(f)] = b
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	t.Skip("no real BCD stores: set DTRACE_FIXTURES to a directory with bcd/")
	return nil
}

func join2(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

func newHive(t testing.TB, minor uint32) *Hive {
	t.Helper()
	h, err := New("ROOT", minor, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func create(t testing.TB, h *Hive, path string) Key {
	t.Helper()
	k, err := h.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func set(t testing.TB, k Key, name string, typ uint32, data []byte) {
	t.Helper()
	if err := k.SetValue(name, typ, data); err != nil {
		t.Fatal(err)
	}
}

// sound fails the test when the hive has any problem, after writing and reading it.
func sound(t testing.TB, h *Hive) *Hive {
	t.Helper()
	if p := h.Check(); len(p) > 0 {
		t.Fatalf("hive has problems: %v", p)
	}
	g, err := Parse(h.Clone().Seal(epoch))
	if err != nil {
		t.Fatal(err)
	}
	if p := g.Check(); len(p) > 0 {
		t.Fatalf("hive read back has problems: %v", p)
	}
	if g.Base().Dirty() {
		t.Fatalf("hive read back is dirty: %+v", g.Base())
	}
	if d, err := Diff(h, g); err != nil || len(d) > 0 {
		t.Fatalf("hive read back differs: %v, %v", d, err)
	}
	return g
}

// sample makes a hive with many shapes: nested keys, all storage forms of values, Unicode names.
func sample(t testing.TB, minor uint32) *Hive {
	t.Helper()
	h := newHive(t, minor)
	rnd := rand.New(rand.NewSource(int64(minor)))
	for i := 0; i < 40; i++ {
		k := create(t, h, fmt.Sprintf(`Software\Key %d\Sub`, i%13*7))
		n := []int{0, 1, 4, 5, 100, 4000, 16344, 16345, 40000}[i%9]
		data := make([]byte, n)
		rnd.Read(data)
		set(t, k, fmt.Sprintf("v%d", i), Binary, data)
	}
	k := create(t, h, "Ключ\\Ünï")
	set(t, k, "Имя", String, EncodeString("значение 𝔘"))
	set(t, k, "", MultiString, EncodeStrings([]string{"a", "bb"}))
	set(t, k, "n", DWord, []byte{1, 2, 3, 4})
	return h
}

// dump gives every key and value of a hive as lines, sorted.
func dump(t testing.TB, h *Hive) []string {
	t.Helper()
	var out []string
	var walk func(k Key, path string, depth int)
	walk = func(k Key, path string, depth int) {
		if depth > MaxDepth {
			t.Fatal("too deep")
		}
		out = append(out, path+`\`)
		vals, err := k.Values()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vals {
			out = append(out, fmt.Sprintf(`%s\%s=%d:%x`, path, v.Name, v.Type, v.Data))
		}
		subs, err := k.Subkeys()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range subs {
			walk(s, path+`\`+s.Name(), depth+1)
		}
	}
	root, err := h.Root()
	if err != nil {
		t.Fatal(err)
	}
	walk(root, "", 0)
	sort.Strings(out)
	return out
}

// fixBase puts the right checksum into a base block.
func fixBase(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[offChecksum:], Checksum(b))
	return b
}
