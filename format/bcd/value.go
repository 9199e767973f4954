package bcd

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/format/regf"
)

// Element is one element of an object, with its value as the store has it.
type Element struct {
	Type ElementType
	Raw  regf.Value
}

func (e Element) errorf(format string, args ...any) error {
	return fmt.Errorf("element %s: %s", e.Type.Key(), fmt.Sprintf(format, args...))
}

// Bool returns the value of a boolean element.
func (e Element) Bool() (bool, error) {
	if f := e.Type.Format(); f != FormatBoolean {
		return false, e.errorf("format is %s, want boolean", f)
	}
	if e.Raw.Type != regf.Binary || len(e.Raw.Data) == 0 {
		return false, e.errorf("value is %s of %d bytes, want REG_BINARY of 1", regf.TypeName(e.Raw.Type), len(e.Raw.Data))
	}
	return e.Raw.Data[0] != 0, nil
}

// Int returns the value of an integer element. Writers other than Windows leave out leading
// zero bytes; up to 8 bytes are read.
func (e Element) Int() (uint64, error) {
	if f := e.Type.Format(); f != FormatInteger {
		return 0, e.errorf("format is %s, want integer", f)
	}
	n := len(e.Raw.Data)
	if n == 0 || n > 8 || e.Raw.Type != regf.Binary && e.Raw.Type != regf.DWord && e.Raw.Type != regf.QWord {
		return 0, e.errorf("value is %s of %d bytes, want REG_BINARY of 8", regf.TypeName(e.Raw.Type), n)
	}
	var b [8]byte
	copy(b[:], e.Raw.Data)
	return binary.LittleEndian.Uint64(b[:]), nil
}

// Ints returns the value of an integer list element.
func (e Element) Ints() ([]uint64, error) {
	if f := e.Type.Format(); f != FormatIntegerList {
		return nil, e.errorf("format is %s, want integerlist", f)
	}
	if e.Raw.Type != regf.Binary || len(e.Raw.Data)%8 != 0 {
		return nil, e.errorf("value is %s of %d bytes, want REG_BINARY of a multiple of 8", regf.TypeName(e.Raw.Type), len(e.Raw.Data))
	}
	var out []uint64
	for i := 0; i < len(e.Raw.Data); i += 8 {
		out = append(out, binary.LittleEndian.Uint64(e.Raw.Data[i:]))
	}
	return out, nil
}

// Text returns the value of a string element.
func (e Element) Text() (string, error) {
	if f := e.Type.Format(); f != FormatString {
		return "", e.errorf("format is %s, want string", f)
	}
	if e.Raw.Type != regf.String && e.Raw.Type != regf.ExpandString {
		return "", e.errorf("value is %s, want REG_SZ", regf.TypeName(e.Raw.Type))
	}
	return e.Raw.Text(), nil
}

// Objects returns the identifiers of an object element (one) or object list element.
func (e Element) Objects() ([]GUID, error) {
	var list []string
	switch f := e.Type.Format(); {
	case f == FormatObject && e.Raw.Type == regf.String:
		list = []string{e.Raw.Text()}
	case f == FormatObjectList && (e.Raw.Type == regf.MultiString || e.Raw.Type == regf.String):
		list = e.Raw.Texts()
	default:
		return nil, e.errorf("format %s with a value %s, want object with REG_SZ or objectlist with REG_MULTI_SZ", f, regf.TypeName(e.Raw.Type))
	}
	var out []GUID
	for _, s := range list {
		g, err := ParseGUID(s)
		if err != nil {
			return out, e.errorf("%v", err)
		}
		out = append(out, g)
	}
	return out, nil
}

// Lines gives the value as it is listed, one string a line. show gives the text for an
// identifier (see [Store.Show]); obj is the type of the object that holds the element. A value
// that does not fit the format is shown as bytes.
func (e Element) Lines(obj ObjectType, show func(GUID) string) []string {
	bad := func() []string {
		return []string{fmt.Sprintf("%s:%s", strings.ToLower(regf.TypeName(e.Raw.Type)), hex.EncodeToString(e.Raw.Data))}
	}
	switch e.Type.Format() {
	case FormatDevice:
		d, err := ParseDevice(e.Raw.Data)
		if err != nil || e.Raw.Type != regf.Binary {
			return bad()
		}
		return []string{d.String()}
	case FormatString:
		s, err := e.Text()
		if err != nil {
			return bad()
		}
		return []string{s}
	case FormatObject, FormatObjectList:
		ids, err := e.Objects()
		if err != nil {
			return bad()
		}
		var out []string
		for _, g := range ids {
			out = append(out, show(g))
		}
		return out
	case FormatInteger:
		n, err := e.Int()
		if err != nil {
			return bad()
		}
		name := e.Type.Name(obj)
		if c := choices[name]; n < uint64(len(c)) {
			return []string{c[n]}
		}
		if strings.HasSuffix(name, "address") {
			return []string{fmt.Sprintf("0x%x", n)}
		}
		return []string{strconv.FormatUint(n, 10)}
	case FormatBoolean:
		b, err := e.Bool()
		if err != nil {
			return bad()
		}
		return []string{YesNo(b)}
	case FormatIntegerList:
		list, err := e.Ints()
		if err != nil {
			return bad()
		}
		var out []string
		form := "0x%x"
		if strings.HasPrefix(e.Type.Name(obj), "custom:") {
			form = "%d"
		}
		for _, n := range list {
			out = append(out, fmt.Sprintf(form, n))
		}
		return out
	}
	return bad()
}

// YesNo is how a boolean is listed.
func YesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

// ParseBool reads a boolean as boot option tools take it: on, off, yes, no, true, false, 1, 0, in
// any case.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "on", "yes", "true", "1":
		return true, nil
	case "off", "no", "false", "0":
		return false, nil
	}
	return false, fmt.Errorf("value %q, want on or off (or yes, no, true, false, 1, 0)", s)
}
