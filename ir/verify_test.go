package ir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godtrace/godtrace/ctype"
)

const (
	// plain has a clause that does not record, with a frame and some registers.
	head  = "program strsize=64 global=32 local=8 tls=16\nconst \"cat\\x00\"\n"
	plain = head + "clause \"p:::\" frame=64\n"
	// recs has one with a record of a number and a string.
	recs = head + "clause \"p:::\" frame=64 record=24\n action 0 printf \"\" fields=int@0:8,string@8:16\n"
)

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // "" for valid programs
	}{
		{"smallest", plain + "ret", ""},
		{"no code", plain, "no code"},
		{"runs off", plain + "movi r0, 1", "runs off"},
		{"runs off on one path", plain + "movi r0, 1\nbr.eq r0, 0, ->l\nret\nl:\nmovi r0, 2", "runs off"},
		{"fail ends", plain + "fail badaddr, -", ""},
		{"unreachable", plain + "ret\nret", "cannot be reached"},
		{"unreachable behind a jump", plain + "jmp ->l\nmovi r0, 1\nl:\nret", "cannot be reached"},
		{"jump back", plain + "l:\nmovi r0, 1\njmp ->l", "not forward"},
		{"jump to itself", plain + "l:\njmp ->l", "not forward"},
		{"jump out", plain + "jmp ->7\nret", "target 7"},

		{"register not written", plain + "mov r0, r1\nret", "r1 is not written"},
		{"register written on one path", plain + "movi r0, 1\nbr.eq r0, 0, ->l\nmovi r1, 1\nl:\nmov r2, r1\nret", "r1 is not written"},
		{"register written on both paths", plain + "movi r0, 1\nbr.eq r0, 0, ->l\nmovi r1, 1\njmp ->e\nl:\nmovi r1, 2\ne:\nmov r2, r1\nret", ""},
		{"reads before writes", plain + "add r0, r0, 1\nret", "r0 is not written"},
		{"register index not written", plain + "bi r0, ureg, r1\nret", "r1 is not written"},

		{"frame not written", plain + "ld.8 r0, frame[0:8]\nret", "frame[0] is not written"},
		{"frame written", plain + "zero frame[0:8]\nld.8 r0, frame[0:8]\nret", ""},
		{"frame partly written", plain + "movi r0, 1\nst.4 frame[0:4], r0\nld.8 r0, frame[0:8]\nret", "frame[4] is not written"},
		{"frame written on one path", plain + "movi r0, 1\nbr.eq r0, 0, ->l\nzero frame[0:8]\nl:\nld.8 r0, frame[0:8]\nret", "frame[0] is not written"},
		{"string read", plain + "bs frame[0:16], execname\nstrlen r0, frame[0:16]\nret", ""},
		{"behind a string's end", plain + "bs frame[0:16], execname\ncopy frame[16:32], frame[0:16]\nret", "behind a string's end"},
		{"string in cleared memory", plain + "zero frame[0:16]\nbs frame[0:16], execname\ncopy frame[16:32], frame[0:16]\nret", ""},
		{"copy reads what it needs", plain + "zero frame[0:8]\ncopy frame[16:24], frame[0:16]\nret", ""},
		{"across words", "program\nclause \"x\" frame=256\nzero frame[0:130]\nzero frame[131:256]\ncopy global[0:8], frame[0:8]\nret", "outside of global"},
		{"hole found", "program global=256\nclause \"x\" frame=256\nzero frame[0:130]\nzero frame[131:256]\ncopy global[0:256], frame[0:256]\nret", "frame[130] is not written"},
		{"string destination of one byte", plain + "bs frame[0:1], execname\nret", "at least 2"},

		{"outside of frame", plain + "zero frame[60:68]\nret", "outside of frame[0:64]"},
		{"outside of const", plain + "strlen r0, const[0:5]\nret", "outside of const"},
		{"far outside", plain + "zero frame[4294967290:4294967295]\nret", "outside of frame"},
		{"empty operand", plain + "zero frame[0:0]\nret", "empty"},
		{"const written", plain + "zero const[0:4]\nret", "is written"},
		{"const string written", plain + "bs const[0:4], execname\nret", "is written"},
		{"odd number", plain + "zero frame[0:16]\nld.8 r0, frame[4:12]\nret", "multiple of 8"},
		{"size differs", plain + "zero frame[0:16]\nld.4 r0, frame[0:8]\nret", "has 8 bytes, want 4"},
		{"size 3", plain + "zero frame[0:16]\nld.3 r0, frame[0:3]\nret", "size 3"},
		{"array", plain + "zero frame[0:16]\nmovi r0, 4\nldx.4 r1, frame[0:16], r0\nstx.4 frame[0:16], r0, r1\nret", ""},
		{"array not written", plain + "movi r0, 4\nstx.4 frame[0:16], r0, r0\nret", "frame[0] is not written"},
		{"overlap", plain + "bs frame[0:16], execname\nbasename frame[8:24], frame[0:16]\nret", "overlaps"},
		{"overlap of the second source", plain + "bs frame[0:16], execname\nstrjoin frame[0:16], const[0:4], frame[0:16]\nret", "overlaps"},
		{"tls by string copy", plain + "strcopy tls[0:16], const[0:4]\nstrcopy frame[0:16], tls[0:16]\nret", ""},
		{"tls by others", plain + "strlen r0, tls[0:16]\nret", "only ld, st, copy"},
		{"tls cleared", plain + "zero tls[0:16]\nret", "only ld, st, copy"},
		{"local is not checked", plain + "ld.8 r0, local[0:8]\nret", ""},

		{"record", recs + "fire\nmovi r0, 1\nst.8 record[0:8], r0\nbs record[8:24], execname\nret", ""},
		{"record before fire", recs + "movi r0, 1\nst.8 record[0:8], r0\nfire\nret", "before fire"},
		{"record of a clause that does not record", plain + "movi r0, 1\nst.8 record[0:8], r0\nret", "outside of record[0:0]"},
		{"fire of a clause that does not record", plain + "fire\nret", "does not record"},
		{"field not written", recs + "fire\nmovi r0, 1\nst.8 record[0:8], r0\nret", "action 0 (printf): record[8]"},
		{"field not written on one path", recs + "fire\nmovi r0, 1\nst.8 record[0:8], r0\nbr.eq r0, 0, ->l\nbs record[8:24], execname\nl:\nret", "record[8] is not written"},
		{"fields of a predicate that fails", recs + "movi r0, 1\nbr.eq r0, 0, ->l\nfire\nst.8 record[0:8], r0\nbs record[8:24], execname\nret\nl:\nret", ""},
		{"fire twice", recs + "fire\nfire\nret", "fire may be executed twice"},
		{"fire on one path", recs + "movi r0, 1\nbr.eq r0, 0, ->l\nfire\nst.8 record[0:8], r0\nbs record[8:24], execname\nl:\nret", "some paths only"},
		{"fire in a loop", recs + "movi r0, 0\nl:\nfire\nloop r0, 5, ->l", "fire may be executed twice"},

		{"mark", marks + "fire\nmovi r0, 1\nbr.eq r0, 0, ->l\nst.8 record[8:16], r0\nmark 0\nl:\nret", ""},
		{"mark before its field", marks + "fire\nmovi r0, 1\nmark 0\nst.8 record[8:16], r0\nret", "record[8] is not written"},
		{"mark before fire", marks + "mark 0\nfire\nret", "mark before fire"},
		{"mark of no action", marks + "fire\nmark 1\nret", "action 1"},
		{"mask written", marks + "fire\nmovi r0, 1\nst.8 record[0:8], r0\nret", "mask of the executed"},
		{"field in the mask", head + "clause \"x\" record=16 conditional\naction 0 trace fields=int@0:8\nfire\nret", "in the mask"},
		{"mark without mask", recs + "fire\nmark 0\nret", "not conditional"},
		{"65 actions with mask", head + "clause \"x\" record=8 conditional\n" + manyActions(65) + "fire\nret", "65 actions"},
		{"65 actions without", head + "clause \"x\" record=8\n" + manyActions(65) + "fire\nret", ""},

		{"field outside", head + "clause \"x\" record=8\naction 0 trace fields=int@8:8\nfire\nret", "outside of [0:8]"},
		{"field of odd place", head + "clause \"x\" record=16\naction 0 trace fields=int@4:8\nfire\nret", "multiple of 8"},
		{"number of three bytes", head + "clause \"x\" record=16\naction 0 trace fields=int@0:3\nfire\nret", "has 3 bytes"},
		{"probe name of eight bytes", head + "clause \"x\" record=16\naction 0 trace fields=probefunc@0:8\nfire\nret", "has 8 bytes"},
		{"trace without field", head + "clause \"x\" record=16\naction 0 trace\nfire\nret", "at least 1"},
		{"printa without aggregation", head + "clause \"x\" record=16\naction 0 printa \"x\"\nfire\nret", "aggregations"},
		{"printa of an unknown one", head + "clause \"x\" record=16\naction 0 printa \"x\" aggs=3\nfire\nret", "aggregation 3"},

		{"loop", plain + "movi r0, 0\nl:\nmovi r1, 1\nloop r0, 10, ->l", ""},
		{"loop with exit", plain + "movi r0, 0\nmovi r1, 0\nl:\nbr.gt r1, 5, ->e\nadd r1, r1, 1\nloop r0, 10, ->l\ne:\nret", ""},
		{"loop forward", plain + "movi r0, 0\nloop r0, 5, ->l\nl:\nret", "not backward"},
		{"loop without movi", plain + "l:\nloop r0, 5, ->l", "r0 is not written"},
		{"loop from another number", plain + "movi r0, 1\nl:\nloop r0, 5, ->l", "only one movi 0"},
		{"loop counter set inside", plain + "movi r1, 0\nl:\nmovi r0, 0\nloop r0, 5, ->l", "only one movi 0"},
		{"loop counter changed inside", plain + "movi r0, 0\nl:\nadd r0, r0, -1\nloop r0, 5, ->l", "only one movi 0"},
		{"loop counter set twice", plain + "movi r0, 0\nmovi r0, 0\nl:\nnop\nloop r0, 5, ->l", "also set"},
		{"one counter for two", plain + "movi r0, 0\nl:\nmovi r1, 0\nm:\nloop r0, 5, ->m\nloop r0, 5, ->l", "is that of the loop"},
		{"loop bound", plain + "movi r0, 0\nl:\nloop r0, 0, ->l", "loop bound 0"},
		{"nested", plain + nest(1000, 1000), ""},
		{"nested too deep", plain + nest(1000, 1000, 1000), "nested loops"},
		{"crossing", plain + "movi r0, 0\nmovi r1, 0\na:\nbr.eq r1, 0, ->b\nb:\nbr.eq r0, 9, ->c\nloop r0, 5, ->a\nc:\nbr.eq r1, 9, ->d\nloop r1, 5, ->b\nd:\nret", "reaches into"},
		{"two in a row", plain + "movi r0, 0\nmovi r1, 0\na:\nbr.gt r0, 3, ->b\nloop r0, 1000000, ->a\nb:\nloop r1, 1000000, ->b", ""},
		{"written in the loop only", plain + "movi r0, 0\nl:\nbr.eq r0, 0, ->n\nmov r2, r1\nn:\nmovi r1, 1\nloop r0, 5, ->l", "r1 is not written"},
		{"what a loop overwrites stays written", plain + "movi r0, 0\nmovi r1, 7\nl:\nmov r2, r1\nmovi r1, 1\nloop r0, 5, ->l", ""},

		{"destructive", "program destructive\nclause \"x\"\nstop\nret", ""},
		{"destructive in another", plain + "stop\nret", "not destructive"},
		{"speculation", "program speculations\nclause \"x\" record=0 speculative\nspeculation r0\nfire\nspeculate r0\nret", ""},
		{"speculation in another", plain + "speculation r0\nret", "without speculations"},
		{"speculate in another", recs + "fire\nmovi r0, 1\nspeculate r0\nret", "not speculative"},
		{"speculate before fire", "program speculations\nclause \"x\" record=0 speculative\nspeculation r0\nspeculate r0\nfire\nret", "before fire"},
		{"speculate twice", "program speculations\nclause \"x\" record=0 speculative\nspeculation r0\nfire\nspeculate r0\nspeculate r0\nret", "twice"},
		{"commit after speculate", "program speculations\nclause \"x\" record=0 speculative\nspeculation r0\nfire\nspeculate r0\ncommit r0\nret", ""},

		{"assoc", tables + "zero frame[0:16]\ndynget.8s r0, v0, frame[0:16]\ndynset v0, frame[0:16], r0\ndyndel v0, frame[0:16]\nret", ""},
		{"assoc key size", tables + "zero frame[0:8]\ndyndel v0, frame[0:8]\nret", "want 16 bytes for a"},
		{"assoc value size", tables + "zero frame[0:16]\ndynget.4 r0, v0, frame[0:16]\nret", "want 8 for a"},
		{"assoc of a scalar", tables + "zero frame[0:16]\ndyndel v1, frame[0:16]\nret", "want an associative array"},
		{"assoc unknown", tables + "zero frame[0:16]\ndyndel v7, frame[0:16]\nret", "variable 7"},
		{"assoc string", tables + "zero frame[0:8]\nbs frame[16:32], execname\ndynsetm v2, frame[0:8], frame[16:32]\ndyngetm frame[16:32], v2, frame[0:8]\nret", ""},
		{"assoc string in place of number", tables + "zero frame[0:8]\ndynset v2, frame[0:8], r0\nret", "a number is stored"},
		{"assoc key half a string", tables + "bs frame[0:16], execname\ndyndel v0, frame[0:16]\nret", "behind a string's end"},
		{"agg", tables + "agg a0, -, -, -\nzero frame[0:8]\nmovi r0, 1\nagg a1, frame[0:8], r0, r0\nret", ""},
		{"agg without tuple", tables + "movi r0, 1\nagg a1, -, r0, -\nret", "has a tuple of 8"},
		{"agg with tuple", tables + "zero frame[0:8]\nagg a0, frame[0:8], -, -\nret", "has a tuple of 0"},
		{"agg with another tuple", tables + "zero frame[0:16]\nmovi r0, 1\nagg a1, frame[0:16], r0, -\nret", "want 8 bytes"},
		{"agg without value", tables + "zero frame[0:8]\nagg a1, frame[0:8], -, -\nret", "without a value"},
		{"count with increment", tables + "movi r0, 1\nagg a0, -, r0, r0\nret", "with an increment"},
		{"agg unknown", tables + "agg a9, -, -, -\nret", "aggregation 9"},

		{"stack", head + "clause \"x\" frame=64\nstack frame[0:16], 0\nustack frame[16:32], 1\nret", ""},
		{"user stack too small", head + "clause \"x\" frame=64\nustack frame[16:24], 1\nret", "16 for a user stack"},
		{"stack at odd place", head + "clause \"x\" frame=64\nstack frame[4:12], 1\nret", "at a multiple of 8"},
		{"argument 32", plain + "bi r0, arg, 32\nret", "argument 32"},

		{"global space", "program global=12\nclause \"x\"\nret", "size 12 of global"},
		{"frame size", "program\nclause \"x\" frame=12\nret", "frame of 12"},
		{"string size", "program strsize=1\nclause \"x\"\nret", "string size 1"},
		{"variable outside", "program global=8\nvar 0 x global mem=global[8:16]\nclause \"x\"\nret", "outside of global"},
		{"variable in the wrong space", "program global=8\nvar 0 x self mem=global[0:8]\nclause \"x\"\nret", "want tls"},
		{"assoc without key", "program\nvar 0 x assoc val=8\nclause \"x\"\nret", "tuple of 0"},
		{"key outside", "program\nvar 0 x assoc val=8 key=4 keys=int@0:8\nclause \"x\"\nret", "key 0"},
		{"bad quantizer", "program\nagg 0 x lquantize(10,0,1)\nclause \"x\"\nret", "not greater than the base"},
		{"aggregation keys", "program\nagg 0 x count key=8\nclause \"x\"\nret", "0 keys"},
	} {
		p, err := Assemble(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		err = Verify(p)
		switch {
		case err == nil && c.want != "":
			t.Errorf("%s: valid, want error with %q\n%s", c.name, c.want, p)
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		var ve *VerifyError
		if err != nil && !errors.As(err, &ve) {
			t.Errorf("%s: error of type %T", c.name, err)
		}
	}
}

const (
	marks  = head + "clause \"p:::\" record=16 conditional\n action 0 trace fields=int@8:8\n"
	tables = `program strsize=16 global=8
var 0 a assoc key=16 val=8 keys=int@0:8,int@8:8
var 1 x global mem=global[0:8]
var 2 s assoc key=8 val=16 type="string" keys=int@0:8
agg 0 _ count
agg 1 q quantize key=8 keys=int@0:8
clause "p:::" frame=64
movi r0, 0
`
)

func manyActions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "action %d printf \"\"\n", i)
	}
	return b.String()
}

// nest makes loops within loops.
func nest(bounds ...int) string {
	var b strings.Builder
	for i := range bounds {
		fmt.Fprintf(&b, "movi r%d, 0\nl%d:\n", i, i)
	}
	for i := len(bounds) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "br.eq r%d, 5, ->e%d\nloop r%d, %d, ->l%d\ne%d:\n", i, i, i, bounds[i], i, i)
	}
	return b.String() + "ret\n"
}

// What only hand-made programs can have.
func TestVerifyRaw(t *testing.T) {
	if err := Verify(nil); err == nil {
		t.Error("no program is valid")
	}
	mk := func(f func(p *Program, c *Clause)) *Program {
		p, err := Assemble(plain + "ret")
		if err != nil {
			t.Fatal(err)
		}
		f(p, p.Clauses[0])
		return p
	}
	for name, p := range map[string]*Program{
		"nil clause": mk(func(p *Program, c *Clause) { p.Clauses[0] = nil }),
		"operation":  mk(func(p *Program, c *Clause) { c.Code[0].Op = Op(NumOps) }),
		"lines":      mk(func(p *Program, c *Clause) { c.Line = nil }),
		"registers":  mk(func(p *Program, c *Clause) { c.NumReg = MaxReg + 1 }),
		"negative":   mk(func(p *Program, c *Clause) { c.NumReg = -1 }),
		"register":   mk(func(p *Program, c *Clause) { c.Code[0] = Instr{Op: MovI, Dst: NoReg} }),
		"memory":     mk(func(p *Program, c *Clause) { c.Code[0] = Instr{Op: Zero, M: 3} }),
		"no memory":  mk(func(p *Program, c *Clause) { c.Code[0] = Instr{Op: Zero, M: NoMem} }),
		"comparison": mk(func(p *Program, c *Clause) { c.NumReg = 1; c.Code[0] = Instr{Op: Br, Sub: 99} }),
		"space":      mk(func(p *Program, c *Clause) { c.Mems = []Mem{{Space(9), 0, 1}} }),
		"probes":     mk(func(p *Program, c *Clause) { c.Probes = append(c.Probes, 3, 3) }),
		"model":      mk(func(p *Program, c *Clause) { p.Model = ctype.Model{} }),
		"field type": mk(func(p *Program, c *Clause) {
			c.Record, c.RecSize = true, 8
			c.Actions = []Action{{Kind: ActTrace, Fields: []Field{{Size: 8}}}}
		}),
		"action kind":     mk(func(p *Program, c *Clause) { c.Record = true; c.Actions = []Action{{Kind: 99}} }),
		"variable class":  mk(func(p *Program, c *Clause) { p.Vars = []Var{{Kind: 99}} }),
		"no function":     mk(func(p *Program, c *Clause) { p.Aggs = []Agg{{}} }),
		"frame too large": mk(func(p *Program, c *Clause) { c.FrameSize = MaxFrame + 8 }),
	} {
		if err := Verify(p); err == nil {
			t.Errorf("%s: valid", name)
		} else if err.Error() == "" || p.String() == "" {
			t.Errorf("%s: no text", name)
		}
	}
}

// FuzzVerify makes programs out of bytes. Verify must end, without panic,
// whatever they are.
func FuzzVerify(f *testing.F) {
	f.Add([]byte("\x00"))
	f.Add([]byte("some bytes that make a few instructions, whatever they are"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := decode(b)
		start := time.Now()
		err := Verify(p)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %v", d)
		}
		if err == nil && p.String() == "" {
			t.Error("no listing")
		}
	})
}

// decode makes a program whose operands are small, so that some are valid.
func decode(b []byte) *Program {
	next := func() int {
		if len(b) == 0 {
			return 0
		}
		n := b[0]
		b = b[1:]
		return int(n)
	}
	p := &Program{
		Model: ctype.LP64, StrSize: 16, Const: []byte("abc\x00def\x00"), GlobalSize: 16, LocalSize: 8, TLSSize: 16,
		Destructive: next()&1 != 0, Speculations: next()&1 != 0,
	}
	q, err := Assemble(tables + "ret")
	if err != nil {
		panic(err)
	}
	p.Vars, p.Aggs = q.Vars, q.Aggs
	for range next()%3 + 1 {
		c := &Clause{
			Name: "f", NumReg: next() % 8, FrameSize: uint32(next() % 5 * 8), Record: next()&1 != 0,
			Conditional: next()&1 != 0, Speculative: next()&1 != 0,
		}
		if c.Record {
			c.RecSize = uint32(next() % 4 * 8)
			for range next() % 3 {
				c.Actions = append(c.Actions, Action{
					Kind:   ActionKind(next() % 26),
					Fields: []Field{{Off: uint32(next() % 32), Size: uint32(next() % 24), Kind: FieldKind(next() % 16)}},
				})
			}
		}
		for range next() % 8 {
			c.Mems = append(c.Mems, Mem{Space(next() % 7), uint32(next() % 24), uint32(next() % 24)})
		}
		for range next() % 40 {
			c.Code = append(c.Code, Instr{
				Op: Op(next()), Size: uint8(next() % 10), Signed: next()&1 != 0, Sub: uint8(next() % 24),
				Dst: Reg(next() % 9), A: Reg(next() % 9), B: Reg(next() % 9), C: Reg(next() % 9),
				M: MemID(next() % 9), N: MemID(next() % 9), P: MemID(next() % 9), Imm: int64(next()) - 2, Target: int32(next()%44) - 1,
			})
			c.Line, c.Act = append(c.Line, 0), append(c.Act, 0)
		}
		p.Clauses = append(p.Clauses, c)
	}
	return p
}
