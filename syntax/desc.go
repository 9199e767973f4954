package syntax

import (
	"errors"
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
	p.off = end
	if n, ok := probeID(d.Text); ok {
		id, err := strconv.ParseUint(n, 10, 32)
		if errors.Is(err, strconv.ErrRange) && len(n) >= 20 {
			p.failAt(start, diag.D_INT_OFLOW, "probe id %s does not fit 64 bits", n)
		}
		if err != nil {
			p.failAt(start, diag.D_PDESC_INVAL, "invalid probe description %q: a probe id has at most 32 bits", d.Text)
		}
		d.Numeric, d.ID = true, uint32(id)
		return d
	}
	p.splitDesc(d, start)
	return d
}

// probeID returns the digits of a description that is a probe id.
func probeID(text string) (string, bool) {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return "", false
		}
	}
	return text, text != ""
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
