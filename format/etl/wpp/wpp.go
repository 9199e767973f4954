// Package wpp reads trace message format files (.tmf), which describe the messages
// of Windows' software tracing preprocessor: which arguments a message has and the
// text that they belong in.
//
//	GUID module // SRC=file.c ...
//	#typev name number "%0text %10!d!" //   LEVEL=... FLAGS=... FUNC=...
//	{
//	argument, ItemLong -- 10
//	}
package wpp

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// items are the arguments' types: what is stored, and how it is meant.
var items = map[string]schema.Field{
	"ItemChar": {In: schema.Int8}, "ItemUChar": {In: schema.UInt8}, "ItemShort": {In: schema.Int16}, "ItemUShort": {In: schema.UInt16},
	"ItemLong": {In: schema.Int32}, "ItemULong": {In: schema.UInt32}, "ItemULongX": {In: schema.HexInt32}, "ItemLongX": {In: schema.HexInt32},
	"ItemLongLong": {In: schema.Int64}, "ItemULongLong": {In: schema.UInt64}, "ItemLongLongX": {In: schema.HexInt64}, "ItemLongLongXX": {In: schema.HexInt64},
	"ItemLongLongO": {In: schema.UInt64}, "ItemULongLongX": {In: schema.HexInt64}, "ItemDouble": {In: schema.Double}, "ItemFloat": {In: schema.Float},
	"ItemPtr": {In: schema.Pointer}, "ItemString": {In: schema.ANSI}, "ItemRString": {In: schema.ANSI}, "ItemWString": {In: schema.UTF16},
	"ItemRWString": {In: schema.UTF16}, "ItemPString": {In: schema.CountedANSI}, "ItemPWString": {In: schema.CountedUTF16},
	"ItemDSString": {In: schema.ReversedANSI}, "ItemDSWString": {In: schema.ReversedUTF16}, "ItemMLString": {In: schema.RestANSI},
	"ItemSid": {In: schema.SID}, "ItemGuid": {In: schema.GUID}, "ItemCLSID": {In: schema.GUID}, "ItemLIBID": {In: schema.GUID}, "ItemIID": {In: schema.GUID},
	"ItemNTSTATUS": {In: schema.UInt32, Out: schema.OutNTStatus}, "ItemNTerror": {In: schema.UInt32, Out: schema.OutNTStatus},
	"ItemHRESULT": {In: schema.UInt32, Out: schema.OutHResult}, "ItemWINERROR": {In: schema.UInt32, Out: schema.OutWin32},
	"ItemMerror": {In: schema.UInt32, Out: schema.OutWin32}, "ItemTimestamp": {In: schema.FileTime}, "ItemTimeDelta": {In: schema.Int64}, "ItemWaitTime": {In: schema.Int64},
	"ItemIPAddr": {In: schema.UInt32, Out: schema.OutIPv4}, "ItemPort": {In: schema.UInt16, Out: schema.OutPort},
	"ItemHEXDump": {In: schema.CountedBinary}, "ItemHexDump": {In: schema.CountedBinary}, "ItemEnum": {In: schema.UInt32},
	"ItemListByte": {In: schema.UInt8}, "ItemListShort": {In: schema.UInt16}, "ItemListLong": {In: schema.UInt32},
	"ItemSetByte": {In: schema.UInt8}, "ItemSetShort": {In: schema.UInt16}, "ItemSetLong": {In: schema.UInt32},
}

// firstArg is the number of the first argument in formats; lower ones stand for
// parts of the prefix.
const firstArg = 10

// Parse reads a file of formats and returns the schemas of its messages, compiled,
// with GUID and ID. A message of which something cannot be understood is listed in
// problems and left out.
func Parse(text []byte) (out []*schema.Schema, problems []error, err error) {
	p := parser{}
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		p.line++
		if err := p.take(strings.TrimSpace(strings.TrimPrefix(sc.Text(), "\ufeff"))); err != nil {
			problems = append(problems, fmt.Errorf("tmf: line %d: %w", p.line, err))
			p.cur = nil
		}
	}
	if err := sc.Err(); err != nil {
		return p.out, problems, fmt.Errorf("tmf: line %d: %w", p.line+1, err)
	}
	if p.guid.IsZero() {
		return nil, problems, fmt.Errorf("tmf: no line with a GUID and a module, want one before the messages")
	}
	return p.out, problems, nil
}

type parser struct {
	line   int
	guid   etl.GUID
	module string
	cur    *schema.Schema
	open   bool // inside the braces of cur
	out    []*schema.Schema
}

func (p *parser) take(s string) error {
	switch {
	case s == "" || strings.HasPrefix(s, "//"):
		return nil
	case strings.HasPrefix(s, "#typev"), strings.HasPrefix(s, "#type "):
		return p.message(s)
	case s == "{":
		p.open = p.cur != nil
		return nil
	case s == "}":
		if p.cur != nil {
			p.finish()
		}
		p.cur, p.open = nil, false
		return nil
	case p.open:
		return p.argument(s)
	case strings.HasPrefix(s, "#"):
		return nil
	}
	id, rest, _ := strings.Cut(s, " ")
	g, err := etl.ParseGUID(id)
	if err != nil {
		return nil // arguments of a message that was left out
	}
	module, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	p.guid, p.module = g, module
	return nil
}

// message reads a line #typev.
func (p *parser) message(s string) error {
	p.cur, p.open = nil, false
	head, rest, ok := strings.Cut(s, `"`)
	f := strings.Fields(head)
	if !ok || len(f) != 3 {
		return fmt.Errorf("found %.60q, want #typev name number \"format\"", s)
	}
	n, err := strconv.ParseUint(f[2], 10, 16)
	if err != nil {
		return fmt.Errorf("message %s has number %q, want 0 to 65535", f[1], f[2])
	}
	if p.guid.IsZero() {
		return fmt.Errorf("message %s comes before a line with a GUID", f[1])
	}
	end := strings.LastIndex(rest, `" //`)
	if end < 0 {
		if end = strings.LastIndexByte(rest, '"'); end < 0 {
			return fmt.Errorf("the format of message %s has no end", f[1])
		}
	}
	format, notes := rest[:end], rest[end+1:]
	sch := &schema.Schema{Provider: p.module, GUID: p.guid, ID: uint16(n), Source: schema.FromWPP, Task: note(notes, "FUNC"), Opcode: f[1]}
	sch.Level = strings.TrimPrefix(note(notes, "LEVEL"), "TRACE_LEVEL_")
	if fl := note(notes, "FLAGS"); fl != "" {
		sch.Keywords = []string{fl}
	}
	sch.Message = convert(format, map[string]string{
		"FUNC": sch.Task, "LEVEL": sch.Level, "FLAGS": note(notes, "FLAGS"), "COMPNAME": p.module, "MOD": p.module, "STDPREFIX": "",
	}, f[1])
	p.cur = sch
	return nil
}

// note returns what follows KEY= in the comment of a message.
func note(s, key string) string {
	for _, w := range strings.Fields(s) {
		if v, ok := strings.CutPrefix(w, key+"="); ok {
			return v
		}
	}
	return ""
}

// convert numbers a format's arguments from 1, and puts in what is the same in all
// messages.
func convert(f string, names map[string]string, typ string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(f, '%')
		if i < 0 || i+1 == len(f) {
			b.WriteString(f)
			return b.String()
		}
		b.WriteString(f[:i])
		f = f[i+1:]
		if f[0] == '!' {
			if name, rest, ok := strings.Cut(f[1:], "!"); ok {
				if v, known := names[name]; known {
					b.WriteString(strings.ReplaceAll(v, "%", "%%"))
				}
				f = rest
				continue
			}
		}
		d := 0
		for d < len(f) && f[d] >= '0' && f[d] <= '9' {
			d++
		}
		if d == 0 {
			b.WriteString("%" + f[:1])
			f = f[1:]
			continue
		}
		n, err := strconv.Atoi(f[:d])
		f = f[d:]
		if err == nil && n >= firstArg {
			fmt.Fprintf(&b, "%%%d", n-firstArg+1)
			continue
		}
		// Parts of the prefix: the event's header has the others.
		if strings.HasPrefix(f, "!") {
			if _, rest, ok := strings.Cut(f[1:], "!"); ok {
				f = rest
			}
		}
		switch n {
		case 1:
			b.WriteString(strings.ReplaceAll(names["MOD"], "%", "%%"))
		case 2:
			b.WriteString(strings.ReplaceAll(typ, "%", "%%"))
		}
	}
}

// argument reads a line "name, ItemType -- number".
func (p *parser) argument(s string) error {
	def := s
	if i := strings.LastIndex(s, "--"); i >= 0 {
		def = strings.TrimSpace(s[:i])
	}
	i := strings.LastIndex(def, "Item")
	if i < 0 {
		return fmt.Errorf("argument %.60q of message %s, want name, ItemType -- number", s, p.cur.Opcode)
	}
	name := strings.TrimRight(def[:i], ", \t")
	kind, list, _ := strings.Cut(def[i:], "(")
	kind = strings.TrimSpace(kind)
	f, ok := items[kind]
	if !ok {
		return fmt.Errorf("argument %.40q of message %s has type %s, which is not known", name, p.cur.Opcode, kind)
	}
	f.Name, f.CountField, f.LengthField = name, schema.NoField, schema.NoField
	if f.Name == "" {
		f.Name = "arg" + strconv.Itoa(len(p.cur.Fields)+1)
	}
	if list = strings.TrimSuffix(strings.TrimSpace(list), ")"); list != "" && (strings.HasPrefix(kind, "ItemList") || strings.HasPrefix(kind, "ItemSet")) {
		f.Map = &schema.Map{Name: name, Bits: strings.HasPrefix(kind, "ItemSet")}
		for n, w := range strings.Split(list, ",") {
			v := uint64(n)
			if f.Map.Bits {
				v = 1 << min(n, 63)
			}
			f.Map.Entries = append(f.Map.Entries, schema.MapEntry{Value: v, Text: strings.TrimSpace(w)})
		}
	}
	p.cur.Fields = append(p.cur.Fields, f)
	return nil
}

// finish makes the schema of the message at hand: its text, then its arguments.
func (p *parser) finish() {
	s := p.cur
	body := *s
	body.Fields = append([]schema.Field(nil), s.Fields...)
	text := schema.Field{Name: "Message", In: schema.MessageText, CountField: schema.NoField, LengthField: schema.NoField, Of: body.Compile()}
	s.Fields = append([]schema.Field{text}, s.Fields...)
	p.out = append(p.out, s.Compile())
}
