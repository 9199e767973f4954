package kernel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/ctype"
)

// declarations are the types that the model declares, with the offsets that
// public symbols of build 19041 give where the model keeps something there:
//
//	struct|union NAME SIZE, then lines OFFSET MEMBER TYPE[COUNT] or TYPE:BITS@SHIFT
//	enum NAME, then lines MEMBER VALUE
//	typedef NAME TYPE
const declarations = `
struct _LIST_ENTRY 0x10
0x0 Flink _LIST_ENTRY*
0x8 Blink _LIST_ENTRY*
struct _LARGE_INTEGER_s 0x8
0x0 LowPart ULONG
0x4 HighPart LONG
union _LARGE_INTEGER 0x8
0x0 u _LARGE_INTEGER_s
0x0 QuadPart LONGLONG
struct _UNICODE_STRING 0x10
0x0 Length USHORT
0x2 MaximumLength USHORT
0x8 Buffer WCHAR*
struct _GUID 0x10
0x0 Data1 ULONG
0x4 Data2 USHORT
0x6 Data3 USHORT
0x8 Data4 UCHAR[8]
struct _CLIENT_ID 0x10
0x0 UniqueProcess PVOID
0x8 UniqueThread PVOID
struct _OBJECT_ATTRIBUTES 0x30
0x0 Length ULONG
0x8 RootDirectory PVOID
0x10 ObjectName _UNICODE_STRING*
0x18 Attributes ULONG
0x20 SecurityDescriptor PVOID
0x28 SecurityQualityOfService PVOID
struct _IO_STATUS_BLOCK 0x10
0x0 Status NTSTATUS
0x0 Pointer PVOID
0x8 Information ULONG_PTR
struct _DISPATCHER_HEADER 0x18
0x0 Type UCHAR
0x4 SignalState LONG
0x8 WaitListHead _LIST_ENTRY
struct _KPROCESS 0x438
0x0 Header _DISPATCHER_HEADER
0x28 DirectoryTableBase ULONG_PTR
0x30 ThreadListHead _LIST_ENTRY
0x280 BasePriority CHAR
0x3e0 SecureState ULONGLONG
struct _EPROCESS 0xa40
0x0 Pcb _KPROCESS
0x440 UniqueProcessId PVOID
0x448 ActiveProcessLinks _LIST_ENTRY
0x464 Flags ULONG
0x468 CreateTime _LARGE_INTEGER
0x4b8 Token PVOID
0x540 InheritedFromUniqueProcessId PVOID
0x550 Peb PVOID
0x558 SessionId ULONG
0x5a8 ImageFileName CHAR[15]
0x5b7 PriorityClass UCHAR
0x5e0 ThreadListHead _LIST_ENTRY
0x5f0 ActiveThreads ULONG
0x7d4 ExitStatus NTSTATUS
struct _KTHREAD 0x430
0x0 Header _DISPATCHER_HEADER
0x28 InitialStack PVOID
0x30 StackLimit PVOID
0x38 StackBase PVOID
0x58 KernelStack PVOID
0x90 TrapFrame PVOID
0xc3 Priority CHAR
0xf0 Teb PVOID
0x184 State UCHAR
0x220 Process _KPROCESS*
0x232 PreviousMode CHAR
0x2f8 ThreadListEntry _LIST_ENTRY
0x3c0 TracingPrivate ULONGLONG[1]
struct _ETHREAD 0x898
0x0 Tcb _KTHREAD
0x430 CreateTime _LARGE_INTEGER
0x450 StartAddress PVOID
0x478 Cid _CLIENT_ID
0x4d0 Win32StartAddress PVOID
0x4e8 ThreadListEntry _LIST_ENTRY
0x558 ExitStatus NTSTATUS
struct _KTRAP_FRAME 0x190
0x30 Rax ULONGLONG
0x38 Rcx ULONGLONG
0x40 Rdx ULONGLONG
0x48 R8 ULONGLONG
0x50 R9 ULONGLONG
0x140 Rbx ULONGLONG
0x148 Rdi ULONGLONG
0x150 Rsi ULONGLONG
0x158 Rbp ULONGLONG
0x168 Rip ULONGLONG
0x170 SegCs USHORT
0x178 EFlags ULONG
0x180 Rsp ULONGLONG
struct _EVENT_DESCRIPTOR 0x10
0x0 Id USHORT
0x2 Version UCHAR
0x3 Channel UCHAR
0x4 Level UCHAR
0x5 Opcode UCHAR
0x6 Task USHORT
0x8 Keyword ULONGLONG
struct _EVENT_HEADER 0x50
0x0 Size USHORT
0x2 HeaderType USHORT
0x4 Flags USHORT
0x6 EventProperty USHORT
0x8 ThreadId ULONG
0xc ProcessId ULONG
0x10 TimeStamp _LARGE_INTEGER
0x18 ProviderId _GUID
0x28 EventDescriptor _EVENT_DESCRIPTOR
0x38 ProcessorTime ULONGLONG
0x40 ActivityId _GUID
struct _KLDR_DATA_TABLE_ENTRY 0xa0
0x0 InLoadOrderLinks _LIST_ENTRY
0x30 DllBase PVOID
0x38 EntryPoint PVOID
0x40 SizeOfImage ULONG
0x48 FullDllName _UNICODE_STRING
0x58 BaseDllName _UNICODE_STRING
struct _KSYSTEM_TIME 0xc
0x0 LowPart ULONG
0x4 High1Time LONG
0x8 High2Time LONG
struct _KI_DYNAMIC_TRACE_CONTEXT 0x48
0x0 SupportedFlags ULONG
0x4 TracingPrivateOffset ULONG
0x8 TracingPrivateCount ULONG
0xc TrapFrameOffset ULONG
0x10 TebOffset ULONGLONG
0x18 KeSetSystemServiceCallback PVOID
0x20 KeSetTracepoint PVOID
0x28 EtwRegisterEventCallback PVOID
0x30 PsGetBaseTrapFrame PVOID
0x38 KiGetTrapFrameRegister PVOID
0x40 MmEnumerateSystemImages PVOID
enum _MODE
KernelMode 0
UserMode 1
enum _KTHREAD_STATE
Initialized 0
Ready 1
Running 2
Standby 3
Terminated 4
Waiting 5
typedef LIST_ENTRY _LIST_ENTRY
typedef PLIST_ENTRY _LIST_ENTRY*
typedef LARGE_INTEGER _LARGE_INTEGER
typedef PLARGE_INTEGER _LARGE_INTEGER*
typedef UNICODE_STRING _UNICODE_STRING
typedef PUNICODE_STRING _UNICODE_STRING*
typedef GUID _GUID
typedef CLIENT_ID _CLIENT_ID
typedef PCLIENT_ID _CLIENT_ID*
typedef OBJECT_ATTRIBUTES _OBJECT_ATTRIBUTES
typedef POBJECT_ATTRIBUTES _OBJECT_ATTRIBUTES*
typedef IO_STATUS_BLOCK _IO_STATUS_BLOCK
typedef PIO_STATUS_BLOCK _IO_STATUS_BLOCK*
typedef EPROCESS _EPROCESS
typedef PEPROCESS _EPROCESS*
typedef KPROCESS _KPROCESS
typedef PKPROCESS _KPROCESS*
typedef ETHREAD _ETHREAD
typedef PETHREAD _ETHREAD*
typedef KTHREAD _KTHREAD
typedef PKTHREAD _KTHREAD*
typedef KTRAP_FRAME _KTRAP_FRAME
typedef PKTRAP_FRAME _KTRAP_FRAME*
typedef EVENT_DESCRIPTOR _EVENT_DESCRIPTOR
typedef EVENT_HEADER _EVENT_HEADER
typedef PEVENT_HEADER _EVENT_HEADER*
typedef KLDR_DATA_TABLE_ENTRY _KLDR_DATA_TABLE_ENTRY
typedef PHANDLE HANDLE*
typedef PULONG ULONG*
typedef PSIZE_T SIZE_T*
`

// scalars are the names of Windows' integer types, with size in bytes and sign.
var scalars = []struct {
	name, base string
	bytes      int64
	signed     bool
}{
	{"UCHAR", "unsigned char", 1, false}, {"BOOLEAN", "unsigned char", 1, false}, {"BYTE", "unsigned char", 1, false},
	{"USHORT", "unsigned short", 2, false}, {"SHORT", "short", 2, true}, {"WORD", "unsigned short", 2, false},
	{"ULONG", "unsigned long", 4, false}, {"LONG", "long", 4, true}, {"DWORD", "unsigned long", 4, false}, {"UINT", "unsigned int", 4, false},
	{"NTSTATUS", "long", 4, true}, {"ACCESS_MASK", "unsigned long", 4, false},
	{"ULONGLONG", "unsigned long long", 8, false}, {"LONGLONG", "long long", 8, true},
	{"ULONG64", "unsigned long long", 8, false}, {"DWORD64", "unsigned long long", 8, false},
	{"ULONG_PTR", "unsigned long long", 8, false}, {"LONG_PTR", "long long", 8, true}, {"SIZE_T", "unsigned long long", 8, false},
	{"WCHAR", "unsigned short", 2, false}, {"wchar_t", "unsigned short", 2, false},
}

// Types are the declared types of the kernel, under the data model of 64-bit
// Windows (LLP64).
type Types struct {
	Set    *ctype.Set
	byName map[string]*ctype.Type // "struct _EPROCESS", "PEPROCESS"
	enums  map[string]enumConst
}

type enumConst struct {
	value int64
	t     *ctype.Type
}

// NewTypes returns the declared types, with the offset of TracingPrivate that
// the kernel's layout has.
func NewTypes(tracingPrivate uint32) *Types {
	t := &Types{Set: ctype.NewSet(ctype.LLP64), byName: map[string]*ctype.Type{}, enums: map[string]enumConst{}}
	for _, s := range scalars {
		base := t.Set.Lookup(s.base)
		if s.bytes == 1 {
			base = &ctype.Type{Kind: ctype.Int, Name: s.base, Bytes: 1} // a number, not a character
		}
		t.byName[s.name] = &ctype.Type{Kind: ctype.Typedef, Name: s.name, Elem: base, Module: "nt"}
	}
	t.byName["CHAR"] = &ctype.Type{Kind: ctype.Typedef, Name: "CHAR", Elem: t.Set.Char, Module: "nt"}
	t.byName["PVOID"] = &ctype.Type{Kind: ctype.Typedef, Name: "PVOID", Elem: t.Set.VoidPtr, Module: "nt"}
	t.byName["HANDLE"] = &ctype.Type{Kind: ctype.Typedef, Name: "HANDLE", Elem: t.Set.VoidPtr, Module: "nt"}
	var cur *ctype.Type
	var members []ctype.Member
	var enum []ctype.Enumerator
	flush := func() {
		switch {
		case cur == nil:
		case cur.Kind == ctype.Enum:
			cur.SetEnumerators(enum)
		default:
			cur.SetMembers(members)
		}
		cur, members, enum = nil, nil, nil
	}
	for _, line := range strings.Split(strings.TrimSpace(declarations), "\n") {
		f := strings.Fields(line)
		switch f[0] {
		case "struct", "union":
			flush()
			cur = t.tag(f[0], f[1])
			cur.Bytes = number(f[2])
		case "enum":
			flush()
			cur = &ctype.Type{Kind: ctype.Enum, Name: f[1], Bytes: 4, Signed: true, Module: "nt"}
			t.byName["enum "+f[1]] = cur
		case "typedef":
			flush()
			t.byName[f[1]] = &ctype.Type{Kind: ctype.Typedef, Name: f[1], Elem: t.parse(f[2]), Module: "nt"}
		default:
			if cur.Kind == ctype.Enum {
				enum = append(enum, ctype.Enumerator{Name: f[0], Value: number(f[1])})
				t.enums[f[0]] = enumConst{number(f[1]), cur}
				continue
			}
			off := number(f[0])
			if f[1] == "TracingPrivate" && tracingPrivate != 0 {
				off = int64(tracingPrivate)
			}
			m := ctype.Member{Name: f[1], Off: off, Type: t.parse(f[2])}
			members = append(members, m)
		}
	}
	flush()
	if kt := t.byName["struct _KTHREAD"]; tracingPrivate != 0 && int64(tracingPrivate)+8 > kt.Bytes {
		kt.Bytes = int64(tracingPrivate) + 8 // kernels of 1903 have it at another place
	}
	return t
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic("BUG: declaration: " + err.Error())
	}
	return n
}

// tag returns the struct or union of a name, made when it is not there yet.
func (t *Types) tag(word, name string) *ctype.Type {
	if x := t.byName[word+" "+name]; x != nil {
		return x
	}
	k := ctype.Struct
	if word == "union" {
		k = ctype.Union
	}
	x := &ctype.Type{Kind: k, Name: name, Module: "nt"}
	t.byName[word+" "+name] = x
	return x
}

func (t *Types) parse(s string) *ctype.Type {
	if base, ok := strings.CutSuffix(s, "*"); ok {
		return ctype.PtrTo(t.parse(base))
	}
	if i := strings.IndexByte(s, '['); i >= 0 {
		return ctype.ArrayOf(t.parse(s[:i]), number(strings.TrimSuffix(s[i+1:], "]")))
	}
	if x := t.byName[s]; x != nil {
		return x
	}
	if x := t.byName["union "+s]; x != nil {
		return x
	}
	return t.tag("struct", s)
}

// Lookup finds a type by its C name. A bare tag stands for its struct, union or
// enum, as DTrace on Windows has it (nt`_EPROCESS).
func (t *Types) Lookup(name string) *ctype.Type {
	if x := t.byName[name]; x != nil {
		return x
	}
	if strings.HasPrefix(name, "_") {
		for _, w := range [...]string{"struct ", "union ", "enum "} {
			if x := t.byName[w+name]; x != nil {
				return x
			}
		}
	}
	return nil
}

// Enumerator finds an enumeration constant.
func (t *Types) Enumerator(name string) (int64, *ctype.Type, bool) {
	e, ok := t.enums[name]
	return e.value, e.t, ok
}

// Offset returns the offset of a member, given with dots: "Tcb.TrapFrame".
func (t *Types) Offset(tag, path string) uint64 {
	x, off := t.Lookup(tag), int64(0)
	for _, n := range strings.Split(path, ".") {
		m, ok := x.Member(n)
		if !ok {
			panic(fmt.Sprintf("BUG: %s has no member %s", tag, path))
		}
		off += m.Off
		x = m.Type
	}
	return uint64(off)
}

// Size returns the size of a type in bytes.
func (t *Types) Size(name string) uint64 { return uint64(ctype.LLP64.Size(t.Lookup(name))) }
