package check

import (
	"github.com/godtrace/godtrace/ctype"
)

// isDyn reports whether x has no value of its own: translated objects,
// untyped variables, aggregations.
func isDyn(x *Expr) bool { return x.Xlate != nil || x.Type.Is(ctype.Dyn) }

func isInt(x *Expr) bool { return x.Xlate == nil && x.Type.IsInt() }

// isScalar reports whether x is a number or a pointer; that to an object of a
// translator has the value of the translator's input.
func isScalar(x *Expr) bool { return x.Type.IsScalar() && (x.Xlate == nil || isXlatePtr(x)) }

// isXlatePtr reports whether x is a pointer to an object that a translator makes of
// what another pointer points to.
func isXlatePtr(x *Expr) bool {
	return x.Xlate != nil && x.Type.Is(ctype.Pointer) && x.Xlate.In.Is(ctype.Pointer)
}

func isString(x *Expr) bool { return x.Xlate == nil && x.Type.Is(ctype.String) }

// isPtr reports whether x is a pointer or an array, which decays to one.
func isPtr(x *Expr) bool {
	return x.Xlate == nil && (x.Type.Is(ctype.Pointer) || x.Type.Is(ctype.Array))
}

// isCharType reports whether t is the char that strings are made of.
func isCharType(t *ctype.Type) bool {
	b := t.Base()
	return b.Kind == ctype.Int && b.Bytes == 1 && !b.Bool && (b.Signed || b.Name == "char")
}

// strLike reports whether D takes t for a string by itself.
func strLike(t *ctype.Type) bool {
	b := t.Base()
	switch b.Kind {
	case ctype.String:
		return true
	case ctype.Array, ctype.Pointer:
		return isCharType(b.Elem)
	}
	return false
}

func isStrCompat(x *Expr) bool { return x.Xlate == nil && strLike(x.Type) }

// pointee returns what a pointer or array points to; for strings char.
func (c *Checker) pointee(t *ctype.Type) *ctype.Type {
	b := t.Base()
	switch b.Kind {
	case ctype.Pointer, ctype.Array:
		return b.Elem
	case ctype.String:
		return c.t.Char
	}
	return nil
}

// isVFPtr reports whether x points to void, a function or an incomplete type,
// so that no arithmetic is possible.
func (c *Checker) isVFPtr(x *Expr) bool {
	e := c.pointee(x.Type)
	if e == nil || isString(x) {
		return false
	}
	switch c.complete(e).Kind {
	case ctype.Void, ctype.Func, ctype.Forward:
		return true
	}
	return false
}

// compatTypes is the strict compatibility of C: the same type, qualifiers and
// names of typedefs aside; integers of one size and sign are the same here,
// whatever they are called.
func compatTypes(a, b *ctype.Type) bool { return ctype.Equal(a, b) }

// ptrCompat reports whether two operands may stand together as pointers: both
// point to the same type, one points to void, or one is the constant 0. It
// returns the more specific pointer type.
func (c *Checker) ptrCompat(l, r *Expr) (*ctype.Type, bool) {
	if isDyn(l) || isDyn(r) || isInt(l) && isInt(r) {
		return nil, false
	}
	if isInt(l) && (!l.Const || l.Int != 0) || isInt(r) && (!r.Const || r.Int != 0) {
		return nil, false
	}
	lt, rt := l.Type, r.Type
	if isInt(l) {
		lt = rt
	}
	if isInt(r) {
		rt = lt
	}
	if lt.Is(ctype.Pointer) && rt.Is(ctype.Pointer) && lt.Base().Space != rt.Base().Space &&
		!lt.Base().Elem.Is(ctype.Void) && !rt.Base().Elem.Is(ctype.Void) && !l.Const && !r.Const {
		return nil, false
	}
	le, re := c.pointee(lt), c.pointee(rt)
	if le == nil || re == nil {
		return nil, false
	}
	switch {
	case le.Is(ctype.Void):
		return rt, true
	case re.Is(ctype.Void):
		return lt, true
	case compatTypes(le, re), ctype.Equal(c.complete(le), c.complete(re)):
		return lt, true
	}
	return nil, false
}

// argCompat reports whether a value r may be passed to, or assigned to, an
// object of type want.
func (c *Checker) argCompat(want *ctype.Type, r *Expr) bool {
	if r.Xlate != nil {
		return false
	}
	if r.Type.Is(ctype.Dyn) || want.Is(ctype.Dyn) {
		return want.Is(ctype.Dyn) && r.Type.Is(ctype.Dyn) && dynClass(want) == dynClass(r.Type)
	}
	l := &Expr{Type: want}
	switch {
	case compatTypes(want, r.Type) && !want.Is(ctype.Void):
		return true
	case isInt(l) && isInt(r), isStrCompat(l) && isStrCompat(r):
		return true
	case want.Is(ctype.Void):
		return r.Type.Is(ctype.Void)
	}
	switch c.complete(want).Kind {
	case ctype.Func, ctype.Struct, ctype.Union:
		return false
	case ctype.Pointer:
		if e := want.Base().Elem; r.Type.Is(ctype.Func) {
			return e.Is(ctype.Void) || ctype.Equal(e, r.Type)
		}
	}
	_, ok := c.ptrCompat(l, r)
	return ok
}

// dynClass groups the dynamic types that may stand for each other.
func dynClass(t *ctype.Type) int {
	switch t.Base().Dyn {
	case ctype.DynStack, ctype.DynUStack, ctype.DynStackVal:
		return 1
	case ctype.DynSym, ctype.DynMod:
		return 2
	case ctype.DynUSym, ctype.DynUMod, ctype.DynUAddr:
		return 3
	}
	return 0
}

// promote returns the type in which two integers are combined: D's rule is the
// greater rank of the two, the rank being twice the size plus one if unsigned.
// Unlike C it does not widen to int. Enums count as int.
func (c *Checker) promote(a, b *ctype.Type) *ctype.Type {
	rank := func(t *ctype.Type) (*ctype.Type, int64) {
		u := t.Base()
		if u.Kind == ctype.Enum {
			if u.Bytes <= 4 {
				return c.t.Int, 8
			}
			if u.Signed {
				return c.t.Int64, 16
			}
			return c.t.Uint64, 17
		}
		r := 2 * u.Bytes
		if !u.Signed {
			r++
		}
		return t, r
	}
	at, ar := rank(a)
	bt, br := rank(b)
	if ar == br && bt.Base() == c.t.LongLong || ar < br {
		return bt
	}
	return at
}

// convert notes that the context of e wants type to. x is what is known of e;
// the two must be compatible.
func (c *Checker) convert(x *Expr, to *ctype.Type) {
	if x == nil || x.Xlate != nil || to.Is(ctype.Dyn) || to.Is(ctype.Void) {
		return
	}
	switch {
	case to.Is(ctype.String):
		if !x.Type.Is(ctype.String) {
			x.Conv, x.To = ConvString, to
		}
	case to.Is(ctype.Pointer):
		switch {
		case x.Type.Is(ctype.String):
			x.Conv, x.To = ConvStrPtr, to
		case x.Type.Is(ctype.Array), x.Type.Is(ctype.Func):
			x.Conv, x.To = ConvDecay, to
		default:
			x.Conv, x.To = ConvInt, to
		}
	case to.IsInt():
		switch {
		case x.Type.IsInt() && sameInt(x.Type, to):
		case x.Type.IsInt(), x.Type.Is(ctype.Pointer):
			x.Conv, x.To = ConvInt, to
		case x.Type.Is(ctype.Array), x.Type.Is(ctype.Func):
			x.Conv, x.To = ConvDecay, to
		}
	}
}

func sameInt(a, b *ctype.Type) bool {
	a, b = a.Base(), b.Base()
	return a.Bytes == b.Bytes && a.Signed == b.Signed && a.Bool == b.Bool
}

// decay notes that e is used for its value: arrays and functions become
// addresses.
func (c *Checker) decay(x *Expr) *ctype.Type {
	b := x.Type.Base()
	switch b.Kind {
	case ctype.Array:
		x.Conv, x.To = ConvDecay, ctype.PtrTo(b.Elem)
		return x.To
	case ctype.Func:
		x.Conv, x.To = ConvDecay, ctype.PtrTo(x.Type)
		return x.To
	}
	return x.Type
}

// fit cuts a 64-bit pattern to the size of t and extends it by t's sign.
func (c *Checker) fit(v int64, t *ctype.Type) int64 {
	b := t.Base()
	if b.Kind == ctype.Pointer {
		if c.t.Model.Ptr == 4 {
			return int64(uint32(v))
		}
		return v
	}
	if b.Bool {
		if v != 0 {
			return 1
		}
		return 0
	}
	switch {
	case b.Bytes <= 0 || b.Bytes >= 8:
		return v
	case b.Signed:
		s := uint(64 - 8*b.Bytes)
		return v << s >> s
	}
	return v & (1<<(8*uint(b.Bytes)) - 1)
}
