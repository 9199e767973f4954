package decode

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

func fixtureDir(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../../shared/fixtures"} {
		if fi, err := os.Stat(filepath.Join(dir, "etl")); dir != "" && err == nil && fi.IsDir() {
			return filepath.Join(dir, "etl")
		}
	}
	t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds etl/")
	return ""
}

// open opens a fixture and learns its schemas.
func open(t testing.TB, name string, manifests ...string) (*etl.File, *Decoder) {
	t.Helper()
	dir := fixtureDir(t)
	f, err := etl.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	d := New()
	for _, m := range manifests {
		text, err := os.ReadFile(filepath.Join(dir, m))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.AddManifest(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Learn(f); err != nil {
		t.Fatal(err)
	}
	return f, d
}

// baseline is what another program decoded from a trace.
type baseline struct {
	counts map[string]int
	events map[string][]map[string]string // the first of each kind
}

var fieldRE = regexp.MustCompile(`([A-Za-z_0-9]+)=([^;]*);`)

func readBaseline(t *testing.T, name string) baseline {
	t.Helper()
	f, err := os.Open(filepath.Join(fixtureDir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := baseline{map[string]int{}, map[string][]map[string]string{}}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if rest, ok := strings.CutPrefix(line, "COUNT "); ok {
			i := strings.LastIndexByte(rest, ':')
			n, err := strconv.Atoi(strings.ReplaceAll(rest[i+1:], ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			b.counts[rest[:i]] = n
		}
		if rest, ok := strings.CutPrefix(line, "EVENT "); ok {
			at, rest, _ := strings.Cut(rest, ": ")
			name, rest, _ := strings.Cut(rest, " PID=")
			m := map[string]string{"@": strings.ReplaceAll(at, ",", "")}
			for _, g := range fieldRE.FindAllStringSubmatch("PID="+rest, -1) {
				m[g[1]] = g[2]
			}
			b.events[name] = append(b.events[name], m)
		}
	}
	return b
}

// folded are the kinds that the other program leaves out or counts otherwise,
// and why.
var folded = map[string]string{
	"Windows Kernel/PerfInfo/Sample": "samples of the idle thread are dropped there",
}

func TestBaselineCounts(t *testing.T) {
	for _, tt := range []struct {
		file, baseline string
		least          int // kinds of the same name
	}{
		{"net.4.5.2.x64.etl", "net.4.5.2.x64.baseline.txt", 75},
		{"primitive-types.etl", "primitive-types.baseline.txt", 2},
	} {
		f, d := open(t, tt.file)
		b := readBaseline(t, tt.baseline)
		have := map[string]int{}
		var e etl.Event
		for r := f.Reader(); r.Next(&e); {
			s, _ := d.Schema(&e)
			have[s.Name()]++
		}
		same := 0
		for name, want := range b.counts {
			if have[name] == 0 || folded[name] != "" {
				continue // known there by another name
			}
			same++
			if have[name] != want {
				t.Errorf("%s: %s: %d events, want %d", tt.file, name, have[name], want)
			}
		}
		if same < tt.least {
			t.Errorf("%s: %d kinds of events of the same name, want at least %d", tt.file, same, tt.least)
		}
		for _, err := range d.Problems() {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

// sameValue compares what the other program shows with a value. It shows numbers
// signed or not by a rule of its own, with commas, and cuts long texts.
func sameValue(want string, v schema.Value) bool {
	text := v.String()
	if n, ok := v.Uint(); ok {
		w := strings.ReplaceAll(want, ",", "")
		if x, err := strconv.ParseInt(w, 0, 64); err == nil {
			return uint64(x) == n || uint32(x) == uint32(n) && n>>32 == 0
		}
		if x, err := strconv.ParseUint(w, 0, 64); err == nil {
			return x == n
		}
		if want == "True" || want == "False" {
			return (want == "True") == (n != 0)
		}
		return true // a time or a name, shown in another way
	}
	if cut, ok := strings.CutSuffix(want, "..."); ok {
		return strings.HasPrefix(text, cut) || v.Field.In == schema.SystemTime
	}
	return text == want || v.Field.In == schema.SystemTime
}

func TestBaselineFields(t *testing.T) {
	for _, tt := range []struct {
		file, baseline string
		least          int
	}{
		{"net.4.5.2.x64.etl", "net.4.5.2.x64.baseline.txt", 1200},
		{"primitive-types.etl", "primitive-types.baseline.txt", 60},
	} {
		f, d := open(t, tt.file)
		b := readBaseline(t, tt.baseline)
		seen := map[string]int{}
		compared := 0
		var e etl.Event
		for r := f.Reader(); r.Next(&e); {
			s, ptr := d.Schema(&e)
			name := s.Name()
			k := seen[name]
			seen[name]++
			if folded[name] != "" || k >= len(b.events[name]) {
				continue
			}
			want := b.events[name][k]
			// Milliseconds since the session's start.
			if ms, err := strconv.ParseFloat(want["@"], 64); err != nil || math.Abs(ms-float64(e.Time()-f.Header().StartTime)/1e4) > 0.0011 {
				t.Errorf("%s %d: at %d, want %s ms after %d", name, k, e.Time(), want["@"], f.Header().StartTime)
			}
			if n, _ := strconv.Atoi(want["DataLen"]); n != len(e.Payload) {
				t.Errorf("%s %d: payload of %d bytes, want %d", name, k, len(e.Payload), n)
				continue
			}
			_, err := s.Walk(e.Payload, ptr, func(i int, v schema.Value) bool {
				w, ok := want[v.Field.Name]
				if !ok || otherwise[fmt.Sprintf("%s.%s", s.Task, v.Field.Name)] {
					return true
				}
				compared++
				if !sameValue(w, v) {
					t.Errorf("%s %d: %s = %s, want %s", name, k, v.Field.Name, v.String(), w)
				}
				return true
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if compared < tt.least {
			t.Errorf("%s: %d fields compared, want at least %d", tt.file, compared, tt.least)
		}
	}
}

// otherwise are fields that the other program fills from elsewhere than the
// payload, or gives another meaning.
var otherwise = map[string]bool{
	"Image.FileName":                  true, // drive letters put in
	"FileIO.FileName":                 true,
	"Create.FileName":                 true,
	"Create.CreateOptions":            true, // without the disposition in its top byte
	"EventTrace.LogFileName":          true, // the text, not the unused pointer
	"SystemConfig.ProcessName":        true, // the process's, not the service's
	"SystemConfig.IpAddresses":        true, // cut at the semicolon
	"SystemConfig.DnsServerAddresses": true,
}
