package nt

import (
	"fmt"
	"strings"
	"time"

	"github.com/godtrace/godtrace/engine"
)

// top parses the whole description.
func (p *wparser) top(w *Workload) {
	for !p.eof() {
		t := p.next()
		if !t.nl || t.str {
			p.failAt(t.line, "found %q, want a setting at the start of a line", t.text)
		}
		switch t.text {
		case "workload":
			w.Name = p.text("a name")
		case "seed":
			w.Seed = p.uint("seed", 1<<63)
		case "build":
			w.Build = uint32(p.uint("build", 99999))
		case "cpus":
			w.CPUs = int(p.uint("cpus", 64))
			if w.CPUs == 0 {
				p.failAt(t.line, "cpus is 0, want 1 to 64")
			}
		case "kd":
			w.KD = p.onOff("kd")
		case "vbs":
			w.VBS = p.onOff("vbs")
		case "dtrace":
			w.Switch = p.onOff("dtrace")
		case "store":
			w.Store = p.text("the path of a BCD store")
		case "date":
			s := p.text("a time")
			d, err := time.Parse(time.RFC3339, s)
			if err != nil || d.Year() < 1970 || d.Year() > 2200 {
				p.failAt(t.line, "date is %q, want one like 2024-03-01T09:00:00Z", s)
			}
			w.Boot = d
		case "boot":
			if s := p.word("traced"); s != "traced" {
				p.failAt(t.line, "boot %q, want traced", s)
			}
			w.Traced = true
		case "duration":
			w.Duration = p.span().lo
		case "service":
			w.Services = append(w.Services, serviceDecl{name: p.word("a service's name"), args: int(p.uint("number of arguments", 17)), line: t.line})
		case "image":
			w.Images = append(w.Images, p.image(t.line))
		case "function":
			w.Functions = append(w.Functions, p.function(t.line))
		case "data":
			d := dataDecl{name: p.word("module!variable"), size: p.uint("size", 1<<16), line: t.line}
			if p.accept("=") {
				v := p.value()
				d.value = uint64(v.lo)
			}
			w.Data = append(w.Data, d)
		case "provider":
			d := providerDecl{name: p.text("a name")}
			d.guid = p.guid()
			w.Providers = append(w.Providers, d)
		case "logger":
			w.Loggers = append(w.Loggers, loggerDecl{id: uint32(p.uint("logger's number", 63)), name: p.text("a name")})
		case "process":
			w.Processes = append(w.Processes, p.process(t.line))
			if len(w.Processes) > maxProcesses {
				p.failAt(t.line, "more than %d processes", maxProcesses)
			}
		case "phase1":
			w.Phase1 = append(w.Phase1, p.block()...)
		default:
			p.failAt(t.line, "unknown setting %q", t.text)
		}
	}
}

func (p *wparser) guid() engine.GUID {
	line := p.peek().line
	s := ""
	if p.accept("{") {
		s = p.word("a GUID")
		p.expect("}")
	} else {
		s = p.text("a GUID")
	}
	g, err := engine.ParseGUID(s)
	if err != nil {
		p.failAt(line, "%v", err)
	}
	return g
}

func (p *wparser) image(line int) imageDecl {
	d := imageDecl{file: p.text("a file name"), line: line}
	if !p.peek().nl && p.accept("pe") {
		d.pe = p.text("the path of a PE file")
	}
	return d
}

func (p *wparser) function(line int) funcDecl {
	d := funcDecl{line: line}
	d.module, d.name = p.symbol("function", p.word("module!function"), line)
	for !p.peek().nl && !p.eof() {
		switch s := p.word("section, chars or leaf"); s {
		case "section":
			d.section = p.word("a section's name")
		case "chars":
			d.chars = uint32(p.uint("characteristics", 1<<32-1))
		case "leaf":
			d.leaf = true
		default:
			p.failAt(line, "function: found %q, want section, chars or leaf", s)
		}
	}
	return d
}

// symbol splits module!name.
func (p *wparser) symbol(what, s string, line int) (module, name string) {
	module, name, ok := strings.Cut(s, "!")
	if !ok || module == "" || name == "" || len(name) > engine.MaxFunctionName || len(module) > engine.MaxModuleName {
		p.failAt(line, "%s is %q, want module!name", what, s)
	}
	return strings.ToLower(module), name
}

func (p *wparser) process(line int) *processDecl {
	d := &processDecl{name: p.text("the name of an image"), line: line}
	hasPID := false
	for !p.is("{") {
		if p.peek().nl {
			p.fail("found %s, want a block { … }", p.shownHere())
		}
		switch s := p.word("pid, ppid, session, secure, start or {"); s {
		case "pid":
			d.pid, hasPID = uint32(p.uint("pid", 1<<31-1)), true
		case "ppid":
			d.ppid = uint32(p.uint("ppid", 1<<31-1))
		case "session":
			d.session = uint32(p.uint("session", 1<<16))
		case "secure":
			d.secure = true
		case "start":
			d.start = p.span().lo
		default:
			p.failAt(line, "process: found %q, want pid, ppid, session, secure, start or {", s)
		}
	}
	if !hasPID || d.pid == 0 {
		p.failAt(line, "process %s has no pid", d.name)
	}
	p.expect("{")
	for !p.accept("}") {
		if p.eof() {
			p.failAt(line, "the block of process %s is not closed", d.name)
		}
		t := p.next()
		switch t.text {
		case "image":
			d.images = append(d.images, p.image(t.line))
		case "thread":
			d.threads = append(d.threads, p.thread(t.line))
		default:
			p.failAt(t.line, "found %q, want image, thread or }", t.text)
		}
	}
	return d
}

func (p *wparser) thread(line int) *threadDecl {
	d := &threadDecl{tid: uint32(p.uint("thread's number", 1<<31-1)), cpu: -1, line: line}
	for !p.is("{") {
		if p.peek().nl {
			p.fail("found %s, want a block { … }", p.shownHere())
		}
		switch s := p.word("name, cpu, start, entry or {"); s {
		case "name":
			d.name = p.text("a name")
		case "cpu":
			d.cpu = int(p.uint("cpu", 63))
		case "start":
			d.start = p.span().lo
		case "entry":
			d.entry = p.word("module!function")
			p.symbol("entry", d.entry, line)
		default:
			p.failAt(line, "thread: found %q, want name, cpu, start, entry or {", s)
		}
	}
	d.body = p.block()
	return d
}

// block parses { statements }.
func (p *wparser) block() []*stmt {
	line := p.peek().line
	p.expect("{")
	if p.depth++; p.depth > maxNesting {
		p.failAt(line, "blocks are nested more than %d deep", maxNesting)
	}
	var out []*stmt
	for !p.accept("}") {
		if p.eof() {
			p.failAt(line, "block is not closed")
		}
		out = append(out, p.stmt())
	}
	p.depth--
	return out
}

var statements = map[string]stmtKind{"syscall": stSyscall, "call": stCall, "event": stEvent, "work": stWork, "sleep": stSleep,
	"repeat": stRepeat, "chance": stChance, "irql": stIRQL, "interrupt": stInterrupt, "nmi": stInterrupt, "exit": stExit, "let": stLet,
	"load": stLoad, "unload": stUnload, "crash": stCrash}

func (p *wparser) stmt() *stmt {
	t := p.next()
	k, ok := statements[t.text]
	if !ok || t.str {
		p.failAt(t.line, "found %q, want a statement (syscall, call, event, work, sleep, repeat, chance, irql, interrupt, nmi, let, load, unload, crash, exit) or }", t.text)
	}
	s := &stmt{kind: k, line: t.line}
	switch k {
	case stSyscall:
		s.name = p.word("a service's name")
		p.callTail(s)
	case stCall:
		s.name = p.word("module!function")
		m, n := p.symbol("call", s.name, t.line)
		s.name = m + "!" + n
		p.callTail(s)
	case stEvent:
		p.event(s)
	case stWork, stSleep:
		s.takes = p.span()
	case stRepeat:
		s.n = p.value()
		s.body = p.block()
	case stChance:
		n := p.uint("percentage", 100)
		s.n = &value{kind: vInt, lo: int64(n)}
		s.body = p.block()
		if p.accept("else") {
			s.other = p.block()
		}
	case stIRQL:
		s.n = &value{kind: vInt, lo: int64(p.uint("irql", 15))}
		s.body = p.block()
	case stInterrupt:
		s.nmi = t.text == "nmi"
		s.n = &value{kind: vInt, lo: 2}
		if !s.nmi && !p.is("{") {
			s.n.lo = int64(p.uint("irql", 15))
		}
		s.body = p.block()
	case stExit:
		s.n = &value{kind: vInt}
		if !p.ends() {
			s.n = p.value()
		}
	case stLet:
		s.name = p.word("a variable's name")
		p.expect("=")
		s.n = p.value()
	case stLoad, stUnload:
		s.name = p.text("a file name")
	case stCrash:
		s.n = p.value()
	}
	return s
}

// ends reports whether a statement ends here: at the end of a line or block, or
// where the next one begins.
func (p *wparser) ends() bool {
	t := p.peek()
	_, next := statements[t.text]
	return p.eof() || t.nl || p.is("}") || next && !t.str
}

// callTail parses (args) = result takes T waits T { body }.
func (p *wparser) callTail(s *stmt) {
	if !p.peek().nl && p.accept("(") {
		for !p.accept(")") {
			s.args = append(s.args, p.value())
			if len(s.args) > 17 {
				p.failAt(s.line, "more than 17 arguments")
			}
			if !p.is(")") {
				p.expect(",")
			}
		}
	}
	s.result = &value{kind: vInt}
	for !p.eof() {
		switch {
		case p.is("{"):
			s.body = p.block()
			return
		case p.ends():
			return
		case p.accept("="):
			s.result = p.value()
		case p.accept("takes"):
			s.takes = p.span()
		case p.accept("waits"):
			s.waits = p.span()
		default:
			p.fail("found %s, want =, takes, waits, { or the end of the line", p.shown())
		}
	}
}

// payloadTypes are the types of an event's payload.
var payloadTypes = map[string]bool{"u8": true, "u16": true, "u32": true, "u64": true, "ptr": true, "str": true, "wstr": true, "guid": true}

func (p *wparser) event(s *stmt) {
	s.name = p.text("a provider's name")
	s.event.id = uint16(p.uint("event's id", 1<<16-1))
	s.event.level = 4
	for !p.ends() {
		if p.accept("(") {
			for !p.accept(")") {
				ty := p.word("the type of a value")
				if !payloadTypes[ty] {
					p.failAt(s.line, "payload type is %q, want u8, u16, u32, u64, ptr, str, wstr or guid", ty)
				}
				s.types = append(s.types, ty)
				v := p.value()
				if (ty == "str" || ty == "wstr" || ty == "guid") && v.kind != vString {
					p.failAt(s.line, "payload value of type %s must be a string", ty)
				}
				if ty == "guid" {
					if _, err := engine.ParseGUID(v.text); err != nil {
						p.failAt(s.line, "%v", err)
					}
				}
				s.args = append(s.args, v)
				if !p.is(")") {
					p.expect(",")
				}
			}
			return
		}
		switch w := p.word("level, keyword, version, channel, opcode, task or ("); w {
		case "level":
			s.event.level = uint8(p.uint(w, 255))
		case "keyword":
			s.event.keyword = p.uint(w, 1<<64-1)
		case "version":
			s.event.version = uint8(p.uint(w, 255))
		case "channel":
			s.event.channel = uint8(p.uint(w, 255))
		case "opcode":
			s.event.opcode = uint8(p.uint(w, 255))
		case "task":
			s.event.task = uint16(p.uint(w, 1<<16-1))
		default:
			p.failAt(s.line, "event: found %q, want level, keyword, version, channel, opcode, task or (", w)
		}
	}
}

// check finds what cannot be right whatever machine it runs on.
func (p *wparser) check(w *Workload) error {
	bad := func(line int, format string, args ...any) error {
		return &workloadError{p.file, line, fmt.Sprintf(format, args...)}
	}
	pids, tids, threads := map[uint32]int{}, map[uint32]int{}, 0
	provs := map[string]bool{}
	for _, d := range w.Providers {
		provs[d.name] = true
	}
	for _, d := range w.Processes {
		if l, ok := pids[d.pid]; ok {
			return bad(d.line, "pid %d is taken by the process in line %d", d.pid, l)
		}
		pids[d.pid] = d.line
		if d.pid == 4 && d.secure {
			return bad(d.line, "System (pid 4) is not secure")
		}
		for _, t := range d.threads {
			if threads++; threads > maxThreads {
				return bad(t.line, "more than %d threads", maxThreads)
			}
			if l, ok := tids[t.tid]; ok {
				return bad(t.line, "thread %d is taken by the one in line %d", t.tid, l)
			}
			tids[t.tid] = t.line
			if t.cpu >= w.CPUs {
				return bad(t.line, "thread %d: cpu is %d, have 0 to %d", t.tid, t.cpu, w.CPUs-1)
			}
		}
	}
	var events func(list []*stmt) error
	events = func(list []*stmt) error {
		for _, s := range list {
			if s.kind == stEvent && !provs[s.name] {
				return bad(s.line, "event of provider %q, which no line \"provider\" declares", s.name)
			}
			if err := events(s.body); err != nil {
				return err
			}
			if err := events(s.other); err != nil {
				return err
			}
		}
		return nil
	}
	for _, d := range w.Processes {
		for _, t := range d.threads {
			if err := events(t.body); err != nil {
				return err
			}
		}
	}
	return events(w.Phase1)
}
