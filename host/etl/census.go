package etl

import (
	"bytes"
	"fmt"
	"hash/maphash"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/kernel"
	"github.com/godtrace/godtrace/format/etl/schema"
	"github.com/godtrace/godtrace/format/etl/state"
)

// census counts the events of all files while these are scanned. The kernel's have
// their schemas at once. Others may be described only behind them in the file, or by
// what the user adds: an example of each kind is kept until all that is known.
type census struct {
	h     *Host
	stock *inventory

	kernel [32][256]*kernelKind // the kind met last
	kinds  map[kindKey][]*kind
	order  []*kind // in order of their first event
	last   *kind
	seed   maphash.Seed
	extra  int64 // events of kinds beyond maxKinds
}

// kernelKind is a kernel event of a version.
type kernelKind struct {
	version, ptr uint8
	want         int
	st           *stat
}

// kindKey is what tells kinds of events apart.
type kindKey struct {
	guid            etl.GUID
	id              uint16
	typ             etl.HeaderType
	version, opcode uint8
	item            uint64 // of the schema that the event carries
}

// kind is the events of one kind.
type kind struct {
	key    kindKey
	item   []byte
	sample etl.Event
	n      int64
	// How long payloads are: how many of each length up to maxLength.
	lengths map[int]int64
	length  int // the one met last, not yet in lengths
	run     int64
	// short is how many are too short for the kernel's own layout, least the shortest,
	// want what it should be at least.
	short       int64
	least, want int
}

const (
	// maxKinds bounds what is kept of files that hold nonsense.
	maxKinds = 1 << 16
	// maxLength bounds the lengths of payloads that are told apart.
	maxLength = 4096
)

func newCensus(h *Host) *census {
	h.stock = inventory{events: map[*schema.Schema]*stat{}, calls: map[uint64]int64{}, routines: map[routineKey]int64{},
		short: map[*schema.Schema]*shortfall{}, cpus: 1}
	return &census{h: h, stock: &h.stock, kinds: map[kindKey][]*kind{}, seed: maphash.MakeSeed()}
}

// scan opens a file and takes in all its events.
func (c *census) scan(name string) (*file, error) {
	f := &file{primer: state.NewPrimer()}
	ef, err := etl.OpenEach(name, func(e *etl.Event) {
		c.observe(f, e)
		f.primer.Observe(e)
		c.h.dec.Observe(e)
	})
	if err != nil {
		return nil, err
	}
	f.f = ef
	if f.ptr == 0 {
		f.ptr = ef.Header().PointerSize
	}
	c.stock.cpus = max(c.stock.cpus, int(min(ef.Header().Processors, maxCPUs)))
	return f, nil
}

// observe counts one event.
func (c *census) observe(f *file, e *etl.Event) {
	v := c.stock
	if int(e.CPU) >= v.cpus && e.CPU < maxCPUs {
		v.cpus = int(e.CPU) + 1
	}
	if !e.Kernel() || e.Group >= 32 {
		c.other(f, e)
		return
	}
	k := c.kernel[e.Group][e.Opcode]
	if k == nil || k.version != e.Version || k.ptr != e.PtrSize || e.Group == etl.GroupHeader {
		if k = c.kernelKind(f, e); k == nil {
			c.other(f, e)
			return
		}
	}
	k.st.n++
	if len(e.Payload) < k.want {
		v.tooShort(k.st.schema, 1, len(e.Payload), k.want)
	}
	v.details(k.st.hook, e)
}

// kernelKind finds the kind of a kernel event, nil if the event is not known.
func (c *census) kernelKind(f *file, e *etl.Event) *kernelKind {
	s, ptr := kernel.Layouts().Resolve(e)
	if s == nil {
		return nil
	}
	if f.ptr == 0 && e.Group != etl.GroupHeader {
		f.ptr = uint32(ptr)
	}
	k := &kernelKind{version: e.Version, ptr: e.PtrSize, want: s.FixedSize(ptr), st: c.stock.stat(s, e)}
	c.kernel[e.Group][e.Opcode] = k
	return k
}

// other counts an event that has its schema only later.
func (c *census) other(f *file, e *etl.Event) {
	k := c.kindOf(e)
	if k == nil {
		c.extra++
		return
	}
	k.n++
	if n := min(len(e.Payload), maxLength); n == k.length {
		k.run++
	} else {
		k.lengths[k.length] += k.run
		k.length, k.run = n, 1
	}
	if !e.Classic() {
		return
	}
	hk, isKernel := hookOf(e)
	if s, ptr := kernel.Layouts().Resolve(e); s != nil {
		if isKernel && f.ptr == 0 && hk.group != etl.GroupHeader {
			f.ptr = uint32(ptr)
		}
		if want := s.FixedSize(ptr); len(e.Payload) < want {
			if k.short == 0 {
				k.least = len(e.Payload)
			}
			k.short++
			k.least, k.want = min(k.least, len(e.Payload)), max(k.want, want)
		}
	}
	if isKernel {
		c.stock.details(hk, e)
	}
}

// kindOf returns the kind of an event, nil if there are too many.
func (c *census) kindOf(e *etl.Event) *kind {
	key := kindKey{guid: e.Provider, id: e.ID, typ: e.Type, version: e.Version}
	var item []byte
	switch {
	case e.Kernel():
		key.guid, key.opcode = etl.GUID{e.Group}, e.Opcode
	case e.Classic():
		key.opcode = e.Opcode
	case e.Type >= etl.TypeMessage:
		key.version = 0
	case e.Ext != nil:
		if item = e.Item(etl.ItemSchema); item != nil {
			key.opcode = e.Opcode
			if l := c.last; l != nil && l.item != nil && l.key.guid == key.guid && l.key.opcode == key.opcode && l.key.typ == key.typ &&
				l.key.id == key.id && l.key.version == key.version && bytes.Equal(l.item, item) {
				return l
			}
			key.item = maphash.Bytes(c.seed, item)
		}
	}
	if l := c.last; l != nil && l.key == key && bytes.Equal(l.item, item) {
		return l
	}
	for _, k := range c.kinds[key] {
		if bytes.Equal(k.item, item) {
			c.last = k
			return k
		}
	}
	if len(c.order) >= maxKinds {
		return nil
	}
	k := &kind{key: key, item: bytes.Clone(item), sample: *e, lengths: map[int]int64{}, length: -1}
	s := &k.sample
	s.Raw, s.PMC, s.Payload, s.Ext = nil, nil, nil, bytes.Clone(e.Ext)
	if e.Classic() { // whose layout may depend on it
		s.Payload = bytes.Clone(e.Payload)
	}
	c.kinds[key] = append(c.kinds[key], k)
	c.order = append(c.order, k)
	c.last = k
	return k
}

// finish gives all kinds their schemas. It comes when everything is known that
// describes events.
func (c *census) finish() {
	v := c.stock
	c.h.dec.Finish()
	for _, k := range c.order {
		s, ptr := c.h.dec.Schema(&k.sample)
		st := v.stat(s, &k.sample)
		st.n += k.n
		if s.Source == schema.FromKernel {
			if k.short > 0 {
				v.tooShort(s, k.short, k.least, k.want)
			}
			continue
		}
		k.lengths[k.length] += k.run
		want := s.FixedSize(ptr)
		for n, times := range k.lengths {
			if n < want && n < maxLength && times > 0 {
				v.tooShort(s, times, n, want)
			}
		}
	}
	if c.extra > 0 {
		c.h.notice("%d events are of more than %d kinds, and fire no probe", c.extra, maxKinds)
	}
}

// stat returns the count of the events of a schema, of which e is one.
func (v *inventory) stat(s *schema.Schema, e *etl.Event) *stat {
	st := v.events[s]
	if st == nil {
		st = &stat{schema: s, provider: e.Provider, id: e.ID, order: len(v.events)}
		st.hook, st.kernel = hookOf(e)
		v.events[s] = st
	}
	return st
}

// details takes in what else is asked for of a kernel event.
func (v *inventory) details(k hook, e *etl.Event) {
	if k.group != etl.GroupPerfInfo {
		return
	}
	switch k.opcode {
	case opSample:
		v.samples++
	case opSysEnter:
		v.calls[ptrAt(e.Payload, 0, int(e.PtrSize))]++
	case opDPC, opTimerDPC, opThreadedDPC, opDPC2:
		v.routines[routineKey{ptrAt(e.Payload, 8, int(e.PtrSize)), false}]++
	case opISR, opISRMSI, opISR95:
		v.routines[routineKey{ptrAt(e.Payload, 8, int(e.PtrSize)), true}]++
	case 72, 73, 74:
		// Source 0 is the timer.
		if u32(e.Payload, 0) == 0 {
			if n := u32(e.Payload, 4); n != 0 && (v.interval == 0 || k.opcode != 74) {
				v.interval = n
			}
		}
	}
}

func (v *inventory) tooShort(s *schema.Schema, n int64, have, want int) {
	f := v.short[s]
	if f == nil {
		f = &shortfall{least: have, name: s.Name()}
		v.short[s] = f
	}
	f.n += n
	f.want = max(f.want, want)
	f.least = min(f.least, have)
}

// notice returns what the user must know of short events; see shortNotices.
func (f *shortfall) notice() string {
	return fmt.Sprintf("%d events %s are shorter than their layout: from %d bytes, want %d; what is missing reads as 0, or they fire no other probe than etw", f.n, f.name, f.least, f.want)
}
