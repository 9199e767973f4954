package bootcfg

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/regf"
)

type listJSON struct {
	Store    string       `json:"store"`
	Dirty    bool         `json:"dirty"`
	Objects  []objectJSON `json:"objects"`
	Warnings []string     `json:"warnings"`
}

type objectJSON struct {
	ID       string        `json:"id"`
	Alias    string        `json:"alias,omitempty"`
	Type     string        `json:"type"`
	Title    string        `json:"title"`
	Elements []elementJSON `json:"elements"`
}

type elementJSON struct {
	Element string `json:"element"`
	Name    string `json:"name"`
	Format  string `json:"format"`
	Value   any    `json:"value,omitempty"` // by format: bool, number, string, list of strings or numbers, device
	Raw     string `json:"raw"`             // the bytes in hexadecimal
	Kind    string `json:"kind"`            // type of the registry value
}

func (c *command) list() error {
	o, err := c.open()
	if err != nil {
		return err
	}
	var objs []bcd.Object
	if c.entry == "" {
		var bad error
		if objs, bad = o.store.Objects(); bad != nil {
			o.warnings = append(o.warnings, strings.Split(bad.Error(), "\n")...)
		}
	} else if objs, err = o.store.Find(c.entry); err != nil {
		return err
	}
	res := listJSON{Store: c.store, Dirty: o.Recovery.Dirty, Objects: []objectJSON{}}
	show := o.store.Show
	if c.verbose {
		show = bcd.GUID.String
	}
	for _, b := range objs {
		elems, bad := b.Elements()
		if bad != nil {
			o.warnings = append(o.warnings, strings.Split(bad.Error(), "\n")...)
		}
		if c.json {
			res.Objects = append(res.Objects, toJSON(o.store, b, elems))
			continue
		}
		heading(c.out, b.Type.Title(b.ID))
		field(c.out, "identifier", show(b.ID))
		for _, e := range elems {
			if e.Type.Class() == bcd.ClassTemplate && !c.verbose {
				continue // hidden, as bcdedit hides them
			}
			field(c.out, e.Type.Name(b.Type), e.Lines(b.Type, show)...)
		}
	}
	if c.json {
		if res.Warnings = o.warnings; res.Warnings == nil {
			res.Warnings = []string{}
		}
		return c.print(res)
	}
	c.warn(o.warnings)
	return nil
}

func toJSON(s *bcd.Store, b bcd.Object, elems []bcd.Element) objectJSON {
	j := objectJSON{ID: b.ID.String(), Type: fmt.Sprintf("0x%08x", uint32(b.Type)), Title: b.Type.Title(b.ID), Elements: []elementJSON{}}
	if a := s.Show(b.ID); a != j.ID {
		j.Alias = a
	}
	for _, e := range elems {
		j.Elements = append(j.Elements, elementJSON{
			Element: fmt.Sprintf("0x%08x", uint32(e.Type)), Name: e.Type.Name(b.Type), Format: e.Type.Format().String(),
			Value: jsonValue(e), Raw: hex.EncodeToString(e.Raw.Data), Kind: regf.TypeName(e.Raw.Type)})
	}
	return j
}

// jsonValue decodes the value by its format; nil when it does not fit.
func jsonValue(e bcd.Element) any {
	switch e.Type.Format() {
	case bcd.FormatDevice:
		if d, err := bcd.ParseDevice(e.Raw.Data); err == nil {
			return d
		}
	case bcd.FormatString:
		if s, err := e.Text(); err == nil {
			return s
		}
	case bcd.FormatObject, bcd.FormatObjectList:
		if ids, err := e.Objects(); err == nil {
			out := []string{}
			for _, g := range ids {
				out = append(out, g.String())
			}
			if e.Type.Format() == bcd.FormatObject && len(out) == 1 {
				return out[0]
			}
			return out
		}
	case bcd.FormatInteger:
		if n, err := e.Int(); err == nil {
			return n
		}
	case bcd.FormatBoolean:
		if v, err := e.Bool(); err == nil {
			return v
		}
	case bcd.FormatIntegerList:
		if l, err := e.Ints(); err == nil {
			return l
		}
	}
	return nil
}
