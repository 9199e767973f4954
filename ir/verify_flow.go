package ir

import (
	"math/bits"

	"github.com/godtrace/godtrace/ctype"
)

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(n uint32) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b bitset) add(i uint32)      { b[i/64] |= 1 << (i % 64) }

// span calls f with each word of b that has bits in [from, from+n) and a mask
// of them, until f returns false.
func (b bitset) span(from, n uint32, f func(w *uint64, mask uint64) bool) bool {
	for n > 0 {
		k := min(64-from%64, n)
		mask := ^uint64(0)
		if k < 64 {
			mask = (1<<k - 1) << (from % 64)
		}
		if !f(&b[from/64], mask) {
			return false
		}
		from, n = from+k, n-k
	}
	return true
}

func (b bitset) addRange(from, n uint32) {
	b.span(from, n, func(w *uint64, mask uint64) bool { *w |= mask; return true })
}

// missing returns the first number of [from, from+n) that is not in b.
func (b bitset) missing(from, n uint32) (uint32, bool) {
	var at uint32
	ok := b.span(from, n, func(w *uint64, mask uint64) bool {
		if m := mask &^ *w; m != 0 {
			at = from/64*64 + uint32(bits.TrailingZeros64(m))
			return false
		}
		from = (from/64 + 1) * 64
		return true
	})
	return at, !ok
}

// and removes from b what is not in c, and reports whether that changed b.
func (b bitset) and(c bitset) (changed bool) {
	for i := range b {
		if b[i]&^c[i] != 0 {
			b[i] &= c[i]
			changed = true
		}
	}
	return changed
}

// tri is what is known of an event: whether it happened on the way here.
type tri uint8

const (
	no tri = iota
	yes
	maybe
)

func (t tri) join(u tri) tri {
	if t == u {
		return t
	}
	return maybe
}

// written tells which bytes of a space were written: text has those that may be
// read as part of a string, bytes those of any content.
type written struct{ text, bytes bitset }

// state is what holds on all paths to an instruction.
type state struct {
	regs            bitset
	frame, record   written
	fired, specular tri
}

func (s *state) sets() [5]bitset {
	return [5]bitset{s.regs, s.frame.text, s.frame.bytes, s.record.text, s.record.bytes}
}

func (v *verifier) newState() *state {
	c := v.c
	w := func(n uint32) written { return written{newBitset(n), newBitset(n)} }
	return &state{regs: newBitset(uint32(c.NumReg)), frame: w(c.FrameSize), record: w(c.RecSize)}
}

func (s *state) copyFrom(t *state) {
	from := t.sets()
	for i, b := range s.sets() {
		copy(b, from[i])
	}
	s.fired, s.specular = t.fired, t.specular
}

// join makes s hold only what t holds too, and reports whether that changed s.
func (s *state) join(t *state) bool {
	changed := false
	with := t.sets()
	for i, b := range s.sets() {
		if b.and(with[i]) {
			changed = true
		}
	}
	if f := s.fired.join(t.fired); f != s.fired {
		s.fired, changed = f, true
	}
	if f := s.specular.join(t.specular); f != s.specular {
		s.specular, changed = f, true
	}
	return changed
}

// flow follows control through the clause and checks that what an instruction
// reads was written on all paths.
//
// Code only branches forward apart from loops, so one pass in order suffices
// where there are none. A loop weakens the state at its target; passes are
// repeated until none does, which is at most once for each thing that can be
// known, in practice once per nesting level.
func (v *verifier) flow() error {
	c := v.c
	at := make([]*state, len(c.Code)) // at branch targets
	cur := v.newState()
	reached := newBitset(uint32(len(c.Code)))
	send := func(target int32) bool {
		if at[target] == nil {
			at[target] = v.newState()
			at[target].copyFrom(cur)
			return true
		}
		return at[target].join(cur)
	}
	start := v.newState()
	for again := true; again; {
		again = false
		cur.copyFrom(start)
		live := true
		for pc := range c.Code {
			v.pc = pc
			in := &c.Code[pc]
			if s := at[pc]; s != nil {
				if live {
					s.join(cur)
				}
				cur.copyFrom(s)
				live = true
			}
			if !live {
				continue
			}
			reached.add(uint32(pc))
			if err := v.step(cur, in); err != nil {
				return err
			}
			if in.Op.Branches() && send(in.Target) && in.Op == Loop {
				again = true
			}
			live = !in.Op.Ends()
		}
		if live {
			v.pc = len(c.Code) - 1
			return v.errf("control runs off the end of the clause")
		}
	}
	for pc := range c.Code {
		if !reached.has(uint32(pc)) {
			v.pc = pc
			return v.errf("the instruction cannot be reached")
		}
	}
	v.pc = -1
	return nil
}

// step checks one instruction against the state before it and changes s into
// the state after it.
func (v *verifier) step(s *state, in *Instr) error {
	info := &opTable[in.Op]
	// Reads first: an instruction may read the register that it writes.
	for _, o := range info.args {
		if err := v.reads(s, in, o); err != nil {
			return err
		}
	}
	switch in.Op {
	case Fire:
		if s.fired != no {
			return v.errf("fire may be executed twice")
		}
		s.fired = yes
	case Speculate:
		if s.fired != yes {
			return v.errf("speculate before fire")
		}
		if s.specular != no {
			return v.errf("speculate may be executed twice")
		}
		s.specular = yes
	case Mark:
		if s.fired != yes {
			return v.errf("mark before fire")
		}
		return v.fieldsWritten(s, int(in.Imm))
	case Ret:
		if s.fired == maybe {
			return v.errf("fire is executed on some paths only")
		}
		if s.fired == yes && !v.c.Conditional {
			for i := range v.c.Actions {
				if err := v.fieldsWritten(s, i); err != nil {
					return err
				}
			}
		}
	}
	for _, o := range info.args {
		if err := v.writes(s, in, o); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) reads(s *state, in *Instr, o operand) error {
	r := NoReg
	switch o {
	case oA, oAOpt, oAddr:
		r = in.A
	case oUReg:
		if Builtin(in.Sub) == BUReg {
			r = in.A
		}
	case oB, oBOpt, oBImm:
		r = in.B
	case oC:
		r = in.C
	case oDstRW:
		r = in.Dst
	case oMLd, oMLdX, oMStX, oMKey:
		return v.memWritten(s, in.M, false)
	case oMKeyOpt:
		if in.M != NoMem {
			return v.memWritten(s, in.M, false)
		}
	case oMRdStr:
		return v.memWritten(s, in.M, true)
	case oNRd:
		// Only as many bytes as the destination has are read.
		m := v.c.Mems[in.N]
		m.Size = v.c.Mems[in.M].Size
		return v.rangeWritten(s, m, false)
	case oNRdVal:
		t := v.p.Vars[in.Imm].Type
		return v.memWritten(s, in.N, t != nil && t.Is(ctype.String))
	case oNRdStr:
		return v.memWritten(s, in.N, true)
	case oNStrOpt:
		if in.N != NoMem {
			return v.memWritten(s, in.N, true)
		}
	case oPRdStr:
		return v.memWritten(s, in.P, true)
	}
	if r != NoReg && !s.regs.has(uint32(r)) {
		return v.errf("%s is not written on all paths to here", r)
	}
	return nil
}

func (v *verifier) writes(s *state, in *Instr, o operand) error {
	id := in.M
	switch o {
	case oDst, oDstRW:
		s.regs.add(uint32(in.Dst))
		return nil
	case oNWrVal:
		id = in.N
	case oMSt, oMStX, oMWr, oMWrStr:
	default:
		return nil
	}
	m := v.c.Mems[id]
	w, err := v.space(s, m)
	if w == nil || err != nil {
		return err
	}
	w.text.addRange(m.Off, m.Size)
	if o != oMWrStr {
		w.bytes.addRange(m.Off, m.Size)
	}
	return nil
}

// space returns what is known of the space of m, nil if it needs no care.
func (v *verifier) space(s *state, m Mem) (*written, error) {
	switch m.Space {
	case Frame:
		return &s.frame, nil
	case Record:
		if s.fired != yes {
			return nil, v.errf("%s before fire", m)
		}
		return &s.record, nil
	}
	return nil, nil
}

func (v *verifier) memWritten(s *state, id MemID, text bool) error {
	return v.rangeWritten(s, v.c.Mems[id], text)
}

func (v *verifier) rangeWritten(s *state, m Mem, text bool) error {
	w, err := v.space(s, m)
	if w == nil || err != nil {
		return err
	}
	b := w.bytes
	if text {
		b = w.text
	}
	if at, ok := b.missing(m.Off, m.Size); ok {
		if !text && w.text.has(at) {
			return v.errf("%s[%d], which may be behind a string's end, is not written on all paths to here", m.Space, at)
		}
		return v.errf("%s[%d] is not written on all paths to here", m.Space, at)
	}
	return nil
}

// fieldsWritten checks that the fields of action i are in the record.
func (v *verifier) fieldsWritten(s *state, i int) error {
	for _, f := range v.c.Actions[i].Fields {
		text := f.Kind == FString
		if err := v.rangeWritten(s, Mem{Record, f.Off, f.Size}, text); err != nil {
			return v.errf("action %d (%s): %s", i, v.c.Actions[i].Kind, err.(*VerifyError).Rule)
		}
	}
	return nil
}
