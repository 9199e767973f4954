package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godtrace/godtrace/export/etl"
)

// liveState tells of the processes and threads of this system.
func liveState(cfg *etl.Config) {
	if b, err := os.ReadFile("/sys/devices/system/cpu/possible"); err == nil {
		s := strings.TrimSpace(string(b))
		if n, err := strconv.Atoi(s[strings.LastIndexAny(s, "-,")+1:]); err == nil {
			cfg.Processors = n + 1
		}
	}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return
	}
	for _, dir := range dirs {
		pid, err := strconv.ParseUint(filepath.Base(dir), 10, 32)
		if err != nil {
			continue
		}
		p, ok := liveProcess(uint32(pid))
		if !ok {
			continue // it has ended
		}
		cfg.Processes = append(cfg.Processes, p)
		tasks, err := os.ReadDir(dir + "/task")
		if err != nil {
			continue
		}
		for _, t := range tasks {
			if tid, err := strconv.ParseUint(t.Name(), 10, 32); err == nil {
				name, _ := os.ReadFile(dir + "/task/" + t.Name() + "/comm")
				cfg.Threads = append(cfg.Threads, etl.Thread{PID: p.PID, TID: uint32(tid), Name: strings.TrimSpace(string(name))})
			}
		}
	}
	cfg.Lookup = liveProcess
}

// liveProcess reads what /proc tells of a process.
func liveProcess(pid uint32) (etl.Process, bool) {
	p := etl.Process{PID: pid}
	dir := "/proc/" + strconv.FormatUint(uint64(pid), 10)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return p, false
	}
	for _, line := range strings.Split(string(status), "\n") {
		key, val, _ := strings.Cut(line, ":")
		val = strings.TrimSpace(val)
		switch key {
		case "Name":
			p.Name = val
		case "PPid":
			n, _ := strconv.ParseUint(val, 10, 32)
			p.PPID = uint32(n)
		case "Uid":
			n, _ := strconv.ParseUint(strings.Fields(val + " 0")[0], 10, 32)
			p.UID = uint32(n)
		}
	}
	if args, err := os.ReadFile(dir + "/cmdline"); err == nil {
		p.Args = string(bytes.ReplaceAll(bytes.TrimRight(args, "\x00"), []byte{0}, []byte{' '}))
	}
	return p, true
}
