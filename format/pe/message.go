package pe

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// typeMessages is the type of resources that hold messages (RT_MESSAGETABLE).
const typeMessages = 11

// Messages returns the texts of the image's first table of messages by their ids, nil
// if it has none.
//
//	table: | blocks u32 | block: first id u32, last id u32, offset u32 |
//	entry: | size u16 | flags u16 (1: UTF-16) | text, NUL, padding |
func (f *File) Messages() (map[uint32]string, error) {
	b, ok, err := f.resource("RT_MESSAGETABLE", func(base []byte) (uint32, bool) {
		off, err := child(base, 0, typeMessages)
		return off, err == nil
	})
	if err != nil || !ok {
		return nil, err
	}
	le := binary.LittleEndian
	if len(b) < 4 {
		return nil, formatErr(0, "table of messages of %d bytes", len(b))
	}
	out := map[uint32]string{}
	for i := range int(min(le.Uint32(b), uint32(len(b)/12))) {
		blk := b[4+12*i:]
		if len(blk) < 12 {
			break
		}
		first, last, at := le.Uint32(blk), le.Uint32(blk[4:]), uint64(le.Uint32(blk[8:]))
		for id := uint64(first); id <= uint64(last); id++ {
			if at+4 > uint64(len(b)) {
				return out, formatErr(int(at), "message %#x is outside the table of %d bytes", id, len(b))
			}
			n := uint64(le.Uint16(b[at:]))
			if n < 4 || at+n > uint64(len(b)) {
				return out, formatErr(int(at), "message %#x has %d bytes, of %d left", id, n, uint64(len(b))-at)
			}
			out[uint32(id)] = messageText(b[at+4:at+n], le.Uint16(b[at+2:])&1 != 0)
			at += n
		}
	}
	return out, nil
}

// messageText is a message without the end of line that all have.
func messageText(b []byte, wide bool) string {
	s := ""
	if wide {
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		s = string(utf16.Decode(u))
	} else if s = string(b); !utf8.ValidString(s) {
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		s = string(r)
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(s, "\r\n")
}
