package regf

import (
	"encoding/binary"
	"math/bits"
)

// marvinSeed is the fixed key of the hashes in log entries.
const marvinSeed = 0x82EF4D887A4E55C5

// marvin32 is the Marvin32 hash of p under the seed of registry log entries.
func marvin32(p []byte) uint64 {
	lo, hi := uint32(marvinSeed&0xFFFFFFFF), uint32(marvinSeed>>32)
	mix := func(w uint32) {
		lo += w
		hi ^= lo
		lo = bits.RotateLeft32(lo, 20) + hi
		hi = bits.RotateLeft32(hi, 9) ^ lo
		lo = bits.RotateLeft32(lo, 27) + hi
		hi = bits.RotateLeft32(hi, 19)
	}
	for len(p) >= 4 {
		mix(binary.LittleEndian.Uint32(p))
		p = p[4:]
	}
	last := uint32(0x80) << (8 * len(p))
	for i, c := range p {
		last |= uint32(c) << (8 * i)
	}
	mix(last)
	mix(0)
	return uint64(hi)<<32 | uint64(lo)
}
