package bcd

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/format/regf"
)

// ErrNotStore is wrapped when a hive is not a BCD store.
var ErrNotStore = errors.New("not a boot configuration data store")

// Store is a BCD store over a hive. Changes go into the hive in memory.
type Store struct {
	h     *regf.Hive
	index map[GUID]regf.Key
}

// Object is one object of a store.
type Object struct {
	ID   GUID
	Type ObjectType
	key  regf.Key
}

// Open looks at a hive as a BCD store.
func Open(h *regf.Hive) (*Store, error) {
	k, err := h.Open("Objects")
	if err != nil {
		if errors.Is(err, regf.ErrNotFound) {
			root, _ := h.Root()
			return nil, fmt.Errorf("hive with root %q has no key Objects: %w", root.Name(), ErrNotStore)
		}
		return nil, err
	}
	s := &Store{h, map[GUID]regf.Key{}}
	subs, _ := k.Subkeys() // those that can be read; Objects reports the others
	for _, sub := range subs {
		if g, err := ParseGUID(sub.Name()); err == nil {
			s.index[g] = sub
		}
	}
	return s, nil
}

// Hive returns the hive below the store.
func (s *Store) Hive() *regf.Hive { return s.h }

// Objects returns all objects in the order in which they are listed: boot manager, loaders,
// tools, settings, devices. Objects that cannot be read are left out and named by the error.
func (s *Store) Objects() ([]Object, error) {
	k, err := s.h.Open("Objects")
	if err != nil {
		return nil, err
	}
	subs, err := k.Subkeys()
	errs := []error{err}
	var out []Object
	for _, sub := range subs {
		o, err := object(sub)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, o)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Type.rank() < out[j].Type.rank() })
	return out, errors.Join(errs...)
}

func object(k regf.Key) (Object, error) {
	id, err := ParseGUID(k.Name())
	if err != nil {
		return Object{}, fmt.Errorf("object: %w", err)
	}
	d, err := k.Subkey("Description")
	if err != nil {
		return Object{}, fmt.Errorf("object %s: %w", id, err)
	}
	v, err := d.Value("Type")
	if err != nil {
		return Object{}, fmt.Errorf("object %s: %w", id, err)
	}
	n, ok := v.Uint()
	if !ok || n > 1<<32-1 {
		return Object{}, fmt.Errorf("object %s: type is %s of %d bytes, want REG_DWORD", id, regf.TypeName(v.Type), len(v.Data))
	}
	return Object{ID: id, Type: ObjectType(n), key: k}, nil
}

// Object returns the object with the identifier; the error wraps regf.ErrNotFound.
func (s *Store) Object(id GUID) (Object, error) {
	if k, ok := s.index[id]; ok {
		return object(k)
	}
	return Object{}, fmt.Errorf("object %s: %w", id, regf.ErrNotFound)
}

// Default returns the entry that the boot manager starts when nobody chooses another.
func (s *Store) Default() (Object, error) {
	mgr, err := s.Object(BootMgr)
	if err != nil {
		return Object{}, fmt.Errorf("default entry: %w", err)
	}
	e, err := mgr.Element(DefaultObject)
	if err != nil {
		return Object{}, fmt.Errorf("default entry: boot manager: %w", err)
	}
	ids, err := e.Objects()
	if err != nil {
		return Object{}, fmt.Errorf("default entry: boot manager: %w", err)
	}
	if len(ids) != 1 {
		return Object{}, fmt.Errorf("default entry: boot manager names %d, want 1", len(ids))
	}
	o, err := s.Object(ids[0])
	if err != nil {
		return Object{}, fmt.Errorf("default entry: %w", err)
	}
	return o, nil
}

// Find resolves what a user writes for entries: an identifier with or without braces, an alias
// such as bootmgr or {bootloadersettings}, default, or all, which is every OS loader.
func (s *Store) Find(entry string) ([]Object, error) {
	name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(entry, "{"), "}"))
	switch name {
	case "all":
		list, err := s.Objects()
		var out []Object
		for _, o := range list {
			if o.Type == TypeOSLoader {
				out = append(out, o)
			}
		}
		if len(out) == 0 && err == nil {
			err = fmt.Errorf("store has no OS loader: %w", regf.ErrNotFound)
		}
		return out, err
	case "default":
		o, err := s.Default()
		return []Object{o}, err
	case "current":
		return nil, errors.New("entry {current} is known only to a running system: name it by its identifier, or use default")
	}
	for _, w := range wellKnown {
		if w.alias == name {
			o, err := s.Object(w.id)
			if err != nil {
				return nil, fmt.Errorf("entry {%s}: %w", name, err)
			}
			return []Object{o}, nil
		}
	}
	id, err := ParseGUID(entry)
	if err != nil {
		return nil, fmt.Errorf("entry %q: want an identifier {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}, an alias such as {bootmgr}, default or all", entry)
	}
	switch id {
	case defaultEntry:
		return s.Find("default")
	case currentEntry:
		return s.Find("current")
	}
	o, err := s.Object(id)
	if err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	return []Object{o}, nil
}

// Show gives the text for an identifier: an alias where there is one, {default} for the default
// entry, else the identifier.
func (s *Store) Show(id GUID) string {
	if a := id.Alias(); a != "" {
		return a
	}
	if o, err := s.Default(); err == nil && o.ID == id {
		return "{default}"
	}
	return id.String()
}

// Elements returns the elements of the object itself, by number. Those that cannot be read are
// left out and named by the error.
func (o Object) Elements() ([]Element, error) {
	k, err := o.key.Subkey("Elements")
	if errors.Is(err, regf.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", o.ID, err)
	}
	subs, err := k.Subkeys()
	errs := []error{err}
	var out []Element
	for _, sub := range subs {
		n, err := strconv.ParseUint(sub.Name(), 16, 32)
		if err != nil || len(sub.Name()) != 8 {
			errs = append(errs, fmt.Errorf("object %s: key %q below Elements, want 8 hexadecimal digits", o.ID, sub.Name()))
			continue
		}
		v, err := sub.Value("Element")
		if err != nil {
			errs = append(errs, fmt.Errorf("object %s: element %s: %w", o.ID, sub.Name(), err))
			continue
		}
		out = append(out, Element{ElementType(n), v})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Type < out[j].Type })
	return out, errors.Join(errs...)
}

// Element returns one element of the object itself; the error wraps regf.ErrNotFound when the
// object does not have it.
func (o Object) Element(t ElementType) (Element, error) {
	k, err := o.key.Subkey("Elements")
	if err == nil {
		k, err = k.Subkey(t.Key())
	}
	if errors.Is(err, regf.ErrNotFound) {
		return Element{}, fmt.Errorf("object %s: element %s: %w", o.ID, t.Key(), regf.ErrNotFound)
	}
	if err != nil {
		return Element{}, fmt.Errorf("object %s: %w", o.ID, err)
	}
	v, err := k.Value("Element")
	if errors.Is(err, regf.ErrNotFound) { // a key without its value is damage, not absence
		return Element{}, fmt.Errorf("object %s: element %s has no value", o.ID, t.Key())
	}
	if err != nil {
		return Element{}, fmt.Errorf("object %s: element %s: %w", o.ID, t.Key(), err)
	}
	return Element{t, v}, nil
}

// Found is the outcome of a look-up along the inherit chain.
type Found struct {
	Element Element
	From    Object   // the object that has it
	Chain   []GUID   // from the object asked to the one that has it, or all that were asked
	Notes   []string // links of the chain that lead nowhere
}

// maxChain bounds the objects asked in one look-up; real chains have three or four.
const maxChain = 1000

// Effective looks for an element in the object and then, depth first and in order, in what it
// inherits. It is what a loader would see. Settings made for another application are passed over, as are
// objects that are missing; each object is asked once, so that cycles end. The error wraps
// regf.ErrNotFound when nobody has the element; Found then tells who was asked.
func (s *Store) Effective(o Object, t ElementType) (Found, error) {
	f := Found{}
	seen := map[GUID]bool{}
	ok, err := s.effective(&f, seen, o, o, t, nil)
	if err != nil {
		return f, err
	}
	if !ok {
		f.Chain = nil
		return f, fmt.Errorf("object %s and what it inherits: element %s: %w", o.ID, t.Key(), regf.ErrNotFound)
	}
	return f, nil
}

func (s *Store) effective(f *Found, seen map[GUID]bool, asker, o Object, t ElementType, path []GUID) (bool, error) {
	if seen[o.ID] = true; len(seen) > maxChain {
		return false, fmt.Errorf("object %s inherits from more than %d objects", asker.ID, maxChain)
	}
	path = append(path[:len(path):len(path)], o.ID)
	e, err := o.Element(t)
	if err == nil {
		f.Element, f.From, f.Chain = e, o, path
		return true, nil
	}
	if !errors.Is(err, regf.ErrNotFound) {
		return false, err
	}
	inh, err := o.Element(Inherit)
	if errors.Is(err, regf.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ids, err := inh.Objects()
	if err != nil {
		f.Notes = append(f.Notes, fmt.Sprintf("object %s: %v", o.ID, err))
	}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		next, err := s.Object(id)
		if err != nil {
			seen[id] = true
			f.Notes = append(f.Notes, fmt.Sprintf("object %s inherits %s: %v", o.ID, id, err))
			continue
		}
		if a := next.Type.App(); t.Class() == ClassApplication && a != 0 && a != asker.Type.App() {
			seen[id] = true
			f.Notes = append(f.Notes, fmt.Sprintf("object %s inherits %s, whose settings are for another application (type %08x)", o.ID, id, uint32(next.Type)))
			continue
		}
		ok, err := s.effective(f, seen, asker, next, t, path)
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// SetBool gives the object the boolean element t, adding it when it is not there.
func (o Object) SetBool(t ElementType, on bool) error {
	if f := t.Format(); f != FormatBoolean {
		return fmt.Errorf("set element %s: format is %s, want boolean", t.Key(), f)
	}
	data := []byte{0}
	if on {
		data[0] = 1
	}
	return o.Set(t, regf.Binary, data)
}

// Set gives the object the element t with a registry value.
func (o Object) Set(t ElementType, typ uint32, data []byte) error {
	k, err := o.key.Subkey("Elements")
	if errors.Is(err, regf.ErrNotFound) {
		k, err = o.key.CreateKey("Elements")
	}
	if err != nil {
		return fmt.Errorf("set element %s of %s: %w", t.Key(), o.ID, err)
	}
	e, err := k.Subkey(t.Key())
	if errors.Is(err, regf.ErrNotFound) {
		e, err = k.CreateKey(t.Key())
	}
	if err != nil {
		return fmt.Errorf("set element %s of %s: %w", t.Key(), o.ID, err)
	}
	if err := e.SetValue("Element", typ, data); err != nil {
		return fmt.Errorf("set element %s of %s: %w", t.Key(), o.ID, err)
	}
	return nil
}

// Delete removes the element t from the object; the error wraps regf.ErrNotFound when it is not
// there.
func (o Object) Delete(t ElementType) error {
	k, err := o.key.Subkey("Elements")
	if err == nil {
		err = k.DeleteKey(t.Key())
	}
	if err != nil {
		return fmt.Errorf("delete element %s of %s: %w", t.Key(), o.ID, err)
	}
	return nil
}

// New makes an empty store in a new hive.
func New(h *regf.Hive) (*Store, error) {
	d, err := h.Create("Description")
	if err != nil {
		return nil, err
	}
	if err := d.SetValue("KeyName", regf.String, regf.EncodeString("BCD00000000")); err != nil {
		return nil, err
	}
	for _, name := range []string{"System", "TreatAsSystem"} {
		if err := d.SetValue(name, regf.DWord, []byte{1, 0, 0, 0}); err != nil {
			return nil, err
		}
	}
	if _, err := h.Create("Objects"); err != nil {
		return nil, err
	}
	return Open(h)
}

// Add makes a new object without elements.
func (s *Store) Add(id GUID, t ObjectType) (Object, error) {
	k, err := s.h.Open("Objects")
	if err != nil {
		return Object{}, err
	}
	o, err := k.CreateKey(id.String())
	if err != nil {
		return Object{}, err
	}
	d, err := o.CreateKey("Description")
	if err != nil {
		return Object{}, err
	}
	if err := d.SetValue("Type", regf.DWord, []byte{byte(t), byte(t >> 8), byte(t >> 16), byte(t >> 24)}); err != nil {
		return Object{}, err
	}
	if _, err := o.CreateKey("Elements"); err != nil {
		return Object{}, err
	}
	s.index[id] = o
	return object(o)
}

// ElementsPath returns the path of the key that holds the object's elements, below the root of
// the hive.
func (o Object) ElementsPath() string { return `Objects\` + o.key.Name() + `\Elements` }
