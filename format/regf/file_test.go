package regf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var errCrash = errors.New("crash")

// crashFS stops at the n-th operation that changes something: that one is done by halves (a
// write writes a part) or not at all, and all later ones fail, as after a kill or power cut.
type crashFS struct {
	OS
	left int
	done []string // operations until the crash
}

func (c *crashFS) step(what string) error {
	if c.left--; c.left < 0 {
		return errCrash
	}
	c.done = append(c.done, what)
	return nil
}

func (c *crashFS) Create(dir, prefix, like string) (string, File, error) {
	if err := c.step("create"); err != nil {
		return "", nil, err
	}
	name, f, err := c.OS.Create(dir, prefix, like)
	return name, &crashFile{f, c}, err
}

func (c *crashFS) Rename(from, to string) error {
	if err := c.step("rename to " + filepath.Base(to)); err != nil {
		return err
	}
	return c.OS.Rename(from, to)
}

func (c *crashFS) Remove(name string) error {
	if err := c.step("remove"); err != nil {
		return err
	}
	return c.OS.Remove(name)
}

func (c *crashFS) SyncDir(dir string) error {
	if err := c.step("sync directory"); err != nil {
		return err
	}
	return c.OS.SyncDir(dir)
}

type crashFile struct {
	File
	c *crashFS
}

func (f *crashFile) Write(p []byte) (int, error) {
	if err := f.c.step("write"); err != nil {
		f.File.Write(p[:len(p)*2/3])
		return len(p) * 2 / 3, err
	}
	return f.File.Write(p)
}

func (f *crashFile) Sync() error {
	if err := f.c.step("sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *crashFile) Close() error {
	err := f.File.Close() // the descriptor goes with the process
	if e := f.c.step("close"); e != nil {
		return e
	}
	return err
}

// TestCrashAtEachStep stops a Save at each of its operations in turn: the file must be the old
// or the new one, the backup the old one or absent, and the next Save must succeed.
func TestCrashAtEachStep(t *testing.T) {
	old := sample(t, 5).Seal(epoch)
	for n := 0; ; n++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "BCD")
		if err := os.WriteFile(path, old, 0o640); err != nil {
			t.Fatal(err)
		}
		crash := &crashFS{left: n}
		l, err := Load(crash, path)
		if err != nil {
			t.Fatal(err)
		}
		h := l.Hive.Clone()
		set(t, create(t, h, "New"), "v", DWord, []byte{1, 0, 0, 0})
		want := h.Clone().Seal(epoch.Add(time.Minute))
		_, err = Save(crash, l, h, epoch.Add(time.Minute), nil)
		have, rerr := os.ReadFile(path)
		if rerr != nil {
			t.Fatalf("step %d: %v", n, rerr)
		}
		isOld, isNew := bytes.Equal(have, old), bytes.Equal(have, want)
		if !isOld && !isNew {
			t.Fatalf("crash after %v: the store is neither old nor new", crash.done)
		}
		if err == nil && !isNew {
			t.Fatalf("crash after %v: Save succeeded, the store is old", crash.done)
		}
		if b, err := os.ReadFile(path + ".bak"); err == nil && !bytes.Equal(b, old) {
			t.Fatalf("crash after %v: the backup is not the old store", crash.done)
		} else if err != nil && isNew {
			t.Fatalf("crash after %v: the store is new, and there is no backup: %v", crash.done, err)
		}
		// Life goes on.
		l2, err2 := Load(OS{}, path)
		if err2 != nil {
			t.Fatal(err2)
		}
		h2 := l2.Hive.Clone()
		set(t, create(t, h2, "Again"), "v", DWord, []byte{2, 0, 0, 0})
		if _, err := Save(OS{}, l2, h2, epoch.Add(time.Hour), nil); err != nil {
			t.Fatalf("crash after %v: next Save: %v", crash.done, err)
		}
		names, _ := OS{}.List(dir)
		for _, name := range names {
			if strings.Contains(name, tempMark) {
				t.Errorf("crash after %v: %s is left over", crash.done, name)
			}
		}
		if err == nil && crash.left > 0 {
			if n < 10 {
				t.Errorf("a Save has only %d steps: %v", n, crash.done)
			}
			t.Logf("steps: %v", crash.done)
			return
		}
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "BCD")
	old := sample(t, 5).Seal(epoch)
	if err := os.WriteFile(path, old, 0o604); err != nil {
		t.Fatal(err)
	}
	os.Chmod(path, 0o604)
	// Two changes, then back to the first content: two backups, the second reused.
	var backups []string
	for i := 0; i < 3; i++ {
		l, err := Load(OS{}, path)
		if err != nil {
			t.Fatal(err)
		}
		seq := l.Hive.Base().Seq1
		h := l.Hive.Clone()
		set(t, create(t, h, "New"), "v", DWord, []byte{byte(i), 0, 0, 0})
		verified := false
		b, err := Save(OS{}, l, h, epoch.Add(time.Duration(i)*time.Minute), func(g *Hive) error {
			verified = true
			_, err := g.Open("New")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !verified {
			t.Error("verify was not called")
		}
		backups = append(backups, filepath.Base(b))
		if g, _ := Load(OS{}, path); g.Hive.Base().Seq1 != seq+1 || g.Hive.Base().Dirty() {
			t.Errorf("sequence number after write is %d, want %d", g.Hive.Base().Seq1, seq+1)
		}
	}
	if have := fmt.Sprint(backups); have != "[BCD.bak BCD.bak2 BCD.bak3]" {
		t.Errorf("backups %s", have)
	}
	if b, _ := os.ReadFile(path + ".bak"); !bytes.Equal(b, old) {
		t.Error("first backup is not the first store")
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o604 {
		t.Errorf("mode is %v, want 0604", st.Mode().Perm())
	}
	// A backup of the same bytes is there already.
	os.WriteFile(path, old, 0o604)
	l, _ := Load(OS{}, path)
	h := l.Hive.Clone()
	create(t, h, "Other")
	if b, err := Save(OS{}, l, h, epoch, nil); err != nil || filepath.Base(b) != "BCD.bak" {
		t.Errorf("backup %s, %v, want BCD.bak", b, err)
	}
}

func TestSaveRefuses(t *testing.T) {
	old := sample(t, 5).Seal(epoch)
	setup := func() (string, *Loaded, *Hive) {
		path := filepath.Join(t.TempDir(), "BCD")
		os.WriteFile(path, old, 0o600)
		l, err := Load(OS{}, path)
		if err != nil {
			t.Fatal(err)
		}
		h := l.Hive.Clone()
		create(t, h, "New")
		return path, l, h
	}
	t.Run("verify", func(t *testing.T) {
		path, l, h := setup()
		_, err := Save(OS{}, l, h, epoch, func(*Hive) error { return errors.New("not as wanted") })
		if err == nil || !strings.Contains(err.Error(), "not as wanted") {
			t.Errorf("have %v", err)
		}
		unchanged(t, path, old)
	})
	t.Run("changed meanwhile", func(t *testing.T) {
		path, l, h := setup()
		other := append(bytes.Clone(old), 0)
		os.WriteFile(path, other, 0o600)
		_, err := Save(OS{}, l, h, epoch, nil)
		if err == nil || !strings.Contains(err.Error(), "changed by somebody else") {
			t.Errorf("have %v", err)
		}
		unchanged(t, path, other)
	})
	t.Run("damaged", func(t *testing.T) {
		path, l, h := setup()
		k, _ := h.Open("New")
		k.put32(nkSubkeys, 7)
		if _, err := Save(OS{}, l, h, epoch, nil); !errors.Is(err, ErrFormat) {
			t.Errorf("have %v, want ErrFormat", err)
		}
		unchanged(t, path, old)
	})
	t.Run("dirty", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "BCD")
		d := dirty(old, 9, 8)
		os.WriteFile(path, d, 0o600)
		l, err := Load(OS{}, path)
		if err != nil || !errors.Is(l.Err, ErrDirty) {
			t.Fatalf("%v, %v, want ErrDirty", err, l.Err)
		}
		if _, err := Save(OS{}, l, l.Hive.Clone(), epoch, nil); !errors.Is(err, ErrDirty) {
			t.Errorf("have %v, want ErrDirty", err)
		}
		unchanged(t, path, d)
	})
}

func unchanged(t *testing.T, path string, want []byte) {
	t.Helper()
	have, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(have, want) {
		t.Errorf("the store is not what it was (%v)", err)
	}
	names, _ := OS{}.List(filepath.Dir(path))
	for _, n := range names {
		if strings.Contains(n, tempMark) {
			t.Errorf("%s is left over", n)
		}
	}
}

// TestLoadRecovers reads dirty hives with logs beside them, in names of any case.
func TestLoadRecovers(t *testing.T) {
	s := states(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "bcd")
	os.WriteFile(path, dirty(s[0], 10, 9), 0o600)
	os.WriteFile(filepath.Join(dir, "BCD.LOG1"), logNew(s[1], step{11, s[1], s[2]}), 0o600)
	os.WriteFile(filepath.Join(dir, "Bcd.log2"), logNew(s[0], step{10, s[0], s[1]}), 0o600)
	os.WriteFile(filepath.Join(dir, "BCD.LOG"), nil, 0o600)
	l, err := Load(OS{}, path)
	if err != nil || l.Err != nil {
		t.Fatal(err, l.Err)
	}
	if len(l.Recovery.Applied) != 2 {
		t.Errorf("recovery %+v", l.Recovery)
	}
	if _, err := Save(OS{}, l, l.Hive.Clone(), epoch, nil); err != nil {
		t.Fatal(err)
	}
	g, err := Load(OS{}, path)
	if err != nil || g.Recovery.Dirty {
		t.Fatalf("%v, %+v", err, g.Recovery)
	}
	if g.Hive.Base().Seq1 != 12 {
		t.Errorf("sequence number is %d, want 12: above the last entry replayed", g.Hive.Base().Seq1)
	}
	want, _ := Parse(s[2])
	if d, err := Diff(want, g.Hive); err != nil || len(d) > 0 {
		t.Errorf("differences %v, %v", d, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(OS{}, filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("have %v, want not exist", err)
	}
	if _, err := Load(OS{}, dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("directory: %v", err)
	}
	path := filepath.Join(dir, "text")
	os.WriteFile(path, []byte("this is no hive"), 0o600)
	if _, err := Load(OS{}, path); err == nil || !strings.Contains(err.Error(), "well-formed") && !errors.Is(err, ErrDirty) {
		t.Errorf("text: %v", err)
	}
}
