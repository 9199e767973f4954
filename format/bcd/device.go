package bcd

import (
	"encoding/binary"
	"fmt"

	"github.com/godtrace/godtrace/format/regf"
)

// Device is the decoded value of a device element.
type Device struct {
	Kind      string      `json:"kind"`                // boot, partition, locate, ramdisk or "type N" for what is not decoded
	Options   *GUID       `json:"-"`                   // object with further options, for ramdisks
	Style     string      `json:"style,omitempty"`     // of a partition: gpt, mbr or raw
	Disk      string      `json:"disk,omitempty"`      // GUID of the disk, or its MBR signature in hexadecimal
	Partition string      `json:"partition,omitempty"` // GUID of the partition, or its byte offset on the disk
	Element   ElementType `json:"element,omitempty"`   // of locate: the element whose path is searched for
	Path      string      `json:"path,omitempty"`      // of locate and ramdisk: the file
	Parent    *Device     `json:"parent,omitempty"`    // of a ramdisk: where the file is
}

// ParseDevice decodes the value of a device element:
//
//	0  GUID of an object with additional options, or zeros
//	16 u32 type, u32 flags, u32 size from here, u32 zero
//	32 by type
func ParseDevice(b []byte) (*Device, error) {
	if len(b) < 32 {
		return nil, fmt.Errorf("device has %d bytes, want at least 32", len(b))
	}
	d, err := parseDevice(b[16:], 0)
	if err != nil {
		return nil, err
	}
	if g := GUID(b[:16]); g != (GUID{}) {
		d.Options = &g
	}
	return d, nil
}

func parseDevice(b []byte, depth int) (*Device, error) {
	le := binary.LittleEndian
	if len(b) < 16 {
		return nil, fmt.Errorf("device has %d bytes, want at least 16", len(b))
	}
	size := le.Uint32(b[8:])
	if size < 16 || int64(size) > int64(len(b)) {
		return nil, fmt.Errorf("device says it has %d bytes, want 16 to %d", size, len(b))
	}
	b = b[:size]
	d := &Device{}
	switch typ := le.Uint32(b); typ {
	case 5:
		d.Kind = "boot"
	case 6:
		if len(b) < 56 {
			return nil, fmt.Errorf("partition has %d bytes, want 56", len(b))
		}
		d.Kind = "partition"
		switch style := le.Uint32(b[36:]); style {
		case 0:
			d.Style, d.Partition, d.Disk = "gpt", GUID(b[16:32]).String(), GUID(b[40:56]).String()
		case 1:
			d.Style, d.Partition, d.Disk = "mbr", fmt.Sprintf("0x%x", le.Uint64(b[16:])), fmt.Sprintf("%08x", le.Uint32(b[40:]))
		default:
			d.Style = "raw"
		}
	case 8:
		if len(b) < 28 {
			return nil, fmt.Errorf("locate has %d bytes, want at least 28", len(b))
		}
		d.Kind = "locate"
		if le.Uint32(b[16:]) == 0 {
			d.Element = ElementType(le.Uint32(b[20:]))
		}
		d.Path = regf.Value{Data: b[28:]}.Text()
	case 0:
		d.Kind = "type 0"
		// Block device 3 is a ramdisk; at 40 a file path: u32 version 1, u32 size, u32 kind 5, then
		// the device that holds the file and its name.
		if len(b) >= 68 && le.Uint32(b[16:]) == 3 && le.Uint32(b[40:]) == 1 && le.Uint32(b[48:]) == 5 && depth == 0 {
			p, err := parseDevice(b[52:], depth+1)
			if err != nil {
				return nil, fmt.Errorf("file of ramdisk: %w", err)
			}
			d.Kind, d.Parent = "ramdisk", p
			d.Path = regf.Value{Data: b[52+le.Uint32(b[60:]):]}.Text()
		}
	default:
		d.Kind = fmt.Sprintf("type %d", typ)
	}
	return d, nil
}

// String gives the device as it is listed. A partition is named by its identifiers: which drive
// letter it has is known only to a running system.
func (d *Device) String() string {
	switch d.Kind {
	case "boot":
		return "boot"
	case "partition":
		switch d.Style {
		case "gpt":
			return fmt.Sprintf("partition=gpt:%s:%s", d.Disk, d.Partition)
		case "mbr":
			return fmt.Sprintf("partition=mbr:%s:%s", d.Disk, d.Partition)
		}
		return "partition=raw"
	case "locate":
		if d.Path != "" {
			return "locate=" + d.Path
		}
		return "locate=custom:" + d.Element.Key()
	case "ramdisk":
		s := fmt.Sprintf("ramdisk=[%s]%s", d.Parent, d.Path)
		if d.Options != nil {
			s += "," + d.Options.String()
		}
		return s
	}
	return "unknown (" + d.Kind + ")"
}
