package syntax

import (
	"math"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
)

// isDescPart reports whether c can be part of a probe description.
func isDescPart(c byte) bool {
	return isAlpha(c) || isDigit(c) || strings.IndexByte("-:$.?*\\[]!`+@~%^", c) >= 0
}

// probeDescs reads a list of probe descriptions. Blanks before it have been
// skipped.
func (p *parser) probeDescs() []*ProbeDesc {
	var list []*ProbeDesc
	for {
		list = append(list, p.probeDesc())
		p.blank()
		if p.off >= len(p.src) || p.src[p.off] != ',' {
			return list
		}
		p.off++
		p.blank()
	}
}

// probeDesc reads one probe description.
func (p *parser) probeDesc() *ProbeDesc {
	start := p.off
	end := start
	for end < len(p.src) && isDescPart(p.src[end]) {
		if p.src[end] == '\\' && end+1 < len(p.src) && !isSpace(p.src[end+1]) {
			end++
		}
		end++
	}
	if end == start {
		if start < len(p.src) && p.src[start] == '"' || start < len(p.src) && p.src[start] == '\'' {
			p.unexpected("a probe description without quotes")
		}
		p.have = false
		p.unexpected("a probe description or a declaration")
	}
	d := &ProbeDesc{Loc: Loc{p.here(start)}}
	d.Text = p.expandDesc(start, end)
	if kw := keywords[strings.TrimSuffix(d.Text, "*")]; kw.startsItem() && p.cfg.Spec == SpecName && !p.cfg.PSpec {
		p.failAt(start, diag.D_SYNTAX, "syntax error near %q: a keyword is no probe description", d.Text)
	}
	p.off = end
	// What a macro stands for is text: $1 is no id.
	if d.Text == p.src[start:end] && p.probeID(d, start) {
		return d
	}
	if !p.cfg.CommandLine && strings.IndexByte("`@+~%^", p.src[start]) >= 0 {
		p.failAt(start, diag.D_SYNTAX, "syntax error near %q: a probe description does not begin with %q", d.Text, p.src[start:start+1])
	}
	if p.src[start] != '$' && isDigit(p.src[start]) && p.cfg.Spec == SpecName && !p.cfg.CommandLine {
		p.failAt(start, diag.D_SYNTAX, "syntax error near %q: a probe description does not begin with a digit, unless it is a probe id", d.Text)
	}
	p.splitDesc(d, start)
	return d
}

// probeID fills in a description that is a probe id, which is an integer constant,
// and reports whether it is one.
func (p *parser) probeID(d *ProbeDesc, start int) bool {
	if d.Text == "" || !isDigit(d.Text[0]) || strings.IndexFunc(d.Text, func(r rune) bool { return r >= 0x80 || !isAlpha(byte(r)) && !isDigit(byte(r)) }) >= 0 {
		return false
	}
	id, _, bad := parseInt(d.Text)
	switch {
	case bad != nil && bad.code == diag.D_SYNTAX:
		return false
	case bad != nil:
		p.failAt(start, bad.code, "probe id: %s", bad.msg)
	case id > math.MaxUint32:
		p.failAt(start, diag.D_PDESC_INVAL, "invalid probe description %q: a probe id has at most 32 bits", d.Text)
	}
	d.Numeric, d.ID = true, uint32(id)
	return true
}

// expandDesc returns the description between start and end with macros replaced
// by their values.
func (p *parser) expandDesc(start, end int) string {
	text := p.src[start:end]
	if strings.IndexByte(text, '$') < 0 {
		return text
	}
	var b strings.Builder
	for i := start; i < end; {
		c := p.src[i]
		if c == '\\' && i+1 < end {
			b.WriteString(p.src[i : i+2])
			i += 2
			continue
		}
		next := byte(0)
		if i+1 < end {
			next = p.src[i+1]
		}
		if c != '$' || !isAlpha(next) && !isDigit(next) && next != '$' {
			b.WriteByte(c)
			i++
			continue
		}
		val, _, after, err := p.expandAt(i)
		if n, bad := strconv.Atoi(p.src[i+1 : after]); err == nil && bad == nil && n >= len(p.cfg.Args) {
			// -x defaultargs gives probe descriptions nothing.
			err = &intError{0, diag.D_MACRO_UNDEF, "macro argument " + p.src[i:after] + " is not defined"}
		}
		if err != nil {
			p.failAt(i, diag.D_PDESC_INVAL, "invalid probe description %q: %s", text, err.msg)
		}
		b.WriteString(val)
		i = after
	}
	return b.String()
}

// splitDesc fills in the parts of a description, from the right.
func (p *parser) splitDesc(d *ProbeDesc, off int) {
	parts := splitColon(d.Text)
	slots := []*string{&d.Provider, &d.Module, &d.Function, &d.Name}
	switch p.cfg.Spec {
	case SpecFunction:
		slots = slots[:3]
	case SpecModule:
		slots = slots[:2]
	case SpecProvider:
		slots = slots[:1]
	}
	if len(parts) > len(slots) {
		if len(slots) == 4 {
			p.failAt(off, diag.D_PDESC_INVAL, "invalid probe description %q: it has %d parts, want at most provider:module:function:name", d.Text, len(parts))
		}
		p.failAt(off, diag.D_PDESC_INVAL, "invalid probe description %q: it has %d parts, want at most %d ending with the %s", d.Text, len(parts), len(slots), p.cfg.Spec)
	}
	for i, part := range parts {
		*slots[len(slots)-len(parts)+i] = strings.TrimSpace(part)
	}
}

// splitColon splits text at colons that no backslash precedes.
func splitColon(text string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ':':
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}
