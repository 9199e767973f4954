package vm

import (
	"math"

	"github.com/godtrace/godtrace/ir"
)

// Address families and hardware types that inet_ntop and link_ntop know. On
// Windows AF_INET6 has another number.
const (
	afINET         = 2
	afINET6        = 10
	afINET6Windows = 23

	arphrdEther      = 1
	arphrdInfiniBand = 32
)

// subroutine does the string subroutines. It relies on the rule that no
// destination overlaps a source.
func (m *Machine) subroutine(i *insn, regs []uint64) (ir.Fault, uint64) {
	a := func(r uint16, absent int64) int64 {
		if r == uint16(ir.NoReg) {
			return absent
		}
		return int64(regs[r])
	}
	switch ir.Op(i.op) {
	case ir.StrIdx:
		b, ok := element(m.at(i.m), regs[i.a], 1)
		if !ok {
			return ir.FaultBadIndex, 0
		}
		regs[i.dst] = 0 // what is behind the text is left over from before
		if regs[i.a] < uint64(len(text(m.at(i.m)))) {
			regs[i.dst] = uint64(int8(b[0]))
		}
	case ir.IsNull:
		regs[i.dst] = truth(isNull(m.at(i.m)))
	case ir.MkNull:
		setNull(m.at(i.m))
	case ir.StrJoin:
		dst, x := m.at(i.m), text(m.at(i.n))
		n := copy(dst[:len(dst)-1], x)
		n += copy(dst[n:len(dst)-1], text(m.at(i.p)))
		end(dst, n)
	case ir.Substr:
		put(m.at(i.m), substr(text(m.at(i.n)), int64(regs[i.a]), a(i.b, math.MaxInt64)))
	case ir.StrIndex:
		regs[i.dst] = uint64(strIndex(text(m.at(i.m)), text(m.at(i.n)), a(i.a, 0)))
	case ir.StrRIndex:
		regs[i.dst] = uint64(strRIndex(text(m.at(i.m)), text(m.at(i.n)), a(i.a, math.MaxInt64)))
	case ir.StrChr:
		putOrNull(m.at(i.m), strChr(text(m.at(i.n)), byte(regs[i.a])))
	case ir.StrRChr:
		putOrNull(m.at(i.m), strRChr(text(m.at(i.n)), byte(regs[i.a])))
	case ir.StrStr:
		putOrNull(m.at(i.m), strStr(text(m.at(i.n)), text(m.at(i.p))))
	case ir.StrTok:
		m.strTok(i)
	case ir.Basename:
		put(m.at(i.m), basename(text(m.at(i.n))))
	case ir.Dirname:
		put(m.at(i.m), dirname(text(m.at(i.n))))
	case ir.Cleanpath:
		s := text(m.at(i.n))
		put(m.at(i.m), cleanpath(m.temp(len(s) + 1)[:0], s))
	case ir.ToUpper, ir.ToLower:
		s, c := text(m.at(i.n)), lower
		if ir.Op(i.op) == ir.ToUpper {
			c = upper
		}
		dst := m.at(i.m)
		put(dst, s)
		for k, x := range text(dst) {
			dst[k] = c(x)
		}
	case ir.StrToLL:
		regs[i.dst] = 0
		if base := int64(regs[i.b]); baseOK(base) {
			regs[i.dst] = uint64(strToLL(text(m.at(i.m)), base))
		}
	case ir.LLToStr:
		var buf [72]byte
		s := buf[:0]
		if base := int64(regs[i.b]); baseOK(base) {
			s = appendLL(s, int64(regs[i.a]), base)
		}
		put(m.at(i.m), s)
	case ir.Json:
		putOrNull(m.at(i.m), jsonLookup(text(m.at(i.n)), text(m.at(i.p))))
	case ir.DPath:
		p, ok := m.f.Context.(Pather)
		if !ok {
			return ir.FaultBadAddr, regs[i.a]
		}
		s, ok := p.Path(m.f, regs[i.a])
		if !ok {
			return ir.FaultBadAddr, regs[i.a]
		}
		put(m.at(i.m), s)
	default:
		return m.address(i, regs)
	}
	return noFault, 0
}

// strTok continues, or begins, the token search of the firing.
func (m *Machine) strTok(i *insn) {
	if i.n.space != noOperand {
		m.tok = append(m.tok[:0], text(m.at(i.n))...)
		m.tokPos = 0
	}
	dst := m.at(i.m)
	if m.tokPos < 0 {
		setNull(dst)
		return
	}
	from, to, next, ok := strTok(m.tok, text(m.at(i.p)), m.tokPos)
	if !ok {
		m.tokPos = -1
		setNull(dst)
		return
	}
	m.tokPos = next
	put(dst, m.tok[from:to])
}

// address does the subroutines that print network addresses.
func (m *Machine) address(i *insn, regs []uint64) (ir.Fault, uint64) {
	var buf [64]byte
	var a [20]byte
	at, n, f := regs[i.a], 4, appendIPv4
	op := ir.Op(i.op)
	if op != ir.InetNtoa {
		at, n, f = regs[i.b], 0, appendLink
	}
	switch {
	case op == ir.InetNtoa:
	case op == ir.InetNtop && regs[i.a] == afINET:
		n, f = 4, appendIPv4
	case op == ir.InetNtop && (regs[i.a] == afINET6 || regs[i.a] == afINET6Windows):
		n, f = 16, appendIPv6
	case op == ir.LinkNtop && regs[i.a] == arphrdEther:
		n = 6
	case op == ir.LinkNtop && regs[i.a] == arphrdInfiniBand:
		n = 20
	default:
		return ir.FaultIllOp, 0
	}
	if fault := m.read(false, at, a[:n]); fault != noFault {
		return m.fault(fault, at)
	}
	put(m.at(i.m), f(buf[:0], a[:n]))
	return noFault, 0
}
