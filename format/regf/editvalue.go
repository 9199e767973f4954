package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// SetValue gives k the value name with the type and data, in the place of an earlier one. A
// value whose storage fits is changed where it is. An edit that fails may leave the hive half
// changed: work on a Clone.
func (k Key) SetValue(name string, typ uint32, data []byte) error {
	u := units(name)
	if len(u) > 16383 {
		return fmt.Errorf("set value of key %q: name has %d characters, want at most 16383", k.Name(), len(u))
	}
	if len(data) > MaxBins/2 {
		return fmt.Errorf("set value %q of key %q: %d bytes, want at most %d", name, k.Name(), len(data), MaxBins/2)
	}
	off, err := k.findValue(name)
	switch {
	case err == nil:
		if err := k.h.replace(off, typ, data); err != nil {
			return fmt.Errorf("set value %q of key %q: %w", name, k.Name(), err)
		}
	case errors.Is(err, ErrNotFound):
		if err := k.addValue(u, typ, data); err != nil {
			return fmt.Errorf("set value %q of key %q: %w", name, k.Name(), err)
		}
	default:
		return err
	}
	k.raise(nkMaxVName, uint32(2*len(u)))
	k.raise(nkMaxVData, uint32(len(data)))
	k.h.touch(k)
	return nil
}

// replace changes type and data of the value record at off.
func (h *Hive) replace(off, typ uint32, data []byte) error {
	p, err := h.vk(off)
	if err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(p[vkSize:])
	if size&inline == 0 && size > 0 && len(data) > 4 {
		at := binary.LittleEndian.Uint32(p[vkData:])
		d, err := h.cell(at)
		if err != nil {
			return err
		}
		if !h.isBig(size, d) && len(data) <= len(d) && !h.wantsBig(len(data)) {
			copy(d, data)
			binary.LittleEndian.PutUint32(p[vkSize:], uint32(len(data)))
			binary.LittleEndian.PutUint32(p[vkType:], typ)
			return nil
		}
	}
	if err := h.releaseData(p); err != nil {
		return err
	}
	return h.storeData(off, typ, data)
}

func (h *Hive) wantsBig(n int) bool {
	return n > segment && binary.LittleEndian.Uint32(h.data[offMinor:]) >= 4
}

// storeData writes size, data and type of the value record at off, whose old data is released.
func (h *Hive) storeData(off, typ uint32, data []byte) error {
	var field [4]byte
	size := uint32(len(data))
	switch {
	case len(data) <= 4:
		copy(field[:], data)
		size |= inline // also for no data at all
	case h.wantsBig(len(data)):
		at, err := h.storeBig(data)
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint32(field[:], at)
	default:
		at, err := h.alloc(len(data))
		if err != nil {
			return err
		}
		copy(h.bin(at)[4:], data)
		binary.LittleEndian.PutUint32(field[:], at)
	}
	p, err := h.vk(off)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(p[vkSize:], size)
	copy(p[vkData:], field[:])
	binary.LittleEndian.PutUint32(p[vkType:], typ)
	return nil
}

func (h *Hive) storeBig(data []byte) (uint32, error) {
	var segs []uint32
	for len(data) > 0 {
		n := min(len(data), segment)
		// Windows reserves four bytes more than a full segment holds.
		at, err := h.alloc(n + 4)
		if err != nil {
			return 0, err
		}
		copy(h.bin(at)[4:], data[:n])
		segs, data = append(segs, at), data[n:]
	}
	if len(segs) > 0xFFFF {
		return 0, fmt.Errorf("data needs %d segments, want at most 65535", len(segs))
	}
	list, err := h.alloc(4 * len(segs))
	if err != nil {
		return 0, err
	}
	for i, s := range segs {
		binary.LittleEndian.PutUint32(h.bin(list)[4+4*i:], s)
	}
	db, err := h.alloc(8)
	if err != nil {
		return 0, err
	}
	p := h.bin(db)[4:]
	copy(p, "db")
	binary.LittleEndian.PutUint16(p[2:], uint16(len(segs)))
	binary.LittleEndian.PutUint32(p[4:], list)
	return db, nil
}

// releaseData frees the data cells of a value record.
func (h *Hive) releaseData(vk []byte) error {
	size := binary.LittleEndian.Uint32(vk[vkSize:])
	if size == 0 || size&inline != 0 {
		return nil
	}
	at := binary.LittleEndian.Uint32(vk[vkData:])
	d, err := h.cell(at)
	if err != nil {
		return err
	}
	if h.isBig(size, d) {
		list, segs, err := h.segments(d, size)
		if err != nil {
			return err
		}
		for _, s := range append(segs, list) {
			if err := h.release(s); err != nil {
				return err
			}
		}
	}
	return h.release(at)
}

func (k Key) addValue(name []uint16, typ uint32, data []byte) error {
	h := k.h
	enc, latin1 := encodeName(name)
	off, err := h.alloc(vkName + len(enc))
	if err != nil {
		return err
	}
	p := h.bin(off)[4:]
	copy(p, "vk")
	binary.LittleEndian.PutUint16(p[vkNameLen:], uint16(len(enc)))
	if latin1 && len(enc) > 0 {
		binary.LittleEndian.PutUint16(p[vkFlags:], 1)
	}
	copy(p[vkName:], enc)
	if err := h.storeData(off, typ, data); err != nil {
		return err
	}
	n := int(k.u32(nkValues))
	var old []byte
	if n > 0 {
		list := k.u32(nkValList)
		c, err := h.cell(list)
		if err != nil {
			return err
		}
		if 4*n > len(c) {
			return fmt.Errorf("list of values has room for %d, key node says %d: %w", len(c)/4, n, ErrFormat)
		}
		if 4*(n+1) <= len(c) {
			binary.LittleEndian.PutUint32(c[4*n:], off)
			k.put32(nkValues, uint32(n+1))
			return nil
		}
		old = append(old, c[:4*n]...)
		if err := h.release(list); err != nil {
			return err
		}
	}
	list, err := h.alloc(4 * (n + 1))
	if err != nil {
		return err
	}
	c := h.bin(list)[4:]
	copy(c, old)
	binary.LittleEndian.PutUint32(c[4*n:], off)
	k.put32(nkValList, list)
	k.put32(nkValues, uint32(n+1))
	return nil
}

// DeleteValue removes the value name from k.
func (k Key) DeleteValue(name string) error {
	off, err := k.findValue(name)
	if err != nil {
		return fmt.Errorf("delete value: %w", err)
	}
	h := k.h
	p, err := h.vk(off)
	if err != nil {
		return err
	}
	if err := h.releaseData(p); err != nil {
		return fmt.Errorf("delete value %q of key %q: %w", name, k.Name(), err)
	}
	if err := h.release(off); err != nil {
		return err
	}
	n := int(k.u32(nkValues))
	list := k.u32(nkValList)
	c, err := h.cell(list)
	if err != nil {
		return err
	}
	for i := 0; i < n && 4*n <= len(c); i++ {
		if binary.LittleEndian.Uint32(c[4*i:]) == off {
			copy(c[4*i:4*(n-1)], c[4*(i+1):4*n])
			break
		}
	}
	k.put32(nkValues, uint32(n-1))
	if n == 1 {
		k.put32(nkValList, none)
		k.put32(nkMaxVName, 0)
		k.put32(nkMaxVData, 0)
		if err := h.release(list); err != nil {
			return err
		}
	}
	h.touch(k)
	return nil
}
