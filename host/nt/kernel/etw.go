package kernel

import (
	"encoding/binary"
	"sort"

	"github.com/godtrace/godtrace/engine"
)

// Logger is an ETW session (WMI_LOGGER_CONTEXT).
type Logger struct {
	ID   uint32
	Name string
	// Events counts what was written to it.
	Events uint64

	callback *engine.Callout
	ctx      uint64
	enabled  map[engine.GUID]enableInfo
	buffer   uint64 // address of its buffer
	at       uint64 // next free byte in it
}

type enableInfo struct {
	level   uint8
	keyword uint64
}

// bufferSize is the size in bytes of a session's buffer.
const bufferSize = 64 << 10

// Event is an ETW event as a provider writes it.
type Event struct {
	Provider                        engine.GUID
	ID                              uint16
	Version, Channel, Level, Opcode uint8
	Task                            uint16
	Keyword                         uint64
	Activity                        engine.GUID
	Payload                         []byte
}

// StartTrace makes a session and returns its number.
func (m *Machine) StartTrace(name string) (uint32, engine.NTStatus) {
	id := uint32(1)
	for m.loggers[id] != nil {
		id++
	}
	return id, m.startLogger(id, name)
}

func (m *Machine) startLogger(id uint32, name string) engine.NTStatus {
	if id == 0 || id >= 64 {
		return engine.StatusInsufficientResources
	}
	if m.loggers[id] != nil {
		return engine.StatusInvalidParameter
	}
	buf := m.Kernel.AllocPages(bufferSize)
	m.loggers[id] = &Logger{ID: id, Name: name, enabled: map[engine.GUID]enableInfo{}, buffer: buf, at: buf}
	return engine.StatusSuccess
}

// AddLogger makes a session under a number.
func (m *Machine) AddLogger(id uint32, name string) engine.NTStatus { return m.startLogger(id, name) }

// Loggers returns the sessions by number.
func (m *Machine) Loggers() []*Logger {
	var out []*Logger
	for _, l := range m.loggers {
		out = append(out, l)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// EnableTrace sets which events of a provider go into a session.
func (m *Machine) EnableTrace(logger uint32, provider engine.GUID, level uint8, keyword uint64, on bool) engine.NTStatus {
	l := m.loggers[logger]
	if l == nil {
		return engine.StatusLoggerNotFound
	}
	if !on {
		delete(l.enabled, provider)
		return engine.StatusSuccess
	}
	l.enabled[provider] = enableInfo{level, keyword}
	return engine.StatusSuccess
}

// EtwRegisterEventCallback sets the one callback of a session.
func (m *Machine) EtwRegisterEventCallback(logger uint32, cb *engine.Callout, ctx uint64) engine.NTStatus {
	if cb != nil && !m.isCallout(cb, engine.SlotEvent) {
		return engine.StatusAccessDenied
	}
	l := m.loggers[logger]
	switch {
	case l == nil:
		return engine.StatusLoggerNotFound
	case cb == nil:
		l.callback = nil
		return engine.StatusSuccess
	case l.callback != nil:
		return engine.StatusInvalidParameter
	}
	l.callback, l.ctx = cb, ctx
	return engine.StatusSuccess
}

// EventWrite writes an event to every session that wants it, as a thread does
// (EtwpEventWriteFull), and calls the sessions' callbacks.
func (m *Machine) EventWrite(th *Thread, e *Event) {
	for _, l := range m.Loggers() {
		in, ok := l.enabled[e.Provider]
		if !ok || e.Level > in.level || e.Keyword != 0 && e.Keyword&in.keyword == 0 {
			continue
		}
		size := engine.EventHeaderSize + len(e.Payload)
		if size > bufferSize {
			m.LostEvents++
			continue
		}
		if l.at+uint64(size) > l.buffer+bufferSize {
			l.at = l.buffer // the writer thread has flushed it
		}
		at := l.at
		l.at += (uint64(size) + 7) &^ 7
		m.Kernel.poke(at, m.eventBytes(th, e, size))
		l.Events++
		if l.callback != nil && m.KeIsTraceCallbackAllowed(th) {
			l.callback.Event(m.Current(th), at, uint32(size), e.Provider, l.ctx)
		}
	}
}

// eventBytes lays out an EVENT_HEADER and the payload.
func (m *Machine) eventBytes(th *Thread, e *Event, size int) []byte {
	b := make([]byte, size)
	le := binary.LittleEndian
	le.PutUint16(b, uint16(size))
	le.PutUint16(b[4:], 0x40) // 64-bit header
	le.PutUint32(b[8:], th.TID)
	le.PutUint32(b[12:], th.Process.PID)
	le.PutUint64(b[16:], m.filetime())
	copy(b[24:], e.Provider[:])
	le.PutUint16(b[40:], e.ID)
	b[42], b[43], b[44], b[45] = e.Version, e.Channel, e.Level, e.Opcode
	le.PutUint16(b[46:], e.Task)
	le.PutUint64(b[48:], e.Keyword)
	copy(b[64:], e.Activity[:])
	copy(b[engine.EventHeaderSize:], e.Payload)
	return b
}
