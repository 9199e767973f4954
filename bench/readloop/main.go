//go:build linux

// Command readloop reads one byte of /dev/zero n times and prints the CPU time
// of one read in nanoseconds: the load of the comparisons.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	runtime.LockOSThread()
	f, err := os.Open("/dev/zero")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fd := f.Fd()
	var b [1]byte
	read := func(n int) {
		for i := 0; i < n; i++ {
			syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&b[0])), 1)
		}
	}
	read(n / 10)
	start := cpu()
	read(n)
	fmt.Printf("%.1f\n", float64(cpu()-start)/float64(n))
}

// cpu is the CPU time of this thread in ns.
func cpu() int64 {
	var ru syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thread, &ru); err != nil {
		panic(err)
	}
	return ru.Utime.Nano() + ru.Stime.Nano()
}
