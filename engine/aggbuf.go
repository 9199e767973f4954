package engine

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/ir"
)

// aggTable holds the tuples of one aggregation on one CPU: a hash table with
// open addressing over an arena of entries, in the order of their first use.
//
//	arena:  key words | value words | key words | value words | ...
//	index:  0 for a free place, else 1 + number of the entry
type aggTable struct {
	spec     agg.Spec
	keySize  int // bytes
	keyWords int
	stride   int // words of an entry
	n        int
	arena    []uint64
	index    []uint32
	key      []uint64 // the key being looked up
}

func newAggTable(a *ir.Agg) aggTable {
	kw := (int(a.KeySize) + 7) / 8
	return aggTable{spec: a.Spec, keySize: int(a.KeySize), keyWords: kw, stride: kw + a.Spec.Words(), key: make([]uint64, kw)}
}

// entryBytes is what one tuple takes of aggsize.
func (t *aggTable) entryBytes() uint64 { return uint64(8 * t.stride) }

func mix(h, w uint64) uint64 {
	h = (h ^ w) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// setKey loads a key and returns its hash.
func (t *aggTable) setKey(key []byte) uint64 {
	h := uint64(0)
	for i := range t.key {
		var w uint64
		if len(key) >= 8 {
			w = binary.LittleEndian.Uint64(key)
			key = key[8:]
		} else {
			for k, c := range key {
				w |= uint64(c) << (8 * k)
			}
		}
		t.key[i] = w
		h = mix(h, w)
	}
	return h
}

// find returns the entry of the key that was set, -1 if there is none, and its
// place in the index.
func (t *aggTable) find(h uint64) (entry, at int) {
	if len(t.index) == 0 {
		return -1, 0
	}
	mask := len(t.index) - 1
	for at = int(h) & mask; ; at = (at + 1) & mask {
		e := int(t.index[at]) - 1
		if e < 0 {
			return -1, at
		}
		have := t.arena[e*t.stride:][:len(t.key)]
		same := true
		for i, w := range t.key {
			if have[i] != w {
				same = false
				break
			}
		}
		if same {
			return e, at
		}
	}
}

// value returns the words of an entry's value.
func (t *aggTable) value(entry int) []uint64 {
	return t.arena[entry*t.stride+t.keyWords : (entry+1)*t.stride]
}

// insert adds the key that was set, with an empty value.
func (t *aggTable) insert(h uint64) (entry int) {
	if 4*(t.n+1) > 3*len(t.index) {
		t.reindex(max(16, 2*len(t.index)))
	}
	_, at := t.find(h)
	t.arena = append(t.arena, t.key...)
	for range t.stride - t.keyWords {
		t.arena = append(t.arena, 0)
	}
	t.n++
	t.index[at] = uint32(t.n)
	return t.n - 1
}

// reindex makes an index of size places, a power of two.
func (t *aggTable) reindex(size int) {
	t.index = make([]uint32, size)
	mask := size - 1
	for e := range t.n {
		h := uint64(0)
		for _, w := range t.arena[e*t.stride:][:t.keyWords] {
			h = mix(h, w)
		}
		at := int(h) & mask
		for t.index[at] != 0 {
			at = (at + 1) & mask
		}
		t.index[at] = uint32(e + 1)
	}
}

// update adds a value at a key. It reports false if the key is new and there is
// no room for it.
func (t *aggTable) update(key []byte, value, incr int64, used *uint64, limit uint64) bool {
	h := t.setKey(key)
	e, _ := t.find(h)
	if e < 0 {
		if *used+t.entryBytes() > limit {
			return false
		}
		*used += t.entryBytes()
		e = t.insert(h)
	}
	agg.Update(&t.spec, t.value(e), value, incr)
	return true
}

// clearValues sets all values to zero and keeps the keys.
func (t *aggTable) clearValues() {
	for e := range t.n {
		clear(t.value(e))
	}
}

// truncate removes the given keys, or all if keys is nil, and returns how many
// entries went. The others keep their order.
func (t *aggTable) truncate(keys [][]byte) int {
	before := t.n
	if keys == nil {
		t.arena, t.index, t.n = t.arena[:0], nil, 0
		return before
	}
	gone := map[int]bool{}
	for _, k := range keys {
		if len(k) != t.keySize {
			continue
		}
		if e, _ := t.find(t.setKey(k)); e >= 0 {
			gone[e] = true
		}
	}
	if len(gone) == 0 {
		return 0
	}
	kept := t.arena[:0]
	for e := range before {
		if !gone[e] {
			kept = append(kept, t.arena[e*t.stride:(e+1)*t.stride]...)
		}
	}
	t.arena, t.n = kept, before-len(gone)
	t.reindex(len(t.index))
	return len(gone)
}

// merge adds the entries of an arena copied from a table like t.
func (t *aggTable) merge(arena []uint64) {
	for ; len(arena) > 0; arena = arena[t.stride:] {
		h := uint64(0)
		for i, w := range arena[:t.keyWords] {
			t.key[i] = w
			h = mix(h, w)
		}
		e, _ := t.find(h)
		if e < 0 {
			e = t.insert(h)
		}
		agg.Merge(&t.spec, t.value(e), arena[t.keyWords:t.stride])
	}
}

// each calls f for each entry in order of first use.
func (t *aggTable) each(f func(key []byte, value []uint64) error) error {
	key := make([]byte, 8*t.keyWords)
	for e := range t.n {
		entry := t.arena[e*t.stride:][:t.stride]
		for i, w := range entry[:t.keyWords] {
			binary.LittleEndian.PutUint64(key[8*i:], w)
		}
		if err := f(key[:t.keySize], entry[t.keyWords:]); err != nil {
			return err
		}
	}
	return nil
}
