package regf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FS is what Load and Save need of a file system. [OS] is the real one; tests put crashes into
// another. Implementations need not be safe for concurrent use.
type FS interface {
	// ReadFile returns the content of a regular file.
	ReadFile(name string) ([]byte, error)
	// List returns the names in a directory.
	List(dir string) ([]string, error)
	// Create makes a new file in dir whose name starts with prefix, open for writing, with the
	// permissions (and where the system has them the owner) of the file like.
	Create(dir, prefix, like string) (name string, w File, err error)
	// Rename gives a file a new name, replacing what is there in one step.
	Rename(from, to string) error
	// Remove deletes a file.
	Remove(name string) error
	// SyncDir makes changes of names in a directory durable, where the system can.
	SyncDir(dir string) error
}

// File is a file being written.
type File interface {
	io.WriteCloser
	// Sync returns when what was written is on the disk.
	Sync() error
}

// tempMark is in the name of files that a Save was writing; a Save that ends removes what a
// killed one left.
const tempMark = ".dtrace-tmp-"

// Loaded is a hive read from a file, after recovery.
type Loaded struct {
	Hive     *Hive
	Path     string    // where it is: symbolic links resolved
	Raw      []byte    // the bytes of the file as they are
	Recovery *Recovery // what was replayed from the logs beside the file
	Err      error     // the hive is dirty and could not be repaired (wraps ErrDirty): read only
}

// Load reads the hive at path and replays the logs path.LOG1, path.LOG2 and path.LOG when the
// hive is dirty. When no log repairs it but its cells can still be read, the hive is returned
// with Err set; Save refuses it.
func Load(fsys FS, path string) (*Loaded, error) {
	raw, err := fsys.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := &Loaded{Path: path, Raw: raw}
	logs, unread := readLogs(fsys, path)
	fixed, rec, err := Recover(raw, logs)
	rec.Skipped = append(rec.Skipped, unread...)
	l.Recovery = rec
	if err != nil {
		if !errors.Is(err, ErrDirty) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		l.Err = fmt.Errorf("%s: %w", path, err)
	}
	l.Hive, err = parse(bytes.Clone(fixed))
	if err != nil {
		if l.Err != nil {
			return nil, fmt.Errorf("%w; %w", l.Err, err)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// readLogs reads the logs beside a hive, whatever the case of their names, in the order in which
// the system tries them.
func readLogs(fsys FS, path string) (logs []Log, unread []string) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	names, err := fsys.List(dir)
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, ext := range []string{".LOG1", ".LOG2", ".LOG"} {
		for _, n := range names {
			if !strings.EqualFold(n, base+ext) {
				continue
			}
			data, err := fsys.ReadFile(filepath.Join(dir, n))
			if err != nil {
				unread = append(unread, err.Error())
				continue
			}
			logs = append(logs, Log{Name: n, Data: data})
		}
	}
	return logs, unread
}

// Save writes h in the place of the file that l was read from, so that at every moment the file
// is the old or the new one in full: the old bytes go into a backup, the sealed hive into a new
// file beside it, which is synced, read back, parsed, checked and shown to verify, and then takes
// the name of the old. It returns the path of the backup, which holds l.Raw. Earlier backups are
// never overwritten. Save refuses a hive with fatal problems, a dirty one that was not repaired,
// and a file that changed since Load.
func Save(fsys FS, l *Loaded, h *Hive, now time.Time, verify func(*Hive) error) (backup string, err error) {
	fail := func(what string, err error) (string, error) {
		return backup, fmt.Errorf("write %s: %s: %w", l.Path, what, err)
	}
	if l.Err != nil {
		return fail("refused", l.Err)
	}
	if err := h.Fatal(); err != nil {
		return fail("check", err)
	}
	image := h.Seal(now)
	dir, base := filepath.Split(l.Path)
	if dir == "" {
		dir = "."
	}
	if backup, err = saveBackup(fsys, l, dir, base); err != nil {
		return fail("backup", err)
	}
	tmp, err := writeNew(fsys, dir, base+tempMark, l.Path, image)
	if err != nil {
		return fail("new file", err)
	}
	if err := checkNew(fsys, tmp, image, verify); err != nil {
		fsys.Remove(tmp)
		return fail("read back", err)
	}
	cur, err := fsys.ReadFile(l.Path)
	if err == nil && !bytes.Equal(cur, l.Raw) {
		err = errors.New("the file was changed by somebody else since it was read")
	}
	if err != nil {
		fsys.Remove(tmp)
		return fail("compare", err)
	}
	if err := fsys.Rename(tmp, l.Path); err != nil {
		fsys.Remove(tmp)
		return fail("rename", err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return fail("sync directory (the new file is in place)", err)
	}
	sweep(fsys, dir, base)
	return backup, nil
}

// writeNew writes a new file, synced; it leaves none behind when it fails.
func writeNew(fsys FS, dir, prefix, like string, data []byte) (string, error) {
	name, f, err := fsys.Create(dir, prefix, like)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		fsys.Remove(name)
		return "", err
	}
	return name, nil
}

func checkNew(fsys FS, name string, image []byte, verify func(*Hive) error) error {
	got, err := fsys.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, image) {
		return fmt.Errorf("file has other bytes than were written (%d, want %d)", len(got), len(image))
	}
	h, err := Parse(got)
	if err != nil {
		return err
	}
	if h.Base().Dirty() {
		return ErrDirty
	}
	if err := h.Fatal(); err != nil {
		return err
	}
	if verify != nil {
		return verify(h)
	}
	return nil
}

// saveBackup keeps l.Raw beside the file as base.bak, or base.bak2 and so on when that is taken
// by other bytes. It appears under that name only when it is complete.
func saveBackup(fsys FS, l *Loaded, dir, base string) (string, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return "", err
	}
	taken := map[string]string{}
	for _, n := range names {
		taken[strings.ToLower(n)] = n
	}
	for i := 1; i < 10000; i++ {
		name := base + ".bak"
		if i > 1 {
			name = fmt.Sprintf("%s.bak%d", base, i)
		}
		if have, ok := taken[strings.ToLower(name)]; ok {
			path := filepath.Join(dir, have)
			if data, err := fsys.ReadFile(path); err == nil && bytes.Equal(data, l.Raw) {
				return path, nil
			}
			continue
		}
		tmp, err := writeNew(fsys, dir, base+tempMark, l.Path, l.Raw)
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, name)
		if data, err := fsys.ReadFile(tmp); err != nil || !bytes.Equal(data, l.Raw) {
			fsys.Remove(tmp)
			return "", errors.Join(errors.New("backup does not read back"), err)
		}
		if err := fsys.Rename(tmp, path); err != nil {
			fsys.Remove(tmp)
			return "", err
		}
		return path, fsys.SyncDir(dir)
	}
	return "", errors.New("10000 backups are there already")
}

// sweep removes what killed writers left; it must not fail a write that is done.
func sweep(fsys FS, dir, base string) {
	names, err := fsys.List(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		if strings.HasPrefix(n, base+tempMark) {
			fsys.Remove(filepath.Join(dir, n))
		}
	}
}

// OS is the file system of the machine.
type OS struct{}

// maxFile bounds what is read into memory: the largest hive with its base block and some slack.
const maxFile = 1<<31 + 1<<20

// ReadFile implements FS; it refuses directories, devices and files above 2 GiB.
func (OS) ReadFile(name string) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	if st.Size() > maxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("file has %d bytes, want at most %d", st.Size(), int64(maxFile))}
	}
	return os.ReadFile(name)
}

// List implements FS.
func (OS) List(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out, nil
}

// Create implements FS.
func (OS) Create(dir, prefix, like string) (string, File, error) {
	f, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return "", nil, err
	}
	if st, err := os.Stat(like); err == nil {
		f.Chmod(st.Mode().Perm()) // file systems without permissions (FAT) refuse, rightly
		chownLike(f, st)
	}
	return f.Name(), f, nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir implements FS. Systems that cannot sync a directory (Windows, some network file
// systems) say so with an error that is ignored.
func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !syncUnsupported(err) {
		return err
	}
	return nil
}
