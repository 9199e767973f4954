package bootcfg

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// volume is a mounted or copied Windows volume. Names on it are looked up without regard to
// case, whatever the file system it is on does.
type volume struct{ root string }

// find returns the path of a file or directory below the root, given with slashes or
// backslashes. The error wraps fs.ErrNotExist and names the first component that is missing.
func (v volume) find(path string) (string, error) {
	at := v.root
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if name == "." || name == ".." {
			return "", fmt.Errorf("path %q: component %q is not allowed", path, name)
		}
		next := filepath.Join(at, name)
		if _, err := os.Lstat(next); err != nil {
			list, rerr := os.ReadDir(at)
			if rerr != nil {
				return "", rerr
			}
			next = ""
			for _, e := range list {
				if strings.EqualFold(e.Name(), name) {
					next = filepath.Join(at, e.Name())
					break
				}
			}
			if next == "" {
				return "", fmt.Errorf("%s is not on the volume: %w", v.rel(filepath.Join(at, name)), fs.ErrNotExist)
			}
		}
		at = next
	}
	return at, nil
}

// maxImage bounds the images that are read; kernels have about 12 MB.
const maxImage = 256 << 20

// read returns the content of a regular file below the root, and its path.
func (v volume) read(path string) ([]byte, string, error) {
	p, err := v.find(path)
	if err != nil {
		return nil, "", err
	}
	st, err := os.Stat(p)
	if err != nil {
		return nil, p, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxImage {
		return nil, p, fmt.Errorf("%s: not a regular file of at most %d bytes", p, maxImage)
	}
	b, err := os.ReadFile(p)
	return b, p, err
}

// rel shows a path relative to the volume.
func (v volume) rel(p string) string {
	if r, err := filepath.Rel(v.root, p); err == nil {
		return r
	}
	return p
}
