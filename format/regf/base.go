package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"
)

// Sizes and limits of the format.
const (
	baseSize = 4096 // base block
	pageSize = 4096 // bins are multiples of this
	binHead  = 32   // header of a bin

	// MaxBins is the largest size in bytes of the bins of a hive that Windows loads (2 GiB less
	// one page: offsets have 31 bits, the top one marks volatile cells).
	MaxBins = 1<<31 - pageSize

	// MaxDepth is the deepest nesting of keys that Windows allows.
	MaxDepth = 512

	// none marks an absent cell reference.
	none = 0xFFFFFFFF
)

// File types of a base block.
const (
	TypePrimary = 0 // the hive itself
	TypeLogOld  = 1 // transaction log with a dirty-page bitmap
	TypeLogOld2 = 2 // the same, written by a few early systems
	TypeLogNew  = 6 // transaction log with log entries (Windows 8.1 and later)
)

// Offsets within the base block.
const (
	offSeq1     = 4
	offSeq2     = 8
	offTime     = 12
	offMajor    = 20
	offMinor    = 24
	offType     = 28
	offFormat   = 32
	offRoot     = 36
	offBins     = 40
	offCluster  = 44
	offName     = 48
	offFlags    = 144
	offChecksum = 508
)

// Errors that callers tell apart.
var (
	// ErrFormat is wrapped by every error that says the bytes are not a well-formed hive.
	ErrFormat = errors.New("not a well-formed registry hive")
	// ErrNotFound is wrapped when a key or value is not there.
	ErrNotFound = errors.New("not found")
	// ErrDirty is wrapped when a hive was not written to its end and no log could repair it.
	ErrDirty = errors.New("hive is dirty")
	// ErrExists is wrapped when a key to be created is already there.
	ErrExists = errors.New("already exists")
)

func formatErr(off int64, format string, args ...any) error {
	return fmt.Errorf("offset %#x: %s: %w", off, fmt.Sprintf(format, args...), ErrFormat)
}

// Base is the decoded base block of a hive or of a transaction log.
type Base struct {
	Seq1, Seq2   uint32    // primary and secondary sequence number; equal after a finished write
	LastWritten  uint64    // FILETIME: 100 ns since 1601-01-01 UTC
	Major, Minor uint32    // version of the writer, 1.3 to 1.6
	FileType     uint32    // TypePrimary, TypeLogOld, TypeLogNew
	Root         uint32    // offset of the root key's cell
	BinsSize     uint32    // bytes of bins after the base block
	Cluster      uint32    // sector size / 512
	Name         string    // the end of the file's path, for debugging only
	Checksum     uint32    // as stored
	ChecksumOK   bool      // whether it is the one computed
	Written      time.Time // LastWritten as a time, UTC
}

// Dirty reports whether the file was not written to its end: the checksum is wrong or the
// sequence numbers differ.
func (b Base) Dirty() bool { return !b.ChecksumOK || b.Seq1 != b.Seq2 }

// ParseBase decodes the first 512 bytes of a hive or log. It fails when they are not there or
// do not start with the signature; a wrong checksum is reported in the result.
func ParseBase(b []byte) (Base, error) {
	if len(b) < 512 {
		return Base{}, formatErr(0, "base block has %d bytes, want at least 512", len(b))
	}
	if string(b[:4]) != "regf" {
		return Base{}, formatErr(0, "signature is %q, want \"regf\"", b[:4])
	}
	le := binary.LittleEndian
	v := Base{
		Seq1: le.Uint32(b[offSeq1:]), Seq2: le.Uint32(b[offSeq2:]),
		LastWritten: le.Uint64(b[offTime:]),
		Major:       le.Uint32(b[offMajor:]), Minor: le.Uint32(b[offMinor:]),
		FileType: le.Uint32(b[offType:]), Root: le.Uint32(b[offRoot:]),
		BinsSize: le.Uint32(b[offBins:]), Cluster: le.Uint32(b[offCluster:]),
		Checksum: le.Uint32(b[offChecksum:]),
	}
	v.ChecksumOK = v.Checksum == Checksum(b)
	v.Written = FiletimeToTime(v.LastWritten)
	units := make([]uint16, 0, 32)
	for i := 0; i < 64; i += 2 {
		u := le.Uint16(b[offName+i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	v.Name = string(utf16.Decode(units))
	return v, nil
}

// Checksum computes the checksum of a base block from its first 508 bytes: the exclusive or of
// the 127 little-endian words, where 0 becomes 1 and 0xFFFFFFFF becomes 0xFFFFFFFE.
// b must hold at least 508 bytes.
func Checksum(b []byte) uint32 {
	var c uint32
	for i := 0; i < offChecksum; i += 4 {
		c ^= binary.LittleEndian.Uint32(b[i:])
	}
	switch c {
	case 0:
		return 1
	case 0xFFFFFFFF:
		return 0xFFFFFFFE
	}
	return c
}

// epochDelta is the number of 100 ns units from 1601-01-01 to 1970-01-01.
const epochDelta = 116444736000000000

// FiletimeToTime converts a FILETIME to a UTC time; 0 gives the zero time. Values beyond the
// range of a signed 64-bit count are cut off there, as Windows does.
func FiletimeToTime(ft uint64) time.Time {
	if ft == 0 {
		return time.Time{}
	}
	if ft > 1<<63-1 {
		ft = 1<<63 - 1
	}
	n := int64(ft) - epochDelta
	return time.Unix(n/1e7, n%1e7*100).UTC()
}

// TimeToFiletime converts a time to a FILETIME; the zero time and times before 1601 give 0.
func TimeToFiletime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	n := t.Unix()*1e7 + int64(t.Nanosecond())/100 + epochDelta
	if n < 0 {
		return 0
	}
	return uint64(n)
}
