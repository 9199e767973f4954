// Package worldtest has a made-up system for tests of the compiler: a
// check.World with a few providers, kernel types and symbols that look like
// those of Linux but depend on no machine.
//
// Providers:
//
//	dtrace    BEGIN, END, ERROR
//	syscall   entry and return of Calls, module "vmlinux", typed args
//	profile   profile-N and tick-N, made on demand
//	fbt       entry and return of Functions, in vmlinux and ext4, typed args
//	io        start and done, with args translated to bufinfo_t (of D library
//	          text Lib)
//	proc      create, with args translated to psinfo_t
//	test      untyped (an argument without type), one and many
package worldtest

import (
	"fmt"
	"strings"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ctype"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// Lib is a D library for the World: declarations, inlines and translators that
// tests may add with Checker.AddLib.
const Lib = `
typedef struct psinfo { int pr_pid; string pr_fname; uintptr_t pr_addr; int pr_broken; int pr_none; } psinfo_t;
typedef struct lwpsinfo { int pr_lwpid; char pr_state; } lwpsinfo_t;
typedef struct bufinfo { int b_flags; size_t b_bcount; } bufinfo_t;
typedef struct fileinfo { string fi_name; int fi_oflags; } fileinfo_t;

translator psinfo_t < struct task_struct *T > {
	pr_pid = T->tgid;
	pr_fname = stringof(T->comm);
	pr_addr = (uintptr_t)T;
	pr_broken = T->no_such_member;
};
translator lwpsinfo_t < struct task_struct *T > {
	pr_lwpid = T->pid;
	pr_state = T->__state == 0 ? 'R' : 'S';
};
translator bufinfo_t < struct bio *B > {
	b_flags = B->bi_opf;
	b_bcount = B->bi_size;
};
translator fileinfo_t < struct file *F > {
	fi_name = F == NULL ? "<none>" : "<file>";
	fi_oflags = F->f_flags;
};
translator bufinfo_t < struct not_here *N > {
	b_flags = N->flags;
};
inline psinfo_t *curpsinfo = xlate <psinfo_t *> (curthread);
inline lwpsinfo_t *curlwpsinfo = xlate <lwpsinfo_t *> (curthread);
inline fileinfo_t fds[int fd] = xlate <fileinfo_t> (fd < 0 ? (struct file *)NULL : curthread->files);
inline int O_RDONLY = 0;
inline int O_CREAT = 0100;
inline int broken_inline = curthread->no_such_member;
`

// Calls are the system calls of the World, with their arguments.
var Calls = []string{"close", "openat", "read", "write", "readlink"}

// Functions are the functions of the fbt provider; those of ext4 start with
// "ext4_".
var Functions = []string{"vfs_read", "vfs_write", "kmalloc", "ext4_sync_file"}

// World is the made-up system. Its fields may be changed before use.
type World struct {
	// Unsupported makes Supports fail for an operation.
	Unsupported map[ir.Op]error
	// Queries counts the calls of each method.
	Queries map[string]int
	// Extra are more probes, with ids of their own.
	Extra []*probe.Probe

	m      ctype.Model
	t      *ctype.Set
	types  map[string]*ctype.Type
	syms   map[string]check.Symbol
	enums  map[string]ctype.Enumerator
	enumT  map[string]*ctype.Type
	probes []*probe.Probe
	args   map[probe.ID][]check.Arg
}

func attr(n, d probe.Stability, c probe.Class) probe.Attr {
	return probe.Attr{Name: n, Data: d, Class: c}
}

var (
	stable  = attr(probe.Stable, probe.Stable, probe.ClassCommon)
	evolve  = attr(probe.Evolving, probe.Evolving, probe.ClassCommon)
	private = attr(probe.Private, probe.Private, probe.ClassUnknown)

	stableAttrs  = &probe.Attrs{Provider: stable, Module: private, Function: private, Name: stable, Args: stable}
	evolveAttrs  = &probe.Attrs{Provider: evolve, Module: private, Function: private, Name: evolve, Args: evolve}
	privateAttrs = &probe.Attrs{Provider: evolve, Module: private, Function: private, Name: evolve, Args: private}
)

// New returns the World under the LP64 data model.
func New() *World { return NewModel(ctype.LP64) }

// NewModel returns the World under a data model.
func NewModel(m ctype.Model) *World {
	w := &World{
		Unsupported: map[ir.Op]error{}, Queries: map[string]int{}, m: m, t: ctype.NewSet(m),
		types: map[string]*ctype.Type{}, syms: map[string]check.Symbol{}, enums: map[string]ctype.Enumerator{},
		enumT: map[string]*ctype.Type{}, args: map[probe.ID][]check.Arg{},
	}
	w.addTypes()
	w.addSymbols()
	w.addProbes()
	return w
}

func (w *World) addTypes() {
	t := w.t
	add := func(kind ctype.Kind, tag string, members ...ctype.Member) *ctype.Type {
		x := w.m.Layout(kind, tag, members)
		word := "struct "
		if kind == ctype.Union {
			word = "union "
		}
		w.types[word+tag] = x
		return x
	}
	mem := func(name string, ty *ctype.Type) ctype.Member { return ctype.Member{Name: name, Type: ty} }

	list := &ctype.Type{Kind: ctype.Struct, Name: "list_head", Bytes: 2 * w.m.Ptr}
	list.SetMembers([]ctype.Member{mem("next", ctype.PtrTo(list)), {Name: "prev", Type: ctype.PtrTo(list), Off: w.m.Ptr}})
	w.types["struct list_head"] = list

	file := add(ctype.Struct, "file", mem("f_flags", t.UInt), mem("f_pos", t.LongLong))
	inner := w.m.Layout(ctype.Union, "", []ctype.Member{mem("u_int", t.Int), mem("u_ptr", t.VoidPtr)})
	task := &ctype.Type{Kind: ctype.Struct, Name: "task_struct"}
	members := []ctype.Member{
		mem("__state", t.UInt), mem("flags", t.UInt), mem("pid", t.Int), mem("tgid", t.Int),
		mem("comm", ctype.ArrayOf(t.Char, 16)), mem("real_parent", ctype.PtrTo(task)), mem("tasks", list),
		{Name: "sched_reset", Type: t.UInt, Bits: 1}, {Name: "in_execve", Type: t.UInt, Bits: 3},
		mem("files", ctype.PtrTo(file)), mem("", inner), mem("counts", ctype.ArrayOf(t.ULong, 4)),
		mem("stack", t.VoidPtr), mem("opaque", ctype.PtrTo(&ctype.Type{Kind: ctype.Forward, Name: "opaque"})),
		mem("handler", ctype.PtrTo(&ctype.Type{Kind: ctype.Func, Elem: t.Int, Params: []ctype.Param{{Type: t.Int}}})),
	}
	done := w.m.Layout(ctype.Struct, "task_struct", members)
	task.Bytes = done.Bytes
	task.SetMembers(members)
	w.types["struct task_struct"] = task

	add(ctype.Struct, "bio", mem("bi_opf", t.UInt), mem("bi_size", t.UInt))
	add(ctype.Struct, "ext4_inode", mem("i_mode", t.UShort))
	add(ctype.Struct, "mutex", mem("owner", t.Long))

	td := func(name string, ty *ctype.Type) {
		w.types[name] = &ctype.Type{Kind: ctype.Typedef, Name: name, Elem: ty}
	}
	td("u32", t.UInt)
	td("ktime_t", t.LongLong)
	td("gfp_t", t.UInt)
	for _, n := range []string{"int", "unsigned int", "long", "unsigned long", "char"} {
		w.types[n] = t.Lookup(n)
	}

	color := &ctype.Type{Kind: ctype.Enum, Name: "color", Bytes: 4}
	var enums []ctype.Enumerator
	for i, n := range []string{"RED", "GREEN", "BLUE"} {
		e := ctype.Enumerator{Name: n, Value: int64(i)}
		enums = append(enums, e)
		w.enums[n], w.enumT[n] = e, color
	}
	color.SetEnumerators(enums)
	w.types["enum color"] = color
}

func (w *World) addSymbols() {
	fn := &ctype.Type{Kind: ctype.Func, Elem: w.t.Int, Params: []ctype.Param{{Type: w.t.Int}}}
	for i, s := range []check.Symbol{
		{Name: "jiffies_64", Module: "vmlinux", Type: w.t.Uint64},
		{Name: "init_task", Module: "vmlinux", Type: w.types["struct task_struct"]},
		{Name: "saved_command_line", Module: "vmlinux", Type: w.t.CharPtr},
		{Name: "linux_banner", Module: "vmlinux", Type: ctype.ArrayOf(w.t.Char, 0)},
		{Name: "table", Module: "vmlinux", Type: ctype.ArrayOf(w.t.Int, 8)},
		{Name: "favourite", Module: "vmlinux", Type: w.types["enum color"]},
		{Name: "untyped", Module: "vmlinux"},
		{Name: "vfs_read", Module: "vmlinux", Type: fn, Func: true},
		{Name: "nodata_func", Module: "vmlinux", Func: true},
		{Name: "ext4_mount_opts", Module: "ext4", Type: w.t.ULong},
	} {
		s.Addr = 0xffffffff81000000 + uint64(i)*0x1000
		w.syms[s.Name] = s
	}
}

func (w *World) add(attrs *probe.Attrs, prov, mod, fn, name string, args ...check.Arg) {
	p := &probe.Probe{ID: probe.ID(len(w.probes) + 1), Provider: prov, Module: mod, Function: fn, Name: name, Attrs: attrs}
	w.probes = append(w.probes, p)
	w.args[p.ID] = args
}

func (w *World) addProbes() {
	t := w.t
	for _, n := range []string{"BEGIN", "END", "ERROR"} {
		w.add(stableAttrs, "dtrace", "", "", n)
	}
	arg := func(i int, name string, ty *ctype.Type) check.Arg {
		return check.Arg{Name: name, Native: ty, Map: i}
	}
	uchar := ctype.UserPtrTo(t.Char)
	for _, f := range Calls {
		args := []check.Arg{arg(0, "fd", t.UInt), arg(1, "buf", uchar), arg(2, "count", t.Lookup("size_t"))}
		switch f {
		case "openat":
			args = []check.Arg{arg(0, "dfd", t.Int), arg(1, "filename", uchar), arg(2, "flags", t.Int)}
		case "readlink":
			args = []check.Arg{arg(0, "path", uchar), arg(1, "buf", uchar), arg(2, "bufsiz", t.Int)}
		case "close":
			args = args[:1]
		}
		w.add(privateAttrs, "syscall", "vmlinux", f, "entry", args...)
		w.add(privateAttrs, "syscall", "vmlinux", f, "return", arg(0, "ret", t.Long), arg(0, "ret", t.Long))
	}
	file := ctype.PtrTo(w.types["struct file"])
	for _, f := range Functions {
		mod := "vmlinux"
		if strings.HasPrefix(f, "ext4_") {
			mod = "ext4"
		}
		args := []check.Arg{arg(0, "file", file), arg(1, "buf", uchar)}
		if f == "kmalloc" {
			args = []check.Arg{arg(0, "size", t.Lookup("size_t"))}
		}
		w.add(privateAttrs, "fbt", mod, f, "entry", args...)
		w.add(privateAttrs, "fbt", mod, f, "return", arg(0, "", t.Int), arg(1, "", t.Long))
	}
	buf := &ctype.Type{Kind: ctype.Forward, Name: "bufinfo"}
	trans := func(i int, native *ctype.Type, tag string) check.Arg {
		return check.Arg{Native: native, Trans: ctype.PtrTo(&ctype.Type{Kind: ctype.Forward, Name: tag}), Map: i}
	}
	bio := ctype.PtrTo(w.types["struct bio"])
	w.add(evolveAttrs, "io", "vmlinux", "", "start", trans(0, bio, buf.Name), arg(1, "", t.Int))
	w.add(evolveAttrs, "io", "vmlinux", "", "done", trans(0, bio, buf.Name), arg(1, "", t.Int))
	task := ctype.PtrTo(w.types["struct task_struct"])
	w.add(evolveAttrs, "proc", "vmlinux", "", "create", trans(0, task, "psinfo"))
	w.add(evolveAttrs, "test", "", "", "untyped", check.Arg{})
	w.add(evolveAttrs, "test", "", "", "noxlate", trans(0, t.CharPtr, "psinfo"))
	w.add(evolveAttrs, "test", "", "", "swapped", arg(1, "b", t.Int), arg(0, "a", t.Long))
}

// Model implements check.World.
func (w *World) Model() ctype.Model { return w.m }

// Probes implements check.World. Probes of profile are made on demand. The
// provider "broken" fails.
func (w *World) Probes(d probe.Desc, f func(*probe.Probe) bool) error {
	w.Queries["Probes"]++
	if d.Provider == "broken" {
		return fmt.Errorf("provider broken is out of order")
	}
	if d.ID == 0 && (d.Provider == "" || d.Provider == "profile") && !probe.IsGlob(d.Name) {
		w.makeProfile(d.Name)
	}
	for _, p := range w.probes {
		if d.Match(p) && !f(p) {
			return nil
		}
	}
	for _, p := range w.Extra {
		if d.Match(p) && !f(p) {
			return nil
		}
	}
	return nil
}

func (w *World) makeProfile(name string) {
	rest, ok := strings.CutPrefix(name, "tick-")
	if !ok {
		rest, ok = strings.CutPrefix(name, "profile-")
	}
	if !ok || rest == "" || rest[0] < '1' || rest[0] > '9' {
		return
	}
	for _, p := range w.probes {
		if p.Provider == "profile" && p.Name == name {
			return
		}
	}
	w.add(evolveAttrs, "profile", "", "", name)
}

// Args implements check.World.
func (w *World) Args(p *probe.Probe) ([]check.Arg, error) {
	w.Queries["Args"]++
	return w.args[p.ID], nil
}

// SetArgs sets the arguments of a probe.
func (w *World) SetArgs(id probe.ID, args []check.Arg) { w.args[id] = args }

// Type implements check.World. The module "broken" fails.
func (w *World) Type(module, name string) (*ctype.Type, error) {
	w.Queries["Type"]++
	switch module {
	case "", "vmlinux":
	case "ext4":
		if name != "struct ext4_inode" {
			return nil, nil
		}
	case "broken":
		return nil, fmt.Errorf("types of module broken cannot be read")
	default:
		return nil, nil
	}
	return w.types[name], nil
}

// Symbol implements check.World.
func (w *World) Symbol(module, name string) (check.Symbol, bool, error) {
	w.Queries["Symbol"]++
	s, ok := w.syms[name]
	if module != "" && module != s.Module {
		return check.Symbol{}, false, nil
	}
	return s, ok, nil
}

// Enumerator implements check.World.
func (w *World) Enumerator(name string) (int64, *ctype.Type, bool) {
	e, ok := w.enums[name]
	return e.Value, w.enumT[name], ok
}

// Supports implements check.World.
func (w *World) Supports(op ir.Op, sub uint8) error { return w.Unsupported[op] }
