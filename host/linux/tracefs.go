//go:build linux

package linux

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// tracefs is an open trace file system. Where it is not mounted, a mount of
// its own is made that no path leads to and that ends with the descriptor
// (fsmount, Linux 5.2, CAP_SYS_ADMIN): the machine stays as it was.
type tracefs struct {
	fd  int
	how string
}

var tracefsPaths = []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}

func openTracefs() (*tracefs, error) {
	for _, path := range tracefsPaths {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if unix.Faccessat(fd, "available_events", unix.R_OK, 0) == nil {
			return &tracefs{fd, "mounted on " + path}, nil
		}
		unix.Close(fd)
	}
	if lockdown() == "confidentiality" {
		// The kernel keeps nothing in tracefs then, so that a mount of ours would be
		// the only one; its end makes Linux 6.12 crash (a list that is not set up).
		return nil, errors.New("tracefs is empty: kernel lockdown is confidentiality")
	}
	fd, err := mountUnseen("tracefs")
	if err != nil {
		return nil, err
	}
	return &tracefs{fd, "not mounted; read through a mount of our own that no path leads to"}, nil
}

// mountUnseen mounts a file system of the kernel where no path leads to, and
// returns its root.
func mountUnseen(fs string) (int, error) {
	ctx, err := unix.Fsopen(fs, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("%s is not mounted, and opening it: %w", fs, err)
	}
	defer unix.Close(ctx)
	if err := unix.FsconfigCreate(ctx); err != nil {
		return -1, fmt.Errorf("%s is not mounted, and creating an instance of it: %w", fs, err)
	}
	fd, err := unix.Fsmount(ctx, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return -1, fmt.Errorf("%s is not mounted, and mounting it out of sight: %w", fs, err)
	}
	return fd, nil
}

func (t *tracefs) Close() error { return unix.Close(t.fd) }

// read returns the contents of a file below the root of tracefs.
func (t *tracefs) read(path string) ([]byte, error) {
	data, err := readAt(t.fd, path)
	if err != nil {
		return nil, fmt.Errorf("tracefs: %w", err)
	}
	return data, nil
}

// readAt reads a file below an open directory.
func readAt(dir int, path string) ([]byte, error) {
	fd, err := unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	return io.ReadAll(f)
}

// eachEvent calls f for the events that the kernel lists and that are
// tracepoints: not those of the system calls, nor those that somebody made
// (kprobes, uprobes, synthetic events).
func (t *tracefs) eachEvent(f func(group, name string)) error {
	data, err := t.read("available_events")
	if err != nil {
		return err
	}
	made := map[string]bool{}
	if dyn, err := t.read("dynamic_events"); err == nil { // Linux 5.1
		for line := range bytes.Lines(dyn) {
			if ev, ok := dynamicEvent(string(line)); ok {
				made[ev] = true
			}
		}
	}
	for line := range bytes.Lines(data) {
		group, name, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		if ok && group != "syscalls" && group != "synthetic" && !made[group+":"+name] {
			f(group, name)
		}
	}
	return nil
}

// dynamicEvent returns the group and name (with a colon between) of an event in
// a line of dynamic_events: "p:group/name definition", the letter with a number
// perhaps.
func dynamicEvent(line string) (event string, ok bool) {
	first, _, _ := strings.Cut(line, " ")
	_, name, ok := strings.Cut(first, ":")
	if !ok {
		return "", false
	}
	group, name, ok := strings.Cut(strings.TrimSpace(name), "/")
	return group + ":" + name, ok
}

//go:embed groups.txt
var groupTable string

// eachKnownEvent calls f for the events of the built-in table.
func eachKnownEvent(f func(group, name string)) {
	for line := range strings.Lines(groupTable) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		for _, name := range words[min(1, len(words)):] {
			f(words[0], name)
		}
	}
}
