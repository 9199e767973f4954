// Package dlib holds the D libraries that come with DTrace: constants,
// translators and inlines in D, embedded. They bind by the presence of types
// and members in the traced system, never by its version: of several
// definitions of one inline or translator member, the first that binds counts,
// and one that cannot bind fails only in programs that use it.
package dlib

import (
	"embed"
	"io/fs"
	"sort"
	"strings"
	"sync"
)

//go:embed lib/*.d
var files embed.FS

// Lib is one D library.
type Lib struct {
	// Name is its file name, as "#pragma D depends_on library" gives it.
	Name, Text string
	// Depends are the libraries that must come before it.
	Depends []string
	// Defines are the names that it defines: inlines, types, enumerators, members.
	Defines []string
}

// All returns the libraries, each after those it depends on. The result is
// shared and must not be changed.
func All() []Lib { return load() }

var load = sync.OnceValue(func() []Lib {
	names, err := fs.Glob(files, "lib/*.d")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	sort.Strings(names)
	byName := map[string]*Lib{}
	for _, n := range names {
		b, err := files.ReadFile(n)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		l := &Lib{Name: strings.TrimPrefix(n, "lib/"), Text: string(b)}
		l.scan()
		byName[l.Name] = l
	}
	var out []Lib
	done := map[string]bool{}
	var add func(n string)
	add = func(n string) {
		l := byName[n]
		if l == nil || done[n] {
			return
		}
		done[n] = true
		for _, d := range l.Depends {
			add(d)
		}
		out = append(out, *l)
	}
	for _, n := range names {
		add(strings.TrimPrefix(n, "lib/"))
	}
	return out
})

// scan finds the dependencies and the defined names of a library by its lines:
// libraries are written so that each definition starts one.
func (l *Lib) scan() {
	inStruct := false
	for _, line := range strings.Split(l.Text, "\n") {
		switch {
		case strings.HasPrefix(line, "#pragma D depends_on library "):
			l.Depends = append(l.Depends, strings.TrimSpace(strings.TrimPrefix(line, "#pragma D depends_on library ")))
		case strings.HasPrefix(line, "inline "):
			head, _, _ := strings.Cut(line, "=")
			head, _, _ = strings.Cut(head, "[")
			f := strings.FieldsFunc(head, func(r rune) bool { return r == ' ' || r == '*' })
			l.Defines = append(l.Defines, f[len(f)-1])
		case strings.HasPrefix(line, "} ") && strings.HasSuffix(line, ";"):
			l.Defines = append(l.Defines, strings.TrimSuffix(strings.TrimPrefix(line, "} "), ";"))
		case strings.HasPrefix(line, "typedef ") && strings.HasSuffix(line, ";"):
			f := strings.Fields(strings.TrimSuffix(line, ";"))
			l.Defines = append(l.Defines, strings.TrimLeft(f[len(f)-1], "*"))
		case strings.HasPrefix(line, "typedef struct ") && strings.HasSuffix(line, "{"):
			l.Defines = append(l.Defines, strings.Fields(line)[2])
			inStruct = true
			continue
		case inStruct && strings.HasPrefix(line, "\t") && strings.HasSuffix(line, ";"):
			// A probe's translated arguments are known by their members alone.
			f := strings.Fields(strings.TrimSuffix(line, ";"))
			name, _, _ := strings.Cut(strings.TrimLeft(f[len(f)-1], "*"), "[")
			l.Defines = append(l.Defines, name)
			continue
		}
		inStruct = false
	}
}

// Needed returns the libraries that a program needs which uses the given
// identifiers, with all they depend on, in order. Most programs need none.
func Needed(uses func(name string) bool) []Lib {
	need := map[string]bool{}
	all := All()
	// Dependencies come before their dependents, so one pass from the end
	// finds all.
	for i := len(all) - 1; i >= 0; i-- {
		l := &all[i]
		if !need[l.Name] {
			for _, d := range l.Defines {
				if uses(d) {
					need[l.Name] = true
					break
				}
			}
		}
		if need[l.Name] {
			for _, d := range l.Depends {
				need[d] = true
			}
		}
	}
	var out []Lib
	for _, l := range all {
		if need[l.Name] {
			out = append(out, l)
		}
	}
	return out
}
