//go:build unix

package regf

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// chownLike gives f the owner of the file that st describes, where that is allowed.
func chownLike(f *os.File, st fs.FileInfo) {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		f.Chown(int(s.Uid), int(s.Gid))
	}
}

func syncUnsupported(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EBADF)
}
