// Package text writes events as DTrace prints them: headers, columns, default
// formats, histograms, stacks and messages. Data goes to one writer, messages
// about errors and drops to another.
package text

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/printf"
	"github.com/godtrace/godtrace/record"
	"github.com/godtrace/godtrace/symbol"
)

// Config is what a Printer needs.
type Config struct {
	Out, Err io.Writer
	Prog     *ir.Program
	// Opt may change while tracing.
	Opt     *option.Set
	Symbols symbol.Resolver
	// Target is $target, 0 if none.
	Target uint32
	// Testing leaves out the CPU and ID columns (_DTRACE_TESTING).
	Testing bool
	// Run executes a command line for system(); nil uses the shell.
	Run func(cmd string) error
}

// flushAt is the size above which the buffer is written out between Flush calls.
const flushAt = 1 << 16

// Printer is a consume.Sink that writes text.
type Printer struct {
	cfg     Config
	out     io.Writer
	file    *os.File // the target of freopen(), nil for cfg.Out
	buf     []byte
	header  bool
	quiet   bool   // the option quiet when the firing began
	last    firing // the clause printed last
	formats [][]*printf.Format
	env     printf.Env
	args    []printf.Arg
	flow    flow
}

// New returns a Printer.
func New(cfg Config) *Printer {
	p := &Printer{cfg: cfg, out: cfg.Out, buf: make([]byte, 0, flushAt+4096)}
	p.formats = make([][]*printf.Format, len(cfg.Prog.Clauses))
	for i, c := range cfg.Prog.Clauses {
		p.formats[i] = make([]*printf.Format, len(c.Actions))
	}
	p.env = printf.Env{Location: time.Local, Target: cfg.Target, Symbols: &symbolizer{r: cfg.Symbols, opt: cfg.Opt}}
	return p
}

// Begin implements consume.Sink.
func (p *Printer) Begin(e *consume.Event) error {
	// What setopt() says of quiet holds for rows at once, but for the columns of
	// values from the next firing.
	if p.last.probe != e.Probe.ID || e.Index <= p.last.clause {
		p.quiet = p.cfg.Opt.Flag("quiet")
	}
	p.last = firing{e.EPID, e.Probe.ID, e.Index}
	if p.cfg.Opt.Flag("quiet") || rowless(e.Clause) {
		return nil
	}
	flowing := p.cfg.Opt.Flag("flowindent")
	if !p.header {
		p.header = true
		p.appendHeader(flowing)
	}
	if flowing {
		p.flowPrefix(e)
		return nil
	}
	if !p.cfg.Testing {
		p.buf = padInt(p.buf, int64(e.CPU), 3)
		p.buf = append(p.buf, ' ')
		p.buf = padInt(p.buf, int64(e.Probe.ID), 6)
		p.buf = append(p.buf, ' ')
	}
	n := len(e.Probe.Function) + 1 + len(e.Probe.Name)
	p.buf = spaces(p.buf, 32-n)
	p.buf = append(p.buf, e.Probe.Function...)
	p.buf = append(p.buf, ':')
	p.buf = append(p.buf, e.Probe.Name...)
	p.buf = append(p.buf, ' ')
	return nil
}

// rowless reports whether a clause's records show nothing: it only commits or
// discards speculations.
func rowless(c *ir.Clause) bool {
	for i := range c.Actions {
		switch c.Actions[i].Kind {
		case ir.ActCommit, ir.ActDiscard, ir.ActSpeculate:
		default:
			return false
		}
	}
	return len(c.Actions) > 0
}

func (p *Printer) appendHeader(flowing bool) {
	if flowing {
		if !p.cfg.Testing {
			p.buf = append(p.buf, "CPU "...)
		}
		p.buf = append(p.buf, fmt.Sprintf("%-41s\n", "FUNCTION")...)
		return
	}
	if !p.cfg.Testing {
		p.buf = append(p.buf, "CPU     ID "...)
	}
	p.buf = append(p.buf, "                   FUNCTION:NAME\n"...)
}

// End implements consume.Sink.
func (p *Printer) End(e *consume.Event) error {
	if !p.cfg.Opt.Flag("quiet") && !rowless(e.Clause) {
		p.buf = append(p.buf, '\n')
	}
	if len(p.buf) >= flushAt {
		return p.Flush()
	}
	return nil
}

// Flush implements consume.Sink.
func (p *Printer) Flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	_, err := p.out.Write(p.buf)
	p.buf = p.buf[:0]
	if err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// Newline ends the output of the run, before aggregations are printed.
func (p *Printer) Newline() error {
	p.buf = append(p.buf, '\n')
	return p.Flush()
}

// Aggregations implements consume.Sink: the default print of all aggregations
// that the program did not print itself.
func (p *Printer) Aggregations(ids []ir.AggID, aggs consume.Aggregations) error {
	for _, id := range ids {
		s, err := aggs.Snapshot(id)
		if err != nil {
			return err
		}
		p.appendSnapshot(s)
	}
	return p.Flush()
}

// Action implements consume.Sink.
func (p *Printer) Action(e *consume.Event, i int, a *ir.Action, aggs consume.Aggregations) error {
	switch a.Kind {
	case ir.ActTrace:
		p.trace(e, &a.Fields[0])
	case ir.ActTracemem, ir.ActPrintm:
		b := e.Bytes(&a.Fields[0])
		if len(a.Fields) > 1 {
			if n := e.Int(&a.Fields[1]); n >= 0 && n < int64(len(b)) {
				b = b[:n]
			}
		}
		if len(b) == 0 {
			return nil
		}
		p.buf = AppendHexDump(p.buf, b)
	case ir.ActPrintf:
		f, err := p.format(e, i, a)
		if err != nil {
			return err
		}
		p.buf = f.Append(p.buf, p.eventArgs(e, a), &p.env)
	case ir.ActPrinta:
		return p.printa(e, i, a, aggs)
	case ir.ActPrint:
		p.print(e, a)
	case ir.ActStack, ir.ActUStack:
		arg := p.arg(e.Data, &a.Fields[0])
		p.buf = printf.AppendStack(p.buf, &arg, int(p.cfg.Opt.Num("stackindent")), &p.env)
	case ir.ActSym:
		p.sym(e, &a.Fields[0])
	case ir.ActSystem:
		return p.system(e, i, a)
	case ir.ActFreopen:
		return p.freopen(e, i, a)
	case ir.ActFtruncate:
		return p.ftruncate()
	case ir.ActPcap:
		b := e.Bytes(&a.Fields[0])
		if n := e.Int(&a.Fields[1]); n >= 0 && n < int64(len(b)) {
			b = b[:n]
		}
		p.buf = AppendHexDump(p.buf, b)
	}
	return nil
}

// format returns the parsed format of action i of e's clause.
func (p *Printer) format(e *consume.Event, i int, a *ir.Action) (*printf.Format, error) {
	if f := p.formats[e.Index][i]; f != nil {
		return f, nil
	}
	f, err := printf.Parse(a.Format)
	if err != nil {
		return nil, fmt.Errorf("BUG: format %q passed the compiler: %w", a.Format, err)
	}
	if !groups() {
		f.Ungroup()
	}
	p.formats[e.Index][i] = f
	return f, nil
}

// groups reports whether the locale that the environment names separates
// thousands, which C and POSIX do not.
func groups() bool {
	for _, name := range []string{"LC_ALL", "LC_NUMERIC", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v, _, _ = strings.Cut(v, ".")
			return v != "C" && v != "POSIX"
		}
	}
	return false
}

func (p *Printer) eventArgs(e *consume.Event, a *ir.Action) []printf.Arg {
	p.args = p.args[:0]
	for j := range a.Fields {
		f := &a.Fields[j]
		if f.Kind >= ir.FProbeProv && f.Kind <= ir.FProbeName {
			p.args = append(p.args, printf.Arg{Kind: printf.String, Bytes: []byte(e.Text(f))})
			continue
		}
		p.args = append(p.args, p.arg(e.Data, f))
	}
	return p.args
}

// arg makes a printf argument of a field.
func (p *Printer) arg(data []byte, f *ir.Field) printf.Arg {
	b := consume.Bytes(data, f)
	switch f.Kind {
	case ir.FInt:
		if f.Type != nil && f.Type.Is(ctype.Float) {
			return printf.Arg{Kind: printf.Float, Bytes: b}
		}
		return printf.Arg{Kind: printf.Int, Size: uint8(f.Size), Signed: f.Signed, Int: uint64(consume.Int(data, f))}
	case ir.FPtr:
		return printf.Arg{Kind: printf.Pointer, Size: uint8(f.Size), Int: uint64(consume.Int(data, f))}
	case ir.FString:
		return printf.Arg{Kind: printf.String, Bytes: b}
	case ir.FStack:
		return printf.Arg{Kind: printf.Stack, Bytes: b}
	case ir.FUStack:
		return ustackArg(b)
	case ir.FSym, ir.FMod:
		k := printf.Sym
		if f.Kind == ir.FMod {
			k = printf.Mod
		}
		return printf.Arg{Kind: k, Size: 8, Int: le64(b, 0)}
	case ir.FUSym, ir.FUMod, ir.FUAddr:
		k := printf.USym
		switch f.Kind {
		case ir.FUMod:
			k = printf.UMod
		case ir.FUAddr:
			k = printf.UAddr
		}
		return printf.Arg{Kind: k, Size: 8, PID: uint32(le64(b, 0)), Int: le64(b, 8)}
	}
	if f.Type != nil && f.Type.Is(ctype.Float) {
		return printf.Arg{Kind: printf.Float, Bytes: b}
	}
	if f.Type != nil && f.Type.Is(ctype.Array) && f.Size > 0 && f.Type.Base().Elem.IsInt() {
		if n := f.Type.Base().Elem.Base().Bytes; n == 4 || n == 2 {
			return printf.Arg{Kind: printf.WString, Size: uint8(n), Bytes: b}
		}
	}
	return printf.Arg{Kind: printf.Chars, Bytes: b}
}

// ustackArg makes an argument of a stack with the word that says whose it is.
func ustackArg(b []byte) printf.Arg {
	if len(b) >= 8 && int64(le64(b, 0)) == ir.KernelStack {
		return printf.Arg{Kind: printf.Stack, Bytes: b[8:]}
	}
	return printf.Arg{Kind: printf.UStack, Bytes: b}
}

func le64(b []byte, off int) (v uint64) {
	if len(b) < off+8 {
		return 0
	}
	for i := 7; i >= 0; i-- {
		v = v<<8 | uint64(b[off+i])
	}
	return v
}

// printa prints aggregations over a format, or in the default form.
func (p *Printer) printa(e *consume.Event, i int, a *ir.Action, aggs consume.Aggregations) error {
	s, err := aggs.Snapshot(a.Aggs...)
	if err != nil {
		return err
	}
	if a.Format == "" {
		p.buf = append(p.buf, '\n')
		p.appendSnapshot(s)
		return nil
	}
	f, err := p.format(e, i, a)
	if err != nil {
		return err
	}
	p.env.Hist = p.histOptions()
	vals := make([]printf.AggValue, len(s.Aggs))
	for r := range s.Rows {
		row := &s.Rows[r]
		p.args = p.args[:0]
		for k := range row.Keys {
			p.args = append(p.args, keyArg(&row.Keys[k]))
		}
		for j := range s.Aggs {
			vals[j] = printf.AggValue{Spec: &s.Aggs[j].Spec, Words: row.Values[j], Normal: s.Normal[j]}
		}
		p.buf = f.AppendAgg(p.buf, p.args, vals, &p.env)
		if len(p.buf) >= flushAt {
			if err := p.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Printer) histOptions() agg.HistOptions {
	return agg.HistOptions{Zoom: p.cfg.Opt.Flag("aggzoom"), UTF8: p.cfg.Opt.IsSet("encoding") && p.cfg.Opt.Str("encoding") == "utf8"}
}

// system flushes and runs a command line.
func (p *Printer) system(e *consume.Event, i int, a *ir.Action) error {
	f, err := p.format(e, i, a)
	if err != nil {
		return err
	}
	cmd := string(f.Append(nil, p.eventArgs(e, a), &p.env))
	if err := p.Flush(); err != nil {
		return err
	}
	run := p.cfg.Run
	if run == nil {
		run = func(s string) error {
			c := exec.Command("/bin/sh", "-c", s)
			c.Stdin, c.Stdout, c.Stderr = os.Stdin, p.out, p.cfg.Err
			err := c.Run()
			if _, ok := err.(*exec.ExitError); ok {
				return nil // the command's own affair
			}
			return err
		}
	}
	if err := run(cmd); err != nil {
		return fmt.Errorf("system(%q): %w", cmd, err)
	}
	return nil
}

// freopen redirects the output to a file; an empty name restores it.
func (p *Printer) freopen(e *consume.Event, i int, a *ir.Action) error {
	f, err := p.format(e, i, a)
	if err != nil {
		return err
	}
	name := string(f.Append(nil, p.eventArgs(e, a), &p.env))
	if err := p.Flush(); err != nil {
		return err
	}
	if p.file != nil {
		if err := p.file.Close(); err != nil {
			return fmt.Errorf("close %s: %w", p.file.Name(), err)
		}
		p.file, p.out = nil, p.cfg.Out
	}
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("freopen: %w", err)
	}
	p.file, p.out = file, file
	return nil
}

func (p *Printer) ftruncate() error {
	if err := p.Flush(); err != nil {
		return err
	}
	f := p.file
	if f == nil {
		f, _ = p.cfg.Out.(*os.File)
	}
	if f == nil {
		return nil
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("ftruncate: %w", err)
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// Close flushes and closes a file opened by freopen().
func (p *Printer) Close() error {
	err := p.Flush()
	if p.file != nil {
		if cerr := p.file.Close(); err == nil {
			err = cerr
		}
		p.file, p.out = nil, p.cfg.Out
	}
	return err
}

func spaces(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, ' ')
	}
	return dst
}

func padInt(dst []byte, v int64, width int) []byte {
	var b [24]byte
	s := strconv.AppendInt(b[:0], v, 10)
	dst = spaces(dst, width-len(s))
	return append(dst, s...)
}

var _ consume.Sink = (*Printer)(nil)

// Losses implements consume.Sink: drops in DTrace's words.
func (p *Printer) Losses(l []consume.Loss) error {
	if err := p.Flush(); err != nil {
		return err
	}
	for _, d := range l {
		if _, err := fmt.Fprintf(p.cfg.Err, "dtrace: %s\n", DropMessage(d, p.cfg.Opt.Flag("droptags"))); err != nil {
			return err
		}
	}
	return nil
}

var dropTags = [record.NumDrops]string{
	record.DropPrincipal: "PRINCIPAL", record.DropAggregation: "AGGREGATION", record.DropDynamic: "DYNAMIC",
	record.DropDynRinse: "DYNRINSE", record.DropDynDirty: "DYNDIRTY", record.DropSpec: "SPEC",
	record.DropSpecBusy: "SPECBUSY", record.DropSpecUnavail: "SPECUNAVAIL", record.DropStkStr: "STKSTROVERFLOW",
	record.DropDblError: "DBLERROR", record.DropNest: "PRINCIPAL",
}

// DropMessage words a loss as DTrace does, with its tag in front if asked.
func DropMessage(d consume.Loss, tag bool) string {
	s := "s"
	if d.N == 1 {
		s = ""
	}
	var m string
	switch d.Kind {
	case record.DropPrincipal:
		m = fmt.Sprintf("%d drop%s on CPU %d", d.N, s, d.CPU)
	case record.DropAggregation:
		m = fmt.Sprintf("%d aggregation drop%s on CPU %d", d.N, s, d.CPU)
	case record.DropDynamic:
		m = fmt.Sprintf("%d dynamic variable drop%s", d.N, s)
	case record.DropDynRinse:
		m = fmt.Sprintf("%d dynamic variable drop%s with non-empty rinsing list", d.N, s)
	case record.DropDynDirty:
		m = fmt.Sprintf("%d dynamic variable drop%s with non-empty dirty list", d.N, s)
	case record.DropSpec:
		m = fmt.Sprintf("%d speculative drop%s", d.N, s)
	case record.DropSpecBusy:
		m = fmt.Sprintf("%d failed speculation%s (available buffer(s) still busy)", d.N, s)
	case record.DropSpecUnavail:
		m = fmt.Sprintf("%d failed speculation%s (no speculative buffer available)", d.N, s)
	case record.DropStkStr:
		m = fmt.Sprintf("%d jstack()/ustack() string table overflow%s", d.N, s)
	case record.DropDblError:
		m = fmt.Sprintf("%d error%s in ERROR probe enabling", d.N, s)
	case record.DropNest:
		m = fmt.Sprintf("%d drop%s on CPU %d (probes nested too deep)", d.N, s, d.CPU)
	}
	if tag {
		m = "[DTRACEDROP_" + dropTags[d.Kind] + "] " + m
	}
	return m
}

// Fault implements consume.Sink: a run-time error in DTrace's words.
func (p *Printer) Fault(f *consume.Fault) error {
	if err := p.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.cfg.Err, "dtrace: %s\n", FaultMessage(f))
	return err
}

// Warn reports an action that could not be done.
func (p *Printer) Warn(e *consume.Event, msg string) error {
	_, err := fmt.Fprintf(p.cfg.Err, "dtrace: error on enabled probe ID %d (ID %d: %s): %s\n", e.EPID, e.Probe.ID, e.Probe, msg)
	return err
}

// FaultMessage words a run-time error.
func FaultMessage(f *consume.Fault) string {
	where := "in predicate"
	if f.Action > 0 {
		where = fmt.Sprintf("in action #%d", f.Action)
	}
	val := ""
	if f.Fault == ir.FaultBadAddr || f.Fault == ir.FaultBadAlign {
		val = fmt.Sprintf(" (0x%x)", f.Value)
	}
	return fmt.Sprintf("error on enabled probe ID %d (ID %d: %s): %s%s %s at DIF offset %d",
		f.EPID, f.Probe.ID, f.Probe, f.Fault, val, where, f.PC)
}
