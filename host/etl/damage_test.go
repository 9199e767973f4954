package etl

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// everything uses all that a trace can give.
const everything = `
	etw::: { @[probemod, probefunc, probename] = count(); print(*args[1]); }
	etw::: /execname == "cat.exe"/ { @s[stack(5), ustack(5)] = count(); }
	sched:::, proc:::, fbt:::, syscall:::, image:::, registry:::, vminfo::: { @p[probename, curpsinfo->pr_psargs, curlwpsinfo->pr_name, ppid, vtimestamp != 0] = count(); }
	io:::start, io:::done { @i[args[2]->fi_pathname, args[0]->b_bcount] = count(); }`

// survives replays a file and fails if that ends in anything but output or an error
// of opening it.
func survives(t *testing.T, name string) {
	t.Helper()
	h, err := Open(name)
	if err != nil {
		return
	}
	defer h.Close()
	src := everything
	for _, part := range []string{"sched:::, ", "proc:::, ", "fbt:::, ", "syscall:::, ", "image:::, ", "registry:::, ", "vminfo::: ", "io:::start, io:::done "} {
		desc := strings.Trim(strings.SplitN(part, ",", 2)[0], " ")
		if !has(t, h, desc) {
			src = drop(src, part)
		}
	}
	out, err := tryD(h, src)
	if err != nil && !strings.HasPrefix(err.Error(), "messages:") {
		t.Fatalf("%v, after %.500s", err, out)
	}
	h.Notices()
	// All members of all structs.
	src = ""
	for _, full := range sortedKeys(h.named) {
		src += full + " { print(*args[0]); }\n"
		if len(src) > 4000 {
			break
		}
	}
	if out, err := tryD(h, src); err != nil && !strings.HasPrefix(err.Error(), "messages:") {
		t.Fatalf("%v, after %.500s", err, out)
	}
}

func has(t *testing.T, h *Host, desc string) bool {
	t.Helper()
	found := false
	d, ok := parseDesc(desc)
	if !ok {
		t.Fatalf("description %q", desc)
	}
	if err := h.Probes(d, func(p *probeT) bool { found = true; return false }); err != nil {
		t.Fatal(err)
	}
	return found
}

// drop takes a description out of the program, with its clause if nothing is left.
func drop(src, part string) string {
	if strings.HasSuffix(part, ", ") {
		return strings.Replace(src, part, "", 1)
	}
	var out []string
	for _, l := range strings.Split(src, "\n") {
		if i := strings.Index(l, part+"{"); i >= 0 {
			if head := strings.TrimRight(l[:i], ", \t"); head != "" {
				out = append(out, head+" "+l[i+len(part):])
			}
			continue
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// scenes writes a trace with events of every provider.
func richTrace(t testing.TB) []byte {
	m := scene(t, etl.WriterOptions{BufferSize: 1024})
	m.cswitch(1*ms, 0, 101, 0, 2)
	for i := range int64(40) {
		at := 2*ms + i*ms/4
		m.perf(at, 0, etl.GroupPerfInfo, opSysEnter, 2, bin(uint64(ntBase+0x1000)))
		m.perf(at+1, 0, etl.GroupPerfInfo, opSysExit, 2, bin(uint32(0)))
		m.perf(at+2, 0, etl.GroupPerfInfo, opISR, 2, bin(madeBase+at, uint64(ntBase+0x800123), uint8(1), uint16(3), uint8(0)))
		m.perf(at+3, 1, etl.GroupDisk, 10, 3, bin(uint32(0), uint32(0x43), uint32(4096), uint32(0), uint64(512), uint64(1), uint64(0xFFFFFA8000AA0000), uint64(5), uint32(101)))
		m.perf(at+4, 0, etl.GroupPerfInfo, opSample, 2, bin(uint64(ntBase), uint32(101), uint16(1), uint16(0)))
		m.perf(at+5, 0, etl.GroupStackWalk, 32, 2, bin(madeBase+at+4, uint32(100), uint32(101), uint64(ntBase), uint64(usBase)))
		m.sys(at+6, 0, 100, 101, etl.GroupRegistry, 11, 2, bin(at, uint32(0), uint32(0), uint64(7), wide(`A\B`)))
		m.cswitch(at+7, 1, 201, 0, 2)
		m.image(at+8, opLoad, 100, usBase+uint64(i)<<20, 0x1000, 1, `\x\y.dll`)
	}
	m.process(15*ms, opStart, 100, 300, 100, 0, "new.exe", "new.exe /x")
	m.process(16*ms, opEnd, 300, 300, 100, 0, "new.exe", "")
	if err := m.w.Close(); err != nil {
		t.Fatal(err)
	}
	return m.buf.Bytes()
}

func TestDamagedTraces(t *testing.T) {
	whole := richTrace(t)
	dir := t.TempDir()
	name := filepath.Join(dir, "damaged.etl")
	try := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		survives(t, name)
	}
	try(whole)
	for _, n := range []int{0, 1, 0x47, 0x200, 1024, len(whole) / 2, len(whole) - 1} {
		try(whole[:n])
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		b := append([]byte(nil), whole...)
		for range 1 + rng.IntN(40) {
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		try(b)
	}
}

// TestDamageIsReported: what is readable comes, the rest is counted.
func TestDamageIsReported(t *testing.T) {
	m := scene(t, etl.WriterOptions{BufferSize: 4096, EventsLost: 17, BuffersLost: 2})
	for i := range int64(500) {
		m.cswitch(i*ms, uint16(i&1), 101, 201, 5)
	}
	name := m.file()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	whole := runD(t, openHost(t, name), `sched:::on-cpu { @ = count(); }`)
	if got := strings.TrimSpace(whole); got != "500" {
		t.Errorf("whole: %q events, want 500", got)
	}
	if err := os.WriteFile(name, b[:len(b)/2+100], 0o600); err != nil {
		t.Fatal(err)
	}
	h := openHost(t, name)
	out := strings.TrimSpace(runD(t, h, `sched:::on-cpu { @ = count(); }`))
	if len(out) != 3 || out < "200" || out > "300" {
		t.Errorf("half: %q events, want about 250", out)
	}
	notices := strings.Join(h.Notices(), "\n")
	for _, want := range []string{"17 events lost", "2 buffers lost", "truncated"} {
		if !strings.Contains(notices, want) {
			t.Errorf("no %q in the notices:\n%s", want, notices)
		}
	}
}

// TestClockJump: a time stamp centuries away must not fire a tick for each
// microsecond in between.
func TestClockJump(t *testing.T) {
	m := scene(t, etl.WriterOptions{})
	m.cswitch(1*ms, 0, 101, 0, 2)
	m.cswitch(1<<56, 0, 0, 101, 5)
	h := m.open()
	out := strings.TrimSpace(runD(t, h, `tick-1ms { @ = count(); }`))
	if out != "1048577" {
		t.Errorf("%s ticks, want %d and the one before", out, maxCatchUp)
	}
	if !strings.Contains(strings.Join(h.Notices(), "\n"), "firings of timers were left out") {
		t.Errorf("the notices do not tell: %q", h.Notices())
	}
}

func FuzzReplay(f *testing.F) {
	f.Add(richTrace(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "fuzz.etl")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		survives(t, name)
	})
}
