package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The largest leaf that Windows makes: one that fits a page with its bin header.
const (
	maxFastLeaf  = 507  // lf and lh
	maxIndexLeaf = 1012 // li
)

// SetTime sets the time stamp that the following edits give to the keys they change. Without it
// (or with the zero time) time stamps of existing keys stay as they are.
func (h *Hive) SetTime(t time.Time) { h.stamp = TimeToFiletime(t) }

func (h *Hive) touch(k Key) {
	if h.stamp != 0 {
		binary.LittleEndian.PutUint64(k.nk()[nkTime:], h.stamp)
	}
}

func (k Key) put32(at int, v uint32) { binary.LittleEndian.PutUint32(k.nk()[at:], v) }

// raise sets the 32-bit maximum at offset at to v if it is lower.
func (k Key) raise(at int, v uint32) {
	if k.u32(at) < v {
		k.put32(at, v)
	}
}

// CreateKey adds the sub-key name to k and returns it. The new key shares the security
// descriptor of k. An edit that fails may leave the hive half changed: work on a Clone.
func (k Key) CreateKey(name string) (Key, error) {
	h := k.h
	u := units(name)
	if len(u) == 0 || len(u) > 255 || strings.ContainsAny(name, "\\\x00") {
		return Key{}, fmt.Errorf("create key %q: name has %d characters, want 1 to 255 without backslash and zero", name, len(u))
	}
	if _, err := k.Subkey(name); err == nil {
		return Key{}, fmt.Errorf("create key %q in %q: %w", name, k.Name(), ErrExists)
	} else if !errors.Is(err, ErrNotFound) {
		return Key{}, fmt.Errorf("create key %q: %w", name, err)
	}
	sk := k.u32(nkSecurity)
	if sk != none {
		p, err := h.record(sk, "sk", 20)
		if err != nil {
			return Key{}, fmt.Errorf("create key %q: security descriptor of %q: %w", name, k.Name(), err)
		}
		n := binary.LittleEndian.Uint32(p[12:])
		if n == 0xFFFFFFFF {
			return Key{}, fmt.Errorf("create key %q: security descriptor of %q has %d references", name, k.Name(), n)
		}
		binary.LittleEndian.PutUint32(p[12:], n+1)
	}
	enc, latin1 := encodeName(u)
	off, err := h.alloc(nkName + len(enc))
	if err != nil {
		return Key{}, fmt.Errorf("create key %q: %w", name, err)
	}
	h.initKey(off, k.off, sk, enc, latin1)
	if err := k.insert(off, u); err != nil {
		return Key{}, fmt.Errorf("create key %q: %w", name, err)
	}
	p := k.nk()
	binary.LittleEndian.PutUint32(p[nkSubkeys:], k.u32(nkSubkeys)+1)
	if n := uint16(2 * len(u)); binary.LittleEndian.Uint16(p[nkMaxName:]) < n {
		binary.LittleEndian.PutUint16(p[nkMaxName:], n)
	}
	h.touch(k)
	return h.key(off)
}

func (h *Hive) initKey(off, parent, sk uint32, name []byte, latin1 bool) {
	le := binary.LittleEndian
	p := h.bin(off)[4:]
	copy(p, "nk")
	if latin1 {
		le.PutUint16(p[nkFlags:], flagLatin1)
	}
	le.PutUint64(p[nkTime:], h.stamp)
	le.PutUint32(p[nkParent:], parent)
	for _, at := range []int{nkList, nkVolList, nkValList, nkClass} {
		le.PutUint32(p[at:], none)
	}
	le.PutUint32(p[nkSecurity:], sk)
	le.PutUint16(p[nkNameLen:], uint16(len(name)))
	copy(p[nkName:], name)
}

// insert puts the key at off into the list of sub-keys of k, in order.
func (k Key) insert(off uint32, name []uint16) error {
	h := k.h
	if k.u32(nkSubkeys) == 0 || k.u32(nkList) == none {
		sig := "lh"
		if binary.LittleEndian.Uint32(h.data[offMinor:]) < 5 {
			sig = "lf" // lh came with version 1.5
		}
		list, err := h.newLeaf(sig, []uint32{off})
		if err != nil {
			return err
		}
		k.put32(nkList, list)
		return nil
	}
	list := k.u32(nkList)
	p, err := h.cell(list)
	if err != nil {
		return err
	}
	if string(p[:2]) != "ri" {
		leaf, split, err := h.insertLeaf(list, off, name)
		if err != nil {
			return err
		}
		if split == none {
			k.put32(nkList, leaf)
			return nil
		}
		ri, err := h.alloc(4 + 2*4)
		if err != nil {
			return err
		}
		p := h.bin(ri)[4:]
		copy(p, "ri")
		binary.LittleEndian.PutUint16(p[2:], 2)
		binary.LittleEndian.PutUint32(p[4:], leaf)
		binary.LittleEndian.PutUint32(p[8:], split)
		k.put32(nkList, ri)
		return nil
	}
	return k.insertRoot(list, off, name)
}

// insertRoot inserts into the leaf of a list of leaves that covers the name.
func (k Key) insertRoot(ri, off uint32, name []uint16) error {
	h := k.h
	p, err := h.cell(ri)
	if err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint16(p[2:]))
	if n == 0 || n > (len(p)-4)/4 {
		return fmt.Errorf("list ri at %#x has %d leaves, cell has room for %d: %w", ri, n, (len(p)-4)/4, ErrFormat)
	}
	at := 0
	for i := 1; i < n; i++ { // the last leaf whose first key is not above the name
		offs, err := h.leaf(binary.LittleEndian.Uint32(p[4+4*i:]))
		if err != nil {
			return err
		}
		if len(offs) == 0 {
			continue
		}
		first, err := h.key(offs[0])
		if err != nil {
			return err
		}
		if compare(first.name(), name) > 0 {
			break
		}
		at = i
	}
	leaf, split, err := h.insertLeaf(binary.LittleEndian.Uint32(p[4+4*at:]), off, name)
	if err != nil {
		return err
	}
	p, _ = h.cell(ri) // the bytes may have moved
	binary.LittleEndian.PutUint32(p[4+4*at:], leaf)
	if split == none {
		return nil
	}
	if n == 0xFFFF {
		return fmt.Errorf("list ri at %#x has %d leaves already", ri, n)
	}
	if 4+4*(n+1) > len(p) {
		old := append([]byte(nil), p[:4+4*n]...)
		moved, err := h.alloc(4 + 4*(n+1))
		if err != nil {
			return err
		}
		copy(h.bin(moved)[4:], old)
		if err := h.release(ri); err != nil {
			return err
		}
		k.put32(nkList, moved)
		p, _ = h.cell(moved)
	}
	copy(p[4+4*(at+2):4+4*(n+1)], p[4+4*(at+1):4+4*n])
	binary.LittleEndian.PutUint32(p[4+4*(at+1):], split)
	binary.LittleEndian.PutUint16(p[2:], uint16(n+1))
	return nil
}

// insertLeaf inserts into one leaf and returns where the leaf now is; a leaf that became too
// long is split, and split is the upper half (else none).
func (h *Hive) insertLeaf(list, off uint32, name []uint16) (leaf, split uint32, err error) {
	offs, err := h.leaf(list)
	if err != nil {
		return 0, none, err
	}
	at := len(offs)
	for i, o := range offs {
		s, err := h.key(o)
		if err != nil {
			return 0, none, err
		}
		if compare(s.name(), name) > 0 {
			at = i
			break
		}
	}
	p, _ := h.cell(list)
	sig := string(p[:2])
	e, limit := leafElem(sig), maxFastLeaf
	if sig == "li" {
		limit = maxIndexLeaf
	}
	n := len(offs)
	if n+1 <= limit && 4+e*(n+1) <= len(p) { // in place
		copy(p[4+e*(at+1):4+e*(n+1)], p[4+e*at:4+e*n])
		h.putElem(p[4+e*at:], sig, off, name)
		binary.LittleEndian.PutUint16(p[2:], uint16(n+1))
		return list, none, nil
	}
	all := append(append(append([]uint32(nil), offs[:at]...), off), offs[at:]...)
	split = none
	if len(all) > limit {
		half := len(all) / 2
		if split, err = h.newLeaf(sig, all[half:]); err != nil {
			return 0, none, err
		}
		all = all[:half]
	}
	if leaf, err = h.newLeaf(sig, all); err != nil {
		return 0, none, err
	}
	return leaf, split, h.release(list)
}

func (h *Hive) putElem(p []byte, sig string, off uint32, name []uint16) {
	binary.LittleEndian.PutUint32(p, off)
	switch sig {
	case "lf":
		binary.LittleEndian.PutUint32(p[4:], hint(name))
	case "lh":
		binary.LittleEndian.PutUint32(p[4:], hash(name))
	}
}

func (h *Hive) newLeaf(sig string, offs []uint32) (uint32, error) {
	e := leafElem(sig)
	list, err := h.alloc(4 + e*len(offs))
	if err != nil {
		return 0, err
	}
	p, err := h.cell(list)
	if err != nil {
		return 0, err
	}
	copy(p, sig)
	binary.LittleEndian.PutUint16(p[2:], uint16(len(offs)))
	for i, off := range offs {
		k, err := h.key(off)
		if err != nil {
			return 0, err
		}
		h.putElem(p[4+e*i:], sig, off, k.name())
	}
	return list, nil
}
