package manifest

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/format/etl/schema"
)

// inTypes are the names of in types, with the out type that each implies.
var inTypes = map[string]schema.Field{
	"unicodestring": {In: schema.UTF16}, "ansistring": {In: schema.ANSI},
	"int8": {In: schema.Int8}, "uint8": {In: schema.UInt8}, "int16": {In: schema.Int16}, "uint16": {In: schema.UInt16},
	"int32": {In: schema.Int32}, "uint32": {In: schema.UInt32}, "int64": {In: schema.Int64}, "uint64": {In: schema.UInt64},
	"float": {In: schema.Float}, "double": {In: schema.Double}, "boolean": {In: schema.Bool}, "binary": {In: schema.Binary},
	"guid": {In: schema.GUID}, "pointer": {In: schema.Pointer}, "filetime": {In: schema.FileTime}, "systemtime": {In: schema.SystemTime},
	"sid": {In: schema.SID}, "hexint32": {In: schema.HexInt32}, "hexint64": {In: schema.HexInt64},
	"countedunicodestring": {In: schema.CountedUTF16}, "countedansistring": {In: schema.CountedANSI}, "countedbinary": {In: schema.CountedBinary},
	"trace:unicodechar": {In: schema.Char16}, "trace:ansichar": {In: schema.Char8}, "trace:sizet": {In: schema.SizeT},
	"trace:hexdump": {In: schema.HexDump}, "trace:wbemsid": {In: schema.WbemSID},
}

// outTypes are the names of out types that change how values are shown.
var outTypes = map[string]schema.Out{
	"xs:string": schema.OutString, "xs:datetime": schema.OutDateTime, "xs:boolean": schema.OutBool, "xs:hexbinary": schema.OutHexBinary,
	"win:hexint8": schema.OutHex8, "win:hexint16": schema.OutHex16, "win:hexint32": schema.OutHex32, "win:hexint64": schema.OutHex64,
	"win:pid": schema.OutPID, "win:tid": schema.OutTID, "win:port": schema.OutPort, "win:ipv4": schema.OutIPv4, "win:ipv6": schema.OutIPv6,
	"win:socketaddress": schema.OutSocket, "win:etwtime": schema.OutETWTime, "win:xml": schema.OutXML, "win:errorcode": schema.OutErrorCode,
	"win:win32error": schema.OutWin32, "win:ntstatus": schema.OutNTStatus, "win:hresult": schema.OutHResult, "win:json": schema.OutJSON,
	"win:utf8": schema.OutUTF8, "win:codepointer": schema.OutCodePtr, "win:datetimeutc": schema.OutDateUTC,
}

// fielder turns the items of a template into fields, numbering them as
// schema.Compile does.
type fielder struct {
	b     *builder
	slots map[string]int
	next  int
	depth int
}

func (f *fielder) fields(items []xmlData) ([]schema.Field, error) {
	var out []schema.Field
	for i := range items {
		x := &items[i]
		switch x.XMLName.Local {
		case "data":
			d, err := f.data(x)
			if err != nil {
				return nil, fmt.Errorf("field %q: %w", x.Name, err)
			}
			out = append(out, d)
		case "struct":
			if f.depth++; f.depth > 16 {
				return nil, fmt.Errorf("struct %q: nested deeper than 16", x.Name)
			}
			d := schema.Field{Name: x.Name, In: schema.Struct, CountField: schema.NoField, LengthField: schema.NoField}
			if err := f.count(&d, x.Count); err != nil {
				return nil, fmt.Errorf("struct %q: %w", x.Name, err)
			}
			f.slot(x.Name)
			var err error
			if d.Fields, err = f.fields(x.Items); err != nil {
				return nil, err
			}
			f.depth--
			out = append(out, d)
		}
	}
	return out, nil
}

func (f *fielder) slot(name string) {
	f.slots[name] = f.next
	f.next++
}

func (f *fielder) data(x *xmlData) (schema.Field, error) {
	in := strings.ToLower(x.InType)
	in = strings.TrimPrefix(in, "win:")
	d, ok := inTypes[in]
	if !ok {
		return d, fmt.Errorf("inType %q is not known", x.InType)
	}
	d.Name, d.CountField, d.LengthField = x.Name, schema.NoField, schema.NoField
	if o, ok := outTypes[strings.ToLower(x.OutType)]; ok {
		d.Out = o
	}
	if x.Map != "" {
		if d.Map = f.b.maps[x.Map]; d.Map == nil {
			return d, fmt.Errorf("map %q is not defined", x.Map)
		}
	}
	if err := f.count(&d, x.Count); err != nil {
		return d, err
	}
	if x.Length != "" {
		if n, err := number(x.Length); err == nil {
			d.Length = int(min(n, 1<<16))
		} else if slot, ok := f.slots[x.Length]; ok {
			d.LengthField = slot
		} else {
			return d, fmt.Errorf("length %q is neither a number nor a field before it", x.Length)
		}
	}
	f.slot(x.Name)
	return d, nil
}

func (f *fielder) count(d *schema.Field, s string) error {
	if s == "" {
		return nil
	}
	d.Array = true
	if n, err := number(s); err == nil {
		d.Count = int(min(n, 1<<16))
		return nil
	}
	slot, ok := f.slots[s]
	if !ok {
		return fmt.Errorf("count %q is neither a number nor a field before it", s)
	}
	d.CountField = slot
	return nil
}
