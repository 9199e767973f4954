package etl

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/godtrace/godtrace/format/etl"
)

// made is a trace under construction. Its clock ticks 10 million times a second.
type made struct {
	t   testing.TB
	buf bytes.Buffer
	w   *etl.Writer
}

const (
	madeBase  = 1_000_000_000             // ticks: 100 s
	madeStart = 133_000_000_000_000_000   // FILETIME
	madeWall  = madeStart - fileTimeEpoch // 100 ns
	ntBase    = 0xFFFFF80000000000        // of the kernel
	usBase    = 0x7FF600000000            // of a program
	us        = 10                        // ticks
	ms        = 1000 * us
)

func newMade(t testing.TB, o etl.WriterOptions) *made {
	t.Helper()
	m := &made{t: t}
	o.Start, o.Base = madeStart, madeBase
	if o.Processors == 0 {
		o.Processors = 2
	}
	var err error
	if m.w, err = etl.NewWriter(&m.buf, o); err != nil {
		t.Fatal(err)
	}
	return m
}

// open ends the trace and opens it.
func (m *made) open() *Host {
	m.t.Helper()
	return openHost(m.t, m.file())
}

func (m *made) file() string {
	m.t.Helper()
	if err := m.w.Close(); err != nil {
		m.t.Fatal(err)
	}
	name := filepath.Join(m.t.TempDir(), "made.etl")
	if err := os.WriteFile(name, m.buf.Bytes(), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return name
}

func (m *made) write(e etl.Event) {
	m.t.Helper()
	e.TS += madeBase
	if e.PtrSize == 0 {
		e.PtrSize = 8
	}
	if err := m.w.Write(&e); err != nil {
		m.t.Fatal(err)
	}
}

// sys writes an event with a system header, perf one without thread.
func (m *made) sys(ts int64, cpu uint16, pid, tid uint32, group, op, version uint8, payload []byte) {
	m.t.Helper()
	m.write(etl.Event{Type: etl.TypeSystem64, TS: ts, CPU: cpu, PID: pid, TID: tid, Group: group, Opcode: op, Version: version, Payload: payload})
}

func (m *made) perf(ts int64, cpu uint16, group, op, version uint8, payload []byte) {
	m.t.Helper()
	m.write(etl.Event{Type: etl.TypePerfInfo64, TS: ts, CPU: cpu, Group: group, Opcode: op, Version: version, Payload: payload})
}

// bin packs numbers by their Go types, texts as ANSI and UTF-16 (wide) with NUL.
type wide string

func bin(vals ...any) []byte {
	var b []byte
	for _, v := range vals {
		switch v := v.(type) {
		case int8:
			b = append(b, byte(v))
		case uint8:
			b = append(b, v)
		case uint16:
			b = binary.LittleEndian.AppendUint16(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case int16:
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		case float32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		case float64:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		case int32:
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case int64:
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		case string:
			b = append(append(b, v...), 0)
		case wide:
			b = etl.AppendUTF16Z(b, string(v))
		case []byte:
			b = append(b, v...)
		default:
			panic("BUG: a value that has no size")
		}
	}
	return b
}

// process writes a process event of version 3; thread one of a thread.
func (m *made) process(ts int64, op uint8, by, pid, ppid uint32, exit int32, name, args string) {
	m.t.Helper()
	m.sys(ts, 0, by, by+1, etl.GroupProcess, op, 3, bin(uint64(0xFFFFFA8000000000)+uint64(pid)<<12, pid, ppid, uint32(1), exit, uint64(0x1000), uint32(0), name, wide(args)))
}

func (m *made) thread(ts int64, op uint8, by, pid, tid uint32) {
	m.t.Helper()
	m.sys(ts, 0, by, by+1, etl.GroupThread, op, 3, bin(pid, tid, uint64(0), uint64(0), uint64(0), uint64(0), uint64(1), uint64(usBase)+0x10, uint64(0), uint32(0), uint8(8), uint8(5), uint8(2), uint8(0)))
}

func (m *made) image(ts int64, op uint8, pid uint32, base, size uint64, stamp uint32, path string) {
	m.t.Helper()
	m.sys(ts, 0, pid, pid+1, etl.GroupImage, op, 2, bin(base, size, pid, uint32(0), stamp, uint32(0), base, uint32(0), uint32(0), uint32(0), uint32(0), wide(path)))
}

// cswitch writes a context switch: the old thread is left in a state.
func (m *made) cswitch(ts int64, cpu uint16, next, old uint32, state uint8) {
	m.t.Helper()
	m.perf(ts, cpu, etl.GroupThread, opCSwitch, 2, bin(next, old, int8(9), int8(8), uint8(0), int8(0), int8(6), int8(1), state, uint8(0), uint32(0), uint32(0)))
}

// scene is a system with two processes whose threads take turns:
//
//	pid 100 cat.exe, thread 101; pid 200 dog.exe, threads 201 and 202; pid 4 System
func scene(t testing.TB, o etl.WriterOptions) *made {
	m := newMade(t, o)
	m.process(0, opDC, 0, 4, 0, 259, "System", "")
	m.process(0, opDC, 0, 100, 4, 259, "cat.exe", `cat.exe -n "a b"`)
	m.process(0, opDC, 0, 200, 100, 259, "dog.exe", "dog.exe")
	m.thread(0, opDC, 0, 100, 101)
	m.thread(0, opDC, 0, 200, 201)
	m.thread(0, opDC, 0, 200, 202)
	m.image(0, opDC, 0, ntBase, 0x600000, 0x50000000, `\SystemRoot\system32\ntoskrnl.exe`)
	m.image(0, opDC, 0, ntBase+0x800000, 0x10000, 0x50000001, `\SystemRoot\system32\drivers\ndis.sys`)
	m.image(0, opDC, 100, usBase, 0x10000, 0x50000002, `\Device\HarddiskVolume1\bin\cat.exe`)
	return m
}

const opDC = 3
