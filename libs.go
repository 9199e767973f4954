package godtrace

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/dlib"
	"github.com/godtrace/godtrace/syntax"
)

// AddLibraryDir adds the D libraries (*.d) of a directory, as -L does. They are
// checked before all programs.
func (t *Tracer) AddLibraryDir(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.d"))
	if err != nil {
		return fmt.Errorf("library directory %s: %w", dir, err)
	}
	if len(names) == 0 {
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("library directory: %w", err)
		}
	}
	sort.Strings(names)
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			return fmt.Errorf("library: %w", err)
		}
		t.userLibs = append(t.userLibs, dlib.Lib{Name: n, Text: string(b)})
	}
	return nil
}

// addLibraries gives the checker the D libraries that a text needs and it has
// not yet: those embedded by the names they define, those of -L all.
func (t *Tracer) addLibraries(text string) error {
	words := map[string]bool{}
	addWords(words, text)
	for _, l := range t.userLibs {
		addWords(words, l.Text)
	}
	var libs []dlib.Lib
	if !t.opt.Flag("nolibs") {
		libs = dlib.Needed(func(n string) bool { return words[n] })
	}
	libs = append(libs, t.userLibs...)
	t.userLibs = nil
	for _, l := range libs {
		if t.haveLibs[l.Name] {
			continue
		}
		t.haveLibs[l.Name] = true
		p, err := syntax.Parse(&syntax.Config{File: l.Name, TypeName: t.chk.IsType, Empty: true}, l.Text)
		if err == nil {
			err = t.chk.AddLib(filepath.Base(l.Name), p)
		}
		if err != nil {
			return diag.WithSource(err, l.Name, l.Text)
		}
	}
	return nil
}

// addWords collects the identifiers of a text, comments and strings included:
// a name too many only loads a library for nothing.
func addWords(set map[string]bool, text string) {
	start := -1
	for i := 0; i <= len(text); i++ {
		word := i < len(text) && (text[i] == '_' || text[i] >= 'a' && text[i] <= 'z' || text[i] >= 'A' && text[i] <= 'Z' || text[i] >= '0' && text[i] <= '9')
		switch {
		case word && start < 0:
			start = i
		case !word && start >= 0:
			set[text[start:i]] = true
			start = -1
		}
	}
}
