package pdb

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func fixture(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
		p := filepath.Join(dir, "pdb", name)
		if _, err := os.Stat(p); dir != "" && err == nil {
			return p
		}
	}
	t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds pdb/")
	return ""
}

func openPDB(t testing.TB, name string) *File {
	t.Helper()
	f, err := Open(fixture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// symFile is what another program read from a database.
type symFile struct {
	key     string
	files   map[int]string
	funcs   map[uint32]symFunc
	publics map[uint32]string
	lines   []symLine
}

type symFunc struct {
	size uint32
	name string
}

type symLine struct {
	rva, size, line uint32
	file            string
}

func hex32(s string) uint32 {
	n, _ := strconv.ParseUint(s, 16, 32)
	return uint32(n)
}

func readSym(t *testing.T, name string) symFile {
	t.Helper()
	f, err := os.Open(fixture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := symFile{files: map[int]string{}, funcs: map[uint32]symFunc{}, publics: map[uint32]string{}}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := strings.TrimRight(sc.Text(), "\r\n")
		w := strings.Fields(line)
		if len(w) < 3 {
			continue
		}
		switch w[0] {
		case "MODULE":
			s.key = w[3]
		case "FILE":
			n, _ := strconv.Atoi(w[1])
			s.files[n] = strings.SplitN(line, " ", 3)[2]
		case "INFO", "STACK":
		case "FUNC", "PUBLIC":
			if w[1] == "m" {
				w = append(w[:1], w[2:]...)
				line = strings.Replace(line, " m ", " ", 1)
			}
			if w[0] == "FUNC" {
				s.funcs[hex32(w[1])] = symFunc{hex32(w[2]), strings.SplitN(line, " ", 5)[4]}
			} else {
				s.publics[hex32(w[1])] = strings.SplitN(line, " ", 4)[3]
			}
		default:
			n, _ := strconv.Atoi(w[3])
			l, _ := strconv.Atoi(w[2])
			s.lines = append(s.lines, symLine{hex32(w[0]), hex32(w[1]), uint32(l), s.files[n]})
		}
	}
	return s
}

// sameName compares a name with what the oracle shows, which leaves out an
// underscore and may add storage and return type.
func sameName(have, want string) bool {
	have, want = bare(have), bare(want)
	have = strings.TrimPrefix(have, "_")
	return strings.HasSuffix(want, have) || strings.HasSuffix(have, strings.TrimPrefix(want, "static"))
}

// bare cuts parameters and template arguments' spaces off a name, as the oracle
// shows some names with and some without them.
func bare(s string) string {
	depth := 0
	for i, c := range s {
		switch c {
		case '<':
			depth++
		case '>':
			depth--
		case '(':
			if depth <= 0 && i > 0 && !strings.HasSuffix(s[:i], "operator") {
				s = s[:i]
				return strings.ReplaceAll(s, " ", "")
			}
		}
	}
	return strings.ReplaceAll(s, " ", "")
}

func TestOracle(t *testing.T) {
	for _, tt := range []struct{ pdb, sym, image string }{
		{"breakpad_dump_syms_regtest64.pdb", "breakpad_dump_syms_regtest64.sym", "breakpad_dump_syms_regtest64.exe"},
		{"symbolic_CrashWithException.pdb", "symbolic_CrashWithException.pdb.sym", "symbolic_CrashWithException.exe"},
	} {
		f := openPDB(t, tt.pdb)
		want := readSym(t, tt.sym)
		if have := f.Info().Key(); have != want.key {
			t.Errorf("%s: key %s, want %s", tt.pdb, have, want.key)
		}
		code, err := f.Functions()
		if err != nil {
			t.Fatal(err)
		}
		byRVA := map[uint32]Symbol{}
		for _, s := range code {
			byRVA[s.RVA] = s
		}
		sizes, names := 0, 0
		for rva, w := range want.funcs {
			s, ok := byRVA[rva]
			if !ok {
				t.Errorf("%s: no function at %#x, want %s", tt.pdb, rva, w.name)
				continue
			}
			if s.Size != w.size && s.Size != 0 {
				sizes++
			}
			if s.Kind == Procedure && !sameName(s.Name, w.name) {
				// Functions that the linker folded into one have several names.
				if !folded(f, rva, w.name) {
					names++
					t.Logf("%s: %#x is %s, want %s", tt.pdb, rva, s.Name, w.name)
				}
			}
		}
		if sizes*50 > len(want.funcs) || names*20 > len(want.funcs) || len(want.funcs) < 60 {
			t.Errorf("%s: of %d functions %d sizes and %d names differ", tt.pdb, len(want.funcs), sizes, names)
		}
		for rva, w := range want.publics {
			if s, ok := byRVA[rva]; !ok {
				t.Errorf("%s: no public at %#x, want %s", tt.pdb, rva, w)
			} else if s.Kind == Public && strings.TrimPrefix(s.Name, "_") != strings.TrimPrefix(w, "_") && !strings.HasPrefix(s.Name, "?") {
				t.Logf("%s: public %s, want %s", tt.pdb, s.Name, w)
			}
		}
		wrong := 0
		for _, w := range want.lines {
			if w.size == 0 {
				continue // another line at the same address follows
			}
			l, ok := f.Line(w.rva)
			if !ok || l.Line != w.line || !strings.EqualFold(l.File, w.file) {
				wrong++
				if wrong < 5 {
					t.Logf("%s: line at %#x is %s:%d (%v), want %s:%d", tt.pdb, w.rva, l.File, l.Line, ok, w.file, w.line)
				}
			}
		}
		if wrong*50 > len(want.lines) || len(want.lines) < 100 {
			t.Errorf("%s: %d of %d lines differ", tt.pdb, wrong, len(want.lines))
		}
		b, err := os.ReadFile(fixture(t, tt.image))
		if err != nil {
			t.Fatal(err)
		}
		im, err := ReadImage(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if im.PDBKey() != f.Info().Key() || im.PointerSize != 8 || !strings.Contains(strings.ToLower(im.PDB), ".pdb") {
			t.Errorf("%s: image %+v", tt.image, im)
		}
		secs, err := f.Sections()
		if err != nil || len(secs) != len(im.Sections) || secs[0] != im.Sections[0] {
			t.Errorf("%s: sections %v, want %v (%v)", tt.pdb, secs, im.Sections, err)
		}
	}
}

func folded(f *File, rva uint32, name string) bool {
	all, _ := f.Symbols()
	for _, s := range all {
		if s.RVA == rva && sameName(s.Name, name) {
			return true
		}
	}
	return false
}

func TestTypes(t *testing.T) {
	for _, name := range []string{"syzygy_test_types_x64.dll.pdb", "breakpad_dump_syms_regtest64.pdb", "symbolic_CrashWithException.pdb"} {
		f := openPDB(t, name)
		ts, err := f.Types()
		if err != nil {
			t.Fatal(err)
		}
		structs, members := 0, 0
		ts.Range(func(i TypeIndex) bool {
			ty := ts.Type(i)
			ts.Name(i)
			if ty.Kind == KindStruct && !ty.Forward {
				structs++
				for _, m := range ty.Fields {
					members++
					if !m.Static && ts.Type(m.Type).Kind != KindBitfield && m.Offset+ts.Size(m.Type) > ty.Size && ty.Size > 0 && ts.Size(m.Type) > 1 {
						t.Errorf("%s: %s.%s at %d of %d bytes, the struct has %d", name, ty.Name, m.Name, m.Offset, ts.Size(m.Type), ty.Size)
					}
				}
			}
			return true
		})
		t.Logf("%s: %d types, %d structs, %d members", name, ts.Count(), structs, members)
		if structs < 10 || members < 50 {
			t.Errorf("%s: %d structs with %d members", name, structs, members)
		}
	}
}

// The exports of an image are its public functions.
func TestExports(t *testing.T) {
	b, err := os.ReadFile(fixture(t, "syzygy_test_types_x64.dll"))
	if err != nil {
		t.Fatal(err)
	}
	im, err := ReadImage(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f := openPDB(t, "syzygy_test_types_x64.dll.pdb")
	if im.PDBKey() != f.Info().Key() {
		t.Errorf("image wants %s, the database is %s", im.PDBKey(), f.Info().Key())
	}
	for _, e := range im.Exports {
		s, ok := f.Lookup(e.RVA)
		if !ok || s.RVA != e.RVA {
			t.Errorf("export %+v is %+v in the database", e, s)
		}
		if have, ok := im.Lookup(e.RVA + 1); !ok || have.RVA != e.RVA {
			t.Errorf("Lookup(%#x) = %+v, want %+v", e.RVA+1, have, e)
		}
	}
	t.Logf("%d exports", len(im.Exports))
}

func TestOmap(t *testing.T) {
	m := []omap{{0x1000, 0x5000}, {0x1100, 0}, {0x1200, 0x2000}}
	for _, tt := range []struct {
		rva, want uint32
		ok        bool
	}{{0xFFF, 0, false}, {0x1000, 0x5000, true}, {0x10FF, 0x50FF, true}, {0x1100, 0, false}, {0x1234, 0x2034, true}} {
		if have, ok := translate(m, tt.rva); have != tt.want || ok != tt.ok {
			t.Errorf("translate(%#x) = %#x, %v, want %#x, %v", tt.rva, have, ok, tt.want, tt.ok)
		}
	}
	if have, ok := translate(nil, 7); have != 7 || !ok {
		t.Errorf("without a map: %d, %v", have, ok)
	}
}

// use calls everything, for mangled files.
func use(f *File) {
	f.Symbols()
	f.Modules()
	f.Sections()
	f.Lookup(0x1000)
	f.Line(0x1010)
	f.Lines()
	f.DecoratedName(0x1000)
	if ts, err := f.Types(); err == nil {
		n := 0
		ts.Range(func(i TypeIndex) bool {
			ts.Name(i)
			ts.Size(i)
			ts.Resolve(i)
			n++
			return n < 500
		})
	}
}

func TestMangled(t *testing.T) {
	b, err := os.ReadFile(fixture(t, "syzygy_test_types_x64.dll.pdb"))
	if err != nil {
		t.Fatal(err)
	}
	rnd := uint32(1)
	next := func(n int) int {
		rnd = rnd*1664525 + 1013904223
		return int(rnd>>8) % n
	}
	opened := 0
	for i := range 150 {
		c := append([]byte(nil), b...)
		for range 1 + i%20 {
			c[next(len(c))] = byte(next(256))
		}
		if i%4 == 0 {
			c = c[:next(len(c))]
		}
		if f, err := New(bytes.NewReader(c), int64(len(c))); err == nil {
			opened++
			use(f)
		}
	}
	if opened < 50 {
		t.Errorf("%d of 150 mangled files opened", opened)
	}
}

func FuzzNew(f *testing.F) {
	f.Add([]byte(msfMagic))
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), "../../../shared/fixtures"} {
		if b, err := os.ReadFile(filepath.Join(dir, "pdb", "syzygy_test_types_x64.dll.pdb")); err == nil {
			f.Add(b)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "pdb", "syzygy_test_types_x64.dll")); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ReadImage(bytes.NewReader(b), int64(len(b)))
		if p, err := New(bytes.NewReader(b), int64(len(b))); err == nil {
			use(p)
		}
	})
}
