//go:build !unix

package regf

import (
	"io/fs"
	"os"
)

func chownLike(*os.File, fs.FileInfo) {}

// syncUnsupported: on Windows a directory cannot be flushed through an ordinary handle; the
// rename itself is in the journal of the file system.
func syncUnsupported(error) bool { return true }
