package etl

import (
	"fmt"
	"io"
	"os"
)

// File is an event trace log file that has been scanned. Its methods may be
// called by several goroutines; the Readers it makes are each for one.
type File struct {
	r         io.ReaderAt
	closer    io.Closer
	name      string
	header    Header
	hasHeader bool
	clock     Clock
	stats     Stats
	blocks    []block
	budget    int
}

// Open opens and scans a file. A damaged file is no error, see Stats; a file in
// which there is no buffer at all is. The caller closes it.
func Open(name string) (*File, error) { return OpenEach(name, nil) }

// OpenEach is Open for those who would Visit all events next: it calls fn for each
// while it scans, in the order of the file. The event's time can be asked for from
// the log file header on, which comes first in a sound file; descriptions of events
// may come behind what they describe. fn may be nil.
func OpenEach(name string, fn func(*Event)) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	e, err := scan(f, fi.Size(), fn)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	e.closer, e.name = f, name
	return e, nil
}

// New scans the file in the first size bytes of r. Close does not close r.
func New(r io.ReaderAt, size int64) (*File, error) { return scan(r, size, nil) }

func scan(r io.ReaderAt, size int64, each func(*Event)) (*File, error) {
	f := &File{r: r}
	f.stats.Size = size
	s := scanner{f: f, src: source{r: r, size: size}, end: size, each: each}
	if err := s.scan(); err != nil {
		return nil, fmt.Errorf("etl: %w", err)
	}
	if f.stats.Buffers == 0 {
		return nil, fmt.Errorf("etl: no trace buffer in %d bytes, want a chain of buffers that starts with the log file header", size)
	}
	if !f.hasHeader {
		f.stats.note(DamageHeader, 0, 0)
	}
	st := &f.stats
	st.EventsLost, st.BuffersLost, st.BuffersWritten = f.header.EventsLost, f.header.BuffersLost, f.header.BuffersWritten
	st.circular = f.header.LogFileMode&modeCircular != 0
	st.Unclosed = f.hasHeader && f.header.EndTime == 0
	return f, nil
}

// Close closes the file if Open opened it.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// SetMemory limits the bytes of buffers that a Reader made from now on holds at a
// time; 0 means 24 MB. Beyond it buffers are read piece by piece, of compressed ones
// again and again, so that less takes longer. The garbage collector lets the memory
// of a process grow to twice what is held, if debug.SetMemoryLimit does not tell it
// otherwise.
func (f *File) SetMemory(n int) { f.budget = n }

func (f *File) memory() int {
	if f.budget > 0 {
		return f.budget
	}
	return memoryBudget
}

// Name returns the name given to Open.
func (f *File) Name() string { return f.name }

// Header returns the trace's description of itself; zero if it has none that
// can be read.
func (f *File) Header() Header { return f.header }

// Clock returns the trace's clock.
func (f *File) Clock() *Clock { return &f.clock }

// Stats returns what the file holds and what was lost.
func (f *File) Stats() Stats { return f.stats }

// FirstTS and LastTS return the least and the greatest time stamp in the file.
func (f *File) FirstTS() int64 {
	if len(f.blocks) == 0 {
		return 0
	}
	t := f.blocks[0].min
	for i := range f.blocks {
		t = min(t, f.blocks[i].min)
	}
	return t
}

// LastTS returns the greatest time stamp in the file.
func (f *File) LastTS() int64 {
	if len(f.blocks) == 0 {
		return 0
	}
	t := f.blocks[0].max
	for i := range f.blocks {
		t = max(t, f.blocks[i].max)
	}
	return t
}

// A Pass selects buffers for Visit.
type Pass uint8

// The passes.
const (
	// PassAll visits all events.
	PassAll Pass = 0
	// PassSchemas visits the buffers that hold events describing others.
	PassSchemas Pass = blockSchemas
	// PassRundown visits the buffers that hold process, thread, image, path, file
	// name and registry key events.
	PassRundown Pass = blockRundown
	// PassStackKeys visits the buffers that hold definitions of stack keys.
	PassStackKeys Pass = blockStackKeys
)

// Visit calls fn for the events of the buffers that a pass selects, buffer by
// buffer as they are in the file: not in order of time, but in one cheap sweep.
// Other events of the same buffers come too. It stops early if fn returns false.
func (f *File) Visit(p Pass, fn func(*Event) bool) error {
	src := source{r: f.r, size: f.stats.Size}
	var e Event
	var w walker
	var scratch []byte
	for i := range f.blocks {
		bl := &f.blocks[i]
		if p != PassAll && bl.flags&uint8(p) == 0 {
			continue
		}
		raw, err := src.at(bl.off, int(bl.size))
		if err != nil {
			return fmt.Errorf("etl: %w", err)
		}
		var records []byte
		if records, scratch = f.records(bl, raw, scratch); records == nil {
			continue
		}
		w.reset(records, 0)
		for w.step() {
			e.decode(records[w.at:], w.rec, bl.cpu, &f.clock)
			if !fn(&e) {
				return nil
			}
		}
	}
	return nil
}

// records returns the records of a block whose bytes are raw. It is nil if the
// block is no longer what it was.
func (f *File) records(bl *block, raw, scratch []byte) (records, newScratch []byte) {
	if len(raw) < bufferHeaderLen {
		return nil, scratch
	}
	h, _ := parseBufferHeader(raw)
	if bl.flags&blockDoubted != 0 {
		h.size = int(bl.size)
		h.flags = h.flags&^flagCompressed | uint16(bl.flags&blockPacked)*flagCompressed
		h.valid = bufferHeaderLen + int(bl.data)
	}
	if h.size != int(bl.size) || h.compressed() != (bl.flags&blockPacked != 0) {
		return nil, scratch
	}
	if h.compressed() {
		// No more than the scan could unpack.
		h.valid = bufferHeaderLen + int(bl.data)
	}
	records, scratch, _, _ = unpack(h, raw, scratch, int(bl.data))
	if len(records) > int(bl.data) {
		// The buffer has grown since; what is new was not counted.
		records = records[:bl.data]
	}
	return records, scratch
}
