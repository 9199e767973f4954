package bootcfg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Layers between the boot option and a firing probe, in the order in which they are looked at.
const (
	LayerSwitch  = "switch"  // dtrace in the BCD store
	LayerSchema  = "schema"  // an API-set schema (extension) that gives the trace contract a host
	LayerService = "service" // Services\dtrace
	LayerFile    = "file"    // the driver
	LayerBuild   = "build"   // the kernel's interface
	LayerVBS     = "vbs"     // virtualization-based security or a debugger, for fbt only
)

// Status of a layer.
const (
	StatusOK      = "ok"
	StatusFail    = "fail"    // keeps DTrace from working
	StatusLimited = "limited" // keeps some probes from firing
	StatusUnknown = "unknown" // could not be looked at
)

// Finding is what the doctor says about one layer.
type Finding struct {
	Layer  string `json:"layer"`
	Status string `json:"status"`
	Detail string `json:"detail"`           // what was found, and where
	Remedy string `json:"remedy,omitempty"` // one line
}

// Report is the outcome of the doctor.
type Report struct {
	Root     string    `json:"root"`
	First    string    `json:"first"` // first layer with a finding, empty when all is well
	Works    bool      `json:"works"` // no layer fails and none is unknown
	Findings []Finding `json:"findings"`
	Notes    []string  `json:"notes"`
}

// Options of [Doctor].
type Options struct {
	Root  string // directory with the Windows volume
	Store string // the BCD store, when it is not on the volume
	JSON  bool
}

// DoctorWindows looks at the Windows volume at root and tells what keeps DTrace from working on
// it. It returns 0 when nothing does, 1 when a layer does or could not be looked at, 2 when root
// is not a directory.
func DoctorWindows(root string, json bool, stdout, stderr io.Writer) int {
	return Doctor(Options{Root: root, JSON: json}, stdout, stderr)
}

// Doctor is DoctorWindows with all options. The volume is only read.
func Doctor(opt Options, stdout, stderr io.Writer) int {
	if st, err := os.Stat(opt.Root); err != nil || !st.IsDir() {
		if err == nil {
			err = fmt.Errorf("%s: not a directory", opt.Root)
		}
		fmt.Fprintf(stderr, "dtrace doctor: %v\n", err)
		return 2
	}
	r := Examine(opt)
	if opt.JSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			fmt.Fprintf(stderr, "dtrace doctor: %v\n", err)
			return 1
		}
	} else {
		r.print(stdout)
	}
	if r.First != "" {
		return 1
	}
	return 0
}

func (r *Report) print(w io.Writer) {
	fmt.Fprintf(w, "Windows volume %s\n", r.Root)
	for _, f := range r.Findings {
		fmt.Fprintf(w, "  %-8s %-8s %s\n", f.Layer, f.Status, f.Detail)
		if f.Remedy != "" {
			fmt.Fprintf(w, "  %-8s %-8s remedy: %s\n", "", "", f.Remedy)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
	for _, f := range r.Findings {
		if f.Layer != r.First {
			continue
		}
		switch f.Status {
		case StatusLimited:
			fmt.Fprintf(w, "DTrace works, without fbt: %s: %s\n", f.Layer, f.Detail)
		case StatusUnknown:
			fmt.Fprintf(w, "no layer is known to fail; not looked at: %s: %s\n", f.Layer, f.Detail)
		default:
			fmt.Fprintf(w, "first layer that keeps DTrace from working: %s: %s\n", f.Layer, f.Detail)
		}
		return
	}
	fmt.Fprintf(w, "nothing found that keeps DTrace from working\n")
}

// Examine makes the report.
func Examine(opt Options) *Report {
	d := &doctor{v: volume{opt.Root}, opt: opt, r: &Report{Root: opt.Root, Notes: []string{}}, system: "Windows"}
	d.boot()
	d.registry()
	d.schema()
	d.service()
	d.file()
	d.build()
	d.vbs()
	d.r.First, d.r.Works = first(d.r.Findings)
	return d.r
}

// first picks the layer to name: the first that fails, else the first that could not be looked
// at, else the first that limits.
func first(list []Finding) (layer string, works bool) {
	for _, s := range []string{StatusFail, StatusUnknown, StatusLimited} {
		for _, f := range list {
			if f.Status == s {
				return f.Layer, s == StatusLimited
			}
		}
	}
	return "", true
}

func (d *doctor) add(layer, status, remedy, format string, args ...any) {
	d.r.Findings = append(d.r.Findings, Finding{layer, status, fmt.Sprintf(format, args...), remedy})
}

func (d *doctor) note(format string, args ...any) {
	d.r.Notes = append(d.r.Notes, fmt.Sprintf(format, args...))
}

// joined flattens an error of several lines.
func joined(err error) string {
	if err == nil {
		return ""
	}
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		s := ""
		for i, e := range list.Unwrap() {
			if i > 0 {
				s += "; "
			}
			s += e.Error()
		}
		return s
	}
	return err.Error()
}
