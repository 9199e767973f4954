package nt

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/godtrace/godtrace/engine"
)

// Workload is a parsed workload description: a machine, what is loaded, and
// what its threads do. The format is described in docs/nt.md.
type Workload struct {
	Name string
	// Dir is where relative file names in it start; "" for bundled ones.
	Dir  string
	Seed uint64
	// Machine.
	Build   uint32
	CPUs    int
	KD, VBS bool
	Boot    time.Time
	// Switch is the boot switch of the made-up store; Store a real store, which
	// has its own.
	Switch bool
	Store  string
	// Traced is set where the D program is enabled before the boot.
	Traced bool
	// Duration ends the workload, in ns; 0 lets it run to the end of its threads.
	Duration uint64

	Services  []serviceDecl
	Images    []imageDecl
	Functions []funcDecl
	Data      []dataDecl
	Providers []providerDecl
	Loggers   []loggerDecl
	Processes []*processDecl
	// Phase1 is what the thread of Phase 1 does after the handshake.
	Phase1 []*stmt
}

type serviceDecl struct {
	name string
	args int
	line int
}

type imageDecl struct {
	file, pe string
	line     int
}

type funcDecl struct {
	module, name, section string
	chars                 uint32
	leaf                  bool
	line                  int
}

type dataDecl struct {
	name  string
	size  uint64
	value uint64
	line  int
}

type providerDecl struct {
	name string
	guid engine.GUID
}

type loggerDecl struct {
	id   uint32
	name string
}

type processDecl struct {
	name      string
	pid, ppid uint32
	session   uint32
	secure    bool
	start     uint64
	images    []imageDecl
	threads   []*threadDecl
	line      int
}

type threadDecl struct {
	tid   uint32
	name  string
	cpu   int // -1: chosen
	start uint64
	entry string // module!function
	body  []*stmt
	line  int
}

type stmtKind uint8

const (
	stSyscall stmtKind = iota
	stCall
	stEvent
	stWork
	stSleep
	stRepeat
	stChance
	stIRQL
	stInterrupt
	stExit
	stLet
	stLoad
	stUnload
	stCrash
)

// stmt is one statement of a thread.
type stmt struct {
	kind   stmtKind
	line   int
	name   string // service, module!function, provider, variable, image
	args   []*value
	result *value
	takes  span
	waits  span
	body   []*stmt
	other  []*stmt // else
	n      *value
	event  eventHead
	types  []string // of an event's payload
	nmi    bool
}

type eventHead struct {
	id, task                        uint16
	version, channel, level, opcode uint8
	keyword                         uint64
}

// span is a time in ns, drawn evenly from lo to hi.
type span struct{ lo, hi uint64 }

type valueKind uint8

const (
	vInt valueKind = iota
	vRange
	vChoice
	vString
	vBuf
	vVar
	vArg
	vProcess
	vThread
	vBad
)

// value is an argument: what it is when the statement runs.
type value struct {
	kind   valueKind
	lo, hi int64
	list   []*value
	text   string
	prefix string // of a string: "", L, u, o, p (paged out)
}

// LoadWorkload reads the bundled workload of a name, or a file.
func LoadWorkload(spec string) (*Workload, error) {
	if b, ok := bundled(spec); ok {
		return ParseWorkload(spec, b)
	}
	b, err := os.ReadFile(spec)
	if err != nil {
		if !strings.ContainsAny(spec, `/\.`) {
			return nil, fmt.Errorf("no bundled workload %q (have %s), and no file of that name", spec, strings.Join(BundledNames(), ", "))
		}
		return nil, fmt.Errorf("workload: %w", err)
	}
	w, err := ParseWorkload(spec, string(b))
	if err != nil {
		return nil, err
	}
	w.Dir = filepath.Dir(spec)
	return w, nil
}

// Limits of a workload.
const (
	maxWorkload  = 4 << 20 // bytes of text
	maxNesting   = 64
	maxProcesses = 1024
	maxThreads   = 4096
)

// ParseWorkload parses a description; name is for messages.
func ParseWorkload(name, text string) (w *Workload, err error) {
	if len(text) > maxWorkload {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are allowed", name, len(text), maxWorkload)
	}
	p := &wparser{file: name}
	if err := p.scan(text); err != nil {
		return nil, err
	}
	w = &Workload{Name: name, Seed: 1, Build: 19041, CPUs: 1, Switch: true}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*workloadError)
			if !ok {
				panic(r)
			}
			w, err = nil, e
		}
	}()
	p.top(w)
	return w, p.check(w)
}

// workloadError is a message about a line of a workload.
type workloadError struct {
	file string
	line int
	msg  string
}

func (e *workloadError) Error() string { return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.msg) }

type token struct {
	text string
	str  bool // a string literal: text is its content
	pre  string
	line int
	nl   bool // first of its line
}

type wparser struct {
	file  string
	toks  []token
	pos   int
	depth int
}

func (p *wparser) failAt(line int, format string, args ...any) {
	panic(&workloadError{p.file, line, fmt.Sprintf(format, args...)})
}

func (p *wparser) fail(format string, args ...any) { p.failAt(p.peek().line, format, args...) }

// scan splits the text into tokens.
func (p *wparser) scan(text string) error {
	for n, line := range strings.Split(text, "\n") {
		first := true
		add := func(t token) {
			t.line, t.nl = n+1, first
			first = false
			p.toks = append(p.toks, t)
		}
		for i := 0; i < len(line); {
			c := line[i]
			switch {
			case c == ' ' || c == '\t' || c == '\r' || c == ';':
				i++
			case c == '#':
				i = len(line)
			case c == '"' || (c == 'L' || c == 'u' || c == 'o' || c == 'p') && i+1 < len(line) && line[i+1] == '"':
				pre := ""
				if c != '"' {
					pre = string(c)
					i++
				}
				s, size, err := quoted(line[i:])
				if err != nil {
					return &workloadError{p.file, n + 1, err.Error()}
				}
				add(token{text: s, str: true, pre: pre})
				i += size
			case strings.IndexByte("{}(),[]|=", c) >= 0:
				add(token{text: line[i : i+1]})
				i++
			default:
				j := i
				for j < len(line) && strings.IndexByte(" \t\r;#\"(),[]|=", line[j]) < 0 && (line[j] != '{' && line[j] != '}') {
					j++
				}
				add(token{text: line[i:j]})
				i = j
			}
		}
	}
	return nil
}

// quoted reads a string literal with the escapes \\ \" \n \t and \xHH.
func quoted(s string) (text string, size int, err error) {
	var b []byte
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return string(b), i + 1, nil
		case '\\':
			i++
			if i >= len(s) {
				return "", 0, fmt.Errorf("string is not closed")
			}
			switch s[i] {
			case 'n':
				b = append(b, '\n')
			case 't':
				b = append(b, '\t')
			case '\\', '"':
				b = append(b, s[i])
			case 'x':
				if i+2 >= len(s) {
					return "", 0, fmt.Errorf(`\x wants two hexadecimal digits`)
				}
				v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
				if err != nil {
					return "", 0, fmt.Errorf(`\x wants two hexadecimal digits, found %q`, s[i+1:i+3])
				}
				b = append(b, byte(v))
				i += 2
			default:
				return "", 0, fmt.Errorf(`escape \%c in a string, want \\ \" \n \t or \xHH (write backslashes twice)`, s[i])
			}
		default:
			b = append(b, s[i])
		}
	}
	return "", 0, fmt.Errorf("string is not closed")
}

func (p *wparser) peek() token {
	if p.pos < len(p.toks) {
		return p.toks[p.pos]
	}
	line := 1
	if n := len(p.toks); n > 0 {
		line = p.toks[n-1].line
	}
	return token{line: line, nl: true}
}

func (p *wparser) next() token {
	t := p.peek()
	p.pos++
	return t
}

func (p *wparser) eof() bool { return p.pos >= len(p.toks) }

// is reports whether the next token is the punctuation or word s.
func (p *wparser) is(s string) bool { t := p.peek(); return !t.str && t.text == s && !p.eof() }

func (p *wparser) accept(s string) bool {
	if p.is(s) {
		p.pos++
		return true
	}
	return false
}

func (p *wparser) expect(s string) {
	if !p.accept(s) {
		p.fail("found %s, want %q", p.shown(), s)
	}
}

func (p *wparser) shown() string {
	if p.eof() {
		return "the end of the file"
	}
	t := p.peek()
	if t.str {
		return fmt.Sprintf("string %q", t.text)
	}
	return fmt.Sprintf("%q", t.text)
}

// word reads a word of the same line.
func (p *wparser) word(what string) string {
	t := p.peek()
	if p.eof() || t.nl && p.pos > 0 || t.str || strings.Contains("{}(),[]|=", t.text) {
		p.fail("found %s, want %s", p.shownHere(), what)
	}
	p.pos++
	return t.text
}

func (p *wparser) shownHere() string {
	if p.peek().nl {
		return "the end of the line"
	}
	return p.shown()
}

// text reads a word or a string.
func (p *wparser) text(what string) string {
	if t := p.peek(); t.str && !t.nl {
		p.pos++
		return t.text
	}
	return p.word(what)
}

func (p *wparser) uint(what string, limit uint64) uint64 {
	line := p.peek().line
	s := p.word(what)
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil || n > limit {
		p.failAt(line, "%s is %q, want a number up to %d", what, s, limit)
	}
	return n
}

func (p *wparser) onOff(what string) bool {
	switch s := p.word(what + " on or off"); s {
	case "on":
		return true
	case "off":
		return false
	default:
		p.failAt(p.toks[p.pos-1].line, "%s is %q, want on or off", what, s)
	}
	return false
}

// units are the suffixes of times.
var units = []struct {
	suffix string
	ns     float64
}{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}

func (p *wparser) parseTime(s string, line int) uint64 {
	for _, u := range units {
		num, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(num, 64)
		if err != nil || f < 0 || f*u.ns > 1e18 {
			continue
		}
		return uint64(f*u.ns + 0.5)
	}
	p.failAt(line, "time is %q, want a number with ns, us, ms, s, m or h", s)
	return 0
}

// span reads a time or a range of times: 5us, 5us..10us.
func (p *wparser) span() span {
	t := p.peek()
	s := p.word("a time")
	lo, hi, ok := strings.Cut(s, "..")
	a := p.parseTime(lo, t.line)
	if !ok {
		return span{a, a}
	}
	b := p.parseTime(hi, t.line)
	if b < a {
		p.failAt(t.line, "range of times %q runs backwards", s)
	}
	return span{a, b}
}

// number reads an integer, with sign.
func parseInt(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseUint(s, 0, 64)
	return int64(n), err == nil
}

// value reads an argument.
func (p *wparser) value() *value {
	t := p.next()
	switch {
	case p.pos > len(p.toks):
		p.fail("found the end of the file, want a value")
	case t.str:
		return &value{kind: vString, text: t.text, prefix: t.pre}
	case t.text == "[":
		v := &value{kind: vChoice}
		for {
			v.list = append(v.list, p.value())
			if p.accept("]") {
				return v
			}
			p.expect("|")
		}
	case t.text == "buf":
		p.expect("(")
		line := p.peek().line
		n, ok := parseInt(p.next().text)
		if !ok || n < 1 || n > 1<<20 {
			p.failAt(line, "buf: size must be a number from 1 to %d", 1<<20)
		}
		p.expect(")")
		return &value{kind: vBuf, lo: n}
	case t.text == "process":
		return &value{kind: vProcess}
	case t.text == "thread":
		return &value{kind: vThread}
	case t.text == "bad":
		return &value{kind: vBad}
	case strings.HasPrefix(t.text, "$"):
		return &value{kind: vVar, text: t.text[1:]}
	}
	if n, ok := strings.CutPrefix(t.text, "arg"); ok {
		if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < 17 {
			return &value{kind: vArg, lo: int64(i)}
		}
	}
	lo, hi, isRange := strings.Cut(t.text, "..")
	a, ok := parseInt(lo)
	if !ok {
		p.failAt(t.line, "found %q, want a value: a number, a range a..b, a choice [a|b], a string, buf(N), $variable, argN, process, thread or bad", t.text)
	}
	if !isRange {
		return &value{kind: vInt, lo: a}
	}
	b, ok := parseInt(hi)
	if !ok || b < a {
		p.failAt(t.line, "range %q: want two numbers, the smaller first", t.text)
	}
	return &value{kind: vRange, lo: a, hi: b}
}
