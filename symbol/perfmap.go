package symbol

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// PerfMap is the table of jitted functions that a runtime writes to
// /tmp/perf-PID.map: lines of start address, size (both hexadecimal) and name.
type PerfMap struct {
	syms []perfSym
}

type perfSym struct {
	addr, size uint64
	name       string
}

// ReadPerfMap reads such a table. Runtimes append to the file while they run, so
// that its last line may be incomplete: lines that do not parse are skipped and
// counted. A later function takes the place of an earlier one at its address.
func ReadPerfMap(r io.Reader) (m *PerfMap, skipped int, err error) {
	m = &PerfMap{}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		start, rest, ok := strings.Cut(sc.Text(), " ")
		size, name, ok2 := strings.Cut(rest, " ")
		a, e1 := strconv.ParseUint(strings.TrimPrefix(start, "0x"), 16, 64)
		n, e2 := strconv.ParseUint(strings.TrimPrefix(size, "0x"), 16, 64)
		if !ok || !ok2 || e1 != nil || e2 != nil || n == 0 || name == "" || a+n < a {
			skipped++
			continue
		}
		m.syms = append(m.syms, perfSym{a, n, strings.Clone(name)})
	}
	if err := sc.Err(); err != nil {
		return nil, skipped, fmt.Errorf("read perf map: %w", err)
	}
	slices.SortStableFunc(m.syms, func(a, b perfSym) int { return cmp.Compare(a.addr, b.addr) })
	out := m.syms[:0]
	for i := range m.syms {
		if len(out) > 0 && out[len(out)-1].addr == m.syms[i].addr {
			out[len(out)-1] = m.syms[i]
			continue
		}
		out = append(out, m.syms[i])
	}
	m.syms = out
	return m, skipped, nil
}

// Find resolves an address. Module stays empty.
func (m *PerfMap) Find(addr uint64) (Sym, bool) {
	n := sort.Search(len(m.syms), func(i int) bool { return m.syms[i].addr > addr })
	if n == 0 {
		return Sym{}, false
	}
	s := &m.syms[n-1]
	if addr-s.addr >= s.size {
		return Sym{}, false
	}
	return Sym{Name: s.name, Off: addr - s.addr, Size: s.size}, true
}
