package symbol

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Mapping is one mapping of a process's address space.
type Mapping struct {
	Start, End, Off uint64
	Exec            bool
	// Dev and Inode identify the mapped file; Path is its name in the process's
	// mount namespace, or a name in brackets, or "".
	Dev   string
	Inode uint64
	Path  string
	// Deleted is set if the file has no name any more.
	Deleted bool
}

// ReadMaps reads text in the form of /proc/PID/maps, in the order of addresses.
func ReadMaps(r io.Reader) ([]Mapping, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read maps: %w", err)
	}
	var ms []Mapping
	line := 0
	for l := range bytes.Lines(data) {
		line++
		m, ok := parseMapping(strings.TrimSuffix(string(l), "\n"))
		if !ok {
			return nil, fmt.Errorf("maps line %d: %q, want range, permissions, offset, device, inode and path", line, l)
		}
		ms = append(ms, m)
	}
	slices.SortFunc(ms, func(a, b Mapping) int { return cmp.Compare(a.Start, b.Start) })
	return ms, nil
}

func parseMapping(l string) (m Mapping, ok bool) {
	var f [5]string
	for i := range f {
		f[i], l, ok = strings.Cut(l, " ")
		if f[i] == "" || !ok && i < 4 {
			return m, false
		}
	}
	m.Start, m.End, ok = parseHexRange(f[0])
	if !ok || len(f[1]) != 4 {
		return m, false
	}
	m.Exec = f[1][2] == 'x'
	var err error
	if m.Off, err = strconv.ParseUint(f[2], 16, 64); err != nil {
		return m, false
	}
	m.Dev = f[3]
	if m.Inode, err = strconv.ParseUint(f[4], 10, 64); err != nil {
		return m, false
	}
	m.Path = strings.TrimLeft(l, " ")
	m.Path, m.Deleted = strings.CutSuffix(m.Path, " (deleted)")
	return m, true
}

// Processes resolves addresses of processes. What it has seen of a process it
// keeps when the process ends, so that addresses recorded before still resolve.
// It is not safe for concurrent use.
type Processes struct {
	// Root is where procfs is mounted, "/proc".
	Root string
	// Now is the clock that decides when to look at a process again.
	Now func() time.Time

	// mu lets a goroutine that holds a process back note it while another
	// resolves; it guards all below.
	mu    sync.Mutex
	procs map[uint32]*process
	files map[fileKey]*Object // nil: not readable as ELF
}

type fileKey struct {
	dev   string
	inode uint64
	path  string
}

type process struct {
	maps     []Mapping
	read     time.Time
	perf     *PerfMap
	perfRead time.Time
	vdso     *Object
}

// A process is looked at again after this time; at once, but not more often
// than missAge, if an address is in none of its mappings.
const (
	mapsAge = time.Second
	missAge = 20 * time.Millisecond
)

// NewProcesses returns a resolver that has seen no process yet.
func NewProcesses() *Processes {
	return &Processes{Root: "/proc", Now: time.Now, procs: map[uint32]*process{}, files: map[fileKey]*Object{}}
}

// Note looks at a process now, so that its addresses can be resolved after it
// has ended. It reports whether the process was there.
func (p *Processes) Note(pid uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.note(pid)
}

func (p *Processes) note(pid uint32) bool {
	pr := p.procs[pid]
	if pr == nil {
		pr = &process{}
		p.procs[pid] = pr
	}
	return p.refresh(pid, pr)
}

func (p *Processes) path(pid uint32, elem string) string {
	return p.Root + "/" + strconv.FormatUint(uint64(pid), 10) + "/" + elem
}

// refresh reads the mappings of a process again. Those of a process that has
// ended are kept.
func (p *Processes) refresh(pid uint32, pr *process) bool {
	pr.read = p.Now()
	f, err := os.Open(p.path(pid, "maps"))
	if err != nil {
		return false
	}
	defer f.Close()
	ms, err := ReadMaps(f)
	if err != nil || len(ms) == 0 { // a zombie has none
		return false
	}
	// Of a machine's processes only what can hold code or a file's data is kept.
	pr.maps = slices.Clip(slices.DeleteFunc(ms, func(m Mapping) bool { return !m.Exec && m.Path == "" }))
	return true
}

func (pr *process) find(addr uint64) *Mapping {
	n := sort.Search(len(pr.maps), func(i int) bool { return pr.maps[i].Start > addr })
	if n == 0 || addr >= pr.maps[n-1].End {
		return nil
	}
	return &pr.maps[n-1]
}

// User resolves an address of a process.
func (p *Processes) User(pid uint32, addr uint64) (Sym, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pr := p.procs[pid]
	if pr == nil {
		p.note(pid)
		pr = p.procs[pid]
	} else if p.Now().Sub(pr.read) > mapsAge {
		p.refresh(pid, pr)
	}
	m := pr.find(addr)
	if m == nil {
		if p.Now().Sub(pr.read) < missAge {
			return Sym{}, false
		}
		p.refresh(pid, pr)
		if m = pr.find(addr); m == nil {
			return Sym{}, false
		}
	}
	switch {
	case m.Path == "[vdso]":
		if s, ok := p.vdso(pid, pr, m, addr); ok {
			return s, true
		}
	case m.Inode == 0 && m.Exec:
		if s, ok := p.jitted(pid, pr, addr); ok {
			return s, true
		}
	case m.Inode != 0:
		return p.inFile(pid, m, addr), true
	}
	if m.Path == "" {
		return Sym{}, false
	}
	return Sym{Module: path.Base(m.Path), Off: addr - m.Start}, true
}

// inFile resolves an address in a mapped file.
func (p *Processes) inFile(pid uint32, m *Mapping, addr uint64) Sym {
	module := path.Base(m.Path)
	off := addr - m.Start + m.Off
	key := fileKey{m.Dev, m.Inode, m.Path}
	o, seen := p.files[key]
	if !seen {
		o = p.open(pid, m)
		p.files[key] = o
	}
	if o != nil {
		if a, ok := o.Addr(off); ok {
			if s, ok := o.Find(a); ok {
				s.Module = module
				return s
			}
			return Sym{Module: module, Off: a}
		}
	}
	return Sym{Module: module, Off: off}
}

// open reads the symbols of a mapped file: through the mapping itself while
// the process lives (which finds deleted files too), else by its name if that is
// still the same file.
func (p *Processes) open(pid uint32, m *Mapping) *Object {
	for _, name := range []string{
		p.path(pid, fmt.Sprintf("map_files/%x-%x", m.Start, m.End)),
		p.path(pid, "root") + m.Path,
		m.Path,
	} {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() || inode(fi) != m.Inode {
			f.Close()
			continue
		}
		o, err := ReadObject(f, DebugFile)
		f.Close()
		if err != nil {
			return nil
		}
		return o
	}
	return nil
}

// vdso resolves an address in the code that the kernel maps into every
// process, whose ELF file is in the process's memory alone.
func (p *Processes) vdso(pid uint32, pr *process, m *Mapping, addr uint64) (Sym, bool) {
	if pr.vdso == nil {
		pr.vdso = &Object{}
		if f, err := os.Open(p.path(pid, "mem")); err == nil {
			b := make([]byte, m.End-m.Start)
			_, err = f.ReadAt(b, int64(m.Start))
			f.Close()
			if err == nil {
				if o, err := ReadObject(bytes.NewReader(b), nil); err == nil {
					pr.vdso = o
				}
			}
		}
	}
	a, ok := pr.vdso.Addr(addr - m.Start)
	if !ok {
		return Sym{}, false
	}
	s, ok := pr.vdso.Find(a)
	s.Module = m.Path
	return s, ok
}

// jitted resolves an address in code that a runtime made.
func (p *Processes) jitted(pid uint32, pr *process, addr uint64) (Sym, bool) {
	find := func() (s Sym, ok bool) {
		if pr.perf != nil {
			s, ok = pr.perf.Find(addr)
			s.Module = fmt.Sprintf("perf-%d.map", pid)
		}
		return s, ok
	}
	if s, ok := find(); ok {
		return s, true
	}
	if now := p.Now(); now.Sub(pr.perfRead) >= mapsAge {
		pr.perfRead = now
		// In a container the file is named after the pid there.
		for _, n := range p.pidNames(pid) {
			f, err := os.Open(p.path(pid, "root/tmp/perf-"+n+".map"))
			if err != nil {
				continue
			}
			m, _, err := ReadPerfMap(f)
			f.Close()
			if err == nil {
				pr.perf = m
				break
			}
		}
	}
	return find()
}

// pidNames returns the pids that a process has in its namespaces, innermost
// first.
func (p *Processes) pidNames(pid uint32) []string {
	own := []string{strconv.FormatUint(uint64(pid), 10)}
	data, err := os.ReadFile(p.path(pid, "status"))
	if err != nil {
		return own
	}
	for l := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(l, "NSpid:"); ok {
			ids := strings.Fields(rest)
			slices.Reverse(ids)
			return append(ids, own...)
		}
	}
	return own
}
