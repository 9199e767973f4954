package compile

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/godtrace/godtrace/check"
	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/vm"
)

// The tests of this file make statements over 64-bit integers together with Go
// functions that do the same, and compare the variables afterwards. They hold
// the code generator (registers, labels, what is taken for known) and the vm
// against plain evaluation of the tree.

// store is the state of both sides.
type store struct {
	g    [4]int64 // int64_t globals
	u    [2]int64 // uint64_t globals
	arr  [4]int64
	self [2]int64
	this [2]int64
	as   map[int64]int64
}

type ex struct {
	text     string
	unsigned bool
	eval     func(*store) int64
}

type evalMaker struct {
	maker
	loops int
}

func lit(k int64) ex {
	return ex{text: fmt.Sprintf("%dLL", k), eval: func(*store) int64 { return k }}
}

// ref is an assignable number.
type ref struct {
	text     string
	unsigned bool
	at       func(*store) (get func() int64, set func(int64))
}

func cell(text string, unsigned bool, p func(*store) *int64) ref {
	return ref{text, unsigned, func(s *store) (func() int64, func(int64)) {
		c := p(s)
		return func() int64 { return *c }, func(v int64) { *c = v }
	}}
}

func (m *evalMaker) ref(d int) ref {
	switch i := m.n(14); i {
	case 0, 1, 2, 3:
		return cell(fmt.Sprintf("g%d", i), false, func(s *store) *int64 { return &s.g[i] })
	case 4, 5:
		return cell(fmt.Sprintf("u%d", i-4), true, func(s *store) *int64 { return &s.u[i-4] })
	case 6, 7:
		return cell(fmt.Sprintf("self->s%d", i-6), false, func(s *store) *int64 { return &s.self[i-6] })
	case 8, 9:
		return cell(fmt.Sprintf("this->t%d", i-8), false, func(s *store) *int64 { return &s.this[i-8] })
	case 10, 11:
		x := m.expr(d - 1)
		return cell(fmt.Sprintf("arr[%s & 3]", x.text), false, func(s *store) *int64 { return &s.arr[x.eval(s)&3] })
	default:
		x := m.expr(d - 1)
		return ref{fmt.Sprintf("as[%s]", x.text), false, func(s *store) (func() int64, func(int64)) {
			k := x.eval(s)
			return func() int64 { return s.as[k] }, func(v int64) { s.as[k] = v }
		}}
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// binop computes a o b of 64-bit numbers.
func binop(o string, a, b int64, unsigned bool) int64 {
	switch o {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "&":
		return a & b
	case "|":
		return a | b
	case "^":
		return a ^ b
	case "<<":
		return a << (uint64(b) & 63)
	case ">>":
		if unsigned {
			return int64(uint64(a) >> (uint64(b) & 63))
		}
		return a >> (uint64(b) & 63)
	case "/":
		if unsigned {
			return int64(uint64(a) / uint64(b))
		}
		if b == -1 {
			return -a
		}
		return a / b
	case "%":
		if unsigned {
			return int64(uint64(a) % uint64(b))
		}
		if b == -1 {
			return 0
		}
		return a % b
	}
	c := map[string]ir.Cond{"<": ir.LT, "<=": ir.LE, ">": ir.GT, ">=": ir.GE, "==": ir.EQ, "!=": ir.NE}[o]
	if unsigned && c >= ir.LT && c <= ir.GE {
		c += ir.LTU - ir.LT
	}
	return b2i(c.Holds(a, b))
}

func (m *evalMaker) expr(d int) ex {
	if d <= 0 {
		switch m.n(4) {
		case 0:
			return lit([]int64{0, 1, 2, 7, 63, 255, 65536, 1 << 40}[m.n(8)])
		case 1:
			i := m.n(3)
			return ex{fmt.Sprintf("arg%d", i), false, func(*store) int64 { return probeArgs[i] }}
		}
		i := m.n(4)
		return ex{fmt.Sprintf("g%d", i), false, func(s *store) int64 { return s.g[i] }}
	}
	d--
	switch m.n(14) {
	case 0, 1, 2, 3:
		o := m.pick("+", "-", "*", "&", "|", "^", "<<", ">>", "/", "%")
		a, b := m.expr(d), m.expr(d)
		uns := a.unsigned || b.unsigned
		if o == "<<" || o == ">>" {
			uns = a.unsigned
		}
		if o == "/" || o == "%" {
			c := b
			b = ex{"(" + c.text + " | 1LL)", c.unsigned, func(s *store) int64 { return c.eval(s) | 1 }}
		}
		return ex{"(" + a.text + " " + o + " " + b.text + ")", uns, func(s *store) int64 {
			x := a.eval(s)
			return binop(o, x, b.eval(s), uns)
		}}
	case 4, 5:
		o := m.pick("<", "<=", ">", ">=", "==", "!=")
		a, b := m.expr(d), m.expr(d)
		uns := a.unsigned || b.unsigned
		return ex{"(int64_t)(" + a.text + " " + o + " " + b.text + ")", false, func(s *store) int64 {
			x := a.eval(s)
			return binop(o, x, b.eval(s), uns)
		}}
	case 6:
		o := m.pick("&&", "||", "^^")
		a, b := m.expr(d), m.expr(d)
		return ex{"(int64_t)(" + a.text + " " + o + " " + b.text + ")", false, func(s *store) int64 {
			x := a.eval(s) != 0
			switch {
			case o == "&&" && !x:
				return 0
			case o == "||" && x:
				return 1
			case o == "^^":
				return b2i(x != (b.eval(s) != 0))
			}
			return b2i(b.eval(s) != 0)
		}}
	case 7:
		a := m.expr(d)
		switch o := m.pick("-", "~", "!"); o {
		case "-":
			return ex{"(- " + a.text + ")", a.unsigned, func(s *store) int64 { return -a.eval(s) }}
		case "~":
			return ex{"(~ " + a.text + ")", a.unsigned, func(s *store) int64 { return ^a.eval(s) }}
		}
		return ex{"(int64_t)(! " + a.text + ")", false, func(s *store) int64 { return b2i(a.eval(s) == 0) }}
	case 8:
		c, a, b := m.expr(d), m.expr(d), m.expr(d)
		a, b = a.long(), b.long()
		return ex{"(" + c.text + " ? " + a.text + " : " + b.text + ")", false, func(s *store) int64 {
			if c.eval(s) != 0 {
				return a.eval(s)
			}
			return b.eval(s)
		}}
	case 9:
		a := m.expr(d)
		i := m.n(6)
		t := []string{"int8_t", "int16_t", "int32_t", "uint8_t", "uint16_t", "uint32_t"}[i]
		return ex{"(int64_t)(" + t + ")" + a.text, false, func(s *store) int64 {
			v := a.eval(s)
			switch i {
			case 0:
				return int64(int8(v))
			case 1:
				return int64(int16(v))
			case 2:
				return int64(int32(v))
			case 3:
				return int64(uint8(v))
			case 4:
				return int64(uint16(v))
			}
			return int64(uint32(v))
		}}
	case 10:
		r := m.ref(d)
		o := m.pick("++", "--")
		post := m.n(2) == 1
		text := "(" + o + r.text + ")"
		if post {
			text = "(" + r.text + o + ")"
		}
		return ex{text, r.unsigned, func(s *store) int64 {
			get, set := r.at(s)
			old := get()
			v := old + 1
			if o == "--" {
				v = old - 1
			}
			set(v)
			if post {
				return old
			}
			return v
		}}
	case 11:
		return m.assign(d)
	}
	r := m.ref(d)
	return ex{r.text, r.unsigned, func(s *store) int64 {
		get, _ := r.at(s)
		return get()
	}}
}

// long makes the type of e signed.
func (e ex) long() ex {
	return ex{"(int64_t)" + e.text, false, e.eval}
}

func (m *evalMaker) assign(d int) ex {
	r := m.ref(d)
	o := m.pick("=", "=", "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=")
	y := m.expr(d)
	return ex{"(" + r.text + " " + o + " " + y.text + ")", r.unsigned, func(s *store) int64 {
		var v int64
		var set func(int64)
		if o == "=" {
			v = y.eval(s)
			_, set = r.at(s)
		} else {
			var get func() int64
			get, set = r.at(s)
			old := get()
			op := strings.TrimSuffix(o, "=")
			uns := r.unsigned || y.unsigned
			if op == ">>" {
				uns = r.unsigned
			}
			v = binop(op, old, y.eval(s), uns)
		}
		set(v)
		return v
	}}
}

// stmt makes a statement and what it does.
func (m *evalMaker) stmt(d int) (string, func(*store)) {
	switch m.n(8) {
	case 0, 1:
		if d > 0 {
			c := m.expr(2)
			t1, f1 := m.block(d - 1)
			t2, f2 := m.block(d - 1)
			return fmt.Sprintf("if (%s) { %s } else { %s }", c.text, t1, t2), func(s *store) {
				if c.eval(s) != 0 {
					f1(s)
				} else {
					f2(s)
				}
			}
		}
	case 2:
		if d > 0 && m.loops < 3 {
			n := m.n(4) + 1
			v := fmt.Sprintf("this->l%d", m.loops)
			m.loops++
			t, f := m.block(d - 1)
			return fmt.Sprintf("for (%s = 0; %s < %d; %s++) { %s }", v, v, n, v, t), func(s *store) {
				for range n {
					f(s)
				}
			}
		}
	}
	a := m.assign(3)
	return a.text + ";", func(s *store) { a.eval(s) }
}

func (m *evalMaker) block(d int) (string, func(*store)) {
	var text []string
	var fs []func(*store)
	for range m.n(4) + 1 {
		t, f := m.stmt(d)
		text, fs = append(text, t), append(fs, f)
	}
	return strings.Join(text, "\n\t"), func(s *store) {
		for _, f := range fs {
			f(s)
		}
	}
}

// probeArgs are the arguments of the probe.
var probeArgs = [...]int64{5, -3, 1 << 33}

// mapEnv is an Env of maps.
type mapEnv struct {
	tls []byte
	dyn map[string][]byte
}

func (e *mapEnv) Reserve(int) bool                { return true }
func (e *mapEnv) TLS(uint64, bool) []byte         { return e.tls }
func (e *mapEnv) DynGet(v int, key []byte) []byte { return e.dyn[fmt.Sprint(v, key)] }
func (e *mapEnv) DynSet(v int, key, val []byte) {
	e.dyn[fmt.Sprint(v, key)] = append([]byte(nil), val...)
}
func (e *mapEnv) DynDel(v int, key []byte)      { delete(e.dyn, fmt.Sprint(v, key)) }
func (e *mapEnv) Agg(int, []byte, int64, int64) {}
func (e *mapEnv) Speculation() uint64           { return 0 }
func (e *mapEnv) Speculate(uint64, int) bool    { return false }
func (e *mapEnv) CommitSpec(uint64) bool        { return true }
func (e *mapEnv) DiscardSpec(uint64) bool       { return true }
func (e *mapEnv) Exit(int64)                    {}
func (e *mapEnv) Now() uint64                   { return 1 }
func (e *mapEnv) Wall() uint64                  { return 1 }

// runEval compiles and runs the statements on both sides.
func runEval(t *testing.T, data []byte) {
	t.Helper()
	m := &evalMaker{maker: maker{data: data}}
	text, f := m.block(2)
	prog := `int64_t g0, g1, g2, g3; uint64_t u0, u1; int64_t arr[4]; self int64_t s0, s1;
this int64_t t0, t1; this int l0, l1, l2; int64_t as[int64_t];
int64_t f0, f1;
syscall::read:entry
{
	g0 = 3; g1 = -1; g2 = 1000000007; g3 = 0; u0 = 1; u1 = 0; u1--;
	this->t0 = 9; this->t1 = 0; self->s0 = 4;
	` + text + `
	f0 = this->t0; f1 = this->t1;
}`
	p, err := build(Options{}, check.Options{}, prog)
	if err != nil {
		if strings.Contains(err.Error(), "division by zero") {
			return
		}
		t.Fatalf("%v\n%s", err, prog)
	}
	q, err := vm.New(p)
	if err != nil {
		t.Fatal(err)
	}
	env := &mapEnv{tls: make([]byte, p.TLSSize), dyn: map[string][]byte{}}
	globals := make([]byte, p.GlobalSize)
	mach := vm.NewMachine(q, vm.Config{Env: env, Global: globals})
	fi := &vm.Firing{Thread: &vm.Thread{Key: 1}}
	for i, a := range probeArgs {
		fi.Args[i] = uint64(a)
	}
	want := &store{as: map[int64]int64{}}
	want.g = [4]int64{3, -1, 1000000007, 0}
	want.u = [2]int64{1, -1}
	want.this = [2]int64{9, 0}
	want.self = [2]int64{4, 0}
	f(want)

	mach.Begin(fi)
	if res := mach.Run(0); res.Trapped {
		t.Fatalf("fault %s at pc %d, err %v\n%s\n%s", res.Fault, res.PC, res.Err, prog, p)
	}
	wants := map[string]int64{"f0": want.this[0], "f1": want.this[1], "s0": want.self[0], "s1": want.self[1], "u0": want.u[0], "u1": want.u[1]}
	for i := range 4 {
		wants[fmt.Sprintf("g%d", i)] = want.g[i]
	}
	read := func(m ir.Mem) int64 {
		b := globals
		if m.Space == ir.TLS {
			b = env.tls
		}
		return int64(binary.LittleEndian.Uint64(b[m.Off:]))
	}
	for i := range p.Vars {
		v := &p.Vars[i]
		if w, ok := wants[v.Name]; ok {
			if got := read(v.Mem); got != w {
				t.Errorf("%s is %d, want %d\n%s\n%s", v.Name, got, w, prog, p)
				return
			}
		}
		if v.Name == "arr" {
			for k, w := range want.arr {
				m := v.Mem
				m.Off += uint32(8 * k)
				if got := read(m); got != w {
					t.Errorf("arr[%d] is %d, want %d\n%s\n%s", k, got, w, prog, p)
					return
				}
			}
		}
		if v.Name == "as" {
			for k, w := range want.as {
				var key [8]byte
				binary.LittleEndian.PutUint64(key[:], uint64(k))
				got := int64(0)
				if b := env.dyn[fmt.Sprint(i, key[:])]; b != nil {
					got = int64(binary.LittleEndian.Uint64(b))
				}
				if got != w {
					t.Errorf("as[%d] is %d, want %d\n%s\n%s", k, got, w, prog, p)
					return
				}
			}
		}
	}
}

func TestEval(t *testing.T) {
	seed := uint64(42)
	for range 1500 {
		data := make([]byte, 300)
		for i := range data {
			seed = seed*6364136223846793005 + 1442695040888963407
			data[i] = byte(seed >> 33)
		}
		runEval(t, data)
		if t.Failed() {
			return
		}
	}
}

func FuzzEval(f *testing.F) {
	for i := range 8 {
		f.Add([]byte(fmt.Sprintf("%d seed %d%d", i*7919, i, i*i)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 400 {
			data = data[:400]
		}
		runEval(t, data)
	})
}
