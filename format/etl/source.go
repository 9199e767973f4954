package etl

import (
	"errors"
	"fmt"
	"io"

	"github.com/godtrace/godtrace/format/xpress"
)

// source reads a file forward through one buffer.
type source struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	base int64
	n    int
}

const sourceChunk = 1 << 20

// at returns n bytes from off, fewer at the end of the file. The slice is valid
// until the next call.
func (s *source) at(off int64, n int) ([]byte, error) {
	if rest := s.size - off; int64(n) > rest {
		n = int(max(rest, 0))
	}
	if off < s.base || off+int64(n) > s.base+int64(s.n) {
		want := max(n, int(min(sourceChunk, s.size)))
		if len(s.buf) < want {
			s.buf = make([]byte, want)
		}
		got, err := s.r.ReadAt(s.buf[:min(int64(want), max(s.size-off, 0))], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read at %#x: %w", off, err)
		}
		s.base, s.n = off, got
		n = min(n, got)
	}
	i := int(off - s.base)
	return s.buf[i : i+n], nil
}

// unpack returns the records of a buffer whose bytes in the file are raw, which
// may be fewer than its header says. scratch is used for compressed buffers if
// it is large enough, and limit is how many bytes of records there can be. used is
// how many bytes of raw that took, and bad what went wrong, -1 for nothing.
func unpack(h bufferHeader, raw, scratch []byte, limit int) (records, newScratch []byte, used, bad int) {
	if !h.compressed() {
		end := h.valid
		bad = -1
		if end < 0 {
			end, bad = h.size, int(DamageBuffer)
		}
		if end > len(raw) {
			end = len(raw)
		}
		return raw[bufferHeaderLen:max(end, bufferHeaderLen)], scratch, len(raw), bad
	}
	want := h.valid - bufferHeaderLen
	bad = -1
	if h.valid < 0 || want > limit {
		// The length is lost; the stream ends where it ends.
		want, bad = limit, int(DamageBuffer)
	}
	if cap(scratch) < want {
		scratch = make([]byte, want)
	}
	scratch = scratch[:want]
	n, used, err := xpress.DecodeUsed(scratch, raw[bufferHeaderLen:])
	if err != nil && bad < 0 {
		bad = int(DamageCompression)
	}
	return scratch[:n], scratch, bufferHeaderLen + used, bad
}
