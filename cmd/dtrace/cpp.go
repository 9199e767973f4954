package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/internal/cpp"
)

// predefined are the macros that dtrace -C defines before any -D.
func predefined() []string {
	d := []string{"__SUNW_D=1", "__SUNW_D_VERSION=0x02000007", "__SVR4"}
	switch runtime.GOOS {
	case "linux":
		d = append(d, "__linux", "__linux__", "__unix", "_Linux")
	case "windows":
		d = append(d, "_WIN32", "_WIN64")
	default:
		d = append(d, "__unix", "__"+runtime.GOOS)
	}
	if runtime.GOARCH == "amd64" {
		d = append(d, "__amd64", "__x86_64", "__x86_64__")
	} else if runtime.GOARCH == "arm64" {
		d = append(d, "__aarch64__")
	}
	return d
}

// preprocess runs the built-in C preprocessor, or the one of -x cpp.
func (c *command) preprocess(file string, text []byte) ([]byte, error) {
	if prog := c.opts.Str("cpp"); prog != "" {
		return c.externalCPP(prog, text)
	}
	cfg := c.cppCfg
	cfg.Define = append(predefined(), cfg.Define...)
	cfg.Now = time.Now()
	if c.listInc {
		cfg.Included = func(name string, depth int) {
			fmt.Fprintf(c.err, "%s %s\n", strings.Repeat(".", depth), name)
		}
	}
	out, err := cpp.Process(&cfg, file, text)
	if err != nil {
		var e *diag.Error
		if errors.As(err, &e) {
			return nil, fatalf("failed to compile script %s: failed to preprocess: %s", file, e.Detail(false))
		}
		return nil, fatalf("failed to compile script %s: failed to preprocess: %v", file, err)
	}
	return out, nil
}

func (c *command) externalCPP(prog string, text []byte) ([]byte, error) {
	var args []string
	for _, d := range append(predefined(), c.cppCfg.Define...) {
		args = append(args, "-D"+d)
	}
	for _, u := range c.cppCfg.Undef {
		args = append(args, "-U"+u)
	}
	for _, i := range c.cppCfg.Include {
		args = append(args, "-I"+i)
	}
	if c.listInc {
		args = append(args, "-H")
	}
	args = append(args, strings.Fields(c.opts.Str("cppargs"))...)
	// A first line that names the interpreter is no C.
	if bytes.HasPrefix(text, []byte("#!")) {
		text = append([]byte("//"), text...)
	}
	cmd := exec.Command(prog, append(args, "-")...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), c.err
	out, err := cmd.Output()
	if err != nil {
		return nil, fatalf("failed to preprocess with %s: %v", prog, err)
	}
	return out, nil
}
