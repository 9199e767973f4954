// Package printf models the format strings of D's printf(), printa(), system()
// and freopen(): which conversions there are, which arguments each takes, and
// what text a record becomes.
//
// A format is used in three steps. Parse reads it once, when the program is
// compiled; Check holds it against the types of the arguments; Append formats
// one record, as often as records arrive, without allocating. The package knows
// neither the D type system nor the layout of records: types come as ArgType,
// data as Arg, symbols from a Symbolizer.
//
// D's conversions differ from C's: the compiler knows the size and sign of each
// argument, so %d prints any integer as what it is, %u, %o and %x take the bits
// of its true size, and %p is bare hexadecimal. Size prefixes (h, l, ll, L, w)
// do not convert; they assert a type. A precision of 0 is no precision.
package printf

import (
	"time"

	"github.com/godtrace/godtrace/agg"
)

// Format is a parsed format string. It is not changed after Parse and may be
// used by several goroutines.
type Format struct {
	text  string
	convs []conv
	tail  string // text after the last conversion
}

// Ungroup drops the flag ' of all conversions, for locales whose numbers have no
// separator between thousands, such as C.
func (f *Format) Ungroup() {
	for i := range f.convs {
		f.convs[i].flags &^= flagGroup
	}
}

// conv is a conversion and the literal text before it.
type conv struct {
	lit   string
	name  string // letters: "d", "llx", "ws"
	op    op
	verb  byte // last letter of name
	flags flags
	width int
	prec  int // 0 is none
	num   int // counting from 1, and counting %%
	float string
}

type flags uint16

const (
	flagLeft  flags = 1 << iota // -
	flagPlus                    // +
	flagSpace                   // blank
	flagZero                    // 0
	flagAlt                     // #
	flagGroup                   // '
	flagDynWidth
	flagDynPrec
	flagAgg // @

	// flagsShape are those that change how a value is laid out.
	flagsShape = flagLeft | flagPlus | flagSpace | flagZero | flagAlt | flagGroup | flagDynWidth | flagDynPrec
)

// String returns the format as written, escapes resolved.
func (f *Format) String() string { return f.text }

// Args returns the number of arguments the format takes, those of * included
// and those of @ not.
func (f *Format) Args() int {
	n := 0
	for i := range f.convs {
		c := &f.convs[i]
		for _, takes := range []bool{c.flags&flagDynWidth != 0, c.flags&flagDynPrec != 0, c.flags&flagAgg == 0} {
			if takes {
				n++
			}
		}
	}
	return n
}

// Aggregates reports whether the format has a conversion with @.
func (f *Format) Aggregates() bool {
	for i := range f.convs {
		if f.convs[i].flags&flagAgg != 0 {
			return true
		}
	}
	return false
}

// Kind says what an Arg holds.
type Kind uint8

// The kinds of arguments.
const (
	Int     Kind = iota // Int, Size 1, 2, 4 or 8 bytes, Signed
	Pointer             // Int: an address
	Float               // Bytes: 4, 8 or 16 (x87) bytes, little endian
	String              // Bytes: text up to the first NUL or the end
	Chars               // Bytes: a char array, which may hold NULs
	WString             // Bytes: 32-bit characters (UTF-16 if Size is 2), little endian, up to the first 0
	Stack               // Bytes: 64-bit kernel addresses, little endian, 0 ends
	UStack              // Bytes: 64-bit process id, then user addresses, 0 ends
	Sym                 // Int: kernel address, printed as module`symbol
	Mod                 // Int: kernel address, printed as its module
	USym                // PID, Int: user address, printed as module`symbol
	UMod                // PID, Int: user address, printed as its module
	UAddr               // PID, Int: user address, printed as module`symbol+offset
)

// Arg is one argument of a record. Int holds the value's bits in the low Size
// bytes; what is above them does not matter. Bytes is only read during Append.
type Arg struct {
	Kind   Kind
	Size   uint8
	Signed bool
	PID    uint32
	Int    uint64
	Bytes  []byte
}

// AggValue is the value of an aggregation for the key being printed. Words is
// nil if the aggregation has no value for it, which prints as zero.
type AggValue struct {
	Spec   *agg.Spec
	Words  []uint64
	Normal uint64
}

// Symbolizer turns addresses into text. Implementations append to dst and
// return it; they print the address in hexadecimal with 0x where they know no
// better.
type Symbolizer interface {
	// AppendAddr appends the name for an address. For Pointer (the %a
	// conversion), Stack and UStack that is module`symbol+0xoffset, for the
	// other kinds what Kind says. pid is 0 for kernel addresses.
	AppendAddr(dst []byte, kind Kind, pid uint32, addr uint64) []byte
}

// Env is what formatting needs besides the arguments. The zero Env prints
// addresses in hexadecimal and times in UTC.
type Env struct {
	Symbols Symbolizer
	// Location is the time zone of %Y and %T; nil is UTC.
	Location *time.Location
	// Target is the process that plain addresses belong to under %A, $target.
	Target uint32
	// Hist draws distributions under %@.
	Hist agg.HistOptions
}

// Error is an error in a format or in the arguments for it. Tag is the D error
// tag (D_SYNTAX, D_PRINTF_...).
type Error struct {
	Tag string
	// Conv is the number of the conversion at fault, from 1, counting %% too;
	// 0 if none is.
	Conv int
	// Arg is the number of the argument at fault as DTrace counts, from 1 with
	// the format string; 0 if none is.
	Arg int
	Msg string
}

func (e *Error) Error() string { return e.Msg }
