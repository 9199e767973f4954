package nodiff

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace"
)

// TestLimits: programs at the size that must work load into the kernel and give
// what the portable engine gives.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		src  string
		want string // part of the output
	}{
		{"500 clauses", manyClauses(500), "499 998\n"},
		{"64 aggregations", manyAggregations(64), ""},
		{"strsize 4096", longStrings(4096), ""},
		{"nested if", nestedIf(10), "if 0123456789\n"},
		{"98 quantize", manyQuantize(98), ""},
		{"all subroutines", allSubroutines(), "usr"},
		{"all subroutines in a loop", loopOf(allStrings()), ""},
		{"100 statements with strings", manyStrings(100), " 100\n"},
		{"300 statements with strings", manyStrings(300), " 300\n"},
		{"200 printf", manyPrintfs(200), "199 276 text text199\n"},

		{"60 if/else", manyIfs(60), ""},
		{"64 conditional actions", manyActions(64), ""},
		{"200 faults", manyFaults(200), ""},
		{"60 variables of the thread", manyThreadVariables(100), ""},
		{"large tuples", largeTuples(), ""},
		{"loops in loops", loops(), "1000000\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(tt.name, "300") {
				t.Skip("-short: the kernel's verifier takes 7 s, and minutes under emulation")
			}
			r := needRig(t)
			v := r.compare(tt.src)
			if v.local.refused != "" {
				t.Fatal(v.local.refused)
			}
			if v.kind() != "" {
				t.Errorf("%s:\n%s", v.kind(), v.String())
			}
			if !strings.Contains(v.local.text, tt.want) {
				t.Errorf("no %q in:\n%s", tt.want, v.local.text)
			}
			t.Logf("live %v", v.live.took.Round(time.Millisecond))
		})
	}
}

func manyClauses(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nint x; int y; int a[string];\n")
	for i := range n {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, "BEGIN { x += 1; printf(\"%%d %%d\\n\", %d, x); }\n", i)
		case 1:
			fmt.Fprintf(&b, "BEGIN /x %% 2/ { self->t = %d; @[\"odd\"] = count(); }\n", i)
		case 2:
			fmt.Fprintf(&b, "BEGIN { this->s = strjoin(probename, \"%d\"); a[this->s] = x++; }\n", i)
		case 3:
			fmt.Fprintf(&b, "BEGIN /a[\"BEGIN%d\"] != 0/ { @q = quantize(a[\"BEGIN%d\"]); x += 1; }\n", i-1, i-1)
		case 4:
			fmt.Fprintf(&b, "BEGIN { y += 2; printf(\"%%d %%d\\n\", %d, y * 5 - 2); }\n", i)
		}
	}
	return b.String()
}

func manyAggregations(n int) string {
	fns := []string{"count()", "sum(x)", "avg(x)", "min(x)", "max(x)", "stddev(x)", "quantize(x)", "lquantize(x, 0, 100, 10)", "llquantize(x, 10, 0, 6, 20)"}
	keys := []string{"", "[x]", "[probename]", "[x, probename]"}
	var b strings.Builder
	b.WriteString("BEGIN { x = 17;\n")
	for range 2 {
		for i := range n {
			fmt.Fprintf(&b, "@a%d%s = %s;\n", i, keys[i%len(keys)], fns[i%len(fns)])
		}
		b.WriteString("} BEGIN { x = 1234;\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func longStrings(size int) string {
	return fmt.Sprintf(`#pragma D option quiet
#pragma D option strsize=%d
self string t;
BEGIN { s = "0123456789abcdef"; }
BEGIN { s = strjoin(s, s); s = strjoin(s, s); s = strjoin(s, s); s = strjoin(s, s); }
BEGIN { s = strjoin(s, s); s = strjoin(s, s); s = strjoin(s, s); s = strjoin(s, s); s = strjoin(s, s); }
BEGIN { printf("%%d %%s\n", strlen(s), s); self->t = toupper(s); a[s] = 1; @[s] = count(); }
BEGIN { printf("%%d %%d %%d\n", index(s, "f0"), rindex(s, "f0"), s == self->t); printf("%%s\n", substr(self->t, 4000)); }
BEGIN { printf("%%s %%d\n", strtok(s, "f"), a[s]); trace(strchr(s, 'f')); trace(basename(s)); trace(dirname(s)); trace(cleanpath(s)); }
`, size)
}

func nestedIf(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nBEGIN { x = 1023; printf(\"if \");\n")
	for i := range n {
		fmt.Fprintf(&b, "if (x & %d) { printf(\"%d\");\n", 1<<i, i)
	}
	for i := range n {
		fmt.Fprintf(&b, "} else { printf(\"else %d\"); }\n", i)
	}
	b.WriteString("printf(\"\\n\"); }\n")
	return b.String()
}

func manyQuantize(n int) string {
	var b strings.Builder
	b.WriteString("BEGIN { x = 5;\n")
	for i := range n {
		fmt.Fprintf(&b, "@q%d[%d] = quantize(x * %d);\n", i%7, i, i)
	}
	b.WriteString("}\n")
	return b.String()
}

func allStrings() string {
	return `g = strjoin(g, "/x"); g = substr(g, 1); g = substr(g, 0, 20); n += index(g, "b"); n += rindex(g, "b"); n += index(g, "b", 2); n += rindex(g, "b", 2);
	n += strlen(strchr(g, 'i')); n += strlen(strrchr(g, 'i')); n += strlen(strstr(g, "in")); n += strlen(strtok(g, "/")); n += strlen(strtok(NULL, "/"));
	n += strlen(basename(g)); n += strlen(dirname(g)); n += strlen(cleanpath(g)); n += strlen(toupper(g)); n += strlen(tolower(g));
	n += strtoll(g); n += strtoll("ff", 16); n += strlen(lltostr(n)); n += strlen(lltostr(n, 16)); n += strlen(json("{\"a\":[1,{\"b\":\"c\"}]}", "a[1].b"));
	n += g == "x"; n += g < "z"; n += strlen(inet_ntoa((uint32_t *)this->p)); n += strlen(inet_ntop(2, this->p)); n += strlen(inet_ntop(10, this->p));
	n += strlen(inet_ntoa6((void *)this->p)); n += strlen(link_ntop(1, this->p)); n += strlen(stringof(this->p)); n += g[1];
	bcopy(this->p, this->p + 8, 8); n += htons(n) + htonl(n) + htonll(n) + getmajor(n) + getminor(n);
`
}

func allSubroutines() string {
	return `#pragma D option quiet
int64_t n;
BEGIN { this->p = (char *)alloca(64); this->p[0] = 'p'; this->p[1] = '!'; g = "/usr/bin/../lib"; printf("%s\n", g);
` + allStrings() + ` printf("%d %s\n", n, g); }
`
}

func loopOf(body string) string {
	return "#pragma D option quiet\nint64_t n;\nBEGIN { this->p = (char *)alloca(64); g = \"/usr/bin/../lib\"; for (this->i = 0; this->i < 5; this->i++) {\n" + body + "}\nprintf(\"%d %s\\n\", n, g); }\n"
}

func manyStrings(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nint n; self string t;\nBEGIN { self->t = \"t\"; g = \"a/b/c\";\n")
	for i := range n {
		fmt.Fprintf(&b, "g = substr(strjoin(g, %q), %d); self->t = strchr(g, 'b') == NULL ? basename(g) : dirname(self->t); n += strlen(self->t);\n", "/b/"+strings.Repeat("x", i%7), i%3)
	}
	b.WriteString("printf(\"%s %s %d\\n\", g, self->t, n); }\n")
	return b.String()
}

func manyIfs(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nBEGIN { x = 12345;\n")
	for i := range n {
		fmt.Fprintf(&b, "if (x %% %d > %d) { x += %d; s = \"yes\"; } else if (s == \"yes\") { x -= %d; @[%d] = count(); } else { s = \"no\"; }\n", i+2, i/2, i*i, i, i)
	}
	b.WriteString("printf(\"%d %s\\n\", x, s); }\n")
	return b.String()
}

func manyActions(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nBEGIN { x = 0xf0f0a5a5cc33;\n")
	for i := range n {
		fmt.Fprintf(&b, "if ((x >> %d) & 1) printf(\"%d \");\n", i, i)
	}
	b.WriteString("}\n")
	return b.String()
}

func manyFaults(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nERROR { printf(\"%d %d\\n\", arg2, arg4); x++; }\n")
	for i := range n {
		fmt.Fprintf(&b, "BEGIN { printf(\"%d\"); y = 10 / (x - %d); }\nBEGIN { z = *(int *)%d; }\n", i, 2*i, i)
	}
	return b.String()
}

func manyThreadVariables(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nint n;\n")
	for i := range n {
		fmt.Fprintf(&b, "self int v%d; self string s%d;\n", i, i)
	}
	b.WriteString("BEGIN {\n")
	for i := range n {
		fmt.Fprintf(&b, "self->v%d = %d; self->s%d = \"%d\";\n", i, i, i, i)
	}
	b.WriteString("}\nEND {\n")
	for i := range n {
		fmt.Fprintf(&b, "n += self->v%d + strlen(self->s%d);\n", i, i)
	}
	b.WriteString("printf(\"%d\\n\", n); }\n")
	return b.String()
}

func largeTuples() string {
	return `#pragma D option quiet
BEGIN
{
	s = "key"; n = 3;
	@a[s, s, s, s, s, s, s, s] = count();
	@b[n, s, (char)n, (short)n, s, (int64_t)n, probename, probeprov] = sum(n);
	x[s, n, s, n, s] = strjoin(s, s);
	y[n, n, n, n, n, n, n, n, n, n] = n;
	printf("%s %d\n", x[s, n, s, n, s], y[n, n, n, n, n, n, n, n, n, n]);
}
`
}

func loops() string {
	return `#pragma D option quiet
#pragma D option loopmax=1000000
int n; int m; int k;
BEGIN { this->i = 0; do { n++; } while (++this->i < 1000000); printf("%d\n", n); }
BEGIN { for (this->i = 0; this->i < 100; this->i++) for (this->j = 0; this->j < 100; this->j++) { if (this->j > this->i) break; m += this->i ^ this->j; } printf("%d\n", m); }
BEGIN { this->i = 0; while (1) { if (this->i++ > 100) { if (this->i & 1) continue; break; } } printf("%d\n", this->i); }
BEGIN { while (1) { k++; } }
ERROR { printf("%d %d\n", arg4, k); }
`
}

// TestCompileTime: a script of 5,000 lines compiles in under a second. The bound
// here is loose, for slow and busy machines.
func TestCompileTime(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "BEGIN\n/x%d > %d/\n{\n\ty = strlen(strjoin(probename, \"%d\")) + x * %d; @a%d[probename, y] = quantize(y); printf(\"%%d %%s\\n\", y, probename);\n}\n", i%50, i, i, i, i%20)
	}
	src := "#pragma D option quiet\nint y; int x;\n"
	for i := range 50 {
		src += fmt.Sprintf("int x%d;\n", i)
	}
	src += b.String()
	if n := strings.Count(src, "\n"); n < 5000 {
		t.Fatalf("%d lines", n)
	}
	r := needRig(t)
	best := time.Hour
	for range 3 {
		begin := time.Now()
		tr, err := godtrace.New(r.live, godtrace.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Add(godtrace.Source{Text: src, File: "long.d"}); err != nil {
			t.Fatal(err)
		}
		if err := tr.Compile(); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(begin))
	}
	t.Logf("%v", best)
	if best > 3*time.Second {
		t.Errorf("5,000 lines take %v", best)
	}
}

func manyPrintfs(n int) string {
	var b strings.Builder
	b.WriteString("#pragma D option quiet\nBEGIN { x = 77; s = \"text\";\n")
	for i := range n {
		fmt.Fprintf(&b, "printf(\"%d %%d %%s %%s\\n\", x + %d, s, strjoin(s, \"%d\"));\n", i, i, i)
	}
	b.WriteString("}\n")
	return b.String()
}
