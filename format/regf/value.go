package regf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
)

// Types of values.
const (
	None            = 0
	String          = 1 // REG_SZ, UTF-16LE, mostly with a terminating zero
	ExpandString    = 2 // REG_EXPAND_SZ
	Binary          = 3
	DWord           = 4
	DWordBigEndian  = 5
	Link            = 6
	MultiString     = 7 // REG_MULTI_SZ: strings each ended by a zero, then one more zero
	ResourceList    = 8
	FullDescriptor  = 9
	RequirementList = 10
	QWord           = 11
)

const (
	vkNameLen = 2
	vkSize    = 4
	vkData    = 8
	vkType    = 12
	vkFlags   = 16
	vkName    = 20

	inline  = 0x80000000 // in the size: the data is in the record itself
	segment = 16344      // bytes in each segment of big data
)

// TypeName returns the name of a value type, REG_… or the number in hexadecimal.
func TypeName(t uint32) string {
	names := [...]string{"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN",
		"REG_LINK", "REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD"}
	if int64(t) < int64(len(names)) {
		return names[t]
	}
	return fmt.Sprintf("%#x", t)
}

// Value is one value of a key. It owns its data.
type Value struct {
	Name string // empty for the default value
	Type uint32
	Data []byte
}

// Text returns the string of a string value: UTF-16LE up to the first zero.
func (v Value) Text() string {
	u := decodeName(v.Data, false)
	for i, c := range u {
		if c == 0 {
			u = u[:i]
			break
		}
	}
	return string(utf16.Decode(u))
}

// Texts returns the strings of a multi-string value, up to the first empty one.
func (v Value) Texts() []string {
	var out []string
	u := decodeName(v.Data, false)
	for len(u) > 0 {
		n := 0
		for n < len(u) && u[n] != 0 {
			n++
		}
		if n == 0 {
			break
		}
		out = append(out, string(utf16.Decode(u[:n])))
		u = u[min(n+1, len(u)):]
	}
	return out
}

// Uint returns the number of a DWORD, big-endian DWORD or QWORD value; ok is false for other
// types and wrong lengths.
func (v Value) Uint() (n uint64, ok bool) {
	switch {
	case v.Type == DWord && len(v.Data) == 4:
		return uint64(binary.LittleEndian.Uint32(v.Data)), true
	case v.Type == DWordBigEndian && len(v.Data) == 4:
		return uint64(binary.BigEndian.Uint32(v.Data)), true
	case v.Type == QWord && len(v.Data) == 8:
		return binary.LittleEndian.Uint64(v.Data), true
	}
	return 0, false
}

// EncodeString gives the data of a string value: UTF-16LE with a terminating zero.
func EncodeString(s string) []byte {
	var b []byte
	for _, u := range units(s) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return append(b, 0, 0)
}

// EncodeStrings gives the data of a multi-string value.
func EncodeStrings(list []string) []byte {
	var b []byte
	for _, s := range list {
		b = append(b, EncodeString(s)...)
	}
	return append(b, 0, 0)
}

// valueOffsets returns the offsets of the value records of k.
func (k Key) valueOffsets() ([]uint32, error) {
	n := k.u32(nkValues)
	if n == 0 {
		return nil, nil
	}
	list := k.u32(nkValList)
	p, err := k.h.cell(list)
	if err != nil {
		return nil, fmt.Errorf("list of values: %w", err)
	}
	if int64(n) > int64(len(p)/4) {
		return nil, fmt.Errorf("list of values at %#x: key node says %d values, cell has room for %d: %w", list, n, len(p)/4, ErrFormat)
	}
	out := make([]uint32, n)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(p[4*i:])
	}
	return out, nil
}

// Values returns the values in the order of the hive. When some cannot be read the others are
// returned together with an error that says which.
func (k Key) Values() ([]Value, error) {
	offs, err := k.valueOffsets()
	if err != nil {
		return nil, fmt.Errorf("values of %q: %w", k.Name(), err)
	}
	var out []Value
	var errs []error
	budget := int64(len(k.h.data)) // values do not share data in a sound hive
	for _, off := range offs {
		v, err := k.h.value(off)
		if budget -= int64(len(v.Data)); budget < 0 {
			errs = append(errs, fmt.Errorf("values hold more data than the hive: %w", ErrFormat))
			break
		}
		if err != nil {
			errs = append(errs, err)
			if len(errs) > 8 {
				break
			}
			continue
		}
		out = append(out, v)
	}
	if err := errors.Join(errs...); err != nil {
		return out, fmt.Errorf("values of %q: %w", k.Name(), err)
	}
	return out, nil
}

// Value returns the value called name, compared without regard to case; the empty name is the
// default value. The error wraps ErrNotFound when it is not there.
func (k Key) Value(name string) (Value, error) {
	off, err := k.findValue(name)
	if err != nil {
		return Value{}, err
	}
	return k.h.value(off)
}

func (k Key) findValue(name string) (uint32, error) {
	offs, err := k.valueOffsets()
	if err != nil {
		return 0, fmt.Errorf("values of %q: %w", k.Name(), err)
	}
	want := units(name)
	for _, off := range offs {
		p, err := k.h.vk(off)
		if err != nil {
			return 0, fmt.Errorf("values of %q: %w", k.Name(), err)
		}
		if compare(valueName(p), want) == 0 {
			return off, nil
		}
	}
	return 0, fmt.Errorf("value %q of key %q: %w", name, k.Name(), ErrNotFound)
}

// vk returns a checked value record.
func (h *Hive) vk(off uint32) ([]byte, error) {
	p, err := h.record(off, "vk", vkName)
	if err != nil {
		return nil, err
	}
	if n := int(binary.LittleEndian.Uint16(p[vkNameLen:])); n > len(p)-vkName {
		return nil, fmt.Errorf("value at %#x: length of name is %d, want at most %d: %w", off, n, len(p)-vkName, ErrFormat)
	}
	return p, nil
}

func valueName(vk []byte) []uint16 {
	n := int(binary.LittleEndian.Uint16(vk[vkNameLen:]))
	return decodeName(vk[vkName:vkName+n], binary.LittleEndian.Uint16(vk[vkFlags:])&1 != 0)
}

func (h *Hive) value(off uint32) (Value, error) {
	p, err := h.vk(off)
	if err != nil {
		return Value{}, err
	}
	v := Value{Name: string(utf16.Decode(valueName(p))), Type: binary.LittleEndian.Uint32(p[vkType:])}
	size := binary.LittleEndian.Uint32(p[vkSize:])
	if size&inline != 0 {
		if size &^= inline; size > 4 {
			return v, fmt.Errorf("value %q: %d bytes inside the record, want at most 4: %w", v.Name, size, ErrFormat)
		}
		v.Data = bytes.Clone(p[vkData : vkData+size])
		return v, nil
	}
	if size == 0 {
		return v, nil
	}
	d, err := h.cell(binary.LittleEndian.Uint32(p[vkData:]))
	if err != nil {
		return v, fmt.Errorf("data of value %q: %w", v.Name, err)
	}
	if h.isBig(size, d) {
		v.Data, err = h.bigData(d, size)
		if err != nil {
			return v, fmt.Errorf("data of value %q: %w", v.Name, err)
		}
		return v, nil
	}
	if int64(size) > int64(len(d)) {
		return v, fmt.Errorf("data of value %q has %d bytes, cell has %d: %w", v.Name, size, len(d), ErrFormat)
	}
	v.Data = bytes.Clone(d[:size])
	return v, nil
}

// isBig tells whether data of this size is kept in segments: since version 1.4, above one
// segment's length.
func (h *Hive) isBig(size uint32, cell []byte) bool {
	return size > segment && binary.LittleEndian.Uint32(h.data[offMinor:]) >= 4 && len(cell) >= 8 && string(cell[:2]) == "db"
}

// segments returns the cells of the data segments of a db record.
func (h *Hive) segments(db []byte, size uint32) (list uint32, segs []uint32, err error) {
	n := int(binary.LittleEndian.Uint16(db[2:]))
	if want := (int64(size) + segment - 1) / segment; int64(n) != want {
		return 0, nil, fmt.Errorf("%d segments for %d bytes, want %d: %w", n, size, want, ErrFormat)
	}
	list = binary.LittleEndian.Uint32(db[4:])
	p, err := h.cell(list)
	if err != nil {
		return 0, nil, fmt.Errorf("list of segments: %w", err)
	}
	if n > len(p)/4 {
		return 0, nil, fmt.Errorf("list of segments has room for %d, want %d: %w", len(p)/4, n, ErrFormat)
	}
	for i := 0; i < n; i++ {
		segs = append(segs, binary.LittleEndian.Uint32(p[4*i:]))
	}
	return list, segs, nil
}

func (h *Hive) bigData(db []byte, size uint32) ([]byte, error) {
	if size > h.binsSize() {
		return nil, fmt.Errorf("%d bytes in a hive of %d: %w", size, h.binsSize(), ErrFormat)
	}
	_, segs, err := h.segments(db, size)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, size)
	for i, s := range segs {
		d, err := h.cell(s)
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", i, err)
		}
		n := min(int(size)-len(out), segment)
		if n > len(d) {
			return nil, fmt.Errorf("segment %d has %d bytes, want %d: %w", i, len(d), n, ErrFormat)
		}
		out = append(out, d[:n]...)
	}
	return out, nil
}
