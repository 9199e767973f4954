// Package pdb reads program databases, the symbol files of Microsoft's and other
// Windows compilers (.pdb), and what of a PE image leads to them: its identity,
// its sections and its exports.
//
// A program database is a container of streams (MSF). Stream 1 says which image
// it belongs to, stream 2 describes types, stream 3 lists modules and names the
// streams of symbols. Streams are read when they are asked for; damaged ones cost
// what they hold and nothing else. Type servers, incremental link data and the
// old 2.00 container are not read.
package pdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

var le = binary.LittleEndian

// msfMagic starts a container of version 7.
const msfMagic = "Microsoft C/C++ MSF 7.00\r\n\x1aDS\x00\x00\x00"

// The streams with fixed numbers.
const (
	streamInfo = 1
	streamTPI  = 2
	streamDBI  = 3
	streamIPI  = 4
)

// noStream says that there is none.
const noStream = 0xFFFF

// File is an open program database. Its methods may be called by several
// goroutines.
type File struct {
	r      io.ReaderAt
	closer io.Closer
	page   int64
	size   int64
	sizes  []uint32
	pages  [][]uint32

	info  Info
	lines sync.Map // by module: []Line
	dbi   func() (*dbi, error)
	syms  func() (*symbolTable, error)
	typs  func() (*Types, error)
	str   func() ([]byte, error)
}

// Info says which image a database belongs to.
type Info struct {
	// GUID and Age must be those of the image.
	GUID [16]byte
	Age  uint32
	// Signature is a time stamp.
	Signature uint32
}

// Key returns the database's identity as symbol servers write it: the GUID's
// digits and the age, in upper case.
func (i Info) Key() string { return pdbKey(i.GUID, i.Age) }

func pdbKey(g [16]byte, age uint32) string {
	return fmt.Sprintf("%08X%04X%04X%X%X", le.Uint32(g[0:]), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:], age)
}

// Open opens a program database. The caller closes it.
func Open(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		var p *File
		if p, err = New(f, fi.Size()); err == nil {
			p.closer = f
			return p, nil
		}
		err = fmt.Errorf("%s: %w", name, err)
	}
	f.Close()
	return nil, err
}

// New reads the directory of the program database in the first size bytes of r.
func New(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size}
	if err := f.readDirectory(); err != nil {
		return nil, err
	}
	if err := f.readInfo(); err != nil {
		return nil, err
	}
	f.dbi = sync.OnceValues(f.readDBI)
	f.syms = sync.OnceValues(f.readSymbols)
	f.typs = sync.OnceValues(f.readTypes)
	f.str = sync.OnceValues(f.readNames)
	return f, nil
}

// Close closes the file if Open opened it.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Info returns the database's identity. The age is that of the module list, which
// images are matched by, if there is one.
func (f *File) Info() Info { return f.info }

// readDirectory reads the superblock and where each stream's pages are.
//
//	00 magic  20 page size  24 free map  28 pages  2c directory bytes  34 page of the directory's page list
func (f *File) readDirectory() error {
	var sb [0x38]byte
	if _, err := f.r.ReadAt(sb[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("pdb: read: %w", err)
	}
	if string(sb[:32]) != msfMagic {
		return fmt.Errorf("pdb: file starts with %q, want %q", sb[:24], msfMagic[:24])
	}
	page, dir := le.Uint32(sb[0x20:]), int64(le.Uint32(sb[0x2c:]))
	if page < 512 || page > 1<<16 || page&(page-1) != 0 {
		return fmt.Errorf("pdb: page size %d, want a power of two from 512 to 65536", page)
	}
	if dir > f.size {
		return fmt.Errorf("pdb: directory of %d bytes in a file of %d", dir, f.size)
	}
	f.page = int64(page)
	n := (dir + f.page - 1) / f.page
	list := make([]byte, 4*n)
	if _, err := f.r.ReadAt(list, int64(le.Uint32(sb[0x34:]))*f.page); err != nil {
		return fmt.Errorf("pdb: read the directory's page list: %w", err)
	}
	d, err := f.readPages(words(list), dir)
	if err != nil {
		return fmt.Errorf("pdb: read the directory: %w", err)
	}
	if len(d) < 4 {
		return fmt.Errorf("pdb: directory of %d bytes, want at least 4", len(d))
	}
	count := int64(le.Uint32(d))
	if 4+4*count > int64(len(d)) {
		return fmt.Errorf("pdb: %d streams in a directory of %d bytes", count, len(d))
	}
	f.sizes = words(d[4 : 4+4*count])
	rest := words(d[4+4*count:])
	for i, size := range f.sizes {
		if size == 0xFFFFFFFF {
			f.sizes[i], size = 0, 0
		}
		k := (int64(size) + f.page - 1) / f.page
		if k > int64(len(rest)) {
			return fmt.Errorf("pdb: stream %d has %d pages, the directory holds %d more", i, k, len(rest))
		}
		f.pages = append(f.pages, rest[:k])
		rest = rest[k:]
	}
	return nil
}

func words(b []byte) []uint32 {
	w := make([]uint32, len(b)/4)
	for i := range w {
		w[i] = le.Uint32(b[4*i:])
	}
	return w
}

// readPages reads size bytes from pages.
func (f *File) readPages(pages []uint32, size int64) ([]byte, error) {
	if size > f.size {
		return nil, fmt.Errorf("stream of %d bytes in a file of %d", size, f.size)
	}
	b := make([]byte, size)
	for i := 0; i < len(pages); {
		// Neighbours are read at once.
		k := 1
		for i+k < len(pages) && pages[i+k] == pages[i]+uint32(k) {
			k++
		}
		from := int64(i) * f.page
		to := min(from+int64(k)*f.page, size)
		if n, err := f.r.ReadAt(b[from:to], int64(pages[i])*f.page); err != nil && int64(n) < to-from {
			return nil, fmt.Errorf("page %d: %w", pages[i], err)
		}
		i += k
	}
	return b, nil
}

// stream reads a stream; one that is not there is empty.
func (f *File) stream(n int) ([]byte, error) {
	if n == noStream || n < 0 || n >= len(f.sizes) {
		return nil, nil
	}
	b, err := f.readPages(f.pages[n], int64(f.sizes[n]))
	if err != nil {
		return nil, fmt.Errorf("pdb: stream %d: %w", n, err)
	}
	return b, nil
}

// readInfo reads stream 1: version, signature, age, GUID, then named streams.
func (f *File) readInfo() error {
	b, err := f.stream(streamInfo)
	if err != nil {
		return err
	}
	if len(b) < 28 {
		return fmt.Errorf("pdb: information stream of %d bytes, want at least 28", len(b))
	}
	f.info = Info{Signature: le.Uint32(b[4:]), Age: le.Uint32(b[8:]), GUID: [16]byte(b[12:28])}
	if d, err := f.stream(streamDBI); err == nil && len(d) >= 12 {
		if age := le.Uint32(d[8:]); age > 0 && age != 0xFFFFFFFF {
			f.info.Age = age
		}
	}
	return nil
}

// namedStream returns the number of a stream by name, noStream if there is none.
//
//	28 bytes of names, names, hash table: | size | capacity | present words | deleted words | (offset, stream)... |
func (f *File) namedStream(name string) (int, error) {
	b, err := f.stream(streamInfo)
	if err != nil {
		return noStream, err
	}
	c := cursor{b: b, at: 28}
	n := int(c.u32())
	names := c.bytes(n)
	entries := int(c.u32())
	c.u32()
	c.bytes(4 * int(c.u32()))
	c.bytes(4 * int(c.u32()))
	for range entries {
		off, stream := int(c.u32()), int(c.u32())
		if c.bad {
			break
		}
		if off >= 0 && off < len(names) && cstring(names[off:]) == name {
			return stream, nil
		}
	}
	return noStream, nil
}

// readNames reads the table of names, which files of lines are in.
func (f *File) readNames() ([]byte, error) {
	n, err := f.namedStream("/names")
	if err != nil {
		return nil, err
	}
	b, err := f.stream(n)
	if err != nil || len(b) < 12 {
		return nil, err
	}
	if le.Uint32(b) != 0xEFFEEFFE {
		return nil, fmt.Errorf("pdb: table of names starts with %#x, want 0xeffeeffe", le.Uint32(b))
	}
	size := int(min(le.Uint32(b[8:]), uint32(len(b)-12)))
	return b[12 : 12+size], nil
}

// cursor reads values one after the other. Past the end it returns zeros and is
// bad.
type cursor struct {
	b   []byte
	at  int
	bad bool
}

func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.b)-c.at {
		c.bad = true
		c.at = len(c.b)
		return nil
	}
	b := c.b[c.at : c.at+n]
	c.at += n
	return b
}

func (c *cursor) u8() uint8 {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.bytes(2); b != nil {
		return le.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.bytes(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.bytes(8); b != nil {
		return le.Uint64(b)
	}
	return 0
}

// str reads a string that a NUL ends.
func (c *cursor) str() string {
	s := cstring(c.b[min(c.at, len(c.b)):])
	c.at = min(c.at+len(s)+1, len(c.b))
	return s
}

func cstring(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
