package state

import (
	"encoding/binary"
	"sort"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/schema"
)

// imageInfo is what an event tells of an image.
type imageInfo struct {
	base, size      uint64
	pid, sum, stamp uint32
	path            string
}

// ident is which build an image is of, as merging tools tell it: a trace says the
// same for each process.
type ident struct {
	size   uint64
	stamp  uint32
	name   string // original name
	pdb    string
	guid   etl.GUID
	age    uint32
	hasPDB bool
}

// build is an ident told of an address in a process.
type build struct {
	*ident
	ts  int64
	pid uint32
}

// imageInfo reads an image event. There are many in a trace, so it does without the
// names of fields. What a short one lacks is zero.
//
//	version 0: | base P | size u32 | path |
//	version 1: | base P | size P | pid u32 | path |
//	later:     | base P | size P | pid u32 | checksum u32 | stamp u32 | 4 | P | 16 | path |
func (t *Tracker) imageInfo(e *etl.Event) (in imageInfo, ok bool) {
	s, ptr := t.table.Resolve(e)
	if s == nil {
		return in, false
	}
	b := e.Payload
	in.base = number(b, 0, ptr)
	at := 0
	switch s.Version {
	case 0:
		in.size = number(b, ptr, 4)
		at = ptr + 4
	case 1:
		in.size, in.pid = number(b, ptr, ptr), uint32(number(b, 2*ptr, 4))
		at = 2*ptr + 4
	default:
		in.size, in.pid = number(b, ptr, ptr), uint32(number(b, 2*ptr, 4))
		in.sum, in.stamp = uint32(number(b, 2*ptr+4, 4)), uint32(number(b, 2*ptr+8, 4))
		at = 3*ptr + 32
	}
	if at < len(b) {
		in.path = t.wide(b[at:])
	}
	return in, true
}

// number returns the number of a size at b[at:], 0 if b ends before it does.
func number(b []byte, at, size int) uint64 {
	switch {
	case at+size > len(b):
		return 0
	case size == 4:
		return uint64(binary.LittleEndian.Uint32(b[at:]))
	}
	return binary.LittleEndian.Uint64(b[at:])
}

// wide returns a text in UTF-16 that ends at a NUL. The same text is made once.
func (t *Tracker) wide(b []byte) string {
	n := 0
	for n+1 < len(b) && b[n]|b[n+1] != 0 {
		n += 2
	}
	b = b[:n]
	if s, ok := t.texts[string(b)]; ok {
		return s
	}
	s := string(schema.AppendUTF16(make([]byte, 0, n), b))
	t.texts[string(b)] = s
	return s
}

// image takes in the load or unload of an image.
func (t *Tracker) image(e *etl.Event) {
	switch e.Opcode {
	case opLoad, opStop, opDCStart, opDCStop:
	default:
		return
	}
	in, ok := t.imageInfo(e)
	if !ok {
		return
	}
	switch e.Opcode {
	case opStop:
		t.owner(in.pid, in.base).unload(in.base, e.TS)
	case opLoad:
		t.load(&in, e.TS, e.TS)
	default:
		t.load(&in, always, e.TS)
	}
}

// load adds an image to its process, from a time on. ts is when it was told of.
func (t *Tracker) load(in *imageInfo, from, ts int64) {
	p := t.owner(in.pid, in.base)
	stamp := in.stamp
	if old := p.ImageAt(in.base); old != nil && old.Base == in.base && old.Path == in.path && old.Size == in.size {
		// Told again, by a rundown.
		if stamp != 0 {
			old.TimeDateStamp = stamp
		}
		return
	}
	im := &Image{Base: in.base, Size: in.size, Path: in.path, TimeDateStamp: stamp, Checksum: in.sum, Load: from, Unload: never}
	t.identify(im, p.PID, ts)
	p.load(im)
}

// build takes in what a merging tool tells about an image.
//
//	0:      | base P | size P | pid u32 | stamp u32 | original name, UTF-16 |
//	36, 37: | base P | pid u32 | GUID | age u32 | name of the symbol file, UTF-8 |
func (t *Tracker) build(e *etl.Event) {
	b, ptr := e.Payload, int(e.PtrSize)
	base := number(b, 0, ptr)
	switch e.Opcode {
	case 0:
		id := ident{size: number(b, ptr, ptr), stamp: uint32(number(b, 2*ptr+4, 4))}
		if at := 2*ptr + 8; at < len(b) {
			id.name = t.wide(b[at:])
		}
		t.addBuild(base, uint32(number(b, 2*ptr, 4)), e.TS, id)
	case 36, 37:
		id := ident{hasPDB: true, age: uint32(number(b, ptr+20, 4))}
		if len(b) >= ptr+20 {
			id.guid = etl.GUID(b[ptr+4 : ptr+20])
		}
		if at := ptr + 24; at < len(b) {
			id.pdb = t.narrow(b[at:])
		}
		t.addBuild(base, uint32(number(b, ptr, 4)), e.TS, id)
	}
}

// narrow returns a text in UTF-8 that ends at a NUL. The same text is made once.
func (t *Tracker) narrow(b []byte) string {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	if s, ok := t.pdbs[string(b)]; ok {
		return s
	}
	s := string(b)
	t.pdbs[s] = s
	return s
}

func (t *Tracker) addBuild(base uint64, pid uint32, ts int64, id ident) {
	p := t.idents[id]
	if p == nil {
		p = &id
		t.idents[id] = p
	}
	list := t.builds[base]
	for i := range list {
		if l := &list[i]; l.ident == p && l.pid == pid && l.ts == ts {
			return
		}
	}
	t.builds[base] = append(list, build{p, ts, pid})
}

// identify gives an image what the trace tells about its build: what is told of
// its address nearest in time, and of its own process if there is a choice.
func (t *Tracker) identify(im *Image, pid uint32, ts int64) {
	var best [2]*ident // without and with a symbol file
	var score [2]int64
	list := t.builds[im.Base]
	for i := range list {
		l := &list[i]
		k := 0
		if l.hasPDB {
			k = 1
		} else if l.size != im.Size && l.size != 0 {
			continue
		}
		s := l.ts - ts
		if s < 0 {
			s = -s
		}
		if l.pid != pid {
			s += 1 << 61
		}
		if best[k] == nil || s < score[k] {
			best[k], score[k] = l.ident, s
		}
	}
	if b := best[0]; b != nil {
		im.OriginalName = b.name
		if im.TimeDateStamp == 0 {
			im.TimeDateStamp = b.stamp
		}
	}
	if b := best[1]; b != nil {
		im.PDBName, im.PDBGUID, im.PDBAge = b.pdb, b.guid, b.age
	}
}

// load adds an image, in place of one at its address.
func (p *Process) load(im *Image) {
	i := sort.Search(len(p.live), func(i int) bool { return p.live[i].Base >= im.Base })
	if i < len(p.live) && p.live[i].Base == im.Base {
		p.live[i].Unload = im.Load
		p.live[i] = im
	} else {
		p.live = append(p.live, nil)
		copy(p.live[i+1:], p.live[i:])
		p.live[i] = im
	}
	p.Images = append(p.Images, im)
}
