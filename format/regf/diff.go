package regf

import (
	"bytes"
	"fmt"
)

// Change is one difference between two hives.
type Change struct {
	Path  string // key below the root, components separated by backslashes
	Key   bool   // the key itself was added or removed, with all below it
	Value string // else the name of the value
	Old   *Value // nil: added
	New   *Value // nil: removed
	Added bool   // for a key: added, else removed
}

func (c Change) String() string {
	switch {
	case c.Key && c.Added:
		return fmt.Sprintf("key %q added", c.Path)
	case c.Key:
		return fmt.Sprintf("key %q removed", c.Path)
	case c.Old == nil:
		return fmt.Sprintf("value %q of %q added", c.Value, c.Path)
	case c.New == nil:
		return fmt.Sprintf("value %q of %q removed", c.Value, c.Path)
	}
	return fmt.Sprintf("value %q of %q changed", c.Value, c.Path)
}

// Diff compares the keys and values of two hives; time stamps and the layout in the file do not
// count. It fails when a part of either cannot be read.
func Diff(a, b *Hive) ([]Change, error) {
	ra, err := a.Root()
	if err != nil {
		return nil, err
	}
	rb, err := b.Root()
	if err != nil {
		return nil, err
	}
	d := &differ{budget: int(a.binsSize()/8) + int(b.binsSize()/8)}
	if err := d.keys(ra, rb, "", 1); err != nil {
		return nil, err
	}
	return d.out, nil
}

type differ struct {
	out    []Change
	budget int
}

func (d *differ) keys(a, b Key, path string, depth int) error {
	if d.budget--; d.budget < 0 || depth > MaxDepth {
		return fmt.Errorf("keys below %q form a cycle or are nested deeper than %d: %w", path, MaxDepth, ErrFormat)
	}
	if err := d.values(a, b, path); err != nil {
		return err
	}
	ka, err := a.Subkeys()
	if err != nil {
		return err
	}
	kb, err := b.Subkeys()
	if err != nil {
		return err
	}
	for len(ka) > 0 || len(kb) > 0 {
		c := 0
		switch {
		case len(ka) == 0:
			c = 1
		case len(kb) == 0:
			c = -1
		default:
			c = compare(ka[0].name(), kb[0].name())
		}
		switch {
		case c < 0:
			d.out = append(d.out, Change{Path: join(path, ka[0].Name()), Key: true})
			ka = ka[1:]
		case c > 0:
			d.out = append(d.out, Change{Path: join(path, kb[0].Name()), Key: true, Added: true})
			kb = kb[1:]
		default:
			if err := d.keys(ka[0], kb[0], join(path, ka[0].Name()), depth+1); err != nil {
				return err
			}
			ka, kb = ka[1:], kb[1:]
		}
	}
	return nil
}

func (d *differ) values(a, b Key, path string) error {
	va, err := a.Values()
	if err != nil {
		return err
	}
	vb, err := b.Values()
	if err != nil {
		return err
	}
	for i := range va {
		other := find(vb, va[i].Name)
		if other == nil || other.Type != va[i].Type || !bytes.Equal(other.Data, va[i].Data) {
			d.out = append(d.out, Change{Path: path, Value: va[i].Name, Old: &va[i], New: other})
		}
	}
	for i := range vb {
		if find(va, vb[i].Name) == nil {
			d.out = append(d.out, Change{Path: path, Value: vb[i].Name, New: &vb[i]})
		}
	}
	return nil
}

func find(list []Value, name string) *Value {
	for i := range list {
		if EqualName(list[i].Name, name) {
			return &list[i]
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + `\` + name
}
