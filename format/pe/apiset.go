package pe

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// TraceContract is the API-set contract through which the kernel imports TraceInitSystem.
const TraceContract = "ext-ms-win-ntos-trace-l1-1-0"

// APISet is one entry of an API-set schema. In the schema proper Name is a contract and Values
// are the hosts that implement it; in a schema extension it is the other way round.
type APISet struct {
	Name   string
	Hashed int // how many characters of the name the hash covers
	Values []APISetValue
}

// APISetValue is one value of an entry: for Importer, or for all when that is empty.
type APISetValue struct{ Importer, Value string }

// APISetHash is the hash of the schema's look-up table: h = h*factor + lower-cased character.
func APISetHash(name string, factor uint32) uint32 {
	var h uint32
	for _, u := range utf16.Encode([]rune(strings.ToLower(name))) {
		h = h*factor + uint32(u)
	}
	return h
}

// ParseAPISet reads a schema of version 6 (Windows 10 and later), the content of a section
// .apiset: a header of 28 bytes, entries of 24, values of 20, a hash table, and the names.
func ParseAPISet(b []byte) ([]APISet, error) {
	le := binary.LittleEndian
	if len(b) < 28 {
		return nil, fmt.Errorf("API-set schema has %d bytes, want at least 28: %w", len(b), ErrFormat)
	}
	if v := le.Uint32(b); v != 6 {
		return nil, fmt.Errorf("API-set schema has version %d, want 6: %w", v, ErrFormat)
	}
	if size := le.Uint32(b[4:]); size < 28 || int64(size) > int64(len(b)) {
		return nil, fmt.Errorf("API-set schema says it has %d bytes, want 28 to %d: %w", size, len(b), ErrFormat)
	}
	b = b[:le.Uint32(b[4:])]
	count, entries := le.Uint32(b[12:]), le.Uint32(b[16:])
	if uint64(entries)+24*uint64(count) > uint64(len(b)) {
		return nil, fmt.Errorf("API-set schema has %d entries at %#x, ends at %#x: %w", count, entries, len(b), ErrFormat)
	}
	str := func(off, n uint32) (string, error) {
		if uint64(off)+uint64(n) > uint64(len(b)) || n%2 != 0 || n > 1024 {
			return "", fmt.Errorf("API-set schema: name of %d bytes at %#x, ends at %#x: %w", n, off, len(b), ErrFormat)
		}
		u := make([]uint16, n/2)
		for i := range u {
			u[i] = le.Uint16(b[off+2*uint32(i):])
		}
		return string(utf16.Decode(u)), nil
	}
	budget := len(b) / 20 // values of a sound schema do not overlap
	var out []APISet
	for i := uint32(0); i < count; i++ {
		e := b[entries+24*i:]
		name, err := str(le.Uint32(e[4:]), le.Uint32(e[8:]))
		if err != nil {
			return out, err
		}
		set := APISet{Name: name, Hashed: int(min(le.Uint32(e[12:])/2, 512))}
		vals, n := le.Uint32(e[16:]), le.Uint32(e[20:])
		if budget -= int(min(n, 1<<30)); budget < 0 || uint64(vals)+20*uint64(n) > uint64(len(b)) {
			return out, fmt.Errorf("API-set schema: entry %q has %d values at %#x, ends at %#x: %w", name, n, vals, len(b), ErrFormat)
		}
		for j := uint32(0); j < n; j++ {
			v := b[vals+20*j:]
			imp, err := str(le.Uint32(v[4:]), le.Uint32(v[8:]))
			if err != nil {
				return out, err
			}
			val, err := str(le.Uint32(v[12:]), le.Uint32(v[16:]))
			if err != nil {
				return out, err
			}
			set.Values = append(set.Values, APISetValue{imp, val})
		}
		out = append(out, set)
	}
	return out, nil
}

// TraceHost returns the image that a schema gives as the host of the trace contract, in either
// orientation; "" when it gives none. Contracts match up to the last hyphen of their names.
func TraceHost(sets []APISet) string {
	stem := func(s string) string {
		s = strings.TrimSuffix(strings.ToLower(s), ".dll")
		if i := strings.LastIndexByte(s, '-'); i > 0 {
			s = s[:i]
		}
		return s
	}
	want := stem(TraceContract)
	for _, s := range sets {
		for _, v := range s.Values {
			if v.Value != "" && stem(s.Name) == want {
				return v.Value
			}
			if stem(v.Value) == want {
				return s.Name
			}
		}
	}
	return ""
}

// BuildAPISet makes a schema of version 6 from entries, with hash factor 31.
func BuildAPISet(sets []APISet) []byte {
	le := binary.LittleEndian
	nvals := 0
	for _, s := range sets {
		nvals += len(s.Values)
	}
	vals := 28 + 24*len(sets)
	hashes := vals + 20*nvals
	b := make([]byte, hashes+8*len(sets))
	put := func(at int, s string) { // offset and length of a name, appended
		u := utf16.Encode([]rune(s))
		le.PutUint32(b[at:], uint32(len(b)))
		le.PutUint32(b[at+4:], uint32(2*len(u)))
		for _, c := range u {
			b = le.AppendUint16(b, c)
		}
	}
	type pair struct{ hash, index uint32 }
	var table []pair
	for i, s := range sets {
		at := 28 + 24*i
		hashed := s.Name
		if n := s.Hashed; n > 0 && n < len(hashed) {
			hashed = hashed[:n]
		}
		put(at+4, s.Name)
		le.PutUint32(b[at+12:], uint32(2*len(utf16.Encode([]rune(hashed)))))
		le.PutUint32(b[at+16:], uint32(vals))
		le.PutUint32(b[at+20:], uint32(len(s.Values)))
		for _, v := range s.Values {
			if v.Importer != "" {
				put(vals+4, v.Importer)
			}
			put(vals+12, v.Value)
			vals += 20
		}
		table = append(table, pair{APISetHash(hashed, 31), uint32(i)})
	}
	for i := range table { // the look-up is a binary search by hash
		for j := i; j > 0 && table[j].hash < table[j-1].hash; j-- {
			table[j], table[j-1] = table[j-1], table[j]
		}
	}
	for i, p := range table {
		le.PutUint32(b[hashes+8*i:], p.hash)
		le.PutUint32(b[hashes+8*i+4:], p.index)
	}
	for i, v := range []uint32{6, uint32(len(b)), 0, uint32(len(sets)), 28, uint32(hashes), 31} {
		le.PutUint32(b[4*i:], v)
	}
	return b
}
