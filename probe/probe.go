// Package probe models DTrace probes: their four-part names
// (provider:module:function:name), patterns that match them, their ids and
// their stability attributes. It does not know what a probe is attached to.
package probe

import "strings"

// ID identifies a probe within one host, from 1 up. 0 is no probe.
type ID uint32

// Stability is one of the levels of attributes(5), from least to most stable.
type Stability uint8

// The stability levels.
const (
	Internal Stability = iota
	Private
	Obsolete
	External
	Unstable
	Evolving
	Stable
	Standard
)

var stabilityNames = [...]string{"Internal", "Private", "Obsolete", "External", "Unstable", "Evolving", "Stable", "Standard"}

func (s Stability) String() string { return stabilityNames[s] }

// ParseStability is the inverse of Stability.String.
func ParseStability(s string) (Stability, bool) {
	for i, n := range stabilityNames {
		if n == s {
			return Stability(i), true
		}
	}
	return 0, false
}

// Class is a dependency class: how widely a name is available.
type Class uint8

// The dependency classes, from narrowest to widest.
const (
	ClassUnknown Class = iota
	ClassCPU
	ClassPlatform
	ClassGroup
	ClassISA
	ClassCommon
)

var classNames = [...]string{"Unknown", "CPU", "Platform", "Group", "ISA", "Common"}

func (c Class) String() string { return classNames[c] }

// ParseClass is the inverse of Class.String.
func ParseClass(s string) (Class, bool) {
	for i, n := range classNames {
		if n == s {
			return Class(i), true
		}
	}
	return 0, false
}

// Attr is a stability attribute triple.
type Attr struct {
	Name, Data Stability
	Class      Class
}

// String prints the triple as DTrace does: "Evolving/Evolving/ISA".
func (a Attr) String() string {
	return a.Name.String() + "/" + a.Data.String() + "/" + a.Class.String()
}

// Attrs are the stability attributes of a provider's parts, as a probe
// inherits them.
type Attrs struct {
	Provider, Module, Function, Name, Args Attr
}

// Probe is one probe that a host offers.
type Probe struct {
	ID                               ID
	Provider, Module, Function, Name string
	// Attrs may be shared between probes.
	Attrs *Attrs
	// Key is the host's own handle of the probe (a system-call number, a BTF
	// id, an index); nobody else reads it.
	Key uint64
}

// String returns provider:module:function:name.
func (p *Probe) String() string {
	return p.Provider + ":" + p.Module + ":" + p.Function + ":" + p.Name
}

// Desc is a probe description: four glob patterns, of which an empty one
// matches anything, or a numeric id.
type Desc struct {
	Provider, Module, Function, Name string
	// ID, if not 0, selects one probe by number; the patterns are then empty.
	ID ID
}

// String returns the description as DTrace prints it.
func (d Desc) String() string {
	return d.Provider + ":" + d.Module + ":" + d.Function + ":" + d.Name
}

// Part names the rightmost part that an incomplete description fills.
type Part uint8

// The parts, as selected by -P, -m, -f and -n.
const (
	PartProvider Part = iota
	PartModule
	PartFunction
	PartName
)

// ParseDesc splits s at its colons. With fewer than four parts the rightmost
// one given is the part `last`: ParseDesc("read:entry", PartName) leaves
// provider and module empty. ok is false if there are too many parts for it.
func ParseDesc(s string, last Part) (d Desc, ok bool) {
	f := strings.Split(s, ":")
	if len(f) > int(last)+1 {
		if len(f) > 4 {
			return d, false
		}
		if len(f) > int(last)+1 {
			return d, false
		}
	}
	dst := [4]*string{&d.Provider, &d.Module, &d.Function, &d.Name}
	for i, v := range f {
		*dst[int(last)+1-len(f)+i] = v
	}
	return d, true
}

// Match reports whether d describes p.
func (d *Desc) Match(p *Probe) bool {
	if d.ID != 0 {
		return p.ID == d.ID
	}
	return Glob(d.Provider, p.Provider) && Glob(d.Module, p.Module) &&
		Glob(d.Function, p.Function) && Glob(d.Name, p.Name)
}

// IsGlob reports whether pattern has characters that make it match more than
// itself. The empty pattern matches everything and is a glob.
func IsGlob(pattern string) bool { return pattern == "" || strings.ContainsAny(pattern, `*?[\`) }
