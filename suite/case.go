package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Case is one file with its directives.
type Case struct {
	// Path is the file, Kind its kind (tst, err, drp), Tag that of the name of an
	// err or a drp.
	Path, Kind, Tag string
	// Options are the options and operands after the script's name.
	Options []string
	// Status is the exit status that is wanted, Stderr what standard error must
	// match, nil if that does not matter.
	Status int
	Stderr *regexp.Regexp
	// Hosts are those to run on, all if nil.
	Hosts []string
	// Differs is a known difference from other DTraces.
	Differs string
}

var directive = regexp.MustCompile(`(?m)^/\* (args|status|stderr|hosts|differs): (.*?) \*/`)

// Load reads a case.
func Load(path string) (*Case, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(filepath.Base(path), ".")
	c := &Case{Path: path, Kind: parts[0]}
	if c.Kind != "tst" {
		if len(parts) < 4 {
			return nil, fmt.Errorf("%s: the name has no tag", path)
		}
		c.Tag = parts[1]
	}
	if c.Kind == "err" {
		c.Status = 1
	}
	for _, m := range directive.FindAllStringSubmatch(string(b), -1) {
		switch m[1] {
		case "args":
			c.Options = strings.Fields(m[2])
		case "status":
			if _, err := fmt.Sscan(m[2], &c.Status); err != nil {
				return nil, fmt.Errorf("%s: status: %w", path, err)
			}
		case "stderr":
			if c.Stderr, err = regexp.Compile(m[2]); err != nil {
				return nil, fmt.Errorf("%s: stderr: %w", path, err)
			}
		case "hosts":
			c.Hosts = strings.Fields(m[2])
		case "differs":
			c.Differs = m[2]
		}
	}
	return c, nil
}

// On reports whether the case is to run on a host.
func (c *Case) On(host string) bool { return c.Hosts == nil || slices.Contains(c.Hosts, host) }

// Args are the arguments of dtrace for a run on a host in the case's directory.
func (c *Case) Args(host string) []string {
	return append([]string{"--host", host, "-x", "errtags", "-x", "droptags", "-s", filepath.Base(c.Path)}, c.Options...)
}

// Env are the environment variables that a run needs.
func (c *Case) Env() []string { return []string{"_DTRACE_TESTING=1", "TZ=UTC"} }

// Want is the output that the case must have; ok is false if none is written
// down.
func (c *Case) Want() (out string, ok bool) {
	b, err := os.ReadFile(c.OutPath())
	return string(b), err == nil
}

// OutPath is the file with the output.
func (c *Case) OutPath() string { return strings.TrimSuffix(c.Path, ".d") + ".out" }

// Check holds a run against what the case wants, except the output.
func (c *Case) Check(stderr string, status int) error {
	if strings.Contains(stderr, "panic:") || strings.Contains(stderr, "BUG:") {
		return fmt.Errorf("crash:\n%s", stderr)
	}
	if status != c.Status {
		return fmt.Errorf("exit status %d, want %d; stderr:\n%s", status, c.Status, stderr)
	}
	var errs []error
	want := func(tag string) {
		if !strings.Contains(stderr, "["+tag+"]") {
			errs = append(errs, fmt.Errorf("want [%s], got:\n%s", tag, stderr))
		}
	}
	switch c.Kind {
	case "err":
		want(c.Tag)
	case "drp":
		want("DTRACEDROP_" + c.Tag)
	}
	if c.Stderr != nil && !c.Stderr.MatchString(stderr) {
		errs = append(errs, fmt.Errorf("stderr does not match %s:\n%s", c.Stderr, stderr))
	}
	return errors.Join(errs...)
}
