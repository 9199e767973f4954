// Package kernel knows the layouts of the kernel's own trace events: the classes
// of the NT kernel logger in all their versions, with pointers of 4 or 8 bytes,
// and those that merging tools add (image identities, system paths).
//
// The layouts are facts of the WMI classes below MSNT_SystemTrace, kept in
// layouts.txt, one line each: task, version, opcodes, name, fields.
package kernel

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

//go:embed layouts.txt
var layoutText string

// Provider is the name under which kernel events are listed.
const Provider = "Windows Kernel"

// ProviderControl is the name under which what merging tools add is listed.
const ProviderControl = "KernelTraceControl"

// taskClass maps tasks to the GUIDs of their classes.
var taskClass = map[string]etl.GUID{
	"EventTrace": etl.GroupClass(etl.GroupHeader), "DiskIO": etl.GroupClass(etl.GroupDisk), "Memory": etl.GroupClass(etl.GroupMemory),
	"Process": etl.GroupClass(etl.GroupProcess), "FileIO": etl.GroupClass(etl.GroupFile), "Thread": etl.GroupClass(etl.GroupThread),
	"TcpIp": etl.GroupClass(etl.GroupTCPIP), "UdpIp": etl.GroupClass(etl.GroupUDPIP), "Registry": etl.GroupClass(etl.GroupRegistry),
	"Debugger": etl.GroupClass(etl.GroupDebugger), "SystemConfig": etl.GroupClass(etl.GroupConfig), "Pool": etl.GroupClass(etl.GroupPool),
	"PerfInfo": etl.GroupClass(etl.GroupPerfInfo), "Object": etl.GroupClass(etl.GroupObject), "Power": etl.GroupClass(etl.GroupPower),
	"Image": etl.GroupClass(etl.GroupImage), "StackWalk": etl.GroupClass(etl.GroupStackWalk), "UMS": etl.GroupClass(etl.GroupUMS),
	"ALPC": etl.GroupClass(etl.GroupALPC), "SplitIO": etl.GroupClass(etl.GroupSplitIO),
	"LostEvent": etl.MustGUID("6a399ae0-4bc6-4de9-870b-3657f8947e7e"), "MMCSS": etl.MustGUID("f8f10121-b617-4a56-868b-9df1b27fe32c"),
	"ImageID": etl.ClassImageID, "SysConfig": etl.ClassSystemPaths, "MetaData": etl.ClassTraceEventInfo,
}

// key names the versions of an event.
type key struct {
	class  etl.GUID
	opcode uint8
}

// version is one layout of an event.
type version struct {
	n      uint8
	schema *schema.Schema
}

// Table is the set of layouts. It is read only; get it from Layouts.
type Table struct {
	events map[key][]version
	tasks  map[etl.GUID]string
	list   []*schema.Schema
}

// Layouts returns the table, which is made once.
var Layouts = sync.OnceValue(func() *Table {
	t := &Table{events: map[key][]version{}, tasks: map[etl.GUID]string{}}
	for task, g := range taskClass {
		t.tasks[g] = task
	}
	for i, line := range strings.Split(strings.TrimSpace(layoutText), "\n") {
		if err := t.add(line); err != nil {
			panic(fmt.Sprintf("BUG: layouts.txt:%d: %v", i+1, err))
		}
	}
	return t
})

// Lookup returns the layout of an event of a class. An event of a version that
// is not known gets the newest that is older, or else the oldest. It is nil if
// the event is not known.
func (t *Table) Lookup(class etl.GUID, opcode, v uint8) *schema.Schema {
	vs := t.events[key{class, opcode}]
	var best *schema.Schema
	for i := range vs {
		if vs[i].n <= v || best == nil {
			best = vs[i].schema
		}
	}
	return best
}

// Task returns the name of a class, "" if it is not the kernel's.
func (t *Table) Task(class etl.GUID) string { return t.tasks[class] }

// All returns all layouts.
func (t *Table) All() []*schema.Schema { return t.list }

// ProviderOf returns the name under which the events of a kernel class are listed.
func ProviderOf(task string) string {
	if task == "ImageID" || task == "MetaData" {
		return ProviderControl
	}
	return Provider
}

// OpcodeName returns the name of an opcode of a task.
func OpcodeName(task string, op uint8) string {
	if s, ok := opcodeNames[task][op]; ok {
		return s
	}
	return "Opcode(" + strconv.Itoa(int(op)) + ")"
}

// add takes in a line of the table.
func (t *Table) add(line string) error {
	parts := strings.Fields(line)
	if len(parts) < 4 {
		return fmt.Errorf("%d parts, want at least 4", len(parts))
	}
	task, name := parts[0], parts[3]
	class, ok := taskClass[task]
	if !ok {
		return fmt.Errorf("task %q", task)
	}
	v, err := strconv.ParseUint(parts[1], 10, 8)
	if err != nil {
		return err
	}
	fields, err := parseFields(parts[4:])
	if err != nil {
		return err
	}
	for _, op := range strings.Split(parts[2], ",") {
		o, err := strconv.ParseUint(op, 10, 8)
		if err != nil {
			return err
		}
		s := &schema.Schema{
			Provider: ProviderOf(task), GUID: class, Task: task, Opcode: opcode(task, name, uint8(o)),
			Event: name, ID: uint16(o), Version: uint8(v), Source: schema.FromKernel,
			Fields: append([]schema.Field(nil), fields...),
		}
		switch {
		case task == "Process" && o == 10:
			// The kernel logs image loads under the group of processes.
			s.Task = "Image"
		case task == "Thread" && o == 50:
			s.Task = "Dispatcher"
		case task == "Memory" && (o == 98 || o == 99):
			s.Task, s.Opcode = "VirtualMem", map[uint64]string{98: "Alloc", 99: "Free"}[o]
		}
		s.Compile()
		k := key{class, uint8(o)}
		vs := append(t.events[k], version{uint8(v), s})
		for i := len(vs) - 1; i > 0 && vs[i].n < vs[i-1].n; i-- {
			vs[i], vs[i-1] = vs[i-1], vs[i]
		}
		t.events[k] = vs
		t.list = append(t.list, s)
	}
	return nil
}

// opcode returns an opcode's name: from the table of names, else from the
// layout.
func opcode(task, layout string, op uint8) string {
	if s, ok := opcodeNames[task][op]; ok {
		return s
	}
	layout = strings.TrimPrefix(strings.TrimPrefix(layout, task+"_"), "PageFault_")
	if strings.Contains(layout, "TypeGroup") {
		return OpcodeName(task, op)
	}
	if strings.HasPrefix(layout, "Loader") {
		return layout + strconv.Itoa(int(op))
	}
	return layout
}

// types are the words for types in layouts.txt.
var types = map[string]schema.Field{
	"u8": {In: schema.UInt8}, "u16": {In: schema.UInt16}, "u32": {In: schema.UInt32}, "u64": {In: schema.UInt64},
	"i8": {In: schema.Int8}, "i16": {In: schema.Int16}, "i32": {In: schema.Int32}, "i64": {In: schema.Int64},
	"x32": {In: schema.HexInt32}, "ptr": {In: schema.Pointer}, "size": {In: schema.SizeT}, "guid": {In: schema.GUID},
	"wstr": {In: schema.UTF16}, "astr": {In: schema.ANSI}, "utf8": {In: schema.ANSI, Out: schema.OutUTF8}, "wsid": {In: schema.WbemSID},
	"ticks": {In: schema.UInt64, Out: schema.OutETWTime}, "ftime": {In: schema.FileTime}, "pid": {In: schema.UInt32, Out: schema.OutPID},
	"tid": {In: schema.UInt32, Out: schema.OutTID}, "ip4": {In: schema.UInt32, Out: schema.OutIPv4}, "ip6": {In: schema.Binary, Out: schema.OutIPv6, Length: 16},
	"port": {In: schema.UInt16, Out: schema.OutPort}, "bool8": {In: schema.UInt8, Out: schema.OutBool}, "rest": {In: schema.RestBinary},
	"char16": {In: schema.Char16, Out: schema.OutString}, "bin": {In: schema.Binary},
}

// parseFields reads name:type, name:type[N], name:type[Field] and name:type[*].
// Slots are positions, as there are no structures.
func parseFields(words []string) ([]schema.Field, error) {
	var out []schema.Field
	for _, w := range words {
		name, typ, ok := strings.Cut(w, ":")
		if !ok {
			return nil, fmt.Errorf("field %q, want name:type", w)
		}
		typ, dim, isArray := strings.Cut(typ, "[")
		f, ok := types[typ]
		if !ok {
			return nil, fmt.Errorf("type %q of %s", typ, name)
		}
		f.Name, f.CountField, f.LengthField = name, schema.NoField, schema.NoField
		if isArray {
			dim = strings.TrimSuffix(dim, "]")
			n, err := strconv.Atoi(dim)
			switch {
			case err == nil && f.In == schema.Binary:
				f.Length = n
			case err == nil:
				f.Array, f.Count = true, n
			case dim == "*":
				f.Array, f.CountField = true, schema.ToEnd
			default:
				f.Array = true
				f.CountField = -10
				for i := range out {
					if out[i].Name == dim {
						f.CountField = i
					}
				}
				if f.CountField < 0 {
					return nil, fmt.Errorf("count %q of %s", dim, name)
				}
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// Resolve returns the layout of an event and the pointer size its payload has,
// nil if it is no kernel event that is known. The size is the header's, but for
// events that a program of another bitness wrote on the kernel's behalf: there
// the size that fits the payload.
func (t *Table) Resolve(e *etl.Event) (*schema.Schema, int) {
	s := t.Lookup(e.Provider, e.Opcode, e.Version)
	if s == nil {
		return nil, 0
	}
	ptr := int(e.PtrSize)
	if s.Task == "EventTrace" && e.Opcode == 80 && len(e.Payload) > 2 && e.Payload[0] >= 2 {
		// The structure has a version of its own.
		s = t.Lookup(e.Provider, e.Opcode, 3)
	}
	if !e.Kernel() && s.Provider == Provider && s.Task != "SysConfig" && !fits(s, e.Payload, ptr) && fits(s, e.Payload, 12-ptr) {
		ptr = 12 - ptr
	}
	return s, ptr
}

// fits reports whether a payload is as long as its layout.
func fits(s *schema.Schema, b []byte, ptr int) bool {
	rest, err := s.Walk(b, ptr, func(int, schema.Value) bool { return true })
	return err == nil && rest == 0
}
