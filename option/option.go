// Package option is the table of D options: what -x, #pragma D option, setopt()
// and the environment (DTRACE_OPT_name) may set, with their kinds, defaults and
// the parsing of their values. It gives no option a meaning.
package option

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind is how an option's value is written.
type Kind uint8

// The kinds of values.
const (
	Flag   Kind = iota // present or absent
	Size               // bytes: 4m, 16k, 1g
	Rate               // ns an event: 10hz, 100ms, bare numbers are hz
	Count              // a number
	String             // text
)

// Scope says when an option may be set.
type Scope uint8

// The scopes. A Dynamic option may change while tracing (setopt).
const (
	Compile Scope = iota
	Runtime
	Dynamic
)

// Def describes one option.
type Def struct {
	Name  string
	Kind  Kind
	Scope Scope
	// Default is the value before it is set, "" for none or a clear flag.
	Default string
	// Values, if not empty, lists the allowed values of a String.
	Values []string
	// NoProgram says that a program cannot set it: it comes too late there.
	NoProgram bool
	// AnyValue says that the value has no effect, so that no DTrace looks at it.
	AnyValue bool
	// Help is one line for the manual.
	Help string
}

// ErrName, ErrValue, ErrContext and ErrActive are DTrace's reasons for refusing an
// option.
var (
	ErrName    = errors.New("Invalid option name")
	ErrValue   = errors.New("Invalid value for specified option")
	ErrContext = errors.New("Option cannot be used from within a D program")
	ErrActive  = errors.New("Operation illegal when tracing is active")
)

// MaxStrSize is the greatest value of the option strsize.
const MaxStrSize = 1 << 20

// Lookup finds an option by name.
func Lookup(name string) (Def, bool) {
	for _, d := range table {
		if d.Name == name {
			return d, true
		}
	}
	return Def{}, false
}

// All returns the whole table, in alphabetical order. It must not be changed.
func All() []Def { return table }

// Set holds option values. The zero Set has all defaults.
type Set struct {
	val map[string]string
	num map[string]uint64
}

// SetInProgram sets an option as "#pragma D option" does. Its error may also wrap
// ErrContext.
func (s *Set) SetInProgram(name, value string) error {
	d, _ := Lookup(name)
	switch {
	case d.NoProgram:
		return fmt.Errorf("%w: use -x %s", ErrContext, name)
	case name == "cpp" && value != "":
		return fmt.Errorf("%w: found %q, want none", ErrValue, value)
	}
	return s.Set(name, value)
}

// SetActive sets an option while tracing, as setopt() does: one that the buffers
// were made by cannot be changed any more.
func (s *Set) SetActive(name, value string) error {
	if d, ok := Lookup(name); ok && d.Scope == Runtime {
		return ErrActive
	}
	return s.Set(name, value)
}

// Set sets an option. An empty value sets a flag; those of the compiler take no
// other. The error wraps ErrName or
// ErrValue and says what is allowed.
func (s *Set) Set(name, value string) error {
	d, ok := Lookup(name)
	if !ok {
		return ErrName
	}
	var n uint64
	var err error
	switch d.Kind {
	case Flag:
		n, err = parseFlag(d, value)
	case Size:
		n, err = ParseSize(value)
		switch {
		case name == "lockmem" && value == "unlimited":
			n, err = math.MaxInt64, nil
		case name == "strsize" && err == nil && (n < 2 || n > MaxStrSize):
			err = fmt.Errorf("%w: found %q, want 2 to %d", ErrValue, value, uint64(MaxStrSize))
		}
	case Rate:
		n, err = ParseRate(value)
	case Count:
		n, err = parseCount(d, value)
	case String:
		if name == "version" && !validVersion(value) {
			return fmt.Errorf("%w: found %q, want a version of D of at most 2.0.7, such as 1.0", ErrValue, value)
		}
		switch {
		case value != "" || mayBeEmpty[name]:
		case d.Values != nil:
			return fmt.Errorf("%w: want one of %s", ErrValue, strings.Join(d.Values, ", "))
		default:
			return fmt.Errorf("%w: want a value (%s)", ErrValue, d.Help)
		}
		if d.Values != nil && !contains(d.Values, value) {
			return fmt.Errorf("%w: found %q, want one of %s", ErrValue, value, strings.Join(d.Values, ", "))
		}
	}
	if err != nil {
		return err
	}
	if s.val == nil {
		s.val, s.num = map[string]string{}, map[string]uint64{}
	}
	s.val[name], s.num[name] = value, n
	return nil
}

// mayBeEmpty are the strings that mean something without a value: the built-in
// preprocessor, and the standard error.
var mayBeEmpty = map[string]bool{"cpp": true, "bpflog": true}

// validVersion reports whether v is a version of the language that there is:
// major.minor or major.minor.micro, at most 2.0.7.
func validVersion(v string) bool {
	parts := strings.Split(v, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return false
	}
	n := 0
	for i := range 3 {
		p := 0
		if i < len(parts) {
			var err error
			if p, err = strconv.Atoi(parts[i]); err != nil || p < 0 || p > 4095 {
				return false
			}
		}
		n = n<<12 | p
	}
	return n <= 2<<24|7
}

// IsSet reports whether name was set explicitly.
func (s *Set) IsSet(name string) bool { _, ok := s.val[name]; return ok }

// Flag returns a flag's value.
func (s *Set) Flag(name string) bool { return s.Num(name) != 0 }

// Num returns the value of a Flag (0, 1), Size (bytes), Rate (ns) or Count. It
// panics for an unknown name.
func (s *Set) Num(name string) uint64 {
	if n, ok := s.num[name]; ok {
		return n
	}
	d := mustLookup(name)
	if d.Default == "" {
		return 0
	}
	var n uint64
	var err error
	switch d.Kind {
	case Flag:
		n, err = parseFlag(d, d.Default)
	case Size:
		n, err = ParseSize(d.Default)
	case Rate:
		n, err = ParseRate(d.Default)
	case Count:
		n, err = parseCount(d, d.Default)
	}
	if err != nil {
		panic("BUG: default of option " + name)
	}
	return n
}

// Str returns an option's value as text.
func (s *Set) Str(name string) string {
	if v, ok := s.val[name]; ok {
		return v
	}
	return mustLookup(name).Default
}

// Clone returns an independent copy.
func (s *Set) Clone() *Set {
	c := &Set{val: map[string]string{}, num: map[string]uint64{}}
	for k, v := range s.val {
		c.val[k], c.num[k] = v, s.num[k]
	}
	return c
}

// Each calls f for every option that was set.
func (s *Set) Each(f func(name, value string)) {
	for k, v := range s.val {
		f(k, v)
	}
}

func mustLookup(name string) Def {
	d, ok := Lookup(name)
	if !ok {
		panic("BUG: unknown option " + name)
	}
	return d
}

func contains(l []string, s string) bool {
	for _, v := range l {
		if v == s {
			return true
		}
	}
	return false
}

// parseFlag parses the value of a flag. Those of the compiler are set by being
// there; others are numbers as well as words.
func parseFlag(d Def, v string) (uint64, error) {
	if d.Scope == Compile && v != "" && !d.AnyValue {
		return 0, fmt.Errorf("%w: found %q, but %s has no value", ErrValue, v, d.Name)
	}
	if d.AnyValue && v != "" {
		return 1, nil
	}
	switch strings.ToLower(v) {
	case "", "1", "on", "yes", "true", "enable", "enabled", "set":
		return 1, nil
	case "0", "off", "no", "false", "disable", "disabled", "unset":
		return 0, nil
	}
	if n, err := strconv.ParseUint(v, 0, 63); err == nil {
		return min(n, 1), nil
	}
	return 0, fmt.Errorf("%w: found %q, want on or off", ErrValue, v)
}

func parseCount(d Def, v string) (uint64, error) {
	if d.AnyValue && v != "" && v[0] != '-' {
		return 0, nil
	}
	switch d.Name {
	case "cpu":
		if v == "all" {
			return math.MaxUint64, nil
		}
	case "aggsortkeypos", "aggsortpos":
		if v == "" {
			return 0, nil
		}
	}
	if v == "unlimited" || v == "infinite" {
		return math.MaxInt64, nil
	}
	n, err := strconv.ParseInt(v, 0, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: found %q, want a number", ErrValue, v)
	}
	switch d.Name {
	case "iregs", "tregs", "tree":
		if n == 0 {
			return 0, fmt.Errorf("%w: found %q, want at least 1", ErrValue, v)
		}
	}
	return uint64(n), nil
}

// ParseSize parses a size: a number with an optional suffix k, m, g or t.
func ParseSize(v string) (uint64, error) {
	shift := 0
	num := v
	if v != "" {
		switch v[len(v)-1] {
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
			num = v[:len(v)-1]
		}
	}
	n, err := strconv.ParseUint(num, 0, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%w: found %q, want a size such as 512k or 4m", ErrValue, v)
	}
	return n << shift, nil
}

// units are the suffixes of rates and of profile and tick probes, in ns.
var units = []struct {
	name string
	ns   uint64
}{
	{"ns", 1}, {"nsec", 1}, {"us", 1e3}, {"usec", 1e3}, {"ms", 1e6}, {"msec", 1e6},
	{"s", 1e9}, {"sec", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}, {"hour", 3600e9},
	{"d", 86400e9}, {"day", 86400e9},
}

// ParseRate parses a rate and returns it as ns an event: 10hz, 100ms, 1sec; a
// bare number is in hz. 0 stays 0.
func ParseRate(v string) (uint64, error) {
	i := 0
	for i < len(v) && (v[i] >= '0' && v[i] <= '9') {
		i++
	}
	bad := fmt.Errorf("%w: found %q, want a rate such as 10hz, 100ms or 1s", ErrValue, v)
	n, err := strconv.ParseUint(v[:i], 10, 63)
	if err != nil {
		return 0, bad
	}
	suffix := strings.ToLower(v[i:])
	if suffix == "" || suffix == "hz" {
		if n == 0 {
			return 0, nil
		}
		if n > 1e9 {
			return 0, bad
		}
		return 1e9 / n, nil
	}
	for _, u := range units {
		if u.name == suffix {
			if n > math.MaxInt64/u.ns {
				return 0, bad
			}
			return n * u.ns, nil
		}
	}
	return 0, bad
}
