package etl

import (
	"encoding/binary"
	"net/netip"

	"github.com/godtrace/godtrace/ctype"
)

// tcpNames and udpNames are the probes of network events, by opcode; those of
// version 6 of the protocol are 16 above.
var (
	tcpNames = map[uint8]string{
		10: "send", 11: "receive", 12: "connect-established", 13: "disconnect", 14: "retransmit", 15: "accept-established", 16: "connect-request",
		26: "send", 27: "receive", 28: "connect-established", 29: "disconnect", 30: "retransmit", 31: "accept-established", 32: "connect-request",
	}
	udpNames = map[uint8]string{10: "send", 11: "receive", 26: "send", 27: "receive"}
)

// connection is the part that all network events have.
type connection struct {
	pid, size    uint32
	local, peer  netip.Addr
	lport, rport uint16
}

// readConnection reads an event of version 1 or 2: the local address is called the
// source, whatever way the data went.
//
//	PID u32, size u32, destination, source (4 or 16 bytes), port, port (big-endian)
func readConnection(b []byte, v6 bool) (c connection, ok bool) {
	n := 4
	if v6 {
		n = 16
	}
	if len(b) < 12+2*n {
		return c, false
	}
	c.pid, c.size = u32(b, 0), u32(b, 4)
	c.peer, _ = netip.AddrFromSlice(b[8 : 8+n])
	c.local, _ = netip.AddrFromSlice(b[8+n : 8+2*n])
	c.rport, c.lport = binary.BigEndian.Uint16(b[8+2*n:]), binary.BigEndian.Uint16(b[10+2*n:])
	return c, true
}

func (h *Host) argNet(name, tag string) argument {
	return argument{name: name, native: ctype.PtrTo(h.netType.typ), trans: translated(tag)}
}

func tcpEvent(h *Host, st *stat) *act {
	if st.schema.Version == 0 {
		return nil // another order of fields
	}
	return h.tcpProbe(tcpNames[st.hook.opcode], st.n, st.hook.opcode >= 26)
}

func udpEvent(h *Host, st *stat) *act {
	if st.schema.Version == 0 {
		return nil
	}
	return h.udpProbe(udpNames[st.hook.opcode], st.n, st.hook.opcode >= 26)
}

func (h *Host) tcpProbe(name string, n int64, v6 bool) *act {
	return h.netProbe("tcp", name, n, v6, h.argNet("pkt", "pktinfo"), h.argNet("cs", "csinfo"), h.argNet("ip", "ipinfo"),
		h.argNet("tcps", "tcpsinfo"), h.argNet("tcp", "tcpinfo"))
}

func (h *Host) udpProbe(name string, n int64, v6 bool) *act {
	return h.netProbe("udp", name, n, v6, h.argNet("pkt", "pktinfo"), h.argNet("cs", "csinfo"), h.argNet("ip", "ipinfo"),
		h.argNet("udps", "udpsinfo"), h.argNet("udp", "udpinfo"))
}

func (h *Host) netProbe(provider, name string, n int64, v6 bool, args ...argument) *act {
	in := h.probe(provider, name, n, args...)
	inbound := name == "receive" || name == "accept-established"
	return &act{on: anyOn(in), run: func(h *Host, m *machine) {
		c, ok := readConnection(h.play.e.Payload, v6)
		if !ok {
			return
		}
		a := h.mem.window + netOff
		h.mem.object = &extra{a, h.netType, func(im *image) {
			im.num("connid", h.num("connid"))
			im.num("seq", h.num("seqnum"))
			im.num("size", uint64(c.size))
			im.num("pid", uint64(c.pid))
			im.num("lport", uint64(c.lport))
			im.num("rport", uint64(c.rport))
			im.str("laddr", c.local.String())
			im.str("raddr", c.peer.String())
			im.num("ver", 4)
			if v6 {
				im.num("ver", 6)
			}
			if inbound {
				im.num("sport", uint64(c.rport))
				im.num("dport", uint64(c.lport))
				im.str("saddr", c.peer.String())
				im.str("daddr", c.local.String())
				return
			}
			im.num("outbound", 1)
			im.num("sport", uint64(c.lport))
			im.num("dport", uint64(c.rport))
			im.str("saddr", c.local.String())
			im.str("daddr", c.peer.String())
		}}
		h.fire(in, a, a, a, a, a)
		h.mem.object = nil
	}}
}
