// Package vmtest runs commands on Linux kernels other than the running one, each
// in a virtual machine of QEMU under software emulation. It needs neither KVM
// nor privileges, no distribution's root file system and no tool but QEMU: the
// initramfs is made here and holds the program of package init, what it is to
// run, and the files for it.
//
// A machine has two serial ports. The first is the kernel's console; on the
// second the program sends a line of JSON for each command that has ended.
package vmtest
