package symbol

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleKallsyms = `ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000100 t do_one
ffffffff81000180 T do_two
ffffffff81001000 D jiffies
ffffffffc0000000 t mod_init	[ext9]
ffffffffc0000040 t do_one	[ext9]
`

func TestKallsyms(t *testing.T) {
	k, err := ReadKallsyms(strings.NewReader(sampleKallsyms))
	if err != nil {
		t.Fatal(err)
	}
	if k.Len() != 7 || k.Data() != 1 || k.Hidden() {
		t.Errorf("len %d, data %d, hidden %v", k.Len(), k.Data(), k.Hidden())
	}
	for _, c := range []struct {
		addr uint64
		want Sym
		ok   bool
	}{
		{0xffffffff81000000, Sym{"vmlinux", "_stext", 0, 0x100}, true},
		{0xffffffff81000110, Sym{"vmlinux", "do_one", 0x10, 0x80}, true},
		{0xffffffff8100017f, Sym{"vmlinux", "do_one", 0x7f, 0x80}, true},
		{0xffffffffc0000048, Sym{"ext9", "do_one", 8, 0}, true},
		{0xffffffff80ffffff, Sym{}, false},
		{0xffffffffffffffff, Sym{}, false},
	} {
		got, ok := k.Kernel(c.addr)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != c.ok {
			t.Errorf("Kernel(%#x) = %v %v: %s", c.addr, got, ok, diff)
		}
	}
	for _, c := range []struct {
		module, name string
		want         uint64
	}{
		{"", "do_one", 0xffffffff81000100}, {"ext9", "do_one", 0xffffffffc0000040}, {"vmlinux", "mod_init", 0},
		{"", "jiffies", 0xffffffff81001000}, {"", "do_", 0}, {"", "", 0},
	} {
		if e, ok := k.Lookup(c.module, c.name); e.Addr != c.want || ok != (c.want != 0) {
			t.Errorf("Lookup(%q, %q) = %#x %v, want %#x", c.module, c.name, e.Addr, ok, c.want)
		}
	}
}

func TestKallsymsHidden(t *testing.T) {
	k, err := ReadKallsyms(strings.NewReader("0000000000000000 T a\n0000000000000000 T b\n"))
	if err != nil || !k.Hidden() {
		t.Errorf("hidden %v, %v", k.Hidden(), err)
	}
	if s, ok := k.Kernel(5); ok {
		t.Errorf("resolved %v from hidden addresses", s)
	}
}

func TestKallsymsRefuses(t *testing.T) {
	for _, text := range []string{"x\n", "zz T name\n", "12 T\n", "11111111111111111 T a\n", "1 T\x00a b\n"} {
		if _, err := ReadKallsyms(strings.NewReader(text)); err == nil {
			t.Errorf("accepted %q", text)
		}
	}
}

func TestKallsymsHere(t *testing.T) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	k, err := ReadKallsyms(f)
	if err != nil {
		t.Fatal(err)
	}
	if k.Hidden() {
		t.Skip("the kernel hides addresses from this process")
	}
	e, ok := k.Lookup("", "schedule")
	if !ok || !e.Func() {
		t.Fatalf("schedule: %+v %v", e, ok)
	}
	if s, ok := k.Kernel(e.Addr + 1); !ok || s.Off != 1 || s.Module != "vmlinux" {
		t.Errorf("schedule+1 = %+v %v", s, ok)
	}
}

func FuzzKallsyms(f *testing.F) {
	f.Add(sampleKallsyms, uint64(0xffffffff81000110))
	f.Fuzz(func(t *testing.T, text string, addr uint64) {
		k, err := ReadKallsyms(strings.NewReader(text))
		if err != nil {
			return
		}
		k.Kernel(addr)
		k.Lookup("", "do_one")
		k.Each(func(e KernelEntry) bool {
			if got, ok := k.Lookup(e.Module, e.Name); e.Name != "" && (!ok || got.Name != e.Name) {
				t.Fatalf("Lookup(%q, %q) = %+v %v", e.Module, e.Name, got, ok)
			}
			return false
		})
	})
}

func BenchmarkKallsyms(b *testing.B) {
	data, err := os.ReadFile("/proc/kallsyms")
	if err != nil {
		b.Skip(err)
	}
	text := string(data)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadKallsyms(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
