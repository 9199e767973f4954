// Package lint holds the checks of the tree's structure, as tests.
package lint

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/godtrace/godtrace"

// levels is the package table of docs/architecture.md: a package imports only
// packages of lower levels. A name ending in /... stands for all below it.
var levels = map[string]int{
	"diag": 0, "probe": 0, "ctype": 0, "agg": 0, "dlib": 0, "option": 0, "format/...": 0,
	"internal/getopt": 0, "internal/cpp": 1, "internal/lint": 0, "internal/testsum": 0, "internal/vmtest": 0,
	"syntax": 1, "printf": 1, "ir": 1, "symbol": 1,
	"check": 2, "record": 2,
	"compile": 3, "vm": 3, "bpf": 3, "host": 3, "consume": 4,
	"engine": 4, "host/...": 5, "export/...": 5, "bootcfg": 5,
	".": 6, "web": 7, "fleet": 7, "bench": 7, "suite": 7, "examples/...": 7, "cmd/...": 8,
}

// within lists packages of one subtree that may import each other although
// their level is the same, the deeper one being imported.
func sameTree(from, to string) bool {
	return strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/") ||
		strings.HasPrefix(from, "format/") && strings.HasPrefix(to, "format/") ||
		strings.HasPrefix(from, "export/") && strings.HasPrefix(to, "export/") ||
		strings.HasPrefix(from, "host/") && strings.HasPrefix(to, "host/")
}

func level(pkg string) (int, bool) {
	if l, ok := levels[pkg]; ok {
		return l, true
	}
	for p := pkg; ; {
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return 0, false
		}
		p = p[:i]
		if l, ok := levels[p+"/..."]; ok {
			return l, true
		}
		if l, ok := levels[p]; ok { // helper packages below a listed one
			return l, true
		}
	}
}

func root(t *testing.T) string {
	t.Helper()
	d, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(d, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return d
}

// eachGo calls f for each Go file of the tree, with its package directory
// relative to the root.
func eachGo(t *testing.T, f func(dir, file string)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, p)
		if d.IsDir() {
			n := d.Name()
			if n == "testdata" || n == "bin" || n == "tmp" || strings.HasPrefix(n, ".") && p != top {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(p, ".go") {
			f(filepath.ToSlash(filepath.Dir(rel)), p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImports(t *testing.T) {
	fset := token.NewFileSet()
	eachGo(t, func(dir, file string) {
		from, ok := level(dir)
		if !ok {
			t.Errorf("%s: package %s is not in the table of levels", file, dir)
			return
		}
		test := strings.HasSuffix(file, "_test.go")
		f, err := parser.ParseFile(fset, file, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, im := range f.Imports {
			path, _ := strconv.Unquote(im.Path.Value)
			if path != module && !strings.HasPrefix(path, module+"/") {
				continue
			}
			to := "."
			if path != module {
				to = strings.TrimPrefix(path, module+"/")
			}
			l, ok := level(to)
			if !ok {
				t.Errorf("%s: imports %s, which is not in the table of levels", file, to)
				continue
			}
			if test { // tests may look down and sideways, never up to cmd
				if strings.HasPrefix(to, "cmd/") {
					t.Errorf("%s: a test imports %s", file, to)
				}
				continue
			}
			if l >= from && !sameTree(dir, to) {
				t.Errorf("%s: %s (level %d) imports %s (level %d)", file, dir, from, to, l)
			}
		}
	})
}

// TestPackageDocs wants a package comment in every package.
func TestPackageDocs(t *testing.T) {
	fset := token.NewFileSet()
	has := map[string]bool{}
	seen := map[string]bool{}
	eachGo(t, func(dir, file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		seen[dir] = true
		f, err := parser.ParseFile(fset, file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err == nil && f.Doc != nil {
			has[dir] = true
		}
	})
	for d := range seen {
		if !has[d] {
			t.Errorf("package %s has no package comment", d)
		}
	}
}
