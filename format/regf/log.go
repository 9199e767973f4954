package regf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sort"
)

const sector = 512

// Log is the content of one transaction log and the name to report it under.
type Log struct {
	Name string
	Data []byte
}

// Recovery tells what [Recover] found and did.
type Recovery struct {
	Dirty   bool      // the hive was not written to its end
	Reason  string    // why it counts as dirty
	Applied []Applied // what was replayed, in order
	Base    string    // the log that gave the base block, when the hive's own was damaged
	Skipped []string  // logs that were not used, with the reason
}

// Applied is one replayed step.
type Applied struct {
	Log   string // name of the log
	Seq   uint32 // sequence number of the entry (new format) or of the log (old format)
	Pages int    // pages written into the hive
	Bytes int
}

// Recover replays transaction logs into the bytes of a hive that was not written to its end, as
// the system would when it loads the hive, and returns the repaired bytes with equal sequence
// numbers and a right checksum. A hive that is not dirty is returned as it is, whatever the logs
// hold. When the hive is dirty and no log applies the error wraps [ErrDirty]. Neither data nor
// the logs are changed.
//
// The rules: an old-format log applies when its own header is sound and finished and bears the
// time stamp of the hive (of the first bin, when the hive's header is damaged). Entries of
// new-format logs apply in sequence without gaps, across both logs, from the first entry that is
// not older than the hive; the first entry with a wrong hash ends a log.
func Recover(data []byte, logs []Log) ([]byte, *Recovery, error) {
	r := &Recovery{}
	base, err := ParseBase(data)
	valid := err == nil && base.ChecksumOK
	switch {
	case err != nil:
		r.Reason = err.Error()
	case !base.ChecksumOK:
		r.Reason = fmt.Sprintf("checksum of the base block is %#08x, computed %#08x", base.Checksum, Checksum(data))
	case base.Seq1 != base.Seq2:
		r.Reason = fmt.Sprintf("sequence numbers are %d and %d", base.Seq1, base.Seq2)
	default:
		return data, r, nil
	}
	r.Dirty = true
	if len(data) < baseSize {
		return data, r, fmt.Errorf("%s; file has %d bytes, want at least %d: %w", r.Reason, len(data), baseSize, ErrDirty)
	}
	if valid && base.FileType != TypePrimary {
		return data, r, formatErr(offType, "file type is %d, want 0 (a hive, not a transaction log)", base.FileType)
	}
	var found []*logFile
	for _, l := range logs {
		f, err := readLog(l)
		if err != nil {
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: %v", l.Name, err))
			continue
		}
		found = append(found, f)
	}
	out := bytes.Clone(data)
	ok := replayNew(&out, base, valid, found, r) || replayOld(&out, base, valid, found, r)
	if !ok {
		return data, r, fmt.Errorf("%s, and no transaction log repairs it: %w", r.Reason, ErrDirty)
	}
	return out, r, nil
}

// logFile is a transaction log with a sound header.
type logFile struct {
	name    string
	base    Base
	data    []byte
	entries []logEntry // new format: from the first, in sequence, all hashes right
}

type logEntry struct {
	seq, flags, bins uint32
	refs             []pageRef
	pages            []byte
}

type pageRef struct{ off, size uint32 }

func readLog(l Log) (*logFile, error) {
	if len(l.Data) == 0 {
		return nil, fmt.Errorf("empty")
	}
	b, err := ParseBase(l.Data)
	if err != nil {
		return nil, err
	}
	if !b.ChecksumOK {
		return nil, fmt.Errorf("checksum of the header is %#08x, computed %#08x", b.Checksum, Checksum(l.Data))
	}
	f := &logFile{name: l.Name, base: b, data: l.Data}
	switch b.FileType {
	case TypeLogOld, TypeLogOld2:
		return f, nil
	case TypeLogNew:
		f.readEntries()
		if len(f.entries) == 0 {
			return nil, fmt.Errorf("no log entry with a right hash and sequence number %d", b.Seq1)
		}
		return f, nil
	}
	return nil, fmt.Errorf("file type is %d, want 1, 2 or 6", b.FileType)
}

// readEntries collects the entries that belong to the log's header: they follow each other with
// sequence numbers that rise by one from the header's. What comes after is left from earlier use
// of the file.
func (f *logFile) readEntries() {
	want := f.base.Seq1
	for p := f.data[sector:]; len(p) >= 40; {
		e, size, ok := parseEntry(p)
		if !ok || e.seq != want {
			return
		}
		f.entries = append(f.entries, e)
		want++
		p = p[size:]
	}
}

func parseEntry(p []byte) (e logEntry, size int, ok bool) {
	le := binary.LittleEndian
	if string(p[:4]) != "HvLE" {
		return e, 0, false
	}
	n := le.Uint32(p[4:])
	if n < 40 || n%sector != 0 || int64(n) > int64(len(p)) {
		return e, 0, false
	}
	p = p[:n]
	if le.Uint64(p[32:]) != marvin32(p[:32]) || le.Uint64(p[24:]) != marvin32(p[40:]) {
		return e, 0, false
	}
	e = logEntry{seq: le.Uint32(p[12:]), flags: le.Uint32(p[8:]), bins: le.Uint32(p[16:])}
	count := le.Uint32(p[20:])
	if e.bins == 0 || e.bins%pageSize != 0 || e.bins > MaxBins || int64(count) > int64(n-40)/8 {
		return e, 0, false
	}
	e.pages = p[40+8*count:]
	left := int64(len(e.pages))
	for i := uint32(0); i < count; i++ {
		r := pageRef{le.Uint32(p[40+8*i:]), le.Uint32(p[44+8*i:])}
		left -= int64(r.size)
		if r.size == 0 || left < 0 || r.off%sector != 0 || r.size%sector != 0 || uint64(r.off)+uint64(r.size) > uint64(e.bins) {
			return e, 0, false
		}
		e.refs = append(e.refs, r)
	}
	return e, int(n), true
}

// replayNew applies the entries of new-format logs and reports whether the hive is repaired.
func replayNew(out *[]byte, base Base, valid bool, logs []*logFile, r *Recovery) bool {
	var use []*logFile
	for _, f := range logs {
		if f.base.FileType == TypeLogNew {
			use = append(use, f)
		}
	}
	if len(use) == 0 {
		return false
	}
	sort.SliceStable(use, func(i, j int) bool { return int32(use[i].base.Seq1-use[j].base.Seq1) < 0 })
	if !valid { // only the log with the latest entries counts, and it gives the base block
		f := use[len(use)-1]
		for _, o := range use[:len(use)-1] {
			r.Skipped = append(r.Skipped, o.name+": the base block is damaged, and another log is later")
		}
		use = []*logFile{f}
		takeBase(*out, f.data)
		r.Base = f.name
	}
	var last *logEntry
	for _, f := range use {
		first := f.entries[0].seq
		switch {
		case last == nil && valid && int32(first-base.Seq2) < 0:
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: starts with entry %d, older than the hive's %d", f.name, first, base.Seq2))
			continue
		case last != nil && first != last.seq+1:
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: starts with entry %d, want %d", f.name, first, last.seq+1))
			continue
		}
		for i := range f.entries {
			e := &f.entries[i]
			if !applyEntry(out, e, logs) {
				r.Skipped = append(r.Skipped, fmt.Sprintf("%s: entry %d makes the hive larger than its pages", f.name, e.seq))
				break
			}
			r.Applied = append(r.Applied, Applied{f.name, e.seq, len(e.refs), sum(e.refs)})
			last = e
		}
	}
	if last == nil {
		return false
	}
	finish(*out, last.seq)
	return true
}

func sum(refs []pageRef) (n int) {
	for _, r := range refs {
		n += int(r.size)
	}
	return n
}

func applyEntry(out *[]byte, e *logEntry, logs []*logFile) bool {
	if lack := baseSize + int64(e.bins) - int64(len(*out)); lack > 0 {
		room := int64(0) // a hive grows by pages that are in its logs
		for _, f := range logs {
			room += int64(len(f.data))
		}
		if lack > room {
			return false
		}
		*out = append(*out, make([]byte, lack)...)
	}
	b := *out
	binary.LittleEndian.PutUint32(b[offBins:], e.bins)
	fl := binary.LittleEndian.Uint32(b[offFlags:])
	binary.LittleEndian.PutUint32(b[offFlags:], fl&^1|e.flags&1)
	p := e.pages
	for _, r := range e.refs {
		copy(b[baseSize+int64(r.off):], p[:r.size])
		p = p[r.size:]
	}
	return true
}

// takeBase copies the base block that a log keeps. A log holds the first sector of it at least.
func takeBase(hive, log []byte) {
	copy(hive[:sector], log[:sector])
	binary.LittleEndian.PutUint32(hive[offType:], TypePrimary)
}

func finish(b []byte, seq uint32) {
	binary.LittleEndian.PutUint32(b[offSeq1:], seq)
	binary.LittleEndian.PutUint32(b[offSeq2:], seq)
	binary.LittleEndian.PutUint32(b[offChecksum:], Checksum(b))
}

// replayOld applies the first old-format log that belongs to the hive.
func replayOld(out *[]byte, base Base, valid bool, logs []*logFile, r *Recovery) bool {
	stamp := base.LastWritten
	if !valid {
		b := *out
		if len(b) < baseSize+binHead || string(b[baseSize:baseSize+4]) != "hbin" {
			return false
		}
		stamp = binary.LittleEndian.Uint64(b[baseSize+20:])
	}
	for _, f := range logs {
		if f.base.FileType == TypeLogNew {
			continue
		}
		if f.base.Seq1 != f.base.Seq2 {
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: sequence numbers are %d and %d", f.name, f.base.Seq1, f.base.Seq2))
			continue
		}
		if f.base.LastWritten != stamp {
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: time stamp %#x is not the hive's %#x", f.name, f.base.LastWritten, stamp))
			continue
		}
		pages, err := f.dirtyPages()
		if err != nil {
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: %v", f.name, err))
			continue
		}
		if lack := baseSize + int64(f.base.BinsSize) - int64(len(*out)); lack > 0 {
			if lack > int64(len(f.data)) {
				r.Skipped = append(r.Skipped, fmt.Sprintf("%s: makes the hive larger than its pages", f.name))
				continue
			}
			*out = append(*out, make([]byte, lack)...)
		}
		b := *out
		for i, p := range pages {
			copy(b[baseSize+int64(p.index)*sector:], pages[i].data)
		}
		if !valid {
			takeBase(b, f.data)
			r.Base = f.name
		}
		binary.LittleEndian.PutUint32(b[offBins:], f.base.BinsSize)
		finish(b, max(f.base.Seq1, base.Seq1))
		r.Applied = append(r.Applied, Applied{f.name, f.base.Seq1, len(pages), len(pages) * sector})
		return true
	}
	return false
}

type dirtyPage struct {
	index uint32
	data  []byte
}

// dirtyPages decodes the bitmap of an old-format log and the pages after it. Each bit stands for
// 512 bytes of the bins, least significant bit first.
func (f *logFile) dirtyPages() ([]dirtyPage, error) {
	n := f.base.BinsSize
	if n == 0 || n%pageSize != 0 || n > MaxBins {
		return nil, fmt.Errorf("size of bins is %#x, want a multiple of 0x1000 up to %#x", n, uint32(MaxBins))
	}
	length := int(n / sector / 8)
	if len(f.data) < sector+4+length || string(f.data[sector:sector+4]) != "DIRT" {
		return nil, fmt.Errorf("no dirty-page bitmap of %d bytes at offset 0x200", length)
	}
	bitmap := f.data[sector+4 : sector+4+length]
	at := (sector + 4 + length + sector - 1) / sector * sector
	var out []dirtyPage
	for i, c := range bitmap {
		for ; c != 0; c &= c - 1 {
			if at+sector > len(f.data) {
				return nil, fmt.Errorf("log ends after %d dirty pages", len(out))
			}
			out = append(out, dirtyPage{uint32(i*8 + bits.TrailingZeros8(c)), f.data[at : at+sector]})
			at += sector
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no dirty pages")
	}
	return out, nil
}
