package bootcfg

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/godtrace/godtrace/format/bcd"
	"github.com/godtrace/godtrace/format/regf"
)

const usage = `usage: dtrace boot get            --store FILE [--entry ID|default|all] [--json]
       dtrace boot set on|off     --store FILE [--entry ID|default|all] [--json] [--dry-run]
       dtrace boot delete         --store FILE [--entry ID|default|all] [--json] [--dry-run]
       dtrace boot list           --store FILE [--entry ID|default|all] [--json] [-v]
       dtrace boot simulate       [--store FILE] [options]; see dtrace boot simulate --help

get shows the boot switch of DTrace (element dtrace, 0x26000145) as the loader would
see it, set and delete change it, list shows the entries of the store.

  --store FILE   a BCD store: \EFI\Microsoft\Boot\BCD of the EFI system partition,
                 or \Boot\BCD of the active partition
  --entry ID     {identifier}, an alias such as {bootloadersettings}, default, or all
                 (every OS loader); default if not given, for list every object
  --json         print JSON
  --dry-run      say what would change, write nothing
  -v             list: identifiers instead of aliases, and hidden elements
`

// Main runs `dtrace boot` with the arguments after "boot" and returns the exit status: 0, 1 when
// something could not be done, 2 for wrong usage.
func Main(args []string, stdout, stderr io.Writer) int {
	return run(args, stdout, stderr, regf.OS{}, time.Now)
}

// command is one invocation.
type command struct {
	verb    string
	store   string
	entry   string
	value   bool // of set
	json    bool
	dry     bool
	verbose bool
	fs      regf.FS
	now     func() time.Time
	out     io.Writer
	err     io.Writer
}

func run(args []string, stdout, stderr io.Writer, fsys regf.FS, now func() time.Time) int {
	c := &command{fs: fsys, now: now, out: stdout, err: stderr}
	if err := c.parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			io.WriteString(stdout, usage)
			return 0
		}
		fmt.Fprintf(stderr, "dtrace boot: %v\n%s", err, usage)
		return 2
	}
	var err error
	switch c.verb {
	case "get":
		err = c.get()
	case "list":
		err = c.list()
	default:
		err = c.change()
	}
	if err != nil {
		c.fail(err)
		return 1
	}
	return 0
}

func (c *command) parse(args []string) error {
	set := flag.NewFlagSet("boot", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.StringVar(&c.store, "store", "", "")
	set.StringVar(&c.entry, "entry", "", "")
	set.BoolVar(&c.json, "json", false, "")
	set.BoolVar(&c.dry, "dry-run", false, "")
	set.BoolVar(&c.verbose, "v", false, "")
	var words []string
	for rest := args; ; {
		if err := set.Parse(rest); err != nil {
			return err
		}
		if rest = set.Args(); len(rest) == 0 {
			break
		}
		words, rest = append(words, rest[0]), rest[1:]
	}
	if len(words) == 0 {
		return errors.New("want get, set, delete or list")
	}
	c.verb = words[0]
	want := 1
	switch c.verb {
	case "get", "delete", "list":
	case "set":
		want = 2
		if len(words) < 2 {
			return errors.New("set: want on or off")
		}
		v, err := bcd.ParseBool(words[1])
		if err != nil {
			return fmt.Errorf("set: %w", err)
		}
		c.value = v
	default:
		return fmt.Errorf("command %q, want get, set, delete or list", c.verb)
	}
	if len(words) > want {
		return fmt.Errorf("%s: unexpected argument %q", c.verb, words[want])
	}
	if c.store == "" {
		return fmt.Errorf("%s: --store FILE is missing", c.verb)
	}
	if c.entry == "" && c.verb != "list" {
		c.entry = "default"
	}
	return nil
}

// fail reports an error; with --json also as an object on standard output.
func (c *command) fail(err error) {
	msg := strings.ReplaceAll(err.Error(), "\n", "; ")
	if c.json {
		c.print(struct {
			Store string `json:"store"`
			Error string `json:"error"`
		}{c.store, msg})
	}
	fmt.Fprintf(c.err, "dtrace boot %s: %s\n", c.verb, msg)
}

func (c *command) print(v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// opened is a store read from a file.
type opened struct {
	*regf.Loaded
	store    *bcd.Store
	fatal    error // the hive is damaged: read what can be read, change nothing
	warnings []string
}

// damaged returns the first fatal problem of a hive. err is set when the hive must not even be
// read: where records share cells, or damage is everywhere, a small file can make a listing of
// any length.
func damaged(l *regf.Loaded) (fatal, err error) {
	list := l.Hive.Check()
	for _, p := range list {
		if p.Fatal && fatal == nil {
			fatal = fmt.Errorf("%s: %w", p, regf.ErrFormat)
		}
		if p.Twice {
			return fatal, fmt.Errorf("%s: damaged hive: %s: %w", l.Path, p, regf.ErrFormat)
		}
	}
	if len(list) >= regf.MaxProblems {
		return fatal, fmt.Errorf("%s: damaged hive: %d problems and more, the first: %s: %w", l.Path, len(list), list[0], regf.ErrFormat)
	}
	return fatal, nil
}

func (c *command) open() (*opened, error) {
	path := c.store
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p // the file is replaced, not the link to it
	}
	l, err := regf.Load(c.fs, path)
	if err != nil {
		return nil, err
	}
	fatal, err := damaged(l)
	if err != nil {
		return nil, err
	}
	s, err := bcd.Open(l.Hive)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	o := &opened{Loaded: l, store: s, fatal: fatal}
	if fatal != nil {
		o.warnings = append(o.warnings, fmt.Sprintf("%s: damaged hive: %v", path, fatal))
	}
	if r := l.Recovery; r.Dirty && l.Err == nil {
		o.warnings = append(o.warnings, fmt.Sprintf("the store was not written to its end (%s); %s", r.Reason, replayed(r)))
	}
	if l.Err != nil {
		o.warnings = append(o.warnings, fmt.Sprintf("%v; what is shown may be half of a change", l.Err))
		o.warnings = append(o.warnings, l.Recovery.Skipped...)
	}
	return o, nil
}

func replayed(r *regf.Recovery) string {
	pages, first, last := 0, r.Applied[0], r.Applied[len(r.Applied)-1]
	for _, a := range r.Applied {
		pages += a.Bytes
	}
	s := fmt.Sprintf("replayed sequence %d of %s", first.Seq, first.Log)
	if len(r.Applied) > 1 {
		s = fmt.Sprintf("replayed sequence %d of %s to %d of %s", first.Seq, first.Log, last.Seq, last.Log)
	}
	return fmt.Sprintf("%s (%d bytes)", s, pages)
}

func (c *command) warn(list []string) {
	if c.json {
		return // they are in the object
	}
	for _, w := range list {
		fmt.Fprintf(c.err, "warning: %s\n", w)
	}
}

// loaders resolves --entry to objects in which the element means dtrace.
func (c *command) loaders(o *opened) ([]bcd.Object, error) {
	list, err := o.store.Find(c.entry)
	if err != nil {
		if c.entry == "default" {
			return nil, fmt.Errorf("%w (name an entry with --entry, or --entry all)", err)
		}
		return nil, err
	}
	for _, b := range list {
		if bcd.DtraceEnabled.Name(b.Type) != "dtrace" {
			return nil, fmt.Errorf("entry %s has type %08x: element %s is the boot switch of DTrace only in OS loaders (%08x) and settings they inherit (%08x)",
				o.store.Show(b.ID), uint32(b.Type), bcd.DtraceEnabled.Key(), uint32(bcd.TypeOSLoader), uint32(bcd.TypeInheritOSLoader))
		}
	}
	return list, nil
}
