// Package sysent is the table of Linux system calls: their numbers on the
// architectures that D programs run on, and their parameters. It is data; what
// the running kernel really implements, it does not know.
//
// The numbers are those of unistd.h up to Linux 7.0. The parameters serve where
// the kernel's BTF has none.
package sysent

import (
	_ "embed"
	"strconv"
	"strings"
)

// Param is one parameter of a system call, in C.
type Param struct {
	// Type is written with one space before the stars: "const char *".
	Type, Name string
}

// Call is one system call.
type Call struct {
	Num  int
	Name string
}

//go:embed numbers_amd64.txt
var numbersAMD64 string

//go:embed numbers_arm64.txt
var numbersARM64 string

//go:embed prototypes.txt
var prototypes string

// Arches are the architectures (as in GOARCH) that have a table.
var Arches = []string{"amd64", "arm64"}

// Table returns the system calls of an architecture, named as in GOARCH, in
// ascending order of their numbers; nil if there is no table for it.
func Table(arch string) []Call {
	var text string
	switch arch {
	case "amd64":
		text = numbersAMD64
	case "arm64":
		text = numbersARM64
	default:
		return nil
	}
	calls := make([]Call, 0, 400)
	for line := range strings.Lines(text) {
		num, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.Atoi(num)
		if !ok || err != nil {
			panic("BUG: sysent: bad line " + strconv.Quote(line))
		}
		calls = append(calls, Call{n, name})
	}
	return calls
}

// Params returns the parameters of a system call; nil if it has none, or if no
// kernel implements it any more.
func Params(arch, name string) []Param {
	if name == "clone" && arch == "arm64" {
		// CONFIG_CLONE_BACKWARDS: the last two change places.
		p := params("clone")
		p[3], p[4] = p[4], p[3]
		return p
	}
	return params(name)
}

func params(name string) []Param {
	i := strings.Index(prototypes, "\n"+name+"|")
	if i < 0 {
		return nil
	}
	line := prototypes[i+len(name)+2:]
	line = line[:strings.IndexByte(line, '\n')]
	var ps []Param
	for p := range strings.SplitSeq(line, ", ") {
		cut := strings.LastIndexAny(p, " *") + 1
		ps = append(ps, Param{Type: strings.TrimSuffix(p[:cut], " "), Name: p[cut:]})
	}
	return ps
}

// aliases maps the names of the kernel's own functions, which its tracepoints
// (syscalls:sys_enter_NAME) use, to those of unistd.h.
var aliases = map[string]string{
	"newstat": "stat", "newfstat": "fstat", "newlstat": "lstat", "newuname": "uname",
	"umount": "umount2", "sendfile64": "sendfile",
}

// Alias returns the table's name for a system call that the kernel's
// tracepoints call otherwise ("newfstat": "fstat"), or name itself.
func Alias(name string) string {
	if a, ok := aliases[name]; ok {
		return a
	}
	return name
}

// KernelName returns the name of the kernel's function of a system call (__x64_sys_NAME
// or __do_sys_NAME): the inverse of Alias.
func KernelName(name string) string {
	for k, v := range aliases {
		if v == name {
			return k
		}
	}
	return name
}
