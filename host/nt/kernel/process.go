package kernel

import (
	"encoding/binary"
	"unicode/utf16"

	"github.com/godtrace/godtrace/engine"
	"github.com/godtrace/godtrace/vm"
)

// Process is a process. Its EPROCESS lives in the kernel's memory, where
// programs can read it.
type Process struct {
	PID, PPID uint32
	Name      string // of the image: notepad.exe
	EPROCESS  uint64
	Session   uint32
	// Secure is set for processes whose memory the normal kernel may not see
	// (SecureState.SecureHandle is not 0).
	Secure bool
	// Space is the user half; nil for System.
	Space  *Space
	Images []*Image
	// Alive is set from creation to exit.
	Alive   bool
	Threads []*Thread

	nextStack uint64
	nextImage uint64
}

// Frame is one activation on a thread's stack.
type Frame struct {
	Fn   *Function
	PC   uint64 // where execution is, or will return to
	RSP  uint64 // at entry, pointing to the return address
	User bool
}

// Thread is a thread.
type Thread struct {
	TID      uint32
	Process  *Process
	ETHREAD  uint64
	Name     string
	CPU      int
	Start    *Function
	Regs     engine.Registers
	UserMode bool // where it is running now
	// PreviousMode is the mode from which the kernel was entered: user for
	// system calls of processes, kernel for Zw calls and system threads.
	PreviousMode Mode
	// TrapFrame is the address of the frame with which it left user mode.
	TrapFrame uint64

	Frames  []Frame // outermost first
	VM      vm.Thread
	userRSP uint64
	kernRSP uint64
	kernTop uint64
	alive   bool
}

// Mode is a processor mode.
type Mode uint8

// The modes.
const (
	KernelMode Mode = iota
	UserMode
)

// ProcessSpec describes a process to make.
type ProcessSpec struct {
	PID, PPID uint32
	Name      string
	Session   uint32
	Secure    bool
	System    bool // no user half
}

// NewProcess makes a process and its EPROCESS, and puts it into the list at
// PsActiveProcessHead.
func (m *Machine) NewProcess(sp ProcessSpec) *Process {
	p := &Process{PID: sp.PID, PPID: sp.PPID, Name: sp.Name, Session: sp.Session, Secure: sp.Secure, Alive: true,
		nextStack: 0x000000C0_00000000, nextImage: 0x00007FF6_00000000 + uint64(sp.PID)<<20}
	if !sp.System {
		p.Space = newSpace(0x000001F0_00000000 + uint64(sp.PID)<<24)
	}
	t := m.Types
	p.EPROCESS = m.pool(t.Size("_EPROCESS"))
	k := m.Kernel
	put := func(path string, v uint64) { k.put64(p.EPROCESS+t.Offset("_EPROCESS", path), v) }
	k.poke(p.EPROCESS+t.Offset("_EPROCESS", "Pcb.Header.Type"), []byte{3})
	m.initList(p.EPROCESS + t.Offset("_EPROCESS", "Pcb.Header.WaitListHead"))
	put("Pcb.DirectoryTableBase", 0x1AD000+uint64(sp.PID)<<12)
	m.initList(p.EPROCESS + t.Offset("_EPROCESS", "Pcb.ThreadListHead"))
	k.poke(p.EPROCESS+t.Offset("_EPROCESS", "Pcb.BasePriority"), []byte{8})
	if sp.Secure {
		put("Pcb.SecureState", 1|uint64(sp.PID)<<8)
	}
	put("UniqueProcessId", uint64(sp.PID))
	put("CreateTime", m.filetime())
	put("InheritedFromUniqueProcessId", uint64(sp.PPID))
	if !sp.System {
		put("Peb", 0x000000C0_00000000-0x1000)
		p.Space.Map(0x000000C0_00000000-0x1000, PageSize, true)
	}
	put("Token", m.pool(0x40)|0xF)
	k.put32(p.EPROCESS+t.Offset("_EPROCESS", "SessionId"), sp.Session)
	name := make([]byte, 15)
	copy(name[:14], sp.Name) // the field has room for 14 characters and a NUL
	k.poke(p.EPROCESS+t.Offset("_EPROCESS", "ImageFileName"), name)
	k.poke(p.EPROCESS+t.Offset("_EPROCESS", "PriorityClass"), []byte{2})
	k.put32(p.EPROCESS+t.Offset("_EPROCESS", "ExitStatus"), 0x103)
	m.initList(p.EPROCESS + t.Offset("_EPROCESS", "ThreadListHead"))
	m.insertTail(m.activeHead, p.EPROCESS+t.Offset("_EPROCESS", "ActiveProcessLinks"))
	m.Processes = append(m.Processes, p)
	return p
}

// initList makes a list head that points to itself.
func (m *Machine) initList(head uint64) {
	m.Kernel.put64(head, head)
	m.Kernel.put64(head+8, head)
}

// insertTail puts an entry at the end of a list in kernel memory.
func (m *Machine) insertTail(head, entry uint64) {
	k := m.Kernel
	last := k.get64(head + 8)
	k.put64(entry, head)
	k.put64(entry+8, last)
	k.put64(last, entry)
	k.put64(head+8, entry)
}

func (m *Machine) remove(entry uint64) {
	k := m.Kernel
	next, prev := k.get64(entry), k.get64(entry+8)
	k.put64(prev, next)
	k.put64(next+8, prev)
}

// Sizes of stacks.
const (
	kernelStackSize = 0x6000
	userStackSize   = 0x10000
)

// NewThread makes a thread that starts at a function: of the process's images
// with a user half, of the kernel otherwise.
func (m *Machine) NewThread(p *Process, tid uint32, start *Function) *Thread {
	th := &Thread{TID: tid, Process: p, Start: start, alive: true, UserMode: p.Space != nil}
	t, k := m.Types, m.Kernel
	th.ETHREAD = m.pool(t.Size("_ETHREAD"))
	stack := m.stacks.AllocPages(kernelStackSize + PageSize)
	for a := stack; a < stack+kernelStackSize; a += PageSize {
		m.Kernel.Map(a, PageSize, true)
	}
	th.kernTop = stack + kernelStackSize - m.Types.Size("_KTRAP_FRAME")
	th.kernRSP = th.kernTop
	put := func(path string, v uint64) { k.put64(th.ETHREAD+t.Offset("_ETHREAD", path), v) }
	k.poke(th.ETHREAD+t.Offset("_ETHREAD", "Tcb.Header.Type"), []byte{6})
	put("Tcb.InitialStack", stack+kernelStackSize)
	put("Tcb.StackBase", stack+kernelStackSize)
	put("Tcb.StackLimit", stack)
	put("Tcb.KernelStack", th.kernTop)
	put("Tcb.Process", p.EPROCESS)
	k.poke(th.ETHREAD+t.Offset("_ETHREAD", "Tcb.Priority"), []byte{8})
	k.poke(th.ETHREAD+t.Offset("_ETHREAD", "Tcb.State"), []byte{2})
	put("CreateTime", m.filetime())
	put("Cid.UniqueProcess", uint64(p.PID))
	put("Cid.UniqueThread", uint64(tid))
	k.put32(th.ETHREAD+t.Offset("_ETHREAD", "ExitStatus"), 0x103)
	m.insertTail(p.EPROCESS+t.Offset("_EPROCESS", "Pcb.ThreadListHead"), th.ETHREAD+t.Offset("_ETHREAD", "Tcb.ThreadListEntry"))
	m.insertTail(p.EPROCESS+t.Offset("_EPROCESS", "ThreadListHead"), th.ETHREAD+t.Offset("_ETHREAD", "ThreadListEntry"))
	th.VM = vm.Thread{Key: th.ETHREAD, PID: p.PID, TID: tid, PPID: p.PPID, ExecName: p.Name[:min(len(p.Name), 14)]}
	p.Threads = append(p.Threads, th)
	k.put32(p.EPROCESS+t.Offset("_EPROCESS", "ActiveThreads"), uint32(len(p.Threads)))
	m.Threads = append(m.Threads, th)
	if th.UserMode {
		base := p.nextStack
		p.nextStack += 0x100000
		p.Space.Map(base, userStackSize, true)
		th.userRSP = base + userStackSize - 0x100
		teb := base + userStackSize
		p.Space.Map(teb, PageSize, true)
		put("Tcb.Teb", teb)
		th.PreviousMode = UserMode
	}
	th.Regs.GPR[engine.RSP] = th.rsp()
	if start != nil {
		put("StartAddress", start.Addr)
		put("Win32StartAddress", start.Addr)
	}
	m.setPreviousMode(th, th.PreviousMode)
	return th
}

func (th *Thread) rsp() uint64 {
	if th.UserMode {
		return th.userRSP
	}
	return th.kernRSP
}

func (m *Machine) setPreviousMode(th *Thread, mode Mode) {
	th.PreviousMode = mode
	m.Kernel.poke(th.ETHREAD+m.Types.Offset("_ETHREAD", "Tcb.PreviousMode"), []byte{byte(mode)})
}

// ExitThread ends a thread.
func (m *Machine) ExitThread(th *Thread, status uint32) {
	if !th.alive {
		return
	}
	th.alive = false
	t := m.Types
	m.remove(th.ETHREAD + t.Offset("_ETHREAD", "Tcb.ThreadListEntry"))
	m.remove(th.ETHREAD + t.Offset("_ETHREAD", "ThreadListEntry"))
	m.Kernel.put32(th.ETHREAD+t.Offset("_ETHREAD", "ExitStatus"), status)
	m.Kernel.poke(th.ETHREAD+t.Offset("_ETHREAD", "Tcb.State"), []byte{4})
	p := th.Process
	for i, x := range p.Threads {
		if x == th {
			p.Threads = append(p.Threads[:i:i], p.Threads[i+1:]...)
			break
		}
	}
	m.Kernel.put32(p.EPROCESS+t.Offset("_EPROCESS", "ActiveThreads"), uint32(len(p.Threads)))
	if len(p.Threads) == 0 && p.Space != nil {
		m.ExitProcess(p, status)
	}
	if m.OnThreadExit != nil {
		m.OnThreadExit(th)
	}
}

// ExitProcess takes a process off the list of active ones.
func (m *Machine) ExitProcess(p *Process, status uint32) {
	if !p.Alive {
		return
	}
	p.Alive = false
	m.Kernel.put32(p.EPROCESS+m.Types.Offset("_EPROCESS", "ExitStatus"), status)
	m.remove(p.EPROCESS + m.Types.Offset("_EPROCESS", "ActiveProcessLinks"))
}

// FindProcess returns the living process of an id, nil if there is none.
func (m *Machine) FindProcess(pid uint32) *Process {
	for _, p := range m.Processes {
		if p.PID == pid && p.Alive {
			return p
		}
	}
	return nil
}

// Module finds a module of the process by the name D uses.
func (p *Process) Module(name string) *Image {
	for _, im := range p.Images {
		if im.Module == name {
			return im
		}
	}
	return nil
}

// UnicodeString writes a UNICODE_STRING and its text to the space and returns
// its address.
func (s *Space) UnicodeString(text string) uint64 {
	b := wide(text)
	buf := s.Alloc(uint64(len(b)) + 2)
	s.poke(buf, b)
	u := s.Alloc(16)
	var h [16]byte
	binary.LittleEndian.PutUint16(h[:], uint16(len(b)))
	binary.LittleEndian.PutUint16(h[2:], uint16(len(b)+2))
	binary.LittleEndian.PutUint64(h[8:], buf)
	s.poke(u, h[:])
	return u
}

// Bytes puts b into new memory of the space and returns its address.
func (s *Space) Bytes(b []byte) uint64 {
	a := s.Alloc(uint64(max(len(b), 1)))
	s.poke(a, b)
	return a
}

// Wide is text in UTF-16 with a terminating NUL.
func Wide(text string) []byte { return append(wide(text), 0, 0) }

func wide(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// ObjectAttributes writes an OBJECT_ATTRIBUTES that names an object.
func (s *Space) ObjectAttributes(name string) uint64 {
	u := s.UnicodeString(name)
	var b [0x30]byte
	binary.LittleEndian.PutUint32(b[:], 0x30)
	binary.LittleEndian.PutUint64(b[0x10:], u)
	binary.LittleEndian.PutUint32(b[0x18:], 0x40) // OBJ_CASE_INSENSITIVE
	return s.Bytes(b[:])
}
