package check_test

import (
	"testing"

	"github.com/godtrace/godtrace/check"
)

// TestAccepted has programs as scripts write them, all valid.
func TestAccepted(t *testing.T) {
	var cases []tagCase
	for _, s := range []string{
		"a = b = 1; x = (this->y = 3) + 1;",
		"i = 1; i = i++ + ++i; i <<= 2; i >>= 1; i &= 3; i |= 4; i ^= 1; i %= 7; i *= 2; i /= 2;",
		"!profile:::tick-1 /x++ == 5/ { exit(x == 3 ? 0 : 1); }",
		"!BEGIN /self->x++ < 2 || this->y-- > 1/ { }",
		"!struct foo { int x; }; struct foo a, b; BEGIN { a = b; self->f = a; trace(self->f.x); }",
		"!struct s { int x; int *q; }; struct s *p; BEGIN { p = (struct s *)alloca(sizeof (struct s)); p->x = 3; (*p).x = 2; p[0].x = 4; q = &p->x; *p->q = 1; }",
		"p = alloca(10); ((char *)p)[3] = 'x'; *((int *)p + 1) = 7; bcopy(\"string\", p, 5); trace(*(char *)p);",
		"bcopy(&`jiffies_64, alloca(8), sizeof (uint64_t));",
		"!uint8_t a; char c; short s; long l; BEGIN { a = 300; c = 'a'; s = l; l = c; trace(a + c); }",
		"!dtrace:::ERROR { printf(\"%d %d %p\", arg2, arg4, arg5); }",
		"speculate(speculation()); trace(1);",
		"!typedef enum { A, B } e_t; e_t x; BEGIN { x = A; trace(x == B ? \"b\" : \"a\"); x = 1; }",
		"f = (int (*)(int))0; trace(f == NULL);",
		"!BEGIN { a[1] = (char *)alloca(2); trace(a[1][2]); a[1][1] = 'x'; }",
		"trace((char *)arg0 == \"abc\"); trace(execname != curthread->comm);",
		"self->x = (int *)arg0; trace(self->x[3]); self->x[1] = 2;",
		"@a[curthread->comm] = count(); @a[execname] = count(); x[curthread->comm] = 1; x[\"y\"]++;",
		"printf(\"%s\", stringof(copyin(arg0, 4))); printf(\"%c %C %S\", 'a', 10, \"x\\n\");",
		"!struct s { int a[3]; struct { int b; } c[2]; }; this struct s x; BEGIN { this->x.a[1] = 2; this->x.c[1].b = 3; trace(this->x.a[0]); }",
		"!int a[2][3]; BEGIN { a[0][1] = 4; trace(a[1][pid % 3]); }",
		"trace(progenyof($pid) && pid != $pid && $target);",
		"printf(\"%d%%\\n\", 50); printf(\"%-10s|%5d|%05x|%+d\", \"a\", 1, 2, 3);",
		"printf(\"%a %p %x\", caller, curthread, (uint64_t)curthread);",
		"trace(curthread->counts[pid & 3]); trace(curthread->tasks.next == &curthread->tasks);",
		"x = curthread->tasks.next; trace((struct task_struct *)((uintptr_t)x - offsetof(struct task_struct, tasks)));",
		"this->s = \"a\"; this->s = NULL; this->s = 0; trace(this->s == NULL);",
		"trace(1 ? 2 : \"a\"); trace(sizeof (int) == 4 ? \"lp64\" : \"?\");",
		"this->t = timestamp; this->d = (timestamp - this->t) / 1000000; @[\"x\"] = avg(this->d);",
		"x = &`vfs_read; y = (uintptr_t)&`table;",
		"!int *p[4]; self char buf[8]; BEGIN { p[1] = NULL; self->buf[0] = 'x'; trace(self->buf[0]); }",
		"(void)copyinstr(arg0); ;",
		"!inline uint64_t msec = 1000000; inline string who = pid ? execname : \"none\"; BEGIN { trace(timestamp / msec); trace(who); }",
		"!translator lwpsinfo_t < int I > { pr_lwpid = I; }; BEGIN { trace(xlate <lwpsinfo_t> (3).pr_lwpid); }",
		"!syscall::read:entry { self->buf = arg1; self->n = args[2]; } syscall::read:return /self->buf/ { tracemem(copyin(self->buf, 8), 8); self->buf = 0; }",
		"!fbt::vfs_read:entry { self->f = args[0]; trace(self->f->f_pos); }",
		"!fbt::kmalloc:entry { @[stack(5)] = sum(args[0]); } END { trunc(@, 3); printa(\"%k %@u\", @); }",
		"stack(); ustack(3, 100); @[ustack(), probefunc] = count();",
		"!BEGIN { @x[1, \"a\"] = sum(1); @y[2, \"b\"] = count(); printa(\"%d %s %@d %@d\\n\", @x, @y); setopt(\"aggsortkey\"); setopt(\"strsize\", \"12\"); }",
		"!BEGIN, END { trace(probename); } dtrace:::BEGIN /1/ { } ::: { @[probeprov, probemod] = count(); }",
		"if (pid == 0) exit(1); else { if (tid) { x = 2; } else x = 3; trace(x); }",
		"trace(lltostr(-5, 16)); trace(strtoll(\"ff\", 16)); trace(index(\"abc\", \"c\", 0)); trace(json(\"{}\", \"a.b\"));",
		"trace(`init_task.counts[1]); trace(`saved_command_line); trace(stringof(`linux_banner)); trace(`linux_banner[0]);",
		"trace(*(uint64_t *)&`untyped); trace((uintptr_t)&`nodata_func);",
		"trace(curthread->u_int); trace(curthread->in_execve + curthread->sched_reset);",
		"trace(-1 >> 1); trace(1u - 2); trace('ab'); trace(0777); trace(0xffull);",
		"x[curthread] = timestamp; y[tid, execname, (char)1] = x[curthread]; trace(y[1, \"a\", 'b']);",
		"self->a[1, 2] = 3; self->a[1, 2]++; trace(self->a[1, 2]); self->a[1, 2] = 0;",
	} {
		cases = append(cases, tagCase{s, ""})
	}
	runTags(t, cases, check.Options{})
}
