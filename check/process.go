package check

import (
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/probe"
	"github.com/godtrace/godtrace/syntax"
)

// processDesc refuses a description of the pid provider that no probe matches for
// what it says itself: unlike others its process must exist, even with zdefs, and
// its parts have forms of their own.
func (c *Checker) processDesc(pd *syntax.ProbeDesc, d probe.Desc) {
	num, ok := strings.CutPrefix(d.Provider, "pid")
	if !ok || num == "" || strings.Trim(num, "0123456789") != "" || len(num) > 1 && num[0] == '0' {
		return
	}
	pid, err := strconv.ParseInt(num, 10, 32)
	switch {
	case err != nil || pid == 0:
		c.fail(pd, diag.D_PROC_BADPID, "%s does not contain a valid pid", d.Provider)
	case int(pid) != c.opt.TargetPID && (c.opt.HasProcess == nil || !c.opt.HasProcess(int(pid))):
		c.fail(pd, diag.D_PROC_GRAB, "failed to grab process %s: there is no such process, or the host has no provider for processes", num)
	}
	c.pidParts(pd, d)
	if !c.opt.ZDefs {
		c.fail(pd, diag.D_PDESC_ZERO, "probe description %s does not match any probes: the host has no provider for processes, or the process no such function", d)
	}
}

// pidParts holds the parts of a description of the pid provider against each other:
// the name is entry, return or an offset in hexadecimal; the function "-" stands for
// the whole executable and takes addresses alone.
func (c *Checker) pidParts(pd *syntax.ProbeDesc, d probe.Desc) {
	_, bad := strconv.ParseUint(strings.TrimPrefix(d.Name, "0x"), 16, 64)
	switch {
	case d.Function == "-" && d.Module != "" && d.Module != "a.out":
		c.fail(pd, diag.D_PROC_LIB, "only the a.out module is valid with the '-' function, found %q", d.Module)
	case d.Function == "-" && (d.Name == "" || probe.IsGlob(d.Name)):
		c.fail(pd, diag.D_PROC_NAME, "only individual addresses may be specified with the '-' function, found %q", d.Name)
	case d.Name == "" || probe.IsGlob(d.Name) || bad == nil:
	case d.Function == "-" || d.Name != "entry" && d.Name != "return":
		c.fail(pd, diag.D_PROC_NAME, "'%s' is an invalid probe name, want entry, return or an offset in hexadecimal", d.Name)
	}
}
