package engine

import "fmt"

// NTStatus is the status that routines of an NT kernel return. Values whose top
// bit is set are failures.
type NTStatus uint32

// The statuses of the interface between kernel and engine.
const (
	StatusSuccess               NTStatus = 0
	StatusUnsuccessful          NTStatus = 0xC0000001
	StatusAccessViolation       NTStatus = 0xC0000005
	StatusInvalidParameter      NTStatus = 0xC000000D // also: the logger has a callback already
	StatusAccessDenied          NTStatus = 0xC0000022
	StatusProcedureNotFound     NTStatus = 0xC000007A // an import that nothing implements
	StatusInsufficientResources NTStatus = 0xC000009A
	StatusNotSupported          NTStatus = 0xC00000BB
	StatusInvalidAddress        NTStatus = 0xC0000141
	StatusInvalidDeviceState    NTStatus = 0xC0000184
	StatusNotFound              NTStatus = 0xC0000225
	StatusLoggerNotFound        NTStatus = 0xC0000296 // STATUS_WMI_INSTANCE_NOT_FOUND
	StatusInvalidImageHash      NTStatus = 0xC0000428
	StatusAlreadyRegistered     NTStatus = 0xC0000718
)

var statusNames = map[NTStatus]string{
	StatusSuccess: "STATUS_SUCCESS", StatusUnsuccessful: "STATUS_UNSUCCESSFUL", StatusAccessViolation: "STATUS_ACCESS_VIOLATION",
	StatusInvalidParameter: "STATUS_INVALID_PARAMETER", StatusAccessDenied: "STATUS_ACCESS_DENIED",
	StatusProcedureNotFound: "STATUS_PROCEDURE_NOT_FOUND", StatusInsufficientResources: "STATUS_INSUFFICIENT_RESOURCES",
	StatusNotSupported: "STATUS_NOT_SUPPORTED", StatusInvalidAddress: "STATUS_INVALID_ADDRESS",
	StatusInvalidDeviceState: "STATUS_INVALID_DEVICE_STATE", StatusNotFound: "STATUS_NOT_FOUND",
	StatusLoggerNotFound: "STATUS_WMI_INSTANCE_NOT_FOUND", StatusInvalidImageHash: "STATUS_INVALID_IMAGE_HASH",
	StatusAlreadyRegistered: "STATUS_ALREADY_REGISTERED",
}

// OK reports whether the status is a success.
func (s NTStatus) OK() bool { return int32(s) >= 0 }

// String gives the name, where it is known, and the number.
func (s NTStatus) String() string {
	if n, ok := statusNames[s]; ok {
		return fmt.Sprintf("%s (0x%08X)", n, uint32(s))
	}
	return fmt.Sprintf("0x%08X", uint32(s))
}

// Error makes a failure usable as an error.
func (s NTStatus) Error() string { return s.String() }

// GUID names an ETW provider, in the byte order of Windows: the first three
// fields little-endian.
type GUID [16]byte

// String gives the GUID in lower case without braces, as probe names have it.
func (g GUID) String() string {
	return fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%x",
		g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10:])
}

// ParseGUID reads xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in any case, with or
// without braces.
func ParseGUID(s string) (GUID, error) {
	var g GUID
	t := s
	if len(t) == 38 && t[0] == '{' && t[37] == '}' {
		t = t[1:37]
	}
	bad := fmt.Errorf("GUID %q: want xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", s)
	if len(t) != 36 {
		return g, bad
	}
	order := [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	n := 0
	for i := 0; i < 36; {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if t[i] != '-' {
				return g, bad
			}
			i++
			continue
		}
		hi, lo := hexDigit(t[i]), hexDigit(t[i+1])
		if hi < 0 || lo < 0 {
			return g, bad
		}
		g[order[n]] = byte(hi<<4 | lo)
		n++
		i += 2
	}
	return g, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
