// Package symbol turns addresses of traced systems into names: the interface
// that consumers use, and the readers behind it.
package symbol

// Sym is a resolved address.
type Sym struct {
	// Module is the kernel module or the base name of the object file.
	Module string
	// Name is the symbol, "" if only the module is known. It is demangled.
	Name string
	// Off is the distance from the symbol's start (or the module's, if Name is
	// empty).
	Off uint64
	// Size is the symbol's size in bytes, 0 if unknown.
	Size uint64
}

// Resolver resolves addresses. Implementations may be lazy; they are used by
// one goroutine.
type Resolver interface {
	// Kernel resolves a kernel address.
	Kernel(addr uint64) (Sym, bool)
	// User resolves an address of a process, which may have ended: hosts resolve
	// as well as what they noted of it allows.
	User(pid uint32, addr uint64) (Sym, bool)
}
