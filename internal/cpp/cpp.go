// Package cpp is a C preprocessor for D programs (dtrace -C). It needs no C
// compiler on the machine.
//
// It knows #include, #include_next, #define, #undef, #if, #ifdef, #ifndef,
// #elif, #elifdef, #elifndef, #else, #endif, #error, #warning and #line, macros
// with and without parameters, # and ##, variable arguments in the standard and
// the GNU form, and the predefined macros __LINE__, __FILE__, __DATE__,
// __TIME__, __COUNTER__, __INCLUDE_LEVEL__ and __STDC__. A "$" is part of names,
// so that macros of D such as $target stay what they are.
//
// #pragma, #ident and #! lines go through unchanged. Comments become blanks.
// The text between macros keeps its columns, and line markers (# 12 "file")
// tell package syntax where it came from, so that errors point into the files
// that the user wrote.
//
// What it does not do: trigraphs, #embed, #assert, and _Pragma.
package cpp

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/godtrace/godtrace/diag"
)

// Config says where files are found and what is defined. The zero Config reads
// files of the machine and has only the standard macros.
type Config struct {
	// Include are the directories of -I, in order. System are searched after
	// them.
	Include, System []string
	// Define are macros in the form of -D: "NAME" (which is 1), "NAME=text" or
	// "NAME(a,b)=text". Undef are names to undefine after that, as by -U.
	Define, Undef []string
	// ReadFile reads an included file; nil means os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// Now is the time of __DATE__ and __TIME__.
	Now time.Time
	// Included is called for each file that is included, with the depth from 1,
	// before its text is read (-H). It may be nil.
	Included func(name string, depth int)
	// Warning is called for #warning. It may be nil.
	Warning func(pos diag.Pos, msg string)
}

// Limits against hostile text.
const (
	maxDepth    = 200     // of nested includes
	maxIncludes = 20000   // in all
	maxOutput   = 1 << 27 // bytes
	maxTokens   = 2 << 20 // handled in macro expansion, in all
	maxNest     = 256     // of macro arguments and of parentheses in #if
	maxMacros   = 1 << 20
)

// Process preprocesses src, which is the text of file, and returns D text with
// line markers. The error is a *diag.Error about the first thing that is wrong.
func Process(cfg *Config, file string, src []byte) (out []byte, err error) {
	p := &processor{cfg: cfg, macros: map[string]*macro{}, once: map[string]bool{}}
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			out, err = nil, b.err
		}
	}()
	p.predefine()
	p.file(&source{name: file, dir: -1}, string(src), 0)
	return p.out, nil
}

// bailout carries the first error out of the processor.
type bailout struct{ err *diag.Error }

// processor is the state of one run.
type processor struct {
	cfg    *Config
	macros map[string]*macro
	once   map[string]bool // files with #pragma once
	out    []byte

	// lx is the lexer of the current file, and stack holds what is to be read
	// before it: macro expansions, the innermost last.
	lx    *lexer
	stack []context
	// closed is set while macro arguments are expanded: then the end of the
	// stack is the end of the input.
	closed bool

	depth    int // of includes
	includes int
	tokens   int // handled in expansions
	nest     int // of argument expansions
	counter  int

	// outLine is the line that the next output goes to, atStart is set at its
	// beginning, and last is the text of the token before.
	outLine int
	atStart bool
	last    token
}

// source is a file that is read.
type source struct {
	name string
	// dir is the index in the search path of the directory it was found in, or
	// -1.
	dir int
}

// fail ends the run with an error at pos.
func (p *processor) fail(pos diag.Pos, code diag.Code, format string, args ...any) {
	e := diag.Errorf(pos, code, format, args...)
	if len(e.Msg) > 400 {
		e.Msg = e.Msg[:200] + "..." + e.Msg[len(e.Msg)-200:]
	}
	if p.lx != nil {
		e.Source = p.lx.sourceLine(pos)
	}
	panic(bailout{e})
}

// cond is one level of #if.
type cond struct {
	pos   diag.Pos
	taken bool // a branch was used, or none may be
	els   bool // #else was seen
}

// file processes one file at the given include depth.
func (p *processor) file(src *source, text string, flag int) {
	outer, outerStack := p.lx, p.stack
	p.lx, p.stack = newLexer(p, src, text), nil
	p.marker(1, src.name, flag)
	for {
		t := p.expandNext()
		if t.kind == tEOF {
			break
		}
		if t.bol && t.text == "#" && !t.expanded {
			p.directive(t)
			continue
		}
		p.emit(t)
	}
	if n := len(p.lx.conds); n > 0 {
		p.fail(p.lx.conds[n-1].pos, diag.D_SYNTAX, "#if without #endif")
	}
	if !p.atStart {
		p.write("\n")
	}
	p.lx, p.stack = outer, outerStack
}

// write appends to the output.
func (p *processor) write(s string) {
	if len(p.out)+len(s) > maxOutput {
		p.fail(p.lx.pos(p.last), diag.D_SYNTAX, "preprocessed text is larger than %d bytes", maxOutput)
	}
	p.out = append(p.out, s...)
}

// marker starts a line with a line marker. Flag is 1 at the start of an included
// file, 2 behind it, and else 0.
func (p *processor) marker(line int, file string, flag int) {
	if !p.atStart && len(p.out) > 0 {
		p.write("\n")
	}
	s := "# " + strconv.Itoa(line) + " " + quote(file)
	if flag != 0 {
		s += " " + strconv.Itoa(flag)
	}
	p.write(s + "\n")
	p.outLine, p.atStart = line, true
}

// sync moves the output to the given line of the current file.
func (p *processor) sync(line int) {
	switch n := line - p.outLine; {
	case n == 0:
		return
	case n > 0 && n <= 8:
		p.write("\n\n\n\n\n\n\n\n"[:n])
		p.outLine, p.atStart = line, true
	default:
		p.marker(line, p.lx.src.name, 0)
	}
}

// emit writes a token of the text.
func (p *processor) emit(t token) {
	if t.line > p.outLine || t.line < p.outLine && t.bol {
		p.sync(t.line)
		if !t.bol && !t.expanded {
			// The end of a call that began some lines before.
			t.space = strings.Repeat(" ", min(t.col-1, 200))
		}
	}
	switch {
	case t.space != "":
		p.write(t.space)
	case !p.atStart && (t.expanded || p.last.expanded) && joins(p.last, t):
		p.write(" ")
	}
	p.write(t.text)
	p.atStart = false
	p.last = t
}

// joins reports whether a and b, written side by side, would read as another
// token.
func joins(a, b token) bool {
	if a.text == "" || b.text == "" {
		return false
	}
	x, y := a.text[len(a.text)-1], b.text[0]
	word := func(c byte) bool { return isIdent(c) || c >= '0' && c <= '9' }
	switch {
	case word(x) && word(y), a.kind == tNumber && (y == '.' || y == '+' || y == '-'), x == '.' && y >= '0' && y <= '9':
		return true
	}
	return strings.IndexByte("+-<>&|^=!*/%.#:", x) >= 0 && strings.IndexByte("+-<>&|^=*/.#:%", y) >= 0
}

// include reads the file that an #include at pos names and processes it.
func (p *processor) include(pos diag.Pos, name string, angle, next bool) {
	if p.depth >= maxDepth {
		p.fail(pos, diag.D_SYNTAX, "#include nested too deeply: at most %d levels are allowed", maxDepth)
	}
	if p.includes++; p.includes > maxIncludes {
		p.fail(pos, diag.D_SYNTAX, "too many files are included: at most %d are allowed", maxIncludes)
	}
	src, text, err := p.find(name, angle, next)
	if err != nil {
		p.fail(pos, diag.D_SYNTAX, "#include %s: %s", quote(name), err)
	}
	if p.once[src.name] {
		return
	}
	p.depth++
	if p.cfg.Included != nil {
		p.cfg.Included(src.name, p.depth)
	}
	p.file(src, text, 1)
	p.depth--
	p.marker(pos.Line+1, p.lx.src.name, 2)
}

// find looks for an included file: in quotes first beside the file that
// includes it, then along the search path.
func (p *processor) find(name string, angle, next bool) (*source, string, error) {
	if name == "" {
		return nil, "", fmt.Errorf("the name is empty")
	}
	path := append(append([]string(nil), p.cfg.Include...), p.cfg.System...)
	try := func(file string) (string, bool, error) {
		text, err := p.readFile(file)
		if err == nil {
			return string(text), true, nil
		}
		if os.IsNotExist(err) {
			return "", false, nil
		}
		return "", false, err
	}
	if filepath.IsAbs(name) {
		text, err := p.readFile(name)
		if err != nil {
			return nil, "", cause(err)
		}
		return &source{name, -1}, string(text), nil
	}
	first := 0
	switch {
	case next:
		first = p.lx.src.dir + 1
	case !angle:
		file := filepath.Join(filepath.Dir(p.lx.real), name)
		text, ok, err := try(file)
		if err != nil {
			return nil, "", cause(err)
		}
		if ok {
			return &source{file, p.lx.src.dir}, text, nil
		}
	}
	for i := first; i < len(path); i++ {
		file := filepath.Join(path[i], name)
		text, ok, err := try(file)
		if err != nil {
			return nil, "", cause(err)
		}
		if ok {
			return &source{file, i}, text, nil
		}
	}
	where := "no -I directory is given"
	if len(path) > 0 {
		where = "searched " + strings.Join(path, ", ")
	}
	return nil, "", fmt.Errorf("no such file (%s)", where)
}

// cause strips the operation and name from an error of the file system; the
// message names the file already.
func cause(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}

func (p *processor) readFile(name string) ([]byte, error) {
	if p.cfg.ReadFile != nil {
		return p.cfg.ReadFile(name)
	}
	// A directory or device is no include file.
	if st, err := os.Stat(name); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	return os.ReadFile(name)
}

// quote returns s as a string constant of C.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
