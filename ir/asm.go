package ir

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/probe"
)

// Assemble reads the text that Disassemble writes and returns the program,
// which is not verified. It is meant for tests, so it accepts less ceremony
// too: pc and line/action columns may be missing, a line "name:" sets a label
// that "->name" jumps to, blank lines and lines that start with ';' are
// skipped, and the program line may be missing (LP64, strsize 256). NumReg
// follows from the registers used. Field types are chosen by kind and size.
// Errors name the line.
func Assemble(text string) (*Program, error) {
	a := &assembler{
		p:     &Program{Model: ctype.LP64, StrSize: 256},
		types: ctype.NewSet(ctype.LP64),
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' {
			continue
		}
		if err := a.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if err := a.endClause(); err != nil {
		return nil, err
	}
	return a.p, nil
}

type assembler struct {
	p      *Program
	types  *ctype.Set
	c      *Clause
	labels map[string]int32
	fixups map[int]string // pc -> label
}

func (a *assembler) line(line string) error {
	words, err := splitWords(line)
	if err != nil {
		return err
	}
	switch words[0] {
	case "program":
		return a.program(words[1:])
	case "const":
		if len(words) != 2 {
			return fmt.Errorf("const: want one string")
		}
		s, err := strconv.Unquote(words[1])
		if err != nil {
			return fmt.Errorf("const: %w", err)
		}
		a.p.Const = append(a.p.Const, s...)
		return nil
	case "var":
		return a.variable(words[1:])
	case "agg":
		if len(words) > 1 && isNumber(words[1]) {
			return a.aggregation(words[1:])
		}
	case "clause":
		return a.clause(words[1:])
	case "action":
		return a.action(words[1:])
	}
	if a.c == nil {
		return fmt.Errorf("%q outside a clause", words[0])
	}
	if len(words) == 1 && strings.HasSuffix(line, ":") {
		l := strings.TrimSuffix(line, ":")
		if _, dup := a.labels[l]; dup {
			return fmt.Errorf("label %q set twice", l)
		}
		a.labels[l] = int32(len(a.c.Code))
		return nil
	}
	return a.instr(line)
}

// splitWords splits at blanks, keeping quoted strings whole.
func splitWords(s string) ([]string, error) {
	var words []string
	for i := 0; i < len(s); {
		if s[i] == ' ' || s[i] == '\t' {
			i++
			continue
		}
		j := i
		for j < len(s) && s[j] != ' ' && s[j] != '\t' {
			if s[j] == '"' {
				q, err := strconv.QuotedPrefix(s[j:])
				if err != nil {
					return nil, fmt.Errorf("bad string %s", s[j:])
				}
				j += len(q)
				continue
			}
			j++
		}
		words = append(words, s[i:j])
		i = j
	}
	return words, nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("bad number %q", s)
	}
	return uint32(n), nil
}

func (a *assembler) program(words []string) error {
	for _, w := range words {
		k, v, ok := strings.Cut(w, "=")
		switch {
		case w == "destructive":
			a.p.Destructive = true
			continue
		case w == "speculations":
			a.p.Speculations = true
			continue
		case k == "model":
			switch v {
			case "LP64":
				a.p.Model = ctype.LP64
			case "LLP64":
				a.p.Model = ctype.LLP64
			case "ILP32":
				a.p.Model = ctype.ILP32
			default:
				return fmt.Errorf("data model %q, want LP64, LLP64 or ILP32", v)
			}
			a.types = ctype.NewSet(a.p.Model)
			continue
		}
		dst := map[string]*uint32{
			"strsize": &a.p.StrSize, "global": &a.p.GlobalSize, "local": &a.p.LocalSize, "tls": &a.p.TLSSize,
		}[k]
		if !ok || dst == nil {
			return fmt.Errorf("program: unknown property %q", w)
		}
		n, err := number(v)
		if err != nil {
			return err
		}
		*dst = n
	}
	return nil
}

func (a *assembler) variable(words []string) error {
	if len(words) < 3 || words[0] != strconv.Itoa(len(a.p.Vars)) {
		return fmt.Errorf("var: want var %d name class properties", len(a.p.Vars))
	}
	k, ok := find(varKindNames[:], words[2])
	if !ok {
		return fmt.Errorf("var: unknown class %q", words[2])
	}
	v := Var{Name: words[1], Kind: VarKind(k)}
	for _, w := range words[3:] {
		k, val, _ := strings.Cut(w, "=")
		var err error
		switch k {
		case "key":
			v.KeySize, err = number(val)
		case "val":
			v.ValSize, err = number(val)
		case "mem":
			v.Mem, err = parseMem(val)
		case "keys":
			v.Keys, err = a.fields(val)
		case "type":
			if val, err = strconv.Unquote(val); err == nil {
				v.Type = a.types.Lookup(val)
			}
		default:
			err = fmt.Errorf("unknown property %q", w)
		}
		if err != nil {
			return fmt.Errorf("var %s: %w", v.Name, err)
		}
	}
	a.p.Vars = append(a.p.Vars, v)
	return nil
}

func (a *assembler) aggregation(words []string) error {
	if len(words) < 3 || words[0] != strconv.Itoa(len(a.p.Aggs)) {
		return fmt.Errorf("agg: want agg %d name function properties", len(a.p.Aggs))
	}
	fn, args, _ := strings.Cut(words[2], "(")
	g := Agg{Name: words[1], Spec: agg.Spec{Func: agg.Lookup(fn)}}
	if g.Spec.Func == agg.None {
		return fmt.Errorf("agg %s: unknown function %q", g.Name, fn)
	}
	var dst []*int64
	switch g.Spec.Func {
	case agg.LQuantize:
		dst = []*int64{&g.Spec.Low, &g.Spec.High, &g.Spec.Step}
	case agg.LLQuantize:
		dst = []*int64{&g.Spec.Factor, &g.Spec.LowMag, &g.Spec.HighMag, &g.Spec.Steps}
	}
	if len(dst) > 0 {
		f := strings.Split(strings.TrimSuffix(args, ")"), ",")
		if len(f) != len(dst) {
			return fmt.Errorf("agg %s: %s needs %d parameters", g.Name, fn, len(dst))
		}
		for i, s := range f {
			n, err := strconv.ParseInt(s, 0, 64)
			if err != nil {
				return fmt.Errorf("agg %s: bad parameter %q", g.Name, s)
			}
			*dst[i] = n
		}
	}
	for _, w := range words[3:] {
		k, val, _ := strings.Cut(w, "=")
		var err error
		switch k {
		case "key":
			g.KeySize, err = number(val)
		case "keys":
			g.Keys, err = a.fields(val)
		case "clearable":
			g.Clearable = true
		default:
			err = fmt.Errorf("unknown property %q", w)
		}
		if err != nil {
			return fmt.Errorf("agg %s: %w", g.Name, err)
		}
	}
	a.p.Aggs = append(a.p.Aggs, g)
	return nil
}

func (a *assembler) fields(s string) ([]Field, error) {
	var fs []Field
	for _, w := range strings.Split(s, ",") {
		kind, rest, ok := strings.Cut(w, "@")
		off, size, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
			return nil, fmt.Errorf("field %q, want kind@offset:size", w)
		}
		var f Field
		switch k, ok := find(fieldNames[:], kind); {
		case kind == "uint":
			f.Kind = FInt
		case ok:
			f.Kind, f.Signed = FieldKind(k), kind == "int"
		default:
			return nil, fmt.Errorf("unknown field kind %q", kind)
		}
		var err error
		if f.Off, err = number(off); err != nil {
			return nil, err
		}
		if f.Size, err = number(size); err != nil {
			return nil, err
		}
		f.Type = a.fieldType(&f)
		fs = append(fs, f)
	}
	return fs, nil
}

func (a *assembler) fieldType(f *Field) *ctype.Type {
	switch f.Kind {
	case FInt:
		s, u := a.types.Int64, a.types.Uint64
		switch f.Size {
		case 1:
			s, u = a.types.Int8, a.types.Uint8
		case 2:
			s, u = a.types.Int16, a.types.Uint16
		case 4:
			s, u = a.types.Int32, a.types.Uint32
		}
		if f.Signed {
			return s
		}
		return u
	case FString:
		return a.types.String
	case FPtr:
		return a.types.VoidPtr
	case FBytes:
		return ctype.ArrayOf(a.types.UChar, int64(f.Size))
	}
	return nil
}

func (a *assembler) clause(words []string) error {
	if err := a.endClause(); err != nil {
		return err
	}
	c := &Clause{}
	a.labels, a.fixups = map[string]int32{}, map[int]string{}
	for i, w := range words {
		if i == 0 {
			var err error
			if c.Name, err = strconv.Unquote(w); err != nil {
				return fmt.Errorf("clause: want a quoted name, not %s", w)
			}
			if d, ok := probe.ParseDesc(c.Name, probe.PartName); ok {
				c.Descs = []probe.Desc{d}
			}
			continue
		}
		k, val, _ := strings.Cut(w, "=")
		var err error
		switch k {
		case "frame":
			c.FrameSize, err = number(val)
		case "record":
			c.Record = true
			c.RecSize, err = number(val)
		case "conditional":
			c.Conditional = true
		case "speculative":
			c.Speculative = true
		case "probes":
			for _, r := range strings.Split(val, ",") {
				lo, hi, isRange := strings.Cut(r, "-")
				from, err := number(lo)
				if err != nil {
					return err
				}
				to := from
				if isRange {
					if to, err = number(hi); err != nil {
						return err
					}
				}
				if to < from || to-from > 1<<20 {
					return fmt.Errorf("clause: bad probe range %q", r)
				}
				for id := from; id <= to; id++ {
					c.Probes = append(c.Probes, probe.ID(id))
				}
			}
		default:
			err = fmt.Errorf("unknown property %q", w)
		}
		if err != nil {
			return fmt.Errorf("clause: %w", err)
		}
	}
	a.c = c
	a.p.Clauses = append(a.p.Clauses, c)
	return nil
}

func (a *assembler) endClause() error {
	if a.c == nil {
		return nil
	}
	for pc, l := range a.fixups {
		t, ok := a.labels[l]
		if !ok {
			return fmt.Errorf("clause %q: label %q is not set", a.c.Name, l)
		}
		a.c.Code[pc].Target = t
	}
	a.c = nil
	return nil
}

func (a *assembler) action(words []string) error {
	if a.c == nil {
		return fmt.Errorf("action outside a clause")
	}
	if len(words) < 2 || words[0] != strconv.Itoa(len(a.c.Actions)) {
		return fmt.Errorf("action: want action %d kind properties", len(a.c.Actions))
	}
	k, ok := find(actionNames[:], words[1])
	if !ok {
		return fmt.Errorf("action: unknown kind %q", words[1])
	}
	act := Action{Kind: ActionKind(k)}
	for _, w := range words[2:] {
		var err error
		k, val, _ := strings.Cut(w, "=")
		switch {
		case w[0] == '"':
			act.Format, err = strconv.Unquote(w)
		case k == "fields":
			act.Fields, err = a.fields(val)
		case k == "arg":
			var s string
			s, err = strconv.Unquote(val)
			act.Args = append(act.Args, s)
		case k == "n":
			act.N, err = strconv.ParseInt(val, 0, 64)
		case k == "aggs":
			for _, s := range strings.Split(val, ",") {
				n, e := strconv.ParseUint(s, 10, 16)
				if e != nil {
					err = e
					break
				}
				act.Aggs = append(act.Aggs, AggID(n))
			}
		default:
			err = fmt.Errorf("unknown property %q", w)
		}
		if err != nil {
			return fmt.Errorf("action %s: %w", act.Kind, err)
		}
	}
	a.c.Actions = append(a.c.Actions, act)
	return nil
}
