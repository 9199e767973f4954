package text

import (
	"strconv"

	"github.com/godtrace/godtrace/option"
	"github.com/godtrace/godtrace/printf"
	"github.com/godtrace/godtrace/symbol"
)

// symbolizer prints addresses by a host's symbols: module`symbol+0xoffset.
type symbolizer struct {
	r   symbol.Resolver
	opt *option.Set
}

// AppendAddr implements printf.Symbolizer.
func (s *symbolizer) AppendAddr(dst []byte, kind printf.Kind, pid uint32, addr uint64) []byte {
	var sym symbol.Sym
	ok := false
	if s.r != nil {
		switch kind {
		case printf.UStack, printf.USym, printf.UMod, printf.UAddr:
			if !s.opt.Flag("noresolve") {
				sym, ok = s.r.User(pid, addr)
			}
		default:
			sym, ok = s.r.Kernel(addr)
		}
	}
	if !ok || sym.Module == "" && sym.Name == "" {
		return appendHex(dst, addr)
	}
	switch kind {
	case printf.Mod, printf.UMod:
		return append(dst, sym.Module...)
	}
	if sym.Name == "" {
		dst = append(dst, sym.Module...)
		dst = append(dst, '`')
		return appendHex(dst, addr)
	}
	if sym.Module != "" {
		dst = append(dst, sym.Module...)
		dst = append(dst, '`')
	}
	dst = append(dst, sym.Name...)
	if sym.Off != 0 && kind != printf.Sym && kind != printf.USym {
		dst = append(dst, '+')
		dst = appendHex(dst, sym.Off)
	}
	return dst
}

func appendHex(dst []byte, v uint64) []byte {
	dst = append(dst, "0x"...)
	return strconv.AppendUint(dst, v, 16)
}
