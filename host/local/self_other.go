//go:build !unix

package local

const canRaise, haveCPUTime = false, false

func raise(int) bool { return false }

func cpuTime() uint64 { return 0 }
