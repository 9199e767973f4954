package pdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotFound is wrapped by errors of Find and FindImage.
var ErrNotFound = errors.New("not found")

// base returns the last part of a path of Windows or of this system.
func base(name string) string { return name[strings.LastIndexAny(name, `\/`)+1:] }

// Find opens the program database of an image: the one of that name with that
// GUID and age. It looks in each directory for the file itself and for the layout
// of a symbol server (name/KEY/name). An age of 0 stands for any. Names are
// compared without case. The error wraps ErrNotFound and tells of files that had
// the name but not the identity.
func Find(dirs []string, name string, guid [16]byte, age uint32) (*File, error) {
	name = base(name)
	key := pdbKey(guid, age)
	var near []string
	for _, p := range candidates(dirs, name, key) {
		f, err := Open(p)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				near = append(near, err.Error())
			}
			continue
		}
		if in := f.Info(); in.GUID == guid && (age == 0 || in.Age == age) {
			return f, nil
		}
		near = append(near, fmt.Sprintf("%s is %s", p, f.Info().Key()))
		f.Close()
	}
	return nil, missing(name, key, near)
}

// FindImage opens and reads a PE image by name, time stamp and size, in the same
// places as Find does databases. A stamp of 0 stands for any.
func FindImage(dirs []string, name string, stamp, size uint32) (*Image, error) {
	name = base(name)
	key := fmt.Sprintf("%08X%x", stamp, size)
	var near []string
	for _, p := range candidates(dirs, name, key) {
		im, err := openImage(p)
		switch {
		case err != nil && errors.Is(err, fs.ErrNotExist):
		case err != nil:
			near = append(near, fmt.Sprintf("%s: %v", p, err))
		case stamp != 0 && (im.TimeDateStamp != stamp || size != 0 && im.Size != size):
			near = append(near, fmt.Sprintf("%s is %s", p, im.Key()))
		default:
			return im, nil
		}
	}
	return nil, missing(name, key, near)
}

func openImage(p string) (*Image, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return ReadImage(f, fi.Size())
}

func missing(name, key string, near []string) error {
	if len(near) > 0 {
		return fmt.Errorf("pdb: %s with identity %s: %w; %s", name, key, ErrNotFound, strings.Join(near, "; "))
	}
	return fmt.Errorf("pdb: %s with identity %s: %w", name, key, ErrNotFound)
}

// candidates lists the paths where a file can be.
func candidates(dirs []string, name, key string) []string {
	var out []string
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if fi, err := os.Stat(d); err == nil && !fi.IsDir() {
			if strings.EqualFold(filepath.Base(d), name) {
				out = append(out, d) // the file itself was given
			}
			continue
		}
		n := match(d, name)
		if n == "" {
			continue
		}
		p := filepath.Join(d, n)
		if fi, err := os.Stat(p); err == nil && fi.IsDir() {
			if k := match(p, key); k != "" {
				if m := match(filepath.Join(p, k), name); m != "" {
					out = append(out, filepath.Join(p, k, m))
				}
			}
			continue
		}
		out = append(out, p)
	}
	return out
}

// match returns the entry of a directory that a name stands for, whatever its
// case; "" if there is none.
func match(dir, name string) string {
	if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
		return name
	}
	es, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range es {
		if strings.EqualFold(e.Name(), name) {
			return e.Name()
		}
	}
	return ""
}
