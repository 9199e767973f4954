package bpf

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// A program may refer to 64 maps (the kernel's MAX_USED_MAPS). Each aggregation
// with keys and each associative array is a hash map of its own. Where there are
// many, those with elements of one size are reached through an array of maps,
// which counts once.

// maxTables is the number of hash maps that a program refers to itself; the rest
// of 64 is for the maps that there are once.
const maxTables = 40

// shared is a hash map's place in an array of maps.
type shared struct {
	outer string
	index int
	konst uint32 // offset in konst of the index
}

// isArray reports whether a variable is an associative array with elements.
func isArray(v *ir.Var) bool {
	return (v.Kind == ir.VarAssoc || v.Kind == ir.VarThreadAssoc) && v.KeySize > 0
}

// shareTables decides which hash maps are reached through arrays of maps.
func (g *gen) shareTables() {
	groups := map[string][]string{}
	var order []string
	n := 0
	add := func(group, name string) {
		if groups[group] == nil {
			order = append(order, group)
		}
		groups[group] = append(groups[group], name)
		n++
	}
	for i := range g.prog.Aggs {
		a := &g.prog.Aggs[i]
		if _, ids := g.idRange(i); a.KeySize == 0 || ids > 0 {
			continue
		}
		add(fmt.Sprintf("aggs_%d_%d", a.KeySize, g.aggSize(i)), aggName(i))
		if g.spills(i) {
			add(fmt.Sprintf("spills_%d_%d", a.KeySize, g.aggSize(i)), spillName(i))
		}
	}
	for i := range g.prog.Vars {
		if v := &g.prog.Vars[i]; isArray(v) {
			add(fmt.Sprintf("dyns_%d_%d", v.KeySize, v.ValSize), dynName(i))
		}
	}
	if n <= maxTables {
		return
	}
	g.tables = map[string]shared{}
	for _, group := range order {
		if len(groups[group]) < 2 {
			continue
		}
		for i, name := range groups[group] {
			g.tables[name] = shared{group, i, g.pad(4)}
			binary.LittleEndian.PutUint32(g.konst[g.tables[name].konst:], uint32(i))
		}
	}
}

// outerMaps adds the arrays of maps to m, which has the hash maps.
func (g *gen) outerMaps(m map[string]*ebpf.MapSpec) {
	for name, t := range g.tables {
		outer := m[t.outer]
		if outer == nil {
			inner := m[name].Copy()
			inner.Name = "gt_inner"
			outer = &ebpf.MapSpec{Name: "gt_" + t.outer, Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, InnerMap: inner}
			m[t.outer] = outer
		}
		outer.Contents = append(outer.Contents, ebpf.MapKV{Key: uint32(t.index), Value: name})
		outer.MaxEntries++
	}
}

// onTable emits a helper's call on a hash map: its address is in r1 when call,
// which loads the other arguments, is to emit the rest.
func (p *progGen) onTable(name string, call func()) {
	t, ok := p.tables[name]
	if !ok {
		p.mapPtr(r1, name)
		call()
		return
	}
	none := p.newLabel()
	p.mapPtr(r1, t.outer)
	p.mapValue(r2, MapConst, t.konst)
	p.helper(asm.FnMapLookupElem)
	p.jImm(asm.JEq, r0, 0, none) // never; the verifier does not know
	p.mov(r1, r0)
	call()
	p.bind(none)
}
