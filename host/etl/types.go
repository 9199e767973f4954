package etl

import (
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
)

// fixed describes a struct that the host makes itself: lines of a type and a name,
// string[n] for a text with room for n bytes.
func (h *Host) fixed(tag, text string) *layout {
	l := &layout{typ: &ctype.Type{Kind: ctype.Struct, Name: tag}}
	var ms []ctype.Member
	off := int64(0)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		lf, typ := leaf{kind: leafInt}, h.set.String
		if n, ok := textRoom[f[0]]; ok {
			lf.kind, lf.size = leafText, n
		} else {
			typ = h.set.Lookup(f[0])
			lf.size = h.model.Size(typ)
			off = (off + lf.size - 1) / lf.size * lf.size
		}
		lf.off = off
		off += lf.size
		l.leaves = append(l.leaves, lf)
		ms = append(ms, ctype.Member{Name: f[1], Type: typ, Off: lf.off})
	}
	l.typ.Bytes = (off + 7) / 8 * 8
	l.typ.SetMembers(ms)
	l.size = l.typ.Bytes
	h.types["struct "+tag] = l.typ
	return l
}

var textRoom = map[string]int64{"name": 64, "address": 48, "path": 448, "line": 1024}

// makeTypes makes the types that do not depend on the files' events. The D
// libraries translate struct etl_thread, etl_io and etl_net into psinfo_t,
// bufinfo_t and so on.
func (h *Host) makeTypes() {
	h.types = map[string]*ctype.Type{}
	h.threadType = h.fixed("etl_thread", `
		uint64_t addr
		uint64_t start
		uint64_t cputime
		int32_t tid
		int32_t pid
		int32_t ppid
		uint32_t uid
		uint32_t session
		int32_t exit
		int32_t pri
		int32_t cpu
		int32_t nlwp
		char state
		char sname
		name name
		name threadname
		line psargs
		path path`)
	h.ioType = h.fixed("etl_io", `
		uint64_t offset
		uint64_t file
		uint64_t irp
		uint64_t elapsed
		uint32_t size
		uint32_t irpflags
		uint32_t disk
		int32_t flags
		name device
		path pathname`)
	h.netType = h.fixed("etl_net", `
		uint64_t connid
		uint32_t size
		uint32_t seq
		uint16_t sport
		uint16_t dport
		uint16_t lport
		uint16_t rport
		uint8_t ver
		uint8_t outbound
		int32_t pid
		address saddr
		address daddr
		address laddr
		address raddr`)
	s := h.set
	guid := h.model.Layout(ctype.Struct, "_GUID", []ctype.Member{
		{Name: "Data1", Type: s.Uint32}, {Name: "Data2", Type: s.Uint16}, {Name: "Data3", Type: s.Uint16}, {Name: "Data4", Type: ctype.ArrayOf(s.Uint8, 8)}})
	desc := h.model.Layout(ctype.Struct, "_EVENT_DESCRIPTOR", []ctype.Member{
		{Name: "Id", Type: s.Uint16}, {Name: "Version", Type: s.Uint8}, {Name: "Channel", Type: s.Uint8}, {Name: "Level", Type: s.Uint8},
		{Name: "Opcode", Type: s.Uint8}, {Name: "Task", Type: s.Uint16}, {Name: "Keyword", Type: s.Uint64}})
	times := h.model.Layout(ctype.Struct, "", []ctype.Member{{Name: "KernelTime", Type: s.Uint32}, {Name: "UserTime", Type: s.Uint32}})
	time := h.model.Layout(ctype.Union, "", []ctype.Member{{Type: times}, {Name: "ProcessorTime", Type: s.Uint64}})
	large := h.model.Layout(ctype.Union, "_LARGE_INTEGER", []ctype.Member{
		{Type: h.model.Layout(ctype.Struct, "", []ctype.Member{{Name: "LowPart", Type: s.Uint32}, {Name: "HighPart", Type: s.Int32}})},
		{Name: "QuadPart", Type: s.Int64}})
	header := h.model.Layout(ctype.Struct, "_EVENT_HEADER", []ctype.Member{
		{Name: "Size", Type: s.Uint16}, {Name: "HeaderType", Type: s.Uint16}, {Name: "Flags", Type: s.Uint16}, {Name: "EventProperty", Type: s.Uint16},
		{Name: "ThreadId", Type: s.Uint32}, {Name: "ProcessId", Type: s.Uint32}, {Name: "TimeStamp", Type: large}, {Name: "ProviderId", Type: guid},
		{Name: "EventDescriptor", Type: desc}, {Type: time}, {Name: "ActivityId", Type: guid}})
	for _, t := range []*ctype.Type{guid, desc, large, header} {
		t.Module = "nt"
		h.types["struct "+t.Name] = t
		h.types[t.Name] = t
		h.types[strings.TrimPrefix(t.Name, "_")] = &ctype.Type{Kind: ctype.Typedef, Name: strings.TrimPrefix(t.Name, "_"), Module: "nt", Elem: t}
	}
	h.types["PEVENT_HEADER"] = &ctype.Type{Kind: ctype.Typedef, Name: "PEVENT_HEADER", Module: "nt", Elem: ctype.PtrTo(header)}
	for name, t := range map[string]*ctype.Type{"UCHAR": s.UChar, "USHORT": s.UShort, "ULONG": s.ULong, "ULONG64": s.Uint64, "ULONGLONG": s.Uint64, "LONG": s.Long,
		"LONGLONG": s.Int64, "ULONG_PTR": s.Uintptr, "PVOID": s.VoidPtr, "HANDLE": s.VoidPtr, "NTSTATUS": s.Long, "WCHAR": s.UShort} {
		h.types[name] = &ctype.Type{Kind: ctype.Typedef, Name: name, Module: "nt", Elem: t}
	}
}

// Type finds the structs of the files' events by their tags (struct TcpIp_Send), the
// types of event headers (in module nt or none), and D's own.
func (h *Host) Type(module, name string) (*ctype.Type, error) {
	if err := h.load(); err != nil {
		return nil, err
	}
	if module == "" || strings.EqualFold(module, "nt") || strings.EqualFold(module, "ntoskrnl") {
		if t := h.types[name]; t != nil {
			return t, nil
		}
	}
	if t := h.set.Lookup(name); t != nil {
		return t, nil
	}
	return nil, nil
}

// Symbol finds functions and variables of the recorded kernel where symbol files
// are given; their memory is not recorded.
func (h *Host) Symbol(module, name string) (check.Symbol, bool, error) {
	if err := h.load(); err != nil {
		return check.Symbol{}, false, err
	}
	return h.syms.byName(module, name)
}

// translated is a pointer to a struct that the D libraries define, as listings and
// the checker need it: by its names alone.
func translated(tag string) *ctype.Type {
	t := &ctype.Type{Kind: ctype.Typedef, Name: tag + "_t", Elem: &ctype.Type{Kind: ctype.Forward, Name: tag}}
	return ctype.PtrTo(t)
}
