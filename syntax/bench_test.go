package syntax

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// bigScript returns a script of about the given number of lines.
func bigScript(lines int) string {
	var b strings.Builder
	for i := 0; i*10 < lines; i++ {
		fmt.Fprintf(&b, `/* clause %d */
syscall::read:entry, syscall::write:entry
/ pid == $target && execname != "dtrace" && arg2 > %d /
{
	self->ts[%d] = timestamp;
	this->task = (struct task_struct *)curthread;
	@calls[execname, probefunc, %d] = quantize(arg2 / 1024 + (int)arg1);
	printf("%%s %%d %%x\n", stringof(this->task->comm), this->task->pid, arg0 & 0xff);
	x%d = self->ts[%d] ? timestamp - self->ts[%d] : 0;
}
`, i, i, i, i, i, i, i)
	}
	return b.String()
}

// A script of 5,000 lines must compile in under a second; the parser's share is
// a small part of that.
func TestBigScript(t *testing.T) {
	src := bigScript(5000)
	cfg := Config{Macros: map[string]int64{"target": 1}, TypeName: func(string) bool { return false }}
	start := time.Now()
	mustParse(t, cfg, src)
	if d := time.Since(start); d > 500*time.Millisecond {
		t.Errorf("parsing %d bytes takes %v, want below 500ms", len(src), d)
	}
}

func BenchmarkParse5000Lines(b *testing.B) {
	src := bigScript(5000)
	cfg := Config{Macros: map[string]int64{"target": 1}, TypeName: func(string) bool { return false }}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(&cfg, src); err != nil {
			b.Fatal(err)
		}
	}
}
