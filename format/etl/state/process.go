package state

import (
	"sort"
	"strings"

	"github.com/godtrace/godtrace/format/etl"
)

// Process is a process of the trace.
type Process struct {
	PID, PPID, Session uint32
	// Name is the name of the program's file, as the kernel keeps it.
	Name string
	// CommandLine is "" if the trace does not tell it.
	CommandLine string
	// PackageName and AppID are those of packaged programs.
	PackageName, AppID string
	// SID is the user, in the form S-1-....
	SID string
	// Key is the kernel's address of the process.
	Key uint64
	// Start and End are time stamps; Start is the least number if the process was
	// there before the trace, End the greatest if it was there after it.
	Start, End int64
	// Exit is the exit status once End has come.
	Exit int32
	// Images are those that are or were loaded, in order of loading.
	Images []*Image

	live []*Image // loaded now, in order of address
}

// Image is a program or library file in the memory of a process, or a driver in
// that of the kernel.
type Image struct {
	Base, Size uint64
	// Path is the file's name, as the kernel knows it (\Device\...).
	Path string
	// TimeDateStamp and Checksum are from the file's header; 0 if not known.
	TimeDateStamp, Checksum uint32
	// PDBName, PDBGUID and PDBAge identify the symbol file; PDBName is "" if the
	// trace does not tell.
	PDBName string
	PDBGUID etl.GUID
	PDBAge  uint32
	// OriginalName is the name the file was built under, "" if not known.
	OriginalName string
	// Load and Unload are time stamps, as Process's Start and End.
	Load, Unload int64
}

// Name returns the last part of the path.
func (im *Image) Name() string {
	return im.Path[strings.LastIndexAny(im.Path, `\/`)+1:]
}

// Thread is a thread of the trace.
type Thread struct {
	TID, PID uint32
	// StartAddr is the address that the program gave for the thread.
	StartAddr uint64
	// Base and Limit are the kernel stack's bounds, UserBase and UserLimit the user
	// stack's; TEB is its environment block.
	StackBase, StackLimit, UserBase, UserLimit, TEB uint64
	// Name is what the program called the thread, "" if nothing.
	Name string
}

const (
	always = -1 << 63
	never  = 1<<63 - 1
)

// ImageAt returns the image that holds an address now, nil if none.
func (p *Process) ImageAt(addr uint64) *Image {
	i := sort.Search(len(p.live), func(i int) bool { return p.live[i].Base > addr })
	if i == 0 {
		return nil
	}
	if im := p.live[i-1]; addr-im.Base < im.Size || im.Size == 0 {
		return im
	}
	return nil
}

// EverImageAt returns the image that held an address last, for those that look
// after the trace's end.
func (p *Process) EverImageAt(addr uint64) *Image {
	if im := p.ImageAt(addr); im != nil {
		return im
	}
	for i := len(p.Images) - 1; i >= 0; i-- {
		if im := p.Images[i]; addr >= im.Base && addr-im.Base < im.Size {
			return im
		}
	}
	return nil
}

func (p *Process) unload(base uint64, ts int64) {
	i := sort.Search(len(p.live), func(i int) bool { return p.live[i].Base >= base })
	if i < len(p.live) && p.live[i].Base == base {
		p.live[i].Unload = ts
		p.live = append(p.live[:i], p.live[i+1:]...)
	}
}
