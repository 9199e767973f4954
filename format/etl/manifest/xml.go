package manifest

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The elements of a manifest that matter. Names are matched without their name
// spaces, as EventSource and the message compiler use different ones.
type xmlRoot struct {
	Providers []xmlProvider  `xml:"instrumentation>events>provider"`
	Bare      []xmlProvider  `xml:"events>provider"`
	Alone     []xmlProvider  `xml:"provider"`
	Resources []xmlResources `xml:"localization>resources"`
}

type xmlResources struct {
	Culture string      `xml:"culture,attr"`
	Strings []xmlString `xml:"stringTable>string"`
}

type xmlString struct {
	ID    string `xml:"id,attr"`
	Value string `xml:"value,attr"`
}

type xmlProvider struct {
	Name      string         `xml:"name,attr"`
	GUID      string         `xml:"guid,attr"`
	Events    []xmlEvent     `xml:"events>event"`
	Tasks     []xmlNamed     `xml:"tasks>task"`
	Opcodes   []xmlNamed     `xml:"opcodes>opcode"`
	Levels    []xmlNamed     `xml:"levels>level"`
	Keywords  []xmlNamed     `xml:"keywords>keyword"`
	Channels  []xmlNamed     `xml:"channels>channel"`
	ValueMaps []xmlMap       `xml:"maps>valueMap"`
	BitMaps   []xmlMap       `xml:"maps>bitMap"`
	Templates []xmlTemplate  `xml:"templates>template"`
	Resources []xmlResources `xml:"localization>resources"`
}

type xmlEvent struct {
	Value    string `xml:"value,attr"`
	Version  string `xml:"version,attr"`
	Symbol   string `xml:"symbol,attr"`
	Template string `xml:"template,attr"`
	Task     string `xml:"task,attr"`
	Opcode   string `xml:"opcode,attr"`
	Level    string `xml:"level,attr"`
	Channel  string `xml:"channel,attr"`
	Keywords string `xml:"keywords,attr"`
	Message  string `xml:"message,attr"`
}

// xmlNamed is a task, opcode, level, keyword or channel.
type xmlNamed struct {
	Name    string     `xml:"name,attr"`
	ChID    string     `xml:"chid,attr"`
	Value   string     `xml:"value,attr"`
	Mask    string     `xml:"mask,attr"`
	Message string     `xml:"message,attr"`
	Opcodes []xmlNamed `xml:"opcodes>opcode"`
}

type xmlMap struct {
	Name    string `xml:"name,attr"`
	Entries []struct {
		Value   string `xml:"value,attr"`
		Message string `xml:"message,attr"`
	} `xml:"map"`
}

type xmlTemplate struct {
	TID   string    `xml:"tid,attr"`
	Items []xmlData `xml:",any"`
}

type xmlData struct {
	XMLName xml.Name
	Name    string    `xml:"name,attr"`
	InType  string    `xml:"inType,attr"`
	OutType string    `xml:"outType,attr"`
	Map     string    `xml:"map,attr"`
	Count   string    `xml:"count,attr"`
	Length  string    `xml:"length,attr"`
	Items   []xmlData `xml:",any"`
}

// decodeXML reads a manifest's text, in UTF-8 or UTF-16.
func decodeXML(b []byte) (*xmlRoot, error) {
	text := toUTF8(b)
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var root xmlRoot
	if err := d.Decode(&root); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	// The root may be any of the outer elements.
	root.Providers = append(root.Providers, root.Bare...)
	root.Providers = append(root.Providers, root.Alone...)
	return &root, nil
}

// toUTF8 turns UTF-16 text, known by its byte order mark, into UTF-8.
func toUTF8(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE:
		return utf16Text(b[2:], binary.LittleEndian)
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		return utf16Text(b[2:], binary.BigEndian)
	case len(b) >= 4 && b[0] == '<' && b[1] == 0:
		return utf16Text(b, binary.LittleEndian)
	}
	return strings.TrimPrefix(string(b), "\ufeff")
}

func utf16Text(b []byte, order binary.ByteOrder) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// number reads decimal or, with 0x, hexadecimal.
func number(s string) (uint64, error) {
	return strconv.ParseUint(strings.TrimSpace(s), 0, 64)
}
