package etl

import (
	"fmt"

	"github.com/godtrace/godtrace/consume"
	"github.com/godtrace/godtrace/format/etl"
)

// State is what a clause of the state program tells. The clause must trace the
// listed values, in this order.
type State uint8

// The kinds of clauses of a state program.
const (
	StateClock  State = iota // timestamp, walltimestamp
	StateSwitch              // old tid, pid, priority, name; new tid, pid, priority, name; 1 if the old one waits
	StateWakeup              // tid of the thread made ready
	StateFork                // parent pid; child pid, tid, uid; name
	StateExec                // pid, ppid, uid, name
	StateExit                // pid, tid, status; name
	StateSample              // pid, tid, kernel pc, user pc, kernel stack, user stack
	StateProbe               // pid, tid, then the arguments: arg0, ...
	StateReturn              // pid, tid, arg0, arg1, errno
)

// stateValues is how many values each kind has at least.
var stateValues = map[State]int{StateClock: 2, StateSwitch: 9, StateWakeup: 1, StateFork: 5, StateExec: 4, StateExit: 4, StateSample: 4, StateProbe: 2, StateReturn: 5}

// state writes the kernel's event of a record of the state program.
func (r *Recorder) state(e *consume.Event, kind State) error {
	v := r.values
	if len(v) < stateValues[kind] {
		return fmt.Errorf("BUG: record: clause %d of the state program traced %d values, want %d", e.Index, len(v), stateValues[kind])
	}
	if kind == StateClock {
		return r.start(v[0].num, v[1].num)
	}
	if r.w == nil {
		return fmt.Errorf("BUG: record: an event came before the clock's")
	}
	u := func(i int) uint32 { return uint32(v[i].num) }
	cpu := uint16(e.CPU)
	switch kind {
	case StateSwitch:
		s := Switch{Old: Thread{TID: u(0), PID: u(1), Name: v[3].text}, New: Thread{TID: u(4), PID: u(5), Name: v[7].text}, OldPri: priority(v[2].num), NewPri: priority(v[6].num), Waits: v[8].num != 0}
		for _, t := range []*Thread{&s.Old, &s.New} {
			if t.TID == 0 {
				t.PID = 0
				continue
			}
			if err := r.meet(e, &Process{PID: t.PID, Name: t.Name}, false); err != nil {
				return err
			}
			if err := r.meetThread(e, t); err != nil {
				return err
			}
		}
		r.buf = switchPayload(r.buf[:0], &s)
		if err := r.write(&etl.Event{Type: etl.TypePerfInfo64, Group: etl.GroupThread, Opcode: opCSwitch, Version: 2, TS: int64(e.Time), CPU: cpu, Payload: r.buf}); err != nil {
			return err
		}
		r.cpus[e.CPU] = s.New
	case StateWakeup:
		r.buf = append(le.AppendUint32(r.buf[:0], u(0)), 0, 0, 0, 0)
		return r.write(&etl.Event{Type: etl.TypePerfInfo64, Group: etl.GroupThread, Opcode: opReady, Version: 2, TS: int64(e.Time), CPU: cpu, Payload: r.buf})
	case StateFork:
		pid, tid := u(1), u(2)
		if pid == tid {
			p := Process{PID: pid, PPID: u(0), UID: u(3), Name: v[4].text}
			r.known[pid] = p.Name
			if err := r.process(opStart, e.Time, cpu, &p); err != nil {
				return err
			}
		}
		r.threads[tid] = pid
		return r.thread(opStart, e.Time, cpu, &Thread{PID: pid, TID: tid, Name: v[4].text})
	case StateExec:
		p := Process{PID: u(0), PPID: u(1), UID: u(2), Name: v[3].text}
		if r.cfg.Lookup != nil {
			if q, ok := r.cfg.Lookup(p.PID); ok && q.Name == p.Name {
				p.Args = q.Args
			}
		}
		r.known[p.PID] = ""
		return r.meet(e, &p, true)
	case StateExit:
		pid, tid := u(0), u(1)
		t := Thread{PID: pid, TID: tid}
		if err := r.thread(opEnd, e.Time, cpu, &t); err != nil {
			return err
		}
		delete(r.threads, tid)
		if pid != tid {
			return nil
		}
		status := int32(v[2].num)
		p := Process{PID: pid, Name: r.known[pid], Exit: status >> 8 & 0xff}
		if sig := status & 0x7f; sig != 0 {
			p.Exit = int32(statusSignal | uint32(sig)) // replays as killed
		}
		delete(r.known, pid)
		return r.process(opEnd, e.Time, cpu, &p)
	case StateSample:
		return r.sample(e, Thread{PID: u(0), TID: u(1)}, v)
	case StateProbe, StateReturn:
		return r.firing(e, kind, Thread{PID: u(0), TID: u(1)}, v[2:])
	}
	return nil
}

// statusSignal is an NTSTATUS of severity error, of the customer's range.
const statusSignal = 0xE000_0000

// priority turns Linux's (0 to 139, least first) into one of 31 to 0.
func priority(p uint64) int8 {
	if p < 100 {
		return int8(31 - p*15/99)
	}
	return int8(max(15-(int64(p)-100)*15/39, 0))
}

// meetThread tells of a thread that is not known yet.
func (r *Recorder) meetThread(e *consume.Event, t *Thread) error {
	if pid, ok := r.threads[t.TID]; ok && pid == t.PID {
		return nil
	}
	r.threads[t.TID] = t.PID
	return r.thread(opDCStart, e.Time, uint16(e.CPU), t)
}

// sample writes a sample and its stack.
func (r *Recorder) sample(e *consume.Event, t Thread, v []value) error {
	pc := v[2].num
	if pc == 0 {
		pc = v[3].num
	}
	if t.TID != 0 {
		if err := r.meet(e, &Process{PID: t.PID}, false); err != nil {
			return err
		}
		if err := r.meetThread(e, &t); err != nil {
			return err
		}
	}
	b := le.AppendUint64(r.buf[:0], pc)
	b = le.AppendUint32(b, t.TID)
	r.buf = append(b, 1, 0, 0, 0)
	if err := r.write(&etl.Event{Type: etl.TypePerfInfo64, Group: etl.GroupPerfInfo, Opcode: opSample, Version: 2, TS: int64(e.Time), CPU: uint16(e.CPU), Payload: r.buf}); err != nil {
		return err
	}
	for _, s := range v[4:] {
		if len(s.stack) == 0 {
			continue
		}
		r.buf = stackPayload(r.buf[:0], int64(e.Time), t.PID, t.TID, s.stack)
		if err := r.write(&etl.Event{Type: etl.TypePerfInfo64, Group: etl.GroupStackWalk, Opcode: opStack, Version: 2, TS: int64(e.Time), CPU: uint16(e.CPU), Payload: r.buf}); err != nil {
			return err
		}
	}
	return nil
}

// firing writes the event that replays as the probe that fired.
func (r *Recorder) firing(e *consume.Event, kind State, t Thread, args []value) error {
	if err := r.meet(e, &Process{PID: t.PID}, false); err != nil {
		return err
	}
	for i := range args {
		args[i].field.Name = argNames[min(i, len(argNames)-1)]
	}
	if kind == StateReturn {
		args[len(args)-1].field.Name = "errno"
	}
	p := e.Probe
	return r.event(r.probe, ProbeProvider, p.Provider+":"+p.Module+":"+p.Function+":"+p.Name, int64(e.Time), uint16(e.CPU), t, args)
}

var argNames = [...]string{"arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "arg6", "arg7", "arg8", "arg9"}
