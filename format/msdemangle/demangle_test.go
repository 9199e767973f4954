package msdemangle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/pdb"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ in, full, name string }{
		{"?f@C@ns@@QEBAHPEBD@Z", "public: int __cdecl ns::C::f(char const *) const", "ns::C::f"},
		{"?x@@3HA", "int x", "x"},
		{"?x@@3PEAHEA", "int *x", "x"},
		{"?x@@3PEBHEB", "int const *x", "x"},
		{"?a@@3PAY02HA", "int (*a)[3]", "a"},
		{"?c@@3QBHB", "int const *const c", "c"},
		{"?m@S@@2HA", "public: static int S::m", "S::m"},
		{"?k@@3HB", "int const k", "k"},
		{"?f@@YAXXZ", "void __cdecl f(void)", "f"},
		{"?f@@YAHHZZ", "int __cdecl f(int, ...)", "f"},
		{"?f@@YGHPAX@Z", "int __stdcall f(void *)", "f"},
		{"?f@@YAXPEAHPEAD0@Z", "void __cdecl f(int *, char *, int *)", "f"},
		{"?f@@YAXP6AHH@Z@Z", "void __cdecl f(int (__cdecl *)(int))", "f"},
		{"?f@@YAXPEQA@@H@Z", "void __cdecl f(int A::*)", "f"},
		{"?f@@YAXP8A@@EAAHH@Z@Z", "void __cdecl f(int (__cdecl A::*)(int))", "f"},
		{"?f@@YAP6AHH@ZD@Z", "int (__cdecl * __cdecl f(char))(int)", "f"},
		{"?f@@YAXAEAH$$QEAN@Z", "void __cdecl f(int &, double &&)", "f"},
		{"?f@@YA?AVA@@U1@W4E@1@@Z", "class A __cdecl f(struct A, enum A::E)", "f"},
		{"?f@@YA?AVA@@UB@@W4E@ns@@@Z", "class A __cdecl f(struct B, enum ns::E)", "f"},
		{"?f@@YAX_N_W_J_K@Z", "void __cdecl f(bool, wchar_t, __int64, unsigned __int64)", "f"},
		{"?f@@YAX$$T@Z", "void __cdecl f(std::nullptr_t)", "f"},
		{"??0A@@QEAA@XZ", "public: __cdecl A::A(void)", "A::A"},
		{"??1A@ns@@UEAA@XZ", "public: virtual __cdecl ns::A::~A(void)", "ns::A::~A"},
		{"??0?$V@H@@QEAA@AEBV0@@Z", "public: __cdecl V<int>::V(class V<int> const &)", "V<int>::V"},
		{"??HA@@QEAA?AV0@AEBV0@@Z", "public: class A __cdecl A::operator+(class A const &)", "A::operator+"},
		{"??BA@@QEBAHXZ", "public: __cdecl A::operator int(void) const", "A::operator int"},
		{"??2@YAPEAX_K@Z", "void * __cdecl operator new(unsigned __int64)", "operator new"},
		{"??_7A@@6B@", "const A::`vftable'", "A::`vftable'"},
		{"??_7A@@6BB@@@", "const A::`vftable'{for `B'}", "A::`vftable'"},
		{"??_GA@@UEAAPEAXI@Z", "public: virtual void * __cdecl A::`scalar deleting destructor'(unsigned int)", "A::`scalar deleting destructor'"},
		{"??_R0?AVA@@@8", "class A `RTTI Type Descriptor'", "class A `RTTI Type Descriptor'"},
		{"??_R1A@?0A@EA@A@@8", "A::`RTTI Base Class Descriptor at (0, -1, 0, 64)'", "A::`RTTI Base Class Descriptor at (0, -1, 0, 64)'"},
		{"??_R4A@@6B@", "const A::`RTTI Complete Object Locator'", "A::`RTTI Complete Object Locator'"},
		{"??_C@_05CJBACGMB@hello?$AA@", "`string'", "`string'"},
		{"??__Ex@@YAXXZ", "void __cdecl `dynamic initializer for 'x''(void)", "`dynamic initializer for 'x''"},
		{"?f@?A0x1234abcd@@YAXXZ", "void __cdecl `anonymous namespace'::f(void)", "`anonymous namespace'::f"},
		{"?x@?1??f@@YAXXZ@4HA", "int `void __cdecl f(void)'::`2'::x", "`void __cdecl f(void)'::`2'::x"},
		{"?f@?$T@H$0A@$0?0$07@@SAXXZ", "public: static void __cdecl T<int, 0, -1, 8>::f(void)", "T<int, 0, -1, 8>::f"},
		{"??$g@HPEAD@@YAXHPEAD@Z", "void __cdecl g<int, char *>(int, char *)", "g<int, char *>"},
		{"?f@@YAXV?$vector@HV?$allocator@H@std@@@std@@@Z", "void __cdecl f(class std::vector<int, class std::allocator<int>>)", "f"},
		{"?size@?$basic_string@DU?$char_traits@D@std@@V?$allocator@D@2@@std@@QEBA_KXZ",
			"public: unsigned __int64 __cdecl std::basic_string<char, struct std::char_traits<char>, class std::allocator<char>>::size(void) const",
			"std::basic_string<char, struct std::char_traits<char>, class std::allocator<char>>::size"},
		{"?f@A@@EEAAXXZ", "private: virtual void __cdecl A::f(void)", "A::f"},
		{"?f@A@@O7AEXXZ", "[thunk]: protected: virtual void __thiscall A::f`adjustor{8}'(void)", "A::f"},
		{"?f@A@@W7EAAXXZ", "[thunk]: public: virtual void __cdecl A::f`adjustor{8}'(void)", "A::f"},
		{"?f@A@@$4PPPPPPPM@A@EAAXXZ", "[thunk]: public: virtual void __cdecl A::f`vtordisp{4294967292, 0}'(void)", "A::f"},
		{"??_9A@@$BA@AA", "[thunk]: __cdecl A::`vcall'{0, {flat}}", "A::`vcall'"},
		{"?f@A@@QEGAAXXZ", "public: void __cdecl A::f(void) &", "A::f"},
		{"?f@@YAXXZ$1", "void __cdecl f(void)", "f"},
		{"__imp_?f@@YAXXZ", "__declspec(dllimport) void __cdecl f(void)", "f"},
		{"?f@@YAXXZ_E", "", ""},
		{"?f@@YAXX_E", "void __cdecl f(void) noexcept", "f"},
	} {
		s, err := Parse(tt.in)
		if tt.full == "" {
			if err == nil {
				t.Errorf("%s: %s, want an error", tt.in, s.Full)
			}
			continue
		}
		if err != nil || s.Full != tt.full || s.Name != tt.name {
			t.Errorf("%s:\nhave %q %q (%v)\nwant %q %q", tt.in, s.Full, s.Name, err, tt.full, tt.name)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, s := range []string{"", "main", "_Z1fv", "?", "??", "?f", "?f@@", "?f@@Y", "??0", strings.Repeat("?", 1000)} {
		if s != "?f@@" {
			if _, err := Parse(s); err == nil && s != "" && Is(s) {
				t.Errorf("Parse(%q): no error", s)
			}
		}
		if have := Name(s); have != s && s != "?f@@" {
			t.Errorf("Name(%q) = %q", s, have)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"?f@C@ns@@QEBAHPEBD@Z", "??0?$V@H@@QEAA@AEBV0@@Z", "?x@?1??f@@YAXXZ@4HA", "?f@?$T@H$0A@$0?0$07@@SAXXZ", "??_R1A@?0A@EA@A@@8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if sym, err := Parse(s); err == nil && len(sym.Full) > 16*maxText {
			t.Fatalf("%d bytes from %d", len(sym.Full), len(s))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("?size@?$basic_string@DU?$char_traits@D@std@@V?$allocator@D@2@@std@@QEBA_KXZ"); err != nil {
			b.Fatal(err)
		}
	}
}

// The decorated names of real programs lead to the names that their debugging
// information gives the same functions.
func TestRealNames(t *testing.T) {
	same, decorated := 0, 0
	for _, name := range []string{"breakpad_dump_syms_regtest64.pdb", "symbolic_CrashWithException.pdb", "syzygy_test_types_x64.dll.pdb"} {
		var f *pdb.File
		for _, dir := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../../../shared/fixtures"} {
			if p, err := pdb.Open(filepath.Join(dir, "pdb", name)); err == nil {
				f = p
				break
			}
		}
		if f == nil {
			t.Skip("no shared fixtures: set DTRACE_FIXTURES to the folder that holds pdb/")
		}
		defer f.Close()
		all, err := f.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		procs := map[uint32][]string{}
		for _, s := range all {
			if s.Kind == pdb.Procedure || s.Kind == pdb.Data {
				procs[s.RVA] = append(procs[s.RVA], strings.ReplaceAll(s.Name, " ", ""))
			}
		}
		for _, s := range all {
			if s.Kind != pdb.Public || !Is(s.Name) {
				continue
			}
			decorated++
			sym, err := Parse(s.Name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			names := procs[s.RVA]
			ok := len(names) == 0
			for _, n := range names {
				// The database leaves the function out of which a static is, and the
				// linker makes one destructor stand for the other.
				have := strings.ReplaceAll(strings.Replace(sym.Name, "`vector deleting", "`scalar deleting", 1), " ", "")
				ok = ok || n == have || strings.HasSuffix(have, "'::"+n)
			}
			if ok && len(names) > 0 {
				same++
			}
			if !ok {
				t.Errorf("%s: %s is %s, want %v", name, s.Name, sym.Name, names)
			}
		}
	}
	if same < 50 || decorated < 500 {
		t.Errorf("%d of %d names compared", same, decorated)
	}
	t.Logf("%d of %d names compared", same, decorated)
}
