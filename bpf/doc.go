// Package bpf turns a verified ir.Program into eBPF: maps and programs as
// cilium/ebpf loads them, and the layout of the memory they share with the
// host. It makes no system calls and builds on every system; host/linux loads,
// attaches and reads.
package bpf
