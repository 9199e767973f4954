package bootcfg

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/regf"
)

// column is where values start in a listing.
const column = 24

func heading(w io.Writer, title string) {
	fmt.Fprintf(w, "\n%s\n%s\n", title, strings.Repeat("-", len(title)))
}

func field(w io.Writer, name string, lines ...string) {
	for i, l := range lines {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(w, "%-*s%s\n", column, name, l)
	}
	if len(lines) == 0 {
		fmt.Fprintf(w, "%s\n", name)
	}
}

type getJSON struct {
	Store    string      `json:"store"`
	Dirty    bool        `json:"dirty"`
	Entries  []entryJSON `json:"entries"`
	Warnings []string    `json:"warnings"`
}

type entryJSON struct {
	ID          string         `json:"id"`
	Alias       string         `json:"alias,omitempty"`
	Type        string         `json:"type"`
	Description string         `json:"description,omitempty"`
	Dtrace      switchJSON     `json:"dtrace"`
	Related     map[string]any `json:"related"` // other elements with a part in DTrace, as the loader sees them
}

// switchJSON is the state of the switch. Enabled is what the loader makes of it.
type switchJSON struct {
	Element string   `json:"element"`
	Set     bool     `json:"set"`
	Enabled bool     `json:"enabled"`
	From    string   `json:"from,omitempty"` // the object that has the element
	Chain   []string `json:"chain,omitempty"`
}

// related are the elements shown beside the switch.
var related = []bcd.ElementType{bcd.TestSigning, bcd.KernelDebug, bcd.HypervisorLaunchType, bcd.VSMLaunchType, bcd.CodeIntegrity}

func (c *command) get() error {
	o, err := c.open()
	if err != nil {
		return err
	}
	list, err := c.loaders(o)
	if err != nil {
		return err
	}
	res := getJSON{Store: c.store, Dirty: o.Recovery.Dirty, Warnings: o.warnings}
	for _, b := range list {
		e, notes, err := state(o.store, b)
		if err != nil {
			return err
		}
		res.Entries = append(res.Entries, e)
		res.Warnings = append(res.Warnings, notes...)
	}
	if c.json {
		if res.Warnings == nil {
			res.Warnings = []string{}
		}
		return c.print(res)
	}
	c.warn(res.Warnings)
	for i, e := range res.Entries {
		heading(c.out, list[i].Type.Title(list[i].ID))
		id := e.ID
		if e.Alias != "" {
			id = e.Alias
		}
		field(c.out, "identifier", id)
		if e.Description != "" {
			field(c.out, "description", e.Description)
		}
		field(c.out, "dtrace", switchText(o.store, list[i], e.Dtrace))
		for _, t := range related {
			f, err := o.store.Effective(list[i], t)
			if err == nil {
				field(c.out, t.Name(list[i].Type), f.Element.Lines(list[i].Type, o.store.Show)...)
			}
		}
	}
	return nil
}

func switchText(s *bcd.Store, b bcd.Object, sw switchJSON) string {
	text := bcd.YesNo(sw.Enabled)
	switch {
	case !sw.Set:
		text += " (not set)"
	case sw.From != b.ID.String():
		g, _ := bcd.ParseGUID(sw.From)
		text += fmt.Sprintf(" (from %s)", s.Show(g))
	}
	return text
}

// state reads the switch of one entry. Notes are links of the inherit chain that lead nowhere.
func state(s *bcd.Store, b bcd.Object) (e entryJSON, notes []string, err error) {
	e = entryJSON{ID: b.ID.String(), Type: fmt.Sprintf("0x%08x", uint32(b.Type)), Related: map[string]any{}}
	if a := s.Show(b.ID); a != e.ID {
		e.Alias = a
	}
	if d, err := b.Element(bcd.Description); err == nil {
		e.Description, _ = d.Text()
	}
	f, err := s.Effective(b, bcd.DtraceEnabled)
	e.Dtrace.Element = fmt.Sprintf("0x%08x", uint32(bcd.DtraceEnabled))
	if err != nil && !errors.Is(err, regf.ErrNotFound) {
		return e, nil, err
	}
	if err == nil {
		if e.Dtrace.Enabled, err = f.Element.Bool(); err != nil {
			return e, nil, fmt.Errorf("object %s: %w", f.From.ID, err)
		}
		e.Dtrace.Set, e.Dtrace.From = true, f.From.ID.String()
		for _, g := range f.Chain {
			e.Dtrace.Chain = append(e.Dtrace.Chain, g.String())
		}
	}
	for _, t := range related {
		r, err := s.Effective(b, t)
		if err != nil {
			continue
		}
		if t.Format() == bcd.FormatBoolean {
			if v, err := r.Element.Bool(); err == nil {
				e.Related[t.Name(b.Type)] = v
			}
		} else if v, err := r.Element.Int(); err == nil {
			e.Related[t.Name(b.Type)] = v
		}
	}
	return e, f.Notes, nil
}
