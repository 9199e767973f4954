package consume

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"github.com/godtrace/godtrace/agg"
	"github.com/godtrace/godtrace/host"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/symbol"
)

// Snapshot is the state of one aggregation, or of several joined by key.
type Snapshot struct {
	// Aggs are the aggregations, in the order asked for; all have the same
	// keys.
	Aggs []*ir.Agg
	// Normal is the normalization factor of each, at least 1.
	Normal []uint64
	// CPUs are the CPUs whose values the rows have, nil without aggpercpu.
	CPUs []int
	Rows []Row
}

// Row is one tuple with one value for each aggregation of its snapshot.
type Row struct {
	// Keys are the parts of the tuple, in its order.
	Keys []Key
	// Values has, for each aggregation, the value's words, or nil if that
	// aggregation has no such tuple.
	Values [][]uint64
	// CPUs has, for each aggregation, the values of the CPUs of Snapshot.CPUs, if
	// the option aggpercpu is set; those of CPUs without updates are zeros.
	CPUs [][][]uint64
	raw  string
}

// Key is one part of a tuple.
type Key struct {
	Field *ir.Field
	// Int is the value of an integer, pointer, or symbol address.
	Int int64
	// Text is set for strings and probe names, Bytes for all other kinds.
	Text  string
	Bytes []byte
}

type aggState struct {
	normal  uint64
	printed bool
	// zeroed are tuples that clear() reset: they are shown with value 0 until
	// truncated.
	zeroed map[string]bool
}

// aggregations is the consumer's side of all aggregations of a session.
type aggregations struct {
	prog  *ir.Program
	sess  host.Session
	names func(probe.ID) *probe.Probe
	opt   *option.Set
	syms  symbol.Resolver // may be nil
	// modules has, for mod() and umod() keys, the address that stands for each.
	modules map[string]uint64
	state   []aggState
}

func newAggregations(prog *ir.Program, sess host.Session, names func(probe.ID) *probe.Probe, opt *option.Set, syms symbol.Resolver) *aggregations {
	a := &aggregations{prog: prog, sess: sess, names: names, opt: opt, syms: syms, state: make([]aggState, len(prog.Aggs))}
	for i := range a.state {
		a.state[i].normal = 1
	}
	return a
}

// rows reads one aggregation; the map's key is the tuple as the consumer
// compares it: probe parts as text.
func (a *aggregations) rows(id ir.AggID) (map[string]*Row, []*Row, error) {
	ag := &a.prog.Aggs[id]
	byKey := map[string]*Row{}
	var list []*Row
	cpus := a.cpus()
	add := func(raw string, val []uint64) *Row {
		keys, canon := a.keys(ag, []byte(raw))
		if r, ok := byKey[canon]; ok {
			if val != nil {
				agg.Merge(&ag.Spec, r.Values[0], val)
			}
			return r
		}
		v := make([]uint64, ag.Spec.Words())
		copy(v, val)
		if agg.Empty(v) {
			v = agg.Unseen(&ag.Spec) // cleared
		}
		r := &Row{Keys: keys, Values: [][]uint64{v}, raw: raw}
		if cpus != nil {
			r.CPUs = [][][]uint64{make([][]uint64, len(cpus))}
			for i := range cpus {
				r.CPUs[0][i] = make([]uint64, ag.Spec.Words())
			}
		}
		byKey[canon] = r
		list = append(list, r)
		return r
	}
	err := a.sess.Aggregate(id, func(key []byte, val []uint64) error {
		add(string(key), val)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read aggregation @%s: %w", ag.Name, err)
	}
	for raw := range a.state[id].zeroed {
		add(raw, nil)
	}
	if cpus == nil {
		return byKey, list, nil
	}
	err = a.sess.AggregateCPUs(id, func(cpu int, key []byte, val []uint64) error {
		_, canon := a.keys(ag, key)
		// A tuple that came after the totals were read has none to stand beside.
		if i := slices.Index(cpus, cpu); i >= 0 && byKey[canon] != nil {
			agg.Merge(&ag.Spec, byKey[canon].CPUs[0][i], val)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read aggregation @%s: %w", ag.Name, err)
	}
	return byKey, list, nil
}

// cpus returns the CPUs whose values are wanted beside the total.
func (a *aggregations) cpus() []int {
	if !a.opt.Flag("aggpercpu") {
		return nil
	}
	return a.sess.CPUs()
}

func (a *aggregations) keys(ag *ir.Agg, raw []byte) ([]Key, string) {
	keys := make([]Key, len(ag.Keys))
	canon := raw
	// own makes canon a copy that may be changed.
	own := func() {
		if len(canon) == len(raw) && len(raw) > 0 && &canon[0] == &raw[0] {
			canon = bytes.Clone(raw)
		}
	}
	for i := range ag.Keys {
		f := &ag.Keys[i]
		k := Key{Field: f}
		switch f.Kind {
		case ir.FInt, ir.FPtr:
			k.Int = Int(raw, f)
		case ir.FString:
			k.Text = string(CString(Bytes(raw, f)))
		case ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
			k.Text = a.part(f.Kind, probe.ID(uint32(Int(raw, f))))
			own()
			if b := Bytes(canon, f); len(b) >= 4 {
				binary.LittleEndian.PutUint32(b, 0)
			}
			canon = append(canon, k.Text...)
			canon = append(canon, 0)
		case ir.FSym, ir.FMod, ir.FUSym, ir.FUMod:
			own()
			canon = a.symbolKey(f, canon)
			k.Bytes = bytes.Clone(Bytes(canon, f))
			if f.Kind == ir.FSym || f.Kind == ir.FMod {
				k.Int = Int(canon, f)
			}
		default:
			k.Bytes = bytes.Clone(Bytes(raw, f))
		}
		keys[i] = k
	}
	return keys, string(canon)
}

// symbolKey makes all addresses of a symbol, or of a module, one key: that of
// the symbol's start, or one address of the module.
func (a *aggregations) symbolKey(f *ir.Field, tuple []byte) []byte {
	b := Bytes(tuple, f)
	if a.syms == nil || len(b) < 8 {
		return tuple
	}
	user := f.Kind == ir.FUSym || f.Kind == ir.FUMod
	at := b
	var s symbol.Sym
	var ok bool
	if user {
		if len(b) < 16 {
			return tuple
		}
		at = b[8:]
		s, ok = a.syms.User(uint32(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint64(at))
	} else {
		s, ok = a.syms.Kernel(binary.LittleEndian.Uint64(at))
	}
	switch {
	case !ok:
	case f.Kind == ir.FMod || f.Kind == ir.FUMod:
		// Any address of the module stands for it; the first seen is shown.
		addr := binary.LittleEndian.Uint64(at)
		if a.modules == nil {
			a.modules = map[string]uint64{}
		}
		name := s.Module
		if user {
			name = fmt.Sprintf("%d/%s", binary.LittleEndian.Uint64(b), s.Module)
		}
		if first, seen := a.modules[name]; seen {
			addr = first
		} else {
			a.modules[name] = addr
		}
		binary.LittleEndian.PutUint64(at, addr)
	case s.Name != "":
		binary.LittleEndian.PutUint64(at, binary.LittleEndian.Uint64(at)-s.Off)
	}
	return tuple
}

func (a *aggregations) part(k ir.FieldKind, id probe.ID) string {
	p := a.names(id)
	if p == nil {
		return ""
	}
	switch k {
	case ir.FProbeProv:
		return p.Provider
	case ir.FProbeMod:
		return p.Module
	case ir.FProbeFunc:
		return p.Function
	}
	return p.Name
}

// Snapshot implements Aggregations.
func (a *aggregations) Snapshot(ids ...ir.AggID) (*Snapshot, error) {
	s := &Snapshot{CPUs: a.cpus()}
	joined := map[string]*Row{}
	var order []*Row
	for i, id := range ids {
		s.Aggs = append(s.Aggs, &a.prog.Aggs[id])
		s.Normal = append(s.Normal, a.state[id].normal)
		byKey, list, err := a.rows(id)
		if err != nil {
			return nil, err
		}
		if len(ids) == 1 {
			order = list
			break
		}
		for canon, r := range byKey {
			j, ok := joined[canon]
			if !ok {
				j = &Row{Keys: r.Keys, Values: make([][]uint64, len(ids)), CPUs: make([][][]uint64, len(ids)), raw: r.raw}
				joined[canon] = j
				order = append(order, j)
			}
			j.Values[i] = r.Values[0]
			if r.CPUs != nil {
				j.CPUs[i] = r.CPUs[0]
			}
		}
	}
	a.sort(s, order)
	s.Rows = make([]Row, len(order))
	for i, r := range order {
		s.Rows[i] = *r
	}
	return s, nil
}

// sort orders rows as the options aggsortkey, aggsortkeypos, aggsortpos and
// aggsortrev say: by value, then by key, unless told otherwise.
func (a *aggregations) sort(s *Snapshot, rows []*Row) {
	pos := int(a.opt.Num("aggsortpos"))
	if pos >= len(s.Aggs) {
		pos = 0
	}
	kpos := int(a.opt.Num("aggsortkeypos"))
	byKey := a.opt.Flag("aggsortkey")
	value := func(x, y *Row) int {
		for n := range s.Aggs {
			i := (pos + n) % len(s.Aggs)
			if c := compareValues(s, i, x.Values[i], y.Values[i]); c != 0 {
				return c
			}
		}
		return 0
	}
	key := func(x, y *Row) int { return compareKeys(x.Keys, y.Keys, kpos) }
	first, second := value, key
	if byKey {
		first, second = key, value
	}
	rev := 1
	if a.opt.Flag("aggsortrev") {
		rev = -1
	}
	sort.SliceStable(rows, func(i, j int) bool {
		c := first(rows[i], rows[j])
		if c == 0 {
			c = second(rows[i], rows[j])
		}
		return c*rev < 0
	})
}

// compareValues compares values of aggregation i; nil is a tuple that it does not
// have, which counts as a value never updated.
func compareValues(s *Snapshot, i int, x, y []uint64) int {
	spec := &s.Aggs[i].Spec
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		x = make([]uint64, spec.Words())
	case y == nil:
		y = make([]uint64, spec.Words())
	}
	return agg.Compare(spec, x, y)
}

func compareKeys(x, y []Key, pos int) int {
	if pos >= len(x) {
		pos = 0
	}
	for n := range x {
		i := (pos + n) % len(x)
		if c := compareKey(&x[i], &y[i]); c != 0 {
			return c
		}
	}
	return 0
}

func compareKey(x, y *Key) int {
	switch x.Field.Kind {
	case ir.FInt:
		// Keys sort without sign, whatever their type: -1 comes last.
		sh := 64 - 8*min(x.Field.Size, 8)
		return cmp(uint64(x.Int)<<sh, uint64(y.Int)<<sh)
	case ir.FPtr, ir.FSym, ir.FMod:
		return cmp(uint64(x.Int), uint64(y.Int))
	case ir.FString, ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		return cmp(x.Text, y.Text)
	case ir.FStack, ir.FUStack, ir.FUSym, ir.FUMod, ir.FUAddr:
		for i := 0; i+8 <= len(x.Bytes) && i+8 <= len(y.Bytes); i += 8 {
			if c := cmp(binary.LittleEndian.Uint64(x.Bytes[i:]), binary.LittleEndian.Uint64(y.Bytes[i:])); c != 0 {
				return c
			}
		}
		return 0
	}
	return bytes.Compare(x.Bytes, y.Bytes)
}

func cmp[T uint64 | string](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func (a *aggregations) clear(id ir.AggID) error {
	st := &a.state[id]
	if st.zeroed == nil {
		st.zeroed = map[string]bool{}
	}
	err := a.sess.Aggregate(id, func(key []byte, _ []uint64) error {
		st.zeroed[string(key)] = true
		return nil
	})
	if err != nil {
		return err
	}
	return a.sess.Clear(id)
}

// truncate keeps the n largest tuples (the -n smallest if n is negative); n 0
// removes all.
func (a *aggregations) truncate(id ir.AggID, n int64) error {
	st := &a.state[id]
	if n == 0 {
		st.zeroed = nil
		return a.sess.Truncate(id, nil)
	}
	_, rows, err := a.rows(id)
	if err != nil {
		return err
	}
	s := &Snapshot{Aggs: []*ir.Agg{&a.prog.Aggs[id]}, Normal: []uint64{st.normal}}
	sort.SliceStable(rows, func(i, j int) bool {
		c := compareValues(s, 0, rows[i].Values[0], rows[j].Values[0])
		if c == 0 {
			c = compareKeys(rows[i].Keys, rows[j].Keys, 0)
		}
		return c < 0
	})
	keep := n
	if keep < 0 {
		keep = -keep
	}
	if keep >= int64(len(rows)) {
		return nil
	}
	drop := rows[:int64(len(rows))-keep]
	if n < 0 {
		drop = rows[keep:]
	}
	var keys [][]byte
	gone := map[string]bool{}
	for _, r := range drop {
		_, canon := a.keys(&a.prog.Aggs[id], []byte(r.raw))
		gone[canon] = true
	}
	// Several raw tuples may be one tuple to the consumer (probe names).
	err = a.sess.Aggregate(id, func(key []byte, _ []uint64) error {
		if _, canon := a.keys(&a.prog.Aggs[id], key); gone[canon] {
			keys = append(keys, bytes.Clone(key))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for raw := range st.zeroed {
		if _, canon := a.keys(&a.prog.Aggs[id], []byte(raw)); gone[canon] {
			delete(st.zeroed, raw)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return a.sess.Truncate(id, keys)
}
