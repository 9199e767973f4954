package bootcfg

import (
	"errors"
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/regf"
)

// What to know about a changed switch.
const (
	warnBitLocker = "if the Windows volume is protected by BitLocker, suspend the protection before the next start (manage-bde -protectors -disable C:): boot options are measured, and a changed one can ask for the recovery key"
	warnUpgrade   = "a feature upgrade of Windows makes the boot entry anew: set the switch again after each"
	warnFbt       = "fbt probes fire only with virtualization-based security or a kernel debugger; the other providers need neither"
)

type changeJSON struct {
	Store    string       `json:"store"`
	Changed  bool         `json:"changed"`
	DryRun   bool         `json:"dryRun,omitempty"`
	Backup   string       `json:"backup,omitempty"`
	Entries  []changeItem `json:"entries"`
	Warnings []string     `json:"warnings"`
}

// changeItem is what happens to one entry; null is an element that is not there.
type changeItem struct {
	ID     string `json:"id"`
	Alias  string `json:"alias,omitempty"`
	Before *bool  `json:"before"`
	After  *bool  `json:"after"`

	object bcd.Object
	write  bool
}

// change is set and delete.
func (c *command) change() error {
	o, err := c.open()
	if err != nil {
		return err
	}
	if o.Err != nil {
		return fmt.Errorf("refused: %w%s; put the store's .LOG files beside it, or let Windows load it once", o.Err, skipped(o.Recovery))
	}
	if o.fatal != nil {
		return fmt.Errorf("refused: %s: damaged hive: %w", o.Path, o.fatal)
	}
	list, err := c.loaders(o)
	if err != nil {
		return err
	}
	items, writes, err := c.plan(list, o.store)
	if err != nil {
		return err
	}
	res := changeJSON{Store: c.store, DryRun: c.dry, Entries: items, Warnings: o.warnings}
	if writes > 0 {
		res.Warnings = append(res.Warnings, warnBitLocker)
		if c.verb == "set" && c.value {
			res.Warnings = append(res.Warnings, warnUpgrade, warnFbt)
		}
	}
	if writes > 0 && !c.dry {
		if res.Backup, err = c.apply(o, items); err != nil {
			return err
		}
		res.Changed = true
	}
	if c.json {
		if res.Warnings == nil {
			res.Warnings = []string{}
		}
		return c.print(res)
	}
	for _, it := range items {
		name := it.ID
		if it.Alias != "" {
			name = it.Alias + " " + it.ID
		}
		if it.write {
			fmt.Fprintf(c.out, "%s: dtrace %s -> %s\n", name, tri(it.Before), tri(it.After))
		} else {
			fmt.Fprintf(c.out, "%s: dtrace is %s already\n", name, tri(it.Before))
		}
	}
	switch {
	case writes == 0:
		fmt.Fprintf(c.out, "%s is unchanged\n", c.store)
	case c.dry:
		fmt.Fprintf(c.out, "dry run: %s is unchanged\n", c.store)
	default:
		fmt.Fprintf(c.out, "%s is written; the store as it was is in %s\n", c.store, res.Backup)
	}
	c.warn(res.Warnings)
	return nil
}

func skipped(r *regf.Recovery) string {
	if len(r.Skipped) == 0 {
		return ""
	}
	return " (" + strings.Join(r.Skipped, "; ") + ")"
}

func tri(b *bool) string {
	if b == nil {
		return "not set"
	}
	return bcd.YesNo(*b)
}

// plan finds what has to change in each entry. An element whose value does not fit its format
// counts as there, and set puts it right.
func (c *command) plan(list []bcd.Object, s *bcd.Store) (items []changeItem, writes int, err error) {
	for _, b := range list {
		it := changeItem{ID: b.ID.String(), object: b}
		if a := s.Show(b.ID); a != it.ID {
			it.Alias = a
		}
		e, err := b.Element(bcd.DtraceEnabled)
		absent := errors.Is(err, regf.ErrNotFound)
		sound := false
		if err == nil {
			if v, err := e.Bool(); err == nil {
				it.Before, sound = &v, len(e.Raw.Data) == 1
			}
		}
		if c.verb == "delete" {
			it.write = !absent
		} else {
			v := c.value
			it.After = &v
			it.write = !sound || *it.Before != v
		}
		if it.write {
			writes++
		}
		items = append(items, it)
	}
	if c.verb == "delete" && writes == 0 {
		if len(list) == 1 {
			return nil, 0, fmt.Errorf("entry %s does not have the element dtrace (%s): %w", s.Show(list[0].ID), bcd.DtraceEnabled.Key(), regf.ErrNotFound)
		}
		return nil, 0, fmt.Errorf("none of the %d entries has the element dtrace (%s): %w", len(list), bcd.DtraceEnabled.Key(), regf.ErrNotFound)
	}
	return items, writes, nil
}

// apply makes the changes in a copy of the hive, and saves it.
func (c *command) apply(o *opened, items []changeItem) (backup string, err error) {
	now := c.now()
	h := o.Hive.Clone()
	h.SetTime(now)
	s, err := bcd.Open(h)
	if err != nil {
		return "", err
	}
	for _, it := range items {
		if !it.write {
			continue
		}
		b, err := s.Object(it.object.ID)
		if err != nil {
			return "", err
		}
		if it.After == nil {
			err = b.Delete(bcd.DtraceEnabled)
		} else {
			err = b.SetBool(bcd.DtraceEnabled, *it.After)
		}
		if err != nil {
			return "", err
		}
	}
	return regf.Save(c.fs, o.Loaded, h, now, func(got *regf.Hive) error { return verify(o.Hive, got, items) })
}

// verify holds what was written against what was read: each entry has its new value, and nothing
// else in the store differs.
func verify(old, got *regf.Hive, items []changeItem) error {
	s, err := bcd.Open(got)
	if err != nil {
		return err
	}
	mine, added := map[string]bool{}, map[string]bool{}
	for _, it := range items {
		b, err := s.Object(it.object.ID)
		if err != nil {
			return err
		}
		path := b.ElementsPath()
		mine[strings.ToLower(path+`\`+bcd.DtraceEnabled.Key())] = true
		added[strings.ToLower(path)] = true // in an object that had no elements
		e, err := b.Element(bcd.DtraceEnabled)
		switch {
		case it.After == nil && !errors.Is(err, regf.ErrNotFound):
			return fmt.Errorf("object %s: element %s is still there", it.ID, bcd.DtraceEnabled.Key())
		case it.After == nil:
			continue
		case err != nil:
			return err
		}
		if v, err := e.Bool(); err != nil || v != *it.After {
			return fmt.Errorf("object %s: element %s is % x, want %v", it.ID, bcd.DtraceEnabled.Key(), e.Raw.Data, *it.After)
		}
	}
	changes, err := regf.Diff(old, got)
	if err != nil {
		return err
	}
	for _, ch := range changes {
		p := strings.ToLower(ch.Path)
		if !mine[p] && !(added[p] && ch.Key && ch.Added) {
			return fmt.Errorf("unexpected difference: %s", ch)
		}
	}
	return nil
}
