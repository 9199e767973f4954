package compile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/diag"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/probe"
)

// Each feature compiles to the operations that make it, which the listing
// counts, and verifies.
func TestFeatures(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // operations that must be there
		none string // operations that must not
	}{
		{`BEGIN { alloca(8); bcopy("abc", alloca(4), 4); }`, "alloca bcopy strptr", ""},
		{`syscall::read:entry { p = copyin(arg1, 8); copyinto(arg1, 8, p); }`, "copyin copyinto", ""},
		{`syscall::read:entry { trace(copyinstr(arg1)); }`, "stru", "strcopy"},
		{`syscall::read:entry { trace(copyinstr(arg1, arg2)); }`, "stru", ""},
		{`BEGIN { trace(substr("abc", 1)); trace(substr("abc", 1, 1)); }`, "substr", ""},
		{`inline void *NULLS = 0; BEGIN { trace(strtok("a,b", ",")); trace(strtok(NULLS, ",")); }`, "strtok", ""},
		{`BEGIN { trace(strchr("abc", 'b')); trace(strrchr("abc", 'b')); trace(strstr("abc", "b")); }`, "strchr strrchr strstr", ""},
		{`BEGIN { trace(index("abc", "b")); trace(rindex("abc", "b", 1)); }`, "strindex strrindex", ""},
		{`BEGIN { trace(basename("/a")); trace(dirname("/a")); trace(cleanpath("/a//b")); }`, "basename dirname cleanpath", ""},
		{`BEGIN { trace(toupper("a")); trace(tolower("A")); trace(strtoll("1")); trace(lltostr(1)); trace(lltostr(1, 16)); }`, "toupper tolower strtoll lltostr", ""},
		{`BEGIN { trace(json("{}", "a")); }`, "json", ""},
		{`typedef unsigned int ipaddr_t; BEGIN { this->a = (ipaddr_t *)alloca(4); trace(inet_ntoa(this->a)); }`, "inetntoa", ""},
		{`BEGIN { trace(inet_ntop(2, alloca(4))); }`, "inetntop", ""},
		{`BEGIN { trace(htons(pid)); trace(ntohll(pid)); trace(htonl(0x01020304)); }`, "bswap", ""},
		{`BEGIN { trace(getmajor(pid)); trace(getminor(pid)); }`, "shr and", ""},
		{`BEGIN { trace(rand()); trace(rand()); }`, "bi", ""},
		{`BEGIN { trace(progenyof($target)); }`, "progenyof", ""},
		{`BEGIN { trace("abc"[1]); }`, "stridx", ""},
		{`BEGIN { trace(uregs[2]); trace(curthread->pid); trace(caller); }`, "bi ldk", ""},
		{`BEGIN { stack(); stack(5); ustack(); ustack(3, 100); jstack(2); }`, "stack ustack", ""},
		{`BEGIN { sym(1); mod(1); usym(1); umod(1); uaddr(1); func(2); }`, "st", "bs"},
		{`BEGIN { printf("%k %a", stack(2), 1); }`, "stack", ""},
		{`BEGIN { tracemem(curthread, 16); tracemem(curthread, 16, pid); }`, "memk memkn", ""},
		{`BEGIN { print(pid); print(execname); print(*curthread->mm); print(curthread->mm); }`, "memk bs", ""},
		{`BEGIN { printm(16, memref(curthread, 8)); this->m = memref(curthread, 8); printm(16, this->m); }`, "memkn alloca stp", ""},
		{`BEGIN { trace(memstr(curthread, ':', 20)); }`, "loop stx ldk", ""},
		{`BEGIN { exit(1); }`, "exit", ""},
		{`BEGIN { setopt("quiet"); ftruncate(); freopen(""); }`, "fire", ""},
		{`BEGIN { panic(); breakpoint(); }`, "panic breakpoint", "fire"},
		{`syscall::read:entry { copyout("abc", arg1, 3); copyoutstr("abc", arg1, 3); return(3); }`, "copyout copyoutstr return", ""},
		{`BEGIN { this->s = speculation(); speculate(this->s); trace(1); }`, "speculation speculate", ""},
		{`BEGIN { x = 1; @ = count(); }`, "st agg", "fire"},
		{`BEGIN { }`, "fire ret", ""},
		{`BEGIN { trace(pid ? execname : "no"); }`, "bs strcopy", ""},
		{`BEGIN { gotcha = pid == 1 ? curthread : curthread->parent; trace(gotcha->pid); }`, "ldk", ""},
		{`BEGIN { trace(*(short *)curthread); trace(((char *)curthread)[3]); trace(&curthread->comm[2]); }`, "ldk add", ""},
		{"BEGIN { trace(`jiffies); trace(&`init_mm); trace(`init_mm.start); trace((uint64_t)&`do_thing); }", "ldk", ""},
		{`BEGIN { this->p = (struct task_struct *)alloca(200); this->p->pid = 5; this->p->fb = 2; this->p->slots[pid] = 1; *this->p->mm; }`, "stp alloca ldk", ""},
		{`BEGIN { this->m = *curthread->mm; this->n = this->m; trace(this->n.start); }`, "memk copy", ""},
		{`BEGIN { x = curthread; trace(x + 1); trace(x - 1); trace(x - curthread); x++; x += 2; }`, "divs add sub", ""},
		{`string sa[3]; BEGIN { sa[1] = "x"; trace(sa[pid]); sa[pid] = "y"; trace(sa[1]); }`, "strcopy ldx stx", ""},
		{`self int t[4]; BEGIN { self->t[1] = 2; self->t[pid] = 3; trace(self->t[pid]); }`, "st copy stx ldx", ""},
		{`BEGIN { a["x"] = "y"; trace(a["x"]); trace(a["y"] == "z"); a["x"] = 0; }`, "dynsetm dyngetm dyndel", ""},
		{`BEGIN { self->b["k", 2] = 1; self->b["k", 2]++; trace(self->b["k", 2]); self->b["k", 2] = 0; }`, "dynset dynget dyndel bi", ""},
		{`enum color { RED, GREEN = 5 }; BEGIN { x = GREEN; trace(x); trace(RED); }`, "st", ""},
		{`BEGIN { trace(sizeof (struct task_struct)); trace(offsetof(struct task_struct, pid)); trace(sizeof (pid)); }`, "movi", "ldk"},
		{`BEGIN { trace((1, 2)); trace(-(char)200); trace(~0); trace(!pid); trace('ab'); }`, "movi set", ""},
		{`syscall::read:return { trace(errno); trace(arg1); }`, "bi", ""},
		{`sched:::on-cpu { trace(args[0]->comm); @[args[0]->comm, args[0]->pid] = count(); }`, "strk ldk agg", ""},
		{`syscall::read:entry { trace(args[0]); trace(*args[1]); trace(args[2]); }`, "ldu ext", ""},
	} {
		p, err := build(Options{}, check.Options{}, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		n := ops(p)
		for _, o := range strings.Fields(c.want) {
			if n[o] == 0 {
				t.Errorf("%s: no %s in\n%s", c.text, o, p)
			}
		}
		for _, o := range strings.Fields(c.none) {
			if n[o] > 0 {
				t.Errorf("%s: %s in\n%s", c.text, o, p)
			}
		}
	}
}

// Programs of one command line share variables, aggregations and constants.
func TestPrograms(t *testing.T) {
	p := mustBuild(t, `BEGIN { x = 1; @a["k"] = count(); }`, `END { trace(x); printa(@a); @a["k"] = count(); }`)
	if len(p.Clauses) != 2 || len(p.Vars) != 1 || len(p.Aggs) != 1 || string(p.Const) != "k\x00" {
		t.Errorf("%d clauses, %d variables, %d aggregations, constants %q, want 2, 1, 1, %q\n%s",
			len(p.Clauses), len(p.Vars), len(p.Aggs), p.Const, "k\x00", p)
	}
	if p, err := Compile(nil, Options{}); err != nil || len(p.Clauses) != 0 {
		t.Errorf("no programs: %v, %v", p, err)
	}
}

// The size of a string in a tuple is what the longest use needs.
func TestTupleSizes(t *testing.T) {
	for _, c := range []struct {
		text string
		want []ir.Field
		size uint32
	}{
		{`BEGIN { @[execname] = count(); }`, []ir.Field{{Size: 16, Kind: ir.FString}}, 16},
		{`BEGIN { @["ab"] = count(); }`, []ir.Field{{Size: 3, Kind: ir.FString}}, 3},
		{`BEGIN { @[execname] = count(); } END { @["a text of twenty-four."] = count(); }`, []ir.Field{{Size: 23, Kind: ir.FString}}, 24},
		{`BEGIN { @[probefunc] = count(); }`, []ir.Field{{Size: 4, Kind: ir.FProbeFunc}}, 4},
		{`BEGIN { @[probefunc] = count(); } END { @[probename] = count(); }`, []ir.Field{{Size: 256, Kind: ir.FString}}, 256},
		{`BEGIN { @[probefunc] = count(); } END { @["x"] = count(); }`, []ir.Field{{Size: 256, Kind: ir.FString}}, 256},
		{`BEGIN { @[(char)1, execname, pid, timestamp] = count(); }`, []ir.Field{
			{Off: 12, Size: 1, Kind: ir.FInt, Signed: true}, {Off: 13, Size: 16, Kind: ir.FString},
			{Off: 8, Size: 4, Kind: ir.FInt, Signed: true}, {Off: 0, Size: 8, Kind: ir.FInt},
		}, 32},
		{`BEGIN { @[curthread, curthread->comm] = count(); }`, []ir.Field{{Size: 8, Kind: ir.FPtr}, {Off: 8, Size: 17, Kind: ir.FString}}, 28},
	} {
		p := mustBuild(t, c.text)
		a := p.Aggs[0]
		got := append([]ir.Field(nil), a.Keys...)
		for i := range got {
			got[i].Type = nil
		}
		if d := cmp.Diff(c.want, got); d != "" || a.KeySize != c.size {
			t.Errorf("%s: %d bytes, want %d; keys (-want +got):\n%s", c.text, a.KeySize, c.size, d)
		}
	}
	// An associative array is looked up by text: the same function at entry and return.
	p := mustBuild(t, `syscall:::entry { ts[probefunc] = timestamp; }`)
	if f := p.Vars[0].Keys[0]; f.Kind != ir.FString {
		t.Errorf("the key of ts is of kind %s, want string", f.Kind)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`BEGIN { for (this->i = 0; this->i < 3; this->i++) { trace(this->i); } }`, "stands in a loop"},
		{`int x; BEGIN { while (x < 1) { while (x < 2) { while (x < 3) { x++; } } } }`, "nested loops"},
		{`BEGIN { if (pid) { trace(1); } ` + strings.Repeat("trace(2); ", 64) + `}`, "65 actions"},
		{`BEGIN { tracemem(curthread, 99999999); }`, "tracemem"},
	} {
		_, err := build(Options{}, check.Options{}, c.text)
		var de *diag.Error
		if !errors.As(err, &de) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: error %v, want a *diag.Error with %q", c.text, err, c.want)
		} else if strings.Contains(c.want, "loop") && !strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%.60s: error %v does not name the clause", c.text, err)
		}
	}
}

// Inlines that use each other twice make exponential code, which is refused in
// time.
func TestInlineBlowUp(t *testing.T) {
	for _, c := range []struct{ first, next, use string }{
		{"inline int i0 = pid;", "inline int i%d = i%d + i%d;", "trace(i%d)"},
		{"inline string i0 = execname;", "inline string i%d = pid ? i%d : i%d;", "trace(i%d)"},
		{"inline string i0 = execname;", "inline string i%d = strjoin(i%d, i%d);", "gs = i%d"},
		{"inline struct task_struct *i0 = curthread;", "inline struct task_struct *i%d = pid ? i%d : i%d->parent;", "trace(i%d->pid)"},
	} {
		text := "string gs; " + c.first
		for i := range 60 {
			text += "\n" + fmt.Sprintf(c.next, i+1, i, i)
		}
		text += "\nBEGIN { " + fmt.Sprintf(c.use, 60) + "; }"
		start := time.Now()
		_, err := build(Options{}, check.Options{}, text)
		if err == nil || !strings.Contains(err.Error(), "want at most") {
			t.Errorf("%s: error %v, want one about the size", c.next, err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: took %v", c.next, d)
		}
	}
}

func TestLoopMax(t *testing.T) {
	bounds := func(p *ir.Program) (n []int64) {
		for _, in := range p.Clauses[0].Code {
			if in.Op == ir.Loop {
				n = append(n, in.Imm)
			}
		}
		return n
	}
	for _, c := range []struct {
		text string
		want int64
	}{
		{`int x; BEGIN { while (x < 3) x++; }`, 50},
		{`BEGIN { for (this->i = 0; this->i < 7; this->i++) @ = count(); }`, 7},
		{`BEGIN { for (this->i = 2; this->i <= 7; this->i++) @ = count(); }`, 6},
		{`BEGIN { for (this->i = 0; this->i < 7; this->i++) this->i += 0; }`, 50},
		{`int i; BEGIN { for (i = 0; i < 7; i++) @ = count(); }`, 50},
		{`BEGIN { for (this->i = 0; this->i < pid; this->i++) @ = count(); }`, 50},
	} {
		p, err := build(Options{LoopMax: 50}, check.Options{}, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if d := cmp.Diff([]int64{c.want}, bounds(p)); d != "" {
			t.Errorf("%s: bounds (-want +got):\n%s", c.text, d)
		}
	}
}

// The limits that must hold.
func TestLimits(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "BEGIN /pid != %d/ { trace(%d); x = %d; @[%d] = count(); }\n", i, i, i, i)
	}
	if p := mustBuild(t, b.String()); len(p.Clauses) != 500 {
		t.Errorf("%d clauses, want 500", len(p.Clauses))
	}

	b.Reset()
	b.WriteString("BEGIN {\n")
	for i := range 64 {
		fmt.Fprintf(&b, "@a%d[execname, %d] = quantize(pid);\n", i, i)
	}
	b.WriteString("}\n")
	p := mustBuild(t, b.String())
	if c := p.Clauses[0]; len(p.Aggs) != 64 || c.FrameSize > 40 || c.NumReg > 8 {
		t.Errorf("%d aggregations, frame of %d, %d registers; want 64, at most 40, at most 8", len(p.Aggs), c.FrameSize, c.NumReg)
	}

	text := "trace(11);"
	for i := 10; i > 0; i-- {
		text = fmt.Sprintf("if (pid > %d) { trace(%d); %s } else { x = %d; }", i, i, text, i)
	}
	if p := mustBuild(t, "BEGIN { "+text+" }"); len(p.Clauses[0].Actions) != 11 || !p.Clauses[0].Conditional {
		t.Errorf("%d actions, want 11", len(p.Clauses[0].Actions))
	}

	p, err := build(Options{}, check.Options{StrSize: 4096}, `string s; BEGIN { s = strjoin(strjoin(execname, s), strjoin(s, s)); self->s = s; a[s] = s; trace(a[s]); @[s] = count(); }`)
	if err != nil {
		t.Error(err)
	} else if n := p.Clauses[0].FrameSize; n > 3*4096 {
		t.Errorf("strsize 4096: frame of %d", n)
	}
}

func TestSpeed(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "syscall::read:entry\n/self->x%d && execname == \"p%d\"/\n{\n\t@a[probefunc, %d] = quantize(timestamp - self->x%d); self->x%d = arg0;\n}\n", i%50, i, i, i%50, i%50)
	}
	decl := ""
	for i := range 50 {
		decl += fmt.Sprintf("self int64_t x%d;\n", i)
	}
	start := time.Now()
	mustBuild(t, decl+b.String())
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("5,000 lines took %v", d)
	} else {
		t.Logf("5,000 lines took %v", d)
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := build(Options{}, check.Options{}, `syscall::read:return /self->ts/ { @[execname, errno] = quantize(timestamp - self->ts); self->ts = 0; } syscall::read:entry { self->ts = timestamp; }`); err != nil {
			b.Fatal(err)
		}
	}
}

// Where the host's probes are known, names that the descriptions fix are
// constants, and others as long as the longest.
func TestProbeNames(t *testing.T) {
	w := newWorld()
	opt := Options{Probe: func(id probe.ID) *probe.Probe {
		if id == 0 || int(id) > len(w.probes) {
			return nil
		}
		return w.probes[id-1]
	}}
	p, err := build(opt, check.Options{}, `
syscall::read:entry /probefunc == "read"/ { a[probefunc, probename] = 1; trace(strlen(probeprov)); }
syscall:::return /probefunc == "read"/ { a[probefunc, probename] = 0; @[probefunc] = count(); }
syscall::write:entry /probefunc == "read"/ { trace(1); }`)
	if err != nil {
		t.Fatal(err)
	}
	if v := p.Vars[0]; v.Keys[0].Size != 6 || v.Keys[1].Size != 7 {
		t.Errorf("keys of %d and %d bytes, want 6 (write) and 7 (return)\n%s", v.Keys[0].Size, v.Keys[1].Size, p)
	}
	for i, want := range []int{0, 1, 0} {
		n := 0
		for _, in := range p.Clauses[i].Code {
			if in.Op == ir.StrCmp || in.Op == ir.BuiltinS && p.Clauses[i].Mems[in.M].Off == 0 {
				n++
			}
		}
		if (n > 0) != (want > 0) {
			t.Errorf("clause %d: %d comparisons or names read, want some: %t\n%s", i, n, want > 0, p)
		}
	}
	if c := p.Clauses[2]; len(c.Code) != 1 || c.Code[0].Op != ir.Ret {
		t.Errorf("a predicate that never holds leaves\n%s", p)
	}
	if f := p.Aggs[0].Keys[0]; f.Kind != ir.FProbeFunc {
		t.Errorf("key of kind %s, want probefunc", f.Kind)
	}
}
