//go:build !unix

package symbol

import "os"

// inode returns 0: there are no inode numbers here, and no processes' maps to
// compare them with.
func inode(os.FileInfo) uint64 { return 0 }
