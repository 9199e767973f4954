package vm

import (
	"fmt"

	"github.com/godtrace/godtrace/ir"
	"github.com/godtrace/godtrace/record"
)

// Config is what a Machine is made with.
type Config struct {
	Env    Env
	Access Access
	// Global is the memory of Space Global, shared by the machines of a session.
	Global []byte
	// ScratchSize is the size of scratch memory in bytes; 0 means
	// DefaultScratch. More than ir.ScratchMax is cut to it.
	ScratchSize int
	// NoKernel and NoUser withhold the privilege to read kernel and user memory.
	NoKernel, NoUser bool
	// Seed starts the sequence of rand().
	Seed uint64
}

// DefaultScratch is the size in bytes of a firing's scratch memory if nothing
// else is asked for.
const DefaultScratch = 4096

// Machine runs the clauses of one program on one CPU. It is used by one
// goroutine at a time.
type Machine struct {
	prog *Program
	cfg  Config
	regs [][]uint64 // a clause; its constants behind its registers

	space   [8][]byte
	rec     []byte // the record under construction, header first
	f       *Firing
	now     uint64
	wall    uint64
	tls     tlsState
	noTLS   []byte // zeros, for threads without storage
	scratch []byte
	top     int // bytes of scratch in use
	tok     []byte
	tokPos  int // -1: strtok has no string
	tmp     []byte
	frames  []uint64
	rand    uint64
	mask    uint64
	res     Result
}

type tlsState uint8

const (
	tlsUnknown tlsState = iota
	tlsNone
	tlsOwn
)

// Result is the outcome of one clause.
type Result struct {
	// Fired is set if the predicate held.
	Fired bool
	// Trapped is set if the clause ended in a fault: Fault, at pc PC, with
	// Value.
	Trapped bool
	Fault   ir.Fault
	PC      int
	Value   uint64
	// Record is the record to be committed, nil if there is none. The first
	// record.HeaderSize bytes are for the header. It is valid until the machine
	// runs again.
	Record []byte
	// Spec is the speculation the record belongs to, 0 if none.
	Spec uint64
	// Err is set if the machine itself failed: a broken invariant, turned into
	// FaultUnknown.
	Err error
}

// NewMachine returns a machine for p.
func NewMachine(p *Program, cfg Config) *Machine {
	if cfg.ScratchSize <= 0 {
		cfg.ScratchSize = DefaultScratch
	}
	cfg.ScratchSize = min(cfg.ScratchSize, int(ir.ScratchMax))
	if cfg.Access == nil {
		cfg.Access = NoAccess
	}
	m := &Machine{prog: p, cfg: cfg, rand: cfg.Seed, tokPos: -1}
	m.regs = make([][]uint64, len(p.clauses))
	for i := range p.clauses {
		c := &p.clauses[i]
		m.regs[i] = make([]uint64, max(c.src.NumReg, 1)+len(c.consts))
		copy(m.regs[i][c.src.NumReg:], c.consts)
	}
	m.space[ir.Frame] = make([]byte, p.maxFrm)
	m.space[ir.Const] = p.src.Const
	m.space[ir.Global] = cfg.Global
	m.space[ir.Local] = make([]byte, p.src.LocalSize)
	m.rec = make([]byte, p.maxRec)
	m.noTLS = make([]byte, p.src.TLSSize)
	return m
}

// Begin starts a firing: scratch memory is empty, strtok has no string. f must
// stay as it is until the firing's last clause has run.
func (m *Machine) Begin(f *Firing) {
	m.f = f
	m.now, m.wall = f.Time, f.Wall
	m.tls = tlsUnknown
	m.top = 0
	m.tokPos = -1
}

// Time returns the firing's timestamp.
func (m *Machine) Time() uint64 {
	if m.now == 0 {
		m.now = m.cfg.Env.Now()
	}
	return m.now
}

// Run executes a clause of the firing that Begin has started. The result is
// the machine's own and valid until the next call.
func (m *Machine) Run(clause int) (res *Result) {
	c := &m.prog.clauses[clause]
	m.res = Result{}
	res = &m.res
	m.mask = 0
	if m.tls == tlsNone {
		m.tls = tlsUnknown // a fault's ERROR clause may have made storage
	}
	defer func() {
		if r := recover(); r != nil {
			m.res = Result{Trapped: true, Fault: ir.FaultUnknown,
				Err: fmt.Errorf("vm: clause %d (%s): internal error: %v", clause, c.src.Name, r)}
		}
	}()
	m.run(c, c.code, m.regs[clause])
	return res
}

// fire begins the record. It reports whether the clause goes on.
func (m *Machine) fire(c *clause) bool {
	m.res.Fired = true
	if c.recLen == 0 {
		return true
	}
	if !c.src.Speculative && !m.cfg.Env.Reserve(c.recLen) {
		return false
	}
	rec := m.rec[:c.recLen]
	clear(rec)
	m.space[ir.Record] = rec[record.HeaderSize:]
	m.res.Record = rec
	return true
}

// trap ends the clause without its record.
func (m *Machine) trap(pc int, f ir.Fault, value uint64) {
	m.res.Trapped, m.res.Fault, m.res.PC, m.res.Value = true, f, pc, value
	m.res.Record = nil
}

// threadStorage makes Space TLS usable. It reports whether it may be written.
func (m *Machine) threadStorage(write bool) bool {
	if m.tls == tlsOwn || m.tls == tlsNone && !write {
		return m.tls == tlsOwn
	}
	if s := m.cfg.Env.TLS(m.f.thread().Key, write); s != nil {
		m.tls, m.space[ir.TLS] = tlsOwn, s
		return true
	}
	m.tls, m.space[ir.TLS] = tlsNone, m.noTLS
	return false
}

func (m *Machine) at(o operand) []byte { return m.space[o.space&7][o.off:o.end] }

// temp returns n bytes that live until the next call of temp.
func (m *Machine) temp(n int) []byte {
	if cap(m.tmp) < n {
		m.tmp = make([]byte, n+64)
	}
	return m.tmp[:n]
}
