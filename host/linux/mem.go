//go:build linux

package linux

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file and program.go have the package's only uses of unsafe: words of
// memory shared with the kernel, and the attributes of bpf(2).

// word32 returns the word at an offset of shared memory. The slice is a mapping,
// so it starts on a page and does not move; off is a multiple of 4 within it,
// which the bounds check of the last byte ensures.
func word32(mem []byte, off uint32) *atomic.Uint32 {
	_ = mem[off+3]
	return (*atomic.Uint32)(unsafe.Pointer(&mem[off]))
}

// word64 is word32 for 64 bits; off is a multiple of 8.
func word64(mem []byte, off uint32) *atomic.Uint64 {
	_ = mem[off+7]
	return (*atomic.Uint64)(unsafe.Pointer(&mem[off]))
}

// words views bytes as 64-bit words of the machine's order. b comes from
// make([]uint64), from the allocator with at least 8 bytes, or from a mapping, at an
// offset that is a multiple of 8, and is therefore aligned.
func words(b []byte) []uint64 {
	if len(b) < 8 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&b[0])), len(b)/8)
}

// bytesOf views words as bytes.
func bytesOf(w []uint64) []byte {
	if len(w) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&w[0])), 8*len(w))
}

func pointer(b []byte) unsafe.Pointer {
	if len(b) == 0 {
		return nil
	}
	return unsafe.Pointer(&b[0])
}

// mapMemory maps the value of a memory-mappable array map.
func mapMemory(fd int, size uint32) ([]byte, error) {
	page := uint32(unix.Getpagesize())
	size = (size + page - 1) / page * page
	mem, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the memory of a BPF map: %w", err)
	}
	return mem, nil
}

// batchAttr is the part of union bpf_attr that the batch commands use.
type batchAttr struct {
	inBatch, outBatch unsafe.Pointer // 64 bits: New refuses other machines
	keys, values      unsafe.Pointer
	count, mapFD      uint32
	elemFlags, flags  uint64
}

// mapBatch runs a batch command. The slices may be nil where the command does
// not use them. The attributes hold them as pointers, so that they stay alive
// and are followed if a stack moves; the attributes themselves escape to the
// heap through bpfCall. It returns the number of elements done.
func mapBatch(cmd uintptr, fd int, in, out, keys, values []byte, count uint32) (uint32, error) {
	a := batchAttr{inBatch: pointer(in), outBatch: pointer(out), keys: pointer(keys), values: pointer(values), count: count, mapFD: uint32(fd)}
	_, err := bpfCall(cmd, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return a.count, err
}

// lookupRaw reads one element's value, of all CPUs for a per-CPU map, as the
// kernel lays it out.
func lookupRaw(fd int, key, value []byte) error {
	a := struct {
		mapFD      uint32
		_          uint32
		key, value unsafe.Pointer
		flags      uint64
	}{mapFD: uint32(fd), key: pointer(key), value: pointer(value)}
	_, err := bpfCall(cmdMapLookup, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return err
}
