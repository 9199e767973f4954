// Package linux is the host of the live Linux kernel: programs run there as
// eBPF. One file a provider (prov_*.go) says which probes there are and how
// they attach; session.go runs a program; types.go answers questions about the
// kernel's types and symbols from BTF and kallsyms; features.go says what works
// here and what does not.
//
// Nothing is loaded before it is needed: a script of BEGIN alone touches
// neither BTF, nor kallsyms, nor tracefs.
package linux
