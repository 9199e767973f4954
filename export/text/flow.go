package text

import (
	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/probe"
)

// flow is the state of -F: the indentation of each CPU.
type flow struct {
	depth map[int]int
	last  map[int]firing
}

// firing is a clause that was printed.
type firing struct {
	epid   uint32
	probe  probe.ID
	clause int
}

// flowPrefix prints the columns of -F: the CPU and the indented function with
// its arrow. Entry and return probes of one function stand at the same column;
// other probes show their name after a bar.
func (p *Printer) flowPrefix(e *consume.Event) {
	if p.flow.depth == nil {
		p.flow.depth, p.flow.last = map[int]int{}, map[int]firing{}
	}
	if !p.cfg.Testing {
		p.buf = padInt(p.buf, int64(e.CPU), 3)
		p.buf = append(p.buf, ' ')
	}
	entry, ret := " -> ", " <- "
	if e.Probe.Provider == "syscall" {
		entry, ret = " => ", " <= "
	}
	depth := p.flow.depth[e.CPU]
	start := len(p.buf)
	name := e.Probe.Name
	last := p.flow.last[e.CPU]
	if name == "entry" && last.probe == e.Probe.ID && last.epid != e.EPID {
		name = "" // a further clause of the same firing does not nest
	}
	p.flow.last[e.CPU] = p.last
	switch name {
	case "entry":
		p.buf = spaces(p.buf, depth)
		p.buf = append(p.buf, entry...)
		p.buf = append(p.buf, e.Probe.Function...)
		p.flow.depth[e.CPU] = depth + 2
	case "return":
		depth = max(depth-2, 0)
		p.flow.depth[e.CPU] = depth
		p.buf = spaces(p.buf, depth)
		p.buf = append(p.buf, ret...)
		p.buf = append(p.buf, e.Probe.Function...)
	default:
		p.buf = spaces(p.buf, depth)
		p.buf = append(p.buf, "| "...)
		p.buf = append(p.buf, e.Probe.Function...)
		p.buf = append(p.buf, ':')
		p.buf = append(p.buf, e.Probe.Name...)
	}
	p.buf = spaces(p.buf, 41-(len(p.buf)-start))
	p.buf = append(p.buf, ' ')
}
