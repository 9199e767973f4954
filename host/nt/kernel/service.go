package kernel

import (
	"sync"

	"github.com/godtrace/godtrace/engine"
)

// serviceNode is a node of the tree of services that have callbacks.
type serviceNode struct {
	svc                 *Service
	entryOn, exitOn     bool
	entryID, exitID     uint64
	entryBack, exitBack *engine.Callout
}

// serviceCallbacks is what KeSetSystemServiceCallback keeps.
type serviceCallbacks struct {
	mu     sync.Mutex // guards what follows
	idle   *sync.Cond // active has become 0
	nodes  map[uint32]*serviceNode
	count  int // KiSystemServiceTraceCallbackCount
	active int // KiSystemServiceTraceCallbacksActive
}

// maxNodes bounds the tree; real kernels are bounded by their pool.
const maxNodes = 1 << 12

// KeSetSystemServiceCallback sets the callback at the entry or exit of a
// service. The first callback sets bit 0 of KiDynamicTraceMask, the last one to
// go clears it; taking one away waits until no callback runs.
func (m *Machine) KeSetSystemServiceCallback(name string, entry bool, cb *engine.Callout, probeID uint64) engine.NTStatus {
	slot := engine.SlotServiceExit
	if entry {
		slot = engine.SlotServiceEntry
	}
	if cb != nil && !m.isCallout(cb, slot) {
		return engine.StatusAccessDenied
	}
	s := m.serviceByHash[HashServiceName(name)]
	if s == nil {
		return engine.StatusNotFound
	}
	c := &m.callbacks
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[s.Hash]
	if cb == nil {
		return m.clearService(n, entry)
	}
	if n == nil {
		if len(c.nodes) >= maxNodes {
			return engine.StatusInsufficientResources
		}
		n = &serviceNode{svc: s}
		c.nodes[s.Hash] = n
	}
	on := &n.exitOn
	if entry {
		on = &n.entryOn
	}
	if *on {
		return engine.StatusAlreadyRegistered
	}
	*on = true
	if entry {
		n.entryBack, n.entryID = cb, probeID
	} else {
		n.exitBack, n.exitID = cb, probeID
	}
	if c.count++; c.count == 1 {
		m.setMask(maskServices, true)
	}
	return engine.StatusSuccess
}

// clearService takes a callback away. callbacks.mu is held.
func (m *Machine) clearService(n *serviceNode, entry bool) engine.NTStatus {
	c := &m.callbacks
	if n == nil || entry && !n.entryOn || !entry && !n.exitOn {
		return engine.StatusNotFound
	}
	if entry {
		n.entryOn = false
	} else {
		n.exitOn = false
	}
	for c.active > 0 {
		c.idle.Wait()
	}
	if !n.entryOn && !n.exitOn {
		delete(c.nodes, n.svc.Hash)
	}
	if c.count--; c.count == 0 {
		m.setMask(maskServices, false)
	}
	return engine.StatusSuccess
}

// KiTrackSystemCallEntry calls the callback at a service's entry. The
// arguments may come back changed. The node is for the exit.
func (m *Machine) kiTrackSystemCallEntry(th *Thread, s *Service, args []uint64) *serviceNode {
	c := &m.callbacks
	c.mu.Lock()
	n := c.nodes[s.Hash]
	if n == nil {
		c.mu.Unlock()
		return nil
	}
	cb, id, on := n.entryBack, n.entryID, n.entryOn
	if on && m.KeIsTraceCallbackAllowed(th) {
		c.active++
		c.mu.Unlock()
		var reg [4]uint64
		k := copy(reg[:], args)
		var stack []uint64
		if len(args) > 4 {
			stack = args[4:]
		}
		cb.Service(m.Current(th), s.fn.Addr, id, uint32(len(args)), reg[:], stack)
		copy(args[:k], reg[:k])
		c.mu.Lock()
		c.done()
	}
	c.mu.Unlock()
	return n
}

// KiTrackSystemCallExit calls the callback at a service's exit, and returns the
// result as the callback left it.
func (m *Machine) kiTrackSystemCallExit(th *Thread, n *serviceNode, ret uint64) uint64 {
	c := &m.callbacks
	c.mu.Lock()
	if n.exitOn && m.KeIsTraceCallbackAllowed(th) {
		c.active++
		cb, id := n.exitBack, n.exitID
		c.mu.Unlock()
		reg := [1]uint64{ret}
		cb.Service(m.Current(th), n.svc.fn.Addr, id, 1, reg[:], nil)
		ret = reg[0]
		c.mu.Lock()
		c.done()
	}
	c.mu.Unlock()
	return ret
}

// done counts a callback out. mu is held.
func (c *serviceCallbacks) done() {
	if c.active--; c.active == 0 {
		c.idle.Broadcast()
	}
}

// node finds the node of a service for an exit whose entry had no callback.
func (m *Machine) node(s *Service) *serviceNode {
	m.callbacks.mu.Lock()
	defer m.callbacks.mu.Unlock()
	return m.callbacks.nodes[s.Hash]
}

// KeIsTraceCallbackAllowed is the gate of callbacks: a secure process is never
// traced; bit 1 of KiDynamicTraceEnable's value lets callbacks of user-mode
// callers through, bit 2 any.
func (m *Machine) KeIsTraceCallbackAllowed(th *Thread) bool {
	if m.Crash != nil || th == nil || th.Process.Secure {
		return false
	}
	if m.KiDynamicTraceEnable&EnableAny != 0 {
		return true
	}
	return m.KiDynamicTraceEnable&EnableUser != 0 && th.PreviousMode == UserMode
}
