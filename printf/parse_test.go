package printf

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		args int
		msg  string // part of the error
	}{
		{"", 0, ""},
		{"plain", 0, ""},
		{"100%%", 0, ""},
		{"%d %s %x", 3, ""},
		{"%*.*d", 3, ""},
		{"%*d%%%s", 3, ""},
		{"%-+ #'010d", 1, ""},
		{"%@d %s", 1, ""},
		{"%@*d", 1, ""},
		{"%?p", 1, ""},
		{"%hd %hi %ho %hu %hx %hX %ld %li %lo %lu %lx %lX %lld %lli %llo %llu %llx %llX", 18, ""},
		{"%e %E %f %g %G %Le %LE %Lf %Lg %LG", 10, ""},
		{"%a %A %c %C %k %p %s %S %T %Y %lc %wc %ls %ws %i %o %u %X", 18, ""},
		{"%", 0, "no letter"},
		{"a %d %", 0, "conversion #2 has no letter"},
		{"%-", 0, "no letter"},
		{"%l", 0, "no letter"},
		{"%q", 0, "undefined: %q"},
		{"%jd", 0, "undefined: %j"},
		{"%zd", 0, "undefined: %z"},
		{"%td", 0, "undefined: %t"},
		{"%hhd", 0, "undefined: %hhd"},
		{"%llld", 0, "undefined: %lll"},
		{"%n", 0, "undefined: %n"},
		{"%1$d", 0, "position"},
		{"%5%", 0, "flags before %"},
		{"%**d", 0, `two "*" for its width`},
		{"%.*.*d", 0, `two "."`},
		{"%.**d", 0, `two "*" for its precision`},
		{"%%%%%5%", 0, "conversion #3"},
		{"%1048577d", 0, "columns"},
		{"%99999999999999999999d", 0, "columns"},
	}
	for _, tt := range tests {
		f, err := Parse(tt.text)
		if tt.msg == "" {
			if err != nil {
				t.Errorf("Parse(%q): %v", tt.text, err)
			} else if f.Args() != tt.args || f.String() != tt.text {
				t.Errorf("Parse(%q) = %q with %d arguments, want %d", tt.text, f, f.Args(), tt.args)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Tag != "D_SYNTAX" || !strings.Contains(e.Msg, tt.msg) {
			t.Errorf("Parse(%q): error %v, want D_SYNTAX with %q", tt.text, err, tt.msg)
		}
	}
}

func TestConversionsNamePrefixes(t *testing.T) {
	for name := range conversions {
		f, err := Parse("<%" + name + ">")
		if err != nil {
			t.Errorf("%%%s: %v", name, err)
			continue
		}
		if c := f.convs[0]; c.name != name || c.lit != "<" || f.tail != ">" || c.verb != name[len(name)-1] {
			t.Errorf("%%%s parsed as %+v, tail %q", name, c, f.tail)
		}
	}
}

var (
	typeInt    = ArgType{ClassInt, 4, true, "int"}
	typeChar   = ArgType{ClassInt, 1, true, "char"}
	typeShort  = ArgType{ClassInt, 2, true, "short"}
	typeUshort = ArgType{ClassInt, 2, false, "unsigned short"}
	typeLong   = ArgType{ClassInt, 8, true, "int64_t"}
	typeUlong  = ArgType{ClassInt, 8, false, "uint64_t"}
	typePtr    = ArgType{ClassPointer, 8, false, "char *"}
	typeString = ArgType{ClassString, 256, false, "string"}
	typeWide   = ArgType{ClassWString, 64, false, "wchar_t [16]"}
	typeStack  = ArgType{ClassStack, 160, false, "stack"}
	typeSym    = ArgType{ClassSym, 8, false, "_symaddr"}
	typeUSym   = ArgType{ClassUSym, 16, false, "_usymaddr"}
	typeStruct = ArgType{ClassOther, 16, false, "struct timespec"}
	typeDouble = ArgType{ClassFloat, 8, true, "double"}
	typeLDbl   = ArgType{ClassFloat, 16, true, "long double"}
)

func TestCheck(t *testing.T) {
	printf := Use{Func: "printf", First: 1}
	printa := Use{Func: "printa", First: 2, Agg: true, AggSigned: true}
	target := Use{Func: "printf", First: 1, Target: true}
	tests := []struct {
		use  Use
		text string
		args []ArgType
		tag  string
		arg  int
	}{
		{printf, "", nil, "D_PRINTF_FMT_EMPTY", 1},
		{printf, "hello", nil, "", 0},
		{printf, "%d", []ArgType{typeInt}, "", 0},
		{printf, "%d", nil, "D_PRINTF_ARG_PROTO", 0},
		{printf, "%d %d", []ArgType{typeInt}, "D_PRINTF_ARG_PROTO", 0},
		{printf, "%d", []ArgType{typeInt, typeInt}, "D_PRINTF_ARG_EXTRA", 3},
		{printf, "hello", []ArgType{typeInt}, "D_PRINTF_ARG_EXTRA", 2},
		{printf, "%%", []ArgType{typeInt}, "D_PRINTF_ARG_EXTRA", 2},
		{printf, "%d", []ArgType{typeString}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%d %s", []ArgType{typeInt, typeInt}, "D_PRINTF_ARG_TYPE", 3},
		{printf, "%d", []ArgType{typePtr}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%d", []ArgType{typeStruct}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%s", []ArgType{typePtr}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%s%S", []ArgType{typeString, typeString}, "", 0},
		{printf, "%c%C", []ArgType{typeChar, typeInt}, "", 0},
		{printf, "%c", []ArgType{typeLong}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%hd%hu%hx", []ArgType{typeShort, typeUshort, typeShort}, "", 0},
		{printf, "%hd", []ArgType{typeInt}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%hu", []ArgType{typeShort}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%ld%lu%llx", []ArgType{typeLong, typeUlong, typeUlong}, "", 0},
		{printf, "%ld", []ArgType{typeInt}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%lu", []ArgType{typeLong}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%llx", []ArgType{typeInt}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%p%a", []ArgType{typePtr, typeUlong}, "", 0},
		{printf, "%p", []ArgType{typeString}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%a", []ArgType{typeSym}, "", 0},
		{printf, "%a", []ArgType{typeUSym}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%A", []ArgType{typeUSym}, "", 0},
		{printf, "%A", []ArgType{typePtr}, "D_PRINTF_ARG_TYPE", 2},
		{target, "%A", []ArgType{typePtr}, "", 0},
		{printf, "%k", []ArgType{typeStack}, "", 0},
		{printf, "%k", []ArgType{typePtr}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%Y%T", []ArgType{typeLong, typeUlong}, "", 0},
		{printf, "%Y", []ArgType{typeInt}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%ws%ls%wc", []ArgType{typeWide, typeWide, typeInt}, "", 0},
		{printf, "%ws", []ArgType{typeString}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%f%Lf", []ArgType{typeDouble, typeLDbl}, "", 0},
		{printf, "%f", []ArgType{typeInt}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%Lf", []ArgType{typeDouble}, "D_PRINTF_ARG_TYPE", 2},
		{printf, "%*d", []ArgType{typeInt, typeInt}, "", 0},
		{printf, "%*.*d", []ArgType{typeInt, typeChar, typeLong}, "", 0},
		{printf, "%*d", nil, "D_PRINTF_DYN_PROTO", 0},
		{printf, "%*.*d", []ArgType{typeInt}, "D_PRINTF_DYN_PROTO", 0},
		{printf, "%*d", []ArgType{typeString, typeInt}, "D_PRINTF_DYN_TYPE", 2},
		{printf, "%.*d", []ArgType{typePtr, typeInt}, "D_PRINTF_DYN_TYPE", 2},
		{printf, "%*d", []ArgType{typeInt}, "D_PRINTF_ARG_PROTO", 0},
		{printf, "%@d", nil, "D_PRINTF_AGG_CONV", 0},
		{printa, "%s %@d", []ArgType{typeString}, "", 0},
		{printa, "%@d", []ArgType{typeString}, "", 0},
		{printa, "%@d %@d %@u", nil, "", 0},
		{printa, "%@s", nil, "D_PRINTF_ARG_TYPE", 0},
		{printa, "%@c", nil, "D_PRINTF_ARG_TYPE", 0},
		{printa, "%@lld", nil, "", 0},
		{printa, "%@llu", nil, "D_PRINTF_ARG_TYPE", 0},
		{printa, "%s%s", []ArgType{typeString}, "D_PRINTF_ARG_PROTO", 0},
		{printa, "%k", []ArgType{typeString}, "D_PRINTF_ARG_TYPE", 3},
		{Use{Func: "printa", First: 2, Agg: true}, "%@llu", nil, "", 0},
	}
	for _, tt := range tests {
		f, err := Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		err = f.Check(tt.use, tt.args)
		var e *Error
		switch {
		case tt.tag == "" && err != nil:
			t.Errorf("%s(%q) with %v: %v", tt.use.Func, tt.text, tt.args, err)
		case tt.tag != "" && (!errors.As(err, &e) || e.Tag != tt.tag || e.Arg != tt.arg):
			t.Errorf("%s(%q) with %v: error %+v, want %s for argument %d", tt.use.Func, tt.text, tt.args, err, tt.tag, tt.arg)
		}
	}
}

func TestCheckMessage(t *testing.T) {
	f, err := Parse("%d %s\n")
	if err != nil {
		t.Fatal(err)
	}
	err = f.Check(Use{Func: "printf", First: 1}, []ArgType{typeInt, typePtr})
	want := "printf( ) argument #3 has type char *, but conversion #2 (%s) takes string or char[] (stringof() makes one of a pointer)"
	if err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}
