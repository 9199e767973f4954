package etl

// The kernel's event groups (EVENT_TRACE_GROUP_*, the high byte of a hook id).
const (
	GroupHeader    = 0x00
	GroupDisk      = 0x01
	GroupMemory    = 0x02
	GroupProcess   = 0x03
	GroupFile      = 0x04
	GroupThread    = 0x05
	GroupTCPIP     = 0x06
	GroupUDPIP     = 0x08
	GroupRegistry  = 0x09
	GroupDebugger  = 0x0A
	GroupConfig    = 0x0B
	GroupPool      = 0x0E
	GroupPerfInfo  = 0x0F
	GroupObject    = 0x11
	GroupPower     = 0x12
	GroupImage     = 0x14
	GroupCritSec   = 0x17
	GroupStackWalk = 0x18
	GroupUMS       = 0x19
	GroupALPC      = 0x1A
	GroupSplitIO   = 0x1B
)

// groupClass maps groups to the GUIDs of their event classes. Sources: the
// kernel trace classes of the WMI schema and the system headers.
var groupClass = [64]GUID{
	GroupHeader:    MustGUID("68fdd900-4a3e-11d1-84f4-0000f80464e3"),
	GroupDisk:      MustGUID("3d6fa8d4-fe05-11d0-9dda-00c04fd7ba7c"),
	GroupMemory:    MustGUID("3d6fa8d3-fe05-11d0-9dda-00c04fd7ba7c"),
	GroupProcess:   MustGUID("3d6fa8d0-fe05-11d0-9dda-00c04fd7ba7c"),
	GroupFile:      MustGUID("90cbdc39-4a3e-11d1-84f4-0000f80464e3"),
	GroupThread:    MustGUID("3d6fa8d1-fe05-11d0-9dda-00c04fd7ba7c"),
	GroupTCPIP:     MustGUID("9a280ac0-c8e0-11d1-84e2-00c04fb998a2"),
	GroupUDPIP:     MustGUID("bf3a50c5-a9c9-4988-a005-2df0b7c80f80"),
	GroupRegistry:  MustGUID("ae53722e-c863-11d2-8659-00c04fa321a1"),
	GroupDebugger:  MustGUID("13976d09-a327-438c-950b-7f03192815c7"),
	GroupConfig:    MustGUID("01853a65-418f-4f36-aefc-dc0f1d2fd235"),
	0x0D:           MustGUID("222962ab-6180-4b88-a825-346b75f2a24a"), // Heap
	GroupPool:      MustGUID("0268a8b6-74fd-4302-9dd0-6e8f1795c0cf"),
	GroupPerfInfo:  MustGUID("ce1dbfb4-137e-4da6-87b0-3f59aa102cbc"),
	GroupObject:    MustGUID("89497f50-effe-4440-8cf2-ce6b1cdcaca7"),
	GroupPower:     MustGUID("e43445e0-0903-48c3-b878-ff0fccebdd04"),
	GroupImage:     MustGUID("2cb15d1d-5fc1-11d2-abe1-00a0c911f518"),
	GroupCritSec:   MustGUID("3ac66736-cc59-4cff-8115-8df50e39816b"),
	GroupStackWalk: MustGUID("def2fe46-7bd6-4b80-bd94-f57fe20d0ce3"),
	GroupUMS:       MustGUID("9aec974b-5b8e-4118-9b92-3186d8002ce5"),
	GroupALPC:      MustGUID("45d8cccd-539f-4b72-a8b7-5c683142609a"),
	GroupSplitIO:   MustGUID("d837ca92-12b9-44a5-ad6a-3a65b3578aa8"),
}

// GroupClass returns the GUID of a kernel group's event class, zero if the group
// has none that is known.
func GroupClass(group uint8) GUID {
	if int(group) >= len(groupClass) {
		return GUID{}
	}
	return groupClass[group]
}

// ClassGroup returns the kernel group of an event class.
func ClassGroup(g GUID) (group uint8, ok bool) {
	if g.IsZero() {
		return 0, false
	}
	for i := range groupClass {
		if groupClass[i] == g {
			return uint8(i), true
		}
	}
	return 0, false
}
