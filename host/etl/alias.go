package etl

import (
	"encoding/binary"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
)

// The provider Microsoft-Windows-Kernel-Process tells of processes, threads and
// images what the kernel's own events tell, and Microsoft-Windows-Kernel-Network of
// the network. In files without the kernel's events the providers' feed the state
// and fire the same probes: those of processes are turned into the kernel's events
// first.
type alias struct {
	on bool // the files hold the provider's events and not the kernel's
	e  etl.Event
	ok bool // e stands for the current event
	b  []byte
}

// aliasHooks are the kernel's events that Kernel-Process's stand for, by id.
var aliasHooks = map[uint16]hook{
	1: {etl.GroupProcess, opStart}, 2: {etl.GroupProcess, opEnd}, 3: {etl.GroupThread, opStart}, 4: {etl.GroupThread, opEnd},
	5: {etl.GroupImage, opLoad}, 6: {etl.GroupImage, opEnd},
}

// makeAliases adds acts to the classes of both providers.
func (h *Host) makeAliases(stats []*stat) error {
	groups := map[uint8]bool{}
	for _, st := range stats {
		if st.kernel {
			groups[st.hook.group] = true
		}
	}
	h.alias.on = !groups[etl.GroupProcess] && !groups[etl.GroupThread] && !groups[etl.GroupImage]
	for _, st := range stats {
		c := h.classes[st.schema]
		switch {
		case st.kernel:
		case st.provider == kernelNetwork:
			c.acts = append(c.acts, h.networkAlias(st, groups)...)
		case st.provider == kernelProcess && h.alias.on:
			k, ok := aliasHooks[st.id]
			if !ok {
				continue
			}
			for _, build := range builders[k] {
				a := build(h, &stat{schema: st.schema, n: st.n, hook: k})
				c.acts = append(c.acts, &act{on: a.on, run: func(h *Host, m *machine) { h.runAlias(a, m) }})
			}
		}
	}
	return h.makeErr
}

func (h *Host) networkAlias(st *stat, groups map[uint8]bool) []*act {
	switch id := st.id; {
	case id < 40 && tcpNames[uint8(id)] != "" && !groups[etl.GroupTCPIP]:
		return []*act{h.tcpProbe(tcpNames[uint8(id)], st.n, id >= 26)}
	case (id == 42 || id == 43 || id == 58 || id == 59) && !groups[etl.GroupUDPIP]:
		return []*act{h.udpProbe(udpNames[10+uint8(id&1)], st.n, id >= 58)}
	}
	return nil
}

// translate makes the kernel's event of an event of Kernel-Process.
func (h *Host) translate(m *machine, e *etl.Event) {
	a := &h.alias
	a.ok = false
	k, known := aliasHooks[e.ID]
	if !known || e.Classic() || e.Provider != kernelProcess {
		return
	}
	s, ptr := h.dec.Schema(e)
	num := func(name string) uint64 {
		if i := s.Index(name); i >= 0 {
			if v, err := s.Value(e.Payload, ptr, i); err == nil {
				n, _ := v.Uint()
				return n
			}
		}
		return 0
	}
	// The end of a process does not tell its parent and session.
	id := func(name string) uint64 {
		if s.Index(name) < 0 {
			return uint64(etl.NoID)
		}
		return num(name)
	}
	text := func(name string) []byte {
		if i := s.Index(name); i >= 0 {
			if v, err := s.Value(e.Payload, ptr, i); err == nil {
				return appendText(nil, &v)
			}
		}
		return nil
	}
	le := binary.LittleEndian
	b := a.b[:0]
	u32 := func(v uint64) { b = le.AppendUint32(b, uint32(v)) }
	u64 := func(v uint64) { b = le.AppendUint64(b, v) }
	version := uint8(2)
	switch k.group {
	case etl.GroupProcess:
		// Layout of version 2, without a user.
		name := string(text("ImageName"))
		if p := m.tracker.Process(uint32(num("ProcessID"))); k.opcode == opEnd && p != nil && p.Name != "" {
			name = "" // that of the end is cut to 14 characters
		}
		u64(0)
		u32(num("ProcessID"))
		u32(id("ParentProcessID"))
		u32(id("SessionID"))
		u32(num("ExitCode"))
		u32(0)
		b = append(append(b, name[strings.LastIndexAny(name, `\/`)+1:]...), 0)
		b = etl.AppendUTF16Z(b, "")
	case etl.GroupThread:
		u32(num("ProcessID"))
		u32(num("ThreadID"))
		for _, n := range []string{"StackBase", "StackLimit", "UserStackBase", "UserStackLimit", "StartAddr", "Win32StartAddr", "TebBase"} {
			u64(num(n))
		}
		u32(num("SubProcessTag"))
	case etl.GroupImage:
		u64(num("ImageBase"))
		u64(num("ImageSize"))
		u32(num("ProcessID"))
		u32(num("ImageCheckSum"))
		u32(num("TimeDateStamp"))
		u32(0)
		u64(num("DefaultBase"))
		b = append(b, make([]byte, 16)...)
		b = etl.AppendUTF16Z(b, string(text("ImageName")))
	}
	a.b, a.ok = b, true
	a.e = *e
	a.e.Type, a.e.PtrSize, a.e.Group, a.e.Opcode, a.e.Version = etl.TypeSystem64, 8, k.group, k.opcode, version
	a.e.Provider, a.e.Payload, a.e.Ext = etl.GroupClass(k.group), b, nil
}

// runAlias runs an act of the kernel's event.
func (h *Host) runAlias(a *act, m *machine) {
	if !h.alias.ok {
		return
	}
	m0 := &h.mem
	c, payload, ptr := m0.class, m0.payload, m0.ptr
	s, p := h.dec.Schema(&h.alias.e)
	m0.class, m0.payload, m0.ptr = &class{schema: s, kernel: true}, h.alias.e.Payload, p
	a.run(h, m)
	m0.class, m0.payload, m0.ptr = c, payload, ptr
}
