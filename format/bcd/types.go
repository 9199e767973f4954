package bcd

import "fmt"

// ObjectType is the type of an object:
//
//	31    28 27    24 23    20 19                  0
//	| class |  zero  | image  |    application      |
//
// Class 1 is an application, 2 settings to inherit, 3 a device. For class 1 image is the kind of
// image (1 firmware, 2 boot application, 3 legacy loader, 4 real mode); for class 2 it is who may
// inherit (1 any object, 2 an application, 3 a device).
type ObjectType uint32

// Types of objects.
const (
	TypeFwBootMgr       ObjectType = 0x10100001
	TypeBootMgr         ObjectType = 0x10100002
	TypeFirmwareApp     ObjectType = 0x101FFFFF
	TypeOSLoader        ObjectType = 0x10200003
	TypeResume          ObjectType = 0x10200004
	TypeMemDiag         ObjectType = 0x10200005
	TypeNTLdr           ObjectType = 0x10300006
	TypeSetupLdr        ObjectType = 0x10300007
	TypeBootSector      ObjectType = 0x10400008
	TypeStartup         ObjectType = 0x10400009
	TypeInheritAny      ObjectType = 0x20100000
	TypeInheritOSLoader ObjectType = 0x20200003
	TypeInheritResume   ObjectType = 0x20200004
	TypeInheritDevice   ObjectType = 0x20300000
	TypeDevice          ObjectType = 0x30000000
)

// Application codes: the low 20 bits of types of class 1 and 2.
const (
	appFwBootMgr  = 1
	appBootMgr    = 2
	appOSLoader   = 3
	appResume     = 4
	appMemDiag    = 5
	appNTLdr      = 6
	appSetupLdr   = 7
	appBootSector = 8
	appStartup    = 9
)

// Class returns 1 for an application, 2 for settings to inherit, 3 for a device.
func (t ObjectType) Class() int { return int(t >> 28) }

// App returns the application code, 0 where none is named.
func (t ObjectType) App() int { return int(t & 0xFFFFF) }

// Title is the heading under which the object is listed.
func (t ObjectType) Title(id GUID) string {
	switch id {
	case EMSSettings:
		return "EMS Settings"
	case DbgSettings:
		return "Debugger Settings"
	case KernelDbgSettings:
		return "Kernel Debugger Settings"
	case BadMemory:
		return "RAM Defects"
	case GlobalSettings:
		return "Global Settings"
	case BootLoaderSettings:
		return "Boot Loader Settings"
	case HypervisorSettings:
		return "Hypervisor Settings"
	case ResumeLoaderSettings:
		return "Resume Loader Settings"
	case RamdiskOptions:
		return "Setup Ramdisk Options"
	}
	switch t {
	case TypeFwBootMgr:
		return "Firmware Boot Manager"
	case TypeBootMgr:
		return "Windows Boot Manager"
	case TypeFirmwareApp:
		return "Firmware Application (101fffff)"
	case TypeOSLoader:
		return "Windows Boot Loader"
	case TypeResume:
		return "Resume from Hibernate"
	case TypeMemDiag:
		return "Windows Memory Tester"
	case TypeNTLdr, TypeSetupLdr:
		return "Windows Legacy OS Loader"
	case TypeBootSector, TypeStartup:
		return "Real-mode Boot Sector"
	case TypeDevice:
		return "Device options"
	}
	return fmt.Sprintf("Object type %08x", uint32(t))
}

// rank orders objects in a listing.
func (t ObjectType) rank() int {
	for i, o := range []ObjectType{TypeFwBootMgr, TypeBootMgr, TypeFirmwareApp, TypeOSLoader, TypeResume,
		TypeMemDiag, TypeNTLdr, TypeSetupLdr, TypeBootSector, TypeStartup} {
		if t == o {
			return i
		}
	}
	switch t.Class() {
	case 2:
		return 100
	case 3:
		return 200
	}
	return 50
}

// ElementType is the number of an element:
//
//	31    28 27    24 23                           0
//	| class | format |          subtype            |
type ElementType uint32

// Classes of elements.
const (
	ClassLibrary     = 1 // means the same in every object
	ClassApplication = 2 // means what the object's application makes of it
	ClassDevice      = 3
	ClassTemplate    = 4
	ClassOEM         = 5
)

// Format tells how the value of an element is kept.
type Format int

// Formats of elements.
const (
	FormatDevice      Format = 1 // REG_BINARY
	FormatString      Format = 2 // REG_SZ
	FormatObject      Format = 3 // REG_SZ with an identifier
	FormatObjectList  Format = 4 // REG_MULTI_SZ
	FormatInteger     Format = 5 // REG_BINARY of 8 bytes
	FormatBoolean     Format = 6 // REG_BINARY of 1 byte
	FormatIntegerList Format = 7 // REG_BINARY of 8 bytes each
	FormatBinary      Format = 8 // REG_BINARY
)

// String returns the name of the format.
func (f Format) String() string {
	names := [...]string{"", "device", "string", "object", "objectlist", "integer", "boolean", "integerlist", "binary"}
	if f >= 1 && int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("format %d", int(f))
}

// Class returns the class, one of ClassLibrary to ClassOEM in sound stores.
func (t ElementType) Class() int { return int(t >> 28) }

// Format returns the format.
func (t ElementType) Format() Format { return Format(t >> 24 & 0xF) }

// Key returns the name of the element's key: eight lower-case hexadecimal digits.
func (t ElementType) Key() string { return fmt.Sprintf("%08x", uint32(t)) }

// Elements with a part in whether DTrace works.
const (
	Description          ElementType = 0x12000004
	Inherit              ElementType = 0x14000006
	DefaultObject        ElementType = 0x23000003 // in the boot manager
	BootDebug            ElementType = 0x16000010
	IntegrityChecksOff   ElementType = 0x16000048
	TestSigning          ElementType = 0x16000049
	SystemRoot           ElementType = 0x22000002
	KernelDebug          ElementType = 0x260000A0 // a kernel debugger: fbt may patch the kernel
	HypervisorLaunchType ElementType = 0x250000F0
	VSMLaunchType        ElementType = 0x25000142
	CodeIntegrity        ElementType = 0x25000144 // hypervisor-enforced
	DtraceEnabled        ElementType = 0x26000145 // the boot switch of DTrace, in OS loader objects
)
