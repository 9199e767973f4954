package bpf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/vm"
)

// nilEnv is a session in which nothing but one clause at a time runs.
type nilEnv struct {
	tls map[uint64][]byte
	dyn map[string][]byte
	n   uint32
}

func (e *nilEnv) Reserve(int) bool { return true }
func (e *nilEnv) TLS(thread uint64, create bool) []byte {
	if e.tls[thread] == nil && create {
		e.tls[thread] = make([]byte, e.n)
	}
	return e.tls[thread]
}
func (e *nilEnv) DynGet(v int, key []byte) []byte { return e.dyn[fmt.Sprint(v, key)] }
func (e *nilEnv) DynSet(v int, key, val []byte)   { e.dyn[fmt.Sprint(v, key)] = bytes.Clone(val) }
func (e *nilEnv) DynDel(v int, key []byte)        { delete(e.dyn, fmt.Sprint(v, key)) }
func (e *nilEnv) Agg(int, []byte, int64, int64)   {}
func (e *nilEnv) Speculation() uint64             { return 0 }
func (e *nilEnv) Speculate(uint64, int) bool      { return false }
func (e *nilEnv) CommitSpec(uint64) bool          { return true }
func (e *nilEnv) DiscardSpec(uint64) bool         { return true }
func (e *nilEnv) Exit(int64)                      {}
func (e *nilEnv) Now() uint64                     { return 1 }
func (e *nilEnv) Wall() uint64                    { return 1 }

// reference is the vm's side of a differential test.
type reference struct {
	m      *vm.Machine
	global []byte
}

func newReference(t testing.TB, p *ir.Program) *reference {
	vp, err := vm.New(p)
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{global: make([]byte, p.GlobalSize)}
	r.m = vm.NewMachine(vp, vm.Config{Env: &nilEnv{tls: map[uint64][]byte{}, dyn: map[string][]byte{}, n: p.TLSSize}, Global: r.global})
	return r
}

func (r *reference) fire(args ...uint64) vm.Result {
	f := &vm.Firing{Probe: &probe.Probe{ID: 10}, Time: 1}
	copy(f.Args[:], args)
	r.m.Begin(f)
	return *r.m.Run(0)
}

// setGlobals puts b at the start of Space Global on both sides.
func setGlobals(r *rig, ref *reference, b []byte) {
	r.t.Helper()
	v := make([]byte, len(r.value(MapGlobals)))
	copy(v, b)
	if err := r.coll.Maps[MapGlobals].Put(uint32(0), v); err != nil {
		r.t.Fatal(err)
	}
	clear(ref.global)
	copy(ref.global, b)
}

// textOf cuts a string at its NUL, keeping NULL apart.
func textOf(b []byte) string {
	if len(b) > 1 && b[0] == 0 && b[1] == 0xff {
		return "(null)"
	}
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// TestStrings runs each string operation on both back ends over many operands:
// strings a (64 bytes), b (64) and numbers arg0, arg1; results are a string of
// 40 bytes and a number.
func TestStrings(t *testing.T) {
	words := []string{
		"", "a", "abc", "abcabc", "/", "//", "/usr/bin", "/usr//bin/", "usr", "a/b", "../a", "a/../b", "/./a/./", "/a/..", "/a/../", "/a/b/../..",
		"/..", "x//y", "12", "-0x1f", "0x1F", " \t+77z", "0x", "zz", "Hello, World", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWX",
		"a,b;;c", ",;", ";", "bc", "c", "aaaaaaab", "aab", "\x80\xff", "{\"a\":1}", "null",
	}
	jsons := []string{
		`{"a":1}`, `{"a":{"b":[1,2,{"c":"x y"}]}}`, `[10, 20 ,30]`, `{"a":"q\"r","b":true}`, `{ "b" : [ ] , "a" : -1.5E3}`, `{"a"}`, `"s"`, `{"a":[[1],[2,3]]}`, ``, `[`, `{"a":"x`,
	}
	paths := []string{"a", "a.b", "a.b[2].c", "[1]", "[2]", "b", "a[1][0]", "c", "", "[x]", "[3]", "a.b.c"}
	nums := []int64{0, 1, 2, 3, 5, 63, 64, 100, -1, -3, -100, 1 << 62, -1 << 63, '/', 'c'}
	tests := []struct{ name, code string }{
		{"strcopy", "strcopy global[128:168], global[0:64]"},
		{"strlen", "strlen r9, global[0:64]"},
		{"strcmp", "strcmp r9, global[0:64], global[64:128]"},
		{"strcmplit", "strcmp r9, global[0:64], const[0:4]"},
		{"strcmplit2", "strcmp r9, const[4:13], global[0:64]"},
		{"stridx", "and r0, r0, 63\nstridx r9, global[0:64], r0"},
		{"isnull", "isnull r9, global[0:64]"},
		{"mknull", "mknull global[128:168]"},
		{"strjoin", "strjoin global[128:168], global[0:64], global[64:128]"},
		{"substr", "substr global[128:168], global[0:64], r0, r1"},
		{"substr1", "substr global[128:168], global[0:64], r0, -"},
		{"strindex", "strindex r9, global[0:64], global[64:128], -"},
		{"strindex2", "strindex r9, global[0:64], global[64:128], r0"},
		{"strrindex", "strrindex r9, global[0:64], global[64:128], -"},
		{"strrindex2", "strrindex r9, global[0:64], global[64:128], r0"},
		{"strchr", "strchr global[128:168], global[0:64], r0"},
		{"strrchr", "strrchr global[128:168], global[0:64], r0"},
		{"strstr", "strstr global[128:168], global[0:64], global[64:128]"},
		{"strtok", "strtok global[128:168], global[0:64], global[64:128]"},
		{"strtok2", "strtok global[128:168], global[0:64], global[64:128]\nstrtok global[128:168], -, global[64:128]"},
		{"strtok3", "strtok global[128:168], -, global[64:128]"},
		{"basename", "basename global[128:168], global[0:64]"},
		{"dirname", "dirname global[128:168], global[0:64]"},
		{"cleanpath", "cleanpath global[128:168], global[0:64]"},
		{"toupper", "toupper global[128:168], global[0:64]"},
		{"tolower", "tolower global[128:168], global[0:64]"},
		{"strtoll10", "strtoll r9, global[0:64], 10"},
		{"strtoll16", "strtoll r9, global[0:64], 16"},
		{"strtoll", "strtoll r9, global[0:64], r1"},
		{"lltostr", "lltostr global[128:168], r0, 10"},
		{"lltostr16", "lltostr global[128:168], r0, 16"},
		{"lltostr8", "lltostr global[128:168], r0, 8"},
		{"lltostr2", "lltostr global[128:168], r0, r1"},
		{"strptr", "strptr r2, global[0:64]\nstrk global[128:168], r2"},
		{"tlsstr", "strcopy tls[0:40], global[0:64]\nstrcopy global[128:168], tls[0:40]"},
		{"framestr", "strcopy frame[0:40], global[0:64]\nstrcopy global[128:168], frame[0:40]"},
		{"json", "json global[128:168], global[0:64], global[64:128]"},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := assemble(t, `
program global=176 tls=40
const "abc\x00/usr/bin\x00"
clause "test" probes=10 frame=40
bi r0, arg, 0
bi r1, arg, 1
movi r9, 0
`+tt.code+`
st.8 global[168:176], r9
ret
`)
			r, ref := newRig(t, p, testConfig(), testHook(10)), newReference(t, p)
			for i := range 250 {
				g := make([]byte, 176)
				a, b := words[rng.IntN(len(words))], words[rng.IntN(len(words))]
				if tt.name == "json" {
					a, b = jsons[rng.IntN(len(jsons))], paths[rng.IntN(len(paths))]
				}
				for k := range g {
					g[k] = byte(rng.IntN(256))
				}
				g[copy(g[:63], a)] = 0
				g[64+copy(g[64:127], b)] = 0
				switch i % 25 {
				case 0: // NULL
					copy(g, "\x00\xff")
				case 1:
					copy(g[64:], "\x00\xff")
				case 2:
					copy(g[128:], "\x00\xff")
				}
				x, y := nums[rng.IntN(len(nums))], nums[rng.IntN(len(nums))]
				if i%4 == 0 {
					y = int64(rng.IntN(40))
				}
				setGlobals(r, ref, g)
				r.fire(0, uint64(x), uint64(y))
				if res := ref.fire(uint64(x), uint64(y)); res.Trapped {
					t.Fatalf("vm: %+v", res)
				}
				got := r.value(MapGlobals)
				gs, ws := textOf(got[128:168]), textOf(ref.global[128:168])
				gn, wn := got[168:176], ref.global[168:176]
				if gs != ws || !bytes.Equal(gn, wn) {
					t.Fatalf("%s: a %q, b %q, %d, %d:\ngot  %q %d\nwant %q %d", tt.code, textOf(g), textOf(g[64:]), x, y, gs, int64(le64(gn)), ws, int64(le64(wn)))
				}
			}
		})
	}
}
