//go:build unix

package symbol

import (
	"os"
	"syscall"
)

// inode returns the inode number of a file.
func inode(fi os.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}
