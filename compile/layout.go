package compile

import (
	"sort"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/syntax"
)

// tuple is the memory layout of the keys of an aggregation or associative
// array. Fields are packed by falling alignment, strings last, so that little is
// lost to padding; fields[i] is key i all the same.
type tuple struct {
	fields []ir.Field
	size   int64
	// zero is set if the fields do not fill the tuple: it must be cleared first.
	zero bool
	// thread is set if fields[0] is the key of the thread.
	thread bool
}

// keyUse is what the uses of one key have in common.
type keyUse struct {
	max   int64         // of strings: the greatest size in bytes
	seen  bool          // there is a use
	plain bool          // some use is not the probe's name
	part  ir.StrBuiltin // else all uses are this part of the probe's name
}

// layout places all variables and aggregations of the programs.
//
// The size of a string in a tuple is the greatest that any use can need, not
// that of a string variable: hashing and comparing 16 bytes for execname rather
// than 256 halves the cost of a keyed count(). That is why all programs are
// looked through before the first is compiled.
func (c *compiler) layout(infos []*check.Info) {
	c.tuples = map[check.Object]*tuple{}
	if len(infos) == 0 {
		return
	}
	uses := map[check.Object][]keyUse{}
	for _, in := range infos {
		c.info = in
		for _, cl := range in.Clauses {
			c.enter(cl)
			c.uses(cl.Node, uses)
		}
	}
	for _, v := range c.info.Vars() {
		c.variable(v, uses[v])
	}
	for _, a := range c.info.Aggs() {
		c.aggregation(a, uses[a])
	}
	p := c.prog
	p.GlobalSize, p.LocalSize, p.TLSSize = roundUp(p.GlobalSize, 8), roundUp(p.LocalSize, 8), roundUp(p.TLSSize, 8)
}

// uses notes the keys that the code below n, with the inlines and translators
// it uses, gives to aggregations and associative arrays.
func (c *compiler) uses(n syntax.Node, uses map[check.Object][]keyUse) {
	seen := map[syntax.Expr]bool{}
	var visit func(n syntax.Node) bool
	body := func(e syntax.Expr) {
		if e != nil && !seen[e] {
			seen[e] = true
			syntax.Walk(e, visit)
		}
	}
	visit = func(n syntax.Node) bool {
		e, ok := n.(syntax.Expr)
		if !ok {
			return true
		}
		x := c.info.Expr(e)
		if x == nil {
			return true
		}
		if d, ok := x.Obj.(*check.InlineDef); ok {
			body(d.X)
		}
		if x.XMember != nil {
			body(x.XMember.X)
		}
		if x.Xlate != nil {
			for _, m := range x.Xlate.Members {
				if c.info.Expr(m.X) != nil {
					body(m.X)
				}
			}
		}
		var keys []syntax.Expr
		switch n := e.(type) {
		case *syntax.Agg:
			keys = n.Keys
		case *syntax.Index:
			if _, ok := x.Obj.(*check.Var); ok {
				keys = n.Args
			}
		}
		if len(keys) == 0 || x.Obj == nil {
			return true
		}
		u := uses[x.Obj]
		for len(u) < len(keys) {
			u = append(u, keyUse{})
		}
		for i, k := range keys {
			kx := c.info.Expr(k)
			if kx == nil {
				continue
			}
			u[i].max = max(u[i].max, c.strMax(k))
			part, ok := c.probePart(k)
			if !ok || u[i].seen && part != u[i].part {
				u[i].plain = true
			}
			u[i].part, u[i].seen = part, true
		}
		uses[x.Obj] = u
		return true
	}
	syntax.Walk(n, visit)
}

// probePart tells whether e is a part of the probe's name.
func (c *compiler) probePart(e syntax.Expr) (ir.StrBuiltin, bool) {
	x := c.info.Expr(e)
	if x == nil {
		return 0, false
	}
	if b, ok := x.Obj.(*check.BuiltinVar); ok && b.Kind == check.BuiltinStr {
		switch b.Str {
		case ir.SProbeProv, ir.SProbeMod, ir.SProbeFunc, ir.SProbeName:
			return b.Str, true
		}
	}
	return 0, false
}

// partField returns the kind of field for a part of the probe's name.
func partField(s ir.StrBuiltin) ir.FieldKind {
	switch s {
	case ir.SProbeProv:
		return ir.FProbeProv
	case ir.SProbeMod:
		return ir.FProbeMod
	case ir.SProbeFunc:
		return ir.FProbeFunc
	}
	return ir.FProbeName
}

// variable gives v its place.
func (c *compiler) variable(v *check.Var, uses []keyUse) {
	if v.Type == nil || v.Type.Is(ctype.Dyn) && !v.Type.IsStackVal() {
		return // never assigned: nothing reads it either
	}
	out := ir.Var{Name: v.Name, Kind: v.Kind, Type: v.Type}
	size := c.size(v.Type)
	if size <= 0 {
		return
	}
	switch v.Kind {
	case ir.VarAssoc, ir.VarThreadAssoc:
		t := c.newTuple(v.Keys, v.Frames, uses, v.Kind == ir.VarThreadAssoc, false)
		c.tuples[v] = t
		out.KeySize, out.ValSize, out.Keys = uint32(t.size), uint32(size), t.fields
	default:
		sp, n := ir.Global, &c.prog.GlobalSize
		switch v.Kind {
		case ir.VarLocal:
			sp, n = ir.Local, &c.prog.LocalSize
		case ir.VarTLS:
			sp, n = ir.TLS, &c.prog.TLSSize
		}
		al := c.align(v.Type)
		if size >= 8 {
			al = 8 // so that copies can go by eight bytes
		}
		off := roundUp(int64(*n), al)
		if off+size > ir.MaxSpace {
			panic(diag.Errorf(v.Pos, diag.D_CG_EXPR, "variable %s: the variables of class %s take more than %d bytes",
				v.Name, v.Kind, ir.MaxSpace))
		}
		out.Mem = ir.Mem{Space: sp, Off: uint32(off), Size: uint32(size)}
		*n = uint32(off + size)
	}
	c.vars[v] = len(c.prog.Vars)
	c.prog.Vars = append(c.prog.Vars, out)
}

// varIndex returns the index of v in prog.Vars, -1 if it has no place because
// nothing ever assigns it.
func (c *compiler) varIndex(v *check.Var) int {
	if i, ok := c.vars[v]; ok {
		return i
	}
	return -1
}

func (c *compiler) aggregation(a *check.Agg, uses []keyUse) {
	out := ir.Agg{Name: a.Name, Spec: a.Spec, Clearable: a.Clearable, Pos: a.Pos}
	if len(a.Keys) > 0 {
		types := make([]*ctype.Type, len(a.Keys))
		frames := make([]int64, len(a.Keys))
		for i, k := range a.Keys {
			types[i], frames[i] = k.Type, k.Frames
		}
		t := c.newTuple(types, frames, uses, false, true)
		c.tuples[a] = t
		out.KeySize, out.Keys = uint32(t.size), t.fields
		if t.size > ir.MaxKey {
			panic(diag.Errorf(a.Pos, diag.D_CG_EXPR, "aggregation @%s has a tuple of %d bytes, want at most %d", a.Name, t.size, ir.MaxKey))
		}
	}
	c.prog.Aggs = append(c.prog.Aggs, out)
}

// newTuple lays out keys of the given types. Parts of the probe's name are
// stored as the probe's id where ids is set, which is right where the consumer
// joins tuples by their text: in aggregations.
func (c *compiler) newTuple(types []*ctype.Type, frames []int64, uses []keyUse, thread, ids bool) *tuple {
	t := &tuple{thread: thread}
	if thread {
		t.fields = append(t.fields, ir.Field{Size: 8, Kind: ir.FInt, Type: c.types.Uint64})
	}
	for i, k := range types {
		var u keyUse
		if i < len(uses) {
			u = uses[i]
		}
		if ids && k.Is(ctype.String) && u.seen && !u.plain {
			t.fields = append(t.fields, ir.Field{Size: 4, Kind: partField(u.part), Type: c.types.String})
			continue
		}
		n := int64(0)
		if i < len(frames) {
			n = frames[i]
		}
		f := c.field(k, n)
		if f.Kind == ir.FString && u.max > 0 {
			f.Size = uint32(max(u.max, 2))
		}
		t.fields = append(t.fields, f)
	}
	order := make([]int, len(t.fields))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		return c.fieldAlign(&t.fields[order[i]]) > c.fieldAlign(&t.fields[order[j]])
	})
	used := int64(0)
	for _, i := range order {
		f := &t.fields[i]
		f.Off = roundUp(uint32(t.size), c.fieldAlign(f))
		t.size = int64(f.Off) + int64(f.Size)
		used += int64(f.Size)
		t.zero = t.zero || f.Kind == ir.FString
	}
	if t.size >= 4 {
		t.size = roundUp(t.size, 4) // hash functions go by words
	}
	t.zero = t.zero || used != t.size
	return t
}

// fieldAlign returns the alignment of a field: that of its number, or of the
// greatest number in it.
func (c *compiler) fieldAlign(f *ir.Field) uint32 {
	switch f.Kind {
	case ir.FInt, ir.FPtr:
		return f.Size
	case ir.FString:
		return 1
	case ir.FBytes:
		if f.Type != nil {
			return uint32(min(c.align(f.Type), 8))
		}
		return 1
	case ir.FProbeProv, ir.FProbeMod, ir.FProbeFunc, ir.FProbeName:
		return 4
	}
	return 8
}

// field returns the field for a value of type t, without offset; frames is the
// depth of stacks. Strings have the size of a string variable.
func (c *compiler) field(t *ctype.Type, frames int64) ir.Field {
	f := ir.Field{Type: t}
	b := t.Base()
	switch b.Kind {
	case ctype.String:
		f.Kind, f.Size = ir.FString, uint32(c.str)
	case ctype.Pointer, ctype.Func:
		f.Kind, f.Size = ir.FPtr, uint32(c.prog.Model.Ptr)
	case ctype.Int, ctype.Enum:
		f.Kind, f.Size, f.Signed = ir.FInt, uint32(b.Bytes), b.Signed
		switch f.Size {
		case 1, 2, 4, 8:
		default:
			f.Kind = ir.FBytes // __int128
		}
	case ctype.Dyn:
		frames = max(frames, 1)
		switch b.Dyn {
		case ctype.DynStack:
			f.Kind, f.Size = ir.FStack, uint32(8*frames)
		case ctype.DynUStack:
			f.Kind, f.Size = ir.FUStack, uint32(8+8*frames)
		case ctype.DynStackVal:
			f.Kind, f.Size = ir.FUStack, uint32(8+8*max(frames, c.info.StackFrames()))
		case ctype.DynSym, ctype.DynSymName:
			f.Kind, f.Size = ir.FSym, 8
		case ctype.DynMod:
			f.Kind, f.Size = ir.FMod, 8
		case ctype.DynUSym:
			f.Kind, f.Size = ir.FUSym, 16
		case ctype.DynUMod:
			f.Kind, f.Size = ir.FUMod, 16
		case ctype.DynUAddr:
			f.Kind, f.Size = ir.FUAddr, 16
		default:
			f.Kind, f.Size, f.Signed, f.Type = ir.FInt, 8, true, c.types.Int64
		}
	default:
		f.Kind, f.Size = ir.FBytes, uint32(c.size(t))
	}
	return f
}
