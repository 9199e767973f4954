package printf

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/godtrace/godtrace/agg"
)

// Append formats one record: args are the arguments in the order Check saw
// them. It writes nothing but to dst and does not allocate unless dst must grow
// or the format has floating point. Arguments that do not fit their conversion,
// which Check excludes, are printed by what they are; missing ones as
// "<missing>".
func (f *Format) Append(dst []byte, args []Arg, env *Env) []byte {
	return f.AppendAgg(dst, args, nil, env)
}

// AppendAgg formats one key of printa(): args is the key, aggs the values of the
// aggregations, in the order printa() names them. The first conversion with @
// takes the first, the next the second; when no more are left, the last again.
func (f *Format) AppendAgg(dst []byte, args []Arg, aggs []AggValue, env *Env) []byte {
	if env == nil {
		env = &Env{}
	}
	next, nextAgg := 0, 0
	for i := range f.convs {
		c := &f.convs[i]
		dst = append(dst, c.lit...)
		shaped := c
		var own conv
		if c.flags&(flagDynWidth|flagDynPrec) != 0 {
			own, shaped = *c, &own
			next = own.dynamic(args, next)
		}
		if c.flags&flagAgg != 0 {
			if len(aggs) == 0 {
				dst = append(dst, "<missing>"...)
				continue
			}
			dst = shaped.appendAgg(dst, &aggs[nextAgg], aggs[0].Spec.Func != agg.Count, env)
			nextAgg = min(nextAgg+1, len(aggs)-1)
			continue
		}
		if next >= len(args) {
			dst = append(dst, "<missing>"...)
			continue
		}
		dst = shaped.append(dst, &args[next], env)
		next++
	}
	return append(dst, f.tail...)
}

// dynamic takes width and precision from the arguments. A negative width means
// left-aligned, a precision below 1 none.
func (c *conv) dynamic(args []Arg, next int) int {
	take := func() int {
		if next >= len(args) {
			return 0
		}
		a := &args[next]
		next++
		return int(max(min(a.signed(), MaxWidth), -MaxWidth))
	}
	if c.flags&flagDynWidth != 0 {
		if c.width = take(); c.width < 0 {
			c.width = -c.width
			c.flags = c.flags&^flagZero | flagLeft
		}
	}
	if c.flags&flagDynPrec != 0 {
		c.prec = max(take(), 0)
	}
	return next
}

// appendAgg formats the value of an aggregation: distributions as histograms
// whatever the conversion, others as the integer that stands for them. The first
// aggregation of a printa() decides whether integers print signed.
func (c *conv) appendAgg(dst []byte, v *AggValue, signed bool, env *Env) []byte {
	if v.Spec.Func.Distribution() {
		words := v.Words
		if words == nil {
			words = make([]uint64, v.Spec.Words())
		}
		return agg.AppendHist(dst, v.Spec, words, v.Normal, env.Hist)
	}
	a := Arg{Kind: Int, Size: 8, Signed: signed}
	switch {
	case v.Words == nil:
	case v.Spec.Func == agg.Avg:
		a.Signed = true
		a.Int = uint64(agg.ResultUnsigned(v.Spec, v.Words, v.Normal))
	case v.Spec.Func != agg.Stddev && (c.op == opUint || c.op == opInt && !signed):
		a.Int = uint64(agg.ResultUnsigned(v.Spec, v.Words, v.Normal)) // what prints unsigned is divided so
	default:
		a.Int = uint64(agg.Result(v.Spec, v.Words, v.Normal))
	}
	return c.append(dst, &a, env)
}

func (c *conv) append(dst []byte, a *Arg, env *Env) []byte {
	switch c.op {
	case opString:
		return c.appendText(dst, a, env)
	case opInt, opSigned:
		if !a.numeric() {
			return c.appendText(dst, a, env)
		}
		if a.Kind == Int && (a.Signed || c.op == opSigned) {
			return c.appendSigned(dst, a.signed())
		}
		return c.appendUnsigned(dst, a.unsigned(), 'u')
	case opUint:
		if !a.numeric() {
			return c.appendText(dst, a, env)
		}
		return c.appendUnsigned(dst, a.unsigned(), c.verb)
	case opChar:
		return c.pad(append(dst, byte(a.Int)), len(dst))
	case opWChar:
		return c.pad(utf8.AppendRune(dst, rune(a.signed())), len(dst))
	case opEscChar:
		from := len(dst)
		return c.pad(appendEscaped(dst, []byte{byte(a.Int)}), from)
	case opEscape:
		from := len(dst)
		return c.clip(appendEscaped(dst, a.text()), from)
	case opFloat:
		return c.appendFloat(dst, a)
	case opKAddr, opUAddr:
		return c.appendAddr(dst, a, env)
	case opStack:
		return c.appendStack(dst, a, env)
	case opDate:
		from := len(dst)
		return c.clip(env.time(a).AppendFormat(dst, "2006 Jan _2 15:04:05"), from)
	case opRFC822:
		from := len(dst)
		return c.clip(env.time(a).AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 MST"), from)
	case opWString:
		if a.Size == 2 {
			return c.appendUTF16(dst, a.Bytes)
		}
		return c.appendWide(dst, a.Bytes)
	}
	return dst
}

// numeric reports whether the argument's value is in Int.
func (a *Arg) numeric() bool { return a.Kind <= Pointer || a.Kind >= Sym }

// signed returns the value of an integer, sign-extended from its size.
func (a *Arg) signed() int64 {
	switch a.Size {
	case 1:
		return int64(int8(a.Int))
	case 2:
		return int64(int16(a.Int))
	case 4:
		return int64(int32(a.Int))
	}
	return int64(a.Int)
}

// unsigned returns the bits of an integer.
func (a *Arg) unsigned() uint64 {
	switch a.Size {
	case 1:
		return uint64(uint8(a.Int))
	case 2:
		return uint64(uint16(a.Int))
	case 4:
		return uint64(uint32(a.Int))
	}
	return a.Int
}

// text returns the characters of a string: up to the first NUL of a String, up
// to the trailing NULs of a char array.
func (a *Arg) text() []byte {
	if a.Kind == Chars {
		return bytes.TrimRight(a.Bytes, "\x00")
	}
	if i := bytes.IndexByte(a.Bytes, 0); i >= 0 {
		return a.Bytes[:i]
	}
	return a.Bytes
}

// appendText is %s, and the fallback for what a conversion cannot take.
func (c *conv) appendText(dst []byte, a *Arg, env *Env) []byte {
	switch a.Kind {
	case String, Chars:
		b := a.Bytes
		if i := bytes.IndexByte(b, 0); i >= 0 {
			b = b[:i]
		}
		if c.width == 0 && c.prec == 0 {
			return append(dst, b...)
		}
		from := len(dst)
		return c.clip(append(dst, b...), from)
	case WString:
		if a.Size == 2 {
			return c.appendUTF16(dst, a.Bytes)
		}
		return c.appendWide(dst, a.Bytes)
	case Float:
		return c.appendFloat(dst, a)
	case Stack, UStack:
		return c.appendStack(dst, a, env)
	case Int:
		if a.Signed {
			return c.appendSigned(dst, a.signed())
		}
		return c.appendUnsigned(dst, a.unsigned(), 'u')
	}
	return c.appendAddr(dst, a, env)
}

// clip cuts what was appended since from to the precision and pads it.
func (c *conv) clip(dst []byte, from int) []byte {
	if c.prec > 0 && len(dst)-from > c.prec {
		dst = dst[:from+c.prec]
	}
	return c.pad(dst, from)
}

// pad fills what was appended since from with blanks up to the width.
func (c *conv) pad(dst []byte, from int) []byte {
	n := c.width - (len(dst) - from)
	if n <= 0 {
		return dst
	}
	dst = appendBlanks(dst, n)
	if c.flags&flagLeft == 0 {
		copy(dst[from+n:], dst[from:len(dst)-n])
		for i := range n {
			dst[from+i] = ' '
		}
	}
	return dst
}

const blanks = "                                                                "

func appendBlanks(dst []byte, n int) []byte {
	for ; n > len(blanks); n -= len(blanks) {
		dst = append(dst, blanks...)
	}
	return append(dst, blanks[:max(n, 0)]...)
}

// appendAddr is %a and %A: a symbol with module and offset, or hexadecimal.
func (c *conv) appendAddr(dst []byte, a *Arg, env *Env) []byte {
	kind, pid := a.Kind, a.PID
	if kind <= Pointer {
		kind = Pointer
		if c.op == opUAddr {
			kind, pid = UAddr, env.Target
		}
	}
	from := len(dst)
	return c.clip(env.AppendAddr(dst, kind, pid, a.unsigned()), from)
}

// AppendAddr appends the name of an address by env's symbols, or the address.
func (env *Env) AppendAddr(dst []byte, kind Kind, pid uint32, addr uint64) []byte {
	if env.Symbols != nil {
		return env.Symbols.AppendAddr(dst, kind, pid, addr)
	}
	return strconv.AppendUint(append(dst, "0x"...), addr, 16)
}

// appendStack is %k: a newline, then one frame a line. With the flag - the
// width is the indentation of all frames, without it each frame is
// right-aligned in it.
func (c *conv) appendStack(dst []byte, a *Arg, env *Env) []byte {
	if a.Kind != Stack && a.Kind != UStack {
		return c.appendText(dst, a, env)
	}
	indent, width := 0, c.width
	if c.flags&flagLeft != 0 {
		indent, width = c.width, 0
	}
	return appendFrames(dst, a, indent, width, env)
}

// AppendStack appends a stack as stack() and ustack() print it: a newline, then
// each frame on a line of its own, indented by indent columns.
func AppendStack(dst []byte, a *Arg, indent int, env *Env) []byte {
	return appendFrames(dst, a, indent, 0, env)
}

func appendFrames(dst []byte, a *Arg, indent, width int, env *Env) []byte {
	dst = append(dst, '\n')
	frames, pid := a.Bytes, uint32(0)
	if a.Kind == UStack {
		if len(frames) < 8 {
			return dst
		}
		pid = uint32(binary.LittleEndian.Uint64(frames))
		frames = frames[8:]
	}
	pad := conv{width: width}
	for ; len(frames) >= 8; frames = frames[8:] {
		pc := binary.LittleEndian.Uint64(frames)
		if pc == 0 {
			break
		}
		dst = appendBlanks(dst, indent)
		from := len(dst)
		dst = pad.pad(env.AppendAddr(dst, a.Kind, pid, pc), from)
		dst = append(dst, '\n')
	}
	return dst
}

// time returns an argument in ns since 1970 in the zone of env.
func (env *Env) time(a *Arg) time.Time {
	loc := env.Location
	if loc == nil {
		loc = time.UTC
	}
	return time.Unix(int64(a.Int)/int64(time.Second), 0).In(loc)
}

// appendEscaped appends text with C escapes for what is not printable.
func appendEscaped(dst, text []byte) []byte {
	const special, letter = "\x00\a\b\f\n\r\t\v\"\\", "0abfnrtv\"\\"
	for _, b := range text {
		i := strings.IndexByte(special, b)
		switch {
		case i >= 0:
			dst = append(dst, '\\', letter[i])
		case b < ' ' || b > '~':
			dst = append(dst, '\\', '0'+b>>6, '0'+b>>3&7, '0'+b&7)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// appendWide is %ls: 32-bit characters as UTF-8. The precision counts bytes but
// never splits a character.
func (c *conv) appendWide(dst, text []byte) []byte {
	from := len(dst)
	for ; len(text) >= 4; text = text[4:] {
		r := binary.LittleEndian.Uint32(text)
		if r == 0 {
			break
		}
		end := len(dst)
		dst = utf8.AppendRune(dst, rune(r))
		if c.prec > 0 && len(dst)-from > c.prec {
			dst = dst[:end]
			break
		}
	}
	return c.pad(dst, from)
}

// appendUTF16 is appendWide for the 16-bit characters of Windows. Half of a
// surrogate pair prints as U+FFFD.
func (c *conv) appendUTF16(dst, text []byte) []byte {
	from := len(dst)
	for len(text) >= 2 {
		r := rune(binary.LittleEndian.Uint16(text))
		text = text[2:]
		if r == 0 {
			break
		}
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(text) >= 2 {
				low = rune(binary.LittleEndian.Uint16(text))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				text = text[2:]
			}
		}
		end := len(dst)
		dst = utf8.AppendRune(dst, r)
		if c.prec > 0 && len(dst)-from > c.prec {
			dst = dst[:end]
			break
		}
	}
	return c.pad(dst, from)
}
