package engine

import (
	"bytes"
	"encoding/binary"

	"github.com/godtrace/godtrace/ir"
)

// entryOverhead is what a dynamic variable takes of dynvarsize besides its key
// and value: hash, index place, list link.
const entryOverhead = 24

// dynTable holds one associative array: fixed-size entries in an arena, free
// ones on a list, found through an open-addressed index of 1 + entry number.
type dynTable struct {
	keySize, valSize, stride int
	thread                   bool // the key begins with the thread's key
	n                        int
	arena                    []byte
	hash                     []uint64 // by entry
	free                     []uint32
	index                    []uint32
}

// dynVars is a session's dynamic variable space: associative arrays and the
// storage of threads. The session's shared lock guards it.
type dynVars struct {
	limit, used uint64
	tables      []dynTable
	tlsSize     int
	threads     map[uint64][]byte
	spare       [][]byte // storage of threads that have ended
}

func newDynVars(p *ir.Program, limit uint64) dynVars {
	d := dynVars{limit: limit, tables: make([]dynTable, len(p.Vars)), tlsSize: int(p.TLSSize), threads: map[uint64][]byte{}}
	for i := range p.Vars {
		v := &p.Vars[i]
		t := &d.tables[i]
		t.keySize, t.valSize = int(v.KeySize), int(v.ValSize)
		t.stride = (t.keySize + t.valSize + 7) &^ 7
		t.thread = v.Kind == ir.VarThreadAssoc
	}
	return d
}

func hashBytes(b []byte) uint64 {
	h := uint64(0)
	for len(b) >= 8 {
		h = mix(h, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	var w uint64
	for k, c := range b {
		w |= uint64(c) << (8 * k)
	}
	return mix(h, w)
}

// find returns an entry's number and its place in the index; the number is -1 if
// there is none.
func (t *dynTable) find(key []byte, h uint64) (entry, at int) {
	if len(t.index) == 0 {
		return -1, 0
	}
	mask := len(t.index) - 1
	for at = int(h) & mask; ; at = (at + 1) & mask {
		e := int(t.index[at]) - 1
		if e < 0 {
			return -1, at
		}
		if t.hash[e] == h && bytes.Equal(t.arena[e*t.stride:][:t.keySize], key) {
			return e, at
		}
	}
}

func (t *dynTable) value(e int) []byte { return t.arena[e*t.stride+t.keySize:][:t.valSize] }

func (d *dynVars) get(v int, key []byte) []byte {
	t := &d.tables[v]
	if e, _ := t.find(key, hashBytes(key)); e >= 0 {
		return t.value(e)
	}
	return nil
}

// set stores a value. It reports false if there is no room.
func (d *dynVars) set(v int, key, val []byte) bool {
	t := &d.tables[v]
	h := hashBytes(key)
	e, _ := t.find(key, h)
	if e < 0 {
		cost := uint64(t.stride + entryOverhead)
		if d.used+cost > d.limit {
			return false
		}
		d.used += cost
		e = t.insert(key, h)
	}
	copy(t.value(e), val)
	return true
}

func (t *dynTable) insert(key []byte, h uint64) int {
	if 4*(t.n+1) > 3*len(t.index) {
		t.index = make([]uint32, max(16, 2*len(t.index)))
		live := make([]bool, len(t.hash))
		for i := range live {
			live[i] = true
		}
		for _, f := range t.free {
			live[f] = false
		}
		for i, ok := range live {
			if ok {
				t.place(i)
			}
		}
	}
	var e int
	if n := len(t.free); n > 0 {
		e = int(t.free[n-1])
		t.free = t.free[:n-1]
		t.hash[e] = h
	} else {
		e = len(t.hash)
		t.hash = append(t.hash, h)
		for range t.stride / 8 {
			t.arena = append(t.arena, 0, 0, 0, 0, 0, 0, 0, 0)
		}
	}
	copy(t.arena[e*t.stride:], key)
	t.n++
	t.place(e)
	return e
}

// place enters an entry into the index.
func (t *dynTable) place(e int) {
	mask := len(t.index) - 1
	at := int(t.hash[e]) & mask
	for t.index[at] != 0 {
		at = (at + 1) & mask
	}
	t.index[at] = uint32(e + 1)
}

// remove deletes the entry at a place of the index. Entries behind it that
// could not get their own place move up, so that no search ends early.
func (t *dynTable) remove(e, at int) {
	mask := len(t.index) - 1
	t.free = append(t.free, uint32(e))
	t.n--
	hole := at
	for next := (at + 1) & mask; t.index[next] != 0; next = (next + 1) & mask {
		home := int(t.hash[t.index[next]-1]) & mask
		if (next-home)&mask >= (next-hole)&mask {
			t.index[hole] = t.index[next]
			hole = next
		}
	}
	t.index[hole] = 0
}

func (d *dynVars) del(v int, key []byte) {
	t := &d.tables[v]
	if e, at := t.find(key, hashBytes(key)); e >= 0 {
		t.remove(e, at)
		d.used -= uint64(t.stride + entryOverhead)
	}
}

// tls returns a thread's storage; nil if it has none, or with create set, if
// there is no room.
func (d *dynVars) tls(thread uint64, create bool) []byte {
	if s := d.threads[thread]; s != nil || !create {
		return s
	}
	cost := uint64(d.tlsSize + entryOverhead)
	if d.used+cost > d.limit {
		return nil
	}
	d.used += cost
	var s []byte
	if n := len(d.spare); n > 0 {
		s = d.spare[n-1]
		d.spare = d.spare[:n-1]
		clear(s)
	} else {
		s = make([]byte, d.tlsSize)
	}
	d.threads[thread] = s
	return s
}

// exit frees what belongs to a thread.
func (d *dynVars) exit(thread uint64) {
	if s := d.threads[thread]; s != nil {
		delete(d.threads, thread)
		d.spare = append(d.spare, s)
		d.used -= uint64(d.tlsSize + entryOverhead)
	}
	for i := range d.tables {
		t := &d.tables[i]
		if !t.thread || t.n == 0 || t.keySize < 8 {
			continue
		}
		var keys [][]byte
		for _, place := range t.index {
			if place == 0 {
				continue
			}
			k := t.arena[int(place-1)*t.stride:][:t.keySize]
			if binary.LittleEndian.Uint64(k) == thread {
				keys = append(keys, bytes.Clone(k))
			}
		}
		for _, k := range keys {
			d.del(i, k)
		}
	}
}
