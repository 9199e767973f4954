package ir

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample has every kind of declaration and many instructions.
const sample = `program model=LP64 strsize=64 global=24 local=8 tls=72 destructive speculations
const "cat\x00"
const "a\"b(c),d\x00"
var 0 x global mem=global[0:8] type="long"
var 1 s self mem=tls[8:72] type="string"
var 2 a assoc key=12 val=8 type="long" keys=int@0:8,uint@8:4
var 3 b selfassoc key=16 val=64 type="string" keys=uint@0:8,int@8:8
agg 0 _ count
agg 1 q quantize key=8 keys=probefunc@0:4,uint@4:4 clearable
agg 2 l lquantize(-10,100,5)
agg 3 ll llquantize(10,0,6,20)
clause "syscall::read:entry" probes=3,5-7,9 frame=88 record=40 conditional speculative
  action 0 printf "%d %s\n" fields=int@8:4,string@16:16
  action 1 printa "x" aggs=1,2
  action 2 setopt arg="quiet" arg="a b"
  action 3 ustack fields=ustack@16:24 n=2
    0  3/0    bs        frame[8:24], execname
    1  3/0    strcmp    r0, frame[8:24], const[0:4]("cat")
    2  3/0    br.ne     r0, 0, ->40
    3  3/1    fire
    4  4/1    bi        r1, arg, 3
    5  4/1    bi        r2, ureg, r1
    6  4/1    ext.4s    r3, r2
    7  4/1    add       r3, r3, -7
    8  4/1    divs      r4, r3, r1
    9  4/1    set.ltu   r5, r4, r1
   10  4/1    ld.8s     r6, global[0:8](x)
   11  4/1    st.4      record[8:12], r6
   12  4/1    ldk.8     r7, [r2-16]
   13  4/1    strk      record[16:32], r7
   14  4/1    mark      0(printf)
   15  5/2    zero      frame[0:16]
   16  5/2    dynget.8s r8, v2(a), frame[0:12]
   17  5/2    dynset    v2(a), frame[0:12], r8
   18  5/2    strcopy   frame[24:88], tls[8:72](s)
   19  5/2    dynsetm   v3(b), frame[0:16], frame[24:88]
   20  5/2    dyngetm   frame[24:88], v3(b), frame[0:16]
   21  5/2    dyndel    v3(b), frame[0:16]
   22  6/3    agg       a0(@_ count), -, -, -
   23  6/3    agg       a1(@q quantize), frame[0:8], r1, r2
   24  6/3    agg       a2(@l lquantize), -, r1, -
   25  6/3    movi      r9, 0
   26  7/3    br.ge     r9, 10, ->30
   27  7/3    strtok    frame[24:88], -, const[4:12]("a\"b(c),d")
   28  7/3    stru      frame[24:88], r1, -
   29  7/3    loop      r9, 10, ->26
   30  8/4    speculation r10
   31  8/4    speculate r10
   32  8/4    ustack    record[16:40], 0
   33  8/4    mark      3(ustack)
   34  8/4    mark      1(printa)
   35  8/4    mark      2(setopt)
   36  9/5    substr    frame[0:8], frame[24:88], r1, -
   37  9/5    strindex  r3, frame[0:8], frame[24:88], r1
   38  9/5    copyout   r1, r2, r3
   39  9/5    ret
   40  3/0    ret
`

func TestRoundTrip(t *testing.T) {
	p, err := Assemble(sample)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(p); err != nil {
		t.Error(err)
	}
	text := p.String()
	// The constants come out as one.
	want := strings.Replace(sample, `const "cat\x00"
const "a\"b(c),d\x00"`, `const "cat\x00a\"b(c),d\x00"`, 1)
	if d := cmp.Diff(words(want), words(text)); d != "" {
		t.Errorf("the listing differs (-want +got):\n%s", d)
	}
	q, err := Assemble(text)
	if err != nil {
		t.Fatalf("the listing cannot be read: %v", err)
	}
	if got := q.String(); got != text {
		t.Errorf("second listing differs:\n%s", cmp.Diff(text, got))
	}
}

// words makes the text's blanks single: columns do not count.
func words(s string) []string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	return lines
}

// Each operation can be printed and read back.
func TestEachOpRoundTrips(t *testing.T) {
	for op := Op(0); int(op) < NumOps; op++ {
		c := &Clause{
			Name: "t", NumReg: 4, Actions: []Action{{Kind: ActTrace}},
			Mems: []Mem{{Frame, 0, 8}, {Record, 8, 8}, {Const, 0, 4}},
			Line: []int32{1}, Act: []int32{1},
		}
		p := &Program{Clauses: []*Clause{c}, StrSize: 256, Const: []byte("abc\x00")}
		p.Model.Name = "LP64"
		in := Instr{Op: op, Dst: NoReg, A: NoReg, B: NoReg, C: NoReg, M: NoMem, N: NoMem, P: NoMem}
		info := opTable[op]
		if info.flags&fSize != 0 {
			in.Size = 4
		}
		in.Signed = info.flags&fSigned != 0
		for _, o := range info.args {
			for _, f := range strings.Split(o.field(), "+") {
				switch f {
				case "Dst":
					in.Dst = 0
				case "A":
					in.A = 1
				case "B":
					in.B = 2
				case "C":
					in.C = 3
				case "M":
					in.M = 0
				case "N":
					in.N = 1
				case "P":
					in.P = 2
				case "Imm":
					in.Imm = 0
				}
			}
		}
		if op == BuiltinI {
			in.A = NoReg // arg has no register
		}
		c.Code = []Instr{in}
		q, err := Assemble(p.String())
		if err != nil {
			t.Errorf("%s: %v\n%s", op, err, p)
			continue
		}
		got := q.Clauses[0]
		if q.String() != p.String() || got.Code[0].Op != op || got.Code[0].Dst != in.Dst || got.Code[0].A != in.A ||
			got.Code[0].B != in.B || got.Code[0].C != in.C {
			t.Errorf("%s: read back as\n%s, want\n%s", op, q, p)
		}
	}
}

func TestAssembleErrors(t *testing.T) {
	for _, c := range []struct{ have, want string }{
		{"ret", "outside a clause"},
		{"clause \"x\"\n foo", "unknown instruction"},
		{"clause \"x\"\n ld r0, global[0:8]", "want a size"},
		{"clause \"x\"\n ld.8 r0", "too few"},
		{"clause \"x\"\n ret r0", "too many"},
		{"clause \"x\"\n mov r0, -", "missing"},
		{"clause \"x\"\n mov r0, x1", "bad register"},
		{"clause \"x\"\n br.eq r0, 0, ->nowhere", "not set"},
		{"clause \"x\"\n br.foo r0, 0, ->1", "unknown comparison"},
		{"clause \"x\"\n zero frame[8:0]", "ends before"},
		{"clause \"x\"\n zero moon[0:8]", "want space"},
		{"clause \"x\"\n 7 ret", "pc 7"},
		{"clause \"x\"\n bi r0, weather", "unknown name"},
		{"clause x", "quoted"},
		{"agg 0 x frobnicate", "unknown function"},
		{"agg 0 l lquantize(1,2)", "3 parameters"},
		{"var 1 x global", "want var 0"},
		{"program model=PDP11", "data model"},
		{"program foo=1", "unknown property"},
		{"const 12", "const"},
		{"clause \"x\" probes=9-2", "range"},
		{"clause \"x\"\n action 0 dance", "unknown kind"},
		{"clause \"x\"\n action 0 trace fields=int@0", "want kind@offset:size"},
		{"clause \"x\"\n l:\n l:", "twice"},
	} {
		_, err := Assemble(c.have)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Assemble(%q): error %v, want one with %q", c.have, err, c.want)
		}
	}
}

func FuzzAssemble(f *testing.F) {
	f.Add(sample)
	f.Add("clause \"x\"\nret")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "probes=") && len(text) > 4096 {
			return
		}
		p, err := Assemble(text)
		if err != nil {
			return
		}
		Verify(p)
		list := p.String()
		q, err := Assemble(list)
		if err != nil {
			// Names come from the text as they are; those with blanks do not read back.
			return
		}
		if Verify(p) == nil && Verify(q) != nil {
			t.Errorf("valid before, after listing: %v\n%s", Verify(q), list)
		}
	})
}
