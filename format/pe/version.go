package pe

import (
	"encoding/binary"
	"fmt"
)

// Version is the file version of the version resource.
type Version struct {
	Major, Minor, Build, Revision uint16
}

// String gives major.minor.build.revision.
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Build, v.Revision)
}

const (
	resVersion = 16 // resource type
	fixedMagic = 0xFEEF04BD
)

// FileVersion returns the file version in the image's version resource.
func (f *File) FileVersion() (Version, error) {
	d, ok := f.dir(dirResource)
	if !ok {
		return Version{}, fmt.Errorf("image has no resources: %w", ErrFormat)
	}
	base, err := f.at(d.rva, 16)
	if err != nil {
		return Version{}, fmt.Errorf("resources: %w", err)
	}
	off, err := child(base, 0, resVersion)
	for level := 0; err == nil && off&0x80000000 != 0; level++ {
		if level == 2 {
			return Version{}, formatErr(int(d.rva), "resources nest deeper than three levels")
		}
		off, err = child(base, off&^0x80000000, -1)
	}
	if err != nil {
		return Version{}, fmt.Errorf("version resource: %w", err)
	}
	if uint64(off)+16 > uint64(len(base)) {
		return Version{}, formatErr(int(d.rva), "resource entry at %#x is outside the resources", off)
	}
	rva, size := binary.LittleEndian.Uint32(base[off:]), binary.LittleEndian.Uint32(base[off+4:])
	b, err := f.at(rva, size)
	if err != nil {
		return Version{}, fmt.Errorf("version resource: %w", err)
	}
	return fixedVersion(b[:size])
}

// child returns the offset that entry id of the directory at off holds; -1 takes the first.
func child(base []byte, off uint32, id int) (uint32, error) {
	if uint64(off)+16 > uint64(len(base)) {
		return 0, formatErr(int(off), "resource directory is outside the resources")
	}
	n := uint32(binary.LittleEndian.Uint16(base[off+12:])) + uint32(binary.LittleEndian.Uint16(base[off+14:]))
	for i := uint32(0); i < n; i++ {
		at := uint64(off) + 16 + 8*uint64(i)
		if at+8 > uint64(len(base)) {
			break
		}
		if id < 0 || binary.LittleEndian.Uint32(base[at:]) == uint32(id) {
			return binary.LittleEndian.Uint32(base[at+4:]), nil
		}
	}
	return 0, formatErr(int(off), "no resource %d", id)
}

// fixedVersion reads VS_FIXEDFILEINFO behind the header and key of a VS_VERSIONINFO block.
func fixedVersion(b []byte) (Version, error) {
	for at := 6; at+16 <= len(b) && at < 64; at++ { // the key "VS_VERSION_INFO" and padding come first
		if at%4 == 0 && binary.LittleEndian.Uint32(b[at:]) == fixedMagic {
			ms, ls := binary.LittleEndian.Uint32(b[at+8:]), binary.LittleEndian.Uint32(b[at+12:])
			return Version{uint16(ms >> 16), uint16(ms), uint16(ls >> 16), uint16(ls)}, nil
		}
	}
	return Version{}, formatErr(0, "version resource has no fixed file information")
}
