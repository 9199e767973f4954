// Package bootcfg is the logic of `dtrace boot` (the boot switch of DTrace in BCD stores) and of
// `dtrace doctor --windows` (why DTrace does not work on a Windows volume).
//
// Both work on files, on any operating system: a store or a volume that is not running. On a
// running Windows the store is held open by the system, and bcdedit is the tool to use.
//
// The switch is the boolean element 0x26000145 of an OS loader object, which bcdedit calls
// dtrace. Without it the loader gives the kernel no host for the contract
// ext-ms-win-ntos-trace-l1-1-0, and the kernel's call of TraceInitSystem fails.
package bootcfg
