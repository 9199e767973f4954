package nodiff

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// byteSource makes random numbers of a fuzzer's bytes, then of their sum.
type byteSource struct {
	data []byte
	next *rand.PCG
}

func newByteSource(data []byte) *byteSource {
	var sum uint64 = 14695981039346656037
	for _, c := range data {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return &byteSource{data, rand.NewPCG(sum, uint64(len(data)))}
}

// Uint64 implements rand.Source. The bytes become its high half, which decides
// in IntN.
func (s *byteSource) Uint64() uint64 {
	if len(s.data) < 2 {
		return s.next.Uint64()
	}
	v := uint64(binary.LittleEndian.Uint16(s.data))
	s.data = s.data[2:]
	return v<<48 | v<<32 | v<<16 | v
}

// generate makes the program of a seed.
func generate(seed uint64) *node {
	return newGen(rand.New(rand.NewPCG(seed, 0x6a09e667f3bcc908))).program()
}

// slow is how long the kernel may take for a program before a test says so.
const slow = 2 * time.Second

// budget is how many programs shrinking may run.
const budget = 400

// report says how a generated program differs, after shrinking it.
func report(tb testing.TB, r *rig, root *node, v *verdict) {
	tb.Helper()
	kind := v.kind()
	if !*noShrink {
		root = shrink(root, budget, func(src string) bool {
			w := r.compare(src)
			return w.kind() == kind
		})
	}
	w := r.compare(root.String())
	if w.kind() == "" {
		w = *v
	}
	tb.Errorf("%s:\n%s\n%s", kind, root, w.String())
}

func TestGenerated(t *testing.T) {
	r := needRig(t)
	begin, refused, failed := time.Now(), 0, 0
	reasons := map[string]int{}
	var localTime, liveTime time.Duration
	for i := range *programs {
		seed := *firstSeed + uint64(i)
		root := generate(seed)
		v := r.compare(root.String())
		localTime += v.local.took
		liveTime += v.live.took
		if v.live.took > slow {
			t.Logf("seed %d took %v in the kernel", seed, v.live.took)
		}
		if v.local.refused != "" {
			refused++
			reasons[v.local.refused]++
		}
		if v.kind() == "" {
			continue
		}
		failed++
		t.Logf("seed %d", seed)
		report(t, r, root, &v)
		if failed == 3 && !*keepGoing {
			t.Fatal("more seeds were not tried")
		}
	}
	t.Logf("%d programs in %v (local %v, live %v), %d refused", *programs, time.Since(begin).Round(time.Millisecond), localTime, liveTime, refused)
	if testing.Verbose() {
		for s, n := range reasons {
			t.Logf("%d times: %s", n, strings.SplitN(s, "\n", 2)[0])
		}
	}
	if *programs >= 100 && refused > *programs/5 {
		t.Errorf("%d of %d programs do not compile: the generator lost touch with the language", refused, *programs)
	}
}

// corpus reads the cases of the suite that a mutation may start from.
func corpus(tb testing.TB) (out [][]string) {
	files, err := filepath.Glob("../testdata/*/tst.*.d")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		if src := string(b); deterministic(src) && len(src) < 4000 {
			out = append(out, tokens(src))
		}
	}
	if len(out) < 50 {
		tb.Fatalf("%d cases to start from", len(out))
	}
	return out
}

// varying are words of programs whose output may differ from run to run or
// from host to host.
var varying = regexp.MustCompile(`\b(\w*timestamp|tick|profile|syscall|\w*stack|sym|func|mod|usym|ufunc|umod|uaddr|rand|cpu|tid|pid|ppid|curthread|curcpu|curpsinfo|curlwpsinfo` +
	`|caller|ucaller|ipl|uregs|execname|execargs|cwd|root|fds|threadname|zonename|uid|gid|cpuinfo|walltime\w*|system|freopen|ftruncate|setopt|speculation` +
	`|d_path|progenyof|stackdepth|switchrate|aggrate|statusrate|cleanrate|bufsize|bufpolicy|aggsize|dynvarsize|temporal|cpp|define|include|copyin\w*|args|args0|a?vtimestamp|lgrp|pset|chip)\b|[%]Y|[%]T|[%]a|[%]A|` + "`" + `|\$`)

func deterministic(src string) bool { return !varying.MatchString(src) }

// mutate changes a few tokens of a program: it leaves some out, repeats some,
// and takes some from other programs.
func mutate(r *rand.Rand, from [][]string) string {
	toks := slices.Clone(from[r.IntN(len(from))])
	for range 1 + r.IntN(4) {
		if len(toks) < 4 {
			break
		}
		at := r.IntN(len(toks))
		other := from[r.IntN(len(from))]
		k := r.IntN(len(other))
		n := 1 + r.IntN(4)
		switch r.IntN(6) {
		case 0:
			toks = slices.Delete(toks, at, min(at+n, len(toks)))
		case 1:
			toks = slices.Insert(toks, at, toks[at:min(at+n, len(toks))]...)
		case 2:
			toks = slices.Insert(toks, at, other[k:min(k+n, len(other))]...)
		case 3:
			toks = slices.Replace(toks, at, min(at+1, len(toks)), other[k])
		case 4: // a number or operator
			toks[at] = []string{"0", "1", "-1", "64", "0x7fffffff", "0x8000000000000000", "+", "-", "*", "/", "<<", ">>", "&", "==", "<", "(int8_t)", "(uint16_t)", `""`, "NULL", "self->", "this->"}[r.IntN(21)]
		case 5: // a whole clause of another program
			src := strings.Join(other, "")
			if i := strings.Index(src, "BEGIN"); i >= 0 {
				toks = append(toks, "\n", src[i:])
			}
		}
	}
	return strings.Join(toks, "")
}

// hostOnly are refusals that say what a host has not.
var hostOnly = regexp.MustCompile(`cannot give|not supported|needs |probe identifier`)

func (r *rig) mutated(tb testing.TB, src string) {
	tb.Helper()
	v := r.compare(src)
	kind := v.kind()
	if kind == "" || hostOnly.MatchString(v.local.refused+v.live.refused) {
		return
	}
	if !*noShrink {
		src = shrinkText(src, budget, func(s string) bool {
			if !deterministic(s) {
				return false
			}
			w := r.compare(s)
			return w.kind() == kind
		})
	}
	w := r.compare(src)
	if w.kind() == "" {
		w = v
	}
	tb.Errorf("%s:\n%s\n%s", kind, src, w.String())
}

// TestMutated runs changed cases of the suite.
func TestMutated(t *testing.T) {
	r := needRig(t)
	from := corpus(t)
	ran, failed := 0, 0
	for i := range *programs {
		seed := *firstSeed + uint64(i)
		src := mutate(rand.New(rand.NewPCG(seed, 77)), from)
		if !deterministic(src) {
			continue
		}
		ran++
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { r.mutated(t, src) }) {
			if failed++; failed == 3 && !*keepGoing {
				t.Fatal("more seeds were not tried")
			}
		}
	}
	t.Logf("%d of %d programs ran", ran, *programs)
	if ran < *programs/2 {
		t.Errorf("only %d of %d programs ran", ran, *programs)
	}
}

func FuzzMutated(f *testing.F) {
	r := needRig(f)
	from := corpus(f)
	for i := range uint64(4) {
		f.Add(binary.LittleEndian.AppendUint64(nil, i*0x9e3779b97f4a7c15))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if src := mutate(rand.New(newByteSource(data)), from); deterministic(src) {
			r.mutated(t, src)
		}
	})
}

func FuzzNoDiff(f *testing.F) {
	r := needRig(f)
	for i := range uint64(4) {
		f.Add(binary.LittleEndian.AppendUint64(nil, i*0x9e3779b97f4a7c15))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root := newGen(rand.New(newByteSource(data))).program()
		v := r.compare(root.String())
		if v.kind() != "" {
			report(t, r, root, &v)
		}
	})
}
