package cpp

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

var cToken = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_$][A-Za-z0-9_$]*|\.?[0-9][A-Za-z0-9_.]*|\S`)

// cTokens returns the tokens of preprocessed text, without control lines.
func cTokens(text string) []string {
	var list []string
	for _, l := range strings.Split(text, "\n") {
		if !strings.HasPrefix(l, "#") {
			list = append(list, cToken.FindAllString(l, -1)...)
		}
	}
	return list
}

// On the headers of the machine the result is that of the C compiler's own
// preprocessor, token by token.
func TestAgainstCompiler(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("gcc is not installed: nothing to compare with")
	}
	if _, err := os.Stat("/usr/include/stdio.h"); err != nil {
		t.Skip("the headers of the C library are not installed")
	}
	dump, err := exec.Command(gcc, "-dM", "-E", "-x", "c", "/dev/null").Output()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Now: time.Now()}
	for _, l := range strings.Split(string(dump), "\n") {
		name, value, ok := strings.Cut(strings.TrimPrefix(l, "#define "), " ")
		if i := strings.IndexByte(l, ')'); strings.Contains(name, "(") && i > 0 {
			def := strings.TrimPrefix(l, "#define ")
			i = strings.IndexByte(def, ')') + 1
			name, value, ok = def[:i], def[i:], true
		}
		if ok && name != "__STDC__" {
			cfg.Define = append(cfg.Define, name+"="+value)
		}
	}
	// The search path stands between two lines of gcc -v.
	cmd := exec.Command(gcc, "-v", "-E", "-x", "c", "/dev/null")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	verbose, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(string(verbose), "#include <...> search starts here:\n")
	path, _, _ = strings.Cut(path, "End of search list")
	cfg.System = strings.Fields(path)

	for _, name := range []string{"stdio.h", "stdlib.h", "limits.h", "signal.h", "stdint.h", "tgmath.h",
		"sys/stat.h", "sys/socket.h", "sys/mount.h", "netinet/tcp.h", "linux/perf_event.h", "linux/bpf.h"} {
		src := "#include <" + name + ">\n"
		c := exec.Command(gcc, "-E", "-x", "c", "-")
		c.Stdin = strings.NewReader(src)
		want, err := c.Output()
		if err != nil {
			t.Logf("%s is not installed", name)
			continue
		}
		got, err := Process(&cfg, "<stdin>", []byte(src))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, b := cTokens(string(got)), cTokens(string(want))
		i := 0
		for i < len(a) && i < len(b) && a[i] == b[i] {
			i++
		}
		if i < len(a) || i < len(b) {
			t.Errorf("%s: token %d of %d differs\n got %q\nwant %q", name, i, len(b), a[max(i-5, 0):min(i+5, len(a))], b[max(i-5, 0):min(i+5, len(b))])
		}
	}
}
