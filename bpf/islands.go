package bpf

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf/asm"
)

// A jump of eBPF has an offset of 16 bits. (Linux 6.6 knows an unconditional one
// with 32, not a conditional one.) What is farther is reached by way of islands:
// places amid the code, passed over by what runs through, that hold a jump for
// each label that is wanted from afar. Code without such a jump has no islands.

const (
	jumpReach = 1<<15 - 1
	// islandGap is the distance of islands, islandReach how far they are used from:
	// both before the islands themselves lengthen the way.
	islandGap   = 16000
	islandReach = 24000
)

// island is a place before an instruction that holds jumps.
type island struct {
	ins int // index of the instruction
	at  int // its raw offset
	to  []wanted
	// over is set if what is before the island runs on, and so needs a jump.
	over bool
}

// wanted is a label that an island has a jump for: to it, or to the island's of
// that index if it is not in reach.
type wanted struct {
	label label
	next  int
}

func (s *island) index(l label) int {
	return slices.IndexFunc(s.to, func(w wanted) bool { return w.label == l })
}

func (s *island) slots() int {
	if s.over {
		return len(s.to) + 1
	}
	return len(s.to)
}

// hop is the way of a far jump: its first island.
type hop struct {
	fix    int // index of the fixup
	island int
}

// isCall reports whether a fixup's instruction holds a relative address of 32 bits.
func isCall(in *asm.Instruction) bool {
	return in.OpCode == asm.Call.Op(asm.ImmSource) || in.OpCode.IsDWordLoad()
}

// addIslands makes the islands that far jumps need, and puts them into the code.
func (e *emitter) addIslands() error {
	var ranges [][2]int
	var far []int
	needed := false
	for i, f := range e.fix {
		if isCall(&e.ins[f.ins]) {
			continue
		}
		a, b := e.off[f.ins], e.labels[f.to]
		if b < 0 {
			return fmt.Errorf("BUG: label %d is not bound", f.to)
		}
		d := max(b-a, a-b)
		needed = needed || d > jumpReach
		if d > islandReach { // if not now too far, then perhaps with islands in between
			far = append(far, i)
			ranges = append(ranges, [2]int{min(a, b), max(a, b)})
		}
	}
	if !needed {
		return nil
	}
	islands := e.placeIslands(ranges)
	hops := make([]hop, 0, len(far))
	// next returns the island for a jump from a place to another, -1 if there is none.
	next := func(from, to int) int {
		best := -1
		for i := range islands {
			p := islands[i].at
			if to > from && p > from && p < to && p-from <= islandReach {
				best = i // the last one
			}
			if to < from && p < from && p > to && from-p <= islandReach {
				return i // the first one
			}
		}
		return best
	}
	for _, i := range far {
		f := e.fix[i]
		from, to := e.off[f.ins], e.labels[f.to]
		first := next(from, to)
		for k := first; k >= 0; {
			from = islands[k].at
			then := -1
			if max(to-from, from-to) > islandReach {
				then = next(from, to)
			}
			if islands[k].index(f.to) < 0 {
				islands[k].to = append(islands[k].to, wanted{f.to, then})
			}
			k = then
		}
		hops = append(hops, hop{i, first})
	}
	e.insert(islands, hops)
	return nil
}

// placeIslands finds places amid the given ranges of code.
func (e *emitter) placeIslands(ranges [][2]int) []island {
	slices.SortFunc(ranges, func(a, b [2]int) int { return a[0] - b[0] })
	var islands []island
	i := 0
	place := func(lo, hi int) {
		for at := lo + islandGap; at < hi; at += islandGap {
			for i < len(e.off) && e.off[i] < at {
				i++
			}
			if i >= len(e.off) || e.off[i] >= hi {
				return
			}
			op := e.ins[i-1].OpCode
			islands = append(islands, island{ins: i, at: e.off[i],
				over: op != asm.Ja.Op(asm.ImmSource) && op != asm.Return().OpCode})
		}
	}
	for k := 0; k < len(ranges); {
		lo, hi := ranges[k][0], ranges[k][1]
		for k++; k < len(ranges) && ranges[k][0] < hi; k++ {
			hi = max(hi, ranges[k][1])
		}
		place(lo, hi)
	}
	return islands
}

// insert puts islands into the code, and moves what is behind them.
func (e *emitter) insert(islands []island, hops []hop) {
	islands = slices.Clone(islands)
	// Labels of the islands' jumps: entry k of island i.
	entry := map[[2]int]label{}
	for i := range islands {
		for k := range islands[i].to {
			entry[[2]int{i, k}] = e.newLabel()
		}
	}
	for _, h := range hops {
		f := &e.fix[h.fix]
		if h.island >= 0 {
			f.to = entry[[2]int{h.island, islands[h.island].index(f.to)}]
		}
	}
	// movedBy is how far a raw offset moves.
	movedBy := func(raw int) (n int) {
		for i := range islands {
			if islands[i].at <= raw {
				n += islands[i].slots()
			}
		}
		return n
	}
	old := e.labels[:len(e.labels)-len(entry)]
	for l, at := range old {
		if at >= 0 {
			e.labels[l] = at + movedBy(at)
		}
	}
	index := make([]int, len(e.ins)) // new index of each instruction
	var ins []asm.Instruction
	var off []int
	raw, k := 0, 0
	add := func(in asm.Instruction) {
		off, ins = append(off, raw), append(ins, in)
		raw++
		if in.OpCode.IsDWordLoad() {
			raw++
		}
	}
	ja := asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource)}
	var jumps []fixup
	for i := range e.ins {
		for ; k < len(islands) && islands[k].ins == i; k++ {
			if islands[k].over {
				over := ja
				over.Offset = int16(len(islands[k].to))
				add(over)
			}
			for n, w := range islands[k].to {
				e.labels[entry[[2]int{k, n}]] = raw
				to := w.label
				if w.next >= 0 {
					to = entry[[2]int{w.next, islands[w.next].index(to)}]
				}
				jumps = append(jumps, fixup{len(ins), to})
				add(ja)
			}
		}
		index[i] = len(ins)
		add(e.ins[i])
	}
	for i := range e.fix {
		e.fix[i].ins = index[e.fix[i].ins]
	}
	e.fix = append(e.fix, jumps...)
	for i := range e.notes {
		if n := e.notes[i].ins; n < len(index) {
			e.notes[i].ins = index[n]
		} else {
			e.notes[i].ins = len(ins)
		}
	}
	for i := range e.starts {
		e.starts[i] = index[e.starts[i]]
	}
	e.ins, e.off, e.raw = ins, off, raw
}
