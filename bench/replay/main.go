//go:build unix

// Command replay measures whole processes of dtrace --host etl on one core: events a
// second of wall time, processor time and peak memory.
//
//	replay -dtrace bin/dtrace [FILE.etl ...]
//
// Without files it takes slowppt.etl.xz of the shared fixtures, if there are some, and
// a file of twelve copies of it.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// programs are what is measured.
var programs = []string{
	`etw::: { @[execname] = count(); }`,
	`sched:::on-cpu { @[execname, pid] = count(); }`,
	`profile-1000 { @[stack()] = count(); }`,
}

func main() {
	tool := flag.String("dtrace", "bin/dtrace", "the command to measure")
	flag.Parse()
	if err := run(*tool, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(tool string, files []string) error {
	if len(files) == 0 {
		dir, err := os.MkdirTemp("", "replay")
		if err != nil {
			return err
		}
		defer func() {
			for _, f := range files {
				_ = os.Remove(f)
			}
			_ = os.Remove(dir)
		}()
		if files, err = fixtures(dir); err != nil || files == nil {
			return err
		}
	}
	fmt.Printf("%-14s %8s %-46s %9s %9s %9s %7s\n", "file", "events", "program", "wall s", "CPU s", "Mev/s", "MB")
	for _, f := range files {
		events, err := count(tool, f)
		if err != nil {
			return err
		}
		for _, p := range programs {
			cmd := exec.Command(tool, "--host", "etl:"+f, "-qn", p)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			var msg bytes.Buffer
			cmd.Stderr = &msg
			begin := time.Now()
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s over %s: %w: %s", p, f, err, msg.String())
			}
			wall := time.Since(begin)
			cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			mem := float64(0)
			if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				mem = float64(u.Maxrss) / 1024
				if runtime.GOOS == "darwin" {
					mem /= 1024
				}
			}
			fmt.Printf("%-14s %8d %-46s %9.2f %9.2f %9.2f %7.0f\n", filepath.Base(f), events, p, wall.Seconds(), cpu.Seconds(), float64(events)/cpu.Seconds()/1e6, mem)
		}
	}
	return nil
}

// count asks how many events a file holds.
func count(tool, file string) (n int64, err error) {
	out, err := exec.Command(tool, "--host", "etl:"+file, "-qn", `etw::: { @ = count(); } END { printa("%@d", @); }`).Output()
	if err != nil {
		return 0, fmt.Errorf("count events of %s: %w", file, err)
	}
	_, err = fmt.Sscan(strings.TrimSpace(string(out)), &n)
	return n, err
}

// fixtures unpacks the shared trace and makes the long one; nil if there is none.
func fixtures(dir string) ([]string, error) {
	for _, root := range []string{os.Getenv("DTRACE_FIXTURES"), filepath.Join(os.Getenv("GODTRACE_SHARED"), "fixtures"), "../shared/fixtures"} {
		packed := filepath.Join(root, "etl", "slowppt.etl.xz")
		if _, err := os.Stat(packed); root == "" || err != nil {
			continue
		}
		// Streamed: what this process holds would count as the children's.
		one, twelve := filepath.Join(dir, "slowppt.etl"), filepath.Join(dir, "12copies.etl")
		if err := write(one, func(f *os.File) error {
			cmd := exec.Command("xz", "-dkc", packed)
			cmd.Stdout = f
			return cmd.Run()
		}); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", packed, err)
		}
		return []string{one, twelve}, write(twelve, func(f *os.File) error { return repeat(f, one) })
	}
	fmt.Println("no shared traces: the replay of files is left out")
	return nil, nil
}

func write(name string, fill func(f *os.File) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}

// repeat writes a trace's header once and its other buffers twelve times, all of the
// same time.
func repeat(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var size [4]byte
	if _, err := f.ReadAt(size[:], 0); err != nil {
		return err
	}
	if _, err := io.Copy(w, f); err != nil {
		return err
	}
	for range 11 {
		if _, err := f.Seek(int64(binary.LittleEndian.Uint32(size[:])), io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(w, f); err != nil {
			return err
		}
	}
	return nil
}
