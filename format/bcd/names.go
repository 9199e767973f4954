package bcd

import (
	"fmt"
	"strconv"
	"strings"
)

type named struct {
	t    ElementType
	name string
}

// libraryNames hold in every object.
var libraryNames = []named{
	{0x11000001, "device"}, {0x12000002, "path"}, {0x12000004, "description"}, {0x12000005, "locale"},
	{0x14000006, "inherit"}, {0x15000007, "truncatememory"}, {0x14000008, "recoverysequence"},
	{0x16000009, "recoveryenabled"}, {0x1700000A, "badmemorylist"}, {0x1600000B, "badmemoryaccess"},
	{0x1500000C, "firstmegabytepolicy"}, {0x1500000D, "relocatephysical"}, {0x1500000E, "avoidlowmemory"},
	{0x1600000F, "traditionalkseg"}, {0x16000010, "bootdebug"}, {0x15000011, "debugtype"},
	{0x15000012, "debugaddress"}, {0x15000013, "debugport"}, {0x15000014, "baudrate"}, {0x15000015, "channel"},
	{0x12000016, "targetname"}, {0x16000017, "noumex"}, {0x15000018, "debugstart"}, {0x12000019, "busparams"},
	{0x1500001A, "hostip"}, {0x1500001B, "port"}, {0x1600001C, "dhcp"}, {0x1200001D, "key"}, {0x1600001E, "vm"},
	{0x16000020, "bootems"}, {0x15000022, "emsport"}, {0x15000023, "emsbaudrate"}, {0x12000030, "loadoptions"},
	{0x16000040, "advancedoptions"}, {0x16000041, "optionsedit"}, {0x15000042, "keyringaddress"},
	{0x11000043, "bootstatdevice"}, {0x12000044, "bootstatfilepath"}, {0x16000045, "preservebootstat"},
	{0x16000046, "graphicsmodedisabled"}, {0x15000047, "configaccesspolicy"}, {0x16000048, "nointegritychecks"},
	{0x16000049, "testsigning"}, {0x1200004A, "fontpath"}, {0x1500004B, "integrityservices"},
	{0x1500004C, "volumebandid"}, {0x16000050, "extendedinput"}, {0x15000051, "initialconsoleinput"},
	{0x15000052, "graphicsresolution"}, {0x16000053, "restartonfailure"}, {0x16000054, "highestmode"},
	{0x16000060, "isolatedcontext"}, {0x15000065, "displaymessage"}, {0x15000066, "displaymessageoverride"},
	{0x16000067, "nobootuxlogo"}, {0x16000068, "nobootuxtext"}, {0x16000069, "nobootuxprogress"},
	{0x1600006A, "nobootuxfade"}, {0x1600006B, "bootuxreservepooldebug"}, {0x1600006C, "bootuxdisabled"},
	{0x1500006D, "bootuxfadeframes"}, {0x1600006E, "bootuxdumpstats"}, {0x1600006F, "bootuxshowstats"},
	{0x16000071, "multibootsystem"}, {0x16000072, "nokeyboard"}, {0x15000073, "aliaswindowskey"},
	{0x16000074, "bootshutdowndisabled"}, {0x15000075, "performancefrequency"}, {0x15000076, "securebootrawpolicy"},
	{0x17000077, "allowedinmemorysettings"}, {0x15000079, "bootuxtransitiontime"}, {0x1600007A, "mobilegraphics"},
	{0x1600007B, "forcefipscrypto"}, {0x1500007D, "booterrorux"}, {0x1600007E, "flightsigning"},
	{0x1500007F, "measuredbootlogformat"}, {0x15000080, "displayrotation"}, {0x15000081, "logcontrol"},
	{0x16000082, "nofirmwaresync"}, {0x11000084, "windowssyspart"}, {0x16000087, "numlock"},
	{0x12000088, "additionalcipolicy"},
}

var bootMgrNames = []named{
	{0x24000001, "displayorder"}, {0x24000002, "bootsequence"}, {0x23000003, "default"}, {0x25000004, "timeout"},
	{0x26000005, "resume"}, {0x23000006, "resumeobject"}, {0x24000007, "startupsequence"},
	{0x24000010, "toolsdisplayorder"}, {0x26000020, "displaybootmenu"}, {0x26000021, "noerrordisplay"},
	{0x21000022, "bcddevice"}, {0x22000023, "bcdfilepath"}, {0x26000024, "hormenabled"},
	{0x26000025, "hiberboot"}, {0x22000026, "passwordoverride"}, {0x22000027, "pinpassphraseoverride"},
	{0x26000028, "processcustomactionsfirst"}, {0x27000030, "customactions"}, {0x26000031, "persistbootsequence"},
	{0x26000032, "skipstartupsequence"}, {0x22000040, "fverecoveryurl"}, {0x22000041, "fverecoverymessage"},
}

var osLoaderNames = []named{
	{0x21000001, "osdevice"}, {0x22000002, "systemroot"}, {0x23000003, "resumeobject"}, {0x26000004, "stampdisks"},
	{0x26000010, "detecthal"}, {0x22000011, "kernel"}, {0x22000012, "hal"}, {0x22000013, "dbgtransport"},
	{0x25000020, "nx"}, {0x25000021, "pae"}, {0x26000022, "winpe"}, {0x26000024, "nocrashautoreboot"},
	{0x26000025, "lastknowngood"}, {0x26000026, "oslnointegritychecks"}, {0x26000027, "osltestsigning"},
	{0x26000030, "nolowmem"}, {0x25000031, "removememory"}, {0x25000032, "increaseuserva"}, {0x25000033, "perfmem"},
	{0x26000040, "vga"}, {0x26000041, "quietboot"}, {0x26000042, "novesa"}, {0x26000043, "novga"},
	{0x25000050, "clustermodeaddressing"}, {0x26000051, "usephysicaldestination"}, {0x25000052, "restrictapiccluster"},
	{0x22000053, "evstore"}, {0x26000054, "uselegacyapicmode"}, {0x25000055, "x2apicpolicy"}, {0x26000060, "onecpu"},
	{0x25000061, "numproc"}, {0x26000062, "maxproc"}, {0x25000063, "configflags"}, {0x26000064, "maxgroup"},
	{0x26000065, "groupaware"}, {0x25000066, "groupsize"}, {0x26000070, "usefirmwarepcisettings"}, {0x25000071, "msi"},
	{0x25000072, "pciexpress"}, {0x25000080, "safeboot"}, {0x26000081, "safebootalternateshell"}, {0x26000090, "bootlog"},
	{0x26000091, "sos"}, {0x260000A0, "debug"}, {0x260000A1, "halbreakpoint"}, {0x260000A2, "useplatformclock"},
	{0x260000A3, "forcelegacyplatform"}, {0x260000A4, "useplatformtick"}, {0x260000A5, "disabledynamictick"},
	{0x250000A6, "tscsyncpolicy"}, {0x260000B0, "ems"}, {0x250000C0, "forcefailure"}, {0x250000C1, "driverloadfailurepolicy"},
	{0x250000C2, "bootmenupolicy"}, {0x260000C3, "onetimeadvancedoptions"}, {0x260000C4, "onetimeoptionsedit"},
	{0x250000E0, "bootstatuspolicy"}, {0x260000E1, "disableelamdrivers"}, {0x250000F0, "hypervisorlaunchtype"},
	{0x220000F1, "hypervisorpath"}, {0x260000F2, "hypervisordebug"}, {0x250000F3, "hypervisordebugtype"},
	{0x250000F4, "hypervisordebugport"}, {0x250000F5, "hypervisorbaudrate"}, {0x250000F6, "hypervisorchannel"},
	{0x250000F7, "bootux"}, {0x260000F8, "hypervisordisableslat"}, {0x220000F9, "hypervisorbusparams"},
	{0x250000FA, "hypervisornumproc"}, {0x250000FB, "hypervisorrootprocpernode"}, {0x260000FC, "hypervisoruselargevtlb"},
	{0x250000FD, "hypervisorhostip"}, {0x250000FE, "hypervisorhostport"}, {0x250000FF, "hypervisordebuggerpages"},
	{0x25000100, "tpmbootentropy"}, {0x22000110, "hypervisorusekey"}, {0x22000112, "hypervisorproductskutype"},
	{0x25000113, "hypervisorrootproc"}, {0x26000114, "hypervisordhcp"}, {0x25000115, "hypervisoriommupolicy"},
	{0x26000116, "hypervisorusevapic"}, {0x22000117, "hypervisorloadoptions"}, {0x25000118, "hypervisormsrfilterpolicy"},
	{0x25000119, "hypervisormmionxpolicy"}, {0x2500011A, "hypervisorschedulertype"}, {0x2200011B, "hypervisorrootprocnumanodes"},
	{0x2500011C, "hypervisorperfmon"}, {0x2500011D, "hypervisorrootprocpercore"}, {0x2200011E, "hypervisorrootprocnumanodelps"},
	{0x25000120, "xsavepolicy"}, {0x25000121, "xsaveaddfeature0"}, {0x25000122, "xsaveaddfeature1"},
	{0x25000123, "xsaveaddfeature2"}, {0x25000124, "xsaveaddfeature3"}, {0x25000125, "xsaveaddfeature4"},
	{0x25000126, "xsaveaddfeature5"}, {0x25000127, "xsaveaddfeature6"}, {0x25000128, "xsaveaddfeature7"},
	{0x25000129, "xsaveremovefeature"}, {0x2500012A, "xsaveprocessorsmask"}, {0x2500012B, "xsavedisable"},
	{0x2500012C, "kerneldebugtype"}, {0x2200012D, "kernelbusparams"}, {0x2500012E, "kerneldebugaddress"},
	{0x2500012F, "kerneldebugport"}, {0x25000130, "claimedtpmcounter"}, {0x25000131, "kernelchannel"},
	{0x22000132, "kerneltargetname"}, {0x25000133, "kernelhostip"}, {0x25000134, "kernelport"}, {0x26000135, "kerneldhcp"},
	{0x22000136, "kernelkey"}, {0x22000137, "imchivename"}, {0x21000138, "imcdevice"}, {0x25000139, "kernelbaudrate"},
	{0x22000140, "mfgmode"}, {0x26000141, "event"}, {0x25000142, "vsmlaunchtype"}, {0x25000144, "hypervisorenforcedcodeintegrity"},
	{0x26000145, "dtrace"}, {0x21000150, "systemdatadevice"}, {0x21000151, "osarcdevice"}, {0x21000153, "osdatadevice"},
	{0x21000154, "bspdevice"}, {0x21000155, "bspfilepath"}, {0x22000156, "kernelhostipv6"}, {0x22000161, "hypervisorhostipv6"},
}

var resumeNames = []named{
	{0x21000001, "filedevice"}, {0x22000002, "filepath"}, {0x26000003, "customsettings"}, {0x26000004, "pae"},
	{0x21000005, "associatedosdevice"}, {0x26000006, "debugoptionenabled"}, {0x25000007, "bootux"},
	{0x25000008, "bootmenupolicy"}, {0x26000024, "hormenabled"},
}

var memDiagNames = []named{
	{0x25000001, "passcount"}, {0x25000002, "testmix"}, {0x26000003, "cacheenable"}, {0x25000003, "failurecount"},
	{0x26000004, "failuresenabled"}, {0x25000004, "testtofail"}, {0x25000005, "stridefailcount"},
	{0x25000006, "invcfailcount"}, {0x25000007, "matsfailcount"}, {0x25000008, "randfailcount"},
	{0x25000009, "chckrfailcount"},
}

var legacyNames = []named{{0x22000001, "bpbstring"}}

var deviceNames = []named{
	{0x35000001, "ramdiskimageoffset"}, {0x35000002, "ramdisktftpclientport"}, {0x31000003, "ramdisksdidevice"},
	{0x32000004, "ramdisksdipath"}, {0x35000005, "ramdiskimagelength"}, {0x36000006, "exportascd"},
	{0x35000007, "ramdisktftpblocksize"}, {0x35000008, "ramdisktftpwindowsize"}, {0x36000009, "ramdiskmcenabled"},
	{0x3600000A, "ramdiskmctftpfallback"}, {0x3600000B, "ramdisktftpvarwindow"},
}

// appNames returns the names of application elements in an object of type obj, nil when what
// they mean is not known.
func appNames(obj ObjectType) []named {
	if c := obj.Class(); c != 1 && c != 2 {
		return nil
	}
	switch obj.App() {
	case appFwBootMgr, appBootMgr:
		return bootMgrNames
	case appOSLoader:
		return osLoaderNames
	case appResume:
		return resumeNames
	case appMemDiag:
		return memDiagNames
	case appNTLdr, appSetupLdr, appBootSector, appStartup:
		return legacyNames
	}
	return nil
}

func table(t ElementType, obj ObjectType) []named {
	switch t.Class() {
	case ClassLibrary:
		return libraryNames
	case ClassApplication:
		return appNames(obj)
	case ClassDevice:
		return deviceNames
	}
	return nil
}

// Name returns the name of the element in an object of type obj, or custom: and its number.
func (t ElementType) Name(obj ObjectType) string {
	for _, n := range table(t, obj) {
		if n.t == t {
			return n.name
		}
	}
	return "custom:" + t.Key()
}

// ElementByName returns the element that name stands for in an object of type obj. Numbers are
// accepted as custom:26000145, custom:0x26000145 and 0x26000145.
func ElementByName(obj ObjectType, name string) (ElementType, error) {
	low := strings.ToLower(name)
	num := strings.TrimPrefix(low, "custom:")
	if num != low || strings.HasPrefix(low, "0x") {
		v, err := strconv.ParseUint(strings.TrimPrefix(num, "0x"), 16, 32)
		if err != nil {
			return 0, fmt.Errorf("element %q: want a hexadecimal number of 32 bits", name)
		}
		return ElementType(v), nil
	}
	for _, list := range [][]named{libraryNames, appNames(obj), deviceNames} {
		for _, n := range list {
			if n.name == low {
				return n.t, nil
			}
		}
	}
	return 0, fmt.Errorf("element %q is not known in an object of type %08x", name, uint32(obj))
}

// choices are the names of values of integer elements, from 0.
var choices = map[string][]string{
	"nx":                   {"OptIn", "OptOut", "AlwaysOff", "AlwaysOn"},
	"pae":                  {"Default", "ForceEnable", "ForceDisable"},
	"bootmenupolicy":       {"Legacy", "Standard"},
	"hypervisorlaunchtype": {"Off", "Auto"},
	"vsmlaunchtype":        {"Off", "Auto"},
	"debugtype":            {"Serial", "1394", "USB", "NET", "Local"},
	"kerneldebugtype":      {"Serial", "1394", "USB", "NET", "Local"},
	"hypervisordebugtype":  {"Serial", "1394", "None", "NET"},
	"safeboot":             {"Minimal", "Network", "DsRepair"},
	"bootux":               {"Disabled", "Basic", "Standard"},
	"tscsyncpolicy":        {"Default", "Legacy", "Enhanced"},
	"x2apicpolicy":         {"Default", "Disable", "Enable"},
	"tpmbootentropy":       {"Default", "ForceDisable", "ForceEnable"},
	"configaccesspolicy":   {"Default", "DisallowMmConfig"},
	"msi":                  {"Default", "ForceDisable"},
	"pciexpress":           {"Default", "ForceDisable"},
	"firstmegabytepolicy":  {"UseNone", "UseAll", "UsePrivate"},
	"bootstatuspolicy": {"DisplayAllFailures", "IgnoreAllFailures", "IgnoreShutdownFailures", "IgnoreBootFailures",
		"IgnoreCheckpointFailures", "DisplayShutdownFailures", "DisplayBootFailures", "DisplayCheckpointFailures"},
	"displaymessage": {"Default", "Resume", "HyperV", "Recovery", "StartupRepair", "SystemImageRecovery",
		"CommandPrompt", "SystemRestore", "PushButtonReset"},
	"displaymessageoverride": {"Default", "Resume", "HyperV", "Recovery", "StartupRepair", "SystemImageRecovery",
		"CommandPrompt", "SystemRestore", "PushButtonReset"},
}
