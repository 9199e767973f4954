package etl

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/symbol"
)

// value is one field of an event under construction, or a stack.
type value struct {
	field schema.Field
	data  []byte
	num   uint64
	text  string
	stack []uint64
}

func field(name string, in schema.Type, out schema.Out) schema.Field {
	return schema.Field{Name: name, In: in, Out: out, CountField: schema.NoField, LengthField: schema.NoField}
}

func intValue(name string, n uint64, size uint32, signed bool) value {
	in := map[uint32]schema.Type{1: schema.UInt8, 2: schema.UInt16, 4: schema.UInt32}[size]
	if in == 0 {
		in, size = schema.UInt64, 8
	}
	if signed {
		in-- // each signed type comes before its unsigned one
	}
	return value{field: field(name, in, schema.OutDefault), data: le.AppendUint64(nil, n)[:size], num: n}
}

func textValue(name, s string) value {
	s = cut(s, maxText)
	return value{field: field(name, schema.ANSI, schema.OutUTF8), data: append([]byte(s), 0), text: s}
}

// maxText bounds a text, so that some fit an event.
const maxText = 8192

func pointerValue(name string, n uint64) value {
	return value{field: field(name, schema.Pointer, schema.OutDefault), data: le.AppendUint64(nil, n), num: n}
}

func bytesValue(name string, b []byte) value {
	b = b[:min(len(b), 0x8000)]
	return value{field: field(name, schema.CountedBinary, schema.OutDefault), data: append(le.AppendUint16(nil, uint16(len(b))), b...)}
}

func arrayValue(name string, n []uint64) value {
	f := field(name, schema.Int64, schema.OutDefault)
	f.Array, f.CountField = true, schema.Prefixed
	b := le.AppendUint16(nil, uint16(len(n)))
	for _, v := range n {
		b = le.AppendUint64(b, v)
	}
	return value{field: f, data: b}
}

// value makes a field of what an action traced. ok is false if it leaves nothing.
func (r *Recorder) value(e *consume.Event, a *ir.Action, j int, name string) (v value, ok bool) {
	f := &a.Fields[j]
	switch a.Kind {
	case ir.ActExit, ir.ActCommit, ir.ActDiscard, ir.ActTrunc, ir.ActNormalize, ir.ActFreopen, ir.ActSystem:
		return v, false
	case ir.ActTracemem, ir.ActPrintm, ir.ActPcap:
		if j > 0 {
			return v, false
		}
		b := e.Bytes(f)
		if len(a.Fields) > 1 {
			if n := e.Int(&a.Fields[1]); n >= 0 && n < int64(len(b)) {
				b = b[:n]
			}
		}
		return bytesValue(or(name, "memory"), b), true
	case ir.ActPrint:
		if j > 0 {
			return v, false
		}
	}
	return r.fieldValue(or(name, "arg"), f, e.Data, e), true
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// fieldValue makes a field of a field of data; e may be nil.
func (r *Recorder) fieldValue(name string, f *ir.Field, data []byte, e *consume.Event) value {
	b := consume.Bytes(data, f)
	switch f.Kind {
	case ir.FInt:
		if f.Type != nil && f.Type.Is(ctype.Float) && len(b) >= 4 {
			in := schema.Float
			if len(b) == 8 {
				in = schema.Double
			}
			return value{field: field(name, in, schema.OutDefault), data: append([]byte(nil), b...)}
		}
		return intValue(name, uint64(consume.Int(data, f)), f.Size, f.Signed)
	case ir.FPtr:
		return pointerValue(name, uint64(consume.Int(data, f)))
	case ir.FString:
		return textValue(name, string(consume.CString(b)))
	case ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		if e != nil {
			return textValue(name, e.Text(f))
		}
	case ir.FStack:
		return value{stack: words(b)}
	case ir.FUStack:
		if len(b) >= 8 {
			return value{stack: words(b[8:])}
		}
	case ir.FSym, ir.FMod:
		if w := words(b); len(w) > 0 {
			return textValue(name, r.symbol(f.Kind == ir.FMod, w[0], func() (symbol.Sym, bool) { return r.cfg.Symbols.Kernel(w[0]) }))
		}
	case ir.FUSym, ir.FUMod, ir.FUAddr:
		if len(b) >= 16 {
			pid, addr := uint32(le.Uint64(b)), le.Uint64(b[8:])
			return textValue(name, r.symbol(f.Kind == ir.FUMod, addr, func() (symbol.Sym, bool) { return r.cfg.Symbols.User(pid, addr) }))
		}
	default:
		if f.Type != nil && f.Type.IsCharArray() {
			return textValue(name, string(consume.CString(b)))
		}
	}
	return bytesValue(name, b)
}

// words are the program counters of a stack; 0 ends it.
func words(b []byte) []uint64 {
	var out []uint64
	for ; len(b) >= 8; b = b[8:] {
		pc := le.Uint64(b)
		if pc == 0 {
			break
		}
		out = append(out, pc)
	}
	return out
}

func (r *Recorder) symbol(module bool, addr uint64, find func() (symbol.Sym, bool)) string {
	if r.cfg.Symbols != nil {
		if s, ok := find(); ok {
			switch {
			case module:
				return s.Module
			case s.Name == "":
				return fmt.Sprintf("%s`%#x", s.Module, addr)
			case s.Off != 0:
				return fmt.Sprintf("%s`%s+%#x", s.Module, s.Name, s.Off)
			}
			return s.Module + "`" + s.Name
		}
	}
	return fmt.Sprintf("%#x", addr)
}

// keyValue makes a field of a part of an aggregation's tuple.
func (r *Recorder) keyValue(name string, k *consume.Key) value {
	switch k.Field.Kind {
	case ir.FInt:
		return intValue(name, uint64(k.Int), k.Field.Size, k.Field.Signed)
	case ir.FPtr:
		return pointerValue(name, uint64(k.Int))
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		return textValue(name, k.Text)
	case ir.FStack, ir.FUStack:
		b, pid, kernel := k.Bytes, uint32(0), k.Field.Kind == ir.FStack
		if !kernel && len(b) >= 8 {
			kernel = int64(le.Uint64(b)) == ir.KernelStack
			pid, b = uint32(le.Uint64(b)), b[8:]
		}
		var lines []string
		for _, pc := range words(b) {
			lines = append(lines, r.symbol(false, pc, func() (symbol.Sym, bool) {
				if kernel {
					return r.cfg.Symbols.Kernel(pc)
				}
				return r.cfg.Symbols.User(pid, pc)
			}))
		}
		return textValue(name, strings.Join(lines, "\n"))
	case ir.FSym, ir.FMod:
		return textValue(name, r.symbol(k.Field.Kind == ir.FMod, uint64(k.Int), func() (symbol.Sym, bool) { return r.cfg.Symbols.Kernel(uint64(k.Int)) }))
	}
	f := *k.Field
	f.Off = 0
	return r.fieldValue(name, &f, k.Bytes, nil)
}
