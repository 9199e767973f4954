package etl

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
)

// memoryBudget is how many bytes of buffers a Reader holds in full, unless File has
// another limit. Buffers that become current beyond it are read through windows.
const memoryBudget = 24 << 20

const (
	windowMin = 512
	windowMax = 64 << 10
)

// cursor is the place of a Reader in one buffer.
type cursor struct {
	ts    int64 // time of the next event, the key of the merge
	index int32 // the buffer, which decides between equal times
	cpu   uint16
	whole bool // mem holds the whole buffer
	end   bool // advance found nothing more in memory
	w     walker
	mem   []byte   // what w.b is part of
	order []placed // the records in order of time, nil if w's is
	done  int      // records delivered or in the window
	left  int      // records of the buffer behind the window
	from  int      // where in the buffer's records the next window begins
	last  int64    // what the walker's last is there
}

// placed is a record's place in a buffer, with its time, which not all records hold.
type placed struct {
	ts int64
	at uint32
}

// less orders cursors: by time, then by the place of the buffer in the file.
func (c *cursor) less(d *cursor) bool {
	return c.ts < d.ts || c.ts == d.ts && c.index < d.index
}

// Reader delivers the events of a File in order of time; events of the same
// time come in the order of their buffers in the file. It is for one goroutine.
type Reader struct {
	f     *File
	todo  []int32 // blocks not yet current, in order of their first event
	heap  []*cursor
	cur   *cursor  // the least, not in heap; its event was delivered last
	limit struct { // where cur stops being the least
		ts    int64
		index int32
	}
	held    int // bytes held by cursors with whole buffers
	budget  int
	raw     []byte // for reading compressed buffers and windows
	scratch []byte
	free    [][]byte
	idle    []*cursor
	changed Damage
	n       int64
	err     error
}

// Reader returns a Reader that begins with the first event.
func (f *File) Reader() *Reader { return f.reader(f.memory()) }

// SideReader returns a Reader for one who reads the file beside another: it holds
// less in memory.
func (f *File) SideReader() *Reader { return f.reader(f.memory() / 4) }

func (f *File) reader(budget int) *Reader {
	r := &Reader{f: f, budget: budget, todo: make([]int32, len(f.blocks))}
	for i := range r.todo {
		r.todo[i] = int32(i)
	}
	sort.Slice(r.todo, func(i, j int) bool {
		a, b := &f.blocks[r.todo[i]], &f.blocks[r.todo[j]]
		return a.min < b.min || a.min == b.min && r.todo[i] < r.todo[j]
	})
	return r
}

// Next fills e with the next event and reports whether there was one. When it
// returns false, Err says whether the end was reached.
func (r *Reader) Next(e *Event) bool {
	c := r.cur
	if c == nil || !c.advance() || c.ts > r.limit.ts || c.ts == r.limit.ts && c.index > r.limit.index {
		if c = r.choose(); c == nil {
			return false
		}
	}
	e.decode(c.w.b[c.w.at:], c.w.rec, c.cpu, &r.f.clock)
	r.n++
	return true
}

// Err returns the error that ended reading, nil at the end of the file.
func (r *Reader) Err() error { return r.err }

// Events returns how many events were delivered.
func (r *Reader) Events() int64 { return r.n }

// Position returns how many events were delivered and how many there are, for
// showing progress.
func (r *Reader) Position() (done, all int64) { return r.n, r.f.stats.Events }

// Changed returns what was lost because buffers changed between Open and now.
func (r *Reader) Changed() Damage {
	d := r.changed
	d.Kind = DamageChanged
	return d
}

// advance steps to the cursor's next event within its memory.
func (c *cursor) advance() bool {
	if c.order == nil {
		if !c.w.step() {
			c.end = true
			return false
		}
		c.ts = c.w.rec.ts
		return true
	}
	if c.done >= len(c.order) || !c.place() {
		c.end = true
		return false
	}
	return true
}

// place sets an ordered cursor on its next event.
func (c *cursor) place() bool {
	p := c.order[c.done]
	rec, what := peek(c.w.b, int(p.at))
	if what != recordOK {
		return false
	}
	rec.ts = p.ts
	c.done++
	c.w.at, c.w.rec, c.ts = int(p.at), rec, p.ts
	return true
}

// choose puts the current cursor back, takes in the buffers whose time has come
// and picks the least cursor. It is nil at the end.
func (r *Reader) choose() *cursor {
	if r.err != nil {
		return nil
	}
	if c := r.cur; c != nil {
		r.cur = nil
		if c.end && !r.refill(c) {
			r.release(c)
		} else {
			r.push(c)
		}
	}
	for len(r.todo) > 0 {
		i := r.todo[0]
		bl := &r.f.blocks[i]
		if len(r.heap) > 0 && (r.heap[0].ts < bl.min || r.heap[0].ts == bl.min && r.heap[0].index < i) {
			break
		}
		r.todo = r.todo[1:]
		c, err := r.load(i)
		if err != nil {
			r.err = err
			return nil
		}
		if c != nil {
			r.push(c)
		}
	}
	if r.err != nil || len(r.heap) == 0 {
		return nil
	}
	c := r.pop()
	r.cur = c
	r.limit.ts, r.limit.index = 1<<63-1, 1<<31-1
	if len(r.heap) > 0 {
		r.limit.ts, r.limit.index = r.heap[0].ts, r.heap[0].index
	}
	if len(r.todo) > 0 {
		i := r.todo[0]
		if m := r.f.blocks[i].min; m < r.limit.ts || m == r.limit.ts && i < r.limit.index {
			r.limit.ts, r.limit.index = m, i
		}
	}
	return c
}

// load makes a cursor for a buffer, on its first event; nil if there is none.
func (r *Reader) load(i int32) (*cursor, error) {
	bl := &r.f.blocks[i]
	c := r.newCursor()
	c.index, c.cpu = i, bl.cpu
	need := int(bl.data)
	if r.held+need <= r.budget || len(r.heap) == 0 {
		c.mem = r.alloc(max(need, int(bl.size)))
		records, err := r.read(bl, c.mem)
		if err != nil {
			return nil, err
		}
		c.whole = true
		r.held += len(c.mem)
		if !c.begin(bl, records) {
			r.lost(bl)
			r.release(c)
			return nil, nil
		}
		return c, nil
	}
	c.left = int(bl.events)
	if !r.window(c) {
		r.release(c)
		return nil, r.err
	}
	return c, nil
}

// read reads a block into mem and returns its records.
func (r *Reader) read(bl *block, mem []byte) ([]byte, error) {
	raw := mem
	if bl.flags&blockPacked != 0 {
		if len(r.raw) < int(bl.size) {
			r.raw = make([]byte, bl.size)
		}
		raw = r.raw
	}
	n, err := r.f.r.ReadAt(raw[:min(int64(bl.size), r.f.stats.Size-bl.off)], bl.off)
	if n < bufferHeaderLen && err != nil {
		return nil, fmt.Errorf("etl: read at %#x: %w", bl.off, err)
	}
	records, _ := r.f.records(bl, raw[:n], mem)
	return records, nil
}

// begin sets a cursor on the first event of the records of a block.
func (c *cursor) begin(bl *block, records []byte) bool {
	c.w.reset(records, bl.min)
	c.end = false
	c.order, c.done = c.order[:0], 0
	if bl.flags&blockUnsorted == 0 {
		c.order = nil
		return c.advance()
	}
	c.sort()
	return c.advance()
}

// sort lists the records in order of time, those of one time as they are.
func (c *cursor) sort() {
	for c.w.step() {
		c.order = append(c.order, placed{c.w.rec.ts, uint32(c.w.at)})
	}
	slices.SortFunc(c.order, func(a, b placed) int { return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.at, b.at)) })
	c.w.next = len(c.w.b)
}

// refill gives an exhausted cursor its next window and reports whether it has
// another event.
func (r *Reader) refill(c *cursor) bool {
	if c.whole {
		return false
	}
	return r.window(c)
}

// window copies the next records of the buffer of c, in order, into the cursor's own
// memory.
func (r *Reader) window(c *cursor) bool {
	if c.left == 0 {
		return false
	}
	bl := &r.f.blocks[c.index]
	size := min(max(r.budget/(4*(len(r.heap)+1)), windowMin), windowMax)
	if bl.flags&(blockPacked|blockUnsorted|blockDoubted|blockDamaged) == 0 {
		if n := r.piece(c, bl, size); n > 0 {
			c.left -= n
			return c.advance()
		}
		if r.err != nil {
			return false
		}
	}
	if need := max(int(bl.data), int(bl.size)); len(r.scratch) < need {
		r.scratch = make([]byte, need)
	}
	records, err := r.read(bl, r.scratch)
	if err != nil {
		r.err = err
		return false
	}
	skip := int(bl.events) - c.left
	var all cursor
	ok := all.begin(bl, records)
	for ; ok && skip > 0; skip-- {
		ok = all.advance()
	}
	if !ok {
		r.lost(bl)
		c.left = 0
		return false
	}
	c.mem = c.mem[:0]
	var first int64
	for ok && (len(c.mem) == 0 || len(c.mem)+align8(all.w.rec.size) <= size) {
		rec := all.w.rec
		if len(c.mem) == 0 {
			first = all.ts
		}
		b := all.w.b[all.w.at : all.w.at+rec.size]
		c.mem = append(c.mem, b...)
		for len(c.mem)&7 != 0 {
			c.mem = append(c.mem, 0)
		}
		c.left--
		ok = all.advance()
	}
	if !ok && c.left > 0 {
		r.lost(bl)
		c.left = 0
	}
	c.from, c.last = all.w.at, all.w.last
	c.order, c.end = nil, false
	c.w.reset(c.mem, first)
	c.w.last = first
	return c.advance()
}

// piece reads the next records of a sound buffer into the memory of c, as many as
// fit a size, and returns how many there are. It is 0 if something is there that is
// no record: then the buffer has to be read as a whole.
func (r *Reader) piece(c *cursor, bl *block, size int) int {
	rest := int(bl.data) - c.from
	n := min(size, rest)
	for n > 0 {
		if cap(c.mem) < n {
			c.mem = make([]byte, n)
		}
		b := c.mem[:n]
		got, err := r.f.r.ReadAt(b, bl.off+bufferHeaderLen+int64(c.from))
		if got < n {
			if err != nil && !errors.Is(err, io.EOF) {
				r.err = fmt.Errorf("etl: read at %#x: %w", bl.off, err)
			}
			return 0
		}
		at, count, last := 0, 0, c.last
		var rec record
		what := recordOK
		for count < c.left {
			if rec, what = peek(b, at); what != recordOK {
				break
			}
			if rec.noTime && last == 0 {
				return 0 // it has the time of what follows
			}
			if !rec.noTime {
				if last != 0 && !nearby(rec.ts, last) {
					what = recordBad // the walker decides
					break
				}
				last = rec.ts
			}
			at += align8(rec.size)
			count++
		}
		switch {
		case count > 0:
			at = min(at, n)
			c.order, c.end = nil, false
			c.w.reset(b[:at], c.last)
			c.w.last = c.last
			c.mem, c.from, c.last = b[:at], c.from+at, last
			return count
		case what != recordCut || n == rest:
			return 0
		}
		n = min(max(2*n, align8(rec.size)), rest) // a long one
	}
	return 0
}

// lost notes a buffer that changed since the scan.
func (r *Reader) lost(bl *block) {
	if r.changed.Count == 0 {
		r.changed.First = bl.off
	}
	r.changed.Count++
	r.changed.Bytes += int64(bl.size)
}

func (r *Reader) newCursor() *cursor {
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return c
	}
	return &cursor{}
}

// release gives back what a cursor holds.
func (r *Reader) release(c *cursor) {
	if c.whole {
		r.held -= len(c.mem)
		if len(r.free) < 16 {
			r.free = append(r.free, c.mem)
		}
	}
	*c = cursor{order: c.order[:0]}
	r.idle = append(r.idle, c)
}

// alloc returns n bytes or more.
func (r *Reader) alloc(n int) []byte {
	for i := len(r.free) - 1; i >= 0; i-- {
		if b := r.free[i]; len(b) >= n && len(b) <= 2*n+4096 {
			r.free = append(r.free[:i], r.free[i+1:]...)
			return b
		}
	}
	if len(r.free) > 8 {
		r.free = r.free[:4]
	}
	return make([]byte, n)
}

func (r *Reader) push(c *cursor) {
	h := append(r.heap, c)
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 2
		if !c.less(h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = c
	r.heap = h
}

func (r *Reader) pop() *cursor {
	h := r.heap
	top := h[0]
	n := len(h) - 1
	last := h[n]
	h[n] = nil
	h = h[:n]
	for i := 0; ; {
		k := 2*i + 1
		if k >= n {
			if n > 0 {
				h[i] = last
			}
			break
		}
		if k+1 < n && h[k+1].less(h[k]) {
			k++
		}
		if !h[k].less(last) {
			h[i] = last
			break
		}
		h[i] = h[k]
		i = k
	}
	r.heap = h
	return top
}
