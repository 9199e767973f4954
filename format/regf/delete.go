package regf

import (
	"encoding/binary"
	"fmt"
)

// DeleteKey removes the sub-key name of k and everything below it.
func (k Key) DeleteKey(name string) error {
	sub, err := k.Subkey(name)
	if err != nil {
		return fmt.Errorf("delete key: %w", err)
	}
	budget := int(k.h.binsSize() / 8)
	if err := sub.drop(1, &budget); err != nil {
		return fmt.Errorf("delete key %q of %q: %w", name, k.Name(), err)
	}
	if err := k.unlist(sub.off); err != nil {
		return fmt.Errorf("delete key %q of %q: %w", name, k.Name(), err)
	}
	if n := k.u32(nkSubkeys); n > 0 {
		k.put32(nkSubkeys, n-1)
	}
	if k.u32(nkSubkeys) == 0 {
		k.put32(nkList, none)
		binary.LittleEndian.PutUint16(k.nk()[nkMaxName:], 0)
		k.put32(nkMaxClass, 0)
	}
	k.h.touch(k)
	return nil
}

// drop releases the cells of a key and of all below it. The list of its parent still names it.
func (k Key) drop(depth int, budget *int) error {
	h := k.h
	if *budget--; *budget < 0 || depth > MaxDepth {
		return fmt.Errorf("keys below %q form a cycle or are nested deeper than %d: %w", k.Name(), MaxDepth, ErrFormat)
	}
	subs, err := k.Subkeys()
	if err != nil {
		return err
	}
	for _, s := range subs {
		if err := s.drop(depth+1, budget); err != nil {
			return err
		}
	}
	if len(subs) > 0 {
		list := k.u32(nkList)
		p, err := h.cell(list)
		if err != nil {
			return err
		}
		if string(p[:2]) == "ri" {
			for i := 0; i < int(binary.LittleEndian.Uint16(p[2:])); i++ {
				if err := h.release(binary.LittleEndian.Uint32(p[4+4*i:])); err != nil {
					return err
				}
			}
		}
		if err := h.release(list); err != nil {
			return err
		}
	}
	vals, err := k.valueOffsets()
	if err != nil {
		return err
	}
	for _, off := range vals {
		p, err := h.vk(off)
		if err != nil {
			return err
		}
		if err := h.releaseData(p); err != nil {
			return err
		}
		if err := h.release(off); err != nil {
			return err
		}
	}
	if len(vals) > 0 {
		if err := h.release(k.u32(nkValList)); err != nil {
			return err
		}
	}
	if n := binary.LittleEndian.Uint16(k.nk()[nkClassLen:]); n != 0 && k.u32(nkClass) != none {
		if err := h.release(k.u32(nkClass)); err != nil {
			return err
		}
	}
	if sk := k.u32(nkSecurity); sk != none {
		if err := h.unref(sk); err != nil {
			return err
		}
	}
	return h.release(k.off)
}

// unref takes one reference from a security cell and removes it from its ring with the last.
func (h *Hive) unref(sk uint32) error {
	p, err := h.record(sk, "sk", 20)
	if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(p[12:])
	if n > 1 {
		binary.LittleEndian.PutUint32(p[12:], n-1)
		return nil
	}
	next, prev := binary.LittleEndian.Uint32(p[4:]), binary.LittleEndian.Uint32(p[8:])
	if next == sk || prev == sk {
		return nil // the last descriptor of the hive stays
	}
	np, err := h.record(next, "sk", 20)
	if err != nil {
		return err
	}
	pp, err := h.record(prev, "sk", 20)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(np[8:], prev)
	binary.LittleEndian.PutUint32(pp[4:], next)
	return h.release(sk)
}

// unlist removes the key at off from the list of sub-keys of k. An empty leaf goes, and with the
// last leaf its list of leaves.
func (k Key) unlist(off uint32) error {
	h := k.h
	list := k.u32(nkList)
	p, err := h.cell(list)
	if err != nil {
		return err
	}
	if string(p[:2]) != "ri" {
		found, left, err := h.unlistLeaf(list, off)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("list at %#x does not name the key at %#x: %w", list, off, ErrFormat)
		}
		if left == 0 {
			k.put32(nkList, none)
			return h.release(list)
		}
		return nil
	}
	n := int(binary.LittleEndian.Uint16(p[2:]))
	for i := 0; i < n && 8+4*i <= len(p); i++ {
		leaf := binary.LittleEndian.Uint32(p[4+4*i:])
		found, left, err := h.unlistLeaf(leaf, off)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if left > 0 {
			return nil
		}
		if err := h.release(leaf); err != nil {
			return err
		}
		copy(p[4+4*i:4+4*(n-1)], p[4+4*(i+1):4+4*n])
		binary.LittleEndian.PutUint16(p[2:], uint16(n-1))
		if n == 1 {
			k.put32(nkList, none)
			return h.release(list)
		}
		return nil
	}
	return fmt.Errorf("list at %#x does not name the key at %#x: %w", list, off, ErrFormat)
}

func (h *Hive) unlistLeaf(leaf, off uint32) (found bool, left int, err error) {
	offs, err := h.leaf(leaf)
	if err != nil {
		return false, 0, err
	}
	p, _ := h.cell(leaf)
	e, n := leafElem(string(p[:2])), len(offs)
	for i, o := range offs {
		if o == off {
			copy(p[4+e*i:4+e*(n-1)], p[4+e*(i+1):4+e*n])
			binary.LittleEndian.PutUint16(p[2:], uint16(n-1))
			return true, n - 1, nil
		}
	}
	return false, n, nil
}
