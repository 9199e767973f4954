package vmtest

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// File is a file of an initramfs.
type File struct {
	// Path is absolute. Missing directories are made.
	Path string
	// Mode is the type and the permissions as in stat(2); ModeFile, ModeExec,
	// ModeDir, ModeLink (Data is where it leads) or ModeChar.
	Mode uint32
	Data []byte
	// Major and Minor number the device of a ModeChar.
	Major, Minor uint32
}

// Modes of files.
const (
	ModeFile = 0o100644
	ModeExec = 0o100755
	ModeDir  = 0o040755
	ModeLink = 0o120777
	ModeChar = 0o020600
)

// maxData is the largest file of the format: its size has eight hexadecimal
// digits.
const maxData = 1<<32 - 1

// WriteCPIO writes an initramfs with the files: a cpio archive in the format
// that the kernel calls newc (Documentation/driver-api/early-userspace/buffer-format.rst).
func WriteCPIO(w io.Writer, files []File) error {
	c := cpioWriter{w: w, dirs: map[string]bool{"/": true}}
	for _, f := range files {
		if !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path {
			return fmt.Errorf("initramfs: found path %q, want an absolute one without . and ..", f.Path)
		}
		if uint64(len(f.Data)) > maxData {
			return fmt.Errorf("initramfs: %s has %d bytes, at most %d are possible", f.Path, len(f.Data), uint64(maxData))
		}
		c.parents(f.Path)
		if f.Mode == ModeDir {
			if c.dirs[f.Path] {
				continue
			}
			c.dirs[f.Path] = true
		}
		c.entry(f)
	}
	c.entry(File{Path: "/TRAILER!!!"})
	if c.err != nil {
		return fmt.Errorf("initramfs: %w", c.err)
	}
	return nil
}

type cpioWriter struct {
	w    io.Writer
	err  error
	ino  uint32
	dirs map[string]bool
}

// parents makes the directories above a path, the highest first.
func (c *cpioWriter) parents(p string) {
	var missing []string
	for d := path.Dir(p); !c.dirs[d]; d = path.Dir(d) {
		missing = append(missing, d)
		c.dirs[d] = true
	}
	slices.Reverse(missing)
	for _, d := range missing {
		c.entry(File{Path: d, Mode: ModeDir})
	}
}

// entry writes a header of 110 characters, the name and the data, the last two
// each ending at a multiple of four.
func (c *cpioWriter) entry(f File) {
	c.ino++
	name := strings.TrimPrefix(f.Path, "/") + "\x00"
	links := 1
	if f.Mode == ModeDir {
		links = 2
	}
	// Fields: inode, mode, uid, gid, links, time, size, device (2), its number if
	// it is one (2), length of the name, checksum (of another format).
	h := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		c.ino, f.Mode, 0, 0, links, 0, len(f.Data), 0, 0, f.Major, f.Minor, len(name), 0)
	c.write([]byte(h + name))
	c.pad(len(h) + len(name))
	c.write(f.Data)
	c.pad(len(f.Data))
}

func (c *cpioWriter) pad(n int) { c.write(make([]byte, -n&3)) }

func (c *cpioWriter) write(b []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(b)
	}
}
