package etl

import (
	"encoding/binary"

	"github.com/godtrace/godtrace/format/etl"
)

// Opcodes of the kernel's events that are written (EVENT_TRACE_TYPE_*,
// PERFINFO_LOG_TYPE_*).
const (
	opStart    = 1
	opEnd      = 2
	opDCStart  = 3
	opCSwitch  = 36
	opReady    = 50
	opSample   = 46
	opInterval = 73
	opStack    = 32
)

var le = binary.LittleEndian

// Process is what is told of a process.
type Process struct {
	PID, PPID, UID uint32
	Name, Args     string
	// Exit is the exit status, of a process that ends.
	Exit int32
}

// Thread is what is told of a thread.
type Thread struct {
	PID, TID uint32
	Name     string
}

// processPayload is version 3 of the process class, for 64-bit systems. The user is
// told as a security identifier of the authority that stands for users of Unix
// systems, S-1-22-1-uid.
func processPayload(dst []byte, p *Process) []byte {
	dst = le.AppendUint64(dst, uint64(p.PID)) // unique key
	dst = le.AppendUint32(dst, p.PID)
	dst = le.AppendUint32(dst, p.PPID)
	dst = le.AppendUint32(dst, 0) // session
	dst = le.AppendUint32(dst, uint32(p.Exit))
	dst = le.AppendUint64(dst, 0)                         // page directory
	dst = le.AppendUint64(le.AppendUint64(dst, 1), 0)     // TOKEN_USER: a pointer, attributes
	dst = append(dst, 1, 2, 0, 0, 0, 0, 0, 22)            // revision, subauthorities, authority
	dst = le.AppendUint32(le.AppendUint32(dst, 1), p.UID) // subauthorities
	dst = append(append(dst, cut(p.Name, 255)...), 0)
	return etl.AppendUTF16Z(dst, cut(p.Args, 4096))
}

// threadPayload is version 4 of the thread class, for 64-bit systems.
func threadPayload(dst []byte, t *Thread) []byte {
	dst = le.AppendUint32(le.AppendUint32(dst, t.PID), t.TID)
	dst = append(dst, make([]byte, 7*8+4+4)...) // stacks, affinity, addresses, tag, priorities
	return etl.AppendUTF16Z(dst, cut(t.Name, 255))
}

// Switch is a context switch.
type Switch struct {
	Old, New       Thread
	OldPri, NewPri int8
	// Waits is set if the old thread waits, not set if it was preempted.
	Waits bool
}

// switchPayload is version 2 of CSwitch.
func switchPayload(dst []byte, s *Switch) []byte {
	dst = le.AppendUint32(le.AppendUint32(dst, s.New.TID), s.Old.TID)
	state := byte(1) // ready
	if s.Waits {
		state = 5
	}
	dst = append(dst, byte(s.NewPri), byte(s.OldPri), 0, 0, 0, 0, state, 0)
	return append(dst, make([]byte, 8)...)
}

// stackPayload is a StackWalk event of another event of a thread.
func stackPayload(dst []byte, ts int64, pid, tid uint32, pcs []uint64) []byte {
	dst = le.AppendUint64(dst, uint64(ts))
	dst = le.AppendUint32(le.AppendUint32(dst, pid), tid)
	for _, pc := range pcs {
		dst = le.AppendUint64(dst, pc)
	}
	return dst
}

// cut cuts a text to n bytes and at its first NUL.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	for i := range len(s) {
		if s[i] == 0 {
			return s[:i]
		}
	}
	return s
}
