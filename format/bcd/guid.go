package bcd

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// GUID is the identifier of an object in the byte order of Windows: the first three fields
// little-endian.
type GUID [16]byte

// ParseGUID reads xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, with or without braces, in any case.
func ParseGUID(s string) (GUID, error) {
	var g GUID
	t := s
	if strings.HasPrefix(t, "{") && strings.HasSuffix(t, "}") && len(t) >= 2 {
		t = t[1 : len(t)-1]
	}
	if len(t) != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return g, fmt.Errorf("identifier %q: want {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}", s)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(t, "-", ""))
	if err != nil || len(b) != 16 {
		return g, fmt.Errorf("identifier %q: want hexadecimal digits", s)
	}
	binary.LittleEndian.PutUint32(g[:], binary.BigEndian.Uint32(b))
	binary.LittleEndian.PutUint16(g[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(g[6:], binary.BigEndian.Uint16(b[6:]))
	copy(g[8:], b[8:])
	return g, nil
}

// String gives the identifier in braces and lower case, as stores have it.
func (g GUID) String() string {
	return fmt.Sprintf("{%08x-%04x-%04x-%04x-%012x}", binary.LittleEndian.Uint32(g[:]),
		binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}

func mustGUID(s string) GUID {
	g, err := ParseGUID(s)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return g
}

// Identifiers that are the same in every store, and the two that no store holds.
var (
	BootMgr              = mustGUID("9dea862c-5cdd-4e70-acc1-f32b344d4795")
	FwBootMgr            = mustGUID("a5a30fa2-3d06-4e9f-b5f4-a01df9d1fcba")
	MemDiag              = mustGUID("b2721d73-1db4-4c62-bf78-c548a880142d")
	GlobalSettings       = mustGUID("7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e")
	BootLoaderSettings   = mustGUID("6efb52bf-1766-41db-a6b3-0ee5eff72bd7")
	HypervisorSettings   = mustGUID("7ff607e0-4395-11db-b0de-0800200c9a66")
	DbgSettings          = mustGUID("4636856e-540f-4170-a130-a84776f4c654")
	EMSSettings          = mustGUID("0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9")
	BadMemory            = mustGUID("5189b25c-5558-4bf2-bca4-289b11bd29e2")
	ResumeLoaderSettings = mustGUID("1afa9c49-16ab-4a5c-901b-212802da9460")
	RamdiskOptions       = mustGUID("ae5534e0-a924-466c-b836-758539a3ee3a")
	KernelDbgSettings    = mustGUID("313e8eed-7098-4586-a9bf-309c61f8d449")
	NTLdr                = mustGUID("466f5a88-0af2-4f76-9038-095b170dc21c")
	currentEntry         = mustGUID("fa926493-6f1c-4193-a414-58f0b2456d1e")
	defaultEntry         = mustGUID("1cae1eb7-a0df-4d4d-9851-4860e34ef535")
)

// wellKnown is in the order in which aliases are listed.
var wellKnown = []struct {
	id    GUID
	alias string
}{
	{BootMgr, "bootmgr"}, {FwBootMgr, "fwbootmgr"}, {MemDiag, "memdiag"}, {NTLdr, "ntldr"},
	{GlobalSettings, "globalsettings"}, {BootLoaderSettings, "bootloadersettings"},
	{ResumeLoaderSettings, "resumeloadersettings"}, {HypervisorSettings, "hypervisorsettings"},
	{DbgSettings, "dbgsettings"}, {KernelDbgSettings, "kerneldbgsettings"}, {EMSSettings, "emssettings"},
	{BadMemory, "badmemory"}, {RamdiskOptions, "ramdiskoptions"},
}

// Alias returns the name that stands for a well-known identifier, in braces, or "".
func (g GUID) Alias() string {
	for _, w := range wellKnown {
		if w.id == g {
			return "{" + w.alias + "}"
		}
	}
	return ""
}
