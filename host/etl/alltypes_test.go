package etl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

const allTypesManifest = `<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events" xmlns:win="http://manifests.microsoft.com/win/2004/08/windows/events">
<instrumentation><events><provider name="All-Types" guid="{aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee}" symbol="A" resourceFileName="a" messageFileName="a">
<maps>
 <valueMap name="Color"><map value="1" message="$(string.red)"/><map value="2" message="$(string.blue)"/></valueMap>
 <bitMap name="Access"><map value="0x1" message="$(string.read)"/><map value="0x4" message="$(string.exec)"/></bitMap>
</maps>
<templates>
 <template tid="N">
  <data name="i8" inType="win:Int8"/><data name="u8" inType="win:UInt8"/><data name="i16" inType="win:Int16"/><data name="u16" inType="win:UInt16"/>
  <data name="i32" inType="win:Int32"/><data name="u32" inType="win:UInt32"/><data name="i64" inType="win:Int64"/><data name="u64" inType="win:UInt64"/>
  <data name="f32" inType="win:Float"/><data name="f64" inType="win:Double"/><data name="flag" inType="win:Boolean"/><data name="ptr" inType="win:Pointer"/>
  <data name="h32" inType="win:HexInt32"/><data name="h64" inType="win:HexInt64"/><data name="pid" inType="win:UInt32" outType="win:PID"/>
  <data name="port" inType="win:UInt16" outType="win:Port"/><data name="err" inType="win:UInt32" outType="win:Win32Error"/>
  <data name="color" inType="win:UInt32" map="Color"/><data name="access" inType="win:UInt32" map="Access"/><data name="last" inType="win:UInt8"/>
 </template>
 <template tid="S">
  <data name="wide" inType="win:UnicodeString"/><data name="narrow" inType="win:AnsiString"/><data name="guid" inType="win:GUID"/>
  <data name="ft" inType="win:FILETIME"/><data name="st" inType="win:SYSTEMTIME"/><data name="sid" inType="win:SID"/>
  <data name="ip4" inType="win:UInt32" outType="win:IPv4"/><data name="ip6" inType="win:Binary" outType="win:IPv6" length="16"/>
  <data name="nsock" inType="win:UInt32"/><data name="sock" inType="win:Binary" outType="win:SocketAddress" length="nsock"/>
  <data name="nbin" inType="win:UInt16"/><data name="bin" inType="win:Binary" length="nbin"/>
  <data name="nchars" inType="win:UInt8"/><data name="chars" inType="win:UnicodeString" length="nchars"/>
  <data name="fixed" inType="win:AnsiString" length="4"/><data name="xml" inType="win:UnicodeString" outType="win:Xml"/><data name="last" inType="win:UInt8"/>
 </template>
 <template tid="R">
  <data name="nlist" inType="win:UInt16"/><data name="list" inType="win:UInt32" count="nlist"/><data name="pair" inType="win:UInt16" count="2"/>
  <data name="words" inType="win:UnicodeString" count="nlist"/>
  <struct name="item" count="nlist"><data name="id" inType="win:UInt8"/><data name="text" inType="win:AnsiString"/></struct>
  <data name="addrs" inType="win:Pointer" count="2"/><data name="last" inType="win:UInt8"/>
 </template>
</templates>
<events><event value="1" version="0" template="N" symbol="Numbers"/><event value="2" version="0" template="S" symbol="Texts"/><event value="3" version="0" template="R" symbol="Lists"/></events>
</provider></events></instrumentation>
<localization><resources culture="en-US"><stringTable><string id="red" value="Red"/><string id="blue" value="Blue"/><string id="read" value="Read"/><string id="exec" value="Exec"/></stringTable></resources></localization>
</instrumentationManifest>`

// TestAllTypes holds each type that a manifest can name against what its bytes mean, in
// events of 64- and 32-bit programs.
func TestAllTypes(t *testing.T) {
	dir := t.TempDir()
	man := filepath.Join(dir, "all.man")
	if err := os.WriteFile(man, []byte(allTypesManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	g := etl.MustGUID("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
	for _, ptr := range []uint8{8, 4} {
		typ := etl.TypeEventHeader64
		pointer := func(v uint64) []byte { return bin(v)[:ptr] }
		if ptr == 4 {
			typ = etl.TypeEventHeader32
		}
		var numbers, texts, lists []byte
		numbers = append(numbers, bin(int8(-8), uint8(200), int16(-1600), uint16(60000), int32(-320000), uint32(4000000000), int64(-1<<62), uint64(1<<63), float32(1.5), float64(-0.25), uint32(1))...)
		numbers = append(numbers, pointer(0x89abcdef)...)
		numbers = append(numbers, bin(uint32(0xdead), uint64(0xdeadbeef01), uint32(4242))...)
		numbers = append(numbers, 0x1f, 0x90) // a port, in network order
		numbers = append(numbers, bin(uint32(5), uint32(2), uint32(0x15), uint8(199))...)

		texts = append(texts, bin(wide("wide ä"))...)
		texts = append(texts, "narrow\x00"...)
		texts = append(texts, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff)
		texts = append(texts, bin(uint64(116444736000000000+10_000_000*86400))...)                                                     // 1970-01-02
		texts = append(texts, bin(uint16(2024), uint16(2), uint16(4), uint16(29), uint16(12), uint16(34), uint16(56), uint16(789))...) // a leap day
		texts = append(texts, 1, 2, 0, 0, 0, 0, 0, 5)
		texts = append(texts, bin(uint32(32), uint32(544))...)
		texts = append(texts, 192, 0, 2, 1)
		texts = append(texts, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
		texts = append(texts, bin(uint32(16))...)
		texts = append(texts, 2, 0, 0, 80, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0)
		texts = append(texts, bin(uint16(3))...)
		texts = append(texts, 0xca, 0xfe, 0x01, 2, 'o', 0, 'k', 0, 'f', 'o', 'u', 'r')
		texts = append(texts, bin(wide("<x/>"))...)
		texts = append(texts, 198)

		lists = append(lists, bin(uint16(2), uint32(7), uint32(8), uint16(3), uint16(4))...)
		lists = append(append(lists, bin(wide("one"))...), bin(wide("two"))...)
		lists = append(lists, "\x01a\x00\x02bc\x00"...)
		lists = append(append(lists, pointer(0x1000)...), pointer(0x2000)...)
		lists = append(lists, 197)

		m := newMade(t, etl.WriterOptions{PointerSize: int(ptr)})
		for i, p := range [][]byte{numbers, texts, lists} {
			m.write(etl.Event{Type: typ, PtrSize: ptr, TS: int64(i), PID: 1, TID: 2, Provider: g, ID: uint16(i + 1), Payload: p})
		}
		h := openHost(t, m.file())
		if err := h.SetPath(man); err != nil {
			t.Fatal(err)
		}
		out := strings.Join(strings.Fields(runD(t, h, `etw:All-Types:Numbers: { print(*args[0]); } etw:All-Types:Texts: { print(*args[0]); } etw:All-Types:Lists: { print(*args[0]); }`)), " ")
		for _, want := range []string{
			".i8 = (int8_t)-8,", ".u8 = (uint8_t)200,", ".i16 = (int16_t)-1600,", ".u16 = (uint16_t)60000,", ".i32 = (int32_t)-320000,", ".u32 = (uint32_t)4000000000,",
			".i64 = (int64_t)-4611686018427387904,", ".u64 = (uint64_t)9223372036854775808,", ".f32 = (float)1.5,", ".f64 = (double)-0.25,", ".flag = (uint32_t)1,", ".ptr = (uint64_t)2309737967,",
			".h32 = (uint32_t)57005,", ".h64 = (uint64_t)956397711105,", ".pid = (uint32_t)4242,", ".port = (uint16_t)8080,", ".err = (uint32_t)5,",
			".color = (enum Color)Blue,", ".access = (enum Access)Read|Exec|0x10,", ".last = (uint8_t)199,",
			`.wide = (string)"wide ä",`, `.narrow = (string)"narrow",`, `.guid = (string)"00112233-4455-6677-8899-aabbccddeeff",`, `.ft = (uint64_t)116445600000000000,`,
			`.st = (string)"2024-02-29T12:34:56.789",`, `.sid = (string)"S-1-5-32-544",`, `.ip4 = (string)"192.0.2.1",`, `.ip6 = (string)"2001:db8::1",`,
			`.sock = (string)"10.1.2.3:80",`, `.bin = (string)"0xcafe01",`, `.chars = (string)"ok",`, `.fixed = (string)"four",`, `.xml = (string)"<x/>",`, ".last = (uint8_t)198,",
			`.list = (string)"[7, 8]",`, ".pair = (uint16_t [2]) [ (uint16_t)3, (uint16_t)4, ],", `.words = (string)"[one, two]",`, `.item = (string)"[{id=1, text=a}, {id=2, text=bc}]",`,
			"(uint64_t)4096, (uint64_t)8192,", ".last = (uint8_t)197,",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("pointers of %d bytes: no %s", ptr, want)
			}
		}
		if t.Failed() {
			t.Fatal(out, h.Notices())
		}
		got := strings.Join(strings.Fields(runD(t, h, `etw:All-Types:Numbers: { printf("%x %d %d", args[0]->ptr, args[0]->port, args[0]->color == 2); } etw:All-Types:Texts: { printf(" %s %Y", args[0]->sid, (args[0]->ft - 116444736000000000) * 100); }`)), " ")
		if want := "89abcdef 8080 1 S-1-5-32-544 1970 Jan 2 00:00:00"; got != want {
			t.Errorf("pointers of %d bytes: %q, want %q", ptr, got, want)
		}
	}
}
