package etl

import (
	"encoding/binary"
	"strconv"

	"github.com/godtrace/godtrace/format/etl"
	"github.com/godtrace/godtrace/format/etl/state"
)

// routine is a deferred procedure call or an interrupt service routine: probes
// fbt:module:function:entry and return.
type routine struct {
	entry, ret *info
}

// service is a system service: probes syscall::function:entry and return.
type service struct {
	entry, ret *info
}

// makeRoutines makes the probes of the routines that the files' interrupts and
// deferred calls ran.
func (h *Host) makeRoutines() error {
	if len(h.stock.routines) == 0 {
		return nil
	}
	for _, isr := range []bool{false, true} {
		byAddr := map[uint64]int64{}
		for k, n := range h.stock.routines {
			if k.isr == isr {
				byAddr[k.addr] = n
			}
		}
		for _, addr := range sortedKeys(byAddr) {
			module, function := h.routineName(addr)
			r := &routine{}
			var err error
			if r.entry, err = h.create("fbt", module, function, "entry", byAddr[addr]); err != nil {
				return err
			}
			if r.ret, err = h.create("fbt", module, function, "return", byAddr[addr]); err != nil {
				return err
			}
			r.ret.args = h.returnArgs
			h.routine[routineKey{addr, isr}] = r
		}
	}
	a := &act{on: func(h *Host) bool {
		for _, r := range h.routine {
			if r.ret.on {
				return true
			}
		}
		return false
	}, run: (*Host).routineEnds}
	for _, c := range h.classes {
		if c.kernel && c.hook.group == etl.GroupPerfInfo && isRoutine(c.hook.opcode) {
			c.acts = append(c.acts, a)
		}
	}
	return nil
}

// returnArgs are the arguments of fbt returns: as everywhere arg0 is an offset and
// arg1 the value; then how long the routine ran, in ns, and an interrupt's vector.
func (h *Host) returnArgs() []argument {
	return []argument{{"offset", 0, h.set.Uint64, nil}, {"value", 1, h.set.Int64, nil}, {"elapsed", 2, h.set.Uint64, nil}, {"vector", 3, h.set.Int, nil}}
}

// routineName names a routine of the kernel: by a symbol, else by its distance from
// the image, else by its address.
func (h *Host) routineName(addr uint64) (module, function string) {
	sym, ok := h.syms.Kernel(addr)
	switch {
	case !ok:
		return "", "0x" + strconv.FormatUint(addr, 16)
	case sym.Name == "":
		return part(sym.Module), "+0x" + strconv.FormatUint(sym.Off, 16)
	case sym.Off != 0:
		return part(sym.Module), part(sym.Name) + "+0x" + strconv.FormatUint(sym.Off, 16)
	}
	return part(sym.Module), part(sym.Name)
}

func isRoutine(op uint8) bool {
	switch op {
	case opDPC, opTimerDPC, opThreadedDPC, opDPC2, opISR, opISRMSI, opISR95:
		return true
	}
	return false
}

func isInterrupt(op uint8) bool { return op == opISR || op == opISRMSI || op == opISR95 }

// routineOf returns the routine of an event.
func (h *Host) routineOf(e *etl.Event) *routine {
	return h.routine[routineKey{ptrAt(e.Payload, 8, int(e.PtrSize)), isInterrupt(e.Opcode)}]
}

func (h *Host) routineEnds(m *machine) {
	e := &h.play.e
	r := h.routineOf(e)
	if r == nil || !r.ret.on || len(e.Payload) < 8 {
		return
	}
	b, p := e.Payload, int(e.PtrSize)
	var value, vector, elapsed uint64
	if isInterrupt(e.Opcode) && len(b) > 8+p {
		value = uint64(b[8+p])
		if len(b) >= 11+p {
			vector = uint64(binary.LittleEndian.Uint16(b[9+p:]))
		}
	}
	if at := int64(binary.LittleEndian.Uint64(b)); at <= e.TS {
		elapsed = uint64(e.Clock().Nanoseconds(e.TS - at))
	}
	h.fire(r.ret, 0, value, elapsed, vector, 0)
}

// routineStarts fires the entry of a routine.
func (h *Host) routineStarts(m *machine, r *routine, cpu uint16) {
	tid := m.tracker.Current(cpu)
	h.cur = m.thread(state.Who{PID: m.tracker.PIDOf(tid), TID: tid}, cpu)
	h.fire(r.entry, 0, 0, 0, 0, 0)
}

// makeCalls makes the probes of the system services that the files' calls entered.
func (h *Host) makeCalls() error {
	if len(h.stock.calls) == 0 {
		return nil
	}
	for _, addr := range sortedKeys(h.stock.calls) {
		n := h.stock.calls[addr]
		name := "0x" + strconv.FormatUint(addr, 16)
		if sym, ok := h.syms.Kernel(addr); ok && sym.Name != "" && sym.Off == 0 {
			name = part(sym.Name)
		}
		sv := &service{}
		var err error
		if sv.entry, err = h.create("syscall", "", name, "entry", n); err != nil {
			return err
		}
		if sv.ret, err = h.create("syscall", "", name, "return", 0); err != nil {
			return err
		}
		sv.ret.count = -1
		sv.ret.args = func() []argument {
			return []argument{{"status", 0, h.set.Long, nil}, {"status", 1, h.set.Long, nil}}
		}
		h.sys[addr] = sv
	}
	any := func(h *Host) bool {
		for _, sv := range h.sys {
			if sv.entry.on || sv.ret.on {
				return true
			}
		}
		return false
	}
	for _, c := range h.classes {
		if !c.kernel || c.hook.group != etl.GroupPerfInfo {
			continue
		}
		switch c.hook.opcode {
		case opSysEnter:
			c.acts = append(c.acts, &act{on: any, run: (*Host).serviceEntered})
		case opSysExit:
			c.acts = append(c.acts, &act{on: any, run: (*Host).serviceLeft})
		}
	}
	return nil
}

// maxCalls bounds how deep system services nest: those whose ends were lost would
// pile up.
const maxCalls = 16

func (h *Host) serviceEntered(m *machine) {
	addr := ptrAt(h.play.e.Payload, 0, int(h.play.e.PtrSize))
	if th := h.cur; len(th.calls) >= maxCalls {
		copy(th.calls, th.calls[1:])
		th.calls[maxCalls-1] = addr
	} else {
		th.calls = append(th.calls, addr)
	}
	if sv := h.sys[addr]; sv != nil {
		h.fire(sv.entry, 0, 0, 0, 0, 0)
	}
}

func (h *Host) serviceLeft(m *machine) {
	th := h.cur
	if len(th.calls) == 0 {
		return // entered before the trace
	}
	addr := th.calls[len(th.calls)-1]
	th.calls = th.calls[:len(th.calls)-1]
	sv := h.sys[addr]
	if sv == nil {
		return
	}
	status := u32(h.play.e.Payload, 0)
	errno := int32(0)
	if status>>31 != 0 {
		errno = int32(status)
	}
	v := uint64(int64(int32(status)))
	h.fireErr(sv.ret, errno, v, v)
}
