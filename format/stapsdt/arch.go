package stapsdt

import (
	"debug/elf"
	"fmt"
)

// amd64 passes six arguments in registers.
var amd64 = arch{
	name:  "x86-64",
	abs64: uint32(elf.R_X86_64_64),
	nregs: 6,
	regs: func(i, size int) string {
		return "%" + [6][4]string{
			{"dil", "di", "edi", "rdi"}, {"sil", "si", "esi", "rsi"}, {"dl", "dx", "edx", "rdx"},
			{"cl", "cx", "ecx", "rcx"}, {"r8b", "r8w", "r8d", "r8"}, {"r9b", "r9w", "r9d", "r9"},
		}[i][log2(size)]
	},
	stack: func(off int) string {
		if off == 0 {
			return "(%rsp)"
		}
		return fmt.Sprintf("%d(%%rsp)", off)
	},
	linkSize: 8,
	site:     amd64Site,
	// endbr64; movzwl semaphore(%rip), %eax; ret
	enabled: []byte{0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0xb7, 0x05, 0, 0, 0, 0, 0xc3},
	relocs:  []reloc{{7, uint32(elf.R_X86_64_PC32), -4}},
	// endbr64; nop; ret
	place:    []byte{0xf3, 0x0f, 0x1e, 0xfa, 0x90, 0xc3},
	placeAt:  4,
	property: 0xc0000002, // GNU_PROPERTY_X86_FEATURE_1_AND
}

// amd64Site knows call and jmp with the function's distance behind them, and
// those through a word of the global offset table. What remains starts with a nop
// of one byte, which all kernels step over without running it elsewhere. A jmp in
// the place of a call returns.
func amd64Site(text []byte, off uint64, typ uint32, addend int64) (site, bool) {
	if addend != -4 || off < 1 || off+4 > uint64(len(text)) {
		return site{}, false
	}
	op := text[off-1]
	switch elf.R_X86_64(typ) {
	case elf.R_X86_64_PC32, elf.R_X86_64_PLT32:
		switch op {
		case 0xe8:
			return site{start: off - 1, code: []byte{0x90, 0x0f, 0x1f, 0x40, 0}}, true
		case 0xe9:
			return site{start: off - 1, code: []byte{0x90, 0xc3, 0x0f, 0x1f, 0}, tail: true}, true
		}
	case elf.R_X86_64_GOTPCREL, elf.R_X86_64_GOTPCRELX:
		if off < 2 || text[off-2] != 0xff {
			break
		}
		switch op {
		case 0x15:
			return site{start: off - 2, code: []byte{0x90, 0x0f, 0x1f, 0x44, 0, 0}}, true
		case 0x25:
			return site{start: off - 2, code: []byte{0x90, 0xc3, 0x0f, 0x1f, 0x40, 0}, tail: true}, true
		}
	}
	return site{}, false
}

// arm64 passes eight arguments in registers.
var arm64 = arch{
	name:  "arm64",
	abs64: uint32(elf.R_AARCH64_ABS64),
	nregs: 8,
	regs:  func(i, _ int) string { return fmt.Sprintf("x%d", i) },
	stack: func(off int) string {
		if off == 0 {
			return "[sp]"
		}
		return fmt.Sprintf("[sp, %d]", off)
	},
	site: arm64Site,
	// bti c; adrp x0, semaphore; ldrh w0, [x0, :lo12:semaphore]; ret
	enabled: words(0xd503245f, 0x90000000, 0x79400000, armRet),
	relocs:  []reloc{{4, uint32(elf.R_AARCH64_ADR_PREL_PG_HI21), 0}, {8, uint32(elf.R_AARCH64_LDST16_ABS_LO12_NC), 0}},
	// bti c; nop; ret
	place:    words(0xd503245f, armNop, armRet),
	placeAt:  4,
	property: 0xc0000000, // GNU_PROPERTY_AARCH64_FEATURE_1_AND
}

const (
	armNop = 0xd503201f
	armRet = 0xd65f03c0
)

// arm64Site knows bl, and b in the place of a call.
func arm64Site(text []byte, off uint64, typ uint32, addend int64) (site, bool) {
	if addend != 0 || off%4 != 0 || off+4 > uint64(len(text)) {
		return site{}, false
	}
	op := le.Uint32(text[off:]) >> 26
	switch {
	case elf.R_AARCH64(typ) == elf.R_AARCH64_CALL26 && op == 0x25:
		return site{start: off, code: words(armNop)}, true
	case elf.R_AARCH64(typ) == elf.R_AARCH64_JUMP26 && op == 0x05:
		return site{start: off, code: words(armRet), tail: true}, true
	}
	return site{}, false
}

func words(list ...uint32) []byte {
	var b []byte
	for _, w := range list {
		b = le.AppendUint32(b, w)
	}
	return b
}

// log2 is 0 to 3 for sizes of 1, 2, 4 and 8.
func log2(size int) int {
	n := 0
	for ; size > 1; size >>= 1 {
		n++
	}
	return n
}
