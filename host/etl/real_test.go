package etl

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/probe"
)

// TestCountsByKind compares counts by probe with what the trace is known to hold.
func TestCountsByKind(t *testing.T) {
	h := openHost(t, fixture(t, "slowppt.etl"))
	got := strings.Join(lines(runD(t, h, `
		etw::PerfInfo:, etw::Thread:CSwitch, etw::StackWalk: { @[probename] = count(); }
		sched:::off-cpu, sched:::on-cpu { @s[probename] = count(); }
		profile-1000 { @p = count(); }`)), "\n")
	for _, want := range []string{"CSwitch 29533", "ISR 138599", "DPC 13487", "Sample 136370", "Stack 138474", "off-cpu 29533", "on-cpu 29533"} {
		if !strings.Contains("\n"+got+"\n", "\n"+want+"\n") {
			t.Errorf("no line %q in:\n%s", want, got)
		}
	}
	if !strings.HasSuffix(got, "\n136370") {
		t.Errorf("profile-1000 fired otherwise:\n%s", got)
	}
}

// baseline is what another program decoded from a trace.
type baseline struct {
	counts map[string]int64
	events map[string]map[string]string // the first of each kind
}

var fieldRE = regexp.MustCompile(`([A-Za-z_0-9]+)=([^;]*);`)

func readBaseline(t *testing.T, name string) baseline {
	t.Helper()
	f, err := os.Open(fixture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := baseline{map[string]int64{}, map[string]map[string]string{}}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if rest, ok := strings.CutPrefix(line, "COUNT "); ok {
			i := strings.LastIndexByte(rest, ':')
			n, err := strconv.ParseInt(strings.ReplaceAll(rest[i+1:], ",", ""), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			b.counts[rest[:i]] = n
		}
		if rest, ok := strings.CutPrefix(line, "EVENT "); ok {
			_, rest, _ = strings.Cut(rest, ": ")
			name, rest, _ := strings.Cut(rest, " PID=")
			if b.events[name] != nil {
				continue
			}
			m := map[string]string{}
			for _, g := range fieldRE.FindAllStringSubmatch("PID="+rest, -1) {
				m[g[1]] = g[2]
			}
			b.events[name] = m
		}
	}
	return b
}

// probeOf turns provider/task/opcode into a description.
func probeOf(name string) (probe.Desc, bool) {
	f := strings.Split(name, "/")
	if len(f) < 2 || len(f) > 3 {
		return probe.Desc{}, false
	}
	d := probe.Desc{Provider: "etw", Module: part(f[0]), Function: part(f[1]), Name: opInfo}
	if len(f) == 3 {
		d.Name = part(f[2])
	}
	return d, true
}

// TestBaseline compares the counts of all kinds that go by the same name, and of
// the first event of each those fields that are shown alike.
func TestBaseline(t *testing.T) {
	for _, tt := range []struct {
		file                string
		kinds, events, vals int // the least that must agree
	}{
		{"net.4.5.2.x64", 75, 80, 250},
		{"primitive-types", 2, 2, 10},
	} {
		h := openHost(t, fixture(t, tt.file+".etl"))
		b := readBaseline(t, tt.file+".baseline.txt")
		counts := map[string]int64{}
		for _, l := range lines(runD(t, h, `etw::: { @[probemod, probefunc, probename] = count(); }`)) {
			f := strings.Fields(l)
			n, err := strconv.ParseInt(f[3], 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", l, err)
			}
			counts[strings.Join(f[:3], ":")] = n
		}
		same := 0
		for name, want := range b.counts {
			d, ok := probeOf(name)
			have := counts[d.Module+":"+d.Function+":"+d.Name]
			if !ok || have == 0 || strings.HasSuffix(name, "PerfInfo/Sample") {
				continue // known there by another name; samples of the idle thread are dropped there
			}
			same++
			if have != want {
				t.Errorf("%s: %s: %d events, want %d", tt.file, name, have, want)
			}
		}
		if same < tt.kinds {
			t.Errorf("%s: %d kinds of the same name, want at least %d", tt.file, same, tt.kinds)
		}
		events, vals := compareFields(t, h, b)
		if events < tt.events || vals < tt.vals {
			t.Errorf("%s: %d events with %d fields compared, want %d and %d", tt.file, events, vals, tt.events, tt.vals)
		}
	}
}

// compareFields prints all fields of the first event of each kind and compares
// numbers and short texts.
func compareFields(t *testing.T, h *Host, b baseline) (events, vals int) {
	var src strings.Builder
	type want struct{ name, field, val string }
	var wants []want
	n := 0
	for _, name := range sortedKeys(b.events) {
		d, ok := probeOf(name)
		var p *probe.Probe
		if ok {
			if err := h.Probes(d, func(q *probe.Probe) bool { p = q; return false }); err != nil {
				t.Fatal(err)
			}
		}
		if p == nil {
			continue
		}
		nm := h.named[p.String()]
		fmt.Fprintf(&src, "int seen%d; %s /!seen%d/ { seen%d = 1;", n, p, n, n)
		events++
		for field, val := range b.events[name] {
			m, ok := nm.layout.typ.Member(field)
			if !ok || strings.HasSuffix(val, "...") || field == "PID" || field == "TID" {
				continue
			}
			li := nm.layout.at(m.Off)
			switch lf := &nm.layout.leaves[li]; {
			case lf.kind == leafText:
				fmt.Fprintf(&src, ` printf("%d|%%s\n", args[0]->%s);`, len(wants), field)
			case lf.kind == leafInt && lf.size == 8:
				fmt.Fprintf(&src, ` printf("%d|%%d %%d\n", args[0]->%s, (int)args[0]->%s);`, len(wants), field, field)
			case lf.kind == leafInt:
				fmt.Fprintf(&src, ` printf("%d|%%d %%d\n", args[0]->%s, (int)args[0]->%s);`, len(wants), field, field)
			default:
				continue
			}
			wants = append(wants, want{name, field, val})
		}
		src.WriteString(" }\n")
		n++
	}
	for _, l := range strings.Split(runD(t, h, src.String()), "\n") {
		k, have, ok := strings.Cut(l, "|")
		if !ok {
			continue
		}
		i, err := strconv.Atoi(k)
		if err != nil {
			t.Fatal(err)
		}
		w := wants[i]
		if alike(have, w.val) {
			vals++
		} else if comparable(w.val) {
			t.Errorf("%s: %s is %q, want %q", w.name, w.field, have, w.val)
		}
	}
	return events, vals
}

var (
	decimalRE = regexp.MustCompile(`^-?[0-9]{1,3}(,[0-9]{3})*$`)
	hexRE     = regexp.MustCompile(`^0x[0-9a-fA-F]{8,16}$`)
)

func comparable(val string) bool { return decimalRE.MatchString(val) || hexRE.MatchString(val) }

// alike compares a value printed by D with one of the baseline, where numbers have
// commas and addresses are in hexadecimal.
func alike(have, want string) bool {
	if have == want {
		return true
	}
	for _, f := range strings.Fields(have) {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			u, uerr := strconv.ParseUint(f, 10, 64)
			if uerr != nil {
				return false
			}
			n = int64(u)
		}
		if hexRE.MatchString(want) {
			w, err := strconv.ParseUint(want[2:], 16, 64)
			if err == nil && w == uint64(n) {
				return true
			}
		}
		if f == strings.ReplaceAll(want, ",", "") {
			return true
		}
	}
	return false
}

// TestFirstEvent: what Windows itself decoded of an event.
func TestFirstEvent(t *testing.T) {
	h := openHost(t, fixture(t, "HTTP_Server.etl"))
	check1(t, h, `etw:dd5ef90a-6398-47a4-ad34-4dcecdef795f:: { this->h = (nt`+"`"+`_EVENT_HEADER *)arg0;
		printf("%d %d %d %d %d %x %d %d", this->h->EventDescriptor.Id, this->h->EventDescriptor.Opcode, this->h->EventDescriptor.Task,
			this->h->EventDescriptor.Level, this->h->EventDescriptor.Version, this->h->EventDescriptor.Keyword, arg1 - 80, walltimestamp / 100 + 116444736000000000);
		exit(0); }`,
		"21 28 4 4 0 8000000000000010 72 129402940472257591")
	check1(t, h, `etw:dd5ef90a-6398-47a4-ad34-4dcecdef795f:: { @ = count(); }`, "2041")
}

// TestOldSystems: 32-bit traces and old versions, one struct for events alike.
func TestOldSystems(t *testing.T) {
	for _, f := range []string{"process_data_32_v1", "process_data_32_v2", "process_data_32_v3", "process_data_64_v2", "process_data_64_v3"} {
		h := openHost(t, fixture(t, "sawbuck/"+f+".etl"))
		out := lines(runD(t, h, `etw::Process: { printf("%s %d %s %s\n", args[0]->ImageFileName, args[0]->ProcessId > 0, args[0]->UserSID, probename); }
			proc:::create, proc:::exit { @[probename, sizeof(void *)] = count(); }`))
		all := strings.Join(out, "\n")
		ptr := "8"
		if strings.Contains(f, "_32_") {
			ptr = "4"
		}
		for _, want := range []string{"notepad.exe 1 S-1-5-21-", "create " + ptr + " 1", "exit " + ptr + " 1"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in:\n%s", f, want, all)
			}
		}
	}
}
