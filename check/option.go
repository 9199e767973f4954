package check

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// optionKind says what values an option takes.
type optionKind uint8

const (
	optFlag   optionKind = iota // none, or a truth value
	optSize                     // bytes, with k m g t
	optRate                     // time or frequency
	optNumber                   // a count
	optString                   // any text
	optEnum                     // one of a few words
	optAttr                     // stability attributes
	optCPU                      // a CPU number or all
)

type optionRow struct {
	name  string
	kind  optionKind
	words string
}

// optionRows are the options of dtrace -x, by name.
var optionRows = [...]optionRow{
	{"agghist", optFlag, ""}, {"aggpack", optFlag, ""}, {"aggpercpu", optFlag, ""}, {"aggrate", optRate, ""},
	{"aggsize", optSize, ""}, {"aggsortkey", optFlag, ""}, {"aggsortkeypos", optNumber, ""}, {"aggsortpos", optNumber, ""},
	{"aggsortrev", optFlag, ""}, {"aggzoom", optFlag, ""}, {"amin", optAttr, ""}, {"argref", optFlag, ""},
	{"bpflog", optFlag, ""}, {"bpflogsize", optSize, ""}, {"bufpolicy", optEnum, "fill switch ring"},
	{"bufresize", optEnum, "auto manual"}, {"bufsize", optSize, ""}, {"cleanrate", optRate, ""}, {"core", optFlag, ""},
	{"cpp", optFlag, ""}, {"cppargs", optString, ""}, {"cpphdrs", optFlag, ""}, {"cpppath", optString, ""},
	{"cpu", optCPU, ""}, {"ctypes", optString, ""}, {"debug", optFlag, ""}, {"debugassert", optString, ""}, {"defaultargs", optFlag, ""},
	{"define", optString, ""}, {"destructive", optFlag, ""}, {"disasm", optNumber, ""}, {"droptags", optFlag, ""},
	{"dtypes", optString, ""}, {"dynvarsize", optSize, ""}, {"empty", optFlag, ""}, {"encoding", optEnum, "ascii utf8"},
	{"errtags", optFlag, ""}, {"evaltime", optEnum, "exec preinit postinit main"}, {"flowindent", optFlag, ""},
	{"grabanon", optFlag, ""}, {"incdir", optString, ""}, {"iregs", optNumber, ""}, {"jstackframes", optNumber, ""},
	{"jstackstrsize", optSize, ""}, {"kdefs", optFlag, ""}, {"knodefs", optFlag, ""}, {"late", optEnum, "dynamic static"},
	{"lazyload", optFlag, ""}, {"ldpath", optString, ""}, {"libdir", optString, ""}, {"linkmode", optEnum, "kernel primary dynamic static"},
	{"linktype", optEnum, "elf dof"}, {"lockmem", optSize, ""}, {"loopmax", optNumber, ""}, {"maxframes", optNumber, ""},
	{"modpath", optString, ""}, {"nolibs", optFlag, ""}, {"noresolve", optFlag, ""}, {"nspec", optNumber, ""},
	{"nusdtprobes", optNumber, ""}, {"oformat", optString, ""}, {"pcapsize", optSize, ""}, {"pgmax", optNumber, ""},
	{"preallocate", optSize, ""}, {"printsize", optSize, ""}, {"procfspath", optString, ""}, {"pspec", optFlag, ""},
	{"quiet", optFlag, ""}, {"quietresize", optFlag, ""}, {"rawbytes", optFlag, ""}, {"scratchsize", optSize, ""},
	{"setenv", optString, ""}, {"specsize", optSize, ""}, {"stackframes", optNumber, ""}, {"stackindent", optNumber, ""},
	{"statusrate", optRate, ""}, {"stdc", optEnum, "a c s t"}, {"strip", optFlag, ""}, {"strsize", optSize, ""},
	{"switchrate", optRate, ""}, {"syslibdir", optString, ""}, {"sysslice", optFlag, ""}, {"temporal", optFlag, ""}, {"tree", optNumber, ""},
	{"tregs", optNumber, ""}, {"udefs", optFlag, ""}, {"undef", optString, ""}, {"unodefs", optFlag, ""},
	{"unsetenv", optString, ""}, {"useruid", optNumber, ""}, {"ustackframes", optNumber, ""}, {"verbose", optFlag, ""},
	{"version", optString, ""}, {"zdefs", optFlag, ""},
}

// Errors of CheckOption, in dtrace's words.
var (
	// ErrOptionName says that there is no such option.
	ErrOptionName = errors.New("Invalid option name") //nolint:staticcheck // dtrace's words
	// ErrOptionValue says that the option does not take the value.
	ErrOptionValue = errors.New("Invalid value for specified option") //nolint:staticcheck // dtrace's words
)

// CheckOption reports whether name is an option of dtrace -x and value fits it.
// hasValue tells "name=" from "name". The error is ErrOptionName or
// ErrOptionValue.
func CheckOption(name, value string, hasValue bool) error {
	i, ok := slices.BinarySearchFunc(optionRows[:], name, func(r optionRow, n string) int { return strings.Compare(r.name, n) })
	if !ok {
		return ErrOptionName
	}
	r := &optionRows[i]
	ok = hasValue && value != ""
	switch r.kind {
	case optFlag:
		_, ok = parseBool(value, hasValue)
	case optSize:
		if ok {
			_, ok = parseSize(value)
		}
	case optRate:
		ok = ok && validRate(value)
	case optNumber:
		if ok {
			_, err := strconv.ParseInt(value, 0, 64)
			ok = err == nil
		}
	case optEnum:
		ok = ok && slices.Contains(strings.Fields(r.words), value)
	case optAttr:
		if ok {
			_, ok = parseAttr(value)
		}
	case optCPU:
		_, err := strconv.ParseUint(value, 0, 32)
		ok = ok && (err == nil || value == "all")
	}
	if !ok {
		return ErrOptionValue
	}
	return nil
}

// parseBool parses the value of a flag; none is true.
func parseBool(s string, has bool) (v, ok bool) {
	if !has {
		return true, true
	}
	switch strings.ToLower(s) {
	case "1", "yes", "true", "on", "enable", "enabled", "set":
		return true, true
	case "0", "no", "false", "off", "disable", "disabled", "unset":
		return false, true
	}
	return false, false
}

// parseSize parses a number of bytes with an optional unit k, m, g or t.
func parseSize(s string) (int64, bool) {
	shift := uint(0)
	if s != "" {
		switch s[len(s)-1] {
		case 'k', 'K':
			shift = 10
		case 'm', 'M':
			shift = 20
		case 'g', 'G':
			shift = 30
		case 't', 'T':
			shift = 40
		}
		if shift > 0 {
			s = s[:len(s)-1]
		}
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil || n > uint64(math.MaxInt64)>>shift {
		return 0, false
	}
	return int64(n << shift), true
}

// validRate reports whether s is a number with an optional unit of time or hz.
func validRate(s string) bool {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	if n == 0 || n > 18 {
		return false
	}
	return slices.Contains([]string{"", "ns", "nsec", "us", "usec", "ms", "msec", "s", "sec", "m", "min", "h", "hour", "d", "day", "hz"}, strings.ToLower(s[n:]))
}
