package main

import (
	"encoding/json"
	"flag"
	"fmt"

	"github.com/godtrace/godtrace"
	"github.com/godtrace/godtrace/bootcfg"
	"github.com/godtrace/godtrace/host/nt"
)

// doctor says for each provider and feature whether it works here, and if not,
// why and what would give it.
func doctor(args []string, s streams) int {
	fs := flag.NewFlagSet("dtrace doctor", flag.ContinueOnError)
	fs.SetOutput(s.err)
	hostName := fs.String("host", "", "host to examine")
	asJSON := fs.Bool("json", false, "print JSON")
	windows := fs.String("windows", "", "examine a mounted or copied Windows volume at this path")
	if err := fs.Parse(args); err != nil {
		return statusUsage
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(s.err, "dtrace doctor: found argument %q, want only options\n", fs.Arg(0))
		return statusUsage
	}
	if *windows != "" {
		return bootcfg.DoctorWindows(*windows, *asJSON, s.out, s.err)
	}
	h, err := godtrace.OpenHost(*hostName)
	if err != nil {
		fmt.Fprintf(s.err, "dtrace: %v\n", err)
		return statusError
	}
	defer h.Close()
	features := h.Features()
	if *asJSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(features); err != nil {
			fmt.Fprintf(s.err, "dtrace: %v\n", err)
			return statusError
		}
		return statusOK
	}
	width := 0
	for _, f := range features {
		width = max(width, len(f.Name))
	}
	for _, f := range features {
		mark := "yes"
		if !f.OK {
			mark = "NO "
		}
		fmt.Fprintf(s.out, "%-*s  %s  %s\n", width, f.Name, mark, f.Detail)
		if f.Remedy != "" {
			fmt.Fprintf(s.out, "%*s       -> %s\n", width, "", f.Remedy)
		}
	}
	return statusOK
}

// boot reads and sets the boot switch of Windows stores, and boots the model.
func boot(args []string, s streams) int {
	if len(args) > 0 && args[0] == "simulate" {
		return nt.SimulateMain(args[1:], s.out, s.err)
	}
	return bootcfg.Main(args, s.out, s.err)
}
