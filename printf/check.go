package printf

import (
	"fmt"
)

// Class is what a D expression is, as far as formats care.
type Class uint8

// The classes of argument types.
const (
	ClassOther   Class = iota // struct, union, function, void: no conversion takes it
	ClassInt                  // integers and enumerations
	ClassFloat                // floating point
	ClassPointer              // pointers
	ClassString               // string, and arrays of char
	ClassWString              // arrays of 4-byte integers
	ClassStack                // stack(), ustack(), jstack()
	ClassSym                  // sym(), func(), mod()
	ClassUSym                 // usym(), ufunc(), umod(), uaddr()
)

// ArgType is the type of an argument. Name is its D spelling, for messages.
type ArgType struct {
	Class  Class
	Size   int // bytes
	Signed bool
	Name   string
}

// Use says what a format is used for.
type Use struct {
	// Func is the action's name in messages: printf, printa, system, freopen.
	Func string
	// First is the number of arguments before the first value, normally 1, the
	// format string.
	First int
	// Agg is set for printa(): @ is allowed, the arguments are the keys, and
	// not all keys need a conversion. AggSigned is false if the aggregating
	// function is count().
	Agg, AggSigned bool
	// Target is set if $target names a process, to which %A can refer.
	Target bool
}

// Check holds the format against the types of its arguments: in printa() those
// of the keys. Its errors are *Error with a D_PRINTF_... tag.
func (f *Format) Check(u Use, args []ArgType) error {
	if f.text == "" {
		return &Error{Tag: "D_PRINTF_FMT_EMPTY", Arg: u.First, Msg: u.Func + "( ) format string is empty"}
	}
	k := checker{u: u, args: args}
	for i := range f.convs {
		if err := k.conv(&f.convs[i]); err != nil {
			return err
		}
	}
	if !u.Agg && k.next < len(args) {
		return &Error{Tag: "D_PRINTF_ARG_EXTRA", Arg: u.First + k.next + 1,
			Msg: fmt.Sprintf("%s( ) has %d values after the format string, which takes %d", u.Func, len(args), k.next)}
	}
	return nil
}

type checker struct {
	u    Use
	args []ArgType
	next int
}

func (k *checker) conv(c *conv) error {
	fail := func(tag string, arg int, format string, args ...any) error {
		return &Error{Tag: tag, Conv: c.num, Arg: arg, Msg: k.u.Func + "( ) " + fmt.Sprintf(format, args...)}
	}
	for _, dyn := range []struct {
		flag flags
		text string
	}{{flagDynWidth, "*"}, {flagDynPrec, ".*"}} {
		if c.flags&dyn.flag == 0 {
			continue
		}
		if k.next == len(k.args) {
			return fail("D_PRINTF_DYN_PROTO", 0, "has no argument for the %q of conversion #%d (%%%s)", dyn.text, c.num, c.name)
		}
		k.next++
		if a := k.args[k.next-1]; a.Class != ClassInt {
			return fail("D_PRINTF_DYN_TYPE", k.u.First+k.next, "argument #%d has type %s, but the %q of conversion #%d (%%%s) takes int",
				k.u.First+k.next, a.Name, dyn.text, c.num, c.name)
		}
	}
	var a ArgType
	var what string
	switch {
	case c.flags&flagAgg != 0:
		if !k.u.Agg {
			return fail("D_PRINTF_AGG_CONV", 0, "conversion #%d (%%@%s) formats an aggregation, which only printa( ) has", c.num, c.name)
		}
		a = ArgType{Class: ClassInt, Size: 8, Signed: k.u.AggSigned, Name: "int64_t"}
		if !a.Signed {
			a.Name = "uint64_t"
		}
		what = "aggregation value"
	case k.next == len(k.args):
		return fail("D_PRINTF_ARG_PROTO", 0, "has no argument for conversion #%d (%%%s)", c.num, c.name)
	default:
		a = k.args[k.next]
		k.next++
		what = fmt.Sprintf("argument #%d", k.u.First+k.next)
	}
	conversion := conversions[c.name]
	if !conversion.takes.accepts(a, k.u.Target) {
		arg := 0
		if c.flags&flagAgg == 0 {
			arg = k.u.First + k.next
		}
		return fail("D_PRINTF_ARG_TYPE", arg, "%s has type %s, but conversion #%d (%%%s) takes %s",
			what, a.Name, c.num, c.name, conversion.proto)
	}
	return nil
}

func (t takes) accepts(a ArgType, target bool) bool {
	integer := a.Class == ClassInt
	addr := integer || a.Class == ClassPointer
	switch t {
	case takesInt:
		return integer
	case takesSmall:
		return integer && a.Size <= 4
	case takesShort:
		return integer && a.Size == 2 && a.Signed
	case takesUshort:
		return integer && a.Size == 2 && !a.Signed
	case takesAnyShort:
		return integer && a.Size == 2
	case takesInt32:
		return integer && a.Size == 4 && a.Signed
	case takesLong:
		return integer && a.Size == 8 && a.Signed
	case takesUlong:
		return integer && a.Size == 8 && !a.Signed
	case takesAnyLong:
		return integer && a.Size == 8
	case takesFloat:
		return a.Class == ClassFloat
	case takesLongDouble:
		return a.Class == ClassFloat && a.Size == 16
	case takesAddr:
		return addr
	case takesKAddr:
		return addr || a.Class == ClassSym
	case takesUAddr:
		return a.Class == ClassUSym || target && addr
	case takesString:
		return a.Class == ClassString
	case takesWString:
		return a.Class == ClassWString
	case takesStack:
		return a.Class == ClassStack
	}
	return false
}
