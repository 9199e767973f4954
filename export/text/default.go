package text

import (
	"strconv"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/printf"
)

// widths are columns by size in bytes, the blank before included.
type widths [9]int

// Widths of trace(): by size in bytes, as DTrace on Linux prints signed and
// unsigned integers, but for unsigned 64-bit ones, which take one more; keys of
// aggregations have widths of their own.
var (
	traceWidth = widths{1: 4, 2: 6, 4: 11, 8: 20}
	keyWidth   = widths{1: 4, 2: 6, 4: 9, 8: 17}
)

const (
	traceText = 33 // columns of a string in trace()
	keyText   = 50 // columns of a string key
	valueCols = 17 // columns of a scalar aggregation value
)

// trace prints a value in its default format.
func (p *Printer) trace(e *consume.Event, f *ir.Field) {
	quiet := p.quiet
	switch f.Kind {
	case ir.FInt, ir.FPtr:
		p.buf = appendInt(p.buf, e.Int(f), f, quiet, &traceWidth)
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		p.text(e.Text(f), quiet)
	case ir.FStack, ir.FUStack:
		arg := p.arg(e.Data, f)
		p.buf = printf.AppendStack(p.buf, &arg, int(p.cfg.Opt.Num("stackindent")), &p.env)
	case ir.FSym, ir.FMod, ir.FUSym, ir.FUMod, ir.FUAddr:
		p.sym(e, f)
	default:
		b := e.Bytes(f)
		if f.Type != nil && f.Type.IsCharArray() && !p.cfg.Opt.Flag("rawbytes") {
			p.text(string(consume.CString(b)), quiet)
			return
		}
		if s, ok := printable(b); ok && !p.cfg.Opt.Flag("rawbytes") {
			p.text(s, quiet)
			return
		}
		p.buf = AppendHexDump(p.buf, b)
	}
}

func (p *Printer) text(s string, quiet bool) {
	if quiet {
		p.buf = append(p.buf, s...)
		return
	}
	p.buf = append(p.buf, "  "...)
	p.buf = append(p.buf, s...)
	p.buf = spaces(p.buf, traceText-len(s))
}

// printable reports whether b is text: printable bytes, then NULs to its end.
func printable(b []byte) (string, bool) {
	i := 0
	for i < len(b) && (b[i] >= ' ' && b[i] < 0x7f || b[i] >= '\t' && b[i] <= '\r' || b[i] == '\b' || b[i] == '\a') {
		i++
	}
	if i == 0 || i == len(b) {
		return "", false
	}
	for _, c := range b[i:] {
		if c != 0 {
			return "", false
		}
	}
	return string(b[:i]), true
}

func appendInt(dst []byte, v int64, f *ir.Field, quiet bool, w *widths) []byte {
	var b [24]byte
	var s []byte
	if f.Signed {
		s = strconv.AppendInt(b[:0], v, 10)
	} else {
		s = strconv.AppendUint(b[:0], uint64(v), 10)
	}
	if !quiet {
		dst = append(dst, ' ')
		cols := w[min(f.Size, 8)]
		if w == &traceWidth && f.Size == 8 && !f.Signed {
			cols++
		}
		dst = spaces(dst, cols-1-len(s))
	}
	return append(dst, s...)
}

// sym prints a symbol in its default format.
func (p *Printer) sym(e *consume.Event, f *ir.Field) {
	arg := p.arg(e.Data, f)
	start := len(p.buf)
	p.buf = append(p.buf, "  "...)
	p.buf = p.env.AppendAddr(p.buf, arg.Kind, arg.PID, arg.Int)
	p.buf = spaces(p.buf, 2+keyText-(len(p.buf)-start))
}

// keyArg makes a printf argument of a key.
func keyArg(k *consume.Key) printf.Arg {
	switch k.Field.Kind {
	case ir.FInt:
		return printf.Arg{Kind: printf.Int, Size: uint8(k.Field.Size), Signed: k.Field.Signed, Int: uint64(k.Int)}
	case ir.FPtr:
		return printf.Arg{Kind: printf.Pointer, Size: uint8(k.Field.Size), Int: uint64(k.Int)}
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		return printf.Arg{Kind: printf.String, Bytes: []byte(k.Text)}
	case ir.FStack:
		return printf.Arg{Kind: printf.Stack, Bytes: k.Bytes}
	case ir.FUStack:
		return ustackArg(k.Bytes)
	case ir.FSym:
		return printf.Arg{Kind: printf.Sym, Size: 8, Int: uint64(k.Int)}
	case ir.FMod:
		return printf.Arg{Kind: printf.Mod, Size: 8, Int: uint64(k.Int)}
	case ir.FUSym:
		return printf.Arg{Kind: printf.USym, Size: 8, PID: uint32(le64(k.Bytes, 0)), Int: le64(k.Bytes, 8)}
	case ir.FUMod:
		return printf.Arg{Kind: printf.UMod, Size: 8, PID: uint32(le64(k.Bytes, 0)), Int: le64(k.Bytes, 8)}
	case ir.FUAddr:
		return printf.Arg{Kind: printf.UAddr, Size: 8, PID: uint32(le64(k.Bytes, 0)), Int: le64(k.Bytes, 8)}
	}
	return printf.Arg{Kind: printf.Chars, Bytes: k.Bytes}
}

// appendKey prints one key of a tuple in its default format.
func (p *Printer) appendKey(k *consume.Key) {
	f := k.Field
	switch f.Kind {
	case ir.FInt, ir.FPtr:
		// Keys of less than four bytes print unsigned, others signed, whatever
		// their type.
		v, signed := k.Int, *f
		signed.Signed = true
		switch f.Size {
		case 1:
			v = int64(uint8(v))
		case 2:
			v = int64(uint16(v))
		case 4:
			v = int64(int32(v))
		}
		p.buf = appendInt(p.buf, v, &signed, false, &keyWidth)
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		p.keyText(k.Text)
	case ir.FStack, ir.FUStack:
		arg := keyArg(k)
		p.buf = printf.AppendStack(p.buf, &arg, int(p.cfg.Opt.Num("stackindent")), &p.env)
	case ir.FSym, ir.FMod, ir.FUSym, ir.FUMod, ir.FUAddr:
		arg := keyArg(k)
		start := len(p.buf)
		p.buf = append(p.buf, "  "...)
		p.buf = p.env.AppendAddr(p.buf, arg.Kind, arg.PID, arg.Int)
		p.buf = spaces(p.buf, 2+keyText-(len(p.buf)-start))
	default:
		if f.Type != nil && f.Type.IsCharArray() {
			p.keyText(string(consume.CString(k.Bytes)))
		} else if n := len(k.Bytes); n == 1 || n == 2 || n == 4 || n == 8 {
			// What has the size of an integer prints as one.
			f := &ir.Field{Size: uint32(n), Kind: ir.FInt, Signed: true}
			p.buf = appendInt(p.buf, consume.Int(k.Bytes, f), f, false, &keyWidth)
		} else if s, ok := printable(k.Bytes); ok {
			p.keyText(s)
		} else {
			p.buf = AppendHexDump(p.buf, k.Bytes)
		}
	}
}

func (p *Printer) keyText(s string) {
	p.buf = append(p.buf, "  "...)
	p.buf = append(p.buf, s...)
	p.buf = spaces(p.buf, keyText-len(s))
}

// appendSnapshot prints aggregations in the default form: a line a tuple, or a
// distribution.
func (p *Printer) appendSnapshot(s *consume.Snapshot) {
	o := p.histOptions()
	pack := p.cfg.Opt.Flag("aggpack")
	hist := p.cfg.Opt.Flag("agghist")
	if len(s.Rows) == 0 {
		return
	}
	if len(s.Aggs) == 1 {
		switch spec := &s.Aggs[0].Spec; {
		case pack && spec.Func.Distribution():
			p.packed(s, o)
			return
		case hist && !spec.Func.Distribution():
			p.keyHist(s, o)
			return
		}
	}
	for r := range s.Rows {
		row := &s.Rows[r]
		for k := range row.Keys {
			p.appendKey(&row.Keys[k])
		}
		for j, a := range s.Aggs {
			p.appendValue(&a.Spec, row.Values[j], s.Normal[j], o)
			p.perCPU(s, row, j, o)
		}
		p.buf = append(p.buf, '\n')
	}
}

// perCPU prints the values of the CPUs below the total (aggpercpu).
func (p *Printer) perCPU(s *consume.Snapshot, row *consume.Row, j int, o agg.HistOptions) {
	if j >= len(row.CPUs) {
		return
	}
	spec := &s.Aggs[j].Spec
	for i, words := range row.CPUs[j] {
		p.buf = append(p.buf, "\n    [CPU "...)
		p.buf = strconv.AppendInt(p.buf, int64(s.CPUs[i]), 10)
		p.buf = append(p.buf, ']')
		if agg.Empty(words) {
			words = agg.Unseen(spec)
		}
		p.appendValue(spec, words, s.Normal[j], o)
	}
}

// appendValue prints one value; nil words are a tuple that the aggregation does
// not have.
func (p *Printer) appendValue(spec *agg.Spec, words []uint64, normal uint64, o agg.HistOptions) {
	if spec.Func.Distribution() {
		if words == nil {
			words = make([]uint64, spec.Words())
		}
		p.buf = agg.AppendHist(p.buf, spec, words, normal, o)
		return
	}
	v := int64(0)
	switch {
	case words == nil:
	case spec.Func == agg.Avg || spec.Func == agg.Stddev:
		v = agg.Result(spec, words, normal)
	default:
		v = agg.ResultUnsigned(spec, words, normal)
	}
	p.buf = append(p.buf, ' ')
	var b [24]byte
	t := strconv.AppendInt(b[:0], v, 10)
	p.buf = spaces(p.buf, valueCols-1-len(t))
	p.buf = append(p.buf, t...)
}

// packed prints distributions on one line each (aggpack).
func (p *Printer) packed(s *consume.Snapshot, o agg.HistOptions) {
	spec := &s.Aggs[0].Spec
	if !p.cfg.Opt.IsSet("encoding") {
		o.UTF8 = true
	}
	var sc agg.Scale
	for r := range s.Rows {
		sc.Add(spec, s.Rows[r].Values[0])
	}
	width := p.keysWidth(s)
	p.buf = agg.AppendPackHeader(p.buf, spec, &sc, width)
	for r := range s.Rows {
		p.paddedKeys(&s.Rows[r], width)
		p.buf = agg.AppendPacked(p.buf, spec, s.Rows[r].Values[0], &sc, o)
		p.buf = append(p.buf, '\n')
	}
}

// keyHist prints plain values as a histogram over the keys (agghist).
func (p *Printer) keyHist(s *consume.Snapshot, o agg.HistOptions) {
	spec := &s.Aggs[0].Spec
	var sc agg.Scale
	for r := range s.Rows {
		sc.Add(spec, s.Rows[r].Values[0])
	}
	width := max(p.keysWidth(s), 3)
	p.buf = agg.AppendHistHeader(p.buf, width)
	for r := range s.Rows {
		p.paddedKeys(&s.Rows[r], width)
		v := int64(0)
		if w := s.Rows[r].Values[0]; !agg.Empty(w) {
			v = agg.Result(spec, w, 1)
		}
		p.buf = append(p.buf, ' ')
		p.buf = agg.AppendBar(p.buf, v, s.Normal[0], &sc, o)
	}
}

// keysWidth is the widest print of a row's keys.
func (p *Printer) keysWidth(s *consume.Snapshot) (w int) {
	save := p.buf
	for r := range s.Rows {
		p.buf = nil
		p.paddedKeys(&s.Rows[r], 0)
		w = max(w, len(p.buf))
	}
	p.buf = save
	return w
}

// paddedKeys prints the keys one after the other, right-aligned to width.
func (p *Printer) paddedKeys(row *consume.Row, width int) {
	save := p.buf
	p.buf = nil
	for k := range row.Keys {
		if k > 0 {
			p.buf = append(p.buf, ' ')
		}
		key := &row.Keys[k]
		switch key.Field.Kind {
		case ir.FInt, ir.FPtr:
			p.buf = appendInt(p.buf, key.Int, key.Field, true, &keyWidth)
		case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
			p.buf = append(p.buf, key.Text...)
		default:
			arg := keyArg(key)
			p.buf = p.env.AppendAddr(p.buf, arg.Kind, arg.PID, arg.Int)
		}
	}
	text := p.buf
	p.buf = spaces(save, width-len(text))
	p.buf = append(p.buf, text...)
}
