package state

import (
	"encoding/binary"
	"hash/maphash"
	"sort"

	"github.com/godtrace/godtrace/format/etl"
)

// Stacks finds the call stacks of events. A stack is an event of its own that
// comes after the one it belongs to, and names it by its time stamp; so Stacks
// reads ahead of its user, keeping what it finds for a while. It is for one
// goroutine.
type Stacks struct {
	r    *etl.Reader
	e    etl.Event
	more bool
	// HorizonTicks is how far ahead of the event asked for stacks are looked for.
	horizon int64
	found   map[stackID]int32 // the first of the entries
	entries []frames          // 0 is not used
	free    int32             // the first of the unused entries
	shared  map[uint64]*addrs // by hash
	seed    maphash.Seed
	order   []stackID          // by time, for forgetting
	comes   map[uint32][]int64 // by thread: when it comes to a processor, ahead of the user
	held    int                // words of memory
	keys    map[uint64][]keyDef
	// Missed counts the stacks that were not kept because too many were.
	missed int64
}

// stackID names the event that stacks belong to.
type stackID struct {
	ts  int64
	tid uint32
}

// frames is one stack event's part of a stack.
type frames struct {
	addrs *addrs
	key   uint64 // instead of addrs
	ts    int64
	next  int32 // the entry of the same event, or the next unused one; 0 if none
	last  int32 // of an event's first entry: its last
	cpu   uint16
}

// addrs are the frames that events with the same stack share.
type addrs struct {
	pc   []uint64
	hash uint64
	refs int32
}

// keyDef is what a stack key stood for until, or from, a time.
type keyDef struct {
	ts     int64
	create bool
	addrs  []uint64
}

// maxHeld bounds the memory for what was found, in words of eight bytes: idWords for
// an event's place in the tables, entryWords for an entry, and the frames, once for
// all that share them.
const (
	maxHeld    = 2 << 20
	idWords    = 10
	entryWords = 6
)

// NewStacks returns the stacks of a file. horizon is how far, in ticks of the
// trace's clock, a stack may come behind its event; 0 means two seconds.
func NewStacks(f *etl.File, horizon int64) (*Stacks, error) {
	if horizon == 0 {
		horizon = f.Clock().Ticks(f.Clock().Start+20_000_000) - f.Clock().Ticks(f.Clock().Start)
	}
	s := &Stacks{
		r: f.SideReader(), horizon: horizon, found: map[stackID]int32{}, entries: make([]frames, 1), shared: map[uint64]*addrs{}, seed: maphash.MakeSeed(),
		keys: map[uint64][]keyDef{}, comes: map[uint32][]int64{},
	}
	err := f.Visit(etl.PassStackKeys, func(e *etl.Event) bool {
		if e.Kernel() && e.Group == etl.GroupStackWalk && e.Opcode >= 34 && e.Opcode <= 36 {
			a := addresses(nil, e.Payload, int(e.PtrSize))
			if len(a) > 1 {
				s.keys[a[0]] = append(s.keys[a[0]], keyDef{e.TS, e.Opcode == 34, a[1:]})
			}
		}
		return true
	})
	for _, d := range s.keys {
		sort.Slice(d, func(i, j int) bool { return d[i].ts < d[j].ts })
	}
	s.more = s.r.Next(&s.e)
	return s, err
}

// addresses appends the pointers in b.
func addresses(dst []uint64, b []byte, ptr int) []uint64 {
	for ; len(b) >= ptr; b = b[ptr:] {
		if ptr == 8 {
			dst = append(dst, binary.LittleEndian.Uint64(b))
		} else {
			dst = append(dst, uint64(binary.LittleEndian.Uint32(b)))
		}
	}
	return dst
}

// ahead reads on until the horizon of a time.
func (s *Stacks) ahead(ts int64) {
	for len(s.order) > 0 && s.order[0].ts < ts {
		s.forget()
	}
	for s.more && s.e.TS <= ts+s.horizon {
		if s.e.Kernel() {
			switch {
			case s.e.Group == etl.GroupStackWalk:
				s.take(ts)
			case s.e.Group == etl.GroupThread && s.e.Opcode == 36 && len(s.e.Payload) >= 4:
				if tid := binary.LittleEndian.Uint32(s.e.Payload); tid != 0 {
					s.comes[tid] = append(past(s.comes[tid], ts), s.e.TS)
				}
			}
		}
		s.more = s.r.Next(&s.e)
	}
}

func (s *Stacks) forget() {
	id := s.order[0]
	s.order = s.order[1:]
	for i := s.found[id]; i != 0; {
		f := &s.entries[i]
		next := f.next
		s.held -= entryWords
		if a := f.addrs; a != nil {
			if a.refs--; a.refs == 0 {
				s.held -= len(a.pc)
				if s.shared[a.hash] == a {
					delete(s.shared, a.hash)
				}
			}
		}
		*f = frames{next: s.free}
		s.free = i
		i = next
	}
	delete(s.found, id)
	s.held -= idWords
}

// share returns the frames in b, those of another event if they are the same.
func (s *Stacks) share(b []byte, ptr int) *addrs {
	h := maphash.Bytes(s.seed, b)
	if a := s.shared[h]; a != nil && a.equal(b, ptr) {
		a.refs++
		return a
	}
	a := &addrs{pc: addresses(make([]uint64, 0, len(b)/ptr), b, ptr), hash: h, refs: 1}
	s.held += len(a.pc)
	if s.shared[h] == nil {
		s.shared[h] = a
	}
	return a
}

func (a *addrs) equal(b []byte, ptr int) bool {
	if len(a.pc) != len(b)/ptr {
		return false
	}
	for i, pc := range a.pc {
		if ptr == 8 && pc != binary.LittleEndian.Uint64(b[8*i:]) || ptr == 4 && pc != uint64(binary.LittleEndian.Uint32(b[4*i:])) {
			return false
		}
	}
	return true
}

// put adds an entry to those of an event, behind the others.
func (s *Stacks) put(id stackID, f frames) {
	i := s.free
	if i != 0 {
		s.free = s.entries[i].next
	} else {
		i = int32(len(s.entries))
		s.entries = append(s.entries, frames{})
	}
	s.entries[i] = f
	s.held += entryWords
	first := s.found[id]
	if first == 0 {
		s.found[id], s.entries[i].last = i, i
		s.held += idWords
		return
	}
	head := &s.entries[first]
	s.entries[head.last].next = i
	head.last = i
}

// take keeps the stack at hand, if its event is not past.
func (s *Stacks) take(now int64) {
	b := s.e.Payload
	if len(b) < 16 {
		return
	}
	id := stackID{int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[12:])}
	if id.ts < now {
		return
	}
	if s.held > maxHeld {
		s.missed++
		return
	}
	f := frames{ts: s.e.TS, cpu: s.e.CPU}
	switch s.e.Opcode {
	case 32:
		f.addrs = s.share(b[16:], int(s.e.PtrSize))
	case 37, 38:
		a := addresses(nil, b[16:], int(s.e.PtrSize))
		if len(a) == 0 {
			return
		}
		f.key = a[0]
	default:
		return
	}
	if s.found[id] == 0 {
		s.order = append(s.order, id)
		for i := len(s.order) - 1; i > 0 && s.order[i].ts < s.order[i-1].ts; i-- {
			s.order[i], s.order[i-1] = s.order[i-1], s.order[i]
		}
	}
	s.put(id, f)
}

// Append appends the stack of an event of a thread to dst, innermost frame
// first, the kernel's frames before the program's. Events must be asked for in
// order of time. Nothing is appended if the trace holds no stack for the event.
func (s *Stacks) Append(dst []uint64, e *etl.Event, tid uint32) []uint64 {
	if out, ok := s.items(dst, e); ok {
		return out
	}
	s.ahead(e.TS)
	return s.gather(dst, stackID{e.TS, tid}, e.CPU)
}

// past cuts times before one off a list.
func past(list []int64, ts int64) []int64 {
	n := 0
	for n < len(list) && list[n] < ts {
		n++
	}
	return append(list[:0], list[n:]...)
}

// AppendLeaving appends the stack of a thread that leaves the processor with a context
// switch. What is recorded is its stack when it comes back, which is where it left.
// Nothing is appended if it does not come back, or too late.
func (s *Stacks) AppendLeaving(dst []uint64, e *etl.Event, tid uint32) []uint64 {
	s.ahead(e.TS)
	for _, ts := range s.comes[tid] {
		if ts > e.TS {
			return s.gather(dst, stackID{ts, tid}, e.CPU)
		}
	}
	return dst
}

// gather appends the parts of a stack that were found.
func (s *Stacks) gather(dst []uint64, id stackID, cpu uint16) []uint64 {
	parts, tid := s.found[id], id.tid
	start := len(dst)
	// A thread's kernel part comes before its user part, but not always.
	for pass := range 2 {
		for i := parts; i != 0; i = s.entries[i].next {
			f := &s.entries[i]
			if tid == 0 && f.cpu != cpu {
				continue // every processor has an idle thread of number 0
			}
			var a []uint64
			if f.addrs != nil {
				a = f.addrs.pc
			} else {
				a = s.key(f.key, f.ts)
			}
			if len(a) > 0 && KernelAddress(a[0]) == (pass == 0) {
				dst = append(dst, a...)
			}
		}
	}
	if len(dst) > start {
		return dst
	}
	return dst[:start]
}

// items reads the stack that an event carries itself.
func (s *Stacks) items(dst []uint64, e *etl.Event) ([]uint64, bool) {
	ok := false
	for it := e.Items(); it.Next(); {
		switch it.Type {
		case etl.ItemStack32, etl.ItemStack64:
			if len(it.Data) > 8 {
				ptr := 4
				if it.Type == etl.ItemStack64 {
					ptr = 8
				}
				dst, ok = addresses(dst, it.Data[8:], ptr), true
			}
		case etl.ItemStackKey32, etl.ItemStackKey64:
			ptr := 4
			if it.Type == etl.ItemStackKey64 {
				ptr = 8
			}
			if len(it.Data) >= 8+ptr {
				a := addresses(nil, it.Data[8:8+ptr], ptr)
				dst, ok = append(dst, s.key(a[0], e.TS)...), true
			}
		}
	}
	return dst, ok
}

// key returns what a stack key stood for at a time: it is told when the key goes
// or at the trace's end, or when it is made.
func (s *Stacks) key(k uint64, ts int64) []uint64 {
	defs := s.keys[k]
	i := sort.Search(len(defs), func(i int) bool { return defs[i].ts >= ts })
	for j := i; j < len(defs); j++ {
		if !defs[j].create {
			return defs[j].addrs
		}
	}
	if i > 0 {
		return defs[i-1].addrs
	}
	if len(defs) > 0 {
		return defs[0].addrs
	}
	return nil
}

// Missed returns how many stacks were dropped because too many were under way.
func (s *Stacks) Missed() int64 { return s.missed }

// Err returns the error that ended reading ahead, nil if there was none.
func (s *Stacks) Err() error { return s.r.Err() }
