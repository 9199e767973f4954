package bcd

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/format/regf"
	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

func fixtures(t testing.TB) map[string]*Store {
	t.Helper()
	out := map[string]*Store{}
	for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
		list, _ := filepath.Glob(filepath.Join(dir, "bcd", "*"))
		for _, f := range list {
			b, err := os.ReadFile(f)
			if err != nil || strings.HasSuffix(f, ".LOG") {
				continue
			}
			h, err := regf.Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Open(h)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			out[filepath.Base(f)] = s
		}
		if len(out) > 0 {
			return out
		}
	}
	t.Skip("no real BCD stores: set DTRACE_FIXTURES to a directory with bcd/")
	return nil
}

func newStore(t testing.TB) *Store {
	t.Helper()
	h, err := regf.New("NewStoreRoot", 3, epoch)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(h)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func add(t testing.TB, s *Store, id GUID, typ ObjectType, inherit ...GUID) Object {
	t.Helper()
	o, err := s.Add(id, typ)
	if err != nil {
		t.Fatal(err)
	}
	if len(inherit) > 0 {
		var list []string
		for _, g := range inherit {
			list = append(list, g.String())
		}
		if err := o.Set(Inherit, regf.MultiString, regf.EncodeStrings(list)); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func id(n int) GUID { return mustGUID(fmt.Sprintf("00000000-0000-0000-0000-%012x", n)) }

func TestGUID(t *testing.T) {
	g, err := ParseGUID("{9DEA862C-5CDD-4E70-ACC1-F32B344D4795}")
	if err != nil || g != BootMgr {
		t.Errorf("have %v, %v", g, err)
	}
	if have := hex.EncodeToString(g[:]); have != "2c86ea9ddd5c704eacc1f32b344d4795" {
		t.Errorf("bytes %s", have)
	}
	if g.String() != "{9dea862c-5cdd-4e70-acc1-f32b344d4795}" || g.Alias() != "{bootmgr}" {
		t.Errorf("have %s %s", g, g.Alias())
	}
	for _, bad := range []string{"", "{}", "{", "9dea862c", "{9dea862c-5cdd-4e70-acc1-f32b344d479}", "{9dea862c-5cdd-4e70-acc1-f32b344d479g}",
		"{9dea862c+5cdd-4e70-acc1-f32b344d4795}", "9dea862c-5cdd-4e70-acc1-f32b344d4795}", "{-------------------------------------}"} {
		if g, err := ParseGUID(bad); err == nil {
			t.Errorf("ParseGUID(%q) = %s", bad, g)
		}
	}
}

// TestNamesByType: one number means different things in different objects.
func TestNamesByType(t *testing.T) {
	tests := []struct {
		t    ElementType
		obj  ObjectType
		want string
	}{
		{0x26000145, TypeOSLoader, "dtrace"},
		{0x26000145, TypeInheritOSLoader, "dtrace"},
		{0x26000145, TypeBootMgr, "custom:26000145"},
		{0x26000145, TypeResume, "custom:26000145"},
		{0x26000145, TypeInheritAny, "custom:26000145"},
		{0x26000145, TypeDevice, "custom:26000145"},
		{0x23000003, TypeBootMgr, "default"},
		{0x23000003, TypeOSLoader, "resumeobject"},
		{0x22000002, TypeOSLoader, "systemroot"},
		{0x22000002, TypeResume, "filepath"},
		{0x25000008, TypeResume, "bootmenupolicy"},
		{0x250000C2, TypeOSLoader, "bootmenupolicy"},
		{0x25000001, TypeMemDiag, "passcount"},
		{0x12000004, TypeDevice, "description"},
		{0x31000003, TypeDevice, "ramdisksdidevice"},
		{0x46000010, TypeOSLoader, "custom:46000010"},
	}
	for _, tt := range tests {
		if have := tt.t.Name(tt.obj); have != tt.want {
			t.Errorf("name of %08x in %08x is %q, want %q", uint32(tt.t), uint32(tt.obj), have, tt.want)
		}
		if back, err := ElementByName(tt.obj, tt.want); err != nil || back != tt.t {
			t.Errorf("ElementByName(%08x, %q) = %08x, %v", uint32(tt.obj), tt.want, uint32(back), err)
		}
	}
	if _, err := ElementByName(TypeBootMgr, "dtrace"); err == nil {
		t.Error("dtrace is known in a boot manager")
	}
	if e, err := ElementByName(TypeOSLoader, "0x26000145"); err != nil || e != DtraceEnabled {
		t.Errorf("by number: %08x, %v", uint32(e), err)
	}
}

func TestTables(t *testing.T) {
	for name, list := range map[string][]named{"library": libraryNames, "bootmgr": bootMgrNames, "osloader": osLoaderNames,
		"resume": resumeNames, "memdiag": memDiagNames, "legacy": legacyNames, "device": deviceNames} {
		nums, names := map[ElementType]bool{}, map[string]bool{}
		class := map[string]int{"library": 1, "device": 3}[name]
		if class == 0 {
			class = 2
		}
		for _, n := range list {
			if nums[n.t] || names[n.name] {
				t.Errorf("%s: %08x %s is there twice", name, uint32(n.t), n.name)
			}
			nums[n.t], names[n.name] = true, true
			if n.t.Class() != class || n.t.Format() < 1 || n.t.Format() > 8 || n.name != strings.ToLower(n.name) {
				t.Errorf("%s: %08x %s has class %d and format %v", name, uint32(n.t), n.name, n.t.Class(), n.t.Format())
			}
		}
	}
}

func TestValues(t *testing.T) {
	show := GUID.String
	bin := func(s string) regf.Value {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return regf.Value{Type: regf.Binary, Data: b}
	}
	str := func(s string) regf.Value { return regf.Value{Type: regf.String, Data: regf.EncodeString(s)} }
	tests := []struct {
		t    ElementType
		v    regf.Value
		want string
	}{
		{DtraceEnabled, bin("01"), "Yes"},
		{DtraceEnabled, bin("00"), "No"},
		{DtraceEnabled, bin(""), "reg_binary:"},
		{DtraceEnabled, str("1"), "reg_sz:31000000"},
		{0x25000020, bin("0300000000000000"), "AlwaysOn"},
		{0x25000020, bin("0900000000000000"), "9"},
		{0x25000004, bin("1e00000000000000"), "30"},
		{0x25000004, bin("1e"), "30"},
		{0x25000004, bin("000000000000000000"), "reg_binary:000000000000000000"},
		{0x15000012, bin("00f8030000000000"), "0x3f800"},
		{0x17000077, bin("75000015000000000000000000000000"), "0x15000075|0x0"},
		{0x17000077, bin("750000"), "reg_binary:750000"},
		{0x12000004, str("Windows 10"), "Windows 10"},
		{0x23000003, str("{9DEA862C-5CDD-4E70-ACC1-F32B344D4795}"), "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"},
		{0x23000003, str("nonsense"), "reg_sz:6e006f006e00730065006e00730065000000"},
		{0x24000001, regf.Value{Type: regf.MultiString, Data: regf.EncodeStrings([]string{BootMgr.String(), MemDiag.String()})},
			BootMgr.String() + "|" + MemDiag.String()},
		{0x11000001, bin("00000000000000000000000000000000 05000000 00000000 48000000 00000000" + strings.Repeat("00", 56)), "boot"},
		{0x11000001, bin("0000"), "reg_binary:0000"},
		{0x28000001, bin("abcd"), "reg_binary:abcd"},
	}
	for _, tt := range tests {
		have := strings.Join(Element{tt.t, tt.v}.Lines(TypeOSLoader, show), "|")
		if have != tt.want {
			t.Errorf("%08x % x: %q, want %q", uint32(tt.t), tt.v.Data, have, tt.want)
		}
	}
}

func TestParseBool(t *testing.T) {
	for _, s := range []string{"on", "YES", "True", "1"} {
		if v, err := ParseBool(s); err != nil || !v {
			t.Errorf("%q: %v, %v", s, v, err)
		}
	}
	for _, s := range []string{"off", "No", "FALSE", "0"} {
		if v, err := ParseBool(s); err != nil || v {
			t.Errorf("%q: %v, %v", s, v, err)
		}
	}
	if _, err := ParseBool("maybe"); err == nil {
		t.Error("maybe is a boolean")
	}
}

func TestDevices(t *testing.T) {
	head := strings.Repeat("00", 16)
	part := "06000000 00000000 48000000 00000000"
	tests := []struct{ name, hex, want string }{
		{"gpt", head + part + "03e1e024c29b7e47a5e23e42d2bb134f 00000000 00000000 97536e371f7d4f4ea6685a62c1269e60" + head,
			"partition=gpt:{376e5397-7d1f-4e4f-a668-5a62c1269e60}:{24e0e103-9bc2-477e-a5e2-3e42d2bb134f}"},
		{"mbr", head + part + "00001000000000000000000000000000 00000000 01000000 bb6bbadd 000000000000000000000000" + head,
			"partition=mbr:ddba6bbb:0x100000"},
		{"raw", head + part + head + "00000000 02000000" + head + head, "partition=raw"},
		{"locate", head + "08000000 00000000 1e000000 00000000 00000000 02000012 00000000 0000", "locate=custom:12000002"},
		{"locate path", head + "08000000 00000000 24000000 00000000 01000000 00000000 00000000 5c00 6100 6200 0000", `locate=\ab`},
		{"ramdisk", "e03455ae24a96c46b836758539a3ee3a 00000000 01000000 9a000000 00000000 03000000 0000000000000000 0000000000000000 00000000 01000000 72000000 05000000" +
			part + "00001000000000000000000000000000 00000000 01000000 a44d2336 000000000000000000000000" + head +
			"5c0062006f006f0074005c0062006f006f0074002e00770069006d000000",
			`ramdisk=[partition=mbr:36234da4:0x100000]\boot\boot.wim,{ae5534e0-a924-466c-b836-758539a3ee3a}`},
		{"other", head + "09000000 00000000 10000000 00000000", "unknown (type 9)"},
	}
	for _, tt := range tests {
		b, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
		if err != nil {
			t.Fatal(tt.name, err)
		}
		d, err := ParseDevice(b)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, d, tt.want)
		}
		for n := range b { // every cut is refused or read, never a panic
			ParseDevice(b[:n])
		}
	}
}

func FuzzDevice(f *testing.F) {
	f.Add(make([]byte, 88))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := ParseDevice(b); err == nil && d.String() == "" {
			t.Error("device without a text")
		}
	})
}

func TestEffective(t *testing.T) {
	s := newStore(t)
	add(t, s, GlobalSettings, TypeInheritAny)
	add(t, s, HypervisorSettings, TypeInheritOSLoader)
	bl := add(t, s, BootLoaderSettings, TypeInheritOSLoader, GlobalSettings, HypervisorSettings)
	resume := add(t, s, ResumeLoaderSettings, TypeInheritResume)
	cyc := add(t, s, id(9), TypeInheritOSLoader, id(10), BootLoaderSettings)
	add(t, s, id(10), TypeInheritOSLoader, id(9))
	o := add(t, s, id(1), TypeOSLoader, ResumeLoaderSettings, id(77), id(9))
	_ = cyc
	if _, err := s.Effective(o, DtraceEnabled); !errors.Is(err, regf.ErrNotFound) {
		t.Fatalf("nobody has it: %v", err)
	}
	if err := resume.SetBool(DtraceEnabled, true); err != nil { // means something else there
		t.Fatal(err)
	}
	f, err := s.Effective(o, DtraceEnabled)
	if !errors.Is(err, regf.ErrNotFound) {
		t.Errorf("element of another application's settings counts: %+v", f)
	}
	if notes := strings.Join(f.Notes, "|"); !strings.Contains(notes, "another application") || !strings.Contains(notes, id(77).String()) {
		t.Errorf("notes %q", notes)
	}
	hv, _ := s.Object(HypervisorSettings)
	if err := hv.SetBool(DtraceEnabled, true); err != nil {
		t.Fatal(err)
	}
	f, err = s.Effective(o, DtraceEnabled)
	if err != nil || f.From.ID != HypervisorSettings {
		t.Fatalf("have %v, %v, want from {hypervisorsettings}", f.From.ID, err)
	}
	if diff := cmp.Diff([]GUID{id(1), id(9), BootLoaderSettings, HypervisorSettings}, f.Chain); diff != "" {
		t.Errorf("chain: %s", diff)
	}
	if err := bl.SetBool(DtraceEnabled, false); err != nil {
		t.Fatal(err)
	}
	if f, _ = s.Effective(o, DtraceEnabled); f.From.ID != BootLoaderSettings {
		t.Errorf("nearer settings do not win: %v", f.From.ID)
	}
	if err := o.SetBool(DtraceEnabled, true); err != nil {
		t.Fatal(err)
	}
	if f, _ = s.Effective(o, DtraceEnabled); f.From.ID != o.ID {
		t.Errorf("own element does not win: %v", f.From.ID)
	}
	// Library elements come from anybody's settings.
	if err := resume.SetBool(TestSigning, true); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Effective(o, TestSigning); err != nil || f.From.ID != ResumeLoaderSettings {
		t.Errorf("library element: %v, %v", f.From.ID, err)
	}
	if err := s.Hive().Fatal(); err != nil {
		t.Error(err)
	}
}

func TestSetDelete(t *testing.T) {
	s := newStore(t)
	o := add(t, s, id(1), TypeOSLoader)
	if err := o.Delete(DtraceEnabled); !errors.Is(err, regf.ErrNotFound) {
		t.Errorf("delete what is not there: %v", err)
	}
	for _, on := range []bool{true, false, true} {
		if err := o.SetBool(DtraceEnabled, on); err != nil {
			t.Fatal(err)
		}
		e, err := o.Element(DtraceEnabled)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := e.Bool(); err != nil || v != on || len(e.Raw.Data) != 1 || e.Raw.Type != regf.Binary {
			t.Errorf("%v: %v, %v, % x", on, v, err, e.Raw.Data)
		}
	}
	if err := o.SetBool(Description, true); err == nil {
		t.Error("set a string element to a boolean")
	}
	if err := o.Delete(DtraceEnabled); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Element(DtraceEnabled); !errors.Is(err, regf.ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
}

func TestFind(t *testing.T) {
	s := newStore(t)
	mgr := add(t, s, BootMgr, TypeBootMgr)
	add(t, s, BootLoaderSettings, TypeInheritOSLoader)
	add(t, s, id(1), TypeOSLoader)
	add(t, s, id(2), TypeOSLoader)
	if _, err := s.Find("default"); err == nil {
		t.Error("default without an element")
	}
	if err := mgr.Set(DefaultObject, regf.String, regf.EncodeString(id(2).String())); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		entry, want string
	}{
		{"default", id(2).String()}, {"{DEFAULT}", id(2).String()}, {"{1cae1eb7-a0df-4d4d-9851-4860e34ef535}", id(2).String()},
		{"all", id(1).String() + id(2).String()}, {"bootmgr", BootMgr.String()}, {"{bootloadersettings}", BootLoaderSettings.String()},
		{id(1).String(), id(1).String()}, {strings.Trim(id(1).String(), "{}"), id(1).String()},
		{"current", "error"}, {"{fa926493-6f1c-4193-a414-58f0b2456d1e}", "error"}, {"memdiag", "error"}, {"xyz", "error"}, {id(3).String(), "error"},
	}
	for _, tt := range tests {
		list, err := s.Find(tt.entry)
		have := ""
		for _, o := range list {
			have += o.ID.String()
		}
		if err != nil {
			have = "error"
		}
		if have != tt.want {
			t.Errorf("Find(%q) = %s, %v, want %s", tt.entry, have, err, tt.want)
		}
	}
	if have := s.Show(id(2)); have != "{default}" {
		t.Errorf("Show of the default entry is %s", have)
	}
}

func TestNotStore(t *testing.T) {
	h, _ := regf.New("ROOT", 5, epoch)
	if _, err := Open(h); !errors.Is(err, ErrNotStore) {
		t.Errorf("have %v, want ErrNotStore", err)
	}
}

// TestFixtures reads every element of the real stores: each fits its format.
func TestFixtures(t *testing.T) {
	for name, s := range fixtures(t) {
		objs, err := s.Objects()
		if err != nil || len(objs) == 0 {
			t.Fatalf("%s: %d objects, %v", name, len(objs), err)
		}
		loaders := 0
		for _, o := range objs {
			elems, err := o.Elements()
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, e := range elems {
				for _, l := range e.Lines(o.Type, s.Show) {
					if strings.HasPrefix(l, "reg_") || strings.HasPrefix(l, "unknown") {
						t.Errorf("%s: %s: element %s: %s", name, o.ID, e.Type.Key(), l)
					}
				}
				if n := e.Type.Name(o.Type); strings.HasPrefix(n, "custom:") && e.Type.Class() < ClassTemplate {
					t.Errorf("%s: element %s has no name in type %08x", name, e.Type.Key(), uint32(o.Type))
				}
			}
			if o.Type != TypeOSLoader {
				continue
			}
			loaders++
			if _, err := s.Effective(o, DtraceEnabled); !errors.Is(err, regf.ErrNotFound) {
				t.Errorf("%s: %s has the switch already: %v", name, o.ID, err)
			}
		}
		if loaders == 0 {
			t.Logf("%s has no OS loader", name)
		}
	}
}

// TestLongChain: chains end, however long.
func TestLongChain(t *testing.T) {
	s := newStore(t)
	o := add(t, s, id(1), TypeOSLoader, id(2))
	for i := 2; i < 1100; i++ {
		add(t, s, id(i), TypeInheritOSLoader, id(i+1))
	}
	if _, err := s.Effective(o, DtraceEnabled); err == nil || errors.Is(err, regf.ErrNotFound) || !strings.Contains(err.Error(), "more than 1000") {
		t.Errorf("have %v", err)
	}
}

// TestNoElements: an object without the key Elements gets it.
func TestNoElements(t *testing.T) {
	s := newStore(t)
	o := add(t, s, id(1), TypeOSLoader)
	if err := o.key.DeleteKey("Elements"); err != nil {
		t.Fatal(err)
	}
	if list, err := o.Elements(); err != nil || len(list) != 0 {
		t.Errorf("elements %v, %v", list, err)
	}
	if err := o.SetBool(DtraceEnabled, true); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Effective(o, DtraceEnabled); err != nil || f.From.ID != o.ID {
		t.Errorf("%+v, %v", f, err)
	}
}

// FuzzStore reads mutated stores to the end.
func FuzzStore(f *testing.F) {
	s := newStore(f)
	add(f, s, BootLoaderSettings, TypeInheritOSLoader, GlobalSettings)
	add(f, s, id(1), TypeOSLoader, BootLoaderSettings).SetBool(DtraceEnabled, true)
	mgr := add(f, s, BootMgr, TypeBootMgr)
	mgr.Set(DefaultObject, regf.String, regf.EncodeString(id(1).String()))
	f.Add(s.Hive().Seal(epoch))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := regf.Parse(b)
		if err != nil || h.Fatal() != nil {
			return
		}
		s, err := Open(h)
		if err != nil {
			return
		}
		objs, _ := s.Objects()
		for _, o := range objs {
			elems, _ := o.Elements()
			for _, e := range elems {
				if len(e.Lines(o.Type, s.Show)) == 0 && e.Type.Format() != FormatObjectList && e.Type.Format() != FormatIntegerList {
					t.Errorf("element %s has no text", e.Type.Key())
				}
			}
			s.Effective(o, DtraceEnabled)
			if o.SetBool(DtraceEnabled, true) == nil {
				if e, err := o.Element(DtraceEnabled); err != nil {
					t.Errorf("element that was set: %v", err)
				} else if v, err := e.Bool(); err != nil || !v {
					t.Errorf("element that was set is %v, %v", v, err)
				}
			}
		}
		if err := h.Fatal(); err != nil {
			t.Errorf("edits damaged a sound hive: %v", err)
		}
	})
}
