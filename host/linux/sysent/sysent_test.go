package sysent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTables(t *testing.T) {
	known := map[string]map[string]int{
		"amd64": {"read": 0, "openat": 257, "clone3": 435, "uretprobe": 335, "file_setattr": 469, "rseq_slice_yield": 471},
		"arm64": {"read": 63, "openat": 56, "clone3": 435, "io_setup": 0, "newfstatat": 79, "listns": 470},
	}
	for _, arch := range Arches {
		last := -1
		found := map[string]int{}
		for _, c := range Table(arch) {
			if c.Num <= last {
				t.Errorf("%s: %s has number %d after %d", arch, c.Name, c.Num, last)
			}
			last = c.Num
			if _, dup := found[c.Name]; dup || c.Name == "" {
				t.Errorf("%s: name %q is double or empty", arch, c.Name)
			}
			found[c.Name] = c.Num
		}
		for name, num := range known[arch] {
			if got, ok := found[name]; !ok || got != num {
				t.Errorf("%s: %s is %d %v, want %d", arch, name, got, ok, num)
			}
		}
	}
	if Table("mips") != nil {
		t.Error("a table for mips")
	}
}

func TestParams(t *testing.T) {
	for _, c := range []struct {
		arch, name string
		want       []Param
	}{
		{"amd64", "read", []Param{{"unsigned int", "fd"}, {"char *", "buf"}, {"size_t", "count"}}},
		{"amd64", "execve", []Param{{"const char *", "filename"}, {"const char *const *", "argv"}, {"const char *const *", "envp"}}},
		{"amd64", "getpid", nil},
		{"arm64", "fstat", []Param{{"unsigned int", "fd"}, {"struct stat *", "statbuf"}}},
		{"arm64", "clone", []Param{{"unsigned long", "clone_flags"}, {"unsigned long", "newsp"}, {"int *", "parent_tidptr"},
			{"unsigned long", "tls"}, {"int *", "child_tidptr"}}},
	} {
		if diff := cmp.Diff(c.want, Params(c.arch, c.name)); diff != "" {
			t.Errorf("Params(%s, %s): %s", c.arch, c.name, diff)
		}
	}
}

// TestPrototypes holds that every prototype is of a call that exists, and well formed.
func TestPrototypes(t *testing.T) {
	names := map[string]bool{}
	for _, arch := range Arches {
		for _, c := range Table(arch) {
			names[c.Name] = true
		}
	}
	n := 0
	for line := range strings.Lines(prototypes) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		n++
		name, _, _ := strings.Cut(line, "|")
		ps := params(name)
		if !names[name] || len(ps) == 0 || len(ps) > 6 {
			t.Errorf("prototype of %q: known %v, %d parameters", name, names[name], len(ps))
		}
		for _, p := range ps {
			if p.Type == "" || p.Name == "" || strings.Contains(p.Type, "  ") {
				t.Errorf("%s: parameter %+v", name, p)
			}
		}
	}
	if n < 300 {
		t.Errorf("%d prototypes, want over 300", n)
	}
}

func TestAlias(t *testing.T) {
	if Alias("newfstat") != "fstat" || Alias("read") != "read" || KernelName("fstat") != "newfstat" || KernelName("read") != "read" {
		t.Error("aliases of fstat and read are wrong")
	}
}
