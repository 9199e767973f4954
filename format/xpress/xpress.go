// Package xpress packs and unpacks the plain LZ77 variant of the Xpress
// algorithm ([MS-XCA] sections 2.3 and 2.4), in which event trace files store
// their compressed buffers. The Huffman variant and LZNT1 are not handled.
//
// A stream is a sequence of groups: 32 flag bits (most significant first) and
// then, for each bit, one literal byte (0) or a match (1). A match is a 16-bit
// word, the length in its low three bits and the distance minus one in the
// others; lengths that do not fit go on in a half byte shared by two matches,
// then in a byte, then in 16 or 32 bits. There is no end mark: the caller knows
// how long the result is.
package xpress

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// minMatch is the length that a match of code 0 stands for.
const minMatch = 3

// Decode unpacks src into dst until dst is full or src ends, and returns how
// many bytes of dst it filled. The error, if any, says where and how src is
// damaged; the bytes before the damage are in dst, and those behind them in dst
// may have been written over. Bytes of src that are left
// when dst is full are no error. dst and src must not overlap.
func Decode(dst, src []byte) (int, error) {
	n, _, err := DecodeUsed(dst, src)
	return n, err
}

// DecodeUsed is Decode, and returns also how many bytes of src it took.
func DecodeUsed(dst, src []byte) (n, used int, err error) {
	var flags uint32 // those still to come, from the top bit on
	left := 0        // how many
	in, out, half := 0, 0, -1
	for out < len(dst) {
		if left == 0 {
			if in+4 > len(src) {
				return out, in, short(in, len(src), "flags")
			}
			flags, left = binary.LittleEndian.Uint32(src[in:]), 32
			in += 4
		}
		if n := min(bits.LeadingZeros32(flags), left); n > 0 {
			// A run of literals.
			n = min(n, len(dst)-out)
			if n > len(src)-in {
				k := copy(dst[out:], src[in:])
				return out + k, len(src), short(len(src), len(src), "a literal")
			}
			if n <= 8 && len(src)-in >= 8 && len(dst)-out >= 8 {
				// More than the run may be written: what follows goes over it.
				binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(src[in:]))
			} else {
				copy(dst[out:out+n], src[in:in+n])
			}
			in, out, left = in+n, out+n, left-n
			flags <<= uint(n)
			continue
		}
		flags <<= 1
		left--
		if in+2 > len(src) {
			return out, in, short(in, len(src), "a match")
		}
		at := in
		m := int(binary.LittleEndian.Uint16(src[in:]))
		in += 2
		n, dist := m&7, m>>3+1
		if n == 7 {
			var err error
			if n, in, half, err = longLength(src, in, half); err != nil {
				return out, at, err
			}
		}
		n += minMatch
		if dist > out {
			return out, at, fmt.Errorf("xpress: match at byte %d goes back %d bytes, have %d", at, dist, out)
		}
		if n > len(dst)-out {
			n = len(dst) - out
		}
		from := out - dist
		switch {
		case dist >= 8 && n <= 16 && len(dst)-out >= 16:
			binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(dst[from:]))
			if n > 8 {
				binary.LittleEndian.PutUint64(dst[out+8:], binary.LittleEndian.Uint64(dst[from+8:]))
			}
			out += n
		case dist >= n:
			copy(dst[out:out+n], dst[from:from+n])
			out += n
		default:
			// The match runs into itself: what is copied doubles each time.
			for end := out + n; out < end; {
				out += copy(dst[out:end], dst[from:out])
			}
		}
	}
	return out, in, nil
}

func short(at, n int, what string) error {
	return fmt.Errorf("xpress: input ends at byte %d of %d, want %s", at, n, what)
}

// longLength reads the rest of a length whose three bits are all set. half is
// where the half byte left over by an earlier match is, -1 if there is none.
func longLength(src []byte, in, half int) (n, next, left int, err error) {
	if half < 0 {
		if in >= len(src) {
			return 0, in, half, short(in, len(src), "a length")
		}
		n, half = int(src[in]&15), in
		in++
	} else {
		n, half = int(src[half]>>4), -1
	}
	if n < 15 {
		return n + 7, in, half, nil
	}
	if in >= len(src) {
		return 0, in, half, short(in, len(src), "a length byte")
	}
	n = int(src[in])
	in++
	if n < 255 {
		return n + 15 + 7, in, half, nil
	}
	if in+2 > len(src) {
		return 0, in, half, short(in, len(src), "a 16-bit length")
	}
	n = int(binary.LittleEndian.Uint16(src[in:]))
	in += 2
	if n == 0 {
		if in+4 > len(src) {
			return 0, in, half, short(in, len(src), "a 32-bit length")
		}
		n = int(binary.LittleEndian.Uint32(src[in:]))
		in += 4
		if n > 1<<30 {
			return 0, in, half, fmt.Errorf("xpress: length %d at byte %d, at most %d allowed", n, in-4, 1<<30)
		}
	}
	if n < 15+7 {
		return 0, in, half, fmt.Errorf("xpress: long length %d at byte %d, at least 22 allowed", n, in)
	}
	return n, in, half, nil
}

const (
	maxDist  = 8192
	hashBits = 13
)

func hash(b []byte) uint32 {
	return (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16) * 2654435761 >> (32 - hashBits)
}

// Encode appends src, packed, to dst and returns it. It looks for one match a
// position, so it is fast and packs moderately.
func Encode(dst, src []byte) []byte {
	var table [1 << hashBits]int32
	for i := range table {
		table[i] = -1
	}
	flagAt := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	var flags uint32
	used, half := 0, -1
	bit := func(v uint32) {
		if used == 32 {
			binary.LittleEndian.PutUint32(dst[flagAt:], flags)
			flagAt = len(dst)
			dst = append(dst, 0, 0, 0, 0)
			flags, used = 0, 0
		}
		flags |= v << uint(31-used)
		used++
	}
	for pos := 0; pos < len(src); {
		n, dist := 0, 0
		if pos+minMatch <= len(src) {
			h := hash(src[pos:])
			if p := int(table[h]); p >= 0 && pos-p <= maxDist {
				for pos+n < len(src) && src[p+n] == src[pos+n] {
					n++
				}
				dist = pos - p
			}
			table[h] = int32(pos)
		}
		if n < minMatch {
			bit(0)
			dst = append(dst, src[pos])
			pos++
			continue
		}
		bit(1)
		dst, half = appendMatch(dst, n-minMatch, dist-1, half)
		pos += n
	}
	// The bits that stand for nothing are set, as the specification asks.
	if used < 32 {
		flags |= 1<<uint(32-used) - 1
	}
	binary.LittleEndian.PutUint32(dst[flagAt:], flags)
	return dst
}

func appendMatch(dst []byte, n, dist, half int) ([]byte, int) {
	if n < 7 {
		return binary.LittleEndian.AppendUint16(dst, uint16(dist<<3|n)), half
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(dist<<3|7))
	n -= 7
	nib := min(n, 15)
	if half < 0 {
		half = len(dst)
		dst = append(dst, byte(nib))
	} else {
		dst[half] |= byte(nib << 4)
		half = -1
	}
	if nib < 15 {
		return dst, half
	}
	n -= 15
	if n < 255 {
		return append(dst, byte(n)), half
	}
	dst = append(dst, 255)
	n += 15 + 7
	if n < 1<<16 {
		return binary.LittleEndian.AppendUint16(dst, uint16(n)), half
	}
	dst = append(dst, 0, 0)
	return binary.LittleEndian.AppendUint32(dst, uint32(n)), half
}
