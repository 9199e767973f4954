package bootcfg

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/regf"
	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// fixtures returns the real stores by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../shared/fixtures"} {
		list, _ := filepath.Glob(filepath.Join(dir, "bcd", "*"))
		for _, f := range list {
			if b, err := os.ReadFile(f); err == nil {
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

const (
	loader1 = "{11111111-0000-0000-0000-000000000001}"
	loader2 = "{11111111-0000-0000-0000-000000000002}"
)

// makeStore gives a store with a boot manager, two loaders, and settings.
func makeStore(t testing.TB) []byte {
	t.Helper()
	h, err := regf.New("NewStoreRoot", 3, epoch)
	if err != nil {
		t.Fatal(err)
	}
	s, err := bcd.New(h)
	if err != nil {
		t.Fatal(err)
	}
	str := func(o bcd.Object, e bcd.ElementType, v string) {
		t.Helper()
		if err := o.Set(e, regf.String, regf.EncodeString(v)); err != nil {
			t.Fatal(err)
		}
	}
	add := func(id string, typ bcd.ObjectType, inherit string) bcd.Object {
		t.Helper()
		g, err := bcd.ParseGUID(id)
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Add(g, typ)
		if err != nil {
			t.Fatal(err)
		}
		if inherit != "" {
			if err := o.Set(bcd.Inherit, regf.MultiString, regf.EncodeStrings([]string{inherit})); err != nil {
				t.Fatal(err)
			}
		}
		return o
	}
	mgr := add(bcd.BootMgr.String(), bcd.TypeBootMgr, "")
	str(mgr, bcd.DefaultObject, loader1)
	add(bcd.GlobalSettings.String(), bcd.TypeInheritAny, "")
	add(bcd.BootLoaderSettings.String(), bcd.TypeInheritOSLoader, bcd.GlobalSettings.String())
	o := add(loader1, bcd.TypeOSLoader, bcd.BootLoaderSettings.String())
	str(o, bcd.Description, "Windows One")
	str(o, bcd.SystemRoot, `\Windows`)
	str(add(loader2, bcd.TypeOSLoader, bcd.BootLoaderSettings.String()), bcd.Description, "Windows Two")
	return h.Seal(epoch)
}

// write puts bytes into a new file called BCD.
func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "BCD")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// boot runs a command and returns its outcome.
func boot(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, &o, &e, regf.OS{}, func() time.Time { return epoch.Add(time.Hour) })
	return code, o.String(), e.String()
}

// enabled asks for the switch of an entry: "Yes", "No" or "not set".
func enabled(t testing.TB, path, entry string) string {
	t.Helper()
	code, out, errs := boot("get", "--store", path, "--entry", entry, "--json")
	if code != 0 {
		t.Fatalf("get: %d: %s", code, errs)
	}
	var g getJSON
	if err := json.Unmarshal([]byte(out), &g); err != nil {
		t.Fatal(err)
	}
	sw := g.Entries[0].Dtrace
	if !sw.Set {
		return "not set"
	}
	return bcd.YesNo(sw.Enabled)
}

func TestSetGetDelete(t *testing.T) {
	orig := makeStore(t)
	path := write(t, orig)
	step := func(want int, state string, args ...string) (string, string) {
		t.Helper()
		code, out, errs := boot(append(args, "--store", path)...)
		if code != want {
			t.Fatalf("%v: status %d, want %d: %s%s", args, code, want, out, errs)
		}
		if have := enabled(t, path, "default"); have != state {
			t.Fatalf("%v: switch is %s, want %s", args, have, state)
		}
		return out, errs
	}
	step(0, "not set", "get")
	step(1, "not set", "delete")
	_, w := step(0, "Yes", "set", "on")
	for _, want := range []string{"BitLocker", "upgrade", "fbt"} {
		if !strings.Contains(w, want) {
			t.Errorf("warnings of set on do not mention %s: %s", want, w)
		}
	}
	before, _ := os.ReadFile(path)
	out, w := step(0, "Yes", "set", "ON")
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) || !strings.Contains(out, "unchanged") || w != "" {
		t.Errorf("set on twice wrote the store again: %s%s", out, w)
	}
	step(0, "No", "set", "no")
	_, w = step(0, "not set", "delete")
	if !strings.Contains(w, "BitLocker") || strings.Contains(w, "upgrade") {
		t.Errorf("warnings of delete: %s", w)
	}
	if b, _ := os.ReadFile(path + ".bak"); !bytes.Equal(b, orig) {
		t.Error("the first backup is not the original")
	}
	a, _ := regf.Parse(orig)
	now, _ := os.ReadFile(path)
	b, err := regf.Parse(now)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := regf.Diff(a, b); err != nil || len(d) > 0 {
		t.Errorf("after on, off, delete the store differs: %v, %v", d, err)
	}
	if n := b.Base().Seq1 - a.Base().Seq1; n != 3 {
		t.Errorf("sequence number rose by %d, want 3", n)
	}
}

func TestEntries(t *testing.T) {
	path := write(t, makeStore(t))
	if code, out, errs := boot("set", "on", "--store", path, "--entry", "all"); code != 0 || strings.Count(out, "not set -> Yes") != 2 {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	if code, _, _ := boot("set", "off", "--entry", loader2, "--store", path); code != 0 {
		t.Fatal(code)
	}
	if a, b := enabled(t, path, loader1), enabled(t, path, loader2); a != "Yes" || b != "No" {
		t.Errorf("loaders are %s and %s, want Yes and No", a, b)
	}
	if code, _, errs := boot("delete", "--entry=all", "--store", path); code != 0 {
		t.Fatal(errs)
	}
	// Through the inherit chain.
	if code, _, errs := boot("set", "on", "--entry", "{bootloadersettings}", "--store", path); code != 0 {
		t.Fatal(errs)
	}
	code, out, _ := boot("get", "--entry", "all", "--store", path)
	if code != 0 || strings.Count(out, "dtrace                  Yes (from {bootloadersettings})") != 2 {
		t.Errorf("inherited: %d %s", code, out)
	}
	code, out, _ = boot("get", "--json", "--store", path)
	var g getJSON
	if err := json.Unmarshal([]byte(out), &g); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	want := switchJSON{Element: "0x26000145", Set: true, Enabled: true, From: bcd.BootLoaderSettings.String(), Chain: []string{loader1, bcd.BootLoaderSettings.String()}}
	if diff := cmp.Diff(want, g.Entries[0].Dtrace); diff != "" {
		t.Error(diff)
	}
}

func TestUsage(t *testing.T) {
	path := write(t, makeStore(t))
	tests := []struct {
		args string
		code int
		want string
	}{
		{"", 2, "want get, set, delete or list"},
		{"frob --store " + path, 2, `command "frob"`},
		{"get", 2, "--store FILE is missing"},
		{"set --store " + path, 2, "want on or off"},
		{"set maybe --store " + path, 2, `value "maybe"`},
		{"get extra --store " + path, 2, `unexpected argument "extra"`},
		{"get --frob", 2, "frob"},
		{"get --store " + path + ".none", 1, "no such file"},
		{"get --store " + filepath.Dir(path), 1, "not a regular file"},
		{"get --entry current --store " + path, 1, "running system"},
		{"get --entry nonsense --store " + path, 1, `entry "nonsense"`},
		{"get --entry {22222222-0000-0000-0000-000000000001} --store " + path, 1, "not found"},
		{"get --entry bootmgr --store " + path, 1, "only in OS loaders"},
		{"set on --entry bootmgr --store " + path, 1, "only in OS loaders"},
		{"set on --entry {globalsettings} --store " + path, 1, "only in OS loaders"},
		{"delete --entry all --store " + path, 1, "none of the 2 entries"},
	}
	before, _ := os.ReadFile(path)
	for _, tt := range tests {
		code, out, errs := boot(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(errs, tt.want) || out != "" {
			t.Errorf("%s: %d, %q, %q, want %d, %q", tt.args, code, out, errs, tt.code, tt.want)
		}
		if strings.Count(errs, "\n") != 1 && code != 2 {
			t.Errorf("%s: error is not one line: %q", tt.args, errs)
		}
	}
	if code, out, _ := boot("--help"); code != 0 || !strings.Contains(out, "usage: dtrace boot get") {
		t.Errorf("help: %d %s", code, out)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("a refused command changed the store")
	}
	code, out, _ := boot("get", "--json", "--entry", "current", "--store", path)
	if code != 1 || !strings.Contains(out, `"error": "entry {current}`) {
		t.Errorf("error as JSON: %d %s", code, out)
	}
}

func TestDryRun(t *testing.T) {
	b := makeStore(t)
	path := write(t, b)
	code, out, errs := boot("set", "on", "--dry-run", "--store", path)
	if code != 0 || !strings.Contains(out, "dry run") || !strings.Contains(errs, "BitLocker") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	onlyFile(t, path, b)
}

// onlyFile holds that the store has these bytes and nothing is beside it.
func onlyFile(t *testing.T, path string, want []byte) {
	t.Helper()
	if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, want) {
		t.Errorf("the store changed (%v)", err)
	}
	list, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range list {
		if e.Name() != filepath.Base(path) {
			t.Errorf("%s is beside the store", e.Name())
		}
	}
}

func TestDirty(t *testing.T) {
	b := makeStore(t)
	d := bytes.Clone(b)
	d[4]++ // primary sequence number
	c := regf.Checksum(d)
	d[508], d[509], d[510], d[511] = byte(c), byte(c>>8), byte(c>>16), byte(c>>24)
	path := write(t, d)
	for _, cmd := range [][]string{{"set", "on"}, {"delete"}} {
		code, _, errs := boot(append(cmd, "--store", path)...)
		if code != 1 || !strings.Contains(errs, "dirty") || !strings.Contains(errs, "refused") {
			t.Errorf("%v: %d %s", cmd, code, errs)
		}
		onlyFile(t, path, d)
	}
	code, out, errs := boot("get", "--store", path)
	if code != 0 || !strings.Contains(errs, "dirty") || !strings.Contains(out, "not set") {
		t.Errorf("get: %d %s%s", code, out, errs)
	}
	// A checksum that does not hold is the same.
	d = bytes.Clone(b)
	d[60] ^= 1
	path = write(t, d)
	if code, _, errs := boot("set", "on", "--store", path); code != 1 || !strings.Contains(errs, "checksum") {
		t.Errorf("checksum: %d %s", code, errs)
	}
	onlyFile(t, path, d)
}

// TestDirtyReal puts a real store back to the state before a log that Windows left, with the log
// beside it: the log is replayed, then the switch is set.
func TestDirtyReal(t *testing.T) {
	fix := fixtures(t)
	d := bytes.Clone(fix["BCD_asus"])
	if d == nil || fix["BCD_asus.LOG"] == nil {
		t.Skip("BCD_asus is not among the fixtures")
	}
	d[4], d[5], d[8], d[9] = 0x2C, 1, 0x2B, 1
	c := regf.Checksum(d)
	d[508], d[509], d[510], d[511] = byte(c), byte(c>>8), byte(c>>16), byte(c>>24)
	path := write(t, d)
	os.WriteFile(path+".LOG", fix["BCD_asus.LOG"], 0o600)
	os.WriteFile(path+".LOG1", nil, 0o600)
	code, out, errs := boot("get", "--store", path, "--entry", "all")
	if code != 0 || !strings.Contains(errs, "replayed sequence 300 of BCD.LOG") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	code, out, errs = boot("set", "on", "--store", path, "--entry", "all")
	if code != 0 {
		// The rest of this store is newer than its log; what comes out of the replay may not fit.
		if !strings.Contains(errs, "damaged hive") {
			t.Fatalf("%d %s%s", code, out, errs)
		}
		have, _ := os.ReadFile(path)
		if !bytes.Equal(have, d) {
			t.Error("refused, and yet changed")
		}
		t.Skipf("the mixed state is refused, rightly: %s", errs)
	}
	if b, _ := os.ReadFile(path + ".bak"); !bytes.Equal(b, d) {
		t.Error("the backup is not the dirty store")
	}
	l, err := regf.Load(regf.OS{}, path)
	if err != nil || l.Recovery.Dirty || l.Hive.Base().Seq1 != 301 {
		t.Errorf("%v, %+v, sequence %d", err, l.Recovery, l.Hive.Base().Seq1)
	}
}

// TestFixtures sets the switch in every loader of the real stores, and asks hivex.
func TestFixtures(t *testing.T) {
	for name, b := range fixtures(t) {
		if strings.HasSuffix(name, ".LOG") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			path := write(t, b)
			code, out, errs := boot("list", "--store", path)
			if code != 0 || !strings.Contains(out, "Windows Boot Manager") || strings.Contains(errs, "warning") {
				t.Fatalf("list: %d %s%s", code, out, errs)
			}
			code, out, errs = boot("list", "--json", "--store", path)
			var l listJSON
			if err := json.Unmarshal([]byte(out), &l); err != nil || code != 0 || len(l.Objects) == 0 {
				t.Fatalf("list --json: %d %v %s", code, err, errs)
			}
			code, out, errs = boot("set", "on", "--entry", "all", "--store", path)
			if code != 0 {
				t.Fatalf("set: %d %s%s", code, out, errs)
			}
			n := strings.Count(out, "not set -> Yes")
			code, out, _ = boot("list", "--store", path)
			if code != 0 || strings.Count(out, "\ndtrace                  Yes\n") != n || n == 0 {
				t.Errorf("list shows %d of %d switches:\n%s", strings.Count(out, "\ndtrace "), n, out)
			}
			for _, o := range l.Objects {
				if o.Type == "0x10200003" {
					hivexSays(t, path, o.ID, "01")
				}
			}
			if code, _, errs := boot("delete", "--entry", "all", "--store", path); code != 0 {
				t.Fatal(errs)
			}
			old, _ := regf.Parse(b)
			now, _ := os.ReadFile(path)
			h, err := regf.Parse(now)
			if err != nil {
				t.Fatal(err)
			}
			if d, err := regf.Diff(old, h); err != nil || len(d) > 0 || h.Fatal() != nil {
				t.Errorf("after set and delete: %v %v %v", d, err, h.Check())
			}
		})
	}
}

// hivexSays reads the element of an object with hivexsh.
func hivexSays(t *testing.T, path, id, want string) {
	t.Helper()
	if _, err := exec.LookPath("hivexsh"); err != nil {
		t.Log("hivexsh is not installed (Debian package libhivex-bin): not asked")
		return
	}
	cmd := exec.Command("hivexsh", path)
	cmd.Stdin = strings.NewReader(`cd \Objects\` + id + `\Elements\26000145` + "\nlsval\n")
	out, err := cmd.CombinedOutput()
	if have := strings.TrimSpace(string(out)); err != nil || have != `"Element"=hex(3):`+want {
		t.Errorf("hivexsh reads %q, %v, want %s", have, err, want)
	}
}

// TestMangled runs set on stores mangled at random: it must fail and leave the bytes alone, or
// give a store that reads back sound with the switch on.
func TestMangled(t *testing.T) {
	seeds := [][]byte{makeStore(t)}
	t.Run("fixtures", func(t *testing.T) {
		for _, n := range []string{"BCDfresh", "BCD_windeploy", "regipy_BCD"} {
			if b := fixtures(t)[n]; b != nil {
				seeds = append(seeds, b)
			}
		}
	})
	n := 400
	if testing.Short() {
		n = 80
	}
	set, refused := 0, 0
	for i := 0; i < n; i++ {
		rnd := rand.New(rand.NewSource(int64(i)))
		b := bytes.Clone(seeds[i%len(seeds)])
		for j := 1 + rnd.Intn(4); j > 0; j-- {
			at := rnd.Intn(len(b))
			switch rnd.Intn(4) {
			case 0:
				b[at] ^= 1 << rnd.Intn(8)
			case 1:
				b[at] = byte(rnd.Intn(256))
			case 2:
				copy(b[at&^3:], []byte{0xFF, 0xFF, 0xFF, 0xFF})
			case 3:
				b = b[:len(b)-rnd.Intn(200)]
			}
		}
		path := write(t, b)
		code, out, errs := boot("set", "on", "--store", path)
		boot("list", "--store", path)
		boot("get", "--store", path, "--json")
		if code != 0 {
			refused++
			onlyFile(t, path, b)
			if code != 1 || errs == "" {
				t.Errorf("seed %d: %d %s%s", i, code, out, errs)
			}
			continue
		}
		set++
		now, _ := os.ReadFile(path)
		h, err := regf.Parse(now)
		if err != nil || h.Fatal() != nil || h.Base().Dirty() {
			t.Fatalf("seed %d: store written is not sound: %v %v", i, err, h.Check())
		}
		if have := enabled(t, path, "default"); have != "Yes" {
			t.Errorf("seed %d: switch is %s", i, have)
		}
	}
	if set == 0 || refused == 0 {
		t.Errorf("%d set, %d refused: the test does not reach both", set, refused)
	}
	t.Logf("%d set, %d refused", set, refused)
}

// TestMain makes the test binary usable as the command, for TestKill.
func TestMain(m *testing.M) {
	if args := os.Getenv("BOOTCFG_TEST_LOOP"); args != "" {
		for i := 0; ; i++ {
			if code := Main([]string{"set", []string{"on", "off"}[i%2], "--store", args}, os.Stdout, os.Stderr); code != 0 {
				os.Exit(code)
			}
		}
	}
	os.Exit(m.Run())
}

// TestKill kills a process that sets the switch on and off without end, at random moments. The
// store must be sound after each, and its content one of the two.
func TestKill(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "BCD")
	if err := os.WriteFile(path, makeStore(t), 0o600); err != nil {
		t.Fatal(err)
	}
	var base *regf.Hive
	n := 25
	if testing.Short() {
		n = 5
	}
	rnd := rand.New(rand.NewSource(time.Now().UnixNano()))
	wrote := uint32(0)
	// A busy machine needs longer before the writer has written at all.
	patience := 60
	for i := 0; i < n || wrote < 10 && i < 10*n; i++ {
		if i >= n {
			patience *= 2
		}
		patience = min(patience, 2000)
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "BOOTCFG_TEST_LOOP="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rnd.Intn(patience)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		h, err := regf.Parse(b)
		if err != nil || h.Fatal() != nil || h.Base().Dirty() {
			t.Fatalf("round %d: the store is neither old nor new: %v", i, err)
		}
		s, err := bcd.Open(h)
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Default()
		if err != nil {
			t.Fatal(err)
		}
		if e, err := o.Element(bcd.DtraceEnabled); err == nil {
			if _, err := e.Bool(); err != nil || len(e.Raw.Data) != 1 {
				t.Fatalf("round %d: element % x", i, e.Raw.Data)
			}
			o.Delete(bcd.DtraceEnabled)
		}
		if base == nil {
			base, _ = regf.Parse(makeStore(t))
		}
		if d, err := regf.Diff(base, h); err != nil || len(d) > 0 {
			t.Fatalf("round %d: the store differs in more than the switch: %v %v", i, d, err)
		}
		wrote = h.Base().Seq1
		for _, f := range list(t, dir) { // thousands of backups would slow the next rounds
			if strings.Contains(f, ".bak") {
				os.Remove(filepath.Join(dir, f))
			}
		}
	}
	if wrote < 10 {
		t.Errorf("only %d writes happened: the kills hit nothing", wrote)
	}
	t.Logf("%d writes, %d kills", wrote, n)
	// What killed writers left goes with the next write.
	if code, _, errs := boot("set", "on", "--store", path); code != 0 {
		t.Fatal(errs)
	}
	if code, _, errs := boot("set", "off", "--store", path); code != 0 {
		t.Fatal(errs)
	}
	for _, f := range list(t, dir) {
		if strings.Contains(f, "tmp") {
			t.Errorf("%s is left over", f)
		}
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	names, err := regf.OS{}.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestSymlink: the file behind a link is replaced, and the link stays.
func TestSymlink(t *testing.T) {
	path := write(t, makeStore(t))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	if code, _, errs := boot("set", "on", "--store", link); code != 0 {
		t.Fatal(errs)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if enabled(t, path, "default") != "Yes" {
		t.Error("the file behind the link was not changed")
	}
}

func ExampleMain() {
	fmt.Println(Main([]string{"get"}, os.Stdout, new(bytes.Buffer)))
	// Output: 2
}
