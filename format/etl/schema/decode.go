package schema

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrShort is wrapped by errors about payloads that end before a field does.
var ErrShort = errors.New("payload ends early")

// Value is a field of an event: a view of its bytes.
type Value struct {
	// Field says what the bytes are.
	Field *Field
	// Data holds the bytes: of one element, or of all if the field is an array.
	// Counts stored before strings and arrays are not part of it.
	Data []byte
	// N is the number of elements of an array, else 1.
	N int
	// Ptr is the size of pointers, 4 or 8.
	Ptr int

	elem bool // one element of an array
	lens *lengths
}

// lengths is what elements of a varying size depend on.
type lengths struct{ vals [maxSlots]uint32 }

// maxSlots is how many fields can take part in counts and lengths.
const maxSlots = 128

// walk is a pass over a payload.
type walk struct {
	b    []byte
	off  int
	ptr  int
	refs []bool
	vals lengths
	// steps counts elements, so that empty ones nested in each other cannot keep a
	// walk going for ever.
	steps int
}

// maxSteps is how many elements a walk goes over: more than fit a payload.
const maxSteps = 1 << 18

// Value returns the top-level field i of a payload.
func (s *Schema) Value(payload []byte, ptr, i int) (Value, error) {
	if i < 0 || i >= len(s.Fields) {
		return Value{}, fmt.Errorf("schema: field %d of %s, which has %d", i, s.name, len(s.Fields))
	}
	f := &s.Fields[i]
	p := s.fixed[b2i(ptr == 8)][i]
	if p.off >= 0 && p.size >= 0 {
		end := int(p.off) + int(p.size)
		if end > len(payload) {
			return Value{}, s.short(f, len(payload))
		}
		n := 1
		if f.Array {
			n = f.Count
		}
		return Value{Field: f, Data: payload[p.off:end:end], N: n, Ptr: ptr}, nil
	}
	w := walk{b: payload, ptr: ptr, refs: s.refs}
	first := 0
	if p.off >= 0 && f.CountField < 0 && f.LengthField < 0 && f.In != Struct {
		if int(p.off) > len(payload) {
			return Value{}, s.short(f, len(payload))
		}
		first, w.off = i, int(p.off)
	}
	for j := first; ; j++ {
		v, ok := w.field(&s.Fields[j])
		if !ok {
			return Value{}, s.short(&s.Fields[j], len(payload))
		}
		if j == i {
			if f.Array && f.fixedElem(ptr) < 0 {
				v.lens = &lengths{w.vals.vals}
			}
			return v, nil
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Schema) short(f *Field, n int) error {
	return fmt.Errorf("schema: %s.%s: %w: %d bytes", s.name, f.Name, ErrShort, n)
}

// Walk calls fn for the top-level fields in order, until fn returns false or the
// payload ends. It returns the bytes left over, and an error that wraps ErrShort
// if a field is cut.
func (s *Schema) Walk(payload []byte, ptr int, fn func(i int, v Value) bool) (rest int, err error) {
	w := walk{b: payload, ptr: ptr, refs: s.refs}
	for i := range s.Fields {
		v, ok := w.field(&s.Fields[i])
		if !ok {
			return 0, s.short(&s.Fields[i], len(payload))
		}
		if v.Field.Array || v.Field.In == Struct {
			v.lens = &w.vals
		}
		if !fn(i, v) {
			return 0, nil
		}
	}
	return len(payload) - w.off, nil
}

func (f *Field) fixedElem(ptr int) int { return f.elemSize(ptr) }

// field reads a field at the walk's place and steps over it.
func (w *walk) field(f *Field) (Value, bool) {
	v := Value{Field: f, N: 1, Ptr: w.ptr}
	if !f.Array {
		data, ok := w.element(f)
		v.Data = data
		if ok && f.Slot < len(w.refs) && f.Slot < maxSlots && w.refs[f.Slot] {
			n, _ := v.Uint()
			w.vals.vals[f.Slot] = uint32(min(n, 1<<31))
		}
		return v, ok
	}
	n := f.Count
	switch {
	case f.CountField >= 0:
		n = 0
		if f.CountField < maxSlots {
			n = int(w.vals.vals[f.CountField])
		}
	case f.CountField == Prefixed:
		c, ok := w.take(2)
		if !ok {
			return v, false
		}
		n = int(binary.LittleEndian.Uint16(c))
	}
	from := w.off
	size := f.elemSize(w.ptr)
	if f.CountField == ToEnd {
		if size > 0 {
			n = (len(w.b) - w.off) / size
		} else {
			for n = 0; w.off < len(w.b); n++ {
				at := w.off
				if _, ok := w.element(f); !ok || w.off == at {
					w.off = at
					break
				}
			}
			v.N, v.Data = n, w.b[from:w.off]
			return v, true
		}
	}
	v.N = n
	if size >= 0 {
		data, ok := w.take(n * size)
		v.Data = data
		return v, ok
	}
	for i := 0; i < n; i++ {
		if _, ok := w.element(f); !ok {
			return v, false
		}
	}
	v.Data = w.b[from:w.off]
	return v, true
}

func (w *walk) take(n int) ([]byte, bool) {
	if n < 0 || n > len(w.b)-w.off {
		return nil, false
	}
	b := w.b[w.off : w.off+n : w.off+n]
	w.off += n
	return b, true
}

// element reads one element and steps over it. The data is without counts.
func (w *walk) element(f *Field) ([]byte, bool) {
	if w.steps++; w.steps > maxSteps {
		return nil, false
	}
	if f.In == Struct {
		from := w.off
		for i := range f.Fields {
			if _, ok := w.field(&f.Fields[i]); !ok {
				return nil, false
			}
		}
		return w.b[from:w.off], true
	}
	if n := f.elemSize(w.ptr); n >= 0 {
		return w.take(n)
	}
	rest := w.b[w.off:]
	switch f.In {
	case UTF16:
		if f.LengthField >= 0 {
			return w.take(2 * w.length(f))
		}
		n := 0
		for n+1 < len(rest) {
			if rest[n] == 0 && rest[n+1] == 0 {
				w.off += n + 2
				return rest[:n:n], true
			}
			n += 2
		}
		w.off = len(w.b) // no NUL: up to the end
		return rest[:n:n], true
	case ANSI:
		if f.LengthField >= 0 {
			return w.take(w.length(f))
		}
		for n, c := range rest {
			if c == 0 {
				w.off += n + 1
				return rest[:n:n], true
			}
		}
		w.off = len(w.b)
		return rest, true
	case Binary:
		if f.LengthField >= 0 {
			return w.take(w.length(f))
		}
		w.off = len(w.b)
		return rest, true
	case MessageText:
		return rest, true
	case RestUTF16, RestANSI, RestBinary:
		w.off = len(w.b)
		return rest, true
	case CountedUTF16, CountedANSI, Counted16, Counted8, CountedBinary:
		if len(rest) < 2 {
			return nil, false
		}
		w.off += 2
		return w.take(int(binary.LittleEndian.Uint16(rest)))
	case PrefixedUTF16Ch:
		if len(rest) < 2 {
			return nil, false
		}
		w.off += 2
		return w.take(2 * int(binary.LittleEndian.Uint16(rest)))
	case ReversedUTF16, ReversedANSI:
		if len(rest) < 2 {
			return nil, false
		}
		w.off += 2
		return w.take(int(binary.BigEndian.Uint16(rest)))
	case HexDump:
		if len(rest) < 4 {
			return nil, false
		}
		w.off += 4
		return w.take(int(min(binary.LittleEndian.Uint32(rest), 1<<30)))
	case SID:
		if len(rest) < 2 {
			return nil, false
		}
		return w.take(8 + 4*int(rest[1]))
	case WbemSID:
		if len(rest) < 4 {
			return nil, false
		}
		n := 2 * w.ptr
		if binary.LittleEndian.Uint32(rest) == 0 && !isSID(rest[min(n, len(rest)):]) {
			w.off += 4
			return rest[:0:0], true
		}
		if len(rest) < n+2 {
			return nil, false
		}
		w.off += n
		return w.take(8 + 4*int(rest[n+1]))
	}
	return nil, false
}

// isSID reports whether b starts with a security identifier of an authority that
// exists. Some writers leave the pointer before it zero, which else says that
// there is none.
func isSID(b []byte) bool {
	return len(b) >= 12 && b[0] == 1 && b[1] >= 1 && b[1] <= 15 && b[2]|b[3]|b[4]|b[5]|b[6] == 0 && b[7] <= 20
}

func (w *walk) length(f *Field) int {
	if f.LengthField >= maxSlots {
		return 0
	}
	return int(w.vals.vals[f.LengthField])
}

// Elem returns element i of an array.
func (v Value) Elem(i int) (Value, bool) {
	if i < 0 || i >= v.N {
		return Value{}, false
	}
	e := Value{Field: v.Field, N: 1, Ptr: v.Ptr, elem: true, lens: v.lens}
	if n := v.Field.elemSize(v.Ptr); n >= 0 {
		if (i+1)*n > len(v.Data) {
			return Value{}, false
		}
		e.Data = v.Data[i*n : (i+1)*n]
		return e, true
	}
	w := v.walk()
	for ; ; i-- {
		data, ok := w.element(v.Field)
		if !ok {
			return Value{}, false
		}
		if i == 0 {
			e.Data = data
			return e, true
		}
	}
}

// elems calls fn for the elements of an array until fn returns false.
func (v *Value) elems(fn func(i int, e Value) bool) {
	w := v.walk()
	for i := range v.N {
		data, ok := w.element(v.Field)
		if !ok || !fn(i, Value{Field: v.Field, Data: data, N: 1, Ptr: v.Ptr, elem: true, lens: v.lens}) {
			return
		}
	}
}

// walk starts a pass over the value's own bytes.
func (v *Value) walk() walk {
	w := walk{b: v.Data, ptr: v.Ptr}
	if v.lens != nil {
		w.vals = *v.lens
	}
	if v.Field.In == Struct {
		// Members may depend on each other.
		w.refs = make([]bool, maxSlots)
		for i := range w.refs {
			w.refs[i] = true
		}
	}
	return w
}

// Members calls fn for the members of a struct (one element, if the field is an
// array) until fn returns false.
func (v Value) Members(fn func(i int, m Value) bool) {
	if v.Field.In != Struct {
		return
	}
	w := v.walk()
	for i := range v.Field.Fields {
		m, ok := w.field(&v.Field.Fields[i])
		if !ok {
			return
		}
		m.lens = &w.vals
		if !fn(i, m) {
			return
		}
	}
}

// IsArray reports whether the value is an array rather than one element.
func (v Value) IsArray() bool { return v.Field.Array && !v.elem }
